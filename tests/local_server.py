"""A real HTTP server on 127.0.0.1 in threads, as a context manager: what the tests' servers have in common.

Not here: what they answer (``news_server.py``, ``chat_server.py``).
"""

from __future__ import annotations

import sys
import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

OwnerT = TypeVar("OwnerT")


class Listening(ThreadingHTTPServer, Generic[OwnerT]):
    """The socket; ``owner`` is what its handlers ask for answers."""

    daemon_threads = True
    request_queue_size = 128
    owner: OwnerT

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go are what is tested here."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class LocalServer:
    """Serves from ``__enter__`` to ``__exit__``. ``ended`` is set first of all at the end, so that no handler waits on."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self.ended = threading.Event()
        self._server: Listening[Any] = Listening(("127.0.0.1", 0), handler)
        self._server.owner = self
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
