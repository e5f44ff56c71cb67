"""The HTTP server of the page: what is served, to whom, and how it starts. Layout is in ``page``, refusals and headers in ``guard``."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import secrets
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from assistant.web.api import Endpoints
from assistant.web.guard import Guard
from assistant.web.passed_on import internal_routes
from assistant.web.tools import offer_tools
from vectorstore.errors import SettingsError
from vectorstore.ownership import Service
from vectorstore.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.qa import Assistant

LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "::1", "[::1]", "testserver")


def create_app(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    uploads: Path | None = None,
    token: str | None = None,
    mcp: bool = False,
) -> FastAPI:
    """The page as an ASGI application, answering only requests for this machine's own names and ``host``.

    ``uploads`` is the folder that dropped files wait in until they have been read (by default a new temporary one). An article that was
    dropped is known by its path in there, so a folder that stays keeps a file that is dropped again from being a second article.
    ``token`` lets in other processes of this user, which pass their questions on; without one, none can. ``mcp`` offers the named endpoints
    as tools at ``/mcp`` too.

    Raises:
        SettingsError: ``mcp`` is wanted, but its package is missing.
    """
    take_gradio_environment(uploads or Path(tempfile.mkdtemp(prefix="fundstelle-")))
    # Late: gradio is heavy, and reads its switches as it is imported.
    from assistant.web.page import mount_page

    app = FastAPI(title="Fundstelle", docs_url=None, redoc_url=None, openapi_url=None)
    endpoints = Endpoints(assistant)
    if token:
        app.router.routes.extend(internal_routes(assistant, token=token))
    if mcp:
        offer_tools(app, endpoints, hosts=[*LOCAL_HOSTS, host])

    async def mount() -> None:
        mount_page(app, assistant, endpoints=endpoints)

    # In an event loop: outside one, gradio opens some for its locks and never closes them. In a thread: the caller may have a loop of its own.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(lambda: asyncio.run(mount())).result()
    app.add_middleware(Guard, tools=mcp)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted({*LOCAL_HOSTS, host}), www_redirect=False)
    return app


def serve(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    uploads: Path | None = None,
    mcp: bool = False,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve the page until interrupted. ``announce`` is called with its address once it answers; port 0 takes a free one.

    Meanwhile other processes of this user may pass their questions on to it. ``mcp`` and ``uploads`` as for ``create_app``, by default a folder in the cache.

    Raises:
        SettingsError: ``host`` is not this machine alone, or the port cannot be had.
    """
    import uvicorn

    class AnnouncingServer(uvicorn.Server):
        """Says where it listens once it does."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                open_doors.enter_context(assistant.answering_at(service))
                if announce:
                    announce(address)

    with listen(host, port=port) as listener, ExitStack() as open_doors:
        shown = f"[{host}]" if ":" in host else host
        bound = listener.getsockname()
        address = f"http://{shown}:{bound[1]}/"
        service = Service(bound[0], bound[1], secrets.token_urlsafe(32))
        kept = uploads or read_settings().cache / "uploads"
        app = create_app(assistant, host=host, uploads=kept, token=service.token, mcp=mcp)
        config = uvicorn.Config(app, log_level="warning", server_header=False, proxy_headers=False, timeout_graceful_shutdown=3)
        AnnouncingServer(config).run(sockets=[listener])


def listen(host: str, *, port: int) -> socket.socket:
    """A socket bound to ``host`` and ``port``.

    Raises:
        SettingsError: ``host`` is not this machine alone, or the port cannot be had.
    """
    if not is_loopback(host):
        message = (
            f"The page is not served on {host!r}: it has no login yet, so anyone who reaches it could read the library. "
            "Use 127.0.0.1 (the default), localhost or ::1."
        )
        raise SettingsError(message)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A server that was just stopped leaves its port waiting; elsewhere the option would share a port that is in use.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            message = f"Port {port} on {host} is taken, perhaps by Fundstelle in another window. Choose another one with --port."
        else:
            message = f"Port {port} on {host} cannot be used: {error}. Choose another one with --port."
        raise SettingsError(message) from error
    return listener


def is_loopback(host: str) -> bool:
    """Whether ``host`` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def take_gradio_environment(uploads: Path) -> None:
    """Take every ``GRADIO_*`` variable out of this process, and give gradio ``uploads``, readable by this user alone, for its files.

    Those variables turn on sharing, analytics, run history, extra folders, an MCP server, code editing and more; what this page does is
    said in ``page`` and ``guard``, and nowhere else. Some are read when gradio is imported, so this comes first.
    """
    for name in [name for name in os.environ if name.upper().startswith("GRADIO_")]:
        del os.environ[name]
    uploads.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The only way to tell gradio; its own default is a folder in /tmp that everyone on the machine shares.
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
