"""The meters of a plan's facilities: asked for, not kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gis.progress import part, silent
from kawasolar.meters.join import join_meters
from kawasolar.meters.load import load_of
from kawasolar.meters.owners import owners_of
from kawasolar.meters.reading import read_meters
from kawasolar.meters.store import as_reading, is_store, open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.document.entries import Entries
    from kawasolar.meters.load import Load
    from kawasolar.meters.model import MeterReadings, MeterSeries
    from kawasolar.meters.store import MeterStore
    from kawasolar.plan import InputFile, Plan


def read_all(
    paths: Sequence[Path], progress: Progress = silent
) -> tuple[tuple[MeterSeries, ...], tuple[Finding, ...], tuple[str, ...]]:
    """Files of meters, and such as :func:`kawasolar.meters.store.write_store` made, joined in time.

    Returns
    -------
    series, findings, names of the files that they were read from

    Raises
    ------
    UnreadableMeters
        one of them cannot be used
    gis.progress.Cancelled
        from ``progress``
    """
    readings: list[MeterReadings] = []
    sources: list[str] = []
    for k, path in enumerate(paths):
        told = part(progress, k / len(paths), (k + 1) / len(paths))
        if is_store(path):
            store = open_store(path)
            readings.append(as_reading(store, told))
            sources += store.sources
        else:
            readings.append(read_meters(path, told))
            sources.append(path.name)
    series = join_meters(readings)
    findings = [finding for reading in readings for finding in reading.findings]
    findings += [finding for one in series for finding in one.findings]
    return series, tuple(findings), tuple(dict.fromkeys(sources))


class HasMeters(Protocol):
    """What of a plan tells whose meters are whose."""

    @property
    def facilities(self) -> pd.DataFrame:
        """``facility_id name``."""

    @property
    def entries(self) -> Entries:
        """What people entered."""

    @property
    def inputs(self) -> tuple[InputFile, ...]:
        """Its files."""


def store_of(plan: HasMeters) -> MeterStore | None:
    """The plan's file of meters; None where it has none.

    Raises
    ------
    UnreadableMeters
        it is not there any more, or damaged
    """
    path = next((file.path for file in plan.inputs if file.role == "meters"), "")
    return open_store(Path(path)) if path else None


def load_of_facility(plan: Plan, facility_id: str, progress: Progress = silent) -> Load | None:
    """What a facility uses by its meters; None where it has none, or these no half hour in common.

    Raises
    ------
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    """
    return loads_of(plan, (facility_id,), progress).get(facility_id)


def loads_of(plan: Plan, facility_ids: Sequence[str] | None = None, progress: Progress = silent) -> dict[str, Load]:
    """What facilities use by their meters: those of them that have some; of all unless given.

    Raises
    ------
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    loads = {name: load_of(series) for name, series in series_of(plan, facility_ids, progress).items()}
    return {name: load for name, load in loads.items() if load is not None}


def series_of(
    plan: HasMeters, facility_ids: Sequence[str] | None = None, progress: Progress = silent
) -> dict[str, list[MeterSeries]]:
    """The meters of facilities: those of them that have some; of all unless given.

    Raises
    ------
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    store = store_of(plan)
    if store is None:
        return {}
    owners = owners_of(store.points, plan.facilities, plan.entries)
    of_whom = owners["facility_id"].tolist()
    asked = set(of_whom if facility_ids is None else facility_ids) - {""}
    rows = [row for row, owner in enumerate(of_whom) if owner in asked]
    found: dict[str, list[MeterSeries]] = {}
    for row, series in zip(rows, store.series(rows, progress), strict=True):
        found.setdefault(of_whom[row], []).append(series)
    return found
