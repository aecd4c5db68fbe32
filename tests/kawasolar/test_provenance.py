"""Why a number is what it is: explanations whose parts give the whole again, down to file, row and person."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from pyproj import Transformer
from shapely.geometry import box

from kawasolar.carried import building_of
from kawasolar.choices import has_part
from kawasolar.decide import decide, default_settings
from kawasolar.document import edits
from kawasolar.document.edits import Author
from kawasolar.document.views import Mark
from kawasolar.export.csv import write_csv
from kawasolar.export.fingerprint import read_fingerprint
from kawasolar.layout_values import MODULE
from kawasolar.pipeline import PlanInputs, make_project
from kawasolar.project import load_project, save_project
from kawasolar.provenance import (
    CriterionSource,
    Desk,
    EnteredSource,
    Explanation,
    FileSource,
    LedgerSource,
    NothingToExplain,
    Override,
    ProfileSource,
    as_json,
    changes,
    explain,
    export_states,
    figures_of,
    record,
    register,
    sentences,
    with_record,
)
from kawasolar.roof_load import LoadLimits, judge_at
from kawasolar.stages import bring_up_to_date, with_edit
from kawasolar.stages.chain import BY_NAME
from kawasolar.words import LANGUAGES, Language, say
from tests.kawasolar.test_languages import JAPANESE, TITLE, without
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from kawasolar.plan import Plan, Project

# A code of the catalogue, a placeholder, a Python value.
CODE = re.compile(r"why\.|criterion\.|\b(?:None|nan|True|False)\b|[{}]|export\.|[a-z]_[a-z]|<")
WEST, NORTH, CELL, SIZE = -20200.0, -44200.0, 0.5, 220
_MONTHS = zip(
    range(1, 13),
    (92, 100, 125, 143, 160, 135, 145, 152, 110, 98, 85, 80),
    (6, 7, 10, 15, 19, 22, 26, 27, 24, 18, 13, 8),
    strict=True,
)
NORMALS = "月,全天日射量(kWh/m2),平均気温(℃),平均風速(m/s)\n" + "\n".join(f"{m},{g},{t},3.0" for m, g, t in _MONTHS)
HEADINGS = "施設番号,施設名称,緯度,経度,延面積(㎡),建築年度,耐震基準,防水改修年度,構造"


def town(folder: Path) -> dict[str, Path]:
    """Four sites: a flat roof beside a tower, two large flat roofs, a gabled one with a flat wing; and one without a building."""
    folder.mkdir(parents=True, exist_ok=True)
    z = np.full((SIZE, SIZE), 12.0, np.float32)
    spots = [(20, 20, 44), (20, 120, 60), (120, 20, 64), (120, 120, 60)]
    for k, (row, col, size) in enumerate(spots):
        z[row : row + size, col : col + size] = 20 + k
    z[70:80, 20:50] = 60.0  # a tower in the south of the first
    # The fourth: its southern half slopes 20° to the south.
    slope = np.tan(np.radians(20.0)) * CELL
    z[150:180, 120:180] = 23 - (slope * np.arange(30))[:, None]
    shapes, points = [], []
    for row, col, size in spots:
        west, north = WEST + col * CELL, NORTH - row * CELL
        shapes.append(box(west, north - size * CELL, west + size * CELL, north))
        points.append((west + size * CELL / 2, north - size * CELL / 2))
    points.append((WEST + 400.0, NORTH - 20.0))
    to_lonlat = Transformer.from_crs(6677, 6668, always_xy=True)
    paths = {
        "dsm": folder / "dsm.tif",
        "buildings": folder / "建物.gpkg",
        "facilities": folder / "施設 一覧.csv",
        "weather": folder / "normals.csv",
    }
    with rasterio.open(
        paths["dsm"], "w", driver="GTiff", height=SIZE, width=SIZE, count=1, dtype="float32", crs="EPSG:6677",
        transform=rasterio.transform.from_origin(WEST, NORTH, CELL, CELL),
    ) as file:  # fmt: skip
        file.write(z, 1)
    gpd.GeoDataFrame({"building_id": [f"B{k}" for k in range(4)]}, geometry=shapes, crs=6677).to_file(
        paths["buildings"]
    )
    built = ("昭和60年度", "平成10年度", "昭和45年度", "平成20年度", "平成2年度")
    rows = []
    for k, (x, y) in enumerate(points):
        lon, lat = to_lonlat.transform(x, y)
        rows.append(
            f"{k + 1:03d},第{k + 1}小学校,{lat:.8f},{lon:.8f},{500 + k},{built[k]},{'新耐震' if k != 2 else ''},R2,RC造"
        )
    paths["facilities"].write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="cp932")
    paths["weather"].write_text(NORMALS, encoding="utf-8-sig")
    return paths


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("町 data")
    paths = town(folder)
    return make_project(
        PlanInputs(paths["dsm"], paths["buildings"], paths["facilities"], paths["weather"], folder / "計画.kawasolar")
    )


@pytest.fixture(scope="module")
def paired(project: Project) -> Project:
    """The same with racks to the east and west, but for one facility that is laid out otherwise."""
    edit = edits.set_value(project.entries, "s1", "layout.racks", 3.0, BY)
    turned = with_edit(project, edit)
    own = edits.lay_out(turned.entries, "s1", ["002"], {"layout.racks": 1.0, "module.power": 500.0}, BY)
    return bring_up_to_date(with_edit(turned, own))


@pytest.fixture(scope="module")
def dense(project: Project) -> Project:
    """The same with capacity from area × density."""
    edit = edits.set_value(project.entries, "s1", "pv.capacity", 2.0, BY)
    return bring_up_to_date(with_edit(project, edit))


@pytest.fixture(scope="module")
def plan(project: Project) -> Plan:
    return project.plan


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Forty facilities, decided, without stamps."""
    made = example_plan(tmp_path_factory.mktemp("wide"))
    off = dict.fromkeys(("waterproofing", "irradiation", "remaining_years"), (False, None))
    settings = replace(default_settings(made.profile), share=0.4, criteria=off)
    return replace(made, settings=settings, decision=decide(made.facilities, made.results, made.profile, settings))


