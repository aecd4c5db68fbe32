"""A ledger's file as an assistant for its columns opens it: cells, sheets, and what its columns seem to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kawasolar.ledger.proposals import Proposed, propose, with_mapping

if TYPE_CHECKING:
    from kawasolar.facility_names import FacilityNames
    from kawasolar.ledger.loading import Loaded
    from kawasolar.ledger.mapping import Mapping


@dataclass(frozen=True)
class Opened:
    """The cells of a file, and what its columns seem to be; ``known`` says where the mapping comes from: ``plan remembered`` or empty."""

    loaded: Loaded
    sheets: tuple[str, ...]
    proposed: Proposed
    known: str = ""


def as_mapped(
    loaded: Loaded, sheets: tuple[str, ...], mapping: Mapping, known: str, facilities: FacilityNames | None = None
) -> Opened:
    """A file as its columns were named before: ``known`` is ``plan`` or ``remembered``."""
    proposed = propose(loaded.table, (mapping.first, mapping.last), mapping.begin, mapping.kind, facilities=facilities)
    reason = "person" if known == "plan" else known
    return Opened(loaded, sheets, with_mapping(proposed, mapping, reason, confirmed=True), known)


def opened_again(
    opened: Opened,
    heading: tuple[int, int],
    begin: int | None,
    kept: Mapping | None = None,
    facilities: FacilityNames | None = None,
) -> Opened:
    """The same cells with another heading, or another first row; ``kept`` are columns that stay as they were chosen."""
    proposed = propose(opened.loaded.table, heading, begin, opened.proposed.kind, facilities=facilities)
    if kept is not None:
        proposed = with_mapping(proposed, kept)
    return replace(opened, proposed=replace(proposed, other=opened.proposed.other), known="")
