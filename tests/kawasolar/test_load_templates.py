"""The tables of loads: holidays, what is in them, what is refused, and others laid over them."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.bundled import bundled_profiles
from kawasolar.demand import (
    bundled_templates,
    day_types,
    laid_over,
    national_holidays,
    overridden,
    read_templates,
    tables_fingerprint,
    templates_of,
)
from kawasolar.demand.rows import CLOSED, DAYS, KINDS, SECTIONS
from kawasolar.errors import UnreadableProfile
from kawasolar.half_hours import fiscal_year
from kawasolar.ledger.vocabulary import codes_of
from kawasolar.profile import load_profile
from kawasolar.profiles.fields import known_fields
from kawasolar.resources import resource_path
from tests.kawasolar.test_languages import JAPANESE, PHRASE, TITLE

if TYPE_CHECKING:
    from pathlib import Path

# By 国民の祝日に関する法律 (articles 2 and 3) and the equinoxes of the National Astronomical Observatory; years as they begin in April.
HOLIDAYS = {
    2025: "0429 0503 0504 0505 0506 0721 0811 0915 0923 1013 1103 1123 1124 0101 0112 0211 0223 0320",
    # 22 September lies between two holidays.
    2026: "0429 0503 0504 0505 0506 0720 0811 0921 0922 0923 1012 1103 1123 0101 0111 0211 0223 0321 0322",
    2027: "0429 0503 0504 0505 0719 0811 0920 0923 1011 1103 1123 0101 0110 0211 0223 0320",
    2028: "0429 0503 0504 0505 0717 0811 0918 0922 1009 1103 1123 0101 0108 0211 0212 0223 0320",
    2029: "0429 0430 0503 0504 0505 0716 0811 0917 0923 0924 1008 1103 1123 0101 0114 0211 0223 0320",
    2030: "0429 0503 0504 0505 0506 0715 0811 0812 0916 0923 1014 1103 1104 1123 0101 0113 0211 0223 0224 0321",
}
FILE = resource_path("load_templates.toml")
# Municipalities with tables of their own.
OWN = sorted(path.stem for path in resource_path("profiles", "loads").glob("*.toml"))


# ---------------------------------------------------------------------------------------------- holidays


@pytest.mark.parametrize("year", HOLIDAYS)
def test_holidays_are_those_of_the_law(year: int) -> None:
    dates = fiscal_year(year).dates
    found = [f"{day:%m%d}" for day in dates[national_holidays(dates)].tolist()]
    assert found == HOLIDAYS[year].split()


def test_years_out_of_range() -> None:
    """None before the law; later those of the year with the same calendar."""
    assert not national_holidays(fiscal_year(1940).dates).any()
    # 2105 has the weekdays and the length of 2099, the last that is sure.
    days = np.arange(np.datetime64("2105-01-01"), np.datetime64("2106-01-01"))
    twin = np.arange(np.datetime64("2099-01-01"), np.datetime64("2100-01-01"))
    assert (days.astype(int)[0] - twin.astype(int)[0]) % 7 == 0
    np.testing.assert_array_equal(national_holidays(days), national_holidays(twin))
    assert national_holidays(np.array([], dtype="datetime64[D]")).shape == (0,)


# ---------------------------------------------------------------------------------------------- what is in them


def test_every_kind_of_the_ledger_has_a_template() -> None:
    tables = bundled_templates()
    assert set(KINDS) == set(codes_of("kind")) == set(tables.templates)
    for kind in KINDS:
        assert tables.kind(kind).periods
    assert tables.kind(None) == tables.kind("never heard of") == tables.kind("other")
    # What they use follows what they treat, pump and light.
    assert set(KINDS) - set(tables.intensities) == {"waste_plant", "water_works", "park"}


@pytest.mark.parametrize("code", ["", *OWN])
def test_every_row_has_its_source_in_both_languages_and_stands_in_its_range(code: str) -> None:
    tables = templates_of(code)
    main = {"base_share": tables.templates.values(), "level": tables.periods, "kwh_m2": tables.intensities.values()}
    for name, rows in main.items():
        for row in rows:
            assert row.low is not None
            assert row.high is not None
            assert row.low <= getattr(row, name) <= row.high
    rows = [
        *tables.templates.values(),
        *tables.periods,
        *tables.spans,
        *tables.months,
        *tables.intensities.values(),
        tables.course,
    ]
    for row in rows:
        assert JAPANESE.search(row.source("ja"))
        assert not PHRASE.search(row.source("ja") + row.note("ja")), row.source("ja")
        assert not JAPANESE.search(TITLE.sub("", row.source("en") + row.note("en"))), row.source("en")
        # What is our own is said to be.
        assert "Own assumption" not in row.source("en") or row.how_sure == "verify"


# ---------------------------------------------------------------------------------------------- what is refused


@cache
def bundled() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


CITED = {"source_ja": "出典", "source_en": "source", "how_sure": "verify"}
PERIOD = {"kind": "office", "days": ["open"], "begin_h": 9.0, "end_h": 17.0, "level": 1.0, **CITED}
SPAN = {"kinds": ["office"], "day": "closed", "begin": "08-13", "end": "08-15", **CITED}
WRONG = {
    "an hour beyond the day": ("load_periods", {**PERIOD, "end_h": 25.0}, "profile.out_of_range", "load_periods.1.end_h"),
    "an end before its begin": ("load_periods", {**PERIOD, "end_h": 8.0}, "profile.bad_value", "load_periods.1.end_h"),
    "no type of day": ("load_periods", {**PERIOD, "days": []}, "profile.bad_value", "load_periods.1.days"),
    "an unknown type of day": ("load_periods", {**PERIOD, "days": ["closed"]}, "profile.bad_value", "load_periods.1.days"),
    "an unknown kind": ("load_periods", {**PERIOD, "kind": "castle"}, "profile.bad_value", "load_periods.1.kind"),
    "a level that is no number": ("load_periods", {**PERIOD, "level": "1"}, "profile.bad_value", "load_periods.1.level"),
    "a level that is not finite": ("load_periods", {**PERIOD, "level": float("nan")}, "profile.bad_value", "load_periods.1.level"),
    "an unknown field": ("load_periods", {**PERIOD, "power": 1.0}, "profile.unknown_key", "load_periods.1.power"),
    "no source": ("load_periods", {**PERIOD, "source_en": " "}, "profile.no_text", "load_periods.1.source_en"),
    "a note in one language": ("load_periods", {**PERIOD, "note_en": "note"}, "profile.note_in_one_language", "load_periods.1.note_ja"),
    "a date that is none": ("load_spans", {**SPAN, "end": "13-01"}, "profile.bad_value", "load_spans.1.end"),
    "kinds that are none": ("load_spans", {**SPAN, "kinds": []}, "profile.bad_value", "load_spans.1.kinds"),
    "a row that is no table": ("load_spans", "closed", "profile.bad_value", "load_spans.1"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_row_is_named(name: str) -> None:
    section, row, code, key = WRONG[name]
    with pytest.raises(UnreadableProfile) as caught:
        overridden(bundled_templates(), {section: [row]}, "town.toml")
    assert caught.value.code == code
    assert caught.value.details["key"] == key
    assert caught.value.details["file"] == "town.toml"


def test_rows_that_contradict_one_another_are_named() -> None:
    with pytest.raises(UnreadableProfile) as caught:
        overridden(bundled_templates(), {"load_periods": [PERIOD, {**PERIOD, "begin_h": 16.0, "end_h": 18.0}]}, "t")
    assert (caught.value.code, caught.value.details["key"]) == ("profile.bad_value", "load_periods.office.open.begin_h")
    with pytest.raises(UnreadableProfile) as caught:
        overridden(bundled_templates(), {"load_spans": [SPAN, SPAN]}, "t")
    assert (caught.value.code, caught.value.details["key"]) == ("profile.duplicate", "load_spans.2")
    with pytest.raises(UnreadableProfile) as caught:
        overridden(bundled_templates(), {"load_periods": PERIOD}, "t")
    assert caught.value.details["key"] == "load_periods"


@pytest.mark.parametrize("section", SECTIONS)
def test_a_table_that_is_not_there_is_named(section: str, tmp_path: Path) -> None:
    text = FILE.read_text("utf-8").replace(f"[{section}]", "[away]")
    (tmp_path / "t.toml").write_text(text, "utf-8")
    with pytest.raises(UnreadableProfile):
        read_templates(tmp_path / "t.toml")
    lessened = {name: rows for name, rows in bundled().items() if name != section}
    # Laid over others it may be absent.
    overridden(bundled_templates(), lessened, "t")


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "loads.toml"
    bad = {
        b"": "profile.missing_section", b"\xff\xfe\x00": "profile.not_utf8", b"[load_course": "profile.not_toml", b"a" * 1_000_001: "profile.too_large",
        b"a." * 5000 + b"a = 1": "profile.not_toml", FILE.read_bytes()[:20_000]: None,
    }  # fmt: skip
    for raw, code in bad.items():
        path.write_bytes(raw)
        with pytest.raises(UnreadableProfile) as caught:
            read_templates(path)
        assert code is None or caught.value.code == code
    path.unlink()
    with pytest.raises(UnreadableProfile, match="not_readable"):
        read_templates(path)
    text = re.sub(r"(?m)^month = 12$", "month = 11", FILE.read_text("utf-8"))
    path.write_text(text, "utf-8")
    with pytest.raises(UnreadableProfile, match="duplicate"):
        read_templates(path)


@given(st.sampled_from(sorted(SECTIONS)), st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_stands_in_a_field_is_taken_or_refused(section: str, data: st.DataObject) -> None:
    """Never another error than one that names the field."""
    given_rows = bundled()[section]
    row = dict(given_rows if isinstance(given_rows, dict) else data.draw(st.sampled_from(given_rows)))
    field = data.draw(st.sampled_from(known_fields(SECTIONS[section].row)))
    row[field] = data.draw(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.sampled_from(DAYS), max_size=3), st.just({})))  # fmt: skip
    rows = row if SECTIONS[section].single else [row]
    try:
        overridden(bundled_templates(), {section: rows}, "t")
    except UnreadableProfile as error:
        named = error.details
    else:
        return
    assert named["key"]


# ---------------------------------------------------------------------------------------------- laid over


def test_hours_of_one_type_of_day_take_the_place_of_those() -> None:
    found = overridden(bundled_templates(), {"load_periods": [PERIOD], "other_section": 1}, "town.toml")
    office, before = found.kind("office"), bundled_templates().kind("office")
    opened = [row for row in office.periods if "open" in row.days]
    assert [(row.begin_h, row.end_h) for row in opened] == [(9.0, 17.0)]
    saturdays = [[row for row in kind.periods if "saturday" in row.days] for kind in (office, before)]
    assert saturdays[0] == saturdays[1] != []
    assert found.kind("school") == bundled_templates().kind("school")


def test_a_template_brings_all_that_is_its_own() -> None:
    template = {
        "kind": "school",
        "base_share": 0.3,
        "cooling": 0.0,
        "heating": 0.0,
        "on_holiday": "closed",
        "ramp_h": 0.5,
        **CITED,
    }
    span = {**SPAN, "kinds": ["school"], "day": "vacation", "begin": "07-20", "end": "08-24"}
    month = {"month": 8, "cooling": 0.5, "heating": 0.0, **CITED}
    found = overridden(
        bundled_templates(),
        {"load_templates": [template], "load_spans": [span], "load_months": [month], "load_intensities": [{"kind": "park", "kwh_m2": 2.0, **CITED}]},
        "town.toml",
    )  # fmt: skip
    school = found.kind("school")
    assert (school.template.base_share, school.periods) == (0.3, ())
    assert [(row.day, row.begin) for row in school.spans] == [("vacation", "07-20")]
    # Rows that it shared with others are theirs still.
    assert found.kind("office").spans == tuple(
        row.__class__(**{**row.__dict__, "kinds": tuple(kind for kind in row.kinds if kind != "school")})
        for row in bundled_templates().kind("office").spans
    )
    assert [row.cooling for row in found.months][7] == 0.5
    assert found.intensities["park"].kwh_m2 == 2.0


def test_municipalities_with_tables_of_their_own() -> None:
    """They are those of bundled profiles, and only theirs."""
    codes = {load_profile(path).code for path in bundled_profiles().values()}
    assert OWN
    assert set(OWN) <= codes
    for code in ("", "99999", "../loads/14130", "１４１３０"):
        assert templates_of(code) is bundled_templates()
    kawasaki = templates_of("14130")
    assert tables_fingerprint("14130") != tables_fingerprint("") == tables_fingerprint("99999")
    # The third Monday, or the day after where it is a holiday (20 July, 21 September with two more behind it).
    year = fiscal_year(2026)
    closed = year.dates[day_types(kawasaki.kind("library"), year.dates) == CLOSED]
    expected = ["04-20", "05-18", "06-15", "07-21", "08-17", "09-24", "10-19", "11-16", "12-21"]
    assert [str(day)[5:] for day in closed[:9]] == expected
    assert kawasaki.kind("nursery").periods == bundled_templates().kind("nursery").periods


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[[load_months]]\nmonth = 8\ncooling = 0.7\nheating = 0.0\nsource_ja = "実測"\nsource_en = "measured"\nhow_sure = "primary"\n',
        "utf-8",
    )
    assert laid_over(bundled_templates(), path).months[7].cooling == 0.7
    path.write_text("[[load_month]]\nmonth = 8\n", "utf-8")
    with pytest.raises(UnreadableProfile, match="unknown_key"):
        laid_over(bundled_templates(), path)
