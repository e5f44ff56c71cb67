"""What happens on the Ask view: questions, stopping, asking anew, filters, feedback. Returns updates by the names of the page's parts.

Not here: layout and gradio (``page``), what an answer looks like (``render``), the kept conversations (``conversations``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from assistant.web import render, welcome
from assistant.web.talk import Exchange, Talk, Without, anchor_of, turns
from assistant.web.texts import TEXTS
from assistant.web.updates import Action, Change, Updates, asked_text
from vectorstore.errors import ArticleNotFound, FundstelleError
from vectorstore.types import Filters

if TYPE_CHECKING:
    from assistant.qa import Assistant
    from assistant.types import Answer
    from assistant.web.visitor import Visitor

LOG = logging.getLogger(__name__)
SUGGESTIONS: Final = 3


class Asking:
    """The handlers of the Ask view. One of them serves every reader: what belongs to one comes in and goes out as values."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._running: dict[str, threading.Event] = {}

    def welcome(self, *, visitor: Visitor, talking: bool = False) -> Updates:
        """Masthead, introduction and suggestions; the latter two are hidden while a conversation is on (``talking``)."""
        count = self.assistant.article_count()
        examples = [] if talking or not count else self.assistant.suggestions(limit=SUGGESTIONS)[:SUGGESTIONS]
        introduction = welcome.intro_html(count, examples=examples, language=visitor.language)
        return {
            "masthead": welcome.masthead_html(count, language=visitor.language),
            "intro": Change(value=introduction, visible=not talking),
        }

    def ask(self, question: str, talk: Talk, filters: Filters, *, visitor: Visitor) -> Iterator[Updates]:
        """Answer ``question``; in place of the last one if that is being edited."""
        question = question.strip()
        if question:
            kept = talk.without_last() if talk.editing else talk
            yield from self._answer(question, kept, filters, visitor=visitor, typed=True)

    def ask_as_told(self, action: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Iterator[Updates]:
        """Answer a suggestion, or the last question anew in place of its answer: as it was, or without a part of what it became."""
        question = asked_text(action, "question").strip()
        if question:
            yield from self._answer(question, talk, filters, visitor=visitor)
        elif talk.exchanges:
            last = talk.exchanges[-1]
            left = frozenset[Without](part for part in ("period", "conversation") if part == action.get("without"))
            yield from self._answer(
                last.question, talk.without_last(), last.filters, visitor=visitor, without=last.without | left
            )

    def _answer(
        self,
        question: str,
        talk: Talk,
        filters: Filters,
        *,
        visitor: Visitor,
        without: frozenset[Without] = frozenset(),
        typed: bool = False,
    ) -> Iterator[Updates]:
        language, anchor = visitor.language, anchor_of(len(talk.exchanges))
        body = render.working_html("", language=language)
        past = "".join(
            render.exchange_html(exchange.question, exchange.body, anchor=anchor_of(position))
            for position, exchange in enumerate(talk.exchanges)
        )
        cancel = self._running[visitor.session] = threading.Event()
        box = Change(submit_btn=False, stop_btn=True)
        yield {
            # What is being typed while an answer is asked for again is left alone.
            "question": Change(value="", **box) if typed else box,
            "intro": Change(visible=False),
            "past": past,
            "current": render.exchange_html(question, body, anchor=anchor, live=True, busy=True),
        }
        answer, failure, words, step = None, "", "", "search"
        history = turns(talk.exchanges, without=without)
        try:
            for event in self.assistant.stream(
                question, history=history, filters=filters, detect_period="period" not in without, cancel=cancel
            ):
                if event.kind in {"step", "text"}:
                    words, step = (words + event.text, step) if event.kind == "text" else (words, event.text)
                    body = render.working_html(words, step=step, language=language)
                    yield {"current": render.exchange_html(question, body, anchor=anchor, live=True, busy=True)}
                answer = event.answer or answer
            if answer:
                body = render.answer_html(answer, anchor=anchor, language=language, samples=self.samples(answer))
        except FundstelleError as error:
            failure = str(error)
        except Exception:  # the edge of the program: the reader is told, the log has the details
            LOG.exception("A question could not be answered")
            failure = TEXTS[language]["failed_unexpectedly"]
        finally:
            if self._running.get(visitor.session) is cancel:
                del self._running[visitor.session]
        if failure:
            body = render.error_html(failure, language=language)
        exchange = Exchange(question, answer, failure, without, filters, body)
        yield {
            "question": Change(submit_btn=True, stop_btn=False),
            "restart": Change(visible=True),
            "current": render.exchange_html(question, body, anchor=anchor, live=True),
            "talk": talk.with_exchange(exchange),
        }

    def stop(self, *, visitor: Visitor) -> Updates:
        """Ask no further: what there is already becomes the answer."""
        if running := self._running.get(visitor.session):
            running.set()
        return {}

    def restart(self, *, visitor: Visitor) -> Updates:
        """An empty conversation."""
        return {
            "question": Change(value="", submit_btn=True, stop_btn=False),
            "restart": Change(visible=False),
            "past": "",
            "current": "",
            "talk": Talk(),
            **self.welcome(visitor=visitor),
        }

    def samples(self, answer: Answer) -> frozenset[str]:
        """The ids of the cited articles that are samples."""
        known = {hit.article.id: hit.article.sample for hit in answer.hits}
        for citation in answer.citations:
            if citation.article_id not in known:
                try:
                    known[citation.article_id] = self.assistant.article(citation.article_id, version=citation.version).sample
                except ArticleNotFound:  # removed since; the quote is still what was read
                    known[citation.article_id] = False
        return frozenset(article for article, sample in known.items() if sample)
