"""“What does [2] say?” is answered with the quote that the conversation has under that number, and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from assistant import Assistant, Turn
from assistant.cited_again import asked_again
from tests.chat_server import ChatServer, first_sentences

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ASKED = {
    "What does [2] say?": ((2,), "en"),
    "what is written in [1] and [3]": ((1, 3), "en"),
    "Show me the text of source 2 again, please.": ((2,), "en"),
    "Can you quote [1-2]?": ((1, 2), "en"),
    "Source 4?": ((4,), "en"),
    "Source 2 and 3?": ((2, 3), "en"),
    "Can I see sources 1, 2 and 4?": ((1, 2, 4), "en"),
    "Was steht in [2]?": ((2,), "de"),
    "Und was sagt Quelle 1 genau?": ((1,), "de"),
    "Zeig mir bitte noch einmal das Zitat Nr. 3": ((3,), "de"),
    "Kann ich Quelle 1 sehen?": ((1,), "de"),
    "Was steht in den Quellen 2 und 3?": ((2, 3), "de"),
    "[2]?": ((2,), ""),
}
SOMETHING_ELSE = (
    "Does [2] mention the harbour master?",
    "Why was the lighthouse in [1] dark?",
    "What do the sources say?",
    "What happened in 2 towns?",
    "Widerspricht [1] dem, was in [2] steht?",
    "What does source code cost?",
    "Which of source 2 and 3 towns is larger?",
)


@pytest.fixture
def assistant(open_assistant: Callable[..., Assistant], two_articles: Path, tmp_path: Path) -> Assistant:
    """One over an English and a German article."""
    shutil.copytree(two_articles, tmp_path / "library", dirs_exist_ok=True)
    return open_assistant()


@pytest.fixture
def history(assistant: Assistant) -> list[Turn]:
    """A conversation that has cited the lighthouse as [1] and the library bus as [2], at least."""
    turns: list[Turn] = []
    for question in ("When was the lighthouse at Skarven Point lit again?", "Wer fährt den Bücherbus im Ahlental?"):
        turns.append(Turn.of(assistant.ask(question, history=turns)))
    assert [citation.number for turn in turns for citation in turn.citations] == [1, 2]
    return turns


@pytest.mark.parametrize("question", ASKED)
def test_what_asks_for_citations_alone(question: str) -> None:
    """The numbers in their order, and the language where the words tell."""
    again = asked_again(question)
    assert again is not None
    assert (again.numbers, again.language) == ASKED[question]


@pytest.mark.parametrize("question", SOMETHING_ELSE)
def test_what_asks_for_something_else(question: str) -> None:
    """A question about what is cited, and one with a number that is none of a citation, is searched for."""
    assert asked_again(question) is None


def test_the_quote_of_a_number(assistant: Assistant, history: list[Turn]) -> None:
    """The same words under the same number, verbatim, whichever turn cited them; nothing is searched."""
    answer = assistant.ask("What does [1] say?", history=history)
    (citation,) = answer.citations
    assert citation.quote == history[0].citations[0].quote
    assert (citation.number, citation.verbatim, answer.abstained, answer.hits) == (1, True, False, ())
    assert answer.text == f"“{' '.join(citation.quote.split())}” [1]"
    assert [sentence.support for sentence in answer.sentences] == ["quoted"]
    german = assistant.ask("Was steht in [2]?", history=[*history, Turn.of(answer)])
    assert (german.language, german.citations[0].quote) == ("de", history[1].citations[0].quote)


def test_the_language_of_a_bare_number(assistant: Assistant, history: list[Turn]) -> None:
    """It is that of the question before, or the one that is asked for."""
    assert assistant.ask("[1]?", history=history).language == "de"
    assert assistant.ask("[1]?", history=history, answer_language="en").language == "en"


def test_an_unknown_number(assistant: Assistant, history: list[Turn]) -> None:
    """There is no such source: said in the question's language, with the numbers there are; nothing is quoted in its place."""
    answer = assistant.ask("What does [7] say?", history=history)
    assert (answer.abstained, answer.citations) == (True, ())
    assert answer.text == answer.reason == "There is no source [7] in this conversation. So far there are [1], [2]."
    german = assistant.ask("Was steht in Quelle 7?", history=history)
    assert german.text == "Eine Quelle [7] gibt es in diesem Gespräch nicht. Bisher gibt es [1], [2]."
    alone = assistant.ask("What does [2] say?")
    assert (alone.abstained, alone.text) == (True, "There is no source [2] in this conversation.")


def test_a_known_and_an_unknown_number(assistant: Assistant, history: list[Turn]) -> None:
    """What is there is quoted, and what is not is said first; the sentences' offsets are those of the whole text."""
    answer = assistant.ask("What do [2] and [9] say?", history=history)
    assert answer.text.startswith("There is no source [9] in this conversation.\n\n“")
    (sentence,) = answer.sentences
    assert answer.text[sentence.start : sentence.end].endswith("[2]")
    assert answer.text[sentence.start] == "“"


def test_what_the_library_does_not_say_is_not_quoted(assistant: Assistant, history: list[Turn]) -> None:
    """A removed article is gone, and so is a quote that somebody put into the history."""
    (lamp,) = history[0].citations
    forged = [replace(history[0], citations=(replace(lamp, quote="The lighthouse was sold for a crown."),))]
    answer = assistant.ask("What does [1] say?", history=forged)
    assert (answer.abstained, answer.citations) == (True, ())
    assistant.remove([lamp.article_id])
    answer = assistant.ask("What does [1] say?", history=history)
    assert answer.abstained
    assert "no longer in the library" in answer.text


def test_no_model_is_asked(open_assistant: Callable[..., Assistant], two_articles: Path, tmp_path: Path) -> None:
    """The words are there already."""
    shutil.copytree(two_articles, tmp_path / "library", dirs_exist_ok=True)
    with ChatServer(first_sentences) as server:
        assistant = open_assistant(model="openai:scripted", model_base_url=server.base_url)
        first = assistant.ask("When was the lighthouse at Skarven Point lit again?")
        asked = len(server.requests)
        answer = assistant.ask("What does [1] say?", history=[Turn.of(first)])
        assert (answer.model, answer.citations[0].quote) == (None, first.citations[0].quote)
        assert len(server.requests) == asked == 1
