"""Tiles of the network, from a server on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gis.tile_folder import TileFolder
from gis.tile_source import MOST_BYTES, TileUnavailable
from kawasolar import online_tiles
from kawasolar.basemaps import NetworkRules, OnlineMap, online_maps
from kawasolar.errors import UnreadableProfile
from kawasolar.online_tiles import OnlineTiles
from kawasolar.tile_shelf import Shelf
from kawasolar.words import LANGUAGES
from tests.support.tile_server import TILE, Answers, serving
from tests.support.tiles import plain

RULES = NetworkRules(2, 5.0, 15.0, 60.0, 10.0, 30.0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    with serving(monkeypatch) as answers:
        yield answers


@pytest.fixture
def source(server: Answers, tmp_path: Path) -> OnlineTiles:
    return make(server, tmp_path / "cache")


def make(server: Answers, folder: Path, megabytes: float = 10.0) -> OnlineTiles:
    url = f"http://127.0.0.1:{server.port}/xyz/pale/{{z}}/{{x}}/{{y}}.png"
    words = dict.fromkeys(LANGUAGES, "地図")
    online = OnlineMap("here", words, words, url, "", 2, 18)
    return OnlineTiles(online, RULES, Shelf(folder, megabytes), "ja")


def test_a_tile_is_asked_for_once_by_name_and_kept(server: Answers, source: OnlineTiles, tmp_path: Path) -> None:
    assert source.read(5, 3, 4) == TILE
    assert source.read(5, 3, 4) == TILE
    assert server.asked == ["/xyz/pale/5/3/4.png"]
    assert all(agent.startswith("KawaSolar/") for agent in server.agents)
    # What is kept is a folder of tiles as any other.
    assert TileFolder(tmp_path / "cache" / "here").read(5, 3, 4) == TILE
    assert source.read(1, 0, 0) is None
    assert source.read(5, 40, 0) is None
    assert len(server.asked) == 1


def test_no_such_tile_is_remembered(server: Answers, source: OnlineTiles) -> None:
    server.status, server.body = 404, b"no"
    assert source.read(5, 3, 4) is None
    assert source.read(5, 3, 4) is None
    assert len(server.asked) == 1
    assert source.trouble == ""


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("", 30.0),
        ("max-age=172800", 2.0),
        ("public, max-age=1", 1 / 24),
        ("no-cache", 1 / 24),
        ("max-age=99999999", 365.0),
    ],
)
def test_how_long_a_tile_is_kept(server: Answers, source: OnlineTiles, tmp_path: Path, said: str, days: float) -> None:
    server.headers = {"Cache-Control": said} if said else {}
    source.read(5, 3, 4)
    until = (tmp_path / "cache/here/5/3/4.png").stat().st_mtime
    assert until - time.time() == pytest.approx(days * 86_400, abs=60)


def test_what_must_not_be_kept_is_not(server: Answers, source: OnlineTiles, tmp_path: Path) -> None:
    server.headers = {"Cache-Control": "private, no-store"}
    assert source.read(5, 3, 4) == TILE
    assert not (tmp_path / "cache").exists()


def out_of_date(path: Path) -> None:
    os.utime(path, (1e9, 1e9))


def test_out_of_date_is_asked_for_again_and_stands_while_nobody_answers(
    server: Answers, source: OnlineTiles, tmp_path: Path
) -> None:
    source.read(5, 3, 4)
    out_of_date(tmp_path / "cache/here/5/3/4.png")
    server.body = plain((9, 9, 9))
    assert source.read(5, 3, 4) == server.body
    out_of_date(tmp_path / "cache/here/5/3/4.png")
    server.status = 503
    assert source.read(5, 3, 4) == server.body
    assert source.trouble == "refused"


def test_after_a_failure_nobody_is_asked_for_a_while_and_longer_each_time(
    server: Answers, source: OnlineTiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(online_tiles.time, "monotonic", lambda: now)
    server.status = 500
    waits = []
    for _ in range(5):
        with pytest.raises(TileUnavailable):
            source.read(5, 3, 4)
        count, begin = len(server.asked), now
        while len(server.asked) == count:
            now += 1.0
            with pytest.raises(TileUnavailable):
                source.read(5, 3, 5)
        waits.append(now - begin)
        monkeypatch.setattr(source, "_again_at", now)
    assert waits[0] == 15
    assert waits == sorted(waits)
    assert max(waits) <= 60
    server.status = 200
    now += 100.0
    assert source.read(5, 3, 4) == TILE
    assert source.trouble == ""


def test_offline_is_said_and_what_is_kept_still_comes(server: Answers, source: OnlineTiles, tmp_path: Path) -> None:
    source.read(5, 3, 4)
    nobody = make(replace(server, port=1), tmp_path / "cache")
    assert nobody.read(5, 3, 4) == TILE
    with pytest.raises(TileUnavailable):
        nobody.read(5, 3, 5)
    assert nobody.trouble == "offline"


@pytest.mark.parametrize("body", [b"<html>log in</html>", b"", TILE + bytes(MOST_BYTES)])
def test_what_is_no_tile_is_not_kept(server: Answers, source: OnlineTiles, tmp_path: Path, body: bytes) -> None:
    server.body = body
    with pytest.raises(TileUnavailable):
        source.read(5, 3, 4)
    assert source.trouble == "refused"
    assert not (tmp_path / "cache").exists()


def test_nobody_is_followed_elsewhere(server: Answers, source: OnlineTiles) -> None:
    server.status, server.headers = 302, {"Location": f"http://localhost:{server.port}/elsewhere.png"}
    with pytest.raises(TileUnavailable):
        source.read(5, 3, 4)
    assert len(server.asked) == 1


def test_the_cache_is_bounded_and_drops_what_is_out_of_date_first(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "c", 0.1)
    shelf.put("m/1/0/0.png", bytes(30_000), 10.0)
    for k in range(40):
        shelf.put(f"m/9/{k}/0.png", bytes(9_000), 1000.0 + k)
        assert shelf.bytes() <= 0.1 * 2**20
    assert shelf.take("m/1/0/0.png") is None
    assert shelf.take("m/9/39/0.png") is not None
    assert not list(tmp_path.rglob(".tmp*"))


def test_a_cache_that_cannot_be_written_is_done_without(server: Answers, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    source = make(server, tmp_path / "file")
    assert source.read(5, 3, 4) == TILE
    assert source.read(5, 3, 4) == TILE


# The table


def test_the_table_that_is_shipped() -> None:
    table = online_maps()
    assert [each.key for each in table.maps] == ["gsi_pale", "gsi_std", "gsi_photo"]
    for each in table.maps:
        assert each.host == "cyberjapandata.gsi.go.jp"
        assert "国土地理院" in each.credits["ja"]
        assert "地理院タイル" in each.credits["ja"]
        assert each.terms.startswith("https://")
    assert table.get("nothing") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("https://cyber", "http://cyber"),
        lambda text: text.replace("https://cyber", "file:///cyber"),
        lambda text: text.replace("{x}", ""),
        lambda text: text.replace('"gsi_pale"', '"../../x"'),
        lambda text: text.replace("connections = 2", "connections = 200"),
        lambda text: text.replace("maxzoom = 18", 'maxzoom = "far"'),
        lambda text: text.replace("[network]", "[other]"),
        lambda text: "maps = 3\n" + text.split("[[maps]]", maxsplit=1)[0],
        lambda _text: "[",
    ],
)
def test_a_table_that_is_wrong_is_told(tmp_path: Path, change: Callable[[str], str]) -> None:
    from kawasolar.resources import resource_path

    path = tmp_path / "basemaps.toml"
    path.write_text(change(resource_path("basemaps.toml").read_text("utf-8")), "utf-8")
    with pytest.raises(UnreadableProfile) as caught:
        online_maps(path)
    assert caught.value.code == "basemaps.invalid"
