"""The words of PLATEAU's codes, from the lists that are delivered beside a model (``codelists/*.xml``, dictionaries of GML)."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from lxml import etree

from gis.archives import DAMAGED, ZIP_MAGIC, named, plainly_packed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

_GML = "{http://www.opengis.net/gml}"
_FOLDER = "codelists"
# A list of codes has some kilobytes; that of municipalities is the longest.
_LARGEST = 4 << 20
_MOST_CODES, _LONGEST = 20_000, 200
# ``udx/bldg/tile.gml`` lies two folders beside ``codelists``.
_UP = 3


def read_code_lists(paths: Sequence[Path], wanted: Collection[str]) -> dict[str, dict[str, str]]:
    """Code -> words, by the name of the list without its ending.

    What is not there, or cannot be read, is left out: a model without its lists is whole, only its codes stay codes.

    Parameters
    ----------
    paths : files, folders and archives of the model
    wanted : names of the lists that its buildings speak of
    """
    found: dict[str, dict[str, str]] = {}
    for path in paths:
        for name, content in _contents(path, {name for name in wanted if name not in found}):
            codes = _codes(content)
            if codes:
                found[name] = codes
    return found


def _contents(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
    if not wanted:
        return
    try:
        if path.is_file() and _is_archive(path):
            yield from _packed(path, wanted)
            return
        for folder in _folders(path):
            for name in wanted:
                file = folder / f"{name}.xml"
                if file.is_file() and file.stat().st_size <= _LARGEST:
                    yield name, file.read_bytes()
    except DAMAGED:
        return


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ZIP_MAGIC)) == ZIP_MAGIC


def _folders(path: Path) -> Iterator[Path]:
    """Where lists may lie: in the folder that was named, or beside it or the file."""
    here = path if path.is_dir() else path.parent
    for folder in (here, *list(here.parents)[:_UP]):
        if (folder / _FOLDER).is_dir():
            yield folder / _FOLDER


def _packed(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for entry in named(archive, (".xml",)):
            folder, _, file = entry.filename.rpartition("/")
            name = file.rpartition(".")[0]
            if folder.rpartition("/")[2] == _FOLDER and name in wanted and plainly_packed(entry, _LARGEST):
                yield name, archive.read(entry)


def _codes(content: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        for _, element in etree.iterparse(
            io.BytesIO(content), events=("end",), tag=f"{_GML}Definition", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        ):  # fmt: skip
            if element.getroottree().docinfo.internalDTD is not None or len(found) >= _MOST_CODES:
                return {}
            code, words = (element.findtext(f"{_GML}{tag}") or "" for tag in ("name", "description"))
            if code.strip() and words.strip():
                found.setdefault(code.strip()[:_LONGEST], words.strip()[:_LONGEST])
            element.clear()
    except etree.XMLSyntaxError:
        return {}
    return found
