"""What takes each luminaire's place: watts, energy, cost, upkeep and waste, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.lighting.rows import LED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.lighting.table import Table

    Floats = NDArray[np.float64]

_W_PER_KW = 1000.0
ADDED = (
    "replacement", "led_w", "old_kw", "new_kw", "old_kwh", "new_kwh", "saved_kwh", "cost_yen", "high_yen", "upkeep_yen", "life_years", "lamp_count", "mercury_lamps",
    "waste_kg", "waste_yen",
)  # fmt: skip


def replaced(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The rows that are no LED, with what takes their place.

    ``saved_kwh = fixtures · (old_w − led_w) · hours / 1000``, never below nought; ``cost_yen`` with scaffold (``high_yen`` of it), what emergency, dimming, asbestos add, and
    disposal (``waste_yen`` of it); ``upkeep_yen = lamps · hours / life · (lamp + exchange)`` of a year.

    Parameters
    ----------
    rows : of :func:`kawasolar.lighting.ledger.luminaires_of_plan`

    Returns
    -------
    frame : the rows' columns and :data:`ADDED`; ``replacement`` the key of the table's row; yen of all luminaires of a row, ``life_years`` of an LED at the row's hours
    """
    frame = rows[(rows["lamp_type"] != LED).to_numpy()].reset_index(drop=True)
    old = frame["old_w"].to_numpy(dtype=np.float64)
    which = _which(frame, table)
    chosen = table.replacements
    led = np.array([np.nan if row.led_w is None else row.led_w for row in chosen])[which]
    ratio = np.array([np.nan if row.ratio is None else row.ratio for row in chosen])[which]
    # A lamp that draws less than its LED would stays as bright, and saves nothing.
    new = np.minimum(np.where(np.isnan(led), old * ratio, led), old)
    count, hours = frame["fixtures"].to_numpy(dtype=np.float64), frame["hours"].to_numpy(dtype=np.float64)
    frame["replacement"] = np.array([row.key for row in chosen], dtype=object)[which]
    frame["led_w"] = new
    for name, watts in (("old", old), ("new", new)):
        frame[f"{name}_kw"] = count * watts / _W_PER_KW
        frame[f"{name}_kwh"] = frame[f"{name}_kw"] * hours
    frame["saved_kwh"] = frame["old_kwh"] - frame["new_kwh"]
    waste = _waste(frame, table)
    yen = np.array([row.yen for row in chosen])[which]
    frame["high_yen"] = count * table.number("high_place_yen") * frame["high"].to_numpy()
    extra = sum(table.number(f"{name}_yen") * frame[name].to_numpy() for name in ("emergency", "dimming", "asbestos"))
    frame["cost_yen"] = np.rint(count * (yen + extra) + frame["high_yen"].to_numpy() + waste["waste_yen"])
    frame["upkeep_yen"] = _upkeep(frame, table)
    life = np.array([row.life_h for row in chosen])[which]
    with np.errstate(divide="ignore"):
        frame["life_years"] = np.where(hours > 0, life / hours, np.inf)
    return frame.assign(**waste)


def _which(frame: pd.DataFrame, table: Table) -> NDArray[np.int64]:
    """[n] the first row of the table that fits each luminaire; the last of its kind of lamp where none does, which :func:`kawasolar.lighting.table.read_table` lets happen only beyond the ranges."""
    lamp = frame["lamp_type"].to_numpy(dtype=object)
    old, height = frame["old_w"].to_numpy(dtype=np.float64), frame["height_m"].to_numpy(dtype=np.float64)
    found = np.full(len(frame), -1, dtype=np.int64)
    for k, row in enumerate(table.replacements):
        fits = (lamp == row.lamp) & (old >= row.from_w) & (old < row.to_w) & (found < 0)
        if row.from_m:
            fits &= height >= row.from_m
        found[fits] = k
    last = {row.lamp: k for k, row in enumerate(table.replacements)}
    open_ = found < 0
    found[open_] = [last.get(str(one), last["other"]) for one in lamp[open_]]
    return found


def _of_lamps(frame: pd.DataFrame, table: Table, name: str) -> Floats:
    values = {lamp: float(getattr(row, name)) for lamp, row in table.lamps.items()}
    return np.asarray(frame["lamp_type"].map(values), dtype=np.float64)


def _upkeep(frame: pd.DataFrame, table: Table) -> Floats:
    """Yen a year for lamps that burn out."""
    number = (frame["fixtures"] * frame["lamps"] * frame["hours"]).to_numpy(dtype=np.float64)
    each = _of_lamps(frame, table, "lamp_yen") + _of_lamps(frame, table, "exchange_yen")
    return np.asarray(number / _of_lamps(frame, table, "life_h") * each, dtype=np.float64)


def _waste(frame: pd.DataFrame, table: Table) -> dict[str, Floats]:
    """Lamps, those with mercury, kilograms, and yen of disposal: lamps, luminaires, ballasts with PCB, and looking up the plates of those that nobody knows."""
    count = frame["fixtures"].to_numpy(dtype=np.float64)
    lamps = count * frame["lamps"].to_numpy(dtype=np.float64)
    luminaires_kg = count * table.number("luminaire_kg")
    yen = lamps * _of_lamps(frame, table, "disposal_yen") + luminaires_kg * table.number("luminaire_waste_yen_kg")
    yen += count * frame["pcb"].to_numpy() * table.number("pcb_yen")
    yen += count * frame["survey"].to_numpy() * table.number("pcb_survey_yen")
    return {
        "lamp_count": lamps, "mercury_lamps": lamps * _of_lamps(frame, table, "mercury"), "waste_kg": lamps * _of_lamps(frame, table, "kg") + luminaires_kg, "waste_yen": np.rint(yen),
    }  # fmt: skip
