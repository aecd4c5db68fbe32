"""Half hours of meters for the plan: choose files, look at what they tell, say whose they are, take them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QTableView,
    QWidget,
)

from gis.progress import part
from ui.file_list import FileList
from ui.findings_list import FindingsList
from ui.jobs import Job, Jobs
from ui.look import Look
from ui.meter_table import FACILITY, WIDTHS, MeterModel, OwnerDelegate, Point
from ui.older_meters import OlderMeters
from ui.parts import button, column, label, progress_bar, row, set_role
from ui.settings import Remembered
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.meters import MeterSeries
    from kawasolar.plan import InputFile
    from ui.document import Document

_PATTERN = "*.csv *.txt *.xlsx *.parquet"
_TOPIC = "meters"
Found = tuple[tuple["MeterSeries", ...], tuple["Finding", ...], tuple[str, ...], list[Point]]


def read_points(paths: Sequence[Path], progress: Progress) -> Found:
    """Read the files, and work out what each supply point tells."""
    from kawasolar.meters import load_of, read_all

    series, findings, sources = read_all(paths, part(progress, 0.0, 0.8))
    points = []
    for k, one in enumerate(series):
        progress(0.8 + 0.2 * k / len(series), "meters")
        points.append(Point(one.supply_point or one.name, one.supply_point, one.name, load_of([one])))
    return series, findings, sources, points


def _free(folder: Path, name: str) -> Path:
    """A place where nothing lies: what the plan has stays, for whoever undoes the step."""
    plain = Path(name)
    places = (folder / f"{plain.stem}{f' {k}' if k > 1 else ''}{plain.suffix}" for k in range(1, 1000))
    return next((place for place in places if not place.exists()), folder / name)


def _before(kept: Path | None, path: Path) -> tuple[str, ...]:
    """Names of the files that one in ``path`` follows: the plan's present one, and those that it followed."""
    from kawasolar.errors import UnreadableMeters
    from kawasolar.meters import open_store

    if kept is None or kept.absolute().parent != path.absolute().parent:
        return ()
    try:
        known = open_store(kept).before or ()
    except UnreadableMeters:
        known = ()
    return tuple(name for name in dict.fromkeys((kept.name, *known)) if name != path.name)


