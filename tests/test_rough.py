"""What a rough user does to the program from outside: odd surfaces, hostile tables, damaged projects, repeated runs."""

from __future__ import annotations

import csv
import json
import math
import random
import shutil
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import rasterio
from affine import Affine

from kawasolar.__main__ import main
from tests.kawasolar.test_pipeline import town, words

FORMULAS = ('=HYPERLINK("http://example.org/x","click")', "+1+cmd|' /C calc'!A0", "@SUM(1)", "-2+3")
ENDLESS_VIEW = (
    "ALTER TABLE findings RENAME TO f2; CREATE VIEW findings AS "
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n AS fid FROM r"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return town(tmp_path_factory.mktemp("粗い data"))


@pytest.fixture(scope="module")
def project(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plan") / "town.kawasolar"
    assert main(words(files, out)) == 0
    return out


def planned(capsys: pytest.CaptureFixture[str], files: dict[str, Path], out: Path, *more: str) -> dict[str, object]:
    """The figures of a plan, without the times."""
    capsys.readouterr()
    assert main(words(files, out, "--json", *more)) == 0
    found = json.loads(capsys.readouterr().out)
    return {key: value for key, value in found.items() if key not in ("seconds", "name")}


def rewritten(source: Path, target: Path, values: np.ndarray | None = None, **changes: object) -> Path:
    with rasterio.open(source) as old:
        z = old.read(1) if values is None else values
        profile = {**old.profile, "height": z.shape[0], "width": z.shape[1], **changes}
    with rasterio.open(target, "w", **profile) as file:
        file.write(z, 1)
    return target


# ------------------------------------------------------------------------------------------------ surfaces


def test_the_same_surface_in_another_guise_gives_the_same_figures(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = planned(capsys, files, tmp_path / "a.kawasolar")
    assert planned(capsys, files, tmp_path / "again.kawasolar") == base
    with rasterio.open(files["dsm"]) as source:
        z, t = source.read(1), source.transform
    guises = {
        "compound 複合.tif": {"crs": rasterio.crs.CRS.from_user_input("EPSG:6677+6695")},
        "double 😀.tif": {"dtype": "float64"},
        "south up.tif": {"values": z[::-1].copy(), "transform": Affine(t.a, 0, t.c, 0, -t.e, t.f + t.e * z.shape[0])},
    }
    for name, changes in guises.items():
        dsm = rewritten(files["dsm"], tmp_path / name, **changes)
        assert planned(capsys, {**files, "dsm": dsm}, tmp_path / "b.kawasolar") == base, name


def test_an_absurd_surface_is_refused_before_it_is_held(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    huge = tmp_path / "huge.tif"
    with rasterio.open(files["dsm"]) as source:
        place = {"crs": source.crs, "transform": source.transform}
    with rasterio.open(
        huge, "w", driver="GTiff", height=200_000, width=200_000, count=1, dtype="float32", sparse_ok=True,
        tiled=True, blockxsize=4096, blockysize=4096, bigtiff="yes", **place,
    ):  # fmt: skip
        pass
    assert main(words({**files, "dsm": huge}, tmp_path / "x.kawasolar")) == 3
    assert "huge.tif" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["huge.tif"]


# ------------------------------------------------------------------------------------------------ tables


def test_text_of_the_ledger_never_becomes_a_formula(files: dict[str, Path], tmp_path: Path) -> None:
    lines = files["facilities"].read_text("cp932").splitlines()
    rows = list(csv.reader(lines))
    for row, name in zip(rows[1:], FORMULAS, strict=False):
        row[1] = name
    ledger = tmp_path / "evil.csv"
    with ledger.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    out = tmp_path / "evil.kawasolar"
    assert main(words({**files, "facilities": ledger}, out)) == 0
    xlsx, table = tmp_path / "evil.xlsx", tmp_path / "out.csv"
    assert main(["-q", "export", str(out), "--xlsx", str(xlsx), "--csv", str(table)]) == 0
    texts = set()
    for sheet in openpyxl.load_workbook(xlsx):
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value is not None):
            assert cell.hyperlink is None
            if cell.data_type == "f":
                assert str(cell.value).startswith(("=SUBTOTAL(", "=IF(")), cell.coordinate
            elif cell.value in FORMULAS:
                texts.add(cell.value)
    assert texts == set(FORMULAS)
    with table.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    for name in FORMULAS:
        assert name not in cells
        assert any(cell.endswith(name) for cell in cells)


# ------------------------------------------------------------------------------------------------ decision


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999, 1.0])
def test_the_chosen_are_the_ceiling_of_the_share(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], share: float
) -> None:
    found = planned(capsys, files, tmp_path / "s.kawasolar", "--share", str(share), "--objective", "energy")
    assert found["chosen"] == math.ceil(share * int(str(found["eligible"])))


