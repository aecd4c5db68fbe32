"""The rules that lots are asked for by, each with its range and source, and what their prices are made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QWidget

from kawasolar.lots.rules import default_rules, rule_rows, rules_with
from kawasolar.reasons import unit_text
from ui.parts import column, label, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.lots.rules import LotRules
    from kawasolar.profiles.tables import Subsidy
    from ui.look import Look

_FLAGS = ("same_ward", "same_roof", "same_season")
_NUMBERS = ("min_kw", "max_kw", "min_sites", "max_sites", "max_distance_km")
_SPAN = "year_span"


class RulesRow(QWidget):
    """A field a rule, the shipped ones at first; below it what the prices are made with.

    Signals
    -------
    prices_changed : the subsidy, or whose bills count
    """

    prices_changed = Signal()

    def __init__(self, look: Look, subsidies: Sequence[Subsidy], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._subsidies = look, tuple(subsidies)
        layout = column(self, margin=0, spacing=6)
        self.numbers: dict[str, QDoubleSpinBox] = {}
        layout.addLayout(self._rules())
        layout.addLayout(self._prices())

    def _rules(self) -> QHBoxLayout:
        say, rules, line = self._look.say, default_rules(), row(6)
        for key in _NUMBERS:
            box, told = QDoubleSpinBox(), rule_rows()[key]
            box.setRange(float(told["low"]), float(told["high"]))
            box.setDecimals(1 if key == "max_distance_km" else 0)
            box.setGroupSeparatorShown(True)
            box.setSuffix(say("ui.lots.kw") if key.endswith("kw") else say("ui.lots.km") if key.endswith("km") else "")
            box.setValue(float(getattr(rules, key)))
            box.setMaximumWidth(76 if key.endswith("sites") else 104)
            self._explain(box, key)
            words = label(say(f"ui.lots.{key}"))
            words.setBuddy(box)
            line.addWidget(words)
            line.addWidget(box)
            self.numbers[key] = box
        self.flags: dict[str, QCheckBox] = {}
        for key in _FLAGS:
            flag = QCheckBox(say(f"ui.lots.{key}"))
            flag.setChecked(bool(getattr(rules, key)))
            self._explain(flag, key)
            line.addWidget(flag)
            self.flags[key] = flag
        line.addStretch(1)
        return line

    def _prices(self) -> QHBoxLayout:
        say, line = self._look.say, row(6)
        span, told = QDoubleSpinBox(), rule_rows()[_SPAN]
        span.setRange(float(told["low"]), float(told["high"]))
        span.setDecimals(0)
        span.setSuffix(say("ui.lots.year_span.suffix"))
        span.setSpecialValueText(say("ui.lots.year_span.any"))
        span.setValue(float(default_rules().year_span))
        self._explain(span, _SPAN)
        self.numbers[_SPAN] = span
        self._span_label = label(say("ui.lots.year_span"))
        self._span_label.setBuddy(span)
        self.subsidy = QComboBox()
        self.subsidy.addItem(say("ui.ways.no_subsidy"), "")
        for name in dict.fromkeys(one.name(self._look.language) for one in self._subsidies):
            self.subsidy.addItem(name, name)
        self.subsidy.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.subsidy.setMinimumContentsLength(24)
        self.subsidy.setAccessibleName(say("ui.ways.subsidy"))
        self.subsidy.currentIndexChanged.connect(lambda _k: self.prices_changed.emit())
        words = label(say("ui.ways.subsidy"))
        words.setBuddy(self.subsidy)
        self.bills = QCheckBox(say("ui.lots.bills"))
        self.bills.setChecked(True)
        self.bills.setToolTip(say("ui.lots.bills.tip"))
        self.bills.toggled.connect(lambda _on: self.prices_changed.emit())
        for widget in (self._span_label, span, words, self.subsidy, self.bills):
            line.addWidget(widget)
        line.addStretch(1)
        self.show_years(dated=False)
        return line

    def show_years(self, *, dated: bool) -> None:
        """Whether fiscal years can be asked for: where the plan has a programme."""
        for widget in (self._span_label, self.numbers[_SPAN]):
            widget.setVisible(dated)

    @property
    def subsidies(self) -> tuple[Subsidy, ...]:
        """The rows of the subsidy that is chosen."""
        wanted = self.subsidy.currentData()
        return tuple(one for one in self._subsidies if one.name(self._look.language) == wanted)

    def _explain(self, widget: QWidget, key: str) -> None:
        say, told = self._look.say, rule_rows()[key]
        source = told[f"source_{self._look.language}"]
        widget.setAccessibleName(say(f"lots.rule.{key}"))
        tip = say(
            "ui.lots.range",
            low=told["low"],
            high=told["high"],
            unit=unit_text(self._look.language, str(told["unit"])),
            source=source,
        )
        widget.setToolTip(f"{say(f'lots.rule.{key}')}\n{tip}")

    @property
    def rules(self) -> LotRules:
        """The rules that are asked for.

        Raises
        ------
        PlanError
            a least size beyond the greatest
        """
        numbers = {key: box.value() for key, box in self.numbers.items()}
        return rules_with({**numbers, **{key: float(flag.isChecked()) for key, flag in self.flags.items()}})
