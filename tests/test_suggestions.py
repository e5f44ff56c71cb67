"""Questions that are proposed to a new reader: in their language, about what is there, and answered."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from assistant.suggestions import headline_names, shows_well
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assistant import Assistant
    from vectorstore.types import Article

QUAY = """Quellmar shipyard wins contract for two ferries

SKARVEN, 4 May 2023 – The Quellmar shipyard on the northern quay has won a contract to build two electric ferries for the island of Tresk.

Quellmar, which employs ninety people, had been without work since the winter. The first ferry is to sail in June, said its director.
"""

MILL = """Brannholt opens its paper mill to visitors

TRESK, 9 June 2023 – Every Sunday from July on, the paper mill of Brannholt shows how paper was made by hand before the railway came.

The millers of Brannholt have kept two of the old presses in working order. Visitors may keep the sheet that they have made themselves.
"""


def eventually(assistant: Assistant, *, language: str, filters: Filters | None = None, seconds: float = 30) -> list[str]:
    """What is proposed once looking for it is done, or something is found."""
    end = time.monotonic() + seconds
    while not (found := assistant.suggestions(language=language, filters=filters)) and time.monotonic() < end:
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("language", ["en", "de"])
def test_samples_have_questions_of_their_own(samples: Assistant, language: str) -> None:
    """Three in the reader's language, each answered with a quote from an article in another one or its own; other readers get English ones."""
    proposed = samples.suggestions(language=language)
    assert len(proposed) == 3
    for question in proposed:
        answer = samples.ask(question)
        assert answer.language == language
        assert answer.citations
    assert samples.suggestions(language="tr") == samples.suggestions()
    assert samples.suggestions(limit=1) == samples.suggestions()[:1]


def test_any_library_has_questions(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """In either language, about a name of a headline, answered from the article; none once it is hidden; the page never waits long."""
    assistant = open_assistant()
    assert assistant.suggestions() == []
    (tmp_path / "a.txt").write_text(QUAY, "utf-8")
    assistant.add([tmp_path / "a.txt"])
    for language, asked in (("en", "What is"), ("de", "W")):
        proposed = eventually(assistant, language=language)
        assert proposed
        for question in proposed:
            assert question.startswith(asked)
            assert "Quellmar" in question
            assert "Quellmar" in assistant.ask(question).citations[0].quote
        start = time.monotonic()
        assert assistant.suggestions(language=language) == proposed
        assert time.monotonic() - start < 5  # far above what it waits at most, far below what looking may take
    (article,) = assistant.articles()
    assistant.hide([article.id])
    assert assistant.suggestions() == []


@pytest.mark.parametrize("filters", [Filters(language="ru"), Filters(since=date(2023, 9, 1), until=date(2023, 12, 31))])
def test_questions_about_samples_fit_the_filters(samples: Assistant, filters: Filters) -> None:
    """Each that is proposed with them is answered with them, from an article that they leave."""
    proposed = eventually(samples, language="en", filters=filters)
    assert proposed
    for question in proposed:
        assert samples.ask(question, filters=filters).citations
    assert not set(proposed) & set(samples.suggestions())
    assert samples.suggestions(filters=Filters(source="No such outlet")) == []


def test_filters_limit_what_is_looked_for_in_any_library(open_assistant: Callable[..., Assistant]) -> None:
    """A question is about an article that they leave; however many filters are tried, only so many searches are remembered."""
    assistant = open_assistant()
    assistant.add_text(QUAY, source="Skarven Post")
    assistant.add_text(MILL, source="Tresk Mirror")
    found = eventually(assistant, language="en", filters=Filters(source="Tresk Mirror"))
    assert found
    assert all("Brannholt" in question for question in found)
    for day in range(1, 29):
        assistant.suggestions(filters=Filters(since=date(2023, 2, day)))
    assert len(assistant._searches) <= 12 + 3


def test_an_answer_without_a_quote_does_not_show_well(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """It is not proposed, as one without a citation has nothing to show, whatever it says."""
    assistant = open_assistant()
    (tmp_path / "a.txt").write_text(QUAY, "utf-8")
    assistant.add([tmp_path / "a.txt"])
    (article,) = assistant.articles()
    answer = replace(assistant.ask("What is said about Quellmar?"), confidence=None)
    assert shows_well(answer, article)
    assert not shows_well(replace(answer, citations=()), article)


def test_an_assistant_that_closes_stops_looking(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """Closing does not wait for all that could be tried, and what is asked then does no harm."""
    assistant = open_assistant()
    for n in range(12):
        (tmp_path / f"{n}.txt").write_text(QUAY.replace("Quellmar", f"Quellmar{'abcdefghijkl'[n]}n"), "utf-8")
    assistant.add([tmp_path / f"{n}.txt" for n in range(12)])
    assistant.suggestions()
    start = time.perf_counter()
    assistant.close()
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("title", "text", "language", "named"),
    [
        ("Quellmar baut Fähren", "Quellmar baut zwei Fähren.", "de", {"en": ["Quellmar"], "de": ["Quellmar"]}),
        ("Blinkens Reise nach Zentralasien", "Blinken reist.", "de", {"en": ["Blinken"], "de": ["Blinken"]}),
        (
            "Treffen mit Nawalny in Taschkent",
            "Nawalny kam nach Taschkent. Nawalny ging.",
            "de",
            {"en": ["Navalny", "Tashkent"], "de": ["Nawalny", "Taschkent"]},
        ),
        ("Встреча с Лавровым в Ташкенте", "Встреча с Лавровым была короткой.", "ru", {"en": ["Lavrov"], "de": ["Lawrow"]}),
        ("Russia and France agree", "Russia and France agree at last.", "en", {"en": [], "de": []}),
        ("東京で山田が会談", "東京で山田が会談した。", "ja", {"en": ["Tokyo"], "de": ["Tokio"]}),
        ("", "Nothing is known.", "en", {"en": [], "de": []}),
    ],
)
def test_names_of_a_headline(
    title: str, text: str, language: str, named: dict[str, list[str]], make_article: Callable[..., Article]
) -> None:
    """As readers spell them, the most frequent first; without countries, common words, and what readers cannot read."""
    article = make_article("a", f"{title}\n\n{text}", title=title, language=language, fetched_at=datetime(2024, 1, 2, tzinfo=UTC))
    assert {to: headline_names(article, to=to) for to in ("en", "de")} == named
