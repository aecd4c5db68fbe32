"""Outlines of roof planes.

labels ──► 4-connected parts ──► their rings, with a vertex at each corner and wherever a third part begins ──► arcs between such nodes,
each simplified once for the planes on both of its sides ──► polygons
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.grid import Grid

    Flags = NDArray[np.bool_]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]


class _Rings(NamedTuple):
    """Rings of all planes in whole cells, by plane, part and ring, the shell first; each begins at a node if it has one.

    Attributes
    ----------
    x, y, node : by vertex: column and row of the raster's corners; ``node`` where three sides or more meet
    first : by ring: its first vertex, and the end of all; it is not closed
    ring_part, plane, group : part (its row in the order above) of each ring, plane of each part, group of each part, from 0
    """

    x: Longs
    y: Longs
    node: Flags
    first: Longs
    ring_part: Longs
    plane: Ints
    group: Longs


class _Arcs(NamedTuple):
    """Lines between nodes as the rings pass them: whole rings where they have no node, and twice if two planes share them.

    Attributes
    ----------
    first, end, last : vertices; the arc ends at ``last``, which is not in ``first`` … ``end``
    free : bool, a ring without nodes
    owner : the arc that is simplified for both, the first of the two
    """

    first: Longs
    end: Longs
    last: Longs
    free: Flags
    owner: Longs


def plane_polygons(
    labels: NDArray[np.int32],
    grid: Grid,
    wanted: NDArray[np.int64] | None = None,
    *,
    group: NDArray[np.int32] | None = None,
    window: tuple[int, int, int, int] | None = None,
) -> gpd.GeoDataFrame:
    """Outlines of planes.

    Parameters
    ----------
    labels : int32 (rows, cols)
        Numbers of planes, 0 = none.
    grid : Grid
        Where they lie.
    wanted : array of int, optional
        Only these planes; all where None.
    group : array of int32, optional
        Group (building) of plane 1, 2, …; where given, a group's outlines do not depend on what lies beside it.
    window : first row, end row, first column, end column, optional
        Where the wanted planes lie, if that is known.

    Returns
    -------
    GeoDataFrame
        ``plane`` (int) and ``geometry`` (MultiPolygon), by plane. Stairs of single cells are smoothed (nothing
        moves by more than a cell, areas hold within about 1 %), neighbours (of a group) alike, so that no gaps
        open between them.
    """
    rings = _traced(labels, wanted, group, window if window is not None else (0, grid.rows, 0, grid.cols))
    arcs = _arcs(rings, grid.cols + 1)
    numbers, whole = _polygons(rings, *_joined(rings, arcs, _smoothed(rings, arcs)), grid)
    return gpd.GeoDataFrame({"plane": numbers}, geometry=whole, crs=grid.crs)


def _traced(
    labels: NDArray[np.int32],
    wanted: NDArray[np.int64] | None,
    group: NDArray[np.int32] | None,
    window: tuple[int, int, int, int],
) -> _Rings:
    top, bottom, left, right = window
    cells, across, plane = _numbered(np.ascontiguousarray(labels[top:bottom, left:right], np.int32), wanted)
    beside = np.zeros(len(plane), np.int32)
    beside[0] = -1  # none is in no group
    if group is not None:
        beside[1:] = group[plane[1:] - 1]
    walked = _walked(cells, across, beside)
    heads = np.flatnonzero(walked < 0)
    count = np.diff(heads, append=len(walked)) - 1
    part = cells[-walked[heads]] - 1
    turn = _beginnings(walked, heads, count, part)
    by_plane = np.argsort(plane[1:], kind="stable")
    place = np.empty(len(by_plane), np.int64)
    place[by_plane] = np.arange(len(by_plane))
    order = np.argsort(place[part], kind="stable")
    heads, count, turn = heads[order], count[order], turn[order]
    within = (np.repeat(turn, count) + _ranges(np.zeros_like(count), count)) % np.repeat(count, count)
    vertex = walked[np.repeat(heads + 1, count) + within]
    # In whole cells from the raster's corner: the same whatever the window.
    y, x = np.divmod(vertex // 2, across)
    return _Rings(
        x + (left - 1), y + (top - 1), vertex % 2 == 1, np.append(0, np.cumsum(count)), place[part][order], plane[1:][by_plane],
        np.unique(beside[1:][by_plane], return_inverse=True)[1].astype(np.int64),
    )  # fmt: skip


def _numbered(cut: Ints, wanted: NDArray[np.int64] | None) -> tuple[Ints, int, Ints]:
    """4-connected parts of the wanted planes, from the top: by cell, with a margin of one cell of 0, flat; cells in a row; plane by part."""
    chosen = np.zeros(int(cut.max(initial=0)) + 1, dtype=bool)
    chosen[1:] = wanted is None
    if wanted is not None:
        chosen[wanted[(wanted > 0) & (wanted < len(chosen))]] = True
    cells = np.zeros((cut.shape[0] + 2, cut.shape[1] + 2), np.int32)
    most = np.count_nonzero(cut) + 1
    plane, part = np.zeros(most, np.int32), np.zeros(most, np.int32)
    parts = _parts(cut, chosen, cells, plane, part)
    return part[cells.ravel()], cells.shape[1], plane[: parts + 1]


def _walked(cells: Ints, across: int, group: Ints) -> Longs:
    """Rings of all parts, each walked with the part on the left, from the top.

    Where a part touches itself at a corner, the walk crosses to the other cell: so its shell and its holes touch there, and none touches
    itself.

    Parameters
    ----------
    cells, across : of :func:`_parts`
    group : by part; other groups are not there

    Returns
    -------
    int64
        Ring by ring: a cell of the part, negative, and the vertices where the walk turns or three sides meet: twice the number of the
        cell to the south-east, and 1 more where three meet. Last comes the vertex at which the walk began.
    """
    sides = [np.count_nonzero(cells[step:] != cells[:-step]) for step in (1, across)]
    # South, east, north, west: each a turn to the left from the one before; and from the cell south-east of a vertex to the one ahead on the left.
    steps, ahead = np.array([across, 1, -across, -1]), np.array([0, -across, -across - 1, -1])
    out = np.empty(3 * sides[0] + 2 * sides[1], np.int64)
    return out[: _walk(cells, group, ahead, steps, np.zeros(len(cells), dtype=bool), out)]


def _beginnings(walked: Longs, heads: Longs, count: Longs, part: Ints) -> Longs:
    """Which of its vertices each ring is to begin with: its first node.

    A ring without nodes begins at its upper left corner, so that a hole begins where the part that fills it does: as the walk ends at the
    vertex it began at, that is the last vertex of a shell, and the last but one of a hole.
    """
    shell = np.zeros(len(heads), dtype=bool)
    shell[np.unique(part, return_index=True)[1]] = True
    nodes = np.flatnonzero((walked >= 0) & (walked % 2 == 1))
    node = np.append(nodes, len(walked))[np.searchsorted(nodes, heads)]
    return np.where(node < heads + count + 1, node - heads - 1, count - np.where(shell, 1, 2))


def _ranges(begin: Longs, count: Longs) -> Longs:
    """``begin … begin + count`` of each, one after the other."""
    total = np.cumsum(count)
    return np.repeat(begin - total + count, count) + np.arange(total[-1] if len(total) else 0)


def _arcs(rings: _Rings, across: int) -> _Arcs:
    """Cut the rings at their nodes; ``across`` is the number of corners in a row of the raster."""
    ring_start = np.zeros(len(rings.x), dtype=bool)
    ring_start[rings.first[:-1]] = True
    first = np.flatnonzero(rings.node | ring_start)
    end = np.append(first[1:], len(rings.x)) if len(first) else first
    free = ~rings.node[first]
    ring = np.cumsum(ring_start[first]) - 1
    home = rings.first[ring]
    last = np.where(end == rings.first[ring + 1], home, end)
    # A side of a cell is in one arc only: the lower one of those at the two ends names the arc, whichever way it is passed.
    # Not so in two groups, which lie side by side.
    group = rings.group[rings.ring_part[ring]]
    sides = 2 * across * (int(rings.y.max(initial=0)) + 1)
    following = np.where(first + 1 == end, last, first + 1)
    name = group * sides + np.minimum(_side(rings, first, following, across), _side(rings, last, end - 1, across))
    _, owner, arc = np.unique(name, return_index=True, return_inverse=True)
    return _Arcs(first, end, last, free, owner[arc])


def _side(rings: _Rings, vertex: Longs, towards: Longs, across: int) -> Longs:
    """Number of the cells' side that leads from one vertex of a ring to another in the same row or column."""
    x, y = rings.x[vertex], rings.y[vertex]
    dx, dy = rings.x[towards] - x, rings.y[towards] - y
    return 2 * ((y - (dy < 0)) * across + x - (dx < 0)) + (dy != 0)


