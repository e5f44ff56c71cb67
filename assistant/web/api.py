"""What programs may ask of a served page: ``ask``, ``search``, ``add`` and ``articles``, by name, with the JSON of the command line.

The page offers these as named endpoints, and as tools where that is wanted. Values come from outside and are checked here. Not here: how they
travel (``page``, ``tools``), what other processes of this user pass on (``passed_on``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, get_type_hints
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from assistant.exchange import article_facts, faults
from assistant.types import QUESTION_CHARACTERS, SCHEMA, Answer, Citation, Turn, hit_to_dict
from vectorstore.errors import DocumentError, SettingsError
from vectorstore.types import Filters

if TYPE_CHECKING:
    from assistant.qa import Assistant

TURNS: Final = 50
ADDRESSES: Final = 100
TEXT_CHARACTERS: Final = 2_000_000
_LINE_CHARACTERS: Final = 2000


def _day(value: object) -> object:
    """A day as JSON has it."""
    if value in {None, ""}:
        return None
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(f"{value!r} is no day; write it like 2023-02-28") from None


def _address(value: object) -> object:
    """A web address; a path on this machine is none, whatever it looks like."""
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{value[:100]!r} is no address; it begins with http:// or https://")
    return value


def _nothing(value: object) -> object:
    """An empty text says as little as none."""
    return None if value == "" else value


Day = Annotated[date | None, BeforeValidator(_day)]
Line = Annotated[str, Field(max_length=_LINE_CHARACTERS)]
Optional = Annotated[Line | None, BeforeValidator(_nothing)]
Address = Annotated[Line, BeforeValidator(_address)]
OptionalAddress = Annotated[Address | None, BeforeValidator(_nothing)]


class _Given(BaseModel):
    """Values from outside: nothing is taken for what it is not."""

    model_config = ConfigDict(strict=True, extra="forbid")


class _Period(_Given):
    language: Optional = None
    source: Optional = None
    since: Day = None
    until: Day = None
    undated: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> _Period:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"the period ends before it begins: {self.since} to {self.until}")
        return self

    @property
    def filters(self) -> Filters:
        """The filters that were given."""
        return Filters(language=self.language, source=self.source, since=self.since, until=self.until, undated=self.undated)


_GivenT = TypeVar("_GivenT", bound=_Given)


class _Turn(_Given):
    question: Annotated[str, Field(max_length=QUESTION_CHARACTERS)]
    answer: Annotated[str, Field(max_length=TEXT_CHARACTERS)] = ""
    citations: tuple[Citation, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _whole_answer(cls, value: Any) -> Any:
        """A turn may be the whole answer as it was given: then its citations keep their numbers."""
        if not (isinstance(value, dict) and "schema" in value):
            return value
        try:
            turn = Turn.of(Answer.from_dict(value))
        except DocumentError as error:
            raise ValueError(str(error)) from error
        return {"question": turn.question, "answer": turn.answer, "citations": turn.citations}


class _Ask(_Period):
    question: Annotated[str, Field(max_length=QUESTION_CHARACTERS)]
    history: Annotated[list[_Turn], Field(max_length=TURNS)]
    answer_language: Optional = None


class _Search(_Period):
    question: Annotated[str, Field(max_length=QUESTION_CHARACTERS)]
    limit: Annotated[int, Field(ge=1, le=1000)]


class _Articles(_Period):
    limit: Annotated[int, Field(ge=1)] | None
    offset: Annotated[int, Field(ge=0)]


class _Add(_Given):
    addresses: Annotated[list[Address], Field(max_length=ADDRESSES)]
    text: Annotated[str, Field(max_length=TEXT_CHARACTERS)]
    title: Line
    source: Line
    language: Line
    url: OptionalAddress
    published_at: Day

    @model_validator(mode="after")
    def _something(self) -> _Add:
        if not self.addresses and not self.text.strip():
            raise ValueError("give addresses, or the text of an article")
        return self


class Endpoints:
    """The named endpoints of one assistant. Each returns what the command of its name prints with ``--json``, without paths of files."""

    def __init__(self, assistant: Assistant) -> None:
        """Endpoints that ask ``assistant``."""
        self._assistant = assistant

    def named(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Each by its name."""
        return {"ask": self.ask, "search": self.search, "add": self.add, "articles": self.articles}

    def ask(
        self,
        question: str,
        history: list[dict[str, Any]] | None = None,
        language: str | None = None,
        source: str | None = None,
        since: str | None = None,
        until: str | None = None,
        undated: bool = False,  # noqa: FBT001, FBT002 - callers name it
        answer_language: str | None = None,
    ) -> dict[str, Any]:
        """Answer a question from the news articles, in quotes with the place where each stands; says so if they do not answer.

        Args:
            question: In any language; the articles' need not be the same.
            history: Earlier turns of the conversation, oldest first: each with "question" and "answer", or what this gave then, whole.
            language: Only articles in this language (de, en, ...).
            source: Only articles of this outlet.
            since: Only articles published on this day (2023-02-28) or later.
            until: Only articles published on this day or earlier.
            undated: With a period, articles without a date too.
            answer_language: Language of the framing; the question's if not given.

        Raises:
            SettingsError: a value cannot be used.
            FundstelleError: as ``Assistant.ask``.
        """
        asked = _checked(
            _Ask,
            question=question,
            history=history or [],
            language=language,
            source=source,
            since=since,
            until=until,
            undated=undated,
            answer_language=answer_language,
        )
        turns = [Turn(turn.question, turn.answer, turn.citations) for turn in asked.history]
        answer = self._assistant.ask(asked.question, history=turns, filters=asked.filters, answer_language=asked.answer_language)
        return answer.to_dict()

    def search(
        self,
        question: str,
        limit: int = 10,
        language: str | None = None,
        source: str | None = None,
        since: str | None = None,
        until: str | None = None,
        undated: bool = False,  # noqa: FBT001, FBT002 - callers name it
    ) -> dict[str, Any]:
        """The passages of the news articles that match a question best, without answering it.

        Args:
            question: In any language.
            limit: How many passages, at most 1000.
            language: Only articles in this language (de, en, ...).
            source: Only articles of this outlet.
            since: Only articles published on this day (2023-02-28) or later.
            until: Only articles published on this day or earlier.
            undated: With a period, articles without a date too.

        Raises:
            SettingsError: a value cannot be used.
            FundstelleError: as ``Assistant.search``.
        """
        asked = _checked(
            _Search,
            question=question,
            limit=limit,
            language=language,
            source=source,
            since=since,
            until=until,
            undated=undated,
        )
        hits = self._assistant.search(asked.question, limit=asked.limit, filters=asked.filters)
        return {"schema": SCHEMA, "items": [hit_to_dict(hit) for hit in hits]}

    def add(
        self,
        addresses: list[str] | None = None,
        text: str = "",
        title: str = "",
        source: str = "",
        language: str = "",
        url: str | None = None,
        published_at: str | None = None,
    ) -> dict[str, Any]:
        """Add articles: web addresses (pages, feeds, sitemaps), or one article as text. Files of the server cannot be named.

        Args:
            addresses: Addresses to fetch, each beginning with http:// or https://; feeds and pages are followed from then on.
            text: The words of an article.
            title: Headline of the text.
            source: Outlet of the text.
            language: Language of the text (de, en, ...), found if not given.
            url: Where the text is from; given again, it replaces the article.
            published_at: Day of publication of the text, like 2023-02-28.

        Raises:
            SettingsError: a value cannot be used; nothing was added.
            FundstelleError: as ``Assistant.add``.
        """
        given = _checked(
            _Add,
            addresses=addresses or [],
            text=text,
            title=title,
            source=source,
            language=language,
            url=url,
            published_at=published_at,
        )
        if not given.text.strip():
            return self._assistant.add(given.addresses).to_dict()
        items = list(self._assistant.add(given.addresses).items) if given.addresses else []
        report = self._assistant.add_text(
            given.text,
            title=given.title,
            url=given.url,
            source=given.source,
            language=given.language,
            published=given.published_at,
        )
        items += [replace(item, source="text") for item in report.items]  # whatever else the text is called
        return replace(report, items=tuple(items)).to_dict()

    def articles(
        self,
        limit: int | None = None,
        offset: int = 0,
        language: str | None = None,
        source: str | None = None,
        since: str | None = None,
        until: str | None = None,
        undated: bool = False,  # noqa: FBT001, FBT002 - callers name it
    ) -> dict[str, Any]:
        """List the news articles of the library, newest first.

        Args:
            limit: How many; all if not given.
            offset: How many to leave out first.
            language: Only articles in this language (de, en, ...).
            source: Only articles of this outlet.
            since: Only articles published on this day (2023-02-28) or later.
            until: Only articles published on this day or earlier.
            undated: With a period, articles without a date too.

        Raises:
            SettingsError: a value cannot be used.
        """
        asked = _checked(
            _Articles,
            limit=limit,
            offset=offset,
            language=language,
            source=source,
            since=since,
            until=until,
            undated=undated,
        )
        listed = self._assistant.articles(limit=asked.limit, offset=asked.offset, filters=asked.filters)
        library = self._assistant.library
        items = [{**article_facts(article), "state": library.state(article)} for article in listed]
        for item in items:
            # Where files are on this machine is not told; and gradio's clients would try to fetch what is called so.
            del item["path"]
        return {"schema": SCHEMA, "items": items}


def typed_as(endpoint: Callable[..., Any], call: Callable[..., Any]) -> Callable[..., Any]:
    """``call``, which passes on to ``endpoint``, with its parameters; the libraries that offer it read them as types, not as text."""
    hints = get_type_hints(endpoint)
    signature = inspect.signature(endpoint)
    typed = [parameter.replace(annotation=hints[name]) for name, parameter in signature.parameters.items()]
    call.__annotations__ = hints
    call.__dict__["__signature__"] = signature.replace(parameters=typed, return_annotation=hints["return"])
    return call


def described(endpoint: Callable[..., Any]) -> str:
    """What ``endpoint`` does and takes, for whoever calls it."""
    return (inspect.getdoc(endpoint) or "").partition("\n\nRaises:")[0]


def _checked(kind: type[_GivenT], **values: object) -> _GivenT:
    try:
        return kind(**values)
    except ValidationError as error:
        raise SettingsError(f"This cannot be used: {faults(error)}.") from error
