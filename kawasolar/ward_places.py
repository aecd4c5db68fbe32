"""Wards of facilities by the place where they lie: what the ledger leaves open is filled in, what it says otherwise is told."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pandas as pd

from gis.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from gis.wards import Wards

# Left out of a ledger's ward, or of an area's name.
_ENDINGS = ("区",)


def with_wards(
    frame: gpd.GeoDataFrame, wards: Wards, ledger: Path, file: Path
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Facilities with their wards.

    Parameters
    ----------
    frame : facilities as in ``docs/nomenclature.md``
    ledger, file : of the facilities and of the wards, for the findings

    Returns
    -------
    the frame with ``ward`` where the place tells it and ``ward_by_place``; and what was noticed: ``ledger.ward_by_place``, ``ledger.ward_contradicts``,
    ``ledger.wards_other_names``, ``ledger.wards_left_out``
    """
    places = wards.at(frame.geometry.to_numpy())
    said = frame["ward"].tolist() if "ward" in frame else [None] * len(frame)
    written = [None if pd.isna(ward) or not str(ward).strip() else str(ward) for ward in said]
    filled = [ward is None and place is not None for ward, place in zip(written, places, strict=True)]
    out = frame.copy()
    both = [place if fill else ward for ward, place, fill in zip(written, places, filled, strict=True)]
    out["ward"] = pd.Series(both, index=frame.index, dtype=object)
    out["ward_by_place"] = filled
    findings = []
    if wards.left_out:
        findings.append(Finding("ledger.wards_left_out", "warning", file.name, found=str(wards.left_out)))
    if any(filled):
        findings.append(Finding("ledger.ward_by_place", "info", file.name, found=str(sum(filled))))
    names = wards.frame["name"].tolist()
    if any(ward is not None for ward in written) and not any(
        same_ward(ward, name) for ward in {ward for ward in written if ward is not None} for name in names
    ):
        # Other areas than the ledger's: districts, or the cities of a prefecture.
        findings.append(
            Finding(
                "ledger.wards_other_names", "warning", file.name, found=names[0], expected=next(filter(None, written))
            )
        )
        return out, findings
    for k, (ward, place) in enumerate(zip(written, places, strict=True)):
        if ward is not None and place is not None and not same_ward(ward, place):
            row = frame["source_row"].iloc[k] if "source_row" in frame else None
            findings.append(
                Finding(
                    "ledger.ward_contradicts", "warning", ledger.name, row=None if pd.isna(row) else int(row), column="ward", found=ward,
                    expected=place, item=str(frame["facility_id"].iloc[k]), details={"name": str(frame["name"].iloc[k])},
                )
            )  # fmt: skip
    return out, findings


def same_ward(one: str, other: str) -> bool:
    """Whether two names are of the same ward: with the city before it or without, with 区 or without."""
    a, b = (unicodedata.normalize("NFKC", name).replace(" ", "") for name in (one, other))
    short, long = sorted((a, b), key=len)
    return bool(short) and (long.endswith(short) or any(long.endswith(short + ending) for ending in _ENDINGS))