def _smoothed(rings: _Rings, arcs: _Arcs) -> Flags:
    """By vertex: whether it stays, in the arcs that own themselves."""
    own = np.flatnonzero(arcs.owner == np.arange(len(arcs.owner)))
    first, last, free = arcs.first[own], arcs.last[own], arcs.free[own]
    ends = np.sort(_nodes(rings, np.concatenate([first, last])).reshape(2, -1), axis=0)
    closed = ends[0] == ends[1]
    points = arcs.end[own] - first + ~closed
    # Two arcs between the same two nodes must not become the same line.
    _, pair = np.unique(ends[0] * len(rings.x) + ends[1], return_inverse=True)
    straight = np.bincount(pair[points == 2], minlength=len(pair))
    begin = np.append(0, np.cumsum(points))
    vertex = _ranges(first, points)
    vertex[begin[1:][~closed] - 1] = last[~closed]
    before, after = np.arange(-1, len(vertex) - 1), np.arange(1, len(vertex) + 1)
    before[begin[:-1]], after[begin[1:] - 1] = begin[1:] - 1, begin[:-1]
    _thin(rings.x[vertex], rings.y[vertex], before, after, begin, 1 - free, 1 - closed, pair, straight)
    keep = np.ones(len(rings.x), dtype=bool)
    keep[vertex[before < 0]] = False
    return keep


