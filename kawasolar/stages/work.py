"""A plan on the bench: what each stage takes and leaves."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from kawasolar.document.entries import Entries
from kawasolar.document.views import (
    corrected,
    layouts_entered,
    profile_of,
    settings_of,
)
from kawasolar.layout_values import CHOICES, MODULE
from kawasolar.plan import ANSWERS, NO_REGISTERS, Plan, Registers, Results

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.findings import Finding
    from kawasolar.plan import (
        Answer,
        AnswerKind,
        Decision,
        InputFile,
        LedgerRead,
        Settings,
        Stamp,
        Use,
        WeatherSummary,
    )
    from kawasolar.profile import Profile
    from kawasolar.programme.kept import Kept


@dataclass(frozen=True)
class Surveyed:
    """What the survey left; frames as in ``docs/nomenclature.md``."""

    buildings: gpd.GeoDataFrame
    planes: gpd.GeoDataFrame
    sunlit: NDArray[np.float32]
    azimuths: NDArray[np.float64]
    open_sky_kwh_m2: float


@dataclass(frozen=True)
class Yielded:
    """What the yield left."""

    yields: pd.DataFrame
    month_hour: NDArray[np.float32]
    month_hour_lost: NDArray[np.float32]
    typical_days: NDArray[np.float32]
    hourly: NDArray[np.float32]
    weather: WeatherSummary


@dataclass
class Work:
    """One scenario while its stages run; a slot for the result of each."""

    name: str
    scenario: str
    entries: Entries
    base_profile: Profile
    profile: Profile
    settings: Settings
    inputs: tuple[InputFile, ...]
    dsm: Path
    cache_root: Path
    # Where a large survey keeps what is done of it, should it be stopped; beside ``cache_root`` unless given.
    unfinished: Path | None = None
    cache: Path | None = None
    crs: CRS | None = None
    synthetic: bool = False
    read: LedgerRead | None = None
    registers: Registers = NO_REGISTERS
    links: pd.DataFrame | None = None
    surveyed: Surveyed | None = None
    subarrays: gpd.GeoDataFrame | None = None
    yielded: Yielded | None = None
    use: Use | None = None
    programme: Kept | None = None
    answers: dict[AnswerKind, Answer] = field(default_factory=dict)
    decision: Decision | None = None
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    stamps: dict[str, Stamp] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    # The plan that was laid out: what does not change stays the same object.
    origin: Plan | None = None

    @classmethod
    def of(
        cls,
        plan: Plan,
        base_profile: Profile,
        entries: Entries | None = None,
        inputs: tuple[InputFile, ...] | None = None,
    ) -> Work:
        """A plan laid out; with other entries or other states of its files where given."""
        from kawasolar.project.format import cache_root_of

        entered = plan.entries if entries is None else entries
        profile = profile_of(entered, plan.scenario, base_profile)
        if profile == plan.profile:
            profile = plan.profile
        results = plan.results
        return cls(
            name=plan.name, scenario=plan.scenario, entries=entered, base_profile=base_profile, profile=profile,
            settings=settings_of(entered, plan.scenario, profile), inputs=plan.inputs if inputs is None else inputs,
            dsm=plan.dsm, cache_root=cache_root_of(plan.cache), cache=plan.cache, crs=plan.crs, synthetic=plan.synthetic, read=plan.read, registers=plan.registers,
            links=results.links,
            surveyed=Surveyed(results.buildings, results.planes, results.sunlit, results.azimuths, results.open_sky_kwh_m2),
            subarrays=results.subarrays, yielded=Yielded(results.yields, results.month_hour, results.month_hour_lost, results.typical_days, results.hourly, results.weather), use=plan.use, programme=plan.programme, answers=dict(plan.answers),
            decision=plan.decision, findings=by_stage(plan.findings), stamps=dict(plan.stamps), seconds=dict(plan.seconds), origin=plan,
        )  # fmt: skip

    @property
    def beside(self) -> Path:
        """The folder for what a large survey cannot hold in memory."""
        return self.cache_root.parent if self.unfinished is None else self.unfinished

    def plan(self) -> Plan:
        """The whole plan; every slot must be filled."""
        read, links, surveyed, yielded = self.read, self.links, self.surveyed, self.yielded
        if (
            read is None
            or links is None
            or surveyed is None
            or self.subarrays is None
            or yielded is None
            or self.decision is None
            or self.crs is None
        ):
            raise AssertionError("a stage has not run")
        results = self.results(surveyed, yielded, links)
        return Plan(
            name=self.name, synthetic=self.synthetic, crs=self.crs, profile=self.profile, settings=self.settings, inputs=self.inputs,
            facilities=self.facilities(), results=results, decision=self.decision,
            findings=tuple(finding for stage in FINDING_STAGES for finding in self.findings.get(stage, ())),
            seconds=dict(self.seconds), dsm=self.dsm, cache=self.cache or self.cache_root, read=read, registers=self.registers, use=self.use, programme=self.programme,
            answers=self.answers_now(), stamps=dict(self.stamps),
            entries=self.entries, scenario=self.scenario,
        )  # fmt: skip

    def answers_now(self) -> Mapping[AnswerKind, Answer]:
        """What was asked for besides; the same object as before where none changed."""
        before = self.origin.answers if self.origin is not None else None
        return before if before is not None and dict(before) == self.answers else dict(self.answers)

    def results(self, surveyed: Surveyed, yielded: Yielded, links: pd.DataFrame) -> Results:
        """The slots as one; the same object as before where none changed."""
        if self.subarrays is None:
            raise AssertionError("nothing is laid out")
        made = Results(
            surveyed.buildings, surveyed.planes, surveyed.sunlit, surveyed.azimuths, self.subarrays, links, yielded.yields, yielded.month_hour,
            yielded.month_hour_lost, yielded.typical_days, yielded.hourly, yielded.weather, surveyed.open_sky_kwh_m2,
        )  # fmt: skip
        before = self.origin.results if self.origin is not None else None
        same = before is not None and all(
            getattr(made, name.name) is getattr(before, name.name) for name in fields(Results)
        )
        return before if before is not None and same else made

    def facilities(self) -> gpd.GeoDataFrame:
        """The ledger with what people corrected."""
        if self.read is None:
            raise AssertionError("the ledger has not been read")
        origin = self.origin
        if (
            origin is not None
            and origin.read is self.read
            and origin.entries.table("ledger") == self.entries.table("ledger")
        ):
            return origin.facilities
        return corrected(self.entries, self.read.frame)

    def buildings_of_facilities(self) -> list[str]:
        """Ids of the buildings that belong to a facility."""
        return [] if self.links is None else sorted(set(self.links["building_id"].dropna()))

    def owned(self) -> list[tuple[str, str]]:
        """Facility and building of each link."""
        if self.links is None:
            return []
        found = self.links.dropna(subset=["building_id"])
        return list(zip(found["facility_id"], found["building_id"], strict=True))

    def laid_out_specially(self) -> dict[str, dict[str, float]]:
        """Facilities whose modules stand otherwise than by the plan's values, with the values by which they do."""
        keys = [key for key in CHOICES if key not in MODULE]
        usual = {key: self.profile.number(key) for key in keys}
        found = {
            facility: {**usual, **{key: float(value) for key, value in values.items() if key in usual}}
            for facility, values in layouts_entered(self.entries, self.scenario).items()
        }
        return {facility: numbers for facility, numbers in found.items() if numbers != usual}


# By the first word of their code: which stage's findings they are, in the order in which they are shown.
_STAGE_OF = {
    "raster": "survey", "outlines": "survey", "roof_planes": "survey", "survey": "survey", "weather": "survey", "plan": "survey", "ledger": "ledger", "join": "ledger", "addresses": "ledger", "parcels": "ledger",
    "links": "join", "yield": "yield", "demand": "use", "programme": "programme", "lighting": "lighting", "fleet": "fleet",
    "charging": "charging", "siting": "siting",
}  # fmt: skip
FINDING_STAGES = ("survey", "ledger", "join", "yield", "use", "programme", *ANSWERS)


def by_stage(findings: tuple[Finding, ...]) -> dict[str, tuple[Finding, ...]]:
    """Findings by the stage that made them."""
    sorted_out: dict[str, list[Finding]] = {}
    for finding in findings:
        sorted_out.setdefault(_STAGE_OF.get(finding.code.split(".", 1)[0], "survey"), []).append(finding)
    return {stage: tuple(found) for stage, found in sorted_out.items()}
