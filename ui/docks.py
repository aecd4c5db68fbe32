"""The three docks around the map: built, laid out as on the first day, and laid out as they were left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QStackedWidget, QWidget

from ui.frame import STEPS
from ui.parts import DockTitle, scrolled

if TYPE_CHECKING:
    from ui.scenarios.lower import LowerTitle
    from ui.window import MainWindow

AREAS = {
    "steps": Qt.DockWidgetArea.LeftDockWidgetArea,
    "inspector": Qt.DockWidgetArea.RightDockWidgetArea,
    "table": Qt.DockWidgetArea.BottomDockWidgetArea,
}
LEAST = {"steps": QSize(320, 200), "inspector": QSize(316, 200), "table": QSize(300, 120)}
# Windows from this width on give the side panels more room.
WIDE = 1600


def build(
    window: MainWindow, bodies: dict[str, QWidget], titles: Mapping[str, DockTitle | LowerTitle]
) -> dict[str, QDockWidget]:
    """Put the bodies into docks of the window, each below its title."""
    docks = {}
    for name, area in AREAS.items():
        dock = QDockWidget(window.look.say(f"ui.dock.{name}"), window)
        dock.setObjectName(f"{name}Dock")
        dock.setTitleBarWidget(titles[name])
        bodies[name].setMinimumSize(LEAST[name])
        dock.setWidget(bodies[name])
        titles[name].float_button.clicked.connect(lambda _=False, dock=dock: dock.setFloating(not dock.isFloating()))
        titles[name].hide_button.clicked.connect(dock.hide)
        window.addDockWidget(area, dock)
        docks[name] = dock
    return docks


def step_pages(window: MainWindow, panels: list[QWidget]) -> QStackedWidget:
    """The panels of the steps, one of them seen at a time."""
    pages = QStackedWidget()
    pages.setObjectName("dockBody")
    pages.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    for (name, _icon), panel in zip(STEPS, panels, strict=True):
        pages.addWidget(scrolled(panel, window.look.say(f"ui.step.{name}")))
    return pages


def reset(window: MainWindow) -> None:
    """All docks where they were on the first day."""
    for name, dock in window.docks.items():
        dock.setFloating(False)
        window.addDockWidget(AREAS[name], dock)
        dock.show()
    default_sizes(window)


def default_sizes(window: MainWindow) -> None:
    """Side panels wide enough for their words, the map as large as it can be."""
    if not window.docks:
        return
    wide, docks = window.width() >= WIDE, window.docks
    window.resizeDocks(
        [docks["steps"], docks["inspector"]], [344 if wide else 332, 400 if wide else 336], Qt.Orientation.Horizontal
    )
    window.resizeDocks([docks["table"]], [max(180, int(window.height() * 0.28))], Qt.Orientation.Vertical)


def restore(window: MainWindow) -> None:
    """The docks as they were left; as on the first day where nothing is remembered."""
    state: QByteArray = window.remembered.bytes_of("docks")
    for dock in window.docks.values():
        dock.show()
    if state.isEmpty() or not window.restoreState(state):
        default_sizes(window)
        QTimer.singleShot(0, lambda: default_sizes(window))
