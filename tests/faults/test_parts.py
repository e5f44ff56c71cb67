"""Parts that fail: torn and lost files under a running question, libraries that raise, a clock that is set back, memory that does not suffice."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.operations import opened
from tests.test_kill import ALL, HashingEncoder, contents, write_sources
from vectorstore import library as store
from vectorstore import sources as followed
from vectorstore.errors import FundstelleError, IndexCorrupt, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUESTION = "Which quay of Brénac did the mayor open on day 3?"


def remove(path: Path) -> None:
    """As if it had never been there."""
    if path.is_dir():
        shutil.rmtree(path)
        return
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def halve(path: Path) -> None:
    """Without the second half of every file."""
    for file in path.rglob("*") if path.is_dir() else path.parent.glob(f"{path.name}*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def garble(path: Path) -> None:
    """Full of something else."""
    for file in path.rglob("*") if path.is_dir() else path.parent.glob(f"{path.name}*"):
        if file.is_file():
            file.write_bytes(b"\x00\xffThis is something else. " * 400)


@pytest.mark.parametrize("damage", [remove, halve, garble])
@pytest.mark.parametrize("part", ["dense", "lexical", "sentences.db"])
def test_whoever_asks_hears_the_remedy(part: str, damage: Callable[[Path], None], library: Path, whole: Path) -> None:
    """A question over a damaged index is answered from what is whole, or refused with the command that mends it; that one does."""
    damage(library / "index" / "1" / part)
    with opened(library) as assistant:
        try:
            answer = assistant.ask(QUESTION)
        except FundstelleError as error:
            assert "fundstelle doctor --repair" in str(error)  # noqa: PT017 - either may be
        else:
            assert all(citation.verbatim for citation in answer.citations)
        assert assistant.repair() == []
        assert assistant.search(QUESTION)
    assert contents(library) == contents(whole)


@pytest.mark.parametrize("damage", [halve, garble])
def test_a_damaged_article_store_is_never_passed_over(damage: Callable[[Path], None], library: Path) -> None:
    """Its message names the file, and what is left of the folder is not touched."""
    damage(library / "library.db")
    before = {path: path.read_bytes() for path in library.rglob("*") if path.is_file() and path.name.startswith("library.db")}
    with pytest.raises(FundstelleError, match=r"library\.db"), opened(library) as assistant:
        assistant.ask(QUESTION)
    assert before[library / "library.db"] == (library / "library.db").read_bytes()


def test_after_the_article_store_was_moved_away_all_is_added_anew(library: Path, whole: Path) -> None:
    """As its message says: the indexes that are left do not get in the way."""
    garble(library / "library.db")
    for file in library.glob("library.db*"):
        file.rename(file.with_name(f"damaged-{file.name}"))
    with opened(library) as assistant:
        assert assistant.add(sorted((whole.parent / "sources").iterdir())).count("added") == ALL
        assert assistant.check() == []
        assert assistant.search(QUESTION)
    assert contents(library) == contents(whole)


FAILURES = {
    "Chroma, storing": ("dense", "_passages", "upsert", RuntimeError("Error executing plan: Internal error: disk I/O error")),
    "Chroma, removing": ("dense", "_passages", "delete", ValueError("Collection does not exist")),
    "tantivy, storing": ("lexical", "_writer", "add_document", ValueError("An error occurred in a thread: 'killed'")),
    "tantivy, committing": ("lexical", "_writer", "commit", ValueError("Failed to acquire lock")),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_an_index_that_raises(failure: str, library: Path, whole: Path, tmp_path: Path) -> None:
    """Named with its remedy; what was stored waits, and the next run has it."""
    part, holder, method, error = FAILURES[failure]
    sources = write_sources(tmp_path / "sources", changed=True)
    with opened(library) as assistant:
        index = getattr(assistant.indexes, part)
        if holder == "_writer":
            index._open_writer()
        setattr(index, holder, Failing(getattr(index, holder), method, error))
        with pytest.raises(IndexCorrupt, match=r"cannot be used: .*fundstelle doctor --repair"):
            assistant.remove([assistant.articles()[0].id]) if "removing" in failure else assistant.add(sources)
        stored = assistant.article_count()
    with opened(library) as assistant:
        assert assistant.article_count() == stored
        assert assistant.check() == []
        assistant.add(sources)
        assert assistant.check() == []
        assert assistant.library.count_articles("pending", "searchable") == 0
        assert assistant.library.leavings(limit=1) == []


class Failing:
    """A foreign object of which one method raises; the rest is its own."""

    def __init__(self, real: Any, method: str, error: Exception) -> None:
        self._real, self._method, self._error = real, method, error

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            raise self._error
        return getattr(self._real, name)


class Forgetful(HashingEncoder):
    """A model with no memory for even one text."""

    def encode_passages(self, texts: Sequence[str]) -> Any:
        """Nothing."""
        raise ModelError("There is not enough memory to embed a single text.")


def test_a_model_without_memory(library: Path, tmp_path: Path) -> None:
    """Nothing is half indexed: the articles wait, the rest answers, and a run with memory finishes."""
    sources = write_sources(tmp_path / "more", changed=True)
    with opened(library) as assistant:
        assistant._encoder = Forgetful()
        with pytest.raises(ModelError, match="not enough memory"):
            assistant.add(sources)
    with opened(library) as assistant:
        waiting = assistant.library.count_articles("pending")
        assert waiting
        assert assistant.ask(QUESTION).pending == waiting
        assert assistant.check() == []
        assistant.add(sources)
        assert assistant.library.count_articles("pending", "searchable") == 0
        assert assistant.check() == []


def test_a_clock_that_is_set_back(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Years earlier than what is stored, articles come in, change, go and are found as ever: order is kept by rows, not by the clock."""

    class Earlier(datetime):
        """A clock that goes wrong."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) - timedelta(days=3650)

    for module in (store, followed):
        monkeypatch.setattr(module, "datetime", Earlier)
    path = tmp_path / "late.txt"
    with opened(library) as assistant:
        for words in ("Pier 9 of Tresk was sold to a baker.", "Pier 9 of Tresk was sold to a brewer after all."):
            path.write_text(f"Pier 9 sold\n\n{words}\n", "utf-8")
            assert assistant.add([path]).count("failed") == 0
        (late,) = [article for article in assistant.articles() if article.path == str(path)]
        assert "brewer" in late.text
        assert [version.state for version in assistant.library.versions(late.id)] == ["complete", "retired"]
        assert assistant.library.versions(late.id)[0].added_at < datetime.now(UTC) - timedelta(days=3000)
        assert [hit.text for hit in assistant.search("Who bought pier 9?") if "brewer" in hit.text]
        assert assistant.check() == []
        assert assistant.remove([late.id]) == [late.id]
        assert assistant.check() == []
