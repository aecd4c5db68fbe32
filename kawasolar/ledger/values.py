"""What a cell of a ledger means: numbers, Japanese years, marks, codes.

Each parser takes the cell as the file gave it and returns the value, None where the cell says that
nothing is known, and raises :class:`ValueError` where it says something that is not understood.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING

from kawasolar.ledger.vocabulary import folded, plain, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Longer cells are prose; no value of ours needs more, and patterns stay cheap on hostile files.
_LONGEST = 200

_ERA_BEGINS = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}
# The last year of each era; 平成 is open because plans made before 2019 speak of 平成42年度.
_ERA_YEARS = {"明治": 45, "大正": 15, "昭和": 64, "平成": 99, "令和": 99}
_ERA_SHORT = dict(zip("mtshr", _ERA_BEGINS, strict=True)) | {era[0]: era for era in _ERA_BEGINS}
_ERA = re.compile(r"(明治|大正|昭和|平成|令和|[mtshr明大昭平令])[.]?(元|\d{1,2}|[一二三四五六七八九十]{1,3})(?![\d])")
_WESTERN = re.compile(r"(?:西暦|約|ca)?[.]?(\d{4})(?:年度?頃?|[./\-年].*|\.0+|)\Z")
_COMPACT = re.compile(r"((?:18|19|20|21)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?\Z")
_KANJI = {c: n for n, c in enumerate("一二三四五六七八九", start=1)}
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d{1,2})?")
_DMS = re.compile(
    r"([ns北南ew東西]?)[緯経]?(\d{1,3})[度°]"
    r"(?:(\d{1,2}(?:\.\d+)?)[分′'’])?(?:(\d{1,2}(?:\.\d+)?)(?:秒|[″\"”]|[′']{2})?)?([nsew]?)\Z"
)


def text_of(cell: object) -> str:
    """The cell as plain text; numbers without the ``.0`` that spreadsheets and GIS files add."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and (cell.hour, cell.minute, cell.second) == (0, 0, 0):
        return cell.date().isoformat()
    return plain(str(cell))


def is_missing(cell: object) -> bool:
    """Whether the cell is empty or says 不明, －, 未定 …"""
    return folded(text_of(cell)) in vocabulary().missing


def text(cell: object) -> str | None:
    """A name, an address: the text, None where it is missing."""
    found = text_of(cell)
    return None if folded(found) in vocabulary().missing else found


def _digits(key: str) -> str:
    """The text without thousands separators and Japanese minus signs."""
    key = re.sub(r"\A[△▲−‐–]", "-", key)
    return re.sub(r"(?<=\d)[,'](?=\d{3}(?!\d))", "", key)


def number(cell: object, units: Mapping[str, float] | None = None, bare: float = 1.0) -> float | None:
    """A number; a unit behind it is turned into ours.

    Parameters
    ----------
    cell : object
    units : mapping, optional
        Known units (folded) and what one of them is in our unit; 0 marks another quantity.
    bare : float
        What a number without a unit is worth in our unit: the factor of the heading's unit.
    """
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if not math.isfinite(cell):
            return None
        return float(cell) * bare
    key = folded(text_of(cell))[:_LONGEST]
    if key in vocabulary().missing:
        return None
    key = re.sub(r"\A約", "", _digits(key))
    match = _NUMBER.match(key)
    if match is None:
        raise ValueError(key)
    value = float(match.group())
    unit = key[match.end() :].removeprefix("(").removesuffix(")")
    factor = (units or {}).get(unit, 0.0) if unit else bare
    if factor == 0.0 or not math.isfinite(value):
        raise ValueError(key)
    return value * factor


def storeys(cell: object) -> float | None:
    """Storeys above ground: ``3``, ``3階建``, ``地上3階地下1階``, ``3F/B1``, ``3/1`` (above / below)."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell) if math.isfinite(cell) else None
    key = folded(text_of(cell))[:_LONGEST]
    if key in vocabulary().missing:
        return None
    if key in {"平屋", "平家", "平屋建", "平家建"}:
        return 1.0
    key = re.sub(r"(?:地下|b)\d{1,2}(?:階建?|f)?", "", key)
    match = re.fullmatch(r"[^\d]{0,8}?(\d{1,3})(?:\.0)?(?:階建?て?|f|[/\-~].*|[(・,].*|\+.*)*", key)
    if match is None:
        raise ValueError(key)
    return float(match.group(1))


def depth(cell: object, units: Mapping[str, float] | None = None, bare: float = 1.0) -> float | None:
    """Depth of a flood [m]; of a class (``0.5m～3.0m``, ``0.5m未満``) the upper bound, of ``5m以上`` the bound."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return number(cell, units, bare)
    key = folded(text_of(cell))[:_LONGEST]
    words = vocabulary()
    if key in words.no_flood:
        return 0.0
    if key in words.missing:
        return None
    key = re.sub(r"(未満|以上|以下|以内|超)", "", _digits(key))
    bounds = [part for part in re.split(r"[~〜～]|(?<=[\dm])[-−‐–](?=\d)|から", key) if part]
    if not bounds:
        raise ValueError(key)
    # 0.5～3.0m: the unit behind the last bound is the first one's too.
    unit = (units or {}).get(_NUMBER.sub("", bounds[-1], count=1)) or bare
    values = [value for part in bounds if (value := number(part, units, unit)) is not None]
    if not values:
        raise ValueError(key)
    return max(values)


