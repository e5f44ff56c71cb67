"""The gloss: dictd files, cache files, words and names. Dictionaries are written by the tests, but for those at the end."""

from __future__ import annotations

import gzip
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorstore import languages
from vectorstore.dictionary import Glossary
from vectorstore.settings import SYSTEM_DICTIONARIES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
GERMAN = (
    "Haus /hˈaʊs/ <neut, n, sg>\n [adm.] institution <n>\n",
    'Haus /hˈaʊs/ <neut, n, sg>\nhouse <n>\n      "ein Haus bauen"  - build a house\n   Synonym: {Gebäude}\n\n see: {Häuser}\n',
    "jdn. besuchen /bəzˈuːxən/ <v, trans>\nvisit sb. <v>\n",
    "Regierung /reːɡˈiːrʊŋ/ <fem, n, sg>\n [pol.] government <n>Gov.,  /ɡˈoːf/ Govt.,  /ɡˈɔft/ , administration <n> [Am.]\n",
    "Krise /kʁˈiːzə/ <fem, n, sg>\ncrisis <n>, emergency <n>, slump <n>, trough <n>\n",
    "Amplitudenmodulation /ˌampliːtˈuːdən/ (AM /ˈam/) <fem, n, sg>\namplitude modulation <n>\n",
    "die /dˈiː/ <art>\nthe <art>\n",
    "die /dˈiː/ <pron>\nwho <pron>\n         Note: relative pronoun\n",
    "der /dˈɛɾ/ <art>\nthe <art>\n",
    "Fischer /fˈɪʃɜ/ <masc, n, sg>\nfisherman <n>, fisher <n>\n",
    "fischen /fˈɪʃən/ <v>\nfish <v>\n",
    "Kohl /kˈoːl/ <masc, n, sg>\n [bot.] cabbage <n>\n         Note: botanical genus\n",
    "blinken /blˈɪŋkən/ <v, intr>\nflash <v>\n",
    "Blinken /blˈɪŋkən/ <neut, n, sg>\n [comp.] flashing <n> [repeated]\n",
    "Kanzler /kˈantslɜ/ <masc, n, sg>\nfederal chancellor <n>, chancellor <n>\n",
    "Minister /miːnˈɪstɜ/ <masc, n, sg>\nminister <n>\n",
    "Krieg /kʁˈiːk/ <masc, n, sg>\nwar <n>\n",
    "Waffe /vˈafə/ <fem, n, sg>\nweapon <n>\n",
    "arm /ˈaɾm/ <adj>\npoor <adj>\n",
    "Arm /ˈaɾm/ <masc, n, sg>\narm <n>\n",
)
FRENCH = (
    "Russie /ʀysi/ <n, fem>\nRussia\n",
    "gouvernement /guvɛʀnəmɑ̃/ <n, masc>\n1. control, reign\n2. government\n",
    "président /pʀezidɑ̃/ <n, masc>\npresident\n",
    "guerre /ɡɛʀ/ <n, fem>\nwar\n",
    "bel /bɛl/ <adj>\nbeautiful\n",
    "le /lə/ <art>\nthe\n",
)


