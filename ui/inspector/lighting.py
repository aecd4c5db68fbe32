"""LED lighting of one facility in the tab of the power: what it saves, its fiscal year and why, and a year that somebody gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from kawasolar.answers import answer_of, options_asked
from ui import format as fmt
from ui.inspector.asked import why_mark
from ui.inspector.facts import FactGrid
from ui.parts import button, clear, column, label, row, set_role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kawasolar.lighting import Lighting
    from kawasolar.plan import Plan
    from ui.document import Document
    from ui.look import Look

_NEVER = 0


class LightingPart(QWidget):
    """照明LED, shown where the plan keeps something of the facility.

    Signals
    -------
    open_asked : the dialog is to be opened at this facility
    why_asked : code of a figure
    """

    open_asked = Signal()
    why_asked = Signal(str)

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document, self._facility = look, document, ""
        say = look.say
        layout = column(self, margin=0, spacing=6)
        head = row(4)
        head.addWidget(label(say("ui.site_lighting"), "head"), 1)
        self.open = button(say("ui.site_lighting.show"), "link", tip=say("ui.site_lighting.show.tip"))
        self.open.setAutoDefault(False)
        self.open.clicked.connect(self.open_asked)
        head.addWidget(self.open)
        layout.addLayout(head)
        self.year = label("", wrap=True)
        year = row(4)
        year.addWidget(self.year, 1)
        # There is only something to ask about where the plan keeps it.
        self._mark = row(0)
        year.addLayout(self._mark)
        layout.addLayout(year)
        self.deadline = label("", wrap=True)
        layout.addWidget(self.deadline)
        self.facts = FactGrid(look, self.why_asked.emit)
        layout.addWidget(self.facts)
        self.source = label("", "muted", wrap=True)
        layout.addWidget(self.source)
        self._given = QWidget()
        line = row(8)
        line.setContentsMargins(0, 0, 0, 0)
        self._given.setLayout(line)
        self.pin = QComboBox()
        self.pin.setAccessibleName(say("ui.site_lighting.pin"))
        self.pin.setToolTip(say("ui.site_lighting.pin.tip"))
        self.pin.activated.connect(lambda _k: self._enter())
        words = label(say("ui.site_lighting.pin"), "muted")
        words.setBuddy(self.pin)
        line.addWidget(words)
        line.addWidget(self.pin, 1)
        layout.addWidget(self._given)
        self.stale = label("", "attention", wrap=True)
        layout.addWidget(self.stale)
        document.states_changed.connect(self._show_stale)

    def show_site(self, plan: Plan, facility_id: str) -> None:
        """Show one facility."""
        self._facility = facility_id
        found = answer_of(plan, "lighting")
        rows = None if found is None else found.facilities[found.facilities["facility_id"] == facility_id]
        if found is None or rows is None or not len(rows):
            self._show_without(found)
            return
        self.show()
        from kawasolar.lighting.words import deadline_text, site_source_text, year_reason_text, year_text

        mine, language = {str(key): value for key, value in rows.iloc[0].items()}, self._look.language
        told = (year_text(language, int(mine["year"])), year_reason_text(language, found, facility_id))
        self.year.setText(self._look.say("ui.site_lighting.told", year=told[0], why=told[1]))
        _set(self.deadline, deadline_text(language, mine), "attention" if mine["late"] else "muted")
        self.facts.show_facts(list(self._facts(mine)))
        self.source.setText(site_source_text(language, mine))
        clear(self._mark)
        self._mark.addWidget(why_mark(self._look, self._look.say("ui.site_lighting.year"), "lighting_year", self.why_asked.emit))  # fmt: skip
        for part in (self.facts, self.source, self._given):
            part.show()
        self._fill(plan, found)
        self._show_stale()

    def _show_without(self, found: Lighting | None) -> None:
        """Nothing to be replaced, or nobody knows what; else nothing at all."""
        code = ""
        if found is not None and self._facility in found.head.done:
            code = "ui.site_lighting.done"
        elif found is not None:
            code = found.head.left_out.get(self._facility, "")
        self.setVisible(bool(code))
        if code:
            self.year.setText(self._look.say(code))
        clear(self._mark)
        self.facts.show_facts(())
        for part in (self.deadline, self.facts, self.source, self._given, self.stale):
            part.hide()

    def _facts(self, mine: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Name, value, and the code by which it is explained."""
        from kawasolar.lighting.words import payback_text, way_name

        language = self._look.language

        def named(key: str, **values: object) -> str:
            return self._look.say(f"ui.site_lighting.{key}", **values)

        yield (
            named("power"),
            named("power.is", old=fmt.number(mine["old_kw"], 1), new=fmt.number(mine["new_kw"], 1)),
            "",
        )
        yield named("saved"), named("saved.is", kwh=fmt.number(mine["saved_kwh"])), "lighting_saved_kwh"
        yield named("yen"), named("yen.is", yen=fmt.number(mine["saved_yen"])), "lighting_saved_yen"
        yield named("upkeep"), named("yen.is", yen=fmt.number(mine["upkeep_yen"])), ""
        cost = mine["year_cost_yen"] if int(mine["year"]) else mine["cost_yen"]
        shared = named("joint") if mine["joint"] else ""
        yield named("cost"), named("cost.is", yen=fmt.number(cost)) + shared, "lighting_cost_yen"
        yield named("payback"), payback_text(language, float(mine["payback"])), ""
        yield named("co2"), named("co2.is", t=fmt.number(mine["co2_t"], 1)), ""
        yield named("way"), way_name(language, str(mine["way"])), ""
        if mine["lot"]:
            yield named("lot"), str(mine["lot"]), ""

    # ---------------------------------------------------------------- a year that somebody gives

    def _fill(self, plan: Plan, found: Lighting) -> None:
        """Years that it can be given, and that which it has been."""
        say, head = self._look.say, found.head
        given = self._pins(plan).get(self._facility)
        with QSignalBlocker(self.pin):
            self.pin.clear()
            self.pin.addItem(say("ui.site_lighting.pin.none"), None)
            for year in range(head.first, head.last + 1):
                self.pin.addItem(say("ui.site_programme.fiscal", year=year), year)
            self.pin.addItem(say("ui.site_lighting.pin.never"), _NEVER)
            if given is not None and self.pin.findData(given) < 0:
                self.pin.addItem(say("ui.site_programme.fiscal", year=given), given)
            self.pin.setCurrentIndex(0 if given is None else self.pin.findData(given))
        self._given.setEnabled(options_asked(plan.entries, plan.scenario, "lighting") is not None)

    @staticmethod
    def _pins(plan: Plan) -> dict[str, int]:
        """Facility -> year, as the plan is asked now."""
        return dict((options_asked(plan.entries, plan.scenario, "lighting") or {}).get("pins", {}))

    def _enter(self) -> None:
        """What was chosen becomes an entry; the years are found anew when the plan is computed."""
        from kawasolar.document.asked_edits import ask

        plan, year = self._document.plan, self.pin.currentData()
        options = None if plan is None else options_asked(plan.entries, plan.scenario, "lighting")
        if plan is None or options is None or not self._facility:
            return
        pins = self._pins(plan)
        if pins.get(self._facility) == year:
            return
        pins.pop(self._facility, None)
        if year is not None:
            pins[self._facility] = int(year)
        options.pop("pins", None)
        wanted = options | ({"pins": pins} if pins else {})
        self._document.do(ask(plan.entries, plan.scenario, "lighting", wanted, self._document.author()))

    def _show_stale(self) -> None:
        """Say when what is shown is not what is asked any more."""
        plan = self._document.plan
        found = None if plan is None else plan.answers.get("lighting")
        if plan is None or found is None or not self._facility or self.isHidden():
            self.stale.hide()
            return
        known: dict[str, int] = found.head["pins"]  # type: ignore[assignment]
        before, now = known.get(self._facility), self._pins(plan).get(self._facility)
        behind = before != now or any(state.name == "lighting" for state in self._document.stale)
        told = [self._look.say("ui.site_lighting.given" if before != now else "ui.site_lighting.stale")]
        self.stale.setText("\n".join([*told, *self._too_dear(plan, now)]))
        self.stale.setVisible(behind)

    def _too_dear(self, plan: Plan, year: int | None) -> list[str]:
        """That the year cannot bear what it has been given."""
        from kawasolar.lighting.year import over_budget

        found = answer_of(plan, "lighting") if year else None
        over = None if found is None or not year else over_budget(found, self._pins(plan), year)
        if over is None:
            return []
        least, budget = (fmt.number(yen) for yen in over)
        return [self._look.say("ui.site_lighting.over", year=year, least=least, budget=budget)]


def _set(shown: Any, words: str, role: str) -> None:  # noqa: ANN401 - a label
    shown.setText(words)
    set_role(shown, role)
    shown.setVisible(bool(words))
