"""A fleet's programme as it may be kept: a head that JSON holds, and tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gis.findings import Finding
from kawasolar.fleet.result import FleetResult

if TYPE_CHECKING:
    import pandas as pd

_FRAMES = ("cars", "years", "bases", "assumptions", "catalogue")


def kept(result: FleetResult) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Head and tables; the head goes through JSON as it is."""
    head = {"result": dict(result.head), "findings": [asdict(finding) for finding in result.findings]}
    plain: dict[str, Any] = json.loads(json.dumps(head, ensure_ascii=False, allow_nan=False, default=str))
    return plain, {name: getattr(result, name).copy() for name in _FRAMES}


def from_kept(head: dict[str, Any], frames: dict[str, pd.DataFrame]) -> FleetResult:
    """The same result again."""
    findings = tuple(Finding(**one) for one in head["findings"])
    return FleetResult(head=head["result"], findings=findings, **{name: frames[name] for name in _FRAMES})
