"""Which facilities can carry photovoltaics: each criterion of the profile on its own, every outcome kept.

What the ledger does not know is ``unknown``, never ``fail``; a criterion whose column the ledger lacks altogether is
not applied, and said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.carried import Carried, building_of, limits_of
from kawasolar.join.settling import shared_of
from kawasolar.owners import owners_of_planes
from kawasolar.profile import load_profile
from kawasolar.roof_load import GRAVITY, judge_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from kawasolar.plan import Settings
    from kawasolar.profile import Profile
    from kawasolar.roof_load import Judgement

PASS, FAIL, UNKNOWN = 0, 1, 2
OUTCOMES = ("pass", "fail", "unknown")

_SOUND = ("new", "retrofitted", "not_needed")
_FLAT = ("flat",)
_SHAPES = ("flat", "gable", "hip", "sawtooth", "metal", "other")
_PITCHED = ("gable", "hip", "sawtooth", "metal")
_STRUCTURES = ("rc", "src", "s", "w", "cb", "other")
# Coverings that no flat roof has.
_NOT_FLAT = frozenset(("asbestos_slate", "slate", "free_slate", "tile", "membrane", "glass"))
# From 1 September 2006 on nothing with asbestos may be used in Japan (労働安全衛生法施行令); slate of a building finished later has none.
_FREE_OF_ASBESTOS = 2007
# Not protected, or agreed with who protects it; what needs no more than an agreement or a permit.
_UNPROTECTED = ("none", "agreed")
_BY_PERMIT = ("registered", "landscape", "district")


@dataclass(frozen=True)
class Judged:
    """One criterion for all facilities: outcome codes and what was found (numbers or codes, None where nothing)."""

    outcome: NDArray[np.int8]
    value: NDArray[np.object_]


@dataclass(frozen=True)
class Case:
    """All that the criteria ask of the facilities; arrays in the ledger's order.

    ``flat_share`` is the share of the roof area that is flat, NaN without a roof; ``usable_m2`` and the like are NaN
    for a facility without a building or whose building has no roof plane.
    """

    ledger: pd.DataFrame
    profile: Profile
    has_building: NDArray[np.bool_]
    has_roof: NDArray[np.bool_]
    flat_share: NDArray[np.float64]
    usable_m2: NDArray[np.float64]
    capacity_kw: NDArray[np.float64]
    irradiation: NDArray[np.float64]
    # Facilities in a building whose roof counts for another: building and that other.
    shared: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    # What arrays weigh [kg/m²], once a criterion asks; and at most, where lighter modules are taken.
    carried: Carried | None = None
    most_kg_m2: NDArray[np.float64] | None = None

    @property
    def load_kg_m2(self) -> NDArray[np.float64]:
        """What the heaviest part of the array weighs over its own area; NaN without a roof."""
        found = np.full(len(self.ledger), np.nan) if self.carried is None else self.carried.kg_m2
        return found if self.most_kg_m2 is None else np.minimum(found, self.most_kg_m2)

    def number(self, column: str) -> NDArray[np.float64]:
        """A ledger column as floats; all NaN where the ledger has no such column."""
        if column not in self.ledger:
            return np.full(len(self.ledger), np.nan)
        return numbers(self.ledger[column])

    def code(self, column: str) -> NDArray[np.object_]:
        """A ledger column of codes, None where missing."""
        if column not in self.ledger:
            return np.full(len(self.ledger), None, dtype=object)
        return _blanked(self.ledger[column].to_numpy(dtype=object), self.ledger[column].isna().to_numpy(dtype=bool))


@dataclass(frozen=True)
class Assessment:
    """Every evaluated criterion for every facility.

    Attributes
    ----------
    case : Case
    keys : tuple of str
    outcome : ndarray, int8 [criterion, facility]
    value : ndarray of object [criterion, facility]
    thresholds : tuple of float or None
    lenient : ndarray of bool [criterion]
        An unknown value counts as passed.
    not_applied : tuple of str
        Criteria that the ledger cannot answer for anybody.
    """

    case: Case
    keys: tuple[str, ...]
    outcome: NDArray[np.int8]
    value: NDArray[np.object_]
    thresholds: tuple[float | None, ...]
    lenient: NDArray[np.bool_]
    not_applied: tuple[str, ...]


def assess(
    facilities: gpd.GeoDataFrame,
    links: pd.DataFrame,
    yields: pd.DataFrame,
    planes: gpd.GeoDataFrame,
    profile: Profile,
    settings: Settings,
    subarrays: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Outcome of every applied criterion for every facility.

    Returns
    -------
    outcomes : DataFrame
        ``facility_id``, ``criterion``, ``outcome``, ``value``, ``threshold``; facility by facility.
    not_applied : tuple of str
        Applied by the profile or the settings, but the ledger has no such column.
    """
    case = case_of(facilities, links, yields, planes, profile, subarrays)
    assessment = evaluate(case, settings, applied_keys(profile, settings))
    return outcomes_frame(assessment), assessment.not_applied


