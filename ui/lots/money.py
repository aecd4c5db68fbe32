"""The money of lots over the fiscal years: what the city saves and what is drawn of a subsidy as bars, both sides' cash flows as a table; of all lots or of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QTableView, QWidget

from kawasolar.export.lots import flow_rows
from ui import format as fmt
from ui.charts.year_money import YearMoney
from ui.parts import column, label, row

if TYPE_CHECKING:
    from kawasolar.lots.flows import LotFlows, YearFlows
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_MILLION, _THOUSAND = 1e6, 1e3
_NAMES_PX = 300


class FlowsModel(QAbstractTableModel):
    """Both sides' lines, a column a fiscal year [1,000 yen]."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.rows: list[tuple[str, str, str, np.ndarray[Any, Any], bool]] = []
        self._years: tuple[int, ...] = ()
        self._bold = QFont()
        self._bold.setBold(True)

    def show_flows(self, one: LotFlows | None, years: tuple[int, ...]) -> None:
        """Another lot."""
        self.beginResetModel()
        self._years = years
        self.rows = [] if one is None or not years else flow_rows(one, self._look.language)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self._years) if self.rows else 0

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Vertical:
            if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                return None
            _, side, item, _, _ = self.rows[section]
            return self._look.say("ui.ways.line", side=side, item=item)
        return str(self._years[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        _, _, _, values, summed = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            # No minus before a nought.
            return f"{round(float(values[index.column()]) / _THOUSAND) + 0:,d}".replace("-", "−")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        return self._bold if role == Qt.ItemDataRole.FontRole and summed else None


class MoneyPage(QWidget):
    """Of all lots, or of one."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._flows = look, cast("YearFlows | None", None)
        say, layout = look.say, column(self, margin=0, spacing=6)
        line = row(8)
        self.lot = QComboBox()
        self.lot.setAccessibleName(say("ui.lots.money.lot"))
        self.lot.setMinimumContentsLength(18)
        self.lot.currentIndexChanged.connect(lambda _k: self._show())
        line.addWidget(self.lot)
        self.told = label("", wrap=True)
        line.addWidget(self.told, 1)
        layout.addLayout(line)
        charts = row(12)
        self.city = YearMoney(look, say("ui.lots.money.city"), "accent")
        self.grant = YearMoney(look, say("ui.lots.money.grant"), "sun")
        for chart in (self.city, self.grant):
            charts.addWidget(chart, 1)
        layout.addLayout(charts)
        self.subsidy = label("", "muted", wrap=True)
        layout.addWidget(self.subsidy)
        layout.addWidget(label(say("ui.lots.money.table"), "muted", wrap=True))
        self.model = FlowsModel(look)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(say("ui.lots.money"))
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.verticalHeader().setMaximumWidth(_NAMES_PX)
        self.table.verticalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.horizontalHeader().setDefaultSectionSize(82)
        layout.addWidget(self.table, 1)

    def show_flows(self, flows: YearFlows, subsidy: str) -> None:
        """Other lots, and what is said of their subsidy; the lot that is looked at stays if it is among them."""
        before = self.lot.currentData()
        self._flows = flows
        self.subsidy.setText(subsidy)
        with QSignalBlocker(self.lot):
            self.lot.clear()
            for one in (flows.whole, *flows.lots):
                self.lot.addItem(one.name or self._look.say("lots.flow.all"), one.lot)
            self.lot.setCurrentIndex(max(self.lot.findData(before), 0))
        self._show()

    @property
    def shown(self) -> LotFlows | None:
        """The lot that is looked at; all lots together have no key."""
        flows, key = self._flows, self.lot.currentData()
        if flows is None:
            return None
        return next((one for one in flows.lots if one.lot == key), flows.whole)

    def _show(self) -> None:
        flows, one = self._flows, self.shown
        if flows is None or one is None:
            return
        self.model.show_flows(one, flows.years)
        if not flows.years:
            self.told.setText(self._look.say("ui.lots.money.none"))
            self.city.show_money((), ())
            self.grant.show_money((), ())
            return
        figures = flows.figures(one)
        sign = -1.0 if figures["city_total"] < 0.0 else 1.0
        self.told.setText(
            self._look.say(
                f"ui.lots.money.told{'' if sign > 0 else '_cost'}", total=sign * figures["city_total"] / _MILLION, npv=sign * figures["city_npv"] / _MILLION, irr=fmt.percent(figures["operator_irr"], 2),
                grant=figures["grant_total"] / _MILLION,
            )
        )  # fmt: skip
        self.city.show_money(flows.years, (one.city / _MILLION).tolist())
        # Only years in which sites begin draw any of it.
        last = flows.last_begin + 1
        caps = flows.caps[:last] / _MILLION if not one.lot else np.zeros(0)
        self.grant.show_money(
            flows.years[:last], (one.line("grant").operator[:last] / _MILLION).tolist(), caps.tolist()
        )
