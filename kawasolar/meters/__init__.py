"""Half-hourly readings of electricity meters: reading, checking, joining; kept in one file, and told by facility."""

from __future__ import annotations

from kawasolar.meters.join import join_meters
from kawasolar.meters.load import Load, load_of
from kawasolar.meters.model import MeterReadings, MeterSeries
from kawasolar.meters.of_plan import load_of_facility, loads_of, read_all, series_of, store_of
from kawasolar.meters.older import OlderStore, older_stores
from kawasolar.meters.owners import owners_of
from kawasolar.meters.reading import read_meters
from kawasolar.meters.store import MeterStore, open_store, write_store
from kawasolar.meters.summary import Summary, summary, write_tidy

__all__ = [
    "Load", "MeterReadings", "MeterSeries", "MeterStore", "OlderStore", "Summary", "join_meters", "load_of", "load_of_facility", "loads_of",
    "older_stores", "open_store", "owners_of", "read_all", "read_meters", "series_of", "store_of", "summary", "write_store", "write_tidy",
]  # fmt: skip
