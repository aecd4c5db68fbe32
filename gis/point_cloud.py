"""Point clouds of airborne laser scanning (LAS, LAZ): which files belong together, where they lie, and what they are measured in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.crs import label, parse_crs
from gis.datums import told_of
from gis.errors import CrsMismatch, CrsMissing, UnreadableFile
from gis.findings import Finding
from gis.las_crs import Named, named_crs, same_place
from gis.las_heads import MAX_POINTS, LasHead, read_las_head, said_area
from gis.las_points import GROUND, check_points, portions
from gis.left_out import DAMAGE, LeftOut
from gis.progress import Progress, part, silent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyproj import CRS

    from gis.crs import Bounds

_SUFFIXES = (".las", ".laz")
_MOST_FILES = 50_000
# Whether there are ground points is seen from the first points of so many files, spread over all.
_SAMPLED_FILES, _SAMPLED_POINTS = 8, 50_000
# Cells to choose from [m], and the points that each should have on average.
_CELLS = (0.25, 0.5)
_COARSEST = 1.0
_POINTS_A_CELL = 2.0


@dataclass(frozen=True)
class PointCloud:
    """What the headers of some LAS and LAZ files say.

    Attributes
    ----------
    files : those with points, by name
    crs : horizontal CRS in metres; None where no file names one
    heights : code or name of the vertical CRS; None where no file names one
    bounds : west, south, east, north of all points [m]
    points : number
    classified : a sample of the points has some of the ground (class 2); :func:`gis.point_grid.grid_points` looks at all
    findings : what was noticed
    heads : of each file
    left : damaged files that were left out; those of which the points turn out to be damaged come later
    """

    files: tuple[Path, ...]
    crs: CRS | None
    heights: str | None
    bounds: Bounds
    points: int
    classified: bool
    findings: tuple[Finding, ...]
    heads: tuple[LasHead, ...]
    left: LeftOut = field(default_factory=LeftOut)


def survey_points(paths: Sequence[Path], progress: Progress = silent, *, crs: str | CRS | None = None) -> PointCloud:
    """Look at point clouds without reading them: headers, tables of chunks, and a sample of the classes.

    Parameters
    ----------
    paths : .las and .laz files, and folders of them (not what lies deeper)
    crs : what the coordinates are, where a file does not say

    Raises
    ------
    UnreadableFile
        ``point_cloud.missing``, ``point_cloud.no_files``, ``point_cloud.too_many_files``, ``point_cloud.empty``, ``point_cloud.too_many``
        (20 thousand million points); where no file is left, the first damage, as :func:`gis.las_heads.read_las_head` and :func:`gis.las_points.check_points`
    CrsMismatch
        ``crs.unknown``, ``point_cloud.degrees``, ``point_cloud.not_metres``, ``point_cloud.mixed_crs``, ``point_cloud.mixed_heights``
    CrsMissing
        ``point_cloud.some_no_crs``: some files name a CRS, others do not
    """
    given = None if crs is None else parse_crs(crs)
    files = _files(paths)
    findings: list[Finding] = []
    heads: list[LasHead] = []
    named: list[Named] = []
    left = LeftOut()
    looking = part(progress, 0.0, 0.8)
    for k, path in enumerate(files):
        looking(k / len(files), "read")
        head = _checked(path, left, part(looking, k / len(files), (k + 1) / len(files)))
        if head is None:
            continue
        if not head.count:
            findings.append(Finding("point_cloud.empty_file", "warning", path.name))
            continue
        heads.append(head)
        named.append(_named(head, given, findings))
    if not heads:
        left.raise_first()
        raise UnreadableFile("point_cloud.empty", file=files[0].name)
    total = sum(head.count for head in heads)
    if total > MAX_POINTS:
        raise UnreadableFile("point_cloud.too_many", file=files[0].parent.name, found=total, expected=MAX_POINTS)
    crs_of_all = _one_crs(heads, named)
    if crs_of_all is not None:
        findings += told_of(crs_of_all, heads[0].path.name)
    return PointCloud(
        tuple(head.path for head in heads),
        crs_of_all,
        _one_height(heads, named, findings),
        _around(heads),
        total,
        _any_ground(heads, part(progress, 0.8, 1.0)),
        tuple(findings),
        tuple(heads),
        left,
    )


def _checked(path: Path, left: LeftOut, progress: Progress) -> LasHead | None:
    """The header of a file whose points are where it says; None where it is damaged."""
    try:
        head = read_las_head(path)
        check_points(head, progress)
    except UnreadableFile as error:
        if error.code not in DAMAGE:
            raise
        left.take(error, path.name, said_area(path))
        return None
    return head


def suggest_cell(cloud: PointCloud) -> float:
    """Side of a cell [m], 0.25, 0.5 or 1, so that a cell has two points on average.

    Two, since points lie unevenly: at random (Poisson), an average of 2 leaves 14 % of the cells empty, an average of 1 leaves 37 %. The area is that
    of all files' boxes: where they overlap or are half empty, the density comes out too low and the cell rather too large.
    """
    area = sum(area_of(head) for head in cloud.heads)
    if area <= 0.0:
        return _COARSEST
    density = cloud.points / area
    return next((cell for cell in _CELLS if density * cell * cell >= _POINTS_A_CELL), _COARSEST)


def area_of(head: LasHead) -> float:
    """Of the box around a file's points [m²]."""
    west, south, east, north = head.bounds
    return (east - west) * (north - south)


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files named, and those of the folders named, each once, by name."""
    found: dict[Path, Path] = {}
    for path in paths:
        inside = _inside(path) if path.is_dir() else [path]
        if not inside:
            raise UnreadableFile("point_cloud.no_files", file=str(path))
        found |= {each.resolve(): each for each in inside}
    if not found:
        raise UnreadableFile("point_cloud.no_files", file="")
    if len(found) > _MOST_FILES:
        raise UnreadableFile("point_cloud.too_many_files", file="", found=len(found), expected=_MOST_FILES)
    return list(found.values())


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    except OSError as error:
        raise UnreadableFile("point_cloud.unreadable", file=str(folder)) from error


def _named(head: LasHead, given: CRS | None, findings: list[Finding]) -> Named:
    named = named_crs(head)
    if named.unknown:
        findings.append(Finding("point_cloud.unknown_crs", "warning", head.path.name))
    if named.crs is None and given is not None:
        if given.is_geographic:
            raise CrsMismatch("point_cloud.degrees", file=head.path.name)
        return Named(given, named.heights)
    return named


def _one_crs(heads: list[LasHead], named: list[Named]) -> CRS | None:
    first_crs = named[0].crs
    for head, each in zip(heads, named, strict=True):
        if each.crs is None and first_crs is not None:
            raise CrsMissing("point_cloud.some_no_crs", file=head.path.name, expected=label(first_crs))
        if each.crs is not None and first_crs is None:
            raise CrsMissing("point_cloud.some_no_crs", file=heads[0].path.name, expected=label(each.crs))
        if each.crs is not None and first_crs is not None and not same_place(each.crs, first_crs):
            raise CrsMismatch(
                "point_cloud.mixed_crs", file=head.path.name, found=label(each.crs), expected=label(first_crs)
            )
    return first_crs


def _one_height(heads: list[LasHead], named: list[Named], findings: list[Finding]) -> str | None:
    """The one vertical CRS; files that name none are taken to be in that of the others, and the user is told."""
    said = [(head, each.heights) for head, each in zip(heads, named, strict=True) if each.heights is not None]
    if not said:
        return None
    expected = said[0][1]
    for head, found in said:
        if found != expected:
            raise CrsMismatch("point_cloud.mixed_heights", file=head.path.name, found=found, expected=expected)
    if len(said) < len(heads):
        unsaid = next(head for head, each in zip(heads, named, strict=True) if each.heights is None)
        number = len(heads) - len(said)
        findings.append(
            Finding(
                "point_cloud.heights_unsaid", "warning", unsaid.path.name, expected=expected, details={"number": number}
            )
        )
    return expected


def _around(heads: list[LasHead]) -> Bounds:
    west, south, east, north = zip(*(head.bounds for head in heads), strict=True)
    return min(west), min(south), max(east), max(north)


def _any_ground(heads: list[LasHead], progress: Progress) -> bool:
    number = min(_SAMPLED_FILES, len(heads))
    for k in range(number):
        progress(k / number, "read")
        # One that turns out to be damaged is left out, and said, by who reads all of it.
        with LeftOut().unless_damaged(""):
            for portion in portions(heads[k * len(heads) // number], at_most=_SAMPLED_POINTS):
                if (portion.kind == GROUND).any():
                    return True
    return False
