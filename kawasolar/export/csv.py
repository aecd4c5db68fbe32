"""The list of all facilities as CSV that Excel opens as it is."""

from __future__ import annotations

import csv
import io
import unicodedata
from typing import TYPE_CHECKING, Literal

from gis.findings import Finding
from kawasolar.export.fingerprint import Origin
from kawasolar.export.table import DECIMALS, heading, site_columns, site_frame
from kawasolar.export.writing import atomic
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from kawasolar.export.table import Column
    from kawasolar.plan import Plan
    from kawasolar.words import Language

Encoding = Literal["utf-8-sig", "cp932"]

# A spreadsheet takes a text for a formula by its first character; Japanese Excel also by the full-width ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "−")
_GETA = "〓"
# Signs that cp932 has under another code point, or that have a plain form.
_CP932 = str.maketrans(
    {
        "〜": "～",
        "−": "－",
        "‖": "∥",
        "—": "―",
        "¢": "￠",
        "£": "￡",
        "¬": "￢",
        "²": "2",
        "³": "3",
        "₂": "2",
        "–": "-",
        "\u00a0": " ",
    }
)
_SHOWN = 20


def write_csv(
    plan: Plan, path: Path, language: Language, *, encoding: Encoding = "utf-8-sig", today: date | None = None
) -> tuple[Finding, ...]:
    """Write all facilities with status, reason and yield; CRLF, every text quoted where needed.

    The last columns say on every row which plan it is from, and its fingerprint: a row that is sorted, filtered or copied into another
    list still tells, and programs that read the table need not leave out a line that is none.

    Texts of the ledger that a spreadsheet would run as a formula get an apostrophe in front. With ``cp932``
    (Shift_JIS of Windows) signs that it lacks become 〓, and the returned finding says how many and which.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    frame = site_frame(plan, language)
    text = _as_csv(frame, site_columns(plan), language, Origin.of(plan, today))
    lost: list[str] = []
    if encoding == "cp932":
        text, lost = _fit_cp932(text)
    with atomic(path, ".csv") as work:
        work.write_bytes(text.encode(encoding))
    if not lost:
        return ()
    shown = "".join(dict.fromkeys(lost))[:_SHOWN]
    return (
        Finding("export.replaced_characters", "warning", source=path.name, found=shown, details={"count": len(lost)}),
    )


def _as_csv(frame: pd.DataFrame, columns: list[Column], language: Language, origin: Origin) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    same = _origin_cells(origin, language)
    writer.writerow([*(heading(language, column.key) for column in columns), *same])
    cells = [_cells(frame[column.key].tolist(), column) for column in columns]
    cells += [[value] * len(frame) for value in same.values()]
    writer.writerows(zip(*cells, strict=True))
    return buffer.getvalue()


def _origin_cells(origin: Origin, language: Language) -> dict[str, str]:
    """Heading -> value of what is the same on every row."""
    values = {
        "name": harmless(origin.marked(language)),
        "scenario": harmless(origin.scenario),
        "date": origin.day.isoformat(),
    }
    named = {say(language, f"why.paper.{key}"): value for key, value in values.items() if value}
    return {**named, say(language, "why.paper.fingerprint"): origin.fingerprint}


def _cells(values: list[object], column: Column) -> list[str]:
    if column.kind in DECIMALS:
        digits = DECIMALS[column.kind]
        return ["" if value is None or value != value else f"{value:.{digits}f}" for value in values]  # noqa: PLR0124
    if column.source == "ledger":
        return [harmless(str(value)) for value in values]
    return [one_line(str(value)) for value in values]


def write_table(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write any table so that a spreadsheet opens it as it is; None is an empty cell, and no text is a formula.

    Raises
    ------
    NotWritable
        The target is locked, read-only, a folder, or the disk is full.
    """
    with atomic(path) as target, target.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(heads)
        for row in rows:
            out.writerow(["" if cell is None else harmless(cell) if isinstance(cell, str) else cell for cell in row])


def harmless(text: str) -> str:
    """One line, and nothing that a spreadsheet would run as a formula."""
    guarded = text.startswith(_FORMULA) and len(text) > 1
    return one_line(f"'{text}" if guarded else text)


def one_line(text: str) -> str:
    """The text without breaks of lines."""
    return " ".join(text.split()) if any(sign in text for sign in "\r\n\t\v\f\x85\u2028\u2029") else text


def _fit_cp932(text: str) -> tuple[str, list[str]]:
    """The text with what cp932 can say, and the signs that it cannot."""
    signs: list[str] = []
    lost: list[str] = []
    # Composed first: か + ゛ as two signs would be lost, が is not.
    for sign in unicodedata.normalize("NFC", text).translate(_CP932):
        try:
            sign.encode("cp932")
        except UnicodeEncodeError:
            lost.append(sign)
            signs.append(_GETA)
        else:
            signs.append(sign)
    return "".join(signs), lost
