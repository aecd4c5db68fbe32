"""A file of roof planes in the window: chosen for a new plan, added to one that stands, shown where the planes are shown."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from kawasolar.pipeline import PlanInputs, inputs_of, make_and_save
from tests.support.gml import town_model
from tests.support.town import small_town, square_on
from ui.jobs import Jobs
from ui.look import Look
from ui.newplan import NewPlanDialog
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from ui.settings import Remembered
    from ui.window import MainWindow

WAIT = 60_000
ROOF = 1


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small town with its project, and a model of its roofs."""
    folder = tmp_path_factory.mktemp("町")
    files = small_town(folder)
    town_model(folder / "53393419_bldg_6697_op.gml")
    make_and_save(
        PlanInputs(*(files[role] for role in ("dsm", "buildings", "facilities", "weather")), folder / "計画.kawasolar")
    )
    return folder


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    assert made.shutdown(20_000)


@pytest.fixture
def dialog(qtbot: QtBot, jobs: Jobs, remembered: Remembered) -> NewPlanDialog:
    made = NewPlanDialog(Look("ja", LIGHT), jobs, remembered)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_model_may_be_given_for_a_new_plan_and_taken_away(
    dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs, town: Path, tmp_path: Path
) -> None:
    card, model = dialog.cards["roof_planes"], town / "53393419_bldg_6697_op.gml"
    assert "roof_planes" not in dialog.missing()

    def look(path: Path) -> str:
        dialog.choose("roof_planes", path)
        qtbot.waitUntil(lambda: not jobs.running(), timeout=WAIT)
        return card.result.text()

    assert look(model) == "屋根面 4 面・CityGML（LOD2）"
    dialog.choose("dsm", town / "dsm.tif")
    qtbot.waitUntil(lambda: not jobs.running(), timeout=WAIT)
    assert card.checked is not None
    assert card.checked.good, "looked at again once the surface is known"
    far = tmp_path / "遠い.gpkg"
    layer = gpd.GeoDataFrame({"tilt": [5.0], "azimuth": [180.0]}, geometry=[square_on(2, 10.0)], crs=6677)
    layer.set_geometry(layer.translate(50_000, 0)).to_file(far, layer="a")
    assert "DSM の範囲に一つもありません" in look(far)
    assert not card.checked.good
    two = tmp_path / "二つ.gpkg"
    for name in ("a", "b"):
        layer.to_file(two, layer=name)
    look(two)
    assert card.layer.isVisible()
    card.layer.setCurrentIndex(1)
    card.layer.activated.emit(1)
    qtbot.waitUntil(lambda: not jobs.running(), timeout=WAIT)
    assert card.result.text() == "屋根面 1 面・手描きの面"
    for role in ("buildings", "facilities", "weather"):
        dialog.choose(role, town / "dsm.tif")  # type: ignore[arg-type]
    assert (dialog.inputs().roof_planes, dialog.inputs().roof_planes_layer) == (two, card.layer.currentText())
    card.clear.click()
    assert dialog.inputs().roof_planes is None
    qtbot.waitUntil(lambda: not jobs.running(), timeout=WAIT)


def test_a_model_is_added_shown_and_taken_away(
    make_window: Callable[..., MainWindow], qtbot: QtBot, town: Path, tmp_path: Path
) -> None:
    shutil.copytree(town, tmp_path / "案件")
    place = tmp_path / "案件" / "計画.kawasolar"
    window = make_window()
    window.controller.open(place)
    qtbot.waitUntil(lambda: window.document.plan is not None, timeout=WAIT)

    def settled(count: int) -> bool:
        plan, busy = window.document.plan, window.controller.is_running
        return plan is not None and len(plan.inputs) == count and not busy and not window.document.stale

    plan = window.document.plan
    assert plan is not None
    add = next(found for found in window.data.findChildren(QPushButton) if "屋根面データ" in found.accessibleName())
    asked: list[str] = []
    window.data.replace_asked.disconnect()
    window.data.replace_asked.connect(asked.append)
    add.click()
    assert (add.text(), asked) == ("追加…", ["roof_planes"])
    window.document.select("002")
    window.inspector.tabs.setCurrentIndex(ROOF)
    roof = window.inspector.roof
    assert "DSM への平面の当てはめ" in roof._fit.text()
    before = plan.results
    model = place.parent / "53393419_bldg_6697_op.gml"
    window.controller.exchange(replace(inputs_of(plan, place), roof_planes=model))
    qtbot.waitUntil(lambda: settled(5), timeout=WAIT)
    taken = window.document.plan
    assert taken is not None
    assert "CityGML（LOD2） 1 面" in roof._fit.text()
    tips = {shown.toolTip() for shown in roof.findChildren(QLabel)}
    assert any("出所：CityGML（LOD2）" in tip and "1,600" in tip for tip in tips)
    told = [label.text() for label in window.data.findChildren(QLabel)]
    assert any("2 面に使用" in text for text in told)
    assert any("2 棟の屋根には" in window.data.findings.item(k).text() for k in range(window.data.findings.count()))
    window.controller.exchange(replace(inputs_of(taken, place), roof_planes=None))
    qtbot.waitUntil(lambda: settled(4), timeout=WAIT)
    assert window.document.plan.results.planes is before.planes, "taken over, not computed"  # type: ignore[union-attr]
    window.actions_named("undo").trigger()
    qtbot.waitUntil(lambda: settled(5), timeout=WAIT)
    assert "CityGML（LOD2） 1 面" in roof._fit.text()
