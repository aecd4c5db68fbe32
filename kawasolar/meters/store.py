"""The half hours of many supply points in one file, of which a few are read without the rest: what a plan keeps of meters.

A Parquet file, a row for each supply point: ``supply_point name start kwh sources``; ``kwh`` a list of float32, NaN where the meter has nothing. It is the plan's
input file of the role ``meters``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.progress import silent
from kawasolar.errors import UnreadableMeters
from kawasolar.export.writing import atomic
from kawasolar.meters.model import HALF_HOUR, TIMEZONE, MeterReadings, MeterSeries
from kawasolar.meters.series import MAX_HALF_HOURS, MAX_KWH

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gis.progress import Progress

SUFFIX = ".parquet"
# In the file's own notes, so that another table is not taken for one of ours.
_MARK, _VERSION = b"kawasolar.meters", b"1"
# Besides, where the window wrote it for a plan: names of the files in the same folder that it followed, the last one first.
_BEFORE = b"kawasolar.meters.before"
_MOST_BEFORE, _LONGEST_NAME = 50, 255
# Supply points that are read together: a year of them is half a megabyte.
_GROUP = 8
_MOST_POINTS = 100_000
_MAGIC = b"PAR1"
_COLUMNS = ("supply_point", "name", "start", "kwh", "sources")


def write_store(
    series: Sequence[MeterSeries], path: Path, sources: Sequence[str] = (), before: Sequence[str] | None = None
) -> None:
    """Write all supply points; the file appears whole or not at all.

    Parameters
    ----------
    sources : names of the files that they were read from
    before : names of the files in the same folder whose place it takes in a plan, the last one first; None where it is written for no plan

    Raises
    ------
    kawasolar.errors.NotWritable
        The target is locked, read-only, a folder, or the disk is full.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            ("supply_point", pa.string()), ("name", pa.string()), ("start", pa.timestamp("s", TIMEZONE)), ("kwh", pa.list_(pa.float32())),
            ("sources", pa.string()),
        ],
        metadata={_MARK: _VERSION, **({} if before is None else {_BEFORE: json.dumps(list(before[:_MOST_BEFORE])).encode()})},
    )  # fmt: skip
    named = "\n".join(sources)
    with atomic(path, SUFFIX) as target, pq.ParquetWriter(target, schema, compression="zstd") as out:
        for begin in range(0, len(series), _GROUP):
            some = series[begin : begin + _GROUP]
            columns = {
                "supply_point": [one.supply_point for one in some],
                "name": [one.name for one in some],
                "start": [one.start.to_pydatetime() for one in some],
                "kwh": [one.kwh.astype(np.float32) for one in some],
                "sources": [named] * len(some),
            }
            out.write_table(pa.table(columns, schema=schema))


@dataclass(frozen=True)
class MeterStore:
    """A file of meters, looked at but for its half hours.

    Attributes
    ----------
    points : ``supply_point name`` a row each, in the file's order; ``key`` is what entries call it: the supply point, or the name where there is none
    sources : names of the files that it was made from
    before : names of the files whose place it took in a plan; None where it was written for no plan
    """

    path: Path
    points: pd.DataFrame
    sources: tuple[str, ...]
    before: tuple[str, ...] | None = None

    def series(self, rows: Collection[int] | None = None, progress: Progress = silent) -> tuple[MeterSeries, ...]:
        """Half hours of the supply points in these rows of :attr:`points`, in the file's order; of all unless given.

        Raises
        ------
        UnreadableMeters
            ``meters.store_damaged``, ``meters.missing``
        gis.progress.Cancelled
            from ``progress``
        """
        wanted = set(range(len(self.points)) if rows is None else rows)
        found: list[MeterSeries] = []
        first = 0
        with _opened(self.path) as file:
            for group in range(file.num_row_groups):
                progress(group / file.num_row_groups, "meters")
                count = file.metadata.row_group(group).num_rows
                mine = [row - first for row in range(first, first + count) if row in wanted]
                if mine:
                    table = _read_group(self.path, file, group)
                    found += [_series(self.path, table, row) for row in mine]
                first += count
        return tuple(found)


