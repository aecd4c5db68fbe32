"""What the money is reckoned with: numbers of the profile's tables, and which of them come from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.ageing import RATE
from kawasolar.errors import PlanError
from kawasolar.profile import load_profile
from kawasolar.profiles.tables import PPA_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from kawasolar.profile import Profile
    from kawasolar.profiles.reader import Cited
    from kawasolar.profiles.tables import Capex

PLANT = "roof"
CAPEX = "capex"
GRID_FACTOR = "co2.grid_factor"

# As :data:`PPA_RULES` numbers its choices.
STRAIGHT, DECLINING = 1, 2
HANDOVER, REMOVAL, RESALE = 1, 2, 3
Range = tuple[float, float]


@dataclass(frozen=True)
class Terms:
    """Numbers by their key in the profile's table ``[[ppa]]``, ``ageing.rate`` and ``co2.grid_factor``.

    Attributes
    ----------
    capex : rows of ``[[capex]]`` for roofs of the latest fiscal year, by size
    capex_factor : by which all of them are multiplied, for sensitivities
    ranges : low and high of the numbers that have both; ``capex`` is told by :meth:`capex_range`
    borrowed : keys that the profile lacks, and that were taken from the first bundled one
    rows : where each number comes from
    """

    numbers: Mapping[str, float]
    capex: tuple[Capex, ...]
    ranges: Mapping[str, Range]
    borrowed: tuple[str, ...] = ()
    rows: Mapping[str, Cited] = field(default_factory=dict)
    capex_factor: float = 1.0

    @classmethod
    def of(cls, profile: Profile) -> Terms:
        """The profile's; what it lacks from the first bundled profile, and named.

        Old profiles have none of the later keys; laws and taxes are the same in every city, the rest is told to be checked.
        """
        own = _rows(profile)
        lent = _rows(load_profile())
        missing = tuple(key for key in lent if key not in own)
        rows = {**{key: lent[key] for key in missing}, **own}
        capex = _capex(profile)
        lacking = () if capex else (CAPEX,)
        if not capex:
            capex = _capex(load_profile())
        return cls(
            MappingProxyType({key: float(row.value) for key, row in rows.items()}),  # type: ignore[attr-defined] # Value, PpaValue
            capex,
            MappingProxyType({
                key: (row.low, row.high) for key, row in rows.items()
                if row.low is not None and row.high is not None and row.low < row.high
            }),
            (*missing, *lacking),
            MappingProxyType(rows),
        )  # fmt: skip

    def number(self, key: str) -> float:
        """A number; :class:`PlanError` where nobody has it."""
        try:
            return self.numbers[key]
        except KeyError:
            raise PlanError("finance.lacking", key=key) from None

    @property
    def changed(self) -> tuple[str, ...]:
        """Keys of numbers that are not those of their rows."""
        return tuple(key for key, row in self.rows.items() if self.numbers[key] != row.value)  # type: ignore[attr-defined] # as above

    @property
    def years(self) -> int:
        """Years of operation that are looked at: the term of a PPA."""
        return self.whole("term")

    def whole(self, key: str) -> int:
        """A number of years or of a choice."""
        return round(self.number(key))

    def with_number(self, key: str, value: float) -> Terms:
        """The same with another number."""
        return replace(self, numbers=MappingProxyType({**self.numbers, key: float(value)}))

    def capex_per_kw(self, capacity_kw: ArrayLike) -> NDArray[np.float64]:
        """Cost of a plant by its size [yen/kW], shape of the sizes."""
        costs = np.array([row.yen_per_kw for row in self.capex])
        return np.asarray(self.capex_factor * costs[self._size(capacity_kw)], dtype=np.float64)

    def capex_range(self, capacity_kw: float) -> Range | None:
        """Low and high of the row for a size, over its value; None where its sources give none."""
        row = self.capex[int(self._size(capacity_kw))]
        if row.low is None or row.high is None or row.yen_per_kw <= 0.0:
            return None
        return row.low / row.yen_per_kw, row.high / row.yen_per_kw

    def _size(self, capacity_kw: ArrayLike) -> NDArray[np.intp]:
        """Which row a size belongs to: the last that begins at or below it, the first for what is smaller than all."""
        begins = np.array([row.from_kw for row in self.capex])
        return np.maximum(np.searchsorted(begins, np.asarray(capacity_kw, dtype=np.float64), side="right") - 1, 0)


def _rows(profile: Profile) -> dict[str, Cited]:
    rows: dict[str, Cited] = {row.key: row for row in profile.tables.ppa if row.key in PPA_RULES}
    return {**rows, **{key: profile.values[key] for key in (RATE, GRID_FACTOR) if key in profile.values}}


def _capex(profile: Profile) -> tuple[Capex, ...]:
    rows = [row for row in profile.tables.capex if row.plant == PLANT]
    latest = max((row.fiscal_year for row in rows), default=0)
    return tuple(sorted((row for row in rows if row.fiscal_year == latest), key=lambda row: row.from_kw))
