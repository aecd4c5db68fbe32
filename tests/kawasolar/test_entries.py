"""What people enter: every edit has an inverse, byte for byte, and what comes back from a file is checked."""

from __future__ import annotations

import copy
import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kawasolar.document import asked_edits, edits, lot_edits, programme_edits
from kawasolar.document.check import check_entries
from kawasolar.document.edits import Author, BadEdit
from kawasolar.document.entries import (
    OF_SCENARIO,
    PURPOSES,
    STANDING,
    VERDICTS,
    Change,
    Edit,
    EditConflict,
    Entries,
    apply,
    edit_from_json,
    edit_to_json,
    followed_by,
    inverse,
)
from kawasolar.document.history import History
from kawasolar.document.views import LEDGER_COLUMNS, keepouts_of, scenarios_of, settings_of, special_layouts
from kawasolar.layout_values import CHOICES
from kawasolar.layouts import Choices
from kawasolar.ledger.headings import Column
from kawasolar.ledger.mapping import Mapping
from kawasolar.ledger.vocabulary import vocabulary
from kawasolar.plan import ROLES, InputFile
from kawasolar.profile import load_profile
from kawasolar.programme.rules import Rule
from kawasolar.value_rules import CRITERION_RULES, INTEGERS, VALUE_RULES
from kawasolar.words import LANGUAGES, catalogue, say

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
NAMES = st.sampled_from(["0000012", "F 1", "第二小/分校", "s1/F1", "é"])
BY = st.builds(Author, TEXT, TEXT, st.sampled_from(["2026-11-23T00:00:00+00:00", "2026-11-24T00:00:00+00:00"]))
REASONED = st.builds(Author, TEXT, st.text("理由 abc", min_size=1).filter(str.strip), st.just("2026-11-23"))
ME = Author("山田", "屋根の改修", "2026-11-23T09:00:00+00:00")


def started() -> Entries:
    return apply(Entries(), edits.first_scenario(Entries(), "基本"))


# ---------------------------------------------------------------------------------------------- random edits


def numbers(low: float, high: float, *, whole: bool = False) -> st.SearchStrategy[float]:
    return st.integers(math.ceil(low), math.floor(high)).map(float) if whole else st.floats(low, high)


def a_scenario(draw: Callable[[Any], Any], entries: Entries) -> str:
    return str(draw(st.sampled_from(sorted(entries.table("scenarios")))))


def draw_share(draw: Any, entries: Entries) -> Edit:
    return edits.set_share(entries, a_scenario(draw, entries), draw(st.floats(0, 1)))


def draw_objective(draw: Any, entries: Entries) -> Edit:
    return edits.set_objective(entries, a_scenario(draw, entries), draw(st.sampled_from(["co2", "energy"])))


def draw_criterion(draw: Any, entries: Entries) -> Edit:
    key = draw(st.sampled_from(sorted(CRITERION_RULES)))
    bounds = CRITERION_RULES[key][1]
    threshold = None if bounds is None else draw(st.none() | numbers(*bounds))
    scenario = a_scenario(draw, entries)
    return edits.set_criterion(
        entries, scenario, key, draw(st.booleans()), threshold, draw(BY), merge=draw(st.booleans())
    )


def draw_reset(draw: Any, entries: Entries) -> Edit:
    return edits.reset_settings(entries, a_scenario(draw, entries))


def draw_place(draw: Any, entries: Entries) -> Edit:
    names, scenario = draw(st.lists(NAMES, max_size=4)), a_scenario(draw, entries)
    what = draw(st.sampled_from([edits.pin, edits.veto, None]))
    return edits.release(entries, scenario, names) if what is None else what(entries, scenario, names, draw(BY))


def draw_value(draw: Any, entries: Entries) -> Edit:
    key, scenario = draw(st.sampled_from(sorted(VALUE_RULES))), a_scenario(draw, entries)
    value = draw(numbers(*VALUE_RULES[key][1:], whole=key in INTEGERS))
    return edits.set_value(entries, scenario, key, value, draw(REASONED), source=draw(TEXT))


def draw_layout(draw: Any, entries: Entries) -> Edit:
    values = {
        key: draw(st.none() | numbers(*VALUE_RULES[key][1:], whole=key in INTEGERS))
        for key in draw(st.lists(st.sampled_from(CHOICES), unique=True, max_size=3))
    }
    scenario, names = a_scenario(draw, entries), draw(st.lists(NAMES, max_size=3))
    return edits.lay_out(entries, scenario, names, values, draw(BY))


def draw_module(draw: Any, entries: Entries) -> Edit:
    values = {
        key: draw(numbers(*VALUE_RULES[key][1:]))
        for key in ("module.power", "module.width", "module.length", "module.weight")
    }
    scenario = a_scenario(draw, entries)
    return edits.choose_module(entries, scenario, values, draw(REASONED), source=draw(TEXT), name=draw(TEXT))


def draw_reset_value(draw: Any, entries: Entries) -> Edit:
    scenario = a_scenario(draw, entries)
    known = sorted(entries.of_scenario("values", scenario)) or ["pv.albedo"]
    return edits.reset_value(entries, scenario, draw(st.lists(st.sampled_from(known), max_size=3)))


def draw_ledger(draw: Any, entries: Entries) -> Edit:
    column = draw(st.sampled_from(sorted(LEDGER_COLUMNS)))
    kinds = {"number": st.floats(-1e6, 1e6), "year": st.integers(1850, 2100).map(float), "flag": st.booleans()}
    values = st.none() | kinds.get(LEDGER_COLUMNS[column], TEXT)
    return edits.correct_ledger(entries, draw(NAMES), column, draw(values), draw(values), draw(REASONED))


def draw_join(draw: Any, entries: Entries) -> Edit:
    shared = draw(st.lists(TEXT, max_size=2))
    return edits.correct_join(entries, draw(NAMES), draw(st.none() | st.lists(TEXT, max_size=3)), draw(BY), shared)


def draw_review(draw: Any, entries: Entries) -> Edit:
    verdict = draw(st.none() | st.sampled_from(VERDICTS))
    return edits.review_join(entries, draw(NAMES), verdict, draw(st.lists(TEXT, max_size=3)), draw(BY))


