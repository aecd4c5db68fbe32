"""What all parts of the map's page share: the plan, the words, the signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from kawasolar.export.png_map import disc
from kawasolar.palette import CLASS_COLOURS
from kawasolar.words import say

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.export.canvas import Canvas
    from kawasolar.plan import Plan
    from kawasolar.words import Language

# Width of the side panel [mm].
PANEL = 104.0
ACCENT = CLASS_COLOURS["chosen"]
ATTENTION = CLASS_COLOURS["unknown"]


@dataclass(frozen=True)
class Page:
    """The page under the pen; ``points`` and ``chosen`` as :func:`site_points` and :func:`chosen_ids` give them."""

    canvas: Canvas
    plan: Plan
    language: Language
    points: pd.DataFrame
    chosen: list[str]

    def say(self, code: str, **values: object) -> str:
        return say(self.language, f"export.map.{code}", **values)


def sign_of(canvas: Canvas, name: str, size: float = 1.0) -> Image.Image:
    """A dot for the eligible, ``?`` for what is to be checked, a cross for the rest: colour alone would not do in grey print."""
    if name == "eligible":
        return disc(canvas.px(2.0 * size), CLASS_COLOURS[name], "#FFFFFF", canvas.px(0.35 * size))
    fine, side = 4, 2.8 * size * canvas.scale * 4
    picture = Image.new("RGBA", (round(side), round(side)), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    if name == "unknown":
        draw.ellipse((0, 0, side - 1, side - 1), fill=CLASS_COLOURS[name], outline="#FFFFFF", width=round(side * 0.1))
        font = canvas.font(2.0 * size * fine, "Bold")
        draw.text((side / 2, side * 0.48), "?", fill="#FFFFFF", font=font, anchor="mm")
    else:
        for colour, width in (("#FFFFFF", 0.26), ("#4A5559", 0.13)):
            for ends in ((0.18, 0.18, 0.82, 0.82), (0.18, 0.82, 0.82, 0.18)):
                draw.line([end * side for end in ends], fill=colour, width=round(width * side))
    return picture.reduce(fine)


def stamp(canvas: Canvas, picture: Image.Image, x: float, y: float) -> None:
    """Lay a small picture centred on a place."""
    canvas.image.paste(picture, (canvas.px(x) - picture.width // 2, canvas.px(y) - picture.height // 2), picture)
