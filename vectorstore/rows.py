"""Articles and passages as rows of the library, and back.

Pure. Not here: the tables (``schema.py``), what is asked of them (``library.py``).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from datetime import datetime
from typing import Any

from vectorstore.errors import LibraryCorrupt
from vectorstore.types import Article, Furniture, Passage, Span, stamp

_MOMENTS = frozenset("added_at fetched_at given_at last_visit modified_at next_visit published_at visited_at".split())


def article_row(article: Article) -> dict[str, Any]:
    """What the table of versions holds of an article; its state, original and passages are the library's."""
    return {
        "article_id": article.id,
        "version": article.version,
        "title": article.title,
        "source": article.source,
        "author": article.author,
        "language": article.language,
        "url": article.url,
        "path": article.path,
        "published_at": stamp(article.published_at) if article.published_at else None,
        "published_precision": article.published_precision,
        "published_from": article.published_from,
        "modified_at": stamp(article.modified_at) if article.modified_at else None,
        "fetched_at": stamp(article.fetched_at),
        "duplicate_of": article.duplicate_of,
        "sample": article.sample,
        "notes": json.dumps(article.notes),
        "text": article.text,
        "furniture": furniture_value(article),
    }


def furniture_value(article: Article) -> str:
    """The furniture of an article as one column."""
    return json.dumps([[span.start, span.end, span.reason] for span in article.furniture])


def to_article(row: Any) -> Article:
    """The article of a row of versions.

    Raises:
        LibraryCorrupt: a column holds what was never written there.
    """
    try:
        return _article(row)
    except (ValueError, TypeError) as error:
        raise LibraryCorrupt(
            f"The stored article {row.article_id} is damaged: {error}. `fundstelle doctor --repair` makes it anew from its original bytes."
        ) from error


def _article(row: Any) -> Article:
    return Article(
        id=row.article_id,
        text=row.text,
        title=row.title,
        source=row.source,
        author=row.author,
        language=row.language,
        url=row.url,
        path=row.path,
        published_at=to_moment(row.published_at),
        published_precision=row.published_precision,
        published_from=row.published_from,
        modified_at=to_moment(row.modified_at),
        fetched_at=datetime.fromisoformat(row.fetched_at),
        furniture=tuple(Furniture(*span) for span in json.loads(row.furniture)),
        duplicate_of=row.duplicate_of,
        sample=row.sample,
        notes=tuple(json.loads(row.notes)),
    )


def passage_row(passage: Passage, *, version_row: int) -> dict[str, Any]:
    """A passage as a row of passages."""
    return {
        "id": passage.id,
        "version_row": version_row,
        "start": passage.start,
        "end": passage.end,
        "sentences": json.dumps([[span.start, span.end] for span in passage.sentences]),
    }


def to_passage(row: Any, *, article_id: str, version: str) -> Passage:
    """The passage of a row of passages."""
    return Passage(
        article_id=article_id,
        version=version,
        start=row.start,
        end=row.end,
        sentences=tuple(Span(*span) for span in json.loads(row.sentences)),
    )


def by_column(row: Any) -> dict[str, Any]:
    """The values of a row by the names of its columns, moments as what they are."""
    return {name: to_moment(value) if name in _MOMENTS else value for name, value in row._mapping.items()}  # noqa: SLF001 - public by its documentation


def unpacked(content: bytes, *, sha256: str | None = None) -> bytes | None:
    """What was packed with zlib; None if it is damaged, or not what has this hash."""
    try:
        found = zlib.decompress(content)
    except zlib.error:
        return None
    return found if sha256 is None or hashlib.sha256(found).hexdigest() == sha256 else None


def to_moment(stored: str | None) -> datetime | None:
    """The moment of a column, or None."""
    return datetime.fromisoformat(stored) if stored else None
