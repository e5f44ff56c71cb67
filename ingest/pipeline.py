"""The ingest run: what sources hold becomes stored articles, each item of it an article or a reason.

Fetching, reading and storing overlap: a thread plans ahead, a few fetch, the caller's reads, splits and stores in the order of the plan. One broken
item never stops the rest, and nothing is stored half: an article and its passages go in together, as pending, and are found once the indexes
have them, which may happen meanwhile. Not here: what sources hold (``plan.py``), reading a format, the indexes (``vectorstore/indexes.py``).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ingest.addresses import canonical_address
from ingest.backlog import Backlog, done_ahead
from ingest.clean import find_furniture
from ingest.duplicates import Duplicates
from ingest.entries import entry_digest, own_address, with_entry
from ingest.fetch import Fetcher
from ingest.files import MAX_BYTES
from ingest.plan import plan
from ingest.planned import Document, ItemResult, Loaded, Planned, ReadOptions, Status, Visit, hashed, reason_of
from ingest.split import split_article
from ingest.types import PAYWALL, SHORT, Extracted
from ingest.web import WebPlanner
from vectorstore.errors import LibraryError, SourceEmpty, SourceError, SourceStopped
from vectorstore.languages import detect_language
from vectorstore.library import Storable
from vectorstore.pages import Page
from vectorstore.types import Article, Passage

if TYPE_CHECKING:
    from types import TracebackType

    from ingest.fetch import Fetched
    from vectorstore.library import Library, Stored

__all__ = [
    "MAX_BYTES",
    "IngestReport",
    "ItemResult",
    "ReadOptions",
    "ReadProgress",
    "Web",
    "ingest",
    "run",
    "split",
    "to_article",
]

CountTokens = Callable[[Sequence[str]], Sequence[int]]

PASSAGE_TOKENS = 256
_STORE_AT_ONCE = 64
_STORE_BYTES = 32 * 1024 * 1024
_STORE_SECONDS = 5.0
_PLANNED_BYTES = 64 * 1024 * 1024
_PLANNED_WEIGHT = 2_000
"""What a planned document takes beside the bytes that it holds."""
_FETCHERS = 8
_FETCHED_AHEAD = 16
_STOPPING_SECONDS = 0.2
_NOTES = {
    SHORT: "it is shorter than articles are: perhaps not all of it was read",
    PAYWALL: "the page says that it is for subscribers: perhaps only its beginning was read",
}


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of every item of a run, in the order of the plan; ``stopped`` if it was stopped before its end."""

    items: tuple[ItemResult, ...]
    stopped: bool = False

    def count(self, status: Status) -> int:
        """How many items ended so."""
        return Counter(item.status for item in self.items)[status]

    def to_dict(self) -> dict[str, object]:
        """The report as JSON-ready values, ``"schema"`` first."""
        return {
            "schema": 1,
            "added": self.count("added"),
            "updated": self.count("updated"),
            "unchanged": self.count("unchanged"),
            "duplicates": self.count("duplicate"),
            "failed": self.count("failed"),
            "items": [
                {"source": item.source, "status": item.status, "article_id": item.article_id, "reason": item.reason}
                for item in self.items
            ],
        }


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """How many items are done of those ``planned`` so far, which are all there will be once the plan is ``complete``."""

    done: int
    planned: int
    complete: bool


class Web:
    """The way to the web, opened when something is fetched; a context manager. Closing it ends what is being fetched."""

    def __init__(self, *, allow_private: bool = False, fetcher: Fetcher | None = None) -> None:
        """``fetcher`` stands in for the usual one, and is closed with this."""
        self._allow_private = allow_private
        self._fetcher = fetcher
        self._closed = False
        self._opening = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """Fetch an address, as ``Fetcher.get``."""
        with self._opening:
            if self._closed:
                raise SourceStopped(f"{url}: stopped before it was fetched. Run it again to go on.")
            if self._fetcher is None:
                self._fetcher = Fetcher(allow_private=self._allow_private)
            fetcher = self._fetcher
        return fetcher.get(url, etag=etag, last_modified=last_modified)

    def close(self) -> None:
        """End what is being fetched, and fetch nothing more."""
        with self._opening:
            self._closed = True
            if self._fetcher is not None:
                self._fetcher.close()


