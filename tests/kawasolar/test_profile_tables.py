"""The tables of a profile: bundled ones against their sources, everything that must be refused, and what is written read again."""

from __future__ import annotations

import copy
import csv
import dataclasses
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.bundled import bundled_profiles, is_bundled, profile_path
from kawasolar.errors import UnreadableProfile
from kawasolar.profile import Profile, load_profile, parsed, profile_from_document, profile_from_text
from kawasolar.profiles.check import MOST_PROBLEMS, differences, problems
from kawasolar.profiles.fields import fields_of
from kawasolar.profiles.form import form_fields
from kawasolar.profiles.tables import PPA_RULES, SECTIONS, EmissionFactor, Tables
from kawasolar.profiles.toml import document_of, toml_text
from kawasolar.profiles.words import choice_name, entry_title, entry_value, field_name, section_name
from kawasolar.reasons import choice_text, unit_text
from kawasolar.words import LANGUAGES, say
from tests.kawasolar.test_languages import JAPANESE, NAMES, PHRASE, TITLE, without

if TYPE_CHECKING:
    from pathlib import Path

BUNDLED = tuple(bundled_profiles())


@pytest.fixture(scope="module", params=BUNDLED)
def bundled(request: pytest.FixtureRequest) -> Profile:
    return load_profile(bundled_profiles()[request.param])


def document() -> dict[str, Any]:
    return copy.deepcopy(document_of(load_profile()))


def test_sections_and_tables_are_one_list() -> None:
    assert tuple(SECTIONS) == tuple(one.name for one in dataclasses.fields(Tables))


def test_a_bundled_profile_is_asked_for_by_name_and_a_file_by_its_path(tmp_path: Path) -> None:
    assert BUNDLED[0] == "kawasaki"
    assert load_profile().text == load_profile(profile_path("kawasaki")).text
    assert is_bundled(profile_path("kaga"))
    file = tmp_path / "kaga"
    file.write_text("x", encoding="utf-8")
    assert profile_path(file) == file
    assert profile_path("nowhere.toml").name == "nowhere.toml"
    assert not is_bundled(file)


def test_rows_say_their_source_in_both_languages(bundled: Profile) -> None:
    rows = (*bundled.tables.all_rows(), *bundled.values.values(), *bundled.criteria)
    assert len(rows) > 160
    for row in rows:
        for text in (row.source_ja, row.note_ja):
            assert not text or JAPANESE.search(text), text
            assert not PHRASE.search(without(text, NAMES)), text
        for text in (row.source_en, row.note_en):
            assert not JAPANESE.search(TITLE.sub("", text)), text
        assert bool(row.note_ja) == bool(row.note_en)


def test_rows_are_those_of_the_table_of_coefficients(realdata: Path, bundled: Profile) -> None:
    file = realdata.parent / "domain" / "coefficients.csv"
    if not file.is_file():
        pytest.skip("no table of coefficients beside the real data")
    with file.open(encoding="utf-8", newline="") as opened:
        table = {row["key"]: row for row in csv.DictReader(opened)}
    cited = {key.strip() for row in bundled.tables.all_rows() if row.coefficient for key in row.coefficient.split(",")}
    assert cited
    assert cited <= set(table)
    for row in bundled.tables.emission_factors:
        if row.coefficient.startswith("ef.tepco"):
            basic, adjusted = (float(part) for part in table[row.coefficient]["value"].split("/"))
            assert row.kg_co2_per_kwh == (basic if row.kind == "basic" else adjusted)
    # What the table calls unverified is never given as sure.
    for row in bundled.tables.all_rows():
        keys = [key.strip() for key in row.coefficient.split(",") if key.strip()]
        assert row.how_sure == "verify" or not any(table[key]["how_sure"] == "verify" for key in keys), row
    for row in bundled.tables.ppa:
        if row.coefficient and row.coefficient != "tariff.purchase_implied":
            number = table[row.coefficient]["value"]
            assert row.value == float(number)


