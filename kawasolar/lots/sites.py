"""The sites that lots are made of: where they are, what they may be grouped by, and their cash flows' inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.errors import PlanError
from kawasolar.half import programme_of
from kawasolar.lots.rules import ANY_TIME, seasons

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from kawasolar.plan import Plan


@dataclass(frozen=True)
class LotSites:
    """One row a site, in the order of the ledger.

    Attributes
    ----------
    ids, names, wards, roofs, seasons : texts, empty where nobody knows (a season: at any time)
    years : fiscal year in which it is built; 0 where none is given
    places : [n, 2] metres in the project's CRS
    capacity_kw, self_use_kwh, surplus_kwh, roof_m2 : [n], of the first year
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    wards: tuple[str, ...]
    roofs: tuple[str, ...]
    seasons: tuple[str, ...]
    years: tuple[int, ...]
    places: NDArray[np.float64]
    capacity_kw: NDArray[np.float64]
    self_use_kwh: NDArray[np.float64]
    surplus_kwh: NDArray[np.float64]
    roof_m2: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def energy_kwh(self) -> NDArray[np.float64]:
        """[n] all that is produced in the first year."""
        return self.self_use_kwh + self.surplus_kwh

    def taken(self, rows: Sequence[int] | NDArray[np.intp]) -> LotSites:
        """Some of them, in this order."""
        at = np.asarray(rows, dtype=np.intp)
        order: list[int] = at.tolist()

        def texts(column: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(column[k] for k in order)

        return LotSites(
            texts(self.ids), texts(self.names), texts(self.wards), texts(self.roofs), texts(self.seasons),
            tuple(self.years[k] for k in order), self.places[at], self.capacity_kw[at], self.self_use_kwh[at], self.surplus_kwh[at], self.roof_m2[at],
        )  # fmt: skip


def years_of(plan: Plan) -> dict[str, int]:
    """Facility -> fiscal year in which the plan's programme builds it, or in which it was built; empty where the half is of no programme."""
    kept = programme_of(plan)
    if kept is None:
        return {}
    rows = kept.frame[kept.frame["fiscal_year"] > 0]
    return dict(zip(rows["facility_id"].astype(str), rows["fiscal_year"].astype(int), strict=True))


def chosen_ids(plan: Plan, *, standing: bool = False) -> list[str]:
    """What is to be tendered, in the order of the ledger: the half, less what is contracted or done already.

    Parameters
    ----------
    standing : with that, which a lot keeps
    """
    frame, stands = plan.half.sites, set(plan.settings.standing)
    chosen = set(frame.loc[frame["chosen"].to_numpy(dtype=bool), "facility_id"].astype(str))
    chosen = chosen | stands if standing else chosen - stands
    return [name for name in plan.facilities["facility_id"].astype(str) if name in chosen]


def sites_of_plan(
    plan: Plan, facilities: Sequence[str] | None = None, years: Mapping[str, int] | None = None
) -> tuple[LotSites, dict[str, str]]:
    """Sites of a plan, and the facilities that cannot be sites, each with the reason as a code.

    Parameters
    ----------
    facilities : those that are to be tendered unless given
    years : facility -> fiscal year; those of the plan's programme unless given

    Returns
    -------
    sites; facility -> ``no_roof`` (nothing is computed for it), ``no_use`` (nobody knows what it uses), ``no_place``

    Raises
    ------
    PlanError
        ``edit.no_such_facility``
    """
    wanted = list(dict.fromkeys(chosen_ids(plan) if facilities is None else facilities))
    ledger = plan.facilities.drop_duplicates("facility_id").set_index("facility_id")
    unknown = [name for name in wanted if name not in ledger.index]
    if unknown:
        raise PlanError("edit.no_such_facility", facility=unknown[0])
    order = {str(name): k for k, name in enumerate(ledger.index)}
    wanted.sort(key=order.__getitem__)
    figures = _figures(plan, wanted)
    places = _places(plan, wanted)
    refused: dict[str, str] = {}
    for k, name in enumerate(wanted):
        if not figures["energy_kwh"].iloc[k] > 0.0:
            refused[name] = "no_roof"
        elif pd.isna(figures["self_use_kwh"].iloc[k]):
            refused[name] = "no_use"
        elif np.isnan(places[k]).any():
            refused[name] = "no_place"
    kept = np.array([k for k, name in enumerate(wanted) if name not in refused], dtype=np.intp)
    ids = tuple(wanted[k] for k in kept)
    rows, told = ledger.loc[list(ids)], years_of(plan) if years is None else years
    energy, own = (figures[key].to_numpy(dtype=np.float64)[kept] for key in ("energy_kwh", "self_use_kwh"))
    # Half hours are kept as 32-bit floats.
    own = np.minimum(own, energy)
    sites = LotSites(
        ids, _texts(rows, "name"), _texts(rows, "ward"), _texts(rows, "roof_type"),
        tuple(seasons().get(kind, ANY_TIME) for kind in _texts(rows, "kind")), tuple(int(told.get(name, 0)) for name in ids),
        places[kept], figures["capacity_kw"].to_numpy(dtype=np.float64)[kept], own, energy - own,
        figures["usable_m2"].to_numpy(dtype=np.float64)[kept],
    )  # fmt: skip
    return sites, refused


def _figures(plan: Plan, wanted: Sequence[str]) -> pd.DataFrame:
    found = plan.results.yields.drop_duplicates("facility_id").set_index("facility_id").reindex(list(wanted))
    found = found[["capacity_kw", "energy_kwh", "usable_m2"]].copy()
    found["self_use_kwh"] = np.nan
    if plan.use is not None:
        own = plan.use.frame.drop_duplicates("facility_id").set_index("facility_id")["self_use_kwh"]
        found["self_use_kwh"] = own.reindex(list(wanted))
    return found


def _places(plan: Plan, wanted: Sequence[str]) -> NDArray[np.float64]:
    """[n, 2] the middle of each facility's buildings, else its own point; NaN where there is neither [m]."""
    buildings: gpd.GeoDataFrame = plan.results.buildings.drop_duplicates("building_id").set_index("building_id")
    middles = buildings.geometry.centroid
    frame = pd.DataFrame({"x": middles.x, "y": middles.y})
    links = plan.results.links[["facility_id", "building_id"]]
    joined = links.merge(frame, left_on="building_id", right_index=True).groupby("facility_id")[["x", "y"]].mean()
    own = plan.facilities.drop_duplicates("facility_id").set_index("facility_id").geometry
    points = pd.DataFrame({"x": [_at(p, "x") for p in own], "y": [_at(p, "y") for p in own]}, index=own.index)
    placed = joined.reindex(list(wanted)).fillna(points.reindex(list(wanted)))
    return np.asarray(placed.to_numpy(dtype=np.float64))


def _at(point: object, axis: str) -> float:
    return float("nan") if point is None or getattr(point, "is_empty", True) else float(getattr(point, axis))


def _texts(frame: pd.DataFrame, column: str) -> tuple[str, ...]:
    values = frame[column].tolist() if column in frame else [None] * len(frame)
    return tuple(value if isinstance(value, str) else "" for value in values)
