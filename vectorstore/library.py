"""The library: articles, versions, original bytes and states in one SQLite file. The only truth; both indexes can be rebuilt from it.

A version is ``pending`` (stored, not found yet), ``searchable`` (passages and terms are in the indexes), ``complete`` (its
sentence vectors too) or ``retired`` (an older version, readable only). Passages that have to leave the indexes wait in ``leavings``, so
that an interruption at any point leaves work to repeat and nothing half to see. Not here: the indexes (``indexes.py``).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import sqlalchemy as sa

from vectorstore.catalogue import Catalogue, Shown
from vectorstore.errors import ArticleNotFound, LibraryCorrupt, LibraryError
from vectorstore.types import Article, Filters, Furniture, Passage, Span, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

FILE_NAME = "library.db"
SCHEMA_VERSION = 1
_Item = TypeVar("_Item")
State = Literal["pending", "searchable", "complete", "retired"]
_READY: tuple[State, ...] = ("searchable", "complete")
_CACHE_KB = 32_000  # a question looks up some 300 passages in no order; SQLite's own 2 MB hold few of them
_MAX_VARIABLES = 500  # well under SQLite's limit on bound values

_metadata = sa.MetaData()
_facts = sa.Table(
    "facts", _metadata, sa.Column("name", sa.String, primary_key=True), sa.Column("value", sa.String, nullable=False)
)
_versions = sa.Table(
    "versions",
    _metadata,
    sa.Column("row", sa.Integer, primary_key=True),
    sa.Column("article_id", sa.String, nullable=False),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False, index=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("author", sa.String, nullable=False),
    sa.Column("language", sa.String, nullable=False),
    sa.Column("url", sa.String),
    sa.Column("path", sa.String),
    sa.Column("published_at", sa.String),
    sa.Column("published_precision", sa.String),
    sa.Column("published_from", sa.String),
    sa.Column("fetched_at", sa.String, nullable=False),
    sa.Column("added_at", sa.String, nullable=False),
    sa.Column("duplicate_of", sa.String),
    sa.Column("sample", sa.Boolean, nullable=False),
    sa.Column("original", sa.String, sa.ForeignKey("originals.sha256"), nullable=False),
    sa.Column("passages", sa.Integer, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("furniture", sa.String, nullable=False),
    sa.UniqueConstraint("article_id", "version"),
    # Covers what the catalogue reads: without it every row's page, with its text, is read.
    sa.Index(
        "versions_shown", "state", "row", "article_id", "language", "source", "published_at", "duplicate_of", "passages"
    ),
)
_originals = sa.Table(
    "originals",
    _metadata,
    sa.Column("sha256", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
_passages = sa.Table(
    "passages",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("version_row", sa.Integer, sa.ForeignKey("versions.row"), nullable=False, index=True),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
    sa.Column("sentences", sa.String, nullable=False),
)
_leavings = sa.Table("leavings", _metadata, sa.Column("id", sa.String, primary_key=True))


@dataclass(frozen=True, slots=True)
class Storable:
    """One version of an article on its way into the library.

    ``original`` are the bytes it was made from and ``name`` is what they are called; ``bands`` are the hashes under which other articles
    find it as a near-duplicate (``ingest/duplicates.py``).
    """

    article: Article
    passages: Sequence[Passage]
    original: bytes
    name: str
    bands: tuple[int, ...] = ()


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
    """A passage that may be shown, with what ranking needs of its article."""

    id: str
    version_row: int
    language: str


class Library:
    """The article store of one library folder; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Open the store in ``folder``, which is made if it is not there.

        Raises:
            LibraryCorrupt: the file is not a library or cannot be read.
            LibraryError: the folder cannot be made or written.
        """
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"The library folder {folder} cannot be made: {error.strerror}. Choose another with --library."
            raise LibraryError(message) from error
        self._engine = sa.create_engine(f"sqlite:///{folder / FILE_NAME}", connect_args={"timeout": 30})
        self._watching = threading.Lock()
        self._watch: sa.Connection | None = None
        self._catalogue: Catalogue | None = None
        self._catalogued = 0
        sa.event.listen(self._engine, "connect", _configure)
        sa.event.listen(self._engine, "begin", _begin)
        try:
            with self._writing() as connection:
                if not sa.inspect(connection).has_table(_facts.name):
                    _metadata.create_all(connection)
                    connection.execute(_facts.insert(), {"name": "schema", "value": str(SCHEMA_VERSION)})
            found = self.fact("schema")
            if found != str(SCHEMA_VERSION):
                message = f"{folder / FILE_NAME} has layout {found}, this version reads {SCHEMA_VERSION}. Use the version that wrote it."
                raise LibraryCorrupt(message)
        except LibraryError:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self._engine.dispose()

    # Facts about the library itself

    def fact(self, name: str) -> str | None:
        """A named value of the library (``"index"``, ``"signature"`` ...), or None."""
        with self._reading() as connection:
            return connection.execute(sa.select(_facts.c.value).where(_facts.c.name == name)).scalar()

    def set_facts(self, **facts: str) -> None:
        """Record named values, all of them or none."""
        with self._writing() as connection:
            for name, value in facts.items():
                connection.execute(_facts.insert().prefix_with("OR REPLACE"), {"name": name, "value": value})

    # Writing

    def stored(self, article_id: str) -> Stored | None:
        """The newest version of an article that is or will be searchable."""
        query = (
            sa.select(_versions.c.version, _versions.c.original, _versions.c.state)
            .where(_versions.c.article_id == article_id, _versions.c.state != "retired")
            .order_by(_versions.c.row.desc())
        )
        with self._reading() as connection:
            found = connection.execute(query).first()
        return Stored(*found) if found else None

    def put(self, article: Article, passages: Sequence[Passage], *, original: bytes, name: str) -> None:
        """Store one version of an article with its passages as ``pending``, in one transaction.

        The version that answers meanwhile goes on answering. An older pending version of the same article is replaced.
        """
        self.put_all([Storable(article, passages, original, name)])

    def put_all(self, items: Iterable[Storable]) -> None:
        """``put`` for many, in one transaction."""
        with self._writing() as connection:
            for item in items:
                self._put(connection, item)

    def _put(self, connection: sa.Connection, item: Storable) -> None:
        article, passages, original = item.article, item.passages, item.original
        same_article = _versions.c.article_id == article.id
        replaced = sa.select(_versions.c.row).where(
            same_article, sa.or_(_versions.c.state == "pending", _versions.c.version == article.version)
        )
        self._drop_rows(connection, list(connection.execute(replaced).scalars()))
        sha256 = hashlib.sha256(original).hexdigest()
        connection.execute(
            _originals.insert().prefix_with("OR IGNORE"),
            {"sha256": sha256, "name": item.name, "content": zlib.compress(original)},
        )
        row = connection.execute(
            _versions.insert().returning(_versions.c.row), _to_row(article, original=sha256, passages=len(passages))
        ).scalar_one()
        # A passage that was on its way out and is here again stays.
        for ids in _chunks([passage.id for passage in passages]):
            connection.execute(_leavings.delete().where(_leavings.c.id.in_(ids)))
        self._insert_passages(connection, row, passages)

    def _insert_passages(self, connection: sa.Connection, row: int, passages: Sequence[Passage]) -> None:
        if not passages:
            return
        connection.execute(
            _passages.insert(),
            [
                {
                    "id": passage.id,
                    "version_row": row,
                    "start": passage.start,
                    "end": passage.end,
                    "sentences": json.dumps([[span.start, span.end] for span in passage.sentences]),
                }
                for passage in passages
            ],
        )

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
            articles = {row.row: _to_article(row) for row in rows}
            found: dict[int, list[Passage]] = {row.row: [] for row in rows}
            wanted = sa.select(_passages).where(_passages.c.version_row.in_(list(found))).order_by(_passages.c.start)
            for passage in connection.execute(wanted):
                found[passage.version_row].append(_to_passage(passage, articles[passage.version_row]))
        return [Entry(row, articles[row], tuple(found[row])) for row in articles]

    def make_searchable(self, rows: Sequence[int]) -> None:
        """Show these versions and retire the ones they replace, in one transaction."""
        with self._writing() as connection:
            for chunk in _chunks(rows):
                replaced = sa.select(_versions.c.row).where(
                    _versions.c.article_id.in_(sa.select(_versions.c.article_id).where(_versions.c.row.in_(chunk))),
                    _versions.c.row.not_in(chunk),
                    _versions.c.state.in_(_READY),
                )
                old = list(connection.execute(replaced).scalars())
                self._drop_passages(connection, old)
                connection.execute(_versions.update().where(_versions.c.row.in_(old)).values(state="retired"))
                connection.execute(_versions.update().where(_versions.c.row.in_(chunk)).values(state="searchable"))

    def make_complete(self, rows: Sequence[int]) -> None:
        """Record that the sentence vectors of these versions are stored."""
        with self._writing() as connection:
            for chunk in _chunks(rows):
                ready = _versions.c.state == "searchable"
                connection.execute(_versions.update().where(_versions.c.row.in_(chunk), ready).values(state="complete"))

    def current_articles(self, *, at_once: int) -> Iterator[list[Article]]:
        """Every searchable article, in batches, oldest first."""
        after = 0
        while True:
            query = (
                sa.select(_versions)
                .where(_versions.c.state.in_(_READY), _versions.c.row > after)
                .order_by(_versions.c.row)
                .limit(at_once)
            )
            with self._reading() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield [_to_article(row) for row in rows]
            after = rows[-1].row

    def switch_index(self, *, split: Callable[[Article], Sequence[Passage]], complete: bool, **facts: str) -> None:
        """Make other indexes the ones that answer: new passages for every searchable version, and ``facts``, in one transaction."""
        with self._writing() as connection:
            ready = _versions.c.state.in_(_READY)
            rows = list(connection.execute(sa.select(_versions.c.row).where(ready)).scalars())
            for row in rows:
                article = _to_article(connection.execute(sa.select(_versions).where(_versions.c.row == row)).one())
                passages = split(article)
                connection.execute(_passages.delete().where(_passages.c.version_row == row))
                self._insert_passages(connection, row, passages)
                connection.execute(_versions.update().where(_versions.c.row == row).values(passages=len(passages)))
            connection.execute(_versions.update().where(ready).values(state="complete" if complete else "searchable"))
            # The new indexes never had the passages of the old split; but an article may have been removed since they were made.
            connection.execute(_leavings.delete().where(_leavings.c.id.in_(sa.select(_passages.c.id))))
            for name, value in facts.items():
                connection.execute(_facts.insert().prefix_with("OR REPLACE"), {"name": name, "value": value})

    def remove(self, article_ids: Iterable[str]) -> list[str]:
        """Remove articles with all versions, passages and original bytes; returns the ids that were there.

        Their passages are noted in ``leavings`` until the indexes have dropped them.
        """
        removed = []
        with self._writing() as connection:
            for article_id in article_ids:
                rows = list(connection.execute(sa.select(_versions.c.row).where(_versions.c.article_id == article_id)).scalars())
                self._drop_rows(connection, rows)
                if rows:
                    removed.append(article_id)
        return removed

    def leavings(self, *, limit: int) -> list[str]:
        """Ids of passages that the indexes still have to drop."""
        with self._reading() as connection:
            return list(connection.execute(sa.select(_leavings.c.id).limit(limit)).scalars())

    def forget_leavings(self, ids: Sequence[str]) -> None:
        """Record that the indexes have dropped these passages."""
        with self._writing() as connection:
            for chunk in _chunks(ids):
                connection.execute(_leavings.delete().where(_leavings.c.id.in_(chunk)))

    def _drop_rows(self, connection: sa.Connection, rows: Sequence[int]) -> None:
        self._drop_passages(connection, rows)
        for chunk in _chunks(rows):
            originals = list(connection.execute(sa.select(_versions.c.original).where(_versions.c.row.in_(chunk))).scalars())
            connection.execute(_versions.delete().where(_versions.c.row.in_(chunk)))
            still_used = sa.select(_versions.c.original)
            connection.execute(
                _originals.delete().where(_originals.c.sha256.in_(originals), _originals.c.sha256.not_in(still_used))
            )

    def _drop_passages(self, connection: sa.Connection, rows: Sequence[int]) -> None:
        for chunk in _chunks(rows):
            of_rows = _passages.c.version_row.in_(chunk)
            connection.execute(
                _leavings.insert().prefix_with("OR IGNORE").from_select(["id"], sa.select(_passages.c.id).where(of_rows))
            )
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
        return {id_: Candidate(id_, row, allowed[row].language) for id_, row in found if row in allowed}

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
            sa.select(_passages, _versions.c.article_id, _versions.c.version)
            .join(_versions, _versions.c.row == _passages.c.version_row)
            .where(_passages.c.id.in_(sa.bindparam("ids", expanding=True)))
        )
        found: dict[str, Passage] = {}
        with self._reading() as connection:
            for chunk in _chunks(list(ids)):
                found |= {row.id: _to_passage(row, row) for row in connection.execute(query, {"ids": chunk})}
        return found

    def articles_of(self, rows: Iterable[int]) -> dict[int, Article]:
        """The articles of these version rows."""
        with self._reading() as connection:
            found: dict[int, Article] = {}
            for chunk in _chunks(list(set(rows))):
                for row in connection.execute(sa.select(_versions).where(_versions.c.row.in_(chunk))):
                    found[row.row] = _to_article(row)
        return found

    def languages(self) -> Mapping[str, int]:
        """How many searchable articles there are in each language."""
        return self.catalogue().languages

    # Reading

    def article(self, article_id: str, *, version: str | None = None) -> Article:
        """One article: the current version (else a pending one), or the version that is named.

        Raises:
            ArticleNotFound: there is no such article or version.
        """
        query = sa.select(_versions).where(_versions.c.article_id == article_id)
        if version is not None:
            query = query.where(_versions.c.version == version)
        current_first = sa.case((_versions.c.state.in_(_READY), 0), (_versions.c.state == "pending", 1), else_=2)
        with self._reading() as connection:
            row = connection.execute(query.order_by(current_first, _versions.c.row.desc())).first()
        if row is None:
            raise self._not_found(article_id, version)
        return _to_article(row)

    def state(self, article: Article) -> State:
        """The state of one version.

        Raises:
            ArticleNotFound: it is not in the library (any more).
        """
        query = sa.select(_versions.c.state).where(_versions.c.article_id == article.id, _versions.c.version == article.version)
        with self._reading() as connection:
            found: State | None = connection.execute(query).scalar()
        if found is None:
            raise self._not_found(article.id, article.version)
        return found

    def original(self, article: Article) -> tuple[str, bytes]:
        """The name and bytes that an article was made from.

        Raises:
            ArticleNotFound: it is not in the library (any more).
        """
        query = (
            sa.select(_originals.c.name, _originals.c.content)
            .join(_versions, _versions.c.original == _originals.c.sha256)
            .where(_versions.c.article_id == article.id, _versions.c.version == article.version)
        )
        with self._reading() as connection:
            found = connection.execute(query).first()
        if found is None:
            raise self._not_found(article.id, article.version)
        return found.name, zlib.decompress(found.content)

    def passages(self, article: Article) -> list[Passage]:
        """The passages of one version in their order; none for a retired one."""
        query = (
            sa.select(_passages, _versions.c.article_id, _versions.c.version)
            .join(_versions, _versions.c.row == _passages.c.version_row)
            .where(_versions.c.article_id == article.id, _versions.c.version == article.version)
            .order_by(_passages.c.start)
        )
        with self._reading() as connection:
            return [_to_passage(row, row) for row in connection.execute(query)]

    def articles(self, *, limit: int | None = None, offset: int = 0, filters: Filters | None = None) -> list[Article]:
        """Articles that are searchable or on their way, newest first (undated last)."""
        conditions = _conditions(filters or Filters(), states=(*_READY, "pending"))
        replaced = sa.select(_versions.c.article_id).where(_versions.c.state.in_(_READY)).scalar_subquery()
        hidden = sa.and_(_versions.c.state == "pending", _versions.c.article_id.in_(replaced))
        query = (
            sa.select(_versions)
            .where(*conditions, sa.not_(hidden))
            .order_by(_versions.c.published_at.desc().nulls_last(), _versions.c.row.desc())
            .limit(limit)
            .offset(offset)
        )
        with self._reading() as connection:
            return [_to_article(row) for row in connection.execute(query)]

    def count_articles(self, *states: State) -> int:
        """How many versions are in these states; without any, how many articles can be found or soon will be."""
        counted = sa.func.count() if states else sa.func.count(sa.distinct(_versions.c.article_id))
        query = sa.select(counted).select_from(_versions).where(_versions.c.state.in_(states or (*_READY, "pending")))
        with self._reading() as connection:
            return int(connection.execute(query).scalar_one())

    def sample_ids(self) -> list[str]:
        """The ids of the sample articles."""
        with self._reading() as connection:
            query = sa.select(_versions.c.article_id).where(_versions.c.sample).distinct()
            return list(connection.execute(query).scalars())

    def _not_found(self, article_id: str, version: str | None) -> ArticleNotFound:
        what = f"version {version} of article {article_id!r}" if version else f"article {article_id!r}"
        return ArticleNotFound(f"There is no {what} in {self.folder}. `fundstelle articles` lists what is there.")

    # Connections

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._guarded(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._guarded(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
            cause = error.orig if isinstance(error, sa.exc.DatabaseError) else error
            where = self.folder / FILE_NAME
            if isinstance(cause, sqlite3.OperationalError):
                message = f"The article store {where} cannot be used: {cause}. Check the disk, the permissions and that it is not locked."
                raise LibraryError(message) from error
            message = f"The article store {where} is damaged: {cause}. Restore it from a backup, or move it away and add the articles again."
            raise LibraryCorrupt(message) from error


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy begins transactions itself, see _begin
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", f"cache_size=-{_CACHE_KB}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _conditions(filters: Filters, *, states: Sequence[str] = _READY) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [_versions.c.state.in_(states)]
    if filters.language:
        conditions.append(_versions.c.language == filters.language)
    if filters.source:
        conditions.append(_versions.c.source == filters.source)
    first, last = filters.stamps()
    dated = _versions.c.published_at
    period = [dated >= first] if first else []
    period += [dated <= last] if last else []
    if period:
        within = sa.and_(*period)
        conditions.append(sa.or_(dated.is_(None), within) if filters.undated else within)
    return conditions


def _to_row(article: Article, *, original: str, passages: int) -> dict[str, Any]:
    return {
        "article_id": article.id,
        "version": article.version,
        "state": "pending",
        "title": article.title,
        "source": article.source,
        "author": article.author,
        "language": article.language,
        "url": article.url,
        "path": article.path,
        "published_at": stamp(article.published_at) if article.published_at else None,
        "published_precision": article.published_precision,
        "published_from": article.published_from,
        "fetched_at": stamp(article.fetched_at),
        "added_at": stamp(datetime.now(UTC)),
        "duplicate_of": article.duplicate_of,
        "sample": article.sample,
        "original": original,
        "passages": passages,
        "text": article.text,
        "furniture": json.dumps([[span.start, span.end, span.reason] for span in article.furniture]),
    }


def _to_article(row: Any) -> Article:
    return Article(
        id=row.article_id,
        text=row.text,
        title=row.title,
        source=row.source,
        author=row.author,
        language=row.language,
        url=row.url,
        path=row.path,
        published_at=datetime.fromisoformat(row.published_at) if row.published_at else None,
        published_precision=row.published_precision,
        published_from=row.published_from,
        fetched_at=datetime.fromisoformat(row.fetched_at),
        furniture=tuple(Furniture(*span) for span in json.loads(row.furniture)),
        duplicate_of=row.duplicate_of,
        sample=row.sample,
    )


def _to_passage(row: Any, article: Any) -> Passage:
    """A passage from its row; ``article`` is an Article or any row with ``version`` and the article's id."""
    return Passage(
        article_id=article.id if isinstance(article, Article) else article.article_id,
        version=article.version,
        start=row.start,
        end=row.end,
        sentences=tuple(Span(*span) for span in json.loads(row.sentences)),
    )


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _MAX_VARIABLES):
        yield items[start : start + _MAX_VARIABLES]
