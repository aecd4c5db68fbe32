"""How long a ward of PLATEAU takes to be read and to become a surface, and how much memory.

    python benchmarks/citymodel.py [buildings]

The real tile of Kaga (192 buildings, 31 with LOD2), as often as it takes: each copy a file of its own, all in one place. Reading does not care for the place;
the surface is made of the tile alone.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gis.plateau import read_city_model
from kawasolar.profile import load_profile
from kawasolar.surface import SurfaceInputs, make_surface


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
        for k in range(-(-wanted // 192)):
            shutil.copyfile(tile, folder / f"{k:08d}_bldg_6697.gml")
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
        begin = time.perf_counter()
        made = make_surface(SurfaceInputs((tile,), Path(place) / "d.tif", Path(place) / "b.gpkg"), load_profile())
        cells = made.grid.rows * made.grid.cols
        print(f"surface of one tile, {cells / 1e6:.1f} million cells: {time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    main()
