"""The map's one worker: loads the scene, renders views, reads heights. Newest wish first; stale ones are dropped."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ui.map import paint
from ui.map.basemap import Backdrop, paint_backdrop
from ui.map.paint import Picture, Superseded
from ui.map.rasters import Rasters, Surface
from ui.map.scene import Scene
from ui.map.viewport import Viewport
from ui.map.ward_lines import WardLines, paint_wards, ward_lines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyproj import CRS
    from PySide6.QtGui import QImage, QPixmap

    from kawasolar.plan import Plan
    from ui.map.viewport import Bounds
    from ui.tokens import Tokens

# Files are let go after this long without work [s], so that a run may replace them (Windows locks what is open).
LET_GO_AFTER = 1.5
# Longer side of the picture of everything that lies below the view while it moves [px].
OVERVIEW = 1200
# Painting holds the interpreter call by call, and the window would wait up to 5 ms for its turn: a pause of
# this length [s] after this much work [s] gives it one.
BREATH = 5e-5
BREATHE_EVERY = 1e-3


@dataclass(frozen=True)
class Loaded:
    """A plan made ready to draw."""

    generation: int
    scene: Scene
    missing: tuple[str, ...]
    span: tuple[float, float] | None
    surface: Surface | None
    crs: CRS
    wards: WardLines | None = None


@dataclass(frozen=True)
class Wish:
    """One picture that the window wants. ``look`` changes with everything but the view, the classes and the background map."""

    number: int
    generation: int
    look: int
    view: Viewport
    tokens: Tokens
    layers: frozenset[str]
    kinds: NDArray[np.int64]
    backdrop: Backdrop | None = None

    @property
    def whole_look(self) -> tuple[object, ...]:
        """What the picture of everything depends on."""
        return self.generation, self.look, self.backdrop.look if self.backdrop is not None else None


@dataclass(frozen=True)
class Whole:
    """The picture of everything that lies below; ``lacks`` tiles of the background map that was of this ``backdrop``."""

    look: tuple[object, ...]
    picture: Picture
    view: Viewport
    lacks: bool
    backdrop: Backdrop | None


@dataclass(frozen=True)
class Frame:
    """A finished picture and the view it shows."""

    wish: Wish
    picture: Picture
    overview: tuple[Picture, Viewport] | None = None

    @property
    def image(self) -> QImage:
        return self.picture.image


class Courier(QObject):
    """Carries results from the worker to the window's thread. A child of the map, so that both end together."""

    loaded = Signal(object)
    rendered = Signal(object)
    block_read = Signal(int, int, int, object)  # generation, block row, block column, heights or None


