"""Below the buildings of a facility: who named them by hand, what is stale, and the way to name others."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from kawasolar.document.views import mark_of
from ui.look import Look
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from ui.inspector.gather import Site

# More buildings than this are a list that nobody reads.
_MOST = 20


class BuildingsPart(QWidget):
    """Who named the buildings of one facility, when and why."""

    pick_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        layout = column(self, margin=0, spacing=4)
        self.stale = label("", "attention", wrap=True)
        self.by_hand = label("", "accent", wrap=True)
        self.missing = label("", "attention", wrap=True)
        for part in (self.stale, self.by_hand, self.missing):
            layout.addWidget(part)
        below = row(0)
        self.pick = button(look.say("ui.menu.pick_buildings"))
        self.pick.setIcon(look.icon("link-variant"))
        self.pick.clicked.connect(self.pick_asked)
        below.addWidget(self.pick)
        below.addStretch(1)
        layout.addLayout(below)

    def show_site(self, plan: Plan, site: Site) -> None:
        """Show one facility."""
        from ui.map.keepouts import stale_buildings, yield_is_stale

        say = self._look.say
        mine = set(site.links["building_id"].dropna())
        stale = len(mine & stale_buildings(plan))
        behind = say("ui.tool.stale_yield") if yield_is_stale(plan, site.facility_id) else ""
        _set(self.stale, say("ui.tool.stale", count=stale) if stale else behind)
        entry = plan.entries.get("joins", site.facility_id)
        _set(self.by_hand, "" if entry is None else self._hand_words(entry))
        gone = [] if entry is None else [name for name in entry["building_ids"] if name not in mine]
        _set(self.missing, say("ui.join.missing", ids=say("ui.list.dot").join(gone[:_MOST])) if gone else "")

    def _hand_words(self, entry: dict[str, Any]) -> str:
        mark = mark_of(entry)
        try:
            when = datetime.fromisoformat(mark.when).astimezone().strftime("%Y-%m-%d %H:%M")
        except ValueError:
            when = mark.when
        code = "ui.join.by_hand_why" if mark.why else "ui.join.by_hand"
        return self._look.say(code, who=mark.who, when=when, why=mark.why)


def _set(shown: QLabel, words: str) -> None:
    shown.setText(words)
    shown.setVisible(bool(words))