def _kanji_number(found: str) -> int:
    if found == "元":
        return 1
    if found.isdigit():
        return int(found)
    tens, ten, ones = found.rpartition("十")
    if not ten:
        return _KANJI[found] if len(found) == 1 else 0
    return (_KANJI.get(tens, 1 if not tens else 0)) * 10 + (_KANJI.get(ones, 0))


def _era_year(key: str) -> int | None:
    match = _ERA.match(key)
    if match is None:
        return None
    rest = key[match.end() :]
    if rest and not re.match(r"年|[./\-~度頃(]", rest):
        return None
    era = _ERA_SHORT.get(match.group(1), match.group(1))
    count = _kanji_number(match.group(2))
    if not 1 <= count <= _ERA_YEARS[era]:
        raise ValueError(key)
    return _ERA_BEGINS[era] + count - 1


def year(cell: object) -> float | None:
    """A year in any usual form: ``S53``, ``昭和53年度``, ``H元``, ``令和６年3月``, ``S8.1``, ``1978/3/31``, ``R9廃止``, a date.

    A date gives its calendar year. 年度 gives the number of the fiscal year, the calendar year in which it
    begins: 昭和53年度 → 1978, and a building of March 1979 that the ledger files under it is a year early.
    """
    if isinstance(cell, (dt.date, dt.datetime)):
        return float(cell.year)
    key = folded(text_of(cell))[:_LONGEST]
    words = vocabulary()
    if key in words.missing or key in words.no_year:
        return None
    key = _without_ending(key.removeprefix("fy").removeprefix("約"))
    found = _era_year(key)
    if found is not None:
        return float(found)
    bare = re.sub(r"\([^()]*\)", "", key)
    compact = _COMPACT.match(bare)
    western = compact or _WESTERN.match(bare)
    if western is None:
        raise ValueError(key)
    return float(western.group(1))


def _without_ending(key: str) -> str:
    """A year without what becomes of the building in it; a word alone is none."""
    ending = next((word for word in vocabulary().year_endings if key.endswith(word)), "")
    return key.removesuffix(ending) if len(key) > len(ending) else key


def flag(cell: object) -> bool | None:
    """○/×, 有/無, はい/いいえ, 1/0."""
    words = vocabulary()
    key = folded(text_of(cell))[:_LONGEST]
    # A lone × is a mark, and so is a dash, which says nothing.
    if key in words.yes:
        return True
    if key in words.no:
        return False
    if key in words.missing:
        return None
    raise ValueError(key)


def shelter(cell: object) -> bool | None:
    """Whether the facility is a designated shelter: a mark as in :func:`flag`, or the kind of shelter in words."""
    words = vocabulary()
    key = folded(text_of(cell))[:_LONGEST]
    if key in words.shelter_no:
        return False
    if key in words.shelter_yes or any(key.startswith(word) and "外" not in key for word in words.shelter_yes):
        return True
    return flag(cell)


def coded(column: str) -> Callable[[object], str | None]:
    """Parser of the codes of ``column``: ``structure``, ``seismic``, ``roof_type``, ``kind``."""
    codes = vocabulary().codes[column]

    def parse(cell: object) -> str | None:
        key = folded(text_of(cell))[:_LONGEST]
        if key in vocabulary().missing:
            return None
        code = codes.find(key)
        if code is None:
            raise ValueError(key)
        return None if code == "unknown" else code

    return parse


def marked(column: str, *, special: bool = False) -> Callable[[object], str | None]:
    """Parser of a column that marks the few that are in something (``heritage``, ``landslide``): ``none`` where the cell says so.

    Parameters
    ----------
    special : a bare mark means the special area that the heading names (土砂災害特別警戒区域)
    """
    parse = coded(column)

    def read(cell: object) -> str | None:
        key = folded(text_of(cell))[:_LONGEST]
        if key in vocabulary().no_mark:
            return "none"
        code = parse(cell)
        return "special" if special and code == "warning" and key in vocabulary().yes else code

    return read


def kind_of_name(name: object) -> str | None:
    """The kind of a facility that its name says, None where it says none; what stands in brackets is left aside."""
    key = folded(text_of(name))[:_LONGEST]
    return vocabulary().codes["kind"].find(re.sub(r"[(〔【\[].*?[)〕】\]]", "", key) or key)


def angle(cell: object) -> float | None:
    """Latitude or longitude [deg]: decimal, or 35度36分12.3秒, 35°36′12.3″N."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell) if math.isfinite(cell) else None
    key = folded(text_of(cell))[:_LONGEST]
    if key in vocabulary().missing:
        return None
    match = _DMS.match(key)
    if match is None:
        return number(re.sub(r"\A[ne北東][緯経]?|[ne°度]\Z", "", key))
    sign = -1.0 if {match.group(1), match.group(5)} & {"s", "w", "南", "西"} else 1.0
    return sign * sum(float(match.group(n) or 0.0) / scale for n, scale in ((2, 1.0), (3, 60.0), (4, 3600.0)))


def building_ids(cell: object) -> str | None:
    """Ids of buildings, whatever stands between them, joined by ``;`` in the order given, each once."""
    found = text(cell)
    if found is None:
        return None
    ids = [part for part in re.split(r"[;,、，|\s]+", found) if part]
    return ";".join(dict.fromkeys(ids)) or None
