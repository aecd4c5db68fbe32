"""Part files of the dataset: one a tile, written whole, with a marker that holds their hashes."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kawasolar.cluster.folder import Dataset, put, put_json, read_json, stamped
from kawasolar.cluster.job import as_json
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from gis.tiles import TileResult

# A share of 1 in the sunlit files.
SHARE_STEPS = 255
ELEVATIONS = 91
# What a tile tells of the roof planes that were given of its outlines, by outline.
GIVEN = ("taken", "left", "shift_m")
_KEY = b"kawasolar"


def need_arrow() -> None:
    """Say at once that GeoParquet cannot be written.

    Raises
    ------
    PlanError
        ``cluster.no_arrow``
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise PlanError("cluster.no_arrow") from error


def write_parts(
    dataset: Dataset, result: TileResult, azimuths: NDArray[np.float64], fingerprint: str, *, sunlit: bool, seconds: float, worker: str
) -> None:  # fmt: skip
    """A tile's parts; its marker comes last."""
    content = {"planes": planes_file(result.planes)}
    kept = result.planes[result.detailed]
    if sunlit and len(kept):
        content["sunlit"] = sunlit_file(kept, result.sunlit, azimuths)
    paths = dataset.part_files(result.name)
    dataset.marker(result.name).unlink(missing_ok=True)
    for kind, path in paths.items():
        if kind in content:
            put(path, content[kind])
        else:
            path.unlink(missing_ok=True)
    put_json(
        dataset.marker(result.name),
        stamped(
            fingerprint=fingerprint, tile=result.name, buildings=len(result.coverage), planes=len(result.planes),
            files={kind: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for kind, data in content.items()},
            open_sky_kwh_m2=result.open_sky_kwh_m2, share=result.coverage["share"].tolist(),
            overlapped=result.coverage["overlapped"].tolist(), given={name: result.coverage[name].tolist() for name in GIVEN}, findings=[as_json(finding) for finding in result.findings],
            seconds=seconds, worker=worker,
        ),
    )  # fmt: skip


def planes_file(planes: gpd.GeoDataFrame) -> bytes:
    """Planes as GeoParquet; a tile without any has the same columns of the same types."""
    import numpy as np

    frame = planes.drop(columns=["row", "part"])
    frame.insert(1, "plane", planes["part"].astype(np.int32))
    whole, flags = ("cells",), ("flat",)
    types = {
        name: np.int64 if name in whole else np.bool_ if name in flags else np.float64
        for name in frame.columns
        if name not in ("building_id", "plane", "source", "geometry")
    }
    frame = frame.astype({"building_id": "str", "source": "str", **types})
    file = io.BytesIO()
    frame.to_parquet(file, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=True)
    return file.getvalue()


def sunlit_file(planes: gpd.GeoDataFrame, sunlit: NDArray[np.float32], azimuths: NDArray[np.float64]) -> bytes:
    """Sunlit shares as lists of bytes: azimuth by azimuth, 0 … 90° each."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    steps = np.rint(np.clip(sunlit, 0.0, 1.0) * np.float32(SHARE_STEPS)).astype(np.uint8)
    count, width = len(steps), len(azimuths) * ELEVATIONS
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * np.int32(width))
    told = {"azimuths": azimuths.tolist(), "elevations": ELEVATIONS, "steps": SHARE_STEPS}
    table = pa.table(
        {
            "building_id": pa.array(planes["building_id"].astype(object), pa.string()),
            "plane": pa.array(planes["part"].to_numpy(), pa.int32()),
            "sunlit": pa.ListArray.from_arrays(offsets, pa.array(steps.ravel())),
        }
    ).replace_schema_metadata({_KEY: json.dumps(told).encode()})
    file = io.BytesIO()
    # A few values take most of the bytes: zstd alone is smaller than a dictionary of them.
    pq.write_table(table, file, compression="zstd", use_dictionary=["building_id"])
    return file.getvalue()


def marker_of(dataset: Dataset, tile: str, fingerprint: str) -> dict[str, Any] | None:
    """What the marker of a tile says, if that is done and of this job."""
    told = read_json(dataset.marker(tile))
    return told if told is not None and told.get("fingerprint") == fingerprint else None


def is_whole(dataset: Dataset, tile: str, fingerprint: str, *, deep: bool) -> bool:
    """Whether a tile's parts are of this job and as they were written; ``deep`` reads them."""
    told = marker_of(dataset, tile, fingerprint)
    if told is None:
        return False
    paths = dataset.part_files(tile)
    files = told.get("files", {})
    return "planes" in files and all(
        _is_as_written(paths[kind], kept, deep=deep)
        if (kept := files.get(kind)) is not None
        else not paths[kind].exists()
        for kind in paths
    )


def _is_as_written(path: Path, kept: dict[str, Any], *, deep: bool) -> bool:
    try:
        if path.stat().st_size != kept["size"]:
            return False
        if not deep:
            return True
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == kept["sha256"]
    except (OSError, KeyError, TypeError):
        return False
