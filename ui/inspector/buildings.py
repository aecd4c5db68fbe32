"""Below the buildings of a facility: who named them by hand, what is stale, and the way to name others."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from kawasolar.document.views import mark_of
from kawasolar.join.evidence import read_evidence
from kawasolar.join.settling import shared_of
from kawasolar.join.told import reason_text
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
        self.why = label("", "muted", wrap=True)
        self.shared = label("", "muted", wrap=True)
        for part in (self.stale, self.by_hand, self.why, self.shared, self.missing):
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
        _set(self.why, self._why_words(site))
        _set(self.shared, self._shared_words(plan, site))
        entry = plan.entries.get("joins", site.facility_id)
        _set(self.by_hand, "" if entry is None else self._hand_words(entry))
        gone = [] if entry is None else [name for name in entry["building_ids"] if name not in mine]
        _set(self.missing, say("ui.join.missing", ids=say("ui.list.dot").join(gone[:_MOST])) if gone else "")

    def _why_words(self, site: Site) -> str:
        """How sure the least sure of its buildings is, and why."""
        if not len(site.links) or "evidence" not in site.links:
            return ""
        row = site.links.sort_values("score").iloc[0]
        why = read_evidence(row["evidence"]).why
        words = self._look.say("list.separator").join(reason_text(self._look.language, reason) for reason in why)
        return self._look.say("ui.join.why", score=f"{row['score']:.2f}", words=words) if words else ""

    def _shared_words(self, plan: Plan, site: Site) -> str:
        """In whose building it is, or who is in its own."""
        from ui.map.entering import facility_name

        say = self._look.say
        if not len(site.links):
            building, owner = shared_of(plan.results.links).get(site.facility_id, ("", ""))
            return say("ui.join.shared", building=building, name=facility_name(plan, owner)) if owner else ""
        texts = site.links["evidence"].tolist() if "evidence" in site.links else []
        others = dict.fromkeys(each.facility_id for text in texts for each in read_evidence(text).others)
        names = say("ui.list.dot").join(facility_name(plan, name) for name in list(others)[:_MOST])
        return say("ui.review.others", names=names) if names else ""

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
