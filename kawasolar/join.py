"""Which buildings belong to which facility: by id, by place, by name, else the nearest outline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.errors import CrsMismatch
from gis.findings import Finding
from gis.progress import Progress, silent
from kawasolar.ledger.notes import folded
from kawasolar.ledger.vocabulary import heading_key, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

LINK_COLUMNS = ("facility_id", "building_id", "how", "distance_m", "score")

# How much each kind of evidence is worth; only their order and the fall with distance mean anything.
_RANK = {"id": 0, "point": 1, "name": 2, "nearest": 3}
_SCORE = {"id": 1.0, "point": 0.9, "name": 0.8, "nearest": 0.7}
# What is left of a nearest outline's score at the edge of the search.
_SCORE_AT_EDGE = 0.1
# A site and a building belong together where at least this share of either lies in the other.
_OVERLAP = 0.5
# A building named by id or by name and this far from the facility's point [m] is doubtful.
_DOUBTFUL_M = 500.0
# So many doubtful ones, and most of all, are no single slips any more.
_SEVERAL = 3
# PROJ's confidence [%] in the EPSG number of a worded system; GDAL's WKT1 of the Japanese zones gets 25.
_SURE_ENOUGH = 25
_STEPS = ("join.by_id", "join.by_place", "join.by_name", "join.nearest", "join.settling")


def join_facilities(
    facilities: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    nearest_m: float,
    progress: Progress = silent,
    outlines: gpd.GeoSeries | None = None,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Link facilities to buildings; each building to one facility.

    Evidence is tried in the order id, place (the facility's point in the outline, or its polygon over it), name,
    nearest outline; a facility that one kind has linked is not looked at by the next. A building that several
    facilities claim goes to the best evidence (id > point > name > nearest, then the smaller distance, then the
    first id), so that no roof counts twice, and a warning names the others.

    Parameters
    ----------
    facilities, buildings : GeoDataFrame
        Facilities and outlines as in ``docs/nomenclature.md``, in the same CRS. Buildings whose ``id_given`` is False
        (their id was made up) are never linked by id.
    nearest_m : float
        Reach of the search for the nearest outline [m]; 0 searches none.
    progress : Progress
    outlines : GeoSeries, optional
        Polygons of facilities by ``facility_id``, where the ledger has them (:attr:`kawasolar.ledger.Ledger.outlines`).
        Polygons in the geometry of ``facilities`` do as well.

    Returns
    -------
    links : DataFrame
        ``facility_id, building_id, how, distance_m, score``; distance 0 in the outline, NaN for one without place.
    findings : list of Finding

    Raises
    ------
    gis.errors.CrsMismatch
        The two layers are in different coordinate systems.
    """
    claims, findings = claim_buildings(facilities, buildings, nearest_m=nearest_m, progress=progress, outlines=outlines)
    progress(0.9, _STEPS[4])
    links, shared = settle(claims)
    findings += _describe(shared, facilities)
    findings += _without(facilities, links, claims)
    progress(1.0, _STEPS[4])
    return links, folded(findings)


def corrected_links(
    links: pd.DataFrame, named: Mapping[str, Sequence[str]], facilities: Collection[str], known: Collection[str]
) -> tuple[pd.DataFrame, list[Finding]]:
    """The links with those facilities whose buildings a person has named.

    Parameters
    ----------
    links : DataFrame
        As :func:`join_facilities` gives them; returned as it is where nobody named anything.
    named : mapping
        Facility -> its buildings, none for a facility that has none. A building that a person gives to one facility is
        taken from the others; of two that are given the same, the first has it. What was said of a facility that the ledger
        does not have waits, without effect.
    facilities : collection of str
        Ids of the ledger.
    known : collection of str
        Ids of all outlines.

    Returns
    -------
    links : DataFrame
        With ``how`` "person", ``score`` 1 and no distance for what was named; in the order of the facility ids, the named last.
    findings : list of Finding
        Facilities that the ledger has no more, buildings that no outline has any more.
    """
    if not named:
        return links, []
    rows: list[tuple[str, str]] = []
    taken: set[str] = set()
    findings = []
    for facility, buildings in sorted(named.items()):
        if facility not in facilities:
            findings.append(Finding("links.no_such_facility", "warning", item=facility))
            continue
        for building in buildings:
            if building not in known:
                findings.append(Finding("links.no_such_building", "warning", item=facility, found=building))
            elif building not in taken:
                taken.add(building)
                rows.append((facility, building))
    kept = links[~links["facility_id"].isin(list(named)) & ~links["building_id"].isin(taken)]
    own = pd.DataFrame(rows, columns=["facility_id", "building_id"])
    own = own.assign(how="person", distance_m=np.nan, score=1.0)
    joined = (
        pd.concat([kept, own.astype({"distance_m": links["distance_m"].dtype})], ignore_index=True) if rows else kept
    )
    return joined.reset_index(drop=True), findings


