"""What is asked of the chargers: whose cars, a V2X unit, the reserve, what is kept up in an outage, the roof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QFileDialog, QWidget

from kawasolar.charging import Asked, assumption_rows, assumptions_with
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from ui.look import Look
    from ui.settings import Remembered

# Assumptions that are shares, told in per cent.
_SHARES = ("reserve_share", "critical_share")
_MOST_UNITS = 20.0


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
        say = look.say
        layout = column(self, margin=0, spacing=6)
        first, second = row(8), row(8)
        self.choose = button(say("ui.charging.choose"), tip=say("ui.charging.choose.tip"))
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._ask)
        self.source = label("", "muted")
        first.addWidget(self.choose)
        first.addWidget(self.source, 1)
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

    def _ask(self) -> None:
        folder = self._remembered.folder or str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self, self._look.say("ui.charging.choose"), folder, "CSV (*.csv)")
        if chosen:
            self.take_cars(Path(chosen))
            self.changed.emit()

    def take_cars(self, path: Path | None) -> None:
        """Cars of a list; None: those of the plan's ledger of vehicles."""
        self.path = path
        say = self._look.say
        self.source.setText(say("ui.charging.ledger") if path is None else say("ui.charging.list", name=path.name))

    @property
    def asked(self) -> Asked:
        """As it is chosen now; what stands at its usual value is not somebody's own."""
        rows = assumption_rows()
        own = {key: spin.value() / 100.0 for key, spin in self.fields.items()}
        given = {key: value for key, value in own.items() if abs(value - rows[key].value) > 1e-9}
        units = int(self.v2x.value())
        least = {"v2x": units} if units else {}
        return Asked(assumed=assumptions_with(given), least=least, roof=self.roof.isChecked())
