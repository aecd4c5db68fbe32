"""Which size of a site does what is asked of it, and why that one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from kawasolar.sizing.ladder import THRESHOLDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.profile import Profile
    from kawasolar.sizing.sizes import Sizes

Goal = Literal["largest", "price", "saving", "co2"]
GOALS: tuple[Goal, ...] = ("largest", "price", "saving", "co2")
LIMITS = ("self_use", "payback", "below")
# Which figure a goal looks at, and whether more of it is better.
_FIGURE: dict[Goal, tuple[str, bool]] = {
    "price": ("price", False),
    "saving": ("saving_npv", True),
    "co2": ("co2_t", True),
}
# Equal to this, two figures are the same, and the larger size is taken.
_SAME = 1e-9


@dataclass(frozen=True)
class Wants:
    """What is asked.

    Attributes
    ----------
    goal : of the sizes that keep the limits: the largest, or that with the lowest price, the most saving over the term, the most CO2
    self_use : least share of the energy that is used on the site [-]
    payback : most years of payback of own purchase
    below : a size just below a threshold is taken where that loses no more than this share of the CO2 [-]
    """

    goal: Goal = "largest"
    self_use: float | None = None
    payback: float | None = None
    below: float | None = None

    @classmethod
    def of(cls, profile: Profile) -> Wants:
        """The largest size whose self-use is as the profile wants it."""
        return cls(self_use=profile.number("sizing.self_use"))


@dataclass(frozen=True)
class Choice:
    """The answer for one site.

    Attributes
    ----------
    size : which of the ladder; None where none keeps the limits
    decided : ``whole`` (nothing stood against the whole roof), ``self_use``, ``payback``, ``price``, ``saving``, ``co2``, ``below``, or ``none``
    threshold : below which it stays [kW]; with ``below``
    smaller, larger : the sizes next to it
    """

    size: int | None
    decided: str
    threshold: float | None = None
    smaller: int | None = None
    larger: int | None = None


def choose(sizes: Sizes, wants: Wants) -> list[Choice]:
    """The answer for each site, in the order of the ladder."""
    return [_one(sizes, wants, row) for row in range(len(sizes.names))]


def _one(sizes: Sizes, wants: Wants, row: int) -> Choice:
    real = np.flatnonzero(sizes.ladder.real[row])
    kept = _keeps(sizes, wants, row)
    allowed = real[np.all([fits[real] for fits in kept.values()], axis=0)] if kept else real
    if not len(allowed):
        return Choice(None, "none")
    size = _best(sizes, wants.goal, row, allowed)
    free = _best(sizes, wants.goal, row, real)
    if size != free:
        against = [name for name, fits in kept.items() if not fits[free]]
        # Of several the one that the next larger size breaks, too.
        next_up = int(real[min(int(np.flatnonzero(real == size)[0]) + 1, len(real) - 1)])
        decided = next((name for name in against if not kept[name][next_up]), against[0])
    else:
        decided = "whole" if size == real[-1] else wants.goal
    threshold = None
    lower = _below(sizes, wants, row, size, allowed)
    if lower is not None:
        (size, threshold), decided = lower, "below"
    at = int(np.flatnonzero(real == size)[0])
    return Choice(
        int(size), decided, threshold, int(real[at - 1]) if at else None, int(real[at + 1]) if at + 1 < len(real) else None
    )  # fmt: skip


def _keeps(sizes: Sizes, wants: Wants, row: int) -> dict[str, NDArray[np.bool_]]:
    """Which sizes keep each limit; a payback that never comes keeps none."""
    found: dict[str, NDArray[np.bool_]] = {}
    with np.errstate(invalid="ignore"):
        if wants.self_use is not None:
            found["self_use"] = sizes.figures["self_use_ratio"][row] >= wants.self_use - _SAME
        if wants.payback is not None:
            found["payback"] = sizes.figures["payback"][row] <= wants.payback + _SAME
    return found


def _best(sizes: Sizes, goal: Goal, row: int, among: NDArray[np.int64]) -> int:
    if goal == "largest":
        return int(among[-1])
    key, more = _FIGURE[goal]
    values = sizes.figures[key][row, among] * (1.0 if more else -1.0)
    if np.isnan(values).all():
        return int(among[-1])
    best = np.nanmax(values)
    return int(among[np.flatnonzero(values >= best - _SAME * max(abs(best), 1.0))[-1]])


def _below(
    sizes: Sizes, wants: Wants, row: int, size: int, among: NDArray[np.int64]
) -> tuple[int, float] | None:  # fmt: skip
    """The largest size below the highest threshold that the chosen one passes, where its duties are fewer and it loses little."""
    if wants.below is None:
        return None
    kw, co2 = sizes.ladder.capacity_kw[row], sizes.figures["co2_t"][row]
    for threshold in reversed(THRESHOLDS):
        lower = among[kw[among] < threshold]
        if kw[size] < threshold or not len(lower) or sizes.duty(row, size) == sizes.duty(row, int(lower[-1])):
            continue
        if co2[lower[-1]] >= (1.0 - wants.below) * co2[size]:
            return int(lower[-1]), threshold
    return None
