"""What kind of answer a question asks for, and whether a sentence has one."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.questions import NUMERIC, Kind, answer_kind, counted_word, has_kind
from ingest.samples import sample_questions

ASKED: dict[str, dict[Kind, list[str]]] = {
    "en": {
        "number": ["How long is the pier?", "How tall is the tower?", "How much of the town was flooded?"],
        "count": ["How many crowns did the lamp cost?", "How many percents make a whole?"],
        "money": [
            "How much was paid?",
            "How high is the damage in euros?",
            "How much does the port save?",
            "What ransom did they ask for?",
            "What is the market value of the pearl?",
        ],
        "share": ["What percentage of voters came?"],
        "duration": ["How long did the repair take?", "How many years was it dark?"],
        "year": ["In which year did the storm come?"],
        "country": ["Which country does she come from?"],
        "date": [
            "When was the lighthouse lit?",
            "On what day does the market move?",
            "How long ago was it?",
        ],
        "name": ["What is the name of the keeper?", "What’s the ship’s name?", "What were the names of the boats?"],
        "person": ["Who is the harbour master?", "Whom did the mayor thank?", "Whose lamp is it?"],
        "place": ["Where does the bus stop?", "Which city has a new market?", "Where was she when the lamp was lit?"],
        "reason": ["Why was the bus stopped?", "What caused the delay?"],
        "other": ["What did the mayor promise?", "Tell me about the lighthouse."],
    },
    "de": {
        "number": ["Wie teuer war die Lampe?", "Wie hoch ist der Turm?"],
        "count": ["Wie viele Dörfer fährt der Bus an?"],
        "money": [
            "Wie viel kostet die Lampe?",
            "Wie viel hat sie gekostet?",
            "Wie hoch sind die Bußgelder?",
            "Wie hoch ist der Sachschaden?",
            "Wie hoch war das Lösegeld?",
        ],
        "name": ["Wie heißt der Kapitän?", "Wie hießen die Boote?"],
        "share": ["Welcher Anteil kam?", "Wie viel Prozent kamen?"],
        "duration": ["Wie lange dauert die Fahrt?"],
        "year": ["In welchem Jahr kam der Sturm?"],
        "country": ["Aus welchem Land kommt sie?"],
        "date": ["Wann fährt der Bus?", "Seit wann fehlt das Licht?"],
        "person": ["Wer fährt den Bus?", "Wem dankte die Bürgermeisterin?", "Wessen Lampe ist das?"],
        "place": ["Wo hält der Bus?", "In welcher Stadt ist der Markt?", "Wohin zieht er um?"],
        "reason": ["Warum stand der Bus?", "Weshalb blieb es dunkel?", "Aus welchem Grund kam niemand?"],
        "other": ["Was versprach die Bürgermeisterin?"],
    },
    "fr": {
        "number": ["Quelle était l’âge du phare ?"],
        "count": ["Combien de marchands sont concernés ?"],
        "money": ["Quel est le prix de la lampe ?"],
        "share": ["Quel pourcentage est venu ?"],
        "year": ["En quelle année la tempête est-elle venue ?"],
        "date": [
            "Quand le marché déménage-t-il ?",
            "À quelle heure le marché ouvre-t-il ?",
        ],
        "name": ["Comment s’appelle le phare ?", "Quel est le nom du phare ?"],
        "person": ["Qui est la maire de Brénac ?"],
        "place": ["Où se tient le marché ?", "Dans quelle ville ?"],
        "reason": ["Pourquoi le phare était-il éteint ?", "Pour quelle raison ?"],
        "other": ["Que promet la maire ?"],
    },
    "es": {
        "count": ["¿Cuántos puestos habrá?"],
        "share": ["¿Qué porcentaje votó?"],
        "year": ["¿En qué año llegó la tormenta?"],
        "date": ["¿Cuándo se encendió el faro?"],
        "name": ["¿Cómo se llama el faro?"],
        "person": ["¿Quién dirige el puerto?", "¿Quiénes vinieron?"],
        "place": ["¿Dónde para el autobús?", "¿En qué ciudad está?"],
        "reason": ["¿Por qué se apagó el faro?"],
        "other": ["¿Qué prometió la alcaldesa?"],
    },
    "ru": {
        "money": ["Сколько стоит новая лампа?"],
        "count": ["Сколько домов построили?"],
        "year": ["В каком году был шторм?"],
        "date": ["Когда зажгли маяк?"],
        "name": ["Как зовут смотрителя?"],
        "person": ["Кто ведёт автобус?"],
        "place": ["Где останавливается автобус?", "В каком городе рынок?"],
        "reason": ["Почему маяк не горел?"],
        "other": ["Что обещала мэр?"],
    },
}
KINDS = get_args(Kind)
CASES = [
    (language, kind, question) for language, kinds in ASKED.items() for kind, questions in kinds.items() for question in questions
]


@pytest.mark.parametrize(("language", "kind", "question"), CASES)
def test_question_words_tell_the_kind(language: str, kind: Kind, question: str) -> None:
    """Number, date, person, place or reason by the question's words, whatever their case; else nothing is presumed."""
    assert answer_kind(question, language=language) == kind
    assert answer_kind(question.upper().replace("WELCHER", "welcher"), language=language) == kind


def test_a_language_without_question_words_presumes_nothing() -> None:
    """Better no demand on the answer than a wrong one."""
    assert answer_kind("Kiu estas la urbestro?", language="eo") == "other"
    assert answer_kind("", language="en") == "other"