def claim_buildings(
    facilities: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    nearest_m: float,
    progress: Progress = silent,
    outlines: gpd.GeoSeries | None = None,
) -> tuple[pd.DataFrame, list[Finding]]:
    """All claims, before a building that several facilities claim is given to one; see :func:`join_facilities`."""
    if not _same_crs(facilities.crs, buildings.crs):
        raise CrsMismatch("join.crs", found=facilities.crs.to_string(), expected=buildings.crs.to_string())
    sides = _Sides(facilities, buildings, outlines)
    progress(0.0, _STEPS[0])
    found, findings = _by_id(sides)
    parts = [found]
    progress(0.2, _STEPS[1])
    parts.append(_by_polygon(sides, sides.open(parts)))
    parts.append(_by_point(sides, sides.open(parts)))
    progress(0.5, _STEPS[2])
    named, doubts = _by_name(sides, sides.open(parts))
    parts.append(named)
    findings += doubts
    progress(0.7, _STEPS[3])
    parts.append(_by_nearest(sides, sides.open(parts), nearest_m))
    claims = pd.concat(parts, ignore_index=True)
    claims = claims.drop_duplicates(["facility", "building"])
    claims = sides.named(claims)
    findings += _doubtful(claims)
    return claims, findings


def _same_crs(one: CRS | None, other: CRS | None) -> bool:
    """Whether coordinates can be compared; a layer that does not say its CRS is taken to be in the other's."""
    if one is None or other is None or one.equals(other, ignore_axis_order=True):
        return True
    # Files write the same system in words of their own (GDAL's WKT1 exchanges the axes); its number settles it.
    number = one.to_epsg(min_confidence=_SURE_ENOUGH)
    return number is not None and number == other.to_epsg(min_confidence=_SURE_ENOUGH)


class _Sides:
    """Both layers as arrays; claims within this module are pairs of positions."""

    def __init__(
        self, facilities: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, outlines: gpd.GeoSeries | None
    ) -> None:
        self.facilities = facilities.reset_index(drop=True)
        self.facility_ids = self.facilities["facility_id"].astype(str).to_numpy(dtype=object)
        self.buildings = buildings.reset_index(drop=True)
        self.building_ids = self.buildings["building_id"].astype(str).to_numpy(dtype=object)
        self.id_given = np.ones(len(self.buildings), dtype=bool)
        if "id_given" in self.buildings:
            self.id_given = self.buildings["id_given"].to_numpy(dtype=bool)
        self.shapes = np.asarray(self.buildings.geometry.array, dtype=object)
        geometry = np.asarray(self.facilities.geometry.array, dtype=object)
        geometry[shapely.is_empty(geometry)] = None
        areal = np.isin(shapely.get_type_id(geometry), [3, 6])
        self.polygons = geometry.copy()
        self.polygons[~areal] = None
        if outlines is not None:
            given = np.asarray(outlines.reindex(self.facility_ids).array, dtype=object)
            self.polygons[~pd.isna(given)] = given[~pd.isna(given)]
        # No point is made up for a polygon: its own test has said all that it can say.
        self.points = geometry.copy()
        self.points[areal] = None
        self.places = geometry
        self.tree = shapely.STRtree(self.shapes)

    def open(self, parts: list[pd.DataFrame]) -> NDArray[np.int64]:
        """Positions of the facilities that nothing has linked yet."""
        linked = np.zeros(len(self.facility_ids), dtype=bool)
        for part in parts:
            linked[part["facility"].to_numpy()] = True
        return np.flatnonzero(~linked)

    def claims(self, facility: NDArray[Any], building: NDArray[Any], how: str) -> pd.DataFrame:
        """Pairs with their distance [m] and the evidence's full score."""
        distance = shapely.distance(self.places[facility], self.shapes[building])
        return pd.DataFrame(
            {
                "facility": np.asarray(facility, dtype=np.int64),
                "building": np.asarray(building, dtype=np.int64),
                "how": how,
                "distance_m": np.asarray(distance, dtype=np.float64),
                "score": _SCORE[how],
            }
        )

    def named(self, claims: pd.DataFrame) -> pd.DataFrame:
        """Ids in the place of positions, in the ledger's order."""
        ordered = claims.assign(
            facility_id=self.facility_ids[claims["facility"]], building_id=self.building_ids[claims["building"]]
        ).sort_values(["facility", "building"], kind="stable")
        return ordered[list(LINK_COLUMNS)].reset_index(drop=True)


