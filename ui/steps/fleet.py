"""The panel of the fleet: next-generation cars by year, chargers at the bases, and where shared ones go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from kawasolar.answers import answer_of
from ui.charts.fiscal_years import FiscalYears
from ui.parts import column, label, rule
from ui.steps.answer import AnswerCard, titled, what_is_shown
from ui.steps.per_car import PerCarHint

if TYPE_CHECKING:
    from ui.document import Document
    from ui.look import Look


class FleetPanel(QWidget):
    """公用車・充電."""

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        say = look.say
        layout = column(self)
        layout.addWidget(label(say("ui.fleet.panel"), "muted", wrap=True))
        self.share = FiscalYears(look, say("ui.fleet.chart.share"))
        self.fleet = AnswerCard(look, "fleet", titled(say("ui.fleet.chart.share"), self.share))
        self.charging = AnswerCard(look, "charging")
        self.siting = AnswerCard(look, "siting", on_map="ui.answers.map.siting")
        self.per_car = PerCarHint(look)
        for card in (self.fleet, rule(), self.charging, self.per_car, rule(), self.siting):
            layout.addWidget(card)
        layout.addStretch(1)
        self._shown: object = None
        for signal in (document.plan_changed, document.decision_changed):
            signal.connect(self._show)
        self._show()

    def _show(self) -> None:
        plan, language = self._document.plan, self._look.language
        if plan is None or self._shown == (now := what_is_shown(plan, ("fleet", "charging", "siting"))):
            return
        self._shown = now
        found = answer_of(plan, "fleet")
        if found is None:
            self.fleet.show_plan(plan, ())
        else:
            from kawasolar.fleet.words import note_texts, short_texts, summary_texts
            from ui.fleet.years import show_share

            show_share(self._look, self.share, found)
            told = summary_texts(language, found), short_texts(language, found), note_texts(language, found)
            self.fleet.show_plan(plan, *told)
        self.per_car.show_plan(plan)
        chargers = answer_of(plan, "charging")
        if chargers is None:
            self.charging.show_plan(plan, ())
        else:
            from kawasolar.charging.words import total_texts

            self.charging.show_plan(plan, total_texts(language, chargers))
        sites = answer_of(plan, "siting")
        if sites is None:
            self.siting.show_plan(plan, ())
        else:
            from kawasolar.siting.words import head_text, notes, price_text

            lines = [head_text(language, sites.siting), price_text(language, sites.siting)]
            self.siting.show_plan(plan, lines, about=notes(language, sites.siting, short=True))
