"""An empty ledger to fill in: the headings that are read, with what belongs below each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.export.writing import atomic
from kawasolar.registers.expected import expected_words

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.registers.schema import Field, Kind
    from kawasolar.words import Language

_WIDEST = 24


def write_template(kind: Kind, path: Path, language: Language) -> None:
    """Write a workbook of one sheet; it is read as it stands, once it has rows.

    Headings are Japanese, as ledgers are; what belongs below them is a comment in the language.

    Raises
    ------
    kawasolar.errors.NotWritable
        The target is locked, read-only, a folder, or the disk is full.
    """
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font

    from kawasolar.registers.schema import schema_of

    schema = schema_of(kind)
    book = Workbook()
    sheet = book.create_sheet(schema.name_ja, 0)
    del book[book.sheetnames[1]]
    for k, field in enumerate(schema.fields.values(), start=1):
        cell = sheet.cell(1, k, _heading(field))
        cell.font = Font(bold=field.name in schema.needed)
        cell.comment = Comment(expected_words(field, language), "KawaSolar")
        sheet.column_dimensions[cell.column_letter].width = min(_WIDEST, 4 + 2 * len(field.headings[0]))
        if field.kind in ("text", "digits"):
            # So that a spreadsheet does not take the zeros before a number away.
            sheet.column_dimensions[cell.column_letter].number_format = "@"
    sheet.freeze_panes = "A2"
    with atomic(path, ".xlsx") as target:
        book.save(target)


def _heading(field: Field) -> str:
    usual, unit = field.headings[0], field.unit
    return (
        usual
        if unit in ("", "-", "W", "h", "d")
        else f"{usual}({'円' if unit == 'yen' else '年' if unit == 'a' else unit})"
    )
