"""A roof that is only a city model's box says so before its figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kawasolar.plan import Project
    from ui.window import MainWindow


def test_a_box_is_said_and_a_measured_roof_is_not(window: MainWindow, example_project: Project) -> None:
    plan = example_project.plan
    links = plan.results.links
    first, second, third = (str(name) for name in links["facility_id"].iloc[:3])
    kinds = dict(zip(links["building_id"].iloc[:3], ("lod1", "assumed", "measured"), strict=True))
    buildings = plan.results.buildings.assign(
        surface=[kinds.get(name, "lod2") for name in plan.results.buildings["building_id"]]
    )
    turned = replace(plan, results=replace(plan.results, buildings=buildings))
    window.document.set_project(replace(example_project, plans={plan.scenario: turned}), None, saved=True)
    boxes, say = window.inspector.roof._boxes, window.look.say
    window.inspector.tabs.setCurrentIndex(1)
    shown = []
    for facility in (first, second, third):
        window.document.select(facility)
        shown.append((boxes.isVisible(), boxes.text()))
    assert [visible for visible, _ in shown] == [True, True, False]
    assert shown[0][1] == say("ui.roof.box_lod1")
    assert shown[1][1] == say("ui.roof.box_assumed")
