"""The half is exact, the best there is, and the same every time."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import ceil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.selection import choose, number_to_choose


def series(values: list[float]) -> pd.Series:
    return pd.Series(values, index=[f"F{k:02d}" for k in range(len(values))], dtype=float)


def chosen(choice: object) -> set[str]:
    picked = choice.chosen  # type: ignore[attr-defined]
    return set(picked.index[picked])


@pytest.mark.parametrize(
    ("share", "eligible", "number"),
    [
        (0.5, 7, 4), (0.5, 8, 4), (0.1, 30, 3), (0.3, 10, 3), (3 * 0.1, 10, 3), (0.7, 10, 7), (0.55, 100, 55),
        (0.07, 100, 7), (0.29, 100, 29), (0.57, 100, 57), (1.0, 13, 13), (0.0, 13, 0), (0.5, 0, 0), (0.01, 1, 1),
        (0.501, 1000, 501), (1 / 3, 9, 3), (2 / 3, 3, 2), (0.123456, 1_000_000, 123_456),
    ],
)  # fmt: skip
def test_number_is_the_exact_ceiling(share: float, eligible: int, number: int) -> None:
    assert number_to_choose(share, eligible) == number


@given(st.integers(0, 1000), st.integers(0, 3000))
def test_number_of_per_mille_shares(per_mille: int, eligible: int) -> None:
    assert number_to_choose(per_mille / 1000, eligible) == ceil(Fraction(per_mille, 1000) * eligible)


@pytest.mark.parametrize("share", [-0.1, 1.01, float("inf"), float("nan")])
def test_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        number_to_choose(share, 10)


cases = st.integers(0, 8).flatmap(
    lambda count: st.tuples(
        st.lists(st.integers(0, 5).map(float), min_size=count, max_size=count),
        st.integers(0, 20).map(lambda k: k / 20),
        st.sets(st.integers(0, 9).map(lambda k: f"F{k:02d}"), max_size=3),
        st.sets(st.integers(0, 9).map(lambda k: f"F{k:02d}"), max_size=3),
    )
)


@settings(max_examples=400, deadline=None)
@given(cases)
def test_no_other_set_is_better(case: tuple[list[float], float, set[str], set[str]]) -> None:
    values, share, pins, vetoes = case
    worth = series(values)
    got = choose(worth, share, pins, vetoes)
    picked = chosen(got)
    ids = set(worth.index)
    must, never = (pins & ids) - vetoes, vetoes & ids
    number = max(ceil(Fraction(str(share)) * len(ids)), len(must))
    free = ids - never
    size = min(number, len(free))
    allowed = [set(c) for c in itertools.combinations(sorted(free), size) if must <= set(c)]
    assert picked in allowed
    best = max(sum(worth[list(c)]) for c in allowed)
    assert sum(worth[list(picked)]) == best
    assert got.excess == max(0, len(must) - got.number)
    assert got.short == got.number - len(picked) + got.excess


@given(st.lists(st.integers(0, 3).map(float), min_size=1, max_size=30), st.randoms())
def test_order_of_the_rows_does_not_matter(values: list[float], random: object) -> None:
    worth = series(values)
    ids = list(worth.index)
    random.shuffle(ids)  # type: ignore[attr-defined]
    assert chosen(choose(worth, 0.5)) == chosen(choose(worth[ids], 0.5))


def test_ties_fall_by_id() -> None:
    got = choose(series([1.0, 2.0, 2.0, 2.0]), 0.5)
    assert chosen(got) == {"F01", "F02"}
    assert got.rank.to_dict() == {"F00": 4, "F01": 1, "F02": 2, "F03": 3}


def test_pins_count_and_vetoes_stay_in_the_number() -> None:
    worth = series([10.0, 9.0, 8.0, 7.0, 6.0, 5.0])
    got = choose(worth, 0.5, pins={"F05"}, vetoes={"F00"})
    assert (got.number, chosen(got)) == (3, {"F05", "F01", "F02"})
    assert got.rank["F00"] == 1


def test_more_pins_than_asked_for_are_all_chosen_and_said() -> None:
    got = choose(series([1.0, 2.0, 3.0, 4.0]), 0.25, pins={"F00", "F01", "F02"})
    assert chosen(got) == {"F00", "F01", "F02"}
    assert (got.number, got.excess, got.short) == (1, 2, 0)


def test_vetoes_that_leave_too_few_are_said() -> None:
    got = choose(series([1.0, 2.0, 3.0, 4.0]), 0.75, vetoes={"F01", "F02", "F03"})
    assert (chosen(got), got.number, got.short) == ({"F00"}, 3, 2)


def test_veto_beats_pin_and_strangers_are_ignored() -> None:
    got = choose(series([1.0, 2.0]), 0.5, pins={"F01", "X"}, vetoes={"F01", "Y"})
    assert (chosen(got), got.pins, got.vetoes) == ({"F00"}, frozenset(), frozenset({"F01"}))


def test_missing_value_ranks_last() -> None:
    got = choose(series([np.nan, 0.0, 5.0]), 0.5)
    assert chosen(got) == {"F02", "F01"}
    assert got.rank["F00"] == 3
