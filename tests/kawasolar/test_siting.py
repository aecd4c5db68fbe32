"""Sites by distance and by cover: against every choice there is, against published optima, and what cannot be asked."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.progress import Cancelled
from kawasolar.errors import PlanError
from kawasolar.siting import capacitated_p_median, cover, cover_by_years, locate, max_coverage, p_median

if TYPE_CHECKING:
    from pathlib import Path

# Optimal values of the OR-Library (Beasley 1990).
PUBLISHED = (5819, 4093, 4250, 3034, 1355, 7824, 5631, 4445, 2734, 1255)


def drawn(seed: int, points: int, candidates: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 10, (points, 2)), rng.uniform(0, 10, (candidates, 2))
    return np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)), rng.integers(0, 9, points).astype(float)


def every(candidates: int, p: int, pinned: tuple[int, ...] = (), vetoed: tuple[int, ...] = ()) -> list[list[int]]:
    chosen = (list(one) for one in combinations(range(candidates), p))
    return [one for one in chosen if set(pinned) <= set(one) and not set(vetoed) & set(one)]


# ------------------------------------------------------------------------------------------------ p-median


def test_two_sites_on_a_line_by_hand() -> None:
    at = np.array([0.0, 1.0, 2.0, 10.0, 11.0])
    cost = np.abs(at[:, None] - at[None])
    sites, total = p_median(cost, 2)
    assert sites[0] == 1
    assert sites[1] in (3, 4)
    assert total == 3.0
    assert p_median(cost, 2, weights=[9, 1, 1, 1, 1])[1] == 1 + 2 + 1
    assert p_median(cost, 5)[1] == 0.0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), points=st.integers(1, 12), candidates=st.integers(1, 9), data=st.data())
def test_as_good_as_the_best_of_all_choices(seed: int, points: int, candidates: int, data: st.DataObject) -> None:
    cost, weights = drawn(seed, points, candidates)
    if data.draw(st.booleans()):
        cost = np.rint(cost)
    p = data.draw(st.integers(1, candidates))
    marks = data.draw(st.permutations(range(candidates)))
    pinned = tuple(marks[: data.draw(st.integers(0, p))])
    vetoed = tuple(marks[len(pinned) :][: data.draw(st.integers(0, candidates - p))])
    sites, total = p_median(cost, p, weights=weights, pinned=pinned, vetoed=vetoed)
    best = min(float((weights * cost[:, one].min(axis=1)).sum()) for one in every(candidates, p, pinned, vetoed))
    assert total == pytest.approx(best, rel=1e-7, abs=1e-7)
    assert total == pytest.approx(float((weights * cost[:, sites].min(axis=1)).sum()))
    assert set(pinned) <= set(sites.tolist())
    assert not set(vetoed) & set(sites.tolist())
    assert len(sites) == p


def test_the_bound_never_lies_above_the_best() -> None:
    cost, weights = drawn(7, 60, 30)
    best = p_median(cost, 5, weights=weights)[1]
    early = locate(cost, 5, weights=weights, gap=0.2)
    assert early.bound <= best * (1 + 1e-9)
    assert early.total >= best * (1 - 1e-9)
    assert early.gap <= 0.2


def test_a_point_that_only_one_candidate_reaches_has_it_as_a_site() -> None:
    cost, weights = drawn(3, 8, 6)
    cost[2, [0, 1, 2, 4, 5]] = np.inf
    sites, total = p_median(cost, 2, weights=weights + 1)
    assert 3 in sites
    assert np.isfinite(total)
    cost[5, [0, 2, 3, 4, 5]] = np.inf
    cost[6, [0, 1, 3, 4, 5]] = np.inf
    with pytest.raises(PlanError) as error:
        p_median(cost, 2, weights=weights + 1)
    assert error.value.code == "siting.out_of_reach"
    assert error.value.details["points"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cost": [[1.0, np.nan]]}, "siting.bad_cost"),
        ({"cost": [[1.0, -1.0]]}, "siting.bad_cost"),
        ({"cost": [1.0, 2.0]}, "siting.not_a_table"),
        ({"cost": np.zeros((0, 2))}, "siting.not_a_table"),
        ({"cost": np.broadcast_to(0.0, (100_000, 1000))}, "siting.too_large"),
        ({"p": 0}, "siting.bad_number"),
        ({"p": -1}, "siting.bad_number"),
        ({"p": 4}, "siting.bad_number"),
        ({"p": 1.5}, "siting.bad_number"),
        ({"weights": [1.0]}, "siting.bad_weight"),
        ({"weights": [1.0, np.inf]}, "siting.bad_weight"),
        ({"weights": [1.0, -1.0]}, "siting.bad_weight"),
        ({"pinned": [3]}, "siting.no_such_candidate"),
        ({"vetoed": [-1]}, "siting.no_such_candidate"),
        ({"pinned": [0], "vetoed": [0]}, "siting.pinned_and_vetoed"),
        ({"p": 1, "pinned": [0, 1]}, "siting.too_many_pins"),
        ({"p": 3, "vetoed": [0]}, "siting.too_few_candidates"),
    ],
)
def test_what_cannot_be_asked_is_said(change: dict[str, object], code: str) -> None:
    words = {"cost": np.ones((2, 3)), "p": 2} | change
    with pytest.raises(PlanError) as error:
        p_median(**words)  # type: ignore[arg-type]
    assert error.value.code == code


def test_a_cancel_is_heard() -> None:
    def stop(_share: float, _what: str) -> None:
        raise Cancelled

    cost, _ = drawn(1, 40, 20)
    with pytest.raises(Cancelled):
        locate(cost, 4, progress=stop)
    with pytest.raises(Cancelled):
        capacitated_p_median(cost, 4, 1.0, 15.0, progress=stop)
    with pytest.raises(Cancelled):
        cover(cost, 4, radius=2.0, progress=stop)


def test_nobody_waits_for_a_search_that_does_not_notice_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from kawasolar.programme.highs import Limits, Watch
    from kawasolar.siting import searching
    from kawasolar.siting.models import shipping

    def endless(_problem: object, _limits: object, watch: Watch, *, start: object) -> None:
        while True:
            watch.progress(0.0, "siting")

    monkeypatch.setattr(searching, "search", endless)
    monkeypatch.setattr(searching, "_GRACE", 0.05)
    problem = shipping(np.ones((1, 1)), np.ones(1), np.ones(1))
    answer = searching.searched(problem, Limits(0.0, 0.01), Watch())
    assert answer.x is None
    assert answer.status == "time"


def test_the_published_optima(realdata: Path) -> None:
    from scipy.sparse.csgraph import floyd_warshall

    folder = realdata / "pmed"
    if not folder.is_dir():
        pytest.skip("OR-Library p-median not among the real data")
    for number in range(1, 11):
        told = np.array((folder / f"pmed{number}.txt").read_text("ascii").split(), dtype=int)
        n, _, p = told[:3]
        length = np.full((n, n), np.inf)
        # Where an edge is given twice, the last holds.
        for a, b, value in told[3:].reshape(-1, 3):
            length[a - 1, b - 1] = length[b - 1, a - 1] = value
        np.fill_diagonal(length, 0.0)
        assert p_median(floyd_warshall(length), int(p))[1] == PUBLISHED[number - 1], number


# -------------------------------------------------------------------------------------------- with capacity


def best_whole(cost: np.ndarray, p: int, need: np.ndarray, room: np.ndarray, penalty: float) -> float:
    """Every choice and every way to put points to it."""
    n, best = len(cost), np.inf
    for sites in every(cost.shape[1], p):
        for way in product((*sites, -1), repeat=n):
            load = [sum(need[i] for i in range(n) if way[i] == j) for j in sites]
            if all(used <= room[j] for used, j in zip(load, sites, strict=True)):
                value = sum(need[i] * (penalty if way[i] < 0 else cost[i, way[i]]) for i in range(n))
                best = min(best, value)
    return float(best)


@pytest.mark.parametrize("seed", range(6))
def test_with_room_as_good_as_the_best_of_all_ways(seed: int) -> None:
    cost, _ = drawn(seed, 6, 4)
    rng = np.random.default_rng(seed)
    need, room = rng.integers(1, 6, 6).astype(float), rng.integers(3, 9, 4).astype(float)
    found = capacitated_p_median(cost, 2, need, room, penalty=12.0, gap=0.0)
    assert found.exact
    assert found.total == pytest.approx(best_whole(cost, 2, need, room, 12.0), rel=1e-7)
    assert (np.bincount(found.site, weights=need[found.point], minlength=4) <= room + 1e-9).all()
    split = capacitated_p_median(cost, 2, need, room, penalty=12.0, gap=0.0, split=True)
    assert split.exact
    assert split.total <= found.total + 1e-7
    load = np.bincount(split.site, weights=need[split.point] * split.share, minlength=4)
    assert (load <= room + 1e-6).all()
    short = 1.0 - split.served(6)
    value = float((need[split.point] * cost[split.point, split.site] * split.share).sum()) + 12.0 * float(need @ short)
    assert split.total == pytest.approx(value)


def test_much_room_is_no_capacity() -> None:
    cost, weights = drawn(5, 30, 12)
    found = capacitated_p_median(cost, 3, weights + 1, 1e6, gap=0.0)
    sites, total = p_median(cost, 3, weights=weights + 1)
    assert found.total == pytest.approx(total)
    assert found.sites.tolist() == sites.tolist()


def test_what_finds_no_room_is_not_served() -> None:
    cost = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    found = capacitated_p_median(cost, 1, 2.0, [3.0, 3.0], penalty=5.0, gap=0.0)
    assert found.sites.tolist() == [0]
    assert found.served(3).sum() == 1.0
    assert found.total == 2 * 1 + 4 * 5
    half = capacitated_p_median(cost, 1, 2.0, [3.0, 3.0], penalty=5.0, gap=0.0, split=True)
    assert half.served(3).sum() == pytest.approx(1.5)
    nowhere = capacitated_p_median(np.full((2, 2), np.inf), 1, 1.0, 5.0, penalty=3.0)
    assert len(nowhere.point) == 0
    assert nowhere.total == 6.0


def test_a_middling_one_is_proven_to_a_percent() -> None:
    cost, _ = drawn(11, 200, 60)
    need = np.random.default_rng(11).integers(1, 20, 200).astype(float)
    found = capacitated_p_median(cost, 10, need, need.sum() / 10 / 0.9, seconds=10.0)
    assert found.gap <= 0.01
    assert found.served(200).sum() == 200
    assert (np.bincount(found.site, weights=need[found.point]) <= need.sum() / 9 + 1e-6).all()


@pytest.mark.parametrize(
    ("need", "room", "penalty", "code"),
    [
        ([1.0], 1.0, None, "siting.bad_need"),
        (np.nan, 1.0, None, "siting.bad_need"),
        (1.0, [-1.0, 1.0], None, "siting.bad_room"),
        (1.0, 1.0, -1.0, "siting.bad_penalty"),
    ],
)
def test_needs_and_rooms_that_mean_nothing(need: object, room: object, penalty: float | None, code: str) -> None:
    with pytest.raises(PlanError) as error:
        capacitated_p_median(np.ones((3, 2)), 1, need, room, penalty=penalty)  # type: ignore[arg-type]
    assert error.value.code == code


# ------------------------------------------------------------------------------------------------ covering


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), points=st.integers(1, 14), candidates=st.integers(1, 9), data=st.data())
def test_as_much_as_the_best_of_all_choices(seed: int, points: int, candidates: int, data: st.DataObject) -> None:
    cost, weights = drawn(seed, points, candidates)
    p = data.draw(st.integers(1, candidates))
    marks = data.draw(st.permutations(range(candidates)))
    pinned = tuple(marks[: data.draw(st.integers(0, p))])
    vetoed = tuple(marks[len(pinned) :][: data.draw(st.integers(0, candidates - p))])
    sites, covered = max_coverage(cost, p, weights=weights, radius=3.0, pinned=pinned, vetoed=vetoed)
    near = cost <= 3.0
    best = max(float(weights[near[:, one].any(axis=1)].sum()) for one in every(candidates, p, pinned, vetoed))
    assert covered == pytest.approx(best)
    assert covered == pytest.approx(float(weights[near[:, sites].any(axis=1)].sum()))
    assert len(sites) == p
    assert set(pinned) <= set(sites.tolist())
    assert not set(vetoed) & set(sites.tolist())
    assert max_coverage(near, p, weights=weights, pinned=pinned, vetoed=vetoed)[1] == pytest.approx(best)


def yearly_best(near: np.ndarray, weights: np.ndarray, price: np.ndarray, budgets: tuple[float, ...], *, carried: bool) -> float:  # fmt: skip
    """Every year of every candidate; the number of years stands for never."""
    t, best = len(budgets), -1.0
    for when in product(range(t + 1), repeat=near.shape[1]):
        opened = np.array(when)
        spent = np.array([price[opened == k].sum() for k in range(t)])
        room = np.cumsum(budgets) - np.cumsum(spent) if carried else np.array(budgets) - spent
        if (room >= -1e-9).all():
            best = max(best, sum(float(weights[near[:, opened <= k].any(axis=1)].sum()) for k in range(t)))
    return best


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("carried", [False, True])
def test_years_as_good_as_the_best_of_all(seed: int, carried: bool) -> None:
    cost, weights = drawn(seed, 15, 6)
    price = np.random.default_rng(seed).integers(1, 5, 6).astype(float)
    found = cover_by_years(cost, price, (3.0, 2.0, 4.0), weights=weights, radius=2.5, carried=carried)
    assert found.total == pytest.approx(yearly_best(cost <= 2.5, weights, price, (3.0, 2.0, 4.0), carried=carried))
    assert found.gap == 0.0
    for before, after in zip(found.stands, found.stands[1:], strict=False):
        assert set(before.tolist()) <= set(after.tolist())
    if not carried:
        assert all(spent <= most for spent, most in zip(found.spent, (3.0, 2.0, 4.0), strict=True))


def test_what_stands_costs_nothing_and_pins_must_be_paid() -> None:
    near = np.eye(3, dtype=bool)
    found = cover_by_years(near, 2.0, (1.0, 2.0), standing=[0], vetoed=[2])
    assert [one.tolist() for one in found.stands] == [[0], [0, 1]]
    assert found.spent == (0.0, 2.0)
    with pytest.raises(PlanError) as error:
        cover_by_years(near, 2.0, (1.0, 1.0), pinned=[2])
    assert error.value.code == "siting.pins_too_dear"
    with pytest.raises(PlanError) as error:
        cover_by_years(near, 2.0, (1.0, np.nan))
    assert error.value.code == "siting.bad_budget"
    with pytest.raises(PlanError) as error:
        max_coverage(np.ones((2, 2)), 1, radius=-1.0)
    assert error.value.code == "siting.bad_radius"
