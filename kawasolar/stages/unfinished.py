"""The tiles of a survey that was stopped, kept for its next run: a large surface takes minutes, and nobody wants to begin again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.tiles import RasterCut, TileResult
from kawasolar.cluster.check import sources
from kawasolar.cluster.job import as_json, findings_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.tiles import Tile

_PREFIX = ".kawasolar-tiles-"
_TABLES = ("planes", "coverage")


class Unfinished:
    """One file a tile, in a folder that is named by all that the survey depends on.

    Whatever cannot be read is computed again; whatever cannot be written is not kept. The folders of other surveys beside it go: one is enough.

    Parameters
    ----------
    beside : folder on the disk where it may lie
    key : what the survey is made from and with; the state of the program is added
    """

    def __init__(self, beside: Path, key: str) -> None:
        name = hashlib.sha256(f"{key} {sources()}".encode()).hexdigest()[:16]
        self.folder = beside / f"{_PREFIX}{name}"
        for other in beside.glob(f"{_PREFIX}*"):
            if other != self.folder:
                shutil.rmtree(other, ignore_errors=True)

    def load(self, tile: Tile) -> TileResult | None:
        """A tile that was done before; None where there is none, or it is damaged, or of other outlines."""
        path = self._path(tile)
        if not path.is_file():
            return None
        try:
            result = _read(path)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None
        return result if np.array_equal(np.sort(result.coverage["row"].to_numpy()), np.sort(tile.own)) else None

    def save(self, tile: Tile, result: TileResult) -> None:
        """Keep a tile; a disk that is full is no reason to stop."""
        path = self._path(tile)
        waiting = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            try:
                _write(waiting, result)
                waiting.replace(path)
            finally:
                waiting.unlink(missing_ok=True)

    def discard(self) -> None:
        """The survey is done."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, tile: Tile) -> Path:
        return self.folder / f"{tile.name}.npz"


def _write(path: Path, result: TileResult) -> None:
    arrays: dict[str, NDArray[Any]] = {"sunlit": result.sunlit, "detailed": result.detailed}
    for name, frame in zip(_TABLES, (result.planes, result.coverage), strict=True):
        file = io.BytesIO()
        frame.to_parquet(file, index=False)
        arrays[name] = np.frombuffer(file.getvalue(), dtype=np.uint8)
    told = {
        "name": result.name, "open_sky": result.open_sky_kwh_m2, "findings": [as_json(finding) for finding in result.findings],
    }  # fmt: skip
    cut = result.cut
    if cut is not None:
        # A fifth of a city is roof.
        place = np.flatnonzero(cut.plane)
        told["cut"] = [cut.top, cut.left, *cut.plane.shape]
        arrays["cut_place"] = place
        arrays["cut_plane"], arrays["cut_light"] = cut.plane.ravel()[place], cut.irradiation.ravel()[place]
    arrays["told"] = np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)
    with path.open("wb") as target:
        np.savez(target, **arrays)  # type: ignore[arg-type]


def _read(path: Path) -> TileResult:
    with np.load(path, allow_pickle=False) as stored:
        told = json.loads(stored["told"].tobytes())
        planes = gpd.read_parquet(io.BytesIO(stored["planes"].tobytes()))
        coverage = pd.read_parquet(io.BytesIO(stored["coverage"].tobytes()))
        cut = None
        if "cut" in told:
            top, left, rows, cols = told["cut"]
            plane, light = np.zeros(rows * cols, np.int32), np.zeros(rows * cols, np.float32)
            place = stored["cut_place"]
            plane[place], light[place] = stored["cut_plane"], stored["cut_light"]
            cut = RasterCut(top, left, plane.reshape(rows, cols), light.reshape(rows, cols))
        return TileResult(
            told["name"], planes, stored["sunlit"], stored["detailed"], coverage, float(told["open_sky"]), findings_of(told["findings"]), cut
        )  # fmt: skip
