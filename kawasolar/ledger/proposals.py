"""What each column of a ledger's file seems to be: by its heading, else by what stands in it; with the reason, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kawasolar.ledger.content import LEAST_CELLS, Sample, samples
from kawasolar.ledger.headings import (
    SEARCHED_ROWS,
    Column,
    Row,
    find_header,
    joined_headings,
    other_ledger,
    other_of,
    read_headings,
)
from kawasolar.ledger.kinds import FACILITIES, LedgerKind, ledger_kind
from kawasolar.ledger.mapping import Mapping, form_of, form_of_width, letter_of, width_of
from kawasolar.ledger.vocabulary import heading_key, heading_unit, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.facility_names import FacilityNames
    from kawasolar.ledger.content import Detector
    from kawasolar.ledger.tables import Table

# Below this a person should look.
DOUBTFUL = 0.7
# From here on what the content says is taken up; below it is only named.
TAKEN = 0.5
NAMED = 0.35
# Columns whose content is looked at, and rows of them.
MOST_COLUMNS = 200
_MOST_ROWS = 2_000
# Share of rows with something in them below which a column counts as sparse.
_SPARSE = 0.1
# Share of a column's cells below which its heading is doubted.
_FITTING = 0.5
# How much surer a heading makes that contains the name of what the cells may be; how sure it is of cells of which any text will do.
_HINT, _HINT_ALONE, _MOST_HINTED = 0.35, 0.55, 0.9
# How sure the unit makes that stands above numbers, and the share of cells that must be numbers.
_UNIT, _ARE_NUMBERS = 0.6, 0.8


@dataclass(frozen=True)
class Proposal:
    """What one column of the file seems to be.

    Attributes
    ----------
    index, heading : the file's column from 0, and what stands above it; its letter where nothing does
    column, unit : ours and the heading's unit; empty: left out
    reason : code: ``heading`` (it says so), ``unlike`` (it says so, the cells do not), ``content``, ``alike`` (the content,
        and a heading that is like ours), ``maybe`` (too unsure to be taken), ``second`` (another column is it already), ``foreign`` (phone numbers and such), ``not_ours``, ``empty``, ``unknown``,
        ``person``, ``remembered``
    sure : 0…1
    share : of the filled cells that read as ``named``; None where that is not told
    named : the column that the reason speaks of, or the kind of what is foreign
    """

    index: int
    heading: str
    column: str
    unit: str
    reason: str
    sure: float
    share: float | None = None
    named: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether a person should look at it."""
        return self.reason == "maybe" or (bool(self.column) and self.sure < DOUBTFUL)


@dataclass(frozen=True)
class Guess:
    """What was told of the columns one by one, for what can only be told of several.

    Attributes
    ----------
    found : what is proposed, by the file's column
    asked : the file's columns that may be what their content says
    texts, looked : headings and cells of all
    taken : ours that a heading names
    units : of our columns
    """

    found: dict[int, Proposal]
    asked: list[int]
    texts: list[str]
    looked: list[Sample]
    taken: set[str]
    units: dict[str, dict[str, float]]

    def propose(self, index: int, name: str, sure: float, share: float | None = None) -> Proposal:
        """By its content a column is one of ours, or, where that is not sure enough, may be."""
        column, reason = (name, "content") if sure >= TAKEN else ("", "maybe")
        unit = heading_unit(self.texts[index]) if column else ""
        known = unit if unit in self.units.get(name, {}) else ""
        return Proposal(index, title_of(self.texts[index], index), column, known, reason, sure, share, name)


@dataclass(frozen=True)
class Proposed:
    """What a table seems to be: where its heading is, and its columns.

    ``other`` is the kind of ledger (``lamps vehicles wings meters``, or a register's) that it is instead, if any; ``kind`` the one that it was read as.
    """

    first: int
    last: int
    begin: int
    columns: tuple[Proposal, ...]
    form: str
    sheet: str = ""
    other: str | None = None
    kind: str = FACILITIES

    def mapping(self) -> Mapping:
        """The proposal as a mapping."""
        chosen = {one.column: Column(one.index, one.heading, one.unit) for one in self.columns if one.column}
        return Mapping(self.first, self.last, self.begin, chosen, self.sheet, self.form, self.kind)


