"""Writes the surface and the outlines."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray

from sample_data.generator.build import Building
from sample_data.generator.place import EPSG, NODATA, SOUTH, SYNTHETIC_NOTE, WEST, Frame


def write_surface(path: Path, surface: NDArray[np.float32]) -> None:
    """The DSM as a tiled, compressed GeoTIFF, marked as synthetic."""
    rows, cols = surface.shape
    temporary = path.with_name(f".{path.name}.tmp.tif")
    with rasterio.open(
        temporary, "w", driver="GTiff", width=cols, height=rows, count=1, dtype="float32", crs=f"EPSG:{EPSG}",
        transform=Frame().transform_6677, nodata=NODATA, compress="deflate", predictor=3, zlevel=9,
        tiled=True, blockxsize=256, blockysize=256,
    ) as file:  # fmt: skip
        file.write(surface, 1)
        file.update_tags(KAWASOLAR_SYNTHETIC="1", TIFFTAG_IMAGEDESCRIPTION=SYNTHETIC_NOTE)
    temporary.replace(path)


def numbered(buildings: list[Building]) -> list[int]:
    """Order in which outlines are numbered: by strips of 100 m from the north, then from the west."""
    xy = np.array([(b.outline.centroid.x, b.outline.centroid.y) for b in buildings])
    return [int(i) for i in np.lexsort((xy[:, 0], -np.floor(xy[:, 1] / 100.0)))]


def outlines(buildings: list[Building], names: dict[int, str]) -> gpd.GeoDataFrame:
    """The outlines in zone IX; ``names`` by index of the building. The index column keeps the builder's order."""
    order = numbered(buildings)
    shapes = [
        shapely.transform(buildings[i].outline, lambda xy: np.round(xy + np.array([WEST, SOUTH]), 3)) for i in order
    ]
    return gpd.GeoDataFrame(
        {
            "building_id": [f"B{n:05d}" for n in range(1, len(order) + 1)],
            "name": [names.get(i, "") for i in order],
            "usage": [buildings[i].usage for i in order],
            "storeys": np.array([buildings[i].storeys for i in order], dtype=np.int32),
            "height_m": [round(float(buildings[i].height), 1) for i in order],
        },
        geometry=shapes,
        crs=f"EPSG:{EPSG}",
        index=order,
    )


def write_outlines(path: Path, frame: gpd.GeoDataFrame) -> None:
    """The outlines as a GeoPackage with a fixed time stamp, so that the same town gives the same file."""
    temporary = path.with_name(f".{path.stem}.tmp.gpkg")
    temporary.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2025-04-01T00:00:00.000Z"})
    try:
        frame.reset_index(drop=True).to_file(
            temporary, layer="buildings", driver="GPKG", engine="pyogrio",
            layer_options={"DESCRIPTION": SYNTHETIC_NOTE},
        )  # fmt: skip
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    temporary.replace(path)
