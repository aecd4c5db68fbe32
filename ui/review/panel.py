"""The panel of the review: how far it is, the queue, and the facility that is looked at with its reasons and candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QSizePolicy, QWidget

from kawasolar.join.evidence import AGAINST
from kawasolar.join.review import MOST
from kawasolar.join.told import how_text, reason_text
from ui import format as fmt
from ui.parts import Elided, button, chips, column, label, row, rule, set_role
from ui.review.queue import SHOWN
from ui.review.rows import ReviewList

if TYPE_CHECKING:
    from kawasolar.join.review import Candidate, Item
    from ui.look import Look
    from ui.review.desk import ReviewDesk

_BUTTONS = (("confirm", "primary"), ("none", "chip"), ("later", "chip"), ("undo", "chip"))


class CandidateRow(QWidget):
    """One outline with its number; a click takes it."""

    chosen = Signal(int)

    def __init__(self, look: Look, number: int) -> None:
        super().__init__()
        self._look, self.number = look, number
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        layout = row(8)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        self.key = label(str(number), "badge")
        self.key.setFixedWidth(22)
        self.key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words = Elided("", mode=Qt.TextElideMode.ElideRight)
        self.figures = label("", "muted")
        layout.addWidget(self.key)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.figures)

    def show_candidate(self, candidate: Candidate, owner: str, *, mine: bool) -> None:
        """Whose it is, how far away and how large."""
        say = self._look.say
        whose = say("ui.review.linked") if mine else say("ui.review.owned", name=owner) if owner else ""
        self.words.setText(say("ui.list.dot").join(part for part in (candidate.building_id, whose) if part))
        self.words.setToolTip(self.words.text())
        away = fmt.number(candidate.distance_m, 0)
        self.figures.setText(say("ui.review.figures", distance=away, area=fmt.number(candidate.area_m2, 0)))
        set_role(self.words, "accent" if mine else "attention" if owner else "")
        self.setAccessibleName(
            say("ui.review.candidate", number=self.number, words=self.words.text(), figures=self.figures.text())
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.number)


class ReviewPanel(QWidget):
    """結合の確認."""

    def __init__(self, look: Look, desk: ReviewDesk) -> None:
        super().__init__()
        self._look, self._desk, say = look, desk, look.say
        layout = column(self, spacing=6)
        self.counts = label("", "head")
        self.doubtful = label("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName(say("ui.review.progress"))
        layout.addWidget(self.counts)
        layout.addWidget(self.bar)
        layout.addWidget(self.doubtful)
        line = row(4)
        self.filter = chips(self, line, [say(f"ui.review.shown.{name}") for name in SHOWN])
        self.filter.button(SHOWN.index(desk.queue.shown)).setChecked(True)
        self.filter.idClicked.connect(self._show_only)
        line.addStretch(1)
        layout.addLayout(line)
        self.search = QLineEdit()
        self.search.setPlaceholderText(say("ui.review.search"))
        self.search.setAccessibleName(say("ui.review.search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(desk.queue.search)
        self.search.installEventFilter(self)
        layout.addWidget(self.search)
        self.list = ReviewList(look, desk.queue, desk.press)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.list.row_chosen.connect(desk.queue.go_to)
        layout.addWidget(self.list, 1)
        self.empty = label("", "muted", wrap=True)
        layout.addWidget(self.empty)
        layout.addLayout(self._make_buttons())
        layout.addWidget(rule())
        self._build_details()
        layout.addWidget(self.details)
        desk.shown.connect(self.refresh)
        desk.queue.listed.connect(self.refresh)
        desk.search_asked.connect(self.ask_search)
        desk.told.connect(self._tell)
        self.refresh()

    def _make_buttons(self) -> QHBoxLayout:
        """What is done most, each with its key; the keyboard stays in the list."""
        say, line = self._look.say, row(2)
        self.buttons = {}
        for name, role in _BUTTONS:
            made = button(say(f"ui.review.do.{name}"), role, tip=say(f"ui.review.do.{name}_tip"))
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            made.setAccessibleName(made.toolTip())
            made.clicked.connect(lambda _=False, name=name: self._desk.act(name))
            line.addWidget(made, 1 if role == "primary" else 0)
            self.buttons[name] = made
        return line

    def _build_details(self) -> None:
        say = self._look.say
        self.details = QWidget()
        layout = column(self.details, margin=0, spacing=4)
        self.name = Elided("", "head")
        self.about = Elided("", "muted", Qt.TextElideMode.ElideRight)
        self.link = label("", wrap=True)
        self.good = label("", "muted", wrap=True)
        self.bad = label("", "attention", wrap=True)
        for part in (self.name, self.about, self.link, self.good, self.bad):
            layout.addWidget(part)
        self.near = label("", "muted", wrap=True)
        layout.addWidget(self.near)
        self.candidates = [CandidateRow(self._look, number) for number in range(1, MOST + 1)]
        for made in self.candidates:
            made.chosen.connect(self._desk.choose)
            layout.addWidget(made)
        self.keys = label(say("ui.review.keys"), "muted", wrap=True)
        layout.addWidget(self.keys)

    # ---------------------------------------------------------------- what is shown

    def refresh(self) -> None:
        """Show the facility that is looked at."""
        desk, say = self._desk, self._look.say
        self._count()
        item = desk.queue.item_now
        self.empty.setVisible(not desk.queue.rows)
        self.empty.setText(
            "" if desk.queue.rows else say("ui.review.empty_search" if self.search.text() else "ui.review.empty")
        )
        self.details.setVisible(item is not None)
        if item is None:
            return
        for shown, words in ((self.name, item.name), (self.about, self._about(item))):
            shown.setText(words)
            shown.setToolTip(words)
        self.link.setText(self._link_words(item))
        self._show_reasons(item)
        owners = [desk.facility_name(each.owner) if each.owner else "" for each in desk.candidates]
        mine = set(item.buildings)
        for place, made in enumerate(self.candidates):
            made.setVisible(place < len(desk.candidates))
            if place < len(desk.candidates):
                candidate = desk.candidates[place]
                own = candidate.building_id in mine
                made.show_candidate(candidate, owners[place] if candidate.owner != item.facility_id else "", mine=own)
        code = "ui.review.beside" if desk.beside else "ui.review.near" if desk.candidates else "ui.review.nowhere"
        self.near.setText(say(code))
        set_role(self.near, "attention" if desk.beside else "muted")

    def _count(self) -> None:
        told, say = self._desk.queue.tally(), self._look.say
        self.counts.setText(say("ui.review.counts", done=f"{told.done:,}", total=f"{told.total:,}"))
        left = say("ui.review.left", doubtful=f"{told.doubtful:,}", score=f"{self._desk.queue.doubtful:.2f}")
        later = say("ui.review.put_off", later=f"{told.later:,}") if told.later else ""
        self.doubtful.setText(say("ui.list.dot").join(part for part in (left, later) if part))
        # Left to itself a bar that moves has the whole window painted at once, in the middle of a key.
        self.bar.setUpdatesEnabled(False)
        self.bar.setRange(0, max(told.total, 1))
        self.bar.setValue(told.done)
        self.bar.setUpdatesEnabled(True)

    def _about(self, item: Item) -> str:
        say = self._look.say
        kind = self._look.say_or(f"kind.{item.kind}", item.kind) if item.kind else ""
        exact = say(f"join.exact.{item.exact}") if item.exact else ""
        parts = (item.facility_id, kind, item.address, exact)
        return say("ui.list.dot").join(part for part in parts if part)

    def _link_words(self, item: Item) -> str:
        say, language = self._look.say, self._look.language
        state = say(f"join.state.{item.state}")
        if not item.links:
            if item.shared is not None:
                name = self._desk.facility_name(item.shared[1])
                return say("ui.review.is_shared", building=item.shared[0], name=name, state=state)
            return say("ui.review.is_none", state=state)
        buildings = say("list.separator").join(link.building_id for link in item.links[:MOST])
        if len(item.links) > MOST:
            buildings += " …"
        how = say("list.separator").join(dict.fromkeys(how_text(language, link.how) for link in item.links))
        return say("ui.review.is_linked", buildings=buildings, how=how, score=f"{item.score:.2f}", state=state)

    def _show_reasons(self, item: Item) -> None:
        language, say = self._look.language, self._look.say
        least = min(item.links, key=lambda link: link.score, default=None)
        why = least.why if least is not None else ()
        good = [reason_text(language, reason) for reason in why if reason.code not in AGAINST]
        bad = [reason_text(language, reason) for reason in why if reason.code in AGAINST]
        others = [each.facility_id for link in item.links for each in link.others]
        if others:
            names = say("list.separator").join(dict.fromkeys(self._desk.facility_name(name) for name in others[:MOST]))
            good.append(say("ui.review.others", names=names))
        for shown, code, words in ((self.good, "ui.review.good", good), (self.bad, "ui.review.bad", bad)):
            shown.setVisible(bool(words))
            shown.setText(say(code, words=say("list.separator").join(words)) if words else "")

    def _tell(self, code: str, values: object) -> None:
        self.empty.setText(self._look.say(code, **(values if isinstance(values, dict) else {})))
        self.empty.show()

    # ---------------------------------------------------------------- filter and search

    def _show_only(self, place: int) -> None:
        self._desk.queue.show_only(SHOWN[place])
        self.list.setFocus()

    def ask_search(self) -> None:
        """The cursor into the search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the search back into the list: Enter with what was found, Escape with everything."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
                rows = self._desk.queue.rows
                if rows and self._desk.queue.current not in rows:
                    self._desk.queue.go_to(rows[0])
                self.list.setFocus()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.search.clear()
                self.list.setFocus()
                return True
        return super().eventFilter(watched, event)
