"""The panel of the roofs: what the survey found, what each rule took, and by which thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from kawasolar.layout_values import OF_MODULE
from kawasolar.modules import Module, values_of
from ui import format as fmt
from ui.charts.ladder import Ladder, Rung
from ui.document import Document
from ui.look import Look
from ui.module_field import ModuleField
from ui.parts import Elided, Figure, clear, column, label, rule, two_by_two
from ui.reasons import unit_text
from ui.steps.keepouts import KeepoutList

if TYPE_CHECKING:
    import geopandas as gpd

RULES = ("tilt", "north", "keepout", "refuge", "access", "setback", "obstacle", "shade", "small")
THRESHOLDS = (
    "roof.flat_tilt", "roof.max_tilt", "roof.north_halfwidth", "roof.setback", "roof.obstacle_height", "roof.obstacle_clearance",
    "roof.irradiation_share", "roof.min_plane_area", "roof.min_width", "layout.least_modules", "layout.path_area", "layout.winter_hours",
)  # fmt: skip


def ladder_rungs(look: Look, planes: gpd.GeoDataFrame, subarrays: gpd.GeoDataFrame) -> list[Rung]:
    """The ladder of some planes: roof area, what each rule took, usable area, and what of it modules cover [m²]."""
    total = float(planes["area_m2"].sum())
    rungs = [Rung(look.say("ui.ladder.area"), total, loss=False, role="muted")]
    for name in RULES:
        lost = float(planes[f"lost_{name}_m2"].sum()) if f"lost_{name}_m2" in planes else 0.0
        if lost > 0:
            rungs.append(Rung(look.say(f"ui.ladder.{name}"), lost, loss=True))
    usable = float(planes["usable_m2"].sum())
    rungs.append(Rung(look.say("ui.ladder.usable"), usable, loss=False))
    covered = covered_m2(planes, subarrays)
    if covered > 0:
        rungs.append(Rung(look.say("ui.ladder.between"), max(0.0, usable - covered), loss=True))
        rungs.append(Rung(look.say("ui.ladder.covered"), covered, loss=False, role="sun"))
    return rungs


def covered_m2(planes: gpd.GeoDataFrame, subarrays: gpd.GeoDataFrame) -> float:
    """What modules cover of some planes, along the slope [m²]: of racks what lies below them."""
    tilt = planes.set_index("plane_id")["tilt"].reindex(subarrays["plane_id"]).to_numpy(dtype=np.float64)
    return float(np.nansum(subarrays.geometry.area.to_numpy() / np.cos(np.radians(tilt))))


class RoofsPanel(QWidget):
    """屋根."""

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        say = look.say
        layout = column(self)
        self._intro = label("", "muted", wrap=True)
        layout.addWidget(self._intro)
        self.figures = {
            name: Figure(say(f"ui.roofs.figure.{name}")) for name in ("buildings", "planes", "usable", "irradiation")
        }
        layout.addLayout(two_by_two(self.figures.values()))
        self._open = label("", "muted", wrap=True)
        layout.addWidget(self._open)
        layout.addWidget(rule())
        layout.addWidget(label(say("ui.roofs.ladder"), "head"))
        self.ladder = Ladder(look, say("ui.roofs.ladder"), "m²")
        layout.addWidget(self.ladder)
        layout.addWidget(label(say("ui.roofs.ladder_note"), "muted", wrap=True))
        layout.addWidget(rule())
        self.keepouts = KeepoutList(look, document)
        layout.addWidget(self.keepouts)
        layout.addWidget(rule())
        layout.addWidget(label(say("ui.roofs.module"), "head"))
        self.module = ModuleField(look, say("ui.roofs.module"))
        self.module.picked.connect(self._on_module)
        layout.addWidget(self.module)
        layout.addWidget(rule())
        layout.addWidget(label(say("ui.roofs.thresholds"), "head"))
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(8)
        self._table.setVerticalSpacing(6)
        self._table.setColumnStretch(0, 1)
        layout.addLayout(self._table)
        layout.addWidget(label(say("ui.roofs.thresholds_note"), "muted", wrap=True))
        layout.addStretch(1)
        document.plan_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the plan's survey."""
        plan = self._document.plan
        clear(self._table)
        if plan is None:
            return
        say, results = self._look.say, plan.results
        planes = results.planes
        seconds = plan.seconds.get("survey")
        self._intro.setText(say("ui.roofs.intro", seconds=fmt.number(seconds, 1)))
        self.figures["buildings"].show_value(f"{len(results.buildings):,}", say("ui.unit.buildings"))
        self.figures["planes"].show_value(f"{len(planes):,}", say("ui.unit.planes"))
        usable = float(planes["usable_m2"].sum())
        self.figures["usable"].show_value(fmt.number(usable), "m²")
        weight = planes["usable_m2"].to_numpy()
        known = planes["usable_irradiation_kwh_m2"].notna().to_numpy() & (weight > 0)
        mean = (
            float((planes["usable_irradiation_kwh_m2"].to_numpy()[known] * weight[known]).sum() / weight[known].sum())
            if known.any()
            else float("nan")
        )
        self.figures["irradiation"].show_value(fmt.number(mean), "kWh/m²")
        self._open.setText(say("ui.roofs.open", open=fmt.number(results.open_sky_kwh_m2)))
        self.ladder.show_rungs(ladder_rungs(self._look, planes, results.subarrays))
        self._show_thresholds()
        self._show_module()

    def _show_module(self) -> None:
        plan = self._document.plan
        if plan is None:
            return
        own = {key: plan.profile.number(key) for key in OF_MODULE}
        self.module.show_values(self._look.say("ui.modules.of_plan", power=f"{own['module.power']:g}"), own)

    def _on_module(self, module: Module | None) -> None:
        if module is not None:
            name = f"{module.maker} {module.name}"
            why = self._look.say("ui.modules.picked", maker=module.maker, name=module.name)
            self._document.choose_module(values_of(module), why, module.source, name)

    def _show_thresholds(self) -> None:
        plan = self._document.plan
        if plan is None:
            return
        language = self._look.language
        line = 0
        for key in THRESHOLDS:
            if key not in plan.profile.values:
                continue
            value = plan.profile.value(key)
            name = Elided(value.name(language), "muted", Qt.TextElideMode.ElideRight)
            shown = label(
                f"{value.value:,.6g} {unit_text(self._look, value.unit) if value.unit != '-' else ''}".strip()
            )
            sure = self._look.say(f"ui.sure.{value.how_sure}")
            low_high = (
                ""
                if value.low is None or value.high is None
                else f"{value.low:g}–{value.high:g} {unit_text(self._look, value.unit)}".replace(" -", "")
            )
            tip = self._look.say(
                "ui.roofs.threshold_tip",
                name=value.name(language),
                range=low_high,
                source=value.source(language),
                sure=sure,
            )
            shown.setToolTip(tip)
            if value.how_sure == "verify":
                shown.setProperty("role", "attention")
            self._table.addWidget(name, line, 0)
            self._table.addWidget(shown, line, 1, Qt.AlignmentFlag.AlignRight)
            line += 1
