"""What the commands for ledgers share: columns as they are proposed, and findings with what is expected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from kawasolar.console import State
from kawasolar.words import say

if TYPE_CHECKING:
    from gis.findings import Finding
    from kawasolar.ledger.checking import Checked
    from kawasolar.ledger.proposals import Proposal, Proposed
    from kawasolar.ledger.tables import Table

# Columns of a list of findings, as the workbook has them.
FINDING = ("row", "column", "found", "expected", "text")


def heading_rows(heading: int | None, rows: int, table: Table) -> tuple[int, int] | None:
    """Heading rows from 0 as they were asked for: row as the user counts, 0 for none; None where nobody says.

    Raises
    ------
    typer.BadParameter
        The table has not so many.
    """
    if heading is None:
        return None
    asked = (-1, -1) if heading == 0 else (heading - 1, heading + rows - 2)
    if asked[1] >= len(table.rows):
        raise typer.BadParameter(str(len(table.rows)), param_hint="--heading")
    return asked


def tell_columns(found: Proposed, *, as_json: bool) -> None:
    """What each column seems to be, and how sure that is."""
    if as_json:
        typer.echo(json.dumps(_as_json(found), ensure_ascii=False, indent=2))
        return
    for one in found.columns:
        typer.echo(_line(one, found.kind))


def _as_json(found: Proposed) -> dict[str, Any]:
    told = [
        {"index": one.index, "heading": one.heading, "column": one.column, "unit": one.unit, "reason": one.reason, "named": one.named,
         "sure": round(one.sure, 3)} for one in found.columns
    ]  # fmt: skip
    head = [found.first + 1, found.last + 1] if found.first >= 0 else []
    return {
        "kind": found.kind, "sheet": found.sheet, "heading_rows": head, "first_row": found.begin + 1, "other": found.other, "columns": told,
    }  # fmt: skip


def _line(one: Proposal, kind: str) -> str:
    from kawasolar.ledger.mapping import letter_of
    from kawasolar.ledger.mapping_words import column_word, reason_words

    language = State.language
    mark = say(language, "mapping.look") if one.is_doubtful else ""
    cells = (
        letter_of(one.index),
        one.heading,
        column_word(language, one.column, kind),
        reason_words(language, one, kind),
        mark,
    )
    return "\t".join(cells).rstrip()


def finding_cells(checked: Checked, finding: Finding) -> dict[str, Any]:
    """A finding with row, column, what was found and what was expected."""
    from kawasolar.export.ledger_check import expected_text
    from kawasolar.reasons import finding_brief

    ours = checked.our_columns.get(finding.column or "", "")
    return {
        "code": finding.code, "severity": finding.severity, "row": finding.row, "column": finding.column, "found": finding.found,
        "expected": expected_text(State.language, finding, ours, checked.kind), "text": finding_brief(State.language, finding),
    }  # fmt: skip


def tell_checked(checked: Checked) -> None:
    """All that is to be mended, as a table, and how much can be read."""
    from kawasolar.export.ledger_check import outcome_text

    rows = [finding_cells(checked, finding) for finding in checked.findings]
    if rows:
        typer.echo("\t".join(say(State.language, f"ledger.paper.{name}") for name in FINDING))
        for row in rows:
            typer.echo("\t".join("" if row[name] is None else str(row[name]) for name in FINDING))
    typer.echo(outcome_text(State.language, checked))
