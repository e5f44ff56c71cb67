"""How often languages use a word: wordfreq's lists, as tries that are kept in a folder.

Reading the lists themselves takes a first question a second, and they stay in memory with some 100 MB a language. Numbers beyond years and words in
scripts with signs above or below their letters are asked of wordfreq all the same, which only this module imports. Not here: what is a word, and what
follows from how common it is (``languages.py``).
"""

from __future__ import annotations

import math
import os
import re
import struct
import threading
import unicodedata
from collections import defaultdict
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_FORMAT = "1"
"""Changes whenever what is kept does, or which words are looked up in it."""
_USE = struct.Struct("<3sd")
_ZIPF = "<H"
_LANGUAGES = " "
"""Instead of a word: the languages that have a list."""
# wordfreq cuts texts in these languages with segmenters that are not installed; the list itself can be read without.
_SEGMENTED = frozenset({"ja", "ko", "zh"})
# In these it writes some letters in another way before it looks a word up: of theirs only words in small ASCII letters are plain.
_RESPELT = frozenset({"az", "cnr", "kk", "mo", "ro", "sh", "sr", "tr"})


def _plain_letters() -> str:
    """Small letters that wordfreq leaves as they are and next to each other: no signs, no script without spaces."""
    listed = (chr(code) for code in (*range(0x61, 0x2B0), *range(0x370, 0xE00)))
    return "".join(
        letter
        for letter in listed
        if letter.isalpha() and letter != "\N{ARABIC TATWEEL}" and unicodedata.normalize("NFKC", letter).casefold() == letter
    )


_LETTERS = _plain_letters()
# What is one word to wordfreq: letters with apostrophes between them, but for such as French ones; letters and lone digits; a number, alone or with
# letters at its ends; a year.
_WORD = re.compile(
    rf"(?!..?'[^bcdfgjklmnpqrstvwxz])[{_LETTERS}]+(?:'[{_LETTERS}]+)*"
    rf"|(?=.)[{_LETTERS}]*(?:[0-9][{_LETTERS}]+)*[0-9]?"
    rf"|[{_LETTERS}]*[1-9](?:[0-9]{{1,2}}|[0-9]{{4,}})[{_LETTERS}]*"
    r"|[0-9]{4}"
)
_BETWEEN = re.compile("[.]? & |'? |[.:;,!?] |-")
_END = re.compile("[.:!?']?$")
_DIGITS = re.compile("[0-9]{2,}")
_YEARS = "0000"
"""How a list writes years: it has zeros for the digits of every number."""


def zipf(word: str, *, language: str, folder: Path) -> float:
    """How common a word or phrase is: log10 of its occurrences in 10^9 words, 0 if unseen; of a language without a list, in English."""
    if language not in _SEGMENTED and (language not in _RESPELT or (word.isascii() and word.islower())):
        folded = word.casefold()
        parts = [folded] if _WORD.fullmatch(folded) else _BETWEEN.split(_END.sub("", folded))
        if all(map(_WORD.fullmatch, parts)) and (len(parts) == 1 or not _DIGITS.search(folded)):
            known = _known(language, folder)
            found = [known.get(_DIGITS.sub(_without_later_digits, part)) for part in parts]
            return _of_phrase([part[0][0] for part in found]) if all(found) else 0.0
    return _asked(word, language=language)


def frequent(listed: Callable[[], Iterable[str]], *, name: str, least: float, language: str, folder: Path) -> frozenset[str]:
    """The words of a list that are at least so common. ``name`` is the list's: what is kept under it must change with it."""
    import marisa_trie

    def make() -> Any:
        return marisa_trie.Trie(word for word in listed() if zipf(word, language=language, folder=folder) >= least)

    return frozenset(_kept(folder, f"{language}-{name}-{least}", marisa_trie.Trie(), make))


def uses(word: str, *, folder: Path) -> dict[str, float]:
    """How often each language uses ``word``; without those that never do."""
    found = _word_lists(folder).get(word)
    return {language.rstrip(b"\0").decode(): often for language, often in _USE.iter_unpack(found[0])} if found else {}


@cache
def listed_languages(folder: Path) -> tuple[str, ...]:
    """The languages that ``uses`` knows."""
    return tuple(_word_lists(folder)[_LANGUAGES][0].decode().split())


