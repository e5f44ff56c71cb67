"""The library: articles, versions, original bytes and states in one SQLite file. The only truth; both indexes can be rebuilt from it.

A version is ``pending`` (stored, not found yet), ``searchable`` (passages and terms are in the indexes), ``complete`` (its
sentence vectors too), ``retired`` (an older version, readable only) or ``hidden`` (on its way out, see ``hiding.py``). Passages that have to leave the indexes wait in ``leavings``, so
that an interruption at any point leaves work to repeat and nothing half to see. Not here: the indexes (``indexes.py``).
"""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.catalogue import Catalogue, Shown
from vectorstore.conversations import Conversations
from vectorstore.errors import ArticleNotFound, SourceUnreadable
from vectorstore.feedback import Verdicts
from vectorstore.hiding import Hiding, forget_hidden, forget_removal, remember_removal, unhide, was_removed
from vectorstore.pages import Pages, forget_pages
from vectorstore.paragraphs import Paragraphs, forget_paragraphs
from vectorstore.rows import article_row, furniture_value, passage_row, to_article, to_moment, to_passage
from vectorstore.schema import FILE_NAME, SCHEMA_VERSION, chunks, record_facts
from vectorstore.shelf import Shelves, within
from vectorstore.soundness import Soundness
from vectorstore.sources import Sources
from vectorstore.stories import Stories, forget_story, promote, root_of, store_bands
from vectorstore.types import Article, Filters, Passage, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["FILE_NAME", "SCHEMA_VERSION", "Candidate", "Entry", "Library", "State", "Storable", "Stored", "Version"]

