"""Tiles of a map in the network: from the user's cache, else asked for, politely; only after a person has turned that on."""

from __future__ import annotations

import http.client
import re
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from gis.tile_source import MOST_BYTES, TileFacts, TileUnavailable, is_picture
from kawasolar import __version__
from kawasolar.tile_shelf import Shelf

if TYPE_CHECKING:
    from email.message import Message

    from kawasolar.basemaps import NetworkRules, OnlineMap
    from kawasolar.tile_shelf import Kept
    from kawasolar.words import Language

_DAY_S = 86_400.0
# A server may say that a tile is good for seconds only: nobody needs it anew at each pan. Nor is one kept for ever.
_LEAST_KEPT_S, _MOST_KEPT_S = 3_600.0, 365 * _DAY_S
# There is no such tile: asked again after this time.
_ABSENT_S = _DAY_S
_ABSENT = (204, 404, 410)
_NOT_MODIFIED = 304
_ETAG = re.compile(r'(?:W/)?"[!#-~]{0,200}"')
_TIME = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,10})")
_NO_STORE, _NO_CACHE = re.compile(r"(?:^|[\s,])no-store\b"), re.compile(r"(?:^|[\s,])no-cache\b")


_LINUX_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
)


class OnlineTiles:
    """A map of the network; see :class:`gis.tile_source.TileSource`. Several threads may read.

    Attributes
    ----------
    trouble : str
        Code of what keeps tiles from coming just now, for a message: ``offline`` (nobody answers), ``refused`` (somebody does, but not
        with a tile); empty while all is well.
    """

    def __init__(self, online: OnlineMap, rules: NetworkRules, shelf: Shelf, language: Language) -> None:
        self._map, self._rules, self._shelf = online, rules, shelf
        self._facts = online.facts(language)
        self._lock = threading.Lock()
        self._wait, self._again_at = 0.0, 0.0
        self.trouble = ""
        self._opener = _opener()

    @property
    def facts(self) -> TileFacts:
        return self._facts

    def read(self, z: int, x: int, y: int) -> bytes | None:
        if not self._facts.holds(z, x, y):
            return None
        place = self._place(z, x, y)
        kept = self._shelf.take(place)
        if kept is not None and kept.data and not is_picture(kept.data):
            # A disk that failed, or somebody who wrote there.
            kept = None
        if kept is not None and kept.fresh:
            return kept.data or None
        try:
            return self._fetch(self._map.url.format(z=z, x=x, y=y), place, kept)
        except TileUnavailable:
            if kept is None:
                raise
            # Out of date is better than nothing.
            return kept.data or None

    def forget(self, z: int, x: int, y: int) -> None:
        """Let go of a kept tile that cannot be unpacked: it is had anew when it is read again."""
        self._shelf.drop(self._place(z, x, y))

    def _place(self, z: int, x: int, y: int) -> str:
        return f"{self._map.key}/{z}/{x}/{y}.{self._map.ending}"

    def close(self) -> None:
        """Nothing is held."""

    def _fetch(self, url: str, place: str, kept: Kept | None) -> bytes | None:
        """Ask for a tile; where an older one is kept, only whether there is another by now."""
        with self._lock:
            if time.monotonic() < self._again_at:
                raise TileUnavailable
        known = _asked_with(kept.tag) if kept is not None else {}
        words = {"User-Agent": f"KawaSolar/{__version__} (desktop planning program)", **known}
        request = urllib.request.Request(url, headers=words)  # noqa: S310 -- https, as the table was checked
        try:
            with self._opener.open(request, timeout=self._rules.timeout_s) as answer:
                status, said = int(answer.status), answer.headers
                data = b"" if status in _ABSENT else answer.read(MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code not in _ABSENT and not (error.code == _NOT_MODIFIED and known):
                raise self._failed("refused") from error
            status, said, data = error.code, error.headers, b""
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._failed("offline") from error
        absent, same = status in _ABSENT, status == _NOT_MODIFIED
        if not absent and not same and (len(data) > MOST_BYTES or not is_picture(data)):
            # The page of somebody in between, who wants a password.
            raise self._failed("refused")
        with self._lock:
            self._wait, self._again_at, self.trouble = 0.0, 0.0, ""
        tag = _tag_of(said)
        if same and kept is not None:
            data, tag = kept.data, tag or kept.tag
        for_how_long = str(said.get("Cache-Control", "")).lower() if said is not None and not absent else ""
        if not _NO_STORE.search(for_how_long):
            self._shelf.put(place, data, _ABSENT_S if absent else self._kept_for(for_how_long), tag)
        return data or None

    def _kept_for(self, said: str) -> float:
        """How long a tile is good for [s]."""
        age = _MAX_AGE.search(said)
        told = 0.0 if _NO_CACHE.search(said) else float(age[1]) if age else self._rules.days * _DAY_S
        return min(max(told, _LEAST_KEPT_S), _MOST_KEPT_S)

    def _failed(self, trouble: str) -> TileUnavailable:
        """Ask nobody for a while, twice as long each time."""
        with self._lock:
            if time.monotonic() >= self._again_at:
                self._wait = min(max(2 * self._wait, self._rules.retry_s), self._rules.longest_retry_s)
                self._again_at = time.monotonic() + self._wait
            self.trouble = trouble
        return TileUnavailable()


def _tag_of(said: Message | None) -> str:
    """By what a server knows a tile again: its own mark, else the time of its change, as one line; empty where it gives neither."""
    if said is None:
        return ""
    mark, changed = str(said.get("ETag", "")).strip(), str(said.get("Last-Modified", "")).strip()
    if _ETAG.fullmatch(mark):
        return mark
    return changed if _TIME.fullmatch(changed) else ""


def _asked_with(tag: str) -> dict[str, str]:
    """The words that ask for a tile only if it is another than this; none where the tag is none (the cache may be damaged)."""
    if _ETAG.fullmatch(tag):
        return {"If-None-Match": tag}
    return {"If-Modified-Since": tag} if _TIME.fullmatch(tag) else {}


def user_shelf(rules: NetworkRules, root: Path | None = None) -> Shelf:
    """The user's own cache of tiles."""
    from platformdirs import user_cache_path

    return Shelf(
        root if root is not None else user_cache_path("KawaSolar", appauthor=False) / "basemaps", rules.megabytes
    )


def _trusted() -> ssl.SSLContext:
    """Whom the system trusts. A frozen program looks for that where the system that it was built on has it."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if sys.platform.startswith("linux") and not paths.cafile and not paths.capath:
        known = next((path for path in _LINUX_CERTIFICATES if Path(path).is_file()), None)
        if known is not None:
            context.load_verify_locations(known)
    return context


def _opener() -> urllib.request.OpenerDirector:
    """The system's proxy, http and https, and nothing else: no files, and nobody is followed to another host."""
    made = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(context=_trusted()),
        urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor(),
    ):  # fmt: skip
        made.add_handler(handler)
    return made
