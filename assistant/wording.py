"""A sentence of an answer, analysed once for all of its sources: content words, names, numbers and dates.

Not here: the sources (``reading.py``), comparing with them (``agreement.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.quantities import find_numbers, find_orders_and_places
from assistant.reading import with_people
from assistant.stated_days import find_days
from vectorstore.languages import CAPITALISES_NOUNS, normalise, stop_words, words, zipf
from vectorstore.names import question_names
from vectorstore.spellings import nationality
from vectorstore.terms import text_terms
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.quantities import Number
    from assistant.stated_days import Day
    from vectorstore.dictionary import Glossary
    from vectorstore.names import Name
    from vectorstore.terms import TextTerms

_MOST_WEIGHT = 7.0
_LEAST_WEIGHT = 0.5
# A capitalised word that other languages use about as often is a name, unless it is a very common word (Zipf scale).
_NAME_EXCESS = 1.3
_TOO_COMMON = 4.6
_LONGEST_ACRONYM = 5
_LONGEST_CODE = 3
"""Countries in so few letters are named by adjectives and currencies elsewhere: "US", "UK"."""
_MADE_OF_WORDS = re.compile("@[a-z]+-[a-z]")
"""The code of a place whose name is made of words, which are compounds or adjectives elsewhere: "Black Sea", "Schwarzmeerhafen"."""
_KNOWN_ELSEWHERE = 2.0


@dataclass(frozen=True, slots=True)
class ClaimWord:
    """A content word of a sentence, what it says (by its rarity, 0.5 to 7) and the forms under which a source may have it."""

    text: str
    start: int
    weight: float
    terms: TextTerms

    def found_in(self, terms: TextTerms) -> bool:
        """Whether a stretch has this word in some form."""
        return not (
            self.terms.own.isdisjoint(terms.own)
            and self.terms.gloss.isdisjoint(terms.gloss)
            and self.terms.names.isdisjoint(terms.names)
        )


@dataclass(frozen=True, slots=True)
class ClaimName:
    """A name in a sentence and its keys; ``certain`` if it cannot well be an ordinary word, so that a source must have it."""

    text: str
    start: int
    keys: frozenset[str]
    certain: bool

    @property
    def is_place(self) -> bool:
        """Whether it is a known place."""
        return any(key.startswith("@") for key in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A sentence of an answer, analysed once for all of its sources."""

    text: str
    language: str
    words: tuple[ClaimWord, ...]
    names: tuple[ClaimName, ...]
    numbers: tuple[Number, ...]
    days: tuple[Day, ...]

    @property
    def other_words(self) -> list[ClaimWord]:
        """Its words that are no names."""
        spans = [(name.start, name.start + len(name.text)) for name in self.names]
        return [word for word in self.words if not any(start <= word.start < end for start, end in spans)]


def word_claim(text: str, *, language: str, glossary: Glossary) -> Wording:
    """Analyse a sentence of an answer."""
    numbers = (*find_numbers(text, language=language), *find_orders_and_places(text, language=language))
    days = find_days(text, language=language)
    covered = [*(Span(number.start, number.end) for number in numbers), *(Span(day.start, day.end) for day in days)]
    content = []
    for word in words(text):
        normal = normalise(word.text)
        if normal in stop_words(language) or any(span.start < word.end and word.start < span.end for span in covered):
            continue
        weight = max(_LEAST_WEIGHT, _MOST_WEIGHT - zipf(normal, language=language))
        content.append(
            ClaimWord(
                word.text,
                word.start,
                weight,
                with_people(word.text, text_terms(word.text, language=language, glossary=glossary), language=language),
            )
        )
    return Wording(
        text=text,
        language=language,
        words=tuple(content),
        names=tuple(_claim_names(text, language=language, glossary=glossary, covered=covered)),
        numbers=numbers,
        days=days,
    )


def _claim_names(text: str, *, language: str, glossary: Glossary, covered: Sequence[Span]) -> Iterator[ClaimName]:
    named = [
        name
        for name in question_names(text, language=language)
        if not name.text[0].islower() and not any(span.start < name.end and name.start < span.end for span in covered)
    ]
    for name in named:
        country = nationality(name.text, language=language)
        place = any(key.startswith("@") for key in name.keys)
        alone = not any(other is not name and _touch(name, other, text=text) for other in named)
        unknown = not any(glossary.entries(name.text, language=known) for known in sorted(glossary.languages & {"de", language}))
        certain = country is None and _is_certain(
            name.text,
            alone=alone,
            first=not text[: name.start].strip('„“"«» '),
            language=language,
            no_word=unknown and language in glossary.languages,
        )
        ordinary = language != "en" and _is_ordinary(name.text, language=language, glossary=glossary)
        keys = name.keys | ({country} if country else set())
        translated = any(_MADE_OF_WORDS.match(key) for key in name.keys)
        known_place = place and not ordinary and not translated and len(name.text) > _LONGEST_CODE
        yield ClaimName(name.text, name.start, keys, known_place if place else certain and unknown)


def _touch(one: Name, other: Name, *, text: str) -> bool:
    """Whether two names stand side by side: a first name and a surname."""
    between = text[min(one.end, other.end) : max(one.start, other.start)]
    return bool(between) and not between.strip(" -‑.")


def _is_ordinary(word: str, *, language: str, glossary: Glossary) -> bool:
    """Whether a dictionary has a word as an ordinary one: "Pest" is a county and a plague."""
    return any(phrase.islower() for entry in glossary.gloss(word, language=language) for phrase in entry.translations)


def _is_certain(word: str, *, alone: bool, first: bool, language: str, no_word: bool) -> bool:
    """Whether a capitalised word can hardly be an ordinary one: not very common, and used alike in other languages.

    ``no_word``: the language's dictionary does not have it, so that it may be common ("Google").

    A word that no list has is a name beside another name only: else it may be a compound, or a noun that begins the sentence.
    """
    if sum(map(str.isupper, word)) > 1 and len(word) <= _LONGEST_ACRONYM:
        return False  # "NATO" is "OTAN" elsewhere
    normal = normalise(word)
    own = zipf(normal, language=language)
    elsewhere = max(zipf(normal, language=other) for other in ("en", "de", "fr", "es") if other != language)
    if (own > _TOO_COMMON and not no_word) or own - elsewhere > _NAME_EXCESS:
        return False
    if not alone:
        return True
    return elsewhere >= (_KNOWN_ELSEWHERE if first or language in CAPITALISES_NOUNS else 0.0)
