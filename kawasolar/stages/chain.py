"""The stages of a plan as a declared chain: what each takes, and so what its result depends on.

    files ──► ledger ──► join ──┬─► survey ──► layout ──► yield ──┬─► eligibility ──► selection
      │                         │                               │       └────► programme
      │                         └───────────────────────────────►       ▲
      │                                                         ├─► use │
      │                                                         └───────┼──► charging
      └─────► registers ────────────────────────────────────────────────┤        ▲
                                                                        └─► fleet, siting
                                                                        └─► lighting
Programme, lighting, fleet, charging and siting are computed only where a scenario asks for them; use, charging and the spare power of sites come after the lighting where it asks for that.
A stage names the input files, the values of the profile, what people entered, and the stages whose results it takes. From these alone its
stamp is made; a result whose stamp is no longer what it would be now is stale. *Parts* are what a stage can compute one by one: the
buildings of the survey, the facilities of the layout and of the yield.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from kawasolar.choices import has_part
from kawasolar.document.entries import NO_RESULTS, OF_SCENARIO
from kawasolar.plan import ANSWERS, OTHER_LEDGERS, SITING_FILES, STATIONS, Stamp, fingerprint
from kawasolar.value_rules import LATER_CRITERIA

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from kawasolar.document.entries import Change, Entries
    from kawasolar.plan import AnswerKind, InputFile, Role, Settings
    from kawasolar.profile import Profile
    from kawasolar.stages.work import Work

StageName = Literal[
    "ledger", "join", "registers", "survey", "layout", "yield", "eligibility", "selection", "programme", "lighting", "fleet", "use", "charging", "siting",
]  # fmt: skip


# Table of what a scenario asks for besides.
ASKED = "asked"


@dataclass(frozen=True)
class Stage:
    """One step of the chain.

    Attributes
    ----------
    version : raised when the calculation changes, so that older results are stale
    after : stages whose whole results it takes
    files : roles of the input files it reads, where the plan has them
    values : patterns of the profile's values it uses
    values_with : role of a file that a plan may lack, or a criterion (``criterion:KEY``) that may be off -> patterns of values that it uses only with it
    entered : what people enter that it uses; each a function of :data:`ENTERED`
    parts : what it computes one by one, with the fingerprint of what each part has of its own
    drawn : tables of what people enter that only its parts, or some of ``entered``, depend on
    waits : further stages that must be fresh before its parts can be told
    after_if : further stages whose whole results it takes where this holds of the plan
    asked_by : table of what people enter in a scenario, or the entry ``table/key`` of it; without one there is nothing to compute, and nothing that could be stale
    """

    name: StageName
    version: int
    after: tuple[StageName, ...] = ()
    files: tuple[Role, ...] = ()
    values: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()
    parts: Callable[[Work], dict[str, str]] | None = None
    drawn: tuple[str, ...] = ()
    waits: tuple[StageName, ...] = ()
    values_with: Mapping[Role | str, tuple[str, ...]] = field(default_factory=dict)
    asked_by: str = ""
    after_if: Mapping[StageName, Callable[[Work], bool]] = field(default_factory=dict)

    def follows(self, work: Work) -> tuple[StageName, ...]:
        """Stages whose whole results it takes in this plan."""
        return (*self.after, *(name for name, holds in self.after_if.items() if holds(work)))

    def is_idle(self, work: Work) -> bool:
        """Whether nobody asks for it."""
        return not self.is_asked(work.entries, work.scenario)

    def is_asked(self, entries: Entries, scenario: str) -> bool:
        """Whether a scenario asks for it; it need not where ``asked_by`` is empty."""
        table, _, key = self.asked_by.partition("/")
        if not table:
            return True
        found = entries.of_scenario(table, scenario)
        return key in found if key else bool(found)

    def uses(self, key: str, roles: Collection[str] | None = None) -> bool:
        """Whether it uses this value of the profile.

        Parameters
        ----------
        roles : of the plan's input files, and the criteria that are applied (:func:`asked_of`); all that a plan may have unless given
        """
        return _matches(key, self.patterns(roles))

    def patterns(self, roles: Collection[str] | None = None) -> tuple[str, ...]:
        """Patterns of the values that it uses; ``roles`` as for :meth:`uses`."""
        found = self.values
        for role, further in self.values_with.items():
            if roles is None or role in roles:
                found += further
        return found

    def takes(self, table: str, key: str) -> bool:
        """Whether it uses an entry of what people enter; ``key`` without its scenario."""
        if table == "values":
            return self.uses(key) or any(FALLS_BACK_ON.get(name) == key for name in self.entered)
        if table == ASKED:
            # Whether demand is that after the lighting is said where that is asked for.
            return self.asked_by == f"{ASKED}/{key}" or key in self.after_if
        return table in self.entered or table in self.drawn


# Some dozens of patterns and hundreds of values, asked for at every look at what is stale.
@lru_cache(maxsize=1 << 14)
def _matches(key: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in patterns)


@lru_cache(maxsize=64)
def _used(patterns: tuple[str, ...], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in keys if _matches(key, patterns))


def _parts_of_survey(work: Work) -> dict[str, str]:
    """Each building of a facility, by what is drawn on its roofs."""
    drawn: dict[str, list[object]] = {}
    for _, entry in sorted(work.entries.table("keepouts").items()):
        # Without a purpose as ever: what was computed before stays fresh.
        what = [entry["purpose"], entry["rings"]] if "purpose" in entry else entry["rings"]
        drawn.setdefault(entry["building_id"], []).append(what)
    return {name: fingerprint(drawn[name]) if name in drawn else "" for name in work.buildings_of_facilities()}


def _parts_of_layout(work: Work) -> dict[str, str]:
    """Each facility, by its buildings, what the survey of each was made from, and how it is laid out if otherwise than the rest."""
    stamp = work.stamps["survey"]
    parts: dict[str, list[str]] = {}
    for facility, building in work.owned():
        parts.setdefault(facility, []).append(f"{building} {stamp.parts.get(building, '-')}")
    special = {facility: fingerprint(numbers) for facility, numbers in work.laid_out_specially().items()}
    return {
        facility: fingerprint([stamp.base, special.get(facility, ""), *sorted(found)])
        for facility, found in parts.items()
    }


def _parts_of_yield(work: Work) -> dict[str, str]:
    """Each facility, by what its layout was made from."""
    stamp = work.stamps["layout"]
    return {facility: fingerprint([stamp.base, found]) for facility, found in stamp.parts.items()}


def _is_lit_away(work: Work) -> bool:
    from kawasolar.demand.after_led import is_asked

    return is_asked(work.entries, work.scenario)


def _is_spare_lit_away(work: Work) -> bool:
    """Sites look at what is used only where spare power is asked for."""
    entry = work.entries.get(ASKED, f"{work.scenario}/siting")
    return entry is not None and bool(entry["value"].get("spare")) and _is_lit_away(work)


CHAIN: tuple[Stage, ...] = (
    # 2: size and use have a say in which outline near by is meant, and in every score; parcels; places from addresses.
    Stage("ledger", 2, files=("facilities", "buildings", "dsm", "wards", "parcels", "addresses"), values=("join.*",), entered=("epsg", "columns")),
    # 2: a building that its facility loses goes to the next who is in it.
    Stage("join", 2, after=("ledger",), entered=("joins",)),
    # Nothing waits for other ledgers; they are read for whoever asks.
    Stage("registers", 1, files=OTHER_LEDGERS, entered=("register_columns",), drawn=("columns",)),
    Stage(
        # 2: heights on the digital line itself, walls by the second difference, block maxima beyond the window.
        # 3: each plane keeps its cells.
        "survey", 3, files=("dsm", "buildings", *STATIONS, "canopy", "roof_planes"), values=("roof.*", "engine.*", "pv.albedo"), entered=("epsg",),
        parts=_parts_of_survey, drawn=("keepouts",), waits=("join",), values_with={"canopy": ("canopy.*",), "roof_planes": ("given.*",)},
    ),
    Stage(
        "layout", 1, values=("module.power", "module.width", "module.length", "module.weight", "layout.*", "pv.capacity", "pv.rack_*"), parts=_parts_of_layout, drawn=("layouts", "standing"), waits=("survey", "join"),
    ),
    Stage(
        # 2: of modules that are laid out, with the shade of row on row.
        # 3: under the snow of the weather; two days of each month.
        # 4: every hour.
        "yield", 4, files=(*STATIONS, "weather_sunny", "weather_dull"), values=("pv.*", "temp.*", "jis.*", "pvwatts.*", "snow.*", "co2.*"), parts=_parts_of_yield,
        waits=("survey", "join", "layout"),
    ),
    Stage(
        "eligibility", 1, after=("ledger", "join", "yield"), values=("life.*", "plan.year"), entered=("criteria", "ledger"),
        values_with={"criterion:roof_load": ("load.*", "module.weight", "module.width", "module.length")},
    ),
    Stage("selection", 1, after=("eligibility",), entered=("share", "objective", "pins", "vetoes", "standing")),
    Stage(
        # 2: knows of which decision it was made.
        "programme", 2, after=("ledger", "registers", "yield", "eligibility"), values=("plan.year", "ageing.years"), asked_by="rules",
        entered=("rules", "terms", "standing", "counts", "share", "objective", "pins", "vetoes", "ledger", "names_of_works", "money"), drawn=("aliases",),
    ),
    # What the bill would be asks for all that demand and tariff are made of.
    Stage(
        "lighting", 1, after=("ledger", "registers"), files=("meters", "lamp_table"), values=("plan.year", "co2.*"), asked_by="asked/lighting",
        entered=("asked_lighting", "ledger", "meters", "names", "load_tables", "lamp_tables", "bills"), drawn=("aliases",),
    ),
    Stage(
        "fleet", 1, after=("ledger", "registers"), files=("car_catalogue",), values=("plan.year", "co2.*"), asked_by="asked/fleet", entered=("asked_fleet", "names", "car_tables"), drawn=("aliases",),
    ),
    # Nothing waits for it. After the lighting where the scenario reckons with its savings.
    Stage(
        "use", 1, after=("ledger", "yield"), files=("meters",), values=("plan.year",), entered=("use_ledger", "meters", "aliases", "load_tables"),
        after_if={"lighting": _is_lit_away},
    ),
    Stage(
        "charging", 1, after=("ledger", "registers", "yield", "fleet"), files=("meters", "charger_table"), values=("plan.year",), asked_by="asked/charging",
        entered=("asked_charging", "ledger", "meters", "names", "load_tables", "charger_tables", "bills"), drawn=("aliases",), after_if={"lighting": _is_lit_away},
    ),
    Stage(
        "siting", 1, after=("ledger", "registers"), files=(*SITING_FILES, "roads", "meters"), values=("plan.year",), asked_by="asked/siting",
        entered=("asked_siting", "ledger", "meters", "names", "load_tables", "siting_tables", "bills"), drawn=("aliases",), after_if={"lighting": _is_spare_lit_away},
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Stage] = {stage.name: stage for stage in CHAIN}


def asked_of(inputs: Iterable[InputFile], profile: Profile, settings: Settings) -> frozenset[str]:
    """What :meth:`Stage.uses` goes by: roles of a plan's input files, and the criteria that it applies."""
    # Not above: who only asks what is stale needs no numpy.
    from kawasolar.eligibility import applied_keys

    return frozenset(
        (*(entry.role for entry in inputs), *(f"criterion:{key}" for key in applied_keys(profile, settings)))
    )


