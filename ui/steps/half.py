"""The panel of the half: its figures, the few things to turn, and the effect of each at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QSlider,
    QSpinBox,
    QWidget,
)

from kawasolar.half import programme_of
from ui import format as fmt
from ui import icons
from ui.charts.stack import StackBar
from ui.document import Document
from ui.inspector.asked import AskedFigure, why_mark
from ui.look import Look
from ui.parts import button, column, label, row, rule
from ui.reasons import criterion_name, criterion_tip, direction_of, finding_text, unit_text
from ui.status import STATUS_ICONS, STATUSES
from ui.steps.programme import ProgrammeCard

if TYPE_CHECKING:
    from kawasolar.plan import Decision, Objective, Plan
    from kawasolar.profile import Criterion

OBJECTIVES: tuple[Objective, ...] = ("co2", "energy")
# Figures: name -> code under which they are explained.
FIGURES = {"chosen": "chosen", "kw": "capacity_kw", "kwh": "energy_kwh", "co2": "co2_t"}
_PARTS = {
    "chosen": ("accent", "full"),
    "eligible": ("accent", "open"),
    "unknown": ("attention", "hatch"),
    "ineligible": ("muted", "faint"),
}


# What the frame, the padding and the two small buttons of an editor take of its width.
EDITOR_ROOM = 32


def editor_width(spin: QDoubleSpinBox) -> int:
    """Width in which the editor shows its number, its sign and its unit whole."""
    return spin.fontMetrics().horizontalAdvance(spin.text()) + EDITOR_ROOM


class CriterionRow(QWidget):
    """One criterion: applied or not, its threshold, and how many facilities it takes away."""

    changed = Signal(str, bool, object)

    def __init__(self, look: Look, criterion: Criterion) -> None:
        super().__init__()
        self._look, self.key = look, criterion.key
        name = criterion_name(look, criterion.key)
        layout = row(4)
        self.setLayout(layout)
        self.check = QCheckBox()
        self.check.setAccessibleName(name)
        self.words = label(name, wrap=True)
        self.words.setBuddy(self.check)
        layout.addWidget(self.check)
        layout.addWidget(self.words, 1)
        self.spin: QDoubleSpinBox | None = None
        if criterion.threshold is not None:
            self.spin = self._threshold(criterion, name)
            layout.addWidget(self.spin)
        self.effect = label("", "effect")
        self.effect.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.effect.setFixedWidth(self.effect.fontMetrics().horizontalAdvance("(−00)") + 2)
        layout.addWidget(self.effect)
        self._criterion = criterion
        self.check.toggled.connect(self._tell)

    def _threshold(self, criterion: Criterion, name: str) -> QDoubleSpinBox:
        from kawasolar.value_rules import CRITERION_RULES

        spin = QDoubleSpinBox()
        unit = unit_text(self._look, criterion.unit)
        digits = 1 if criterion.unit == "m" else 0
        bounds = CRITERION_RULES[criterion.key][1] or (0.0, 1e6)
        spin.setDecimals(digits)
        spin.setRange(*bounds)
        spin.setSingleStep({"m": 0.5, "m²": 10, "kWh/m²": 50, "kW": 5}.get(criterion.unit, 1))
        direction = direction_of(criterion.key)
        spin.setPrefix(self._look.say(f"ui.half.{direction}.before"))
        spin.setSuffix(" " + self._look.say(f"ui.half.{direction}", unit=unit))
        spin.setGroupSeparatorShown(True)
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        spin.setKeyboardTracking(False)
        spin.setAccessibleName(self._look.say("ui.half.threshold", name=name, unit=unit))
        spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        spin.valueChanged.connect(self._tell)
        return spin

    def show_state(self, applied: bool, threshold: float | None, effect: int | None) -> None:
        """Show what is set, without telling anybody."""
        with QSignalBlocker(self.check):
            self.check.setChecked(applied)
        if self.spin is not None and threshold is not None:
            with QSignalBlocker(self.spin):
                self.spin.setValue(threshold)
            self.spin.setEnabled(applied)
        self.setToolTip(criterion_tip(self._look, self._criterion, threshold))
        words = "" if effect is None else "±0" if effect == 0 else f"−{abs(effect):,}"
        self.effect.setText(words if applied else f"({words})" if words and effect else "")
        self.effect.setToolTip(
            self._look.say("ui.half.effect_on" if applied else "ui.half.effect_off", number=abs(effect or 0))
        )

    def _tell(self) -> None:
        self.changed.emit(self.key, self.check.isChecked(), self.spin.value() if self.spin is not None else None)


class HalfPanel(QWidget):
    """半数選定."""

    show_asked = Signal(str)
    # Code of a figure of the whole plan.
    why_asked = Signal(str)

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        layout = column(self)
        self._intro = label("", "muted", wrap=True)
        layout.addWidget(self._intro)
        self._add_figures(layout)
        self._add_counts(layout)
        layout.addWidget(rule())
        self._add_share(layout)
        self._add_objective(layout)
        layout.addWidget(rule())
        self.programme = ProgrammeCard(look)
        layout.addWidget(self.programme)
        layout.addWidget(rule())
        self._add_criteria(layout)
        layout.addStretch(1)
        document.plan_changed.connect(self._rebuild)
        document.decision_changed.connect(self.refresh)
        self._rebuild()

    # ---------------------------------------------------------------- parts

    def _add_figures(self, layout: object) -> None:
        say = self._look.say
        self.figures = {
            name: AskedFigure(
                self._look,
                say(f"ui.half.figure.{name}"),
                code,
                self.why_asked.emit,
                role="display" if name == "chosen" else "figure",
            )
            for name, code in FIGURES.items()
        }
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(12)
        for k, figure in enumerate(self.figures.values()):
            grid.addWidget(figure, k // 2, k % 2, Qt.AlignmentFlag.AlignBottom)
        for side in (0, 1):
            grid.setColumnStretch(side, 1)
        layout.addLayout(grid)  # type: ignore[attr-defined]

    def _add_counts(self, layout: object) -> None:
        say = self._look.say
        self.bar = StackBar(self._look, say("ui.half.bar"))
        layout.addWidget(self.bar)  # type: ignore[attr-defined]
        grid = QGridLayout()
        grid.setSpacing(0)
        self.counts = {}
        tokens = self._look.tokens
        for k, status in enumerate(STATUSES):
            link = button("", "row", tip=say("ui.half.show_tip", status=say(f"ui.status.{status}")))
            name, colour = STATUS_ICONS[status]
            link.setIcon(icons.icon(name, str(getattr(tokens, colour))))
            link.clicked.connect(lambda _=False, status=status: self.show_asked.emit(status))
            if status in ("unknown", "ineligible"):
                # F1 asks why so many; the open ones among the eligible are no figure of their own.
                link.setProperty("why", status)
            self.counts[status] = link
            grid.addWidget(link, k // 2, k % 2)
        layout.addLayout(grid)  # type: ignore[attr-defined]

    def _add_share(self, layout: object) -> None:
        say = self._look.say
        head = row()
        name = label(say("ui.half.share"), "head")
        self.spin = QSpinBox()
        self.spin.setRange(0, 100)
        self.spin.setSuffix(" %")
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setFixedWidth(84)
        self.spin.setAccessibleName(say("ui.half.share"))
        self.spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        name.setBuddy(self.spin)
        head.addWidget(name)
        head.addWidget(why_mark(self._look, say("ui.half.share"), "share", self.why_asked.emit))
        head.addStretch(1)
        head.addWidget(self.spin)
        layout.addLayout(head)  # type: ignore[attr-defined]
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(5)
        self.slider.setAccessibleName(say("ui.half.share"))
        self.slider.valueChanged.connect(lambda value: self._document.set_share(value / 100))
        self.slider.sliderReleased.connect(self._document.end_merge)
        self.spin.valueChanged.connect(lambda value: self._document.set_share(value / 100))
        layout.addWidget(self.slider)  # type: ignore[attr-defined]
        self.sum_words = label("", "muted", wrap=True)
        layout.addWidget(self.sum_words)  # type: ignore[attr-defined]

    def _add_objective(self, layout: object) -> None:
        say = self._look.say
        head = row()
        name = label(say("ui.half.objective"), "head")
        self.objective = QComboBox()
        for objective in OBJECTIVES:
            self.objective.addItem(say(f"ui.objective.{objective}"), objective)
        self.objective.setAccessibleName(say("ui.half.objective"))
        self.objective.activated.connect(lambda k: self._document.set_objective(OBJECTIVES[k]))
        self.objective.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        name.setBuddy(self.objective)
        head.addWidget(name)
        head.addWidget(self.objective, 1)
        layout.addLayout(head)  # type: ignore[attr-defined]

    def _add_criteria(self, layout: object) -> None:
        say = self._look.say
        head = row()
        head.addWidget(label(say("ui.half.criteria"), "head"), 1)
        self.reset = button(say("ui.half.reset"), "link", tip=say("ui.half.reset_tip"))
        self.reset.clicked.connect(self._document.reset)
        head.addWidget(self.reset)
        layout.addLayout(head)  # type: ignore[attr-defined]
        self._box = QWidget()
        self._rows = column(self._box, margin=0, spacing=4)
        layout.addWidget(self._box)  # type: ignore[attr-defined]
        self.rows: dict[str, CriterionRow] = {}
        self.note = label("", "muted", wrap=True)
        layout.addWidget(self.note)  # type: ignore[attr-defined]

    # ---------------------------------------------------------------- state

    def _rebuild(self) -> None:
        for old in self.rows.values():
            self._rows.removeWidget(old)
            old.deleteLater()
        self.rows = {}
        plan = self._document.plan
        if plan is not None:
            for criterion in plan.profile.criteria:
                line = CriterionRow(self._look, criterion)
                line.changed.connect(
                    lambda key, applied, threshold: self._document.set_criterion(
                        key, applied, threshold, merge=f"threshold.{key}"
                    )
                )
                self.rows[criterion.key] = line
                self._rows.addWidget(line)
        self.refresh()

    def refresh(self) -> None:
        """Show the decision as it stands."""
        plan = self._document.plan
        if plan is None:
            return
        from kawasolar.figures import figures

        say, settings, found = self._look.say, plan.settings, figures(plan)
        self._intro.setText(say("ui.half.intro", name=plan.profile.name(self._look.language)))
        chosen, eligible = int(str(found["chosen"])), int(str(found["eligible"]))
        self.figures["chosen"].show_value(f"{chosen:,}", say("ui.half.of", eligible=f"{eligible:,}"))
        self.figures["kw"].show_value(*fmt.power(found["capacity_kw"]))
        self.figures["kwh"].show_value(*fmt.energy(found["energy_kwh"]))
        self.figures["co2"].show_value(fmt.mass(found["co2_t"]), "t-CO₂")
        self._show_counts()
        self.programme.show_plan(plan)
        for widget in (self.slider, self.spin):
            with QSignalBlocker(widget):
                widget.setValue(round(settings.share * 100))
        with QSignalBlocker(self.objective):
            self.objective.setCurrentIndex(OBJECTIVES.index(settings.objective))
        self.sum_words.setText(self._sum(plan, chosen, eligible))
        self._show_criteria()
        self._align_editors()

    def _sum(self, plan: Plan, chosen: int, eligible: int) -> str:
        """How many are chosen, and by what."""
        say, share = self._look.say, f"{plan.settings.share * 100:.0f}"
        kept = programme_of(plan)
        if kept is not None:
            first, last = kept.years[0], kept.years[-1]
            return say("ui.half.sum_programme", first=first, last=last, chosen=f"{chosen:,}", number=f"{kept.number:,}")
        told = say("ui.half.sum", eligible=f"{eligible:,}", share=share, chosen=f"{chosen:,}")
        waits = plan.programme is not None and plan.programme.outcome == "programme"
        return "\n".join([told, say("ui.half.sum_waits")] if waits else [told])

    def _align_editors(self) -> None:
        """All thresholds as wide as the widest of them, so that they stand in a column."""
        editors = [line.spin for line in self.rows.values() if line.spin is not None]
        widest = max((editor_width(spin) for spin in editors), default=0)
        for spin in editors:
            spin.setFixedWidth(widest)

    def _show_counts(self) -> None:
        decision = self._document.decision
        if decision is None:
            return
        say, sites = self._look.say, decision.sites
        chosen = sites["chosen"].to_numpy(dtype=bool)
        numbers = {"chosen": int(chosen.sum())}
        for status in STATUSES[1:]:
            numbers[status] = int(((sites["status"] == status).to_numpy(dtype=bool) & ~chosen).sum())
        self.bar.show_parts([(say(f"ui.status.{s}"), numbers[s], *_PARTS[s]) for s in STATUSES])
        for status, link in self.counts.items():
            link.setText(f"{say(f'ui.status.{status}')}  {numbers[status]:,}")

    def _show_criteria(self) -> None:
        document, decision = self._document, self._document.decision
        if decision is None:
            return
        effects = document.effects()
        for key, line in self.rows.items():
            applied, threshold = document.criterion(key)
            line.show_state(applied, threshold, effects.get(key))
            line.words.setEnabled(key not in decision.not_applied)
        say = self._look.say
        notes = [say("ui.half.unknown_note")]
        if decision.not_applied:
            names = say("ui.list.comma").join(criterion_name(self._look, key) for key in decision.not_applied)
            notes.append(say("ui.half.not_applied", names=names))
        notes.extend(self._misfits(decision))
        self.note.setText("\n".join(notes))

    def _misfits(self, decision: Decision) -> list[str]:
        """Pins and vetoes that do not fit what is eligible or the number to choose."""
        from kawasolar.decide import decision_findings

        settings = self._document.settings
        if settings is None or not (settings.pins or settings.vetoes):
            return []
        found = decision_findings(decision, settings)
        return [finding_text(self._look, one) for one in found if not one.code.startswith("decision.not_applied")]
