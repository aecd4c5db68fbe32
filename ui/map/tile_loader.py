"""Brings the tiles of a background map into memory, off the window's thread and off that which draws."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from gis.basemap import Basemap, Key, tile_of
from gis.errors import CodedError
from gis.tile_source import TileDamaged, TileUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gis.tile_image import Pixels
    from gis.tile_source import TileSource

News = Literal["opened", "failed", "tiles", "trouble", "damaged"]
# Without work the threads end after this time [s] and let the file go, so that it may be replaced.
LET_GO_AFTER = 1.5
# News of tiles come together: not more often than this [s], and when all are there.
TELL_EVERY = 0.2
# What could not be had is tried again after this time [s], if it is still wanted.
TRY_AGAIN = 12.0
# So many are remembered as lost.
_MOST_LOST = 10_000
# As in the map's renderer: unpacking holds the interpreter, and the window gets its turn between two tiles.
_BREATH = 5e-5
# A thread that waits for the network is not waited for longer than this when all ends [s].
_LONGEST_WAIT = 0.3


class TileLoader:
    """Reads the tiles that a view lacks, the middle first; a new view's wishes replace the old ones'.

    Attributes
    ----------
    basemap : Basemap or None
        Draws views; None until the source is open.
    failure : CodedError or None
        Why the source cannot be opened.
    damaged : bool
        A tile that was wanted is there and cannot be read; the map goes on without it.
    """

    def __init__(self, opens: Callable[[], TileSource], tell: Callable[[News], None], threads: int = 1) -> None:
        self.basemap: Basemap | None = None
        self.failure: CodedError | None = None
        self.damaged = False
        self._opens, self._tell, self._most = opens, tell, threads
        self._wake = threading.Condition()
        self._opening = threading.Lock()
        self._source: TileSource | None = None
        self._queue: list[Key] = []
        self._behind: list[Key] = []
        self._at_work: set[Key] = set()
        self._lost: dict[Key, float] = {}
        self._living: list[threading.Thread] = []
        self._stopped = False
        self._unheard = False
        self._told = 0.0
        self._came = False  # since the last news
        self._trouble = ""

    @property
    def busy(self) -> bool:
        """Whether tiles are still on their way, or have come and are not yet drawn."""
        with self._wake:
            return self.failure is None and bool(
                self._unheard or self._queue or self._behind or self._at_work or (self.basemap is None and self._living)
            )

    @property
    def trouble(self) -> str:
        """Code of what keeps tiles from coming; empty while all is well."""
        return self._trouble

    def heard(self) -> None:
        """The news have arrived; what is drawn from now on has the tiles that they told of."""
        self._unheard = False

    def start(self) -> None:
        """Open the source."""
        with self._wake:
            self._stopped = False
            self._start()

    def want(self, keys: Iterable[Key], *, behind: bool = False) -> None:
        """Load these, the most wanted first. ``behind``: after all that a view wants."""
        now = time.monotonic()
        with self._wake:
            if len(self._lost) > _MOST_LOST:
                self._lost.clear()
            wanted = [key for key in keys if now >= self._lost.get(key, 0.0) and key not in self._at_work]
            wanted.reverse()
            if behind:
                self._behind = wanted
            else:
                self._queue = wanted
            if wanted and not self._stopped:
                self._start()
                self._wake.notify_all()

    def rest(self) -> None:
        """Stop, and let the file go; :meth:`start` goes on."""
        with self._wake:
            if self._stopped:
                return
            self._stopped = True
            self._unheard = False
            self._queue, self._behind = [], []
            living = list(self._living)
            self._wake.notify_all()
        until = time.monotonic() + _LONGEST_WAIT
        for thread in living:
            if thread is not threading.current_thread():
                thread.join(max(until - time.monotonic(), 0.0))

    def _start(self) -> None:
        while self.failure is None and len(self._living) < self._most:
            thread = threading.Thread(target=self._run, name="kawasolar-tiles", daemon=True)
            self._living.append(thread)
            thread.start()

    def _run(self) -> None:
        try:
            if self._opened():
                while (key := self._next()) is not None:
                    self._load(key)
                    time.sleep(_BREATH)
        finally:
            with self._wake:
                self._living.remove(threading.current_thread())
                last = not self._living
                source = self._source
                if last:
                    self._source = None
            if last and source is not None:
                source.close()

    def _opened(self) -> bool:
        """Open the source unless another thread has."""
        with self._opening:
            if self._source is not None:
                return True
            if self.failure is not None:
                return False
            try:
                self._source = self._opens()
            except CodedError as error:
                self.failure = error
                self._say("failed")
                return False
            if self.basemap is None:
                self.basemap = Basemap(self._source.facts)
                self._say("opened")
            return True

    def _next(self) -> Key | None:
        with self._wake:
            if not self._wake.wait_for(lambda: self._stopped or self._queue or self._behind, timeout=LET_GO_AFTER):
                return None
            if self._stopped:
                return None
            key = (self._queue or self._behind).pop()
            self._at_work.add(key)
            return key

    def _load(self, key: Key) -> None:
        source, basemap = self._source, self.basemap
        try:
            if source is not None and basemap is not None:
                basemap.cache.put(key, self._read(source, key))
                self._came = True
        except TileUnavailable:
            self._lost[key] = time.monotonic() + TRY_AGAIN
        now = time.monotonic()
        with self._wake:
            self._at_work.discard(key)
            over = not (self._queue or self._behind or self._at_work)
            due = self._came and (over or now - self._told > TELL_EVERY)
            if due:
                self._told, self._came = now, False
        trouble = str(getattr(source, "trouble", ""))
        if trouble != self._trouble:
            self._trouble = trouble
            self._say("trouble")
        if due:
            self._say("tiles")

    def _read(self, source: TileSource, key: Key) -> Pixels | None:
        """A tile, or a hole in its place where it is damaged; that there are such is told once."""
        try:
            return tile_of(source, key)
        except TileDamaged:
            if not self.damaged:
                self.damaged = True
                self._say("damaged")
            return None

    def _say(self, news: News) -> None:
        if not self._stopped:
            self._unheard = news in ("opened", "tiles") or self._unheard
            # The map may be gone meanwhile.
            with suppress(RuntimeError):
                self._tell(news)
