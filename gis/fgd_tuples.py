"""The tuple list of a 基盤地図情報 terrain tile: class and height of each cell, one a line."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from numpy.typing import NDArray

# Classes of the file specification. Those of a surface hold a height where it is not the sentinel: inland water and その他 often do.
KNOWN = ("地表面", "表層面", "海水面", "海水底面", "内水面", "内水底面", "その他")
NO_DATA = "データなし"
# The sentinel is -9999; what no place in Japan has is none either (a quarry at -170 m, Mt Fuji at 3776 m).
_LOWEST, _HIGHEST = -500.0, 4000.0
_SENTINEL = -9999.0
_MOST_CLASSES = 50
# Characters at a time: a tenth of a second.
_PART = 2_000_000
_SPACE = re.compile(r"\s")
_TYPES: dict[Hashable, Any] = {"class": "category", "z": np.float64}
_DECIMAL = re.compile(rb"[+-]?\d*\.?\d*")
_PLAIN = b"0123456789.-+\n,"


@dataclass(frozen=True)
class Tuples:
    """What a list says.

    Attributes
    ----------
    z : (n,) float32, heights [m], NaN where unknown
    classes : cells by class, as the file names it
    impossible : cells of a known class whose height is neither possible nor the sentinel
    strange : classes that the specification does not have; their cells are unknown
    """

    z: NDArray[np.float32]
    classes: Counter[str]
    impossible: int
    strange: tuple[str, ...]


def read_tuples(text: str, tick: Callable[[], None] = lambda: None) -> Tuples:
    """Heights of a ``gml:tupleList``: lines ``地表面,12.34`` (基盤地図情報ダウンロードデータファイル仕様書, GSI).

    Parameters
    ----------
    tick : called between parts of the list; may raise to stop

    Raises
    ------
    ValueError
        A tuple is not a class, a comma and a decimal number; the message says which one, and what is there.
    """
    parts: list[Tuples] = []
    begin, before = 0, 0
    while begin < len(text):
        end = _next(text, begin + _PART)
        parts.append(_part(_lines(text[begin:end]), before))
        before += parts[-1].z.size
        begin = end
        tick()
    return Tuples(
        np.concatenate([np.zeros(0, np.float32), *(part.z for part in parts)]),
        sum((part.classes for part in parts), Counter()),
        sum(part.impossible for part in parts),
        tuple(dict.fromkeys(name for part in parts for name in part.strange)),
    )


def _next(text: str, place: int) -> int:
    """Where the white space after a place begins, between two tuples."""
    found = _SPACE.search(text, place)
    return found.start() if found else len(text)


def _lines(text: str) -> bytes:
    """One tuple a line, whatever white space stands between them."""
    lines = text.encode("utf-8").replace(b"\r\n", b"\n").strip()
    if any(other in lines for other in (b"\n\n", b" ", b"\t", b"\r", b"\v", b"\f")):
        lines = b"\n".join(lines.split())
    return lines


def _part(lines: bytes, before: int) -> Tuples:
    if not lines:
        return Tuples(np.zeros(0, np.float32), Counter(), 0, ())
    try:
        frame = pd.read_csv(
            io.BytesIO(lines),
            header=None,
            names=("class", "z"),
            index_col=False,
            dtype=_TYPES,
            quoting=csv.QUOTE_NONE,
            na_filter=False,
            engine="c",
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(_wrong(lines, before)) from error
    if len(frame) != lines.count(b"\n") + 1 or len(frame) != lines.count(b","):
        raise ValueError(_wrong(lines, before))
    names = [str(name) for name in frame["class"].cat.categories]
    if "" in names or len(names) > _MOST_CLASSES:
        raise ValueError(_wrong(lines, before))
    # All that is left is to be numbers as people write them: pandas takes "inf" and "1e5" besides.
    rest = lines
    for name in names:
        rest = rest.replace(name.encode("utf-8") + b",", b",")
    if rest.translate(None, _PLAIN):
        raise ValueError(_wrong(lines, before))
    return _valued(np.asarray(frame["class"].cat.codes, np.int64), names, frame["z"].to_numpy())


def _valued(code: NDArray[np.int64], names: list[str], z: NDArray[np.float64]) -> Tuples:
    counts = np.bincount(code, minlength=len(names))
    holds = np.array([name in KNOWN for name in names])[code]
    possible = (z > _LOWEST) & (z < _HIGHEST)
    odd = holds & ~possible & (z != _SENTINEL)
    return Tuples(
        np.where(holds & possible, z, np.nan).astype(np.float32),
        Counter({name: int(count) for name, count in zip(names, counts, strict=True)}),
        int(np.count_nonzero(odd)),
        tuple(name for name in names if name not in KNOWN and name != NO_DATA),
    )


def _wrong(lines: bytes, before: int) -> str:
    """The number of the first tuple that is none, and what stands there."""
    for number, line in enumerate(lines.split(b"\n"), before + 1):
        name, _, value = line.partition(b",")
        if not name or not value or not _DECIMAL.fullmatch(value):
            return f"{number}: {line[:60].decode('utf-8', 'replace')}"
    return ""
