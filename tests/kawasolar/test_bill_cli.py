"""``kawasolar bill``: from files of meters and from plans, on the screen, as JSON and as a workbook."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from kawasolar.cli import EXIT_INPUT, EXIT_OK, EXIT_USAGE, EXIT_WRITE, run_command
from kawasolar.profile import load_profile
from kawasolar.project import save_plan
from kawasolar.registers.of_plan import as_read
from kawasolar.registers.reading import read_register
from kawasolar.tariff import Supply, bill, rates_of, supply_of
from kawasolar.tariff.words import line_name
from kawasolar.words import LANGUAGES, catalogue
from tests.kawasolar.meter_files import POINT, RANGES, known, wide, write
from tests.kawasolar.tariffs import YEAR
from tests.support.plans import example_plan


@pytest.fixture(scope="module")
def meter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of half hours of one supply point."""
    return write(
        tmp_path_factory.mktemp("meters") / "電力.csv", ["使用量(kWh)", *wide(known(), RANGES, before=POINT)], "cp932"
    )


def test_the_bill_of_a_file_of_meters(meter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "out" / "bill.xlsx"
    words = [
        "--lang",
        "en",
        "bill",
        "--csv",
        str(meter),
        "--tariff",
        "hv_basic_2025",
        "--fuel",
        "-1.5",
        "--power-factor",
        "0.98",
    ]
    assert run_command([*words, "--json", "--xlsx", str(book)]) == EXIT_OK
    told = json.loads(capsys.readouterr().out)
    kwh = known().to_numpy()
    oracle = bill(kwh, rates_of(load_profile().tables, "hv_basic_2025", fuel=-1.5), YEAR, power_factor=0.98)
    assert (told["tariff"], told["year"]) == ("hv_basic_2025", 2025)
    assert told["total_yen"] == oracle.total_yen.tolist()
    assert told["contract"] == [float(np.floor(2.0 * kwh.max() + 0.5))] * 12
    assert {line["code"] for line in told["lines"]} == {"demand", "energy", "fuel", "levy", "tax", "rounding"}
    assert told["findings"] == []
    assert told["year_yen"] == pytest.approx(sum(sum(line["yen"]) for line in told["lines"]), abs=0.01)
    # Paper goes out in the language that was asked for, the total where the lines end.
    sheet = openpyxl.load_workbook(book).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    heads = next(row for row in rows if row[0] == "Line")
    assert heads[4:6] == ["2025-04", "2025-05"]
    total = next(row for row in rows if row[0] == "Total")
    assert total[4:17] == [*oracle.total_yen.tolist(), float(oracle.year_yen)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bill_on_the_screen(meter: Path, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run_command(
            ["--lang", language, "bill", "--csv", str(meter), "--tariff", "lv_light_toell_2024", "--contract-kw", "30"]
        )
        == EXIT_OK
    )
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert len(lines) == 1 + 6 + 12 + 2
    wanted = {
        "ja": ["基本料金: ", "電力量料金（120 kWhまで）", "電力量料金（120 kWh超）", "電力量料金（300 kWh超）", "再生可能エネルギー発電促進賦課金", "端数処理"],
        "en": ["Demand charge: ", "Energy charge (up to 120 kWh)", "Energy charge (above 120 kWh)", "Energy charge (above 300 kWh)", "Renewable energy levy", "Rounding"],
    }  # fmt: skip
    for line, begin in zip(lines[1:7], wanted[language], strict=True):
        assert line.startswith(begin)
    assert "30 kVA" in lines[7]
    assert "{" not in shown.out + shown.err
    assert "tariff." not in shown.err


def test_words_that_are_wrong(meter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["bill"]) == EXIT_USAGE
    assert run_command(["bill", "F1", "--csv", str(meter)]) == EXIT_USAGE
    assert run_command(["bill", "--plan", str(tmp_path / "plan.kawasolar")]) == EXIT_INPUT
    assert run_command(["bill", "--csv", str(meter), "--power-factor", "98"]) == EXIT_USAGE
    assert run_command(["bill", "--csv", str(meter), "--xlsx", str(meter)]) == EXIT_WRITE
    capsys.readouterr()
    assert run_command(["--lang", "en", "bill", "--csv", str(meter), "--tariff", "none"]) == EXIT_INPUT
    assert "lv_power_2024" in capsys.readouterr().err
    # Nothing for extra-high voltage, and nothing at all in a profile without tariffs.
    assert run_command(["--lang", "en", "bill", "--csv", str(meter), "--contract-kw", "2500"]) == EXIT_INPUT
    assert "extra-high voltage" in capsys.readouterr().err
    assert run_command(["--lang", "en", "bill", "--csv", str(meter), "--profile", "kaga"]) == EXIT_INPUT
    assert "no tariff for a contract" in capsys.readouterr().err
    assert meter.is_file()


def test_the_bill_of_a_facility_of_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = example_plan(tmp_path / "plan", facilities=4)
    ledger = plan.facilities.assign(
        annual_kwh=[150_000.0, 150_000.0, np.nan, np.nan], floor_area_m2=[1000.0, 1000.0, 1000.0, np.nan]
    )
    first, second, third, last = ledger["facility_id"].tolist()
    rows = [
        "供給地点特定番号,施設番号,供給電圧,契約電力(kW),契約種別",
        f"1,{first},高圧,620,高圧ベーシック",
        f"2,{first},低圧,10,従量電灯C",
        f"3,{second},特別高圧,2400,",
    ]
    read = as_read(read_register(write(tmp_path / "契約.csv", rows), "meter_points"))
    plan = replace(plan, facilities=ledger, registers=replace(plan.registers, by_kind={"meter_points": read}))
    assert supply_of(plan, first) == Supply("high", 620.0, "高圧ベーシック", 2, "meter_points")
    assert supply_of(plan, second) == Supply("extra_high", 2400.0, "", 1, "meter_points")
    assert supply_of(plan, third).source in ("ledger", "none")
    file = tmp_path / "計画.kawasolar"
    save_plan(plan, file)

    def told(facility: str, *more: str) -> tuple[int, str, str]:
        code = run_command(["--lang", "en", "bill", facility, "--plan", str(file), *more])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    code, out, err = told(first, "--json", "--year", "2026")
    assert code == EXIT_OK, err
    found = json.loads(out)
    assert (code, found["tariff"], found["contract"], found["year"]) == (EXIT_OK, "hv_basic_2025", [620.0] * 12, 2026)
    codes = [finding["code"] for finding in found["findings"]]
    assert codes[-3:] == ["bill.note.estimated", "tariff.several_points", "tariff.no_fuel"]
    assert sum(line["quantity"][0] for line in found["lines"] if line["code"] == "energy") > 0.0
    # Extra-high voltage is refused, unless somebody names a tariff.
    assert told(second)[0] == EXIT_INPUT
    assert told(second, "--tariff", "hv_basic_2025")[0] == EXIT_OK
    assert told(third)[0] == EXIT_OK
    code, _, err = told(last)
    assert code == EXIT_INPUT
    assert "Nobody knows" in err
    assert told("nobody")[0] == EXIT_INPUT
    # All of them: as one by one, and why not.
    code, out, _ = told("", "--json", "--year", "2026")
    rows = json.loads(out)
    assert [row["facility_id"] for row in rows] == [first, second, third, last]
    assert (rows[0]["tariff"], rows[0]["year_yen"], rows[0]["billed_kw"]) == ("hv_basic_2025", found["year_yen"], 620.0)
    assert [row["why_not"] for row in rows[:2]] == ["", "tariff.none_extra_high"]
    assert (rows[3]["why_not"], rows[3]["year_yen"]) == ("tariff.nothing_known", None)
    code, out, _ = told("")
    assert code == EXIT_OK
    assert len(out.splitlines()) == 5
    assert "extra-high voltage" in out
    assert told("", "--tariff", "hv_basic_2025")[0] == EXIT_USAGE


def test_every_code_of_the_package_has_words() -> None:
    root = Path(__file__).parents[2] / "kawasolar"
    files = (*sorted((root / "tariff").glob("*.py")), root / "cli_bill.py", root / "export" / "xlsx_bill.py")
    known_codes = set(catalogue())
    for file in files:
        for code in re.findall(r'"((?:tariff|bill)\.[a-z_.]+[a-z])"', file.read_text(encoding="utf-8")):
            assert code in known_codes, (file.name, code)
    one = bill(known().to_numpy(), rates_of(load_profile().tables, "lv_power_2024"), YEAR, given_kw=40.0)
    for language in LANGUAGES:
        assert all("." not in line_name(language, line, one) for line in one.lines)
