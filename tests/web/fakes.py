"""A stand-in for the assistant, of the same shape, with knobs: for what the page does, not for what an answer says."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assistant.kept import Conversation, Feedback
from assistant.types import Answer, AnswerEvent, Citation, Searched, Sentence
from vectorstore.catalogue import Scope
from vectorstore.conversations import ConversationEntry
from vectorstore.errors import ArticleNotFound
from vectorstore.types import Article, Filters, Hit, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.kept import Opinion
    from assistant.types import Turn

TEXT = (
    "Blinken wirbt um frühere Sowjetrepubliken\n\n"
    "WASHINGTON – US-Außenminister Antony Blinken reist Ende des Monats nach Kasachstan und Usbekistan. "
    "Als Ziel gilt, um frühere Sowjetrepubliken zu werben, die der Einmarsch in der Ukraine beunruhigt. "
    "In Astana ist ein Treffen mit den Außenministern der fünf zentralasiatischen Staaten geplant. "
    "Danach fliegt Blinken nach Taschkent weiter."
)
QUOTE = "Als Ziel gilt, um frühere Sowjetrepubliken zu werben, die der Einmarsch in der Ukraine beunruhigt."
SECOND = "In Astana ist ein Treffen mit den Außenministern der fünf zentralasiatischen Staaten geplant."


def make_article(**changes: Any) -> Article:
    """A German sample article, with ``changes``."""
    values: dict[str, Any] = {
        "id": "https://welt.example/blinken",
        "text": TEXT,
        "title": "Blinken wirbt um frühere Sowjetrepubliken",
        "source": "Welt News",
        "language": "de",
        "url": "https://welt.example/blinken",
        "published_at": datetime(2023, 2, 16, tzinfo=UTC),
        "published_precision": "day",
        "published_from": "dateline",
        "fetched_at": datetime(2023, 2, 17, tzinfo=UTC),
        "sample": True,
    }
    return Article(**{**values, **changes})


def cite(article: Article, quote: str, *, number: int = 1, **changes: Any) -> Citation:
    """A citation of ``quote``, which stands in ``article``, with 120 characters of context."""
    start = article.text.index(quote)
    end = start + len(quote)
    values: dict[str, Any] = {
        "number": number,
        "quote": quote,
        "start": start,
        "end": end,
        "verbatim": True,
        "context_before": article.text[max(0, start - 120) : start],
        "context_after": article.text[end : end + 120],
        "article_id": article.id,
        "version": article.version,
        "title": article.title,
        "source": article.source,
        "url": article.url,
        "language": article.language,
        "published_at": article.published_at,
        "published_precision": article.published_precision,
        "published_from": article.published_from,
        "fetched_at": article.fetched_at,
    }
    return Citation(**{**values, **changes})


def hit_of(article: Article) -> Hit:
    """A passage of the whole ``article``."""
    passage = Passage(
        article_id=article.id, version=article.version, start=0, end=len(article.text), sentences=(Span(0, len(article.text)),)
    )
    return Hit(passage=passage, article=article, score=1.0, cosine=0.8, sentence_scores=(0.8,))


def answer_with(*citations: Citation, question: str = "Why?", hits: Sequence[Hit] = (), **changes: Any) -> Answer:
    """An answer that quotes ``citations``, one to a line."""
    text, sentences = "", []
    for citation in citations:
        start = len(text)
        text += f"{citation.quote} [{citation.number}]"
        sentences.append(Sentence(start=start, end=len(text), citations=(citation.number,), support="quoted"))
        text += "\n\n"
    values: dict[str, Any] = {
        "question": question,
        "searched": Searched(question=question, filters=Filters()),
        "text": text.rstrip(),
        "language": "en",
        "sentences": tuple(sentences),
        "citations": citations,
        "hits": tuple(hits),
        "abstained": not citations,
        "reason": "",
        "confidence": None,
        "model": None,
    }
    return Answer(**{**values, **changes})


@dataclass(frozen=True)
class FakeWord:
    """A word of a quote and its dictionary entry."""

    start: int
    end: int
    senses: tuple[str, ...]
    name: str | None = None
    dictionary: str = "FreeDict German–English"
    licence: str = "GPL-2.0-or-later"


@dataclass
class FakeAssistant:
    """Answers every question with the same answer; ``failure`` is raised instead.

    ``writing`` are words that come before the answer, one event each; while ``waits`` is set they come only until the answer is stopped.
    ``meanings`` are the dictionary: a word and its senses.
    """

    articles_kept: list[Article] = field(default_factory=list)
    answer: Answer | None = None
    failure: Exception | None = None
    examples: list[str] = field(default_factory=list)
    asked: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)
    periods_detected: list[bool] = field(default_factory=list)
    filters: list[Filters | None] = field(default_factory=list)
    writing: tuple[str, ...] = ()
    waits: bool = False
    stopped: int = 0
    meanings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    opinions: list[Feedback] = field(default_factory=list)
    talks: dict[tuple[str, str], Conversation] = field(default_factory=dict)

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        detect_period: bool = True,
        cancel: threading.Event | None = None,
        **_: Any,
    ) -> Iterator[AnswerEvent]:
        """One step, the words, then the answer."""
        self.asked.append((question, tuple(history)))
        self.periods_detected.append(detect_period)
        self.filters.append(filters)
        yield AnswerEvent(kind="step", text="search")
        for word in self.writing:
            yield AnswerEvent(kind="text", text=word)
        if self.waits and cancel and cancel.wait(20):
            self.stopped += 1
        if self.failure:
            raise self.failure
        yield AnswerEvent(kind="answer", answer=self.answer)

    def article(self, article_id: str, *, version: str | None = None) -> Article:
        """The article, or the error for one that is not there."""
        for article in self.articles_kept:
            if article.id == article_id and version in {None, article.version}:
                return article
        message = f"No article {article_id}"
        raise ArticleNotFound(message)

    def article_count(self) -> int:
        """How many there are."""
        return len(self.articles_kept)

    def suggestions(self, limit: int = 3, filters: Filters | None = None, **_: Any) -> list[str]:
        """The examples that were set; with filters those that name the outlet."""
        source = filters.source if filters else None
        return [example for example in self.examples if not source or source in example][:limit]

    def scope(self, filters: Filters | None = None) -> Scope:
        """What there is, without regard to ``filters``."""
        days = [article.published_at.date() for article in self.articles_kept if article.published_at]
        return Scope(
            articles=len(self.articles_kept),
            languages=Counter(article.language for article in self.articles_kept),
            outlets=Counter(article.source for article in self.articles_kept),
            first=min(days, default=None),
            last=max(days, default=None),
            undated=len(self.articles_kept) - len(days),
        )

    def words(self, quote: str, *, language: str, to: str) -> list[FakeWord]:
        """The words of the quote that have a meaning."""
        found = [(match, self.meanings.get(match.group())) for match in re.finditer(r"\w+", quote)]
        return [FakeWord(match.start(), match.end(), senses) for match, senses in found if senses]

    def keep_feedback(self, feedback: Feedback) -> None:
        """Remember it."""
        self.opinions.append(feedback)

    def withdraw_feedback(self, answer: Answer[Any]) -> bool:
        """Forget it."""
        self.opinions = [opinion for opinion in self.opinions if opinion.answer != answer]
        return True

    def verdicts_on(self, answers: Sequence[Answer[Any]]) -> list[Opinion | None]:
        """The last that was thought of each."""
        return [next((one.verdict for one in reversed(self.opinions) if one.answer == answer), None) for answer in answers]

    def conversations(self, owner: str) -> list[ConversationEntry]:
        """Those of the owner, the newest first."""
        mine = [talk for (whose, _), talk in reversed(self.talks.items()) if whose == owner]
        now = datetime.now(UTC)
        return [ConversationEntry(id=talk.id, title=talk.title, updated_at=now, turns=len(talk.exchanges)) for talk in mine]

    def conversation(self, owner: str, conversation_id: str) -> Conversation | None:
        """One of the owner's."""
        return self.talks.get((owner, conversation_id))

    def keep_conversation(self, owner: str, conversation: Conversation) -> Conversation:
        """Remember it as the newest; what it is called already stays."""
        there = self.talks.pop((owner, conversation.id), None)
        conversation = replace(conversation, title=there.title if there else conversation.title)
        self.talks[owner, conversation.id] = conversation
        return conversation

    def rename_conversation(self, owner: str, conversation_id: str, title: str) -> bool:
        """Call it otherwise."""
        talk = self.talks.get((owner, conversation_id))
        if talk:
            self.talks[owner, conversation_id] = replace(talk, title=title)
        return talk is not None

    def remove_conversation(self, owner: str, conversation_id: str) -> bool:
        """Forget it."""
        return self.talks.pop((owner, conversation_id), None) is not None
