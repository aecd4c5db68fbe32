"""Strings and inverters: worked by hand, and against trying everything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.modules import shipped_catalogue
from kawasolar.strings import (
    Electrical,
    Group,
    Rules,
    best_length,
    design,
    inverters,
    least_length,
    most_length,
    regulation,
    voltage_at_power,
    voltage_open,
)

# 40 V · (1 + 0.0025 · 35) = 43.5 V at −10 °C; 33 V · (1 − 0.0034 · 50) = 27.39 V at 75 °C.
MODULE = Electrical(power_w=440.0, voc_v=40.0, vmp_v=33.0, temp_voc_pct=-0.25, temp_pmax_pct=-0.29)
RULES = Rules(
    temp_low=-10.0, temp_high=75.0, system_voltage=600.0, mppt_low=200.0, mppt_high=550.0, inverter_kw=9.9, dc_ac_ratio=1.2,
    temp_isc_pct=0.05,
)  # fmt: skip
SOUTH = Group("south", 100, 15.0, 180.0)

modules_st = st.builds(
    Electrical, st.floats(100, 700), st.floats(30, 70), st.floats(20, 30), st.floats(-0.4, -0.15), st.floats(-0.5, -0.2)
)
rules_st = st.builds(
    Rules, st.floats(-30, 10), st.floats(40, 90), st.sampled_from([450.0, 600.0, 750.0, 1000.0, 1500.0]), st.floats(80, 700),
    st.just(1400.0), st.floats(3, 100), st.floats(0.8, 2.0), st.floats(0.03, 0.06),
)  # fmt: skip
groups_st = st.lists(st.integers(0, 400), max_size=5).map(
    lambda counts: [Group(f"g{at}", count, 10.0, 90.0 * at) for at, count in enumerate(counts)]
)


def test_by_hand() -> None:
    assert voltage_open(MODULE, -10.0) == pytest.approx(43.5)
    assert voltage_at_power(MODULE, 75.0, 0.05) == pytest.approx(27.39)
    assert most_length(MODULE, RULES) == 13  # 600 / 43.5 = 13.79
    assert least_length(MODULE, RULES) == 8  # 200 / 27.39 = 7.30
    result = design([SOUTH], MODULE, RULES)
    part = result.groups[0]
    # 100 = 10 · 10: the only length from 8 to 13 that leaves nothing over.
    assert (part.length, part.strings, part.unstrung) == (10, 10, 0)
    assert result.dc_kw == pytest.approx(44.0)
    # 44 / 1.2 / 9.9 = 3.70
    assert (result.units, result.ac_kw) == (4, pytest.approx(39.6))
    assert result.ratio == pytest.approx(44.0 / 39.6)
    assert result.rated_kw == pytest.approx(39.6)
    assert result.highest_voltage == pytest.approx(435.0)
    assert result.reasons == ()


def test_orientations_never_share_a_string() -> None:
    east, west = Group("east", 7, 10.0, 90.0), Group("west", 9, 10.0, 270.0)
    result = design([east, west], MODULE, RULES)
    # Together they would be two strings of 8; 7 are too few for one.
    assert [(part.length, part.strings, part.unstrung) for part in result.groups] == [(0, 0, 7), (9, 1, 0)]
    assert result.groups[0].reasons == ("strings.too_few",)
    assert result.reasons == ("strings.too_few",)
    assert (result.strung, result.unstrung, result.strings) == (9, 7, 1)


def test_a_left_over_module_is_said() -> None:
    result = design([replace(SOUTH, modules=14)], MODULE, RULES)
    assert (result.groups[0].length, result.unstrung) == (13, 1)
    assert result.reasons == ("strings.left_over",)


def test_of_equal_lengths_the_longest() -> None:
    assert best_length(24, 8, 13) == 12  # 8 · 3 would do as well
    assert best_length(0, 8, 13) == 0
    assert best_length(7, 8, 13) == 0
    assert best_length(100, 9, 8) == 0


def test_no_length_is_a_result() -> None:
    result = design([SOUTH, replace(SOUTH, key="none", modules=0)], MODULE, replace(RULES, mppt_low=500.0))
    # At least 500 / 27.39 = 18.3, at most 13.
    assert (result.least, result.most) == (19, 13)
    assert (result.dc_kw, result.ac_kw, result.units, result.ratio) == (0.0, 0.0, 0, 0.0)
    assert result.unstrung == 100
    assert result.reasons == ("strings.no_length",)


def test_nothing_at_all() -> None:
    result = design([], MODULE, RULES)
    assert (result.groups, result.units, result.highest_voltage, result.reasons) == ((), 0, 0.0, ())


def test_voltages_that_are_exactly_at_the_limit() -> None:
    rules = replace(RULES, temp_low=25.0, temp_high=25.0, system_voltage=600.0, mppt_low=231.0)
    assert most_length(MODULE, rules) == 15  # 15 · 40 = 600
    assert least_length(MODULE, rules) == 7  # 7 · 33 = 231


def test_beyond_low_voltage_and_above_the_window() -> None:
    result = design([replace(SOUTH, modules=20)], MODULE, replace(RULES, system_voltage=1000.0))
    assert result.groups[0].length == 20
    assert result.highest_voltage == pytest.approx(870.0)
    assert result.reasons == ("strings.above_mppt", "strings.not_low_voltage")


@pytest.mark.parametrize(
    ("dc_kw", "unit", "ratio", "units"),
    [
        (0.0, 9.9, 1.2, 0),
        (49.5, 49.5, 1.0, 1),
        (49.51, 49.5, 1.0, 2),
        (59.4, 9.9, 1.2, 5),
        (0.44, 50.0, 1.2, 1),
        (2.97, 0.99, 1.0, 3),
    ],
)
def test_inverters(dc_kw: float, unit: float, ratio: float, units: int) -> None:
    assert inverters(dc_kw, unit, ratio) == units


@pytest.mark.parametrize(
    ("kw", "high", "expected"),
    [
        (0.0, False, "general"), (9.99, False, "general"), (10.0, False, "small_business"), (49.9, False, "small_business"),
        (50.0, False, "private"), (10.0, True, "private"), (1999.9, False, "private"), (2000.0, False, "construction_plan"),
        (2500.0, True, "construction_plan"),
    ],
)  # fmt: skip
def test_regulation(kw: float, high: bool, expected: str) -> None:
    assert regulation(kw, high_voltage=high) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"system_voltage": 0.0}, {"mppt_low": -1.0}, {"mppt_low": 600.0}, {"temp_low": 80.0}, {"temp_low": float("nan")}, {"dc_ac_ratio": 0.0},
        {"inverter_kw": float("inf")}, {"temp_high": 400.0}, {"temp_isc_pct": float("nan")},
    ],
)  # fmt: skip
def test_nonsense_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"voltage|temperatures|window"):
        design([SOUTH], MODULE, replace(RULES, **change))


def test_other_nonsense() -> None:
    with pytest.raises(ValueError, match="negative"):
        design([replace(SOUTH, modules=-1)], MODULE, RULES)
    with pytest.raises(ValueError, match="rated power"):
        regulation(float("nan"))


def test_every_shipped_module_makes_strings_in_a_usual_inverter() -> None:
    for module in shipped_catalogue():
        result = design([SOUTH], Electrical.of(module), replace(RULES, system_voltage=750.0))
        assert result.strung >= 90, module.key
        assert "strings.not_low_voltage" not in result.reasons


@settings(max_examples=200, deadline=None)
@given(groups_st, modules_st, rules_st)
def test_no_string_is_above_the_limit_and_no_module_is_lost(
    groups: list[Group], module: Electrical, rules: Rules
) -> None:
    result = design(groups, module, rules)
    for part in result.groups:
        assert part.strung + part.unstrung == part.group.modules
        assert part.length * voltage_open(module, rules.temp_low) <= rules.system_voltage * (1 + 1e-8)
        if part.strings:
            assert part.length * voltage_at_power(module, rules.temp_high, rules.temp_isc_pct) >= rules.mppt_low * (
                1 - 1e-8
            )
    assert result.dc_kw == pytest.approx(result.strung * module.power_w / 1000)
    assert result.dc_kw <= result.ac_kw * rules.dc_ac_ratio * (1 + 1e-8)
    if result.units:
        assert result.dc_kw > (result.units - 1) * rules.inverter_kw * rules.dc_ac_ratio * (1 - 1e-8)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 120), st.integers(1, 30), st.integers(0, 30))
def test_the_length_is_the_best_there_is(modules: int, least: int, most: int) -> None:
    tried = [
        (modules - length * (modules // length), modules // length, length)
        for length in range(least, most + 1)
        if modules // length
    ]
    length = best_length(modules, least, most)
    if not tried:
        assert length == 0
    else:
        assert (modules % length, modules // length, length) == min(tried)


@settings(max_examples=150, deadline=None)
@given(modules_st, rules_st, st.floats(0, 20), st.floats(0, 300))
def test_colder_and_tighter_never_allow_more(module: Electrical, rules: Rules, colder: float, lower: float) -> None:
    assert most_length(module, replace(rules, temp_low=rules.temp_low - colder)) <= most_length(module, rules)
    assert most_length(module, replace(rules, system_voltage=rules.system_voltage - lower)) <= most_length(
        module, rules
    )
    assert least_length(module, replace(rules, temp_high=rules.temp_high + colder)) >= least_length(module, rules)
    assert least_length(module, replace(rules, mppt_low=rules.mppt_low + lower)) >= least_length(module, rules)


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 3000), st.floats(0, 500), st.floats(1, 100), st.floats(0.8, 2), st.floats(0, 1))
def test_inverters_grow_with_power_and_shrink_with_the_ratio(
    dc_kw: float, more: float, unit: float, ratio: float, up: float
) -> None:
    assert inverters(dc_kw + more, unit, ratio) >= inverters(dc_kw, unit, ratio)
    assert inverters(dc_kw, unit, ratio + up) <= inverters(dc_kw, unit, ratio)
