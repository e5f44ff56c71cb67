r"""A web server on 127.0.0.1 for tests, with knobs for everything a real one does wrong. Real HTTP over real sockets, in threads.

    with NewsServer() as server:
        server.add("/fire", html("<p>Fire in Brenn</p>"))
        server.add("/feed.xml", Reply(FEED, media_type="application/rss+xml", etag='"1"'))   # 304 to those who have it
        server.add("/busy", Reply(status=429, headers={"Retry-After": "1"}), html("<p>now</p>"))  # one after the other; the last stays
        server.add("/moved", redirect("/fire"))
        server.add("/slow", html("<p>late</p>", pause=2))
        server.add("/bomb", bomb(mebibytes=500))
        server.robots("User-agent: *\nDisallow: /secret")
        with Fetcher(allow_private=True, limits=QUICK) as fetcher:
            fetcher.get(server.url("/fire"))
        server.requests  # what was asked for: path, headers, time

Unknown paths answer 404, robots.txt too until it is set. Run as a module (``python -m tests.news_server FOLDER``) it serves the files
of a folder until it is interrupted, to try the program on by hand.
"""

from __future__ import annotations

import gzip
import itertools
import mimetypes
import socket
import ssl
import sys
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ingest.fetch import Limits
from tests.local_server import Listening, LocalServer

QUICK = Limits(
    max_bytes=2 * 1024 * 1024,
    connect_seconds=2,
    read_seconds=2,
    total_seconds=10,
    per_host=8,
    delay_seconds=0,
    longest_wait=2,
    backoff_seconds=0.02,
)
"""Limits for tests: no pauses, short waits."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer and how it is given."""

    body: bytes = b""
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    """Sent along, and whoever sends it back gets 304."""
    last_modified: str | None = None
    """Likewise."""
    pause: float = 0.0
    """Seconds before the answer begins."""
    drip: float = 0.0
    """Seconds between single bytes of the body."""
    drip_headers: float = 0.0
    """Seconds between single bytes of the status line and headers."""
    endless: bool = False
    """The body is sent over and over and never ends (chunked)."""
    cut_at: int | None = None
    """The connection is closed after so many bytes of the body; its length was announced in full."""
    hang_up: bool = False
    """The connection is closed instead of answering."""
    announce: int | None = None
    """A false Content-Length."""
    chunked: bool = False
    """Sent in chunks instead of with its length."""
    bare: bool = False
    """No length at all: the end of the connection is the end of the body."""
    raw: bytes | None = None
    """Sent as it is instead of an answer, then the connection is closed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. ``headers`` have lower-case names; ``at`` is monotonic, in seconds."""

    method: str
    path: str
    headers: Mapping[str, str]
    at: float
    connection: int
    """The client's port: equal where a connection was used again."""


def html(text: str, *, charset: str = "utf-8", declared: str | None = None, **knobs: Any) -> Reply:
    """A page. ``declared`` is the charset that its header names, if another one (or ``""`` for none)."""
    declared = charset if declared is None else declared
    return Reply(text.encode(charset), f"text/html; charset={declared}" if declared else "text/html", **knobs)


def redirect(to: str, *, status: int = 302, **knobs: Any) -> Reply:
    """A redirect, to a path or to anything else."""
    return Reply(status=status, headers={"Location": to}, **knobs)


def compressed(content: bytes, *, encoding: str = "gzip", **knobs: Any) -> Reply:
    """A page sent compressed: gzip, deflate (framed), raw-deflate (sent as deflate, as many servers do) or br."""
    if encoding == "gzip":
        body = gzip.compress(content)
    elif encoding == "br":
        import brotli

        body = brotli.compress(content)
    else:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS if encoding == "raw-deflate" else zlib.MAX_WBITS)
        body = deflater.compress(content) + deflater.flush()
    return Reply(body, headers={"Content-Encoding": encoding.removeprefix("raw-")}, **knobs)


