"""Addresses, feeds and sitemaps as sources, and following them: what is fetched, what is stored, when a source is visited again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ingest.entries import own_address, with_entry
from ingest.feed_entries import Entry
from ingest.fetch import Fetcher
from ingest.pipeline import IngestReport, Web, ingest
from ingest.planned import ReadOptions, Visit
from ingest.refresh import NEVER, record, refresh
from ingest.run import Run
from ingest.types import Extracted
from ingest.web import is_page_due
from tests.news_server import QUICK, NewsServer, Reply, html
from tests.test_kill import HashingEncoder
from vectorstore.library import Library
from vectorstore.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORIES = {
    "ferry": (
        "Ferry to Tresk sold",
        "The council of Skarven sold its ferry on Monday to a shipyard in Tresk, which wants to use it as a floating school.",
    ),
    "lamp": (
        "Lamp at Skarven lit",
        "After eleven years in the dark the lighthouse shines again; engineers replaced gears, lens and wiring over the winter.",
    ),
    "bus": (
        "Library bus returns",
        "Twelve villages in the valley have their library bus back, and four hundred books were lent on its first day, said the driver.",
    ),
}
MORE = (
    "Those who live nearby had asked for this since the storm of 2012. A working group met eleven times, the last time in the old school, and wrote a "
    "report of forty pages that the mayor called sober and complete. The money comes from a fund for small harbours."
)


def page(slug: str, *, text: str = "", head: str = "") -> Reply:
    """An article's page."""
    title, words = STORIES[slug]
    body = (
        f"<article><h1>{title}</h1><p>{text or words}</p><p>{MORE} That is what the story of the {slug} is about.</p></article>"
    )
    return html(
        f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head><body>{body}</body></html>',
        etag=f'"{slug}{len(text)}"',
    )


def feed(server: NewsServer, *slugs: str, text: bool = False, extra: str = "") -> bytes:
    """An RSS feed of stories."""
    items = ""
    for n, slug in enumerate(slugs):
        title, words = STORIES[slug]
        content = f"<description>{words} {MORE}</description>" if text else f"<description>{words[:30]}…</description>"
        day = (datetime.now(UTC) - timedelta(hours=5 * (n + 1))).strftime("%a, %d %b %Y %H:%M:%S GMT")
        items += f"<item><title>{title}</title><link>{server.url('/' + slug)}</link>{content}<pubDate>{day}</pubDate></item>"
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Skarven Post</title>{extra}{items}</channel></rss>'.encode()
    )


def rss(content: bytes, **knobs: Any) -> Reply:
    """A feed's answer."""
    return Reply(content, "application/rss+xml", **knobs)


@dataclass
class Desk:
    """A library, a server, and what adds from the one to the other."""

    library: Library
    server: NewsServer
    count_tokens: Any = field(default_factory=lambda: HashingEncoder().count_tokens)

    @property
    def run(self) -> Run:
        """Reading into the library."""
        return Run(library=self.library, count_tokens=self.count_tokens)

    def web(self, *, allow_private: bool = True) -> Web:
        """The way to the server."""
        return Web(fetcher=Fetcher(allow_private=allow_private, limits=QUICK))

    def add(self, *paths: str | Path, options: ReadOptions | None = None) -> IngestReport:
        """Add addresses of the server, as ``fundstelle add`` does."""
        sources = [self.server.url(path) if isinstance(path, str) else path for path in paths]
        run = replace(self.run, on_visit=lambda visit, results: record(visit, results, library=self.library, follow=True))
        return ingest(sources, run, web=self.web(), options=options)

    def refresh(self, *, every_source: bool = True, addresses: list[str] | None = None) -> IngestReport:
        """Visit what is followed."""
        with self.web() as web:
            return refresh(self.run, web=web, every_source=every_source, addresses=addresses)

    def index(self) -> None:
        """As if the indexes had caught up."""
        self.library.make_searchable([entry.row for entry in self.library.pending(limit=1000)])


@pytest.fixture
def desk(tmp_path: Path, news_server: NewsServer) -> Iterator[Desk]:
    """An empty library and a server with three stories."""
    library = Library(tmp_path / "library")
    for slug in STORIES:
        news_server.add(f"/{slug}", page(slug))
    yield Desk(library, news_server)
    library.close()


def outcomes(report: IngestReport) -> list[tuple[str, str]]:
    """Status and last part of the source of each item."""
    return [(item.status, item.source.rsplit("/", 1)[-1]) for item in report.items]


# --- pages


