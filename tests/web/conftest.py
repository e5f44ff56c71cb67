"""A real server on a free loopback port, and Debian's Chromium to look at it."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from assistant.web.server import create_app, listen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from assistant.web.logins import Logins

CHROMIUM = Path("/usr/bin/chromium")
# No sandbox in containers; the rest keeps the browser itself from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


@contextmanager
def serving(assistant: Any, *, uploads: Path, mcp: bool = False, logins: Logins | None = None, port: int = 0) -> Iterator[str]:
    """The page of ``assistant`` on a free port or this one, in a thread, with tools and logins if wanted; gives its address without the last slash."""
    with serving_app(create_app(assistant, uploads=uploads, mcp=mcp, logins=logins), port=port) as address:
        yield address


@contextmanager
def serving_app(app: FastAPI, *, port: int = 0) -> Iterator[str]:
    """An application on a free port or this one, in a thread; gives its address without the last slash."""
    with listen("127.0.0.1", port=port) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive(), "the server stopped"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def serve_page(tmp_path: Path) -> Iterator[Callable[[Any], str]]:
    """Starts the page of an assistant; stopped after the test."""
    running = []

    def start(assistant: Any) -> str:
        context = serving(assistant, uploads=tmp_path / "uploads")
        running.append(context)
        return context.__enter__()

    yield start
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright; skipped, with the command that installs it, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
    if not CHROMIUM.exists():
        pytest.skip("no Chromium: apt-get install --no-install-recommends chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens an address in a fresh browser profile. Any request beyond this machine, page error or policy violation fails the test."""
    contexts, strangers, faults = [], [], []

    def open_address(address: str, **options: Any) -> Any:
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: strangers.append(request.url) if not local(request.url) else None)
        page.on("pageerror", lambda error: faults.append(str(error)) if _is_fault(str(error)) else None)
        page.on(
            "console",
            lambda message: faults.append(message.text) if message.type == "error" and _is_fault(message.text) else None,
        )
        page.goto(address)
        page.wait_for_selector(".intro")
        return page

    yield open_address
    for context in contexts:
        context.close()
    assert strangers == []
    assert faults == []


def _is_fault(error: str) -> bool:
    """Whether an error is one of ours. A reload aborts the stream that gradio reads: it says so on the page that is left, and Chromium does now and then.

    So does Chromium where a test ends the server on purpose.
    """
    aborted = r"(?:AbortError: )?(?:The user aborted a request|BodyStreamBuffer was aborted|signal is aborted without reason)"
    return not re.match(
        rf"{aborted}\s*(?:\n|$)|(?:TypeError: )?network error\s*$|.{{0,60}}Connection errored out\.\s*$|Failed to load resource: net::ERR_CONNECTION_REFUSED",
        error,
    )


def local(url: str) -> bool:
    """Whether fetching ``url`` stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob"} or parts.hostname == "127.0.0.1"