def bomb(*, mebibytes: int, encoding: str = "gzip", twice: bool = False) -> Reply:
    """A small body that unpacks to so much; ``twice``: compressed once more."""
    block = b"\0" * 2**20
    if encoding == "br":
        import brotli

        compressor = brotli.Compressor()
        body = b"".join(compressor.process(block) for _ in range(mebibytes)) + compressor.finish()
    else:
        deflater = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
        body = b"".join(deflater.compress(block) for _ in range(mebibytes)) + deflater.flush()
    if twice:
        return Reply(gzip.compress(body), headers={"Content-Encoding": "gzip, gzip"})
    return Reply(body, headers={"Content-Encoding": encoding})


class NewsServer(LocalServer):
    """The server; a context manager. With ``tls`` it speaks https and ``host`` is the name in its addresses."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        super().__init__(_Handler)
        self._replies: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._host, self._scheme = host, "https" if tls else "http"
        if tls:
            # The handshake is the handler's business: done on accepting it would hold up everybody.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    def add(self, path: str, *replies: Reply) -> str:
        """Sets what ``path`` (with its query, if any) answers: the replies in turn, then the last one always. Gives its address."""
        with self._lock:
            self._replies[path] = list(replies)
        return self.url(path)

    def robots(self, text: str, **knobs: Any) -> None:
        """Sets robots.txt."""
        self.add("/robots.txt", Reply(text.encode(), "text/plain", **knobs))

    def url(self, path: str, *, host: str | None = None) -> str:
        """The address of a path, perhaps under another host name."""
        return f"{self._scheme}://{host or self._host}:{self.port}{path}"

    @property
    def requests(self) -> list[Request]:
        """All that was asked for, robots.txt included."""
        with self._lock:
            return list(self._requests)

    def asked(self, path: str) -> list[Request]:
        """The requests for one path."""
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> Reply:
        """The next reply to a request, which is written down."""
        with self._lock:
            self._requests.append(request)
            replies = self._replies.get(request.path) or [Reply(b"not here", "text/plain", status=404)]
            return replies.pop(0) if len(replies) > 1 else replies[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listening[NewsServer]
    timeout = 30
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answers with the next reply of the path."""
        news = self.server.owner
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = news.answer(Request(self.command, self.path, headers, time.monotonic(), self.client_address[1]))
        if reply.hang_up or reply.raw is not None or (reply.pause and news.ended.wait(reply.pause)):
            self.wfile.write(reply.raw or b"")
            self.close_connection = True
            return
        known = (reply.etag and headers.get("if-none-match") == reply.etag) or (
            reply.last_modified and headers.get("if-modified-since") == reply.last_modified
        )
        self._begin(reply, status=304 if known else reply.status)
        if not known:
            self._send_body(reply)

    def _begin(self, reply: Reply, *, status: int) -> None:
        named = {"ETag": reply.etag, "Last-Modified": reply.last_modified, **reply.headers}
        if status != 304:
            named["Content-Type"] = reply.media_type
            if reply.endless or reply.chunked:
                named["Transfer-Encoding"] = "chunked"
            elif reply.bare:
                named["Connection"] = "close"
            else:
                named["Content-Length"] = str(len(reply.body) if reply.announce is None else reply.announce)
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            *(f"{name}: {value}" for name, value in named.items() if value),
        ]
        head = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")
        step = 1 if reply.drip_headers else len(head)
        for start in range(0, len(head), step):
            if reply.drip_headers and self.server.owner.ended.wait(reply.drip_headers):
                break
            self.wfile.write(head[start : start + step])

    def _send_body(self, reply: Reply) -> None:
        chunked = reply.endless or reply.chunked
        body = reply.body[: reply.cut_at]
        step = 1 if reply.drip else 64 * 1024
        for _ in itertools.count() if reply.endless else range(1):
            for start in range(0, len(body), step):
                if reply.drip and self.server.owner.ended.wait(reply.drip):
                    return
                piece = body[start : start + step]
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if self.server.owner.ended.is_set():
                break
        if reply.cut_at is not None or reply.bare or reply.announce is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_WR)
        elif chunked:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Says nothing: ``NewsServer.requests`` has it all."""


def serve_folder(folder: Path) -> None:
    """Serves the files of a folder until it is interrupted, each under its name."""
    with NewsServer() as server:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                address = server.add("/" + quote(path.relative_to(folder).as_posix()), Reply(path.read_bytes(), media_type))
                sys.stdout.write(address + "\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    serve_folder(Path(sys.argv[1]))