def test_a_page_becomes_an_article_and_is_followed(desk: Desk) -> None:
    """It has its address, the time it was fetched, and the same id however the address is decorated."""
    report = desk.add("/ferry")
    assert outcomes(report) == [("added", "ferry")]
    article = desk.library.article(report.items[0].article_id or "")
    assert (article.url, article.title, article.path) == (desk.server.url("/ferry"), "Ferry to Tresk sold", None)
    (source,) = desk.library.sources()
    assert (source.address, source.kind, source.last_status, source.failures) == (desk.server.url("/ferry"), "page", 200, 0)
    desk.server.add("/ferry?utm_source=feed", page("ferry"))
    decorated = desk.add("/ferry?utm_source=feed")
    assert [(item.status, item.article_id) for item in decorated.items] == [("unchanged", article.id)]


def test_the_same_page_again_costs_a_conditional_request(desk: Desk) -> None:
    """The server is asked whether it changed; if it did, the article has a new version."""
    first = desk.add("/ferry").items[0]
    desk.index()
    assert outcomes(desk.add("/ferry")) == [("unchanged", "ferry")]
    assert desk.server.asked("/ferry")[-1].headers["if-none-match"]
    desk.server.add(
        "/ferry", page("ferry", text="The ferry was not sold after all: the council of Skarven changed its mind on Tuesday.")
    )
    again = desk.add("/ferry").items[0]
    assert (again.status, again.article_id) == ("updated", first.article_id)
    desk.index()
    assert "changed its mind" in desk.library.article(first.article_id or "").text
    assert len(desk.library.versions(first.article_id or "")) == 2


def test_other_bytes_with_the_same_words_are_unchanged(desk: Desk) -> None:
    """A page that carries a new token each time is not stored and embedded again."""
    for token in "ab":
        desk.server.add("/ferry", page("ferry", head=f'<meta name="token" content="{token}">'))
        report = desk.add("/ferry")
        desk.index()
    assert outcomes(report) == [("unchanged", "ferry")]
    assert desk.library.count_articles("pending") == 0


def test_an_address_that_cannot_be_had_fails_with_its_reason(desk: Desk) -> None:
    """It is not followed, and the others are read; private addresses need leave."""
    report = desk.add("/missing", "/ferry")
    assert outcomes(report) == [("failed", "missing"), ("added", "ferry")]
    assert "no such page" in report.items[0].reason
    assert [source.address for source in desk.library.sources()] == [desk.server.url("/ferry")]
    private = ingest([desk.server.url("/lamp")], desk.run)
    assert "--allow-private" in private.items[0].reason
    assert not desk.server.asked("/lamp")


@pytest.mark.parametrize(
    ("claimed", "fetched", "taken"),
    [
        ("https://post.example/a", "https://www.post.example/a?page=1", "https://post.example/a"),
        ("https://post.example/a", "https://amp.post.example/a", "https://post.example/a"),
        ("https://other.example/a", "https://post.example/a", "https://post.example/a"),
        ("https://post.example/", "https://post.example/a", "https://post.example/a"),
        ("https://post.example/", "https://post.example", "https://post.example/"),
        (None, "https://post.example/a", "https://post.example/a"),
    ],
)
def test_a_page_names_itself_only_within_its_site(claimed: str | None, fetched: str, taken: str) -> None:
    """A canonical link is believed if it is of the same site and not merely its front page."""
    assert own_address(claimed, fetched=fetched) == taken


def test_the_canonical_link_makes_one_article_of_two_addresses(desk: Desk) -> None:
    """A print view and the page it names are one article; a page that names another site's is itself."""
    head = f'<link rel="canonical" href="{desk.server.url("/ferry")}">'
    desk.server.add("/show.php?id=17", page("ferry", head=head))
    desk.server.add("/thief", page("lamp", head='<link rel="canonical" href="https://post.example/lamp">'))
    first, second, third = desk.add("/ferry", "/show.php?id=17", "/thief").items
    assert second.article_id == first.article_id
    assert third.article_id != first.article_id
    assert desk.library.article(third.article_id or "").url == desk.server.url("/thief")


# --- feeds


def test_a_feed_brings_the_pages_of_its_entries(desk: Desk) -> None:
    """Whole pages, not teasers; outlet and date come from the feed where the page is silent; the feed is followed, its entries are not."""
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry", "lamp")))
    report = desk.add("/feed.xml")
    assert outcomes(report) == [("added", "ferry"), ("added", "lamp")]
    article = desk.library.article(report.items[0].article_id or "")
    assert MORE in article.text
    assert (article.source, article.published_from) == ("The Skarven Post", "feed")
    (source,) = desk.library.sources()
    assert (source.kind, source.title) == ("feed", "The Skarven Post")


