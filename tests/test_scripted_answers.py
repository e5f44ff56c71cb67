"""A chat model answers all sample questions, truthfully and lying: what is true is supported, what is false is marked, every citation is verbatim.

End to end over real HTTP, as ``tests/benchmarks/chat.py`` runs it for the table of docs/benchmarks.md; the sentences stand in ``model_answers.jsonl``.
"""

from __future__ import annotations

import shutil
from statistics import median
from typing import TYPE_CHECKING

import pytest

from assistant import Assistant
from ingest.samples import sample_questions
from tests.benchmarks.chat import WRONG_MARKERS, Interview, Told, rate, read_sheets, settings_for
from tests.chat_server import ChatServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.chat import Judged

COMPARED = WRONG_MARKERS | {"number", "date", "name", "negation", "quotation", "opposite"}
"""What can be compared with what a source says. The other kinds say something near to it, or of somebody else."""


@pytest.fixture(scope="module")
def told(samples: Assistant, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Told], list[Told]]:
    """The truthful answers and the lying ones; needs the German dictionary, as the figures do."""
    if "de" not in samples.glossary.languages:
        pytest.skip("needs the German-English dictionary (dict-freedict-deu-eng)")
    library = tmp_path_factory.mktemp("scripted") / "library"
    shutil.copytree(samples.settings.library, library)
    with ChatServer() as server, Assistant(settings_for(server, library=library)) as assistant:
        interview, sheets = Interview(assistant, server), read_sheets()
        truths = [interview.truth(sheet) for sheet in sheets]
        return truths, [interview.lies(sheet) for sheet in sheets if sheet.lies]


def judged(answers: Sequence[Told]) -> list[Judged]:
    """All of their sentences."""
    return [each for one in answers for each in one.judged]


def test_every_answerable_question_is_answered(told: tuple[list[Told], list[Told]]) -> None:
    """Nearly every true sentence has its passage before the model, and no answer falls back on quotes."""
    truths, _ = told
    assert len(truths) == sum(question.quote is not None for question in sample_questions())
    assert sum(len(one.unseen) for one in truths) <= 2
    assert not [one.answer.notice for one in truths if one.answer.notice]


def test_true_sentences_are_supported(told: tuple[list[Told], list[Told]]) -> None:
    """At least 95 % of them, in five languages."""
    true = judged(told[0])
    assert len(true) >= 80
    assert rate(true) >= 0.95


def test_false_sentences_are_marked(told: tuple[list[Told], list[Told]]) -> None:
    """At least 90 % of those that change what can be compared, or name the wrong source, in German and English; 87 % of all kinds of lies."""
    false = judged(told[1])
    compared = [each for each in false if each.said.kind in COMPARED]
    for language in ("de", "en"):
        assert len([each for each in compared if each.said.question.language == language]) >= 60
    assert rate(compared) >= 0.90
    assert rate(false) >= 0.87


@pytest.mark.parametrize("kind", ["number", "date", "quotation", *sorted(WRONG_MARKERS)])
def test_what_is_nowhere_in_the_source_is_caught(told: tuple[list[Told], list[Told]], kind: str) -> None:
    """Other numbers and dates, altered quotations and wrong markers pass in one case of ten at most; a wrong marker may be corrected instead."""
    these = [each for each in judged(told[1]) if each.said.kind == kind]
    assert len(these) >= 14
    assert rate(these) >= 0.9


def test_every_citation_is_verbatim(told: tuple[list[Told], list[Told]], samples: Assistant) -> None:
    """Each quote is the slice of the version that it names, whatever the model said; and what is marked cites nothing."""
    answers = [one.answer for answers in told for one in answers]
    citations = [citation for answer in answers for citation in answer.citations]
    assert len(citations) >= 100
    for citation in citations:
        article = samples.article(citation.article_id, version=citation.version)
        assert citation.verbatim
        assert article.text[citation.start : citation.end] == citation.quote
    for answer in answers:
        assert not [each for each in answer.sentences if each.citations and each.support in {"unsupported", "uncited"}]


def test_the_first_words_leave_at_once(told: tuple[list[Told], list[Told]]) -> None:
    """Half of the answers begin within half a second of the model's first words; ``tests/benchmarks/chat.py`` says how soon."""
    delays = [one.delay for answers in told for one in answers if one.delay is not None]
    assert len(delays) >= 20
    assert median(delays) < 0.5
