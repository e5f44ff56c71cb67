"""Questions that are proposed to a new reader: in their language, about what is there, and answered."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from assistant.suggestions import headline_names, shows_well

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assistant import Assistant
    from vectorstore.types import Article

QUAY = """Quellmar shipyard wins contract for two ferries

SKARVEN, 4 May 2023 – The Quellmar shipyard on the northern quay has won a contract to build two electric ferries for the island of Tresk.

Quellmar, which employs ninety people, had been without work since the winter. The first ferry is to sail in June, said its director.
"""


def eventually(assistant: Assistant, *, language: str, seconds: float = 30) -> list[str]:
    """What is proposed once looking for it is done, or something is found."""
    end = time.monotonic() + seconds
    while not (found := assistant.suggestions(language=language)) and time.monotonic() < end:
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