def _criteria(work: Work) -> Iterator[tuple[str, str]]:
    from kawasolar.eligibility import applied_keys, barred_roofs

    on = applied_keys(work.profile, work.settings)
    for criterion in work.profile.criteria:
        key = criterion.key
        if key in LATER_CRITERIA and key not in on:
            continue  # what was decided before there was such a criterion stays fresh
        _, threshold = work.settings.criteria.get(key, (criterion.applied, None))
        wanted = criterion.threshold if threshold is None else threshold
        barred = f" {' '.join(sorted(barred_roofs(work.profile)))}" if key == "roofing" else ""
        yield f"criterion:{key}", f"{key in on} {wanted} {criterion.unknown}{barred}"


def _corrections(work: Work) -> Iterator[tuple[str, str]]:
    for key, entry in sorted(work.entries.table("ledger").items()):
        yield f"ledger:{key}", fingerprint(entry["value"])


# Columns of the ledger that tell what a facility uses, or by which its meters are found.
_USED = ("kind", "name", "annual_kwh", "floor_area_m2", "contract_kw")


def _corrections_of_use(work: Work) -> Iterator[tuple[str, str]]:
    return (found for found in _corrections(work) if found[0].split("/", 1)[0].removeprefix("ledger:") in _USED)


def _owners_said(table: str) -> Callable[[Work], Iterator[tuple[str, str]]]:
    """Whose supply points, and whose names, are whose; nothing where the plan has no meters."""

    def said(work: Work) -> Iterator[tuple[str, str]]:
        if any(file.role == "meters" for file in work.inputs):
            for key, entry in sorted(work.entries.table(table).items()):
                yield f"{table}:{key}", entry["facility_id"]

    return said


