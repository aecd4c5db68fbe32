"""Several files of one supply point put together in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from kawasolar.errors import UnreadableMeters
from kawasolar.meters.checks import MAX_TOLD, checked, runs
from kawasolar.meters.model import HALF_HOUR, MeterSeries, clock_text
from kawasolar.meters.series import MAX_HALF_HOURS, SAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.meters.model import MeterReadings


def join_meters(readings: Sequence[MeterReadings]) -> tuple[MeterSeries, ...]:
    """One series for each supply point of several files.

    Half hours that two files give alike count once; those that they give differently are told and left out. A meter
    without a supply point is joined with nothing: nobody could say whose it is.

    Parameters
    ----------
    readings : sequence of MeterReadings
        In the order in which the files were named.

    Raises
    ------
    UnreadableMeters
        ``meters.span``: from the first to the last half hour of a supply point are more than twenty years
    """
    groups: dict[str, list[tuple[str, MeterSeries]]] = {}
    for number, reading in enumerate(readings):
        for k, series in enumerate(reading.series):
            key = series.supply_point or f"\0{number}/{k}"
            groups.setdefault(key, []).append((reading.source, series))
    return tuple(members[0][1] if len(members) == 1 else _joined(members) for members in groups.values())


def _joined(members: list[tuple[str, MeterSeries]]) -> MeterSeries:
    start = min(series.start for _, series in members)
    count = max((series.end - start) // HALF_HOUR for _, series in members)
    source = ", ".join(dict.fromkeys(name for name, _ in members))
    point = members[0][1].supply_point
    if count > MAX_HALF_HOURS:
        end = max(series.end for _, series in members)
        raise UnreadableMeters("meters.span", file=source, found=f"{clock_text(start)} – {clock_text(end)}")
    kwh = np.full(count, np.nan)
    differ = np.zeros(count, dtype=bool)
    findings: list[Finding] = []
    for name, series in members:
        at = (series.start - start) // HALF_HOUR
        here = kwh[at : at + len(series.kwh)]
        known = ~np.isnan(series.kwh)
        against = known & (np.abs(here - series.kwh) > SAME * np.abs(series.kwh))
        differ[at : at + len(series.kwh)] |= against
        findings += series.findings
        if against.any():
            findings += _contradictions(series, against, name, source)
        here[known] = series.kwh[known]
    kwh[differ] = np.nan
    name = next((series.name for _, series in members if series.name), "")
    return checked(MeterSeries(point, name, start, kwh, tuple(findings)), source)


def _contradictions(series: MeterSeries, against: NDArray[np.bool_], name: str, source: str) -> list[Finding]:
    """Stretches of time in which a file contradicts those before it."""
    begins, lengths = runs(against)
    findings = []
    for begin, length in list(zip(begins, lengths, strict=True))[:MAX_TOLD]:
        at = series.start + int(begin) * HALF_HOUR
        details = {"begin": clock_text(at), "end": clock_text(at + int(length) * HALF_HOUR), "count": int(length)}
        findings.append(Finding("meters.files_differ", "error", name, item=series.label, found=source, details=details))
    if len(begins) > MAX_TOLD:
        details = {"gaps": len(begins) - MAX_TOLD, "count": int(lengths[MAX_TOLD:].sum())}
        findings.append(Finding("meters.files_differ_more", "error", name, item=series.label, details=details))
    return findings
