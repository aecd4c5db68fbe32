"""The panel of LED lighting: what the plan keeps of it, stock and deadlines by year, and what each year costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from kawasolar.answers import answer_of, options_asked
from ui.charts.year_columns import YearColumns
from ui.lighting.years import show_money, show_stock
from ui.parts import column, label
from ui.steps.answer import AnswerCard, titled, what_is_shown

if TYPE_CHECKING:
    from ui.document import Document
    from ui.look import Look


class LightingPanel(QWidget):
    """照明.

    Signals
    -------
    in_demand_asked : whether all demand is to be reckoned after the LEDs
    """

    in_demand_asked = Signal(bool)

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        say = look.say
        layout = column(self)
        layout.addWidget(label(say("ui.lighting.panel"), "muted", wrap=True))
        self.stock, self.money = (
            YearColumns(look, say("ui.lighting.stock")),
            YearColumns(look, say("ui.lighting.money")),
        )
        named = [
            titled(look.say(f"ui.lighting.{name}"), chart)
            for name, chart in (("stock", self.stock), ("money", self.money))
        ]
        self.card = AnswerCard(look, "lighting", *named, on_map="ui.answers.map")
        layout.addWidget(self.card)
        self.in_demand = QCheckBox(say("ui.lighting.in_demand"))
        self.in_demand.setToolTip(say("ui.lighting.in_demand.tip"))
        self.in_demand.clicked.connect(self.in_demand_asked)
        layout.addWidget(self.in_demand)
        layout.addStretch(1)
        self._shown: object = None
        for signal in (document.plan_changed, document.decision_changed):
            signal.connect(self._show)
        self._show()

    def _show(self) -> None:
        plan, language = self._document.plan, self._look.language
        if plan is None or self._shown == (now := what_is_shown(plan, ("lighting",))):
            return
        self._shown = now
        asked = options_asked(plan.entries, plan.scenario, "lighting")
        self.in_demand.setVisible(asked is not None)
        self.in_demand.setChecked(bool(asked and asked.get("in_demand")))
        found = answer_of(plan, "lighting")
        if found is None:
            self.card.show_plan(plan, ())
            return
        from kawasolar.lighting.words import note_texts, proof_text, total_text

        show_stock(self._look, self.stock, found)
        show_money(self._look, self.money, found)
        self.card.show_plan(
            plan, [total_text(language, found), proof_text(language, found.head)], about=note_texts(language, found)
        )
