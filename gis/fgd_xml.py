"""Features of a 基盤地図情報 file (FGD_GMLSchema, GML 3.2) as a stream of events.

Expat is spoken to directly: buildings come as ten elements each, and trees of them would take most of the time. A document type is refused, so that there
are no entities and nothing to fetch. The encoding that the file declares is decoded here, since expat knows none of the Japanese ones.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, NoReturn, Protocol
from xml.parsers.expat import ExpatError, ParserCreate

from gis.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gis.fgd_files import XmlFile

_CHUNK = 1 << 18
# Between two tags [bytes]: the largest terrain tile has a third of it.
LONGEST = 64 << 20
_DEEPEST = 100
_MOST_NAMES = 10_000
_GML = "http://www.opengis.net/gml"
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# What calls itself Shift_JIS is mostly the set of Windows, which holds it.
_CODECS = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932", "cp932": "cp932", "ms932": "cp932",
    "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp",
}  # fmt: skip


class OtherFile(Exception):
    """The file holds features of another class, or is of another kind altogether (then empty)."""

    def __init__(self, feature: str) -> None:
        self.feature = feature
        super().__init__(feature)


class Handler(Protocol):
    """Who listens to the features of one class.

    Attributes
    ----------
    features : names of the features wanted
    leaves : names of the elements whose text is wanted
    marks : names of the elements whose beginning is wanted, attributes or not
    """

    features: frozenset[str]
    leaves: frozenset[str]
    marks: frozenset[str]

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A feature begins, or an element within it that is of ``marks`` or has attributes; names are without their namespaces."""

    def end(self, name: str, text: str) -> None:
        """An element of ``leaves`` ends, or the feature itself, without text."""


def read_features(file: XmlFile, handler: Handler) -> None:
    """Hand the elements of all wanted features to ``handler``; the others are passed over.

    Raises
    ------
    OtherFile
        The first feature is not a wanted one, or there is no ``Dataset`` of features.
    UnreadableFile
        ``fgd.unreadable``, ``fgd.entities``, ``fgd.encoding``, ``fgd.too_large``
    gis.progress.Cancelled
    """
    walk = _Walk(file.name, handler)
    parser = walk.parser
    try:
        for content in _utf8(file):
            parser.Parse(content, False)
            # Where the last event was: what came since is one tag without an end.
            if walk.fed + len(content) - parser.CurrentByteIndex > LONGEST:
                _too_long(file.name)
            walk.fed += len(content)
        parser.Parse(b"", True)
    except ExpatError as error:
        raise UnreadableFile("fgd.unreadable", file=file.name, reason=str(error)) from error
    except UnicodeError as error:
        raise UnreadableFile("fgd.encoding", file=file.name, found=str(error)) from error
    if not walk.found:
        raise OtherFile("")


class _Walk:
    """Where in the file the parser is, and what text has been heard."""

    def __init__(self, name: str, handler: Handler) -> None:
        self.fed = 0
        self.found = False
        self._name, self._handler = name, handler
        self._depth = 0
        self._inside = False
        self._pieces: list[str] = []
        self._length = 0
        # Names without their namespaces, of elements met before.
        self._names: dict[str, str] = {}
        self.parser = ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.buffer_size = _CHUNK
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _doctype(self, *_: object) -> None:
        raise UnreadableFile("fgd.entities", file=self._name)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        name = self._names.get(tag) or self._short(tag)
        if self._depth <= 2:
            self._outer(tag, name)
        elif self._depth > _DEEPEST:
            raise UnreadableFile("fgd.unreadable", file=self._name, reason=f"depth > {_DEEPEST}")
        if not self._inside:
            return
        if name in self._handler.leaves:
            # Between other elements there is white space; it is not worth a call.
            self._pieces, self._length = [], 0
            self.parser.CharacterDataHandler = self._text
        if attributes or name in self._handler.marks:
            self._handler.start(name, attributes)

    def _outer(self, tag: str, name: str) -> None:
        """The root, or a feature."""
        if self._depth == 1:
            if name != "Dataset":
                raise OtherFile("")
            return
        self._inside = name in self._handler.features
        if not self._inside and not self.found and not tag.startswith(_GML):
            raise OtherFile(name)
        self.found = self.found or self._inside

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if not self._inside:
            return
        name = self._names.get(tag) or self._short(tag)
        if name in self._handler.leaves:
            self.parser.CharacterDataHandler = None
            self._handler.end(name, "".join(self._pieces))
            self._pieces = []
        if self._depth == 1:
            self._handler.end(name, "")
            self._inside = False

    def _text(self, text: str) -> None:
        self._length += len(text)
        if self._length > LONGEST:
            _too_long(self._name)
        self._pieces.append(text)

    def _short(self, tag: str) -> str:
        name = tag.rpartition(" ")[2]
        if len(self._names) < _MOST_NAMES:
            self._names[tag] = name
        return name


def _too_long(name: str) -> NoReturn:
    raise UnreadableFile("fgd.too_large", file=name, found=">", expected=LONGEST >> 20)


def _utf8(file: XmlFile) -> Iterator[bytes]:
    """The file in UTF-8, in pieces, with progress by what is read."""
    head = file.stream.read(_CHUNK)
    decode = codecs.getincrementaldecoder(_encoding(head, file.name))("strict").decode
    content, done = head, 0
    while content:
        yield decode(content).encode("utf-8")
        done += len(content)
        file.progress(min(1.0, done / max(1, file.size)), "read")
        content = file.stream.read(_CHUNK)
    yield decode(b"", True).encode("utf-8")


def _encoding(head: bytes, name: str) -> str:
    """Python's name of the encoding that a file's first bytes show or declare; UTF-8 where they do not."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    declared = _DECLARED.match(head)
    if declared is None:
        return "utf-8"
    said = declared[1].decode("ascii")
    codec = _CODECS.get(said.lower(), "")
    if not codec:
        raise UnreadableFile("fgd.encoding", file=name, found=said)
    return codec
