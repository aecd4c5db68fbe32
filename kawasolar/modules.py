"""The catalogue of PV modules: a table that people edit in a spreadsheet, read with checks and written whole.

Electrical values are those of the data sheet under standard test conditions (1,000 W/m², cell at 25 °C, AM 1.5).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

from gis.findings import Finding
from kawasolar.errors import PlanError, UnreadableLedger
from kawasolar.ledger.tables import decode
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 5_000
MAX_TEXT = 300
HOW_SURE = ("primary", "secondary", "derived", "verify")
# Column -> least and most that a module may have; wide enough for any product, narrow enough to catch another unit (mm, W/°C).
RANGES: dict[str, tuple[float, float]] = {
    "power_w": (50.0, 1000.0), "width_m": (0.3, 2.0), "length_m": (0.3, 3.0), "weight_kg": (1.0, 100.0), "voc_v": (5.0, 300.0),
    "isc_a": (0.5, 40.0), "vmp_v": (5.0, 300.0), "imp_a": (0.5, 40.0), "temp_voc_pct": (-0.6, -0.1), "temp_pmax_pct": (-0.6, -0.1),
    "cells": (10.0, 400.0), "year": (1990.0, 2100.0),
}  # fmt: skip
# Plausible of all modules that are sold: thin film of 2005 to back contact of 2030 [W/m²]; film without glass to double glass [kg/m²].
DENSITY = (80.0, 260.0)
WEIGHT = (1.0, 20.0)
# Rated power against the product of voltage and current at the maximum power point, which data sheets round.
POWER_SHARE = 0.03
_WHOLE = ("cells", "year")
_TEXTS = ("key", "maker", "name", "source", "how_sure")
_KEY = re.compile(r"[a-z0-9][a-z0-9._+-]{0,63}")
_NUMBER = re.compile(r"[+-]?\d{1,9}(\.\d{0,12})?")
# What a spreadsheet would run; an apostrophe in front marks it as text.
_FORMULA = ("=", "+", "-", "@")
# U+2212 and the dashes that Japanese keyboards give.
_MINUS = str.maketrans({"−": "-", "‐": "-", "–": "-"})
_SHOWN = 60


class UnreadableCatalogue(PlanError):
    """A catalogue that cannot be read at all: missing, too large, no text, without the columns."""


@dataclass(frozen=True)
class Module:
    """One product.

    Attributes
    ----------
    key : lower-case letters, digits, ``. _ + -``; what a plan refers to
    power_w : rated power [W]
    width_m, length_m : outer sides, the shorter one first [m]
    weight_kg : with frame [kg]
    voc_v, isc_a : open-circuit voltage [V], short-circuit current [A]
    vmp_v, imp_a : at the maximum power point [V, A]
    temp_voc_pct, temp_pmax_pct : temperature coefficients of voltage and power [%/°C], negative
    cells : as the data sheet counts them: half cells one by one
    year : of the data sheet
    how_sure : ``primary``, ``secondary``, ``derived`` or ``verify``, as in the profile
    """

    key: str
    maker: str
    name: str
    power_w: float
    width_m: float
    length_m: float
    weight_kg: float
    voc_v: float
    isc_a: float
    vmp_v: float
    imp_a: float
    temp_voc_pct: float
    temp_pmax_pct: float
    cells: int
    year: int
    source: str
    how_sure: str

    @property
    def area_m2(self) -> float:
        """Outer area [m²]."""
        return self.width_m * self.length_m

    @property
    def density_w_m2(self) -> float:
        """Rated power per outer area [W/m²]."""
        return self.power_w / self.area_m2

    @property
    def weight_kg_m2(self) -> float:
        """Weight per outer area [kg/m²]."""
        return self.weight_kg / self.area_m2


COLUMNS = tuple(field.name for field in fields(Module))


def read_catalogue(path: Path) -> tuple[tuple[Module, ...], tuple[Finding, ...]]:
    """All rows that are whole and plausible; every other one is left out, with what is wrong in it.

    UTF-8 with or without mark, UTF-16 with mark or cp932; separated by commas, semicolons or tabs; columns in any order.

    Raises
    ------
    UnreadableCatalogue
        Missing, locked, empty, more than :data:`MAX_BYTES` or :data:`MAX_ROWS`, not text, broken quotes, or columns missing or twice.
    """
    source = path.name
    text, findings = _decoded(_bytes(path), source)
    rows = _rows(text, source)
    number, head = next(rows, (0, []))
    if not head:
        raise UnreadableCatalogue("modules.empty", file=source)
    columns = _header(head, source)
    modules: dict[str, Module] = {}
    for number, cells in rows:
        module, faults = _module(columns, cells)
        if module is not None and module.key in modules:
            faults.append(Finding("modules.duplicate_key", "warning", column="key", found=module.key))
        if module is not None and not faults:
            modules[module.key] = module
            continue
        item = _shown(cells[columns["key"]]) if columns["key"] < len(cells) else None
        findings += [_placed(fault, source, number, item) for fault in faults]
    if not modules:
        findings.append(Finding("modules.no_rows", "warning", source, row=number))
    return tuple(modules.values()), tuple(findings)


@cache
def shipped_catalogue() -> tuple[Module, ...]:
    """The modules that come with the program, the one of the profile first."""
    return read_catalogue(resource_path("modules.csv"))[0]


def own_catalogue() -> Path:
    """Where a person keeps a catalogue of their own: used in the place of the shipped one if it is there."""
    from platformdirs import user_config_path

    return user_config_path("KawaSolar", appauthor=False) / "modules.csv"


def catalogue() -> tuple[tuple[Module, ...], tuple[Finding, ...]]:
    """The person's own catalogue, or the shipped one.

    Raises
    ------
    UnreadableCatalogue
        as :func:`read_catalogue`, of their own
    """
    own = own_catalogue()
    return read_catalogue(own) if own.exists() else (shipped_catalogue(), ())


def module_of(key: str, path: Path | None = None) -> Module:
    """A module of a catalogue; of :func:`catalogue` unless given.

    Raises
    ------
    PlanError
        ``modules.unknown``
    """
    modules = catalogue()[0] if path is None else read_catalogue(path)[0]
    found = {module.key: module for module in modules}
    if key not in found:
        raise PlanError("modules.unknown", key=key, known=", ".join(found))
    return found[key]


def values_of(module: Module) -> dict[str, float]:
    """As values of the profile."""
    return {
        "module.power": module.power_w, "module.width": module.width_m, "module.length": module.length_m, "module.weight": module.weight_kg,
        "module.voc": module.voc_v, "module.vmp": module.vmp_v, "module.temp_voc": module.temp_voc_pct, "module.temp_pmax": module.temp_pmax_pct,
    }  # fmt: skip


def write_catalogue(path: Path, modules: Sequence[Module]) -> None:
    """Write all modules, in UTF-8 with mark and CRLF, as spreadsheets expect it; the file appears whole or not at all.

    Raises
    ------
    ValueError
        A key stands twice, or a module is one that :func:`read_catalogue` would leave out.
    NotWritable
        Open in Excel, read-only, disk full.
    """
    from kawasolar.export.writing import atomic

    if len({module.key for module in modules}) < len(modules):
        raise ValueError("two modules have the same key")
    if any(check(module) for module in modules):
        raise ValueError("a module is not plausible: ask check() first")
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in asdict(module).values()] for module in modules)
    with atomic(path, ".csv") as work:
        work.write_bytes(buffer.getvalue().encode("utf-8-sig"))


def check(module: Module) -> tuple[Finding, ...]:
    """What is wrong with a module, without place: for a form that edits one."""
    cells = {name: _cell(value) for name, value in asdict(module).items()}
    return tuple(_module({name: index for index, name in enumerate(COLUMNS)}, list(cells.values()))[1])


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise UnreadableCatalogue("modules.missing", file=path.name)
        with path.open("rb") as file:
            # One byte more than allowed tells that there is more, whatever the file system says of its size.
            data = file.read(MAX_BYTES + 1)
    except PermissionError as error:
        raise UnreadableCatalogue("modules.locked", file=path.name) from error
    except (OSError, ValueError) as error:
        raise UnreadableCatalogue("modules.missing", file=path.name) from error
    if len(data) > MAX_BYTES:
        raise UnreadableCatalogue("modules.too_large", file=path.name, expected=MAX_BYTES // 2**20)
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise UnreadableCatalogue("modules.empty", file=path.name)
    return data


def _decoded(data: bytes, source: str) -> tuple[str, list[Finding]]:
    try:
        return decode(data, source)
    except UnreadableLedger as error:
        raise UnreadableCatalogue("modules.not_text", file=source) from error


def _rows(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with their number; the first line of the file is 1."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MAX_ROWS + 1:
                raise UnreadableCatalogue("modules.too_many_rows", file=source, expected=MAX_ROWS)
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise UnreadableCatalogue("modules.damaged", file=source, row=number + 1) from error


def _delimiter(text: str) -> str:
    head = text.lstrip("\r\n").split("\n", 1)[0]
    return max([",", ";", "\t"], key=head.count)


def _header(cells: list[str], source: str) -> dict[str, int]:
    """Column -> its place; headings that are none of ours are passed over."""
    names = [unicodedata.normalize("NFKC", cell).strip().casefold() for cell in cells]
    twice = next((name for name in COLUMNS if names.count(name) > 1), None)
    if twice is not None:
        raise UnreadableCatalogue("modules.duplicate_column", file=source, column=twice)
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise UnreadableCatalogue(
            "modules.missing_columns", file=source, column=", ".join(missing), found=_shown(", ".join(names))
        )
    return {name: names.index(name) for name in COLUMNS}


def _module(columns: dict[str, int], cells: list[str]) -> tuple[Module | None, list[Finding]]:
    """The module of one row, or None, and what is wrong with the row."""
    texts = {name: _text(cells[place]) if place < len(cells) else "" for name, place in columns.items()}
    faults = [fault for name in _TEXTS for fault in _text_faults(name, texts[name])]
    numbers: dict[str, float] = {}
    for name, (least, most) in RANGES.items():
        value = _number(texts[name], whole=name in _WHOLE)
        if value is None:
            code = "modules.not_number" if texts[name] else "modules.no_value"
            faults.append(_fault(code, name, texts[name], f"{least:g} … {most:g}"))
        elif not least <= value <= most:
            faults.append(_fault("modules.out_of_range", name, texts[name], f"{least:g} … {most:g}"))
        else:
            numbers[name] = value
    if len(numbers) < len(RANGES):
        return None, faults
    module = Module(
        texts["key"], texts["maker"], texts["name"], numbers["power_w"], numbers["width_m"], numbers["length_m"], numbers["weight_kg"],
        numbers["voc_v"], numbers["isc_a"], numbers["vmp_v"], numbers["imp_a"], numbers["temp_voc_pct"], numbers["temp_pmax_pct"],
        int(numbers["cells"]), int(numbers["year"]), texts["source"], texts["how_sure"],
    )  # fmt: skip
    return module, faults + list(_implausible(module))


def _implausible(module: Module) -> Iterable[Finding]:
    """What no module can be, though each number by itself might be one's."""
    if module.width_m >= module.length_m:
        yield _fault("modules.implausible", "width_m", f"{module.width_m:g} m", f"< length_m = {module.length_m:g} m")
    if module.vmp_v >= module.voc_v:
        yield _fault("modules.implausible", "vmp_v", f"{module.vmp_v:g} V", f"< voc_v = {module.voc_v:g} V")
    if module.imp_a >= module.isc_a:
        yield _fault("modules.implausible", "imp_a", f"{module.imp_a:g} A", f"< isc_a = {module.isc_a:g} A")
    product = module.vmp_v * module.imp_a
    if abs(product - module.power_w) > POWER_SHARE * module.power_w:
        expected = f"vmp_v × imp_a = {product:.0f} W ± {POWER_SHARE:.0%}"
        yield _fault("modules.implausible", "power_w", f"{module.power_w:g} W", expected)
    if not DENSITY[0] <= module.density_w_m2 <= DENSITY[1]:
        expected = f"{DENSITY[0]:g} … {DENSITY[1]:g} W/m²"
        yield _fault("modules.implausible", "power_w", f"{module.density_w_m2:.0f} W/m²", expected)
    if not WEIGHT[0] <= module.weight_kg_m2 <= WEIGHT[1]:
        expected = f"{WEIGHT[0]:g} … {WEIGHT[1]:g} kg/m²"
        yield _fault("modules.implausible", "weight_kg", f"{module.weight_kg_m2:.1f} kg/m²", expected)