def test_the_city_has_its_wards_and_the_other_has_none() -> None:
    kawasaki, kaga = (load_profile(path) for path in bundled_profiles().values())
    names = [ward.name("ja") for ward in kawasaki.tables.wards]
    assert names == ["川崎区", "幸区", "中原区", "高津区", "多摩区", "宮前区", "麻生区"]
    assert [ward.code for ward in kawasaki.tables.wards] == [str(code) for code in range(14131, 14138)]
    assert (kaga.code, kaga.epsg, kaga.tables.wards) == ("17206", 6675, ())
    assert kaga.tables.utility[0].name("ja") == "北陸電力"
    assert [(station.number, station.name("en")) for station in kaga.tables.stations] == [("56276", "Komatsu")]
    assert kaga.tables.stations[0].latitude == pytest.approx(36 + 22.9 / 60, abs=1e-4)
    # One source of truth: the number of the plan is a row of its table.
    for profile in (kawasaki, kaga):
        assert profile.number("co2.grid_factor") in [row.kg_co2_per_kwh for row in profile.tables.emission_factors]


def test_lamps_end_on_the_day_before_the_ban(bundled: Profile) -> None:
    days = {ban.lamp: ban.last_day for ban in bundled.tables.lamp_bans}
    assert days["cfl_bulb"] == date(2025, 12, 31)
    assert days["straight_triphosphor"] == date(2027, 12, 31)


def test_a_profile_without_tables_has_none() -> None:
    plain = {name: part for name, part in document().items() if name not in SECTIONS}
    older = profile_from_text(toml_text(plain), "older.toml")
    assert older.tables == Tables()
    assert older.values == load_profile().values


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_has_words(bundled: Profile, language: Any) -> None:
    plain = document_of(bundled)
    for section, known in SECTIONS.items():
        assert section_name(language, section) != f"profile.section.{section}"
        for name, one in fields_of(known.row).items():
            assert field_name(language, name) != name
            assert one.unit in ("", "-") or unit_text(language, one.unit) not in ("", f"unit.{one.unit}")
            if name != "key" or section != "ppa":
                assert all(choice_name(language, name, code) != code for code in one.choices)
        rows = plain.get(section, [])
        for row in [rows] if known.single else rows:
            told = f"{entry_title(language, section, row)} {entry_value(language, section, row)}"
            assert told.strip()
            assert "profile." not in told
            assert "{" not in told
    for key in PPA_RULES:
        assert entry_title(language, "ppa", {"key": key}) != f"profile.ppa.{key}"


# ---------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("section", "name", "value", "code"),
    [
        ("wards", "code", "1413", "bad_value"),
        ("wards", "code", "１４１３１", "bad_value"),
        ("wards", "name_en", " ", "no_text"),
        ("wards", "colour", "red", "unknown_key"),
        ("stations", "latitude", 139.0, "out_of_range"),
        ("stations", "elevation_m", "high", "bad_value"),
        ("emission_factors", "kind", "total", "bad_value"),
        ("emission_factors", "fiscal_year", 2023.5, "not_whole"),
        ("emission_factors", "kg_co2_per_kwh", 431, "out_of_range"),
        ("tariffs", "key", "HV basic", "bad_value"),
        ("tariffs", "valid_from", "2025-04-01", "bad_value"),
        ("tariffs", "tax_included", "no", "bad_value"),
        ("tariffs", "contract", "by_handshake", "bad_value"),
        ("tariffs", "to_kw", 0.0, "bad_value"),
        ("tariffs", "sunday_dates", "1/2", "bad_value"),
        ("tariffs", "sunday_dates", "02-30", "bad_value"),
        ("tariffs", "summer_first", 7.5, "not_whole"),
        ("energy_charges", "tariff", "lv", "bad_value"),
        ("energy_charges", "from_kwh", -1, "out_of_range"),
        ("subsidies", "conditions", ["no_fit", "no_fit"], "bad_value"),
        ("subsidies", "conditions", ["cheap"], "bad_value"),
        ("subsidies", "rate", 66.7, "out_of_range"),
        ("ppa", "unit", "yen", "bad_unit"),
        ("ppa", "value", 200, "out_of_range"),
        ("capex", "to_kw", 0.0, "bad_value"),
        ("lamp_bans", "last_day", 2027, "bad_value"),
        ("targets", "share", 50, "out_of_range"),
        ("targets", "source_en", "", "no_text"),
        ("targets", "how_sure", "maybe", "bad_value"),
        ("targets", "low", 0.9, None),
    ],
)
def test_what_is_wrong_with_a_row_is_named(section: str, name: str, value: object, code: str | None) -> None:
    plain = document()
    plain[section][0][name] = value
    if code is None:
        assert problems(plain, "test.toml") == []
        return
    with pytest.raises(UnreadableProfile) as caught:
        profile_from_document(plain, "", "test.toml")
    assert caught.value.code == f"profile.{code}"
    assert caught.value.details["key"] == f"{section}.1.{name}"
    problem, *rest = problems(plain, "test.toml")
    at = "term" if section == "ppa" else "1"
    assert (problem.section, problem.at, problem.field) == (section, at, name)
    # The charges of a tariff that cannot be used hang in the air.
    assert {one.section for one in rest} <= ({"energy_charges"} if section == "tariffs" else set())
    for language in LANGUAGES:
        assert f"{section}.1.{name}" in say(language, problem.error.code, **problem.error.details)


