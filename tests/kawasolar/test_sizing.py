"""Sizes: ladders, a battery against plain Python and a linear programme, what is chosen and why, and a size that is taken over."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.__main__ import main
from kawasolar.document import edits, size_edits
from kawasolar.document.edits import Author
from kawasolar.document.entries import apply, inverse
from kawasolar.errors import PlanError
from kawasolar.finance import Options, Terms, compare
from kawasolar.finance.of_plan import site_of
from kawasolar.half_hours import COUNT, fiscal_year
from kawasolar.keeping import kept, modules_within
from kawasolar.project import load_project, save_project
from kawasolar.roof_bill import roof_bill
from kawasolar.self_use import self_use_by_size
from kawasolar.sizing import Asked, Battery, Sizes, Wants, choose, sizes_of
from kawasolar.sizing.battery import trace, years_of_sizes
from kawasolar.sizing.ladder import THRESHOLDS
from kawasolar.sizing.tables import most_kw
from kawasolar.sizing.words import asked_text, note_texts, threshold_texts, why_text
from kawasolar.stages import bring_up_to_date, with_edit
from kawasolar.use import flows_of
from kawasolar.words import LANGUAGES
from tests.support.town import project_of, small_town

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from kawasolar.plan import Project

BY = Author("係", "規模の検討")
YEAR = fiscal_year(2026)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Five facilities with a flat roof each; never changed."""
    return project_of(small_town(tmp_path_factory.mktemp("町")), tmp_path_factory.mktemp("計画"))


@pytest.fixture(scope="module")
def sizes(project: Project) -> Sizes:
    return sizes_of(project.plan)


# ---------------------------------------------------------------------------------------------- which modules stay


planes = st.lists(st.tuples(st.integers(0, 60), st.floats(100, 1500)), min_size=1, max_size=8)


@given(planes, st.integers(1, 10), st.integers(0, 400))
def test_what_stays_is_never_worse_lit_than_all(roof: list[tuple[int, float]], least: int, most: int) -> None:
    held, light = (np.array(part) for part in zip(*roof, strict=True))
    stay = kept(held, light, most, least)
    assert (stay <= held).all()
    assert stay.sum() <= max(most, 0)
    assert ((stay == held) | (stay == 0) | (stay >= least)).all()
    # At most one plane in part, and less than a plane's least is left undone.
    assert ((stay > 0) & (stay < held)).sum() <= 1
    assert min(most, held.sum()) - stay.sum() < least
    if stay.sum():
        assert stay @ light / stay.sum() >= held @ light / held.sum() - 1e-9
    every = kept(held, light, np.arange(held.sum() + 1), least)
    np.testing.assert_array_equal(every[min(most, held.sum())], stay)
    assert (np.diff(every, axis=0) >= 0).all()


def test_whole_modules() -> None:
    assert modules_within(49.5, 440.0) == 112
    assert modules_within(112 * 440 / 1000, 440.0) == 112
    assert [modules_within(kw, 500.0) for kw in (0.4, 0.5, 0.99)] == [0, 1, 1]
    assert kept([4, 6], [900.0, 1200.0], 7, 4).tolist() == [0, 6]
    assert kept([4, 6], [900.0, 1200.0], 7, 1).tolist() == [1, 6]


# ---------------------------------------------------------------------------------------------- the battery


def by_hand(load: NDArray[np.float64], roof: NDArray[np.float64], battery: Battery) -> dict[str, list[float]]:
    """The same in plain Python, written from the words of the task and not from the kernel."""
    way, full = battery.efficiency**0.5, battery.capacity_kwh * battery.usable
    floor = full * battery.reserve
    inside, told = floor, {name: [] for name in ("charged", "discharged", "stored", "surplus", "imported")}  # type: dict[str, list[float]]
    for need, sun in zip(load.tolist(), roof.tolist(), strict=True):
        over, short = max(sun - need, 0.0), max(need - sun, 0.0)
        into = min(over, battery.power_kw / 2, (full - inside) / way)
        out = max(min(short - battery.limit_kw / 2, battery.power_kw / 2, (inside - floor) * way), 0.0)
        inside += into * way - out / way
        for name, value in (
            ("charged", into),
            ("discharged", out),
            ("stored", inside),
            ("surplus", over - into),
            ("imported", short - out),
        ):
            told[name].append(value)
    return told


