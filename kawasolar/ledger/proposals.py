"""What each column of a ledger's file seems to be: by its heading, else by what stands in it; with the reason, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kawasolar.ledger.content import LEAST_CELLS, Sample, beside_kana, detectors, foreign, readers, samples, years_of
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
from kawasolar.ledger.mapping import Mapping, form_of, form_of_width, letter_of, width_of
from kawasolar.ledger.vocabulary import heading_key, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.ledger.content import Detector
    from kawasolar.ledger.tables import Table

# Below this a person should look.
DOUBTFUL = 0.7
# From here on what the content says is taken up; below it is only named.
TAKEN = 0.5
_NAMED = 0.35
# Columns whose content is looked at, and rows of them.
MOST_COLUMNS = 200
_MOST_ROWS = 2_000
# Share of rows with something in them below which a column counts as sparse.
_SPARSE = 0.1
# Share of a column's cells below which its heading is doubted.
_FITTING = 0.5


@dataclass(frozen=True)
class Proposal:
    """What one column of the file seems to be.

    Attributes
    ----------
    index, heading : the file's column from 0, and what stands above it; its letter where nothing does
    column, unit : ours and the heading's unit; empty: left out
    reason : code: ``heading`` (it says so), ``unlike`` (it says so, the cells do not), ``content``, ``maybe`` (the content, too unsure to be
        taken), ``second`` (another column is it already), ``foreign`` (phone numbers and such), ``not_ours``, ``empty``, ``unknown``,
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
class Proposed:
    """What a table seems to be: where its heading is, and its columns.

    ``other`` is the kind of ledger (``lamps vehicles wings meters``) that it is instead, if any.
    """

    first: int
    last: int
    begin: int
    columns: tuple[Proposal, ...]
    form: str
    sheet: str = ""
    other: str | None = None

    def mapping(self) -> Mapping:
        """The proposal as a mapping."""
        chosen = {one.column: Column(one.index, one.heading, one.unit) for one in self.columns if one.column}
        return Mapping(self.first, self.last, self.begin, chosen, self.sheet, self.form)


def propose(table: Table, heading: tuple[int, int] | None = None, begin: int | None = None) -> Proposed:
    """What the columns of a table seem to be.

    Parameters
    ----------
    heading : heading rows from 0, inclusive; (-1, -1) for none. Found unless given
    begin : first row of facilities, from 0; the one below the heading unless given
    """
    rows = table.rows
    first, last = _heading(rows) if heading is None else heading
    start = last + 1 if begin is None else begin
    texts = joined_headings(rows, first, last) if first >= 0 else []
    below = rows[start : start + _MOST_ROWS]
    width = max((width_of(row) for row in (*below, texts)), default=0)
    texts += [""] * (width - len(texts))
    looked = samples(below, min(width, MOST_COLUMNS))
    named = read_headings(texts)
    found = _by_heading(texts, named, looked)
    free = [k for k in range(len(looked)) if k not in found and _asks_content(texts[k], looked[k])]
    found |= _by_content(texts, free, looked, set(named))
    columns = tuple(found.get(k) or _left_out(k, texts[k], looked, named) for k in range(width))
    form = form_of(texts) if first >= 0 else form_of_width(rows, start)
    elsewhere = None if named.keys() & {"latitude", "address"} else (other_of(texts) or _other_above(rows, first))
    return Proposed(first, last, start, columns, form, table.name, elsewhere)


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
    return Proposed(
        proposed.first, proposed.last, proposed.begin, tuple(columns), proposed.form, proposed.sheet, proposed.other
    )


def _other_above(rows: Sequence[Row], first: int) -> str | None:
    """Where no heading is ours, what other ledger the first rows speak of."""
    return other_ledger(rows) if first < 0 else None


# ---------------------------------------------------------------------------------------------- the heading


