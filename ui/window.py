"""The main window: the frame, the docks, and how the parts speak with one another.

Nothing heavy is imported here at the top: the window is painted first, the libraries follow in a thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QPaintEvent,
)
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QStackedWidget, QToolBar, QVBoxLayout, QWidget

from kawasolar.reasons import stage_sentence
from kawasolar.words import Language
from ui import docks, theme
from ui.controller import Controller
from ui.document import Document
from ui.frame import STEPS, LoadingPage, Rail, StartPage, StatusBar, TopBar
from ui.group_desk import GroupDesk
from ui.jobs import Jobs
from ui.look import Look
from ui.menus import SCENARIO_COMMANDS, Menus
from ui.parts import Banner, DockTitle, column, set_role
from ui.review.desk import ReviewDesk
from ui.review.settling import Settling
from ui.scenarios.desk import ScenarioDesk
from ui.search import SearchField
from ui.settings import Remembered
from ui.theme import Theme
from ui.why.desk import WhyDesk
from ui.work import SUFFIX, sample_folder

if TYPE_CHECKING:
    from ui.inspector.panel import Inspector
    from ui.map import MapView
    from ui.map.basemap_desk import BasemapDesk
    from ui.map.tools import MapTools
    from ui.review.panel import ReviewPanel
    from ui.scenarios.lower import LowerTitle
    from ui.steps.assumptions import AssumptionsPanel
    from ui.steps.data import DataPanel
    from ui.steps.fleet import FleetPanel
    from ui.steps.half import HalfPanel
    from ui.steps.lighting import LightingPanel
    from ui.steps.output import OutputPanel
    from ui.steps.roofs import RoofsPanel
    from ui.table import FacilityTable


class MainWindow(QMainWindow):
    """One window, one plan.

    Signals
    -------
    painted : once, after the first paint
    """

    painted = Signal()
    # Through the window: the banner is built anew with the language.
    banner_asked = Signal(str)

    table: FacilityTable
    inspector: Inspector
    half: HalfPanel
    lighting: LightingPanel
    fleet: FleetPanel
    data: DataPanel
    links: ReviewPanel
    assumptions: AssumptionsPanel
    roofs: RoofsPanel
    output: OutputPanel

    def __init__(
        self, remembered: Remembered, *, language: Language | None = None, theme_choice: Theme | None = None
    ) -> None:
        super().__init__()
        self.remembered = remembered
        self.theme_choice: Theme = theme_choice or remembered.theme
        self.look = Look(language or remembered.language, theme.tokens_for(self.theme_choice))
        theme.apply(QApplication.instance(), self.look.tokens)  # type: ignore[arg-type]
        self.jobs = Jobs(self)
        self.document = Document(self)
        self.controller = Controller(self)
        self.scenarios = ScenarioDesk(self)
        self.groups = GroupDesk(self.look, self.document, self)
        self.review = ReviewDesk(self.document, self)
        Settling(self)
        self.why = WhyDesk(self)
        self.why.turned.connect(self._name_inspector)
        self.map: MapView | None = None
        self.tools: MapTools | None = None
        self.basemap: BasemapDesk | None = None
        self._seen = False
        self._step = "half"
        self._built = False
        self._leaving = False
        self.docks: dict[str, QDockWidget] = {}
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        self.setContentsMargins(0, 0, 8, 0)
        self.setDockNestingEnabled(True)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self._build()
        self._restore_geometry()
        self.document.plan_changed.connect(self._on_plan)
        self.document.decision_changed.connect(self._on_decision)
        self.document.selection_changed.connect(self._on_selection)
        self.document.dirty_changed.connect(self.refresh_state)
        self.document.history_changed.connect(self.refresh_state)
        # Through the window: the banner is built anew with the language.
        self.document.entries_changed.connect(lambda _tables: self.banner.pass_by())
        self.document.states_changed.connect(self.refresh_state)
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _s: self._follow_system())

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        """Make every part anew, in the language and the colours of now; the map alone is kept and told."""
        self.menus = Menus(self)
        self.search = SearchField(self.look, self, self._find_facilities, self.menus.commands)
        self._build_bars()
        self._build_centre()
        self._connect_frame()
        self._built = True
        self._show_page()
        self.refresh_state()
        self.pages.setFocus()

    def ensure_parts(self) -> None:
        """Make the docks and what is in them; they need NumPy, so the bare window is painted before."""
        if self.docks:
            return
        from ui.inspector.panel import Inspector
        from ui.review.panel import ReviewPanel
        from ui.steps.assumptions import AssumptionsPanel
        from ui.steps.data import DataPanel
        from ui.steps.fleet import FleetPanel
        from ui.steps.half import HalfPanel
        from ui.steps.lighting import LightingPanel
        from ui.steps.output import OutputPanel
        from ui.steps.roofs import RoofsPanel
        from ui.table import FacilityTable

        look, document = self.look, self.document
        self.table = FacilityTable(look, document, self.remembered)
        self.inspector = Inspector(look, document)
        self.half = HalfPanel(look, document)
        self.data = DataPanel(look, document)
        self.links = ReviewPanel(look, self.review)
        self.assumptions = AssumptionsPanel(look, document)
        self.roofs = RoofsPanel(look, document)
        self.lighting, self.fleet = LightingPanel(look, document), FleetPanel(look, document)
        self.output = OutputPanel(look, document)
        self.scenarios.build(self.table)
        panels = [
            self.data, self.links, self.assumptions, self.roofs, self.half, self.lighting, self.fleet, self.scenarios.panel, self.output,
        ]  # fmt: skip
        self.step_pages = docks.step_pages(self, panels)
        bodies = {"steps": self.step_pages, "inspector": self.why.wrap(self.inspector), "table": self.scenarios.lower}
        self.step_title, self.inspector_title = DockTitle(look, ""), DockTitle(look, look.say("ui.dock.inspector"))
        titles: dict[str, DockTitle | LowerTitle] = {
            "steps": self.step_title, "inspector": self.inspector_title, "table": self.scenarios.lower.title,
        }  # fmt: skip
        self.docks = docks.build(self, bodies, titles)
        self.menus.add_docks(self.docks)
        self._name_inspector()
        self._connect_parts()
        self._show_step(self._step)
        self._show_page()
        self._show_stale()

    def _find_facilities(self, needle: str, limit: int) -> list[tuple[str, str, str]]:
        return self.table.model.find(needle, limit) if self.docks else []

    def _build_bars(self) -> None:
        self.top = TopBar(self.look, self.search)
        self.rail = Rail(self.look)
        self._bars = []
        for name, widget, area in (
            ("top", self.top, Qt.ToolBarArea.TopToolBarArea),
            ("rail", self.rail, Qt.ToolBarArea.LeftToolBarArea),
        ):
            bar = QToolBar(self.look.say(f"ui.bar.{name}"), self)
            bar.setObjectName(f"{name}Bar")
            bar.setMovable(False)
            bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
            bar.toggleViewAction().setVisible(False)
            bar.addWidget(widget)
            self.addToolBar(area, bar)
            self._bars.append(bar)
        self.status = StatusBar(self.look)
        self.status.set_crs(self.document.plan.crs if self.document.plan is not None else None)
        self.setStatusBar(self.status)

    def _build_centre(self) -> None:
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.banner = Banner(self.look)
        self.banner.asked.connect(self.banner_asked)
        self.pages = QStackedWidget()
        self.pages.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.pages.setAccessibleName(self.look.say("ui.centre"))
        self.start = StartPage(self.look, self.remembered.recent, sample=sample_folder() is not None)
        self.loading = LoadingPage(self.look)
        self.map_frame = QWidget()
        self.map_frame.setObjectName("mapFrame")
        self.map_frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._map_layout = column(self.map_frame, margin=1, spacing=0)
        for page in (self.start, self.loading, self.map_frame):
            self.pages.addWidget(page)
        layout.addWidget(self.banner)
        layout.addWidget(self.pages, 1)
        self.setCentralWidget(centre)
        if self.map is not None:
            self._map_layout.addWidget(self.map)

    def _connect_frame(self) -> None:
        control, document = self.controller, self.document
        self.rail.chosen.connect(self.show_step)
        self.scenarios.bind(self.top.scenario, [self.menus.actions[name] for name in SCENARIO_COMMANDS])
        self.top.run_asked.connect(control.run)
        self.top.cancel_asked.connect(control.cancel)
        self.top.undo.clicked.connect(document.undo)
        self.top.redo.clicked.connect(document.redo)
        self.search.facility_found.connect(self.go_to)
        self.start.new_asked.connect(control.new)
        self.start.open_asked.connect(control.ask_open)
        self.start.sample_asked.connect(control.open_sample)
        self.start.recent_asked.connect(lambda name: control.open(Path(name)))

    def _connect_parts(self) -> None:
        control = self.controller
        self.table.zoom_asked.connect(self.go_to)
        self.inspector.zoom_asked.connect(self.go_to)
        self.inspector.overview.facility_asked.connect(self.go_to)
        self.inspector.overview.status_asked.connect(lambda status: self.table.show_only([status]))
        self.inspector.overview.data_asked.connect(lambda: self.show_step("data"))
        self.half.programme.programme_asked.connect(self.controller.planning.make_programme)
        self.half.programme.map_asked.connect(lambda: self.groups.set_mode("years"))
        control.answers.bind(self.lighting, self.fleet)
        power = self.inspector.power
        power.lighting.open_asked.connect(control.answers.light_sites)
        power.cars.open_asked.connect(control.answers.renew_fleet)
        power.chargers.open_asked.connect(control.answers.find_chargers)
        self.half.show_asked.connect(lambda status: self.table.show_only([status]))
        self.data.replace_asked.connect(control.replace_input)
        self.data.profile_asked.connect(control.profiles.open)
        self.data.renew_asked.connect(control.ledger.ask)
        self.data.register_asked.connect(lambda kind: control.registers.open(kind or None))
        self.data.register_left.connect(control.registers.leave)
        self.data.names_asked.connect(control.registers.ask_names)
        self.data.answer_asked.connect(control.answers.open)
        self.inspector.roof.layout_part.changed.connect(control.roof.lay_out)
        self.inspector.roof.layout_part.light_asked.connect(control.roof.show_light)
        self.inspector.roof.glare.asked.connect(control.roof.look_for_glare)
        self.inspector.power.metered.asked.connect(control.meters.read_load)
        self.inspector.power.use.asked.connect(control.planning.read_use)
        self.inspector.power.use.ways_asked.connect(control.planning.compare_ways)
        self.inspector.power.use.bill.measures_asked.connect(control.planning.order_measures)
        self.inspector.power.metered.meters_asked.connect(control.meters.open)
        self.inspector.roof.glare.changed.connect(self._show_glare)
        self.document.selection_changed.connect(lambda _selected: self._show_glare())
        self.inspector.roof.glare.stopped.connect(control.roof.stop_glare)
        self.inspector.roof.buildings.pick_asked.connect(self.pick_buildings)
        drawn = self.roofs.keepouts
        drawn.draw_asked.connect(self.draw_keepout)
        drawn.zoom_asked.connect(lambda key: self.tools.zoom_to_keepout(key) if self.tools is not None else None)
        drawn.remove_asked.connect(lambda key: self.tools.remove_keepout(key) if self.tools is not None else None)
        self.assumptions.run_asked.connect(control.run)
        self.assumptions.person_asked.connect(self.ask_person)
        self.inspector.person_asked.connect(self.ask_person)
        self.inspector.why_asked.connect(self.why.ask_here)
        self.half.why_asked.connect(self.why.ask_plan)
        self.table.why_asked.connect(lambda facility_id, code: self.why.ask(code, facility_id))
        programme = self.inspector.basis.programme
        programme.programme_asked.connect(self.controller.planning.make_programme)
        programme.loss_asked.connect(self.controller.planning.read_loss)
        programme.stop_asked.connect(self.controller.planning.stop_loss)
        programme.stood.connect(self.controller.roof.follow)
        self.inspector.basis.remedy.eligibility_asked.connect(self.controller.planning.lay_eligibility_of)
        self.inspector.assumptions_asked.connect(lambda: self.show_step("assumptions"))
        self.output.export_asked.connect(control.papers.export)
        self.output.again_asked.connect(control.papers.export_again)
        self.output.papers_asked.connect(control.papers.look_at_papers)

    def _ensure_map(self) -> MapView:
        if self.map is not None:
            return self.map
        from ui.map import MapView
        from ui.map.basemap_desk import BasemapDesk
        from ui.map.tools import MapTools

        view = MapView(self.look.tokens, self.look.language)
        view.picked.connect(self.document.select)
        view.hovered.connect(self._show_place)
        self.map = view
        self.tools = MapTools(view, self.document, self.look)
        self.tools.run_asked.connect(self.controller.run)
        self.basemap = BasemapDesk(view, self.document, self.look, self.remembered)
        self.scenarios.bind_map(view)
        self.groups.bind_map(view)
        self.review.bind_map(view, self.tools)
        self._map_layout.addWidget(view)
        return view

    def draw_keepout(self) -> None:
        """Draw where no modules may stand, or no longer."""
        if self.tools is not None:
            self.tools.toggle_draw()

    def choose_basemap(self) -> None:
        """Choose the background map."""
        if self.basemap is not None:
            self.basemap.open()

    def pick_buildings(self) -> None:
        """Choose the buildings of the selected facility on the map."""
        if self.tools is not None:
            self.tools.pick()

    def _show_place(self, x: float, y: float, height: object) -> None:
        # Through the window: the status bar is built anew with the language, the map is not.
        self.status.show_place(x, y, height)

    def rebuild(self) -> None:
        """Build all parts anew after the language or the colours changed; what is open stays open."""
        state, news = self.saveState(), self.banner.news
        if self.map is not None:
            self.map.setParent(None)
        had_parts = bool(self.docks)
        if had_parts:
            self.table.keep()
        for bar in self._bars:
            self._discard(bar)
        for dock in self.docks.values():
            self._discard(dock)
        self.docks = {}
        self.search.list.deleteLater()
        old = self.takeCentralWidget()
        if old is not None:
            old.deleteLater()
        self.menus.dispose()
        self._build()
        if had_parts:
            self.ensure_parts()
            self.restoreState(state)
        self._show_page()
        if news is not None:
            self.banner.tell(**news)
        if self.map is not None:
            self.map.set_tokens(self.look.tokens)
            self.map.set_language(self.look.language)
            self.map.show()
        self.controller.profiles.renew()
        if had_parts:
            # Once more when the new parts have told how large they would like to be.
            QTimer.singleShot(0, lambda: self.restoreState(state))

    def _discard(self, part: QToolBar | QDockWidget) -> None:
        """Take a bar or a dock out at once: one that still bears its name would be taken for the new one."""
        if isinstance(part, QToolBar):
            self.removeToolBar(part)
        else:
            self.removeDockWidget(part)
        part.setObjectName("")
        part.setParent(None)
        part.deleteLater()

    def set_language(self, language: Language) -> None:
        """Speak another language at once."""
        from ui.app import install_qt_words

        if language == self.look.language:
            return
        self.look.language = language
        self.remembered.language = language
        install_qt_words(QApplication.instance(), language)  # type: ignore[arg-type]
        self.rebuild()

    def set_theme(self, choice: Theme) -> None:
        """Wear other colours at once."""
        self.theme_choice = choice
        self.remembered.theme = choice
        self._dress()

    def _follow_system(self) -> None:
        if self.theme_choice == "system":
            self._dress()

    def _dress(self) -> None:
        tokens = theme.tokens_for(self.theme_choice)
        if tokens is not self.look.tokens:
            self.look.tokens = tokens
            theme.apply(QApplication.instance(), tokens)  # type: ignore[arg-type]
            self.rebuild()

    # ---------------------------------------------------------------- pages, steps, docks

    def show_step(self, name: str) -> None:
        """Show a step's panel, and its dock if it was hidden."""
        self._show_step(name)
        if name == "data":
            self.controller.look_at_inputs()
        if self.document.plan is not None:
            self.docks["steps"].show()
            if name == "join":
                self.links.list.setFocus()

    def _show_step(self, name: str) -> None:
        self._step = name
        self.rail.show_step(name)
        if not self.docks:
            return
        self.step_pages.setCurrentIndex([step for step, _ in STEPS].index(name))
        self.step_title.set_name(self.look.say(f"ui.step.{name}"))
        if name == "join":
            self.review.enter()
        else:
            self.review.leave()

    @property
    def step(self) -> str:
        """Name of the step that is shown."""
        return self._step

    def _show_page(self) -> None:
        """Start page, loading page or map; the docks only beside a plan."""
        has_plan = self.document.plan is not None
        loading = self.controller.is_loading and not has_plan
        self.pages.setCurrentWidget(self.map_frame if has_plan else self.loading if loading else self.start)
        self._bars[1].setVisible(has_plan)
        for widget in (self.top.undo, self.top.redo):
            widget.setVisible(has_plan)
        self.top.run.setVisible(has_plan and not self.controller.is_running)
        if not has_plan:
            for dock in self.docks.values():
                dock.hide()

    def show_loading(self, words: str) -> None:
        """A plan is on its way."""
        self.loading.begin(words)
        self._show_page()

    def ask_person(self) -> None:
        """Ask who sits here; editors that are open say so at once."""
        from kawasolar.document.person import person_name
        from ui.assumptions.person import PersonDialog

        dialog = PersonDialog(self.look, self, self.remembered.person, person_name())
        if dialog.exec():
            self.remembered.person = dialog.name.text()
            if self.docks:
                self.assumptions.show_person()
                self.inspector.basis.ledger.show_person()

    def reset_layout(self) -> None:
        """All docks where they were on the first day."""
        docks.reset(self)

    def _restore_geometry(self) -> None:
        geometry = self.remembered.bytes_of("geometry")
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            screen = QGuiApplication.primaryScreen().availableSize()
            self.resize(min(1440, screen.width()), min(900, screen.height()))

    # ---------------------------------------------------------------- the document's news

    def _on_plan(self) -> None:
        plan = self.document.plan
        first = self.pages.currentWidget() is not self.map_frame
        if plan is not None:
            self.ensure_parts()
            self._ensure_map().set_plan(plan)
        elif self.map is not None:
            self.map.set_plan(None)
        self.status.set_crs(plan.crs if plan is not None else None)
        self._show_page()
        if plan is not None and first:
            docks.restore(self)
        self.refresh_state()

    def _on_decision(self) -> None:
        if self.map is not None and self.document.decision is not None:
            self.map.set_decision(self.document.decision)
        self.refresh_state()

    def _on_selection(self, facility_id: object) -> None:
        if self.map is not None:
            self.map.set_selected(None if facility_id is None else str(facility_id))
        self._name_inspector()

    def _name_inspector(self) -> None:
        if self.docks:
            name = "why" if self.why.is_open else "overview" if self.document.selected is None else "inspector"
            self.inspector_title.set_name(self.look.say(f"ui.dock.{name}"))

    def _show_glare(self) -> None:
        """On the map: of the facility that is selected, as long as it is."""
        if self.map is not None:
            part = self.inspector.roof.glare
            self.map.show_glare(part.report if part.facility == self.document.selected else None)

    def go_to(self, facility_id: str) -> None:
        """Select a facility and bring it into view."""
        self.document.select(facility_id)
        if self.map is not None:
            self.map.set_selected(facility_id, reveal=True)

    def refresh_state(self) -> None:
        """Title, undo and redo, saved state, what is stale."""
        if not self._built:
            return
        document, say, plan = self.document, self.look.say, self.document.plan
        name = plan.name if plan is not None else ""
        self.top.name.setText(name or "KawaSolar")
        self.top.name.updateGeometry()
        self.top.badge.setVisible(plan is not None and plan.synthetic)
        self.setWindowTitle(f"{name}[*] – KawaSolar" if name else "KawaSolar")
        self.setWindowModified(document.dirty)
        for made, step, code in (
            (self.top.undo, document.undo_words, "undo"),
            (self.top.redo, document.redo_words, "redo"),
        ):
            made.setEnabled(step is not None)
            what = say(step[0], **step[1]) if step is not None else ""
            made.setToolTip(say(f"ui.menu.{code}_what", what=what) if what else say(f"ui.menu.{code}"))
        self._show_stale()
        saved = say("ui.status.dirty") if document.dirty else say("ui.status.saved")
        if document.held_by is not None:
            # What was turned in a copy that cannot be saved in its place is the more easily lost.
            saved = " · ".join([say("ui.open.read_only"), *([saved] if document.dirty else [])])
        self.status.saved.setText("" if plan is None else saved)
        self.menus.refresh()

    def _show_stale(self) -> None:
        """What must be computed, in the top bar and on the rail."""
        plan, stale, say = self.document.plan, self.document.stale, self.look.say
        words: dict[str, str] = (
            {} if plan is None else {s.name: stage_sentence(self.look.language, s, plan.profile) for s in stale}
        )
        self.top.run.setEnabled(plan is not None)
        set_role(self.top.run, "primary" if stale else "")
        self.top.run.setIcon(self.look.icon("play", "on_accent" if stale else "muted"))
        self.top.run.setToolTip(say("ui.top.run_tip", count=len(stale)) if stale else say("ui.top.run_fresh"))
        self.top.state.setText(say("ui.top.stale") if stale else "")
        self.top.state.setToolTip("\n".join(words.values()))
        self.rail.show_stale(words)
        if self.docks:
            short = say("ui.dock.stale") if stale else ""
            told = "\n".join([say("ui.scenarios.stale_figures"), *words.values()])
            for title in (self.inspector_title, self.scenarios.lower.title):
                title.show_stale(short, told)

    # ---------------------------------------------------------------- Qt's events

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._seen:
            self._seen = True
            QTimer.singleShot(0, self.painted.emit)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self._built and not self._leaving and self.isActiveWindow():
            # Somebody comes back from the spreadsheet.
            self.controller.look_at_inputs()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = self._dropped(event)
        if path is not None:
            event.acceptProposedAction()
            QTimer.singleShot(0, lambda: self.controller.open(path))

    @staticmethod
    def _dropped(event: QDropEvent) -> Path | None:
        for url in event.mimeData().urls():
            if url.isLocalFile() and url.toLocalFile().endswith(SUFFIX):
                return Path(url.toLocalFile())
        return None

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.controller.may_close():
            event.ignore()
            return
        self._leaving = True
        self.remembered.keep_bytes("geometry", self.saveGeometry())
        if self.document.plan is not None:
            self.remembered.keep_bytes("docks", self.saveState())
            self.table.keep()
        self.remembered.sync()
        self.why.close()
        self.jobs.shutdown()
        self.controller.session.end()
        event.accept()

    def open_folder(self, folder: Path) -> None:
        """Show a folder in the desktop's own program."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def actions_named(self, name: str) -> QAction:
        """A command by its name, for tests and shortcuts."""
        return self.menus.actions[name]
