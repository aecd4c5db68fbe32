"""The plan as plain data: what was read, what was computed, what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.findings import Finding
    from kawasolar.profile import Profile

Objective = Literal["co2", "energy"]
Role = Literal["dsm", "buildings", "facilities", "weather", "profile"]


@dataclass(frozen=True)
class Settings:
    """What the planner turns: share, objective, criteria, pins and vetoes.

    ``criteria`` overrides the profile by key: ``(applied, threshold)``. Pins and vetoes are facility ids.
    """

    share: float
    objective: Objective
    criteria: dict[str, tuple[bool, float | None]] = field(default_factory=dict)
    pins: frozenset[str] = frozenset()
    vetoes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class InputFile:
    """One file that the plan was made from; ``crs`` and ``layer`` are what the user said of it, empty where the file said it."""

    role: Role
    path: str
    size: int
    sha256: str
    note: str = ""
    crs: str = ""
    layer: str = ""


@dataclass(frozen=True)
class WeatherSummary:
    """What the inspector and the exports say of the weather."""

    station: str
    source: str
    kind: str
    latitude: float
    longitude: float
    ghi_kwh_m2: float
    months_ghi_kwh_m2: tuple[float, ...]


@dataclass(frozen=True)
class Results:
    """What the survey and the yield gave; frames and arrays as in ``docs/nomenclature.md``."""

    buildings: gpd.GeoDataFrame
    planes: gpd.GeoDataFrame
    sunlit: NDArray[np.float32]
    azimuths: NDArray[np.float64]
    links: pd.DataFrame
    yields: pd.DataFrame
    month_hour: NDArray[np.float32]
    month_hour_lost: NDArray[np.float32]
    weather: WeatherSummary
    open_sky_kwh_m2: float


@dataclass(frozen=True)
class Decision:
    """Who is eligible and who is chosen, and why; frames as in ``docs/nomenclature.md``."""

    outcomes: pd.DataFrame
    sites: pd.DataFrame
    # Criteria that the profile asks for and the ledger cannot answer: no such column.
    not_applied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything that a project file holds.

    ``dsm`` is where the surface lies; ``cache`` the folder of derived rasters (``irradiation.tif``, ``hillshade.tif``), which may vanish.
    """

    name: str
    synthetic: bool
    crs: CRS
    profile: Profile
    settings: Settings
    inputs: tuple[InputFile, ...]
    facilities: gpd.GeoDataFrame
    results: Results
    decision: Decision
    findings: tuple[Finding, ...]
    seconds: dict[str, float]
    dsm: Path
    cache: Path
