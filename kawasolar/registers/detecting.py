"""What a column of another ledger is by what stands in it: by the kind of our column, its codes, its usual numbers and words.

Each detector gives how sure it is, 0…1, as those of :mod:`kawasolar.ledger.content`; what is told here is a proposal that a person confirms.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from kawasolar.ledger import values
from kawasolar.ledger.content import like_address, like_code, like_storeys, like_year, years_of
from kawasolar.ledger.vocabulary import folded, vocabulary
from kawasolar.registers.cells import coded, digits, parser
from kawasolar.registers.dates import day

if TYPE_CHECKING:
    from kawasolar.facility_names import FacilityNames
    from kawasolar.ledger.content import Detector, Sample
    from kawasolar.registers.schema import Field, Schema

# Share of a column's cells that must be such; less where texts are free.
_MOST, _MANY, _HALF = 0.9, 0.8, 0.5
# How sure one is of a bare number of a usual size, and of one that is only possible (its heading may say the rest).
_USUAL, _POSSIBLE = 0.52, 0.2
# What it adds that hardly any other number would do.
_NARROW = 0.15
# Of marks (○ ×) where a ledger has several columns of them; of one column alone.
_ONE_OF_MARKS, _MARKS = 0.3, 0.6
# Of days where a ledger has several columns of them; of one column alone. Of days gone by where a day to come is meant, and the other way round.
_ONE_OF_DAYS, _DAYS, _OTHER_DAYS = 0.45, 0.85, 0.3
# A second column of years, never told by itself.
_SECOND_YEARS = 0.45
# Words of a code column are short and come again.
_LONGEST_CODE, _FEW_CELLS = 40, 5
_OWN_CODE = 0.4
# Share of names that a plan knows, or that say their kind, from which on a column is of facilities.
_SOME_KNOWN, _SOME_NAMED, _LONGEST_NAME = 0.3, 0.4, 40

_PLATE = re.compile(r"[^\d\s]{1,6}\d{2,3}[^\d\s]?[ぁ-んa-z][\d・.\-]{1,7}")
_FLOOR = re.compile(r"(地上|地下|b|r)?\d{0,2}(階|f|fl)|[br]\d?|屋上|塔屋|(中|半)?地下\d?")
_WING = re.compile(r"[a-z]?\d{1,3}[a-z]?(-\d{1,2}){0,2}|[a-z]")
_MODEL = re.compile(r"[a-z]{1,5}[-_]?\d[a-z0-9\-_/×x+.]{2,}")
_DAY_SIGNS = re.compile(r".*\d[年/.\-]\d{1,2}[月/.\-]\d{1,2}日?\Z|\d{8}\Z")
_MADE_UP = re.compile(r"[a-z\-_]|\A0")


def detectors(schema: Schema, facilities: FacilityNames | None) -> dict[str, Detector]:
    """Our column -> how sure one can be that a column is it; only where cells can say something."""
    kinds: Counter[str] = Counter(field.kind for field in schema.fields.values())
    years = [name for name, field in schema.fields.items() if field.kind == "year"]
    made = {
        name: _detector(schema, field, kinds, facilities, second=name in years[1:])
        for name, field in schema.fields.items()
    }
    return {name: detect for name, detect in made.items() if detect is not None}


def _detector(
    schema: Schema, field: Field, kinds: Counter[str], facilities: FacilityNames | None, *, second: bool
) -> Detector | None:
    if field.kind == "text":
        return _text(field, facilities)
    if field.kind == "year":
        return lambda sample: _year(sample, has_days=kinds["date"] > 0, second=second)
    if field.kind == "flag":
        return lambda sample: _flag(sample, alone=kinds["flag"] == 1)
    if field.kind == "date":
        return lambda sample: _date(sample, alone=kinds["date"] == 1)
    if field.kind == "code":
        return lambda sample: _code(field, sample)
    if field.kind == "digits":
        return _digits
    return like_storeys if field.kind == "storeys" else _number(schema, field)


# ---------------------------------------------------------------------------------------------- codes, marks, days


def _code(field: Field, sample: Sample) -> float:
    """By the share of cells whose words are known, and how much of each cell these words are."""
    if sample.length > _LONGEST_CODE:
        return 0.0
    told = sample.read(partial(coded, field))
    known = {code for code in told if code is not None}
    share = sum(code not in (None, "other") for code in told) / len(sample.cells)
    if share < _MANY:
        return 0.0
    if len(sample.cells) > _FEW_CELLS and 2 * sample.distinct > len(sample.cells) and sample.length > 2 * _FEW_CELLS:
        # Names of things in which the word happens to stand.
        return 0.4 * share
    sure = share * (0.6 + 0.3 * sample.mean(partial(_covered, field)))
    # One word on every row may be anything's.
    return sure if len(known) > 1 or len(sample.cells) <= _FEW_CELLS else 0.8 * sure


def _covered(field: Field, text: str) -> float:
    """Share of a text that is a word of the codes."""
    if field.codes is None or not text:
        return 0.0
    spans = (match.end() - match.start() for pattern, *_ in field.codes.patterns for match in pattern.finditer(text))
    return max(spans, default=0) / len(text)


def _flag(sample: Sample, *, alone: bool) -> float:
    marked = sample.read_share(values.flag)
    plain = sample.share(lambda text: text in {"0", "1"})
    if marked < _MOST or plain >= _HALF:
        return 0.0
    return (_MARKS if alone else _ONE_OF_MARKS) * marked


def _days(sample: Sample) -> float:
    """Share of the cells that say a day, not only a month or a year."""
    signs = sample.share_of(lambda cell: isinstance(cell, dt.date) or _DAY_SIGNS.match(folded(values.text_of(cell))))
    return min(signs, sample.read_share(day)) if signs >= _MANY else 0.0


def _is_to_come(sample: Sample) -> bool:
    years = sorted(years_of(sample))
    return bool(years) and years[len(years) // 2] >= vocabulary().content["planned_from"]


def _date(sample: Sample, *, alone: bool) -> float:
    """Days to come: until when something holds."""
    share = _days(sample)
    if share < _MANY:
        return 0.0
    return share * ((_DAYS if alone else _ONE_OF_DAYS) if _is_to_come(sample) else _OTHER_DAYS)


def _year(sample: Sample, *, has_days: bool, second: bool) -> float:
    sure = like_year(sample)
    if has_days and _days(sample) >= _MANY and _is_to_come(sample):
        return min(sure, _OTHER_DAYS)
    return min(sure, _SECOND_YEARS) if second else sure


def _digits(sample: Sample) -> float:
    share = sample.read_share(digits)
    return 0.98 * share if share >= _HALF else 0.0


# ---------------------------------------------------------------------------------------------- numbers


def _number(schema: Schema, field: Field) -> Detector:
    """Numbers that bear their unit; bare ones by their size, and then never sure."""
    units = tuple(unit for unit, factor in schema.words.units.get(field.name, {}).items() if factor)
    parse = parser(schema, field, "")
    low, high = field.bounds or (-math.inf, math.inf)

    def detect(sample: Sample) -> float:
        found = [float(value) for value in sample.read(parse) if value is not None]
        if sum(low <= value <= high for value in found) < _MANY * len(sample.cells) or _is_counted(sample):
            return 0.0
        if field.whole and not all(value.is_integer() for value in found if low <= value <= high):
            return 0.0
        likely = 0.0 if field.usual is None else sum(_within(value, field.usual) for value in found) / len(sample.cells)
        named = sample.share(lambda text: text.endswith(units) and text[:1].isdigit()) if units else 0.0
        if named >= _HALF:
            return named * (0.9 if field.usual is None or likely >= _HALF else 0.6)
        if len(sample.numbers) < _MANY * len(sample.cells):
            return 0.0
        if field.usual is None or likely < _MANY:
            return _POSSIBLE
        # Of two that would do, that which can be less.
        least, most = field.usual
        return _USUAL * (0.5 + 0.5 * likely) + _NARROW / (1 + math.log(most / least))

    return detect


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _is_counted(sample: Sample) -> bool:
    """1, 2, 3 …: the number of the row."""
    return len(sample.texts) > 2 and sample.texts == [str(k) for k in range(1, len(sample.texts) + 1)]


# ---------------------------------------------------------------------------------------------- texts


def _text(field: Field, facilities: FacilityNames | None) -> Detector | None:
    if field.shape == "owner":
        return lambda sample: _owner(sample, facilities)
    shapes: dict[str, Detector] = {
        "plate": _vehicle,
        "floor": _floor,
        "address": like_address,
        "model": lambda sample: 0.75 * share if (share := sample.share(_MODEL.fullmatch)) >= _HALF else 0.0,
        "department": _department,
    }
    if field.shape == "wing":
        return lambda sample: max(_worded(field, sample), _wing(sample))
    if field.shape:
        return shapes[field.shape]
    return (lambda sample: _worded(field, sample)) if field.words or field.endings else None


def _owner(sample: Sample, facilities: FacilityNames | None) -> float:
    """Names or numbers of the plan's facilities; where none is open, texts that say what kind of facility they name."""
    if facilities is not None:
        known = sample.share_of(lambda cell: bool(facilities.find(values.text_of(cell))[0]))
        if known >= _SOME_KNOWN:
            return 0.6 + 0.35 * known
    if sample.length > _LONGEST_NAME:
        return 0.0
    named = sample.read_share(values.kind_of_name)
    if named >= _SOME_NAMED and sample.length >= 3:
        return min(0.9, 0.5 + 0.4 * named)
    padded = sample.share(lambda text: bool(_MADE_UP.search(text)) and any(sign.isdigit() for sign in text))
    return _OWN_CODE if padded >= _MOST and sample.length <= 12 and not sample.numbers else 0.0


