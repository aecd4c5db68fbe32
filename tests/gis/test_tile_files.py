"""Stores of map tiles: each gives back what was put in, and a bad one is told and does no harm."""

from __future__ import annotations

import contextlib
import io
import sqlite3
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from gis import mbtiles
from gis.errors import UnreadableFile
from gis.pmtiles import tile_number
from gis.tile_files import open_tiles
from gis.tile_image import decoded, halved, packed, unpacked
from gis.tile_source import MOST_BYTES, plain_words
from tests.support.tiles import Tiles, checkerboard, directory, plain, write_folder, write_mbtiles, write_pmtiles

# Kawasaki at three zooms; each tile has a picture of its own, but for two that share one.
TILES: Tiles = {
    (z, x + i, y + j): plain((z, 10 * i, 20 * j))
    for z, x, y in ((12, 3637, 1613), (13, 7275, 3227), (14, 14550, 6454))
    for i in range(3)
    for j in range(2)
}
TILES[14, 14553, 6454] = TILES[14, 14550, 6454]
Write = Callable[[Path, Tiles], Path]
STORES: dict[str, Write] = {
    "mbtiles": lambda folder, tiles: write_mbtiles(folder / "a.mbtiles", tiles),
    "mbtiles, view": lambda folder, tiles: write_mbtiles(folder / "b.mbtiles", tiles, view=True),
    "pmtiles": lambda folder, tiles: write_pmtiles(folder / "c.pmtiles", tiles),
    "pmtiles, leaves": lambda folder, tiles: write_pmtiles(folder / "d.pmtiles", tiles, leaves=4),
    "pmtiles, plain": lambda folder, tiles: write_pmtiles(folder / "e.pmtiles", tiles, leaves=3, inner=1),
    "folder": lambda folder, tiles: write_folder(folder / "タイル", tiles),
}  # fmt: skip


@pytest.mark.parametrize("name", STORES)
def test_every_tile_comes_back_and_no_other(tmp_path: Path, name: str) -> None:
    source = open_tiles(STORES[name](tmp_path, TILES))
    with closing(source):
        assert (source.facts.minzoom, source.facts.maxzoom) == (12, 14)
        for key, data in TILES.items():
            assert source.read(*key) == data
        for key in ((12, 3640, 1613), (13, 7275, 3226), (14, 0, 0), (11, 1818, 806), (15, 29100, 12908), (13, -1, 0)):
            assert source.read(*key) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pictures_of_each_kind(tmp_path: Path, kind: str) -> None:
    data = plain((200, 100, 50), 512, kind)
    source = open_tiles(write_mbtiles(tmp_path / "t.mbtiles", {(3, 1, 2): data}))
    pixels = decoded(source.read(3, 1, 2) or b"")
    source.close()
    assert pixels is not None
    assert pixels.shape == (512, 512)
    assert np.abs(unpacked(pixels).astype(int) - [200, 100, 50]).max() <= 3


def test_what_a_file_says_of_itself(tmp_path: Path) -> None:
    said = {
        "name": "川崎市 <b>淡色</b>地図", "attribution": '<a href="https://maps.gsi.go.jp/">出典：国土地理院</a> &copy; \n\x07x',
        "bounds": "139.4,35.4,139.9,35.7", "minzoom": "12", "maxzoom": "16",
    }  # fmt: skip
    facts = open_tiles(write_mbtiles(tmp_path / "t.mbtiles", TILES, **said)).facts
    assert facts.name == "川崎市 淡色地図"
    assert facts.attribution == "出典：国土地理院 © x"
    assert facts.bounds == (139.4, 35.4, 139.9, 35.7)
    assert (facts.minzoom, facts.maxzoom) == (12, 16)
    assert facts.holds(12, 3637, 1613)
    assert not facts.holds(12, 3600, 1613)
    told = open_tiles(write_pmtiles(tmp_path / "t.pmtiles", TILES, name="n", attribution="国土地理院")).facts
    assert (told.name, told.attribution) == ("n", "国土地理院")
    # Bounds that are no area count as none.
    wrong = {**said, "bounds": "nan,0,inf,1", "minzoom": "99"}
    with pytest.raises(UnreadableFile):
        open_tiles(write_mbtiles(tmp_path / "u.mbtiles", TILES, **wrong))


@given(st.text(max_size=3000))
def test_words_of_a_file_are_one_short_line(text: str) -> None:
    shown = plain_words(text)
    assert len(shown) <= 200
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("key", "number"),
    [((0, 0, 0), 0), ((1, 0, 0), 1), ((1, 0, 1), 2), ((1, 1, 1), 3), ((1, 1, 0), 4), ((2, 0, 0), 5), ((12, 3423, 1763), 19078479)],
)  # fmt: skip
def test_numbers_of_the_specification(key: tuple[int, int, int], number: int) -> None:
    assert tile_number(*key) == number


