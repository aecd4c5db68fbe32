"""The panel of the data: the files, what was read of them, and what was noticed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QListWidgetItem, QWidget

from kawasolar.plan import CHOSEN_ELSEWHERE, OTHER_LEDGERS, OWN_TABLES, REMOVABLE, SITING_FILES
from ui import icons
from ui.document import Document
from ui.findings_list import FindingsList
from ui.look import Look
from ui.parts import Elided, button, clear, column, label, row, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from kawasolar.plan import InputFile, OtherLedger, Plan, Role

ROLE_ICONS = {
    "dsm": "terrain",
    "buildings": "office-building-outline",
    "facilities": "format-list-bulleted",
    "weather": "weather-partly-cloudy",
    "weather_2": "weather-partly-cloudy",
    "weather_3": "weather-partly-cloudy",
    "weather_sunny": "weather-partly-cloudy",
    "weather_dull": "weather-partly-cloudy",
    "canopy": "pine-tree",
    "roof_planes": "home-roof",
    "roads": "vector-polygon",
    "parcels": "layers-outline",
    "addresses": "map-marker-outline",
    "wards": "map-marker-outline",
    "meters": "flash",
    "lamps": "lamp",
    "vehicles": "car",
    "wings": "office-building-outline",
    "meter_points": "flash",
    "roof_works": "home-roof",
    "charge_demand": "map-marker-outline",
    "charge_candidates": "format-list-bulleted",
    "charge_standing": "flash",
    "lamp_table": "lamp",
    "car_catalogue": "car",
    "charger_table": "flash",
    "profile": "tune-variant",
}


def given_planes(planes: pd.DataFrame) -> int:
    """How many roof planes of facilities were given, not found."""
    return int((planes["source"] != "dsm").sum()) if "source" in planes else 0


def size_text(size: int) -> str:
    """Bytes as people say them."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:,.0f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"


