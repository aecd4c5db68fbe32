"""What the readers of 基盤地図情報 share: coordinate systems, and findings about many files at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.errors import UnreadableFile
from gis.findings import Finding

if TYPE_CHECKING:
    from gis.findings import Severity

# JGD2024 renewed heights; latitudes and longitudes are those of JGD2011, and it has no code of its own in PROJ.
CRS_OF = {"fguuid:jgd2024.bl": 6668, "fguuid:jgd2011.bl": 6668, "fguuid:jgd2000.bl": 4612}
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
    code = CRS_OF.get(name.strip().lower())
    if code is None:
        raise UnreadableFile("fgd.crs", file=source, found=name[:80] or "–", expected=", ".join(CRS_OF))
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
