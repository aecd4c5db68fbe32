"""By what the map colours facilities: the decision, the fiscal years of the programme, tender lots, or what the plan is asked for besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from ui.document import Document
    from ui.look import Look
    from ui.map.groups import Groups
    from ui.map.view import MapView

Mode = Literal["decision", "years", "lots", "lighting", "siting"]
MODES: tuple[Mode, ...] = ("decision", "years", "lots", "lighting", "siting")


class GroupDesk(QObject):
    """Keeps the map's groups those of the plan."""

    changed = Signal()

    def __init__(self, look: Look, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look, self._document = look, document
        self._map: MapView | None = None
        self._mode: Mode = "decision"
        self._lent = False
        document.plan_changed.connect(self._show)
        document.decision_changed.connect(self._show)
        document.entries_changed.connect(lambda tables: self._show() if "lots" in tables else None)

    def bind_map(self, view: MapView) -> None:
        """The map that is coloured."""
        self._map = view
        view.groups_left.connect(lambda: self.set_mode("decision"))
        self._show()

    @property
    def mode(self) -> Mode:
        """By what it is coloured."""
        return self._mode

    def can(self, mode: Mode) -> bool:
        """Whether the plan has something to colour by."""
        plan = self._document.plan
        if plan is None:
            return False
        if mode == "years":
            return plan.programme is not None and plan.programme.proof is not None
        if mode in ("lighting", "siting"):
            return mode in plan.answers
        return mode == "decision" or bool(plan.entries.of_scenario("lots", plan.scenario))

    def set_mode(self, mode: Mode) -> None:
        """Colour by something else."""
        if mode != self._mode or self._lent:
            self._mode = mode
            self._show()
            self.changed.emit()

    def lend(self, groups: Groups) -> None:
        """Colour by groups that no plan keeps, until something else is asked for, or the plan is another."""
        if self._map is None:
            return
        self._mode, self._lent = "decision", True
        self._map.set_groups(groups)
        self.changed.emit()

    def _show(self) -> None:
        from kawasolar.answers import answer_of
        from ui.map.groups import groups_of_lighting, groups_of_lots, groups_of_sites, groups_of_years

        plan, view = self._document.plan, self._map
        self._lent = False
        if view is None:
            return
        if plan is None or self._mode == "decision" or not self.can(self._mode):
            if view.groups is not None:
                view.set_groups(None)
            return
        if self._mode == "years":
            view.set_groups(groups_of_years(plan, self._look.language))
            return
        if self._mode == "lighting":
            view.set_groups(groups_of_lighting(answer_of(plan, "lighting"), self._look.language))
            return
        if self._mode == "siting":
            view.set_groups(groups_of_sites(answer_of(plan, "siting"), self._look.language))
            return
        view.set_groups(groups_of_lots(plan, self._look.language))
