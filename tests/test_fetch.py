"""Fetching against a real server that does everything wrong: what comes back, what is refused, how politely it is asked."""

from __future__ import annotations

import gzip
import random
import shutil
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import guard
from ingest.decompression import PIECE, decompress, read_body
from ingest.fetch import Fetcher, Limits
from ingest.politeness import pause_before, retry_after
from tests.news_server import QUICK, NewsServer, Reply, bomb, compressed, html, redirect
from vectorstore.errors import SettingsError, SourceError, SourceRefused, SourceStopped, SourceUnreachable, SourceUnreadable

NOW = datetime(2023, 5, 4, 12, 0, tzinfo=UTC)
Fetching = Callable[..., Fetcher]


@pytest.fixture
def fetching() -> Iterator[Fetching]:
    """Opens fetchers for the local server, with quick limits; ``Limits`` can be given by name. They are closed after the test."""
    opened: list[Fetcher] = []

    def open_fetcher(*, allow_private: bool = True, resolve: Any = guard.system_resolve, **limits: Any) -> Fetcher:
        opened.append(Fetcher(allow_private=allow_private, resolve=resolve, limits=replace(QUICK, **limits)))
        return opened[-1]

    yield open_fetcher
    for fetcher in opened:
        fetcher.close()


def timed(call: Callable[[], object]) -> float:
    """How many seconds it took, whatever came of it."""
    started = time.monotonic()
    with suppress(SourceError):
        call()
    return time.monotonic() - started


# --- what comes back


def test_a_page_comes_back_with_what_is_known_about_it(news_server: NewsServer, fetching: Fetching) -> None:
    """Bytes, whole media type and validators as they were sent, and when."""
    page = html("<p>Brücke in Brenn</p>", charset="iso-8859-1", etag='"7"', last_modified="Thu, 04 May 2023 10:00:00 GMT")
    url = news_server.add("/bridge?id=7", page)
    fetched = fetching().get(f" {url}#comments\n")
    assert fetched.requested == f"{url}#comments"
    assert fetched.url == url
    assert fetched.content == "<p>Brücke in Brenn</p>".encode("iso-8859-1")
    assert fetched.media_type == "text/html; charset=iso-8859-1"
    assert fetched.etag == '"7"'
    assert fetched.last_modified == "Thu, 04 May 2023 10:00:00 GMT"
    assert not fetched.not_modified
    assert abs(datetime.now(UTC) - fetched.fetched_at) < timedelta(seconds=5)


def test_a_wrong_charset_is_not_this_module_s_business(news_server: NewsServer, fetching: Fetching) -> None:
    """The bytes and the false header both arrive, so that reading the page can tell."""
    url = news_server.add("/wrong", html("Brücke", charset="utf-8", declared="iso-8859-1"))
    fetched = fetching().get(url)
    assert fetched.content == "Brücke".encode()
    assert fetched.media_type.endswith("iso-8859-1")


def test_it_says_who_it_is(news_server: NewsServer, fetching: Fetching) -> None:
    """The user agent is the program's name and version; it takes what it can unpack and carries no cookie from page to page."""
    first = news_server.add("/first", html("a", headers={"Set-Cookie": "reader=1; Path=/"}))
    second = news_server.add("/second", html("b"))
    fetcher = fetching()
    fetcher.get(first)
    fetcher.get(second)
    sent = news_server.asked("/second")[0].headers
    assert sent["user-agent"].startswith("Fundstelle/")
    assert sent["accept-encoding"] == "gzip, deflate, br"
    assert "cookie" not in sent
    assert "authorization" not in sent


def test_what_is_unchanged_is_not_sent_again(news_server: NewsServer, fetching: Fetching) -> None:
    """With the validators of an earlier answer a 304 comes back as such, without content and with them; others get the new page."""
    by_tag = news_server.add("/tag", html("one", etag='"1"'))
    by_date = news_server.add("/date", html("one", last_modified="Thu, 04 May 2023 10:00:00 GMT"))
    fetcher = fetching()
    same = fetcher.get(by_tag, etag='"1"')
    assert (same.not_modified, same.content, same.etag) == (True, b"", '"1"')
    assert fetcher.get(by_date, last_modified="Thu, 04 May 2023 10:00:00 GMT").not_modified
    other = fetcher.get(by_tag, etag='"0"')
    assert (other.not_modified, other.content) == (False, b"one")


