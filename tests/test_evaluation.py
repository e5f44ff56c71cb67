"""The figures of ``fundstelle eval``, worked out by hand, on sets that the tests write."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistant import Settings, cli
from assistant.evaluation import Dataset, Outcome, Query, evaluate_folders, measure, read_dataset
from vectorstore.errors import SourceNotFound, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vectorstore.indexes import IndexProgress

KEYS = [
    "dataset",
    "queries",
    "ndcg@10",
    "recall@1",
    "recall@5",
    "recall@10",
    "mrr@10",
    "quote_recall",
    "quote_chars",
    "answered",
    "answerable_auroc",
    "abstain_precision",
    "abstain_recall",
    "citations_verbatim",
    "ms_per_query",
]
CORPUS = [
    {
        "_id": "lamp",
        "title": "Lighthouse lit again",
        "text": "The lighthouse at Skarven Point was lit again on Tuesday after eleven years in the dark.",
    },
    {
        "_id": "bus",
        "title": "Bücherbus fährt wieder",
        "text": "Der Bücherbus der Stadtbibliothek Ahlen hält seit Montag wieder in zwölf Dörfern des Ahlentals.",
    },
    {
        "_id": "market",
        "title": "Le marché déménage",
        "text": "Le marché du samedi quitte la place de l’Église pour les quais de Brénac dès le 3 juin.",
    },
]
QUERIES = [
    {
        "_id": "q1",
        "text": "When was the lighthouse at Skarven Point lit again?",
        "metadata": {"answers": ["on Tuesday"], "answerable": True, "language": "en"},
    },
    {
        "_id": "q2",
        "text": "In wie vielen Dörfern hält der Bücherbus?",
        "metadata": {"answers": ["zwölf Dörfern"], "answerable": True, "language": "de"},
    },
    {
        "_id": "q3",
        "text": "Where does the Saturday market of Brénac move?",
        "metadata": {"answers": ["les quais de Brénac"], "answerable": True, "language": "en"},
    },
    {
        "_id": "q4",
        "text": "Who won the Nobel Prize in Literature in 2022?",
        "metadata": {"answers": [], "answerable": False, "language": "en"},
    },
]
QRELS = [("q1", "lamp", 1), ("q2", "bus", 1), ("q3", "market", 1), ("q1", "market", 0)]


def write_set(
    folder: Path,
    *,
    corpus: Sequence[Mapping[str, Any]] = CORPUS,
    queries: Sequence[Mapping[str, Any]] = QUERIES,
    qrels: Sequence[tuple[str, str, int]] = QRELS,
) -> Path:
    """A set in BEIR layout."""
    (folder / "qrels").mkdir(parents=True)
    for name, rows in {"corpus.jsonl": corpus, "queries.jsonl": queries}.items():
        (folder / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in qrels)]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def outcome(
    id_: str,
    *ranking: tuple[str, float],
    answers: tuple[str, ...] = (),
    answerable: bool | None = True,
    answered: bool = True,
    quotes: tuple[str, ...] = (),
    confidence: float | None = None,
    language: str | None = "en",
) -> Outcome:
    """What became of one query."""
    return Outcome(
        query=Query(id_, "?", language, answers, answerable),
        ranking=ranking,
        features=None,
        confidence=confidence,
        answered=answered,
        quotes=quotes,
        verbatim=(True,) * len(quotes),
        seconds=0.02,
    )


def figures(*outcomes: Outcome, relevant: Mapping[str, set[str]]) -> Mapping[str, float | None]:
    """The figures of these outcomes."""
    queries = tuple(one.query for one in outcomes)
    return measure(
        Dataset("s", Path("corpus.jsonl"), queries, {id_: frozenset(ids) for id_, ids in relevant.items()}), outcomes
    ).figures


def test_ranking_figures_by_hand() -> None:
    """First, second, and not found: recall 1/3 at 1 and 2/3 at 5; reciprocal ranks 1, 1/2, 0; gains 1, 1/log2(3), 0."""
    others = [(f"x{n}", 1.0 - n / 100) for n in range(20)]
    found = figures(
        outcome("a", ("d", 3.0), *others),
        outcome("b", ("x", 2.0), ("d", 1.5), *others),
        outcome("c", *others),
        relevant={"a": {"d"}, "b": {"d"}, "c": {"d"}},
    )
    assert (found["recall@1"], found["recall@5"], found["recall@10"]) == (0.3333, 0.6667, 0.6667)
    assert found["mrr@10"] == 0.5
    assert found["ndcg@10"] == round((1 + 1 / math.log2(3)) / 3, 4)


def test_several_relevant_documents() -> None:
    """Recall is the share of them; one of two among the first five is a half."""
    ranking = [("d", 9.0), *((f"x{n}", 8.0 - n) for n in range(5)), ("e", 1.0)]
    found = figures(outcome("a", *ranking), relevant={"a": {"d", "e"}})
    assert (found["recall@1"], found["recall@5"], found["recall@10"]) == (0.5, 0.5, 1.0)


def test_ties_count_against_us() -> None:
    """Among equal scores the relevant document is taken to come last."""
    found = figures(outcome("a", ("d", 1.0), ("x", 1.0), ("y", 1.0)), relevant={"a": {"d"}})
    assert (found["recall@1"], found["mrr@10"]) == (0.0, 0.3333)
    assert figures(outcome("a", ("d", 1.1), ("x", 1.0)), relevant={"a": {"d"}})["recall@1"] == 1.0


def test_a_question_that_finds_nothing_counts_as_a_miss() -> None:
    """An empty ranking is no way out of the mean."""
    found = figures(outcome("a", ("d", 1.0)), outcome("b"), relevant={"a": {"d"}, "b": {"d"}})
    assert (found["recall@1"], found["mrr@10"]) == (0.5, 0.5)


def test_questions_without_judgements_do_not_count_in_the_ranking() -> None:
    """They have no right document to be ranked."""
    found = figures(outcome("a", ("d", 1.0)), outcome("b", ("x", 1.0), answerable=False), relevant={"a": {"d"}})
    assert found["recall@1"] == 1.0
    assert figures(outcome("b", ("x", 1.0), answerable=False), relevant={})["recall@1"] is None


def test_quotes_are_compared_without_case_and_punctuation() -> None:
    """Half of the answerable questions with gold answers are quoted; length is the mean over all questions."""
    found = figures(
        outcome("a", answers=("Eleven Years",), quotes=("after “eleven  years” in the dark",)),
        outcome("b", answers=("1,200 crowns", "1 200"), quotes=("It cost 1 200 crowns.",)),
        outcome("c", answers=("Solheim",), quotes=("Sol heim", "nobody")),
        outcome("d", answers=("one two",), quotes=("one", "two")),
        outcome("e", answers=(), quotes=("without gold",)),
        outcome("f", answers=("eleven",), answerable=False, quotes=("eleven",)),
        relevant={},
    )
    assert found["quote_recall"] == 0.5
    lengths = [33, 21, 8 + 6, 3 + 3, 12, 6]
    assert found["quote_chars"] == round(sum(lengths) / 6, 4)
    assert found["citations_verbatim"] == 1.0


def test_declining_by_hand() -> None:
    """Of four declined three were unanswerable; of four unanswerable three were declined; of three answerable two were answered."""
    found = figures(
        outcome("a", confidence=0.9),
        outcome("b", confidence=0.8),
        outcome("c", confidence=0.3, answered=False),
        outcome("d", answerable=False, confidence=0.6),
        outcome("e", answerable=False, confidence=0.2, answered=False),
        outcome("f", answerable=False, confidence=0.1, answered=False),
        outcome("g", answerable=False, answered=False),
        relevant={},
    )
    assert (found["abstain_precision"], found["abstain_recall"], found["answered"]) == (0.75, 0.75, 0.6667)
    # Of the 12 pairs of an answerable and an unanswerable question one is the wrong way round: .3 and .6.
    assert found["answerable_auroc"] == round(11 / 12, 4)


def test_what_a_set_cannot_tell_is_none() -> None:
    """Without unanswerable questions nothing can be said of declining, without gold answers nothing of quotes."""
    found = figures(outcome("a", ("d", 1.0), confidence=0.9), relevant={"a": {"d"}})
    assert [found[name] for name in ("quote_recall", "answerable_auroc", "abstain_precision", "abstain_recall")] == [None] * 4
    assert found["answered"] == 1.0
    assert figures(relevant={})["recall@1"] is None


def test_answerable_by_its_judgements_where_a_set_does_not_say() -> None:
    """A question with a relevant document is answerable."""
    found = figures(
        outcome("a", ("d", 1.0), answerable=None), outcome("b", answerable=None, answered=False), relevant={"a": {"d"}}
    )
    assert (found["answered"], found["abstain_recall"]) == (1.0, 1.0)


def test_languages_only_group() -> None:
    """Several languages of questions give the figures of each as well; one does not."""
    both = [outcome("a", ("d", 1.0)), outcome("b", ("x", 1.0), language="de")]
    dataset = Dataset("s", Path("corpus.jsonl"), tuple(one.query for one in both), {"a": frozenset({"d"}), "b": frozenset({"d"})})
    document = measure(dataset, both).to_dict()
    assert {language: part["recall@1"] for language, part in document["by_language"].items()} == {"de": 0.0, "en": 1.0}
    assert list(measure(dataset, both[:1]).to_dict()) == KEYS


def test_a_set_is_read(tmp_path: Path) -> None:
    """Its name is the folder's; a judgement of 0 is none."""
    dataset = read_dataset(write_set(tmp_path / "tiny"))
    assert (dataset.name, len(dataset.queries)) == ("tiny", 4)
    assert dataset.relevant == {"q1": {"lamp"}, "q2": {"bus"}, "q3": {"market"}}
    assert dataset.queries[0] == Query("q1", QUERIES[0]["text"], "en", ("on Tuesday",), answerable=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_missing_file_is_named(missing: str, tmp_path: Path) -> None:
    """The error says which file, and what a set consists of."""
    folder = write_set(tmp_path / "tiny")
    (folder / missing).unlink()
    with pytest.raises(SourceNotFound, match=rf"{missing} is missing: .*queries\.jsonl"):
        read_dataset(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("queries.jsonl", "{broken"),
        ("queries.jsonl", '{"text": "no id"}'),
        ("qrels/test.tsv", "query\tdoc\nq1\tlamp\n"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\tlamp\thigh\n"),
    ],
)
def test_a_broken_file_is_an_error_of_the_set(name: str, content: str, tmp_path: Path) -> None:
    """It names the folder."""
    folder = write_set(tmp_path / "tiny")
    (folder / name).write_text(content, "utf-8")
    with pytest.raises(SourceUnreadable, match="tiny is not in BEIR layout"):
        read_dataset(folder)


def test_a_set_end_to_end(loaded_once: None, tmp_path: Path, shared_cache: Path) -> None:
    """Built through the ordinary ingest path and asked: every document is found first and quoted, the odd question declined."""
    folder = write_set(tmp_path / "tiny")
    told: list[IndexProgress] = []
    (result,) = evaluate_folders([folder], settings=Settings(library=tmp_path / "library"), on_progress=told.append)
    document = result.to_dict()
    assert [key for key in document if key != "by_language"] == KEYS
    assert (document["dataset"], document["queries"]) == ("tiny", 4)
    for name in ("ndcg@10", "recall@1", "mrr@10", "quote_recall", "answerable_auroc", "abstain_recall", "citations_verbatim"):
        assert document[name] == 1.0, name
    assert 0 < document["quote_chars"] <= 900
    assert 0 < document["ms_per_query"] < 5_000
    assert set(document["by_language"]) == {"de", "en"}
    assert told[-1].articles == 4
    assert not (tmp_path / "library").exists(), "the library is a temporary one"


def test_sets_with_one_corpus_keep_their_order(loaded_once: None, tmp_path: Path) -> None:
    """They share a library; each is reported by its own name, in the order that was asked for."""
    first, second = write_set(tmp_path / "b", queries=QUERIES[:1]), write_set(tmp_path / "a")
    third = write_set(tmp_path / "c", corpus=CORPUS[:1], queries=QUERIES[:1], qrels=QRELS[:1])
    results = evaluate_folders([first, third, second], settings=Settings(library=tmp_path / "library"))
    assert [(result.dataset, result.queries) for result in results] == [("b", 1), ("c", 1), ("a", 4)]


def test_the_command(
    loaded_once: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``fundstelle eval --json`` is one document by the contract; without ``--json`` a table; a folder that is no set exits 1."""
    folder = write_set(tmp_path / "tiny", queries=QUERIES[:1])

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fundstelle", "eval", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    code, out, err = run("--json", str(folder))
    document = json.loads(out)
    assert (code, list(document)) == (0, ["schema", "datasets"])
    assert [list(one) for one in document["datasets"]] == [KEYS]
    assert err == ""
    code, out, _ = run(str(folder))
    assert code == 0
    assert "recall@1" in out
    code, out, err = run("--json", str(tmp_path / "nowhere"))
    assert (code, out) == (1, "")
    assert "corpus.jsonl" in err
