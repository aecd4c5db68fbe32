"""From what somebody names (files, the fleet, a number) to sites: the same for the command line and the window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from gis.progress import part, silent
from kawasolar.errors import PlanError
from kawasolar.siting.candidates import candidates_of, spare_power
from kawasolar.siting.fleet import fleet_points
from kawasolar.siting.of_plan import siting_of
from kawasolar.siting.population import read_population
from kawasolar.siting.reading import read_known, read_points

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from gis.crs import Bounds
    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.plan import Plan
    from kawasolar.siting.of_plan import Asked, Siting
    from kawasolar.siting.table import Assumptions

Source = Literal["points", "population", "fleet"]
SOURCES: tuple[Source, ...] = ("points", "population", "fleet")
# People are counted, and roads read, this many radii around the candidates.
_AROUND = 2.0


@dataclass(frozen=True)
class Sources:
    """Where demand and candidates come from.

    Attributes
    ----------
    source : ``points`` (``demand`` is a table or layer), ``population`` (a raster), ``fleet`` (the plan's vehicles)
    crs, layer : of ``demand``, where the file does not say or has several; ``known_crs standing_crs roads_crs`` of the others
    known : table of what is known of candidates; ``standing``: of chargers that stand
    roads : layer of roads
    spare : whether the contracts' spare power counts
    visible : whether candidates must be seen from the road
    vetoed : ids that may not be
    """

    source: Source
    demand: Path | None = None
    crs: str | None = None
    layer: str | None = None
    known: Path | None = None
    standing: Path | None = None
    known_crs: str | None = None
    standing_crs: str | None = None
    roads: Path | None = None
    roads_crs: str | None = None
    spare: bool = False
    visible: bool = False
    vetoed: tuple[str, ...] = ()


def sites_for(
    plan: Plan,
    sources: Sources,
    assumed: Assumptions,
    asked: Asked,
    progress: Progress = silent,
    *,
    usual: int | None = None,
) -> tuple[Siting, list[Finding]]:
    """Choose sites for a plan by what somebody names.

    Parameters
    ----------
    usual : how many where ``asked`` names neither a number nor budgets; no more than candidates that may be

    Raises
    ------
    PlanError
        ``siting.no_demand``, and those of :func:`kawasolar.siting.of_plan.siting_of` and of the readers
    gis.errors.GisError
        a file cannot be read
    gis.progress.Cancelled
        from ``progress``
    """
    findings: list[Finding] = []
    tables: list[pd.DataFrame | None] = []
    for path, crs in ((sources.known, sources.known_crs), (sources.standing, sources.standing_crs)):
        if path is None:
            tables.append(None)
            continue
        frame, said = read_known(path, plan.crs, crs=crs)
        findings += said
        tables.append(frame)
    spare = spare_power(plan, assumed, part(progress, 0.0, 0.1)) if sources.spare else None
    candidates = candidates_of(
        plan, assumed, known=tables[0], standing=tables[1], spare=spare, visible=sources.visible, vetoed=sources.vetoed
    )
    points = _demand(plan, sources, assumed, candidates, findings, part(progress, 0.1, 0.15))
    roads = None if sources.roads is None else _roads(plan, sources, assumed, candidates)
    if usual is not None and asked.number is None and not asked.budgets:
        asked = replace(asked, number=min(usual, max(int((candidates["why_not"] == "").sum()), 1)))
    if asked.budgets and not asked.first_year:
        asked = replace(asked, first_year=plan.profile.plan_year)
    found = siting_of(
        points, candidates, assumed, asked, source=sources.source, roads=roads, progress=part(progress, 0.15, 1.0)
    )
    return found, findings


def _demand(
    plan: Plan, sources: Sources, assumed: Assumptions, candidates: pd.DataFrame, findings: list[Finding], progress: Progress
) -> pd.DataFrame:  # fmt: skip
    if sources.source == "fleet":
        return fleet_points(plan, assumed)
    if sources.demand is None:
        raise PlanError("siting.no_demand")
    if sources.source == "population":
        return read_population(sources.demand, plan.crs, around(candidates, assumed), crs=sources.crs, progress=progress)[0]  # fmt: skip
    points, said = read_points(sources.demand, plan.crs, crs=sources.crs, layer=sources.layer)
    findings += said
    return points


def around(candidates: pd.DataFrame, assumed: Assumptions) -> Bounds:
    """The box of the candidates that may be, two radii wider: west, south, east, north."""
    placed = candidates[["x", "y"]].to_numpy(float)
    usable = placed[(candidates["why_not"] == "").to_numpy() & np.isfinite(placed).all(axis=1)]
    if not len(usable):
        raise PlanError("siting.none_left", candidates=len(candidates))
    wide = _AROUND * assumed.radius_m
    west, south = usable.min(axis=0) - wide
    east, north = usable.max(axis=0) + wide
    return float(west), float(south), float(east), float(north)


def _roads(plan: Plan, sources: Sources, assumed: Assumptions, candidates: pd.DataFrame) -> NDArray[np.object_]:
    from gis.roads import read_roads

    if sources.roads is None:
        raise PlanError("siting.no_roads")
    return read_roads(sources.roads, plan.crs, around(candidates, assumed), crs=sources.roads_crs).geometry.to_numpy()