def draw_meter(draw: Any, entries: Entries) -> Edit:
    return edits.own_meters(entries, draw(st.dictionaries(NAMES, st.none() | TEXT, max_size=3)), draw(BY))


def draw_alias(draw: Any, entries: Entries) -> Edit:
    return edits.name_facilities(entries, draw(st.dictionaries(TEXT, st.none() | TEXT, max_size=3)), draw(BY))


def draw_keepout(draw: Any, entries: Entries) -> Edit:
    west, south = draw(st.floats(-1e5, 1e5)), draw(st.floats(-1e5, 1e5))
    width, height = draw(st.floats(0.5, 50)), draw(st.floats(0.5, 50))
    shape = shapely.box(west, south, west + width, south + height)
    if draw(st.booleans()):
        shape = shape.difference(shape.centroid.buffer(min(width, height) / 8))
    return edits.add_keepout(entries, draw(NAMES), shape, draw(BY), draw(st.sampled_from(PURPOSES)))


def draw_remove_keepout(draw: Any, entries: Entries) -> Edit:
    keys = sorted(entries.table("keepouts")) or ["k1"]
    return edits.remove_keepouts(entries, draw(st.lists(st.sampled_from(keys), max_size=2)))


def draw_columns(draw: Any, entries: Entries) -> Edit:
    ours = draw(st.lists(st.sampled_from(vocabulary().columns), unique=True, max_size=5))
    places = draw(st.lists(st.integers(0, 40), unique=True, min_size=len(ours), max_size=len(ours)))
    heading = draw(TEXT)
    columns = {name: Column(k, heading, draw(TEXT)) for name, k in zip(ours, places, strict=True)}
    first = draw(st.integers(-1, 5))
    last = first + (draw(st.integers(0, 1)) if first >= 0 else 0)
    mapping = Mapping(first, last, last + 1 + draw(st.integers(0, 3)), columns, draw(TEXT), draw(TEXT))
    return edits.map_columns(entries, draw(st.none() | st.just(mapping)), draw(BY))


def draw_files(draw: Any, entries: Entries) -> Edit:
    def file(role: Any) -> InputFile:
        return InputFile(role, draw(TEXT), draw(st.integers(0, 10**12)), draw(st.text("0123456789abcdef", max_size=64)))

    roles = draw(st.lists(st.sampled_from(ROLES), unique=True))
    present = [file(role) for role in roles if draw(st.booleans())]
    profile, before = draw(TEXT), draw(TEXT)
    chosen = [file(role) for role in roles]
    return edits.exchange_files(entries, present, chosen, draw(BY), profile=profile, before=before)


RULES: dict[str, Any] = {
    "programme": {"first_year": 2027, "last_year": 2030}, "budget": {"each": 6e7, "2027": 3e7}, "capacity": {"sites": {"each": 30}}, "share": {"list": "2026-04-01"}, "shelters": {"first": True},
}  # fmt: skip


def draw_rules(draw: Any, entries: Entries) -> Edit:
    names = draw(st.lists(st.sampled_from(sorted(RULES)), unique=True))
    tables = {name: RULES[name] for name in names}
    return programme_edits.set_rules(entries, a_scenario(draw, entries), tables, draw(BY))


def draw_whole_rules(draw: Any, entries: Entries) -> Edit:
    document = {name: RULES[name] for name in draw(st.lists(st.sampled_from(sorted(RULES)), unique=True))}
    if draw(st.booleans()):
        document |= {
            "pins": {"F 1": 2028},
            "vetoes": ["é"],
            "standing": [{"facility": "0000012", "state": "done", "year": 2024}],
        }
    return programme_edits.take_rules(entries, a_scenario(draw, entries), document, draw(BY))


def draw_years(draw: Any, entries: Entries) -> Edit:
    years = sorted(draw(st.lists(st.integers(1990, 2100), min_size=2, max_size=2)))
    first, last = (year if draw(st.booleans()) else None for year in years)
    names = draw(st.lists(NAMES, max_size=3))
    return programme_edits.give_years(entries, a_scenario(draw, entries), names, first, last, draw(BY))


def draw_giving_way(draw: Any, entries: Entries) -> Edit:
    kinds = st.sampled_from(["pin", "veto", "window", "budget"])
    rules = [Rule(kind, 2028, name) for kind, name in draw(st.lists(st.tuples(kinds, NAMES), max_size=4))]
    return programme_edits.give_way(entries, a_scenario(draw, entries), rules)


def draw_standing(draw: Any, entries: Entries) -> Edit:
    state = draw(st.sampled_from([*STANDING, None]))
    names, size = draw(st.lists(NAMES, max_size=3)), draw(st.none() | st.floats(0, 1e4))
    return programme_edits.stand(entries, names, state, draw(st.integers(1990, 2100)), draw(BY), capacity_kw=size)


def draw_count(draw: Any, entries: Entries) -> Edit:
    day = draw(st.sampled_from(["2026-04-01", "2027-04-01"]))
    if entries.get("counts", day) is not None:
        return programme_edits.forget_count(entries, day)
    return programme_edits.freeze_count(entries, day, draw(st.lists(NAMES, max_size=4)), draw(BY))


ASKED: list[tuple[Any, dict[str, Any]]] = [
    ("lighting", {}), ("lighting", {"first": 2027, "budgets": {"2028": 5e7}, "goal": "co2", "pins": {"F1": 2028, "F2": 0}}),
    ("fleet", {"target": 0.8, "prefer": "ev,phev/hev", "classes": ["passenger"], "values": {"reserve_share": 0.25}}), ("charging", {"least": {"v2x": 1}, "cars": "ledger"}),
    ("siting", {"number": 3, "ways": "roads", "pins": ["F1"], "values": {"radius_m": 500.0}}), ("siting", {"budgets": {"2027": 3e7}, "source": "fleet"}),
]  # fmt: skip


def draw_asked(draw: Any, entries: Entries) -> Edit:
    kind, options = draw(st.sampled_from(ASKED))
    return asked_edits.ask(entries, a_scenario(draw, entries), kind, draw(st.sampled_from([options, None])), draw(BY))


