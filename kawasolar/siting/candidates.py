"""Which facilities may have chargers: parking, spare power of the contract, opening hours, hazard, years that are left, visibility; each that may not with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.document.views import aliases_of
from kawasolar.errors import PlanError
from kawasolar.facility_names import FacilityNames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.plan import Plan
    from kawasolar.siting.table import Assumptions

# Why a candidate is left out; words in ``siting.why_not.…``.
REASONS = (
    "no_place",
    "few_stalls",
    "no_power",
    "short_hours",
    "flood",
    "landslide",
    "hazard",
    "closing",
    "not_visible",
    "vetoed",
)
COLUMNS = (
    "site_id", "name", "kind", "ward", "x", "y", "standing", "stalls", "spare_kw", "open_hours", "visible", "flood_m", "landslide", "years_left",
    "chargers", "kwh_day", "price_yen", "why_not",
)  # fmt: skip
_KNOWN = ("stalls", "spare_kw", "open_from", "open_to", "visible", "hazard", "price_yen", "chargers")
_FLOODS = ("flood_depth_m", "storm_surge_depth_m", "tsunami_depth_m")
_DAY = 24.0


def candidates_of(
    plan: Plan, assumed: Assumptions, *, known: pd.DataFrame | None = None, standing: pd.DataFrame | None = None,
    spare: pd.Series[float] | None = None, visible: bool = False, vetoed: Sequence[str] = (),
) -> pd.DataFrame:  # fmt: skip
    """Candidates for chargers: the plan's facilities, further places of ``known``, and chargers that stand already.

    Parameters
    ----------
    known : as of :func:`kawasolar.siting.reading.read_known`: what is known of some by their number; a row of another number with a place is a candidate too
    standing : chargers that stand, likewise; those of a facility's number stand there
    spare : spare power by facility [kW] (:func:`spare_power`), for those of which ``known`` says nothing
    visible : those that nobody sees are left out
    vetoed : ids that may not be

    Returns
    -------
    frame : :data:`COLUMNS`, in the order facilities, further places, chargers that stand elsewhere; NaN and None where nobody knows. ``chargers`` that fit: by the
        spare power, the stalls, and the most that is assumed; ``kwh_day`` [kWh] what they give on a day; ``why_not`` codes of :data:`REASONS` with ``;``, empty
        for those that may be. What stands is never left out.

    Raises
    ------
    PlanError
        ``siting.no_such_site``: of ``vetoed``; ``siting.no_candidates``
    """
    frame = _facilities(plan)
    frame = _with_rows(frame, _by_number(plan, known), standing=False)
    frame = _with_rows(frame, _by_number(plan, standing), standing=True)
    if not len(frame):
        raise PlanError("siting.no_candidates")
    missing = sorted(set(vetoed) - set(frame["site_id"]))
    if missing:
        raise PlanError("siting.no_such_site", found=missing[0][:60])
    if spare is not None:
        frame["spare_kw"] = frame["spare_kw"].where(frame["spare_kw"].notna(), frame["site_id"].map(spare))
    frame["open_hours"] = hours_open(frame["open_from"].to_numpy(float), frame["open_to"].to_numpy(float))
    _capacity(frame, assumed)
    frame["why_not"] = _why_not(frame, assumed, visible=visible, vetoed=vetoed)
    return frame[list(COLUMNS)].reset_index(drop=True)


def hours_open(begin: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hours from opening to closing, over midnight where the end is before the begin; the whole day where both are the same."""
    length = np.mod(end - begin, _DAY)
    return np.where(length == 0, _DAY, length)


