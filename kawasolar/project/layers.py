"""The layers that QGIS sees: facilities with what was found of them, buildings by class, roof planes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd

    from kawasolar.plan import Plan

YIELD_COLUMNS = (
    "roof_m2", "usable_m2", "modules", "capacity_kw", "energy_kwh", "energy_dull_kwh", "energy_sunny_kwh", "specific_yield", "irradiation_kwh_m2", "shading_loss", "snow_loss", "co2_t",
)  # fmt: skip
SITE_COLUMNS = ("status", "chosen", "rank", "reason")
# The most notable facility of a building gives it its class.
_CLASS_ORDER = ("chosen", "eligible", "unknown", "ineligible")


def site_class(plan: Plan) -> pd.Series[Any]:
    """What became of each facility: ``chosen eligible unknown ineligible``, indexed by facility id."""
    sites = plan.half.sites
    named = np.where(sites["chosen"].to_numpy(dtype=bool), "chosen", sites["status"].to_numpy(dtype=object))
    return pd.Series(named.astype(object), index=pd.Index(sites["facility_id"], name="facility_id"), name="class")


def facility_layer(plan: Plan) -> gpd.GeoDataFrame:
    """The ledger with yield and decision beside it; a ledger column of the same name wins."""
    layer = plan.facilities.copy()
    for frame, columns in ((plan.half.sites, SITE_COLUMNS), (plan.results.yields, YIELD_COLUMNS)):
        found = frame.drop_duplicates("facility_id").set_index("facility_id")
        for column in columns:
            if column in found.columns and column not in layer.columns:
                layer[column] = found[column].reindex(layer["facility_id"]).array
    return layer


def building_layer(plan: Plan) -> gpd.GeoDataFrame:
    """The outlines with the facilities in them and the class of the most notable one, else ``other``."""
    layer = plan.results.buildings.copy()
    links = plan.results.links.drop_duplicates(["facility_id", "building_id"])
    classes = links["facility_id"].map(site_class(plan))
    order = classes.map({name: place for place, name in enumerate(_CLASS_ORDER)}).fillna(len(_CLASS_ORDER))
    best = order.groupby(links["building_id"].to_numpy()).min()
    names = np.array([*_CLASS_ORDER, "other"], dtype=object)
    found = best.reindex(layer["building_id"]).fillna(len(_CLASS_ORDER)).astype(int).to_numpy()
    layer["class"] = names[found]
    ids = links.groupby("building_id")["facility_id"].agg(";".join)
    layer["facility_ids"] = ids.reindex(layer["building_id"]).to_numpy()
    return layer