def _by_id(sides: _Sides) -> tuple[pd.DataFrame, list[Finding]]:
    """Claims by ``building_ids`` of the ledger, and the ids that no building has."""
    none = np.empty(0, dtype=np.int64)
    if "building_ids" not in sides.facilities:
        return sides.claims(none, none, "id"), []
    asked = sides.facilities["building_ids"].dropna().astype(str).str.split(";").explode().str.strip()
    asked = asked[asked != ""]
    facility = asked.index.to_numpy(dtype=np.int64)
    first = pd.Series(np.arange(len(sides.building_ids)), index=sides.building_ids)
    # Ids that were made up while the file was read must not meet anyone's: they only look like theirs.
    first = first[sides.id_given & ~first.index.duplicated()]
    if first.empty and len(sides.building_ids) and not asked.empty:
        return sides.claims(none, none, "id"), [Finding("join.no_ids", "warning", details={"count": len(asked)})]
    known = asked.isin(first.index)
    building = first.reindex(asked[known]).to_numpy(dtype=np.int64)
    rows = _rows(sides.facilities)
    findings = [
        Finding("join.unknown_building", "warning", row=rows[i], found=str(wanted), item=str(sides.facility_ids[i]))
        for i, wanted in zip(facility[~known.to_numpy()], asked[~known], strict=True)
    ]
    return sides.claims(facility[known.to_numpy()], building, "id"), findings


def _rows(facilities: gpd.GeoDataFrame) -> list[int | None]:
    if "source_row" not in facilities:
        return [None] * len(facilities)
    return [int(row) for row in facilities["source_row"]]


def _by_polygon(sides: _Sides, todo: NDArray[np.int64]) -> pd.DataFrame:
    """Buildings that lie mostly in a facility's polygon, or that hold most of it."""
    todo = todo[~pd.isna(sides.polygons[todo])]
    which, building = sides.tree.query(sides.polygons[todo], predicate="intersects")
    facility = todo[which]
    site, outline = sides.polygons[facility], sides.shapes[building]
    common = shapely.area(shapely.intersection(site, outline))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.maximum(common / shapely.area(outline), common / shapely.area(site))
    keep = share >= _OVERLAP
    found = sides.claims(facility[keep], building[keep], "point")
    found["distance_m"] = 0.0
    found["score"] = _SCORE["point"] * np.minimum(share[keep], 1.0)
    return found


def _by_point(sides: _Sides, todo: NDArray[np.int64]) -> pd.DataFrame:
    """The outline in which the facility's point lies; of several the smallest."""
    todo = todo[~pd.isna(sides.points[todo])]
    which, building = sides.tree.query(sides.points[todo], predicate="intersects")
    found = sides.claims(todo[which], building, "point")
    found["area"] = shapely.area(sides.shapes[building])
    found["id"] = sides.building_ids[building]
    return found.sort_values(["facility", "area", "id"]).drop_duplicates("facility").drop(columns=["area", "id"])


def _name_key(name: object) -> str:
    """Names compared without blanks, punctuation and case; what stands in brackets does not count."""
    return heading_key(plain(str(name))) if isinstance(name, str) else ""


def _by_name(sides: _Sides, todo: NDArray[np.int64]) -> tuple[pd.DataFrame, list[Finding]]:
    """Buildings of the facility's very name, near its point where it has one.

    A facility without a place whose name another one bears too is left alone and said.
    """
    none = np.empty(0, dtype=np.int64)
    if "name" not in sides.buildings or not todo.size:
        return sides.claims(none, none, "name"), []
    left = pd.DataFrame({"facility": todo, "key": [_name_key(n) for n in sides.facilities["name"].iloc[todo]]})
    names = sides.buildings["name"]
    right = pd.DataFrame({"building": np.arange(len(names)), "key": names.map(_name_key)})
    pairs = left[left["key"] != ""].merge(right[right["key"] != ""], on="key")
    facility, building = pairs["facility"].to_numpy(dtype=np.int64), pairs["building"].to_numpy(dtype=np.int64)
    found = sides.claims(facility, building, "name")
    placeless = pd.isna(sides.places[facility])
    counts = sides.facilities["name"].map(_name_key).value_counts()
    twice = pairs["key"].map(counts).to_numpy() > 1
    ambiguous = placeless & twice
    rows = _rows(sides.facilities)
    findings = [
        Finding(
            "join.ambiguous_name",
            "warning",
            row=rows[i],
            found=str(sides.facilities["name"].iloc[i]),
            item=str(sides.facility_ids[i]),
        )
        for i in np.unique(facility[ambiguous])
    ]
    near = found["distance_m"].to_numpy() <= _DOUBTFUL_M
    return found[(placeless & ~twice) | near], findings


