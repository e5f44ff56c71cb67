"""Pasted text as an article: what is said of it, what is found in it, what makes it the same article, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.pasted import pasted
from ingest.pipeline import Web, carry_out
from ingest.planned import ItemResult
from ingest.run import Run
from tests.test_kill import HashingEncoder
from vectorstore.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant import Assistant
    from ingest.planned import Planned

WORDS = """The ferry to Tresk was sold on Monday to a shipyard, which wants to use it as a floating school, the council of Skarven said.

Those who live nearby had asked for this since the storm of 2012. A working group met eleven times, the last time in the old school."""


def add(library: Library, planned: Planned) -> ItemResult:
    """Take in what was pasted."""
    (item,) = carry_out([planned], Run(library=library, count_tokens=HashingEncoder().count_tokens), web=Web()).items
    return item


def test_what_is_said_of_it_is_kept(library: Library) -> None:
    """Headline, outlet, author, address and day as given; the words are all there, the headline first, and nothing is fetched."""
    item = add(
        library,
        pasted(
            WORDS,
            title="Ferry  sold",
            url="https://example.org/ferry?utm_source=x",
            source="Post",
            author="I. Tamm",
            published=date(2024, 5, 3),
        ),
    )
    assert item.status == "added"
    assert item.article_id
    article = library.article(item.article_id)
    assert article.text == f"Ferry sold\n\n{WORDS}"
    assert (article.title, article.source, article.author, article.language) == ("Ferry sold", "Post", "I. Tamm", "en")
    assert (article.published_at, article.published_precision) == (datetime(2024, 5, 3, tzinfo=UTC), "day")
    assert article.url == "https://example.org/ferry?utm_source=x"
    assert article.path is None
    again = add(library, pasted(WORDS + " It was rusty.", url="https://example.org/ferry"))
    assert (again.status, again.article_id) == ("updated", item.article_id)


def test_what_is_not_said_is_looked_for(library: Library, lamp: str) -> None:
    """A dateline and a headline are found as in a file of plain text."""
    item = add(library, pasted(lamp))
    assert item.article_id
    article = library.article(item.article_id)
    assert "Lighthouse" in article.title or "Ferry" in article.title
    assert article.published_at == datetime(2023, 5, 4, tzinfo=UTC)
    assert article.published_from == "dateline"


def test_the_same_words_are_one_article(library: Library) -> None:
    """Pasted again, also with other line ends, nothing changes; other words are another article."""
    first = add(library, pasted(WORDS))
    again = add(library, pasted(WORDS.replace("\n", "\r\n") + "\n"))
    assert (again.status, again.article_id) == ("unchanged", first.article_id)
    other = add(library, pasted("Something else altogether was said by the mayor of Brenn about the bridge and its lamps."))
    assert other.article_id != first.article_id
    assert library.count_articles() == 2


@pytest.mark.parametrize(
    ("text", "url", "reason"),
    [
        ("", None, "There is no text. Paste the article's words."),
        (" \n\t\x00 ", None, "There is no text. Paste the article's words."),
        (WORDS, "example.org/ferry", "example.org/ferry is no web address"),
        (WORDS, "javascript:alert(1)", "is no web address"),
        ("x " * 30_000_000, None, "Split"),
    ],
)
def test_what_is_no_article_is_refused(text: str, url: str | None, reason: str) -> None:
    """With the reason and what to do; nothing is raised."""
    refused = pasted(text, url=url)
    assert isinstance(refused, ItemResult)
    assert refused.status == "failed"
    assert reason in refused.reason


def test_odd_characters_do_no_harm(library: Library) -> None:
    """What is no character or steers a terminal is left out."""
    item = add(library, pasted(f"\ud800 {WORDS} \x1b[31m", title="\x1b[2J \ud800"))
    assert item.status == "added"
    assert item.article_id
    article = library.article(item.article_id)
    assert "\x1b" not in article.text + article.title + item.source


def test_pasted_text_answers(open_assistant: Callable[..., Assistant]) -> None:
    """It is found and quoted at once, read again from what was kept, and comes back if it was hidden."""
    assistant = open_assistant()
    items: list[ItemResult] = []
    report = assistant.add_text(WORDS, title="Ferry sold", published=date(2024, 5, 3), on_item=items.append)
    assert items == list(report.items)
    answer = assistant.ask("To whom was the ferry to Tresk sold?")
    assert "shipyard" in answer.citations[0].quote
    assert assistant.extract_again().count("unchanged") == 1
    (article,) = assistant.articles()
    assistant.hide([article.id])
    assert assistant.add_text(WORDS, title="Ferry sold", published=date(2024, 5, 3)).count("added") == 1
    assert assistant.article(article.id).published_at == datetime(2024, 5, 3, tzinfo=UTC)
    assert assistant.add_text("").count("failed") == 1
