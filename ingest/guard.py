"""Connections to checked addresses only: a host is looked up once, every address of it is checked, and one of these is connected to.

It is the network under the HTTP client: whatever asks for a connection, a redirect or a kept connection that was lost, comes through here,
so a name that resolves to a public address now and to a private one a moment later (DNS rebinding) gains nothing. Certificates are still
checked against the name. It also ends what takes too long altogether, however busy it keeps the line, and what is to be stopped.
Messages are without the address, which ``fetch.py`` puts before them. Not here: which addresses are public (``addresses.py``), HTTP (``fetch.py``).
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from ingest.addresses import is_public
from ingest.politeness import stopped
from vectorstore.errors import SourceRefused, SourceUnreachable

if TYPE_CHECKING:
    import ssl

    import httpcore

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port → IP addresses, best first; raises ``OSError`` where there are none."""

_NOTICE_EVERY = 0.2  # seconds after which somebody who waits looks whether to go on
_KEPT_CONNECTIONS = 32
_KEPT_FOR = 30.0  # seconds
_ADDRESSES_TRIED = 4


class _Closable(Protocol):
    def close(self) -> None: ...


_Opened = TypeVar("_Opened", bound=_Closable)


def system_resolve(host: str, port: int) -> Sequence[str]:
    """What the operating system finds for a host; numbers in any spelling ("0x7f.1", "2130706433") included."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(slots=True)
class _Budget:
    seconds: float
    left: float
    deadline: float = 0.0  # of the exchange under way, by the monotonic clock


class Guard:
    """Opens connections for the exchange that this thread is in. One for all threads.

    ``allow_private`` lets every address through. ``stop`` ends all that wait, within a fraction of a second.
    """

    def __init__(self, *, allow_private: bool, resolve: Resolve, stop: threading.Event) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._stop = stop
        self._thread = threading.local()

    @contextmanager
    def budget(self, *, seconds: float) -> Iterator[None]:
        """All exchanges of this thread within have ``seconds`` together; what it does between them does not count."""
        outer = getattr(self._thread, "budget", None)
        self._thread.budget = _Budget(seconds, left=seconds)
        try:
            yield
        finally:
            self._thread.budget = outer

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """What this thread sends and receives within is taken from its budget."""
        budget: _Budget = self._thread.budget
        budget.deadline = time.monotonic() + budget.left
        try:
            yield
        finally:
            budget.left = budget.deadline - time.monotonic()

    def pool(self, ssl_context: ssl.SSLContext) -> httpcore.ConnectionPool:
        """HTTP connections that all go through this guard. No proxy, whatever the environment says: it would do the looking up."""
        import httpcore

        return httpcore.ConnectionPool(
            ssl_context=ssl_context,
            max_connections=None,  # the callers' threads are as many as there can be
            max_keepalive_connections=_KEPT_CONNECTIONS,
            keepalive_expiry=_KEPT_FOR,
            # Called for connect_tcp alone.
            network_backend=cast("httpcore.NetworkBackend", self),
        )

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        """A connection to a checked address of ``host``; what httpcore calls to get one.

        Raises:
            SourceRefused: one of its addresses is not public.
            SourceUnreachable: there is no such host.
            httpcore.ConnectError: none of its addresses answers, or it cannot be looked up now.
        """
        import httpcore

        ends = time.monotonic() + (timeout or self.remaining())

        def connect() -> httpcore.NetworkStream:
            addresses = self._addresses(host, port)[:_ADDRESSES_TRIED]
            for number, address in enumerate(addresses, start=1):
                # Those that may still be tried share what time there is.
                share = max((ends - time.monotonic()) / (len(addresses) - number + 1), 0.01)
                try:
                    return httpcore.SyncBackend().connect_tcp(
                        address, port, timeout=share, local_address=local_address, socket_options=socket_options
                    )
                except (httpcore.ConnectError, httpcore.ConnectTimeout):
                    if number == len(addresses):
                        raise
            raise AssertionError  # there is at least one address, and the last returns or raises

        stream = self.in_time(connect, seconds=ends - time.monotonic())
        return cast("httpcore.NetworkStream", _GuardedStream(stream, guard=self))

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        import httpcore

        try:
            found = self._resolve(host, port)
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise httpcore.ConnectError(f"{host} cannot be looked up now ({error.strerror})") from error
            raise SourceUnreachable(f"there is no host {host} ({error.strerror}). Check the address.") from error
        except (OSError, ValueError) as error:  # labels that are too long, characters that no name has
            raise SourceUnreachable(f"{host} cannot be looked up ({error}). Check the address.") from error
        if not found:
            raise SourceUnreachable(f"{host} has no address. Check the name.")
        for address in found:
            if not self._allow_private and not is_public(address):
                where = host if host == address else f"{host} ({address})"
                raise SourceRefused(
                    f"{where} is on this machine or in a private network, and not fetched. If you trust it, use --allow-private."
                )
        return found

    def remaining(self) -> float:
        """How many seconds the exchange that this thread is in still has, more than none.

        Raises:
            SourceStopped: all are to stop.
            SourceUnreachable: the budget is used up.
        """
        if self._stop.is_set():
            raise stopped()
        budget: _Budget = self._thread.budget
        left = budget.deadline - time.monotonic()
        if left <= 0:
            raise SourceUnreachable(f"not complete after {budget.seconds:g} s. Try again later.")
        return left

    def in_time(self, connect: Callable[[], _Opened], *, seconds: float) -> _Opened:
        """What ``connect`` opens in a thread of its own: neither looking up a host nor a handshake can be interrupted.

        A thread that is not waited for any more closes what it opens after all.
        """
        import httpcore

        opened: Future[_Opened] = Future()

        def work() -> None:
            try:
                opened.set_result(connect())
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                opened.set_exception(error)

        threading.Thread(target=work, name="fundstelle-connect", daemon=True).start()
        ends = time.monotonic() + seconds
        try:
            while not opened.done():
                left = min(self.remaining(), ends - time.monotonic())
                if left <= 0:
                    raise httpcore.ConnectTimeout
                wait([opened], timeout=min(left, _NOTICE_EVERY))
        except BaseException:
            opened.add_done_callback(_close_opened)
            raise
        return opened.result()


def _close_opened(opened: Future[_Opened]) -> None:
    if opened.exception() is None:
        opened.result().close()


class _GuardedStream:
    """A connection that looks, while it waits, whether the exchange that uses it may go on."""

    def __init__(self, stream: httpcore.NetworkStream, *, guard: Guard) -> None:
        self._stream = stream
        self._guard = guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        import httpcore

        silent_until = time.monotonic() + timeout if timeout is not None else float("inf")
        while True:
            left = min(self._guard.remaining(), silent_until - time.monotonic())
            if left <= 0:
                raise httpcore.ReadTimeout
            try:
                return self._stream.read(max_bytes, timeout=min(left, _NOTICE_EVERY))
            except httpcore.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._guard.remaining()
        self._stream.write(buffer, timeout=left if timeout is None else min(left, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = timeout or self._guard.remaining()

        def shake_hands() -> httpcore.NetworkStream:
            return self._stream.start_tls(ssl_context, server_hostname, seconds)

        stream = self._guard.in_time(shake_hands, seconds=seconds)
        return cast("httpcore.NetworkStream", _GuardedStream(stream, guard=self._guard))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
