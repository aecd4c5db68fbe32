"""Which of several claims holds: each building to one facility; and what people say over it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.join.claims import LINK_COLUMNS, source_rows
from kawasolar.join.evidence import RANK, Claimant, Evidence, Reason, read_evidence, table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import geopandas as gpd

_BY_PERSON, _BY_NOBODY = Evidence((Reason("person", {}),)).to_text(), Evidence().to_text()


def settle(claims: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each building to one facility.

    Returns
    -------
    links, shared : DataFrame
        The claims that hold, with the others who are in the building among their evidence; and those that yielded, with ``owner``, the facility that
        has the building. A building of one's parcel in which another facility has its place is not shared by who has a building of his own.
    """
    rank = claims["how"].map(RANK)
    order = claims.assign(rank=rank, far=claims["distance_m"].fillna(np.inf)).sort_values(
        ["building_id", "rank", "far", "facility_id"], kind="stable"
    )
    lost = order.duplicated("building_id")
    owner = order[~lost].set_index("building_id")["facility_id"]
    best = order[~lost].set_index("building_id")["rank"]
    shared = order.loc[lost.to_numpy()]
    housed = shared["facility_id"].isin(set(owner))
    shared = shared[~(housed & (shared["how"] == "parcel"))]
    equal = set(shared.loc[shared["rank"].to_numpy() == best.reindex(shared["building_id"]).to_numpy(), "building_id"])
    links = claims.loc[order.index[~lost].sort_values()].reset_index(drop=True)
    links = _with_others(links, shared, equal)
    shared = shared[list(LINK_COLUMNS)].assign(owner=shared["building_id"].map(owner)).sort_index()
    return links, shared.reset_index(drop=True)


def _with_others(links: pd.DataFrame, shared: pd.DataFrame, contested: Collection[str]) -> pd.DataFrame:
    """Links that name who else is in the building; worth less where the evidence of another is of the same kind."""
    others: dict[str, list[Claimant]] = {}
    for row in shared.itertuples(index=False):
        others.setdefault(str(row.building_id), []).append(claimant(row))
    if not others:
        return links
    links = links.copy()
    evidence, score = links["evidence"].tolist(), links["score"].tolist()
    for place, building in enumerate(links["building_id"].tolist()):
        if building in others:
            found = replace(read_evidence(evidence[place]), others=tuple(others[building]))
            if building in contested:
                found = replace(found, why=(*found.why, Reason("contested", {"count": len(others[building])})))
                score[place] *= table().contested
            evidence[place] = found.to_text()
    links["evidence"] = pd.Series(evidence, index=links.index, dtype=object)
    links["score"] = np.asarray(score, dtype=np.float64)
    return links


def claimant(row: object) -> Claimant:
    """One link or claim as what another link says of it."""
    distance = float(getattr(row, "distance_m", np.nan))
    return Claimant(
        str(getattr(row, "facility_id", "")), str(getattr(row, "how", "")), None if np.isnan(distance) else round(distance, 1),
        round(float(getattr(row, "score", 0.0)), 4),
    )  # fmt: skip


def described(shared: pd.DataFrame, facilities: gpd.GeoDataFrame) -> list[Finding]:
    """Who shares a building with its owner."""
    rows = dict(zip(facilities["facility_id"].astype(str), source_rows(facilities), strict=True))
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


def without(facilities: gpd.GeoDataFrame, links: pd.DataFrame, claims: pd.DataFrame) -> list[Finding]:
    """Facilities that end without a building; those that only share one have been told so already."""
    ids = facilities["facility_id"].astype(str)
    told = set(links["facility_id"]) | set(claims["facility_id"])
    rows = source_rows(facilities)
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


# ---------------------------------------------------------------------------------------------- what people say


