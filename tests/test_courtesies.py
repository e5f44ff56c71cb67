"""What asks nothing of the articles is answered by what can be asked, in the reader's language; real questions are searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assistant import Answer, Turn
from assistant.courtesies import asks_nothing, courtesy_language, what_can_be_asked
from assistant.web import render
from ingest.samples import sample_questions

if TYPE_CHECKING:
    from assistant import Assistant


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("hello", "en"),
        ("Thanks a lot, bye!", "en"),
        ("who are you?", "en"),
        ("What’s your name?", "en"),
        ("Hello! What can you do?", "en"),
        ("Danke!", "de"),
        ("ok, danke 👍", "de"),
        ("Grüß Gott", "de"),
        ("Wer sind Sie?", "de"),
        ("Bonjour, merci beaucoup", "fr"),
        ("Qui êtes-vous ?", "fr"),
        ("¿Quién eres?", "es"),
        ("Спасибо", "ru"),
        ("hi", ""),
        ("OK", ""),
    ],
)
def test_courtesies_are_known_with_their_language(message: str, language: str) -> None:
    """In the samples' languages, whatever stands between the words; the language is left open where several say so."""
    assert courtesy_language(message) == language


@pytest.mark.parametrize(
    "question",
    [
        "Blinken?",
        "Astana",
        "And Kazakhstan?",
        "Nice?",
        "May?",
        "Mali",
        "Who is May?",
        "WHO?",
        "What is IT?",
        "2023?",
        "Who won?",
        "What happened?",
        "Was ist passiert?",
        "Hello, why did the dyke break?",
        "Danke, und wer leitet Thermaris?",
        "wer sind sie?",
        "ハノイ?",
    ],
)
def test_short_questions_are_no_courtesies(question: str) -> None:
    """A name, a number or a word that says something makes a question, however short; "sie" in lower case are others."""
    assert courtesy_language(question) is None
    if question != "wer sind sie?":
        assert asks_nothing(question) is None


def test_sample_questions_are_no_courtesies() -> None:
    """None of them, and of those that stand alone none asks nothing."""
    for asked in sample_questions():
        assert courtesy_language(asked.question) is None, asked.question
        assert asked.follows or asks_nothing(asked.question) is None, asked.question


@pytest.mark.parametrize(
    ("question", "language"), [("Why?", "en"), ("Who is it?", "en"), ("Und was ist das?", "de"), ("¿Por qué?", "es")]
)
def test_questions_without_a_word_of_their_own_ask_nothing(question: str, language: str) -> None:
    """Question words and function words alone name nothing to look for."""
    assert asks_nothing(question) == language


@pytest.mark.parametrize(
    ("question", "language"), [("danke", "de"), ("what can you do?", "en"), ("Why?", "en"), ("привет", "ru"), ("hi", "en")]
)
def test_they_are_answered_by_what_can_be_asked(samples: Assistant, question: str, language: str) -> None:
    """In their language, without a search: no quote, no hit, and yet nothing that was declined."""
    answer = samples.ask(question)
    assert answer.text == what_can_be_asked(language=language)
    assert answer.language == language
    assert (answer.citations, answer.hits, answer.sentences) == ((), (), ())
    assert not answer.abstained
    assert answer.reason == ""
    assert Answer.from_dict(answer.to_dict()).text == answer.text


def test_the_reader_s_language_is_that_of_the_conversation_or_as_asked(samples: Assistant) -> None:
    """In many languages "ok" is the same."""
    history = [Turn("Warum brach der Deich?", "…")]
    assert samples.ask("ok", history=history).language == "de"
    assert samples.ask("ok", history=history, answer_language="en").language == "en"


def test_thanks_change_no_topic(samples: Assistant) -> None:
    """A follow-up behind them leans on the question before; "Why?" in a conversation is one."""
    asked = Turn("When will Blinken meet Tokayev?", "…")
    answers = [samples.ask("Why?", history=[asked, *thanks]) for thanks in ((), (Turn("thank you", "…"),))]
    assert answers[0].searched == answers[1].searched
    assert "Blinken" in answers[1].searched.carried


def test_the_page_offers_no_evidence_for_them(samples: Assistant) -> None:
    """There is none: neither a list of what was searched nor a button that leads to it."""
    shown = render.answer_html(samples.ask("hello"), anchor="q1", language="en")
    assert "Ask about what the articles here say" in shown
    assert "to-evidence" not in shown
    assert "abstained" not in shown
    assert "<aside" not in shown