# ------------------------------------------------------------------------------------------------ projects


def test_a_project_cut_anywhere_is_refused(project: Path, tmp_path: Path) -> None:
    whole, cut = project.read_bytes(), tmp_path / "cut.kawasolar"
    for k in range(20):
        cut.write_bytes(whole[: len(whole) * k // 20])
        assert main(["-q", "status", str(cut)]) == 3, k


def test_flipped_bits_are_refused_or_harmless(project: Path, tmp_path: Path) -> None:
    whole, bad = project.read_bytes(), tmp_path / "bad.kawasolar"
    draw = random.Random(7)  # noqa: S311 - a seed for tests
    codes = []
    for k in range(40):
        data = bytearray(whole)
        for _ in range((1, 5, 50)[k % 3]):
            data[draw.randrange(100, len(data))] ^= 1 << draw.randrange(8)
        bad.write_bytes(bytes(data))
        codes.append(main(["-q", "status", str(bad)]))
    assert set(codes) <= {0, 3}
    assert 3 in codes


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kawasolar_meta SET value = '999' WHERE key = 'format_version'",
        "UPDATE kawasolar_meta SET value = replace(value, 'EPSG:6677', 'http://example.org/crs') WHERE key = 'scenarios'",
        "UPDATE kawasolar_arrays SET data = x'4B57413101040000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001' WHERE name = 'sunlit'",
        "UPDATE entries SET value = replace(hex(zeroblob(50000)), '0', '[') WHERE kind = 'scenarios'",
        "UPDATE sites SET status = 'zz'",
        ENDLESS_VIEW,
    ],
    ids=["newer", "crs from the net", "bomb", "deep", "unknown code", "endless view"],
)
def test_a_hostile_project_is_refused(project: Path, tmp_path: Path, statement: str) -> None:
    bad = tmp_path / "bad.kawasolar"
    shutil.copyfile(project, bad)
    connection = sqlite3.connect(bad)
    connection.executescript(statement)
    connection.close()
    assert main(["-q", "status", str(bad)]) == 3


def test_what_is_no_project_is_refused(project: Path, files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "zero.kawasolar").touch()
    for path in (files["buildings"], tmp_path, tmp_path / "zero.kawasolar", tmp_path / "none.kawasolar"):
        assert main(["-q", "status", str(path)]) == 3
    copied = shutil.copyfile(project, tmp_path / "copy.gpkg")
    assert gpd.read_file(copied, layer="facilities").shape[0] == 9


def test_a_project_alone_is_enough_for_every_export(project: Path, tmp_path: Path) -> None:
    """Neither the inputs nor the derived rasters beside it."""
    alone = tmp_path / "別の場所" / "alone.kawasolar"
    alone.parent.mkdir()
    shutil.copyfile(project, alone)
    kinds = ("xlsx", "csv", "gpkg", "png")
    targets = [part for kind in kinds for part in (f"--{kind}", str(alone.with_name(f"出力.{kind}")))]
    assert main(["-q", "export", str(alone), *targets]) == 0
    assert sorted(path.name for path in alone.parent.iterdir()) == sorted(
        ["alone.kawasolar", *(f"出力.{kind}" for kind in kinds)]
    )