SITES = ("001", "002", "003", "004")


def values(explanation: Explanation, *codes: str) -> list[float]:
    """Values of the inputs of these codes, one each."""
    found = []
    for code in codes:
        (entry,) = explanation.of(code)
        assert isinstance(entry, Explanation | ProfileSource)
        assert isinstance(entry.value, int | float)
        found.append(float(entry.value))
    return found


def children(explanation: Explanation, begin: str = "") -> list[Explanation]:
    return [e for e in explanation.inputs if isinstance(e, Explanation) and e.figure.startswith(begin)]


def child(explanation: Explanation, figure: str) -> Explanation:
    (found,) = (entry for entry in children(explanation) if entry.figure == figure)
    return found


def total(parts: list[Explanation]) -> float:
    return sum(float(str(part.value)) for part in parts if part.value is not None)


# ---------------------------------------------------------------------------------------------- the numbers recombine


@pytest.mark.parametrize("site", SITES)
def test_a_roof_is_the_sum_of_its_buildings_and_the_usable_part_what_the_rules_leave(plan: Plan, site: str) -> None:
    roof = explain(plan, "roof_m2", site)
    assert roof.value == pytest.approx(total(children(roof, "building_")))
    usable = explain(plan, "usable_m2", site)
    lost = children(usable, "lost_")
    assert {"lost_setback_m2", "lost_shade_m2", "lost_small_m2", "lost_tilt_m2", "lost_north_m2"} <= {
        e.figure for e in lost
    }
    assert usable.value == pytest.approx(child(usable, "roof_m2").value - total(lost))
    assert child(usable, "roof_m2").value == roof.value


@pytest.mark.parametrize("site", SITES)
def test_capacity_is_the_modules_times_their_rating(plan: Plan, site: str) -> None:
    found = explain(plan, "capacity_kw", site)
    parts = children(found, "capacity_")
    mine = plan.results.subarrays[plan.results.subarrays["building_id"] == f"B{int(site) - 1}"]
    assert {part.figure for part in parts} == {f"capacity_{name}_kw" for name in mine["mounting"].unique()}
    for part in parts:
        mounting = part.figure.removeprefix("capacity_").removesuffix("_kw")
        count, power = values(part, f"modules_{mounting}", "module.power")
        assert count == mine.loc[mine["mounting"] == mounting, "modules"].sum()
        assert part.value == pytest.approx(count * power / 1000)
    assert found.value == pytest.approx(total(parts))
    assert explain(plan, "modules", site).value == mine["modules"].sum() > 0
    # The fourth roof is half pitched.
    assert ("capacity_roof_kw" in {part.figure for part in parts}) == (site == "004")


@pytest.mark.parametrize("site", SITES)
def test_capacity_by_density_is_area_times_density(dense: Project, site: str) -> None:
    found = explain(dense.plan, "capacity_kw", site)
    flat, pitched = child(found, "capacity_flat_kw"), child(found, "capacity_pitched_kw")
    area, density = values(flat, "usable_flat_m2", "pv.density_flat")
    assert flat.value == pytest.approx(area * density)
    slope, panel, ratio = values(pitched, "usable_pitched_m2", "pv.density_panel", "pv.panel_ratio")
    assert pitched.value == pytest.approx(slope * panel * ratio)
    assert found.value == pytest.approx(float(str(flat.value)) + float(str(pitched.value)))
    assert area + slope == pytest.approx(*values(found, "usable_m2"))
    # The fourth roof is half pitched.
    assert (slope > 100) == (site == "004")


@pytest.mark.parametrize("site", SITES)
def test_ratios_and_emissions(plan: Plan, site: str) -> None:
    co2 = explain(plan, "co2_t", site)
    energy, factor = values(co2, "energy_kwh", "co2.grid_factor")
    assert co2.value == pytest.approx(energy * factor / 1000)
    specific = explain(plan, "specific_yield", site)
    energy, capacity = values(specific, "energy_kwh", "capacity_kw")
    assert specific.value == pytest.approx(energy / capacity)
    loss = explain(plan, "shading_loss", site)
    energy, lost = values(loss, "energy_kwh", "lost_kwh")
    assert loss.value == pytest.approx(lost / (energy + lost), rel=1e-5)
    lit = explain(plan, "irradiation_kwh_m2", site)
    parts = children(lit, "building_")
    weights = [float(str(part.values["usable_m2"])) for part in parts]
    mean = np.average([float(str(part.value)) for part in parts], weights=weights)
    assert lit.value == pytest.approx(mean)
    assert energy == pytest.approx(sum(float(str(explain(plan, f"m{m:02d}", site).value)) for m in range(1, 13)))


