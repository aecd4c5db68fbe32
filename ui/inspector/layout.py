"""Modules on the roofs of one facility: the picture from above, what stands there, and the choices by which it is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QWidget

from gis.plane_cells import PlaneCells
from kawasolar.document.views import mark_of
from kawasolar.electrical import system_of
from kawasolar.electrical_words import load_texts, system_texts
from kawasolar.layout_values import OF_MODULE, ORIENTATIONS, RACKS, by_density
from kawasolar.modules import values_of
from kawasolar.value_rules import VALUE_RULES
from ui import format as fmt
from ui.assumptions.fields import ChoiceField
from ui.assumptions.marks import who_text
from ui.charts.roof import RoofChart, RoofFromAbove
from ui.look import Look
from ui.module_field import ModuleField
from ui.parts import button, chips, clear, column, label, row, set_role

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.modules import Module
    from kawasolar.plan import Plan
    from ui.inspector.gather import Site
    from ui.map.rasters import RoofLight

# Value of the profile -> how many ways there are.
_WAYS = {"layout.racks": len(RACKS), "layout.orientation": len(ORIENTATIONS)}
_MOST_LINES = 20
_MOST = "layout.most_kw"


class LayoutPart(QWidget):
    """Laid out, and laid out again.

    Signals
    -------
    changed : facility, and the values that it is to be laid out by; None of a value is the plan's, no value at all the whole layout
    light_asked : facility, and the bounds within which its irradiation is wanted
    """

    changed = Signal(str, object)
    light_asked = Signal(str, object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look, self._facility = look, ""
        self._bounds: tuple[float, float, float, float] | None = None
        say = look.say
        layout = column(self, margin=0, spacing=6)
        self.chart = RoofChart(look, say("ui.roof.above"))
        line = row(4)
        self._shown = chips(self, line, [say(f"ui.roof.show.{code}") for code in ("rules", "light")])
        line.addStretch(1)
        self._shown.idToggled.connect(lambda _k, on: self._show_ground() if on else None)
        layout.addLayout(line)
        layout.addWidget(self.chart)
        self.no_light = label(say("ui.roof.no_light"), "muted", wrap=True)
        self.no_light.hide()
        layout.addWidget(self.no_light)
        self.sum = label("", "accent", wrap=True)
        layout.addWidget(self.sum)
        self._lines = QGridLayout()
        self._lines.setHorizontalSpacing(8)
        layout.addLayout(self._lines)
        self.strings = label("", "muted", wrap=True)
        self.load = label("", "muted", wrap=True)
        layout.addWidget(self.strings)
        layout.addWidget(self.load)
        self.choices = {key: self._choice(key, number) for key, number in _WAYS.items()}
        self.module = ModuleField(look, say("ui.roof.choice.module"))
        self.module.picked.connect(self._on_module)
        for key, field in (*self.choices.items(), ("layout.module", self.module)):
            words = label(say(f"ui.roof.choice.{key.partition('.')[2]}"), "muted")
            words.setBuddy(field)
            layout.addWidget(words)
            layout.addWidget(field)
        self.most = QDoubleSpinBox()
        self.most.setRange(0.0, VALUE_RULES[_MOST][2])
        self.most.setDecimals(2)
        self.most.setSuffix(" kW")
        self.most.setAccessibleName(say("ui.roof.choice.most_kw"))
        self.most.setToolTip(say("ui.roof.choice.most_kw.tip"))
        # Typed to its end, or stepped: not laid out anew at each digit.
        self.most.setKeyboardTracking(False)
        self.most.valueChanged.connect(self._on_most)
        words = label(say("ui.roof.choice.most_kw"), "muted")
        words.setBuddy(self.most)
        layout.addWidget(words)
        layout.addWidget(self.most)
        self.own = label("", "muted", wrap=True)
        below = row(4)
        below.addWidget(self.own, 1)
        self.reset = button(say("ui.roof.as_the_rest"), "link")
        self.reset.clicked.connect(lambda: self.changed.emit(self._facility, {}))
        below.addWidget(self.reset)
        layout.addLayout(below)

    def _show_ground(self) -> None:
        """The rules, or the light below the modules, which is read first."""
        self.no_light.hide()
        if self._shown.checkedId() == 0 or self._bounds is None:
            self.chart.show_light(None)
        else:
            self.light_asked.emit(self._facility, self._bounds)

    def show_light(self, facility_id: str, light: RoofLight | None) -> None:
        """What was read; nobody may want it any more."""
        if facility_id != self._facility or self._shown.checkedId() == 0:
            return
        self.chart.show_light(light)
        self.no_light.setVisible(light is None)

    def _choice(self, key: str, number: int) -> ChoiceField:
        say = self._look.say
        kind = f"choice.{key.partition('.')[2]}"
        # The first is the plan's own.
        made = ChoiceField(say(f"ui.roof.{kind}"), ("", *(say(f"{kind}.{k}") for k in range(1, number + 1))))
        # In a narrow panel the words are cut in the field, not the panel.
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(8)
        made.activated.connect(lambda k, key=key: self._on_chosen(key, k))
        return made

    def _on_chosen(self, key: str, place: int) -> None:
        self.changed.emit(self._facility, {key: float(place) if place else None})

    def _on_most(self, kw: float) -> None:
        # Nought is as the plan has it.
        self.changed.emit(self._facility, {_MOST: kw or None})

    def _on_module(self, module: Module | None) -> None:
        given: dict[str, float | None] = dict.fromkeys(OF_MODULE) if module is None else {**values_of(module)}
        self.changed.emit(self._facility, given)

    def show_site(self, plan: Plan, site: Site) -> None:
        """Show one facility."""
        self._facility = site.facility_id
        mine = site.subarrays
        codes = site.planes["cell_rules"].dropna().tolist() if "cell_rules" in site.planes else []
        known = len(codes) > 0
        self.chart.setVisible(known)
        for chip in self._shown.buttons():
            chip.setVisible(known)
        self._bounds = tuple(float(end) for end in site.planes.total_bounds) if known else None  # type: ignore[assignment]
        if known:
            cells = [PlaneCells.decode(code) for code in codes]
            self.chart.show_roof(RoofFromAbove(cells, site.planes.geometry.to_numpy(), mine.geometry.to_numpy()))
        self._show_ground()
        self._show_sum(plan, mine)
        self._show_lines(mine)
        self._show_system(plan, site.facility_id)
        self._show_choices(plan, site.facility_id)

    def _show_sum(self, plan: Plan, mine: pd.DataFrame) -> None:
        say = self._look.say
        if by_density(plan.profile):
            self.sum.setText(say("ui.roof.by_density"))
            return
        modules, kw, weight = (
            int(mine["modules"].sum()),
            float(mine["capacity_kw"].sum()),
            float(mine["weight_kg"].sum()),
        )
        each = 1000.0 * kw / modules if modules else float("nan")
        load = weight / float(mine["area_m2"].sum()) if modules else float("nan")
        code = "ui.roof.laid_out" if modules else "ui.roof.laid_out_none"
        self.sum.setText(
            say(
                code, modules=fmt.number(modules), each=fmt.number(each), kw=fmt.number(kw, 1), weight=fmt.number(weight), load=fmt.number(load, 1)
            )
        )  # fmt: skip

    def _show_lines(self, mine: pd.DataFrame) -> None:
        clear(self._lines)
        say = self._look.say
        for line, found in enumerate(mine.sort_values("modules", ascending=False).head(_MOST_LINES).itertuples()):
            stands = say(f"ui.roof.stands.{'portrait' if found.portrait else 'landscape'}")
            words = say(
                f"ui.roof.mounting.{found.mounting}", azimuth=fmt.number(found.azimuth), tilt=fmt.number(found.tilt),
                pitch=fmt.number(found.pitch_m, 2), stands=stands,
            )  # fmt: skip
            self._lines.addWidget(label(words, "muted", wrap=True), line, 0)
            self._lines.addWidget(label(say("ui.roof.modules", number=fmt.number(found.modules))), line, 1)
        self._lines.setColumnStretch(0, 1)

    def _show_system(self, plan: Plan, facility_id: str) -> None:
        """Strings and inverters, and whether the roof bears it."""
        system = system_of(plan, facility_id)
        for shown in (self.strings, self.load):
            shown.setVisible(system is not None)
        if system is None:
            return
        language = self._look.language
        self.strings.setText("\n".join(system_texts(language, system)))
        self.load.setText("\n".join(load_texts(language, system)))
        set_role(self.load, {"pass": "muted", "unknown": "attention", "fail": "attention"}[system.outcome])

    def _show_choices(self, plan: Plan, facility_id: str) -> None:
        say = self._look.say
        entry = plan.entries.of_scenario("layouts", plan.scenario).get(facility_id)
        values = {} if entry is None else entry["values"]
        for key, field in self.choices.items():
            usual = say(f"choice.{key.partition('.')[2]}.{round(plan.profile.number(key))}")
            field.setItemText(0, say("ui.roof.as_plan", usual=usual))
            field.setCurrentIndex(round(values.get(key, 0.0)))
            field.setEnabled(not by_density(plan.profile))
        bound = plan.profile.number(_MOST)
        usual = say("ui.roof.whole") if bound <= 0.0 else f"{bound:g} kW"
        self.most.setSpecialValueText(say("ui.roof.as_plan", usual=usual))
        self.most.setEnabled(not by_density(plan.profile))
        with QSignalBlocker(self.most):
            self.most.setValue(values.get(_MOST, 0.0))
        usual = say("ui.roof.as_plan", usual=f"{plan.profile.number('module.power'):g} W")
        self.module.show_values(usual, values if "module.power" in values else None)
        self.module.setEnabled(not by_density(plan.profile))
        self.own.setVisible(entry is not None)
        self.reset.setVisible(entry is not None)
        if entry is not None:
            self.own.setText(say("ui.roof.own_layout", who=who_text(self._look, mark_of(entry))))
