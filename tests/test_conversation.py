"""Follow-ups: what leans on an earlier question gets its topic, what stands alone is left as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import Turn
from assistant.conversation import HISTORY_TURNS, standalone_question
from ingest.samples import sample_questions


def after(*questions: str, asked: str) -> str:
    """``asked`` as it is searched after these questions."""
    return standalone_question(asked, history=[Turn(question, "An answer.") for question in questions])


@pytest.mark.parametrize(
    ("first", "follow_up", "carried"),
    [
        ("When will Ingrid Solheim light the lamp of Skarven Point?", "And where does she live?", "Solheim"),
        ("Wann hält der Bücherbus in Ahlen?", "Wie viele Bücher hat er?", "Bücherbus"),
        ("Pourquoi le marché de Brénac déménage-t-il ?", "Où va-t-il ?", "Brénac"),
        ("¿Cuándo se encendió el faro de Skarven?", "¿Y cuánto costó?", "Skarven"),
        ("Когда зажгли маяк в Скарвене?", "А сколько он стоил?", "Скарвене"),
        ("When was the lighthouse at Skarven Point lit?", "Why?", "Skarven"),
    ],
)
def test_a_question_that_leans_on_another_gets_its_topic(first: str, follow_up: str, carried: str) -> None:
    """One that points back, or says next to nothing itself, is searched with the names and terms of the one before."""
    searched = after(first, asked=follow_up)
    assert searched.startswith(follow_up)
    assert carried in searched


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("When was the lighthouse at Skarven Point lit?", "How many villages does the library bus of Ahlen visit?"),
        ("Wann hält der Bücherbus in Ahlen?", "Warum wurde der Marktplatz in Brénac gesperrt?"),
    ],
)
def test_a_question_that_stands_alone_stays(first: str, second: str) -> None:
    """A new topic brings its own words; the old one would only mislead the search."""
    assert after(first, asked=second) == second


def test_nothing_is_added_without_a_history() -> None:
    """The first question is searched as it was asked, however little it says."""
    assert after(asked="Why?") == "Why?"
    assert after("When was the lighthouse lit?", asked="  ") == "  "


def test_the_topic_outlives_several_follow_ups() -> None:
    """A chain of short questions goes back to the one that named the topic."""
    searched = after("When was the lamp of Skarven Point lit?", "And how much did it cost?", asked="Who paid for that?")
    assert "Skarven" in searched


def test_an_older_topic_is_not_dragged_along() -> None:
    """The last question that stood alone is the topic, not what was asked before it."""
    searched = after(
        "When was the lamp of Skarven Point lit?", "Which villages does the library bus of Ahlen visit?", asked="Who drives it?"
    )
    assert "Ahlen" in searched
    assert "Skarven" not in searched


def test_the_history_that_counts_is_short() -> None:
    """Only the last turns can give a topic."""
    chatter = ["And then?"] * HISTORY_TURNS
    assert "Skarven" not in after("When was the lamp of Skarven Point lit?", *chatter, asked="Who paid for that?")


def test_sample_follow_ups_get_their_topic() -> None:
    """Most follow-ups of the samples are searched with a word of the question that they follow, none loses a word of its own."""
    by_id = {question.id: question for question in sample_questions()}
    follow_ups = [(by_id[question.follows], question) for question in by_id.values() if question.follows]
    searched = [(first, after(first.question, asked=question.question), question.question) for first, question in follow_ups]
    assert all(found.startswith(asked) for _, found, asked in searched)
    assert sum(found != asked for _, found, asked in searched) / len(searched) >= 0.8


@given(st.lists(st.text(max_size=40), max_size=8), st.text(max_size=60))
def test_the_question_itself_is_never_changed(history: list[str], question: str) -> None:
    """Words are added behind it, if at all, and each only once."""
    searched = after(*history, asked=question)
    assert searched.startswith(question)
    added = searched[len(question) :]
    assert added == "" or (added.startswith(" (") and added.endswith(")"))
    words = added.strip(" ()").split()
    assert len(words) == len(set(words))
