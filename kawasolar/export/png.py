"""The map as a picture for a council paper: A3 across, with legend, site list, scale bar and sources."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin

from kawasolar import __version__
from kawasolar.export.canvas import INK, LINE, MUTED, PAPER, Canvas
from kawasolar.export.png_map import STROKES, Marker, disc, draw_map, place_markers, shadow, site_points
from kawasolar.export.png_map import dashed as dashed_line
from kawasolar.export.table import chosen_ids, shown_date, this_day
from kawasolar.export.writing import atomic
from kawasolar.palette import CLASS_COLOURS, ramp_colours
from kawasolar.words import say

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

    from kawasolar.export.canvas import Anchor
    from kawasolar.export.png_map import MapPicture, View
    from kawasolar.plan import Plan
    from kawasolar.words import Language

A3 = (420.0, 297.0)
_EDGE = 10.0
_HEAD = 27.0
_FOOT = 14.0
_PANEL = 104.0
_GAP = 5.0
_CHART = 46.0
_ACCENT = CLASS_COLOURS["chosen"]
_ATTENTION = CLASS_COLOURS["unknown"]
_ROMAN = (
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX",
)  # fmt: skip
_FIRST_ZONE = 6669


@dataclass(frozen=True)
class _Page:
    canvas: Canvas
    plan: Plan
    language: Language
    points: pd.DataFrame
    chosen: list[str]

    def say(self, code: str, **values: object) -> str:
        return say(self.language, f"export.map.{code}", **values)


def write_png(
    plan: Plan, path: Path, language: Language, *,
    dpi: float = 200.0, paper: tuple[float, float] = A3, today: date | None = None,
) -> None:  # fmt: skip
    """Draw the plan's map.

    Parameters
    ----------
    dpi : float
        Pixels per inch, 40…600.
    paper : (width, height)
        In mm; at least 250 × 180.
    today : date, optional
        Date shown on the map.

    Raises
    ------
    NotWritable
        Locked, read-only, disk full.
    """
    if not 40 <= dpi <= 600 or paper[0] < 250 or paper[1] < 180 or max(paper) > 1200:
        raise ValueError(f"dpi {dpi}, paper {paper}")
    image = draw_page(plan, language, dpi=dpi, paper=paper, today=today)
    note = PngImagePlugin.PngInfo()
    note.add_itxt("Title", plan.name)
    note.add_itxt("Software", f"KawaSolar {__version__}")
    with atomic(path, ".png") as work:
        image.save(work, dpi=(dpi, dpi), pnginfo=note)


def draw_page(
    plan: Plan, language: Language, *, dpi: float = 200.0, paper: tuple[float, float] = A3, today: date | None = None
) -> Image.Image:
    """The page as an RGB picture; see :func:`write_png`."""
    canvas = Canvas(*paper, dpi)
    page = _Page(canvas, plan, language, site_points(plan), chosen_ids(plan))
    width = paper[0] - 2 * _EDGE - _PANEL - _GAP
    height = paper[1] - _HEAD - _FOOT
    picture = draw_map(plan, canvas.px(width), canvas.px(height), canvas.scale)
    canvas.paste(picture.image, _EDGE, _HEAD)
    frame = (_EDGE, _HEAD, width, height)
    _ticks(page, picture.view, frame)
    _sites(page, picture.view, frame)
    _north_arrow(canvas, _EDGE + width - 10, _HEAD + height - 21)
    _scale_bar(page, picture.view, frame)
    _notes_on_map(page, picture.notes, frame)
    canvas.box(*frame, outline=INK, line=0.3)
    _title(page, today or this_day())
    left = _EDGE + width + _GAP
    below = _figures(page, left, _HEAD)
    below = _legend(page, picture, left, below + 4)
    _site_list(page, left, below + 4, paper[1] - _FOOT)
    _footer(page, paper)
    return canvas.image


# ---------------------------------------------------------------------------------------------- round the map


def _title(page: _Page, today: date) -> None:
    canvas, plan = page.canvas, page.plan
    right = canvas.width - _EDGE
    municipality = plan.profile.name(page.language)
    badge = say(page.language, "export.synthetic.long") if plan.synthetic else ""
    badge_width = canvas.text_width(badge, 3.4, "Bold") + 6 if badge else 0.0
    title = canvas.elided(page.say("title"), 7.0, right - _EDGE - badge_width - 8, "Bold")
    canvas.text(_EDGE, 9.5, title, 7.0, weight="Bold")
    if badge:
        canvas.box(
            right - badge_width, 9.3, badge_width, 7.0, fill="#FDF1EA", outline=_ATTENTION, line=0.35, radius=1.0
        )
        canvas.text(right - badge_width / 2, 12.8, badge, 3.4, colour=_ATTENTION, weight="Bold", anchor="mm")
    day = page.say("date", date=shown_date(page.language, today))
    canvas.text(right, 22.6, day, 3.2, colour=MUTED, anchor="rs")
    under = plan.name if plan.synthetic or not municipality else f"{municipality}　{plan.name}"
    canvas.text(_EDGE, 22.6, canvas.elided(under, 4.0, 250), 4.0, colour=MUTED, anchor="ls")
    canvas.line([(_EDGE, 24.4), (right, 24.4)], _ACCENT, 0.5)


def _footer(page: _Page, paper: tuple[float, float]) -> None:
    canvas, plan = page.canvas, page.plan
    width = paper[0] - 2 * _EDGE
    names = "、" if page.language == "ja" else ", "
    files = names.join(
        f"{say(page.language, f'export.role.{file.role}')} {Path(file.path).name}"
        for file in plan.inputs
        if file.role != "profile"
    )
    weather = plan.results.weather
    method = page.say("method", station=weather.station)
    first = f"{page.say('crs', crs=crs_name(plan.crs, page.language))} ／ {page.say('sources', names=files)}"
    y = paper[1] - _FOOT + 3.0
    canvas.text(_EDGE, y, canvas.elided(first, 2.6, width), 2.6, colour=MUTED)
    canvas.text(_EDGE, y + 4.2, canvas.elided(method, 2.6, width - 60), 2.6, colour=MUTED)
    canvas.text(paper[0] - _EDGE, y + 4.2, page.say("program", version=__version__), 2.6, colour=MUTED, anchor="ra")


def crs_name(crs: CRS, language: Language) -> str:
    """``JGD2011 平面直角座標系 第IX系 (EPSG:6677)``, or the name that the system has."""
    epsg = crs.to_epsg()
    if epsg is not None and 0 <= epsg - _FIRST_ZONE < len(_ROMAN):
        return say(language, "export.map.crs.zone", zone=_ROMAN[epsg - _FIRST_ZONE], epsg=epsg)
    return f"{crs.name} (EPSG:{epsg})" if epsg else str(crs.name)


# ---------------------------------------------------------------------------------------------- on the map


def _round_length(most: float) -> float:
    """The largest 1, 2 or 5 × 10ⁿ that is not above."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most)


