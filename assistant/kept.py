"""What readers leave in a library: the conversations that they keep, and what they think of answers.

Kept as the JSON of answers, so that what is opened again shows the same quotes, also of articles that were removed since. Not here: how a
conversation is carried on (``conversation``), showing and exporting (``web``, ``cli``).
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from assistant.exchange import answer_from, check_schema, escaped_line, faults
from assistant.open_library import OpenLibrary
from assistant.types import SCHEMA, Answer, plain
from vectorstore.errors import DocumentError, SettingsError
from vectorstore.feedback import KeptVerdict
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import TypeAdapter

    from vectorstore.conversations import ConversationEntry

Opinion = Literal["up", "down"]
MAX_NOTE: Final = 4_000
MAX_QUESTION: Final = 20_000
MAX_EXCHANGE: Final = 1_000_000
"""So many bytes of JSON are kept of one exchange; a longer answer is kept without its hits."""
_MAX_NAME: Final = 200
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptExchange:
    """A question of a kept conversation and its answer, or the ``failure`` that the reader was told instead; neither while it is being answered.

    ``filters`` are those that the reader set, ``without`` is what the reader took back of what the question became.
    """

    question: str
    answer: Answer[Any] | None = None
    failure: str = ""
    filters: Filters = field(default_factory=Filters)
    without: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The exchange as JSON-ready values, ``"schema"`` first."""
        answer = self.answer.to_dict() if self.answer else None
        return {"schema": SCHEMA, **plain(replace(self, answer=None)), "answer": answer}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A kept conversation; ``notice`` tells its reader what of it could not be read, empty if all could.

    ``revision`` names what is kept under its id that this comes from: empty if nothing is, None if that is not known.
    """

    id: str
    title: str
    exchanges: tuple[KeptExchange, ...] = ()
    notice: str = ""
    revision: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The conversation as JSON-ready values, ``"schema"`` first."""
        exchanges = [exchange.to_dict() for exchange in self.exchanges]
        return {"schema": SCHEMA, "id": self.id, "title": self.title, "exchanges": exchanges}

    def to_markdown(self) -> str:
        """The conversation as Markdown: its title, then each answer with its sources, in which nothing that an article says is markup."""
        parts = [f"# {escaped_line(self.title)}\n"]
        for exchange in self.exchanges:
            told = exchange.answer.to_markdown() if exchange.answer else ""
            failure = escaped_line(exchange.failure or "Interrupted before there was an answer.")
            parts.append(told or f"**{escaped_line(exchange.question)}**\n\n*{failure}*\n")
        return "\n---\n\n".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a reader thinks of an answer, and why. ``given_at`` is set when it is kept."""

    answer: Answer[Any]
    verdict: Opinion
    note: str = ""
    given_at: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON-ready values."""
        return {
            "question": self.answer.question,
            "verdict": self.verdict,
            "note": self.note,
            "given_at": plain(self.given_at),
            "answer": self.answer.to_dict(),
        }

    @classmethod
    def of(cls, kept: KeptVerdict) -> Self:
        """What was kept.

        Raises:
            DocumentError: its answer is damaged.
        """
        if kept.answer is None or kept.verdict not in {"up", "down"}:
            raise DocumentError("its bytes are damaged.")
        verdict: Opinion = "up" if kept.verdict == "up" else "down"
        return cls(answer=answer_from(_json(kept.answer)), verdict=verdict, note=kept.note, given_at=kept.given_at)