@pytest.mark.parametrize("figure", ["usable_m2", "capacity_kw", "energy_kwh", "co2_t"])
def test_the_plan_is_the_sum_of_the_chosen(plan: Plan, figure: str) -> None:
    found = explain(plan, figure)
    parts = [part for part in children(found) if part.facility_id is not None]
    assert len(parts) == found.values["count"] == child(found, "chosen").value
    assert found.value == pytest.approx(total(parts), abs=1e-3)
    for part in parts:
        assert part.more
        assert explain(plan, part.figure, part.facility_id).value == part.value


def test_means_and_counts_of_the_plan(wide: Plan) -> None:
    lit = explain(wide, "irradiation_kwh_m2")
    area = [float(str(part.values["usable_m2"])) for part in children(lit)]
    assert lit.value == pytest.approx(np.average([float(str(p.value)) for p in children(lit)], weights=area), abs=1e-3)
    shade = explain(wide, "shading_loss")
    energy = np.array([float(str(part.values["energy_kwh"])) for part in children(shade)])
    free = energy / (1 - np.array([float(str(part.value)) for part in children(shade)]))
    assert shade.value == pytest.approx(1 - energy.sum() / free.sum(), abs=1e-5)
    specific = explain(wide, "specific_yield_kwh_kw")
    energy_kwh, capacity = values(specific, "energy_kwh", "capacity_kw")
    assert specific.value == pytest.approx(energy_kwh / capacity, abs=1e-2)
    whole = explain(wide, "facilities")
    assert whole.value == sum(values(whole, "eligible", "unknown", "ineligible"))
    number = explain(wide, "number")
    share, eligible = values(number, "share", "eligible")
    assert number.value == math.ceil(share * eligible)
    chosen = explain(wide, "chosen")
    assert chosen.value == values(chosen, "number")[0] + float(str(chosen.values["excess"])) - float(
        str(chosen.values["short"])
    )


def test_remaining_years_are_the_life_less_the_age(plan: Plan) -> None:
    found = explain(plan, "criterion.remaining_years", "001")
    life, year = values(found, "life.rc", "plan.year")
    (built,) = (e for e in found.of("ledger:built_year") if isinstance(e, LedgerSource))
    assert found.values["found"] == life - (year - float(str(built.value)))
    assert (built.heading, built.row, built.file) == ("建築年度", 2, "施設 一覧.csv")
    asked = found.of("criterion:remaining_years")[0]
    assert isinstance(asked, CriterionSource)
    assert asked.threshold == found.values["threshold"] == 20
    assert found.value == "fail"


# ---------------------------------------------------------------------------------------------- nothing is forgotten


def profile_keys(explanation: Explanation) -> set[str]:
    return {entry.key for entry in explanation.walk() if isinstance(entry, ProfileSource)}


def roles(explanation: Explanation) -> set[str]:
    return {entry.role for entry in explanation.walk() if isinstance(entry, FileSource)}


def declared(plan: Plan, *stages: str) -> set[str]:
    have = {entry.role for entry in plan.inputs}
    # Of the models of the losses the one that is chosen.
    keys = {key for key in plan.profile.values if has_part(key, plan.profile)}
    return {key for key in keys for name in stages if BY_NAME[name].uses(key, have)}  # type: ignore[index]


@pytest.mark.parametrize("figure", ["energy_kwh", "m07", "specific_yield", "shading_loss"])
def test_energy_names_every_value_and_file_that_its_stages_declare(plan: Plan, figure: str) -> None:
    found = explain(plan, figure, "004")
    # What a module weighs makes no energy.
    wanted = declared(plan, "yield", "layout", "survey") - {"co2.grid_factor", "module.weight"}
    assert profile_keys(found) == wanted
    assert profile_keys(explain(plan, "co2_t", "004")) == wanted | {"co2.grid_factor"}
    have = {entry.role for entry in plan.inputs}
    assert roles(found) == {role for name in ("yield", "survey") for role in BY_NAME[name].files} & have  # type: ignore[index]


def test_every_value_of_the_profile_is_in_some_explanation(plan: Plan, dense: Project, paired: Project) -> None:
    seen: set[str] = set()
    for shown in (plan, dense.plan, paired.plan):
        desk = Desk(shown)
        for site in (*SITES, "005", None):
            for figure in figures_of(shown, site):
                seen |= profile_keys(explain(desk, figure, site))
    # Service lives of structures that no facility has are asked of nobody, nor is anything of trees and given planes where no file has any.
    unseen = {f"life.{name}" for name in ("src", "s", "w", "cb", "other")} | {"module.weight"}
    # Strings, loads and glare are no figures of the plan: they are worked out beside it; a surface is made before it.
    elsewhere = (
        "canopy.",
        "given.",
        "jis.",
        "pvwatts.",
        "string.",
        "inverter.",
        "load.",
        "glare.",
        "surface.",
        "review.",
        "sizing.",
        *MODULE,
    )
    assert set(plan.profile.values) - seen == unseen | {key for key in plan.profile.values if key.startswith(elsewhere)}


def test_values_that_a_rule_goes_by_stand_beside_what_it_took(plan: Plan) -> None:
    usable = explain(plan, "usable_m2", "001")
    assert profile_keys(child(usable, "lost_setback_m2")) == {"roof.setback", "roof.obstacle_height"}
    shade = child(usable, "lost_shade_m2")
    # The tower shades the first roof.
    assert float(str(shade.value)) > 1
    share, open_sky = values(shade, "roof.irradiation_share", "open_sky_kwh_m2")
    assert 0 < share * open_sky < 1400
    assert profile_keys(usable) >= declared(plan, "survey") - {"engine.azimuths", "pv.albedo"}


