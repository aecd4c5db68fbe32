"""A surface and outlines from a city model, for who has no DSM: choose files, make, and go on with a new plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QWidget,
)

from ui.file_list import FileList
from ui.findings_list import FindingsList
from ui.jobs import Job, Jobs
from ui.look import Look
from ui.parts import button, column, label, progress_bar, row, scrolled, set_role
from ui.settings import Remembered
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from kawasolar.profile import Profile
    from kawasolar.surface import SurfaceInputs, SurfaceMade

FILTERS = {
    "models": "*.gml *.zip *.xml *.gpkg *.shp *.geojson",
    "ground": "*.gml *.xml *.zip *.tif *.tiff *.asc",
    "measured": "*.las *.laz *.tif *.tiff *.asc",
}
_CELLS = (0.25, 0.5, 1.0, 2.0)
_TOPIC = "surface"


class SurfaceDialog(WorkingDialog):
    """Make a surface; ``made`` holds it once it is there, and the dialog is accepted when a plan is to take it."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, parent: QWidget | None = None, profile: Profile | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        from kawasolar.profile import load_profile

        self._look, self._jobs, self._remembered = look, jobs, remembered
        # The values that are asked beside the files: those of the plan that is open, or the bundled ones.
        self._profile = profile or load_profile()
        self._job: Job | None = None
        self.made: SurfaceMade | None = None
        say = look.say
        self.setWindowTitle(say("ui.surface.title"))
        layout = column(self, margin=20, spacing=12)
        layout.addWidget(label(say("ui.surface.title"), "title"))
        layout.addWidget(label(say("ui.surface.intro"), "muted", wrap=True))
        box = QWidget()
        lists = column(box, margin=0, spacing=8)
        self.lists = {
            kind: FileList(look, f"ui.surface.{kind}", pattern, remembered, folders=True)
            for kind, pattern in FILTERS.items()
        }
        for chosen in self.lists.values():
            chosen.changed.connect(self._changed)
            lists.addWidget(chosen)
        self.outcome = QWidget()
        self._results = column(self.outcome, margin=0, spacing=4)
        self.counts = label("", wrap=True)
        self.lacking = label("", "attention", wrap=True)
        self.findings = FindingsList(look, say("ui.surface.findings"), 110)
        self._results.addWidget(label(say("ui.surface.result"), "head"))
        self._results.addWidget(self.counts)
        self._results.addWidget(self.lacking)
        self._results.addWidget(self.findings)
        self.outcome.hide()
        lists.addWidget(self.outcome)
        lists.addStretch(1)
        layout.addWidget(scrolled(box, say("ui.surface.title")), 1)
        layout.addLayout(self._target())
        layout.addLayout(self._foot())
        self.resize(680, 660)
        self._changed()

    def _target(self) -> QGridLayout:
        say, grid = self._look.say, QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        self.folder = QLineEdit(self._remembered.folder or str(Path.home()))
        self.folder.textChanged.connect(lambda _t: self._refresh())
        ask = button(say("ui.new.choose"))
        ask.setAccessibleName(say("ui.new.choose_role", role=say("ui.surface.folder")))
        ask.setAutoDefault(False)
        ask.clicked.connect(self._ask_folder)
        self.cell = QComboBox()
        usual = self._profile.number("surface.cell")
        for size in sorted({*_CELLS, usual}):
            self.cell.addItem(f"{size:g} m", size)
        self.cell.setCurrentIndex(self.cell.findData(usual))
        self.crs = QLineEdit()
        self.crs.setPlaceholderText(say("ui.surface.crs_auto"))
        fields = (("ui.surface.folder", self.folder), ("ui.surface.cell", self.cell), ("ui.surface.crs", self.crs))
        for line, (code, widget) in enumerate(fields):
            name = label(say(code))
            name.setBuddy(widget)
            widget.setAccessibleName(say(code))
            grid.addWidget(name, line, 0)
            grid.addWidget(widget, line, 1)
        grid.addWidget(ask, 0, 2)
        grid.setColumnStretch(1, 1)
        return grid

    def _foot(self) -> QGridLayout:
        say, grid = self._look.say, QGridLayout()
        self.state = label("", "muted", wrap=True)
        self.progress = progress_bar(self._look)
        self.progress.hide()
        self.close_button = button(say("ui.new.cancel"))
        self.close_button.clicked.connect(self._stop_or_close)
        self.make = button(say("ui.surface.make"), "primary")
        self.make.clicked.connect(self._make)
        self.use = button(say("ui.surface.use"), "primary")
        self.use.clicked.connect(self.accept)
        self.use.hide()
        buttons = row(8)
        for widget in (self.close_button, self.make, self.use):
            widget.setAutoDefault(False)
            buttons.addWidget(widget)
        grid.addWidget(self.state, 0, 0)
        grid.addWidget(self.progress, 1, 0)
        grid.addLayout(buttons, 0, 1, 2, 1)
        grid.setColumnStretch(0, 1)
        return grid

    # ---------------------------------------------------------------- what is chosen

    def inputs(self) -> SurfaceInputs:
        """What was chosen."""
        from kawasolar.surface import SurfaceInputs

        say, text = self._look.say, self.crs.text().strip()
        models, ground, measured = (tuple(self.lists[kind].paths) for kind in FILTERS)
        place = Path(self.folder.text().strip())
        crs = f"EPSG:{text}" if text.isdigit() else text
        return SurfaceInputs(
            models, place / say("ui.surface.file_dsm"), place / say("ui.surface.file_buildings"), ground, measured, crs,
            float(self.cell.currentData()),
        )  # fmt: skip

    @property
    def roof_planes(self) -> Path | None:
        """The model as the plan's roof planes: one file or archive, with roofs that have a shape."""
        models = self.lists["models"].paths
        if self.made is None or not self.made.counts["lod2"] or len(models) != 1 or models[0].is_dir():
            return None
        return models[0]

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self._look.say("ui.surface.folder"), self.folder.text())
        if name:
            self.folder.setText(name)

    def _changed(self) -> None:
        """Other files: what was made is not of them."""
        self.made = None
        self.outcome.hide()
        self._refresh()

    def _refresh(self) -> None:
        say, busy = self._look.say, self._job is not None
        self.progress.setVisible(busy)
        self.use.setVisible(self.made is not None and not busy)
        self.make.setVisible(self.made is None)
        ready = bool(self.lists["models"].paths) and bool(self.folder.text().strip())
        self.make.setEnabled(ready and not busy)
        for chosen in self.lists.values():
            chosen.setEnabled(not busy)
        self.close_button.setText(
            say("ui.top.cancel" if busy else "ui.new.cancel" if self.made is None else "ui.surface.close")
        )
        if busy:
            return
        set_role(self.state, "muted")
        if not ready:
            self.state.setText(say("ui.surface.missing"))
            return
        wanted = self.inputs()
        there = [path.name for path in (wanted.dsm, wanted.buildings) if path.is_file()]
        if self.made is None and there:
            set_role(self.state, "attention")
            self.state.setText(say("ui.new.replaces", file=say("ui.list.comma").join(there)))
        else:
            self.state.setText("" if self.made is None else say("ui.surface.written", folder=str(wanted.dsm.parent)))

    # ---------------------------------------------------------------- making

    def _make(self) -> None:
        from kawasolar.surface import make_surface

        inputs, profile = self.inputs(), self._profile
        self._job = self._jobs.start(lambda progress: make_surface(inputs, profile, progress), _TOPIC, pool="kernel")
        self._job.progressed.connect(self._on_progress)
        self._job.done.connect(self._on_made)
        self._job.failed.connect(self._on_failed)
        self._job.cancelled.connect(lambda: self._ended("ui.surface.stopped"))
        self._refresh()
        self._on_progress(0.0, "read")

    def _on_progress(self, share: float, what: str) -> None:
        self.progress.setValue(round(1000 * share))
        self.state.setText(self._look.say(f"stage.{what}"))

    def _on_made(self, found: object) -> None:
        look, made = self._look, cast("SurfaceMade", found)
        self.made = made
        kinds = [f"{look.say(f'surface.kind.{name}')} {count:,}" for name, count in made.counts.items() if count]
        grid = made.grid
        whole = look.say(
            "surface.made", buildings=f"{len(made.buildings):,}", cols=f"{grid.cols:,}", rows=f"{grid.rows:,}", cell=f"{grid.cell:g}",
            crs=f"EPSG:{grid.crs.to_epsg()}",
        )  # fmt: skip
        self.counts.setText("\n".join((whole, look.say("ui.list.comma").join(kinds))))
        self.lacking.setVisible(made.left_out > 0)
        self.lacking.setText(
            look.say("surface.left_out", count=f"{made.left_out:,}", area=f"{made.lacking_km2:,.2f}")
            if made.left_out
            else ""
        )
        self.findings.show_findings(made.findings)
        self.outcome.show()
        self._job = None
        self._refresh()
        self.use.setFocus()
        QTimer.singleShot(0, lambda: self._see(self.outcome))

    def _see(self, widget: QWidget) -> None:
        from ui.assumptions.fields import bring_into_view

        bring_into_view(widget)
