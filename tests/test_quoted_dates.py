"""Dates beside a quote: in the answer's data and in what the command line shows, never in the quote."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assistant import Assistant
from assistant.citations import cite
from assistant.quoted_dates import pieces, with_dates
from assistant.types import Citation
from vectorstore.types import Article, Span


def citation(text: str, *, language: str, published_at: datetime | None = datetime(2023, 2, 23, tzinfo=UTC)) -> Citation:
    """A citation of a whole text of that day."""
    article = Article(
        id="a", text=text, language=language, published_at=published_at,
        published_precision="day" if published_at else None, fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return with_dates(cite(article, Span(0, len(text)), number=1))


@pytest.mark.parametrize(
    ("quote", "article_language", "language", "shown"),
    [
        ("Der Rat tagte am Dienstag.", "de", "de", "Der Rat tagte am Dienstag [21.02.2023]."),
        ("Der Rat tagte am Dienstag.", "de", "en", "Der Rat tagte am Dienstag [21 Feb 2023]."),
        (
            "Im Januar war es still, gestern nicht.",
            "de",
            "de",
            "Im Januar [Januar 2023] war es still, gestern [22.02.2023] nicht.",
        ),
        ("Prices rose last month.", "en", "en", "Prices rose last month [Jan 2023]."),
        ("Prices rose last year.", "en", "de", "Prices rose last year [2022]."),
        ("The board meets next week.", "en", "en", "The board meets next week [27 Feb – 5 Mar 2023]."),
        ("The board met last week.", "en", "de", "The board met last week [13.02.–19.02.2023]."),
    ],
)
def test_dates_stand_behind_their_words(quote: str, article_language: str, language: str, shown: str) -> None:
    """In the reader's way to write them; the quote's own pieces put together are the quote."""
    cited = citation(quote, language=article_language)
    assert "".join(piece for piece, _ in pieces(cited, language=language)) == shown
    assert "".join(piece for piece, is_date in pieces(cited, language=language) if not is_date) == cited.quote == quote


def test_an_undated_article_has_none() -> None:
    """Nothing to count from, nothing said."""
    assert citation("Der Rat tagte am Dienstag.", language="de", published_at=None).dates == ()


def test_an_answer_has_the_dates_of_its_quotes(samples: Assistant) -> None:
    """A sample says "on Tuesday" and "on Wednesday" in the week of the visit; JSON has offsets into the quote and ISO days."""
    answer = samples.ask("How much money will the United States give Central Asian countries?")
    dated = [cited for cited in answer.to_dict()["citations"] if cited["dates"]]
    assert dated
    for cited in dated:
        for mention in cited["dates"]:
            assert cited["quote"][mention["start"] : mention["end"]].strip()
            assert mention["first"] <= mention["last"]
            assert mention["first"].startswith("202")
