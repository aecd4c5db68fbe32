"""A small, consistent plan for tests of exports and windows; numbers are drawn, shapes are real."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from pyproj import CRS, Transformer
from rasterio.enums import Resampling
from rasterio.features import rasterize
from shapely import affinity
from shapely.geometry import MultiPolygon, Point, Polygon, box

from gis.findings import Finding
from gis.plane_cells import PlaneCells
from gis.usable import RULES
from kawasolar.layout_values import COLUMNS
from kawasolar.plan import Decision, InputFile, Plan, Results, Settings, WeatherSummary

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEST, NORTH, CELL, SIZE = -20200.0, -44200.0, 1.0, 600
CRS_PLAN = CRS.from_epsg(6677)
KINDS = ("school", "office", "library", "nursery", "fire_station", "hall", "depot", "sports", "welfare")
NAMES = ("小学校", "区役所", "図書館", "保育園", "消防署", "市民館", "車両基地", "体育館", "福祉センター")


def write_raster(path: Path, values: NDArray[np.generic], nodata: float | None) -> None:
    """A tiled GeoTIFF with overviews, as the pipeline leaves them in the cache."""
    rows, cols = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=cols, count=1, dtype=values.dtype, crs=CRS_PLAN.to_wkt(),
        transform=rasterio.transform.from_origin(WEST, NORTH, CELL, CELL), nodata=nodata,
        tiled=True, blockxsize=256, blockysize=256, compress="deflate",
    ) as file:  # fmt: skip
        file.write(values, 1)
        file.build_overviews([2, 4], Resampling.nearest)


def example_plan(folder: Path, facilities: int = 40, seed: int = 1) -> Plan:
    """A plan of ``facilities`` public facilities among three times as many buildings."""
    from kawasolar.profile import load_profile

    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    cache = folder / "example.kawasolar-cache"
    cache.mkdir(exist_ok=True)
    buildings = _buildings(rng, facilities * 3)
    planes = _planes(rng, buildings)
    ids = _with_cells(planes)
    ledger = _ledger(rng, facilities, buildings)
    subarrays = _subarrays(planes[planes["building_id"].isin(ledger["building_ids"])])
    _rasters(cache, buildings, planes, ids)
    azimuths = np.arange(64) * (360 / 64)
    skyline = 4 + 18 * rng.random((len(planes), 1)) * np.abs(
        np.sin(np.radians(azimuths[None, :] + 360 * rng.random((len(planes), 1))))
    )
    degrees = np.arange(91)
    sunlit = np.clip((degrees[None, None, :] - skyline[:, :, None] + 3) / 6, 0, 1).astype(np.float32)
    yields, month_hour, lost = _yields(ledger, planes, subarrays)
    # Half as much again, and little.
    mean = month_hour / 30.0
    days = np.stack([mean * np.float32(1.5), mean * np.float32(0.2)], axis=1)
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    hourly = np.repeat(month_hour / lengths[None, :, None], lengths, axis=1).reshape(len(month_hour), 8760)
    ghi = np.array([89, 97, 124, 141, 158, 132, 145, 149, 107, 95, 82, 81], dtype=float)
    results = Results(
        buildings=buildings, planes=planes, sunlit=sunlit, azimuths=azimuths, subarrays=subarrays,
        links=pd.DataFrame({"facility_id": ledger.facility_id, "building_id": ledger.building_ids, "how": "id", "distance_m": 0.0, "score": 1.0}),
        yields=yields, month_hour=month_hour, month_hour_lost=lost, typical_days=days, hourly=hourly.astype(np.float32),
        weather=WeatherSummary("見本", "weather.csv", "average", 35.6, 139.61, float(ghi.sum()), tuple(ghi.tolist()), (4,) * 12, (21,) * 12),
        open_sky_kwh_m2=float(ghi.sum()),
    )  # fmt: skip
    profile = load_profile()
    surface = cache / "surface.tif"
    return Plan(
        name="例示計画", synthetic=True, crs=CRS_PLAN, profile=profile, settings=Settings(0.5, "co2"),
        inputs=tuple(InputFile(role, str(folder / name), 1000, "0" * 64) for role, name in (("dsm", "dsm.tif"), ("buildings", "buildings.gpkg"), ("facilities", "facilities.csv"), ("weather", "weather.csv"))),
        facilities=ledger, results=results, decision=_decision(ledger, yields),
        findings=(Finding("ledger.out_of_range", "warning", "facilities.csv", 17, "緯度", "1354.3", "20–46", "F005"),),
        seconds={"survey": 1.2, "yield": 0.4}, dsm=surface, cache=cache,
    )  # fmt: skip


def _buildings(rng: np.random.Generator, count: int) -> gpd.GeoDataFrame:
    side = int(np.ceil(np.sqrt(count)))
    pitch = (SIZE - 20) / side
    shapes = []
    for k in range(count):
        x, y = WEST + 10 + (k % side + 0.5) * pitch, NORTH - 10 - (k // side + 0.5) * pitch
        w, h = pitch * rng.uniform(0.4, 0.7), pitch * rng.uniform(0.3, 0.6)
        shapes.append(affinity.rotate(box(x - w / 2, y - h / 2, x + w / 2, y + h / 2), rng.uniform(-20, 20)))
    frame = gpd.GeoDataFrame(
        {"building_id": [f"B{k + 1:05d}" for k in range(count)], "name": None, "usage": "411"},
        geometry=shapes,
        crs=CRS_PLAN,
    )
    frame["height_m"] = rng.uniform(6, 25, count)
    frame["status"] = "ok"
    return frame


def _planes(rng: np.random.Generator, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    flat = rng.random(len(buildings)) < 0.6
    footprint = buildings.area.to_numpy() * 0.95
    tilt = np.where(flat, rng.uniform(0, 2, len(buildings)), rng.uniform(15, 30, len(buildings)))
    area = footprint / np.cos(np.radians(tilt))
    rules = ("tilt", "north", "setback", "obstacle", "shade", "small")
    shares = rng.dirichlet((6, 0.1, 0.1, 2, 1, 1, 0.2), len(buildings))
    frame = gpd.GeoDataFrame(
        {
            "plane_id": np.arange(1, len(buildings) + 1), "building_id": buildings.building_id, "tilt": tilt,
            "azimuth": rng.uniform(0, 360, len(buildings)), "flat": flat, "height_m": buildings.height_m + 30,
            "cells": footprint.astype(int), "residual_m": 0.04, "footprint_m2": footprint, "area_m2": area,
            "irradiation_kwh_m2": rng.uniform(900, 1380, len(buildings)), "sky_view": rng.uniform(0.7, 1.0, len(buildings)),
            "usable_m2": area * shares[:, 0],
        },
        geometry=buildings.geometry.buffer(-0.5).to_numpy(), crs=CRS_PLAN,
    )  # fmt: skip
    frame["usable_irradiation_kwh_m2"] = frame.irradiation_kwh_m2 * 1.02
    for k, rule in enumerate(rules):
        frame[f"lost_{rule}_m2"] = area * shares[:, k + 1]
    for rule in ("keepout", "refuge", "access"):
        frame[f"lost_{rule}_m2"] = 0.0
    return frame


def _with_cells(planes: gpd.GeoDataFrame) -> NDArray[np.int32]:
    """Give each plane its cells and the areas that they make, the usable ones in its middle; the raster of the planes' numbers."""
    transform = rasterio.transform.from_origin(WEST, NORTH, CELL, CELL)
    ids = rasterize(
        zip(planes.geometry, planes.plane_id, strict=True), (SIZE, SIZE), transform=transform, dtype="int32"
    )
    row, col = np.nonzero(ids)
    edge = shapely.boundary(planes.geometry.to_numpy())[ids[row, col] - 1]
    inside = shapely.distance(edge, shapely.points(WEST + (col + 0.5) * CELL, NORTH - (row + 0.5) * CELL))
    order = np.lexsort((-inside, ids[row, col]))
    row, col = row[order], col[order]
    ends = np.cumsum(np.bincount(ids[row, col], minlength=len(planes) + 1))
    counts = np.zeros((len(planes), 1 + len(RULES)), np.int64)
    names = ["usable_m2", *(f"lost_{rule}_m2" for rule in RULES)]
    shares = planes[names].to_numpy() / planes[["area_m2"]].to_numpy()
    texts = []
    for k, (begin, end) in enumerate(itertools.pairwise(ends.tolist())):
        codes = 1 + np.searchsorted(np.cumsum(shares[k]), (np.arange(end - begin) + 0.5) / (end - begin))
        counts[k] = np.bincount(codes, minlength=2 + len(RULES))[1:]
        top, left = row[begin:end].min(), col[begin:end].min()
        rules = np.zeros((row[begin:end].max() - top + 1, col[begin:end].max() - left + 1), np.uint8)
        rules[row[begin:end] - top, col[begin:end] - left] = codes
        texts.append(PlaneCells(WEST + float(left) * CELL, NORTH - float(top) * CELL, CELL, rules).encode())
    slope = CELL**2 / np.cos(np.radians(planes["tilt"].to_numpy()))
    planes[names] = counts * slope[:, None]
    planes["cells"] = counts.sum(axis=1)
    planes["footprint_m2"], planes["area_m2"] = planes["cells"] * CELL**2, planes["cells"] * slope
    planes["cell_rules"] = texts
    return ids


