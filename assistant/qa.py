"""The Assistant: the one composition of library, indexes, search, evidence and wording. ``ask`` is its one-liner.

Not here: how any of the steps works, opening a library (``open_library``), changing it (``upkeep``), looking through it (``holdings``), mending it (``mending``),
what readers leave in it (``kept``), what it can be asked (``suggestions``).
"""

from __future__ import annotations

import atexit
import threading
import time
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from assistant.calibration import answers, calibration_for
from assistant.citations import cite
from assistant.cited_again import asked_again, quote_again
from assistant.conversation import Standalone, mark_carried, standalone_question
from assistant.courtesies import asks_nothing, courtesy_language, what_can_be_asked
from assistant.disagreement import order_by_disagreement
from assistant.evidence import MAX_QUOTES, find_evidence
from assistant.extractive import phrase, quote_answer
from assistant.generative import ModelFailed
from assistant.holdings import Holdings
from assistant.kept import Kept
from assistant.later_reports import given_answer, in_date_order, open_question
from assistant.mending import Mending
from assistant.numbering import REMEMBERED_TURNS, Numbering, cited_before
from assistant.periods import question_period
from assistant.quoted_dates import with_dates
from assistant.remote import AskRequest, SearchRequest, passed_on, search_passed_on
from assistant.rewriting import rewritten_question
from assistant.suggestions import Suggesting
from assistant.threads import iterate
from assistant.types import Answer, AnswerEvent, AskedPeriod, Citation, Searched, Turn
from assistant.upkeep import Upkeep
from vectorstore.errors import FundstelleError
from vectorstore.languages import question_languages
from vectorstore.settings import read_settings
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
    from pathlib import Path

    from langchain_core.retrievers import BaseRetriever

    from assistant.cited_again import AskedAgain
    from assistant.evidence import Evidence
    from vectorstore.embedding import Vectors
    from vectorstore.search import SearchResult
    from vectorstore.settings import Settings
    from vectorstore.types import Hit

ANSWER_HITS = 10
_TITLE_CHARACTERS = 80


