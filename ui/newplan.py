"""The assistant for a new plan: four files and some that may be left out, each looked at as soon as it is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from kawasolar.document.views import mapping_of
from kawasolar.plan import REMOVABLE
from ui import icons
from ui.bundled_menu import offer_bundled, stations_text
from ui.check import REQUIRED, ROLES, Area, Checked, Columns, Role, check
from ui.file_filters import FILTERS
from ui.jobs import Jobs
from ui.look import Look
from ui.parts import Elided, button, column, label, row, scrolled, set_role
from ui.settings import Remembered
from ui.steps.data import ROLE_ICONS
from ui.work import SUFFIX, free_place

if TYPE_CHECKING:
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.pipeline import PlanInputs
    from kawasolar.plan import Plan
    from kawasolar.profile import Profile
    from ui.ledger.dialog import LedgerDialog
    from ui.surface_dialog import SurfaceDialog


class FileCard(QFrame):
    """One file: drop it or choose it; below its name what it turned out to be."""

    chosen = Signal(str, object)
    answered = Signal(str)
    taken_away = Signal(str)
    columns_asked = Signal()

    def __init__(self, look: Look, role: Role, remembered: Remembered) -> None:
        super().__init__()
        self._look, self.role, self._remembered = look, role, remembered
        self.path: Path | None = None
        self.checked: Checked | None = None
        self.setObjectName("drop")
        self.setAcceptDrops(True)
        self.setAccessibleName(look.say(f"ui.role.{role}"))
        say = look.say
        layout = QGridLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(2)
        picture = QLabel()
        picture.setPixmap(icons.pixmap(ROLE_ICONS[role], look.tokens.muted, 24, 2.0))
        layout.addWidget(picture, 0, 0, 2, 1, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(label(say(f"ui.role.{role}"), "head"), 0, 1)
        self.name = Elided(say(f"ui.new.{role}.hint"), "muted")
        layout.addWidget(self.name, 1, 1)
        self.choose = button(say("ui.new.choose"))
        self.choose.setAccessibleName(say("ui.new.choose_role", role=say(f"ui.role.{role}")))
        self.choose.clicked.connect(self.ask)
        layout.addWidget(self.choose, 0, 3, 2, 1)
        self.clear = button(say("ui.new.clear"), "link")
        self.clear.setAccessibleName(say("ui.new.clear_role", role=say(f"ui.role.{role}")))
        self.clear.clicked.connect(self._clear)
        self.clear.hide()
        layout.addWidget(self.clear, 0, 2, 2, 1)
        self.result = label("", "muted", wrap=True)
        self.result.hide()
        layout.addWidget(self.result, 2, 1, 1, 3)
        # Of a ledger only: which column is which.
        self.columns = button(say("ui.new.columns"), "link", tip=say("ui.new.columns_tip"))
        self.columns.clicked.connect(self.columns_asked)
        self.columns.hide()
        layout.addWidget(self.columns, 4, 1, 1, 3, Qt.AlignmentFlag.AlignLeft)
        self._question = QWidget()
        self._build_question(layout)
        layout.setColumnStretch(1, 1)

    def _build_question(self, layout: QGridLayout) -> None:
        say, line = self._look.say, row(8)
        self._question.setLayout(line)
        self.crs = QLineEdit()
        self.crs.setPlaceholderText("EPSG")
        self.crs.setFixedWidth(96)
        self.crs.setAccessibleName(say("ui.new.crs_name", role=say(f"ui.role.{self.role}")))
        self.crs.editingFinished.connect(self._answer)
        self.layer = QComboBox()
        self.layer.setAccessibleName(say("ui.new.layer_name", role=say(f"ui.role.{self.role}")))
        self.layer.activated.connect(lambda _k: self.answered.emit(self.role))
        self._crs_words = label(say("ui.new.crs_ask"))
        self._layer_words = label(say("ui.new.layer_ask"))
        for widget in (self._crs_words, self.crs, self._layer_words, self.layer):
            line.addWidget(widget)
            widget.hide()
        line.addStretch(1)
        self._question.hide()
        layout.addWidget(self._question, 3, 1, 1, 3)

    def _answer(self) -> None:
        if self.crs.text().strip():
            self.answered.emit(self.role)

    def set_file(self, path: Path) -> None:
        """Take a file; it is looked at next."""
        self.path = path
        self.name.setText(path.name)
        self.name.setToolTip(str(path))
        set_role(self.name, "")
        self.result.setText(self._look.say("ui.new.checking"))
        self.result.show()
        set_role(self, "", "state")
        self.clear.setVisible(self.role in REMOVABLE)
        self.columns.setVisible(self.role == "facilities")

    def _clear(self) -> None:
        """Without the file, as at the beginning."""
        self.path = self.checked = None
        self.name.setText(self._look.say(f"ui.new.{self.role}.hint"))
        self.name.setToolTip("")
        set_role(self.name, "muted")
        set_role(self, "", "state")
        self.crs.clear()
        self.layer.clear()
        for widget in (self.result, self._question, self.clear):
            widget.hide()
        self.choose.setFocus()
        self.taken_away.emit(self.role)

    def show_checked(self, checked: Checked) -> None:
        """What the file turned out to be."""
        self.checked = checked
        look = self._look
        if checked.error is not None:
            words = look.say_error(checked.error)
        else:
            words = self._good_words(checked)
            if checked.findings:
                words += look.say("ui.list.dot") + look.say("ui.new.findings", number=f"{checked.findings:,}")
            if checked.known:
                words += look.say("ui.list.dot") + look.say(f"ui.new.by_{checked.known}")
        self.result.setText(words)
        self.result.updateGeometry()
        set_role(self.result, "attention" if checked.error is not None else "muted")
        set_role(self, "good" if checked.good else "bad", "state")
        asks_crs = checked.needs_crs or bool(self.crs.text())
        if checked.layers and not self.layer.count():
            self.layer.addItems(list(checked.layers))
            self.layer.setCurrentIndex(-1)
        self._crs_words.setVisible(asks_crs)
        self.crs.setVisible(asks_crs)
        self._layer_words.setVisible(self.layer.count() > 0)
        self.layer.setVisible(self.layer.count() > 0)
        self._question.setVisible(asks_crs or self.layer.count() > 0)

    def _good_words(self, checked: Checked) -> str:
        values = dict(checked.values)
        if self.role.startswith("weather"):
            values["kind"] = self._look.say(f"ui.weather.{values['kind']}")
        if self.role == "profile":
            values["name"] = values[f"name_{self._look.language}"]
        if self.role == "roof_planes":
            values["source"] = self._look.say(f"plane_source.{values['source']}")
        if self.role == "canopy" and "tallest" not in values:
            return self._look.say("ui.new.ok.canopy_alone", **values)
        return self._look.say(f"ui.new.ok.{self.role}", **values)

    def ask(self) -> None:
        """Ask for the file."""
        start = str(self.path.parent) if self.path is not None else self._remembered.folder
        words = self._look.say(f"ui.role.{self.role}")
        name, _ = QFileDialog.getOpenFileName(self, words, start, f"{words} ({FILTERS[self.role]});;(*)")
        if name:
            self._remembered.folder = str(Path(name).parent)
            self.chosen.emit(self.role, Path(name))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            set_role(self, "over", "state")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        set_role(self, "" if self.checked is None else "good" if self.checked.good else "bad", "state")

    def dropEvent(self, event: QDropEvent) -> None:
        path = next((Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()), None)
        if path is not None:
            event.acceptProposedAction()
            self.chosen.emit(self.role, path)


class NewPlanDialog(QDialog):
    """Choose the files, see at once what they are, start."""

    def __init__(self, look: Look, jobs: Jobs, remembered: Remembered, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._jobs, self._remembered = look, jobs, remembered
        # Which column of the ledger is which, as said here or in the plan; and the plan's ledger.
        self._mapping: Mapping | None = None
        self._ledger: Path | None = None
        say = look.say
        self.setWindowTitle(say("ui.new.title"))
        layout = column(self, margin=20, spacing=12)
        self._head = label(say("ui.new.title"), "title")
        layout.addWidget(self._head)
        intro = row(8)
        intro.addWidget(label(say("ui.new.intro"), "muted", wrap=True), 1)
        self.from_model = button(say("ui.new.from_model"), "link", tip=say("ui.surface.intro"))
        self.from_model.setAutoDefault(False)
        self.from_model.clicked.connect(self._make_surface)
        intro.addWidget(self.from_model)
        layout.addLayout(intro)
        box = QWidget()
        cards = column(box, margin=0, spacing=8)
        self.cards: dict[Role, FileCard] = {}
        self.stations = label("", "muted", wrap=True)
        self._kept: Profile | None = None
        for role in (*REQUIRED, *(role for role in ROLES if role not in REQUIRED)):
            if len(self.cards) == len(REQUIRED):
                cards.addSpacing(4)
                cards.addWidget(label(say("ui.new.optional"), "head"))
            card = FileCard(look, role, remembered)
            card.chosen.connect(self._take)
            card.answered.connect(lambda role: self._check(cast("Role", role)))
            card.taken_away.connect(lambda _role: self._refresh())
            card.columns_asked.connect(self.ask_columns)
            self.cards[role] = card
            cards.addWidget(card)
            if role == "weather":
                cards.addWidget(self.stations)
        offer_bundled(look, self.cards["profile"])
        cards.addStretch(1)
        layout.addWidget(scrolled(box, say("ui.new.title")), 1)
        layout.addLayout(self._target())
        foot = row(8)
        self.state = label("", "muted", wrap=True)
        self.state.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        cancel = button(say("ui.new.cancel"))
        cancel.clicked.connect(self.reject)
        cancel.setAutoDefault(False)
        self.start = button(say("ui.new.start"), "primary")
        self.start.setIcon(look.icon("play", "on_accent"))
        self.start.clicked.connect(self.accept)
        foot.addWidget(self.state, 1)
        foot.addWidget(cancel)
        foot.addWidget(self.start)
        layout.addLayout(foot)
        for card in self.cards.values():
            for made in (card.choose, card.clear, card.columns):
                made.setAutoDefault(False)
        self.resize(680, 700)
        self.cards["dsm"].choose.setFocus()
        self._refresh()

    def _target(self) -> QGridLayout:
        say, grid = self._look.say, QGridLayout()
        self._target_grid = grid
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        self.plan_name = QLineEdit(say("ui.new.default_name"))
        self.plan_name.setAccessibleName(say("ui.new.name"))
        folder = self._remembered.folder or str(Path.home())
        self._before: Path | None = None
        self.out = QLineEdit(str(free_place(Path(folder), self.plan_name.text())))
        self.out.setAccessibleName(say("ui.new.out"))
        self._named = False
        self.plan_name.textEdited.connect(self._follow_name)
        self.out.textEdited.connect(lambda _t: setattr(self, "_named", True))
        self.out.textChanged.connect(lambda _t: self._refresh())
        ask: QPushButton = button(say("ui.new.choose"))
        ask.setAccessibleName(say("ui.new.choose_role", role=say("ui.new.out")))
        ask.setAutoDefault(False)
        ask.clicked.connect(self._ask_out)
        for line, (words, widget) in enumerate(((say("ui.new.name"), self.plan_name), (say("ui.new.out"), self.out))):
            name = label(words)
            name.setBuddy(widget)
            grid.addWidget(name, line, 0)
            grid.addWidget(widget, line, 1)
        grid.addWidget(ask, 1, 2)
        grid.setColumnStretch(1, 1)
        return grid

    def _follow_name(self, name: str) -> None:
        if not self._named:
            clean = "".join(c for c in name if c not in '\\/:*?"<>|').strip() or self._look.say("ui.new.default_name")
            self.out.setText(str(free_place(Path(self.out.text()).parent, clean)))

    def _ask_out(self) -> None:
        kind = self._look.say("ui.file.project")
        name, _ = QFileDialog.getSaveFileName(
            self, self._look.say("ui.new.out"), self.out.text(), f"{kind} (*{SUFFIX})"
        )
        if name:
            self._named = True
            self.out.setText(str(Path(name).with_suffix(SUFFIX)))

    # ---------------------------------------------------------------- files

    def fill(self, plan: Plan, path: Path | None) -> None:
        """Begin with the files of a plan that is there."""
        self.setWindowTitle(self._look.say("ui.new.title_replace"))
        self._head.setText(self._look.say("ui.new.title_replace"))
        self.plan_name.setText(plan.name)
        self._kept = plan.profile
        if path is not None:
            self._named, self._before = True, path
            self.out.setText(str(path))
        # The project keeps its name and its place; it is saved when the planner says so.
        for k in range(self._target_grid.count()):
            item = self._target_grid.itemAt(k)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
        self._mapping = mapping_of(plan.entries)
        self._ledger = next((Path(entry.path) for entry in plan.inputs if entry.role == "facilities"), None)
        for entry in plan.inputs:
            role = cast("Role", entry.role)
            card = self.cards.get(role)
            if card is None:
                # Other ledgers have a dialog of their own.
                continue
            card.crs.setText(entry.crs)
            if entry.layer:
                card.layer.addItem(entry.layer)
            self.choose(role, Path(entry.path))

    def ask_columns(self) -> LedgerDialog | None:
        """Which column of the ledger is which."""
        from ui.ledger.desk import columns_dialog

        path, area = self.cards["facilities"].path, self.area
        if path is None:
            return None
        asked = (path, area, self.profile.epsg, *self._said("facilities"), self._mapping)
        dialog = columns_dialog(self, self._look, self._jobs, self._remembered, *asked)

        def take() -> None:
            self._mapping = dialog.mapping
            self._check("facilities")

        dialog.accepted.connect(take)
        return dialog

    def _make_surface(self) -> None:
        """A surface and outlines from a city model, taken at once."""
        from ui.surface_dialog import SurfaceDialog

        dialog = SurfaceDialog(self._look, self._jobs, self._remembered, self, self.profile)
        dialog.accepted.connect(lambda: self.take_surface(dialog))
        dialog.open()

    def take_surface(self, dialog: SurfaceDialog) -> None:
        """What was made from a city model."""
        made = dialog.inputs()
        self.choose("dsm", made.dsm)
        self.choose("buildings", made.buildings)
        if dialog.roof_planes is not None:
            self.choose("roof_planes", dialog.roof_planes)

    def focus_on(self, role: str) -> None:
        """The file that is to be exchanged."""
        self.cards[cast("Role", role)].choose.setFocus()

    def choose(self, role: Role, path: Path) -> None:
        """Take a file for a role and look at it."""
        self.cards[role].set_file(path)
        self.cards[role].checked = None
        self._check(role)

    def _take(self, role: str, path: object) -> None:
        # Another file has other sheets.
        self.cards[cast("Role", role)].layer.clear()
        self.choose(cast("Role", role), cast("Path", path))

    def _check(self, role: Role) -> None:
        card = self.cards[role]
        if card.path is None:
            return
        path, area, epsg = card.path, self.area, self.profile.epsg
        crs, layer = self._said(role)
        # A plan goes on reading its ledger as it does, whatever was remembered since.
        columns = Columns(self._mapping, None if path == self._ledger else self._remembered.ledger_forms)
        job = self._jobs.start(lambda tell: check(role, path, area, epsg, crs, layer, tell, columns), f"check.{role}")
        job.done.connect(self._on_checked)
        job.failed.connect(lambda error: self._on_fault(role, error))
        self._refresh()

    def _said(self, role: Role) -> tuple[str | None, str | None]:
        card = self.cards[role]
        text = card.crs.text().strip()
        crs = (f"EPSG:{text}" if text.isdigit() else text) or None
        return crs, card.layer.currentText() or None

    @property
    def area(self) -> Area | None:
        """Where the surface model lies, once it is known."""
        checked = self.cards["dsm"].checked
        return checked.area if checked is not None else None

    @property
    def profile(self) -> Profile:
        """The profile that was chosen; until one is, that of the plan whose files are exchanged, or the bundled one."""
        from kawasolar.profile import load_profile

        checked = self.cards["profile"].checked
        if checked is not None and checked.good:
            return cast("Profile", checked.values["profile"])
        return self._kept or load_profile()

    def _on_checked(self, found: object) -> None:
        checked = cast("Checked", found)
        card = self.cards[checked.role]
        if card.path != checked.path:
            return
        before = self.area, self.profile.epsg
        card.show_checked(checked)
        if (self.area, self.profile.epsg) != before:
            # What was looked at without knowing where the surface lies, or in which system, is looked at again.
            for role in ROLES:
                if role not in (checked.role, "profile"):
                    self._check(role)
        self._refresh()

    def _on_fault(self, role: Role, error: object) -> None:
        from ui.crash import report

        self.cards[role].result.setText(str(error))
        if isinstance(error, Exception):
            report(error, self, self._look)

    # ---------------------------------------------------------------- state

    def missing(self) -> list[Role]:
        """Files that are still to be chosen."""
        return [role for role in REQUIRED if self.cards[role].path is None]

    @property
    def is_ready(self) -> bool:
        """Whether every file has been looked at and can be used."""
        needed = [card for role, card in self.cards.items() if role in REQUIRED or card.path is not None]
        return bool(self.out.text().strip()) and all(card.checked is not None and card.checked.good for card in needed)

    def _refresh(self) -> None:
        say, missing = self._look.say, self.missing()
        near = stations_text(self._look, self.profile)
        self.stations.setText(near)
        self.stations.setVisible(bool(near))
        bad = any(card.checked is not None and not card.checked.good for card in self.cards.values())
        if missing:
            words = say("ui.new.missing", roles=say("ui.list.comma").join(say(f"ui.role.{role}") for role in missing))
        elif bad:
            words = say("ui.new.bad")
        else:
            words = say("ui.new.ready") if self.is_ready else say("ui.new.checking")
        target = self.target
        replaces = target != self._before and target.is_file()
        self.state.setText(say("ui.new.replaces", file=target.name) if replaces and self.is_ready else words)
        set_role(self.state, "attention" if replaces and self.is_ready else "muted")
        self.start.setEnabled(self.is_ready)

    @property
    def target(self) -> Path:
        """Where the plan will lie."""
        out = Path(self.out.text().strip())
        return out if out.suffix == SUFFIX or not out.name else out.with_name(out.name + SUFFIX)

    def inputs(self) -> PlanInputs:
        """What was chosen."""
        from kawasolar.pipeline import PlanInputs

        paths = {role: cast("Path", card.path) for role, card in self.cards.items()}
        ledger = self.cards["facilities"].checked
        return PlanInputs(
            dsm=paths["dsm"], buildings=paths["buildings"], facilities=paths["facilities"], weather=paths["weather"],
            out=self.target, profile=self.cards["profile"].path,
            name=self.plan_name.text().strip(), dsm_crs=self._said("dsm")[0], buildings_crs=self._said("buildings")[0],
            buildings_layer=self._said("buildings")[1], facilities_crs=self._said("facilities")[0],
            weather_sunny=self.cards["weather_sunny"].path, weather_dull=self.cards["weather_dull"].path,
            canopy=self.cards["canopy"].path, canopy_crs=self._said("canopy")[0],
            weather_2=self.cards["weather_2"].path, weather_3=self.cards["weather_3"].path, roads=self.cards["roads"].path, wards=self.cards["wards"].path, wards_crs=self._said("wards")[0], meters=self.cards["meters"].path,
            parcels=self.cards["parcels"].path, parcels_crs=self._said("parcels")[0], parcels_layer=self._said("parcels")[1],
            addresses=self.cards["addresses"].path, addresses_crs=self._said("addresses")[0], addresses_layer=self._said("addresses")[1],
            roof_planes=self.cards["roof_planes"].path, roof_planes_crs=self._said("roof_planes")[0], roof_planes_layer=self._said("roof_planes")[1],
            facilities_layer=self._said("facilities")[1], facilities_mapping=None if ledger is None else ledger.mapping,
        )  # fmt: skip

    def done(self, result: int) -> None:
        """Closed either way: checks that still run are of no use any more."""
        for job in self._jobs.running():
            if job.topic.startswith("check."):
                job.drop()
        super().done(result)
        QTimer.singleShot(0, self.deleteLater)
