"""Compounds: which headwords a word is made of, in languages that write several as one ("Brückenbau", "järnvägsstation").

Not here: what the parts mean together (``translations.py``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vectorstore.languages import CAPITALISES_NOUNS, distinct, lemma, stop_words, zipf

if TYPE_CHECKING:
    from collections.abc import Callable

# What may stand between two parts.
_LINKING = {
    "de": ("", "s", "es", "n", "en", "er", "e"),
    "nl": ("", "s", "e", "en", "er"),
    "sv": ("", "s", "e", "u", "o"),
    "da": ("", "s", "e"),
}  # fmt: skip
_MIN_PART = 3
_MIN_COMPOUND = 7
_MAX_PARTS = 4
_COMMON = 4.0  # Zipf scale; a part of three letters must be such a word


class Compounds:
    """The compounds of one language; parts are remembered."""

    def __init__(self, language: str, *, is_headword: Callable[[str], bool]) -> None:
        """Split words of ``language`` into those that ``is_headword`` knows, in their own case."""
        self._language = language
        self._links = _LINKING.get(language, ())
        self._nouns = language in CAPITALISES_NOUNS
        self._stop_words = stop_words(language)
        self._is_headword = is_headword
        self._part = lru_cache(maxsize=50_000)(self._part_key)

    def split(self, word: str) -> tuple[str, ...]:
        """The headwords that ``word`` is made of: as few as will do, then the most frequent; empty if it is no compound."""
        if not self._links or len(word) < _MIN_COMPOUND:
            return ()
        return self._best_split(word.lower(), noun=self._nouns and word[0].isupper(), parts=_MAX_PARTS)

    def _best_split(self, word: str, *, noun: bool, parts: int) -> tuple[str, ...]:
        best: tuple[str, ...] = ()
        best_score = (0, 0.0)
        for cut in range(_MIN_PART, len(word) - _MIN_PART + 1):
            last = self._part(word[cut:], noun=noun)
            if not last:
                continue
            first = self._linked(word[:cut])
            heads = (first,) if first else self._best_split_linked(word[:cut], parts=parts - 1) if parts > 2 else ()
            if not heads:
                continue
            split = (*heads, last)
            score = (-len(split), min(zipf(part, language=self._language) for part in split))
            if not best or score > best_score:
                best, best_score = split, score
        return best

    def _best_split_linked(self, word: str, *, parts: int) -> tuple[str, ...]:
        for link in self._links:
            if word.endswith(link) and len(word) - len(link) >= _MIN_COMPOUND:
                stem = word[: len(word) - len(link)]
                if split := self._best_split(stem, noun=self._nouns, parts=parts):
                    return split
        return ()

    def _linked(self, word: str) -> str:
        """The headword that ``word`` is in front of another part: without its linking element, or with its cut ending."""
        for link in self._links:
            if word.endswith(link) and len(word) - len(link) >= _MIN_PART:
                stem = word[: len(word) - len(link)]
                if key := self._part(stem, noun=self._nouns) or self._part(stem, noun=False):
                    return key
        for ending in ("e", "en"):  # Schul(e), wohn(en)
            if key := self._part(word + ending, noun=self._nouns and ending == "e") or self._part(word + ending, noun=False):
                return key
        return ""

    def _part_key(self, word: str, *, noun: bool) -> str:
        """The headword for one part of a compound, empty if there is none; very short parts must be common words."""
        form = word.capitalize() if noun else word
        if not noun and word in self._stop_words:
            return ""
        for key in distinct([form, lemma(form, language=self._language)]):
            if len(key) == _MIN_PART and zipf(key, language=self._language) < _COMMON:
                continue
            if len(key) >= _MIN_PART and self._is_headword(key):
                return key
        return ""