def test_a_validator_cannot_add_headers(news_server: NewsServer, fetching: Fetching) -> None:
    """One with a line break in it is not sent."""
    url = news_server.add("/a", html("x"))
    assert fetching().get(url, etag='"1"\r\nX-Evil: 1').content == b"x"
    assert "if-none-match" not in news_server.asked("/a")[0].headers


def test_a_304_that_nobody_asked_for_is_an_error(news_server: NewsServer, fetching: Fetching) -> None:
    """Without validators it stands for nothing that we have."""
    url = news_server.add("/a", Reply(status=304))
    with pytest.raises(SourceUnreachable, match="HTTP 304"):
        fetching().get(url)


def test_connections_are_used_again(news_server: NewsServer, fetching: Fetching) -> None:
    """Pages of one host come over one connection, also behind a 404, a 304 and a compressed page."""
    urls = [
        news_server.add("/a", html("a", etag='"1"')),
        news_server.add("/b", compressed(b"b")),
        news_server.add("/c", html("c")),
    ]
    fetcher = fetching()
    for url in urls:
        fetcher.get(url, etag='"1"')
    assert len({request.connection for request in news_server.requests}) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw-deflate", "br"])
def test_compressed_pages_are_unpacked(encoding: str, news_server: NewsServer, fetching: Fetching) -> None:
    """In each of the encodings that are asked for, and in deflate as many servers get it wrong."""
    text = random.Random(1).randbytes(200_000) + b"x" * 200_000
    url = news_server.add("/a", compressed(text, encoding=encoding, chunked=True))
    assert fetching().get(url).content == text


def test_a_body_without_length_ends_with_its_connection(news_server: NewsServer, fetching: Fetching) -> None:
    """As HTTP/1.0 did it."""
    url = news_server.add("/a", html("old", bare=True))
    assert fetching().get(url).content == b"old"


# --- redirects


def test_redirects_are_followed_to_the_end(news_server: NewsServer, fetching: Fetching) -> None:
    """Relative and absolute ones, of every kind; the address at the end is told."""
    end = news_server.add("/news/end", html("here"))
    news_server.add("/news/second", redirect("end#part", status=308))
    start = news_server.add("/start", redirect(news_server.url("/news/second"), status=301))
    fetched = fetching().get(start)
    assert (fetched.requested, fetched.url, fetched.content) == (start, end, b"here")


def test_a_redirect_to_itself_with_a_cookie_is_no_circle(news_server: NewsServer, fetching: Fetching) -> None:
    """Consent pages do so; the cookie goes back within this fetch."""
    url = news_server.add("/a", redirect("/a", status=302), html("in"))
    news_server.add("/a", replace(redirect("/a"), headers={"Location": "/a", "Set-Cookie": "seen=1; Path=/"}), html("in"))
    assert fetching().get(url).content == b"in"
    assert news_server.asked("/a")[1].headers["cookie"] == "seen=1"


@pytest.mark.parametrize(
    ("replies", "error", "why"),
    [
        ({"/a": redirect("/b"), "/b": redirect("/a")}, SourceUnreachable, "circle"),
        ({"/a": Reply(status=302)}, SourceUnreachable, "without saying where"),
        ({"/a": redirect("http://[::1")}, SourceUnreachable, "no web address"),
        ({"/a": redirect("file:///etc/passwd")}, SourceRefused, "redirected to file:/.*: only http"),
        ({"/a": redirect("http://anna:secret@news.example/")}, SourceRefused, "user name"),
        ({"/a": redirect("/gone")}, SourceUnreachable, r"redirected to http://127.0.0.1:\d+/gone: HTTP 404"),
    ],
)
def test_redirects_that_lead_nowhere(
    replies: dict[str, Reply], error: type[SourceError], why: str, news_server: NewsServer, fetching: Fetching
) -> None:
    """Each ends with its reason, which names the address and where it led, without passwords."""
    for path, reply in replies.items():
        news_server.add(path, reply)
    with pytest.raises(error, match=why) as raised:
        fetching().get(news_server.url("/a"))
    assert str(raised.value).startswith(news_server.url("/a"))
    assert "secret" not in str(raised.value)


def test_redirects_have_an_end(news_server: NewsServer, fetching: Fetching) -> None:
    """A chain that goes on and on is given up."""
    for number in range(20):
        news_server.add(f"/{number}", redirect(f"/{number + 1}"))
    with pytest.raises(SourceUnreachable, match="more than 3 redirects"):
        fetching(redirects=3).get(news_server.url("/0"))
    assert not news_server.asked("/4")


