"""``fundstelle eval``: ranking, quoting and declining on folders in BEIR layout, and the fitting of the answerability weights.

A library is built in a temporary folder through the ordinary ingest path. The only importer of ir_measures, scipy and scikit-learn. Figures as the
design's section 7 defines them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
import statistics
import tempfile
import time
import unicodedata
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.calibration import Calibration, answers, calibration_for, encoder_key, write_calibration
from assistant.citations import cite
from assistant.evidence import Features, find_evidence
from assistant.qa import Assistant
from ingest.samples import sample_questions
from vectorstore.dictionary import Glossary
from vectorstore.embedding import load_encoder
from vectorstore.errors import SourceNotFound, SourceUnreadable
from vectorstore.indexes import IndexProgress
from vectorstore.languages import words, zipf
from vectorstore.names import question_names
from vectorstore.search import hybrid_search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.table import Table

    from assistant.evidence import Finding
    from vectorstore.embedding import Encoder
    from vectorstore.search import SearchResult
    from vectorstore.settings import Settings
    from vectorstore.types import Hit

    OnProgress = Callable[[IndexProgress], None]

RANKED_PASSAGES = 100
# As low as lets a single missing name decline, since a reader sees the quotes and their context.
_THRESHOLD = 0.34
# The share of answerable questions that are asked again with a name exchanged; what a question put to a single article weighs in the fit.
_SWAPPED = 0.3
_ALONE_WEIGHT = 0.05
_RARE_NAME = 4.2
_MORE, _LESS = (0.0, None), (None, 0.0)
# What each feature can only mean: more cosine never makes an answer less likely, a missing word never more.
_SIGNS = {
    "passage_cosine": _MORE, "sentence_cosine": _MORE, "sentence_share": _MORE, "nearby_share": _MORE, "passage_share": _MORE,
    "article_share": _MORE, "words_missing": _LESS, "margin": _MORE,
}  # fmt: skip
_NOT_WEIGHED = frozenset({"meeting", "names_missing", "numbers_missing", "amount_missing", "names_by_sound"})
# Without a gloss the words of two languages meet by chance: how many there are and how many were found says nothing.
_MEANINGLESS = frozenset({"sentence_share", "nearby_share", "passage_share", "article_share", "words_missing", "question_words"})


@dataclass(frozen=True, slots=True)
class Query:
    """A question of a set, with what its answer must contain; ``answerable`` is None where the set does not say."""

    id: str
    text: str
    language: str | None
    answers: tuple[str, ...]
    answerable: bool | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder in BEIR layout. ``relevant`` holds, by query, the ids of its documents."""

    name: str
    corpus: Path
    queries: tuple[Query, ...]
    relevant: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one query: the documents in their order with scores, and the evidence."""

    query: Query
    ranking: tuple[tuple[str, float], ...]
    features: Features | None
    confidence: float | None
    answered: bool
    quotes: tuple[str, ...]
    verbatim: tuple[bool, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one set, by the names the design gives them; None where a set cannot tell."""

    dataset: str
    queries: int
    figures: Mapping[str, float | None]
    by_language: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON-ready values."""
        found: dict[str, Any] = {"dataset": self.dataset, "queries": self.queries, **self.figures}
        return {**found, "by_language": dict(self.by_language)} if len(self.by_language) > 1 else found


def read_dataset(folder: Path) -> Dataset:
    """Read a folder with ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/test.tsv``.

    Raises:
        SourceNotFound: one of the files is missing.
        SourceUnreadable: one of them is not in that format.
    """
    paths = [folder / "corpus.jsonl", folder / "queries.jsonl", folder / "qrels" / "test.tsv"]
    for path in paths:
        if not path.is_file():
            message = f"{path} is missing: a set in BEIR layout has corpus.jsonl, queries.jsonl and qrels/test.tsv."
            raise SourceNotFound(message)
    try:
        rows = [json.loads(line) for line in paths[1].read_text("utf-8").splitlines() if line.strip()]
        queries = tuple(_query(row) for row in rows)
        relevant: dict[str, set[str]] = defaultdict(set)
        with paths[2].open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if float(row["score"]) > 0:
                    relevant[row["query-id"]].add(row["corpus-id"])
    except (ValueError, KeyError, TypeError) as error:
        message = f"{folder} is not in BEIR layout: {error!r}."
        raise SourceUnreadable(message) from error
    return Dataset(folder.name, paths[0], queries, {query: frozenset(documents) for query, documents in relevant.items()})


def evaluate_folders(folders: Sequence[Path], *, settings: Settings, on_progress: OnProgress = lambda _: None) -> list[Result]:
    """The figures of each folder; sets with the same corpus share one library."""
    datasets = [read_dataset(folder) for folder in folders]
    results: dict[int, Result] = {}
    encoder = load_encoder(settings.embedding, cache=settings.cache)
    for same in by_corpus(datasets):
        with library_of(same[0].corpus, settings=settings, encoder=encoder, on_progress=on_progress) as assistant:
            for dataset in same:
                outcomes = list(run_queries(dataset, assistant=assistant, on_progress=on_progress))
                results[id(dataset)] = measure(dataset, outcomes)
    return [results[id(dataset)] for dataset in datasets]


def run_queries(
    dataset: Dataset,
    *,
    assistant: Assistant,
    on_progress: OnProgress = lambda _: None,
) -> Iterator[Outcome]:
    """Ask every question of a set; search is not told its language."""
    calibration = calibration_for(assistant.encoder.signature)
    for number, query in enumerate(dataset.queries, start=1):
        start = time.perf_counter()
        result, finding = _find(query, assistant=assistant)
        answered, confidence = answers(finding.features, calibration) if finding.features else (False, None)
        seconds = time.perf_counter() - start
        citations = [cite(quote.hit.article, quote.span, number=1) for quote in finding.quotes]
        yield Outcome(
            query=query,
            ranking=tuple(_documents(result.hits)),
            features=finding.features,
            confidence=confidence,
            answered=answered,
            quotes=tuple(citation.quote for citation in citations),
            verbatim=tuple(citation.verbatim for citation in citations),
            seconds=seconds,
        )
        on_progress(IndexProgress(dataset.name, number))


def _find(query: Query, *, assistant: Assistant, glossary: Glossary | None = None) -> tuple[SearchResult, Finding]:
    encoder, glossary = assistant.encoder, glossary or assistant.glossary
    result = hybrid_search(
        query.text,
        library=assistant.library,
        indexes=assistant.indexes,
        encoder=encoder,
        glossary=glossary,
        limit=RANKED_PASSAGES,
        reranker=assistant.reranker,
        collapse=False,  # each document of a set counts, twins too
    )
    return result, find_evidence(query.text, result, encoder=encoder, glossary=glossary)


def measure(dataset: Dataset, outcomes: Sequence[Outcome]) -> Result:
    """The figures of a set, and by language of the question where it has several."""
    by_language: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_language[outcome.query.language or "und"].append(outcome)
    return Result(
        dataset=dataset.name,
        queries=len(outcomes),
        figures=_figures(dataset, outcomes),
        by_language={language: _figures(dataset, part) for language, part in sorted(by_language.items())},
    )


def _figures(dataset: Dataset, outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    figures: dict[str, float | None] = {**_ranking_figures(dataset, outcomes)}
    answerable = [outcome for outcome in outcomes if is_answerable(dataset, outcome.query)]
    with_gold = [outcome for outcome in answerable if outcome.query.answers]
    unanswerable = [outcome for outcome in outcomes if not is_answerable(dataset, outcome.query)]
    declined = [outcome for outcome in outcomes if not outcome.answered]
    right = [outcome for outcome in declined if not is_answerable(dataset, outcome.query)]
    figures["quote_recall"] = _share(_quotes_gold(outcome) for outcome in with_gold)
    figures["quote_chars"] = _mean(sum(map(len, outcome.quotes)) for outcome in outcomes)
    figures["answered"] = _share(outcome.answered for outcome in answerable)
    figures["answerable_auroc"] = _auroc(answerable, unanswerable)
    figures["abstain_precision"] = len(right) / len(declined) if declined and unanswerable else None
    figures["abstain_recall"] = len(right) / len(unanswerable) if unanswerable else None
    figures["citations_verbatim"] = _share(verbatim for outcome in outcomes for verbatim in outcome.verbatim)
    figures["ms_per_query"] = _mean(outcome.seconds * 1000 for outcome in outcomes)
    return {name: None if value is None else round(value, 4) for name, value in figures.items()}


def _ranking_figures(dataset: Dataset, outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    import ir_measures
    from ir_measures import RR, R, nDCG

    measures = {"ndcg@10": nDCG @ 10, "recall@1": R @ 1, "recall@5": R @ 5, "recall@10": R @ 10, "mrr@10": RR @ 10}
    judged = [outcome for outcome in outcomes if dataset.relevant.get(outcome.query.id)]
    if not judged:
        return dict.fromkeys(measures)
    qrels = [
        ir_measures.Qrel(outcome.query.id, document, 1) for outcome in judged for document in dataset.relevant[outcome.query.id]
    ]
    run = []
    for outcome in judged:
        # Among equal scores a relevant document comes last: ties count against us.
        relevant = dataset.relevant[outcome.query.id]
        ordered = sorted(outcome.ranking, key=lambda pair: (-pair[1], pair[0] in relevant))
        run += [
            ir_measures.ScoredDoc(outcome.query.id, document, float(len(ordered) - position))
            for position, (document, _) in enumerate(ordered)
        ]
    found = ir_measures.calc_aggregate(list(measures.values()), qrels, run)
    return {name: float(found[measure]) for name, measure in measures.items()}


def _quotes_gold(outcome: Outcome) -> bool:
    quoted = [_plain(quote) for quote in outcome.quotes]
    return any(_plain(answer) in quote for answer in outcome.query.answers for quote in quoted)


def _plain(text: str) -> str:
    """Casefolded, without punctuation, with single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[\W_]+", " ", folded).split())


