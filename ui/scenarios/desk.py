"""All that the window has to do with scenarios, in one place: it is made once, its parts with every language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from ui.scenarios.commands import ScenarioCommands
from ui.scenarios.comparing import Comparing
from ui.scenarios.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

    from ui.jobs import Job
    from ui.map import MapView
    from ui.scenarios.chooser import ScenarioChooser
    from ui.scenarios.lower import Lower
    from ui.scenarios.view import ComparisonView
    from ui.steps.scenarios import ScenariosPanel
    from ui.table import FacilityTable
    from ui.window import MainWindow

_FILTERS = {"xlsx": "Excel (*.xlsx)", "csv": "CSV (*.csv)"}


class ScenarioDesk(QObject):
    """Standing, comparison and commands, which stay; panel, comparison and lower dock, which are built anew."""

    panel: ScenariosPanel
    comparison: ComparisonView
    lower: Lower

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.standing = Standing(window.document, self)
        self.comparing = Comparing(window.document, self.standing, self)
        self.commands = ScenarioCommands(window, self.standing)
        self._map: MapView | None = None
        self._built = False
        self.comparing.shown_changed.connect(self._show_on_map)
        self.comparing.changed.connect(self._show_on_map)

    # ---------------------------------------------------------------- parts

    def bind(self, chooser: ScenarioChooser, commands: Sequence[QAction]) -> None:
        """The chooser of the top bar."""
        chooser.bind(self._window.document, self.standing, commands)
        chooser.chosen.connect(self._window.document.use_scenario)

    def build(self, table: FacilityTable) -> None:
        """The panel, and the comparison beside the table of facilities."""
        from ui.scenarios.lower import Lower
        from ui.scenarios.view import ComparisonView
        from ui.steps.scenarios import ScenariosPanel

        window, look = self._window, self._window.look
        was_comparing = self._built and self.lower.is_comparing
        self.panel = ScenariosPanel(look, window.document, self.standing, self.comparing, self.commands)
        self.comparison = ComparisonView(look, window.document, self.comparing)
        self.lower = Lower(look, table, self.comparison, self.comparing)
        self.panel.comparison_asked.connect(self.show_comparison)
        self.comparison.zoom_asked.connect(window.go_to)
        self.comparison.export_asked.connect(self.export)
        self.lower.compared.connect(self.comparing.set_in_view)
        self._built = True
        self.lower.show_comparison(compared=was_comparing)

    def bind_map(self, view: MapView) -> None:
        """The map that shows the differences."""
        self._map = view
        view.differences_left.connect(lambda: self.comparing.set_on_map(False))
        self._show_on_map()

    # ---------------------------------------------------------------- showing

    def compare(self) -> None:
        """Begin a comparison, or bring the one that there is into view."""
        self._window.show_step("scenarios")
        if len(self.standing.names()) > 1:
            self.comparing.begin()
            self.show_comparison()

    def show_comparison(self) -> None:
        """Bring the comparison into view."""
        self._window.docks["table"].show()
        self.lower.show_comparison(compared=True)

    def _show_on_map(self) -> None:
        if self._map is None:
            return
        found = self.comparing.found
        if self.comparing.shown and found is not None:
            from ui.scenarios.rows import differences_of

            self._map.set_differences(differences_of(found))
        else:
            self._map.set_differences(None)

    # ---------------------------------------------------------------- writing it down

    def export(self, kind: str) -> None:
        """Choose a place and write the comparison."""
        window, found = self._window, self.comparing.found
        if found is None:
            return
        folder = window.document.path.parent if window.document.path is not None else Path(window.remembered.folder)
        start = folder / f"{window.look.say('ui.compare.file', name=found.name)}.{kind}"
        name, _ = QFileDialog.getSaveFileName(
            window, window.look.say(f"ui.compare.export.{kind}"), str(start), _FILTERS[kind]
        )
        if name:
            self.export_to(kind, Path(name).with_suffix(f".{kind}"))

    def export_to(self, kind: str, path: Path) -> Job | None:
        """Write the comparison off the window's thread."""
        window, found, language = self._window, self.comparing.found, self._window.look.language
        if found is None:
            return None

        def write(_progress: object) -> Path:
            from kawasolar.export.comparison import write_comparison_csv, write_comparison_xlsx

            (write_comparison_xlsx if kind == "xlsx" else write_comparison_csv)(found, path, language)
            return path

        job = window.jobs.start(write, f"export.comparison.{kind}")
        window.status.job.setText(window.look.say("ui.status.exporting", file=path.name))
        job.done.connect(lambda written: self._on_written(cast("Path", written)))
        job.failed.connect(window.controller.fail)
        job.ended.connect(lambda: window.status.job.setText(""))
        return job

    def _on_written(self, path: Path) -> None:
        window, say = self._window, self._window.look.say
        window.controller.tell(
            say("ui.compare.written", file=str(path)),
            say("ui.output.open_folder"),
            lambda: window.open_folder(path.parent),
        )