def test_each_figure_says_its_stage_and_when(plan: Plan) -> None:
    for figure, stage in (
        ("energy_kwh", "yield"),
        ("status", "eligibility"),
        ("chosen", "selection"),
        ("link", "join"),
    ):
        note = explain(plan, figure, "004").stage
        assert note is not None
        assert (note.name, note.freshness, note.made) == (stage, "fresh", plan.stamps[stage].made)
    without = explain(replace(plan, stamps={}), "energy_kwh", "004").stage
    assert without is not None
    assert (without.freshness, without.made) == ("missing", "")


def test_sources_of_a_value_and_what_is_only_assumed(plan: Plan) -> None:
    entries = {e.key: e for e in explain(plan, "usable_m2", "001").walk() if isinstance(e, ProfileSource)}
    setback = entries["roof.setback"]
    assert (setback.value, setback.unit, setback.low, setback.high, setback.year) == (1.0, "m", 0.5, 1.5, 2026)
    assert setback.assumed
    assert not entries["roof.flat_tilt"].assumed
    assert setback.source_ja == plan.profile.value("roof.setback").source_ja
    assert setback.override is setback.now is None


# ---------------------------------------------------------------------------------------------- what people did


BY = Author("資産 太郎", "メーカー見積り", "2026-11-20T09:30:00+09:00")


def test_an_overridden_value_before_and_after_the_update(dense: Project) -> None:
    edit = edits.set_value(dense.entries, "s1", "pv.density_flat", 0.15, BY, source="見積書 第3号")
    waiting = with_edit(dense, edit)
    # Not computed yet: the figure is still that of the old value, and says so.
    found = explain(waiting.plan, "capacity_kw", "001")
    flat = child(found, "capacity_flat_kw")
    (density,) = (entry for entry in flat.inputs if isinstance(entry, ProfileSource))
    assert (density.value, density.now, density.override) == (0.1125, 0.15, None)
    assert found.value == explain(dense.plan, "capacity_kw", "001").value
    assert flat.value == pytest.approx(values(flat, "usable_flat_m2")[0] * 0.1125)
    assert found.stage is not None
    assert found.stage.freshness == "stale"
    text = "\n".join(line for _, line in sentences(found, "ja"))
    assert "現在の値は 0.15 kW/m²" in text
    assert "未更新" in text

    done = bring_up_to_date(waiting)
    flat = child(explain(done.plan, "capacity_kw", "001"), "capacity_flat_kw")
    (density,) = (entry for entry in flat.inputs if isinstance(entry, ProfileSource))
    assert (density.value, density.now) == (0.15, None)
    assert density.override == Override(0.1125, Mark("メーカー見積り", "資産 太郎", BY.when), "見積書 第3号")
    assert flat.value == pytest.approx(values(flat, "usable_flat_m2")[0] * 0.15)
    text = "\n".join(line for _, line in sentences(flat, "ja"))
    for part in (
        "0.1125 kW/m² を 0.15 kW/m² に変更",
        "資産 太郎",
        "メーカー見積り",
        "見積書 第3号",
        "実績 0.098～0.156",
    ):
        assert part in text


def test_a_corrected_value_of_the_ledger(project: Project) -> None:
    edit = edits.correct_ledger(project.entries, "001", "built_year", 2001.0, 1985.0, BY)
    done = with_edit(project, edit).plan
    found = explain(done, "ledger.built_year", "001")
    assert (found.value, found.formula) == (2001, "ledger_corrected")
    (source,) = (entry for entry in found.inputs if isinstance(entry, LedgerSource))
    assert source.override is not None
    assert (source.override.before, source.override.mark) == (1985, Mark("メーカー見積り", "資産 太郎", BY.when))
    assert (source.heading, source.row, source.path) == (
        "建築年度",
        2,
        next(f.path for f in done.inputs if f.role == "facilities"),
    )
    criterion = explain(done, "criterion.remaining_years", "001")
    life, year = values(criterion, "life.rc", "plan.year")
    assert (criterion.value, criterion.values["found"]) == ("pass", life - (year - 2001))
    assert source in criterion.inputs
    lines = "\n".join(line for _, line in sentences(criterion, "ja"))
    assert "台帳の記載 1985 を 2001 に修正" in lines
    # The neighbour's value stays the file's.
    other = explain(done, "ledger.built_year", "002").inputs[0]
    assert isinstance(other, LedgerSource)
    assert other.override is None


def test_where_a_value_of_the_ledger_was_read(plan: Plan) -> None:
    assert explain(plan, "ledger.name", "001").formula == "ledger_read"
    # The kind is told from the name: the file has no such column.
    assert explain(plan, "ledger.kind", "001").formula == "ledger_made"
    # Projects of version 1 did not keep the headings.
    old = replace(plan, read=replace(plan.read, columns={}))
    assert explain(old, "ledger.kind", "001").formula == "ledger_read"
    text = "".join(line for _, line in sentences(explain(old, "ledger.name", "001"), "en"))
    assert "Ledger (Name): 第1小学校 (施設 一覧.csv, row 2)" in text


def test_a_column_that_the_file_lacks_can_be_filled(project: Project) -> None:
    edit = edits.correct_ledger(project.entries, "002", "flood_depth_m", 0.4, None, BY)
    done = with_edit(project, edit).plan
    source = explain(done, "ledger.flood_depth_m", "002").inputs[0]
    assert isinstance(source, LedgerSource)
    assert (source.value, source.heading) == (0.4, "")
    assert source.override is not None
    assert source.override.before is None
    assert explain(done, "ledger.flood_depth_m", "001").formula == "ledger_blank"


