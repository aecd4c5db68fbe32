"""Official cars of a facility: which model comes for each, in which fiscal year, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from kawasolar.provenance.model import Explanation, NothingToExplain, TableSource
from kawasolar.provenance.sources import flat, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from kawasolar.fleet import FleetResult
    from kawasolar.provenance.sources import Desk

_CATALOGUE = "vehicles_catalogue.csv"
# Cars that are told one by one.
_MOST = 30
# A car of the programme -> the sentence of why it is told with.
_TOLD = {"already": "fleet_already", "outside": "fleet_outside", "no_substitute": "fleet_without", "kept": "fleet_kept"}


def has(desk: Desk, facility_id: str) -> bool:
    """Whether the plan keeps a fleet with cars at a facility."""
    found = desk.fleet
    return found is not None and bool((found.cars["facility_id"] == facility_id).any())


def fleet_cars(desk: Desk, facility_id: str) -> Explanation:
    """How many of its cars are replaced in the years of the programme, and each of them."""
    from kawasolar.fleet.result import REPLACED

    found = desk.fleet
    if found is None or not has(desk, facility_id):
        raise NothingToExplain("why.no_figure", figure="fleet_cars")
    cars = found.cars[found.cars["facility_id"] == facility_id]
    replaced = cars["why"].isin(REPLACED)
    rows = _rows(desk)
    # Those that are replaced first, year by year.
    order = cars.assign(at=cars["fiscal_year"].where(replaced)).sort_values("at", kind="stable", na_position="last")
    told = [_car(found, car, rows, facility_id) for car in order.head(_MOST).to_dict("records")]
    rest = len(cars) - len(told)
    if rest:
        told.append(Explanation("fleet_rest", None, "", "fleet_rest", values={"count": rest}, facility_id=facility_id))
    rules = cast("Mapping[str, Any]", found.head["rules"])
    values = {
        "cars": len(cars), "first": int(rules["first_year"]), "last": int(rules["last_year"]), "target": float(rules["target"]),
    }  # fmt: skip
    return Explanation("fleet_cars", int(replaced.sum()), "", "fleet_cars", flat(told, desk.files("vehicles")), desk.stage("fleet"), values, facility_id)  # fmt: skip


def _car(found: FleetResult, car: Mapping[Any, Any], rows: Mapping[str, int], facility_id: str) -> Explanation:
    """One car: what fits it, and why in its year."""
    from kawasolar.fleet.words import reasons_text

    why, models = str(car["why"]), found.catalogue
    model = models[models["key"] == car["model"]]
    year = plain(car["fiscal_year"])
    values: dict[str, object] = {"why": why, "filled": str(car["filled"])}
    values |= {name: plain(car[name]) for name in ("seats", "km_longest", "range_km", "natural_year", "old_tco_yen", "new_tco_yen")}  # fmt: skip
    values["row"] = rows.get(str(car["vehicle"]), 0)
    if why == "no_substitute":
        values |= {"reason_ja": reasons_text("ja", car, models), "reason_en": reasons_text("en", car, models)}
    if len(model):
        values |= {name: plain(model.iloc[0][name]) for name in ("name_ja", "name_en")}
        values["model_seats"] = plain(model.iloc[0]["seats"])
    inputs = (
        ()
        if not len(model) or why in ("already", "outside")
        else (_model(model.iloc[0], str(found.head["catalogue"]) or _CATALOGUE),)
    )
    formula = _TOLD.get(why, "fleet_car")
    return Explanation("fleet_car", None if year is None else int(float(str(year))), "calendar year", formula, inputs, None, values, facility_id, str(car["vehicle"]))  # fmt: skip


def _model(row: pd.Series[Any], table: str) -> TableSource:
    """The model as the catalogue has it: its price."""
    return TableSource(
        table, str(row["key"]), float(row["price_yen"]), "yen", str(row["name_ja"]), str(row["name_en"]), None, None, str(row["source_ja"]), str(row["source_en"]),
        "", "", row["how_sure"],
    )  # fmt: skip


def _rows(desk: Desk) -> dict[str, int]:
    """Number of a car -> its row in the ledger of vehicles."""
    read = desk.plan.registers.by_kind.get("vehicles")
    if read is None or not {"vehicle", "source_row"} <= set(read.frame.columns):
        return {}
    frame = read.frame[read.frame["vehicle"].notna()]
    return dict(zip(frame["vehicle"].astype(str), frame["source_row"].astype(int), strict=True))


FIGURES: dict[str, Callable[[Desk, str], Explanation]] = {"fleet_cars": fleet_cars}
