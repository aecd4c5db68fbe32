"""Luminaires of a plan: the rows of its ledger of lamps, with what they leave out filled in and marked; else what floor and kind tell."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.lighting.rows import LED
from kawasolar.registers.of_plan import rows_of_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.findings import Finding
    from kawasolar.lighting.rows import Standard
    from kawasolar.lighting.table import Table
    from kawasolar.plan import Plan

_TEXTS = ("building", "floor", "room", "fixture")
_NUMBERS = (
    "lamps_per_fixture", "fixtures", "power_w", "hours_per_day", "days_per_year", "height_m", "installed_year",
)  # fmt: skip
# How many lamps, after the code: ``FLR40S×2``, ``FL40x2``, ``FL40 2灯``; the X of ``EX`` is no cross.
_COUNT = re.compile(r"(?:\*|(?<!E)X)([1-9])(?!\d)|([1-9])灯")
_FLAGS = ("scaffold", "dimming", "emergency", "pcb", "asbestos")
COLUMNS = (
    "facility_id", "source_row", *_TEXTS, "lamp_type", "ban", "fixtures", "lamps", "old_w", "w_from", "hours", "hours_from", "height_m", "high",
    "dimming", "emergency", "asbestos", "pcb", "survey", "installed_year", "estimated",
)  # fmt: skip


def luminaires_of_plan(
    plan: Plan, table: Table, facility_ids: Sequence[str] | None = None
) -> tuple[pd.DataFrame, dict[str, str], list[Finding]]:
    """Every luminaire of a plan's facilities, LED ones included.

    Returns
    -------
    frame :data:`COLUMNS`, in the ledger's order: ``ban`` empty where none is known; ``fixtures`` luminaires of the row, ``lamps`` of each; ``old_w`` of a luminaire [W] and ``w_from``
    (``ledger``, ``per_lamp``: the ledger tells those of one lamp, ``standard``, ``floor``); ``hours`` a year and ``hours_from`` (``ledger kind``); ``pcb``: it is said to have some, ``survey``:
    nobody knows; ``estimated``: no ledger tells the facility's lamps. Facilities left out, with the code why. What is wrong in the ledger
    """
    every = plan.facilities["facility_id"].astype(str).drop_duplicates()
    asked = every if facility_ids is None else every[every.isin(list(facility_ids))]
    told, findings = rows_of_plan(plan, "lamps")
    told = _typed(told)
    told = told[told["facility_id"].isin(asked)]
    facilities = plan.facilities.drop_duplicates("facility_id").set_index("facility_id")
    left_out: dict[str, str] = {}
    counted = told["fixtures"].to_numpy() > 0
    rows = _filled(told[counted].reset_index(drop=True), facilities, table)
    for name in told.loc[~counted, "facility_id"].unique():
        if name not in set(rows["facility_id"]):
            left_out[str(name)] = "lighting.no_number"
    known = set(told["facility_id"])
    rest = [name for name in asked if name not in known]
    guessed, without = _estimated(rest, facilities, table)
    left_out |= dict.fromkeys(without, "lighting.no_floor")
    parts = [part for part in (rows, guessed) if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else rows
    return _marked(frame, facilities, table), left_out, findings


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    """All columns of the ledger of lamps, those that the file lacks empty."""
    found = {
        "facility_id": rows["facility_id"].astype(object), "source_row": rows["source_row"].astype("int64"),
        **{name: _texts(rows, name) for name in (*_TEXTS, "ballast", "lamp_type")},
        **{name: _number(rows, name) for name in _NUMBERS},
        **{name: rows[name].astype(object) if name in rows else pd.Series([None] * len(rows), rows.index, object) for name in _FLAGS},
    }  # fmt: skip
    frame = pd.DataFrame(found, index=rows.index)
    frame["lamp_type"] = frame["lamp_type"].replace("", "other")
    return frame


def _texts(rows: pd.DataFrame, name: str) -> pd.Series[str]:
    if name not in rows:
        return pd.Series([""] * len(rows), rows.index, dtype=object)
    return rows[name].astype(object).where(rows[name].notna(), "").astype(str).astype(object)


def _number(rows: pd.DataFrame, name: str) -> pd.Series[float]:
    if name not in rows:
        return pd.Series(np.full(len(rows), np.nan), rows.index)
    return pd.to_numeric(rows[name], errors="coerce").astype("float64")


def _filled(rows: pd.DataFrame, facilities: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Watts and hours where the ledger leaves them out."""
    standard, lamps_told = _standards(rows, table)
    n = rows["lamps_per_fixture"].to_numpy()
    lamps = np.where(n >= 1, n, lamps_told)
    given = rows["power_w"].to_numpy()
    whole = standard * lamps
    has = given > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        # Of one lamp, or of all of a luminaire: whichever it is nearer to, as a ratio.
        of_one = np.abs(np.log(given / standard)) < np.abs(np.log(given / whole))
    led = (rows["lamp_type"] == LED).to_numpy()
    of_one &= has & (lamps >= 2) & ~led
    rows["lamps"], rows["old_w"] = lamps, np.where(of_one, given * lamps, np.where(has, given, whole))
    rows["w_from"] = np.where(of_one, "per_lamp", np.where(has, "ledger", "standard"))
    told = (rows["hours_per_day"] * rows["days_per_year"]).to_numpy()
    usual = _hours_of_kind(rows["facility_id"], facilities, table)
    rows["hours"], rows["hours_from"] = np.where(told >= 0, told, usual), np.where(told >= 0, "ledger", "kind")
    rows["estimated"] = False
    return rows


