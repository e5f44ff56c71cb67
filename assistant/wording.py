"""A sentence of an answer, analysed once for all of its sources: content words, names, numbers and dates.

Not here: the sources (``reading.py``), comparing with them (``agreement.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.quantities import find_days, find_numbers
from assistant.reading import with_people
from vectorstore.languages import normalise, stop_words, words, zipf
from vectorstore.names import question_names
from vectorstore.spellings import nationality
from vectorstore.terms import text_terms
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.quantities import Day, Number
    from vectorstore.dictionary import Glossary
    from vectorstore.terms import TextTerms

_MOST_WEIGHT = 7.0
_LEAST_WEIGHT = 0.5
# A capitalised word that other languages use about as often is a name, unless it is a very common word (Zipf scale).
_NAME_EXCESS = 1.3
_TOO_COMMON = 4.6
_LONGEST_ACRONYM = 5


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
    def weight(self) -> float:
        """What its words say together."""
        return sum(word.weight for word in self.words)


def word_claim(text: str, *, language: str, glossary: Glossary) -> Wording:
    """Analyse a sentence of an answer."""
    numbers, days = find_numbers(text, language=language), find_days(text, language=language)
    covered = [Span(found.start, found.end) for found in (*numbers, *days)]
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
    for name in question_names(text, language=language):
        if any(span.start < name.end and name.start < span.end for span in covered):
            continue
        country = nationality(name.text, language=language)
        keys = name.keys | ({country} if country else set())
        place = any(key.startswith("@") for key in name.keys)
        yield ClaimName(
            name.text,
            name.start,
            keys,
            place or (country is None and _is_certain(name.text, language=language, glossary=glossary)),
        )


def _is_certain(word: str, *, language: str, glossary: Glossary) -> bool:
    """Whether a capitalised word can hardly be an ordinary one: of no dictionary, not very common, and used alike in other languages."""
    if word.isupper() and len(word) <= _LONGEST_ACRONYM:
        return False  # "NATO" is "OTAN" elsewhere
    normal = normalise(word)
    own = zipf(normal, language=language)
    others = [zipf(normal, language=other) for other in ("en", "de", "fr", "es") if other != language]
    if own > _TOO_COMMON or own - max(others) > _NAME_EXCESS:
        return False
    return not any(glossary.entries(word, language=known) for known in sorted(glossary.languages & {"de", language}))
