"""Chargers: a year by hand, energy kept, the lowest peak and the least bought against linear programmes, the smallest set against all sets."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gis.progress import Cancelled
from kawasolar.__main__ import main
from kawasolar.assumed import Assumption
from kawasolar.charging import (
    COLUMNS,
    WAYS,
    Asked,
    assumption_rows,
    assumptions_with,
    bundled_kinds,
    cars_of_plan,
    charging_of,
    checked_cars,
    from_kept,
    kept,
    kernels,
    read_cars,
    read_kinds,
)
from kawasolar.charging.base import Base, base_of, enough, stay, stored_after
from kawasolar.charging.bill import effects
from kawasolar.charging.cars import RANGES
from kawasolar.charging.follow import follow
from kawasolar.charging.outage import outage_of
from kawasolar.charging.sessions import bought_kwh, peak_kw, sessions_of, staggered
from kawasolar.charging.smallest import _descend, cost_of, reasons_of, smallest
from kawasolar.charging.tables import (
    BASE_COLUMNS,
    CAR_COLUMNS,
    CURVE_COLUMNS,
    OUTAGE_COLUMNS,
    SET_COLUMNS,
    term_table,
)
from kawasolar.charging.trips import driving_days, in_winter, trips_of, working_days
from kawasolar.charging.words import note_texts
from kawasolar.demand import demand_of
from kawasolar.errors import PlanError, UnreadableLedger
from kawasolar.half_hours import COUNT, SLOTS, fiscal_year
from kawasolar.plan import RegisterRead, Registers
from kawasolar.project import save_project
from kawasolar.resources import resource_path
from kawasolar.tariff.billing import bill
from kawasolar.tariff.of_plan import tariffs_of
from kawasolar.tariff.rates import rates_of
from kawasolar.tariff.rules import bundled_rules
from kawasolar.words import LANGUAGES, catalogue, say
from tests.support.town import project_of, small_town

if TYPE_CHECKING:
    from kawasolar.plan import Plan, Project
    from kawasolar.words import Language

YEAR = fiscal_year(2026)
ASSUMED = assumptions_with()
KINDS = bundled_kinds()
AC3, AC6, DC50, V2X = range(4)
CAR: dict[str, Any] = {
    "vehicle": "v", "facility_id": "001", "model": "m", "battery_kwh": 20.0, "usable_share": 0.9, "kwh_per_km": 0.15, "winter_kwh_per_km": 0.2, "km_day": 30.0,
    "km_longest": 60.0, "leaves": 9.0, "returns": 17.0, "days_per_year": 240.0, "charge_kw": 3.0, "v2x": False,
}  # fmt: skip
_HOUR = np.arange(COUNT) % SLOTS / 2.0
LOAD = np.where((_HOUR >= 8) & (_HOUR < 18), 5.0, 1.0)
ROOF = np.where((_HOUR >= 10) & (_HOUR < 14), 9.0, 0.0)


def cars(*changes: dict[str, Any]) -> pd.DataFrame:
    return checked_cars(pd.DataFrame([{**CAR, "vehicle": f"v{k}", **one} for k, one in enumerate(changes)]))


def base(*changes: dict[str, Any], load: Any = LOAD, roof: Any = None, **asked: float) -> Base:
    return base_of("001", cars(*changes), YEAR, KINDS, assumptions_with(asked), load, roof)


some_cars = st.lists(
    st.fixed_dictionaries(
        {
            "battery_kwh": st.sampled_from([20.0, 40.0]), "km_day": st.floats(0, 40), "km_longest": st.floats(40, 75), "leaves": st.integers(0, 23).map(lambda hour: hour + 0.4),
            "returns": st.sampled_from([0.0, 6.3, 12.7, 17.1, 24.0]), "days_per_year": st.integers(0, 365), "charge_kw": st.sampled_from([3.0, 6.0]), "v2x": st.booleans(),
        }
    ),
    min_size=1, max_size=4,
)  # fmt: skip
some_counts = st.tuples(*[st.integers(0, 2)] * 4)
few = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))

# ---------------------------------------------------------------------------------------------------- tables and cars


def test_every_number_has_unit_range_and_source() -> None:
    for key, row in assumption_rows().items():
        assert isinstance(row, Assumption)
        assert row.low <= row.value <= row.high, key
        assert all((row.unit, row.source_ja, row.source_en)), key
        assert row.how_sure in ("primary", "secondary", "derived", "verify"), key
    assert assumptions_with({"reserve_share": 0.3}).reserve_share == 0.3
    for wrong, code in (({"x": 1.0}, "no_such_assumption"), ({"reserve_share": 0.9}, "range"), ({"winter_from": 1.5}, "range"), ({"leaves": 18.0}, "bad_hours")):  # fmt: skip
        with pytest.raises(PlanError) as caught:
            assumptions_with(wrong)
        assert caught.value.code == f"charging.{code}"


def test_kinds_are_read_and_refused(tmp_path: Path) -> None:
    assert [one.key for one in KINDS] == ["ac3", "ac6", "dc50", "v2x"]
    assert all(one.low_yen <= one.equipment_yen + one.works_yen <= one.high_yen for one in KINDS)
    text = resource_path("chargers.csv").read_text("utf-8")
    own = tmp_path / "own.csv"
    for change, code in (
        (("ac6,", "AC 6,"), "bad_kind"), (("ac,6,0.90", "ac,6,1.90"), "bad_kind"), (("ac,6,", "pq,6,"), "bad_kind"), (("ac,6,", "ac,six,"), "bad_kind"),
        (("ac6,", "ac3,"), "no_kinds"), (("efficiency,", "x,"), "columns"),
    ):  # fmt: skip
        own.write_text(text.replace(*change), "utf-8")
        with pytest.raises(UnreadableLedger) as caught:
            read_kinds(own)
        assert caught.value.code == f"charging.{code}"
    own.write_text(
        text.replace("普通充電 6 kW", "自前の6 kW").replace(",0,10,2024", ",200000,10,2024"), "cp932", errors="replace"
    )
    assert read_kinds(own)[AC6].cost_yen == KINDS[AC6].cost_yen - 200_000


def test_cars_are_read_and_refused(tmp_path: Path) -> None:
    path = tmp_path / "cars.csv"
    cars({}, {"v2x": "可"}).to_csv(path, index=False)
    assert read_cars(path)["v2x"].tolist() == [False, True]
    for column, value in (("battery_kwh", "x"), ("usable_share", 1.2), ("leaves", np.inf), ("v2x", "maybe"), ("vehicle", ""), ("km_longest", 1.0), ("returns", 9.0)):  # fmt: skip
        with pytest.raises(UnreadableLedger) as caught:
            cars({}, {column: value})
        assert (caught.value.code, caught.value.details["row"], caught.value.details["column"]) == ("charging.bad_car", 3, column)  # fmt: skip
    with pytest.raises(UnreadableLedger, match="same_vehicle"):
        cars({"vehicle": "a"}, {"vehicle": "a"})
    with pytest.raises(UnreadableLedger, match="columns"):
        checked_cars(pd.DataFrame({"vehicle": ["a"]}))
    with pytest.raises(UnreadableLedger, match="file_missing"):
        read_cars(tmp_path / "nobody.csv")


# ---------------------------------------------------------------------------------------------------- trips


def test_days_that_are_driven() -> None:
    works = working_days(YEAR)
    # Fiscal 2026: 261 days from Monday to Friday, less 17 holidays on them and 29 to 31 December.
    assert works.sum() == 261 - 17 - 3
    assert not works[np.flatnonzero(YEAR.dates == np.datetime64("2026-12-29"))[0]]
    for days in (0, 1, 100, 241, 242, 300, 365):
        driven = driving_days(YEAR, days)
        assert driven.sum() == days
        assert driven[works].sum() == min(days, 241)
    # Evenly: every second of the working days, and once the third.
    half = np.flatnonzero(driving_days(YEAR, 120)[works])
    assert set(np.diff(half)) <= {2, 3}


def test_energy_of_the_year() -> None:
    trips = trips_of(cars({}, {"days_per_year": 0}), YEAR, ASSUMED)
    mine = trips.of(0)
    day = trips.begin[mine] // SLOTS
    assert ((trips.begin[mine] % SLOTS == 18) & (trips.end[mine] - trips.begin[mine] == 16)).all()
    winter = in_winter(YEAR, ASSUMED)[day]
    assert set(YEAR.month[day][winter]) == {12, 1, 2}
    longest = trips.kwh[mine] > np.where(winter, 6.0, 4.5) + 1e-9
    assert longest.sum() == ASSUMED.longest_days
    np.testing.assert_allclose(trips.kwh[mine], np.where(longest, 60.0, 30.0) * np.where(winter, 0.2, 0.15))
    assert winter[day == trips.worst_day][0]
    assert longest[day == trips.worst_day][0]
    assert trips.of(1) == slice(240, 240)
    # Over midnight: 22 to 6 o'clock.
    night = trips_of(cars({"leaves": 22.0, "returns": 6.0}), YEAR, ASSUMED)
    assert set(night.end - night.begin) == {16}


# ---------------------------------------------------------------------------------------------------- a year at chargers


def test_one_car_by_hand() -> None:
    here = stay(base({}, longest_days=1), (1, 0, 0, 0))
    first = int(here.base.trips.begin[0])
    # 4.5 kWh driven in 16 half hours; from 17 o'clock 1.5 kW · 0.9 each half hour go in.
    assert here.stored_kwh[0, first + 15] == pytest.approx(18.0 - 4.5)
    drawn = here.charge_kwh[0, first + 16 : first + 21]
    np.testing.assert_allclose(drawn, [1.5, 1.5, 1.5, 0.5, 0.0])
    assert here.enough
    # On the worst day 12 kWh of 18, and 3.6 are kept.
    assert here.low_kwh[0] == pytest.approx(18.0 - 12.0 - 3.6)


def test_two_cars_and_one_charger() -> None:
    # Both come at 17 o'clock. The one that leaves sooner has less slack; the other is put there at 18 only where somebody is there.
    both = ({"leaves": 8.0, "km_day": 10.0}, {"leaves": 9.0, "km_day": 10.0})
    here = stay(base(*both, staff_to=17.0, longest_days=1), (1, 0, 0, 0))
    evening = int(here.base.trips.end[0])
    # 1.5 kWh driven: 1.67 kWh drawn, over after two half hours; nobody is there to change the cars.
    assert (here.plug[0, evening : evening + 29] == 0).all()
    assert (here.plug[1, evening : evening + 20] == -1).all()
    staffed = stay(base(*both, staff_to=20.0, longest_days=1), (1, 0, 0, 0))
    assert staffed.plug[1, evening + 2] == 0
    assert staffed.plug[0, evening + 2] == -1


def test_who_has_not_enough_takes_the_place_of_who_has() -> None:
    # Each day one drives 12 of its 14.4 kWh and comes at 18 o'clock, when the other stands at the charger since 17, not full but with enough for its own next day.
    need = {"km_day": 80.0, "km_longest": 80.0, "winter_kwh_per_km": 0.15, "returns": 18.0}
    calm = {"km_day": 50.0, "km_longest": 50.0, "winter_kwh_per_km": 0.15, "battery_kwh": 60.0, "returns": 17.0}
    some = base(calm, need, staff_from=0.0, staff_to=0.0)
    here = stay(some, (1, 0, 0, 0))
    evening = int(some.trips.end[some.trips.of(1)][0])
    assert here.plug[:, evening - 1].tolist() == [0, -1]
    assert here.stored_kwh[0, evening - 1] < some.full[0] - 1.0
    assert here.plug[:, evening].tolist() == [-1, 0]
    assert here.stored_kwh[1, evening + 29] == pytest.approx(some.full[1])


@few
@given(some_cars, some_counts)
def test_energy_is_kept_and_nobody_is_in_two_places(changes: list[dict[str, Any]], counts: tuple[int, ...]) -> None:
    some = base(*changes)
    here = stay(some, counts)
    stored, charge = here.stored_kwh, here.charge_kwh
    before = np.concatenate([some.full[:, None], stored[:, :-1]], axis=1)
    way = np.append(some.ways[here.of_charger], 0.0)[here.plug]
    np.testing.assert_allclose(stored - before, charge * way - some.driven_kwh, atol=1e-9)
    trips = some.trips
    within = np.minimum(1.0, (COUNT - trips.begin) / (trips.end - trips.begin))
    assert some.driven_kwh.sum() == pytest.approx((trips.kwh * within).sum())
    np.testing.assert_allclose((stored - some.least[:, None]).min(axis=1, initial=np.inf).clip(max=some.full - some.least), here.low_kwh, atol=1e-9)  # fmt: skip
    assert here.enough == bool((here.low_kwh >= -1e-9).all()) == enough(some, counts)
    assert (stored <= some.full[:, None] + 1e-9).all()
    assert not charge[some.away].any()
    assert (here.plug[some.away] == -1).all()
    most = np.concatenate([some.most[:, here.of_charger], np.zeros((len(some), 1))], axis=1)
    assert (charge <= most[np.arange(len(some))[:, None], here.plug] + 1e-12).all()
    at_unit = np.append(here.of_charger == V2X, False)[here.plug].any(axis=1)
    assert not (at_unit & ~some.cars["v2x"].to_numpy()).any()
    for charger in range(len(here.of_charger)):
        assert ((here.plug == charger).sum(axis=0) <= 1).all()


@few
@given(some_cars, some_counts, st.booleans())
def test_staggered_never_raises_the_peak(changes: list[dict[str, Any]], counts: tuple[int, ...], roof: bool) -> None:
    some = base(*changes, roof=ROOF if roof else None)
    here = stay(some, counts)
    sessions = sessions_of(here)
    assert sessions.energy.sum() == pytest.approx(here.charge_kwh.sum())
    level = staggered(here, sessions)
    assert peak_kw(some, level) <= peak_kw(some, here.charge_kwh)
    assert (level >= 0.0).all()
    assert not level[here.plug < 0].any()
    for s in range(len(sessions)):
        mine = level[sessions.car[s], sessions.begin[s] : sessions.end[s]]
        assert mine.sum() == pytest.approx(sessions.energy[s], abs=1e-9)
        assert mine.max() <= sessions.most[s] + 1e-12
    stored = stored_after(some, level, here.plug, here.of_charger)
    assert ((stored - some.least[:, None]).min(axis=1) >= here.low_kwh - 1e-7).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_peak_is_the_lowest_that_there_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    span, number = 12, 4
    load = rng.uniform(-4, 10, span)
    begin = rng.integers(0, span - 3, number)
    end = begin + rng.integers(1, 4, number)
    most = rng.uniform(0.5, 4, number)
    energy = most * (end - begin) * rng.uniform(0, 1, number)
    lengths = end - begin
    first = np.cumsum(lengths) - lengths
    drawn = np.repeat(energy / lengths, lengths)
    whole = load.copy()
    for s in range(number):
        whole[begin[s] : end[s]] += drawn[first[s] : first[s] + lengths[s]]
    kernels.fill_valleys(begin, end, most, first, whole, drawn, 2000)
    # min P with load + Σ x ≤ P.
    size = int(lengths.sum())
    slots = np.concatenate([np.arange(b, e) for b, e in zip(begin, end, strict=True)])
    upper = np.zeros((span, size + 1))
    upper[slots, np.arange(size)] = 1.0
    upper[:, -1] = -1.0
    equal = np.zeros((number, size + 1))
    equal[np.repeat(np.arange(number), lengths), np.arange(size)] = 1.0
    bounds = [(0.0, float(one)) for one in np.repeat(most, lengths)] + [(None, None)]
    best = linprog(np.eye(size + 1)[-1], upper, -load, equal, energy, bounds)
    assert best.status == 0
    assert whole.max() == pytest.approx(best.fun, abs=1e-3)


# ---------------------------------------------------------------------------------------------------- following the roof


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(some_cars, st.tuples(*[st.integers(0, 1)] * 4))
def test_following_buys_no_more_and_keeps_every_balance(changes: list[dict[str, Any]], counts: tuple[int, ...]) -> None:
    some = base(*changes, roof=ROOF)
    some = some.part(np.flatnonzero([not why for why in reasons_of(some)]))
    here = stay(some, counts)
    if not len(some) or not here.enough:
        return
    sessions = sessions_of(here)
    level = staggered(here, sessions)
    found = follow(here, sessions, level)
    bought = bought_kwh(some, found.charge_kwh, found.given_kwh)
    assert bought.sum() <= bought_kwh(some, level).sum() + 1e-5
    assert 2.0 * bought.max() <= peak_kw(some, level) + 1e-6
    left = bought - some.load_kwh - found.charge_kwh.sum(axis=0) + some.produced_kwh + found.given_kwh.sum(axis=0)
    # What is left over is none that is bought, and no more than the roof gives.
    assert (left >= -1e-6).all()
    assert (left <= some.produced_kwh + 1e-6).all()
    assert not (left[bought > 1e-6] > 1e-6).any()
    assert (found.given_kwh.sum(axis=0) <= np.maximum(some.net_kwh, 0.0) + 1e-6).all()
    stored = stored_after(some, found.charge_kwh, here.plug, here.of_charger, found.given_kwh)
    assert (stored >= some.least[:, None] - 1e-6).all()
    assert (stored <= some.full[:, None] + 1e-6).all()


def test_cars_leave_with_what_their_longest_day_wants() -> None:
    # Weeks of sun, and cars that may wait for it: never at the cost of the next morning.
    some = base({"v2x": True, "battery_kwh": 40.0}, {"km_day": 10.0}, {"battery_kwh": 40.0, "km_day": 5.0}, roof=ROOF)
    here = stay(some, (1, 0, 0, 1))
    sessions = sessions_of(here)
    found = follow(here, sessions, staggered(here, sessions))
    stored = stored_after(some, found.charge_kwh, here.plug, here.of_charger, found.given_kwh)
    ends = (sessions.car, sessions.end - 1)
    wanted = np.minimum(here.stored_kwh[ends], (some.least + some.trips.longest_kwh)[sessions.car])
    assert found.solved > 40
    assert found.given_kwh.any()
    assert (stored[ends] >= wanted - 1e-6).all()
    assert (stored[ends] < here.stored_kwh[ends] - 1.0).any()


def test_what_a_roof_gives_at_the_weekend_is_taken() -> None:
    # A car that need not be full on Friday is filled by the weekend's surplus.
    some = base({"km_day": 20.0, "km_longest": 20.0}, load=np.ones(COUNT), roof=np.where((_HOUR >= 10) & (_HOUR < 14), 3.0, 0.0))  # fmt: skip
    here = stay(some, (1, 0, 0, 0))
    sessions = sessions_of(here)
    level = staggered(here, sessions)
    found = follow(here, sessions, level)
    saved = bought_kwh(some, level).sum() - bought_kwh(some, found.charge_kwh).sum()
    assert found.solved == 52
    # 3 kWh a day, 3.33 kWh drawn: nearly each of the 52 weekends saves at least what one day wants.
    assert saved > 50 * 3.0 / 0.9
    assert not found.given_kwh.any()


def test_a_week_against_another_solver() -> None:
    some = base({"km_day": 30.0, "v2x": True}, {"km_day": 10.0}, load=np.ones(COUNT), roof=ROOF)
    here = stay(some, (1, 0, 0, 1))
    sessions = sessions_of(here)
    level = staggered(here, sessions)
    found = follow(here, sessions, level)
    span = slice(7 * SLOTS, 14 * SLOTS)
    # Column per car and half hour: drawn, given back; then bought. States of every half hour, without the floors at ends of sessions, are a bound from below.
    n, size = 2, 7 * SLOTS
    plugged = here.plug[:, span] >= 0
    both = plugged & (here.of_charger[here.plug[:, span]] == V2X) & some.cars["v2x"].to_numpy()[:, None]
    most = np.take_along_axis(some.most, here.of_charger[np.maximum(here.plug[:, span], 0)], axis=1)
    way = some.ways[here.of_charger[np.maximum(here.plug[:, span], 0)]]
    stored = stored_after(some, level, here.plug, here.of_charger)
    net = some.net_kwh[span]
    cost = np.concatenate([np.zeros(2 * n * size), np.ones(size)])
    rows, right = [], []
    for t in range(size):
        row = np.zeros(len(cost))
        row[[t, size + t]], row[[2 * size + t, 3 * size + t]], row[4 * size + t] = 1.0, -1.0, -1.0
        rows.append(row)
        right.append(-net[t])
    for car in range(n):
        start, driven = stored[car, span.start - 1], np.cumsum(some.driven_kwh[car, span])
        for t in range(size):
            row = np.zeros(len(cost))
            row[car * size : car * size + t + 1] = way[car, : t + 1]
            row[(2 + car) * size : (2 + car) * size + t + 1] = -1.0 / ASSUMED.discharge_efficiency
            rows += [row, -row]
            end = t == size - 1
            right += [(stored[car, span.stop - 1] if end else some.full[car]) - start + driven[t], start - driven[t] - (stored[car, span.stop - 1] if end else some.least[car])]  # fmt: skip
    bounds = [(0.0, float(one)) for one in np.where(plugged, most, 0.0).ravel()]
    given_most = np.where(both, np.minimum(most, np.maximum(net, 0.0)), 0.0)
    bounds += [(0.0, float(one)) for one in given_most.ravel()] + [(0.0, peak_kw(some, level) / 2.0)] * size
    best = linprog(cost, np.array(rows), np.array(right), bounds=bounds)
    assert best.status == 0
    bought = bought_kwh(some, found.charge_kwh, found.given_kwh)[span].sum()
    assert best.fun - 1e-6 <= bought <= bought_kwh(some, level)[span].sum() + 1e-6


# ---------------------------------------------------------------------------------------------------- the smallest set


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(some_cars.filter(lambda one: len(one) < 4))
def test_the_smallest_set_is_the_cheapest_of_all(changes: list[dict[str, Any]]) -> None:
    some = base(*[{**one, "km_day": one["km_day"] + 20.0, "km_longest": one["km_longest"] + 20.0} for one in changes])
    found = smallest(some)
    rows = np.flatnonzero([not why for why in found.reasons])
    served = some.part(rows)
    every = [one for one in product(range(len(rows) + 1), repeat=4) if sum(one) <= len(rows) + 1 and (not len(rows) or enough(served, one))]  # fmt: skip
    cheapest = min(cost_of(KINDS, one) for one in every)
    assert found.proven
    assert cost_of(KINDS, found.counts) == cheapest
    assert not len(rows) or stay(served, found.counts).enough


def test_sets_with_a_least_and_without_a_proof() -> None:
    some = base({}, {}, {"charge_kw": 6.0, "battery_kwh": 40.0})
    free, held = smallest(some), smallest(some, (0, 0, 0, 1))
    assert held.counts[V2X] >= 1
    assert cost_of(KINDS, held.counts) >= cost_of(KINDS, free.counts)
    rough = smallest(some, most=0)
    assert not rough.proven
    assert enough(some, rough.counts)
    assert enough(some, _descend(some, (0, 0, 0, 0)))
    # Many alike: the search by twos finds what the search through all proves.
    alike = base(*[{"leaves": 8.0 + k / 20, "returns": 20.0 - k / 20, "km_day": 55.0, "km_longest": 60.0} for k in range(8)])  # fmt: skip
    assert cost_of(KINDS, _descend(alike, (0, 0, 0, 0))) == cost_of(KINDS, smallest(alike).counts)


def test_cars_that_no_charger_serves() -> None:
    far, busy, fine = {"km_longest": 90.0}, {"leaves": 3.0, "returns": 2.5, "km_day": 60.0, "days_per_year": 300}, {}
    some = base_of("001", cars(far, busy, fine), YEAR, KINDS[:1], ASSUMED)
    found = smallest(some)
    assert found.reasons == ("charging.too_far", "charging.no_time", "")
    assert found.counts == (1,)
    nobody = smallest(base(far))
    assert (nobody.counts, nobody.proven) == ((0, 0, 0, 0), True)


# ---------------------------------------------------------------------------------------------------- outages, bills, plans


def test_an_outage_by_hand() -> None:
    some = base({"v2x": True, "km_day": 0.0, "km_longest": 0.0, "days_per_year": 1, "returns": 10.0}, load=np.full(COUNT, 2.0), roof=ROOF, outage_hours=24.0)  # fmt: skip
    stored = np.broadcast_to(some.full[:, None], (1, COUNT))
    none = outage_of(some, stored, (1, 0, 0, 0))
    assert not none.hours.any()
    assert not none.kwh.any()
    found = outage_of(some, stored, (0, 0, 0, 1))
    away = int(some.trips.begin[0])
    # 18 kWh, of which 20 % stay: 14.4 · 0.9 = 12.96 kWh for 0.4 kWh a half hour; above the most that is counted by roof.
    assert found.kwh[0] == pytest.approx(12.96)
    assert found.hours[0] == 16.0
    assert found.hours_pv[0] == 24.0
    assert found.hours[away] == found.kwh[away] == 0.0
    heavy = replace(some, load_kwh=np.full(COUNT, 20.0))
    # 8 kW are more than one unit gives.
    assert not outage_of(heavy, stored, (0, 0, 0, 1)).hours.any()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Five facilities with a flat roof each; never changed."""
    return project_of(small_town(tmp_path_factory.mktemp("町")), tmp_path_factory.mktemp("計画"))


