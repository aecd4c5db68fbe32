"""The map as a picture for a council paper: A3 across, with legend, site list, scale bar and sources."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, PngImagePlugin

from gis.progress import Progress, silent
from kawasolar import __version__
from kawasolar.export.canvas import INK, LINE, MUTED, PAPER, Canvas
from kawasolar.export.fingerprint import PROPERTY, Origin
from kawasolar.export.png_map import Marker, disc, draw_map, place_markers, shadow, site_points
from kawasolar.export.png_page import ACCENT, ATTENTION, PANEL, Page, sign_of, stamp
from kawasolar.export.png_panel import write_figures, write_legend, write_site_list
from kawasolar.export.table import chosen_ids, crs_name, shown_date
from kawasolar.export.writing import atomic
from kawasolar.words import say

if TYPE_CHECKING:
    from datetime import date

    from kawasolar.export.png_basemap import PaperMap
    from kawasolar.export.png_map import MapPicture, View
    from kawasolar.plan import Plan
    from kawasolar.words import Language

A3 = (420.0, 297.0)
_EDGE = 10.0
_HEAD = 27.0
_FOOT = 14.0
_GAP = 5.0
# What the credit of the background map takes up in the corner [mm].
_CREDIT = 4.0


def write_png(
    plan: Plan, path: Path, language: Language, *,
    dpi: float = 200.0, paper: tuple[float, float] = A3, today: date | None = None,
    basemap: PaperMap | None = None, progress: Progress = silent,
) -> None:  # fmt: skip
    """Draw the plan's map.

    Parameters
    ----------
    dpi : float
        Pixels per inch, 40…400.
    paper : (width, height)
        In mm; at least 250 × 180.
    today : date, optional
        Date shown on the map.
    basemap : PaperMap, optional
        Background map; who made it is written on the picture.

    Raises
    ------
    UnreadableFile
        The background map cannot be read.
    NotWritable
        Locked, read-only, disk full.
    """
    if not 40 <= dpi <= 400 or paper[0] < 250 or paper[1] < 180 or max(paper) > 1200:
        raise ValueError(f"dpi {dpi}, paper {paper}")
    image = draw_page(plan, language, dpi=dpi, paper=paper, today=today, basemap=basemap, progress=progress)
    origin = Origin.of(plan, today)
    note = PngImagePlugin.PngInfo()
    note.add_itxt("Title", plan.name)
    note.add_itxt("Description", origin.line(language))
    note.add_itxt(PROPERTY, origin.fingerprint)
    note.add_itxt("Software", f"KawaSolar {__version__}")
    with atomic(path, ".png") as work:
        image.save(work, dpi=(dpi, dpi), pnginfo=note)


def draw_page(
    plan: Plan, language: Language, *,
    dpi: float = 200.0, paper: tuple[float, float] = A3, today: date | None = None,
    basemap: PaperMap | None = None, progress: Progress = silent,
) -> Image.Image:  # fmt: skip
    """The page as an RGB picture; see :func:`write_png`."""
    canvas = Canvas(*paper, dpi)
    page = Page(canvas, plan, language, site_points(plan), chosen_ids(plan))
    width = paper[0] - 2 * _EDGE - PANEL - _GAP
    height = paper[1] - _HEAD - _FOOT
    picture = draw_map(plan, canvas.px(width), canvas.px(height), canvas.scale, basemap, progress)
    canvas.paste(picture.image, _EDGE, _HEAD)
    frame = (_EDGE, _HEAD, width, height)
    _ticks(page, picture.view, frame)
    _sites(page, picture, frame)
    _north_arrow(canvas, _EDGE + width - 10, _HEAD + height - 21)
    _scale_bar(page, picture.view, frame)
    credit = basemap.credit if basemap is not None else ""
    _credit_on_map(canvas, credit, frame)
    _notes_on_map(page, picture.notes, frame, _CREDIT if credit else 0.0)
    canvas.box(*frame, outline=INK, line=0.3)
    origin = Origin.of(plan, today)
    _title(page, origin)
    left = _EDGE + width + _GAP
    below = write_figures(page, left, _HEAD)
    below = write_legend(page, picture, left, below + 4)
    write_site_list(page, left, below + 4, paper[1] - _FOOT)
    _footer(page, paper, origin)
    return canvas.image


# ---------------------------------------------------------------------------------------------- round the map


def _title(page: Page, origin: Origin) -> None:
    canvas, plan = page.canvas, page.plan
    right = canvas.width - _EDGE
    municipality = plan.profile.name(page.language)
    badge = say(page.language, "export.synthetic.long") if plan.synthetic else ""
    badge_width = canvas.text_width(badge, 3.4, "Bold") + 6 if badge else 0.0
    title = canvas.elided(page.say("title"), 7.0, right - _EDGE - badge_width - 8, "Bold")
    canvas.text(_EDGE, 9.5, title, 7.0, weight="Bold")
    if badge:
        canvas.box(right - badge_width, 9.3, badge_width, 7.0, fill="#FDF1EA", outline=ATTENTION, line=0.35, radius=1.0)
        canvas.text(right - badge_width / 2, 12.8, badge, 3.4, colour=ATTENTION, weight="Bold", anchor="mm")
    day = page.say("date", date=shown_date(page.language, origin.day))
    canvas.text(right, 22.6, day, 3.2, colour=MUTED, anchor="rs")
    name = origin.title(page.language)
    under = name if plan.synthetic or not municipality else f"{municipality}　{name}"
    canvas.text(_EDGE, 22.6, canvas.elided(under, 4.0, 250), 4.0, colour=MUTED, anchor="ls")
    canvas.line([(_EDGE, 24.4), (right, 24.4)], ACCENT, 0.5)


def _footer(page: Page, paper: tuple[float, float], origin: Origin) -> None:
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
    mark = say(page.language, "why.paper.map", fingerprint=origin.fingerprint)
    made = f"{mark} ／ {page.say('program', version=__version__)}"
    room = width - canvas.text_width(made, 2.6) - 6
    canvas.text(_EDGE, y + 4.2, canvas.elided(method, 2.6, room), 2.6, colour=MUTED)
    canvas.text(paper[0] - _EDGE, y + 4.2, made, 2.6, colour=MUTED, anchor="ra")


# ---------------------------------------------------------------------------------------------- on the map


def _round_length(most: float) -> float:
    """The largest 1, 2 or 5 × 10ⁿ that is not above."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most)