def ingest(
    sources: Iterable[str | Path],
    *,
    library: Library,
    count_tokens: CountTokens,
    sample: bool = False,
    options: ReadOptions | None = None,
    web: Web | None = None,
    link: bool = True,
    stop: threading.Event | None = None,
    on_item: Callable[[ItemResult], None] = lambda _: None,
    on_visit: Callable[[Visit, Sequence[ItemResult]], None] = lambda *_: None,
    on_progress: Callable[[ReadProgress], None] = lambda _: None,
) -> IngestReport:
    """Read ``sources`` (files, folders, addresses, ``"-"`` for standard input) into the library, as pending articles.

    Never raises for an item: what cannot be read is reported with its reason. ``on_item`` hears of each item once it is stored. With ``link``,
    articles that say the same as one before are linked to it. Once ``stop`` is set, what is in hand is stored and the rest left. ``on_visit``
    hears of a source of the web when all that it brought is stored (``refresh.record``).
    """
    options = options or ReadOptions()
    with web or Web() as opened:
        planner = WebPlanner(options=options, fetch=opened.get, known_pages=library.pages)
        return run(
            plan(sources, options=options, web=planner),
            library=library,
            count_tokens=count_tokens,
            sample=sample,
            web=opened,
            link=link,
            stop=stop,
            on_item=on_item,
            on_visit=on_visit,
            on_progress=on_progress,
        )


def run(
    planned: Iterable[Planned],
    *,
    library: Library,
    count_tokens: CountTokens,
    web: Web,
    sample: bool = False,
    link: bool = True,
    stop: threading.Event | None = None,
    on_item: Callable[[ItemResult], None] = lambda _: None,
    on_visit: Callable[[Visit, Sequence[ItemResult]], None] = lambda *_: None,
    on_progress: Callable[[ReadProgress], None] = lambda _: None,
) -> IngestReport:
    """Do what is ``planned``, as ``ingest`` says. ``on_visit`` hears of a source of the web when all that it brought is stored."""
    stop = stop or threading.Event()
    backlog: Backlog[Planned] = Backlog(capacity=_PLANNED_BYTES, weight=_weight)
    desk = _Desk(library, count_tokens=count_tokens, sample=sample, link=link, on_item=on_item, on_visit=on_visit, stop=stop)
    ended = threading.Event()

    def end_early() -> None:
        while not ended.is_set():
            if stop.wait(_STOPPING_SECONDS):
                backlog.end()
                web.close()
                return

    threads = [
        threading.Thread(target=backlog.fill, args=(planned,), name="plan", daemon=True),
        threading.Thread(target=end_early, name="stop", daemon=True),
    ]
    with ExitStack() as afterwards:
        executor = afterwards.enter_context(ThreadPoolExecutor(_FETCHERS, thread_name_prefix="fetch"))
        for thread in threads:
            afterwards.callback(thread.join)
        # If this ends early, these end what the threads are waiting for.
        afterwards.callback(web.close)
        afterwards.callback(backlog.end)
        afterwards.callback(ended.set)
        for thread in threads:
            thread.start()
        batch: list[tuple[Planned, Future[Loaded | None]]] = []
        held, since = 0, time.monotonic()
        for item, future in done_ahead(backlog, _load, executor=executor, ahead=_FETCHED_AHEAD):
            length = _content_length(future)
            if stop.is_set():
                break
            batch.append((item, future))
            held += length
            if len(batch) >= _STORE_AT_ONCE or held >= _STORE_BYTES or time.monotonic() - since >= _STORE_SECONDS:
                desk.take(batch)
                batch, held, since = [], 0, time.monotonic()
                on_progress(ReadProgress(len(desk.results), backlog.planned, backlog.complete))
        desk.take(batch)
        on_progress(ReadProgress(len(desk.results), backlog.planned, backlog.complete))
    return IngestReport(tuple(desk.results), stopped=stop.is_set())


def split(article: Article, *, count_tokens: CountTokens) -> list[Passage]:
    """The passages of an article, as every ingest and reindex makes them."""
    return split_article(article, count_tokens=count_tokens, max_tokens=PASSAGE_TOKENS)


def to_article(
    found: Extracted, *, article_id: str, path: str | None, sample: bool = False, fetched_at: datetime | None = None
) -> Article:
    """An article from what was extracted, with its language and its furniture."""
    language = detect_language(found.text, declared=found.language)
    furniture = find_furniture(found.text, title=found.title, language=language, known=found.furniture)
    published = found.published
    return Article(
        id=article_id,
        text=found.text,
        title=found.title,
        source=found.source,
        author=found.author,
        language=language,
        url=found.url,
        path=path,
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        published_from=published.came_from if published else None,
        modified_at=found.modified.at if found.modified else None,
        fetched_at=fetched_at or datetime.now(UTC),
        furniture=furniture,
        sample=sample,
        notes=found.notes,
    )


