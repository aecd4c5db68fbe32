"""What stands out in a year of half hours: gaps, outages, jumps. Everything is told, nothing is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.meters.model import HALF_HOUR, SLOTS, clock_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.findings import Severity
    from kawasolar.meters.model import MeterSeries

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

# Of a kind so many are told one by one, the longest; of the others how many.
MAX_TOLD = 10
# Half hours of exact nought in a row that are an outage or a stop: 6 hours.
OUTAGE = 12
# A meter that stands still on more days than this share is one of something used now and then.
MAX_STILL_DAYS = 0.2
# Days before and after that are compared for a jump, and how many times their daily energy must differ: seasons and
# school holidays stay under 3; a wrong ratio of transformers, or another unit, is 10 and more.
JUMP_DAYS = 7
JUMP_RATIO = 4.0
# A half hour above so many times the level that 99.9 % stay below is a spike.
SPIKE_RATIO = 4.0
_SPIKE_SHARE = 0.999
# Codes of what is found here, anew whenever files are joined.
CODES = frozenset(
    {"meters.gap", "meters.gaps_more", "meters.outage", "meters.outages_more", "meters.jump", "meters.jumps_more"}
    | {"meters.spike", "meters.spikes_more"}
)


def checked(series: MeterSeries, source: str) -> MeterSeries:
    """The series with findings on its gaps, outages and jumps in the place of earlier ones."""
    kept = tuple(finding for finding in series.findings if finding.code not in CODES)
    found = (*_gaps(series, source), *_outages(series, source), *_jumps(series, source), *_spikes(series, source))
    return replace(series, findings=(*kept, *found))


def runs(mask: Bools) -> tuple[Ints, Ints]:
    """First place and length of every run of true values; each (n,)."""
    edges = np.diff(mask.astype(np.int8), prepend=0, append=0)
    begins = np.flatnonzero(edges == 1)
    return begins, np.flatnonzero(edges == -1) - begins


def _told(
    series: MeterSeries,
    source: str,
    code: str,
    severity: Severity,
    places: tuple[Ints, Ints],
    values: Floats | None = None,
) -> list[Finding]:
    """The longest runs in the order of time, and how many more there are."""
    begins, lengths = places
    order = np.sort(np.argsort(-lengths, kind="stable")[:MAX_TOLD])
    findings = []
    for k in order:
        begin = series.start + int(begins[k]) * HALF_HOUR
        details = {
            "begin": clock_text(begin),
            "end": clock_text(begin + int(lengths[k]) * HALF_HOUR),
            "count": int(lengths[k]),
        }
        found = None if values is None else f"{values[begins[k]]:,.1f}"
        findings.append(Finding(code, severity, source, item=series.label, found=found, details=details))
    if len(begins) > MAX_TOLD:
        rest = int(lengths.sum()) - int(lengths[order].sum())
        details = {"gaps": len(begins) - MAX_TOLD, "count": rest}
        findings.append(Finding(f"{code}s_more", severity, source, item=series.label, details=details))
    return findings


def _gaps(series: MeterSeries, source: str) -> list[Finding]:
    return _told(series, source, "meters.gap", "warning", runs(np.isnan(series.kwh)))


def _outages(series: MeterSeries, source: str) -> list[Finding]:
    """Six hours and more of exact nought in a meter that is never nought otherwise."""
    still = series.kwh == 0.0
    begins, lengths = runs(still)
    if not len(begins) or lengths.min() < OUTAGE:
        return []
    days = len(np.unique(np.flatnonzero(still) // SLOTS))
    if days > max(2.0, MAX_STILL_DAYS * len(series.kwh) / SLOTS):
        return []
    return _told(series, source, "meters.outage", "warning", (begins, lengths))


def _jumps(series: MeterSeries, source: str) -> list[Finding]:
    """Days at which the level changes at once and stays so."""
    offset = series.start.hour * 2 + series.start.minute // 30
    padded = np.concatenate([np.full(offset, np.nan), series.kwh, np.full(-(offset + len(series.kwh)) % SLOTS, np.nan)])
    daily = padded.reshape(-1, SLOTS).sum(axis=1)
    if len(daily) < 2 * JUMP_DAYS:
        return []
    rolling = pd.Series(daily).rolling(JUMP_DAYS, min_periods=JUMP_DAYS - 2).median().to_numpy()
    before, after = rolling[JUMP_DAYS - 1 : -JUMP_DAYS], rolling[2 * JUMP_DAYS - 1 :]
    # Day by day too: a week's median turns some days before and after the level does.
    today, yesterday = daily[JUMP_DAYS : len(daily) - JUMP_DAYS + 1], daily[JUMP_DAYS - 1 : len(daily) - JUMP_DAYS]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = after / before
        up, down = (ratio > JUMP_RATIO), (ratio < 1.0 / JUMP_RATIO)
        at_once = today / yesterday
    # A step from nought is an outage's end.
    real = (before > 0.0) & (after > 0.0)
    found = np.flatnonzero(real & ((up & (at_once > JUMP_RATIO)) | (down & (at_once < 1.0 / JUMP_RATIO))))
    first = pd.Timestamp(series.start).normalize()
    findings = [
        Finding(
            "meters.jump", "warning", source, item=series.label,
            details={
                "begin": f"{first + pd.Timedelta(days=int(k) + JUMP_DAYS):%Y-%m-%d}",
                "before": f"{before[k]:,.1f}",
                "after": f"{after[k]:,.1f}",
            },
        )
        for k in found[:MAX_TOLD]
    ]  # fmt: skip
    if len(found) > MAX_TOLD:
        details: dict[str, object] = {"count": len(found) - MAX_TOLD}
        findings.append(Finding("meters.jumps_more", "warning", source, item=series.label, details=details))
    return findings


def _spikes(series: MeterSeries, source: str) -> list[Finding]:
    known = series.kwh[~np.isnan(series.kwh)]
    if len(known) < SLOTS * JUMP_DAYS:
        return []
    usual = float(np.quantile(known, _SPIKE_SHARE))
    high = series.kwh > SPIKE_RATIO * usual if usual > 0.0 else np.zeros(len(series.kwh), dtype=bool)
    # A spike is told in kW, as peaks are.
    return _told(series, source, "meters.spike", "warning", runs(high), 2.0 * series.kwh)
