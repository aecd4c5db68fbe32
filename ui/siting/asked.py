"""What is asked of sites: where demand comes from, how many or for how much, what is known of candidates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from kawasolar.answers.siting import checked
from kawasolar.siting.inputs import SOURCES, Sources
from kawasolar.siting.of_plan import METHODS, Asked
from kawasolar.siting.table import assumption_rows, assumptions_with, usual_number
from kawasolar.siting.words import assumption_name, method_name, source_name
from ui.parts import Elided, button, column, label, row, tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.answers.siting import WantedSites
    from kawasolar.siting.inputs import Source
    from kawasolar.siting.of_plan import Method
    from kawasolar.siting.table import Assumptions
    from ui.look import Look
    from ui.settings import Remembered

_VECTOR, _TABLE, _RASTER = "*.gpkg *.shp *.geojson *.json", "*.csv *.txt *.xlsx", "*.tif *.tiff *.asc"
_FILES = {"demand": f"{_TABLE} {_VECTOR}", "known": _TABLE, "standing": _TABLE, "roads": _VECTOR}
_MOST_SITES = 9999
_MILLION = 1e6
_FILE_PX, _BUDGET_PX = 150, 170
# Assumptions that have a field of their own, and how many decimals it has.
_FIELDS = {"radius_m": 0, "detour": 2}


class FilePart(QWidget):
    """A file that may be chosen, and left again.

    Signals
    -------
    changed : another file, or none
    """

    changed = Signal()

    def __init__(self, look: Look, remembered: Remembered, role: str) -> None:
        super().__init__()
        self._look, self._remembered, self._role = look, remembered, role
        self.path: Path | None = None
        self.pattern = _FILES[role]
        line = row(4)
        line.setContentsMargins(0, 0, 0, 0)
        self.choose = button(look.say(f"ui.siting.{role}"), tip=look.say(f"ui.siting.{role}.tip"))
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._ask)
        self.name = Elided(look.say("ui.siting.no_file"), "muted")
        self.name.setMinimumWidth(_FILE_PX)
        self.leave = tool(look, "close", look.say("ui.siting.leave", file=look.say(f"ui.siting.{role}")), size=14)
        self.leave.clicked.connect(lambda: self.take(None))
        self.leave.hide()
        for widget in (self.choose, self.leave):
            line.addWidget(widget)
        line.addWidget(self.name, 1)
        self.setLayout(line)

    def take(self, path: Path | None) -> None:
        """Use this file."""
        self.path = path
        self.name.setText(self._look.say("ui.siting.no_file") if path is None else path.name)
        self.leave.setVisible(path is not None)
        self.changed.emit()

    def _ask(self) -> None:
        words = self._look.say(f"ui.siting.{self._role}")
        name, _ = QFileDialog.getOpenFileName(self, words, self._remembered.folder, f"{words} ({self.pattern});;(*)")
        if name:
            self._remembered.folder = str(Path(name).parent)
            self.take(Path(name))


class AskedSites(QWidget):
    """Three lines above the result.

    Signals
    -------
    changed : something else is asked
    """

    changed = Signal()

    def __init__(self, look: Look, remembered: Remembered, *, fleet: bool) -> None:
        super().__init__()
        self._look = look
        # What is asked besides that has no field here, and the fiscal year that budgets begin with.
        self._base = checked({})
        self._first_year = 0
        self.files = {role: FilePart(look, remembered, role) for role in _FILES}
        layout = column(self, margin=0, spacing=6)
        for line in (self._demand_line(fleet=fleet), self._goal_line(), self._candidate_line()):
            layout.addLayout(line)
        for part in self.files.values():
            part.changed.connect(self.changed)
        self._on_source()
        self._on_method()

    # ---------------------------------------------------------------- building

    def _named(self, line: QHBoxLayout, code: str, widget: QWidget) -> None:
        words = label(self._look.say(code))
        words.setBuddy(widget)
        widget.setAccessibleName(self._look.say(code))
        line.addWidget(words)
        line.addWidget(widget)

    def _demand_line(self, *, fleet: bool) -> QHBoxLayout:
        line, language = row(8), self._look.language
        self.source = QComboBox()
        for source in SOURCES:
            if source != "fleet" or fleet:
                self.source.addItem(source_name(language, source), source)
        self.source.currentIndexChanged.connect(self._on_source)
        self._named(line, "ui.siting.source", self.source)
        line.addWidget(self.files["demand"], 1)
        self.share = QDoubleSpinBox()
        given = assumption_rows()["ev_share"]
        self.share.setDecimals(3)
        self.share.setRange(given.low, given.high)
        self.share.setSingleStep(0.01)
        self.share.setValue(given.value)
        self.share.setToolTip(f"{given.source(language)}\n{given.note(language)}")
        self.share.valueChanged.connect(self.changed)
        self._named(line, "ui.siting.ev_share", self.share)
        return line

    def _goal_line(self) -> QHBoxLayout:
        line, language = row(8), self._look.language
        self.method = QComboBox()
        for method in ("cover", *(one for one in METHODS if one != "cover")):
            self.method.addItem(method_name(language, method), method)
        self.method.currentIndexChanged.connect(self._on_method)
        self._named(line, "ui.siting.method", self.method)
        self.number = QSpinBox()
        self.number.setRange(1, _MOST_SITES)
        self.number.setValue(usual_number())
        self.number.valueChanged.connect(self.changed)
        self._named(line, "ui.siting.number", self.number)
        self.fields: dict[str, QDoubleSpinBox] = {}
        for key, digits in _FIELDS.items():
            given, field = assumption_rows()[key], QDoubleSpinBox()
            field.setDecimals(digits)
            field.setRange(given.low, given.high)
            field.setSingleStep(100.0 if key == "radius_m" else 0.05)
            field.setValue(given.value)
            field.setGroupSeparatorShown(True)
            if key == "radius_m":
                field.setSuffix(" m")
            field.setToolTip(f"{assumption_name(language, key)}\n{given.source(language)}")
            field.valueChanged.connect(self.changed)
            self.fields[key] = field
            self._named(line, f"ui.siting.{key}", field)
        self.budget = QLineEdit()
        self.budget.setPlaceholderText(self._look.say("ui.siting.budget.none"))
        self.budget.setToolTip(self._look.say("ui.siting.budget.tip"))
        self.budget.setMaximumWidth(_BUDGET_PX)
        self.budget.textChanged.connect(self.changed)
        self._named(line, "ui.siting.budget", self.budget)
        line.addStretch(1)
        return line

    def _candidate_line(self) -> QHBoxLayout:
        line = row(8)
        for role in ("known", "standing", "roads"):
            line.addWidget(self.files[role], 1)
        self.spare = QCheckBox(self._look.say("ui.siting.spare"))
        self.spare.setToolTip(self._look.say("ui.siting.spare.tip"))
        self.spare.toggled.connect(self.changed)
        line.addWidget(self.spare)
        return line

    # ---------------------------------------------------------------- what is asked

    def show_wanted(
        self, wanted: WantedSites, paths: Mapping[str, Path | None], source: Source, plan_year: int
    ) -> None:
        """Begin with this, and with these files by :data:`_FILES`; budgets are shown from the fiscal year of the plan."""
        asked = wanted.asked
        self._base, self._first_year = wanted, min(plan_year, asked.first_year or plan_year)
        for role, part in self.files.items():
            part.take(paths.get(role))
        for box, code in ((self.source, source), (self.method, asked.method)):
            box.setCurrentIndex(max(box.findData(code), 0))
        usual = _MOST_SITES if asked.budgets else usual_number()
        self.number.setValue(usual if asked.number is None else asked.number)
        before = (0.0,) * (asked.first_year - self._first_year) if asked.budgets else ()
        self.budget.setText(", ".join(f"{value / _MILLION:.10g}" for value in (*before, *asked.budgets)))
        for key, field in (*self.fields.items(), ("ev_share", self.share)):
            field.setValue(getattr(wanted.assumed, key))
        self.spare.setChecked(wanted.spare)

    @property
    def wanted(self) -> WantedSites:
        """What is asked now, as a plan is asked for it; without pins and vetoes."""
        asked = replace(self.asked, pinned=())
        ways = "straight" if self.files["roads"].path is None else "roads"
        return replace(
            self._base, asked=asked, assumed=self.assumed, source=self._source, ways=ways, spare=self.spare.isChecked(), vetoes=(),
        )  # fmt: skip

    @property
    def _source(self) -> Source:
        return cast("Source", self.source.currentData())

    def _on_source(self) -> None:
        source, part = self.source.currentData(), self.files["demand"]
        part.setEnabled(source != "fleet")
        part.pattern = _RASTER if source == "population" else _FILES["demand"]
        self.share.setEnabled(source != "fleet")
        self.changed.emit()

    def _on_method(self) -> None:
        self.budget.setEnabled(self.method.currentData() == "cover")
        self.changed.emit()

    @property
    def is_complete(self) -> bool:
        """Whether demand is named and the budgets are numbers."""
        return (
            self.source.currentData() == "fleet" or self.files["demand"].path is not None
        ) and self.budgets is not None

    @property
    def budgets(self) -> tuple[float, ...] | None:
        """Of the years [yen]; None where they are no numbers."""
        text = self.budget.text().replace("、", ",").strip()
        if not text or not self.budget.isEnabled():
            return ()
        try:
            found = tuple(float(one) * _MILLION for one in text.split(","))
        except ValueError:
            return None
        return found if all(0 <= one < float("inf") for one in found) else None

    @property
    def sources(self) -> Sources:
        """Files and what else demand and candidates come from."""
        source = self._source
        paths = {role: part.path for role, part in self.files.items()}
        return Sources(
            source, None if source == "fleet" else paths["demand"], known=paths["known"], standing=paths["standing"], roads=paths["roads"],
            spare=self.spare.isChecked(), visible=self._base.visible,
        )  # fmt: skip

    @property
    def asked(self) -> Asked:
        """Method and number or budgets."""
        method, budgets, number = cast("Method", self.method.currentData()), self.budgets or (), self.number.value()
        # With budgets the field's most is: as many as they pay.
        most = None if budgets and number == _MOST_SITES else number
        return replace(
            self._base.asked, method=method, number=most, budgets=budgets, first_year=self._first_year if budgets else 0
        )

    @property
    def assumed(self) -> Assumptions:
        """Only what is another number than the table's counts as asked for."""
        values = {key: field.value() for key, field in self.fields.items()} | {"ev_share": self.share.value()}
        rows, before = assumption_rows(), self._base.assumed
        others = {key: float(getattr(before, key)) for key in before.asked if key not in values}
        return assumptions_with(
            others | {key: value for key, value in values.items() if abs(value - rows[key].value) > 1e-9}
        )
