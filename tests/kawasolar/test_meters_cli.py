"""``kawasolar meters``: the figures of each supply point, and the tidy table."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kawasolar.cli import EXIT_INPUT, EXIT_OK, EXIT_USAGE, EXIT_WRITE, run_command
from kawasolar.project import save_plan
from kawasolar.words import LANGUAGES, catalogue
from tests.kawasolar.meter_files import OTHER_POINT, POINT, RANGES, known, wide, write
from tests.support.plans import example_plan


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files of one supply point, one of another; two days lack between the first two."""
    year = known(days=60)
    parts = ((POINT, year.iloc[: 20 * 48]), (POINT, year.iloc[22 * 48 :]), (OTHER_POINT, known(days=30, seed=9)))
    return [
        write(tmp_path / f"{k}.csv", ["使用量(kWh)", *wide(part, RANGES, before=point)], "cp932")
        for k, (point, part) in enumerate(parts)
    ]


def test_figures_and_table(files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out" / "tidy.csv"
    words = ["--lang", "en", "meters", *(str(file) for file in files), "--json", "--csv", str(out)]
    assert run_command(words) == EXIT_OK
    shown = capsys.readouterr()
    first, second = json.loads(shown.out)["meters"]
    # The oracle: pandas on the known half hours.
    year = known(days=60)
    year.iloc[20 * 48 : 22 * 48] = np.nan
    assert first["supply_point"] == POINT
    assert (first["from"], first["to"]) == ("2025-04-01T00:00:00+09:00", "2025-05-31T00:00:00+09:00")
    assert (first["days"], first["missing"]) == (60.0, 96)
    assert first["total_kwh"] == pytest.approx(year.sum())
    assert first["peak_kw"] == pytest.approx(2 * year.max())
    assert pd.Timestamp(first["peak_at"]).tz_localize(None) == year.idxmax()
    assert first["load_factor"] == pytest.approx(year.mean() / year.max(), abs=1e-6)
    assert [finding["code"] for finding in first["findings"]] == ["meters.gap"]
    assert (second["supply_point"], second["findings"]) == (OTHER_POINT, [])
    assert "96 half hours are missing from 2025-04-21 00:00 to 2025-04-23 00:00" in shown.err

    table = pd.read_csv(out, dtype={"supply_point": str}, parse_dates=["begin"])
    assert list(table.columns) == ["supply_point", "begin", "kwh"]
    assert len(table) == 90 * 48
    mine = table[table["supply_point"] == POINT].set_index("begin")["kwh"]
    np.testing.assert_array_equal(mine.to_numpy(), year.to_numpy())
    assert mine.index[0] == pd.Timestamp("2025-04-01", tz="Asia/Tokyo")
    assert [path.name for path in out.parent.iterdir()] == ["tidy.csv"]


def test_the_table_can_be_read_again(files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, again = tmp_path / "tidy.csv", tmp_path / "again.csv"
    assert run_command(["-q", "meters", *map(str, files), "--csv", str(first)]) == EXIT_OK
    assert run_command(["-q", "meters", str(first), "--csv", str(again)]) == EXIT_OK
    assert first.read_bytes() == again.read_bytes()
    capsys.readouterr()


@pytest.mark.parametrize(("language", "word"), [("ja", "負荷率"), ("en", "Load factor")])
def test_lines_for_people(files: list[Path], language: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--lang", language, "meters", *map(str, files)]) == EXIT_OK
    out = capsys.readouterr().out
    assert out.count(word) == 2
    assert POINT in out
    assert "60.0" in out


def test_refusals_have_codes_and_words(files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--lang", "en", "meters", str(tmp_path / "none.csv")]) == EXIT_INPUT
    assert "is not there" in capsys.readouterr().err
    # An input is never the target.
    before = files[0].read_bytes()
    assert run_command(["--lang", "en", "meters", str(files[0]), "--csv", str(files[0])]) == EXIT_WRITE
    assert files[0].read_bytes() == before
    assert run_command(["--lang", "en", "meters"]) == EXIT_USAGE
    capsys.readouterr()


def test_every_code_has_words_and_every_word_a_code() -> None:
    root = Path(__file__).resolve().parents[2] / "kawasolar"
    text = "".join(path.read_text("utf-8") for path in [*(root / "meters").glob("*.py"), root / "cli_meters.py"])
    ledger = "".join(
        path.read_text("utf-8") for path in (root / "ledger" / "tables.py", root / "ledger" / "workbook.py")
    )
    named = set(re.findall(r'"(meters\.[a-z_]+)"', text)) - {"meters.toml"}
    # What the ledger's readers of files say is said in the words of meters.
    inherited = {f"meters.{code}" for code in re.findall(r'"ledger\.([a-z_]+)"', ledger)} - {
        "meters.no_layer",
        "meters.broken_quotes",
    }
    made = {f"meters.unit_assumed_{unit}" for unit in ("kwh", "kw")}
    have = {code for code in catalogue() if code.startswith("meters.")}
    assert (named | inherited | made) - have == set()
    assert have - (named | inherited | made) == set()
    for code in have:
        assert all(catalogue()[code][language] for language in LANGUAGES)
        fields = [set(re.findall(r"\{(\w+)", catalogue()[code][language])) for language in LANGUAGES]
        assert fields[0] - {"row"} <= fields[1] | {"row"}


def test_meters_of_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From files to a facility's load: kept in one file, taken into the plan, given to a facility by hand."""
    project, store, out = tmp_path / "plan.kawasolar", tmp_path / "30分値.parquet", tmp_path / "loads.csv"
    plan = example_plan(tmp_path, 12)
    save_plan(plan, project)
    facility = str(plan.facilities["facility_id"].iloc[1])
    file = write(tmp_path / "m.csv", ["使用量(kWh)", *wide(known(days=60), RANGES, before=POINT)], "cp932")
    assert run_command(["-q", "meters", str(file), "--out", str(store)]) == EXIT_OK
    assert run_command(["-q", "edit", "input", str(project), "meters", str(store)]) == EXIT_OK
    assert run_command(["-q", "edit", "meter", str(project), "9" * 22, facility]) != EXIT_OK
    assert run_command(["-q", "edit", "meter", str(project), POINT, facility, "--why", "検針票"]) == EXIT_OK
    capsys.readouterr()
    assert run_command(["-q", "--lang", "ja", "loads", str(project), "--json", "--csv", str(out)]) == EXIT_OK
    (row,) = json.loads(capsys.readouterr().out)
    year = known(days=60)
    assert row["facility_id"] == facility
    assert row["annual_kwh"] == pytest.approx(year.mean() * 2 * 8760, rel=1e-4)
    assert row["peak_kw"] == pytest.approx(2 * year.max(), rel=1e-4)
    table = pd.read_csv(out, dtype={"施設番号": str})
    assert table["施設番号"].tolist() == [facility]
    assert run_command(["-q", "edit", "meter", str(project), POINT, "--none"]) == EXIT_OK
    capsys.readouterr()
    assert run_command(["-q", "loads", str(project), "--json"]) == EXIT_OK
    assert json.loads(capsys.readouterr().out) == []
    # All at once, by a list of the contracts.
    listed = tmp_path / "契約一覧.csv"
    listed.write_text(
        f"供給地点特定番号,施設名称,契約電力(kW)\n{POINT},{facility},50\n{OTHER_POINT},どこか,20\n", encoding="cp932"
    )
    assert run_command(["-q", "edit", "meter", str(project), POINT, "--list", str(listed)]) == EXIT_USAGE
    assert run_command(["--lang", "en", "edit", "meter", str(project), "--list", str(listed)]) == EXIT_OK
    assert "row 3" in capsys.readouterr().err
    assert run_command(["-q", "loads", str(project), "--json"]) == EXIT_OK
    assert [row["facility_id"] for row in json.loads(capsys.readouterr().out)] == [facility]
    store.unlink()
    assert run_command(["-q", "loads", str(project)]) == EXIT_INPUT