def is_store(path: Path) -> bool:
    """Whether the file begins as a Parquet file does."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def open_store(path: Path) -> MeterStore:
    """Look at a file of meters.

    Raises
    ------
    UnreadableMeters
        ``meters.missing``; ``meters.no_store``: another kind of file; ``meters.store_damaged``
    """
    with _opened(path) as file:
        if file.metadata.num_rows > _MOST_POINTS:
            raise UnreadableMeters(
                "meters.too_many", file=path.name, found=file.metadata.num_rows, expected=_MOST_POINTS
            )
        before = _followed((file.metadata.metadata or {}).get(_BEFORE))
        try:
            frame = file.read(columns=["supply_point", "name", "sources"]).to_pandas()
        except Exception as error:
            raise _damaged(path, error) from error
    texts = frame.fillna("").astype(str)
    key = texts["supply_point"].where(texts["supply_point"] != "", texts["name"])
    sources = tuple(dict.fromkeys(name for text in texts["sources"].unique() for name in text.split("\n") if name))
    return MeterStore(path, texts[["supply_point", "name"]].assign(key=key), sources, before)


def _followed(text: bytes | None) -> tuple[str, ...] | None:
    """Names of files from the notes; what is no plain name is left out."""
    if text is None:
        return None
    try:
        found = json.loads(text[: _MOST_BEFORE * _LONGEST_NAME * 6])
    except (ValueError, RecursionError):
        return ()
    names = found[:_MOST_BEFORE] if isinstance(found, list) else []
    return tuple(name for name in names if isinstance(name, str) and is_plain(name))


def is_plain(name: str) -> bool:
    """Whether it names a file in the folder that it is looked for in, and no other."""
    return (
        0 < len(name) <= _LONGEST_NAME and name == PurePosixPath(name).name == PureWindowsPath(name).name
        and name.endswith(SUFFIX) and name.isprintable()
    )  # fmt: skip


def as_reading(store: MeterStore, progress: Progress = silent) -> MeterReadings:
    """All of it as a file of readings, so that newer files can be joined to it."""
    return MeterReadings(store.path.name, store.series(progress=progress))


def _opened(path: Path) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow.parquet as pq

    if not path.is_file():
        raise UnreadableMeters("meters.missing", file=str(path))
    if not is_store(path):
        raise UnreadableMeters("meters.no_store", file=path.name)
    try:
        file = pq.ParquetFile(path, thrift_string_size_limit=1 << 26, thrift_container_size_limit=1 << 22)
        known = (file.metadata.metadata or {}).get(_MARK) == _VERSION and set(_COLUMNS) <= set(file.schema_arrow.names)
    except Exception as error:
        # pyarrow has errors of its own, of the system and of C++ for a broken file.
        raise _damaged(path, error) from error
    if not known:
        file.close()
        raise UnreadableMeters("meters.no_store", file=path.name)
    return file


def _read_group(path: Path, file: Any, group: int) -> Any:  # noqa: ANN401 - pyarrow has no types
    most = _GROUP * MAX_HALF_HOURS * 8
    if file.metadata.row_group(group).total_byte_size > most:
        raise UnreadableMeters("meters.store_damaged", file=path.name, reason=f"> {most >> 20} MB")
    try:
        return file.read_row_group(group, columns=list(_COLUMNS[:-1]))
    except Exception as error:
        raise _damaged(path, error) from error


def _series(path: Path, table: Any, row: int) -> MeterSeries:  # noqa: ANN401 - pyarrow has no types
    """One row; whatever is in it that a reader of meters would not have let in is refused."""
    try:
        kwh = np.asarray(table["kwh"][row].values, np.float64)
        start = pd.Timestamp(table["start"][row].as_py()).tz_convert(TIMEZONE)
    except Exception as error:
        raise _damaged(path, error) from error
    with np.errstate(invalid="ignore"):
        wrong = not 0 < len(kwh) <= MAX_HALF_HOURS or bool(((kwh < 0.0) | (kwh > MAX_KWH)).any())
    if wrong or start != start.floor(HALF_HOUR):
        raise UnreadableMeters("meters.store_damaged", file=path.name, reason=f"{len(kwh)} half hours from {start}")
    return MeterSeries(
        str(table["supply_point"][row].as_py() or ""), str(table["name"][row].as_py() or ""), start, kwh
    )  # fmt: skip


def _damaged(path: Path, error: Exception) -> UnreadableMeters:
    return UnreadableMeters("meters.store_damaged", file=path.name, reason=f"{type(error).__name__}: {error}"[:200])
