"""The tabs of the inspector: sun and roof."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from gis.sun import zone_of
from ui import format as fmt
from ui.charts.ladder import Ladder, Rung
from ui.charts.month_hour import MonthHourChart
from ui.charts.skyline import SkylineChart
from ui.inspector.asked import asked_head, asked_line
from ui.inspector.buildings import BuildingsPart
from ui.inspector.gather import DAYS, Site, sun_paths
from ui.inspector.glare import GlarePart
from ui.inspector.layout import LayoutPart
from ui.look import Look
from ui.parts import chips, clear, column, label, row, rule
from ui.steps.roofs import ladder_rungs

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.plan import Plan

_SECTORS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
MOST_PLANES = 40


class SunTab(QWidget):
    """日射: the skyline with the sun's paths, and hour × month."""

    why_asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        say = look.say
        self._look = look
        self._site: Site | None = None
        layout = column(self, spacing=4)
        layout.addWidget(label(say("ui.sun.skyline"), "head"))
        self.sky = SkylineChart(look, say("ui.sun.skyline"))
        layout.addWidget(self.sky)
        layout.addWidget(label(say("ui.sun.skyline_note"), "muted", wrap=True))
        layout.addSpacing(8)
        head = row(4)
        head.addWidget(label(say("ui.sun.hours"), "head"), 1)
        self._group = chips(self, head, [say(f"ui.sun.{code}") for code in ("produced", "lost")])
        self._group.idToggled.connect(lambda _k, on: self._show_hours() if on else None)
        layout.addLayout(head)
        self.hours = MonthHourChart(look, say("ui.sun.hours"))
        layout.addWidget(self.hours)
        self._loss = label("", "muted", wrap=True)
        layout.addLayout(
            asked_line(look, self._loss, say("ui.column.shading_loss"), "shading_loss", self.why_asked.emit)
        )
        layout.addStretch(1)

    def show_site(self, plan: Plan, site: Site) -> None:
        """Show one facility."""
        self._site = site
        weather = plan.results.weather
        names = tuple(self._look.say(f"ui.sun.{name}") for name, _, _ in DAYS)
        self.sky.show_sky(
            site.skyline,
            sun_paths(weather.latitude, weather.longitude, names, plan.profile.plan_year, zone_of(weather.longitude)),
        )
        self._show_hours()
        loss = None if site.yields is None else site.yields.get("shading_loss")
        self._loss.setText(self._look.say("ui.sun.loss", loss=fmt.percent(loss, 1)) if not fmt.is_missing(loss) else "")

    def _show_hours(self) -> None:
        if self._site is not None:
            self.hours.show_values(
                self._site.month_hour if self._group.checkedId() == 0 else self._site.month_hour_lost
            )


