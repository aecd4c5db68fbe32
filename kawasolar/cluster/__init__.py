"""Surveys larger than a plan: the roofs of a city, a prefecture or a nation as a GeoParquet dataset, here or on a Dask cluster.

    inputs ──► job folder (DIR/.work) ──► one task a tile, anywhere ──► part files ──► buildings.parquet, survey.json

A task opens all it needs from the job folder and writes its part itself; between processes go names and counts only.
"""