def _standards(rows: pd.DataFrame, table: Table) -> tuple[np.ndarray, np.ndarray]:
    """[n] watts of one lamp by the code of the luminaire, and how many lamps the text says that it has (``FLR40×2``), else 1."""
    pairs = list(zip(rows["lamp_type"], rows["fixture"], strict=True))
    found = {pair: _standard(*pair, table) for pair in set(pairs)}
    watts = np.array([found[pair][0] for pair in pairs], dtype=np.float64)
    return watts, np.array([found[pair][1] for pair in pairs], dtype=np.float64)


def folded(text: str) -> str:
    """A luminaire's text as codes are looked for in it: half-width capitals without spaces and hyphens, a cross as ``*``."""
    return "".join(unicodedata.normalize("NFKC", text).upper().replace("×", "*").replace("-", "").split())


def standard_of(lamp: str, fixture: str, table: Table) -> Standard | None:
    """The row by which the watts of a lamp are known: the first whose code its luminaire bears, else that of its kind without one; None of LED."""
    text = folded(fixture)
    mine = [row for row in table.standards if row.lamp == lamp]
    return next((row for row in mine if row.code and row.code in text), next((row for row in mine if not row.code), None))  # fmt: skip


def _standard(lamp: str, fixture: str, table: Table) -> tuple[float, int]:
    row, text = standard_of(lamp, fixture, table), folded(fixture)
    if row is None:
        return 0.0, 1
    count = _COUNT.search(text, text.find(row.code) + len(row.code)) if row.code else None
    return row.watts, 1 if count is None else int(count[1] or count[2])


def _hours_of_kind(ids: pd.Series[str], facilities: pd.DataFrame, table: Table) -> np.ndarray:
    kinds = facilities["kind"].reindex(ids).tolist() if "kind" in facilities else [None] * len(ids)
    return np.array([table.density(kind if isinstance(kind, str) else None).hours for kind in kinds], dtype=np.float64)


