"""How our worksheets look: title, notes, headings, borders, totals, print set-up."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from kawasolar.words import Language

Paper = Literal["A4", "A3"]
_PAPERS: dict[Paper, int] = {"A3": 8, "A4": 9}
# "_ " leaves the width of a space between the number and the border.
_NUMBERS = {
    "whole": "#,##0_ ",
    "one": "#,##0.0_ ",
    "two": "#,##0.00_ ",
    "year": "0_ ",
    "degrees": "0.000000_ ",
    "any": "#,##0.####_ ",
}
_FILLS = {"chosen": "#E1F0EE", "unknown": "#FBEDE4", "fail": "#F3DDDA", "verify": "#FFF6D8", "corrected": "#E6E3F4"}
_LONGEST_TEXT = 32_000
_LONGEST_NOTE = 2_000
_NOTE = {"author": "KawaSolar", "x_scale": 2.0, "font_size": 9}
_WIDEST = 60
_PADDING = 3
# Points.
_LINE = 13.5
_TALLEST = 400.0


@dataclass(frozen=True)
class Field:
    """A column of a sheet: ``kind`` is ``text code any`` or one of the number kinds; ``width`` in half-width characters."""

    key: str
    heading: str
    kind: str
    width: int
    summed: bool = False


def text_width(text: str) -> int:
    """Half-width characters; Japanese ones count two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)


def present(value: object) -> bool:
    """Neither None nor NaN nor NA."""
    return value is not None and value is not pd.NA and not (isinstance(value, float) and math.isnan(value))