batteries = st.builds(
    Battery, st.floats(0, 200), st.floats(0, 100), st.floats(0.5, 1.0), st.floats(0.1, 1.0), st.floats(0, 1), st.sampled_from([0.0, 0.0, 4.0, 20.0]),
)  # fmt: skip


def small(seed: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    sun = np.clip(np.sin((np.arange(count) % 48 - 12) / 24 * np.pi), 0, None)
    return rng.gamma(2.0, 3.0, count), sun * rng.uniform(0, 40, count)


@settings(deadline=None)
@given(st.integers(0, 2**31), batteries)
def test_energy_is_conserved_in_each_half_hour(seed: int, battery: Battery) -> None:
    load, roof = small(seed, 480)
    found = trace(load, roof, battery)
    left = load + found.charged + found.surplus - roof - found.discharged - found.imported
    assert np.abs(left).max() <= 1e-6
    way = np.sqrt(battery.efficiency)
    before = np.concatenate([[battery.bounds[0]], found.stored[:-1]])
    assert np.abs(before + way * found.charged - found.discharged / way - found.stored).max() <= 1e-6
    low, high = battery.bounds[:2]
    assert (found.stored >= low - 1e-9).all()
    assert (found.stored <= high + 1e-9).all()
    for series in (found.charged, found.discharged, found.surplus, found.imported):
        assert series.min() >= -1e-9
        assert series.max() <= max(load.max(), roof.max()) + 1e-9
    assert max(found.charged.max(), found.discharged.max()) <= battery.power_kw / 2 + 1e-9
    for name, told in by_hand(load, roof, battery).items():
        np.testing.assert_allclose(getattr(found, name), told, atol=1e-9)


def best_import(load: NDArray[np.float64], roof: NDArray[np.float64], battery: Battery) -> float:
    """Least that can be drawn from the grid by whoever knows the future: charged from the roof only, nothing sold from the battery."""
    count, way = len(load), float(np.sqrt(battery.efficiency))
    low, high = (float(end) for end in battery.bounds[:2])
    most = battery.power_kw / 2
    model = highspy.Highs()
    model.silent()
    into = [model.addVariable(0, min(most, max(float(roof[t] - load[t]), 0.0))) for t in range(count)]
    out = [model.addVariable(0, min(most, max(float(load[t] - roof[t]), 0.0))) for t in range(count)]
    inside = [model.addVariable(low, high) for _ in range(count)]
    for t in range(count):
        before = inside[t - 1] if t else low
        model.addConstr(inside[t] == before + way * into[t] - (1 / way) * out[t])
    model.maximize(sum(out))
    return float(np.maximum(load - roof, 0.0).sum() - model.getObjectiveValue())


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.floats(1, 60), st.floats(2, 40), st.floats(0.6, 1.0))
def test_nobody_who_knows_the_future_draws_less(seed: int, kwh: float, kw: float, efficiency: float) -> None:
    """Without a limit on peaks greed is the best that there is: energy that waits gains nothing."""
    load, roof = small(seed, 96)
    battery = Battery(kwh, kw, efficiency, 0.9, 0.1)
    found = trace(load, roof, battery)
    assert found.imported.sum() == pytest.approx(best_import(load, roof, battery), abs=1e-5)
    shaving = trace(load, roof, replace(battery, limit_kw=10.0))
    assert shaving.imported.sum() >= found.imported.sum() - 1e-9


def test_a_year_by_hand() -> None:
    """10 kWh over at noon each day, 8 kWh needed in the evening; nine tenths usable of 10 kWh, no loss, no reserve."""
    day_load, day_roof = np.zeros(48), np.zeros(24)
    day_load[36:44] = 1.0
    day_roof[12] = 10.0
    load, hourly = np.tile(day_load, 365)[None], np.tile(day_roof, 365)[None]
    prices, which = np.full((1, COUNT), 20.0), np.zeros(1, np.int64)
    shares = np.array([[0.5, 1.0]])
    found = years_of_sizes(load, hourly, shares, YEAR, prices, which, Battery(10.0, 20.0, 1.0, 0.9))
    np.testing.assert_allclose(found.delivered_kwh[0], [365 * 5, 365 * 8])
    np.testing.assert_allclose(found.surplus_kwh[0], [0, 365 * 2 - 1])
    np.testing.assert_allclose(found.saved_yen[0], 20.0 * found.delivered_kwh[0])
    np.testing.assert_allclose(found.stored_kwh[0], [0, 1])
    np.testing.assert_allclose(found.month_peaks[0, 1], 0.0, atol=1e-9)
    np.testing.assert_allclose(found.month_peaks[0, 0], 2.0)
    bare = years_of_sizes(load, hourly, shares, YEAR, prices, which)
    np.testing.assert_allclose(bare.delivered_kwh, 0.0)


