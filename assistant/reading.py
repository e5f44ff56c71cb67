"""What a source says, analysed once for all sentences that cite it: terms, numbers, dates and clauses of each of its sentences.

Not here: comparing (``agreement.py``), vectors (``verification.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.quantities import find_numbers, find_orders_and_places, years_of
from assistant.stated_days import find_days, publication_day
from vectorstore.languages import words
from vectorstore.names import name_keys
from vectorstore.spellings import nationalities
from vectorstore.terms import TextTerms, text_terms
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from assistant.quantities import Number
    from assistant.stated_days import Day
    from vectorstore.dictionary import Glossary
    from vectorstore.types import Article, Passage

ARTICLE_CHARACTERS = 30_000
"""How much of an article is searched for names."""
_SENTENCES_BEFORE = 2
"""How many sentences before a stretch may name what it is about."""
_CLAUSE = re.compile(
    r"[;:–—]\s+|\s[–—-]\s|[”“\"»],?\s+|,?\s(?=(?:and|but|while|whereas|yet|und|aber|sondern|doch|jedoch|während|et|mais|tandis|y|e|pero|sino|mientras|и|но|а|однако)\s)"
)
_COMMA = re.compile(r"[,;:()–—]\s|\s[–—-]\s")
_SHORTEST_CITIZEN = 6
_MIN_CLAUSE_WORDS = 4


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a sentence, or a phrase between commas, its terms and what it states."""

    text: str
    language: str
    terms: TextTerms
    numbers: tuple[Number, ...]
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One sentence of a passage with what it states and its clauses."""

    reading: Reading
    text: str
    terms: TextTerms
    numbers: tuple[Number, ...]
    days: tuple[Day, ...]
    clauses: tuple[Clause, ...]
    phrases: tuple[Clause, ...]


class Reading:
    """A passage, analysed once for all sentences that cite it."""

    def __init__(self, article: Article, passage: Passage, *, glossary: Glossary) -> None:
        self.article = article
        self.passage = passage
        self.language = article.language
        self.published: date | None = publication_day(article)
        self._glossary = glossary
        self.title = self.terms_of(article.title)
        self.title_numbers = (
            *find_numbers(article.title, language=self.language),
            *years_of(find_days(article.title, language=self.language)),
        )
        self.places = [self._place(span.slice(article.text)) for span in passage.sentences]

    def terms_of(self, text: str) -> TextTerms:
        """The terms of some of its words."""
        return with_people(text, text_terms(text, language=self.language, glossary=self._glossary), language=self.language)

    def _place(self, text: str) -> Place:
        days = find_days(text, language=self.language)
        numbers = (
            *find_numbers(text, language=self.language),
            *find_orders_and_places(text, language=self.language),
            *years_of(days),
        )
        clauses, phrases = (
            tuple(self._clauses(text, parts, numbers=numbers, days=days)) for parts in (split_clauses(text), split_phrases(text))
        )
        return Place(self, text, self.terms_of(text), numbers, days, clauses, phrases)

    def _clauses(self, text: str, parts: Sequence[str], *, numbers: Sequence[Number], days: Sequence[Day]) -> Iterator[Clause]:
        end = 0
        for part in parts:
            start = text.index(part, end)
            end = start + len(part)
            yield Clause(
                part,
                self.language,
                self.terms_of(part),
                tuple(number for number in numbers if start <= number.start < end),
                tuple(day for day in days if start <= day.start < end),
            )

    @cached_property
    def searched_text(self) -> str:
        """What may say a name: headline, outlet, author and words of its article, without the page around them."""
        article, kept, at = self.article, [], 0
        for mark in sorted(article.furniture, key=lambda mark: mark.start):
            kept.append(article.text[at : mark.start])
            at = max(at, mark.end)
        words_of_it = "\n".join((*kept, article.text[at:]))
        return "\n".join((article.title, article.source, article.author, words_of_it[:ARTICLE_CHARACTERS]))

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all names of its article, with the countries that adjectives are from."""
        text = self.searched_text
        bare = TextTerms(frozenset(), frozenset(), frozenset(name_keys(text, language=self.language)))
        return with_people(text, bare, language=self.language).names

    def is_comparable(self, language: str) -> bool:
        """Whether words can be compared with a sentence in ``language``: the same one, or both can be put into English."""
        known = self._glossary.languages | {"en"}
        return self.language == language or {self.language, language} <= known


@dataclass(frozen=True, slots=True)
class Stretch:
    """The sentences ``first`` to ``last`` (exclusive) of a passage."""

    reading: Reading
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def span(self) -> Span:
        """Where it stands in the article."""
        sentences = self.reading.passage.sentences
        return Span(sentences[self.first].start, sentences[self.last - 1].end)

    @property
    def places(self) -> Sequence[Place]:
        """Its sentences."""
        return self.reading.places[self.first : self.last]

    @property
    def terms(self) -> list[TextTerms]:
        """The terms of its sentences."""
        return [place.terms for place in self.places]

    @property
    def numbers(self) -> list[Number]:
        """The numbers that it states."""
        return [number for place in self.places for number in place.numbers]

    @property
    def days(self) -> list[Day]:
        """The dates that it states."""
        return [day for place in self.places for day in place.days]

    def before(self, place: Place) -> Sequence[Place]:
        """The sentences of its passage before one that may name what that is about, the nearest first."""
        at = next((position for position, other in enumerate(self.reading.places) if other is place), 0)
        return self.reading.places[max(0, at - _SENTENCES_BEFORE) : at][::-1]

    @property
    def _before(self) -> Sequence[Place]:
        return self.reading.places[max(0, self.first - _SENTENCES_BEFORE) : self.first]

    @property
    def nearby(self) -> list[TextTerms]:
        """Its terms, those of the sentences that may name what it is about and of the headline."""
        return [self.reading.title, *(place.terms for place in self._before), *self.terms]

    @property
    def nearby_text(self) -> str:
        """Its words, those of the sentences before and of the headline."""
        return " ".join((self.reading.article.title, *(place.text for place in (*self._before, *self.places))))


def split_clauses(text: str) -> list[str]:
    """The main clauses of a sentence, roughly: cut at dashes, colons, behind quotations and before conjunctions, where both sides have some words."""
    clauses: list[str] = []
    start = 0
    for match in _CLAUSE.finditer(text):
        if min(len(words(text[start : match.start()])), len(words(text[match.end() :]))) >= _MIN_CLAUSE_WORDS:
            clauses.append(text[start : match.start()])
            start = match.end()
    return [*clauses, text[start:]]


def split_phrases(text: str) -> list[str]:
    """What stands between commas, brackets and dashes."""
    return [part for part in _COMMA.split(text) if part.strip()] or [text]


def with_people(text: str, terms: TextTerms, *, language: str) -> TextTerms:
    """Terms whose names include the countries that adjectives and peoples are named after, and cities in German ones ("Londoner")."""
    cities = {
        key
        for word in (words(text) if language == "de" else ())
        if len(word.text) >= _SHORTEST_CITIZEN and word.text.endswith("er") and word.text[0].isupper()
        for key in name_keys(word.text.removesuffix("er"), language=language)
        if key.startswith("@")
    }
    return TextTerms(terms.own, terms.gloss, terms.names | nationalities(text, language=language) | cities)
