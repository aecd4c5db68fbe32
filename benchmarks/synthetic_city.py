"""A made-up city of any size for measuring: a surface, outlines of buildings and a ledger of facilities.

    .venv/bin/python benchmarks/synthetic_city.py [FOLDER] [--side 12000] [--cell 1] [--seed 1]

About as dense as Kawasaki, and as dense everywhere: 1,736 buildings and 7 facilities per km², 23 % of the ground under roofs, so that
what a km² costs may be compared between cities of any size. Each block is drawn from the seed and its own place: a smaller city is the
north-west corner of a larger one, and its buildings have the same ids. Without a folder: 500 m, and its figures.
"""

from __future__ import annotations

import argparse
import csv
import math
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numba import njit
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.windows import Window

from gis.grid import Grid
from gis.raster import SYNTHETIC_TAG

WEST, NORTH, ZONE = -25_000.0, -40_000.0, CRS.from_epsg(6677)
# Blocks stand in a lattice; a turned one is the largest square in its place, 66 to 94 m.
BLOCK_M, STREET_M = 100.0, 6.0
# Kinds of blocks are dealt out in squares of 1 km, so that no km² has more factories than another.
SQUARE_BLOCKS = 10
LARGE_BLOCKS, PARKS = 18, 5
FACILITIES_PER_KM2, LEAST_FACILITIES = 1000.0 / 144.0, 3
L_SHARE = 0.05
HOUSE, MID, LARGE = 0, 1, 2
USAGES = ("house", "mid", "large")
KINDS = ("小学校", "中学校", "保育園", "図書館", "市民館")
# Ground for one house with its garden [m²], and street front for one mid-size building [m]: these set how many there are.
HOUSE_PLOT_M2, MID_FRONT_M = 236.4, 21.8
HOUSE_ROW_M, GAP_M, FRONT_GAP_M = 12.0, 1.2, 4.0
# Waves of the ground: amplitude [m], length [m], direction and phase [rad]. Tama's hills are of kilometres, the last two of streets.
WAVES = (
    (26.0, 7900.0, 0.6, 0.3), (17.0, 5300.0, 2.2, 1.9), (9.0, 2900.0, 1.3, 4.0), (2.5, 1100.0, 2.8, 0.7), (1.2, 610.0, 0.2, 2.4),
)  # fmt: skip
GROUND_M, NOISE_M = 60.0, 0.03
TILE_CELLS, FILE_BLOCK = 1024, 512
OUTLINES_AT_ONCE = 25_000
PARAPET_M = 0.7

# A box under a roof, in metres of the zone; ``cos`` and ``sin`` of its long side. What lies beyond the notch is cut away from it.
PART = np.dtype(
    [(name, "f8") for name in ("x", "y", "cos", "sin", "half_u", "half_v", "notch_u", "notch_v", "eaves", "slope", "hip", "parapet")]
)  # fmt: skip
PartRow = tuple[float, ...]


@dataclass(frozen=True)
class City:
    """The files of a city and what they hold.

    Attributes
    ----------
    dsm, buildings, facilities : Path
    grid : Grid
    building_count, facility_count : int
    roof_share : float
        Area of the outlines by that of the ground [-].
    seconds : float
        What it took to make it.
    """

    dsm: Path
    buildings: Path
    facilities: Path
    grid: Grid
    building_count: int
    facility_count: int
    roof_share: float
    seconds: float


@dataclass(frozen=True)
class Buildings:
    """All buildings in the order of their ids; ``boxes`` stand on their roofs.

    ``rank`` is the place of a large building among those of its square kilometre, drawn by lot.
    """

    ids: list[str]
    kind: NDArray[np.int8]
    rank: NDArray[np.int64]
    storeys: NDArray[np.int64]
    parts: NDArray[np.void]
    boxes: NDArray[np.void]


