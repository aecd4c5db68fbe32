"""Parts of the window's frame: the rail of steps, the top bar, the status bar, the start and loading pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStatusBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ui import format as fmt
from ui import icons
from ui.look import Look
from ui.parts import Elided, button, column, label, progress_bar, row, tool
from ui.scenarios.chooser import ScenarioChooser

if TYPE_CHECKING:
    from pyproj import CRS, Transformer

# The zones of the plane-rectangular system are counted in Roman numerals.
ROMAN = [
    "I",
    "II",
    "III",
    "IV",
    "V",
    "VI",
    "VII",
    "VIII",
    "IX",
    "X",
    "XI",
    "XII",
    "XIII",
    "XIV",
    "XV",
    "XVI",
    "XVII",
    "XVIII",
    "XIX",
]
# The steps that this version works on; energy and roadmap join the rail when they can do something.
STEPS = (
    ("data", "database-outline"),
    ("join", "link-variant"),
    ("assumptions", "tune-variant"),
    ("roofs", "home-roof"),
    ("half", "checkbox-multiple-marked-outline"),
    ("lighting", "lamp"),
    ("fleet", "car"),
    ("scenarios", "compare"),
    ("output", "export-variant"),
)


# Which stages stand behind a step: it bears a mark while one of them is stale.
STAGES_OF: dict[str, tuple[str, ...]] = {
    "data": ("ledger", "registers"),
    "join": ("join",),
    "roofs": ("survey", "layout"),
    "half": ("yield", "use", "eligibility", "selection", "programme"),
    "lighting": ("lighting",),
    "fleet": ("fleet", "charging", "siting"),
}


class StepButton(QToolButton):
    """A step of the rail; a dot in its corner while something behind it must be computed."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._colour = QColor(look.tokens.attention)
        self._stale = False

    def set_stale(self, stale: bool) -> None:
        """Show the dot or not."""
        if stale != self._stale:
            self._stale = stale
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._stale:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._colour)
            painter.drawEllipse(QPointF(self.width() - 14, 12), 4, 4)
            painter.end()


class Rail(QWidget):
    """The steps of the work, one under the other."""

    chosen = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setAccessibleName(look.say("ui.rail.name"))
        layout = column(self, margin=4, spacing=4)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, StepButton] = {}
        for k, (name, picture) in enumerate(STEPS):
            made = StepButton(look)
            words = look.say(f"ui.step.{name}")
            made.setText(words)
            made.setAccessibleName(words)
            made.setToolTip(look.say("ui.rail.tip", step=words, key=f"Ctrl+{k + 1}"))
            made.setIcon(look.icon(picture, "muted"))
            made.setIconSize(QSize(22, 22))
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            made.setProperty("role", "step")
            made.setCheckable(True)
            made.setFixedSize(78, 56)
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            made.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
            self._group.addButton(made, k)
            self.buttons[name] = made
            layout.addWidget(made)
        layout.addStretch(1)

    def show_step(self, name: str) -> None:
        """Mark the step that is shown."""
        self.buttons[name].setChecked(True)

    def show_stale(self, stale: Mapping[str, str]) -> None:
        """Mark the steps behind which stages are stale: stage -> how it stands, in words."""
        for k, (name, _) in enumerate(STEPS):
            found = [stale[stage] for stage in STAGES_OF.get(name, ()) if stage in stale]
            made, words = self.buttons[name], self._look.say(f"ui.step.{name}")
            made.set_stale(bool(found))
            tip = self._look.say("ui.rail.tip", step=words, key=f"Ctrl+{k + 1}")
            made.setToolTip("\n".join([tip, *found]))
            made.setAccessibleDescription("\n".join(found))


class TopBar(QWidget):
    """Project, undo and redo, search, state, Run."""

    run_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, look: Look, search: QWidget) -> None:
        super().__init__()
        self._look = look
        say = look.say
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(8)
        self.name = Elided("KawaSolar", "title")
        self.name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.badge = label(say("ui.top.synthetic"), "muted")
        self.badge.hide()
        self.undo = tool(look, "undo", say("ui.menu.undo"))
        self.redo = tool(look, "redo", say("ui.menu.redo"))
        search.setMinimumWidth(220)
        search.setMaximumWidth(420)
        layout.addWidget(self.name, 0)
        layout.addWidget(self.badge)
        self.scenario = ScenarioChooser(look)
        layout.addWidget(self.scenario)
        layout.addWidget(self.undo)
        layout.addWidget(self.redo)
        layout.addStretch(1)
        layout.addWidget(search, 3)
        layout.addStretch(1)
        self.state = label("", "attention")
        layout.addWidget(self.state)
        self._busy = self._make_busy()
        layout.addWidget(self._busy)
        self.run = button(say("ui.top.run"), "primary", tip=say("ui.top.run_tip"))
        self.run.setIcon(look.icon("play", "on_accent"))
        self.run.clicked.connect(self.run_asked)
        layout.addWidget(self.run)
        self.set_busy(False)

    def _make_busy(self) -> QWidget:
        say, made = self._look.say, QWidget()
        layout = row(8)
        made.setLayout(layout)
        words = QVBoxLayout()
        words.setSpacing(4)
        self.stage = label("", "muted")
        self.progress = progress_bar(self._look, 200)
        words.addWidget(self.stage)
        words.addWidget(self.progress)
        self.cancel = button(say("ui.top.cancel"), tip=say("ui.top.cancel_tip"))
        self.cancel.setIcon(self._look.icon("stop"))
        self.cancel.clicked.connect(self.cancel_asked)
        layout.addLayout(words)
        layout.addWidget(self.cancel)
        return made

    def set_busy(self, busy: bool) -> None:
        """Show the progress in the place of the Run button."""
        held = self.run.hasFocus() or self.cancel.hasFocus()
        self._busy.setVisible(busy)
        self.run.setVisible(not busy)
        if held:
            # The keyboard stays where it was, and does not jump to the next thing in the window.
            (self.cancel if busy else self.run).setFocus()
        self.state.setVisible(not busy)
        if busy:
            self.cancel.setEnabled(True)
            self.show_progress(0.0, "")

    def show_progress(self, share: float, what: str) -> None:
        """Progress of the calculation."""
        self.progress.setValue(round(share * 1000))
        words = (
            self._look.say_or(f"stage.{what}", self._look.say("ui.top.working"))
            if what
            else self._look.say("ui.top.working")
        )
        self.stage.setText(f"{words}  {share * 100:.0f} %")


