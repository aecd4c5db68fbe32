"""The comparison below the map: the sites that differ, the figures side by side, and what was turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QMenu, QPushButton, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from ui.parts import DockTitle, button, label, tool
from ui.scenarios.grid import Grid

if TYPE_CHECKING:
    from ui.document import Document
    from ui.look import Look
    from ui.scenarios.comparing import Comparing

PAGES = ("sites", "figures", "settings")
EXPORTS = {"xlsx": "file-excel-outline", "csv": "file-delimited-outline"}


class ComparisonView(QWidget):
    """Three tables, one of them seen; ``title`` is the bar that goes above.

    Signals
    -------
    zoom_asked : facility id
    export_asked : ``xlsx`` or ``csv``
    """

    zoom_asked = Signal(str)
    export_asked = Signal(str)

    def __init__(self, look: Look, document: Document, comparing: Comparing) -> None:
        super().__init__()
        self._look, self._document, self._comparing = look, document, comparing
        self.setObjectName("dockBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        say = look.say
        self.sites, self.figures, self.settings = (Grid(look, say(f"ui.compare.page.{name}")) for name in PAGES)
        self.sites.setSortingEnabled(True)
        self.sites.horizontalHeader().setSortIndicatorClearable(True)
        self.sites.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.sites.setIconSize(QSize(18, 18))
        self.empty = label("", "muted", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pages = QStackedWidget()
        for part in (self.sites, self.figures, self.settings, self.empty):
            self.pages.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 1, 1)
        layout.addWidget(self.pages)
        self.title = DockTitle(look, say("ui.compare.title"))
        self.chips: dict[str, QPushButton] = {}
        self._build_title()
        self._page, self._setting = "sites", False
        self.sites.selectionModel().selectionChanged.connect(self._on_selected)
        self.sites.doubleClicked.connect(lambda index: self.zoom_asked.emit(self.sites.cells.key_at(index.row())))
        zoom = QShortcut(QKeySequence(Qt.Key.Key_Return), self.sites)
        zoom.setContext(Qt.ShortcutContext.WidgetShortcut)
        zoom.activated.connect(self._zoom)
        comparing.changed.connect(self.refresh)
        comparing.shown_changed.connect(self._show_map_button)
        document.selection_changed.connect(self._show_selection)
        self.refresh()

    def _build_title(self) -> None:
        look, say = self._look, self._look.say
        group = QButtonGroup(self)
        for name in PAGES:
            chip = button("", "chip", tip=say(f"ui.compare.page.{name}.tip"))
            chip.setCheckable(True)
            chip.setChecked(name == "sites")
            chip.clicked.connect(lambda _=False, name=name: self.show_page(name))
            group.addButton(chip)
            self.chips[name] = chip
            self.title.put(chip)
        gap = QWidget()
        # The bar's own stretch at its end takes a little of the room; this one all the rest.
        self.title.put(gap, stretch=100)
        self.on_map = tool(look, "layers-outline", say("ui.compare.on_map"), size=16)
        self.on_map.setCheckable(True)
        self.on_map.setProperty("role", "switch")
        self.on_map.clicked.connect(self._comparing.set_on_map)
        self.export = tool(look, "export-variant", say("ui.compare.export"), role="muted", size=16)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.export)
        for kind, icon in EXPORTS.items():
            action = menu.addAction(look.icon(icon), say(f"ui.compare.export.{kind}"))
            action.triggered.connect(lambda _=False, kind=kind: self.export_asked.emit(kind))
        self.export.setMenu(menu)
        self.end = button(say("ui.compare.end"), "link", tip=say("ui.compare.end_tip"))
        self.end.clicked.connect(self._comparing.end)
        for part in (self.on_map, self.export):
            part.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.title.put(part)
        self.title.put(self.end)

    # ---------------------------------------------------------------- state

    def show_page(self, name: str) -> None:
        """Show the sites, the figures or the settings."""
        self._page = name
        self.chips[name].setChecked(True)
        self._show_page()

    def refresh(self) -> None:
        """Take the comparison as it is."""
        from ui.scenarios.rows import figure_rows, setting_rows, site_rows

        found, entries, project = self._comparing.found, self._document.entries, self._document.project
        counts = {"sites": 0, "settings": 0}
        if found is not None and entries is not None and project is not None:
            profile = project.profile
            self._setting = True
            self.sites.fill(*site_rows(self._look, found))
            self.figures.fill(*figure_rows(self._look, found))
            self.settings.fill(*setting_rows(self._look, found, entries, profile))
            self._setting = False
            counts = {"sites": len(found.sites), "settings": len(found.settings)}
        for name, chip in self.chips.items():
            words = self._look.say(f"ui.compare.page.{name}")
            chip.setText(f"{words} {counts[name]:,}" if name in counts else words)
            chip.setAccessibleName(chip.text())
        self._show_page()
        self._show_map_button()
        self._show_selection(self._document.selected)

    def _show_page(self) -> None:
        page = {"sites": self.sites, "figures": self.figures, "settings": self.settings}[self._page]
        if page.cells.rowCount() or self._page == "figures":
            self.pages.setCurrentWidget(page)
            return
        self.empty.setText(self._look.say(f"ui.compare.page.{self._page}.empty"))
        self.pages.setCurrentWidget(self.empty)

    def _show_map_button(self) -> None:
        self.on_map.setChecked(self._comparing.on_map)
        words = self._look.say("ui.compare.on_map_off" if self._comparing.on_map else "ui.compare.on_map")
        self.on_map.setToolTip(words)
        self.on_map.setAccessibleName(words)

    # ---------------------------------------------------------------- selection

    def _on_selected(self) -> None:
        rows = self.sites.selectionModel().selectedRows()
        if rows and not self._setting:
            self._setting = True
            self._document.select(self.sites.cells.key_at(rows[0].row()))
            self._setting = False

    def _show_selection(self, facility_id: object) -> None:
        if self._setting:
            return
        self._setting = True
        row = self.sites.cells.row_of(str(facility_id)) if facility_id is not None else None
        selection = self.sites.selectionModel()
        if row is None:
            selection.clear()
        else:
            flags = QItemSelectionModel.SelectionFlag
            index = self.sites.cells.index(row, 0)
            selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.sites.scrollTo(index)
        self._setting = False

    def _zoom(self) -> None:
        rows = self.sites.selectionModel().selectedRows()
        if rows:
            self.zoom_asked.emit(self.sites.cells.key_at(rows[0].row()))