def corrected_links(
    links: pd.DataFrame,
    named: Mapping[str, Sequence[str]],
    facilities: Collection[str],
    known: Collection[str],
    shares: Mapping[str, Sequence[str]] | None = None,
) -> tuple[pd.DataFrame, list[Finding]]:
    """The links with those facilities whose buildings a person has named.

    Parameters
    ----------
    links : DataFrame
        As :func:`kawasolar.join.join_facilities` gives them; returned as it is where nobody named anything.
    named : mapping
        Facility -> its buildings, none for a facility that has none. A building that a person gives to one facility is
        taken from the others, who are in it from then on; of two that are given the same, the first has it. A building that its facility
        loses goes to the next who is in it. What was said of a facility that the ledger does not have waits, without effect.
    facilities : collection of str
        Ids of the ledger.
    known : collection of str
        Ids of all outlines.
    shares : mapping, optional
        Facility -> buildings in which a person says that it is, whose roof counts for another.

    Returns
    -------
    links : DataFrame
        With ``how`` "person", ``score`` 1 and no distance for what was named; in the order of the facility ids, the named last.
    findings : list of Finding
        Facilities that the ledger has no more, buildings that no outline has any more.
    """
    if not named:
        return links, []
    owner, inside, findings = _said(named, shares or {}, facilities, known)
    if "evidence" not in links:
        links = links.assign(evidence=pd.Series([None] * len(links), index=links.index, dtype=object))
    # Plain lists: a review asks at every key, and a mask of strings takes pandas as long as all the rest.
    facility, building = links["facility_id"].tolist(), links["building_id"].tolist()
    spoken, given = [name in named for name in facility], [name in owner for name in building]
    still = [not said and not taken for said, taken in zip(spoken, given, strict=True)]
    kept = links[np.asarray(still, dtype=bool)]
    freed = [
        b for b, said, taken in zip(building, spoken, given, strict=True) if said and not taken and isinstance(b, str)
    ]
    lost = links[np.asarray([taken and not said for said, taken in zip(spoken, given, strict=True)], dtype=bool)]
    others = _others(building, links["evidence"].tolist(), lost, inside, set(named))
    held = {b for b, stays in zip(building, still, strict=True) if stays}
    promoted = _promoted([*freed, *(b for b in inside if b not in held)], owner, others)
    rows = [(f, b, "person", np.nan, 1.0) for b, f in owner.items()] + promoted
    own = pd.DataFrame(rows, columns=["facility_id", "building_id", "how", "distance_m", "score"])
    why = [_BY_PERSON if row[2] == "person" else _BY_NOBODY for row in rows]
    own = own.assign(evidence=pd.Series(why, dtype=object)).astype({"distance_m": links["distance_m"].dtype})
    joined = pd.concat([kept, own], ignore_index=True) if rows else kept.reset_index(drop=True)
    return _told_others(joined, others, set(owner) | set(inside)), findings


def _said(
    named: Mapping[str, Sequence[str]],
    shares: Mapping[str, Sequence[str]],
    facilities: Collection[str],
    known: Collection[str],
) -> tuple[dict[str, str], dict[str, list[str]], list[Finding]]:
    """Building -> the facility that people give it to; building -> those who are in it besides, as people say."""
    owner: dict[str, str] = {}
    inside: dict[str, list[str]] = {}
    findings = []
    for facility, buildings in sorted(named.items()):
        if facility not in facilities:
            findings.append(Finding("links.no_such_facility", "warning", item=facility))
            continue
        for building in dict.fromkeys((*buildings, *shares.get(facility, ()))):
            if building not in known:
                findings.append(Finding("links.no_such_building", "warning", item=facility, found=building))
            elif building in owner or building not in buildings:
                inside.setdefault(building, []).append(facility)
            else:
                owner[building] = facility
    return owner, inside, findings


def _others(
    buildings: Sequence[object],
    evidence: Sequence[object],
    lost: pd.DataFrame,
    inside: Mapping[str, Sequence[str]],
    named: Collection[str],
) -> dict[str, list[Claimant]]:
    """Who else is in each building: whom people name, who has lost it to somebody's word, who yielded before. Of the named only what people say counts."""
    found = {building: [Claimant(name, "person", None, 1.0) for name in names] for building, names in inside.items()}
    for row in lost.itertuples(index=False):
        found.setdefault(str(row.building_id), []).append(claimant(row))
    for building, text in zip(buildings, evidence, strict=True):
        if isinstance(text, str) and '"others"' in text:
            before = [each for each in read_evidence(text).others if each.facility_id not in named]
            found.setdefault(str(building), []).extend(before)
    return found


def _promoted(
    freed: Sequence[str], owner: Mapping[str, str], others: dict[str, list[Claimant]]
) -> list[tuple[str, str, str, float, float]]:
    """Links of buildings that have no owner any more to the first who is in them."""
    rows = []
    for building in dict.fromkeys(freed):
        if building in owner or not others.get(building):
            continue
        # Whom people only put beside another stands back while there is another.
        first = next((each for each in others[building] if each.how != "person"), others[building][0])
        others[building].remove(first)
        distance = np.nan if first.distance_m is None else first.distance_m
        rows.append((first.facility_id, building, first.how, distance, first.score))
    return rows


def _told_others(
    links: pd.DataFrame, others: Mapping[str, Sequence[Claimant]], touched: Collection[str]
) -> pd.DataFrame:
    """Links whose evidence names who is in the building now."""
    evidence = links["evidence"].tolist()
    both = zip(links["facility_id"].tolist(), links["building_id"].tolist(), strict=True)
    for place, (facility, building) in enumerate(both):
        if building not in touched and building not in others:
            continue
        now = tuple(each for each in others.get(building, ()) if each.facility_id != facility)
        before = read_evidence(evidence[place])
        if before.others != now:
            evidence[place] = replace(before, others=now).to_text()
    return links.assign(evidence=pd.Series(evidence, index=links.index, dtype=object)).reset_index(drop=True)


def shared_of(links: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Facilities that are in a building whose roof counts for another: facility -> building and owner; the first of several."""
    found: dict[str, tuple[str, str]] = {}
    if "evidence" not in links:
        return found
    told = links["evidence"].astype(object).str.contains('"others"', regex=False, na=False).to_numpy(dtype=bool)
    for row in links[told].itertuples(index=False):
        for each in read_evidence(row.evidence).others:
            found.setdefault(each.facility_id, (str(row.building_id), str(row.facility_id)))
    return found
