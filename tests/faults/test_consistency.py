"""``fundstelle doctor --check`` and ``--repair``: what does not agree is found, said with what is lost and the remedy, and mended from the articles."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assistant import Settings
from assistant.damage_report import compare
from assistant.open_library import OpenLibrary
from tests.test_kill import ALL, HashingEncoder, contents, open_library
from tests.test_processes import HOLDER, OWNER, process
from tests.test_remote import served
from vectorstore.errors import IndexMismatch, LibraryBusy, LibraryCorrupt, LibraryError, SourceUnreadable
from vectorstore.lexical import PassageTerms

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant import Assistant
    from vectorstore.faults import Fault


def change(library: Path, *statements: str, file: str = "library.db") -> None:
    """Do to a database what no code of ours does."""
    with closing(sqlite3.connect(library / file)) as connection:
        connection.create_function("folded", 1, str)
        for statement in statements:
            assert connection.execute(statement).rowcount, f"nothing was changed by {statement}"
        connection.commit()


def check(library: Path) -> list[Fault]:
    """What is wrong with it."""
    with open_library(library) as assistant:
        return assistant.check()


def mended(library: Path, whole: Path) -> None:
    """Whether it can be repaired to what it was."""
    with open_library(library) as assistant:
        assert assistant.repair() == []
        assert assistant.check() == []
    found, before = contents(library), contents(whole)
    assert found == before


def test_a_whole_library_agrees(library: Path) -> None:
    """Nothing is found, whether its indexes are open already or not; repairing it changes nothing."""
    before = contents(library)
    with open_library(library) as assistant:
        assert assistant.check() == []
        _ = assistant.indexes
        assert assistant.check() == []
        assert assistant.repair() == []
    assert contents(library) == before


def test_an_empty_library_agrees(tmp_path: Path) -> None:
    """Also one that has never had an index."""
    with open_library(tmp_path / "library") as assistant:
        assert assistant.check() == []
        assert assistant.repair() == []


def test_articles_that_wait_are_no_fault(library: Path, tmp_path: Path) -> None:
    """What was stored and not yet indexed is work left, half of it in the indexes or not."""
    with open_library(library) as assistant:
        entries = [(article, assistant.library.passages(article)) for article in assistant.articles(limit=2)]
        assistant.library.mark_furniture(entries)
        assert assistant.library.count_articles("pending") == 2
        assert assistant.check() == []
        assert assistant.repair() == []
        assert assistant.library.count_articles("pending") == 0


LOSSES: dict[str, tuple[str, Callable[[Any, list[str]], object]]] = {
    "dense": ("vector index", lambda indexes, ids: indexes.dense.delete(ids)),
    "lexical": ("term index", lambda indexes, ids: (indexes.lexical.delete(ids), indexes.lexical.commit())),
    "sentences.db": ("exact vectors", lambda indexes, ids: indexes.vectors.delete(ids)),
}


@pytest.mark.parametrize("part", LOSSES)
def test_missing_passages_are_made_again(library: Path, whole: Path, part: str) -> None:
    """Those alone, in the part that lacks them; until then opening the indexes names the remedy."""
    name, lose = LOSSES[part]
    with open_library(library) as assistant:
        ids = sorted(assistant.library.expected().shown)[::3]
        lose(assistant.indexes, ids)
        (fault,) = assistant.check()
        assert (fault.name, fault.ids) == (name, tuple(ids))
        assert fault.mendable
        assert "no article" in fault.lost
    with open_library(library) as assistant, pytest.raises(LibraryError, match="fundstelle doctor --repair"):
        assistant.search("quay")
    mended(library, whole)


def test_strays_are_dropped(library: Path, whole: Path) -> None:
    """Passages that belong to nothing, in any part."""
    stray = "f" * 32
    with open_library(library) as assistant:
        indexes = assistant.indexes
        vectors = np.eye(1, HashingEncoder.dimension, dtype=np.float32)
        indexes.dense.upsert([stray], vectors)
        indexes.vectors.put_passages([stray], vectors)
        indexes.lexical.upsert([PassageTerms(stray, "en", "", None, ["quay"], [], [])])
        indexes.lexical.commit()
        found = assistant.check()
        assert {fault.name for fault in found} == {"vector index", "term index", "exact vectors"}
        assert {fault.ids for fault in found} == {(stray,)}
    mended(library, whole)


def test_another_vector_is_found_and_made_again(library: Path, whole: Path) -> None:
    """The vector index and the exact vectors must be of the same words."""
    with open_library(library) as assistant:
        id_ = min(assistant.library.expected().shown)
        assistant.indexes.dense.upsert([id_], np.eye(1, HashingEncoder.dimension, 5, dtype=np.float32))
        (fault,) = assistant.check()
        assert (fault.name, fault.ids) == ("vector index", (id_,))
    mended(library, whole)


def test_a_complete_article_without_sentence_vectors(library: Path, whole: Path) -> None:
    """Its state says that they are there: they are made again."""
    change(library, "UPDATE vectors SET sentences = NULL, scales = NULL WHERE rowid <= 3", file="index/1/sentences.db")
    (fault,) = check(library)
    assert (fault.name, len(fault.ids)) == ("sentence vectors", 3)
    mended(library, whole)


def test_cut_sentence_vectors(library: Path, whole: Path) -> None:
    """Fewer than the passage has sentences, or of half a row."""
    change(library, "UPDATE vectors SET sentences = substr(sentences, 1, 40) WHERE rowid = 1", file="index/1/sentences.db")
    assert [fault.name for fault in check(library)] == ["sentence vectors"]
    mended(library, whole)


@pytest.mark.parametrize("how", ["missing", "overwritten", "emptied"])
@pytest.mark.parametrize("part", ["dense", "lexical", "sentences.db"])
def test_a_part_that_cannot_be_used_is_made_again(library: Path, whole: Path, part: str, how: str) -> None:
    """A folder or file that is gone or full of something else is rebuilt beside the parts that are whole, and the articles stay."""
    path = library / "index" / "1" / part
    if how == "missing":
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    else:
        for file in path.rglob("*") if path.is_dir() else [path, *path.parent.glob(f"{path.name}-*")]:
            if file.is_file():
                file.write_bytes(b"This is no index. " * 500 if how == "overwritten" else b"")
    faults = check(library)
    assert faults
    assert all(fault.mendable and "no article" in fault.lost for fault in faults)
    mended(library, whole)


def test_a_lost_index_folder(library: Path, whole: Path) -> None:
    """All of it is made again."""
    shutil.rmtree(library / "index")
    assert {fault.name for fault in check(library)} == {"vector index", "term index", "exact vectors"}
    mended(library, whole)


def test_a_half_made_index_is_dropped(library: Path, whole: Path) -> None:
    """What an interrupted rebuild left is named, and goes."""
    (library / "index" / "2" / "dense").mkdir(parents=True)
    (fault,) = check(library)
    assert "index/2" in fault.found
    mended(library, whole)


LIES = {
    "a passage elsewhere": ("passages", "UPDATE passages SET start = start + 1 WHERE id = (SELECT min(id) FROM passages)"),
    "a sentence beyond": ("passages", "UPDATE passages SET sentences = '[[0, 99999]]' WHERE id = (SELECT min(id) FROM passages)"),
    "no sentences": ("passages", "UPDATE passages SET sentences = 'torn' WHERE id = (SELECT min(id) FROM passages)"),
    "a lost passage": ("passages", "DELETE FROM passages WHERE id = (SELECT min(id) FROM passages)"),
    "a wrong count": ("passages", "UPDATE versions SET passages = 7 WHERE row = (SELECT max(row) FROM versions)"),
    "a link to nothing": ("links", "UPDATE versions SET duplicate_of = 'nobody' WHERE row = (SELECT max(row) FROM versions)"),
    "shown and leaving": ("states", "INSERT INTO leavings SELECT min(id) FROM passages"),
    "a list without it": ("list", "DELETE FROM shelf WHERE row = (SELECT max(row) FROM shelf)"),
    "a list with another": ("list", "UPDATE shelf SET article_id = 'nobody' WHERE row = (SELECT max(row) FROM shelf)"),
    "hidden for good": ("states", "UPDATE versions SET state = 'hidden' WHERE row = (SELECT max(row) FROM versions)"),
    "leaving in sight": ("states", "INSERT INTO hidden SELECT max(row), article_id, 'complete', '2000-01-01' FROM versions"),
    "leaving without it": ("rows", "INSERT INTO hidden VALUES (99999, 'nobody', 'complete', '2000-01-01')"),
    "rows of nobody": ("rows", "INSERT INTO bands (hash, version_row) VALUES (1, 99999)"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_what_the_library_says_wrongly_is_set_right(library: Path, whole: Path, lie: str) -> None:
    """Passages, states and links that do not fit are found by name, and made anew from the text."""
    name, statement = LIES[lie]
    change(library, statement)
    faults = check(library)
    assert name in {fault.name for fault in faults}
    assert all(fault.mendable for fault in faults)
    mended(library, whole)


def test_hidden_articles_keep_their_place(library: Path, whole: Path) -> None:
    """What is on its way out may come back: its passages belong, and are made again where they are missing."""
    with open_library(library) as assistant:
        article = assistant.articles(limit=1)[0]
        ids = [passage.id for passage in assistant.library.passages(article)]
        assistant.library.hide([article.id], until=datetime.now(UTC) + timedelta(hours=1))
        assert assistant.check() == []
        assistant.indexes.lexical.delete(ids)
        assistant.indexes.lexical.commit()
        assert [fault.name for fault in assistant.check()] == ["term index"]
        assert assistant.repair() == []
        assert assistant.library.restore([article.id]) == [article.id]
    assert contents(library) == contents(whole)


def test_two_current_versions(library: Path, whole: Path) -> None:
    """The newer one stays."""
    with open_library(library) as assistant:
        article = assistant.articles(limit=1)[0]
        assistant.library.mark_furniture([(article, assistant.library.passages(article))])
    change(library, "UPDATE versions SET state = 'complete' WHERE state = 'pending'")
    assert "states" in {fault.name for fault in check(library)}
    mended(library, whole)


def test_a_damaged_text_comes_from_the_original_bytes(library: Path, whole: Path) -> None:
    """Its hash tells; where those bytes are gone too, it is named and let be."""
    change(library, "UPDATE versions SET text = replace(text, 'crowns', 'clowns') WHERE row = (SELECT max(row) FROM versions)")
    damaged = next(fault for fault in check(library) if fault.name == "texts")
    assert damaged.mendable
    mended(library, whole)
    change(
        library,
        "UPDATE versions SET text = replace(text, 'crowns', 'clowns') WHERE row = (SELECT max(row) FROM versions)",
        "UPDATE versions SET path = NULL WHERE row = (SELECT max(row) FROM versions)",
        "UPDATE originals SET content = x'00' WHERE sha256 = (SELECT original FROM versions WHERE row = (SELECT max(row) FROM versions))",
    )
    with open_library(library) as assistant:
        assert {fault.name for fault in assistant.repair()} == {"texts", "originals"}
        assert assistant.article_count() == ALL


def test_what_is_marked_in_a_text_comes_from_the_original_bytes(library: Path, whole: Path) -> None:
    """Zeros where the furniture was, as of a lost page that SQLite does not miss: no traceback, and made anew; without the bytes, there is none."""
    change(library, "UPDATE versions SET furniture = x'0000' WHERE row = (SELECT max(row) FROM versions)")
    with (
        open_library(library) as assistant,
        pytest.raises(LibraryCorrupt, match=r"article .* is damaged: .*fundstelle doctor --repair"),
    ):
        assistant.articles()
    assert [fault.name for fault in check(library)] == ["texts"]
    mended(library, whole)
    change(
        library,
        "UPDATE versions SET furniture = x'0000', path = NULL WHERE row = (SELECT max(row) FROM versions)",
        "DELETE FROM originals WHERE sha256 = (SELECT original FROM versions WHERE row = (SELECT max(row) FROM versions))",
    )
    with open_library(library) as assistant:
        assert [fault.name for fault in assistant.repair()] == ["originals"]
        assert len(assistant.articles()) == ALL


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE originals SET content = x'00' WHERE sha256 = (SELECT min(sha256) FROM originals)",
        "DELETE FROM originals WHERE sha256 = (SELECT min(sha256) FROM originals)",
    ],
)
def test_lost_original_bytes_come_from_the_file(library: Path, whole: Path, statement: str) -> None:
    """If that is unchanged; else the article is named, and it and its text stay."""
    change(library, statement)
    (fault,) = check(library)
    assert fault.name == "originals"
    with open_library(library) as assistant:
        path = Path(assistant.article(fault.ids[0]).path or "")
        kept = path.read_bytes()
        path.write_bytes(kept + b"\n")
        assert [left.name for left in assistant.repair()] == ["originals"]
        path.write_bytes(kept)
        assert assistant.article_count() == ALL
    mended(library, whole)


def test_lost_original_bytes_do_not_keep_passages_from_being_mended(library: Path) -> None:
    """What needs them is refused by name; the article, its passages and its place in the indexes are whole again without them."""
    newest = "(SELECT max(row) FROM versions)"
    change(
        library,
        f"DELETE FROM originals WHERE sha256 = (SELECT original FROM versions WHERE row = {newest})",
        f"DELETE FROM passages WHERE version_row = {newest}",
        f"UPDATE versions SET path = NULL WHERE row = {newest}",
    )
    with open_library(library) as assistant:
        assert [fault.name for fault in assistant.repair()] == ["originals"]
        assert [fault.name for fault in assistant.check()] == ["originals"]
        (lost,) = [article for article in assistant.articles() if article.path is None]
        assert assistant.library.passages(lost)
        with pytest.raises(SourceUnreadable, match="lost or damaged"):
            assistant.library.original(lost)
        report = assistant.extract_again()
        assert (report.count("failed"), report.count("unchanged")) == (1, ALL - 1)


def test_a_damaged_store_says_what_is_lost(library: Path) -> None:
    """Neither a crash nor an empty library: the file, what is in it, and that only a backup brings it back."""
    settings = Settings(library=library, dictionaries=())
    content = (library / "library.db").read_bytes()
    (library / "library.db").write_bytes(content[:4096] + bytes(len(content) - 4096))
    for beside in library.glob("library.db-*"):
        beside.unlink()
    (finding,) = compare(settings)
    assert not finding.fine
    assert "library.db" in finding.found
    assert "backup" in finding.remedy
    assert "the indexes beside it hold no text" in finding.lost or "articles" in finding.lost


def test_a_lost_store_is_not_an_empty_one(library: Path) -> None:
    """Indexes without ``library.db`` are what is left of one: it says so instead of beginning anew."""
    for file in library.glob("library.db*"):
        file.unlink()
    (finding,) = compare(Settings(library=library, dictionaries=()))
    assert not finding.fine
    assert "no library.db" in finding.found
    assert finding.lost.startswith("every article")
    assert not (library / "library.db").exists()


def test_indexes_of_another_model_are_not_mended(library: Path) -> None:
    """Vectors of two models never meet; the remedy is another command."""
    change(library, "UPDATE facts SET value = 'other' WHERE name = 'signature'")
    change(library, "DELETE FROM vectors WHERE rowid = 1", file="index/1/sentences.db")
    with open_library(library) as assistant, pytest.raises(IndexMismatch, match="fundstelle reindex"):
        assistant.repair()


def test_beside_a_server_it_is_asked(library: Path) -> None:
    """The check is passed on to it; repairing says to stop it first."""
    with open_library(library) as serving, served(serving) as service, serving.answering_at(service):
        ids = sorted(serving.library.expected().shown)[:2]
        serving.indexes.dense.delete(ids)
        with open_library(library) as other:
            (fault,) = other.check()
            assert fault.ids == tuple(ids)
            assert other._lock is None
            with pytest.raises(LibraryError, match=r"Stop `fundstelle serve`"):
                other.repair()
        assert serving.check() == [fault]


def test_beside_another_owner_it_is_refused(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the indexes and answers nobody is named."""
    monkeypatch.setattr(OpenLibrary, "lock_wait", 0.3)
    with process(HOLDER, library, "no") as owner, open_library(library) as other:
        with pytest.raises(LibraryBusy) as caught:
            other.check()
        assert caught.value.pid == owner.pid


