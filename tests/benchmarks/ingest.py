"""What taking articles in costs, stage by stage: ``python -m tests.benchmarks.ingest [SOURCE… --rows N | --articles N]``.

Stages overlap, so their seconds add up to more than the run took; a stage's own speed says which one is the next limit. Seconds are those that
passed inside it, in whichever thread. On a busy machine they are upper bounds.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import Assistant, Settings
from assistant.upkeep import Upkeep
from ingest import desk
from ingest.backlog import Backlog
from tests.benchmarks import machine, results
from tests.benchmarks.charts import bars
from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.synthetic import ARTICLES_AT_ONCE, PASSAGES_IN_ARTICLE, Newsroom
from vectorstore import indexes
from vectorstore.dense import DenseIndex
from vectorstore.embedding import BundledEncoder
from vectorstore.exact_vectors import VectorStore
from vectorstore.lexical import LexicalIndex
from vectorstore.library import Library
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EMBED = "embed"
_SEARCHABLE = "make searchable"
_BATCHES_ALONE = 20
STAGES: dict[str, tuple[tuple[Any, str], ...]] = {
    "plan, and wait for room": ((Backlog, "fill"),),
    "read: language, furniture, looking up": ((desk.Desk, "_read"),),
    "split into passages": ((desk, "split"),),
    "compare with others": ((desk.Desk, "_linked"),),
    "store": ((Library, "put_all"), (Library, "record_pages")),
    "terms and gloss": ((indexes, "passage_terms"),),
    _EMBED: ((BundledEncoder, "encode_passages"),),
    "vectors and terms into the indexes": (
        (DenseIndex, "upsert"),
        (VectorStore, "put_passages"),
        (VectorStore, "put_sentences"),
        (LexicalIndex, "upsert"),
        (LexicalIndex, "commit"),
    ),
    _SEARCHABLE: ((Library, "make_searchable"),),
    "make complete": ((Library, "make_complete"),),
    "learn what outlets repeat": ((Upkeep, "_learn"),),
}
WITHIN = {"read: language, furniture, looking up": ("split into passages", "compare with others")}
"""Stages whose seconds hold those of others."""


def measure(sources: Sequence[Path]) -> dict[str, Any]:
    """The seconds of each stage and of the whole, and what was made in them."""
    watch = Stopwatch(note=(_EMBED,))
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
        searchable = watch.last[_SEARCHABLE] - start
        seconds, given = dict(watch.seconds), list(watch.given[_EMBED])
        articles, passages = assistant.article_count(), assistant.library.count_passages(Filters())
        texts = [article.text for article in assistant.articles()]
        begun = time.perf_counter()
        again = assistant.add(sources)
        known = time.perf_counter() - begun
        peak = machine.peak_memory()
        disk = machine.bytes_under(Path(folder))
        alone = _alone(assistant, passages=given)
    for stage, parts in WITHIN.items():
        seconds[stage] -= sum(seconds[part] for part in parts)
    return {
        "articles": articles,
        "passages": passages,
        "characters": sum(map(len, texts)),
        "megabytes": sum(len(text.encode()) for text in texts) / 1e6,
        "whole": whole,
        "searchable": searchable,
        "stages": {stage: seconds.get(stage, 0.0) for stage in STAGES},
        "encoder": seconds[_EMBED],
        "given": sum(len(text) for batch in given for text in batch),
        "alone": alone,
        "again": known,
        "unchanged": again.count("unchanged"),
        "failed": report.count("failed"),
        "peak": peak,
        "disk": disk,
    }


def _alone(assistant: Assistant, *, passages: Sequence[Sequence[str]]) -> dict[str, float]:
    """The embedding model's own speed: some of the same batches once more, with nothing beside it."""
    chosen = passages[:: max(1, len(passages) // _BATCHES_ALONE)][:_BATCHES_ALONE]
    start = time.perf_counter()
    for batch in chosen:
        assistant.encoder.encode_passages(batch)
    return {"seconds": time.perf_counter() - start, "characters": sum(len(text) for batch in chosen for text in batch)}


def table(found: Mapping[str, Any]) -> str:
    """A Markdown table: by stage its seconds, the share of the run, articles, passages and megabytes of text a second."""
    whole = found["whole"]
    given = found["given"] / found["encoder"]
    own = found["alone"]["characters"] / found["alone"]["seconds"]
    lines = [
        (
            f"**{found['articles']:,} articles, {found['passages']:,} passages, {found['megabytes']:.2f} MB of text**: searchable after "
            f"{found['searchable']:.0f} s, with sentence vectors after {whole:.0f} s; the same again in {found['again']:.1f} s "
            f"(unchanged: {found['unchanged']:,}, failed: {found['failed']:,}); peak {found['peak']:.2f} GB; "
            f"{found['disk'] / found['passages'] / 1000:.1f} kB a passage on disk."
        ),
        (
            f"The encoder worked {found['encoder'] / whole:.0%} of the time, at {given / own:.0%} of the speed that it has alone "
            f"({given:,.0f} of {own:,.0f} characters/s)."
        ),
        "",
    ]
    rows = []
    for stage, seconds in {**found["stages"], "**the run**": whole}.items():
        amounts = (found["articles"], found["passages"], found["megabytes"])
        speed = (f"{float(f'{amount / seconds:.2g}'):,g}" if seconds > 0 else "–" for amount in amounts)
        rows.append([stage, f"{seconds:.1f}", f"{seconds / whole:.0%}", *speed])
    return (
        "\n".join(lines) + "\n" + results.markdown(["stage", "seconds", "of the run", "articles/s", "passages/s", "MB/s"], rows)
    )


def draw(found: Mapping[str, Any], path: Path) -> None:
    """What each stage could do alone, beside the run."""
    amounts = {**found["stages"], "the run": found["whole"]}
    speeds = {stage.split(",")[0].split(":")[0]: found["passages"] / seconds for stage, seconds in amounts.items() if seconds > 0}
    bars(
        path,
        groups={stage: {"passages/s": speed} for stage, speed in speeds.items()},
        up="passages per second",
        logarithmic=True,
    )


def main() -> None:
    """Run it on the sources that are given, else on composed articles."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ingest", description=__doc__)
    parser.add_argument("sources", nargs="*", type=Path, help="files or folders; without any, articles are composed")
    parser.add_argument("--rows", type=int, help="only so many lines of each source, which must be files of lines")
    parser.add_argument("--articles", type=int, default=1_000, help="how many are composed")
    parser.add_argument(
        "--passages", type=int, default=PASSAGES_IN_ARTICLE, help="in each of these; 1 is as short as an agency's"
    )
    parser.add_argument("--name", default="ingest", help="under which the figures are kept")
    parser.add_argument("--publish", action="store_true", help="put tables and figures into docs/")
    arguments = parser.parse_args()
    about = machine.describe()
    with tempfile.TemporaryDirectory(prefix="fundstelle-bench-") as folder:
        sources = arguments.sources or [_composed(Path(folder), count=arguments.articles, passages=arguments.passages)]
        if arguments.sources and arguments.rows:
            sources = [_head(path, rows=arguments.rows, folder=Path(folder)) for path in sources]
        found = measure(sources)
    results.save(arguments.name, {**found, "machine": about})
    results.report(
        arguments.name,
        f"{about}\n\n{table(found)}",
        draw=lambda folder: draw(found, folder / f"{arguments.name}.svg"),
        publish=arguments.publish,
    )


def _head(path: Path, *, rows: int, folder: Path) -> Path:
    head = folder / path.name
    with path.open("rb") as file:
        head.write_bytes(b"".join(islice(file, rows)))
    return head


def _composed(folder: Path, *, count: int, passages: int) -> Path:
    """So many composed articles with so many passages, a line each."""
    newsroom, path = Newsroom(), folder / "composed.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(math.ceil(count / ARTICLES_AT_ONCE)):
            for one in newsroom.articles(number, passages=passages)[: count - number * ARTICLES_AT_ONCE]:
                article = one.article
                published = article.published_at.date().isoformat() if article.published_at else None
                record = {
                    "id": article.id,
                    "title": article.title,
                    "text": article.text,
                    "source": article.source,
                    "date": published,
                }
                file.write(json.dumps(record) + "\n")
    return path


if __name__ == "__main__":
    main()
