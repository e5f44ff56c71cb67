"""Addresses, feeds and sitemaps → documents: a page is one, a feed has one for each entry, a sitemap those of the sitemaps it lists too.

Lazily: an entry's page is fetched when its turn comes. Not here: fetching (``fetch.py``), what a feed says (``feeds.py``), when one is visited
again (``refresh.py``), files (``files.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingest.addresses import canonical_address
from ingest.archives import ARCHIVE_SUFFIXES
from ingest.entries import entry_digest, entry_record
from ingest.extract import extract
from ingest.feeds import feed_links, parse_feed, sniff
from ingest.files import from_bytes
from ingest.planned import JSON_LINE, REMOVED, Document, ItemResult, Loaded, Visit, hashed
from ingest.schedule import entry_gap
from ingest.tables import TABLE_SUFFIXES, read_rows
from ingest.types import SHORT
from vectorstore.errors import SourceError, SourceUnreadable

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ingest.feed_entries import Entry, Feed
    from ingest.fetch import Fetched
    from ingest.planned import Planned, ReadOptions
    from ingest.types import Extracted
    from vectorstore.pages import Page
    from vectorstore.sources import SourceKind

MAX_PAGES = 1_000
"""So many pages that are not known yet are taken from one feed or sitemap at a time."""
MAX_SITEMAPS = 100
"""So many sitemaps are opened for one that lists others."""
_DEEPEST = 3
_RETRY_AFTER = timedelta(hours=6)
"""A page that could not be had is tried again then, if the feed still names it."""


class WebPlanner:
    """Finds the documents of addresses. For one thread; ``fetch`` and ``known_pages`` are the ways to the web and to what is known of it."""

    def __init__(
        self,
        *,
        options: ReadOptions,
        fetch: Callable[..., Fetched],
        known_pages: Callable[[Iterable[str]], dict[str, Page]],
        removed: Callable[[Collection[str]], set[str]] = lambda _: set(),
        revisit: bool = True,
    ) -> None:
        """``revisit`` asks for known pages again, to hear whether they changed; without it only feeds say so.

        Pages that are ``removed`` are not fetched.
        """
        self._options = options
        self._fetch = fetch
        self._known_pages = known_pages
        self._removed = removed
        self._revisit = revisit
        self._seen: set[str] = set()

    def visit(self, address: str) -> tuple[Fetched, Page | None]:
        """Fetch an address that somebody named, unless it is known and did not change; with what was known. From any thread."""
        key = canonical_address(address)
        known = self._known_pages([key]).get(key)
        validators = {"etag": known.etag, "last_modified": known.last_modified} if known and not self._options.feed else {}
        return self._fetch(address, **validators), known

    def from_address(self, address: str, visited: Future[tuple[Fetched, Page | None] | None]) -> Iterator[Planned]:
        """The documents of a page, or of the feed or sitemap that is there, once it is ``visited``."""
        try:
            fetched, known = visited.result() or self.visit(address)
        except SourceError as error:
            yield ItemResult(address, "failed", reason=str(error))
            return
        if fetched.not_modified and known:
            yield ItemResult(address, "unchanged", known.article_id)
            yield Visit(address=address, kind="page", at=fetched.fetched_at, fetched=fetched)
            return
        yield from self.from_fetched(address, fetched, known=known)

    def from_fetched(
        self, address: str, fetched: Fetched, *, known: Page | None = None, kind: SourceKind | None = None
    ) -> Iterator[Planned]:
        """The documents of what came back from an address that somebody named: a feed's, a table's, an archive's, or the page itself.

        With ``kind``, what it was the last time: a page in place of a feed is an error then.
        """
        content, media_type = fetched.content, fetched.media_type
        try:
            if sniff(content, media_type=media_type):
                yield from self._from_feed(address, fetched)
                return
            if kind in {"feed", "sitemap"}:
                raise SourceUnreadable(f"{address} is no {kind} any more. Look for its new address, or stop following it.")
            name = PurePosixPath(urlsplit(fetched.url).path).name
            if PurePosixPath(name).suffix.lower() in ARCHIVE_SUFFIXES | TABLE_SUFFIXES and b"<html" not in content[:1000].lower():
                yield from from_bytes(content, name=address.partition("?")[0], place=address, options=self._options)
                return
            links = feed_links(content, url=fetched.url)
            if self._options.feed and not links:
                yield ItemResult(
                    address, "failed", reason=f"{address}: the page names no feed. Add the page itself, or its feed's address."
                )
            elif links and (self._options.feed or not _has_an_article(fetched)):
                yield from self._from_named_feed(address, links[0].url)
            else:
                yield Document(source=address, load=lambda: page_of(fetched), known=known, origin=address, held=len(content))
                yield Visit(address=address, kind="page", at=fetched.fetched_at, fetched=fetched)
        except SourceError as error:
            yield ItemResult(address, "failed", reason=str(error))
            yield Visit(address=address, kind="feed", at=fetched.fetched_at, error=error)

    def _from_named_feed(self, page: str, address: str) -> Iterator[Planned]:
        try:
            fetched = self._fetch(address)
            if not sniff(fetched.content, media_type=fetched.media_type):
                raise SourceUnreadable(
                    f"{address} is no feed, though {page} names it as its feed. Look for the feed's address on the page."
                )
            yield from self._from_feed(address, fetched)
        except SourceError as error:
            yield ItemResult(address, "failed", reason=str(error))

    def _from_feed(self, address: str, fetched: Fetched) -> Iterator[Planned]:
        feed = parse_feed(fetched.content, url=fetched.url, media_type=fetched.media_type, now=datetime.now(UTC))
        kind: SourceKind = "sitemap" if feed.kind in {"sitemap", "sitemap index"} else "feed"
        yield from self.entries(feed, address)
        if feed.notes:
            yield ItemResult(address, "unchanged", reason=f"about the {kind} itself: {'; '.join(feed.notes)}.")
        gap = entry_gap((entry.published.at for entry in feed.entries if entry.published), now=fetched.fetched_at)
        yield Visit(
            address=address,
            kind=kind,
            at=fetched.fetched_at,
            title=feed.title,
            fetched=fetched,
            ttl_minutes=feed.ttl_minutes,
            gap=gap,
        )

    def entries(self, feed: Feed, address: str) -> Iterator[Planned]:
        """The documents of a feed's entries, then of the sitemaps it lists, each address once and a bounded number of new ones."""
        taken = 0
        opened = {canonical_address(address)}
        waiting = [(feed, 0)]
        while waiting:
            current, depth = waiting.pop(0)
            addresses = [canonical_address(entry.url) for entry in current.entries if entry.url]
            known, removed = self._known_pages(addresses), self._removed(addresses)
            for entry in current.entries:
                key = canonical_address(entry.url) if entry.url else ""
                page = known.get(key)
                if result := self._without_reading(entry, key, page, removed=removed):
                    yield result
                    continue
                taken += page is None
                if taken > MAX_PAGES:
                    reason = f"{address} names more than {MAX_PAGES:,} pages that are not in the library. Run it again for the next ones."
                    yield ItemResult(address, "failed", reason=reason)
                    return
                yield self._entry_document(entry, feed=current, address=address, known=page)
            for nested in current.nested:
                if canonical_address(nested) in opened or depth >= _DEEPEST:
                    continue
                opened.add(canonical_address(nested))
                if len(opened) > MAX_SITEMAPS:
                    yield ItemResult(
                        nested, "failed", reason=f"{address} lists more than {MAX_SITEMAPS} sitemaps. Add the ones you want."
                    )
                    return
                try:
                    fetched = self._fetch(nested)
                    found = parse_feed(fetched.content, url=fetched.url, media_type=fetched.media_type, now=datetime.now(UTC))
                    waiting.append((found, depth + 1))
                except SourceError as error:
                    yield ItemResult(nested, "failed", reason=str(error))

    def _without_reading(self, entry: Entry, key: str, page: Page | None, *, removed: Collection[str]) -> ItemResult | None:
        """What becomes of an entry that need not be read: it came before, was removed, or did not change; None if it has to be."""
        came_before = bool(key) and key in self._seen
        self._seen.update([key] if key else [])
        if came_before:
            return ItemResult(entry.url or "", "unchanged", page.article_id if page else None, "it came before in this run.")
        if key in removed:
            return ItemResult(entry.url or "", "unchanged", reason=REMOVED)
        if page and not self._revisit and not is_page_due(page, entry_digest(entry), now=datetime.now(UTC)):
            return ItemResult(entry.url or "", "unchanged", page.article_id)
        return None

    def _entry_document(self, entry: Entry, *, feed: Feed, address: str, known: Page | None) -> Document:
        source = entry.url or f"{address}#{entry.id or entry.title}"
        record = entry_record(entry, outlet=feed.title)

        def of_feed(reason: str) -> Loaded:
            def read() -> Extracted:
                (row,) = read_rows(record, name=source)
                if isinstance(row, SourceError):
                    raise row
                return row.extracted

            return Loaded(content=record, name=source, media_type=JSON_LINE, reason=reason, read=read)

        def load() -> Loaded:
            if entry.url is None:
                return of_feed("")
            validators = {"etag": known.etag, "last_modified": known.last_modified} if known and known.fetched else {}
            fetched = self._fetch(entry.url, **validators)
            if not fetched.not_modified and sniff(fetched.content, media_type=fetched.media_type):
                raise SourceUnreadable(f"{entry.url} is a feed itself. Add it by its own address.")
            return page_of(fetched)

        return Document(
            source=source,
            load=load,
            article_id=None if entry.url else hashed(f"{address}\n{entry.id or entry.text}"),
            entry=entry,
            # A teaser never takes the place of a page that was had before.
            fallback=of_feed if entry.text and entry.url and not (known and known.fetched) else None,
            outlet=feed.title,
            known=known,
            origin=address,
            held=len(record),
        )


def is_page_due(page: Page, digest: str, *, now: datetime) -> bool:
    """Whether a page that a feed names is asked for again: the feed says something else of it, or it could not be had and some hours have passed."""
    return page.entry != digest or (not page.fetched and now - page.visited_at >= _RETRY_AFTER)


def page_of(fetched: Fetched) -> Loaded:
    """A page that was fetched."""

    def read() -> Extracted:
        return extract(fetched.content, name=fetched.url, media_type=fetched.media_type, url=fetched.url, now=fetched.fetched_at)

    return Loaded(content=fetched.content, name=fetched.url, media_type=fetched.media_type, fetched=fetched, read=read)


def _has_an_article(fetched: Fetched) -> bool:
    """Whether a page that names feeds is an article: not the front page of its host, and with enough text of its own."""
    if urlsplit(fetched.url).path in {"", "/"}:
        return False
    try:
        return SHORT not in page_of(fetched).read().notes
    except SourceError:
        return False
