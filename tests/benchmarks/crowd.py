"""Many readers at once beside new articles: ``python -m tests.benchmarks.crowd [--users 50] [--articles 1000] [--seconds 60] [--pause 0]``.

A real ``fundstelle serve`` answers over its named endpoints, while ``fundstelle add`` brings articles that it takes in. Each reader asks about one town,
then follows up on the answer: the first must quote that town's article, the follow-up must carry that town over and quote no other's. Three times are
taken on the same library: articles alone, readers alone, both.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.benchmarks import machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAM = Path(sys.executable).with_name("fundstelle")
_FIRST, _SECOND = (
    ("Bren", "Tors", "Hal", "Vest", "Ild", "Marn", "Osk", "Rav", "Sund", "Yst"),
    ("dal", "vik", "berg", "holm", "mouth", "ness"),
)
TOWNS = tuple(first + second for second in _SECOND for first in _FIRST)
TRADES = ("baker", "ferryman", "teacher", "mason", "nurse", "printer", "gardener", "locksmith", "pilot", "judge")
THINGS = ("bridge", "library", "tower", "market", "school", "museum", "quay", "theatre")
WORDS = (
    "council harbour winter budget mayor road storm report village engineer island railway company committee river festival owner hospital court "
    "factory autumn region family price station window garden machine letter border"
).split()


@dataclass
class Seen:
    """What readers saw: seconds of each answer, and what was wrong."""

    seconds: list[float] = field(default_factory=list)
    embedding: list[float] = field(default_factory=list)
    """Of each answer: the share of its own time, without waiting, that went into embedding the question."""
    wrong: list[str] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """The seconds within which so many answers came; not a number without any."""
        return statistics.quantiles(self.seconds, n=100)[round(share * 100) - 1] if len(self.seconds) > 1 else float("nan")


def town_articles(towns: Sequence[str], folder: Path) -> None:
    """An article a town: what was opened there, by whom, and what it cost."""
    folder.mkdir(parents=True)
    for n, town in enumerate(towns):
        thing, trade = THINGS[n % len(THINGS)], TRADES[n % len(TRADES)]
        text = (
            f"{town} opens its {thing}\n\nThe {thing} of {town} was opened on Tuesday by a {trade} who has lived there for {n + 20} years.\n\n"
            f"It cost {n + 3} million crowns, said the treasurer of {town}.\n"
        )
        (folder / f"{n:03}.txt").write_text(text, "utf-8")


def other_articles(count: int, folder: Path, *, seed: int) -> Path:
    """Articles of some 250 words about nothing in particular, no two alike."""
    chance = random.Random(seed)
    path = folder / f"others-{seed}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            sentences = [
                f"The {' '.join(chance.choices(WORDS, k=9))} of {chance.choice(WORDS)} {chance.randrange(10**6)}."
                for _ in range(20)
            ]
            paragraphs = "\n\n".join(" ".join(sentences[start : start + 5]) for start in range(0, 20, 5))
            file.write(
                json.dumps({"id": f"{seed}-{n}", "title": f"Report {seed}-{n}", "language": "en", "text": paragraphs}) + "\n"
            )
    return path


@contextmanager
def serving(library: Path) -> Iterator[tuple[str, int]]:
    """``fundstelle serve`` over ``library``: its address without the last slash, and its process id."""
    command = [str(PROGRAM), "--library", str(library), "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        said = server.stderr.readline()
        if "Serving on" not in said:
            raise SystemExit(said + server.stderr.read())
        silent = threading.Thread(target=server.stderr.read, daemon=True)
        silent.start()
        try:
            yield said.split()[-1].rstrip("/"), server.pid
        finally:
            server.terminate()
            server.wait(timeout=60)


def call(client: httpx.Client, address: str, endpoint: str, given: list[Any]) -> dict[str, Any]:
    """One call of a named endpoint, as a program makes it without gradio's client.

    Raises:
        RuntimeError: it was not answered.
    """
    joined = client.post(f"{address}/gradio_api/call/{endpoint}", json={"data": given})
    joined.raise_for_status()
    said = client.get(f"{address}/gradio_api/call/{endpoint}/{joined.json()['event_id']}").text
    event, _, rest = said.strip().rpartition("event: ")[2].partition("\n")
    if event != "complete":
        raise RuntimeError(f"{endpoint}: {said[-300:]}")
    answered: dict[str, Any] = json.loads(rest.removeprefix("data: "))[0]
    return answered


def ask(client: httpx.Client, address: str, question: str, history: list[dict[str, Any]]) -> dict[str, Any]:
    """One answer."""
    return call(client, address, "ask", [question, history, None, None, None, None, False, None])


def read(address: str, *, number: int, towns: Sequence[str], stop: threading.Event, pause: float, seen: Seen) -> None:
    """One reader: a question about their town and a follow-up, again and again."""
    town, thing = towns[number], THINGS[number % len(THINGS)]
    others = [other for other in towns if other != town]
    with httpx.Client(timeout=300, trust_env=False) as client:
        while not stop.is_set():
            try:
                history: list[dict[str, Any]] = []
                for question in (f"Who opened the {thing} of {town}?", "And what did it cost?"):
                    start = time.monotonic()
                    answer = ask(client, address, question, history)
                    seen.seconds.append(time.monotonic() - start)
                    if timings := answer.get("timings"):
                        seen.embedding.append(timings.get("embed", 0.0) / (sum(timings.values()) - timings["total"]))
                    history = [answer]
                    quotes = " ".join(citation["quote"] + citation["title"] for citation in answer["citations"])
                    if answer["abstained"] or town not in quotes:
                        seen.wrong.append(f"{town}: {question} → {answer['text'][:200]}")
                    strangers = [other for other in others if other in quotes or other in answer["searched"]["question"]]
                    if strangers:
                        seen.wrong.append(f"{town} got {strangers}: {answer['searched']['question']}")
                    stop.wait(pause)
            except (httpx.HTTPError, RuntimeError, KeyError, ValueError) as error:
                seen.wrong.append(f"{town}: {type(error).__name__} {error}")


@contextmanager
def reading(address: str, *, users: int, pause: float) -> Iterator[Seen]:
    """So many readers at once while this lasts; the last answers are waited for."""
    seen, stop = Seen(), threading.Event()
    towns = TOWNS[:users]
    given = {"towns": towns, "stop": stop, "pause": pause, "seen": seen}
    threads = [threading.Thread(target=read, args=(address,), kwargs={**given, "number": n}) for n in range(users)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def add(library: Path, source: Path | str, *options: str) -> float:
    """``fundstelle add`` beside the server, until all is searchable and complete: seconds."""
    start = time.monotonic()
    ran = subprocess.run(
        [PROGRAM, "--library", library, "add", "--json", source, *options], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(ran.stderr + ran.stdout[-2000:])
    return time.monotonic() - start


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.crowd", description=__doc__)
    parser.add_argument("--users", type=int, default=50, choices=range(1, len(TOWNS) + 1), metavar="N")
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pause", type=float, nargs="+", default=[0.0], help="seconds that a reader reads before asking on")
    arguments = parser.parse_args()
    write = sys.stdout.write
    write(f"{machine.describe()}\n\n")
    with tempfile.TemporaryDirectory(prefix="fundstelle-crowd-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        library = folder / "library"
        town_articles(TOWNS[: arguments.users], folder / "towns")
        add(library, folder / "towns")
        with serving(library) as (address, _):
            with reading(address, users=1, pause=0):  # what is loaded at the first question is loaded
                time.sleep(5)
            alone = add(library, other_articles(arguments.articles, folder, seed=1))
            write(f"articles alone: {arguments.articles / alone:.1f}/s\n\n")
            write(
                "| readers | pause | articles | answers | p50 | p95 | wrong | articles/s | of alone |\n|---|---|---|---|---|---|---|---|---|\n"
            )
            shares: list[float] = []
            for number, pause in enumerate(arguments.pause, start=2):
                with reading(address, users=arguments.users, pause=pause) as quiet:
                    time.sleep(arguments.seconds)
                write(_row(arguments.users, pause, "–", quiet, None, alone, arguments.articles))
                source = other_articles(arguments.articles, folder, seed=number)
                with reading(address, users=arguments.users, pause=pause) as busy:
                    took = add(library, source)
                write(_row(arguments.users, pause, f"{arguments.articles:,}", busy, took, alone, arguments.articles))
                shares += quiet.embedding
                for line in [*quiet.wrong, *busy.wrong][:5]:
                    sys.stderr.write(f"{line}\n")
                sys.stdout.flush()
            write(
                f"\nOf the time of an answer, without waiting for its turn, {statistics.mean(shares):.0%} is embedding the question.\n"
            )


def _row(users: int, pause: float, articles: str, seen: Seen, took: float | None, alone: float, count: int) -> str:
    speed = (f"{count / took:.1f}", f"{alone / took:.0%}") if took else ("–", "–")
    times = f"{seen.quantile(0.5):.2f} s | {seen.quantile(0.95):.2f} s"
    return f"| {users} | {pause:g} s | {articles} | {len(seen.seconds):,} | {times} | {len(seen.wrong)} | {speed[0]} | {speed[1]} |\n"


if __name__ == "__main__":
    main()
