"""Killed while adding, a library opens, answers, and is finished by the next ``add``, exactly as if nothing had happened.

Run as a script it is the process that is killed: it forks one child per interruption, after the imports that all of them need.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assistant import Assistant, Settings
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

QUESTION = "Which quay of Brénac did the mayor open on day 3?"
BEFORE_CHANGE, CHANGED, ALL = 6, 2, 12
"""The library has the first six articles; then two of these change and six more come."""
MOMENTS, SEED = 6, 20230228
DETAILS = (
    "Its grey granite travelled by barge from Tresk all winter long.",
    "Divers found an anchor, two cannons and hundreds of clay pipes.",
    "School choirs sang while a brass band waited under umbrellas.",
    "Engineers blame soft mud for months without any visible progress.",
    "Critics say the money should rather have mended leaking roofs.",
    "Cranes painted bright yellow now tower above the old customs house.",
    "Seagulls nest already between piles of rope near its northern end.",
    "Nobody had expected such heavy traffic before the spring holidays.",
    "Solar lamps light every bollard, railing and ladder after sunset.",
    "An oak bench remembers sailors lost during that terrible gale.",
    "Local bakers sold four thousand almond buns within three hours.",
    "Its tide gauge reports to Oslo through a buried copper cable.",
)
"""A sentence for each article that no other one has, so that none passes for a copy of another."""


class HashingEncoder:
    """Vectors from hashed words, without a model to load: what is stored and when does not depend on what it means."""

    name = "hashing"
    dimension = 32
    signature = "hashing-1 32"
    max_tokens = 512

    def encode_query(self, question: str) -> NDArray[np.float32]:
        """A question's vector."""
        vector: NDArray[np.float32] = self.encode_passages([question])[0]
        return vector

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of stored texts."""
        found = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            for word in text.lower().split() or [""]:
                row[hashlib.sha256(word.encode()).digest()[0] % self.dimension] += 1
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """A token a word."""
        return [len(text.split()) for text in texts]


@dataclass(frozen=True, slots=True)
class Interruption:
    """Where a process kills itself: before or after the ``nth`` call of a method of the library or an index (without one, of all of ``METHODS``).

    With ``seconds``, so long after that, in the middle of whatever its threads are doing by then.
    """

    method: str = ""
    when: str = "after"
    nth: int = 1
    seconds: float = 0.0


POINTS = [
    Interruption("Library.put_all", "before"),
    Interruption("Library.put_all", "after", 2),
    Interruption("DenseIndex.upsert", "before"),
    Interruption("DenseIndex.upsert", "after"),
    Interruption("VectorStore.put_passages", "after"),
    Interruption("LexicalIndex.commit", "after", 2),
    Interruption("Library.make_searchable", "before"),
    Interruption("Library.make_searchable", "after"),
    Interruption("DenseIndex.delete", "after"),
    Interruption("LexicalIndex.delete", "after"),
    Interruption("Library.forget_leavings", "before"),
    Interruption("Library.forget_leavings", "after"),
    Interruption("VectorStore.put_sentences", "before"),
    Interruption("VectorStore.put_sentences", "after"),
    Interruption("Library.make_complete", "before"),
    Interruption("Library.make_complete", "after"),
]


METHODS = tuple(dict.fromkeys(point.method for point in POINTS))


def write_sources(folder: Path, *, changed: bool) -> list[Path]:
    """Small articles; with ``changed``, two of the first six have other words and six more are there."""
    folder.mkdir(exist_ok=True)
    paths = []
    for n in range(ALL if changed else BEFORE_CHANGE):
        day = f"day {n}" if not (changed and n < CHANGED) else f"day {n}, a week late"
        path = folder / f"{n:02}.txt"
        path.write_text(
            f"Quay {n} of Brénac opened\n\nQuay number {n} of Brénac was opened by the mayor on {day}. {DETAILS[n]}\n\n"
            f"The quay cost {n} million crowns. Ferries to the islands leave from there.\n",
            "utf-8",
        )
        paths.append(path)
    return paths


def open_library(folder: Path) -> Assistant:
    """An assistant over ``folder`` with the encoder of these tests."""
    return Assistant(Settings(library=folder, dictionaries=()), encoder=HashingEncoder())


def add_and_die(library: Path, sources: list[Path], interruption: Interruption | None) -> int:
    """Add ``sources`` in small batches; the process is gone at the interruption, without a chance to tidy up. Gives the calls of ``METHODS``."""
    from ingest import pipeline
    from vectorstore import indexes

    pipeline._STORE_AT_ONCE = 5
    indexes._BATCH_CHARACTERS = 600
    calls = 0
    counting = threading.Lock()

    def watch(name: str) -> None:
        owner, method = _method(name)
        original = getattr(owner, method)

        def watched(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            with counting:
                calls += 1
                reached = interruption is not None and calls == interruption.nth
            if interruption and reached and interruption.when == "before":
                die(interruption.seconds)
            found = original(*args, **kwargs)
            if interruption and reached and interruption.when == "after":
                die(interruption.seconds)
            return found

        setattr(owner, method, watched)

    for name in (interruption.method,) if interruption and interruption.method else METHODS:
        watch(name)
    with open_library(library) as assistant:
        assistant.add(sources)
    return calls


def die(seconds: float) -> None:
    """End this process as ``kill -9`` does, now or after so long."""
    if not seconds:
        os.kill(os.getpid(), signal.SIGKILL)
    killer = threading.Timer(seconds, os.kill, [os.getpid(), signal.SIGKILL])
    killer.daemon = True
    killer.start()


def _method(name: str) -> tuple[Any, str]:
    """The class and the name of a method of the library or an index."""
    from vectorstore import dense, exact_vectors, lexical
    from vectorstore import library as store

    owner, _, method = name.partition(".")
    return next(getattr(module, owner) for module in (store, dense, exact_vectors, lexical) if hasattr(module, owner)), method


def fork_all(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each run in a child of its own, one after the other: the signal that ended it (0 for none) and how many calls it made if none did."""
    import chromadb  # noqa: F401 - once for all children
    import tantivy  # noqa: F401

    from vectorstore.languages import detect_language, keep_lists_in, question_languages, terms
    from vectorstore.settings import read_settings

    keep_lists_in(read_settings().cache)
    for text in ("Quay opened by the mayor.", QUESTION):
        detect_language(text)
        question_languages(text)
        terms(text, language="en")
    ended = []
    for run in runs:
        told, tell = os.pipe()
        child = os.fork()
        if not child:
            interruption = Interruption(**run["interruption"]) if run["interruption"] else None
            calls = add_and_die(Path(run["library"]), [Path(source) for source in run["sources"]], interruption)
            os.write(tell, str(calls).encode())
            os._exit(0)
        os.close(tell)
        _, status = os.waitpid(child, 0)
        with os.fdopen(told) as said:
            calls = int(said.read() or 0)
        signalled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        failed = os.waitstatus_to_exitcode(status) > 0
        ended.append({"signal": signalled, "failed": failed, "calls": calls})
    return ended


