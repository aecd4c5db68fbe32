"""Meter files with something wrong: what is refused by name, what is told, and that nothing is guessed or lost in silence."""

from __future__ import annotations

import time
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kawasolar.errors import UnreadableMeters
from kawasolar.meters import MeterReadings, read_meters, source
from kawasolar.reasons import finding_sentence, named_values
from kawasolar.words import LANGUAGES, catalogue, say
from tests.kawasolar.meter_files import (
    HEAD,
    POINT,
    RANGES,
    assert_same,
    clock,
    codes,
    known,
    minute,
    refused,
    rows_of,
    slash,
    told,
    wide,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

# ------------------------------------------------------------------------------------------------ refused by name


@pytest.mark.realdata
def test_the_demand_of_an_area_is_refused_by_name(realdata: Path) -> None:
    error = refused(realdata / "tepco_area_demand" / "juyo-2019.csv")
    assert error.code == "meters.is_area_demand"
    assert error.details["row"] == 3
    assert "エリア全体" in say("ja", error.code, **error.details)


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("meters.is_area_demand", ["2025/4/1 0:30 UPDATE", "ピーク時供給力(万kW),時間帯", "4000,14時", "", "DATE,TIME,当日実績(万kW)", "2025/4/1,0:00,2000"]),
        ("meters.is_area_demand", ["単位[MW平均],,,供給力", "DATE,TIME,エリア需要,原子力,火力", "2025/4/1,0:00,30000,0,20000"]),
        ("meters.is_market", ["受渡日,時刻コード,売り入札量(kWh),買い入札量(kWh),約定総量(kWh),システムプライス(円/kWh)", "2025/04/01,1,1,2,3,4"]),
        ("meters.is_imbalance", ["H,インバランス情報", "T,年月日,コマ,開始,終了,余剰量(kWh),不足量(kWh)", "D,20250401,1,0:00,0:30,1,2"]),
        ("meters.is_imbalance", ["H,2025", "T,年月日,コマ,電力量(kWh)", "D,20250401,1,5"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_tables_of_the_business_are_no_meters(tmp_path: Path, code: str, rows: list[str], encoding: str) -> None:
    assert refused(write(tmp_path / "30分値.csv", rows, encoding)).code == code


@pytest.mark.parametrize("damaged", ["2.2E+21", "3.00111E+20", "3.00111E20"])
@pytest.mark.parametrize("place", ["column", "title", "title cell"])
def test_a_supply_point_that_became_a_number_is_refused(tmp_path: Path, damaged: str, place: str) -> None:
    rows = {
        "column": [f"供給地点特定番号,{HEAD}", *(f"{damaged},{row}" for row in rows_of(known(days=1)))],
        "title": [f"供給地点特定番号：{damaged}", HEAD, *rows_of(known(days=1))],
        "title cell": [f"供給地点特定番号,{damaged}", HEAD, *rows_of(known(days=1))],
    }[place]
    error = refused(write(tmp_path / "a.csv", rows))
    assert error.code == "meters.point_damaged"
    assert error.details["found"] == damaged


def test_a_supply_point_that_is_a_number_in_a_workbook_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["供給地点特定番号", "日付", "コマ", "kWh"])
    book.active.append([300111234567890123456, "2025/4/1", 1, 2.5])
    book.save(tmp_path / "a.xlsx")
    assert refused(tmp_path / "a.xlsx").code == "meters.point_damaged"


def test_a_lost_nought_is_told(tmp_path: Path) -> None:
    rows = [f"供給地点特定番号,{HEAD}", *(f"{POINT[1:]},{row}" for row in rows_of(known(days=1)))]
    assert "meters.point_digits" in codes(read_meters(write(tmp_path / "a.csv", rows)))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "meters.empty"),
        (b"\r\n" * 10, "meters.empty"),
        (b"\0" * 10, "meters.empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "meters.is_pdf"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa">]><SBD-MSG/>', "meters.is_xml"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "meters.old_excel"),
        (bytes(range(256)) * 40, "meters.not_text"),
        (b"PK\x03\x04" + b"x" * 300, "meters.damaged"),
        ("議事録。本日は晴れ。\n第2回".encode(), "meters.unknown_layout"),
        (b"a,b,c\n1,2,3\n", "meters.unknown_layout"),
        ((HEAD + "\n").encode(), "meters.no_values"),
        ((HEAD + "\n2025/4/1,0:00,-\n2025/4/1,0:30,欠測\n").encode(), "meters.no_values"),
        ((HEAD + "\n4月1日,0:00,3.5\n").encode(), "meters.no_year"),
        ((HEAD + "\n2025/4/1,0:10,3.5\n").encode(), "meters.not_half_hours"),
        ((HEAD + "\n2025/4/1,0:00-0:10,3.5\n").encode(), "meters.not_half_hours"),
        ((HEAD + "\n2025/4/1,1,3.5\n2025/4/1,0:30,3.5\n").encode(), "meters.labels_mixed"),
        ((HEAD + "\n2025/4/1,0:00,3.5\n2055/4/1,0:30,3.5\n").encode(), "meters.span"),
        ((HEAD + '\n2025/4/1,0:00,"3.5\n').encode(), "meters.broken_quotes"),
        ((HEAD + "\n" + "1," * 600_000).encode(), "meters.long_line"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert refused(path).code == code


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("日時,積算電力量(kWh)", "meters.no_consumption"),
        ("日時,逆潮流電力量(kWh)", "meters.no_consumption"),
        ("日時,川崎小学校(kWh),多摩中学校(kWh)", "meters.several_columns"),
    ],
)
def test_columns_are_not_guessed(tmp_path: Path, head: str, code: str) -> None:
    year = known(days=2)
    rows = [f"{slash(stamp)} {clock(minute(stamp))},{value},{value}" for stamp, value in year.items()]
    assert refused(write(tmp_path / "a.csv", [head, *rows])).code == code


