"""Something that a plan is asked for besides, as a card of a panel: what it comes to, the way to it, and away with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from kawasolar.answers import options_asked
from kawasolar.reasons import finding_sentence
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.plan import AnswerKind, Plan
    from ui.look import Look


class AnswerCard(QWidget):
    """A kind of answer of the plan; ``on_map`` is the code of what shows it on the map, empty for nothing.

    Signals
    -------
    open_asked : its dialog is to be opened
    leave_asked : the plan is to be asked for it no longer
    map_asked : the map is to show it
    """

    open_asked = Signal()
    leave_asked = Signal()
    map_asked = Signal()

    def __init__(self, look: Look, kind: AnswerKind, *charts: QWidget, on_map: str = "") -> None:
        super().__init__()
        self._look, self._kind, self._charts, self._on_map = look, kind, charts, on_map
        say = look.say
        layout = column(self, margin=0, spacing=6)
        head = row(4)
        head.addWidget(label(say(f"stages.{kind}"), "head", wrap=True), 1)
        self.open = button(say("ui.answers.open"), "link", tip=say(f"ui.menu.{kind}"))
        self.open.setAccessibleName(say(f"ui.menu.{kind}"))
        self.open.clicked.connect(self.open_asked)
        head.addWidget(self.open)
        layout.addLayout(head)
        self.words = label("", wrap=True)
        self.attention = label("", "attention", wrap=True)
        self.about = label("", "muted", wrap=True)
        layout.addWidget(self.words)
        layout.addWidget(self.attention)
        for chart in charts:
            layout.addWidget(chart)
        layout.addWidget(self.about)
        foot = row(4)
        self.map = button(say(on_map) if on_map else "", "link")
        self.map.clicked.connect(self.map_asked)
        self.leave = button(say("ui.answers.leave"), "link", tip=say("ui.answers.leave.tip"))
        self.leave.clicked.connect(self.leave_asked)
        foot.addWidget(self.map)
        foot.addStretch(1)
        foot.addWidget(self.leave)
        layout.addLayout(foot)

    def show_plan(
        self, plan: Plan, words: Sequence[str], attention: Sequence[str] = (), about: Sequence[str] = ()
    ) -> None:
        """What the plan keeps of it, in sentences; without any, that it keeps nothing, and what to do."""
        say, asked = self._look.say, options_asked(plan.entries, plan.scenario, self._kind) is not None
        there = self._kind in plan.answers
        told = [
            finding_sentence(self._look.language, one) for one in plan.findings if one.code.startswith(f"{self._kind}.")
        ]
        self.words.setText(
            "\n".join(words) if there else say("ui.answers.waits" if asked else f"ui.answers.none.{self._kind}")
        )
        self.words.setProperty("role", "" if there else "muted")
        self.attention.setText("\n".join([*attention, *told]) if asked else "")
        self.about.setText("\n".join(about) if there else "")
        for widget, shown in (
            (self.attention, bool(self.attention.text())),
            (self.about, bool(self.about.text())),
            *((chart, there) for chart in self._charts),
        ):
            widget.setVisible(shown)
        self.map.setVisible(there and bool(self._on_map))
        self.leave.setVisible(asked)


def what_is_shown(plan: Plan, kinds: Sequence[AnswerKind]) -> tuple[object, ...]:
    """Equal where a card would show the same: a slider that is drawn asks at each step."""
    asked = (options_asked(plan.entries, plan.scenario, kind) for kind in kinds)
    return (*asked, *(plan.answers.get(kind) for kind in kinds), plan.findings)


def titled(words: str, chart: QWidget) -> QWidget:
    """A chart below its heading."""
    holder = QWidget()
    inside = column(holder, margin=0, spacing=2)
    inside.addWidget(label(words, "head", wrap=True))
    inside.addWidget(chart)
    return holder
