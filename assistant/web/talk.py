"""What an open page remembers of its conversation: questions, answers, and what each was asked without.

Not here: how conversations are kept (``conversations``), how they are shown (``render``).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from assistant.types import Answer, Turn
from vectorstore.types import Filters

Without = Literal["period", "conversation"]
"""What the reader took back of what a question became: the period that it names, the turns that it leans on."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question: its answer, or what went wrong (``failure``), what it was asked without, and its HTML below the question (``body``).

    With neither an answer nor a failure it is being answered, or was when the program ended.
    """

    question: str
    answer: Answer[Any] | None
    failure: str = ""
    without: frozenset[Without] = frozenset()
    filters: Filters = field(default_factory=Filters)
    body: str = ""

    @property
    def unanswered(self) -> bool:
        """Whether there is neither an answer nor a failure."""
        return self.answer is None and not self.failure


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: the exchanges in their order. ``editing`` says that the next question replaces the last one.

    One that nothing has been asked in has no ``id`` yet. ``revision`` names what is kept of it that this page knows.
    """

    exchanges: tuple[Exchange, ...] = ()
    id: str = ""
    title: str = ""
    revision: str = ""
    editing: bool = False

    def with_exchange(self, exchange: Exchange) -> Talk:
        """The conversation with one more exchange."""
        return replace(self, exchanges=(*self.exchanges, exchange), id=self.id or uuid.uuid4().hex, editing=False)

    def with_last(self, exchange: Exchange) -> Talk:
        """The conversation with ``exchange`` in place of its last one."""
        return replace(self, exchanges=(*self.exchanges[:-1], exchange), editing=False)

    def without_last(self) -> Talk:
        """The conversation before its last exchange."""
        return replace(self, exchanges=self.exchanges[:-1], editing=False)


def anchor_of(position: int) -> str:
    """The element id of the exchange at ``position`` (from 0) of a conversation."""
    return f"question-{position + 1}"


def turns(exchanges: tuple[Exchange, ...], *, without: frozenset[Without]) -> tuple[Turn, ...]:
    """The conversation as the assistant takes it; questions that failed have no answer.

    Without what came before it still has its numbers: they stay those of the conversation.
    """
    told = [
        Turn(exchange.question, exchange.answer.text, exchange.answer.citations) if exchange.answer else Turn(exchange.question)
        for exchange in exchanges
    ]
    return tuple(Turn("", citations=turn.citations) if "conversation" in without else turn for turn in told)
