"""The tiles put together: every outline with its figures, and what the dataset was computed from."""

from __future__ import annotations

import io
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gis.progress import Progress
from kawasolar import __version__
from kawasolar.cluster.folder import put, put_json, stamped
from kawasolar.cluster.job import FORMAT, as_json, findings_of
from kawasolar.cluster.parts import ELEVATIONS, GIVEN, SHARE_STEPS, marker_of
from kawasolar.errors import NotWritable

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from gis.findings import Finding
    from gis.tiles import Tile, TileResult
    from kawasolar.cluster.inputs import Area
    from kawasolar.cluster.make import Tally
    from kawasolar.cluster.prepare import Prepared

# What the buildings' table takes of each plane.
_COLUMNS = ("area_m2", "usable_m2", "irradiation_kwh_m2")


@dataclass(frozen=True)
class Summary:
    """A finished dataset in figures."""

    figures: dict[str, Any]
    findings: tuple[Finding, ...]


def put_together(ready: Prepared, tally: Tally, progress: Progress) -> Summary:
    """Write ``buildings.parquet`` and ``survey.json``."""
    dataset = ready.dataset
    with tally.timed("assemble"):
        buildings, findings, open_sky, counts = _buildings(ready, progress)
        file = io.BytesIO()
        buildings.to_parquet(file, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=True)
        put(dataset.buildings, file.getvalue())
    tally.seconds["all"] = round(time.perf_counter() - tally.begun, 3)
    every = (*ready.findings, *findings)
    figures = {
        **counts, "tiles": len(ready.tiles), "kept": tally.kept, "computed": tally.computed, "workers": len(tally.workers),
    }  # fmt: skip
    about = {**_about(ready), "open_sky_kwh_m2": open_sky, "counts": figures, "seconds": dict(tally.seconds)}
    about["findings"] = [as_json(finding) for finding in every]
    put_json(dataset.about, about, indent=1)
    return Summary({**figures, "seconds": dict(tally.seconds), "folder": str(dataset.folder)}, every)


def _about(ready: Prepared) -> dict[str, object]:
    """What the dataset was computed from."""
    inputs, profile, grid = ready.inputs, ready.profile, ready.area.grid
    return stamped(
        format=FORMAT, version=__version__, fingerprint=ready.job.fingerprint, made=datetime.now(UTC).isoformat(timespec="seconds"),
        files=[asdict(entry) for entry in ready.files], profile={"ja": profile.name("ja"), "en": profile.name("en")}, values=ready.values,
        crs=grid.crs.to_wkt(), grid={"rows": grid.rows, "cols": grid.cols, "cell": grid.cell, "west": grid.west, "north": grid.north},
        synthetic=ready.area.synthetic, tile_m=inputs.tile_m, geometry=inputs.geometry, only_facilities=inputs.only_facilities,
        sunlit={"of": inputs.sunlit, "azimuths": ready.azimuths.tolist(), "elevations": ELEVATIONS, "steps": SHARE_STEPS},
        weather=asdict(ready.area.weather.summary()), versions=_versions(),
    )  # fmt: skip


def _buildings(
    ready: Prepared, progress: Progress
) -> tuple[gpd.GeoDataFrame, tuple[Finding, ...], float, dict[str, Any]]:
    import numpy as np

    from gis.tiles import assemble

    area, wanted, tiles = ready.area, ready.wanted, ready.tiles
    # Of those that nobody asked for nothing is said.
    asked = area.outlines[wanted].reset_index(drop=True)
    place = np.cumsum(wanted) - 1
    row_of = {name: k for k, name in enumerate(asked["building_id"])}
    results = []
    for k, tile in enumerate(tiles):
        progress(k / len(tiles), "assemble")
        results.append(_result(ready, tile, row_of, place[tile.own]))
    found = assemble(asked, results)
    frame = _with_others(found.buildings, area, wanted)
    roof = found.buildings["roof_m2"].to_numpy()
    light = found.buildings["irradiation_kwh_m2"].to_numpy()
    total = float(roof.sum())
    counts = {
        "buildings": len(asked), "surveyed": int((found.buildings["planes"] > 0).sum()), "planes": len(found.planes), "roof_m2": total,
        "usable_m2": float(found.buildings["usable_m2"].sum()),
        "irradiation_kwh_m2": float(np.nansum(roof * light) / total) if total > 0 else None,
    }  # fmt: skip
    return frame, found.findings, found.open_sky_kwh_m2, counts


def _result(ready: Prepared, tile: Tile, row_of: dict[str, int], rows: NDArray[np.int64]) -> TileResult:
    """A tile as it was written, as far as the buildings' table needs it."""
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from gis.tiles import TileResult

    dataset, crs = ready.dataset, ready.area.grid.crs
    told = marker_of(dataset, tile.name, ready.job.fingerprint)
    try:
        table = pq.read_table(
            dataset.part_files(tile.name)["planes"], columns=["building_id", "plane", *_COLUMNS], partitioning=None
        )
    except (OSError, pa.ArrowException) as error:
        raise NotWritable("cluster.parts_changed", file=str(dataset.planes), tile=tile.name) from error
    if told is None or len(told["share"]) != len(rows):
        raise NotWritable("cluster.parts_changed", file=str(dataset.planes), tile=tile.name)
    row = np.array([row_of[name] for name in table["building_id"].to_pylist()], dtype=np.int64)
    planes = gpd.GeoDataFrame(
        {"row": row, "part": table["plane"].to_numpy(), **{name: table[name].to_numpy() for name in _COLUMNS}},
        geometry=gpd.GeoSeries([None] * len(row), crs=crs),
    )  # fmt: skip
    coverage = pd.DataFrame(
        {"row": rows, "share": np.array(told["share"], dtype=np.float64), "overlapped": np.array(told["overlapped"], dtype=bool), **{name: np.array(told["given"][name]) for name in GIVEN}}
    )  # fmt: skip
    none = np.zeros((0, 1, ELEVATIONS), dtype=np.float32)
    return TileResult(
        tile.name, planes, none, np.zeros(len(row), dtype=bool), coverage, told["open_sky_kwh_m2"], findings_of(told["findings"])
    )  # fmt: skip


def _with_others(surveyed: gpd.GeoDataFrame, area: Area, wanted: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """All outlines: with their facility, and without figures where nobody asked for them."""
    figures = ["roof_m2", "usable_m2", "irradiation_kwh_m2", "planes", "status"]
    frame = area.outlines.copy()
    where = frame.index[wanted]
    for name in figures:
        frame[name] = _spread(surveyed[name], where, len(frame))
    frame["planes"] = frame["planes"].astype("Int64")
    frame["status"] = frame["status"].fillna("not_surveyed").astype("str")
    frame.insert(len(frame.columns) - 1, "facility_id", area.owners().astype("str") if area.links is not None else None)
    for name in ("name", "usage", "facility_id"):
        frame[name] = frame[name].astype("str")
    columns = [*(name for name in frame.columns if name != "geometry"), "geometry"]
    return frame[columns]


def _spread(values: pd.Series[Any], where: pd.Index[int], count: int) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series(values.to_numpy(), index=where).reindex(pd.RangeIndex(count))


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("numpy", "numba", "pandas", "geopandas", "shapely", "rasterio", "pyproj", "pvlib", "pyarrow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
