"""The map of a plan."""

from __future__ import annotations

from ui.map.view import LAYERS, LayerName, MapView

__all__ = ["LAYERS", "LayerName", "MapView"]
