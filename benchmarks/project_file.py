"""How long a project of a whole city takes to open and to save, and how large its file is.

    python benchmarks/project_file.py [facilities] [--profile]

A made-up project of 1,000 facilities among 15,000 buildings, with 5 to 8 roof planes a facility. What a survey leaves is not
made up: skylines and outlines of planes are drawn from the sample plan, so that they pack as real ones do; their cells are those inside
the outlines less a set-back, and the modules are laid out on these. Measured with one scenario and with three, of which the second shares
all but the decision and the third has yields of its own; beside it the time that the same bytes take to be written, synced and read. Median of five.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.features
import shapely
from rasterio.transform import from_origin

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gis.findings import Finding
from gis.plane_cells import PlaneCells
from gis.usable import RULES
from kawasolar.document.edits import Author, duplicate_scenario, set_objective, set_value, veto
from kawasolar.document.entries import apply
from kawasolar.document.views import profile_of, settings_of
from kawasolar.layouts import compute_layouts
from kawasolar.plan import Decision, LedgerRead, Project, Results
from kawasolar.project import load_plan, load_project, project_of, save_project
from kawasolar.stages import stamped

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kawasolar.plan import Plan

Table = TypeVar("Table", bound=pd.DataFrame)
SAMPLE = ROOT / "tests" / "data" / "version1" / "sample.kawasolar"
BUILDINGS_EACH = 15
PITCH_M = 40.0
REPEATS = 5


def city(facilities: int) -> Project:
    """A project of one scenario with ``facilities`` facilities."""
    rng = np.random.default_rng(11)
    sample = load_plan(SAMPLE)
    buildings, centres = _buildings(sample, facilities * BUILDINGS_EACH, rng)
    mine = np.sort(rng.choice(len(buildings), facilities, replace=False))
    ledger = _tiled(sample.facilities, facilities, rng)
    ledger["facility_id"] = [f"{k + 1:07d}" for k in range(facilities)]
    ledger["building_ids"] = buildings["building_id"].to_numpy(dtype=object)[mine]
    ledger = ledger.set_geometry(shapely.points(centres[mine]), crs=sample.crs)
    planes, sunlit, subarrays = _planes(sample, buildings["building_id"].to_numpy(), mine, centres, rng)
    links = pd.DataFrame(
        {"facility_id": ledger["facility_id"], "building_id": ledger["building_ids"], "how": "id", "distance_m": 0.0, "score": 1.0}
    )  # fmt: skip
    yields, month_hour, lost = _yields(sample, ledger["facility_id"].to_numpy(), rng)
    like = rng.integers(0, len(sample.results.yields), facilities)
    hourly = sample.results.hourly[like] * rng.uniform(0.8, 1.2, (facilities, 1)).astype(np.float32)
    results = Results(
        buildings, planes, sunlit, sample.results.azimuths, subarrays, links, yields, month_hour, lost, sample.results.typical_days[like], hourly,
        sample.results.weather, sample.results.open_sky_kwh_m2,
    )  # fmt: skip
    findings = tuple(
        Finding("ledger.bad_number", "warning", "facilities.csv", k, "延床面積", "abc") for k in range(300)
    )
    headings = {column: f"見出し {column}" for column in ledger.columns}
    plan = replace(
        sample, name="市全域", facilities=ledger, results=results, decision=_decision(sample, ledger["facility_id"], rng),
        findings=findings, read=LedgerRead(ledger, links, headings),
    )  # fmt: skip
    project = project_of(plan)
    return replace(project, plans={"s1": stamped(project.plan, project.profile)})


def _tiled(frame: Table, count: int, rng: np.random.Generator) -> Table:
    """Rows drawn from a frame, its numbers no longer all alike."""
    tiled = frame.iloc[rng.integers(0, len(frame), count)].reset_index(drop=True)
    for column in tiled.columns:
        if tiled[column].dtype == np.dtype("float64"):
            tiled[column] *= rng.uniform(0.8, 1.2, count)
    return tiled


def _buildings(sample: Plan, count: int, rng: np.random.Generator) -> tuple[gpd.GeoDataFrame, NDArray[np.floating]]:
    frame = _tiled(sample.results.buildings, count, rng)
    side = int(np.ceil(np.sqrt(count)))
    place = np.arange(count)
    centres = np.column_stack([-20_000 + place % side * PITCH_M, -44_000 - place // side * PITCH_M]).astype(float)
    frame["building_id"] = [f"B{k + 1:06d}" for k in place]
    shapes = _moved(frame.geometry.to_numpy(), centres)
    return frame.set_geometry(gpd.GeoSeries(shapes, crs=sample.crs)), centres


def _moved(shapes: NDArray[np.object_], centres: NDArray[np.floating]) -> NDArray[np.object_]:
    """The shapes, each with its centroid at a place."""
    shift = centres - shapely.get_coordinates(shapely.centroid(shapes))
    counts = shapely.get_num_coordinates(shapes)
    points = shapely.get_coordinates(shapes) + np.repeat(shift, counts, axis=0)
    return shapely.set_coordinates(shapes.copy(), np.round(points, 3))


def _planes(
    sample: Plan, ids: NDArray[np.object_], mine: NDArray[np.integer], centres: NDArray[np.floating], rng: np.random.Generator
) -> tuple[gpd.GeoDataFrame, NDArray[np.float32], gpd.GeoDataFrame]:  # fmt: skip
    owner = np.repeat(mine, rng.integers(5, 9, len(mine)))
    known = sample.results.planes
    cells, modules = _cells(known), _modules(sample)
    drawn = rng.integers(0, len(known), len(owner))
    frame = known.iloc[drawn].reset_index(drop=True)
    frame["plane_id"] = np.arange(1, len(owner) + 1)
    frame["building_id"] = ids[owner]
    for column in frame.select_dtypes("float64").columns:
        frame[column] *= rng.uniform(0.8, 1.2, len(frame))
    frame["azimuth"] %= 360.0
    shapes = frame.geometry.to_numpy()
    shift = centres[owner] - shapely.get_coordinates(shapely.centroid(shapes))
    frame["cell_rules"] = [
        replace(cells[k], west=cells[k].west + east, north=cells[k].north + north).encode()
        for k, (east, north) in zip(drawn.tolist(), shift.tolist(), strict=True)
    ]
    frame = frame.set_geometry(gpd.GeoSeries(_moved(shapes, centres[owner]), crs=sample.crs))
    # The subarrays of each plane, one after the other.
    begin = modules["plane_id"].searchsorted(known["plane_id"].to_numpy()[drawn])
    count = modules["plane_id"].searchsorted(known["plane_id"].to_numpy()[drawn], side="right") - begin
    place = np.repeat(np.arange(len(drawn)), count)
    taken = np.repeat(begin, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    subarrays = modules.iloc[taken].reset_index(drop=True)
    subarrays["plane_id"], subarrays["building_id"] = place + 1, ids[owner][place]
    standing = subarrays.geometry.to_numpy()
    points = shapely.get_coordinates(standing) + np.repeat(shift[place], shapely.get_num_coordinates(standing), axis=0)
    subarrays = subarrays.set_geometry(
        gpd.GeoSeries(shapely.set_coordinates(standing.copy(), np.round(points, 3)), crs=sample.crs)
    )
    return frame, _sunlit(sample.results.sunlit, drawn, rng), subarrays


def _cells(planes: gpd.GeoDataFrame) -> list[PlaneCells]:
    """Half-metre cells inside each plane's outline, those within a metre of its edge taken by the set-back."""
    found = []
    for shape in planes.geometry:
        west, south, east, north = np.array(shape.bounds) // 0.5 * 0.5
        rows, cols = round((north - south) / 0.5) + 1, round((east - west) / 0.5) + 1
        there = from_origin(west, north + 0.5, 0.5, 0.5)
        inside, inner = (
            rasterio.features.geometry_mask([part], (rows, cols), there, invert=True)
            if not part.is_empty
            else np.zeros((rows, cols), bool)
            for part in (shape, shape.buffer(-1.0))
        )
        taken = np.where(inside, np.uint8(2 + RULES.index("setback")), np.uint8(0))
        found.append(PlaneCells(float(west), float(north) + 0.5, 0.5, np.where(inner, np.uint8(1), taken)))
    return found


