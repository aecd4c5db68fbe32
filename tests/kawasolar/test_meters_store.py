"""Meters as a plan keeps them: the file, whose they are, and what a facility uses by them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.document import edits
from kawasolar.document.entries import Entries, apply
from kawasolar.errors import UnreadableMeters
from kawasolar.meters import MeterSeries, load_of, open_store, owners_of, read_all, write_store, write_tidy
from kawasolar.meters.load import together

START = pd.Timestamp("2025-04-01", tz="Asia/Tokyo")
YEAR = 365 * 48


def series(point: str, name: str, kwh: list[float] | np.ndarray, start: pd.Timestamp = START) -> MeterSeries:
    return MeterSeries(point, name, start, np.asarray(kwh, np.float64))


FIGURES = st.lists(st.one_of(st.floats(0, 500, width=32), st.just(float("nan"))), min_size=1, max_size=200)
METERS = st.lists(
    st.tuples(st.text(st.characters(codec="utf-8"), max_size=12), FIGURES, st.integers(0, 5000)),
    min_size=1,
    max_size=20,
)


@settings(max_examples=20, deadline=None)
@given(METERS)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, meters: list[tuple[str, list[float], int]]
) -> None:
    path = tmp_path_factory.mktemp("計画 の") / "30分値.parquet"
    made = [
        series(f"{k:022d}", name, kwh, START + begin * pd.Timedelta(minutes=30))
        for k, (name, kwh, begin) in enumerate(meters)
    ]
    write_store(made, path, ["四月.csv", "五月.csv"])
    store = open_store(path)
    assert store.sources == ("四月.csv", "五月.csv")
    assert store.points["key"].tolist() == [one.supply_point for one in made]
    some = [k for k in range(len(made)) if k % 3 == 0]
    for rows in (None, some):
        found = store.series(rows)
        asked = made if rows is None else [made[k] for k in rows]
        assert [one.start for one in found] == [one.start for one in asked]
        for one, was in zip(found, asked, strict=True):
            np.testing.assert_array_equal(one.kwh, was.kwh)


def test_newer_files_are_joined_to_what_is_kept(tmp_path: Path) -> None:
    kept, tidy = tmp_path / "kept.parquet", tmp_path / "五月.csv"
    write_store([series("0" * 22, "本庁舎", [1.0, 2.0, 3.0])], kept, ["四月.csv"])
    write_tidy([series("0" * 22, "本庁舎", [3.0, 4.0], START + pd.Timedelta(hours=1))], tidy)
    (found,), _, sources = read_all([kept, tidy])
    assert found.kwh.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert sources == ("四月.csv", "五月.csv")


def test_other_and_broken_files_are_refused_with_their_reason(tmp_path: Path) -> None:
    good, other = tmp_path / "m.parquet", tmp_path / "other.parquet"
    write_store([series(f"{k:022d}", "", np.arange(500.0) % 7) for k in range(3)], good)
    pd.DataFrame({"a": [1]}).to_parquet(other)
    text = tmp_path / "m.csv"
    text.write_text("a,b\n")
    for path, code in ((other, "meters.no_store"), (text, "meters.no_store"), (tmp_path / "none", "meters.missing")):
        with pytest.raises(UnreadableMeters) as caught:
            open_store(path)
        assert caught.value.code == code
    whole = good.read_bytes()
    rng = np.random.default_rng(7)
    for k in range(150):
        broken = bytearray(whole)
        if k % 3 == 0:
            broken = broken[: rng.integers(4, len(whole))]
        else:
            for place in rng.integers(4, len(whole), 1 + k % 5):
                broken[place] ^= int(rng.integers(1, 256))
        target = tmp_path / f"b{k}.parquet"
        target.write_bytes(bytes(broken))
        # A flipped bit may be a figure: then it is one that a meter can have.
        with suppress(UnreadableMeters):
            assert all(np.nanmin(one.kwh, initial=0.0) >= 0.0 for one in open_store(target).series())


def test_impossible_figures_are_not_taken_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    write_store([series("1", "", [1.0, -3.0])], path)
    with pytest.raises(UnreadableMeters) as caught:
        open_store(path).series()
    assert caught.value.code == "meters.store_damaged"


# ---------------------------------------------------------------------------------------------- whose


def test_a_meter_is_whose_name_it_bears_unless_a_person_says_otherwise() -> None:
    facilities = pd.DataFrame({"facility_id": ["1", "2", "3", "4"], "name": ["本庁舎", "若葉 小学校", "分館", "分館"]})
    points = pd.DataFrame(
        {
            "key": ["a", "b", "c", "d", "e"],
            "supply_point": ["a", "b", "c", "d", "e"],
            "name": ["若葉小学校(高圧)", "3", "分館", "", "本庁舎"],
        }
    )
    by = edits.Author("担当", "検針票")
    entries = apply(Entries(), edits.own_meters(Entries(), {"d": "1"}, by))
    entries = apply(entries, edits.own_meters(entries, {"e": ""}, by))
    found = owners_of(points, facilities, entries)
    assert found["facility_id"].tolist() == ["2", "3", "", "1", ""]
    assert found["how"].tolist() == ["name", "id", "", "person", "person"]
    back = apply(entries, edits.own_meters(entries, {"e": None}, by))
    assert owners_of(points, facilities, back)["how"].tolist()[-1] == "name"


# ---------------------------------------------------------------------------------------------- load


def test_several_meters_count_where_all_of_them_do_and_their_peaks_only_at_once() -> None:
    one, other = series("1", "", [1, 5, 2, np.nan]), series("2", "", [4, 1, 6], START + pd.Timedelta(minutes=30))
    whole = together([one, other])
    np.testing.assert_array_equal(whole.kwh, [np.nan, 9, 3, np.nan])
    load = load_of([one, other])
    assert load is not None
    assert (load.peak_kw, load.peak_at, load.meters) == (18.0, START + pd.Timedelta(minutes=30), 2)
    assert load_of([one, series("3", "", [1.0], START + pd.Timedelta(days=3))]) is None


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 3000))
def test_a_year_against_pandas(seed: int, more: int) -> None:
    rng = np.random.default_rng(seed)
    kwh = rng.gamma(2.0, 3.0, YEAR + more)
    kwh[rng.random(len(kwh)) < 0.02] = np.nan
    kwh[-1] = 1.0
    load = load_of([series("1", "", kwh)])
    assert load is not None
    table = pd.Series(kwh, pd.date_range(START, periods=len(kwh), freq="30min")).iloc[-YEAR:]
    assert load.whole_year == (not np.isnan(table.iloc[0]) or more > 0)
    table = table.loc[load.start :]
    assert load.annual_kwh == pytest.approx(table.mean() * 2 * 8760)
    assert load.peak_kw == pytest.approx(2 * table.max())
    assert load.peak_at == table.idxmax()
    hours = table.groupby([table.index.month, table.index.hour]).mean() * 2
    np.testing.assert_allclose(load.month_hour.ravel(), hours.to_numpy(), rtol=1e-5)
