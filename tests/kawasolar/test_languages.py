"""Nobody meets a sentence in the other language: the profile's texts, the catalogue and the workbook's sheets."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pytest

from gis.findings import Finding
from kawasolar.decide import decide, default_settings
from kawasolar.export.xlsx import write_xlsx
from kawasolar.profile import load_profile
from kawasolar.reasons import choice_text, column_name, finding_sentence, named_values, unit_text
from kawasolar.weather.year import POSSIBLE, fill_gaps
from kawasolar.words import LANGUAGES, Language, catalogue
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kawasolar.plan import Plan

# Names that have no Japanese form.
NAMES = ("Project PLATEAU", "Data for Good", "Apache License 2.0", "Material Design Icons")
# Three words in a row are a phrase; one or two are a name or a unit.
PHRASE = re.compile(r"[A-Za-z]{2,}(?:[ ,;:]+[A-Za-z]+){2}")
# Kana, ideographs and their punctuation.
JAPANESE = re.compile("[\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff9f]")
# A title of a document, and its gloss.
TITLE = re.compile(r"「[^」]+」 \([^)]+\)")
# Words that are examples of what to write, or the other language's own name.
SHOWN = {"export.replaced_characters", "ledger.not_year", "ui.menu.language", "ui.language.ja"}


def without(text: str, names: Iterable[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


def test_no_phrase_of_the_profile_is_in_the_other_language() -> None:
    profile = load_profile()
    for entry in (*profile.values.values(), *profile.criteria):
        for text in (entry.source("ja"), entry.note("ja")):
            assert not text or JAPANESE.search(text)
            assert not PHRASE.search(without(text, NAMES)), text
        for text in (entry.source("en"), entry.note("en")):
            assert not JAPANESE.search(TITLE.sub("", text)), text
    for value in profile.values.values():
        assert not PHRASE.search(value.name("ja"))
        assert not JAPANESE.search(value.name("en"))


def test_no_phrase_of_the_catalogue_is_in_the_other_language() -> None:
    for code, texts in catalogue().items():
        japanese = re.sub(r"\{[^}]*\}", "", without(texts["ja"], NAMES))
        assert not PHRASE.search(japanese), code
        assert code in SHOWN or not JAPANESE.search(texts["en"]), code


def test_the_rules_find_what_they_are_for() -> None:
    assert PHRASE.search("出典: common lower limit of municipal surveys")
    assert PHRASE.search("計画年 (set by the municipality)")
    assert not PHRASE.search("WEBPRO builelib、JIS C 8907:2005、Project PLATEAU「SolarPotential」")
    assert JAPANESE.search("JIS の値")
    assert JAPANESE.search(TITLE.sub("", "「電気事業法」: lower limit"))
    assert not JAPANESE.search(TITLE.sub("", "「電気事業法」 (Electricity Business Act): 3–60°, m², −0.29 %"))


# ---------------------------------------------------------------------------------------------- workbook


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A decided plan with findings of all who make them."""
    made = example_plan(tmp_path_factory.mktemp("plan"), facilities=30)
    hours = np.full(8760, 5.0)
    hours[100:103] = np.nan
    gaps = [finding for name in POSSIBLE for finding in fill_gaps(hours, name, "weather.csv")[1]]
    assert len(gaps) == len(POSSIBLE)
    more = (
        Finding("weather.from_normals", "warning", source="weather.csv", found="1,391"),
        Finding("ledger.no_name", "warning", "facilities.csv", 12, "施設名称", item="F012"),
        Finding("plan.weather_far", "warning", "EPW", found="120 km", expected="< 50 km"),
    )
    settings = replace(
        default_settings(made.profile),
        pins=frozenset({"F999"}),
        criteria={"flood": (True, 1.0), "capacity": (True, 20)},
    )
    decision = replace(decide(made.facilities, made.results, made.profile, settings), not_applied=("min_floor",))
    return replace(made, settings=settings, decision=decision, findings=(*made.findings, *gaps, *more))


def cells(plan: Plan, folder: Path, language: Language) -> dict[tuple[str, str], str]:
    path = folder / "sites.xlsx"
    write_xlsx(plan, path, language)
    book = openpyxl.load_workbook(path)
    found = {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.data_type != "f"
    }
    assert {sheet for sheet, _ in found} == set(book.sheetnames)
    return found


def test_the_japanese_workbook_has_no_english_phrase(plan: Plan, tmp_path: Path) -> None:
    found = cells(plan, tmp_path, "ja")
    assert not {place: text for place, text in found.items() if PHRASE.search(without(text, NAMES))}
    texts = " ".join(found.values())
    assert "気温の欠測3時間" in texts
    assert "水平面直達日射量" in found.values()
    assert not any(code in found.values() for code in POSSIBLE)
    assert load_profile().criterion("min_floor").source_ja in found.values()


def test_the_english_workbook_has_japanese_only_in_names_and_titles(plan: Plan, tmp_path: Path) -> None:
    """Names are the ledger's texts, the user's column headings and the names of plan and station."""
    ledger = plan.facilities.drop(columns="geometry")
    names = {text for column in ledger for text in ledger[column] if isinstance(text, str) and JAPANESE.search(text)}
    names |= {finding.column for finding in plan.findings if finding.column}
    names |= {plan.name, plan.results.weather.station}
    found = cells(plan, tmp_path, "en")
    assert not {place: text for place, text in found.items() if JAPANESE.search(TITLE.sub("", without(text, names)))}
    assert any("3 missing hours of air temperature" in text for text in found.values())
    assert "direct horizontal irradiance" in found.values()


# ---------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("language", LANGUAGES)
def test_columns_of_the_weather_have_names(language: Language) -> None:
    for column in ("ghi", "dni", "dhi", "temp_air", "wind_speed"):
        name = column_name(language, "weather.gaps_filled", column)
        assert name not in ("", column)
        assert bool(JAPANESE.search(name)) == (language == "ja")
        words = finding_sentence(language, Finding("weather.gaps_filled", "warning", "a.epw", column=column, found="2"))
        assert name in words
        assert column not in words
    # A heading of the user's file stays, even where it looks like one of ours.
    assert column_name(language, "ledger.no_name", "ghi") == "ghi"
    assert named_values(language, "weather.not_a_number", {"column": 7, "line": 3}) == {"column": 7, "line": 3}


@pytest.mark.parametrize("language", LANGUAGES)
def test_units_that_are_words(language: Language) -> None:
    units = {value.unit for value in load_profile().values.values()} | {c.unit for c in load_profile().criteria}
    named = {unit: unit_text(language, unit) for unit in ("a", "-", "calendar year", "month")}
    assert set(named) <= units
    assert list(named.values()) == (
        ["年", "－", "西暦年", "月"] if language == "ja" else ["years", "–", "calendar year", "(month)"]
    )
    # The others are written alike everywhere, and hold no word.
    for unit in units - set(named):
        if unit.startswith("choice."):
            # Which of several: it has no unit, and its own words.
            assert unit_text(language, unit) == ""
            assert choice_text(language, unit, 1.0) != f"{unit}.1"
            continue
        assert unit_text(language, unit) == unit
        assert not JAPANESE.search(unit)
        assert not PHRASE.search(unit)
