"""Every paper says which plan it shows and what people changed in it; read again by other programs."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import zipfile
import zlib
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pytest
from PIL import Image
from shapely.geometry import box

from kawasolar.decide import decide
from kawasolar.document import edits
from kawasolar.document.edits import Author
from kawasolar.document.entries import Entries, apply
from kawasolar.document.views import corrected, profile_of, settings_of
from kawasolar.export.csv import write_csv
from kawasolar.export.fingerprint import PROPERTY, read_fingerprint
from kawasolar.export.gpkg import write_gpkg
from kawasolar.export.png import write_png
from kawasolar.export.xlsx import write_xlsx
from kawasolar.plan import LedgerRead
from kawasolar.stages import plan_fingerprint
from kawasolar.words import LANGUAGES, Language, say
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from kawasolar.document.entries import Edit
    from kawasolar.plan import Plan

TODAY = date(2026, 11, 23)
BY = Author("資産 太郎", "現地で確認", "2026-11-20T09:30:00+09:00")
WRITERS: dict[str, Callable[[Plan, Path, Language], object]] = {
    "xlsx": lambda plan, path, language: write_xlsx(plan, path, language, today=TODAY),
    "csv": lambda plan, path, language: write_csv(plan, path, language, today=TODAY),
    "gpkg": lambda plan, path, language: write_gpkg(plan, path, language, today=TODAY),
    "png": lambda plan, path, language: write_png(plan, path, language, dpi=60, today=TODAY),
}


def edited(plan: Plan, *steps: Callable[[Entries], Edit]) -> Plan:
    """A plan after edits, decided anew."""
    entries = plan.entries
    for step in steps:
        entries = apply(entries, step(entries))
    facilities, profile = corrected(entries, plan.facilities), profile_of(entries, "s1", plan.profile)
    settings = settings_of(entries, "s1", plan.profile)
    read = LedgerRead(plan.facilities, plan.results.links, {"structure": "構造", "built_year": "建築年度"})
    decision = decide(facilities, plan.results, profile, settings)
    return replace(
        plan, entries=entries, facilities=facilities, profile=profile, settings=settings, read=read, decision=decision
    )


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    made = example_plan(tmp_path_factory.mktemp("plan"), facilities=20)
    return edited(made, lambda entries: edits.first_scenario(entries, "標準"))


@pytest.fixture(scope="module")
def plan(bare: Plan) -> Plan:
    """Two scenarios; a correction, an override, a pin, a veto, a join, a keep-out, a criterion."""
    west, north = bare.results.buildings.geometry.iloc[0].bounds[:2]
    return edited(
        bare,
        lambda e: edits.duplicate_scenario(e, "s1", "寡照年")[0],
        lambda e: edits.correct_ledger(e, "0000003", "built_year", 1999, float(bare.facilities["built_year"][2]), BY),
        lambda e: edits.correct_ledger(e, "0000004", "structure", "src", bare.facilities["structure"][3], BY),
        lambda e: edits.set_value(e, "s1", "pv.density_flat", 0.14, BY, source="実績 令和7年度"),
        lambda e: edits.pin(e, "s1", ["0000001"], Author("資産 太郎", "市長公約", BY.when)),
        lambda e: edits.veto(e, "s1", ["0000002"], Author("", "議会で否決", BY.when)),
        lambda e: edits.correct_join(e, "0000005", ["B00001"], BY),
        lambda e: edits.add_keepout(e, "B00001", box(west, north, west + 3, north + 4), BY),
        lambda e: edits.set_criterion(e, "s1", "capacity", True, 20.0, BY),
    )


@pytest.fixture(scope="module")
def papers(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, Language], Path]:
    folder = tmp_path_factory.mktemp("資料")
    found = {}
    for kind, write in WRITERS.items():
        for language in LANGUAGES:
            found[kind, language] = folder / f"一覧 {language}.{kind}"
            write(plan, found[kind, language], language)
    return found


# ---------------------------------------------------------------------------------------------- the fingerprint


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", WRITERS)
def test_every_paper_tells_its_plan(
    plan: Plan, papers: dict[tuple[str, Language], Path], kind: str, language: Language
) -> None:
    assert read_fingerprint(papers[kind, language]) == plan_fingerprint(plan)


@pytest.mark.parametrize("kind", WRITERS)
def test_another_plan_has_another_fingerprint(bare: Plan, plan: Plan, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    WRITERS[kind](bare, path, "ja")
    assert read_fingerprint(path) == plan_fingerprint(bare) != plan_fingerprint(plan)


def test_the_csv_in_shift_jis(plan: Plan, tmp_path: Path) -> None:
    write_csv(plan, tmp_path / "s.csv", "ja", encoding="cp932", today=TODAY)
    assert read_fingerprint(tmp_path / "s.csv") == plan_fingerprint(plan)


def test_a_workbook_that_lost_its_properties_still_tells(
    plan: Plan, papers: dict[tuple[str, Language], Path], tmp_path: Path
) -> None:
    for language in LANGUAGES:
        path = tmp_path / f"{language}.xlsx"
        book = openpyxl.load_workbook(papers["xlsx", language])
        book.custom_doc_props.props.clear()
        book.save(path)
        with zipfile.ZipFile(path) as parts:
            assert not any("custom.xml" in name and PROPERTY in parts.read(name).decode() for name in parts.namelist())
        assert read_fingerprint(path) == plan_fingerprint(plan)


@pytest.mark.parametrize("kind", [*WRITERS, "txt"])
@pytest.mark.parametrize(
    "content", [b"", b"nothing of ours", b"PK\x03\x04 damaged", b"\x89PNG\r\n\x1a\n", b"SQLite format 3\x00"]
)
def test_what_is_not_ours_has_none(tmp_path: Path, kind: str, content: bytes) -> None:
    path = tmp_path / f"x.{kind}"
    path.write_bytes(content)
    assert read_fingerprint(path) is None
    assert read_fingerprint(tmp_path / f"missing.{kind}") is None


@pytest.mark.parametrize("kind", WRITERS)
def test_truncated_papers_give_none_or_the_truth(
    plan: Plan, papers: dict[tuple[str, Language], Path], tmp_path: Path, kind: str
) -> None:
    raw = papers[kind, "ja"].read_bytes()
    for share in (0.1, 0.3, 0.6, 0.9, 0.99):
        path = tmp_path / f"t.{kind}"
        path.write_bytes(raw[: int(len(raw) * share)])
        assert read_fingerprint(path) in (None, plan_fingerprint(plan))


def test_the_date_is_no_part_of_the_fingerprint_but_on_the_paper(plan: Plan, tmp_path: Path) -> None:
    write_csv(plan, tmp_path / "a.csv", "ja", today=date(2027, 1, 4))
    assert read_fingerprint(tmp_path / "a.csv") == plan_fingerprint(plan)
    assert "2027-01-04" in (tmp_path / "a.csv").read_text("utf-8-sig")


# ---------------------------------------------------------------------------------------------- each paper


def test_the_csv_says_it_on_every_row(plan: Plan, papers: dict[tuple[str, Language], Path]) -> None:
    with papers["csv", "ja"].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(plan.facilities)
    assert list(rows[0])[-4:] == ["計画名", "シナリオ", "作成日", "計画照合番号"]
    for row in rows:
        assert (row["計画名"], row["シナリオ"], row["作成日"]) == ("例示計画", "標準", "2026-11-23")
        assert row["計画照合番号"] == plan_fingerprint(plan)


def cells(sheet: Worksheet) -> list[tuple[Any, ...]]:
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows()]


def row_of(sheet: Worksheet, text: str) -> tuple[Any, ...]:
    (found,) = (row for row in cells(sheet) if text in row)
    return found


def test_every_sheet_names_plan_scenario_date_and_fingerprint(
    plan: Plan, papers: dict[tuple[str, Language], Path]
) -> None:
    book = openpyxl.load_workbook(papers["xlsx", "ja"])
    for sheet in book.worksheets:
        for part in ("例示計画", "標準", "令和8年11月23日", plan_fingerprint(plan)):
            assert part in sheet["A2"].value
        # Printed on every page, not on the first alone.
        assert plan_fingerprint(plan) in sheet.oddFooter.left.text
    assert book.custom_doc_props[PROPERTY].value == plan_fingerprint(plan)
    assert plan_fingerprint(plan) in (book.properties.keywords or "")
    assert row_of(book["概要"], "計画照合番号")[1] == plan_fingerprint(plan)
    assert row_of(book["概要"], "シナリオ")[1] == "標準"


def test_one_scenario_is_not_named(bare: Plan, tmp_path: Path) -> None:
    write_xlsx(bare, tmp_path / "a.xlsx", "ja", today=TODAY)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert "シナリオ" not in book.worksheets[0]["A2"].value
    assert not any("シナリオ" in row for row in cells(book["概要"]))
    assert book["手動修正"]["A4"].value == say("ja", "why.paper.note.no_corrections")


def test_corrected_cells_are_shaded_and_say_who_and_why(
    plan: Plan, bare: Plan, papers: dict[tuple[str, Language], Path]
) -> None:
    sheet = openpyxl.load_workbook(papers["xlsx", "ja"])["全施設"]
    rows = cells(sheet)
    head = next(place for place, row in enumerate(rows) if row[0] == "No.")
    headings = [str(value).replace("\n", " ") for value in rows[head]]
    marked = {
        (rows[cell.row - 1][1], headings[cell.column - 1]): cell.comment.text
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment is not None
    }
    assert set(marked) == {
        ("0000003", "建築年 (西暦)"), ("0000003", "建築年 (和暦)"), ("0000004", "構造"),
    }  # fmt: skip
    before = f"{bare.facilities['built_year'][2]:.0f}"
    for part in (before, "資産 太郎", "現地で確認"):
        assert part in marked["0000003", "建築年 (西暦)"]
    year = sheet.cell(head + 4, headings.index("建築年 (西暦)") + 1)
    assert (year.value, year.fill.fgColor.rgb) == (1999, "FFE6E3F4")
    other = sheet.cell(head + 5, headings.index("建築年 (西暦)") + 1)
    assert other.fill.fgColor.rgb != "FFE6E3F4"


def test_an_overridden_value_shows_the_profile_s_and_the_given_source(papers: dict[tuple[str, Language], Path]) -> None:
    sheet = openpyxl.load_workbook(papers["xlsx", "ja"])["前提条件"]
    row = row_of(sheet, "陸屋根 設置可能面積当たり設備容量")
    assert row[1] == 0.14
    assert "実績 令和7年度" in row
    assert "0.1125 kW/m²" in row[-1]
    assert "資産 太郎" in row[-1]
    assert "現地で確認" in row[-1]
    criterion = row_of(sheet, "判定要件：設備容量")
    assert criterion[1] == 20
    assert "現地で確認" in criterion[-1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_of_what_was_entered(
    plan: Plan, papers: dict[tuple[str, Language], Path], language: Language
) -> None:
    book = openpyxl.load_workbook(papers["xlsx", language])
    sheet = book[say(language, "export.sheet.corrections")]
    rows = cells(sheet)
    head = next(place for place, row in enumerate(rows) if row[0] == say(language, "why.paper.head.kind"))
    entries = [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :]]
    assert len(entries) == 8
    reasons = {row[say(language, "why.paper.head.why")] for row in entries}
    assert reasons == {"現地で確認", "市長公約", "議会で否決"}
    now, before = (say(language, f"why.paper.head.{key}") for key in ("after", "before"))
    values = {row[now]: row[before] for row in entries if row[now]}
    assert values["1999"] == f"{plan.read.frame['built_year'][2]:.0f}"  # type: ignore[union-attr]
    assert values[say(language, "structure.src")] == say(language, f"structure.{plan.read.frame['structure'][3]}")  # type: ignore[union-attr]
    assert values["0.14 kW/m²"] == "0.1125 kW/m²"
    assert values["B00001"] == plan.results.links["building_id"][4]
    assert values["20 kW"] == "10 kW"
    assert "12.0 m²" in values
    overview = book[say(language, "export.sheet.overview")]
    vetoes = row_of(overview, say(language, "export.overview.vetoes"))[1]
    assert "0000002" in vetoes
    assert "議会で否決" in vetoes
    assert "市長公約" in row_of(overview, say(language, "export.overview.pins"))[1]


def test_the_geopackage_has_plan_and_corrections(plan: Plan, papers: dict[tuple[str, Language], Path]) -> None:
    connection = sqlite3.connect(papers["gpkg", "ja"])
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute("SELECT * FROM plan")]
    kinds = dict(connection.execute("SELECT table_name, data_type FROM gpkg_contents"))
    entered = [dict(row) for row in connection.execute("SELECT * FROM corrections")]
    connection.close()
    assert kinds["plan"] == kinds["corrections"] == "attributes"
    (row,) = rows
    assert (row["name"], row["scenario"], row["date"]) == ("例示計画", "標準", "2026-11-23")
    assert (row["fingerprint"], row["share"], row["objective"]) == (plan_fingerprint(plan), 0.5, "co2")
    assert len(entered) == 8
    (year,) = (row for row in entered if row["now"] == "1999")
    assert (year["facility_id"], year["why"], year["who"], year["item"]) == (
        "0000003",
        "現地で確認",
        "資産 太郎",
        "建築年",
    )


def test_gdal_reads_the_new_tables(papers: dict[tuple[str, Language], Path]) -> None:
    import subprocess

    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("ogrinfo is not installed (Debian: gdal-bin)")
    found = subprocess.run([program, "-ro", "-al", str(papers["gpkg", "en"]), "plan"], capture_output=True, check=True)
    assert b"fingerprint (String) = " in found.stdout
    assert b"ERROR" not in found.stderr


def test_the_picture_carries_it_in_words_and_as_text(
    plan: Plan, bare: Plan, papers: dict[tuple[str, Language], Path], tmp_path: Path
) -> None:
    with Image.open(papers["png", "ja"]) as picture:
        assert picture.info[PROPERTY] == plan_fingerprint(plan)
        assert "標準" in picture.info["Description"]
    # The footer shows it: two plans that look the same differ there.
    other = replace(plan, name="例示計圖")
    write_png(other, tmp_path / "a.png", "ja", dpi=60, today=TODAY)
    with Image.open(tmp_path / "a.png") as one, Image.open(papers["png", "ja"]) as two:
        height = one.height
        bands = [
            picture.convert("L").crop((0, round(height * 0.955), one.width, height)).tobytes() for picture in (one, two)
        ]
    assert bands[0] != bands[1]


def test_texts_of_people_are_no_formulas(plan: Plan, tmp_path: Path) -> None:
    evil = edited(
        plan,
        lambda e: edits.veto(e, "s1", ["0000006"], Author('=HYPERLINK("http://x")', "=1+1", BY.when)),
        lambda e: edits.correct_ledger(
            e, "0000007", "name", "@SUM(A1)", plan.facilities["name"][6], Author("+81", "-1+1")
        ),
    )
    evil = replace(evil, name="=cmd|' /C calc'!A0")
    write_xlsx(evil, tmp_path / "e.xlsx", "ja", today=TODAY)
    for sheet in openpyxl.load_workbook(tmp_path / "e.xlsx").worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" or str(cell.value).startswith(("=SUBTOTAL(109,", "=IF("))
                assert cell.hyperlink is None
    write_csv(evil, tmp_path / "e.csv", "ja", today=TODAY)
    with (tmp_path / "e.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            assert not any(cell.startswith(("=", "+", "@")) for cell in row)
    assert read_fingerprint(tmp_path / "e.xlsx") == read_fingerprint(tmp_path / "e.csv") == plan_fingerprint(evil)


def test_a_table_that_never_ends_is_left(tmp_path: Path) -> None:
    path = tmp_path / "evil.gpkg"
    connection = sqlite3.connect(path)
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) AS fingerprint FROM t"
    connection.execute(f"CREATE VIEW plan AS {endless}")
    connection.commit()
    assert read_fingerprint(path) is None
    connection.execute("DROP VIEW plan")
    connection.execute("CREATE TABLE plan (fingerprint TEXT)")
    connection.execute("INSERT INTO plan VALUES (?)", ["x" * 1000])
    connection.commit()
    connection.close()
    assert read_fingerprint(path) is None


def test_a_picture_larger_than_pillow_opens(plan: Plan, tmp_path: Path) -> None:
    """A poster: only what stands before the picture is read."""
    write_png(plan, tmp_path / "a.png", "ja", dpi=60, today=TODAY)
    raw = bytearray((tmp_path / "a.png").read_bytes())
    raw[16:24] = (90_000).to_bytes(4, "big") * 2
    raw[29:33] = zlib.crc32(raw[12:29]).to_bytes(4, "big")
    (tmp_path / "b.png").write_bytes(raw)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(tmp_path / "b.png")
    assert read_fingerprint(tmp_path / "b.png") == plan_fingerprint(plan)


@pytest.mark.parametrize("kind", WRITERS)
def test_damaged_papers_never_break_the_reader(
    papers: dict[tuple[str, Language], Path], tmp_path: Path, kind: str
) -> None:
    raw = papers[kind, "ja"].read_bytes()
    rng = np.random.default_rng(5)
    path = tmp_path / f"d.{kind}"
    for _ in range(60):
        damaged = np.frombuffer(raw, dtype=np.uint8).copy()
        # Heads and directories are where readers go wrong.
        places = np.concatenate(
            [rng.integers(0, len(raw), 20), rng.integers(0, min(len(raw), 2000), 6), -rng.integers(1, 400, 6)]
        )
        damaged[places] = rng.integers(0, 256, len(places))
        path.write_bytes(damaged.tobytes())
        found = read_fingerprint(path)
        assert found is None or len(found) == 14