def test_times_of_day_are_of_a_tariff_that_is_there() -> None:
    plain = document()
    row = {
        "tariff": "hv_basic_2025",
        "season": "summer",
        "time": "peak",
        "days": "workday",
        "from_hour": 13.0,
        "to_hour": 16.0,
    }
    cited = {"source_ja": "約款", "source_en": "terms", "how_sure": "verify"}
    plain["tariff_times"] = [{**row, **cited}]
    made = profile_from_document(plain, "", "test.toml")
    assert made.tables.tariff_times[0].to_hour == 16.0
    assert again(made).tables == made.tables
    plain["tariff_times"].append({**row, **cited, "tariff": "lv", "from_hour": 25.0})
    plain["tariff_times"].append({**row, **cited, "tariff": "lv"})
    found = {(one.section, one.at, one.field, one.error.code) for one in problems(plain, "test.toml")}
    assert ("tariff_times", "2", "from_hour", "profile.out_of_range") in found
    with pytest.raises(UnreadableProfile, match="out_of_range"):
        profile_from_document(plain, "", "test.toml")
    del plain["tariff_times"][1]
    (problem,) = problems(plain, "test.toml")
    assert (problem.section, problem.at, problem.field) == ("tariff_times", "2", "tariff")


def test_steps_of_a_price_are_rows_of_their_own() -> None:
    plain = document()
    charge = plain["energy_charges"][0]
    plain["energy_charges"] += [{**charge, "from_kwh": 120.0}, {**charge, "from_kwh": 120.0}]
    (problem,) = problems(plain, "test.toml")
    assert (problem.error.code, problem.error.details["found"]) == ("profile.duplicate", "hv_basic_2025 all all 120.0")


def test_a_choice_of_the_ppa_is_one_of_its_numbers() -> None:
    plain = document()
    place = next(k for k, row in enumerate(plain["ppa"]) if row["key"] == "after_term")
    for value, code in ((1.5, "not_whole"), (4, "out_of_range"), (0, "out_of_range")):
        plain["ppa"][place]["value"] = value
        assert [problem.error.code for problem in problems(plain, "test.toml")] == [f"profile.{code}"]
    (value, *rest) = form_fields("ppa", "after_term")
    assert (value.kind, value.choices) == ("choice", ("1", "2", "3"))
    # A choice has no range.
    assert "low" not in {one.name for one in rest}
    for language in LANGUAGES:
        assert entry_value(language, "ppa", {"key": "after_term", "value": 2}) == choice_text(
            language, "choice.after_term", 2
        )


