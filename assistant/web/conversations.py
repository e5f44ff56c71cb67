"""The kept conversations: keeping, opening, renaming, removing, exporting. Returns updates by the names of the page's parts.

Each reader has their own: whoever is not the owner does not find them. Not here: asking (``asking``), what the list looks like
(``conversations_html``), how conversations are stored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from assistant.bundle import bundle_text, make_conversation_bundle
from assistant.kept import Conversation, Feedback, KeptExchange, Opinion
from assistant.web import render
from assistant.web.conversations_html import conversations_html, export_html
from assistant.web.talk import Exchange, Talk, anchor_of
from assistant.web.texts import TEXTS
from assistant.web.updates import Action, Updates, asked_number, asked_text
from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.qa import Assistant
    from assistant.web.asking import Asking
    from assistant.web.talk import Without
    from assistant.web.visitor import Visitor
    from vectorstore.types import Filters

LONGEST_TITLE: Final = 120
_FILE_TITLE: Final = 60


class Conversations:
    """The handlers of the kept conversations. They take the open conversation, and give the one that is open then."""

    def __init__(self, assistant: Assistant, asking: Asking) -> None:
        self.assistant = assistant
        self._asking = asking

    def load(self, place: str, *, visitor: Visitor) -> Updates:
        """The page as it is found: the conversation that its address names (``#c=…``), if this reader keeps it, else none."""
        found = self._open(place.partition("c=")[2][:LONGEST_TITLE], visitor=visitor) if place.startswith("#c=") else None
        return {**self._asking.load(visitor=visitor), **(found or self._listed(Talk(), visitor=visitor))}

    def kept(self, updates: Iterator[Updates], *, visitor: Visitor) -> Iterator[Updates]:
        """``updates`` of a question; the conversation is kept before its answer is shown as finished, so that what the reader does next finds it."""
        for update in updates:
            talk = update.get("talk")
            if not talk or not visitor.owner:
                yield update
                continue
            try:
                kept = self.assistant.keep_conversation(visitor.owner, conversation_of(talk))
            except FundstelleError as error:  # the answer is there all the same
                yield {**update, "status": render.status_html(str(error), language=visitor.language)}
                continue
            # Another id where another page has changed or removed what is kept: both stay.
            talk = replace(talk, id=kept.id, revision=kept.revision or "")
            yield {**update, "talk": talk, **self._listed(talk, visitor=visitor)}

    def open(self, action: Action, _: Talk, __: Filters, *, visitor: Visitor) -> Updates:
        """Show a kept conversation with the evidence that it had."""
        found = self._open(asked_text(action, "id"), visitor=visitor)
        return found or self._missing(visitor=visitor)

    def rename(self, action: Action, talk: Talk, _: Filters, *, visitor: Visitor) -> Updates:
        """Call a conversation otherwise."""
        conversation, title = asked_text(action, "id"), asked_text(action, "title").strip()[:LONGEST_TITLE]
        self.assistant.rename_conversation(visitor.owner, conversation, title)
        renamed = replace(talk, title=title) if title and talk.id == conversation else talk
        return {"talk": renamed, **self._listed(renamed, visitor=visitor)}

    def remove(self, action: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """Forget a conversation; the open one is closed with it."""
        conversation = asked_text(action, "id")
        self.assistant.remove_conversation(visitor.owner, conversation)
        if talk.id != conversation:
            return self._listed(talk, visitor=visitor)
        return {**self._asking.restart(action, talk, filters, visitor=visitor), **self._listed(Talk(), visitor=visitor)}

    def restart(self, action: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """An empty conversation."""
        return {**self._asking.restart(action, talk, filters, visitor=visitor), **self._listed(Talk(), visitor=visitor)}

    def export(self, action: Action, _: Talk, __: Filters, *, visitor: Visitor) -> Updates:
        """Hand a conversation to the browser as a file: Markdown to read, or JSON with everything that proves it."""
        found = self.assistant.conversation(visitor.owner, asked_text(action, "id"))
        if found is None:
            return self._missing(visitor=visitor)
        name = "".join(letter if letter.isalnum() else "-" for letter in found.title[:_FILE_TITLE]).strip("-") or "fundstelle"
        if asked_text(action, "as") == "json":
            article = self.assistant.article
            bundle = make_conversation_bundle(found, article=lambda id_, version: article(id_, version=version))
            content = bundle_text(bundle).decode("utf-8", "replace")
            return {"exported": export_html(content, name=f"{name}.json", kind="application/json")}
        return {"exported": export_html(found.to_markdown(), name=f"{name}.md", kind="text/markdown")}

    def feedback(self, action: Action, talk: Talk, _: Filters, *, visitor: Visitor) -> Updates:
        """Keep what the reader thinks of an answer, or forget it again."""
        position, verdict = asked_number(action, "position"), asked_text(action, "verdict")
        answer = talk.exchanges[position].answer if position is not None and position < len(talk.exchanges) else None
        if answer is None:
            return {"status": render.status_html(TEXTS[visitor.language]["no_such_answer"], language=visitor.language)}
        if verdict in {"up", "down"}:
            opinion: Opinion = "up" if verdict == "up" else "down"
            self.assistant.keep_feedback(Feedback(answer=answer, verdict=opinion, note=asked_text(action, "note")))
        else:
            self.assistant.withdraw_feedback(answer)
        return {}

    def _open(self, conversation: str, *, visitor: Visitor) -> Updates | None:
        found = self.assistant.conversation(visitor.owner, conversation) if visitor.owner and conversation else None
        if found is None:
            return None
        exchanges = []
        for position, exchange in enumerate(found.exchanges):
            body = (
                self._asking.answer_html(exchange.answer, anchor=anchor_of(position), language=visitor.language)
                if exchange.answer
                else render.failed_html(exchange.failure, language=visitor.language)
            )
            without = frozenset(cast("tuple[Without, ...]", exchange.without))
            exchanges.append(Exchange(exchange.question, exchange.answer, exchange.failure, without, exchange.filters, body))
        talk = Talk(tuple(exchanges), id=found.id, title=found.title, revision=found.revision or "")
        notice = {"status": render.status_html(found.notice, language=visitor.language)} if found.notice else {}
        return {**self._asking.shown(talk, visitor=visitor), **self._listed(talk, visitor=visitor), **notice}

    def _listed(self, talk: Talk, *, visitor: Visitor) -> Updates:
        entries = self.assistant.conversations(visitor.owner) if visitor.owner else []
        return {"conversations": conversations_html(entries, current=talk.id, language=visitor.language)}

    def _missing(self, *, visitor: Visitor) -> Updates:
        return {"status": render.status_html(TEXTS[visitor.language]["no_such_conversation"], language=visitor.language)}


def conversation_of(talk: Talk) -> Conversation:
    """The open conversation as it is kept; until it is named, its first question is its title."""
    return Conversation(
        id=talk.id,
        title=talk.title or " ".join(talk.exchanges[0].question.split())[:LONGEST_TITLE],
        exchanges=tuple(
            KeptExchange(
                question=exchange.question,
                answer=exchange.answer,
                failure=exchange.failure,
                filters=exchange.filters,
                without=tuple(sorted(exchange.without)),
            )
            for exchange in talk.exchanges
        ),
        revision=talk.revision,
    )
