"""What happens on the Ask view: questions, stopping, asking anew, filters. Returns updates by the names of the page's parts.

Not here: layout and gradio (``page``), what an answer looks like (``render``), the kept conversations (``conversations``).
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from assistant.types import QUESTION_CHARACTERS, HitRecord
from assistant.web import render, welcome
from assistant.web.keeping import keep_talk, talk_of
from assistant.web.local import number_text
from assistant.web.runs import Runs
from assistant.web.scope_html import filters_html
from assistant.web.talk import Exchange, Talk, Without, anchor_of, turns
from assistant.web.texts import TEXTS
from assistant.web.updates import Action, Change, Updates, asked_text
from vectorstore.errors import ArticleNotFound
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.kept import Conversation, Opinion
    from assistant.qa import Assistant
    from assistant.types import Answer, AnswerEvent, Turn
    from assistant.web.runs import Run
    from assistant.web.texts import Language
    from assistant.web.visitor import Visitor
    from vectorstore.types import Article

SUGGESTIONS: Final = 3
LONGEST_NAME: Final = 2000
_SENDING: Final = {"submit_btn": True, "stop_btn": False}
_STOPPING: Final = {"submit_btn": False, "stop_btn": True}


class Asking:
    """The handlers of the Ask view. One of them serves every reader: what belongs to one comes in and goes out as values."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.runs = Runs()
        self._beginning = threading.Lock()

    # The page as it is found

    def load(self, filters: Filters, *, visitor: Visitor) -> Updates:
        """What a visitor finds; questions that can be asked take a moment to find, and come with ``greet``."""
        line = self._filter_line(filters, visitor=visitor)
        return {"filters": filters, "filter_line": line, **self.welcome(filters, visitor=visitor, examples=False)}

    def greet(self, _: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """Masthead, introduction and filters for the library as it is now."""
        line = self._filter_line(filters, visitor=visitor, editing=talk.editing)
        return {"filter_line": line, **self.welcome(filters, visitor=visitor, talking=bool(talk.exchanges))}

    def welcome(self, filters: Filters, *, visitor: Visitor, talking: bool = False, examples: bool = True) -> Updates:
        """Masthead and introduction, with ``examples`` if wanted; the introduction is hidden while a conversation is on (``talking``)."""
        count = self.assistant.article_count()
        wanted = SUGGESTIONS if count and examples and not talking else 0
        asked = self.assistant.suggestions(limit=wanted, language=visitor.language, filters=filters)[:wanted] if wanted else []
        introduction = welcome.intro_html(count, examples=asked, language=visitor.language)
        return {
            "masthead": welcome.masthead_html(count, language=visitor.language),
            "intro": Change(value=introduction, visible=not talking),
        }

    def shown(self, talk: Talk, filters: Filters, *, visitor: Visitor, run: Run | None = None) -> Updates:
        """A conversation as it stands: its last exchange in ``current``, those before in ``past``. Its ``run`` is what is being answered in it."""
        current = talk.exchanges[-1] if talk.exchanges else None
        shown = (
            render.exchange_html(current.question, current.body, anchor=last_anchor(talk), language=visitor.language)
            if current
            else ""
        )
        return {
            "question": Change(**(_STOPPING if run else _SENDING)),
            "past": past_html(talk.exchanges[:-1], language=visitor.language),
            "current": self._working(run, visitor=visitor, rejoin=True) if run else shown,
            "talk": talk,
            **self.welcome(filters, visitor=visitor, talking=bool(current)),
        }

    # Questions

    def ask(self, question: str, talk: Talk, filters: Filters, *, visitor: Visitor) -> Iterator[Updates]:
        """Answer ``question``; in place of the last one if that is being edited."""
        question = question.strip()
        if question:
            talk = self._caught_up(talk, visitor=visitor)
            kept = talk.without_last() if talk.editing else talk
            yield from self._answer(question, kept, filters, visitor=visitor, typed=True)

    def ask_as_told(self, action: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Iterator[Updates]:
        """Answer a suggestion, or the last question anew in place of its answer: as it was, or without a part of what it became."""
        question, talk = asked_text(action, "question").strip(), self._caught_up(talk, visitor=visitor)
        if question:
            yield from self._answer(question, talk, filters, visitor=visitor)
        elif talk.exchanges:
            last, taken_back = talk.exchanges[-1], asked_text(action, "without")
            left: frozenset[Without] = frozenset(part for part in ("period", "conversation") if part == taken_back)
            filters = Filters() if taken_back == "filters" else last.filters
            yield from self._answer(last.question, talk.without_last(), filters, visitor=visitor, without=last.without | left)

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
        pending = Exchange(question, None, without=without, filters=filters)
        with self._beginning:  # one at a time: of two that a double click sends, the second finds the first
            if self.runs.shown_to(visitor.session) or self.runs.of(talk.id, reader=visitor.reader):
                return
            # Kept before it is answered, so that its address finds it from now on.
            history = turns(talk.exchanges, without=without)
            talk, _ = keep_talk(self.assistant, talk.with_exchange(pending), owner=visitor.owner)
            run = self._begin(talk, history, visitor=visitor)
        if run is None:
            failure = TEXTS[visitor.language]["questions_many"]
            failed = self.drawn(replace(pending, failure=failure), anchor=last_anchor(talk), language=visitor.language)
            talk, _ = keep_talk(self.assistant, talk.with_last(failed), owner=visitor.owner)
            yield {**self.shown(talk, filters, visitor=visitor), "question": Change(**_SENDING)}
            return
        yield {
            "question": Change(value="", **_STOPPING) if typed else Change(**_STOPPING),
            "intro": Change(visible=False),
            "past": past_html(talk.exchanges[:-1], language=visitor.language),
            "current": self._working(run, visitor=visitor),
            "talk": talk,
            "filters": filters,
            "filter_line": self._filter_line(filters, visitor=visitor),
        }
        yield from self.watched(run, visitor=visitor)

    def _begin(self, talk: Talk, history: tuple[Turn, ...], *, visitor: Visitor) -> Run | None:
        """Answer the last question of ``talk``; None while too many are being answered."""
        asked = talk.exchanges[-1]

        def ask(cancel: threading.Event) -> Iterator[AnswerEvent]:
            detect = "period" not in asked.without
            return self.assistant.stream(
                asked.question, history=history, filters=asked.filters, detect_period=detect, cancel=cancel
            )

        def finish(answer: Answer[Any] | None, failure: str) -> tuple[Talk, str]:
            exchange = replace(asked, answer=answer, failure=failure)
            exchange = self.drawn(exchange, anchor=last_anchor(talk), language=visitor.language)
            return keep_talk(self.assistant, talk.with_last(exchange), owner=visitor.owner)

        unexpected = TEXTS[visitor.language]["failed_unexpectedly"]
        return self.runs.begin(
            talk, reader=visitor.reader, session=visitor.session, ask=ask, finish=finish, unexpected=unexpected
        )

    def watched(self, run: Run, *, visitor: Visitor) -> Iterator[Updates]:
        """A question that is being answered, until it has its answer or the page shows something else."""
        for _ in self.runs.watch(run, session=visitor.session):
            if not run.ended:
                yield {"current": self._working(run, visitor=visitor)}
                continue
            last = run.talk.exchanges[-1]
            notice = {"status": render.status_html(run.notice, language=visitor.language)} if run.notice else {}
            yield {
                "question": Change(**_SENDING),
                "current": render.exchange_html(
                    last.question, last.body, anchor=last_anchor(run.talk), language=visitor.language, live=True
                ),
                "talk": run.talk,
                **notice,
            }

    def opened(self, found: Conversation, *, visitor: Visitor) -> Talk:
        """A kept conversation with its HTML, and the thumbs that were given."""
        talk = talk_of(found)
        verdicts = iter(self.assistant.verdicts_on([exchange.answer for exchange in talk.exchanges if exchange.answer]))
        drawn = (
            self.drawn(
                exchange,
                anchor=anchor_of(position),
                language=visitor.language,
                verdict=next(verdicts) if exchange.answer else None,
            )
            for position, exchange in enumerate(talk.exchanges)
        )
        return replace(talk, exchanges=tuple(drawn))

    def _caught_up(self, talk: Talk, *, visitor: Visitor) -> Talk:
        """``talk``; as it is kept if its page lost sight of an answer that was under way."""
        if not talk.exchanges or not talk.exchanges[-1].unanswered or not visitor.owner:
            return talk
        found = self.assistant.conversation(visitor.owner, talk.id)
        return replace(self.opened(found, visitor=visitor), editing=talk.editing) if found else talk

    def _working(self, run: Run, *, visitor: Visitor, rejoin: bool = False) -> str:
        body = render.working_html(run.words, step=run.step, language=visitor.language)
        question, anchor = run.talk.exchanges[-1].question, last_anchor(run.talk)
        again = run.conversation if rejoin else ""
        return render.exchange_html(question, body, anchor=anchor, language=visitor.language, live=True, busy=True, rejoin=again)

    def stop(self, *, visitor: Visitor) -> Updates:
        """Ask no further: what there is already becomes the answer."""
        self.runs.stop(visitor.session)
        return {}

    # Beside the questions

    def restart(self, _: Action, __: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """An empty conversation; the filters stay, and are seen."""
        self.runs.turn_away(visitor.session)
        return {
            **self.shown(Talk(), filters, visitor=visitor),
            "question": Change(value="", **_SENDING),
            "filter_line": self._filter_line(filters, visitor=visitor),
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
        return {"filters": chosen, **self.greet(action, talk, chosen, visitor=visitor)}

    def _filter_line(self, filters: Filters, *, visitor: Visitor, editing: bool = False) -> str:
        return filters_html(filters, self.assistant.scope(), language=visitor.language, editing=editing)

    # An answer and what belongs to it

    def drawn(self, exchange: Exchange, *, anchor: str, language: Language, verdict: Opinion | None = None) -> Exchange:
        """The exchange with its HTML: the answer with its evidence from the articles as they are now, what went wrong, or that it was interrupted."""
        answer = exchange.answer
        if answer is None:
            body = render.failed_html(exchange.failure, language=language)
        else:
            scope = self.assistant.scope(answer.searched.filters) if answer.abstained else None
            body = render.answer_html(
                answer,
                anchor=anchor,
                language=language,
                articles=self._articles(answer),
                scope=scope,
                filters=exchange.filters,
                verdict=verdict,
            )
        return replace(exchange, body=body)

    def _articles(self, answer: Answer[Any]) -> dict[str, Article]:
        """The articles of the citations and the nearest hits as they are now, by their ids; not those that were removed since."""
        known: dict[str, Article] = {hit.article.id: hit.article for hit in answer.hits if not isinstance(hit, HitRecord)}
        wanted = [citation.article_id for citation in answer.citations]
        if answer.abstained:
            wanted += [hit.article_id for hit in render.nearest(answer) if isinstance(hit, HitRecord)]
        for article_id in wanted:
            if article_id not in known:
                try:
                    known[article_id] = self.assistant.article(article_id)
                except ArticleNotFound:  # removed since; the quote is still what was read
                    continue
        return known


def last_anchor(talk: Talk) -> str:
    """The element id of the last exchange."""
    return anchor_of(len(talk.exchanges) - 1)


def past_html(exchanges: tuple[Exchange, ...], *, language: Language) -> str:
    """The finished exchanges, oldest first."""
    return "".join(
        render.exchange_html(exchange.question, exchange.body, anchor=anchor_of(position), language=language)
        for position, exchange in enumerate(exchanges)
    )


def place_of(text: str) -> tuple[str, Action]:
    """What the browser says of a page that is loaded: the conversation that its address names, and the filters that were set on it."""
    told = _json_object(text)
    return asked_text(told, "conversation"), _json_object(asked_text(told, "filters"))


def _json_object(text: str) -> Action:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


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