def _auroc(answerable: Sequence[Outcome], unanswerable: Sequence[Outcome]) -> float | None:
    from sklearn.metrics import roc_auc_score

    outcomes = [*answerable, *unanswerable]
    if not answerable or not unanswerable or any(outcome.features and outcome.confidence is None for outcome in outcomes):
        return None
    labels = [1] * len(answerable) + [0] * len(unanswerable)
    return float(roc_auc_score(labels, [outcome.confidence or 0.0 for outcome in outcomes]))


def is_answerable(dataset: Dataset, query: Query) -> bool:
    """Whether a document of the set answers a question: as the set says, else if any is relevant."""
    return query.answerable if query.answerable is not None else bool(dataset.relevant.get(query.id))


def _documents(hits: Sequence[Hit]) -> Iterator[tuple[str, float]]:
    """A document by its best passage, best first."""
    seen = set()
    for hit in hits:
        if hit.article.id not in seen:
            seen.add(hit.article.id)
            yield hit.article.id, hit.score


def _share(values: Any) -> float | None:
    return _mean(float(value) for value in values)


def _mean(values: Any) -> float | None:
    listed = list(values)
    return statistics.fmean(listed) if listed else None


def _query(row: Mapping[str, Any]) -> Query:
    metadata = row.get("metadata") or {}
    return Query(
        id=str(row["_id"]),
        text=str(row["text"]),
        language=metadata.get("language"),
        answers=tuple(str(answer) for answer in metadata.get("answers") or ()),
        answerable=metadata.get("answerable"),
    )


