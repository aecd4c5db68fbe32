"""Files of the GSI that somebody made to do harm, or that are delivered in unusual ways: both readers refuse them with a word, and soon."""

from __future__ import annotations

import io
import re
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyproj import CRS

import gis
from gis.errors import UnreadableFile
from gis.fgd_buildings import read_fgd_buildings
from gis.fgd_dem import read_dem_tiles
from kawasolar.words import LANGUAGES, catalogue, say
from tests.support.fgd import dataset, dem_text, ground, house, line_file, packed

if TYPE_CHECKING:
    from collections.abc import Callable

ZONE = CRS.from_epsg(6677)
DEM = dem_text(ground([1, 2, 3, 4]), shape=(2, 2))
HOUSE = dataset(house("B1"))

READERS: dict[str, tuple[Callable[[list[Path]], object], str]] = {
    "dem": (read_dem_tiles, DEM),
    "buildings": (lambda paths: read_fgd_buildings(paths, ZONE), HOUSE),
}
both = pytest.mark.parametrize("reader", READERS)


def refused(reader: str, path: Path) -> UnreadableFile:
    begin = time.monotonic()
    with pytest.raises(UnreadableFile) as caught:
        READERS[reader][0]([path])
    assert time.monotonic() - begin < 10
    for language in LANGUAGES:
        sentence = say(language, caught.value.code, **caught.value.details)
        assert sentence != caught.value.code
        assert "–" not in sentence or caught.value.code == "fgd.crs"
    return caught.value


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


