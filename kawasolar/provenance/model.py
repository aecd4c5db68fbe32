"""An explanation as plain data: codes and values, down to the file, the row and the person; no words.

An :class:`Explanation` is a tree. Its leaves say where a value comes from: the profile, a criterion of it, the ledger, a file, or what a
person entered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from kawasolar.document.views import Mark
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gis.findings import Finding
    from kawasolar.plan import Role
    from kawasolar.profile import Unknown
    from kawasolar.profiles.reader import HowSure
    from kawasolar.stages.chain import StageName
    from kawasolar.stages.state import Freshness
    from kawasolar.words import Language

EnteredKind = Literal["pin", "veto", "standing", "join", "keepout", "layout", "share", "objective", "terms", "lighting"]


class NothingToExplain(PlanError):
    """The plan has no such figure, or not for this facility."""


@dataclass(frozen=True)
class Override:
    """What a person put in the place of a value: the value of before, and why; ``source`` is the one that they gave.

    ``mark`` is None where the program does not keep who it was.
    """

    before: object
    mark: Mark | None
    source: str = ""


@dataclass(frozen=True)
class ProfileSource:
    """A number of the profile as it was used.

    Attributes
    ----------
    low, high : range in which it may sensibly lie, None where nobody gives one
    override : where this scenario overrides the municipality's value
    now : what the value is now, where the result was computed from another; None where it is the same
    """

    key: str
    value: float
    unit: str
    name_ja: str
    name_en: str
    low: float | None
    high: float | None
    source_ja: str
    source_en: str
    note_ja: str
    note_en: str
    year: int | None
    how_sure: HowSure
    override: Override | None = None
    now: float | None = None

    @property
    def code(self) -> str:
        """The key of the value."""
        return self.key

    @property
    def assumed(self) -> bool:
        """Taken for now, and to be verified; what a person gave with a source is theirs to answer for."""
        return self.how_sure == "verify" and self.override is None

    @property
    def outside(self) -> bool:
        """Outside the range in which it may sensibly lie."""
        return (self.low is not None and self.value < self.low) or (self.high is not None and self.value > self.high)

    def text(self, what: Literal["name", "source", "note"], language: Language) -> str:
        """Its name, where it comes from, or what else to know of it."""
        return str(getattr(self, f"{what}_{language}"))


@dataclass(frozen=True)
class CriterionSource:
    """What a criterion asks: applied or not, threshold, and what a missing value means; ``override`` where the scenario turned it."""

    key: str
    applied: bool
    threshold: float | None
    unit: str
    unknown: Unknown
    low: float | None
    high: float | None
    source_ja: str
    source_en: str
    note_ja: str
    note_en: str
    how_sure: HowSure
    override: Override | None = None

    @property
    def code(self) -> str:
        """``criterion:KEY``"""
        return f"criterion:{self.key}"

    @property
    def assumed(self) -> bool:
        """Taken for now, and to be verified."""
        return self.how_sure == "verify" and self.override is None

    def text(self, what: Literal["source", "note"], language: Language) -> str:
        """Where it comes from, or what else to know of it."""
        return str(getattr(self, f"{what}_{language}"))


@dataclass(frozen=True)
class LedgerSource:
    """A value of the ledger.

    Attributes
    ----------
    value : as the program works with it
    heading : of the column in the file; empty where the file has no such column
    file, path, sheet, row : where it stands; ``row`` as the user counts
    override : where a person corrected it; ``before`` is what the file says
    findings : what reading the ledger noticed of this row
    """

    facility_id: str
    column: str
    value: object
    heading: str
    file: str
    path: str
    sheet: str
    row: int | None
    override: Override | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def code(self) -> str:
        """``ledger:COLUMN``"""
        return f"ledger:{self.column}"


@dataclass(frozen=True)
class FileSource:
    """An input file; ``crs`` and ``layer`` are what the user said of it, ``findings`` what concerns it as a whole."""

    role: Role
    path: str
    size: int
    sha256: str
    crs: str = ""
    layer: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def code(self) -> str:
        """``file:ROLE``"""
        return f"file:{self.role}"


@dataclass(frozen=True)
class EnteredSource:
    """What a person entered; ``mark`` is None where the program does not keep who it was (share, objective)."""

    kind: EnteredKind
    key: str
    value: object
    mark: Mark | None = None

    @property
    def code(self) -> str:
        """``entered:KIND``"""
        return f"entered:{self.kind}"


@dataclass(frozen=True)
class TableSource:
    """A number of a table that comes with the program, or that somebody gave in its place (``given``).

    ``table`` is its file, ``key`` its row in it; ``low`` and ``high`` are None where the row gives no range of this number.
    """

    table: str
    key: str
    value: float | str
    unit: str
    name_ja: str
    name_en: str
    low: float | None
    high: float | None
    source_ja: str
    source_en: str
    note_ja: str
    note_en: str
    how_sure: HowSure
    given: bool = False

    @property
    def code(self) -> str:
        """``table:TABLE:KEY``"""
        return f"table:{self.table}:{self.key}"

    @property
    def assumed(self) -> bool:
        """Taken for now, and to be verified."""
        return self.how_sure == "verify" and not self.given

    def text(self, what: Literal["name", "source", "note"], language: Language) -> str:
        """Its name, where it comes from, or what else to know of it."""
        return str(getattr(self, f"{what}_{language}"))


Source: TypeAlias = ProfileSource | CriterionSource | LedgerSource | FileSource | EnteredSource | TableSource


@dataclass(frozen=True)
class StageNote:
    """Which stage made a figure, when (ISO 8601, UTC; empty where no stamp was kept), and whether it still holds."""

    name: StageName
    made: str
    freshness: Freshness


@dataclass(frozen=True)
class Explanation:
    """Why a figure is what it is.

    Attributes
    ----------
    figure : code of the figure
    value, unit : as the plan has it; units as in the profile, ``""`` for none
    formula : code of the sentence that says how it comes about (``why.formula.CODE``), with ``values`` by name
    inputs : what it was made from: figures that can be explained in turn, and sources
    facility_id, part : whose figure it is; ``part`` is a building
    more : its inputs are left out here; :func:`kawasolar.provenance.explain` gives them for this figure and facility
    """

    figure: str
    value: object
    unit: str
    formula: str
    inputs: tuple[Explanation | Source, ...] = ()
    stage: StageNote | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    facility_id: str | None = None
    part: str = ""
    more: bool = False

    @property
    def code(self) -> str:
        """The figure."""
        return self.figure

    def of(self, code: str) -> list[Explanation | Source]:
        """The inputs of that code."""
        return [entry for entry in self.inputs if entry.code == code]

    def walk(self) -> Iterator[Explanation | Source]:
        """Itself and everything below, from above."""
        yield self
        for entry in self.inputs:
            if isinstance(entry, Explanation):
                yield from entry.walk()
            else:
                yield entry


def as_json(entry: Explanation | Source) -> dict[str, Any]:
    """An explanation or a source as plain JSON, with its ``kind`` and ``code``; nothing is left out."""
    fields = {name: _plain(value) for name, value in vars(entry).items()}
    return {"kind": type(entry).__name__.removesuffix("Source").lower(), "code": entry.code, **fields}


def _plain(value: object) -> object:
    if isinstance(value, Source):
        return as_json(value)
    if is_dataclass(value) and not isinstance(value, type):
        return as_json(value) if isinstance(value, Explanation) else {k: _plain(v) for k, v in vars(value).items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
