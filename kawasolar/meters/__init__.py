"""Half-hourly readings of electricity meters: reading, checking, joining."""

from __future__ import annotations

from kawasolar.meters.join import join_meters
from kawasolar.meters.model import MeterReadings, MeterSeries
from kawasolar.meters.reading import read_meters
from kawasolar.meters.summary import Summary, summary, write_tidy

__all__ = ["MeterReadings", "MeterSeries", "Summary", "join_meters", "read_meters", "summary", "write_tidy"]
