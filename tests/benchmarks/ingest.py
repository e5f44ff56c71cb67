"""What taking articles in costs, stage by stage: ``python -m tests.benchmarks.ingest SOURCE… [--rows N]``.

Stages overlap, so their seconds add up to more than the run took; a stage's own speed says which one is the next limit. Seconds are those that
passed inside it, in whichever thread. On a busy machine they are upper bounds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import Assistant, Settings
from assistant.qa import Assistant as Composition
from ingest import desk
from ingest.backlog import Backlog
from tests.benchmarks import machine
from vectorstore import indexes
from vectorstore.dense import DenseIndex, VectorStore
from vectorstore.embedding import BundledEncoder
from vectorstore.lexical import LexicalIndex
from vectorstore.library import Library
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STAGES: dict[str, tuple[tuple[Any, str], ...]] = {
    "plan, and wait for room": ((Backlog, "fill"),),
    "read: language, furniture, looking up": ((desk.Desk, "_read"),),
    "split into passages": ((desk, "split"),),
    "compare with others": ((desk.Desk, "_linked"),),
    "store": ((Library, "put_all"), (Library, "record_pages")),
    "terms and gloss": ((indexes, "passage_terms"),),
    "embed": ((BundledEncoder, "encode_passages"),),
    "vectors and terms into the indexes": (
        (DenseIndex, "upsert"),
        (VectorStore, "put_passages"),
        (VectorStore, "put_sentences"),
        (LexicalIndex, "upsert"),
        (LexicalIndex, "commit"),
    ),
    "make searchable, then complete": ((Library, "make_searchable"), (Library, "make_complete")),
    "learn what outlets repeat": ((Composition, "_learn"),),
}
WITHIN = {"read: language, furniture, looking up": ("split into passages", "compare with others")}
"""Stages whose seconds hold those of others."""


class Stopwatch:
    """Seconds spent inside of methods and functions, by stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    @contextmanager
    def on(self, stage: str, owner: Any, name: str) -> Iterator[None]:
        """Time ``owner.name`` while this lasts."""
        original = getattr(owner, name)

        def timed(*given: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return original(*given, **named)
            finally:
                with self._lock:
                    self.seconds[stage] += time.perf_counter() - start

        setattr(owner, name, timed)
        try:
            yield
        finally:
            setattr(owner, name, original)


def table(sources: Sequence[Path]) -> str:
    """A Markdown table: by stage its seconds, the share of the run, articles, passages and megabytes of text a second."""
    watch = Stopwatch()
    with (
        tempfile.TemporaryDirectory(prefix="fundstelle-bench-", ignore_cleanup_errors=True) as folder,
        Assistant(Settings(library=Path(folder) / "library")) as assistant,
        ExitStack() as timed,
    ):
        assistant.encoder.encode_passages(["The model is loaded before the clock starts."])
        for stage, places in STAGES.items():
            for owner, name in places:
                timed.enter_context(watch.on(stage, owner, name))
        start = time.perf_counter()
        report = assistant.add(sources)
        whole = time.perf_counter() - start
        articles, passages = assistant.article_count(), assistant.library.count_passages(Filters())
        megabytes = sum(len(article.text.encode()) for article in assistant.articles()) / 1e6
        begun = time.perf_counter()
        again = assistant.add(sources)
        known = time.perf_counter() - begun
    for stage, parts in WITHIN.items():
        watch.seconds[stage] -= sum(watch.seconds[part] for part in parts)
    amounts = f"{articles:,} articles, {passages:,} passages, {megabytes:.2f} MB of text"
    outcome = f"unchanged: {again.count('unchanged'):,}, failed: {report.count('failed'):,}"
    lines = [
        f"**{amounts}** in {whole:.0f} s; the same again in {known:.1f} s ({outcome}); peak {_peak():.2f} GB",
        "",
        "| stage | seconds | of the run | articles/s | passages/s | MB/s |",
        "|---|---|---|---|---|---|",
    ]
    for stage, seconds in {**{stage: watch.seconds[stage] for stage in STAGES}, "**the run**": whole}.items():
        speed = (f"{float(f'{amount / seconds:.2g}'):,g}" if seconds > 0 else "–" for amount in (articles, passages, megabytes))
        lines.append(f"| {stage} | {seconds:.1f} | {seconds / whole:.0%} | {' | '.join(speed)} |")
    return "\n".join(lines) + "\n"


def _peak() -> float:
    """The most memory that this process had, in GB."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e9
    return float("nan")


def main() -> None:
    """Run it on the sources that are given."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ingest", description=__doc__)
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--rows", type=int, help="only so many lines of each source, which must be files of lines")
    arguments = parser.parse_args()
    sys.stdout.write(f"{machine.describe()}\n\n")
    with tempfile.TemporaryDirectory(prefix="fundstelle-bench-") as folder:
        sources = arguments.sources
        if arguments.rows:
            sources = [_head(path, rows=arguments.rows, folder=Path(folder)) for path in sources]
        sys.stdout.write(table(sources))


def _head(path: Path, *, rows: int, folder: Path) -> Path:
    head = folder / path.name
    with path.open("rb") as file:
        head.write_bytes(b"".join(islice(file, rows)))
    return head


if __name__ == "__main__":
    main()
