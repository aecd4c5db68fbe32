"""Endings of the files of each role, for the dialogs that ask for one."""

from __future__ import annotations

from ui.check import Role

_WEATHER: tuple[Role, ...] = ("weather", "weather_2", "weather_3", "weather_sunny", "weather_dull")
FILTERS: dict[Role, str] = {
    "dsm": "*.tif *.tiff *.asc *.img *.vrt",
    "buildings": "*.gpkg *.shp *.geojson *.json *.sqlite *.fgb",
    "facilities": "*.csv *.xlsx *.gpkg *.geojson *.shp *.txt",
    **dict.fromkeys(_WEATHER, "*.csv *.txt *.epw *.json *.*"),
    "canopy": "*.tif *.tiff *.asc *.img *.vrt",
    "roads": "*.gpkg *.shp *.geojson *.json *.sqlite",
    "wards": "*.shp *.gpkg *.geojson *.json *.sqlite",
    "meters": "*.parquet",
    "roof_planes": "*.gml *.xml *.zip *.gpkg *.shp *.geojson *.json *.sqlite",
    "parcels": "*.gpkg *.shp *.geojson *.json *.sqlite",
    "addresses": "*.csv *.txt *.gpkg *.shp *.geojson *.json",
    "profile": "*.toml",
}