def by_corpus(datasets: Sequence[Dataset]) -> list[list[Dataset]]:
    """The sets that share a corpus together: they need one library."""
    groups: dict[str, list[Dataset]] = defaultdict(list)
    for dataset in datasets:
        groups[hashlib.sha256(dataset.corpus.read_bytes()).hexdigest()].append(dataset)
    return list(groups.values())


@contextmanager
def library_of(
    corpus: Path | None, *, settings: Settings, encoder: Encoder | None = None, on_progress: OnProgress = lambda _: None
) -> Iterator[Assistant]:
    """A library of a set's corpus, or of the samples, in a temporary folder."""
    with (
        tempfile.TemporaryDirectory(prefix="fundstelle-eval-", ignore_cleanup_errors=True) as folder,
        Assistant(settings.model_copy(update={"library": Path(folder)}), encoder=encoder) as assistant,
    ):
        # Nothing is linked or learned: each document is measured as it is.
        report = assistant.add([corpus] if corpus else (), samples=corpus is None, compare=False, on_progress=on_progress)
        # Real sets have a few empty documents; they cannot be found, which the figures then show.
        if report.count("failed") == len(report.items):
            message = f"{corpus}: no document can be read, the first because: {report.items[0].reason if report.items else 'it is empty'}"
            raise SourceUnreadable(message)
        yield assistant


def results_table(results: Sequence[Result]) -> Table:
    """The figures as a table for the terminal, a row per set."""
    from rich.table import Table

    names = list(results[0].figures) if results else []
    table = Table("dataset", "queries", *names, box=None, pad_edge=False)
    for result in results:
        values = (result.figures[name] for name in names)
        table.add_row(result.dataset, str(result.queries), *("–" if value is None else f"{value:.3f}" for value in values))
    return table


