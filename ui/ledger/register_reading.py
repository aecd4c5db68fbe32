"""What the assistant for other ledgers asks for off the window's thread: plain functions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gis.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.facility_names import FacilityNames
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.opening import Opened
    from kawasolar.registers.checking import CheckedRegister
    from kawasolar.registers.schema import Kind


@dataclass(frozen=True)
class AskedRegister:
    """The file and what is said of it.

    Attributes
    ----------
    kind : of which ledger it is; None: by its headings
    sheet : that is asked for; empty for the first that fits
    mapping : that of the plan, tried first
    facilities : ``facility_id name`` of the plan that is open
    said : what people say of names there (:func:`kawasolar.document.views.aliases_of`)
    forms : file of the mappings that are remembered
    """

    path: Path
    kind: Kind | None = None
    sheet: str = ""
    mapping: Mapping | None = None
    facilities: pd.DataFrame | None = None
    forms: Path | None = None
    said: dict[str, str] | None = None

    @property
    def names(self) -> FacilityNames | None:
        """The plan's facilities by number and name."""
        from kawasolar.facility_names import FacilityNames

        return None if self.facilities is None else FacilityNames.of(self.facilities, self.said)


def open_register(asked: AskedRegister, progress: Progress) -> Opened:
    """Read a file's cells, and propose of which kind it is and what its columns are."""
    from kawasolar.registers.opening import open_register as opened

    return opened(
        asked.path, asked.kind, asked.sheet, mapping=asked.mapping, forms=asked.forms, facilities=asked.names, progress=progress,
    )  # fmt: skip


def propose_again(
    asked: AskedRegister, opened: Opened, heading: tuple[int, int], begin: int | None, progress: Progress, kept: Mapping | None
) -> Opened:  # fmt: skip
    """The same cells with another heading, or another first row; ``kept`` are columns that stay as they were chosen."""
    from kawasolar.ledger.opening import opened_again

    progress(0.0, "ledger")
    return opened_again(opened, heading, begin, kept, asked.names)


def check(asked: AskedRegister, opened: Opened, mapping: Mapping, progress: Progress) -> CheckedRegister:
    """What is read by a mapping, whose it is, and what is wrong."""
    from kawasolar.registers.checking import check_register
    from kawasolar.registers.columns import kind_of

    return check_register(
        opened.loaded,
        kind_of(mapping.kind),
        mapping=mapping,
        facilities=asked.facilities,
        said=asked.said,
        progress=progress,
    )