def _heading(rows: Sequence[Row]) -> tuple[int, int]:
    """Heading rows: those with our words, else the first row of the table's width that is unlike what stands below it."""
    header = find_header(rows)
    if header is not None and header.recognised:
        return header.first, header.last
    widths = [sum(_filled(cell) for cell in row) for row in rows[: SEARCHED_ROWS + 1]]
    usual = sorted(width for width in widths if width)[len([w for w in widths if w]) // 2] if any(widths) else 0
    top = next((k for k, width in enumerate(widths[:SEARCHED_ROWS]) if width >= max(2, 0.6 * usual)), None)
    if top is None:
        return -1, -1
    return (top, top) if _is_heading(rows, top) else (-1, -1)


def _filled(cell: object) -> bool:
    return cell is not None and bool(str(cell).strip())


def _is_heading(rows: Sequence[Row], top: int) -> bool:
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
        typed = [detect for name, detect in detectors().items() if name in _TYPED and detect(sample) > 0]
        numeric = len(sample.numbers) >= 0.9 * len(sample.cells)
        if not typed and not numeric and not foreign(sample):
            # Words over words: a heading is none of them.
            unlike += own.texts[:1] != [] and own.texts[0] not in sample.texts and not isinstance(cell, int | float)
            like += bool(own.texts) and own.texts[0] in sample.texts
            continue
        fits = bool(own.numbers) if numeric else foreign(own) == foreign(sample) if foreign(sample) else False
        like += 2 * (fits or any(_alone(detect, own) for detect in typed))
        unlike += 2 * (not fits and not any(_alone(detect, own) for detect in typed))
    return unlike > like


# Detectors that can tell a single cell.
_TYPED = (
    "latitude",
    "longitude",
    "address",
    "building_ids",
    "structure",
    "built_year",
    "flood_depth_m",
    "facility_id",
    "kana",
)


def _alone(detect: Detector, own: Sample) -> bool:
    """Whether a single cell is such as a detector looks for."""
    return bool(own.cells) and detect(own) > 0


# ---------------------------------------------------------------------------------------------- columns


def _title(text: str, index: int) -> str:
    return text or letter_of(index)


def _by_heading(texts: list[str], named: dict[str, Column], looked: list[Sample]) -> dict[int, Proposal]:
    """Columns whose heading is known; where hardly a cell reads as it says, that is told."""
    found = {}
    for name, column in named.items():
        share = _fitting(name, column, looked)
        unlike = share is not None and share < _FITTING
        reason, sure = ("unlike", 0.5 * share) if unlike and share is not None else ("heading", 1.0)
        found[column.index] = Proposal(
            column.index, _title(texts[column.index], column.index), name, column.unit, reason, sure, share, name
        )
    return found


def _fitting(name: str, column: Column, looked: list[Sample]) -> float | None:
    """Share of a column's cells that read as what it is said to be; None where any text will do."""
    units = vocabulary().units.get(name, {})
    parse = readers(units.get(column.unit, 1.0) or 1.0).get(name)
    if parse is None or column.index >= len(looked) or len(looked[column.index].cells) < LEAST_CELLS:
        return None
    return looked[column.index].understood(parse)


def _asks_content(text: str, sample: Sample) -> bool:
    return len(sample.cells) >= LEAST_CELLS and heading_key(text) not in vocabulary().not_ours and not foreign(sample)


def _by_content(texts: list[str], free: list[int], looked: list[Sample], taken: set[str]) -> dict[int, Proposal]:
    """The surest first; each of our columns once."""
    known = vocabulary().headings
    # A second column of a heading that is known is no other thing.
    asked = [k for k in free if not texts[k] or heading_key(texts[k]) not in known]
    wanted = {name: detect for name, detect in detectors().items() if name not in taken}
    scores = [(_weight(looked[k]) * detect(looked[k]), name, k) for k in asked for name, detect in wanted.items()]
    found: dict[int, Proposal] = {}
    got: set[str] = set()
    for sure, name, k in sorted(scores, key=lambda score: (-score[0], score[2], score[1])):
        if sure < _NAMED or k in found or name in got:
            continue
        got.add(name)
        column = name if sure >= TAKEN else ""
        reason = "content" if column else "maybe"
        found[k] = Proposal(k, _title(texts[k], k), column, "", reason, sure, _share(name, looked[k]), name)
    _pair(found)
    _coarse_kind(found, asked, texts, looked, taken)
    _name_beside(found, asked, texts, looked, taken)
    return _other_years(found, asked, texts, looked, taken)


def _weight(sample: Sample) -> float:
    """Of a column with hardly anything in it one is less sure."""
    return 1.0 if sample.filled >= _SPARSE else 0.6


def _coarse_kind(
    found: dict[int, Proposal], asked: list[int], texts: list[str], looked: list[Sample], taken: set[str]
) -> None:
    """Of two columns of kinds the one with fewer words is the coarse one."""
    fine = next((k for k, one in found.items() if one.column == "kind"), None)
    if fine is None or "kind_group" in taken:
        return
    detect = detectors()["kind"]
    other = next((k for k in asked if k not in found and detect(looked[k]) >= TAKEN), None)
    if other is None:
        return
    if looked[other].distinct > looked[fine].distinct:
        fine, other = other, fine
    for k, name in ((fine, "kind"), (other, "kind_group")):
        found[k] = Proposal(k, _title(texts[k], k), name, "", "content", 0.65, None, name)


def _name_beside(
    found: dict[int, Proposal], asked: list[int], texts: list[str], looked: list[Sample], taken: set[str]
) -> None:
    """Where no column reads like names of facilities, the one before their readings."""
    if "name" in taken or any(one.column == "name" for one in found.values()):
        return
    kana = next((k for k, one in found.items() if one.column == "kana"), None)
    if kana is not None and kana - 1 in asked and kana - 1 not in found and beside_kana(looked[kana - 1]):
        k = kana - 1
        found[k] = Proposal(k, _title(texts[k], k), "name", "", "content", 0.6, None, "name")


def _share(name: str, sample: Sample) -> float | None:
    parse = readers().get(name)
    return None if parse is None else sample.read_share(parse)


def _pair(found: dict[int, Proposal]) -> None:
    """A latitude without a longitude is some other number."""
    lone = [k for k, one in found.items() if one.column in ("latitude", "longitude")]
    if len(lone) == 1:
        del found[lone[0]]


def _other_years(
    found: dict[int, Proposal], asked: list[int], texts: list[str], looked: list[Sample], taken: set[str]
) -> dict[int, Proposal]:
    """Of several columns of years the earliest are of the building; later ones are named, not taken."""
    detect = detectors()["built_year"]
    years = {
        k: sure
        for k in asked
        if (sure := detect(looked[k])) >= _NAMED and (k not in found or found[k].named == "built_year")
    }
    if len(years) < 2 and "built_year" not in taken:
        return found
    middle = {k: sorted(years_of(looked[k]))[len(years_of(looked[k])) // 2] for k in years}
    order = sorted(years, key=lambda k: (middle[k], k))
    free = [name for name in ("built_year", "waterproofed_year", "closure_year") if name not in taken]
    for place, k in enumerate(order):
        planned = middle[k] >= vocabulary().content["planned_from"]
        name = "built_year" if place == 0 and not planned else "closure_year" if planned else "waterproofed_year"
        if name not in free:
            found.pop(k, None)
            continue
        free.remove(name)
        sure = years[k] if name == "built_year" else min(years[k], 0.45)
        column, reason = (name, "content") if sure >= TAKEN else ("", "maybe")
        found[k] = Proposal(k, _title(texts[k], k), column, "", reason, sure, 1.0, name)
    return found


def _left_out(index: int, text: str, looked: list[Sample], named: dict[str, Column]) -> Proposal:
    """Why a column is none of ours."""
    title, key = _title(text, index), heading_key(text)
    known = vocabulary().headings.get(key)
    if known is not None and known[0] in named:
        return Proposal(index, title, "", "", "second", 1.0, None, known[0])
    if text and key in vocabulary().not_ours:
        return Proposal(index, title, "", "", "not_ours", 1.0)
    if index < len(looked) and len(looked[index].cells) < LEAST_CELLS:
        return Proposal(index, title, "", "", "empty", 1.0)
    if index < len(looked) and (kind := foreign(looked[index])):
        return Proposal(index, title, "", "", "foreign", 0.9, None, kind)
    return Proposal(index, title, "", "", "unknown", 0.0)
