"""Rasters too large for memory, in a nameless file beside what is made of them; it is gone with the program, however that ends."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

# Every raster has values of so many bytes.
_BYTES = 4


@dataclass(frozen=True)
class Block:
    """Some cells of a raster: rows ``top`` to ``bottom`` and columns ``left`` to ``right``, the last ones not among them."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left

    @property
    def corner(self) -> tuple[int, int]:
        return self.top, self.left

    def meets(self, other: Block) -> bool:
        """Whether they have a cell in common."""
        return (
            self.top < other.bottom and other.top < self.bottom and self.left < other.right and other.left < self.right
        )

    def wider(self, by: int, shape: tuple[int, int]) -> Block:
        """With so many cells around, as far as the raster goes."""
        return Block(max(0, self.top - by), min(shape[0], self.bottom + by), max(0, self.left - by), min(shape[1], self.right + by))  # fmt: skip

    def of(self, z: NDArray[Any], corner: tuple[int, int]) -> NDArray[Any]:
        """These cells of an array whose first cell is ``corner``."""
        top, left = corner
        return z[self.top - top : self.bottom - top, self.left - left : self.right - left]


class Scratch:
    """Some rasters of one shape on the disk, written and read by blocks; one thread's own.

    Raises
    ------
    OSError
        The disk is full, or the folder cannot be written.
    """

    def __init__(self, folder: Path, shape: tuple[int, int], rasters: int) -> None:
        self._shape = shape
        needed = rasters * shape[0] * shape[1] * _BYTES
        if shutil.disk_usage(folder).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 -- closed by close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def write(self, raster: int, block: Block, values: NDArray[Any]) -> None:
        """Put values of four bytes into a block."""
        for row, line in enumerate(np.ascontiguousarray(values), block.top):
            self._file.seek(self._place(raster, row, block.left))
            self._file.write(line.tobytes())

    def read(self, raster: int, block: Block, kind: type[np.float32 | np.int32] = np.float32) -> NDArray[Any]:
        """Values of a block that has been written."""
        rows, cols = block.shape
        found = np.empty((rows, cols), kind)
        for k in range(rows):
            self._file.seek(self._place(raster, block.top + k, block.left))
            found[k] = np.frombuffer(self._file.read(cols * _BYTES), kind)
        return found

    def _place(self, raster: int, row: int, col: int) -> int:
        rows, cols = self._shape
        return ((raster * rows + row) * cols + col) * _BYTES
