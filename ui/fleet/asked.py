"""What is asked of a fleet's programme: years, target, budget, cars a year, how cars are had, and what is searched for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QSpinBox, QWidget

from kawasolar.fleet import FleetRules, default_rules
from kawasolar.fleet.rules import OBJECTIVES, WAYS
from kawasolar.fleet.table import car_classes
from kawasolar.fleet.words import prefer_text
from ui.parts import column, label, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ui.look import Look

# Orders of powers that are offered; the first is the table's own.
_PREFER = ("ev,phev,fcv,hev", "ev/phev/fcv/hev", "ev/phev/fcv,hev")
_YEARS = (2020, 2060)
_MOST_YEARS = 25
# Budgets are told in 10,000 yen in Japanese, in millions in English.
_UNIT = {"ja": 1e4, "en": 1e6}
_MOST_YEN = 1e12


class AskedFleet(QWidget):
    """Two lines of fields.

    Signals
    -------
    changed : the programme is to be reckoned anew
    """

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._plain = default_rules()
        self._orders: tuple[str, ...] = _PREFER
        first, second = row(8), row(8)
        self.first, self.last = self._year("first", self._plain.first_year), self._year("last", self._plain.last_year)
        self.target = QDoubleSpinBox()
        self.target.setRange(0.0, 100.0)
        self.target.setDecimals(0)
        self.target.setSuffix(" %")
        self.target.setValue(100.0 * self._plain.target)
        self.budget = QDoubleSpinBox()
        unit = _UNIT[look.language]
        self.budget.setRange(0.0, _MOST_YEN / unit)
        self.budget.setDecimals(0 if unit < 1e6 else 1)
        self.budget.setSingleStep(500.0 if unit < 1e6 else 5.0)
        self.budget.setGroupSeparatorShown(True)
        self.budget.setSuffix(look.say("ui.fleet.budget.unit"))
        self.budget.setSpecialValueText(look.say("ui.fleet.free"))
        self.cars = QSpinBox()
        self.cars.setRange(0, 10_000)
        self.cars.setSuffix(look.say("ui.fleet.cars.unit"))
        self.cars.setSpecialValueText(look.say("ui.fleet.free"))
        for name, field in (
            ("first", self.first), ("last", self.last), ("target", self.target), ("budget", self.budget), ("cars", self.cars),
        ):  # fmt: skip
            self._named(first, name, field)
            field.valueChanged.connect(lambda _v: self.changed.emit())
        self.objective = self._choice([(one, look.say(f"fleet.objective.{one}")) for one in OBJECTIVES])
        self.way = self._choice([(one, look.say(f"fleet.way.{one}")) for one in WAYS])
        self.prefer = self._choice([(one, prefer_text(look.language, one)) for one in _PREFER])
        self._named(second, "objective", self.objective)
        self._named(second, "way", self.way)
        self._named(second, "prefer", self.prefer)
        self.sharing = QCheckBox(look.say("ui.fleet.sharing"))
        self.sharing.setToolTip(look.say("ui.fleet.sharing.tip"))
        self.sharing.toggled.connect(lambda _on: self.changed.emit())
        self.every = QCheckBox(look.say("ui.fleet.every"))
        self.every.setToolTip(look.say("ui.fleet.every.tip"))
        self.every.toggled.connect(lambda _on: self.changed.emit())
        for tick in (self.every, self.sharing):
            second.addWidget(tick)
        layout = column(self, margin=0, spacing=6)
        for line in (first, second):
            line.addStretch(1)
            layout.addLayout(line)
        self.first.valueChanged.connect(lambda _v: self._bound())
        self._bound()

    def _year(self, name: str, value: int) -> QSpinBox:
        field = QSpinBox()
        field.setRange(*_YEARS)
        field.setValue(value)
        field.setPrefix(self._look.say("ui.fleet.year.before"))
        field.setSuffix(self._look.say("ui.fleet.year.unit"))
        return field

    def _bound(self) -> None:
        """The last year is not before the first, and not too far."""
        self.last.setRange(self.first.value(), self.first.value() + _MOST_YEARS - 1)

    def _choice(self, choices: Sequence[tuple[str, str]]) -> QComboBox:
        box = QComboBox()
        for code, words in choices:
            box.addItem(words, code)
        box.currentIndexChanged.connect(lambda _k: self.changed.emit())
        return box

    def _named(self, line: QHBoxLayout, name: str, field: QWidget) -> None:
        words = label(self._look.say(f"ui.fleet.{name}"))
        words.setBuddy(field)
        field.setAccessibleName(self._look.say(f"ui.fleet.{name}"))
        field.setToolTip(self._look.say(f"ui.fleet.{name}.tip"))
        line.addWidget(words)
        line.addWidget(field)

    @property
    def rules(self) -> FleetRules:
        """As they are chosen now; 0 as budget or number of cars is free."""
        budget = self.budget.value() * _UNIT[self._look.language]
        years = range(self.first.value(), self.last.value() + 1)
        return replace(
            self._plain, first_year=self.first.value(), last_year=self.last.value(), target=self.target.value() / 100.0,
            budget_yen=budget or None, cars_per_year=self.cars.value() or None, objective=OBJECTIVES[self.objective.currentIndex()],
            way=WAYS[self.way.currentIndex()], prefer=self._orders[self.prefer.currentIndex()], sharing=self.sharing.isChecked(),
            budgets={year: yen for year, yen in self._plain.budgets.items() if year in years},
            classes=tuple(code for code, one in car_classes().items() if one.bodies) if self.every.isChecked() else (),
        )  # fmt: skip

    def show_rules(self, rules: FleetRules) -> None:
        """Choose these; what has no field stays as they have it."""
        self._plain = rules
        fields = (
            self.first,
            self.last,
            self.target,
            self.budget,
            self.cars,
            self.objective,
            self.way,
            self.prefer,
            self.sharing,
        )
        blocked = [QSignalBlocker(field) for field in fields]
        if rules.prefer not in self._orders:
            self._orders = (*self._orders, rules.prefer)
            self.prefer.addItem(prefer_text(self._look.language, rules.prefer), rules.prefer)
        self.first.setValue(rules.first_year)
        self._bound()
        self.last.setValue(rules.last_year)
        self.target.setValue(100.0 * rules.target)
        self.budget.setValue((rules.budget_yen or 0.0) / _UNIT[self._look.language])
        self.cars.setValue(rules.cars_per_year or 0)
        self.objective.setCurrentIndex(OBJECTIVES.index(rules.objective))
        self.way.setCurrentIndex(WAYS.index(rules.way))
        self.prefer.setCurrentIndex(self._orders.index(rules.prefer))
        self.sharing.setChecked(rules.sharing)
        del blocked
