"""A result as a plan could keep it: plain values and tables, and back."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gis.findings import Finding
from kawasolar.lighting.result import FRAMES, Head, Lighting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def kept(result: Lighting) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """A head that JSON can hold, and the tables by name."""
    head = asdict(result.head)
    head["budgets"] = {str(year): yen for year, yen in result.head.budgets.items()}
    head["asked"], head["done"] = list(result.head.asked), list(result.head.done)
    # JSON knows no infinity: what nothing is known of.
    head["gap"] = None if math.isinf(result.head.gap) else result.head.gap
    head["findings"] = [asdict(one) for one in result.findings]
    return head, {name: getattr(result, name) for name in FRAMES}


def from_kept(head: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> Lighting:
    """What :func:`kept` was made from."""
    values = {name: value for name, value in head.items() if name != "findings"}
    values["budgets"] = {int(year): float(yen) for year, yen in values["budgets"].items()}
    values["gap"] = math.inf if values["gap"] is None else values["gap"]
    values["asked"], values["done"] = tuple(values["asked"]), tuple(values["done"])
    findings = tuple(Finding(**one) for one in head["findings"])
    return Lighting(Head(**values), **{name: frames[name] for name in FRAMES}, findings=findings)
