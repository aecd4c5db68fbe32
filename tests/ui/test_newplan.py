"""The assistant looks at each file as soon as it is chosen, and asks for what the file does not say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QDropEvent
from PySide6.QtWidgets import QWidget

from ui.check import ROLES
from ui.jobs import Jobs
from ui.look import Look
from ui.newplan import NewPlanDialog
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan
    from ui.settings import Remembered

WAIT = 30_000
ROOT = Path(__file__).parents[2]


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


@pytest.fixture
def files(tmp_path: Path, example: Plan) -> dict[str, Path]:
    """Files of the example plan, and an ASC without a coordinate system."""
    buildings = tmp_path / "建物.gpkg"
    example.results.buildings[["building_id", "geometry"]].to_file(buildings, layer="bldg")
    far = example.results.buildings[["building_id", "geometry"]].copy()
    far["geometry"] = far.geometry.translate(50_000, 0)
    far.to_file(tmp_path / "far.gpkg", layer="bldg")
    asc = tmp_path / "bare.asc"
    rows = "\n".join(" ".join(["10.0"] * 20) for _ in range(20))
    asc.write_text(f"ncols 20\nnrows 20\nxllcorner -20200\nyllcorner -44220\ncellsize 1\nNODATA_value -9999\n{rows}\n")
    return {"dsm": example.cache / "surface.tif", "buildings": buildings, "far": tmp_path / "far.gpkg", "asc": asc}


def quiet(qtbot: QtBot, jobs: Jobs) -> None:
    qtbot.waitUntil(lambda: not jobs.running(), timeout=WAIT)


def test_good_files_say_what_they_are(
    dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs, files: dict[str, Path], example: Plan
) -> None:
    assert not dialog.start.isEnabled()
    assert "施設台帳" in dialog.state.text()
    dialog.choose("dsm", files["dsm"])
    dialog.choose("buildings", files["buildings"])
    quiet(qtbot, jobs)
    assert "600 × 600 セル" in dialog.cards["dsm"].result.text()
    assert "EPSG:6677" in dialog.cards["dsm"].result.text()
    assert f"{len(example.results.buildings)} 棟" in dialog.cards["buildings"].result.text()
    assert dialog.area is not None
    assert dialog.area.bounds == pytest.approx((-20200, -44800, -19600, -44200))


def test_buildings_that_do_not_meet_the_surface_are_refused(
    dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs, files: dict[str, Path]
) -> None:
    dialog.choose("buildings", files["far"])
    quiet(qtbot, jobs)
    assert dialog.cards["buildings"].checked is not None
    assert dialog.cards["buildings"].checked.good, "without a surface there is nothing to miss"
    dialog.choose("dsm", files["dsm"])
    quiet(qtbot, jobs)
    assert not dialog.cards["buildings"].checked.good, "looked at again once the surface is known"
    assert dialog.cards["buildings"].property("state") == "bad"


def test_a_surface_without_crs_asks_for_it(
    dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs, files: dict[str, Path]
) -> None:
    card = dialog.cards["dsm"]
    dialog.choose("dsm", files["asc"])
    quiet(qtbot, jobs)
    assert card.checked is not None
    assert card.checked.needs_crs
    assert card.crs.isVisible()
    card.crs.setText("6677")
    card.crs.editingFinished.emit()
    quiet(qtbot, jobs)
    assert card.checked.good
    card.crs.setText("999999")
    card.crs.editingFinished.emit()
    quiet(qtbot, jobs)
    assert not card.checked.good


def test_wrong_and_missing_files_are_said_in_words(
    dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs, tmp_path: Path
) -> None:
    for role in ROLES:
        dialog.choose(role, ROOT / "pyproject.toml")
    quiet(qtbot, jobs)
    for role, card in dialog.cards.items():
        assert card.checked is not None, role
        assert not card.checked.good, role
        assert "pyproject.toml" in card.result.text(), role
    dialog.choose("dsm", tmp_path / "gone.tif")
    quiet(qtbot, jobs)
    assert "gone.tif" in dialog.cards["dsm"].result.text()
    assert not dialog.start.isEnabled()


@pytest.fixture
def canopy(tmp_path: Path) -> dict[str, Path]:
    """Trees on a corner of the example's surface, and what is given for trees by mistake."""
    import numpy as np
    import rasterio
    from rasterio.transform import from_origin

    def write(name: str, heights: np.ndarray, west: float) -> Path:
        with rasterio.open(
            tmp_path / name, "w", driver="GTiff", height=200, width=200, count=1, dtype="float32", crs="EPSG:6677",
            transform=from_origin(west, -44200, 1.0, 1.0),
        ) as file:  # fmt: skip
            file.write(heights.astype(np.float32), 1)
        return tmp_path / name

    trees = np.zeros((200, 200))
    trees[50:90, 20:80] = 14.5
    return {
        "trees": write("trees.tif", trees, -20200.0), "high": write("high.tif", trees + 150, -20200.0), "far": write("far.tif", trees, -10000.0),
    }  # fmt: skip