@pytest.fixture(scope="module")
def plan(project: Project) -> Plan:
    return project.plan


def test_bills_are_those_of_the_half_hours(plan: Plan) -> None:
    demand = demand_of(plan, ["001", "004"])
    # As large as high voltage wants, so that the contract follows from the last twelve months.
    rows = demand.facilities.assign(peak_kw=demand.facilities["peak_kw"] * 20.0)
    demand = replace(demand, kwh=demand.kwh * np.float32(20.0), facilities=rows)
    roof, cars_ = np.zeros((2, COUNT)), np.zeros((2, COUNT))
    roof[:] = ROOF
    at = int(np.argmax(demand.kwh[1] - ROOF))
    cars_[1, at] = 15.0
    drawn = {way: cars_ * share for way, share in zip(WAYS, (1.0, 0.5, 0.0), strict=True)}
    found = effects(plan, demand, roof, drawn)
    known = tariffs_of(plan, demand, bundled_rules())
    assert found["tariff"].tolist() == known["tariff"].tolist()
    assert (found["bill_follow_yen"] == 0.0).all()
    assert found["bill_unmanaged_yen"].iloc[0] == 0.0
    # 30 kW more in one half hour of the year raise the contract of all twelve months where that is its highest.
    net = demand.kwh[1].astype(np.float64) - roof[1]
    rates = rates_of(plan.profile.tables, str(known["tariff"].iloc[1]), bundled_rules())
    assert rates.contract == "by_size"
    for way in ("unmanaged", "staggered"):
        by_hand = [bill(np.maximum(one, 0.0), rates, demand.year) for one in (net, net + drawn[way][1])]
        rise = by_hand[1].contract_kw.max() - by_hand[0].contract_kw.max()
        assert rise > 0.0
        assert found[f"contract_{way}_kw"].iloc[1] - found["contract_none_kw"].iloc[1] == pytest.approx(rise)
        told = (by_hand[1].yen("demand") - by_hand[0].yen("demand")).sum()
        # The power factor falls a little with the roof: a per cent of the charge.
        assert found[f"demand_{way}_yen"].iloc[1] == pytest.approx(told, rel=0.2)
        assert found[f"bill_{way}_yen"].iloc[1] > found[f"demand_{way}_yen"].iloc[1]


