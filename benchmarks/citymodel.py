"""How long a ward of PLATEAU takes to be read and to become a surface, and how much memory.

    python benchmarks/citymodel.py [buildings]

The real tile of Kaga (192 buildings, 31 with LOD2), as often as it takes: each copy a file of its own, in a place of its own beside the others.
"""

from __future__ import annotations

import math
import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gis.plateau import read_city_model
from kawasolar.profile import load_profile
from kawasolar.surface import SurfaceInputs, make_surface

# A tile of the third mesh, and how much of it the real buildings take [deg].
_STEP_LAT, _STEP_LON = 1 / 120, 1 / 80
_PAIR = re.compile(rb"(3[56]\.\d+) (136\.\d+)")
_ID = re.compile(rb"(17206-bldg-\d+)|(gml:id=\"|#)([A-Za-z]+_)")


def _moved(tile: bytes, number: int, side: int) -> bytes:
    """The tile's text some meshes farther, every building with ids of its own."""
    north, east = _STEP_LAT * (number // side), _STEP_LON * (number % side)

    def place(found: re.Match[bytes]) -> bytes:
        return b"%.12f %.12f" % (float(found[1]) + north, float(found[2]) + east)

    def name(found: re.Match[bytes]) -> bytes:
        return b"%s-%d" % (found[1], number) if found[1] else b"%s%s%d_" % (found[2], found[3], number)

    return _ID.sub(name, _PAIR.sub(place, tile))


def main() -> None:
    """Print both."""
    home = os.environ.get("KAWASOLAR_REALDATA") or str(Path(__file__).resolve().parents[2] / "shared" / "data")
    tile = Path(home) / "plateau_kaga" / "54363371_bldg_6697.gml"
    if not tile.is_file():
        print(f"the real tile is not at {tile}; set KAWASOLAR_REALDATA")
        return
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "udx" / "bldg"
        folder.mkdir(parents=True)
        copies = -(-wanted // 192)
        for k in range(copies):
            (folder / f"{k:08d}_bldg_6697.gml").write_bytes(_moved(tile.read_bytes(), k, math.isqrt(copies)))
        size = sum(file.stat().st_size for file in folder.iterdir())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begin, cpu = time.perf_counter(), time.process_time()
        model = read_city_model([folder])
        took, own = time.perf_counter() - begin, time.process_time() - cpu
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"read {len(model.buildings):,} buildings, {size / 1e6:,.0f} MB: {took:.1f} s ({own:.1f} CPU-s, {size / 1e6 / own:.0f} MB/s), "
            f"memory {before / 1024:.0f} → {most / 1024:.0f} MB"
        )
        del model
        begin, cpu = time.perf_counter(), time.process_time()
        made = make_surface(SurfaceInputs((folder,), Path(place) / "d.tif", Path(place) / "b.gpkg"), load_profile())
        took, own = time.perf_counter() - begin, time.process_time() - cpu
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        cells = made.grid.rows * made.grid.cols
        print(
            f"surface of them, {cells / 1e6:,.0f} million cells, reading and both files with it: {took:.1f} s ({own:.1f} CPU-s), memory {most / 1024:.0f} MB; {made.counts}"
        )


if __name__ == "__main__":
    main()