class DataPanel(QWidget):
    """データ."""

    replace_asked = Signal(str)
    profile_asked = Signal()
    renew_asked = Signal()
    register_asked = Signal(str)
    register_left = Signal(str)
    names_asked = Signal()
    # The dialog of a kind of answer, whose file it is.
    answer_asked = Signal(str)

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        layout = column(self)
        self._intro = label("", "muted", wrap=True)
        layout.addWidget(self._intro)
        self._files = QWidget()
        self._files_layout = column(self._files, margin=0, spacing=8)
        layout.addWidget(self._files)
        layout.addWidget(rule())
        self._head = label("", "head")
        layout.addWidget(self._head)
        self._calm = label(look.say("ui.data.no_findings"), "muted", wrap=True)
        layout.addWidget(self._calm)
        self.findings = FindingsList(look, look.say("ui.data.findings_name"), 160)
        self.findings.itemActivated.connect(self._follow)
        self.findings.itemClicked.connect(self._follow)
        layout.addWidget(self.findings, 1)
        self._filler = QWidget()
        layout.addWidget(self._filler, 0)
        document.plan_changed.connect(self.refresh)
        document.registers_changed.connect(self.refresh)
        document.states_changed.connect(self._refresh_missing)
        self._missing: tuple[str, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Show the plan's files and findings."""
        plan = self._document.plan
        clear(self._files_layout)
        self.findings.clear()
        if plan is None:
            return
        from kawasolar.export.table import crs_name

        code = "ui.data.intro_synthetic" if plan.synthetic else "ui.data.intro"
        self._intro.setText(self._look.say(code, crs=crs_name(plan.crs, self._look.language), epsg=plan.crs.to_epsg()))
        for entry in plan.inputs:
            self._files_layout.addWidget(self._file(plan, entry))
        have = {entry.role for entry in plan.inputs}
        if "profile" not in have:
            name = f"{self._look.say('ui.role.profile')}: {plan.profile.name(self._look.language)}"
            self._files_layout.addWidget(
                self._one_line("profile", name, "ui.data.edit_profile", self.profile_asked.emit)
            )
        for role in REMOVABLE:
            if role not in have and role not in CHOSEN_ELSEWHERE:
                self._files_layout.addWidget(self._without(role))
        words = self._look.say("ui.data.other_ledgers")
        self._files_layout.addWidget(
            self._one_line("facilities", words, "ui.data.add_register", lambda: self.register_asked.emit(""))
        )
        self._show_findings(plan)

    def _refresh_missing(self) -> None:
        if self._document.missing != self._missing:
            self._missing = self._document.missing
            self.refresh()

    @staticmethod
    def _unknown_rows(plan: Plan, role: OtherLedger) -> int:
        from kawasolar.registers import unknown_rows

        return unknown_rows(plan, role)

    def _file(self, plan: Plan, entry: InputFile) -> QWidget:
        look, card = self._look, QWidget()
        layout = QGridLayout(card)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        picture = QLabel()
        picture.setPixmap(icons.pixmap(ROLE_ICONS[entry.role], look.tokens.muted, 20, 2.0))
        layout.addWidget(picture, 0, 0, 2, 1, Qt.AlignmentFlag.AlignTop)
        path = Path(entry.path)
        name = Elided(path.name)
        name.setToolTip(entry.path)
        change = button(
            look.say("ui.data.replace"),
            "link",
            tip=look.say("ui.data.replace_tip", role=look.say(f"ui.role.{entry.role}")),
        )
        change.setAccessibleName(look.say("ui.data.replace_tip", role=look.say(f"ui.role.{entry.role}")))
        top = row(4)
        top.addWidget(label(look.say(f"ui.role.{entry.role}"), "muted"), 1)
        if entry.role in OTHER_LEDGERS:
            change.clicked.connect(lambda: self.register_asked.emit(entry.role))
            top.addWidget(self._register_link("leave", entry.role, lambda: self.register_left.emit(entry.role)))
        elif entry.role in SITING_FILES:
            change.clicked.connect(lambda: self.answer_asked.emit("siting"))
        elif entry.role in OWN_TABLES.values():
            kind = next(one for one, role in OWN_TABLES.items() if role == entry.role)
            change.clicked.connect(lambda: self.answer_asked.emit(kind))
        else:
            change.clicked.connect(lambda: self.replace_asked.emit(entry.role))
        if entry.role == "facilities":
            renew = button(look.say("ui.data.renew"), "link", tip=look.say("ui.data.renew_tip"))
            renew.setAccessibleName(look.say("ui.data.renew_tip"))
            renew.clicked.connect(self.renew_asked)
            top.addWidget(renew)
        top.addWidget(change)
        layout.addLayout(top, 0, 1)
        layout.addWidget(name, 1, 1)
        layout.addWidget(Elided(" · ".join(self._facts(plan, entry)), "muted", Qt.TextElideMode.ElideRight), 2, 1)
        layout.setColumnStretch(1, 1)
        if entry.role in OTHER_LEDGERS and self._unknown_rows(plan, entry.role):
            link = self._register_link("names", entry.role, self.names_asked.emit)
            layout.addWidget(link, 3, 1, Qt.AlignmentFlag.AlignLeft)
        if entry.role in self._document.missing:
            layout.addWidget(label(look.say("ui.data.missing"), "attention", wrap=True), 4, 1)
        return card

    def _register_link(self, code: str, role: Role, call: Callable[[], object]) -> QWidget:
        """What can be done about one of the other ledgers besides taking a newer one."""
        say = self._look.say
        words = say(f"ui.data.{code}_tip", role=say(f"ui.role.{role}"))
        link = button(say(f"ui.data.{code}"), "link", tip=words)
        link.setAccessibleName(words)
        link.clicked.connect(lambda _on=False: call())
        return link

    def _without(self, role: Role) -> QWidget:
        """A file that a plan may have, and this one has not."""
        name = self._look.say(f"ui.role.{role}")
        return self._one_line(role, name, "ui.data.add", lambda: self.replace_asked.emit(role))

    def _one_line(self, role: Role, name: str, code: str, call: Callable[[], object]) -> QWidget:
        """What it is, and the one thing that can be done about it."""
        look, card = self._look, QWidget()
        layout = QGridLayout(card)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        picture = QLabel()
        picture.setPixmap(icons.pixmap(ROLE_ICONS[role], look.tokens.muted, 20, 2.0))
        layout.addWidget(picture, 0, 0)
        add = button(look.say(code), "link", tip=look.say(f"{code}_tip", role=name))
        add.setAccessibleName(look.say(f"{code}_tip", role=name))
        add.clicked.connect(lambda _on=False: call())
        layout.addWidget(Elided(name, "muted", Qt.TextElideMode.ElideRight), 0, 1)
        layout.addWidget(add, 0, 2)
        layout.setColumnStretch(1, 1)
        return card

    def _facts(self, plan: Plan, entry: InputFile) -> list[str]:
        say, results = self._look.say, plan.results
        counted = {
            "buildings": say("ui.data.n_buildings", number=f"{len(results.buildings):,}"),
            "facilities": say("ui.data.n_facilities", number=f"{len(plan.facilities):,}"),
            "weather": results.weather.station,
            "dsm": f"EPSG:{plan.crs.to_epsg()}",
            "weather_2": say("ui.data.station"),
            "weather_3": say("ui.data.station"),
            "roads": say("ui.data.roads"),
            "parcels": say("ui.data.parcels"),
            "addresses": say("ui.data.addresses"),
            "wards": say("ui.data.wards"),
            **dict.fromkeys(SITING_FILES, say("ui.data.siting")),
            **dict.fromkeys(OWN_TABLES.values(), say("ui.data.own_table")),
            "meters": say("ui.data.meters"),
            "weather_sunny": say("ui.data.band"),
            "weather_dull": say("ui.data.band"),
            "canopy": say("ui.data.canopy"),
            "roof_planes": say("ui.data.roof_planes", number=f"{given_planes(results.planes):,}"),
            "profile": plan.profile.name(self._look.language),
        }
        if entry.role in OTHER_LEDGERS:
            return self._register_facts(plan, entry)
        facts = [counted[entry.role], size_text(entry.size)]
        crs = str(getattr(entry, "crs", "") or "")
        return [*facts, crs] if crs else facts

    def _register_facts(self, plan: Plan, entry: InputFile) -> list[str]:
        say, role = self._look.say, cast("OtherLedger", entry.role)
        read = plan.registers.by_kind.get(role)
        if read is None:
            return [size_text(entry.size)]
        facts = [say("ui.data.n_rows", number=f"{len(read.frame):,}")]
        if unknown := self._unknown_rows(plan, role):
            facts.append(say("ui.data.n_unknown_rows", number=f"{unknown:,}"))
        if read.findings:
            facts.append(say("ui.data.findings", number=f"{len(read.findings):,}"))
        return facts

    def _show_findings(self, plan: Plan) -> None:
        look, found = self._look, plan.findings
        self._head.setText(look.say("ui.data.findings", number=f"{len(found):,}"))
        self._calm.setVisible(not found)
        self.findings.show_findings(found)
        for k in range(self.findings.count()):
            item = self.findings.item(k)
            if self._document.has(item.data(Qt.ItemDataRole.UserRole)):
                item.setToolTip(look.say("ui.data.follow"))

    def _follow(self, item: QListWidgetItem) -> None:
        target = item.data(Qt.ItemDataRole.UserRole)
        if target is not None and self._document.has(str(target)):
            self._document.select(str(target))
