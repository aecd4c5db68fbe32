"""Whether a building is such as the ledger says of a facility: its size, its use, its storeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from kawasolar.join.evidence import Reason, table
from kawasolar.ledger.vocabulary import folded

if TYPE_CHECKING:
    import geopandas as gpd

    from kawasolar.profile import Profile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Weights:
    """How much disagreement costs; the profile's ``join.*``.

    Attributes
    ----------
    size_factor : floor areas may differ by this factor before they disagree; at its square they do so fully
    size_weight, use_weight : share of the score that full disagreement of the size, or of the use, takes
    """

    size_factor: float = 2.5
    size_weight: float = 0.4
    use_weight: float = 0.3

    @classmethod
    def of(cls, profile: Profile) -> Weights:
        """As a profile has them."""
        return cls(*(profile.number(f"join.{name}") for name in ("size_factor", "size_weight", "use_weight")))


class Agreement:
    """Both sides as arrays by position, to be compared pair by pair.

    Parameters
    ----------
    facilities, buildings : GeoDataFrame
        As in ``docs/nomenclature.md``; ``floor_area_m2 storeys kind`` of the one and ``usage storeys floor_area_m2`` of the other are used
        where there are such columns.
    """

    def __init__(self, facilities: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, weights: Weights) -> None:
        self.weights = weights
        self.floor_m2 = _numbers(facilities, "floor_area_m2")
        self.storeys = _numbers(facilities, "storeys")
        self.kind = _texts(facilities, "kind")
        self.footprint_m2 = np.nan_to_num(shapely.area(np.asarray(buildings.geometry.array, dtype=object)))
        self.building_storeys = _numbers(buildings, "storeys")
        self.building_floor_m2 = _numbers(buildings, "floor_area_m2")
        self.usage = _texts(buildings, "usage")
        self._codes = [use_code(text) for text in self.usage]

    def of_each(self, facility: Ints, building: Ints) -> Floats:
        """What size, use and storeys leave of the score of each pair, the building taken as the facility's only one; 0…1."""
        size = self._size(self.floor_m2[facility], *self._floors(facility, building))
        return self._left(size, facility, building, self.building_storeys[building])

    def of_groups(self, facility: Ints, building: Ints) -> tuple[Floats, list[tuple[Reason, ...]]]:
        """As :meth:`of_each` where all pairs of a facility together are its buildings; with the reasons of each pair."""
        low, high = self._floors(facility, building)
        count = len(self.floor_m2)
        low, high, footprint = (
            np.bincount(facility, weights=part, minlength=count).astype(np.float64)[facility]
            for part in (low, high, self.footprint_m2[building])
        )
        size = self._size(self.floor_m2[facility], low, high)
        # Of several buildings the ledger tells the storeys of the highest.
        tallest = np.full(count, np.nan)
        np.fmax.at(tallest, facility, self.building_storeys[building])
        left = self._left(size, facility, building, tallest[facility])
        whole = [*zip(size.tolist(), low.tolist(), high.tolist(), footprint.tolist(), strict=True)]
        pairs = zip(facility.tolist(), building.tolist(), tallest[facility].tolist(), strict=True)
        return left, [self._reasons(f, b, own, *whole[k]) for k, (f, b, own) in enumerate(pairs)]

    def _floors(self, facility: Ints, building: Ints) -> tuple[Floats, Floats]:
        """Least and most floor area [m²] that a building may have."""
        own, ledger = self.building_storeys[building], self.storeys[facility]
        storeys = np.where(np.isnan(own), ledger, own)
        known = ~np.isnan(storeys)
        low = self.footprint_m2[building] * np.where(known, storeys, 1.0)
        high = self.footprint_m2[building] * np.where(known, storeys, table().most_storeys)
        said = self.building_floor_m2[building]
        there = ~np.isnan(said)
        return np.where(there, said, low), np.where(there, said, high)

    def _size(self, floor: Floats, low: Floats, high: Floats) -> Floats:
        """1 where the floor areas agree, 0 where they disagree fully, NaN where the ledger has none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.maximum(np.maximum(np.log(low / floor), np.log(floor / high)), 0.0)
            agreed = np.clip(2.0 - off / np.log(self.weights.size_factor), 0.0, 1.0)
        return np.where(floor > 0, agreed, np.nan)

    def _left(self, size: Floats, facility: Ints, building: Ints, tallest: Floats) -> Floats:
        storeys = np.array(
            [self._storeys(f, b, own) for f, b, own in zip(facility, building, tallest, strict=True)], dtype=np.float64
        )
        both = np.fmin(size, storeys)
        left = 1.0 - self.weights.size_weight * (1.0 - np.where(np.isnan(both), 1.0, both))
        against = np.array([self._use(f, b) < 0 for f, b in zip(facility, building, strict=True)], dtype=bool)
        return np.asarray(left * np.where(against, 1.0 - self.weights.use_weight, 1.0), dtype=np.float64)

    def _use(self, facility: int, building: int) -> int:
        """1: the use goes with the kind of facility; -1: it speaks against it; 0: it says nothing."""
        known = table().uses.get(self.kind[facility])
        if known is None:
            return 0
        if folded(self.usage[building]) in table().open:
            return -1
        code = self._codes[building]
        return 1 if code in known[0] else -1 if code in known[1] else 0

    def _storeys(self, facility: int, building: int, own: float) -> float:
        """1 where the ledger's storeys and those of the building agree, within one; 0.5 where not, NaN where one side does not say."""
        ledger = self.storeys[facility]
        if np.isnan(ledger):
            return np.nan
        if np.isnan(own):
            ordinary = folded(self.usage[building]) in table().ordinary
            return np.nan if not ordinary else 1.0 if ledger <= table().ordinary_storeys else 0.5
        return 1.0 if abs(ledger - own) <= 1 else 0.5

    def _reasons(
        self, facility: int, building: int, tallest: float, size: float, low: float, high: float, footprint: float
    ) -> tuple[Reason, ...]:
        found = []
        if not np.isnan(size):
            floor = float(self.floor_m2[facility])
            code = "size" if size >= 1.0 else "too_large" if low > floor else "too_small"
            shown = {
                "ledger": round(floor),
                "footprint": round(footprint),
                "floor": round(low if low > floor else high),
            }
            found.append(Reason(code, shown))
        use = self._use(facility, building)
        if use:
            used = {"kind": self.kind[facility], "usage": self._codes[building] or self.usage[building]}
            found.append(Reason("use" if use > 0 else "use_other", used))
        storeys = self._storeys(facility, building, tallest)
        if not np.isnan(storeys):
            told: object = self.usage[building] if np.isnan(tallest) else int(tallest)
            counted = {"ledger": int(self.storeys[facility]), "building": told}
            found.append(Reason("storeys" if storeys >= 1.0 else "storeys_other", counted))
        return tuple(found)


def use_code(text: str) -> str:
    """PLATEAU's code of the use of a building, from the code or a word for it; empty where it is neither."""
    key = folded(text)
    if key.isdecimal() and len(key) == 3:
        return key
    return table().words.get(key, "")


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    if column not in frame:
        return np.full(len(frame), np.nan)
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64)
    return np.where(values > 0, values, np.nan)


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    if column not in frame:
        return [""] * len(frame)
    return [value if isinstance(value, str) else "" for value in frame[column]]