def _ticks(page: _Page, view: View, frame: tuple[float, float, float, float]) -> None:
    """Coordinates along the frame."""
    canvas = page.canvas
    x, y, width, height = frame
    west, south, east, north = view.bounds
    step = _round_length((east - west) / 3)
    per_mm = (east - west) / width
    for value in np.arange(math.ceil(west / step) * step, east, step):
        at = x + (value - west) / per_mm
        if x + 12 < at < x + width - 16:
            canvas.line([(at, y), (at, y + 2.2)], INK, 0.25)
            canvas.text(at + 0.8, y + 1.0, f"E {value:,.0f}", 2.3, colour=INK, halo=0.35)
    for value in np.arange(math.ceil(south / step) * step, north, step):
        at = y + (north - value) / per_mm
        if y + 8 < at < y + height - 20:
            canvas.line([(x, at), (x + 2.2, at)], INK, 0.25)
            canvas.text(x + 0.9, at + 0.6, f"N {value:,.0f}", 2.3, colour=INK, halo=0.35)


def _north_arrow(canvas: Canvas, x: float, y: float) -> None:
    canvas.box(x - 6, y - 2.5, 12, 18.5, fill=PAPER, outline=LINE, radius=1.2)
    canvas.text(x, y - 1.2, "N", 4.0, weight="Bold", anchor="ma")
    canvas.polygon([(x, y + 3.6), (x - 3.2, y + 14), (x, y + 11.4)], INK)
    canvas.line([(x, y + 3.6), (x + 3.2, y + 14), (x, y + 11.4), (x, y + 3.6)], INK, 0.3)