def _load(item: Planned) -> Loaded | None:
    return item.load() if isinstance(item, Document) else None


def _weight(item: Planned) -> int:
    return _PLANNED_WEIGHT + (item.held if isinstance(item, Document) else 0)


def _content_length(future: Future[Loaded | None]) -> int:
    """How many bytes were loaded, waiting for them; 0 if they could not be."""
    if future.exception() is not None:
        return 0
    loaded = future.result()
    return len(loaded.content) if loaded else 0


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is to be done with an item: the result to report, and what to store for it if anything is."""

    result: ItemResult
    storable: Storable | None = None
    page: Page | None = None
    origin: str | None = None


class _Desk:
    """Where loaded documents are decided on, read and stored, in their order. For one thread."""

    def __init__(
        self,
        library: Library,
        *,
        count_tokens: CountTokens,
        sample: bool,
        link: bool,
        on_item: Callable[[ItemResult], None],
        on_visit: Callable[[Visit, Sequence[ItemResult]], None],
        stop: threading.Event,
    ) -> None:
        self.results: list[ItemResult] = []
        self._library = library
        self._count_tokens = count_tokens
        self._sample = sample
        self._link = link
        self._on_item, self._on_visit = on_item, on_visit
        self._stop = stop
        self._duplicates: Duplicates | None = None
        self._waiting: list[_Reading] = []
        self._by_origin: dict[str, list[ItemResult]] = {}
        self._known: dict[str, Stored | None] = {}

    def take(self, batch: Sequence[tuple[Planned, Future[Loaded | None]]]) -> None:
        """Decide on a batch and store what has to be; of a batch that is interrupted, what was read by then."""
        ids = {item.article_id for item, _ in batch if isinstance(item, Document) and item.article_id}
        self._known = {**dict.fromkeys(ids), **self._library.stored_among(ids)}
        for item, future in batch:
            if self._stop.is_set():
                break
            if isinstance(item, Visit):
                self._store()
                self._on_visit(item, self._by_origin.pop(item.address, ()))
            elif isinstance(item, ItemResult):
                self._waiting.append(_Reading(item))
            else:
                reading = self._read(item, future)  # which may store those that wait
                self._waiting.append(reading)
        self._store()

    def _read(self, document: Document, future: Future[Loaded | None]) -> _Reading:
        source, page = document.source, document.known
        try:
            loaded = _loaded(document, future)
            if loaded.fetched and loaded.fetched.not_modified and page:
                return _Reading(
                    ItemResult(source, "unchanged", page.article_id),
                    page=self._page(document, loaded, page.article_id),
                    origin=document.origin,
                )
            digest = hashlib.sha256(loaded.content).hexdigest()
            known = self._stored(document.article_id) if document.article_id else None
            if known and known.original == digest:
                return _Reading(ItemResult(source, "unchanged", document.article_id), origin=document.origin)
            loaded, found = _extracted(document, loaded)
            article = self._article(document, loaded, found)
            return self._decide(document, loaded, article, digest=digest)
        except (SourceError, OSError) as error:
            return _Reading(ItemResult(source, "failed", reason=reason_of(error, source=source)), origin=document.origin)

    def _article(self, document: Document, loaded: Loaded, found: Extracted) -> Article:
        article_id, fetched = document.article_id, loaded.fetched
        if article_id is None:
            # What a server calls the address after redirects; of an entry whose page could not be had, the feed's.
            url = own_address(found.url, fetched=fetched.url if fetched else document.source)
            article_id, found = hashed(canonical_address(url)), replace(found, url=url)
        return to_article(
            found,
            article_id=article_id,
            path=document.path,
            sample=self._sample,
            fetched_at=fetched.fetched_at if fetched else None,
        )

    def _decide(self, document: Document, loaded: Loaded, article: Article, *, digest: str) -> _Reading:
        known = self._stored(article.id)
        reasons = [loaded.reason, *(_NOTES[note] for note in article.notes if note in _NOTES)]
        page = self._page(document, loaded, article.id)
        if known and known.version == article.version:
            newest = self._library.newest(article.id)
            if known.original == digest or (newest and _says_the_same(article, newest)):
                result = ItemResult(document.source, "unchanged", article.id, _sentence(reasons))
                return _Reading(result, page=page, origin=document.origin)
        passages = split(article, count_tokens=self._count_tokens)
        if not passages:
            raise SourceEmpty(f"{document.source}: nothing in it reads like an article (all of it looks like page furniture).")
        bands: tuple[int, ...] = ()
        status: Status = "added"
        if known:
            status = "unchanged" if known.version == article.version else "updated"
        if self._link:
            article, bands, reason = self._linked(article)
            reasons.insert(0, reason)
            status = "duplicate" if status == "added" and reason else status
        return _Reading(
            ItemResult(document.source, status, article.id, _sentence(reasons)),
            Storable(article, passages, loaded.content, loaded.name, bands, loaded.media_type),
            page,
            document.origin,
        )

    def _linked(self, article: Article) -> tuple[Article, tuple[int, ...], str]:
        if self._duplicates is None:
            self._duplicates = Duplicates(self._library)
        return self._duplicates.link(article)

    def _page(self, document: Document, loaded: Loaded, article_id: str) -> Page | None:
        """What is to be known of the address that an article was fetched from."""
        address = document.entry.url if document.entry else document.source if document.origin else None
        if not address:
            return None
        fetched = loaded.fetched
        return Page(
            address=canonical_address(address),
            article_id=article_id,
            entry=entry_digest(document.entry) if document.entry else document.known.entry if document.known else "",
            fetched=fetched is not None,
            etag=fetched.etag if fetched else None,
            last_modified=fetched.last_modified if fetched else None,
            visited_at=fetched.fetched_at if fetched else datetime.now(UTC),
        )

    def _is_waiting(self, article_id: str) -> bool:
        return any(reading.storable and reading.storable.article.id == article_id for reading in self._waiting)

    def _stored(self, article_id: str) -> Stored | None:
        """What is stored of an article, this run's included."""
        if self._is_waiting(article_id):
            self._store()
            self._known.pop(article_id, None)
        if article_id not in self._known:
            return self._library.stored(article_id)
        return self._known[article_id]

    def _store(self) -> None:
        waiting, self._waiting = self._waiting, []
        storables = [reading.storable for reading in waiting if reading.storable]
        failure = ""
        try:
            if storables:
                self._library.put_all(storables)
            self._library.record_pages(reading.page for reading in waiting if reading.page)
        except LibraryError as error:
            failure = str(error)
        for reading in waiting:
            result = reading.result
            if failure and (reading.storable or reading.page):
                result = ItemResult(result.source, "failed", reason=failure)
            if reading.storable:
                self._known.pop(reading.storable.article.id, None)
            if reading.origin:
                self._by_origin.setdefault(reading.origin, []).append(result)
            self.results.append(result)
            self._on_item(result)


