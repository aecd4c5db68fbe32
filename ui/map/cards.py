"""All cards on the map together: what they say, and that none covers another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF

from kawasolar.words import Language, say
from ui.map.difference_legend import DifferenceLegend
from ui.map.overlays import MARGIN, Buttons, Card, Legend, Plate, ScaleBar
from ui.map.plates import HoverCard, ReasonCard, ToolBanner
from ui.map.style import PUBLIC, WORDS, Class, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from PySide6.QtWidgets import QWidget

    from kawasolar.plan import Plan
    from ui.map.basemap_card import BasemapCard
    from ui.map.differences import Differences
    from ui.map.groups import Groups
    from ui.map.keepouts import Keepout
    from ui.map.renderer import Loaded
    from ui.map.scene import Facility
    from ui.tokens import Tokens

_GAP = 8
# A banner narrower than this would be a column of words.
_LEAST_BANNER = 420


class Cards:
    """Legend and buttons above, scale bar and chip below, the notice over them."""

    def __init__(self, parent: QWidget, layers: tuple[str, ...]) -> None:
        self._parent = parent
        self.legend = Legend(parent)
        self.legend.folded.connect(self.place)
        self.differences: Differences | Groups | None = None
        # Made when differences are first shown.
        self.difference_legend: DifferenceLegend | None = None
        self.leave_differences: Callable[[], object] = lambda: None
        self.scale_bar = ScaleBar(parent)
        self.buttons = Buttons(parent, layers)
        self.chip = Plate(parent)
        self.notice = Plate(parent)
        # Who made the background map; seen whenever there is one.
        self.credit = Plate(parent)
        self.credit.hide()
        # Made when somebody asks for it.
        self.basemap: BasemapCard | None = None
        self.hover = HoverCard(parent)
        self.banner = ToolBanner(parent)
        self.reason = ReasonCard(parent)

    def covered(self) -> list[QRectF]:
        """Where the map is covered."""
        return [QRectF(card.geometry()) for card in self._all() if not card.isHidden()]

    def write(
        self,
        language: Language,
        tokens: Tokens,
        plan: Plan | None,
        loaded: Loaded | None,
        kinds: NDArray[np.int64] | None,
        layers: Mapping[str, bool],
    ) -> None:
        """All words, colours and figures. ``kinds``: class of each facility, for the counts."""
        self.count(kinds)
        span = loaded.span if loaded is not None else None
        self.legend.write(language, tokens, span, shown=layers["irradiation"] and span is not None)
        self.buttons.write(language, tokens, layers)
        self.buttons.action["wards"].setVisible(loaded is not None and loaded.wards is not None)
        self.scale_bar.dress(tokens)
        self.scale_bar.ink = tokens.ink
        self.hover.dress(tokens)
        self.hover.hide()
        self.chip.write(say(language, "map.synthetic"), tokens, tokens.attention)
        code = notice_code(loaded)
        self.notice.write(say(language, code) if code else "", tokens, tokens.ink)
        for card in (self.legend, self.buttons, self.scale_bar):
            card.setVisible(plan is not None)
        self.show_differences(language, tokens, self.differences if plan is not None else None)
        self.chip.setVisible(plan is not None and plan.synthetic)
        self.notice.setVisible(plan is not None and code is not None)
        self.place()

    def count(self, kinds: NDArray[np.int64] | None) -> None:
        """Write how many facilities each class has."""
        self.legend.count({} if kinds is None else {kind: int(np.count_nonzero(kinds == kind)) for kind in PUBLIC})

    def show_differences(self, language: Language, tokens: Tokens, differences: Differences | Groups | None) -> None:
        """The legend of differences or groups in the place of the usual one, or the usual one again."""
        had, self.differences = self.differences is not None, differences
        if differences is not None:
            if self.difference_legend is None:
                self.difference_legend = DifferenceLegend(self._parent)
                self.difference_legend.left.connect(self.leave_differences)
            self.difference_legend.write(language, tokens, differences)
            self.legend.hide()
            self.difference_legend.show()
        elif had and self.difference_legend is not None:
            self.difference_legend.hide()
            self.legend.show()
        self.place()

    def tell(self, language: Language, tokens: Tokens, facility: Facility, kind: Class) -> None:
        """Write the card at the cursor: name, class, and the figures that are known."""
        parts = []
        if facility.capacity_kw:
            parts.append(say(language, "map.hover.capacity", capacity_kw=facility.capacity_kw))
        if facility.energy_kwh:
            parts.append(say(language, "map.hover.energy", energy_mwh=facility.energy_kwh / 1000.0))
        if facility.irradiation_kwh_m2:
            parts.append(say(language, "map.hover.irradiation", irradiation_kwh_m2=facility.irradiation_kwh_m2))
        words = ""
        if isinstance(kind, Kind):
            words = say(language, WORDS[kind])
        elif self.differences is not None:
            words = self.differences.words(language, kind)
        self.hover.write(tokens, facility.name, kind, words, "  ·  ".join(parts))

    def tell_keepout(self, language: Language, tokens: Tokens, keepout: Keepout) -> None:
        """Write the card at the cursor for a keep-out: how large, why, and who drew it when."""
        dot = say(language, "ui.list.dot")
        mark = keepout.mark
        lines = [mark.why, dot.join(part for part in (mark.who, keepout.when) if part)]
        title = say(language, "map.keepout.area", area=keepout.area_m2)
        state = "map.keepout.computed" if keepout.computed else "map.keepout.waiting"
        color = tokens.muted if keepout.computed else tokens.attention
        self.hover.say(tokens, title, say(language, state), color, "\n".join(line for line in lines if line))

    def show_scale(self, scale: float) -> None:
        """Set metres per pixel."""
        self.scale_bar.show_scale(scale)

    def place(self) -> None:
        """Put every card where it belongs; the legend folds where there is no room for it."""
        width, height = self._parent.width(), self._parent.height()
        self.buttons.move(width - MARGIN - self.buttons.width(), MARGIN)
        top = height - MARGIN - self.scale_bar.height()
        self.scale_bar.move(MARGIN, top)
        low = height - MARGIN
        if not self.credit.isHidden():
            low = self._place_credit(width, low)
        self.chip.move(width - MARGIN - self.chip.width(), low - self.chip.height())
        right = width - MARGIN - self.buttons.width() - _GAP
        if not self.notice.isHidden():
            self.notice.fit_into(right - MARGIN)
            top -= _GAP + self.notice.height()
            self.notice.move(MARGIN, top)
        if not self.banner.isHidden():
            top = self._place_banner(width, top)
        self.legend.set_room(right - MARGIN, top - _GAP - MARGIN)
        self.legend.move(MARGIN, MARGIN)
        if self.difference_legend is not None:
            self.difference_legend.move(MARGIN, MARGIN)
        if self.basemap is not None and not self.basemap.isHidden():
            self._place_basemap(self.basemap, right, top - _GAP)

    def _shown_legend(self) -> Card:
        shown = self.difference_legend
        return self.legend if shown is None or shown.isHidden() else shown

    def _place_basemap(self, card: BasemapCard, right: int, low: int) -> None:
        """Beside the buttons and the legend; where that leaves it too narrow, below the legend, which folds if it must."""
        legend = self._shown_legend()
        left = MARGIN if legend.isHidden() else MARGIN + legend.width() + _GAP
        if right - left >= card.LEAST:
            card.put(left, right, MARGIN)
            return
        card.put(MARGIN, right, MARGIN)
        self.legend.set_room(right - MARGIN, low - MARGIN - _GAP - card.height())
        card.move(card.x(), MARGIN + legend.height() + _GAP)

    def _place_credit(self, width: int, low: int) -> int:
        """In the corner, as wide as it is if need be: beside the scale, else above it. Where what lies above it ends."""
        self.credit.fit_into(width - 2 * MARGIN)
        beside = width - 2 * MARGIN - _GAP - self.credit.width() >= self.scale_bar.width()
        low = low if beside else low - self.scale_bar.height() - _GAP
        self.credit.move(width - MARGIN - self.credit.width(), low - self.credit.height())
        return low - self.credit.height() - _GAP

    def _place_banner(self, width: int, top: int) -> int:
        """The tool's banner above, between legend and buttons; where that is too narrow, or taken, below them. What is left below."""
        left = MARGIN + self._shown_legend().width() + _GAP
        room = width - MARGIN - self.buttons.width() - _GAP - left
        taken = self.basemap is not None and not self.basemap.isHidden()
        if room >= _LEAST_BANNER and not taken:
            self.banner.fit_into(room)
            self.banner.move(left + (room - self.banner.width()) // 2, MARGIN)
            return top
        self.banner.fit_into(width - 2 * MARGIN)
        top -= _GAP + self.banner.height()
        self.banner.move(MARGIN, top)
        return top

    def _all(self) -> tuple[Card, ...]:
        usual = (self.legend, self.buttons, self.scale_bar, self.chip, self.notice, self.banner, self.credit)
        return (*usual, *(card for card in (self.difference_legend, self.basemap) if card is not None))


def notice_code(loaded: Loaded | None) -> str | None:
    """The one line to say about rasters that are not there."""
    if loaded is None:
        return None
    no_sun = loaded.span is None
    no_relief = "hillshade" in loaded.missing and "surface" in loaded.missing
    if no_sun and no_relief:
        return "map.notice.no_rasters"
    if no_sun:
        return "map.notice.no_irradiation"
    if no_relief:
        return "map.notice.no_relief"
    return "map.notice.no_surface" if "surface" in loaded.missing else None
