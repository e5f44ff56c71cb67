"""Several readers at once beside new articles: no error, no stranger's answer, and no half article in what they see."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from assistant import Assistant
from tests.benchmarks.crowd import TOWNS, other_articles, reading, town_articles
from tests.faults.operations import opened
from tests.web.conftest import serving
from vectorstore.errors import ArticleNotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vectorstore.embedding import Encoder, Vectors

USERS = 8


@pytest.fixture
def towns(open_assistant: Callable[..., Assistant], tmp_path: Path) -> Assistant:
    """A library with an article for each of eight towns."""
    town_articles(TOWNS[:USERS], tmp_path / "towns")
    assistant = open_assistant()
    assistant.add([tmp_path / "towns"])
    return assistant


def test_a_crowd_beside_new_articles(towns: Assistant, tmp_path: Path) -> None:
    """Eight readers ask and follow up while articles come in: each is answered from their own town's article, and the articles are all there."""
    with serving(towns, uploads=tmp_path / "uploads") as address, reading(address, users=USERS, pause=0.05) as seen:
        report = towns.add([other_articles(8, tmp_path, seed=1)])
    assert seen.wrong == []
    assert len(seen.seconds) >= USERS * 2
    assert report.count("added") == 8
    assert towns.library.count_articles("complete") == USERS + 8
    assert towns.check() == []


@dataclass
class Counting:
    """An encoder that counts how many questions it embeds at once, and takes its time for each."""

    encoder: Encoder
    at_once: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def encode_query(self, question: str) -> Vectors:
        """As the encoder does."""
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.05)
        with self.lock:
            self.at_once -= 1
        return self.encoder.encode_query(question)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.encoder, name)


def test_questions_leave_room_for_what_is_taken_in(towns: Assistant) -> None:
    """As many are looked up at once as there are cores, but one after the other while articles go into the indexes; all are answered."""
    counting = Counting(towns.encoder)
    questions = [f"Who opened the tower of {town}?" for town in TOWNS[:USERS]]
    with Assistant(towns.settings, encoder=counting) as assistant, ThreadPoolExecutor(USERS) as readers:
        towns.close()
        assistant.ask(questions[0])
        counting.most = 0
        with assistant._writing:  # held by whoever fills the indexes
            assert all(not answer.abstained for answer in readers.map(assistant.ask, questions))
        assert counting.most == 1
        list(readers.map(assistant.ask, questions * 2))
        assert counting.most == min(os.cpu_count() or 1, USERS)


def editions(folder: Path, *, edition: int, count: int = 6) -> list[Path]:
    """Articles of several passages, each of which says which edition it is of."""
    folder.mkdir(exist_ok=True)
    paths = []
    for n in range(count):
        paragraphs = [
            f"Harbour {n} part {part} in edition {edition}. "
            + " ".join(f"Crane {n * 97 + part * 31 + k} lifts." for k in range(60))
            for part in range(4)
        ]
        path = folder / f"{n}.txt"
        path.write_text(f"Harbour {n}\n\n" + "\n\n".join(paragraphs) + "\n", "utf-8")
        paths.append(path)
    return paths


def test_nobody_sees_half_an_article(tmp_path: Path) -> None:
    """While articles come in, change and go, what is found of one is of one edition, and all its passages are in every index."""
    done = threading.Event()
    wrong: list[str] = []
    seen: set[str] = set()
    with opened(tmp_path / "library") as assistant:
        library, indexes = assistant.library, assistant.indexes

        def look() -> None:
            while not done.is_set():
                found: defaultdict[str, set[str]] = defaultdict(set)
                hits = assistant.search("Which edition does the harbour have?", limit=60)
                for hit in hits:
                    found[hit.article.id].update(
                        re.findall(r"edition (\d)", hit.article.text), re.findall(r"edition (\d)", hit.text)
                    )
                seen.update(edition for editions in found.values() for edition in editions)
                wrong.extend(f"{id_}: editions {sorted(said)} at once" for id_, said in found.items() if len(said) > 1)
                for article in {hit.article.id: hit.article for hit in hits}.values():
                    ids = {passage.id for passage in library.passages(article)}
                    there = indexes.vectors.get(sorted(ids)).keys()
                    terms = {id_ for id_ in ids if indexes.lexical.search("id", {id_: 1.0}, limit=1)}
                    with suppress(ArticleNotFound):  # it has gone or changed since: nothing is to be said of it
                        if ids - (there & terms) and library.state(article) in {"searchable", "complete"}:
                            wrong.append(f"{article.id}: {len(ids - there)} of {len(ids)} passages are missing")

        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for edition in range(6):
                assistant.add(editions(tmp_path / "sources", edition=edition))
                if edition % 2:
                    assistant.remove([article.id for article in assistant.articles(limit=3)])
        finally:
            done.set()
            for thread in threads:
                thread.join()
        assert wrong == []
        assert len(seen) > 2, "nobody looked in time"
        assert assistant.check() == []
