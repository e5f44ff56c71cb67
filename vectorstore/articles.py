"""The articles of a library by their id: words, versions, original bytes, passages and states, for reading.

Not here: storing them (``library.py``), tables of many (``shelf.py``), what may be found (``findable.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import Database
from vectorstore.errors import ArticleNotFound, SourceUnreadable
from vectorstore.rows import by_column, to_article, to_passage, unpacked
from vectorstore.schema import READY, State, is_open
from vectorstore.shelf import within
from vectorstore.types import Article, Filters, Passage

_versions, _originals, _passages, _shelf = schema.versions, schema.originals, schema.passages, schema.shelf
_seen = _versions.c.article_id.not_in(sa.select(schema.hidden.c.article_id))
_CURRENT_FIRST = (
    sa.case((_versions.c.state.in_(READY), 0), (_versions.c.state == "pending", 1), else_=2),
    _versions.c.row.desc(),
)


@dataclass(frozen=True, slots=True)
class Version:
    """What is known of one version of an article without reading its text."""

    version: str
    state: State
    title: str
    published_at: datetime | None
    modified_at: datetime | None
    fetched_at: datetime
    added_at: datetime


class Articles(Database):
    """What can be read of a library's articles."""

    def article(self, article_id: str, *, version: str | None = None) -> Article:
        """One article: the current version (else a pending one), or the version whose hash is or begins as named.

        Raises:
            ArticleNotFound: there is no such article or version, or several versions begin so.
        """
        this = sa.and_(_versions.c.article_id == article_id, _seen)
        if version is not None:
            this &= _versions.c.version.startswith(version, autoescape=True)
        with self._reading() as connection:
            rows = connection.execute(sa.select(_versions).where(this).order_by(*_CURRENT_FIRST)).all()
        if not rows:
            raise self._not_found(article_id, version)
        if version is not None and len({row.version for row in rows}) > 1:
            raise ArticleNotFound(
                f"Several versions of article {article_id!r} begin with {version}. Give more of its hash; `fundstelle show {article_id} --versions` lists them."
            )
        return to_article(rows[0])

    def versions(self, article_id: str) -> list[Version]:
        """Every version of an article, the newest first.

        Raises:
            ArticleNotFound: there is no such article.
        """
        columns = ("version", "state", "title", "published_at", "modified_at", "fetched_at", "added_at")
        query = sa.select(*(_versions.c[name] for name in columns)).where(_versions.c.article_id == article_id, _seen)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(_versions.c.row.desc())).all()
        if not rows:
            raise self._not_found(article_id, None)
        found: dict[str, Version] = {}
        for row in rows:  # of one that is made anew the row that answers meanwhile counts, which is the older one
            found[row.version] = Version(**by_column(row))
        return list(found.values())

    def state(self, article: Article) -> State:
        """The state of one version.

        Raises:
            ArticleNotFound: it is not in the library (any more).
        """
        with self._reading() as connection:
            found: State | None = connection.execute(
                sa.select(_versions.c.state).where(*_is(article)).order_by(*_CURRENT_FIRST)
            ).scalar()
        if found is None:
            raise self._not_found(article.id, article.version)
        return found

    def original(self, article: Article) -> tuple[str, bytes]:
        """The name and bytes that an article was made from.

        Raises:
            ArticleNotFound: it is not in the library (any more).
            SourceUnreadable: they are damaged.
        """
        query = (
            sa.select(_originals.c.name, _originals.c.content)
            .join(_versions, _versions.c.original == _originals.c.sha256)
            .where(*_is(article))
            .order_by(*_CURRENT_FIRST)
        )
        with self._reading() as connection:
            found = connection.execute(query).first()
        if found is None:
            raise self._not_found(article.id, article.version)
        content = unpacked(found.content)
        if content is None:
            raise SourceUnreadable(
                f"The original bytes of article {article.id!r} are lost or damaged. `fundstelle doctor --repair` says what brings them back."
            )
        return found.name, content

    def media_type(self, article: Article) -> str:
        """What the server said that the bytes of an article are; empty for a file, and for an article that is not in the library."""
        query = (
            sa.select(_originals.c.media_type).join(_versions, _versions.c.original == _originals.c.sha256).where(*_is(article))
        )
        with self._reading() as connection:
            return connection.execute(query.order_by(*_CURRENT_FIRST)).scalar() or ""

    def passages(self, article: Article) -> list[Passage]:
        """The passages of one version in their order; none for a retired one."""
        row = sa.select(_versions.c.row).where(*_is(article)).order_by(*_CURRENT_FIRST).limit(1).scalar_subquery()
        query = sa.select(_passages).where(_passages.c.version_row == row).order_by(_passages.c.start)
        with self._reading() as connection:
            found = connection.execute(query)
            return [to_passage(row, article_id=article.id, version=article.version) for row in found]

    def articles(self, *, limit: int | None = None, offset: int = 0, filters: Filters | None = None) -> list[Article]:
        """Articles that are searchable or on their way, newest first (undated last)."""
        query = (
            sa.select(_versions)
            .join(_shelf, _shelf.c.row == _versions.c.row)
            .where(*within(filters or Filters(), table=_shelf))
            .order_by(_shelf.c.published_at.desc().nulls_last(), _shelf.c.row.desc())
            .limit(limit)
            .offset(offset)
        )
        with self._reading() as connection:
            return [to_article(row) for row in connection.execute(query)]

    def count_articles(self, *states: State) -> int:
        """How many versions are in these states; without any, how many articles can be found or soon will be."""
        query = sa.select(sa.func.count()).select_from(_versions).where(_versions.c.state.in_(states))
        if not states:
            query = sa.select(sa.func.count()).select_from(_shelf)
        with self._reading() as connection:
            return int(connection.execute(query).scalar_one())

    def sample_ids(self) -> list[str]:
        """The ids of the sample articles."""
        with self._reading() as connection:
            query = sa.select(_versions.c.article_id).where(_versions.c.sample, is_open).distinct()
            return list(connection.execute(query).scalars())

    def _not_found(self, article_id: str, version: str | None) -> ArticleNotFound:
        what = f"version {version} of article {article_id!r}" if version else f"article {article_id!r}"
        return ArticleNotFound(f"There is no {what} in {self.folder}. `fundstelle articles` lists what is there.")


def _is(article: Article) -> tuple[sa.ColumnElement[bool], ...]:
    return _versions.c.article_id == article.id, _versions.c.version == article.version, _seen
