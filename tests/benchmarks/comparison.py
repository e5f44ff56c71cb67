"""The same articles by Fundstelle, LangChain, LlamaIndex and txtai in one run: ``python -m tests.benchmarks.comparison``.

Each piece of work is a process of its own (``stacks.py``), one after the other. Without articles given, composed ones are used. Not here: which
passages they find (``retrieval.py``).
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.split import split_sentences
from tests.benchmarks import machine, results
from tests.benchmarks.charts import bars
from tests.benchmarks.synthetic import ARTICLES_AT_ONCE, Newsroom
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STACKS = ("Fundstelle", "LangChain", "LlamaIndex", "txtai")
MODELS = ("e5", "MiniLM")
_LONG_ARTICLE = 4_000
_PROBED_ARTICLES = 60
_SENTENCE = range(60, 240)
PLACES = ("start", "middle", "end")
_LIMIT = 5


def run(command: Sequence[str], *, kill_after: float | None = None) -> dict[str, Any]:
    """What a process of ``stacks.py`` measured; with ``kill_after`` it is killed so many seconds after its model was loaded."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.stacks", *command], stdout=subprocess.PIPE, stderr=said, text=True
        )
        assert process.stdout
        first = process.stdout.readline()
        if kill_after is not None:
            time.sleep(kill_after)
            process.kill()
            process.communicate()
            return {}
        rest = process.communicate()[0]
        said.seek(0)
        if process.returncode or not first:
            message = f"{' '.join(command)} ended with {process.returncode}:\n{said.read().decode(errors='replace')[-2_000:]}"
            raise RuntimeError(message)
    measured: dict[str, Any] = json.loads(rest)
    return measured


def compare(articles: Path, *, part: int, stacks: Sequence[str], model_names: Sequence[str]) -> dict[str, Any]:
    """Everything, by stack and model. The run over the same articles, and the one after a kill, take the first ``part`` articles."""
    measured: dict[str, Any] = {}
    probes = probe_questions(articles)
    with tempfile.TemporaryDirectory(prefix="fundstelle-bench-") as folder:
        asked = Path(folder) / "questions.json"
        asked.write_text(json.dumps([question for place in PLACES for _, question in probes[place]]), "utf-8")
        few = Path(folder) / "few"
        few.mkdir()
        for path in islice(sorted(articles.glob("*.txt")), part):
            (few / path.name).write_text(path.read_text("utf-8"), "utf-8")
        for stack in stacks:
            for model in model_names:
                say(f"{stack}, {model}: taking in")
                library = str(Path(folder) / f"{stack}-{model}")
                found = run([stack, model, library, "--add", str(articles), "--pieces"])
                found["disk"] = machine.bytes_under(Path(library))
                say(f"{stack}, {model}: asking")
                answered = run([stack, model, library, "--ask", str(asked), "--limit", str(_LIMIT)])["ask"]
                found["seconds asked"] = answered["seconds"]
                found["probe"] = _probed(probes, answered["found"])
                say(f"{stack}, {model}: again, and after a kill")
                found["again"] = _again(stack, model, few, Path(folder) / f"again-{stack}-{model}")
                measured[f"{stack}, {model}"] = found
    return measured


def _again(stack: str, model: str, few: Path, folder: Path) -> dict[str, Any]:
    """Taking in the same articles twice, and taking them in after the first try was killed half way."""
    command = [stack, model, str(folder), "--add", str(few), "--pieces"]
    first = run(command)
    second = run(command)
    killed = [stack, model, f"{folder}-killed", "--add", str(few), "--pieces"]
    run(killed, kill_after=first["add"]["seconds"] / 2)
    after = run(killed)
    return {"first": first, "second": second, "after a kill": after}


def probe_questions(articles: Path) -> dict[str, list[tuple[str, str]]]:
    """Verbatim sentences from the first and the last tenth and from the middle of long articles: (article, sentence) by place."""
    texts = {path.stem: path.read_text("utf-8") for path in sorted(articles.glob("*.txt"))}
    longest = sorted((name for name in texts if len(texts[name]) >= _LONG_ARTICLE), key=lambda name: (-len(texts[name]), name))
    chosen = longest or sorted(texts, key=lambda name: -len(texts[name]))
    found: dict[str, list[tuple[str, str]]] = {place: [] for place in PLACES}
    for name in chosen[:_PROBED_ARTICLES]:
        text = texts[name]
        spans = [span for span in split_sentences(text, within=Span(0, len(text))) if len(span) in _SENTENCE]
        if not spans:
            continue
        for place, at in zip(PLACES, (0.0, 0.5, 1.0), strict=True):
            nearest = min(spans, key=lambda span: abs((span.start + span.end) / 2 / len(text) - at))
            found[place].append((name, nearest.slice(text)))
    return found


