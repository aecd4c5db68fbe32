"""Which modules stay where a roof is not to carry all that it holds: those of the best-lit planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

# Of a quotient: 49.5 kW of 440 W may come out as 112.49999999999999 modules.
_ROUNDING = 1e-9


def light_of(planes: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Irradiation of each plane's usable part [kWh/m²], by which planes are told apart; 0 where nobody knows it."""
    for column in ("usable_irradiation_kwh_m2", "irradiation_kwh_m2"):
        if column in planes:
            return np.nan_to_num(planes[column].to_numpy(dtype=np.float64))
    return np.zeros(len(planes))


def modules_within(most_kw: float, power_w: float) -> int:
    """How many whole modules a capacity holds."""
    return int(most_kw * 1000.0 / power_w + _ROUNDING)


def kept(modules: ArrayLike, light: ArrayLike, most: ArrayLike, least: int) -> NDArray[np.int64]:
    """How many modules of each plane stay.

    The worst-lit planes are emptied first. Of one plane a part may stay, unless that is fewer than ``least``: then it stays empty, too. So the modules that stay have
    on average never less light than all of them.

    Parameters
    ----------
    modules : (planes,), what each holds
    light : (planes,), :func:`light_of`; among equals the first stays
    most : (...), in all

    Returns
    -------
    (..., planes)
    """
    held = np.asarray(modules, dtype=np.int64)
    order = np.argsort(-np.asarray(light, dtype=np.float64), kind="stable")
    before = np.cumsum(held[order]) - held[order]
    taken = np.clip(np.asarray(most, dtype=np.int64)[..., None] - before, 0, held[order])
    taken[(taken < held[order]) & (taken < least)] = 0
    found = np.zeros_like(taken)
    found[..., order] = taken
    return found
