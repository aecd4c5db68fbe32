"""What would make a facility eligible that fails: the cheapest works with their cost, the year of planned ones, and the way to the whole table."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ui.parts import button, column, label

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from ui.inspector.gather import Site
    from ui.look import Look


class RemedyPart(QWidget):
    """Shown where a facility is not eligible.

    Signals
    -------
    eligibility_asked : id of the facility whose row of the whole table is wanted
    """

    eligibility_asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._facility = ""
        # What the sentence was told from: turning the share asks again for the same.
        self._told: tuple[list[weakref.ref[Any]], tuple[object, ...]] = ([], ())
        layout = column(self, margin=0, spacing=4)
        self.sentence = label("", wrap=True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(self.sentence)
        self.open = button(look.say("ui.site_remedy.show"), "link", tip=look.say("ui.site_remedy.show_tip"))
        self.open.setAutoDefault(False)
        self.open.clicked.connect(lambda: self.eligibility_asked.emit(self._facility))
        layout.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def show_site(self, plan: Plan, site: Site) -> None:
        """Show one facility; some hundredths of a second where it fails."""
        from kawasolar.remedies.of_plan import remedy_of
        from kawasolar.remedies.words import remedy_sentence

        same = (plan.facilities, plan.results, plan.profile, plan.registers)
        equal = (site.facility_id, plan.settings.criteria, plan.entries.table("aliases"))
        known, before = self._told
        if before == equal and all(one() is now for one, now in zip(known, same, strict=True)):
            return
        self._told = [weakref.ref(one) for one in same], equal
        failed = site.decision is not None and str(site.decision["status"]) == "ineligible"
        row = remedy_of(plan, site.facility_id) if failed else None
        self._facility = site.facility_id
        self.sentence.setText("" if row is None else remedy_sentence(self._look.language, row))
        self.setVisible(row is not None)
