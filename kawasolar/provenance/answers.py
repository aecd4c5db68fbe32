"""What a plan's answers say of a facility: LEDs, cars that are charged there, chargers, and what each comes from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from kawasolar.answers.facilities import answers_frame, cars_from
from kawasolar.plan import SITING_FILES
from kawasolar.provenance.model import Explanation
from kawasolar.provenance.sources import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kawasolar.plan import AnswerKind, Role
    from kawasolar.provenance.model import Source
    from kawasolar.provenance.sources import Desk

UNITS = {
    "lighting_year": "calendar year", "lighting_saved_kwh": "kWh", "lighting_saved_yen": "yen", "electric_cars": "", "chargers": "",
}  # fmt: skip
_FILES: Mapping[AnswerKind, tuple[Role, ...]] = {
    "lighting": ("lamps", "meters"), "fleet": ("vehicles",), "charging": ("vehicles", "meters"), "siting": SITING_FILES,
}  # fmt: skip
_ROWS: Mapping[AnswerKind, str] = {"lighting": "facilities", "fleet": "bases", "charging": "bases", "siting": "sites"}


def explained(figure: str, desk: Desk, facility_id: str) -> Explanation:
    """A figure of an answer; None where the plan keeps no such answer, or it says nothing of the facility."""
    kind = _kind_of(figure, desk)
    if kind is None or kind not in desk.plan.answers:
        return Explanation(figure, None, UNITS[figure], f"no_{kind or 'fleet'}", facility_id=facility_id)
    frame = answers_frame(desk.plan)
    value = plain(frame.loc[facility_id, figure]) if facility_id in frame.index else None
    files: list[Source] = [*desk.files(*_FILES[kind])]
    values = {**_row(desk, kind, facility_id), **_head(desk, kind)}
    inputs: tuple[Explanation | Source, ...] = (*_figures(figure, desk, facility_id, value), *files)
    return Explanation(
        figure, value, UNITS[figure], _formula(figure, kind, value, values), inputs, desk.stage(kind), values, facility_id,
    )  # fmt: skip


FIGURES: dict[str, Callable[[Desk, str], Explanation]] = {name: partial(explained, name) for name in UNITS}


def _kind_of(figure: str, desk: Desk) -> AnswerKind | None:
    if figure == "electric_cars":
        return cars_from(desk.plan)
    return "charging" if figure == "chargers" else "lighting"


def _row(desk: Desk, kind: AnswerKind, facility_id: str) -> dict[str, Any]:
    """What the answer says of the facility, as the sentence needs it."""
    rows = desk.plan.answers[kind].frames[_ROWS[kind]]
    mine = rows[rows["facility_id"] == facility_id].to_dict("records")
    return {str(key): plain(value) for key, value in mine[0].items()} if mine else {}


def _head(desk: Desk, kind: AnswerKind) -> dict[str, Any]:
    head: Mapping[str, Any] = desk.plan.answers[kind].head
    if kind == "lighting":
        return {"first": head["first"], "last": head["last"]}
    if kind == "fleet":
        return {"last": head["rules"]["last_year"]}
    return {"given": head["set"] is not None, "listed": head["listed"]}


def _figures(figure: str, desk: Desk, facility_id: str, value: object) -> tuple[Explanation, ...]:
    """What a figure follows from that is one itself."""
    before = {"lighting_saved_yen": "lighting_saved_kwh", "chargers": "electric_cars"}.get(figure)
    return () if before is None or value is None else (explained(before, desk, facility_id),)


def _formula(figure: str, kind: AnswerKind, value: object, values: Mapping[str, Any]) -> str:
    if figure == "lighting_year" and "year" in values:
        return figure if value is not None else "lighting_in_no_year"
    if value is None:
        return f"not_in_{kind}"
    if figure == "lighting_saved_kwh":
        return f"{figure}_area" if values["estimated"] else figure
    if figure == "lighting_saved_yen":
        return f"{figure}_{values['by']}"
    if figure == "electric_cars" and kind == "charging":
        return "electric_cars_charging" if values["listed"] else "electric_cars_now"
    if figure == "chargers":
        return _of_chargers(values)
    return figure


def _of_chargers(values: Mapping[str, Any]) -> str:
    if values["given"]:
        return "chargers_given"
    if not values["enough"]:
        return "chargers_short"
    return "chargers" if values["proven"] else "chargers_unproven"