State = Literal["pending", "searchable", "complete", "retired", "hidden"]
_READY: tuple[State, ...] = ("searchable", "complete")
_versions, _originals, _passages, _leavings = schema.versions, schema.originals, schema.passages, schema.leavings
_shelf, _hidden = schema.shelf, schema.hidden
_open = _versions.c.state.not_in(("retired", "hidden"))
_seen = _versions.c.article_id.not_in(sa.select(_hidden.c.article_id))
# In the indexes, also if nobody may see it: it may come back.
_indexed = sa.or_(
    _versions.c.state.in_(_READY),
    sa.and_(_versions.c.state == "hidden", _versions.c.row.in_(sa.select(_hidden.c.row).where(_hidden.c.state.in_(_READY)))),
)
_CURRENT_FIRST = (
    sa.case((_versions.c.state.in_(_READY), 0), (_versions.c.state == "pending", 1), else_=2),
    _versions.c.row.desc(),
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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may be shown, with what ranking needs of its article; articles that say the same have one ``story``."""

    id: str
    version_row: int
    language: str
    story: str


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


class Library(Stories, Paragraphs, Sources, Pages, Shelves, Hiding, Conversations, Verdicts, Soundness):
    """The article store of one library folder; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Open the store in ``folder``, which is made if it is not there.

        Raises:
            LibraryCorrupt: the file is not a library or cannot be read.
            LibraryError: the folder cannot be made or written.
        """
        self._watching = threading.Lock()
        self._watch: sa.Connection | None = None
        self._catalogue: Catalogue | None = None
        self._catalogued = 0
        super().__init__(folder)

    def close(self) -> None:
        """Close every connection."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        super().close()

    # Writing

    def stored(self, article_id: str) -> Stored | None:
        """The newest version of an article that is or will be searchable."""
        return self.stored_among([article_id]).get(article_id)

    def stored_among(self, article_ids: Iterable[str]) -> dict[str, Stored]:
        """``stored`` for those of these articles that are there."""
        columns = (_versions.c.article_id, _versions.c.version, _versions.c.original, _versions.c.state)
        found: dict[str, Stored] = {}
        with self._reading() as connection:
            for chunk in chunks(list(article_ids)):
                query = sa.select(*columns).where(_versions.c.article_id.in_(chunk), _open)
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
        query = sa.select(_versions).where(_versions.c.article_id == article.id, _open).order_by(_versions.c.row.desc())
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

    def pending(self, *, limit: int, after: int = 0) -> list[Entry]:
        """The next ``limit`` versions to be indexed, oldest first, from the row behind ``after``."""
        return self._entries("pending", limit=limit, after=after)

    def incomplete(self, *, limit: int, after: int = 0) -> list[Entry]:
        """The next ``limit`` searchable versions whose sentence vectors are still to be made."""
        return self._entries("searchable", limit=limit, after=after)

    def _entries(self, state: State, *, limit: int, after: int) -> list[Entry]:
        query = (
            sa.select(_versions).where(_versions.c.state == state, _versions.c.row > after).order_by(_versions.c.row).limit(limit)
        )
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
                    _versions.c.article_id.in_(versions), _versions.c.row.not_in(shown), _versions.c.state.in_(_READY)
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
                connection.execute(table.update().where(table.c.state.in_(_READY)).values(state=state))
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

    # Searching

    def catalogue(self) -> Catalogue:
        """What may be shown now; read anew only after something was written, by this process or another."""
        with self._watching, self._guarded():
            if self._watch is None:
                self._watch = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            # Of a connection that itself never writes it changes with every commit to the file (https://sqlite.org/pragma.html#pragma_data_version).
            changes = self._watch.exec_driver_sql("PRAGMA data_version").scalar_one()
            if self._catalogue is None or changes != self._catalogued:
                columns = ("row", "article_id", "language", "source", "published_at", "duplicate_of", "passages")
                query = sa.select(*(_versions.c[name] for name in columns)).where(_versions.c.state.in_(_READY))
                self._catalogue = Catalogue(Shown(*row) for row in self._watch.execute(query))
                self._catalogued = changes
            return self._catalogue

    def candidates(self, ids: Iterable[str], *, filters: Filters) -> dict[str, Candidate]:
        """Those of the passages ``ids`` that may be shown: searchable, current and matching ``filters``."""
        allowed = self.catalogue().matching(filters)
        query = sa.text("SELECT id, version_row FROM passages WHERE id IN (SELECT value FROM json_each(:ids))")
        with self._reading() as connection:
            found = connection.execute(query, {"ids": json.dumps(list(ids))}).all()
        return {id_: Candidate(id_, row, allowed[row].language, allowed[row].story) for id_, row in found if row in allowed}

    def matching_ids(self, filters: Filters) -> list[str]:
        """The ids of every passage that may be shown and matches ``filters``."""
        rows = list(self.catalogue().matching(filters))
        query = sa.text("SELECT id FROM passages WHERE version_row IN (SELECT value FROM json_each(:rows))")
        with self._reading() as connection:
            return list(connection.execute(query, {"rows": json.dumps(rows)}).scalars())

    def count_passages(self, filters: Filters | None = None) -> int:
        """How many passages may be shown and match ``filters``."""
        return self.catalogue().passages(filters or Filters())

    def passages_of(self, ids: Iterable[str]) -> dict[str, Passage]:
        """These passages with the spans of their sentences, by id; those that are gone are left out."""
        query = (
            sa.select(_passages, _versions.c.article_id, _versions.c.version, _versions.c.state)
            .join(_versions, _versions.c.row == _passages.c.version_row)
            .where(_passages.c.id.in_(sa.bindparam("ids", expanding=True)))
        )
        found: dict[str, Passage] = {}
        with self._reading() as connection:
            for chunk in chunks(list(ids)):
                found |= {
                    row.id: to_passage(row, article_id=row.article_id, version=row.version)
                    for row in connection.execute(query, {"ids": chunk})
                    if row.state in _READY  # asked of SQLite it would begin with all that is ready
                }
        return found

    def articles_of(self, rows: Iterable[int]) -> dict[int, Article]:
        """The articles of these version rows."""
        with self._reading() as connection:
            found: dict[int, Article] = {}
            for chunk in chunks(list(set(rows))):
                for row in connection.execute(sa.select(_versions).where(_versions.c.row.in_(chunk))):
                    found[row.row] = to_article(row)
        return found

    def languages(self) -> Mapping[str, int]:
        """How many searchable articles there are in each language."""
        return self.catalogue().languages

    # Reading

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
            message = f"Several versions of article {article_id!r} begin with {version}. Give more of its hash; `fundstelle show {article_id} --versions` lists them."
            raise ArticleNotFound(message)
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
            found[row.version] = Version(
                version=row.version,
                state=row.state,
                title=row.title,
                published_at=to_moment(row.published_at),
                modified_at=to_moment(row.modified_at),
                fetched_at=datetime.fromisoformat(row.fetched_at),
                added_at=datetime.fromisoformat(row.added_at),
            )
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
        try:
            return found.name, zlib.decompress(found.content)
        except zlib.error as error:
            message = f"The original bytes of article {article.id!r} are lost or damaged. `fundstelle doctor --repair` says what brings them back."
            raise SourceUnreadable(message) from error

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
            query = sa.select(_versions.c.article_id).where(_versions.c.sample, _open).distinct()
            return list(connection.execute(query).scalars())

    def _not_found(self, article_id: str, version: str | None) -> ArticleNotFound:
        what = f"version {version} of article {article_id!r}" if version else f"article {article_id!r}"
        return ArticleNotFound(f"There is no {what} in {self.folder}. `fundstelle articles` lists what is there.")


def _is(article: Article) -> tuple[sa.ColumnElement[bool], ...]:
    return _versions.c.article_id == article.id, _versions.c.version == article.version, _seen
