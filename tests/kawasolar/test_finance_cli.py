"""``kawasolar finance`` and its papers: what they say, in both languages, and what they refuse."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from kawasolar.__main__ import main
from kawasolar.errors import PlanError
from kawasolar.export.finance import write_finance_csv, write_finance_xlsx
from kawasolar.export.fingerprint import Origin, read_fingerprint
from kawasolar.finance import Site, Terms, compare
from kawasolar.finance.compare import FIGURES
from kawasolar.finance.of_plan import energy_band, site_of, sites_of
from kawasolar.finance.ways import WAYS
from kawasolar.plan import Use
from kawasolar.profile import load_profile
from kawasolar.words import LANGUAGES
from tests.kawasolar.test_languages import JAPANESE, NAMES, PHRASE, TITLE, without
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan

SITE = ("finance", "--kw", "100", "--self-use", "90000", "--surplus", "20000", "--price", "25.2", "--roof", "900")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return example_plan(tmp_path_factory.mktemp("plan"), facilities=12)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main(["-q", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_figures_and_cash_flows_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, *SITE)
    assert list(found["ways"]) == list(WAYS)
    ppa = found["ways"]["ppa"]
    assert set(ppa["figures"]) == set(FIGURES)
    ours = compare(Site(100.0, 90_000.0, 20_000.0, 25.2, roof_m2=900.0), Terms.of(load_profile()))
    assert ppa["figures"]["unit"] == pytest.approx(float(ours.outcomes["ppa"].figures["unit"]))
    # A sum is that of its lines.
    for way in found["ways"].values():
        for side in ("city", "operator"):
            lines = list(way["cash"][side].values())
            assert [sum(year) for year in zip(*lines, strict=True)] == pytest.approx(way["sums"][side], abs=0.2)
    assert found["ways"]["purchase"]["figures"]["operator_irr"] is None
    assert found["borrowed"] == []
    assert set(found["tornado"]) == {"ppa.unit", "ppa.city_npv"}


def test_public_figures_by_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """33 million yen and 900 t-CO2 a year of the sewage plant."""
    words = ("finance", "--kw", "1800", "--self-use", "2100600", "--price", "25.2", "--ppa-price", "9.45")
    figures = told(capsys, *words)["ways"]["ppa"]["figures"]
    assert figures["city_first"] == pytest.approx(33e6, rel=0.01)
    assert figures["co2_first"] == pytest.approx(900, rel=0.01)


def test_a_subsidy_by_a_part_of_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, *SITE, "--subsidy", "先行地域", "--contract", "2026-07-01", "--decision", "2026-06-01")["ways"]
    assert found["ppa"]["conditions"] == {"no_fit": "pass", "contract_after_grant": "pass"}
    assert found["ppa"]["figures"]["grant"] == pytest.approx(0.667 * 20e6)
    assert found["ppa"]["price"]["taken"] < found["ppa"]["price"]["without"]
    assert found["roof_rent"]["conditions"]["no_fit"] == "fail"
    assert found["roof_rent"]["figures"]["grant"] == 0.0
    late = told(capsys, *SITE, "--subsidy", "先行地域", "--contract", "2026-05-01", "--decision", "2026-06-01")["ways"]
    assert late["ppa"]["figures"]["grant"] == 0.0


def test_another_assumption_and_another_city(capsys: pytest.CaptureFixture[str]) -> None:
    ten = told(capsys, *SITE, "--set", "term=10", "--set", "operator_irr=0.03")
    assert ten["years"] == 10
    assert len(ten["ways"]["ppa"]["sums"]["city"]) == 11
    assert ten["ways"]["ppa"]["figures"]["operator_irr"] == pytest.approx(0.03)
    kaga = told(capsys, *SITE, "--profile", "kaga")
    assert "finance.borrowed" in kaga["findings"]
    assert "corporate_tax" in kaga["borrowed"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_on_the_screen(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert (
        main(["--lang", language, *SITE, "--profile", "kaga", "--ppa-price", "15", "--figure", "purchase.city_payback"])
        == 0
    )
    out, err = capsys.readouterr()
    for text in (out, err):
        assert text.strip()
        assert not re.search(r"(finance|profile|unit|cli)\.[a-z]", text)
        assert not (PHRASE.search(without(text, NAMES)) if language == "ja" else JAPANESE.search(text))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("finance",), 2),
        (("finance", "--kw", "100"), 2),
        (("finance", "--kw", "-1", "--self-use", "1"), 2),
        (("finance", "--kw", "nan", "--self-use", "1"), 2),
        (("finance", "--kw", "10", "--self-use", "1", "--surplus", "nan"), 2),
        ((*SITE, "--ppa-price", "nan"), 2),
        (("finance", "--kw", "10", "--self-use", "inf"), 2),
        ((*SITE, "--set", "colour=3"), 3),
        ((*SITE, "--set", "term=nan"), 3),
        ((*SITE, "--set", "term=200"), 3),
        ((*SITE, "--set", "after_term=3"), 3),
        ((*SITE, "--subsidy", "月面"), 3),
        ((*SITE, "--figure", "ppa.beauty"), 2),
        ((*SITE, "--contract", "tomorrow"), 2),
        (("finance", "nowhere.kawasolar", "001", "--self-share", "0.5"), 3),
        (("finance", "nowhere.kawasolar"), 2),
    ],
)
def test_what_is_refused(words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", *words]) == code
    assert capsys.readouterr().err.strip()


def test_facilities_of_a_plan(plan: Plan) -> None:
    rows = plan.results.yields[plan.results.yields["energy_kwh"] > 0].iloc[:3]
    ids, energy = rows["facility_id"].tolist(), rows["energy_kwh"].to_numpy()
    sites = sites_of(plan, ids, 25.2, 0.7)
    assert sites.capacity_kw == pytest.approx(rows["capacity_kw"].to_numpy())
    assert sites.self_use_kwh == pytest.approx(0.7 * energy)
    assert np.asarray(sites.self_use_kwh) + np.asarray(sites.surplus_kwh) == pytest.approx(energy)
    assert sites.roof_m2 == pytest.approx(rows["usable_m2"].to_numpy())
    used = plan.use.frame.set_index("facility_id")["self_use_kwh"] if plan.use is not None else pd.Series(dtype=float)
    for facility in ids:
        if np.isfinite(used.get(facility, np.nan)):
            assert site_of(plan, facility, 25.2).self_use_kwh == pytest.approx(used[facility], rel=1e-5)
        else:
            with pytest.raises(PlanError, match=r"finance\.no_use"):
                site_of(plan, facility, 25.2)
    frame = pd.DataFrame({"facility_id": ids, "self_use_kwh": [energy[0] / 2, energy[1] * 1.001, np.nan]})
    told = replace(plan, use=Use(frame, np.zeros((3, 3, 12), np.float32), np.zeros((3, 2, 12), np.float32)))
    own = sites_of(told, ids[:2], 25.2)
    assert own.self_use_kwh == pytest.approx([energy[0] / 2, energy[1]])
    assert (np.asarray(own.surplus_kwh) >= 0.0).all()
    with pytest.raises(PlanError, match=r"finance\.no_use"):
        sites_of(told, ids, 25.2)
    with pytest.raises(PlanError, match="no_such_facility"):
        sites_of(plan, [ids[0], "nobody"], 25.2)
    band = energy_band(plan, ids[0])
    assert band is None or band[0] <= 1.0 <= band[1]


# ---------------------------------------------------------------------------------------------- papers


def cells(path: Path) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_of_a_facility(plan: Plan, language: Any, tmp_path: Path) -> None:
    from kawasolar.finance import Options, tornado

    profile = load_profile()
    terms = Terms.of(profile).with_number("opex", 4500.0)
    site = Site(100.0, 90_000.0, 20_000.0, 25.2, roof_m2=900.0)
    options = Options(tuple(row for row in profile.tables.subsidies if row.rate == 0.667))
    found = compare(site, terms, options)
    origin = Origin.of(plan)
    path = tmp_path / "収支.xlsx"
    bars = {("ppa", "unit"): tornado(site, terms, "ppa", "unit", options)}
    write_finance_xlsx(found, path, language, name="=第一小学校", tornados=bars, origin=origin)  # type: ignore[arg-type]
    assert read_fingerprint(path) == origin.fingerprint
    sheets = cells(path)
    assert len(sheets) == 7
    texts = [text for rows in sheets.values() for row in rows for text in row if isinstance(text, str)]
    assert not [text for text in texts if "finance." in text or "{" in text]
    wrong = [text for text in texts if PHRASE.search(without(text, NAMES))] if language == "ja" else [text for text in texts if JAPANESE.search(TITLE.sub("", text))]  # fmt: skip
    # The facility's own name and the plan's stand below each title.
    assert not [text for text in wrong if "第一小学校" not in text]
    # Each sum is that of the lines above it, as papers show them.
    for way, rows in zip(WAYS, list(sheets.values())[1:5], strict=True):
        table = [row for row in rows if isinstance(row[2], int | float)]
        case = found.outcomes[way].case
        assert table[-2][2:23] == pytest.approx(list(case.city if way == "purchase" else case.operator), abs=0.01)
        assert table[-1][22] == pytest.approx(sum(table[-2][2:23]), abs=0.01)
    terms_rows = list(sheets.values())[-1]
    assert any(row[1] == 4500 for row in terms_rows)


def test_cash_flows_as_csv(tmp_path: Path) -> None:
    found = compare(Site(100.0, 90_000.0, 20_000.0, 25.2), Terms.of(load_profile()))
    path = tmp_path / "cash.csv"
    write_finance_csv(found, path, "en")
    with path.open(encoding="utf-8-sig", newline="") as file:
        heads, *rows = list(csv.reader(file))
    assert heads[:4] == ["Way", "Side", "Item", "Year 0"]
    assert {row[0] for row in rows} == {"On-site PPA", "Own purchase", "Lease", "Roof rent"}
    # Nobody rents for nothing: the city has no line there.
    assert {row[1] for row in rows if row[0] == "Roof rent"} == {"Operator"}
    paid = {row[1]: [int(value) for value in row[3:]] for row in rows if row[2] == "PPA payments"}
    assert paid["City"] == [-value for value in paid["Operator"]]
    for row in rows:
        if row[-1]:
            assert sum(map(int, row[3:-1])) == pytest.approx(int(row[-1]), abs=11)


def test_a_facilitys_csv_says_its_plan(plan: Plan, tmp_path: Path) -> None:
    found = compare(Site(100.0, 90_000.0, 20_000.0, 25.2), Terms.of(load_profile()))
    path = tmp_path / "cash.csv"
    write_finance_csv(found, path, "ja", name="=第一小学校", origin=Origin.of(plan))
    text = path.read_text(encoding="utf-8-sig")
    assert read_fingerprint(path) == Origin.of(plan).fingerprint
    assert "'=第一小学校" in text


def test_a_file_that_must_stay_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    assert main(["-q", *SITE, "--xlsx", str(folder)]) == 4
    assert main(["-q", *SITE, "--xlsx", str(tmp_path / "a.xlsx"), "--csv", str(tmp_path / "a.csv")]) == 0
    assert (tmp_path / "a.xlsx").stat().st_size > 5_000
    assert (tmp_path / "a.csv").stat().st_size > 1_000
    assert capsys.readouterr().out
