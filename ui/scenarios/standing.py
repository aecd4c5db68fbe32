"""How each scenario stands: its name, its figures, and which of its stages are stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from kawasolar.document.views import ScenarioName
    from kawasolar.plan import Plan
    from kawasolar.stages import StageState
    from ui.document import Document
    from ui.look import Look


class Standing(QObject):
    """Remembers figures and stale stages by plan: most edits touch one scenario, and the others are told as before.

    Signals
    -------
    changed : a scenario came, went, is called otherwise, or its figures or stages are other ones
    replaced : all of them belong to another project
    """

    changed = Signal()
    replaced = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._figures: dict[str, tuple[Plan, dict[str, object]]] = {}
        self._stale: dict[str, tuple[Plan, object, tuple[StageState, ...]]] = {}
        self._visited: list[str] = []
        self._entries: object = document.entries
        # The scenario of which the document told last what is stale.
        self._told = ""
        document.plan_changed.connect(self.changed)
        document.decision_changed.connect(self.changed)
        document.entries_changed.connect(self._on_entries)
        document.scenarios_changed.connect(self._on_scenarios)
        document.states_changed.connect(self._on_states)

    def names(self) -> tuple[ScenarioName, ...]:
        """All scenarios in their order."""
        if self._document.project is None:
            return ()
        from kawasolar.document.views import scenarios_of

        return scenarios_of(self._document.project.entries)

    def name_of(self, key: str) -> str:
        """What people call a scenario."""
        return next((one.name for one in self.names() if one.key == key), "")

    def plan_of(self, key: str) -> Plan | None:
        """The scenario as last computed."""
        project = self._document.project
        return project.plans.get(key) if project is not None else None

    def figures_of(self, key: str) -> dict[str, object]:
        """Its figures (:func:`kawasolar.figures.figures`); empty where there is no such scenario."""
        from kawasolar.figures import figures

        plan = self.plan_of(key)
        if plan is None:
            return {}
        known = self._figures.get(key)
        if known is None or known[0] is not plan:
            known = (plan, figures(plan))
            self._figures[key] = known
        return known[1]

    def stale_of(self, key: str) -> tuple[StageState, ...]:
        """Stages of it that must be computed."""
        from kawasolar.stages import states

        plan, project, seen = self.plan_of(key), self._document.project, self._document.observed
        if plan is None or project is None:
            return ()
        if key == project.active == self._told:
            return self._document.stale
        known = self._stale.get(key)
        if known is None or known[0] is not plan or known[1] is not seen:
            found = tuple(state for state in states(plan, project.profile, seen) if not state.is_fresh)
            known = (plan, seen, found)
            self._stale[key] = known
        return known[2]

    def _on_states(self) -> None:
        self._told = self._document.scenario
        self.changed.emit()

    def _on_entries(self, tables: frozenset[str]) -> None:
        """A scenario that was worked on is gone: the one that was worked on before it takes its place."""
        project, self._entries = self._document.project, self._document.entries
        if project is None or "scenarios" not in tables or not self._visited or self._visited[-1] in project.plans:
            return
        back = [key for key in self._visited if key in project.plans]
        if back:
            self._document.use_scenario(back[-1])

    def _on_scenarios(self) -> None:
        project = self._document.project
        keys = set(project.plans) if project is not None else set()
        if self._document.entries is not self._entries:
            # No edit told of these entries: another project was opened.
            self._entries = self._document.entries
            self._visited, self._figures, self._stale = [], {}, {}
            self.replaced.emit()
        self._visited = [key for key in self._visited if key in keys and key != self._document.scenario]
        if project is not None:
            self._visited.append(project.active)
        self._figures = {key: known for key, known in self._figures.items() if key in keys}
        self._stale = {key: known for key, known in self._stale.items() if key in keys}
        self.changed.emit()


def stale_words(look: Look, standing: Standing, key: str) -> str:
    """Why a scenario must be computed, a line for each stage; empty where it need not be."""
    from kawasolar.reasons import stage_sentence

    plan = standing.plan_of(key)
    if plan is None:
        return ""
    return "\n".join(stage_sentence(look.language, state, plan.profile) for state in standing.stale_of(key))
