"""The review between document, panel and map: what a key does, and what is shown of the facility that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from kawasolar.errors import PlanError
from ui.review.queue import ReviewQueue

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from kawasolar.document.entries import Edit, Entries
    from kawasolar.join.review import Candidate, Candidates
    from kawasolar.plan import Plan
    from ui.document import Document
    from ui.map.reviewing import ReviewTool
    from ui.map.tools import MapTools
    from ui.map.view import MapView

# Ground around a facility that is shown [m].
_AROUND = 45.0
_SHARE = 0.8
# Cards on the map that are taller than this [px] are in the way; if they cover more of its width than this, that is how it is.
_TALL = 80.0
_MOST_COVERED = 0.5
# Milliseconds after the last key until the facility is selected everywhere.
_SELECT_AFTER = 250
_NONE, _ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier
_KEYS = {
    Qt.Key.Key_Return: "confirm", Qt.Key.Key_Enter: "confirm", Qt.Key.Key_Space: "confirm", Qt.Key.Key_0: "none", Qt.Key.Key_Delete: "none",
    Qt.Key.Key_N: "next", Qt.Key.Key_Down: "next", Qt.Key.Key_P: "previous", Qt.Key.Key_Up: "previous", Qt.Key.Key_U: "undo",
    Qt.Key.Key_S: "later", Qt.Key.Key_Slash: "search", Qt.Key.Key_C: "beside", Qt.Key.Key_Escape: "escape",
}  # fmt: skip


class ReviewDesk(QObject):
    """Made once; its panel is built anew with every language.

    Signals
    -------
    shown : the facility that is looked at, or what lies near it, is another
    search_asked : the cursor is wanted in the search
    told : code of a sentence about what was just done, or could not be, with its values
    left : another step is shown
    """

    shown = Signal()
    search_asked = Signal()
    told = Signal(str, object)
    left = Signal()

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self.queue = ReviewQueue(self)
        self.candidates: list[Candidate] = []
        # The next number names a building that the facility only shares.
        self.beside = False
        self.active = False
        self._near: Candidates | None = None
        self._view: MapView | None = None
        self._tools: MapTools | None = None
        self._tool: ReviewTool | None = None
        self._owners: dict[str, str] | None = None
        self._seen: dict[str, object] = {}
        # What is entered just now is followed by the next facility: that is shown, and not this one once more.
        self._moving = False
        # Ids of the ledger, and of all outlines.
        self._ids: tuple[set[str], set[str]] = set(), set()
        # Inspector and table follow when the hand rests.
        self._select = QTimer(self, singleShot=True, interval=_SELECT_AFTER)
        self._select.timeout.connect(self._select_now)
        self.queue.moved.connect(self._on_moved)
        document.plan_changed.connect(self._on_plan)
        document.entries_changed.connect(self._on_entries)
        document.selection_changed.connect(self._on_selection)

    def bind_map(self, view: MapView, tools: MapTools) -> None:
        """The map beside it."""
        self._view, self._tools = view, tools
        tools.mode_changed.connect(lambda mode: self._show_on_map() if self.active and not mode else None)

    # ---------------------------------------------------------------- coming and going

    def enter(self) -> None:
        """The step is shown."""
        if self.active:
            return
        self.active = True
        self._document.be_patient(True)
        # The least sure first again, and what was settled before no more among them.
        self._load(anew=True)
        if self._document.selected:
            self.queue.go_to(self._document.selected)
        elif self.queue.rows and self.queue.place_of(self.queue.current) < 0:
            self.queue.go_to(self.queue.rows[0])
        self._on_moved()

    def leave(self) -> None:
        """Another step is shown."""
        if self.active:
            self.active = False
            self._select.stop()
            self._document.be_patient(False)
            if self._tools is not None and self._tool is not None and self._tools.tool is self._tool:
                self._tools.review(None)
            self._tool = None
            self.left.emit()

    def _load(self, *, anew: bool = False) -> None:
        self._owners, plan = None, self._document.plan
        self._seen = {} if plan is None else dict(plan.entries.table("reviews"))
        self.queue.load(plan, anew=anew)
        if plan is not None:
            self._ids = set(plan.facilities["facility_id"]), set(plan.results.buildings["building_id"])
            if self._document.waiting:
                self._link_anew(plan)

    def _link_anew(self, plan: Plan) -> None:
        """The links as people have named them just now, of which nothing has been computed yet."""
        from kawasolar.join.review import links_now

        self._owners = None
        self.queue.link_anew(links_now(plan, *self._ids), plan.entries)

    def _on_plan(self) -> None:
        if self.active:
            self._load()
            self._look()

    def _on_entries(self, tables: frozenset[str]) -> None:
        if self.active and tables & {"joins", "reviews"} and self._document.entries is not None:
            if "joins" in tables and self._document.plan is not None:
                self._link_anew(self._document.plan)
            else:
                self._look_again(self._document.entries)
            if not self._moving:
                self.shown.emit()

    def _look_again(self, entries: Entries) -> None:
        """Whoever has been looked at, or no longer is."""
        now = entries.table("reviews")
        other = {name for name in {*now, *self._seen} if now.get(name) is not self._seen.get(name)}
        self._seen = dict(now)
        self.queue.look_again(entries, other)

    def _on_selection(self, facility_id: object) -> None:
        if self.active and facility_id is not None:
            self.queue.go_to(str(facility_id))

    # ---------------------------------------------------------------- what is looked at

    def _on_moved(self) -> None:
        if not self.active:
            return
        self.beside = False
        self._select.start()
        self._look()

    def _select_now(self) -> None:
        if self.active:
            self._document.select(self.queue.current or None)

    def _look(self) -> None:
        """What lies near the facility, in the panel and on the map."""
        item, plan = self.queue.item_now, self._document.plan
        self.candidates = []
        if item is not None and plan is not None:
            from kawasolar.join.review import Candidates

            if self._near is None or not self._near.goes_with(plan):
                self._near = Candidates(plan)
            if self._owners is None:
                self._owners = self.queue.owners()
            self.candidates = self._near.of(item, self._owners)
        self.shown.emit()
        self._show_on_map()

    def _show_on_map(self) -> None:
        item, view, tools = self.queue.item_now, self._view, self._tools
        if view is None or tools is None or not self.active:
            return
        if tools.mode:
            # Somebody draws or picks: that goes first.
            return
        if self._tool is None or tools.tool is not self._tool:
            from ui.map.reviewing import ReviewTool

            self._tool = ReviewTool(self.press)
            tools.review(self._tool)
        place = self._near.place_of(item) if item is not None and self._near is not None else None
        self._tool.show(self.candidates, place, item.exact if item is not None else "")
        box = self._box(place)
        if box is not None:
            view.fill_with(_beside_cards(box, view), _SHARE)

    def _box(self, place: tuple[float, float] | None) -> tuple[float, float, float, float] | None:
        """The ground to be seen: around the place and the buildings that are linked."""
        import shapely

        shapes = [each.shape for each in self.candidates if each.linked]
        if place is not None:
            shapes.append(shapely.box(place[0] - _AROUND, place[1] - _AROUND, place[0] + _AROUND, place[1] + _AROUND))
        if not shapes:
            return None
        west, south, east, north = shapely.total_bounds(shapes).tolist()
        return west, south, east, north

    def facility_name(self, facility_id: str) -> str:
        """What a facility is called."""
        item = self.queue.item(facility_id)
        return facility_id if item is None else item.name

    # ---------------------------------------------------------------- keys

    def press(self, event: QKeyEvent) -> bool:
        """A key went down; True if it had a meaning."""
        held = event.modifiers() & ~_KEYPAD
        key = Qt.Key(event.key())
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_9 and held in (_NONE, _ALT):
            self.choose(int(key) - int(Qt.Key.Key_0), together=held == _ALT)
            return True
        # On Japanese keyboards with the input method on, letters come as texts.
        name = _KEYS.get(key) if held == _NONE else None
        if name is None:
            return False
        return self.act(name)

    def act(self, name: str) -> bool:
        """Do what a key or a button stands for; True unless it had nothing to do with it."""
        if name == "escape":
            was, self.beside = self.beside, False
            self.shown.emit()
            return was
        if name == "search":
            self.search_asked.emit()
        elif name in ("next", "previous"):
            self.queue.step(1 if name == "next" else -1)
        elif name == "undo":
            self._undo()
        elif name == "beside":
            self.beside = bool(self.candidates) and not self.beside
            self.shown.emit()
        else:
            self._settle(name)
        return True

    def _settle(self, name: str) -> None:
        from kawasolar.join import review

        item, entries = self.queue.item_now, self._document.entries
        if item is None or entries is None:
            return
        by = self._document.author()
        if name == "confirm":
            self._do(review.confirm(entries, item, by))
        elif name == "later":
            self._do(review.put_off(entries, item, by))
        elif name == "none":
            self._do(review.settle_as(entries, item, (), by))

    def choose(self, number: int, *, together: bool = False) -> None:
        """Take a candidate instead of what was linked; ``together``: besides it, or no longer."""
        from kawasolar.join import review

        item, entries = self.queue.item_now, self._document.entries
        if item is None or entries is None or not 1 <= number <= len(self.candidates):
            return
        building = self.candidates[number - 1]
        own = {link.building_id for link in item.links}
        if self.beside:
            self.beside = False
            self._do(
                review.settle_as(
                    entries, item, own - {building.building_id}, self._document.author(), {building.building_id}
                )
            )
            return
        chosen = own ^ {building.building_id} if together else {building.building_id}
        if not together and own == chosen:
            self._settle("confirm")
            return
        self._do(review.settle_as(entries, item, chosen, self._document.author()), stay=together)

    def _do(self, edit: Edit, *, stay: bool = False) -> None:
        """Enter it, and go on to the next that nobody has settled."""
        before, self._moving = self.queue.current, not stay
        try:
            self._document.do(edit)
        except PlanError as error:
            self.told.emit(error.code, error.details)
            return
        finally:
            self._moving = False
        if not stay and before == self.queue.current and not self.queue.next_open():
            self._look()
            self.told.emit("ui.review.all_done", {})

    def _undo(self) -> None:
        """Take the last step back, and look at the facility that it was about."""
        last = self._document.undo_words
        about = "" if last is None else str(last[1].get("facility", ""))
        self._moving = about not in ("", self.queue.current) and self.queue.item(about) is not None
        try:
            self._document.undo()
        finally:
            self._moving = False
        if about:
            self.queue.go_to(about)


def _beside_cards(box: tuple[float, float, float, float], view: MapView) -> tuple[float, float, float, float]:
    """The box with so much ground at its left that the legend lies on nothing that is looked at."""
    wide = float(view.width())
    covered = [card.right() for card in view.cards.covered() if card.left() < wide / 4 and card.height() > _TALL]
    share = max(covered, default=0.0) / max(wide, 1.0)
    if not 0.0 < share < _MOST_COVERED:
        return box
    west, south, east, north = box
    # As wide as the map at the scale that its height asks for, if that is wider than the box.
    shown = max(east - west, (north - south) * wide * (1.0 - share) / max(float(view.height()), 1.0))
    middle = (west + east) / 2
    return middle - shown / 2 - shown * share / (1.0 - share), south, middle + shown / 2, north