def _estimated(ids: list[str], facilities: pd.DataFrame, table: Table) -> tuple[pd.DataFrame, list[str]]:
    """One row for each facility without a ledger: luminaires by floor area and kind, whole ones; and those whose floor nobody knows."""
    areas = facilities["floor_area_m2"] if "floor_area_m2" in facilities else pd.Series(dtype=float)
    area = pd.to_numeric(areas.reindex(ids), errors="coerce").to_numpy(dtype=np.float64)
    has = area > 0
    kept = [name for name, one in zip(ids, has, strict=True) if one]
    kinds = facilities["kind"].reindex(kept).tolist() if "kind" in facilities else [None] * len(kept)
    rows = [table.density(kind if isinstance(kind, str) else None) for kind in kinds]
    whole = area[has] * np.array([row.w_m2 for row in rows], dtype=np.float64)
    each = np.array([row.luminaire_w for row in rows], dtype=np.float64)
    lamp = pd.Series([row.lamp for row in rows], dtype=object)
    high = lamp == "mercury"
    frame = pd.DataFrame(
        {
            "facility_id": pd.Series(kept, dtype=object), "source_row": np.zeros(len(kept), np.int64), **dict.fromkeys(("building", "floor", "room", "fixture", "ballast"), ""),
            "lamp_type": lamp, "lamps_per_fixture": np.nan, "fixtures": np.maximum(np.rint(whole / each), 1.0), "power_w": np.nan,
            "height_m": np.nan, "installed_year": np.nan, **dict.fromkeys(_FLAGS, None), "scaffold": high, "lamps": np.where(high, 1.0, 2.0),
            "old_w": each, "w_from": "floor", "hours": [row.hours for row in rows], "hours_from": "kind", "estimated": True,
        }
    )  # fmt: skip
    return frame, [name for name, one in zip(ids, has, strict=True) if not one]


def _marked(rows: pd.DataFrame, facilities: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Which date a row falls under, whether it is high up, and what nobody knows of its ballasts."""
    high = rows["scaffold"].eq(True)
    tall = rows["height_m"].to_numpy(dtype=np.float64) >= table.number("high_place_m")
    rows["high"] = np.where(rows["scaffold"].isna(), tall, high).astype(bool)
    for name in ("dimming", "emergency", "asbestos"):
        rows[name] = rows[name].eq(True).astype(bool)
    year = rows["installed_year"].to_numpy(dtype=np.float64)
    built = pd.to_numeric(facilities["built_year"], errors="coerce") if "built_year" in facilities else None
    if built is not None:
        year = np.where(np.isnan(year), built.reindex(rows["facility_id"]).to_numpy(dtype=np.float64), year)
    ballast = rows["lamp_type"].map({lamp: row.ballast for lamp, row in table.lamps.items()}).eq(True)
    # Electronic ballasts came after PCB was given up.
    electronic = rows["ballast"].str.contains("インバータ|電子|高周波|HF", case=False, regex=True)
    old = year <= table.number("pcb_last_year")
    rows["survey"] = (rows["pcb"].isna() & ballast & ~electronic & old).astype(bool)
    rows["pcb"] = rows["pcb"].eq(True).astype(bool)
    rows["ban"] = _bans(rows, table)
    return rows[list(COLUMNS)]


def _bans(rows: pd.DataFrame, table: Table) -> list[str]:
    """The date's name of each row: the first rule whose words its luminaire bears, else that of its kind of lamp."""
    watts = (rows["old_w"] / rows["lamps"]).round(3)
    keys = list(zip(rows["lamp_type"], rows["fixture"], watts, strict=True))
    found = {key: _ban(*key, table) for key in set(keys)}
    return [found[key] for key in keys]


def _ban(lamp: str, fixture: str, watts: float, table: Table) -> str:
    text = folded(fixture)
    for rule in table.kinds:
        fits = rule.lamp == lamp and (rule.below_w is None or watts < rule.below_w)
        if fits and any(folded(word) in text for word in rule.words.split()):
            return rule.ban
    row = table.lamps.get(lamp)
    return "" if row is None or row.ban is None else row.ban
