"""That the bases need fewer chargers than the fleet's costs take for each car, or more; and the fleet reckoned with what they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.parts import button, column, label

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from ui.look import Look

# 万円.
_MAN = 1e4


class PerCarHint(QWidget):
    """Seen where the two are apart.

    Signals
    -------
    asked : the fleet is to be reckoned with these assumptions
    """

    asked = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._values: dict[str, float] = {}
        layout = column(self, margin=0, spacing=4)
        self.words = label("", "muted", wrap=True)
        self.use = button(look.say("ui.fleet.per_car.use"), "link", tip=look.say("ui.fleet.per_car.use.tip"))
        self.use.clicked.connect(lambda: self.asked.emit(dict(self._values)))
        layout.addWidget(self.words)
        layout.addWidget(self.use)
        self.hide()

    def show_plan(self, plan: Plan) -> None:
        """What the plan's fleet takes, and what its chargers come to."""
        if not {"fleet", "charging"} <= set(plan.answers):
            self.hide()
            return
        from kawasolar.charging.of_fleet import chargers_per_car

        found = chargers_per_car(plan)
        self.setVisible(found is not None and found.is_apart)
        if found is not None:
            self._values = found.values
            told = {
                "assumed": found.assumed_ratio, "ratio": found.ratio, "assumed_yen": found.assumed_yen / _MAN, "yen": found.yen / _MAN,
                "assumed_full": found.assumed_yen, "full": found.yen,
            }  # fmt: skip
            self.words.setText(self._look.say("ui.fleet.per_car", **told))
