"""Reading a damaged SQLite file page by page, and what ``doctor --repair`` makes of a ``library.db`` of which little or nothing is left."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import Settings
from assistant.damage_report import compare
from tests.test_kill import ALL, HashingEncoder, contents, open_library, write_sources
from vectorstore import embedding
from vectorstore.errors import LibraryCorrupt
from vectorstore.library import FILE_NAME, Library
from vectorstore.schema import LOG_NAME
from vectorstore.sqlite_rows import TornFile, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assistant.doctor import Finding

VALUES = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=9000), st.binary(max_size=9000))


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The indexes are made with the encoder of these tests."""
    monkeypatch.setattr(embedding, "load_encoder", lambda *_, **__: HashingEncoder())


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of twelve articles."""
    with open_library(tmp_path / "library") as assistant:
        assistant.add(write_sources(tmp_path / "sources", changed=True))
    return tmp_path / "library"


def repair(library: Path) -> list[Finding]:
    """What the doctor says that it did."""
    return compare(Settings(library=library, dictionaries=()), repair=True)


@given(rows=st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), VALUES, VALUES), max_size=8, unique_by=lambda row: row[0]))
def test_a_whole_file_is_read_as_sqlite_reads_it(rows: list[tuple[Any, ...]]) -> None:
    """Every row, of any length and kind, also those that fill pages of their own."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        connection.commit()
        read = {row.rowid: row.values for row in TornFile(connection.serialize()).rows() if len(row.values) == 3}
    assert read == {rowid: (None, *values) for rowid, *values in rows}


@given(content=st.binary(max_size=10_000), log=st.binary(max_size=6_000), at=st.integers(0, 9000))
def test_no_bytes_are_too_wild(content: bytes, log: bytes, at: int) -> None:
    """Whatever stands in a file or its log, reading it ends and raises nothing."""
    wild = bytearray(WHOLE)
    wild[at : at + len(content)] = content
    for file in (content, bytes(wild)):
        list(TornFile(file, log).rows())


def whole_file() -> bytes:
    """A small database."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(n, "word " * 300 * (n % 9)) for n in range(40)])
        connection.commit()
        return connection.serialize()


WHOLE = whole_file()


def test_what_is_committed_in_the_log_counts(tmp_path: Path) -> None:
    """As SQLite has it: whole transactions of the write-ahead log before the file, and nothing from where it is torn."""
    path, log = tmp_path / "a.db", tmp_path / "a.db-wal"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("CREATE TABLE t (n INTEGER, word)")
        sizes = []
        for n in range(5):
            connection.execute("INSERT INTO t VALUES (?, ?)", [n, "word " * 2000])
            sizes.append(log.stat().st_size)
        shutil.copy(path, tmp_path / "b.db")
        for cut in (0, 1, 3000):
            (tmp_path / "b.db-wal").write_bytes(log.read_bytes()[: sizes[-1] - cut])
            with opened(tmp_path / "b.db", log=tmp_path / "b.db-wal") as torn:
                found = [row.values[0] for row in torn.rows() if row.rowid and len(row.values) == 2]
            assert found == list(range(4 if cut else 5)), cut


def test_what_was_removed_does_not_come_back(library: Path) -> None:
    """Its pages may be full of it still: they are known as free, and its id as removed."""
    with open_library(library) as assistant:
        gone = [article.id for article in assistant.articles(limit=3)]
        assert assistant.remove(gone) == gone
    path = library / FILE_NAME
    content = bytearray(path.read_bytes())
    content[-4096:] = bytes(4096)
    content[4096 * 3 : 4096 * 4] = bytes(4096)
    path.write_bytes(content)
    assert repair(library)[0].mended
    with open_library(library) as assistant:
        assert not {article.id for article in assistant.articles()} & set(gone)


def test_a_log_without_its_file(library: Path) -> None:
    """All that was not yet taken over into the file is read from the log alone."""
    store = Library(library)
    with closing(sqlite3.connect(library / FILE_NAME, isolation_level=None)) as connection:
        connection.create_function("folded", 1, str)
        connection.execute("VACUUM")  # every page goes through the log
        shutil.copy(library / LOG_NAME, library / "kept")
    store.close()
    for file in library.glob(f"{FILE_NAME}*"):
        file.unlink()
    (library / "kept").rename(library / LOG_NAME)
    with pytest.raises(LibraryCorrupt, match="fundstelle doctor --repair"):
        open_library(library)  # and does not begin anew over it
    (finding,) = compare(Settings(library=library, dictionaries=()))
    assert "fundstelle doctor --repair" in finding.remedy
    (saved, *rest) = repair(library)
    assert saved.mended
    assert f"{ALL} articles" in saved.found
    assert rest[-1].fine
    with open_library(library) as assistant:
        assert len(assistant.articles()) == ALL
        assert assistant.check() == []


@pytest.mark.parametrize("harm", [lambda content: b"\xa5" * len(content), lambda content: bytes(len(content)), lambda _: b"torn"])
def test_nothing_that_can_be_read(harm: Callable[[bytes], bytes], library: Path) -> None:
    """It says so and what is left to do, and touches nothing."""
    path = library / FILE_NAME
    damaged = harm(path.read_bytes())
    path.write_bytes(damaged)
    (finding,) = repair(library)
    assert (finding.fine, "can be read any more" in finding.found) == (False, True)
    assert "backup" in finding.found
    assert "fundstelle add" in finding.found
    assert path.read_bytes() == damaged
    assert not list(library.glob("damaged-*"))


def test_a_salvage_that_was_interrupted_begins_anew(library: Path) -> None:
    """What it set aside is taken up again; the damaged file was never away."""
    path = library / FILE_NAME
    path.write_bytes(b"\0" * 4096 + path.read_bytes()[4096:])
    damaged = path.read_bytes()
    kept = library / "damaged-20240101T000000Z"
    (kept / "new").mkdir(parents=True)
    (kept / "new" / FILE_NAME).write_bytes(b"half of it")
    (kept / FILE_NAME).hardlink_to(path)
    findings = repair(library)
    assert findings[0].mended
    assert [folder.name for folder in library.glob("damaged-*")] == [kept.name]
    assert (kept / FILE_NAME).read_bytes() == damaged
    assert not (kept / "new").exists()
    assert len(contents(library)["articles"]) == ALL


def test_a_lost_index_number_makes_the_indexes_anew(library: Path) -> None:
    """Where it is gone which indexes are these articles', none is believed."""
    with closing(sqlite3.connect(library / FILE_NAME)) as connection, connection:
        connection.execute("DELETE FROM facts WHERE name IN ('index', 'signature')")
    path = library / FILE_NAME
    path.write_bytes(b"\0" * 4096 + path.read_bytes()[4096:])
    assert repair(library)[0].mended
    with open_library(library) as assistant:
        assistant.add([])
        assert assistant.check() == []
        assert assistant.search("Which quay did the mayor open?")
