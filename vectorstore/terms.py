"""The terms under which passages and questions meet in the lexical index: decided once for both sides.

Three kinds: ``own`` (stems of the text's own language), ``gloss`` (stems of its English gloss; of an English text its own) and ``names``
(keys of places and people). Not here: the index (``lexical.py``), how the kinds are weighed (``search.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vectorstore.languages import normalise, question_languages, stop_words, terms, word_terms, words, zipf
from vectorstore.lexical import PassageTerms, weigh
from vectorstore.names import Name, name_keys, question_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from vectorstore.dictionary import Glossary
    from vectorstore.types import Article, Passage

_MOST_WEIGHT = 7.0
_LEAST_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class QuestionWord:
    """A content word of a question and every form under which a text may have it.

    ``position`` counts all words of the question. ``weight`` is how much it says: the rarer it is in its language, the more
    (about 0.5 to 7, a background idf in powers of ten). ``optional`` is one that the question itself does not have, from an earlier question:
    an article that lacks it may still answer.
    """

    text: str
    position: int
    weight: float
    own: frozenset[str]
    gloss: frozenset[str]
    names: frozenset[str]
    optional: bool = False

    def precedes(self, other: QuestionWord) -> bool:
        """Whether ``other`` is the next word of the question."""
        return other.position == self.position + 1

    @property
    def is_number(self) -> bool:
        """Whether it is a number of more than one digit: a year, an amount."""
        return len(self.text) > 1 and normalise(self.text).isdecimal()

    def found_in(self, text: TextTerms) -> bool:
        """Whether a text has this word in some form."""
        return not (self.own.isdisjoint(text.own) and self.gloss.isdisjoint(text.gloss) and self.names.isdisjoint(text.names))


@dataclass(frozen=True, slots=True)
class TextTerms:
    """The terms of a stretch of an article as sets, for asking whether it has a word."""

    own: frozenset[str]
    gloss: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """A question as the index sees it.

    ``languages`` says how likely it is in each language. ``own`` holds its weighted stems for each language that it may be in and the
    library has; ``gloss`` those of its English gloss, empty where no dictionary covers its language; ``names`` its names and ``words`` its content words, in their order.
    """

    languages: Mapping[str, float]
    own: Mapping[str, Mapping[str, float]]
    gloss: Mapping[str, float]
    names: tuple[Name, ...]
    words: tuple[QuestionWord, ...]

    @property
    def language(self) -> str:
        """The likeliest language of the question."""
        return max(self.languages, key=lambda language: self.languages[language])


def heading_apart(article: Article, passage: Passage) -> str:
    """The headline that belongs in front of a passage where it is searched: none if the passage holds it itself."""
    holds_it = article.title and article.title in article.text[passage.start : passage.end]
    return "" if holds_it else article.title


def passage_terms(article: Article, passage: Passage, *, glossary: Glossary) -> PassageTerms:
    """The terms of one passage under its headline, for the index."""
    text = f"{heading_apart(article, passage)}\n{article.text[passage.start : passage.end]}"
    own, gloss, names = _all_terms(text, language=article.language, glossary=glossary)
    published = article.published_at
    return PassageTerms(
        id=passage.id,
        language=article.language,
        source=article.source,
        published=math.floor(published.timestamp()) if published else None,
        own=own,
        gloss=gloss,
        names=names,
    )


def text_terms(text: str, *, language: str, glossary: Glossary) -> TextTerms:
    """The terms of a stretch of an article in ``language``. Stems are marked with it: other languages' do not match."""
    own, gloss, names = _all_terms(text, language=language, glossary=glossary)
    return TextTerms(frozenset(_marked(term, language=language) for term in own), frozenset(gloss), frozenset(names))


def question_terms(question: str, *, library: Collection[str], glossary: Glossary) -> QuestionTerms:
    """The terms of a question put to a library that has articles in the languages ``library``."""
    languages = question_languages(question, library=library)
    likely = max(languages, key=lambda language: languages[language])
    own = {language: weigh(terms(question, language=language)) for language in languages if language in library}
    gloss = weigh(_gloss_terms(question, language=likely, glossary=glossary))
    names = tuple(question_names(question, language=likely))
    content = tuple(_question_words(question, languages=languages, names=names, glossary=glossary))
    return QuestionTerms(languages, own, gloss, names, content)


def _question_words(
    question: str, *, languages: Mapping[str, float], names: Sequence[Name], glossary: Glossary
) -> Iterator[QuestionWord]:
    likely = max(languages, key=lambda language: languages[language])
    glossed = glossary.gloss(question, language=likely) if likely in glossary.languages else []
    translated = {entry.start: entry.translations for entry in glossed}
    # Where nouns have capitals, a dictionary knows better what is a name.
    ordinary = {entry.word for entry in glossed if entry.translations and not entry.name}
    for position, word in enumerate(words(question)):
        normal = normalise(word.text)
        if normal in stop_words(likely):
            continue
        own = frozenset(
            _marked(term, language=language) for language in languages for term in word_terms(word.text, language=language)
        )
        phrases = (word.text,) if likely == "en" else translated.get(word.start, ()) or ((word.text,) if translated else ())
        gloss = frozenset(term for phrase in phrases for term in terms(phrase, language="en"))
        keys = frozenset(
            key
            for name in names
            if name.start < word.end
            and word.start < name.end
            and (word.text not in ordinary or any(key.startswith("@") for key in name.keys))
            for key in name.keys
        )
        weight = max(_LEAST_WEIGHT, _MOST_WEIGHT - zipf(normal, language=likely))
        yield QuestionWord(word.text, position, weight, own, gloss, keys)


def _marked(term: str, *, language: str) -> str:
    """A stem with its language, for it means nothing in another; a number as it is."""
    return term if term.isdecimal() else f"{language} {term}"


def _all_terms(text: str, *, language: str, glossary: Glossary) -> tuple[list[str], list[str], list[str]]:
    own = terms(text, language=language)
    gloss = own if language == "en" else _gloss_terms(text, language=language, glossary=glossary)
    return own, gloss, name_keys(text, language=language)


def _gloss_terms(text: str, *, language: str, glossary: Glossary) -> list[str]:
    if language == "en":
        return terms(text, language="en")
    return glossary.gloss_terms(text, language=language) if language in glossary.languages else []