def test_pins_vetoes_share_and_criteria(project: Project) -> None:
    entries = project.entries
    for make in (
        lambda e: edits.pin(e, "s1", ["002"], Author("市長", "公約", BY.when)),
        lambda e: edits.veto(e, "s1", ["004"], Author("議会", "改築を検討", BY.when)),
        lambda e: edits.set_share(e, "s1", 1.0),
        lambda e: edits.set_criterion(e, "s1", "remaining_years", True, 3.0, BY),
    ):
        project = with_edit(project, make(project.entries))
    plan = project.plan
    pinned, vetoed = explain(plan, "chosen", "002"), explain(plan, "chosen", "004")
    assert (pinned.value, pinned.formula) == (True, "choice_chosen_pin")
    assert (vetoed.value, vetoed.formula) == (False, "choice_vetoed")
    assert pinned.inputs[0] == EnteredSource("pin", "002", True, Mark("公約", "市長", BY.when))
    assert vetoed.inputs[0] == EnteredSource("veto", "004", True, Mark("改築を検討", "議会", BY.when))
    share = explain(plan, "share")
    assert (share.value, share.formula) == (1.0, "share_entered")
    assert isinstance(share.inputs[0], EnteredSource)
    number, chosen = explain(plan, "number"), explain(plan, "chosen")
    assert number.value == math.ceil(values(number, "share")[0] * values(number, "eligible")[0])
    assert chosen.value == float(str(number.value)) - float(str(chosen.values["short"]))
    assert chosen.values["short"] == 1
    asked = explain(plan, "criterion.remaining_years", "001").of("criterion:remaining_years")[0]
    assert isinstance(asked, CriterionSource)
    assert asked.threshold == 3
    assert asked.override == Override((True, 20.0), Mark("メーカー見積り", "資産 太郎", BY.when))
    assert entries is not project.entries


def test_how_a_building_was_joined(project: Project) -> None:
    found = explain(project.plan, "link", "001")
    part = children(found)[0]
    assert (found.value, part.formula) == (("B0",), "joined_point")
    # Its place, and what the building is compared with.
    columns = {e.column for e in part.inputs if isinstance(e, LedgerSource)}
    assert columns == {"latitude", "longitude", "floor_area_m2", "kind"}
    assert "建物 B0（施設の位置が建物外周線の内側にある）" in [line for _, line in sentences(found, "ja")]
    assert explain(project.plan, "link", "005").formula == "link_none"
    done = with_edit(project, edits.correct_join(project.entries, "005", ["B0"], BY)).plan
    named = explain(done, "link", "005")
    assert (named.value, named.formula, children(named)[0].formula) == (("B0",), "link_person", "joined_person")
    assert EnteredSource("join", "005", ("B0",), Mark("メーカー見積り", "資産 太郎", BY.when)) in named.inputs
    assert explain(done, "link", "001").value == ()


def test_a_drawn_keepout_takes_its_area(project: Project) -> None:
    shape = box(WEST + 70.0, NORTH - 25.0, WEST + 76.0, NORTH - 20.0)  # 30 m² in the middle of the second roof
    done = bring_up_to_date(with_edit(project, edits.add_keepout(project.entries, "B1", shape, BY))).plan
    usable = explain(done, "usable_m2", "002")
    lost = child(usable, "lost_keepout_m2")
    assert lost.value == pytest.approx(30.0)
    (drawn,) = lost.inputs
    assert drawn == EnteredSource("keepout", "k1", pytest.approx(30.0), Mark("メーカー見積り", "資産 太郎", BY.when))
    assert usable.value == pytest.approx(child(usable, "roof_m2").value - total(children(usable, "lost_")))
    assert child(explain(done, "usable_m2", "001"), "lost_keepout_m2").inputs == ()


def test_a_refuge_is_explained_by_what_was_drawn_for_it(project: Project) -> None:
    shape = box(WEST + 70.0, NORTH - 25.0, WEST + 76.0, NORTH - 20.0)
    done = bring_up_to_date(with_edit(project, edits.add_keepout(project.entries, "B1", shape, BY, "refuge"))).plan
    usable = explain(done, "usable_m2", "002")
    lost = child(usable, "lost_refuge_m2")
    assert lost.value == pytest.approx(30.0)
    assert [source.key for source in lost.inputs] == ["k1"]
    assert child(usable, "lost_keepout_m2").inputs == ()
    assert child(usable, "lost_keepout_m2").value == 0.0


def test_files_name_their_findings_and_what_the_user_said(plan: Plan) -> None:
    told = replace(plan, inputs=tuple(replace(f, crs="EPSG:6677") if f.role == "dsm" else f for f in plan.inputs))
    files = {e.role: e for e in explain(told, "energy_kwh", "001").walk() if isinstance(e, FileSource)}
    assert files["dsm"].crs == "EPSG:6677"
    assert files["dsm"].sha256 == hashlib.sha256(plan.dsm.read_bytes()).hexdigest()
    assert {finding.code for finding in files["weather"].findings} == {"weather.from_normals", "weather.place_of_site"}
    source = explain(plan, "ledger.name", "005").inputs[0]
    assert isinstance(source, LedgerSource)
    assert [finding.code for finding in source.findings] == ["join.no_building"]
    assert "第5小学校" in "".join(line for _, line in sentences(explain(plan, "ledger.name", "005"), "en"))