def test_without_a_battery_it_is_self_use() -> None:
    rng = np.random.default_rng(5)
    load = rng.gamma(2.0, 5.0, (3, COUNT)).astype(np.float32)
    hourly = np.clip(rng.normal(5, 20, (3, 8760)), 0, None)
    shares = np.linspace(0.1, 1.0, 4)
    prices, which = rng.uniform(10, 30, (2, COUNT)), np.array([0, 1, 0])
    found = years_of_sizes(load, hourly, np.tile(shares, (3, 1)), YEAR, prices, which)
    np.testing.assert_allclose(found.delivered_kwh, self_use_by_size(load, hourly, shares.tolist()), rtol=1e-9)
    np.testing.assert_allclose(found.produced_kwh - found.surplus_kwh, found.delivered_kwh, rtol=1e-9)


# ---------------------------------------------------------------------------------------------- sizes of a plan


def test_ladders_rise_and_self_use_falls(sizes: Sizes) -> None:
    ladder = sizes.ladder
    for row in range(len(sizes.names)):
        real = ladder.real[row]
        kw, share = ladder.capacity_kw[row, real], ladder.share[row, real]
        assert (np.diff(kw) > 0).all()
        assert share[-1] == pytest.approx(1.0)
        # A smaller plant never has less energy a kW.
        assert (np.diff(share / kw) <= 1e-12).all()
        for key, sign in (
            ("self_use_ratio", -1),
            ("self_supply_ratio", 1),
            ("surplus_kwh", 1),
            ("co2_t", 1),
            ("peak_kw", -1),
        ):
            assert (
                sign * np.diff(sizes.figures[key][row, real]) >= -1e-7 * np.abs(sizes.figures[key][row, real]).max()
            ).all(), key
        for threshold in THRESHOLDS:
            if kw[-1] >= threshold:
                # The last module that fits below it.
                below = kw[kw < threshold].max()
                assert threshold - below <= kw[-1] / ladder.modules[row, real][-1] + 1e-9
    for values in sizes.figures.values():
        assert np.isnan(values[~ladder.real]).all()


def test_the_size_that_stands_has_the_figures_of_the_plan(project: Project, sizes: Sizes) -> None:
    plan, ladder = project.plan, sizes.ladder
    assert plan.use is not None
    use = plan.use.frame.set_index("facility_id")
    terms = Terms.of(plan.profile)
    for row, facility in enumerate(ladder.facility_ids):
        now = ladder.now[row]
        at = {key: float(values[row, now]) for key, values in sizes.figures.items()}
        assert at["self_use_ratio"] == pytest.approx(use["self_use_ratio"][facility], rel=1e-5)
        assert at["peak_kw"] == pytest.approx(use["peak_after_kw"][facility], rel=1e-5)
        bill = roof_bill(plan, *flows_of(plan, facility))
        if isinstance(bill, str):
            assert not sizes.by_tariff[row]
            continue
        site = site_of(plan, facility, bill.yen_per_kwh, demand_saving=bill.demand_yen)
        money = compare(site, terms, Options(sold=False), ("ppa", "purchase")).outcomes
        assert at["price"] == pytest.approx(float(money["ppa"].figures["unit"]), rel=1e-4)
        # The bill rounds each month's energy to a kWh.
        assert at["saving"] == pytest.approx(float(money["ppa"].figures["city_first"]), abs=2_000)


def test_a_battery_uses_more_and_costs(project: Project, sizes: Sizes) -> None:
    bought = sizes_of(project.plan, asked=Asked(Battery.of(project.plan.profile, 30.0)))
    real = sizes.ladder.real
    assert (bought.figures["self_use_kwh"] - sizes.figures["self_use_kwh"])[real].min() >= -1e-6
    assert (bought.figures["self_use_kwh"] - sizes.figures["self_use_kwh"])[real].max() > 100
    cells = 30.0 * Terms.of(project.plan.profile).number("battery")
    np.testing.assert_allclose((bought.figures["capex"] - sizes.figures["capex"])[real], cells)


