"""A meter in a few figures, and all meters as one tidy table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.meters.model import HALF_HOUR, SLOTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from kawasolar.meters.model import MeterSeries


@dataclass(frozen=True)
class Summary:
    """Figures of one meter.

    Attributes
    ----------
    start, end : begin of the first and end of the last half hour
    days : so many days are between them
    missing : half hours without a figure
    total_kwh : of the half hours that are there
    peak_kw : the highest half hour's mean power, as in the file
    peak_at : its begin
    load_factor : mean power over the highest, of the half hours that are there; NaN where all are nought
    """

    supply_point: str
    name: str
    start: pd.Timestamp
    end: pd.Timestamp
    days: float
    missing: int
    total_kwh: float
    peak_kw: float
    peak_at: pd.Timestamp
    load_factor: float


def summary(series: MeterSeries) -> Summary:
    """Figures of one meter that has at least one half hour with a figure."""
    known = ~np.isnan(series.kwh)
    total = float(np.nansum(series.kwh))
    at = int(np.nanargmax(series.kwh))
    peak = 2.0 * float(series.kwh[at])
    factor = 2.0 * total / int(known.sum()) / peak if peak > 0.0 else float("nan")
    return Summary(
        series.supply_point, series.name, series.start, series.end, len(series.kwh) / SLOTS, int((~known).sum()),
        total, peak, series.start + at * HALF_HOUR, factor,
    )  # fmt: skip


def write_tidy(series: Iterable[MeterSeries], path: Path) -> None:
    """All half hours below one another: supply point, begin (ISO 8601 with zone), kWh; empty where it is missing.

    A meter without a supply point stands there by its name. The file appears whole or not at all.

    Raises
    ------
    NotWritable
        The target is locked, read-only, a folder, or the disk is full.
    """
    from kawasolar.export.csv import harmless
    from kawasolar.export.writing import atomic

    with atomic(path) as target, target.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["supply_point", "begin", "kwh"])
        for one in series:
            name = harmless(one.supply_point or one.name)
            stamps = one.begins().strftime("%Y-%m-%dT%H:%M:00+09:00")
            values = ["" if np.isnan(value) else repr(float(value)) for value in one.kwh]
            out.writerows(zip([name] * len(values), stamps, values, strict=True))
