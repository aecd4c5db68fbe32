"""Files that only point to other files or to the network are not followed."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from pyproj import CRS
from shapely.geometry import box

from gis.drivers import check_vector, raster_driver, stored_tables
from gis.errors import UnreadableFile
from gis.outlines import read_outlines
from gis.raster import read_surface

ZONE_9 = CRS.from_epsg(6677)
X, Y = -20000.0, -44000.0


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that writes down who asks."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET  # noqa: N815

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def surface(tmp_path: Path) -> Path:
    path = tmp_path / "real.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=20, width=20, count=1, dtype="float32", crs="EPSG:6677",
        transform=rasterio.transform.from_origin(X, Y, 1, 1),
    ) as file:  # fmt: skip
        file.write(np.ones((20, 20), np.float32), 1)
    return path


def test_descriptions_named_as_surfaces_are_refused(
    tmp_path: Path, surface: Path, listener: tuple[str, list[str]]
) -> None:
    address, asked = listener
    vrt = (
        '<VRTDataset rasterXSize="20" rasterYSize="20"><SRS>EPSG:6677</SRS><GeoTransform>{x}, 1, 0, {y}, 0, -1</GeoTransform>'
        '<VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename>{source}</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    wms = (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{address}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service><DataWindow>'
        "<UpperLeftX>-20037508</UpperLeftX><UpperLeftY>20037508</UpperLeftY><LowerRightX>20037508</LowerRightX>"
        "<LowerRightY>-20037508</LowerRightY><TileLevel>2</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY>"
        "<YOrigin>top</YOrigin></DataWindow><Projection>EPSG:3857</Projection><BandsCount>1</BandsCount></GDAL_WMS>"
    )
    for text in (vrt.format(x=X, y=Y, source=surface), vrt.format(x=X, y=Y, source=f"/vsicurl/{address}/x.tif"), wms):
        path = tmp_path / "dsm.tif"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UnreadableFile):
            read_surface(path, crs="EPSG:6677")
    assert asked == []


def test_descriptions_named_as_outlines_are_refused(tmp_path: Path, listener: tuple[str, list[str]]) -> None:
    address, asked = listener
    real = tmp_path / "real.gpkg"
    gpd.GeoDataFrame({"id": [1]}, geometry=[box(X, Y, X + 9, Y + 9)], crs=6677).to_file(real)
    feature = (
        '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]]]}}'
    )
    texts = {
        "vrt.gpkg": f'<OGRVRTDataSource><OGRVRTLayer name="real"><SrcDataSource>{real}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
        "wfs.gpkg": f"<OGRWFSDataSource><URL>{address}/wfs</URL></OGRWFSDataSource>",
        "link.geojson": f'{{"type":"FeatureCollection","crs":{{"type":"link","properties":{{"href":"{address}/crs"}}}},"features":[{feature}]}}',
        "esri.geojson": f'{{"geometryType":"esriGeometryPolygon","spatialReference":{{"wkt":"{address}"}},"features":[]}}',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(UnreadableFile):
            read_outlines(tmp_path / name, ZONE_9)
    assert asked == []


def test_what_is_known_passes(tmp_path: Path, surface: Path) -> None:
    assert raster_driver(surface) == "GTiff"
    (tmp_path / "a.asc").write_text("NCOLS 2\nNROWS 2\n", encoding="ascii")
    assert raster_driver(tmp_path / "a.asc") == "AAIGrid"
    frame = gpd.GeoDataFrame({"id": [1]}, geometry=[box(X, Y, X + 9, Y + 9)], crs=6677)
    for name in ("a.gpkg", "a.shp", "a.geojson"):
        frame.to_file(tmp_path / name)
        check_vector(tmp_path / name)
    assert stored_tables(tmp_path / "a.shp") is None
    assert "a" in (stored_tables(tmp_path / "a.gpkg") or set())
