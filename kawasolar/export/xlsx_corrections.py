"""What people corrected or entered: a sheet of its own, and notes on the corrected cells of the lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.export.xlsx_book import Field
from kawasolar.provenance.register import changes
from kawasolar.provenance.words import entry_texts
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.export.xlsx_book import Book
    from kawasolar.plan import Plan

_WIDTHS = {
    "kind": 12, "facility_id": 16, "name": 27, "item": 30, "before": 22, "now": 22, "why": 36, "who": 14, "when": 17, "source": 30,
}  # fmt: skip
# A column of the lists that shows another column's value as well.
_ALSO = {"built_year": ("built_era",)}


def write_corrections(book: Book, plan: Plan) -> None:
    """One row for each thing that a person corrected, overrode, pinned, vetoed, joined or drew."""
    language = book.language
    found = changes(plan)
    note = "why.paper.note.corrections" if len(found) else "why.paper.note.no_corrections"
    sheet = book.sheet("corrections", [say(language, note)])
    heads = {
        "kind": "why.paper.head.kind", "facility_id": "export.column.facility_id", "name": "export.column.name", "item": "export.head.item",
        "before": "why.paper.head.before", "now": "why.paper.head.after", "why": "why.paper.head.why", "who": "why.paper.head.who",
        "when": "why.paper.head.when", "source": "why.paper.head.source",
    }  # fmt: skip
    fields = [
        Field(key, say(language, heads[key]), "code" if key == "kind" else "text", width)
        for key, width in _WIDTHS.items()
    ]
    names = dict(zip(plan.facilities["facility_id"], plan.facilities["name"], strict=True))
    rows = [entry_texts(language, entry) for entry in found.to_dict("records")]
    for row in rows:
        row["name"] = str(names.get(row["facility_id"]) or "")
    sheet.table(fields, pd.DataFrame(rows, columns=list(_WIDTHS), dtype=object))


def ledger_marks(book: Book, plan: Plan, order: Sequence[str]) -> dict[tuple[int, str], str]:
    """Notes for the corrected cells of a list, by its row and column: what the ledger says, who corrected it, when and why."""
    place = {facility: row for row, facility in enumerate(order)}
    marks: dict[tuple[int, str], str] = {}
    found = changes(plan)
    for entry in found[found["kind"] == "ledger"].to_dict("records"):
        if entry["facility_id"] not in place:
            continue
        texts = entry_texts(book.language, entry)
        mark = say(book.language, "why.line.mark", who=texts["who"], when=texts["when"], why=texts["why"])
        note = say(book.language, "why.paper.corrected", before=texts["before"], mark=mark)
        for column in (entry["key"], *_ALSO.get(str(entry["key"]), ())):
            marks[place[entry["facility_id"]], str(column)] = note
    return marks
