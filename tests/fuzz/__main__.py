"""The fuzz run: seeds are mutated and read until the time is up; what should not happen is saved under ``artifacts/fuzz``.

What should not happen: an exception that is not a SourceError, a text that breaks the promises of ``Extracted``, more than 1 GB of memory, or more than
10 seconds (of a document that is read in a subprocess: more than that is given). Ends with status 1 if anything was found. ``python -m tests.fuzz FILE`` reads one saved file again.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from ingest import sandbox
from tests.fuzz.mutate import mutated
from tests.fuzz.reading import check
from tests.fuzz.seeds import seeds

SECONDS_EACH = 10.0
MEMORY_GROWTH = 2**30
_ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "fuzz"


class Worker:
    """A process that reads documents, so that one that hangs or breaks it is a finding rather than the end."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def read(self, name: str, content: bytes) -> str:
        """What went wrong, empty if nothing did."""
        try:
            self._ours.send((name, content))
            allowed = _seconds(name)
            return str(self._ours.recv()) if self._ours.poll(allowed + 5) else f"still running after {allowed:.0f} s"
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return "the process died"

    def stop(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.join()
        self._ours.close()


def _seconds(name: str) -> float:
    in_subprocess = name.endswith((".pdf", ".docx", ".epub"))
    return 2 * sandbox.SECONDS + SECONDS_EACH if in_subprocess else SECONDS_EACH


def _serve(pipe: Connection) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
    for name, content in seeds().items():  # libraries are loaded and caches filled before memory is watched
        check(name, content)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while True:
        name, content = pipe.recv()
        begun = time.perf_counter()
        try:
            problem = check(name, content)
        except Exception:  # noqa: BLE001 - any exception is a finding, with its traceback
            problem = traceback.format_exc()
        took = time.perf_counter() - begun
        growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024
        if not problem and took > _seconds(name):
            problem = f"took {took:.1f} s"
        if not problem and growth > MEMORY_GROWTH:
            problem = f"took {growth / 2**20:.0f} MB of memory"
        pipe.send(problem)


def fuzz(*, seconds: float, seed: int, only: Sequence[str]) -> int:
    """Read mutated documents for so long; returns how many findings there were."""
    chance = random.Random(seed)
    pool: Mapping[str, bytes] = {
        name: content for name, content in seeds().items() if not only or name.rpartition(".")[2] in only
    }
    counts: Counter[str] = Counter()
    findings = 0
    worker = Worker()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        name = chance.choice(list(pool))
        content = mutated(name, pool, chance=chance)
        problem = worker.read(name, content)
        counts[name.rpartition(".")[2]] += 1
        if problem:
            findings += 1
            _save(name, content, problem)
            worker.stop()
            worker = Worker()
    worker.stop()
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
    sys.stdout.write(f"{counts.total()} documents in {seconds:.0f} s (seed {seed}): {kinds}\n{findings} findings\n")
    return findings


def _save(name: str, content: bytes, problem: str) -> None:
    _ARTIFACTS.mkdir(parents=True, exist_ok=True)
    path = _ARTIFACTS / f"{hashlib.sha256(content).hexdigest()[:12]}-{name}"
    path.write_bytes(content)
    path.with_name(f"{path.name}.why").write_text(problem, "utf-8")
    sys.stdout.write(f"{path}: {problem.strip().splitlines()[-1]}\n")
    sys.stdout.flush()


def main() -> None:
    """Fuzz, or read one file again."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a saved document to read again")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="repeats a run, as far as time allows")
    parser.add_argument("--only", nargs="*", default=[], help="suffixes without their dot")
    arguments = parser.parse_args()
    if arguments.file:
        sys.stdout.write((check(arguments.file.name, arguments.file.read_bytes()) or "fine") + "\n")
        return
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    sys.exit(1 if fuzz(seconds=arguments.seconds, seed=seed, only=arguments.only) else 0)


if __name__ == "__main__":
    main()