def test_a_row_that_stands_twice_is_named() -> None:
    plain = document()
    plain["wards"].append(plain["wards"][2])
    (problem,) = problems(plain, "test.toml")
    assert (problem.error.code, problem.section, problem.at) == ("profile.duplicate", "wards", "8")


def test_everything_that_is_wrong_is_told_at_once() -> None:
    plain = document()
    plain["municipality"]["epsg"] = 4326
    plain["values"]["pv.albedo"].update(value=7, source_ja="")
    del plain["values"]["roof.setback"]
    plain["criteria"][0]["applied"] = "yes"
    plain["targets"].append({})
    plain["weather"] = []
    found = {(one.section, one.at, one.field) for one in problems(plain, "test.toml")}
    assert {
        ("municipality", "", "epsg"), ("values", "pv.albedo", "value"), ("values", "pv.albedo", "source_ja"),
        ("criteria", "seismic", "applied"), ("targets", "5", "what"), ("targets", "5", "share"), ("targets", "5", "how_sure"),
    } <= found  # fmt: skip
    codes = [one.error.code for one in problems(plain, "test.toml")]
    assert {"profile.missing_value", "profile.unknown_key"} <= set(codes)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.text(max_size=20), st.dates(), st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)  # fmt: skip


def mutated(draw: st.DrawFn, part: Any) -> Any:
    """A part with something below it replaced, taken away or added."""
    if isinstance(part, dict) and part and draw(st.integers(0, 7)):
        key = draw(st.sampled_from(list(part)))
        how = draw(st.integers(0, 9))
        if how == 0:
            return {name: value for name, value in part.items() if name != key}
        if how == 1:
            return {**part, draw(st.text(max_size=8)): draw(JUNK)}
        return {**part, key: mutated(draw, part[key])}
    if isinstance(part, list) and part and draw(st.integers(0, 7)):
        place = draw(st.integers(0, len(part) - 1))
        how = draw(st.integers(0, 9))
        if how == 0:
            return [*part, part[place]]
        return [mutated(draw, one) if k == place else one for k, one in enumerate(part)]
    return draw(JUNK)


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = document_of(load_profile())
    for _ in range(draw(st.integers(1, 3))):
        changed = mutated(draw, made)
        made = changed if isinstance(changed, dict) else made
    return made


@settings(max_examples=80, deadline=None)
@given(broken())
def test_whatever_is_changed_is_read_or_named(made: dict[str, Any]) -> None:
    found, error = problems(made, "test.toml"), refused(made)
    if error is None:
        assert found == []
        return
    # The strict reader's first complaint is among all of them.
    told = [(one.error.code, one.error.details.get("key")) for one in found]
    assert (error.code, error.details.get("key")) in told
    assert all(say(language, error.code, **error.details) != error.code for language in LANGUAGES)


def refused(made: dict[str, Any]) -> UnreadableProfile | None:
    try:
        profile_from_document(made, "", "test.toml")
    except UnreadableProfile as error:
        return error
    return None


@pytest.mark.parametrize("part", ["a", '"a b"', "'a'", r'"\""'])
@pytest.mark.parametrize("where", ['code = "14130"', "value = 0.1125", "[municipality]"])
def test_keys_without_end_are_refused_at_once(part: str, where: str) -> None:
    """Reading them would take hours: the square of their number."""
    key = ".".join([part] * 100_000)
    text = load_profile().text.replace(where, f"[{key}]" if where.startswith("[") else f"x.{key} = 1", 1)
    with pytest.raises(UnreadableProfile, match="not_toml"):
        profile_from_text(text, "test.toml")


def test_rows_without_end_are_told_within_bounds() -> None:
    text = load_profile().text + "[[wards]]\n" * 60_000
    found = problems(parsed(text, "test.toml"), "test.toml")
    assert 0 < len(found) <= MOST_PROBLEMS + 10


