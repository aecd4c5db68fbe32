"""The card on which a background map is chosen: a file, a folder, or the network once a person has turned that on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSlider, QToolButton, QWidget

from ui.icons import icon
from ui.map.basemap_choice import LEAST_OPACITY, TONES, BasemapSettings
from ui.map.overlays import Card
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent

    from ui.look import Look

_WIDTH = 360


def _muted(*, wrap: bool = False) -> QLabel:
    """Words that stand back; a card has a property of its own for that."""
    made = label("", wrap=wrap)
    made.setProperty("muted", True)
    return made


class BasemapCard(Card):
    """Signals: what the person wants.

    Signals
    -------
    chosen : a choice as :class:`BasemapSettings` has it
    file_asked, folder_asked : another one
    removed : the chosen file off the list
    allowed : the network may be asked, or no longer
    credited : who made the map of the file
    dimmed : opacity 0…1
    terms_asked : the conditions of use
    toned : how it is shown in dark colours
    """

    # Narrower its words would be columns [px].
    LEAST = 280

    chosen = Signal(str)
    file_asked = Signal()
    folder_asked = Signal()
    removed = Signal()
    allowed = Signal(bool)
    credited = Signal(str)
    dimmed = Signal(float)
    toned = Signal(str)
    closed = Signal()
    terms_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedWidth(_WIDTH)
        self._title = label("", "head")
        self._close = QToolButton(self)
        self._close.setFixedSize(22, 22)
        self._close.clicked.connect(self.close_card)
        self.maps = QComboBox()
        self.maps.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.maps.activated.connect(lambda k: self.chosen.emit(str(self.maps.itemData(k) or "")))
        self.file, self.folder, self.remove = button("", "link"), button("", "link"), button("", "link")
        self.file.clicked.connect(self.file_asked)
        self.folder.clicked.connect(self.folder_asked)
        self.remove.clicked.connect(self.removed)
        self._about = _muted(wrap=True)
        self.allow, self.refuse = button("", "primary"), button("")
        self.terms = button("", "link")
        self.terms.clicked.connect(self.terms_asked)
        self.allow.clicked.connect(lambda: self.allowed.emit(True))
        self.refuse.clicked.connect(lambda: self.allowed.emit(False))
        self.trouble = label("", wrap=True)
        self._credit_name = label("")
        self.credit = QLineEdit()
        self.credit.setMaxLength(200)
        self.credit.editingFinished.connect(lambda: self.credited.emit(self.credit.text().strip()))
        self._strength = label("")
        self._share = _muted()
        self.strength = QSlider(Qt.Orientation.Horizontal)
        self.strength.setRange(round(100 * LEAST_OPACITY), 100)
        self.strength.setPageStep(10)
        self.strength.valueChanged.connect(self._on_strength)
        self._tone_name = label("")
        self.tone = QComboBox()
        self.tone.activated.connect(lambda k: self.toned.emit(TONES[k]))
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        layout = column(self, margin=12, spacing=8)
        head, links, answer, strong = row(), row(6), row(), row()
        head.addWidget(self._title, 1)
        head.addWidget(self._close)
        for link in (self.file, self.folder):
            links.addWidget(link)
        links.addStretch(1)
        # Of a file the one, of a map of the network the other.
        links.addWidget(self.remove)
        links.addWidget(self.terms)
        answer.addStretch(1)
        answer.addWidget(self.refuse)
        answer.addWidget(self.allow)
        strong.addWidget(self._strength, 1)
        strong.addWidget(self._share)
        layout.addLayout(head)
        layout.addWidget(self.maps)
        layout.addLayout(links)
        layout.addWidget(self.trouble)
        layout.addWidget(self._about)
        layout.addLayout(answer)
        layout.addWidget(self._credit_name)
        layout.addWidget(self.credit)
        layout.addLayout(strong)
        layout.addWidget(self.strength)
        layout.addWidget(self._tone_name)
        layout.addWidget(self.tone)

    def write(
        self, look: Look, settings: BasemapSettings, maps: Sequence[tuple[str, str]], choice: str, wish: str, host: str
    ) -> None:
        """All words and values.

        Parameters
        ----------
        maps : choices and their names
        choice : what is shown
        wish : what the person has picked and must first allow; else as ``choice``
        host : who is asked for it; empty where nobody is
        """
        say, tokens = look.say, look.tokens
        self.dress(tokens)
        self.trouble.setStyleSheet(f"color: {tokens.attention};")
        self._title.setText(say("map.basemap.title"))
        self._close.setIcon(icon("close", tokens.muted))
        self._close.setAccessibleName(say("map.basemap.close"))
        self._close.setToolTip(say("map.basemap.close"))
        self.setAccessibleName(say("map.basemap.title"))
        self.maps.setAccessibleName(say("map.basemap.title"))
        self.maps.clear()
        for data, name in maps:
            self.maps.addItem(name, data)
        self.maps.setCurrentIndex(max(self.maps.findData(wish), 0))
        self.maps.setToolTip(self.maps.currentText())
        for part, code in ((self.file, "file"), (self.folder, "folder"), (self.remove, "remove")):
            part.setText(say(f"map.basemap.{code}"))
        own, online = bool(wish) and not host, bool(host)
        self.remove.setVisible(own)
        self._about.setText(
            say("map.basemap.ask" if wish != choice else "map.basemap.asked", host=host) if online else ""
        )
        self._about.setVisible(online)
        self.terms.setText(say("map.basemap.terms"))
        self.terms.setVisible(online)
        self.allow.setText(say("map.basemap.allow"))
        self.allow.setVisible(online and wish != choice)
        self.refuse.setText(say("map.basemap.refuse" if wish != choice else "map.basemap.withdraw"))
        self.refuse.setVisible(online)
        self._credit_name.setText(say("map.basemap.credit"))
        self.credit.setAccessibleName(say("map.basemap.credit"))
        self.credit.setPlaceholderText(say("map.basemap.credit_hint"))
        self._credit_name.setVisible(own)
        self.credit.setVisible(own)
        self._write_looks(look, settings, dark=tokens.name == "dark")
        self._fit()

    def _write_looks(self, look: Look, settings: BasemapSettings, *, dark: bool) -> None:
        """How strong, and in dark colours how."""
        say = look.say
        self._strength.setText(say("map.basemap.strength"))
        self.strength.setAccessibleName(say("map.basemap.strength"))
        self.strength.blockSignals(True)
        self.strength.setValue(round(100 * settings.opacity))
        self.strength.blockSignals(False)
        self._share.setText(f"{self.strength.value()} %")
        self._tone_name.setText(say("map.basemap.tone"))
        self.tone.setAccessibleName(say("map.basemap.tone"))
        self.tone.clear()
        self.tone.addItems([say(f"map.basemap.tone.{tone}") for tone in TONES])
        self.tone.setCurrentIndex(TONES.index(settings.tone))
        self._tone_name.setVisible(dark)
        self.tone.setVisible(dark)

    def tell(self, words: str) -> None:
        """What is wrong with the chosen map; nothing where nothing is."""
        self.trouble.setText(words)
        self.trouble.setVisible(bool(words))
        self._fit()

    def show_credit(self, text: str) -> None:
        """The credit as it is shown now, to be written better."""
        if not self.credit.hasFocus():
            self.credit.setText(text)

    def _on_strength(self, value: int) -> None:
        self._share.setText(f"{value} %")
        self.dimmed.emit(value / 100.0)

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            layout.invalidate()
            layout.activate()
            words = layout.heightForWidth(self.width()) if layout.hasHeightForWidth() else 0
            self.setFixedHeight(max(words, layout.sizeHint().height()))

    def put(self, left: int, right: int, top: int) -> None:
        """Between two edges, at the right one; as wide as it likes to be, or as there is room."""
        wide = max(min(_WIDTH, right - left), self.LEAST)
        if wide != self.width():
            self.setFixedWidth(wide)
        self._fit()
        self.move(max(4, right - wide), top)

    def close_card(self) -> None:
        """Away with it; what was chosen stands."""
        self.hide()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # The map behind has keys of its own.
        event.accept()
        if event.key() == Qt.Key.Key_Escape:
            self.close_card()