@dataclass
class Book:
    """The workbook and what all its sheets share: ``line`` stands below each title, ``badge`` marks synthetic data."""

    workbook: Workbook
    language: Language
    line: str
    badge: str
    footer: str
    _formats: dict[tuple[tuple[str, Any], ...], Format] = field(default_factory=dict)

    def style(self, **properties: object) -> Format:
        """A format; equal ones are shared."""
        font = "BIZ UDPゴシック" if self.language == "ja" else "Calibri"
        whole = {"font_name": font, "font_size": 10, "valign": "vcenter", **properties}
        key = tuple(sorted(whole.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format(whole)
        return self._formats[key]

    def cell(self, kind: str, fill: str = "", *, bold: bool = False, top: bool = False) -> Format:
        """A bordered cell of a table."""
        look: dict[str, Any] = {"border": 1, "border_color": "#9AA5A1"}
        if kind in _NUMBERS:
            look |= {"num_format": _NUMBERS[kind], "align": "right"}
        else:
            look |= {"num_format": "@", "text_wrap": True}
            look |= {"align": "center"} if kind == "code" else {"align": "left", "indent": 1}
        if fill in _FILLS:
            look["bg_color"] = _FILLS[fill]
        if fill == "ineligible":
            # Greyed by its ground, not by its letters: they must be read on a copy of a copy.
            look |= {"font_color": "#3A4448", "bg_color": "#EDEFEE"}
        if bold:
            look["bold"] = True
        if top:
            look |= {"top": 6, "top_color": "#5E6A6F", "bg_color": "#EEF2F0"}
        return self.style(**look)

    def heading(self, *, left: bool = False) -> Format:
        """A cell of the headings; left-aligned where it names the cell to its right."""
        side: dict[str, object] = {"align": "left", "indent": 1} if left else {"align": "center"}
        frame = {"border": 1, "border_color": "#5E6A6F", "bg_color": "#DCE9E6"}
        return self.style(bold=True, text_wrap=True, **frame, **side)

    def sheet(self, name: str, notes: Sequence[str], paper: Paper = "A4") -> Sheet:
        """A new sheet with title, plan, date and notes, set up for print."""
        sheet = self.workbook.add_worksheet(say(self.language, f"export.sheet.{name}"))
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(_PAPERS[paper])
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        footer = self.footer[:60].replace("&", "&&")
        sheet.set_footer(f"&L&8{footer}&C&9&P / &N&R&8KawaSolar")
        sheet.write_string(0, 0, say(self.language, f"export.title.{name}"), self.style(bold=True, font_size=14))
        sheet.set_row(0, 24)
        sheet.write_string(1, 0, self.line, self.style())
        row = 2
        if self.badge:
            sheet.write_string(row, 0, self.badge, self.style(bold=True, font_color="#C4571B"))
            row += 1
        for note in notes:
            sheet.write_string(row, 0, note, self.style(font_size=9, font_color="#5E6A6F"))
            row += 1
        return Sheet(self, sheet, row)


@dataclass
class Sheet:
    """A worksheet that is filled from above; ``row`` is the next free one."""

    book: Book
    sheet: Worksheet
    row: int

    def text(self, row: int, column: int, value: str, style: Format) -> None:
        """Text stays text, whatever it begins with."""
        self.sheet.write_string(row, column, value[:_LONGEST_TEXT], style)

    def height(self, row: int, lines: int) -> None:
        """Room for so many lines; Excel would find it itself, other programs do not."""
        self.sheet.set_row(row, min(_LINE * lines + 4, _TALLEST))

    def value(self, row: int, column: int, value: object, kind: str, fill: str = "") -> None:
        """A cell of a table; empty where the value is missing."""
        if not present(value):
            self.sheet.write_blank(row, column, None, self.book.cell(kind, fill))
        elif (
            kind in _NUMBERS
            and isinstance(value, (int, float))
            and not isinstance(value, bool)
            and math.isfinite(value)
        ):
            self.sheet.write_number(row, column, value, self.book.cell(kind, fill))
        else:
            shown = "text" if kind in _NUMBERS else kind
            self.text(row, column, str(value), self.book.cell(shown, fill))

    def headings(self, fields: Sequence[Field], row: int) -> None:
        style = self.book.heading()
        lines = 1
        for column, entry in enumerate(fields):
            # The unit has a line of its own.
            text = entry.heading.replace(" (", "\n(")
            self.text(row, column, text, style)
            lines = max(lines, sum(-(-text_width(part) // max(entry.width - 1, 1)) for part in text.split("\n")))
        self.sheet.set_row(row, 14 * lines + 6)

    def widths(self, fields: Sequence[Field], frame: pd.DataFrame) -> list[int]:
        """As wide as its words need, within bounds; numbers as the field says."""
        widths = []
        for column, entry in enumerate(fields):
            width = entry.width
            if entry.kind in ("text", "code"):
                longest = max((text_width(str(value)) for value in frame[entry.key] if present(value)), default=0)
                width = min(max(6, longest + _PADDING), width, _WIDEST)
                heading = max(text_width(part) for part in entry.heading.replace(" (", "\n(").split("\n"))
                width = max(width, min(heading + 2, 8))
            self.sheet.set_column(column, column, width)
            widths.append(width)
        return widths

    def table(
        self, fields: Sequence[Field], frame: pd.DataFrame, *,
        total: bool = False, classes: Sequence[object] | None = None, frozen: int = 0,
        marks: Mapping[tuple[int, str], str] | None = None,
    ) -> None:  # fmt: skip
        """Headings, rows, totals; filter, frozen panes and repeated headings on every page.

        ``marks`` are notes on single cells, by row and key of the field; these cells are shaded.
        """
        head = self.row
        self.headings(fields, head)
        widths = self.widths(fields, frame)
        first = head + 1
        columns = [frame[entry.key].tolist() for entry in fields]
        for index in range(len(frame)):
            fill = str(classes[index]) if classes is not None else ""
            lines = 1
            for column, entry in enumerate(fields):
                value = columns[column][index]
                note = marks.get((index, entry.key), "") if marks else ""
                self.value(first + index, column, value, entry.kind, "corrected" if note else fill)
                if note:
                    self.sheet.write_comment(first + index, column, note[:_LONGEST_NOTE], _NOTE)
                if isinstance(value, str):
                    room = widths[column] - (1 if entry.kind == "code" else 2)
                    lines = max(lines, -(-text_width(value) // max(room, 1)))
            self.height(first + index, lines)
        last = head + len(frame)
        if len(frame):
            self.sheet.autofilter(head, 0, last, len(fields) - 1)
        self.row = last + 1
        if total and len(frame):
            self._totals(fields, frame, first, last)
        self.sheet.freeze_panes(first, frozen)
        self.sheet.repeat_rows(head)
        self.sheet.print_area(0, 0, max(self.row - 1, head), len(fields) - 1)

    def _totals(self, fields: Sequence[Field], frame: pd.DataFrame, first: int, last: int) -> None:
        """Sums of the rows that the filter shows."""
        row = self.row
        places = {entry.key: column for column, entry in enumerate(fields)}
        label = next((column for column, entry in enumerate(fields) if entry.key == "name"), 0)
        for column, entry in enumerate(fields):
            style = self.book.cell(entry.kind, bold=True, top=True)
            if column == label:
                self.text(row, column, say(self.book.language, "export.total"), style)
            elif entry.summed:
                letter = xl_col_to_name(column)
                formula = f"=SUBTOTAL(109,{letter}{first + 1}:{letter}{last + 1})"
                self.sheet.write_formula(row, column, formula, style, float(frame[entry.key].sum()))
            elif entry.key == "specific_yield" and {"energy_kwh", "capacity_kw"} <= set(places):
                energy, capacity = (xl_rowcol_to_cell(row, places[key]) for key in ("energy_kwh", "capacity_kw"))
                part, whole = float(frame["energy_kwh"].sum()), float(frame["capacity_kw"].sum())
                self.sheet.write_formula(
                    row, column, f'=IF({capacity}=0,"",{energy}/{capacity})', style, part / whole if whole else ""
                )
            else:
                self.sheet.write_blank(row, column, None, style)
        self.sheet.set_row(row, 20)
        self.row += 1
