"""Scenarios side by side as a workbook, and the sites that differ as CSV."""

from __future__ import annotations

import csv
import io
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd
import xlsxwriter

from kawasolar import __version__
from kawasolar.compare import (
    SITE_VALUES,
    answer_note,
    class_text,
    figure_title,
    figure_unit,
    setting_text,
    setting_title,
)
from kawasolar.compare_figures import BY_CODE
from kawasolar.export.csv import harmless, one_line
from kawasolar.export.table import DECIMALS, heading, shown_date, this_day
from kawasolar.export.writing import atomic
from kawasolar.export.xlsx_book import Book, Field, text_width
from kawasolar.reasons import reason_sentence
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from kawasolar.compare import Comparison
    from kawasolar.export.xlsx_book import Sheet
    from kawasolar.words import Language

_VALUE_KINDS = {"capacity_kw": "one", "energy_kwh": "whole"}
_FILL_OF = {"chosen": "chosen", "unknown": "unknown", "ineligible": "ineligible"}


def write_comparison_xlsx(comparison: Comparison, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the workbook: scenarios with their fingerprints and figures, what was turned, sites that differ, all facilities.

    No text of the user's can become a formula or a link; ids are text.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    with atomic(path, ".xlsx") as work:
        made = BytesIO()
        _write(comparison, made, language, today or this_day())
        work.write_bytes(made.getvalue())


def write_comparison_csv(comparison: Comparison, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the sites that differ: UTF-8 with a mark that Excel knows, CRLF; the last columns say which plans these are.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    fields, frame = _site_table(comparison, language)
    day = (today or this_day()).isoformat()
    same = {say(language, "why.paper.name"): harmless(comparison.name), say(language, "why.paper.date"): day}
    for side in comparison.sides:
        same[say(language, "compare.column.fingerprint", name=side.name)] = side.fingerprint
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([*(harmless(entry.heading) for entry in fields), *(harmless(name) for name in same)])
    columns = [[_cell(value, entry.kind) for value in frame[entry.key]] for entry in fields]
    columns += [[value] * len(frame) for value in same.values()]
    writer.writerows(zip(*columns, strict=True))
    with atomic(path, ".csv") as work:
        work.write_bytes(buffer.getvalue().encode("utf-8-sig"))


def _cell(value: Any, kind: str) -> str:  # noqa: ANN401 - a cell of a frame
    if kind in DECIMALS:
        return "" if value is None or value != value else f"{value:.{DECIMALS[kind]}f}"  # noqa: PLR0124
    return harmless(str(value)) if kind == "text" else one_line(str(value))


# ---------------------------------------------------------------------------------------------- the workbook


def _write(comparison: Comparison, target: BytesIO, language: Language, today: date) -> None:
    options = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": False, "in_memory": True,
    }  # fmt: skip
    workbook = xlsxwriter.Workbook(target, options)
    line = say(language, "export.line", name=comparison.name, date=shown_date(language, today))
    badge = say(language, "export.synthetic.long") if comparison.synthetic else ""
    prints = " / ".join(side.fingerprint for side in comparison.sides)
    book = Book(workbook, language, line, badge, f"{comparison.name[:30]}  {prints}")
    workbook.set_properties(
        {"title": comparison.name, "comments": f"KawaSolar {__version__}\n{line}", "keywords": prints}
    )
    _write_figures(book, comparison)
    _write_settings(book, comparison)
    _write_sites(book, comparison)
    _write_classes(book, comparison)
    workbook.close()


def _write_figures(book: Book, comparison: Comparison) -> None:
    """The scenarios, their figures, and how often facilities are chosen."""
    language = book.language
    notes = [say(language, "compare.note.figures", name=comparison.sides[0].name)]
    if any(side.stale for side in comparison.sides):
        notes.append(say(language, "compare.note.stale"))
    notes += filter(None, [answer_note(language, comparison)])
    sheet = book.sheet("compare_figures", notes)
    _side_table(sheet, comparison)
    sheet.row += 1
    fields = [
        Field("figure", say(language, "export.head.item"), "text", 34), Field("unit", say(language, "export.head.unit"), "code", 19),
        *(Field(side.key, side.name, "any", 18) for side in comparison.sides),
        *(Field(f"difference.{side.key}", say(language, "compare.column.difference", name=side.name), "any", 18) for side in comparison.sides[1:]),
    ]  # fmt: skip
    rows = [BY_CODE[code] for code in comparison.figures.index]
    frame = pd.DataFrame(
        {"figure": [figure_title(language, figure.code) for figure in rows], "unit": [_unit(book, figure.unit) for figure in rows]}
    )  # fmt: skip
    for entry in fields[2:]:
        values = comparison.figures[entry.key].to_numpy()
        # As many digits as the list has: more would only seem exact.
        frame[entry.key] = [
            round(float(value) * (100 if figure.unit == "%" else 1), figure.digits) for value, figure in zip(values, rows, strict=True)
        ]  # fmt: skip
    _rows(sheet, fields, frame)
    sheet.row += 1
    _counts(sheet, comparison)
    sheet.sheet.print_area(0, 0, sheet.row, max(len(fields) - 1, 4))


def _unit(book: Book, unit: str) -> str:
    return figure_unit(book.language, unit) or say(book.language, "compare.unit.facilities")


def _side_table(sheet: Sheet, comparison: Comparison) -> None:
    language = sheet.book.language
    separator = say(language, "list.separator")
    heads = {
        "name": ("text", 34),
        "fingerprint": ("code", 19),
        "state": ("text", 18),
        "only": ("whole", 18),
        "note": ("text", 30),
    }
    fields = [Field(key, say(language, f"compare.head.{key}"), kind, width) for key, (kind, width) in heads.items()]
    rows = []
    for side in comparison.sides:
        stages = separator.join(say(language, f"stages.{name}") for name in side.stale)
        state = say(language, "compare.state.stale", stages=stages) if stages else say(language, "compare.state.fresh")
        rows.append(
            {"name": side.name, "fingerprint": side.fingerprint, "state": state, "only": side.only, "note": side.note}
        )
    _rows(
        sheet,
        fields,
        pd.DataFrame(rows, columns=list(heads)),
        ["unknown" if side.stale else "" for side in comparison.sides],
    )


def _rows(sheet: Sheet, fields: Sequence[Field], frame: pd.DataFrame, fills: Sequence[str] = ()) -> None:
    """A small table among others on a sheet: no filter, no frozen panes; columns at least as wide as their fields."""
    sheet.headings(fields, sheet.row)
    for column, entry in enumerate(fields):
        sheet.sheet.set_column(column, column, entry.width)
    for index, row in enumerate(frame.to_dict("records")):
        sheet.row += 1
        fill = fills[index] if fills else ""
        lines = 1
        for column, entry in enumerate(fields):
            value = row[entry.key]
            sheet.value(sheet.row, column, value, entry.kind, fill)
            if isinstance(value, str):
                lines = max(lines, -(-text_width(value) // max(entry.width - 3, 1)))
        sheet.height(sheet.row, lines)
    sheet.row += 1


def _counts(sheet: Sheet, comparison: Comparison) -> None:
    language = sheet.book.language
    pairs = [("everywhere", comparison.everywhere), ("nowhere", comparison.nowhere)]
    if len(comparison.sides) > 2:
        pairs.insert(1, ("some", comparison.some))
    for name, count in pairs:
        sheet.text(sheet.row, 0, say(language, f"compare.count.{name}"), sheet.book.heading(left=True))
        sheet.value(sheet.row, 1, count, "whole")
        sheet.row += 1


def _write_settings(book: Book, comparison: Comparison) -> None:
    """What was turned otherwise."""
    language = book.language
    note = "compare.note.settings" if len(comparison.settings) else "compare.note.no_settings"
    sheet = book.sheet("compare_settings", [say(language, note)])
    fields = [
        Field("item", say(language, "export.head.item"), "text", 46),
        *(Field(side.key, side.name, "text", 34) for side in comparison.sides),
    ]
    rows = [
        {
            "item": setting_title(language, row["kind"], row["name"], comparison),
            **{key: setting_text(language, row["kind"], row["name"], row[key], comparison) for key in comparison.keys},
        }
        for row in comparison.settings.to_dict("records")
    ]
    sheet.table(fields, pd.DataFrame(rows, columns=[entry.key for entry in fields]), frozen=1)


def _write_sites(book: Book, comparison: Comparison) -> None:
    """Facilities that fare otherwise, with the reason in each scenario."""
    note = "compare.note.sites" if len(comparison.sites) else "compare.note.no_sites"
    sheet = book.sheet("compare_sites", [say(book.language, note)], paper="A3")
    fields, frame = _site_table(comparison, book.language)
    sheet.table(fields, frame, frozen=2)
    _paint(sheet, fields, frame, comparison.sites[list(comparison.keys)])


def _write_classes(book: Book, comparison: Comparison) -> None:
    """All facilities."""
    language = book.language
    sheet = book.sheet("compare_classes", [say(language, "compare.note.classes")], paper="A3")
    frame = pd.DataFrame({"facility_id": comparison.classes.index.to_numpy(dtype=object)})
    frame["name"] = [comparison.facility_names.get(key, "") for key in frame["facility_id"]]
    fields = [
        Field("facility_id", heading(language, "facility_id"), "text", 16),
        Field("name", heading(language, "name"), "text", 30),
    ]
    for side in comparison.sides:
        fields.append(Field(side.key, side.name, "code", 18))
        frame[side.key] = [class_text(language, value) for value in comparison.classes[side.key]]
    sheet.table(fields, frame, frozen=2)
    _paint(sheet, fields, frame, comparison.classes)


def _paint(sheet: Sheet, fields: Sequence[Field], frame: pd.DataFrame, classes: pd.DataFrame) -> None:
    """Give the cells of each scenario the colour of what they say."""
    first = sheet.row - len(frame)
    for column, entry in enumerate(fields):
        if entry.key in classes.columns:
            for index, (text, code) in enumerate(zip(frame[entry.key], classes[entry.key], strict=True)):
                sheet.value(first + index, column, text, entry.kind, _FILL_OF.get(code, ""))


def _site_table(comparison: Comparison, language: Language) -> tuple[list[Field], pd.DataFrame]:
    """The sites that differ in words; a number that is the same in all scenarios has one column."""
    sites = comparison.sites
    fields = [
        Field(key, heading(language, key), "text", width)
        for key, width in (("facility_id", 16), ("name", 27), ("ward", 10))
    ]
    out: dict[str, Any] = {key: sites[key].to_numpy(dtype=object) for key in ("facility_id", "name", "ward")}
    for side in comparison.sides:
        fields.append(Field(side.key, side.name, "code", 14))
        out[side.key] = [class_text(language, value) for value in sites[side.key]]
    for name in SITE_VALUES:
        columns = [sites[f"{name}.{key}"].to_numpy() for key in comparison.keys]
        same = all(pd.Series(column).equals(pd.Series(columns[0])) for column in columns)
        for side, column in zip(comparison.sides[:1] if same else comparison.sides, columns, strict=False):
            title = heading(language, name)
            shown = title if same else say(language, "compare.column.of", title=title, name=side.name)
            fields.append(Field(f"{name}.{side.key}", shown, _VALUE_KINDS[name], 13))
            out[f"{name}.{side.key}"] = column
    for side in comparison.sides:
        key = f"reason.{side.key}"
        fields.append(
            Field(
                key, say(language, "compare.column.of", title=heading(language, "reason"), name=side.name), "text", 34
            )
        )
        values = zip(sites[key], sites[f"reason_values.{side.key}"], strict=True)
        out[key] = [reason_sentence(language, code, given) for code, given in values]
    return fields, pd.DataFrame(out)
