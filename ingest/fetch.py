"""Web address → bytes, politely and safely: the one way to the network.

Only http and https, only public addresses (``guard.py``), also behind redirects; robots.txt, a few requests at a time with pauses between
them, and what a server asks for with ``Retry-After``; bounded in time and, after decompression, in size. Proxies named in the environment
are not used, since they would do the looking up; certificate authorities named there (``SSL_CERT_FILE``) are.
Not here: files, what the bytes mean, when to come again.
"""

from __future__ import annotations

import importlib.metadata
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, TypeVar

from ingest.addresses import refusal
from ingest.decompression import ACCEPTED, read_body, too_large
from ingest.guard import Guard, Resolve, system_resolve
from ingest.politeness import Turns, asked_to_wait, pause_before, retry_after, stopped
from ingest.robots import ROBOT, ROBOTS_BYTES, Robots
from vectorstore.errors import SettingsError, SourceError, SourceRefused, SourceUnreachable

if TYPE_CHECKING:
    import httpx

_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({429, 500, 502, 503, 504})
"""Answers that may be another one soon."""
_STOPPING_SECONDS = 5.0
_SHORT_BYTES = 64 * 1024
_SHOWN = 300  # characters of an address in a message
_REASONS = {
    401: "it asks for a login. Save the page in a browser and add the file.",
    402: "it asks for payment. Save the page in a browser and add the file.",
    403: "its server does not let programs have it. Save the page in a browser and add the file.",
    404: "there is no such page. Check the address.",
    410: "the page was removed for good. Remove it from what you add.",
    429: "its server has had too many requests. Try again later.",
    451: "it is withheld for legal reasons.",
}

