"""What each kind of evidence claims: by id, by place, by parcel, by name, else an outline near by that agrees best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis.errors import CrsMismatch
from gis.findings import Finding
from gis.progress import Progress, silent
from kawasolar.join.agreement import Agreement, Weights
from kawasolar.join.evidence import Evidence, Reason, table
from kawasolar.join.sides import Sides, with_reasons
from kawasolar.ledger.vocabulary import heading_key, plain

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

LINK_COLUMNS = ("facility_id", "building_id", "how", "distance_m", "score", "evidence")

# A site and a building belong together where at least this share of either lies in the other.
_OVERLAP = 0.5
# So many doubtful ones, and most of all, are no single slips any more.
_SEVERAL = 3
# PROJ's confidence [%] in the EPSG number of a worded system; GDAL's WKT1 of the Japanese zones gets 25.
_SURE_ENOUGH = 25
# Share of the way to where evidence is worth least, from which it is said that a building lies far.
_TOLD_FROM = 0.1
# Pairs of facilities and outlines near by that are compared; beyond it the nearest alone.
_MOST_PAIRS = 2_000_000
STEPS = ("join.by_id", "join.by_place", "join.by_name", "join.nearest", "join.settling")


def claim_buildings(
    facilities: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    nearest_m: float,
    progress: Progress = silent,
    outlines: gpd.GeoSeries | None = None,
    weights: Weights | None = None,
    parcels: gpd.GeoDataFrame | None = None,
) -> tuple[pd.DataFrame, list[Finding]]:
    """All claims, before a building that several facilities claim is given to one; see :func:`kawasolar.join.join_facilities`."""
    for layer in (buildings, parcels):
        if layer is not None and not _same_crs(facilities.crs, layer.crs):
            raise CrsMismatch("join.crs", found=facilities.crs.to_string(), expected=layer.crs.to_string())
    sides = Sides(facilities, buildings, outlines, nearest_m)
    agreement = Agreement(sides.facilities, sides.buildings, weights or Weights())
    progress(0.0, STEPS[0])
    found, findings = _by_id(sides)
    parts = [found]
    progress(0.2, STEPS[1])
    parts.append(_by_polygon(sides, sides.open(parts)))
    todo = sides.open(parts)
    parts.append(_by_point(sides, todo))
    if parcels is not None:
        lots, crowded = _by_parcel(sides, todo, parcels.reset_index(drop=True))
        parts.append(lots)
        findings += crowded
    progress(0.5, STEPS[2])
    named, doubts = _by_name(sides, sides.open(parts))
    parts.append(named)
    findings += doubts
    progress(0.7, STEPS[3])
    parts.append(_by_nearest(sides, sides.open(parts), agreement))
    claims = pd.concat(parts, ignore_index=True)
    claims = claims.drop_duplicates(["facility", "building"]).reset_index(drop=True)
    claims = _named(sides, _graded(sides.by_address(claims), agreement))
    findings += _doubtful(claims)
    return claims, findings


def _same_crs(one: CRS | None, other: CRS | None) -> bool:
    """Whether coordinates can be compared; a layer that does not say its CRS is taken to be in the other's."""
    if one is None or other is None or one.equals(other, ignore_axis_order=True):
        return True
    # Files write the same system in words of their own (GDAL's WKT1 exchanges the axes); its number settles it.
    number = one.to_epsg(min_confidence=_SURE_ENOUGH)
    return number is not None and number == other.to_epsg(min_confidence=_SURE_ENOUGH)


def _graded(claims: pd.DataFrame, agreement: Agreement) -> pd.DataFrame:
    """Scores lowered by what disagrees, and all reasons as one text."""
    facility, building = (claims[name].to_numpy(dtype=np.int64) for name in ("facility", "building"))
    left, told = agreement.of_groups(facility, building)
    why = [(*first, *more) for first, more in zip(claims["why"], told, strict=True)]
    return claims.assign(
        score=np.clip(claims["score"].to_numpy(dtype=np.float64) * left, 0.0, 1.0),
        evidence=pd.Series([Evidence(each).to_text() for each in why], index=claims.index, dtype=object),
    )


