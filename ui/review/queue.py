"""Which facility is looked at, in which order, and what has been settled; knows no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ui.format import folded

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.document.entries import Entries
    from kawasolar.join.review import Item, Tally
    from kawasolar.plan import Plan

# Which facilities are listed.
SHOWN = ("open", "doubtful", "all")


class ReviewQueue(QObject):
    """The order is made once, and again only when somebody asks: nothing moves under the hand of who works through it.

    Signals
    -------
    listed : other rows are listed
    changed : facility whose item is another now
    moved : another facility is looked at
    """

    listed = Signal()
    changed = Signal(str)
    moved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: dict[str, Item] = {}
        self._order: list[str] = []
        self._needles: dict[str, str] = {}
        self._needle = ""
        self.shown = "open"
        self.rows: list[str] = []
        self._places: dict[str, int] = {}
        self.current = ""
        self.doubtful = 0.0
        # Counted when somebody asks.
        self._told: Tally | None = None

    # ---------------------------------------------------------------- data

    def load(self, plan: Plan | None, *, anew: bool = False) -> None:
        """Take the items of a plan; the order stays for facilities that are known, unless it shall be made anew."""
        from kawasolar.join.review import DOUBTFUL, in_order, items_of

        items = items_of(plan) if plan is not None else []
        before, were = set(self._order), self._items
        self.doubtful = plan.profile.number(DOUBTFUL) if plan is not None else 0.0
        self._items, self._told = {item.facility_id: item for item in items}, None
        if anew or before != set(self._items):
            self._order = [item.facility_id for item in in_order(items)]
            self._needles = {
                item.facility_id: folded(f"{item.facility_id} {item.name} {item.address}") for item in items
            }
            self.list_anew()
        else:
            self._tell_changed(were)
        if self.current not in self._items:
            self.go_to(self.rows[0] if self.rows else "")

    def link_anew(self, links: pd.DataFrame, entries: Entries) -> None:
        """The same facilities with other links."""
        from kawasolar.join.review import renewed

        were, self._items, self._told = self._items, renewed(self._items, links, entries), None
        self._tell_changed(were)

    def _tell_changed(self, were: dict[str, Item]) -> None:
        for name, item in self._items.items():
            if item is not were[name] and item != were[name]:
                self.changed.emit(name)

    def look_again(self, entries: Entries, facilities: set[str]) -> None:
        """Some facilities have been looked at, or no longer."""
        from kawasolar.join.review import with_state

        self._told = None
        for facility in facilities & set(self._items):
            self._items[facility] = with_state(self._items[facility], entries)
            self.changed.emit(facility)

    def owners(self) -> dict[str, str]:
        """Building -> the facility that has it."""
        return {link.building_id: item.facility_id for item in self._items.values() for link in item.links}

    def item(self, facility_id: str) -> Item | None:
        """One facility."""
        return self._items.get(facility_id)

    @property
    def item_now(self) -> Item | None:
        """The facility that is looked at."""
        return self._items.get(self.current)

    def tally(self) -> Tally:
        """How far the review is."""
        from kawasolar.join.review import tally

        if self._told is None:
            self._told = tally(self._items.values(), self.doubtful)
        return self._told

    # ---------------------------------------------------------------- rows

    def show_only(self, shown: str) -> None:
        """List those that nobody has settled, the doubtful ones of them, or all."""
        self.shown = shown
        self.list_anew()

    def search(self, words: str) -> None:
        """List those whose id, name or address has these words; all of them for none, settled or not."""
        needle = folded(words)
        if needle != self._needle:
            self._needle = needle
            self.list_anew()

    def list_anew(self) -> None:
        """Which rows there are now."""
        self.rows = [name for name in self._order if self._wanted(self._items[name])]
        self._places = {name: place for place, name in enumerate(self.rows)}
        self.listed.emit()

    def _wanted(self, item: Item) -> bool:
        if self._needle:
            return self._needle in self._needles[item.facility_id]
        if self.shown == "all":
            return True
        return not item.done and (self.shown == "open" or item.score < self.doubtful)

    def place_of(self, facility_id: str) -> int:
        """Row of a facility; -1 where it is not listed."""
        return self._places.get(facility_id, -1)

    # ---------------------------------------------------------------- moving

    def go_to(self, facility_id: str) -> None:
        """Look at a facility."""
        if facility_id != self.current and (facility_id in self._items or not facility_id):
            self.current = facility_id
            self.moved.emit()

    def step(self, by: int) -> None:
        """The next or the previous row."""
        place = self.place_of(self.current) + by if self.current in self._places else 0
        if 0 <= place < len(self.rows):
            self.go_to(self.rows[place])

    def next_open(self) -> bool:
        """The next row that nobody has settled or put off, from the first again after the last; False where there is none."""
        begin = self.place_of(self.current) + 1
        for name in (*self.rows[begin:], *self.rows[:begin]):
            if name != self.current and self._items[name].state == "open":
                self.go_to(name)
                return True
        return False
