"""The panel beside the map: figures, legend, list of the chosen, months."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from kawasolar.export.canvas import INK, LINE, MUTED, PAPER
from kawasolar.export.png_map import STROKES, dashed, disc, stroke
from kawasolar.export.png_page import ACCENT, PANEL, sign_of, stamp
from kawasolar.figures import figures
from kawasolar.half import years_frame
from kawasolar.palette import CLASS_COLOURS, ramp_colours
from kawasolar.words import say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.export.canvas import Anchor, Canvas
    from kawasolar.export.png_map import MapPicture
    from kawasolar.export.png_page import Page

_CHART = 46.0


def write_figures(page: Page, x: float, y: float) -> float:
    """The plan in six numbers, and what of the energy is used at once where that was reckoned; returns where it ends."""
    canvas, plan = page.canvas, page.plan
    sites, yields = plan.half.sites, plan.results.yields
    mine = yields[yields["facility_id"].isin(page.chosen)]
    count = page.say("unit.count")
    rows = [
        (page.say("facilities"), f"{len(plan.facilities):,}", count),
        (page.say("eligible"), f"{int((sites['status'] == 'eligible').sum()):,}", count),
        (page.say("chosen_share", share=plan.settings.share), f"{len(page.chosen):,}", count),
        (page.say("capacity"), f"{mine['capacity_kw'].sum():,.0f}", page.say("unit.kw")),
        (page.say("energy"), f"{mine['energy_kwh'].sum() / 1000:,.0f}", page.say("unit.mwh")),
        (page.say("co2"), f"{mine['co2_t'].sum():,.0f}", page.say("unit.t")),
        *_self_use(page),
    ]
    y = _section(page, x, y, page.say("figures"))
    for place, (name, value, unit) in enumerate(rows):
        top = y + 6.2 * place
        strong = place >= 2
        canvas.text(x, top + 4.4, canvas.elided(name, 3.0, 70), 3.0, anchor="ls", colour=INK if strong else MUTED)
        canvas.text(x + PANEL - 18, top + 4.4, value, 4.2, anchor="rs", weight="Bold", colour=ACCENT if strong else INK)
        canvas.text(x + PANEL - 16.5, top + 4.4, unit, 2.8, anchor="ls", colour=MUTED)
        canvas.line([(x, top + 5.9), (x + PANEL, top + 5.9)], LINE, 0.12)
    return y + 6.2 * len(rows)


def _self_use(page: Page) -> list[tuple[str, str, str]]:
    found = figures(page.plan)
    ratio = found["self_use_ratio"]
    if not isinstance(ratio, float):
        return []
    return [(page.say("self_use_estimated" if found["use_estimated"] else "self_use"), f"{ratio * 100:.0f}", "%")]


def _section(page: Page, x: float, y: float, title: str) -> float:
    canvas = page.canvas
    canvas.box(x, y, 1.2, 4.6, fill=ACCENT)
    canvas.text(x + 3, y + 4.1, title, 3.8, weight="Bold", anchor="ls")
    return y + 6.4


def write_legend(page: Page, picture: MapPicture, x: float, y: float) -> float:
    """Ramp, classes and marks; returns where it ends."""
    canvas = page.canvas
    y = _section(page, x, y, page.say("legend"))
    canvas.text(x, y + 2.9, canvas.elided(page.say("legend.irradiation"), 2.9, PANEL - 22), 2.9, anchor="ls")
    canvas.text(x + PANEL, y + 2.9, "kWh/m²", 2.7, anchor="rs", colour=MUTED)
    bar = Image.fromarray(np.repeat(ramp_colours(np.linspace(0, 1, canvas.px(PANEL)))[None], canvas.px(4), axis=0))
    canvas.paste(bar, x, y + 4.4)
    canvas.box(x, y + 4.4, PANEL, 4, outline=MUTED, line=0.15)
    for share in np.linspace(0, 1, 5):
        value = picture.low + share * (picture.high - picture.low)
        at = x + share * PANEL
        canvas.line([(at, y + 8.4), (at, y + 9.4)], MUTED, 0.2)
        anchor: Anchor = "la" if share == 0 else "ra" if share == 1 else "ma"
        canvas.text(at, y + 10.0, f"{value:,.0f}", 2.6, anchor=anchor)
    y += 15.2
    for place, name in enumerate(("chosen", "eligible", "unknown", "ineligible", "other")):
        left, top = x + (place % 2) * PANEL / 2, y + 5.8 * (place // 2)
        _sample(canvas, name, left, top)
        canvas.text(
            left + 10.5, top + 3.4, canvas.elided(page.say(f"legend.{name}"), 2.9, PANEL / 2 - 12), 2.9, anchor="ls"
        )
    left, top = x + PANEL / 2, y + 5.8 * 2
    stamp(canvas, disc(canvas.px(4.4), ACCENT, "#FFFFFF", canvas.px(0.3)), left + 4, top + 2.4)
    canvas.text(left + 4, top + 2.4, "1", 2.7, colour="#FFFFFF", weight="Bold", anchor="mm")
    canvas.text(left + 10.5, top + 3.4, canvas.elided(page.say("legend.marker"), 2.9, PANEL / 2 - 11), 2.9, anchor="ls")
    return y + 17.4


def _sample(canvas: Canvas, name: str, x: float, y: float) -> None:
    """A building as the map draws it: lines below, roof above."""
    fine = 4
    unit = canvas.scale * fine
    picture = Image.new("RGB", (round(8.4 * unit), round(5 * unit)), PAPER)
    draw = ImageDraw.Draw(picture)
    width, dash, _ = STROKES[name]
    ring = np.array([(1.2, 1.1), (7.2, 1.1), (7.2, 3.9), (1.2, 3.9), (1.2, 1.1)]) * unit
    if dash:
        dashed(draw, ring, CLASS_COLOURS[name], width * unit, (dash[0] * unit, dash[1] * unit))
    else:
        stroke(draw, ring, CLASS_COLOURS[name], width * unit)
    draw.polygon([tuple(point) for point in ring.tolist()], fill="#F2C98F" if name != "other" else "#EEF0EC")
    if name == "other":
        stroke(draw, ring, CLASS_COLOURS[name], width * unit)
    canvas.paste(picture.reduce(fine), x, y)
    if name in ("eligible", "unknown", "ineligible"):
        stamp(canvas, sign_of(canvas, name, 0.85), x + 4.2, y + 2.5)


def write_site_list(page: Page, x: float, y: float, bottom: float) -> None:
    """Number, name, fiscal year of the programme where there is one, kW and MWh of the chosen, in one or two columns; what does not fit is counted."""
    canvas, plan = page.canvas, page.plan
    y = _section(page, x, y, page.say("list"))
    if not page.chosen:
        canvas.text(x, y + 3.4, page.say("list.none"), 3.0, anchor="ls", colour=MUTED)
        return
    height = 4.6
    room = int((bottom - y - 5 - 6) / height)
    columns = 1 if len(page.chosen) <= room else 2
    if columns == 2:
        height = 3.7
        room = int((bottom - y - 5 - 6) / height)
    names = plan.facilities.drop_duplicates("facility_id").set_index("facility_id")["name"]
    yields = plan.results.yields.drop_duplicates("facility_id").set_index("facility_id")
    years = years_frame(plan).get("programme_year", pd.Series(dtype=int))
    width = (PANEL - 4 * (columns - 1)) / columns
    shown = page.chosen[: room * columns]
    size = 2.9 if columns == 1 else 2.3
    per_column = math.ceil(len(shown) / columns)
    for place, key in enumerate(shown):
        left = x + (place // per_column) * (width + 4)
        top = y + 5 + (place % per_column) * height
        if place % per_column == 0:
            _list_head(page, left, y, width, size, with_years=len(years) > 0)
        name = str(names.get(key, key)) + ("" if key in page.points.index else " *")
        _list_row(
            canvas,
            (left, top),
            width,
            size,
            height,
            (
                str(place + 1),
                name,
                str(years[key]) if key in years.index else "",
                _number(yields, key, "capacity_kw", 1, 1),
                _number(yields, key, "energy_kwh", 1000, 1),
            ),
        )
    below = y + 5 + per_column * height
    mine = yields.reindex(page.chosen)
    total = page.say("list.total")
    canvas.text(x, below + 3.6, total, 2.9, weight="Bold", anchor="ls")
    canvas.text(x + PANEL - 18, below + 3.6, f"{mine['capacity_kw'].sum():,.1f} kW", 2.9, weight="Bold", anchor="rs")
    canvas.text(x + PANEL, below + 3.6, f"{mine['energy_kwh'].sum() / 1000:,.1f}", 2.9, weight="Bold", anchor="rs")
    _list_remarks(page, x, below + 3.6, len(page.chosen) - len(shown))
    if bottom - below > _CHART + 12:
        _months(
            page,
            x,
            bottom - _CHART,
            mine[[f"m{month:02d}" for month in range(1, 13)]].sum().to_numpy(dtype=np.float64) / 1000,
        )


def _months(page: Page, x: float, y: float, energy: NDArray[np.float64]) -> None:
    """Energy of the chosen by month [MWh], where the list leaves room."""
    canvas = page.canvas
    y = _section(page, x, y, page.say("months"))
    top, base = y + 5, y + _CHART - 12
    most = float(energy.max())
    step = PANEL / 12
    for month, value in enumerate(energy.tolist(), 1):
        height = (base - top) * value / most if most > 0 else 0.0
        left = x + (month - 1) * step
        canvas.box(left + 1.2, base - height, step - 2.4, height, fill=CLASS_COLOURS["eligible"])
        canvas.text(left + step / 2, base - height - 1.0, f"{value:,.0f}", 2.4, anchor="ms")
        canvas.text(
            left + step / 2,
            base + 1.2,
            say(page.language, f"export.month.short.{month}"),
            2.4,
            anchor="ma",
            colour=MUTED,
        )
    canvas.line([(x, base), (x + PANEL, base)], MUTED, 0.2)


def _list_remarks(page: Page, x: float, base: float, left_out: int) -> None:
    remarks = []
    if left_out > 0:
        remarks.append(page.say("list.more", count=left_out))
    if any(key not in page.points.index for key in page.chosen):
        remarks.append(page.say("list.no_place"))
    if remarks:
        text = page.canvas.elided(" ／ ".join(remarks), 2.4, PANEL)
        page.canvas.text(x, base, text, 2.4, anchor="ls", colour=MUTED)


def _list_head(page: Page, x: float, y: float, width: float, size: float, *, with_years: bool) -> None:
    canvas = page.canvas
    if with_years:
        canvas.text(x + width - size * 9.6, y + 3.2, page.say("list.year"), size * 0.9, anchor="rs", colour=MUTED)
    canvas.text(x + size * 2.4, y + 3.2, page.say("list.name"), size * 0.9, anchor="ls", colour=MUTED)
    canvas.text(x + width - size * 5.4, y + 3.2, page.say("list.capacity"), size * 0.9, anchor="rs", colour=MUTED)
    canvas.text(x + width, y + 3.2, page.say("list.energy"), size * 0.9, anchor="rs", colour=MUTED)
    canvas.line([(x, y + 4.5), (x + width, y + 4.5)], MUTED, 0.2)


def _list_row(
    canvas: Canvas,
    corner: tuple[float, float],
    width: float,
    size: float,
    height: float,
    cells: tuple[str, str, str, str, str],
) -> None:
    x, y = corner
    base = y + height * 0.76
    number, name, year, capacity, energy = cells
    canvas.text(x + size * 1.7, base, number, size, anchor="rs", weight="Bold", colour=ACCENT)
    room = width - size * (14.6 if year else 11.2)
    canvas.text(x + size * 2.4, base, canvas.elided(name, size, room), size, anchor="ls")
    canvas.text(x + width - size * 9.6, base, year, size, anchor="rs")
    canvas.text(x + width - size * 5.4, base, capacity, size, anchor="rs")
    canvas.text(x + width, base, energy, size, anchor="rs")
    canvas.line([(x, y + height), (x + width, y + height)], LINE, 0.1)


def _number(yields: pd.DataFrame, key: str, column: str, divisor: float, digits: int) -> str:
    if key not in yields.index:
        return "–"
    value = float(yields[column].to_numpy(dtype=np.float64)[yields.index.get_loc(key)]) / divisor
    return f"{value:,.{digits}f}" if math.isfinite(value) else "–"
