"""Charging as it can be kept: a head of plain values, and tables."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gis.findings import Finding
from kawasolar.charging.result import TABLES, Charging, typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def kept(found: Charging) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """A head that JSON can hold, and the tables by name."""
    findings = [asdict(one) for one in found.findings]
    return {**found.head, "findings": findings}, {name: getattr(found, name) for name in TABLES}


def from_kept(head: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> Charging:
    """What was kept, again.

    Raises
    ------
    KeyError
        a table or a column of it is not there
    """
    plain = {key: value for key, value in head.items() if key != "findings"}
    findings = tuple(Finding(**one) for one in head["findings"])
    tables = {name: typed(frames[name], kinds) for name, kinds in TABLES.items()}
    return Charging(plain, **tables, findings=findings)
