"""Two processes on one library, and Ctrl-C: who owns the indexes takes in what others leave, and what is stopped goes on the next time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assistant import qa
from tests.test_kill import ALL, contents, open_library, stored, write_sources
from vectorstore.errors import LibraryBusy
from vectorstore.ownership import owner_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
OWNER = """
import sys
from pathlib import Path
from tests.test_kill import open_library
with open_library(Path(sys.argv[1])) as assistant, assistant.keep_up():
    assistant._owns()
    print("ready", flush=True)
    sys.stdin.read()
"""
HOLDER = """
import sys
from pathlib import Path
from vectorstore.ownership import Lock
lock = Lock(Path(sys.argv[1]))
lock.announce(takes_in=sys.argv[2] == "yes")
print("ready", flush=True)
sys.stdin.read()
"""
COMMAND = """
import sys
from tests.test_kill import HashingEncoder
from vectorstore import embedding
embedding.load_encoder = lambda *_, **__: HashingEncoder()
from assistant import cli
cli.main()
"""


@contextmanager
def process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A Python process that has said that it is ready; it ends with the block."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        try:
            yield child
        finally:
            if child.poll() is None:
                child.communicate(timeout=60)


def eventually(holds: Callable[[], bool], *, seconds: float = 30) -> bool:
    """Whether something comes to hold in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a library that is there but empty, beside a folder of sources."""
    (tmp_path / "library").mkdir()
    write_sources(tmp_path / "sources", changed=False)
    return tmp_path / "library"


def test_the_owner_takes_in_what_another_process_adds(folder: Path, tmp_path: Path) -> None:
    """``add`` beside an owner stores, and follows until the owner has made everything complete; removing works the same way."""
    sources = write_sources(tmp_path / "sources", changed=True)
    with process(OWNER, folder), open_library(folder) as other:
        report = other.add(sources)
        assert report.count("added") == ALL
        assert other.library.count_articles("complete") == ALL
        assert other._lock is None, "it never owned the indexes"
        gone = report.items[0].article_id or ""
        assert other.remove([gone]) == [gone]
        assert other.library.count_articles() == ALL - 1
        assert eventually(lambda: not other.library.leavings(limit=1))
    found = contents(folder)
    assert len(found["articles"]) == ALL - 1
    assert (found["dense"], found["lexical"], found["vectors"], found["missing"]) == (0, 0, 0, set())


def test_two_that_add_at_the_same_time_both_succeed(folder: Path, tmp_path: Path) -> None:
    """Each has its articles in the end; the library is that of one after the other."""
    sources = write_sources(tmp_path / "sources", changed=True)
    script = f"""
import sys
from pathlib import Path
from tests.test_kill import open_library
with open_library(Path(sys.argv[1])) as assistant:
    print("ready", flush=True)
    assert assistant.add({[str(path) for path in sources[:6]]!r}).count("added") == 6
"""
    with process(script, folder) as child:
        with open_library(folder) as other:
            assert other.add(sources[6:]).count("added") == ALL - 6
            assert other.library.count_articles("pending") == 0 or child.poll() is None
        child.communicate(timeout=60)
        assert child.returncode == 0
    found = contents(folder)
    assert [state for _, _, state in found["articles"]] == ["complete"] * ALL
    assert (found["dense"], found["lexical"], found["vectors"], found["pending"]) == (0, 0, 0, 0)


def test_an_owner_that_dies_is_succeeded(folder: Path, tmp_path: Path) -> None:
    """Its follower notices, takes the indexes itself and finishes."""
    sources = write_sources(tmp_path / "sources", changed=True)
    with process(HOLDER, folder, "yes") as owner, open_library(folder) as other:
        adding = threading.Thread(target=other.add, args=(sources,))
        adding.start()
        assert eventually(lambda: other.library.count_articles("pending") == ALL)
        assert adding.is_alive()
        owner.kill()
        adding.join(timeout=60)
        assert other.library.count_articles("complete") == ALL
        assert owner_of(folder).pid == os.getpid()


def test_an_owner_that_takes_nothing_in_is_named(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After waiting for it ``add`` says who has the indexes; what was read is stored and found by the next one."""
    monkeypatch.setattr(qa.Assistant, "lock_wait", 0.5)
    sources = write_sources(tmp_path / "sources", changed=True)
    with process(HOLDER, folder, "no") as owner, open_library(folder) as other:
        with pytest.raises(LibraryBusy) as raised:
            other.add(sources)
        assert raised.value.pid == owner.pid
        assert other.library.count_articles("pending") == ALL
    with open_library(folder) as next_one:
        assert next_one.add(sources).count("unchanged") == ALL
        assert next_one.library.count_articles("complete") == ALL


def test_an_owner_says_whether_it_takes_in(folder: Path) -> None:
    """Only while it keeps up or adds; what it said is gone with the lock."""
    with open_library(folder) as assistant:
        _ = assistant.indexes
        assert not owner_of(folder).takes_in
        with assistant.keep_up():
            assert owner_of(folder).takes_in
        assert not owner_of(folder).takes_in
    assert owner_of(folder).pid is None


def test_ctrl_c_stops_cleanly_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """Exit 130 with what to do next, after what was in hand: every stored article is whole; the same command again finishes the rest."""
    path = tmp_path / "many.jsonl"
    lines = (
        json.dumps({"id": f"n{n}", "text": f"Quay {n} of Tresk was sold to buyer {n * 7} on day {n}."}) for n in range(3_000)
    )
    path.write_text("\n".join(lines), "utf-8")
    library = tmp_path / "library"
    command = [sys.executable, "-c", COMMAND, "--library", str(library), "add", "--json", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert eventually(lambda: stored(library / "library.db") > 200, seconds=60)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert "run the same command again to go on" in " ".join(err.split())
    assert "Traceback" not in err
    added = json.loads(out)["added"]
    assert 0 < added < 3_000
    with open_library(library) as assistant:
        assert assistant.article_count() == added
    again = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    document = json.loads(again.stdout)
    assert (document["unchanged"], document["added"]) == (added, 3_000 - added)
    with open_library(library) as assistant:
        assert assistant.library.count_articles("complete") == 3_000
