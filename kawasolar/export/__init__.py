"""What leaves the program: site lists, GeoPackage for QGIS, the map as a picture."""