@pytest.mark.parametrize("layout", ["wide", "long"])
@pytest.mark.parametrize("first", [True, False])
def test_a_table_of_what_is_fed_in_is_left_out_and_told(tmp_path: Path, layout: str, first: bool) -> None:
    year, fed = known(days=3), known(days=3, seed=99)
    if layout == "wide":
        ours, other = ["使用電力量(kWh)", *wide(year, RANGES)], ["逆潮流電力量(kWh)", *wide(fed, RANGES)]
    else:
        ours, other = [HEAD, *rows_of(year)], [HEAD.replace("使用量", "逆潮流"), *rows_of(fed)]
    rows = [*other, "", *ours] if first else [*ours, "", *other]
    readings = read_meters(write(tmp_path / "a.csv", rows))
    assert_same(readings.series[0], year)
    assert told(readings, "meters.other_table")


def test_files_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(tmp_path / "none.csv").code == "meters.missing"
    assert refused(tmp_path).code == "meters.missing"
    path = write(tmp_path / "a.csv", [HEAD, *rows_of(known(days=1))])
    monkeypatch.setattr(source, "MAX_BYTES", 500)
    assert refused(path).code == "meters.too_large"


def test_a_sparse_file_of_many_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(50 * 2**30)
    begin = time.process_time()
    assert refused(path).code == "meters.too_large"
    assert time.process_time() - begin < 1.0


def test_a_million_empty_rows(tmp_path: Path) -> None:
    year = known(days=2)
    rows = [HEAD, *rows_of(year)]
    path = write(tmp_path / "a.csv", [*rows, *[""] * 1_000_000, *[",,,"] * 100_000])
    begin = time.process_time()
    assert_same(read_meters(path).series[0], year)
    assert time.process_time() - begin < 10.0


def test_a_million_rows_of_something_else_end_soon(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ["氏名,住所,電話", *["川崎 花子,川崎市,044"] * 1_000_000])
    begin = time.process_time()
    assert refused(path).code == "meters.unknown_layout"
    assert time.process_time() - begin < 10.0


def test_a_workbook_that_unpacks_to_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(700):
                part.write(b" " * 2**20)
    assert refused(path).code == "meters.bomb"


def test_entities_in_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", laughs)
    assert refused(path).code == "meters.unsafe_xml"


# ------------------------------------------------------------------------------------------------ fuzz


def sane(path: Path) -> None:
    """The file is read or refused with a code that has words; what is read is plausible."""
    refusal: UnreadableMeters | None = None
    readings = MeterReadings("", ())
    try:
        readings = read_meters(path)
    except UnreadableMeters as error:
        refusal = error
    if refusal is not None:
        assert refusal.code in catalogue()
        for language in LANGUAGES:
            values = named_values(language, refusal.code, refusal.details)
            assert say(language, refusal.code, **values) != refusal.code
    for series in readings.series:
        assert not (series.kwh < 0.0).any()
        assert not np.isinf(series.kwh).any()
        for finding in (*readings.findings, *series.findings):
            assert finding.code in catalogue()
            assert finding_sentence("ja", finding)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A wide file in cp932, a long one in UTF-8, a workbook."""
    folder = tmp_path_factory.mktemp("samples")
    year = known(days=3)
    book = openpyxl.Workbook()
    for row in [HEAD, *rows_of(year)]:
        book.active.append(row.split(","))
    book.save(folder / "a.xlsx")
    first = write(folder / "a.csv", ["供給地点特定番号：" + POINT, "使用量(kWh)", *wide(year, RANGES)], "cp932")
    second = write(folder / "b.csv", [HEAD, *rows_of(year)])
    return [path.read_bytes() for path in (first, second, folder / "a.xlsx")]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.integers(0, 2), cut=st.one_of(st.none(), st.floats(0.0, 1.0)),
    flips=st.lists(st.tuples(st.floats(0.0, 0.999), st.integers(0, 255)), max_size=12),
)  # fmt: skip
def test_cut_and_flipped_files(
    tmp_path: Path, samples: list[bytes], which: int, cut: float | None, flips: list[tuple[float, int]]
) -> None:
    data = bytearray(samples[which])
    for place, byte in flips:
        data[int(place * len(data))] = byte
    path = tmp_path / "a.csv"
    path.write_bytes(bytes(data[: int(cut * len(data))] if cut is not None else data))
    sane(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ["日付", "時刻", "コマ", "kWh", "kW", "使用量", "2025/4/1", "4月1日", "R7.4.1", "0:00", "24:00", "0:30-1:00", "1", "48", "-3", "1e400",
                 "欠測", "", "供給地点特定番号", POINT, "2025/2/30", "9999/99/99", "合計", "1,234", "0,512", "1_000", "inf", "nan", "令和7年度", "\ufffd"]
            ),
            max_size=6,
        ),
        max_size=12,
    )
)  # fmt: skip
def test_any_words_in_any_order(tmp_path: Path, table: list[list[str]]) -> None:
    sane(write(tmp_path / "a.csv", ["\t".join(row) for row in table]))


def test_characters_outside_the_standard(tmp_path: Path) -> None:
    year = known(days=2)
    text = "\r\n".join(["施設名,髙﨑\ue000小学校", HEAD, *rows_of(year)])
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode("cp932"))
    readings = read_meters(path)
    assert_same(readings.series[0], year)
    assert readings.series[0].name.startswith("髙﨑")
    path.write_bytes(text.encode("cp932").replace(b"\xf0\x40", b"\xff\x81"))
    readings = read_meters(path)
    assert_same(readings.series[0], year)
    assert "meters.bad_characters" in codes(readings)
