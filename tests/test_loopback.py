"""The guard of the whole suite (``conftest.py``): nothing leaves this machine, in whatever thread and through whatever library."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress

import httpx
import pytest

from tests.news_server import NewsServer, html

ELSEWHERE = "192.0.2.1"
"""An address of nobody (RFC 5737)."""


def test_connections_that_leave_are_refused(loopback_only: list[str]) -> None:
    """By address and by name, over TCP and UDP, and through an HTTP client."""
    with pytest.raises(PermissionError, match=ELSEWHERE):
        socket.create_connection((ELSEWHERE, 80), timeout=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, pytest.raises(PermissionError):
        datagrams.sendto(b"hello", (ELSEWHERE, 53))
    with pytest.raises(PermissionError, match=r"news\.example"):
        socket.getaddrinfo("news.example", 80)
    with pytest.raises((PermissionError, httpx.TransportError)):
        httpx.get("http://news.example/", trust_env=False)
    assert len(loopback_only) == 4
    loopback_only.clear()


def test_what_is_refused_in_a_thread_is_remembered(loopback_only: list[str]) -> None:
    """A test fails for it even where the library swallows the error."""

    def quietly() -> None:
        with suppress(OSError):
            asyncio.run(asyncio.open_connection(ELSEWHERE, 80))

    thread = threading.Thread(target=quietly)
    thread.start()
    thread.join()
    assert loopback_only == [f"socket.connect {ELSEWHERE}"]
    loopback_only.clear()


def test_this_machine_may_be_reached(news_server: NewsServer, loopback_only: list[str]) -> None:
    """By address and by name."""
    news_server.add("/", html("here"))
    assert httpx.get(news_server.url("/"), trust_env=False).text == "here"
    assert httpx.get(news_server.url("/", host="localhost"), trust_env=False).text == "here"
    assert loopback_only == []