def test_a_feeds_own_text_stands_in_for_a_page_that_cannot_be_had(desk: Desk) -> None:
    """The item says so; when the page can be had later, and it is time to look, it takes the text's place, and never the other way round."""
    desk.server.add("/lamp", Reply(status=403))
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry", "lamp", text=True)))
    report = desk.add("/feed.xml")
    assert outcomes(report) == [("added", "ferry"), ("added", "lamp")]
    assert "the feed's own text was taken" in report.items[1].reason
    lamp = report.items[1].article_id or ""
    assert "engineers replaced gears" in desk.library.article(lamp).text
    desk.index()
    desk.server.add("/lamp", page("lamp"))
    desk.server.add("/ferry", Reply(status=500))
    again = desk.add("/feed.xml")
    assert outcomes(again) == [("failed", "ferry"), ("updated", "lamp")]
    desk.index()
    assert "story of the lamp" in desk.library.article(lamp).text
    assert "story of the ferry" in desk.library.article(report.items[0].article_id or "").text


def test_an_entry_without_text_whose_page_is_gone_fails(desk: Desk) -> None:
    """There is nothing to take its place, and the rest goes on."""
    content = feed(desk.server, "bus", "lamp").replace(
        b"<description>Twelve villages in the valley \xe2\x80\xa6</description>", b""
    )
    assert content.count(b"<description>") == 1
    desk.server.add("/bus", Reply(status=404))
    desk.server.add("/feed.xml", rss(content))
    assert outcomes(desk.add("/feed.xml")) == [("failed", "bus"), ("added", "lamp")]


def test_a_feed_that_links_to_itself_ends(desk: Desk) -> None:
    """Its own address among its entries, another feed, and a circle of both: each is fetched at most once, and nothing is an article."""
    items = "".join(
        f"<item><title>{path}</title><link>{desk.server.url(path)}</link></item>"
        for path in ("/feed.xml", "/other.xml", "/ferry")
    )
    looped = f'<rss version="2.0"><channel><title>Loop</title>{items}</channel></rss>'.encode()
    desk.server.add("/feed.xml", rss(looped))
    desk.server.add("/other.xml", rss(looped.replace(b"Loop", b"Pool")))
    report = desk.add("/feed.xml")
    assert [(status, source) for status, source in outcomes(report) if source != "feed.xml"] == [
        ("failed", "other.xml"),
        ("added", "ferry"),
    ]
    assert "is a feed itself" in next(item.reason for item in report.items if item.status == "failed")
    assert len(desk.server.asked("/feed.xml")) == 1
    assert len(desk.server.asked("/other.xml")) == 1


def test_a_sitemap_of_sitemaps_is_followed_down(desk: Desk) -> None:
    """The pages of every sitemap that it lists, itself and circles left out."""
    listed = "".join(f"<sitemap><loc>{desk.server.url(path)}</loc></sitemap>" for path in ("/index.xml", "/one.xml", "/two.xml"))
    index = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</sitemapindex>'.encode()

    def sitemap(*slugs: str) -> Reply:
        urls = "".join(f"<url><loc>{desk.server.url('/' + slug)}</loc></url>" for slug in slugs)
        return Reply(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode(), "application/xml")

    desk.server.add("/index.xml", Reply(index, "application/xml"))
    desk.server.add("/one.xml", sitemap("ferry", "lamp"))
    desk.server.add("/two.xml", Reply(index, "application/xml"))
    report = desk.add("/index.xml")
    assert outcomes(report) == [("added", "ferry"), ("added", "lamp")]
    assert [source.kind for source in desk.library.sources()] == ["sitemap"]
    assert len(desk.server.asked("/index.xml")) == 1


@pytest.mark.parametrize("path", ["/", "/latest"])
def test_a_front_page_leads_to_its_feed(path: str, desk: Desk) -> None:
    """A page without an article of its own, or any page with ``--feed``, is taken for the feed that it names."""
    link = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    front = (
        page("bus", head=link)
        if path == "/latest"
        else html(f"<html><head><title>Post</title>{link}</head><body><p>News.</p></body></html>")
    )
    desk.server.add(path, front)
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry")))
    report = desk.add(path, options=ReadOptions(feed=path == "/latest"))
    assert outcomes(report) == [("added", "ferry")]
    assert [source.address for source in desk.library.sources()] == [desk.server.url("/feed.xml")]


def test_a_page_without_a_feed_says_so(desk: Desk) -> None:
    """``--feed`` on a page that names none fails with what to do; without it an article with a feed link stays an article."""
    report = desk.add("/ferry", options=ReadOptions(feed=True))
    assert outcomes(report) == [("failed", "ferry")]
    assert "names no feed" in report.items[0].reason
    desk.server.add("/lamp", page("lamp", head='<link rel="alternate" type="application/rss+xml" href="/feed.xml">'))
    assert outcomes(desk.add("/lamp")) == [("added", "lamp")]