def draw_lots(draw: Any, entries: Entries) -> Edit:
    names = draw(st.lists(NAMES, unique=True))
    cut = draw(st.integers(0, len(names)))
    lots = {"l1": ("北", names[:cut]), "l2": ("南", names[cut:])}
    scenario, by = a_scenario(draw, entries), draw(BY)
    known = sorted(lot_edits.lots_now(entries, scenario))
    if not known or draw(st.booleans()):
        return lot_edits.set_lots(entries, scenario, lots if draw(st.booleans()) else {}, by)
    lot, other = draw(st.sampled_from(known)), draw(st.sampled_from(known))
    match draw(st.integers(0, 4)):
        case 0:
            return lot_edits.move_to_lot(entries, scenario, names, draw(st.none() | st.just(lot)), by)
        case 1:
            return lot_edits.new_lot(entries, scenario, "東", names or ["F1"], by)
        case 2:
            return lot_edits.rename_lot(entries, scenario, lot, "西", by)
        case 3:
            return lot_edits.merge_lots(entries, scenario, lot, [other], by)
    return lot_edits.dissolve_lots(entries, scenario, [lot], by)


def free_name(draw: Any, entries: Entries) -> str:
    def is_free(name: str) -> bool:
        try:
            edits.duplicate_scenario(entries, min(entries.table("scenarios")), name)
        except edits.BadEdit:
            return False
        return True

    return str(draw(st.text(min_size=1, max_size=6).filter(is_free)))


def draw_duplicate(draw: Any, entries: Entries) -> Edit:
    return edits.duplicate_scenario(entries, a_scenario(draw, entries), free_name(draw, entries), draw(TEXT))[0]


def draw_rename(draw: Any, entries: Entries) -> Edit:
    return edits.rename_scenario(entries, a_scenario(draw, entries), free_name(draw, entries), draw(st.none() | TEXT))


def draw_remove(draw: Any, entries: Entries) -> Edit:
    if len(entries.table("scenarios")) < 2:
        return draw_duplicate(draw, entries)
    return edits.remove_scenario(entries, a_scenario(draw, entries))


KINDS: list[Callable[[Any, Entries], Edit]] = [
    draw_share, draw_share, draw_objective, draw_criterion, draw_reset, draw_place, draw_place, draw_value, draw_layout, draw_module,
    draw_reset_value, draw_ledger, draw_join, draw_review, draw_meter, draw_alias, draw_keepout, draw_remove_keepout, draw_columns, draw_files, draw_duplicate, draw_rename, draw_remove,
    draw_rules, draw_whole_rules, draw_years,
    draw_giving_way, draw_standing, draw_count, draw_lots, draw_asked,
]  # fmt: skip


def test_every_edit_of_the_module_is_drawn() -> None:
    """An edit that is added must be added to the random ones, too."""
    drawn = {name for kind in KINDS for name in kind.__code__.co_names}
    for module in (asked_edits, edits, lot_edits, programme_edits):
        public = {name for name, found in vars(module).items() if callable(found) and not name.startswith("_")}
        made = {name for name in public if getattr(module, name).__module__ == module.__name__}
        assert made - {"Author", "BadEdit", "edit_of", "first_scenario", "rules_wanted"} <= drawn


QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@QUICK
@given(st.data())
def test_undone_byte_for_byte_and_redone_byte_for_byte(data: st.DataObject) -> None:
    entries = started()
    first, history = entries.canonical(), History()
    for _ in range(data.draw(st.integers(0, 14))):
        if data.draw(st.integers(0, 5)) == 0:
            history.end_merge()
        if data.draw(st.integers(0, 5)) == 0:
            step = data.draw(st.sampled_from([history.undo, history.redo]))()
            entries = apply(entries, step) if step is not None else entries
            continue
        edit = data.draw(st.sampled_from(KINDS))(data.draw, entries)
        assert edit_from_json(json.loads(json.dumps(edit_to_json(edit)))) == edit
        entries = apply(entries, edit)
        history.push(edit)
        assert check_entries(json.loads(entries.canonical())).canonical() == entries.canonical()
    while (step := history.redo()) is not None:
        entries = apply(entries, step)
    last = entries.canonical()
    states = [last]
    while (step := history.undo()) is not None:
        assert step.changes
        entries = apply(entries, step)
        states.append(entries.canonical())
    assert states[-1] == first
    for state in reversed(states[:-1]):
        step = history.redo()
        assert step is not None
        entries = apply(entries, step)
        assert entries.canonical() == state
    assert entries.canonical() == last
    assert history.redo() is None


@QUICK
@given(st.data())
def test_a_drag_is_the_same_as_its_edits(data: st.DataObject) -> None:
    """Two edits as one do what both do, and are undone as both are."""
    start = started()
    first = data.draw(st.sampled_from(KINDS))(data.draw, start)
    between = apply(start, first)
    second = data.draw(st.sampled_from(KINDS))(data.draw, between)
    end, whole = apply(between, second), followed_by(first, second)
    assert apply(start, whole).canonical() == end.canonical()
    assert apply(end, inverse(whole)).canonical() == start.canonical()


# ---------------------------------------------------------------------------------------------- what is not trusted