def _facilities(plan: Plan) -> pd.DataFrame:
    rows = plan.facilities
    geometry = rows.geometry
    made = pd.DataFrame(
        {"site_id": rows["facility_id"].astype(str).to_numpy(object), "name": rows["name"].to_numpy(object)}
    )
    for column in ("kind", "ward", "landslide"):
        made[column] = rows[column].to_numpy(object) if column in rows else None
    placed = (geometry.notna() & ~geometry.is_empty).to_numpy()
    points = geometry.where(placed).representative_point()
    made["x"], made["y"] = points.x.to_numpy(float), points.y.to_numpy(float)
    floods = [rows[column].to_numpy(float) for column in _FLOODS if column in rows]
    made["flood_m"] = np.fmax.reduce(floods) if floods else np.nan
    left = rows["closure_year"].to_numpy(float) - plan.profile.plan_year if "closure_year" in rows else np.full(len(rows), np.nan)  # fmt: skip
    made["years_left"] = left
    made["standing"] = False
    for column in _KNOWN:
        made[column] = None if column in ("visible", "hazard") else np.nan
    return made


def _by_number(plan: Plan, rows: pd.DataFrame | None) -> pd.DataFrame | None:
    """Rows with the number of the facility that they mean: as it stands, with the noughts that a spreadsheet has taken from it, or by the name; others as they are."""
    if rows is None or not len(rows):
        return rows
    names = FacilityNames.of(plan.facilities, aliases_of(plan.entries))
    bare: dict[str, str] = {}
    for one in sorted(names.ids):
        key = one.lstrip("0")
        # Two that differ by noughts alone mean neither.
        bare[key] = "" if key in bare else one
    made = []
    for own, name in zip(rows["id"].astype(str), rows["name"] if "name" in rows else [None] * len(rows), strict=True):
        found = names.find(own)[0] or bare.get(own.lstrip("0"), "")
        if not found and own.startswith("#") and isinstance(name, str):
            found = names.find(name)[0]
        made.append(found or own)
    return rows.assign(id=made).drop_duplicates("id").reset_index(drop=True)


def _with_rows(frame: pd.DataFrame, rows: pd.DataFrame | None, *, standing: bool) -> pd.DataFrame:
    """What rows say of candidates that are there, and those that are not there yet."""
    if rows is None or not len(rows):
        return frame
    place = {str(one): k for k, one in enumerate(frame["site_id"])}
    at = np.array([place.get(str(one), -1) for one in rows["id"]], dtype=np.int64)
    frame = frame.copy()
    for column in (*_KNOWN, "x", "y", "name"):
        if column not in rows:
            continue
        told = rows[column].notna().to_numpy() & (at >= 0)
        if column in ("x", "y", "name"):
            # The plan's own place and name stay.
            told &= frame[column].isna().to_numpy()[np.maximum(at, 0)]
        values = frame[column].to_numpy(copy=True)
        values[at[told]] = rows[column].to_numpy()[told]
        frame[column] = values
    if standing:
        frame.loc[at[at >= 0], "standing"] = True
    fresh = rows[at < 0]
    if "x" in fresh:
        fresh = fresh[fresh["x"].notna()]
    elif len(fresh):
        raise PlanError("siting.no_such_site", found=str(fresh["id"].iloc[0])[:60])
    if not len(fresh):
        return frame
    more = pd.DataFrame({"site_id": fresh["id"].astype(str).to_numpy(object)})
    for column in frame.columns:
        if column == "site_id":
            continue
        more[column] = fresh[column].to_numpy() if column in fresh else frame[column].iloc[:0].reindex(range(len(more))).to_numpy()  # fmt: skip
    more["name"] = more["name"].where(more["name"].notna(), more["site_id"])
    more["standing"] = standing
    joined = {
        name: np.concatenate([frame[name].to_numpy(object), more[name].to_numpy(object)]) for name in frame.columns
    }
    made = pd.DataFrame(joined)
    numbers = [name for name in frame.columns if frame[name].dtype.kind == "f"]
    return made.astype(dict.fromkeys(numbers, np.float64) | {"standing": bool})