def test_a_feed_in_a_file_is_a_feed(desk: Desk, tmp_path: Path) -> None:
    """Its entries' pages are fetched; an XML file that is no feed says what it is."""
    (tmp_path / "feed.xml").write_bytes(feed(desk.server, "ferry"))
    (tmp_path / "note.xml").write_text("<note>Quay sold.</note>", "utf-8")
    report = desk.add(tmp_path / "feed.xml", tmp_path / "note.xml")
    assert [item.status for item in report.items] == ["added", "failed"]
    assert "no feed" in report.items[1].reason


def test_what_the_feed_says_fills_gaps_only() -> None:
    """A page's own title, author and stated date stay; a guessed date gives way."""
    now = datetime(2024, 5, 1, tzinfo=UTC)
    from ingest.dates import Published

    said = Entry(title="Feed", author="F", published=Published(now, "minute", "feed"))
    stated = Extracted(text="x", title="Page", published=Published(now - timedelta(days=1), "day", "json-ld"))
    assert with_entry(stated, said, outlet="Post") == Extracted(
        text="x", title="Page", author="F", source="Post", published=stated.published
    )
    guessed = Extracted(text="x", published=Published(now - timedelta(days=9), "day", "htmldate"))
    assert with_entry(guessed, said, outlet="").published == said.published


# --- refreshing


def test_refreshing_brings_what_is_new_and_nothing_else(desk: Desk) -> None:
    """A feed that did not change costs one request; one that did, that and the pages of its new entries."""
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry"), etag='"1"'))
    desk.add("/feed.xml")
    before = len(desk.server.requests)
    assert outcomes(desk.refresh()) == [("unchanged", "feed.xml")]
    assert [request.path for request in desk.server.requests[before:] if request.path != "/robots.txt"] == ["/feed.xml"]
    (source,) = desk.library.sources()
    assert (source.last_status, source.unchanged) == (304, 1)
    desk.server.add("/feed.xml", rss(feed(desk.server, "lamp", "ferry"), etag='"2"'))
    assert ("added", "lamp") in outcomes(desk.refresh())
    assert len(desk.server.asked("/lamp")) == 1
    (source,) = desk.library.sources()
    assert (source.unchanged, source.etag) == (0, '"2"')


def test_only_what_is_due_is_visited(desk: Desk) -> None:
    """Right after it was added a source is left alone, unless all are asked for."""
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry")))
    desk.add("/feed.xml")
    before = len(desk.server.requests)
    assert desk.refresh(every_source=False).items == ()
    assert len(desk.server.requests) == before
    (source,) = desk.library.sources()
    assert source.next_visit
    assert source.next_visit > datetime.now(UTC)


def test_one_source_is_visited_when_it_is_asked_for(desk: Desk) -> None:
    """Of what is followed only the named address is visited, due or not; one that is not followed is no source."""
    for name in ("feed", "other"):
        desk.server.add(f"/{name}.xml", rss(feed(desk.server, "ferry"), etag=f'"{name}"'))
        desk.add(f"/{name}.xml")
    before = len(desk.server.requests)
    addresses = [desk.server.url("/other.xml"), desk.server.url("/lamp")]
    assert outcomes(desk.refresh(every_source=False, addresses=addresses)) == [("unchanged", "other.xml")]
    assert [request.path for request in desk.server.requests[before:] if request.path != "/robots.txt"] == ["/other.xml"]
    assert desk.refresh(every_source=True, addresses=[]).items == ()


def test_a_source_that_fails_is_left_alone_ever_longer(desk: Desk) -> None:
    """Each failure is counted with its reason and puts the next visit off; what it brought stays, and a good visit forgets them."""
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry"), etag='"1"'))
    desk.add("/feed.xml")
    good = desk.server.add("/feed.xml", Reply(status=500))
    waits = []
    for failures in (1, 2):
        report = desk.refresh()
        assert outcomes(report) == [("failed", "feed.xml")]
        (source,) = desk.library.sources()
        assert (source.failures, source.last_status, source.etag) == (failures, 500, '"1"')
        assert good in source.last_error
        assert source.next_visit
        assert source.last_visit
        waits.append(source.next_visit - source.last_visit)
    assert waits[1] > waits[0]
    desk.server.add("/feed.xml", Reply(b"<html>no feed any more</html>"))
    desk.refresh()
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry")))
    desk.refresh()
    (source,) = desk.library.sources()
    assert (source.failures, source.last_error) == (0, "")
    desk.server.add("/feed.xml", Reply(status=410))
    desk.refresh()
    assert desk.library.sources()[0].next_visit == NEVER
    assert "Given up: its server says that it was removed for good" in desk.library.sources()[0].last_error
    assert desk.library.count_articles() == 1


