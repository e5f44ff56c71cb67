"""Which paragraphs stand in which articles, as hashes: how an outlet's furniture is learned from what it repeats.

A paragraph's hash is made of its outlet and its words, so that counts never mix outlets. Only the newest version of an article is counted.
Not here: which paragraphs come into question and what is furniture (``ingest/furniture.py``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import Database, chunks
from vectorstore.rows import to_article
from vectorstore.schema import is_current, is_open

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from vectorstore.types import Article

_versions, _paragraphs = schema.versions, schema.paragraphs


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph that may turn out to be furniture; ``topical`` says whether its article is about what it says.

    ``settled`` once it needs no looking after, should it turn out to be furniture: it is marked, or must not be.
    """

    hash: int
    topical: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often a paragraph is repeated: in how many different stories, and in what share of them (0 to 1) it is topical."""

    stories: int
    topical: float


class Paragraphs(Database):
    """The counted paragraphs of a library."""

    def uncounted(self, *, limit: int) -> list[Article]:
        """The next newest versions whose paragraphs are still to be counted, oldest first."""
        query = sa.select(_versions).where(is_open, sa.not_(_versions.c.counted)).order_by(_versions.c.row).limit(limit)
        with self._reading() as connection:
            return [to_article(row) for row in connection.execute(query)]

    def count_paragraphs(self, items: Iterable[tuple[Article, Sequence[Paragraph]]]) -> None:
        """Count the paragraphs of stored versions, in one transaction."""
        with self._writing() as connection:
            for article, found in items:
                this = (_versions.c.article_id == article.id, _versions.c.version == article.version, is_current)
                row = connection.execute(sa.select(sa.func.max(_versions.c.row)).where(*this)).scalar()
                if row is None:
                    continue
                connection.execute(_versions.update().where(*this).values(counted=True))
                connection.execute(_paragraphs.delete().where(_paragraphs.c.version_row == row))
                once = {paragraph.hash: paragraph for paragraph in found}
                if once:
                    connection.execute(
                        _paragraphs.insert(),
                        [{**asdict(paragraph), "version_row": row} for paragraph in once.values()],
                    )

    def repetitions(self, *, at_least: int) -> dict[int, Repetition]:
        """The paragraphs that ``at_least`` different stories have. Articles that say the same or have the same headline are one story."""
        counted = sa.select(_paragraphs.c.hash).group_by(_paragraphs.c.hash).having(sa.func.count() >= at_least)
        story = sa.case((_versions.c.title == "", _versions.c.article_id), else_=_versions.c.title)
        stories = sa.func.count(sa.distinct(story))
        query = (
            sa.select(_paragraphs.c.hash, stories, sa.func.avg(_paragraphs.c.topical))
            .join(_versions, _versions.c.row == _paragraphs.c.version_row)
            .where(_versions.c.duplicate_of.is_(None), _paragraphs.c.hash.in_(counted))
            .group_by(_paragraphs.c.hash)
            .having(stories >= at_least)
        )
        with self._reading() as connection:
            return {row[0]: Repetition(row[1], float(row[2])) for row in connection.execute(query)}

    def articles_with(self, paragraphs: Collection[int], *, limit: int, after: int = 0) -> tuple[list[Article], int]:
        """The next newest versions behind row ``after`` that have one of these unsettled, and the row of the last of them."""
        rows: set[int] = set()
        with self._reading() as connection:
            for chunk in chunks(sorted(paragraphs)):
                query = (
                    sa.select(_paragraphs.c.version_row)
                    .distinct()
                    .where(_paragraphs.c.hash.in_(chunk), sa.not_(_paragraphs.c.settled), _paragraphs.c.version_row > after)
                    .where(_paragraphs.c.version_row.not_in(sa.select(schema.hidden.c.row)))
                    .order_by(_paragraphs.c.version_row)
                    .limit(limit)
                )
                rows.update(connection.execute(query).scalars())
            wanted = sorted(rows)[:limit]
            found = connection.execute(sa.select(_versions).where(_versions.c.row.in_(wanted)).order_by(_versions.c.row))
            return [to_article(row) for row in found], wanted[-1] if wanted else after

    def settle(self, items: Iterable[tuple[Article, Collection[int]]]) -> None:
        """Record that these paragraphs of stored versions need no more looking after, in one transaction."""
        with self._writing() as connection:
            for article, hashes in items:
                rows = sa.select(_versions.c.row).where(
                    _versions.c.article_id == article.id, _versions.c.version == article.version, is_current
                )
                for chunk in chunks(list(hashes)):
                    here = (_paragraphs.c.version_row.in_(rows), _paragraphs.c.hash.in_(chunk))
                    connection.execute(_paragraphs.update().where(*here).values(settled=True))


def forget_paragraphs(connection: sa.Connection, rows: Sequence[int]) -> None:
    """Count these versions no longer."""
    for chunk in chunks(rows):
        connection.execute(_paragraphs.delete().where(_paragraphs.c.version_row.in_(chunk)))
