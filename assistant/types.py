"""What a question becomes: conversation turns, citations, sentences and the answer, as frozen values.

Offsets, datetimes and scores as in ``vectorstore.types``. ``Answer.to_dict`` is the JSON of the command line; its keys are the fields.
Not here: reading JSON and writing Markdown (``exchange.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Generic, Literal, Self

from typing_extensions import TypeVar

from ingest.relative_dates import DateMention
from vectorstore.types import Filters, Hit, Precision, Rank

SCHEMA = 1
QUESTION_CHARACTERS = 2000
"""How long a question from outside may be; so much of one a chat model gets to read."""
Support = Literal["quoted", "supported", "unsupported", "uncited"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a conversation: what was asked, the text that answered it, and its citations, whose numbers later turns keep.

    One with an empty question only keeps numbers: nothing is carried over from it.
    """

    question: str
    answer: str = ""
    citations: tuple[Citation, ...] = ()

    @classmethod
    def of(cls, answer: Answer[Any]) -> Self:
        """What a conversation remembers of ``answer``."""
        return cls(answer.question, answer.text, answer.citations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A quote and where it stands: ``quote == text[start:end]`` of that version of the article.

    ``number`` is its marker's in the answer: from 1 on, or in a conversation the one that an earlier turn gave the same words, else the next.
    ``verbatim`` is true once that equality has been checked against the stored text. The contexts are the words before and after,
    never across furniture. ``also_in`` are the other outlets that have the same article. ``translation`` is what the chat model
    ``translated_by`` made of a quote in another language than the answer's: for reading, never checked. ``dates`` are days that
    the quote names by that of its publication ("on Tuesday"), at offsets into the quote.
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
    translation: str | None = None
    translated_by: str | None = None
    dates: tuple[DateMention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence ``Answer.text[start:end]`` and how it stands: the numbers of its citations and whether they bear it out."""

    start: int
    end: int
    citations: tuple[int, ...]
    support: Support
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPeriod:
    """Days of publication that the question itself limited the articles to, and its words for them.

    ``applied`` is false where no article is from those days: then all were searched, and the reader is told.
    """

    since: date | None
    until: date | None
    text: str
    applied: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What was actually searched: the standalone question and the filters.

    ``carried`` are the words of earlier turns in it; asked without a history, it is searched as it was put. ``rewritten`` says that a
    chat model made it stand alone. ``period`` is set where the question itself limited the days; asked with ``detect_period=False`` it does
    not.
    """

    question: str
    filters: Filters
    carried: tuple[str, ...] = ()
    rewritten: bool = False
    period: AskedPeriod | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A passage ``text[start:end]`` of an article, one of the hits, that a chat model did not get to read for want of room."""

    article_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRecord:
    """A hit as JSON tells it: the passage ``text[start:end]`` of an article's version and where it is from, without the whole article."""

    article_id: str
    version: str
    title: str
    source: str
    url: str | None
    language: str
    published_at: datetime | None
    published_precision: Precision | None = None
    published_from: str | None = None
    start: int
    end: int
    text: str
    score: float
    also_in: tuple[str, ...] = ()
    ranks: Mapping[str, Rank] = field(default_factory=dict)

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """What is told of ``hit``."""
        article = hit.article
        return cls(
            article_id=article.id,
            version=hit.passage.version,
            title=article.title,
            source=article.source,
            url=article.url,
            language=article.language,
            published_at=article.published_at,
            published_precision=article.published_precision,
            published_from=article.published_from,
            start=hit.passage.start,
            end=hit.passage.end,
            text=hit.text,
            score=hit.score,
            also_in=hit.also_in,
            ranks=hit.ranks,
        )


HitT = TypeVar("HitT", Hit, HitRecord, default=Hit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[HitT]):
    """An answer and everything needed to check it.

    ``abstained`` answers have no citations, but their hits, which are ``HitRecord`` in an answer that was read from JSON. What asks
    nothing of the articles ("Hello") is answered by what can be asked: neither citations nor hits, and not ``abstained``.
    ``confidence`` is a calibrated probability that the articles answer the question, or None where the encoder has not been calibrated.
    ``model`` is None when the answer only quotes.
    ``timings`` are seconds per step. ``pending`` is how many articles were not searchable yet. ``notice`` tells the reader what went
    wrong with the chat model, empty if nothing did; ``left_out`` is what of the hits it did not get to read.
    """

    question: str
    searched: Searched
    text: str
    language: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[HitT, ...]
    abstained: bool
    reason: str
    confidence: float | None
    model: str | None
    timings: Mapping[str, float] = field(default_factory=dict)
    pending: int = 0
    notice: str = ""
    left_out: tuple[LeftOut, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values, ``"schema"`` first."""
        return {"schema": SCHEMA, **plain(self)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Answer[HitRecord]:
        """The answer that ``to_dict`` made ``document`` of; keys that this version does not know are left out.

        Raises:
            DocumentError: it is no answer, or of another schema.
        """
        from assistant.exchange import answer_from

        return answer_from(document)

    def to_markdown(self) -> str:
        """The answer and its numbered sources as Markdown (CommonMark), in which nothing that an article says is markup."""
        from assistant.exchange import answer_markdown

        return answer_markdown(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEvent:
    """Something that happened while answering: a step began, words arrived, a sentence was checked, or the whole answer is there (last).

    Words of a chat model come as it writes them, unchecked, with its own markers. ``sentence`` is one of them, checked: its offsets and
    numbers are those of the words that have come. Only ``answer`` counts; it may say something else where the model failed.
    """

    kind: Literal["step", "text", "sentence", "answer"]
    text: str = ""
    sentence: Sentence | None = None
    answer: Answer | None = None


def hit_to_dict(hit: Hit | HitRecord) -> dict[str, Any]:
    """A hit as JSON-ready values: the fields of its ``HitRecord``."""
    record: dict[str, Any] = plain(hit)
    return record


def plain(value: Any) -> Any:
    """``value`` ready for JSON: records as dictionaries of their fields, dates in ISO 8601, tuples as lists."""
    if isinstance(value, Hit):
        value = HitRecord.of(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
