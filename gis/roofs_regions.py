"""Regions of buildings made into roof planes: relabelled, merged, split where not joined, and weeded.

Kernels for :mod:`gis.roofs`, on a block of buildings as :mod:`gis.roofs_fit` lays them out. Label 0 is "no plane".
Region ``a`` of building ``b`` has row ``spans[b, FIRST] + b + a`` in the arrays by region: a building has no more regions than cells.
The labelling minimises the sum over cells of (residual / noise)², cut off where "no plane" is cheaper,
plus a price for every pair of neighbours with different labels (a Potts model, solved cell by cell).
"""

from __future__ import annotations

import numpy as np

from gis.kernels import inner, kernel
from gis.roofs_fit import (
    CORNER,
    END,
    FIRST,
    HEIGHT,
    LONG,
    MOMENTS,
    WIDTH,
    Flags,
    Floats,
    Ints,
    Longs,
    Surface,
    add_point,
    beside,
    miss,
    norm2,
    solve_plane,
)

# Residual, in units of the noise, from which a cell alone is cheaper without a plane: 3 sigma.
OUTLIER = 9.0
# Share of a region's border that must touch one lower roof for it to count as standing on that roof.
STANDS_ON = 0.5
# Cosine between a border's direction and the line of cut below which they have nothing to do with one another.
BORDER_ALIGNED = 0.9
# Share of a region's outer border with a drop beside it, below which it is ground: a roof has a free side somewhere.
FREE_SIDE = 0.1
# Columns of ``pairs``: the two regions, the lower number first, and the next pair of the lower.
_LOW, _HIGH, _NEXT = range(3)


@kernel
def fit_regions(
    spans: Longs,
    x: Floats,
    y: Floats,
    z: Floats,
    label: Ints,
    counts: Longs,
    among: Flags,
    moments: Floats,
    planes: Floats,
) -> None:  # pragma: no cover - compiled
    """Moments and planes (gx, gy, c, sum of squares) of the regions of the buildings ``among``."""
    for b in range(spans.shape[0]):
        if not among[b]:
            continue
        base = spans[b, FIRST] + b
        for a in range(base, base + counts[b] + 1):
            for k in range(MOMENTS):
                moments[a, k] = 0.0
        for i in range(spans[b, FIRST], spans[b, END]):
            if label[i] > 0:
                add_point(moments, base + label[i], x[i], y[i], z[i])
        for a in range(base + 1, base + counts[b] + 1):
            solve_plane(moments, a, planes, a)


@inner
def _misfit(
    i: int, p: int, x: Floats, y: Floats, z: Floats, planes: Floats, noise: float
) -> float:  # pragma: no cover - compiled
    """Squared distance of a cell from the plane in row ``p``, in units of the noise."""
    off = miss(i, x, y, z, p, planes)
    return off * off / (noise * noise * norm2(p, planes))


@inner
def _cheapest(
    i: int,
    base: int,
    width: int,
    at: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    field: Ints,
    planes: Floats,
    noise: float,
    smoothness: float,
    near: Longs,
) -> int:  # pragma: no cover - compiled
    """Label of the cell's neighbourhood, or 0, that costs least. ``near`` has room for the nine labels."""
    for k in range(3):
        p = at[i] + (k - 1) * width
        near[3 * k], near[3 * k + 1], near[3 * k + 2] = field[p - 1], field[p], field[p + 1]
    own, around, others = near[4], 0, 0
    for q in range(9):
        around += near[q] >= 0
        others += near[q] >= 0 and near[q] != own
    alike = others == 0
    if alike and own == 0:
        return 0
    if alike:
        # As most cells are: among their like. The sum adds up as below, to the last bit.
        outlier = OUTLIER
        for _ in range(around - 1):
            outlier += smoothness
        return own if _misfit(i, base + own, x, y, z, planes, noise) < outlier - 1e-9 else 0
    best, least = 0, np.inf
    one, two, three = -1, -1, -1
    for k in range(-1, 9):
        a = near[k] if k >= 0 else 0
        # What costs the same as a candidate before it never wins.
        if a == one or a == two or a == three or (a <= 0 and k >= 0):  # noqa: PLR1714, SIM109 - tuples take Numba long
            continue
        one, two, three = a, one, two
        others = 0
        for q in range(9):
            others += near[q] >= 0 and near[q] != a
        if a != own:
            others -= 1
        cost = OUTLIER if a == 0 else _misfit(i, base + a, x, y, z, planes, noise)
        for _ in range(others):
            cost += smoothness
        if cost < least - 1e-9:
            least, best = cost, a
    return best


