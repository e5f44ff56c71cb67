"""What is kept and found: articles, passages, hits and filters, as frozen values.

Standard library only. Said once for the whole project: offsets are code points into ``Article.text``
(``text[start:end]``), datetimes are aware and in UTC, and of every score a higher one is better.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Literal

Precision = Literal["year", "month", "day", "minute", "second"]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range ``text[start:end]`` in code points."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def slice(self, text: str) -> str:
        """The characters of ``text`` that this span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Furniture:
    """A span of an article's text that is not the article: navigation, teaser, notice. ``reason`` is for people."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One version of one article.

    ``id`` names the article (from its address, else its path), ``version`` names its words (sha256 of ``text``, hex).
    ``published_from`` says where the date came from (``"json-ld"``, ``"meta"``, ``"front matter"``, ``"dateline"`` ...);
    ``modified_at`` is when the source says that it last changed the article, ``fetched_at`` when it was read. ``duplicate_of`` is the id of the
    first stored article that says the same. ``notes`` say why the text may not be all of the article (``"short"``, ``"paywall"``).
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    author: str = ""
    language: str = "und"
    url: str | None = None
    path: str | None = None
    published_at: datetime | None = None
    published_precision: Precision | None = None
    published_from: str | None = None
    modified_at: datetime | None = None
    fetched_at: datetime
    furniture: tuple[Furniture, ...] = ()
    duplicate_of: str | None = None
    sample: bool = False
    notes: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The sha256 of ``text``, in hexadecimal: equal words, equal version."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of one article version that is searched as a whole; it and its sentences never cross furniture."""

    article_id: str
    version: str
    start: int
    end: int
    sentences: tuple[Span, ...]

    @property
    def id(self) -> str:
        """A hash of article, version and span: the same passage always gets the same id."""
        key = f"{self.article_id}\n{self.version}\n{self.start}\n{self.end}"
        return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Rank:
    """Where one retriever put a passage: ``rank`` from 1, ``score`` on that retriever's own scale."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found, best first by ``score``.

    ``ranks`` has an entry per retriever that saw the passage (``"dense"``, ``"lexical"``). ``sentence_scores`` are the cosines of
    the question with each of ``passage.sentences``, in their order. ``also_in`` are the other outlets that have the same article.
    """

    passage: Passage
    article: Article
    score: float
    cosine: float
    sentence_scores: tuple[float, ...]
    ranks: Mapping[str, Rank] = field(default_factory=dict)
    also_in: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The passage's words."""
        return self.article.text[self.passage.start : self.passage.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which articles may answer. ``since`` and ``until`` are inclusive days (UTC) of publication.

    With a period set, articles without a date are left out unless ``undated`` is true.
    """

    language: str | None = None
    source: str | None = None
    since: date | None = None
    until: date | None = None
    undated: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.language or self.source or self.since or self.until)

    def period(self) -> tuple[datetime | None, datetime | None]:
        """The first and last instant that match, in UTC."""
        first = datetime.combine(self.since, time.min, UTC) if self.since else None
        last = datetime.combine(self.until, time.max, UTC) if self.until else None
        return first, last

    def stamps(self) -> tuple[str | None, str | None]:
        """``period`` as the library writes moments."""
        first, last = self.period()
        return stamp(first) if first else None, stamp(last) if last else None


def stamp(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC with a fixed width, so that it sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