def contents(folder: Path) -> dict[str, Any]:
    """Everything that two libraries must have in common: states, words, passages, and what both indexes hold of them."""
    with open_library(folder) as assistant:
        library, indexes = assistant.library, assistant.indexes
        articles = sorted(library.articles(), key=lambda article: article.path or "")
        ids = sorted(library.matching_ids(Filters()))
        vectors = indexes.vectors.get(ids)
        nearest = indexes.dense.search(HashingEncoder().encode_query(QUESTION), limit=1000)
        terms = {
            field: sorted(indexes.lexical.search(field, {"quay": 1.0, "brenac": 1.0, "cost": 1.0}, limit=1000))
            for field in ("own", "gloss")
        }
        return {
            "articles": [(Path(article.path or "").name, article.version, library.state(article)) for article in articles],
            "passages": [[asdict(passage) | {"article_id": ""} for passage in library.passages(article)] for article in articles],
            "originals": [library.original(article)[1] for article in articles],
            "missing": set(ids) ^ set(vectors),
            "dense": len(ids) - indexes.dense.count(),
            "found": {id_ for id_, _ in nearest} ^ set(ids),
            "lexical": len(ids) - indexes.lexical.count(),
            "terms": {field: {id_ for id_, _ in found} ^ set(ids) for field, found in terms.items()},
            "vectors": len(ids) - indexes.vectors.count(),
            "sentences": [id_ for id_ in ids if vectors[id_].sentences is None],
            "leavings": library.leavings(limit=1000),
            "pending": library.count_articles("pending", "searchable"),
        }