def _loaded(document: Document, future: Future[Loaded | None]) -> Loaded:
    try:
        loaded = future.result()
    except SourceStopped:
        raise
    except SourceError as error:
        if document.fallback is None:
            raise
        return document.fallback(f"the feed's own text was taken, for the page cannot be had ({error})")
    if loaded is None:
        raise AssertionError  # documents are loaded, and only they come here
    return loaded


def _extracted(document: Document, loaded: Loaded) -> tuple[Loaded, Extracted]:
    """What a document says, with what its feed says of it; the feed's own text where it has more of the article than the page."""
    entry, fallback = document.entry, document.fallback
    if loaded.fetched is None:
        found = loaded.read()
    else:
        try:
            found = loaded.read()
            if fallback and entry and SHORT in found.notes and entry.is_full and len(entry.text) > len(found.text):
                loaded = fallback("the feed's own text was taken, for the page has less")
                found = loaded.read()
        except SourceError as error:
            if fallback is None:
                raise
            loaded = fallback(f"the feed's own text was taken, for the page cannot be read ({error})")
            found = loaded.read()
    return loaded, with_entry(found, entry, outlet=document.outlet) if entry else found


def _says_the_same(article: Article, stored: Article) -> bool:
    """Whether nothing about an article with equal words changed: what was learned of its furniture and whom it repeats is the library's own."""
    kept: dict[str, Any] = {
        "fetched_at": stored.fetched_at,
        "duplicate_of": stored.duplicate_of,
        "furniture": stored.furniture,
        "sample": stored.sample,
    }
    return replace(article, **kept) == stored


def _sentence(reasons: Iterable[str]) -> str:
    said = "; ".join(filter(None, reasons))
    return said if not said or said.endswith((".", ")")) else f"{said}."