def _named(sides: Sides, claims: pd.DataFrame) -> pd.DataFrame:
    """Ids in the place of positions, in the ledger's order."""
    ordered = claims.assign(
        facility_id=sides.facility_ids[claims["facility"]], building_id=sides.building_ids[claims["building"]]
    ).sort_values(["facility", "building"], kind="stable")
    return ordered[list(LINK_COLUMNS)].reset_index(drop=True)


def _far(found: pd.DataFrame, nearest_m: float, reason: str) -> pd.DataFrame:
    """Claims by id or name with their reasons; worth less where the building lies far from the facility's place."""
    far_m = table().far_m
    away = found["distance_m"].fillna(0.0).to_numpy(dtype=np.float64)
    beyond = np.clip((away - nearest_m) / max(far_m - nearest_m, 1.0), 0.0, 1.0)
    # A wing of a large site is not far yet.
    why = [
        (Reason(reason, {}), Reason("far", {"distance_m": round(float(d))}))
        if share > _TOLD_FROM
        else (Reason(reason, {}),)
        for d, share in zip(away, beyond, strict=True)
    ]
    return found.assign(
        score=found["score"].to_numpy(dtype=np.float64) * (1.0 - (1.0 - table().far_share) * beyond),
        why=pd.Series(why, index=found.index, dtype=object),
    )


def _by_id(sides: Sides) -> tuple[pd.DataFrame, list[Finding]]:
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
    rows = source_rows(sides.facilities)
    findings = [
        Finding("join.unknown_building", "warning", row=rows[i], found=str(wanted), item=str(sides.facility_ids[i]))
        for i, wanted in zip(facility[~known.to_numpy()], asked[~known], strict=True)
    ]
    return _far(sides.claims(facility[known.to_numpy()], building, "id"), sides.nearest_m, "id"), findings


def source_rows(facilities: gpd.GeoDataFrame) -> list[int | None]:
    """Row in the ledger of each facility, as the user counts."""
    if "source_row" not in facilities:
        return [None] * len(facilities)
    return [int(row) for row in facilities["source_row"]]


def _by_polygon(sides: Sides, todo: NDArray[np.int64]) -> pd.DataFrame:
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
    found["score"] *= np.minimum(share[keep], 1.0)
    return with_reasons(found, [Reason("overlap", {"share": round(100 * min(float(s), 1.0))}) for s in share[keep]])


def _by_point(sides: Sides, todo: NDArray[np.int64]) -> pd.DataFrame:
    """The outline in which the facility's point lies; of several the smallest."""
    todo = todo[~pd.isna(sides.points[todo])]
    # Of a parcel any point stands for all of it.
    todo = todo[sides.exact[todo] != "parcel"]
    which, building = sides.tree.query(sides.points[todo], predicate="intersects")
    found = sides.claims(todo[which], building, "point")
    found["area"] = shapely.area(sides.shapes[building])
    found["id"] = sides.building_ids[building]
    found = found.sort_values(["facility", "area", "id"]).drop_duplicates("facility").drop(columns=["area", "id"])
    return with_reasons(found, [Reason("inside", {})] * len(found))