def _nodes(rings: _Rings, vertex: Longs) -> Longs:
    """Numbers of the points at which vertices lie, group by group."""
    ring = np.searchsorted(rings.first, vertex, side="right") - 1
    across, down = int(rings.x.max(initial=0)) + 1, int(rings.y.max(initial=0)) + 1
    point = (rings.group[rings.ring_part[ring]] * down + rings.y[vertex]) * across + rings.x[vertex]
    return np.unique(point, return_inverse=True)[1].astype(np.int64)


def _joined(rings: _Rings, arcs: _Arcs, keep: Flags) -> tuple[Longs, Longs]:
    """The rings made of smoothed arcs: their vertices, closed, and the first of each ring (and the end of all)."""
    before = np.append(0, np.cumsum(keep))
    begin = before[arcs.first[arcs.owner]]
    count = before[arcs.end[arcs.owner]] - begin
    place = _ranges(np.zeros_like(count), count)
    # What another plane owns is passed the other way; the node at which it begins is then the owner's last, beyond the owner's range.
    back = np.repeat(arcs.owner != np.arange(len(arcs.owner)), count)
    node = back & (place == 0) & ~np.repeat(arcs.free, count)
    turned = np.repeat(begin + count - arcs.free, count) - place - node
    vertex = np.flatnonzero(keep)[np.where(back, turned, np.repeat(begin, count) + place)]
    vertex[node] = np.repeat(arcs.first, count)[node]
    # Close the rings: behind each, its first vertex again.
    first = np.append(0, np.cumsum(count))[np.searchsorted(arcs.first, rings.first)]
    return np.insert(vertex, first[1:], vertex[first[:-1]]), first + np.arange(len(first))


def _polygons(rings: _Rings, vertex: Longs, first: Longs, grid: Grid) -> tuple[Longs, NDArray[np.object_]]:
    """Planes' numbers and outlines on the map."""
    xy = np.column_stack([rings.x[vertex], rings.y[vertex]]).astype(np.float64)
    on_map = np.array([grid.west, grid.north]) + xy * [grid.cell, -grid.cell]
    numbers, first_part = np.unique(rings.plane, return_index=True)
    parts = np.searchsorted(rings.ring_part, np.arange(len(rings.plane) + 1))
    offsets = first, parts, np.append(first_part, len(rings.plane))
    whole = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, on_map, offsets)
    return numbers.astype(np.int64), np.asarray(whole)


