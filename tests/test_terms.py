"""The terms under which passages and questions meet, with a dictionary of five words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vectorstore.terms import heading_apart, passage_terms, question_terms, text_terms
from vectorstore.types import Passage

if TYPE_CHECKING:
    from collections.abc import Callable

    from vectorstore.dictionary import Glossary
    from vectorstore.terms import QuestionWord
    from vectorstore.types import Article

    Make = Callable[..., Article]

GERMAN = "Die alte Brücke über den Fluss wird gebaut, sagte Tokajew in Neu-Delhi am 25.000. Tag."


def whole(article: Article) -> Passage:
    """An article as one passage."""
    return Passage(article_id=article.id, version=article.version, start=0, end=len(article.text), sentences=())


def asked(question: str, glossary: Glossary, *library: str) -> dict[str, QuestionWord]:
    """The content words of a question, by their text."""
    return {word.text: word for word in question_terms(question, library=library, glossary=glossary).words}


def found(question: str, text: str, glossary: Glossary, *, language: str) -> dict[str, bool]:
    """Which words of a question a text in ``language`` has."""
    terms = text_terms(text, language=language, glossary=glossary)
    return {text: word.found_in(terms) for text, word in asked(question, glossary, language).items()}


# --- passages


def test_a_passage_has_three_kinds_of_terms(make_article: Make, tiny_glossary: Glossary) -> None:
    """Its own stems, those of its English gloss, and the keys of its names; numbers are in the first two."""
    article = make_article("a", GERMAN, language="de")
    terms = passage_terms(article, whole(article), glossary=tiny_glossary)
    assert (terms.id, terms.language) == (whole(article).id, "de")
    assert {"bruck", "fluss", "gebaut", "25000"} <= set(terms.own)
    assert {"bridg", "river", "flow", "build", "25000"} <= set(terms.gloss)
    assert {"the", "who"}.isdisjoint(terms.gloss)
    assert {"@1261481", "~tokof"} <= set(terms.names)


def test_english_is_its_own_gloss(make_article: Make, tiny_glossary: Glossary) -> None:
    """An English passage meets glosses with its own stems."""
    article = make_article("a", "They rebuilt the bridges.", language="en")
    terms = passage_terms(article, whole(article), glossary=tiny_glossary)
    assert terms.gloss == terms.own == ["rebuilt", "bridg"]


def test_without_a_dictionary_there_is_no_gloss(make_article: Make, tiny_glossary: Glossary, no_glossary: Glossary) -> None:
    """A language that no dictionary covers has its own stems and its names."""
    for language, glossary in (("fr", tiny_glossary), ("de", no_glossary)):
        article = make_article("a", "Le pont de Brenn.", language=language)
        terms = passage_terms(article, whole(article), glossary=glossary)
        assert terms.gloss == []
        assert terms.own


def test_the_headline_is_searched_with_each_passage(make_article: Make, tiny_glossary: Glossary) -> None:
    """A passage without the headline gets its terms; one that holds it has them once."""
    article = make_article("a", "Ferry sold\nThe island has none.", title="Ferry sold")
    first, second = whole(article), Passage(article_id="a", version=article.version, start=11, end=31, sentences=())
    assert heading_apart(article, first) == ""
    assert heading_apart(article, second) == "Ferry sold"
    for passage in (first, second):
        assert list(passage_terms(article, passage, glossary=tiny_glossary).own).count("ferri") == 1
    untitled = make_article("b", "Ferry sold")
    assert heading_apart(untitled, whole(untitled)) == ""


# --- questions


def test_a_question_is_analysed_in_each_language_it_may_be_in(tiny_glossary: Glossary) -> None:
    """It has stems for the languages of the library that it is likely in, and no others."""
    terms = question_terms("Wann wird die Brücke gebaut?", library=("de", "en", "fr"), glossary=tiny_glossary)
    assert terms.language == "de"
    assert terms.own == {"de": {"bruck": 1.0, "gebaut": 1.0}}
    assert question_terms("Wann wird die Brücke gebaut?", library=("fr",), glossary=tiny_glossary).own == {}


def test_an_uncertain_question_has_stems_in_several_languages(tiny_glossary: Glossary) -> None:
    """Names alone may be a question in any language of the library."""
    terms = question_terms("Blinken Astana Tokajew", library=("de", "en"), glossary=tiny_glossary)
    assert set(terms.own) == {language for language in ("de", "en") if language in terms.languages}
    assert len(terms.languages) > 1


def test_a_question_is_glossed_like_a_text(tiny_glossary: Glossary) -> None:
    """German questions meet English passages under the gloss; English ones are their own; repeats weigh more."""
    assert {"bridg", "build", "river", "flow"} <= set(
        question_terms("Wird die Brücke über den Fluss gebaut?", library=(), glossary=tiny_glossary).gloss
    )
    english = question_terms("Which bridge is the bridge over the river?", library=("en",), glossary=tiny_glossary)
    assert english.gloss == english.own["en"] == {"bridg": 2.0, "river": 1.0}
    assert question_terms("Quand le pont sera-t-il reconstruit ?", library=("fr",), glossary=tiny_glossary).gloss == {}


def test_content_words_are_weighed_by_rarity(tiny_glossary: Glossary) -> None:
    """Function words are left out; a rare word says more than a common one; numbers are known as such."""
    words = asked("When did Tokayev visit the bridge in 2023?", tiny_glossary, "en")
    assert list(words) == ["Tokayev", "visit", "bridge", "2023"]
    assert words["Tokayev"].weight > words["bridge"].weight > words["visit"].weight > 0
    assert [word.text for word in words.values() if word.is_number] == ["2023"]
    assert asked("Who paid 25,000 crowns?", tiny_glossary, "en")["25,000"].is_number
    assert [word.text for word in words.values() if word.names] == ["Tokayev"]


def test_names_of_a_question(tiny_glossary: Glossary) -> None:
    """Names keep their order, and the words of one share its keys."""
    terms = question_terms("Was sagte Tokajew in Neu-Delhi?", library=("de",), glossary=tiny_glossary)
    assert [name.text for name in terms.names] == ["Tokajew", "Neu-Delhi"]
    keys = {word.text: word.names for word in terms.words}
    assert keys["Neu"] == keys["Delhi"] == {"@1261481"}


# --- whether a text has a word


@pytest.mark.parametrize(
    ("question", "language", "text", "has"),
    [
        ("Wann wird die Brücke gebaut?", "de", "Die Brücken sind gesperrt.", {"Brücke": True, "gebaut": False}),
        ("When will the bridge collapse?", "de", "Die Brücke ist gesperrt.", {"bridge": True, "collapse": False}),
        ("Wann öffnet die Brücke?", "en", "The bridges open in May.", {"Brücke": True, "öffnet": False}),
        ("Where is the ferry?", "de", "Eine Fähre fährt.", {"ferry": True}),
        ("What did Tokayev say in Beijing?", "de", "Tokajew sprach in Peking.", {"Tokayev": True, "Beijing": True}),
        ("Что Токаев сказал в Пекине?", "de", "Tokajew sprach in Peking.", {"Токаев": True, "Пекине": True}),
        ("Was sagte Tokajew in Peking?", "fr", "Tokaïev a parlé à Pékin.", {"Tokajew": True, "Peking": True}),
        ("Who lives in New Delhi?", "de", "Sie wohnt in Neu-Delhi.", {"lives": False, "Delhi": True}),
        ("What happened in 2023?", "fr", "En 2023, le pont a fermé.", {"2023": True}),
        ("How are 25,000 people crossing?", "de", "Es sind 25.000 Menschen.", {"25,000": True}),
        ("What did Biden say in Bonn?", "de", "Macron sprach in Berlin.", {"Biden": False, "Bonn": False}),
    ],
)
def test_a_text_has_a_word_in_some_form(
    tiny_glossary: Glossary, question: str, language: str, text: str, has: dict[str, bool]
) -> None:
    """A word is found by its stem in its own language, by its gloss across languages, a name by its keys, a number as it is."""
    seen = found(question, text, tiny_glossary, language=language)
    assert {word: seen[word] for word in has} == has


def test_stems_of_other_languages_do_not_meet(no_glossary: Glossary) -> None:
    """What looks alike in two languages is not one word: German "Gift" is no gift."""
    assert not found("Wer gab das Gift?", "A gift for the mayor.", no_glossary, language="en")["Gift"]
    assert found("Wer gab das Gift?", "Das Gift im Fluss.", no_glossary, language="de")["Gift"]


def test_without_dictionaries_names_and_numbers_still_meet(no_glossary: Glossary) -> None:
    """Across languages without a gloss, only what is spelt or sounds alike is found."""
    seen = found(
        "What did Tokayev say about the bridge in 2023?", "Tokajew sprach 2023 über die Brücke.", no_glossary, language="de"
    )
    assert (seen["Tokayev"], seen["2023"], seen["bridge"]) == (True, True, False)


def test_any_question_has_terms(tiny_glossary: Glossary) -> None:
    """Japanese, Chinese, Korean, empty and wordless questions are analysed like any other."""
    for question in ("ブリンケンは2023年なぜGDPを", "布林肯2023年访问哈萨克斯坦", "블링컨은 왜 2023 NATO?", "", "?!", "2022"):
        terms = question_terms(question, library=("ja", "zh", "ko", "de"), glossary=tiny_glossary)
        assert sum(terms.languages.values()) == pytest.approx(1)
        text_terms(question, language=terms.language, glossary=tiny_glossary)
