"""The site list as a workbook that goes into a tender as it is, print set-up included."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import xlsxwriter

from kawasolar import __version__
from kawasolar.export.fingerprint import PROPERTY, Origin
from kawasolar.export.table import BRIEF, chosen_ids, site_columns, site_frame
from kawasolar.export.writing import atomic
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.export.xlsx_corrections import ledger_marks, write_corrections
from kawasolar.export.xlsx_layout import write_layout
from kawasolar.export.xlsx_sheets import write_assumptions, write_findings, write_outcomes, write_overview
from kawasolar.export.xlsx_use import write_use
from kawasolar.export.xlsx_years import write_years
from kawasolar.project.layers import site_class
from kawasolar.words import say

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from kawasolar.plan import Plan
    from kawasolar.words import Language


# Widths on A4, where they differ from the list of all.
_NARROW = {
    "number": 5, "name": 24, "programme_year": 7, "ward": 11, "address": 24, "kind": 13, "floor_area_m2": 9, "structure": 8, "built_era": 10,
    "seismic": 12, "roof_type": 9, "shelter": 8, "usable_m2": 9, "capacity_kw": 9, "energy_kwh": 10, "specific_yield": 9,
    "shading_loss": 8, "co2_t": 9, "reason": 22,
}  # fmt: skip


def write_xlsx(plan: Plan, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the workbook: chosen sites, all facilities, what is built, the years of operation, self-use by month, criteria, assumptions, what was entered by hand, findings, overview.

    Every sheet names the plan and its fingerprint, on every page that is printed. Corrected values of the ledger are shaded, with a note
    that says who corrected them and why. No text of the user's can become a formula or a link; ids are text.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    # Made in memory and written at once: a disk that is full must not leave half a ZIP archive to whoever closes it.
    with atomic(path, ".xlsx") as work:
        made = BytesIO()
        _write(plan, made, language, Origin.of(plan, today))
        work.write_bytes(made.getvalue())


def _write(plan: Plan, target: BytesIO, language: Language, origin: Origin) -> None:
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
    }
    workbook = xlsxwriter.Workbook(target, options)
    badge = say(language, "export.synthetic.long") if plan.synthetic else ""
    book = Book(workbook, language, origin.line(language), badge, f"{plan.name[:40]}  {origin.fingerprint}")
    comments = f"KawaSolar {__version__}\n{origin.line(language)}"
    workbook.set_properties({"title": plan.name, "comments": comments, "keywords": origin.fingerprint})
    workbook.set_custom_property(PROPERTY, origin.fingerprint, "text")
    _write_list(book, plan, "chosen")
    _write_list(book, plan, "all")
    write_layout(book, plan)
    write_years(book, plan)
    write_use(book, plan)
    write_outcomes(book, plan)
    write_assumptions(book, plan)
    write_corrections(book, plan)
    write_findings(book, plan)
    write_overview(book, plan, origin)
    workbook.close()


def _write_list(book: Book, plan: Plan, which: str) -> None:
    """The list of the chosen on A4, or of all facilities on A3."""
    brief = which == "chosen"
    frame = site_frame(plan, book.language, chosen_only=brief)
    columns = {column.key: column for column in site_columns(plan)}
    keys = [key for key in (BRIEF if brief else columns) if key in columns]
    fields = [
        Field(
            key,
            say(book.language, f"export.column.{key}"),
            columns[key].kind,
            _NARROW.get(key, columns[key].width) if brief else columns[key].width,
            columns[key].summed,
        )
        for key in keys
    ]
    classes = None if brief else site_class(plan).reindex(plan.facilities["facility_id"]).tolist()
    notes = [
        say(book.language, "export.note.list"),
        say(book.language, "export.note.order" if brief else "export.note.all"),
    ]
    marks = ledger_marks(book, plan, chosen_ids(plan) if brief else plan.facilities["facility_id"].tolist())
    if any(key in keys for _, key in marks):
        notes.append(say(book.language, "why.paper.marked"))
    sheet = book.sheet(which, notes, paper="A4" if brief else "A3")
    sheet.table(fields, frame[keys], total=True, classes=classes, frozen=3, marks=marks)