def test_all_bases_of_a_plan(plan: Plan) -> None:
    rows = cars(
        {"v2x": True, "charge_kw": 6.0}, {"facility_id": "004"}, {"facility_id": "004", "km_longest": 95.0}, {"facility_id": "nowhere"},
    )  # fmt: skip
    found = charging_of(plan, rows, Asked(least={"v2x": 1}))
    bases = found.bases.set_index("facility_id")
    assert list(bases.index) == ["001", "004"]
    assert bases["served"].tolist() == [1, 1]
    assert bases["cars"].tolist() == [1, 2]
    assert bases["enough"].all()
    assert bases["proven"].all()
    assert found.cars["reason"].tolist() == ["", "", "charging.too_far"]
    assert [one.code for one in found.findings] == ["charging.unknown_base"]
    assert (bases["peak_staggered_kw"] <= bases["peak_unmanaged_kw"]).all()
    assert (bases["peak_follow_kw"] <= bases["peak_staggered_kw"] + 1e-6).all()
    assert (bases["pv_follow_kwh"] >= bases["pv_staggered_kwh"] - 1e-6).all()
    assert bases["outage_median_h"].notna().tolist() == [True, False]
    assert found.chargers.groupby("facility_id")["number"].sum().tolist() == bases["chargers"].tolist()
    assert len(found.curves) == 2 * 9 * SLOTS
    assert len(found.outage) == 12
    # Kept and taken out again; JSON and the types of the columns hold.
    head, frames = kept(found)
    again = from_kept(json.loads(json.dumps(head)), {name: one.copy() for name, one in frames.items()})
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(getattr(again, name), frame)
    assert again.findings == found.findings
    assert dict(again.head) == json.loads(json.dumps(dict(found.head)))


