"""Articles on their way out: hidden at once and for everyone, brought back as they were, removed when their time has come.

A hidden article keeps its rows and its place in the indexes; only the state of its versions says that nobody may see it. What was removed is
remembered by digests, so that a visit to a feed that still lists it does not bring it back. Not here: removing itself (``library.py``).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import Database, chunks
from vectorstore.schema import is_open
from vectorstore.stories import promote
from vectorstore.types import stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_versions, _hidden, _removed, _pages = schema.versions, schema.hidden, schema.removed, schema.pages


class Hiding(Database):
    """What of a library is hidden, and what was removed from it."""

    def hide(self, article_ids: Iterable[str], *, until: datetime) -> list[str]:
        """Let nobody see these articles any more; from ``until`` on they are ``overdue``. Returns the ids of those that could be seen.

        Of those that said the same, the next stands for the rest.
        """
        gone = []
        with self._writing() as connection:
            for article_id in dict.fromkeys(article_ids):
                these = sa.and_(_versions.c.article_id == article_id, is_open)
                kept = sa.select(
                    _versions.c.row, _versions.c.article_id, _versions.c.state, sa.literal(stamp(until), sa.String)
                ).where(these)
                names = ["row", "article_id", "state", "remove_at"]
                if connection.execute(_hidden.insert().from_select(names, kept)).rowcount:
                    connection.execute(_versions.update().where(these).values(state="hidden"))
                    promote(connection, article_id)
                    gone.append(article_id)
        return gone

    def restore(self, article_ids: Iterable[str]) -> list[str]:
        """Show these hidden articles again, as they were; returns the ids of those that were hidden."""
        with self._writing() as connection:
            return unhide(connection, article_ids)

    def hidden(self) -> dict[str, datetime]:
        """The ids of the articles that are hidden, and when each is to be removed."""
        query = sa.select(_hidden.c.article_id, sa.func.min(_hidden.c.remove_at)).group_by(_hidden.c.article_id)
        with self._reading() as connection:
            return {article_id: datetime.fromisoformat(at) for article_id, at in connection.execute(query)}

    def is_overdue(self, *, at: datetime | None = None) -> bool:
        """Whether anything hidden is to be removed."""
        query = sa.select(sa.exists().where(_hidden.c.remove_at <= stamp(at or datetime.now(UTC))))
        with self._reading() as connection:
            return bool(connection.execute(query).scalar())

    def gone(self, article_ids: Collection[str] = (), *, addresses: Collection[str] = ()) -> set[str]:
        """Those of these articles, and of these canonical addresses of pages, that are hidden or were removed and did not come back."""
        digests = {digest(key): key for key in (*article_ids, *addresses)}
        found: set[str] = set()
        with self._reading() as connection:
            for chunk in chunks(list(digests)):
                query = sa.select(_removed.c.digest).where(_removed.c.digest.in_(chunk))
                found.update(digests[each] for each in connection.execute(query).scalars())
            for chunk in chunks(list(article_ids)):
                found.update(connection.execute(sa.select(_hidden.c.article_id).where(_hidden.c.article_id.in_(chunk))).scalars())
            for chunk in chunks(list(addresses)):
                led = sa.select(_pages.c.address).join(_hidden, _hidden.c.article_id == _pages.c.article_id)
                found.update(connection.execute(led.where(_pages.c.address.in_(chunk))).scalars())
        return found

    def remember_removed(self, address: str, *, article_id: str) -> None:
        """Record that this canonical address leads to an article that was removed, so that it need not be fetched to find that out."""
        with self._writing() as connection:
            known = sa.select(_removed.c.digest).where(_removed.c.digest == digest(article_id))
            if connection.execute(known).first():
                _remember(connection, [address], article_id=article_id)


def unhide(connection: sa.Connection, article_ids: Iterable[str]) -> list[str]:
    """``Hiding.restore`` within a transaction."""
    back = []
    for article_id in dict.fromkeys(article_ids):
        state = sa.select(_hidden.c.state).where(_hidden.c.row == _versions.c.row).scalar_subquery()
        of_article = sa.and_(_versions.c.article_id == article_id, _versions.c.state == "hidden")
        if not connection.execute(_versions.update().where(of_article).values(state=state)).rowcount:
            continue
        connection.execute(_hidden.delete().where(_hidden.c.article_id == article_id))
        roots = sa.select(_versions.c.duplicate_of).where(_versions.c.article_id == article_id)
        hidden_roots = sa.select(_hidden.c.article_id).where(_hidden.c.article_id.in_(roots)).distinct()
        for root in connection.execute(hidden_roots).scalars().all():
            promote(connection, root)  # one that nobody sees stands for nobody
        back.append(article_id)
    return back


def remember_removal(connection: sa.Connection, article_id: str) -> None:
    """Within the transaction that removes an article: remember it and the addresses that led to it, unless it came from a file."""
    from_elsewhere = sa.select(_versions.c.row).where(_versions.c.article_id == article_id, _versions.c.path.is_(None)).limit(1)
    if connection.execute(from_elsewhere).first() is None:
        return
    led = connection.execute(sa.select(_pages.c.address).where(_pages.c.article_id == article_id)).scalars().all()
    _remember(connection, [article_id, *led], article_id=article_id)


def forget_removal(connection: sa.Connection, article_id: str) -> None:
    """Within the transaction that stores it: the article is here again."""
    connection.execute(_removed.delete().where(_removed.c.article == digest(article_id)))


def was_removed(connection: sa.Connection, article_id: str) -> bool:
    """Whether an article was removed, or is hidden."""
    removed = sa.select(_removed.c.digest).where(_removed.c.digest == digest(article_id))
    hidden = sa.select(_hidden.c.row).where(_hidden.c.article_id == article_id)
    return connection.execute(removed).first() is not None or connection.execute(hidden).first() is not None


def forget_hidden(connection: sa.Connection, rows: Sequence[int]) -> None:
    """Within the transaction that removes these versions."""
    for chunk in chunks(rows):
        connection.execute(_hidden.delete().where(_hidden.c.row.in_(chunk)))


def digest(key: str) -> str:
    """What is remembered of an id or address: it can be recognised, not read."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _remember(connection: sa.Connection, keys: Iterable[str], *, article_id: str) -> None:
    rows = [{"digest": digest(key), "article": digest(article_id)} for key in keys]
    connection.execute(_removed.insert().prefix_with("OR REPLACE"), rows)
