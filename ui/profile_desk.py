"""Opening, saving and using a municipality's profile; the window itself is :mod:`ui.profiles.window`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from kawasolar.errors import PlanError
from ui.parts import set_role

if TYPE_CHECKING:
    from kawasolar.profile import Profile
    from ui.profiles.window import ProfileWindow
    from ui.window import MainWindow

SUFFIX = ".toml"


class ProfileDesk:
    """What the window of a profile asks for."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.form: ProfileWindow | None = None

    def open(self) -> None:
        """Show the profile of the open plan; without a plan the first of the bundled ones."""
        if self.form is None or not self.form.isVisible():
            self._make()
            self.show("plan")
        if self.form is not None:
            self.form.show()
            self.form.raise_()
            self.form.activateWindow()

    def renew(self) -> None:
        """In another language or other colours, with all that was edited."""
        old = self.form
        if old is None or not old.isVisible():
            return
        made = self._make()
        made.take_over(old)
        made.setGeometry(old.geometry())
        made.show()
        old.hide()

    def may_leave(self) -> bool:
        """Whether the program may go: what is unsaved in the window is asked for first."""
        return self.form is None or not self.form.isVisible() or self.form.may_leave()

    def _make(self) -> ProfileWindow:
        """A new window in the place of the old one, which goes when nobody looks at it any more."""
        from ui.profiles.window import ProfileWindow

        if self.form is not None:
            self.form.deleteLater()
        made = self.form = ProfileWindow(self._window.look, self._of_plan, self._window)
        made.save_asked.connect(self.save)
        made.open_asked.connect(self._change)
        made.use_asked.connect(self.use)
        return made

    def _of_plan(self) -> Profile | None:
        project = self._window.document.project
        return None if project is None else project.profile

    def _change(self, which: str) -> None:
        if self.form is not None and self.form.may_leave():
            self.show(which)

    def show(self, which: str) -> None:
        """Begin with ``plan``, a bundled profile by its name, or a ``file`` that is asked for."""
        from kawasolar.bundled import bundled_profiles
        from kawasolar.profile import load_profile

        if self.form is None:
            return
        present, bundled = self._of_plan(), bundled_profiles()
        if which == "plan" and present is not None:
            self.form.show_profile(present, self._file_of_plan(), "plan")
        elif which == "file":
            path = self._ask_open()
            if path is not None:
                self.show_file(path)
        else:
            self.form.show_profile(load_profile(bundled.get(which)), None, "bundled")

    def show_file(self, path: Path) -> None:
        """Begin with a file."""
        from kawasolar.bundled import is_bundled
        from kawasolar.profile import load_profile

        if self.form is None:
            return
        try:
            profile = load_profile(path)
        except PlanError as error:
            self._tell(self._window.look.say_error(error))
            return
        self.form.show_profile(profile, *((None, "bundled") if is_bundled(path) else (path, "file")))

    def _file_of_plan(self) -> Path | None:
        """Where the plan's profile lies, if it is as the plan has it."""
        from kawasolar.profile import load_profile

        plan, present = self._window.document.plan, self._of_plan()
        path = next((Path(file.path) for file in plan.inputs if file.role == "profile"), None) if plan else None
        if path is None or present is None or not path.is_file():
            return None
        try:
            return path if load_profile(path).text == present.text else None
        except PlanError:
            return None

    def _ask_open(self) -> Path | None:
        remembered, words = self._window.remembered, self._window.look.say("ui.role.profile")
        name, _ = QFileDialog.getOpenFileName(self.form, words, remembered.folder, f"{words} (*{SUFFIX})")
        if name:
            remembered.folder = str(Path(name).parent)
        return Path(name) if name else None

    def save(self, anew: bool) -> bool:
        """Save the draft in its file, or in one that is asked for; whether it was."""
        from kawasolar.profiles.toml import write_profile

        form = self.form
        if form is None or form.draft is None or form.draft.problems:
            return False
        path = form.path if form.path is not None and not anew else self._ask_save()
        if path is None:
            return False
        try:
            write_profile(form.draft.document, path)
        except PlanError as error:
            self._tell(self._window.look.say_error(error))
            return False
        form.draft.mark_saved()
        form.saved_in(path)
        return True

    def _ask_save(self) -> Path | None:
        look, remembered = self._window.look, self._window.remembered
        draft = self.form.draft if self.form is not None else None
        town = draft.document["municipality"] if draft is not None else {}
        words = look.say("ui.role.profile")
        start = Path(remembered.folder or Path.home()) / f"{town.get(f'name_{look.language}', '')}{SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(self.form, words, str(start), f"{words} (*{SUFFIX})")
        if not name:
            return None
        path = Path(name)
        remembered.folder = str(path.parent)
        return path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)

    def use(self) -> None:
        """Take the draft as the profile of the open plan: from its file where it lies in one, else its text alone."""
        from kawasolar.document.edits import exchange_files
        from kawasolar.plan import InputFile
        from kawasolar.stages import observed

        form, document = self.form, self._window.document
        if (
            form is None
            or form.draft is None
            or form.draft.problems
            or document.project is None
            or not document.entries
        ):
            return
        text = _text_of(form)
        files = () if text is None else observed([InputFile("profile", str(form.path), 0, "")])
        text = form.draft.text if text is None else text
        project = document.project
        edit = exchange_files(
            document.entries, project.plan.inputs, files, document.author(), profile=text, before=project.profile.text
        )
        document.do(edit)
        form.taken()

    def _tell(self, words: str) -> None:
        """What went wrong, where the eyes are."""
        if self.form is not None:
            self.form.state.setText(words)
            set_role(self.form.state, "attention")


def _text_of(form: ProfileWindow) -> str | None:
    """The text of the draft's file; None where it lies in none, or in one that says something else."""
    from kawasolar.profile import load_profile
    from kawasolar.profiles.toml import document_of

    if form.path is None or form.draft is None or form.draft.dirty:
        return None
    try:
        there = load_profile(form.path)
    except PlanError:
        return None
    return there.text if document_of(there) == form.draft.document else None
