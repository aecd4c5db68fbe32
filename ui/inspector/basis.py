"""The tab of the reasons: why chosen or not, each criterion with its value, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from kawasolar.choices import has_part
from kawasolar.provenance.words import number
from ui import format as fmt
from ui import icons
from ui.inspector.asked import asked_line, why_mark
from ui.inspector.gather import Site
from ui.inspector.ledger import LedgerSection
from ui.inspector.programme import ProgrammePart
from ui.inspector.remedy import RemedyPart
from ui.look import Look
from ui.parts import button, clear, column, label, row, rule
from ui.reasons import criterion_name, criterion_tip, limit_text, reason_text, value_text

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from ui.document import Document

OUTCOME_ICONS = {
    "pass": ("check-circle", "accent"),
    "fail": ("close-circle-outline", "muted"),
    "unknown": ("help-circle-outline", "attention"),
}
ASSUMPTIONS = (
    "plan.year",
    "pv.capacity",
    "module.power",
    "layout.racks",
    "layout.orientation",
    "pv.density_flat",
    "pv.density_panel",
    "pv.panel_ratio",
    "pv.rack_tilt",
    "pv.rack_azimuth",
    "pv.losses",
    "pv.pcs_efficiency",
    "co2.grid_factor",
)


class BasisTab(QWidget):
    """根拠.

    Signals
    -------
    why_asked : code of a figure
    person_asked : the person's name is to be changed
    assumptions_asked : the panel of the assumptions is wanted
    """

    why_asked = Signal(str)
    person_asked = Signal()
    assumptions_asked = Signal()

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look = look
        say = look.say
        layout = column(self)
        notice = QFrame()
        notice.setObjectName("notice")
        self.sentence = label("", wrap=True)
        inside = column(notice, margin=8)
        inside.addLayout(asked_line(look, self.sentence, say("ui.column.reason"), "status", self.why_asked.emit))
        self.remedy = RemedyPart(look)
        inside.addWidget(self.remedy)
        layout.addWidget(notice)
        self.programme = ProgrammePart(look, document)
        self.programme.why_asked.connect(self.why_asked)
        layout.addWidget(self.programme)
        layout.addWidget(label(say("ui.basis.criteria"), "head"))
        self._criteria = _grid()
        layout.addLayout(self._criteria)
        layout.addWidget(rule())
        self.ledger = LedgerSection(look, document)
        self.ledger.why_asked.connect(self.why_asked)
        self.ledger.person_asked.connect(self.person_asked)
        layout.addWidget(self.ledger)
        layout.addWidget(rule())
        head = row(4)
        head.addWidget(label(say("ui.basis.assumptions"), "head"), 1)
        self.change = button(say("ui.basis.change"), "link", tip=say("ui.basis.change_tip"))
        self.change.setAutoDefault(False)
        self.change.clicked.connect(self.assumptions_asked)
        head.addWidget(self.change)
        layout.addLayout(head)
        self._assumptions = _grid()
        layout.addLayout(self._assumptions)
        layout.addStretch(1)

    def show_site(self, plan: Plan, site: Site) -> None:
        """Show one facility."""
        look = self._look
        if site.decision is not None:
            self.sentence.setText(reason_text(look, str(site.decision["reason"]), site.decision["reason_values"]))
        self.remedy.show_site(plan, site)
        self.programme.show_site(plan, site.facility_id)
        self._show_criteria(plan, site)
        self.ledger.show_site(plan, site)
        self._show_assumptions(plan)

    def _show_criteria(self, plan: Plan, site: Site) -> None:
        clear(self._criteria)
        look, line = self._look, 0
        for outcome in site.outcomes.itertuples():
            criterion = plan.profile.criterion(str(outcome.criterion))
            name, role = OUTCOME_ICONS[str(outcome.outcome)]
            picture = QLabel()
            picture.setPixmap(icons.pixmap(name, str(getattr(look.tokens, role)), 16, 2.0))
            words = look.say(f"ui.outcome.{outcome.outcome}")
            picture.setToolTip(words)
            picture.setAccessibleName(words)
            self._criteria.addWidget(picture, line, 0)
            self._criteria.addWidget(label(criterion_name(look, criterion.key), wrap=True), line, 1)
            found = label(value_text(look, criterion.key, outcome.value, criterion.unit), wrap=True)
            found.setAlignment(Qt.AlignmentFlag.AlignRight)
            if outcome.outcome == "unknown":
                found.setProperty("role", "attention")
            found.setToolTip(criterion_tip(look, criterion, outcome.threshold))
            self._criteria.addWidget(found, line, 2)
            code = f"criterion.{criterion.key}"
            mark = why_mark(look, criterion_name(look, criterion.key), code, self.why_asked.emit)
            self._criteria.addWidget(mark, line, 3, Qt.AlignmentFlag.AlignTop)
            line += 1
            # What is asked for stands with its source: beside the name there is room for one value only.
            about = (limit_text(look, criterion, outcome.threshold), criterion.source(look.language))
            source = label(look.say("ui.list.dot").join(part for part in about if part), "muted", wrap=True)
            self._criteria.addWidget(source, line, 1, 1, 3)
            line += 1
        self._criteria.setColumnStretch(1, 1)
        self._criteria.setColumnStretch(2, 1)

    def _show_assumptions(self, plan: Plan) -> None:
        clear(self._assumptions)
        look, weather = self._look, plan.results.weather
        rows: list[tuple[str, str, str]] = [
            (
                look.say("ui.role.weather"),
                f"{weather.station} ({look.say(f'ui.weather.{weather.kind}')})",
                weather.source,
            ),
            (look.say("ui.basis.ghi"), f"{fmt.number(weather.ghi_kwh_m2)} kWh/m²", weather.source),
        ]
        for key in ASSUMPTIONS:
            if key in plan.profile.values and has_part(key, plan.profile):
                value = plan.profile.value(key)
                sure = look.say(f"ui.sure.{value.how_sure}")
                rows.append(
                    (
                        value.name(look.language),
                        number(look.language, value.value, value.unit),
                        f"{value.source(look.language)}\n{sure}",
                    )
                )
        for line, (name, value_words, source) in enumerate(rows):
            shown = _right(value_words)
            shown.setToolTip(source)
            named = label(name, "muted", wrap=True)
            named.setToolTip(source)
            self._assumptions.addWidget(named, line, 0)
            self._assumptions.addWidget(shown, line, 1)
        self._assumptions.setColumnStretch(0, 3)
        self._assumptions.setColumnStretch(1, 2)


def _grid() -> QGridLayout:
    made = QGridLayout()
    made.setHorizontalSpacing(8)
    made.setVerticalSpacing(4)
    return made


def _right(words: str) -> QLabel:
    """A value at the right edge; it wraps rather than being cut."""
    made = label(words, wrap=True)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    return made