def test_questions_go_on_while_it_looks(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check of open indexes holds up nobody who asks."""
    looking, looked = threading.Event(), threading.Event()

    def look(*_: object, **__: object) -> list[Fault]:
        looking.set()
        assert looked.wait(30)
        return []

    with open_library(library) as assistant, ThreadPoolExecutor(2) as pool:
        assert assistant.search("quay")
        monkeypatch.setattr("vectorstore.consistency.check", look)
        checking = pool.submit(assistant.check)
        try:
            assert looking.wait(20)
            assert pool.submit(assistant.search, "quay").result(timeout=20)
            assert not checking.done()
        finally:
            looked.set()
        assert checking.result(timeout=20) == []


@pytest.mark.parametrize("way", ["reindex", "repair"])
def test_questions_are_answered_while_it_is_mended(library: Path, way: str) -> None:
    """Whoever asks while the indexes are made anew is answered, by the old ones or as soon as they are whole, and hears of no damage."""
    done = threading.Event()

    def ask_on(assistant: Assistant) -> int:
        asked = 0
        while not done.is_set() or not asked:
            assert assistant.search("quay")
            asked += 1
        return asked

    with open_library(library) as assistant, ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask_on, assistant) for _ in range(3)]
        try:
            for _ in range(3):
                assistant.reindex() if way == "reindex" else assistant.repair()
        finally:
            done.set()
        assert all(one.result(timeout=60) for one in asking)


def test_the_command(library: Path, bundled_encoder: object) -> None:
    """Exit 0 and one line where all agrees, 1 with findings; JSON has the same; ``--repair`` says what it mended."""
    command = [sys.executable, "-c", COMMAND, "--library", str(library), "doctor"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])

    fine = run("--check")
    assert (fine.returncode, fine.stderr) == (0, "")
    assert "articles and indexes agree" in fine.stdout
    change(library, "UPDATE vectors SET sentences = NULL, scales = NULL WHERE rowid = 1", file="index/1/sentences.db")
    wrong = run("--check", "--json")
    (item,) = json.loads(wrong.stdout)["items"]
    assert (wrong.returncode, item["fine"], item["remedy"]) == (1, False, "fundstelle doctor --repair")
    assert item["lost"]
    again = run("--repair")
    assert again.returncode == 0, again.stderr
    assert "mended: 1 passages of complete articles lack sentence vectors" in again.stdout
    assert run("--check").returncode == 0


COMMAND = """
from tests.test_kill import HashingEncoder
from vectorstore import embedding
embedding.load_encoder = lambda *_, **__: HashingEncoder()
from assistant import cli
cli.main()
"""


def test_the_owner_that_takes_in_lets_nobody_compare(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``add`` in another process holds the indexes: the check waits for it, then says so."""
    monkeypatch.setattr(OpenLibrary, "lock_wait", 0.3)
    with process(OWNER, library) as owner, open_library(library) as other, pytest.raises(LibraryBusy, match=str(owner.pid)):
        other.check()