class RoofTab(QWidget):
    """屋根: the ladder from roof area to kW, and the planes one by one."""

    why_asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        layout = column(self)
        layout.addLayout(asked_head(look, look.say("ui.roof.ladder"), "usable_m2", self.why_asked.emit))
        self.ladder = Ladder(look, look.say("ui.roof.ladder"), "m²")
        layout.addWidget(self.ladder)
        layout.addWidget(rule())
        layout.addWidget(label(look.say("ui.roof.layout"), "head"))
        self.layout_part = LayoutPart(look)
        layout.addWidget(self.layout_part)
        layout.addWidget(rule())
        self.glare = GlarePart(look)
        layout.addWidget(self.glare)
        layout.addWidget(rule())
        self._capacity = label("", wrap=True)
        name = look.say("ui.column.capacity_kw")
        layout.addLayout(asked_line(look, self._capacity, name, "capacity_kw", self.why_asked.emit))
        layout.addWidget(rule())
        self._head = label("", "head")
        layout.addWidget(self._head)
        self._fit = label("", "muted", wrap=True)
        layout.addWidget(self._fit)
        self._boxes = label("", "attention", wrap=True)
        self._boxes.hide()
        # Before all figures that rest on it.
        layout.insertWidget(0, self._boxes)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        layout.addLayout(self._grid)
        self._buildings = label("", "muted", wrap=True)
        layout.addLayout(asked_line(look, self._buildings, look.say("ui.roof.joined"), "link", self.why_asked.emit))
        self.buildings = BuildingsPart(look)
        layout.addWidget(self.buildings)
        layout.addStretch(1)

    def show_site(self, plan: Plan, site: Site) -> None:
        """Show one facility."""
        say = self._look.say
        planes = site.planes
        rungs: list[Rung] = ladder_rungs(self._look, planes, site.subarrays) if len(planes) else []
        self.ladder.setVisible(bool(rungs))
        self.ladder.show_rungs(rungs)
        if site.yields is None:
            self._capacity.setText(say("ui.roof.none"))
        else:
            usable, kw = float(site.yields["usable_m2"]), float(site.yields["capacity_kw"])
            each = kw / usable if usable > 0 else float("nan")
            self._capacity.setText(
                say("ui.roof.to_kw", usable=fmt.number(usable), each=fmt.number(each, 3), kw=fmt.number(kw, 1))
            )
        self.layout_part.show_site(plan, site)
        self.glare.show_site(plan, site.facility_id, int(site.subarrays["modules"].sum()))
        self._head.setText(say("ui.roof.planes", number=len(planes)))
        self._fit.setVisible(len(planes) > 0)
        if len(planes):
            self._fit.setText(self._fit_words(planes))
            self._show_boxes(plan, site)
        self._show_planes(site)
        parts = [
            say(
                "ui.roof.link_no_distance" if fmt.is_missing(link.distance_m) else "ui.roof.link",
                building=link.building_id,
                how=say(f"ui.how.{link.how}"),
                metres=fmt.number(link.distance_m, 0),
            )
            for link in site.links.itertuples()
        ]
        self._buildings.setText("\n".join(parts[:20]))
        self.buildings.show_site(plan, site)

    def _show_boxes(self, plan: Plan, site: Site) -> None:
        """Say when the roof is a city model's box, whose slope nobody knows."""
        buildings = plan.results.buildings
        kinds = set()
        if "surface" in buildings:
            mine = buildings["building_id"].isin(site.links["building_id"])
            kinds = {kind for kind in ("lod1", "assumed") if (buildings.loc[mine, "surface"] == kind).any()}
        self._boxes.setVisible(bool(kinds))
        self._boxes.setText(" ".join(self._look.say(f"ui.roof.box_{kind}") for kind in sorted(kinds, reverse=True)))

    def _fit_words(self, planes: pd.DataFrame) -> str:
        """How well the planes lie on the surface, and who made them where the surface did not."""
        say, most = self._look.say, fmt.number(100.0 * float(planes["residual_m"].max()))
        counted = planes["source"].value_counts() if "source" in planes else {"dsm": len(planes)}
        if set(counted.keys()) <= {"dsm"}:
            return say("ui.roof.fit", most=most)
        each = [say("ui.roof.made_by", source=say(f"plane_source.{name}"), number=n) for name, n in counted.items()]
        return say("ui.roof.fit_given", each=say("ui.list.comma").join(each), most=most)

    def _show_planes(self, site: Site) -> None:
        clear(self._grid)
        if not len(site.planes):
            return
        say, right = self._look.say, Qt.AlignmentFlag.AlignRight
        for k, code in enumerate(("direction", "tilt", "area", "usable", "irradiation")):
            self._grid.addWidget(
                label(say(f"ui.roof.column.{code}"), "muted"), 0, k, Qt.AlignmentFlag.AlignLeft if k == 0 else right
            )
        for line, plane in enumerate(site.planes.head(MOST_PLANES).itertuples(), start=1):
            sector = _SECTORS[round(float(cast("float", plane.azimuth)) / 45) % 8]
            facing = say("ui.roof.flat") if plane.flat else f"{say(f'ui.compass.{sector}')} {plane.azimuth:.0f}°"
            cells = (
                facing,
                f"{plane.tilt:.0f}",
                fmt.number(plane.area_m2),
                fmt.number(plane.usable_m2),
                fmt.number(plane.irradiation_kwh_m2),
            )
            source = getattr(plane, "source", "dsm")
            told = say(
                "ui.roof.plane_fit" if source == "dsm" else "ui.roof.plane_fit_given",
                source=say(f"plane_source.{source}"),
                cells=fmt.number(plane.cells),
                residual=fmt.number(100.0 * float(cast("float", plane.residual_m)), 1),
            )
            for k, text in enumerate(cells):
                shown = label(text)
                shown.setToolTip(told)
                self._grid.addWidget(shown, line, k, Qt.AlignmentFlag.AlignLeft if k == 0 else right)
        self._grid.setColumnStretch(0, 1)
        if len(site.planes) > MOST_PLANES:
            self._grid.addWidget(
                label(say("ui.roof.more", number=len(site.planes) - MOST_PLANES), "muted"), MOST_PLANES + 1, 0, 1, 5
            )
