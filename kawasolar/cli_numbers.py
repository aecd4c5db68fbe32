"""Numbers as the command line gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable


def numbers_given(given: Iterable[str], code: str) -> dict[str, float]:
    """Numbers by key, from ``KEY=NUMBER`` each.

    Raises
    ------
    PlanError
        ``code``, with what was found
    """
    found: dict[str, float] = {}
    for one in given:
        key, _, text = one.partition("=")
        try:
            found[key.strip()] = float(text)
        except ValueError as error:
            raise PlanError(code, found=one[:60]) from error
    return found
