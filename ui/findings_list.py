"""What was noticed, as a list with a mark for how much it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from ui.parts import RoomyDelegate
from ui.reasons import finding_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.findings import Finding
    from ui.look import Look

_SEVERITY = {
    "error": ("close-circle-outline", "attention"),
    "warning": ("alert-outline", "attention"),
    "info": ("information-outline", "muted"),
}
# More than this nobody reads in a list; all of them are in the exports.
MOST_FINDINGS = 2000


class FindingsList(QListWidget):
    """Findings, the gravest first; the data of an item is what the finding is of, and its row (``ROW``)."""

    ROW = Qt.ItemDataRole.UserRole + 1

    def __init__(self, look: Look, name: str, height: int) -> None:
        super().__init__()
        self._look = look
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setIconSize(QSize(16, 16))
        self.setItemDelegate(RoomyDelegate(self))
        self.setMinimumHeight(height)
        self.setAccessibleName(name)

    def show_findings(self, found: Sequence[Finding], most: int = MOST_FINDINGS) -> None:
        """These, and no others; of more than ``most`` the first."""
        look = self._look
        self.clear()
        self.setVisible(bool(found))
        for finding in sorted(found, key=lambda f: tuple(_SEVERITY).index(f.severity))[:most]:
            name, role = _SEVERITY[finding.severity]
            item = QListWidgetItem(look.icon(name, role), finding_text(look, finding))
            item.setData(Qt.ItemDataRole.UserRole, finding.item)
            item.setData(self.ROW, finding.row)
            self.addItem(item)
        if len(found) > most:
            self.addItem(look.say("ui.data.more_findings", number=f"{len(found) - most:,}"))
