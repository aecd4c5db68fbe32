"""Which scenarios stand side by side, and what came of putting them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from kawasolar.compare import Comparison
    from ui.document import Document
    from ui.scenarios.standing import Standing

# Compared scenarios are told apart by a letter and a colour.
LETTERS = "ABCD"
LEAST, MOST = 2, len(LETTERS)
# Milliseconds after the last change until the comparison is made anew: not at every step of a slider.
_AFTER = 120


class Comparing(QObject):
    """The choice of scenarios, and the comparison of those.

    Signals
    -------
    keys_changed : others are compared
    changed : the comparison was made anew, or there is none any more
    shown_changed : the differences are shown on the map, or are not any more
    """

    keys_changed = Signal()
    changed = Signal()
    shown_changed = Signal()

    def __init__(self, document: Document, standing: Standing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._standing = document, standing
        self._keys: tuple[str, ...] = ()
        self._found: Comparison | None = None
        self._in_view, self._on_map = False, True
        self._shown = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_AFTER)
        self._later.timeout.connect(self.refresh)
        standing.changed.connect(self._on_standing)
        standing.replaced.connect(self.end)

    @property
    def keys(self) -> tuple[str, ...]:
        """Scenarios that are ticked, in the order of the list."""
        return self._keys

    @property
    def found(self) -> Comparison | None:
        """The comparison; None while fewer than two are ticked."""
        return self._found

    def letter_of(self, key: str) -> str:
        """A to D; empty for a scenario that is not compared."""
        return LETTERS[self._keys.index(key)] if key in self._keys and len(self._keys) >= LEAST else ""

    def set_keys(self, keys: tuple[str, ...]) -> None:
        """Compare these, four at most; fewer than two end the comparison."""
        order = [one.key for one in self._standing.names()]
        wanted = tuple(key for key in order if key in keys)[:MOST]
        if wanted == self._keys:
            return
        self._keys = wanted
        self._later.stop()
        self.keys_changed.emit()
        self.refresh()

    def toggle(self, key: str, on: bool) -> None:
        """Tick a scenario, or not."""
        kept = tuple(name for name in self._keys if name != key)
        self.set_keys((*kept, key) if on else kept)

    def begin(self) -> None:
        """Compare something: what is ticked, else the scenario that is worked on with its neighbours."""
        if len(self._keys) < LEAST:
            order = [one.key for one in self._standing.names()]
            active = self._document.scenario
            rest = [key for key in order if key != active and key not in self._keys]
            self.set_keys((*self._keys, *[key for key in (active,) if key not in self._keys], *rest)[:LEAST])
        self.set_on_map(True)

    def end(self) -> None:
        """Compare nothing any more."""
        self.set_keys(())

    def refresh(self) -> None:
        """Make the comparison anew."""
        project = self._document.project
        if project is None or len(self._keys) < LEAST:
            had, self._found = self._found, None
            if had is not None:
                self.changed.emit()
        else:
            from kawasolar.compare import compare

            self._found = compare(project, self._keys, self._document.observed)
            self.changed.emit()
        self._tell_shown()

    def _on_standing(self) -> None:
        order = [one.key for one in self._standing.names()]
        kept = tuple(key for key in order if key in self._keys)
        if kept != self._keys:
            self.set_keys(kept)
        elif self._found is not None:
            self._later.start()

    # ---------------------------------------------------------------- on the map

    @property
    def shown(self) -> bool:
        """Whether the map shows the differences."""
        return self._shown

    @property
    def on_map(self) -> bool:
        """Whether the map shall show them while the comparison is in view."""
        return self._on_map

    def set_on_map(self, on: bool) -> None:
        """Show the differences on the map, or the decision as ever."""
        if on != self._on_map:
            self._on_map = on
            self._tell_shown(always=True)

    def set_in_view(self, in_view: bool) -> None:
        """The comparison is in view, or something else is."""
        self._in_view = in_view
        self._tell_shown()

    def _tell_shown(self, *, always: bool = False) -> None:
        shown = self._found is not None and self._in_view and self._on_map
        if shown != self._shown or always:
            self._shown = shown
            self.shown_changed.emit()
