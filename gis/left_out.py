"""One damaged file among many: it is left out and said, with the area that is lacking for it, and the others are used.

The rule of all readers of tiles. What somebody made to do harm (document types, packed bombs, archives within archives), and what is more than can be read,
stays an error; so does the first damage where nothing is left.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyproj import Geod

from gis.errors import UnreadableFile
from gis.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gis.crs import Bounds

# Of many damaged files so many say each for itself what is wrong.
MOST_SAID = 5
# Cut off, overwritten, or not what the specification says: damage of transport and of hands.
DAMAGE = frozenset(
    (
        *(f"fgd.{name}" for name in ("unreadable", "encoding", "crs", "grid", "order", "tuple", "tuples")),
        *(f"point_cloud.{name}" for name in ("unreadable", "not_las", "version", "truncated", "damaged", "changed", "bad_scale", "bad_bounds")),
        "citymodel.unreadable", "relief.unreadable",
    )
)  # fmt: skip
# Names that the GSI and PLATEAU give: the mesh stands in them.
_GSI_NAME = re.compile(r"FG-GML-(\d{4})-?(\d{2})(?:-?(\d{2}))?(?!\d)", re.IGNORECASE)
_PLATEAU_NAME = re.compile(r"^(\d{8}|\d{6})\d{0,2}_[a-z]{3,5}_", re.IGNORECASE)
_GEOD = Geod(ellps="GRS80")


@dataclass
class LeftOut:
    """Collects the damaged files of one reader.

    Attributes
    ----------
    errors : what is wrong with each
    areas : area by mesh, or by file where its header tells it [m²]
    unknown : files that do not tell where they lie
    """

    errors: list[UnreadableFile] = field(default_factory=list)
    areas: dict[str, float] = field(default_factory=dict)
    unknown: int = 0

    @contextmanager
    def unless_damaged(self, name: str) -> Iterator[None]:
        """What is raised within because a file is damaged is kept here; all else goes on."""
        try:
            yield
        except UnreadableFile as error:
            if error.code not in DAMAGE:
                raise
            self.take(error, name)

    def take(self, error: UnreadableFile, name: str, area: float | None = None) -> None:
        """A damaged file, with its area [m²] where its header tells it; else by the mesh in its name."""
        self.errors.append(error)
        mesh = mesh_in(name)
        if area is not None:
            self.areas[name] = area
        elif mesh is not None:
            self.areas[mesh] = _area(mesh_bounds(mesh))
        else:
            self.unknown += 1

    def raise_first(self) -> None:
        """Where nothing is left, the first damage is the error."""
        if self.errors:
            raise self.errors[0]

    def findings(self, total: int) -> list[Finding]:
        """What is wrong with the first few, how many there are of ``total``, and what area is lacking."""
        if not self.errors:
            return []
        files = [str(error.details.get("file", "–")) for error in self.errors]
        found = [
            Finding(error.code, "error", file, details=error.details)
            for error, file in list(zip(self.errors, files, strict=True))[:MOST_SAID]
        ]
        details: dict[str, object] = {"count": len(files), "of": max(total, len(files))}
        found.append(Finding("files.left_out", "warning", found=_some(files), details=details))
        if self.areas:
            area = sum(self.areas.values()) / 1e6
            where = _some(sorted(self.areas))
            found.append(Finding("files.area_lacking", "warning", files[0], found=where, details={"area_km2": area}))
        if self.unknown:
            found.append(Finding("files.area_unknown", "warning", files[0], details={"count": self.unknown}))
        return found


def _some(names: list[str]) -> str:
    return ", ".join(name[:120] for name in names[:MOST_SAID]) + (" …" if len(names) > MOST_SAID else "")


def _area(box: Bounds) -> float:
    west, south, east, north = box
    area, _ = _GEOD.polygon_area_perimeter([west, east, east, west], [south, south, north, north])
    return abs(float(area))


def mesh_in(name: str) -> str | None:
    """The mesh (JIS X 0410: 4, 6 or 8 digits) that the name of a file, with the archives that it lies in, has in it."""
    last = name.rpartition("/")[2]
    gsi = _GSI_NAME.search(last)
    plateau = _PLATEAU_NAME.match(last)
    found = "".join(filter(None, gsi.groups())) if gsi else plateau[1] if plateau else ""
    return found if found and _is_mesh(found) else None


def _is_mesh(code: str) -> bool:
    # Halves of a second mesh are counted from 0 to 7.
    return "30" <= code[:2] <= "68" and "22" <= code[2:4] <= "54" and all(digit <= "7" for digit in code[4:6])


def mesh_bounds(code: str) -> Bounds:
    """West, south, east, north [deg] of a mesh of 4, 6 or 8 digits (JIS X 0410: 40′ × 1°, of that an eighth, of that a tenth)."""
    south, west, height, width = int(code[:2]) / 1.5, 100.0 + int(code[2:4]), 2.0 / 3.0, 1.0
    for at, parts in ((4, 8), (6, 10)):
        if len(code) > at + 1:
            height, width = height / parts, width / parts
            south, west = south + int(code[at]) * height, west + int(code[at + 1]) * width
    return west, south, west + width, south + height