def _load_tables(work: Work) -> Iterator[tuple[str, str]]:
    """The tables of loads by kind, of the program and of the municipality."""
    from kawasolar.demand import tables_fingerprint

    yield "entered:load_tables", tables_fingerprint(work.profile.code)


def _rules(work: Work) -> Iterator[tuple[str, str]]:
    for table, entry in sorted(work.entries.of_scenario("rules", work.scenario).items()):
        yield f"rules:{table}", fingerprint(entry["value"])


def _terms(work: Work) -> Iterator[tuple[str, str]]:
    for facility, entry in sorted(work.entries.of_scenario("terms", work.scenario).items()):
        yield f"terms:{facility}", f"{entry['earliest']} {entry['latest']}"


def _standing(work: Work) -> Iterator[tuple[str, str]]:
    for facility, entry in sorted(work.entries.table("standing").items()):
        yield f"standing:{facility}", f"{entry['state']} {entry['year']} {entry['capacity_kw']}"


def _counts(work: Work) -> Iterator[tuple[str, str]]:
    """The list that the half is of, where one is frozen."""
    rule = work.entries.get("rules", f"{work.scenario}/share")
    day = None if rule is None else rule["value"].get("list")
    entry = None if day is None else work.entries.get("counts", str(day))
    if day:
        yield f"counts:{day}", "" if entry is None else fingerprint(entry["facility_ids"])


