"""What a reader of another language is told of the words of a quote: entries, names in the reader's spelling, dictionary and licence."""

from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING

import pytest

from assistant.words import MAX_SENSES, QuoteWord, quote_words
from tests.test_dictionary import GERMAN, number, write_dictionary
from vectorstore.dictd import About, about, licence
from vectorstore.dictionary import Glossary
from vectorstore.respelling import person_name, place_name
from vectorstore.settings import SYSTEM_DICTIONARIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assistant import Assistant

MORE = (
    "sprechen /ʃpʁˈɛçən/ <v>\nspeak <v>, talk <v>\n",
    "für etw. sprechen /ʃpʁˈɛçən/ <v>\nspeak for sth. <v>\n",
    "Treffen /tʁˈɛfən/ <neut, n, sg>\nmeeting <n>\n",
    "Dorf /dˈɔɾf/ <neut, n, sg>\nvillage <n>\n",
)
INFORMATION = """A German - English word list

Availability:

  Available under the terms of the GNU General Public License ver. 2.0 and
  any later version. The GNU General Public License is long.

Published at: https://example.org

Changelog:
  The changes are Creative Commons material.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a German-English dictionary that says what it is."""
    dictionaries = tmp_path / "dictd"
    path = write_dictionary(dictionaries, "freedict-deu-eng", [*GERMAN, *MORE])
    _describe(path, short="German - English word list ver. 1.9", information=INFORMATION)
    return dictionaries


@pytest.fixture
def with_german(folder: Path) -> Path:
    """The same with an English-German dictionary, which does not say what it is."""
    write_dictionary(folder, "freedict-eng-deu", ["bridge /brɪdʒ/ <n>\nBrücke <fem>\n"])
    index = folder / "freedict-eng-deu.index"
    index.write_text("".join(line for line in index.read_text("utf-8").splitlines(keepends=True) if line[0] != "0"), "utf-8")
    return folder


@pytest.fixture
def glossary(folder: Path, tmp_path: Path) -> Glossary:
    """That dictionary into English."""
    return Glossary.open([folder], cache=tmp_path / "cache")


def _describe(path: Path, *, short: str, information: str) -> None:
    """Write into a dictionary what it says of itself, as dictfmt does."""
    text = gzip.decompress(path.read_bytes())
    index = path.with_suffix("").with_suffix(".index")
    lines = [line for line in index.read_text("utf-8").splitlines() if not line.startswith("00")]
    for key, said in (("short", short), ("info", information)):
        block = f"00-database-{key}\n{said}\n".encode()
        lines.append(f"00database{key}\t{number(len(text))}\t{number(len(block))}")
        text += block
    path.write_bytes(gzip.compress(text))
    index.write_text("\n".join(sorted(lines)) + "\n", "utf-8")


def told(quote: str, glossary: Glossary, *, language: str = "de", to: str = "en") -> dict[str, QuoteWord]:
    """What is told of each word, by the word."""
    found = quote_words(quote, language=language, to=to, glossary=glossary)
    assert [word.start for word in found] == sorted(word.start for word in found)
    return {quote[word.start : word.end]: word for word in found}


# --- words


def test_each_word_has_its_entries(glossary: Glossary) -> None:
    """Senses as the dictionary prints them, the likely ones first, those of base forms and parts of compounds with their headword; the source is named."""
    words = told("Das Haus sprach, die Regierung besuchte das Ministertreffen.", glossary)
    assert words["Haus"].senses == ("house", "[adm.] institution")
    assert words["sprach"].senses == ("sprechen: speak, talk", "für etw. sprechen: speak for sth.")
    assert words["besuchte"].senses == ("jdn. besuchen: visit sb.",)
    assert words["Ministertreffen"].senses == ("Minister: minister", "Treffen: meeting")
    assert words["die"].senses == ("the", "who", "der: the")
    assert {word.dictionary for word in words.values()} == {"German - English word list ver. 1.9"}
    assert {word.licence for word in words.values()} == {"GNU General Public License ver. 2.0 and any later version"}
    assert not {word.name for word in words.values()} - {None}