def applied_keys(profile: Profile, settings: Settings) -> tuple[str, ...]:
    """Criteria that are switched on, in the profile's order; the settings win over the profile."""
    switched = {key: applied for key, (applied, _) in settings.criteria.items()}
    return tuple(criterion.key for criterion in profile.criteria if switched.get(criterion.key, criterion.applied))


def threshold_of(key: str, profile: Profile, settings: Settings) -> float | None:
    """Threshold in force: the settings' if they name one, else the profile's."""
    _, wished = settings.criteria.get(key, (False, None))
    return profile.criterion(key).threshold if wished is None else wished


def case_of(
    facilities: gpd.GeoDataFrame,
    links: pd.DataFrame,
    yields: pd.DataFrame,
    planes: gpd.GeoDataFrame,
    profile: Profile,
    subarrays: pd.DataFrame | None = None,
) -> Case:
    """Bring ledger, links, roofs, modules and yields into one order."""
    ids = pd.Index(facilities["facility_id"].to_numpy(dtype=object))
    by_id = yields.set_index(pd.Index(yields["facility_id"].to_numpy(dtype=object)))
    roof = _roofs(links, planes).reindex(ids)
    has_roof = np.nan_to_num(roof["area"].to_numpy(dtype=np.float64)) > 0
    has_building = np.asarray(ids.isin(links.dropna(subset=["building_id"])["facility_id"].to_numpy(dtype=object)))

    def of_roof(column: str) -> NDArray[np.float64]:
        return np.where(has_roof, numbers(by_id[column].reindex(ids)), np.nan)

    usable = of_roof("irradiation_kwh_m2")
    return Case(
        ledger=pd.DataFrame(facilities.drop(columns="geometry", errors="ignore")),
        profile=profile,
        has_building=has_building,
        has_roof=has_roof,
        flat_share=roof["flat"].to_numpy(dtype=np.float64),
        usable_m2=of_roof("usable_m2"),
        capacity_kw=of_roof("capacity_kw"),
        irradiation=np.where(np.isnan(usable), roof["irradiation"].to_numpy(dtype=np.float64), usable),
        shared=shared_of(links),
        carried=Carried(
            ids.to_numpy(dtype=object), links, subarrays, np.where(has_roof, roof["flat"], np.nan), profile
        ),
    )


def evaluate(case: Case, settings: Settings, keys: tuple[str, ...]) -> Assessment:
    """Judge the criteria named, whether they are switched on or not."""
    judged: list[tuple[str, float | None, Judged]] = []
    silent: list[str] = []
    for key in keys:
        threshold = threshold_of(key, case.profile, settings)
        result = _JUDGES[key](case, threshold)
        if result is None:
            silent.append(key)
        else:
            judged.append((key, threshold, result))
    shape = (len(judged), len(case.ledger))
    return Assessment(
        case=case,
        keys=tuple(key for key, _, _ in judged),
        outcome=np.array([result.outcome for _, _, result in judged], dtype=np.int8).reshape(shape),
        value=np.array([result.value for _, _, result in judged], dtype=object).reshape(shape),
        thresholds=tuple(threshold for _, threshold, _ in judged),
        lenient=np.array([case.profile.criterion(key).unknown == "pass" for key, _, _ in judged], dtype=bool),
        not_applied=tuple(silent),
    )


def outcomes_frame(assessment: Assessment) -> pd.DataFrame:
    """The outcomes as the frame of ``docs/nomenclature.md``, facility by facility."""
    ids = assessment.case.ledger["facility_id"].to_numpy(dtype=object)
    count = len(assessment.keys)
    thresholds = np.array([np.nan if value is None else value for value in assessment.thresholds], dtype=np.float64)
    return pd.DataFrame(
        {
            "facility_id": np.repeat(ids, count),
            "criterion": np.tile(np.array(assessment.keys, dtype=object), len(ids)),
            "outcome": np.array(OUTCOMES, dtype=object)[assessment.outcome.T.ravel()],
            "value": pd.Series(assessment.value.T.ravel(), dtype=object),
            "threshold": np.tile(thresholds, len(ids)),
        }
    )


