"""Half-hourly meter files: any of the layouts that retailers and meters write, told by its content."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from gis.progress import part, silent
from kawasolar.errors import UnreadableLedger, UnreadableMeters
from kawasolar.meters.checks import checked
from kawasolar.meters.layouts import Reader
from kawasolar.meters.model import MeterReadings
from kawasolar.meters.series import build_series
from kawasolar.meters.source import read_sheets
from kawasolar.meters.times import long_times

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.meters.blocks import Block
    from kawasolar.meters.headings import Unit
    from kawasolar.meters.model import MeterSeries

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Columns = tuple[Ints, Ints, Ints, Floats]

# A half hour's figure above this share of the contracted power [kW] is no energy in kWh: it would be 1.2 times that power.
_MOST_OF_CONTRACT = 0.6
_DIGITS = 22


def read_meters(path: Path, progress: Progress = silent) -> MeterReadings:
    """Read one file of half-hourly (or hourly) meter readings.

    The layouts, from samples of retailers' files: a row a day with 48 or 24 figures; a row a half hour with date and
    number or time, or one time stamp; several supply points below one another or in sheets; blocks of months with
    titles. Text (UTF-8, UTF-16 with mark, cp932; commas, tabs, semicolons) or XLSX.

    Parameters
    ----------
    path : Path
    progress : Progress
        Called every few thousand rows; may raise ``Cancelled``.

    Returns
    -------
    MeterReadings
        Energy [kWh] of every half hour by its begin, for each supply point. Peaks are as in the file.

    Raises
    ------
    UnreadableMeters
        Not a file of meters, or not to be read without a guess: see the codes in ``resources/words/meters.toml``.
    """
    file = path.name
    sheets, findings = read_sheets(path, progress)
    reader = Reader(file)
    for sheet in sheets:
        try:
            reader.read(sheet, alone=len(sheets) == 1)
        except UnreadableLedger as error:
            raise UnreadableMeters(error.code.replace("ledger.", "meters."), **error.details) from error
    blocks = [block for block in reader.blocks if block.row]
    if not blocks:
        raise reader.unknown() if not reader.blocks else UnreadableMeters("meters.no_values", file=file)
    progress(0.8, "meters")
    columns, told = _columns(blocks, file)
    progress(0.85, "meters")
    series = build_series(reader.points.names, columns, file, part(progress, 0.85, 0.9))
    empty = [one for one in series if np.isnan(one.kwh).all()]
    if len(empty) == len(series):
        raise UnreadableMeters("meters.no_values", file=file)
    kept = []
    for number, one in enumerate(series):
        progress(0.9 + 0.1 * number / len(series), "meters")
        if not np.isnan(one.kwh).all():
            kept.append(checked(one, file))
    findings += [*reader.notes.all(), *told, *_points(kept, file)]
    findings += [Finding("meters.point_empty", "warning", file, item=one.label) for one in empty]
    progress(1.0, "meters")
    return MeterReadings(file, tuple(kept), tuple(findings))


def _columns(blocks: list[Block], file: str) -> tuple[Columns, list[Finding]]:
    """Meter, begin, row and energy of every half hour of all blocks."""
    long = [block for block in blocks if not block.wide]
    wide = [block for block in blocks if block.wide]
    findings: list[Finding] = []
    parts: list[Columns] = []
    hourly = False
    if long:
        times = long_times(long, file)
        findings += times.findings
        value = np.concatenate(
            [block.columns()[3] * factor for block, factor in _factors(long, times.step, findings, file)]
        )
        parts.append(_halves(times.point, times.begins(), times.row, value, times.step))
        hourly = times.step == 60
    for step in (30, 60):
        some = [block for block in wide if block.heading.step == step]
        hourly = hourly or (step == 60 and bool(some))
        for block, factor in _factors(some, step, findings, file):
            point, minute, row, value = block.columns()
            parts.append(_halves(point, minute, row, value * factor, step))
    if hourly:
        findings.append(Finding("meters.hourly", "warning", file))
    if any(block.heading.assumed for block in blocks):
        findings.append(Finding("meters.no_heading", "info", file))
        if wide and any(block.heading.assumed for block in wide):
            findings.append(Finding("meters.label_assumed", "info", file))
    point, minute, row, kwh = (np.concatenate(column) for column in zip(*parts, strict=True))
    return (point, minute, row, kwh), findings


def _halves(point: Ints, minute: Ints, row: Ints, value: Floats, step: int) -> Columns:
    """Hours split evenly into half hours."""
    if step == 30:
        return point, minute, row, value
    both = (np.repeat(minute, 2) + np.tile([0, 30], len(minute))).astype(np.int64)
    return np.repeat(point, 2), both, np.repeat(row, 2), np.repeat(value / 2.0, 2)


def _factors(blocks: list[Block], step: int, findings: list[Finding], file: str) -> Iterable[tuple[Block, float]]:
    """Each block with what one of its figures is in kWh for the time that it stands for."""
    silent_max = max((_highest(block) for block in blocks if not _unit(block)[0]), default=0.0)
    made = []
    for block in blocks:
        unit, factor = _unit(block)
        if not unit:
            contract = block.titles.contract_kw
            hours = step / 60.0
            is_power = contract > 0.0 and silent_max * 0.5 / hours > _MOST_OF_CONTRACT * contract
            unit = "kw" if is_power else "kwh"
            finding = Finding(
                f"meters.unit_assumed_{unit}", "warning", file, found=f"{silent_max:g}", expected=f"{contract:g}"
            )
            if finding not in findings:
                findings.append(finding)
        made.append((block, factor * step / 60.0 if unit == "kw" else factor))
    return made


def _unit(block: Block) -> tuple[Unit, float]:
    """What the heading says, else what the titles above it say."""
    if block.heading.unit:
        return block.heading.unit, block.heading.factor
    return block.titles.unit, block.titles.factor


def _highest(block: Block) -> float:
    value = np.array(block.value, dtype=np.float64)
    return float(np.nanmax(value)) if len(value) and not np.isnan(value).all() else 0.0


def _points(series: list[MeterSeries], file: str) -> list[Finding]:
    """Supply points that are missing, or have lost digits."""
    findings = []
    for one in series:
        digits = one.supply_point
        if not digits:
            findings.append(Finding("meters.no_point", "info", file, item=one.label))
        elif digits.isdigit() and len(digits) in (20, 21, 23):
            finding = Finding("meters.point_digits", "warning", file, item=one.label, found=str(len(digits)))
            findings.append(replace(finding, expected=str(_DIGITS)))
    return findings
