"""Articles, passages, hits and filters: offsets, versions, ids and periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from vectorstore.types import Filters, Hit, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from vectorstore.types import Article


def test_a_span_is_a_slice_in_code_points() -> None:
    """Characters outside the basic plane count as one."""
    text = "🌊 flood"
    assert Span(2, 7).slice(text) == "flood"
    assert len(Span(2, 7)) == 5


@given(text=st.text(), other=st.text())
def test_equal_words_have_equal_versions(make_article: Callable[..., Article], text: str, other: str) -> None:
    """A version names the words alone, even odd ones; nothing else of the article changes it."""
    article = make_article("a", text)
    assert article.version == replace(article, id="b", title="Other", language="de").version
    assert (article.version == replace(article, text=other).version) == (text == other)


def test_a_lone_surrogate_has_a_version(make_article: Callable[..., Article]) -> None:
    """Text that cannot be written as UTF-8 still has a version."""
    assert len(make_article("a", "bad \ud800 text").version) == 64


def test_passage_ids_name_article_version_and_span() -> None:
    """The same place has the same id whatever its sentences; any other place has another."""
    passage = Passage(article_id="a", version="v", start=0, end=9, sentences=(Span(0, 9),))
    assert passage.id == replace(passage, sentences=()).id
    changed = [
        replace(passage, article_id="b"),
        replace(passage, version="w"),
        replace(passage, start=1),
        replace(passage, end=8),
    ]
    assert len({passage.id, *(other.id for other in changed)}) == 5


def test_a_hit_shows_its_passage(make_article: Callable[..., Article]) -> None:
    """A hit's text is the slice of its article."""
    article = make_article("a", "First line.\nSecond line.")
    passage = Passage(article_id="a", version=article.version, start=12, end=24, sentences=())
    assert Hit(passage=passage, article=article, score=1.0, cosine=0.9, sentence_scores=()).text == "Second line."


def test_periods_are_whole_days_in_utc() -> None:
    """Both ends of a period are inclusive days."""
    first, last = Filters(since=date(2023, 2, 1), until=date(2023, 2, 28)).period()
    assert first == datetime(2023, 2, 1, tzinfo=UTC)
    assert last == datetime(2023, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
    assert Filters().period() == (None, None)


def test_filters_know_whether_they_filter() -> None:
    """Undated articles alone are no filter: without a period they are in anyway."""
    assert not Filters().any
    assert not Filters(undated=True).any
    assert all(filters.any for filters in (Filters(language="de"), Filters(source="Post"), Filters(until=date(2023, 1, 1))))
