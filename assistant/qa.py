"""The Assistant: the one composition of library, indexes, search, evidence and wording. ``ask`` is its one-liner.

Not here: the steps of an answer by quotes (``quoting``), opening a library (``open_library``), changing it (``upkeep``), looking through it (``holdings``),
mending it (``mending``), what readers leave in it (``kept``), what it can be asked (``suggestions``).
"""

from __future__ import annotations

import atexit
import threading
import time
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from assistant.conversation import mark_carried
from assistant.courtesies import courtesy_language
from assistant.generative import ModelFailed
from assistant.kept import Kept
from assistant.mending import Mending
from assistant.messages import AskRequest, SearchRequest
from assistant.numbering import REMEMBERED_TURNS, cited_before
from assistant.quoting import ANSWER_HITS, read_question
from assistant.remote import passed_on, search_passed_on
from assistant.rewriting import rewritten_question
from assistant.suggestions import Suggesting
from assistant.threads import iterate
from assistant.types import Answer, AnswerEvent, Turn
from assistant.upkeep import Upkeep
from vectorstore.errors import FundstelleError
from vectorstore.settings import read_settings
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Sequence
    from pathlib import Path

    from langchain_core.retrievers import BaseRetriever

    from vectorstore.settings import Settings
    from vectorstore.types import Hit

_TITLE_CHARACTERS = 80


class Assistant(Upkeep, Mending, Kept, Suggesting):
    """Questions and answers over one library. Thread-safe; one process at a time owns a library's indexes."""

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
        if told := self._answer_aside(question, history=history, earlier=earlier, filters=filters, language=answer_language):
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
        standalone, searched = read_question(
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
