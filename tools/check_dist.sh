#!/bin/sh
# The frozen program, tried as on a machine that has nothing: no environment, no Python, a folder with a Japanese name and a space.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
program=$root/dist/kawasolar/kawasolar
work=$(mktemp -d)
window=
server=
trap '[ -z "$window" ] || kill "$window" 2>/dev/null || true; [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
folder="$work/川崎 計画"
mkdir -p "$folder" "$work/home"
cp sample_data/dsm.tif sample_data/buildings.gpkg sample_data/facilities.csv sample_data/weather.csv sample_data/lamps.csv sample_data/vehicles.csv "$folder/"
cd "$folder"

compiled() { find "$1" -name '*.nbc' 2>/dev/null | wc -l; }
ahead=$(compiled "$root/dist/kawasolar/_internal/compiled")
[ "$ahead" -gt 20 ] || { echo "FAILED: $ahead kernels were compiled ahead" >&2; exit 1; }

echo "== plan under env -i"
begin=$(date +%s)
env -i HOME="$work/home" "$program" plan --dsm dsm.tif --buildings buildings.gpkg --facilities facilities.csv --weather weather.csv \
    --register lamps.csv --register vehicles.csv --ask lighting --ask fleet --ask charging --ask siting --out plan.kawasolar --json >plan.json
echo "the first plan took $(($(date +%s) - begin)) s"
env -i HOME="$work/home" "$program" export plan.kawasolar --xlsx sites.xlsx --csv sites.csv --png map.png \
    --lighting led.xlsx --fleet fleet.xlsx --charging chargers.xlsx --siting sited.xlsx
for file in plan.kawasolar plan.json sites.xlsx sites.csv map.png led.xlsx fleet.xlsx chargers.xlsx sited.xlsx; do
    [ -s "$file" ] || { echo "FAILED: $file was not made" >&2; exit 1; }
done
mkdir elsewhere
(cd elsewhere && env -i HOME="$work/home" "$program" -q survey --dsm ../dsm.tif --buildings ../buildings.gpkg --weather ../weather.csv --tile 700 --out 屋根)
[ -s elsewhere/屋根/buildings.parquet ] || { echo "FAILED: the survey wrote no dataset" >&2; exit 1; }
# A surface from a city model and a point cloud, of which the parts written in C must have come along.
PYTHONPATH="$root" "$root/.venv/bin/python" - <<'PY'
import laspy
import numpy as np

from tests.support.plateau import House, city_model, square

x, y = -15000.0, -41000.0
open("都市モデル.gml", "w", encoding="utf-8").write(city_model([House("a", square(x, y, 20.0)), House("b", square(x + 40, y, 20.0))]))
points = laspy.create(point_format=6, file_version="1.4")
points.header.scales = [0.001] * 3
points.header.offsets = [x, y, 0.0]
east, north = np.meshgrid(np.arange(0.25, 30.0, 0.5), np.arange(0.25, 30.0, 0.5))
points.x, points.y, points.z = x + east.ravel(), y + north.ravel(), np.full(east.size, 30.0)
points.write("点群.laz")
PY
env -i HOME="$work/home" "$program" -q surface 都市モデル.gml --measured 点群.laz --dsm 地表面.tif --buildings 建物.gpkg --json >surface.json
grep -q '"measured": 1' surface.json || { echo "FAILED: the surface is not of model and points" >&2; exit 1; }
# All of the engine came with the program: nothing was compiled on the way, from whatever folder it was started.
used=$(compiled "$work/home/.cache")
[ "$used" = "$ahead" ] || { echo "FAILED: $ahead kernels came with the program, $used are there after its first plan" >&2; exit 1; }
# The frozen program must find what the source finds.
"$root/.venv/bin/python" - plan.json "$root/out/plan.json" <<'PY'
import json, pathlib, sys
frozen = json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))
keys = ("facilities", "eligible", "chosen", "capacity_kw", "energy_kwh", "co2_t")
print({key: frozen[key] for key in keys})
source = pathlib.Path(sys.argv[2])
if source.is_file():
    other = json.loads(source.read_text("utf-8"))
    wrong = [key for key in keys if frozen[key] != other[key]]
    sys.exit(f"FAILED: differs from out/plan.json in {wrong}" if wrong else 0)
PY

echo "== window under Xvfb"
display=:$((90 + $$ % 900))
Xvfb "$display" -screen 0 1600x1000x24 -nolisten tcp >/dev/null 2>&1 &
server=$!
for _ in $(seq 50); do
    DISPLAY=$display xwininfo -root >/dev/null 2>&1 && break
    sleep 0.1
done
begin=$(date +%s%N)
env -i HOME="$work/home" DISPLAY="$display" "$program" plan.kawasolar >"$work/window.log" 2>&1 &
window=$!
shown=
for _ in $(seq 600); do
    kill -0 "$window" 2>/dev/null || break
    if DISPLAY=$display xwininfo -root -tree 2>/dev/null | grep -Eiq '"[^"]*KawaSolar[^"]*".* [6-9][0-9][0-9]x|"[^"]*KawaSolar[^"]*".* [0-9]{4}x'; then
        shown=yes
        break
    fi
    sleep 0.05
done
if [ -z "$shown" ]; then
    echo "FAILED: no window was shown" >&2
    cat "$work/window.log" >&2
    exit 1
fi
echo "window shown after $((($(date +%s%N) - begin) / 1000000)) ms"
# It must live, not only flash up.
sleep 3
kill -0 "$window" 2>/dev/null || { echo "FAILED: the window closed by itself" >&2; cat "$work/window.log" >&2; exit 1; }
if grep -E "Traceback|Fatal" "$work/window.log"; then echo "FAILED: the window reports an error" >&2; exit 1; fi
du -sh "$root/dist/kawasolar" | cut -f1
echo "the frozen program works"
