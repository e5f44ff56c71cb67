"""The entries of one language's dictionaries by word, parsed once into a compact SQLite file that is then opened read-only.

Not here: reading the dictionaries (``freedict.py``), what follows from an entry (``translations.py``).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from vectorstore.freedict import Record, Source, records_of
from vectorstore.languages import normalise
from vectorstore.languages import stem as stem_of

if TYPE_CHECKING:
    from collections.abc import Callable

    _Report = Callable[[str], None]
    _Rebuild = Callable[[], sqlite3.Connection]

FORMAT = "1"
"""Changes whenever the cache or the gloss of the same text changes; part of the cache file's name and of the signature."""
_SEPARATORS = ("\n", "\x1f", "\x1e")  # between the entries of a word, the fields of an entry, its senses


class EntryStore:
    """Word → records, in an SQLite file that is only read; one connection behind a lock."""

    def __init__(self, connection: sqlite3.Connection, rebuild: _Rebuild) -> None:
        self._connection = connection
        self._rebuild = rebuild
        self._lock = threading.Lock()

    @classmethod
    def open(cls, sources: tuple[Source, ...], *, language: str, cache: Path, report: _Report) -> EntryStore:
        """The cache file of ``sources``, made first if it is missing or damaged; kept in memory where it cannot be written."""
        path = cache / f"dictionary-{language}-{digest(sources)}.sqlite"

        def rebuild() -> sqlite3.Connection:
            packed = _parse(sources, language=language)
            try:
                _write(path, packed, language=language)
                return _connect(path)
            except (OSError, sqlite3.Error) as error:
                report(
                    f"The cache {path} cannot be written ({error}), so the dictionary for {language} is parsed by every process."
                )
                connection = sqlite3.connect(":memory:", check_same_thread=False)
                _fill(connection, packed, language=language)
                return connection

        try:
            connection = _connect(path)
        except sqlite3.DatabaseError:  # missing, cut short or not one of ours
            connection = rebuild()
        return cls(connection, rebuild)

    def records(self, key: str) -> tuple[Record, ...]:
        """The records of ``key``, a word in its own case; empty if there are none."""
        return _unpack(self._get("SELECT records FROM word WHERE key = ?", key))

    def inflections(self, stem: str) -> list[str]:
        """The keys whose stem (of the normalised word) is ``stem``."""
        return self._get("SELECT keys FROM stem WHERE stem = ?", stem).split()

    def _get(self, query: str, key: str) -> str:
        with self._lock:
            try:
                return self._select(query, key)
            except sqlite3.DatabaseError:
                self._connection.close()
                self._connection = self._rebuild()
                return self._select(query, key)

    def _select(self, query: str, key: str) -> str:
        row = self._connection.execute(query, (key,)).fetchone()
        return str(row[0]) if row else ""


def digest(sources: tuple[Source, ...]) -> str:
    """A hash of these dictionaries, as they are on disk, and of ``FORMAT``.

    Raises:
        OSError: one of their files is not there.
    """
    return hashlib.blake2b("\n".join([FORMAT, *(source.key for source in sources)]).encode(), digest_size=8).hexdigest()


def _parse(sources: tuple[Source, ...], *, language: str) -> dict[str, list[str]]:
    """Key (a single word in its own case) → packed records, in the order of the dictionaries.

    Raises:
        OSError, EOFError, zlib.error: a file cannot be read or is damaged.
        ValueError: a file is not in dictd format.
    """
    packed: dict[str, list[str]] = {}
    for source in sources:
        for keys, record in records_of(source, language=language):
            line = _pack(record)
            for key in keys:
                lines = packed.setdefault(key, [])
                if line not in lines:
                    lines.append(line)
    if not packed:
        raise ValueError("no entries in it")
    return packed


def _pack(record: Record) -> str:
    _, fields, senses = _SEPARATORS
    return fields.join([record.headword, record.labels, str(record.examples), senses.join(record.senses)])


def _unpack(packed: str) -> tuple[Record, ...]:
    entries, fields, senses = _SEPARATORS
    records = []
    for line in packed.split(entries) if packed else ():
        headword, labels, examples, listed = line.split(fields)
        records.append(Record(headword, labels, int(examples), tuple(listed.split(senses))))
    return tuple(records)


def _connect(path: Path) -> sqlite3.Connection:
    """The cache file, read-only.

    Raises:
        sqlite3.DatabaseError: it is missing, cut short or was not finished.
    """
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        pages = connection.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
        connection.execute("SELECT records FROM word LIMIT 1").fetchone()
        if pages != path.stat().st_size:
            raise sqlite3.DatabaseError(f"{path} is cut short")
    except BaseException:
        connection.close()
        raise
    return connection


def _write(path: Path, packed: dict[str, list[str]], *, language: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=path.stem, suffix=".tmp", dir=path.parent)
    os.close(descriptor)
    try:
        with contextlib.closing(sqlite3.connect(name)) as connection:
            _fill(connection, packed, language=language)
        Path(name).replace(path)
        for old in path.parent.glob(f"dictionary-{language}-*.sqlite"):
            if old != path:
                old.unlink(missing_ok=True)
    finally:
        Path(name).unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, packed: dict[str, list[str]], *, language: str) -> None:
    stems: dict[str, list[str]] = {}
    for key in packed:
        stems.setdefault(stem_of(normalise(key), language=language), []).append(key)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("CREATE TABLE word (key TEXT PRIMARY KEY, records TEXT NOT NULL) WITHOUT ROWID")
    connection.executemany("INSERT INTO word VALUES (?, ?)", ((key, _SEPARATORS[0].join(packed[key])) for key in sorted(packed)))
    connection.execute("CREATE TABLE stem (stem TEXT PRIMARY KEY, keys TEXT NOT NULL) WITHOUT ROWID")
    connection.executemany("INSERT INTO stem VALUES (?, ?)", ((stem, " ".join(stems[stem])) for stem in sorted(stems)))
    connection.commit()