@kernel
def relabel(
    spans: Longs,
    at: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    label: Ints,
    field: Ints,
    planes: Floats,
    noise: Floats,
    smoothness: float,
    near: Longs,
    moving: Flags,
) -> bool:  # pragma: no cover - compiled
    """Give every cell the cheapest label around it; whether any building is still ``moving`` afterwards.

    ``field``: as ``place``, but room for the labels themselves; -1 where there is no cell.
    """
    more = False
    for b in range(spans.shape[0]):
        if not moving[b]:
            continue
        first, end, moved = spans[b, FIRST], spans[b, END], 0
        for i in range(first, end):
            field[at[i]] = label[i]
        for i in range(first, end):
            a = _cheapest(i, first + b, spans[b, WIDTH], at, x, y, z, field, planes, noise[b], smoothness, near)
            if a != label[i]:
                label[i] = field[at[i]] = a
                moved += 1
        moving[b] = moved * 500 >= end - first
        more |= moving[b]
    return more


@kernel
def find_borders(
    spans: Longs,
    place: Ints,
    at: Ints,
    x: Floats,
    y: Floats,
    label: Ints,
    counts: Longs,
    heads: Longs,
    ends: Longs,
    pairs: Longs,
    sums: Floats,
) -> None:  # pragma: no cover - compiled
    """The pairs of regions that touch; the buildings' lists of pairs end at ``ends``.

    ``sums`` by pair: number of neighbouring cells, sum of their positions, sum of the steps across, from the lower number to
    the higher. ``heads`` by region: its first pair with a higher number, or -1; the others follow by ``_NEXT``.
    """
    n = 0
    for b in range(spans.shape[0]):
        base, width = spans[b, FIRST] + b, spans[b, WIDTH]
        for a in range(base, base + counts[b] + 1):
            heads[a] = -1
        for i in range(spans[b, FIRST], spans[b, END]):
            for k in range(4):
                j = place[at[i] + (1 if k == 0 else width + k - 2)]
                if j < 0:
                    continue
                low, high, way = label[i], label[j], 1.0
                if low == high or low * high == 0:
                    continue
                if low > high:
                    low, high, way = high, low, -1.0
                e = heads[base + low]
                while e >= 0 and pairs[e, _HIGH] != high:
                    e = pairs[e, _NEXT]
                if e < 0:
                    e = n
                    n += 1
                    pairs[e, _LOW], pairs[e, _HIGH], pairs[e, _NEXT] = low, high, heads[base + low]
                    heads[base + low] = e
                    for m in range(5):
                        sums[e, m] = 0.0
                sums[e, 0] += 1.0
                sums[e, 1] += 0.5 * (x[i] + x[j])
                sums[e, 2] += 0.5 * (y[i] + y[j])
                sums[e, 3] += way * (x[j] - x[i])
                sums[e, 4] += way * (y[j] - y[i])
        ends[b] = n


@inner
def _gap(a: int, b: int, planes: Floats, sums: Floats, e: int) -> float:  # pragma: no cover - compiled
    """Step between two planes in the middle of their border [m]."""
    mx, my = sums[e, 1] / sums[e, 0], sums[e, 2] / sums[e, 0]
    gx, gy = planes[a, 0] - planes[b, 0], planes[a, 1] - planes[b, 1]
    return abs(gx * mx + gy * my + planes[a, 2] - planes[b, 2])


