"""Contract kW and what the power factor makes of the basic charge; every array ends in the months of a fiscal year, April first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from kawasolar.tariff.rates import Rates

    Array = NDArray[np.float64]

MONTHS = 12
# The month itself and the eleven before it.
_BEFORE = MONTHS - 1
# Sums of many half hours are off by so little of a unit, and large sums by so little of themselves; 0.5 kW and a whole yen must come out as by hand.
_NOISE, _NOISE_SHARE = 1e-6, 1e-14


def contract_kw(monthly_peaks: ArrayLike, before: ArrayLike | None = None) -> Array:
    """Contract kW by 実量制: the highest 30-minute demand of the month and of the eleven months before it.

    A saving therefore comes late: a peak of August is paid until the next July.

    Parameters
    ----------
    monthly_peaks : [..., 12] highest half hour of each month [kW], April first
    before : [..., n] those of the months before the year, in order, of which the last eleven count (fewer where no more is known).
        None: the year repeats itself, so that every month pays the highest of the year

    Returns
    -------
    [..., 12], kW, not rounded
    """
    peaks = np.asarray(monthly_peaks, dtype=np.float64)
    if peaks.shape[-1] != MONTHS:
        raise ValueError(f"{peaks.shape[-1]} months")
    past = np.asarray(peaks if before is None else before, dtype=np.float64)[..., -_BEFORE:]
    past = np.broadcast_to(past, (*peaks.shape[:-1], past.shape[-1]))
    whole = np.concatenate([past, peaks], axis=-1)
    first = past.shape[-1]
    months = [whole[..., max(0, first + m - _BEFORE) : first + m + 1].max(axis=-1) for m in range(MONTHS)]
    return np.stack(months, axis=-1)


def rounded(values: ArrayLike, unit: float, rule: str = "half_up") -> Array:
    """To whole units: ``half_up`` (四捨五入), ``up`` (切上げ) or ``down`` (切捨て)."""
    parts = np.asarray(values, dtype=np.float64) / unit
    noise = _NOISE + _NOISE_SHARE * np.abs(parts)
    if rule == "up":
        return np.asarray(np.ceil(parts - noise) * unit)
    shift = 0.5 if rule == "half_up" else 0.0
    return np.asarray(np.floor(parts + shift + noise) * unit)


def power_factor_ratio(power_factor: ArrayLike, base: float, rule: str, step: float = 0.05) -> Array:
    """What the power factor makes of the basic charge.

    Parameters
    ----------
    power_factor : share [0…1]; told to whole per cent, as meters do
    base : the power factor at which nothing is given or taken
    rule : ``per_percent`` (1 + base − power factor), ``five_percent`` (``step`` less above the base, more below) or ``none``
    """
    told = rounded(power_factor, 0.01)
    if rule == "per_percent":
        return np.asarray(1.0 + base - told)
    if rule == "five_percent":
        return np.asarray(1.0 - step * np.sign(np.round(told - base, 6)))
    return np.ones_like(told)


def power_factor_after(power_factor: ArrayLike, kwh_before: ArrayLike, kwh_after: ArrayLike) -> Array:
    """Power factor when a measure takes away active power only, as PV does at a power factor of 1.

    The reactive energy stays what it was: cos φ' = P' / √(P'² + (P tan φ)²).

    Parameters
    ----------
    power_factor : before [0…1]
    kwh_before, kwh_after : active energy in the hours that count (8–22 h)
    """
    factor = np.asarray(power_factor, dtype=np.float64)
    before, after = np.asarray(kwh_before, dtype=np.float64), np.asarray(kwh_after, dtype=np.float64)
    reactive = before * np.sqrt(1.0 - factor**2) / factor
    apparent = np.hypot(after, reactive)
    return np.where(apparent > 0.0, after / np.where(apparent > 0.0, apparent, 1.0), factor)


@dataclass(frozen=True)
class Contract:
    """Contracts of facilities.

    Attributes
    ----------
    kw : [n, 12] contract of each month, kW (kVA where the tariff is by capacity)
    excess_kw : [n, 12] demand above an agreed contract
    agreed : (n,) the contract is agreed with the supplier (協議制)
    guessed : (n,) it should be given and is not, and is taken from the highest half hours
    """

    kw: Array
    excess_kw: Array
    agreed: NDArray[np.bool_]
    guessed: NDArray[np.bool_]


def contract_of(
    peaks: Array, rates: Rates, given_kw: ArrayLike | None = None, before_kw: ArrayLike | None = None
) -> Contract:
    """The contract of each month, as the tariff says that it comes about.

    Parameters
    ----------
    peaks : [n, 12] highest half hour of each month [kW]
    given_kw : (n,) contract as the supplier has it, NaN where nobody knows; it counts where contracts are agreed or follow from what is installed
    before_kw : [..., m] peaks of the months before (:func:`contract_kw`)
    """
    count = len(peaks)
    given = np.full(count, np.nan) if given_kw is None else np.array(np.broadcast_to(given_kw, (count,)), dtype=float)
    unit, rule = rates.rules.number("kw_unit"), rates.tariff.kw_rounding or "half_up"
    told = rounded(peaks, unit, rule)
    past = None if before_kw is None else rounded(before_kw, unit, rule)
    measured, highest = contract_kw(told, past), told.max(axis=-1)
    if past is not None:
        highest = np.maximum(highest, past[..., -_BEFORE:].max(axis=-1, initial=0.0))
    nowhere, known = np.zeros(count, dtype=bool), np.isfinite(given)
    if rates.contract == "measured":
        return Contract(measured, np.zeros_like(told), nowhere, nowhere)
    fixed = np.where(known, given, highest)
    agreed = np.ones(count, dtype=bool)
    if rates.contract == "by_size":
        agreed = fixed >= rates.rules.kw("agreed")
    elif rates.contract in ("load", "capacity"):
        # Nobody is asked for more when a breaker's contract is passed: it opens.
        return Contract(np.repeat(fixed[:, None], MONTHS, axis=1), np.zeros_like(told), nowhere, ~known)
    excess = np.where((agreed & known)[:, None], np.maximum(told - fixed[:, None], 0.0), 0.0)
    return Contract(np.where(agreed[:, None], fixed[:, None], measured), excess, agreed, agreed & ~known)
