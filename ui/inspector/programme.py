"""A facility in the programme: its fiscal year and why, what it would cost to decide otherwise, what a person says of it, and what is done or contracted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QHBoxLayout, QWidget

from kawasolar.document.entries import STANDING
from kawasolar.programme.kept import rule_of
from kawasolar.programme.words import loss_if_line, reason_text, year_text
from kawasolar.programme.year_why import year_why
from kawasolar.provenance.sources import Desk
from kawasolar.value_rules import VALUE_RULES
from ui import format as fmt
from ui.inspector.asked import asked_line
from ui.parts import button, column, label, row, set_role

if TYPE_CHECKING:
    from gis.errors import CodedError
    from kawasolar.plan import Plan
    from kawasolar.programme.kept import Kept
    from kawasolar.programme.reasons import Loss
    from ui.document import Document
    from ui.look import Look

# Fiscal years before the programme in which something may have been built.
_BEFORE = 15
# What is asked of a site beside its years: out, or in whichever.
_OUT, _ANY = -1, 0


class ProgrammePart(QWidget):
    """Shown where the plan has a programme, or something stands.

    Signals
    -------
    programme_asked : the programme is to be opened
    why_asked : code of a figure
    loss_asked : facility, and into what it is forced: a fiscal year, 0 = whichever, None = out
    stop_asked : what was asked for is not wanted any more
    stood : what is done or contracted was entered, and its modules follow
    """

    programme_asked = Signal()
    why_asked = Signal(str)
    loss_asked = Signal(str, object)
    stop_asked = Signal()
    stood = Signal()

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        self._facility = ""
        self._shown: tuple[str, Kept | None] = ("", None)
        self._asking = False
        self._papers: Desk | None = None
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
        layout.addLayout(
            asked_line(look, self.sentence, say("ui.column.programme_year"), "programme_year", self.why_asked.emit)
        )
        layout.addLayout(self._otherwise())
        self.loss = label("", wrap=True)
        layout.addWidget(self.loss)
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
        self.capacity_words, self.capacity = label(say("ui.site_programme.size"), "muted"), QDoubleSpinBox()
        self.capacity_words.setBuddy(self.capacity)
        self.capacity.setRange(*VALUE_RULES["layout.most_kw"][1:])
        self.capacity.setDecimals(1)
        self.capacity.setSuffix(" kW")
        self.capacity.setSpecialValueText(say("ui.site_programme.size_unknown"))
        self.capacity.setAccessibleName(say("ui.site_programme.size"))
        self.capacity.setToolTip(say("ui.site_programme.size.tip"))
        # Digits on the way to a number are no entry.
        self.capacity.setKeyboardTracking(False)
        self.capacity.valueChanged.connect(lambda _=0.0: self._enter())
        grid.addWidget(self.capacity_words, 2, 0)
        grid.addWidget(self.capacity, 2, 1)
        layout.addLayout(grid)

    def _otherwise(self) -> QHBoxLayout:
        """What deciding otherwise would cost, on demand."""
        say, line = self._look.say, row(6)
        self.otherwise_words = label(say("ui.site_programme.otherwise"), "muted")
        self.otherwise = QComboBox()
        self.otherwise.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.otherwise.setMinimumContentsLength(4)
        self.otherwise.setAccessibleName(say("ui.site_programme.otherwise"))
        self.otherwise_words.setBuddy(self.otherwise)
        self.ask_loss = button(say("ui.site_programme.ask"), "link", tip=say("ui.site_programme.ask.tip"))
        self.ask_loss.setAutoDefault(False)
        self.ask_loss.clicked.connect(self._ask_or_stop)
        line.addWidget(self.otherwise_words)
        line.addWidget(self.otherwise, 1)
        line.addWidget(self.ask_loss)
        return line

    def show_site(self, plan: Plan, facility_id: str) -> None:
        """Show one facility."""
        if (facility_id, plan.programme) != self._shown:
            # What was asked of another facility, or of a former programme, is no question any more.
            if self._asking:
                self.stop_asked.emit()
            self._show_asking(on=False)
            self.loss.setText("")
            self._shown = (facility_id, plan.programme)
            self._fill_otherwise(plan.programme, facility_id)
        self._facility = facility_id
        self.sentence.setText(self._told(plan))
        self.sentence.setVisible(bool(self.sentence.text()))
        entry = plan.entries.get("standing", facility_id)
        with QSignalBlocker(self.state):
            self.state.setCurrentIndex(self.state.findData("open" if entry is None else entry["state"]))
        with QSignalBlocker(self.capacity):
            self.capacity.setValue((entry["capacity_kw"] or 0.0) if entry is not None else 0.0)
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
        programme = self._desk(plan).programme
        exact = None if programme is None else year_why(programme, self._facility)
        why = reason_text(self._look.language, found, kept.objective, names, when=exact is None)
        if exact is not None:
            more = year_text(self._look.language, exact, kept.objective, kept.proof.gap, names)
            why += say("programme.sentence_gap") * bool(more) + more
        status, year = str(found["status"]), int(found["fiscal_year"])
        return say(f"ui.site_programme.is.{status}", year=year) + say("programme.sentence_gap") + why

    def _desk(self, plan: Plan) -> Desk:
        """The plan laid open, kept while it is the same."""
        if self._papers is None or self._papers.plan is not plan:
            self._papers = Desk(plan)
        return self._papers

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
        for shown in (self.capacity_words, self.capacity):
            shown.setVisible(state != "open")
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
            size = round(self.capacity.value(), self.capacity.decimals()) or None
            wanted = {"state": state, "year": year, "capacity_kw": size}
            if known is None or wanted != {name: known[name] for name in wanted}:
                document.do(stand(plan.entries, names, state, year, by, capacity_kw=size))
                self.stood.emit()
            return
        edit = give_years(plan.entries, plan.scenario, names, year or None, year or None, by)
        after = apply(plan.entries, edit)
        if year:
            edit = followed_by(edit, pin(after, plan.scenario, names, by))
            after = apply(plan.entries, edit)
        if known is not None:
            edit = followed_by(edit, stand(after, names, None, None, by))
        document.do(edit)
        self.stood.emit()

    # ---------------------------------------------------------------- deciding otherwise

    def _fill_otherwise(self, kept: Kept | None, facility_id: str) -> None:
        """What may be asked: out, in whichever year, or another year; nothing of what stands or is no site."""
        say, rows = self._look.say, {}
        if kept is not None and kept.proof is not None:
            rows = {str(one["facility_id"]): one for one in kept.frame.to_dict("records")}
        mine = rows.get(facility_id)
        asked = mine is not None and mine["status"] in ("planned", "open")
        for widget in (self.otherwise_words, self.otherwise, self.ask_loss):
            widget.setVisible(asked)
        self.otherwise.clear()
        if kept is None or mine is None or not asked:
            return
        now = int(mine["fiscal_year"])
        first = ("out", _OUT) if now else ("in", _ANY)
        self.otherwise.addItem(say(f"ui.site_programme.{first[0]}"), first[1])
        for year in kept.years:
            if year != now:
                self.otherwise.addItem(say("ui.site_programme.fiscal", year=year), year)

    def _ask_or_stop(self) -> None:
        if self._asking:
            self.stop_asked.emit()
            return
        chosen = int(self.otherwise.currentData())
        self._show_asking(on=True)
        self.loss_asked.emit(self._facility, None if chosen == _OUT else chosen)

    def _show_asking(self, *, on: bool) -> None:
        say, self._asking = self._look.say, on
        self.ask_loss.setText(say("ui.top.cancel" if on else "ui.site_programme.ask"))
        self.otherwise.setEnabled(not on)
        set_role(self.loss, "muted" if on else "")
        if on:
            self.loss.setText(say("stage.programme"))

    def show_progress(self, share: float) -> None:
        """How far the answer is, at worst."""
        if self._asking:
            self.loss.setText(self._look.say("ui.site_programme.asking", share=fmt.percent(share)))

    def show_loss(self, plan: Plan, facility_id: str, into: int | None, loss: Loss) -> None:
        """The answer, where it is still asked for."""
        kept = plan.programme
        if facility_id != self._facility or not self._asking or kept is None:
            return
        self._show_asking(on=False)
        names = dict(zip(plan.facilities["facility_id"].astype(str), plan.facilities["name"].astype(str), strict=True))
        self.loss.setText(loss_if_line(self._look.language, loss, kept.objective, into, names))

    def show_error(self, facility_id: str, error: CodedError | None) -> None:
        """Why there is no answer; None: it was stopped."""
        if facility_id != self._facility:
            return
        self._show_asking(on=False)
        set_role(self.loss, "muted" if error is None else "attention")
        self.loss.setText(self._look.say("ui.surface.stopped") if error is None else self._look.say_error(error))