@inner
def _gain(
    a: int,
    b: int,
    spare: int,
    moments: Floats,
    planes: Floats,
    sums: Floats,
    e: int,
    noise: float,
    cos_angle: float,
    label_cost: float,
    smoothness: float,
) -> float:  # pragma: no cover - compiled
    """What is won by making one plane of two, in units of the labelling's cost; not positive where they must stay two.

    ``spare`` is a row of ``moments`` and ``planes`` that belongs to no region.
    """
    if sums[e, 0] < 2.0 or _gap(a, b, planes, sums, e) > 2.0 * noise:
        return -1.0
    for k in range(MOMENTS):
        moments[spare, k] = moments[a, k] + moments[b, k]
    solve_plane(moments, spare, planes, spare)
    left = planes[spare, 3]
    scale = norm2(spare, planes)
    worse = max(0.0, left - planes[a, 3] - planes[b, 3]) / scale
    lengths = np.sqrt(norm2(a, planes)) * np.sqrt(norm2(b, planes))
    cos = (1.0 + planes[a, 0] * planes[b, 0] + planes[a, 1] * planes[b, 1]) / lengths
    # A roof laid to falls is one roof: leaning alike, meeting without a step, and fitted by one plane all the same.
    rough = 1.5 * noise
    if cos >= cos_angle and left / scale <= rough * rough * (moments[a, 0] + moments[b, 0]):
        return 1e6 - worse
    return label_cost + smoothness * sums[e, 0] - worse / (noise * noise)


@inner
def _join_pairs(
    a: int, b: int, base: int, begin: int, end: int, pairs: Longs, sums: Floats, link: Longs
) -> None:  # pragma: no cover - compiled
    """Region ``b`` becomes part of ``a``: its pairs become pairs of ``a``. ``link`` is -1 throughout, before and after."""
    for e in range(begin, end):
        if pairs[e, _LOW] == a or pairs[e, _HIGH] == a:
            link[base + pairs[e, _LOW] + pairs[e, _HIGH] - a] = e
    for e in range(begin, end):
        if pairs[e, _LOW] != b and pairs[e, _HIGH] != b:
            continue
        c = pairs[e, _LOW] + pairs[e, _HIGH] - b
        known = link[base + c]
        if c != a and known < 0:
            pairs[e, _LOW], pairs[e, _HIGH] = min(a, c), max(a, c)
            continue
        if c != a:
            for m in range(3):
                sums[known, m] += sums[e, m]
        pairs[e, _LOW], pairs[e, _HIGH] = 0, 0
    for e in range(begin, end):
        if pairs[e, _LOW] == a or pairs[e, _HIGH] == a:
            link[base + pairs[e, _LOW] + pairs[e, _HIGH] - a] = -1
    link[base + b] = -1


@inner
def _best_pair(begin: int, end: int, pairs: Longs, gain: Floats) -> int:  # pragma: no cover - compiled
    """The pair of regions whose merging wins most, -1 if none wins; of equal ones that of the lowest numbers."""
    best, most = -1, 0.0
    for e in range(begin, end):
        if gain[e] < most or gain[e] <= 0.0:
            continue
        if gain[e] == most:
            low, high = pairs[best, _LOW], pairs[best, _HIGH]
            if pairs[e, _LOW] > low or (pairs[e, _LOW] == low and pairs[e, _HIGH] > high):
                continue
        best, most = e, gain[e]
    return best


