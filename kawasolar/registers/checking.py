"""Everything that is wrong in a register, row by row, and its good rows with the facilities whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.progress import Progress, part, silent
from kawasolar.ledger.checking import LISTED_HERE, Checked, headings_of, original_rows, to_mend
from kawasolar.registers.owners import with_facilities
from kawasolar.registers.reading import header_for, read_loaded
from kawasolar.registers.schema import schema_of

if TYPE_CHECKING:
    import pandas as pd

    from gis.findings import Finding
    from kawasolar.ledger.loading import Loaded
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.registers.reading import Register
    from kawasolar.registers.schema import Kind


@dataclass(frozen=True)
class CheckedRegister(Checked):
    """A register with all that was found in it.

    Attributes
    ----------
    register : what was read
    frame : its rows; with ``facility_id how`` where a plan is open
    told : all that was noticed, that too of which nothing is to be mended
    """

    register: Register
    frame: pd.DataFrame
    told: tuple[Finding, ...]


def check_register(
    loaded: Loaded, kind: Kind, *, mapping: Mapping | None = None, facilities: pd.DataFrame | None = None, said: dict[str, str] | None = None, progress: Progress = silent
) -> CheckedRegister:  # fmt: skip
    """Read a register and list all that is wrong in it.

    Parameters
    ----------
    mapping : which column is which; by the headings unless given
    facilities : ``facility_id name`` of the plan that is open
    said : what people say of names there (:func:`kawasolar.document.views.aliases_of`)

    Raises
    ------
    UnreadableLedger
        It is no ledger of that kind.
    """
    register = read_loaded(loaded, kind, mapping=mapping, listed=LISTED_HERE, progress=part(progress, 0.0, 0.8))
    frame, told = register.frame, register.findings
    if facilities is not None:
        frame, further = with_facilities(register, facilities, said, LISTED_HERE)
        told = (*told, *further)
    findings = to_mend(told)
    used = header_for(loaded.table, register.source, schema_of(kind), mapping)
    headings = headings_of(loaded.table, used, kind)
    rows = original_rows(loaded.table, findings, headings, -1)
    return CheckedRegister(
        kind, register.source, register.sheet, register.columns, len(frame), findings, headings, rows, register, frame, told,
    )  # fmt: skip
