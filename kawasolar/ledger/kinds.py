"""Which ledger a table is: the columns that it has, how their cells are read, and what they are told by where no heading names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kawasolar.ledger.vocabulary import heading_key

if TYPE_CHECKING:
    from collections.abc import Collection

    from kawasolar.facility_names import FacilityNames
    from kawasolar.ledger.content import Detector, Sample
    from kawasolar.ledger.headings import Header
    from kawasolar.ledger.proposals import Guess, Proposal
    from kawasolar.ledger.vocabulary import Vocabulary

# The ledger that a plan is made of; the others are registers (:mod:`kawasolar.registers`).
FACILITIES = "facilities"
# Shorter headings stand within longer ones by chance.
_SHORTEST_HINT = 2

Reader = Callable[[object], object]


@dataclass(frozen=True)
class LedgerKind:
    """What the machinery of columns must know of a ledger.

    Attributes
    ----------
    key : ``facilities``, or the kind of a register
    words : headings, units and columns
    needed : groups of columns; of each group one must be there
    least : columns that a heading must name
    detectors : our column -> how sure one can be that a column is it; by the names of a plan's facilities, where one is open
    typed : those that can tell a single cell
    reader : parser of a column's cells, by our column and the unit above it; None where any text will do
    settled : mends what was told of each column by itself, where several can only be told side by side
    strange : what a column is that is none of ours, whatever stands above it; empty for any other
    hinted : whether a heading that only contains one of ours says something
    """

    key: str
    words: Vocabulary
    needed: tuple[tuple[str, ...], ...]
    least: int
    detectors: Callable[[FacilityNames | None], dict[str, Detector]]
    typed: frozenset[str]
    reader: Callable[[str, str], Reader | None]
    settled: Callable[[Guess], dict[int, Proposal]]
    strange: Callable[[Sample], str]
    hinted: bool = False

    def lacking(self, columns: Collection[str]) -> tuple[str, ...]:
        """What is needed and not there: the first of each group."""
        return tuple(group[0] for group in self.needed if not set(group) & set(columns))

    def is_heading(self, columns: Collection[str]) -> bool:
        """Whether a row that names these columns is a heading: something that is needed, and at least one thing more."""
        return len(columns) >= 2 and len(self.lacking(columns)) < len(self.needed)

    def reads(self, header: Header) -> bool:
        """Whether a table can be read by this heading alone."""
        return len(header.columns) >= self.least and not self.lacking(header.columns) and header.elsewhere is None

    def hint(self, heading: str) -> str:
        """The column of which a heading contains the name; of several that which stands last, as Japanese names end in what the thing is."""
        key, best = heading_key(heading), (0, 0, "")
        if not self.hinted or not key:
            return ""
        for known, (column, _) in self.words.headings.items():
            if len(known) >= _SHORTEST_HINT and (at := key.rfind(known)) >= 0:
                best = max(best, (at + len(known), len(known), column))
        return best[2]


def ledger_kind(key: str) -> LedgerKind:
    """The ledger of a key.

    Raises
    ------
    ValueError
        There is none.
    """
    if key == FACILITIES:
        from kawasolar.ledger.facility_columns import facility_columns

        return facility_columns()
    from kawasolar.registers.columns import register_columns

    return register_columns(key)
