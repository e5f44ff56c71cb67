"""Articles that contradict each other are named together, newest first, and only when it is sure; the newest of equally good quotes comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from assistant.disagreement import order_by_disagreement
from assistant.evidence import Evidence
from vectorstore.types import Article, Hit, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assistant import Assistant


def quotes(*said: tuple[str, str, float], language: str = "en") -> list[Evidence]:
    """Quotes of one article each: its day, its words, its score."""
    listed = []
    for number, (day, text, score) in enumerate(said):
        article = Article(
            id=f"a{number}", text=text, language=language, published_at=datetime.fromisoformat(day).replace(tzinfo=UTC),
            published_precision="day", fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        span = Span(0, len(text))
        passage = Passage(article_id=article.id, version=article.version, start=0, end=len(text), sentences=(span,))
        hit = Hit(passage=passage, article=article, score=score, cosine=score, sentence_scores=(score,))
        listed.append(Evidence(hit=hit, span=span, score=score))
    return listed


def ordered(question: str, *said: tuple[str, str, float], language: str = "en", about: str = "people") -> tuple[list[int], bool]:
    """The quotes' numbers in the order in which they are given, and whether the articles disagree."""
    listed = quotes(*said, language=language)
    found, disagree = order_by_disagreement(
        listed, question=question, language=language, asks_about=lambda _, words: about in words
    )
    return [listed.index(quote) for quote in found], disagree


@pytest.mark.parametrize(
    ("question", "older", "newer"),
    [
        ("How many people were hurt in Dornau?", "The fire hurt 14 people in Dornau.", "Nine people were hurt in Dornau."),
        ("How much did the mill cost?", "Dornau’s mill cost €3 million.", "In Dornau the mill was sold for 2.5 million euros."),
        ("When does the mill open?", "The mill in Dornau opens on 3 May.", "In Dornau the mill is to open on 24 April."),
    ],
)
def test_different_answers_come_in_the_order_of_their_dates(question: str, older: str, newer: str) -> None:
    """The better scored older article comes second, for the newer one knows more."""
    assert ordered(question, ("2023-03-01", older, 0.9), ("2023-03-05", newer, 0.87)) == ([1, 0], True)


@pytest.mark.parametrize(
    ("days", "second", "score", "order"),
    [
        (("2023-03-01", "2023-03-05"), "In Dornau the mill is open again.", 0.89, [1, 0]),
        (("2023-03-05", "2023-03-01"), "In Dornau the mill is open again.", 0.89, [0, 1]),
        (("2023-03-01", "2023-03-05"), "In Dornau the mill is open again.", 0.87, [0, 1]),
        (("2023-03-01", "2023-03-05"), "In Kelm the mill is open again.", 0.89, [0, 1]),
    ],
)
def test_the_newest_of_equally_good_quotes_of_a_story_comes_first(
    days: tuple[str, str], second: str, score: float, order: list[int]
) -> None:
    """Not one that answers less well, nor one that is about something else."""
    said = ("The mill in Dornau has burned down.", second)
    asked = "What about the mill in Dornau?"
    assert ordered(asked, (days[0], said[0], 0.9), (days[1], said[1], score)) == (order, False)


def test_an_undated_article_is_neither_newer_nor_older() -> None:
    """Its quote keeps its place."""
    dated, undated = quotes(("2023-03-05", "The mill in Dornau burned.", 0.89), ("2023-03-01", "In Dornau a mill burned.", 0.9))
    undated = replace(undated, hit=replace(undated.hit, article=replace(undated.hit.article, published_at=None)))
    for listed in ([undated, dated], [replace(dated, score=0.91), undated]):
        found, disagree = order_by_disagreement(
            listed, question="What burned in Dornau?", language="en", asks_about=lambda *_: True
        )
        assert (found, disagree) == (listed, False)


def test_of_several_sentences_the_best_one_decides() -> None:
    """A quote goes on with other figures: the one in the sentence that answers is what the others contradict."""
    old, new = quotes(
        ("2023-03-01", "The damage in Dornau is put at €4 million.", 0.9),
        ("2023-03-05", "The damage in Dornau is €6.5 million. Aid of €2,500 goes to each household.", 0.89),
    )
    asked = "How much is the damage in Dornau?"
    whole, best = (
        order_by_disagreement([old, quote], question=asked, language="en", asks_about=lambda *_: True)
        for quote in (new, replace(new, best=Span(0, new.text.index("Aid") - 1)))
    )
    assert whole[1] is False
    assert best[1] is True


