"""How common words are: the tries give what wordfreq gives, and spare a later process from reading its lists."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import wordfreq

from vectorstore import frequencies

if TYPE_CHECKING:
    from pathlib import Path

ODD = (
    "Straße groß İstanbul Iğdır şı ţara λέξις naïve café cafe\u0301 l'eau d’eau d'heure don't I've we're quelqu'un 'tis aujourd'hui u.s. U.S. "
    "e.g. x-ray re-elect trailing- -lead G20 U21 A380 5th 22nd 1990er 1990s b6f 1h30m 0 7 007 42 100 2023 0815 1,000 25000 123456789 3.5 C++ "
    "AT&T @home c/o a_b ŉ ĳ ŀl ﬁnd Kelvin º µm 中国 東京 서울 ไทย हिन्दी עברית العربية مُحَمَّد ab中 сръб ћ ђ ς ά"
).split(" ")
PHRASES = (
    "prime minister|Mr. & Ms|Mr & Ms|workers' council|people's party|co.|details: particulars|Hush! Shush|catch-22 situation|no man's land|"
    "St. Polten|one  space more| lead|trail |28 February|long-form auditor's reports|well, no|(in) brackets|a/b|1 000|"
).split("|")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tries of this module are kept."""
    return tmp_path_factory.mktemp("lists")


def _wordfreq(word: str, language: str) -> float:
    try:
        return float(wordfreq.zipf_frequency(word, language))
    except LookupError:
        return float(wordfreq.zipf_frequency(word, "en"))


@pytest.mark.parametrize("language", ["en", "tr", "ro", "sr", "hi", "fr", "xx"])
def test_words_and_phrases_are_as_common_as_wordfreq_says(language: str, folder: Path) -> None:
    """Listed and unlisted words in any case, numbers, phrases and odd spellings: the trie changes nothing."""
    drawn = random.Random(8)
    listed = sorted(wordfreq.get_frequency_dict(language if language != "xx" else "en"))
    words = drawn.sample(listed, 1_500)
    words += (
        [word.capitalize() for word in words[:300]]
        + [word + "x" for word in words[:300]]
        + [word.upper() for word in words[:100]]
    )
    words += [drawn.choice((" ", "-", ", ", " & ", "' ", ". ", "'")).join(drawn.sample(listed, 2)) for _ in range(1_000)]
    words += [
        f"{drawn.choice('agx')}{drawn.randrange(10 ** drawn.choice((1, 2, 3, 4, 5)))}{drawn.choice(('', 'er', 's'))}"
        for _ in range(300)
    ]
    words += [str(drawn.randrange(10 ** drawn.choice((1, 2, 3, 4, 5, 8)))) for _ in range(300)]
    wrong = {
        word: (found, meant)
        for word in (*words, *ODD, *PHRASES)
        if (found := frequencies.zipf(word, language=language, folder=folder)) != (meant := _wordfreq(word, language))
    }
    assert wrong == {}


def test_a_later_process_reads_no_list(folder: Path) -> None:
    """What ordinary English and German texts ask is in the tries: wordfreq, which takes half a second, is not even imported."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from vectorstore import languages\n"
        "languages.keep_lists_in(Path(sys.argv[1]))\n"
        "for language in ('en', 'de'):\n"
        "    for word in (\"Blinken's\", 'prime minister', 'Brücken', 'qwrtzpsd', '2023', 'G20', 'über', 'x-ray', 'people\\'s party'):\n"
        "        languages.zipf(word, language=language)\n"
        "    languages.terms('Die Brücke ist nach dem Brand gesperrt', language=language)\n"
        "languages.question_languages('Wann war der Brand?')\n"
        "print('wordfreq' in sys.modules, 'stopwordsiso' in sys.modules)\n"
    )
    said = [
        subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert said[1] == ["False", "False"]


def test_a_damaged_trie_is_made_again(tmp_path: Path) -> None:
    """A file that was cut short is replaced, one that cannot be written is done without."""
    common = frequencies.zipf("bridge", language="cs", folder=tmp_path)
    (kept,) = (tmp_path / "words").rglob("cs.trie")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:100])
    frequencies._known.cache_clear()
    assert frequencies.zipf("bridge", language="cs", folder=tmp_path) == common
    assert kept.read_bytes() == whole
    (tmp_path / "file").write_text("no folder", "utf-8")
    assert frequencies.zipf("bridge", language="cs", folder=tmp_path / "file") == common


def test_languages_and_uses_are_those_of_the_lists(folder: Path) -> None:
    """Every language with a list is known, and how often each of them uses a word."""
    assert set(frequencies.listed_languages(folder)) == set(wordfreq.available_languages("small"))
    used = frequencies.uses("brücke", folder=folder)
    for language in ("de", "en", "cs"):
        assert used.get(language) == wordfreq.get_frequency_dict(language, "small").get("brücke")
    assert frequencies.uses("qwrtzpsd", folder=folder) == {}
