"""What a source says, analysed once for all sentences that cite it: terms, numbers, dates and clauses of each of its sentences.

Not here: comparing (``agreement.py``), vectors (``verification.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.quantities import find_days, find_numbers, publication_day
from vectorstore.languages import words
from vectorstore.spellings import nationalities
from vectorstore.terms import text_terms
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from assistant.quantities import Day, Number
    from vectorstore.dictionary import Glossary
    from vectorstore.terms import TextTerms
    from vectorstore.types import Article, Passage

_SENTENCES_BEFORE = 2
"""How many sentences before a stretch may name what it is about."""
_CLAUSE = re.compile(r"[,;:–—()„“”«»\"]+\s+|\s[–—-]\s|\b(?:and|but|und|aber|sondern|doch|et|mais|y|pero|и|но|а)\b")
_MIN_CLAUSE_WORDS = 2


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a sentence and its terms."""

    text: str
    language: str
    terms: TextTerms


@dataclass(frozen=True, slots=True)
class Place:
    """One sentence of a passage with what it states and its clauses."""

    reading: Reading
    text: str
    terms: TextTerms
    numbers: tuple[Number, ...]
    days: tuple[Day, ...]
    clauses: tuple[Clause, ...]


class Reading:
    """A passage, analysed once for all sentences that cite it."""

    def __init__(self, article: Article, passage: Passage, *, glossary: Glossary) -> None:
        self.article = article
        self.passage = passage
        self.language = article.language
        self.published: date | None = publication_day(article)
        self._glossary = glossary
        self.title = self.terms_of(article.title)
        self.title_numbers = find_numbers(article.title, language=self.language)
        self.places = [self._place(span.slice(article.text)) for span in passage.sentences]

    def terms_of(self, text: str) -> TextTerms:
        """The terms of some of its words."""
        return with_people(text, text_terms(text, language=self.language, glossary=self._glossary), language=self.language)

    def _place(self, text: str) -> Place:
        numbers, days = find_numbers(text, language=self.language), find_days(text, language=self.language)
        clauses = tuple(Clause(clause, self.language, self.terms_of(clause)) for clause in split_clauses(text) or [text])
        return Place(self, text, self.terms_of(text), numbers, days, clauses)

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
    """The clauses of a sentence, roughly: cut at commas, dashes and conjunctions; short pieces stay with the one before."""
    clauses: list[str] = []
    start = 0
    for match in [*_CLAUSE.finditer(text), None]:
        piece = text[start : match.start() if match else len(text)]
        if clauses and len(words(piece)) < _MIN_CLAUSE_WORDS:
            clauses[-1] += " " + piece
        elif piece.strip():
            clauses.append(piece)
        start = match.start() if match else start
    return clauses


def with_people(text: str, terms: TextTerms, *, language: str) -> TextTerms:
    """Terms whose names include the countries that adjectives and peoples are named after."""
    return type(terms)(terms.own, terms.gloss, terms.names | nationalities(text, language=language))