# ---------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_explanation_has_words(plan: Plan, wide: Plan, language: Language) -> None:
    """No code, no placeholder, no dash for a value that is there; nothing of the other language but names."""
    of_plan, of_wide = Desk(plan), Desk(wide)
    asked = [(of_plan, figure, site) for site in (*SITES[:1], "004", "005", None) for figure in figures_of(plan, site)]
    asked += [(of_wide, figure, site) for site in ("0000001", "0000007", None) for figure in figures_of(wide, site)]
    own = {
        text
        for p in (plan, wide)
        for column in p.facilities.drop(columns="geometry")
        for text in p.facilities[column]
        if isinstance(text, str) and JAPANESE.search(text)
    }
    notes = {entry.note(language) for entry in (*plan.profile.values.values(), *plan.profile.criteria)} - {""}
    headings = set(plan.read.columns.values())  # type: ignore[union-attr]
    files = {part for p in (plan, wide) for entry in p.inputs for part in (entry.path, PurePath(entry.path).name)}
    stations = {plan.results.weather.station, wide.results.weather.station} - {""}
    for of, figure, site in asked:
        lines = sentences(explain(of, figure, site), language)
        assert [depth for depth, _ in lines][:2] == [0, 1]
        for before, after in pairwise(depth for depth, _ in lines):
            assert after <= before + 1
        for _, line in lines:
            assert line.strip()
            assert not CODE.search(without(line, files | notes)), line
            plain = without(line, own | headings | files | stations)
            if language == "ja":
                assert JAPANESE.search(line), line
            else:
                assert not JAPANESE.search(TITLE.sub("", plain)), line


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_sums_are_cut_and_counted(wide: Plan, language: Language) -> None:
    found = explain(wide, "energy_kwh")
    count = int(str(found.values["count"]))
    assert count > 6
    lines = [line for _, line in sentences(found, language, longest=5)]
    assert lines[-1] == say(language, "why.line.more", count=count - 5)
    assert len(sentences(found, language, longest=1000)) == len(lines) - 1 + count - 5
    name = wide.facilities.set_index("facility_id")["name"]
    assert any(str(name[children(found)[1].facility_id]) in line for line in lines)


def test_what_cannot_be_explained_is_said(plan: Plan) -> None:
    for figure, site, code in (
        ("beauty", None, "why.no_figure"), ("beauty", "001", "why.no_figure"), ("energy_kwh", "999", "why.no_facility"),
        ("energy_kwh", "005", "why.no_yield"), ("criterion.flood", "001", "why.no_criterion"), ("ledger.geometry", "001", "why.no_figure"),
    ):  # fmt: skip
        with pytest.raises(NothingToExplain) as caught:
            explain(plan, figure, site)
        assert caught.value.code == code
        for language in LANGUAGES:
            assert say(language, code, **caught.value.details) not in ("", code)
    with pytest.raises(NothingToExplain):
        figures_of(plan, "999")


# ---------------------------------------------------------------------------------------------- register and papers


def test_the_register_has_every_default_and_every_change(project: Project) -> None:
    plain = register(project.plan)
    assert plain.loc[plain["kind"] == "value", "key"].tolist() == list(project.profile.values)
    assert plain.loc[plain["kind"] == "criterion", "key"].tolist() == [c.key for c in project.profile.criteria]
    assert not plain["changed"].any()
    assert len(changes(project.plan)) == 0
    setback = plain[plain["key"] == "roof.setback"].iloc[0]
    assert (setback["value"], setback["low"], setback["high"], setback["unit"], setback["how_sure"]) == (
        1.0,
        0.5,
        1.5,
        "m",
        "verify",
    )
    assert setback["name_en"] == "Set-back from the edge of the roof"

    for make in (
        lambda e: edits.set_value(e, "s1", "co2.grid_factor", 0.4, BY, source="環境省 令和7年"),
        lambda e: edits.correct_ledger(e, "001", "seismic", "retrofitted", "new", BY),
        lambda e: edits.set_share(e, "s1", 0.6),
        lambda e: edits.set_criterion(e, "s1", "flood", True, 1.0, BY),
        lambda e: edits.pin(e, "s1", ["002"], BY),
        lambda e: edits.correct_join(e, "005", ["B0"], BY),
        lambda e: edits.add_keepout(e, "B1", box(WEST + 70, NORTH - 25, WEST + 72, NORTH - 20), BY),
    ):
        project = with_edit(project, make(project.entries))
    found = changes(project.plan).set_index("kind")
    assert set(found.index) == {"value", "ledger", "share", "criterion", "pin", "join", "keepout"}
    assert (found.loc["value", "value"], found.loc["value", "base_value"]) == (0.4, 0.43)
    assert found.loc["value", "source_ja"] == "環境省 令和7年"
    assert found.loc["value", "how_sure"] is None
    assert (found.loc["ledger", "value"], found.loc["ledger", "base_value"]) == ("retrofitted", "new")
    assert (found.loc["share", "value"], found.loc["share", "base_value"]) == (0.6, 0.5)
    assert (found.loc["join", "value"], found.loc["join", "base_value"]) == (("B0",), ())
    assert found.loc["keepout", "value"] == pytest.approx(10.0)
    for kind in ("value", "ledger", "criterion", "pin", "join", "keepout"):
        assert found.loc[kind, ["who", "when", "why"]].tolist() == ["資産 太郎", BY.when, "メーカー見積り"]
    assert len(register(project.plan)) == len(plain) + len(found) - 2


