"""Groups of facilities as the map colours them, the fiscal years of the programme or tender lots: a number that bears family, colour and label.

Imports nothing of the map, so that its pens can ask here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPen

from kawasolar.palette import LOT_COLOURS
from kawasolar.words import say
from ui import theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import shapely
    from numpy.typing import NDArray

    from kawasolar.lighting import Lighting
    from kawasolar.plan import Plan
    from kawasolar.programme.kept import Kept
    from kawasolar.siting.kept import KeptSiting
    from kawasolar.words import Language
    from ui.map.scene import Scene
    from ui.tokens import Tokens

_FAMILY, _TONE = 1_000, 100
NOWHERE, YEAR, STANDING, LOT, SITE = 1, 2, 3, 4, 5
# What a site without a year is labelled.
_SITE_LABEL = "EV"
_NEW, _OLD = 3, 0
# One after another from dark to light, apart for all eyes (after viridis); the light end of it would be lost on paper, the dark one on dark ground.
_RAMP = {
    "light": ("#440154", "#46327E", "#365C8D", "#277F8E", "#1FA187", "#4AC16D"),
    "dark": ("#7E6BC4", "#5E8FD0", "#37A6B8", "#33BE94", "#86D549", "#FDE725"),
}


class Group(int):
    """The class of a facility: ``family``, ``tone`` (place in its colours) and ``label`` (two digits) in one number, above all others of the map."""

    BASE = NOWHERE * _FAMILY

    @classmethod
    def make(cls, family: int, tone: int = 0, label: int = 0) -> Group:
        """A class out of its parts."""
        return cls(family * _FAMILY + tone * _TONE + label % _TONE)

    @property
    def family(self) -> int:
        return int(self) // _FAMILY

    @property
    def tone(self) -> int:
        return int(self) % _FAMILY // _TONE

    @property
    def label(self) -> str:
        """What the marker says; nothing where it stands for nothing."""
        if self.family == SITE:
            return _SITE_LABEL
        return "" if self.family == NOWHERE else f"{int(self) % _TONE:02d}"


GROUP_NOWHERE = Group.make(NOWHERE)


@dataclass(frozen=True)
class Groups:
    """Facilities in groups.

    Attributes
    ----------
    title : code of what the legend is called
    of : facility id -> class; who is not named is in none
    names : class -> its words, in the order of the legend
    areas : class and area (metres in the plan's CRS) of what belongs to each; drawn as lines
    """

    title: str
    of: Mapping[str, Group]
    names: Mapping[Group, str] = field(default_factory=dict)
    areas: tuple[tuple[Group, shapely.MultiPolygon], ...] = ()

    def classes(self) -> tuple[Group, ...]:
        """The classes that there are, as a legend lists them."""
        return (*self.names, GROUP_NOWHERE)

    def words(self, language: Language, kind: object) -> str:
        """What a class means."""
        if isinstance(kind, Group) and kind in self.names:
            return self.names[kind]
        return say(language, f"{self.title}.none")

    def counts(self) -> dict[Group, int]:
        """How many facilities each class has; of those in none nobody asks."""
        found = dict.fromkeys(self.classes(), 0)
        for kind in self.of.values():
            found[kind] = found.get(kind, 0) + 1
        return found

    def kinds(self, scene: Scene) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Class of each facility and of each public outline; where two facilities share one, the more telling counts."""
        names = [facility.facility_id for facility in scene.facilities]
        facility = np.array([int(self.of.get(name, GROUP_NOWHERE)) for name in names], dtype=np.int64)
        outline = np.full(scene.public.count, int(GROUP_NOWHERE), dtype=np.int64)
        np.maximum.at(outline, scene.link_building, facility[scene.link_facility])
        return facility, outline


def groups_of_years(plan: Plan, language: Language) -> Groups:
    """The fiscal years of the plan's programme: what stands, and what is built when."""
    kept = plan.programme
    if kept is None:
        return Groups("map.years", {})
    of: dict[str, Group] = {}
    for facility, year, status in zip(
        kept.frame["facility_id"], kept.frame["fiscal_year"], kept.frame["status"], strict=True
    ):
        if status == "open":
            continue
        family = YEAR if status == "planned" else STANDING
        of[str(facility)] = Group.make(family, _tone_of(kept, int(year)), int(year))
    names: dict[Group, str] = {}
    for kind in sorted(set(of.values()), key=lambda one: (one.family != STANDING, int(one))):
        year = next(
            int(y)
            for f, y in zip(kept.frame["facility_id"], kept.frame["fiscal_year"], strict=True)
            if of.get(str(f)) == kind
        )
        code = "map.years.standing" if kind.family == STANDING else "map.years.year"
        names[kind] = say(language, code, year=year)
    return Groups("map.years", of, names)


def groups_of_lighting(found: Lighting, language: Language) -> Groups:
    """The fiscal years in which lamps are replaced."""
    years = tuple(range(found.head.first, found.head.last + 1))
    of = {
        str(facility): Group.make(YEAR, _tone(years, int(year)), int(year))
        for facility, year in zip(found.facilities["facility_id"], found.facilities["year"], strict=True)
        if year
    }
    there = {int(year) for year in found.facilities["year"] if year}
    names = {Group.make(YEAR, _tone(years, year), year): say(language, "map.lighting.year", year=year) for year in sorted(there)}  # fmt: skip
    return Groups("map.lighting", of, names)


def groups_of_sites(kept: KeptSiting, language: Language) -> Groups:
    """Sites of shared chargers: by the fiscal year in which they are built, where there are budgets, else all as one; what stands already for itself.

    Of sites that are no facilities the map shows the catchments alone.
    """
    sites = kept.siting.sites
    built = sorted({int(one) for one in sites["fiscal_year"] if one})
    of: dict[str, Group] = {}
    for one, how, year in zip(sites["site_id"], sites["how"], sites["fiscal_year"], strict=True):
        if year:
            of[str(one)] = Group.make(YEAR, _tone(built, int(year)), int(year))
        else:
            of[str(one)] = Group.make(SITE, _OLD if how == "standing" else _NEW)
    there = set(of.values())
    names = {
        Group.make(SITE, tone): say(language, f"map.siting.{code}")
        for tone, code in ((_OLD, "standing"), (_NEW, "site"))
    }
    names |= {Group.make(YEAR, _tone(built, year), year): say(language, "map.siting.year", year=year) for year in built}
    areas = tuple((of[str(one)], shape) for one, shape in zip(kept.areas["site_id"], kept.areas["shape"], strict=True))
    return Groups("map.siting", of, {kind: words for kind, words in names.items() if kind in there}, areas)


def _tone_of(kept: Kept, year: int) -> int:
    return _tone(kept.years, year)


def _tone(years: Sequence[int], year: int) -> int:
    """Colours from dark to light over the years of a programme."""
    last, steps = len(_RAMP["light"]) - 1, max(len(years) - 1, 1)
    return round(min(max(year - years[0], 0), steps) * last / steps)


def groups_of_lots(plan: Plan, language: Language) -> Groups:
    """The tender lots of a plan with their fiscal years, by the number and the colour that each keeps when others come and go."""
    from kawasolar.lots.of_plan import entered_lots, lot_colour, number_of
    from kawasolar.lots.sites import years_of
    from kawasolar.lots.words import lot_title

    year = years_of(plan)
    of: dict[str, Group] = {}
    names: dict[Group, str] = {}
    for k, lot in enumerate(entered_lots(plan.entries, plan.scenario), start=1):
        number = number_of(lot.key)[0]
        kind = Group.make(LOT, LOT_COLOURS.index(lot_colour(lot.key)), k if math.isinf(number) else int(number))
        own = sorted(year[name] for name in lot.ids if name in year)
        names[kind] = lot_title(language, lot.name, (own[0], own[-1]) if own else ())
        of.update(dict.fromkeys(lot.ids, kind))
    return Groups("map.lots", of, names)


# ---------------------------------------------------------------------------------------------- how they look


def is_old(kind: Group) -> bool:
    """Whether chargers stand there already: apart from all years."""
    return kind.family == SITE and kind.tone == _OLD


def color(kind: Group, tokens: Tokens) -> QColor:
    """The colour that stands for a class."""
    if kind.family == NOWHERE:
        return QColor(tokens.muted)
    if is_old(kind):
        return QColor(tokens.ink)
    ramp = LOT_COLOURS if kind.family == LOT else _RAMP[tokens.name]
    return QColor(ramp[kind.tone % len(ramp)])


def pens(kind: Group, tokens: Tokens, ratio: float) -> tuple[QPen, ...]:
    """The strokes of an outline, the lowest first."""
    if kind.family == NOWHERE:
        return (_pen(_veil(QColor(tokens.muted), 170), 1.0 * ratio),)
    return _pen(_veil(QColor(tokens.panel), 230), 5.0 * ratio), _pen(color(kind, tokens), 2.6 * ratio)


def brush(kind: Group, tokens: Tokens) -> QBrush:
    """What fills an outline: a wash of its colour, hatched where it stands already."""
    if kind.family == NOWHERE:
        return QBrush(Qt.BrushStyle.NoBrush)
    ink = color(kind, tokens)
    return (
        QBrush(ink, Qt.BrushStyle.Dense5Pattern) if kind.family == STANDING or is_old(kind) else QBrush(_veil(ink, 80))
    )


def draw_marker(painter: QPainter, at: QPointF, kind: Group, tokens: Tokens) -> None:
    """Two digits on its colour: a disc for a year, a square for what stands, a rounded one for a lot; a small dot for none."""
    painter.setPen(QPen(QColor(tokens.panel), 1.2))
    if kind.family == NOWHERE:
        painter.setBrush(QColor(theme.mix(tokens.muted, tokens.panel, 0.35)))
        painter.drawEllipse(at, 3.0, 3.0)
        return
    painter.setBrush(color(kind, tokens))
    if kind.family == YEAR:
        painter.drawEllipse(at, 8.0, 8.0)
    else:
        round_by = 1.5 if kind.family == STANDING else 5.0
        painter.drawRoundedRect(QRectF(at.x() - 7.5, at.y() - 7.5, 15.0, 15.0), round_by, round_by)
    font = QFont(theme.font(bold=True))
    font.setPixelSize(9)
    painter.setFont(font)
    bright = color(kind, tokens).lightnessF() > 0.55
    painter.setPen(QColor("#10151C" if bright else "#FFFFFF"))
    painter.drawText(QRectF(at.x() - 9.0, at.y() - 8.0, 18.0, 16.0), Qt.AlignmentFlag.AlignCenter, kind.label)


def _veil(ink: QColor, alpha: int) -> QColor:
    made = QColor(ink)
    made.setAlpha(alpha)
    return made


def _pen(ink: QColor, width: float) -> QPen:
    made = QPen(ink, width)
    made.setCosmetic(True)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return made
