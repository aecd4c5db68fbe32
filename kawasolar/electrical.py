"""Strings, inverters and the load on the roof of one facility, from the modules that are laid out; worked out when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from kawasolar.carried import building_of, limits_of, rack_of, weights_of
from kawasolar.document.views import special_layouts
from kawasolar.owners import owners_of_buildings, subarrays_of
from kawasolar.roof_load import Judgement, Load, dead_load, judge
from kawasolar.strings import Design, Electrical, Group, Regulation, Rules, design, regulation

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from kawasolar.plan import Plan
    from kawasolar.profile import Profile

# From this contract on power is taken at high voltage [kW] (thr.* of the coefficients: 高圧).
_HIGH_VOLTAGE_KW = 50.0


@dataclass(frozen=True)
class RoofLoad:
    """What modules that are mounted alike weigh, and whether the roof bears it."""

    mounting: str
    modules: int
    load: Load
    judgement: Judgement


@dataclass(frozen=True)
class System:
    """What a facility's modules are wired to, and what they weigh.

    Attributes
    ----------
    strings : design of strings and inverters
    regulation : what the system counts as under the Electricity Business Act
    loads : by mounting
    """

    strings: Design
    regulation: Regulation
    loads: tuple[RoofLoad, ...]

    @property
    def outcome(self) -> str:
        """Of all loads together: ``fail`` where one fails, ``unknown`` where one is not known."""
        found = {load.judgement.outcome for load in self.loads}
        return "fail" if "fail" in found else "unknown" if "unknown" in found else "pass"


def systems_of(plan: Plan) -> Iterator[tuple[str, System]]:
    """Every facility that has modules, in the order of the ledger."""
    owners = owners_of_buildings(plan.results.links)
    subarrays = plan.results.subarrays
    by_owner = dict(iter(subarrays.groupby(subarrays["building_id"].map(owners))))
    special = special_layouts(plan.entries, plan.scenario, plan.profile)
    for ledger in plan.facilities.to_dict("records"):
        name = str(ledger["facility_id"])
        if name in by_owner:
            yield name, _system(by_owner[name], special.get(name, plan.profile), ledger)


def system_of(plan: Plan, facility_id: str) -> System | None:
    """One facility; None where it has no modules."""
    mine = subarrays_of(plan.results.subarrays, plan.results.links, facility_id)
    if not len(mine):
        return None
    ledger = plan.facilities[plan.facilities["facility_id"] == facility_id].to_dict("records")[0]
    special = special_layouts(plan.entries, plan.scenario, plan.profile)
    return _system(mine, special.get(facility_id, plan.profile), ledger)


def _system(mine: gpd.GeoDataFrame, profile: Profile, ledger: dict[Any, Any]) -> System:
    number = profile.number
    module = Electrical(
        number("module.power"), number("module.voc"), number("module.vmp"), number("module.temp_voc"), number("module.temp_pmax")
    )  # fmt: skip
    rules = Rules(
        number("string.temp_low"), number("string.temp_high"), number("string.system_voltage"), number("string.mppt_low"),
        number("string.mppt_high"), number("inverter.unit"), number("inverter.dc_ac_ratio"), number("string.temp_isc"),
    )  # fmt: skip
    found = design(_groups(mine), module, rules)
    contract = _known(ledger.get("contract_kw"))
    high = contract is not None and float(contract) >= _HIGH_VOLTAGE_KW
    loads = tuple(
        roof_load_of(str(mounting), rows, profile, ledger) for mounting, rows in mine.groupby("mounting", sort=True)
    )
    return System(found, regulation(found.rated_kw, high_voltage=high), loads)


def _groups(mine: pd.DataFrame) -> list[Group]:
    """Modules of one direction, to a degree, share strings."""
    counts: dict[tuple[float, float], int] = {}
    columns = (mine[name].tolist() for name in ("azimuth", "tilt", "modules"))
    for azimuth, tilt, modules in zip(*columns, strict=True):
        facing = round(azimuth) % 360.0, float(round(tilt))
        counts[facing] = counts.get(facing, 0) + int(modules)
    return [
        Group(f"{azimuth:.0f}°/{tilt:.0f}°", count, tilt, azimuth) for (azimuth, tilt), count in sorted(counts.items())
    ]


def roof_load_of(mounting: str, rows: gpd.GeoDataFrame, profile: Profile, ledger: dict[Any, Any]) -> RoofLoad:
    """What modules of one mounting weigh, and whether the roof bears it."""
    modules = int(rows["modules"].sum())
    area, weight = float(rows["area_m2"].sum()) / modules, float(rows["weight_kg"].sum()) / modules
    load = dead_load(modules, weight, area, weights_of(profile).of(rack_of(mounting, profile)))
    return RoofLoad(mounting, modules, load, judge(load, building_of(ledger), limits_of(profile)))


def _known(value: Any) -> Any:  # noqa: ANN401 - a cell of the ledger
    """None where the ledger says nothing."""
    return None if pd.isna(value) else value
