"""What a question costs, step by step, in a library of so many passages.

The articles are words drawn at random (by their frequency) around a few that make each one findable; their vectors are random directions. The
question and its embedding are real. So the figures are about time, not about finding.
"""

from __future__ import annotations

import random
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant import Assistant, Settings
from vectorstore.embedding import BundledEncoder
from vectorstore.library import Storable
from vectorstore.search import hybrid_search
from vectorstore.types import Article, Filters, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

QUESTIONS = (
    "Why is the minister visiting the capital?",
    "How many people were injured when the bridge closed?",
    "Who won the election in Poland?",
    "When will the night train to Paris run again?",
    "What did the harbour workers ask for?",
)
_WORDS_IN_ARTICLE = 600
_SENTENCE_WORDS = 20
_SENTENCES_IN_PASSAGE = 8
_ROUNDS = 20


class _RandomPassages(BundledEncoder):
    """The bundled encoder for questions; passages get random directions, since embedding them is not what is measured."""

    def __init__(self, *, cache: Path) -> None:
        super().__init__(cache=cache)
        self._chance = np.random.default_rng(7)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._chance.standard_normal((len(texts), self.dimension), dtype=np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def table(passages: int) -> str:
    """A Markdown table: milliseconds by step, 50th and 95th percentile, with and without a filter."""
    with tempfile.TemporaryDirectory(prefix="fundstelle-bench-", ignore_cleanup_errors=True) as folder:
        settings = Settings(library=Path(folder) / "library")
        with Assistant(settings, encoder=_RandomPassages(cache=settings.cache)) as assistant:
            begun = time.perf_counter()
            _fill(assistant, passages=passages)
            filled = time.perf_counter() - begun
            rows = {name: _measure(assistant, filters) for name, filters in _FILTERS.items()}
            on_disk = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    steps = list(next(iter(rows.values())))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    lines = [
        f"**{passages:,} passages** ({filled:.0f} s to index, {on_disk / passages / 1000:.1f} kB each on disk, peak {memory:.1f} GiB)",
        "",
        "| ms, p50 / p95 | " + " | ".join(steps) + " |",
        "|---|" + "---|" * len(steps),
    ]
    for name, measured in rows.items():
        cells = (
            f"{statistics.median(values):.1f} / {sorted(values)[int(len(values) * 0.95)]:.1f}" for values in measured.values()
        )
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


_FILTERS = {
    "no filter": Filters(),
    "half of the articles": Filters(source="The Even Post"),
    "1 in 100": Filters(source="The Rare Post"),
}


def _measure(assistant: Assistant, filters: Filters) -> dict[str, list[float]]:
    steps: dict[str, list[float]] = defaultdict(list)
    for warm in (False, True):
        for _ in range(_ROUNDS if warm else 1):
            for question in QUESTIONS:
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
                if warm:
                    for step, seconds in {**result.timings, "total": total}.items():
                        steps[step].append(seconds * 1000)
    return steps


def _fill(assistant: Assistant, *, passages: int) -> None:
    import wordfreq

    chance = random.Random(7)
    vocabulary = wordfreq.top_n_list("en", 20_000)
    weights = [1.0 / (rank + 10) for rank in range(len(vocabulary))]
    made, number = 0, 0
    while made < passages:
        batch = []
        for _ in range(200):
            article, split = _article(number, chance.choices(vocabulary, weights, k=_WORDS_IN_ARTICLE))
            split = split[: passages - made]
            made += len(split)
            number += 1
            if split:
                batch.append(Storable(article, split, article.text.encode(), f"article-{number}.txt"))
        assistant.library.put_all(batch)
    assistant.indexes.catch_up(sentences=True)


def _article(number: int, drawn: Sequence[str]) -> tuple[Article, list[Passage]]:
    sentences, spans, at = [], [], 0
    for start in range(0, len(drawn), _SENTENCE_WORDS):
        sentence = " ".join(drawn[start : start + _SENTENCE_WORDS]).capitalize() + f" {number}."
        spans.append(Span(at, at + len(sentence)))
        sentences.append(sentence)
        at += len(sentence) + 1
    source = "The Rare Post" if number % 100 == 1 else "The Even Post" if number % 2 == 0 else "The Odd Post"
    article = Article(id=f"a{number}", text=" ".join(sentences), source=source, language="en", fetched_at=datetime.now(UTC))
    split = [
        Passage(
            article_id=article.id,
            version=article.version,
            start=spans[first].start,
            end=spans[min(first + _SENTENCES_IN_PASSAGE, len(spans)) - 1].end,
            sentences=tuple(spans[first : first + _SENTENCES_IN_PASSAGE]),
        )
        for first in range(0, len(spans), _SENTENCES_IN_PASSAGE)
    ]
    return article, split