def _vehicle(sample: Sample) -> float:
    """Number plates; else codes that are no plain numbers, of which no two are alike."""
    plates = sample.share(_PLATE.fullmatch)
    if plates >= _HALF:
        return 0.95 * plates
    return like_code(sample) if not sample.numbers else 0.0


def _floor(sample: Sample) -> float:
    share = sample.share(_FLOOR.fullmatch)
    if share >= _MANY:
        return 0.85 * share
    return _POSSIBLE if sample.share(lambda text: text.isdigit() and len(text) == 1) >= _MOST else 0.0


def _wing(sample: Sample) -> float:
    share = sample.share(_WING.fullmatch)
    signs = sample.share(lambda text: not text.isdigit())
    return 0.55 if share >= _MOST and signs >= _HALF and like_year(sample) < _HALF else 0.0


def _department(sample: Sample) -> float:
    endings = tuple(vocabulary().content["department_endings"])
    share = sample.share(lambda text: text.endswith(endings) and len(text) <= 24)
    return 0.75 * share if share >= _MANY else 0.0


def _worded(field: Field, sample: Sample) -> float:
    """Texts that contain a word, or end like one; numbers do not."""
    words, endings = field.words, field.endings
    share = sample.share(lambda text: any(word in text for word in words) or text.endswith(endings))
    return 0.45 + 0.35 * share if share >= _HALF and sample.length <= 24 else 0.0
