"""The plan as plain data: what was read, what was computed, what was decided; and the project that holds its scenarios."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from kawasolar.document.entries import Entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.findings import Finding
    from kawasolar.profile import Profile
    from kawasolar.programme.kept import Kept

Objective = Literal["co2", "energy"]
Role = Literal[
    "dsm", "buildings", "facilities", "weather", "weather_2", "weather_3", "weather_sunny", "weather_dull", "canopy", "roof_planes",
    "roads", "wards", "meters", "parcels", "addresses", "lamps", "vehicles", "wings", "meter_points", "roof_works",
    "charge_demand", "charge_candidates", "charge_standing", "lamp_table", "car_catalogue", "charger_table", "profile",
]  # fmt: skip
ROLES: tuple[Role, ...] = (
    "dsm", "buildings", "facilities", "weather", "weather_2", "weather_3", "weather_sunny", "weather_dull", "canopy", "roof_planes",
    "roads", "wards", "meters", "parcels", "addresses", "lamps", "vehicles", "wings", "meter_points", "roof_works",
    "charge_demand", "charge_candidates", "charge_standing", "lamp_table", "car_catalogue", "charger_table", "profile",
)  # fmt: skip
AnyLedger = Literal["facilities", "lamps", "vehicles", "wings", "meter_points", "roof_works"]
# Ledgers of other things than facilities, each by its kind (``resources/registers``).
OtherLedger = Literal["lamps", "vehicles", "wings", "meter_points", "roof_works"]
OTHER_LEDGERS: tuple[OtherLedger, ...] = ("lamps", "vehicles", "wings", "meter_points", "roof_works")
# What a scenario may ask for beside the half, each with a stage of its own.
AnswerKind = Literal["lighting", "fleet", "charging", "siting"]
ANSWERS: tuple[AnswerKind, ...] = ("lighting", "fleet", "charging", "siting")
# Of the sites of shared chargers: where demand is, what is known of candidates, what stands.
SITING_FILES: tuple[Role, ...] = ("charge_demand", "charge_candidates", "charge_standing")
# Tables of a city's own in the place of those that the program has for an answer.
OWN_TABLES: dict[AnswerKind, Role] = {"lighting": "lamp_table", "fleet": "car_catalogue", "charging": "charger_table"}
# Files that can be taken away from a plan again.
REMOVABLE: tuple[Role, ...] = (
    "weather_2", "weather_3", "weather_sunny", "weather_dull", "canopy", "roof_planes", "roads", "wards", "meters",
    "parcels", "addresses", *OTHER_LEDGERS, *SITING_FILES, *OWN_TABLES.values(),
)  # fmt: skip
# Files that are chosen elsewhere than with the rest, each with what it is for.
CHOSEN_ELSEWHERE: tuple[Role, ...] = (*OTHER_LEDGERS, *SITING_FILES, *OWN_TABLES.values())
# The station of the weather, and further ones between which the place lies.
STATIONS: tuple[Role, ...] = ("weather", "weather_2", "weather_3")
# Further years of the same station, and what the band is called by them.
BAND: dict[Role, str] = {"weather_sunny": "sunny", "weather_dull": "dull"}


@dataclass(frozen=True)
class Settings:
    """What the planner turns: share, objective, criteria, pins and vetoes; and what is done or contracted already.

    ``criteria`` overrides the profile by key: ``(applied, threshold)``. Pins and vetoes are facility ids; ``standing`` is state and fiscal year by facility.
    """

    share: float
    objective: Objective
    criteria: dict[str, tuple[bool, float | None]] = field(default_factory=dict)
    pins: frozenset[str] = frozenset()
    vetoes: frozenset[str] = frozenset()
    standing: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class InputFile:
    """One file that the plan was made from (``canopy``: heights of vegetation above the surface; ``roof_planes``: CityGML LOD2 or drawn planes, ``roads``: for the glare, ``wards``: areas that tell a facility's ward, ``meters``: half hours of supply points, ``parcels`` and ``addresses``: for the join, ``lamps`` and others of :data:`OTHER_LEDGERS`: ledgers of other things, :data:`SITING_FILES`: for sites of shared chargers, if any); ``crs`` and ``layer`` are what the user said of it, empty where the file said it."""

    role: Role
    path: str
    size: int
    sha256: str
    note: str = ""
    crs: str = ""
    layer: str = ""


def no_file(role: Role) -> InputFile:
    """What stands for a file that is taken away."""
    return InputFile(role, "", 0, "")


def taken_away(present: Iterable[InputFile], chosen: Iterable[InputFile]) -> list[InputFile]:
    """Of a plan's files those that were not chosen again and can be done without, as none; those of :data:`CHOSEN_ELSEWHERE` stay."""
    kept = {*CHOSEN_ELSEWHERE, *(file.role for file in chosen)}
    return [no_file(file.role) for file in present if file.role in REMOVABLE and file.role not in kept]


@dataclass(frozen=True)
class WeatherSummary:
    """What the inspector and the exports say of the weather; of each month the day of the month with the most and the least sun."""

    station: str
    source: str
    kind: str
    latitude: float
    longitude: float
    ghi_kwh_m2: float
    months_ghi_kwh_m2: tuple[float, ...]
    sunniest_days: tuple[int, ...] = ()
    dullest_days: tuple[int, ...] = ()


@dataclass(frozen=True)
class Results:
    """What the survey and the yield gave; frames and arrays as in ``docs/nomenclature.md``."""

    buildings: gpd.GeoDataFrame
    planes: gpd.GeoDataFrame
    sunlit: NDArray[np.float32]
    azimuths: NDArray[np.float64]
    subarrays: gpd.GeoDataFrame
    links: pd.DataFrame
    yields: pd.DataFrame
    month_hour: NDArray[np.float32]
    month_hour_lost: NDArray[np.float32]
    typical_days: NDArray[np.float32]
    hourly: NDArray[np.float32]
    weather: WeatherSummary
    open_sky_kwh_m2: float


@dataclass(frozen=True)
class Decision:
    """Who is eligible and who is chosen, and why; frames as in ``docs/nomenclature.md``."""

    outcomes: pd.DataFrame
    sites: pd.DataFrame
    # Criteria that the profile asks for and the ledger cannot answer: no such column.
    not_applied: tuple[str, ...] = ()


@dataclass(frozen=True)
class LedgerRead:
    """The ledger as it was read and joined, before a person corrected anything.

    Attributes
    ----------
    frame : facilities as in ``docs/nomenclature.md``
    links : what the program itself joined
    columns : our column -> heading in the file
    sheet : sheet or layer, empty for text files
    """

    frame: gpd.GeoDataFrame
    links: pd.DataFrame
    columns: Mapping[str, str]
    sheet: str = ""


@dataclass(frozen=True, eq=False)
class RegisterRead:
    """A ledger of another thing than facilities, as it was read.

    Attributes
    ----------
    frame : as :attr:`kawasolar.registers.Register.frame`
    columns : our column -> heading in the file
    findings : what was noticed in it
    """

    frame: pd.DataFrame
    columns: Mapping[str, str]
    sheet: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class Registers:
    """The other ledgers of a plan by their kind."""

    by_kind: Mapping[OtherLedger, RegisterRead] = field(default_factory=dict)


NO_REGISTERS = Registers()


@dataclass(frozen=True, eq=False)
class Answer:
    """What was computed because a scenario asks for it, as a plan keeps it (:mod:`kawasolar.answers` makes it what it is).

    Attributes
    ----------
    head : JSON values
    frames : tables by name, of the columns that :func:`kawasolar.answers.columns_of` says
    """

    head: Mapping[str, object]
    frames: Mapping[str, pd.DataFrame]


# Columns of :class:`Use`, with their types.
USE_COLUMNS = {
    "facility_id": "object", "source": "object", "estimated": "bool", "filled": "float64", "note": "object", "load_kwh": "float64", "peak_kw": "float64",
    "load_factor": "float64", "self_use_kwh": "float64", "surplus_kwh": "float64", "self_use_ratio": "float64", "self_supply_ratio": "float64",
    "peak_after_kw": "float64",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Use:
    """What facilities use, and what of their roofs' energy they would use at once; a row each in the order of the ledger.

    Attributes
    ----------
    frame : as :func:`kawasolar.use.compute_use` makes it
    months : (n, 3, 12) load, produced and self-used of each month, April first [kWh]
    month_peaks : (n, 2, 12) highest half hour of each month drawn from the grid without and with the roof [kW]
    """

    frame: pd.DataFrame
    months: NDArray[np.float32]
    month_peaks: NDArray[np.float32]


@dataclass(frozen=True)
class Stamp:
    """What the result of a stage was computed from, and when.

    Attributes
    ----------
    inputs : name of an input -> what it was (``file:dsm``, ``value:roof.setback``, ``entered:share``, ``stage:yield``)
    parts : of a stage that is computed part by part, building or facility -> what its part was computed from
    made : ISO 8601, UTC
    """

    stage: str
    version: int
    inputs: Mapping[str, str]
    parts: Mapping[str, str] = field(default_factory=dict)
    made: str = ""
    seconds: float = 0.0

    @cached_property
    def base(self) -> str:
        """Fingerprint of what all parts have in common."""
        return fingerprint([self.stage, self.version, dict(self.inputs)])

    @cached_property
    def fingerprint(self) -> str:
        """Fingerprint of everything that the result was computed from."""
        return fingerprint([self.base, dict(self.parts)])


def fingerprint(value: object) -> str:
    """SHA-256 of a JSON value in canonical form, the first 16 bytes in hex."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Plan:
    """One scenario with everything that was read, computed and decided for it.

    ``dsm`` is where the surface lies; ``cache`` the folder of derived rasters (``irradiation.tif``, ``hillshade.tif``), which may vanish.
    ``profile`` and ``facilities`` have the values that people overrode; ``entries`` says who, and what they were.
    """

    name: str
    synthetic: bool
    crs: CRS
    profile: Profile
    settings: Settings
    inputs: tuple[InputFile, ...]
    facilities: gpd.GeoDataFrame
    results: Results
    decision: Decision
    findings: tuple[Finding, ...]
    seconds: dict[str, float]
    dsm: Path
    cache: Path
    read: LedgerRead | None = None
    registers: Registers = NO_REGISTERS
    use: Use | None = None
    programme: Kept | None = None
    answers: Mapping[AnswerKind, Answer] = field(default_factory=dict)
    stamps: Mapping[str, Stamp] = field(default_factory=dict)
    entries: Entries = field(default_factory=Entries)
    scenario: str = "s1"

    @cached_property
    def half(self) -> Decision:
        """The decision as people see it (:func:`kawasolar.half.half_of`)."""
        from kawasolar.half import half_of

        return half_of(self)

    @property
    def scenario_name(self) -> str:
        """What people call the scenario; empty where the plan has none."""
        entry = self.entries.get("scenarios", self.scenario)
        return str(entry["name"]) if entry else ""

    @property
    def base_profile(self) -> Profile:
        """The municipality's profile, before the scenario overrode a value of it."""
        from kawasolar.profile import profile_from_text

        if not self.entries.of_scenario("values", self.scenario):
            return self.profile
        return profile_from_text(self.profile.text, self.profile.source)


@dataclass(frozen=True)
class SaveMark:
    """Which edits a saved project contains: those of the journal up to this number."""

    journal: str = ""
    seq: int = 0


@dataclass(frozen=True)
class ExportRecord:
    """A paper that left the house: ``fingerprint`` is that of the plan at the time (:func:`kawasolar.stages.plan_fingerprint`)."""

    kind: str
    path: str
    language: str
    scenario: str
    fingerprint: str
    when: str
    who: str


@dataclass(frozen=True)
class Project:
    """The document: what people entered, the scenarios as last computed, and the papers that were written from them.

    Plans of one project share by identity whatever they have in common.

    Attributes
    ----------
    profile : as the municipality gives it, before any scenario overrides a value
    plans : by the key of the scenario; every scenario has one
    upgraded_from : version of the file that it was read from, where that was an older one
    """

    entries: Entries
    active: str
    profile: Profile
    plans: Mapping[str, Plan]
    exports: tuple[ExportRecord, ...] = ()
    mark: SaveMark = field(default_factory=SaveMark)
    upgraded_from: int | None = None

    @property
    def plan(self) -> Plan:
        """The scenario that people work on."""
        return self.plans[self.active]

    @property
    def name(self) -> str:
        """Name of the project."""
        return self.plan.name