@given(
    st.integers(0, 24).flatmap(
        lambda z: st.tuples(st.just(z), st.integers(0, 2**z - 2) if z else st.just(0), st.integers(0, 2**z - 1))
    )
)
def test_the_curve_of_numbers_goes_from_neighbour_to_neighbour(key: tuple[int, int, int]) -> None:
    z, x, y = key
    first = (4**z - 1) // 3
    assert first <= tile_number(z, x, y) < first + 4**z
    around = [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]
    near = {tile_number(z, a, b) for a, b in around if 0 <= a < 2**z and 0 <= b < 2**z}
    ends = {first, first + 4**z - 1}
    steps = {tile_number(z, x, y) + 1, tile_number(z, x, y) - 1}
    assert len(near & steps) == (1 if tile_number(z, x, y) in ends and z else 2 if z else 0)


# What is not what it should be


def code_of(path: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        open_tiles(path)
    return caught.value.code


def test_each_wrong_file_is_told(tmp_path: Path) -> None:
    vector = {(0, 0, 0): zlib.compress(b"x", wbits=31)}
    (tmp_path / "text.mbtiles").write_text("no tiles")
    (tmp_path / "empty.mbtiles").write_bytes(b"")
    (tmp_path / "locked.mbtiles").write_bytes(np.random.default_rng(1).bytes(8192))
    with closing(sqlite3.connect(tmp_path / "other.mbtiles")) as base, base:
        base.execute("CREATE TABLE people (name text)")
    (tmp_path / "no tiles" / "12").mkdir(parents=True)
    assert code_of(tmp_path / "missing.mbtiles") == "tiles.missing"
    for name in ("text", "empty", "locked", "other"):
        assert code_of(tmp_path / f"{name}.mbtiles") == "tiles.unreadable"
    assert code_of(write_mbtiles(tmp_path / "v.mbtiles", vector)) == "tiles.vector"
    assert code_of(write_mbtiles(tmp_path / "w.mbtiles", TILES, format="pbf")) == "tiles.vector"
    assert code_of(write_mbtiles(tmp_path / "n.mbtiles", {})) == "tiles.empty"
    assert code_of(write_pmtiles(tmp_path / "v.pmtiles", vector, kind=1)) == "tiles.vector"
    assert code_of(write_pmtiles(tmp_path / "o.pmtiles", TILES, version=2)) == "tiles.old"
    assert code_of(tmp_path / "no tiles") == "tiles.no_folder"
    assert code_of(write_folder(tmp_path / "pbf", vector, "png")) == "tiles.vector"


@pytest.mark.parametrize(
    "schema",
    [
        # Without an end, a product of everything with everything, and functions.
        (
            "CREATE VIEW tiles AS WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n)"
            " SELECT k AS zoom_level, k AS tile_column, k AS tile_row, k AS tile_data FROM n"
        ),
        "CREATE VIEW tiles AS SELECT count(*) AS zoom_level, 0 AS tile_column, 0 AS tile_row, a.v AS tile_data FROM m a, m b, m c, m d",
        (
            "CREATE VIEW tiles AS SELECT a.v + b.v + c.v + d.v AS zoom_level, 0 AS tile_column, 0 AS tile_row, 1 AS tile_data"
            " FROM m a, m b, m c, m d ORDER BY 1"
        ),
        "CREATE VIEW tiles AS SELECT 0 AS zoom_level, 0 AS tile_column, 0 AS tile_row, zeroblob(900000000) AS tile_data",
        "CREATE VIEW tiles AS SELECT 0 AS zoom_level, 0 AS tile_column, 0 AS tile_row, writefile('x', 'y') AS tile_data",
        "CREATE VIRTUAL TABLE tiles USING fts5(zoom_level, tile_column, tile_row, tile_data)",
        "CREATE VIEW tiles AS SELECT * FROM tiles",
    ],
)
def test_a_schema_with_bad_intent_gets_nowhere(tmp_path: Path, schema: str) -> None:
    path = tmp_path / "evil.mbtiles"
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE metadata (name text, value text)")
        base.execute("CREATE TABLE m (v integer)")
        base.executemany("INSERT INTO m VALUES (?)", [(k,) for k in range(300)])
        base.execute(schema)
    assert code_of(path) in {"tiles.unreadable", "tiles.empty"}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["evil.mbtiles"]


def test_a_file_without_an_index_is_told_where_it_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_mbtiles(tmp_path / "t.mbtiles", {(10, k, 0): b"\x89PNG\r\n\x1a\n" for k in range(900)})
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("DROP INDEX tile_index")
    with closing(open_tiles(path)) as source:
        assert source.read(10, 899, 0) is not None
    monkeypatch.setattr(mbtiles, "_STEPS", 100)
    monkeypatch.setattr(mbtiles, "_MOST_TICKS", 20)
    assert code_of(path) == "tiles.no_index"
    # The same work is enough with one.
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE INDEX i ON tiles (zoom_level, tile_column, tile_row)")
    with closing(open_tiles(path)) as source:
        assert source.read(10, 899, 0) is not None


def test_a_tile_that_is_too_large_is_a_hole(tmp_path: Path) -> None:
    great = plain((1, 2, 3)) + bytes(MOST_BYTES)
    for write in (write_mbtiles, write_pmtiles):
        source = open_tiles(write(tmp_path / write.__name__, {(1, 0, 0): plain((1, 1, 1)), (1, 1, 1): great}))
        with closing(source):
            assert source.read(1, 0, 0) is not None
            assert source.read(1, 1, 1) == b""
    folder = open_tiles(write_folder(tmp_path / "f", {(1, 0, 0): plain((1, 1, 1)), (1, 1, 1): great}))
    assert folder.read(1, 1, 1) == b""


def tms(path: Path, tiles: Tiles, said: str) -> Path:
    """As programs that cut maps into tiles write them: rows from the south."""
    write_folder(path, {(z, x, (1 << z) - 1 - y): data for (z, x, y), data in tiles.items()})
    (path / "tilemapresource.xml").write_text(said, "utf-8")
    return path


MERCATOR = """<?xml version="1.0"?>
<TileMap version="1.0.0"><Title>図</Title><SRS>{srs}</SRS>
<TileSets profile="{profile}"><TileSet href="0" order="0"/></TileSets></TileMap>"""


@pytest.mark.parametrize(
    ("srs", "profile"),
    [("EPSG:3857", "mercator"), ("EPSG:900913", "global-mercator"), ("", ""), ('PROJCS["WGS 84 / Pseudo-Mercator"]', "mercator")],
)  # fmt: skip
def test_a_folder_in_the_order_of_tms(tmp_path: Path, srs: str, profile: str) -> None:
    source = open_tiles(tms(tmp_path / "tms", TILES, MERCATOR.format(srs=srs, profile=profile)))
    with closing(source):
        for key, data in TILES.items():
            assert source.read(*key) == data


@pytest.mark.parametrize(
    ("srs", "profile"), [("EPSG:4326", "geodetic"), ("", "global-geodetic"), ("EPSG:6677", "none")]
)
def test_a_folder_of_another_projection_is_told(tmp_path: Path, srs: str, profile: str) -> None:
    with pytest.raises(UnreadableFile, match=r"tiles\.not_mercator"):
        open_tiles(tms(tmp_path / "tms", TILES, MERCATOR.format(srs=srs, profile=profile)))


@pytest.mark.parametrize(
    "said", ["", "<TileMap", "\0" * 50, '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><SRS>&b;Mercator</SRS>', "<TileSets " * 20_000, "<SRS>" * 20_000]
)  # fmt: skip
def test_what_says_nothing_of_its_projection_is_taken_for_tms(tmp_path: Path, said: str) -> None:
    source = open_tiles(tms(tmp_path / "tms", TILES, said))
    with closing(source):
        assert all(source.read(*key) == data for key, data in TILES.items())


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "tiles", {(1, 0, 0): plain((1, 1, 1))})
    (tmp_path / "secret.png").write_bytes(plain((9, 9, 9)))
    (tmp_path / "tiles" / "1" / "0" / "1.png").symlink_to(tmp_path / "secret.png")
    assert open_tiles(tmp_path / "tiles").read(1, 0, 1) is None


