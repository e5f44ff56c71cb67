"""Mixed work for a long time: ``python -m tests.benchmarks.soak --minutes 30``; is what it takes flat?

A real ``fundstelle serve`` with feeds that it follows: readers ask and search, articles come in by address and by file, change, and go. Memory and open
files of the server are sampled all the while. The first third warms it up (models, caches, heaps); what grows after that is said per hour, with how
far samples scatter around the line, and as a share of where it stood.
"""

from __future__ import annotations

import argparse
import itertools
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np

from tests.benchmarks import machine
from tests.benchmarks.crowd import PROGRAM, TOWNS, Seen, add, ask, call, other_articles, reading, serving, town_articles
from tests.news_server import NewsServer
from tests.test_refresh import STORIES, feed, page, rss

if TYPE_CHECKING:
    from numpy.typing import NDArray

USERS = 4
_SAMPLED = 2.0
_WARM = 1 / 3
_FLAT = 0.05
"""The share of the memory that an hour may add."""
_MEGABYTE = 1e6


@dataclass
class Samples:
    """What a process had at some moments: seconds, megabytes, open files, threads."""

    rows: list[tuple[float, float, int, int]] = field(default_factory=list)

    def take(self, pid: int, *, at: float) -> None:
        """Add what it has now."""
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines() if ":" in line)
        files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        self.rows.append((at, int(status["VmRSS"].split()[0]) * 1024 / _MEGABYTE, files, int(status["Threads"])))

    def settled(self) -> NDArray[np.float64]:
        """The samples after the warm-up."""
        rows = np.array(self.rows, dtype=float)
        settled: NDArray[np.float64] = rows[rows[:, 0] >= rows[-1, 0] * _WARM]
        return settled

    def trend(self, column: int) -> tuple[float, float, float]:
        """The level after the warm-up, what an hour adds, and the standard error of that."""
        rows = self.settled()
        hours, values = rows[:, 0] / 3600, rows[:, column]
        (slope, level), covariance = np.polyfit(hours - hours[0], values, 1, cov=True)
        return float(level), float(slope), float(np.sqrt(covariance[0, 0]))


class Chores:
    """What is done to a served library beside reading: articles are brought, change and go, feeds are visited, passages searched."""

    def __init__(self, library: Path, folder: Path, address: str) -> None:
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._library, self._folder, self._address = library, folder, address
        self._client = httpx.Client(timeout=300, trust_env=False)
        self._chance = random.Random(11)
        self._brought: list[str] = []

    def until(self, stop: threading.Event) -> None:
        """One after the other, again and again."""
        turns = (self.bring, self.search, self.search, self.bring, self.add, self.search, self.remove, self.bring, self.refresh)
        for number, turn in zip(itertools.count(), itertools.cycle(turns), strict=False):
            if stop.is_set():
                break
            try:
                turn(number)
                self.done[turn.__name__] += 1
            except (httpx.HTTPError, RuntimeError, SystemExit, KeyError) as error:
                self.wrong.append(f"{turn.__name__}: {type(error).__name__} {error}")
        self._client.close()

    def bring(self, number: int) -> None:
        """A text over HTTP, under an address that comes again: then it is a new version."""
        text = f"Note {number}. " + " ".join(f"Berth {number} saw crate {self._chance.randrange(10**6)}." for _ in range(60))
        given = [[], text, f"Note {number}", "", "", f"https://notes.example/{number % 40}", ""]
        self._brought += [item["article_id"] for item in call(self._client, self._address, "add", given)["items"]]

    def search(self, number: int) -> None:
        """Passages, and an answer that may be none."""
        town = TOWNS[number % USERS]
        call(self._client, self._address, "search", [town, 10, None, None, None, None, False])
        ask(self._client, self._address, f"Who lives in {town}?", [])

    def add(self, number: int) -> None:
        """Five articles from a file, by another process."""
        add(self._library, other_articles(5, self._folder, seed=1000 + number))

    def remove(self, _: int) -> None:
        """One that was brought, if it is still there."""
        if self._brought:
            gone = self._brought.pop(0)
            self._brought = [id_ for id_ in self._brought if id_ != gone]
            self._command("remove", gone)

    def refresh(self, _: int) -> None:
        """Visit what is followed: a feed on this machine that has nothing new."""
        self._command("refresh", "--all", "--allow-private")

    def _command(self, *arguments: str) -> None:
        ran = subprocess.run([PROGRAM, "--library", self._library, *arguments], capture_output=True, text=True, check=False)
        if ran.returncode:
            raise RuntimeError(ran.stderr[-300:])


def soak(minutes: float, folder: Path) -> tuple[Samples, Chores, Seen]:
    """Everything at once for so long."""
    library, samples, stop = folder / "library", Samples(), threading.Event()
    town_articles(TOWNS[:USERS], folder / "towns")
    add(library, folder / "towns")
    with NewsServer() as news, serving(library) as (address, pid), reading(address, users=USERS, pause=2.0) as seen:
        for slug in STORIES:
            news.add(f"/{slug}", page(slug))
        add(library, news.add("/feed.xml", rss(feed(news, *STORIES))), "--allow-private")
        chores = Chores(library, folder, address)
        working = threading.Thread(target=chores.until, args=(stop,))
        working.start()
        start = time.monotonic()
        while (at := time.monotonic() - start) < minutes * 60 and working.is_alive():
            samples.take(pid, at=at)
            stop.wait(_SAMPLED)
        stop.set()
        working.join()
    return samples, chores, seen


def main() -> None:
    """Soak, and say what is flat."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--samples", type=Path, help="also write the samples to this file (CSV)")
    arguments = parser.parse_args()
    write = sys.stdout.write
    write(f"{machine.describe()}\n\n")
    with tempfile.TemporaryDirectory(prefix="fundstelle-soak-", ignore_cleanup_errors=True) as name:
        samples, chores, seen = soak(arguments.minutes, Path(name))
        checked = subprocess.run(
            [PROGRAM, "--library", f"{name}/library", "doctor", "--check"], capture_output=True, text=True, check=False
        )
    if arguments.samples:
        lines = ("{:.1f},{:.1f},{},{}".format(*row) for row in samples.rows)
        arguments.samples.write_text("seconds,megabytes,files,threads\n" + "\n".join(lines) + "\n", "utf-8")
    asked = f"{len(seen.seconds):,} answers (p50 {seen.quantile(0.5):.2f} s, p95 {seen.quantile(0.95):.2f} s)"
    worked = ", ".join(f"{name} {count}" for name, count in sorted(chores.done.items()))
    write(f"{arguments.minutes:g} minutes: {asked}; {worked}; errors: {len(chores.wrong)}, wrong answers: {len(seen.wrong)}\n\n")
    write("| of the server | after warming up | most | an hour adds | flat |\n|---|---|---|---|---|\n")
    for column, (what, unit) in enumerate((("memory", " MB"), ("open files", ""), ("threads", "")), start=1):
        level, slope, error = samples.trend(column)
        flat = slope - 2 * error < _FLAT * level
        most = max(row[column] for row in samples.rows)
        write(
            f"| {what} | {level:.0f}{unit} | {most:.0f}{unit} | {slope:+.1f} ± {2 * error:.1f}{unit} | {'yes' if flat else 'no'} |\n"
        )
    write(f"\n{checked.stdout.strip()}\n")
    for line in [*chores.wrong, *seen.wrong][:10]:
        sys.stderr.write(f"{line}\n")
    sys.exit(1 if chores.wrong or seen.wrong or checked.returncode else 0)


if __name__ == "__main__":
    main()
