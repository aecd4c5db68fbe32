"""The ward in which a facility lies: filled in where the ledger has none, told where it says otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from gis.wards import Wards
from kawasolar.__main__ import main
from kawasolar.document import edits
from kawasolar.project import load_project
from kawasolar.provenance import explain
from kawasolar.stages import with_edit
from kawasolar.ward_places import same_ward, with_wards
from kawasolar.words import LANGUAGES, say
from tests.kawasolar.test_pipeline import town

if TYPE_CHECKING:
    from kawasolar.plan import Project

LEDGER, FILE = Path("施設.csv"), Path("区.gpkg")


def areas(*names: str) -> Wards:
    shapes = [box(100 * k, 0, 100 * k + 100, 100) for k in range(len(names))]
    return Wards(gpd.GeoDataFrame({"name": names, "code": ""}, geometry=shapes, crs=6677), 0)


def facilities(*wards: str | None, x: tuple[float, ...] = (50, 150, 250, 950)) -> gpd.GeoDataFrame:
    rows = {
        "facility_id": list("abcd"),
        "name": ["甲", "乙", "丙", "丁"],
        "ward": list(wards),
        "source_row": [2, 3, 4, 5],
    }
    points = [Point(at, 50) if np.isfinite(at) else None for at in x]
    return gpd.GeoDataFrame(rows, geometry=points, crs=6677)


def test_an_open_ward_is_filled_in_and_a_wrong_one_is_told() -> None:
    frame, findings = with_wards(
        facilities("川崎市幸区", None, "幸", " "), areas("幸区", "中原区", "高津区"), LEDGER, FILE
    )
    assert frame["ward"].tolist() == ["川崎市幸区", "中原区", "幸", None]
    assert frame["ward_by_place"].tolist() == [False, True, False, False]
    by_code = {finding.code: finding for finding in findings}
    assert by_code["ledger.ward_by_place"].found == "1"
    wrong = by_code["ledger.ward_contradicts"]
    assert (wrong.item, wrong.row, wrong.found, wrong.expected, wrong.source) == ("c", 4, "幸", "高津区", "施設.csv")
    assert len(findings) == 2


def test_a_ledger_without_the_column_gets_it() -> None:
    frame, findings = with_wards(facilities(*"    ").drop(columns="ward"), areas("幸区"), LEDGER, FILE)
    assert frame["ward"].tolist() == ["幸区", None, None, None]
    assert [finding.code for finding in findings] == ["ledger.ward_by_place"]


def test_areas_of_another_kind_are_not_held_against_the_ledger() -> None:
    _, findings = with_wards(
        facilities("本庁地区", "大師地区", "幸地区", None), areas("川崎市", "横浜市"), LEDGER, FILE
    )
    assert [finding.code for finding in findings] == ["ledger.wards_other_names"]


def test_facilities_without_a_place_keep_what_they_have() -> None:
    frame, findings = with_wards(facilities("幸区", None, "幸区", None, x=(np.nan,) * 4), areas("幸区"), LEDGER, FILE)
    assert frame["ward"].tolist() == ["幸区", None, "幸区", None]
    assert findings == []


@given(st.text("川崎市幸中原区 　", max_size=6), st.text("川崎市幸中原区 　", max_size=6))
def test_same_ward_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert same_ward(one, other) == same_ward(other, one)


# In a plan


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town in two wards; two facilities are in the wrong one by the ledger, one is open."""
    folder = tmp_path_factory.mktemp("区 の町")
    files = town(folder)
    outlines = gpd.read_file(files["buildings"])
    west, south, east, north = outlines.total_bounds
    middle = (south + north) / 2
    shapes = [box(west - 9, middle, east + 9, north + 9), box(west - 9, south - 9, east + 9, middle)]
    gpd.GeoDataFrame({"N03_004": ["北区", "南区"]}, geometry=shapes, crs=6677).to_crs(6668).to_file(
        folder / "区.shp", encoding="cp932"
    )
    (folder / "区.cpg").unlink()
    table = pd.read_csv(files["facilities"], encoding="cp932", dtype=str)
    table["区"] = ["北区", "南区", "", *["北区"] * 3, *["南区"] * 3]
    table.to_csv(files["facilities"], index=False, encoding="cp932")
    words = [f"--{role}={files[role]}" for role in ("dsm", "buildings", "facilities", "weather")]
    assert main(["-q", "plan", *words, f"--wards={folder / '区.shp'}", f"--out={folder / 'p.kawasolar'}"]) == 0
    return folder / "p.kawasolar"


@pytest.fixture
def project(made: Path) -> Project:
    return load_project(made)


def test_a_plan_has_the_wards_and_says_what_contradicts(project: Project) -> None:
    frame = project.plan.facilities.set_index("facility_id")
    assert frame.loc["003", "ward"] == "北区"
    assert frame["ward_by_place"].sum() == 1
    told = [finding for finding in project.plan.findings if finding.code == "ledger.ward_contradicts"]
    assert "002" in [finding.item for finding in told]
    assert all(finding.row is not None for finding in told)


def test_why_a_ward_is_what_it_is(project: Project) -> None:
    found = explain(project.plan, "ledger.ward", "003")
    assert (found.value, found.formula) == ("北区", "ledger_by_place")
    assert {source.role for source in found.inputs} == {"wards", "facilities"}  # type: ignore[union-attr]
    assert explain(project.plan, "ledger.ward", "001").formula == "ledger_read"
    for language in LANGUAGES:
        assert say(language, "why.formula.ledger_by_place") != "why.formula.ledger_by_place"
    # What a person says counts.
    by = edits.Author("川崎 花子", "区域変更", "2026-11-26T00:00:00+00:00")
    edit = edits.correct_ledger(project.entries, "003", "ward", "南区", "北区", by)
    corrected = with_edit(project, edit).plan
    assert explain(corrected, "ledger.ward", "003").value == "南区"
    assert explain(corrected, "ledger.ward", "003").formula == "ledger_corrected"


def test_wards_are_taken_away_again(made: Path, tmp_path: Path) -> None:
    home = tmp_path / "x"
    shutil.copytree(made.parent, home)
    assert main(["-q", "edit", "input", str(home / made.name), "wards", "--none", "--run"]) == 0
    frame = load_project(home / made.name).plan.facilities.set_index("facility_id")
    assert pd.isna(frame.loc["003", "ward"])
    assert "ward_by_place" not in frame