def everything() -> Entries:
    """One entry of each kind at least."""
    entries = started()
    box = shapely.box(0, 0, 10, 8).difference(shapely.box(2, 2, 3, 3))
    for make in (
        lambda e: edits.set_share(e, "s1", 0.4),
        lambda e: edits.set_objective(e, "s1", "energy"),
        lambda e: edits.set_criterion(e, "s1", "remaining_years", True, 15.0, ME),
        lambda e: edits.pin(e, "s1", ["F1"], ME),
        lambda e: edits.veto(e, "s1", ["F2"], ME),
        lambda e: edits.set_value(e, "s1", "pv.albedo", 0.3, ME),
        lambda e: edits.lay_out(e, "s1", ["F1"], {"layout.racks": 3.0, "module.power": 500.0}, ME),
        lambda e: edits.correct_ledger(e, "F1", "built_year", 1981.0, 1971.0, ME),
        lambda e: edits.correct_join(e, "F1", ["b2", "b1"], ME),
        lambda e: edits.add_keepout(e, "b1", box, ME),
        lambda e: programme_edits.set_rules(e, "s1", RULES, ME),
        lambda e: programme_edits.give_years(e, "s1", ["F1"], 2027, None, ME),
        lambda e: programme_edits.stand(e, ["F2"], "done", 2025, ME, capacity_kw=12.5),
        lambda e: asked_edits.ask(e, "s1", "fleet", {"target": 0.9}, ME),
        lambda e: lot_edits.set_lots(e, "s1", {"l1": ("北部", ["F1"]), "l2": ("南部", ["F2"])}, ME),
        lambda e: programme_edits.freeze_count(e, "2026-04-01", ["F1", "F2"], ME),
        lambda e: edits.map_columns(e, Mapping(2, 3, 4, {"name": Column(1, "名称", "")}, "一覧", "0" * 16), ME),
    ):
        entries = apply(entries, make(entries))
    return entries


MAPPED = {"first": 2, "last": 3, "begin": 4, "sheet": "", "form": "", "columns": {"name": [1, "名称", ""]}}
PLACES = [
    *(("share", "s1", value) for value in (-0.1, 1.1, "0.5", True, math.nan, 10**400, [0.5])),
    *(("objective", "s1", value) for value in ("money", 1, [], {})),
    *(("scenarios", key, {"name": "x", "note": "", "order": 2}) for key in ("s2/x", "")),
    ("scenarios", "s2", {"name": "x", "note": "", "order": 2.5}),
    ("scenarios", "s2", {"name": "x", "note": ""}),
    ("pins", "s9/F1", ME.mark()),
    ("pins", "F1", ME.mark()),
    ("pins", "s1/F1", {**ME.mark(), "more": ""}),
    ("vetoes", "s1/F1", {"why": "", "who": ""}),
    ("vetoes", "s1/F1", {**ME.mark(), "why": "x" * 10_001}),
    ("criteria", "s1/nothing", {"applied": True, "threshold": 1.0, **ME.mark()}),
    ("criteria", "s1/flood", {"applied": 1, "threshold": 1.0, **ME.mark()}),
    ("criteria", "s1/flood", {"applied": True, "threshold": math.inf, **ME.mark()}),
    ("values", "s1/pv.albedo", {"value": 0.95, "source": "", **ME.mark()}),
    ("values", "s1/plan.year", {"value": 2026.5, "source": "", **ME.mark()}),
    ("values", "s1/nothing", {"value": 0.5, "source": "", **ME.mark()}),
    ("layouts", "s9/F1", {"values": {"layout.racks": 1.0}, **ME.mark()}),
    ("layouts", "F1", {"values": {"layout.racks": 1.0}, **ME.mark()}),
    ("layouts", "s1/F1", {"layout.racks": 1.0, **ME.mark()}),
    ("layouts", "s1/F1", {"values": {"layout.racks": 1.0}}),
    *(
        ("layouts", "s1/F1", {"values": values, **ME.mark()})
        for values in (
            {},
            [],
            None,
            {"layout.racks": 4.0},
            {"layout.racks": 1.5},
            {"layout.racks": None},
            {"layout.racks": True},
            {"layout.racks": "3"},
            {"module.power": math.nan},
            {"module.power": 10**400},
            {"pv.albedo": 0.3},
            {"layout.path_area": 300.0},
            {"nothing": 1.0},
            {"layout.racks": 1.0, "pv.losses": 2.0},
        )
    ),
    ("ledger", "built_year", {"value": 1981.0, "read": None, **ME.mark()}),
    ("ledger", "built_year/F1", {"value": "Showa", "read": None, **ME.mark()}),
    ("ledger", "shelter/F1", {"value": 1.0, "read": None, **ME.mark()}),
    ("ledger", "name/F1", {"value": 7.0, "read": None, **ME.mark()}),
    ("ledger", "name/F1", {"value": "x", "read": {"a": 1}, **ME.mark()}),
    ("joins", "F1", {"building_ids": "b1", **ME.mark()}),
    ("joins", "F1", {"building_ids": [1], **ME.mark()}),
    ("joins", "F1", {"building_ids": [], "shared": "b1", **ME.mark()}),
    ("joins", "F1", {"building_ids": [], "more": [], **ME.mark()}),
    ("reviews", "F1", {"verdict": "fine", "building_ids": [], **ME.mark()}),
    ("reviews", "F1", {"verdict": "confirmed", "building_ids": [1], **ME.mark()}),
    ("reviews", "F1", {"verdict": "confirmed", **ME.mark()}),
    ("keepouts", "k2", {"building_id": "b", "rings": [], **ME.mark()}),
    ("keepouts", "k2", {"building_id": "b", "rings": [[[0, 0], [1, 0], [0, 0]]], **ME.mark()}),
    ("keepouts", "k2", {"building_id": "b", "rings": [[[0, 0], [1, 1], [1, 0], [0, 1]]], **ME.mark()}),
    ("keepouts", "k2", {"building_id": "b", "rings": [[[0, 0], [1, 1], [2, 2], [0, 0]]], **ME.mark()}),
    ("keepouts", "k2", {"building_id": "b", "rings": [[[0, 0], [1e300, 1], [1, 2], [0, 0]]], **ME.mark()}),
    ("columns", "buildings", {"mapping": MAPPED, **ME.mark()}),
    ("columns", "facilities", {"mapping": MAPPED}),
    ("columns", "facilities", {"mapping": {**MAPPED, "more": 1}, **ME.mark()}),
    *(
        ("columns", "facilities", {"mapping": {**MAPPED, **wrong}, **ME.mark()})
        for wrong in (
            {"first": True},
            {"first": -1},
            {"last": 9},
            {"begin": 3},
            {"begin": 10**9},
            {"sheet": None},
            {"form": "x" * 1001},
            {"columns": []},
            {"columns": {"name": [1, "名称"]}},
            {"columns": {"name": [-1, "名称", ""]}},
            {"columns": {"name": [10**6, "名称", ""]}},
            {"columns": {"name": [1.0, "名称", ""]}},
            {"columns": {"name": [1, None, ""]}},
            {"columns": {"elsewhere": [1, "名称", ""]}},
            {"columns": {"name": [1, "名称", ""], "kana": [1, "名称", ""]}},
        )
    ),
    *(
        ("rules", key, {"value": value, **ME.mark()})
        for key, value in (
            ("s1/nothing", {}),
            ("s1/pins", {"F1": 2027}),
            ("s1/budget", {"each": -1}),
            ("s1/budget", {"each": math.nan}),
            ("s1/budget", 5),
            ("s1/budget", {"x": 1}),
            ("s1/programme", {"first_year": 2030, "last_year": 2027}),
            ("s1/share", {"list": "2026-02-30"}),
            ("s1/share", {"list": 20260401}),
            ("s1/capacity", {"sites": []}),
        )
    ),
    *(
        ("terms", "s1/F1", {"earliest": first, "latest": last, **ME.mark()})
        for first, last in ((None, None), (2028, 2027), (1900, None), (2027.0, None), (True, None), ("2027", None))
    ),
    ("terms", "F1", {"earliest": 2027, "latest": None, **ME.mark()}),
    *(
        ("standing", "F1", {"state": "done", "year": 2025, "capacity_kw": None, **ME.mark(), **wrong})
        for wrong in (
            {"state": "open"},
            {"year": None},
            {"year": 3000},
            {"capacity_kw": -1.0},
            {"capacity_kw": math.inf},
            {"more": 1},
        )
    ),
    *(
        ("counts", day, {"facility_ids": ["F1"], **ME.mark()})
        for day in ("2026-4-1", "2026-13-01", "today", "20260401")
    ),
    *(("counts", "2027-04-01", {"facility_ids": names, **ME.mark()}) for names in ("F1", ["F1", "F1"], [1], None)),
    *(
        ("asked", key, {"value": value, **ME.mark()})
        for key, value in (
            ("s1/rockets", {}),
            ("s1/lighting", []),
            ("s1/lighting", {"what": 1}),
            ("s1/lighting", {"goal": "money"}),
            ("s1/lighting", {"first": 2030, "last": 2026}),
            ("s1/lighting", {"budgets": {"next": 1.0}}),
            ("s1/fleet", {"target": 1.5}),
            ("s1/fleet", {"prefer": "steam"}),
            ("s1/fleet", {"first_year": 2030, "last_year": 2026}),
            ("s1/charging", {"least": {"v2x": 5000}}),
            ("s1/charging", {"given": {"v2x": 0.5}}),
            ("s1/charging", {"values": {"reserve_share": 7.0}}),
            ("s1/siting", {"number": 0}),
            ("s1/siting", {"budgets": {"0": 1.0}}),
            ("s1/siting", {"budgets": {"2027": 1.0}, "method": "room"}),
            ("s1/siting", {"pins": ["a"], "vetoes": ["a"]}),
            ("s9/fleet", {}),
        )
    ),
    *(
        ("lots", key, {"name": name, "facility_ids": names, **ME.mark()})
        for key, name, names in (
            ("s1/a/b", "A", []),
            ("s1/a", " ", []),
            ("s1/a", "A", ["F1", "F1"]),
            ("s1/a", 1, []),
            ("s9/a", "A", []),
        )
    ),
    ("elsewhere", "s1", 1),
]


