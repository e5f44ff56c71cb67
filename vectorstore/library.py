"""The library: articles, versions, original bytes and states in one SQLite file. The only truth; both indexes can be rebuilt from it.

Here is what changes articles. Passages that have to leave the indexes wait in ``leavings``, so that an interruption at any point leaves work to
repeat and nothing half to see. Not here: reading (``articles.py``, ``findable.py`` and the other parts that ``Library`` is made of), the indexes
(``indexes.py``).
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.articles import Articles, Version
from vectorstore.conversations import Conversations
from vectorstore.database import chunks
from vectorstore.feedback import Verdicts
from vectorstore.findable import Candidate, Findable
from vectorstore.hiding import Hiding, forget_hidden, forget_removal, remember_removal, unhide, was_removed
from vectorstore.pages import Pages, forget_pages
from vectorstore.paragraphs import Paragraphs, forget_paragraphs
from vectorstore.rows import article_row, furniture_value, passage_row, to_article, to_passage
from vectorstore.schema import FILE_NAME, READY, SCHEMA_VERSION, State, is_open, record_facts
from vectorstore.shelf import Shelves
from vectorstore.soundness import Soundness
from vectorstore.sources import Sources
from vectorstore.stories import Stories, forget_story, promote, root_of, store_bands
from vectorstore.types import Article, Passage, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = ["FILE_NAME", "SCHEMA_VERSION", "Candidate", "Entry", "Library", "State", "Storable", "Stored", "Version"]

_versions, _originals, _passages, _leavings = schema.versions, schema.originals, schema.passages, schema.leavings
_hidden = schema.hidden
# In the indexes, also if nobody may see it: it may come back.
_indexed = sa.or_(
    _versions.c.state.in_(READY),
    sa.and_(_versions.c.state == "hidden", _versions.c.row.in_(sa.select(_hidden.c.row).where(_hidden.c.state.in_(READY)))),
)


@dataclass(frozen=True, slots=True)
class Storable:
    """One version of an article on its way into the library.

    ``original`` are the bytes it was made from, ``name`` is what they are called and ``media_type`` what their server said that they are;
    ``bands`` are the hashes under which other articles find it as a near-duplicate (``ingest/duplicates.py``).
    """

    article: Article
    passages: Sequence[Passage]
    original: bytes
    name: str
    bands: tuple[int, ...] = ()
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of an article's newest version without reading its text."""

    version: str
    original: str
    state: State


@dataclass(frozen=True, slots=True)
class Entry:
    """A version on its way into the indexes: its row, the article and its passages in order."""

    row: int
    article: Article
    passages: tuple[Passage, ...]


