"""What is asked of LED retrofits: fiscal years, a budget, what there should be most of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QWidget

from kawasolar.lighting import GOALS, Asked
from kawasolar.lighting.programme import MOST_YEARS
from ui.parts import label, row

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from ui.look import Look

_MILLION = 1e6
_MOST_MILLION = 1e6
_SPAN = 5
_FIRST, _LAST = 2000, 2100


class AskedLighting(QWidget):
    """A line of fields.

    Signals
    -------
    changed : something else is asked
    """

    changed = Signal()

    def __init__(self, look: Look, plan: Plan) -> None:
        super().__init__()
        say = look.say
        # Of single years: the command line gives them, and they stay.
        self._budgets: dict[int, float] = {}
        line = row(8)
        line.setContentsMargins(0, 0, 0, 0)
        self.setLayout(line)
        self.first, self.last = QSpinBox(), QSpinBox()
        begin = plan.profile.plan_year
        for spin, name, value in ((self.first, "first", begin), (self.last, "last", begin + _SPAN - 1)):
            spin.setRange(_FIRST, _LAST)
            spin.setValue(value)
            spin.setAccessibleName(say(f"ui.lighting.{name}.name"))
            words = label(say(f"ui.lighting.{name}"))
            words.setBuddy(spin)
            line.addWidget(words)
            line.addWidget(spin)
        self.budget = QDoubleSpinBox()
        self.budget.setRange(0.0, _MOST_MILLION)
        self.budget.setDecimals(0)
        self.budget.setSingleStep(10.0)
        self.budget.setGroupSeparatorShown(True)
        self.budget.setSuffix(say("ui.lighting.budget.unit"))
        self.budget.setSpecialValueText(say("ui.lighting.no_budget"))
        self.goal = QComboBox()
        for goal in GOALS:
            self.goal.addItem(say(f"ui.lighting.goal.{goal}"), goal)
        for widget, name in ((self.budget, "budget"), (self.goal, "goal")):
            words = label(say(f"ui.lighting.{name}"))
            words.setBuddy(widget)
            widget.setAccessibleName(say(f"ui.lighting.{name}"))
            line.addSpacing(8)
            line.addWidget(words)
            line.addWidget(widget)
        self.deadlines = QCheckBox(say("ui.lighting.deadlines"))
        self.deadlines.setToolTip(say("ui.lighting.deadlines.tip"))
        self.deadlines.setChecked(True)
        line.addSpacing(8)
        line.addWidget(self.deadlines)
        line.addStretch(1)
        self.first.valueChanged.connect(self._on_years)
        self.last.valueChanged.connect(self._on_years)
        self.budget.valueChanged.connect(lambda _v: self.changed.emit())
        self.goal.currentIndexChanged.connect(lambda _k: self.changed.emit())
        self.deadlines.toggled.connect(lambda _on: self.changed.emit())

    def _on_years(self, _value: int) -> None:
        """The other end gives way, so that the years are in a row and no more than can be reckoned."""
        first, last = self.first.value(), self.last.value()
        moved = self.last if self.sender() is self.first else self.first
        with QSignalBlocker(moved):
            if moved is self.last:
                moved.setValue(min(max(last, first), first + MOST_YEARS - 1))
            else:
                moved.setValue(max(min(first, last), last - MOST_YEARS + 1))
        self.changed.emit()

    @property
    def asked(self) -> Asked:
        """As it is chosen now."""
        million = self.budget.value()
        return Asked(
            first=self.first.value(), last=self.last.value(), budget_yen=million * _MILLION if million > 0 else None, goal=GOALS[self.goal.currentIndex()],
            deadlines=self.deadlines.isChecked(), budgets={year: yen for year, yen in self._budgets.items() if self.first.value() <= year <= self.last.value()},
        )  # fmt: skip

    def show_asked(self, asked: Asked) -> None:
        """Choose this."""
        fields = (self.first, self.last, self.budget, self.goal, self.deadlines)
        blocked = [QSignalBlocker(field) for field in fields]
        for spin, year in ((self.first, asked.first), (self.last, asked.last)):
            if year is not None:
                spin.setValue(year)
        self.budget.setValue((asked.budget_yen or 0.0) / _MILLION)
        self.goal.setCurrentIndex(GOALS.index(asked.goal))
        self.deadlines.setChecked(asked.deadlines)
        self._budgets = dict(asked.budgets)
        del blocked