def _subarrays(planes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One on each plane: as many modules of 440 W as half its usable area holds, side by side in its middle and along its walls."""
    flat = planes["flat"].to_numpy()
    count = np.maximum(np.round(planes["usable_m2"].to_numpy() * 0.11 / 0.44), 1).astype(np.int64)
    frame = pd.DataFrame(
        {
            "plane_id": planes["plane_id"].to_numpy(), "building_id": planes["building_id"].to_numpy(), "mounting": np.where(flat, "rack", "roof"),
            "portrait": False, "modules": count, "capacity_kw": count * 0.44, "tilt": np.where(flat, 15.0, planes["tilt"]),
            "azimuth": np.where(flat, 180.0, planes["azimuth"]), "pitch_m": np.where(flat, 1.8, 1.154), "slant_m": 1.134,
            "behind": np.where(flat, 0.8, 0.0), "area_m2": count * 1.134 * 1.762, "weight_kg": count * 22.0,
        }
    )[list(COLUMNS)].astype(COLUMNS)  # fmt: skip
    shapes = [_modules(shape, n) for shape, n in zip(planes.geometry, count.tolist(), strict=True)]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=CRS_PLAN)


def _modules(plane: Polygon, count: int) -> MultiPolygon:
    """So many in rows along the longer walls."""
    frame = shapely.get_coordinates(shapely.minimum_rotated_rectangle(plane))
    along, aside = frame[1] - frame[0], frame[2] - frame[1]
    if np.hypot(*along) < np.hypot(*aside):
        along, aside = aside, along
    length, width = np.hypot(*along), np.hypot(*aside)
    a, b = along / length, aside / width
    in_row = max(1, int(np.sqrt(count * length / width * 1.154 / 1.782)))
    rows = -(-count // in_row)
    k, j = np.divmod(np.arange(count), in_row)
    middle = shapely.get_coordinates(plane.centroid) + np.outer((j - (in_row - 1) / 2) * 1.782, a)
    middle += np.outer((k - (rows - 1) / 2) * 1.154, b)
    corners = np.array([[-0.881, -0.567], [0.881, -0.567], [0.881, 0.567], [-0.881, 0.567]]) @ np.stack([a, b])
    return shapely.multipolygons(shapely.polygons(np.round(middle[:, None] + corners, 3)))


def _ledger(rng: np.random.Generator, count: int, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    chosen = rng.choice(len(buildings), count, replace=False)
    points = [Point(p.x, p.y) for p in buildings.geometry.iloc[chosen].centroid]
    lon, lat = Transformer.from_crs(CRS_PLAN, 6668, always_xy=True).transform(
        [p.x for p in points], [p.y for p in points]
    )
    kind = np.arange(count) % len(KINDS)
    year = rng.integers(1965, 2020, count)
    flood = np.where(rng.random(count) < 0.3, rng.uniform(0.2, 4, count), np.nan)
    return gpd.GeoDataFrame(
        {
            "facility_id": [f"{k + 1:07d}" for k in range(count)], "name": [f"みほん第{k + 1}{NAMES[j]}" for k, j in enumerate(kind)],
            "kana": None, "kind": [KINDS[j] for j in kind], "ward": np.where(np.arange(count) % 2 == 0, "みほん区", "たかつ見本区"),
            "department": "資産管理課", "address": [f"見本市みほん区{k + 1}丁目" for k in range(count)],
            "latitude": lat, "longitude": lat * 0 + lon, "building_ids": buildings.building_id.to_numpy()[chosen],
            "floor_area_m2": rng.uniform(150, 9000, count).round(), "storeys": rng.integers(1, 6, count).astype(float),
            "built_year": year.astype(float), "structure": np.where(rng.random(count) < 0.7, "rc", "s"),
            "seismic": np.where(year >= 1982, "new", np.where(rng.random(count) < 0.7, "retrofitted", None)),
            "roof_type": "flat", "waterproofed_year": np.where(rng.random(count) < 0.85, rng.integers(2005, 2025, count), np.nan),
            "closure_year": np.where(rng.random(count) < 0.05, 2032.0, np.nan), "remaining_years": rng.integers(5, 45, count).astype(float),
            "shelter": rng.random(count) < 0.4, "flood_depth_m": flood, "annual_kwh": rng.uniform(2e4, 9e5, count).round(),
            "contract_kw": rng.uniform(20, 400, count).round(), "source_row": np.arange(count) + 4,
        },
        geometry=points, crs=CRS_PLAN,
    )  # fmt: skip


def _yields(
    ledger: gpd.GeoDataFrame, planes: gpd.GeoDataFrame, subarrays: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, NDArray[np.float32], NDArray[np.float32]]:
    mine = planes.set_index("building_id").loc[ledger.building_ids]
    standing = subarrays.groupby("building_id")[["modules", "capacity_kw"]].sum().loc[ledger.building_ids]
    capacity = standing["capacity_kw"].to_numpy()
    months = np.array([7, 7.5, 9, 9.6, 10, 8.4, 9.2, 9.6, 7.6, 7.6, 7.1, 7.4]) / 100
    specific = mine.irradiation_kwh_m2.to_numpy() * 0.82
    energy = capacity * specific
    frame = pd.DataFrame(
        {
            "facility_id": ledger.facility_id.to_numpy(), "roof_m2": mine.area_m2.to_numpy(), "usable_m2": mine.usable_m2.to_numpy(),
            "modules": standing["modules"].to_numpy(), "capacity_kw": capacity, "energy_kwh": energy, "specific_yield": specific,
            "irradiation_kwh_m2": mine.irradiation_kwh_m2.to_numpy(), "shading_loss": 1 - mine.sky_view.to_numpy(), "snow_loss": 0.0, "co2_t": energy * 0.43 / 1000,
        }
    )  # fmt: skip
    for k in range(12):
        frame[f"m{k + 1:02d}"] = energy * months[k]
    day = np.clip(np.sin((np.arange(24) - 5) / 14 * np.pi), 0, None)
    day /= day.sum()
    month_hour = (energy[:, None, None] * months[None, :, None] * day[None, None, :]).astype(np.float32)
    return frame, month_hour, (month_hour * 0.08).astype(np.float32)


def _decision(ledger: gpd.GeoDataFrame, yields: pd.DataFrame) -> Decision:
    seismic = np.where(ledger.seismic.isna(), "unknown", "pass")
    remaining = np.where(ledger.remaining_years >= 20, "pass", "fail")
    status = np.where(remaining == "fail", "ineligible", np.where(seismic == "unknown", "unknown", "eligible"))
    value = yields.co2_t.to_numpy()
    rank = pd.Series(np.where(status == "eligible", value, np.nan)).rank(ascending=False).astype("Int64")
    eligible = int((status == "eligible").sum())
    chosen = (rank <= -(-eligible // 2)).fillna(False).to_numpy(dtype=bool)
    reason = np.where(
        status == "ineligible",
        "failed",
        np.where(status == "unknown", "unknown", np.where(chosen, "chosen_rank", "outside_half")),
    )
    sites = pd.DataFrame(
        {
            "facility_id": ledger.facility_id.to_numpy(),
            "status": status,
            "chosen": chosen,
            "rank": rank,
            "objective_value": value,
            "reason": reason,
        }
    )
    sites["reason_values"] = [{"rank": None if pd.isna(r) else int(r), "eligible": eligible} for r in rank]
    base = {"facility_id": ledger.facility_id.to_numpy()}
    outcomes = pd.concat(
        [
            pd.DataFrame(
                {
                    **base,
                    "criterion": "seismic",
                    "outcome": seismic,
                    "value": ledger.seismic.to_numpy(),
                    "threshold": None,
                }
            ),
            pd.DataFrame(
                {
                    **base,
                    "criterion": "remaining_years",
                    "outcome": remaining,
                    "value": ledger.remaining_years.to_numpy(),
                    "threshold": 20.0,
                }
            ),
        ],
        ignore_index=True,
    )
    return Decision(outcomes, sites)


def _rasters(cache: Path, buildings: gpd.GeoDataFrame, planes: gpd.GeoDataFrame, ids: NDArray[np.int32]) -> None:
    rows, cols = np.mgrid[0:SIZE, 0:SIZE]
    ground = 30 + 8 * np.sin(cols / 90) + rows * 0.01
    height = np.concatenate([[0.0], buildings.height_m.to_numpy()])
    surface = (ground + height[ids]).astype(np.float32)
    value = np.concatenate([[np.nan], planes.irradiation_kwh_m2.to_numpy()])[ids].astype(np.float32)
    value += np.where(ids > 0, 40 * np.sin(rows / 3) * np.cos(cols / 4), 0).astype(np.float32)
    dy, dx = np.gradient(surface)
    shade = np.clip(180 - 40 * (dx - dy), 1, 255).astype(np.uint8)
    write_raster(cache / "surface.tif", surface, np.nan)
    write_raster(cache / "hillshade.tif", shade, 0)
    write_raster(cache / "irradiation.tif", value, np.nan)
    write_raster(cache / "planes.tif", ids.astype(np.int32), 0)
