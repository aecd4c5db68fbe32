"""Usable area: cases derived by hand, the order of the rules, and no square metre lost or counted twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.roofs import RoofPlanes, RoofSettings, segment_roofs
from gis.usable import RULES, USABLE, UsableArea, UsableRules, usable_cells
from tests.support.roofs import Scene, roof

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPEN_SKY = 1000.0
# Only what a test turns on takes anything.
NO_RULES = UsableRules(
    max_tilt=90.0,
    flat_tilt=5.0,
    north_halfwidth=0.0,
    setback_m=0.0,
    step_m=0.5,
    obstacle_clearance_m=0.0,
    min_irradiation_share=0.0,
    min_area_m2=0.0,
    min_width_m=0.0,
)


def apply(
    scene: Scene, rules: UsableRules, irradiation: NDArray[np.float32] | None = None, turn: float = 0.0
) -> tuple[RoofPlanes, UsableArea]:
    planes = segment_roofs(scene.z, scene.ids, scene.cell, RoofSettings())
    light = np.full(scene.z.shape, OPEN_SKY, np.float32) if irradiation is None else irradiation
    azimuth = (planes.azimuth_grid() + turn) % 360.0
    return planes, usable_cells(planes, scene.z, scene.ids, light, OPEN_SKY, scene.cell, rules, azimuth)


def box(scene: Scene, north: float, west: float, height: float, width: float) -> tuple[slice, slice]:
    """Cells of a rectangle; metres from the middle of the scene, which lies between cells."""
    rows, cols = scene.z.shape
    top, left = rows // 2 - round(north / scene.cell), cols // 2 - round(west / scene.cell)
    return slice(top, top + round(height / scene.cell)), slice(left, left + round(width / scene.cell))


def flat(cell: float = 0.5, length: float = 20.0, width: float = 10.0) -> Scene:
    scene = roof("flat", length, width, cell=cell)
    # The middle of the scene must lie between cells for the rectangle to fill whole cells.
    assert scene.ids.sum() * cell**2 == length * width
    return scene


@pytest.mark.parametrize("cell", [0.25, 0.5])
def test_setback_of_a_flat_roof(cell: float) -> None:
    """20 × 10 m less 1 m all around is 18 × 8 m."""
    planes, area = apply(flat(cell), replace(NO_RULES, setback_m=1.0))
    assert len(planes) == 1
    assert area.usable_m2.tolist() == [18.0 * 8.0]
    assert area.lost_m2["setback"].tolist() == [200.0 - 144.0]


def test_setback_that_ends_within_a_cell_keeps_the_cell_whose_centre_is_clear() -> None:
    """Centres lie 0.25, 0.75, 1.25 m … from the edge at 0.5 m: 0.75 m takes one ring, 0.8 m takes two."""
    assert apply(flat(), replace(NO_RULES, setback_m=0.75))[1].usable_m2.tolist() == [19.0 * 9.0]
    assert apply(flat(), replace(NO_RULES, setback_m=0.80))[1].usable_m2.tolist() == [18.0 * 8.0]


def test_box_on_the_roof() -> None:
    """A box of 2 × 2 m takes its own 4 m² from the plane and, with 1 m around, 2 × 4 + π m² (round corners)."""
    scene = flat(0.25)
    scene.z[box(scene, 1.0, 1.0, 2.0, 2.0)] += 1.5
    planes, area = apply(scene, replace(NO_RULES, setback_m=1.0, obstacle_clearance_m=1.0))
    assert planes.cells.tolist() == [(200 - 4) * 16]
    assert area.lost_m2["setback"].tolist() == [56.0]
    assert area.lost_m2["obstacle"][0] == pytest.approx(8.0 + np.pi, abs=0.35)
    assert area.usable_m2[0] == pytest.approx(144.0 - 4.0 - 8.0 - np.pi, abs=0.35)


def test_equipment_keeps_its_clearance_and_not_the_setback() -> None:
    scene = flat()
    scene.z[box(scene, 1.0, 1.0, 2.0, 2.0)] += 1.5
    _, area = apply(scene, replace(NO_RULES, setback_m=2.0))
    assert area.usable_m2.tolist() == [16.0 * 6.0 - 4.0]


def test_parapet_is_the_edge_of_the_roof() -> None:
    """Half a metre of parapet, then 1 m of set-back: 20 × 10 → 19 × 9 → 17 × 7."""
    scene = flat()
    inner = np.zeros(scene.z.shape, bool)
    inner[box(scene, 4.5, 9.5, 9.0, 19.0)] = True
    scene.z[(scene.ids > 0) & ~inner] += 1.0
    planes, area = apply(scene, replace(NO_RULES, setback_m=1.0))
    assert planes.cells.tolist() == [19 * 9 * 4]
    assert area.usable_m2.tolist() == [17.0 * 7.0]


def test_ridge_is_no_edge_and_step_is() -> None:
    """Each slope of the ridge loses 1 m at eaves and verges only; each level of the stepped roof on all sides."""
    scene = roof("gable", 20, 12, tilt=25.0)
    planes, area = apply(scene, replace(NO_RULES, setback_m=1.0))
    slope = 1.0 / np.cos(np.radians(25.0))
    assert len(planes) == 2
    assert area.usable_m2 == pytest.approx(np.full(2, 18.0 * 5.0 * slope), rel=0.001)
    stepped = roof("stepped", 20, 12)
    planes, area = apply(stepped, replace(NO_RULES, setback_m=1.0))
    assert area.usable_m2.tolist() == [8.0 * 10.0, 8.0 * 10.0]
    _, area = apply(stepped, replace(NO_RULES, setback_m=1.0, step_m=4.0))
    assert area.usable_m2.tolist() == [9.0 * 10.0, 9.0 * 10.0]


def test_wall_between_two_buildings_is_an_edge() -> None:
    scene = flat()
    scene.ids[:, scene.ids.shape[1] // 2 :] *= 2
    _, area = apply(scene, replace(NO_RULES, setback_m=1.0))
    assert area.usable_m2.tolist() == [8.0 * 8.0, 8.0 * 8.0]


def test_hole_in_the_surface_is_an_edge() -> None:
    scene = flat(0.25)
    scene.z[box(scene, 1.0, 1.0, 2.0, 2.0)] = np.nan
    _, area = apply(scene, replace(NO_RULES, setback_m=1.0))
    assert area.usable_m2[0] == pytest.approx(144.0 - 4.0 - 8.0 - np.pi, abs=0.35)


def test_roof_ends_at_the_border_of_the_raster() -> None:
    """21 × 21 m filled to the rim: nobody knows what lies beyond."""
    scene = Scene(np.full((42, 42), 9.0, np.float32), np.ones((42, 42), np.int32), 0.5, np.ones((42, 42), np.int32))
    _, area = apply(scene, replace(NO_RULES, setback_m=1.0))
    assert area.usable_m2.tolist() == [19.0 * 19.0]


@pytest.mark.parametrize(("max_tilt", "lost"), [(29.0, True), (31.0, False)])
def test_steep_planes_go(max_tilt: float, lost: bool) -> None:
    _, area = apply(roof("shed", tilt=30.0), replace(NO_RULES, max_tilt=max_tilt))
    assert (area.lost_m2["tilt"] == area.area_m2).all() == lost
    assert (area.usable_m2 == area.area_m2).all() == (not lost)


@pytest.mark.parametrize(
    ("angle", "turn", "lost"),
    [
        (180.0, 0.0, True),
        (180.0, 46.0, False),
        (136.0, 0.0, True),
        (134.0, 0.0, False),
        (134.0, 2.0, True),
        (0.0, 0.0, False),
    ],
)
def test_planes_facing_true_north_go(angle: float, turn: float, lost: bool) -> None:
    """The shed faces 180° + angle from grid north; ``turn`` leads from grid to true north; ±45° are north."""
    _, area = apply(roof("shed", tilt=20.0, angle=angle), replace(NO_RULES, north_halfwidth=45.0), turn=turn)
    assert bool((area.lost_m2["north"] > 0).all()) == lost


def test_flat_roofs_have_no_north() -> None:
    _, area = apply(roof("shed", tilt=4.0, angle=180.0), replace(NO_RULES, north_halfwidth=45.0))
    assert area.lost_m2["north"].sum() == 0.0


def test_shade_takes_cells_below_the_share_and_unknown_ones() -> None:
    scene = flat()
    light = np.full(scene.z.shape, 700.0, np.float32)
    light[box(scene, 5.0, 10.0, 10.0, 4.0)] = 699.0
    light[box(scene, 5.0, 6.0, 10.0, 1.0)] = np.nan
    _, area = apply(scene, replace(NO_RULES, min_irradiation_share=0.7), light)
    assert area.lost_m2["shade"].tolist() == [50.0]
    assert area.usable_m2.tolist() == [150.0]


def test_small_patches_go() -> None:
    """Shade cuts the roof into 3 × 10 m and 16 × 10 m."""
    scene = flat()
    light = np.full(scene.z.shape, OPEN_SKY, np.float32)
    light[box(scene, 5.0, 7.0, 10.0, 1.0)] = 0.0
    rules = replace(NO_RULES, min_irradiation_share=0.5)
    assert apply(scene, replace(rules, min_area_m2=30.0), light)[1].lost_m2["small"].tolist() == [0.0]
    assert apply(scene, replace(rules, min_area_m2=30.1), light)[1].lost_m2["small"].tolist() == [30.0]


def test_least_area_is_measured_along_the_slope() -> None:
    """20 × 12 m at 60° are 480 m² along the slope."""
    scene = roof("shed", 20, 12, tilt=60.0)
    assert apply(scene, replace(NO_RULES, min_area_m2=475.0))[1].usable_m2[0] == pytest.approx(480.0, rel=1e-3)
    assert apply(scene, replace(NO_RULES, min_area_m2=485.0))[1].usable_m2.tolist() == [0.0]


@pytest.mark.parametrize(("width", "small"), [(1.0, 0.0), (1.5, 0.0), (1.6, 15.0)])
def test_patches_too_narrow_for_a_module_go(width: float, small: float) -> None:
    """Shade leaves a strip of 1.5 × 10 m and 17.5 × 10 m, whose corners stay."""
    scene = flat()
    light = np.full(scene.z.shape, OPEN_SKY, np.float32)
    light[box(scene, 5.0, 8.5, 10.0, 1.0)] = 0.0
    _, area = apply(scene, replace(NO_RULES, min_irradiation_share=0.5, min_width_m=width), light)
    assert area.lost_m2["small"].tolist() == [small]
    assert area.usable_m2.tolist() == [190.0 - small]


def test_narrow_neck_does_not_hold_two_patches_together() -> None:
    scene = flat()
    light = np.full(scene.z.shape, OPEN_SKY, np.float32)
    light[box(scene, 5.0, 7.0, 10.0, 1.0)] = 0.0
    light[box(scene, 0.5, 7.0, 0.5, 1.0)] = OPEN_SKY
    rules = replace(NO_RULES, min_irradiation_share=0.5, min_area_m2=40.0, min_width_m=1.0)
    _, area = apply(scene, rules, light)
    assert area.usable_m2.tolist() == [160.0]


def test_the_first_rule_takes_the_cell() -> None:
    """Everything is wrong with this roof; steepness comes first, then north, then the edge, then shade."""
    scene = roof("shed", tilt=30.0, angle=180.0)
    dark = np.zeros(scene.z.shape, np.float32)
    every = UsableRules(20.0, 5.0, 45.0, 1.0, 0.5, 1.0, 0.7, 1e6, 1.0)
    assert apply(scene, every, dark)[1].lost_m2["tilt"] == pytest.approx(240.0 / np.cos(np.radians(30.0)), rel=1e-4)
    every = replace(every, max_tilt=40.0)
    area = apply(scene, every, dark)[1]
    assert area.lost_m2["north"].tolist() == area.area_m2.tolist()
    every = replace(every, north_halfwidth=0.0)
    area = apply(scene, every, dark)[1]
    assert area.lost_m2["setback"] == pytest.approx(area.area_m2 * (1 - 18.0 * 10.0 / 240.0))
    assert area.lost_m2["shade"] == pytest.approx(area.area_m2 * 180.0 / 240.0)
    assert area.lost_m2["small"].tolist() == [0.0]
    every = replace(every, min_irradiation_share=0.0)
    assert apply(scene, every, dark)[1].lost_m2["small"] == pytest.approx(area.lost_m2["shade"])


def test_obstacle_of_a_low_roof_does_not_touch_the_high_one() -> None:
    """A box half a metre from the wall of a part 3 m higher."""
    scene = roof("stepped", 20, 12)
    scene.z[box(scene, 1.0, 2.5, 2.0, 2.0)] += 1.0
    planes, area = apply(scene, replace(NO_RULES, obstacle_clearance_m=1.0))
    low, high = np.argsort(planes.height)
    assert area.lost_m2["obstacle"][low] > 0.0
    assert area.lost_m2["obstacle"][high] == 0.0


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(["parapet", "gable", "hip", "sawtooth", "lshape", "stepped"]),
    angle=st.floats(0.0, 360.0),
    cell=st.sampled_from([0.5, 1.0]),
    rules=st.builds(
        UsableRules,
        max_tilt=st.floats(10.0, 60.0),
        flat_tilt=st.floats(0.0, 10.0),
        north_halfwidth=st.floats(0.0, 90.0),
        setback_m=st.floats(0.0, 3.0),
        step_m=st.floats(0.1, 2.0),
        obstacle_clearance_m=st.floats(0.0, 3.0),
        min_irradiation_share=st.floats(0.0, 1.0),
        min_area_m2=st.floats(0.0, 50.0),
        min_width_m=st.floats(0.0, 3.0),
    ),
    seed=st.integers(0, 1000),
)
def test_no_square_metre_is_lost_or_counted_twice(
    kind: str, angle: float, cell: float, rules: UsableRules, seed: int
) -> None:
    scene = roof(kind, cell=cell, angle=angle, noise=0.05, seed=seed)
    light = np.random.default_rng(seed).uniform(300.0, 1100.0, scene.z.shape).astype(np.float32)
    planes, area = apply(scene, rules, light)
    assert area.area_m2 == pytest.approx(planes.cells * cell**2 / np.cos(np.radians(planes.tilt())))
    assert area.usable_m2 + sum(area.lost_m2.values()) == pytest.approx(area.area_m2, rel=1e-12)
    assert tuple(area.lost_m2) == RULES
    assert np.array_equal(area.mask > 0, planes.labels > 0)
    usable = area.mask == USABLE
    assert (light[usable] >= np.float32(rules.min_irradiation_share * OPEN_SKY)).all()
    assert (planes.tilt()[planes.labels[usable] - 1] <= rules.max_tilt).all()


@settings(max_examples=15, deadline=None)
@given(less=st.floats(0.0, 1.5), more=st.floats(0.0, 1.5), angle=st.floats(0.0, 90.0))
def test_a_larger_setback_never_leaves_more(less: float, more: float, angle: float) -> None:
    scene = roof("lshape", angle=angle)
    narrow = apply(scene, replace(NO_RULES, setback_m=less))[1]
    wide = apply(scene, replace(NO_RULES, setback_m=less + more))[1]
    assert ((wide.mask == USABLE) <= (narrow.mask == USABLE)).all()


def test_nothing_to_apply_the_rules_to() -> None:
    scene = flat()
    scene.ids[:] = 0
    planes, area = apply(scene, NO_RULES)
    assert len(planes) == 0
    assert area.usable_m2.size == 0
    assert not area.mask.any()