# Calibration


@dataclass(frozen=True, slots=True)
class Example:
    """Evidence with whether it answers. ``group`` is the article that it is about: the split for checking is by article."""

    features: Features
    answerable: bool
    group: str
    dataset: str
    exchanged: bool
    weight: float = 1.0


def calibrate_on(folders: Sequence[Path], *, settings: Settings, on_progress: OnProgress = lambda _: None) -> str:
    """Fit the answerability weights on the questions of ``folders``, write them to ``calibration.json``, say how they do.

    Half of the articles are fitted on, the other half is what the report is about. Besides the sets' own questions it learns from each
    put to the best article alone, and from the questions about the sample articles; it reports too how it does on answerable ones with
    a name or year exchanged for that of another question.
    """
    examples: list[Example] = []
    encoder = load_encoder(settings.embedding, cache=settings.cache)
    for same in by_corpus([read_dataset(folder) for folder in folders]):
        with library_of(same[0].corpus, settings=settings, encoder=encoder, on_progress=on_progress) as assistant:
            for dataset in same:
                found = list(collect_examples(dataset, assistant=assistant, glossary=assistant.glossary, on_progress=on_progress))
                examples += found
                if sum(example.features.meeting == "gloss" for example in found) > len(found) / 2:
                    nothing = Glossary.open((), cache=settings.cache)
                    examples += collect_examples(dataset, assistant=assistant, glossary=nothing, on_progress=on_progress)
    with library_of(None, settings=settings, encoder=encoder, on_progress=on_progress) as assistant:
        examples += collect_examples(
            sample_dataset(assistant), assistant=assistant, glossary=assistant.glossary, on_progress=on_progress
        )
    calibration, report = fit(examples, encoder=encoder_key(encoder.signature))
    write_calibration(calibration)
    return report


def collect_examples(
    dataset: Dataset, *, assistant: Assistant, glossary: Glossary, on_progress: OnProgress = lambda _: None
) -> Iterator[Example]:
    """The evidence of every question of a set, of its answerable ones with a name or number exchanged, and in the best article alone."""
    bare = "" if glossary.languages else ", no dictionary"
    swapped = replace_names(dataset, swap_share=_SWAPPED)
    for part in (dataset, swapped):
        for number, query in enumerate(part.queries, start=1):
            result, finding = _find(query, assistant=assistant, glossary=glossary)
            on_progress(IndexProgress(part.name, number))
            if not finding.features:
                continue
            best = finding.quotes[0].hit.article.id
            answerable = is_answerable(part, query)
            yield Example(finding.features, answerable, _group(best), part.name + bare, exchanged=part is swapped)
            if answerable and best not in part.relevant.get(query.id, ()):
                continue  # alone, the wrong article does not answer; but another than the listed one may
            alone = replace(result, hits=tuple(hit for hit in result.hits if hit.article.id == best))
            found = find_evidence(query.text, alone, encoder=assistant.encoder, glossary=glossary)
            if found.features:
                name = f"{part.name}{bare}, alone"
                yield Example(found.features, answerable, _group(best), name, exchanged=part is swapped, weight=_ALONE_WEIGHT)


def sample_dataset(assistant: Assistant) -> Dataset:
    """The questions about the sample articles, as a set over the library of ``assistant``, which holds them."""
    ids = {Path(article.path or "").name: article.id for article in assistant.articles()}
    listed = sample_questions()
    queries = tuple(
        Query(question.id, question.question, question.language, question.answers, question.article is not None)
        for question in listed
        if question.follows is None
    )
    relevant = {
        question.id: frozenset(ids[name] for name in (question.article, *question.also) if name)
        for question in listed
        if question.article
    }
    return Dataset("samples", Path("samples"), queries, relevant)


def replace_names(dataset: Dataset, *, swap_share: float) -> Dataset:
    """A share of a set's answerable questions with one name or year exchanged for another question's: nothing answers them."""
    chance = random.Random(20230228)  # noqa: S311 - for repeating, not for secrets
    pools: dict[str, list[str]] = defaultdict(list)
    found: list[tuple[Query, list[tuple[str, str]]]] = []
    for query in dataset.queries:
        listed = list(_exchangeable(query))
        for kind, text in listed:
            pools[kind].append(text)
        if listed and is_answerable(dataset, query):
            found.append((query, listed))
    swapped = []
    for query, listed in chance.sample(found, int(len(found) * swap_share)):
        kind, text = chance.choice(listed)
        others = sorted({name for name in pools[kind] if name not in query.text})
        if others:
            exchanged = query.text.replace(text, chance.choice(others), 1)
            swapped.append(Query(f"{query.id}-swapped", exchanged, query.language, (), answerable=False))
    return Dataset(f"{dataset.name} (names exchanged)", dataset.corpus, tuple(swapped), {})


