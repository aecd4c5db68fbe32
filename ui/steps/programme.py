"""The programme in the panel of the half: how far it is, and the way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui import format as fmt
from ui.charts.stack import StackBar
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from ui.look import Look

_PARTS = {
    "done": ("ink", "full"), "contracted": ("ink", "hatch"), "planned": ("accent", "full"), "open": ("muted", "faint"),
}  # fmt: skip


class ProgrammeCard(QWidget):
    """What is done, contracted, planned and open."""

    programme_asked = Signal()
    map_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        say = look.say
        layout = column(self, margin=0, spacing=6)
        head = row(4)
        head.addWidget(label(say("ui.half.programme"), "head"), 1)
        self.open = button(say("ui.menu.programme"), "link")
        self.open.clicked.connect(self.programme_asked)
        head.addWidget(self.open)
        layout.addLayout(head)
        self.words = label("", "muted", wrap=True)
        layout.addWidget(self.words)
        self.bar = StackBar(look, say("ui.half.programme.bar"))
        layout.addWidget(self.bar)
        self.counts = label("", wrap=True)
        layout.addWidget(self.counts)
        self.on_map = button(say("ui.half.programme.on_map"), "link")
        self.on_map.clicked.connect(self.map_asked)
        layout.addWidget(self.on_map)

    def show_plan(self, plan: Plan) -> None:
        """The programme of a plan."""
        say, kept = self._look.say, plan.programme
        there = kept is not None and kept.proof is not None
        for widget in (self.bar, self.counts, self.on_map):
            widget.setVisible(there)
        if kept is None or kept.proof is None:
            self.words.setText(say("ui.half.programme.none" if kept is None else "ui.half.programme.nothing"))
            return
        last = kept.by_year().iloc[-1]
        self.words.setText(
            say(
                "ui.half.programme.sum", last=kept.years[-1], denominator=kept.denominator, sites=int(last["sites_total"]),
                share=fmt.percent(float(last["share"]), 1), kw=float(last["capacity_total_kw"]),
            )
        )  # fmt: skip
        rows = kept.tracker().to_dict("records")
        told = [(say(f"programme.status.{one['status']}"), int(one["sites"]), str(one["status"])) for one in rows]
        self.bar.show_parts([(words, number, *_PARTS[status]) for words, number, status in told])
        self.counts.setText(say("ui.list.dot").join(f"{words} {number:,}" for words, number, _ in told if number))
