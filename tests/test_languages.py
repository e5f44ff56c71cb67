"""Words, numbers, terms, stop words, and the languages of texts and questions."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorstore.languages import (
    UNKNOWN,
    detect_language,
    distinct,
    fold_accents,
    is_unspaced,
    lemma,
    normalise,
    primary,
    question_languages,
    stem,
    stop_words,
    terms,
    word_terms,
    words,
    zipf,
)

if TYPE_CHECKING:
    from pathlib import Path

QUESTIONS = {
    "en": ["Why is Blinken visiting Astana?", "Who won the election in Brazil?", "How much did the ferry cost?"],
    "de": ["Warum reist Blinken nach Zentralasien?", "Wer ist Tokajew?", "Wann war der Brand?", "Wer gewann in Bayern?"],
    "fr": ["Pourquoi Blinken se rend-il à Astana ?", "Qui est Tokaïev ?", "Combien de morts ?"],
    "es": ["¿Por qué viaja Blinken a Kazajistán?", "¿Quién es Tokáyev?"],
    "it": ["Perché Blinken va ad Astana?", "Chi è Tokayev?"],
    "pt": ["Quem é Tokayev?", "Onde fica a fábrica que fechou em março?"],
    "nl": ["Waarom reist Blinken naar Astana?"],
    "pl": ["Dlaczego Blinken jedzie do Astany?", "Kim jest Tokajew?"],
    "cs": ["Proč jede Blinken do Astany?"],
    "sv": ["Varför besöker Blinken Astana?"],
    "da": ["Hvorfor besøger Blinken Astana?"],
    "fi": ["Miksi Blinken vierailee Astanassa?"],
    "hu": ["Miért látogat Blinken Asztanába?"],
    "tr": ["Blinken neden Astana'yı ziyaret ediyor?", "Tokayev kimdir?"],
    "ru": ["Почему Блинкен едет в Астану?", "Кто такой Токаев?"],
    "uk": ["Чому Блінкен їде до Астани?"],
    "el": ["Γιατί ο Μπλίνκεν επισκέπτεται την Αστάνα;"],
    "ar": ["لماذا يزور بلينكن أستانا؟"],
    "hi": ["ब्लिंकन अस्ताना क्यों जा रहे हैं?"],
    "ko": ["블링컨은 왜 아스타나를 방문하는가?"],
    "ja": ["ブリンケンはなぜアスタナを訪問するのか"],
    "zh": ["布林肯为何访问阿斯塔纳？"],
    "kk": ["Блинкен Астанаға неге барады?"],
}


def texts_of(text: str) -> list[str]:
    """The words of ``text`` without their places."""
    return [word.text for word in words(text)]


# --- words


@given(st.text())
def test_words_are_slices_in_order(text: str) -> None:
    """Every word is where it says, and no two overlap."""
    listed = words(text)
    assert all(text[word.start : word.end] == word.text for word in listed)
    assert all(one.end <= other.start for one, other in pairwise(listed))


@given(st.text())
def test_no_letter_is_lost(text: str) -> None:
    """Every letter and digit of a text is in a word."""
    inside = {place for word in words(text) for place in range(word.start, word.end)}
    assert [char for place, char in enumerate(text) if place not in inside and char.isalnum()] == []


@pytest.mark.parametrize("space", [" ", ".", ",", "'", "\u00a0", "\u2009", "\u202f"])
def test_a_grouped_number_is_one_word(space: str) -> None:
    """The thousands of a number belong together however they are set apart, and compare equal to the plain number."""
    assert terms(f"um 25{space}000 Euro", language="de") == ["25000", "euro"]
    assert terms(f"1{space}234{space}567", language="de") == ["1234567"]


@pytest.mark.parametrize("text", ["In 2022 400 people came", "12345 678", "3,5 percent", "2022-2023", "1,23"])
def test_other_numbers_stay_apart(text: str) -> None:
    """A year before a number, decimals and ranges are no groups of thousands."""
    numbers = [word.text for word in words(text) if word.text[0].isdigit()]
    assert len(numbers) == 2
    assert all(number.isdigit() for number in numbers)


def test_marks_stay_with_their_letters() -> None:
    """Vowel signs and the joiners of Indic, Thai, Arabic and Persian words are inside a word."""
    assert texts_of("नई रेलगाड़ी कब?") == ["नई", "रेलगाड़ी", "कब"]
    assert texts_of("أُغلِقَ الميناءُ") == ["أُغلِقَ", "الميناءُ"]
    assert texts_of("کتاب\u200cخانه‌ها بسته") == ["کتاب\u200cخانه‌ها", "بسته"]
    assert texts_of(unicodedata.normalize("NFD", "Brücke")) == [unicodedata.normalize("NFD", "Brücke")]


def test_unspaced_scripts_stand_apart_from_others() -> None:
    """A number or a Latin word within Chinese or Japanese is a word of its own."""
    assert texts_of("2023年のGDPは、アントニー・ブリンケン") == ["2023", "年の", "GDP", "は", "アントニー", "ブリンケン"]
    assert is_unspaced("年の")
    assert not is_unspaced("GDP")


def test_apostrophes_and_hyphens_divide() -> None:
    """What an article or a compound is joined with is no letter."""
    assert texts_of("l'Ukraine d’État COVID-19 foo_bar") == ["l", "Ukraine", "d", "État", "COVID", "19", "foo", "bar"]


# --- forms of a word


def test_normal_forms_ignore_case_width_and_points() -> None:
    """Words compare without case and compatibility forms, Arabic and Hebrew ones without their vowel points."""
    assert normalise("STRASSE") == normalise("Straße") == "strasse"
    assert normalise("Ｆｕｌｌ") == "full"
    assert normalise("أُغلِقَ") == normalise("أغلق")
    assert normalise("שָׁלוֹם") == normalise("שלום")
    assert normalise("हिन्दी") != normalise("हन्द")


def test_accents_fold_for_comparing() -> None:
    """Diacritics go, letters that only look like they had one stay."""
    assert fold_accents("Erdoğan in São Tomé, Хрущёв") == "Erdogan in Sao Tome, Хрущев"
    assert fold_accents("й서울") == "й서울"


def test_stems_join_the_forms_of_a_word() -> None:
    """Inflected forms share a term, by its dictionary form where a language has no stemmer; one that has neither keeps the word, and so does a number."""
    assert len({stem(form, language="de") for form in ("brücke", "brücken")}) == 1
    assert len({stem(form, language="ru") for form in ("мост", "моста", "мосту")}) == 1
    assert len({stem(form, language="uk") for form in ("станція", "станцію", "станції")}) == 1
    assert stem("bridge", language="xx") == "bridge"
    assert stem("1990s", language="en") == "1990s"


def test_lemmas_are_dictionary_forms() -> None:
    """The lemma keeps the case; unknown languages keep the word."""
    assert lemma("Brücken", language="de") == "Brücke"
    assert lemma("bridges", language="xx") == "bridges"


def test_what_is_kept_lies_in_the_cache_of_the_open_library(tmp_path: Path) -> None:
    """Whatever the environment says by then, even what no setting can be."""
    code = (
        "import os, sys; from pathlib import Path; from assistant import Assistant, Settings; from vectorstore.languages import lemma, question_languages\n"
        "folder = Path(sys.argv[1])\n"
        "with Assistant(Settings(library=folder / 'library', cache=folder / 'given')):\n"
        "    os.environ.update(FUNDSTELLE_CACHE=str(folder / 'other'), FUNDSTELLE_SENTENCE_VECTORS='perhaps')\n"
        "    print(lemma('Brücken', language='de'), max(question_languages('Wann war der Brand?')))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert said.stdout.split() == ["Brücke", "de"]
    assert {path.name for path in (tmp_path / "given").iterdir()} >= {"lemmas", "words"}
    assert not (tmp_path / "other").exists()


def test_stop_words_are_frequent_function_words() -> None:
    """Function words are there, listed words that carry meaning and other languages' words are not."""
    assert {"the", "of", "is"} <= stop_words("en")
    assert {"die", "und", "nach"} <= stop_words("de")
    assert "в" in stop_words("ru")
    assert not {"minister", "bridge"} & stop_words("en")
    assert stop_words("xx") == frozenset()


