"""A siting as plain data, and back: what a file can keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kawasolar.siting.of_plan import Siting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_FRAMES = ("sites", "points", "candidates", "curve")


def kept(result: Siting) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """The head as JSON would give it back, and the frames by name."""
    head = json.loads(json.dumps(result.head, allow_nan=False))
    return head, {name: getattr(result, name) for name in _FRAMES}


def from_kept(head: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> Siting:
    """The siting that was kept."""
    return Siting(dict(head), **{name: frames[name] for name in _FRAMES})
