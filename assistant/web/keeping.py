"""The conversation of an open page as it is kept in the library, and back.

Not here: what is done with kept conversations on the page (``conversations``), how they are stored (``assistant.kept``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from assistant.kept import Conversation, KeptExchange
from assistant.web.talk import Exchange, Talk
from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from assistant.qa import Assistant
    from assistant.web.talk import Without

LONGEST_TITLE: Final = 120


def keep_talk(assistant: Assistant, talk: Talk, *, owner: str) -> tuple[Talk, str]:
    """``talk`` under the id and revision that it is kept under, and why it could not be kept, empty if it was. Without an owner nothing is kept."""
    if not owner:
        return talk, ""
    try:
        kept = assistant.keep_conversation(owner, conversation_of(talk))
    except FundstelleError as error:  # the conversation goes on all the same
        return talk, str(error)
    # Another id where another page has changed or removed what is kept: both stay.
    return replace(talk, id=kept.id, revision=kept.revision or ""), ""


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


def talk_of(found: Conversation) -> Talk:
    """A kept conversation as a page goes on with it; its exchanges have no HTML yet."""
    exchanges = tuple(
        Exchange(
            exchange.question,
            exchange.answer,
            exchange.failure,
            frozenset(cast("tuple[Without, ...]", exchange.without)),
            exchange.filters,
        )
        for exchange in found.exchanges
    )
    return Talk(exchanges, id=found.id, title=found.title, revision=found.revision or "")
