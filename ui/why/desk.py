"""Who is asked "why this number?": finds the explanation, keeps the way that was gone, and does what the pane asks for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from kawasolar.errors import PlanError
from ui.why.acts import Acts

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from kawasolar.provenance import Desk
    from kawasolar.provenance.model import Explanation
    from ui.inspector.panel import Inspector
    from ui.why.lines import Action, Path
    from ui.why.pane import WhyPane
    from ui.why.rows import Done, Shown
    from ui.window import MainWindow

# An explanation that took longer than this [s] is made off the window's thread the next time; so is the first of a large plan.
SLOW = 0.03
LARGE = 300
# Milliseconds of quiet after a change until the explanation is made anew; and until a slow one is said to be on its way.
_AFTER = 80
_PATIENCE = 200


@dataclass
class Step:
    """A figure on the way: asked for by code, then down its inputs; and how its page was left."""

    figure: str
    facility: str | None
    path: Path = ()
    name: str = ""
    found: Explanation | None = None
    opened: set[Path] = field(default_factory=set)
    unfolded: set[tuple[Path, str]] = field(default_factory=set)
    scroll: int = 0


class WhyDesk(QObject):
    """Holds the pane over the inspector.

    Signals
    -------
    turned : the pane was opened or closed
    """

    turned = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._document = window, window.document
        self.pane: WhyPane | None = None
        self._stack: QStackedWidget | None = None
        self._way: list[Step] = []
        self._listing = False
        self._plan: Plan | None = None
        self._leading = False
        self._acts = Acts(window, self)
        self._cost: dict[tuple[str, bool], float] = {}
        # What explanations of one plan share.
        self._papers: Desk | None = None
        self._before: QWidget | None = None
        # What the page was last made from.
        self._seen: object = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_AFTER)
        self._later.timeout.connect(self.refresh)
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(_PATIENCE)
        self._waiting.timeout.connect(self._say_working)
        document = self._document
        document.plan_changed.connect(self._on_plan)
        document.decision_changed.connect(self._on_change)
        document.entries_changed.connect(self._on_change)
        document.states_changed.connect(self._on_change)
        document.scenarios_changed.connect(self._on_change)
        document.selection_changed.connect(self._on_selection)
        # Another project was opened: what was asked of the old one is no question any more.
        window.scenarios.standing.replaced.connect(self.close)

    def wrap(self, inspector: Inspector) -> QWidget:
        """The inspector, and the pane that takes its place; what was open in another language stays open."""
        from ui.why.pane import WhyPane

        pane = self.pane = WhyPane(self._window.look)
        self._seen = None
        self._stack = QStackedWidget()
        self._stack.addWidget(inspector)
        self._stack.addWidget(pane)
        pane.back_asked.connect(self.back)
        pane.closed_asked.connect(self.close)
        pane.copy_asked.connect(self.copy)
        pane.list_asked.connect(self.show_list)
        pane.run_asked.connect(self._window.controller.run)
        pane.crumb_asked.connect(self.back_to)
        pane.figure_asked.connect(self.ask)
        if self._way or self._listing:
            self._stack.setCurrentWidget(pane)
            QTimer.singleShot(0, pane, self.refresh)
        return self._stack

    @property
    def is_open(self) -> bool:
        """Whether the pane is in the inspector's place."""
        return self._stack is not None and self._stack.currentWidget() is self.pane

    @property
    def is_settled(self) -> bool:
        """Whether all the document's news have reached the pane."""
        return not (self._later.isActive() or self._waiting.isActive())

    # ---------------------------------------------------------------- asking

    def ask(self, figure: str, facility: object = None) -> None:
        """Show why a figure of a facility, or of the plan, is what it is."""
        if self._document.plan is None or self._stack is None:
            return
        self._way = [Step(figure, None if facility is None else str(facility))]
        self._show()

    def ask_here(self, figure: str) -> None:
        """A figure of the selected facility; of the plan where none is selected."""
        self.ask(figure, self._document.selected)

    def ask_plan(self, figure: str) -> None:
        """A figure of the plan."""
        self.ask(figure, None)

    def ask_focused(self) -> None:
        """The figure that the keyboard is on; a list of all where it is on none."""
        from ui.why.rows import LineRow

        widget = QApplication.focusWidget()
        while widget is not None and widget is not self._window:
            code = widget.property("why")
            if isinstance(code, str) and code:
                if self._window.step_pages.isAncestorOf(widget):
                    self.ask_plan(code)
                else:
                    self.ask_here(code)
                return
            if isinstance(widget, LineRow):
                if widget.line.node is not None:
                    self.deeper(widget.path)
                else:
                    widget.turn(True)
                return
            if widget is self._window.table.view and self._window.table.ask_why():
                return
            widget = widget.parentWidget()
        self.show_list()

    def show_list(self, *, anew: bool = True) -> None:
        """All figures that can be asked about; ``anew`` with an empty search and the keyboard in it."""
        from kawasolar.provenance import figures_of

        plan, pane, say = self._document.plan, self.pane, self._window.look.say
        if plan is None or pane is None:
            return
        self._keep()
        groups: list[tuple[str, list[tuple[str, str, str | None]]]] = []
        selected = self._document.selected
        if selected is not None:
            name = self._name_of(selected)
            groups.append(
                (name, [(self._title(code, selected), code, selected) for code in figures_of(plan, selected)])
            )
        groups.append((say("ui.why.whole"), [(self._title(code, None), code, None) for code in figures_of(plan)]))
        self._listing = True
        self._open()
        pane.show_list(say("ui.why.list"), groups, back=bool(self._way), anew=anew)
        if anew:
            pane.take_focus()

    def _title(self, code: str, facility: str | None) -> str:
        from kawasolar.provenance.model import Explanation
        from kawasolar.provenance.words import figure_name

        name = figure_name(self._window.look.language, Explanation(code, None, "", "", facility_id=facility))
        kind = code.partition(".")[0]
        return self._window.look.say(f"ui.why.kind.{kind}", name=name) if kind in ("ledger", "criterion") else name

    # ---------------------------------------------------------------- the way

    def deeper(self, path: Path) -> None:
        """Look at an input of what is shown on its own."""
        from kawasolar.provenance import figures_of

        plan, now = self._document.plan, self._way[-1]
        if plan is None:
            return
        self._keep()
        figure, facility, part = path[-1]
        whose = facility or None
        if not part and figure in figures_of(plan, whose):
            self._way.append(Step(figure, whose))
        else:
            self._way.append(Step(now.figure, now.facility, (*now.path, *path)))
        self._show()

    def back(self) -> None:
        """To the figure from which this one was asked."""
        self.back_to(len(self._way) - (1 if self._listing else 2))

    def back_to(self, place: int) -> None:
        """To a figure on the way."""
        if 0 <= place < len(self._way):
            del self._way[place + 1 :]
            self._show()

    def close(self) -> None:
        """The inspector is seen again, the keyboard where it was."""
        stack, before = self._stack, self._before
        if not self.is_open or stack is None:
            return
        pane = self.pane
        focused = QApplication.focusWidget()
        held = focused is not None and pane is not None and pane.isAncestorOf(focused)
        self._way, self._listing, self._before, self._seen = [], False, None, None
        self._later.stop()
        self._waiting.stop()
        stack.setCurrentIndex(0)
        if held and before is not None:
            try:
                before.setFocus()
            except RuntimeError:
                # What had the keyboard is gone: its panel was built anew meanwhile.
                self._window.pages.setFocus()
        self.turned.emit()

    def _keep(self) -> None:
        """How the page is left, for who comes back."""
        if self._way and self.pane is not None and not self._listing:
            self._way[-1].scroll = self.pane.area.verticalScrollBar().value()

    def _open(self) -> None:
        if self._stack is None or self.pane is None:
            return
        if not self.is_open:
            self._before = QApplication.focusWidget()
            self._stack.setCurrentWidget(self.pane)
            self.turned.emit()
        dock = self._window.docks.get("inspector")
        if dock is not None:
            dock.show()
            dock.raise_()

    # ---------------------------------------------------------------- showing

    def _show(self) -> None:
        """Show the last figure of the way, the keyboard in the pane."""
        self._listing = False
        self._open()
        self._fill(focus=True)

    def refresh(self) -> None:
        """The same figure as it is now."""
        if not self.is_open:
            return
        if self._listing:
            self.show_list(anew=False)
            return
        if not self._way:
            self.close()
            return
        self._keep()
        self._fill(focus=False)

    def _fill(self, *, focus: bool) -> None:
        step = self._way[-1]
        self._waiting.start()

        def done(found: Explanation | PlanError) -> None:
            if self._way and self._way[-1] is step and self.is_open and not self._listing:
                self._waiting.stop()
                self._show_found(step, found, focus=focus)

        self._resolve(step, done)

    def _show_found(self, step: Step, found: Explanation | PlanError, *, focus: bool) -> None:
        from kawasolar.provenance.words import figure_name
        from ui.why.pane import Page

        pane, look = self.pane, self._window.look
        if pane is None:
            return
        way = tuple(one.name for one in self._way[:-1])
        shown = self._shown(step)
        state = (found, way, shown.stale, dict(shown.entered), self._whose(step.facility), look.language)
        if not focus and state == self._seen:
            # Nothing that is seen has changed: rows that are being used stay as they are.
            return
        self._seen = state
        if isinstance(found, PlanError):
            step.found = None
            step.name = self._title(step.figure, step.facility)
            pane.show_message(self._whose(step.facility), look.say_error(found), way)
        else:
            step.found, step.name = found, figure_name(look.language, found)
            page = Page(found, self._whose(found.facility_id), way, self._stale_words(found))
            pane.show_page(page, shown, scroll=step.scroll)
        if focus:
            # Rows are seen, and take the keyboard, only when they have been laid out.
            QTimer.singleShot(0, pane, pane.take_focus)

    def _shown(self, step: Step) -> Shown:
        from ui.why.rows import Shown

        stale = frozenset(state.name for state in self._document.stale)
        entries, scenario = self._document.entries, self._document.scenario
        entered = {} if entries is None else entries.of_scenario("values", scenario)
        return Shown(
            self._window.look, self._request, self.deeper, self.act, stale, entered, step.opened, step.unfolded
        )

    def _say_working(self) -> None:
        """It takes its time: say so, where nothing is shown yet."""
        if self._way and self._way[-1].found is None and self.pane is not None:
            step, say = self._way[-1], self._window.look.say
            way = tuple(one.name for one in self._way[:-1])
            self.pane.show_message(self._whose(step.facility), say("ui.why.working"), way)

    def _stale_words(self, found: Explanation) -> str:
        """Why the figure no longer holds; empty where it does."""
        from kawasolar.reasons import stage_sentence

        plan, say = self._document.plan, self._window.look.say
        if found.stage is None or plan is None:
            return ""
        state = next((one for one in self._document.stale if one.name == found.stage.name), None)
        if state is None:
            return ""
        before = [one for one in self._document.stale if any(reason.kind != "stage" for reason in one.reasons)]
        told = [stage_sentence(self._window.look.language, one, plan.profile) for one in before or [state]]
        return "\n".join([say("ui.why.stale"), *told[:2]])

    def _name_of(self, facility: str) -> str:
        plan = self._document.plan
        if plan is None:
            return facility
        names = plan.facilities.loc[plan.facilities["facility_id"] == facility, "name"]
        return str(names.iloc[0]) if len(names) else facility

    def _whose(self, facility: str | None) -> str:
        """The facility, or the plan with its scenario."""
        look = self._window.look
        if facility is not None:
            return look.say("ui.why.facility", name=self._name_of(facility), facility=facility)
        from kawasolar.document.views import scenarios_of

        entries = self._document.entries
        known = () if entries is None else scenarios_of(entries)
        name = next((one.name for one in known if one.key == self._document.scenario), "")
        return look.say("ui.why.plan", scenario=name)

    # ---------------------------------------------------------------- explaining

    def _resolve(self, step: Step, done: Done) -> None:
        """The explanation that a step leads to; of a way that is no longer there, the deepest that is."""
        from kawasolar.provenance.model import Explanation
        from ui.why.lines import key_of

        def walk(found: Explanation | PlanError, rest: Path) -> None:
            if not isinstance(found, Explanation) or (not rest and not found.more):
                done(found)
            elif found.more:
                self._request(found.figure, found.facility_id, lambda whole: walk(whole, rest))
            else:
                inputs = (one for one in found.inputs if isinstance(one, Explanation))
                child = next((one for one in inputs if key_of(one) == rest[0]), None)
                walk(found, ()) if child is None else walk(child, rest[1:])

        self._request(step.figure, step.facility, lambda found: walk(found, step.path))

    def _request(self, figure: str, facility: str | None, done: Done) -> None:
        """Explain a figure: at once, or in a job where that takes its time."""
        from kawasolar.provenance import Desk, explain

        plan = self._document.plan
        if plan is None:
            return
        if self._papers is None or self._papers.plan is not plan:
            self._papers = Desk(plan)
        papers = self._papers
        kind = (figure, facility is None)

        def work(_progress: object = None) -> Explanation | PlanError:
            begun = time.perf_counter()
            try:
                return explain(papers, figure, facility)
            except PlanError as error:
                return error
            finally:
                self._cost[kind] = time.perf_counter() - begun

        first = 0.0 if len(plan.facilities) <= LARGE else 1.0
        if self._cost.get(kind, first) <= SLOW:
            done(work())
            return
        job = self._window.jobs.start(work, f"why:{figure}:{facility or ''}")
        job.done.connect(lambda found: done(found) if self._document.plan is plan else None)

    # ---------------------------------------------------------------- the document's news

    def _on_plan(self) -> None:
        if self._document.plan is None:
            self.close()
            self._cost.clear()
            self._papers = None
        else:
            self._on_change()

    def _on_change(self, *_what: object) -> None:
        if self._document.plan is None:
            self.close()
        elif self.is_open:
            if any(step.facility is not None and not self._document.has(step.facility) for step in self._way):
                self.close()
            else:
                self._later.start()

    def _on_selection(self, facility: object) -> None:
        """Who selects another facility asks the same of it; who asked about the plan wants to see the facility."""
        if not self.is_open or self._leading:
            return
        if self._listing:
            self._later.start()
            return
        now = self._way[-1] if self._way else None
        if facility is None or now is None or now.facility is None:
            self.close()
        elif now.facility != facility:
            self._way = [Step(now.figure, str(facility))]
            self._fill(focus=False)

    # ---------------------------------------------------------------- what can be done

    def copy(self) -> None:
        """The whole explanation as text, with whose it is."""
        from kawasolar.provenance import sentences

        step = self._way[-1] if self._way else None
        if step is None or step.found is None:
            return
        found, language = step.found, self._window.look.language
        lines = [self._whose(found.facility_id)]
        lines += ["  " * depth + text for depth, text in sentences(found, language, longest=1000)]
        QGuiApplication.clipboard().setText("\n".join(lines))
        self._window.status.showMessage(self._window.look.say("ui.why.copied", number=len(lines)), 4000)

    def act(self, action: Action) -> None:
        """Do what a row offers."""
        self._acts.do(action)

    def lead(self, call: Callable[[], object]) -> None:
        """Show something on the map; the pane stays, whatever is selected with it."""
        self._leading = True
        try:
            call()
        finally:
            self._leading = False
