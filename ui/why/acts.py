"""What the pane offers where a value comes from: change it, correct it, look at it on the map, open its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from ui.assumptions.fields import bring_into_view

if TYPE_CHECKING:
    from ui.why.desk import WhyDesk
    from ui.why.lines import Action
    from ui.window import MainWindow


class Acts:
    """Does it in the window."""

    def __init__(self, window: MainWindow, desk: WhyDesk) -> None:
        self._window, self._desk = window, desk

    def do(self, action: Action) -> None:
        """Do what a row offers."""
        calls: dict[str, Callable[..., None]] = {
            "value": self._change_value, "criterion": self._change_criterion, "ledger": self._correct, "setting": self._change_setting,
            "keepout": self._show_keepout, "building": self._show_building, "facility": self._show_facility, "folder": self._open_folder,
        }  # fmt: skip
        calls[action.code](*action.target)

    def _change_value(self, key: str) -> None:
        panel = self._window.assumptions

        def edit() -> None:
            panel.show_key(key)
            if key in panel.lines:
                panel.lines[key].open_editor()

        self._window.show_step("assumptions")
        # The panel fills itself when it is shown, and what it holds takes the keyboard when it is laid out.
        QTimer.singleShot(0, panel, edit)

    def _change_criterion(self, key: str) -> None:
        self._window.show_step("half")
        found = self._window.half.rows.get(key)
        if found is not None:
            bring_into_view(found)
            QTimer.singleShot(
                0, found, (found.spin if found.spin is not None and found.spin.isEnabled() else found.check).setFocus
            )

    def _change_setting(self, kind: str) -> None:
        half = self._window.half
        self._window.show_step("half")
        asked = half.objective if kind == "objective" else half.spin
        bring_into_view(asked)
        QTimer.singleShot(0, asked, asked.setFocus)

    def _correct(self, facility: str, column: str) -> None:
        self._desk.close()
        self._window.document.select(facility)
        self._window.inspector.correct(column)

    def _open_folder(self, folder: str) -> None:
        self._window.open_folder(Path(folder))

    def _show_keepout(self, key: str) -> None:
        tools = self._window.tools
        if tools is not None:
            self._desk.lead(lambda: tools.zoom_to_keepout(key))

    def _show_facility(self, facility: str) -> None:
        def lead() -> None:
            self._window.go_to(facility)
            if self._window.map is not None:
                self._window.map.zoom_to(facility)

        self._desk.lead(lead)

    def _show_building(self, facility: str, building: str) -> None:
        view, plan = self._window.map, self._window.document.plan
        if view is None or plan is None:
            return
        buildings = plan.results.buildings
        mine = buildings.loc[buildings["building_id"] == building, "geometry"]
        if not len(mine):
            self._show_facility(facility)
            return
        west, south, east, north = mine.total_bounds.tolist()

        def lead() -> None:
            self._window.document.select(facility)
            view.fill_with((west, south, east, north), 0.4)

        self._desk.lead(lead)
