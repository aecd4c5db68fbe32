"""The catalogue of vehicles: a table that people edit in a spreadsheet, read with checks.

``resources/vehicles_catalogue.csv``: what may replace a car (EV, PHEV, FCV, HEV) and what it would be renewed by otherwise (petrol, diesel).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from gis.findings import Finding
from kawasolar.errors import PlanError, UnreadableLedger
from kawasolar.fleet.table import POWERS, car_classes
from kawasolar.ledger.tables import decode
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 2_000
_MAX_TEXT = 300
_SHOWN = 60
HOW_SURE = ("primary", "secondary", "derived", "verify")
TEXTS = ("key", "name_ja", "name_en", "power", "body", "source_ja", "source_en", "how_sure")
# Column -> least and most; wide enough for any vehicle, narrow enough to catch another unit (Wh/km, thousand yen, L/100 km).
RANGES: dict[str, tuple[float, float]] = {
    "seats": (1, 100), "load_kg": (0, 20_000), "battery_kwh": (0, 600), "usable_share": (0, 1), "kwh_per_km": (0, 5), "winter_factor": (1, 3),
    "heating_kw": (0, 30), "km_per_l": (0, 100), "h2_kg_per_km": (0, 0.5), "tank_range_km": (0, 2_000), "price_yen": (50_000, 100_000_000),
    "lease_yen_month": (500, 2_000_000), "maintenance_yen": (0, 5_000_000), "tax_yen": (0, 1_000_000), "subsidy_yen": (0, 50_000_000),
    "charge_ac_kw": (0, 50), "charge_dc_kw": (0, 500), "v2x": (0, 1), "life_years": (1, 30),
}  # fmt: skip
COLUMNS = (*TEXTS[:5], *RANGES, *TEXTS[5:])
_WHOLE = ("seats", "v2x", "life_years")
_KEY = re.compile(r"[a-z0-9][a-z0-9._+-]{0,63}")
_NUMBER = re.compile(r"\d{1,12}(\.\d{0,12})?")
# Columns that a power cannot do without.
_NEEDED = {
    "ev": ("battery_kwh", "usable_share", "kwh_per_km"), "phev": ("battery_kwh", "usable_share", "kwh_per_km", "km_per_l", "tank_range_km"),
    "fcv": ("h2_kg_per_km", "tank_range_km"), "hev": ("km_per_l", "tank_range_km"), "petrol": ("km_per_l",), "diesel": ("km_per_l",),
}  # fmt: skip


class UnreadableCatalogue(PlanError):
    """A catalogue that cannot be read at all: missing, too large, no text, without the columns, without a row."""


def read_catalogue(path: Path) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """All rows that are whole and plausible; every other one is left out, with what is wrong in it.

    Returns
    -------
    frame with :data:`COLUMNS`, numbers as floats; findings

    Raises
    ------
    UnreadableCatalogue
        ``fleet.catalogue.unreadable``, ``fleet.catalogue.columns``, ``fleet.catalogue.empty``
    """
    rows = _rows(path)
    number, head = next(rows, (0, []))
    names = [unicodedata.normalize("NFKC", cell).strip().casefold() for cell in head]
    missing = [name for name in COLUMNS if names.count(name) != 1]
    if missing:
        raise UnreadableCatalogue("fleet.catalogue.columns", file=path.name, columns=", ".join(missing)[:200])
    places = {name: names.index(name) for name in COLUMNS}
    found: dict[str, dict[str, object]] = {}
    findings: list[Finding] = []
    for number, cells in rows:
        texts = {name: " ".join(cells[at].split()) if at < len(cells) else "" for name, at in places.items()}
        made, faults = _model(texts)
        if not faults and texts["key"] in found:
            faults = [("fleet.catalogue.twice", "key", "")]
        if not faults:
            found[texts["key"]] = made
        findings += [
            Finding(code, "warning", path.name, number, name, texts[name][:_SHOWN] or None, expected or None, texts["key"][:_SHOWN] or None)
            for code, name, expected in faults
        ]  # fmt: skip
    if not found:
        raise UnreadableCatalogue("fleet.catalogue.empty", file=path.name)
    return pd.DataFrame(list(found.values()), columns=list(COLUMNS)), tuple(findings)


@cache
def _shipped() -> pd.DataFrame:
    return read_catalogue(resource_path("vehicles_catalogue.csv"))[0]


def shipped_catalogue() -> pd.DataFrame:
    """The vehicles that come with the program."""
    return _shipped().copy()


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with their number; the first line of the file is 1."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise UnreadableCatalogue("fleet.catalogue.unreadable", file=path.name)
        text, _ = decode(data, path.name)
    except (OSError, ValueError, UnreadableLedger) as error:
        raise UnreadableCatalogue("fleet.catalogue.unreadable", file=path.name) from error
    first = text.lstrip("\r\n").split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max([",", ";", "\t"], key=first.count), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MAX_ROWS + 1:
                raise UnreadableCatalogue("fleet.catalogue.unreadable", file=path.name)
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise UnreadableCatalogue("fleet.catalogue.unreadable", file=path.name) from error


def _model(texts: dict[str, str]) -> tuple[dict[str, object], list[tuple[str, str, str]]]:
    """One row as values, and what is wrong with it: code, column, expected."""
    faults = [fault for name in TEXTS for fault in _text_faults(name, texts[name])]
    values: dict[str, object] = {name: texts[name] for name in TEXTS}
    for name, (least, most) in RANGES.items():
        plain = unicodedata.normalize("NFKC", texts[name][:_SHOWN]).replace(",", "")
        value = float(plain) if plain.isascii() and _NUMBER.fullmatch(plain) else None
        if value is None or not least <= value <= most or (name in _WHOLE and value != int(value)):
            faults.append(("fleet.catalogue.number", name, f"{least:g} … {most:g}"))
        else:
            values[name] = value
    if not faults:
        lacking = [name for name in _NEEDED[texts["power"]] if not values[name]]
        faults += [("fleet.catalogue.number", name, "> 0") for name in lacking]
        if float(str(values["subsidy_yen"])) >= float(str(values["price_yen"])):
            faults.append(("fleet.catalogue.number", "subsidy_yen", "< price_yen"))
    return values, faults


def _text_faults(name: str, text: str) -> Iterator[tuple[str, str, str]]:
    choices = {"power": POWERS, "body": tuple(car_classes()), "how_sure": HOW_SURE}.get(name)
    if not text or len(text) > _MAX_TEXT:
        yield "fleet.catalogue.text", name, f"1 … {_MAX_TEXT}"
    elif name == "key" and not _KEY.fullmatch(text):
        yield "fleet.catalogue.text", name, "a-z 0-9 . _ + -"
    elif choices is not None and text not in choices:
        yield "fleet.catalogue.text", name, ", ".join(choices)