def _by_parcel(sides: Sides, todo: NDArray[np.int64], parcels: gpd.GeoDataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """All buildings that lie mostly in the parcel in which the facility's point lies; of several parcels the smallest."""
    todo = todo[~pd.isna(sides.points[todo])]
    # The middle of a block may lie in any parcel of it.
    todo = todo[sides.exact[todo] != "block"]
    land = np.asarray(parcels.geometry.array, dtype=object)
    which, parcel = shapely.STRtree(land).query(sides.points[todo], predicate="intersects")
    held = pd.DataFrame({"facility": todo[which], "parcel": parcel, "area": shapely.area(land[parcel])})
    held = held.sort_values(["facility", "area", "parcel"]).drop_duplicates("facility")
    own = held["parcel"].to_numpy(dtype=np.int64)
    place, building = sides.tree.query(land[own], predicate="intersects")
    size = shapely.area(sides.shapes[building])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = shapely.area(shapely.intersection(land[own[place]], sides.shapes[building])) / size
    keep = share >= _OVERLAP
    place, building, share = place[keep], building[keep], share[keep]
    facility = held["facility"].to_numpy(dtype=np.int64)
    crowded = np.bincount(place, minlength=len(own)) > table().most_in_parcel
    rows = source_rows(sides.facilities)
    known = parcels["lot"].tolist() if "lot" in parcels else [None] * len(parcels)
    lots = [lot if isinstance(lot, str) else "" for lot in known]
    findings = [
        Finding(
            "join.crowded_parcel", "info", row=rows[facility[k]], item=str(sides.facility_ids[facility[k]]),
            found=lots[own[k]] or "–", expected=str(table().most_in_parcel),
        )
        for k in np.flatnonzero(crowded)
    ]  # fmt: skip
    place, building, share = place[~crowded[place]], building[~crowded[place]], share[~crowded[place]]
    found = sides.claims(facility[place], building, "parcel")
    found["score"] *= np.minimum(share, 1.0)
    reasons = [
        Reason("parcel", {"lot": lots[own[k]], "share": round(100 * min(float(s), 1.0))})
        for k, s in zip(place, share, strict=True)
    ]
    return with_reasons(found, reasons), findings


def _name_key(name: object) -> str:
    """Names compared without blanks, punctuation and case; what stands in brackets does not count."""
    return heading_key(plain(str(name))) if isinstance(name, str) else ""


def _by_name(sides: Sides, todo: NDArray[np.int64]) -> tuple[pd.DataFrame, list[Finding]]:
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
    rows = source_rows(sides.facilities)
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
    near = found["distance_m"].to_numpy() <= table().far_m
    kept = found[(placeless & ~twice) | near].reset_index(drop=True)
    return _far(kept, sides.nearest_m, "name"), findings


def _by_nearest(sides: Sides, todo: NDArray[np.int64], agreement: Agreement) -> pd.DataFrame:
    """Of the outlines within reach the one that is near and such as the ledger says; of equal ones the nearer, then the first id."""
    todo = todo[~pd.isna(sides.places[todo])]
    reach = sides.reach_m[todo]
    none = np.empty(0, dtype=np.int64)
    if sides.nearest_m <= 0.0 or not todo.size or not len(sides.shapes):
        return sides.claims(none, none, "nearest")
    which, building = sides.tree.query(sides.places[todo], predicate="dwithin", distance=reach)
    if which.size > _MOST_PAIRS:
        which, building = sides.tree.query_nearest(
            sides.places[todo], max_distance=float(reach.max()), all_matches=True
        )
    found = sides.claims(todo[which], building, "nearest")
    away = found["distance_m"].to_numpy(dtype=np.float64) / sides.reach_m[found["facility"].to_numpy(dtype=np.int64)]
    found["score"] *= 1.0 - (1.0 - table().at_edge) * np.minimum(away, 1.0)
    found["worth"] = found["score"] * agreement.of_each(todo[which], building)
    found["id"] = sides.building_ids[building]
    least = found.groupby("facility")["distance_m"].min()
    # To the millionth: equal ones must not be told apart by rounding.
    found["worth"] = found["worth"].round(6)
    found = found.sort_values(["facility", "worth", "distance_m", "id"], ascending=[True, False, True, True])
    found = found.drop_duplicates("facility").drop(columns=["worth", "id"]).reset_index(drop=True)
    first = least.reindex(found["facility"]).to_numpy(dtype=np.float64)
    why = [
        (
            Reason("nearest", {"distance_m": round(d, 1)}),
            *([Reason("passed_over", {"distance_m": round(f, 1)})] if f < d else []),
        )
        for d, f in zip(found["distance_m"].tolist(), first.tolist(), strict=True)
    ]
    return found.assign(why=pd.Series(why, index=found.index, dtype=object))


def _doubtful(claims: pd.DataFrame) -> list[Finding]:
    """Buildings that the ledger names by id and that lie far from the facility's own point."""
    far_m = table().far_m
    by_id = claims[(claims["how"] == "id") & claims["distance_m"].notna()]
    far = by_id[by_id["distance_m"] > far_m]
    findings = [
        Finding("join.id_far", "warning", item=facility, found=building, details={"distance_m": round(distance)})
        for facility, building, distance in zip(
            far["facility_id"].tolist(), far["building_id"].tolist(), far["distance_m"].tolist(), strict=True
        )
    ]
    if len(far) >= _SEVERAL and 2 * len(far) > len(by_id):
        details: dict[str, object] = {"count": len(by_id), "far": len(far)}
        elsewhere = Finding("join.ids_elsewhere", "error", expected=f"{far_m:g}", details=details)
        findings.insert(0, elsewhere)
    return findings
