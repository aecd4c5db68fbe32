"""Tiles of the network, from a server on this machine."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gis.basemap import tile_of
from gis.tile_folder import TileFolder
from gis.tile_image import decoded
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


CHANGED = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"ETag": '"abc-1"'}, '"abc-1"'),
        ({"ETag": 'W/"x"', "Last-Modified": CHANGED}, 'W/"x"'),
        ({"Last-Modified": CHANGED}, CHANGED),
        ({}, ""),
        ({"ETag": "no quotes", "Last-Modified": "yesterday"}, ""),
        ({"ETag": f'"{"x" * 500}"'}, ""),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_is_kept_is_asked_for_only_if_it_is_another_by_now(
    server: Answers, source: OnlineTiles, tmp_path: Path, headers: dict[str, str], asked: str, kind: str
) -> None:
    path = tmp_path / "cache/here/5/3/4.png"
    server.headers, server.body = {**headers, "Cache-Control": "max-age=172800"}, plain((7, 8, 9), kind=kind)
    assert source.read(5, 3, 4) == server.body
    # Whatever lies behind the picture: it is one for any program.
    assert decoded(path.read_bytes()) is not None
    for _ in range(2):
        out_of_date(path)
        assert source.read(5, 3, 4) == server.body
        assert path.stat().st_mtime - time.time() == pytest.approx(2 * 86_400, abs=60)
    assert source.read(5, 3, 4) == server.body
    assert server.conditions == ["", asked, asked]
    # Another one by now.
    out_of_date(path)
    server.headers, server.body = {"ETag": '"2"'} if asked else {}, plain((1, 1, 1))
    assert source.read(5, 3, 4) == server.body
    out_of_date(path)
    assert source.read(5, 3, 4) == server.body
    assert server.conditions[3:] == [asked, '"2"' if asked else ""]
    assert source.trouble == ""


def test_nothing_new_of_what_was_never_had_is_a_refusal(server: Answers, source: OnlineTiles) -> None:
    server.status = 304
    with pytest.raises(TileUnavailable):
        source.read(5, 3, 4)
    assert source.trouble == "refused"


@pytest.mark.parametrize("tag", [b'"a\r\nX-Evil: 1"', b'"' + b"\xff" * 10 + b'"', b"\0" * 40])
def test_a_mark_that_somebody_wrote_into_the_cache_is_not_said_on(
    server: Answers, source: OnlineTiles, tmp_path: Path, tag: bytes
) -> None:
    path = tmp_path / "cache/here/5/3/4.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(TILE + tag + struct.pack(">H8s", len(tag), b"KSolarT1"))
    out_of_date(path)
    assert source.read(5, 3, 4) == TILE
    assert server.conditions == [""]


@pytest.mark.parametrize("damage", [TILE[:60], b"<html>", TILE[:-30] + bytes(30)])
def test_a_kept_tile_that_is_damaged_is_had_anew(
    server: Answers, source: OnlineTiles, tmp_path: Path, damage: bytes
) -> None:
    path = tmp_path / "cache/here/5/3/4.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    until = time.time() + 1e6
    os.utime(path, (until, until))
    if decoded(damage) is not None:
        pytest.skip("it can be unpacked all the same")
    found = tile_of(source, (5, 3, 4))
    assert found is not None
    assert path.read_bytes() == TILE
    assert tile_of(source, (5, 3, 4)) is not None
    assert len(server.asked) == 1
    # Nobody there: it is missing, no more than that.
    path.write_bytes(damage)
    os.utime(path, (until, until))
    server.status = 503
    with pytest.raises(TileUnavailable):
        tile_of(source, (5, 3, 4))


@pytest.mark.parametrize("tail", [b"", b"\0\0KSolarT1", b"\xff\xffKSolarT1", b"KSolarT1"])
def test_a_shelf_gives_back_what_was_put_there(tmp_path: Path, tail: bytes) -> None:
    shelf = Shelf(tmp_path, 1.0)
    for tag in ("", '"a"', "x" * 1000, "x" * 1001):
        shelf.put("m/1/0/0.png", TILE, 100.0, tag)
        found = shelf.take("m/1/0/0.png")
        assert found is not None
        assert (found.data, found.fresh, found.tag) == (TILE, True, tag if len(tag) <= 1000 else "")
    shelf.put("m/1/0/0.png", b"", 100.0, '"a"')
    assert shelf.take("m/1/0/0.png").data == b""  # type: ignore[union-attr]
    (tmp_path / "m/1/0/0.png").write_bytes(tail)
    assert shelf.take("m/1/0/0.png").data == tail  # type: ignore[union-attr]
    shelf.drop("m/1/0/0.png")
    shelf.drop("m/1/0/0.png")
    assert shelf.take("m/1/0/0.png") is None


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
