"""The dialog of LED retrofits: what is asked, every facility, one facility's ways to pay, years, and what is assumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QSplitter, QTableView, QTabWidget, QWidget

from kawasolar.lighting import bundled_table, lighting_of, read_table
from kawasolar.lighting.words import best_text, note_texts, proof_text, total_text, year_text
from ui.charts.year_columns import YearColumns
from ui.lighting.asked import AskedLighting
from ui.lighting.tables import COLUMNS, SORT, FacilitiesModel, way_heads, way_rows
from ui.lighting.years import show_money, show_stock
from ui.measures.tables import RowsModel, table_of
from ui.own_table import OwnTable
from ui.parts import button, column, label, row, scrolled, set_role
from ui.sorted_table import sorted_table
from ui.taking_dialog import TakingDialog

if TYPE_CHECKING:
    from pathlib import Path

    from gis.progress import Progress
    from kawasolar.lighting import Lighting
    from kawasolar.lighting.table import Table
    from kawasolar.plan import Plan
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "lighting"
_WAIT_MS = 400
_WIDTHS = {"name": 132, "co2_t": 54, "saved_kwh": 76, "saved_yen": 80, "cost_yen": 86, "payback": 72, "last_day": 88, "way": 72, "estimated": 36, "year": 46}  # fmt: skip


class LightingDialog(TakingDialog):
    """Changes nothing in the plan before it is taken.

    Signals
    -------
    mapped : the map is to show these groups
    """

    KIND = "lighting"
    mapped = Signal(object)

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, plan: Plan, selected: str | None, parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._plan, self._wanted = look, jobs, remembered, plan, selected
        self._job: Job | None = None
        self.pins: dict[str, int] = {}
        self._table = bundled_table()
        # Said on the panel, and kept.
        self._in_demand = False
        self.found: Lighting | None = None
        say = look.say
        self.setWindowTitle(say("ui.lighting.title"))
        layout = column(self, margin=20, spacing=8)
        layout.addWidget(label(say("ui.lighting.title"), "title"))
        layout.addWidget(label(say("ui.lighting.intro"), "muted", wrap=True))
        self.asked = AskedLighting(look, plan)
        layout.addWidget(self.asked)
        layout.addWidget(self._pages(), 1)
        self.total = label("", "", wrap=True)
        self.proof = label("", "muted", wrap=True)
        layout.addWidget(self.total)
        layout.addWidget(self.proof)
        self.map = button(say("ui.lighting.map"))
        self.map.clicked.connect(self._show_map)
        layout.addLayout(self._foot_of(self.map, self._taking()))
        self.resize(1340, 690)
        self._begin_with(plan)
        self._compute_after(_WAIT_MS, self.asked.changed, self.own.changed)
        self._compute()

    def _begin_with(self, plan: Plan) -> None:
        """What the plan is asked for already."""
        from kawasolar.answers.lighting import checked
        from kawasolar.answers.own import own_table

        before = self.asked_before(plan)
        self.own.use(own_table(plan, "lighting"), tell=False)
        if before is not None:
            told = checked(before)
            self.pins, self._in_demand = dict(told.pins), bool(before.get("in_demand"))
            self.asked.show_asked(told)

    def own_table(self) -> Path | None:
        return self.own.path

    def options(self) -> dict[str, Any]:
        from kawasolar.answers.lighting import options_of

        return options_of(replace(self.asked.asked, pins=dict(self.pins)), in_demand=self._in_demand)

    # ---------------------------------------------------------------- building

    def _pages(self) -> QSplitter:
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(self._facilities())
        self.tabs = QTabWidget()
        say = self._look.say
        for page, name in ((self._ways_page(), "facility"), (self._years_page(), "years"), (self._notes_page(), "notes")):  # fmt: skip
            self.tabs.addTab(page, say(f"ui.lighting.tab.{name}"))
        whole.addWidget(self.tabs)
        whole.setSizes([864, 436])
        whole.setChildrenCollapsible(False)
        return whole

    def _facilities(self) -> QTableView:
        self.facilities = FacilitiesModel(self._look)
        self.table, self.sorted = sorted_table(self.facilities, SORT, self._look.say("ui.lighting.facilities"))
        self.table.verticalHeader().setDefaultSectionSize(24)
        for place, key in enumerate(COLUMNS):
            self.table.setColumnWidth(place, _WIDTHS.get(key, 52))
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.selectionModel().currentChanged.connect(lambda *_: self._show_facility())
        return self.table

    def _ways_page(self) -> QWidget:
        page = QWidget()
        layout = column(page, margin=0, spacing=6)
        layout.setContentsMargins(0, 8, 0, 0)
        self.name = label("", "head", wrap=True)
        self.best = label("", "", wrap=True)
        self.ways = RowsModel()
        table = table_of(self.ways, self._look.say("ui.lighting.ways"))
        self.pin = QComboBox()
        self.pin.setAccessibleName(self._look.say("ui.lighting.pin"))
        self.pin.setToolTip(self._look.say("ui.lighting.pin.tip"))
        self.pin.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.pin.activated.connect(lambda _k: self._on_pinned())
        words, line = label(self._look.say("ui.lighting.pin")), row(8)
        words.setBuddy(self.pin)
        line.addWidget(words)
        line.addWidget(self.pin)
        line.addStretch(1)
        for shown in (self.name, self.best):
            layout.addWidget(shown)
        layout.addLayout(line)
        layout.addWidget(table, 1)
        return page

    def _years_page(self) -> QWidget:
        page, say = QWidget(), self._look.say
        layout = column(page, margin=0, spacing=6)
        layout.setContentsMargins(0, 8, 0, 0)
        self.stock, self.money = (YearColumns(self._look, say(f"ui.lighting.{name}")) for name in ("stock", "money"))
        for chart, name in ((self.stock, "stock"), (self.money, "money")):
            layout.addWidget(label(say(f"ui.lighting.{name}"), "head"))
            layout.addWidget(chart)
        layout.addStretch(1)
        return scrolled(page, say("ui.lighting.tab.years"))

    def _notes_page(self) -> QWidget:
        page = QWidget()
        layout = column(page, margin=0, spacing=6)
        layout.setContentsMargins(0, 8, 0, 0)
        self.own = OwnTable(
            self._look, self._remembered, "ui.role.lamp_table", "TOML (*.toml)", shipped="lighting.toml", stacked=True
        )  # fmt: skip
        self.own.copy_asked.connect(lambda path: self._copy_table("lighting.toml", path))
        layout.addWidget(self.own)
        self.notes = label("", "muted", wrap=True)
        layout.addWidget(self.notes)
        layout.addStretch(1)
        return scrolled(page, self._look.say("ui.lighting.tab.notes"))

    # ---------------------------------------------------------------- reckoning

    def _compute(self) -> None:
        plan, asked = self._plan, self.asked.asked
        # A year that is none of these any more is forgotten.
        years = range(asked.first or 0, (asked.last or 0) + 1)
        self.pins = {name: year for name, year in self.pins.items() if not year or year in years}
        asked = replace(asked, pins=dict(self.pins))
        own = self.own.path

        def reckon(progress: Progress) -> object:
            table = bundled_table() if own is None else read_table(own)
            return table, lighting_of(plan, asked, table, progress=progress)

        self._reckon(reckon, _TOPIC, "ui.lighting.stopped")

    def _on_done(self, found: object) -> None:
        kept = self.facility or self._wanted
        self._job = None
        self._table, self.found = cast("tuple[Table, Lighting]", found)
        self.state.setText("")
        set_role(self.state, "muted")
        self._show_found()
        self._select(kept)
        self._refresh()

    def _not_found(self, error: object) -> None:
        self.found = None
        self._show_found()
        self._on_failed(error)

    def _show_found(self) -> None:
        found, language = self.found, self._look.language
        self.facilities.show_found(found)
        self.total.setText("" if found is None else total_text(language, found))
        self.proof.setText("" if found is None else proof_text(language, found.head))
        self.notes.setText("" if found is None else "\n".join(f"• {text}" for text in note_texts(language, found)))
        self._show_years()
        self._show_facility()

    def _show_years(self) -> None:
        show_stock(self._look, self.stock, self.found)
        show_money(self._look, self.money, self.found)

    # ---------------------------------------------------------------- the facility that is looked at

    @property
    def facility(self) -> str | None:
        """Its id; None while there is none."""
        index = self.sorted.mapToSource(self.table.selectionModel().currentIndex())
        return str(self.facilities.rows[index.row()]["facility_id"]) if index.isValid() else None

    def _select(self, facility_id: str | None) -> None:
        """Look at a facility; the first of all where it is not there."""
        ids = [row["facility_id"] for row in self.facilities.rows]
        place = ids.index(facility_id) if facility_id in ids else 0
        index = self.sorted.mapFromSource(self.facilities.index(place, 0))
        self.table.setCurrentIndex(index)
        self.table.scrollTo(index)
        self._show_facility()

    def _show_facility(self) -> None:
        found, facility, language = self.found, self.facility, self._look.language
        if found is None or facility is None:
            self.name.setText("")
            self.best.setText("")
            self.pin.clear()
            self.ways.show_rows((), ())
            return
        mine = next(one for one in self.facilities.rows if one["facility_id"] == facility)
        told = {
            "name": mine["name"],
            "year": year_text(language, int(str(mine["year"]))),
            "deadline": mine["last_day"] or "–",
        }
        self.name.setText(self._look.say("ui.lighting.of", **told))
        self.best.setText(best_text(language, found, facility))
        self._fill_pin(found, facility)
        self.ways.show_rows(way_heads(self._look), way_rows(self._look, found, facility))

    def _fill_pin(self, found: Lighting, facility: str) -> None:
        """The years that this facility can be given."""
        say = self._look.say
        self.pin.clear()
        self.pin.addItem(say("ui.lighting.pin.none"), None)
        for year in range(found.head.first, found.head.last + 1):
            self.pin.addItem(year_text(self._look.language, year), year)
        self.pin.addItem(say("ui.lighting.pin.never"), 0)
        given = self.pins.get(facility)
        self.pin.setCurrentIndex(0 if given is None else max(self.pin.findData(given), 0))

    def _on_pinned(self) -> None:
        facility, year = self.facility, self.pin.currentData()
        if facility is None:
            return
        self.pins.pop(facility, None)
        if year is not None:
            self.pins[facility] = int(year)
        self._later.start()

    def _show_map(self) -> None:
        from ui.map.groups import groups_of_lighting

        if self.found is not None:
            self.mapped.emit(groups_of_lighting(self.found, self._look.language))
            self.state.setText(self._look.say("ui.lighting.mapped"))

    def _refresh(self) -> None:
        works = self._job is not None
        self.progress.setVisible(works)
        for action in (self.save, self.map):
            action.setEnabled(self.found is not None and not works)
        self._refresh_taking(found=self.found is not None)
        self.close_button.setText(self._look.say("ui.glare.stop" if works else "ui.surface.close"))

    # ---------------------------------------------------------------- papers

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.lighting.file"))

    def write(self, path: Path) -> None:
        """Write everything that was reckoned as a workbook."""
        from kawasolar.export.lighting import write_lighting_xlsx

        found, table, plan, language = self.found, self._table, self._plan, self._look.language
        if found is not None:
            self._keep(path, lambda: write_lighting_xlsx(found, table, plan, path, language), _TOPIC)
