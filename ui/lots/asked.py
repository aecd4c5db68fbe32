"""The rules that lots are asked for by, each with its range and source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QWidget

from kawasolar.lots.rules import default_rules, rule_rows, rules_with
from ui.parts import label, row

if TYPE_CHECKING:
    from kawasolar.lots.rules import LotRules
    from ui.look import Look

_FLAGS = ("same_ward", "same_roof", "same_season")
_NUMBERS = ("min_kw", "max_kw", "min_sites", "max_sites", "max_distance_km")


class RulesRow(QWidget):
    """A field a rule; the shipped ones at first."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        say, rules, line = look.say, default_rules(), row(6)
        self.setLayout(line)
        line.setContentsMargins(0, 0, 0, 0)
        self.numbers: dict[str, QDoubleSpinBox] = {}
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

    def _explain(self, widget: QWidget, key: str) -> None:
        say, told = self._look.say, rule_rows()[key]
        source = told[f"source_{self._look.language}"]
        widget.setAccessibleName(say(f"lots.rule.{key}"))
        tip = say("ui.lots.range", low=told["low"], high=told["high"], unit=told["unit"], source=source)
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