# --- refused addresses


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.1", "[::ffff:127.0.0.1]", "127.1", "0.0.0.0"]
)
def test_private_addresses_are_refused_in_every_spelling(host: str, news_server: NewsServer, fetching: Fetching) -> None:
    """Nothing is sent to this machine unless it is allowed, and the reason names the remedy."""
    url = news_server.url("/a", host=host)
    with pytest.raises(SourceRefused, match="--allow-private"):
        fetching(allow_private=False).get(url)
    assert news_server.requests == []


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "fd00::1", "64:ff9b::a00:1"])
def test_one_private_address_among_several_refuses_the_host(address: str, fetching: Fetching) -> None:
    """All addresses of a host are checked before one is connected to."""
    fetcher = fetching(allow_private=False, resolve=lambda host, port: ["8.8.8.8", address])
    with pytest.raises(SourceRefused, match=r"news\.example") as raised:
        fetcher.get("http://news.example/")
    assert address in str(raised.value)


@pytest.fixture
def one_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 counts as public and nothing else does, so that a public server can be had without a network."""
    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.1")


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "inside.example"])
def test_a_redirect_to_a_private_address_is_refused(
    host: str, one_is_public: None, news_server: NewsServer, fetching: Fetching
) -> None:
    """Every address on the way is checked like the first."""
    fetcher = fetching(
        allow_private=False, resolve=lambda name, port: ["127.0.0.2"] if "inside" in name else guard.system_resolve(name, port)
    )
    url = news_server.add("/a", redirect(news_server.url("/secret", host=host)))
    with pytest.raises(SourceRefused, match=r"redirected to .*private network"):
        fetcher.get(url)
    assert not news_server.asked("/secret")


def test_the_address_that_was_checked_is_the_one_connected_to(
    one_is_public: None, news_server: NewsServer, fetching: Fetching
) -> None:
    """A name is looked up once for a connection, so its answer cannot change in between; a new connection is checked anew."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    fetcher = fetching(allow_private=False, resolve=rebinding)
    news_server.add("/a", html("public", bare=True))
    assert fetcher.get(news_server.url("/a", host="news.example")).content == b"public"
    assert asked == ["news.example"]
    assert news_server.asked("/a")[0].headers["host"] == f"news.example:{news_server.port}"
    with pytest.raises(SourceRefused, match=r"127\.0\.0\.2"):
        fetcher.get(news_server.url("/a", host="news.example"))
    assert asked == ["news.example"] * 2
    assert len(news_server.asked("/a")) == 1


def test_the_next_address_is_tried(news_server: NewsServer, fetching: Fetching) -> None:
    """A host of which one address does not answer is reached at another."""
    fetcher = fetching(resolve=lambda host, port: ["::1", "127.0.0.1"])
    url = news_server.add("/a", html("x"))
    assert fetcher.get(url).content == b"x"