def test_numbers_without_end_are_no_fault_of_the_program() -> None:
    text = load_profile().text.replace("value = 0.1125", "value = " + "9" * 5000, 1)
    with pytest.raises(UnreadableProfile, match="not_toml"):
        profile_from_text(text, "test.toml")
    with pytest.raises(UnreadableProfile, match="bad_value"):
        profile_from_text(load_profile().text.replace("value = 0.1125", "value = 0x" + "f" * 5000, 1), "test.toml")


# ---------------------------------------------------------------------------------------------- written and read again


def again(profile: Profile) -> Profile:
    made = profile_from_text(toml_text(document_of(profile)), profile.source)
    return dataclasses.replace(made, text=profile.text)


def test_what_is_written_is_read_as_it_was(bundled: Profile) -> None:
    assert again(bundled) == bundled
    text = toml_text(document_of(bundled))
    assert toml_text(document_of(profile_from_text(text, "a.toml"))) == text
    assert text.endswith("\n")
    assert f"# {bundled.name_ja} / {bundled.name_en}" in text


WORDS = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()))


@settings(max_examples=25, deadline=None)
@given(
    source=WORDS, note=WORDS, number=st.floats(0, 2), year=st.integers(1990, 2100), day=st.dates(), menu=st.text(max_size=10),
    share=st.floats(0, 1), flag=st.booleans(),
)  # fmt: skip
def test_any_words_and_numbers_are_read_as_they_were(
    source: str, note: str, number: float, year: int, day: date, menu: str, share: float, flag: bool
) -> None:
    plain = document_of(load_profile(profile_path("kaga")))
    cited = {"source_ja": source, "source_en": note, "note_ja": note, "note_en": source, "how_sure": "verify"}
    plain["municipality"] = {**plain["municipality"], "name_ja": source, "name_en": note}
    factor = {
        "fiscal_year": year,
        "kind": "basic",
        "operator_ja": source,
        "operator_en": note,
        "kg_co2_per_kwh": number,
        **cited,
    }
    plain["emission_factors"] = [{**factor, **({"menu": menu} if menu.strip() else {})}]
    plain["tariffs"] = [
        {"key": "a", "operator_ja": note, "operator_en": source, "name_ja": note, "name_en": source, "voltage": "low", "valid_from": day, "tax_included": flag, **cited}
    ]  # fmt: skip
    plain["targets"] = [{"what": "led_share", "share": share, "fiscal_year": year, **cited}]
    made = profile_from_text(toml_text(plain), "any.toml")
    assert document_of(made) == plain
    assert again(made) == made
    (row,) = made.tables.emission_factors
    assert isinstance(row, EmissionFactor)
    assert (row.kg_co2_per_kwh, row.source("ja")) == (number, source)


def test_half_characters_do_not_stop_the_writer() -> None:
    plain = document()
    plain["wards"][0]["name_ja"] = "川\ud842崎"
    assert tomllib.loads(toml_text(plain))["wards"][0]["name_ja"] == "川\ufffd崎"


# ---------------------------------------------------------------------------------------------- differences


def test_differences_are_those_that_were_made() -> None:
    before = load_profile()
    plain = document()
    plain["values"]["roof.setback"]["value"] = 1.5
    plain["criteria"][1]["threshold"] = 15.0
    plain["wards"] = [*plain["wards"][1:], plain["wards"][0]]
    gone = plain["levies"].pop()
    plain["ppa"].append({**plain["ppa"][0], "key": "residual", "unit": "-", "value": 0.02})
    after = profile_from_text(toml_text(plain), "after.toml")
    found = {(one.section, one.key, one.field): (one.before, one.after) for one in differences(before, after)}
    assert found[("values", "roof.setback", "value")] == (1.0, 1.5)
    assert found[("criteria", "remaining_years", "threshold")] == (20.0, 15.0)
    assert found[("levies", str(gone["fiscal_year"]), "")] == (gone, None)
    assert found[("ppa", "residual", "")][0] is None
    assert ("wards", "", "order") in found
    assert len(found) == 5
    assert differences(before, before) == []
    assert {(one.section, one.key, one.field) for one in differences(after, before)} == set(found)
