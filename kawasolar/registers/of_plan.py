"""Other ledgers of a plan: their rows with the facilities that they are of; taken in, and taken in anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.document.edits import edit_of, exchange_files, map_columns
from kawasolar.document.entries import apply, followed_by
from kawasolar.document.views import aliases_of
from kawasolar.facility_names import FacilityNames
from kawasolar.plan import InputFile, RegisterRead, no_file
from kawasolar.registers.owners import OWNER, with_facilities
from kawasolar.registers.reading import Register
from kawasolar.registers.renewal import RegisterRenewal, compare_registers
from kawasolar.registers.schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gis.findings import Finding
    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.plan import OtherLedger, Plan


def register_of(plan: Plan, kind: OtherLedger) -> Register | None:
    """One of a plan's other ledgers as it was read; None where it has none of that kind."""
    read = plan.registers.by_kind.get(kind)
    if read is None:
        return None
    path = next((file.path for file in plan.inputs if file.role == kind), "")
    return Register(kind, read.frame, read.findings, Path(path).name, dict(read.columns), (), read.sheet)


def rows_of_plan(plan: Plan, kind: OtherLedger) -> tuple[pd.DataFrame, list[Finding]]:
    """The rows of one of a plan's other ledgers, each with its facility: as a person says, else by number or name.

    Returns
    -------
    frame as of :func:`kawasolar.registers.owners.with_facilities`, empty where the plan has no such ledger; findings: texts that no facility bears
    """
    register = register_of(plan, kind)
    if register is None:
        return pd.DataFrame({"source_row": [], "facility_id": [], "how": []}), []
    return with_facilities(register, plan.facilities, aliases_of(plan.entries))


def unknown_rows(plan: Plan, kind: OtherLedger) -> int:
    """How many rows of one of a plan's other ledgers are of no facility that is known; what people say is none of ours does not count.

    Each name is looked up once: some milliseconds for the lamps of a city.
    """
    read = plan.registers.by_kind.get(kind)
    if read is None:
        return 0
    if OWNER[kind] not in read.frame:
        return len(read.frame)
    names = FacilityNames.of(plan.facilities, aliases_of(plan.entries))
    texts = read.frame[OWNER[kind]]
    named = sum(
        int(count) for text, count in texts.value_counts(sort=False).items() if names.find(str(text)) == ("", "")
    )
    return named + int(texts.isna().sum())


@dataclass(frozen=True)
class NewerRegister:
    """A ledger for a plan beside the one that it has of that kind.

    Attributes
    ----------
    file : as the plan will know it
    mapping : by which it was read; None where its headings say it
    renewal : what it changes; None where the plan has none of that kind yet
    """

    kind: OtherLedger
    file: InputFile
    register: Register
    mapping: Mapping | None
    renewal: RegisterRenewal | None


def newer_register(
    plan: Plan, path: Path, register: Register, mapping: Mapping | None, sheet: str = ""
) -> NewerRegister:
    """What a ledger that was read changes in a plan.

    Parameters
    ----------
    sheet : that somebody named; empty for the first that fits
    """
    from kawasolar.stages import observed

    (file,) = observed([InputFile(register.kind, str(path.resolve()), 0, "", layer=sheet)])
    before = plan.registers.by_kind.get(register.kind)
    renewal = None if before is None else compare_registers(before.frame, register.frame, schema_of(register.kind))
    return NewerRegister(register.kind, file, register, mapping, renewal)


def take_register(entries: Entries, present: Iterable[InputFile], newer: NewerRegister, by: Author) -> Edit:
    """Take a ledger into the plan, in the place of the one of that kind; what people said of whose its rows are stays."""
    edit = exchange_files(entries, present, [newer.file], by)
    return replace(
        followed_by(edit, map_columns(apply(entries, edit), newer.mapping, by, newer.kind)), words="ui.undo.inputs"
    )


def leave_register(entries: Entries, present: Iterable[InputFile], kind: OtherLedger, by: Author) -> Edit:
    """Take a ledger out of the plan again, with what was said of its columns."""
    edit = exchange_files(entries, present, [no_file(kind)], by)
    return followed_by(edit, edit_of(apply(entries, edit), "ui.undo.inputs", {("columns", kind): None}))


def as_read(register: Register) -> RegisterRead:
    """As a plan keeps it."""
    return RegisterRead(register.frame, dict(register.columns), register.sheet, register.findings)
