"""What the commands do: files, calculation, exports; and what is said when they fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from gis.errors import GisError
from gis.progress import Progress
from kawasolar.errors import PlanError, UnreadableProject
from ui import work
from ui.crash import report
from ui.jobs import Job
from ui.work import SUFFIX, Opened

if TYPE_CHECKING:
    from kawasolar.pipeline import PlanInputs
    from kawasolar.plan import Plan
    from ui.window import MainWindow

EXPORT_FILTERS = {"xlsx": "Excel (*.xlsx)", "csv": "CSV (*.csv)", "gpkg": "GeoPackage (*.gpkg)", "png": "PNG (*.png)"}


class Controller(QObject):
    """The window's hands."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        # Roles of input files that changed since the plan was computed.
        self.stale: tuple[str, ...] = ()
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
        job = window.jobs.start(lambda progress: work.open_plan(path, progress), "open")
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
        self._loading = None
        self.stale = ()
        window = self._window
        window.remembered.add_recent(opened.path)
        window.document.set_plan(opened.plan, opened.path, saved=True)
        since = opened.path.stat().st_mtime
        job = window.jobs.start(lambda progress: work.changed_inputs(opened.plan, since, progress), "stale")
        job.done.connect(self._on_stale)

    def _on_stale(self, roles: object) -> None:
        self.stale = cast("tuple[str, ...]", roles)
        self._window.refresh_state()

    def _on_load_failed(self, error: object) -> None:
        otherwise, self._otherwise = self._otherwise, None
        self._end_loading()
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

    def replace_input(self, role: str) -> None:
        """The assistant with the plan's files, so that one of them can be exchanged."""
        from ui.newplan import NewPlanDialog

        window = self._window
        plan = window.document.plan
        if plan is None:
            return
        dialog = NewPlanDialog(window.look, window.jobs, window.remembered, window)
        dialog.fill(plan, window.document.path)
        dialog.focus_on(role)
        dialog.accepted.connect(lambda: self.start_new(dialog.inputs(), keep=plan))
        dialog.open()

    def start_new(self, inputs: PlanInputs, keep: Plan | None = None) -> None:
        """Compute a plan from files; with ``keep``, its settings are used again."""
        if keep is None and not self.may_discard():
            return
        window = self._window
        if keep is not None:
            kept = keep

            def again(progress: Progress) -> object:
                return work.new_plan_like(kept, inputs, progress)

            self._start_run(again, self._on_opened)
            return
        self.cancel()
        window.banner.hide()
        window.document.set_plan(None, None, saved=True)
        job = window.jobs.start(lambda progress: work.new_plan(inputs, progress), "run", pool="kernel")
        self._begin_loading(job, window.look.say("ui.loading.new", name=inputs.name or inputs.out.stem))
        self._watch_run(job)
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
        """Compute the plan again from its files."""
        plan = self._window.document.plan
        if plan is None or self.is_running:
            return
        self._start_run(lambda progress: work.compute_again(plan, progress), self._on_computed)

    def _start_run(self, function: Callable[[Progress], object], done: Callable[[object], None]) -> None:
        self._window.banner.hide()
        job = self._window.jobs.start(function, "run", pool="kernel")
        self._watch_run(job)
        job.failed.connect(self.fail)
        job.done.connect(done)

    def _watch_run(self, job: Job) -> None:
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
        window, plan = self._window, cast("Plan", found)
        self.stale = ()
        settings = window.document.settings
        window.document.set_plan(plan, window.document.path, saved=False)
        if settings is not None and settings != plan.settings:
            # The planner turned something while it ran: what was turned last counts.
            window.document.change(settings, "ui.undo.while_running")
        seconds = sum(plan.seconds.values())
        window.banner.tell(
            window.look.say("ui.run.done", seconds=f"{seconds:,.1f}", facilities=f"{len(plan.facilities):,}"),
            kind="done",
        )

    def cancel(self) -> None:
        """Stop the calculation, or the opening."""
        for job in (self._run, self._loading):
            if job is not None:
                job.cancel()
        if self._run is not None:
            self._window.top.cancel.setEnabled(False)
            self._window.top.stage.setText(self._window.look.say("ui.run.cancelling"))

    # ---------------------------------------------------------------- save and export

    def save(self) -> None:
        """Save where it was; ask where if it never was."""
        path = self._window.document.path
        if path is None:
            self.save_as()
        else:
            self.save_to(path)

    def save_as(self) -> None:
        """Choose a place and save."""
        window = self._window
        plan = window.document.plan
        if plan is None:
            return
        start = window.document.path or Path(window.remembered.folder) / f"{plan.name}{SUFFIX}"
        kind = window.look.say("ui.file.project")
        name, _ = QFileDialog.getSaveFileName(
            window, window.look.say("ui.menu.save_as"), str(start), f"{kind} (*{SUFFIX})"
        )
        if name:
            self.save_to(Path(name).with_suffix(SUFFIX))

    def save_to(self, path: Path) -> Job | None:
        """Save off the window's thread; what is turned meanwhile stays unsaved."""
        window = self._window
        plan = window.document.plan
        if plan is None:
            return None
        window.status.saved.setText(window.look.say("ui.status.saving"))
        job = window.jobs.start(lambda progress: work.save_plan(plan, path, progress), "save")
        job.done.connect(lambda _found: self._on_saved(plan, path))
        job.failed.connect(self._on_save_failed)
        return job

    def _on_saved(self, plan: Plan, path: Path) -> None:
        window = self._window
        window.remembered.add_recent(path)
        window.remembered.folder = str(path.parent)
        window.document.mark_saved(path, plan)

    def _on_save_failed(self, error: object) -> None:
        self._window.refresh_state()
        self.fail(error)

    def export(self, kind: str) -> None:
        """Choose a place and write an export."""
        window = self._window
        plan = window.document.plan
        if plan is None:
            return
        folder = window.document.path.parent if window.document.path is not None else Path(window.remembered.folder)
        start = folder / f"{plan.name}.{kind}"
        name, _ = QFileDialog.getSaveFileName(
            window, window.look.say(f"ui.output.{kind}"), str(start), EXPORT_FILTERS[kind]
        )
        if name:
            self.export_to(kind, Path(name).with_suffix(f".{kind}"))

    def export_to(self, kind: str, path: Path) -> Job | None:
        """Write an export off the window's thread."""
        window = self._window
        plan, language = window.document.plan, window.look.language
        if plan is None:
            return None
        job = window.jobs.start(
            lambda progress: work.export_plan(plan, kind, path, language, progress), f"export.{kind}"
        )
        window.status.job.setText(window.look.say("ui.status.exporting", file=path.name))
        job.done.connect(self._on_exported)
        job.failed.connect(self.fail)
        job.ended.connect(lambda: window.status.job.setText(""))
        return job

    def _on_exported(self, found: object) -> None:
        kind, path = cast("tuple[str, Path]", found)
        window = self._window
        window.output.show_place(kind, path)
        window.banner.tell(window.look.say("ui.output.done", file=str(path)), kind="done")

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
        plan, path = window.document.plan, window.document.path
        if plan is None:
            return True
        if path is None:
            self.save_as()
            return False
        try:
            work.save_plan(plan, path, lambda _share, _what: None)
        except (GisError, PlanError, OSError) as error:
            self.fail(error)
            return False
        window.document.mark_saved(path, plan)
        return True

    def may_close(self) -> bool:
        """Whether the window may go."""
        return self.may_discard()
