"""Official cars and chargers of one facility in the tab of the power."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from kawasolar.answers import answer_of
from kawasolar.fleet.result import REPLACED
from ui import format as fmt
from ui.inspector.asked import why_mark
from ui.inspector.facts import FactGrid
from ui.parts import button, clear, column, label, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from kawasolar.fleet import FleetResult
    from kawasolar.plan import Plan
    from ui.look import Look

# More cars without a substitute than these are counted.
_MOST = 5


class CarsPart(QWidget):
    """公用車, shown where the plan keeps a fleet with cars at the facility.

    Signals
    -------
    open_asked : the dialog is to be opened
    why_asked : code of a figure
    """

    open_asked = Signal()
    why_asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        layout = column(self, margin=0, spacing=6)
        self.open = _head(look, layout, "ui.site_cars")
        self.open.clicked.connect(self.open_asked)
        self.words = label("", wrap=True)
        told = row(4)
        told.addWidget(self.words, 1)
        # There is only something to ask about where the plan keeps it.
        self._mark = row(0)
        told.addLayout(self._mark)
        layout.addLayout(told)
        self.models = FactGrid(look, self.why_asked.emit)
        layout.addWidget(self.models)
        self.without = label("", "attention", wrap=True)
        layout.addWidget(self.without)

    def show_site(self, plan: Plan, facility_id: str) -> None:
        """Show one facility."""
        found = answer_of(plan, "fleet")
        cars = None if found is None else found.cars[found.cars["facility_id"] == facility_id]
        self.setVisible(cars is not None and bool(len(cars)))
        clear(self._mark)
        if found is None or cars is None or not len(cars):
            return
        say, rules = self._look.say, found.head["rules"]
        self._mark.addWidget(why_mark(self._look, say("ui.site_cars"), "fleet_cars", self.why_asked.emit))
        already = int((cars["why"] == "already").sum())
        then = already + int(cars["why"].isin(REPLACED).sum())
        last = int(rules["last_year"])
        self.words.setText(say("ui.site_cars.told", cars=len(cars), already=already, then=then, last=last))
        self.models.show_facts(list(self._coming(found, cars)))
        self.models.setVisible(bool(self.models.facts))
        told = self._without(found, cars)
        self.without.setText(told)
        self.without.setVisible(bool(told))

    def _coming(self, found: FleetResult, cars: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
        """Models by the fiscal year in which they come."""
        from kawasolar.fleet.words import model_names

        names = model_names(self._look.language, found.catalogue)
        coming = cars[cars["why"].isin(REPLACED)]
        for year, some in coming.groupby("fiscal_year", sort=True):
            counts = some["model"].value_counts(sort=False)
            words = self._look.say("ui.site_programme.fiscal", year=int(float(str(year))))
            for k, (key, number) in enumerate(counts.items()):
                model = self._look.say("ui.site_cars.model", model=names.get(str(key), str(key)), count=int(number))
                yield "" if k else words, model, ""

    def _without(self, found: FleetResult, cars: pd.DataFrame) -> str:
        """Cars that no model can replace, and what the nearest lacks."""
        from kawasolar.fleet.words import reasons_text

        mine, say, language = cars[cars["why"] == "no_substitute"], self._look.say, self._look.language
        if not len(mine):
            return ""
        told = [say("ui.site_cars.without", count=len(mine))]
        told += [
            say("ui.site_cars.one", vehicle=car["vehicle"], reason=reasons_text(language, car, found.catalogue))
            for car in mine.head(_MOST).to_dict("records")
        ]
        rest = len(mine) - _MOST
        return "\n".join([*told, *([say("ui.site_cars.more", count=rest)] if rest > 0 else [])])


class ChargersPart(QWidget):
    """充電設備, shown where the plan keeps chargers at the facility.

    Signals
    -------
    open_asked : the dialog is to be opened at this facility
    why_asked : code of a figure
    """

    open_asked = Signal()
    why_asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        layout = column(self, margin=0, spacing=6)
        self.open = _head(look, layout, "ui.site_chargers")
        self.open.clicked.connect(self.open_asked)
        self.facts = FactGrid(look, self.why_asked.emit)
        layout.addWidget(self.facts)
        self.note = label("", "attention", wrap=True)
        layout.addWidget(self.note)

    def show_site(self, plan: Plan, facility_id: str) -> None:
        """Show one facility."""
        from kawasolar.charging.words import base_note, sets

        found = answer_of(plan, "charging")
        rows = None if found is None else found.bases[found.bases["facility_id"] == facility_id]
        self.setVisible(rows is not None and bool(len(rows)))
        if found is None or rows is None or not len(rows):
            self.facts.show_facts(())
            return
        mine, language = {str(key): value for key, value in rows.iloc[0].items()}, self._look.language
        self.facts.show_facts(list(self._facts(mine, sets(language, found)[facility_id])))
        note = [base_note(language, mine)]
        unserved = int(mine["cars"]) - int(mine["served"])
        if unserved:
            note.append(self._look.say("ui.site_chargers.unserved", count=unserved))
        if mine["load_known"] and mine["estimated"]:
            note.append(self._look.say("ui.site_chargers.estimated"))
        self.note.setText("\n".join(one for one in note if one))
        self.note.setVisible(bool(self.note.text()))

    def _facts(self, mine: dict[str, Any], chargers: str) -> Iterator[tuple[str, str, str]]:
        def named(key: str, **values: object) -> str:
            return self._look.say(f"ui.site_chargers.{key}", **values)

        yield named("set"), chargers, "chargers"
        yield named("cars"), named("cars.is", count=int(mine["cars"])), ""
        if mine["load_known"]:
            yield named("peak_none"), named("kw", kw=fmt.number(mine["peak_none_kw"], 1)), ""
        for way in ("unmanaged", "staggered"):
            yield named(f"peak_{way}"), named("kw", kw=fmt.number(mine[f"peak_{way}_kw"], 1)), ""
        for way in ("unmanaged", "staggered"):
            # What cars add to the bill.
            more = float(mine[f"bill_{way}_yen"])
            if np.isfinite(more):
                yield named(f"bill_{way}"), named("yen", yen=f"{more:+,.0f}"), ""
        if not math.isnan(float(mine["outage_median_h"])):
            for name in ("median", "worst"):
                yield named(f"outage_{name}"), named("hours", hours=fmt.number(mine[f"outage_{name}_h"], 1)), ""


def _head(look: Look, layout: Any, code: str) -> Any:  # noqa: ANN401 - a layout, and a button
    """The heading with the way to its dialog."""
    line = row(4)
    line.addWidget(label(look.say(code), "head"), 1)
    made = button(look.say(f"{code}.show"), "link", tip=look.say(f"{code}.show.tip"))
    made.setAutoDefault(False)
    line.addWidget(made)
    layout.addLayout(line)
    return made
