"""How far it is from points to candidates: along roads where a layer of them is given, else the straight line times a detour factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.progress import silent
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from gis.progress import Progress

# Ends of roads that lie so near to each other are one place [m].
_SNAP_M = 0.5
# Of the places of a net of roads, what a part of it must have: fragments at the rim of a layer lead nowhere.
_PART = 0.05
_AT_ONCE = 16


def straight(points: NDArray[np.float64], candidates: NDArray[np.float64], detour: float) -> NDArray[np.float64]:
    """[n, m] distance [m] between points (n, 2) and candidates (m, 2) as the crow flies, times ``detour``."""
    apart = points[:, None, :] - candidates[None, :, :]
    return np.asarray(detour * np.hypot(apart[..., 0], apart[..., 1]))


def along(
    roads: NDArray[np.object_], points: NDArray[np.float64], candidates: NDArray[np.float64], detour: float, progress: Progress = silent
) -> NDArray[np.float64]:  # fmt: skip
    """[n, m] distance [m] along roads; inf where no road leads.

    Roads meet where they have a vertex in common (within half a metre), so that bridges do not; one-way streets are driven both ways. A point goes to the nearest
    vertex, the straight line there times ``detour``. Parts of the net with less than 5 % of its vertices are left out. Nobody is farther from a candidate
    than the straight line times ``detour`` where that is less than the way to the road.

    Parameters
    ----------
    roads : lines in metres; areas by their rim

    Raises
    ------
    PlanError
        ``siting.no_roads``
    gis.progress.Cancelled
        from ``progress``
    """
    from scipy.sparse.csgraph import dijkstra
    from scipy.spatial import cKDTree

    nodes, net = network(roads)
    tree = cKDTree(nodes)
    side, at = tree.query(points)
    own, start = tree.query(candidates)
    ways = np.empty((len(points), len(candidates)))
    for first in range(0, len(candidates), _AT_ONCE):
        progress(first / len(candidates), "siting")
        some = slice(first, min(first + _AT_ONCE, len(candidates)))
        length = dijkstra(net, directed=False, indices=start[some])
        ways[:, some] = length[:, at].T
    ways += detour * (side[:, None] + own[None, :])
    direct = straight(points, candidates, detour)
    # Both at the same vertex, or nearer to each other than to a road.
    near = direct <= detour * (side[:, None] + own[None, :])
    return np.where(near, np.minimum(ways, direct), ways)


def network(roads: NDArray[np.object_]) -> tuple[NDArray[np.float64], csr_matrix]:
    """Vertices (k, 2) of lines, and the lengths between those that follow each other [m]."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    parts = shapely.get_parts(roads)
    lines = np.where(shapely.get_type_id(parts) == 3, shapely.get_exterior_ring(parts), parts)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    follows = np.flatnonzero(line[1:] == line[:-1])
    if not len(follows):
        raise PlanError("siting.no_roads")
    _, first, place = np.unique(np.rint(xy / _SNAP_M).astype(np.int64), axis=0, return_index=True, return_inverse=True)
    place = place.ravel()
    nodes = xy[first]
    a, b = place[follows], place[follows + 1]
    length = np.hypot(*(xy[follows + 1] - xy[follows]).T)
    # Two roads between the same vertices: the shorter; a sum of them is what a sparse matrix would make.
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((length, high, low))
    low, high, length = low[order], high[order], length[order]
    fresh = np.r_[True, (np.diff(low) != 0) | (np.diff(high) != 0)] & (low != high)
    net = csr_matrix((np.maximum(length[fresh], 1e-6), (low[fresh], high[fresh])), shape=(len(nodes), len(nodes)))
    _, part = connected_components(net, directed=False)
    large = np.bincount(part)[part] >= max(_PART * len(nodes), 2)
    keep = np.flatnonzero(large)
    if not len(keep):
        raise PlanError("siting.no_roads")
    return nodes[keep], net[keep][:, keep].tocsr()
