"""Python's collector of cycles, on the window's thread alone and without long pauses.

Left to itself it runs in whatever thread makes an object at the wrong moment; an object of Qt that it lets go of in a worker's thread is destroyed there, which
ends the program. And a full run over all that the libraries have made takes a third of a second, in which the window stands still.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

# Between two looks [ms].
_EVERY_MS = 500
# So many objects that a full run has left are not looked at again: they are the libraries' and the plan's, and stay.
_MANY = 50_000


class Collector(QObject):
    """Collects from a timer; the collector's own turns are off while it lives."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the generations whose thresholds are passed, as the collector itself would."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [k for k in range(3) if counts[k] > thresholds[k]]
        # An older generation's turn comes with that of the younger ones.
        if not due or due[0] != 0:
            return
        oldest = 0
        while oldest + 1 in due:
            oldest += 1
        gc.collect(oldest)
        if oldest == 2 and len(gc.get_objects()) > _MANY:
            gc.freeze()

    def stop(self) -> None:
        """As it was before."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