class Assistant(Upkeep, Holdings, Mending, Kept, Suggesting):
    """Questions and answers over one library. Thread-safe; one process at a time owns a library's indexes."""

    # Asking

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        answer_language: str | None = None,
        detect_period: bool = True,
        cancel: threading.Event | None = None,
    ) -> Answer:
        """Answer ``question`` from the library, with a verified quote for everything that is said.

        ``answer_language`` is that of the framing and of refusals (default: the question's); quotes stay as they are. A time in the question
        that is about the reports ("since last week") limits the articles unless ``filters`` do or ``detect_period`` is false.
        What a turn of ``history`` cited keeps its number (``Turn.of`` remembers an answer); other citations get the next ones.
        Once ``cancel`` is set a chat model is asked no further, and the answer is what it has said or the quotes.

        Raises:
            FundstelleError: the library, its indexes or a model cannot be used; the message says what to do. A chat model that
                does not answer is no error: the answer quotes and its ``notice`` says why.
        """
        *_, last = self.stream(
            question,
            history=history,
            filters=filters,
            answer_language=answer_language,
            detect_period=detect_period,
            cancel=cancel,
        )
        if last.answer is None:
            message = "a stream always ends with the answer"
            raise AssertionError(message)
        return last.answer

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        answer_language: str | None = None,
        detect_period: bool = True,
        cancel: threading.Event | None = None,
    ) -> Generator[AnswerEvent, None, None]:
        """``ask`` as it goes: the steps as they begin, the text as it comes, the whole answer last.

        Where ``serve`` has the library, it is asked; then its settings count, not these.

        Closing the iterator ends the request to a chat model at once; ``cancel`` does too, and the whole answer still comes.
        """
        begun = time.perf_counter()
        filters, question = filters or Filters(), _readable(question)
        history = [
            replace(turn, question=_readable(turn.question), answer=_readable(turn.answer))
            for turn in history[-REMEMBERED_TURNS:]
        ]
        asked = AskRequest(
            question=question,
            history=tuple(history),
            filters=filters,
            answer_language=answer_language,
            detect_period=detect_period,
        )
        if (yield from passed_on(self._owner_elsewhere, asked, cancel=cancel)):
            return
        earlier = cited_before(history)
        history = [turn for turn in history if turn.question.strip() and courtesy_language(turn.question) is None]
        if told := self._without_search(question, history=history, earlier=earlier, filters=filters, language=answer_language):
            yield AnswerEvent(kind="text", text=told.text)
            yield AnswerEvent(kind="answer", answer=replace(told, timings={"total": time.perf_counter() - begun}))
            return
        model, trouble, rewritten = self.chat_model, None, None
        if model and history and question.strip():
            yield AnswerEvent(kind="step", text="rewrite")
            try:
                rewritten = rewritten_question(question, history=history, model=model, cancel=cancel)
            except ModelFailed as error:
                trouble = error
        standalone, searched = _read_question(
            rewritten.question if rewritten else question,
            history=() if rewritten else history,
            filters=filters,
            detect_period=detect_period,
        )
        if rewritten:
            standalone = rewritten
            searched = replace(searched, carried=rewritten.carried, rewritten=rewritten.question != question)
        language = answer_language or (standalone.language if history else None)
        yield AnswerEvent(kind="step", text="search")
        unsearchable = self._unsearchable(question, searched, language=language)
        if unsearchable:
            answer = unsearchable
        else:
            result = self._search(searched.question, filters=searched.filters, limit=ANSWER_HITS)
            if searched.period and not result.hits:
                searched = replace(searched, filters=filters, period=replace(searched.period, applied=False))
                result = self._search(searched.question, filters=filters, limit=ANSWER_HITS)
            result = replace(result, terms=mark_carried(result.terms, standalone))
            yield AnswerEvent(kind="step", text="read")
            with self._place_to_answer():
                answer = self._answer(question, searched, result, language=language, earlier=earlier)
            if model and result.hits:
                from assistant.answering import write

                answer = yield from write(
                    answer,
                    question=rewritten.question if rewritten else searched.question if standalone.carried else question,
                    model=model,
                    verifier=self.verifier,
                    count_tokens=self.encoder.count_tokens,
                    budget=self.settings.model_evidence_tokens,
                    vectors_of=self._sentence_vectors,
                    translate=self.settings.model_translates,
                    earlier=earlier,
                    trouble=trouble,
                    cancel=cancel,
                )
        answer = replace(answer, timings={**answer.timings, "total": time.perf_counter() - begun})
        if "first words" not in answer.timings:  # else a chat model's have come
            yield AnswerEvent(kind="text", text=answer.text)
        yield AnswerEvent(kind="answer", answer=answer)

    async def aask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        answer_language: str | None = None,
        detect_period: bool = True,
    ) -> Answer:
        """``ask`` for asynchronous callers, in a thread; cancelled, it ends the request to a chat model too."""
        answer: Answer | None = None
        given: dict[str, Any] = {"history": history, "filters": filters, "answer_language": answer_language}
        async with aclosing(self.astream(question, detect_period=detect_period, **given)) as events:
            async for event in events:
                answer = event.answer or answer
        if answer is None:
            message = "a stream always ends with the answer"
            raise AssertionError(message)
        return answer

    async def astream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        answer_language: str | None = None,
        detect_period: bool = True,
    ) -> AsyncGenerator[AnswerEvent, None]:
        """``stream`` for asynchronous callers, in a thread; closed or cancelled, it ends the request to a chat model too."""
        given: dict[str, Any] = {"history": history, "filters": filters, "answer_language": answer_language}
        start = partial(self.stream, question, detect_period=detect_period, **given)
        async with aclosing(iterate(lambda cancel: start(cancel=cancel))) as events:
            async for event in events:
                yield event

    def search(self, question: str, *, limit: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The passages that best match ``question`` in any language, best first."""
        if not question.strip() or not self.library.count_passages():
            return []
        asked = SearchRequest(question=_readable(question), limit=limit, filters=filters or Filters())
        found = search_passed_on(self._owner_elsewhere, asked)
        return list(self._search(asked.question, filters=asked.filters, limit=limit).hits) if found is None else found

    def warm_up(self) -> None:
        """Open what a question needs and look for questions to propose, so that the first reader waits for neither; no chat model is asked.

        What is wrong with the library is left to the first question to say.
        """
        with suppress(FundstelleError):
            for article in self.library.articles(limit=1):
                self._quoted(article.title or article.text[:_TITLE_CHARACTERS])
            for language in ("en", "de"):
                self.suggestions(language=language)

    def bundle(self, answer: Answer[Any], *, with_texts: bool = True) -> dict[str, Any]:
        """``answer`` with what proves it, for ``fundstelle verify``: JSON-ready values. ``with_texts=False`` leaves whole articles out.

        Raises:
            ArticleNotFound: a cited article is no longer in the library.
        """
        from assistant.bundle import make_bundle

        return make_bundle(answer, article=lambda id_, version: self.article(id_, version=version), with_texts=with_texts)

    def as_retriever(self, *, limit: int = 10, filters: Filters | None = None) -> BaseRetriever:
        """The library as a LangChain retriever."""
        from assistant.retriever import LibraryRetriever

        return LibraryRetriever(assistant=self, limit=limit, filters=filters)

    # Steps of an answer

    def _quoted(self, question: str, *, filters: Filters | None = None) -> Answer | None:
        if not self._owns():
            return None
        standalone, searched = _read_question(question, history=(), filters=filters or Filters(), detect_period=False)
        result = self._search(searched.question, filters=searched.filters, limit=ANSWER_HITS)
        return self._answer(question, searched, result, language=standalone.language, earlier=()) if result.hits else None

    def _refusal_without_search(self, question: str) -> str | None:
        if not any(character.isalnum() for character in question):
            return "question"
        if self.library.count_articles("searchable", "complete"):
            return None
        return "pending" if self.library.count_articles("pending") else "empty"

    def _search(self, question: str, *, filters: Filters, limit: int) -> SearchResult:
        from vectorstore.search import hybrid_search

        with self._place_to_answer():
            return self._asked(
                lambda indexes: hybrid_search(
                    question,
                    library=self.library,
                    indexes=indexes,
                    encoder=self.encoder,
                    glossary=self.glossary,
                    filters=filters,
                    limit=limit,
                    reranker=self.reranker,
                )
            )

    def _answer(
        self, question: str, searched: Searched, result: SearchResult, *, language: str | None, earlier: Sequence[Citation]
    ) -> Answer:
        language = language or result.terms.language
        start = time.perf_counter()
        if not result.hits:
            return self._refuse(question, searched, "filtered", language=language)
        encoder = self.encoder
        finding = find_evidence(searched.question, result, encoder=encoder, glossary=self.glossary)
        enough, confidence = answers(finding.features, calibration_for(encoder.signature)) if finding.features else (False, None)
        timings = {**result.timings, "evidence": time.perf_counter() - start}
        if not enough:
            names = ", ".join(finding.missing)
            reason = phrase("missing", language=language, names=names) if names else phrase("weak", language=language)
            refused = self._refuse(question, searched, reason, language=language, hits=result.hits)
            return replace(refused, confidence=confidence, timings=timings)
        citations: list[Citation] = []
        quotes, disagree = order_by_disagreement(
            finding.quotes,
            question=searched.question,
            language=result.terms.language,
            asks_about=lambda evidence, words: self._asks_about(evidence, words, result),
        )
        quotes, hits = self._with_later_report(quotes, searched, result)
        numbering = Numbering(earlier)
        for evidence in quotes:
            number = numbering.number(evidence.hit.article, evidence.span)
            citation = cite(evidence.hit.article, evidence.span, number=number, also_in=evidence.hit.also_in)
            if citation.verbatim:
                citations.append(with_dates(citation))
        text, sentences = quote_answer(citations, language=language, disagree=disagree)
        return Answer(
            question=question,
            searched=searched,
            text=text,
            language=language,
            sentences=sentences,
            citations=tuple(citations),
            hits=hits,
            abstained=False,
            reason="",
            confidence=confidence,
            model=None,
            timings=timings,
            pending=self.library.count_articles("pending"),
        )

    def _with_later_report(
        self, quotes: list[Evidence], searched: Searched, result: SearchResult
    ) -> tuple[list[Evidence], tuple[Hit, ...]]:
        """The quotes and hits of ``result``, with what a later article says of what a quote says is not known before them, if one does."""
        opened = open_question(quotes, question=searched.question, language=result.terms.language)
        filters = opened.later(searched.filters) if opened else None
        if opened is None or filters is None:
            return quotes, result.hits
        later = self._search(opened.statement, filters=filters, limit=ANSWER_HITS)
        finding = find_evidence(opened.statement, later, encoder=self.encoder, glossary=self.glossary)
        enough = finding.features and answers(finding.features, calibration_for(self.encoder.signature))[0]
        given = given_answer(opened, finding.quotes) if enough else None
        if given is None:
            return quotes, result.hits
        others = (hit for hit in result.hits if hit.passage.id != given.hit.passage.id)
        return in_date_order(given, opened, quotes, at_most=MAX_QUOTES), (given.hit, *others)[:ANSWER_HITS]

    def _without_search(
        self,
        question: str,
        *,
        history: Sequence[Turn],
        earlier: Sequence[Citation],
        filters: Filters,
        language: str | None,
    ) -> Answer | None:
        """The answer to what asks for earlier quotes, or only greets; None of any other question."""
        if again := asked_again(question):
            return self._quote_again(question, again, history=history, earlier=earlier, language=language)
        courtesy = courtesy_language(question)
        if courtesy is None or self._refusal_without_search(question):
            return None
        language = language or courtesy or _language_of(history)
        return self._say_what_can_be_asked(question, Searched(question=question, filters=filters), language=language)

    def _unsearchable(self, question: str, searched: Searched, *, language: str | None) -> Answer | None:
        """The answer where there is nothing to search, or nothing to search for."""
        if refused := self._refusal_without_search(searched.question):
            return self._refuse(question, searched, refused, language=language)
        empty = asks_nothing(searched.question)
        return self._say_what_can_be_asked(question, searched, language=language or empty) if empty else None

    def _quote_again(
        self, question: str, again: AskedAgain, *, history: Sequence[Turn], earlier: Sequence[Citation], language: str | None
    ) -> Answer:
        """The answer to a question for citations of earlier turns by their numbers, in its language or that of the question before."""
        language = language or again.language or _language_of(history)
        quoted = quote_again(
            again.numbers, earlier=earlier, article=lambda id_, version: self.article(id_, version=version), language=language
        )
        refused = self._refuse(question, Searched(question=question, filters=Filters()), quoted.text, language=language)
        return replace(
            refused,
            sentences=quoted.sentences,
            citations=quoted.citations,
            abstained=bool(quoted.reason),
            reason=quoted.reason,
        )

    def _say_what_can_be_asked(self, question: str, searched: Searched, *, language: str) -> Answer:
        """The answer to what asks nothing of the articles; it quotes nothing, and declines nothing either."""
        refused = self._refuse(question, searched, what_can_be_asked(language=language), language=language)
        return replace(refused, abstained=False, reason="")

    def _asks_about(self, evidence: Evidence, words: str, result: SearchResult) -> bool:
        from vectorstore.terms import text_terms

        found = text_terms(words, language=evidence.hit.article.language, glossary=self.glossary)
        return any(word.found_in(found) for word in result.terms.words)

    def _sentence_vectors(self, passage_ids: Sequence[str]) -> Mapping[str, Vectors]:
        found = self._asked(lambda indexes: indexes.vectors.get(passage_ids))
        return {passage_id: vectors.sentences for passage_id, vectors in found.items() if vectors.sentences is not None}

    def _refuse(
        self, question: str, searched: Searched, reason: str, *, language: str | None, hits: Sequence[Hit] = ()
    ) -> Answer:
        from vectorstore.terms import question_terms

        language = language or question_terms(question, library=(), glossary=self.glossary).language
        text = reason if " " in reason else phrase(reason, language=language)
        return Answer(
            question=question,
            searched=searched,
            text=text,
            language=language,
            sentences=(),
            citations=(),
            hits=tuple(hits),
            abstained=True,
            reason=text,
            confidence=None,
            model=None,
            pending=self.library.count_articles("pending"),
        )


def _read_question(
    question: str, *, history: Sequence[Turn], filters: Filters, detect_period: bool
) -> tuple[Standalone, Searched]:
    """What a question leans on, and what is searched for it: its words without those of a period, which becomes a filter."""
    standalone = standalone_question(question, history=history)
    period = None
    if detect_period and not (filters.since or filters.until):
        period = question_period(question, language=standalone.language, today=datetime.now(UTC).date())
    if period is None:
        return standalone, Searched(question=standalone.question, filters=filters, carried=standalone.carried)
    standalone = standalone_question(period.removed(question), history=history)
    return standalone, Searched(
        question=standalone.question,
        filters=period.applied(filters),
        carried=standalone.carried,
        period=AskedPeriod(since=period.since, until=period.until, text=period.text),
    )


def _language_of(history: Sequence[Turn]) -> str:
    """The language of the last question, English before the first."""
    likely = question_languages(history[-1].question) if history else {"en": 1.0}
    return max(likely, key=lambda known: likely[known])


def _readable(question: str) -> str:
    """``question`` without what is no character (lone surrogates, from arguments that are not UTF-8), which no model reads."""
    return question.encode("utf-8", "replace").decode()


_default: dict[Settings, Assistant] = {}
_default_lock = threading.Lock()


def ask(
    question: str,
    *,
    library: Path | str | None = None,
    history: Sequence[Turn] = (),
    filters: Filters | None = None,
    answer_language: str | None = None,
) -> Answer:
    """Answer a question from a library (the default one, or the folder ``library``), which is kept open between calls.

    Raises:
        FundstelleError: as ``Assistant.ask``.
    """
    settings = read_settings(library=library)
    with _default_lock:
        if settings not in _default:
            _default[settings] = Assistant(settings)
            atexit.register(_default[settings].close)
        assistant = _default[settings]
    return assistant.ask(question, history=history, filters=filters, answer_language=answer_language)
