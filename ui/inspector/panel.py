"""The inspector at the right: what is selected, its headline figures, and the tabs."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QStackedLayout, QTabWidget, QWidget

from kawasolar.document.views import mark_of
from ui import format as fmt
from ui import icons
from ui.assumptions.marks import who_text, why_text
from ui.document import Document
from ui.inspector.asked import AskedFigure, why_mark
from ui.inspector.basis import BasisTab
from ui.inspector.gather import Site, site_of
from ui.inspector.overview import Overview
from ui.inspector.power import PowerTab
from ui.inspector.reasons import Kind, ask_reason, kept_of
from ui.inspector.tabs import RoofTab, SunTab
from ui.look import Look
from ui.parts import button, column, label, row, scrolled, tool, two_by_two
from ui.status import STATUS_ICONS

# Headline figures: name -> code under which they are explained.
FIGURES = {"kw": "capacity_kw", "kwh": "energy_kwh", "irradiation": "irradiation_kwh_m2", "co2": "co2_t"}

# Place of the tab that has the ledger.
_BASIS = 3


class Inspector(QWidget):
    """The dock's body."""

    zoom_asked = Signal(str)
    # Code of a figure (:func:`kawasolar.provenance.figures_of`) of the selected facility, or of the plan where none is.
    why_asked = Signal(str)
    person_asked = Signal()
    assumptions_asked = Signal()

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        self.setObjectName("dockBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(1, 0, 1, 1)
        self.overview = Overview(look)
        self._stack.addWidget(scrolled(self.overview, look.say("ui.dock.overview")))
        self._full = QWidget()
        self._stack.addWidget(self._full)
        layout = column(self._full, margin=0, spacing=0)
        layout.addWidget(self._head())
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(look.say("ui.inspector.tabs"))
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setExpanding(True)
        self.tabs.tabBar().setAccessibleName(look.say("ui.inspector.tabs"))
        self.sun, self.roof, self.power = SunTab(look), RoofTab(look), PowerTab(look, document)
        self.basis = BasisTab(look, document)
        for name, tab in (("sun", self.sun), ("roof", self.roof), ("power", self.power), ("basis", self.basis)):
            words = look.say(f"ui.tab.{name}")
            self.tabs.addTab(scrolled(tab, words), words)
        for part in (self.overview, self.sun, self.roof, self.power, self.basis):
            part.why_asked.connect(self.why_asked)
        self.basis.person_asked.connect(self.person_asked)
        self.basis.assumptions_asked.connect(self.assumptions_asked)
        self.tabs.currentChanged.connect(lambda _k: self._show_tab())
        layout.addWidget(self.tabs, 1)
        self._site: Site | None = None
        self._kept_kind: Kind = "veto"
        self._fresh: set[int] = set()
        document.selection_changed.connect(self._on_selection)
        document.plan_changed.connect(self.refresh)
        document.decision_changed.connect(self.refresh)
        self.refresh()

    def _head(self) -> QWidget:
        made = QWidget()
        layout = column(made, spacing=4)
        self.name = label("", "title", wrap=True)
        layout.addWidget(self.name)
        say = self._look.say
        self.pin = tool(self._look, "pin-outline", say("ui.menu.pin"), role="muted")
        self.veto = tool(self._look, "cancel", say("ui.menu.veto"), role="muted")
        self.zoom = tool(self._look, "image-filter-center-focus", say("ui.menu.zoom"), role="muted")
        for made_button in (self.pin, self.veto):
            made_button.setCheckable(True)
        self.pin.clicked.connect(lambda on: self._turn(self._document.pin if on else self._document.release))
        self.veto.clicked.connect(lambda on: self.ask("veto") if on else self._turn(self._document.release))
        self.back = tool(self._look, "close", say("ui.inspector.back"), role="muted")
        self.back.clicked.connect(lambda: self._document.select(None))
        self.zoom.clicked.connect(lambda: self.zoom_asked.emit(self._document.selected or ""))
        self._about = label("", "muted", wrap=True)
        layout.addWidget(self._about)
        state = row(6)
        self._state_icon = QLabel()
        # In a narrow panel it wraps: half a rank would be another rank.
        self.state = label("", "head", wrap=True)
        state.addWidget(self._state_icon)
        state.addWidget(self.state, 1)
        state.addWidget(why_mark(self._look, say("ui.column.status"), "chosen", self.why_asked.emit))
        for made_button in (self.pin, self.veto, self.zoom, self.back):
            state.addWidget(made_button)
        layout.addLayout(state)
        self._kept = QWidget()
        kept = row(4)
        self._kept.setLayout(kept)
        self.kept = label("", "muted", wrap=True)
        self.kept_change = button("", "link")
        self.kept_change.setAutoDefault(False)
        self.kept_change.clicked.connect(lambda: self.ask(self._kept_kind))
        kept.addWidget(self.kept, 1)
        kept.addWidget(self.kept_change, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._kept)
        self.figures = {
            name: AskedFigure(self._look, say(f"ui.inspector.figure.{name}"), code, self.why_asked.emit)
            for name, code in FIGURES.items()
        }
        layout.addLayout(two_by_two(self.figures.values()))
        return made

    def correct(self, name: str) -> None:
        """Open the correction of a value of the ledger."""
        if self._document.selected is not None:
            self.tabs.setCurrentIndex(_BASIS)
            self.basis.ledger.open_column(name)

    def ask(self, kind: Kind) -> None:
        """Ask for the reason of a veto or a pin of the selected facility."""
        if self._document.selected is None:
            return
        anchor = self.veto if kind == "veto" else self.pin
        # Pressed it is when the reason is given.
        anchor.setChecked(self._kept_now(kind))
        card = ask_reason(self._look, self._document, kind, [self._document.selected], anchor)
        if card is not None:
            # A button that was pressed stands as the decision does, also where the card was left.
            card.closed.connect(self.refresh)

    def _kept_now(self, kind: Kind) -> bool:
        settings, selected = self._document.settings, self._document.selected
        return settings is not None and selected in (settings.vetoes if kind == "veto" else settings.pins)

    def _turn(self, change: object) -> None:
        if self._document.selected is not None:
            change([self._document.selected])  # type: ignore[operator]
            self.refresh()

    def _on_selection(self, _facility_id: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show what is selected."""
        plan, selected = self._document.plan, self._document.selected
        if plan is None or selected is None:
            self._site = None
            self._stack.setCurrentIndex(0)
            if plan is not None:
                self.overview.show_plan(plan)
            return
        site = self._site = site_of(plan, selected)
        self._stack.setCurrentIndex(1)
        self._show_head(site)
        self._fresh.clear()
        self._show_tab()

    def _show_head(self, site: Site) -> None:
        look, ledger = self._look, site.ledger
        say = look.say
        self.name.setText(str(ledger["name"]))
        kind = ledger.get("kind")
        year: Any = ledger.get("built_year")
        parts = [
            "" if fmt.is_missing(kind) else look.say_or(f"kind.{kind}", str(kind)),
            "" if fmt.is_missing(year) else say("ui.inspector.built", year=int(float(year))),
            ""
            if fmt.is_missing(ledger.get("structure"))
            else look.say_or(f"structure.{ledger['structure']}", str(ledger["structure"])),
            say("ui.inspector.shelter")
            if ledger.get("shelter") is True or str(ledger.get("shelter")) == "True"
            else "",
        ]
        address = ledger.get("address")
        lines = [
            say("ui.list.dot").join(part for part in parts if part),
            "" if fmt.is_missing(address) else str(address),
        ]
        self._about.setText("\n".join(line for line in lines if line))
        self._show_state(site)
        found = site.yields
        self.figures["kw"].show_value(*fmt.power(None if found is None else found["capacity_kw"]))
        self.figures["kwh"].show_value(*fmt.energy(None if found is None else found["energy_kwh"]))
        self.figures["irradiation"].show_value(
            fmt.number(None if found is None else found["irradiation_kwh_m2"]), "kWh/m²"
        )
        self.figures["co2"].show_value(fmt.mass(None if found is None else found["co2_t"]), "t-CO₂")

    def _show_state(self, site: Site) -> None:
        settings = self._document.settings
        if site.decision is None or settings is None:
            return
        status = "chosen" if bool(site.decision["chosen"]) else str(site.decision["status"])
        name, role = STATUS_ICONS[status]
        self._state_icon.setPixmap(icons.pixmap(name, str(getattr(self._look.tokens, role)), 18, 2.0))
        words = self._look.say(f"ui.status.{status}")
        rank = site.decision["rank"]
        # What stands was not chosen for its rank.
        if not fmt.is_missing(rank) and site.facility_id not in settings.standing:
            words = self._look.say("ui.inspector.rank", status=words, rank=int(rank))
        self.state.setText(words)
        self._show_kept(site)
        self.pin.setChecked(site.facility_id in settings.pins)
        self.veto.setChecked(site.facility_id in settings.vetoes)
        for made, on in ((self.pin, "pin"), (self.veto, "cancel")):
            made.setIcon(
                self._look.icon(
                    "pin" if made is self.pin and made.isChecked() else on if made is self.veto else "pin-outline",
                    "accent" if made.isChecked() else "muted",
                )
            )

    def _show_kept(self, site: Site) -> None:
        """Why it is always or never chosen, and who said so."""
        plan = self._document.plan
        entry, kind = (None, "") if plan is None else kept_of(plan, site.facility_id)
        self._kept.setVisible(entry is not None)
        if entry is None:
            return
        self._kept_kind = "veto" if kind == "veto" else "pin"
        look, mark = self._look, mark_of(entry)
        self.kept.setText(look.say(f"ui.why_{kind}.told", why=why_text(look, mark), who=who_text(look, mark)))
        self.kept_change.setText(look.say("ui.reason.change" if mark.why else "ui.reason.add"))

    def _show_tab(self) -> None:
        """Only the tab that is seen is drawn; the others when they are turned to."""
        plan, site, index = self._document.plan, self._site, self.tabs.currentIndex()
        if plan is None or site is None or index in self._fresh:
            return
        (self.sun, self.roof, self.power, self.basis)[index].show_site(plan, site)
        self._fresh.add(index)
