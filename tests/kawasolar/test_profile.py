"""The profile: the bundled one against the table of coefficients' figures, and everything that must be refused."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from kawasolar.choices import WITH, has_part
from kawasolar.errors import UnreadableProfile
from kawasolar.layout_values import CAPACITIES, ORIENTATIONS, RACKS
from kawasolar.loss_values import LOSSES
from kawasolar.profile import MAX_BYTES, Profile, load_profile, profile_from_text
from kawasolar.reasons import choice_text
from kawasolar.value_rules import CRITERION_RULES, INTEGERS, VALUE_RULES
from kawasolar.words import LANGUAGES, say

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.words import Language


@pytest.fixture(scope="module")
def kawasaki() -> Profile:
    return load_profile()


def changed(profile: Profile, old: str, new: str) -> str:
    assert profile.text.count(old) >= 1, old
    return profile.text.replace(old, new, 1)


def refused(text: str) -> UnreadableProfile:
    with pytest.raises(UnreadableProfile) as caught:
        profile_from_text(text, "test.toml")
    assert caught.value.details["file"] == "test.toml"
    return caught.value


def test_bundled_profile_has_everything_with_a_source(kawasaki: Profile) -> None:
    assert set(kawasaki.values) == set(VALUE_RULES)
    assert {criterion.key for criterion in kawasaki.criteria} == set(CRITERION_RULES)
    for value in kawasaki.values.values():
        assert value.name_ja
        assert value.name_en
        if value.low is not None and value.high is not None:
            assert value.low <= value.value <= value.high, value.key
    assert (kawasaki.epsg, kawasaki.code, kawasaki.plan_year, kawasaki.objective) == (6677, "14130", 2026, "co2")
    assert kawasaki.name("ja") == "川崎市"
    assert kawasaki.name("en") == "Kawasaki City"


def test_bundled_figures_are_those_of_the_sources(kawasaki: Profile) -> None:
    # 1,800 kW on 16,000 m², and 900 t from 2.1 GWh: the Iriesaki release.
    assert kawasaki.number("pv.density_flat") == pytest.approx(1800 / 16000)
    assert kawasaki.number("co2.grid_factor") == pytest.approx(900 / 2100, abs=0.002)
    # WEBPRO's product of the factors with a 96 % inverter is 0.815.
    names = ("loss_shade", "loss_ageing", "loss_matching", "loss_array", "pcs_efficiency", "pcs_correction")
    product = 1.0
    for name in names:
        product *= kawasaki.number(f"pv.{name}")
    assert product == pytest.approx(0.815, abs=0.0005)


def test_bundled_values_cite_rows_that_exist(realdata: Path, kawasaki: Profile) -> None:
    table = realdata.parent / "domain" / "coefficients.csv"
    if not table.is_file():
        pytest.skip("no table of coefficients beside the real data")
    keys = {line.split(",", 1)[0] for line in table.read_text("utf-8").splitlines()[1:]}
    entries = [*kawasaki.values.values(), *kawasaki.criteria]
    cited = {key.strip() for entry in entries if entry.coefficient for key in entry.coefficient.split(",")}
    assert len(cited) > 20
    assert cited <= keys


def test_sources_and_notes_stand_in_both_languages(kawasaki: Profile) -> None:
    for entry in (*kawasaki.values.values(), *kawasaki.criteria):
        for texts in ((entry.source("ja"), entry.source("en")), (entry.note("ja"), entry.note("en"))):
            assert all(text == text.strip() for text in texts)
            assert bool(texts[0]) == bool(texts[1])
            # Keys of the table of coefficients are for maintainers.
            assert not any("[" in text or "_HS" in text for text in texts)
        assert entry.source("ja")
        assert entry.source("ja") != entry.source("en")
    assert kawasaki.value("temp.roof_fb").note("ja") == ""
    floor = kawasaki.criterion("min_floor")
    assert (floor.source("ja"), floor.note("en")) == (floor.source_ja, floor.note_en)
    assert floor.coefficient == "rule.min_floor"


def test_notes_and_coefficient_may_be_left_out(kawasaki: Profile) -> None:
    lines = kawasaki.text.splitlines(keepends=True)
    bare = profile_from_text(
        "".join(line for line in lines if not line.startswith(("note_", "coefficient ="))), "bare.toml"
    )
    entries = [*bare.values.values(), *bare.criteria]
    assert {(entry.note("ja"), entry.note("en"), entry.coefficient) for entry in entries} == {("", "", "")}


def test_the_first_format_is_refused_with_what_to_change(kawasaki: Profile) -> None:
    old = "".join(
        line.replace("source_ja =", "source =")
        for line in kawasaki.text.replace("format = 2", "format = 1").splitlines(keepends=True)
        if not line.startswith(("source_en", "note_", "coefficient"))
    )
    error = refused(old)
    assert error.code == "profile.format_1"
    for language in LANGUAGES:
        words = say(language, error.code, **error.details)
        assert all(part in words for part in ("test.toml", "source_ja", "note_en", "coefficient", "format"))
        assert "2" in words


def test_text_round_trip(kawasaki: Profile, tmp_path: Path) -> None:
    file = tmp_path / "横浜 市.toml"
    file.write_text(kawasaki.to_toml(), encoding="utf-8")
    again = load_profile(file)
    assert dataclasses.replace(again, source=kawasaki.source) == kawasaki
    assert tomllib.loads(again.text) == tomllib.loads(kawasaki.text)


def test_byte_order_mark_of_notepad_is_read(kawasaki: Profile, tmp_path: Path) -> None:
    file = tmp_path / "bom.toml"
    file.write_text(kawasaki.text, encoding="utf-8-sig")
    assert load_profile(file).values == kawasaki.values


@pytest.mark.parametrize("begin", ["pv.capacity", "module.", "layout.", "pv.losses"])
def test_a_profile_of_before_has_the_bundled_values(kawasaki: Profile, begin: str) -> None:
    """Given away before modules were laid out: it is read as it stands, and written as it was."""
    text = re.sub(rf'\[values\."{re.escape(begin)}[^[]*', "", kawasaki.text)
    older = profile_from_text(text, "older.toml")
    assert older.values == kawasaki.values
    assert f'"{begin}' not in older.text
    assert older.number("pv.capacity") == 1.0


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_of_the_profile_has_a_word(kawasaki: Profile, language: Language) -> None:
    known = {
        "pv.losses": len(LOSSES),
        "pv.capacity": len(CAPACITIES),
        "layout.orientation": len(ORIENTATIONS),
        "layout.racks": len(RACKS),
    }
    choices = {key: value for key, value in kawasaki.values.items() if value.unit.startswith("choice.")}
    assert set(known) <= set(choices)
    for key, value in choices.items():
        _, low, high = VALUE_RULES[key]
        assert (low, high) == (1.0, known.get(key, high))
        assert key in INTEGERS
        words = [choice_text(language, value.unit, number) for number in range(1, int(high) + 1)]
        assert len(set(words)) == len(words)
        assert not any(word.startswith("choice.") for word in words)


def test_what_says_which_values_have_a_part_names_values(kawasaki: Profile) -> None:
    for chooser, keys in WITH.items():
        _, low, high = VALUE_RULES[chooser]
        for begin, numbers in keys.items():
            mine = [key for key in VALUE_RULES if key.startswith(begin)]
            assert mine
            assert all(low <= number <= high for number in numbers)
            # Of no part with the other numbers, whatever else is chosen.
            for number in {*range(int(low), int(high) + 1)} - set(numbers):
                assert not any(has_part(key, kawasaki.with_numbers({chooser: float(number)})) for key in mine)


def test_unknown_value_is_named(kawasaki: Profile) -> None:
    error = refused(changed(kawasaki, '[values."pv.albedo"]', '[values."pv.albdeo"]'))
    assert error.code == "profile.unknown_key"
    assert error.details["key"] == "values.pv.albdeo"


def test_missing_value_is_named(kawasaki: Profile) -> None:
    begin = kawasaki.text.index('[values."pv.albedo"]')
    end = kawasaki.text.index('[values."pv.loss_shade"]')
    error = refused(kawasaki.text[:begin] + kawasaki.text[end:])
    assert (error.code, error.details["key"]) == ("profile.missing_value", "pv.albedo")


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("value = 0.1125", "value = 112.5", "profile.out_of_range", "pv.density_flat.value"),
        ("value = 0.1125", "value = nan", "profile.bad_value", "pv.density_flat.value"),
        ("value = 0.1125", "value = true", "profile.bad_value", "pv.density_flat.value"),
        ("value = 0.1125", 'value = "0.1125"', "profile.bad_value", "pv.density_flat.value"),
        ("low = 0.098", "low = 0.5", "profile.bad_value", "pv.density_flat.low"),
        ("value = 2026\n", "value = 2026.5\n", "profile.not_whole", "plan.year.value"),
        ('unit = "kW/m²"', 'unit = "W/m²"', "profile.bad_unit", "pv.density_flat"),
        ('how_sure = "verify"', 'how_sure = "sure"', "profile.bad_value", "join.nearest_m.how_sure"),
        ('source_en = "Project PLATEAU', 'sauce = "Project PLATEAU', "profile.unknown_key", "roof.flat_tilt.sauce"),
        ('source_en = "Year in', '# "Year in', "profile.no_text", "plan.year.source_en"),
        ('source_ja = "計画を', 'source_ja = " "\n# "計画を', "profile.no_text", "plan.year.source_ja"),
        ('note_en = "Ages', 'note_en = ""\n# "Ages', "profile.note_in_one_language", "plan.year.note_en"),
        ('note_ja = "築年数', '# "築年数', "profile.note_in_one_language", "plan.year.note_ja"),
        ('note_ja = "築年数', 'note = "築年数', "profile.unknown_key", "plan.year.note"),
        ('coefficient = "target.half"', "coefficient = 3", "profile.no_text", "plan.share.coefficient"),
        ('coefficient = "rule.seismic"', 'coefficient = ""', "profile.no_text", "criteria.seismic.coefficient"),
        ("format = 2", "format = 3", "profile.format", "format"),
        ("format = 2", "format = true", "profile.format", "format"),
        ("epsg = 6677", "epsg = 4326", "profile.bad_epsg", "municipality.epsg"),
        ("epsg = 6677", "epsg = 9", "profile.bad_epsg", "municipality.epsg"),
        ('objective = "co2"', 'objective = "money"', "profile.bad_value", "plan.objective"),
        ('key = "seismic"', 'key = "sesmic"', "profile.bad_value", "criteria.key"),
        ('key = "closure"', 'key = "seismic"', "profile.duplicate", "criteria.seismic"),
        ("threshold = 12", "threshold = -1", "profile.out_of_range", "criteria.waterproofing.threshold"),
        ('unknown = "check"', 'unknown = "fail"', "profile.bad_value", "criteria.seismic.unknown"),
        ("applied = true", 'applied = "yes"', "profile.bad_value", "criteria.seismic.applied"),
        (
            'key = "seismic"',
            'key = "seismic"\nthreshold = 1',
            "profile.threshold_not_asked",
            "criteria.seismic.threshold",
        ),
        ("year = 2021", 'year = "2021"', "profile.bad_value", "plan.share.year"),
        ("[municipality]", "[town]", "profile.unknown_key", "town"),
    ],
)
def test_what_is_wrong_is_named(kawasaki: Profile, old: str, new: str, code: str, key: str) -> None:
    error = refused(changed(kawasaki, old, new))
    assert (error.code, error.details["key"]) == (code, key)
    assert error.details["expected"] or code == "profile.threshold_not_asked"
    words = {language: say(language, code, **error.details) for language in LANGUAGES}
    assert all(key in text or code == "profile.format" for text in words.values())
    # What is expected is shown in signs, never in words of one language.
    assert not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}", str(error.details["expected"]))


def test_broken_toml_says_where(kawasaki: Profile) -> None:
    error = refused(changed(kawasaki, "format = 2", "format = = 2"))
    assert error.code == "profile.not_toml"
    assert "line 11" in str(error.details["found"])


def test_deep_nesting_is_refused() -> None:
    assert refused("a = " + "[" * 100_000).code == "profile.not_toml"


def test_files_that_are_no_profile(tmp_path: Path) -> None:
    big = tmp_path / "big.toml"
    big.write_bytes(b"#" * (MAX_BYTES + 1))
    binary = tmp_path / "binary.toml"
    binary.write_bytes("名称".encode("cp932"))
    for file, code in ((big, "too_large"), (binary, "not_utf8"), (tmp_path / "no.toml", "not_readable")):
        with pytest.raises(UnreadableProfile) as caught:
            load_profile(file)
        assert caught.value.code == f"profile.{code}"