def test_word_frequencies_are_on_a_log_scale() -> None:
    """Common words are above rare ones, unseen ones at 0, and a language without a list is measured by English."""
    assert zipf("the", language="en") > 7 > zipf("bridge", language="en") > 3 > zipf("tokayev", language="en")
    assert zipf("qwrtzpsd", language="de") == 0
    assert zipf("bridge", language="xx") == zipf("bridge", language="en")


@pytest.mark.parametrize("language", ["ja", "zh", "ko"])
def test_languages_without_a_segmenter_have_frequencies(language: str) -> None:
    """The segmenters that wordfreq wants for these languages are not installed; its lists are read without them."""
    common = {"ja": "東京", "zh": "北京", "ko": "서울"}[language]
    assert 3 < zipf(common, language=language) < 8
    assert zipf("qwrtzpsd", language=language) == 0
    assert all(isinstance(term, str) for term in terms("2023 GDP Tokyo", language=language))


# --- terms


def test_korean_words_meet_in_pairs() -> None:
    """No stemmer takes its particles off: "strike" as a topic and as an object share all but the particle's pair."""
    topic, thing = set(terms("파업은", language="ko")), set(terms("파업을", language="ko"))
    assert topic & thing == {"파업"}


def test_terms_are_stems_without_stop_words() -> None:
    """What the index keeps of a sentence: content words as stems, repeats kept."""
    assert terms("The narrow bridges and the bridge", language="en") == ["narrow", "bridg", "bridg"]
    assert terms("Die Brücken und die Brücke", language="de") == ["bruck", "bruck"]


