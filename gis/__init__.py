"""Rasters, polygons and the sun over a city surface. Knows no facility, no plan, no Qt."""
