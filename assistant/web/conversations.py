"""The kept conversations: keeping, opening, renaming, removing, exporting. Returns updates by the names of the page's parts.

Each reader has their own: whoever is not the owner does not find them. Not here: asking (``asking``), what the list looks like
(``conversations_html``), how conversations are stored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from assistant.bundle import bundle_text, make_conversation_bundle
from assistant.kept import Feedback, Opinion
from assistant.web import render
from assistant.web.asking import chosen_filters, place_of
from assistant.web.conversations_html import conversations_html, export_html
from assistant.web.keeping import LONGEST_TITLE
from assistant.web.talk import Talk
from assistant.web.texts import TEXTS
from assistant.web.updates import Action, Updates, asked_number, asked_text
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.kept import Conversation
    from assistant.qa import Assistant
    from assistant.web.asking import Asking
    from assistant.web.visitor import Visitor

_FILE_TITLE: Final = 60


class Conversations:
    """The handlers of the kept conversations. They take the open conversation, and give the one that is open then."""

    def __init__(self, assistant: Assistant, asking: Asking) -> None:
        self.assistant = assistant
        self._asking = asking

    def load(self, place: str, *, visitor: Visitor) -> Updates:
        """The page as it is found, or as it was left: with its filters, and the conversation that its address names if this reader keeps it."""
        conversation, left = place_of(place)
        filters = chosen_filters(left, Filters())
        found = self._open(conversation, filters, visitor=visitor)
        nothing = {"talk": Talk(), **self._listed(Talk(), visitor=visitor)}
        return {**self._asking.load(filters, visitor=visitor), **(found or nothing)}

    def at_hand(self, talk: Talk | None, filters: Filters | None, place: str, *, visitor: Visitor) -> tuple[Talk, Filters]:
        """The conversation and the filters of an open page; where they are forgotten, since it slept for long or the program was started anew, as it shows them."""
        if talk is None or filters is None:
            conversation, left = place_of(place)
            found = self._found(conversation, visitor=visitor)
            talk = talk or (self._asking.opened(found, visitor=visitor) if found else Talk())
            filters = filters or chosen_filters(left, Filters())
        return talk, filters

    def kept(self, updates: Iterator[Updates], *, visitor: Visitor) -> Iterator[Updates]:
        """``updates`` of a question, with the list of conversations whenever the open one is another than before, or has more in it."""
        for update in updates:
            talk = update.get("talk")
            yield {**update, **self._listed(talk, visitor=visitor)} if talk else update

    def watch(self, action: Action, _: Talk, filters: Filters, *, visitor: Visitor) -> Iterator[Updates]:
        """Go on showing a question that is being answered, on a page that was loaded anew or showed something else."""
        conversation = asked_text(action, "id")
        run = self._asking.runs.of(conversation, reader=visitor.reader)
        if run:
            yield from self.kept(self._asking.watched(run, visitor=visitor), visitor=visitor)
        else:  # it got its answer a moment ago
            yield self._open(conversation, filters, visitor=visitor) or {}

    def open(self, action: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """Show a kept conversation with the evidence that it had."""
        found = self._open(asked_text(action, "id"), filters, visitor=visitor)
        return found or self._missing(asked_text(action, "id"), talk, visitor=visitor)

    def rename(self, action: Action, talk: Talk, _: Filters, *, visitor: Visitor) -> Updates:
        """Call a conversation otherwise."""
        conversation, title = asked_text(action, "id"), asked_text(action, "title").strip()[:LONGEST_TITLE]
        self.assistant.rename_conversation(visitor.owner, conversation, title)
        renamed = replace(talk, title=title) if title and talk.id == conversation else talk
        return {"talk": renamed, **self._listed(renamed, visitor=visitor)}

    def remove(self, action: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """Forget a conversation; the open one is closed with it."""
        conversation = asked_text(action, "id")
        self._asking.runs.drop(conversation, reader=visitor.reader)
        self.assistant.remove_conversation(visitor.owner, conversation)
        if talk.id != conversation:
            return self._listed(talk, visitor=visitor)
        return {**self._asking.restart(action, talk, filters, visitor=visitor), **self._listed(Talk(), visitor=visitor)}

    def restart(self, action: Action, talk: Talk, filters: Filters, *, visitor: Visitor) -> Updates:
        """An empty conversation."""
        return {**self._asking.restart(action, talk, filters, visitor=visitor), **self._listed(Talk(), visitor=visitor)}

    def export(self, action: Action, talk: Talk, __: Filters, *, visitor: Visitor) -> Updates:
        """Hand a conversation to the browser as a file: Markdown to read, or JSON with everything that proves it."""
        found = self.assistant.conversation(visitor.owner, asked_text(action, "id"))
        if found is None:
            return self._missing(asked_text(action, "id"), talk, visitor=visitor)
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

    def _found(self, conversation: str, *, visitor: Visitor) -> Conversation | None:
        known = visitor.owner and conversation
        return self.assistant.conversation(visitor.owner, conversation[:LONGEST_TITLE]) if known else None

    def _open(self, conversation: str, filters: Filters, *, visitor: Visitor) -> Updates | None:
        run = self._asking.runs.of(conversation, reader=visitor.reader)
        found = self._found(conversation, visitor=visitor)
        if found is None:
            return None
        self._asking.runs.turn_away(visitor.session)
        talk = self._asking.opened(found, visitor=visitor)
        notice = {"status": render.status_html(found.notice, language=visitor.language)} if found.notice else {}
        shown = self._asking.shown(talk, filters, visitor=visitor, run=run)
        return {**shown, **self._listed(talk, visitor=visitor), **notice}

    def _listed(self, talk: Talk, *, visitor: Visitor, missed: str = "") -> Updates:
        entries = self.assistant.conversations(visitor.owner) if visitor.owner else []
        listed = conversations_html(entries, current=talk.id, missed=missed, language=visitor.language)
        return {"conversations": listed}

    def _missing(self, conversation: str, talk: Talk, *, visitor: Visitor) -> Updates:
        told = render.status_html(TEXTS[visitor.language]["no_such_conversation"], language=visitor.language)
        return {**self._listed(talk, visitor=visitor, missed=conversation), "status": told}
