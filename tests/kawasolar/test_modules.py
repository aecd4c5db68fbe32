"""The catalogue of modules: what comes with the program, files as people save them, files that want to do harm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar import modules
from kawasolar.modules import (
    COLUMNS,
    Module,
    UnreadableCatalogue,
    check,
    read_catalogue,
    shipped_catalogue,
    write_catalogue,
)
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "key": "maker-440", "maker": "川崎電機", "name": "N型 440", "power_w": "440", "width_m": "1.134", "length_m": "1.762", "weight_kg": "22",
    "voc_v": "39.57", "isc_a": "13.8", "vmp_v": "32.99", "imp_a": "13.34", "temp_voc_pct": "-0.25", "temp_pmax_pct": "-0.29",
    "cells": "108", "year": "2026", "source": "カタログ 2026年4月", "how_sure": "primary",
}  # fmt: skip


def table(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS, delimiter: str = ",") -> str:
    lines = [delimiter.join(columns), *(delimiter.join(row.get(name, "") for name in columns) for row in rows)]
    return "\r\n".join(lines) + "\r\n"


def put(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "modules.csv"


def test_all_shipped_rows_are_read_and_say_how_sure_they_are() -> None:
    shipped, findings = read_catalogue(resource_path("modules.csv"))
    assert findings == ()
    assert 8 <= len(shipped) <= 13
    assert shipped == shipped_catalogue()
    generic = shipped[0]
    assert (generic.power_w, generic.width_m, generic.length_m, generic.weight_kg) == (440, 1.134, 1.762, 22)
    assert generic.how_sure == "derived"
    assert {module.how_sure for module in shipped} <= set(modules.HOW_SURE)
    assert min(module.weight_kg_m2 for module in shipped) < 6  # one for weak roofs
    assert max(module.power_w for module in shipped) >= 580


def test_shipped_file_survives_a_spreadsheet_of_windows(file: Path) -> None:
    text = resource_path("modules.csv").read_bytes().decode("utf-8-sig")
    for encoding in ("cp932", "utf-8", "utf-8-sig", "utf-16"):
        file.write_bytes(text.encode(encoding))
        assert read_catalogue(file) == (shipped_catalogue(), ())


def test_what_is_written_is_read_again(file: Path) -> None:
    odd = replace(shipped_catalogue()[1], key="odd", maker="=1+1", name="'-5", source='「株」, "x"; -')
    written = (*shipped_catalogue(), odd)
    write_catalogue(file, written)
    data = file.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfkey,maker,")
    assert b"'=1+1" in data
    assert read_catalogue(file) == (written, ())
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_writing_refuses_what_could_not_be_read(file: Path) -> None:
    one = shipped_catalogue()[0]
    file.write_text("before", encoding="ascii")
    for bad in ((one, one), (replace(one, power_w=500.0),), (replace(one, key="A B"),), (replace(one, maker=""),)):
        with pytest.raises(ValueError, match="module"):
            write_catalogue(file, bad)
    assert file.read_text(encoding="ascii") == "before"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_in_any_order_and_others_beside(file: Path, delimiter: str) -> None:
    columns = ("price", *reversed(COLUMNS), "remark")
    found, findings = read_catalogue(
        put(file, table(GOOD | {"price": "9"}, columns=columns, delimiter=delimiter), "cp932")
    )
    assert findings == ()
    assert found[0].maker == "川崎電機"
    assert found[0].cells == 108


@pytest.mark.parametrize(("minus", "encoding"), [("－", "cp932"), ("－", "utf-8"), ("−", "utf-8-sig"), ("-", "cp932")])
def test_full_width_digits_and_other_minus_signs(file: Path, minus: str, encoding: str) -> None:
    row = GOOD | {"power_w": "４４０", "temp_voc_pct": f"{minus}0.25", "temp_pmax_pct": f"{minus}０.２９"}
    found, findings = read_catalogue(put(file, table(row), encoding))
    assert findings == ()
    assert (found[0].power_w, found[0].temp_voc_pct, found[0].temp_pmax_pct) == (440.0, -0.25, -0.29)


@pytest.mark.parametrize(
    ("change", "code", "column", "found"),
    [
        ({"power_w": "abc"}, "modules.not_number", "power_w", "abc"),
        ({"power_w": "nan"}, "modules.not_number", "power_w", "nan"),
        ({"power_w": "1e3"}, "modules.not_number", "power_w", "1e3"),
        ({"power_w": ""}, "modules.no_value", "power_w", None),
        ({"width_m": "1134"}, "modules.out_of_range", "width_m", "1134"),
        ({"temp_voc_pct": "0.25"}, "modules.out_of_range", "temp_voc_pct", "0.25"),
        ({"cells": "108.5"}, "modules.not_number", "cells", "108.5"),
        ({"key": "A 1"}, "modules.bad_key", "key", "A 1"),
        ({"source": ""}, "modules.no_value", "source", None),
        ({"how_sure": "certain"}, "modules.bad_how_sure", "how_sure", "certain"),
        ({"name": "x" * 301}, "modules.too_long", "name", "x" * 60 + "…"),
        ({"width_m": "1.762", "length_m": "1.134"}, "modules.implausible", "width_m", "1.762 m"),
        ({"width_m": "1.5", "length_m": "1.5"}, "modules.implausible", "width_m", "1.5 m"),
        ({"voc_v": "32"}, "modules.implausible", "vmp_v", "32.99 V"),
        ({"isc_a": "13"}, "modules.implausible", "imp_a", "13.34 A"),
        ({"power_w": "455"}, "modules.implausible", "power_w", "455 W"),
        ({"width_m": "0.9"}, "modules.implausible", "power_w", "277 W/m²"),
        ({"weight_kg": "1.9"}, "modules.implausible", "weight_kg", "1.0 kg/m²"),
        ({"weight_kg": "41"}, "modules.implausible", "weight_kg", "20.5 kg/m²"),
    ],
)
def test_a_bad_row_is_left_out_and_said(
    file: Path, change: dict[str, str], code: str, column: str, found: str | None
) -> None:
    text = table(GOOD, {}, GOOD | {"key": "second"} | change, GOOD | {"key": "third"})
    modules_read, findings = read_catalogue(put(file, text))
    assert [module.key for module in modules_read] == ["maker-440", "third"]
    first = findings[0]
    assert (first.code, first.row, first.column, first.found) == (code, 4, column, found)
    assert first.source == "modules.csv"
    assert code == "modules.no_value" or first.expected


def test_all_that_is_wrong_in_a_row_is_said(file: Path) -> None:
    _, findings = read_catalogue(
        put(file, table(GOOD, GOOD | {"key": "b", "voc_v": "-", "year": "1950", "how_sure": "?"}))
    )
    assert [(finding.column, finding.item) for finding in findings] == [
        ("how_sure", "b"),
        ("voc_v", "b"),
        ("year", "b"),
    ]


def test_the_second_of_two_keys_is_left_out(file: Path) -> None:
    found, findings = read_catalogue(put(file, table(GOOD, GOOD | {"name": "another"})))
    assert [module.name for module in found] == ["N型 440"]
    assert [(finding.code, finding.row) for finding in findings] == [("modules.duplicate_key", 3)]


def test_short_rows_and_a_header_alone(file: Path) -> None:
    found, findings = read_catalogue(put(file, ",".join(COLUMNS) + "\nkey-only\n"))
    assert found == ()
    assert {finding.code for finding in findings} == {"modules.no_value", "modules.no_rows"}
    assert read_catalogue(put(file, ",".join(COLUMNS)))[1][0].code == "modules.no_rows"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "modules.empty"),
        (b"\xef\xbb\xbf\r\n \r\n", "modules.empty"),
        (b"PK\x03\x04\x00\x00\x00", "modules.not_text"),
        (b"\x89\xfe\xff\x81" * 40, "modules.not_text"),
        (b"a,b\n1,2\n", "modules.missing_columns"),
        ((",".join((*COLUMNS, "key")) + "\n").encode(), "modules.duplicate_column"),
        ((",".join(COLUMNS) + '\n"open').encode(), "modules.damaged"),
        ((",".join(COLUMNS) + "\n" + "x" * 200_000).encode(), "modules.damaged"),
        ((",".join(COLUMNS) + "\n" + "a\n" * (modules.MAX_ROWS + 1)).encode(), "modules.too_many_rows"),
        (b"x" * (modules.MAX_BYTES + 1), "modules.too_large"),
    ],
)
def test_hostile_files_are_refused(file: Path, data: bytes, code: str) -> None:
    file.write_bytes(data)
    with pytest.raises(UnreadableCatalogue) as caught:
        read_catalogue(file)
    assert caught.value.code == code
    assert caught.value.details["file"] == "modules.csv"


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv", tmp_path / "nul\0.csv"):
        with pytest.raises(UnreadableCatalogue, match=r"modules\.missing"):
            read_catalogue(path)


def test_check_tells_a_form_what_is_wrong() -> None:
    one = shipped_catalogue()[0]
    assert check(one) == ()
    assert [finding.column for finding in check(replace(one, power_w=500.0, cells=1))] == ["cells"]
    assert [finding.column for finding in check(replace(one, power_w=500.0))] == ["power_w"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "m.csv"
    path.write_bytes(",".join(COLUMNS).encode() + b"\n" + data)
    try:
        found, _ = read_catalogue(path)
    except UnreadableCatalogue:
        return
    assert all(isinstance(module, Module) and not check(module) for module in found)