class StatusBar(QStatusBar):
    """Where the pointer is, in both systems; what runs; whether it is saved."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._lonlat: Transformer | None = None
        self._crs: CRS | None = None
        self.setSizeGripEnabled(False)
        self.place = label("", "muted")
        self.job = label("", "muted")
        self.saved = label("", "muted")
        self.addWidget(self.place, 1)
        self.addPermanentWidget(self.job)
        self.addPermanentWidget(self.saved)

    def set_crs(self, crs: CRS | None) -> None:
        """The system that the map's coordinates are in."""
        self._crs, self._lonlat = crs, None
        self.place.setText(self.system_name())
        datum = "JGD2011" if self._is_japanese() else "WGS 84"
        self.place.setToolTip(self._look.say("ui.status.place_tip", datum=datum) if crs is not None else "")

    def show_place(self, x: float, y: float, height: object) -> None:
        """Easting, northing [m] and height; in Japan's systems X is north and Y is east, and the bar says so."""
        if self._crs is None:
            return
        if self._lonlat is None:
            from pyproj import Transformer

            self._lonlat = Transformer.from_crs(self._crs, 6668 if self._is_japanese() else 4326, always_xy=True)
        lon, lat = self._lonlat.transform(x, y)
        north, east = f"{y:,.1f}", f"{x:,.1f}"
        code = "ui.status.place_jp" if self._is_japanese() else "ui.status.place"
        rise = fmt.MISSING if fmt.is_missing(height) else fmt.number(height, 1)
        self.place.setText(
            self._look.say(
                code, zone=self.system_name(), north=north, east=east, lat=f"{lat:.5f}", lon=f"{lon:.5f}", height=rise
            )
        )

    def _is_japanese(self) -> bool:
        epsg = self._crs.to_epsg() if self._crs is not None else None
        return epsg is not None and (6669 <= epsg <= 6687 or 2443 <= epsg <= 2461)

    def system_name(self) -> str:
        """The plane-rectangular zone with its number, or the code of the system."""
        epsg = self._crs.to_epsg() if self._crs is not None else None
        if epsg is not None and self._is_japanese():
            zone = epsg - 6668 if epsg >= 6669 else epsg - 2442
            return self._look.say("ui.status.zone", zone=ROMAN[zone - 1], epsg=epsg)
        return f"EPSG:{epsg}" if epsg else (self._crs.name if self._crs is not None else "")


class StartPage(QWidget):
    """What an empty window says: what to do next, with a button."""

    new_asked = Signal()
    open_asked = Signal()
    sample_asked = Signal()
    recent_asked = Signal(str)

    def __init__(self, look: Look, recent: Sequence[Path], *, sample: bool) -> None:
        super().__init__()
        say = look.say
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        card = QWidget()
        card.setMaximumWidth(560)
        layout = column(card, margin=0, spacing=12)
        picture = QLabel()
        picture.setPixmap(icons.pixmap("solar-power-variant-outline", look.tokens.sun, 56, 2.0))
        layout.addWidget(picture)
        layout.addWidget(label(say("ui.start.title"), "display", wrap=True))
        layout.addWidget(label(say("ui.start.text"), "muted", wrap=True))
        line = row(8)
        self.new = button(say("ui.start.new"), "primary")
        self.open = button(say("ui.start.open"))
        self.sample = button(say("ui.start.sample"))
        self.new.setIcon(look.icon("file-plus-outline", "on_accent"))
        self.open.setIcon(look.icon("folder-open-outline"))
        self.new.clicked.connect(self.new_asked)
        self.open.clicked.connect(self.open_asked)
        self.sample.clicked.connect(self.sample_asked)
        self.sample.setVisible(sample)
        for made in (self.new, self.open, self.sample):
            line.addWidget(made)
        line.addStretch(1)
        layout.addLayout(line)
        layout.addWidget(label(say("ui.start.drop"), "muted", wrap=True))
        if recent:
            layout.addSpacing(8)
            layout.addWidget(label(say("ui.start.recent"), "head"))
            for path in recent:
                entry = button(f"{path.stem}    {path.parent}", "row", tip=str(path))
                entry.clicked.connect(lambda _=False, path=path: self.recent_asked.emit(str(path)))
                layout.addWidget(entry)
        centre = QHBoxLayout()
        centre.addStretch(1)
        centre.addWidget(card, 4)
        centre.addStretch(1)
        outer.addLayout(centre)
        outer.addStretch(3)


class LoadingPage(QFrame):
    """A project is being opened or computed for the first time."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        self.words = label("", "title")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stage = label("", "muted")
        self.stage.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.bar = progress_bar(look, 320)
        for widget in (self.words, self.bar, self.stage):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def begin(self, words: str) -> None:
        """Say what is being done."""
        self.words.setText(words)
        self.stage.setText("")
        self.bar.setValue(0)

    def show_progress(self, share: float, what: str) -> None:
        """Progress of it."""
        self.bar.setValue(round(share * 1000))
        self.stage.setText(self._look.say_or(f"stage.{what}", self._look.say("ui.top.working")))
