"""Which paragraphs stand in which articles, as hashes: how an outlet's furniture is learned from what it repeats.

A paragraph's hash is made of its outlet and its words, so that counts never mix outlets. Only the newest version of an article is counted.
Not here: which paragraphs come into question and what is furniture (``ingest/furniture.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.rows import to_article
from vectorstore.schema import Database, chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from vectorstore.types import Article

_versions, _paragraphs = schema.versions, schema.paragraphs
_current = _versions.c.state != "retired"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph that may turn out to be furniture; ``topical`` says whether its article is about what it says."""

    hash: int
    topical: bool


class Paragraphs(Database):
    """The counted paragraphs of a library."""

    def uncounted(self, *, limit: int) -> list[Article]:
        """The next newest versions whose paragraphs are still to be counted, oldest first."""
        query = sa.select(_versions).where(_current, sa.not_(_versions.c.counted)).order_by(_versions.c.row).limit(limit)
        with self._reading() as connection:
            return [to_article(row) for row in connection.execute(query)]

    def count_paragraphs(self, items: Iterable[tuple[Article, Sequence[Paragraph]]]) -> None:
        """Count the paragraphs of stored versions, in one transaction."""
        with self._writing() as connection:
            for article, found in items:
                this = (_versions.c.article_id == article.id, _versions.c.version == article.version, _current)
                row = connection.execute(sa.select(sa.func.max(_versions.c.row)).where(*this)).scalar()
                if row is None:
                    continue
                connection.execute(_versions.update().where(*this).values(counted=True))
                connection.execute(_paragraphs.delete().where(_paragraphs.c.version_row == row))
                once = {paragraph.hash: paragraph for paragraph in found}
                if once:
                    connection.execute(
                        _paragraphs.insert(),
                        [{"hash": one.hash, "version_row": row, "topical": one.topical} for one in once.values()],
                    )

    def repeated(self, *, at_least: int, topical_share: float, among: Collection[int] | None = None) -> frozenset[int]:
        """The paragraphs that ``at_least`` different stories of their outlet have without being about them.

        Articles that say the same or have the same title are one story. A paragraph that is topical in more than ``topical_share`` of its articles
        is a part of the story told.
        """
        counted = sa.select(_paragraphs.c.hash).group_by(_paragraphs.c.hash).having(sa.func.count() >= at_least)
        story = sa.case((_versions.c.title == "", _versions.c.article_id), else_=_versions.c.title)
        apart = sa.func.count(sa.distinct(sa.case((sa.not_(_paragraphs.c.topical), story))))
        query = (
            sa.select(_paragraphs.c.hash)
            .join(_versions, _versions.c.row == _paragraphs.c.version_row)
            .where(_versions.c.duplicate_of.is_(None))
            .group_by(_paragraphs.c.hash)
            .having(apart >= at_least, sa.func.avg(_paragraphs.c.topical) <= topical_share)
        )
        with self._reading() as connection:
            if among is None:
                return frozenset(connection.execute(query.where(_paragraphs.c.hash.in_(counted))).scalars())
            found: set[int] = set()
            for chunk in chunks(list(among)):
                found.update(connection.execute(query.where(_paragraphs.c.hash.in_(chunk))).scalars())
            return frozenset(found)

    def articles_with(self, paragraphs: Collection[int], *, limit: int, after: int = 0) -> tuple[list[Article], int]:
        """The next newest versions behind row ``after`` that have one of these paragraphs, and the row of the last of them."""
        rows: set[int] = set()
        with self._reading() as connection:
            for chunk in chunks(sorted(paragraphs)):
                query = (
                    sa.select(_paragraphs.c.version_row)
                    .distinct()
                    .where(_paragraphs.c.hash.in_(chunk), _paragraphs.c.version_row > after)
                    .order_by(_paragraphs.c.version_row)
                    .limit(limit)
                )
                rows.update(connection.execute(query).scalars())
            wanted = sorted(rows)[:limit]
            found = connection.execute(sa.select(_versions).where(_versions.c.row.in_(wanted)).order_by(_versions.c.row))
            return [to_article(row) for row in found], wanted[-1] if wanted else after


def forget_paragraphs(connection: sa.Connection, rows: Sequence[int]) -> None:
    """Count these versions no longer."""
    for chunk in chunks(rows):
        connection.execute(_paragraphs.delete().where(_paragraphs.c.version_row.in_(chunk)))
