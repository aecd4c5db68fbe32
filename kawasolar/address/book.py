"""A book of addresses with their places, from the plan's own layers: looked up offline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import shapely

from gis.findings import Finding
from kawasolar.address.normal import numbers_of, parse_address, town_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd

# How exact a place is, the most exact first.
Exact = Literal["building", "parcel", "block", "town"]
EXACT: tuple[Exact, ...] = ("building", "parcel", "block", "town")
# Entries of one address that lie within this of their middle are one place [m]: about a block.
BLOCK_M = 150.0
_ENDS_CITY = "市区町村郡"


@dataclass(frozen=True)
class Entry:
    """One address: the names under which its town is looked up, its city (empty where unknown), numbers, place [m] and how exact it is.

    ``of_town``: how many of the numbers belong to the town (丁目); entries that have only these in common are no neighbours.
    """

    towns: tuple[str, ...]
    city: str
    numbers: tuple[str, ...]
    x: float
    y: float
    exact: Exact
    of_town: int = 0


@dataclass(frozen=True)
class Found:
    """A place found for an address; ``ambiguous``: the same address stands for places far apart, and none is given."""

    x: float
    y: float
    exact: Exact
    ambiguous: bool = False


@dataclass
class AddressBook:
    """Entries by town; of a town by their numbers once somebody asks for it."""

    entries: list[Entry] = field(default_factory=list)
    _towns: dict[str, list[int]] = field(default_factory=dict, repr=False)
    _numbered: dict[str, dict[tuple[str, ...], list[int]]] = field(default_factory=dict, repr=False)

    def add(self, entries: Sequence[Entry]) -> None:
        """Some more entries."""
        for entry in entries:
            for town in entry.towns:
                if town:
                    self._towns.setdefault(town, []).append(len(self.entries))
            self.entries.append(entry)
        self._numbered.clear()

    def __len__(self) -> int:
        return len(self.entries)

    def find(self, text: str) -> Found | None:
        """The place of an address; None where its town is in no layer.

        The most exact entry counts: the same numbers, else the block that the first numbers name, else the town.
        """
        address = parse_address(text)
        for town, which, whole in self._matching(address.words):
            return self._place(town, which, address.numbers if whole else ())
        return None

    def _matching(self, words: str) -> Iterator[tuple[str, set[int] | None, bool]]:
        """Town, the entries whose city fits (None: all), and whether the town is all of the words: most of them first."""
        starts = [0, *(k + 1 for k, sign in enumerate(words[:-1]) if sign in _ENDS_CITY)]
        for begin in starts:
            if words[begin:] in self._towns:
                yield from self._of_city(words[begin:], words[:begin], whole=True)
        for begin in starts:
            for end in range(len(words) - 1, begin + 1, -1):
                if words[begin:end] in self._towns:
                    yield from self._of_city(words[begin:end], words[:begin], whole=False)

    def _of_city(self, town: str, city: str, *, whole: bool) -> Iterator[tuple[str, set[int] | None, bool]]:
        known = self._towns[town]
        fits = {k for k in known if _same_city(self.entries[k].city, city)}
        if fits:
            yield town, None if len(fits) == len(known) else fits, whole

    def _place(self, town: str, which: set[int] | None, numbers: tuple[str, ...]) -> Found:
        index = self._index(town)

        def of(key: tuple[str, ...]) -> list[int]:
            return [k for k in index.get(key, ()) if which is None or k in which]

        same = [k for k in of(numbers) if self.entries[k].numbers == numbers] if numbers else []
        if same:
            best = min(EXACT.index(self.entries[k].exact) for k in same)
            found = self._middle([k for k in same if EXACT.index(self.entries[k].exact) == best], EXACT[best])
            return found if found is not None else Found(np.nan, np.nan, EXACT[best], ambiguous=True)
        for length in range(len(numbers), 0, -1):
            begin = of(numbers[:length])
            if length < len(numbers):
                begin = [k for k in begin if length > self.entries[k].of_town]
            # A block of just these first numbers is meant rather than all that begin like it.
            own = [k for k in begin if self.entries[k].numbers == numbers[:length]]
            found = self._middle(own or begin, "block") if begin else None
            if found is not None:
                return found
        # Of 中央三丁目 what is known of it, rather than the middle of all 中央.
        everywhere = next(some for length in range(len(numbers), -1, -1) if (some := of(numbers[:length])))
        cities = {self.entries[k].city for k in everywhere} - {""}
        x, y = self._points(everywhere)
        return Found(float(np.median(x)), float(np.median(y)), "town", ambiguous=len(cities) > 1)

    def _index(self, town: str) -> dict[tuple[str, ...], list[int]]:
        """The entries of a town by the numbers with which they begin."""
        if town not in self._numbered:
            found: dict[tuple[str, ...], list[int]] = {}
            for k in self._towns[town]:
                numbers = self.entries[k].numbers
                for length in range(len(numbers) + 1):
                    found.setdefault(numbers[:length], []).append(k)
            self._numbered[town] = found
        return self._numbered[town]

    def _points(self, which: list[int]) -> tuple[np.ndarray, np.ndarray]:
        return np.array([self.entries[k].x for k in which]), np.array([self.entries[k].y for k in which])

    def _middle(self, which: list[int], exact: Exact) -> Found | None:
        """The middle of some entries; None where they lie too far apart to be one place, or tell no more than a town."""
        if any(self.entries[k].exact == "town" for k in which):
            return None
        x, y = self._points(which)
        middle = float(x.mean()), float(y.mean())
        if np.hypot(x - middle[0], y - middle[1]).max() > BLOCK_M:
            return None
        # A place of an entry, and not one between two of them.
        nearest = int(np.argmin(np.hypot(x - middle[0], y - middle[1])))
        return Found(float(x[nearest]), float(y[nearest]), exact)


def _same_city(entry: str, asked: str) -> bool:
    """Whether an entry's city is the one that an address names, as far as both say it; wards and counties may be missing on either side."""
    return not entry or not asked or entry.endswith(asked) or asked.endswith(entry)