@kernel
def merge_regions(
    spans: Longs,
    label: Ints,
    counts: Longs,
    noise: Floats,
    cos_angle: float,
    label_cost: float,
    smoothness: float,
    ends: Longs,
    pairs: Longs,
    sums: Floats,
    into: Longs,
    link: Longs,
    moments: Floats,
    planes: Floats,
    gain: Floats,
) -> None:  # pragma: no cover - compiled
    """Merge neighbours, best pair first, as long as one plane explains both about as well as two."""
    end = LONG(0)
    for building in range(spans.shape[0]):
        begin, end, base = end, ends[building], spans[building, FIRST] + building
        for a in range(counts[building] + 1):
            into[base + a], link[base + a] = a, -1
        touched = LONG(0)
        while True:
            # At first all pairs, later those of the region that has grown: its plane comes first in the sums.
            for e in range(begin, end):
                low, high = pairs[e, _LOW], pairs[e, _HIGH]
                if low == 0:
                    gain[e] = -1.0
                elif touched == 0 or touched == low or touched == high:  # noqa: PLR1714, SIM109 - tuples take Numba long
                    p, q = (base + high, base + low) if touched == high else (base + low, base + high)
                    gain[e] = _gain(
                        p, q, base, moments, planes, sums, e, noise[building], cos_angle, label_cost, smoothness
                    )
            best = _best_pair(begin, end, pairs, gain)
            if best < 0:
                break
            touched, b = pairs[best, _LOW], pairs[best, _HIGH]
            into[base + b] = touched
            for k in range(MOMENTS):
                moments[base + touched, k] += moments[base + b, k]
            solve_plane(moments, base + touched, planes, base + touched)
            _join_pairs(touched, b, base, begin, end, pairs, sums, link)
        for b in range(counts[building], 0, -1):
            a = b
            while into[base + a] != a:
                a = into[base + a]
            into[base + b] = a
        for i in range(spans[building, FIRST], spans[building, END]):
            label[i] = into[base + label[i]]


@inner
def _beyond(
    a: int,
    b: int,
    px: float,
    py: float,
    base: int,
    heads: Longs,
    pairs: Longs,
    sums: Floats,
    planes: Floats,
    noise: float,
    cell: float,
) -> bool:  # pragma: no cover - compiled
    """Does a point of plane ``a`` lie beyond the line where it cuts its neighbour ``b``, within the border's length?"""
    e = heads[base + min(a, b)]
    while e >= 0 and pairs[e, _HIGH] != max(a, b):
        e = pairs[e, _NEXT]
    if e < 0 or sums[e, 0] < 4.0 or _gap(base + a, base + b, planes, sums, e) > 2.0 * noise:
        return False
    count, p, q = sums[e, 0], base + a, base + b
    gx, gy = planes[p, 0] - planes[q, 0], planes[p, 1] - planes[q, 1]
    apart = gx * px + gy * py + planes[p, 2] - planes[q, 2]
    way = 1.0 if a < b else -1.0
    across = way * (gx * sums[e, 3] + gy * sums[e, 4])
    if apart * across <= 0.0 or abs(apart) > 4.0 * noise:
        return False
    # A border along the cut runs square to the difference of slopes; planes that touch in a point do not.
    steepness = np.hypot(gx, gy)
    if abs(across) < BORDER_ALIGNED * steepness * np.hypot(sums[e, 3], sums[e, 4]):
        return False
    along = ((px - sums[e, 1] / count) * gy - (py - sums[e, 2] / count) * gx) / steepness
    return abs(along) <= (count / 6.0 + 1.5) * cell


