"""Facilities in the order in which the city names its wards, found by either name of a ward."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from kawasolar.profile import load_profile
from ui.look import Look
from ui.table_model import FacilityModel
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from kawasolar.plan import Plan


def with_wards(plan: Plan, *names: tuple[str, str]) -> Plan:
    pattern = load_profile().tables.wards[0]
    wards = tuple(replace(pattern, code=f"{k:05d}", name_ja=ja, name_en=en) for k, (ja, en) in enumerate(names))
    return replace(plan, profile=replace(plan.profile, tables=replace(plan.profile.tables, wards=wards)))


def order(model: FacilityModel, plan: Plan) -> list[str]:
    wards = dict(zip(plan.facilities["facility_id"], plan.facilities["ward"], strict=True))
    shown = [wards[model.id_at(row)] for row in range(model.rowCount())]
    return list(dict.fromkeys(shown))


def test_wards_stand_in_the_citys_order(example: Plan) -> None:
    model = FacilityModel(Look("ja", LIGHT))
    column = next(k for k, one in enumerate(model.columns) if one.key == "ward")
    for names in (
        (("みほん区", "Mihon"), ("たかつ見本区", "Takatsu")),
        (("たかつ見本区", "Takatsu"), ("みほん区", "Mihon")),
    ):
        plan = with_wards(example, *names)
        model.set_plan(plan)
        model.sort(column)
        assert order(model, plan) == [ja for ja, _ in names]
        model.sort(column, Qt.SortOrder.DescendingOrder)
        assert order(model, plan) == [ja for ja, _ in reversed(names)]
    # One that the profile does not name comes after.
    plan = with_wards(example, ("みほん区", "Mihon"))
    model.set_plan(plan)
    model.sort(column)
    assert order(model, plan) == ["みほん区", "たかつ見本区"]


def test_a_ward_is_found_by_either_name(example: Plan) -> None:
    model = FacilityModel(Look("en", LIGHT))
    model.set_plan(with_wards(example, ("みほん区", "Mihon Ward"), ("たかつ見本区", "Takatsu Ward")))
    column = next(k for k, one in enumerate(model.columns) if one.key == "ward")
    for needle, ward in (("Mihon", "みほん区"), ("takatsu ward", "たかつ見本区"), ("たかつ見本区", "たかつ見本区")):
        model.set_filter(needle, [])
        # The ledger's own word stays on the screen.
        assert {str(model.data(model.index(row, column))) for row in range(model.rowCount())} == {ward}