def make_city(folder: Path, side_m: int, cell: float = 1.0, seed: int = 1) -> City:
    """Write ``dsm.tif``, ``buildings.gpkg`` and ``facilities.csv`` of a square city.

    Parameters
    ----------
    folder : Path
        Made where it is missing; files of these names are replaced.
    side_m : int
        A whole number of cells; blocks of 100 m that do not fit are left out, so take multiples of it.
    cell : float
        Side of a cell [m].
    seed : int
    """
    begin = time.perf_counter()
    size = round(side_m / cell)
    if not math.isclose(size * cell, side_m):
        raise ValueError(f"{side_m} m are no whole number of cells of {cell} m")
    folder.mkdir(parents=True, exist_ok=True)
    grid = Grid(size, size, cell, WEST, NORTH, ZONE)
    dsm, outlines, ledger = folder / "dsm.tif", folder / "buildings.gpkg", folder / "facilities.csv"
    buildings = draw_buildings(side_m, seed)
    write_surface(dsm, buildings, grid, seed)
    area = write_outlines(outlines, buildings)
    count = write_facilities(ledger, buildings, side_m, seed)
    share = area / float(side_m) ** 2
    return City(dsm, outlines, ledger, grid, len(buildings.ids), count, share, time.perf_counter() - begin)


