"""The one document of the window: the project, the way back, the selection, and what is stale.

Everything that a person changes goes through :meth:`Document.do` as an edit; heavy modules are imported at the moment of use, so that the window can be
shown before them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries
    from kawasolar.document.journal import Journal
    from kawasolar.document.lock import Owner
    from kawasolar.plan import Decision, ExportRecord, InputFile, Objective, Plan, Project, SaveMark, Settings
    from kawasolar.stages import StageState
    from ui.work import Seen

# Plans of before whose results can still be taken over: by undo after a run, by a scenario that comes back.
_ATTIC = 8
# Milliseconds after the last edit until what is stale is worked out anew.
_STATES_AFTER = 120
# The same while somebody works through a list, key by key.
_STATES_MUCH_AFTER = 2500
# Tables of what somebody says of links: in a review nothing is computed before it is left.
_OF_REVIEW = frozenset({"joins", "reviews"})
# Tables on which nothing that is computed or decided hangs.
_SEEN = frozenset({"reviews"})


class Document(QObject):
    """Holds the project and tells who shows it.

    Signals
    -------
    plan_changed : another project, another scenario, or other results
    registers_changed : other ledgers than that of facilities were read, or whose their names are was told; not where ``plan_changed`` says it
    decision_changed : the settings were turned and the decision follows
    entries_changed : names of the tables that an edit touched (frozenset)
    scenarios_changed : scenarios came, went, or are called otherwise
    states_changed : which stages are stale
    exports_changed : a paper was written
    selection_changed : id of the selected facility, or None
    dirty_changed, history_changed
    """

    plan_changed = Signal()
    registers_changed = Signal()
    decision_changed = Signal()
    entries_changed = Signal(object)
    scenarios_changed = Signal()
    states_changed = Signal()
    exports_changed = Signal()
    selection_changed = Signal(object)
    dirty_changed = Signal()
    history_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        from kawasolar.document.history import History

        super().__init__(parent)
        self._project: Project | None = None
        self._path: Path | None = None
        self._selected: str | None = None
        self._history = History()
        self._attic: list[Plan] = []
        # What was saved last; None while the project has never been saved.
        self._saved: Project | None = None
        self._effects: dict[str, int] | None = None
        self._states: tuple[StageState, ...] | None = None
        self._observed: tuple[InputFile, ...] | None = None
        # Roles of the input files that were not there when they were looked for.
        self.missing: tuple[str, ...] = ()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._forget_states)
        # Who holds the project, where this window may not write it.
        self.held_by: Owner | None = None
        self.journal: Journal | None = None
        # Told when the journal cannot be written; the work goes on.
        self.journal_failed: Callable[[Exception], None] = lambda _error: None
        self.person: Callable[[], str] = lambda: ""
        self._patient = self._waiting = False

    # ---------------------------------------------------------------- the project

    @property
    def project(self) -> Project | None:
        return self._project

    @property
    def plan(self) -> Plan | None:
        """The scenario that is worked on."""
        return self._project.plan if self._project is not None else None

    @property
    def path(self) -> Path | None:
        return self._path

    @property
    def entries(self) -> Entries | None:
        return self._project.entries if self._project is not None else None

    @property
    def decision(self) -> Decision | None:
        return self.plan.half if self.plan is not None else None

    @property
    def settings(self) -> Settings | None:
        return self.plan.settings if self.plan is not None else None

    @property
    def scenario(self) -> str:
        """Key of the scenario that is worked on; empty where there is no project."""
        return self._project.active if self._project is not None else ""

    def set_project(self, project: Project | None, path: Path | None, *, saved: bool) -> None:
        """Show another project; the history begins anew, the selection stays where the facility is still there."""
        self._project, self._path = project, path
        self._history.clear()
        self._attic.clear()
        self._effects = self._states = self._observed = None
        self._waiting = False
        self.missing = ()
        self._saved = project if saved else None
        self._selected = self._selected if project is not None and self.has(self._selected) else None
        self.plan_changed.emit()
        self.scenarios_changed.emit()
        self.selection_changed.emit(self._selected)
        self.history_changed.emit()
        self.dirty_changed.emit()
        self._later.start(_STATES_AFTER)

    def set_results(self, project: Project) -> None:
        """The same project with other results; the way back stays."""
        if self._project is not None:
            self._remember(self._project)
        self._show(project)
        self.dirty_changed.emit()

    def mark_saved(self, path: Path, project: Project) -> None:
        """Remember that a project lies in ``path``; what was changed since is unsaved."""
        self._path = path
        self._saved = project
        self._history.end_merge()
        self.dirty_changed.emit()

    @property
    def dirty(self) -> bool:
        """Whether something would be lost."""
        now, saved = self._project, self._saved
        if now is None:
            return False
        if saved is None or now.entries != saved.entries or now.exports != saved.exports:
            return True
        return any(_computed(now.plans[key]) != _computed(saved.plans[key]) for key in now.plans)

    def has(self, facility_id: str | None) -> bool:
        """Whether the ledger knows the facility."""
        plan = self.plan
        return (
            facility_id is not None and plan is not None and bool((plan.facilities["facility_id"] == facility_id).any())
        )

    def add_export(self, record: ExportRecord) -> None:
        """A paper was written; the project remembers of what."""
        if self._project is None:
            return
        from kawasolar.provenance.exports import with_record

        self._project = with_record(self._project, record)
        self.exports_changed.emit()
        self.dirty_changed.emit()

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

    # ---------------------------------------------------------------- what is stale

    @property
    def states(self) -> tuple[StageState, ...]:
        """How each stage of the scenario stands."""
        if self._states is None and self._project is not None:
            from kawasolar.stages import states

            self._states = states(self._project.plan, self._project.profile, self._observed)
        return self._states or ()

    @property
    def stale(self) -> tuple[StageState, ...]:
        """Stages that must be computed."""
        return tuple(state for state in self.states if not state.is_fresh)

    def _forget_states(self) -> None:
        """Some time after the last edit: not at every step of a slider."""
        self._states = None
        self.states_changed.emit()

    @property
    def observed(self) -> tuple[InputFile, ...] | None:
        """The input files as they were last seen."""
        return self._observed

    def observe(self, seen: Seen) -> None:
        """The input files as they are now."""
        self._observed, self.missing = seen.inputs, seen.missing
        self._states = None
        self.states_changed.emit()

    # ---------------------------------------------------------------- edits

    def author(self, why: str = "") -> Author:
        """Who sits here, and why they do it."""
        from kawasolar.document.edits import Author

        return Author(self.person(), why)

    def do(self, edit: Edit) -> None:
        """Apply an edit; the decision follows at once and the step can be taken back."""
        if self._project is None or not edit.changes:
            return
        self._apply(edit)
        self._history.push(edit)
        self.history_changed.emit()

    def end_merge(self) -> None:
        """A drag ended: the next change is a step of its own."""
        self._history.end_merge()

    def undo(self) -> None:
        """Take the last change back."""
        self._step(self._history.undo())

    def redo(self) -> None:
        """Do again what was taken back."""
        self._step(self._history.redo())

    def _step(self, edit: Edit | None) -> None:
        if edit is not None:
            self._apply(edit)
            self.history_changed.emit()

    @property
    def undo_words(self) -> tuple[str, Mapping[str, str]] | None:
        """Code of what undo would take back, with its values; None where there is nothing."""
        last = self._history.last
        return (last.words, last.details) if last is not None else None

    @property
    def redo_words(self) -> tuple[str, Mapping[str, str]] | None:
        """Code of what redo would do again, with its values; None where there is nothing."""
        step = self._history.next
        return (step.words, step.details) if step is not None else None

    def named_files(self) -> set[Path]:
        """The input files that the project names, or would if something were taken back or done again."""
        from kawasolar.project.named import files_entered, files_in_edits

        project = self._project
        if project is None:
            return set()
        now = {Path(file.path) for plan in project.plans.values() for file in plan.inputs}
        return now | files_entered(project.entries) | files_in_edits(self._history.edits)

    def _apply(self, edit: Edit) -> None:
        from kawasolar.stages import with_edit, with_words

        before = self._project
        if before is None:
            return
        if self._patient and edit.tables <= _OF_REVIEW:
            after = with_words(before, edit)
            self._waiting |= not edit.tables <= _SEEN
        else:
            after = with_edit(before, edit, self._attic)
        for key, plan in before.plans.items():
            # A scenario that went, or results that others took the place of: the way back finds them here.
            if key not in after.plans or _is_another(plan, after.plans[key]):
                self._keep(plan)
        if "criteria" in edit.tables or after.plan.results is not before.plan.results:
            self._effects = None
        if "inputs" in edit.tables:
            # They were seen as other files.
            self._observed, self.missing = None, ()
        if edit.tables <= (_OF_REVIEW if self._patient else _SEEN):
            self._project = after
            if self._waiting:
                self._later.start(_STATES_MUCH_AFTER)
        else:
            self._show(after)
        if self.journal is not None:
            try:
                self.journal.append(edit, after.active)
            except (PlanError, OSError) as error:
                # Whatever befalls the autosave, the work goes on.
                self.journal_failed(error)
        self.entries_changed.emit(edit.tables)
        if "scenarios" in edit.tables:
            self.scenarios_changed.emit()
        self.dirty_changed.emit()

    def be_patient(self, patient: bool) -> None:
        """Work through a list of links: what follows from each is computed when that is over, and is stale till then."""
        self._patient = patient

    def settle(self) -> None:
        """Compute what follows from links that were named in a review and what takes no file: at once, for who cannot wait."""
        before = self._project
        if self._waiting and before is not None:
            from kawasolar.stages import settled

            self.take_settled(before, settled(before, self._attic))

    def take_settled(self, before: Project, after: Project) -> bool:
        """Show what was computed from a project; False where that has changed meanwhile."""
        if not self._waiting or self._project is not before:
            return False
        self._waiting = False
        for key, plan in before.plans.items():
            if after.plans[key].results is not plan.results:
                self._keep(plan)
        self._effects = None
        self._show(after)
        self.dirty_changed.emit()
        return True

    @property
    def waiting(self) -> bool:
        """Whether links were named of which nothing has been computed yet."""
        return self._waiting

    @property
    def is_patient(self) -> bool:
        """Whether somebody works through a list of links."""
        return self._patient

    def _show(self, after: Project) -> None:
        before, self._project = self._project, after
        same = (
            before is not None
            and before.active == after.active
            and before.plan.results is after.plan.results
            and before.plan.facilities is after.plan.facilities
            and before.plan.profile is after.plan.profile
            and before.plan.inputs == after.plan.inputs
        )
        if same:
            if before is not None and _other_ledgers(before) != _other_ledgers(after):
                self.registers_changed.emit()
            self.decision_changed.emit()
        else:
            self._effects = None
            self.plan_changed.emit()
        self._later.start(_STATES_AFTER)

    def _remember(self, project: Project) -> None:
        for plan in project.plans.values():
            self._keep(plan)

    def _keep(self, plan: Plan) -> None:
        self._attic.append(plan)
        del self._attic[:-_ATTIC]

    # ---------------------------------------------------------------- scenarios

    def use_scenario(self, key: str) -> None:
        """Work on another scenario."""
        if self._project is not None and key in self._project.plans and key != self._project.active:
            self._history.end_merge()
            self._states = None
            self._show(replace(self._project, active=key))
            self.scenarios_changed.emit()
            self.dirty_changed.emit()

    # ---------------------------------------------------------------- the settings

    def _do(self, make: Callable[..., Edit], *values: Any, **more: Any) -> None:  # noqa: ANN401 - handed on to an edit
        if self._project is not None:
            self.do(make(self._project.entries, self._project.active, *values, **more))

    def set_share(self, share: float) -> None:
        """Share of the eligible facilities to choose, 0…1."""
        from kawasolar.document import edits

        if self.settings is not None and self.settings.share != share:
            self._do(edits.set_share, share)

    def set_objective(self, objective: Objective) -> None:
        """What the choice makes as large as it can."""
        from kawasolar.document import edits

        if self.settings is not None and self.settings.objective != objective:
            self._do(edits.set_objective, objective)

    def criterion(self, key: str) -> tuple[bool, float | None]:
        """Whether the criterion is applied, and its threshold, as set or as the profile has it."""
        if self.plan is None:
            return False, None
        if key in self.plan.settings.criteria:
            return self.plan.settings.criteria[key]
        found = self.plan.profile.criterion(key)
        return found.applied, found.threshold

    def set_criterion(self, key: str, applied: bool, threshold: float | None, *, merge: str | None = None) -> None:
        """Apply a criterion or not, with this threshold."""
        from kawasolar.document import edits

        if self.criterion(key) != (applied, threshold):
            self._do(edits.set_criterion, key, applied, threshold, self.author(), merge=merge is not None)

    def pin(self, facility_ids: list[str], why: str = "") -> None:
        """Choose these whatever their rank."""
        from kawasolar.document import edits

        self._do(edits.pin, facility_ids, self.author(why))

    def lay_out(self, facility_ids: list[str], values: Mapping[str, float | None], why: str = "") -> None:
        """Lay these out by other values than the rest; without a value as the rest."""
        from kawasolar.document import edits

        self._do(edits.lay_out, facility_ids, values, self.author(why))

    def choose_module(self, values: Mapping[str, float], why: str, source: str, name: str) -> None:
        """Lay the scenario out of another module."""
        from kawasolar.document import edits

        self._do(edits.choose_module, values, self.author(why), source=source, name=name)

    def veto(self, facility_ids: list[str], why: str = "") -> None:
        """Never choose these, for this reason."""
        from kawasolar.document import edits

        self._do(edits.veto, facility_ids, self.author(why))

    def release(self, facility_ids: list[str]) -> None:
        """Neither pinned nor vetoed."""
        from kawasolar.document import edits

        self._do(edits.release, facility_ids)

    def reset(self) -> None:
        """Share, objective and criteria as the profile has them; pins and vetoes stay."""
        from kawasolar.document import edits

        self._do(edits.reset_settings)

    def effects(self) -> Mapping[str, int]:
        """By how many the eligible change through each criterion, or would if it were applied: 0 or less."""
        if self._effects is None:
            self._effects = self._compute_effects()
        return self._effects

    def _compute_effects(self) -> dict[str, int]:
        from kawasolar.decide import effect_of_criteria

        plan = self.plan
        if plan is None:
            return {}
        return dict(effect_of_criteria(plan.facilities, plan.results, plan.profile, plan.settings))

    # ---------------------------------------------------------------- saving

    def with_mark(self) -> Project:
        """The project as it is now, for the file: it says which edits of the journal it contains."""
        from uuid import uuid4

        from kawasolar.plan import SaveMark

        self.settle()
        if self._project is None:
            raise AssertionError("nothing to save")
        # Without a journal every save is still told from every other.
        mark = SaveMark(self.journal.id, self.journal.seq) if self.journal is not None else SaveMark(uuid4().hex, 0)
        return replace(self._project, mark=mark)

    @property
    def expected_mark(self) -> SaveMark | None:
        """The mark that the file bears unless somebody else has saved it since."""
        return self._project.mark if self._project is not None else None

    def take_caches(self, saved: Project) -> None:
        """The derived rasters lie beside the saved file now."""
        if self._project is None:
            return
        plans = {
            key: replace(plan, cache=saved.plans[key].cache) if key in saved.plans else plan
            for key, plan in self._project.plans.items()
        }
        self._project = replace(self._project, plans=plans, mark=saved.mark)

    def replay(self, edits: Sequence[Edit]) -> int:
        """Apply edits one after the other until one does not fit; returns how many did."""
        for done, edit in enumerate(edits):
            try:
                self.do(edit)
            except PlanError:
                return done
        return len(edits)

    @property
    def attic(self) -> tuple[Plan, ...]:
        """Plans of before."""
        return tuple(self._attic)


def _is_another(before: Plan, after: Plan) -> bool:
    """Whether results of a plan have gone."""
    return after.results is not before.results or dict(after.answers) != dict(before.answers)


def _computed(plan: Plan) -> dict[str, object]:
    """What stands for the results of a plan: what is decided at once by what it was decided from, the rest by when it was computed."""
    return {
        name: stamp.fingerprint if name in ("eligibility", "selection", "programme") else stamp
        for name, stamp in plan.stamps.items()
    }


def _other_ledgers(project: Project) -> tuple[int, object]:
    """What the window shows of other ledgers, as far as it can differ."""
    return id(project.plan.registers), project.entries.table("aliases")
