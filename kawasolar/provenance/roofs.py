"""Why a facility's roof, capacity, energy and the rest are what they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from gis.roofs import SOURCES
from kawasolar.ageing import RATE, YEARS, energy_by_year
from kawasolar.layout_values import CAPACITIES
from kawasolar.plan import STATIONS
from kawasolar.provenance.model import Explanation
from kawasolar.provenance.sources import flat
from kawasolar.snow import CHOICE
from kawasolar.yields import MONTHS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from kawasolar.plan import Role
    from kawasolar.provenance.model import EnteredSource, ProfileSource, Source
    from kawasolar.provenance.sources import Desk

UNITS = {
    "roof_m2": "m²", "usable_m2": "m²", "modules": "-", "capacity_kw": "kW", "energy_kwh": "kWh", "energy_sunny_kwh": "kWh", "energy_dull_kwh": "kWh", "specific_yield": "kWh/kW",
    "irradiation_kwh_m2": "kWh/m²", "shading_loss": "-", "snow_loss": "-", "co2_t": "t-CO₂", **dict.fromkeys(MONTHS, "kWh"),
}  # fmt: skip
# Which numbers of the profile a rule of the survey takes its cells by; drawn keep-outs need none.
RULE_VALUES: dict[str, tuple[str, ...]] = {
    "tilt": ("roof.max_tilt",),
    "north": ("roof.north_halfwidth", "roof.flat_tilt"),
    "setback": ("roof.setback", "roof.obstacle_height"),
    "obstacle": ("roof.obstacle_clearance", "roof.obstacle_height"),
    "shade": ("roof.irradiation_share",),
    "small": ("roof.min_plane_area", "roof.min_width"),
}
# Rules that are drawn by hand -> the purpose of what is drawn.
_DRAWN = {"keepout": "other", "refuge": "refuge", "access": "access"}
# Of pv.capacity: capacity is told from the area.
_DENSITY = 1 + CAPACITIES.index("density")
# Numbers that make roof planes out of the surface, whatever is done with them afterwards.
_PLANES = ("roof.min_plane_area", "roof.obstacle_height")
_SURVEY_FILES: tuple[Role, ...] = ("dsm", "buildings", "roof_planes")
_LIGHT_FILES: tuple[Role, ...] = ("dsm", "buildings", *STATIONS, "canopy", "roof_planes")
# Of what the yield stage declares, what turns area into capacity and energy into CO₂: they have figures of their own.
_NOT_ENERGY = ("pv.density_", "pv.panel_ratio", "pv.capacity", "co2.")
# Of a layout that was made for modules of another facility's own, these say nothing of the number of modules.
_NOT_NUMBER = ("module.power", "module.weight", "pv.capacity")


def total(planes: pd.DataFrame, column: str) -> float:
    """Sum of a column of the planes, nothing where there is none."""
    return float(np.nansum(planes[column].to_numpy(dtype=np.float64))) if column in planes else 0.0


def rules_of(planes: pd.DataFrame) -> list[str]:
    """The rules of the survey by the columns of what they took, in their order."""
    return [name[5:-3] for name in planes.columns if name.startswith("lost_") and name.endswith("_m2")]


def survey_values(desk: Desk, *keys: str) -> list[ProfileSource]:
    """Numbers of the profile as the survey used them."""
    return [desk.profile(key, "survey") for key in keys]


# ---------------------------------------------------------------------------------------------- roof and usable area


def roof(desk: Desk, facility_id: str) -> Explanation:
    """Area of all roof planes of its buildings, along the slope."""
    planes = desk.planes_of(facility_id)
    parts = [_building(desk, facility_id, name, planes) for name in desk.buildings_of(facility_id)]
    of_given = [source for source in desk.profile_of("survey") if source.key.startswith("given.")]
    sources = flat(survey_values(desk, *_PLANES), of_given, desk.files(*_SURVEY_FILES))
    given = _given(planes)
    return _figure(
        desk, facility_id, "roof_m2", "roof_given" if given else "roof", (*parts, *sources), planes=len(planes), buildings=len(parts), given=given,
    )  # fmt: skip


def _given(planes: pd.DataFrame) -> int:
    """How many planes were given, not found in the surface."""
    return int((planes["source"] != SOURCES[0]).sum()) if "source" in planes else 0


def _building(desk: Desk, facility_id: str, building: str, planes: pd.DataFrame) -> Explanation:
    mine = planes[planes["building_id"] == building]
    formula = "building_roof_given" if _given(mine) else "building_roof" if len(mine) else "building_no_roof"
    return Explanation(
        "building_roof_m2", total(mine, "area_m2"), "m²", formula, stage=desk.stage("survey"), facility_id=facility_id,
        part=building, values={"planes": len(mine), "flat": int(mine["flat"].sum()), **_fit(mine)},
    )  # fmt: skip


def _fit(planes: pd.DataFrame) -> dict[str, object]:
    """How well the planes lie on the surface: cells, the largest residual [cm], and how many were given."""
    residual = 100.0 * float(planes["residual_m"].max()) if len(planes) else 0.0
    return {"cells": f"{int(planes['cells'].sum()):,}", "residual": f"{residual:.0f}", "given": _given(planes)}


def usable(desk: Desk, facility_id: str) -> Explanation:
    """The roof less what each rule took."""
    planes = desk.planes_of(facility_id)
    lost = [_lost(desk, facility_id, rule, planes) for rule in rules_of(planes)]
    return _figure(desk, facility_id, "usable_m2", "usable", (roof(desk, facility_id), *lost))


def _lost(desk: Desk, facility_id: str, rule: str, planes: pd.DataFrame) -> Explanation:
    """What one rule took, with the numbers that it goes by."""
    inputs: tuple[Explanation | Source, ...] = tuple(survey_values(desk, *RULE_VALUES.get(rule, ())))
    if rule == "shade":
        trees = [source for source in desk.profile_of("survey") if source.key.startswith("canopy.")]
        inputs = (*inputs, open_sky(desk), *trees, *desk.files(*_LIGHT_FILES))
    if rule in _DRAWN:
        inputs = (*inputs, *desk.keepouts_on(desk.buildings_of(facility_id), _DRAWN[rule]))
    return Explanation(
        f"lost_{rule}_m2", total(planes, f"lost_{rule}_m2"), "m²", f"lost_{rule}", inputs, desk.stage("survey"), facility_id=facility_id,
    )  # fmt: skip


def open_sky(desk: Desk) -> Explanation:
    """The year's light on an open horizontal plane."""
    weather = desk.plan.results.weather
    return Explanation(
        "open_sky_kwh_m2", float(desk.plan.results.open_sky_kwh_m2), "kWh/m²", "open_sky", tuple(desk.files(*STATIONS, "dsm")),
        desk.stage("survey"), values={"station": weather.station or weather.source, "kind": weather.kind, "ghi": weather.ghi_kwh_m2},
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- capacity and energy


def capacity(desk: Desk, facility_id: str) -> Explanation:
    """Modules that are laid out × their rated power; or usable area × density, where the plan asks for that."""
    if not _is_laid_out(desk):
        return _by_density(desk, facility_id)
    parts = [_laid_out(desk, facility_id, mounting, rows) for mounting, rows in _by_mounting(desk, facility_id)]
    return _figure(
        desk,
        facility_id,
        "capacity_kw",
        "capacity_laid_out",
        (*parts, desk.profile("pv.capacity", "layout"), usable(desk, facility_id)),
    )


def _is_laid_out(desk: Desk) -> bool:
    """Whether the yield is that of modules; that of an older file is not."""
    return "layout" in desk.plan.stamps and desk.used("pv.capacity", "yield") != _DENSITY


def modules(desk: Desk, facility_id: str) -> Explanation:
    """How many are laid out on all its roofs."""
    parts = [_count(desk, facility_id, mounting, rows) for mounting, rows in _by_mounting(desk, facility_id)]
    return _figure(desk, facility_id, "modules", "modules", (*parts, usable(desk, facility_id)))


def _by_mounting(desk: Desk, facility_id: str) -> list[tuple[str, pd.DataFrame]]:
    groups = desk.subarrays_of(facility_id).groupby("mounting", sort=True)
    return [(str(mounting), rows) for mounting, rows in groups]


def _count(desk: Desk, facility_id: str, mounting: str, rows: pd.DataFrame) -> Explanation:
    values = [source for source in desk.profile_of("layout", without=_NOT_NUMBER) if _is_of(source.key, mounting)]
    return Explanation(
        f"modules_{mounting}", int(rows["modules"].sum()), "-", f"modules_{mounting}", (*values, *desk.layout_of(facility_id), *_bound_by(desk, facility_id)),
        desk.stage("layout"), {"planes": int(rows["plane_id"].nunique())}, facility_id,
    )  # fmt: skip


def _bound_by(desk: Desk, facility_id: str) -> list[EnteredSource]:
    """What stands already, where its capacity is known: no more is laid out."""
    entry = desk.plan.entries.get("standing", facility_id)
    return [] if entry is None or not entry["capacity_kw"] else desk.standing_of(facility_id)


def _laid_out(desk: Desk, facility_id: str, mounting: str, rows: pd.DataFrame) -> Explanation:
    count = _count(desk, facility_id, mounting, rows)
    # A facility that is laid out of other modules has its rating from what was entered.
    own = any(
        key == "module.power"
        for source in desk.layout_of(facility_id)
        for key, _ in cast("tuple[tuple[str, float], ...]", source.value)
    )
    rating = () if own else (desk.profile("module.power", "layout"),)
    return Explanation(
        f"capacity_{mounting}_kw", float(rows["capacity_kw"].sum()), "kW", "capacity_modules", (count, *rating), desk.stage("layout"),
        facility_id=facility_id,
    )  # fmt: skip


def _is_of(key: str, mounting: str) -> bool:
    """Whether a value says something of modules that are mounted so."""
    if mounting == "roof":
        return not key.startswith(("pv.rack_", "layout.racks", "layout.winter", "layout.east_west", "layout.valley"))
    return mounting == "rack" or not key.startswith("pv.rack_")


def _by_density(desk: Desk, facility_id: str) -> Explanation:
    """Usable area × density, of flat and of pitched planes."""
    planes = desk.planes_of(facility_id)
    is_flat = planes["flat"].to_numpy(dtype=bool)
    parts = [
        _capacity_part(desk, facility_id, name, planes[is_flat == wanted], densities)
        for name, wanted, densities in (
            ("flat", True, ("pv.density_flat",)),
            ("pitched", False, ("pv.density_panel", "pv.panel_ratio")),
        )
    ]
    choice = (desk.profile("pv.capacity", "yield"),) if "layout" in desk.plan.stamps else ()
    return _figure(desk, facility_id, "capacity_kw", "capacity", (*parts, *choice, usable(desk, facility_id)))


def _capacity_part(
    desk: Desk, facility_id: str, name: str, planes: pd.DataFrame, densities: tuple[str, ...]
) -> Explanation:
    area = total(planes, "usable_m2")
    factors = [desk.profile(key, "yield") for key in densities]
    tilt = desk.profile("roof.flat_tilt", "survey")
    of_kind = Explanation(
        f"usable_{name}_m2",
        area,
        "m²",
        f"usable_{name}",
        (tilt,),
        desk.stage("survey"),
        {"planes": len(planes)},
        facility_id,
    )
    value = area * float(np.prod([factor.value for factor in factors]))
    return Explanation(
        f"capacity_{name}_kw", value, "kW", f"capacity_{name}", (of_kind, *factors), desk.stage("yield"), facility_id=facility_id
    )  # fmt: skip


def light(desk: Desk, facility_id: str) -> Explanation:
    """The skyline round the roof, as the survey swept it: every number and file that the stage declares."""
    planes = desk.planes_of(facility_id)
    sources = flat(desk.profile_of("survey"), desk.files(*_LIGHT_FILES))
    values = {"planes": len(planes), "azimuths": len(desk.plan.results.azimuths)}
    view = total(planes.assign(seen=planes["sky_view"] * planes["area_m2"]), "seen") / (total(planes, "area_m2") or 1.0)
    return Explanation(
        "sky_view", view if len(planes) else None, "-", "skyline", sources, desk.stage("survey"), values, facility_id
    )


def energy(desk: Desk, facility_id: str) -> Explanation:
    """The hours of a year, simulated."""
    return _simulated(desk, facility_id, "energy_kwh", "energy")


def of_year(desk: Desk, facility_id: str, figure: str, role: Role) -> Explanation:
    """The hours of another year."""
    found = _simulated(desk, facility_id, figure, figure.removesuffix("_kwh"))
    return replace(found, inputs=(*found.inputs, *desk.files(role)))


def month(desk: Desk, facility_id: str, column: str) -> Explanation:
    """One month of the same hours."""
    share = desk.yielded(facility_id, column)
    return _simulated(desk, facility_id, column, "month", month=int(column[1:]), share=share)


def _simulated(desk: Desk, facility_id: str, figure: str, formula: str, **values: object) -> Explanation:
    weather = desk.plan.results.weather
    # How racks stand is among what the modules are laid out by.
    without = (*_NOT_ENERGY, "pv.rack_") if _is_laid_out(desk) else _NOT_ENERGY
    factors = list(desk.profile_of("yield", without=without))
    known = {
        "station": weather.station or weather.source,
        "kind": weather.kind,
        "ghi": weather.ghi_kwh_m2,
        "losses": desk.used("pv.losses", "yield"),
        **values,
    }
    inputs = flat((capacity(desk, facility_id),), factors, (light(desk, facility_id),), desk.files(*STATIONS))
    return _figure(desk, facility_id, figure, formula, inputs, **known)


def specific(desk: Desk, facility_id: str) -> Explanation:
    """Energy over capacity."""
    return _figure(
        desk, facility_id, "specific_yield", "specific_yield", (energy(desk, facility_id), capacity(desk, facility_id))
    )


def irradiation(desk: Desk, facility_id: str) -> Explanation:
    """Mean over the usable cells, weighted by the usable area of each building's planes."""
    planes = desk.planes_of(facility_id)
    lit = planes.assign(lit=planes["usable_m2"] * planes["usable_irradiation_kwh_m2"])
    parts = []
    for name in desk.buildings_of(facility_id):
        mine = lit[lit["building_id"] == name]
        area = total(mine, "usable_m2")
        mean = total(mine, "lit") / area if area > 0 else None
        known = {"usable_m2": area, "planes": len(mine)}
        part = Explanation(
            "building_irradiation_kwh_m2", mean, "kWh/m²", "building_irradiation", (), desk.stage("survey"), known, facility_id, name
        )  # fmt: skip
        parts.append(part)
    inputs = (*parts, light(desk, facility_id), open_sky(desk))
    return _figure(desk, facility_id, "irradiation_kwh_m2", "irradiation", inputs)


def whole_irradiation(desk: Desk, facility_id: str) -> Explanation:
    """Mean over all of the roof, for one of which nothing is usable."""
    planes = desk.planes_of(facility_id)
    lit = planes.assign(lit=planes["area_m2"] * planes["irradiation_kwh_m2"])
    parts = []
    for name in desk.buildings_of(facility_id):
        mine = lit[lit["building_id"] == name]
        area = total(mine, "area_m2")
        known = {"area_m2": area, "planes": len(mine)}
        mean = total(mine, "lit") / area if area > 0 else None
        part = Explanation(
            "building_irradiation_kwh_m2", mean, "kWh/m²", "building_irradiation_roof", (), desk.stage("survey"), known, facility_id, name
        )  # fmt: skip
        parts.append(part)
    area = total(planes, "area_m2")
    mean = total(lit, "lit") / area if area > 0 else None
    inputs = (*parts, light(desk, facility_id), open_sky(desk))
    return Explanation(
        "roof_irradiation_kwh_m2", mean, "kWh/m²", "irradiation_roof", inputs, desk.stage("survey"), {}, facility_id
    )


def shading(desk: Desk, facility_id: str) -> Explanation:
    """What the skyline takes, of what there would be under an open sky."""
    row = desk.yield_row(facility_id)
    lost = Explanation(
        "lost_kwh", float(desk.plan.results.month_hour_lost[row].sum(dtype=np.float64)), "kWh", "lost", (light(desk, facility_id),),
        desk.stage("yield"), facility_id=facility_id,
    )  # fmt: skip
    return _figure(desk, facility_id, "shading_loss", "shading_loss", (energy(desk, facility_id), lost))


def snow(desk: Desk, facility_id: str) -> Explanation:
    """What snow takes, of what there would be without it."""
    values = [source for source in desk.profile_of("yield") if source.key == CHOICE or source.key.startswith("snow.")]
    inputs = flat((energy(desk, facility_id),), values, desk.files(*STATIONS))
    return _figure(desk, facility_id, "snow_loss", "snow_loss", inputs)


def lifetime(desk: Desk, facility_id: str) -> Explanation:
    """The sum over the years of operation, as the modules age."""
    first = desk.yielded(facility_id, "energy_kwh")
    total_kwh = None if first is None else float(energy_by_year(float(first), desk.plan.profile).sum())
    inputs = (energy(desk, facility_id), desk.profile(RATE, "yield"), desk.profile(YEARS, "yield"))
    return Explanation("lifetime_kwh", total_kwh, "kWh", "lifetime", inputs, desk.stage("yield"), {}, facility_id)


def co2(desk: Desk, facility_id: str) -> Explanation:
    """Energy × emission factor."""
    factor = desk.profile("co2.grid_factor", "yield")
    return _figure(desk, facility_id, "co2_t", "co2", (energy(desk, facility_id), factor))


def _figure(
    desk: Desk,
    facility_id: str,
    figure: str,
    formula: str,
    inputs: Iterable[Explanation | Source],
    **values: object,
) -> Explanation:
    return Explanation(
        figure, desk.yielded(facility_id, figure), UNITS[figure], formula, tuple(inputs), desk.stage("yield"), values, facility_id
    )  # fmt: skip


FIGURES: dict[str, Callable[[Desk, str], Explanation]] = {
    "roof_m2": roof,
    "usable_m2": usable,
    "modules": modules,
    "capacity_kw": capacity,
    "energy_kwh": energy,
    "energy_sunny_kwh": lambda desk, facility_id: of_year(desk, facility_id, "energy_sunny_kwh", "weather_sunny"),
    "energy_dull_kwh": lambda desk, facility_id: of_year(desk, facility_id, "energy_dull_kwh", "weather_dull"),
    "specific_yield": specific,
    "irradiation_kwh_m2": irradiation,
    "shading_loss": shading,
    "snow_loss": snow,
    "lifetime_kwh": lifetime,
    "co2_t": co2,
    **{name: (lambda desk, facility_id, name=name: month(desk, facility_id, name)) for name in MONTHS},  # type: ignore[misc]
}
