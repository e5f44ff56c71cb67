"""What a question costs, step by step, in libraries that grow: ``python -m tests.benchmarks.scale --passages 1000 10000 100000``.

The articles are words drawn at random, their vectors are drawn as the model's lie (``synthetic.py``); the questions and their embedding are real.
So the figures are about time, memory and how well the index finds what an exact scan finds, not about answers. Each size is measured in a process
of its own; with ``--folder`` one library is filled up from size to size and kept for the next run.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant import Assistant, Settings
from tests.benchmarks import machine, results
from tests.benchmarks.charts import growth
from tests.benchmarks.synthetic import EVEN, PASSAGES_AT_ONCE, RARE, Directions, Newsroom, fill_up
from vectorstore.search import CANDIDATES, MORE_FROM, hybrid_search
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SIZES = (1_000, 10_000, 100_000)
QUESTIONS = 200
FILTERS = {
    "no filter": Filters(),
    "half of the articles": Filters(source=EVEN),
    "a fifth of them, by date": Filters(since=date(2021, 1, 1), until=date(2022, 2, 4)),
    "one in 30, by date": Filters(since=date(2023, 1, 1), until=date(2023, 3, 8)),
    "one in 100": Filters(source=RARE),
}
SHARES = (0.5, 0.95, 0.99)
_NEIGHBOURS = 10
_ROWS_AT_ONCE = 20_000
_WARM_UP = 10


def measure(folder: Path, *, questions: int) -> dict[str, Any]:
    """Milliseconds of every question by filter and step, recall of the dense index, memory and disk, of the library in ``folder``."""
    listed = Newsroom().questions(questions)
    begun = time.perf_counter()
    with Assistant(Settings(library=folder)) as assistant:
        assistant.search(listed[0], limit=10)
        first = time.perf_counter() - begun
        opened = machine.memory()
        steps = {name: _steps(assistant, filters, listed) for name, filters in FILTERS.items()}
        asked = machine.memory()  # before exact search, which needs some of its own
        vectors = np.stack([*(assistant.encoder.encode_query(question) for question in listed[:100])])
        drawn = Directions(assistant.encoder).questions(100)
        path = folder / "index" / str(assistant.indexes.number) / "sentences.db"
        recall = {"questions": _recall(assistant, vectors, path=path), "drawn vectors": _recall(assistant, drawn, path=path)}
        return {
            "passages": assistant.library.count_passages(),
            "matching": {name: assistant.library.count_passages(filters) for name, filters in FILTERS.items()},
            "steps": steps,
            "recall": recall,
            "first question": first,
            "memory": {"opened": opened, "asked": asked},
            "disk": machine.bytes_under(folder),
        }


def _steps(assistant: Assistant, filters: Filters, questions: Sequence[str]) -> dict[str, list[float]]:
    steps: dict[str, list[float]] = defaultdict(list)
    for number, question in enumerate((*questions[:_WARM_UP], *questions)):
        begun = time.perf_counter()
        result = hybrid_search(
            question,
            library=assistant.library,
            indexes=assistant.indexes,
            encoder=assistant.encoder,
            glossary=assistant.glossary,
            filters=filters,
        )
        total = time.perf_counter() - begun
        if number >= _WARM_UP:
            for step, seconds in {**result.timings, "total": total}.items():
                steps[step].append(seconds * 1000)
    return dict(steps)


def _recall(assistant: Assistant, vectors: NDArray[np.float32], *, path: Path) -> float:
    """The share of the ten exactly nearest passages of each vector that are among the first ten of what the index proposes."""
    exact = _exactly_nearest(vectors, path=path)
    limit = math.ceil(CANDIDATES * math.sqrt(max(assistant.library.count_passages() / MORE_FROM, 1.0)))
    found = [[id_ for id_, _ in assistant.indexes.dense.search(vector, limit=limit)[:_NEIGHBOURS]] for vector in vectors]
    return float(np.mean([len(nearest & set(ids)) / len(nearest) for nearest, ids in zip(exact, found, strict=True)]))


def _exactly_nearest(vectors: NDArray[np.float32], *, path: Path) -> list[set[str]]:
    import sqlite3

    best: list[list[tuple[float, str]]] = [[] for _ in vectors]
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = connection.execute("SELECT id, passage FROM vectors")
    while listed := rows.fetchmany(_ROWS_AT_ONCE):
        stored = np.frombuffer(b"".join(row[1] for row in listed), dtype=np.float16).reshape(len(listed), -1).astype(np.float32)
        cosines = vectors @ stored.T
        for at, line in enumerate(cosines):
            top = np.argpartition(line, -_NEIGHBOURS)[-_NEIGHBOURS:]
            best[at] = sorted([*best[at], *((float(line[row]), listed[row][0]) for row in top)], reverse=True)[:_NEIGHBOURS]
    connection.close()
    return [{id_ for _, id_ in nearest} for nearest in best]


def tables(measured: Mapping[str, Any]) -> str:
    """Markdown tables: totals by size and filter, steps by size, and what the index holds."""
    sizes = sorted(measured.values(), key=lambda found: int(found["passages"]))
    order = list(sizes[0]["steps"]["no filter"])
    totals, steps, rest = [], [], []
    for found in sizes:
        size = f"{found['passages']:,}"
        for name, listed in found["steps"].items():
            totals.append([size, name, f"{found['matching'][name]:,}", *_percentiles(listed["total"])])
        plain = found["steps"]["no filter"]
        steps += [
            [size, f"p{share * 100:.0f}", *(f"{results.percentile(plain[step], share):.1f}" for step in order)]
            for share in SHARES
        ]
        rest.append(
            [
                size,
                f"{found['recall']['questions']:.3f}",
                f"{found['recall']['drawn vectors']:.3f}",
                f"{found['memory']['opened']:.2f}",
                f"{found['memory']['asked']:.2f}",
                f"{found['first question']:.1f}",
                f"{found['disk'] / found['passages'] / 1000:.1f}",
                f"{found['filled']:.0f}" if found.get("filled") else "–",
            ]
        )
    return "\n".join(
        [
            results.markdown(["passages", "filter", "match", *(f"ms p{share * 100:.0f}" for share in SHARES)], totals),
            results.markdown(["passages", "ms, no filter", *order], steps),
            results.markdown(
                [
                    "passages",
                    "recall@10, questions",
                    "recall@10, drawn",
                    "GB opened",
                    "GB after questions",
                    "first question, s",
                    "kB a passage on disk",
                    "filled, s",
                ],
                rest,
            ),
        ]
    )


def _percentiles(values: list[float]) -> list[str]:
    return [f"{results.percentile(values, share):.1f}" for share in SHARES]


def draw(measured: Mapping[str, Any], folder: Path) -> None:
    """How the cost of a question grows."""
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for found in measured.values():
        plain = found["steps"]["no filter"]
        series["no filter, p50"].append((found["passages"], results.percentile(plain["total"], 0.5)))
        series["no filter, p95"].append((found["passages"], results.percentile(plain["total"], 0.95)))
        slowest = max(results.percentile(listed["total"], 0.5) for name, listed in found["steps"].items() if name != "no filter")
        series["slowest filter, p50"].append((found["passages"], slowest))
        series["dense index alone, p50"].append((found["passages"], results.percentile(plain["dense"], 0.5)))
    growth(folder / "query.svg", series=series, across="passages", up="ms a question")


def main() -> None:
    """Fill up, measure, and write tables and figure; sizes that were measured before stay in them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__)
    parser.add_argument("--passages", type=int, nargs="*", default=SIZES)
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--folder", type=Path, help="where the library is kept; 10 kB a passage")
    parser.add_argument("--measure", action="store_true", help="only the library in --folder as it is, as JSON")
    parser.add_argument("--draw", action="store_true", help="only tables and figure of what was measured before")
    parser.add_argument("--publish", action="store_true", help="put tables and figures into docs/")
    arguments = parser.parse_args()
    if arguments.measure:
        sys.stdout.write(json.dumps(measure(arguments.folder, questions=arguments.questions)))
        return
    measured = results.load("scale")
    about = machine.describe()
    with tempfile.TemporaryDirectory(prefix="fundstelle-bench-", ignore_cleanup_errors=True) as temporary:
        folder = (arguments.folder or Path(temporary) / "library").absolute()
        for size in () if arguments.draw else sorted(arguments.passages):
            measured[str(size)] = {**_size(folder, size=size, questions=arguments.questions), "machine": about}
            results.save("scale", measured)
    results.report(
        "scale", f"{about}\n\n{tables(measured)}", draw=lambda figures: draw(measured, figures), publish=arguments.publish
    )


def _size(folder: Path, *, size: int, questions: int) -> dict[str, Any]:
    if size % PASSAGES_AT_ONCE:
        message = f"--passages {size}: give a multiple of {PASSAGES_AT_ONCE:,}."
        raise SystemExit(message)
    begun = time.perf_counter()
    with Assistant(Settings(library=folder)) as assistant:
        there = assistant.library.count_passages()
        if there > size:
            message = f"{folder} has {there:,} passages already. Choose an empty --folder, or a size from {there:,} on."
            raise SystemExit(message)
        parts = fill_up(assistant, passages=size, on_progress=_say)
    filled = time.perf_counter() - begun
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.scale",
        "--measure",
        "--folder",
        str(folder),
        "--questions",
        str(questions),
    ]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {**found, "filled": filled, "filled from": there, "filling": dict(parts)}


def _say(passages: int) -> None:
    if passages % (20 * PASSAGES_AT_ONCE) == 0:
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {passages:,} passages\n")


if __name__ == "__main__":
    main()