def test_papers_are_current_until_the_plan_changes(project: Project, tmp_path: Path) -> None:
    paper = tmp_path / "一覧.csv"
    write_csv(project.plan, paper, "ja")
    made = record(project.plan, "csv", paper, "ja", "資産 太郎")
    assert made.fingerprint == read_fingerprint(paper)
    project = with_record(with_record(project, made), replace(made, kind="png", path=str(tmp_path / "gone.png")))
    assert [state.state for state in export_states(project)] == ["current", "missing"]
    # Another pin: another list.
    pinned = with_edit(project, edits.pin(project.entries, "s1", ["002"], BY))
    assert [state.state for state in export_states(pinned)] == ["out_of_date", "missing"]
    back = with_edit(pinned, edits.release(pinned.entries, "s1", ["002"]), [project.plan])
    assert export_states(back)[0].state == "current"
    # A value that waits to be computed.
    waiting = with_edit(project, edits.set_value(project.entries, "s1", "roof.setback", 1.5, BY))
    assert export_states(waiting)[0].state == "out_of_date"
    # The newer takes the place of the older.
    again = record(pinned.plan, "csv", paper, "en", "別人")
    renewed = with_record(pinned, again)
    assert [entry.kind for entry in renewed.exports] == ["png", "csv"]
    assert export_states(renewed)[1].state == "current"


def test_the_paper_of_a_scenario_that_is_gone(project: Project, tmp_path: Path) -> None:
    edit, key = edits.duplicate_scenario(project.entries, "s1", "別案")
    both = with_edit(project, edit)
    paper = tmp_path / "a.csv"
    write_csv(both.plans[key], paper, "ja")
    both = with_record(both, record(both.plans[key], "csv", paper, "ja", ""))
    assert export_states(both)[0].state == "current"
    assert export_states(with_edit(both, edits.remove_scenario(both.entries, key)))[0].state == "out_of_date"
    odd = replace(both, exports=(replace(both.exports[0], path="a\0b"),))
    assert export_states(odd)[0].state == "missing"


# ---------------------------------------------------------------------------------------------- criteria, for everybody


def ledger_value_of(found: Explanation, column: str) -> float:
    """A number that the explanation says the ledger has; NaN where it has none."""
    entries = [e for e in found.of(f"ledger:{column}") if isinstance(e, LedgerSource)]
    return float("nan") if not entries or entries[0].value is None else float(str(entries[0].value))


def limit_of(found: Explanation) -> float | None:
    """The limit by which a load passed or failed, from the numbers of the profile and the ledger in its explanation."""
    told = {entry.column: entry.value for entry in found.inputs if isinstance(entry, LedgerSource)}
    numbers = {entry.key: float(entry.value) for entry in found.inputs if isinstance(entry, ProfileSource)}
    limits = LoadLimits(
        {key.removeprefix("load.limit_"): value for key, value in numbers.items() if key.startswith("load.limit_")},
        {key.removeprefix("load.structure_"): value for key, value in numbers.items() if key.startswith("load.structure_")},
        numbers["load.old_share"],
    )  # fmt: skip
    if found.value == "unknown":
        return None
    return judge_at(0.0 if found.value == "pass" else 1e9, building_of(told), limits).limit_n_m2


def reckoned(found: Explanation) -> object:
    """What a criterion finds, from nothing but its explanation; None where it cannot be known."""
    key = str(found.values["criterion"])
    if found.formula in ("not_known", "no_closure", "closure_open"):
        return None
    if found.formula == "found_pitched":
        return "pitched"
    if found.formula == "found_ledger":
        (source,) = (e for e in found.inputs if isinstance(e, LedgerSource))
        return source.value
    if found.formula == "found_roofing":
        told = {entry.column: entry.value for entry in found.inputs if isinstance(entry, LedgerSource)}
        return told.get("roofing") or told.get("roof_type")
    if found.formula == "found_bears":
        return ledger_value_of(found, "roof_bears_n_m2")
    if found.formula == "found_roof_load":
        return limit_of(found)
    if key in ("usable_area", "irradiation", "capacity"):
        return children(found)[0].value
    (year,) = values(found, "plan.year")
    if key == "closure":
        return ledger_value_of(found, "closure_year") - year
    if key == "waterproofing":
        return year - np.fmax(ledger_value_of(found, "waterproofed_year"), ledger_value_of(found, "built_year"))
    (life,) = (e.value for e in found.inputs if isinstance(e, ProfileSource) and e.key.startswith("life."))
    return life - (year - ledger_value_of(found, "built_year"))


@pytest.fixture(scope="module")
def strict(wide: Plan) -> Plan:
    """Every criterion applied; a roof of which nothing is usable, a facility without a told remaining life, one without structure."""
    ledger = wide.facilities.copy()
    ledger.loc[:4, "remaining_years"] = np.nan
    ledger.loc[4, "structure"] = None
    ledger.loc[5, "roof_type"] = "gable"
    planes = wide.results.planes.copy()
    mine = planes["building_id"] == ledger["building_ids"][0]
    planes.loc[mine, "usable_m2"] = 0.0
    yields = wide.results.yields.copy()
    yields.loc[0, ["usable_m2", "capacity_kw", "energy_kwh", "co2_t"]] = 0.0
    yields.loc[0, ["irradiation_kwh_m2", "specific_yield", "shading_loss"]] = np.nan
    results = replace(wide.results, planes=planes, yields=yields)
    settings = replace(wide.settings, criteria={c.key: (True, c.threshold) for c in wide.profile.criteria})
    decision = decide(ledger, results, wide.profile, settings)
    return replace(wide, facilities=ledger, results=results, settings=settings, decision=decision)