_Error = TypeVar("_Error", bound=SourceError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a fetch may take, in bytes and seconds."""

    max_bytes: int = 16 * 1024 * 1024
    """Of one answer, after decompression."""
    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    """The longest silence."""
    total_seconds: float = 60.0
    """For one address, all redirects and tries together, without the pauses between them and robots.txt, which has ``read_seconds``."""
    redirects: int = 10
    per_host: int = 2
    """Requests at the same time."""
    delay_seconds: float = 0.5
    """From the start of one request to that of the next, at one host; robots.txt may ask for more."""
    longest_wait: float = 30.0
    """The longest pause that a server gets on its wish (``Retry-After``, ``Crawl-delay``)."""
    tries: int = 3
    """Of one address, its redirects together."""
    backoff_seconds: float = 1.0
    """Before the second try; then twice that, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came back. ``url`` is where it was in the end; ``media_type`` the whole Content-Type header, "" without one.

    With ``not_modified`` there is no content: the answer to an earlier ``etag`` or ``last_modified`` is still the right one.
    """

    requested: str
    url: str
    content: bytes
    media_type: str
    etag: str | None
    last_modified: str | None
    not_modified: bool
    fetched_at: datetime


@dataclass(slots=True)
class _Visit:
    """What the requests for one address have in common: that for it, the redirects from there, and what is tried again."""

    headers: Mapping[str, str]
    cookies: httpx.Cookies
    """Some pages set one and redirect to themselves. None is kept for the next visit."""
    robots: bool
    """It is for robots.txt: this asks no robots.txt, and its beginning is enough."""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    url: httpx.URL
    status: int
    headers: httpx.Headers
    content: bytes


class Fetcher:
    """Fetches for many threads, over one set of connections; a context manager. ``resolve`` looks hosts up."""

    def __init__(self, *, allow_private: bool = False, limits: Limits = Limits(), resolve: Resolve = system_resolve) -> None:
        self._limits = limits
        self._stop = threading.Event()
        self._turns = Turns(per_host=limits.per_host, longest_wait=limits.longest_wait, stop=self._stop)
        self._guard = Guard(allow_private=allow_private, resolve=resolve, stop=self._stop)
        self._transport = _transport(self._guard)
        self._robots = Robots(lambda url: self._follow(url, headers={}, robots=True).content)
        self._headers = {"User-Agent": _user_agent(), "Accept": _ACCEPT, "Accept-Encoding": ACCEPTED}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every ``get`` that is under way in other threads, with ``SourceStopped``, and closes the connections."""
        self._stop.set()
        self._turns.stop(seconds=_STOPPING_SECONDS)
        self._transport.close()

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """Fetch an address. ``etag`` and ``last_modified`` are those of an answer that is kept, to hear whether it is still right.

        Raises:
            SourceRefused: it is not fetched: private, forbidden, too large, no web address.
            SourceUnreachable: no answer, or an error; with its status and how long to leave the server alone.
            SourceUnreadable: the answer is damaged.
            SourceStopped: ``close`` was called.
        """
        url = url.strip()
        kept = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in kept.items() if value and value.isascii() and value.isprintable()}
        try:
            answer = self._follow(url, headers=headers)
        except SourceError as error:
            raise _about(error, url or "An empty address") from error
        not_modified = answer.status == 304
        return Fetched(
            requested=url,
            url=str(answer.url),
            content=answer.content,
            media_type=answer.headers.get("content-type", ""),
            etag=answer.headers.get("etag") or (etag if not_modified else None),
            last_modified=answer.headers.get("last-modified") or (last_modified if not_modified else None),
            not_modified=not_modified,
            fetched_at=datetime.now(UTC),
        )

    def _follow(self, url: str, *, headers: Mapping[str, str], robots: bool = False) -> _Answer:
        """The answer at the end of all redirects, each of them checked like the first address."""
        import httpx

        limits = self._limits
        address = first = _parsed(url)
        visit = _Visit({**self._headers, **headers}, httpx.Cookies(), robots=robots)
        seen: set[tuple[str, str]] = set()
        with self._guard.budget(seconds=limits.read_seconds if robots else limits.total_seconds):
            for _ in range(limits.redirects + 1):
                try:
                    answer, cookies = self._step(address, visit=visit)
                    if answer.status not in _REDIRECTS:
                        if 200 <= answer.status < 300 or (answer.status == 304 and headers):
                            return answer
                        raise SourceUnreachable(_reason(answer.status), status=answer.status)
                    if (str(address), cookies) in seen:
                        raise SourceUnreachable("it redirects in a circle. Check the address.", status=answer.status)
                    seen.add((str(address), cookies))
                    address = _redirected(answer)
                except SourceError as error:
                    if address == first:
                        raise
                    raise _about(error, f"redirected to {address}") from error
        raise SourceUnreachable(f"more than {limits.redirects} redirects. Check the address.", status=answer.status)

    def _step(self, address: httpx.URL, *, visit: _Visit) -> tuple[_Answer, str]:
        """The answer of one address, whatever its status, and the cookies that it got."""
        import httpx

        if why := refusal(str(address)):
            raise SourceRefused(why)
        delay = 0.0
        if not visit.robots:
            delay = max(self._limits.delay_seconds, min(self._robots.delay(str(address)), self._limits.longest_wait))
        request = httpx.Request("GET", address, headers=visit.headers)
        visit.cookies.set_cookie_header(request)
        while True:
            try:
                answer = self._exchange(request, visit=visit, delay=delay)
                if answer.status not in _PASSING:
                    return answer, request.headers.get("cookie", "")
                failure = self._failure_of(answer)
            except httpx.TransportError as error:
                failure = SourceUnreachable(self._reason_of(error))
                if not _may_pass(error):
                    raise failure from error
            visit.failures += 1
            if visit.failures >= self._limits.tries:
                raise failure
            pause = pause_before(visit.failures + 1, first=self._limits.backoff_seconds, longest=self._limits.longest_wait)
            if self._stop.wait(pause):
                raise stopped()

    def _exchange(self, request: httpx.Request, *, visit: _Visit, delay: float) -> _Answer:
        limits = self._limits
        request.extensions["timeout"] = {
            "connect": limits.connect_seconds,
            "read": limits.read_seconds,
            "write": limits.read_seconds,
        }
        with self._turns.turn(_place(request.url), delay=delay), self._guard.exchange():
            response = self._transport.handle_request(request)
            try:
                response.request = request
                visit.cookies.extract_cookies(response)
                if 200 <= response.status_code < 300 or response.status_code == 304:
                    content = _read(response, max_bytes=limits.max_bytes, robots=visit.robots)
                else:
                    content = b""
                    _finish(response)
            finally:
                response.close()
        return _Answer(request.url, response.status_code, response.headers, content)

    def _failure_of(self, answer: _Answer) -> SourceUnreachable:
        """What an answer that may pass is, if it does not; its server is left alone as long as it wants.

        Raises:
            SourceUnreachable: that is longer than is waited.
        """
        wait = retry_after(answer.headers.get("retry-after"), now=datetime.now(UTC))
        if wait is not None:
            self._turns.leave_alone(_place(answer.url), seconds=wait)
            if wait > self._limits.longest_wait:
                raise asked_to_wait(wait, status=answer.status)
        return SourceUnreachable(_reason(answer.status), status=answer.status, retry_after=wait)

    def _reason_of(self, error: httpx.TransportError) -> str:
        import httpx

        limits = self._limits
        if isinstance(error, httpx.ConnectTimeout):
            return f"no connection within {limits.connect_seconds:g} s. Check the address, or try again later."
        if isinstance(error, httpx.TimeoutException):
            return f"its server was silent for {limits.read_seconds:g} s. Try again later."
        if certificate := next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None):
            return f"its certificate is not to be trusted ({certificate.verify_message}). Check the address."
        if isinstance(error, httpx.ConnectError):
            return f"no connection ({error}). Check the address and the network, or try again later."
        return f"the connection broke off before the end ({error or type(error).__name__}). Try again later."


