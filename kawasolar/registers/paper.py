"""The rows of a ledger as they were understood, as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.export.csv import write_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def plain_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Texts, numbers and None, as JSON and CSV take them; days as ISO 8601."""
    made = rows.copy()
    for name in made.select_dtypes("datetime"):
        made[name] = made[name].dt.strftime("%Y-%m-%d")
    return made.astype(object).where(made.notna(), None)


def write_rows(rows: pd.DataFrame, path: Path) -> None:
    """Write a CSV that a spreadsheet opens as it is.

    Raises
    ------
    kawasolar.errors.NotWritable
        The target is locked, read-only, a folder, or the disk is full.
    """
    plain = plain_rows(rows)
    write_table(path, [str(name) for name in plain], plain.to_numpy().tolist())
