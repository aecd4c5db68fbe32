"""Which buildings belong to which facility: by id, by place, by parcel, by name, by address, else an outline near by that agrees.

``evidence`` says what each kind of evidence is worth and holds the reasons of a link, ``sides`` both layers as arrays, ``claims`` what each kind of
evidence claims, ``agreement`` whether size and use agree, ``settling`` gives each building to one facility, ``review`` the queue for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.progress import Progress, silent
from kawasolar.join.agreement import Weights
from kawasolar.join.claims import LINK_COLUMNS, STEPS, claim_buildings
from kawasolar.join.evidence import Claimant, Evidence, Reason, read_evidence
from kawasolar.join.settling import corrected_links, described, settle, shared_of, without
from kawasolar.ledger.notes import folded

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from gis.findings import Finding

__all__ = [
    "LINK_COLUMNS", "Claimant", "Evidence", "Reason", "Weights", "claim_buildings", "corrected_links", "join_facilities", "read_evidence", "settle",
    "shared_of",
]  # fmt: skip


def join_facilities(
    facilities: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    nearest_m: float,
    progress: Progress = silent,
    outlines: gpd.GeoSeries | None = None,
    weights: Weights | None = None,
    parcels: gpd.GeoDataFrame | None = None,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Link facilities to buildings; each building to one facility.

    Evidence is tried in the order id, place (the facility's point in the outline, or its polygon over it; with parcels all buildings of the parcel), name,
    an outline near by; a facility that one kind has linked is not looked at by the next. A building that several
    facilities claim goes to the best evidence (id > point > parcel > name > address > nearest, then the smaller distance, then the
    first id), so that no roof counts twice; the link says who else is in it, and a warning names them.

    Parameters
    ----------
    facilities, buildings : GeoDataFrame
        Facilities and outlines as in ``docs/nomenclature.md``, in the same CRS. Buildings whose ``id_given`` is False
        (their id was made up) are never linked by id. ``placed`` of a facility says that its place came from its address, and how exact it is.
    nearest_m : float
        Reach of the search for an outline near by [m]; 0 searches none.
    progress : Progress
    outlines : GeoSeries, optional
        Polygons of facilities by ``facility_id``, where the ledger has them (:attr:`kawasolar.ledger.Ledger.outlines`).
        Polygons in the geometry of ``facilities`` do as well.
    weights : Weights, optional
        What disagreement of size and use costs.
    parcels : GeoDataFrame, optional
        Parcels of land (:func:`kawasolar.address.parcels.read_parcels`).

    Returns
    -------
    links : DataFrame
        ``facility_id, building_id, how, distance_m, score, evidence``; distance 0 in the outline, NaN for one without place.
    findings : list of Finding

    Raises
    ------
    gis.errors.CrsMismatch
        The layers are in different coordinate systems.
    """
    claims, findings = claim_buildings(
        facilities, buildings, nearest_m=nearest_m, progress=progress, outlines=outlines, weights=weights, parcels=parcels,
    )  # fmt: skip
    progress(0.9, STEPS[4])
    links, shared = settle(claims)
    findings += described(shared, facilities)
    findings += without(facilities, links, claims)
    progress(1.0, STEPS[4])
    return links, folded(findings)
