"""Runs in the frozen program before anything else: each library finds its own data, and no one else's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Set by QGIS, conda or OSGeo4W on the user's machine; their data would be of another version.
for _name in ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "QT_PLUGIN_PATH", "PYTHONPATH"):
    os.environ.pop(_name, None)

# rasterio's and pyogrio's GDAL share the table; PROJ_DATA stays unset because three wheels bundle three versions of PROJ.
_gdal = Path(getattr(sys, "_MEIPASS", "")) / "rasterio" / "gdal_data"
if _gdal.is_dir():
    os.environ["GDAL_DATA"] = str(_gdal)

# Qt warns without a UTF-8 locale, and file names may be Japanese.
if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG")):
    os.environ["LC_ALL"] = "C.UTF-8"
