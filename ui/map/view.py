"""The map: shows a plan, follows the pointer, picks facilities."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication

from kawasolar.words import Language, say
from ui.map.area_lines import AreaLayer
from ui.map.backdrop import paint_focus, paint_frame, paint_hint
from ui.map.canvas import Canvas
from ui.map.cards import Cards
from ui.map.foreground import Foreground
from ui.map.glare import GlareLayer
from ui.map.heights import Heights
from ui.map.keepouts import SHOWN_FROM, KeepoutLayer
from ui.map.navigate import ZOOM_STEP
from ui.map.renderer import Courier, Frame, Loaded, Renderer, Wish, end_all
from ui.map.scene import same_ground
from ui.map.style import class_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QCloseEvent, QHideEvent, QPixmap, QShowEvent
    from PySide6.QtWidgets import QWidget

    from kawasolar.glare import GlareReport
    from kawasolar.plan import Decision, Plan
    from ui.map.basemap import Backdrop
    from ui.map.differences import Differences
    from ui.map.groups import Groups
    from ui.map.keepouts import Keepout
    from ui.map.scene import Scene
    from ui.map.viewport import Bounds
    from ui.tokens import Tokens

LayerName = Literal["hillshade", "irradiation", "wards", "buildings", "planes", "modules", "keepouts", "facilities"]
LAYERS: tuple[LayerName, ...] = get_args(LayerName)

MARKER_REACH = 9.0
HOVER_DELAY_MS = 300
# A view that is not painted asks for its picture after this long.
SEND_WITHIN_MS = 40
# Rendered beyond each side of the view [px], so that a pan does not meet an edge at once.
FRAME_MARGIN = 160
# From this many pixels on the margin would cost more than it gives.
MANY_PIXELS = 6_000_000


class MapView(Canvas):
    """The plan on a map. Pictures come from a worker; while the view moves, the last one is moved with it."""

    picked = Signal(str)
    keepout_picked = Signal(str)  # the keep-out that was clicked; empty where a click left one
    hovered = Signal(float, float, object)
    scene_changed = Signal()  # other outlines can be met: a plan was made ready, or is gone
    dressed = Signal()  # other colours or another language
    differences_left = Signal()
    groups_left = Signal()

    def __init__(self, tokens: Tokens, language: Language, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens, self._language = tokens, language
        self._plan: Plan | None = None
        self._decision: Decision | None = None
        # Not yet with the worker.
        self._unread: Plan | None = None
        self._selected: str | None = None
        self._layers: dict[str, bool] = dict.fromkeys(LAYERS, True)
        self._differences: Differences | None = None
        self._groups: Groups | None = None
        self._backdrop: Backdrop | None = None
        # Whether irradiation was on the map before the differences came: their colours need quiet roofs.
        self._lit_before = False
        self.keepouts = KeepoutLayer()
        self.glare = GlareLayer()
        self.areas = AreaLayer()
        self._loaded: Loaded | None = None
        self._front: Foreground | None = None
        self._kinds: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
        self._frame: Frame | None = None
        self._generation = self._number = self._sent = self._look = 0
        self._heights: Heights | None = None
        self._resting = False
        self._pictures: dict[tuple[object, ...], QPixmap] = {}
        courier = Courier(self)
        courier.loaded.connect(self._on_loaded, Qt.ConnectionType.QueuedConnection)
        courier.rendered.connect(self._on_rendered, Qt.ConnectionType.QueuedConnection)
        courier.block_read.connect(self._on_block, Qt.ConnectionType.QueuedConnection)
        self._renderer = Renderer(courier)
        # A child widget gets no close event: the worker ends with the widget or with the program.
        self.destroyed.connect(partial(end_all, self._renderer, self._pictures))
        QApplication.instance().aboutToQuit.connect(partial(end_all, self._renderer, self._pictures))  # type: ignore[union-attr]
        self._hover_timer = QTimer(self, singleShot=True, interval=HOVER_DELAY_MS)
        self._hover_timer.timeout.connect(self._show_hover)
        # The worker begins once the view has been painted: it would have the interpreter meanwhile.
        self._sending = QTimer(self, singleShot=True, interval=SEND_WITHIN_MS)
        self._sending.timeout.connect(self._send)
        self._cards = Cards(self, LAYERS)
        for name, action in (("zoom_in", self.zoom_in), ("zoom_out", self.zoom_out), ("fit", self.fit)):
            self._cards.buttons.button[name].clicked.connect(action)
        self._cards.buttons.toggled.connect(self.set_layer)
        self._cards.leave_differences = self._leave_coloring
        self.setMinimumSize(320, 220)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._write()

    # What the window calls

    def set_plan(self, plan: Plan | None) -> None:
        """Show another plan, or none; the view stays where it is if the place is the same."""
        before, self._plan = self._plan, plan
        self._decision = plan.half if plan is not None else None
        if plan is not None and before is not None and same_ground(before, plan):
            self.set_decision(plan.half)
            return
        if plan is None:
            self._generation += 1
            self._heights = None
            self._renderer.forget()
            self._loaded = self._front = self._kinds = self._frame = None
            self._fitted = True
            self.scene_changed.emit()
        else:
            self._load(plan)
        self._write()

    def set_decision(self, decision: Decision) -> None:
        """Colour buildings and markers by another decision."""
        self._decision = decision
        self._recolour()

    def set_differences(self, differences: Differences | None) -> None:
        """Colour by where scenarios differ, or by the decision again; roofs lose their irradiation meanwhile."""
        before, self._differences = self._coloring, differences
        self._colour_otherwise(before)

    def set_groups(self, groups: Groups | None) -> None:
        """Colour by groups, or by the decision again; differences between scenarios go first."""
        before, self._groups = self._coloring, groups
        self.areas.show(groups)
        self._colour_otherwise(before)

    @property
    def groups(self) -> Groups | None:
        """The groups by which it is coloured."""
        return self._groups

    @property
    def _coloring(self) -> Differences | Groups | None:
        """What stands in the place of the decision."""
        return self._differences if self._differences is not None else self._groups

    def _colour_otherwise(self, before: Differences | Groups | None) -> None:
        now = self._coloring
        if (before is None) != (now is None):
            self._lit_before = self._layers["irradiation"] if now is not None else self._lit_before
            if self._lit_before:
                self.set_layer("irradiation", now is None)
        self._cards.show_differences(self._language, self._tokens, now)
        self._recolour()

    def _leave_coloring(self) -> None:
        """The person has had enough of it."""
        (self.differences_left if self._differences is not None else self.groups_left).emit()

    def _recolour(self) -> None:
        if self._loaded is not None and self._front is not None:
            self._kinds = self._kinds_of(self._loaded)
            if self._kinds is None:
                return
            self._front.set_kinds(self._kinds[0])
            self._cards.count(self._kinds[0])
            self._cards.place()
            self._ask()

    def _kinds_of(self, loaded: Loaded) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Classes of facilities and outlines: of differences or groups while they are shown, else of the decision."""
        if self._coloring is not None:
            return self._coloring.kinds(loaded.scene)
        return loaded.scene.kinds(self._decision) if self._decision is not None else None

    def set_selected(self, facility_id: str | None, *, reveal: bool = False) -> None:
        """Mark a facility; with ``reveal`` bring it into view."""
        self._selected = facility_id
        position = self._position(facility_id)
        if self._front is not None:
            self._front.select(position)
        if reveal and position is not None and self._loaded is not None:
            self._bring_into_view(self._loaded.scene.extent_of(position), self._cards.covered())
        self.update()

    def set_tokens(self, tokens: Tokens) -> None:
        """Draw in other colours."""
        self._tokens = tokens
        self._look += 1
        self._new_front()
        self._write()
        self._ask()
        self.dressed.emit()

    def set_language(self, language: Language) -> None:
        """Write in another language."""
        self._language = language
        self._write()
        self.dressed.emit()

    def set_layer(self, name: LayerName, visible: bool) -> None:
        """Show or hide a layer."""
        if self._layers[name] == visible:
            return
        self._layers[name] = visible
        if name not in ("facilities", "keepouts"):
            self._look += 1
            self._ask()
        self._write()

    def set_backdrop(self, backdrop: Backdrop | None) -> None:
        """Lay another background map below everything, or the same with tiles that have come, or none."""
        self._backdrop = backdrop
        self._ask()

    def layers(self) -> dict[str, bool]:
        """Which layers are shown."""
        return dict(self._layers)

    def zoom_to(self, facility_id: str, share: float = 0.4) -> None:
        """Fill ``share`` of the view with a facility."""
        position = self._position(facility_id)
        if position is None or self._loaded is None:
            return
        self.fill_with(self._loaded.scene.extent_of(position), share)

    def is_idle(self) -> bool:
        """Whether all that was asked of the worker has arrived."""
        if self._plan is None:
            return True
        if self._loaded is None or self._loaded.generation != self._generation:
            return False
        if self._heights is not None and self._heights.waiting:
            return False
        if self._backdrop is not None and self._backdrop.loader.busy:
            return False
        frame = self._frame
        return frame is not None and frame.wish.number == self._number and frame.overview is not None

    @property
    def scene(self) -> Scene | None:
        """Outlines of the plan that is shown; None until they are ready."""
        return self._loaded.scene if self._loaded is not None else None

    @property
    def cards(self) -> Cards:
        """What lies on the map."""
        return self._cards

    def show_glare(self, report: GlareReport | None) -> None:
        """Mark the buildings that are dazzled, or none."""
        self.glare.show(report)
        self.update()

    def show_keepouts(self, rows: list[Keepout]) -> None:
        """Show these keep-outs."""
        self.keepouts.show(rows, self._loaded.scene.origin if self._loaded is not None else (0.0, 0.0))
        self._count_keepouts()

    def keepout_at(self, at: QPointF) -> Keepout | None:
        """The keep-out at a point of the widget; a marker that lies above it goes first."""
        x, y = self._view.to_ground(at.x(), at.y())
        found = self.keepouts.at(x, y, self._view.scale) if self._layers["keepouts"] else None
        scene = self.scene
        return found if scene is None or not scene.pick(x, y, self._reach(), buildings=False) else None

    def facility_at(self, at: QPointF) -> str | None:
        """The facility whose marker or building lies at a point of the widget; the next one if it is selected."""
        found = self._positions_at(at)
        if not found or self._loaded is None:
            return None
        ids = [self._loaded.scene.facilities[k].facility_id for k in found]
        if self._selected in ids:
            return ids[(ids.index(self._selected) + 1) % len(ids)]
        return ids[0]

    def shutdown(self) -> None:
        """Cancel what runs, wait for the worker to end, let the files go; rest until shown again or given a plan."""
        self._resting = True
        self._renderer.stop()
        if self._backdrop is not None:
            self._backdrop.loader.rest()

    # What comes from the worker

    def _load(self, plan: Plan) -> None:
        """Have a plan made ready; what is shown stays until then."""
        self._generation += 1
        self._heights = None
        self._resting = False
        if self._backdrop is not None:
            self._backdrop.loader.start()
        self._unread = plan
        self._sending.start()

    def _on_loaded(self, loaded: Loaded) -> None:
        if loaded.generation != self._generation:
            return
        before, self._loaded = self._loaded, loaded
        self._read_heights(loaded)
        self._kinds = self._kinds_of(loaded)
        self._new_front()
        self._look += 1
        if before is None or before.scene.bounds != loaded.scene.bounds:
            self._frame = None
            self.fit()
        self.scene_changed.emit()
        self._write()
        self._ask()

    def _read_heights(self, loaded: Loaded) -> None:
        ask = partial(self._renderer.read_block, loaded.generation)
        self._heights = Heights(loaded.surface, ask)

    def _on_rendered(self, frame: Frame) -> None:
        if frame.wish.generation != self._generation or (self._frame and frame.wish.number < self._frame.wish.number):
            return
        self._frame = frame
        self.update()

    def _on_block(self, generation: int, row: int, col: int, values: NDArray[np.float32] | None) -> None:
        if generation != self._generation:
            return
        if self._heights is not None:
            self._heights.take(row, col, values)
        self._tell_pointer()

    def _ask(self) -> None:
        """Wish for a picture of the present view."""
        self.update()
        if self._loaded is None or self._kinds is None or self._loaded.generation != self._generation:
            return
        self._number += 1
        if not self._resting:
            self._sending.start()

    def _send(self) -> None:
        """Hand the worker what was wished for last: a plan to be made ready, or a picture."""
        self._sending.stop()
        unread, self._unread = self._unread, None
        # As it is decided now: that has no scene of its own.
        if unread is not None and self._plan is not None and not self._resting:
            self._renderer.load(self._generation, self._plan)
        loaded = self._loaded
        if self._sent == self._number or self._resting or loaded is None or self._kinds is None:
            return
        if loaded.generation != self._generation:
            return
        self._sent = self._number
        width, height = self._view.device_size
        margin = FRAME_MARGIN if width * height < MANY_PIXELS else FRAME_MARGIN // 4
        layers = frozenset(name for name, shown in self._layers.items() if shown)
        wish = Wish(
            self._number, self._generation, self._look, self._view.grown(margin), self._tokens, layers, self._kinds[1],
            self._backdrop,
        )  # fmt: skip
        self._renderer.render(wish)

    def _position(self, facility_id: str | None) -> int | None:
        return None if self._loaded is None or facility_id is None else self._loaded.scene.position.get(facility_id)

    def _positions_at(self, at: QPointF) -> list[int]:
        """Facilities at a point of the widget: the nearest marker, else the building."""
        if self._loaded is None or self._loaded.generation != self._generation:
            return []
        x, y = self._view.to_ground(at.x(), at.y())
        return self._loaded.scene.pick(x, y, self._reach(), buildings=self._layers["buildings"])

    def _reach(self) -> float:
        """How far from a marker a click still means it [m]."""
        return MARKER_REACH * self._view.scale if self._layers["facilities"] else 0.0

    # Pointer and keys

    def _ground(self) -> Bounds | None:
        return self._loaded.scene.bounds if self._loaded is not None else None

    def _on_look(self) -> None:
        self._hide_hover()
        self._cards.show_scale(self._view.scale)
        self._ask()

    def _on_point(self) -> None:
        self._hide_hover()
        if self._hand.pointer is not None and not self._hand.is_busy:
            self._hover_timer.start()
        self._tell_pointer()

    def _on_click(self, at: QPointF) -> None:
        if self._loaded is None:
            return
        found = self.keepout_at(at)
        if found is not None or self.keepouts.selected is not None:
            self.keepout_picked.emit("" if found is None else found.key)
        if found is None:
            self.picked.emit(self.facility_at(at) or "")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._hand.double(event):
            return
        found = self._positions_at(event.position())
        if found and self._loaded is not None:
            self.zoom_to(self._loaded.scene.facilities[found[0]].facility_id)
        else:
            self.zoom_at(ZOOM_STEP**3, event.position().x(), event.position().y())

    def _tell_pointer(self) -> None:
        """Say where the pointer is and how high the surface lies there; the height may follow a moment later."""
        if self._hand.pointer is None or self._loaded is None or self._resting:
            return
        x, y = self._view.to_ground(self._hand.pointer.x(), self._hand.pointer.y())
        self.hovered.emit(x, y, self._heights.at(x, y) if self._heights is not None else None)

    def _hide_hover(self) -> None:
        self._hover_timer.stop()
        self._cards.hover.hide()

    def _show_hover(self) -> None:
        tool = self._hand.tool
        if self._hand.pointer is None or self._loaded is None or self._kinds is None or (tool and not tool.hovers):
            return
        keepout = self.keepout_at(self._hand.pointer)
        found = self._positions_at(self._hand.pointer)
        if keepout is not None:
            self._cards.tell_keepout(self._language, self._tokens, keepout)
            self._cards.hover.put(self._hand.pointer, self.size())
        if keepout is not None or not found:
            return
        facility = self._loaded.scene.facilities[found[0]]
        kind = class_of(int(self._kinds[0][found[0]]))
        self._cards.tell(self._language, self._tokens, facility, kind)
        self._cards.hover.put(self._hand.pointer, self.size())

    # Painting and overlays

    def paintEvent(self, event: QPaintEvent) -> None:
        self._paint(QPainter(self))
        if self._sending.isActive():
            # What else is painted goes first too.
            QTimer.singleShot(0, self, self._send)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), QColor(self._tokens.background))
        if self._plan is None:
            paint_hint(painter, QRectF(self.rect()), say(self._language, "map.empty"), self._tokens)
            return
        ratio = self.devicePixelRatioF()
        if ratio != self._view.ratio:
            self._view = replace(self._view, ratio=ratio)
            QTimer.singleShot(0, self, self._ask)
        frame = self._frame
        if frame is not None:
            paint_frame(painter, frame, self._view)
        self.glare.paint(painter, self._view, self._tokens)
        if self._coloring is self._groups:
            self.areas.paint(painter, self._view, self._tokens)
        if self._layers["keepouts"]:
            self.keepouts.paint(painter, self._view, self._tokens)
        tool = self._hand.tool
        if tool is not None and tool.below_markers:
            tool.paint(painter, self._view, self._tokens)
        cleared = tool is not None and tool.clears and self._view.scale <= SHOWN_FROM
        if self._front is not None and frame is not None and not cleared:
            moving = frame.wish.view.scale != self._view.scale
            covered, markers = self._cards.covered(), self._layers["facilities"]
            self._front.paint(painter, self._view, markers=markers, covered=covered, moving=moving)
        if tool is not None and not tool.below_markers:
            tool.paint(painter, self._view, self._tokens)
        if self._framed:
            paint_focus(painter, QRectF(self.rect()), self._tokens)

    def _new_front(self) -> None:
        if self._loaded is not None and self._kinds is not None:
            self._pictures.clear()
            self._front = Foreground(self._loaded.scene, self._kinds[0], self._tokens, self._pictures)
            self._front.select(self._position(self._selected))

    def _write(self) -> None:
        """All words, colours and figures of the cards."""
        self.setAccessibleName(say(self._language, "map.name"))
        self.setAccessibleDescription(say(self._language, "map.description"))
        facility_kinds = self._kinds[0] if self._kinds is not None else None
        self._cards.write(self._language, self._tokens, self._plan, self._loaded, facility_kinds, self._layers)
        self._cards.show_scale(self._view.scale)
        self._count_keepouts()

    def _count_keepouts(self) -> None:
        self._cards.legend.count_keepouts(len(self.keepouts.rows) if self._layers["keepouts"] else 0)
        self._cards.place()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._cards.place()
        super().resizeEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        # A child gets no close event, a map that was never shown no hide event. Minimised, it keeps its thread.
        if not event.spontaneous():
            self.shutdown()
        super().hideEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.shutdown()
        super().closeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._resting:
            return
        self._resting = False
        if self._backdrop is not None:
            self._backdrop.loader.start()
        if self._loaded is None or self._loaded.generation != self._generation:
            if self._plan is not None:
                self._load(self._plan)
        elif not self.is_idle():
            self._read_heights(self._loaded)
            self._ask()