def test_scripts_without_spaces_give_pairs_of_characters() -> None:
    """Chinese and Japanese runs become overlapping pairs; a single character is its own."""
    assert word_terms("訪問する", language="ja") == ["訪問", "問す", "する"]
    assert word_terms("桥", language="zh") == ["桥"]
    shared = set(terms("ブリンケンはなぜアスタナを訪問するのか", language="ja")) & set(
        terms("米国務長官がアスタナを訪問", language="ja")
    )
    assert {"アス", "スタ", "タナ", "訪問"} <= shared


@given(st.text(), st.sampled_from(["en", "de", "ru", "ar", "tr", "hi", "th", "xx"]))
def test_terms_can_be_joined_with_spaces(text: str, language: str) -> None:
    """No term is empty or has white space, for the term index splits there."""
    listed = terms(text, language=language)
    assert " ".join(listed).split() == listed


# --- languages


def test_primary_subtags() -> None:
    """Tags are cut to their language; what is no tag is unknown."""
    assert [primary(tag) for tag in ("de-AT", "de_CH", " EN ", "zh-Hans-CN", "fil")] == ["de", "de", "en", "zh", "fil"]
    assert [primary(tag) for tag in (None, "", "german", "x", "12")] == [UNKNOWN] * 5


@pytest.mark.parametrize(
    ("language", "question"), [(language, text) for language, listed in QUESTIONS.items() for text in listed]
)
def test_the_language_of_a_short_question(language: str, question: str) -> None:
    """Short questions that are half names are known by their function words, in any kind of library."""
    for library in ((), ("de",), ("en", "fr", "ru")):
        likely = question_languages(question, library=library)
        assert max(likely, key=lambda name: likely[name]) == language
        assert sum(likely.values()) == pytest.approx(1)
        assert min(likely.values()) >= 0.01


def test_a_question_of_names_leans_to_the_library() -> None:
    """Where the words do not tell, the languages of the library and English are the likelier ones."""
    assert question_languages("Tokajew Astana", library=("de",))["de"] > question_languages("Tokajew Astana").get("de", 0)
    unsure = question_languages("Blinken Astana Tokajew", library=("de",))
    assert len(unsure) > 1


@pytest.mark.parametrize("question", ["", "?", "2022", "§ 12"])
def test_a_question_without_words_counts_as_english(question: str) -> None:
    """There is always some language to go on with."""
    assert question_languages(question) == {"en": 1.0}


def test_articles_are_recognised() -> None:
    """The language is told from the text, also where a wrong one is declared."""
    german = "Der Stadtrat stimmte am Dienstag für den Neubau der alten Brücke über den Fluss."
    english = "The council voted on Tuesday to rebuild the old bridge over the river."
    assert detect_language(german) == detect_language(german, declared="en-US") == "de"
    assert detect_language(english) == detect_language(english, declared="de") == "en"


def test_a_declared_language_is_believed_in_doubt() -> None:
    """A headline of names tells little, so what the page says counts; likewise between the forms of Norwegian."""
    assert detect_language("Minister visits Berlin", declared="de") == "de"
    assert detect_language("Astana", declared="fr-FR") == "fr"
    assert detect_language("Regjeringen sier nei til kommunen om den nye broen over elva.", declared="nb") == "nb"


def test_nothing_has_no_language() -> None:
    """Without a word, the declared language or none."""
    assert detect_language("") == detect_language("…", declared="x-klingon") == UNKNOWN
    assert detect_language("", declared="de") == "de"


def test_distinct_keeps_the_first() -> None:
    """Repeats go, the order stays."""
    assert distinct(["b", "a", "b"]) == ["b", "a"]