def _names_of_works(work: Work) -> Iterator[tuple[str, str]]:
    """What the ledger of works on roofs calls the facilities, where there is one."""
    if any(file.role == "roof_works" for file in work.inputs):
        for key, entry in sorted(work.entries.table("aliases").items()):
            yield f"aliases:{key}", entry["facility_id"]


def _names(work: Work) -> Iterator[tuple[str, str]]:
    """What other ledgers and meters call the facilities."""
    for key, entry in sorted(work.entries.table("aliases").items()):
        yield f"aliases:{key}", entry["facility_id"]


def _tables_of(name: str, *files: str) -> Callable[[Work], Iterator[tuple[str, str]]]:
    """Tables of the program that a result is made with."""

    def said(_work: Work) -> Iterator[tuple[str, str]]:
        from kawasolar.resources import content_of

        yield f"entered:{name}", fingerprint([content_of(file) for file in files])

    return said


def _bills(work: Work) -> Iterator[tuple[str, str]]:
    """Tables of the profile that bills and deadlines are made of."""
    tables = work.profile.tables
    rows = ("tariffs", "tariff_times", "energy_charges", "levies", "ppa", "lamp_bans", "utility")
    yield "entered:bills", fingerprint([repr(row) for name in rows for row in getattr(tables, name)])


def _money(work: Work) -> Iterator[tuple[str, str]]:
    """Tables of the profile that the programme reckons with."""
    tables = work.profile.tables
    for name in ("capex", "ppa", "targets"):
        yield f"entered:{name}", fingerprint([repr(row) for row in getattr(tables, name)])


def _asked(kind: AnswerKind) -> Callable[[Work], Iterator[tuple[str, str]]]:
    """How a scenario asks for one of :data:`kawasolar.plan.ANSWERS`."""

    def said(work: Work) -> Iterator[tuple[str, str]]:
        entry = work.entries.get(ASKED, f"{work.scenario}/{kind}")
        if entry is not None:
            # What it is for is no part of how it is reckoned.
            how = {key: value for key, value in entry["value"].items() if key != "in_demand"}
            yield f"asked:{kind}", fingerprint(how)

    return said


def _joins(work: Work) -> Iterator[tuple[str, str]]:
    for facility, entry in sorted(work.entries.table("joins").items()):
        said = entry["building_ids"]
        # Without shared ones as ever: what was computed before stays fresh.
        yield f"join:{facility}", fingerprint([said, entry["shared"]] if entry.get("shared") else said)


def _mapped(work: Work) -> Iterator[tuple[str, str]]:
    """Nothing where nobody says anything: what was read before stays fresh."""
    entry = work.entries.get("columns", "facilities")
    if entry is not None:
        yield "columns:facilities", fingerprint(entry["mapping"])


