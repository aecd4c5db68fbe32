"""Options of an entry: JSON values by name, each of its kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from kawasolar.document.check import FIRST_YEAR, LAST_YEAR
from kawasolar.errors import PlanError

Check = Callable[[Any], bool]
Options = Mapping[str, Check]
_MOST = 10_000
_LONGEST = 200


def read(options: Mapping[str, Any], known: Options) -> dict[str, Any]:
    """The same options.

    Raises
    ------
    PlanError
        ``answers.no_such_option`` or ``answers.bad_option``
    """
    for key, value in options.items():
        if key not in known:
            raise PlanError("answers.no_such_option", found=str(key)[:60], expected=", ".join(known))
        if not known[key](value):
            raise PlanError("answers.bad_option", key=key, found=str(value)[:60])
    return dict(options)


def year(value: object) -> bool:
    """A fiscal year, or 0 for none."""
    return type(value) is int and (value == 0 or FIRST_YEAR <= value <= LAST_YEAR)


def flag(value: object) -> bool:
    """Yes or no."""
    return isinstance(value, bool)


def text(value: object) -> bool:
    """A short text."""
    return isinstance(value, str) and len(value) <= _LONGEST


def number(low: float, high: float, *, whole: bool = False) -> Check:
    """A number of a range."""

    def is_one(value: object) -> bool:
        if type(value) not in ((int,) if whole else (int, float)):
            return False
        return math.isfinite(value) and low <= value <= high  # type: ignore[arg-type, operator] # a number, as just seen

    return is_one


def one_of(*codes: str) -> Check:
    """One of some codes."""
    return lambda value: isinstance(value, str) and value in codes


def some_of(*codes: str) -> Check:
    """Codes, each once."""
    return lambda value: (
        isinstance(value, list) and len(set(map(str, value))) == len(value) and all(one in codes for one in value)
    )


def per_key(of: Check, *, whole: bool = False) -> Check:
    """A mapping of texts, or of years in digits, to such values."""

    def is_one(value: object) -> bool:
        if not isinstance(value, dict) or len(value) > _MOST:
            return False
        keys = all(
            isinstance(key, str) and len(key) <= _LONGEST and (not whole or (key.isascii() and key.isdigit()))
            for key in value
        )
        return keys and all(of(one) for one in value.values())

    return is_one


def texts(value: object) -> bool:
    """Short texts, each once."""
    return isinstance(value, list) and len(value) <= _MOST and all(map(text, value)) and len(set(value)) == len(value)
