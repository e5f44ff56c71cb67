"""Articles made anew from the original bytes that the library keeps: for a better extraction or cleaning.

Not here: reading a format (``extract.py``), storing and linking (``pipeline.py``), rebuilding the indexes (``vectorstore/indexes.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.articles import CountTokens, split, to_article
from ingest.duplicates import Duplicates
from ingest.entries import own_address
from ingest.extract import extract
from ingest.furniture import REASON
from ingest.pipeline import IngestReport
from ingest.planned import JSON_LINE, ItemResult
from ingest.run import ReadProgress, Run
from ingest.tables import read_rows
from vectorstore.errors import ArticleNotFound, LibraryError, SourceEmpty, SourceError
from vectorstore.library import Storable

if TYPE_CHECKING:
    from ingest.types import Extracted
    from vectorstore.library import Library
    from vectorstore.types import Article

_AT_ONCE = 32


def extract_again(run: Run) -> IngestReport:
    """Extract every article of the library again; what comes out otherwise waits as pending, other words as another version.

    An article whose bytes cannot be read any more stays as it is and is reported as failed.
    """
    library = run.library
    duplicates = Duplicates(library)
    total = library.count_articles("searchable", "complete")
    results: list[ItemResult] = []
    for articles in _batches(library):
        made: list[tuple[ItemResult, Storable | None]] = []
        for article in articles:
            if run.stop.is_set():
                break
            try:
                made.append(_extract_again(article, library=library, duplicates=duplicates, count_tokens=run.count_tokens))
            except ArticleNotFound:  # removed meanwhile
                continue
            except SourceError as error:
                source = article.path or article.url or article.id
                made.append((ItemResult(source, "failed", article.id, str(error)), None))
        try:
            library.put_all((storable for _, storable in made if storable), bring_back=False)  # may be removed meanwhile
        except LibraryError as error:
            made = [(replace(item, status="failed", reason=str(error)) if storable else item, None) for item, storable in made]
        for item, _ in made:
            results.append(item)
            run.on_item(item)
        run.on_progress(ReadProgress(len(results), total, complete=True))
    return IngestReport(tuple(results), stopped=run.stop.is_set())


def _extract_again(
    article: Article, *, library: Library, duplicates: Duplicates, count_tokens: CountTokens
) -> tuple[ItemResult, Storable | None]:
    """What becomes of one article, and what to store for it if anything came out otherwise."""
    name, content = library.original(article)
    media_type = library.media_type(article)
    anew = made_anew(article, content, name=name, media_type=media_type)
    if _as_it_was(anew, article):
        return ItemResult(name, "unchanged", article.id), None
    passages = split(anew, count_tokens=count_tokens)
    if not passages:
        raise SourceEmpty(f"{name}: nothing in it reads like an article any more.")
    anew, bands, reason = duplicates.link(anew)
    return ItemResult(name, "updated", article.id, reason), Storable(anew, passages, content, name, bands, media_type)


def _batches(library: Library) -> Iterator[list[Article]]:
    """The articles that are searchable now; not those that this run makes so."""
    ids = [article.id for articles in library.current_articles(at_once=_AT_ONCE) for article in articles]
    for start in range(0, len(ids), _AT_ONCE):
        found = (library.newest(article_id) for article_id in ids[start : start + _AT_ONCE])
        yield [article for article in found if article]


def made_anew(article: Article, content: bytes, *, name: str, media_type: str) -> Article:
    """``article`` as its original bytes give it now; ``name`` and ``media_type`` are what is known of those.

    Raises:
        SourceError: they cannot be read any more.
    """
    found = _extracted(article, content, name=name, media_type=media_type)
    anew = to_article(found, article_id=article.id, path=article.path, sample=article.sample, fetched_at=article.fetched_at)
    if article.published_from == "feed" and anew.published_from != "feed":
        # What a feed said of a page is not in the page's bytes.
        anew = replace(
            anew,
            published_at=article.published_at,
            published_precision=article.published_precision,
            published_from=article.published_from,
        )
    return replace(
        anew,
        title=anew.title or article.title,
        source=anew.source or article.source,
        author=anew.author or article.author,
        modified_at=anew.modified_at or article.modified_at,
    )


def _extracted(article: Article, content: bytes, *, name: str, media_type: str) -> Extracted:
    if media_type == JSON_LINE:
        (row,) = read_rows(content, name=f"{name}.jsonl")
        if isinstance(row, SourceError):
            raise row
        return row.extracted
    if article.path is not None or article.url is None:
        return extract(content, name=name, now=article.fetched_at)
    found = extract(content, name=name, media_type=media_type, url=name, now=article.fetched_at)
    return replace(found, url=own_address(found.url, fetched=name))


def _as_it_was(anew: Article, article: Article) -> bool:
    """Whether nothing came out otherwise. What an outlet repeats is learned, not extracted."""
    learned: Sequence[object] = [mark for mark in article.furniture if mark.reason != REASON]
    same_furniture = list(anew.furniture) == learned
    return same_furniture and replace(anew, duplicate_of=article.duplicate_of, furniture=article.furniture) == article