def test_what_is_chosen_keeps_what_is_asked(sizes: Sizes) -> None:
    for wants in (
        Wants(self_use=0.5),
        Wants(self_use=0.9, payback=14.0),
        Wants("price", self_use=0.6),
        Wants("saving"),
        Wants("co2", payback=11.0),
    ):
        for row, choice in enumerate(choose(sizes, wants)):
            real = np.flatnonzero(sizes.ladder.real[row])
            ratio, years = sizes.figures["self_use_ratio"][row], sizes.figures["payback"][row]
            fits = [
                k for k in real
                if (wants.self_use is None or ratio[k] >= wants.self_use) and (wants.payback is None or years[k] <= wants.payback)
            ]  # fmt: skip
            if choice.size is None:
                assert not fits
                assert choice.decided == "none"
                continue
            assert choice.size in fits
            if wants.goal in ("largest", "co2"):
                assert choice.size == fits[-1]
                assert (choice.decided == "whole") == (choice.size == real[-1])
            else:
                key, sign = ("price", 1) if wants.goal == "price" else ("saving_npv", -1)
                figure = sign * sizes.figures[key][row]
                assert figure[choice.size] == pytest.approx(np.nanmin(figure[fits]))
            for language in LANGUAGES:
                assert why_text(language, sizes, row, choice)


def test_just_below_a_threshold_where_that_loses_little(sizes: Sizes) -> None:
    low = replace(sizes, high_voltage=np.zeros_like(sizes.high_voltage))
    row = int(np.argmax(low.ladder.capacity_kw[:, -1] >= 50.0))
    assert low.ladder.capacity_kw[row, -1] >= 50.0
    whole = choose(low, Wants("co2"))[row]
    bounded = choose(low, Wants("co2", below=1.0))[row]
    assert whole.decided == "whole"
    assert (bounded.decided, bounded.threshold) == ("below", 50.0)
    assert bounded.size is not None
    assert low.ladder.capacity_kw[row, bounded.size] < 50.0
    assert "50" in why_text("en", low, row, bounded)
    assert choose(low, Wants("co2", below=0.0))[row].size == whole.size
    # At high voltage it is an installation with a chief engineer anyway: nothing is gained.
    high = replace(sizes, high_voltage=np.ones_like(sizes.high_voltage))
    assert choose(high, Wants("co2", below=1.0))[row].size == whole.size
    assert threshold_texts("en", low, row) != threshold_texts("en", high, row)


def test_who_cannot_be_sized_is_told(project: Project, sizes: Sizes) -> None:
    plan = project.plan
    with pytest.raises(PlanError) as error:
        sizes_of(plan, ["999"])
    assert error.value.code == "edit.no_such_facility"
    assert plan.use is not None
    unknown = plan.use.frame.assign(source="none")
    with pytest.raises(PlanError) as error:
        sizes_of(replace(plan, use=replace(plan.use, frame=unknown)))
    assert error.value.code == "sizing.nobody"
    dense = with_edit(project, edits.set_value(project.entries, "s1", "pv.capacity", 2.0, BY)).plan
    with pytest.raises(PlanError) as error:
        sizes_of(dense)
    assert error.value.code == "sizing.by_density"
    half = unknown.assign(source=["none", *plan.use.frame["source"][1:]])
    found = sizes_of(replace(plan, use=replace(plan.use, frame=half)))
    first = str(half["facility_id"][0])
    assert found.left_out[first] == "sizing.no_use"
    assert len(found.names) == len(sizes.names) - 1
    for language in LANGUAGES:
        assert "1" in note_texts(language, plan, found)[-1]
        assert asked_text(language, found, Wants.of(plan.profile))


# ---------------------------------------------------------------------------------------------- taken over