LAUGHS = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))
DTDS = {
    "laughs": f'<!DOCTYPE Dataset [<!ENTITY l0 "ha">{LAUGHS}]>',
    "blow-up": f'<!DOCTYPE Dataset [<!ENTITY a "{"x" * 10000}">]>',
    "external": '<!DOCTYPE Dataset [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "parameter": '<!DOCTYPE Dataset [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>',
    "elsewhere": '<!DOCTYPE Dataset SYSTEM "http://127.0.0.1:9/x.dtd">',
    "empty": "<!DOCTYPE Dataset>",
}


@both
@pytest.mark.parametrize("kind", DTDS)
def test_document_types_are_refused(tmp_path: Path, reader: str, kind: str) -> None:
    head, _, rest = READERS[reader][1].partition("?>")
    path = write(tmp_path / "a.xml", f"{head}?>{DTDS[kind]}{rest}")
    assert refused(reader, path).code == "fgd.entities"


@both
def test_tags_without_end(tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.fgd_xml.LONGEST", 1 << 20)
    head, tag, rest = READERS[reader][1].partition("<orgGILvl")
    for harm in (f'<a b="{"x" * (4 << 20)}"/>', f"<!--{'x' * (4 << 20)}-->", f"<{'x' * (4 << 20)}/>"):
        path = write(tmp_path / "a.xml", f"{head}{harm}{tag}{rest}")
        assert refused(reader, path).code == "fgd.too_large"
    long = "<type>" + "x" * (4 << 20) + "</type>"
    assert refused(reader, write(tmp_path / "a.xml", f"{head}{long}{tag}{rest}")).code == "fgd.too_large"


@both
def test_depth(tmp_path: Path, reader: str) -> None:
    head, tag, rest = READERS[reader][1].partition("<orgGILvl")
    path = write(tmp_path / "a.xml", f"{head}{'<a>' * 200_000}{tag}{rest}")
    assert refused(reader, path).code == "fgd.unreadable"


@both
def test_bombs(tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.fgd_files._FREELY", 1 << 20)
    monkeypatch.setattr("gis.fgd_files._FREELY_ALL", 4 << 20)
    text = READERS[reader][1]
    big = text.replace("</Dataset>", " " * (8 << 20) + "</Dataset>")
    assert refused(reader, packed(tmp_path / "one.zip", {"a.xml": big})).code == "fgd.archive"
    small = text.replace("</Dataset>", " " * (1 << 19) + "</Dataset>")
    many = packed(tmp_path / "many.zip", {f"{k}.xml": small for k in range(10)})
    assert refused(reader, many).code == "fgd.archive"
    inner = packed(tmp_path / "inner.zip", {"a.xml": big}).read_bytes()
    assert refused(reader, packed(tmp_path / "outer.zip", {"inner.zip": inner})).code == "fgd.archive"
    # An archive that packs to nothing is a file of zeros.
    assert refused(reader, packed(tmp_path / "zeros.zip", {"inner.zip": b"\0" * (1 << 20)})).code == "fgd.archive"


@both
def test_archives_in_archives_in_archives(tmp_path: Path, reader: str) -> None:
    content = packed(tmp_path / "a.zip", {"a.xml": READERS[reader][1]}).read_bytes()
    once = packed(tmp_path / "b.zip", {"a.zip": content})
    READERS[reader][0]([once])
    twice = packed(tmp_path / "c.zip", {"b.zip": once.read_bytes()})
    error = refused(reader, twice)
    assert error.code == "fgd.nested"
    assert error.details["file"] == "c.zip/b.zip"


@both
def test_names_that_lead_elsewhere(tmp_path: Path, reader: str) -> None:
    (tmp_path / "in").mkdir()
    path = packed(tmp_path / "in" / "a.zip", {"../../evil.xml": READERS[reader][1], "/etc/evil.zip": packed(tmp_path / "x", {"../y.xml": READERS[reader][1]}).read_bytes()})  # fmt: skip
    before = sorted(tmp_path.rglob("*"))
    READERS[reader][0]([path])
    assert sorted(tmp_path.rglob("*")) == before


@both
def test_damaged_archives(tmp_path: Path, reader: str) -> None:
    text = READERS[reader][1]
    whole = packed(tmp_path / "a.zip", {"a.xml": text}).read_bytes()
    for cut in (10, len(whole) // 2, len(whole) - 5):
        assert refused(reader, write(tmp_path / "cut.zip", whole[:cut])).code == "fgd.unreadable"
    wrong = bytearray(whole)
    wrong[100] ^= 0xFF
    assert refused(reader, write(tmp_path / "wrong.zip", bytes(wrong))).code == "fgd.unreadable"
    inside = packed(tmp_path / "outer.zip", {"inner.zip": whole[: len(whole) // 2]})
    assert refused(reader, inside).code == "fgd.unreadable"
    locked = bytearray(whole)
    at = whole.index(b"PK\x01\x02")
    locked[6] |= 1
    locked[at + 8] |= 1
    assert refused(reader, write(tmp_path / "locked.zip", bytes(locked))).code == "fgd.unreadable"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.xml", text)
    assert refused(reader, write(tmp_path / "lzma.zip", content.getvalue())).code == "fgd.archive"


@both
def test_size(tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.fgd_files.LARGEST_FILE", 1000)
    path = write(tmp_path / "a.xml", READERS[reader][1])
    assert refused(reader, path).code == "fgd.too_large"
    assert refused(reader, packed(tmp_path / "a.zip", {"a.xml": READERS[reader][1]})).code == "fgd.archive"
    monkeypatch.setattr("gis.fgd_files.LARGEST_FILE", 1 << 30)
    monkeypatch.setattr("gis.fgd_files.LARGEST_ALL", 1000)
    assert refused(reader, tmp_path / "a.zip").code == "fgd.too_large"
    monkeypatch.setattr("gis.fgd_files.MOST_MEMBERS", 0)
    assert refused(reader, tmp_path / "a.zip").code == "fgd.archive"


def test_every_code_has_its_words() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(gis.__file__).parent.glob("fgd_*.py"))
    codes = set(re.findall(r'"(fgd\.[a-z_]+)"', sources))
    assert codes == {code for code in catalogue() if code.startswith("fgd.")}
    assert all(catalogue()[code].get(language) for code in codes for language in LANGUAGES)


def test_findings_are_whole_sentences(tmp_path: Path) -> None:
    tiles = [write(tmp_path / f"{k}.xml", text) for k, text in enumerate([DEM, DEM.replace("2011", "2024").replace("地表面,1", "月面,1").replace("地表面,4.0000", ""), DEM.replace(",2.", ",8000.")])]  # fmt: skip
    (tmp_path / "more").mkdir()
    name = "FG-GML-BldA"
    archive = packed(tmp_path / "more" / "a.zip", {f"{name}.xml": HOUSE, "r.xml": "<a/>", "l.xml": line_file(), "h.xml": dataset(house("B1", 35.8), house("B1"), house("B2", 99.0), house("B3", kind="塔"))})  # fmt: skip
    found = [*read_dem_tiles([*tiles, archive])[1], *read_fgd_buildings([archive], ZONE)[1]]
    assert len({finding.code for finding in found}) == 12
    for finding in found:
        for language in LANGUAGES:
            sentence = say(language, finding.code, **finding.values())
            assert not re.search(r"[–{}]|\bNone\b", sentence), sentence