@dataclass
class Killed:
    """A library whose ``add`` was interrupted, once as the kill left it and once finished by the next ``add``."""

    interruption: Interruption
    left: Path
    finished: Path
    signal: int = 0
    failed: bool = False


@pytest.fixture(scope="module")
def workshop(
    tmp_path_factory: pytest.TempPathFactory, shared_cache: Path
) -> tuple[Path, Callable[[list[tuple[Path, Interruption | None]]], list[dict[str, Any]]]]:
    """A folder with a library of six complete articles and the sources that come next, and what runs ``add`` in other processes."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    folder = tmp_path_factory.mktemp("kill")

    def run_all(runs: list[tuple[Path, Interruption | None]]) -> list[dict[str, Any]]:
        sources = [str(path) for path in sorted((folder / "sources").iterdir())]
        told = [
            {"library": str(library), "sources": sources, "interruption": interruption and asdict(interruption)}
            for library, interruption in runs
        ]
        script = subprocess.run([sys.executable, __file__], input=json.dumps(told), capture_output=True, text=True, check=False)
        assert script.returncode == 0, script.stderr
        found: list[dict[str, Any]] = json.loads(script.stdout.splitlines()[-1])
        return found

    write_sources(folder / "sources", changed=False)
    with open_library(folder / "before") as assistant:
        assistant.add([folder / "sources"])
    write_sources(folder / "sources", changed=True)
    return folder, run_all


@pytest.fixture(scope="module")
def undisturbed(workshop: tuple[Path, Callable[..., list[dict[str, Any]]]]) -> tuple[dict[str, Any], int]:
    """The library of a run that nothing disturbed, and how many calls of ``METHODS`` that took."""
    folder, run_all = workshop
    shutil.copytree(folder / "before", folder / "undisturbed")
    (ended,) = run_all([(folder / "undisturbed", None)])
    assert not ended["signal"]
    assert not ended["failed"]
    return contents(folder / "undisturbed"), ended["calls"]


@pytest.fixture(scope="module")
def killed(
    workshop: tuple[Path, Callable[..., list[dict[str, Any]]]], undisturbed: tuple[dict[str, Any], int]
) -> dict[str, Killed]:
    """Every interruption, by its name: the points above, and moments drawn once and for all: a little after one of the calls of a run."""
    folder, run_all = workshop
    chance = random.Random(SEED)
    nth = [max(1, round(chance.uniform(0.05, 0.9) * undisturbed[1])) for _ in range(MOMENTS)]
    moments = [Interruption(nth=call, seconds=round(chance.uniform(0.0005, 0.01), 4)) for call in nth]
    found: dict[str, Killed] = {}
    for n, interruption in enumerate([*POINTS, *moments]):
        left = folder / f"left-{n}"
        shutil.copytree(folder / "before", left)
        name = (
            f"moment {n - len(POINTS)}"
            if interruption.seconds
            else f"{interruption.when} {interruption.method} {interruption.nth}"
        )
        found[name] = Killed(interruption, left, folder / f"finished-{n}")
    ended = run_all([(one.left, one.interruption) for one in found.values()])
    assert sum(end["signal"] == signal.SIGKILL for end in ended) >= len(POINTS) + MOMENTS // 2, (
        "most of the moments were too late"
    )
    for one, end in zip(found.values(), ended, strict=True):
        one.signal = end["signal"]
        shutil.copytree(one.left, one.finished)
    for one, end in zip(found.values(), run_all([(one.finished, None) for one in found.values()]), strict=True):
        one.failed = end["failed"]
    return found


NAMES = [f"{point.when} {point.method} {point.nth}" for point in POINTS] + [f"moment {n}" for n in range(MOMENTS)]


def test_the_undisturbed_run_is_complete(undisturbed: tuple[dict[str, Any], int]) -> None:
    """What the others are compared with: all articles complete, every passage in both indexes, nothing left over."""
    found, _ = undisturbed
    assert [state for _, _, state in found["articles"]] == ["complete"] * ALL
    assert [found[name] for name in ("missing", "found", "dense", "lexical", "vectors", "sentences", "leavings", "pending")] == [
        set(), set(), 0, 0, 0, [], [], 0,
    ]  # fmt: skip
    assert found["terms"] == {"own": set(), "gloss": set()}


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_library_opens_and_answers(name: str, killed: dict[str, Killed]) -> None:
    """As the kill left it: what it shows is whole and current, and it says how many articles are not searchable yet."""
    one = killed[name]
    if not one.interruption.seconds:
        assert one.signal == signal.SIGKILL, "the point was never reached"
    with open_library(one.left) as assistant:
        listed = {article.id: article for article in assistant.articles()}
        assert len(listed) >= BEFORE_CHANGE
        hits = assistant.search(QUESTION, limit=100)
        assert len({hit.article.id for hit in hits}) >= BEFORE_CHANGE
        for hit in hits:
            assert assistant.library.state(hit.article) in {"searchable", "complete"}
            assert hit.article.version == listed[hit.article.id].version
            assert hit.text == listed[hit.article.id].text[hit.passage.start : hit.passage.end]
        answer = assistant.ask(QUESTION)
        assert answer.pending == assistant.library.count_articles("pending")
        assert all(citation.verbatim for citation in answer.citations)


@pytest.mark.parametrize("name", NAMES)
def test_the_next_add_finishes_it(name: str, killed: dict[str, Killed], undisturbed: tuple[dict[str, Any], int]) -> None:
    """The same sources again, and the library equals that of a run that nothing disturbed: nothing lost, nothing twice, nothing stale."""
    assert not killed[name].failed
    assert contents(killed[name].finished) == undisturbed[0]


def test_the_command_itself(tmp_path: Path, open_assistant: Callable[..., Assistant], bundled_encoder: object) -> None:
    """``fundstelle add`` with the bundled model, killed as soon as something is stored, and finished."""
    sources = write_sources(tmp_path / "sources", changed=True)
    command = [
        str(Path(sys.executable).with_name("fundstelle")),
        "--library",
        str(tmp_path / "library"),
        "add",
        str(tmp_path / "sources"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 100
        while not stored(tmp_path / "library" / "library.db"):
            assert time.monotonic() < deadline
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.01)
        process.kill()
    library = open_assistant()
    waiting = library.library.count_articles("pending")
    assert library.article_count() == ALL
    report = library.add(sources)
    assert report.count("unchanged") == ALL
    assert library.library.count_articles("complete") == ALL
    indexes = library.indexes
    assert indexes.dense.count() == indexes.lexical.count() == indexes.vectors.count() == library.library.count_passages()
    assert waiting, "it was killed too late to show anything"
    assert "number 3" in library.search(QUESTION)[0].text


def stored(path: Path) -> int:
    """How many versions a library's file holds; 0 while there is none."""
    if not path.exists():
        return 0
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM versions").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(fork_all(json.loads(sys.stdin.read()))) + "\n")