def test_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, news_server: NewsServer, fetching: Fetching
) -> None:
    """They would look hosts up themselves, past the check."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetching().get(news_server.add("/a", html("x"))).content == b"x"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no address",
        "http://",
        "http://[::1",
        "http://a:99999/",
        "mailto:a@b.example",
        "http://a\x00b/",
        "http://\ud800/",
        "http://0177.0.0.1/",
        "http://" + "a" * 70000,
    ],
)
def test_what_is_no_web_address_is_refused(url: str, fetching: Fetching) -> None:
    """Whatever it is, the reason is short and can be shown."""
    with pytest.raises(SourceRefused) as raised:
        fetching().get(url)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 1000


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".example"])
def test_a_host_that_does_not_exist(host: str, fetching: Fetching, loopback_only: list[str]) -> None:
    """The reason names it, and nothing is tried again."""

    def resolve(name: str, port: int) -> list[str]:
        asked.append(name)
        return list(guard.system_resolve(name, port))

    asked: list[str] = []
    with pytest.raises(SourceUnreachable, match=host) as raised:
        fetching(resolve=resolve, tries=1).get(f"http://{host}/")
    assert raised.value.status is None
    assert len(asked) == 1
    loopback_only.clear()  # refused where nobody is asked is as good as unknown


def test_a_port_where_nobody_listens(fetching: Fetching) -> None:
    """It is said at once, after the tries."""
    with pytest.raises(SourceUnreachable, match="no connection"):
        fetching().get("http://127.0.0.1:1/")


# --- too much, too slow, broken


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"x" * 3 * 2**20),
        Reply(b"x" * 3 * 2**20, chunked=True),
        Reply(b"x", announce=10**18),
        Reply(b"x" * 100_000, endless=True),
        Reply(gzip.compress(b""), headers={"Content-Encoding": "gzip"}, endless=True),
        bomb(mebibytes=200),
        bomb(mebibytes=200, twice=True),
        bomb(mebibytes=200, encoding="br"),
    ],
    ids=["large", "large in chunks", "announced", "endless", "endless nothing", "gzip bomb", "bomb in a bomb", "brotli bomb"],
)
def test_what_is_too_large_is_refused_while_it_comes(reply: Reply, news_server: NewsServer, fetching: Fetching) -> None:
    """Counted after decompression, long before all of it is here; there is no second try."""
    url = news_server.add("/a", reply)
    fetcher = fetching()
    with pytest.raises(SourceRefused, match="larger than 2 MB"):
        fetcher.get(url)
    assert len(news_server.asked("/a")) == 1


def test_what_is_just_small_enough_comes(news_server: NewsServer, fetching: Fetching) -> None:
    """The limit is a limit on what is more."""
    url = news_server.add("/a", compressed(b"x" * QUICK.max_bytes))
    assert len(fetching().get(url).content) == QUICK.max_bytes


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (html("late", pause=20), "silent for 0.6 s"),
        (Reply(b"x" * 1000, drip=0.05), "not complete after 1.2 s"),
        (Reply(b"x" * 1000, drip_headers=0.05), "not complete after 1.2 s"),
        (Reply(b"x" * 1000, drip=0.05, endless=True), "not complete after 1.2 s"),
    ],
    ids=["silent", "dripping body", "dripping headers", "endless drip"],
)
def test_slow_servers_end_in_time(reply: Reply, why: str, news_server: NewsServer, fetching: Fetching) -> None:
    """A silence is bounded, and so is the whole, however busy the line is kept; what was slow is not waited for again."""
    url = news_server.add("/a", reply)
    fetcher = fetching(read_seconds=0.6, total_seconds=1.2)
    started = time.monotonic()
    with pytest.raises(SourceUnreachable, match=why):
        fetcher.get(url)
    assert time.monotonic() - started < 4
    assert len(news_server.asked("/a")) == 1


def test_redirects_and_tries_share_one_time(news_server: NewsServer, fetching: Fetching) -> None:
    """A chain of slow redirects and errors takes no longer than one slow page may."""
    for number in range(10):
        news_server.add(f"/{number}", redirect(f"/{number + 1}", pause=0.3))
    started = time.monotonic()
    with pytest.raises(SourceUnreachable, match=r"not complete after 1\.2 s"):
        fetching(total_seconds=1.2).get(news_server.url("/0"))
    assert time.monotonic() - started < 4
    for number in range(3):
        news_server.add(f"/busy/{number}", Reply(status=503), redirect(f"/busy/{number + 1}"))
    with pytest.raises(SourceUnreachable, match="HTTP 503"):
        fetching().get(news_server.url("/busy/0"))
    assert not news_server.asked("/busy/3")


@pytest.mark.parametrize(
    "broken",
    [Reply(b"x" * 1000, cut_at=10), Reply(b"x" * 1000, cut_at=10, chunked=True), Reply(hang_up=True)],
    ids=["cut", "cut in chunks", "hung up"],
)
def test_broken_connections_are_tried_again(broken: Reply, news_server: NewsServer, fetching: Fetching) -> None:
    """A truncated page is never taken for a page; the next try may have it, and after the last the reason is told."""
    url = news_server.add("/a", broken, html("whole"))
    assert fetching().get(url).content == b"whole"
    news_server.add("/b", broken)
    with pytest.raises(SourceUnreachable, match="broke off"):
        fetching().get(news_server.url("/b"))
    assert len(news_server.asked("/b")) == QUICK.tries


def _several(*pieces: bytes) -> st.SearchStrategy[bytes]:
    return st.lists(st.one_of(st.sampled_from(pieces), st.binary(max_size=20)), max_size=3).map(b"".join)


_STATUS_LINES = st.sampled_from(
    [b"200 OK", b"200", b"302 Found", b"304 Same", b"100 Go on", b"101 Switch", b"503 Busy", b"999 \xff", b"2000"]
)
_HEADERS = _several(
    *(
        b"Location: /a\r\n",
        b"Location: //\xff\xfe:99999\r\n",
        b"Location: http://[\r\n",
        b"Location: \r\n",
        b"Retry-After: \xe4\r\n",
    ),
    *(b"Content-Length: 5\r\n", b"Content-Length: 5, 6\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(
        b"Content-Encoding: gzip\r\n",
        b"Content-Encoding: \xff\r\n",
        b"Set-Cookie: a=\xff; Expires=never; Path=\r\n",
        b"Set-Cookie: =;;=\r\n",
    ),
    *(b"Content-Type: \xff\r\n", b"X: " + b"y" * 200_000 + b"\r\n", b" folded\r\n", b": \r\n", b"X\x00: \x00\r\n"),
)
_BODIES = _several(
    b"hello", b"5\r\nhello\r\n", b"0\r\n\r\n", b"fffffffffffffffff\r\n", b"HTTP/1.1 200 OK\r\n", b"\x1f\x8b\x08\x00"
)


@pytest.mark.parametrize("path", ["/a", "/robots.txt"])
def test_no_answer_raises_anything_else(path: str) -> None:
    """Whatever bytes a server sends, as a page or as robots.txt, there is a page or a reason that can be shown."""
    outcomes: list[bytes | str] = []

    @given(_STATUS_LINES, _HEADERS, _BODIES, st.sampled_from([b"HTTP/1.1 ", b"HTTP/1.0 ", b"HTTP/9 ", b""]))
    def fetch(status: bytes, headers: bytes, body: bytes, version: bytes) -> None:
        server.add(path, Reply(raw=version + status + b"\r\n" + headers + b"\r\n" + body))
        with Fetcher(allow_private=True, limits=replace(QUICK, tries=1, redirects=2)) as fetcher:
            try:
                outcomes.append(fetcher.get(server.url("/a")).content)
            except SourceError as error:
                outcomes.append(str(error))

    with NewsServer() as server:
        server.add("/a", html("x"))
        fetch()
    reasons = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert 0 < len(reasons) < len(outcomes)
    assert all(reason.isprintable() for reason in reasons)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(gzip.compress(b"x" * 1000)[:-12], headers={"Content-Encoding": "gzip"}), "breaks off"),
        (Reply(b"no gzip at all", headers={"Content-Encoding": "gzip"}), "damaged"),
        (Reply(b"\xff\xff\xff\xff", headers={"Content-Encoding": "br"}), "damaged"),
        (Reply(b"x", headers={"Content-Encoding": "zstd"}), "'zstd', which was not asked for"),
        (Reply(b"x", headers={"Content-Encoding": ", ".join(["gzip"] * 50)}), "50 times"),
    ],
    ids=["truncated", "no gzip", "no brotli", "unknown", "many layers"],
)
def test_damaged_compression_is_said(reply: Reply, why: str, news_server: NewsServer, fetching: Fetching) -> None:
    """What cannot be unpacked is no page."""
    with pytest.raises(SourceUnreadable, match=why) as raised:
        fetching().get(news_server.add("/a", reply))
    assert str(raised.value).startswith(news_server.url("/a"))


@given(st.binary(max_size=2000), st.sampled_from(["gzip", "deflate", "raw-deflate", "br"]), st.integers(1, 50))
def test_unpacking_is_the_inverse_of_packing(text: bytes, encoding: str, step: int) -> None:
    """For any bytes, however they are cut on the way."""
    body = compressed(text * 100, encoding=encoding).body
    chunks = (body[start : start + step] for start in range(0, len(body), step))
    assert b"".join(decompress(chunks, encodings=[encoding.removeprefix("raw-")])) == text * 100


@given(st.binary(max_size=300), st.lists(st.sampled_from(["gzip", "deflate", "br", "identity", ""]), max_size=3))
def test_garbage_is_unpacked_or_named_damaged(body: bytes, encodings: list[str]) -> None:
    """No bytes raise anything else, or give more than is asked for."""
    for content in (body, zlib.compress(body), gzip.compress(body)[:-1] + body):
        try:
            assert len(read_body([content], encodings=encodings, max_bytes=10_000)) <= 10_000
        except (SourceUnreadable, SourceRefused):
            continue


def test_pieces_of_a_bomb_are_small() -> None:
    """Whatever goes in at once, at most one piece comes out at a time."""
    for encoding in ("gzip", "br"):
        pieces = decompress([bomb(mebibytes=20, encoding=encoding).body], encodings=[encoding])
        assert all(len(piece) <= PIECE for piece in pieces)


# --- errors of servers


@pytest.mark.parametrize("status", [401, 403, 404, 410, 418, 451, 501])
def test_errors_that_stay_are_told_at_once(status: int, news_server: NewsServer, fetching: Fetching) -> None:
    """With the status, for people and for whoever plans the next visit."""
    url = news_server.add("/a", Reply(b"<h1>no</h1>", status=status))
    with pytest.raises(SourceUnreachable, match=f"HTTP {status}: ") as raised:
        fetching().get(url)
    assert raised.value.status == status
    assert len(news_server.asked("/a")) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_errors_that_may_pass_are_tried_again(status: int, news_server: NewsServer, fetching: Fetching) -> None:
    """Soon after, a few times; then the status is told."""
    url = news_server.add("/a", Reply(status=status), html("again there"))
    fetcher = fetching()
    assert fetcher.get(url).content == b"again there"
    news_server.add("/b", Reply(status=status))
    with pytest.raises(SourceUnreachable) as raised:
        fetcher.get(news_server.url("/b"))
    assert raised.value.status == status
    assert len(news_server.asked("/b")) == QUICK.tries


@pytest.mark.parametrize("as_date", [False, True])
def test_a_short_retry_after_is_waited_for(as_date: bool, news_server: NewsServer, fetching: Fetching) -> None:
    """As a number or as a date; meanwhile nothing else is asked of that host either."""
    value = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True) if as_date else "1"
    url = news_server.add("/busy", Reply(status=429, headers={"Retry-After": value}), html("now"))
    other = news_server.add("/other", html("x"))
    fetcher = fetching()
    with ThreadPoolExecutor() as threads:
        busy = threads.submit(fetcher.get, url)
        while not news_server.asked("/busy"):
            time.sleep(0.01)
        time.sleep(0.1)
        fetcher.get(other)
        assert busy.result().content == b"now"
    first, second = (request.at for request in news_server.asked("/busy"))
    assert second - first >= 0.95
    assert news_server.asked("/other")[0].at - first >= 0.95


def test_a_long_retry_after_is_told_and_kept(news_server: NewsServer, fetching: Fetching) -> None:
    """It is not waited for: the error says when to come again, and until then the host is not asked for anything."""
    url = news_server.add("/busy", Reply(status=503, headers={"Retry-After": "7200"}))
    other = news_server.add("/other", html("x"))
    fetcher = fetching()
    with pytest.raises(SourceUnreachable, match=r"HTTP 503.*2 hours") as raised:
        fetcher.get(url)
    assert (raised.value.status, raised.value.retry_after) == (503, 7200)
    with pytest.raises(SourceUnreachable, match="left alone") as later:
        fetcher.get(other)
    assert later.value.retry_after == pytest.approx(7200, abs=5)
    assert not news_server.asked("/other")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("9" * 400, 365 * 24 * 3600),
        ("Thu, 04 May 2023 12:01:00 GMT", 60),
        ("Thu, 04 May 2023 12:01:00", 60),
        ("Thu, 04 May 2023 11:00:00 GMT", 0),
        ("Thu, 04 May 9999 12:00:00 GMT", 365 * 24 * 3600),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read(value: str | None, seconds: float | None) -> None:
    """A number of seconds or a date, never less than none or more than a year; the rest is as if it were not there."""
    assert retry_after(value, now=NOW) == seconds


@given(st.text())
def test_any_retry_after_can_be_read(value: str) -> None:
    """No header raises."""
    seconds = retry_after(value, now=NOW)
    assert seconds is None or seconds >= 0


def test_pauses_between_tries_grow_and_spread() -> None:
    """Each is up to twice the one before, none is over the longest, and they are not all the same."""
    for attempt, most in ((2, 1), (3, 2), (4, 4), (9, 5), (5000, 5)):
        pauses = [pause_before(attempt, first=1, longest=5) for _ in range(50)]
        assert all(most / 2 <= pause <= most for pause in pauses)
        assert len(set(pauses)) > 1


# --- politeness


def test_robots_txt_is_obeyed(news_server: NewsServer, fetching: Fetching) -> None:
    """What it forbids to us or to all is not asked for; it is fetched once for all pages."""
    news_server.robots("User-agent: other\nDisallow: /\n\nUser-agent: fundstelle\nDisallow: /secret\nAllow: /secret/but-this\n")
    for path in ("/a", "/b", "/secret/but-this", "/secret/page"):
        news_server.add(path, html("x"))
    fetcher = fetching()
    for path in ("/a", "/b", "/secret/but-this"):
        assert fetcher.get(news_server.url(path)).content == b"x"
    with pytest.raises(SourceRefused, match=r"robots\.txt"):
        fetcher.get(news_server.url("/secret/page"))
    assert len(news_server.asked("/robots.txt")) == 1
    assert not news_server.asked("/secret/page")


def test_robots_txt_holds_behind_redirects(news_server: NewsServer, fetching: Fetching) -> None:
    """A redirect is no way around it."""
    news_server.robots("User-agent: *\nDisallow: /secret\n")
    url = news_server.add("/a", redirect("/secret"))
    with pytest.raises(SourceRefused, match=r"redirected to .*robots\.txt"):
        fetching().get(url)
    assert not news_server.asked("/secret")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404),
        Reply(status=403),
        redirect("/robots.txt"),
        Reply(b"\xff\xfe\x00 no robots \x00 at all" * 100, "text/html"),
        Reply(b"# much\n" * 200_000 + b"User-agent: *\nDisallow: /\n"),
        Reply(b"# much\n" * 10_000, endless=True),
    ],
    ids=["none", "forbidden", "circle", "garbage", "long", "endless"],
)
def test_a_robots_txt_that_says_nothing_allows_everything(reply: Reply, news_server: NewsServer, fetching: Fetching) -> None:
    """None, none to be had for good, none that can be read; of a long one the first half megabyte counts."""
    news_server.add("/robots.txt", reply)
    assert fetching().get(news_server.add("/a", html("x"))).content == b"x"


def test_a_robots_txt_that_cannot_be_had_forbids_everything_for_now(news_server: NewsServer, fetching: Fetching) -> None:
    """While its server has trouble nothing is fetched, and it is not asked again for every page."""
    news_server.add("/robots.txt", Reply(status=503))
    fetcher = fetching()
    for path in ("/a", "/b"):
        with pytest.raises(SourceUnreachable, match=r"robots\.txt cannot be had \(HTTP 503\)") as raised:
            fetcher.get(news_server.add(path, html("x")))
        assert raised.value.status == 503
        assert str(raised.value).startswith(news_server.url(path))
    assert [request.path for request in news_server.requests] == ["/robots.txt"] * QUICK.tries


def test_requests_to_a_host_keep_their_distance(news_server: NewsServer, fetching: Fetching) -> None:
    """From the start of one to the start of the next, from however many threads."""
    urls = [news_server.add(f"/{number}", html("x")) for number in range(5)]
    fetcher = fetching(delay_seconds=0.3)
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(fetcher.get, urls))
    starts = sorted(request.at for request in news_server.requests if request.path != "/robots.txt")
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(starts))


def test_a_crawl_delay_is_honoured_within_bounds(news_server: NewsServer, fetching: Fetching) -> None:
    """robots.txt may ask for a longer distance, up to the longest wait."""
    news_server.robots("User-agent: *\nCrawl-delay: 3600\n")
    urls = [news_server.add(f"/{number}", html("x")) for number in range(2)]
    fetcher = fetching(longest_wait=0.4)
    for url in urls:
        fetcher.get(url)
    first, second = (news_server.asked(f"/{number}")[0].at for number in range(2))
    assert 0.35 <= second - first < 3


def test_few_requests_run_at_one_host_and_others_need_not_wait(news_server: NewsServer, fetching: Fetching) -> None:
    """One host has one request at a time here; another host is fetched meanwhile."""
    slow = [news_server.add(f"/{number}", html("x", pause=0.5)) for number in range(3)]
    fetcher = fetching(per_host=1)
    with NewsServer() as other, ThreadPoolExecutor(4) as threads:
        started = time.monotonic()
        waiting = [threads.submit(fetcher.get, url) for url in slow]
        quick = timed(threads.submit(fetcher.get, other.add("/a", html("x"))).result)
        for fetch in waiting:
            fetch.result()
        assert time.monotonic() - started >= 1.5
        assert quick < 1.4


# --- stopping


@pytest.mark.parametrize(
    ("replies", "limits"),
    [
        ([html("late", pause=30)], {"read_seconds": 30, "total_seconds": 30}),
        ([Reply(b"x" * 10_000, drip=0.05)], {"total_seconds": 30}),
        ([Reply(status=500)], {"backoff_seconds": 60, "longest_wait": 60}),
        ([Reply(status=429, headers={"Retry-After": "30"})], {"longest_wait": 60}),
    ],
    ids=["silent", "dripping", "between tries", "left alone"],
)
def test_closing_ends_what_waits(
    replies: list[Reply], limits: dict[str, Any], news_server: NewsServer, fetching: Fetching
) -> None:
    """From another thread, soon, whatever it waits for; the source is not to blame."""
    url = news_server.add("/a", *replies)
    fetcher = fetching(**limits)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(fetcher.get, url)
        while not news_server.asked("/a"):
            time.sleep(0.01)
        time.sleep(0.1)
        assert timed(fetcher.close) < 3
        with pytest.raises(SourceStopped, match="stopped"):
            waiting.result(timeout=3)


def test_closing_ends_turns_and_looking_up(news_server: NewsServer, fetching: Fetching) -> None:
    """Those that wait for a turn behind another one end too, and so does a name server that does not answer."""
    looking_up, answered = threading.Event(), threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        looking_up.set()
        answered.wait(20)
        return ["127.0.0.1"]

    fetcher = fetching(per_host=1, resolve=resolve, connect_seconds=20, total_seconds=20)
    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(fetcher.get, news_server.url(path, host="news.example")) for path in ("/a", "/b")]
        assert looking_up.wait(5)
        assert timed(fetcher.close) < 3
        for fetch in waiting:
            with pytest.raises(SourceStopped):
                fetch.result(timeout=3)
    answered.set()


def test_nothing_is_fetched_after_closing(news_server: NewsServer, fetching: Fetching) -> None:
    """A closed fetcher says so, and closing again does nothing."""
    fetcher = fetching()
    fetcher.close()
    fetcher.close()
    with pytest.raises(SourceStopped):
        fetcher.get(news_server.add("/a", html("x")))
    assert news_server.requests == []


def test_a_name_server_that_does_not_answer_is_not_waited_for(fetching: Fetching) -> None:
    """Looking up a host counts as connecting."""
    answered = threading.Event()
    fetcher = fetching(connect_seconds=0.3, resolve=lambda host, port: answered.wait(10) and ["127.0.0.1"])
    started = time.monotonic()
    with pytest.raises(SourceUnreachable, match=r"no connection within 0\.3 s"):
        fetcher.get("http://news.example/")
    assert time.monotonic() - started < 4
    answered.set()


def test_many_threads_fetch_at_once(news_server: NewsServer, fetching: Fetching) -> None:
    """One fetcher serves them all, and each gets its own page."""
    urls = [news_server.add(f"/{number}", html(f"page {number}")) for number in range(60)]
    fetcher = fetching()
    with ThreadPoolExecutor(12) as threads:
        pages = [fetched.content.decode() for fetched in threads.map(fetcher.get, urls)]
    assert pages == [f"page {number}" for number in range(60)]


# --- https


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate authority ``ca.pem`` and a certificate ``server.pem`` of its for news.example."""
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command to make certificates")
    folder = tmp_path_factory.mktemp("authority")
    (folder / "names").write_text("subjectAltName=DNS:news.example\n", "ascii")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=news.example")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", *signing, "-out", "server.crt")
    (folder / "server.pem").write_text((folder / "server.crt").read_text() + (folder / "server.key").read_text())
    return folder


