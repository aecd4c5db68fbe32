"""The dialog of tender lots: rules, a proposal, the lots with their prices, their sites, and moving sites from lot to lot."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QProgressBar,
    QSplitter,
    QTableView,
    QTabWidget,
    QWidget,
)

from gis.errors import CodedError
from kawasolar.document import lot_edits
from ui.lots.asked import RulesRow
from ui.lots.found import Bills, Found, look, with_row
from ui.lots.map import Dot, LotMap
from ui.lots.money import MoneyPage
from ui.lots.tables import LotsModel, SitesModel
from ui.parts import button, column, label, row, set_role
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtCore import QAbstractTableModel

    from kawasolar.document.entries import Edit
    from kawasolar.plan import Plan
    from ui.document import Document
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "lots"
_OUTSIDE = ""
# Sites that spoil a price and are told in a sentence; all are in the table.
_TOLD = 3


class LotsDialog(WorkingDialog):
    """Lots are changed through the document, a step each that can be undone."""

    def __init__(
        self, view: Look, jobs: Jobs, remembered: Remembered, document: Document, parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._document = view, jobs, remembered, document
        self._job: Job | None = None
        self.found: Found | None = None
        self._bills = Bills()
        say = view.say
        self.setWindowTitle(say("ui.lots.title"))
        layout = column(self, margin=20, spacing=8)
        layout.addWidget(label(say("ui.lots.title"), "title"))
        layout.addWidget(label(say("ui.lots.intro"), "muted", wrap=True))
        layout.addLayout(self._asked())
        self.head = label("", "head", wrap=True)
        layout.addWidget(self.head)
        self.tabs, self.money = QTabWidget(), MoneyPage(view)
        self.tabs.addTab(self._pages(), say("ui.lots.lots"))
        self.tabs.addTab(self.money, say("ui.lots.money"))
        self.tabs.currentChanged.connect(self._on_tab)
        layout.addWidget(self.tabs, 1)
        self.why = label("", "muted", wrap=True)
        layout.addWidget(self.why)
        self.hands, line = QWidget(), self._hands()
        line.setContentsMargins(0, 0, 0, 0)
        self.hands.setLayout(line)
        layout.addWidget(self.hands)
        layout.addLayout(self._foot())
        self.resize(1200, 700)
        QShortcut(QKeySequence.StandardKey.Undo, self, self._undo)
        document.entries_changed.connect(self._on_entries)
        self.start(propose=False)

    # ---------------------------------------------------------------- building

    def _asked(self) -> QHBoxLayout:
        line = row(8)
        self.asked = RulesRow(self._look, self.plan.profile.tables.subsidies)
        self.asked.prices_changed.connect(self._again)
        self.make = button(self._look.say("ui.lots.make"), "primary")
        self.make.setAutoDefault(False)
        self.make.clicked.connect(lambda: self.start(propose=True))
        line.addWidget(self.asked, 1)
        line.addWidget(self.make, 0, Qt.AlignmentFlag.AlignTop)
        return line

    def _pages(self) -> QSplitter:
        say = self._look.say
        self.lots, self.sites = LotsModel(self._look), SitesModel(self._look)
        self.lot_table = self._table(self.lots, say("ui.lots.lots"))
        self.site_table = self._table(self.sites, say("ui.lots.sites"))
        self.lot_table.selectionModel().selectionChanged.connect(self._on_lot)
        self.site_table.selectionModel().selectionChanged.connect(self._on_sites)
        for table in (self.lot_table, self.site_table):
            table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.site_table.customContextMenuRequested.connect(partial(self._menu_at, self.site_table))
        self.lot_table.customContextMenuRequested.connect(partial(self._lot_menu_at, self.lot_table))
        self.map = LotMap(self._look, say("ui.lots.map"))
        self.map.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.map.customContextMenuRequested.connect(partial(self._menu_at, self.map))
        self.map.picked.connect(self._on_picked)
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.addWidget(self.lot_table)
        tables.addWidget(self.site_table)
        tables.setSizes([190, 240])
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(self.map)
        whole.addWidget(tables)
        whole.setSizes([360, 800])
        return whole

    def _table(self, model: QAbstractTableModel, name: str) -> QTableView:
        table = QTableView()
        table.setModel(model)
        table.setAccessibleName(name)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(24)
        table.horizontalHeader().setStretchLastSection(True)
        return table

    def _hands(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.take = button(say("ui.lots.take"), "primary")
        self.take.clicked.connect(self.take_over)
        self.drop = button(say("ui.lots.drop"))
        self.drop.clicked.connect(lambda: self.start(propose=False))
        self.move_button = button(say("ui.lots.move"))
        self.move_button.clicked.connect(lambda: self._menu_at(self.move_button, QPoint(0, self.move_button.height())))
        self.rename = button(say("ui.lots.rename"))
        self.rename.clicked.connect(self._ask_rename)
        self.merge = button(say("ui.lots.merge"))
        self.merge.clicked.connect(self.merge_chosen)
        self.dissolve = button(say("ui.lots.dissolve"))
        self.dissolve.clicked.connect(self.dissolve_chosen)
        self.undo_button = button(say("ui.lots.undo"))
        self.undo_button.clicked.connect(self._undo)
        hands = (self.move_button, self.rename, self.merge, self.dissolve, self.undo_button)
        for made in (self.take, self.drop, *hands):
            made.setAutoDefault(False)
            line.addWidget(made)
        line.addStretch(1)
        return line

    def _foot(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.state = label("", "muted", wrap=True)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.setAccessibleName(say("ui.top.progress"))
        self.save = button(say("ui.ways.save"))
        self.save.clicked.connect(self._ask_target)
        self.close_button = button(say("ui.surface.close"))
        self.close_button.clicked.connect(self._stop_or_close)
        line.addWidget(self.state, 1)
        for widget in (self.progress, self.save, self.close_button):
            line.addWidget(widget)
        for made in (self.save, self.close_button):
            made.setAutoDefault(False)
        return line

    # ---------------------------------------------------------------- looking

    @property
    def plan(self) -> Plan:
        """The plan as it is now."""
        return cast("Plan", self._document.plan)

    def start(self, *, propose: bool) -> None:
        """Make a proposal, or look at the lots that are entered."""
        if self._job is not None:
            self._job.drop()
            self._job = None
        try:
            rules = self.asked.rules
        except CodedError as error:
            self._on_failed(error)
            return
        plan, language = self.plan, self._look.language
        bills, subsidies = self._bills if self.asked.bills.isChecked() else None, self.asked.subsidies
        job = self._jobs.start(
            lambda progress: look(plan, rules, language, progress, propose=propose, bills=bills, subsidies=subsidies), _TOPIC
        )  # fmt: skip
        self._job = job
        job.progressed.connect(lambda share, _what: self.progress.setValue(round(1000 * share)))
        job.done.connect(self._on_done)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(lambda: self._ended("ui.surface.stopped"))
        self.progress.setValue(0)
        self._refresh()

    def _on_tab(self, page: int) -> None:
        """What is done with lots stands beside them only: the money needs the room."""
        for widget in (self.why, self.hands):
            widget.setVisible(page == 0)

    def _again(self) -> None:
        """The same lots at other prices."""
        self.start(propose=self.found is not None and self.found.proposed)

    def _on_done(self, found: object) -> None:
        self._job, self.found = None, cast("Found", found)
        self._show()
        self._refresh()

    def _on_entries(self, tables: object) -> None:
        if "lots" in cast("frozenset[str]", tables):
            self.start(propose=False)

    def _show(self) -> None:
        from kawasolar.lots.words import grant_line, lot_title, lots_in_words

        found = self.found
        if found is None:
            return
        say, before = self._look.say, set(self.chosen_lots)
        names = self._names()
        frame = lots_in_words(self._look.language, found.assessed, names, found.not_chosen)
        keys = [str(key) for key in frame["lot"]]
        if found.loose:
            outside: dict[str, object] = {
                "name": say("ui.lots.outside"),
                "sites": len(found.loose),
                "capacity_kw": self._kw(found.loose),
            }
            frame = with_row(frame, outside)
            keys.append(_OUTSIDE)
        self.asked.show_years(dated=found.assessed.basis.dated or any(found.sites.years))
        self.lots.show_rows(keys, frame)
        of = {one: lot.key for lot in found.lots for one in lot.ids}
        dots = [
            Dot(one, name, float(place[0]), float(place[1]), of.get(one, _OUTSIDE), year)
            for one, name, place, year in zip(found.sites.ids, found.sites.names, found.sites.places, found.sites.years, strict=True)
        ]  # fmt: skip
        years = dict(zip(found.assessed.lots["lot"], found.assessed.lots["years"], strict=True))
        titles = {lot.key: lot_title(self._look.language, lot.name, years[lot.key]) for lot in found.lots}
        self.map.show_lots(tuple(dots), titles)
        self.money.show_flows(found.flows, grant_line(self._look.language, found.assessed.basis))
        code = "proposed" if found.proposed else "entered"
        inside, power = int(found.assessed.lots["sites"].sum()), float(found.assessed.lots["capacity_kw"].sum())
        text = say(f"ui.lots.{code}", lots=len(found.lots), sites=inside, kw=power, left=len(found.loose))
        self.head.setText(text if found.lots or found.proposed else say("ui.lots.empty"))
        set_role(self.head, "attention" if found.proposed else "head")
        self._fit(self.lot_table, self.lots, (180, 92, 60, 76, 88, 104, 104, 104, 104, 170, 150, 110, 150))
        self._select(self.lot_table, [k for k, key in enumerate(keys) if key in before] or [0])
        self._show_sites()

    def _fit(self, table: QTableView, model: LotsModel | SitesModel, widths: tuple[int, ...]) -> None:
        """Columns as wide as their words; those in which nothing stands are hidden."""
        empty = set(model.empty())
        for k in range(model.columnCount()):
            table.setColumnHidden(k, k in empty)
            if k < len(widths):
                table.setColumnWidth(k, widths[k])

    def _kw(self, ids: Mapping[str, str]) -> float:
        sites = cast("Found", self.found).sites
        return float(sum(kw for one, kw in zip(sites.ids, sites.capacity_kw, strict=True) if one in ids))

    def _names(self) -> dict[str, str]:
        return dict(zip(self.plan.facilities["facility_id"], self.plan.facilities["name"], strict=True))

    def _select(self, table: QTableView, rows: list[int]) -> None:
        from PySide6.QtCore import QItemSelectionModel

        model, flags = table.selectionModel(), QItemSelectionModel.SelectionFlag
        model.clearSelection()
        for at in rows:
            if at < table.model().rowCount():
                model.select(table.model().index(at, 0), flags.Select | flags.Rows)

    @property
    def chosen_lots(self) -> list[str]:
        """Keys of the lots that are selected; empty for those in none."""
        return [self.lots.keys[index.row()] for index in self.lot_table.selectionModel().selectedRows()]

    def _on_lot(self) -> None:
        self._show_sites()
        self._refresh()

    def _show_sites(self) -> None:
        from kawasolar.lots.words import sites_in_words

        found, keys = self.found, self.chosen_lots
        if found is None:
            return
        table = sites_in_words(self._look.language, found.assessed)
        table = table[table["lot"].isin(keys)]
        ids = [str(name) for name in table["facility_id"]]
        if _OUTSIDE in keys:
            rows, names = dict(zip(found.sites.ids, range(len(found.sites)), strict=True)), self._names()
            for one, why in found.loose.items():
                at = rows.get(one)
                told: dict[str, object] = {
                    "name": names.get(one, one),
                    "reasons": self._look.say(f"lots.left.{why}") if why else "",
                }
                if at is not None:
                    told |= {"ward": found.sites.wards[at], "capacity_kw": float(found.sites.capacity_kw[at])}
                table = with_row(table, told)
                ids.append(one)
        self.sites.show_rows(ids, table)
        self._fit(self.site_table, self.sites, (160, 70, 56, 76, 84, 82, 96, 104, 104, 104, 70))
        self.map.look_at(keys[0] if len(keys) == 1 else _OUTSIDE)
        self.why.setText(self._told(keys[0]) if len(keys) == 1 and keys[0] else "")

    def _told(self, lot: str) -> str:
        """What is wrong with a lot, which sites spoil its price and why, and what it would be without them."""
        from kawasolar.lots.words import money_lines, spoiler_lines, wrong_lines

        found, language, names = cast("Found", self.found), self._look.language, self._names()
        head = next(one for one in found.assessed.lots.to_dict("records") if one["lot"] == lot)
        lines = wrong_lines(language, head, names, found.not_chosen)
        lines += money_lines(language, head, names)
        lines += spoiler_lines(language, found.assessed, lot, names, most=_TOLD)
        return "\n".join(one.strip() for one in lines)

    def _on_sites(self) -> None:
        self.map.choose(set(self._rows_chosen()))
        self._refresh()

    def _rows_chosen(self) -> list[str]:
        return [self.sites.keys[index.row()] for index in self.site_table.selectionModel().selectedRows()]

    def _on_picked(self, ids: object) -> None:
        """Chosen on the map: the lots that they are in are looked at, and they stand chosen in the table."""
        wanted, found = set(cast("list[str]", ids)), self.found
        if found is None:
            return
        of = {one: lot.key for lot in found.lots for one in lot.ids}
        keys = {of.get(one, _OUTSIDE) for one in wanted}
        if wanted:
            self._select(self.lot_table, [k for k, key in enumerate(self.lots.keys) if key in keys])
        self._select(self.site_table, [k for k, one in enumerate(self.sites.keys) if one in wanted])
        self.map.choose(wanted)
        self._refresh()

    # ---------------------------------------------------------------- changing

    @property
    def chosen(self) -> list[str]:
        """The sites that are selected, on the map and in the table."""
        return sorted(self.map.chosen)

    def _do(self, make: Callable[[], Edit]) -> None:
        try:
            self._document.do(make())
        except CodedError as error:
            self._on_failed(error)

    def take_over(self) -> None:
        """Enter the proposal as the lots of the scenario: one step."""
        found, document = self.found, self._document
        if found is None or not found.proposed or document.entries is None:
            return
        entries, wanted = document.entries, {lot.key: (lot.name, lot.ids) for lot in found.lots}
        before = entries
        self._do(lambda: lot_edits.set_lots(entries, document.scenario, wanted, document.author()))
        if document.entries is before:
            # Just as they are entered already.
            self.start(propose=False)

    def move_to(self, lot: str | None) -> None:
        """The selected sites into a lot, or out of theirs."""
        document, ids = self._document, self.chosen
        entries = document.entries
        if entries is not None and ids:
            self._do(lambda: lot_edits.move_to_lot(entries, document.scenario, ids, lot, document.author()))

    def move_to_new(self, name: str) -> None:
        """The selected sites into a lot of their own."""
        document, ids = self._document, self.chosen
        entries = document.entries
        if entries is not None and ids and name.strip():
            self._do(lambda: lot_edits.new_lot(entries, document.scenario, name, ids, document.author()))

    def rename_to(self, name: str) -> None:
        """Call the selected lot otherwise."""
        document, keys = self._document, [key for key in self.chosen_lots if key]
        entries = document.entries
        if entries is not None and len(keys) == 1 and name.strip():
            self._do(lambda: lot_edits.rename_lot(entries, document.scenario, keys[0], name, document.author()))

    def merge_chosen(self) -> None:
        """The selected lots as one, with the name of the first."""
        document, keys = self._document, [key for key in self.chosen_lots if key]
        entries = document.entries
        if entries is not None and len(keys) > 1:
            self._do(lambda: lot_edits.merge_lots(entries, document.scenario, keys[0], keys[1:], document.author()))

    def dissolve_chosen(self) -> None:
        """The selected lots are no more."""
        document, keys = self._document, [key for key in self.chosen_lots if key]
        entries = document.entries
        if entries is not None and keys:
            self._do(lambda: lot_edits.dissolve_lots(entries, document.scenario, keys, document.author()))

    def _undo(self) -> None:
        if self._job is None and self._last_is_ours():
            self._document.undo()

    def _last_is_ours(self) -> bool:
        step = self._document.undo_words
        return step is not None and step[0] == "ui.undo.lots"

    def move_menu(self) -> QMenu:
        """Where the selected sites may go."""
        say, menu = self._look.say, QMenu(self)
        for lot in self.found.lots if self.found is not None else ():
            menu.addAction(say("ui.lots.to", name=lot.name), partial(self.move_to, lot.key))
        menu.addSeparator()
        menu.addAction(say("ui.lots.to_new"), self._ask_new)
        menu.addAction(say("ui.lots.to_none"), partial(self.move_to, None))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _menu_at(self, widget: QWidget, place: QPoint) -> None:
        if self.move_button.isEnabled():
            self.move_menu().popup(widget.mapToGlobal(place))

    def _lot_menu_at(self, widget: QWidget, place: QPoint) -> None:
        menu = QMenu(self)
        for made in (self.rename, self.merge, self.dissolve):
            menu.addAction(made.text(), made.click).setEnabled(made.isEnabled())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(widget.mapToGlobal(place))

    def _ask_new(self) -> None:
        name, good = QInputDialog.getText(self, self._look.say("ui.lots.to_new"), self._look.say("ui.lots.ask_name"))
        if good:
            self.move_to_new(name)

    def _ask_rename(self) -> None:
        at = self.lot_table.selectionModel().selectedRows()[0].row()
        words = self._look.say("ui.lots.rename")
        name, good = QInputDialog.getText(self, words, self._look.say("ui.lots.ask_name"), text=self.lots.texts[at][0])
        if good:
            self.rename_to(name)

    def _refresh(self) -> None:
        busy, found = self._job is not None, self.found
        proposed = found is not None and found.proposed
        lots = [key for key in self.chosen_lots if key]
        free = not busy and found is not None and not proposed
        self.progress.setVisible(busy)
        self.make.setEnabled(not busy)
        for widget in (self.take, self.drop):
            widget.setVisible(proposed)
            widget.setEnabled(not busy)
        self.take.setEnabled(not busy and found is not None and bool(found.lots))
        self.move_button.setEnabled(free and bool(self.map.chosen))
        self.rename.setEnabled(free and len(lots) == 1)
        self.merge.setEnabled(free and len(lots) > 1)
        self.dissolve.setEnabled(free and bool(lots))
        self.undo_button.setEnabled(free and self._last_is_ours())
        self.save.setEnabled(not busy and found is not None and bool(found.lots))
        self.close_button.setText(self._look.say("ui.top.cancel" if busy else "ui.surface.close"))
        set_role(self.state, "muted")
        self.state.setText(self._look.say("stage.lots" if busy else "ui.lots.saves"))

    # ---------------------------------------------------------------- files

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.lots.file", name=self.plan.name))

    def write(self, path: Path) -> None:
        """Write lots and sites as a workbook."""
        from kawasolar.export.lots import write_lots_xlsx

        found, plan, language = self.found, self.plan, self._look.language
        if found is None:
            return

        self._keep(path, lambda: write_lots_xlsx(found.assessed, found.lots, plan, path, language), _TOPIC)