def test_sizes_are_taken_over_in_one_edit_and_taken_back(project: Project, sizes: Sizes) -> None:
    middle = {row: int(np.flatnonzero(sizes.ladder.real[row])[8]) for row in range(len(sizes.names))}
    asked = most_kw(project.plan, sizes, middle)
    edit = size_edits.size(project.entries, "s1", asked, BY)
    assert len(edit.changes) == len(middle)
    done = bring_up_to_date(with_edit(project, edit))
    yields = done.plan.results.yields.set_index("facility_id")
    before = project.plan.results.yields.set_index("facility_id")
    for row, size in middle.items():
        facility = sizes.ladder.facility_ids[row]
        assert yields["modules"][facility] == sizes.ladder.modules[row, size]
        assert yields["capacity_kw"][facility] == pytest.approx(sizes.ladder.capacity_kw[row, size])
        # One flat plane: its modules see the same light; fewer of them stand behind others.
        assert yields["energy_kwh"][facility] == pytest.approx(sizes.figures["energy_kwh"][row, size], rel=0.02)
        assert yields["specific_yield"][facility] >= before["specific_yield"][facility] * 0.999
    # The ladder is the whole roof's still, and knows where it stands.
    again = sizes_of(done.plan)
    np.testing.assert_allclose(again.ladder.capacity_kw[:, -1], sizes.ladder.capacity_kw[:, -1])
    for row, size in middle.items():
        assert again.ladder.capacity_kw[row, again.ladder.now[row]] == pytest.approx(
            sizes.ladder.capacity_kw[row, size]
        )
    # Back to the whole roof: the bound is gone, and a choice beside it stays.
    whole = dict.fromkeys(middle, again.ladder.real.shape[1] - 1)
    assert set(most_kw(done.plan, again, whole).values()) == {None}
    beside = apply(done.entries, edits.lay_out(done.entries, "s1", ["001"], {"layout.gap": 0.05}, BY))
    freed = apply(beside, size_edits.size(beside, "s1", most_kw(done.plan, again, whole), BY))
    assert {key: entry["values"] for key, entry in freed.of_scenario("layouts", "s1").items()} == {
        "001": {"layout.gap": 0.05}
    }
    assert with_edit(done, inverse(edit)).entries.canonical() == project.entries.canonical()


@pytest.mark.parametrize("racks", [1.0, 3.0])
def test_a_bound_for_all_leaves_no_roof_above_it(project: Project, racks: float) -> None:
    made = with_edit(project, edits.set_value(project.entries, "s1", "layout.racks", racks, BY))
    whole = bring_up_to_date(made).plan.results.subarrays
    bounded = bring_up_to_date(with_edit(made, edits.set_value(made.entries, "s1", "layout.most_kw", 20.0, BY))).plan
    kw = bounded.results.yields["capacity_kw"]
    assert ((kw <= 20.0) & (kw > 19.0)).all()
    # Those that stay stood there before, and as many shapes as modules.
    before = {shape.wkb for row in whole.geometry for shape in row.geoms}
    for row in bounded.results.subarrays.itertuples():
        assert row.modules == len(row.geometry.geoms)
        assert {shape.wkb for shape in row.geometry.geoms} <= before
    assert (bounded.results.subarrays["behind"].max()) <= whole["behind"].max() + 1e-9


# ---------------------------------------------------------------------------------------------- the command line


def test_the_command_tells_takes_and_writes(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "計画.kawasolar"
    save_project(project, path)

    def told(*words: str) -> Any:
        assert main(["sizing", str(path), *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    every = told()
    assert every["wants"]["self_use"] == project.profile.number("sizing.self_use")
    assert [site["facility_id"] for site in every["sites"]] == project.plan.facilities["facility_id"].tolist()
    one = told("001", "--want", "price", "--want", "self_use=0.5", "--battery-kwh", "20", "--peak-kw", "5")
    assert (one["wants"]["goal"], one["wants"]["self_use"], one["battery"]["limit_kw"]) == ("price", 0.5, 5.0)
    assert len(one["sites"]) == 1
    for wrong in ("foo", "self_use=2", "self_use=x", "price=3", "payback=nan"):
        assert main(["sizing", str(path), "--want", wrong]) != 0
    capsys.readouterr()
    xlsx, table = tmp_path / "規模.xlsx", tmp_path / "規模.csv"
    assert main(["sizing", str(path), "001", "--want", "self_use", "--xlsx", str(xlsx), "--csv", str(table)]) == 0
    shown = capsys.readouterr().out
    assert "001" in shown
    assert "10 kW" in shown
    assert len(openpyxl.load_workbook(xlsx).sheetnames) == 2
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 2
    assert len(rows[0]) == len(rows[1])
    # Taken over.
    kw = every["sites"][0]["sizes"][5]["capacity_kw"]
    assert main(["edit", "layout", str(path), "001", "--most-kw", str(kw)]) == 0
    after = load_project(path).plan.results.yields.set_index("facility_id")
    assert after["capacity_kw"]["001"] == pytest.approx(kw)
    assert main(["edit", "layout", str(path), "001", "--most-kw", "-1"]) != 0
