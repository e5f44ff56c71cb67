"""The HTTP server of the page: what is served, to whom, and how it starts. Layout is in ``page``, refusals and headers in ``guard``."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import secrets
import socket
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from assistant.web.api import Endpoints
from assistant.web.calls import Calls
from assistant.web.guard import Guard
from assistant.web.logins import SHORTEST_PASSWORD, Logins
from assistant.web.lookup import Lookup
from assistant.web.passed_on import internal_routes
from assistant.web.tools import offer_tools
from vectorstore.errors import SettingsError
from vectorstore.ownership import Service
from vectorstore.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from assistant.qa import Assistant

LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "::1", "[::1]", "testserver")
EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised, so that it is served with a login only


def create_app(
    assistant: Assistant,
    *,
    hosts: Iterable[str] = (),
    uploads: Path | None = None,
    token: str | None = None,
    mcp: bool = False,
    logins: Logins | None = None,
) -> FastAPI:
    """The page as an ASGI application, answering only requests for this machine's own names and ``hosts``, and those with ``logins`` if there are any.

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
    names = sorted({*LOCAL_HOSTS, *hosts})
    app.router.routes.extend([*Lookup(assistant).routes(), *Calls(endpoints).routes()])
    if token:
        app.router.routes.extend(internal_routes(assistant, token=token))
    if mcp:
        offer_tools(app, endpoints, hosts=names)

    async def mount() -> None:
        mount_page(app, assistant, endpoints=endpoints)

    # In an event loop: outside one, gradio opens some for its locks and never closes them. In a thread: the caller may have a loop of its own.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(lambda: asyncio.run(mount())).result()
    app.add_middleware(Guard, tools=mcp, logins=logins)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)
    return app


def serve(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    uploads: Path | None = None,
    mcp: bool = False,
    logins: Logins | None = None,
    trusted: Sequence[str] = (),
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve the page until interrupted. ``announce`` is called with its address once it answers; port 0 takes a free one.

    Meanwhile other processes of this user may pass their questions on to it. ``mcp``, ``logins`` and ``uploads`` as for ``create_app``, by default a folder in
    the cache. Beyond this machine it is served only with ``logins``. ``trusted`` are further names by which it may be called, needed where ``host`` is every address.

    Raises:
        SettingsError: ``host`` is not this machine alone and there are no logins or no names, or the port cannot be had.
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
                warming = threading.Thread(target=assistant.warm_up, name="warm up")
                warming.start()
                open_doors.callback(warming.join)

    check_reach(host, logins=logins, trusted=trusted)
    with ExitStack() as open_doors:
        listener = open_doors.enter_context(listen(host, port=port))
        # Other processes of this user come by way of loopback alone.
        local = listener if is_loopback(host) else open_doors.enter_context(listen("127.0.0.1", port=0))
        called = trusted[0] if host in EVERYWHERE else host
        address = f"http://{f'[{called}]' if ':' in called else called}:{listener.getsockname()[1]}/"
        reached = local.getsockname()
        service = Service(reached[0], reached[1], secrets.token_urlsafe(32))
        kept = uploads or read_settings().cache / "uploads"
        app = create_app(assistant, hosts=[host, *trusted], uploads=kept, token=service.token, mcp=mcp, logins=logins)
        config = uvicorn.Config(app, log_level="warning", server_header=False, proxy_headers=False, timeout_graceful_shutdown=3)
        AnnouncingServer(config).run(sockets=[listener] if local is listener else [listener, local])


def check_reach(host: str, *, logins: Logins | None, trusted: Sequence[str]) -> None:
    """Refuse to serve others without logins, or without a name that they may call.

    Raises:
        SettingsError: as it says.
    """
    if is_loopback(host):
        return
    if not logins:
        raise SettingsError(
            f"The page is not served on {host!r} without a login: anyone who reaches it could read the library. Use 127.0.0.1 "
            "(the default), localhost or ::1, or name who may use it: --auth user:password, or FUNDSTELLE_AUTH in the environment."
        )
    if logins.guessable:
        raise SettingsError(
            f"The password of {logins.guessable[0]!r} is too short to serve the page on {host!r}: "
            f"it needs at least {SHORTEST_PASSWORD} characters."
        )
    if host in EVERYWHERE and not trusted:
        raise SettingsError(
            f"{host!r} is every address of this machine: name the one that people type, --trusted-host 192.168.1.20 or "
            "--trusted-host news.example.org. Requests for another are refused."
        )
    if "*" in "".join([host, *trusted]):
        raise SettingsError("A trusted host is one name or address, without *.")


def listen(host: str, *, port: int) -> socket.socket:
    """A socket bound to ``host`` and ``port``.

    Raises:
        SettingsError: the port cannot be had.
    """
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
    # After every event it would make a table of the last 10,000 with pandas, for a monitor that is switched off here.
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(sys.maxsize)
