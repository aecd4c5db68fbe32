"""When nothing fits: which rules cannot all hold. A smallest set: without any one of them the others can hold.

Found by dividing (Junker 2004, QuickXplain) over the rules, first in bunches (all pins, all vetoes …), then one by one in the bunches that matter; by the
linear relaxation where that cannot hold either, which takes milliseconds, and by whole numbers at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.programme.highs import Limits, Watch, relax, search
from kawasolar.programme.rules import KINDS
from kawasolar.programme.solving import problem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kawasolar.programme.model import Model
    from kawasolar.programme.rules import Rule

    Bunch = tuple[Rule, ...]
    Holds = Callable[[Iterable[Bunch]], bool]


@dataclass(frozen=True)
class Conflict:
    """Rules that cannot all hold; ``smallest`` where it is proven that without any one of them the others can."""

    rules: tuple[Rule, ...]
    smallest: bool


def conflict_of(model: Model, seconds: float, watch: Watch) -> Conflict:
    """A smallest set of rules of a model that nothing fits.

    Parameters
    ----------
    seconds : for one question whether some rules can hold; where that is not enough, they are taken to hold, and the set may not be smallest
    """
    asked = _Asked(model, seconds, watch)
    bunches: list[Bunch] = [(rule,) for rule in model.rules if rule.kind != "pin"]
    pins = tuple(rule for rule in model.rules if rule.kind == "pin")
    blocks = model.of_sites()
    bunches += [tuple(rule for rule in blocks if rule.kind == kind) for kind in ("window", "renewal", "veto")] + [pins]
    bunches = [bunch for bunch in bunches if bunch]
    if not asked.linear(bunches):
        bunches = _smallest(_singly(_smallest(bunches, asked.linear)), asked.linear)
    else:
        bunches = _singly(_smallest(bunches, asked.whole))
    found = [rule for bunch in _smallest(bunches, asked.whole) for rule in bunch]
    order = {rule: k for k, rule in enumerate(model.rules)}
    found.sort(key=lambda rule: (KINDS.index(rule.kind), order.get(rule, 0), rule.item))
    return Conflict(tuple(found), smallest=not asked.unsure)


def _singly(bunches: Iterable[Bunch]) -> list[Bunch]:
    return [(rule,) for bunch in bunches for rule in bunch]


def _smallest(bunches: Sequence[Bunch], holds: Holds) -> list[Bunch]:
    """Of bunches that cannot all hold a smallest part that cannot."""

    def divide(ground: list[Bunch], fresh: bool, parts: list[Bunch]) -> list[Bunch]:
        if fresh and not holds(ground):
            return []
        if len(parts) == 1:
            return parts
        half = len(parts) // 2
        first, second = parts[:half], parts[half:]
        of_second = divide(ground + first, bool(first), second)
        of_first = divide(ground + of_second, bool(of_second), first)
        return of_first + of_second

    whole = list(bunches)
    return divide([], False, whole) if len(whole) > 1 else whole


class _Asked:
    """Whether some rules can hold together; asked once each."""

    def __init__(self, model: Model, seconds: float, watch: Watch) -> None:
        self._model, self._seconds, self._watch = model, seconds, watch
        self._nothing = np.zeros(model.columns)
        self._known: dict[tuple[bool, frozenset[Rule]], bool] = {}
        self._blocks = model.of_sites()
        self.unsure = False

    def linear(self, bunches: Iterable[Bunch]) -> bool:
        return self._holds(bunches, whole=False)

    def whole(self, bunches: Iterable[Bunch]) -> bool:
        return self._holds(bunches, whole=True)

    def _holds(self, bunches: Iterable[Bunch], *, whole: bool) -> bool:
        active = frozenset(rule for bunch in bunches for rule in bunch)
        key = (whole, active)
        if key not in self._known:
            self._known[key] = self._ask(active, whole=whole)
        return self._known[key]

    def _ask(self, active: frozenset[Rule], *, whole: bool) -> bool:
        rows = np.array([rule in active for rule in self._model.rules], dtype=bool)
        lifted = [rule for rule in self._blocks if rule not in active]
        problem = problem_of(self._model, self._nothing, lifted=lifted, rows=rows)
        if relax(problem, self._watch).status == "none":
            return False
        if not whole:
            return True
        answer = search(problem, Limits(0.0, self._seconds), self._watch)
        self.unsure |= answer.x is None and answer.status != "none"
        return answer.status != "none"
