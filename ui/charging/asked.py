"""What is asked of the chargers: whose cars, a V2X unit, the reserve, what is kept up in an outage, the roof."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFileDialog, QWidget

from kawasolar.charging import Asked, assumption_rows, assumptions_with
from ui.own_table import OwnTable
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from ui.look import Look
    from ui.settings import Remembered

# Assumptions that are shares, told in per cent.
_SHARES = ("reserve_share", "critical_share")
_MOST_UNITS = 20.0
# Kind of charger that gives back.
_UNIT = "v2x"
# Whose cars: those that the fleet's programme has brought by its last year, or the electric ones of today's ledger.
SOURCES = ("fleet", "ledger")


class AskedPart(QWidget):
    """The choices above the table.

    Signals
    -------
    changed : all is to be reckoned anew
    """

    changed = Signal()

    def __init__(self, look: Look, remembered: Remembered) -> None:
        super().__init__()
        self._look, self._remembered = look, remembered
        self.path: Path | None = None
        # What has no field here stays as the plan asks for it.
        self._plain = Asked()
        say = look.say
        layout = column(self, margin=0, spacing=6)
        first, second = row(8), row(8)
        self.cars = QComboBox()
        self.cars.setAccessibleName(say("ui.charging.cars"))
        self.cars.setToolTip(say("ui.charging.cars.tip"))
        for source in SOURCES:
            self.cars.addItem(say(f"ui.charging.cars.{source}"), source)
        self.cars.currentIndexChanged.connect(lambda _k: self._on_source())
        words = label(say("ui.charging.cars"))
        words.setBuddy(self.cars)
        first.addWidget(words)
        first.addWidget(self.cars)
        self.choose = button(say("ui.charging.choose"), tip=say("ui.charging.choose.tip"))
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._ask)
        self.source_of_list = label("", "muted")
        first.addWidget(self.choose)
        first.addWidget(self.source_of_list, 1)
        self.own = OwnTable(look, remembered, "ui.role.charger_table", "CSV (*.csv)", shipped="chargers.csv")
        self.own.changed.connect(self.changed)
        first.addWidget(self.own, 2)
        self.fields: dict[str, QDoubleSpinBox] = {}
        self.v2x = self._spin("v2x", 0.0, _MOST_UNITS, 0.0)
        for key in _SHARES:
            known = assumption_rows()[key]
            self.fields[key] = self._spin(key, 100.0 * known.low, 100.0 * known.high, 100.0 * known.value)
        for key, spin in (("v2x", self.v2x), *self.fields.items()):
            words = label(say(f"ui.charging.{key}"))
            words.setBuddy(spin)
            second.addWidget(words)
            second.addWidget(spin)
        self.roof = QCheckBox(say("ui.charging.roof"))
        self.roof.setChecked(True)
        self.roof.toggled.connect(lambda _on: self.changed.emit())
        second.addWidget(self.roof)
        second.addStretch(1)
        layout.addLayout(first)
        layout.addLayout(second)
        self.take_cars(None)

    def _spin(self, key: str, least: float, most: float, value: float) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setRange(least, most)
        spin.setDecimals(0)
        spin.setValue(value)
        spin.setSuffix(self._look.say(f"ui.charging.{key}.unit"))
        spin.setAccessibleName(self._look.say(f"ui.charging.{key}"))
        spin.setToolTip(self._look.say(f"ui.charging.{key}.tip"))
        spin.valueChanged.connect(lambda _v: self.changed.emit())
        return spin

    def _on_source(self) -> None:
        """Other cars than those of the list that was chosen."""
        self.take_cars(None)
        self.changed.emit()

    def _ask(self) -> None:
        folder = self._remembered.folder or str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self, self._look.say("ui.charging.choose"), folder, "CSV (*.csv)")
        if chosen:
            self.take_cars(Path(chosen))
            self.changed.emit()

    def take_cars(self, path: Path | None) -> None:
        """Cars of a list; None: those of the plan."""
        self.path = path
        self.source_of_list.setText("" if path is None else self._look.say("ui.charging.list", name=path.name))

    @property
    def source(self) -> str:
        """Whose cars, one of :data:`SOURCES`, unless there is a list."""
        return SOURCES[self.cars.currentIndex()]

    @property
    def asked(self) -> Asked:
        """As it is chosen now; what stands at its usual value is not somebody's own."""
        rows, before = assumption_rows(), self._plain.assumed
        given = {key: getattr(before, key) for key in before.asked if key not in self.fields}
        own = {key: spin.value() / 100.0 for key, spin in self.fields.items()}
        given |= {key: value for key, value in own.items() if abs(value - rows[key].value) > 1e-9}
        units = int(self.v2x.value())
        least = {key: number for key, number in self._plain.least.items() if key != _UNIT} | (
            {_UNIT: units} if units else {}
        )
        return replace(self._plain, assumed=assumptions_with(given), least=least, roof=self.roof.isChecked())

    def show_asked(self, asked: Asked, source: str) -> None:
        """Choose this."""
        self._plain = asked
        blocked = [QSignalBlocker(field) for field in (self.cars, self.v2x, self.roof, *self.fields.values())]
        self.cars.setCurrentIndex(SOURCES.index(source))
        self.v2x.setValue(float(asked.least.get(_UNIT, 0)))
        for key, spin in self.fields.items():
            spin.setValue(100.0 * getattr(asked.assumed, key))
        self.roof.setChecked(asked.roof)
        del blocked
