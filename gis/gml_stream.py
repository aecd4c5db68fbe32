"""A stream of GML of anybody's: told how far it is read, without a document type, and ended where it never ends."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

from gis.errors import UnreadableFile

if TYPE_CHECKING:
    from gis.progress import Progress

# A feature, or whatever else stands between two of them, is no larger [bytes].
LONGEST = 64 << 20
_HEAD = 65_536
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class GmlStream:
    """What a parser reads from.

    Attributes
    ----------
    bytes : read so far
    since : of them, those before the feature that is open; whoever reads features moves it on
    """

    def __init__(self, stream: IO[bytes], name: str, area: str, progress: Progress, done: int, total: int) -> None:
        """``area`` is that of the errors' codes; ``done`` of ``total`` bytes have been read of other streams."""
        self._stream, self.name, self._area, self._progress = stream, name, area, progress
        self._done, self._total = done, max(total, 1)
        self.bytes, self.since = 0, 0

    def read(self, size: int = -1) -> bytes:
        """Some bytes.

        Raises
        ------
        UnreadableFile
            ``….too_large``, ``….entities``
        """
        if self.bytes - self.since > LONGEST:
            raise UnreadableFile(f"{self._area}.too_large", file=self.name, found=">", expected=LONGEST >> 20)
        content = self._stream.read(min(size, _HEAD) if size > 0 else _HEAD)
        if self.bytes == 0 and _DOCTYPE.search(content.replace(b"\0", b"")):
            raise UnreadableFile(f"{self._area}.entities", file=self.name)
        self.bytes += len(content)
        self._progress(min(1.0, (self._done + self.bytes) / self._total), "read")
        return content

    def again(self) -> None:
        """Look whether to stop, in the midst of what was read."""
        self._progress(min(1.0, (self._done + self.bytes) / self._total), "read")
