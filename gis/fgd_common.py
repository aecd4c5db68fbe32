"""What the readers of 基盤地図情報 share: coordinate systems, and findings about many files at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gis.datums import JGD2000, JGD2011, TOKYO
from gis.errors import UnreadableFile
from gis.findings import Finding

if TYPE_CHECKING:
    from gis.findings import Severity

# JGD2024 renewed heights; latitudes and longitudes are those of JGD2011, and it has no code of its own in PROJ. TD is Tokyo Datum, by JPGIS.
_DATUMS = {"jgd2024": JGD2011, "jgd2011": JGD2011, "jgd2000": JGD2000, "td": TOKYO, "tokyo": TOKYO}
# ``fguuid:jgd2011.bl`` as the GSI writes it, ``JGD2011 / (B, L)`` as JPGIS does.
_BY_DEGREES = re.compile(r"(?:fguuid:)?([a-z]+(?:\d{4})?)(?:\.bl| ?/ ?\(b, ?l\))")
# South, west, north, east [deg].
JAPAN = (15.0, 115.0, 50.0, 160.0)
# Names in one finding.
MOST_SAID = 5


def crs_code(name: str, source: str) -> int:
    """EPSG code of an ``srsName``.

    Raises
    ------
    UnreadableFile
        ``fgd.crs``
    """
    said = _BY_DEGREES.fullmatch(name.strip().lower())
    code = _DATUMS.get(said[1]) if said else None
    if code is None:
        expected = ", ".join(f"fguuid:{datum}.bl" for datum in _DATUMS)
        raise UnreadableFile("fgd.crs", file=source, found=name[:80] or "–", expected=expected)
    return code


def listed(code: str, severity: Severity, names: list[str], source: str | None = None) -> list[Finding]:
    """One finding for all names, with the first few of them; none for none."""
    if not names:
        return []
    some = ", ".join(name[:120] for name in names[:MOST_SAID]) + (" …" if len(names) > MOST_SAID else "")
    where = names[0].partition("/")[0] if source is None else source
    return [Finding(code, severity, where, found=some, details={"count": len(names)})]


def passed_over(names: list[str]) -> list[Finding]:
    """Files of other kinds; of those with metadata, that come with every download, nothing is said."""
    return listed("fgd.passed_over", "info", [name for name in names if "fmdid" not in name.rpartition("/")[2]])