@pytest.mark.parametrize(("table", "key", "entry"), PLACES)
def test_an_entry_that_is_none_is_refused(table: str, key: str, entry: object) -> None:
    tables = json.loads(everything().canonical())
    check_entries(tables)
    tables.setdefault(table, {})[key] = entry
    with pytest.raises(ValueError, match=r".+"):
        check_entries(tables)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**500),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _spots(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every place in a JSON value as container and key."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found.append((value, key))
        _spots(inner, found)
    return found


@QUICK
@given(st.data())
def test_junk_anywhere_is_refused_with_value_error_or_is_an_entry(data: st.DataObject) -> None:
    """Whatever stands anywhere in the tables, it is refused by the one error that readers expect, or it can be used."""
    tables = json.loads(everything().canonical())
    container, key = data.draw(st.sampled_from(_spots(tables, [])))
    junk = data.draw(JUNK)
    if isinstance(container, dict) and data.draw(st.booleans()):
        container[data.draw(st.text(max_size=5))] = junk
    else:
        container[key] = junk
    try:
        found = check_entries(tables)
    except ValueError:
        return
    profile = load_profile()
    for scenario in scenarios_of(found):
        settings_of(found, scenario.key, profile)
        for own in special_layouts(found, scenario.key, profile).values():
            Choices.of(own)
    assert keepouts_of(found, "EPSG:6677").geometry.is_valid.all()
    found.canonical()


@QUICK
@given(st.data())
def test_a_damaged_edit_is_refused_with_value_error_or_is_one(data: st.DataObject) -> None:
    value = edit_to_json(edits.duplicate_scenario(everything(), "s1", "写し")[0])
    value = json.loads(json.dumps(value))
    container, key = data.draw(st.sampled_from([*_spots(value, []), ([value], 0)]))
    container[key] = data.draw(JUNK)
    try:
        edit = edit_from_json(container[0] if container != value and key == 0 and container[0] is not None else value)
    except ValueError:
        return
    # It can be applied, or does not fit; nothing else happens.
    with suppress(EditConflict):
        apply(started(), edit)
    json.dumps(edit_to_json(edit))


@pytest.mark.parametrize(
    "wrong",
    [
        None, [], {}, {"changes": 1}, {"changes": [[]], "words": "x"}, {"changes": [], "words": None},
        {"changes": [["share", "s1", None, None]], "words": "x"},
        {"changes": [[["share"], {}, None, None]], "words": "x"},
        {"changes": [["share", "s1", 0.1, 0.2], ["share", "s1", 0.2, 0.3]], "words": "x"},
        {"changes": [], "words": "x", "details": {"code": "y"}},
        {"changes": [], "words": "x", "details": {"language": "y"}},
        {"changes": [], "words": "x", "details": {"name": 1}},
        {"changes": [], "words": "x", "merge": None},
    ],
)  # fmt: skip
def test_what_is_no_edit_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        edit_from_json(wrong)


# ---------------------------------------------------------------------------------------------- what each edit means


def test_a_conflict_changes_nothing() -> None:
    entries = everything()
    before = entries.canonical()
    fits, not_fits = Change("share", "s1", 0.4, 0.6), Change("objective", "s1", "co2", "energy")
    with pytest.raises(EditConflict) as caught:
        apply(entries, Edit("ui.undo.share", (fits, not_fits)))
    assert caught.value.code == "edit.conflict"
    assert caught.value.details == {"table": "objective", "key": "s1"}
    assert entries.canonical() == before
    assert entries.get("share", "s1") == 0.4


def test_a_pin_takes_the_veto_away_and_the_other_way_round() -> None:
    entries = started()
    entries = apply(entries, edits.veto(entries, "s1", ["F1", "F2"], ME))
    entries = apply(entries, edits.pin(entries, "s1", ["F1"], Author("佐藤", "避難所")))
    assert set(entries.table("pins")) == {"s1/F1"}
    assert set(entries.table("vetoes")) == {"s1/F2"}
    assert entries.get("pins", "s1/F1")["why"] == "避難所"
    assert entries.get("pins", "s1/F1")["who"] == "佐藤"
    entries = apply(entries, edits.veto(entries, "s1", ["F1"], ME))
    assert not entries.table("pins")
    found = settings_of(entries, "s1", load_profile())
    assert (found.pins, found.vetoes) == (frozenset(), frozenset({"F1", "F2"}))
    entries = apply(entries, edits.release(entries, "s1", ["F1", "F2", "F3"]))
    assert not entries.table("vetoes")


def test_a_second_pin_without_a_reason_leaves_the_first_mark() -> None:
    entries = started()
    entries = apply(entries, edits.pin(entries, "s1", ["F1"], ME))
    assert not edits.pin(entries, "s1", ["F1"], Author("佐藤")).changes
    again = edits.pin(entries, "s1", ["F1"], Author("佐藤", "別の理由"))
    assert apply(entries, again).get("pins", "s1/F1")["who"] == "佐藤"


def test_a_duplicate_has_everything_of_the_scenario_and_its_own_life() -> None:
    entries = everything()
    edit, key = edits.duplicate_scenario(entries, "s1", " 写し ", "二案")
    copied = apply(entries, edit)
    assert key == "s2"
    assert copied.get("scenarios", "s2") == {"name": "写し", "note": "二案", "order": 2}
    for table in OF_SCENARIO:
        assert entries.get(table, "s1") or entries.of_scenario(table, "s1"), table
        assert copied.get(table, "s2") == entries.get(table, "s1")
        assert copied.of_scenario(table, "s2") == entries.of_scenario(table, "s1")
    changed = apply(copied, edits.set_share(copied, "s2", 0.9))
    assert changed.get("share", "s1") == 0.4
    # What belongs to the town belongs to no scenario.
    assert all(copied.table(table) == entries.table(table) for table in ("ledger", "joins", "keepouts"))


def test_a_removed_scenario_leaves_nothing_and_comes_back_whole() -> None:
    entries = everything()
    edit, _ = edits.duplicate_scenario(entries, "s1", "写し")
    both = apply(entries, edit)
    gone = edits.remove_scenario(both, "s1")
    after = apply(both, gone)
    check_entries(json.loads(after.canonical()))
    assert b'"s1' not in after.canonical()
    assert apply(after, inverse(gone)).canonical() == both.canonical()
    with pytest.raises(BadEdit, match=r"edit\.last_scenario"):
        edits.remove_scenario(after, "s2")


def test_scenarios_with_keys_that_begin_alike_are_apart() -> None:
    entries = started()
    for number in range(2, 12):
        entries = apply(entries, edits.duplicate_scenario(entries, "s1", f"案{number}")[0])
    entries = apply(entries, edits.pin(entries, "s10", ["F1"], ME))
    assert entries.of_scenario("pins", "s1") == {}
    entries = apply(entries, edits.remove_scenario(entries, "s1"))
    assert entries.of_scenario("pins", "s10") == {"F1": ME.mark()}


def test_names_of_scenarios_are_given_once() -> None:
    entries = started()
    for wrong in ("", "  ", "基本", " 基本 "):
        with pytest.raises(BadEdit, match=r"edit\.scenario_name"):
            edits.duplicate_scenario(entries, "s1", wrong)
    assert not edits.rename_scenario(entries, "s1", "基本").changes
    assert apply(entries, edits.rename_scenario(entries, "s1", "二")).get("scenarios", "s1")["name"] == "二"


def test_a_layout_keeps_what_was_entered_before_and_is_given_back_value_by_value() -> None:
    entries = started()
    entries = apply(entries, edits.lay_out(entries, "s1", ["F1", "F2"], {"layout.racks": 3.0}, ME))
    entries = apply(entries, edits.lay_out(entries, "s1", ["F1"], {"module.power": 500, "layout.racks": 1.0}, ME))
    assert entries.get("layouts", "s1/F1") == {"values": {"layout.racks": 1.0, "module.power": 500.0}, **ME.mark()}
    assert entries.get("layouts", "s1/F2") == {"values": {"layout.racks": 3.0}, **ME.mark()}
    # The same again without a reason leaves the first mark; with one it is another.
    assert not edits.lay_out(entries, "s1", ["F2"], {"layout.racks": 3.0}, Author("佐藤")).changes
    assert edits.lay_out(entries, "s1", ["F2"], {"layout.racks": 3.0}, Author("佐藤", "別の理由")).changes
    entries = apply(entries, edits.lay_out(entries, "s1", ["F1"], {"layout.racks": None}, ME))
    assert entries.get("layouts", "s1/F1")["values"] == {"module.power": 500.0}
    # The last value given back is the whole of it, as is no value at all.
    assert entries.get("layouts", "s1/F2") is not None
    without = apply(entries, edits.lay_out(entries, "s1", ["F1"], {"module.power": None}, ME))
    assert set(without.table("layouts")) == {"s1/F2"}
    assert not apply(entries, edits.lay_out(entries, "s1", ["F1", "F2", "F3"], {}, ME)).table("layouts")


def test_a_module_is_chosen_in_one_step_and_given_back_in_one() -> None:
    entries = everything()
    edit = edits.choose_module(
        entries,
        "s1",
        {"module.power": 610.0, "module.width": 1.134, "module.length": 2.382},
        ME,
        source="カタログ",
        name="大判",
    )
    chosen = apply(entries, edit)
    assert {key: entry["value"] for key, entry in chosen.of_scenario("values", "s1").items()} == {
        "pv.albedo": 0.3, "module.power": 610.0, "module.width": 1.134, "module.length": 2.382,
    }  # fmt: skip
    assert chosen.get("values", "s1/module.power")["source"] == "カタログ"
    assert apply(chosen, inverse(edit)).canonical() == entries.canonical()


def test_a_correction_that_equals_the_file_vanishes() -> None:
    entries = started()
    entries = apply(entries, edits.correct_ledger(entries, "F1", "built_year", 1981.0, 1971.0, ME))
    assert entries.get("ledger", "built_year/F1") == {"value": 1981.0, "read": 1971.0, **ME.mark()}
    entries = apply(entries, edits.correct_ledger(entries, "F1", "built_year", 1971.0, 1971.0, Author("")))
    assert not entries.table("ledger")
    with pytest.raises(BadEdit, match=r"edit\.no_reason"):
        edits.correct_ledger(entries, "F1", "built_year", 1981.0, 1971.0, Author("山田", " "))
    with pytest.raises(BadEdit, match=r"edit\.no_such_column"):
        edits.correct_ledger(entries, "F1", "latitude", 35.0, 36.0, ME)


def test_joins_are_sorted_without_doubles_and_given_back() -> None:
    entries = started()
    entries = apply(entries, edits.correct_join(entries, "F1", ["b2", "b1", "b2"], ME))
    assert entries.get("joins", "F1")["building_ids"] == ["b1", "b2"]
    assert not apply(entries, edits.correct_join(entries, "F1", None, ME)).tables.get("joins")


def test_a_reset_leaves_pins_vetoes_and_values() -> None:
    entries = everything()
    after = apply(entries, edits.reset_settings(entries, "s1"))
    assert not any(after.table(table) for table in ("share", "objective", "criteria"))
    assert all(after.table(table) == entries.table(table) for table in ("pins", "vetoes", "values", "ledger"))


def test_keepouts_keep_their_holes_to_the_millimetre() -> None:
    hole = shapely.box(2, 2, 3, 3)
    entries = apply(started(), edits.add_keepout(started(), "b1", shapely.box(0.00041, 0, 10, 8).difference(hole), ME))
    (shape,) = keepouts_of(entries, "EPSG:6677").geometry
    assert shape.equals(shapely.box(0, 0, 10, 8).difference(hole))
    entries = apply(entries, edits.add_keepout(entries, "b1", shapely.box(0, 0, 1, 1), ME))
    assert set(entries.table("keepouts")) == {"k1", "k2"}
    assert set(apply(entries, edits.remove_keepouts(entries, ["k1"])).table("keepouts")) == {"k2"}


@pytest.mark.parametrize(
    "shape",
    [
        shapely.Polygon(),
        shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),
        # Valid as it was drawn, nothing to the millimetre.
        shapely.box(0, 0, 0.0004, 5),
        shapely.Polygon([(0, 0), (math.inf, 1), (1, 0)]),
    ],
)
def test_a_keepout_that_is_no_area_is_refused(shape: shapely.Polygon) -> None:
    with pytest.raises(BadEdit, match=r"edit\.bad_keepout"):
        edits.add_keepout(started(), "b1", shape, ME)