@kernel
def straighten(
    spans: Longs,
    place: Ints,
    at: Ints,
    x: Floats,
    y: Floats,
    label: Ints,
    planes: Floats,
    noise: Floats,
    cell: float,
    rounds: int,
    heads: Longs,
    pairs: Longs,
    sums: Floats,
) -> None:  # pragma: no cover - compiled
    """Move the border of two planes that meet without a step to the line where they cut.

    Near that line the heights of noisy cells do not tell one plane from the other; the planes themselves do.
    """
    for building in range(spans.shape[0]):
        base, width = spans[building, FIRST] + building, spans[building, WIDTH]
        for _ in range(rounds):
            moved = 0
            for i in range(spans[building, FIRST], spans[building, END]):
                a = LONG(label[i])
                if a == 0:
                    continue
                for k in range(9):
                    j = place[at[i] + k // 3 * width + k % 3 - width - 1]
                    if j < 0 or label[j] == 0 or label[j] == a:
                        continue
                    b = LONG(label[j])
                    if _beyond(a, b, x[i], y[i], base, heads, pairs, sums, planes, noise[building], cell):
                        label[i] = b
                        moved += 1
                        break
            if moved == 0:
                break


@kernel
def split_parts(
    spans: Longs, place: Ints, at: Ints, label: Ints, fresh: Ints, queue: Ints, counts: Longs
) -> None:  # pragma: no cover - compiled
    """Number the 4-connected parts of every label anew, from 1; a building's number of parts into ``counts``."""
    for b in range(spans.shape[0]):
        first, end, width, parts = spans[b, FIRST], spans[b, END], spans[b, WIDTH], 0
        for i in range(first, end):
            fresh[i] = 0
        for seed in range(first, end):
            if label[seed] == 0 or fresh[seed] != 0:
                continue
            parts += 1
            fresh[seed] = parts
            queue[0] = seed
            count, head = 1, 0
            while head < count:
                i = LONG(queue[head])
                head += 1
                for k in range(4):
                    j = beside(i, k, width, place, at)
                    if j >= 0 and fresh[j] == 0 and label[j] == label[i]:
                        fresh[j] = parts
                        queue[count] = j
                        count += 1
        for i in range(first, end):
            label[i] = fresh[i]
        counts[b] = parts


@kernel
def drop_small(
    spans: Longs,
    place: Ints,
    row: Ints,
    col: Ints,
    label: Ints,
    counts: Longs,
    cells: int,
    width_cells: int,
    disc: Longs,
    size: Longs,
    roomy: Flags,
) -> None:  # pragma: no cover - compiled
    """Take the label from regions of too few cells, or too narrow for a roof: walls, gutters, strips of ground.

    ``disc``: rows and columns of a disc, from the corner of its square, that must find room somewhere in a region.
    """
    for b in range(spans.shape[0]):
        base, width = spans[b, FIRST] + b, spans[b, WIDTH]
        for a in range(base, base + counts[b] + 1):
            size[a], roomy[a] = 0, False
        for i in range(spans[b, FIRST], spans[b, END]):
            size[base + label[i]] += 1
        for i in range(spans[b, FIRST], spans[b, END]):
            a = base + label[i]
            if a == base or roomy[a] or size[a] < cells:
                continue
            left = col[i] - width_cells // 2
            fits = row[i] + width_cells <= spans[b, HEIGHT] and left >= 0 and left + width_cells <= width
            corner, q = spans[b, CORNER] + row[i] * width + left, 0
            while fits and q < disc.shape[0]:
                j = place[corner + disc[q, 0] * width + disc[q, 1]]
                fits = j >= 0 and base + label[j] == a
                q += 1
            roomy[a] = fits
        for i in range(spans[b, FIRST], spans[b, END]):
            # Row ``base`` has no room: label 0 stays.
            if not roomy[base + label[i]]:
                label[i] = 0


@inner
def _lowest_outside(
    row: int, col: int, reach: int, surface: Surface, ids: Ints
) -> float:  # pragma: no cover - compiled
    """Lowest height off the buildings within the reach of a cell at the edge; inf where there is none, or the cell lies inside."""
    edge = False
    for k in range(4):
        r = row + (1 if k == 2 else -1 if k == 3 else 0)
        c = col + (1 if k == 0 else -1 if k == 1 else 0)
        if 0 <= r < ids.shape[0] and 0 <= c < ids.shape[1] and ids[r, c] == 0:
            edge = True
    lowest = np.inf
    if edge:
        for r in range(max(0, row - reach), min(ids.shape[0], row + reach + 1)):
            for c in range(max(0, col - reach), min(ids.shape[1], col + reach + 1)):
                if ids[r, c] == 0 and surface[r, c] < lowest:
                    lowest = surface[r, c]
    return lowest


@kernel
def drop_ground(
    spans: Longs,
    row: Ints,
    col: Ints,
    label: Ints,
    counts: Longs,
    surface: Surface,
    ids: Ints,
    reach: int,
    drop: float,
    outer: Longs,
    free: Longs,
) -> None:  # pragma: no cover - compiled
    """Regions that have no free side: what lies outside the outline beside them is about as high as they are.

    ``surface`` and ``ids`` are the whole rasters, ``row`` and ``col`` the cells' places in them.
    """
    for b in range(spans.shape[0]):
        base = spans[b, FIRST] + b
        for a in range(base, base + counts[b] + 1):
            outer[a], free[a] = 0, 0
        for i in range(spans[b, FIRST], spans[b, END]):
            if label[i] == 0:
                continue
            lowest = _lowest_outside(row[i], col[i], reach, surface, ids)
            if np.isfinite(lowest):
                outer[base + label[i]] += 1
                if surface[row[i], col[i]] - lowest > drop:
                    free[base + label[i]] += 1
        for i in range(spans[b, FIRST], spans[b, END]):
            a = base + label[i]
            if outer[a] >= 3 and free[a] < FREE_SIDE * outer[a]:
                label[i] = 0


@inner
def _roof_below(
    i: int,
    k: int,
    reach: int,
    base: int,
    width: int,
    place: Ints,
    at: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    label: Ints,
    planes: Floats,
    moments: Floats,
    obstacle_height: float,
) -> bool:  # pragma: no cover - compiled
    """Does the first plane beside a cell, in direction ``k``, belong to a larger roof below it?"""
    j = i
    for _ in range(reach):
        j = beside(j, k, width, place, at)
        if j < 0:
            return False
        b = base + label[j]
        if b > base:
            larger = b != base + label[i] and moments[b, 0] > 2.0 * moments[base + label[i], 0]
            return larger and miss(i, x, y, z, b, planes) > obstacle_height
    return False


@kernel
def drop_superstructures(
    spans: Longs,
    place: Ints,
    at: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    label: Ints,
    counts: Longs,
    moments: Floats,
    planes: Floats,
    reach: int,
    obstacle_height: float,
    starts: Longs,
    cells: Longs,
) -> None:  # pragma: no cover - compiled
    """Small flat tops that stand on a larger roof (stair house, lift shaft) are obstacles of that roof.

    ``cells``: those of the small regions, region by region; those of a region begin at ``starts`` and end where the next begin.
    """
    for b in range(spans.shape[0]):
        base, width = spans[b, FIRST] + b, spans[b, WIDTH]
        for a in range(base + 1, base + counts[b] + 1):
            rim, stands = 0, 0
            for q in range(starts[a], starts[a + 1]):
                for k in range(4):
                    j = beside(cells[q], k, width, place, at)
                    if j >= 0 and base + label[j] == a:
                        continue
                    rim += 1
                    # The wall's mixed cells belong to nobody: look a little farther for the roof below.
                    stands += _roof_below(
                        cells[q], k, reach, base, width, place, at, x, y, z, label, planes, moments, obstacle_height
                    )
            if stands > STANDS_ON * rim:
                for q in range(starts[a], starts[a + 1]):
                    label[cells[q]] = 0


@kernel
def find_obstacles(
    spans: Longs,
    place: Ints,
    at: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    label: Ints,
    planes: Floats,
    obstacle_height: float,
    nearest: Ints,
    queue: Ints,
    high: Flags,
) -> None:  # pragma: no cover - compiled
    """Cells without a plane that rise above the plane nearest to them (by steps from cell to cell). ``high`` comes as False."""
    for b in range(spans.shape[0]):
        base, count, head = spans[b, FIRST] + b, 0, 0
        for i in range(spans[b, FIRST], spans[b, END]):
            nearest[i] = label[i]
            if label[i] > 0:
                queue[count] = i
                count += 1
        while head < count:
            i = LONG(queue[head])
            head += 1
            for k in range(4):
                j = beside(i, k, spans[b, WIDTH], place, at)
                if j < 0 or nearest[j] != 0:
                    continue
                nearest[j] = nearest[i]
                queue[count] = j
                count += 1
                high[j] = miss(j, x, y, z, base + nearest[i], planes) > obstacle_height
