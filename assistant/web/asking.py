"""What happens on the Ask view: questions, stopping, asking anew, filters. Returns updates by the names of the page's parts.

Not here: layout and gradio (``page``), what an answer looks like (``render``), the kept conversations (``conversations``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from assistant.types import QUESTION_CHARACTERS, HitRecord
from assistant.web import render, welcome
from assistant.web.local import number_text
from assistant.web.scope_html import filters_html
from assistant.web.talk import Exchange, Talk, Without, anchor_of, turns
from assistant.web.texts import TEXTS
from assistant.web.updates import Action, Change, Updates, asked_text
from vectorstore.errors import ArticleNotFound, FundstelleError
from vectorstore.types import Filters

if TYPE_CHECKING:
    from assistant.qa import Assistant
    from assistant.types import Answer
    from assistant.web.texts import Language
    from assistant.web.visitor import Visitor
    from vectorstore.types import Article

LOG = logging.getLogger(__name__)
SUGGESTIONS: Final = 3
LONGEST_NAME: Final = 2000
_SENDING: Final = {"submit_btn": True, "stop_btn": False}
_STOPPING: Final = {"submit_btn": False, "stop_btn": True}


class Asking:
    """The handlers of the Ask view. One of them serves every reader: what belongs to one comes in and goes out as values."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._running: dict[str, threading.Event] = {}

    # The page as it is found

    def load(self, *, visitor: Visitor) -> Updates:
        """What a visitor finds; questions that can be asked take a moment to find, and come with ``greet``."""
        return {"filter_line": self._filter_line(Filters(), visitor=visitor), **self.welcome(visitor=visitor, examples=False)}

    def greet(self, _: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """Masthead, introduction and filters for the library as it is now."""
        talking = bool(talk.exchanges)
        line = self._filter_line(filters, visitor=visitor, editing=talk.editing)
        return {"filter_line": line, **self.welcome(visitor=visitor, talking=talking)}

    def welcome(self, *, visitor: Visitor, talking: bool = False, examples: bool = True) -> Updates:
        """Masthead and introduction, with ``examples`` if wanted; the introduction is hidden while a conversation is on (``talking``)."""
        count = self.assistant.article_count()
        wanted = SUGGESTIONS if count and examples and not talking else 0
        asked = self.assistant.suggestions(limit=wanted, language=visitor.language)[:wanted] if wanted else []
        introduction = welcome.intro_html(count, examples=asked, language=visitor.language)
        return {
            "masthead": welcome.masthead_html(count, language=visitor.language),
            "intro": Change(value=introduction, visible=not talking),
        }

    def shown(self, talk: Talk, *, visitor: Visitor) -> Updates:
        """A conversation as it stands: its last exchange in ``current``, those before in ``past``."""
        current = talk.exchanges[-1] if talk.exchanges else None
        last = len(talk.exchanges) - 1
        return {
            "past": past_html(talk.exchanges[:-1]),
            "current": render.exchange_html(current.question, current.body, anchor=anchor_of(last)) if current else "",
            "talk": talk,
            **self.welcome(visitor=visitor, talking=bool(current)),
        }

    # Questions

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
            left: frozenset[Without] = frozenset(
                part for part in ("period", "conversation") if part == asked_text(action, "without")
            )
            yield from self._answer(
                last.question, talk.without_last(), last.filters, visitor=visitor, without=last.without | left
            )

    def _too_long(self, question: str, *, visitor: Visitor) -> Updates:
        told = {"count": len(question), "most": QUESTION_CHARACTERS}
        words = {key: number_text(number, language=visitor.language) for key, number in told.items()}
        message = TEXTS[visitor.language]["question_long"].format(**words)
        return {"status": render.status_html(message, language=visitor.language)}

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
        if len(question) > QUESTION_CHARACTERS:  # the box of the page holds back only who types into it
            yield self._too_long(question, visitor=visitor)
            return
        language, anchor = visitor.language, anchor_of(len(talk.exchanges))
        body = render.working_html("", language=language)
        cancel = self._running[visitor.session] = threading.Event()
        yield {
            # What is being typed while an answer is asked for again is left alone.
            "question": Change(value="", **_STOPPING) if typed else Change(**_STOPPING),
            "intro": Change(visible=False),
            "past": past_html(talk.exchanges),
            "current": render.exchange_html(question, body, anchor=anchor, live=True, busy=True),
        }
        answer, failure, words, step = None, "", "", "search"
        asked: dict[str, Any] = {
            "history": turns(talk.exchanges, without=without),
            "filters": filters,
            "detect_period": "period" not in without,
        }
        try:
            for event in self.assistant.stream(question, cancel=cancel, **asked):
                if event.kind in {"step", "text"}:
                    words, step = (words + event.text, step) if event.kind == "text" else (words, event.text)
                    body = render.working_html(words, step=step, language=language)
                    yield {"current": render.exchange_html(question, body, anchor=anchor, live=True, busy=True)}
                answer = event.answer or answer
            if answer:
                body = self.answer_html(answer, anchor=anchor, language=language)
        except FundstelleError as error:
            failure = str(error)
        except Exception:  # the edge of the program: the reader is told, the log has the details
            LOG.exception("A question could not be answered")
            failure = TEXTS[language]["failed_unexpectedly"]
        finally:
            if self._running.get(visitor.session) is cancel:
                del self._running[visitor.session]
        if failure:
            body = render.failed_html(failure, language=language)
        exchange = Exchange(question, answer, failure, without, filters, body)
        yield {
            "question": Change(**_SENDING),
            "current": render.exchange_html(question, body, anchor=anchor, live=True),
            "talk": talk.with_exchange(exchange),
            "filter_line": self._filter_line(filters, visitor=visitor),
        }

    def stop(self, *, visitor: Visitor) -> Updates:
        """Ask no further: what there is already becomes the answer."""
        self.leave(visitor.session)
        return {}

    def leave(self, session: str) -> None:
        """The open page ``session`` waits for no answer any more."""
        if running := self._running.get(session):
            running.set()

    # Beside the questions

    def restart(self, _: Action, __: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """An empty conversation; the filters stay, and are seen."""
        return {
            "question": Change(value="", **_SENDING),
            "filter_line": self._filter_line(filters, visitor=visitor),
            **self.shown(Talk(), visitor=visitor),
        }

    def edit(self, _: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """Put the last question back into the box; what is asked next replaces it."""
        if not talk.exchanges:
            return {}
        return {
            "question": talk.exchanges[-1].question,
            "talk": replace(talk, editing=True),
            "filter_line": self._filter_line(filters, visitor=visitor, editing=True),
        }

    def cancel_edit(self, _: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """Leave the last question as it is."""
        return {
            "question": "",
            "talk": replace(talk, editing=False),
            "filter_line": self._filter_line(filters, visitor=visitor),
        }

    def filter(self, action: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """Limit the articles that may answer to those that the action names; what it does not name stays as it is, an empty text is any."""
        chosen = chosen_filters(action, filters)
        return {"filters": chosen, "filter_line": self._filter_line(chosen, visitor=visitor, editing=talk.editing)}

    def _filter_line(self, filters: Filters, *, visitor: Visitor, editing: bool = False) -> str:
        return filters_html(filters, self.assistant.scope(), language=visitor.language, editing=editing)

    # An answer and what belongs to it

    def answer_html(self, answer: Answer[Any], *, anchor: str, language: Language) -> str:
        """An answer with its evidence, from the articles that are still there."""
        scope = self.assistant.scope(answer.searched.filters) if answer.abstained else None
        return render.answer_html(answer, anchor=anchor, language=language, articles=self._articles(answer), scope=scope)

    def _articles(self, answer: Answer[Any]) -> dict[str, Article]:
        """The articles of the citations and the nearest hits that are still there, by their ids."""
        known: dict[str, Article] = {hit.article.id: hit.article for hit in answer.hits if not isinstance(hit, HitRecord)}
        wanted = [(citation.article_id, citation.version) for citation in answer.citations]
        if answer.abstained:
            wanted += [(hit.article_id, hit.version) for hit in render.nearest(answer) if isinstance(hit, HitRecord)]
        for article_id, version in wanted:
            if article_id not in known:
                try:
                    known[article_id] = self.assistant.article(article_id, version=version)
                except ArticleNotFound:  # removed since; the quote is still what was read
                    continue
        return known


def past_html(exchanges: tuple[Exchange, ...]) -> str:
    """The finished exchanges, oldest first."""
    return "".join(
        render.exchange_html(exchange.question, exchange.body, anchor=anchor_of(position))
        for position, exchange in enumerate(exchanges)
    )


def chosen_filters(action: Action, filters: Filters) -> Filters:
    """``filters`` with what ``action`` says of language, source, since and until; a day that is none is no limit."""
    chosen = {
        name: asked_text(action, name).strip()[:LONGEST_NAME] or None if name in action else getattr(filters, name)
        for name in ("language", "source")
    }
    days = {name: _day(asked_text(action, name)) if name in action else getattr(filters, name) for name in ("since", "until")}
    since, until = days["since"], days["until"]
    if since and until and since > until:
        since, until = until, since
    return Filters(**chosen, since=since, until=until, undated=filters.undated)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
