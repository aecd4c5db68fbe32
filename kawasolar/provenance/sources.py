"""The plan laid open for explanations: its values with where they come from, looked up once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.document.views import mark_of
from kawasolar.eligibility import threshold_of
from kawasolar.owners import owners_of_buildings
from kawasolar.provenance.model import (
    CriterionSource,
    EnteredSource,
    Explanation,
    FileSource,
    LedgerSource,
    NothingToExplain,
    Override,
    ProfileSource,
    StageNote,
)
from kawasolar.stages.chain import BY_NAME, asked_of
from kawasolar.stages.state import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gis.findings import Finding
    from kawasolar.charging import Charging
    from kawasolar.fleet import FleetResult
    from kawasolar.lighting import Lighting
    from kawasolar.plan import InputFile, Plan, Role
    from kawasolar.profile import Profile
    from kawasolar.programme.result import Programme
    from kawasolar.provenance.model import Source
    from kawasolar.stages.chain import StageName


def plain(value: object) -> object:
    """A cell of a frame as a plain value: None where it is missing, no NumPy type."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def same(one: object, other: object) -> bool:
    """Whether two cells say the same; a missing one equals a missing one."""
    left, right = plain(one), plain(other)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return float(left) == float(right)
    return left == right


@dataclass(frozen=True)
class Desk:
    """A plan on the desk of who explains it."""

    plan: Plan

    # ------------------------------------------------------------------------------------------ stages

    @cached_property
    def base(self) -> Profile:
        """The municipality's profile."""
        return self.plan.base_profile

    @cached_property
    def _states(self) -> dict[str, StageNote]:
        return {
            state.name: StageNote(state.name, state.made, state.freshness) for state in states(self.plan, self.base)
        }

    def stage(self, name: StageName) -> StageNote:
        """Which stage, when, and whether its result still holds."""
        return self._states[name]

    # ------------------------------------------------------------------------------------------ profile

    def used(self, key: str, stage: StageName) -> float:
        """The number that the stage's result was computed from: its stamp knows, where the value was changed since."""
        stamp = self.plan.stamps.get(stage)
        kept = stamp.inputs.get(f"value:{key}") if stamp is not None else None
        try:
            return self.plan.profile.number(key) if kept is None else float(kept)
        except ValueError:
            return self.plan.profile.number(key)

    def profile(self, key: str, stage: StageName) -> ProfileSource:
        """A number of the profile as a stage used it."""
        plan, base = self.plan, self.base.value(key)
        used, now = self.used(key, stage), plan.profile.number(key)
        entry = plan.entries.of_scenario("values", plan.scenario).get(key)
        override = None
        if entry is not None and float(entry["value"]) == used:
            override = Override(base.value, mark_of(entry), entry["source"])
        elif used != base.value:
            # Overridden once, and changed since: nobody is left to name.
            override = Override(base.value, None)
        return ProfileSource(
            key=key, value=used, unit=base.unit, name_ja=base.name_ja, name_en=base.name_en, low=base.low, high=base.high,
            source_ja=base.source_ja, source_en=base.source_en, note_ja=base.note_ja, note_en=base.note_en, year=base.year,
            how_sure=base.how_sure, override=override, now=None if now == used else now,
        )  # fmt: skip

    @cached_property
    def _asked(self) -> frozenset[str]:
        return asked_of(self.plan.inputs, self.plan.profile, self.plan.settings)

    def profile_of(self, stage: StageName, without: Iterable[str] = ()) -> Iterator[ProfileSource]:
        """All numbers that a stage declares to use, but for those that have no part in a figure."""
        left_out = tuple(without)
        stamp = self.plan.stamps.get(stage)
        for key in self.plan.profile.values:
            # What the stamp does not name had no part in the result: the factors of a model of losses that was not chosen.
            had_part = stamp is None or f"value:{key}" in stamp.inputs
            if had_part and BY_NAME[stage].uses(key, self._asked) and not key.startswith(left_out):
                yield self.profile(key, stage)

    def criterion(self, key: str) -> CriterionSource:
        """What a criterion asks in this scenario."""
        plan = self.plan
        known = plan.profile.criterion(key)
        applied = plan.settings.criteria.get(key, (known.applied, None))[0]
        threshold = threshold_of(key, plan.profile, plan.settings)
        entry = plan.entries.of_scenario("criteria", plan.scenario).get(key)
        override = None
        if (applied, threshold) != (known.applied, known.threshold):
            override = Override((known.applied, known.threshold), None if entry is None else mark_of(entry))
        return CriterionSource(
            key=key, applied=applied, threshold=threshold, unit=known.unit, unknown=known.unknown, low=known.low, high=known.high,
            source_ja=known.source_ja, source_en=known.source_en, note_ja=known.note_ja, note_en=known.note_en,
            how_sure=known.how_sure, override=override,
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------ programme

    @cached_property
    def programme(self) -> Programme | None:
        """The plan's programme with its model; None where it has none, or one of former inputs."""
        from kawasolar.programme.as_kept import programme_as_kept

        return programme_as_kept(self.plan)

    # ------------------------------------------------------------------------------------------ answers

    @cached_property
    def lighting(self) -> Lighting | None:
        """LED lighting as the plan keeps it."""
        from kawasolar.answers import answer_of

        found: Lighting | None = answer_of(self.plan, "lighting")
        return found

    @cached_property
    def fleet(self) -> FleetResult | None:
        """Official cars as the plan keeps them."""
        from kawasolar.answers import answer_of

        found: FleetResult | None = answer_of(self.plan, "fleet")
        return found

    @cached_property
    def charging(self) -> Charging | None:
        """Chargers as the plan keeps them."""
        from kawasolar.answers import answer_of

        found: Charging | None = answer_of(self.plan, "charging")
        return found

    # ------------------------------------------------------------------------------------------ files and ledger

    @cached_property
    def _inputs(self) -> dict[str, InputFile]:
        return {entry.role: entry for entry in self.plan.inputs}

    def file(self, role: Role) -> Iterator[FileSource]:
        """The input file of that role, if the plan has one."""
        entry = self._inputs.get(role)
        if entry is not None:
            yield FileSource(
                role, entry.path, entry.size, entry.sha256, entry.crs, entry.layer, tuple(self._findings(entry.path))
            )

    def files(self, *roles: Role) -> list[FileSource]:
        """The input files of these roles."""
        return [source for role in roles for source in self.file(role)]

    def _findings(self, path: str) -> Iterator[Finding]:
        """What was noticed of a file as a whole."""
        name = PurePath(path).name
        for finding in self.plan.findings:
            if finding.source and PurePath(finding.source).name == name and finding.row is None and not finding.item:
                yield finding

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {str(name): row for row, name in enumerate(self.plan.facilities["facility_id"])}

    @cached_property
    def _read_row_of(self) -> dict[str, int]:
        read = self.plan.read
        return {} if read is None else {str(name): row for row, name in enumerate(read.frame["facility_id"])}

    def has_column(self, column: str) -> bool:
        """Whether the ledger, with what people corrected, has the column."""
        return column in self.plan.facilities.columns

    def facility(self, facility_id: str) -> pd.Series[Any]:
        """The row of a facility.

        Raises
        ------
        NothingToExplain
            ``why.no_facility``
        """
        try:
            return self.plan.facilities.iloc[self._row_of[facility_id]]
        except KeyError:
            raise NothingToExplain("why.no_facility", facility=facility_id) from None

    def ledger(self, facility_id: str, column: str) -> LedgerSource:
        """A value of the ledger with its file, row and column, and who corrected it."""
        plan, row = self.plan, self.facility(facility_id)
        value = plain(row[column]) if column in row.index else None
        file = self._inputs.get("facilities")
        path = "" if file is None else file.path
        source_row = plain(row["source_row"]) if "source_row" in row.index else None
        entry = plan.entries.get("ledger", f"{column}/{facility_id}")
        override = None
        if entry is not None and same(entry["value"], value):
            override = Override(self._read_value(facility_id, column, entry["read"]), mark_of(entry))
        return LedgerSource(
            facility_id=facility_id, column=column, value=value,
            heading="" if plan.read is None else str(plan.read.columns.get(column, "")),
            file=PurePath(path).name, path=path, sheet="" if plan.read is None else plan.read.sheet,
            row=None if source_row is None else int(str(source_row).removesuffix(".0")), override=override,
            findings=tuple(self._row_findings(facility_id, PurePath(path).name, source_row)),
        )  # fmt: skip

    def ward_by_place(self, facility_id: str) -> bool:
        """Whether the ward is that in which the facility lies, since the ledger has none."""
        row = self.facility(facility_id)
        return "ward_by_place" in row.index and bool(row["ward_by_place"])

    def ledgers(self, facility_id: str, *columns: str) -> list[LedgerSource]:
        """Values of those columns that the ledger has."""
        return [self.ledger(facility_id, column) for column in columns if self.has_column(column)]

    def _read_value(self, facility_id: str, column: str, kept: object) -> object:
        """What the file says: the file itself where it was read, else what the correction remembers of it."""
        read = self.plan.read
        if read is None or facility_id not in self._read_row_of:
            return kept
        if column not in read.frame.columns:
            return None
        return plain(read.frame[column].iloc[self._read_row_of[facility_id]])

    def _row_findings(self, facility_id: str, file: str, row: object) -> Iterator[Finding]:
        for finding in self.plan.findings:
            own = bool(finding.source) and PurePath(finding.source).name == file
            if (own and finding.row is not None and finding.row == row) or (
                finding.item == facility_id
                and finding.code.partition(".")[0] in ("ledger", "join", "links", "addresses")
            ):
                yield finding

    # ------------------------------------------------------------------------------------------ what people entered

    def entered_of(self, facility_id: str) -> list[EnteredSource]:
        """Pin and veto of a facility, and what stands there."""
        plan, found = self.plan, []
        for kind, table, known in (("pin", "pins", plan.settings.pins), ("veto", "vetoes", plan.settings.vetoes)):
            if facility_id in known:
                entry = plan.entries.of_scenario(table, plan.scenario).get(facility_id)
                found.append(EnteredSource(kind, facility_id, True, None if entry is None else mark_of(entry)))  # type: ignore[arg-type]
        return found + self.standing_of(facility_id)

    def standing_of(self, facility_id: str) -> list[EnteredSource]:
        """What stands at a facility: state, fiscal year, and its capacity [kW] where that is known."""
        stands = self.plan.settings.standing.get(facility_id)
        if stands is None:
            return []
        entry = self.plan.entries.get("standing", facility_id)
        kw = None if entry is None else entry["capacity_kw"]
        return [EnteredSource("standing", facility_id, (*stands, kw), None if entry is None else mark_of(entry))]

    def join_of(self, facility_id: str) -> list[EnteredSource]:
        """The buildings that a person named for a facility."""
        entry = self.plan.entries.get("joins", facility_id)
        return (
            [] if entry is None else [EnteredSource("join", facility_id, tuple(entry["building_ids"]), mark_of(entry))]
        )

    def layout_of(self, facility_id: str) -> list[EnteredSource]:
        """How a person had a facility laid out otherwise than the rest: key and number of each value."""
        entry = self.plan.entries.of_scenario("layouts", self.plan.scenario).get(facility_id)
        if entry is None:
            return []
        return [EnteredSource("layout", facility_id, tuple(sorted(entry["values"].items())), mark_of(entry))]

    def keepouts_on(self, buildings: Iterable[str], purpose: str | None = None) -> list[EnteredSource]:
        """Keep-outs drawn on the roofs of these buildings, for this purpose or any, with their area [m²]."""
        import shapely

        asked, found = set(buildings), []
        for key, entry in sorted(self.plan.entries.table("keepouts").items()):
            if entry["building_id"] in asked and purpose in (None, entry.get("purpose", "other")):
                area = shapely.Polygon(entry["rings"][0], entry["rings"][1:]).area
                found.append(EnteredSource("keepout", key, area, mark_of(entry)))
        return found

    # ------------------------------------------------------------------------------------------ results of a facility

    def buildings_of(self, facility_id: str) -> list[str]:
        """Buildings that count for a facility: of one that several claim, the best claimant has it."""
        return self._buildings.get(facility_id, [])

    @cached_property
    def _buildings(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for building, facility in owners_of_buildings(self.plan.results.links).items():
            found.setdefault(facility, []).append(str(building))
        return {facility: sorted(buildings) for facility, buildings in found.items()}

    def subarrays_of(self, facility_id: str) -> pd.DataFrame:
        """Modules on the roofs of a facility."""
        subarrays = self.plan.results.subarrays
        return subarrays[subarrays["building_id"].isin(self.buildings_of(facility_id))]

    def planes_of(self, facility_id: str) -> pd.DataFrame:
        """Roof planes of a facility."""
        if facility_id not in self._planes:
            planes = self.plan.results.planes
            self._planes[facility_id] = pd.DataFrame(planes[planes["building_id"].isin(self.buildings_of(facility_id))])
        return self._planes[facility_id]

    @cached_property
    def _planes(self) -> dict[str, pd.DataFrame]:
        """Those that were asked for once are asked for again."""
        return {}

    def yield_row(self, facility_id: str) -> int:
        """Where a facility stands among the yields.

        Raises
        ------
        NothingToExplain
            ``why.no_yield``: it has no building
        """
        found = np.flatnonzero((self.plan.results.yields["facility_id"] == facility_id).to_numpy())
        if not len(found):
            self.facility(facility_id)
            raise NothingToExplain("why.no_yield", facility=facility_id)
        return int(found[0])

    def yielded(self, facility_id: str, column: str) -> float | None:
        """A figure of the yields, None where it has none."""
        value = plain(self.plan.results.yields[column].iloc[self.yield_row(facility_id)])
        return None if value is None else float(str(value))

    def site(self, facility_id: str) -> pd.Series[Any]:
        """The decision on a facility."""
        sites = self.plan.half.sites
        found = sites[sites["facility_id"] == facility_id]
        if not len(found):
            raise NothingToExplain("why.no_facility", facility=facility_id)
        return found.iloc[0]

    def short(self, figure: str, facility_id: str, column: str, unit: str, stage: StageName = "yield") -> Explanation:
        """A facility's figure as a line of a sum; its own inputs are asked for separately."""
        name = self.facility(facility_id).get("name")
        return Explanation(
            figure, self.yielded(facility_id, column), unit, "of_facility", stage=self.stage(stage), values={"name": plain(name)},
            facility_id=facility_id, more=True,
        )  # fmt: skip


def flat(*groups: Iterable[Explanation | Source]) -> tuple[Explanation | Source, ...]:
    """Inputs of several groups as one tuple."""
    return tuple(entry for group in groups for entry in group)
