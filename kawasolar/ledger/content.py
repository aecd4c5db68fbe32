"""What a column of a ledger is by what stands in it: for tables whose headings are missing or say nothing.

Each detector gives how sure it is, 0…1. What is told here is a proposal that a person confirms; no ledger is read by it alone.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from statistics import median
from typing import TYPE_CHECKING, Any

from kawasolar.ledger import values
from kawasolar.ledger.cells import CODES, DEPTHS, MARKS, NUMBERS, YEARS
from kawasolar.ledger.vocabulary import folded, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Filled cells of a column that are looked at.
MOST_CELLS = 500
# Of a column with less in it nothing is said.
LEAST_CELLS = 2

_URL = re.compile(r"https?://|www\.|[^@\s]+@[^@\s]+\.")
_PHONE = re.compile(r"\(?0\d{1,4}[)-]\d{1,4}-\d{3,4}")
_POSTCODE = re.compile(r"〒?\d{3}-\d{4}")
_CLOCK = re.compile(r"\d{1,2}[:時]\d{2}.*")
_SUPPLY_POINT = re.compile(r"\d{22}")
_BUILDING = re.compile(r"(\d{5}-bldg-\d+|bldg_[0-9a-f]{8}-[0-9a-f\-]{20,})([;,、].*)?")
_CODE = re.compile(r"[a-z]{0,4}[-_]?\d[\d\-_]{0,29}")
_ADDRESS = re.compile(r"(.*[都道府県市区町村].*\d.*|.*\d+(丁目|番|-\d).*)")
_KANA = re.compile(r"[ぁ-ゖァ-ヺー・()\s\d]*[ぁ-ゖァ-ヺ][ぁ-ゖァ-ヺー・()\s\d]+")
_YEAR_SIGNS = re.compile(r"[年/.\-]|元|\A[mtshr明大昭平令]")
_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+")


@dataclass(frozen=True)
class Sample:
    """Filled cells of a column, the first :data:`MOST_CELLS`, and how many rows they come from."""

    cells: tuple[object, ...]
    rows: int

    @classmethod
    def of(cls, column: Iterable[object], rows: int) -> Sample:
        """The cells that say something."""
        kept: list[object] = []
        seen = 0
        for cell in column:
            if len(kept) == MOST_CELLS:
                break
            seen += 1
            if not values.is_missing(cell):
                kept.append(cell)
        return cls(tuple(kept), min(seen, rows))

    @cached_property
    def texts(self) -> list[str]:
        """As words are compared."""
        return [folded(values.text_of(cell)) for cell in self.cells]

    @cached_property
    def distinct(self) -> int:
        """How many different ones."""
        return len(set(self.texts))

    @cached_property
    def length(self) -> float:
        """Letters of the one in the middle."""
        return median(len(text) for text in self.texts) if self.texts else 0.0

    @property
    def filled(self) -> float:
        """Share of the rows in which something stands."""
        return len(self.cells) / max(self.rows, 1)

    @cached_property
    def numbers(self) -> list[float]:
        """Those that are bare numbers; not such as 007."""
        found = []
        for cell, text in zip(self.cells, self.texts, strict=True):
            padded = isinstance(cell, str) and len(text) > 1 and text[0] == "0" and text[1] not in ".,"
            if _NUMBER.fullmatch(text) and not padded:
                found.append(float(text.replace(",", "")))
        return found

    @cached_property
    def different(self) -> list[tuple[object, str, int]]:
        """Its different cells with their texts, and how often each stands there: ledgers repeat themselves."""
        found: dict[tuple[type, object], list[Any]] = {}
        cells: tuple[Any, ...] = self.cells
        for cell, text in zip(cells, self.texts, strict=True):
            key = (type(cell), cell if cell.__hash__ is not None else repr(cell))
            found.setdefault(key, [cell, text, 0])[2] += 1
        return [(cell, text, count) for cell, text, count in found.values()]

    def mean(self, measure: Callable[[str], float]) -> float:
        """Of what is measured of each text."""
        return sum(count * measure(text) for _, text, count in self.different) / len(self.cells)

    def share(self, holds: Callable[[str], object]) -> float:
        """Share of the cells for whose text something holds."""
        return sum(count for _, text, count in self.different if holds(text)) / len(self.cells)

    def share_of(self, holds: Callable[[object], object]) -> float:
        """Share of the cells, as they stand, for which something holds."""
        return sum(count for cell, _, count in self.different if holds(cell)) / len(self.cells)

    def read(self, parse: Callable[[object], Any]) -> list[Any]:
        """What a parser makes of the cells that it understands; None where one says that nothing is known."""
        made: list[Any] = []
        for cell, _, count in self.different:
            try:
                value = parse(cell)
            except (ValueError, OverflowError):
                continue
            made.extend([value] * count)
        return made

    def read_share(self, parse: Callable[[object], object]) -> float:
        """Share of the cells that a parser understands; of some that say nothing is known the rest counts."""
        return sum(value is not None for value in self.read(parse)) / len(self.cells)

    def understood(self, parse: Callable[[object], object]) -> float:
        """Share of the cells that a parser understands, those too that say that there is nothing."""
        return len(self.read(parse)) / len(self.cells)


Detector = Callable[[Sample], float]


def foreign(sample: Sample) -> str:
    """What a column is that is none of ours: ``url phone postcode clock supply_point``; empty for any other."""
    kinds = (
        ("url", _URL.match), ("supply_point", _SUPPLY_POINT.fullmatch), ("phone", _PHONE.fullmatch), ("postcode", _POSTCODE.fullmatch),
        ("clock", _CLOCK.fullmatch),
    )  # fmt: skip
    return next((kind for kind, match in kinds if sample.share(match) >= 0.8), "")


def _degrees(name: str) -> Detector:
    low, high = vocabulary().content[name]

    def detect(sample: Sample) -> float:
        found = [_angle(cell) for cell in sample.cells]
        good = [value for value in found if low <= value <= high]
        broken = sum(not value.is_integer() for value in good)
        share = len(good) / len(found)
        return 0.95 * share if share >= 0.8 and 2 * broken >= len(good) else 0.0

    return detect


def _angle(cell: object) -> float:
    try:
        found = values.angle(cell)
    except (ValueError, OverflowError):
        return math.nan
    return math.nan if found is None else found


def years_of(sample: Sample) -> list[float]:
    """Calendar years of the cells that are such, and of no other number."""
    low, high = vocabulary().content["years"]
    return [year for year in sample.read(values.year) if year is not None and low <= year <= high]


def like_year(sample: Sample) -> float:
    """Years of the calendar; bare ones may be another number."""
    share = len(years_of(sample)) / len(sample.cells)
    if share < 0.9 or (sample.distinct == 1 and len(sample.cells) > 1):
        return 0.0
    signs = sample.share_of(lambda cell: isinstance(cell, dt.date) or _YEAR_SIGNS.search(folded(values.text_of(cell))))
    return share * (0.9 if signs >= 0.5 else 0.7)


def _coded(column: str) -> Detector:
    parse = values.coded(column)

    def detect(sample: Sample) -> float:
        if sample.length > 24 or (len(sample.cells) > 5 and 2 * sample.distinct > len(sample.cells)):
            return 0.0
        share = sample.read_share(lambda cell: (code := parse(cell)) and code != "other")
        short = sample.share(lambda text: len(text) == 1)
        return share * (0.9 if short < 0.9 or column == "structure" else 0.5) if share >= 0.8 else 0.0

    return detect


def _with_unit(column: str, *units: str) -> Detector:
    """Numbers that bear their unit; bare ones by their size, and then never sure."""

    def detect(sample: Sample) -> float:
        named = sample.share(lambda text: text.endswith(units) and text[:1].isdigit())
        if named >= 0.5:
            return 0.9 * named
        usual = vocabulary().content.get(column)
        found = sample.numbers
        if usual is None or sample.distinct < 3 or len(found) < 0.95 * len(sample.cells) or min(found) < 0:
            return 0.0
        low, high = usual
        broken = sum(not value.is_integer() for value in found) / len(found)
        likely = broken >= 0.3 if column == "floor_area_m2" else broken == 0.0
        return 0.55 if likely and low <= median(found) <= high else 0.0

    return detect


def like_storeys(sample: Sample) -> float:
    """Storeys in words; small whole numbers may be anything."""
    named = sample.share(lambda text: "階" in text or text in {"平屋", "平家"})
    if named >= 0.5:
        return 0.85 * named
    low, high = vocabulary().content["storeys"]
    found = sample.numbers
    small = len(found) == len(sample.cells) and all(low <= value <= high and value.is_integer() for value in found)
    return 0.4 if small and 2 <= sample.distinct < len(found) else 0.0


def _depth(sample: Sample) -> float:
    words = vocabulary().no_flood
    told = sample.share(lambda text: text in words or re.fullmatch(r"[\d.~〜～\-]*\d(m|cm).*", text))
    deep = sample.share(lambda text: re.search(r"\d(m|cm)|区域外", text))
    return 0.8 * told if told >= 0.8 and deep >= 0.3 else 0.0


def _shelter(sample: Sample) -> float:
    words = vocabulary().content["shelter_words"]
    if sample.share(lambda text: any(word in text for word in words)) >= 0.5 and sample.distinct <= 10:
        return 0.75
    marked = sample.read_share(values.flag)
    plain = sample.share(lambda text: text in {"0", "1"})
    return 0.4 if marked >= 0.95 and plain < 0.5 else 0.0


def _ending(name: str, longest: int, sure: float) -> Detector:
    endings = tuple(vocabulary().content[name])

    def detect(sample: Sample) -> float:
        share = sample.share(lambda text: text.endswith(endings) and len(text) <= longest)
        repeated = len(sample.cells) <= 5 or sample.distinct < len(sample.cells)
        return sure * share if share >= 0.8 and repeated else 0.0

    return detect


def like_address(sample: Sample) -> float:
    """Addresses in Japanese."""
    share = sample.share(_ADDRESS.fullmatch)
    worded = sample.share(lambda text: not text.isascii())
    return 0.9 * share if share >= 0.6 and worded >= 0.6 and 4 <= sample.length <= 60 else 0.0


def _kana(sample: Sample) -> float:
    share = sample.share(_KANA.fullmatch)
    return 0.85 * share if share >= 0.9 and sample.length >= 3 else 0.0


def _name(sample: Sample) -> float:
    kinds = sample.read_share(values.kind_of_name)
    unlike = sample.distinct / len(sample.cells)
    if kinds < 0.4 or unlike < 0.8 or not 3 <= sample.length <= 40 or sample.share(_ADDRESS.fullmatch) > 0.5:
        return 0.0
    return min(0.9, 0.5 + 0.4 * kinds)


def _kind(sample: Sample) -> float:
    share = sample.read_share(values.coded("kind"))
    repeated = 3 * sample.distinct <= len(sample.cells) or len(sample.cells) <= 5
    return 0.75 * share if share >= 0.9 and repeated and sample.length <= 16 else 0.0


def like_code(sample: Sample) -> float:
    """Codes of which no two are alike, on (nearly) every row."""
    # H21 is a year, not a code; a bare 2009 may be either.
    broken = any(not value.is_integer() for value in sample.numbers) or like_year(sample) >= 0.8
    share = sample.share(_CODE.fullmatch)
    if broken or share < 0.98 or sample.distinct < 0.98 * len(sample.cells) or len(sample.cells) < 0.95 * sample.rows:
        return 0.0
    counted = sample.texts == [str(k) for k in range(1, len(sample.texts) + 1)]
    return 0.6 if counted else 0.75


def detectors() -> dict[str, Detector]:
    """Our column -> how sure one can be that a column is it."""
    return {
        "latitude": _degrees("latitude"), "longitude": _degrees("longitude"), "facility_id": like_code, "name": _name, "kana": _kana, "kind": _kind,
        "ward": _ending("ward_endings", 8, 0.9), "department": _ending("department_endings", 24, 0.7), "address": like_address,
        "building_ids": lambda sample: 0.95 * sample.share(_BUILDING.fullmatch), "structure": _coded("structure"), "seismic": _coded("seismic"),
        "roof_type": _coded("roof_type"), "built_year": like_year, "storeys": like_storeys, "flood_depth_m": _depth, "shelter": _shelter,
        "floor_area_m2": _with_unit("floor_area_m2", "㎡", "m2", "平米"), "annual_kwh": _with_unit("annual_kwh", "kwh"),
        "contract_kw": _with_unit("contract_kw", "kw"),
    }  # fmt: skip


def beside_kana(sample: Sample) -> bool:
    """Whether a column before that of the readings may be the names: words in Japanese, no two alike."""
    written = sample.share(lambda text: not text.isascii())
    return written >= 0.8 and sample.distinct >= 0.9 * len(sample.cells) and 2 <= sample.length <= 40


def readers(unit: float = 1.0) -> dict[str, Callable[[object], object]]:
    """Our column -> parser of its cells, where not every text will do; ``unit`` of a bare number in ours."""
    units = vocabulary().units
    number = {name: (lambda cell, name=name: values.number(cell, units[name], unit)) for name in NUMBERS}
    return {
        **number, **dict.fromkeys(YEARS, values.year), "storeys": values.storeys,
        **{name: partial(values.depth, units=units[name], bare=unit) for name in DEPTHS}, "shelter": values.shelter,
        **{name: values.coded(name) for name in CODES}, **{name: values.marked(name) for name in MARKS},
        **dict.fromkeys(("latitude", "longitude", "axis_x", "axis_y", "easting", "northing"), values.angle),
    }  # fmt: skip


def samples(rows: Sequence[Sequence[object]], width: int) -> list[Sample]:
    """A sample of each column of some rows."""
    return [Sample.of((row[k] if k < len(row) else None for row in rows), len(rows)) for k in range(width)]
