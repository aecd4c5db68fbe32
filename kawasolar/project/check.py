"""Whether the parts of a project belong together: any program can edit the file, and the rest of ours relies on it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.plane_cells import PlaneCells
from gis.roofs import SOURCES
from kawasolar.errors import UnreadableProject
from kawasolar.layout_values import MOUNTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.findings import Finding
    from kawasolar.plan import Plan, Settings

_AREAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_PLACES = (shapely.GeometryType.POINT,)
_SHOWN = 60
_MONTHS = 12
# Of subarrays; what is not named is 0 or more.
_RANGES = {
    "tilt": (0.0, 90.0),
    "azimuth": (0.0, 360.0),
    "behind": (0.0, 1.0),
    "pitch_m": (1e-6, math.inf),
    "slant_m": (1e-6, math.inf),
}


class _Mismatch(Exception):
    """What does not fit, and where."""

    def __init__(self, table: str, column: str, found: object) -> None:
        super().__init__(table, column, found)
        self.table, self.column, self.found = table, column, str(found)[:_SHOWN]


def check_plan(plan: Plan, path: Path) -> None:
    """Refuse a project whose tables contradict each other.

    Raises
    ------
    UnreadableProject
        ``project.inconsistent``, with the table, the column and what was found there
    """
    try:
        _check_ids(plan)
        _check_shapes(plan)
        _check_layout(plan)
        _check_settings(plan.settings)
        _check_weather(plan)
        for finding in (*plan.findings, *(one for read in plan.registers.by_kind.values() for one in read.findings)):
            _check_finding(finding)
    except _Mismatch as error:
        raise UnreadableProject(
            "project.inconsistent", file=str(path), table=error.table, column=error.column, found=error.found
        ) from error


def _check_ids(plan: Plan) -> None:
    results, decision = plan.results, plan.decision
    facilities = _unique("facilities", "facility_id", plan.facilities["facility_id"])
    buildings = _unique("buildings", "building_id", results.buildings["building_id"])
    planes = _unique("roof_planes", "plane_id", results.planes["plane_id"])
    sites = _unique("sites", "facility_id", decision.sites["facility_id"])
    if lacking := set(facilities) - set(sites):
        raise _Mismatch("sites", "facility_id", f"{min(lacking)} …, {len(lacking)} missing")
    _unique("yields", "facility_id", results.yields["facility_id"])
    for table, frame, column, known in (
        ("sites", decision.sites, "facility_id", facilities),
        ("yields", results.yields, "facility_id", facilities),
        ("outcomes", decision.outcomes, "facility_id", facilities),
        ("links", results.links, "facility_id", facilities),
        ("links", results.links, "building_id", buildings),
        ("roof_planes", results.planes, "building_id", buildings),
        ("subarrays", results.subarrays, "building_id", buildings),
        ("subarrays", results.subarrays, "plane_id", planes),
    ):
        strange = frame[column][~frame[column].isin(known)]
        if len(strange):
            raise _Mismatch(table, column, strange.iloc[0])


def _unique(table: str, column: str, ids: pd.Series[Any]) -> pd.Index[Any]:
    """The ids as an index: each there, and once."""
    empty = ids.isna() | (ids.astype(str) == "")
    if empty.any():
        raise _Mismatch(table, column, "NULL")
    twice = ids[ids.duplicated()]
    if len(twice):
        raise _Mismatch(table, column, f"{twice.iloc[0]} × 2")
    return pd.Index(ids)


def _check_shapes(plan: Plan) -> None:
    places = plan.facilities.geometry.to_numpy()
    _check_kinds("facilities", places[~shapely.is_missing(places)], _PLACES)
    if shapely.is_empty(places).any():
        raise _Mismatch("facilities", "geom", "EMPTY")
    results = plan.results
    for table, frame in (
        ("buildings", results.buildings),
        ("roof_planes", results.planes),
        ("subarrays", results.subarrays),
    ):
        _check_kinds(table, frame.geometry.to_numpy(), _AREAL)


def _check_layout(plan: Plan) -> None:
    """Where modules may stand, who made the planes, and what stands."""
    planes, subarrays = plan.results.planes, plan.results.subarrays
    for source in planes["source"][~planes["source"].isin(SOURCES)] if "source" in planes else ():
        raise _Mismatch("roof_planes", "source", source)
    for code in planes["cell_rules"].dropna() if "cell_rules" in planes else ():
        try:
            PlaneCells.decode(code)
        except (ValueError, AttributeError) as error:
            raise _Mismatch("roof_planes", "cell_rules", code) from error
    for column in subarrays.select_dtypes("number"):
        values = subarrays[column].to_numpy(dtype=np.float64)
        low, high = _RANGES.get(str(column), (0.0, math.inf))
        wrong = ~np.isfinite(values) | (values < low) | (values > high)
        if wrong.any():
            raise _Mismatch("subarrays", column, values[int(wrong.argmax())])
    strange = subarrays["mounting"][~subarrays["mounting"].isin(MOUNTINGS)]
    if len(strange):
        raise _Mismatch("subarrays", "mounting", strange.iloc[0])


def _check_kinds(table: str, shapes: NDArray[np.object_], kinds: tuple[shapely.GeometryType, ...]) -> None:
    wrong = ~np.isin(shapely.get_type_id(shapes), [int(kind) for kind in kinds])
    if wrong.any():
        shape = shapes[int(wrong.argmax())]
        raise _Mismatch(table, "geom", "NULL" if shape is None else shape.geom_type)
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise _Mismatch(table, "geom", "NaN")


def _check_settings(settings: Settings) -> None:
    if not 0.0 <= settings.share <= 1.0:
        raise _Mismatch("entries", "share", settings.share)
    for key, (_, threshold) in settings.criteria.items():
        if threshold is not None and not math.isfinite(threshold):
            raise _Mismatch("entries", key, threshold)


def _check_weather(plan: Plan) -> None:
    weather = plan.results.weather
    values = (weather.latitude, weather.longitude, weather.ghi_kwh_m2, *weather.months_ghi_kwh_m2)
    if len(weather.months_ghi_kwh_m2) != _MONTHS or not all(math.isfinite(value) for value in values):
        raise _Mismatch("kawasolar_meta", "weather", weather.months_ghi_kwh_m2)


def _check_finding(finding: Finding) -> None:
    for column in ("code", "source"):
        if not isinstance(getattr(finding, column), str):
            raise _Mismatch("findings", column, getattr(finding, column))
    for column in ("column", "found", "expected", "item"):
        if not isinstance(getattr(finding, column), (str, type(None))):
            raise _Mismatch("findings", column, getattr(finding, column))
    if not isinstance(finding.row, (int, type(None))):
        raise _Mismatch("findings", "row", finding.row)