def propose(
    table: Table, heading: tuple[int, int] | None = None, begin: int | None = None, kind: str = FACILITIES, *, facilities: FacilityNames | None = None
) -> Proposed:  # fmt: skip
    """What the columns of a table seem to be.

    Parameters
    ----------
    heading : heading rows from 0, inclusive; (-1, -1) for none. Found unless given
    begin : first row that counts, from 0; the one below the heading unless given
    kind : of which ledger it is
    facilities : of the plan that is open: a column of their names or numbers says whose a row is
    """
    rows, of = table.rows, ledger_kind(kind)
    detectors = of.detectors(facilities)
    first, last = _heading(rows, of, detectors) if heading is None else heading
    start = last + 1 if begin is None else begin
    texts = joined_headings(rows, first, last, of.words) if first >= 0 else []
    below = rows[start : start + _MOST_ROWS]
    width = max((width_of(row) for row in (*below, texts)), default=0)
    texts += [""] * (width - len(texts))
    looked = samples(below, min(width, MOST_COLUMNS))
    named = read_headings(texts, of.words)
    found = _by_heading(of, texts, named, looked)
    free = [k for k in range(len(looked)) if k not in found and _asks_content(of, texts[k], looked[k])]
    found |= _by_content(of, detectors, texts, free, looked, set(named))
    columns = tuple(found.get(k) or _left_out(of, k, texts[k], looked, named) for k in range(width))
    form = form_of(texts) if first >= 0 else form_of_width(rows, start)
    return Proposed(first, last, start, columns, form, table.name, _elsewhere(of, rows, first, texts, named), kind)


def _elsewhere(
    of: LedgerKind, rows: Sequence[Row], first: int, texts: list[str], named: dict[str, Column]
) -> str | None:
    """What other ledger a list of facilities seems to be; of the others nothing is told here."""
    if of.key != FACILITIES or named.keys() & {"latitude", "address"}:
        return None
    return other_of(texts) or _other_above(rows, first)


def with_mapping(proposed: Proposed, mapping: Mapping, reason: str = "person", *, confirmed: bool = False) -> Proposed:
    """The proposal with a person's choice in the place of what was proposed; what is the same keeps its reason.

    Parameters
    ----------
    confirmed : a person has looked at all of it, so that nothing is doubtful any more
    """
    chosen = {column.index: (name, column.unit) for name, column in mapping.columns.items()}
    columns = []
    for one in proposed.columns:
        name, unit = chosen.get(one.index, ("", ""))
        same = (name, unit) == (one.column, one.unit) and not (confirmed and one.is_doubtful)
        columns.append(one if same else Proposal(one.index, one.heading, name, unit, reason, 1.0, None, name))
    return replace(proposed, columns=tuple(columns))


def _other_above(rows: Sequence[Row], first: int) -> str | None:
    """Where no heading is ours, what other ledger the first rows speak of."""
    return other_ledger(rows) if first < 0 else None


# ---------------------------------------------------------------------------------------------- the heading


