"""Within a conversation a place in an article has one number, and a number one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from assistant.citations import cite
from assistant.numbering import REMEMBERED_TURNS, Numbering, cited_before
from assistant.types import Turn
from vectorstore.types import Article, Span

ARTICLE = Article(
    id="a", text="The lamp was lit. The ferry runs. She paid.", language="en", fetched_at=datetime(2024, 1, 2, tzinfo=UTC)
)
LAMP, FERRY, PAID = Span(0, 17), Span(18, 33), Span(34, 43)


def test_without_a_conversation_numbers_start_at_one() -> None:
    """In the order in which they are asked for; the same place again is the same number."""
    numbering = Numbering()
    assert [numbering.number(ARTICLE, span) for span in (FERRY, LAMP, FERRY)] == [1, 2, 1]


def test_a_place_keeps_its_number_and_new_ones_follow() -> None:
    """Gaps are not filled: a number that was given once means what it meant."""
    numbering = Numbering([cite(ARTICLE, LAMP, number=2), cite(ARTICLE, FERRY, number=5)])
    assert [numbering.number(ARTICLE, span) for span in (PAID, FERRY, LAMP)] == [6, 5, 2]


def test_another_version_of_an_article_is_another_place() -> None:
    """Its words at the same offsets may be others."""
    numbering = Numbering([cite(ARTICLE, LAMP, number=1)])
    assert numbering.number(replace(ARTICLE, text=f"{ARTICLE.text} Twice a day."), LAMP) == 2
    assert numbering.number(ARTICLE, Span(0, 16)) == 3


def test_of_two_numbers_for_a_place_the_first_counts() -> None:
    """As where a program that kept no citations for a while takes the conversation up again."""
    numbering = Numbering([cite(ARTICLE, LAMP, number=1), cite(ARTICLE, LAMP, number=4)])
    assert [numbering.number(ARTICLE, span) for span in (LAMP, FERRY)] == [1, 5]


def test_only_so_many_turns_are_remembered() -> None:
    """The oldest are let go; what they cited gets a new number and never that of something else."""
    history = [Turn("?", "!", (cite(ARTICLE, LAMP, number=1),)), Turn("?", "!", (cite(ARTICLE, FERRY, number=2),))]
    history += [Turn("?")] * (REMEMBERED_TURNS - 1)
    assert [citation.number for citation in cited_before(history)] == [2]
    assert Numbering(cited_before(history)).number(ARTICLE, LAMP) == 3
