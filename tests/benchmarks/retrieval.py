"""Which passages other stacks find: ``python -m tests.benchmarks.retrieval SET…``, sets in BEIR layout as ``fundstelle eval`` reads them.

Each stack takes the documents of a set in once, one by one, and is asked every question that has a relevant one; a document ranks by its best piece.
None of it depends on how busy the machine is. Not here: what is done how fast (``comparison.py``).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.evaluation import read_dataset
from tests.benchmarks import machine, results
from tests.benchmarks.charts import bars
from tests.benchmarks.comparison import MODELS, STACKS, run, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assistant.evaluation import Dataset

CUTS = (1, 5)
_PIECES_A_DOCUMENT = 4
"""So many times the largest cut are asked for: pieces of one document may stand before those of the next."""


def quality(stack: str, model: str, path: Path, folder: Path) -> dict[str, float]:
    """Recall at each of ``CUTS``; what was taken in stays in ``folder`` for the next set with the same documents."""
    dataset = read_dataset(path)
    same = hashlib.sha256("\n".join(sorted((path / "corpus.jsonl").read_text("utf-8").splitlines())).encode()).hexdigest()[:16]
    corpus, library = folder / same, folder / f"{same}-{stack}-{model}"
    if not corpus.exists():
        corpus.mkdir()
        with (path / "corpus.jsonl").open(encoding="utf-8") as lines:
            for document in map(json.loads, lines):
                (corpus / f"{document['_id']}.txt").write_text(document["text"], "utf-8")
    judged = [query for query in dataset.queries if dataset.relevant.get(query.id)]
    asked = folder / "questions.json"
    asked.write_text(json.dumps([query.text for query in judged]), "utf-8")
    command = [stack, model, str(library), "--ask", str(asked), "--limit", str(max(CUTS) * _PIECES_A_DOCUMENT), "--alone"]
    if not library.exists():
        command += ["--add", str(corpus)]
    answered = run(command)["ask"]
    pairs = list(zip(judged, answered["found"], strict=True))
    figures = {
        f"recall@{cut}": statistics.fmean(_recall(dataset, query.id, found, cut) for query, found in pairs) for cut in CUTS
    }
    return {**figures, "ms": statistics.median(answered["seconds"]) * 1000}


def _recall(dataset: Dataset, query: str, found: list[list[str]], cut: int) -> float:
    relevant = dataset.relevant[query]
    ranked = list(dict.fromkeys(article for article, _ in found))[:cut]
    return len(relevant & set(ranked)) / len(relevant)


def table(measured: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """By stack and model: recall at 1 and at 5 in each set."""
    sets = list(dict.fromkeys(name for found in measured.values() for name in found))
    rows = []
    for name, found in measured.items():
        cells = (" / ".join(f"{found[one][f'recall@{cut}']:.3f}" for cut in CUTS) if one in found else "–" for one in sets)
        rows.append([name, *cells])
    return results.markdown(["stack, model", *sets], rows)


def draw(measured: Mapping[str, Mapping[str, Mapping[str, float]]], folder: Path) -> None:
    """The share of questions whose passage stands first, by stack and set."""
    groups = {
        name.replace(", ", "\n"): {one: figures["recall@1"] for one, figures in found.items()} for name, found in measured.items()
    }
    bars(folder / "retrieval.svg", groups=groups, up="recall@1")


def compare(sets: Sequence[Path], *, stacks: Sequence[str], model_names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Every set by every stack and model."""
    measured: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="fundstelle-bench-") as folder:
        for stack in stacks:
            for model in model_names:
                for path in sets:
                    say(f"{stack}, {model}: {path.name}")
                    measured.setdefault(f"{stack}, {model}", {})[path.name] = quality(stack, model, path, Path(folder))
    return measured


def main() -> None:
    """Compare, and write the table and the figure."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.retrieval", description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path, help="folders in BEIR layout")
    parser.add_argument("--stacks", nargs="*", choices=STACKS, default=STACKS)
    parser.add_argument("--models", nargs="*", choices=MODELS, default=MODELS)
    parser.add_argument("--publish", action="store_true", help="put the table and the figure into docs/")
    arguments = parser.parse_args()
    about = machine.describe(packages=("torch", "sentence-transformers", "chromadb", *machine.COMPARED))
    measured = compare(arguments.sets, stacks=arguments.stacks, model_names=arguments.models)
    results.save("retrieval", {"machine": about, "measured": measured})
    results.report(
        "retrieval", f"{about}\n\n{table(measured)}", draw=lambda figures: draw(measured, figures), publish=arguments.publish
    )


if __name__ == "__main__":
    main()