class MetersDialog(WorkingDialog):
    """Meters of the open plan."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, document: Document, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        plan, entries = document.plan, document.entries
        if plan is None or entries is None:
            raise ValueError("no plan is open")
        self._look, self._jobs, self._remembered, self._document = look, jobs, remembered, document
        self._facilities = plan.facilities
        # With what is chosen here and not yet taken.
        self._entries = entries
        self._series: tuple[MeterSeries, ...] = ()
        self._sources: tuple[str, ...] = ()
        self._job: Job | None = None
        # Something was read that the plan has not.
        self._newer = False
        self._kept = next((Path(file.path) for file in plan.inputs if file.role == "meters"), None)
        say = look.say
        self.setWindowTitle(say("ui.meters.title"))
        layout = column(self, margin=20, spacing=12)
        layout.addWidget(label(say("ui.meters.title"), "title"))
        layout.addWidget(label(say("ui.meters.intro"), "muted", wrap=True))
        self.files = FileList(look, "ui.meters.files", _PATTERN, remembered)
        self.files.changed.connect(self._on_files)
        layout.addWidget(self.files)
        self.model = MeterModel(look, plan.facilities)
        self.model.owner_chosen.connect(self._on_owner)
        layout.addWidget(self._table(), 3)
        self.note = label("", "muted", wrap=True)
        layout.addWidget(self.note)
        self.findings = FindingsList(look, say("ui.surface.findings"), 90)
        self.findings.hide()
        layout.addWidget(self.findings, 1)
        layout.addLayout(self._target(document))
        self.older = OlderMeters(look, jobs, document, self)
        layout.addWidget(self.older)
        layout.addLayout(self._foot())
        self.older.told.connect(self.state.setText)
        self.resize(1080, 720)
        self._refresh()
        if self._kept is not None:
            self._read([self._kept])
            self.older.look(self._kept)

    def _table(self) -> QTableView:
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(FACILITY, OwnerDelegate(self._look, self.model, self.table))
        self.table.setAccessibleName(self._look.say("ui.meters.title"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for k, width in enumerate(WIDTHS.values()):
            self.table.setColumnWidth(k, width)
        self.table.setMinimumHeight(160)
        return self.table

    def _target(self, document: Document) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        place = document.path.parent if document.path is not None else Path(self._remembered.folder or Path.home())
        stem = document.path.stem if document.path is not None else say("ui.meters.file")
        usual = _free(place if self._kept is None else self._kept.parent, say("ui.meters.file_name", name=stem))
        self.target = QLineEdit(str(usual))
        self.target.setAccessibleName(say("ui.meters.target"))
        self.target.textChanged.connect(lambda _t: self._refresh())
        name = label(say("ui.meters.target"))
        name.setBuddy(self.target)
        self.ask = button(say("ui.new.choose"))
        self.ask.setAutoDefault(False)
        self.ask.setAccessibleName(say("ui.new.choose_role", role=say("ui.meters.target")))
        self.ask.clicked.connect(self._ask_target)
        line.addWidget(name)
        line.addWidget(self.target, 1)
        line.addWidget(self.ask)
        return line

    def _foot(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        words = QWidget()
        texts = column(words, margin=0, spacing=4)
        self.state = label("", "muted", wrap=True)
        self.progress = progress_bar(self._look)
        self.progress.hide()
        texts.addWidget(self.state)
        texts.addWidget(self.progress)
        self.save_csv = button(say("ui.meters.csv"))
        self.save_csv.clicked.connect(self._ask_csv)
        self.from_list = button(say("ui.meters.from_list"), tip=say("ui.meters.from_list.tip"))
        self.from_list.clicked.connect(self._ask_list)
        self.close_button = button(say("ui.new.cancel"))
        self.close_button.clicked.connect(self._stop_or_close)
        self.take = button(say("ui.meters.take"), "primary")
        self.take.clicked.connect(self._take)
        line.addWidget(words, 1)
        for widget in (self.from_list, self.save_csv, self.close_button, self.take):
            widget.setAutoDefault(False)
            line.addWidget(widget)
        return line

    # ---------------------------------------------------------------- reading

    def _on_files(self) -> None:
        """What the plan has stays; further files are joined to it."""
        kept = [self._kept] if self._kept is not None else []
        paths = [*kept, *(path for path in self.files.paths if path != self._kept)]
        self._newer = bool(self.files.paths)
        if paths:
            self._read(paths)
        else:
            self._show((), (), (), [])

    def _read(self, paths: Sequence[Path]) -> None:
        self._start(self._jobs.start(lambda progress: read_points(paths, progress), _TOPIC), self._on_read)

    def _start(self, job: Job, done: object) -> None:
        self._job = job
        job.progressed.connect(lambda share, _what: self.progress.setValue(round(1000 * share)))
        job.done.connect(done)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(lambda: self._ended("ui.surface.stopped"))
        self.progress.setValue(0)
        self._refresh()

    def _on_read(self, found: object) -> None:
        self._job = None
        self._show(*cast("Found", found))

    def _show(
        self, series: tuple[MeterSeries, ...], findings: tuple[Finding, ...], sources: tuple[str, ...], points: list[Point]
    ) -> None:  # fmt: skip
        self._series, self._sources = series, sources
        self.findings.show_findings(findings)
        self.model.show_points(points, self._owners(points))
        self._refresh()

    def _owners(self, points: Sequence[Point]) -> pd.DataFrame:
        import pandas as pd

        from kawasolar.meters import owners_of

        frame = pd.DataFrame({"key": [point.key for point in points], "name": [point.name for point in points]}, dtype=object)  # fmt: skip
        return owners_of(frame, self._facilities, self._entries)

    def _on_owner(self, key: str, facility_id: str) -> None:
        self._own({key: facility_id})

    def _own(self, owners: Mapping[str, str]) -> None:
        from kawasolar.document.edits import own_meters
        from kawasolar.document.entries import apply

        self._entries = apply(self._entries, own_meters(self._entries, owners, self._document.author()))
        self.model.show_owners(self._owners(self.model.points))
        self._refresh()

    def _ask_list(self) -> None:
        """A list of the contracts that says whose supply points are whose."""
        words = self._look.say("ui.meters.list")
        name, _ = QFileDialog.getOpenFileName(
            self, words, self._remembered.folder, f"{words} (*.csv *.xlsx *.txt);;(*)"
        )
        if name:
            self.take_list(Path(name))

    def take_list(self, path: Path) -> None:
        """Read such a list; what it says of supply points that are here holds until somebody says otherwise."""
        from kawasolar.document.views import aliases_of
        from kawasolar.registers import supply_points_of

        facilities, forms, entries = self._facilities, self._remembered.ledger_forms, self._document.entries
        said = None if entries is None else aliases_of(entries)
        job = self._jobs.start(lambda _progress: supply_points_of(path, facilities, said, forms), _TOPIC)

        def take(found: object) -> None:
            points, findings = cast("tuple[dict[str, str], list[Finding]]", found)
            self._job = None
            here = {point.key for point in self.model.points}
            self._own({key: facility for key, facility in points.items() if key in here})
            self.findings.show_findings(findings)
            self._refresh()

        self._start(job, take)

    def _on_failed(self, error: object) -> None:
        if not self.files.paths:
            # The plan's own file, gone or damaged: files that are chosen now take its place.
            self._kept = None
        super()._on_failed(error)

    # ---------------------------------------------------------------- what is seen

    @property
    def is_changed(self) -> bool:
        """Something was read, or given to a facility, that the plan has not."""
        return self._newer or self._entries is not self._document.entries

    def _refresh(self) -> None:
        say, busy, count = self._look.say, self._job is not None, len(self.model.points)
        self.progress.setVisible(busy)
        self.files.setEnabled(not busy)
        self.table.setEnabled(not busy)
        lacking = self.model.lacking
        partly = any(point.load is not None and not point.load.whole_year for point in self.model.points)
        notes = [say("ui.meters.count", points=f"{count:,}", known=f"{count - lacking:,}")] if count else []
        notes += [say("ui.meters.lacking", number=f"{lacking:,}")] if lacking else []
        notes += [say("ui.meters.not_a_year")] if partly else []
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))
        for widget in (self.save_csv, self.from_list):
            widget.setEnabled(bool(count) and not busy)
        self.take.setEnabled(bool(count) and not busy and self.is_changed and bool(self.target.text().strip()))
        self.close_button.setText(say("ui.top.cancel" if busy else "ui.new.cancel"))
        set_role(self.state, "muted")
        there = self._newer and Path(self.target.text().strip()).is_file()
        self.state.setText(
            say("stage.meters") if busy else say("ui.new.replaces", file=Path(self.target.text()).name) if there else ""
        )

    def _ask_target(self) -> None:
        words = self._look.say("ui.meters.target")
        name, _ = QFileDialog.getSaveFileName(self, words, self.target.text(), f"{words} (*.parquet)")
        if name:
            self.target.setText(name if name.lower().endswith(".parquet") else f"{name}.parquet")

    def _ask_csv(self) -> None:
        from kawasolar.meters import write_tidy

        words = self._look.say("ui.meters.csv")
        name, _ = QFileDialog.getSaveFileName(
            self, words, str(Path(self.target.text()).with_suffix(".csv")), "CSV (*.csv)"
        )
        if name:
            series, path = self._series, Path(name)
            job = self._jobs.start(lambda _progress: write_tidy(series, path), _TOPIC)
            self._start(job, lambda _none: self._ended(""))

    # ---------------------------------------------------------------- taking

    def _take(self) -> None:
        """Keep the half hours in one file, and make it the plan's; one step to undo."""
        if not self._newer:
            self._enter(())
            return
        series, sources, path = self._series, self._sources, Path(self.target.text().strip()).expanduser()
        kept = self._kept

        def keep(_progress: Progress) -> object:
            from kawasolar.meters import write_store
            from kawasolar.plan import InputFile
            from kawasolar.stages import observed

            write_store(series, path, sources, _before(kept, path))
            return observed([InputFile("meters", str(path.resolve()), 0, "")])

        self._start(self._jobs.start(keep, _TOPIC), lambda files: self._enter(cast("tuple[InputFile, ...]", files)))

    def _enter(self, files: Sequence[InputFile]) -> None:
        from kawasolar.document.edits import edit_of, exchange_files
        from kawasolar.document.entries import apply, followed_by

        self._job = None
        document = self._document
        entries, plan = document.entries, document.plan
        if entries is None or plan is None:
            self.reject()
            return
        edit = exchange_files(entries, plan.inputs, files, document.author())
        mine, theirs = self._entries.table("meters"), entries.table("meters")
        owned = {("meters", key): mine.get(key) for key in {*mine, *theirs}}
        document.do(followed_by(edit, edit_of(apply(entries, edit), "ui.undo.inputs", owned)))
        self.accept()
