"""Where loaded documents end: each is decided on, read, split, compared and stored, in the order of the plan.

Not here: finding and fetching documents, the threads of a run (``pipeline.py``), reading a format (``extract.py``), what is the same
(``duplicates.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ingest.addresses import canonical_address
from ingest.articles import split, to_article
from ingest.duplicates import Duplicates
from ingest.entries import entry_digest, own_address, with_entry
from ingest.planned import REMOVED, Document, ItemResult, Loaded, Planned, Status, Visit, hashed, reason_of
from ingest.types import PAYWALL, SHORT, Extracted
from vectorstore.errors import LibraryError, SourceEmpty, SourceError, SourceStopped
from vectorstore.library import Storable
from vectorstore.pages import Page
from vectorstore.types import Article

if TYPE_CHECKING:
    from ingest.run import Run
    from vectorstore.library import Stored

_NOTES = {
    SHORT: "it is shorter than articles are: perhaps not all of it was read",
    PAYWALL: "the page says that it is for subscribers: perhaps only its beginning was read",
}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is to be done with an item: the result to report, and what to store for it if anything is."""

    result: ItemResult
    storable: Storable | None = None
    page: Page | None = None
    origin: str | None = None


class Desk:
    """Where loaded documents are decided on, read and stored, in their order. For one thread."""

    def __init__(self, run: Run) -> None:
        self.results: list[ItemResult] = []
        self._run = run
        self._library = run.library
        self._hidden: set[str] = set()
        self._back: set[str] = set()
        self._duplicates: Duplicates | None = None
        self._waiting: list[_Reading] = []
        self._by_origin: dict[str, list[ItemResult]] = {}
        self._known: dict[str, Stored | None] = {}
        self._last_row = 0

    def take(self, batch: Sequence[tuple[Planned, Future[Loaded | None]]]) -> None:
        """Decide on a batch and store what has to be; of a batch that is interrupted, what was read by then."""
        ids = {item.article_id for item, _ in batch if isinstance(item, Document) and item.article_id}
        self._last_row = self._library.last_row()
        self._known = {**dict.fromkeys(ids), **self._library.stored_among(ids)}
        self._hidden = set(self._library.hidden()) if self._run.bring_back else set()
        for item, future in batch:
            if self._run.stop.is_set():
                break
            if isinstance(item, Visit):
                self._store()
                self._run.on_visit(item, self._by_origin.pop(item.address, ()))
            elif isinstance(item, ItemResult):
                self._bring_back(item.article_id)
                self._waiting.append(self._as_back(_Reading(item)))
            else:
                reading = self._read(item, future)  # which may store those that wait
                self._waiting.append(self._as_back(reading))
        self._store()

    def _read(self, document: Document, future: Future[Loaded | None]) -> _Reading:
        source, page = document.source, document.known
        try:
            loaded = _loaded(document, future)
            if loaded.fetched and loaded.fetched.not_modified and page:
                self._bring_back(page.article_id)
                return _Reading(
                    ItemResult(source, "unchanged", page.article_id),
                    page=self._page(document, loaded, page.article_id),
                    origin=document.origin,
                )
            digest = hashlib.sha256(loaded.content).hexdigest()
            self._bring_back(document.article_id)
            known = self._stored(document.article_id) if document.article_id else None
            if known and known.original == digest:
                return _Reading(ItemResult(source, "unchanged", document.article_id), origin=document.origin)
            loaded, found = _extracted(document, loaded)
            article = self._article(document, loaded, found)
            self._bring_back(article.id)
            if not self._run.bring_back and self._library.gone([article.id]):
                return self._passed_over(document, article)
            return self._decide(document, loaded, article, digest=digest)
        except (SourceError, OSError) as error:
            return _Reading(ItemResult(source, "failed", reason=reason_of(error, source=source)), origin=document.origin)

    def _bring_back(self, article_id: str | None) -> None:
        """Somebody named a source of this article: if it is on its way out, it comes back as it was."""
        if article_id in self._hidden:
            self._hidden.discard(article_id)
            self._known.pop(article_id, None)
            self._back.update(self._library.restore([article_id]))

    def _as_back(self, reading: _Reading) -> _Reading:
        """``reading`` told as what it is to whoever removed the article and adds it again."""
        result = reading.result
        if result.status != "unchanged" or result.article_id not in self._back:
            return reading
        self._back.discard(result.article_id)
        return replace(reading, result=replace(result, status="added", reason=_sentence(("it is back", result.reason))))

    def _passed_over(self, document: Document, article: Article) -> _Reading:
        """An article that was removed, listed by a source that is followed; the next time its page is not even fetched."""
        if document.entry and document.entry.url:
            self._library.remember_removed(canonical_address(document.entry.url), article_id=article.id)
        return _Reading(ItemResult(document.source, "unchanged", reason=REMOVED), origin=document.origin)

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
            sample=self._run.sample,
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
        passages = split(article, count_tokens=self._run.count_tokens)
        if not passages:
            raise SourceEmpty(f"{document.source}: nothing in it reads like an article (all of it looks like page furniture).")
        bands: tuple[int, ...] = ()
        status: Status = "added"
        if known:
            status = "unchanged" if known.version == article.version else "updated"
        if self._run.link:
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

    def _as_linked_now(self, waiting: list[_Reading]) -> Iterator[Storable]:
        """What is to be stored of these, from within the transaction that does so.

        If another process has stored something since they were linked, they are linked again, and ``waiting`` with them: two runs that bring the same
        copy at the same moment would miss each other.
        """
        places = [place for place, reading in enumerate(waiting) if reading.storable]
        storables = [storable for reading in waiting if (storable := reading.storable)]
        if self._duplicates and self._library.last_row() != self._last_row:
            links = self._duplicates.link_again([storable.article for storable in storables])
            for place, storable, (article, bands, reason) in zip(places, storables, links, strict=True):
                result = waiting[place].result
                if reason and result.status == "added":
                    result = replace(result, status="duplicate", reason=_sentence([reason, result.reason.rstrip(".")]))
                waiting[place] = replace(waiting[place], result=result, storable=replace(storable, article=article, bands=bands))
        yield from (storable for reading in waiting if (storable := reading.storable))

    def _store(self) -> None:
        waiting, self._waiting = self._waiting, []
        failure = ""
        try:
            if any(reading.storable for reading in waiting):
                self._library.put_all(self._as_linked_now(waiting), bring_back=self._run.bring_back)
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
            self._run.on_item(result)


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