def _capacity(frame: pd.DataFrame, assumed: Assumptions) -> None:
    """``chargers kwh_day price_yen``."""
    fits = np.full(len(frame), float(assumed.chargers_most))
    for column, each in (("stalls", 1.0), ("spare_kw", assumed.charger_kw)):
        known = frame[column].to_numpy(float) / each
        fits = np.where(np.isfinite(known), np.minimum(fits, np.floor(known + 1e-9)), fits)
    told = frame["chargers"].to_numpy(float)
    frame["chargers"] = np.where(np.isfinite(told), told, np.maximum(fits, 0.0))
    hours = frame["open_hours"].to_numpy(float)
    hours = np.where(np.isfinite(hours), hours, assumed.open_hours_least)
    frame["kwh_day"] = frame["chargers"] * assumed.charger_kw * hours * assumed.use_share
    price = frame["price_yen"].to_numpy(float)
    reckoned = np.where(np.isfinite(price), price, frame["chargers"].to_numpy(float) * assumed.charger_yen)
    frame["price_yen"] = np.where(frame["standing"].to_numpy(bool), 0.0, reckoned)


def _why_not(frame: pd.DataFrame, assumed: Assumptions, *, visible: bool, vetoed: Sequence[str]) -> NDArray[np.object_]:
    """Codes with ``;``: only what is known to fail; what nobody knows does not."""

    def below(column: str, least: float) -> NDArray[np.bool_]:
        values = frame[column].to_numpy(float)
        return np.isfinite(values) & (values < least)

    flood = frame["flood_m"].to_numpy(float)
    stands = frame["standing"].to_numpy(bool)
    fails = {
        "no_place": ~np.isfinite(frame[["x", "y"]].to_numpy(float)).all(axis=1),
        "few_stalls": below("stalls", assumed.stalls_least),
        "no_power": below("spare_kw", assumed.charger_kw),
        "short_hours": below("open_hours", assumed.open_hours_least),
        "flood": np.isfinite(flood) & (flood >= assumed.flood_m),
        "landslide": (frame["landslide"] == "special").to_numpy(bool),
        "hazard": (frame["hazard"] == True).to_numpy(bool),  # noqa: E712 - None is none
        "closing": below("years_left", assumed.years_least),
        "not_visible": (frame["visible"] == False).to_numpy(bool) & visible,  # noqa: E712 - None is not known
        "vetoed": frame["site_id"].isin(list(vetoed)).to_numpy(bool),
    }
    made = np.full(len(frame), "", dtype=object)
    for code in REASONS:
        # What stands needs only a place, and may be vetoed by nobody.
        mask = fails[code] & (~stands | (code == "no_place"))
        made[mask] = [f"{before};{code}" if before else code for before in made[mask]]
    return made


def spare_power(plan: Plan, assumed: Assumptions, progress: Progress | None = None) -> pd.Series[float]:
    """What of a facility's contract nobody draws at any time [kW]: contract × (1 − margin) − highest half hour; by facility, of those whose contract and load are known.

    Only contracts that somebody tells: one that follows the highest half hour of the year (実量制) has nothing to spare by its nature, and says nothing.

    Raises
    ------
    UnreadableMeters, TariffError
        as :func:`kawasolar.demand.demand_of` and :func:`kawasolar.tariff.of_plan.bills_of`
    """
    from gis.progress import part, silent
    from kawasolar.demand import demand_of
    from kawasolar.tariff.of_plan import bills_of

    told = silent if progress is None else progress
    demand = demand_of(plan, progress=part(told, 0.0, 0.7))
    rows = bills_of(plan, demand, progress=part(told, 0.7, 1.0)).facilities
    contract = rows["contract_kw"].to_numpy(float)
    spare = np.maximum(contract * (1.0 - assumed.spare_margin) - rows["peak_kw"].to_numpy(float), 0.0)
    made = pd.Series(spare, index=rows["facility_id"].astype(str).to_numpy(object), dtype=float)
    return made.dropna()
