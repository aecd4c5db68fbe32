"""PLATEAU city models (CityGML 2.0, i-UR 1.4 to 3.x) as outlines with attributes, and roofs to lay on a surface.

Read as a stream, building by building; what a building's element says is in :mod:`gis.plateau_building`. The files may be anybody's: no document type, no
entities, nothing fetched, nothing read beside what is named.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from lxml import etree

from gis.archives import DAMAGED
from gis.citygml import opened
from gis.errors import UnreadableFile
from gis.findings import Finding
from gis.gml_stream import GmlStream
from gis.left_out import LeftOut
from gis.plateau_building import HAZARDS, Building, building_of
from gis.plateau_codes import read_code_lists
from gis.plateau_place import Rings, Roofs, moved, outlines_of, own_crs, told_of_places, zone_of_prefecture
from gis.progress import Progress, part, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.plateau_building import Polygon

_BUILDING_SPACES = tuple(f"http://www.opengis.net/citygml/building/{version}" for version in ("2.0", "1.0"))
_BUILDINGS = tuple(f"{{{space}}}Building" for space in _BUILDING_SPACES)
# What else stands below the model, and is let go as soon as it ends.
_MEMBERS = tuple(
    f"{{http://www.opengis.net/citygml/{space}}}{name}"
    for space, name in (
        ("2.0", "cityObjectMember"), ("1.0", "cityObjectMember"), ("appearance/2.0", "appearanceMember"), ("appearance/1.0", "appearanceMember"),
        ("2.0", "appearanceMember"), ("appearance/2.0", "surfaceDataMember"),
    )
)  # fmt: skip
_ENVELOPE = "{http://www.opengis.net/gml}Envelope"
_LONGEST_NAMES = 1000
_MOST_BUILDINGS = 5_000_000
# A box as high as this stands where nobody knows the height (the standard's own rule), with room for rounding [m].
UNKNOWN_BOX_M = 3.01
_MEASURES = (
    "storeys", "built_year", "survey_year", "measured_height_m", "height_m", "ground_m", "top_m", "floor_area_m2",
    *(f"{name}_depth_m" for name in HAZARDS),
)  # fmt: skip
# Columns of codes, whose words stand in lists beside the model.
_CODED = ("usage", "structure", "landslide")
_COLUMNS = ("building_id", "gml_id", "name", "usage", "structure", "city", *_MEASURES, "landslide", "surface", "source")
_NUMBERS = dict.fromkeys(_MEASURES, np.float64)
_NAMED = 5
_LONGEST_REASON = 200


@dataclass(frozen=True)
class CityModel:
    """What the files hold.

    Attributes
    ----------
    buildings : a row each: ``building_id gml_id name usage structure city storeys built_year measured_height_m height_m ground_m top_m floor_area_m2
        flood_depth_m tsunami_depth_m storm_surge_depth_m inland_depth_m landslide surface source geometry``; ``landslide`` has the kinds of the areas that it is in, as
        codes; ``usage_name structure_name landslide_name`` what codes mean, where the lists of the model's codes lie beside it; ``height_m`` is NaN where nobody knows it,
        ``surface`` is what there is of the roof: ``lod2``, ``lod1``, ``assumed`` (a box of the standard's 3 m) or ``none``
    roofs : of LOD2 where a building has it, else of LOD1; and what stands on them (``outerBuildingInstallation``)
    heights : what they are measured from (:func:`gis.crs.height_name`), None where no file says it
    """

    buildings: gpd.GeoDataFrame
    roofs: Roofs
    findings: tuple[Finding, ...]
    heights: str | None = None

    @classmethod
    def of_outlines(cls, outlines: gpd.GeoDataFrame, findings: tuple[Finding, ...]) -> CityModel:
        """Buildings of which only the outlines are known: ``building_id geometry``."""
        frame = pd.DataFrame({name: [None] * len(outlines) for name in _COLUMNS}).astype(_NUMBERS)
        frame["building_id"] = outlines["building_id"].to_numpy()
        frame["gml_id"], frame["surface"], frame["source"] = frame["building_id"], "none", ""
        nothing = np.zeros(0, np.int64)
        buildings = gpd.GeoDataFrame(frame, geometry=outlines.geometry.to_numpy(), crs=outlines.crs)
        return cls(buildings, Roofs(np.zeros((0, 3)), nothing, nothing, nothing), findings)


@dataclass
class _Store:
    """What was read so far, as columns; coordinates as they stand in the files."""

    rows: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in _COLUMNS})
    outline: Rings = field(default_factory=Rings)
    roofs: Rings = field(default_factory=Rings)
    crs: list[str] = field(default_factory=list)
    broken: int = 0
    equipped: int = 0
    lists: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def whole_or_nothing(self) -> Iterator[None]:
        """If what is read within turns out to be damaged, nothing of it stays."""
        kept = [*self.rows.values(), *self.outline.arrays, *self.roofs.arrays, self.crs]
        sizes, counts = [len(each) for each in kept], (self.broken, self.equipped)
        try:
            yield
        except UnreadableFile:
            for each, size in zip(kept, sizes, strict=True):
                del each[size:]
            self.broken, self.equipped = counts
            raise


def read_city_model(paths: Sequence[Path], target: CRS | None = None, progress: Progress = silent) -> CityModel:
    """All buildings of ``.gml`` files, archives and folders of them; of damaged files among others nothing (:mod:`gis.left_out`).

    Parameters
    ----------
    target : projected CRS in metres of the result; that of the prefecture the buildings are in unless given

    Raises
    ------
    UnreadableFile
        ``citymodel.*``; ``citymodel.unreadable`` only where no file is left
    CrsMismatch
        ``citymodel.no_zone``, ``citymodel.ellipsoidal``, ``citymodel.mixed_heights``
    gis.progress.Cancelled
        from ``progress``
    """
    store, left, count = _Store(), LeftOut(), 0
    files = [file for path in paths for file in _files(path)]
    for k, file in enumerate(files):
        with left.unless_damaged(file.name), opened(file, "citymodel") as (parts, total):
            told, done = part(progress, k / len(files), (k + 1) / len(files)), 0
            for name, size, stream in parts:
                source = f"{file.name}/{name}" if name else file.name
                count += 1
                with left.unless_damaged(source), store.whole_or_nothing():
                    _read(GmlStream(stream, source, "citymodel", told, done, total), source, store)
                done += size
    if not store.rows["gml_id"]:
        left.raise_first()
        raise UnreadableFile("citymodel.no_buildings", file=", ".join(path.name for path in paths)[:_LONGEST_NAMES])
    model = _model(store, target)
    words = read_code_lists(paths, store.lists.values())
    return replace(
        model,
        buildings=_with_words(model.buildings, store.lists, words),
        findings=(*model.findings, *left.findings(count)),
    )


def _files(path: Path) -> list[Path]:
    """The files of a folder; those of buildings, where it has such; the archives in it, where it has no others."""
    if not path.is_dir():
        if not path.is_file():
            raise UnreadableFile("citymodel.missing", file=str(path))
        return [path]
    found = sorted(file for file in path.rglob("*.gml") if file.is_file())
    found = [file for file in found if "bldg" in {*file.parent.parts, *re.split(r"[_.]", file.name)}] or found
    found = found or sorted(file for file in path.iterdir() if file.suffix.lower() == ".zip" and file.is_file())
    if not found:
        raise UnreadableFile("citymodel.no_files", file=str(path))
    return found


def _read(stream: GmlStream, name: str, store: _Store) -> None:
    """The buildings of one stream."""
    try:
        for element in _elements(stream):
            if element.tag == _ENVELOPE:
                store.crs.append(element.get("srsName", ""))
            else:
                _keep(building_of(element), name, store)
                if len(store.rows["gml_id"]) > _MOST_BUILDINGS:
                    raise UnreadableFile("citymodel.too_many", file=name, expected=_MOST_BUILDINGS)
    except (etree.XMLSyntaxError, *DAMAGED) as error:
        raise UnreadableFile("citymodel.unreadable", file=name, reason=str(error)[:_LONGEST_REASON]) from error


def _elements(stream: GmlStream) -> Iterator[etree._Element]:
    """Buildings, and the first envelope; whatever ends is let go."""
    events = etree.iterparse(
        stream, events=("end",), tag=(*_BUILDINGS, *_MEMBERS, _ENVELOPE), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    envelope = False
    for _, element in events:
        if element.getroottree().docinfo.internalDTD is not None:
            raise UnreadableFile("citymodel.entities", file=stream.name)
        if element.tag == _ENVELOPE:
            if not envelope:
                envelope = True
                yield element
            continue
        if element.tag in _BUILDINGS:
            yield element
        element.clear()
        while element.getprevious() is not None and element.getparent() is not None:
            del element.getparent()[0]
        stream.since = stream.bytes


def _keep(building: Building, source: str, store: _Store) -> None:
    row = len(store.rows["gml_id"])
    surface, roofs = _surface(building)
    numbers = building.numbers
    height = numbers.get("measured_height")
    if height is None and surface in ("lod1", "lod2") and building.top_z is not None and building.ground_z is not None:
        height = building.top_z - building.ground_z
    texts = building.texts
    values = {
        "building_id": texts.get("public_id") or building.gml_id, "gml_id": building.gml_id, "name": texts.get("name"), "usage": texts.get("usage"),
        "structure": texts.get("structure"), "city": texts.get("city"), "storeys": numbers.get("storeys"), "built_year": numbers.get("built_year"),
        "survey_year": numbers.get("survey_year"), "measured_height_m": numbers.get("measured_height"), "height_m": height,
        "ground_m": building.ground_z, "top_m": building.top_z, "floor_area_m2": numbers.get("floor_area_m2"), "surface": surface, "source": source,
        **{f"{name}_depth_m": building.depths.get(name) for name in HAZARDS}, "landslide": ";".join(building.landslide) or None,
    }  # fmt: skip
    for name, value in values.items():
        store.rows[name].append(value)
    for polygon in building.outline:
        store.outline.add(row, polygon)
    for polygon in (*roofs, *building.installations):
        store.roofs.add(row, polygon)
    store.equipped += bool(building.installations)
    store.broken += building.broken
    for name, codes in building.lists.items():
        store.lists.setdefault(name, codes)


def _surface(building: Building) -> tuple[str, list[Polygon]]:
    """What there is of a building's roof. A box of 3 m without a measured height says that nobody knows."""
    if building.roofs.get(2):
        return "lod2", building.roofs[2]
    boxes = building.roofs.get(1, [])
    if not boxes or building.top_z is None or building.ground_z is None:
        return "none", []
    guessed = "measured_height" not in building.numbers and building.top_z - building.ground_z <= UNKNOWN_BOX_M
    return ("assumed" if guessed else "lod1"), boxes


def _model(store: _Store, target: CRS | None) -> CityModel:
    findings: list[Finding] = []
    own, heights = own_crs(store.crs, findings)
    findings += told_of_places(own, store.rows["source"], store.outline)
    target = target or zone_of_prefecture(store.rows["city"])
    outline = moved(store.outline, own, target, findings)
    roofs = moved(store.roofs, own, target, findings)
    frame = pd.DataFrame(store.rows).astype(_NUMBERS)
    shapes = outlines_of(outline, len(frame))
    buildings = gpd.GeoDataFrame(frame, geometry=shapes, crs=target)
    lacking = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    buildings, roofs = _without(buildings, roofs, lacking)
    findings += _told(buildings, frame.loc[lacking, "building_id"].tolist(), store)
    buildings["building_id"] = _told_apart(buildings)
    return CityModel(buildings, roofs, tuple(findings), heights)


def _with_words(
    buildings: gpd.GeoDataFrame, lists: dict[str, str], known: dict[str, dict[str, str]]
) -> gpd.GeoDataFrame:
    """What codes mean, in the words of the lists: ``usage_name structure_name landslide_name``; None where nobody says it."""
    for name in _CODED:
        codes = known.get(lists.get(name, ""), {})
        words = [
            ";".join(filter(None, map(codes.get, found.split(";")))) or None if isinstance(found, str) else None
            for found in buildings[name]
        ]
        buildings[f"{name}_name"] = pd.Series(words, index=buildings.index, dtype=object)
    return buildings


def _without(buildings: gpd.GeoDataFrame, roofs: Roofs, lacking: NDArray[np.bool_]) -> tuple[gpd.GeoDataFrame, Roofs]:
    """Buildings that have an outline, and their roofs."""
    if not lacking.any():
        return buildings, roofs
    place = np.cumsum(~lacking) - 1
    kept = ~lacking[roofs.building]
    ring, number = kept[roofs.polygon], np.cumsum(kept) - 1
    moved = Roofs(
        roofs.xyz[np.repeat(ring, roofs.lengths)], roofs.lengths[ring], number[roofs.polygon[ring]], place[roofs.building[kept]]
    )  # fmt: skip
    return buildings[~lacking].reset_index(drop=True), moved


def _told_apart(buildings: gpd.GeoDataFrame) -> pd.Series[str]:
    """Public ids; where two buildings have one, that of the file."""
    ids = buildings["building_id"]
    return ids.where(~ids.duplicated(keep=False), buildings["gml_id"])


def _told(buildings: gpd.GeoDataFrame, lacking: list[str], store: _Store) -> list[Finding]:
    """What the user should know of the model."""
    found = []
    count = len(buildings) + len(lacking)
    for code, ids in (
        ("citymodel.no_outline", lacking),
        ("citymodel.unknown_height", _ids_of(buildings, "assumed")),
        ("citymodel.no_solid", _ids_of(buildings, "none")),
    ):
        if ids:
            named = ", ".join(map(str, ids[:_NAMED])) + (" …" if len(ids) > _NAMED else "")
            found.append(Finding(code, "warning", found=named, details={"count": len(ids), "of": count}))
    if store.equipped:
        found.append(Finding("citymodel.installations", "info", details={"count": store.equipped, "of": count}))
    if store.broken:
        found.append(Finding("citymodel.broken", "warning", found=str(store.broken)))
    return found


def _ids_of(buildings: gpd.GeoDataFrame, surface: str) -> list[str]:
    return [str(found) for found in buildings.loc[buildings["surface"] == surface, "building_id"]]