def numbers(column: pd.Series) -> NDArray[np.float64]:
    """Floats, NaN for anything that is no number."""
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _roofs(links: pd.DataFrame, planes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Roof area, flat share and mean irradiation of all the roof, by facility."""
    ids, owner = owners_of_planes(planes, links)
    mine = owner >= 0
    area = np.nan_to_num(planes["area_m2"].to_numpy(dtype=np.float64))[mine]
    flat = planes["flat"].to_numpy(dtype=bool)[mine]
    irradiation = np.nan_to_num(planes["irradiation_kwh_m2"].to_numpy(dtype=np.float64))[mine]

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(owner[mine], weights=values, minlength=len(ids)).astype(np.float64)

    whole = total(area)
    safe = np.where(whole > 0, whole, np.nan)
    columns = {"area": whole, "flat": total(area * flat) / safe, "irradiation": total(area * irradiation) / safe}
    return pd.DataFrame(columns, index=pd.Index(ids))


def _blanked(values: NDArray[Any], blank: NDArray[np.bool_]) -> NDArray[np.object_]:
    """A copy as objects with None where nothing was found."""
    shown = values.astype(object)
    shown[blank] = None
    return shown


def _judged(passed: NDArray[np.bool_], known: NDArray[np.bool_], value: NDArray[Any]) -> Judged:
    outcome = np.where(known, np.where(passed, PASS, FAIL), UNKNOWN).astype(np.int8)
    return Judged(outcome, _blanked(value, np.asarray(pd.isna(value))))


def _at_least(value: NDArray[np.float64], threshold: float | None) -> Judged:
    return _judged(value >= _required(threshold), ~np.isnan(value), value)


def _required(threshold: float | None) -> float:
    if threshold is None:
        raise ValueError("this criterion needs a threshold")
    return threshold


def _seismic(case: Case, _threshold: float | None) -> Judged | None:
    if "seismic" not in case.ledger:
        return None
    found = case.code("seismic")
    sound = np.isin(found.astype(str), _SOUND)
    return _judged(sound, sound | (found == "insufficient"), found)


def _remaining_years(case: Case, threshold: float | None) -> Judged | None:
    """From the ledger, else service life less age; with an unknown structure only where all structures agree."""
    if "remaining_years" not in case.ledger and "built_year" not in case.ledger:
        return None
    least = _required(threshold)
    told = case.number("remaining_years")
    age = case.profile.plan_year - case.number("built_year")
    lives = np.array([case.profile.number(f"life.{structure}") for structure in _STRUCTURES])
    structure = case.code("structure").astype(str)
    own = np.full(len(age), np.nan)
    for name, life in zip(_STRUCTURES, lives, strict=True):
        own[structure == name] = life
    shortest, longest = lives.min() - age, lives.max() - age
    sure = np.where(shortest >= least, shortest, np.where(longest < least, longest, np.nan))
    reckoned = np.where(np.isnan(own), sure, own - age)
    return _at_least(np.where(np.isnan(told), reckoned, told), least)


def _closure(case: Case, threshold: float | None) -> Judged | None:
    """Years until the planned closure. A blank means that none is planned, if ``closure_known`` does not deny it."""
    if "closure_year" not in case.ledger:
        return None
    left = case.number("closure_year") - case.profile.plan_year
    blank = np.isnan(left)
    known = ~blank
    known |= case.number("closure_known") == 1 if "closure_known" in case.ledger else blank
    return _judged(blank | (left >= _required(threshold)), known, left)


def _waterproofing(case: Case, threshold: float | None) -> Judged | None:
    """Years since the roof was last waterproofed, or built; only of flat roofs, since others have no such layer."""
    if "waterproofed_year" not in case.ledger:
        return None
    most = _required(threshold)
    waterproofed, built = case.number("waterproofed_year"), case.number("built_year")
    age = case.profile.plan_year - np.fmax(waterproofed, built)
    # An old building with a blank may have been waterproofed without record: unknown, not failed.
    age = np.where(np.isnan(waterproofed) & (age > most), np.nan, age)
    roof = case.code("roof_type").astype(str)
    pitched = np.isin(roof, _PITCHED) | (~np.isin(roof, _FLAT) & (case.flat_share < 0.5))
    value = _blanked(age, np.isnan(age))
    value[pitched] = "pitched"
    return _judged(pitched | (age <= most), pitched | ~np.isnan(age), value)


def _min_floor(case: Case, threshold: float | None) -> Judged | None:
    return _at_least(case.number("floor_area_m2"), threshold) if "floor_area_m2" in case.ledger else None


def _below(column: str) -> Callable[[Case, float | None], Judged | None]:
    """A depth of assumed flooding that must stay below the threshold."""

    def judge(case: Case, threshold: float | None) -> Judged | None:
        if column not in case.ledger:
            return None
        depth = case.number(column)
        return _judged(depth < _required(threshold), ~np.isnan(depth), depth)

    return judge


def _landslide(case: Case, _threshold: float | None) -> Judged | None:
    """Of the areas of the Sediment Disaster Act only the special one (特別警戒区域) keeps a facility out."""
    if "landslide" not in case.ledger:
        return None
    found = case.code("landslide")
    return _judged(np.isin(found.astype(str), ("none", "warning")), found != None, found)  # noqa: E711 - each cell


def _heritage(case: Case, _threshold: float | None) -> Judged | None:
    """Designated properties fail; what an agreement or a permit would allow is unknown until there is one."""
    if "heritage" not in case.ledger:
        return None
    found = case.code("heritage")
    known = ~np.isin(found.astype(str), _BY_PERMIT) & (found != None)  # noqa: E711 - each cell
    return _judged(np.isin(found.astype(str), _UNPROTECTED), known, found)


def barred_roofs(profile: Profile) -> frozenset[str]:
    """Kinds of roof on which nothing is put; of a profile that names none, the first bundled one's."""
    return frozenset(row.roof for row in profile.tables.barred_roofs or load_profile().tables.barred_roofs)


def _roofing(case: Case, _threshold: float | None) -> Judged | None:
    """What lies on the roof, else its shape; slate of before the ban of asbestos is unknown where slate with asbestos is barred."""
    barred = barred_roofs(case.profile)
    covering, shape = case.code("roofing"), case.code("roof_type")
    if "roofing" not in case.ledger and not ("roof_type" in case.ledger and barred & set(_SHAPES)):
        return None
    told = np.where(covering != None, covering, shape)  # noqa: E711 - each cell
    fails = np.isin(covering.astype(str), list(barred)) | np.isin(shape.astype(str), list(barred))
    old = ~(case.number("built_year") >= _FREE_OF_ASBESTOS)
    doubtful = (covering == "slate") & old & ("asbestos_slate" in barred)
    settled = (covering != None) | ("roofing" not in case.ledger)  # noqa: E711 - each cell
    settled |= (shape == "metal") | ((shape == "flat") & (barred <= (_NOT_FLAT | set(_SHAPES))))
    return _judged(~fails, fails | (settled & ~doubtful & (told != None)), told)  # noqa: E711 - each cell


def _roof_load(case: Case, _threshold: float | None) -> Judged | None:
    """Whether the roof bears modules and racks, by what the ledger says that it bears, else as :mod:`kawasolar.roof_load` sorts roofs.

    The value is the limit that decided [N/m²].
    """
    if not {"roof_bears_n_m2", "roof_type", "structure"} & set(case.ledger):
        return None
    limits, told, carried = limits_of(case.profile), case.number("roof_bears_n_m2"), case.load_kg_m2 * GRAVITY
    columns = [name for name in ("roof_type", "structure", "built_year", "seismic") if name in case.ledger]
    rows = (
        list(zip(*(case.ledger[name].to_numpy(dtype=object) for name in columns), strict=True))
        if columns
        else [()] * len(told)
    )
    known: dict[tuple[object, ...], Judgement] = {}
    outcome, value = np.full(len(told), UNKNOWN, dtype=np.int8), told.copy()
    for k in np.flatnonzero(case.has_roof & ~np.isnan(carried)):
        if not np.isnan(told[k]):
            outcome[k] = PASS if carried[k] <= told[k] else FAIL
            continue
        cells = tuple(None if pd.isna(cell) else cell for cell in rows[k])
        load = float(carried[k])
        key = (load, *cells)
        if key not in known:
            known[key] = judge_at(load, building_of(dict(zip(columns, cells, strict=True))), limits)
        outcome[k] = OUTCOMES.index(known[key].outcome)
        value[k] = known[key].limit_n_m2 if outcome[k] != UNKNOWN else np.nan
    return Judged(outcome, _blanked(value, np.isnan(value)))


def _usable_area(case: Case, threshold: float | None) -> Judged | None:
    return _at_least(case.usable_m2, threshold)


def _irradiation(case: Case, threshold: float | None) -> Judged | None:
    return _at_least(case.irradiation, threshold)


def _capacity(case: Case, threshold: float | None) -> Judged | None:
    return _at_least(case.capacity_kw, threshold)


_JUDGES: dict[str, Callable[[Case, float | None], Judged | None]] = {
    "seismic": _seismic,
    "remaining_years": _remaining_years,
    "closure": _closure,
    "waterproofing": _waterproofing,
    "roofing": _roofing,
    "roof_load": _roof_load,
    "usable_area": _usable_area,
    "irradiation": _irradiation,
    "min_floor": _min_floor,
    "capacity": _capacity,
    "flood": _below("flood_depth_m"),
    "storm_surge": _below("storm_surge_depth_m"),
    "tsunami": _below("tsunami_depth_m"),
    "landslide": _landslide,
    "heritage": _heritage,
}
