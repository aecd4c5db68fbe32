"""A facility in the programme: its fiscal year and why, what a person says of it, and what is done or contracted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from kawasolar.document.entries import STANDING
from kawasolar.programme.kept import rule_of
from kawasolar.programme.words import reason_text
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from ui.document import Document
    from ui.look import Look

# Fiscal years before the programme in which something may have been built.
_BEFORE = 15


class ProgrammePart(QWidget):
    """Shown where the plan has a programme, or something stands."""

    programme_asked = Signal()

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        self._facility = ""
        say = look.say
        layout = column(self, margin=0, spacing=6)
        head = row(4)
        head.addWidget(label(say("ui.site_programme"), "head"), 1)
        self.open = button(say("ui.site_programme.show"), "link", tip=say("ui.menu.programme"))
        self.open.setAutoDefault(False)
        self.open.clicked.connect(self.programme_asked)
        head.addWidget(self.open)
        layout.addLayout(head)
        self.sentence = label("", wrap=True)
        layout.addWidget(self.sentence)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setColumnStretch(1, 1)
        self.state, self.year = QComboBox(), QComboBox()
        for k, (code, box) in enumerate((("state", self.state), ("year", self.year))):
            words = label(say(f"ui.site_programme.{code}"), "muted")
            words.setBuddy(box)
            # In a narrow dock they give way, not the sentences beside them.
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(4)
            box.setAccessibleName(say(f"ui.site_programme.{code}"))
            grid.addWidget(words, k, 0)
            grid.addWidget(box, k, 1)
        for state in ("open", *STANDING):
            self.state.addItem(say(f"ui.site_programme.{state}"), state)
        self.state.activated.connect(lambda _=0: self._fill_years())
        self.state.activated.connect(lambda _=0: self._enter())
        self.year.activated.connect(lambda _=0: self._enter())
        layout.addLayout(grid)

    def show_site(self, plan: Plan, facility_id: str) -> None:
        """Show one facility."""
        self._facility = facility_id
        self.sentence.setText(self._told(plan))
        self.sentence.setVisible(bool(self.sentence.text()))
        entry = plan.entries.get("standing", facility_id)
        with QSignalBlocker(self.state):
            self.state.setCurrentIndex(self.state.findData("open" if entry is None else entry["state"]))
        self._fill_years()

    def _told(self, plan: Plan) -> str:
        """Where it is in the programme, and why."""
        say, kept = self._look.say, plan.programme
        if kept is None:
            return say("ui.site_programme.none")
        if kept.proof is None:
            return say("ui.site_programme.nothing")
        rows = kept.frame[kept.frame["facility_id"] == self._facility]
        if not len(rows):
            return say("ui.site_programme.not_a_site")
        found: dict[str, Any] = {str(key): value for key, value in rows.iloc[0].items()}
        rules = [rule for rule in (rule_of(found["rule"]), rule_of(found["when_rule"])) if rule is not None]
        names = {rule.item: rule.item for rule in rules} | {self._facility: self._name(plan)}
        why = reason_text(self._look.language, found, kept.objective, names)
        status, year = str(found["status"]), int(found["fiscal_year"])
        return say(f"ui.site_programme.is.{status}", year=year) + say("programme.sentence_gap") + why

    def _name(self, plan: Plan) -> str:
        mine = plan.facilities[plan.facilities["facility_id"] == self._facility]
        return str(mine["name"].iloc[0]) if len(mine) else self._facility

    def _years(self, plan: Plan) -> tuple[int, ...]:
        kept = plan.programme
        if kept is not None:
            return kept.years
        first = int(plan.profile.number("plan.year"))
        coming = [
            row.fiscal_year
            for row in plan.profile.tables.targets
            if row.what == "pv_share" and row.fiscal_year >= first
        ]
        return tuple(range(first, min(coming, default=first + 4) + 1))

    def _fill_years(self) -> None:
        plan = self._document.plan
        if plan is None:
            return
        say, state, years = self._look.say, str(self.state.currentData()), self._years(plan)
        entry = plan.entries.get("standing", self._facility)
        term = plan.entries.get("terms", f"{plan.scenario}/{self._facility}")
        with QSignalBlocker(self.year):
            self.year.clear()
            if state == "open":
                self.year.addItem(say("ui.site_programme.any"), 0)
                now = term["earliest"] if term is not None and term["earliest"] == term["latest"] else 0
            else:
                years = tuple(range(years[0] - _BEFORE, years[-1] + 1))
                now = entry["year"] if entry is not None else int(plan.profile.number("plan.year"))
            for year in years:
                self.year.addItem(say("ui.site_programme.fiscal", year=year), year)
            self.year.setCurrentIndex(max(self.year.findData(now), 0))

    def _enter(self) -> None:
        """What was chosen becomes an entry; nothing is done where it is as it was."""
        from kawasolar.document.edits import pin
        from kawasolar.document.entries import apply, followed_by
        from kawasolar.document.programme_edits import give_years, stand

        document = self._document
        plan, state, year = document.plan, str(self.state.currentData()), int(self.year.currentData() or 0)
        if plan is None or not self._facility:
            return
        names, by = [self._facility], document.author()
        known = plan.entries.get("standing", self._facility)
        if state != "open":
            if known is None or (known["state"], known["year"]) != (state, year):
                size = None if known is None else known["capacity_kw"]
                document.do(stand(plan.entries, names, state, year, by, capacity_kw=size))
            return
        edit = give_years(plan.entries, plan.scenario, names, year or None, year or None, by)
        after = apply(plan.entries, edit)
        if year:
            edit = followed_by(edit, pin(after, plan.scenario, names, by))
            after = apply(plan.entries, edit)
        if known is not None:
            edit = followed_by(edit, stand(after, names, None, None, by))
        document.do(edit)