def test_sample_questions_are_read_right() -> None:
    """Where the samples say what a question asks for, most of them are recognised in every language, and hardly one is mistaken."""
    kinds = {"when": {"date", "year"}, "who": {"person"}, "where": {"place", "country"}, "why": {"reason"}, "number": NUMERIC}
    told = [(question, kinds[question.kind]) for question in sample_questions() if question.kind in kinds]
    found = [(answer_kind(question.question, language=question.language), kind, question.question) for question, kind in told]
    assert len(told) >= 40
    assert sum(kind in wanted for kind, wanted, _ in found) / len(found) >= 0.85
    assert sum(kind not in {*wanted, "other"} for kind, wanted, _ in found) / len(found) <= 0.1


@pytest.mark.parametrize(
    ("kind", "language", "sentence", "expected"),
    [
        ("number", "en", "The work cost 340,000 crowns.", True),
        ("number", "en", "The work cost three million crowns.", True),
        ("number", "en", "The work was dear.", False),
        ("number", "de", "Zwölf Dörfer freuen sich.", True),
        ("number", "fr", "Soixante ou vingt marchands.", True),
        ("number", "ru", "Пришли двадцать человек.", True),
        ("number", "uk", "Прийшли двадцять людей.", None),
        ("number", "uk", "Прийшли 20 людей.", True),
        ("date", "en", "It was lit on Tuesday.", True),
        ("date", "de", "Der Bus fährt seit Montag.", True),
        ("date", "es", "Llegó el 3 de junio.", True),
        ("date", "en", "It was lit again.", False),
        ("person", "en", "The harbour master, Ingrid Solheim, was there.", True),
        ("person", "en", "it was dark.", False),
        ("place", "de", "Er hält in Ahlen.", True),
        ("reason", "en", "It was dark.", None),
        ("other", "en", "It was dark.", None),
        ("person", "zh", "他来了。", None),
        ("money", "de", "Die Lampe kostete 340.000 Kronen.", True),
        ("money", "en", "It was paid $5m.", True),
        ("money", "de", "Es kamen 340 Leute.", False),
        ("money", "de", "Niemand nannte einen Preis.", False),
        ("share", "de", "Die Hälfte blieb zu Hause.", True),
        ("share", "en", "In all 340 people came.", False),
        ("duration", "en", "It took eleven years.", True),
        ("duration", "en", "There were 340 people.", None),
        ("share", "tr", "Yüzde 40 geldi.", True),
        ("year", "en", "It was founded in 1911.", True),
        ("year", "en", "It was founded on a Tuesday.", None),
        ("year", "en", "It was founded by sailors.", False),
        ("name", "en", "The keeper, Ingrid Solheim, lit it.", True),
        ("name", "en", "The keeper lit it at dusk.", False),
        ("name", "de", "Ein Bub bekam zwei neue Hände.", False),
        ("name", "de", "Das Team operierte ihn an der Leber.", False),
        ("name", "de", "Der Bub heißt Paul.", True),
        ("name", "de", "Die Lampe brannte, sagte Ingrid Solheim.", True),
        ("name", "de", "Er las aus „der alten Lampe“.", True),
        ("name", "zh", "他来了。", None),
    ],
)
def test_a_sentence_has_the_kind_or_not(kind: Kind, language: str, sentence: str, expected: bool | None) -> None:
    """Digits and number words, dates and weekdays, capitalised names; None where it cannot be told, as in a language whose number words are not known."""
    assert has_kind(sentence, kind=kind, language=language) is expected


def test_a_number_of_something_else_is_perhaps_no_answer() -> None:
    """Asked how many dogs there are, three cats say nothing for sure; people are counted without being named."""
    assert counted_word("How many more refugees came?", language="en") == "refugees"
    assert counted_word("Wie viele der Boote sanken?", language="de") == "Boote"
    assert counted_word("How many people came?", language="en") is None
    assert counted_word("Who came?", language="en") is None
    assert has_kind("Three cats slept.", kind="count", language="en", counted=False) is None
    assert has_kind("Three cats slept.", kind="count", language="en", counted=True) is True
    assert has_kind("The cats slept.", kind="count", language="en", counted=True) is False


def test_a_year_is_no_amount() -> None:
    """A date counts nothing and costs nothing; as an age or a height it might be one, and as a number of what is named beside it."""
    for kind in ("count", "money", "share", "duration"):
        assert has_kind("The storm of 2012 broke the lamp.", kind=kind, language="en", counted=False) is False
    assert has_kind("The storm of 2012 broke the lamp.", kind="number", language="en", counted=False) is True
    assert has_kind("To the feast came 2000 guests.", kind="count", language="en", counted=True) is True


def test_what_the_question_says_itself_does_not_count() -> None:
    """The year or name that was asked about is no answer."""
    assert has_kind("The storm came in 2012.", kind="number", language="en") is True
    assert has_kind("The storm came in 2012.", kind="number", language="en", asked=frozenset({"2012"})) is False
    assert has_kind("Solheim was there.", kind="person", language="en", asked=frozenset({"solheim"})) is False


@given(
    st.text(max_size=80),
    st.sampled_from(KINDS),
    st.sampled_from(["en", "de", "ru", "ja", "und"]),
)
def test_any_text_can_be_asked(text: str, kind: Kind, language: str) -> None:
    """No text breaks it."""
    assert answer_kind(text, language=language) in KINDS
    assert has_kind(text, kind=kind, language=language) in {True, False, None}