def _modules(sample: Plan) -> gpd.GeoDataFrame:
    """What stands on the planes of the sample."""
    planes = sample.results.planes.copy()
    planes["cell_rules"] = [cells.encode() for cells in _cells(planes)]
    owners = dict.fromkeys(planes["building_id"], "F")
    return compute_layouts(planes, sample.results.buildings, owners, sample.profile, {})


def _sunlit(known: NDArray[np.float32], drawn: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.float32]:
    """Skylines of real planes, each turned by some azimuths, and no two quite alike."""
    steps = np.rint(known * 255).astype(np.int16)
    turned = (np.arange(steps.shape[1])[None, :] + rng.integers(0, steps.shape[1], len(drawn))[:, None]) % steps.shape[
        1
    ]
    found = np.empty((len(drawn), *steps.shape[1:]), np.float32)
    for k, (plane, order) in enumerate(zip(drawn, turned, strict=True)):
        one = steps[plane][order]
        loose = (one > 0) & (one < 255) & (rng.random(one.shape) < 0.3)
        found[k] = np.clip(one + loose * rng.integers(-1, 2, one.shape), 0, 255)
    return np.divide(found, np.float32(255))


def _yields(
    sample: Plan, ids: NDArray[np.object_], rng: np.random.Generator
) -> tuple[pd.DataFrame, NDArray[np.float32], NDArray[np.float32]]:
    drawn = rng.integers(0, len(sample.results.yields), len(ids))
    frame = sample.results.yields.iloc[drawn].reset_index(drop=True)
    factor = rng.uniform(0.8, 1.2, len(ids))
    for column in frame.select_dtypes("float64").columns:
        frame[column] *= factor
    frame["facility_id"] = pd.Series(ids, dtype=object)
    scale = factor[:, None, None].astype(np.float32)
    return frame, sample.results.month_hour[drawn] * scale, sample.results.month_hour_lost[drawn] * scale