def test_a_keepout_has_a_purpose_that_is_known() -> None:
    with pytest.raises(BadEdit):
        edits.add_keepout(started(), "b1", shapely.box(0, 0, 1, 1), ME, "nonsense")
    entries = apply(started(), edits.add_keepout(started(), "b1", shapely.box(0, 0, 1, 1), ME, "access"))
    assert keepouts_of(entries, "EPSG:6677")["purpose"].tolist() == ["access"]
    plain = apply(started(), edits.add_keepout(started(), "b1", shapely.box(0, 0, 1, 1), ME))
    assert "purpose" not in plain.table("keepouts")["k1"]


def refused(entries: Entries) -> list[Callable[[], object]]:
    long = Author("山田", "x" * 10_001)
    return [
        lambda: edits.set_share(entries, "s1", 1.2),
        lambda: edits.set_share(entries, "s1", math.nan),
        lambda: edits.set_criterion(entries, "s1", "nothing", True, 1.0, ME),
        lambda: edits.set_criterion(entries, "s1", "flood", True, 31.0, ME),
        lambda: edits.set_criterion(entries, "s1", "flood", True, math.nan, ME),
        lambda: edits.set_value(entries, "s1", "pv.nothing", 1.0, ME),
        lambda: edits.set_value(entries, "s1", "pv.albedo", 0.95, ME),
        lambda: edits.set_value(entries, "s1", "pv.albedo", math.nan, ME),
        lambda: edits.set_value(entries, "s1", "plan.year", 2026.5, ME),
        lambda: edits.set_value(entries, "s1", "pv.albedo", 0.3, Author("山田")),
        lambda: edits.lay_out(entries, "s1", ["F1"], {"pv.albedo": 0.3}, ME),
        lambda: edits.lay_out(entries, "s1", ["F1"], {"nothing": None}, ME),
        lambda: edits.lay_out(entries, "s1", ["F1"], {"layout.racks": 4.0}, ME),
        lambda: edits.lay_out(entries, "s1", ["F1"], {"layout.racks": 1.5}, ME),
        lambda: edits.lay_out(entries, "s1", ["F1"], {"module.power": math.nan}, ME),
        lambda: edits.lay_out(entries, "s1", ["F1"], {"layout.racks": 1.0}, long),
        lambda: edits.choose_module(entries, "s1", {"module.power": 1e6}, ME),
        lambda: edits.choose_module(entries, "s1", {"module.power": 500.0}, Author("山田")),
        lambda: edits.pin(entries, "s1", ["F1"], long),
        lambda: edits.correct_ledger(entries, "F1", "built_year", math.nan, 1971.0, ME),
        lambda: edits.correct_ledger(entries, "F1", "shelter", "yes", None, ME),
        lambda: edits.duplicate_scenario(entries, "s1", "x" * 10_001),
    ]