class Library(Articles, Findable, Stories, Paragraphs, Sources, Pages, Shelves, Hiding, Conversations, Verdicts, Soundness):
    """The article store of one library folder; safe to use from several threads and processes."""

    def stored(self, article_id: str) -> Stored | None:
        """The newest version of an article that is or will be searchable."""
        return self.stored_among([article_id]).get(article_id)

    def stored_among(self, article_ids: Iterable[str]) -> dict[str, Stored]:
        """``stored`` for those of these articles that are there."""
        columns = (_versions.c.article_id, _versions.c.version, _versions.c.original, _versions.c.state)
        found: dict[str, Stored] = {}
        with self._reading() as connection:
            for chunk in chunks(list(article_ids)):
                query = sa.select(*columns).where(_versions.c.article_id.in_(chunk), is_open)
                for row in connection.execute(query.order_by(_versions.c.row)):  # of several the newest stays
                    found[row.article_id] = Stored(row.version, row.original, row.state)
        return found

    def put(self, article: Article, passages: Sequence[Passage], *, original: bytes, name: str) -> None:
        """Store one version of an article with its passages as ``pending``, in one transaction.

        What answers meanwhile goes on answering, also if it has the same words. An older pending version of the same article is replaced.
        """
        self.put_all([Storable(article, passages, original, name)])

    def put_all(self, items: Iterable[Storable], *, bring_back: bool = True) -> None:
        """``put`` for many, in one transaction. One that is hidden or was removed comes back; without ``bring_back`` it is passed over.

        ``items`` are taken within the transaction: what they are made of then, no other process can change before they are stored.
        """
        with self._writing() as connection:
            for item in items:
                if bring_back or not was_removed(connection, item.article.id):
                    self._put(connection, item)

    def _put(self, connection: sa.Connection, item: Storable) -> None:
        article = item.article
        unhide(connection, [article.id])
        forget_removal(connection, article.id)
        same_article = _versions.c.article_id == article.id
        columns = (_versions.c.row, _versions.c.version, _versions.c.state, _versions.c.added_at)
        there = connection.execute(sa.select(*columns).where(same_article).order_by(_versions.c.row)).all()
        current = [row for row in there if row.state != "retired"]
        if current and current[-1].version != article.version:
            promote(connection, article.id)  # whoever said the same may not say it any more
        same_words = [row for row in current if row.version == article.version]
        article = replace(article, duplicate_of=root_of(connection, article))
        sha256 = hashlib.sha256(item.original).hexdigest()
        connection.execute(
            _originals.insert().prefix_with("OR IGNORE"),
            {"sha256": sha256, "name": item.name, "media_type": item.media_type, "content": zlib.compress(item.original)},
        )
        row = self._insert_version(
            connection,
            {
                **article_row(article),
                "added_at": same_words[0].added_at if same_words else stamp(datetime.now(UTC)),
                "original": sha256,
            },
            item.passages,
        )
        store_bands(connection, row, item.bands)
        replaced = [
            row.row for row in there if row.state == "pending" or (row.state == "retired" and row.version == article.version)
        ]
        self._drop_rows(connection, replaced)
        self._supersede(connection, [row.row for row in current])

    def mark_furniture(self, items: Iterable[tuple[Article, Sequence[Passage]]]) -> None:
        """Give stored versions other furniture, and the passages that it leaves, in one transaction.

        They wait as ``pending`` until the indexes have the new passages; the old ones go on answering. A version that is no longer the newest
        is left as it is.
        """
        with self._writing() as connection:
            for article, passages in items:
                self._mark_furniture(connection, article, passages)

    def _mark_furniture(self, connection: sa.Connection, article: Article, passages: Sequence[Passage]) -> None:
        query = sa.select(_versions).where(_versions.c.article_id == article.id, is_open).order_by(_versions.c.row.desc())
        old = connection.execute(query).first()
        if old is None or old.version != article.version:
            return
        values = {**old._mapping, "furniture": furniture_value(article)}  # noqa: SLF001 - public by its documentation
        del values["row"]
        row = self._insert_version(connection, values, passages)
        for table in (schema.bands, schema.paragraphs):
            connection.execute(table.update().where(table.c.version_row == old.row).values(version_row=row))
        if old.state == "pending":
            self._drop_rows(connection, [old.row])

    def _insert_version(self, connection: sa.Connection, values: Mapping[str, Any], passages: Sequence[Passage]) -> int:
        row: int = connection.execute(
            _versions.insert().returning(_versions.c.row), {**values, "state": "pending", "passages": len(passages)}
        ).scalar_one()
        # A passage that was on its way out and is here again stays.
        for ids in chunks([passage.id for passage in passages]):
            connection.execute(_leavings.delete().where(_leavings.c.id.in_(ids)))
        if passages:
            connection.execute(_passages.insert(), [passage_row(passage, version_row=row) for passage in passages])
        return row

    def _supersede(self, connection: sa.Connection, rows: Sequence[int]) -> None:
        """A newer version of their article is there: these are found and counted among others no longer."""
        forget_story(connection, rows)
        forget_paragraphs(connection, rows)
        for chunk in chunks(rows):
            connection.execute(_versions.update().where(_versions.c.row.in_(chunk)).values(counted=True))

    def pending(self, *, limit: int) -> list[Entry]:
        """The next ``limit`` versions to be indexed, oldest first."""
        return self._entries("pending", limit=limit)

    def incomplete(self, *, limit: int) -> list[Entry]:
        """The next ``limit`` searchable versions whose sentence vectors are still to be made, oldest first."""
        return self._entries("searchable", limit=limit)

    def _entries(self, state: State, *, limit: int) -> list[Entry]:
        query = sa.select(_versions).where(_versions.c.state == state).order_by(_versions.c.row).limit(limit)
        with self._reading() as connection:
            rows = connection.execute(query).all()
            articles = {row.row: to_article(row) for row in rows}
            found: dict[int, list[Passage]] = {row.row: [] for row in rows}
            wanted = sa.select(_passages).where(_passages.c.version_row.in_(list(found))).order_by(_passages.c.start)
            for passage in connection.execute(wanted):
                article = articles[passage.version_row]
                found[passage.version_row].append(to_passage(passage, article_id=article.id, version=article.version))
        return [Entry(row, articles[row], tuple(found[row])) for row in articles]

    def make_searchable(self, rows: Sequence[int]) -> None:
        """Show these versions and retire the ones they replace, in one transaction."""
        with self._writing() as connection:
            for chunk in chunks(rows):
                waiting = sa.select(_versions.c.row, _versions.c.article_id, _versions.c.version).where(
                    _versions.c.row.in_(chunk), _versions.c.state == "pending"
                )
                new = connection.execute(waiting).all()  # without those that were hidden meanwhile
                versions = {row.article_id: row.version for row in new}
                shown = [row.row for row in new]
                replaced = sa.select(_versions.c.row, _versions.c.article_id, _versions.c.version).where(
                    _versions.c.article_id.in_(versions), _versions.c.row.not_in(shown), _versions.c.state.in_(READY)
                )
                old = connection.execute(replaced).all()
                made_anew = [row.row for row in old if row.version == versions[row.article_id]]
                retired = [row.row for row in old if row.row not in made_anew]
                self._drop_rows(connection, made_anew)
                self._drop_passages(connection, retired)
                connection.execute(_versions.update().where(_versions.c.row.in_(retired)).values(state="retired"))
                self._supersede(connection, retired)
                connection.execute(_versions.update().where(_versions.c.row.in_(shown)).values(state="searchable"))

    def make_complete(self, rows: Sequence[int]) -> None:
        """Record that the sentence vectors of these versions are stored."""
        with self._writing() as connection:
            for chunk in chunks(rows):
                ready = _versions.c.state == "searchable"
                connection.execute(_versions.update().where(_versions.c.row.in_(chunk), ready).values(state="complete"))

    def current_articles(self, *, at_once: int) -> Iterator[list[Article]]:
        """Every searchable article, in batches, oldest first; hidden ones too, for they may come back."""
        after = 0
        while True:
            query = sa.select(_versions).where(_indexed, _versions.c.row > after).order_by(_versions.c.row).limit(at_once)
            with self._reading() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield [to_article(row) for row in rows]
            after = rows[-1].row

    def switch_index(self, *, split: Callable[[Article], Sequence[Passage]], complete: bool, **facts: str) -> None:
        """Make other indexes the ones that answer: new passages for every searchable version, and ``facts``, in one transaction."""
        with self._writing() as connection:
            rows = list(connection.execute(sa.select(_versions.c.row).where(_indexed)).scalars())
            for row in rows:
                passages = split(to_article(connection.execute(sa.select(_versions).where(_versions.c.row == row)).one()))
                connection.execute(_passages.delete().where(_passages.c.version_row == row))
                if passages:
                    connection.execute(_passages.insert(), [passage_row(passage, version_row=row) for passage in passages])
                connection.execute(_versions.update().where(_versions.c.row == row).values(passages=len(passages)))
            state = "complete" if complete else "searchable"
            for table in (_versions, _hidden):
                connection.execute(table.update().where(table.c.state.in_(READY)).values(state=state))
            # The new indexes never had the passages of the old split; but an article may have been removed since they were made.
            connection.execute(_leavings.delete().where(_leavings.c.id.in_(sa.select(_passages.c.id))))
            record_facts(connection, facts)

    def remove(self, article_ids: Iterable[str]) -> list[str]:
        """Remove articles with all versions, passages and original bytes; returns the ids that were there.

        Their passages are noted in ``leavings`` until the indexes have dropped them. Of those that said the same, the next stands for the rest.
        """
        with self._writing() as connection:
            return self._remove(connection, article_ids)

    def remove_overdue(self, *, at: datetime | None = None) -> list[str]:
        """Remove the hidden articles whose time has come by ``at`` (default: now); returns their ids."""
        at = at or datetime.now(UTC)
        if not self.is_overdue(at=at):  # so that nobody waits for a writer who has nothing to do
            return []
        with self._writing() as connection:
            overdue = sa.select(_hidden.c.article_id).where(_hidden.c.remove_at <= stamp(at)).distinct()
            return self._remove(connection, connection.execute(overdue).scalars().all())

    def _remove(self, connection: sa.Connection, article_ids: Iterable[str]) -> list[str]:
        removed = []
        for article_id in article_ids:
            rows = list(connection.execute(sa.select(_versions.c.row).where(_versions.c.article_id == article_id)).scalars())
            if rows:
                promote(connection, article_id)
                remember_removal(connection, article_id)
                self._drop_rows(connection, rows)
                forget_pages(connection, [article_id])
                removed.append(article_id)
        return removed

    def leavings(self, *, limit: int) -> list[str]:
        """Ids of passages that the indexes still have to drop."""
        with self._reading() as connection:
            return list(connection.execute(sa.select(_leavings.c.id).limit(limit)).scalars())

    def forget_leavings(self, ids: Sequence[str]) -> None:
        """Record that the indexes have dropped these passages."""
        with self._writing() as connection:
            for chunk in chunks(ids):
                connection.execute(_leavings.delete().where(_leavings.c.id.in_(chunk)))

    def _drop_rows(self, connection: sa.Connection, rows: Sequence[int]) -> None:
        self._drop_passages(connection, rows)
        forget_story(connection, rows)
        forget_paragraphs(connection, rows)
        forget_hidden(connection, rows)
        for chunk in chunks(rows):
            originals = list(connection.execute(sa.select(_versions.c.original).where(_versions.c.row.in_(chunk))).scalars())
            connection.execute(_versions.delete().where(_versions.c.row.in_(chunk)))
            still_used = sa.select(_versions.c.original).where(_versions.c.original.in_(originals))
            connection.execute(
                _originals.delete().where(_originals.c.sha256.in_(originals), _originals.c.sha256.not_in(still_used))
            )

    def _drop_passages(self, connection: sa.Connection, rows: Sequence[int]) -> None:
        for chunk in chunks(rows):
            of_rows = _passages.c.version_row.in_(chunk)
            # A version that is made anew has many of the same passages: those stay.
            elsewhere = _passages.alias()
            stays = (
                sa.select(elsewhere.c.id).where(elsewhere.c.id == _passages.c.id, elsewhere.c.version_row.not_in(chunk)).exists()
            )
            leaving = sa.select(_passages.c.id).where(of_rows, sa.not_(stays))
            connection.execute(_leavings.insert().prefix_with("OR IGNORE").from_select(["id"], leaving))
            connection.execute(_passages.delete().where(of_rows))

    # Reading