def _mapped_registers(work: Work) -> Iterator[tuple[str, str]]:
    for kind in OTHER_LEDGERS:
        entry = work.entries.get("columns", kind)
        if entry is not None and any(file.role == kind for file in work.inputs):
            yield f"columns:{kind}", fingerprint(entry["mapping"])


# What people enter -> the inputs of a stage, by name and value.
ENTERED: Mapping[str, Callable[[Work], Iterator[tuple[str, str]]]] = {
    "epsg": lambda work: iter([("entered:epsg", str(work.profile.epsg))]),
    "joins": _joins,
    "columns": _mapped,
    "register_columns": _mapped_registers,
    "ledger": _corrections,
    "use_ledger": _corrections_of_use,
    "load_tables": _load_tables,
    "meters": _owners_said("meters"),
    "aliases": _owners_said("aliases"),
    "criteria": _criteria,
    "rules": _rules,
    "terms": _terms,
    "standing": _standing,
    "counts": _counts,
    "names_of_works": _names_of_works,
    "money": _money,
    "names": _names,
    "bills": _bills,
    "lamp_tables": _tables_of("lamp_tables", "lighting.toml", "electricity_rules.toml"),
    "car_tables": _tables_of("car_tables", "fleet.toml", "vehicles_catalogue.csv"),
    "charger_tables": _tables_of("charger_tables", "charging.toml", "chargers.csv", "electricity_rules.toml"),
    "siting_tables": _tables_of("siting_tables", "siting.toml", "electricity_rules.toml"),
    **{f"asked_{kind}": _asked(kind) for kind in ANSWERS},
    "share": lambda work: iter([("entered:share", repr(work.settings.share))]),
    "objective": lambda work: iter([("entered:objective", work.settings.objective)]),
    "pins": lambda work: ((f"pin:{name}", "1") for name in sorted(work.settings.pins)),
    "vetoes": lambda work: ((f"veto:{name}", "1") for name in sorted(work.settings.vetoes)),
}


# What a scenario has where nobody entered anything -> the value of the profile that it then is.
FALLS_BACK_ON: Mapping[str, str] = {"share": "plan.share"}


def touched(changes: Iterable[Change], scenario: str) -> frozenset[str] | None:
    """Stages of a scenario whose results changes of the entries may make stale; None where the changes do not concern it at all."""
    own = set()
    for change in changes:
        owner, _, rest = change.key.partition("/")
        if change.table in OF_SCENARIO and owner == scenario:
            own.add((change.table, rest if change.table in ("values", ASKED) else ""))
        elif change.table not in (*OF_SCENARIO, *NO_RESULTS):
            own.add((change.table, ""))
    if not own:
        return None
    found: set[str] = set()
    for stage in CHAIN:
        if found.intersection((*stage.after, *stage.after_if, *stage.waits)) or any(
            stage.takes(table, key) for table, key in own
        ):
            found.add(stage.name)
    return frozenset(found)


def file_state(entry: InputFile) -> str:
    """What a result remembers of an input file: its content, and what the user said of it."""
    return " ".join(filter(None, (entry.sha256[:32], entry.crs, entry.layer)))


def expected(stage: Stage, work: Work) -> Stamp:
    """The stamp that the stage's result would have if it were computed now, on the results before it as they are."""
    if stage.is_idle(work):
        return Stamp(stage.name, stage.version, {})
    inputs: dict[str, str] = {}
    by_role = {entry.role: entry for entry in work.inputs}
    for role in stage.files:
        if role in by_role:
            inputs[f"file:{role}"] = file_state(by_role[role])
    asked = asked_of(work.inputs, work.profile, work.settings)
    for key in _used(stage.patterns(asked), tuple(work.profile.values)):
        if has_part(key, work.profile, stage.name):
            inputs[f"value:{key}"] = repr(float(work.profile.number(key)))
    for name in stage.entered:
        inputs.update(ENTERED[name](work))
    for name in stage.follows(work):
        inputs[f"stage:{name}"] = work.stamps[name].fingerprint if name in work.stamps else ""
    ready = all(name in work.stamps for name in stage.waits)
    parts = stage.parts(work) if stage.parts is not None and ready else {}
    return Stamp(stage.name, stage.version, inputs, parts)
