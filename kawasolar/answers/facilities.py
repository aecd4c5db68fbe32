"""What a plan's answers say of each facility, for its list and its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from kawasolar.plan import AnswerKind, Plan

# Columns by the answer that they are of.
LIGHTING_COLUMNS = {"lighting_year": "year", "lighting_saved_kwh": "saved_kwh", "lighting_saved_yen": "saved_yen"}
CARS, CHARGERS = "electric_cars", "chargers"
COLUMNS = (*LIGHTING_COLUMNS, CARS, CHARGERS)


def answers_frame(plan: Plan) -> pd.DataFrame:
    """Columns of :data:`COLUMNS` by ``facility_id``, those alone whose answer the plan keeps; NaN where it says nothing of a facility.

    ``lighting_year`` is the fiscal year of the LED programme, NaN where the facility is in none; ``lighting_saved_kwh`` [kWh/a] and ``lighting_saved_yen``
    [yen/a] what its LEDs save; ``electric_cars`` cars that are charged there once the fleet's programme is over (the present ones where chargers were asked for
    these and no programme is kept); ``chargers`` their chargers.
    """
    parts = [part for part in (_lighting(plan), _cars(plan), _chargers(plan)) if part is not None]
    if not parts:
        return pd.DataFrame(index=pd.Index([], dtype=object, name="facility_id"))
    made = pd.concat(parts, axis=1).astype("float64")
    made.index.name = "facility_id"
    return made


def _by_facility(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(facility_id=frame["facility_id"].fillna("").astype(str)).set_index("facility_id")


def _once(frame: pd.DataFrame) -> pd.DataFrame:
    """A row a facility, whatever a file says."""
    return _by_facility(frame.drop_duplicates("facility_id"))


def _lighting(plan: Plan) -> pd.DataFrame | None:
    answer = plan.answers.get("lighting")
    if answer is None:
        return None
    rows = _once(answer.frames["facilities"])
    made = pd.DataFrame({name: rows[source].astype("float64") for name, source in LIGHTING_COLUMNS.items()})
    # A year of 0 is none.
    return made.assign(lighting_year=made["lighting_year"].mask(made["lighting_year"] == 0.0))


def cars_from(plan: Plan) -> AnswerKind | None:
    """Which answer tells what cars are charged at a facility: charging; the fleet where charging is of other cars than its programme brings, or is not kept."""
    charging = plan.answers.get("charging")
    if charging is not None and (charging.head["listed"] or "fleet" not in plan.answers):
        return "charging"
    return "fleet" if "fleet" in plan.answers else None


def _cars(plan: Plan) -> pd.Series | None:
    kind = cars_from(plan)
    if kind is None:
        return None
    bases = plan.answers[kind].frames["bases"]
    if kind == "charging":
        return _once(bases)["cars"].rename(CARS)
    rows = _by_facility(bases)
    # A facility stands there once for each way in which the ledger names it; cars of no known base without an id.
    return (rows["ev"] + rows["phev"]).groupby(level=0).sum().drop("", errors="ignore").rename(CARS)


def _chargers(plan: Plan) -> pd.Series | None:
    answer = plan.answers.get("charging")
    return None if answer is None else _once(answer.frames["bases"])["chargers"].rename(CHARGERS)