class Kept(OpenLibrary):
    """What readers keep in a library. Thread-safe, from any process."""

    def conversations(self, owner: str) -> list[ConversationEntry]:
        """The conversations that ``owner`` keeps, the newest first."""
        return self.library.conversations(owner)

    def conversation(self, owner: str, conversation_id: str) -> Conversation | None:
        """A conversation that ``owner`` keeps, None if there is none. What of it is damaged is left out, and its ``notice`` says so."""
        entry = next((entry for entry in self.library.conversations(owner) if entry.id == conversation_id), None)
        if entry is None:
            return None
        # Before the exchanges: what is kept between the two is not taken for seen.
        revision = self.library.revision(owner, conversation_id)
        exchanges: list[KeptExchange] = []
        lost = 0
        for content in self.library.exchanges(owner, conversation_id):
            try:
                if content is None:
                    raise DocumentError("its bytes are damaged.")
                exchanges.append(_exchange_from(content))
            except DocumentError as error:
                lost += 1
                _LOG.warning("An exchange of a kept conversation cannot be read: %s", error)
        notice = f"{lost} of {entry.turns} questions of this conversation are damaged and left out." if lost else ""
        return Conversation(id=entry.id, title=entry.title, exchanges=tuple(exchanges), notice=notice, revision=revision)

    def keep_conversation(self, owner: str, conversation: Conversation) -> Conversation:
        """Keep a conversation as it is now, as the newest of its owner's. Returns it with the id and the revision that it is kept under.

        It takes the place of what is kept under its id. If that is not what its ``revision`` names any more, because another page went on with it or
        removed it, that stays so, and this is kept beside it under a new id. The title is that of a new one: ``rename_conversation`` changes it.

        Raises:
            SettingsError: owner or id are empty or too long.
            LibraryError: the library has no place for it.
        """
        _check_names(owner, conversation.id)
        contents = [_packed(exchange) for exchange in conversation.exchanges]
        title = " ".join(_storable(conversation.title).split())
        id_ = conversation.id
        revision = self.library.keep_exchanges(owner, id_, title=title, exchanges=contents, seen=conversation.revision)
        if revision is None:
            id_ = uuid.uuid4().hex
            revision = self.library.keep_exchanges(owner, id_, title=title, exchanges=contents)
        return replace(conversation, id=id_, revision=revision)

    def rename_conversation(self, owner: str, conversation_id: str, title: str) -> bool:
        """Call a conversation otherwise; returns whether ``owner`` keeps such a one. An empty title is not taken."""
        title = " ".join(_storable(title).split())
        return bool(title) and self.library.rename_conversation(owner, conversation_id, title=title)

    def remove_conversation(self, owner: str, conversation_id: str) -> bool:
        """Forget a conversation; returns whether ``owner`` kept it."""
        return self.library.remove_conversation(owner, conversation_id)

    def keep_feedback(self, feedback: Feedback) -> None:
        """Keep what a reader thinks of an answer; another verdict on the same answer takes its place.

        Raises:
            SettingsError: the answer is too long to be kept, also without its hits.
        """
        answer = _written(feedback.answer.to_dict())
        if len(answer) > MAX_EXCHANGE:
            answer = _written(replace(feedback.answer, hits=()).to_dict())
        if len(answer) > MAX_EXCHANGE:
            raise SettingsError(
                f"This answer is too long for an opinion of it to be kept: {len(answer):,} bytes; at most {MAX_EXCHANGE:,} are kept."
            )
        kept = KeptVerdict(
            id=_answer_id(feedback.answer),
            given_at=feedback.given_at or datetime.now(UTC),
            verdict=feedback.verdict,
            note=_storable(feedback.note)[:MAX_NOTE],
            answer=answer,
        )
        self.library.keep_verdict(kept)

    def withdraw_feedback(self, answer: Answer[Any]) -> bool:
        """Forget what a reader thought of an answer; returns whether there was anything."""
        return self.library.remove_verdict(_answer_id(answer))

    def verdicts_on(self, answers: Sequence[Answer[Any]]) -> list[Opinion | None]:
        """What was thought last of each of ``answers``, None where nothing is kept."""
        ids = [_answer_id(answer) for answer in answers]
        known = self.library.verdicts_on(ids)
        said: dict[str | None, Opinion] = {"up": "up", "down": "down"}
        return [said.get(known.get(id_)) for id_ in ids]

    def feedback(self) -> list[Feedback]:
        """What readers think of answers, the newest first; what is damaged is left out and logged."""
        found = []
        for kept in self.library.verdicts():
            try:
                found.append(Feedback.of(kept))
            except DocumentError as error:
                _LOG.warning("Feedback of %s cannot be read: %s", kept.given_at, error)
        return found


@cache
def _exchanges() -> TypeAdapter[KeptExchange]:
    from pydantic import TypeAdapter

    return TypeAdapter(KeptExchange)


def _exchange_from(content: bytes) -> KeptExchange:
    """The exchange that ``KeptExchange.to_dict`` was made of.

    Raises:
        DocumentError: it is none, or of another schema.
    """
    from pydantic import ValidationError

    document = _json(content)
    check_schema(document, what="exchange")
    answer = document.pop("answer", None)
    try:
        exchange = _exchanges().validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        raise DocumentError(f"This is no exchange of a conversation: {faults(error)}.") from error
    return replace(exchange, answer=answer_from(answer) if answer is not None else None)


def _packed(exchange: KeptExchange) -> bytes:
    exchange = replace(exchange, question=exchange.question[:MAX_QUESTION], failure=exchange.failure[:MAX_QUESTION])
    content = _written(exchange.to_dict())
    if len(content) > MAX_EXCHANGE and exchange.answer:
        content = _written(replace(exchange, answer=replace(exchange.answer, hits=())).to_dict())
    if len(content) > MAX_EXCHANGE:
        failure = f"The answer was too long to be kept ({len(content):,} bytes). Ask again to see it."
        content = _written(replace(exchange, answer=None, failure=exchange.failure or failure).to_dict())
    return content


def _answer_id(answer: Answer[Any]) -> str:
    return hashlib.sha256(_written(answer.to_dict())).hexdigest()


def _written(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _json(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise DocumentError(f"This is no JSON: {error}.") from error
    if not isinstance(document, dict):
        raise DocumentError("This is no JSON object.")
    return document


def _storable(text: str) -> str:
    """``text`` without what is no character, which SQLite does not take."""
    return text.encode("utf-8", "replace").decode()


def _check_names(*names: str) -> None:
    for name in names:
        if not 0 < len(name) <= _MAX_NAME:
            raise SettingsError(f"A conversation has an owner and an id of 1 to {_MAX_NAME} characters, not {len(name)}.")