def test_a_name_has_no_entries_of_the_word_it_looks_like(glossary: Glossary) -> None:
    """A minister called Blinken is not a flashing; what is told of a name is its spelling, and only if that is another one."""
    words = told("Minister Blinken sprach in Taschkent mit Lawrow über den Nahen Osten, dann in Astana mit Kohl.", glossary)
    assert "Blinken" not in words
    assert "Astana" not in words
    assert (words["Taschkent"].name, words["Taschkent"].senses, words["Taschkent"].dictionary) == ("Tashkent", (), "")
    assert words["Lawrow"].name == "Lavrov"
    assert words["Nahen Osten"].name == "Middle East"


def test_without_a_dictionary_there_are_the_names(glossary: Glossary) -> None:
    """A Russian quote has its places and people in the reader's letters, and nothing made up for its other words."""
    quote = "Министр Лавров встретился с Медведевым в Ташкенте."
    english = {text: word.name for text, word in told(quote, glossary, language="ru").items()}
    assert english == {"Лавров": "Lavrov", "Медведевым": "Medvedev", "Ташкенте": "Tashkent"}
    german = {text: word.name for text, word in told(quote, glossary, language="ru", to="de").items()}
    assert german == {"Лавров": "Lawrow", "Медведевым": "Medwedew", "Ташкенте": "Taschkent"}


def test_what_is_told_is_bounded(folder: Path, tmp_path: Path) -> None:
    """A word with very many senses has some; numbers have none; a huge quote is looked up in part; nothing is no problem."""
    many = [f"Lage /lˈaːɡə/ <fem, n, sg>\nsense{n} <n>\n" for n in range(100)]
    write_dictionary(tmp_path / "more", "freedict-deu-eng", many)
    glossary = Glossary.open([tmp_path / "more"], cache=tmp_path / "other")
    assert len(told("Lage 1970 12", glossary)["Lage"].senses) == MAX_SENSES
    assert len(quote_words("Lage " * 100_000, language="de", to="en", glossary=glossary)) == 2_000
    assert quote_words("", language="de", to="en", glossary=glossary) == []
    assert quote_words("🌊 … 12,5", language="de", to="en", glossary=glossary) == []


def test_german_readers_get_german_where_a_dictionary_has_it(
    open_assistant: Callable[..., Assistant], with_german: Path, tmp_path: Path
) -> None:
    """English words come in German with such a dictionary; of other languages in English; one's own language needs none."""
    assistant = open_assistant(dictionaries=(with_german,), cache=tmp_path / "cache")
    (bridge,) = assistant.words("a bridge", language="en", to="de")
    assert (bridge.senses, bridge.dictionary, bridge.licence) == (("Brücke",), "freedict-eng-deu", "")
    assert [word.senses for word in assistant.words("Haus", language="de", to="en")] == [("house", "[adm.] institution")]
    assert assistant.words("Haus", language="de", to="de") == []
    without = open_assistant("other", dictionaries=(), cache=tmp_path / "cache")
    assert without.words("a bridge in Moscow", language="en", to="de") == [QuoteWord(12, 18, (), "Moskau", "", "")]


def test_a_word_that_begins_a_sentence_is_no_sign(shared_cache: Path) -> None:
    """German "Am" is no americium, though the dictionary has that sign."""
    if not (SYSTEM_DICTIONARIES / "freedict-deu-eng.index").is_file():
        pytest.skip("needs the package dict-freedict-deu-eng")
    words = told("Am Donnerstag traf er ein.", Glossary.open([SYSTEM_DICTIONARIES], cache=shared_cache))
    assert "Am" not in words
    assert "Thursday" in words["Donnerstag"].senses