def test_a_source_that_is_not_found_for_weeks_is_given_up(desk: Desk) -> None:
    """Not visited any more, with the reason and what brings it back; asked for all the same and there again, it is followed as ever."""
    address = desk.server.add("/feed.xml", rss(feed(desk.server, "ferry")))
    desk.add("/feed.xml")
    desk.server.add("/feed.xml", Reply(status=404))
    long_ago, soon = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)
    desk.library.record_visit(address, at=long_ago, next_visit=soon, status=404, failures=60, error="404")
    desk.refresh(every_source=False)
    (source,) = desk.library.sources()
    assert source.next_visit == NEVER
    assert "Given up: not found (HTTP 404) for 28 days. `fundstelle refresh --all` tries it once more" in source.last_error
    assert desk.refresh(every_source=False).items == ()
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry", "lamp")))
    desk.refresh()
    (source,) = desk.library.sources()
    assert (source.failures, source.last_error) == (0, "")
    assert source.next_visit != NEVER
    assert desk.library.count_articles() == 2


def test_an_interrupted_visit_is_made_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A visit counts once its articles are stored: before that the feed's validators are not kept, so that nothing is missed."""
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry"), etag='"1"'))
    desk.add("/feed.xml")
    desk.server.add("/feed.xml", rss(feed(desk.server, "lamp", "ferry"), etag='"2"'))

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Library, "put_all", die)
        with pytest.raises(KeyboardInterrupt):
            desk.refresh()
    assert desk.library.sources()[0].etag == '"1"'
    assert ("added", "lamp") in outcomes(desk.refresh())


def test_removing_an_article_forgets_its_address(desk: Desk) -> None:
    """No trace of it is left, though its feed is still followed."""
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry")))
    (item,) = desk.add("/feed.xml").items
    assert desk.library.pages([desk.server.url("/ferry")])
    desk.library.remove([item.article_id or ""])
    assert desk.library.pages([desk.server.url("/ferry")]) == {}
    assert desk.library.unfollow([desk.server.url("/feed.xml"), "nobody"]) == [desk.server.url("/feed.xml")]
    assert desk.library.sources() == []


def test_a_known_page_is_due_when_the_feed_says_something_else() -> None:
    """Or some hours after it could not be had."""
    now = datetime(2024, 5, 1, 12, tzinfo=UTC)
    known = Page(address="https://post.example/a", article_id="a", entry="1", visited_at=now - timedelta(hours=1))
    missed = Page(address="https://post.example/a", article_id="a", entry="1", fetched=False, visited_at=now - timedelta(hours=1))
    assert not is_page_due(known, "1", now=now)
    assert is_page_due(known, "2", now=now)
    assert not is_page_due(missed, "1", now=now)
    assert is_page_due(missed, "1", now=now + timedelta(hours=6))


def test_a_visit_of_nobody_changes_nothing(desk: Desk) -> None:
    """What was unfollowed while it was visited stays unfollowed."""
    record(Visit(address="https://post.example/feed", kind="feed", at=datetime.now(UTC)), (), library=desk.library)
    assert desk.library.sources() == []


def test_the_kept_bytes_are_what_came(desk: Desk) -> None:
    """The page with its media type, for a later extraction; an entry's record where the page could not be had."""
    desk.server.add("/lamp", Reply(status=403))
    desk.server.add("/feed.xml", rss(feed(desk.server, "ferry", "lamp", text=True)))
    ferry, lamp = (desk.library.article(item.article_id or "") for item in desk.add("/feed.xml").items)
    assert desk.library.original(ferry)[1] == page("ferry").body
    assert desk.library.media_type(ferry) == "text/html; charset=utf-8"
    assert json.loads(desk.library.original(lamp)[1])["title"] == "Lamp at Skarven lit"


def test_several_addresses_are_fetched_at_the_same_time(desk: Desk) -> None:
    """Slow pages are waited for together, and reported in the order in which they were named."""
    paths = [f"/slow{n}" for n in range(6)]
    for n, path in enumerate(paths):
        desk.server.add(path, Reply(page("ferry", text=f"Ferry number {n} of Skarven was sold on day {n}.").body, pause=0.5))
    start = time.monotonic()
    report = desk.add(*paths)
    assert [item.source for item in report.items] == [desk.server.url(path) for path in paths]
    assert time.monotonic() - start < 2.5