def placed_by_address(facilities: gpd.GeoDataFrame, book: AddressBook) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give facilities without a place that of their address.

    Returns
    -------
    facilities : GeoDataFrame
        With ``placed``, how exact such a place is (None for all others); the frame itself where nothing was placed.
    findings : list of Finding
        How many were placed; which only within their town, which not at all, and which addresses stand for several places.
    """
    if "address" not in facilities or not len(book):
        return facilities, []
    shapes = np.asarray(facilities.geometry.array, dtype=object).copy()
    lost = np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    placed = np.full(len(facilities), None, dtype=object)
    rows: list[object] = facilities["source_row"].tolist() if "source_row" in facilities else [None] * len(facilities)
    findings: list[Finding] = []
    for k in lost.tolist():
        text = facilities["address"].iloc[k]
        if not isinstance(text, str) or not text.strip():
            continue
        found = book.find(text)
        code = (
            "not_found"
            if found is None
            else "ambiguous"
            if found.ambiguous
            else "town_only"
            if found.exact == "town"
            else ""
        )
        if code:
            row = None if rows[k] is None else int(str(rows[k]))
            findings.append(
                Finding(
                    f"addresses.{code}",
                    "warning",
                    row=row,
                    found=text[:200],
                    item=str(facilities["facility_id"].iloc[k]),
                )
            )
        if found is not None and not found.ambiguous:
            placed[k], shapes[k] = found.exact, shapely.Point(found.x, found.y)
    count = int(sum(value is not None for value in placed))
    if not count:
        return facilities, findings
    told: dict[str, object] = {exact: int((placed == exact).sum()) for exact in EXACT}
    findings.insert(0, Finding("addresses.placed", "info", details={"count": count, **told}))
    told_of = pd.Series(placed, index=facilities.index, dtype=object)
    return facilities.assign(placed=told_of).set_geometry(_series(shapes, facilities)), findings


def _series(shapes: np.ndarray, facilities: gpd.GeoDataFrame) -> gpd.GeoSeries:
    import geopandas as gpd

    return gpd.GeoSeries(shapes, index=facilities.index, crs=facilities.crs, name="geometry")


@dataclass
class Namer:
    """Entries of tables that give city, town and a smaller name within it each by itself: what stands under one name is parsed once."""

    _known: dict[tuple[str, str, str], Entry] = field(default_factory=dict)

    def entry(self, city: str, town: str, small: str, rest: str, x: float, y: float, exact: Exact) -> Entry:
        """``rest``: the numbers after the names; a block or a parcel without any is its town."""
        key = (city, town, small)
        if key not in self._known:
            self._known[key] = entry_of(city, town, "", 0.0, 0.0, "town", small)
        head = self._known[key]
        numbers = numbers_of(rest)
        return Entry(head.towns, head.city, (*head.numbers, *numbers), x, y, exact if numbers else "town", head.of_town)


def entry_of(city: str, town: str, rest: str, x: float, y: float, exact: Exact, small: str = "") -> Entry:
    """An entry of a table that gives city, town, a smaller name within the town, and the number each by itself."""
    head, whole = parse_address(f"{town}{rest}"), parse_address(f"{town}{small}{rest}")
    own = len(parse_address(town).numbers)
    towns = dict.fromkeys((whole.words, head.words))
    return Entry(tuple(towns), town_key(city), whole.numbers, x, y, exact, own)
