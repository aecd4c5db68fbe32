"""Rasters, polygons and the sun over a city surface. Knows no facility, no plan, no Qt."""

from gis.drivers import quiet_gdal
from gis.kernels import set_cache_folder

# Before any module below imports Numba or GDAL.
set_cache_folder()
quiet_gdal()
