"""A page to draw on in millimetres, with Japanese text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageDraw, ImageFont

from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Sequence

Weight = Literal["Regular", "Bold"]
Anchor = Literal["la", "ma", "ra", "lm", "mm", "rm", "ls", "ms", "rs"]

INK = "#1E2A2F"
MUTED = "#5E6A6F"
LINE = "#C9CFCB"
PAPER = "#FFFFFF"
_MM_PER_INCH = 25.4
# Signs that the bundled font lacks; and ≥ ≤, which its Regular weight has the wrong way round.
_LACKING = str.maketrans({"₂": "2", "−": "-", "≥": "≧", "≤": "≦"})


@cache
def _font(weight: Weight, pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(resource_path("fonts", f"BIZUDPGothic-{weight}.ttf")), pixels)


class Canvas:
    """A picture of ``width`` × ``height`` mm at ``dpi``; all places and sizes in mm from the upper left corner."""

    def __init__(self, width: float, height: float, dpi: float) -> None:
        self.scale = dpi / _MM_PER_INCH
        self.width, self.height = width, height
        self.image = Image.new("RGB", (round(width * self.scale), round(height * self.scale)), PAPER)
        self._draw = ImageDraw.Draw(self.image)

    def px(self, millimetres: float) -> int:
        """Whole pixels."""
        return round(millimetres * self.scale)

    def font(self, size: float, weight: Weight = "Regular") -> ImageFont.FreeTypeFont:
        """The bundled font, ``size`` mm high."""
        return _font(weight, max(4, self.px(size)))

    def text_width(self, text: str, size: float, weight: Weight = "Regular") -> float:
        return self.font(size, weight).getlength(text.translate(_LACKING)) / self.scale

    def elided(self, text: str, size: float, width: float, weight: Weight = "Regular") -> str:
        """The text in one line, cut with … where it is wider than ``width`` mm."""
        plain = " ".join(text.split())
        if self.text_width(plain, size, weight) <= width:
            return plain
        low, high = 0, len(plain)
        while low < high:
            middle = (low + high + 1) // 2
            if self.text_width(plain[:middle] + "…", size, weight) <= width:
                low = middle
            else:
                high = middle - 1
        return plain[:low].rstrip() + "…"

    def text(
        self, x: float, y: float, text: str, size: float, *,
        colour: str = INK, weight: Weight = "Regular", anchor: Anchor = "la", halo: float = 0.0,
    ) -> None:  # fmt: skip
        """Text; ``halo`` mm of white around it where it lies on a picture."""
        self._draw.text(
            (x * self.scale, y * self.scale), text.translate(_LACKING), fill=colour, font=self.font(size, weight), anchor=anchor,
            stroke_width=self.px(halo), stroke_fill=PAPER if halo else None,
        )  # fmt: skip

    def box(
        self, x: float, y: float, width: float, height: float, *,
        fill: str | None = None, outline: str | None = None, line: float = 0.2, radius: float = 0.0,
    ) -> None:  # fmt: skip
        """A rectangle, rounded by ``radius``."""
        corners = (self.px(x), self.px(y), self.px(x + width), self.px(y + height))
        self._draw.rounded_rectangle(corners, self.px(radius), fill, outline, max(1, self.px(line)) if outline else 0)

    def line(self, points: Sequence[tuple[float, float]], colour: str = LINE, width: float = 0.2) -> None:
        places = [(x * self.scale, y * self.scale) for x, y in points]
        self._draw.line(places, fill=colour, width=max(1, self.px(width)))

    def polygon(self, points: Sequence[tuple[float, float]], fill: str) -> None:
        self._draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=fill)

    def paste(self, picture: Image.Image, x: float, y: float) -> None:
        self.image.paste(picture, (self.px(x), self.px(y)))
