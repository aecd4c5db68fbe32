"""When a kind of facility uses its electricity."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.demand import bundled_templates, day_types, shape_of
from kawasolar.demand.rows import CLOSED, DAYS, HOLIDAY, KINDS, OPEN, SATURDAY, VACATION, WEEKDAYS, Period, Span
from kawasolar.half_hours import COUNT, SLOTS, fiscal_year

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.demand.templates import Kind

YEAR = fiscal_year(2026)
# What every row has besides; of no account here.
CITED = {"source_ja": "", "source_en": "", "note_ja": "", "note_en": "", "how_sure": "verify", "low": None, "high": None, "coefficient": ""}  # fmt: skip


def days_of(name: str) -> np.ndarray:
    """The shape of a kind by days, [365, 48]."""
    return shape_of(bundled_templates().kind(name), YEAR).reshape(-1, SLOTS)


def on(date: str) -> int:
    return int(np.flatnonzero(YEAR.dates == np.datetime64(date))[0])


def typed(name: str, date: str) -> int:
    return int(day_types(bundled_templates().kind(name), YEAR.dates)[on(date)])


@pytest.mark.parametrize("name", KINDS)
def test_a_closed_day_has_the_base_load_and_nothing_else(name: str) -> None:
    kind = bundled_templates().kind(name)
    days, types = days_of(name), day_types(kind, YEAR.dates)
    closed = days[types == CLOSED]
    if not len(closed):
        assert name in ("fire_station", "waste_plant", "water_works", "housing", "park")
        return
    assert np.ptp(closed) == pytest.approx(0.0, abs=1e-18)
    # Nobody in the middle of a spring's working day would be told from it but by the base's share.
    level = max(row.level for row in kind.periods if "open" in row.days)
    power = kind.template.base_share + (1.0 - kind.template.base_share) * level
    april = days[(types == OPEN) & (YEAR.month == 5)].max(axis=1)
    assert closed[0, 0] / april.min() == pytest.approx(kind.template.base_share / power, rel=0.25)
    assert (closed[0, 0] <= days + 1e-18).all()


def test_types_of_days() -> None:
    assert typed("office", "2026-04-01") == OPEN
    assert typed("office", "2026-04-29") == HOLIDAY
    assert typed("office", "2026-09-22") == HOLIDAY
    assert typed("office", "2026-04-04") == SATURDAY
    assert typed("office", "2026-12-28") == OPEN
    assert typed("office", "2026-12-29") == typed("office", "2027-01-03") == CLOSED
    assert typed("office", "2027-01-04") == OPEN
    assert typed("fire_station", "2027-01-01") == HOLIDAY
    assert typed("school", "2026-07-22") == typed("school", "2026-08-31") == VACATION
    assert typed("school", "2026-07-20") == HOLIDAY
    assert typed("school", "2026-09-01") == OPEN
    assert typed("school", "2026-08-14") == CLOSED
    assert typed("school", "2026-12-25") == typed("school", "2027-01-07") == VACATION
    assert typed("school", "2026-04-02") == VACATION


def test_libraries_and_halls_close_on_mondays() -> None:
    for name in ("library", "hall"):
        types = day_types(bundled_templates().kind(name), YEAR.dates)
        mondays = np.flatnonzero(YEAR.weekday == 0)
        holidays = {
            on(date)
            for date in (
                "2026-05-04",
                "2026-07-20",
                "2026-09-21",
                "2026-10-12",
                "2026-11-23",
                "2027-01-11",
                "2027-03-22",
            )
        }
        assert all(types[day] == (HOLIDAY if day in holidays else CLOSED) for day in mondays)
        # The next day that is no holiday is closed instead: after a row of them the day behind it.
        for date in ("2026-05-07", "2026-07-21", "2026-09-24", "2026-10-13", "2026-11-24", "2027-01-12", "2027-03-23"):
            assert typed(name, date) == CLOSED, date
        assert typed(name, "2026-05-05") == HOLIDAY
        assert typed(name, "2026-05-08") == OPEN


def test_some_mondays_of_a_month() -> None:
    kind = bundled_templates().kind("library")
    kind = replace(kind, template=replace(kind.template, closed_weeks=("1", "3"), on_holiday="open"), spans=())
    types = day_types(kind, YEAR.dates)
    closed = YEAR.dates[types == CLOSED].tolist()
    assert all(day.weekday() == 0 and (day.day - 1) // 7 in (0, 2) for day in closed)
    assert dt.date(2026, 6, 1) in closed
    assert dt.date(2026, 7, 20) not in closed
    kind = replace(kind, template=replace(kind.template, on_holiday="closed"))
    assert day_types(kind, YEAR.dates)[on("2026-07-20")] == CLOSED


def test_a_span_over_new_year() -> None:
    kind = bundled_templates().kind("park")
    span = Span(kinds=("park",), day="closed", begin="12-20", end="01-10", **CITED)
    types = day_types(replace(kind, spans=(span,)), YEAR.dates)
    expected = [day for day in YEAR.dates.tolist() if dt.date(2026, 12, 20) <= day <= dt.date(2027, 1, 10)]
    assert YEAR.dates[types == CLOSED].tolist() == expected


def test_a_school_uses_less_in_its_vacation() -> None:
    days, types = days_of("school").sum(axis=1), day_types(bundled_templates().kind("school"), YEAR.dates)
    july = YEAR.month == 7
    term, vacation = days[july & (types == OPEN)], days[july & (types == VACATION)]
    assert vacation.max() < 0.6 * term.min()
    # Air conditioning: more in July than in May, more in January than in October.
    for hot, mild in ((7, 5), (1, 10)):
        more, less = (days[(YEAR.month == month) & (types == OPEN)].mean() for month in (hot, mild))
        assert more > 1.15 * less


@pytest.mark.parametrize(("name", "least"), [("waste_plant", 0.9), ("water_works", 0.75), ("fire_station", 0.4)])
def test_what_runs_day_and_night_is_flat(name: str, least: float) -> None:
    days = days_of(name)
    assert days.min() / days.max() > least
    weekday = np.bincount(YEAR.weekday, weights=days.sum(axis=1), minlength=7) / np.bincount(YEAR.weekday)
    assert np.ptp(weekday) < 0.02 * weekday.mean()


def test_hours_open_and_close_smoothly() -> None:
    """A ramp of an hour lies half before the hour and half after it: together they are what an edge would be."""
    kind = bundled_templates().kind("office")
    kind = replace(kind, template=replace(kind.template, cooling=0.0, heating=0.0))
    day = shape_of(kind, YEAR).reshape(-1, SLOTS)[on("2026-05-12")]
    base, full = day[0], day[10 * 2]
    begin = int(8.5 * 2)
    assert day[begin - 2] == base
    assert base < day[begin - 1] < day[begin] < full
    assert day[begin - 1] + day[begin] == pytest.approx(base + full)
    sharp = shape_of(replace(kind, template=replace(kind.template, ramp_h=0.0)), YEAR).reshape(-1, SLOTS)[
        on("2026-05-12")
    ]
    assert sharp[begin - 1] / sharp[begin] == pytest.approx(kind.template.base_share)


@st.composite
def kinds(draw: st.DrawFn) -> Kind:
    """Any kind that the reader would let in."""
    some = st.floats(0.0, 1.0)
    base = bundled_templates().kind("school")
    template = replace(
        base.template, base_share=draw(st.floats(0.01, 1.0)), cooling=draw(st.floats(0.0, 5.0)), heating=draw(st.floats(0.0, 5.0)), ramp_h=draw(st.floats(0.0, 4.0)),
        closed_weekdays=tuple(draw(st.sets(st.sampled_from(WEEKDAYS)))), closed_weeks=tuple(draw(st.sets(st.sampled_from("12345")))),
        on_holiday=draw(st.sampled_from(("closed", "open", "moves"))),
    )  # fmt: skip
    cuts = sorted(draw(st.lists(st.floats(0.0, 24.0), unique=True, max_size=6)))
    days = tuple(draw(st.sets(st.sampled_from(DAYS[:CLOSED]), min_size=1)))
    periods = tuple(
        Period(kind="school", days=days, begin_h=begin, end_h=end, level=draw(some), **CITED)
        for begin, end in pairwise(cuts)
    )
    spans = tuple(
        Span(kinds=("school",), day=draw(st.sampled_from(("vacation", "closed"))), begin=draw(st.sampled_from(("01-01", "04-01", "12-31"))),
             end=draw(st.sampled_from(("03-31", "08-15", "12-31"))), **CITED)
        for _ in range(draw(st.integers(0, 2)))
    )  # fmt: skip
    course = replace(base.course, cooling_peak_h=24.0 * draw(some), heating_peak_h=24.0 * draw(some), swing=draw(some))
    return replace(base, template=template, periods=periods, spans=spans, course=course)


@given(kinds(), st.integers(2024, 2031))
@settings(max_examples=60, deadline=None)
def test_any_kind_has_a_shape(kind: Kind, year: int) -> None:
    shape = shape_of(kind, fiscal_year(year))
    assert shape.shape == (COUNT,)
    assert (shape >= 0.0).all()
    assert shape.sum() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.realdata
def test_load_factors_are_of_the_size_of_reference_buildings(realdata: Path) -> None:
    """DOE's shapes of American buildings: plausible, no more."""
    pairs = {
        "school": ("PrimarySchool", "SecondarySchool"),
        "office": ("SmallOffice", "LargeOffice"),
        "welfare": ("SmallOffice", "Outpatient"),
    }
    for name, references in pairs.items():
        factors = []
        for reference in references:
            hours = np.loadtxt(realdata / "load_doe" / f"crb8760_norm_Baltimore_{reference}.dat")
            factors.append(float(hours.mean() / hours.max()))
        shape = shape_of(bundled_templates().kind(name), YEAR)
        assert 0.7 * min(factors) < shape.mean() / shape.max() < 1.3 * max(factors), name