def _transport(guard: Guard) -> httpx.HTTPTransport:
    import httpx

    class GuardedTransport(httpx.HTTPTransport):
        """httpx's own transport over guarded connections."""

        def __init__(self) -> None:
            # The base class would make connections of its own. Without them nothing is fetched if it keeps them elsewhere one day.
            self._pool = guard.pool(ssl_context)

    try:
        ssl_context = httpx.create_ssl_context()
    except OSError as error:  # the file of the environment
        raise SettingsError(
            f"The certificate authorities cannot be read ({error}). Set SSL_CERT_FILE to a PEM file or to nothing."
        ) from error
    return GuardedTransport()


def _read(response: httpx.Response, *, max_bytes: int, robots: bool) -> bytes:
    if not robots and (_declared(response) or 0) > max_bytes:
        raise too_large(max_bytes)
    encodings = response.headers.get_list("content-encoding", split_commas=True)
    if robots:
        return read_body(response.iter_raw(), encodings=encodings, max_bytes=max_bytes, enough=ROBOTS_BYTES)
    return read_body(response.iter_raw(), encodings=encodings, max_bytes=max_bytes)


def _finish(response: httpx.Response) -> None:
    """Reads the rest of a short answer that is of no use, so that its connection can be used again."""
    import httpx

    declared = _declared(response)
    if declared is not None and declared <= _SHORT_BYTES:
        with suppress(httpx.TransportError):
            for _ in response.iter_raw():
                pass


def _declared(response: httpx.Response) -> float | None:
    length = response.headers.get("content-length", "")
    return float(length) if length.isascii() and length.isdigit() else None


def _parsed(url: str) -> httpx.URL:
    import httpx

    try:
        return httpx.URL(url).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        raise SourceRefused(f"this is no web address ({_shown(str(error))}). Check it.") from error


def _redirected(answer: _Answer) -> httpx.URL:
    import httpx

    location = answer.headers.get("location", "")
    try:
        address = answer.url.join(location).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        raise SourceUnreachable(f"it redirects to what is no web address ({_shown(location)}).", status=answer.status) from error
    if not location:
        raise SourceUnreachable("it redirects without saying where.", status=answer.status)
    return address


def _place(url: httpx.URL) -> str:
    """Host and port: what has turns of its own, for http and https together."""
    return url.netloc.decode("ascii")


def _reason(status: int) -> str:
    other = (
        "its server has trouble. Try again later."
        if status >= 500
        else "its server does not answer with a page. Check the address."
    )
    return f"HTTP {status}: {_REASONS.get(status, other)}"


def _may_pass(error: httpx.TransportError) -> bool:
    """Whether the next try may do better; what was slow once is not waited for again."""
    import httpx

    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
        return False
    return isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _about(error: _Error, name: str) -> _Error:
    """The same error with what it is about before its message."""
    found = copy(error)
    found.args = (f"{_shown(name)}: {error}",)
    return found


def _shown(text: str) -> str:
    """An address for people: short, without a password and without what steers a terminal."""
    shown = re.sub(r"//[^/@]*@", "//", text)
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _user_agent() -> str:
    try:
        version = importlib.metadata.version("fundstelle")
    except importlib.metadata.PackageNotFoundError:  # run from its folder, not installed
        version = "0"
    return f"{ROBOT}/{version} (news reader; obeys robots.txt)"
