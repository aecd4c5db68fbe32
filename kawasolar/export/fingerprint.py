"""Which plan a paper shows: written into every kind of paper, and read from it again."""

from __future__ import annotations

import csv
import html
import io
import os
import re
import sqlite3
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kawasolar.export.table import shown_date, this_day
from kawasolar.stages.state import is_stale, plan_fingerprint
from kawasolar.words import LANGUAGES, say

if TYPE_CHECKING:
    from datetime import date

    from kawasolar.plan import Plan
    from kawasolar.words import Language

# Name under which workbooks and pictures keep it, whatever their language.
PROPERTY = "KawaSolar plan fingerprint"
_FORM = re.compile(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}")
# More than any part that is looked at has; what is larger is not ours.
_MOST = 64 * 2**20
_ROWS = 50
# Steps of SQLite's machine that one row takes many times over; chunks and bytes of text before a picture.
_STEPS = 1_000_000
_CHUNKS, _TEXT = 1_000, 100_000
# What reading damaged bytes can raise below us.
_BROKEN = (
    OSError, ValueError, KeyError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, sqlite3.Error, csv.Error,
    struct.error,
)  # fmt: skip
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Origin:
    """What a paper says of the plan that it shows; ``scenario`` is empty where the project has only one.

    ``stale``: something of the plan would be computed anew, so the figures are not those of its present values.
    """

    name: str
    scenario: str
    day: date
    fingerprint: str
    stale: bool = False

    @classmethod
    def of(cls, plan: Plan, today: date | None = None) -> Origin:
        """The plan as it is now."""
        several = len(plan.entries.table("scenarios")) > 1
        scenario = plan.scenario_name if several else ""
        return cls(plan.name, scenario, today or this_day(), plan_fingerprint(plan), is_stale(plan))

    def marked(self, language: Language) -> str:
        """The plan's name, and that it is stale where it is."""
        return self.name + (say(language, "why.paper.line.stale") if self.stale else "")

    def title(self, language: Language) -> str:
        """The same, and the scenario where there are several, for a line of their own."""
        scenario = say(language, "why.paper.line.scenario", scenario=self.scenario) if self.scenario else ""
        return self.marked(language) + scenario

    def line(self, language: Language) -> str:
        """Plan, scenario, date and fingerprint, as they stand below every title."""
        first = say(language, "export.line", name=self.title(language), date=shown_date(language, self.day))
        return first + say(language, "why.paper.line.fingerprint", fingerprint=self.fingerprint)


def read_fingerprint(path: Path) -> str | None:
    """The fingerprint of the plan that a paper of ours shows; None where it says none, or cannot be read.

    The kind goes by the file's ending: ``.xlsx .csv .gpkg .png``. Nothing of the file is executed, and no more than its head or one part
    of bounded size is read.
    """
    reader = {".xlsx": _of_workbook, ".csv": _of_csv, ".gpkg": _of_geopackage, ".png": _of_picture}.get(
        Path(path).suffix.lower()
    )
    try:
        found = None if reader is None else reader(Path(path))
    except _BROKEN:
        # Damaged, locked, encrypted or another program's.
        return None
    return found if found is not None and _FORM.fullmatch(found) else None


def _part(book: zipfile.ZipFile, name: str) -> str:
    """A part of a workbook, empty where it has none or one too large."""
    if name not in book.namelist() or book.getinfo(name).file_size > _MOST:
        return ""
    file: IO[bytes]
    with book.open(name) as file:
        return file.read(_MOST).decode("utf-8", "replace")


def _of_workbook(path: Path) -> str | None:
    """From the document's properties; from the line below the titles where another program left these away."""
    with zipfile.ZipFile(path) as book:
        properties = _part(book, "docProps/custom.xml")
        found = re.search(rf'name="{re.escape(PROPERTY)}"[^>]*>\s*<[^>]+>({_FORM.pattern})<', properties)
        if found:
            return found[1]
        # Some programs keep the texts in the sheets, and write signs as numbers.
        texts = html.unescape(_part(book, "xl/sharedStrings.xml") or _part(book, "xl/worksheets/sheet1.xml"))
    marks = "|".join(
        re.escape(say(language, "why.paper.line.fingerprint", fingerprint="").strip()) for language in LANGUAGES
    )
    found = re.search(rf"(?:{marks})\s*({_FORM.pattern})", texts)
    return found[1] if found else None


def _of_csv(path: Path) -> str | None:
    """From the column of that name."""
    with path.open("rb") as file:
        head = file.read(2**20)
    names = {say(language, "why.paper.fingerprint") for language in LANGUAGES}
    for encoding in ("utf-8-sig", "cp932"):
        # The last line may be cut within a sign.
        rows = csv.reader(io.StringIO(head.decode(encoding, "ignore"), newline=""))
        heading = next(rows, [])
        places = [place for place, name in enumerate(heading) if name.strip() in names]
        if places:
            for _, row in zip(range(_ROWS), rows, strict=False):
                if len(row) > places[-1] and _FORM.fullmatch(row[places[-1]].strip()):
                    return row[places[-1]].strip()
    return None


def _of_geopackage(path: Path) -> str | None:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    # A table of somebody else's may be a query that never ends.
    connection.set_progress_handler(lambda: 1, _STEPS)
    try:
        kind = connection.execute("SELECT type FROM sqlite_master WHERE name = 'plan'").fetchone()
        if kind != ("table",):
            return None
        row = connection.execute("SELECT fingerprint FROM plan LIMIT 1").fetchone()
    finally:
        connection.close()
    return row[0] if row and isinstance(row[0], str) else None


def _of_picture(path: Path) -> str | None:
    """From the text chunk of that name, which stands before the picture; nothing of the picture is unpacked."""
    wanted = PROPERTY.encode("ascii") + b"\0"
    with path.open("rb") as file:
        if file.read(len(_PNG)) != _PNG:
            return None
        for _ in range(_CHUNKS):
            length, kind = struct.unpack(">I4s", file.read(8))
            if kind in (b"IDAT", b"IEND"):
                return None
            if kind == b"iTXt" and length < _TEXT:
                body = file.read(length)
                file.seek(4, os.SEEK_CUR)
                if body.startswith(wanted):
                    return body.rpartition(b"\0")[2].decode("utf-8", "replace")
            else:
                file.seek(length + 4, os.SEEK_CUR)
    return None
