"""Which sentences say too little without the one before them."""

from __future__ import annotations

import pytest

from assistant.leaning import leans_back

LEANING = {
    "en": [
        "Therefore the lamp stayed dark.", "She lit it on Tuesday.", "“But nobody came,” he said.", "As a result, the ferry waits.", "That is why it is shut.", "Their boats stayed in the harbour.",
    ],
    "de": [
        "Deshalb blieb die Lampe dunkel.", "Dazu kam der Sturm.", "Er zündete sie am Dienstag an.", "Das bestätigte die Polizei.", "„Dafür fehlt das Geld“, sagte der Wirt.",
        "Diese Lampe brannte elf Jahre nicht.", "Die ist seit 2012 zerbrochen.", "Ihre Boote blieben im Hafen.",
    ],
    "fr": ["C’est pourquoi la lampe est éteinte.", "Elle l’a allumée mardi.", "Cette lampe est neuve.", "Leur bateau est resté au port."],
    "es": ["Por eso la lámpara no ardía.", "Esta lámpara es nueva.", "Su barco se quedó en el puerto."],
    "ru": ["Поэтому лампа не горела.", "Он зажёг её во вторник.", "Её зажгли снова."],
}  # fmt: skip
STANDING = {
    "en": ["The lamp of Skarven Point was lit again.", "Hester Lowe lit it.", "Thistle Street is shut.", "Item by item the list grew.", "Sophie Lowe came."],
    "de": ["Das Leuchtfeuer brennt wieder.", "Das alte Haus steht leer.", "Die neue Lampe kostet viel.", "Sieben Boote kamen.", "Erst im Mai wird geöffnet.", "Esra Yıldız kam.", "Darmstadt feiert."],
    "fr": ["La lampe brûle de nouveau.", "Les marins sont venus.", "Sarah est venue."],
    "es": ["La lámpara arde de nuevo.", "Susana vino el martes."],
    "ru": ["Лампу зажгли во вторник.", "Онега замёрзла."],
    "tr": ["Bu yüzden kapalı.", "O geldi."],
}  # fmt: skip


@pytest.mark.parametrize(("language", "sentence"), [(language, each) for language, listed in LEANING.items() for each in listed])
def test_a_sentence_that_begins_with_what_was_said_leans_on_it(language: str, sentence: str) -> None:
    """A pronoun, a demonstrative, a connective for a reason or a contrast."""
    assert leans_back(sentence, language=language)


@pytest.mark.parametrize(("language", "sentence"), [(language, each) for language, listed in STANDING.items() for each in listed])
def test_other_sentences_stand_alone(language: str, sentence: str) -> None:
    """Names and nouns, articles before a noun, words that only begin alike; a language without a list has none that lean."""
    assert not leans_back(sentence, language=language)
