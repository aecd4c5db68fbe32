"""A siting as plain data, and back: what a file can keep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.siting.of_plan import Siting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from pyproj import CRS

_FRAMES = ("sites", "points", "candidates", "curve")
AREAS = ("site_id", "points", "weight", "area_m2", "shape")


@dataclass(frozen=True, eq=False)
class KeptSiting:
    """What a plan keeps of sites.

    Attributes
    ----------
    siting : the sites with all that is said of them
    areas : :data:`AREAS`: the sites' catchments; ``shape`` are MultiPolygons in the plan's CRS
    """

    siting: Siting
    areas: pd.DataFrame

    def catchments(self, crs: CRS) -> gpd.GeoDataFrame:
        """The catchments as :func:`kawasolar.siting.catchments.catchments` makes them."""
        import geopandas as gpd

        return gpd.GeoDataFrame(self.areas[list(AREAS[:-1])], geometry=self.areas["shape"].to_numpy(object), crs=crs)


def kept(result: Siting) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """The head as JSON would give it back, and the frames by name."""
    head = json.loads(json.dumps(result.head, allow_nan=False))
    return head, {name: getattr(result, name) for name in _FRAMES}


def from_kept(head: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> Siting:
    """The siting that was kept."""
    return Siting(dict(head), **{name: frames[name] for name in _FRAMES})


def areas_as_text(areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Catchments as a table that a file can hold: ``shape`` as WKB in hexadecimal digits."""
    made = pd.DataFrame(areas.drop(columns="geometry"))
    made["shape"] = areas.geometry.to_wkb(hex=True).to_numpy(object)
    return made[list(AREAS)]


def areas_from_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The catchments that were kept, with ``shape`` as MultiPolygons.

    Raises
    ------
    ValueError
        a text that is no valid MultiPolygon of finite numbers
    """
    import shapely

    try:
        shapes = shapely.from_wkb(frame["shape"].to_numpy(object), on_invalid="raise")
    except (shapely.errors.GEOSException, TypeError) as error:
        raise ValueError("siting catchments: shape") from error
    good = np.asarray(shapely.is_valid(shapes), bool) & (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOLYGON.value)  # fmt: skip
    if not good.all() or not np.isfinite(shapely.get_coordinates(shapes)).all() or shapely.has_z(shapes).any():
        raise ValueError("siting catchments: shape")
    return frame.assign(shape=pd.Series(list(shapes), index=frame.index, dtype=object))
