"""The fleet: what a ledger tells, which car fits, what it costs, and the fiscal years against exhaustive search."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.progress import Cancelled
from kawasolar.errors import PlanError
from kawasolar.fleet import FleetResult, assumptions_of, default_rules, electric_cars, fleet_of, plan_fleet
from kawasolar.fleet.catalogue import COLUMNS, UnreadableCatalogue, read_catalogue, shipped_catalogue
from kawasolar.fleet.cost import costs_of, references
from kawasolar.fleet.fitting import choose, electric_range, fit, winter_kwh_per_km, winter_range
from kawasolar.fleet.kept import from_kept, kept
from kawasolar.fleet.ledger import cars_of, clock, due_year
from kawasolar.fleet.programme import Asked, plan_years
from kawasolar.fleet.result import BASES, CARS, ELECTRIC, REPLACED, WHYS, YEARS, electric_frame
from kawasolar.fleet.rules import check_rules
from kawasolar.fleet.schedule import Schedule, schedule_of
from kawasolar.fleet.sharing import sharing_of_car
from kawasolar.fleet.table import assumption_rows, car_classes
from kawasolar.plan import RegisterRead, Registers
from kawasolar.profile import load_profile
from kawasolar.programme.highs import Limits
from kawasolar.resources import resource_path
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from kawasolar.plan import Plan

COUNTS = ("ev", "phev", "fcv", "hev")
ENDS = Limits(1e-9, 10.0)
PLAIN = assumptions_of()


def model(**given: object) -> dict[str, object]:
    """A row of a catalogue: an EV of round numbers unless told otherwise."""
    zero = {
        "key": "x", "name_ja": "車", "name_en": "car", "power": "ev", "body": "passenger", "seats": 5.0, "load_kg": 0.0, "battery_kwh": 40.0, "usable_share": 0.9,
        "kwh_per_km": 0.15, "winter_factor": 1.2, "heating_kw": 1.0, "km_per_l": 0.0, "h2_kg_per_km": 0.0, "tank_range_km": 0.0, "price_yen": 3_000_000.0,
        "lease_yen_month": 40_000.0, "maintenance_yen": 40_000.0, "tax_yen": 10_000.0, "subsidy_yen": 500_000.0, "charge_ac_kw": 6.0, "charge_dc_kw": 50.0,
        "v2x": 1.0, "life_years": 8.0, "source_ja": "試験", "source_en": "test", "how_sure": "verify",
    }  # fmt: skip
    return {**zero, **given}


def models(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def rows_of(*cars: dict[str, object]) -> pd.DataFrame:
    """Rows of a ledger: a petrol car of five seats whose lease ends on 31 March 2028 unless told otherwise."""
    plain = {
        "vehicle_class": "passenger", "fuel": "petrol", "seats": 5.0, "annual_km": 4900.0, "days_per_year": 245.0, "km_longest": 60.0,
        "lease_end": pd.Timestamp("2028-03-31"), "first_year": 2021.0, "facility_id": "001",
    }  # fmt: skip
    made = [{**plain, "source_row": k + 2, "vehicle": f"V{k:03d}", **car} for k, car in enumerate(cars)]
    return pd.DataFrame(made)


def cars(*told: dict[str, object]) -> pd.DataFrame:
    return cars_of(rows_of(*told), PLAIN, COUNTS, 2026)[0]


# ---------------------------------------------------------------------------------------------- tables


def test_every_number_has_a_range_and_a_source_in_both_languages() -> None:
    for key, row in assumption_rows().items():
        assert row.low <= row.value <= row.high, key
        assert row.source_ja
        assert row.source_en
        assert bool(row.note_ja) == bool(row.note_en), key
        assert row.how_sure in {"primary", "secondary", "derived", "verify"}
    bodies = set(shipped_catalogue()["body"])
    assert {body for one in car_classes().values() for body in one.bodies} <= bodies


def test_the_profile_goes_before_the_table_and_the_asker_before_both() -> None:
    profile = load_profile()
    found = assumptions_of(profile, {"petrol_yen_l": 200.0, "electricity_kg_kwh": 0.0})
    assert (found["electricity_yen_kwh"], found.origin["electricity_yen_kwh"]) == (25.2, "profile")
    assert found.origin["electricity_kg_kwh"] == found.origin["petrol_yen_l"] == "asked"
    assert found["discount_rate"] == 0.04
    assert found.origin["km_day"] == "table"
    for asked, code in (
        ({"nope": 1.0}, "fleet.no_such_assumption"),
        ({"reserve_share": 0.9}, "fleet.range"),
        ({"days": np.nan}, "fleet.range"),
    ):
        with pytest.raises(PlanError, match=code):
            assumptions_of(profile, asked)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"first_year": 2031}, "fleet.bad_years"), ({"last_year": 2090}, "fleet.bad_years"), ({"target": 1.1}, "fleet.bad_target"),
        ({"prefer": "ev,petrol"}, "fleet.bad_powers"), ({"prefer": "ev,ev"}, "fleet.bad_powers"), ({"counts": ()}, "fleet.bad_powers"),
        ({"classes": ("tank",)}, "fleet.bad_classes"), ({"budget_yen": -1.0}, "fleet.bad_budget"), ({"budget_yen": np.nan}, "fleet.bad_budget"),
        ({"budgets": {2040: 1.0}}, "fleet.bad_budget"), ({"cars_per_year": -1}, "fleet.bad_budget"), ({"objective": "fun"}, "fleet.bad_choice"),
    ],
)  # fmt: skip
def test_rules_that_mean_nothing_are_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(PlanError, match=code):
        check_rules(replace(default_rules(), **change))


# ---------------------------------------------------------------------------------------------- catalogue


def write(path: Path, change: Callable[[list[list[str]]], None], encoding: str = "utf-8-sig") -> Path:
    lines = resource_path("vehicles_catalogue.csv").read_text("utf-8-sig").splitlines()
    cells = [line.split(",") for line in lines[:4]]
    change(cells)
    path.write_text("\n".join(",".join(row) for row in cells) + "\n", encoding)
    return path


def test_the_shipped_catalogue_is_whole_and_another_is_read(tmp_path: Path) -> None:
    shipped, findings = read_catalogue(resource_path("vehicles_catalogue.csv"))
    assert findings == ()
    assert set(shipped["power"]) == {"ev", "phev", "fcv", "hev", "petrol", "diesel"}
    own, findings = read_catalogue(write(tmp_path / "車.csv", lambda cells: None, "cp932"))
    pd.testing.assert_frame_equal(own, shipped.iloc[:3])
    assert findings == ()


def test_bad_rows_are_left_out_and_said_where(tmp_path: Path) -> None:
    at = {name: k for k, name in enumerate(COLUMNS)}

    def spoil(cells: list[list[str]]) -> None:
        cells.append(list(cells[1]))
        cells[1][at["battery_kwh"]] = "0"
        cells[2][at["power"]] = "steam"
        cells[3][at["price_yen"]] = "1e6"

    path = write(tmp_path / "a.csv", spoil)
    found, findings = read_catalogue(path)
    assert found["key"].tolist() == ["ev-kei-20"]
    assert [(one.code, one.row, one.column) for one in findings] == [
        ("fleet.catalogue.number", 2, "battery_kwh"), ("fleet.catalogue.text", 3, "power"), ("fleet.catalogue.number", 4, "price_yen"),
    ]  # fmt: skip
    twice = write(tmp_path / "b.csv", lambda cells: cells.append(list(cells[1])))
    assert [one.code for one in read_catalogue(twice)[1]] == ["fleet.catalogue.twice"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "unreadable"), (b"", "columns"), (b"\x00\x01\xff" * 9, "unreadable"), (b"key,power\nx,ev\n", "columns"),
        (",".join(COLUMNS).encode() + b"\n", "empty"), (",".join(COLUMNS).encode() + b'\n"ev\n', "unreadable"),
    ],
)  # fmt: skip
def test_a_catalogue_that_is_none(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "c.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableCatalogue, match=f"fleet.catalogue.{code}"):
        read_catalogue(path)


# ---------------------------------------------------------------------------------------------- ledger


def test_a_lease_to_the_end_of_march_is_followed_in_the_next_fiscal_year() -> None:
    ends = pd.Series(pd.to_datetime(["2027-03-30", "2027-03-31", "2027-04-01", "2027-12-31", "2028-03-31", None]))
    assert due_year(ends)[:5].tolist() == [2026, 2027, 2027, 2027, 2028]
    assert np.isnan(due_year(ends)[5])


@pytest.mark.parametrize(
    ("text", "hour"),
    [("8:30", 8.5), ("08:45:00", 8.75), ("８時３０分", 8.5), ("17時", 17.0), ("0830", 8.5), ("17", 17.0), ("8.5", 8.5), ("24:00", 24.0)],
)  # fmt: skip
def test_hours_as_people_write_them(text: str, hour: float) -> None:
    assert clock(text) == pytest.approx(hour)


@pytest.mark.parametrize("text", ["", "朝", "25:00", "8:75", "-1", "8:30 頃"])
def test_hours_that_are_none(text: str) -> None:
    assert np.isnan(clock(text))


def test_what_the_ledger_lacks_is_filled_and_marked() -> None:
    rows = rows_of(
        {"km_day": 30.0, "leaves": "8:30", "returns": "夕方"},
        {"annual_km": np.nan, "km_day": 30.0, "days_per_year": 200.0, "km_longest": np.nan, "lease_end": pd.NaT},
        {"annual_km": np.nan, "odometer_km": 40_000.0, "seats": np.nan, "fuel": None},
        {"annual_km": np.nan, "days_per_year": np.nan, "first_year": np.nan, "lease_end": pd.NaT, "vehicle_class": None, "fuel_l": 300.0},
        {"vehicle": "V000"},
        {"vehicle": None, "fuel": "hybrid", "fuel_l": 350.0, "days_per_year": np.nan, "km_day": 49.0},
    )  # fmt: skip
    found, findings = cars_of(rows, PLAIN, COUNTS, 2026, "車.csv")
    assert [(one.code, one.row) for one in findings] == [("fleet.twice", 6), ("fleet.bad_hour", 2)]
    assert found["vehicle"].tolist() == ["V000", "V001", "V002", "V003", "#7"]
    assert found["annual_km"].tolist() == [4900, 6000, 8000, 4900, 4900]
    assert found["km_day"].tolist() == pytest.approx([30, 30, 8000 / 245, 20, 49])
    assert found["days_per_year"].tolist() == [245, 200, 245, 245, 100]
    assert found["km_longest"].tolist() == [60, 90, 60, 60, 60]
    assert found["seats"].tolist() == [5, 5, 5, 5, 5]
    assert found["leaves"].tolist() == [8.5, 9, 9, 9, 9]
    assert found["returns"].tolist() == [17.0] * 5
    assert found["held"].tolist() == ["lease", "own", "lease", "own", "lease"]
    # 31 March 2028 is followed by FY2028; bought in 2021 and used for ten years; nobody knows.
    assert found["natural_year"].tolist()[:3] == [2028, 2031, 2028]
    assert np.isnan(found["natural_year"][3])
    assert found["power"].tolist() == ["petrol", "petrol", "petrol", "petrol", "hev"]
    assert found["next_generation"].tolist() == [False] * 4 + [True]
    assert found["passenger"].tolist() == [True, True, True, False, True]
    assert found["km_per_l"].iloc[4] == pytest.approx(14.0)
    # Distance by assumption over litres says nothing of the engine.
    assert np.isnan(found["km_per_l"].iloc[3])
    assert found["filled"].iloc[1] == "load_kg,annual_km,km_longest,leaves,returns"
    assert set(found["filled"].iloc[2].split(",")) >= {"power", "seats", "annual_km", "km_day"}
    assert set(found["filled"].iloc[3].split(",")) >= {"vehicle_class", "days_per_year", "annual_km", "natural_year"}


def test_no_day_is_longer_than_the_longest_and_an_empty_ledger_is_none() -> None:
    assert cars({"km_day": 80.0, "km_longest": 60.0})["km_longest"].tolist() == [80.0]
    assert len(cars_of(rows_of({}).iloc[:0], PLAIN, COUNTS, 2026)[0]) == 0
    assert cars_of(pd.DataFrame({"vehicle": ["a"], "facility_id": [None]}), PLAIN, COUNTS, 2026)[0]["vehicle_class"].tolist() == ["other"]  # fmt: skip


# ---------------------------------------------------------------------------------------------- fitting


def test_range_in_winter_by_hand() -> None:
    table = models(
        model(),
        model(power="phev", battery_kwh=10.0, usable_share=0.8, km_per_l=20.0, tank_range_km=600.0),
        model(power="hev", battery_kwh=0.0, km_per_l=22.0, tank_range_km=800.0),
    )
    # 0.15 × 1.2 + 1 kW / 25 km/h
    assert winter_kwh_per_km(table, PLAIN)[0] == pytest.approx(0.22)
    # 40 × 0.9 × 0.85 × 0.8 / 0.22, and of the PHEV 10 × 0.8 × 0.85 × 0.8 / 0.22
    assert electric_range(table, PLAIN) == pytest.approx([24.48 / 0.22, 5.44 / 0.22, 0.0])
    assert winter_range(table, PLAIN) == pytest.approx([24.48 / 0.22, 5.44 / 0.22 + 480.0, 640.0])


def test_why_a_model_does_not_fit() -> None:
    longest = 24.48 / 0.22
    table = models(
        model(), model(key="kei", body="kei_passenger", seats=4.0), model(key="p", power="petrol", km_per_l=15.0)
    )
    found = cars(
        {"km_longest": longest}, {"km_longest": longest + 0.01}, {"seats": 6.0}, {"vehicle_class": "kei_passenger", "seats": 4.0},
        {"vehicle_class": "fire"}, {"load_kg": 10.0, "seats": 8.0, "km_longest": 900.0},
    )  # fmt: skip
    fits = fit(found, table, COUNTS, PLAIN)
    assert fits.fits[:, 0].tolist() == [True, False, False, True, False, False]
    assert fits.fits[:, 1].tolist() == [False, False, False, True, False, False]
    assert not fits.fits[:, 2].any()
    assert fits.reasons(1, 0) == ("range",)
    assert fits.reasons(2, 0) == ("seats",)
    assert fits.reasons(0, 1) == ("body", "seats")
    assert fits.reasons(5, 0) == ("seats", "load", "range")
    assert fits.nearest().tolist() == [0, 0, 0, 0, -1, 0]
    # Of five seats with a long range and of eight with a short one, the nearest for nine seats is the latter.
    two = models(model(battery_kwh=90.0), model(key="van", seats=8.0))
    assert fit(cars({"seats": 9.0}), two, COUNTS, PLAIN).nearest().tolist() == [1]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_of_the_first_power_that_fits_the_cheapest(data: st.DataObject) -> None:
    powers = data.draw(st.lists(st.sampled_from(COUNTS), min_size=1, max_size=6))
    groups = data.draw(
        st.sampled_from([(("ev",), ("phev",), ("fcv",), ("hev",)), (("hev",), ("ev", "phev")), (COUNTS,)])
    )
    seats = [data.draw(st.integers(2, 8)) for _ in powers]
    table = models(
        *(
            model(power=power, seats=float(s), km_per_l=20.0, tank_range_km=500.0)
            for power, s in zip(powers, seats, strict=True)
        )
    )
    found = cars({"seats": 4.0, "km_longest": 30.0}, {"seats": 7.0, "km_longest": 200.0})
    fits = fit(found, table, COUNTS, PLAIN)
    cost = np.array([[data.draw(st.integers(1, 5)) for _ in powers] for _ in range(2)], dtype=float)
    got = choose(fits, table, cost, groups)
    for car in range(2):
        wanted = -1
        for group in groups:
            those = [k for k, power in enumerate(powers) if power in group and fits.failed[car, k] == 0]
            if those:
                wanted = min(those, key=lambda k: (cost[car, k], k))
                break
        assert got[car] == wanted


# ---------------------------------------------------------------------------------------------- money


def test_cost_of_an_ev_by_hand() -> None:
    assumed = assumptions_of(None, {"electricity_yen_kwh": 30.0, "electricity_kg_kwh": 0.4, "winter_share": 0.25, "charge_efficiency": 0.8, "discount_rate": 0.04, "charger_yen": 1_000_000.0})  # fmt: skip
    found = costs_of(cars({"annual_km": 8000.0}), models(model()), np.array([False]), assumed)
    kwh = 8000.0 * (0.75 * 0.15 + 0.25 * 0.22) / 0.8
    running = kwh * 30.0 + 40_000.0 + 10_000.0
    assert found.kwh[0, 0] == pytest.approx(kwh)
    assert found.co2_t[0, 0] == pytest.approx(kwh * 0.4 / 1000.0)
    capital = 2_500_000.0 + 1_000_000.0 * 8.0 / 10.0
    worth = sum(1.04**-k for k in range(1, 9))
    assert found.tco_yen[0, 0] == pytest.approx(capital + running * worth)
    assert found.yearly_yen[0, 0] == pytest.approx(capital / worth + running)
    assert found.upfront_yen[0, 0] == 3_500_000.0
    assert found.holding_yen[0, 0] == 2_500_000.0 / 8.0
    leased = costs_of(cars({"annual_km": 8000.0}), models(model()), np.array([True]), assumed)
    lease = 12 * 40_000.0 - 500_000.0 / 8.0
    assert leased.tco_yen[0, 0] == pytest.approx(800_000.0 + (running + lease) * worth)
    assert (leased.upfront_yen[0, 0], leased.lease_yen[0, 0]) == (1_000_000.0, lease)


def test_energy_of_the_other_powers_by_hand() -> None:
    assumed = assumptions_of(None, {"winter_share": 0.0, "charge_efficiency": 1.0, "petrol_yen_l": 150.0, "diesel_yen_l": 130.0, "hydrogen_yen_kg": 1000.0, "discount_rate": 0.0})  # fmt: skip
    table = models(
        model(power="phev", battery_kwh=10.0, usable_share=0.8, km_per_l=20.0, tank_range_km=600.0),
        model(power="fcv", battery_kwh=0.0, h2_kg_per_km=0.01, tank_range_km=600.0),
        model(power="hev", battery_kwh=0.0, km_per_l=25.0, tank_range_km=600.0),
        model(power="diesel", battery_kwh=0.0, km_per_l=10.0),
    )
    found = costs_of(cars({"annual_km": 10_000.0, "days_per_year": 200.0}), table, np.array([False]), assumed)
    # 50 km a day, of which 5.44 / 0.22 km on the battery, on four days of five.
    share = 0.8 * (5.44 / 0.22) / 50.0
    assert found.kwh[0] == pytest.approx([10_000 * share * 0.15, 0, 0, 0])
    assert found.fuel_l[0] == pytest.approx([10_000 * (1 - share) / 20.0, 0, 400, 1000])
    assert found.h2_kg[0] == pytest.approx([0, 100, 0, 0])
    assert found.energy_yen[0, 1:] == pytest.approx([100_000, 60_000, 130_000])
    assert found.co2_t[0, 2:] == pytest.approx([0.4 * 2.32, 2.58])
    # Without interest the yearly cost is the mean.
    assert found.yearly_yen == pytest.approx(found.tco_yen / 8.0)
    own = costs_of(cars({"annual_km": 10_000.0}), table, np.array([False]), assumed, np.array([12.5]))
    assert own.fuel_l[0, 3] == pytest.approx(800.0)


def test_a_car_is_compared_with_one_of_its_own_kind() -> None:
    table = models(
        model(key="ev"), model(key="p5", power="petrol", km_per_l=15.0, price_yen=1.5e6), model(key="p8", power="petrol", seats=8.0, km_per_l=11.0, price_yen=2.5e6),
        model(key="d5", power="diesel", km_per_l=15.0, price_yen=1.4e6),
    )  # fmt: skip
    found = cars({}, {"seats": 7.0}, {"seats": 10.0}, {"fuel": "diesel"}, {"vehicle_class": "fire"})
    assert references(found, table).tolist() == [1, 2, 2, 3, -1]


def test_years_of_one_car_by_hand() -> None:
    assumed = assumptions_of(None, {"discount_rate": 0.0, "early_share": 0.5, "extension_share": 0.7, "charger_yen": 1_000_000.0})  # fmt: skip
    table = models(
        model(), model(power="petrol", battery_kwh=0.0, km_per_l=15.0, lease_yen_month=20_000.0, subsidy_yen=0.0)
    )
    one = cars({})
    leased = np.array([True])
    costs = costs_of(one, table, leased, assumed)
    new, old = costs.pick(np.array([0])), costs.pick(np.array([1]))
    years = (2026, 2027, 2028, 2029, 2030)
    plan = schedule_of(np.array([2028.0]), leased, old, new, years, assumed)
    run, lease = float(old.running_yen[0]), 240_000.0
    eac = float(new.yearly_yen[0])
    assert plan.early_yen[0].tolist() == [240_000.0, 120_000.0, 0, 0, 0]
    assert plan.late_yen[0].tolist() == pytest.approx([0, 0, 0, 168_000.0, 336_000.0])
    assert plan.off_yen[0] == pytest.approx([240_000.0, 120_000.0, 0, 168_000.0, 336_000.0, 504_000.0])
    kept_years = [run + lease, run + lease, *[run + 0.7 * lease] * 3]
    wanted = [sum(kept_years[:k]) + eac * (5 - k) + (240_000.0, 120_000.0, 0.0, 0.0, 0.0)[k] for k in range(5)]
    assert plan.cost_yen[0] == pytest.approx([*wanted, sum(kept_years)])
    fee = 480_000.0 - 62_500.0
    assert plan.spend_yen[0, 1] == pytest.approx([0, 1_000_000.0 + 120_000.0 + fee, fee, fee, fee])
    saved = float(old.co2_t[0] - new.co2_t[0])
    assert plan.saved_t[0] == pytest.approx([saved * k for k in (5, 4, 3, 2, 1, 0)])
    bought = schedule_of(np.array([np.nan]), ~leased, old, new, years, assumed)
    assert not bought.off_yen.any()


# ---------------------------------------------------------------------------------------------- fiscal years


def schedule(rng: np.random.Generator, n: int, t: int) -> Schedule:
    """A schedule of random round numbers."""
    years = tuple(range(2026, 2026 + t))
    cost = rng.integers(0, 40, (n, t + 1)).astype(float)
    off = rng.integers(0, 9, (n, t + 1)).astype(float)
    saved = rng.integers(0, 5, (n, 1)) * np.arange(t, -1, -1.0)
    first, yearly = rng.integers(1, 8, n), rng.integers(0, 3, n)
    spend = np.triu(np.ones((t, t)))[None] * yearly[:, None, None].astype(float)
    spend[:, np.arange(t), np.arange(t)] += first[:, None]
    return Schedule(years, cost, off, spend, saved, np.zeros((n, t)), np.zeros((n, t)))


def spending(plan: Schedule, years: NDArray[np.int64] | tuple[int, ...]) -> NDArray[np.float64]:
    t = len(plan.years)
    return np.sum([plan.spend_yen[k, y] for k, y in enumerate(years) if y < t] or [np.zeros(t)], axis=0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["due", "cost", "co2"]), st.booleans())
def test_small_programmes_are_the_best_of_all(seed: int, objective: Any, narrow: bool) -> None:
    rng = np.random.default_rng(seed)
    n, t = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    plan = schedule(rng, n, t)
    counted = rng.random(n) < 0.8
    need = int(counted.sum()) if rng.random() < 0.6 else int(rng.integers(0, counted.sum() + 1))
    budgets = {year: float(rng.integers(0, 12)) for year in plan.years if rng.random() < 0.8}
    per_year = int(rng.integers(0, 3)) if narrow else None
    asked = Asked(plan, need, counted, budgets, per_year, objective)
    found = plan_years(asked, ENDS)
    value = {"due": -plan.off_yen, "cost": -plan.cost_yen, "co2": plan.saved_t}[objective]

    def allowed(years: tuple[int, ...], money: dict[int, float], most: int | None) -> bool:
        spent = spending(plan, years)
        rich = all(spent[k] <= money[year] + 1e-9 for k, year in enumerate(plan.years) if year in money)
        return rich and (most is None or all(years.count(k) <= most for k in range(t)))

    def replaced(years: tuple[int, ...]) -> int:
        return sum(bool(counted[k]) and y < t for k, y in enumerate(years))

    every = list(itertools.product(range(t + 1), repeat=n))
    possible = [years for years in every if allowed(years, budgets, per_year)]
    most = max(replaced(years) for years in possible)
    assert found.reached >= min(need, most)
    assert allowed(tuple(found.year.tolist()), budgets, per_year)
    assert replaced(tuple(found.year.tolist())) == found.reached
    worth = [sum(value[k, y] for k, y in enumerate(years)) for years in possible if replaced(years) >= min(need, most)]
    assert sum(value[k, y] for k, y in enumerate(found.year.tolist())) == pytest.approx(max(worth), abs=1e-4)
    if most >= need:
        assert found.short == ()
        assert np.isnan(found.least_yen)
        return
    rich = max(replaced(years) for years in every if allowed(years, {}, per_year)) >= need
    free = max(replaced(years) for years in possible_without(every, allowed, budgets)) >= need
    wanted = (
        ("together",)
        if rich and free
        else tuple(name for name, ok in (("cars_per_year", rich), ("budget", free)) if not ok)
    )
    # A rule is named where it forbids the target by itself.
    assert found.short == (wanted or ("together",))
    if found.short != ("cars_per_year",):
        limit = None if "cars_per_year" in found.short else per_year
        least = min(
            float(spending(plan, years).max())
            for years in every
            if replaced(years) >= need and allowed(years, {}, limit)
        )
        assert found.least_yen == pytest.approx(least, rel=0.011, abs=1.0)


def possible_without(every: list[tuple[int, ...]], allowed: Callable[..., bool], budgets: dict[int, float]) -> list[tuple[int, ...]]:  # fmt: skip
    return [years for years in every if allowed(years, budgets, None)]


@pytest.mark.parametrize("seconds", [0.02, 0.6])
def test_where_the_budget_falls_short_as_many_as_can_be_are_replaced(seconds: float) -> None:
    n, t = 90, 5
    plan = schedule(np.random.default_rng(3), n, t)
    # What a car that is bought in the year costs; prices that do not divide the budget.
    price = np.random.default_rng(4).integers(150, 400, n).astype(float)
    bought = replace(plan, spend_yen=np.eye(t)[None] * price[:, None, None])
    budget = 1500.0
    found = plan_years(
        Asked(bought, n, np.ones(n, dtype=bool), dict.fromkeys(plan.years, budget)), Limits(1e-3, seconds)
    )
    # The cheapest one after the other into the first year that has room.
    left, greedy = np.full(t, budget), 0
    for one in np.sort(price):
        fits = np.flatnonzero(left >= one)
        if len(fits):
            left[fits[0]] -= one
            greedy += 1
    assert (spending(bought, found.year) <= budget + 1e-6).all()
    assert found.reached == int((found.year < t).sum())
    if seconds > 0.5:
        assert found.reached >= greedy > 20
        assert found.short == ("budget",)
        assert found.least_yen >= price.sum() / t


def test_a_search_hears_a_cancel() -> None:
    plan = schedule(np.random.default_rng(1), 60, 5)
    asked = Asked(plan, 60, np.ones(60, dtype=bool), dict.fromkeys(plan.years, 60.0))

    def stop(share: float, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        plan_years(asked, ENDS, stop)


def test_progress_goes_one_way_to_its_end() -> None:
    told: list[float] = []
    rows = rows_of(*({"lease_end": pd.NaT, "first_year": 2010.0} for _ in range(6)))
    rules = replace(default_rules(), budget_yen=4e6)
    fleet_of(rows, rules, PLAIN, shipped_catalogue(), {}, lambda share, _what: told.append(share))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


# ---------------------------------------------------------------------------------------------- the whole


def whole(rows: pd.DataFrame, **change: Any) -> FleetResult:
    rules = replace(default_rules(), gap=1e-6, **change)
    return fleet_of(rows, rules, assumptions_of(None, rules.values), shipped_catalogue(), {"001": "区役所"})


MIXED = (
    {}, {"lease_end": pd.Timestamp("2027-04-01")}, {"lease_end": pd.Timestamp("2031-03-31")}, {"lease_end": pd.Timestamp("2031-03-30")},
    {"lease_end": pd.Timestamp("2024-01-31")}, {"fuel": "electric"}, {"seats": 9.0}, {"vehicle_class": "fire"}, {"lease_end": pd.NaT, "first_year": np.nan},
    {"vehicle_class": "kei_passenger", "seats": 4.0, "facility_id": None, "base": "倉庫"}, {"seats": 8.0, "km_longest": 400.0},
)  # fmt: skip


def test_every_car_has_its_year_and_its_why() -> None:
    found = whole(rows_of(*MIXED))
    told = list(zip(found.cars["why"], found.cars["fiscal_year"].fillna(0).astype(int), strict=True))
    assert told == [
        ("natural", 2028), ("natural", 2027), ("early_target", 2030), ("natural", 2030), ("overdue", 2026), ("already", 0), ("no_substitute", 0),
        ("outside", 0), ("unknown_due", 2026), ("natural", 2028), ("natural", 2028),
    ]  # fmt: skip
    assert {code for code, _ in told} <= set(WHYS)
    assert found.cars["early_yen"].tolist()[2] > 0
    assert found.without["reasons"].tolist() == ["seats"]
    assert (
        found.head["passenger"],
        found.head["already"],
        found.head["target_cars"],
        found.head["lacking_models"],
    ) == (10, 1, 10, 1)
    assert found.head["share"] == pytest.approx(0.9)
    assert found.cars["model_power"].tolist()[10] == "hev"
    for frame, columns in ((found.cars, CARS), (found.years, YEARS), (found.bases, BASES)):
        assert tuple(frame.columns) == columns
    assert found.years["next_generation"].tolist() == [1, 3, 4, 7, 7, 9]
    assert found.years["replaced"].sum() == found.cars["why"].isin(REPLACED).sum() == 8
    assert found.bases["cars"].sum() == len(found.cars)
    assert set(zip(found.bases["facility_id"], found.bases["name"], strict=True)) == {("001", "区役所"), ("", "倉庫")}
    assert found.bases["kwh"].sum() == pytest.approx(found.years["kwh"].iloc[-1])
    assert "verify" in found.head


def test_what_makes_the_target_impossible_is_said_with_the_least_budget() -> None:
    rows = rows_of(*({"lease_end": pd.NaT, "first_year": 2010.0} for _ in range(6)))
    free = whole(rows)
    assert free.head["short"] == []
    price = free.cars["upfront_yen"].iloc[0]
    # Two cars in each of three years.
    poor = whole(rows, first_year=2028, last_year=2030, budget_yen=price)
    assert (poor.head["short"], poor.head["reached_cars"], poor.head["need_cars"]) == (["budget"], 3, 6)
    assert poor.head["least_yen"] == pytest.approx(2 * price)
    assert poor.years["spend_yen"].max() <= price
    assert (poor.cars["why"] == "kept").sum() == 3
    slow = whole(rows, first_year=2028, last_year=2030, cars_per_year=1)
    assert (slow.head["short"], slow.head["least_yen"]) == (["cars_per_year"], None)
    assert whole(rows, first_year=2028, last_year=2030, budget_yen=2 * price).head["short"] == []


def test_of_cars_that_are_alike_the_one_that_is_due_first_goes_first() -> None:
    rows = rows_of(*({"lease_end": pd.NaT, "first_year": year} for year in (2010.0, 2005.0, np.nan, 2008.0)))
    found = whole(rows.iloc[[0, 1, 3]], first_year=2028, last_year=2030, cars_per_year=1).cars
    assert list(zip(found["fiscal_year"], found["why"], strict=True)) == [
        (2030, "late"),
        (2028, "overdue"),
        (2029, "late"),
    ]
    last = whole(rows, first_year=2028, last_year=2031, cars_per_year=1).cars
    assert last["fiscal_year"].tolist() == [2030, 2028, 2031, 2029]
    assert last["why"].tolist() == ["late", "overdue", "unknown_due", "late"]


def test_a_car_that_is_electric_already_is_charged_from_the_first() -> None:
    found = whole(rows_of({"fuel": "electric", "km_longest": 900.0}, {"fuel": "hybrid"}, {}))
    assumed = assumptions_of(None)
    assert electric_frame(found, assumed, 2020)["vehicle"].tolist() == ["V000"]
    assert electric_frame(found, assumed, 2028)["vehicle"].tolist() == ["V000", "V002"]
    assert found.years["kwh"].iloc[0] == pytest.approx(found.cars["kwh"].iloc[0])


def test_without_a_counterpart_nothing_is_said_to_be_saved() -> None:
    table = shipped_catalogue()
    table = table[~table["power"].isin(["petrol", "diesel"])].reset_index(drop=True)
    found = fleet_of(rows_of({}, {"fuel": "electric"}), replace(default_rules(), objective="co2"), PLAIN, table, {})
    assert found.head["totals"]["without_reference"] == 1
    assert found.head["totals"]["replaced"] == 1
    assert found.years["saved_t"].tolist() == [0.0] * 6
    only = fleet_of(rows_of({"fuel": "hybrid"}), default_rules(), PLAIN, shipped_catalogue(), {})
    assert (only.head["share"], only.head["short"], only.head["totals"]["spend_yen"]) == (1.0, [], 0.0)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(MIXED), min_size=1, max_size=12), st.sampled_from([None, 3e6, 8e6]), st.sampled_from(["lease", "purchase", "as_held"]))  # fmt: skip
def test_no_budget_is_broken_and_nobody_is_lost(told: list[dict[str, Any]], budget: float | None, way: Any) -> None:
    found = whole(rows_of(*told), budget_yen=budget, way=way)
    assert len(found.cars) == len(told)
    if budget is not None:
        assert (found.years["spend_yen"].iloc[1:] <= budget + 1e-3).all()
    assert found.years["next_generation"].is_monotonic_increasing
    replaced = found.cars["fiscal_year"].notna()
    assert (found.cars["why"][replaced].isin(REPLACED)).all()
    assert found.cars["model"][replaced].ne("").all()
    assert found.years["spend_yen"].sum() == pytest.approx(found.head["totals"]["spend_yen"])


def test_a_result_is_kept_and_comes_back_the_same() -> None:
    found = whole(rows_of(*MIXED, {"vehicle": "V000"}), budget_yen=9e6, sharing=True, values={"petrol_yen_l": 200.0})
    assert found.findings
    head, frames = kept(found)
    back = from_kept(json.loads(json.dumps(head, allow_nan=False)), frames)
    assert kept(back)[0] == head
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(getattr(back, name), frame)
    assert back.findings == found.findings


def test_sharing_is_a_line_of_its_own() -> None:
    car = sharing_of_car(
        assumptions_of(
            None, {"share_hours": 1000.0, "share_use": 0.2, "share_price_yen_h": 700.0, "share_cost_yen": 40_000.0}
        )
    )
    assert car == {"hours": 200.0, "revenue_yen": 140_000.0, "cost_yen": 40_000.0, "net_yen": 100_000.0}
    with_it, without = whole(rows_of(*MIXED), sharing=True), whole(rows_of(*MIXED))
    net = with_it.head["sharing"]["net_yen"]
    assert with_it.years["sharing_yen"].tolist() == [net * count for count in with_it.years["next_generation"]]
    assert without.years["sharing_yen"].isna().all()
    assert with_it.head["totals"] == without.head["totals"]


# ---------------------------------------------------------------------------------------------- of a plan


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """An example whose ledger of vehicles has one car at each of three facilities."""
    made = example_plan(tmp_path_factory.mktemp("例"), 12)
    names = made.facilities["name"].tolist()[:3]
    frame = rows_of(*({"base": name} for name in names)).drop(columns="facility_id")
    return replace(
        made, registers=Registers({"vehicles": RegisterRead(frame, {"vehicle": "登録番号", "base": "配置施設"})})
    )


def test_electric_cars_of_a_plan(plan: Plan) -> None:
    found = plan_fleet(plan)
    assert found.cars["facility_id"].tolist() == plan.facilities["facility_id"].tolist()[:3]
    none, all_ = electric_cars(plan, found, 2027), electric_cars(plan, found, 2028)
    assert tuple(all_.columns) == ELECTRIC == tuple(none.columns)
    assert (len(none), len(all_)) == (0, 3)
    assert all_["v2x"].dtype == bool
    pd.testing.assert_frame_equal(all_, electric_cars(plan, None, 2030))
    pd.testing.assert_frame_equal(all_, electric_cars(plan, default_rules(), 2030))
    row, entry = all_.iloc[0], found.catalogue.set_index("key").loc[all_["model"].iloc[0]]
    assert row["battery_kwh"] == entry["battery_kwh"]
    assert row["charge_kw"] == entry["charge_ac_kw"]
    assert (row["leaves"], row["returns"]) == (9.0, 17.0)
    pd.testing.assert_frame_equal(electric_frame(found, assumptions_of(plan.profile), 2028), all_)


def test_a_plan_without_cars(plan: Plan) -> None:
    with pytest.raises(PlanError, match=r"fleet\.no_ledger"):
        plan_fleet(replace(plan, registers=Registers()))
