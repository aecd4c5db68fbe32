"""Keep-outs that people drew, as the map and the panel of the roofs show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import shapely
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QTransform

from kawasolar.document.views import keepouts_of, mark_of
from kawasolar.stages.chain import BY_NAME, expected
from kawasolar.stages.state import changed_parts
from kawasolar.stages.work import Work
from ui.map.scene import Shapes
from ui.map.sketch import paint_handle
from ui.map.style import keepout_brush, keepout_pens, veil

if TYPE_CHECKING:
    import pandas as pd
    from PySide6.QtGui import QPainterPath

    from kawasolar.document.views import Mark
    from kawasolar.plan import Plan
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens

# They are drawn and can be clicked from this scale on [m per pixel]; a whole quarter would be a rash of them.
SHOWN_FROM = 1.2


@dataclass(frozen=True)
class Keepout:
    """One keep-out: ``area_m2`` is what of it lies on its building; ``computed``: the results know of it."""

    key: str
    building_id: str
    facility_id: str
    facility: str
    area_m2: float
    mark: Mark
    shape: shapely.Polygon
    computed: bool

    @property
    def when(self) -> str:
        """When it was drawn, in this computer's time; empty where that cannot be read."""
        try:
            return datetime.fromisoformat(self.mark.when).astimezone().strftime("%Y-%m-%d %H:%M")
        except ValueError:
            return ""


def stale_buildings(plan: Plan) -> set[str]:
    """Buildings whose roofs must be computed anew for what was drawn on them or joined to them; all where the survey must be."""
    work = Work.of(plan, plan.profile)
    stamp, wanted = work.stamps.get("survey"), expected(BY_NAME["survey"], work)
    if stamp is None or stamp.base != wanted.base:
        return set(wanted.parts)
    return changed_parts(stamp, wanted) & set(wanted.parts)


def yield_is_stale(plan: Plan, facility_id: str) -> bool:
    """Whether the year of a facility must be computed anew for its buildings or their roofs."""
    work = Work.of(plan, plan.profile)
    for stage in ("layout", "yield"):
        stamp, wanted = work.stamps.get(stage), expected(BY_NAME[stage], work)
        if stamp is None or stamp.base != wanted.base:
            return True
        if stamp.parts.get(facility_id) != wanted.parts.get(facility_id):
            return True
    return False


def drawn_on(plan: Plan) -> list[Keepout]:
    """All keep-outs of a plan, in the order in which they were drawn."""
    table = plan.entries.table("keepouts")
    if not table:
        return []
    frame = keepouts_of(plan.entries, plan.crs)
    stale = stale_buildings(plan)
    links = plan.results.links.dropna(subset=["building_id"]).drop_duplicates("building_id")
    owner = dict(zip(links["building_id"].astype(str), links["facility_id"].astype(str), strict=True))
    names = dict(zip(plan.facilities["facility_id"].astype(str), plan.facilities["name"], strict=True))
    areas = _areas(plan, frame["building_id"], np.asarray(frame.geometry.array))
    found = []
    for key, building, shape, area in zip(frame["key"], frame["building_id"], frame.geometry, areas, strict=True):
        facility = owner.get(building, "")
        name = names.get(facility)
        words = name if isinstance(name, str) else building
        # A building that belongs to nobody now is not computed either.
        computed = building in owner and building not in stale
        found.append(Keepout(key, building, facility, words, float(area), mark_of(table[key]), shape, computed))
    return sorted(found, key=lambda each: (len(each.key), each.key))


def _areas(plan: Plan, ids: pd.Series, shapes: np.ndarray) -> np.ndarray:
    """What of each shape lies on its building [m²]; all of it where the building is not known."""
    buildings = plan.results.buildings
    mine = buildings[buildings["building_id"].isin(ids.unique())].drop_duplicates("building_id")
    outlines = np.asarray(mine.set_index("building_id").geometry.reindex(ids).array)
    known = ~shapely.is_missing(outlines)
    areas = shapely.area(shapes)
    areas[known] = shapely.area(shapely.intersection(shapes[known], outlines[known]))
    return areas


class KeepoutLayer:
    """The keep-outs on the map: hatched, dashed as long as the results do not know of them; one may be selected."""

    def __init__(self) -> None:
        self.rows: list[Keepout] = []
        self.shapes: Shapes | None = None
        self.selected: str | None = None
        # One that is being changed is drawn by whoever changes it.
        self.hidden: str | None = None
        self._origin = (0.0, 0.0)
        self._paths: dict[bool, QPainterPath] = {}

    def show(self, rows: list[Keepout], origin: tuple[float, float]) -> None:
        """Show these; the selection stays as long as its keep-out does."""
        self.rows, self._origin = rows, origin
        self.shapes = Shapes(np.array([row.shape for row in rows], dtype=object), origin) if rows else None
        if self.row(self.selected) is None:
            self.selected = None
        self._make_paths()

    def hide(self, key: str | None) -> None:
        """Leave one out, or none."""
        self.hidden = key
        self._make_paths()

    def _make_paths(self) -> None:
        self._paths = {}
        for computed in (True, False):
            which = [k for k, row in enumerate(self.rows) if row.computed == computed and row.key != self.hidden]
            if self.shapes is not None and which:
                self._paths[computed] = self.shapes.path(np.array(which, dtype=np.int64))

    def row(self, key: str | None) -> Keepout | None:
        """One of them by its key."""
        return next((row for row in self.rows if row.key == key), None)

    def at(self, x: float, y: float, scale: float) -> Keepout | None:
        """The keep-out below a point, the smallest of several."""
        if self.shapes is None or scale > SHOWN_FROM:
            return None
        near = self.shapes.within((x, y, x, y))
        hit = near[shapely.intersects_xy(self.shapes.geometries[near], x, y)]
        return self.rows[int(hit[np.argmin(self.shapes.area[hit])])] if len(hit) else None

    def paint(self, painter: QPainter, view: Viewport, tokens: Tokens) -> None:
        """Draw them, in logical pixels."""
        if self.shapes is None or view.scale > SHOWN_FROM or not len(self.shapes.within(view.bounds)):
            return
        x, y = view.to_screen(*self._origin)
        to_screen = QTransform(1.0 / view.scale, 0.0, 0.0, -1.0 / view.scale, x, y)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        # The hatching moves with the ground.
        painter.setBrushOrigin(QPointF(x % 8.0, y % 8.0))
        for computed, path in self._paths.items():
            self._paint(painter, to_screen.map(path), tokens, computed=computed)
        painter.setBrushOrigin(QPointF())
        row = self.row(self.selected)
        if row is not None and row.key != self.hidden:
            self._paint_selected(painter, view, row, tokens)

    @staticmethod
    def _paint(painter: QPainter, path: QPainterPath, tokens: Tokens, *, computed: bool) -> None:
        painter.fillPath(path, veil(tokens.panel, 120))
        painter.fillPath(path, keepout_brush(tokens, computed=computed))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in keepout_pens(tokens, computed=computed):
            painter.setPen(pen)
            painter.drawPath(path)

    def _paint_selected(self, painter: QPainter, view: Viewport, row: Keepout, tokens: Tokens) -> None:
        from ui.map.sketch import paint_outline, path_of

        color = QColor(tokens.selection)
        paint_outline(painter, path_of(row.shape, view), tokens, color, 2.5, fill=30, dashed=not row.computed)
        for x, y in shapely.get_coordinates(shapely.get_exterior_ring(row.shape))[:-1]:
            paint_handle(painter, QPointF(*view.to_screen(x, y)), tokens, color)