def test_vegetation_may_be_given_and_taken_away(
    dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs, files: dict[str, Path], canopy: dict[str, Path]
) -> None:
    card = dialog.cards["canopy"]
    assert "canopy" not in dialog.missing()
    assert not card.clear.isVisible()
    dialog.choose("canopy", canopy["trees"])
    quiet(qtbot, jobs)
    assert card.checked is not None
    assert card.checked.good
    assert "DSM" in card.result.text(), "heights are looked at with the surface"
    dialog.choose("dsm", files["dsm"])
    quiet(qtbot, jobs)
    assert "14.5 m" in card.result.text()
    assert "EPSG:6677" in card.result.text()
    card.clear.click()
    assert card.path is None
    assert not card.result.isVisible()
    assert "省略可" in card.name.text()
    # An answer that comes late is of no file any more.
    dialog.choose("canopy", canopy["trees"])
    card.clear.click()
    quiet(qtbot, jobs)
    assert card.checked is None
    assert not card.clear.isVisible()


def test_heights_that_no_tree_has_are_said_in_words(
    dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs, files: dict[str, Path], canopy: dict[str, Path]
) -> None:
    card = dialog.cards["canopy"]
    dialog.choose("dsm", files["dsm"])
    quiet(qtbot, jobs)
    for name, part in (("high", "地面からの高さ"), ("far", "重なりません")):
        dialog.choose("canopy", canopy[name])
        quiet(qtbot, jobs)
        assert card.checked is not None
        assert not card.checked.good
        assert part in card.result.text()
        assert f"{name}.tif" in card.result.text()
    assert not dialog.is_ready


def test_what_was_chosen_goes_into_the_plan(
    dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs, files: dict[str, Path], canopy: dict[str, Path]
) -> None:
    for role in ("dsm", "buildings", "facilities", "weather"):
        dialog.choose(role, files["dsm"])  # type: ignore[arg-type]
    assert dialog.inputs().canopy is None
    dialog.choose("canopy", canopy["trees"])
    dialog.cards["canopy"].crs.setText("6677")
    assert (dialog.inputs().canopy, dialog.inputs().canopy_crs) == (canopy["trees"], "EPSG:6677")
    quiet(qtbot, jobs)


def test_a_dropped_file_is_taken(dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs, files: dict[str, Path]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(files["dsm"]))])
    card = dialog.cards["dsm"]
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    card.dropEvent(event)
    quiet(qtbot, jobs)
    assert card.path == files["dsm"]
    assert card.checked is not None
    assert card.checked.good


def test_the_name_gives_the_file_until_it_is_chosen(dialog: NewPlanDialog) -> None:
    dialog.plan_name.setText("")
    dialog.plan_name.textEdited.emit("高津区/2026")
    assert Path(dialog.out.text()).name == "高津区2026.kawasolar"


def test_a_bundled_profile_is_chosen_and_its_stations_are_named(
    dialog: NewPlanDialog, qtbot: QtBot, jobs: Jobs
) -> None:
    from kawasolar.bundled import bundled_profiles

    assert "横浜 (46106)" in dialog.stations.text()
    menu = dialog.cards["profile"].choose.menu()
    assert menu is not None
    menu.aboutToShow.emit()
    names = [action.text() for action in menu.actions() if action.text()]
    assert names[:2] == ["付属：川崎市", "付属：加賀市"]
    menu.actions()[1].trigger()
    quiet(qtbot, jobs)
    assert dialog.cards["profile"].path == bundled_profiles()["kaga"]
    assert dialog.profile.epsg == 6675
    assert "小松 (56276)" in dialog.stations.text()
    assert "横浜" not in dialog.stations.text()


def test_every_focusable_widget_has_a_name(dialog: NewPlanDialog) -> None:
    for widget in dialog.findChildren(QWidget):
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isVisible():
            face = QAccessible.queryAccessibleInterface(widget)
            assert face is not None
            assert face.text(QAccessible.Text.Name), type(widget).__name__


def test_a_new_plan_finds_a_free_name(tmp_path: Path) -> None:
    from ui.newplan import free_place

    assert free_place(tmp_path, "計画").name == "計画.kawasolar"
    (tmp_path / "計画.kawasolar").touch()
    (tmp_path / "計画 2.kawasolar").touch()
    assert free_place(tmp_path, "計画").name == "計画 3.kawasolar"
