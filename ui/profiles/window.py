"""The window of a municipality's profile: groups, the entries of one with their sources, and the form of one entry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from kawasolar.profiles.draft import Draft, entry_of, moved, new_entry, with_entry, with_factor, with_field, with_row
from kawasolar.profiles.reader import HOW_SURE
from kawasolar.profiles.toml import document_of
from ui.format import folded
from ui.parts import Elided, button, column, label, row, scrolled, set_role, tool
from ui.profiles.entries import BASIC, GROUPS, LISTS, Entry, entries_of, group_holding, group_name, section_of
from ui.profiles.form import EntryForm
from ui.profiles.table import SURE, EntryModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kawasolar.profile import Profile
    from ui.look import Look

_ROWS = (
    ("add", "plus"),
    ("copy", "content-copy"),
    ("remove", "trash-can-outline"),
    ("up", "chevron-up"),
    ("down", "chevron-down"),
)
_WIDTHS = (216, 130, 112, 78)


class ProfileWindow(QDialog):
    """自治体プロファイル.

    Signals
    -------
    save_asked : in a file chosen anew
    open_asked : what lies in the menu: a bundled profile's name, ``plan`` or ``file``
    use_asked : the open plan is to be computed with it
    """

    save_asked = Signal(bool)
    open_asked = Signal(str)
    use_asked = Signal()

    def __init__(self, look: Look, of_plan: Callable[[], Profile | None], parent: QWidget | None = None) -> None:
        """``of_plan`` gives the profile of the plan that is open."""
        super().__init__(parent)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint, True)
        self._look, self._of_plan = look, of_plan
        self.draft: Draft | None = None
        self.path: Path | None = None
        self._from = "bundled"
        self._group = BASIC
        self._place: tuple[str, str] = ("municipality", "")
        outer = column(self, margin=12, spacing=8)
        self._build_top(outer)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        self.groups = self._groups_list()
        split.addWidget(self.groups)
        split.addWidget(self._middle())
        self.form = EntryForm(look)
        self.form.edited.connect(self._on_edited)
        self.form.factor_asked.connect(self._use_factor)
        self._area = scrolled(self.form, look.say("ui.profile.form"))
        split.addWidget(self._area)
        for k, narrow in enumerate((150, 300, 300)):
            split.setStretchFactor(k, min(k, 1))
            part = split.widget(k)
            if part is not None:
                part.setMinimumWidth(narrow)
        split.setSizes([196, 780, 340])
        outer.addWidget(split, 1)
        self._build_foot(outer)
        self._shortcuts()
        self.resize(1340, 740)

    # ---------------------------------------------------------------- building

    def _build_top(self, outer: QVBoxLayout) -> None:
        say, line = self._look.say, row(8)
        self.title = label("", "title")
        self.whence = Elided("", "muted")
        self.search = QLineEdit()
        self.search.setPlaceholderText(say("ui.profile.search"))
        self.search.setAccessibleName(say("ui.profile.search"))
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(240)
        self.search.addAction(self._look.icon("magnify", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(lambda _t: self._show_entries())
        self.undo_button = tool(self._look, "undo", say("ui.menu.undo"))
        self.redo_button = tool(self._look, "redo", say("ui.menu.redo"))
        self.undo_button.clicked.connect(self.undo)
        self.redo_button.clicked.connect(self.redo)
        line.addWidget(self.title)
        line.addWidget(self.whence, 1)
        for part in (self.search, self.undo_button, self.redo_button):
            line.addWidget(part)
        outer.addLayout(line)

    def _groups_list(self) -> QListWidget:
        made = QListWidget()
        made.setAccessibleName(self._look.say("ui.profile.groups"))
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setIconSize(QSize(16, 16))
        made.setSpacing(1)
        for group in GROUPS:
            item = QListWidgetItem(group_name(self._look, group))
            item.setData(Qt.ItemDataRole.UserRole, group)
            made.addItem(item)
        made.currentItemChanged.connect(lambda now, _before: self._on_group(now))
        return made

    def _middle(self) -> QWidget:
        say = self._look.say
        made = QWidget()
        layout = column(made, margin=0, spacing=4)
        line = row(4)
        self.heading = label("", "head")
        self.heading.setMinimumHeight(32)
        line.addWidget(self.heading, 1)
        self.tools = {}
        for name, icon in _ROWS:
            self.tools[name] = tool(self._look, icon, say(f"ui.profile.row.{name}"))
            self.tools[name].clicked.connect(lambda _on=False, name=name: self.change_row(name))
            line.addWidget(self.tools[name])
        layout.addLayout(line)
        self.model = EntryModel(self._look)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(say("ui.profile.entries"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(28)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(len(_WIDTHS), QHeaderView.ResizeMode.Stretch)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for k, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(k, width)
        words = [say("ui.profile.absent"), *(say(f"how_sure.{code}") for code in HOW_SURE)]
        self.table.setColumnWidth(SURE, max(map(self.fontMetrics().horizontalAdvance, words)) + 20)
        self.table.selectionModel().currentRowChanged.connect(lambda now, _before: self._on_row(now.row()))
        self.table.activated.connect(lambda _i: self.form.focus_first())
        self.search.returnPressed.connect(self.table.setFocus)
        layout.addWidget(self.table, 1)
        self.empty = label("", "muted", wrap=True)
        layout.addWidget(self.empty)
        return made

    def _build_foot(self, outer: QVBoxLayout) -> None:
        say, line = self._look.say, row(8)
        self.state = label("", "muted", wrap=True)
        line.addWidget(self.state, 1)
        self.open_button = button(say("ui.profile.open"))
        menu = QMenu(self.open_button)
        menu.aboutToShow.connect(lambda: self._fill_menu(menu))
        self.open_button.setMenu(menu)
        self.save_button = button(say("ui.profile.save"))
        self.save_as_button = button(say("ui.profile.save_as"))
        self.use_button = button(say("ui.profile.use"), "primary", tip=say("ui.profile.use.tip"))
        self.close_button = button(say("ui.profile.close"))
        self.save_button.clicked.connect(lambda: self.save_asked.emit(False))
        self.save_as_button.clicked.connect(lambda: self.save_asked.emit(True))
        self.use_button.clicked.connect(self.use_asked)
        self.close_button.clicked.connect(self.close)
        for made in (self.open_button, self.save_button, self.save_as_button, self.use_button, self.close_button):
            made.setAutoDefault(False)
            line.addWidget(made)
        outer.addLayout(line)

    def _fill_menu(self, menu: QMenu) -> None:
        from kawasolar.bundled import bundled_profiles
        from kawasolar.profile import load_profile

        menu.clear()
        say, ask = self._look.say, self.open_asked.emit
        if self._of_plan() is not None:
            menu.addAction(say("ui.profile.of_plan"), lambda: ask("plan"))
        for name, path in bundled_profiles().items():
            words = say("ui.profile.bundled", name=load_profile(path).name(self._look.language))
            menu.addAction(words, partial(ask, name))
        menu.addSeparator()
        menu.addAction(say("ui.profile.file"), lambda: ask("file"))

    def _shortcuts(self) -> None:
        keys = QKeySequence.StandardKey
        wanted: tuple[tuple[QKeySequence, Callable[[], object]], ...] = (
            (QKeySequence(keys.Undo), self.undo),
            (QKeySequence("Ctrl+Y"), self.redo),
            (QKeySequence("Ctrl+Shift+Z"), self.redo),
            (QKeySequence(keys.Save), lambda: self.save_asked.emit(False)),
            (QKeySequence("Ctrl+Shift+S"), lambda: self.save_asked.emit(True)),
            (QKeySequence(keys.Find), self._find),
            (QKeySequence("Alt+Up"), lambda: self.change_row("up")),
            (QKeySequence("Alt+Down"), lambda: self.change_row("down")),
            (QKeySequence("Ctrl+Return"), self.form.focus_first),
        )
        for sequence, call in wanted:
            QShortcut(sequence, self).activated.connect(call)
        remove = QShortcut(QKeySequence(keys.Delete), self.table)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(lambda: self.change_row("remove"))

    def _find(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    # ---------------------------------------------------------------- what is shown

    def show_profile(self, profile: Profile, path: Path | None, whence: str) -> None:
        """Begin with a profile; ``path`` is where it may be saved, ``whence`` is ``plan``, ``bundled`` or ``file``."""
        self.draft, self.path, self._from = Draft(profile), path, whence
        self.search.clear()
        self.groups.setCurrentRow(0)
        self._place = ("municipality", "")
        self.refresh()

    def take_over(self, other: ProfileWindow) -> None:
        """Go on with what another window of its kind edits."""
        self.draft, self.path, self._from, self._place = other.draft, other.path, other._from, other._place
        self.groups.setCurrentRow(GROUPS.index(other._group))
        self.refresh()

    def saved_in(self, path: Path) -> None:
        """The draft lies in this file now."""
        self.path, self._from = path, "file"
        self.refresh()

    def taken(self) -> None:
        """The plan has it now."""
        self.refresh()
        self.state.setText(self._look.say("ui.profile.taken"))

    def refresh(self) -> None:
        """Show the draft as it stands."""
        draft, say = self.draft, self._look.say
        if draft is None:
            return
        town = draft.document.get("municipality", {})
        name = str(town.get(f"name_{self._look.language}", ""))
        self.title.setText(name or say("ui.profile.title"))
        self.whence.setText(str(self.path) if self._from == "file" else say(f"ui.profile.whence.{self._from}"))
        self.setWindowTitle(f"{'*' if draft.dirty else ''}{say('ui.profile.title')} – {name}")
        nothing = QPixmap(16, 16)
        nothing.fill(Qt.GlobalColor.transparent)
        wrong = {group_holding(problem.section, problem.at) for problem in draft.problems}
        for k in range(self.groups.count()):
            item = self.groups.item(k)
            group = str(item.data(Qt.ItemDataRole.UserRole))
            rows = draft.document.get(group, [])
            item.setToolTip(group_name(self._look, group))
            item.setText(
                f"{group_name(self._look, group)}  {len(rows)}" if group in LISTS else group_name(self._look, group)
            )
            item.setIcon(self._look.icon("alert-circle-outline", "attention") if group in wrong else nothing)
        self._show_entries()
        self._show_state()

    def _show_state(self) -> None:
        draft, say = self.draft, self._look.say
        if draft is None:
            return
        doubtful = sum(one.doubtful for group in GROUPS for one in entries_of(self._look, draft, group))
        parts = [say("ui.profile.problems", number=len(draft.problems))] if draft.problems else []
        parts.append(say("ui.profile.doubtful", number=doubtful))
        parts += [say("ui.profile.unsaved")] if draft.dirty else []
        self.state.setText(say("ui.list.dot").join(parts))
        set_role(self.state, "attention" if draft.problems else "muted")
        good = not draft.problems
        self.save_button.setEnabled(good and (draft.dirty or self.path is None))
        self.save_as_button.setEnabled(good)
        present = self._of_plan()
        self.use_button.setEnabled(good and present is not None and document_of(present) != draft.document)
        self.undo_button.setEnabled(draft.can_undo)
        self.redo_button.setEnabled(draft.can_redo)

    def _found(self) -> list[Entry]:
        """The entries of the group, or of all groups those that hold the words that are searched for."""
        if self.draft is None:
            return []
        words = folded(self.search.text()).split()
        if not words:
            return entries_of(self._look, self.draft, self._group)
        every = [one for group in GROUPS for one in entries_of(self._look, self.draft, group)]
        return [one for one in every if all(word in one.words for word in words)]

    def _show_entries(self) -> None:
        say, found = self._look.say, self._found()
        searching = bool(self.search.text().strip())
        self.model.show_entries(found)
        self.heading.setText(
            say("ui.profile.found", number=len(found)) if searching else group_name(self._look, self._group)
        )
        empty = "ui.profile.nothing_found" if searching else "ui.profile.empty"
        self.empty.setText("" if found else say(empty))
        self.empty.setVisible(not found)
        self._area.setVisible(bool(found))
        if found:
            wanted = self.model.row_of(self._place)
            self._select(0 if wanted is None else wanted)
        self._show_tools()

    def _select(self, line: int) -> None:
        index = self.model.index(line, 0)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        if self.table.currentIndex().row() != line:
            self.table.selectionModel().setCurrentIndex(index, flags)
        self._on_row(line)
        self.table.scrollTo(index)

    def _show_tools(self) -> None:
        section = section_of(self._group) if not self.search.text().strip() else ""
        mine = section in LISTS
        rows, line = len(self.model.entries), self.table.currentIndex().row()
        at_hand = mine and rows > 0
        there = self.draft is not None and entry_of(self.draft.document, *self._place) is not None
        alone = self._place[0] in ("ppa", "utility") and there
        states = {
            "add": mine, "copy": at_hand, "remove": at_hand or alone, "up": at_hand and line > 0,
            "down": at_hand and line < rows - 1,
        }  # fmt: skip
        for name, on in states.items():
            self.tools[name].setVisible(mine or (name == "remove" and self._place[0] in ("ppa", "utility")))
            self.tools[name].setEnabled(on)

    def show_place(self, section: str, at: str) -> None:
        """Bring an entry into view, whatever is searched for."""
        self.search.clear()
        self._place = section, at
        group = group_holding(section, at)
        if group == self._group:
            self._show_entries()
        else:
            self.groups.setCurrentRow(GROUPS.index(group))

    def _on_group(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        self._group = str(item.data(Qt.ItemDataRole.UserRole))
        if self.search.text():
            self.search.clear()
        self._show_entries()

    def _on_row(self, line: int) -> None:
        if self.draft is None or not 0 <= line < len(self.model.entries):
            return
        place = self.model.entries[line].place
        if place != self._place:
            self.draft.end_merge()
            self._area.verticalScrollBar().setValue(0)
        self._place = place
        self.form.show_entry(self.draft, *place)
        self._show_tools()

    # ---------------------------------------------------------------- changes

    def _on_edited(self, section: str, at: str, name: str, value: object) -> None:
        if self.draft is not None:
            made = with_field(self.draft.document, section, at, name, value)
            self.draft.become(made, f"{section}/{at}/{name}")
            self.refresh()

    def change_row(self, what: str) -> None:
        """Add, copy, remove or move the row at hand."""
        draft, (section, at) = self.draft, self._place
        if draft is None or not (self.tools[what].isVisibleTo(self) and self.tools[what].isEnabled()):
            return
        if self._group in LISTS:
            section = self._group
        place = int(at) - 1 if section in LISTS and self._place[0] == section and at.isdigit() else -1
        document = draft.document
        if what in ("add", "copy"):
            entry = new_entry(section) if what == "add" else entry_of(document, section, at)
            draft.become(with_row(document, section, place + 1, dict(entry or {})))
            self._place = section, str(place + 2)
        elif what == "remove":
            draft.become(with_entry(document, section, at, None))
            if section in LISTS:
                self._place = section, str(max(1, min(place + 1, len(draft.document.get(section, [])))))
        else:
            step = -1 if what == "up" else 1
            draft.become(moved(document, section, place, step))
            self._place = section, str(place + 1 + step)
        self.refresh()
        if what == "add":
            self.form.focus_first()

    def _use_factor(self) -> None:
        entry = None if self.draft is None else entry_of(self.draft.document, *self._place)
        if self.draft is not None and entry is not None:
            self.draft.become(with_factor(self.draft.document, entry))
            self.refresh()

    def undo(self) -> None:
        """The step before."""
        if self.draft is not None:
            self.draft.undo()
            self.refresh()

    def redo(self) -> None:
        """The step that was taken back."""
        if self.draft is not None:
            self.draft.redo()
            self.refresh()

    # ---------------------------------------------------------------- leaving

    def may_leave(self) -> bool:
        """Ask what to do with what is unsaved; True to go on."""
        from PySide6.QtWidgets import QMessageBox

        if self.draft is None or not self.draft.dirty:
            return True
        say = self._look.say
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(say("ui.profile.title"))
        box.setText(say("ui.profile.leave"))
        discard = box.addButton(say("ui.unsaved.discard"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(say("ui.unsaved.stay"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.exec()
        return box.clickedButton() is discard

    def reject(self) -> None:
        """Escape: first out of the search, then out of the window."""
        if self.search.text():
            self.search.clear()
        else:
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.may_leave():
            event.accept()
        else:
            event.ignore()
