"""What an array weighs, and what of a building decides whether its roof bears it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.roof_load import GRAVITY, RACKS, Building, Load, LoadLimits, RackWeights, dead_load, judge

LIMITS = LoadLimits(
    roof_type={"flat": 600.0, "gable": 250.0, "hip": 250.0, "sawtooth": 150.0, "metal": 150.0, "other": 150.0},
    structure={"rc": 1000.0, "src": 1000.0, "s": 400.0, "w": 200.0, "cb": 300.0, "other": 200.0},
    old_share=0.5,
)
WEIGHTS = RackWeights(flush=4.0, bolted=10.0, ballasted=40.0)
OUTCOMES = {"fail": 0, "unknown": 1, "pass": 2}


def weighing(n_m2: float) -> Load:
    return Load(math.nan, n_m2 / GRAVITY, n_m2, math.nan, math.nan)


def test_by_hand() -> None:
    # 10 modules of 2 m² with 22 kg, and 4 kg/m² of rack: 220 + 80 kg.
    load = dead_load(10, 22.0, 2.0, WEIGHTS.of("flush"), usable_m2=60.0)
    assert load.total_kg == pytest.approx(300.0)
    assert load.array_kg_m2 == pytest.approx(15.0)
    assert load.array_n_m2 == pytest.approx(147.1, abs=0.01)
    assert load.roof_kg_m2 == pytest.approx(5.0)
    assert load.roof_n_m2 == pytest.approx(49.03, abs=0.01)
    # Rows apart: the same weight on twice the area.
    assert dead_load(10, 22.0, 2.0, 4.0, array_m2=40.0).array_kg_m2 == pytest.approx(7.5)
    assert math.isnan(dead_load(1, 22.0, 2.0, 4.0).roof_kg_m2)


def test_racks_differ() -> None:
    assert [WEIGHTS.of(rack) for rack in RACKS] == [4.0, 10.0, 40.0]


@pytest.mark.parametrize(
    ("load", "building", "outcome", "limit", "datum"),
    [
        (147.1, Building("metal", "s", 1995), "pass", 150.0, "roof_type"),
        (150.1, Building("metal", "s", 1995), "fail", 150.0, "roof_type"),
        (500.0, Building("flat", "rc", 1995), "pass", 600.0, "roof_type"),
        (500.0, Building("flat", "s", 1995), "fail", 400.0, "structure"),
        (300.0, Building("flat", "rc", 1970), "pass", 300.0, "built_year"),
        (301.0, Building("flat", "rc", 1970), "fail", 300.0, "built_year"),
        # Told sound, whatever its age; told weak, whatever its age.
        (500.0, Building("flat", "rc", 1970, "retrofitted"), "pass", 600.0, "roof_type"),
        (500.0, Building("flat", "rc", 1970, "not_needed"), "pass", 600.0, "roof_type"),
        (500.0, Building("flat", "rc", 1995, "insufficient"), "fail", 300.0, "seismic"),
        # Finished when the code changed: both limits are possible.
        (500.0, Building("flat", "rc", 1980), "fail", 300.0, "built_year"),
        (500.0, Building("flat", "rc", 1981), "unknown", 300.0, "seismic"),
        (500.0, Building("flat", "rc", 1982), "unknown", 300.0, "seismic"),
        (500.0, Building("flat", "rc", 1983), "pass", 600.0, "roof_type"),
        (500.0, Building("flat", "rc"), "unknown", 300.0, "built_year"),
        (299.0, Building("flat", "rc"), "pass", 300.0, "built_year"),
        (601.0, Building("flat", "rc"), "fail", 600.0, "roof_type"),
        # The roof is not known: light enough for any, too heavy for any, or it depends.
        (149.0, Building(None, "rc", 1995), "pass", 150.0, "roof_type"),
        (601.0, Building(None, "rc", 1995), "fail", 600.0, "roof_type"),
        (200.0, Building(None, "rc", 1995), "unknown", 150.0, "roof_type"),
        (300.0, Building("flat", None, 1995), "unknown", 200.0, "structure"),
        (300.0, Building("flat", "brick", 1995), "unknown", 200.0, "structure"),
        # Only an old building with a weak structure would fail: neither alone.
        (150.0, Building("flat", None), "unknown", 100.0, "structure"),
        (70.0, Building(), "pass", 75.0, "built_year"),
    ],
)
def test_judged(load: float, building: Building, outcome: str, limit: float, datum: str) -> None:
    found = judge(weighing(load), building, LIMITS)
    assert (found.outcome, found.limit_n_m2, found.datum) == (outcome, pytest.approx(limit), datum)
    assert found.load_n_m2 == load


@pytest.mark.parametrize(
    "wrong",
    [
        {"modules": 0}, {"modules": -3}, {"module_area_m2": 0.0}, {"array_m2": 0.0}, {"usable_m2": math.nan}, {"module_weight_kg": -1.0},
        {"rack_kg_m2": math.inf},
    ],
)  # fmt: skip
def test_nonsense_is_refused(wrong: dict[str, float]) -> None:
    given_values: dict[str, float] = {
        "modules": 1,
        "module_weight_kg": 22.0,
        "module_area_m2": 2.0,
        "rack_kg_m2": 4.0,
    } | wrong
    with pytest.raises(ValueError, match=r"above 0|negative"):
        dead_load(**given_values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [{"roof_type": {}}, {"structure": {"rc": -1.0}}, {"structure": {"rc": math.nan}}, {"old_share": 0.0}]
)
def test_limits_that_are_none_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="none"):
        judge(weighing(100.0), Building(), replace(LIMITS, **wrong))  # type: ignore[arg-type]


buildings = st.builds(
    Building,
    st.sampled_from([None, *LIMITS.roof_type]),
    st.sampled_from([None, *LIMITS.structure]),
    st.one_of(st.none(), st.integers(1950, 2025)),
    st.sampled_from([None, "new", "retrofitted", "not_needed", "insufficient"]),
)


@settings(max_examples=200, deadline=None)
@given(buildings, st.floats(1, 2000), st.floats(0, 500))
def test_more_weight_is_never_better(building: Building, load: float, more: float) -> None:
    light, heavy = (judge(weighing(value), building, LIMITS).outcome for value in (load, load + more))
    assert OUTCOMES[heavy] <= OUTCOMES[light]


@settings(max_examples=200, deadline=None)
@given(buildings, st.floats(1, 1500))
def test_unknown_means_that_the_answers_differ(building: Building, load: float) -> None:
    """Against every building that the ledger may mean."""
    every = {
        judge(weighing(load), Building(roof, structure, 2000, seismic), LIMITS).outcome
        for roof in ([building.roof_type] if building.roof_type else LIMITS.roof_type)
        for structure in ([building.structure] if building.structure else LIMITS.structure)
        for seismic in meant(building)
    }
    found = judge(weighing(load), building, LIMITS).outcome
    assert every == ({found} if found != "unknown" else {"pass", "fail"})


def meant(building: Building) -> list[str]:
    if building.seismic:
        return [building.seismic]
    if building.built_year is None or building.built_year in {1981, 1982}:
        return ["new", "insufficient"]
    return ["new"] if building.built_year > 1982 else ["insufficient"]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 500), st.floats(5, 40), st.floats(1, 4), st.floats(0, 60), st.floats(0, 60))
def test_load_grows_with_the_rack_and_not_with_the_number(
    modules: int, weight: float, area: float, rack: float, more: float
) -> None:
    load = dead_load(modules, weight, area, rack)
    assert load.array_kg_m2 == pytest.approx(weight / area + rack)
    assert dead_load(modules, weight, area, rack + more).total_kg >= load.total_kg
