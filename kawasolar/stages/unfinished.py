"""The tiles of a survey that was stopped, kept for its next run: a large surface takes minutes, and nobody wants to begin again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.tiles import RasterCut, TileResult
from kawasolar import __version__
from kawasolar.cluster.check import sources
from kawasolar.cluster.job import as_json, findings_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.tiles import Tile

_PREFIX = ".kawasolar-tiles-"
# Folders of runs that a crash or a power cut left behind: scratch as ``tempfile`` names it, and tiles that nobody went on with.
_LEFT = re.compile(r"\.kawasolar-([a-z0-9_]{8}|tiles-[0-9a-f]{16})")
_SCRATCH_KEPT_S, _TILES_KEPT_S = 24 * 3600.0, 30 * 24 * 3600.0
_TABLES = ("planes", "coverage")
_LENGTHS = ":lengths"


def sweep(beside: Path) -> None:
    """Take away what runs that ended badly left in a folder: scratch after a day, tiles after a month."""
    with suppress(OSError):
        for entry in beside.iterdir():
            found = _LEFT.fullmatch(entry.name)
            if found is None or entry.is_symlink() or not entry.is_dir():
                continue
            kept = _TILES_KEPT_S if found[1].startswith("tiles-") else _SCRATCH_KEPT_S
            if time.time() - entry.stat().st_mtime > kept:
                shutil.rmtree(entry, ignore_errors=True)


class Unfinished:
    """One file a tile, in a folder that is named by all that the survey depends on.

    Whatever cannot be read is computed again; whatever cannot be written is not kept. The folders of other surveys beside it go: one is enough.

    Parameters
    ----------
    beside : folder on the disk where it may lie
    key : what the survey is made from and with; the state of the program is added
    """

    def __init__(self, beside: Path, key: str) -> None:
        name = hashlib.sha256(f"{key} {__version__} {sources()}".encode()).hexdigest()[:16]
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
            result = _read(path, tile.cells)
        except (OSError, ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile, shapely.errors.ShapelyError):
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
    told: dict[str, Any] = {
        "name": result.name, "open_sky": result.open_sky_kwh_m2, "findings": [as_json(finding) for finding in result.findings],
        "crs": result.planes.crs.to_wkt(),
    }  # fmt: skip
    for name, frame in zip(_TABLES, (result.planes, result.coverage), strict=True):
        told[name] = [[column, str(frame[column].dtype)] for column in frame.columns]
        for column, kind in told[name]:
            arrays |= {f"{name}:{column}{end}": array for end, array in _plain(frame[column].to_numpy(), kind).items()}
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


def _plain(values: NDArray[Any], kind: str) -> dict[str, NDArray[Any]]:
    """Numbers as they are; words and shapes as bytes one after the other, with the length of each, −1 = nothing."""
    if values.dtype.kind in "biuf":
        return {"": values}
    coded = shapely.to_wkb(values) if kind == "geometry" else [None if v is None else str(v).encode() for v in values]
    lengths = np.array([-1 if code is None else len(code) for code in coded], dtype=np.int64)
    return {"": np.frombuffer(b"".join(code for code in coded if code), dtype=np.uint8), _LENGTHS: lengths}


def _pieces(content: bytes, lengths: NDArray[np.int64]) -> list[bytes | None]:
    """What :func:`_plain` put one after the other."""
    ends = np.cumsum(np.maximum(lengths, 0))
    if lengths.dtype != np.int64 or (len(ends) and ends[-1] != len(content)) or (lengths < -1).any():
        raise ValueError("lengths")
    each = zip(ends.tolist(), lengths.tolist(), strict=True)
    return [None if length < 0 else content[end - length : end] for end, length in each]


def _read(path: Path, most_cells: int) -> TileResult:
    """What :func:`_write` wrote. The folder may be anybody's: nothing in it can run, or take more memory than the file is large.

    Raises
    ------
    ValueError, LookupError, TypeError, OSError, EOFError, zipfile.BadZipFile, shapely.errors.ShapelyError
    """
    with zipfile.ZipFile(path) as packed:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in packed.infolist()):
            raise ValueError("packed")
    with np.load(path, allow_pickle=False) as stored:
        told = json.loads(stored["told"].tobytes())
        frames = []
        for name in _TABLES:
            columns = {}
            for column, kind in told[name]:
                key = f"{name}:{column}"
                values = stored[key]
                if f"{key}{_LENGTHS}" not in stored:
                    columns[column] = pd.Series(values, dtype=kind)
                    continue
                pieces = _pieces(values.tobytes(), stored[f"{key}{_LENGTHS}"])
                if kind == "geometry":
                    columns[column] = shapely.from_wkb(pieces)
                else:
                    columns[column] = pd.Series(
                        [piece if piece is None else piece.decode() for piece in pieces], dtype=kind
                    )
            frames.append(pd.DataFrame(columns))
        planes = gpd.GeoDataFrame(frames[0], geometry="geometry", crs=told["crs"])
        cut = None
        if "cut" in told:
            top, left, rows, cols = told["cut"]
            if not 0 <= rows * cols <= most_cells:
                raise ValueError("larger than the tile")
            plane, light = np.zeros(rows * cols, np.int32), np.zeros(rows * cols, np.float32)
            place = stored["cut_place"]
            plane[place], light[place] = stored["cut_plane"], stored["cut_light"]
            cut = RasterCut(top, left, plane.reshape(rows, cols), light.reshape(rows, cols))
        return TileResult(
            told["name"], planes, stored["sunlit"], stored["detailed"], frames[1], float(told["open_sky"]), findings_of(told["findings"]), cut
        )  # fmt: skip