def test_a_set_that_is_given_and_what_cannot_be_asked(plan: Plan) -> None:
    rows = cars({"km_day": 60.0, "km_longest": 60.0}, {"km_day": 60.0, "km_longest": 60.0})
    found = charging_of(plan, rows, Asked(given={"ac3": 1}, roof=False, follow=False))
    assert not found.bases["enough"].iloc[0]
    assert (found.cars["low_kwh"] < 0.0).any()
    assert (found.curves["pv_kw"] == 0.0).all()
    for words, code in (
        ({"asked": Asked(given={"x": 1})}, "no_such_kind"), ({"asked": Asked(least={"ac3": -1})}, "bad_number"), ({"facility_ids": ["002"]}, "no_such_base"),
        ({"cars": cars({"facility_id": "x"})}, "no_cars"), ({"cars": None}, "no_cars"),
    ):  # fmt: skip
        with pytest.raises(PlanError) as caught:
            charging_of(plan, **({"cars": rows} | words))
        assert caught.value.code == f"charging.{code}"


def test_a_cancel_ends_the_work(plan: Plan) -> None:
    # A base for which very many sets would be tried.
    rows = cars(
        *[{"leaves": 8.0 + k / 20, "returns": 20.0 - k / 20, "km_day": 55.0, "km_longest": 60.0} for k in range(60)]
    )

    def stop(share: float, _what: str) -> None:
        if share > 0.05 and perf_counter() > begin + 0.2:
            raise Cancelled

    begin = perf_counter()
    with pytest.raises(Cancelled):
        charging_of(plan, rows, progress=stop)
    assert perf_counter() < begin + 3.0


