"""Whether a text has a name in another form: as the adjective of a country, by its initials, or with a slip of the pen.

Slower and more lenient than the keys of ``names.py``; for one article at a time, where a name of the question was not found otherwise.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from vectorstore.languages import words
from vectorstore.places import countries, folded
from vectorstore.sounds import romanise

if TYPE_CHECKING:
    from collections.abc import Sequence

_MIN_NATIONALITY = 5
_COUNTRY_ENDING = 3
_NATIONAL_ENDING = re.compile(r"(?:(?:[aei]?n?|es)(?:isch|ish|ese|ais|ois|ien|ian|an|ean|ic|er|in|i|s|e|n|o|a|sk)[a-z]{0,4})?")
_INITIALS = re.compile(r"[A-ZÄÖÜ](?:\.?[A-Za-zäöü]?\.?){0,3}[A-ZÄÖÜ]\.?s?")
_SHORT = 4
"""Letters that an article or preposition has at most ("Court of Justice")."""
_MIN_MISSPELT = 6
_MISSPELT = 86.0
"""The share of letters (0-100) from which on two spellings are taken for one name."""


def has_spelling(text: str, name: str) -> bool:
    """Whether a capitalised word of ``text`` is ``name`` but for a slip of the pen ("Maastrich"); only for long enough names."""
    from rapidfuzz import fuzz, process

    if len(name) < _MIN_MISSPELT or not name[0].isupper():
        return False
    listed = {romanise(word.text) for word in words(text) if word.text[0].isupper() and len(word.text) >= _MIN_MISSPELT - 1}
    return process.extractOne(romanise(name), listed, scorer=fuzz.ratio, score_cutoff=_MISSPELT) is not None


def has_initials(text: str, name: str) -> bool:
    """Whether ``text`` spells out what ``name`` abbreviates: capitalised words that begin with its letters ("UMC", "MSPs")."""
    letters = re.sub(r"[.s]|\W", "", name).casefold()
    if not _INITIALS.fullmatch(name):
        return False
    listed = [word.text for word in words(text)]
    return any(_spells(letters, listed[start:]) for start, word in enumerate(listed) if word[0].isupper())


def _spells(letters: str, listed: Sequence[str]) -> bool:
    """Whether the capitalised words at the beginning of ``listed`` have these initials; short words without capitals may stand between."""
    found = 0
    for word in listed[: 2 * len(letters)]:
        if word[0].isupper() and len(word) > 1 and folded(word)[0] == letters[found]:
            found += 1
            if found == len(letters):
                return True
        elif word[0].isupper() or len(word) > _SHORT:
            return False
    return False


def is_abbreviated(text: str, name: Sequence[str]) -> bool:
    """Whether ``text`` has a name of several words as their initials ("Scottish National Party" as "SNP")."""
    initials = "".join(word[0] for word in name if word[0].isupper())
    return len(initials) > 1 and any(word.text == initials for word in words(text))


def nationalities(text: str, *, language: str) -> set[str]:
    """The codes (as in ``names.name_keys``) of the countries whose people or adjectives ``text`` has."""
    return {code for word in words(text) if (code := nationality(word.text, language=language))}


@lru_cache(maxsize=100_000)
def nationality(word: str, *, language: str) -> str | None:
    """The code of the country that a people or an adjective is named after ("Colombian", "kolumbianische"), or None.

    It is the country whose name begins like the word, up to an ending of each; irregular ones ("Dutch", "französisch") are not known.
    """
    form = folded(word)
    if len(form) < _MIN_NATIONALITY or not form.isalpha():
        return None
    best, code = 0, None
    for beginning, place in _beginnings(language).get(form[:4], ()):
        shared = next(
            (at for at, (one, other) in enumerate(zip(form, beginning, strict=False)) if one != other),
            min(len(form), len(beginning)),
        )
        if shared > best and len(beginning) - shared <= _COUNTRY_ENDING and _NATIONAL_ENDING.fullmatch(form[shared:]):
            best, code = shared, place
    return code


@cache
def _beginnings(language: str) -> dict[str, list[tuple[str, str]]]:
    """Country names of one word without "-land" and "-stan", by their first four letters."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, code in countries(language).items():
        if " " not in name and len(name) >= 4:
            beginning = re.sub(r"(?<=....)(?:land|i?stan)$", "", name)
            found.setdefault(beginning[:4], []).append((beginning, code))
    return found
