"""Articles that say the same as one stored before them: who stands for whom, and the hashes under which they are found.

Of the articles that say the same the first is the root; the others name it as ``duplicate_of``, never one another. Not here: what "the same"
means (``ingest/duplicates.py``), showing a story once (``search.py``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import Database, chunks
from vectorstore.rows import to_article
from vectorstore.schema import is_current, is_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vectorstore.types import Article

_versions, _bands = schema.versions, schema.bands
# Both are asked for every article that comes in: made once.
_SHARED = sa.text(
    "SELECT version_row FROM bands WHERE hash IN (SELECT value FROM json_each(:bands))"
    " GROUP BY version_row ORDER BY COUNT(*) DESC, version_row LIMIT :limit"
)
_NEWEST = sa.select(_versions).where(_versions.c.article_id == sa.bindparam("id"), is_open).order_by(_versions.c.row.desc())


class Stories(Database):
    """The links between articles that say the same. Only the newest version of an article has bands, and only it is linked to."""

    def near(self, bands: Sequence[int], *, limit: int) -> list[Article]:
        """The newest versions of articles that share a band with ``bands``; those that share most come first, then the oldest."""
        with self._reading() as connection:
            shared = list(connection.execute(_SHARED, {"bands": json.dumps(list(bands)), "limit": limit}).scalars())
            if not shared:
                return []
            found = {row.row: row for row in connection.execute(sa.select(_versions).where(_versions.c.row.in_(shared), is_open))}
        return [to_article(found[row]) for row in shared if row in found]

    def newest(self, article_id: str) -> Article | None:
        """The newest version of an article: the one that is or will be searchable."""
        with self._reading() as connection:
            row = connection.execute(_NEWEST, {"id": article_id}).first()
        return to_article(row) if row else None

    def last_row(self) -> int:
        """The row of the version that was stored last, 0 before there is one: another one, and somebody has stored something."""
        with self._reading() as connection:
            return connection.execute(sa.select(sa.func.max(_versions.c.row))).scalar() or 0

    def without_bands(self, *, limit: int, after: int = 0) -> tuple[list[Article], int]:
        """The next ``limit`` newest versions behind row ``after`` that have no bands, oldest first, and the row of the last of them."""
        banded = sa.select(_bands.c.version_row).where(_bands.c.version_row == _versions.c.row).exists()
        later = _versions.alias()
        newer = (
            sa.select(later.c.row)
            .where(later.c.article_id == _versions.c.article_id, later.c.row > _versions.c.row, later.c.state != "retired")
            .exists()
        )
        query = (
            sa.select(_versions)
            .where(is_current, _versions.c.row > after, sa.not_(banded), sa.not_(newer))
            .order_by(_versions.c.row)
            .limit(limit)
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return [to_article(row) for row in rows], rows[-1].row if rows else after

    def link_again(self, items: Iterable[tuple[Article, Sequence[int]]]) -> None:
        """Record ``duplicate_of`` and the bands of stored versions anew, in one transaction; what is no longer there is passed over."""
        with self._writing() as connection:
            for article, bands in items:
                query = (
                    sa.select(_versions.c.row)
                    .where(_versions.c.article_id == article.id, _versions.c.version == article.version, is_current)
                    .order_by(_versions.c.row.desc())
                )
                row = connection.execute(query).scalar()
                if row is None:
                    continue
                root = root_of(connection, article)
                connection.execute(
                    _versions.update().where(_versions.c.article_id == article.id, is_current).values(duplicate_of=root)
                )
                store_bands(connection, row, bands)

    def forget_bands(self) -> None:
        """Drop the bands of every article: they were made another way."""
        with self._writing() as connection:
            connection.execute(_bands.delete())


def store_bands(connection: sa.Connection, row: int, bands: Sequence[int]) -> None:
    """Make these the bands of a version."""
    connection.execute(_bands.delete().where(_bands.c.version_row == row))
    if bands:
        connection.execute(_bands.insert(), [{"hash": band, "version_row": row} for band in sorted(set(bands))])


def root_of(connection: sa.Connection, article: Article) -> str | None:
    """The id of the article that ``article.duplicate_of`` leads to, None if nobody sees that any more or it is ``article`` itself."""
    if article.duplicate_of is None:
        return None
    query = (
        sa.select(_versions.c.duplicate_of)
        .where(_versions.c.article_id == article.duplicate_of, is_open)
        .order_by(_versions.c.row.desc())
    )
    found = connection.execute(query).first()
    if found is None:
        return None
    root = found.duplicate_of or article.duplicate_of
    return None if root == article.id else root


def promote(connection: sa.Connection, article_id: str) -> None:
    """Let the next of its story stand for it, because ``article_id`` goes, is hidden or says something else from now on.

    Its rows that are left are the new root's duplicates until they go. Only where all are hidden a hidden one stands for the rest.
    """
    members: defaultdict[str, list[bool]] = defaultdict(list)
    hidden: set[str] = set()
    linked = sa.select(_versions.c.article_id).where(_versions.c.duplicate_of == article_id, is_current)
    query = (
        sa.select(_versions.c.article_id, _versions.c.duplicate_of, _versions.c.state)
        .where(_versions.c.article_id.in_(linked), is_current)
        .order_by(_versions.c.added_at, _versions.c.row)
    )
    for row in connection.execute(query):
        members[row.article_id].append(row.duplicate_of == article_id)
        if row.state == "hidden":
            hidden.add(row.article_id)
    if not members:
        return
    # One that is about to be replaced by other words would leave the rest behind.
    root = min(members, key=lambda id_: (id_ in hidden, not all(members[id_])))
    linked_rows = _versions.c.duplicate_of == article_id
    connection.execute(_versions.update().where(linked_rows, _versions.c.article_id == root).values(duplicate_of=None))
    connection.execute(_versions.update().where(linked_rows).values(duplicate_of=root))
    connection.execute(_versions.update().where(_versions.c.article_id == article_id, is_current).values(duplicate_of=root))


def forget_story(connection: sa.Connection, rows: Sequence[int]) -> None:
    """Take these versions out of their stories: they are retired, or have a newer one."""
    for chunk in chunks(rows):
        connection.execute(_bands.delete().where(_bands.c.version_row.in_(chunk)))
        connection.execute(
            _versions.update().where(_versions.c.row.in_(chunk), _versions.c.state == "retired").values(duplicate_of=None)
        )
