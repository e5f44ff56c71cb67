"""How names sound: keys that "Tokajew", "Tokayev" and "Токаев" have in common once they are romanised.

Keys are for matching and never shown. Not here: which words of a text are names (``names.py``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from vectorstore.languages import fold_accents, is_unspaced, normalise, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ENDING = 3
"""An inflected name is its stem and at most this many letters."""
_LONG_SKELETON = 4
# Applied in order to a romanised word: one letter for each sound that the languages of Europe and usual romanisations spell differently.
_CONSONANTS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"schtsch|shch|tsch|dsch|sch|tch|dzh|zh|sh|cz|sz|ts|tz|^x|(?:ch|dj)(?=[aeiouy])|ch$|ç", "s"),
        (r"x", "ks"),
        (r"gh", "g"),
        (r"kh|ck|qu|ch|c(?![eiys])|q", "k"),
        (r"ph|w|v", "f"),
        (r"c|z", "s"),
        (r"th|dt", "t"),
        (r"(?<=.)h", ""),
        (r"(.)\1+", r"\1"),
    )
)
_VOWELS = "aeiouyj"
_INNER_VOWELS = re.compile(rf"(?<=.)[{_VOWELS}]+")
_FIRST_VOWELS = re.compile(rf"^[{_VOWELS}]+")
# A second way to read a letter, by language, where that language's spelling of names leaves two.
_SECOND_READINGS = {
    "de": ("(?<![st])ch", "kh"),
    "en": ("j|g(?=[eiy])", "zh"),
    "fr": ("j", "zh"),
    "pt": ("j", "zh"),
    "es": ("j", "kh"),
    "ar": ("w", "u"),
    "fa": ("w", "u"),
    "ru": ("kh", "h"),
    "uk": ("kh", "h"),
    "bg": ("kh", "h"),
}
_DIPHTHONG = {"ru": ("a[iy]", "i")}
# Languages whose names take no ending but the genitive s.
UNINFLECTED = frozenset({"en", "de", "lb", "nl", "fr", "es", "it", "pt", "ca", "sv", "da", "nb", "nn", "no", "und"})


@lru_cache(maxsize=200_000)
def sound_keys(word: str, *, language: str) -> tuple[str, ...]:
    """The sound keys of one word: of itself, without a genitive s, and of its stem where the language inflects names.

    A key is the word's consonants, with near ones counted as equal; one of fewer than four also has its vowels, as dark or light.
    """
    normal = normalise(word)
    if normal[0].isdigit() or is_unspaced(normal):
        return ()
    keys = {_sound(reading) for reading in _readings(normal, language=language)}
    shortened = []
    if normal.endswith("s") and len(normal) > _LONG_SKELETON:  # "Tokajews" but not "Laos"
        shortened.append(normal[:-1])
    if language not in UNINFLECTED and len(normal) - len(stem(normal, language=language)) <= MAX_ENDING:
        shortened.append(stem(normal, language=language))
    for form in shortened:
        sounds = (_sound(reading) for reading in _readings(form, language=language))
        keys.update(sound for sound in sounds if len(sound) >= _LONG_SKELETON)
    return tuple("~" + key for key in sorted(keys) if key)


def is_distinct(key: str) -> bool:
    """Whether a sound key has consonants enough to stand for one name."""
    return len(_INNER_VOWELS.sub("", key[1:])) >= _LONG_SKELETON


@lru_cache(maxsize=200_000)
def romanise(word: str) -> str:
    """``word`` in lower-case Latin letters."""
    from anyascii import anyascii

    return str(anyascii(fold_accents(normalise(word)))).lower()


def _readings(form: str, *, language: str) -> Iterator[str]:
    plain = romanise(form)
    yield plain
    for rules in (_SECOND_READINGS, _DIPHTHONG):
        if language in rules:
            pattern, sound = rules[language]
            other = re.sub(pattern, sound, plain)
            if other != plain:
                yield other


def _sound(romanised: str) -> str:
    for pattern, sound in _CONSONANTS:
        romanised = pattern.sub(sound, romanised)
    first = _FIRST_VOWELS.sub("a", romanised)
    skeleton = _INNER_VOWELS.sub("", first)
    if len(skeleton) >= _LONG_SKELETON:
        return skeleton
    if len(skeleton) <= (1 + skeleton.startswith("a")):  # "Xi", "Lee", "Jon": all there is
        return romanised
    return _INNER_VOWELS.sub(lambda run: "o" if run.group()[0] in "aou" else "e", first.rstrip(_VOWELS))
