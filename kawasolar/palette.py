"""Colours that mean something, shared by the window, the pictures and the styles for QGIS."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Irradiation, low to high; the order survives colour-blindness and grey print.
IRRADIATION_RAMP = ("#312C6C", "#6E3478", "#B24860", "#E27438", "#F5B43C", "#FCF0AA")

# Modules on a roof, and the lines between them.
MODULE_COLOUR, MODULE_LINE = "#1D3A5F", "#8FA9C8"

# What became of a facility; the same colour on the map, in the table and on paper.
CLASS_COLOURS = {
    "chosen": "#0B7A6F",
    "eligible": "#0B7A6F",
    "unknown": "#C4571B",
    "ineligible": "#5E6A6F",
    "other": "#A9B1AE",
}

# Of tender lots, in turn: told apart by colour-blind eyes (Okabe and Ito 2008), dark enough on light and light enough on dark ground.
LOT_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31", "#7F7F7F")


def rgb(colour: str) -> tuple[int, int, int]:
    """``"#RRGGBB"`` as three numbers 0…255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ramp_colours(share: NDArray[np.floating], ramp: tuple[str, ...] = IRRADIATION_RAMP) -> NDArray[np.uint8]:
    """Colours along a ramp.

    Parameters
    ----------
    share : array of any shape
        Position on the ramp, 0…1; clipped. NaN gives the first colour.
    ramp : tuple of str
        Colours at equal distances, low to high.

    Returns
    -------
    uint8 array, the shape of ``share`` with a last axis of 3.
    """
    import numpy as np

    steps = 256
    stops = np.array([rgb(colour) for colour in ramp], dtype=np.float64)
    places = np.linspace(0.0, 1.0, steps)
    knots = np.linspace(0.0, 1.0, len(ramp))
    table = np.stack([np.interp(places, knots, stops[:, band]) for band in range(3)], axis=-1)
    index = np.clip(np.nan_to_num(share, nan=0.0), 0.0, 1.0) * (steps - 1)
    rounded: NDArray[np.uint8] = np.rint(table).astype(np.uint8)[np.rint(index).astype(np.intp)]
    return rounded
