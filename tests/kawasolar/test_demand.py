"""Demand of facilities: by their meters, their bill, their floor; and the command line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.progress import Cancelled
from kawasolar.cli import EXIT_INPUT, EXIT_OK, EXIT_WRITE, run_command
from kawasolar.demand import bundled_templates, demand_of, estimate, metered_year, shape_of
from kawasolar.demand.estimate import COLUMNS, MAX_FACILITIES, NOTES, SOURCES
from kawasolar.demand.rows import KINDS
from kawasolar.half_hours import COUNT, SLOTS, fiscal_year
from kawasolar.meters import MeterSeries, load_of, write_store
from kawasolar.plan import InputFile
from kawasolar.project import save_plan
from kawasolar.words import LANGUAGES, catalogue
from tests.kawasolar.meter_files import OTHER_POINT, POINT, known
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from kawasolar.plan import Plan

YEAR = fiscal_year(2026)
TABLES = bundled_templates()
SCHOOL = TABLES.kind("school")


def meter(values: pd.Series | np.ndarray, begin: str = "", point: str = POINT) -> MeterSeries:
    """A meter of these half hours."""
    start = pd.Timestamp(begin) if begin else values.index[0]
    return MeterSeries(point, "", start.tz_localize("Asia/Tokyo"), np.asarray(values, dtype=np.float64))


def latest(values: pd.Series) -> np.ndarray:
    """What pandas says of the same: of each date and half hour the last value, April first, without 29 February."""
    day = pd.Series(values.to_numpy(), index=values.index.strftime("%m-%d %H:%M"))
    found = day.groupby(level=0).last()
    return found.reindex(pd.date_range("2026-04-01", periods=COUNT, freq="30min").strftime("%m-%d %H:%M")).to_numpy()


# ---------------------------------------------------------------------------------------------- meters


@pytest.mark.parametrize(
    ("begin", "days"),
    [("2025-04-01", 365), ("2023-11-20", 400), ("2024-02-10", 365), ("2024-02-29", 366), ("2023-03-01", 366)],
)
def test_a_year_of_a_meter_is_put_in_the_order_of_its_dates(begin: str, days: int) -> None:
    """Whatever day it begins, and whether or not it has a 29 February."""
    year = known(begin, days)
    found = metered_year([meter(year)], SCHOOL)
    assert found is not None
    expected = latest(year.iloc[-366 * SLOTS :])
    gaps = np.isnan(expected)
    np.testing.assert_array_equal(found.kwh[~gaps], expected[~gaps])
    # A year that has a 29 February in it lacks one other day.
    assert gaps.sum() in (0, SLOTS)
    assert found.filled == gaps.mean()
    assert not found.part_year


def test_the_last_day_may_end_before_midnight() -> None:
    """Its evening is then that of a year before; nothing is made up."""
    year = known("2024-06-01", 400).iloc[:-17]
    found = metered_year([meter(year)], SCHOOL)
    assert found is not None
    assert found.filled == 0.0
    np.testing.assert_array_equal(found.kwh, latest(year.iloc[-366 * SLOTS :]))


def test_the_highest_half_hour_survives() -> None:
    year = known()
    year.loc["2025-07-15 13:30"] = 99.5
    year.loc["2025-07-15 13:00"] = np.nan
    year.loc["2025-09-01":"2025-09-03"] = np.nan
    load, found = load_of([meter(year)]), metered_year([meter(year)], SCHOOL)
    assert load is not None
    assert found is not None
    at = int(found.kwh.argmax())
    assert 2.0 * found.kwh[at] == load.peak_kw == 199.0
    assert str(YEAR.dates[at // SLOTS]) == "2026-07-15"
    assert at % SLOTS == 27


def test_a_gap_takes_what_is_usual_on_such_days() -> None:
    """One figure for each month, type of day and half hour: what is taken out comes back."""
    index = known().index
    holidays = pd.to_datetime(["2025-05-05", "2025-05-06"])
    off = (index.day_of_week == 6) | index.normalize().isin(holidays)
    kind = np.where(off, 1, np.where(index.day_of_week == 5, 2, 3))
    year = pd.Series(100.0 * index.month + 10.0 * kind + (index.hour * 2 + index.minute // 30) / 48.0, index)
    whole = latest(year)
    for begin, end in (
        ("2025-05-08 09:00", "2025-05-09 17:30"),
        ("2025-05-10 00:00", "2025-05-11 23:30"),
        ("2025-05-06 12:00", "2025-05-06 12:00"),
    ):
        lacking = year.copy()
        lacking.loc[begin:end] = np.nan
        found = metered_year([meter(lacking)], TABLES.kind("other"))
        assert found is not None
        np.testing.assert_allclose(found.kwh, whole)
        assert found.filled == pytest.approx(lacking.isna().mean())
        assert not found.part_year


def test_a_half_hour_that_no_such_day_has_is_that_of_other_days_of_the_month() -> None:
    year = known()
    year[:] = year.index.month
    year[(year.index.month == 10) & (year.index.day_of_week == 5) & (year.index.hour == 3)] = np.nan
    found = metered_year([meter(year)], TABLES.kind("other"))
    assert found is not None
    np.testing.assert_array_equal(found.kwh.reshape(-1, SLOTS)[:, 7], YEAR.month)
    assert not found.part_year


def test_months_that_nobody_measured_are_the_template_at_the_level_of_the_others() -> None:
    shape = shape_of(SCHOOL, fiscal_year(2025))
    year = pd.Series(200_000.0 * shape, known().index)
    found = metered_year([meter(year.loc["2025-06-01":"2025-09-30"])], SCHOOL)
    assert found is not None
    assert found.part_year
    assert found.filled == pytest.approx(1.0 - 122.0 / 365.0)
    np.testing.assert_array_equal(found.kwh[61 * SLOTS : 183 * SLOTS], year.loc["2025-06-01":"2025-09-30"])
    # The dates of the year before have other weekdays; the energy of the year is nearly the same.
    assert found.kwh.sum() == pytest.approx(200_000.0, rel=0.02)


def test_several_meters_are_added_in_the_half_hours_that_all_have() -> None:
    one, two = known(), known(seed=9)
    two.loc["2025-05-01 10:00"] = np.nan
    found = metered_year([meter(one), meter(two, point=OTHER_POINT)], SCHOOL)
    assert found is not None
    expected = latest(one + two)
    there = ~np.isnan(expected)
    np.testing.assert_allclose(found.kwh[there], expected[there])
    assert found.filled == pytest.approx(1.0 / COUNT)


def test_meters_without_a_figure() -> None:
    assert metered_year([meter(np.full(96, np.nan), "2025-04-01")], SCHOOL) is None
    assert metered_year([meter(np.ones(SLOTS), "2024-02-29")], SCHOOL) is None
    apart = [meter(np.ones(SLOTS), "2024-05-01"), meter(np.ones(SLOTS), "2024-06-01", OTHER_POINT)]
    assert metered_year(apart, SCHOOL) is None
    nought = metered_year([meter(np.zeros(SLOTS), "2024-05-01")], SCHOOL)
    assert nought is not None
    assert (nought.kwh == 0.0).all()


@given(
    st.dates(pd.Timestamp("2023-01-01").date(), pd.Timestamp("2025-12-31").date()), st.integers(0, 47), st.integers(1, 500 * SLOTS),
    st.lists(st.tuples(st.integers(0, 500 * SLOTS), st.integers(1, 3000)), max_size=4),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_what_was_measured_stays(day: object, slot: int, length: int, gaps: list[tuple[int, int]]) -> None:
    """Any period with any gaps: the last year's figures are where their dates are, and the others are counted and not below nought."""
    begin = pd.Timestamp(str(day)) + slot * pd.Timedelta(minutes=30)
    values = pd.Series(1.0 + np.arange(length) % 977, pd.date_range(begin, periods=length, freq="30min"))
    for at, long in gaps:
        values.iloc[at : at + long] = np.nan
    found = metered_year([meter(values, str(begin))], SCHOOL)
    measured = values.dropna()
    measured = measured[~((measured.index.month == 2) & (measured.index.day == 29))]
    if measured.empty:
        assert found is None
        return
    assert found is not None
    assert (found.kwh >= 0.0).all()
    # A half hour of the last 365 days whose date no later one has.
    last = values.last_valid_index()
    recent = measured[measured.index > last - pd.Timedelta(days=365)]
    keys = pd.date_range("2026-04-01", periods=COUNT, freq="30min").strftime("%m-%d %H:%M")
    at = pd.Series(np.arange(COUNT), keys)[recent.index.strftime("%m-%d %H:%M")].to_numpy()
    np.testing.assert_array_equal(found.kwh[at], recent.to_numpy())
    assert round((1.0 - found.filled) * COUNT) >= len(recent)


