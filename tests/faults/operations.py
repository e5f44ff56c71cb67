"""Changing a library in processes that die in the middle of it. Run as a script: reads runs as JSON from standard input, forks a child for each.

A run that is killed may also lose the ends of the files it wrote last, as a power cut loses what a disk had not written yet (harsher: what was
flushed is safe from a real one). Not here: what has to be true afterwards (``test_kills.py``).
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import Assistant, Settings
from assistant.qa import Assistant as Composition
from ingest import pipeline
from ingest.fetch import Fetcher
from tests.news_server import QUICK
from tests.test_kill import QUESTION, HashingEncoder, contents, die
from vectorstore import dense, exact_vectors, indexes, lexical
from vectorstore import library as store
from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS: dict[str, tuple[Any, str]] = {
    f"{owner.__name__}.{name}": (owner, name)
    for owner, names in (
        (
            store.Library,
            "put_all mark_furniture make_searchable make_complete forget_leavings remove switch_index record_pages record_visit",
        ),
        (dense.DenseIndex, "upsert delete"),
        (exact_vectors.VectorStore, "put_passages put_sentences delete"),
        (lexical.LexicalIndex, "upsert delete commit"),
    )
    for name in names.split()
}
OPERATIONS: dict[str, Callable[[Assistant, list[str]], object]] = {
    "add": lambda assistant, given: assistant.add(given),
    "remove": lambda assistant, given: assistant.remove(given),
    "reindex": lambda assistant, _: assistant.reindex(),
    "refresh": lambda assistant, _: assistant.refresh(every_source=True),
}
TORN = ("library.db-wal", "sentences.db", "sentences.db-wal", "chroma.sqlite3", "chroma.sqlite3-journal", "chroma.sqlite3-wal")


@dataclass(frozen=True, slots=True)
class Run:
    """What a child does to a library: an operation, killed after the ``nth`` call of ``METHODS`` and ``seconds`` (0: not at all)."""

    library: str
    operation: str = ""
    given: tuple[str, ...] = ()
    nth: int = 0
    seconds: float = 0.0
    before: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a child ended: the signal, the error of ours it met, and what it has to tell."""

    signal: int
    error: str
    told: Any


def opened(library: Path | str) -> Assistant:
    """A library with the encoder of the tests, that may fetch from this machine without pauses."""
    return Assistant(Settings(library=Path(library), dictionaries=(), allow_private=True), encoder=HashingEncoder())


def hurry() -> None:
    """Small batches, and no pauses between two requests to one server."""
    pipeline._STORE_AT_ONCE = 4
    indexes._BATCH_CHARACTERS = 600
    ordinary = pipeline.Web
    pipeline.Web = lambda **_: ordinary(fetcher=Fetcher(allow_private=True, limits=QUICK))  # type: ignore[assignment, misc]
    Composition.lock_wait = 2.0


def work(run: Run) -> dict[str, Any]:
    """Do what is asked in this process, and die on the way if that is asked too."""
    hurry()
    calls = 0
    counting = threading.Lock()

    def watch(owner: Any, method: str) -> None:
        original = getattr(owner, method)

        def watched(*given: Any, **named: Any) -> Any:
            nonlocal calls
            with counting:
                calls += 1
                reached = calls == run.nth
            if reached and run.before:
                die(run.seconds)
            found = original(*given, **named)
            if reached and not run.before:
                die(run.seconds)
            return found

        setattr(owner, method, watched)

    for owner, method in METHODS.values():
        watch(owner, method)
    with opened(run.library) as assistant:
        OPERATIONS[run.operation](assistant, list(run.given))
    return {"calls": calls}


def examine(run: Run) -> dict[str, Any]:
    """What can be seen of a library that was left lying: does it open, answer truly, agree with itself?"""
    Composition.lock_wait = 2.0
    with opened(run.library) as assistant:
        faults = [asdict(fault) for fault in assistant.check()]
        listed = {article.id: article for article in assistant.articles()}
        said, untrue = "", []
        try:
            for hit in assistant.search(QUESTION, limit=100):
                current = listed.get(hit.article.id)
                if current is None or hit.article.version != current.version or hit.text not in current.text:
                    untrue.append(hit.article.id)
        except FundstelleError as error:
            said = str(error)
        return {"faults": faults, "articles": sorted(listed), "said": said, "untrue": untrue}


def repair(run: Run) -> dict[str, Any]:
    """Mend it, and look what is left."""
    with opened(run.library) as assistant:
        return {"left": [fault.found for fault in assistant.repair()]}


def whole(run: Run) -> dict[str, Any]:
    """All that two libraries must have in common, and what does not agree."""
    found = contents(Path(run.library))
    found["originals"] = [hashlib.sha256(content).hexdigest() for content in found["originals"]]
    with opened(run.library) as assistant:
        faults = [fault.found for fault in assistant.check()]
        found["ids"] = sorted(article.id for article in assistant.articles())
    return {"contents": json.loads(json.dumps(found, default=sorted, sort_keys=True)), "faults": faults}


STEPS: dict[str, Callable[[Run], dict[str, Any]]] = {"work": work, "examine": examine, "repair": repair, "whole": whole}


def in_child(step: str, run: Run) -> Outcome:
    """One step in a child of its own."""
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        error, found = "", None
        try:
            found = STEPS[step](run)
        except FundstelleError as raised:
            error = f"{type(raised).__name__}: {raised}"
        except BaseException as raised:  # noqa: BLE001 - the parent reports it
            error = f"unexpected {type(raised).__name__}: {raised}"
        with os.fdopen(tell, "w") as pipe:
            json.dump({"error": error, "told": found}, pipe)
        os._exit(0)
    os.close(tell)
    with os.fdopen(told) as pipe:
        said = pipe.read()  # until it ends: it may be long
    _, status = os.waitpid(child, 0)
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    found = json.loads(said) if said and not killed else {"error": "", "told": None}
    return Outcome(killed, found["error"], found["told"])


def tear(library: Path, *, chance: random.Random) -> list[str]:
    """Cut the ends off files of a library that was killed; returns which."""
    torn = []
    for path in sorted(library.rglob("*")):
        recent = path.name in TORN or path.parent.name == "lexical" or path.suffix == ".bin"
        if (
            not path.is_file()
            or not recent
            or path.name.startswith(".tantivy")
            or not path.stat().st_size
            or chance.random() < 0.5
        ):
            continue
        size = path.stat().st_size
        lost = min(size, chance.choice([1, 100, 4096, 20_000, 200_000, size]))
        os.truncate(path, size - lost)
        torn.append(f"{path.relative_to(library)} -{lost}")
    return torn


def main() -> None:
    """Do the steps that are asked for, one after the other; print how each ended."""
    import chromadb  # noqa: F401 - once for all children
    import tantivy  # noqa: F401

    from vectorstore.languages import detect_language, keep_lists_in, question_languages, terms
    from vectorstore.settings import read_settings

    keep_lists_in(read_settings().cache)
    for text in ("Quay opened by the mayor.", QUESTION):
        detect_language(text)
        question_languages(text)
        terms(text, language="en")
    for line in sys.stdin:
        asked = json.loads(line)
        run = Run(**{**asked["run"], "given": tuple(asked["run"].get("given", ()))})
        if asked["step"] == "tear":
            outcome = Outcome(0, "", tear(Path(run.library), chance=random.Random(run.nth)))
        else:
            outcome = in_child(asked["step"], run)
        sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    main()
