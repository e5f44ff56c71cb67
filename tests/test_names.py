"""Names across languages: spellings of one name share a key, other names do not, and questions give up theirs."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorstore.names import name_keys, question_names
from vectorstore.sounds import sound_keys

SAME = {
    "Tokayev": [("Tokajew", "de"), ("Tokayev", "en"), ("Tokaïev", "fr"), ("Токаев", "ru"), ("Токаева", "ru"), ("Tokajews", "de")],
    "Tashkent": [("Taschkent", "de"), ("Tashkent", "en"), ("Tachkent", "fr"), ("Ташкент", "ru"), ("Ташкенте", "ru"), ("طشقند", "ar")],
    "Uzbekistan": [("Usbekistan", "de"), ("Uzbekistan", "en"), ("Ouzbékistan", "fr"), ("Uzbekistán", "es"), ("Узбекистане", "ru")],
    "Belarus": [("Weißrussland", "de"), ("Belarus", "de"), ("Belarus", "en"), ("Biélorussie", "fr"), ("Беларуси", "ru"), ("Белоруссии", "ru")],
    "Beijing": [("Peking", "de"), ("Beijing", "en"), ("Pékin", "fr"), ("Pekín", "es"), ("Пекин", "ru"), ("Пекине", "ru"), ("北京", "zh")],
    "Zelensky": [("Selenskyj", "de"), ("Zelensky", "en"), ("Zelenskyy", "en"), ("Зеленский", "ru"), ("Зеленского", "ru"), ("Зеленський", "uk")],
    "New Delhi": [("Neu-Delhi", "de"), ("New Delhi", "en"), ("Нью-Дели", "ru"), ("Nueva Delhi", "es")],
    "Biden": [("Biden", "en"), ("Biden", "de"), ("Байден", "ru"), ("Байденом", "ru"), ("Bidens", "de")],
    "Khamenei": [("Chamenei", "de"), ("Khamenei", "en"), ("Jamenei", "es"), ("Хаменеи", "ru")],
    "Khrushchev": [("Chruschtschow", "de"), ("Khrushchev", "en"), ("Хрущёв", "ru"), ("Хрущева", "ru")],
    "Johnson": [("Johnson", "en"), ("Джонсон", "ru"), ("Джонсона", "ru")],
    "Harris": [("Harris", "en"), ("Харрис", "ru")],
    "Schröder": [("Schröder", "de"), ("Schroeder", "en"), ("Шрёдер", "ru")],
    "Merz": [("Merz", "de"), ("Мерц", "ru"), ("Merz", "fr")],
    "Xi": [("Xi", "en"), ("Xi", "de"), ("Си", "ru")],
    "Modi": [("Modi", "en"), ("Моди", "ru")],
    "United States": [("USA", "de"), ("U.S.", "en"), ("United States", "en"), ("Vereinigten Staaten", "de"), ("США", "ru"), ("États-Unis", "fr"), ("EE.UU.", "es"), ("ABD", "tr")],
    "Kazakhstan": [("Kasachstan", "de"), ("Kazakhstan", "en"), ("Казахстане", "ru"), ("哈萨克斯坦", "zh"), ("カザフスタン", "ja")],
    "China": [("China", "de"), ("Chine", "fr"), ("Çin", "tr"), ("Китая", "ru"), ("Kina", "sv")],
    "Warsaw": [("Warschau", "de"), ("Warsaw", "en"), ("Варшаве", "ru"), ("Varsovie", "fr"), ("Warszawie", "pl")],
    "Kyiv": [("Kiew", "de"), ("Kyiv", "en"), ("Kiev", "fr"), ("Киеве", "ru")],
    "Geneva": [("Genf", "de"), ("Geneva", "en"), ("Genève", "fr"), ("Женеве", "ru")],
    "Milan": [("Mailand", "de"), ("Milan", "en"), ("Milano", "it"), ("Милане", "ru")],
    "European Union": [("Europäischen Union", "de"), ("European Union", "en"), ("EU", "de"), ("Евросоюз", "ru"), ("UE", "fr")],
    "Central Asia": [("Zentralasien", "de"), ("Central Asia", "en"), ("Asie centrale", "fr")],
    "Seoul": [("Seoul", "en"), ("서울에서", "ko"), ("首尔", "zh")],
}  # fmt: skip
DIFFERENT = [
    ("Biden", "en", "Macron", "fr"), ("Berlin", "de", "Bonn", "de"), ("Biden", "de", "Boden", "de"), ("Merz", "de", "März", "de"),
    ("Russia", "en", "Rose", "de"), ("China", "en", "Sohn", "de"), ("Austria", "en", "Australia", "en"), ("Paris", "fr", "Preis", "de"),
    ("Niger", "en", "Nigeria", "en"), ("Scholz", "de", "Schluss", "de"), ("Putin", "en", "Patton", "en"), ("John", "en", "Jill", "en"),
    ("Iran", "en", "Irak", "de"), ("Astana", "en", "Ashgabat", "en"), ("Xi", "en", "Sie", "de"), ("North Korea", "en", "South Korea", "en"),
]  # fmt: skip


def asked(question: str, language: str) -> list[str]:
    """The names in ``question`` as written."""
    return [name.text for name in question_names(question, language=language)]


def pairs() -> list[tuple[str, str, str, str]]:
    """Every spelling of a name with the first of its list."""
    return [(*spellings[0], *other) for spellings in SAME.values() for other in spellings[1:]]


# --- keys


@pytest.mark.parametrize(("one", "language", "other", "other_language"), pairs())
def test_spellings_of_one_name_share_a_key(one: str, language: str, other: str, other_language: str) -> None:
    """A name is found in whatever language and case the article has it."""
    assert set(name_keys(one, language=language)) & set(name_keys(other, language=other_language))


@pytest.mark.parametrize(("one", "language", "other", "other_language"), DIFFERENT)
def test_different_names_share_no_key(one: str, language: str, other: str, other_language: str) -> None:
    """Other names, and nouns that look like one, are not taken for it."""
    assert not set(name_keys(one, language=language)) & set(name_keys(other, language=other_language))


def test_a_text_has_the_keys_of_its_capitalised_words() -> None:
    """Words in lower case, numbers and function words have none; the words of a place share its code."""
    keys = name_keys("In 2023 the mayor of New Delhi met Tokayev.", language="en")
    assert sorted(keys) == sorted(["@1261481", *sound_keys("Tokayev", language="en")])
    assert name_keys("die brücke über den fluss", language="de") == []


def test_repeats_are_kept() -> None:
    """A name that is there twice counts twice in the term index."""
    assert name_keys("Tokajew traf Tokajew", language="de").count("~tokof") == 2


@given(st.text(), st.sampled_from(["en", "de", "ru", "ar", "zh", "ko", "xx"]))
def test_keys_can_be_joined_with_spaces(text: str, language: str) -> None:
    """Any text has keys that the term index can hold: marked, not empty, without white space."""
    keys = name_keys(text, language=language)
    assert " ".join(keys).split() == keys
    assert all(key[0] in "@~" and len(key) > 1 for key in keys)


# --- names in questions


@pytest.mark.parametrize(
    ("language", "question", "names"),
    [
        ("en", "Why is Blinken visiting Astana?", ["Blinken", "Astana"]),
        ("en", "Which French president received Tokayev in Paris?", ["Tokayev", "Paris"]),
        ("en", "Did President Biden meet the King in the United States on Tuesday?", ["Biden", "United States"]),
        ("en", "When did Blinken visit Kazakhstan in February 2019?", ["Blinken", "Kazakhstan"]),
        ("en", "What did US Secretary of State Antony Blinken tell us?", ["US", "Antony", "Blinken"]),
        ("en", "Who won the football world cup in 2022?", []),
        ("en", "How much did the nice old bridge cost?", []),
        ("de", "Warum reist Blinken nach Zentralasien?", ["Blinken", "Zentralasien"]),
        ("de", "Welcher Präsident empfing Tokajew in Paris?", ["Tokajew", "Paris"]),
        ("de", "Wie viel Hilfe versprach Blinken Usbekistan?", ["Blinken", "Usbekistan"]),
        ("de", "Warum spricht die Regierung im Februar von Inflation und Zöllen?", []),
        ("de", "Wie hoch ist der Anteil der Straßenbahnlinie an den Kosten der Verkehrswende?", []),
        ("de", "Was sagte Bundeskanzler Scholz über die Vereinigten Staaten?", ["Scholz", "Vereinigten Staaten"]),
        ("de", "Wer ist Baerbocks Nachfolger bei Siemens in Neu-Delhi?", ["Siemens", "Neu-Delhi"]),
        ("fr", "Pourquoi Blinken se rend-il à Astana ?", ["Blinken", "Astana"]),
        ("fr", "Quelles sanctions contre la Russie ?", ["Russie"]),
        ("es", "¿Por qué viaja Blinken a Kazajistán?", ["Blinken", "Kazajistán"]),
        ("es", "¿Para qué sirve el puente?", []),
        ("ru", "Почему Блинкен едет в Астану?", ["Блинкен", "Астану"]),
        ("ru", "Встретился ли Зеленский с Байденом в Варшаве?", ["Зеленский", "Байденом", "Варшаве"]),
        ("ru", "Когда построили мост через реку?", []),
        ("tr", "Çin ile ABD neden anlaştı?", ["Çin", "ABD"]),
        ("ar", "لماذا يزور بلينكن أستانا؟", ["بلينكن", "أستانا"]),
        ("ja", "ブリンケンはなぜアスタナを訪問するのか", ["アスタナ"]),
        ("zh", "布林肯为何访问哈萨克斯坦的阿斯塔纳？", ["哈萨克斯坦", "阿斯塔纳"]),
        ("ko", "블링컨은 왜 서울을 방문하는가?", ["서울을"]),
    ],
)
def test_the_names_of_a_question(language: str, question: str, names: list[str]) -> None:
    """People and places are found in their order; question words, nouns, titles, peoples, months and weekdays are not names."""
    assert asked(question, language) == names


@pytest.mark.parametrize(
    ("language", "question", "names"),
    [
        ("en", "why is blinken visiting astana?", ["blinken", "astana"]),
        ("en", "what did tokayev say in new delhi?", ["tokayev", "new delhi"]),
        ("en", "how was the nice reading?", []),
        ("de", "warum reist blinken nach astana?", ["blinken", "astana"]),
        ("de", "wann war scholz in taschkent?", ["scholz", "taschkent"]),
        ("de", "wie hoch ist die miete in der stadt?", []),
        ("ru", "почему блинкен едет в астану?", ["блинкен", "астану"]),
    ],
)
def test_questions_without_capitals(language: str, question: str, names: list[str]) -> None:
    """Typed in a hurry, places and the rarest words still count as names; words that are also cities do not."""
    assert asked(question, language) == names


def test_a_capital_tells_that_the_rest_has_none_on_purpose() -> None:
    """In a question that uses capitals a rare word in lower case is a word."""
    assert asked("Why were the foursomes postponed?", "en") == []


def test_names_say_where_they_stand() -> None:
    """A name is a slice of its question and has the keys under which a text has it."""
    question = "Was will Tokajew in Neu-Delhi von den Tokajews?"
    for name in question_names(question, language="de"):
        assert question[name.start : name.end] == name.text
        assert name.keys & set(name_keys(f"So {name.text}.", language="de"))


@given(st.text(), st.sampled_from(["en", "de", "ru", "ar", "zh", "ko", "xx"]))
def test_any_question_gives_names_in_order(question: str, language: str) -> None:
    """Whatever is asked, names do not overlap and have keys."""
    names = question_names(question, language=language)
    assert all(one.end <= other.start for one, other in pairwise(names))
    assert all(name.keys and question[name.start : name.end] == name.text for name in names)


def test_long_texts_are_keyed_quickly() -> None:
    """Naming is cheap beside embedding: more than 100,000 characters a second."""
    text = "Der Bürgermeister von Brenn traf am Dienstag Frau Ilse Tamm aus Neu-Delhi und sprach über die Brücke. " * 200
    start = time.process_time()
    name_keys(text, language="de")
    assert len(text) / (time.process_time() - start) > 100_000