@pytest.fixture
def secure_server(authority: Path) -> Iterator[NewsServer]:
    """A server of https://news.example."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    with NewsServer(tls=context, host="news.example") as server:
        yield server


def test_https_is_checked_against_the_name(
    authority: Path, secure_server: NewsServer, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to the checked address, the certificate must be that of the name, and one that is not is no passing trouble."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    fetcher = fetching(resolve=lambda host, port: ["127.0.0.1"], backoff_seconds=20, longest_wait=20)
    url = secure_server.add("/a", html("secure", drip=0.1))
    assert fetcher.get(url).content == b"secure"
    started = time.monotonic()
    with pytest.raises(SourceUnreachable, match="certificate is not to be trusted"):
        fetcher.get(secure_server.url("/a", host="other.example"))
    assert time.monotonic() - started < 5


def test_an_unknown_authority_is_not_trusted(secure_server: NewsServer, fetching: Fetching) -> None:
    """Without the authority in the environment the same server is refused."""
    with pytest.raises(SourceUnreachable, match="certificate is not to be trusted"):
        fetching(resolve=lambda host, port: ["127.0.0.1"]).get(secure_server.url("/a"))
    assert secure_server.requests == []


def test_a_server_that_never_shakes_hands_is_given_up(news_server: NewsServer, fetching: Fetching) -> None:
    """A TLS handshake with something that speaks none ends with a reason."""
    url = news_server.url("/a").replace("http:", "https:")
    with pytest.raises(SourceUnreachable, match="no connection"):
        fetching(connect_seconds=0.5, tries=1).get(url)


def test_authorities_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong file in the environment is a wrong setting, said before anything is fetched."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at-all.pem")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
        Fetcher()


def test_the_default_limits_are_those_that_are_promised() -> None:
    """A public server meets at most two requests at once and two a second, and gets a minute for at most 16 MB."""
    limits = Limits()
    assert (limits.per_host, limits.delay_seconds, limits.total_seconds, limits.max_bytes) == (2, 0.5, 60, 16 * 2**20)
