"""What a programme is searched with, and what giving way costs, where nobody says otherwise: ``resources/programme.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from kawasolar.programme.highs import Limits
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def _table() -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", tomllib.loads(resource_path("programme.toml").read_text("utf-8")))


def limits() -> Limits:
    """When a search ends."""
    search = _table()["search"]
    return Limits(float(search["gap"]), float(search["seconds"]))


def points() -> int:
    """Points of the frontier."""
    return int(_table()["search"]["points"])


def giving() -> dict[str, float]:
    """Kind of rule -> what it costs that it gives way."""
    return {str(kind): float(cost) for kind, cost in _table()["give"].items()}