def _text_faults(name: str, text: str) -> Iterable[Finding]:
    if not text:
        yield _fault("modules.no_value", name, "", None)
    elif len(text) > MAX_TEXT:
        yield _fault("modules.too_long", name, text, f"≤ {MAX_TEXT}")
    elif name == "key" and not _KEY.fullmatch(text):
        yield _fault("modules.bad_key", name, text, "a-z 0-9 . _ + -")
    elif name == "how_sure" and text not in HOW_SURE:
        yield _fault("modules.bad_how_sure", name, text, ", ".join(HOW_SURE))


def _text(cell: str) -> str:
    """A cell on one line, without the apostrophe that :func:`_cell` puts before what looks like a formula."""
    text = " ".join(cell.split())
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text


def _number(text: str, *, whole: bool) -> float | None:
    """A plain decimal number, also in full-width digits; None for all else, ``nan`` and ``1e3`` too."""
    plain = unicodedata.normalize("NFKC", text[:_SHOWN]).translate(_MINUS)
    if not _NUMBER.fullmatch(plain) or not plain.isascii():
        return None
    value = float(plain)
    return None if whole and value != int(value) else value


def _cell(value: object) -> str:
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    text = " ".join(str(value).split())
    return f"'{text}" if isinstance(value, str) and text.lstrip("'").startswith(_FORMULA) else text


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _fault(code: str, column: str, found: str, expected: str | None) -> Finding:
    return Finding(code, "warning", column=column, found=_shown(found) or None, expected=expected)


def _placed(fault: Finding, source: str, row: int, item: str | None) -> Finding:
    return Finding(fault.code, fault.severity, source, row, fault.column, fault.found, fault.expected, item or None)
