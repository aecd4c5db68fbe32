"""The one document of the window: the plan, what the planner turned, the way back, and the selection.

Heavy modules are imported at the moment of use, so that the window can be shown before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from kawasolar.plan import Decision, Objective, Plan, Settings

# Steps that can be taken back.
HISTORY = 200


@dataclass(frozen=True)
class Step:
    """One change of the settings; changes with the same ``merge`` in a row become one (a slider's drag)."""

    before: Settings
    after: Settings
    words: str
    merge: str | None


class Document(QObject):
    """Holds the plan and tells who shows it.

    Signals
    -------
    plan_changed : another plan, or none
    decision_changed : the settings were turned and the decision follows
    selection_changed : id of the selected facility, or None
    dirty_changed, history_changed
    """

    plan_changed = Signal()
    decision_changed = Signal()
    selection_changed = Signal(object)
    dirty_changed = Signal()
    history_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._plan: Plan | None = None
        self._path: Path | None = None
        self._selected: str | None = None
        self._done: list[Step] = []
        self._undone: list[Step] = []
        # Settings as they were saved; None while the plan has never been saved.
        self._saved: Settings | None = None
        self._effects: dict[str, int] | None = None
        self._merge_open: str | None = None

    # ---------------------------------------------------------------- the plan

    @property
    def plan(self) -> Plan | None:
        return self._plan

    @property
    def path(self) -> Path | None:
        return self._path

    @property
    def decision(self) -> Decision | None:
        return self._plan.decision if self._plan is not None else None

    @property
    def settings(self) -> Settings | None:
        return self._plan.settings if self._plan is not None else None

    def set_plan(self, plan: Plan | None, path: Path | None, *, saved: bool) -> None:
        """Show another plan; the history begins anew, the selection stays where the facility is still there."""
        self._plan, self._path = plan, path
        self._done.clear()
        self._undone.clear()
        self._merge_open = None
        self._effects = None
        self._saved = plan.settings if plan is not None and saved else None
        kept = self._selected if plan is not None and self.has(self._selected) else None
        self._selected = kept
        self.plan_changed.emit()
        self.selection_changed.emit(kept)
        self.history_changed.emit()
        self.dirty_changed.emit()

    def mark_saved(self, path: Path, plan: Plan) -> None:
        """Remember that a plan lies in ``path``; what was turned since is unsaved."""
        self._path = path
        self._saved = plan.settings
        self._merge_open = None
        self.dirty_changed.emit()

    @property
    def dirty(self) -> bool:
        """Whether something would be lost."""
        return self._plan is not None and self._saved != self._plan.settings

    def has(self, facility_id: str | None) -> bool:
        """Whether the ledger knows the facility."""
        return (
            facility_id is not None
            and self._plan is not None
            and bool((self._plan.facilities["facility_id"] == facility_id).any())
        )

    # ---------------------------------------------------------------- the selection

    @property
    def selected(self) -> str | None:
        return self._selected

    def select(self, facility_id: str | None) -> None:
        """Select a facility for map, table and inspector alike."""
        wanted = facility_id if self.has(facility_id) else None
        if wanted != self._selected:
            self._selected = wanted
            self.selection_changed.emit(wanted)

    # ---------------------------------------------------------------- the settings

    def change(self, settings: Settings, words: str, *, merge: str | None = None) -> None:
        """Turn the settings; the decision follows at once and the step can be taken back."""
        if self._plan is None or settings == self._plan.settings:
            return
        step = Step(self._plan.settings, settings, words, merge)
        last = self._done[-1] if self._done else None
        if last is not None and merge is not None and self._merge_open == merge == last.merge:
            self._done[-1] = replace(last, after=settings)
        else:
            self._done.append(step)
            del self._done[:-HISTORY]
        self._merge_open = merge
        self._undone.clear()
        self._decide(settings)
        self.history_changed.emit()

    def end_merge(self) -> None:
        """A drag ended: the next change is a step of its own."""
        self._merge_open = None

    def set_share(self, share: float) -> None:
        """Share of the eligible facilities to choose, 0…1."""
        if self.settings is not None:
            self.change(replace(self.settings, share=share), "ui.undo.share", merge="share")

    def set_objective(self, objective: Objective) -> None:
        """What the choice makes as large as it can."""
        if self.settings is not None:
            self.change(replace(self.settings, objective=objective), "ui.undo.objective")

    def criterion(self, key: str) -> tuple[bool, float | None]:
        """Whether the criterion is applied, and its threshold, as set or as the profile has it."""
        if self._plan is None:
            return False, None
        if key in self._plan.settings.criteria:
            return self._plan.settings.criteria[key]
        found = self._plan.profile.criterion(key)
        return found.applied, found.threshold

    def set_criterion(self, key: str, applied: bool, threshold: float | None, *, merge: str | None = None) -> None:
        """Apply a criterion or not, with this threshold."""
        if self.settings is not None and self.criterion(key) != (applied, threshold):
            criteria = {**self.settings.criteria, key: (applied, threshold)}
            self.change(replace(self.settings, criteria=criteria), "ui.undo.criterion", merge=merge)

    def pin(self, facility_ids: list[str]) -> None:
        """Choose these whatever their rank."""
        self._pins(frozenset(facility_ids), frozenset(), "ui.undo.pin")

    def veto(self, facility_ids: list[str]) -> None:
        """Never choose these."""
        self._pins(frozenset(), frozenset(facility_ids), "ui.undo.veto")

    def release(self, facility_ids: list[str]) -> None:
        """Neither pinned nor vetoed."""
        if self.settings is None:
            return
        gone = frozenset(facility_ids)
        self.change(
            replace(self.settings, pins=self.settings.pins - gone, vetoes=self.settings.vetoes - gone),
            "ui.undo.release",
        )

    def _pins(self, pins: frozenset[str], vetoes: frozenset[str], words: str) -> None:
        if self.settings is None:
            return
        now = self.settings
        self.change(replace(now, pins=(now.pins - vetoes) | pins, vetoes=(now.vetoes - pins) | vetoes), words)

    def reset(self) -> None:
        """Share, objective and criteria as the profile has them; pins and vetoes stay."""
        from kawasolar.decide import default_settings

        if self._plan is not None:
            fresh = default_settings(self._plan.profile)
            self.change(
                replace(fresh, pins=self._plan.settings.pins, vetoes=self._plan.settings.vetoes), "ui.undo.reset"
            )

    # ---------------------------------------------------------------- the way back

    @property
    def undo_words(self) -> str | None:
        """Code of what undo would take back; None where there is nothing."""
        return self._done[-1].words if self._done else None

    @property
    def redo_words(self) -> str | None:
        """Code of what redo would do again; None where there is nothing."""
        return self._undone[-1].words if self._undone else None

    def undo(self) -> None:
        """Take the last change back."""
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            self._merge_open = None
            self._decide(step.before)
            self.history_changed.emit()

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._merge_open = None
            self._decide(step.after)
            self.history_changed.emit()

    def _decide(self, settings: Settings) -> None:
        from kawasolar.decide import decide

        plan = self._plan
        if plan is None:
            return
        decision = decide(plan.facilities, plan.results, plan.profile, settings)
        self._plan = replace(plan, settings=settings, decision=decision)
        if settings.criteria != plan.settings.criteria:
            self._effects = None
        self.decision_changed.emit()
        self.dirty_changed.emit()

    def effects(self) -> Mapping[str, int]:
        """By how many the eligible change through each criterion, or would if it were applied: 0 or less."""
        if self._effects is None:
            self._effects = self._compute_effects()
        return self._effects

    def _compute_effects(self) -> dict[str, int]:
        from kawasolar.decide import effect_of_criteria

        plan = self._plan
        if plan is None:
            return {}
        return dict(effect_of_criteria(plan.facilities, plan.results, plan.profile, plan.settings))
