"""Killed at any moment of adding, removing, rebuilding or following feeds, with or without torn files, nothing stored is lost.

A few runs by default; ``make faults`` does fifty. The seed is fixed, so that a run that fails is run again by its number.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.operations import OPERATIONS, Outcome, Run, hurry, opened
from tests.news_server import NewsServer
from tests.test_kill import write_sources
from tests.test_refresh import feed, page, rss

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SEED = 20230228
RUNS = int(os.environ.get("FAULT_RUNS", "5"))
KINDS = ("kill", "power cut")
STORIES = ("ferry", "lamp", "bus")


class Workshop:
    """A process that does to libraries what it is told, in children of its own."""

    def __init__(self, folder: Path, server: NewsServer) -> None:
        self.folder = folder
        self.server = server
        self._script = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.operations"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.undisturbed: dict[str, Any] = {}
        self.calls: dict[str, int] = {}

    def close(self) -> None:
        """End it."""
        assert self._script.stdin
        self._script.stdin.close()
        self._script.wait(timeout=60)
        assert self._script.stdout
        self._script.stdout.close()

    def do(self, step: str, run: Run) -> Outcome:
        """One step."""
        assert self._script.stdin
        assert self._script.stdout
        self._script.stdin.write(json.dumps({"step": step, "run": asdict(run)}) + "\n")
        self._script.stdin.flush()
        return Outcome(**json.loads(self._script.stdout.readline()))

    def run_of(self, operation: str, name: str, **given: Any) -> Run:
        """An operation on a fresh copy of the library."""
        library = self.folder / name
        shutil.copytree(self.folder / "before", library)
        return Run(str(library), operation, self.given[operation], **given)

    given: dict[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Workshop]:
    """A library of eight articles that follows a feed, the files and entries that come next, and what each operation makes of it undisturbed."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    folder = tmp_path_factory.mktemp("faults")
    with NewsServer() as server, pytest.MonkeyPatch.context() as patch:
        for place in ("ingest.pipeline._STORE_AT_ONCE", "ingest.pipeline.Web", "vectorstore.indexes._BATCH_CHARACTERS"):
            module, _, name = place.rpartition(".")
            patch.setattr(place, getattr(sys.modules[module], name))  # put back what hurrying changes
        patch.setattr("assistant.qa.Assistant.lock_wait", 2.0)
        hurry()
        for slug in STORIES:
            server.add(f"/{slug}", page(slug))
        server.add("/feed.xml", rss(feed(server, *STORIES[:2])))
        write_sources(folder / "sources", changed=False)
        with opened(folder / "before") as assistant:
            report = assistant.add([str(folder / "sources"), server.url("/feed.xml")])
            assert report.count("failed") == 0, report
            ids = [article.id for article in assistant.articles()]
        server.add("/feed.xml", rss(feed(server, *STORIES)))
        sources = write_sources(folder / "sources", changed=True)
        made = Workshop(folder, server)
        made.given = {"add": tuple(map(str, sources)), "remove": tuple(ids[:4]), "reindex": (), "refresh": ()}
        try:
            for operation in OPERATIONS:
                run = made.run_of(operation, f"undisturbed-{operation}")
                outcome = made.do("work", run)
                assert (outcome.signal, outcome.error) == (0, "")
                made.calls[operation] = outcome.told["calls"]
                seen = made.do("whole", run)
                assert (seen.error, seen.told["faults"]) == ("", [])
                made.undisturbed[operation] = seen.told["contents"]
            yield made
        finally:
            made.close()


@pytest.mark.parametrize("number", range(RUNS))
def test_a_library_survives(number: int, workshop: Workshop) -> None:
    """As it was left it lists what was stored and answers truly or names the remedy; the next run, or ``--repair`` first, ends as undisturbed."""
    chance = random.Random(f"{SEED} {number}")
    operation = list(OPERATIONS)[number % len(OPERATIONS)]
    kind = KINDS[(number // len(OPERATIONS) + number) % 2]
    nth = chance.randint(1, workshop.calls[operation])
    seconds = chance.choice([0.0, round(chance.uniform(0.0003, 0.01), 4)])
    run = workshop.run_of(operation, f"run-{number}", nth=nth, seconds=seconds, before=chance.random() < 0.5)
    dying = workshop.do("work", run)
    assert dying.error == ""
    assert dying.signal in {signal.SIGKILL, 0}  # 0: the moment came after the end
    torn = workshop.do("tear", Run(run.library, nth=number)).told if kind == "power cut" and dying.signal else []
    told = f"{kind} at call {nth} of {operation} + {seconds} s, torn: {torn}"

    left = workshop.do("examine", run)
    assert left.error == "", told
    assert left.told["untrue"] == [], told
    kept = set(workshop.undisturbed["reindex"]["ids"]) - set(run.given if operation == "remove" else ())
    assert kept <= set(left.told["articles"]), told
    assert all("no article" in fault["lost"] or "nothing" in fault["lost"] for fault in left.told["faults"]), told
    assert all(fault["remedy"] == "fundstelle doctor --repair" for fault in left.told["faults"]), told
    assert not left.told["said"] or "fundstelle doctor --repair" in left.told["said"], told
    if not torn:
        assert not left.told["said"], told

    again = Run(run.library, operation, run.given)
    finished = workshop.do("work", again)
    if finished.error:
        assert torn, f"{told}: {finished.error}"
        assert "fundstelle doctor --repair" in finished.error, told
    if finished.error or left.told["faults"]:
        mended = workshop.do("repair", run)
        assert (mended.error, mended.told) == ("", {"left": []}), told
        assert workshop.do("work", again).error == "", told
    seen = workshop.do("whole", run)
    assert (seen.error, seen.told["faults"]) == ("", []), told
    assert seen.told["contents"] == workshop.undisturbed[operation], told
    shutil.rmtree(run.library)