def _probed(probes: Mapping[str, list[tuple[str, str]]], found: list[list[list[str]]]) -> dict[str, float]:
    """By place, the share of sentences of which one of the pieces found has at least the first or the second half."""
    shares, listed = {}, iter(found)
    for place in PLACES:
        hits = 0
        for (name, sentence), pieces in zip(probes[place], listed, strict=False):
            halves = (sentence[: len(sentence) // 2], sentence[len(sentence) // 2 :])
            hits += any(article == name and any(half in text for half in halves) for article, text in pieces)
        shares[place] = hits / max(len(probes[place]), 1)
    return shares


def tables(measured: Mapping[str, Any]) -> str:
    """Markdown tables of everything."""
    ingest, asked, again = [], [], []
    for name, found in measured.items():
        added, characters = found["add"], found["characters"]
        speed = characters["read"] / added["searchable"]
        ingest.append(
            [
                name,
                f"{added['searchable']:.0f}",
                f"{added['seconds']:.0f}",
                f"{characters['read'] / characters['written']:.1%}",
                f"{characters['cut']:,} of {found['pieces']:,}",
                f"{speed:,.0f}",
                f"{added['encoder'] / added['seconds']:.0%}",
                f"{added['peak']:.1f}",
                f"{found['disk'] / found['pieces'] / 1000:.1f}",
            ]
        )
        seconds = found["seconds asked"]
        asked.append(
            [
                name,
                *(f"{results.percentile(seconds, share) * 1000:.0f}" for share in (0.5, 0.95)),
                *(f"{found['probe'][place]:.1%}" for place in PLACES),
            ]
        )
        first, second, after = (found["again"][which] for which in ("first", "second", "after a kill"))
        again.append(
            [
                name,
                f"{first['add']['seconds']:.1f}",
                f"{second['add']['seconds']:.1f}",
                _copies(second),
                f"{after['add']['seconds']:.1f}",
                _copies(after),
                f"{after['articles']} of {first['articles']}",
            ]
        )
    parts = [
        results.markdown(
            [
                "stack, model",
                "searchable, s",
                "done, s",
                "characters embedded",
                "pieces cut",
                "characters embedded/s",
                "in the encoder",
                "peak GB",
                "kB a piece",
            ],
            ingest,
        ),
        _ratios(measured),
        results.markdown(["stack, model", "ms p50", "ms p95", *(f"probe: {place}" for place in PLACES)], asked),
        results.markdown(
            ["stack, model", "first, s", "again, s", "pieces twice", "after a kill, s", "pieces twice", "articles there"], again
        ),
    ]
    return "\n".join(parts)


def _ratios(measured: Mapping[str, Any]) -> str:
    """How many times as fast the articles can be found as with plain LangChain."""
    if not {"Fundstelle, e5", "LangChain, e5"} <= measured.keys():
        return ""
    ours = measured["Fundstelle, e5"]["add"]
    lines = []
    for other in ("LangChain, e5", "LangChain, MiniLM"):
        if other in measured:
            seconds = measured[other]["add"]["seconds"]
            lines.append(
                f"- against {other}: searchable {seconds / ours['searchable']:.2f} ×, with sentence vectors {seconds / ours['seconds']:.2f} × as fast"
            )
    return "\n".join(lines) + "\n"


def _copies(found: Mapping[str, Any]) -> str:
    return f"{found['pieces'] - found['distinct']:,}"


def draw(measured: Mapping[str, Any], folder: Path) -> None:
    """Characters embedded a second, and what the probe finds, by stack."""
    speeds: dict[str, dict[str, float]] = {}
    for name, found in measured.items():
        stack, model = name.split(", ")
        speeds.setdefault(stack, {})[f"{model}"] = found["characters"]["read"] / found["add"]["searchable"]
    bars(folder / "comparison-ingest.svg", groups=speeds, up="characters embedded per second")
    probe = {
        name.replace(", ", "\n"): {place: share * 100 for place, share in found["probe"].items()}
        for name, found in measured.items()
    }
    bars(folder / "comparison-probe.svg", groups=probe, up="sentences found, % (top 5)")


def write_articles(folder: Path, *, source: Path | None, count: int) -> Path:
    """So many articles as text files: the lines of a ``label;text`` table, else composed ones."""
    folder.mkdir(parents=True)
    if source is None:
        newsroom = Newsroom()
        batches = range(math.ceil(count / ARTICLES_AT_ONCE))
        texts = [one.article.text for number in batches for one in newsroom.articles(number)]
    else:
        with source.open(encoding="utf-8") as lines:
            texts = [line.split(";", 1)[1].strip().strip("'") for line in islice(lines, count)]
    for number, text in enumerate(texts[:count]):
        (folder / f"article{number:05d}.txt").write_text(text, "utf-8")
    return folder


def say(text: str) -> None:
    """Tell what is done now, with the time."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def main() -> None:
    """Compare, and write tables and figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.comparison", description=__doc__)
    parser.add_argument("--articles", type=Path, help="a table with a label, a semicolon and an article in each line (gnad10k)")
    parser.add_argument("--count", type=int, default=300, help="how many articles")
    parser.add_argument("--part", type=int, default=40, help="how many are taken in twice, and after a kill")
    parser.add_argument("--stacks", nargs="*", choices=STACKS, default=STACKS)
    parser.add_argument("--models", nargs="*", choices=MODELS, default=MODELS)
    parser.add_argument("--publish", action="store_true", help="put tables and figures into docs/")
    arguments = parser.parse_args()
    about = machine.describe(packages=("torch", "sentence-transformers", "chromadb", *machine.COMPARED))
    with tempfile.TemporaryDirectory(prefix="fundstelle-bench-") as folder:
        articles = write_articles(Path(folder) / "articles", source=arguments.articles, count=arguments.count)
        measured = compare(articles, part=arguments.part, stacks=arguments.stacks, model_names=arguments.models)
        written = sum(len(path.read_text("utf-8")) for path in articles.glob("*.txt"))
        listed = len(list(articles.glob("*.txt")))
    results.save("comparison", {"machine": about, "measured": measured})
    text = f"{about}\n\n{listed:,} articles, {written:,} characters\n\n{tables(measured)}"
    results.report("comparison", text, draw=lambda figures: draw(measured, figures), publish=arguments.publish)


if __name__ == "__main__":
    main()