def test_every_outcome_follows_from_its_explanation(strict: Plan) -> None:
    formulas = set()
    # What the roof gives is drawn in this plan, and does not hang together from plane to yield.
    drawn = ("usable_area", "irradiation", "capacity")
    desk = Desk(strict)
    for row in strict.decision.outcomes.itertuples():
        found = explain(desk, f"criterion.{row.criterion}", str(row.facility_id))
        assert found.value == row.outcome
        if found.formula == "found_remaining_any":
            formulas.add(found.formula)
            continue
        value = reckoned(found)
        if row.criterion == "irradiation" and row.facility_id == "0000001":
            assert children(found)[0].figure == "roof_irradiation_kwh_m2"
            assert value == pytest.approx(found.values["found"])
        elif row.criterion not in drawn:
            assert value == found.values["found"]
        (asked,) = (e for e in found.inputs if isinstance(e, CriterionSource))
        assert (asked.threshold, asked.applied) == (found.values["threshold"], True)
        formulas.add(found.formula)
    assert formulas >= {
        "found_ledger", "not_known", "found_remaining", "found_closure", "no_closure", "found_waterproofing", "found_pitched", "found_remaining_any",
        "found_irradiation", "found_capacity", "found_usable_area",
    }  # fmt: skip


def test_formulas_have_sentences(strict: Plan, project: Project) -> None:
    plans = [strict, project.plan]
    spoken: set[str] = set()
    for plan in plans:
        desk = Desk(plan)
        for site in (*plan.facilities["facility_id"].tolist()[:8], None):
            for figure in figures_of(plan, site):
                spoken |= {e.formula for e in explain(desk, figure, site).walk() if isinstance(e, Explanation)}
    for formula in spoken:
        for language in LANGUAGES:
            assert say(language, f"why.formula.{formula}") != f"why.formula.{formula}"


@pytest.mark.parametrize("kept", ["version1/sample", "version1/turned", "version2/edited"])
def test_whatever_an_old_file_can_be_asked_is_answered(kept: str) -> None:
    """Their yields lack what was found out later; nothing that is offered may fail for that."""
    old = load_project(Path(__file__).parents[1] / "data" / f"{kept}.kawasolar").plan
    assert "snow_loss" not in figures_of(old)
    desk = Desk(old)
    for site in (None, str(old.facilities["facility_id"].iloc[0])):
        for figure in figures_of(old, site):
            found = explain(desk, figure, site)
            for language in LANGUAGES:
                assert sentences(found, language)


def test_as_json(plan: Plan) -> None:
    found = as_json(explain(plan, "co2_t", "004"))
    again = json.loads(json.dumps(found, ensure_ascii=False, allow_nan=False))
    assert again == found
    assert (again["kind"], again["figure"], again["facility_id"]) == ("explanation", "co2_t", "004")
    factor = again["inputs"][1]
    assert (factor["kind"], factor["key"], factor["value"]) == ("profile", "co2.grid_factor", 0.43)
    assert again["inputs"][0]["value"] * factor["value"] / 1000 == pytest.approx(again["value"])


def test_a_saved_project_explains_the_same(project: Project, tmp_path: Path) -> None:
    project = with_edit(project, edits.correct_ledger(project.entries, "001", "built_year", 2001.0, 1985.0, BY))
    project = with_edit(project, edits.set_value(project.entries, "s1", "co2.grid_factor", 0.4, BY))
    project = with_record(project, record(project.plan, "csv", tmp_path / "一覧.csv", "ja", "資産 太郎"))
    save_project(project, tmp_path / "計画.kawasolar")
    loaded = load_project(tmp_path / "計画.kawasolar")
    assert loaded.exports == project.exports
    desk = Desk(loaded.plan)
    for site in ("001", "004", "005", None):
        assert figures_of(loaded.plan, site) == figures_of(project.plan, site)
        for figure in figures_of(project.plan, site):
            # One with a desk for all, the other each by itself: the same.
            assert as_json(explain(desk, figure, site)) == as_json(explain(project.plan, figure, site)), figure
    pd.testing.assert_frame_equal(register(loaded.plan), register(project.plan))


def test_ranked_by_energy_where_a_person_says_so(project: Project) -> None:
    by_co2 = explain(project.plan, "rank", "004")
    assert [entry.code for entry in by_co2.inputs] == ["co2_t"]
    turned = with_edit(project, edits.set_objective(project.entries, "s1", "energy")).plan
    found = explain(turned, "rank", "004")
    assert [entry.code for entry in found.inputs] == ["energy_kwh", "entered:objective"]
    assert found.value == 1 + int(str(found.values["better"]))
    assert "年間発電量」の大きい順" in sentences(found, "ja")[1][1]
    assert "選定の目的：年間発電量" in sentences(found, "ja")[-1][1]


def test_a_facility_laid_out_otherwise_says_so(paired: Project) -> None:
    found = explain(paired.plan, "capacity_kw", "002")
    (part,) = children(found, "capacity_")
    assert part.figure == "capacity_rack_kw"
    (count,) = children(part, "modules_")
    # Its rating is what was entered, not the profile's.
    assert part.value == pytest.approx(float(str(count.value)) * 500.0 / 1000.0)
    assert "module.power" not in profile_keys(part)
    for language, words in (("ja", "モジュール定格出力 500 W"), ("en", "Rated power of a module 500 W")):
        text = "\n".join(line for _, line in sentences(found, language))
        assert words in text
        assert "資産 太郎" in text
    others = explain(paired.plan, "capacity_kw", "001")
    assert {part.figure for part in children(others, "capacity_")} == {"capacity_back_to_back_kw"}