@pytest.mark.parametrize(
    ("question", "one", "other", "score"),
    [
        ("How many people were hurt?", "The fire hurt 14 people.", "Fourteen people were hurt.", 0.89),
        ("How many people were hurt?", "About 2,300 people were hurt.", "2,310 people were hurt.", 0.89),
        ("How many people were hurt?", "The fire hurt 14 people.", "The fire burned for 9 hours.", 0.89),
        ("How many people were hurt?", "The fire hurt 14 people, 3 people badly.", "Nine people were hurt.", 0.89),
        ("How many people were hurt?", "The fire hurt 14 people.", "Nine people were hurt.", 0.7),
        ("Who was hurt?", "The fire hurt 14 people.", "Nine people were hurt.", 0.89),
        ("How much did it cost?", "It cost €3 million.", "It cost $2 million.", 0.89),
        ("When does it open?", "It opens on 3 May.", "It opens on Wednesday.", 0.89),
        ("When does it open?", "It opens on 3 May.", "On 1 March the mayor said it opens on 4 May.", 0.89),
    ],
)
def test_what_may_agree_keeps_its_order(question: str, one: str, other: str, score: float) -> None:
    """The same number, a rough one, other things, several at once, a far worse quote, another currency, another question."""
    assert ordered(question, ("2023-03-05", one, 0.9), ("2023-03-01", other, score)) == ([0, 1], False)


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("How many people were hurt?", "The fire in Dornau hurt 14 people.", "In Kelm nine people were hurt by smoke."),
        ("How many people were hurt?", "In Paris a fire hurt 14 people.", "Nine people were hurt in Paris when a tram braked."),
    ],
)
def test_other_events_are_no_contradiction(question: str, one: str, other: str) -> None:
    """What a question leaves open, articles on two fires may answer differently; a place that is often in the news makes them no one story."""
    assert ordered(question, ("2023-03-01", one, 0.9), ("2023-03-05", other, 0.89)) == ([0, 1], False)


def test_one_article_does_not_contradict_itself() -> None:
    """Two figures of one article are two things."""
    first, second = quotes(("2023-03-05", "It hurt 14 people.", 0.9), ("2023-03-01", "It hurt 9 people.", 0.89))
    same = Evidence(hit=first.hit, span=second.span, score=second.score)
    found, disagree = order_by_disagreement([first, same], question="How many people?", language="en", asks_about=lambda *_: True)
    assert (found, disagree) == ([first, same], False)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many people were hurt in the fire at the Dornau mill?", "The articles disagree (newest first):"),
        (
            "Wie viele Menschen wurden beim Brand der Mühle in Dornau verletzt?",
            "Die Artikel widersprechen sich (der neueste zuerst):",
        ),
    ],
)
def test_an_answer_names_both_in_date_order(
    question: str, said: str, open_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    """Two days, two figures: both are quoted, the last day first, and the answer says that they disagree."""
    language = "de" if said.startswith("Die") else "en"
    texts = {
        "en": ("The fire at the Dornau mill hurt {} people, the fire brigade said.", ("nine", "14")),
        "de": ("Beim Brand der Mühle in Dornau wurden {} Menschen verletzt, sagte die Feuerwehr.", ("neun", "14")),
    }
    sentence, figures = texts[language]
    for day, figure in zip(("2023-03-01", "2023-03-05"), figures, strict=True):
        body = f"---\ntitle: Dornau {figure}\nlanguage: {language}\ndate: {day}\n---\n{sentence.format(figure)}\n"
        (tmp_path / f"{day}.md").write_text(body, "utf-8")
    assistant = open_assistant()
    assistant.add([tmp_path / "2023-03-01.md", tmp_path / "2023-03-05.md"])
    answer = assistant.ask(question)
    assert not answer.abstained, answer.text
    assert answer.text.startswith(said)
    assert [cited.published_at.day for cited in answer.citations if cited.published_at] == [5, 1]
    assert all(answer.text[sentence.start : sentence.end].endswith("]") for sentence in answer.sentences)