def test_a_directory_that_unpacks_to_much_is_refused(tmp_path: Path) -> None:
    path = write_pmtiles(tmp_path / "t.pmtiles", {(0, 0, 0): plain((1, 1, 1))})
    raw = bytearray(path.read_bytes())
    bomb = zlib.compress(bytes(500_000_000), 9, wbits=31)
    struct.pack_into("<QQ", raw, 8, len(raw), len(bomb))
    path.write_bytes(bytes(raw) + bomb)
    tracemalloc.start()
    assert code_of(path) == "tiles.unreadable"
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_directories_in_a_circle_end(tmp_path: Path) -> None:
    # The only entry of the root is a directory that is the root.
    root = directory([(0, 0, 7, 0)])
    root = directory([(0, 0, len(root), 0)])
    head = struct.pack("<7sB11Q6B4iB2i", b"PMTiles", 3, 127, len(root), 127, 0, 127, len(root), 127, len(root), 1, 1, 1, 1, 1, 1, 2,
                       0, 3, 0, 0, 1, 1, 0, 0, 0)  # fmt: skip
    (tmp_path / "circle.pmtiles").write_bytes(head + root)
    assert code_of(tmp_path / "circle.pmtiles") == "tiles.unreadable"


@pytest.mark.parametrize("name", [name for name in STORES if name != "folder"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_told_or_have_holes(tmp_path: Path, name: str, data: st.DataObject) -> None:
    """Cut off, bytes flipped, or numbers made huge: a coded error, or tiles that are whole or not there."""
    good = tmp_path / "good"
    if not good.exists():
        good.mkdir()
        STORES[name](good, TILES).replace(good / "file")
    raw = bytearray((good / "file").read_bytes())
    how = data.draw(st.sampled_from(["cut", "flip", "huge"]))
    at = data.draw(st.integers(0, len(raw) - 9) if data.draw(st.booleans()) else st.integers(0, 400))
    if how == "cut":
        del raw[at:]
    elif how == "huge":
        raw[at : at + 8] = b"\xff" * 8
    else:
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    damaged = tmp_path / "damaged"
    damaged.write_bytes(raw)
    try:
        source = open_tiles(damaged)
    except UnreadableFile:
        return
    with closing(source):
        for key in TILES:
            found = source.read(*key)
            if found is not None:
                decoded(found)


def test_no_place_of_a_schema_makes_anything_but_a_coded_error(tmp_path: Path) -> None:
    """SQLite puts bytes of the schema into its messages, which are no UTF-8 then."""
    good = tmp_path / "good"
    good.mkdir()
    file = STORES["mbtiles, view"](good, TILES)
    raw = file.read_bytes()
    damaged = tmp_path / "damaged"
    begin = raw.index(b"CREATE VIEW")
    for at in range(begin - 40, begin + 80):
        damaged.write_bytes(raw[:at] + b"\xff" * 8 + raw[at + 8 :])
        with contextlib.suppress(UnreadableFile), closing(open_tiles(damaged)) as source:
            for key in TILES:
                source.read(*key)


# Pictures


def png_that_claims(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(head))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + plain((1, 1, 1))[33:]
    )


def test_a_picture_of_another_size_than_a_tile_is_not_unpacked() -> None:
    for size in ((60_000, 60_000), (256, 512), (2048, 2048), (1, 1), (0, 0)):
        tracemalloc.start()
        assert decoded(png_that_claims(*size)) is None
        assert tracemalloc.get_traced_memory()[1] < 2e6
        tracemalloc.stop()
    assert decoded(b"") is None
    assert decoded(b"<svg/>") is None


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(["PNG", "JPEG", "WEBP"]), data=st.data())
def test_a_damaged_picture_is_a_hole_or_a_tile(kind: str, data: st.DataObject) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (128, 128, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, kind)
    raw = bytearray(out.getvalue())
    at = data.draw(st.integers(0, len(raw) - 1) if data.draw(st.booleans()) else st.integers(0, 100))
    if data.draw(st.booleans()):
        del raw[at:]
    else:
        raw[at] ^= data.draw(st.integers(1, 255))
    found = decoded(bytes(raw))
    assert found is None or found.shape[0] == found.shape[1]


def test_pixels_of_a_picture_with_transparency_and_palette() -> None:
    rgba = np.zeros((128, 128, 4), np.uint8)
    rgba[:64] = (200, 100, 50, 128)
    out = io.BytesIO()
    Image.fromarray(rgba).save(out, "PNG")
    found = decoded(out.getvalue())
    assert found is not None
    assert found[0, 0] == 0x80643219
    assert found[127, 0] == 0
    paletted = Image.fromarray(np.full((128, 128, 3), (10, 20, 30), np.uint8)).convert("P")
    out = io.BytesIO()
    paletted.save(out, "PNG")
    assert decoded(out.getvalue()) is not None


def test_smaller_by_half_is_the_mean_of_four() -> None:
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 255, (256, 256, 3), dtype=np.uint8)
    mean = pixels.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert np.abs(unpacked(halved(packed(pixels))) - mean).max() <= 0.5


def test_the_checkerboard_lies_fixed() -> None:
    fine, coarse = decoded(checkerboard(18, 5, 7)), decoded(checkerboard(17, 2, 3))
    assert fine is not None
    assert coarse is not None
    assert (halved(fine) == coarse[128:, 128:]).all()
