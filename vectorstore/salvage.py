"""A new ``library.db`` from what can still be read of a damaged one, which is kept aside.

Nothing is believed: an article counts as saved if its words have the hash that they were stored under, or if its original bytes give those words
again. What is derived (bands, paragraphs, the list) is made anew. The caller holds the lock. Not here: reading the pages (``sqlite_rows.py``) and
telling what their rows are (``recognition.py``), the indexes (``consistency.py``).
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import damages
from vectorstore.errors import LibraryCorrupt, SourceError
from vectorstore.hiding import digest
from vectorstore.library import Library
from vectorstore.recognition import Seen, is_right, is_sound, note_entry, recognised
from vectorstore.rows import furniture_value, to_article, unpacked
from vectorstore.schema import FILE_NAME, LOG_NAME, READY
from vectorstore.sqlite_rows import TornFile, opened
from vectorstore.types import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vectorstore.types import Article

_versions, _originals, _shelf = schema.versions, schema.originals, schema.shelf
_AT_ONCE: Final = 500
_UNTITLED: Final = "Recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvaged:
    """What came of a damaged ``library.db``.

    ``kept_in`` is the folder that it is in now. ``saved`` counts what the new one has, by kind. ``lost`` are articles that were there and are not
    any more, by headline, outlet and address as far as those are known; ``older`` counts versions that had been replaced. ``originals`` are the
    names of what articles that are lost were read from; those bytes are in ``kept_in``, as files. ``damaged`` counts questions and verdicts
    that are kept without their answers. ``removed_may_be_back`` where it cannot be told what had been removed from what had not.
    """

    kept_in: Path
    saved: dict[str, int]
    lost: tuple[str, ...]
    older: int
    originals: tuple[str, ...]
    damaged: int
    removed_may_be_back: bool


def damage(folder: Path) -> str:
    """What SQLite finds wrong with the ``library.db`` in ``folder``; empty if nothing, or if it cannot be looked at now."""
    path = folder / FILE_NAME
    if not path.exists():
        return "it is gone, and its write-ahead log is left" if (folder / LOG_NAME).exists() else ""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            connection.create_function("folded", 1, schema.folded, deterministic=True)
            return damages(connection.execute)
    except sqlite3.OperationalError:  # the disk, the permissions, a lock
        return ""
    except sqlite3.DatabaseError as error:
        return str(error)


def salvage(
    folder: Path, *, read: Callable[[str], bytes | None], extract: Callable[[Article, bytes, str, str], Article]
) -> Salvaged:
    """Put a new ``library.db`` into ``folder``, made of what can be read of the damaged one, and move that aside.

    ``read`` gives the bytes of the file of that path, None if it is not there; ``extract`` makes an article anew from its original bytes, given
    with their name and media type. Interrupted, the damaged file is where it was.

    Raises:
        LibraryCorrupt: nothing in it can be read. It is left as it is.
    """
    kept_in = _kept_aside(folder)
    fresh = kept_in / "new"
    shutil.rmtree(fresh, ignore_errors=True)
    with closing(_NewStore(fresh)) as store, opened(kept_in / FILE_NAME, log=kept_in / LOG_NAME) as torn:
        seen = store.fill(torn)
        if not any(seen.taken.values()):
            shutil.rmtree(kept_in)
            raise LibraryCorrupt(
                f"Nothing in {folder / FILE_NAME} can be read any more. Restore it from a backup, or move it away and `fundstelle add` the sources again."
            )
        store.restore_originals(read)
        store.verify(seen, extract)
        originals = store.hand_out_originals(kept_in / "originals")
        store.mend_references()
        saved, older = store.counts(), store.missing_versions(seen)
        store.checkpoint()
        removed_may_be_back = not torn.whole_header
    for beside in (LOG_NAME, f"{FILE_NAME}-shm"):  # SQLite would take them for the new one's
        (folder / beside).unlink(missing_ok=True)
    (fresh / FILE_NAME).replace(folder / FILE_NAME)
    shutil.rmtree(fresh, ignore_errors=True)
    return Salvaged(
        kept_in=kept_in,
        saved=saved,
        lost=seen.lost(),
        older=older,
        originals=originals,
        damaged=seen.damaged,
        removed_may_be_back=removed_may_be_back,
    )


class _NewStore(Library):
    """The article store that is being filled; nobody else has it open."""

    @contextmanager
    def _filling(self) -> Iterator[sa.Connection]:
        with self._guarded(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # what a row refers to may come later, or be lost
            connection.exec_driver_sql("PRAGMA synchronous=OFF")  # an interruption begins anew
            yield connection

    def fill(self, torn: TornFile) -> Seen:
        """Take in every row that can be read and says something."""
        seen = Seen()
        waiting: defaultdict[tuple[sa.Table, str], list[dict[str, Any]]] = defaultdict(list)
        with self._filling() as connection:

            def flush(table: sa.Table, otherwise: str) -> None:
                connection.exec_driver_sql("BEGIN")
                connection.execute(table.insert().prefix_with(f"OR {otherwise}"), waiting.pop((table, otherwise)))
                connection.exec_driver_sql("COMMIT")

            connection.execute(schema.facts.delete())
            for row in torn.rows():
                if row.rowid is None:
                    note_entry(row, seen)
                    continue
                table, values = recognised(row)
                if table is None or not is_sound(table, values, seen):
                    continue
                if table is _shelf:  # a trigger makes it
                    continue
                seen.taken[table.name] += 1
                # Of a row that is there twice, as what is free cannot be told from what is used, the one whose words are right.
                key = table, "REPLACE" if table is _versions and is_right(values) else "IGNORE"
                waiting[key].append(values)
                if len(waiting[key]) >= _AT_ONCE:
                    flush(*key)
            for key in list(waiting):
                flush(*key)
            schema.record_facts(connection, {"schema": str(schema.SCHEMA_VERSION)})
        return seen

    def verify(self, seen: Seen, extract: Callable[[Article, bytes, str, str], Article]) -> None:
        """Drop the versions whose words are not those that were stored, unless their original bytes give them again, and those that were removed."""
        with self._filling() as connection:
            seen.removed |= set(connection.execute(sa.select(schema.removed.c.digest)).scalars())
            for number in list(connection.execute(sa.select(_versions.c.row).order_by(_versions.c.row)).scalars()):
                row = connection.execute(sa.select(_versions).where(_versions.c.row == number)).one()
                article = to_article(row)
                if digest(row.article_id) in seen.removed:
                    self._drop(connection, number)
                elif article.version != row.version:
                    anew = _from_original(connection, row, extract)
                    if anew is None or anew.version != row.version:
                        self._drop(connection, number)
                        continue
                    values = {"text": anew.text} | ({"furniture": furniture_value(anew)} if not article.furniture else {})
                    connection.execute(_versions.update().where(_versions.c.row == number).values(values))
            seen.there = set(
                connection.execute(sa.select(_versions.c.article_id).where(_versions.c.state != "retired")).scalars()
            )

    def _drop(self, connection: sa.Connection, row: int) -> None:
        connection.execute(schema.passages.delete().where(schema.passages.c.version_row == row))
        connection.execute(schema.hidden.delete().where(schema.hidden.c.row == row))
        connection.execute(_versions.delete().where(_versions.c.row == row))

    def hand_out_originals(self, folder: Path) -> tuple[str, ...]:
        """Write the original bytes that no version has any more to files, and name what they were read from."""
        names = []
        with self._filling() as connection:
            unused = sa.select(_originals.c.sha256).where(_originals.c.sha256.not_in(sa.select(_versions.c.original)))
            for key in list(connection.execute(unused).scalars()):
                kept = connection.execute(sa.select(_originals).where(_originals.c.sha256 == key)).one()
                content = unpacked(kept.content, sha256=key)
                if content is not None:
                    folder.mkdir(exist_ok=True)
                    ending = re.sub(r"[^\w.-]+", "_", kept.name.rstrip("/").rsplit("/", 1)[-1])[-80:]
                    (folder / f"{key[:12]}-{ending}").write_bytes(content)
                    names.append(kept.name)
                connection.execute(_originals.delete().where(_originals.c.sha256 == key))
        return tuple(sorted(names))

    def mend_references(self) -> None:
        """Set right what depends on rows that are gone; the rest is for ``Soundness.mend``."""
        newest = sa.select(sa.func.max(_versions.c.row)).where(_versions.c.state != "retired").group_by(_versions.c.article_id)
        conversations, exchanges = schema.conversations, schema.exchanges
        with self._filling() as connection:
            connection.execute(_versions.update().where(_versions.c.row.in_(newest)).values(counted=False))
            there = sa.select(_versions.c.article_id)
            connection.execute(schema.pages.delete().where(schema.pages.c.article_id.not_in(there)))
            index = connection.execute(sa.select(schema.facts.c.value).where(schema.facts.c.name == "index")).scalar()
            if not (index or "").isdecimal():
                for table in (_versions, schema.hidden):
                    ready = table.c.state.in_(READY)
                    connection.execute(table.update().where(ready).values(state="pending"))
            named = sa.select(conversations.c.id).where(
                conversations.c.owner == exchanges.c.owner, conversations.c.id == exchanges.c.conversation
            )
            unnamed = sa.select(exchanges.c.owner, exchanges.c.conversation).where(~named.exists()).distinct()
            for owner, id_ in connection.execute(unnamed).all():
                values = {"owner": owner, "id": id_, "title": _UNTITLED, "updated_at": stamp(datetime.now(UTC))}
                connection.execute(conversations.insert(), values)

    def counts(self) -> dict[str, int]:
        """How much there is of what cannot be made anew."""
        retired = _versions.c.state == "retired"
        of = {
            "articles": sa.select(sa.func.count(sa.distinct(_versions.c.article_id))).where(~retired),
            "older versions": sa.select(sa.func.count()).select_from(_versions).where(retired),
            "followed sources": sa.select(sa.func.count()).select_from(schema.sources),
            "conversations": sa.select(sa.func.count()).select_from(schema.conversations),
            "questions in them": sa.select(sa.func.count()).select_from(schema.exchanges),
            "verdicts on answers": sa.select(sa.func.count()).select_from(schema.feedback),
        }
        with self._reading() as connection:
            return {name: int(connection.execute(query).scalar_one()) for name, query in of.items()}

    def missing_versions(self, seen: Seen) -> int:
        """How many older versions of articles are spoken of and not there."""
        retired = {row for row, (_, state) in seen.rows.items() if state == "retired"}
        with self._reading() as connection:
            return len(retired - set(connection.execute(sa.select(_versions.c.row)).scalars()))

    def checkpoint(self) -> None:
        """Have all of it in one file, on the disk."""
        with self._reading() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _from_original(connection: sa.Connection, row: Any, extract: Callable[[Article, bytes, str, str], Article]) -> Article | None:
    kept = connection.execute(sa.select(_originals).where(_originals.c.sha256 == row.original)).first()
    if kept is not None and (content := unpacked(kept.content, sha256=row.original)) is not None:
        with suppress(SourceError):
            return extract(to_article(row), content, kept.name, kept.media_type)
    return None


def _kept_aside(folder: Path) -> Path:
    """A folder in ``folder`` that has the damaged files too; that of a salvage which was interrupted, if it was of the same."""
    damaged = folder / FILE_NAME
    for kept in sorted(folder.glob("damaged-*")):
        if damaged.exists() and (kept / FILE_NAME).exists() and _same(kept / FILE_NAME, damaged):
            return kept
    name = f"damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    kept = next(path for n in range(1, 1000) if not (path := folder / (name if n == 1 else f"{name}-{n}")).exists())
    kept.mkdir()
    for each in (LOG_NAME, FILE_NAME):  # the file last: where it is, all is
        if (folder / each).exists():
            _link(folder / each, kept / each)
    return kept


def _same(one: Path, other: Path) -> bool:
    first, second = one.stat(), other.stat()
    return one.samefile(other) or (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)


def _link(path: Path, to: Path) -> None:
    """``path`` under a second name, or where the disk has no such thing a copy."""
    try:
        os.link(path, to)
    except OSError:
        partial = to.with_name(f"{to.name}.part")
        shutil.copy2(path, partial)
        partial.replace(to)
