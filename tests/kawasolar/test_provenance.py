"""Why a number is what it is: explanations whose parts give the whole again, down to file, row and person."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from shapely.geometry import box

from kawasolar.decide import decide, default_settings
from kawasolar.pipeline import PlanInputs, make_project
from kawasolar.provenance import CriterionSource, Explanation, LedgerSource, ProfileSource, explain
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan, Project

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
def plan(project: Project) -> Plan:
    return project.plan


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Forty facilities, decided, without stamps."""
    made = example_plan(tmp_path_factory.mktemp("wide"))
    settings = replace(default_settings(made.profile), share=0.4)
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
def test_capacity_is_area_times_density(plan: Plan, site: str) -> None:
    found = explain(plan, "capacity_kw", site)
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