def _heading(rows: Sequence[Row], of: LedgerKind, detectors: dict[str, Detector]) -> tuple[int, int]:
    """Heading rows: those with our words, else the first row of the table's width that is unlike what stands below it."""
    header = find_header(rows, of.words)
    if header is not None and (of.is_heading(header.columns) or of.reads(header)):
        return header.first, header.last
    widths = [sum(_filled(cell) for cell in row) for row in rows[: SEARCHED_ROWS + 1]]
    usual = sorted(width for width in widths if width)[len([w for w in widths if w]) // 2] if any(widths) else 0
    top = next((k for k, width in enumerate(widths[:SEARCHED_ROWS]) if width >= max(2, 0.6 * usual)), None)
    if top is None:
        return -1, -1
    typed = [detect for name, detect in detectors.items() if name in of.typed]
    return (top, top) if _is_heading(rows, top, of, typed) else (-1, -1)


def _filled(cell: object) -> bool:
    return cell is not None and bool(str(cell).strip())


def _is_heading(rows: Sequence[Row], top: int, of: LedgerKind, detectors: list[Detector]) -> bool:
    """Whether a row is unlike those below: texts over numbers, codes and years, and over none of the detectors' own."""
    below = rows[top + 1 : top + 1 + _MOST_ROWS]
    width = width_of(rows[top])
    looked = samples(below, min(width, MOST_COLUMNS))
    like = unlike = 0
    for k, sample in enumerate(looked):
        cell = rows[top][k]
        if not _filled(cell) or len(sample.cells) < LEAST_CELLS:
            continue
        own = Sample.of([cell], 1)
        typed = [detect for detect in detectors if detect(sample) > 0]
        numeric = len(sample.numbers) >= 0.9 * len(sample.cells)
        strange = of.strange(sample)
        if not typed and not numeric and not strange:
            # Words over words: a heading is none of them.
            unlike += own.texts[:1] != [] and own.texts[0] not in sample.texts and not isinstance(cell, int | float)
            like += bool(own.texts) and own.texts[0] in sample.texts
            continue
        fits = bool(own.numbers) if numeric else of.strange(own) == strange if strange else False
        like += 2 * (fits or any(_alone(detect, own) for detect in typed))
        unlike += 2 * (not fits and not any(_alone(detect, own) for detect in typed))
    return unlike > like


def _alone(detect: Detector, own: Sample) -> bool:
    """Whether a single cell is such as a detector looks for."""
    return bool(own.cells) and detect(own) > 0


# ---------------------------------------------------------------------------------------------- columns


def title_of(text: str, index: int) -> str:
    """What a column of the file is called: its heading, else its letter."""
    return text or letter_of(index)


def _by_heading(
    of: LedgerKind, texts: list[str], named: dict[str, Column], looked: list[Sample]
) -> dict[int, Proposal]:
    """Columns whose heading is known; where hardly a cell reads as it says, that is told."""
    found = {}
    for name, column in named.items():
        share = _fitting(of, name, column, looked)
        unlike = share is not None and share < _FITTING
        reason, sure = ("unlike", 0.5 * share) if unlike and share is not None else ("heading", 1.0)
        found[column.index] = Proposal(
            column.index, title_of(texts[column.index], column.index), name, column.unit, reason, sure, share, name
        )
    return found


def _fitting(of: LedgerKind, name: str, column: Column, looked: list[Sample]) -> float | None:
    """Share of a column's cells that read as what it is said to be; None where any text will do."""
    parse = of.reader(name, column.unit)
    if parse is None or column.index >= len(looked) or len(looked[column.index].cells) < LEAST_CELLS:
        return None
    return looked[column.index].understood(parse)


def _asks_content(of: LedgerKind, text: str, sample: Sample) -> bool:
    return len(sample.cells) >= LEAST_CELLS and heading_key(text) not in of.words.not_ours and not of.strange(sample)


def _by_content(
    of: LedgerKind, detectors: dict[str, Detector], texts: list[str], free: list[int], looked: list[Sample], taken: set[str]
) -> dict[int, Proposal]:  # fmt: skip
    """The surest first; each of our columns once."""
    known = of.words.headings
    # A second column of a heading that is known is no other thing.
    asked = [k for k in free if not texts[k] or heading_key(texts[k]) not in known]
    wanted = {name: detect for name, detect in detectors.items() if name not in taken}
    order = {name: place for place, name in enumerate(of.words.columns)}
    scores = [
        (_told(of, name, texts[k], looked[k], _weight(looked[k]) * detect(looked[k])), name, k)
        for k in asked
        for name, detect in wanted.items()
    ]
    guess = Guess({}, asked, texts, looked, taken, of.words.units)
    got: set[str] = set()
    for (sure, alike), name, k in sorted(scores, key=lambda score: (-score[0][0], score[2], order[score[1]])):
        if sure < NAMED or k in guess.found or name in got:
            continue
        got.add(name)
        one = guess.propose(k, name, sure, _share(of, name, looked[k]))
        guess.found[k] = replace(one, reason="alike") if one.column and alike else one
    return of.settled(guess)


def _told(of: LedgerKind, name: str, text: str, sample: Sample, sure: float) -> tuple[float, bool]:
    """How sure one is by the cells and by a heading that is like ours or names its unit; and whether the heading has a part in it."""
    unit, units = heading_unit(text), of.words.units.get(name)
    factor = None if units is None else units.get(unit)
    if factor == 0.0 or (of.hinted and units is not None and factor is None and _is_unit(of, unit)):
        # Of another quantity.
        return 0.0, False
    hinted = _hinted(of, sure, name, text)
    if of.hinted and factor is not None and hinted < _UNIT:
        parse = of.reader(name, unit)
        if parse is not None and sample.read_share(parse) >= _ARE_NUMBERS:
            return _UNIT, True
    return hinted, hinted > sure


def _is_unit(of: LedgerKind, text: str) -> bool:
    """Whether what stands in a heading's brackets is a unit of something that ledgers tell."""
    return any(text in units for units in (*of.words.units.values(), *vocabulary().units.values()))


def _hinted(of: LedgerKind, sure: float, name: str, text: str) -> float:
    """Cells that may be what the heading is like are that; of which any text will do, the heading alone says it, never for sure."""
    if name != of.hint(text):
        return sure
    if sure > 0:
        return max(sure, min(sure + _HINT, _MOST_HINTED))
    return _HINT_ALONE if of.reader(name, "") is None else 0.0


def _weight(sample: Sample) -> float:
    """Of a column with hardly anything in it one is less sure."""
    return 1.0 if sample.filled >= _SPARSE else 0.6


def _share(of: LedgerKind, name: str, sample: Sample) -> float | None:
    parse = of.reader(name, "")
    return None if parse is None else sample.read_share(parse)


def _left_out(of: LedgerKind, index: int, text: str, looked: list[Sample], named: dict[str, Column]) -> Proposal:
    """Why a column is none of ours."""
    title, key = title_of(text, index), heading_key(text)
    known = of.words.headings.get(key)
    if known is not None and known[0] in named:
        return Proposal(index, title, "", "", "second", 1.0, None, known[0])
    if text and key in of.words.not_ours:
        return Proposal(index, title, "", "", "not_ours", 1.0)
    if index < len(looked) and len(looked[index].cells) < LEAST_CELLS:
        return Proposal(index, title, "", "", "empty", 1.0)
    if index < len(looked) and (kind := of.strange(looked[index])):
        return Proposal(index, title, "", "", "foreign", 0.9, None, kind)
    return Proposal(index, title, "", "", "unknown", 0.0)