def test_looking_up_is_quick(shared_cache: Path) -> None:
    """With the dictionaries of the system a quote takes less than 30 ms of the processor once they are open."""
    if not (SYSTEM_DICTIONARIES / "freedict-deu-eng.index").is_file():
        pytest.skip("needs the package dict-freedict-deu-eng")
    glossary = Glossary.open([SYSTEM_DICTIONARIES], cache=shared_cache)
    first = "Russlands Außenminister Sergej Lawrow reiste nach Taschkent, wo er mit dem Präsidenten über die Lage sprach."
    words = told(first, glossary)
    assert words["Außenminister"].senses
    assert "FreeDict" in words["Lage"].dictionary
    assert "GNU" in words["Lage"].licence
    start = time.thread_time()  # whatever else the machine does
    for _ in range(5):
        told(first, glossary)
    assert (time.thread_time() - start) / 5 < 0.03


# --- what a dictionary says of itself


def test_a_dictionary_names_itself_and_its_licence(with_german: Path) -> None:
    """From its own entries; one that says nothing has the name of its file, and no licence."""
    said = about(with_german / "freedict-deu-eng.index", with_german / "freedict-deu-eng.dict.dz")
    assert said.name == "German - English word list ver. 1.9"
    silent = about(with_german / "freedict-eng-deu.index", with_german / "freedict-eng-deu.dict.dz")
    assert silent == About("freedict-eng-deu", "")
    assert about(with_german / "freedict-deu-eng.index", with_german / "missing.dict.dz") == About("freedict-deu-eng", "")


@pytest.mark.parametrize(
    ("information", "named"),
    [
        ("Availability:\n\n GPL v3 or any later version", "GPL v3 or any later version"),
        (
            "Availability:\n under both the GNU General Public License, version 3 (GPLv3) and the GNU Affero General Public License,\n version 3",
            "GNU General Public License, version 3; GNU Affero General Public License, version 3",
        ),
        ("Availability: Creative Commons Attribution-ShareAlike 3.0 Unported", "Creative Commons Attribution-ShareAlike 3.0"),
        ("Availability:\n Ask the author.\n\nPublished at: x", "Ask the author."),
        ("", ""),
    ],
)
def test_licences_are_recognised(information: str, named: str) -> None:
    """Those that are known by name, with their version; of others the first words."""
    assert licence(information) == named


# --- names


@pytest.mark.parametrize(
    ("word", "english"),
    [
        *(("Lawrow", "Lavrov"), ("Tokajew", "Tokayev"), ("Gorbatschow", "Gorbachev"), ("Jelzin", "Yeltsin")),
        *(("Selenskyj", "Zelensky"), ("Nawalny", "Navalny"), ("Netanjahu", "Netanyahu"), ("Lawrows", "Lavrov")),
        *((name, None) for name in ("Maja", "Sonja", "Weber", "Schulz", "Pankow", "Virchow", "Wagner", "Merkel", "Putin", "Xi")),
        *((noun, None) for noun in ("Wasser", "Schiff", "Jahrzehnt", "Zwischenfall", "gorbatschow")),
    ],
)
def test_only_what_is_sure_is_spelt_otherwise(word: str, english: str | None) -> None:
    """Names from other alphabets that English writes in its own way; German names and nouns stay what they are."""
    assert person_name(word, language="de", to="en") == english


@pytest.mark.parametrize(("word", "german"), [("Lavrov", "Lawrow"), ("Yeltsin", "Jelzin"), ("Obama", None), ("Virginia", None)])
def test_german_readers_have_their_spelling(word: str, german: str | None) -> None:
    """The same the other way round."""
    assert person_name(word, language="en", to="de") == german


@pytest.mark.parametrize(
    ("code", "english", "german"),
    [
        ("@ru", "Russia", "Russland"),
        ("@middle-east", "Middle East", "Nahost"),
        ("@1512569", "Tashkent", "Taschkent"),
        ("@2867714", "Munich", "München"),
        ("@0", None, None),
    ],
)
def test_places_have_a_name_in_each_language(code: str, english: str | None, german: str | None) -> None:
    """Countries, regions and large cities by their code; what is not known has none."""
    assert (place_name(code, to="en"), place_name(code, to="de")) == (english, german)