def draw_buildings(side_m: int, seed: int) -> Buildings:
    """All buildings of the blocks that lie wholly in the city."""
    blocks = int(side_m // BLOCK_M)
    ids: list[str] = []
    kinds, ranks, storeys = [], [], []
    parts, boxes = [np.empty(0, PART)], [np.empty(0, PART)]
    for row in range(blocks):
        roofs: list[PartRow] = []
        above: list[PartRow] = []
        for col in range(blocks):
            block = Block(seed, row, col)
            block.fill()
            ids += [f"{row:03d}{col:03d}{k:02d}" for k in range(len(block.parts))]
            kinds += block.kinds
            ranks += block.ranks
            storeys += block.storeys
            roofs += block.parts
            above += block.boxes
        # Row by row into arrays: tuples take six times the room.
        parts.append(np.array(roofs, PART))
        boxes.append(np.array(above, PART))
    return Buildings(
        ids,
        np.array(kinds, np.int8),
        np.array(ranks, np.int64),
        np.array(storeys, np.int64),
        np.concatenate(parts),
        np.concatenate(boxes),
    )


@lru_cache(maxsize=64)
def lots(what: str, seed: int, square_row: int, square_col: int) -> tuple[int, ...]:
    """The lot of each block of a square kilometre."""
    numbers = list(range(SQUARE_BLOCKS**2))
    Random(f"{what}/{seed}/{square_row}/{square_col}").shuffle(numbers)
    return tuple(numbers)


class Block:
    """One block of the lattice: a front of larger buildings and rows of houses behind it, all turned alike."""

    def __init__(self, seed: int, row: int, col: int) -> None:
        self.random = Random(f"block/{seed}/{row}/{col}")
        (square_row, row_in), (square_col, col_in) = divmod(row, SQUARE_BLOCKS), divmod(col, SQUARE_BLOCKS)
        inside = row_in * SQUARE_BLOCKS + col_in
        # Large buildings stand in the blocks of the first lots, parks in the last.
        self.rank = lots("kind", seed, square_row, square_col)[inside]
        self.x, self.y = WEST + (col + 0.5) * BLOCK_M, NORTH - (row + 0.5) * BLOCK_M
        # A block that stands askew has less room: each square has as many of them.
        lot = lots("turn", seed, square_row, square_col)[inside]
        turn = ((lot + self.random.random()) / SQUARE_BLOCKS**2 - 0.5) * math.pi / 2.0
        self.cos, self.sin = math.cos(turn), math.sin(turn)
        self.side = (BLOCK_M - STREET_M) / (self.cos + abs(self.sin))
        self.kinds: list[int] = []
        self.ranks: list[int] = []
        self.storeys: list[int] = []
        self.parts: list[PartRow] = []
        self.boxes: list[PartRow] = []

    def fill(self) -> None:
        """Draw the buildings; ``v`` runs across the block from its front."""
        if self.rank >= SQUARE_BLOCKS**2 - PARKS:
            return
        depth = self._large() if self.rank < LARGE_BLOCKS else self._mids()
        left = self.side - depth - FRONT_GAP_M
        rows = int(left // HOUSE_ROW_M)
        if rows == 0:
            return
        houses = self._rounded(left * self.side / HOUSE_PLOT_M2)
        for row in range(rows):
            middle = depth + FRONT_GAP_M + (row + 0.5) * left / rows
            self._houses(houses // rows + (row < houses % rows), middle, left / rows)

    def _rounded(self, wished: float) -> int:
        """Up or down by chance, so that the mean is right."""
        return math.floor(wished + self.random.random())

    def _large(self) -> float:
        """One school, factory or tower; how deep its plot is."""
        draw = self.random
        area = 1000.0 + 3000.0 * draw.random() ** 3
        sort = draw.random()
        if sort < 0.45:
            height, aspect = draw.uniform(12.0, 17.0), draw.uniform(1.8, 3.5)
        elif sort < 0.85:
            height, aspect = draw.uniform(10.0, 16.0), draw.uniform(1.0, 2.0)
        else:
            height, aspect = draw.uniform(30.0, 60.0), draw.uniform(1.0, 1.5)
        width = min(math.sqrt(area * aspect), self.side)
        depth = min(area / width, self.side)
        self._flat(LARGE, 0.0, depth / 2.0, width, depth, height)
        return depth

    def _mids(self) -> float:
        """Flats, shops and offices side by side; how deep their row is."""
        draw = self.random
        widths, depths = [], []
        for _ in range(self._rounded(self.side / MID_FRONT_M)):
            area = 200.0 + 400.0 * draw.random() ** 2.7
            depths.append(min(max(math.sqrt(area) * draw.uniform(0.8, 1.15), 13.0), 22.0))
            widths.append(area / depths[-1])
        for u, k in self._spread(widths, FRONT_GAP_M):
            self._flat(MID, u, depths[k] / 2.0, widths[k], depths[k], 8.0 + 17.0 * draw.random() ** 1.5)
        return max(depths, default=0.0)

    def _houses(self, count: int, middle: float, room: float) -> None:
        """A row of houses."""
        draw = self.random
        widths, depths = [], []
        for _ in range(count):
            area = 60.0 + 60.0 * draw.random() ** 1.6
            depths.append(min(math.sqrt(area / draw.uniform(0.75, 1.5)), room - GAP_M))
            widths.append(area / depths[-1])
        for u, k in self._spread(widths, GAP_M):
            shift = draw.uniform(-0.5, 0.5) * (room - GAP_M - depths[k])
            self._house(u, middle + shift, widths[k], depths[k])

    def _spread(self, widths: list[float], gap: float) -> Iterator[tuple[float, int]]:
        """Middles along the block of as many as there is room for, and their numbers; what is left over is between them."""
        while widths and sum(widths) + gap * (len(widths) - 1) > self.side:
            widths.pop()
        spare = (self.side - sum(widths)) / max(len(widths), 1)
        u = -self.side / 2.0
        for k, width in enumerate(widths):
            yield u + (spare + width) / 2.0, k
            u += spare + width

    def _house(self, u: float, v: float, width: float, depth: float) -> None:
        draw = self.random
        height, sort = draw.uniform(6.0, 10.0), draw.random()
        slope = 0.0 if sort < 0.3 else math.tan(math.radians(draw.uniform(18.0, 30.0)))
        eaves = height - slope * min(width, depth) / 2.0
        self._add(HOUSE, u, v, width, depth, eaves=eaves, height=height, slope=slope, hip=float(sort > 0.75))

    def _flat(self, kind: int, u: float, v: float, width: float, depth: float, height: float) -> None:
        """A flat roof, mostly with a parapet, and what stands on it: stair houses, tanks, air conditioners."""
        draw = self.random
        parapet = draw.uniform(0.4, 1.2) if draw.random() < 0.7 else 0.0
        self._add(kind, u, v, width, depth, eaves=height, height=height, parapet=parapet)
        base = self.parts[-1]
        if kind == LARGE or draw.random() < 0.5:
            self._box(base, draw.uniform(3.0, 4.0), draw.uniform(4.5, 7.0), draw.uniform(2.5, 3.5))
        for _ in range(draw.randint(2, 8) if kind == LARGE else draw.randint(0, 2)):
            self._box(base, draw.uniform(1.0, 2.0), draw.uniform(1.5, 3.5), draw.uniform(1.0, 2.2))

    def _add(
        self, kind: int, u: float, v: float, width: float, depth: float,
        *, eaves: float, height: float, slope: float = 0.0, hip: float = 0.0, parapet: float = 0.0,
    ) -> None:  # fmt: skip
        """One building; its ground is that under its middle."""
        v -= self.side / 2.0
        x, y = self.x + u * self.cos - v * self.sin, self.y + u * self.sin + v * self.cos
        cos, sin = self.cos, self.sin
        if depth > width:  # the ridge runs along the longer side
            width, depth, cos, sin = depth, width, -sin, cos
        notch_u, notch_v = width / 2.0, depth / 2.0
        if self.random.random() < L_SHARE:
            notch_u, notch_v = self.random.uniform(0.05, 0.25) * width, self.random.uniform(0.05, 0.2) * depth
        ground = float(ground_at(x, y))
        self.kinds.append(kind)
        self.ranks.append(self.rank if kind == LARGE else SQUARE_BLOCKS**2)
        self.storeys.append(max(1, round(height / (3.0 if kind == HOUSE else 3.6))))
        self.parts.append(
            (x, y, cos, sin, width / 2.0, depth / 2.0, notch_u, notch_v, ground + eaves, slope, hip, parapet)
        )

    def _box(self, base: PartRow, half_u: float, half_v: float, height: float) -> None:
        """Something on a flat roof, in that half of it which has no notch."""
        x, y, cos, sin, width, depth = base[:6]
        half_u, half_v = min(half_u, 0.2 * width), min(half_v, 0.4 * depth)
        u = self.random.uniform(-width + half_u + 1.0, -half_u)
        v = self.random.uniform(-1.0, 1.0) * max(depth - half_v - 1.5, 0.0)
        self.boxes.append(
            (x + u * cos - v * sin, y + u * sin + v * cos, cos, sin, half_u, half_v, half_u, half_v, base[8] + height, 0.0, 0.0, 0.0)
        )  # fmt: skip


def ground_at(x: float, y: float) -> float:
    """Height of the ground [m]: the same at a place whatever the size of the city."""
    height = GROUND_M
    for amplitude, length, direction, phase in WAVES:
        along = (x - WEST) * math.cos(direction) + (y - NORTH) * math.sin(direction)
        height += amplitude * math.sin(2.0 * math.pi * along / length + phase)
    return height


def write_surface(path: Path, buildings: Buildings, grid: Grid, seed: int) -> None:
    """The surface tile by tile: no more than one is in memory."""
    parts = np.concatenate([buildings.parts, buildings.boxes])
    ends = part_bounds(parts)
    # GDAL would keep a twentieth of the memory full of written blocks.
    with (
        rasterio.Env(GDAL_CACHEMAX=32),
        rasterio.open(
            path, "w", driver="GTiff", height=grid.rows, width=grid.cols, count=1, dtype="float32", crs=grid.crs.to_wkt(),
            transform=grid.transform, nodata=math.nan, tiled=True, blockxsize=FILE_BLOCK, blockysize=FILE_BLOCK, compress="deflate",
            zlevel=1, predictor=3, num_threads=2, bigtiff="if_safer",
        ) as file,
    ):  # fmt: skip
        file.update_tags(**{SYNTHETIC_TAG: "1"})
        for row in range(0, grid.rows, TILE_CELLS):
            for col in range(0, grid.cols, TILE_CELLS):
                z = tile(parts, ends, grid, row, col, seed)
                file.write(z, 1, window=Window(col, row, z.shape[1], z.shape[0]))


def tile(
    parts: NDArray[np.void], ends: NDArray[np.float64], grid: Grid, row: int, col: int, seed: int
) -> NDArray[np.float32]:
    """Heights from cell (row, col) on, of all the parts that reach there."""
    rows = np.arange(row, min(row + TILE_CELLS, grid.rows))
    cols = np.arange(col, min(col + TILE_CELLS, grid.cols))
    x, y = grid.centre(rows, cols)
    z = np.full((rows.size, cols.size), GROUND_M)
    for amplitude, length, direction, phase in WAVES:
        turn = 2.0 * math.pi / length
        by_x, by_y = turn * math.cos(direction) * (x - WEST) + phase, turn * math.sin(direction) * (y - NORTH)
        # sin(a + b) out of sines per row and per column: none per cell.
        add_wave(z, amplitude, np.sin(by_x), np.cos(by_x), np.sin(by_y), np.cos(by_y))
    meets = (ends[:, 0] < x[-1] + grid.cell) & (ends[:, 2] > x[0] - grid.cell)
    meets &= (ends[:, 1] < y[0] + grid.cell) & (ends[:, 3] > y[-1] - grid.cell)
    raise_parts(z, parts[meets], ends[meets], x, y, grid.cell)
    return roughened(z, row, col, seed)


def part_bounds(parts: NDArray[np.void]) -> NDArray[np.float64]:
    """West, south, east, north of each."""
    cos, sin = np.abs(parts["cos"]), np.abs(parts["sin"])
    reach_x, reach_y = cos * parts["half_u"] + sin * parts["half_v"], sin * parts["half_u"] + cos * parts["half_v"]
    return np.column_stack([parts["x"] - reach_x, parts["y"] - reach_y, parts["x"] + reach_x, parts["y"] + reach_y])


@njit(nogil=True, cache=True)
def add_wave(
    z: NDArray[np.float64],
    amplitude: float,
    sin_x: NDArray[np.float64],
    cos_x: NDArray[np.float64],
    sin_y: NDArray[np.float64],
    cos_y: NDArray[np.float64],
) -> None:
    """Add ``amplitude sin(a + b)``, ``a`` by column and ``b`` by row."""
    for i in range(z.shape[0]):
        p, q = amplitude * cos_y[i], amplitude * sin_y[i]
        for j in range(z.shape[1]):
            z[i, j] += p * sin_x[j] + q * cos_x[j]


@njit(nogil=True, cache=True)
def raise_parts(
    z: NDArray[np.float64],
    parts: NDArray[np.void],
    ends: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    cell: float,
) -> None:
    """Lift the cells whose centre is inside a part to its roof."""
    for k in range(parts.size):
        part = parts[k]
        left, right = math.ceil((ends[k, 0] - x[0]) / cell), math.floor((ends[k, 2] - x[0]) / cell)
        top, bottom = math.ceil((y[0] - ends[k, 3]) / cell), math.floor((y[0] - ends[k, 1]) / cell)
        for i in range(max(top, 0), min(bottom, y.size - 1) + 1):
            for j in range(max(left, 0), min(right, x.size - 1) + 1):
                east, north = x[j] - part.x, y[i] - part.y
                u, v = east * part.cos + north * part.sin, north * part.cos - east * part.sin
                to_end, to_eaves = part.half_u - abs(u), part.half_v - abs(v)
                if to_end < 0.0 or to_eaves < 0.0 or (u > part.notch_u and v > part.notch_v):
                    continue
                run = min(to_end, to_eaves) if part.hip > 0.0 else to_eaves
                height = part.eaves + part.slope * run
                if min(to_end, to_eaves) < PARAPET_M:
                    height += part.parapet
                z[i, j] = max(z[i, j], height)


@njit(nogil=True, cache=True)
def roughened(z: NDArray[np.float64], row: int, col: int, seed: int) -> NDArray[np.float32]:
    """With noise that a cell has from its place in the city, to the centimetre as surfaces are delivered."""
    out = np.empty(z.shape, np.float32)
    # Four uniform numbers of 16 bits: their sum is nearly normal, its variance a third.
    scale, middle = NOISE_M * math.sqrt(3.0) / 65536.0, 2.0 * 65535.0
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            h = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + (
                (np.uint64(row + i) << np.uint64(32)) | np.uint64(col + j)
            )
            # Finish of splitmix64.
            h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            h ^= h >> np.uint64(31)
            mask = np.uint64(0xFFFF)
            drawn = (h & mask) + ((h >> np.uint64(16)) & mask) + ((h >> np.uint64(32)) & mask) + (h >> np.uint64(48))
            out[i, j] = math.floor((z[i, j] + scale * (np.float64(drawn) - middle)) * 100.0 + 0.5) / 100.0
    return out


def outline_shapes(parts: NDArray[np.void]) -> NDArray[np.object_]:
    """Rectangles, or L shapes where there is a notch."""
    a, b, p, q = (parts[name] for name in ("half_u", "half_v", "notch_u", "notch_v"))
    out = np.empty(parts.size, dtype=object)
    notched = p < a
    for chosen, corners in (
        (~notched, ((-a, -b), (a, -b), (a, b), (-a, b))),
        (notched, ((-a, -b), (a, -b), (a, q), (p, q), (p, b), (-a, b))),
    ):
        local = np.array(corners)[:, :, chosen]
        part = parts[chosen]
        x = part["x"] + local[:, 0] * part["cos"] - local[:, 1] * part["sin"]
        y = part["y"] + local[:, 0] * part["sin"] + local[:, 1] * part["cos"]
        out[chosen] = shapely.polygons(np.stack([x, y], axis=-1).swapaxes(0, 1))
    return out


def write_outlines(path: Path, buildings: Buildings) -> float:
    """Outlines with their ids; their area [m²]. Some at a time: as polygons they take ten times the room."""
    path.unlink(missing_ok=True)
    area = 0.0
    for begin in range(0, len(buildings.ids), OUTLINES_AT_ONCE):
        some = slice(begin, begin + OUTLINES_AT_ONCE)
        shapes = outline_shapes(buildings.parts[some])
        usage = np.array(USAGES, dtype=object)[buildings.kind[some]]
        frame = gpd.GeoDataFrame({"building_id": buildings.ids[some], "usage": usage}, geometry=shapes, crs=ZONE)
        frame.to_file(path, driver="GPKG", layer="buildings", engine="pyogrio", mode="a" if begin else "w")
        area += float(shapely.area(shapes).sum())
    return area


def write_facilities(path: Path, buildings: Buildings, side_m: int, seed: int) -> int:
    """A ledger of points in large buildings, most of which may carry photovoltaics; how many."""
    wished = max(LEAST_FACILITIES, round(FACILITIES_PER_KM2 * (side_m / 1000.0) ** 2))
    # By lot within each square kilometre, so that a small city's are a large one's too.
    chosen = np.sort(np.lexsort((np.arange(len(buildings.ids)), -buildings.kind, buildings.rank))[:wished])
    parts = buildings.parts[chosen]
    lon, lat = Transformer.from_crs(ZONE, "EPSG:6668", always_xy=True).transform(parts["x"], parts["y"])
    area = 4.0 * parts["half_u"] * parts["half_v"] - np.maximum(parts["half_u"] - parts["notch_u"], 0.0) * np.maximum(
        parts["half_v"] - parts["notch_v"], 0.0
    )
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ("施設番号", "施設名称", "小分類", "区", "緯度", "経度", "延面積(㎡)", "構造", "階数", "建築年度", "耐震基準", "屋根形状", "防水改修年度", "残存使用年数",
             "廃止予定年度", "浸水想定(m)", "年間電力使用量(kWh)", "契約電力(kW)")
        )  # fmt: skip
        for k, number in enumerate(chosen):
            ident, storeys = buildings.ids[number], int(buildings.storeys[number])
            floor = float(area[k]) * storeys
            place = ward(parts[k]["x"]), f"{lat[k]:.7f}", f"{lon[k]:.7f}"
            draw = Random(f"facility/{seed}/{ident}")
            kind = draw.choice(KINDS)
            rest = attributes(draw, floor)
            table.writerow((ident, f"合成{kind}{ident}", kind, *place, round(floor), "RC", storeys, *rest))
    return int(chosen.size)


def ward(x: float) -> str:
    """Seven wards from west to east, as far as the city reaches."""
    return f"第{int((x - WEST) // 2000.0) % 7 + 1}区"


def attributes(draw: Random, floor_m2: float) -> tuple[object, ...]:
    """What a ledger knows of a facility, from the year of building to the contract; one in four or five is out for some reason."""
    built = draw.randint(1968, 2015)
    old = "耐震改修済" if draw.random() < 0.85 else "耐震性なし"
    seismic = "新耐震" if built > 1981 else old
    waterproofed = draw.randint(2016, 2024) if draw.random() < 0.92 else draw.randint(1995, 2008)
    remaining = draw.randint(22, 55) if draw.random() < 0.93 else draw.randint(3, 18)
    closure: object = "なし" if draw.random() < 0.97 else draw.randint(2028, 2040)
    annual = floor_m2 * draw.uniform(20.0, 60.0)
    flood = draw.choice((0.0, 0.0, 0.0, 0.5, 1.0, 3.0))
    contract = max(10, round(annual / 8760.0 / 0.2))
    return built, seismic, "陸屋根", waterproofed, remaining, closure, flood, round(annual), contract


def main() -> None:
    """Make a city and print its figures."""
    parser = argparse.ArgumentParser(description="A synthetic city: dsm.tif, buildings.gpkg, facilities.csv.")
    parser.add_argument("folder", type=Path, nargs="?", help="where to; without it a small city that is not kept")
    parser.add_argument("--side", type=int, default=12_000, help="side [m], a multiple of 100")
    parser.add_argument("--cell", type=float, default=1.0, help="side of a cell [m]")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.folder is None:
        with tempfile.TemporaryDirectory() as folder:
            report(make_city(Path(folder), 500, chosen.cell, chosen.seed))
    else:
        report(make_city(chosen.folder, chosen.side, chosen.cell, chosen.seed))


def report(city: City) -> None:
    """The figures of a city, one a line."""
    km2 = (city.grid.cols * city.grid.cell / 1000.0) ** 2
    print(f"ground       {km2:10.2f} km², {city.grid.rows:,} × {city.grid.cols:,} cells of {city.grid.cell:g} m")
    print(f"buildings    {city.building_count:10,} ({city.building_count / km2:.0f} per km²)")
    print(f"facilities   {city.facility_count:10,}")
    print(f"roofs        {100.0 * city.roof_share:10.1f} % of the ground")
    print(f"dsm.tif      {city.dsm.stat().st_size / 1e6:10.1f} MB")
    print(f"made in      {city.seconds:10.1f} s")
    print(f"memory       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0:10.0f} MB at most")


if __name__ == "__main__":
    main()
