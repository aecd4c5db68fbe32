"""Why a facility is never chosen, or always: asked in a light card beside where it was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QListWidget, QWidget

from kawasolar.document.views import mark_of
from ui.assumptions.fields import LONGEST_TEXT, holds_keyboard
from ui.assumptions.marks import who_text, why_text
from ui.look import Look
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from ui.document import Document

Kind = Literal["veto", "pin"]
COMMON: dict[Kind, tuple[str, ...]] = {
    "veto": ("rebuild", "seismic", "roof_used", "leased", "view"),
    "pin": ("shelter", "together", "model", "wish", "grant"),
}
_WIDTH = 300


class ReasonCard(QFrame):
    """A few common reasons to pick, a line for one's own, Enter takes it.

    It lies in the window itself and is no window of its own: the Japanese input of some systems writes into real windows only.

    Signals
    -------
    taken : the reason; empty where "no reason" was said, or where none is needed
    closed : it is gone, whatever was done
    """

    taken = Signal(str)
    closed = Signal()

    def __init__(self, look: Look, host: QWidget, kind: Kind, title: str, *, reason: str = "") -> None:
        super().__init__(host)
        self._host = host
        self._look, self.kind = look, kind
        say = look.say
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(title)
        self.setFixedWidth(_WIDTH)
        layout = column(self, margin=12, spacing=8)
        layout.addWidget(label(title, "head", wrap=True))
        self.text = QLineEdit(reason)
        self.text.setMaxLength(LONGEST_TEXT)
        self.text.setPlaceholderText(say(f"ui.why_{kind}.hint"))
        self.text.setAccessibleName(say("ui.reason.name"))
        self.text.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(say("ui.reason.common"))
        self.list.setObjectName("searchList")
        self.list.addItems([say(f"ui.why_{kind}.{code}") for code in COMMON[kind]])
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentTextChanged.connect(self._pick)
        self.list.itemClicked.connect(lambda item: self._pick(item.text()))
        self.list.itemDoubleClicked.connect(lambda _item: self.submit())
        layout.addWidget(self.list)
        layout.addWidget(self.text)
        self.missing = label(say("ui.reason.pick"), "attention", wrap=True)
        self.missing.hide()
        layout.addWidget(self.missing)
        self.text.textChanged.connect(lambda _t: self.missing.hide())
        line = row(4)
        self.without = button(say("ui.reason.without"), "link", tip=say(f"ui.why_{kind}.without_tip"))
        self.without.clicked.connect(lambda: self._take(""))
        self.without.setVisible(kind == "veto")
        self.cancel, self.apply = button(say("ui.edit.leave")), button(say(f"ui.why_{kind}.apply"), "primary")
        self.cancel.clicked.connect(self.close)
        self.apply.clicked.connect(self.submit)
        line.addWidget(self.without)
        line.addStretch(1)
        for made in (self.without, self.cancel, self.apply):
            made.setAutoDefault(False)
        line.addWidget(self.cancel)
        line.addWidget(self.apply)
        layout.addLayout(line)
        self._before = QApplication.focusWidget()
        self._done = False

    def open_at(self, at: QRect) -> None:
        """Show it below a place of its window, or above where there is no room, whole in any case."""
        host = self._host
        # Rows are as high as the style sheet says only once it has been put on.
        self.list.ensurePolished()
        self.list.doItemsLayout()
        self.list.setFixedHeight(self.list.sizeHintForRow(0) * self.list.count() + 2 * self.list.frameWidth() + 4)
        self.adjustSize()
        room = host.rect().adjusted(8, 8, -8, -8)
        left = min(max(at.right() - self.width(), room.left()), room.right() - self.width())
        below, above = at.bottom() + 4, at.top() - 4 - self.height()
        top = below if below + self.height() <= room.bottom() or above < room.top() else above
        self.move(QPoint(left, max(room.top(), min(top, room.bottom() - self.height()))))
        self.show()
        self.raise_()
        self.text.setFocus()
        self.text.selectAll()
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]

    def _pick(self, words: str) -> None:
        self.text.setText(words)

    def submit(self) -> None:
        """Enter: a veto without a reason must be said to be one."""
        why = self.text.text().strip()
        if self.kind == "veto" and not why:
            self.missing.show()
            self.adjustSize()
            self.text.setFocus()
        else:
            self._take(why)

    def _take(self, why: str) -> None:
        if not self._done:
            self._done = True
            self.taken.emit(why)
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        held = holds_keyboard(self)
        super().closeEvent(event)
        if held and self._before is not None:
            try:
                self._before.setFocus()
            except RuntimeError:
                # What had the keyboard is gone: the panel was built anew meanwhile.
                self._before = None
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Who clicks elsewhere, or makes the window smaller, has left it."""
        if (
            event.type() == QEvent.Type.MouseButtonPress
            and isinstance(watched, QWidget)
            and watched is not self
            and not self.isAncestorOf(watched)
            and watched.window() is self.window()
        ) or (event.type() == QEvent.Type.Resize and watched is self._host):
            self.close()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, focused = event.key(), self.focusWidget()
        if key == Qt.Key.Key_Escape:
            self.close()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if focused in (self.cancel, self.without):
                focused.click()
            else:
                self.submit()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and focused is self.text:
            self.list.setFocus()
            self.list.setCurrentRow(0 if key == Qt.Key.Key_Down else self.list.count() - 1)
        else:
            super().keyPressEvent(event)


def kept_of(plan: Plan, facility_id: str) -> tuple[dict[str, Any] | None, Kind | Literal[""]]:
    """The mark of a pin or a veto, and which it is; None where the program decides."""
    key = f"{plan.scenario}/{facility_id}"
    tables: tuple[tuple[str, Kind], ...] = (("vetoes", "veto"), ("pins", "pin"))
    for table, kind in tables:
        entry = plan.entries.get(table, key)
        if entry is not None:
            return entry, kind
    return None, ""


def kept_tip(look: Look, plan: Plan, facility_id: str) -> str:
    """Why a facility is always or never chosen, who said so and when; empty where the program decides."""
    entry, kind = kept_of(plan, facility_id)
    if entry is None:
        return ""
    mark = mark_of(entry)
    return look.say(f"ui.why_{kind}.told", why=why_text(look, mark), who=who_text(look, mark))


def ask_reason(
    look: Look, document: Document, kind: Kind, ids: Sequence[str], anchor: QWidget, at: QRect | None = None
) -> ReasonCard | None:
    """Ask why these facilities are never (always) chosen, and enter it with the reason.

    Parameters
    ----------
    anchor : widget that was clicked
    at : place in it; all of it unless given
    """
    plan = document.plan
    if plan is None or not ids:
        return None
    host = anchor.window()
    for old in host.findChildren(ReasonCard):
        old.close()
    names = plan.facilities.loc[plan.facilities["facility_id"] == ids[0], "name"]
    first = str(names.iloc[0]) if len(names) else ids[0]
    code = f"ui.why_{kind}.title" if len(ids) == 1 else f"ui.why_{kind}.title_many"
    table = "vetoes" if kind == "veto" else "pins"
    known = plan.entries.get(table, f"{plan.scenario}/{ids[0]}") if len(ids) == 1 else None
    card = ReasonCard(
        look, host, kind, look.say(code, name=first, more=len(ids) - 1), reason="" if known is None else known["why"]
    )
    change = document.veto if kind == "veto" else document.pin
    wanted = list(ids)
    card.taken.connect(lambda why: change(wanted, why))
    place = anchor.rect() if at is None else at
    card.open_at(QRect(anchor.mapTo(host, place.topLeft()), place.size()))
    return card
