"""Building areas of the GSI, against what another program made of them, and against shapes drawn here."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from gis.errors import UnreadableFile
from gis.fgd_buildings import BUILDING_KINDS, read_fgd_buildings
from gis.progress import Cancelled
from tests.support.fgd import building_text, dataset, house, line_file, packed, patch_text, ring_text, square

if TYPE_CHECKING:
    from pathlib import Path

    from gis.findings import Finding

ZONE = CRS.from_epsg(6677)
LONLAT = CRS.from_epsg(6668)
NAME = "FG-GML-533935-BldA-20250101-0001.xml"
BIG = square(35.7, 139.7, 1e-3)
HOLE = square(35.7002, 139.7002, 2e-4)
HOLE_2 = square(35.7006, 139.7006, 2e-4)


def write(folder: Path, *features: str, name: str = NAME, encoding: str = "utf-8", declared: str = "UTF-8") -> Path:
    path = folder / name
    path.write_bytes(dataset(*features, encoding=declared).encode(encoding))
    return path


def read(folder: Path, *features: str, target: CRS = LONLAT) -> tuple[gpd.GeoDataFrame, dict[str, Finding]]:
    frame, findings = read_fgd_buildings([write(folder, *features)], target)
    return frame, {finding.code: finding for finding in findings}


def drawn(corners: list[tuple[float, float]], *holes: list[tuple[float, float]]) -> shapely.Polygon:
    """As it should come out: longitude first."""
    return shapely.Polygon([c[::-1] for c in corners], [[c[::-1] for c in hole] for hole in holes])


@pytest.mark.realdata
def test_against_another_reader(realdata: Path) -> None:
    frame, findings = read_fgd_buildings([realdata / "gsi" / "BldA_533946.xml"], ZONE)
    path = realdata / "gsi" / "BldA_533946_expected.geojson"
    # It says JGD2000, the source JGD2011: the numbers are the same, and so is what they are taken for here.
    expected = gpd.GeoDataFrame.from_features(json.loads(path.read_text("utf-8")), crs=LONLAT).to_crs(ZONE)
    assert findings == ()
    assert frame["building_id"].tolist() == expected["fid"].tolist()
    np.testing.assert_allclose(frame.area, expected.area, rtol=1e-6)
    assert shapely.equals_exact(frame.geometry.normalize(), expected.geometry.normalize(), 1e-6).all()
    assert [len(shape.interiors) for shape in frame.geometry] == [10, 0, 1, 3, 0, 0, 0]
    pairs = set(zip(frame["kind"], expected["type"], strict=True))
    assert pairs == {("普通建物", 0), ("堅ろう建物", 1), ("普通無壁舎", 2), ("堅ろう無壁舎", 3)}
    assert set(frame["kind"]) == set(BUILDING_KINDS)
    assert frame.crs == ZONE


def test_latitude_comes_first_and_the_plane_has_metres(tmp_path: Path) -> None:
    frame, said = read(tmp_path, house("B1", 35.7, 139.7, 1e-3), target=ZONE)
    assert not said
    x, y = Transformer.from_crs(6668, 6677, always_xy=True).transform(139.7, 35.7)
    assert frame.total_bounds[:2] == pytest.approx((x, y), abs=1.0)
    assert frame.area[0] == pytest.approx(111.0 * 90.5, rel=0.01)


@pytest.mark.parametrize("kind", BUILDING_KINDS)
def test_kinds(tmp_path: Path, kind: str) -> None:
    frame, said = read(tmp_path, house("B1", kind=kind))
    assert frame["kind"].tolist() == [kind]
    assert not said


def test_a_kind_that_nobody_knows_stays(tmp_path: Path) -> None:
    frame, said = read(tmp_path, house("B1", kind="塔"), house("B2", 35.8, kind=""))
    assert frame["kind"].tolist() == ["塔", ""]
    assert said["fgd.kinds_strange"].found == "塔, –"


@given(st.sets(st.integers(1, 3), max_size=3), st.lists(st.booleans(), min_size=4, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rings_in_any_pieces(tmp_path: Path, cuts: set[int], turned: list[bool]) -> None:
    ends = [0, *sorted(cuts), 4]
    pieces = [BIG[a : b + 1] for a, b in pairwise(ends)]
    # The first piece says which way round; a later one may be written backwards.
    pieces = [pieces[0], *(p[::-1] if back else p for p, back in zip(pieces[1:], turned, strict=False))]
    text = building_text("B1", patch_text(ring_text(pieces), ring_text([HOLE]), ring_text([HOLE_2[:3], HOLE_2[2:]])))
    frame, said = read(tmp_path, text)
    assert not said
    assert frame.geometry[0].equals(drawn(BIG, HOLE, HOLE_2))


def test_linear_rings_single_positions_and_several_segments(tmp_path: Path) -> None:
    corners = "".join(f"<gml:pos>{lat!r} {lon!r}</gml:pos>" for lat, lon in BIG)
    linear = f"<gml:LinearRing>{corners}</gml:LinearRing>"
    one = ring_text([BIG[:3], BIG[2:]]).replace(
        "</gml:segments></gml:Curve></gml:curveMember><gml:curveMember><gml:Curve><gml:segments>", ""
    )
    assert one.count("curveMember>") == 2
    frame, said = read(tmp_path, building_text("B1", patch_text(linear)), building_text("B2", patch_text(one)))
    assert not said
    assert frame.geometry.geom_equals(gpd.GeoSeries([drawn(BIG)] * 2, crs=LONLAT)).all()


def test_several_patches_are_one_building(tmp_path: Path) -> None:
    other = square(35.702, 139.702, 1e-3)
    text = building_text("B2", patch_text(ring_text([BIG]), ring_text([HOLE])), patch_text(ring_text([other])))
    frame, said = read(tmp_path, house("B1"), text, house("B3"))
    assert not said
    assert frame["building_id"].tolist() == ["B1", "B2", "B3"]
    assert frame.geometry[1].equals(shapely.MultiPolygon([drawn(BIG, HOLE), drawn(other)]))
    assert frame.geometry[2].equals(frame.geometry[0])


BROKEN = {
    "odd": house("X").replace("139.7\r", "\r", 1),
    "words": house("X").replace("139.7\r", "here\r", 1),
    "nan": house("X").replace("139.7\r", "nan\r", 1),
    "endless": house("X").replace("139.7\r", "1e999\r", 1),
    "elsewhere": house("X", 10.0, 10.0),
    "nowhere": house("X", 1e20, 1e20),
    "open": building_text("X", patch_text(ring_text([BIG[:4]]))),
    "gap": building_text("X", patch_text(ring_text([BIG[:2], BIG[2:]]))),
    "two corners": building_text("X", patch_text(ring_text([[BIG[0], BIG[1], BIG[0]]]))),
    "no width": building_text("X", patch_text(ring_text([[BIG[0], BIG[1], BIG[0], BIG[0]]]))),
    "no ring": building_text("X", patch_text("")),
    "no patch": building_text("X"),
    "hole only": building_text("X", f"<gml:interior>{ring_text([BIG])}</gml:interior>"),
    "broken hole": building_text("X", patch_text(ring_text([BIG]), ring_text([HOLE[:3]]))),
    "arc": building_text("X", patch_text(ring_text([BIG]).replace("LineStringSegment", "ArcString"))),
    "height": house("X").replace('srsName="', 'srsDimension="3" srsName="', 1),
    "no corners": building_text("X", patch_text(ring_text([[]]))),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_broken_is_left_out_and_said(tmp_path: Path, kind: str) -> None:
    frame, said = read(tmp_path, house("B1"), BROKEN[kind], house("B2", 35.8))
    assert frame["building_id"].tolist() == ["B1", "B2"]
    assert list(said) == ["fgd.buildings_broken"]
    assert said["fgd.buildings_broken"].found == "X"
    assert said["fgd.buildings_broken"].details["count"] == 1
    alone, _ = read(tmp_path, BROKEN[kind])
    assert len(alone) == 0
    assert alone.crs == LONLAT


def test_many_broken_ones_are_counted_and_few_named(tmp_path: Path) -> None:
    texts = [BROKEN["gap"].replace('"X', f'"X{k}').replace(">X<", f">X{k}<") for k in range(3000)]
    _, said = read(tmp_path, *texts)
    finding = said["fgd.buildings_broken"]
    assert finding.details["count"] == 3000
    assert finding.found == "X0, X1, X2, X3, X4 …"


def test_an_outline_that_crosses_itself_is_mended(tmp_path: Path) -> None:
    bow = [BIG[0], BIG[2], BIG[1], BIG[3], BIG[0]]
    frame, said = read(tmp_path, building_text("B1", patch_text(ring_text([bow]))), target=ZONE)
    assert said["fgd.buildings_mended"].found == "B1"
    assert frame.geometry.is_valid.all()
    assert frame.area[0] == pytest.approx(111.0 * 90.5 / 2, rel=0.01)


def test_ids_are_unique_and_copies_go(tmp_path: Path) -> None:
    first = [house("B1"), house("B1", 35.8), house("B2", 35.9), house("", 36.0).replace('gml:id=""', 'gml:id="G1"')]
    second = [house("B2", 35.9), house("B1-2", 36.1), house("B1", 35.8)]
    paths = [write(tmp_path, *first), write(tmp_path, *second, name="b.xml")]
    frame, findings = read_fgd_buildings(paths, ZONE)
    said = {finding.code: finding for finding in findings}
    assert frame["building_id"].tolist() == ["B1", "B1-3", "B2", "G1", "B1-2"]
    assert frame["building_id"].is_unique
    assert said["fgd.buildings_twice"].details["count"] == 2
    assert said["fgd.buildings_renamed"].details["count"] == 1


def test_lines_are_refused_by_name(tmp_path: Path) -> None:
    name = "FG-GML-533935-BldL-20250101-0001.xml"
    path = tmp_path / name
    path.write_text(line_file(), encoding="utf-8")
    archive = packed(tmp_path / "a.zip", {name: line_file()})
    for given_path, told in ((path, name), (archive, f"a.zip/{name}")):
        with pytest.raises(UnreadableFile, match=r"fgd\.lines") as caught:
            read_fgd_buildings([given_path], ZONE)
        assert caught.value.details["file"] == told
    everything = packed(tmp_path / "all.zip", {name: line_file(), NAME: dataset(house("B1")), "fmdid1.xml": "<a/>"})
    frame, findings = read_fgd_buildings([everything], ZONE)
    assert len(frame) == 1
    assert [finding.code for finding in findings] == ["fgd.lines_passed_over"]


def test_what_else_is_refused(tmp_path: Path) -> None:
    for features in (['<DEM gml:id="D"/>'], ["<RdEdg/>"], []):
        with pytest.raises(UnreadableFile, match=r"fgd\.not_buildings"):
            read(tmp_path, *features)
    with pytest.raises(UnreadableFile, match=r"fgd\.no_buildings"):
        read_fgd_buildings([packed(tmp_path / "a.zip", {"a.xml": dataset("<RdEdg/>")})], ZONE)
    for srs in ("fguuid:mars.bl", "EPSG:4326", None):
        with pytest.raises(UnreadableFile, match=r"fgd\.crs"):
            read_fgd_buildings([write(tmp_path, house("B1", srs=srs))], ZONE)


def test_old_and_new_systems_together(tmp_path: Path) -> None:
    systems = ("fguuid:jgd2000.bl", "fguuid:jgd2011.bl", "fguuid:jgd2024.bl")
    texts = [house(f"B{k}", 38.3, 141.0 + 0.01 * k, srs=srs) for k, srs in enumerate(systems)]
    frame, _ = read(tmp_path, *texts, target=ZONE)
    for k, code in enumerate((4612, 6668, 6668)):
        move = Transformer.from_crs(code, 6677, always_xy=True)
        corner = shapely.Point(move.transform(141.0 + 0.01 * k, 38.3))
        assert corner.distance(frame.geometry[k].boundary) < 0.01


@pytest.mark.parametrize(("declared", "codec"), [("UTF-8", "utf-8-sig"), ("Shift_JIS", "shift_jis"), ("EUC-JP", "euc_jp")])  # fmt: skip
def test_encodings(tmp_path: Path, declared: str, codec: str) -> None:
    path = write(tmp_path, house("B1", kind="堅ろう無壁舎"), encoding=codec, declared=declared)
    assert read_fgd_buildings([path], ZONE)[0]["kind"].tolist() == ["堅ろう無壁舎"]
    with pytest.raises(UnreadableFile, match=r"fgd\.encoding"):
        read_fgd_buildings([write(tmp_path, house("B1"), encoding="shift_jis")], ZONE)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.fgd_buildings.MOST_BUILDINGS", 2)
    assert len(read(tmp_path, house("B1"), house("B2"))[0]) == 2
    with pytest.raises(UnreadableFile, match=r"fgd\.too_many"):
        read(tmp_path, house("B1"), house("B2"), house("B3"))
    monkeypatch.setattr("gis.fgd_buildings._LONGEST", 10_000)
    ring = ring_text([BIG * 500])
    for harm in (ring, "<gml:Ring><gml:LinearRing/></gml:Ring>" * 200):
        with pytest.raises(UnreadableFile, match=r"fgd\.too_large"):
            read(tmp_path, building_text("B1", patch_text(harm)))


def test_memory_holds_corners_and_not_the_file(tmp_path: Path) -> None:
    texts = [house(f"B{k}", 35.0 + 1e-5 * k) for k in range(4000)]
    padding = "<name>" + "x" * 4000 + "</name>"
    read(tmp_path, house("warm"))
    path = write(tmp_path, *(text.replace("<type>", padding + "<type>") for text in texts))
    assert path.stat().st_size > 16 << 20
    tracemalloc.start()
    frame, _ = read_fgd_buildings([path], ZONE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(frame) == 4000
    assert peak < 8 << 20


def test_progress_and_stop(tmp_path: Path) -> None:
    path = write(tmp_path, *(house(f"B{k}", 35.0 + 1e-4 * k) for k in range(2500)))
    shares: list[float] = []
    read_fgd_buildings([path, path], ZONE, lambda share, what: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    for limit in (0.0, 0.3, 0.85):

        def stop(share: float, what: str, limit: float = limit) -> None:
            if share > limit:
                raise Cancelled

        with pytest.raises(Cancelled):
            read_fgd_buildings([path, path], ZONE, stop)


@given(st.integers(0, 10**9), st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 255)), max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_are_refused_or_read(tmp_path: Path, cut: int, flips: list[tuple[int, int]]) -> None:
    whole = bytearray(dataset(house("B1"), BROKEN["broken hole"], house("B2", 35.8)).encode())
    for place, value in flips:
        whole[place % len(whole)] = value
    path = tmp_path / "a.xml"
    path.write_bytes(bytes(whole[: cut % len(whole)] if cut % 3 else whole))
    with suppress(UnreadableFile):
        frame, _ = read_fgd_buildings([path], ZONE)
        assert frame.geometry.is_valid.all()
        assert (frame.area > 0).all()
