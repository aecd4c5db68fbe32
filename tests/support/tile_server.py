"""A server of map tiles on this machine."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.tiles import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

TILE = plain((1, 2, 3))


@dataclass
class Answers:
    """What the server says, and what it was asked."""

    port: int = 0
    status: int = 200
    body: bytes = TILE
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    # What was said of the tile that whoever asks has already, in each question.
    conditions: list[str] = field(default_factory=list)


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """A server, and no proxy before it."""
    answers = Answers()
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers.asked.append(self.path)
            answers.agents.add(self.headers["User-Agent"])
            had = self.headers["If-None-Match"] or self.headers["If-Modified-Since"] or ""
            answers.conditions.append(had)
            same = had != "" and had in (answers.headers.get("ETag"), answers.headers.get("Last-Modified"))
            status = 304 if same and answers.status == 200 else answers.status
            body = b"" if status in (204, 304) else answers.body
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **answers.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        answers.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield answers
        listening.shutdown()
        thread.join()
