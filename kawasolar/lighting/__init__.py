"""LED retrofits: which lamps a city has and until when they are made, what takes their place, what that saves on the bills, how it is paid for, and in which fiscal year."""

from __future__ import annotations

from kawasolar.lighting.kept import from_kept, kept
from kawasolar.lighting.of_plan import Asked, lighting_of, saved_share, saving_kwh
from kawasolar.lighting.programme import GOALS
from kawasolar.lighting.result import Head, Lighting
from kawasolar.lighting.table import Table, bundled_table, read_table, table_with

__all__ = [
    "GOALS", "Asked", "Head", "Lighting", "Table", "bundled_table", "from_kept", "kept", "lighting_of", "read_table", "saved_share", "saving_kwh", "table_with",
]  # fmt: skip
