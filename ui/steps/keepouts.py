"""The list of drawn keep-outs in the panel of the roofs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from ui.document import Document
from ui.look import Look
from ui.parts import Elided, button, clear, column, label, row, tool

if TYPE_CHECKING:
    from ui.map.keepouts import Keepout

# More rows than a person reads; the map has them all.
_MOST = 60


class KeepoutList(QWidget):
    """Facility, size and reason of each keep-out, with what can be done about it.

    Signals
    -------
    draw_asked : draw another
    zoom_asked, remove_asked : key of a keep-out
    """

    draw_asked = Signal()
    zoom_asked = Signal(str)
    remove_asked = Signal(str)

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        layout = column(self, margin=0)
        head = row(8)
        self._head = label("", "head")
        head.addWidget(self._head, 1)
        self.draw = button(look.say("ui.keepouts.draw"))
        self.draw.setIcon(look.icon("vector-polygon"))
        self.draw.setToolTip(look.say("map.button.draw"))
        self.draw.clicked.connect(self.draw_asked)
        head.addWidget(self.draw)
        layout.addLayout(head)
        self._about = label("", "muted", wrap=True)
        layout.addWidget(self._about)
        self.stale = label("", "attention", wrap=True)
        layout.addWidget(self.stale)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 1)
        layout.addLayout(self._grid)
        self.rows: list[Keepout] = []
        document.entries_changed.connect(lambda tables: self.refresh() if {"keepouts", "joins"} & tables else None)
        document.states_changed.connect(self.refresh)
        document.plan_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the keep-outs as they are now."""
        from ui.map.keepouts import drawn_on, stale_buildings

        plan, say = self._document.plan, self._look.say
        rows = drawn_on(plan) if plan is not None else []
        stale = len(stale_buildings(plan)) if plan is not None else 0
        self.stale.setText(say("ui.tool.stale", count=stale))
        self.stale.setVisible(stale > 0)
        if rows == self.rows and self._head.text():
            return
        self.rows = rows
        self._head.setText(say("ui.keepouts.head_count", count=len(rows)) if rows else say("ui.keepouts.head"))
        total = say(
            "ui.keepouts.total",
            area=sum(each.area_m2 for each in rows),
            buildings=len({each.building_id for each in rows}),
        )
        self._about.setText(total if rows else say("ui.keepouts.none"))
        clear(self._grid)
        for line, each in enumerate(rows[:_MOST]):
            self._add(2 * line, each)
        if len(rows) > _MOST:
            more = label(say("ui.keepouts.more", number=len(rows) - _MOST), "muted")
            self._grid.addWidget(more, 2 * _MOST, 0, 1, 4)

    def _add(self, line: int, each: Keepout) -> None:
        say = self._look.say
        name = Elided(each.facility)
        area = label(say("ui.keepouts.area", area=each.area_m2))
        about = [each.mark.why or say("ui.keepouts.no_reason"), each.mark.who, each.when]
        why = Elided(say("ui.list.dot").join(part for part in about if part), "muted", Qt.TextElideMode.ElideRight)
        if not each.computed:
            area.setProperty("role", "attention")
            area.setToolTip(say("map.keepout.waiting"))
        zoom = tool(self._look, "image-filter-center-focus", say("ui.keepouts.zoom"), role="muted", size=16)
        zoom.clicked.connect(lambda _on=False, key=each.key: self.zoom_asked.emit(key))
        remove = tool(self._look, "delete-outline", say("ui.keepouts.remove"), role="muted", size=16)
        remove.clicked.connect(lambda _on=False, key=each.key: self.remove_asked.emit(key))
        self._grid.addWidget(name, line, 0)
        self._grid.addWidget(area, line, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(zoom, line, 2, 2, 1)
        self._grid.addWidget(remove, line, 3, 2, 1)
        why.setContentsMargins(0, 0, 0, 8)
        self._grid.addWidget(why, line + 1, 0, 1, 2)
