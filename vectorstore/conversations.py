"""The conversations that readers keep: whose they are, and each exchange as bytes that only the reader of this store understands.

Bounded, so that nobody fills the disk. Not here: what an exchange is (``assistant/kept.py``), whose a request is (``assistant/web``).
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.schema import Database
from vectorstore.types import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_TITLE: Final = 200
MAX_EXCHANGES: Final = 200
MAX_CONVERSATIONS: Final = 500
MAX_IN_ALL: Final = 20_000
_conversations, _exchanges = schema.conversations, schema.exchanges


@dataclass(frozen=True, slots=True)
class ConversationEntry:
    """A kept conversation in a list: ``turns`` is how many exchanges it has."""

    id: str
    title: str
    updated_at: datetime
    turns: int


class Conversations(Database):
    """The kept conversations of a library. Whoever is not their owner does not find them."""

    def conversations(self, owner: str) -> list[ConversationEntry]:
        """The conversations of ``owner``, the newest first."""
        turns = sa.func.count(_exchanges.c.position)
        query = (
            sa.select(_conversations.c.id, _conversations.c.title, _conversations.c.updated_at, turns)
            .outerjoin(
                _exchanges,
                sa.and_(_exchanges.c.owner == _conversations.c.owner, _exchanges.c.conversation == _conversations.c.id),
            )
            .where(_conversations.c.owner == owner)
            .group_by(_conversations.c.id)
            .order_by(_conversations.c.updated_at.desc(), _conversations.c.id)
        )
        with self._reading() as connection:
            return [
                ConversationEntry(id_, title, datetime.fromisoformat(updated_at), count)
                for id_, title, updated_at, count in connection.execute(query)
            ]

    def exchanges(self, owner: str, conversation_id: str) -> list[bytes | None]:
        """The exchanges of a conversation in their order, None for one that is damaged; empty if there is no such conversation."""
        query = sa.select(_exchanges.c.digest, _exchanges.c.content).where(*_of(owner, conversation_id))
        with self._reading() as connection:
            return [_unpacked(*row) for row in connection.execute(query.order_by(_exchanges.c.position))]

    def keep_exchanges(self, owner: str, conversation_id: str, *, title: str, exchanges: Sequence[bytes]) -> None:
        """Make these the exchanges of a conversation, in one transaction; only those that are other ones are written.

        Of a longer one the last ``MAX_EXCHANGES`` are kept. If ``owner`` has more than ``MAX_CONVERSATIONS``, the oldest go; so they do where the
        library has more than ``MAX_IN_ALL``.
        """
        digests = [hashlib.sha256(content).hexdigest() for content in exchanges[-MAX_EXCHANGES:]]
        with self._writing() as connection:
            connection.execute(
                _conversations.insert().prefix_with("OR REPLACE"),
                {"owner": owner, "id": conversation_id, "title": title[:MAX_TITLE], "updated_at": stamp(datetime.now(UTC))},
            )
            query = sa.select(_exchanges.c.position, _exchanges.c.digest).where(*_of(owner, conversation_id))
            there = dict(connection.execute(query).all())
            for position, (digest, content) in enumerate(zip(digests, exchanges[-MAX_EXCHANGES:], strict=True)):
                if there.get(position) != digest:
                    values = {"owner": owner, "conversation": conversation_id, "position": position}
                    packed = {"digest": digest, "content": zlib.compress(content)}
                    connection.execute(_exchanges.insert().prefix_with("OR REPLACE"), {**values, **packed})
            connection.execute(_exchanges.delete().where(*_of(owner, conversation_id), _exchanges.c.position >= len(digests)))
            _drop_oldest(connection, _conversations.c.owner == owner, keep=MAX_CONVERSATIONS)
            _drop_oldest(connection, sa.true(), keep=MAX_IN_ALL)

    def rename_conversation(self, owner: str, conversation_id: str, *, title: str) -> bool:
        """Call a conversation ``title``; returns whether it is there. It keeps its place among the others."""
        this = (_conversations.c.owner == owner, _conversations.c.id == conversation_id)
        with self._writing() as connection:
            return connection.execute(_conversations.update().where(*this).values(title=title[:MAX_TITLE])).rowcount > 0

    def remove_conversation(self, owner: str, conversation_id: str) -> bool:
        """Forget a conversation; returns whether it was there."""
        with self._writing() as connection:
            return _drop(connection, owner, conversation_id)


def _of(owner: str, conversation_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _exchanges.c.owner == owner, _exchanges.c.conversation == conversation_id


def _drop(connection: sa.Connection, owner: str, conversation_id: str) -> bool:
    connection.execute(_exchanges.delete().where(*_of(owner, conversation_id)))
    this = (_conversations.c.owner == owner, _conversations.c.id == conversation_id)
    return connection.execute(_conversations.delete().where(*this)).rowcount > 0


def _drop_oldest(connection: sa.Connection, which: sa.ColumnElement[bool], *, keep: int) -> None:
    query = sa.select(_conversations.c.owner, _conversations.c.id).where(which)
    for owner, id_ in connection.execute(query.order_by(_conversations.c.updated_at.desc()).offset(keep)).all():
        _drop(connection, owner, id_)


def _unpacked(digest: str, content: bytes) -> bytes | None:
    """The bytes of an exchange, None if they are not those that were kept."""
    try:
        unpacked = zlib.decompress(content)
    except zlib.error:
        return None
    return unpacked if hashlib.sha256(unpacked).hexdigest() == digest else None