def _by_nearest(sides: _Sides, todo: NDArray[np.int64], nearest_m: float) -> pd.DataFrame:
    """The nearest outline within reach; of equally near ones the first id."""
    todo = todo[~pd.isna(sides.places[todo])]
    if nearest_m <= 0.0 or not todo.size or not len(sides.shapes):
        none = np.empty(0, dtype=np.int64)
        return sides.claims(none, none, "nearest")
    which, building = sides.tree.query_nearest(sides.places[todo], max_distance=nearest_m, all_matches=True)
    found = sides.claims(todo[which], building, "nearest")
    found["id"] = sides.building_ids[building]
    found = found.sort_values(["facility", "distance_m", "id"]).drop_duplicates("facility").drop(columns="id")
    found["score"] *= 1.0 - (1.0 - _SCORE_AT_EDGE) * found["distance_m"] / nearest_m
    return found


def _doubtful(claims: pd.DataFrame) -> list[Finding]:
    """Buildings that the ledger names by id and that lie far from the facility's own point."""
    by_id = claims[(claims["how"] == "id") & claims["distance_m"].notna()]
    far = by_id[by_id["distance_m"] > _DOUBTFUL_M]
    findings = [
        Finding("join.id_far", "warning", item=facility, found=building, details={"distance_m": round(distance)})
        for facility, building, distance in zip(
            far["facility_id"].tolist(), far["building_id"].tolist(), far["distance_m"].tolist(), strict=True
        )
    ]
    if len(far) >= _SEVERAL and 2 * len(far) > len(by_id):
        details: dict[str, object] = {"count": len(by_id), "far": len(far)}
        elsewhere = Finding("join.ids_elsewhere", "error", expected=f"{_DOUBTFUL_M:g}", details=details)
        findings.insert(0, elsewhere)
    return findings


def settle(claims: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each building to one facility.

    Returns
    -------
    links, shared : DataFrame
        The claims that hold; and those that yielded, with ``owner``, the facility that has the building.
    """
    rank = claims["how"].map(_RANK)
    order = claims.assign(rank=rank, far=claims["distance_m"].fillna(np.inf)).sort_values(
        ["building_id", "rank", "far", "facility_id"], kind="stable"
    )
    lost = order.duplicated("building_id")
    owner = order[~lost].set_index("building_id")["facility_id"]
    shared = order.loc[lost.to_numpy(), list(LINK_COLUMNS)]
    shared = shared.assign(owner=shared["building_id"].map(owner)).sort_index()
    links = claims.loc[order.index[~lost].sort_values()].reset_index(drop=True)
    return links, shared.reset_index(drop=True)


def _describe(shared: pd.DataFrame, facilities: gpd.GeoDataFrame) -> list[Finding]:
    rows = dict(zip(facilities["facility_id"].astype(str), _rows(facilities), strict=True))
    return [
        Finding(
            "join.shared_building",
            "warning",
            row=rows.get(facility),
            item=facility,
            found=building,
            details={"owner": owner},
        )
        for facility, building, owner in zip(
            shared["facility_id"].tolist(), shared["building_id"].tolist(), shared["owner"].tolist(), strict=True
        )
    ]


def _without(facilities: gpd.GeoDataFrame, links: pd.DataFrame, claims: pd.DataFrame) -> list[Finding]:
    """Facilities that end without a building; those that only share one have been told so already."""
    ids = facilities["facility_id"].astype(str)
    told = set(links["facility_id"]) | set(claims["facility_id"])
    rows = _rows(facilities)
    placeless = facilities.geometry.isna() | facilities.geometry.is_empty
    return [
        Finding(
            "join.no_place" if nowhere else "join.no_building",
            "warning",
            row=row,
            item=facility,
            found=None if name is None or pd.isna(name) else str(name),
        )
        for facility, nowhere, row, name in zip(ids, placeless, rows, facilities.get("name", ids), strict=True)
        if facility not in told
    ]
