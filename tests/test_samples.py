"""The sample articles and questions: what the page, the tests and the README may rely on."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from ingest.samples import example_questions, sample_paths, sample_questions
from vectorstore.types import Article, Span

if TYPE_CHECKING:
    from assistant import Assistant
    from ingest.samples import SampleQuestion

ANSWERED = [question for question in sample_questions() if question.article]


@pytest.fixture(scope="module")
def articles(samples: Assistant) -> dict[str, Article]:
    """The sample articles as the library has them, by file name."""
    return {PurePath(article.path or "").name: article for article in samples.articles()}


def body(article: Article) -> str:
    """The words of an article outside furniture, with single spaces."""
    pieces, at = [], 0
    for mark in article.furniture:
        pieces.append(article.text[at : mark.start])
        at = mark.end
    return " ".join(" ".join([*pieces, article.text[at:]]).split())


def test_there_are_enough_of_every_kind(articles: dict[str, Article]) -> None:
    """At least 24 articles as files of three kinds, in German, English, French and two more languages, every one added."""
    assert len(sample_paths()) >= 24
    assert {path.name for path in sample_paths()} == set(articles)
    assert {path.suffix for path in sample_paths()} == {".txt", ".html", ".md"}
    languages = Counter(article.language for article in articles.values())
    assert {"de", "en", "fr"} < set(languages)
    assert len(languages) >= 5


def test_they_read_like_news(articles: dict[str, Article]) -> None:
    """Each has a headline, an outlet, a date and 150 to 600 words."""
    for name, article in articles.items():
        words = len(body(article).split())
        assert 140 <= words <= 620, f"{name} has {words} words"
        assert article.title, name
        assert article.source, name
        assert article.published_at, name
        assert article.sample, name


def test_some_come_with_page_furniture(articles: dict[str, Article]) -> None:
    """Several are pages as they are saved, and what is not the article is marked with a reason."""
    marked = [article for article in articles.values() if article.furniture]
    assert len(marked) >= 8
    assert all(mark.reason for article in marked for mark in article.furniture)


def test_one_agency_text_stands_in_two_outlets(articles: dict[str, Article]) -> None:
    """A pair of articles in different outlets shares most of its words."""
    sentences = {name: set(re.split(r"(?<=[.!?])\s+", body(article))) for name, article in articles.items()}
    pairs = [
        (one, other)
        for one in articles
        for other in articles
        if one < other
        and articles[one].source != articles[other].source
        and len(sentences[one] & sentences[other]) >= 0.5 * min(len(sentences[one]), len(sentences[other]))
    ]
    assert pairs == [("de-nordkueste-hafenstreik.txt", "de-rheinwarte-hafenstreik.html")]


@pytest.mark.parametrize("asked", ["q030", "q033"])
def test_two_articles_contradict_each_other_in_a_figure(asked: str, articles: dict[str, Article]) -> None:
    """On the flood of Wehlsdorf two outlets have different figures, each has only its own, and both are listed as answers."""
    question = next(question for question in ANSWERED if question.id == asked)
    names = [question.article or "", *question.also]
    assert len({articles[name].source for name in names}) == len(names) == len(question.answers) == 2
    found = [[answer for answer in question.answers if re.search(rf"\b{answer}\b", body(articles[name]))] for name in names]
    assert found == [[answer] for answer in question.answers]


def test_question_ids_and_languages() -> None:
    """Ids are unique, at least five languages ask, and a follow-up follows a question that is there."""
    questions = sample_questions()
    by_id = {question.id: question for question in questions}
    assert len(by_id) == len(questions) >= 60
    assert len({question.language for question in questions}) >= 5
    assert all(question.follows in by_id for question in questions if question.follows)
    assert sum(question.article is None for question in questions) >= 20
    assert sum(question.follows is not None for question in questions) >= 10


def test_most_questions_are_in_another_language_than_their_article(articles: dict[str, Article]) -> None:
    """The main case is asked for: question and article in different languages."""
    across = [question for question in ANSWERED if question.language != articles[question.article or ""].language]
    assert len(across) >= len(ANSWERED) / 2


@pytest.mark.parametrize("question", ANSWERED, ids=lambda question: question.id)
def test_its_quote_can_be_cited(question: SampleQuestion, articles: dict[str, Article], samples: Assistant) -> None:
    """The quote stands verbatim in the article, outside furniture, within neighbouring sentences of one passage, with the answers in it."""
    assert question.article
    assert question.quote
    assert set(question.also) <= set(articles) - {question.article}
    article = articles[question.article]
    pattern = re.compile(r"\s+".join(map(re.escape, question.quote.split())))
    places = [Span(match.start(), match.end()) for match in pattern.finditer(article.text)]
    assert places, "the quote is not in the text"
    place = places[0]
    assert not any(mark.start < place.end and place.start < mark.end for mark in article.furniture)
    holding = [
        passage for passage in samples.library.passages(article) if passage.start <= place.start and place.end <= passage.end
    ]
    assert len(holding) == 1
    sentences = [span for span in holding[0].sentences if span.start < place.end and place.start < span.end]
    assert 1 <= len(sentences) <= 3
    assert sentences[0].start <= place.start
    assert place.end <= sentences[-1].end
    assert question.answers[0] in question.quote
    read = [body(articles[name]) for name in (question.article, *question.also)]
    assert all(any(answer in text for text in read) for answer in question.answers)


def test_examples_for_a_first_visit_are_answered() -> None:
    """The three questions that the page proposes have an answer and stand alone."""
    examples = example_questions()
    assert len(examples) == 3
    assert all(example.article and example.follows is None for example in examples)
    assert len({example.article for example in examples}) == 3
