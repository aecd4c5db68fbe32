"""Background maps of the network that the program knows of, from ``resources/basemaps.toml``."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gis.tile_source import DEEPEST, TileFacts
from kawasolar.errors import UnreadableProfile
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from kawasolar.words import Language

_KEY = re.compile(r"[A-Za-z0-9_]{1,40}")
# Without a key between, only this machine may be asked.
_HERE = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class NetworkRules:
    """How politely tiles are asked for, and how many are kept."""

    connections: int
    timeout_s: float
    retry_s: float
    longest_retry_s: float
    megabytes: float
    days: float


@dataclass(frozen=True)
class OnlineMap:
    """A map of the network; fields as in the table."""

    key: str
    names: dict[str, str]
    credits: dict[str, str]
    url: str
    terms: str
    minzoom: int
    maxzoom: int

    @property
    def host(self) -> str:
        """Who is asked."""
        return urlsplit(self.url).hostname or ""

    @property
    def ending(self) -> str:
        """Of the tiles' files."""
        return urlsplit(self.url).path.rpartition(".")[2].lower()

    def facts(self, language: Language) -> TileFacts:
        """What the map says of itself."""
        return TileFacts(self.names[language], self.minzoom, self.maxzoom, None, self.credits[language])


@dataclass(frozen=True)
class OnlineMaps:
    """The table."""

    maps: tuple[OnlineMap, ...]
    rules: NetworkRules

    def get(self, key: str) -> OnlineMap | None:
        return next((each for each in self.maps if each.key == key), None)


@cache
def online_maps(path: Path | None = None) -> OnlineMaps:
    """Read the table.

    Raises
    ------
    UnreadableProfile
        ``basemaps.invalid``, with the file and what is wrong in it
    """
    file = path if path is not None else resource_path("basemaps.toml")
    try:
        found = tomllib.loads(file.read_text("utf-8"))
        return OnlineMaps(tuple(_online_map(row) for row in found.get("maps", [])), _rules(found))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableProfile("basemaps.invalid", file=file.name, reason=str(error)) from error


def _rules(found: dict[str, Any]) -> NetworkRules:
    network, kept = found["network"], found["cache"]
    made = NetworkRules(
        int(network["connections"]), float(network["timeout_s"]), float(network["retry_s"]), float(network["longest_retry_s"]),
        float(kept["megabytes"]), float(kept["days"]),
    )  # fmt: skip
    if not (1 <= made.connections <= 6 and made.timeout_s > 0 and made.retry_s > 0 and made.megabytes > 0):
        raise ValueError("network")
    return made


def _online_map(row: dict[str, Any]) -> OnlineMap:
    made = OnlineMap(
        str(row["key"]),
        {"ja": str(row["ja"]), "en": str(row["en"])},
        {"ja": str(row["credit_ja"]), "en": str(row["credit_en"])},
        str(row["url"]),
        str(row["terms"]),
        int(row["minzoom"]),
        int(row["maxzoom"]),
    )
    parts = urlsplit(made.url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if not safe or not parts.hostname or any(mark not in parts.path for mark in ("{z}", "{x}", "{y}")):
        raise ValueError(made.url)
    if not _KEY.fullmatch(made.key) or made.ending not in ("png", "jpg", "jpeg", "webp"):
        raise ValueError(made.key)
    if not 0 <= made.minzoom <= made.maxzoom <= DEEPEST:
        raise ValueError(f"{made.key}: {made.minzoom}–{made.maxzoom}")
    return made
