"""What a plan's answers say of a facility: LEDs, cars that are charged there, chargers; that a plan keeps none, or nothing of this facility, is told, too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kawasolar.answers.facilities import answers_frame, cars_from
from kawasolar.provenance import charging, lighting
from kawasolar.provenance.model import Explanation
from kawasolar.provenance.sources import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kawasolar.plan import AnswerKind, Role
    from kawasolar.provenance.sources import Desk

UNITS = {
    "lighting_year": "calendar year", "lighting_saved_kwh": "kWh", "lighting_saved_yen": "yen", "electric_cars": "", "chargers": "",
}  # fmt: skip
_FILES: Mapping[AnswerKind, tuple[Role, ...]] = {"fleet": ("vehicles",), "charging": ("vehicles", "meters")}


def explained(figure: str, desk: Desk, facility_id: str) -> Explanation:
    """A figure of an answer; None where the plan keeps no such answer, or it says nothing of the facility."""
    kind = _kind_of(figure, desk)
    if kind is None or kind not in desk.plan.answers:
        return Explanation(figure, None, UNITS[figure], f"no_{kind or 'fleet'}", facility_id=facility_id)
    if figure == "electric_cars":
        return _cars(kind, desk, facility_id)
    room = lighting if kind == "lighting" else charging
    if not room.has(desk, facility_id):
        return Explanation(
            figure, None, UNITS[figure], f"not_in_{kind}", stage=desk.stage(kind), facility_id=facility_id
        )
    return room.FIGURES[figure](desk, facility_id)


FIGURES: dict[str, Callable[[Desk, str], Explanation]] = {name: partial(explained, name) for name in UNITS}


def _kind_of(figure: str, desk: Desk) -> AnswerKind | None:
    if figure == "electric_cars":
        return cars_from(desk.plan)
    return "charging" if figure == "chargers" else "lighting"


def _cars(kind: AnswerKind, desk: Desk, facility_id: str) -> Explanation:
    """Cars that are charged: of charging's bases, else of the fleet's programme."""
    answer, frame = desk.plan.answers[kind], answers_frame(desk.plan)
    value = plain(frame.loc[facility_id, "electric_cars"]) if facility_id in frame.index else None
    if value is None:
        formula = f"not_in_{kind}"
    elif kind == "charging":
        formula = "electric_cars_charging" if answer.head["listed"] else "electric_cars_now"
    else:
        formula = "electric_cars"
    rows = answer.frames["bases"]
    mine = rows[rows["facility_id"] == facility_id].to_dict("records")
    values = {str(key): plain(one) for key, one in mine[0].items()} if mine else {}
    if kind == "fleet":
        values["last"] = answer.head["rules"]["last_year"]  # type: ignore[index] # as its kind has been looked at
    files = tuple(desk.files(*_FILES[kind]))
    return Explanation("electric_cars", value, "", formula, files, desk.stage(kind), values, facility_id)
