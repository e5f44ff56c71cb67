"""While the indexes are rebuilt the old ones answer, this process and others, and not a question is answered from half of each."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from ingest import articles
from tests.test_kill import ALL, HashingEncoder, contents, open_library, write_sources
from tests.test_processes import process
from vectorstore.types import Passage, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from assistant import Assistant
    from vectorstore.types import Article

QUESTION = "Which quay did the mayor open on day 3?"


class Waiting(HashingEncoder):
    """A model that stops in the middle of its work until it may go on."""

    def __init__(self) -> None:
        self.embedding, self.may_go_on = threading.Event(), threading.Event()

    def encode_passages(self, texts: Sequence[str]) -> Any:
        """As ever, once it may."""
        if threading.current_thread().name.startswith("rebuild"):
            self.embedding.set()
            assert self.may_go_on.wait(60)
        return super().encode_passages(texts)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of twelve articles."""
    with open_library(tmp_path / "library") as assistant:
        assistant.add(write_sources(tmp_path / "sources", changed=True))
    return tmp_path / "library"


@pytest.fixture
def assistant(library: Path) -> Iterator[Assistant]:
    """It, open."""
    with open_library(library) as opened:
        yield opened


def lines(article: Article, **_: object) -> list[Passage]:
    """Another splitter: a passage a line, so that no passage is what it was."""
    passages, at = [], 0
    for line in article.text.splitlines(keepends=True):
        if words := line.rstrip("\n"):
            span = Span(at, at + len(words))
            passages.append(
                Passage(article_id=article.id, version=article.version, start=span.start, end=span.end, sentences=(span,))
            )
        at += len(line)
    return passages


def test_the_old_indexes_answer_meanwhile(assistant: Assistant) -> None:
    """Who asks while the new ones are made waits for nothing; the new ones answer then, and the old ones are deleted."""
    before = [hit.text for hit in assistant.search(QUESTION)]
    waiting = Waiting()
    assistant._encoder = waiting
    with ThreadPoolExecutor(1, thread_name_prefix="rebuild") as rebuilding, ThreadPoolExecutor(1) as asking:
        done = rebuilding.submit(assistant.reindex)
        try:
            assert waiting.embedding.wait(30)
            assert [hit.text for hit in asking.submit(assistant.search, QUESTION).result(timeout=30)] == before
            assert asking.submit(assistant.ask, QUESTION).result(timeout=30).citations
            assert {folder.name for folder in (assistant.library.folder / "index").iterdir()} == {"1", "2"}
            assert not done.done()
        finally:
            waiting.may_go_on.set()
        assert done.result(timeout=60) == ALL
    assert [hit.text for hit in assistant.search(QUESTION)] == before
    assert [folder.name for folder in (assistant.library.folder / "index").iterdir()] == ["2"]
    assert assistant.check() == []


def test_no_question_falls_between_old_and_new(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every passage becomes another, each answer is all of the old ones or all of the new ones, never less."""
    stop = threading.Event()
    found: list[set[str]] = []

    def ask_on() -> None:
        while not stop.is_set():
            found.append({hit.text for hit in assistant.search(QUESTION, limit=3)})

    old = {hit.text for hit in assistant.search(QUESTION, limit=3)}
    monkeypatch.setattr(articles, "split", lines)
    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask_on) for _ in range(3)]
        try:
            assistant.reindex()
            new = {hit.text for hit in assistant.search(QUESTION, limit=3)}
            monkeypatch.undo()
            assistant.reindex()
        finally:
            stop.set()
        for one in asking:
            one.result(timeout=60)
    assert len(old) == len(new) == 3
    assert not old & new
    assert {frozenset(texts) for texts in found} <= {frozenset(old), frozenset(new)}
    assert old in found


def test_where_the_old_ones_cannot_answer_questions_wait(assistant: Assistant, library: Path) -> None:
    """Made with another model, they are not asked; who asks meanwhile has the answer of the new ones."""
    assistant.library.set_facts(signature="another model")
    assert not assistant.can_answer()
    waiting = Waiting()
    assistant._encoder = waiting
    with ThreadPoolExecutor(1, thread_name_prefix="rebuild") as rebuilding, ThreadPoolExecutor(1) as asking:
        done = rebuilding.submit(assistant.reindex)
        assert waiting.embedding.wait(30)
        answer = asking.submit(assistant.search, QUESTION)
        waiting.may_go_on.set()
        assert answer.result(timeout=60)
        assert done.result(timeout=60) == ALL
    assert assistant.can_answer()
    assistant.close()
    assert contents(library)["pending"] == 0


REINDEX = """
import sys, threading
from pathlib import Path
from tests.test_kill import HashingEncoder
from vectorstore import embedding

class Slow(HashingEncoder):
    def encode_passages(self, texts):
        if len(texts) > 1:  # a question is one
            print("ready", flush=True)
            sys.stdin.readline()
        return super().encode_passages(texts)

embedding.load_encoder = lambda *_, **__: Slow()
from assistant import cli
sys.argv = ["fundstelle", "--library", sys.argv[1], "reindex"]
cli.main()
"""


def test_other_processes_are_answered_meanwhile(library: Path) -> None:
    """``fundstelle reindex`` has the lock, and answers for whoever asks beside it."""
    with open_library(library) as before:
        expected = [hit.text for hit in before.search(QUESTION)]
    with process(REINDEX, library) as rebuilding, open_library(library) as other:
        assert [hit.text for hit in other.search(QUESTION)] == expected
        assert other.ask(QUESTION).citations
        assert other._lock is None
        assert rebuilding.stdin
        assert rebuilding.stdout
        rebuilding.stdin.write("\n" * 20)
        rebuilding.stdin.flush()
        assert "reindexed: 12" in rebuilding.stdout.read()
        assert rebuilding.wait(timeout=30) == 0
    with open_library(library) as after:
        assert [hit.text for hit in after.search(QUESTION)] == expected
        assert after.check() == []
