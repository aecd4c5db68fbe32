"""The background map: chosen, seen, credited, remembered; the network only once a person has turned it on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from gis.crs import to_lonlat
from kawasolar import online_tiles
from kawasolar.basemaps import OnlineMaps
from kawasolar.errors import UnreadableProfile
from kawasolar.tile_shelf import Shelf
from kawasolar.words import say
from tests.support.tile_server import Answers, serving
from tests.support.tiles import Tiles, around, plain, write_folder, write_mbtiles
from ui.document import Document
from ui.look import Look
from ui.map import MapView, basemap_desk
from ui.map.basemap_choice import BasemapSettings, remember_basemaps, remembered_basemaps
from ui.map.basemap_desk import BasemapDesk
from ui.settings import Remembered
from ui.tokens import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan, Project
    from kawasolar.words import Language

# A colour that nothing else on the map has, at full strength.
BLUE = (20, 40, 250)


@dataclass
class Stand:
    """A map with its desk."""

    view: MapView
    desk: BasemapDesk
    look: Look
    qtbot: QtBot

    def settle(self) -> None:
        self.qtbot.waitUntil(self.view.is_idle, timeout=20_000)

    def share(self, colour: tuple[int, int, int]) -> float:
        """Share of the corner of the map that shows a colour; no card and no roof lies there."""
        image = self.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
        part = pixels[-60:-40, 180:260, 2::-1].astype(int)
        return float((np.abs(part - colour).max(axis=2) <= 3).mean())

    def wait_for(self, colour: tuple[int, int, int]) -> None:
        self.qtbot.waitUntil(lambda: self.share(colour) > 0.99, timeout=20_000)

    @property
    def credit(self) -> str:
        plate = self.view.cards.credit
        return "" if plate.isHidden() else plate.text

    def speak(self, language: Language) -> None:
        self.look.language = language
        self.view.set_language(language)

    def wear(self, tokens: object) -> None:
        self.look.tokens = tokens  # type: ignore[assignment]
        self.view.set_tokens(tokens)  # type: ignore[arg-type]


@pytest.fixture
def document(example_project: Project, example_path: Path) -> Document:
    made = Document()
    made.set_project(example_project, example_path, saved=True)
    return made


def a_map(qtbot: QtBot, document: Document) -> tuple[MapView, Look]:
    """A map that owns what goes with it, so that all ends in the window's thread: the collector may run in the map's worker."""
    view = MapView(LIGHT, "ja")
    qtbot.addWidget(view)
    document.setParent(view)
    return view, Look("ja", LIGHT, view)


@pytest.fixture
def stand(qtbot: QtBot, document: Document, remembered: Remembered) -> Iterator[Stand]:
    view, look = a_map(qtbot, document)
    remember_basemaps(remembered, BasemapSettings(opacity=1.0))
    desk = BasemapDesk(view, document, look, remembered)
    view.resize(760, 560)
    view.show()
    view.set_plan(document.plan)
    made = Stand(view, desk, look, qtbot)
    made.settle()
    view.zoom_out()
    view.zoom_out()
    view.zoom_out()
    yield made
    view.shutdown()


def tiles(plan: Plan, colour: tuple[int, ...] = BLUE, side: int = 256) -> Tiles:
    x, y = plan.results.buildings.total_bounds[:2]
    picture = plain(colour, side)
    return dict.fromkeys(around(14, *to_lonlat(plan.crs, x, y), reach=3), picture)


@pytest.fixture
def mbtiles(example: Plan, tmp_path: Path) -> Path:
    return write_mbtiles(tmp_path / "青.mbtiles", tiles(example), attribution="出典：国土地理院（地理院タイル）")


def test_a_file_is_seen_credited_and_remembered_with_its_plan(
    stand: Stand, mbtiles: Path, document: Document, remembered: Remembered, qtbot: QtBot
) -> None:
    assert stand.credit == ""
    assert stand.share(BLUE) == 0
    stand.desk.add(mbtiles)
    stand.wait_for(BLUE)
    stand.settle()
    assert stand.credit == "出典：国土地理院（地理院タイル）"
    assert stand.view.rect().contains(stand.view.cards.credit.geometry())
    assert not any(
        stand.view.cards.credit.geometry().intersects(card.geometry())
        for card in (stand.view.cards.scale_bar, stand.view.cards.chip, stand.view.cards.buttons)
    )
    # Another window on the same plan shows it, a window on another plan too, until something else is chosen there.
    kept = remembered_basemaps(remembered)
    here = str(document.path)
    assert kept.choice_for(here) == f"file:{mbtiles}"
    kept.choose("another", "")
    assert (kept.choice_for("another"), kept.choice_for(here)) == ("", f"file:{mbtiles}")
    stand.desk.choose("")
    stand.settle()
    assert stand.credit == ""
    assert stand.share(BLUE) == 0
    assert remembered_basemaps(remembered).choice_for(here) == ""


def test_a_plan_that_is_opened_has_its_map(
    qtbot: QtBot, document: Document, remembered: Remembered, mbtiles: Path
) -> None:
    settings = BasemapSettings(opacity=1.0)
    settings.add_file(str(mbtiles))
    settings.choose(str(document.path), f"file:{mbtiles}")
    settings.choose("another.kawasolar", "")
    remember_basemaps(remembered, settings)
    view, look = a_map(qtbot, document)
    desk = BasemapDesk(view, document, look, remembered)
    qtbot.waitUntil(lambda: not view.cards.credit.isHidden() and "国土地理院" in desk.credit(), timeout=10_000)
    view.shutdown()


def test_strength_and_tone(stand: Stand, mbtiles: Path) -> None:
    stand.desk.add(mbtiles)
    stand.wait_for(BLUE)
    stand.wear(DARK)
    dim = tuple(value * 120 // 256 for value in BLUE)
    stand.wait_for(dim)  # type: ignore[arg-type]
    stand.desk.open()
    card = stand.view.cards.basemap
    assert card is not None
    card.tone.setCurrentIndex(2)
    card.tone.activated.emit(2)
    turn = 255 - max(BLUE) - min(BLUE)
    stand.wait_for((BLUE[0] + turn, BLUE[1] + turn, BLUE[2] + turn))
    card.tone.activated.emit(0)
    stand.wait_for(BLUE)
    stand.wear(LIGHT)
    card.strength.setValue(50)
    ground = [(value + int(LIGHT.background[1 + 2 * k : 3 + 2 * k], 16)) // 2 for k, value in enumerate(BLUE)]
    stand.wait_for(tuple(ground))  # type: ignore[arg-type]


def test_the_credit_of_a_file_can_be_written(stand: Stand, example: Plan, tmp_path: Path, qtbot: QtBot) -> None:
    folder = write_folder(tmp_path / "tiles", tiles(example))
    stand.desk.add(folder)
    stand.wait_for(BLUE)
    assert stand.credit == say("ja", "map.basemap.credit_file", name="tiles")
    stand.desk.open()
    card = stand.view.cards.basemap
    assert card is not None
    assert card.credit.text() == ""
    card.credit.setText("出典：川崎市")
    card.credit.editingFinished.emit()
    assert stand.credit == "出典：川崎市"
    qtbot.mouseClick(card.remove, Qt.MouseButton.LeftButton)
    assert stand.credit == ""
    assert stand.desk.settings.files == {}


def test_files_and_folders_are_asked_for(
    stand: Stand, mbtiles: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, example: Plan, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "tiles", tiles(example))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(mbtiles), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    stand.view.cards.buttons.basemap.trigger()
    card = stand.view.cards.basemap
    assert card is not None
    qtbot.mouseClick(card.file, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(card.folder, Qt.MouseButton.LeftButton)
    assert [card.maps.itemText(k) for k in range(3)] == ["なし", "青.mbtiles", "tiles"]
    assert card.maps.currentText() == "tiles"
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert card.isHidden()


def test_a_file_that_is_none_is_told(stand: Stand, tmp_path: Path, qtbot: QtBot) -> None:
    stand.desk.open()
    card = stand.view.cards.basemap
    assert card is not None
    (tmp_path / "x.mbtiles").write_bytes(b"nothing")
    stand.desk.add(tmp_path / "x.mbtiles")
    qtbot.waitUntil(lambda: not card.trouble.isHidden(), timeout=10_000)
    assert "x.mbtiles" in card.trouble.text()
    assert stand.credit == ""
    assert stand.desk.paper() is None
    stand.settle()


def test_a_table_of_online_maps_that_is_spoilt_is_told(
    qtbot: QtBot, document: Document, remembered: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong() -> OnlineMaps:
        raise UnreadableProfile("basemaps.invalid", file="basemaps.toml", reason="url")

    monkeypatch.setattr(basemap_desk, "online_maps", wrong)
    view, look = a_map(qtbot, document)
    desk = BasemapDesk(view, document, look, remembered)
    desk.open()
    card = view.cards.basemap
    assert card is not None
    assert "basemaps.toml" in card.trouble.text()
    assert card.maps.count() == 1
    view.shutdown()


def test_damaged_tiles_are_said_once_and_the_rest_is_shown(
    stand: Stand, example: Plan, tmp_path: Path, qtbot: QtBot
) -> None:
    some = tiles(example)
    bad = sorted(some)[::3]
    path = write_mbtiles(tmp_path / "傷.mbtiles", {**some, **{key: some[key][:80] for key in bad}})
    stand.desk.add(path)
    stand.settle()
    words = stand.look.say("map.basemap.damaged")
    qtbot.waitUntil(lambda: words in stand.credit, timeout=20_000)
    assert stand.credit.count(words) == 1
    assert stand.desk.credit() not in ("", words)
    # Another map is whole.
    stand.desk.add(write_mbtiles(tmp_path / "青.mbtiles", some))
    stand.wait_for(BLUE)
    assert words not in stand.credit


def test_a_map_of_another_place_is_told(stand: Stand, tmp_path: Path, qtbot: QtBot) -> None:
    path = write_mbtiles(tmp_path / "far.mbtiles", {(14, 0, 0): plain(BLUE)}, bounds="5,50,6,51")
    stand.desk.open()
    stand.desk.add(path)
    card = stand.view.cards.basemap
    assert card is not None
    qtbot.waitUntil(lambda: card.trouble.text() == say("ja", "map.basemap.elsewhere"), timeout=10_000)


def test_the_card_in_both_languages_names_all_its_parts(stand: Stand, mbtiles: Path) -> None:
    stand.desk.add(mbtiles)
    stand.desk.open()
    card = stand.view.cards.basemap
    assert card is not None
    for language in ("ja", "en"):
        stand.speak(language)  # type: ignore[arg-type]
        for tokens in (LIGHT, DARK):
            stand.wear(tokens)
            for part in card.findChildren(QWidget):
                if part.focusPolicy() != Qt.FocusPolicy.NoFocus and part.isVisible():
                    name = QAccessible.queryAccessibleInterface(part).text(QAccessible.Text.Name)
                    assert name, part
            assert card.height() >= card.layout().minimumSize().height()  # type: ignore[union-attr]
            for part in (card.file, card.folder, card.remove):
                assert part.width() >= part.sizeHint().width()
    assert "Background map" in card.accessibleName()


@pytest.mark.parametrize("choice", ["", "online:gsi_pale", "file"])
def test_the_card_and_the_legend_leave_each_other_their_room(stand: Stand, mbtiles: Path, choice: str) -> None:
    """A map of 586 × 459 is what a window of 1366 × 768 leaves; a narrower one has the card below the folded legend."""
    stand.desk.open()
    stand.desk.choose(f"file:{mbtiles}" if choice == "file" else choice)
    cards = stand.view.cards
    card = cards.basemap
    assert card is not None
    for size in ((586, 459), (340, 459), (1100, 700)):
        stand.view.resize(*size)
        for language in ("ja", "en"):
            stand.speak(language)  # type: ignore[arg-type]
            for tokens in (LIGHT, DARK):
                stand.wear(tokens)
                others = [cards.legend, cards.buttons]
                # On the narrow one no card with all its words leaves the lower edge free.
                others += [cards.scale_bar, cards.chip, cards.credit] if size[0] > 400 else []
                covered = [one for one in others if not one.isHidden() and one.geometry().intersects(card.geometry())]
                assert covered == []
                assert stand.view.rect().contains(card.geometry())
                assert cards.legend.is_open or size[0] < 400
                for part in (card.allow, card.refuse, card.terms):
                    assert part.isHidden() or part.width() >= part.sizeHint().width()
    stand.view.resize(340, 459)
    card.close_card()
    assert cards.legend.is_open


# The network


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    with serving(monkeypatch) as answers:
        answers.body = plain(BLUE)
        yield answers


@pytest.fixture
def online(stand: Stand, server: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """The desk with its maps on this machine and a cache of its own."""
    monkeypatch.setattr(online_tiles, "user_shelf", lambda rules: Shelf(tmp_path / "cache", rules.megabytes))
    url = f"http://127.0.0.1:{server.port}/pale/{{z}}/{{x}}/{{y}}.png"
    table = stand.desk._online
    stand.desk._online = OnlineMaps(tuple(replace(each, url=url) for each in table.maps), table.rules)
    return stand


def test_nobody_is_asked_until_a_person_allows_it(online: Stand, server: Answers, qtbot: QtBot) -> None:
    online.desk.open()
    card = online.view.cards.basemap
    assert card is not None
    place = card.maps.findData("online:gsi_pale")
    card.maps.setCurrentIndex(place)
    card.maps.activated.emit(place)
    online.settle()
    assert server.asked == []
    assert online.credit == ""
    assert "127.0.0.1" in card._about.text()
    for language in ("en", "ja"):
        online.speak(language)  # type: ignore[arg-type]
        for part in (card.terms, card.refuse, card.allow):
            assert part.width() >= part.sizeHint().width()
    qtbot.mouseClick(card.refuse, Qt.MouseButton.LeftButton)
    assert card.maps.currentText() == "なし"
    card.maps.activated.emit(place)
    qtbot.mouseClick(card.allow, Qt.MouseButton.LeftButton)
    online.wait_for(BLUE)
    assert online.credit == "出典：国土地理院（地理院タイル 淡色地図）"
    assert online.desk.settings.online
    assert all(path.startswith("/pale/") for path in server.asked)
    online.speak("en")
    assert online.credit.startswith("Source: Geospatial Information Authority")
    # And no longer.
    qtbot.mouseClick(card.refuse, Qt.MouseButton.LeftButton)
    online.settle()
    assert not online.desk.settings.online
    assert online.credit == ""
    assert online.share(BLUE) == 0
    assert remembered_basemaps(online.desk._remembered).choice_for("any") == ""


def test_offline_is_said_and_what_was_kept_is_shown(online: Stand, server: Answers, qtbot: QtBot) -> None:
    online.desk.settings.online = True
    online.desk.choose("online:gsi_std")
    online.wait_for(BLUE)
    # The picture of everything, which comes last, has its tiles too.
    asked = -1
    while asked != len(server.asked):
        asked = len(server.asked)
        qtbot.wait(300)
        online.settle()
    online.desk.choose("")
    server.status = 503
    online.desk.choose("online:gsi_std")
    online.wait_for(BLUE)
    online.settle()
    assert len(server.asked) == asked
    assert online.credit == "出典：国土地理院（地理院タイル 標準地図）"
    # A map of which nothing was kept.
    online.desk.choose("online:gsi_photo")
    qtbot.waitUntil(lambda: say("ja", "map.basemap.refused") in online.credit, timeout=10_000)
    qtbot.waitUntil(lambda: not online.desk._ends[0].busy, timeout=10_000)
    assert len(server.asked) <= asked + 2  # one a connection, and then nobody for a while
    assert "国土地理院" in online.credit


def test_a_hidden_map_rests(stand: Stand, mbtiles: Path, qtbot: QtBot) -> None:
    stand.desk.add(mbtiles)
    stand.wait_for(BLUE)
    stand.view.hide()
    assert not stand.desk._ends[0]._living
    mbtiles.rename(mbtiles.with_name("moved.mbtiles"))  # nobody holds it
    mbtiles.with_name("moved.mbtiles").rename(mbtiles)
    stand.view.show()
    stand.view.zoom_in()
    stand.settle()
    stand.wait_for(BLUE)
    # Another plan that comes while it is hidden wakes it too.
    stand.view.hide()
    stand.view.set_plan(None)
    stand.view.set_plan(stand.desk._document.plan)
    stand.view.show()
    assert not stand.desk._ends[0]._stopped
    stand.settle()


def test_settings_that_somebody_spoilt_count_as_none(tmp_path: Path) -> None:
    store = Remembered(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    for text in ("{", "3", "[]", '{"files": 3}', '{"opacity": "x"}', '{"plans": null}', '{"opacity": null}'):
        store.keep_text("basemap", text)
        assert remembered_basemaps(store) == BasemapSettings()
    store.keep_text("basemap", '{"opacity": 900, "tone": "loud", "online": "yes", "choice": "online:gsi_pale"}')
    found = remembered_basemaps(store)
    assert (found.opacity, found.tone, found.online, found.choice_for("")) == (1.0, "dimmed", False, "")
