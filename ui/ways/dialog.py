"""The dialog of the four ways: what is assumed, figures side by side, cash flows of both sides, and what moves a figure most."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QTabWidget,
    QWidget,
)

from kawasolar.finance import WAYS, Options, Terms, compare, tornado
from kawasolar.finance.words import (
    figure_name,
    figure_text,
    grant_texts,
    input_name,
    input_unit,
    price_texts,
    way_name,
)
from kawasolar.reasons import finding_sentence
from ui import format as fmt
from ui.charts.tornado import Swing, TornadoChart
from ui.parts import column, label, row, scrolled
from ui.ways.tables import CashModel, FiguresModel
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from gis.progress import Progress
    from kawasolar.finance import Bar, Comparison, Way
    from kawasolar.plan import Plan
    from kawasolar.roof_bill import RoofBill
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "ways"
# Figures of which somebody asks what moves them.
_MOVED: tuple[tuple[Way, str], ...] = (
    ("ppa", "unit"), ("ppa", "city_npv"), ("purchase", "city_npv"), ("purchase", "city_payback"), ("lease", "unit"), ("roof_rent", "operator_irr"),
)  # fmt: skip
_MOST_BARS = 12
_WAIT_MS = 150
_NAMES_PX = 380


@dataclass(frozen=True)
class Found:
    """What was reckoned."""

    comparison: Comparison
    way: Way
    figure: str
    bars: tuple[Bar, ...]
    bill: RoofBill | str


def bill_of(plan: Plan, facility_id: str) -> RoofBill | str:
    """The facility's bill without and with its roof, or the code why there is none."""
    from kawasolar.errors import TariffError
    from kawasolar.roof_bill import roof_bill
    from kawasolar.use import flows_of

    try:
        found = roof_bill(plan, *flows_of(plan, facility_id))
    except TariffError as error:
        return error.code
    # Where nothing is used, no kilowatt-hour has a price.
    return "tariff.nothing_known" if not isinstance(found, str) and found.self_use_kwh <= 0 else found


