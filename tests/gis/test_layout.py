"""Modules on usable cells: never off them, never on one another, and nearly as many as any packing has."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from gis.layout import (
    Layout,
    Module,
    Paths,
    Rows,
    back_to_back,
    best_of,
    flush,
    lay_out,
    racks,
    winter_spacing,
)

MODULE = Module(1.134, 1.762)


def region(usable: NDArray[np.bool_], cell: float) -> shapely.Geometry:
    """The usable cells as one shape."""
    row, col = np.nonzero(usable)
    return shapely.union_all(shapely.box(col * cell, -(row + 1) * cell, (col + 1) * cell, -row * cell))


def shapes(layout: Layout) -> NDArray[np.object_]:
    return np.asarray(shapely.polygons(layout.corners), dtype=object)


def check(layout: Layout, usable: NDArray[np.bool_], cell: float) -> None:
    """All on usable cells, none on another, each of its size, each facing as it says."""
    modules = shapes(layout)
    if not len(modules):
        return
    outside = shapely.area(shapely.difference(modules, region(usable, cell)))
    assert outside.max() < 1e-4
    first, second = shapely.STRtree(modules).query(modules, predicate="intersects")
    over = shapely.area(shapely.intersection(modules[first], modules[second]))[first < second]
    assert over.max(initial=0.0) < 1e-6
    rows = layout.rows
    side = rows.slant * np.cos(np.radians(rows.tilt))
    assert np.allclose(shapely.area(modules), rows.across * side)
    middle = layout.corners.mean(axis=1)
    front = layout.corners[:, :2].mean(axis=1) - middle
    faces = np.degrees(np.arctan2(front[:, 0], front[:, 1])) % 360.0
    assert np.allclose((faces - layout.azimuth + 180.0) % 360.0, 180.0)


@st.composite
def roofs(draw: st.DrawFn) -> NDArray[np.bool_]:
    """Boxes put together and holes cut out of them."""
    rows, cols = draw(st.integers(3, 40)), draw(st.integers(3, 40))
    usable = np.zeros((rows, cols), bool)
    for filled in [True] * draw(st.integers(1, 3)) + [False] * draw(st.integers(0, 4)):
        top, left = draw(st.integers(0, rows - 1)), draw(st.integers(0, cols - 1))
        tall = draw(st.integers(1, rows if filled else 4))
        usable[top : top + tall, left : left + draw(st.integers(1, cols if filled else 4))] = filled
    return usable


def kinds(azimuth: float, tilt: float) -> list[Rows]:
    return [
        flush(MODULE, portrait=True, tilt=tilt, azimuth=azimuth, gap=0.02),
        flush(MODULE, portrait=False, tilt=tilt, azimuth=azimuth, gap=0.02),
        racks(MODULE, portrait=False, tilt=tilt, azimuth=azimuth, gap=0.02, spacing=0.6),
        back_to_back(MODULE, portrait=False, tilt=tilt, azimuth=azimuth, gap=0.05, valley=0.3),
    ]


@given(roofs(), st.sampled_from([0.25, 0.5, 1.0]), st.floats(0.0, 360.0), st.floats(0.0, 45.0), st.booleans())
@settings(max_examples=150, deadline=None)
def test_modules_stay_on_usable_cells_and_apart(
    usable: NDArray[np.bool_], cell: float, azimuth: float, tilt: float, paths: bool
) -> None:
    asked = Paths(area=20.0, reach=3.0, width=1.0) if paths else None
    for rows in kinds(azimuth, tilt):
        layout = lay_out(usable, cell, rows, asked)
        check(layout, usable, cell)
        assert len(layout) % rows.each == 0


@given(roofs(), st.sampled_from([0, 90, 180, 270]))
@settings(max_examples=40, deadline=None)
def test_the_same_roof_turned_by_a_right_angle_holds_the_same(usable: NDArray[np.bool_], azimuth: int) -> None:
    rows = racks(MODULE, portrait=False, tilt=10.0, azimuth=azimuth, gap=0.02, spacing=0.5)
    turned = racks(MODULE, portrait=False, tilt=10.0, azimuth=azimuth + 90.0, gap=0.02, spacing=0.5)
    assert len(lay_out(usable, 0.5, rows)) == len(lay_out(np.rot90(usable, -1), 0.5, turned))


def exhaustive(usable: NDArray[np.bool_], cell: float, rows: Rows, step: float) -> int:
    """The most units on a grid of places, whatever rows they form: a set packing solved to the proven optimum.

    Only for rows along the raster. Units keep the gap beside them and the pitch behind them, as in rows.
    """
    assert rows.azimuth in (0.0, 180.0)
    height, width = usable.shape[0] * cell, usable.shape[1] * cell
    fine = 20
    free = np.kron(usable, np.ones((round(cell * fine), round(cell * fine)), bool))
    whole = np.pad((~free).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    places = []
    for top in np.arange(0.0, height - rows.depth + 1e-9, step):
        for left in np.arange(0.0, width - rows.across + 1e-9, step):
            r0, r1 = int(np.floor(top * fine + 1e-6)), int(np.ceil((top + rows.depth) * fine - 1e-6))
            c0, c1 = int(np.floor(left * fine + 1e-6)), int(np.ceil((left + rows.across) * fine - 1e-6))
            if whole[r1, c1] - whole[r0, c1] - whole[r1, c0] + whole[r0, c0] == 0:
                places.append((top, left))
    if not places:
        return 0
    at = np.array(places)
    # Every grid point may be covered once: by a unit with its gap and its distance to the next row.
    across, pitch = rows.across + rows.gap, rows.pitch
    grid_rows, entries = {}, []
    for k, (top, left) in enumerate(at):
        for y in np.arange(np.ceil(top / step - 1e-6), (top + pitch) / step - 1e-6):
            for x in np.arange(np.ceil(left / step - 1e-6), (left + across) / step - 1e-6):
                entries.append((grid_rows.setdefault((int(y), int(x)), len(grid_rows)), k))  # noqa: PERF401
    r, c = np.array(entries).T
    cover = csr_array((np.ones(len(r)), (r, c)), shape=(len(grid_rows), len(at)))
    best = milp(
        -np.ones(len(at)), integrality=np.ones(len(at)), bounds=Bounds(0, 1),
        constraints=LinearConstraint(cover, -np.inf, 1.0), options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    assert best.status == 0
    return round(-best.fun) * rows.each


@pytest.mark.parametrize("seed", range(12))
def test_nine_tenths_of_any_packing(seed: int) -> None:
    """On small roofs with holes, against the proven optimum over places 0.25 m apart, free of rows."""
    rng = np.random.default_rng(seed)
    usable = np.zeros((26, 30), bool)
    usable[2 : rng.integers(14, 25), 2 : rng.integers(14, 28)] = True
    for _ in range(rng.integers(1, 4)):
        top, left = rng.integers(0, 22), rng.integers(0, 26)
        usable[top : top + rng.integers(1, 4), left : left + rng.integers(1, 4)] = False
    # Sides that are whole steps, so that the grid of places loses nothing to rounding.
    module = Module(1.0, 1.75)
    rows = Rows(180.0, 0.0, 1.75, 1.0, 0.0, 1.5, 1, 1.0)
    mine = lay_out(usable, 0.5, rows)
    check(mine, usable, 0.5)
    best = exhaustive(usable, 0.5, rows, 0.25)
    assert best >= 8
    assert module.area == rows.across * rows.slant
    assert len(mine) >= 0.9 * best


def test_a_plain_roof_is_filled_to_the_last_row() -> None:
    """20 × 10 m: 11 landscape modules in a row (11 · 1.782 − 0.02 = 19.58), rows every 1.154 m: 8 of them (7 · 1.154 + 1.134 = 9.21)."""
    usable = np.ones((20, 40), bool)
    rows = flush(MODULE, portrait=False, tilt=0.0, azimuth=180.0, gap=0.02)
    assert len(lay_out(usable, 0.5, rows)) == 11 * 8
    upright = flush(MODULE, portrait=True, tilt=0.0, azimuth=180.0, gap=0.02)
    assert len(lay_out(usable, 0.5, upright)) == 17 * 5
    assert len(best_of([lay_out(usable, 0.5, one) for one in (rows, upright)])) == 88


def test_no_room_no_modules() -> None:
    rows = flush(MODULE, portrait=True, tilt=20.0, azimuth=200.0, gap=0.02)
    assert len(lay_out(np.zeros((5, 5), bool), 0.5, rows)) == 0
    assert len(lay_out(np.ones((1, 1), bool), 0.5, rows)) == 0
    assert lay_out(np.ones((1, 1), bool), 0.5, rows).corners.shape == (0, 4, 2)


def test_rows_go_round_an_obstacle() -> None:
    """A hole of one cell costs the modules on it, not the row."""
    usable = np.ones((20, 40), bool)
    usable[10, 20] = False
    rows = flush(MODULE, portrait=False, tilt=0.0, azimuth=180.0, gap=0.02)
    layout = lay_out(usable, 0.5, rows)
    check(layout, usable, 0.5)
    assert 86 <= len(layout) < 88


def test_large_arrays_get_paths() -> None:
    """60 × 60 m: no module farther than the reach from a path or the end, and what is small enough stays whole."""
    usable = np.ones((120, 120), bool)
    rows = flush(MODULE, portrait=False, tilt=0.0, azimuth=180.0, gap=0.02)
    free, walked = lay_out(usable, 0.5, rows), lay_out(usable, 0.5, rows, Paths(300.0, 24.0, 1.0))
    check(walked, usable, 0.5)
    assert 0.9 * len(free) < len(walked) < len(free)
    modules = shapely.union_all(shapely.buffer(shapes(walked), 0.05, cap_style="square", join_style="mitre"))
    paths = shapely.difference(shapely.box(-1.0, -61.0, 61.0, 1.0), modules)
    wide = shapely.buffer(shapely.buffer(paths, -0.42), 0.43)  # what is as wide as a path
    assert shapely.hausdorff_distance(wide, shapely.union_all([wide, modules])) <= 24.0 + 0.5
    small = np.ones((30, 30), bool)
    assert len(lay_out(small, 0.5, rows, Paths(300.0, 24.0, 1.0))) == len(lay_out(small, 0.5, rows))


@pytest.mark.parametrize("latitude", [26.2, 35.6, 43.1, -35.0])
@pytest.mark.parametrize("tilt", [10.0, 20.0])
def test_winter_spacing_lets_the_sun_in(latitude: float, tilt: float) -> None:
    """The shadow of the upper edge, sun by sun from pvlib: behind a row it just reaches the next at three hours from noon, and no farther."""
    import pandas as pd
    from pvlib import solarposition

    facing = 180.0 if latitude > 0 else 0.0
    spacing = winter_spacing(1.134, tilt, facing, latitude, 3.0)
    day = "2023-12-22" if latitude > 0 else "2023-06-21"
    times = pd.date_range(f"{day} 00:00", periods=24 * 60, freq="min", tz="UTC")
    noon = times[solarposition.get_solarposition(times, latitude, 0.0)["elevation"].argmax()]
    sun = solarposition.get_solarposition(noon + pd.to_timedelta(np.arange(-180, 181), "min"), latitude, 0.0)
    rise = 1.134 * np.sin(np.radians(tilt))
    shadow = rise * np.cos(np.radians(sun["azimuth"] - facing)) / np.tan(np.radians(sun["elevation"]))
    assert spacing == pytest.approx(shadow.max(), rel=0.02)
    assert winter_spacing(1.134, 0.0, facing, latitude, 3.0) == 0.0


def test_no_sun_at_that_hour_is_said() -> None:
    with pytest.raises(ValueError, match="not up"):
        winter_spacing(1.0, 10.0, 180.0, 43.0, 6.0)