class Renderer:
    """Owns the worker thread. Called from the window's thread only; all but ``stop`` and ``end`` return at once.

    No Qt object itself: what Python's collector may drop in any thread must not be one.
    """

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._wake = threading.Condition()
        self._plan: tuple[int, Plan] | None = None
        self._wish: Wish | None = None
        self._block: tuple[int, int, int] | None = None
        self._release = False
        self._stopped = False
        self._thread: threading.Thread | None = None
        # What follows belongs to the worker alone.
        self._breath = 0.0
        self._current: Loaded | None = None
        self._rasters: Rasters | None = None
        self._below: tuple[object, Picture] | None = None
        self._overview: Whole | None = None
        # Whether tiles of the background map were still to come in what was painted last.
        self._lacks = False
        self._wards: tuple[object, WardLines | None] = (None, None)

    def load(self, generation: int, plan: Plan) -> None:
        """Make a plan ready; :attr:`Courier.loaded` tells when."""
        with self._wake:
            self._plan = (generation, plan)
            self._wish = self._block = None
        self._start()

    def render(self, wish: Wish) -> None:
        """Render a view; replaces a wish that has not begun."""
        with self._wake:
            self._wish = wish
        self._start()

    def read_block(self, generation: int, row: int, col: int) -> None:
        """Read a square of heights; replaces one that has not begun."""
        with self._wake:
            self._block = (generation, row, col)
        self._start()

    def forget(self) -> None:
        """Drop all wishes and close the files."""
        with self._wake:
            self._plan, self._wish, self._block, self._release = None, None, None, True
            self._wake.notify()

    def stop(self) -> None:
        """Cancel what runs and wait for the thread to end."""
        with self._wake:
            self._stopped = True
            self._plan, self._wish, self._block = None, None, None
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._stopped = False

    def end(self) -> None:
        """Stop for good and drop all that is kept."""
        self.stop()
        self._current = self._rasters = self._below = self._overview = None

    def _start(self) -> None:
        with self._wake:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="kawasolar-map", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        while self._step():
            pass
        self._close_files()

    def _step(self) -> bool:
        """Wait for work and do one piece of it; False when it is time to end."""
        with self._wake:
            if not self._wake.wait_for(self._has_work, timeout=LET_GO_AFTER):
                self._close_files()
                self._wake.wait_for(self._has_work)
            if self._stopped:
                return False
            plan, wish, block = self._plan, self._wish, self._block
            if self._release:
                self._release = False
                self._close_files()
                return True
            if plan is not None:
                self._plan = None
            elif block is not None:
                self._block = None
            else:
                self._wish = None
        if plan is not None:
            self._load(*plan)
        elif block is not None:
            self._read(*block)
        elif wish is not None:
            self._render(wish)
        return True

    def _close_files(self) -> None:
        if self._rasters is not None:
            self._rasters.close()

    def _has_work(self) -> bool:
        return bool(self._stopped or self._plan or self._wish or self._block or self._release)

    def _load(self, generation: int, plan: Plan) -> None:
        self._close_files()
        self._rasters = Rasters(plan.cache)
        self._below = self._overview = None
        missing = self._rasters.missing()
        scene = Scene(plan, self._rasters.bounds())
        span, surface = self._rasters.irradiation_range(), self._rasters.surface()
        self._current = Loaded(generation, scene, missing, span, surface, plan.crs, self._wards_of(plan))
        self._courier.loaded.emit(self._current)

    def _wards_of(self, plan: Plan) -> WardLines | None:
        """The plan's wards; read once while the file is the same."""
        key = (next((entry for entry in plan.inputs if entry.role == "wards"), None), plan.crs)
        if self._wards[0] != key:
            self._wards = (key, ward_lines(plan))
        return self._wards[1]

    def _read(self, generation: int, row: int, col: int) -> None:
        values = None
        if self._current is not None and self._current.generation == generation and self._rasters is not None:
            values = self._rasters.block(row, col)
        self._courier.block_read.emit(generation, row, col, values)

    def _check(self, wish: Wish) -> None:
        """Give up on a picture that would be of no use any more, and let the window have the interpreter."""
        now = time.perf_counter()
        if now - self._breath > BREATHE_EVERY:
            time.sleep(BREATH)
            self._breath = now
        newer = self._wish
        if self._stopped or self._plan is not None:
            raise Superseded
        if newer is None or newer.number <= wish.number:
            return
        close = 0.5 < newer.view.scale / wish.view.scale < 2.0
        if newer.look != wish.look or not close or not wish.view.sees(newer.view.bounds):
            raise Superseded

    def _render(self, wish: Wish) -> None:
        current = self._current
        if current is None or current.generation != wish.generation:
            return
        try:
            picture = self._compose(wish, current)
            self._courier.rendered.emit(Frame(wish, picture, self._known_overview(wish)))
            if self._overview_due(wish) and self._wish is None:
                self._paint_overview(wish, current)
                self._courier.rendered.emit(Frame(wish, picture, self._known_overview(wish)))
        except Superseded:
            return

    def _compose(self, wish: Wish, current: Loaded) -> Picture:
        """All layers; what lies below the public outlines is kept, so that a new decision costs little."""
        key = (wish.generation, wish.look, wish.view, wish.backdrop)
        if self._below is None or self._below[0] != key:
            self._below = (key, self._paint_below(wish, current))
        picture = self._below[1].copy()
        check = lambda: self._check(wish)  # noqa: E731
        if "buildings" in wish.layers:
            paint.public(picture, wish.view, current.scene, wish.kinds, wish.tokens, check)
        if "modules" in wish.layers:
            paint.modules(picture, wish.view, current.scene, check)
        if "planes" in wish.layers:
            paint.planes(picture, wish.view, current.scene, check)
        return picture

    def _paint_below(self, wish: Wish, current: Loaded, *, behind: bool = False) -> Picture:
        check = lambda: self._check(wish)  # noqa: E731
        self._lacks = False

        def lay_map(pixels: NDArray[np.uint32]) -> None:
            if wish.backdrop is not None:
                self._lacks = paint_backdrop(pixels, wish.view, wish.backdrop, current.crs, behind=behind)

        picture = paint.ground(wish.view, self._rasters, wish.tokens, current.span, wish.layers, check, lay_map)
        if "buildings" in wish.layers:
            lit = current.span is not None and "irradiation" in wish.layers
            paint.others(picture, wish.view, current.scene, wish.tokens, check, lit=lit)
        if "wards" in wish.layers and current.wards is not None:
            paint_wards(picture.image, wish.view, current.wards, wish.tokens)
        return picture

    def _known_overview(self, wish: Wish) -> tuple[Picture, Viewport] | None:
        kept = self._overview
        return (kept.picture, kept.view) if kept is not None and kept.look == wish.whole_look else None

    def _overview_due(self, wish: Wish) -> bool:
        """Whether there is none, or tiles have come that it lacks."""
        kept = self._overview
        return self._known_overview(wish) is None or (
            kept is not None and kept.lacks and kept.backdrop != wish.backdrop
        )

    def _paint_overview(self, wish: Wish, current: Loaded) -> None:
        view = _whole(current.scene.bounds)
        picture = self._paint_below(replace(wish, view=view), current, behind=True)
        self._overview = Whole(wish.whole_look, picture, view, self._lacks, wish.backdrop)


def _whole(bounds: Bounds) -> Viewport:
    """A view of everything, its longer side ``OVERVIEW`` pixels."""
    west, south, east, north = bounds
    scale = max(east - west, north - south, 1.0) / OVERVIEW
    width, height = max(1, round((east - west) / scale)), max(1, round((north - south) / scale))
    return Viewport((west + east) / 2, (south + north) / 2, scale, width, height)


def end_all(renderer: Renderer, pictures: dict[tuple[object, ...], QPixmap], *_: object) -> None:
    """The map is gone: no thread and no picture may outlive it."""
    renderer.end()
    pictures.clear()
