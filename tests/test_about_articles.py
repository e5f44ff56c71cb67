"""Questions about articles themselves: which they are, and that they are answered by what the library knows of the article."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from assistant import Turn
from assistant.about_articles import AboutArticle, asked_about_article, tell
from vectorstore.types import Article, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assistant import Assistant
    from assistant.about_articles import Matter

ASKED: dict[Matter, list[tuple[str, str]]] = {
    "author": [
        ("Who wrote the article about the lamp of Skarven?", "the lamp of Skarven"),
        ("Who is the author of this report?", ""),
        ("Wer hat den Artikel über den Bücherbus geschrieben?", "den Bücherbus"),
        ("Von wem stammt der Text?", ""),
    ],
    "date": [
        ("When was the story on the ferry published?", "the ferry"),
        ("When was this published?", ""),
        ("Wann ist der Bericht über die Fähre erschienen?", "die Fähre"),
        ("Von wann ist die Meldung?", ""),
    ],
    "outlets": [
        ("Which newspapers report on the ferry?", "the ferry"),
        ("Welche Zeitungen berichten über die Fähre?", "die Fähre"),
        ("Wer berichtet über die Fähre?", "die Fähre"),
    ],
    "gist": [
        ("What is this article about?", ""),
        ("What is it about?", ""),
        ("Summarise the report about the ferry.", "the ferry"),
        ("Worum geht es in dem Artikel über die Fähre?", "die Fähre"),
        ("Fasse den Bericht bitte zusammen!", ""),
    ],
}


@pytest.mark.parametrize(
    ("matter", "question", "topic"), [(matter, *each) for matter, listed in ASKED.items() for each in listed]
)
def test_what_is_asked_of_an_article(matter: Matter, question: str, topic: str) -> None:
    """Author, day, outlets or gist, and the words that say which article is meant."""
    asked = asked_about_article(question)
    assert asked is not None
    assert (asked.matter, asked.topic) == (matter, topic)


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote the letter to the mayor?",
        "Who wrote it?",
        "When was the report on the dyke handed to the minister?",
        "What does the article say about the ferry?",
        "Which newspaper reported that the ferry sank?",
        "When was the book published?",
        "What is the strike about?",
        "Worum geht es bei dem Streik?",
        "Wer hat den Brief geschrieben?",
        "Welche Zeitung wurde verkauft?",
        "",
    ],
)
def test_what_articles_tell_is_not_about_them(question: str) -> None:
    """Letters, books and strikes are matter of articles, and so is what they say about something."""
    assert asked_about_article(question) is None


def article_of(*sentences: str, author: str) -> tuple[Article, list[Passage]]:
    """An article of these sentences, a paragraph each, in one passage."""
    text, spans = "", []
    for sentence in sentences:
        text += "\n\n" if text else ""
        spans.append(Span(len(text), len(text) + len(sentence)))
        text += sentence
    article = Article(
        id="a", text=text, language="en", source="Dornau Echo", published_at=datetime(2023, 3, 5, 9, tzinfo=UTC), published_precision="day",
        fetched_at=datetime(2024, 1, 1, tzinfo=UTC), author=author,
    )  # fmt: skip
    passage = Passage(article_id="a", version=article.version, start=0, end=len(text), sentences=tuple(spans))
    return article, [passage]


MILL = ("Mill burns in Dornau", "By Hester Lowe", "The mill of Dornau burned down on Sunday.", "Nobody was hurt.")


def told(matter: Matter, *sentences: str, author: str = "") -> tuple[str, list[str]]:
    """What is said before the quotes, and the quotes."""
    article = article_of(*sentences, author=author)
    found = tell(AboutArticle(matter, "", "en"), [article], language="en")
    return found.lead, [span.slice(article[0].text) for _, span in found.quotes]


def test_the_author_is_quoted_or_told() -> None:
    """From the byline where the article has one, else as the library has it, with the headline as evidence of which article it is."""
    assert told("author", *MILL, author="Hester Lowe") == ("", ["By Hester Lowe"])
    assert told("author", *MILL) == ("", ["By Hester Lowe"])
    assert told("author", MILL[0], *MILL[2:], author="Hester Lowe") == (
        "Written by Hester Lowe (Dornau Echo, 5 Mar 2023):",
        [MILL[0]],
    )
    lead, quotes = told("author", MILL[0], *MILL[2:])
    assert lead.startswith("The library knows no author")
    assert quotes == [MILL[0]]


def test_the_day_is_told_as_far_as_it_is_known() -> None:
    """With the outlet."""
    assert told("date", *MILL) == ("Published 5 Mar 2023 (Dornau Echo):", [MILL[0]])


def test_the_gist_is_the_beginning_without_the_byline() -> None:
    """Headline and first sentences, in one piece where they follow each other."""
    assert told("gist", *MILL) == ("", [MILL[0], f"{MILL[2]}\n\n{MILL[3]}"])


def test_an_article_is_found_by_what_it_is_about(samples: Assistant) -> None:
    """Of several in the library, in another language too; what none is about is declined."""
    answer = samples.ask("When was the article about the night train published?")
    assert not answer.abstained
    assert "Published" in answer.text
    assert all(citation.verbatim for citation in answer.citations)
    assert "Nacht" in answer.citations[0].title or "nuit" in answer.citations[0].title
    declined = samples.ask("Wer hat den Artikel über Bratislawa geschrieben?")
    assert declined.abstained
    assert "Bratislawa" in declined.text


def test_outlets_that_report_are_named(samples: Assistant) -> None:
    """Each with its day, and its beginning as evidence."""
    answer = samples.ask("Which newspapers report on the strike in Bremerhaven?")
    assert answer.text.startswith("Reported by ")
    assert len({citation.source for citation in answer.citations}) >= 2
    assert all(citation.source in answer.text for citation in answer.citations)


def test_the_article_at_hand_is_the_one_that_was_quoted_last(samples: Assistant) -> None:
    """Asked without a word on which is meant: after an answer its article, before any of several none."""
    first = samples.ask("How many tug captains are there on the lower Weser?")
    answer = samples.ask("When was this article published?", history=[Turn.of(first)])
    assert answer.citations[0].article_id == first.citations[0].article_id
    alone = samples.ask("When was this article published?")
    assert alone.abstained
    assert alone.text.startswith("Which article is meant?")


def test_the_only_article_needs_no_name(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """There is nothing else that could be meant."""
    (tmp_path / "mill.txt").write_text("\n\n".join(MILL) + "\n", "utf-8")
    with open_assistant() as one:
        one.add([tmp_path / "mill.txt"])
        assert "The mill of Dornau burned down on Sunday." in one.ask("What is this about?").text