def _exchangeable(query: Query) -> Iterator[tuple[str, str]]:
    """What can be exchanged in a question, with its kind: years, places, and rare names."""
    language = query.language or "en"
    for word in words(query.text):
        if word.text.isdigit() and len(word.text) == 4:
            yield "year", word.text
    for name in question_names(query.text, language=language):
        if any(key.startswith("@") for key in name.keys):
            yield "place", name.text
        elif zipf(name.text.casefold(), language=language) < _RARE_NAME:
            yield "name", name.text


def fit(examples: Sequence[Example], *, encoder: str) -> tuple[Calibration, str]:
    """Weights fitted on half of the groups, and a report on the other half."""
    from sklearn.metrics import roc_auc_score

    fitted = [example for example in examples if _half(example.group)]
    checked = [example for example in examples if not _half(example.group)]
    # The exchanged names are what the premise is there for, the evidence is as good as before.
    whole = [example for example in fitted if not example.exchanged]
    sides = {
        meeting: _weights([example for example in whole if example.features.meeting == meeting], without=without)
        for meeting, without in (("own", frozenset()), ("gloss", frozenset()), ("names", _MEANINGLESS))
    }
    calibration = Calibration(encoder, **sides, threshold=_THRESHOLD)
    lines = [f"fitted on {len(fitted)}, checked on {len(checked)} pieces of evidence about other articles"]
    for dataset in sorted({example.dataset for example in checked}):
        part = [example for example in checked if example.dataset == dataset]
        probabilities = [calibration.probability(example.features) for example in part]
        answered = [probability >= calibration.threshold for probability in probabilities]
        right = sum(answer == example.answerable for answer, example in zip(answered, part, strict=True)) / len(part)
        both = len({example.answerable for example in part}) > 1
        auroc = f", AUROC {roc_auc_score([example.answerable for example in part], probabilities):.3f}" if both else ""
        lines.append(f"{dataset}: {right:.3f} right{auroc}")
    return calibration, "\n".join(lines)


def _weights(examples: Sequence[Example], *, without: frozenset[str]) -> dict[str, float]:
    """Logistic weights (ridge of 1) by feature, on the features' own scales, with the bias; all zero without both kinds of examples."""
    import numpy as np
    from scipy.optimize import minimize

    names = [field.name for field in fields(Features) if field.name not in _NOT_WEIGHED | without]
    labels = np.array([1.0 if example.answerable else -1.0 for example in examples])
    if len(set(labels)) < 2:
        return {"bias": 0.0, **dict.fromkeys(names, 0.0)}
    matrix = np.array([[getattr(example.features, name) for name in names] for example in examples])
    center, spread = matrix.mean(axis=0), np.maximum(matrix.std(axis=0), 1e-6)
    scaled = np.hstack([np.ones((len(matrix), 1)), (matrix - center) / spread])
    importance = np.array([example.weight for example in examples])

    def loss(weights: Any) -> tuple[float, Any]:
        margins = labels * (scaled @ weights)
        slopes = -labels * importance / (1.0 + np.exp(np.clip(margins, -60, 60)))
        value = float((importance * np.logaddexp(0.0, -margins)).sum() + 0.5 * (weights[1:] @ weights[1:]))
        gradient = scaled.T @ slopes
        gradient[1:] += weights[1:]
        return value, gradient

    bounds = [(None, None), *(_SIGNS.get(name, (None, None)) for name in names)]
    weights = minimize(loss, np.zeros(scaled.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B").x
    plain = weights[1:] / spread
    bias = float(weights[0] - plain @ center)
    return {"bias": round(bias, 4), **{name: round(float(weight), 4) for name, weight in zip(names, plain, strict=True)}}


def _group(document: str) -> str:
    """The article that a document is a part of: sets number the parts behind a dash."""
    return re.sub(r"-\d+$", "", document)


def _half(group: str) -> bool:
    return hashlib.sha256(group.encode()).digest()[0] % 2 == 0
