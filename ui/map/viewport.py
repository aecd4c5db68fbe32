"""Where the map looks: centre, scale and size, and the way between ground and screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

Bounds = tuple[float, float, float, float]

# Finest and coarsest scale [m per logical pixel]: a module's frame fills the window; a prefecture fits.
FINEST = 0.01
COARSEST = 200.0


@dataclass(frozen=True)
class Viewport:
    """A north-up, square view of the ground.

    Attributes
    ----------
    x, y : float
        Easting and northing of the centre [m].
    scale : float
        Metres of ground per logical pixel.
    width, height : int
        Logical pixels.
    ratio : float
        Device pixels per logical pixel.
    """

    x: float
    y: float
    scale: float
    width: int
    height: int
    ratio: float = 1.0

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north [m]."""
        half_w, half_h = self.width * self.scale / 2, self.height * self.scale / 2
        return self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h

    @property
    def device_size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return max(1, round(self.width * self.ratio)), max(1, round(self.height * self.ratio))

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Logical pixels of a place on the ground."""
        return (x - self.x) / self.scale + self.width / 2, (self.y - y) / self.scale + self.height / 2

    def to_ground(self, px: float, py: float) -> tuple[float, float]:
        """Easting and northing of a logical pixel."""
        return self.x + (px - self.width / 2) * self.scale, self.y - (py - self.height / 2) * self.scale

    def panned(self, dx: float, dy: float) -> Viewport:
        """Moved so that what was at a point is ``dx, dy`` logical pixels right and below of it."""
        return replace(self, x=self.x - dx * self.scale, y=self.y + dy * self.scale)

    def zoomed(self, factor: float, px: float, py: float) -> Viewport:
        """Closer by ``factor``; the ground below the pixel stays where it is."""
        scale = min(max(self.scale / factor, FINEST), COARSEST)
        gx, gy = self.to_ground(px, py)
        return replace(
            self,
            scale=scale,
            x=gx - (px - self.width / 2) * scale,
            y=gy + (py - self.height / 2) * scale,
        )

    def fitted(self, bounds: Bounds, share: float = 0.94) -> Viewport:
        """Centred on ``bounds``, which take up at most ``share`` of width and height."""
        west, south, east, north = bounds
        scale = max((east - west) / (self.width * share), (north - south) / (self.height * share))
        return replace(self, x=(west + east) / 2, y=(south + north) / 2, scale=min(max(scale, FINEST), COARSEST))

    def grown(self, pixels: int) -> Viewport:
        """The same view with a margin on every side."""
        return replace(self, width=self.width + 2 * pixels, height=self.height + 2 * pixels)

    def sees(self, bounds: Bounds) -> bool:
        """Whether any of ``bounds`` lies in view."""
        west, south, east, north = self.bounds
        return bounds[0] <= east and bounds[2] >= west and bounds[1] <= north and bounds[3] >= south

    def holds(self, other: Viewport) -> bool:
        """Whether all that ``other`` shows lies in this view."""
        west, south, east, north = self.bounds
        slack = self.scale
        w, s, e, n = other.bounds
        return w >= west - slack and s >= south - slack and e <= east + slack and n <= north + slack
