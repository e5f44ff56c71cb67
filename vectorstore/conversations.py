"""The conversations that readers keep: whose they are, and each exchange as bytes that only the reader of this store understands.

Bounded in number and in bytes, so that nobody fills the disk. Not here: what an exchange is (``assistant/kept.py``), whose a request is (``assistant/web``).
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from vectorstore import schema
from vectorstore.database import Database
from vectorstore.errors import LibraryError
from vectorstore.rows import unpacked
from vectorstore.types import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_TITLE: Final = 200
MAX_EXCHANGES: Final = 200
MAX_CONVERSATIONS: Final = 500
MAX_IN_ALL: Final = 20_000
CONVERSATION_BYTES: Final = 32 * 2**20
"""Of the exchanges as they are given; what is stored is compressed."""
OWNER_BYTES: Final = 64 * 2**20
BYTES_IN_ALL: Final = 2**30
EXCHANGE_BYTES: Final = 1_000
"""What an exchange is counted beside its compressed content, so that many small ones are no way around the bounds."""
FORGOTTEN: Final = timedelta(days=30)
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
            found = connection.execute(query.order_by(_exchanges.c.position))
            return [unpacked(content, sha256=digest) for digest, content in found]

    def revision(self, owner: str, conversation_id: str) -> str:
        """What names the exchanges that a conversation has now; empty if there is no such conversation."""
        with self._reading() as connection:
            return _revision(connection, owner, conversation_id)

    def keep_exchanges(
        self, owner: str, conversation_id: str, *, title: str, exchanges: Sequence[bytes], seen: str | None = None
    ) -> str | None:
        """Make these the exchanges of a conversation, in one transaction; only those that are other ones are written. Returns their revision.

        ``seen`` is the revision that they come from, empty for a conversation that is new: if there is another one by now, nothing is
        written, and None is returned. Without it they take the place of whatever is there. ``title`` is that of a new conversation.

        Of a longer one the last ``MAX_EXCHANGES`` are kept, and no more than ``CONVERSATION_BYTES`` of them. Of an owner with more than
        ``MAX_CONVERSATIONS`` or ``OWNER_BYTES`` the oldest go. Where the library would have more than ``MAX_IN_ALL`` or ``BYTES_IN_ALL``,
        those go that nobody went on with for ``FORGOTTEN``, the oldest first. Newer ones of others never go: who an owner is, is what
        a browser says, so one reader could be any number of them.

        Raises:
            LibraryError: the library has no place for it; nothing was changed.
        """
        contents = _last_that_fit(exchanges)
        digests = [hashlib.sha256(content).hexdigest() for content in contents]
        now = datetime.now(UTC)
        with self._writing() as connection:
            if seen is not None and seen != _revision(connection, owner, conversation_id):
                return None
            named = {"owner": owner, "id": conversation_id, "title": title[:MAX_TITLE], "updated_at": stamp(now)}
            again = {"updated_at": stamp(now)}
            connection.execute(
                insert(_conversations).values(named).on_conflict_do_update(index_elements=["owner", "id"], set_=again)
            )
            query = sa.select(_exchanges.c.position, _exchanges.c.digest).where(*_of(owner, conversation_id))
            there = dict(connection.execute(query).all())
            for position, (digest, content) in enumerate(zip(digests, contents, strict=True)):
                if there.get(position) != digest:
                    values = {"owner": owner, "conversation": conversation_id, "position": position}
                    packed = {"digest": digest, "content": zlib.compress(content)}
                    connection.execute(_exchanges.insert().prefix_with("OR REPLACE"), {**values, **packed})
            connection.execute(_exchanges.delete().where(*_of(owner, conversation_id), _exchanges.c.position >= len(digests)))
            others = _conversations.c.id != conversation_id
            _make_room(connection, others, owner=owner, most=MAX_CONVERSATIONS, most_bytes=OWNER_BYTES)
            forgotten = _conversations.c.updated_at < stamp(now - FORGOTTEN)
            if not _make_room(connection, forgotten, most=MAX_IN_ALL, most_bytes=BYTES_IN_ALL):
                raise LibraryError(
                    "This conversation is not kept: the library has no place for more. "
                    "Remove conversations that are not needed any more, or save this one as a file."
                )
            return _revision(connection, owner, conversation_id)

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


def _make_room(
    connection: sa.Connection, may_go: sa.ColumnElement[bool], *, owner: str | None = None, most: int, most_bytes: int
) -> bool:
    """Whether no more than ``most`` conversations with ``most_bytes`` are there, of ``owner`` or in all; of those that ``may_go`` the oldest do."""
    whose = _conversations.c.owner == owner if owner is not None else sa.true()
    count = connection.execute(sa.select(sa.func.count()).select_from(_conversations).where(whose)).scalar_one()
    size = _bytes(connection, _exchanges.c.owner == owner if owner is not None else sa.true())
    query = sa.select(_conversations.c.owner, _conversations.c.id).where(whose, may_go).order_by(_conversations.c.updated_at)
    oldest = iter(connection.execute(query).all() if count > most or size > most_bytes else ())
    while count > most or size > most_bytes:
        found = next(oldest, None)
        if found is None:
            return False
        size -= _bytes(connection, *_of(*found))
        count -= 1
        _drop(connection, *found)
    return True


def _bytes(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> int:
    size = sa.func.sum(sa.func.length(_exchanges.c.content) + EXCHANGE_BYTES)
    return int(connection.execute(sa.select(sa.func.coalesce(size, 0)).where(*which)).scalar_one())


def _last_that_fit(exchanges: Sequence[bytes]) -> list[bytes]:
    fitting: list[bytes] = []
    left = CONVERSATION_BYTES
    for content in reversed(exchanges[-MAX_EXCHANGES:]):
        left -= len(content)
        if left < 0:
            break
        fitting.append(content)
    return fitting[::-1]


def _revision(connection: sa.Connection, owner: str, conversation_id: str) -> str:
    this = (_conversations.c.owner == owner, _conversations.c.id == conversation_id)
    if connection.execute(sa.select(_conversations.c.id).where(*this)).first() is None:
        return ""
    query = sa.select(_exchanges.c.digest).where(*_of(owner, conversation_id)).order_by(_exchanges.c.position)
    return hashlib.sha256("\n".join(connection.execute(query).scalars()).encode()).hexdigest()
