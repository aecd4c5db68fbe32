"""From rows to the half hours of each meter: one figure each, what is twice or impossible told."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from gis.progress import silent
from kawasolar.errors import UnreadableMeters
from kawasolar.meters.model import MeterSeries, clock_text, stamp_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.progress import Progress

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

# Half hours from the first to the last of one meter: twenty years. A date that is mistyped by decades shows so.
MAX_HALF_HOURS = 20 * 366 * 48
# Half hours of all meters of a file together (160 MB).
MAX_TOGETHER = 20_000_000
# Energy of a half hour that no building takes [kWh]: 2 GW.
MAX_KWH = 1_000_000.0
# Share by which two figures may differ and be one: the rounding of Wh and kW turned into kWh.
SAME = 1e-9
# Half hours that are told one by one; of more, how many.
MAX_TOLD = 10


def build_series(
    names: list[tuple[str, str]], columns: tuple[Ints, Ints, Ints, Floats], file: str, progress: Progress = silent
) -> list[MeterSeries]:
    """One series for each meter that has a figure.

    Parameters
    ----------
    names : supply point and name of each meter
    columns : meter, begin in minutes from 1970, row, and energy [kWh; NaN where missing] of each half hour; each (n,)

    Raises
    ------
    UnreadableMeters
        ``meters.span`` or ``meters.too_many``
    """
    point, minute, row, kwh = columns
    order = np.lexsort((row, minute, point))
    point, minute, row, kwh = point[order], minute[order], row[order], kwh[order]
    progress(0.5, "meters")
    bounds = np.searchsorted(point, np.arange(len(names) + 1))
    spans = [(minute[b - 1] - minute[a]) // 30 + 1 if b > a else 0 for a, b in pairwise(bounds)]
    if sum(int(span) for span in spans) > MAX_TOGETHER:
        found = sum(int(span) for span in spans)
        raise UnreadableMeters("meters.too_many", file=file, found=found, expected=MAX_TOGETHER)
    made = []
    for name, a, b in zip(names, bounds[:-1], bounds[1:], strict=True):
        if b > a:
            progress(0.5 + 0.5 * float(a) / len(point), "meters")
            made.append(_one(name, minute[a:b], row[a:b], kwh[a:b], file))
    return made


def _one(name: tuple[str, str], minute: Ints, row: Ints, kwh: Floats, file: str) -> MeterSeries:
    """Half hours of one meter, sorted by time."""
    start = stamp_of(int(minute[0]))
    at = (minute - minute[0]) // 30
    if at[-1] >= MAX_HALF_HOURS:
        raise UnreadableMeters(
            "meters.span", file=file, row=int(row[np.argmax(np.diff(at)) + 1]),
            found=f"{clock_text(start)} – {clock_text(stamp_of(int(minute[-1])))}",
        )  # fmt: skip
    label = name[0] or name[1] or "–"
    findings: list[Finding] = []
    kept = ~np.isnan(kwh)
    for code, wrong in (("meters.negative", kwh < 0.0), ("meters.implausible", np.abs(kwh) > MAX_KWH)):
        if wrong.any():
            findings.append(_kept_out(code, label, minute[wrong], row[wrong], kwh[wrong], file))
            kept &= ~wrong
    series = np.full(int(at[-1]) + 1, np.nan)
    at, minute, row, kwh = at[kept], minute[kept], row[kept], kwh[kept]
    if len(at):
        first, differing, told = _once(label, at, minute, row, kwh, file)
        series[at[first]] = kwh[first]
        series[at[differing]] = np.nan
        findings.extend(told)
    return MeterSeries(*name, start, series, tuple(findings))


def _kept_out(code: str, label: str, minute: Ints, row: Ints, kwh: Floats, file: str) -> Finding:
    worst = int(np.argmax(np.abs(kwh)))
    details = {
        "count": len(kwh),
        "begin": clock_text(stamp_of(int(minute[0]))),
        "end": clock_text(stamp_of(int(minute[-1]) + 30)),
    }
    return Finding(code, "warning", file, int(row[worst]), item=label, found=f"{kwh[worst]:g}", details=details)


def _once(label: str, at: Ints, minute: Ints, row: Ints, kwh: Floats, file: str) -> tuple[Ints, Bools, list[Finding]]:
    """Where each half hour's first figure stands, which rows contradict one another, and what to tell."""
    first = np.flatnonzero(np.diff(at, prepend=-1))
    group = np.cumsum(np.diff(at, prepend=-1) != 0) - 1
    high, low = np.maximum.reduceat(kwh, first), np.minimum.reduceat(kwh, first)
    differ = high - low > SAME * high
    counts = np.diff(first, append=len(at))
    findings = []
    same = (counts > 1) & ~differ
    if same.any():
        k = int(first[np.argmax(same)])
        details = {"count": int(same.sum()), "begin": clock_text(stamp_of(int(minute[k])))}
        findings.append(Finding("meters.same_twice", "info", file, int(row[k + 1]), item=label, details=details))
    wrong = np.flatnonzero(differ)
    for k in wrong[:MAX_TOLD]:
        rows = row[first[k] : first[k] + counts[k]]
        values = kwh[first[k] : first[k] + counts[k]]
        details = {
            "begin": clock_text(stamp_of(int(minute[first[k]]))),
            "rows": ", ".join(str(number) for number in rows[:5]),
        }
        shown = ", ".join(f"{value:g}" for value in values[:5])
        findings.append(Finding("meters.differ", "error", file, int(rows[0]), item=label, found=shown, details=details))
    if len(wrong) > MAX_TOLD:
        more = len(wrong) - MAX_TOLD
        findings.append(Finding("meters.differ_more", "error", file, item=label, details={"count": more}))
    return first, differ[group], findings
