"""What is asked of the sizes: a goal, limits, a battery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QWidget

from kawasolar.sizing import Asked, Battery, Wants
from kawasolar.sizing.choose import GOALS
from kawasolar.value_rules import VALUE_RULES
from ui.parts import column, label, row

if TYPE_CHECKING:
    from kawasolar.profile import Profile
    from ui.look import Look

# Limit, value of the profile, by what it is multiplied on the screen, digits.
_LIMITS = (
    ("self_use", "sizing.self_use", 100.0, 0),
    ("payback", "sizing.payback", 1.0, 1),
    ("below", "sizing.below_loss", 100.0, 1),
)
_MOST_KWH = 100_000.0


class AskedPart(QWidget):
    """The choices above the table.

    Signals
    -------
    wants_changed : another size may be chosen of those that are reckoned
    sizes_changed : the sizes are to be reckoned anew
    """

    wants_changed = Signal()
    sizes_changed = Signal()

    def __init__(self, look: Look, profile: Profile) -> None:
        super().__init__()
        self._look, self._profile = look, profile
        say = look.say
        layout = column(self, margin=0, spacing=6)
        first, second = row(8), row(8)
        self.goal = QComboBox()
        for goal in GOALS:
            self.goal.addItem(say(f"sizing.goal.{goal}"), goal)
        self.goal.setAccessibleName(say("ui.sizing.goal"))
        self.goal.currentIndexChanged.connect(lambda _k: self.wants_changed.emit())
        words = label(say("ui.sizing.goal"))
        words.setBuddy(self.goal)
        first.addWidget(words)
        first.addWidget(self.goal)
        self.limits: dict[str, tuple[QCheckBox, QDoubleSpinBox]] = {}
        for name, key, times, digits in _LIMITS:
            for widget in self._limit(name, key, times, digits):
                (second if name == "below" else first).addWidget(widget)
        first.addStretch(1)
        self.battery = self._spin("battery", 0.0, _MOST_KWH, 0)
        self.battery.setSpecialValueText(say("ui.sizing.no_battery"))
        self.battery.setSingleStep(10.0)
        words = label(say("ui.sizing.battery"))
        words.setBuddy(self.battery)
        self.sell = QCheckBox(say("ui.ways.sell"))
        self.battery.valueChanged.connect(lambda _v: self.sizes_changed.emit())
        self.sell.toggled.connect(lambda _on: self.sizes_changed.emit())
        for shown in (words, self.battery, self.sell):
            second.addWidget(shown)
        second.addStretch(1)
        layout.addLayout(first)
        layout.addLayout(second)
        self.limits["self_use"][0].setChecked(True)

    def _limit(self, name: str, key: str, times: float, digits: int) -> tuple[QCheckBox, QDoubleSpinBox]:
        _, least, most = VALUE_RULES[key]
        tick = QCheckBox(self._look.say(f"ui.sizing.{name}"))
        tick.setToolTip(self._look.say(f"ui.sizing.{name}.tip"))
        spin = self._spin(name, least * times, most * times, digits)
        spin.setValue(self._profile.number(key) * times)
        spin.setEnabled(False)
        tick.toggled.connect(spin.setEnabled)
        tick.toggled.connect(lambda _on: self.wants_changed.emit())
        spin.valueChanged.connect(lambda _v: self.wants_changed.emit())
        self.limits[name] = tick, spin
        return tick, spin

    def _spin(self, name: str, least: float, most: float, digits: int) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setRange(least, most)
        spin.setDecimals(digits)
        spin.setSuffix(self._look.say(f"ui.sizing.{name}.unit"))
        spin.setAccessibleName(self._look.say(f"ui.sizing.{name}"))
        return spin

    @property
    def wants(self) -> Wants:
        """As they are chosen now."""
        given = {
            name: spin.value() / times
            for (name, _, times, _), (tick, spin) in zip(_LIMITS, self.limits.values(), strict=True)
            if tick.isChecked()
        }
        return Wants(GOALS[self.goal.currentIndex()], given.get("self_use"), given.get("payback"), given.get("below"))

    @property
    def asked(self) -> Asked:
        """Battery and sale."""
        kwh = self.battery.value()
        return Asked(Battery.of(self._profile, kwh) if kwh > 0.0 else None, self.sell.isChecked())