class WaysDialog(WorkingDialog):
    """Changes nothing in the plan."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, plan: Plan, facility_id: str, parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._plan, self.facility = look, jobs, remembered, plan, facility_id
        self._job: Job | None = None
        self._terms = Terms.of(plan.profile)
        self.found: Found | None = None
        self.bill: RoofBill | str | None = None
        say = look.say
        self._name = str(plan.facilities.set_index("facility_id")["name"][facility_id])
        self.setWindowTitle(say("ui.ways.title"))
        layout = column(self, margin=20, spacing=10)
        layout.addWidget(label(say("ui.ways.of", name=self._name), "title"))
        layout.addWidget(label(say("ui.ways.intro"), "muted", wrap=True))
        self.site = label("", "muted", wrap=True)
        layout.addWidget(self.site)
        layout.addLayout(self._asked())
        self.by_tariff = QCheckBox(say("ui.ways.by_tariff"))
        self.by_tariff.setToolTip(say("ui.ways.by_tariff.tip"))
        self.by_tariff.setChecked(True)
        self.by_tariff.toggled.connect(self._changed)
        self.by_tariff.hide()
        layout.addWidget(self.by_tariff)
        self.tabs = QTabWidget()
        self.figures = FiguresModel(look)
        self.tabs.addTab(self._table(self.figures, say("ui.ways.figures")), say("ui.ways.figures"))
        self.tabs.addTab(self._cash_page(), say("ui.ways.cash"))
        self.tabs.addTab(self._tornado_page(), say("ui.ways.tornado"))
        layout.addWidget(self.tabs, 1)
        self.notes = label("", "muted", wrap=True)
        layout.addWidget(self.notes)
        layout.addLayout(self._foot_of(quick=True))
        self.resize(1060, 700)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_WAIT_MS)
        self._later.timeout.connect(self._compute)
        self._compute()

    # ---------------------------------------------------------------- building

    def _asked(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.price = QDoubleSpinBox()
        self.price.setRange(0.0, 200.0)
        self.price.setDecimals(2)
        self.price.setSuffix(say("ui.ways.yen_kwh"))
        self.price.setValue(self._terms.number("purchase_price"))
        self.price.valueChanged.connect(self._changed)
        self.subsidy = QComboBox()
        self.subsidy.addItem(say("ui.ways.no_subsidy"), "")
        for name in dict.fromkeys(one.name(self._look.language) for one in self._plan.profile.tables.subsidies):
            self.subsidy.addItem(name, name)
        self.subsidy.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.subsidy.setMinimumContentsLength(18)
        self.subsidy.currentIndexChanged.connect(self._changed)
        self.given = QCheckBox(say("ui.ways.given"))
        self.given.setToolTip(say("ui.ways.given.tip"))
        self.ppa = QDoubleSpinBox()
        self.ppa.setRange(0.0, 200.0)
        self.ppa.setDecimals(2)
        self.ppa.setSuffix(say("ui.ways.yen_kwh"))
        self.ppa.setValue(self._terms.number("price"))
        self.ppa.setEnabled(False)
        self.given.toggled.connect(self.ppa.setEnabled)
        self.given.toggled.connect(self._changed)
        self.ppa.valueChanged.connect(self._changed)
        self.sell = QCheckBox(say("ui.ways.sell"))
        self.sell.setChecked(True)
        self.sell.toggled.connect(self._changed)
        for code, widget in (("price", self.price), ("subsidy", self.subsidy)):
            words = label(say(f"ui.ways.{code}"))
            words.setBuddy(widget)
            widget.setAccessibleName(say(f"ui.ways.{code}"))
            line.addWidget(words)
            line.addWidget(widget, 1 if widget is self.subsidy else 0)
        self.ppa.setAccessibleName(say("ui.ways.given"))
        line.addWidget(self.given)
        line.addWidget(self.ppa)
        line.addWidget(self.sell)
        return line

    def _table(self, model: FiguresModel | CashModel, name: str) -> QTableView:
        table = QTableView()
        table.setModel(model)
        table.setAccessibleName(name)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.verticalHeader().setDefaultSectionSize(26)
        if isinstance(model, FiguresModel):
            # The longest name leaves no room for the figures; the tooltip has it whole.
            table.verticalHeader().setMaximumWidth(_NAMES_PX)
            table.verticalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
            table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        else:
            table.horizontalHeader().setDefaultSectionSize(74)
        return table

    def _cash_page(self) -> QWidget:
        page = QWidget()
        layout = column(page, margin=0, spacing=6)
        line = row(8)
        self.way = QComboBox()
        self.way.setAccessibleName(self._look.say("ui.ways.way"))
        for one in WAYS:
            self.way.addItem(way_name(self._look.language, one), one)
        self.way.currentIndexChanged.connect(lambda _k: self._show_cash())
        line.addWidget(self.way)
        line.addWidget(label(self._look.say("ui.ways.thousands"), "muted"))
        line.addStretch(1)
        layout.addLayout(line)
        self.cash = CashModel(self._look)
        layout.addWidget(self._table(self.cash, self._look.say("ui.ways.cash")), 1)
        return page

    def _tornado_page(self) -> QWidget:
        page, language = QWidget(), self._look.language
        layout = column(page, margin=0, spacing=6)
        self.figure = QComboBox()
        self.figure.setAccessibleName(self._look.say("ui.ways.figure"))
        for way, key in _MOVED:
            self.figure.addItem(
                self._look.say("ui.ways.line", side=way_name(language, way), item=figure_name(language, key)),
                (way, key),
            )
        self.figure.currentIndexChanged.connect(self._changed)
        layout.addWidget(self.figure)
        self.chart = TornadoChart(self._look, self._look.say("ui.ways.tornado"))
        layout.addWidget(scrolled(self.chart, self._look.say("ui.ways.tornado")), 1)
        layout.addWidget(label(self._look.say("ui.ways.tornado.note"), "muted", wrap=True))
        return page

    # ---------------------------------------------------------------- reckoning

    def _changed(self, *_: object) -> None:
        self._later.start()

    @property
    def options(self) -> Options:
        """As they are chosen now."""
        wanted = self.subsidy.currentData()
        rows = self._plan.profile.tables.subsidies
        return Options(
            tuple(one for one in rows if one.name(self._look.language) == wanted), price=self.ppa.value() if self.given.isChecked() else None,
            sold=self.sell.isChecked(),
        )  # fmt: skip

    def _compute(self) -> None:
        plan, facility, terms, options, price = self._plan, self.facility, self._terms, self.options, self.price.value()
        known, wanted = self.bill, self.by_tariff.isChecked()
        way, figure = cast("tuple[Way, str]", tuple(self.figure.currentData()))
        if way == "ppa" and figure == "unit" and options.price is not None:
            figure = "city_npv"

        def reckon(_progress: Progress) -> Found:
            from kawasolar.finance.of_plan import energy_band, site_of

            bill = bill_of(plan, facility) if known is None else known
            if wanted and not isinstance(bill, str):
                site = site_of(plan, facility, bill.yen_per_kwh, demand_saving=bill.demand_yen)
            else:
                site = site_of(plan, facility, price)
            found = compare(site, terms, options)
            bars = tornado(site, terms, way, figure, options, energy_band(plan, facility))
            return Found(found, way, figure, bars, bill)

        job = self._jobs.start(reckon, _TOPIC)
        self._job = job
        job.done.connect(self._on_done)
        job.failed.connect(self._on_failed)
        job.ended.connect(lambda: self._forget(job))

    def _forget(self, job: Job) -> None:
        if self._job is job:
            self._job = None

    def _on_done(self, found: object) -> None:
        self._job = None
        self.found = cast("Found", found)
        self.bill = self.found.bill
        self._refresh()

    def _on_failed(self, error: object) -> None:
        self.found = None
        super()._on_failed(error)

    def _refresh(self) -> None:
        found, look = self.found, self._look
        self.save.setEnabled(found is not None)
        bill = self.bill
        if bill is None or isinstance(bill, str):
            self.by_tariff.hide()
            self.price.setEnabled(True)
        else:
            self.by_tariff.setText(
                look.say(
                    "ui.ways.by_tariff_is", tariff=bill.before.tariff.name(look.language), price=fmt.number(bill.yen_per_kwh, 2), demand=f"{bill.demand_yen:,.0f}",
                )
            )  # fmt: skip
            self.by_tariff.show()
            self.price.setEnabled(not self.by_tariff.isChecked())
        comparison = None if found is None else found.comparison
        self.figures.show_comparison(comparison)
        self._show_cash()
        if found is None or comparison is None:
            self.chart.show_swings((), 0.0)
            self.notes.setText("")
            return
        self.state.setText("")
        site, language = comparison.site, look.language
        energy = float(site.self_use_kwh) + float(site.surplus_kwh)  # type: ignore[arg-type]
        self.site.setText(
            look.say(
                "ui.ways.site", kw=fmt.number(float(site.capacity_kw), 1), energy=" ".join(fmt.energy(energy)),  # type: ignore[arg-type]
                use=fmt.percent(float(site.self_use_kwh) / energy if energy else 0.0), years=comparison.terms.years,  # type: ignore[arg-type]
            )
        )  # fmt: skip
        way, key = found.way, found.figure
        swings = [
            Swing(
                look.say("ui.ways.input", name=input_name(language, bar.code), low=_number(bar.low), high=_number(bar.high), unit=input_unit(language, bar.code)).strip(),
                bar.at_low, bar.at_high, figure_text(language, way, key, bar.at_low), figure_text(language, way, key, bar.at_high),
            )
            for bar in found.bars[:_MOST_BARS]
        ]  # fmt: skip
        self.chart.show_swings(swings, float(comparison.outcomes[way].figures[key]))
        told = [finding_sentence(language, finding) for finding in comparison.findings]
        for one in WAYS:
            outcome = comparison.outcomes[one]
            texts = [*grant_texts(language, outcome.grant), *price_texts(language, one, outcome)]
            told += [look.say("ui.ways.line", side=way_name(language, one), item=" / ".join(texts))] if texts else []
        self.notes.setText("\n".join(told))

    def _show_cash(self) -> None:
        found = None if self.found is None else self.found.comparison
        self.cash.show_way(found, cast("Way", self.way.currentData()))

    # ---------------------------------------------------------------- papers

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.ways.file", name=self._name))

    def write(self, path: Path) -> None:
        """Write figures, cash flows, sensitivities and assumptions as a workbook."""
        from kawasolar.export.finance import write_finance_xlsx
        from kawasolar.export.fingerprint import Origin

        found, plan, language, name = self.found, self._plan, self._look.language, self._name
        if found is None:
            return

        def keep(_progress: Progress) -> Path:
            bars = {(found.way, found.figure): found.bars}
            write_finance_xlsx(found.comparison, path, language, name=name, tornados=bars, origin=Origin.of(plan))
            return path

        job = self._jobs.start(keep, _TOPIC)
        self._job = job
        job.done.connect(lambda done: self.state.setText(self._look.say("cli.written", file=str(done))))
        job.failed.connect(super()._on_failed)
        job.ended.connect(lambda: self._forget(job))


def _number(value: float) -> str:
    """An assumption's end: thousands without decimals, shares with those that they have."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