# ---------------------------------------------------------------------------------------------- what a facility has


def ledger(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"facility_id": [str(k) for k in range(len(next(iter(columns.values()))))], **columns})  # type: ignore[arg-type]


def test_the_sum_is_the_bill_and_the_shape_is_the_kinds() -> None:
    bills = [141_419.0, 1_000_000.0, 0.0, 7.25]
    found = estimate(ledger(kind=["school", "office", "hall", "park"], annual_kwh=bills), {}, TABLES, YEAR)
    assert found.kwh.dtype == np.float32
    assert found.kwh.shape == (4, COUNT)
    np.testing.assert_allclose(found.kwh.astype(np.float64).sum(axis=1), bills, rtol=1e-6)
    np.testing.assert_allclose(found.kwh[1] / bills[1], shape_of(TABLES.kind("office"), YEAR), rtol=1e-5)
    frame = found.facilities
    assert tuple(frame.columns) == COLUMNS
    assert frame["source"].tolist() == ["bill"] * 4
    assert frame["annual_kwh"].tolist() == bills
    assert frame["estimated"].all()
    np.testing.assert_allclose(frame["peak_kw"], 2.0 * found.kwh.max(axis=1))
    assert frame["load_factor"].iloc[0] == pytest.approx(bills[0] / 8760.0 / (2.0 * found.kwh[0].max()))
    assert np.isnan(frame["load_factor"].iloc[2])
    np.testing.assert_array_equal(found.of("3"), found.kwh[3])
    with pytest.raises(KeyError):
        found.of("4")