def number(value: int) -> str:
    """``value`` in the base 64 of dictd's index."""
    digits = DIGITS[value % 64]
    return number(value // 64) + digits if value >= 64 else digits


def write_dictionary(folder: Path, name: str, entries: Sequence[str]) -> Path:
    """A dictionary in dictd format as Debian packs it; returns its text file."""
    text, index = b"", [f"00databaseshort\tA\t{number(3)}"]
    text += b"xyz"
    for entry in entries:
        block = entry.encode()
        index.append(f"{entry.split(' /')[0].lower()}\t{number(len(text))}\t{number(len(block))}")
        text += block
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.index").write_text("\n".join(sorted(index)) + "\n", "utf-8")
    path = folder / f"{name}.dict.dz"
    path.write_bytes(gzip.compress(text))
    return path


@pytest.fixture
def glossary(tmp_path: Path) -> Glossary:
    """A German and a French dictionary, and an English-Russian one to be inverted."""
    folder = tmp_path / "dictd"
    write_dictionary(folder, "freedict-deu-eng", GERMAN)
    write_dictionary(folder, "freedict-fra-eng", FRENCH)
    write_dictionary(folder, "freedict-eng-rus", ["village /vilidʒ/\n1. деревня, село\n", "war /wɔː/ <n>\nвойна\n"])
    return Glossary.open([tmp_path / "missing", folder], cache=tmp_path / "cache")


def translations(glossary: Glossary, text: str, *, language: str = "de") -> dict[str, tuple[str, ...]]:
    """Each word of ``text`` and its translations."""
    return {word.word: word.translations for word in glossary.gloss(text, language=language)}


def names(glossary: Glossary, text: str, *, language: str = "de") -> list[str]:
    """The words of ``text`` that were taken for names."""
    return [word.word for word in glossary.gloss(text, language=language) if word.name]


def cache_file(tmp_path: Path, language: str = "de") -> Path:
    """The one cache file of a language."""
    (path,) = (tmp_path / "cache").glob(f"dictionary-{language}-*.sqlite")
    return path


# --- dictionaries and cache files


def test_languages_are_known_before_anything_is_parsed(glossary: Glossary, tmp_path: Path) -> None:
    """The folders' file names say which languages there are, in two-letter codes; no cache file is made yet."""
    assert glossary.languages == {"de", "fr", "ru"}
    assert glossary.signature("de").startswith("de-")
    assert glossary.signature("tr") == ""
    assert not (tmp_path / "cache").exists()


def test_other_files_are_no_dictionaries(tmp_path: Path) -> None:
    """Neither a pair without English nor an index without its text counts."""
    write_dictionary(tmp_path, "freedict-deu-fra", GERMAN)
    write_dictionary(tmp_path, "freedict-tur-eng", FRENCH).unlink()
    assert Glossary.open([tmp_path], cache=tmp_path / "cache").languages == frozenset()


def test_senses_lose_their_labels_and_keep_their_remarks(glossary: Glossary) -> None:
    """Entries show headword and senses as printed, without grammar labels, pronunciation and spoken abbreviations."""
    (government,) = glossary.entries("Regierung", language="de")
    assert government.headword == "Regierung"
    assert government.senses == ("[pol.] government, administration [Am.]",)
    assert [entry.senses for entry in glossary.entries("Haus", language="de")] == [("[adm.] institution",), ("house",)]


def test_entries_fall_back_to_the_lemma(glossary: Glossary) -> None:
    """An inflected word shows its lemma's entry, with the headword as the dictionary writes it."""
    (visit,) = glossary.entries("besuchte", language="de")
    assert (visit.headword, visit.senses) == ("jdn. besuchen", ("visit sb.",))
    assert glossary.entries("Quasselstrippe", language="de") == []
    assert glossary.entries("word", language="tr") == []


def test_a_dictionary_from_english_serves_inverted(glossary: Glossary) -> None:
    """Each translation in an English-Russian entry finds its English headword."""
    assert translations(glossary, "деревня и село: война", language="ru") == {
        "деревня": ("village",),
        "и": (),
        "село": ("village",),
        "война": ("war",),
    }


def test_both_directions_are_read_together(glossary: Glossary, tmp_path: Path) -> None:
    """With both directions present, a word found only in one of them is found."""
    write_dictionary(tmp_path / "dictd", "freedict-eng-deu", ["harbour /hɑːbə/\nHafen\n"])
    both = Glossary.open([tmp_path / "dictd"], cache=tmp_path / "cache")
    assert translations(both, "Hafen Krise") == {"Hafen": ("harbour",), "Krise": translations(glossary, "Krise")["Krise"]}


def test_the_cache_is_made_once_and_follows_its_source(glossary: Glossary, tmp_path: Path) -> None:
    """A second process reads the same file; a changed dictionary gets another file and signature, and ousts the old one."""
    glossary.gloss("Haus", language="de")
    first, made, signature = cache_file(tmp_path), cache_file(tmp_path).stat().st_mtime_ns, glossary.signature("de")
    again = Glossary.open([tmp_path / "dictd"], cache=tmp_path / "cache")
    assert translations(again, "Krieg") == {"Krieg": ("war",)}
    assert cache_file(tmp_path).stat().st_mtime_ns == made
    write_dictionary(tmp_path / "dictd", "freedict-deu-eng", ["Krieg /k/ <n>\nwarfare\n"])
    changed = Glossary.open([tmp_path / "dictd"], cache=tmp_path / "cache")
    assert translations(changed, "Krieg") == {"Krieg": ("warfare",)}
    assert changed.signature("de") != signature
    assert cache_file(tmp_path) != first


@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_damaged_cache_file_is_rebuilt(glossary: Glossary, tmp_path: Path, damage: str) -> None:
    """A cache file that is cut short, empty or something else is made again, silently."""
    glossary.gloss("Haus", language="de")
    path = cache_file(tmp_path)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes({"cut": content[: len(content) // 2], "other": b"not a database" * 500, "empty": b""}[damage])
    again = Glossary.open([tmp_path / "dictd"], cache=tmp_path / "cache")
    assert translations(again, "Krieg") == {"Krieg": ("war",)}
    assert again.problems == ()


def test_damage_found_while_reading_is_rebuilt_too(tmp_path: Path) -> None:
    """A page overwritten in the middle of a cache file of the right size costs a rebuild, not an answer."""
    many = [f"Wort{i:05} /w/ <n>\nword{i:05}\n" for i in range(5_000)]
    write_dictionary(tmp_path / "dictd", "freedict-deu-eng", [*GERMAN, *many])
    Glossary.open([tmp_path / "dictd"], cache=tmp_path / "cache").gloss("Haus", language="de")
    path = cache_file(tmp_path)
    content = bytearray(path.read_bytes())
    for page in range(3 * 4096, len(content), 4096):
        content[page : page + 4096] = b"\xff" * 4096
    path.unlink()
    path.write_bytes(content)
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute("SELECT count(records) FROM word WHERE records > ''").fetchone()
    connection.close()
    again = Glossary.open([tmp_path / "dictd"], cache=tmp_path / "cache")
    assert translations(again, "wort04000 Wort04000 Krieg")["Wort04000"] == ("word04000",)


@pytest.mark.parametrize("damage", ["cut", "text", "index"])
def test_a_broken_dictionary_is_reported_and_the_rest_goes_on(
    glossary: Glossary, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A damaged text or index names itself in ``problems`` and the log, leaves the languages, and passes its words through."""
    path = tmp_path / "dictd" / "freedict-deu-eng.dict.dz"
    if damage == "index":
        path.with_name("freedict-deu-eng.index").write_text("haus\tnonsense without numbers\n", "utf-8")
    else:
        path.write_bytes(path.read_bytes()[:50] if damage == "cut" else b"never compressed")
    with caplog.at_level(logging.WARNING):
        assert translations(glossary, "Haus") == {"Haus": ()}
    assert "freedict-deu-eng" in caplog.text
    assert len(glossary.problems) == 1
    assert glossary.languages == {"fr", "ru"}
    assert glossary.signature("de") == ""
    assert glossary.gloss_terms("Haus", language="de") == ["haus"]
    assert translations(glossary, "la guerre", language="fr")["guerre"] == ("war",)


def test_a_cache_that_cannot_be_written_is_reported(glossary: Glossary, tmp_path: Path) -> None:
    """With a file where the cache folder should be, the gloss works and says what is wrong."""
    (tmp_path / "cache").write_text("in the way")
    assert translations(glossary, "Krieg") == {"Krieg": ("war",)}
    assert str(tmp_path / "cache") in glossary.problems[0]


def test_several_threads_get_the_same_gloss(glossary: Glossary) -> None:
    """Reading from many threads, the first opening included, gives what one thread gets."""
    text = " ".join(entry.split(" /")[0] for entry in GERMAN) * 5
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: glossary.gloss(text, language="de"), range(40)))
    assert all(result == results[0] for result in results)


# --- words


def test_offsets_are_those_of_the_words(glossary: Glossary) -> None:
    """``text[start:end]`` is the word."""
    text = "Die Krise, das Haus – 25.000 Waffen!"
    assert [text[word.start : word.end] for word in glossary.gloss(text, language="de")] == [
        word.text for word in languages.words(text)
    ]


def test_the_main_sense_comes_first(glossary: Glossary) -> None:
    """A sense with examples outweighs a special one; at most three translations are given."""
    assert translations(glossary, "das Haus")["Haus"] == ("house", "institution")
    assert len(translations(glossary, "die Krise")["Krise"]) == 3


def test_an_inflected_word_has_its_lemmas_translations(glossary: Glossary) -> None:
    """A verb form and a plural are found through their lemmas, a verb's placeholder ("jdn.") is no hindrance."""
    found = translations(glossary, "Er besuchte das Land der Waffen")
    assert found["besuchte"] == ("visit",)
    assert found["Waffen"] == ("weapon",)


def test_the_case_of_a_headword_counts(glossary: Glossary) -> None:
    """The noun and the adjective that only differ in their capital are kept apart."""
    assert translations(glossary, "Der Arm ist arm.") == {"Der": (), "Arm": ("arm",), "ist": (), "arm": ("poor",)}


def test_a_headline_in_capitals_is_read(glossary: Glossary) -> None:
    """A long word in capitals is looked up as if it had one."""
    assert translations(glossary, "DER KRIEG UND DIE REGIERUNG")["KRIEG"] == ("war",)


def test_function_words_have_no_translation(glossary: Glossary) -> None:
    """Articles and pronouns give neither translations nor terms, whatever the dictionary says of them."""
    assert translations(glossary, "die der") == {"die": (), "der": ()}
    assert glossary.gloss_terms("die der und am", language="de") == []


def test_abbreviations_match_only_capitals(glossary: Glossary) -> None:
    """Capitals match only capitals: AM is amplitude modulation, am is not."""
    assert translations(glossary, "Am Montag sendet man am Abend auf AM")["AM"] == ("amplitude modulation",)
    assert not translations(glossary, "Am Montag am Abend")["Am"]
    assert not translations(glossary, "Am Montag am Abend")["am"]


@pytest.mark.parametrize("compound", ["Regierungskrise", "Regierungskrisen", "Hauskrise", "Fischerhaus", "Waffenregierung"])
def test_a_compound_has_its_parts_translations(glossary: Glossary, compound: str) -> None:
    """German compounds are split at headwords, over linking elements and with an inflected last part."""
    (best, *_) = translations(glossary, f"die {compound}")[compound]
    first, last = best.split()
    assert first in {"government", "administration", "house", "fisherman", "fisher", "weapon"}
    assert last in {"crisis", "emergency", "house", "government", "administration"}


def test_numbers_and_unknown_words_are_not_translated(glossary: Glossary) -> None:
    """They pass into the terms as they are."""
    assert translations(glossary, "25.000 quirlten 2023") == {"25.000": (), "quirlten": (), "2023": ()}
    assert glossary.gloss_terms("25.000 Tokajew 2023", language="de") == languages.terms("25000 Tokajew 2023", language="en")


# --- names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Am Montag sprach Kanzler Kohl.", "Kohl"),
        ("Damals war Helmut Kohl beliebt.", "Kohl"),
        ("Joschka Fischer kam spät.", "Fischer"),
        ("Blinken besucht die Regierung.", "Blinken"),
        ("Warum besucht Blinken die Regierung?", "Blinken"),
        ("Wen besuchte Fischer?", "Fischer"),
    ],
)
def test_a_name_is_left_alone(glossary: Glossary, text: str, name: str) -> None:
    """A surname that is a German word is a name after a title or given name, or where nothing introduces it."""
    assert name in names(glossary, text)
    assert not translations(glossary, text)[name]
    assert languages.word_terms(name, language="en")[0] in glossary.gloss_terms(text, language="de")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Der Kohl ist teuer.", "Kohl"),
        ("Heute fing der Fischer nichts.", "Fischer"),
        ("Das Haus, die Krise und der Krieg", "Krieg"),
        ("Warum liefert Putin Waffen?", "Waffen"),
        ("Wann wurde Angela Merkel Minister?", "Minister"),
    ],
)
def test_a_trade_or_thing_is_translated(glossary: Glossary, text: str, word: str) -> None:
    """An article before it, an inflected form or a title tells the noun from the name."""
    assert word not in names(glossary, text)
    assert translations(glossary, text)[word]


def test_a_name_once_known_is_known_everywhere(glossary: Glossary) -> None:
    """The full name at one place decides for the bare surname elsewhere, unless an article introduces it."""
    found = glossary.gloss("Kanzler Kohl lachte. Später aß Kohls Minister den Kohl.", language="de")
    assert [(word.word, word.name) for word in found if word.word.startswith("Kohl")] == [
        ("Kohl", True),
        ("Kohls", True),
        ("Kohl", False),
    ]


def test_names_where_nouns_have_no_capitals(glossary: Glossary) -> None:
    """In French a capitalised word that the dictionary only has in lower case is a name, unless an article introduces it."""
    text = "Hier le président Bel a quitté la Russie. Le Gouvernement, et Bel, veulent la guerre."
    assert names(glossary, text, language="fr") == ["Bel", "Bel"]
    found = translations(glossary, text, language="fr")
    assert found["Russie"] == ("Russia",)
    assert "government" in found["Gouvernement"]


# --- terms


def test_terms_are_english_stems(glossary: Glossary) -> None:
    """A German and an English text meet in their terms; each translation of a word is given once."""
    german = glossary.gloss_terms("Die Regierungen besuchten das Haus", language="de")
    assert set(languages.terms("visit the governments' houses", language="en")) <= set(german)
    assert len(german) == len(set(german))


def test_english_is_its_own_gloss(glossary: Glossary) -> None:
    """English text gives its own terms."""
    assert glossary.gloss_terms("The visits of 2023", language="en") == languages.terms("The visits of 2023", language="en")


def test_a_language_without_dictionary_passes_through(glossary: Glossary) -> None:
    """Words without translation are returned as such, and the terms are the words' own."""
    assert [word.translations for word in glossary.gloss("Merhaba Tokayev", language="tr")] == [(), ()]
    assert glossary.gloss_terms("Merhaba Tokayev", language="tr") == languages.terms("Merhaba Tokayev", language="en")


TEXTS = st.text(max_size=80) | st.lists(
    st.sampled_from(["Kohl", "KRIEG", "die", "besucht", "Putin", "–", ".", "„", "28.", "am", "AM", "Haus-Krise"])
).map(" ".join)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Glossary:
    """One glossary for all the examples of a property."""
    folder = tmp_path_factory.mktemp("shared")
    write_dictionary(folder, "freedict-deu-eng", GERMAN)
    return Glossary.open([folder], cache=folder / "cache")


@given(text=TEXTS)
def test_any_text_can_be_glossed(shared: Glossary, text: str) -> None:
    """Every word appears once at its place, with at most three translations, and none if it is a name."""
    found = shared.gloss(text, language="de")
    assert [(word.start, word.end, word.word) for word in found] == [(w.start, w.end, w.text) for w in languages.words(text)]
    assert all(len(word.translations) <= 3 and not (word.name and word.translations) for word in found)
    shared.gloss_terms(text, language="de")


# --- the real German dictionary

REAL = SYSTEM_DICTIONARIES / "freedict-deu-eng.index"
needs_german = pytest.mark.skipif(not REAL.is_file(), reason=f"{REAL} is missing: apt-get install dict-freedict-deu-eng")


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Glossary:
    """The installed dictionaries, their caches made for this module."""
    return Glossary.open([SYSTEM_DICTIONARIES], cache=tmp_path_factory.mktemp("cache"))


@needs_german
@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("Sie besuchen die Hauptstadt.", "besuchen", "visit"),
        ("Sie besuchen die Hauptstadt.", "Hauptstadt", "capital"),
        ("der Außenminister", "Außenminister", "foreign minister"),
        ("Das Haus brennt.", "Haus", "house"),
        ("Die EU verhandelt.", "EU", "European Union"),
        ("Er floh nach Weißrussland.", "Weißrussland", "Belarus"),
        ("die geführten Gespräche", "Gespräche", "conversation"),
        ("die Friedensformel", "Friedensformel", "peace formula"),
        ("in Kasachstans Steppe", "Kasachstans", "Kazakhstan"),
    ],
)
def test_the_real_dictionary_translates(german: Glossary, text: str, word: str, expected: str) -> None:
    """Common words of the news come out as English news say them."""
    assert expected in translations(german, text)[word]


@needs_german
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Blinken besucht Zentralasien.", ["Blinken"]),
        ("Bundeskanzler Kohl traf Außenminister Fischer.", ["Kohl", "Fischer"]),
        ("Frau Merkel und Herr Weber sprachen über Waffen.", ["Merkel", "Weber"]),
        ("Karl war da. Minister Lauterbach will die Reform.", ["Lauterbach"]),
        ("Die Fischer streiken, und der Kohl wird teuer.", []),
        ("Hunger, Musik und Krieg", []),
    ],
)
def test_the_real_dictionary_leaves_names_alone(german: Glossary, text: str, expected: list[str]) -> None:
    """Politicians whose names are German words stay names among words that do not."""
    assert names(german, text) == expected


@needs_german
def test_the_real_cache_is_compact(german: Glossary) -> None:
    """The cache file of 340,000 headwords is below 50 MB."""
    german.gloss("Haus", language="de")
    (path,) = german._cache.glob("dictionary-de-*.sqlite")
    assert path.stat().st_size < 50_000_000