@njit(nogil=True, cache=True)
def _parts(labels: Ints, chosen: Flags, cells: Ints, plane: Ints, lower: Ints) -> int:  # pragma: no cover - compiled
    """4-connected parts of the chosen planes.

    Parameters
    ----------
    labels : (rows, cols)
    chosen : by label
    cells : out: numbers by cell, with a margin of one cell all round; in: 0
    plane : out: by part 1, 2, …; in: 0, long enough for a part in each cell
    lower : out: part by number; in: as ``plane``

    Returns
    -------
    int
        Parts, numbered from the top.
    """
    used = 0
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            k = labels[i, j]
            if k <= 0 or not chosen[k]:
                continue
            west, north = cells[i + 1, j], cells[i, j + 1]
            if plane[west] != k:
                west = north
            if plane[north] != k:
                north = west
            if plane[west] != k:
                used += 1
                lower[used], plane[used] = used, k
                west = north = used
            cells[i + 1, j + 1] = west
            # One part under two numbers: the higher one leads to the lower one.
            while west != north:
                if west < north:
                    west, north = north, west
                onward = lower[west]
                if onward > north or onward == west:
                    lower[west] = north
                west = north if onward == west else onward
    parts = 0
    for k in range(1, used + 1):
        if lower[k] == k:
            parts += 1
            plane[parts] = plane[k]
            lower[k] = parts
        else:
            lower[k] = lower[lower[k]]
    return parts


@njit(nogil=True, cache=True)
def _walk(
    cells: Ints, group: Ints, ahead: Longs, steps: Longs, passed: Flags, out: Longs
) -> int:  # pragma: no cover - compiled
    """Walk all rings, from the top, each with its part on the left; see :func:`_walked`."""
    n = 0
    for start in range(steps[0], len(cells)):
        part = cells[start]
        # Each ring goes south somewhere, on the western side of a cell.
        if part == 0 or passed[start] or cells[start - 1] == part:
            continue
        mine = group[part]
        out[n] = -start
        n += 1
        at, way = start, 0
        while way != 0 or not passed[at]:
            if way == 0:
                passed[at] = True
            at += steps[way]
            left, right, behind = cells[at + ahead[way]], cells[at + ahead[way - 1]], cells[at + ahead[way - 2]]
            if group[left] != mine:
                left = 0
            if group[right] != mine:
                right = 0
            if group[behind] != mine:
                behind = 0
            meet = (left != part) + (left != right) + (right != behind) > 1
            if right == part:
                way -= 1
            elif left != part:
                way += 1
            elif not meet:
                continue
            way &= 3
            out[n] = 2 * at + meet
            n += 1
    return n


@njit(nogil=True, cache=True)
def _thin(
    x: Longs,
    y: Longs,
    before: Longs,
    after: Longs,
    begin: Longs,
    held: Longs,
    open_: Longs,
    pair: Longs,
    straight: Longs,
) -> None:  # pragma: no cover - compiled
    """Take the stairs out of arcs, after Visvalingam and Whyatt: the vertex with the smallest triangle first, the first of equal ones.

    Only triangles of half a cell's square go, which are the stairs, and what lies on a line then. Such a triangle has none of the raster's
    corners in it or on its sides: so no line can come to lie on or across another one, but for an arc that becomes one with another
    between the same nodes.

    Parameters
    ----------
    x, y, before, after : points, and their neighbours in the arc, all round; ``before`` becomes -1 where one goes
    begin : first point by arc, and the end of all
    held, open_ : 1 where the first point is a node, and where the last one is another; else 0
    pair, straight : pair of nodes by arc, and number of arcs by pair that are straight lines from node to node
    """
    for arc in range(len(begin) - 1):
        low, high = begin[arc] + held[arc], begin[arc + 1] - open_[arc]
        spare = begin[arc + 1] - begin[arc] - 3 + open_[arc]
        is_stair = spare > 0
        # A point that lies on a line now goes first: it is one of the two beside the last that went.
        lowest, look, one, other = low, 2, low, low
        while spare > 0:
            at = one if look == 0 else other if look == 1 else lowest
            if at >= high and look == 2:
                break
            area = 2
            if low <= at < high and before[at] >= 0:
                a, b = before[at], after[at]
                area = abs((x[at] - x[a]) * (y[b] - y[a]) - (x[b] - x[a]) * (y[at] - y[a]))
            if look == 2 and area > 1:
                lowest += 1
                continue
            if look < 2:
                if area <= 1 and at < lowest:
                    lowest = at
                if area > 0:
                    look += 1
                    continue
            if open_[arc] and spare == 1 and straight[pair[arc]] > 0:
                break
            a, b = before[at], after[at]
            after[a], before[b], before[at] = b, a, -1
            one, other, look = a, b, 0
            if a > b:
                one, other = b, a
            spare -= 1
        if is_stair and open_[arc] and spare == 0:
            straight[pair[arc]] += 1