def test_without_a_bill_the_floor_tells_and_without_either_nobody_knows() -> None:
    nan = float("nan")
    facilities = ledger(
        kind=["school", "water_works", "office", None, None, "castle"], annual_kwh=[nan, nan, nan, 500.0, nan, nan],
        floor_area_m2=[6000.0, 800.0, nan, 10.0, 100.0, 100.0],
    )  # fmt: skip
    found = estimate(facilities, {}, TABLES, YEAR)
    assert found.facilities["source"].tolist() == ["area", "none", "none", "bill", "none", "none"]
    assert found.facilities["note"].tolist() == [
        "",
        "no_intensity",
        "no_area",
        "kind_unknown",
        "kind_unknown",
        "kind_unknown",
    ]
    assert found.facilities["annual_kwh"].iloc[0] == 6000.0 * TABLES.intensities["school"].kwh_m2
    assert found.facilities["estimated"].tolist() == [True, False, False, True, False, False]
    nobody = found.facilities["source"] == "none"
    assert found.facilities.loc[nobody, ["annual_kwh", "peak_kw", "load_factor"]].isna().all(axis=None)
    assert not found.kwh[nobody.to_numpy()].any()
    np.testing.assert_allclose(found.kwh[3], 500.0 * shape_of(TABLES.kind("other"), YEAR), rtol=1e-5)
    # A ledger that has none of it.
    bare = estimate(facilities[["facility_id"]], {}, TABLES, YEAR)
    assert bare.facilities["source"].unique().tolist() == ["none"]
    assert estimate(facilities.iloc[:0], {}, TABLES, YEAR).kwh.shape == (0, COUNT)


def test_meters_come_before_the_bill() -> None:
    own = metered_year([meter(known())], SCHOOL)
    part = metered_year([meter(known(days=60))], SCHOOL)
    assert own is not None
    assert part is not None
    facilities = ledger(kind=["school"] * 3, annual_kwh=[1.0, 2.0, 3.0], contract_kw=[1.0, 1000.0, np.nan])
    found = estimate(facilities, {"0": own, "1": part}, TABLES, YEAR)
    frame = found.facilities
    assert frame["source"].tolist() == ["meter", "meter", "bill"]
    assert frame["estimated"].tolist() == [False, True, True]
    assert frame["note"].tolist() == ["", "part_year", ""]
    assert frame["annual_kwh"].iloc[0] == pytest.approx(known().sum())
    assert frame["peak_kw"].iloc[0] == pytest.approx(2.0 * known().max(), rel=1e-7)
    assert frame["filled"].iloc[1] == pytest.approx(305.0 / 365.0)
    # What is measured need not agree with the contract; what is estimated is looked at.
    assert [(finding.item, finding.code) for finding in found.findings] == [("1", "demand.peak_below_contract")]


def test_an_estimate_that_the_contract_contradicts_is_told_and_left() -> None:
    peak = 2.0 * 100_000.0 * float(shape_of(SCHOOL, YEAR).max())
    contract = [peak, peak / 1.29, peak / 1.31, peak / 0.41, peak / 0.39, 0.0]
    found = estimate(
        ledger(kind=["school"] * 6, annual_kwh=[100_000.0] * 6, contract_kw=contract, name=["小学校"] * 6),
        {},
        TABLES,
        YEAR,
    )
    assert [(finding.item, finding.code) for finding in found.findings] == [
        ("2", "demand.peak_above_contract"),
        ("4", "demand.peak_below_contract"),
    ]
    assert found.findings[0].details["ratio"] == pytest.approx(1.31)
    np.testing.assert_array_equal(found.kwh, np.repeat(found.kwh[:1], 6, axis=0))


