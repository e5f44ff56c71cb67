"""Follow-ups: what leans on an earlier question gets its topic, what stands alone is left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import Turn
from assistant.conversation import HISTORY_TURNS, MAX_CARRIED, Standalone, mark_carried, standalone_question
from ingest.samples import sample_questions
from vectorstore.terms import question_terms

if TYPE_CHECKING:
    from assistant import Assistant
    from vectorstore.dictionary import Glossary


def after(*questions: str, asked: str, answer: str = "An answer.") -> Standalone:
    """What ``asked`` becomes after these questions."""
    return standalone_question(asked, history=[Turn(question, answer) for question in questions])


@pytest.mark.parametrize(
    "asked",
    [
        "Why did the dyke break?",
        "Warum brach der Deich?",
        "Who won the football world cup in 2022?",
        "?",
        "😀",
    ],
)
def test_a_subject_of_its_own_is_not_mixed_with_the_one_before(asked: str) -> None:
    """A rare word is a subject, and so are several with a year; what has no word leans on nothing."""
    assert after("Who won the election in Poland?", asked=asked) == Standalone(asked, (), after(asked=asked).language)


@pytest.mark.parametrize(
    ("first", "follow_up", "carried"),
    [
        ("When will Ingrid Solheim light the lamp of Skarven Point?", "And where does she live?", "Solheim"),
        ("When was the lighthouse at Skarven Point lit?", "Why?", "Skarven"),
        ("When was the lighthouse at Skarven Point lit?", "Who paid for that?", "lighthouse"),
        ("When was the lighthouse at Skarven Point lit?", "What did the lamp cost?", "Skarven"),
        ("Why is Ashmere Bridge closed?", "How long will it stay shut?", "Ashmere"),
        ("Warum besucht Blinken Astana?", "Warum?", "besucht"),
        ("Warum besucht Blinken Astana?", "Und wann reist er weiter?", "Blinken"),
        ("Warum besucht Blinken Astana?", "Und was sagt Lukaschenko dazu?", "Blinken"),
        ("Wann hält der Bücherbus in Ahlen?", "Wie viele Bücher hat er?", "Bücherbus"),
        ("Wann hält der Bücherbus in Ahlen?", "Wie ist das Wetter dort?", "Ahlen"),
        ("Pourquoi le marché de Brénac déménage-t-il ?", "Et où va-t-il ?", "Brénac"),
        ("¿Cuándo se encendió el faro de Skarven?", "¿Y cuánto costó?", "Skarven"),
        ("Когда зажгли маяк в Скарвене?", "А сколько он стоил?", "Скарвене"),
    ],
)
def test_a_question_that_leans_on_another_gets_its_topic(first: str, follow_up: str, carried: str) -> None:
    """One that points back, or says next to nothing itself, is searched with the names and terms of the one before."""
    searched = after(first, asked=follow_up)
    assert searched.question == f"{follow_up} ({' '.join(searched.carried)})"
    assert carried in searched.carried


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("When was the lighthouse at Skarven Point lit?", "How many villages does the library bus of Ahlen visit?"),
        ("When was the lighthouse at Skarven Point lit?", "Why did Marion Tews say she would retire?"),
        ("When was the lighthouse at Skarven Point lit?", "What is anaemia and why is it dangerous?"),
        ("When was the lighthouse at Skarven Point lit?", "Is there a strike at the port of Bremerhaven?"),
        ("Why is Blinken visiting Astana?", "How do I bake a sourdough loaf?"),
        ("Wann hält der Bücherbus in Ahlen?", "Warum wurde der Marktplatz in Brénac gesperrt?"),
        ("Wann hält der Bücherbus in Ahlen?", "Gibt es in Bremerhaven einen Streik?"),
        ("Wann hält der Bücherbus in Ahlen?", "Was wissen Sie über Thermaris in Neuwied?"),
        ("Wann hält der Bücherbus in Ahlen?", "Why is Blinken visiting Astana?"),
        ("Why is Blinken visiting Astana?", "Wie viele Hafenarbeiter streiken in Bremerhaven?"),
    ],
)
def test_a_question_that_stands_alone_stays(first: str, second: str) -> None:
    """A new topic brings its own words; the old one would only mislead the search."""
    searched = after(first, asked=second)
    assert (searched.question, searched.carried) == (second, ())


def test_nothing_is_added_without_a_history() -> None:
    """The first question is searched as it was asked, however little it says."""
    assert after(asked="Why?").question == "Why?"
    assert after("When was the lighthouse lit?", asked="  ").question == "  "


@pytest.mark.parametrize(
    ("first", "follow_up", "searched"),
    [
        ("Why is Blinken visiting Kazakhstan?", "and Uzbekistan?", "Why is Blinken visiting Uzbekistan?"),
        ("Why is Blinken visiting Kazakhstan?", "What about Lavrov?", "Why is Lavrov visiting Kazakhstan?"),
        ("Wen trifft Blinken in Kasachstan?", "Und in Usbekistan?", "Wen trifft Blinken in Usbekistan?"),
        ("Wen trifft Blinken in Kasachstan?", "Was ist mit Putin?", "Wen trifft Putin in Kasachstan?"),
    ],
)
def test_a_bare_name_takes_the_place_of_one_of_its_kind(first: str, follow_up: str, searched: str) -> None:
    """A country stands for the country, a person for the person; what is kept is said."""
    found = after(first, asked=follow_up)
    assert found.question == searched
    assert set(found.carried) <= set(first.rstrip("?").split())
    assert found.carried


def test_a_bare_name_without_a_counterpart_joins_the_topic() -> None:
    """Two places to choose from, a person after a place, or another language: nothing is exchanged by guess."""
    assert after("How far is it from Astana to Tashkent?", asked="And Bishkek?").question.startswith("And Bishkek?")
    assert "Kasachstan" not in after("Wen trifft Blinken in Kasachstan?", asked="And in Spain?").question
    assert "Blinken" in after("Wen trifft Blinken in Kasachstan?", asked="And in Spain?").carried


def test_a_named_place_replaces_the_old_one_unless_that_is_meant() -> None:
    """A question whether he also visits another country keeps the person alone; "there" keeps the place."""
    assert set(after("Why is Blinken visiting Kazakhstan?", asked="Does he also visit Uzbekistan?").carried) >= {"Blinken"}
    assert "Kazakhstan" not in after("Why is Blinken visiting Kazakhstan?", asked="Does he also visit Uzbekistan?").carried
    assert "Kazakhstan" in after("Why is Blinken visiting Kazakhstan?", asked="How far is it from there to Uzbekistan?").carried


def test_the_topic_outlives_several_follow_ups() -> None:
    """A chain of short questions goes back to the one that named the topic."""
    searched = after("When was the lamp of Skarven Point lit?", "And how much did it cost?", asked="Who paid for that?")
    assert "Skarven" in searched.carried


def test_an_older_topic_is_not_dragged_along() -> None:
    """The last question that stood alone is the topic, not what was asked before it."""
    searched = after(
        "When was the lamp of Skarven Point lit?", "Which villages does the library bus of Ahlen visit?", asked="Who drives it?"
    )
    assert "Ahlen" in searched.carried
    assert "Skarven" not in searched.carried


def test_the_history_that_counts_is_short() -> None:
    """Only the last turns can give a topic, and only so many words of it."""
    chatter = ["And then?"] * HISTORY_TURNS
    assert "Skarven" not in after("When was the lamp of Skarven Point lit?", *chatter, asked="Who paid for that?").carried
    names = " ".join(f"Skarven{letter}" for letter in "abcdefghijklm")
    assert len(after(f"Who are {names}?", asked="Who paid for that?").carried) <= MAX_CARRIED


def test_an_answer_introduces_whom_the_next_question_means() -> None:
    """After a question for a person, "she" is who the answer names first, and nobody after any other question."""
    quoted = "„Das Rennen gewann am Abend Ingrid Solheim vor Marion Tews.“ [1]"
    searched = after("Wer gewann das Rennen?", asked="Wie alt ist sie?", answer=quoted)
    assert {"Ingrid", "Solheim"} <= set(searched.carried)
    assert "Tews" not in searched.carried
    assert "Solheim" not in after("Wann begann das Rennen?", asked="Wie lange dauerte es?", answer=quoted).carried
    assert "Solheim" not in after("Wer gewann das Rennen?", asked="Wie lange dauerte es?", answer=quoted).carried


def test_the_language_is_that_of_the_question_not_of_the_topic() -> None:
    """Words carried from another language do not change the one that the answer is framed in; a bare "Warum?" knows its own."""
    assert after("Why is Ashmere Bridge closed?", asked="Warum?").language == "de"
    assert after("Warum ist die Brücke in Ashmere gesperrt?", asked="And how long will it last?").language == "en"
    assert after("Wen trifft Blinken in Kasachstan?", asked="Lawrow?").language == "de"


def test_carried_words_are_ones_that_an_article_may_lack(tiny_glossary: Glossary) -> None:
    """Only what the question itself has is required of an article."""
    searched = after("Why is Blinken visiting Kazakhstan?", asked="When does he leave for Uzbekistan?")
    terms = mark_carried(question_terms(searched.question, library=("en",), glossary=tiny_glossary), searched)
    optional = {word.text: word.optional for word in terms.words}
    assert optional["Blinken"]
    assert not optional["Uzbekistan"]


def test_names_of_the_turn_before_are_no_reason_to_decline(samples: Assistant) -> None:
    """Only the article on the strike has the answer, and it names nothing of the earlier question but the town."""
    history = [Turn("Warum reiste Olaf Scholz nach Bremerhaven?")]
    answer = samples.ask("Und wie viele Hafenarbeiter streiken dort?", history=history)
    assert "Scholz" in answer.searched.carried
    assert not answer.abstained
    assert "2300" in answer.text.replace(".", "")
    assert answer.to_dict()["searched"]["carried"] == list(answer.searched.carried)


def test_sample_follow_ups_get_their_topic() -> None:
    """Most follow-ups of the samples are searched with a word of the question that they follow, none loses a word of its own."""
    by_id = {question.id: question for question in sample_questions()}
    follow_ups = [(by_id[question.follows], question) for question in by_id.values() if question.follows]
    searched = [after(first.question, asked=question.question) for first, question in follow_ups]
    assert all(found.question.startswith(question.question) for found, (_, question) in zip(searched, follow_ups, strict=True))
    assert sum(bool(found.carried) for found in searched) / len(searched) >= 0.9


def test_questions_on_another_article_are_left_alone() -> None:
    """After a question about something else, nine in ten of the samples' own questions stay as they are."""
    standalone = [question for question in sample_questions() if not question.follows]
    pairs = [(standalone[index - 7], question) for index, question in enumerate(standalone)]
    touched = [question.question for before, question in pairs if after(before.question, asked=question.question).carried]
    assert len(touched) / len(pairs) <= 0.1, touched


@given(st.lists(st.text(max_size=40), max_size=8), st.text(max_size=60), st.text(max_size=60))
def test_the_question_itself_is_never_changed(history: list[str], question: str, answer: str) -> None:
    """Words are added behind it, if at all, and each only once; only a bare name is put into the question before."""
    searched = after(*history, asked=question, answer=answer)
    assert len(searched.carried) == len(set(searched.carried))
    if not searched.carried:
        assert searched.question == question
    elif searched.question.startswith(question):
        assert searched.question == f"{question} ({' '.join(searched.carried)})"
