"""The lines that the town grew along: railway, main roads, and where the station and the towers stand."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline
from shapely import LineString

STATION = (1062.0, 868.0)
TOWERS = ((992.0, 792.0, 118.0), (1168.0, 968.0, 106.0))


def curve(points: list[tuple[float, float]]) -> LineString:
    """Smooth line through the points."""
    xy = np.array(points)
    t = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    fine = np.linspace(0.0, t[-1], int(t[-1] / 12) + 2)
    return LineString(CubicSpline(t, xy)(fine))


RAIL = curve([(-60, 655), (500, 722), (1062, 868), (1520, 962), (2060, 990)])
ROADS: list[tuple[LineString, float]] = [
    (curve([(-60, 925), (600, 1000), (1200, 1108), (2060, 1165)]), 18.0),
    (curve([(1300, 1560), (1262, 1330), (1222, 1105), (1128, 850), (1085, 600), (1010, 300), (930, -60)]), 15.0),
    (curve([(392, 1330), (425, 960), (478, 700), (395, 420), (300, 180), (262, -60)]), 12.0),
    (curve([(1740, 1330), (1700, 1150), (1732, 950), (1690, 560), (1640, 300), (1680, -60)]), 12.0),
    (curve([(812, 1330), (838, 1040), (870, 820), (842, 470)]), 10.0),
]
