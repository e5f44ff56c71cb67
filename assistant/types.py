"""What a question becomes: conversation turns, citations, sentences and the answer, as frozen values.

Offsets, datetimes and scores as in ``vectorstore.types``. ``Answer.to_dict`` is the JSON of the command line.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from vectorstore.types import Filters, Hit

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 1
Support = Literal["quoted", "supported", "unsupported", "uncited"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a conversation: what was asked and the text that answered it."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A quote and where it stands: ``quote == text[start:end]`` of that version of the article.

    ``verbatim`` is true once that equality has been checked against the stored text. The contexts are the words before and after,
    never across furniture. ``also_in`` are the other outlets that have the same article.
    """

    number: int
    quote: str
    start: int
    end: int
    verbatim: bool
    context_before: str
    context_after: str
    article_id: str
    version: str
    title: str
    source: str
    url: str | None
    language: str
    published_at: datetime | None
    published_precision: str | None
    published_from: str | None
    fetched_at: datetime
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence ``Answer.text[start:end]`` and how it stands: the numbers of its citations and whether they bear it out."""

    start: int
    end: int
    citations: tuple[int, ...]
    support: Support
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What was actually searched: the standalone question and the filters.

    ``carried`` are the words of earlier turns in it; asked without a history, it is searched as it was put.
    """

    question: str
    filters: Filters
    carried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer and everything needed to check it.

    ``abstained`` answers have no citations, but their hits. ``confidence`` is a calibrated probability that the articles answer
    the question, or None where the encoder has not been calibrated. ``model`` is None when the answer only quotes.
    ``timings`` are seconds per step. ``pending`` is how many articles were not searchable yet.
    """

    question: str
    searched: Searched
    text: str
    language: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    abstained: bool
    reason: str
    confidence: float | None
    model: str | None
    timings: Mapping[str, float] = field(default_factory=dict)
    pending: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values, ``"schema"`` first."""
        return {
            "schema": SCHEMA,
            "question": self.question,
            "searched": plain(asdict(self.searched)),
            "text": self.text,
            "language": self.language,
            "sentences": [plain(asdict(sentence)) for sentence in self.sentences],
            "citations": [plain(asdict(citation)) for citation in self.citations],
            "hits": [hit_to_dict(hit) for hit in self.hits],
            "abstained": self.abstained,
            "reason": self.reason,
            "confidence": self.confidence,
            "model": self.model,
            "timings": dict(self.timings),
            "pending": self.pending,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEvent:
    """Something that happened while answering: a step began, words arrived, or the whole answer is there (last)."""

    kind: Literal["step", "text", "answer"]
    text: str = ""
    answer: Answer | None = None


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """A hit as JSON-ready values."""
    return {
        "article_id": hit.article.id,
        "version": hit.passage.version,
        "title": hit.article.title,
        "source": hit.article.source,
        "url": hit.article.url,
        "language": hit.article.language,
        "published_at": plain(hit.article.published_at),
        "start": hit.passage.start,
        "end": hit.passage.end,
        "text": hit.text,
        "score": hit.score,
        "also_in": list(hit.also_in),
        "ranks": {name: {"rank": rank.rank, "score": rank.score} for name, rank in hit.ranks.items()},
    }


def plain(value: Any) -> Any:
    """``value`` with dates in ISO 8601 and tuples as lists, ready for JSON."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