def test_one_thousand_facilities_share_their_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind's shape is worked out once, however many facilities have it; a cancel is heard between two kinds."""
    asked: list[str] = []

    def counted(kind: object, year: object) -> np.ndarray:
        asked.append(kind.template.kind)  # type: ignore[attr-defined]
        return shape_of(kind, year)  # type: ignore[arg-type]

    monkeypatch.setitem(estimate.__globals__, "shape_of", counted)
    many = ledger(kind=[KINDS[k % 3] for k in range(1000)], annual_kwh=np.arange(1000.0))
    found = estimate(many, {}, TABLES, YEAR)
    assert sorted(asked) == sorted(KINDS[:3])
    np.testing.assert_allclose(found.kwh[::97].astype(np.float64).sum(axis=1), np.arange(1000.0)[::97], rtol=1e-6)

    def stop(share: float, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        estimate(many, {}, TABLES, YEAR, stop)
    with pytest.raises(ValueError, match="facilities"):
        estimate(pd.concat([many] * (MAX_FACILITIES // 1000 + 1)), {}, TABLES, YEAR)


# ---------------------------------------------------------------------------------------------- of a plan


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path]:
    """A plan whose second facility has two meters, and whose third has no bill."""
    folder = tmp_path_factory.mktemp("demand")
    plan = example_plan(folder, 12)
    facilities = plan.facilities.copy()
    second = str(facilities["facility_id"].iloc[1])
    facilities.loc[facilities.index[2], "annual_kwh"] = np.nan
    # A kind that floors tell nothing of, without a bill.
    facilities.loc[facilities.index[3], ["kind", "annual_kwh"]] = ["park", np.nan]
    store = folder / "30分値.parquet"
    named = [
        replace(meter(known(seed=seed), point=point), name=second) for seed, point in ((5, POINT), (9, OTHER_POINT))
    ]
    write_store(named, store, ["m.csv"])
    plan = replace(plan, facilities=facilities, inputs=(*plan.inputs, InputFile("meters", str(store), 1, "0" * 64)))
    file = folder / "plan.kawasolar"
    save_plan(plan, file)
    return plan, file


def test_demand_of_a_plan(project: tuple[Plan, Path]) -> None:
    plan, _ = project
    found = demand_of(plan)
    assert found.year.year == plan.profile.plan_year
    assert found.facilities["facility_id"].tolist() == plan.facilities["facility_id"].tolist()
    assert found.facilities["source"].tolist() == ["bill", "meter", "area", "none", *["bill"] * 8]
    both = known(seed=5) + known(seed=9)
    np.testing.assert_allclose(found.kwh[1], latest(both), rtol=1e-6)
    some = demand_of(plan, [str(plan.facilities["facility_id"].iloc[k]) for k in (5, 1)], year=2030)
    assert some.year.year == 2030
    assert some.facilities["facility_id"].tolist() == plan.facilities["facility_id"].iloc[[1, 5]].tolist()
    np.testing.assert_array_equal(some.kwh[0], found.kwh[1])


def test_the_command_tells_all(project: tuple[Plan, Path], capsys: pytest.CaptureFixture[str]) -> None:
    plan, file = project
    assert run_command(["-q", "demand", str(file), "--json"]) == EXIT_OK
    told = json.loads(capsys.readouterr().out)
    assert told["fiscal_year"] == plan.profile.plan_year
    rows = told["facilities"]
    found = demand_of(plan).facilities
    assert [row["source"] for row in rows] == found["source"].tolist()
    assert [row["name"] for row in rows] == plan.facilities["name"].tolist()
    assert rows[1]["peak_kw"] == pytest.approx(2.0 * (known(seed=5) + known(seed=9)).max(), rel=1e-4)
    assert rows[3]["annual_kwh"] is None
    for language, words in (("ja", ("30分値 1", "年間使用量から推計 9", "不明 1", "この用途は床面積からは推計しない")), ("en", ("1 by meters", "9 estimated from bills", "not estimated from its floor area"))):  # fmt: skip
        assert run_command(["-q", "--lang", language, "demand", str(file)]) == EXIT_OK
        out = capsys.readouterr().out
        assert len(out.splitlines()) == 13
        assert all(word in out for word in words)


def test_the_command_tells_one(project: tuple[Plan, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, file = project
    names = plan.facilities["facility_id"].astype(str).tolist()
    assert run_command(["-q", "demand", str(file), names[1], "--json", "--month", "9"]) == EXIT_OK
    one = json.loads(capsys.readouterr().out)
    both = known(seed=5) + known(seed=9)
    expected = [float(both[both.index.month == month].sum()) for month in (*range(4, 13), 1, 2, 3)]
    np.testing.assert_allclose(one["months_kwh"], expected, atol=0.06)
    assert max(one["months_peak_kw"]) == pytest.approx(one["peak_kw"])
    assert (one["week_month"], len(one["week_kw"]), len(one["week_kw"][0])) == (9, 24, 7)
    assert run_command(["-q", "--lang", "ja", "demand", str(file), names[2]]) == EXIT_OK
    out = capsys.readouterr().out
    assert "床面積当たり" in out
    assert len(out.splitlines()) == 1 + 2 + 1 + 12 + 1 + 1 + 24
    assert run_command(["-q", "--lang", "en", "demand", str(file), names[3]]) == EXIT_OK
    assert len(capsys.readouterr().out.splitlines()) == 1
    own = tmp_path / "own.toml"
    own.write_text(
        '[[load_intensities]]\nkind = "library"\nkwh_m2 = 10.0\nlow = 8.0\nhigh = 12.0\nsource_ja = "自館の実績"\nsource_en = "our own"\nhow_sure = "primary"\n',
        "utf-8",
    )
    assert run_command(["-q", "--lang", "ja", "demand", str(file), names[2], "--loads", str(own)]) == EXIT_OK
    assert "自館の実績" in capsys.readouterr().out
    assert run_command(["-q", "demand", str(file), "--loads", str(file)]) == EXIT_INPUT
    capsys.readouterr()
    assert run_command(["demand", str(file), "nobody"]) == EXIT_INPUT
    assert "nobody" in capsys.readouterr().err


def test_half_hours_as_a_table(project: tuple[Plan, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, file = project
    out = tmp_path / "half.csv"
    assert run_command(["-q", "demand", str(file), "--csv", str(out), "--year", "2027"]) == EXIT_OK
    table = pd.read_csv(out)
    assert table.shape == (COUNT, 13)
    assert table.columns[0] == "30分間の始め"
    assert table.columns[1] == f"{plan.facilities['facility_id'].iloc[0]} {plan.facilities['name'].iloc[0]} [kWh]"
    begins = pd.to_datetime(table.iloc[:, 0])
    # Fiscal year 2027 has a 29 February, and the table does not.
    assert [str(begins.iloc[0]), str(begins.iloc[-1])] == ["2027-04-01 00:00:00", "2028-03-31 23:30:00"]
    assert begins.is_monotonic_increasing
    np.testing.assert_allclose(table.iloc[:, 1], demand_of(plan, year=2027).kwh[0], atol=6e-5)
    assert table.iloc[:, 4].isna().all()
    assert (
        run_command(["-q", "demand", str(file), str(plan.facilities["facility_id"].iloc[1]), "--csv", str(out)])
        == EXIT_OK
    )
    assert pd.read_csv(out).shape == (COUNT, 2)
    before = file.read_bytes()
    assert run_command(["-q", "demand", str(file), "--csv", str(file)]) == EXIT_WRITE
    assert file.read_bytes() == before
    capsys.readouterr()


def test_every_code_has_words_and_every_word_a_code() -> None:
    root = Path(__file__).resolve().parents[2] / "kawasolar"
    paths = [*(root / "demand").glob("*.py"), root / "cli_demand.py"]
    named = set(re.findall(r'"(demand\.[a-z_]+)"', "".join(path.read_text("utf-8") for path in paths)))
    made = {f"demand.source.{source}" for source in SOURCES} | {f"demand.note.{note}" for note in NOTES}
    made |= {f"demand.weekday.{day}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    made |= {f"demand.peak_{side}_contract" for side in ("above", "below")} | {
        "demand.template",
        "demand.intensity",
        "demand.week_hour",
    }
    made |= {"demand.column.begin", "demand.column.kwh"}
    have = {code for code in catalogue() if code.startswith("demand.")}
    assert named | made == have
    assert "stage.demand" in catalogue()
    for code in have:
        fields = [set(re.findall(r"\{(\w+)", catalogue()[code][language])) for language in LANGUAGES]
        assert fields[0] == fields[1], code