def _without_later_digits(number: re.Match[str]) -> str:
    """Of a number other than a year only the length and the first digit count."""
    digits = number.group()
    return digits if len(digits) == len(_YEARS) else digits[0] + "0" * (len(digits) - 1)


def _of_phrase(parts: list[int]) -> float:
    """The zipf of a phrase from those of its words, in hundredths: wordfreq's formula, with its rounding."""
    if len(parts) == 1:
        return parts[0] / 100
    rarity = 0.0
    for part in parts:
        rarity += 1.0 / 10 ** ((part - 900) / 100)
    frequency = max(1.0 / rarity, 1e-9)
    frequency = round(frequency, math.floor(-math.log(frequency, 10)) + 3)  # noqa: FURB163 - as wordfreq does, whose rounding it is
    return round(math.log(frequency, 10) + 9, 2)  # noqa: FURB163 - likewise


def _asked(word: str, *, language: str) -> float:
    import wordfreq

    if language in _SEGMENTED:
        frequency = wordfreq.get_frequency_dict(language).get(word, 0.0)
        return max(0.0, math.log10(frequency) + 9) if frequency else 0.0
    try:
        return float(wordfreq.zipf_frequency(word, language))
    except (LookupError, ModuleNotFoundError):  # no list, or only that of a related language whose segmenter is not installed
        return float(wordfreq.zipf_frequency(word, "en"))


@cache
def _known(language: str, folder: Path) -> Any:
    """The zipf of plain words and of numbers of up to four digits, in hundredths."""
    import marisa_trie

    return _kept(folder, language, marisa_trie.RecordTrie(_ZIPF), lambda: marisa_trie.RecordTrie(_ZIPF, _zipfs(language).items()))


def _zipfs(language: str) -> dict[str, tuple[int]]:
    import wordfreq

    def asked(word: str) -> tuple[int]:
        return (round(100 * wordfreq.zipf_frequency(word, language)),)

    try:
        asked("a")
    except (LookupError, ModuleNotFoundError):
        language = "en"
    found = {}
    for alike in wordfreq.get_frequency_list(language):
        listed = [word for word in alike if language not in _RESPELT or word.isascii()]
        without_numbers = [word for word in listed if _WORD.fullmatch(word) and not _DIGITS.search(word)]
        if without_numbers:
            found.update(dict.fromkeys(without_numbers, asked(without_numbers[0])))
        for word in listed:
            if zeros := _DIGITS.search(word):
                numbers = (
                    map("{:04}".format, range(10_000)) if word == _YEARS else (first + zeros.group()[1:] for first in "123456789")
                )
                forms = (word.replace(zeros.group(), number, 1) for number in numbers)
                found.update((form, asked(form)) for form in forms if _WORD.fullmatch(form))
    wordfreq.get_frequency_list.cache_clear()
    wordfreq.get_frequency_dict.cache_clear()
    return found


@cache
def _word_lists(folder: Path) -> Any:
    """By word its uses in all languages."""
    import marisa_trie

    return _kept(folder, "all", marisa_trie.BytesTrie(), lambda: marisa_trie.BytesTrie(_all_uses().items()))


def _all_uses() -> dict[str, bytes]:
    import wordfreq

    languages = tuple(wordfreq.available_languages("small"))
    found: defaultdict[str, bytes] = defaultdict(bytes)
    for language in languages:
        for word, often in wordfreq.get_frequency_dict(language, "small").items():
            found[word] += _USE.pack(language.encode(), often)
    found[_LANGUAGES] = " ".join(languages).encode()
    return found


def _kept(folder: Path, name: str, empty: Any, make: Callable[[], Any]) -> Any:
    """The trie of this name in ``folder``, which is made and kept there if it is not there yet."""
    path = folder / "words" / f"{version('wordfreq')}-{_FORMAT}" / f"{name}.trie"
    with suppress(OSError, RuntimeError):  # not there yet, or damaged
        return empty.load(str(path))
    trie = make()
    with suppress(OSError):  # a cache that cannot be written is none
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        trie.save(str(fresh))
        fresh.replace(path)
    return trie
