"""A module of the catalogue, chosen from a list: for the whole plan, or for one facility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QComboBox

from kawasolar.modules import Module, UnreadableCatalogue, catalogue, shipped_catalogue, values_of
from kawasolar.reasons import finding_sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ui.look import Look

# Numbers of a data sheet and of a profile are the same to this.
_SAME = 1e-9


class ModuleField(QComboBox):
    """The first entry is what holds unless one is chosen.

    Signals
    -------
    picked : a module, or None for the first entry
    """

    picked = Signal(object)

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self._look = look
        self._modules: tuple[Module, ...] = ()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # In a narrow panel the words are cut in the field, not the panel.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.activated.connect(lambda k: self.picked.emit(self._modules[k - 1] if k else None))

    def show_values(self, first: str, values: Mapping[str, float] | None) -> None:
        """Fill the list; ``values`` are those of the module that is in use, None for the first entry."""
        self._modules, told = _known(self._look)
        say = self._look.say
        self.clear()
        self.addItem(first)
        for module in self._modules:
            self.addItem(say("ui.modules.entry", name=module.name, power=f"{module.power_w:g}"))
            tip = say(
                "ui.modules.tip", maker=module.maker, size=f"{module.width_m:.3f} × {module.length_m:.3f}", weight=f"{module.weight_kg:g}",
                source=module.source, sure=say(f"ui.sure.{module.how_sure}"),
            )  # fmt: skip
            self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.setToolTip(told)
        found = 0 if values is None else next((k for k, m in enumerate(self._modules, 1) if _is(m, values)), 0)
        self.setCurrentIndex(found)

    def wheelEvent(self, event: QEvent) -> None:
        # Who scrolls the panel does not mean to choose.
        event.ignore()


def _is(module: Module, values: Mapping[str, float]) -> bool:
    return all(abs(values.get(key, float("nan")) - number) <= _SAME for key, number in values_of(module).items())


def _known(look: Look) -> tuple[tuple[Module, ...], str]:
    """The modules, and what is wrong with a catalogue of the person's own."""
    try:
        found, findings = catalogue()
    except UnreadableCatalogue as error:
        return shipped_catalogue(), look.say_error(error)
    return found, "\n".join(finding_sentence(look.language, finding) for finding in findings)