def _ticks(page: Page, view: View, frame: tuple[float, float, float, float]) -> None:
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


def _scale_bar(page: Page, view: View, frame: tuple[float, float, float, float]) -> None:
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


def _credit_on_map(canvas: Canvas, credit: str, frame: tuple[float, float, float, float]) -> None:
    """Who made the background map, in the corner beside the north arrow."""
    if not credit:
        return
    x, y, width, height = frame
    right = x + width - 18
    text = canvas.elided(credit, 2.3, width / 2)
    wide = canvas.text_width(text, 2.3) + 3
    canvas.box(right - wide, y + height - 6, wide, 4, fill=PAPER)
    canvas.text(right - wide / 2, y + height - 4, text, 2.3, colour=INK, anchor="mm")


def _notes_on_map(page: Page, notes: list[str], frame: tuple[float, float, float, float], above: float) -> None:
    """Remarks one above the other, ``above`` mm from where the first would stand."""
    canvas = page.canvas
    x, y, width, height = frame
    for place, code in enumerate(reversed(notes)):
        text = say(page.language, code)
        wide = canvas.text_width(text, 2.8) + 6
        top = y + height - 10 - above - 7.5 * place
        right = x + width - 20
        canvas.box(right - wide, top, wide, 6, fill="#FDF1EA", outline=ATTENTION, radius=1.0)
        canvas.text(right - wide / 2, top + 3, text, 2.8, colour=ATTENTION, anchor="mm")


def _marker_radius(count: int) -> float:
    """Smaller marks where there are many [mm]."""
    return next(radius for most, radius in ((120, 2.0), (400, 1.6), (math.inf, 1.2)) if count <= most)


def _sites(page: Page, picture: MapPicture, frame: tuple[float, float, float, float]) -> None:
    canvas = page.canvas
    x, y, width, height = frame
    others = page.points[page.points["class"] != "chosen"]
    for name in ("ineligible", "unknown", "eligible"):
        group = others[others["class"] == name]
        sign = sign_of(canvas, name, max(picture.thickness, 0.65))
        for place in picture.view.pixels(group[["x", "y"]].to_numpy()).tolist():
            stamp(canvas, sign, x + place[0] / canvas.scale, y + place[1] / canvas.scale)
    radius = _marker_radius(len(page.chosen))
    shown = [(number, key) for number, key in enumerate(page.chosen, 1) if key in page.points.index]
    if not shown:
        return
    pixels = picture.view.pixels(page.points.loc[[key for _, key in shown], ["x", "y"]].to_numpy())
    sites = [(number, float(place[0]), float(place[1])) for (number, _), place in zip(shown, pixels, strict=True)]
    markers = place_markers(sites, radius * canvas.scale, (canvas.px(width), canvas.px(height)))
    _draw_markers(canvas, markers, radius, (x, y))


def _draw_markers(canvas: Canvas, markers: list[Marker], radius: float, corner: tuple[float, float]) -> None:
    mark = disc(canvas.px(2 * radius), ACCENT, "#FFFFFF", canvas.px(0.3))
    dark = shadow(canvas.px(2 * radius), max(1.0, canvas.scale * 0.25))
    places = []
    for marker in markers:
        (sx, sy), (mx, my) = (
            (corner[0] + px / canvas.scale, corner[1] + py / canvas.scale) for px, py in (marker.site, marker.mark)
        )
        if math.hypot(mx - sx, my - sy) > 0.5 * radius:
            canvas.line([(sx, sy), (mx, my)], "#FFFFFF", 0.7)
            canvas.line([(sx, sy), (mx, my)], ACCENT, 0.35)
            canvas.polygon([(sx - 0.5, sy), (sx, sy - 0.5), (sx + 0.5, sy), (sx, sy + 0.5)], ACCENT)
        places.append((marker.number, mx, my))
    black = Image.new("RGB", dark.size, "#000000")
    for number, mx, my in places:
        at = canvas.px(mx) - dark.width // 2, canvas.px(my + 0.2) - dark.height // 2
        canvas.image.paste(black, at, dark)
        stamp(canvas, mark, mx, my)
        if radius > 1.3:
            size = radius * (1.22 if number < 100 else 0.92)
            canvas.text(mx, my, str(number), size, colour="#FFFFFF", weight="Bold", anchor="mm")
