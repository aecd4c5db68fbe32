"""All commands, once: the menus, their shortcuts, and what the search field finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMenu, QMessageBox

from kawasolar.export.kinds import KINDS, LISTS
from kawasolar.plan import ANSWERS
from kawasolar.words import LANGUAGES
from ui.crash import log_folder
from ui.frame import STEPS
from ui.group_desk import MODES
from ui.steps.output import ICONS
from ui.theme import THEMES

if TYPE_CHECKING:
    from ui.inspector.reasons import Kind
    from ui.window import MainWindow

SCENARIO_COMMANDS = ("scenario_duplicate", "scenario_rename", "scenario_remove", "scenario_compare")
# Commands that need a plan to work on.
_NEED_PLAN = (
    "save",
    "save_as",
    "meters",
    "names",
    "programme",
    "lots",
    "sizing",
    "lighting",
    "charging",
    "fleet",
    "siting",
    "run",
    "run_all",
    "run_anew",
    "reset",
    "draw_keepout",
    "fit",
    "basemap",
    "find",
    "why",
    "reset_layout",
    "renew_ledger",
    *SCENARIO_COMMANDS,
    *(f"export_{kind}" for kind in LISTS),
    *(f"step_{name}" for name, _ in STEPS),
)
_NEED_SELECTION = ("ways", "measures", "pin", "veto", "release", "zoom", "pick_buildings")


class Menus(QObject):
    """The window's menus."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.actions: dict[str, QAction] = {}
        self._menus: list[QMenu] = []
        self._build_file()
        self._build_edit()
        self._build_plan()
        self._build_view()
        self._build_help()

    def dispose(self) -> None:
        """Take the menus out of the window."""
        for menu in self._menus:
            self._window.menuBar().removeAction(menu.menuAction())
            menu.deleteLater()
        for action in self.actions.values():
            self._window.removeAction(action)
            action.deleteLater()
        self.deleteLater()

    def commands(self) -> list[QAction]:
        """All commands that can be searched for."""
        return list(self.actions.values())

    # ---------------------------------------------------------------- building

    def _menu(self, name: str) -> QMenu:
        menu = self._window.menuBar().addMenu(self._window.look.say(f"ui.menubar.{name}"))
        self._menus.append(menu)
        return menu

    def _add(
        self,
        menu: QMenu,
        name: str,
        call: Callable[[], object],
        keys: QKeySequence | QKeySequence.StandardKey | str | None = None,
        icon: str = "",
        words: str = "",
    ) -> QAction:
        action = QAction(words or self._window.look.say(f"ui.menu.{name}"), self._window)
        action.triggered.connect(lambda _checked=False: call())
        kind, _, what = name.partition("_")
        codes = [f"ui.menu.{name}", f"ui.{'output' if kind == 'export' else kind}.{what}"]
        action.setProperty("code", next((code for code in codes if self._window.look.knows(code)), ""))
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        if icon:
            action.setIcon(self._window.look.icon(icon))
        menu.addAction(action)
        self.actions[name] = action
        return action

    def _build_colouring(self, menu: QMenu) -> None:
        """By what the map colours facilities."""
        groups, desk = QActionGroup(menu), self._window.groups
        for mode in MODES:
            action = self._add(menu, f"colour_{mode}", partial(desk.set_mode, mode))
            action.setCheckable(True)
            groups.addAction(action)

        def show() -> None:
            for mode in MODES:
                self.actions[f"colour_{mode}"].setChecked(desk.mode == mode)
                self.actions[f"colour_{mode}"].setEnabled(desk.can(mode))

        menu.aboutToShow.connect(show)

    def _build_file(self) -> None:
        window, control, menu = self._window, self._window.controller, self._menu("file")
        keys = QKeySequence.StandardKey
        self._add(menu, "new", control.new, keys.New, "file-plus-outline")
        self._add(menu, "surface", control.new_from_model, icon="office-building-outline")
        self._add(menu, "meters", control.meters.open, icon="flash")
        self._add(menu, "register", control.registers.open, icon="format-list-bulleted")
        self._add(menu, "names", control.registers.ask_names, icon="format-list-bulleted")
        self._add(menu, "open", control.ask_open, keys.Open, "folder-open-outline")
        self._recent = menu.addMenu(window.look.say("ui.menu.recent"))
        self._recent.aboutToShow.connect(self._fill_recent)
        menu.addSeparator()
        self._add(menu, "save", control.save, keys.Save, "content-save-outline")
        self._add(menu, "save_as", control.save_as, "Ctrl+Shift+S")
        menu.addSeparator()
        self._add(menu, "renew_ledger", control.ledger.ask, icon="format-list-bulleted")
        export = menu.addMenu(window.look.icon("export-variant"), window.look.say("ui.menu.export"))
        for kind in KINDS:
            words = window.look.say(f"ui.output.{kind}")
            self._add(export, f"export_{kind}", partial(control.papers.export, kind), icon=ICONS[kind], words=words)
        menu.addSeparator()
        self._add(menu, "quit", window.close, "Ctrl+Q")

    def _build_edit(self) -> None:
        window, menu = self._window, self._menu("edit")
        document, keys = window.document, QKeySequence.StandardKey
        self._add(menu, "undo", document.undo, "Ctrl+Z", "undo")
        redo = self._add(menu, "redo", document.redo, "Ctrl+Y", "redo")
        redo.setShortcuts([QKeySequence("Ctrl+Y"), QKeySequence("Ctrl+Shift+Z")])
        menu.addSeparator()
        self._add(menu, "person", window.ask_person, icon="account-outline")
        menu.addSeparator()
        self._add(menu, "find", self._find, keys.Find, "magnify").setShortcuts(
            [QKeySequence("Ctrl+K"), QKeySequence("Ctrl+F")]
        )

    def _find(self) -> None:
        self._window.search.setFocus()
        self._window.search.selectAll()

    def _build_plan(self) -> None:
        window, menu = self._window, self._menu("plan")
        control = window.controller
        self._add(menu, "run", control.run, "F5", "play")
        self._add(menu, "run_all", control.run_all)
        self._add(menu, "run_anew", control.run_anew)
        self._add(menu, "cancel", control.cancel, icon="stop")
        menu.addSeparator()
        self._add(menu, "pin", lambda: self._turn(window.document.pin), "Ctrl+P", "pin-outline")
        self._add(menu, "veto", lambda: self._ask("veto"), icon="cancel")
        self._add(menu, "release", lambda: self._turn(window.document.release), icon="backup-restore")
        self._add(menu, "reset", window.document.reset, icon="refresh")
        menu.addSeparator()
        self._add(menu, "draw_keepout", window.draw_keepout, "Ctrl+E", "vector-polygon")
        self._add(menu, "modules", control.roof.edit_catalogue)
        self._add(menu, "profile", control.profiles.open, icon="tune-variant")
        self._add(menu, "eligibility", control.planning.lay_eligibility, icon="checkbox-multiple-marked-outline")
        self._add(menu, "programme", control.planning.make_programme, icon="table-column")
        self._add(menu, "lots", control.planning.make_lots, icon="vector-polygon")
        self._add(menu, "sizing", control.planning.size_sites, icon="solar-power-variant-outline")
        self._add(menu, "lighting", control.answers.light_sites, icon="lamp")
        self._add(menu, "fleet", control.answers.renew_fleet, icon="car")
        self._add(menu, "charging", control.answers.find_chargers, icon="flash")
        self._add(menu, "siting", control.answers.site_chargers, icon="map-marker-outline")
        self._add(menu, "ways", control.planning.compare_ways, icon="swap-horizontal")
        self._add(menu, "measures", control.planning.order_measures)
        self._add(menu, "pick_buildings", window.pick_buildings, "Ctrl+B", "link-variant")
        menu.addSeparator()
        self._build_scenarios(menu.addMenu(window.look.icon("compare"), window.look.say("ui.menu.scenario")))

    def _build_scenarios(self, menu: QMenu) -> None:
        window, desk = self._window, self._window.scenarios
        ask = desk.commands.ask_duplicate
        self._add(menu, "scenario_duplicate", lambda: ask(window.top.scenario), "Ctrl+D", "content-copy")
        ask_name = desk.commands.ask_rename
        self._add(menu, "scenario_rename", lambda: ask_name(window.top.scenario), icon="pencil-outline")
        self._add(menu, "scenario_remove", desk.commands.remove, icon="trash-can-outline")
        self._add(menu, "scenario_compare", desk.compare, "Ctrl+Shift+D", "compare")

    def _turn(self, change: Callable[[list[str]], None]) -> None:
        ids = self._selected()
        if ids:
            change(ids)

    def _selected(self) -> list[str]:
        return self._window.table.selected_ids() or [name for name in (self._window.document.selected,) if name]

    def _ask(self, kind: Kind) -> None:
        """A veto, or a pin, with its reason."""
        from ui.inspector.reasons import ask_reason

        window, ids = self._window, self._selected()
        anchor = window.table.view if window.table.isVisible() else window.pages
        ask_reason(window.look, window.document, kind, ids, anchor, window.table.place_of(ids))

    def _build_view(self) -> None:
        window, menu = self._window, self._menu("view")
        say = window.look.say
        for k, (name, icon) in enumerate(STEPS):
            self._add(
                menu,
                f"step_{name}",
                partial(window.show_step, name),
                f"Ctrl+{k + 1}",
                icon,
                say(f"ui.step.{name}"),
            )
        menu.addSeparator()
        self._add(menu, "fit", lambda: window.map.fit() if window.map is not None else None, "Ctrl+0")
        self._add(menu, "basemap", window.choose_basemap, icon="layers-outline")
        self._build_colouring(menu.addMenu(window.look.say("ui.menu.colouring")))
        self._add(
            menu,
            "zoom",
            lambda: window.go_to(window.document.selected or ""),
            "Ctrl+Return",
            "image-filter-center-focus",
        )
        menu.addSeparator()
        self._docks_at = menu
        theme_menu = QMenu(say("ui.menu.theme"), menu)
        theme_menu.setIcon(window.look.icon("theme-light-dark"))
        self._choices(
            theme_menu,
            [(name, say(f"ui.theme.{name}")) for name in THEMES],
            window.theme_choice,
            "theme",
            window.set_theme,
        )
        language_menu = QMenu(say("ui.menu.language"), menu)
        language_menu.setIcon(window.look.icon("translate"))
        names = [(language, say(f"ui.language.{language}")) for language in LANGUAGES]
        self._choices(language_menu, names, window.look.language, "language", window.set_language)
        self._after_docks = menu.addSeparator()
        menu.addMenu(theme_menu)
        menu.addMenu(language_menu)
        menu.addSeparator()
        self._add(menu, "reset_layout", window.reset_layout)

    def _choices(
        self, menu: QMenu, names: Sequence[tuple[str, str]], now: str, kind: str, call: Callable[..., None]
    ) -> None:
        group = QActionGroup(menu)
        for name, words in names:
            # Deferred: the menu that sends this is itself built anew.
            action = self._add(menu, f"{kind}_{name}", partial(self._later, partial(call, name)), words=words)
            action.setCheckable(True)
            action.setChecked(name == now)
            group.addAction(action)

    def _later(self, call: Callable[[], None]) -> None:
        from PySide6.QtCore import QTimer

        QTimer.singleShot(0, call)

    def _build_help(self) -> None:
        window, menu = self._window, self._menu("help")
        self._add(menu, "why", window.why.ask_focused, "F1", "help-circle-outline")
        menu.addSeparator()
        self._add(menu, "log", lambda: window.open_folder(log_folder()))
        self._add(menu, "about", self._about, icon="information-outline")

    def add_docks(self, docks: dict[str, QDockWidget]) -> None:
        """Switches of the docks."""
        for name, dock in docks.items():
            action = dock.toggleViewAction()
            action.setText(self._window.look.say(f"ui.dock.{name}"))
            self._docks_at.insertAction(self._after_docks, action)

    # ---------------------------------------------------------------- state

    def refresh(self) -> None:
        """What can be done now."""
        document, control = self._window.document, self._window.controller
        has_plan = document.plan is not None
        for name in _NEED_PLAN:
            self.actions[name].setEnabled(has_plan)
        for name in _NEED_SELECTION:
            self.actions[name].setEnabled(has_plan)
        for kind in ANSWERS:
            self.actions[f"export_{kind}"].setEnabled(document.plan is not None and kind in document.plan.answers)
        self.actions["undo"].setEnabled(document.undo_words is not None)
        self.actions["redo"].setEnabled(document.redo_words is not None)
        for name in ("run", "run_all", "run_anew"):
            self.actions[name].setEnabled(has_plan and not control.is_running)
        self.actions["cancel"].setEnabled(control.is_running)

    def _fill_recent(self) -> None:
        window = self._window
        self._recent.clear()
        for path in window.remembered.recent:
            self._recent.addAction(path.name, partial(window.controller.open, path)).setToolTip(str(path))
        if self._recent.isEmpty():
            self._recent.addAction(window.look.say("ui.menu.recent_none")).setEnabled(False)
        else:
            self._recent.addSeparator()
            self._recent.addAction(window.look.say("ui.menu.recent_clear"), window.remembered.clear_recent)

    def _about(self) -> None:
        from kawasolar import __version__

        say = self._window.look.say
        QMessageBox.about(self._window, say("ui.menu.about"), say("ui.about.text", version=__version__))
