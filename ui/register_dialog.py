"""The assistant for ledgers of other things than facilities: which column is which, whose each row is, what is wrong; and empty ones to fill in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QStackedWidget, QTableView, QWidget

from kawasolar.errors import NotWritable
from ui.ledger import register_reading as reading
from ui.ledger.assistant import Assistant
from ui.ledger.register_reading import AskedRegister
from ui.parts import Elided, button, chips, column, label, row
from ui.register_table import MOST_ROWS, RegisterModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.ledger.checking import Checked
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.opening import Opened
    from kawasolar.registers.checking import CheckedRegister
    from kawasolar.registers.schema import Kind
    from ui.jobs import Jobs, Work
    from ui.look import Look
    from ui.settings import Remembered

_PATTERN = "*.csv *.xlsx *.xlsm *.txt"
# Pages: columns, rows, and what is seen before there is a file.
_ROWS, _EMPTY = 1, 2
# File, kind of ledger, sheet (empty: the first that fits), columns (None: as the headings say).
Take = Callable[[Path, "Kind", str, "Mapping | None"], None]


class RegisterDialog(Assistant):
    """Looks at ledgers; where ``take`` is given, a button hands over what was chosen, and remembers the columns.

    Parameters
    ----------
    facilities : of the plan that is open
    take : what a plan does with a ledger
    asked : a ledger to begin with, as it was chosen before
    said : what people say of names of facilities in the plan
    known : columns of the plan's ledgers by their kind, tried where a kind is chosen
    """

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, facilities: pd.DataFrame | None, parent: QWidget | None = None, *,
        take: Take | None = None, asked: AskedRegister | None = None, said: dict[str, str] | None = None,
        known: dict[Kind, Mapping] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(look, jobs, remembered, remembered.ledger_forms, "" if asked is None else asked.sheet, parent)
        from kawasolar.registers import KINDS, schema_of

        self._facilities, self._take = facilities, take
        self._said, self._known = said, known or {}
        self._path = None if asked is None else asked.path
        self._before = None if asked is None else asked.mapping
        say = look.say
        self._names = {kind: schema_of(kind).name(look.language) for kind in KINDS}
        self.setAcceptDrops(True)
        self.setWindowTitle(say("ui.register.title"))
        layout = column(self, margin=20, spacing=10)
        layout.addWidget(label(say("ui.register.title"), "title"))
        layout.addWidget(label(say("ui.register.intro"), "muted", wrap=True))
        layout.addLayout(self._choice())
        self.middle = QWidget()
        self.middle.setLayout(self._middle_line())
        layout.addWidget(self.middle)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._make_preview())
        self.pages.addWidget(self._make_rows())
        self.pages.addWidget(self._empty_page())
        layout.addWidget(self.pages, 1)
        layout.addLayout(self._outcome_line(self._make_remember()))
        self.summary = self.outcome
        layout.addWidget(self._make_findings())
        self.findings.itemActivated.connect(lambda _item: self._follow())
        self.findings.itemClicked.connect(lambda _item: self._follow())
        self.findings.hide()
        layout.addLayout(self._foot())
        self.resize(1080, 720)
        if asked is not None:
            self._show_kind(asked.kind)
        if self._path is None:
            self._refresh()
        else:
            self._open()

    # ---------------------------------------------------------------- building

    def _choice(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.file = Elided("", "muted")
        self.choose = button(say("ui.new.choose"))
        self.choose.setAccessibleName(say("ui.new.choose_role", role=say("ui.register.title")))
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._ask_file)
        self.kind = QComboBox()
        self.kind.setAccessibleName(say("ui.register.kind"))
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.kind.addItem(say("ui.register.by_headings"), "")
        for kind, name in self._names.items():
            self.kind.addItem(name, kind)
        self.kind.currentIndexChanged.connect(lambda _k: self._other_kind())
        words = label(say("ui.register.kind"))
        words.setBuddy(self.kind)
        line.addWidget(self.choose)
        line.addWidget(self.file, 1)
        line.addWidget(words)
        line.addWidget(self.kind)
        return line

    def _middle_line(self) -> QHBoxLayout:
        """What is seen, and where it stands in the file."""
        say, line = self._look.say, row(8)
        line.setContentsMargins(0, 0, 0, 0)
        self.views = chips(self, line, [say("ui.ledger.columns"), say("ui.register.rows")])
        self.views.idClicked.connect(self._show_page)
        line.addSpacing(12)
        line.addLayout(self._table_line(), 1)
        return line

    def _make_rows(self) -> QTableView:
        self.model = RegisterModel(self._look)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(self._look.say("ui.register.rows"))
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        return self.table

    def _empty_page(self) -> QWidget:
        """Where no file is: what to do next."""
        say, page = self._look.say, QWidget()
        layout = column(page, margin=40, spacing=12)
        words = label(say("ui.register.empty"), "muted", wrap=True)
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        choose = button(say("ui.new.choose"))
        choose.setAccessibleName(say("ui.new.choose_role", role=say("ui.register.title")))
        choose.setAutoDefault(False)
        choose.clicked.connect(self._ask_file)
        layout.addStretch(1)
        layout.addWidget(words)
        layout.addWidget(choose, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        return page

    def _make_remember(self) -> QWidget:
        say = self._look.say
        self.remember = button(say("ui.register.remember"), tip=say("ui.register.remember_tip"))
        self.remember.setAutoDefault(False)
        self.remember.clicked.connect(self.keep)
        return self.remember

    def _foot(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.state = label("", "muted", wrap=True)
        self.template = QComboBox()
        self.template.setAccessibleName(say("ui.register.template"))
        self.template.addItem(say("ui.register.template"), "")
        for kind, name in self._names.items():
            self.template.addItem(name, kind)
        self.template.activated.connect(self._ask_template)
        self.save_csv = button(say("ui.register.csv"))
        self.save_csv.clicked.connect(self._ask_csv)
        self.close_button = button(say("ui.surface.close"))
        self.close_button.clicked.connect(self.reject)
        self.take_button = button(say("ui.register.take"), "primary")
        self.take_button.clicked.connect(self.hand_over)
        self.take_button.setVisible(self._take is not None)
        line.addWidget(self.state, 1)
        for widget in (self._make_progress(), self.template, self.save_csv, self.close_button, self.take_button):
            line.addWidget(widget)
        for made in (self.save_csv, self.close_button, self.take_button):
            made.setAutoDefault(False)
        return line

    # ---------------------------------------------------------------- the file and how it is read

    @property
    def path(self) -> Path | None:
        """The file; None while none is chosen."""
        return self._path

    @property
    def ledger_kind(self) -> Kind | None:
        """Of which kind the ledger is: as a person says, else as it seems; None while none is open."""
        from kawasolar.registers.columns import kind_of

        return None if self._opened is None else kind_of(self._opened.proposed.kind)

    @property
    def _found(self) -> CheckedRegister | None:
        return cast("CheckedRegister | None", self._checked)

    def _asked(self, path: Path) -> AskedRegister:
        kind = cast("Kind | None", self.kind.currentData() or None)
        before = self._before or (None if kind is None else self._known.get(kind))
        return AskedRegister(path, kind, self._sheet, before, self._facilities, self._forms, self._said)

    def _opening(self) -> Work:
        asked = self._asked(cast("Path", self._path))
        return lambda progress: reading.open_register(asked, progress)

    def _proposing(self, opened: Opened, heading: tuple[int, int], begin: int | None, kept: Mapping | None) -> Work:
        asked = self._asked(opened.loaded.path)
        return lambda progress: reading.propose_again(asked, opened, heading, begin, progress, kept)

    def _checking(self, opened: Opened, mapping: Mapping) -> Work:
        asked = self._asked(opened.loaded.path)
        return lambda progress: reading.check(asked, opened, mapping, progress)

    def take(self, path: Path) -> None:
        """Look at a file."""
        self._path, self._sheet, self._before = path, "", None
        self._remembered.folder = str(path.parent)
        self._open()

    def choose_kind(self, kind: Kind) -> None:
        """It shall be a ledger of this kind."""
        self.kind.setCurrentIndex(self.kind.findData(kind))

    def _other_kind(self) -> None:
        if self._path is not None:
            self._open()

    def _show_kind(self, kind: Kind | None) -> None:
        self.kind.blockSignals(True)
        self.kind.setCurrentIndex(max(self.kind.findData(kind or ""), 0))
        self.kind.blockSignals(False)

    # ---------------------------------------------------------------- what is seen

    def _open(self) -> None:
        self.preview.show_nothing()
        super()._open()

    def _outcome(self, checked: Checked) -> str:
        say, found = self._look.say, cast("CheckedRegister", checked)
        parts = [say("ui.register.read", name=self._names[found.register.kind], rows=f"{checked.good:,}")]
        if "facility_id" in found.frame:
            parts.append(say("ui.register.known", known=f"{int(found.frame['facility_id'].notna().sum()):,}"))
        parts.append(say("ui.register.findings", count=f"{len(checked.findings):,}"))
        if checked.good > MOST_ROWS:
            parts.append(say("ui.register.first", rows=f"{MOST_ROWS:,}"))
        return say("ui.list.dot").join(parts)

    def _findings(self, checked: Checked) -> Sequence[Finding]:
        return cast("CheckedRegister", checked).told

    def _refresh(self) -> None:
        super()._refresh()
        say, read, names = self._look.say, self._found, self._facilities
        self.file.setText("" if self._path is None else self._path.name)
        self.choose.setVisible(self._path is not None)
        name = "" if self._opened is None else self._names[cast("Kind", self._opened.proposed.kind)]
        self.kind.setItemText(
            0, say("ui.register.by_headings_as", name=name) if name else say("ui.register.by_headings")
        )
        self.middle.setVisible(self._opened is not None)
        is_empty = self._opened is None and self._job is None
        self.pages.setCurrentIndex(_EMPTY if is_empty else max(self.views.checkedId(), 0))
        if read is None:
            self.model.show_register(None, None, None)
        elif self.model.register is not read.register:
            known = names is not None and dict(zip(names["facility_id"].tolist(), names["name"].tolist(), strict=True))
            self.model.show_register(read.register, read.frame, known or None, read.findings)
            self.table.resizeColumnsToContents()
        self.save_csv.setEnabled(self._is_ready)
        self.take_button.setEnabled(self._is_ready)
        self.remember.setEnabled(self._is_ready and self._can_remember)

    @property
    def _can_remember(self) -> bool:
        """Whether the columns are other than the headings say, or were and are not any more."""
        chosen, opened = self.chosen, self._opened
        if chosen is None or opened is None or not chosen.has_heading:
            return False
        from kawasolar.ledger.mapping import is_plain

        return opened.known == "remembered" or not is_plain(chosen, opened.loaded.table.rows)

    def _words(self) -> str:
        opened = self._opened
        if self._job is None and not self._told and opened is not None and opened.proposed.other is not None:
            name = self._names.get(cast("Kind", opened.proposed.other), self._look.say("ui.role.facilities"))
            return self._look.say("ui.register.other", name=name)
        return super()._words()

    def _show_page(self, page: int) -> None:
        self.views.button(page).setChecked(True)
        self._refresh()

    def _follow(self) -> None:
        """The row that a finding is of, where it is seen."""
        items = self.findings.selectedItems()
        number = items[0].data(self.findings.ROW) if items else None
        if number is None:
            return
        place = self.model.row_of(int(number))
        if place >= 0:
            self.table.selectRow(place)
            self.table.scrollTo(self.model.index(place, 0))
        if not self.preview.show_row(int(number) - 1) and place >= 0:
            self._show_page(_ROWS)

    # ---------------------------------------------------------------- what is done with it

    def keep(self) -> bool:
        """Remember the columns for the next ledger of this form; says so, and what hinders it."""
        try:
            self.keep_form()
        except NotWritable as error:
            self._on_not_written(error)
            return False
        self._told = self._look.say("ui.register.remembered")
        self._refresh()
        return True

    def hand_over(self) -> None:
        """Give the ledger to the plan, as it is read now."""
        path, kind = self._path, self.ledger_kind
        if self._take is None or path is None or kind is None or not self._is_ready:
            return
        # The plan has its columns even where they cannot be remembered.
        self.keep()
        self._take(path, kind, self._sheet, self.mapping)
        self.accept()

    def _ask_file(self) -> None:
        words = self._look.say("ui.register.title")
        name, _ = QFileDialog.getOpenFileName(self, words, self._remembered.folder, f"{words} ({_PATTERN});;(*)")
        if name:
            self.take(Path(name))

    def _ask_csv(self) -> None:
        words = self._look.say("ui.register.csv")
        name, _ = QFileDialog.getSaveFileName(self, words, self._remembered.folder, "CSV (*.csv)")
        if name:
            self.write_csv(Path(name))

    def write_csv(self, path: Path) -> None:
        """The rows as they were understood."""
        if self._found is None:
            return
        rows = self._found.frame

        def write(_progress: Progress) -> object:
            from kawasolar.registers.paper import write_rows

            write_rows(rows, path)
            return path

        self._write(write)

    def _ask_template(self, index: int) -> None:
        kind = str(self.template.itemData(index) or "")
        self.template.setCurrentIndex(0)
        if not kind:
            return
        words, place = self._look.say("ui.register.template"), Path(self._remembered.folder or Path.home())
        start = str(place / f"{self._names[cast('Kind', kind)]}.xlsx")
        name, _ = QFileDialog.getSaveFileName(self, words, start, "Excel (*.xlsx)")
        if name:
            self.write_template(cast("Kind", kind), Path(name))

    def write_template(self, kind: Kind, path: Path) -> None:
        """An empty ledger of a kind."""
        language = self._look.language

        def write(_progress: Progress) -> object:
            from kawasolar.registers import write_template

            write_template(kind, path, language)
            return path

        self._write(write)

    def _on_written(self, path: object) -> None:
        self._told = self._look.say("ui.register.written", file=Path(str(path)).name)
        self._refresh()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.take(paths[0])
            event.acceptProposedAction()
