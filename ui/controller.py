"""What the commands do: files and calculation; and what is said when they fail."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from gis.errors import GisError
from gis.progress import Progress, silent
from kawasolar.document.lock import refused
from kawasolar.document.person import person_name
from kawasolar.errors import PlanError, UnreadableProject
from ui import work
from ui.answers_desk import AnswersDesk
from ui.crash import report
from ui.jobs import Job
from ui.ledger.desk import LedgerDesk
from ui.meter_desk import MeterDesk
from ui.papers import Papers
from ui.planning_desk import PlanningDesk
from ui.profile_desk import ProfileDesk
from ui.recovery import RecoveryDesk
from ui.registers.desk import RegisterDesk
from ui.roof_desk import RoofDesk
from ui.session import Session
from ui.work import SUFFIX, Computed, Opened, Saved, Seen

if TYPE_CHECKING:
    from kawasolar.document.journal import Journal
    from kawasolar.pipeline import PlanInputs
    from kawasolar.plan import InputFile, Project
    from kawasolar.stages import Bench
    from ui.window import MainWindow


# Seconds between two looks at the input files.
_LOOK_AGAIN_S = 5.0


class Controller(QObject):
    """The window's hands."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.session = Session(window.document, self)
        window.document.person = lambda: window.remembered.person or person_name()
        window.document.journal_failed = self._on_journal_failed
        self.session.lost.connect(self._on_lock_lost)
        self._journal_told = False
        self.recovery = RecoveryDesk(window)
        self.papers = Papers(window)
        self.roof = RoofDesk(window)
        self.profiles = ProfileDesk(window)
        self.ledger = LedgerDesk(window)
        self.registers = RegisterDesk(window)
        self.meters = MeterDesk(window)
        self.planning = PlanningDesk(window)
        self.answers = AnswersDesk(window)
        window.banner_asked.connect(self._on_banner)
        self._banner_does: Callable[[], None] | None = None
        self._banner_also: Callable[[], None] | None = None
        # When the input files were last looked at.
        self._looked = 0.0
        # Files that the last run opened, for the next.
        self._bench: Bench | None = None
        self._loading: Job | None = None
        self._otherwise: Callable[[], None] | None = None
        self._run: Job | None = None

    @property
    def is_loading(self) -> bool:
        """Whether a plan is being opened or computed for the first time."""
        return self._loading is not None

    @property
    def is_running(self) -> bool:
        """Whether the plan is being computed."""
        return self._run is not None

    # ---------------------------------------------------------------- open and new

    def ask_open(self) -> None:
        """Choose a project and open it."""
        window = self._window
        kind = window.look.say("ui.file.project")
        name, _ = QFileDialog.getOpenFileName(
            window, window.look.say("ui.menu.open"), window.remembered.folder, f"{kind} (*{SUFFIX})"
        )
        if name:
            self.open(Path(name))

    def open(self, path: Path, *, ask: bool = True, otherwise: Callable[[], None] | None = None) -> None:
        """Open a project; what is unsaved is asked about first. ``otherwise`` is for one that cannot be read."""
        if ask and not self.may_discard():
            return
        window = self._window
        self.cancel()
        window.banner.hide()
        window.remembered.folder = str(path.parent)
        if self._same_place(path):
            # Opened once more: its lock is not somebody else's.
            self.session.hold(None)
        person, recovery = window.document.person(), work.recovery_folder()
        job = window.jobs.start(lambda progress: work.open_project(path, person, recovery, progress), "open")
        self._otherwise = otherwise
        self._begin_loading(job, window.look.say("ui.loading.open", name=path.stem))
        job.done.connect(self._on_opened)

    def _begin_loading(self, job: Job, words: str) -> None:
        self._loading = job
        self._window.show_loading(words)
        job.progressed.connect(self._show_loading)
        job.failed.connect(self._on_load_failed)
        job.cancelled.connect(self._end_loading)

    def _show_loading(self, share: float, what: str) -> None:
        # Asked for anew each time: the page is built again when the language changes.
        self._window.loading.show_progress(share, what)

    def _show_running(self, share: float, what: str) -> None:
        self._window.top.show_progress(share, what)

    def _end_loading(self) -> None:
        self._loading = None
        self._window._show_page()  # noqa: SLF001 - its own controller

    def _on_opened(self, found: object) -> None:
        opened = cast("Opened", found)
        self._loading = self._bench = None
        window = self._window
        window.remembered.add_recent(opened.path)
        self.session.begin(opened)
        self._journal_told = False
        window.document.set_project(opened.project, opened.path, saved=True)
        self._tell_opened(opened)
        plan, since = opened.project.plan, opened.path.stat().st_mtime
        home = opened.path
        job = window.jobs.start(lambda progress: work.observe_inputs(plan, since, home, progress), "observe")
        job.done.connect(lambda seen: window.document.observe(cast("Seen", seen)))

    def look_at_inputs(self) -> None:
        """See whether an input file was changed outside; often asked, so not more than every few seconds."""
        document, now = self._window.document, time.monotonic()
        path = document.path
        if document.project is None or path is None or self.is_running or now - self._looked < _LOOK_AGAIN_S:
            return
        self._looked = now
        project, plan = document.project, document.project.plan
        try:
            since = path.stat().st_mtime
        except OSError:
            return
        job = self._window.jobs.start(lambda progress: work.observe_inputs(plan, since, path, progress), "observe")
        job.done.connect(lambda seen: self._on_looked(project, cast("Seen", seen)))

    def _on_looked(self, project: Project, seen: Seen) -> None:
        document = self._window.document
        same = document.project is not None and document.project.plan.inputs == project.plan.inputs
        known = (document.observed or project.plan.inputs, document.missing)
        if same and not self.is_running and (seen.inputs, seen.missing) != known:
            document.observe(seen)

    def _tell_opened(self, opened: Opened) -> None:
        """What the person should know of a project that was just opened; the weightiest first."""
        window, say = self._window, self._window.look.say
        if opened.held_by is not None:
            held = refused(opened.path, opened.held_by)
            window.banner.tell(say(f"ui.open.{held.code.removeprefix('lock.')}", **held.details))
        elif opened.recoveries:
            self.recovery.offer(opened.recoveries)
        elif opened.project.upgraded_from is not None:
            window.banner.tell(say("ui.open.upgraded", version=opened.project.upgraded_from), kind="done")
        elif opened.unkept is not None:
            self._on_journal_failed(opened.unkept)
        elif opened.unlocked:
            window.banner.tell(say("lock.none", file=str(opened.path), reason=opened.unlocked))

    def _on_lock_lost(self) -> None:
        self._window.banner.tell(self._window.look.say("ui.lock.lost"))

    def _on_journal_failed(self, error: Exception) -> None:
        if not self._journal_told:
            self._journal_told = True
            say = self._window.look.say
            reason = getattr(error, "details", {}).get("reason") or getattr(error, "strerror", None) or ""
            self._window.banner.tell(say("ui.journal.failed", reason=reason))

    def tell(
        self,
        words: str,
        action: str,
        does: Callable[[], None],
        *,
        also: tuple[str, Callable[[], None]] | None = None,
        kind: str = "done",
    ) -> None:
        """News with one or two things that can be done about it."""
        self._banner_does = does
        self._banner_also = also[1] if also is not None else None
        self._window.banner.tell(words, kind=kind, action=action, also=also[0] if also is not None else "")

    def _on_banner(self, which: str) -> None:
        does = self._banner_does if which == "action" else self._banner_also
        self._window.banner.hide()
        if does is not None:
            does()

    def _on_load_failed(self, error: object) -> None:
        otherwise, self._otherwise = self._otherwise, None
        self._end_loading()
        document = self._window.document
        if document.path is not None and document.held_by is None and not self.session.holds:
            self.session.hold(work.lock_of(document.path, document.person()))
        if otherwise is not None and isinstance(error, UnreadableProject):
            otherwise()
        else:
            self.fail(error)

    def new(self) -> None:
        """Open the assistant for a new plan."""
        from ui.newplan import NewPlanDialog

        dialog = NewPlanDialog(self._window.look, self._window.jobs, self._window.remembered, self._window)
        dialog.accepted.connect(lambda: self.start_new(dialog.inputs()))
        dialog.open()

    def new_from_model(self) -> None:
        """A surface from a city model, and then the assistant with it."""
        from ui.newplan import NewPlanDialog
        from ui.surface_dialog import SurfaceDialog

        window = self._window
        plan = window.document.plan
        made = SurfaceDialog(
            window.look, window.jobs, window.remembered, window, None if plan is None else plan.profile
        )

        def go_on() -> None:
            dialog = NewPlanDialog(window.look, window.jobs, window.remembered, window)
            dialog.take_surface(made)
            dialog.accepted.connect(lambda: self.start_new(dialog.inputs()))
            dialog.open()

        made.accepted.connect(go_on)
        made.open()

    def replace_input(self, role: str) -> None:
        """The assistant with the plan's files, so that one of them can be exchanged; meters have a dialog of their own."""
        if role == "meters":
            self.meters.open()
            return
        from ui.newplan import NewPlanDialog

        window = self._window
        plan = window.document.plan
        if plan is None:
            return
        dialog = NewPlanDialog(window.look, window.jobs, window.remembered, window)
        dialog.fill(plan, window.document.path)
        dialog.focus_on(role)
        dialog.accepted.connect(lambda: self.exchange(dialog.inputs()))
        dialog.open()

    def exchange(self, inputs: PlanInputs) -> None:
        """Take other files, and compute what depends on them."""
        window = self._window
        if window.document.project is None:
            return
        job = window.jobs.start(lambda _progress: work.read_inputs(inputs), "exchange")
        job.done.connect(lambda found: self._on_exchanged(inputs, *cast("tuple[tuple[InputFile, ...], str]", found)))
        job.failed.connect(self.fail)

    def _on_exchanged(self, inputs: PlanInputs, files: tuple[InputFile, ...], profile: str) -> None:
        from kawasolar.document.edits import exchange_files, map_columns
        from kawasolar.document.entries import followed_by
        from kawasolar.plan import taken_away

        document = self._window.document
        if document.project is None or document.entries is None:
            return
        present, before = document.project.plan.inputs, document.project.profile.to_toml()
        chosen = (*files, *taken_away(present, files))
        edit = exchange_files(document.entries, present, chosen, document.author(), profile=profile, before=before)
        mapped = map_columns(document.entries, inputs.facilities_mapping, document.author())
        edit = followed_by(edit, mapped) if edit.changes else mapped
        if edit.changes:
            document.do(edit)
            self.run()

    def start_new(self, inputs: PlanInputs) -> None:
        """Compute a project from files."""
        if not self.may_discard():
            return
        window = self._window
        self.cancel()
        window.banner.hide()
        self.session.end()
        window.document.set_project(None, None, saved=True)
        person, recovery = window.document.person(), work.recovery_folder()
        if not inputs.scenario:
            inputs = replace(inputs, scenario=window.look.say("plan.first_scenario"))
        job = window.jobs.start(
            lambda progress: work.new_project(inputs, person, recovery, progress), "run", pool="kernel"
        )
        self._begin_loading(job, window.look.say("ui.loading.new", name=inputs.name or inputs.out.stem))
        self.watch_run(job)
        job.done.connect(self._on_opened)

    def open_sample(self) -> None:
        """Open the sample: its project where it has been made already, else make it."""
        folder = work.sample_folder()
        if folder is None:
            return
        target = work.sample_target()

        def make() -> None:
            self.start_new(work.sample_inputs(folder, target, self._window.look.say("ui.sample.name")))

        if target.is_file():
            # One that an older version made, and that cannot be read any more, is made again.
            self.open(target, otherwise=make)
        else:
            make()

    # ---------------------------------------------------------------- calculation

    def run(self) -> None:
        """Compute what is stale in the scenario that is worked on."""
        self._compute((self._window.document.scenario,), force=False)

    def run_all(self) -> None:
        """Compute what is stale in all scenarios."""
        project = self._window.document.project
        if project is not None:
            self._compute(tuple(project.plans), force=False)

    def run_anew(self) -> None:
        """Compute everything of the scenario anew, stale or not."""
        self._compute((self._window.document.scenario,), force=True)

    def _compute(self, scenarios: tuple[str, ...], *, force: bool) -> None:
        document = self._window.document
        project, attic = document.project, document.attic
        if project is None or self.is_running:
            return
        # Files are opened by one run at a time.
        bench, self._bench = self._bench, None
        self._start_run(
            lambda progress: work.compute_stale(project, scenarios, attic, force, bench, progress), self._on_computed
        )

    def _start_run(self, function: Callable[[Progress], object], done: Callable[[object], None]) -> None:
        self._window.banner.hide()
        job = self._window.jobs.start(function, "run", pool="kernel")
        self.watch_run(job)
        job.failed.connect(self.fail)
        job.done.connect(done)

    def watch_run(self, job: Job) -> None:
        """Show a calculation, and let it be ended."""
        self._run = job
        window = self._window
        window.top.set_busy(True)
        window.menus.refresh()
        job.progressed.connect(self._show_running)
        job.cancelled.connect(self._on_cancelled)
        job.ended.connect(lambda: self._end_run(job))

    def _on_cancelled(self) -> None:
        window = self._window
        code = "ui.run.cancelled" if window.document.plan is not None else "ui.run.cancelled_new"
        window.banner.tell(window.look.say(code), kind="done")

    def _end_run(self, job: Job) -> None:
        if self._run is job:
            self._run = None
            self._window.top.set_busy(False)
            # Without a plan there is nothing to run again.
            self._window._show_page()  # noqa: SLF001 - its own controller
            self._window.menus.refresh()

    def _on_computed(self, found: object) -> None:
        from kawasolar.stages import with_results

        window, done = self._window, cast("Computed", found)
        document = window.document
        if document.project is None:
            return
        self._bench = done.bench
        ran = sum(
            plan.stamps.get(name) is not stamp
            for key, plan in document.project.plans.items()
            if key in done.project.plans
            for name, stamp in done.project.plans[key].stamps.items()
        )
        # The planner may have turned something while it ran: what was turned last counts.
        if ran:
            document.set_results(with_results(document.project, done.project))
        document.observe(done.seen)
        facilities = f"{len(done.project.plan.facilities):,}"
        words = window.look.say("ui.run.done", seconds=f"{done.seconds:,.1f}", facilities=facilities)
        window.banner.tell(words if ran else window.look.say("ui.run.fresh"), kind="done")

    def cancel(self) -> None:
        """Stop the calculation, or the opening."""
        for job in (self._run, self._loading):
            if job is not None:
                job.cancel()
        if self._run is not None:
            self._window.top.cancel.setEnabled(False)
            self._window.top.stage.setText(self._window.look.say("ui.run.cancelling"))

    # ---------------------------------------------------------------- save

    def save(self) -> None:
        """Save where it was; ask where if it never was, or if somebody else has the file."""
        document = self._window.document
        if document.path is None or document.held_by is not None:
            self.save_as()
        else:
            self.save_to(document.path)

    def save_as(self) -> None:
        """Choose a place and save."""
        window = self._window
        plan = window.document.plan
        if plan is None:
            return
        start = window.document.path or Path(window.remembered.folder) / f"{plan.name}{SUFFIX}"
        if window.document.held_by is not None:
            # Where it lies it is somebody else's.
            from ui.work import free_place

            start = free_place(start.parent, start.stem)
        kind = window.look.say("ui.file.project")
        name, _ = QFileDialog.getSaveFileName(
            window, window.look.say("ui.menu.save_as"), str(start), f"{kind} (*{SUFFIX})"
        )
        if name:
            self.save_to(Path(name).with_suffix(SUFFIX))

    def save_to(self, path: Path) -> Job | None:
        """Save off the window's thread; what is turned meanwhile stays unsaved."""
        window, document = self._window, self._window.document
        if document.project is None:
            return None
        window.status.saved.setText(window.look.say("ui.status.saving"))
        kept, journal, person = document.with_mark(), document.journal, document.person()
        expect = document.expected_mark if self._same_place(path) else None
        ours = self._same_place(path) and document.held_by is None
        job = window.jobs.start(
            lambda progress: work.save_project_to(kept, path, expect, progress, person, ours=ours), "save"
        )
        job.done.connect(lambda found: self._on_saved(kept, cast("Saved", found), journal))
        job.failed.connect(self._on_save_failed)
        return job

    def _same_place(self, path: Path) -> bool:
        own = self._window.document.path
        return own is not None and own.absolute() == path.absolute()

    def _on_saved(self, kept: Project, saved: Saved, journal: Journal | None) -> None:
        window, document = self._window, self._window.document
        window.remembered.add_recent(saved.path)
        window.remembered.folder = str(saved.path.parent)
        if document.journal is not journal or document.project is None:
            # Another project was opened meanwhile.
            if saved.lock is not None:
                saved.lock.release()
            return
        if saved.moved:
            self._move_to(saved, kept)
        else:
            self.session.saved(kept.mark.seq)
        document.take_caches(saved.project)
        document.mark_saved(saved.path, kept)
        if saved.backup is not None:
            window.banner.tell(window.look.say("ui.save.backup", file=saved.backup.name), kind="done")

    def _move_to(self, saved: Saved, kept: Project) -> None:
        """The project lies elsewhere now: its lock and its journal with it."""
        try:
            self.session.moved(work.recovery_folder(), saved.path, kept.mark, saved.lock)
        except PlanError as error:
            self._on_journal_failed(error)

    def _on_save_failed(self, error: object) -> None:
        self._window.refresh_state()
        self.fail(error)

    # ---------------------------------------------------------------- failing and leaving

    def fail(self, error: object) -> None:
        """Known errors become a banner that says what to do; anything else a report that can be copied."""
        window = self._window
        if isinstance(error, GisError | PlanError):
            window.banner.tell(window.look.say_error(error))
        elif isinstance(error, MemoryError):
            window.banner.tell(window.look.say("ui.error.memory"))
        elif isinstance(error, PermissionError):
            window.banner.tell(window.look.say("ui.error.locked", file=error.filename or ""))
        elif isinstance(error, FileNotFoundError):
            window.banner.tell(window.look.say("ui.error.gone", file=error.filename or ""))
        elif isinstance(error, Exception):
            report(error, window, window.look)

    def may_discard(self) -> bool:
        """Ask what to do with what is unsaved; True to go on."""
        window = self._window
        if not window.document.dirty:
            return True
        say = window.look.say
        box = QMessageBox(window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("KawaSolar")
        plan = window.document.plan
        box.setText(say("ui.unsaved.text", name=plan.name if plan is not None else ""))
        box.setInformativeText(say("ui.unsaved.more"))
        save = box.addButton(say("ui.unsaved.save"), QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton(say("ui.unsaved.discard"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(say("ui.unsaved.stay"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(save)
        box.exec()
        if box.clickedButton() is discard:
            return True
        return box.clickedButton() is save and self.save_now()

    def save_now(self) -> bool:
        """Save and wait for it: the program is about to go on to something else."""
        window = self._window
        path = window.document.path
        if window.document.project is None:
            return True
        if path is None or window.document.held_by is not None:
            self.save_as()
            return False
        document, kept = window.document, window.document.with_mark()
        try:
            saved = work.save_project_to(kept, path, document.expected_mark, silent, document.person())
        except (GisError, PlanError, OSError) as error:
            self.fail(error)
            return False
        self._on_saved(kept, saved, document.journal)
        return True

    def may_close(self) -> bool:
        """Whether the window may go."""
        return self.profiles.may_leave() and self.may_discard()
