"""Answering other processes of this user while a command that owns the indexes works: what ``serve`` does for them, without its page.

Not here: what they ask and hear (``passed_on``), the page (``server``).
"""

from __future__ import annotations

import secrets
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from assistant.web.passed_on import internal_routes
from assistant.web.server import listen
from vectorstore.ownership import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.qa import Assistant

_HOST: Final = "127.0.0.1"
_POLL: Final = 0.02
_PATIENCE: Final = 3


@contextmanager
def answering_others(assistant: Assistant) -> Iterator[None]:
    """While this lasts, other processes of this user may pass their questions on to ``assistant``, on loopback and with the lock file's token alone."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    with listen(_HOST, port=0) as listener:
        service = Service(_HOST, listener.getsockname()[1], secrets.token_urlsafe(32))
        app = Starlette(
            routes=internal_routes(assistant, token=service.token),
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[_HOST])],
        )
        config = uvicorn.Config(
            app, log_level="warning", server_header=False, proxy_headers=False, timeout_graceful_shutdown=_PATIENCE
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="answer others")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(_POLL)
            with assistant.answering_at(service):
                yield
        finally:
            server.should_exit = True
            thread.join()
