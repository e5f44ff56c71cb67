"""The SQLite file ``library.db``: how it is opened, and its transactions.

Readers never wait: a reading sees the last finished transaction, a writing is one transaction, all of it or nothing. Not here: the tables
(``schema.py``), what they are asked (``library.py`` and the modules that it is made of).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from vectorstore.errors import DiskFull, LibraryCorrupt, LibraryError
from vectorstore.schema import FILE_NAME, LOG_NAME, bring_up_to_date, facts, folded, record_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

_CACHE_KB = 32_000  # a question looks up some 300 passages in no order; SQLite's own 2 MB hold few of them
_MAX_VARIABLES = 500  # well under SQLite's limit on bound values
_Item = TypeVar("_Item")


class Database:
    """The SQLite file of one library folder; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Open the file in ``folder``, which is made if it is not there; an older layout is brought to this one.

        Raises:
            LibraryCorrupt: the file is not a library, cannot be read, or is of a newer layout.
            LibraryError: the folder cannot be made or written.
        """
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise LibraryError(
                f"{file_in_the_way(folder)} is a file, and a library is a folder. Name a folder with --library or FUNDSTELLE_LIBRARY; "
                "what is in a file comes in with `fundstelle add FILE`."
            ) from error
        except OSError as error:
            raise LibraryError(
                f"The library folder {folder} cannot be made: {error.strerror}. Choose another with --library."
            ) from error
        if not (folder / FILE_NAME).exists() and (folder / LOG_NAME).exists():  # SQLite would begin anew over what is left
            raise LibraryCorrupt(
                f"{folder / FILE_NAME} is gone, and its write-ahead log is left. Put it back, or `fundstelle doctor --repair` saves what can be read."
            )
        self._engine = sa.create_engine(f"sqlite:///{folder / FILE_NAME}", connect_args={"timeout": 30})
        sa.event.listen(self._engine, "connect", _configure)
        sa.event.listen(self._engine, "begin", _begin)
        try:
            with self._writing() as connection:
                bring_up_to_date(connection, path=folder / FILE_NAME)
        except LibraryError:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def fact(self, name: str) -> str | None:
        """A named value of the library (``"index"``, ``"signature"`` ...), or None."""
        with self._reading() as connection:
            return connection.execute(sa.select(facts.c.value).where(facts.c.name == name)).scalar()

    def set_facts(self, **values: str) -> None:
        """Record named values, all of them or none."""
        with self._writing() as connection:
            record_facts(connection, values)

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Reading as of one moment, whatever is written meanwhile."""
        with self._reading() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

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
            if DiskFull.is_meant(error):
                raise DiskFull(where) from error
            if not os.access(self.folder, os.W_OK | os.X_OK):
                raise LibraryError(
                    f"The library folder {self.folder} cannot be written. Check its permissions and its disk, or choose another with --library."
                ) from error
            if isinstance(cause, sqlite3.OperationalError):
                raise LibraryError(
                    f"The article store {where} cannot be used: {cause}. Check the disk, the permissions and that it is not locked."
                ) from error
            raise LibraryCorrupt(
                f"The article store {where} is damaged: {cause}. Restore it from a backup, or `fundstelle doctor --repair` saves what can be read."
            ) from error


def file_in_the_way(folder: Path) -> Path | None:
    """What is no folder where ``folder`` is wanted, itself or above it; None if it is there or can be made."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), None)
    return None if there is None or there.is_dir() else there


def damages(execute: Callable[[str], Iterable[Sequence[Any]]]) -> str:
    """What SQLite finds wrong with a file that a connection has open, whose way to ``execute`` a statement this is; empty if nothing."""
    return "; ".join(said for (said,) in execute("PRAGMA integrity_check(3)") if said != "ok")


def chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """``items`` in pieces that one statement can bind."""
    for start in range(0, len(items), _MAX_VARIABLES):
        yield items[start : start + _MAX_VARIABLES]


def _configure(connection: Any, _record: object) -> None:
    connection.create_function("folded", 1, folded, deterministic=True)
    connection.isolation_level = None  # SQLAlchemy begins transactions itself, see _begin
    # Trusted, for the triggers call a function of ours; where SQLite is built to trust no file it would not let them.
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=ON", "temp_store=MEMORY")
    for pragma in (*pragmas, f"cache_size=-{_CACHE_KB}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