def _scale_bar(page: _Page, view: View, frame: tuple[float, float, float, float]) -> None:
    canvas = page.canvas
    x, y, width, height = frame
    west, _, east, _ = view.bounds
    per_mm = (east - west) / width
    length = _round_length(70 * per_mm)
    long = length / per_mm
    left, top = x + 4, y + height - 14
    canvas.box(left, top, long + 18, 10, fill=PAPER, outline=LINE, radius=1.2)
    for part in range(4):
        fill = INK if part % 2 == 0 else PAPER
        canvas.box(left + 5 + part * long / 4, top + 5.6, long / 4, 1.6, fill=fill, outline=INK, line=0.2)
    for share in (0.0, 0.5, 1.0):
        value = length * share
        last = share == 1.0
        label = f"{value / 1000:g}" if length >= 1000 else f"{value:g}"
        if last:
            label += " km" if length >= 1000 else " m"
        canvas.text(left + 5 + long * share, top + 4.6, label, 2.6, anchor="ms")


def _notes_on_map(page: _Page, notes: list[str], frame: tuple[float, float, float, float]) -> None:
    canvas = page.canvas
    x, y, width, height = frame
    for place, code in enumerate(reversed(notes)):
        text = say(page.language, code)
        wide = canvas.text_width(text, 2.8) + 6
        top = y + height - 10 - 7.5 * place
        right = x + width - 20
        canvas.box(right - wide, top, wide, 6, fill="#FDF1EA", outline=_ATTENTION, radius=1.0)
        canvas.text(right - wide / 2, top + 3, text, 2.8, colour=_ATTENTION, anchor="mm")


def _marker_radius(count: int) -> float:
    """Smaller marks where there are many [mm]."""
    return next(radius for most, radius in ((60, 2.5), (150, 2.0), (400, 1.6), (math.inf, 1.2)) if count <= most)


def _sites(page: _Page, view: View, frame: tuple[float, float, float, float]) -> None:
    canvas = page.canvas
    x, y, width, height = frame
    others = page.points[page.points["class"] != "chosen"]
    for name in ("ineligible", "unknown", "eligible"):
        group = others[others["class"] == name]
        sign = _sign(canvas, name)
        for place in view.pixels(group[["x", "y"]].to_numpy()).tolist():
            _stamp(canvas, sign, x + place[0] / canvas.scale, y + place[1] / canvas.scale)
    radius = _marker_radius(len(page.chosen))
    shown = [(number, key) for number, key in enumerate(page.chosen, 1) if key in page.points.index]
    if not shown:
        return
    pixels = view.pixels(page.points.loc[[key for _, key in shown], ["x", "y"]].to_numpy())
    sites = [(number, float(place[0]), float(place[1])) for (number, _), place in zip(shown, pixels, strict=True)]
    markers = place_markers(sites, radius * canvas.scale, (canvas.px(width), canvas.px(height)))
    _draw_markers(canvas, markers, radius, (x, y))


