"""Which measures, in which order, and what is assumed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QHBoxLayout, QWidget

from kawasolar.measures import CODES, assumption_rows, assumptions_with, orders_of
from kawasolar.measures.table import CHARGERS, DAYS, WHOLE
from kawasolar.measures.words import assumption_name, code_name, order_name, unit_name
from ui.parts import label, row

if TYPE_CHECKING:
    from kawasolar.measures import Assumptions, Code
    from ui.look import Look

_SHARES = ("lighting_share", "led_saving")
_LED, _CHARGERS = ("lighting_share", "led_saving"), ("chargers", "charger_kw", "charger_from", "charger_hours")
_MOST_KWH = 1e8


class AskedMeasures(QWidget):
    """A line a measure, then the order and another to compare with.

    Signals
    -------
    changed : measures, order or assumptions are others
    other_changed : only the order to compare with is another
    """

    changed = Signal()
    other_changed = Signal()

    def __init__(self, look: Look, roof: str, *, kept: bool = False) -> None:
        """``kept``: whether the plan keeps chargers of this facility, which may stand in the place of the numbers."""
        super().__init__()
        self._look = look
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self.ticks: dict[Code, QCheckBox] = {}
        self.fields: dict[str, QDoubleSpinBox] = {}
        lines = {code: row(8) for code in CODES}
        for k, code in enumerate(CODES):
            tick = QCheckBox(code_name(look.language, code))
            tick.setChecked(True)
            tick.toggled.connect(self._on_ticked)
            self.ticks[code] = tick
            grid.addWidget(tick, k, 0)
            grid.addLayout(lines[code], k, 1)
        self._lighting(lines["led"])
        for key in _LED:
            self._field(lines["led"], key)
        lines["pv"].addWidget(label(roof, "muted"))
        # There is only one where the plan has chargers to take.
        self.of_plan = QCheckBox(look.say("ui.measures.of_plan")) if kept else None
        if self.of_plan is not None:
            self.of_plan.setToolTip(look.say("ui.measures.of_plan.tip"))
            self.of_plan.setChecked(True)
            self.of_plan.toggled.connect(self._on_of_plan)
            lines["chargers"].addWidget(self.of_plan)
        for key in _CHARGERS:
            self._field(lines["chargers"], key)
        self.days = QComboBox()
        for count in DAYS:
            self.days.addItem(look.say(f"ui.measures.days.{count}"), count)
        self.days.setCurrentIndex(DAYS.index(int(assumption_rows()["charger_days"].value)))
        self._name(lines["chargers"], self.days, assumption_name(look.language, "charger_days"), short=False)
        self.days.currentIndexChanged.connect(self.changed)
        self._enable_chargers()
        self.order, self.other = QComboBox(), QComboBox()
        line = row(8)
        for words, box in (("order", self.order), ("other", self.other)):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            self._name(line, box, look.say(f"ui.measures.{words}"))
        line.addStretch(1)
        grid.addLayout(line, len(CODES), 0, 1, 2)
        for one in lines.values():
            one.addStretch(1)
        self._fill()
        self.order.currentIndexChanged.connect(self._on_order)
        self.other.currentIndexChanged.connect(self.other_changed)

    def _name(self, line: QHBoxLayout, widget: QWidget, name: str, *, short: bool = True) -> None:
        """A widget with its words before it; only heard where they are ``short`` of nothing."""
        widget.setAccessibleName(name)
        widget.setToolTip(name)
        if short:
            words = label(name)
            words.setBuddy(widget)
            line.addWidget(words)
        line.addWidget(widget)

    def _lighting(self, line: QHBoxLayout) -> None:
        """What lighting uses; the least stands for: as the ledger of lamps or the share says."""
        say, field = self._look.say, QDoubleSpinBox()
        field.setRange(0.0, _MOST_KWH)
        field.setDecimals(0)
        field.setSingleStep(1000.0)
        field.setGroupSeparatorShown(True)
        field.setSuffix(" " + unit_name(self._look.language, "kWh"))
        field.setSpecialValueText(say("ui.measures.lighting_unknown"))
        field.valueChanged.connect(self._on_lighting)
        self.fields["lighting_kwh"] = field
        self._name(line, field, say("ui.measures.short.lighting_kwh"))

    def _field(self, line: QHBoxLayout, key: str) -> None:
        given, field = assumption_rows()[key], QDoubleSpinBox()
        factor, share = (100.0, True) if key in _SHARES else (1.0, False)
        field.setRange(given.low * factor, given.high * factor)
        field.setDecimals(0 if key in WHOLE or share else 1)
        field.setSingleStep(1.0 if key in WHOLE or share else 0.5)
        field.setValue(given.value * factor)
        field.setSuffix(" %" if share else " " + self._look.say(f"ui.measures.suffix.{key}"))
        field.valueChanged.connect(self.changed)
        self.fields[key] = field
        self._name(line, field, self._look.say(f"ui.measures.short.{key}"))
        field.setToolTip("\n".join(filter(None, (
            assumption_name(self._look.language, key), given.source(self._look.language), given.note(self._look.language),
        ))))  # fmt: skip

    # ---------------------------------------------------------------- what is asked

    @property
    def codes(self) -> tuple[Code, ...]:
        """The measures that are chosen."""
        return tuple(code for code in CODES if self.ticks[code].isChecked())

    @property
    def asked_order(self) -> tuple[Code, ...]:
        """Their order; empty where none is chosen."""
        return cast("tuple[Code, ...]", tuple(self.order.currentData() or ()))

    @property
    def other_order(self) -> tuple[Code, ...]:
        """The order to compare with."""
        return cast("tuple[Code, ...]", tuple(self.other.currentData() or ()))

    @property
    def assumed(self) -> Assumptions:
        """What is assumed: only what is another number than the table's counts as asked for; of chargers all, where the plan has some that are not taken."""
        asked: dict[str, float] = {}
        kept = self.of_plan
        for key, given in assumption_rows().items():
            if kept is not None and key in CHARGERS and kept.isChecked():
                continue
            value = float(self.days.currentData()) if key == "charger_days" else self.fields[key].value()
            value = value / 100.0 if key in _SHARES else value
            if abs(value - given.value) > 1e-9 or (kept is not None and key in CHARGERS):
                asked[key] = min(max(value, given.low), given.high)
        lighting = self.fields["lighting_kwh"].value()
        return assumptions_with(asked, lighting if lighting > 0 else None)

    def _on_lighting(self, value: float) -> None:
        self.fields["lighting_share"].setEnabled(value <= 0)
        self.changed.emit()

    def _on_of_plan(self) -> None:
        self._enable_chargers()
        self.changed.emit()

    def _enable_chargers(self) -> None:
        """Numbers of chargers, where the plan's are not taken."""
        on = self.ticks["chargers"].isChecked()
        if self.of_plan is not None:
            self.of_plan.setEnabled(on)
            on = on and not self.of_plan.isChecked()
        for widget in (*(self.fields[key] for key in _CHARGERS), self.days):
            widget.setEnabled(on)

    def _on_ticked(self) -> None:
        for key in ("lighting_kwh", *_LED):
            self.fields[key].setEnabled(self.ticks["led"].isChecked())
        self._enable_chargers()
        if self.fields["lighting_kwh"].value() > 0:
            self.fields["lighting_share"].setEnabled(False)
        self._fill()
        self.changed.emit()

    def _on_order(self) -> None:
        with QSignalBlocker(self.other):
            self._reversed()
        self.changed.emit()

    def _fill(self) -> None:
        """All orders of what is chosen."""
        with QSignalBlocker(self.order), QSignalBlocker(self.other):
            for box in (self.order, self.other):
                box.clear()
                for one in orders_of(self.codes) if self.codes else ():
                    box.addItem(order_name(self._look.language, one), one)
                box.setEnabled(box.count() > 1)
            self._reversed()

    def _reversed(self) -> None:
        wanted = self.asked_order[::-1]
        places = [k for k in range(self.other.count()) if tuple(self.other.itemData(k)) == wanted]
        self.other.setCurrentIndex(places[0] if places else -1)