def test_cars_that_never_drive_want_no_charger(plan: Plan) -> None:
    found = charging_of(plan, cars({"days_per_year": 0, "v2x": True}, {"km_day": 0.0, "km_longest": 0.0}))
    row = found.bases.iloc[0]
    assert (row["chargers"], row["cost_yen"], row["charged_kwh"], row["bill_follow_yen"]) == (0, 0.0, 0.0, 0.0)
    assert row["enough"]
    assert row["peak_unmanaged_kw"] == row["peak_none_kw"]


def test_cars_of_the_ledger(plan: Plan) -> None:
    frame = pd.DataFrame(
        {
            "source_row": [2, 3, 4, 5], "vehicle": ["a", "b", "c", "d"], "base": ["東小学校", "004", "何処", "004"], "fuel": ["electric", "electric", "electric", "petrol"],
            "vehicle_class": ["kei_passenger", "passenger", "passenger", "passenger"], "annual_km": [4900.0, np.nan, 1.0, 1.0],
        }
    )  # fmt: skip
    read = RegisterRead(frame, {}, "", ())
    found, findings = cars_of_plan(replace(plan, registers=Registers({"vehicles": read})), ASSUMED)
    assert found["facility_id"].tolist() == ["001", "004"]
    assert found["battery_kwh"].tolist() == [ASSUMED.battery_kei_kwh, ASSUMED.battery_kwh]
    assert found["km_day"].tolist() == [20.0, ASSUMED.km_day]
    assert [one.code for one in findings][-1] == "charging.no_base"
    assert list(found) == list(COLUMNS)