def _sign(canvas: Canvas, name: str) -> Image.Image:
    """A dot for the eligible, ``?`` for what is to be checked, a cross for the rest: colour alone would not do in grey print."""
    if name == "eligible":
        return disc(canvas.px(2.0), CLASS_COLOURS[name], "#FFFFFF", canvas.px(0.35))
    fine, side = 4, 2.8 * canvas.scale * 4
    picture = Image.new("RGBA", (round(side), round(side)), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    if name == "unknown":
        draw.ellipse((0, 0, side - 1, side - 1), fill=CLASS_COLOURS[name], outline="#FFFFFF", width=round(side * 0.1))
        font = canvas.font(2.0 * fine, "Bold")
        draw.text((side / 2, side * 0.48), "?", fill="#FFFFFF", font=font, anchor="mm")
    else:
        for colour, width in (("#FFFFFF", 0.26), ("#4A5559", 0.13)):
            for ends in ((0.18, 0.18, 0.82, 0.82), (0.18, 0.82, 0.82, 0.18)):
                draw.line([end * side for end in ends], fill=colour, width=round(width * side))
    return picture.reduce(fine)


def _draw_markers(canvas: Canvas, markers: list[Marker], radius: float, corner: tuple[float, float]) -> None:
    mark = disc(canvas.px(2 * radius), _ACCENT, "#FFFFFF", canvas.px(0.3))
    dark = shadow(canvas.px(2 * radius), max(1.0, canvas.scale * 0.25))
    places = []
    for marker in markers:
        (sx, sy), (mx, my) = (
            (corner[0] + px / canvas.scale, corner[1] + py / canvas.scale) for px, py in (marker.site, marker.mark)
        )
        if math.hypot(mx - sx, my - sy) > 0.5 * radius:
            canvas.line([(sx, sy), (mx, my)], "#FFFFFF", 0.7)
            canvas.line([(sx, sy), (mx, my)], _ACCENT, 0.35)
            canvas.polygon([(sx - 0.5, sy), (sx, sy - 0.5), (sx + 0.5, sy), (sx, sy + 0.5)], _ACCENT)
        places.append((marker.number, mx, my))
    black = Image.new("RGB", dark.size, "#000000")
    for number, mx, my in places:
        at = canvas.px(mx) - dark.width // 2, canvas.px(my + 0.2) - dark.height // 2
        canvas.image.paste(black, at, dark)
        _stamp(canvas, mark, mx, my)
        if radius > 1.3:
            size = radius * (1.22 if number < 100 else 0.92)
            canvas.text(mx, my, str(number), size, colour="#FFFFFF", weight="Bold", anchor="mm")


def _stamp(canvas: Canvas, picture: Image.Image, x: float, y: float) -> None:
    canvas.image.paste(picture, (canvas.px(x) - picture.width // 2, canvas.px(y) - picture.height // 2), picture)


# ---------------------------------------------------------------------------------------------- side panel


def _figures(page: _Page, x: float, y: float) -> float:
    """The plan in six numbers; returns where it ends."""
    canvas, plan = page.canvas, page.plan
    sites, yields = plan.decision.sites, plan.results.yields
    mine = yields[yields["facility_id"].isin(page.chosen)]
    count = page.say("unit.count")
    rows = [
        (page.say("facilities"), f"{len(plan.facilities):,}", count),
        (page.say("eligible"), f"{int((sites['status'] == 'eligible').sum()):,}", count),
        (page.say("chosen_share", share=plan.settings.share), f"{len(page.chosen):,}", count),
        (page.say("capacity"), f"{mine['capacity_kw'].sum():,.0f}", page.say("unit.kw")),
        (page.say("energy"), f"{mine['energy_kwh'].sum() / 1000:,.0f}", page.say("unit.mwh")),
        (page.say("co2"), f"{mine['co2_t'].sum():,.0f}", page.say("unit.t")),
    ]
    y = _section(page, x, y, page.say("figures"))
    for place, (name, value, unit) in enumerate(rows):
        top = y + 6.2 * place
        strong = place >= 2
        canvas.text(x, top + 4.4, canvas.elided(name, 3.0, 70), 3.0, anchor="ls", colour=INK if strong else MUTED)
        canvas.text(
            x + _PANEL - 18, top + 4.4, value, 4.2, anchor="rs", weight="Bold", colour=_ACCENT if strong else INK
        )
        canvas.text(x + _PANEL - 16.5, top + 4.4, unit, 2.8, anchor="ls", colour=MUTED)
        canvas.line([(x, top + 5.9), (x + _PANEL, top + 5.9)], LINE, 0.12)
    return y + 6.2 * len(rows)


def _section(page: _Page, x: float, y: float, title: str) -> float:
    canvas = page.canvas
    canvas.box(x, y, 1.2, 4.6, fill=_ACCENT)
    canvas.text(x + 3, y + 4.1, title, 3.8, weight="Bold", anchor="ls")
    return y + 6.4


def _legend(page: _Page, picture: MapPicture, x: float, y: float) -> float:
    canvas = page.canvas
    y = _section(page, x, y, page.say("legend"))
    canvas.text(x, y + 2.9, canvas.elided(page.say("legend.irradiation"), 2.9, _PANEL - 22), 2.9, anchor="ls")
    canvas.text(x + _PANEL, y + 2.9, "kWh/m²", 2.7, anchor="rs", colour=MUTED)
    bar = Image.fromarray(np.repeat(ramp_colours(np.linspace(0, 1, canvas.px(_PANEL)))[None], canvas.px(4), axis=0))
    canvas.paste(bar, x, y + 4.4)
    canvas.box(x, y + 4.4, _PANEL, 4, outline=MUTED, line=0.15)
    for share in np.linspace(0, 1, 5):
        value = picture.low + share * (picture.high - picture.low)
        at = x + share * _PANEL
        canvas.line([(at, y + 8.4), (at, y + 9.4)], MUTED, 0.2)
        anchor: Anchor = "la" if share == 0 else "ra" if share == 1 else "ma"
        canvas.text(at, y + 10.0, f"{value:,.0f}", 2.6, anchor=anchor)
    y += 15.2
    for place, name in enumerate(("chosen", "eligible", "unknown", "ineligible", "other")):
        left, top = x + (place % 2) * _PANEL / 2, y + 5.8 * (place // 2)
        _sample(canvas, name, left, top)
        canvas.text(
            left + 10.5, top + 3.4, canvas.elided(page.say(f"legend.{name}"), 2.9, _PANEL / 2 - 12), 2.9, anchor="ls"
        )
    left, top = x + _PANEL / 2, y + 5.8 * 2
    _stamp(canvas, disc(canvas.px(4.4), _ACCENT, "#FFFFFF", canvas.px(0.3)), left + 4, top + 2.4)
    canvas.text(left + 4, top + 2.4, "1", 2.7, colour="#FFFFFF", weight="Bold", anchor="mm")
    canvas.text(
        left + 10.5, top + 3.4, canvas.elided(page.say("legend.marker"), 2.9, _PANEL / 2 - 11), 2.9, anchor="ls"
    )
    return y + 17.4


def _sample(canvas: Canvas, name: str, x: float, y: float) -> None:
    """A building as the map draws it."""
    fine = 4
    unit = canvas.scale * fine
    picture = Image.new("RGB", (round(8.4 * unit), round(5 * unit)), PAPER)
    draw = ImageDraw.Draw(picture)
    width, dash, _ = STROKES[name]
    ring = np.array([(1.0, 0.8), (7.4, 0.8), (7.4, 4.2), (1.0, 4.2), (1.0, 0.8)]) * unit
    fill = "#F2D9B8" if name != "other" else "#EEF0EC"
    draw.polygon([tuple(point) for point in ring.tolist()], fill=fill)
    if dash:
        dashed_line(draw, ring, CLASS_COLOURS[name], width * unit, (dash[0] * unit, dash[1] * unit))
    else:
        draw.line(
            [tuple(point) for point in ring.tolist()],
            fill=CLASS_COLOURS[name],
            width=round(width * unit),
            joint="curve",
        )
        if name == "chosen":
            draw.line(
                [tuple(point) for point in ring[:2].tolist()], fill=CLASS_COLOURS[name], width=round(width * unit)
            )
    canvas.paste(picture.reduce(fine), x, y)
    if name in ("eligible", "unknown", "ineligible"):
        _stamp(canvas, _sign(canvas, name), x + 4.2, y + 2.5)


def _site_list(page: _Page, x: float, y: float, bottom: float) -> None:
    """Number, name, kW and MWh of the chosen, in one or two columns; what does not fit is counted."""
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
    width = (_PANEL - 4 * (columns - 1)) / columns
    shown = page.chosen[: room * columns]
    size = 2.9 if columns == 1 else 2.3
    per_column = math.ceil(len(shown) / columns)
    for place, key in enumerate(shown):
        left = x + (place // per_column) * (width + 4)
        top = y + 5 + (place % per_column) * height
        if place % per_column == 0:
            _list_head(page, left, y, width, size)
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
                _number(yields, key, "capacity_kw", 1, 1),
                _number(yields, key, "energy_kwh", 1000, 1),
            ),
        )
    below = y + 5 + per_column * height
    mine = yields.reindex(page.chosen)
    total = page.say("list.total")
    canvas.text(x, below + 3.6, total, 2.9, weight="Bold", anchor="ls")
    canvas.text(x + _PANEL - 18, below + 3.6, f"{mine['capacity_kw'].sum():,.1f} kW", 2.9, weight="Bold", anchor="rs")
    canvas.text(x + _PANEL, below + 3.6, f"{mine['energy_kwh'].sum() / 1000:,.1f}", 2.9, weight="Bold", anchor="rs")
    _list_remarks(page, x, below + 3.6, len(page.chosen) - len(shown))
    if bottom - below > _CHART + 12:
        _months(
            page,
            x,
            bottom - _CHART,
            mine[[f"m{month:02d}" for month in range(1, 13)]].sum().to_numpy(dtype=np.float64) / 1000,
        )


def _months(page: _Page, x: float, y: float, energy: NDArray[np.float64]) -> None:
    """Energy of the chosen by month [MWh], where the list leaves room."""
    canvas = page.canvas
    y = _section(page, x, y, page.say("months"))
    top, base = y + 5, y + _CHART - 12
    most = float(energy.max())
    step = _PANEL / 12
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
    canvas.line([(x, base), (x + _PANEL, base)], MUTED, 0.2)


def _list_remarks(page: _Page, x: float, base: float, left_out: int) -> None:
    remarks = []
    if left_out > 0:
        remarks.append(page.say("list.more", count=left_out))
    if any(key not in page.points.index for key in page.chosen):
        remarks.append(page.say("list.no_place"))
    if remarks:
        page.canvas.text(
            x + 9, base, page.canvas.elided("　".join(remarks), 2.3, _PANEL - 48), 2.3, anchor="ls", colour=MUTED
        )


def _list_head(page: _Page, x: float, y: float, width: float, size: float) -> None:
    canvas = page.canvas
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
    cells: tuple[str, str, str, str],
) -> None:
    x, y = corner
    base = y + height * 0.76
    number, name, capacity, energy = cells
    canvas.text(x + size * 1.7, base, number, size, anchor="rs", weight="Bold", colour=_ACCENT)
    canvas.text(x + size * 2.4, base, canvas.elided(name, size, width - size * 11.2), size, anchor="ls")
    canvas.text(x + width - size * 5.4, base, capacity, size, anchor="rs")
    canvas.text(x + width, base, energy, size, anchor="rs")
    canvas.line([(x, y + height), (x + width, y + height)], LINE, 0.1)


def _number(yields: pd.DataFrame, key: str, column: str, divisor: float, digits: int) -> str:
    if key not in yields.index:
        return "–"
    value = float(yields[column].to_numpy(dtype=np.float64)[yields.index.get_loc(key)]) / divisor
    return f"{value:,.{digits}f}" if math.isfinite(value) else "–"