@pytest.mark.parametrize("number", range(len(refused(Entries()))))
def test_nothing_is_entered_that_a_file_could_not_be_read_with(number: int) -> None:
    with pytest.raises(BadEdit) as caught:
        refused(everything())[number]()
    assert caught.value.code in catalogue()


# ---------------------------------------------------------------------------------------------- the way back


def test_a_drag_is_one_step_and_another_drag_another() -> None:
    entries, history = started(), History()
    for drag in ((0.1, 0.2, 0.3), (0.4, 0.5)):
        for share in drag:
            edit = edits.set_share(entries, "s1", share)
            entries = apply(entries, edit)
            history.push(edit)
        history.end_merge()
    for expected in (0.3, None):
        step = history.undo()
        assert step is not None
        entries = apply(entries, step)
        assert entries.get("share", "s1") == expected
    assert history.undo() is None


def test_a_drag_back_to_where_it_began_is_no_step() -> None:
    entries, history = apply(started(), edits.set_share(started(), "s1", 0.5)), History()
    for share in (0.6, 0.7, 0.5):
        edit = edits.set_share(entries, "s1", share)
        entries = apply(entries, edit)
        history.push(edit)
    assert history.last is None


def test_an_edit_that_changes_nothing_leaves_no_step_and_keeps_the_way_forward() -> None:
    entries, history = started(), History()
    edit = edits.set_objective(entries, "s1", "energy")
    entries = apply(entries, edit)
    history.push(edit)
    step = history.undo()
    assert step is not None
    entries = apply(entries, step)
    history.push(edits.release(entries, "s1", ["F1"]))
    assert history.last is None
    assert history.next == edit
    other = edits.set_objective(entries, "s1", "co2")
    history.push(other)
    assert history.next is None
    assert history.last == other


