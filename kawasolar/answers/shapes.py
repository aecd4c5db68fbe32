"""Whether JSON values have the shape that they should have, and tables the types."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kawasolar.plan import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

# Beyond any list or text of ours.
_MOST = 1_000_000
# Of a mapping: any key.
ANY = "*"


def check_shape(value: object, shape: Any, place: str) -> None:  # noqa: ANN401 - a shape is a type, a tuple of shapes, a list of one, or a mapping
    """Refuse what has another shape.

    Parameters
    ----------
    shape : ``str``, ``bool``, ``int`` or ``float`` (which an int is, too; finite); None; a tuple: one of these; ``[shape]``: a list of such; a mapping: exactly
        these keys, or with :data:`ANY` any keys

    Raises
    ------
    ValueError
        names the place
    """
    if isinstance(shape, tuple):
        if not any(_fits(value, one, place) for one in shape):
            raise ValueError(place)
    elif isinstance(shape, list):
        if not isinstance(value, list) or len(value) > _MOST:
            raise ValueError(place)
        for one in value:
            check_shape(one, shape[0], place)
    elif isinstance(shape, dict):
        if not isinstance(value, dict) or (ANY not in shape and set(value) != set(shape)):
            raise ValueError(place)
        for key, one in value.items():
            check_shape(one, shape.get(key, shape.get(ANY)), f"{place}.{str(key)[:40]}")
    elif not _plain(value, shape):
        raise ValueError(place)


def _fits(value: object, shape: Any, place: str) -> bool:  # noqa: ANN401
    try:
        check_shape(value, shape, place)
    except ValueError:
        return False
    return True


def _plain(value: object, shape: object) -> bool:
    if shape is None:
        return value is None
    if shape is float:
        return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type] # a number, as just seen
    return type(value) is shape and not (isinstance(value, str) and len(value) > _MOST)


def types_of(
    columns: tuple[str, ...], *, texts: str = "", whole: str = "", flags: str = "", days: str = ""
) -> dict[str, str]:
    """Types of a table's columns: numbers, but for those that are named."""
    named = {
        **dict.fromkeys(texts.split(), "object"),
        **dict.fromkeys(whole.split(), "int64"),
        **dict.fromkeys(flags.split(), "bool"),
    }
    named |= dict.fromkeys(days.split(), "datetime64[s]")
    return {name: named.get(name, "float64") for name in columns}


def as_kept(answer: Answer, frames: Mapping[str, Mapping[str, str]]) -> Answer:
    """With the tables that are kept, in their types."""
    return Answer(answer.head, {name: _typed(answer.frames[name], columns) for name, columns in frames.items()})


def _typed(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    made = frame[list(columns)].astype(dict(columns)).reset_index(drop=True)
    for name, kind in columns.items():
        if kind == "object":
            # Texts: nothing is no text.
            made[name] = made[name].where(made[name].notna(), None)
    return made