def _decision(sample: Plan, ids: pd.Series[str], rng: np.random.Generator) -> Decision:
    """Sites of the sample, and nine criteria of each facility."""
    sites = _tiled(sample.decision.sites, len(ids), rng)
    sites["facility_id"] = ids.to_numpy()
    keys = [criterion.key for criterion in sample.profile.criteria]
    keys = (keys + [f"{key}_again" for key in keys])[:9]
    outcomes = _tiled(sample.decision.outcomes, len(ids) * len(keys), rng)
    outcomes["facility_id"] = np.repeat(ids.to_numpy(), len(keys))
    outcomes["criterion"] = np.tile(keys, len(ids))
    return Decision(outcomes, sites)


def three(project: Project) -> Project:
    """The project with a scenario that shares all but the decision, and one with yields of its own."""
    entries, first = project.entries, project.plan
    by = Author("担当者", "比較のため", "2026-11-23T00:00:00+00:00")
    for name in ("電力量優先", "高効率モジュール"):
        edit, _ = duplicate_scenario(entries, "s1", name)
        entries = apply(entries, edit)
    entries = apply(entries, set_objective(entries, "s2", "energy"))
    entries = apply(entries, veto(entries, "s2", list(first.facilities["facility_id"].iloc[:50]), by))
    entries = apply(entries, set_value(entries, "s3", "pv.pcs_efficiency", 0.97, by))
    rng = np.random.default_rng(5)
    ids = first.facilities["facility_id"]
    yields, month_hour, lost = _yields(load_plan(SAMPLE), ids.to_numpy(), rng)
    own = replace(first.results, yields=yields, month_hour=month_hour, month_hour_lost=lost)
    plans = {}
    for key, results, decision in (
        ("s1", first.results, first.decision),
        ("s2", first.results, _decision(first, ids, rng)),
        ("s3", own, _decision(first, ids, rng)),
    ):
        plan = replace(
            first, entries=entries, scenario=key, results=results, decision=decision, stamps={},
            profile=profile_of(entries, key, project.profile), settings=settings_of(entries, key, project.profile),
        )  # fmt: skip
        plans[key] = stamped(plan, project.profile)
    return replace(project, entries=entries, plans=plans)


def median(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and seconds of all processors, the medians of five; on a busy machine the latter tell more."""
    times, cpu = [], []
    for _ in range(REPEATS):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        act()
        times.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - begin_cpu)
    return statistics.median(times), statistics.median(cpu)


def write_bytes(path: Path, data: bytes) -> None:
    """The same bytes, on the disk for sure."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def measure(name: str, project: Project, folder: Path) -> None:
    """Print what one project takes."""
    path = folder / "city.kawasolar"
    save, save_cpu = median(lambda: save_project(project, path))
    load, load_cpu = median(lambda: load_project(path))
    data = path.read_bytes()
    write, read = median(lambda: write_bytes(folder / "raw", data))[0], median((folder / "raw").read_bytes)[0]
    print(
        f"{name:13s} {len(data) / 1e6:6.1f} MB   open {load:6.3f} s (CPU {load_cpu:.3f} s, {load / read:.0f} × reading the bytes)   "
        f"save {save:6.3f} s (CPU {save_cpu:.3f} s, {save / write:.0f} × writing them)"
    )


def main() -> None:
    """Measure, or show where the time goes."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("facilities", nargs="?", type=int, default=1000)
    arguments.add_argument("--profile", action="store_true")
    given = arguments.parse_args()
    project = city(given.facilities)
    results = project.plan.results
    print(
        f"{given.facilities} facilities, {len(results.buildings)} buildings, {len(results.planes)} planes, "
        f"{len(results.subarrays)} subarrays of {results.subarrays['modules'].sum()} modules, sunlit {results.sunlit.nbytes / 1e6:.0f} MB in memory"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.profile:
            profile(project, folder)
            return
        measure("1 scenario", project, folder)
        measure("3 scenarios", three(project), folder)


def profile(project: Project, folder: Path) -> None:
    """The functions in which the time goes, once each."""
    import cProfile

    path = folder / "city.kawasolar"
    save_project(project, path)
    for act in ("save_project(project, path)", "load_project(path)"):
        cProfile.runctx(act, {**globals(), "project": project, "path": path}, {}, sort="tottime")


if __name__ == "__main__":
    main()