def test_another_slider_in_between_ends_a_drag() -> None:
    entries, history = started(), History()
    for make in (
        lambda e: edits.set_share(e, "s1", 0.1),
        lambda e: edits.set_criterion(e, "s1", "flood", True, 1.0, ME, merge=True),
        lambda e: edits.set_share(e, "s1", 0.2),
    ):
        edit = make(entries)
        entries = apply(entries, edit)
        history.push(edit)
    steps = 0
    while history.undo() is not None:
        steps += 1
    assert steps == 3


def test_after_an_undo_a_drag_begins_anew() -> None:
    """What was taken back is not melted into what comes."""
    entries, history = started(), History()

    def turn(share: float) -> None:
        nonlocal entries
        edit = edits.set_share(entries, "s1", share)
        entries = apply(entries, edit)
        history.push(edit)

    turn(0.1)
    history.end_merge()
    turn(0.2)
    step = history.undo()
    assert step is not None
    entries = apply(entries, step)
    turn(0.3)
    step = history.undo()
    assert step is not None
    assert apply(entries, step).get("share", "s1") == 0.1


def test_tables_that_an_edit_does_not_touch_stay_the_same_objects() -> None:
    entries = everything()
    after = apply(entries, edits.set_share(entries, "s1", 0.9))
    assert all(after.table(name) is entries.table(name) for name in entries.tables if name != "share")
    frozen = copy.deepcopy(json.loads(entries.canonical()))
    apply(entries, edits.veto(entries, "s1", ["F1"], ME))
    assert json.loads(entries.canonical()) == frozen


# ---------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_edit_and_every_refusal_has_words(language: Any) -> None:
    entries = everything()
    both = apply(entries, edits.duplicate_scenario(entries, "s1", "写し")[0])
    made = [
        edits.set_share(entries, "s1", 0.1), edits.set_objective(entries, "s1", "co2"), edits.reset_settings(entries, "s1"),
        edits.set_criterion(entries, "s1", "flood", True, 1.0, ME), edits.pin(entries, "s1", ["F3"], ME),
        edits.veto(entries, "s1", ["F3"], ME), edits.release(entries, "s1", ["F1"]),
        edits.lay_out(entries, "s1", ["F2"], {"layout.racks": 1.0}, ME), edits.choose_module(entries, "s1", {"module.power": 500.0}, ME, name="x"),
        edits.set_value(entries, "s1", "pv.albedo", 0.1, ME), edits.reset_value(entries, "s1", ["pv.albedo"]),
        edits.correct_ledger(entries, "F1", "name", "x", None, ME), edits.correct_join(entries, "F1", None, ME),
        edits.add_keepout(entries, "b", shapely.box(0, 0, 1, 1), ME), edits.remove_keepouts(entries, ["k1"]),
        edits.duplicate_scenario(entries, "s1", "x")[0], edits.rename_scenario(entries, "s1", "x"),
        edits.remove_scenario(both, "s2"),
    ]  # fmt: skip
    # The window adds words for what it makes of several edits.
    assert len({edit.words for edit in made}) == len(made)
    assert {edit.words for edit in made} <= set(catalogue())
    for edit in made:
        assert edit.changes
        said = say(language, edit.words, **edit.details)
        assert said != edit.words
        assert "–" not in said


def test_a_facility_is_in_one_lot() -> None:
    with pytest.raises(BadEdit, match=r"edit\.lot_twice"):
        lot_edits.set_lots(started(), "s1", {"l1": ("北", ["F1", "F2"]), "l2": ("南", ["F2"])}, ME)


def test_a_list_that_is_frozen_is_not_overwritten() -> None:
    entries = apply(started(), programme_edits.freeze_count(started(), "2026-04-01", ["F2", "F1"], ME))
    assert entries.get("counts", "2026-04-01")["facility_ids"] == ["F1", "F2"]
    assert not programme_edits.freeze_count(entries, "2026-04-01", ["F1", "F2"], ME).changes
    with pytest.raises(BadEdit, match=r"edit\.counted"):
        programme_edits.freeze_count(entries, "2026-04-01", ["F1"], ME)