# ---------------------------------------------------------------------------------------------------- words, papers, the command


def test_every_code_and_column_has_words() -> None:
    words = catalogue()
    columns = {*BASE_COLUMNS, *SET_COLUMNS, *CAR_COLUMNS, *CURVE_COLUMNS, *OUTAGE_COLUMNS, *RANGES}
    codes = {f"charging.column.{one}" for one in columns} | {f"charging.assumption.{key}" for key in assumption_rows()}
    codes |= {f"charging.way.{way}" for way in WAYS}
    for path in sorted(Path(__file__).parents[2].glob("kawasolar/**/*charging*")):
        for file in [path] if path.is_file() else path.glob("*.py"):
            if file.suffix == ".py":
                codes |= set(re.findall(r'"(charging\.[a-z_]+(?:\.[a-z_]+)*)"', file.read_text("utf-8")))
    codes -= {"charging.csv", "charging.toml"}
    assert len(codes) > 100
    assert not sorted(code for code in codes if code not in words)


def test_the_command_tells_and_writes(project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, table = tmp_path / "計画.kawasolar", tmp_path / "車両.csv"
    save_project(project, path)
    cars({"v2x": True}, {"facility_id": "004", "km_longest": 95.0}, {"facility_id": "004"}).to_csv(table, index=False)

    def told(*words: str) -> Any:
        assert main(["-q", "charging", str(path), "--cars", str(table), *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    every = told()
    assert [one["facility_id"] for one in every["bases"]] == ["001", "004"]
    assert every["cars"][1]["reason"] == "charging.too_far"
    one = told("--base", "001", "--at-least", "v2x=1", "--set", "reserve_share=0.3", "--no-follow")
    assert one["assumptions"]["reserve_share"] == 0.3
    assert one["chargers"] == [{"facility_id": "001", "kind": "v2x", "number": 1, "cost_yen": 1_500_000.0, "subsidy_yen": 0.0}]  # fmt: skip
    for wrong in (["--base", "002"], ["--set", "x=1"], ["--set", "reserve_share"], ["--chargers", "ac3=x"], ["--chargers", "ac3=1.5"], ["--chargers", "tram=1"]):  # fmt: skip
        assert main(["-q", "charging", str(path), "--cars", str(table), *wrong]) != 0
    assert main(["-q", "charging", str(path)]) != 0
    capsys.readouterr()
    xlsx, out = tmp_path / "充電.xlsx", tmp_path / "充電.csv"
    words = [
        "charging",
        str(path),
        "--cars",
        str(table),
        "--chargers",
        "ac3=1,v2x=1",
        "--xlsx",
        str(xlsx),
        "--csv",
        str(out),
    ]
    assert main(words) == 0
    assert "004" in capsys.readouterr().out
    book = openpyxl.load_workbook(xlsx)
    assert len(book.sheetnames) == 6
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows[1:]] == ["001", "004"]
    assert len(rows[0]) == len(BASE_COLUMNS) + 3
    # The cars are no target.
    assert main(["-q", *words[:-1], str(table)]) != 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_to_be_known_is_told(plan: Plan, language: Language) -> None:
    found = charging_of(
        plan, cars({}, {"km_longest": 95.0}), Asked(assumed=assumptions_with({"dc_rate": 2.0}), follow=False)
    )
    told = "\n".join(note_texts(language, found))
    assert say(language, "charging.assumption.reserve_share") in told
    # Somebody's own, of the ledger, and of outages alone.
    for key in ("dc_rate", "km_day", "critical_share"):
        assert say(language, f"charging.assumption.{key}") not in told
    assert say(language, "charging.note.unserved", count=1) in told
    terms, classes = term_table(language, found)
    assert len(terms) == len(classes) == len(assumption_rows()) + len(KINDS)
    assert classes.count("corrected") == 1
