"""What lies below the map: the facilities, and beside them the comparison while there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QStackedWidget, QWidget

from ui.parts import DockTitle, button

if TYPE_CHECKING:
    from ui.look import Look
    from ui.scenarios.comparing import Comparing
    from ui.scenarios.view import ComparisonView
    from ui.table import FacilityTable


class LowerTitle(QStackedWidget):
    """The bar of the facilities, or that of the comparison; floats and hides the one dock that both are in."""

    def __init__(self, table: DockTitle, comparison: DockTitle) -> None:
        super().__init__()
        self.addWidget(table)
        self.addWidget(comparison)
        self.float_button, self.hide_button = table.float_button, table.hide_button
        comparison.float_button.clicked.connect(table.float_button.click)
        comparison.hide_button.clicked.connect(table.hide_button.click)
        self._table = table

    def show_stale(self, words: str, tip: str) -> None:
        """Mark the facilities as of an earlier calculation; the comparison says itself which side is."""
        self._table.show_stale(words, tip, short=True)


class Lower(QStackedWidget):
    """Body of the lower dock; ``title`` goes above.

    Signals
    -------
    compared : the comparison came into view (True), or left it
    """

    compared = Signal(bool)

    def __init__(self, look: Look, table: FacilityTable, comparison: ComparisonView, comparing: Comparing) -> None:
        super().__init__()
        self.table, self.comparison, self._comparing = table, comparison, comparing
        self.setObjectName("dockBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.addWidget(table)
        self.addWidget(comparison)
        self.title = LowerTitle(table.title, comparison.title)
        say = look.say
        self.to_comparison = self._tab(look, say("ui.compare.title"), "compare", say("ui.compare.to_comparison"))
        self.to_table = self._tab(look, say("ui.dock.table"), "format-list-bulleted", say("ui.compare.to_table"))
        self.to_comparison.clicked.connect(lambda: self.show_comparison(compared=True))
        self.to_table.clicked.connect(lambda: self.show_comparison(compared=False))
        table.title.put_first(self.to_comparison)
        comparison.title.put_first(self.to_table)
        self._had = comparing.found is not None
        comparing.changed.connect(self._on_comparison)
        self._on_comparison()

    @staticmethod
    def _tab(look: Look, words: str, icon: str, tip: str) -> QPushButton:
        made = button(words, "link", tip=tip)
        made.setIcon(look.icon(icon, "accent"))
        return made

    def _on_comparison(self) -> None:
        """A comparison that begins comes into view; one that ends makes room for the facilities."""
        there = self._comparing.found is not None
        self.to_comparison.setVisible(there)
        if there != self._had:
            self._had = there
            self.show_comparison(compared=there)

    def show_comparison(self, *, compared: bool) -> None:
        """Show the comparison, or the facilities."""
        wanted: QWidget = self.comparison if compared and self._comparing.found is not None else self.table
        held = self.to_table.hasFocus() or self.to_comparison.hasFocus()
        self.setCurrentWidget(wanted)
        self.title.setCurrentIndex(self.currentIndex())
        if held:
            (self.to_table if wanted is self.comparison else self.to_comparison).setFocus()
        self.compared.emit(wanted is self.comparison)

    @property
    def is_comparing(self) -> bool:
        """Whether the comparison is seen."""
        return self.currentWidget() is self.comparison
