"""The dialog of measures one after the other: what each saves in one order and in another, and the bill after each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QLabel, QTabWidget, QWidget

from kawasolar.answers import answer_of
from kawasolar.measures.words import (
    assumed_text,
    bill_rows,
    code_name,
    notes,
    order_name,
    step_names,
    worth_heads,
    worth_rows,
)
from ui import format as fmt
from ui.charts.waterfall import Fall, WaterfallChart
from ui.measures.asked import AskedMeasures
from ui.measures.tables import RowsModel, cell, table_of
from ui.parts import column, label, row, scrolled, set_role
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from pathlib import Path

    from gis.progress import Progress
    from kawasolar.measures import Found, Ordered, Site
    from kawasolar.plan import Plan
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "measures"
_WAIT_MS = 150
# As high as all is seen at once, where the screen has room for it and its frame.
_HEIGHT, _FRAME = 820, 60
# Room above the highest bar for its number.
_ROOM = 1.08


class MeasuresDialog(WorkingDialog):
    """Changes nothing in the plan."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, plan: Plan, facility_id: str, parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._plan, self.facility = look, jobs, remembered, plan, facility_id
        self._job: Job | None = None
        self._site: Site | None = None
        self.found: Found | None = None
        say = look.say
        self._name = str(plan.facilities.set_index("facility_id")["name"][facility_id])
        self.setWindowTitle(say("ui.measures.title"))
        layout = column(self, margin=20, spacing=10)
        layout.addWidget(label(say("ui.measures.of", name=self._name), "title"))
        layout.addWidget(label(say("ui.measures.intro"), "muted", wrap=True))
        self.asked = AskedMeasures(look, self._roof(), kept=self._keeps_chargers())
        self.asked.changed.connect(self._changed)
        self.asked.other_changed.connect(self._refresh)
        layout.addWidget(self.asked)
        self.notes = label("", "attention", wrap=True)
        layout.addWidget(self.notes)
        self.tabs = QTabWidget()
        self.tabs.addTab(scrolled(self._worth_page(), say("ui.measures.worth")), say("ui.measures.worth"))
        self.tabs.addTab(self._bill_page(), say("ui.measures.bill"))
        layout.addWidget(self.tabs, 1)
        layout.addWidget(label(say("measures.note.order"), "muted", wrap=True))
        layout.addLayout(self._foot_of(quick=True))
        self.resize(1080, min(_HEIGHT, self.screen().availableGeometry().height() - _FRAME))
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_WAIT_MS)
        self._later.timeout.connect(self._compute)
        self._refresh()
        self._compute()

    # ---------------------------------------------------------------- building

    def _roof(self) -> str:
        """What stands on the roof by the plan."""
        yields = self._plan.results.yields
        mine = yields[yields["facility_id"] == self.facility]
        if not len(mine):
            return self._look.say("ui.measures.no_roof")
        kw, kwh = (float(mine[name].iloc[0]) for name in ("capacity_kw", "energy_kwh"))
        return self._look.say("ui.measures.roof", kw=fmt.number(kw, 1), energy=" ".join(fmt.energy(kwh)))

    def _keeps_chargers(self) -> bool:
        """Whether the plan keeps chargers of this facility."""
        found = answer_of(self._plan, "charging")
        return found is not None and bool((found.bases["facility_id"] == self.facility).any())

    def _worth_page(self) -> QWidget:
        page, say = QWidget(), self._look.say
        layout = column(page, margin=0, spacing=6)
        layout.setContentsMargins(0, 8, 0, 0)
        line = row(16)
        self.heads: list[QLabel] = []
        self.charts: list[WaterfallChart] = []
        for code in ("order", "other"):
            holder = QWidget()
            side = column(holder, margin=0, spacing=2)
            head, chart = label("", "head", wrap=True), WaterfallChart(self._look, say(f"ui.measures.{code}"))
            side.addWidget(head)
            side.addWidget(chart)
            line.addWidget(holder, 1)
            self.heads.append(head)
            self.charts.append(chart)
        layout.addLayout(line)
        self.worth = RowsModel()
        layout.addWidget(table_of(self.worth, say("ui.measures.worth")), 1)
        return page

    def _bill_page(self) -> QWidget:
        page, say = QWidget(), self._look.say
        layout = column(page, margin=0, spacing=6)
        layout.setContentsMargins(0, 8, 0, 0)
        line = row(8)
        self.which = QComboBox()
        self.which.setAccessibleName(say("ui.measures.which"))
        for code in ("order", "other"):
            self.which.addItem(say(f"ui.measures.{code}"), code)
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.which.currentIndexChanged.connect(lambda _k: self._show_bill())
        line.addWidget(self.which)
        self.bill_order = label("", "head")
        line.addWidget(self.bill_order, 1)
        layout.addLayout(line)
        self.bill = RowsModel()
        layout.addWidget(table_of(self.bill, say("ui.measures.bill")), 1)
        return page

    # ---------------------------------------------------------------- reckoning

    def _changed(self) -> None:
        self._later.start()

    def _compute(self) -> None:
        plan, facility, known, order = self._plan, self.facility, self._site, self.asked.asked_order
        if not order:
            self.found = None
            self._refresh()
            return
        assumed = self.asked.assumed

        def reckon(progress: Progress) -> Found:
            from kawasolar.measures import compare_orders, site_of

            site = site_of(plan, facility, progress) if known is None else known
            return compare_orders(site, assumed, order, progress)

        job = self._jobs.start(reckon, _TOPIC)
        self._job = job
        job.done.connect(self._on_done)
        job.failed.connect(self._not_found)
        job.ended.connect(lambda: self._forget(job))

    def _forget(self, job: Job) -> None:
        if self._job is job:
            self._job = None

    def _on_done(self, found: object) -> None:
        self._job = None
        self.found = cast("Found", found)
        self._site = self.found.site
        set_role(self.state, "muted")
        self.state.setText("")
        self._refresh()

    def _not_found(self, error: object) -> None:
        self.found = None
        self._on_failed(error)

    @property
    def other(self) -> Ordered | None:
        """What the order is compared with; None while nothing is reckoned."""
        if self.found is None:
            return None
        wanted = self.asked.other_order
        return next((one for one in self.found.orders if one.order == wanted), self.found.asked)

    def _refresh(self) -> None:
        found, other, language = self.found, self.other, self._look.language
        self.save.setEnabled(found is not None)
        if not self.asked.codes:
            self.state.setText(self._look.say("ui.measures.none"))
        if found is None or other is None:
            for head, chart in zip(self.heads, self.charts, strict=True):
                head.setText("")
                chart.show_falls((), 0.0)
            self.worth.show_rows((), ())
            self.notes.setText("")
        else:
            # The second order has its place kept where there is none, so that the first stays where it is.
            sides = [found.asked, other]
            top = _ROOM * max(float(made.year_yen) for one in sides for made in one.bills) / 1000.0
            for one, head, chart in zip(sides, self.heads, self.charts, strict=True):
                head.setText(order_name(language, one.order))
                chart.show_falls(self._falls(one), top)
            self.worth.show_rows(worth_heads(language, found, other), worth_rows(language, found, other))
            told = [*notes(language, found, whole=False), assumed_text(language, found)]
            self.notes.setText(" ".join(told))
        self._show_bill()

    def _falls(self, one: Ordered) -> list[Fall]:
        """The bill before, each step, the bill after [1,000 yen]."""
        say, yen = self._look.say, [float(made.year_yen) / 1000.0 for made in one.bills]
        falls = [Fall(say("measures.before"), 0.0, yen[0], cell(round(yen[0])), whole=True)]
        for code, begin, end in zip(one.order, yen, yen[1:], strict=False):
            shown = ("+" if round(end - begin) > 0 else "") + cell(round(end - begin))
            falls.append(Fall(code_name(self._look.language, code), begin, end, shown))
        return [*falls, Fall(say("measures.after_all"), 0.0, yen[-1], cell(round(yen[-1])), whole=True)]

    def _show_bill(self) -> None:
        found, other, language = self.found, self.other, self._look.language
        if found is None or other is None:
            self.bill.show_rows((), ())
            self.bill_order.setText("")
            return
        one = other if self.which.currentData() == "other" else found.asked
        self.bill_order.setText(order_name(language, one.order))
        self.bill.show_rows(step_names(language, one), bill_rows(language, one))

    # ---------------------------------------------------------------- papers

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.measures.file", name=self._name))

    def write(self, path: Path) -> None:
        """Write every order, the bills of both orders step by step, and the assumptions as a workbook."""
        from kawasolar.export.measures import write_measures

        found, other, plan, language = self.found, self.other, self._plan, self._look.language
        name = f"{self.facility} {self._name}"
        if found is not None:
            self._keep(path, lambda: write_measures(plan, found, path, language, name, other=other), _TOPIC)
