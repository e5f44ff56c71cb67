"""What one language's dictionary gives for a single word: its English translations, best first, and how they were found.

Not here: the entries (``freedict.py``, ``dictionary_cache.py``), the words of a text, which may be names (``untranslated_names.py``).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from vectorstore import languages as words_of
from vectorstore.compounds import Compounds
from vectorstore.freedict import listed_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vectorstore.dictionary_cache import EntryStore
    from vectorstore.freedict import Record

MAX_TRANSLATIONS = 3
_MAX_PHRASE_WORDS = 3
# Ding writes "visit sb.", "attend sth. regularly", "one's": stand-ins, not translations.
_STAND_IN = re.compile(r"\b(?:sth|sb|so|o\.s)\.(?:'s)?(?:/(?:sth|sb)\.)?|\b(?:one's|oneself|somebody|someone|something)\b")
_LEADING = re.compile(r"^(?:to|the|an?) ")
# How translations are ordered. Tuned on the even articles of XQuAD; none of them matters much.
_EXAMPLE = 0.5  # what each usage example adds to an entry's weight of 1
_MAX_EXAMPLES = 8
_MARKED = 0.6  # dated, regional or of a special field
_AFFIX = 0.3  # an entry for "Haus…" or "…bau"
_LATER_SENSE = 0.3
_LATER_PLACE = 0.15
_LEMMA = 0.5
_UNLIKE = 0.3  # per unit of the Zipf scale between the word and its translation
_LONGER = 0.3  # per word behind the first
_MIN_STEM = 4
_COMPOUND_PHRASES = 2
# What stands directly before a surname, in English, since that is what every language's words are turned into first.
_TITLES = frozenset(
    """
    president vice-president chancellor minister secretary premier governor mayor senator ambassador commissioner
    chairman chairwoman chief director boss leader king queen prince princess emperor pope bishop cardinal archbishop
    rabbi imam general colonel captain lieutenant sergeant officer judge lawyer attorney prosecutor professor doctor mr
    mrs ms miss sir lord lady madam dr spokesman spokeswoman spokesperson coach trainer author writer actor actress
    singer politician diplomat representative deputy expert scientist researcher economist journalist reporter
    """.split()
)
_MAX_ACRONYM = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a word alone: its translations and how they were found.

    ``how`` is ``"own"`` (a headword in its own case), ``"lower"`` (only in lower case), ``"lemma"``, ``"compound"`` or ``""``.
    """

    translations: tuple[str, ...] = ()
    how: str = ""
    capitalised: bool = False
    function: bool = False


class Dictionary:
    """One language's records and what follows from them for a single word; everything is remembered per word."""

    def __init__(self, language: str, *, store: EntryStore) -> None:
        self.language = language
        self.stop_words = words_of.stop_words(language)
        self.capitalises_nouns = language in words_of.CAPITALISES_NOUNS
        self._store = store
        self.records = lru_cache(maxsize=10_000)(self._records)
        self.find = lru_cache(maxsize=100_000)(self._find)
        self.is_title = lru_cache(maxsize=5_000)(self._is_title)
        self.introduces = lru_cache(maxsize=5_000)(self._introduces)
        self._translate = lru_cache(maxsize=30_000)(self._ranked)
        self._compounds = Compounds(language, is_headword=lambda key: bool(self.records(key)))

    def _records(self, key: str) -> tuple[Record, ...]:
        return self._store.records(key) if key else ()

    def _find(self, word: str) -> Found:
        """What is known of ``word``: nothing of a number, no translations of a function word."""
        if word[0].isdigit():
            return Found()
        capitalised = word[0].isupper()
        shouted = capitalised and len(word) > 1 and word.isupper()
        acronym = shouted and bool(self.records(word))
        if words_of.normalise(word) in self.stop_words and not (acronym and len(word) < _MAX_ACRONYM):
            return Found(capitalised=capitalised, function=True)
        translations, how = self._look_up(word, capitalised=capitalised, shouted=shouted, acronym=acronym)
        return Found(translations, how, capitalised=capitalised)

    def _look_up(self, word: str, *, capitalised: bool, shouted: bool, acronym: bool) -> tuple[tuple[str, ...], str]:
        """The translations of ``word``, in its own case, then in lower case, as headword or lemma; then as a compound."""
        if acronym or (shouted and len(word) < _MAX_ACRONYM):
            forms = [word]  # capitals match only capitals: "AM" is amplitude modulation, "am" is not
        elif shouted:
            forms = [word.capitalize(), word.lower()]
        else:
            forms = words_of.distinct([word, word.lower()]) if capitalised else [word]
        # A capital that the language asks for is part of the word ("Arm", "arm"), so the lower-case word comes after the lemma.
        for form in forms:
            lemma = form if len(forms) == 1 and shouted else words_of.lemma(form, language=self.language)
            if translations := self._translate(form, lemma):
                how = "lower" if capitalised and form[:1].islower() else "own" if self.records(form) else "lemma"
                return translations, how
        if not shouted and (inflection := self._inflection(word)):
            how = "lower" if capitalised and inflection[0].islower() else "lemma"
            return self._translate(inflection, inflection), how
        parts = self._compounds.split(word) if not shouted else ()
        if parts:
            return _joined([self._translate(part, part) for part in parts]), "compound"
        return (), ""

    def _ranked(self, word: str, lemma: str) -> tuple[str, ...]:
        """Up to three translations of a headword, its lemma's records counted in; an order of our own.

        An entry counts for more if it has examples (the main sense does), less if it is marked (dated, a special field), less the
        further back a translation stands; then the English word should be about as common as the foreign one.
        """
        entries = [(record, 1.0) for record in self.records(word)]
        if lemma != word:
            entries += [(record, _LEMMA) for record in self.records(lemma)]
        if not entries:
            return ()
        weights: dict[tuple[str, ...], float] = {}
        phrases: dict[tuple[str, ...], str] = {}
        for record, share in entries:
            for phrase, weight in _weighted(record):
                # One of function words only ("year" is in some lists) keeps its place: the next best would be noise.
                stems = tuple(words_of.terms(phrase, language="en")) or (phrase,)
                weights[stems] = weights.get(stems, 0.0) + weight * share
                if stems not in phrases or words_of.zipf(phrase, language="en") > words_of.zipf(phrases[stems], language="en"):
                    phrases[stems] = phrase
        own = words_of.zipf(word, language=self.language)
        if lemma != word:
            own = max(own, words_of.zipf(lemma, language=self.language))

        def score(stems: tuple[str, ...]) -> float:
            phrase = phrases[stems]
            return (
                math.log(weights[stems]) - _UNLIKE * abs(own - words_of.zipf(phrase, language="en")) - _LONGER * phrase.count(" ")
            )

        return tuple(phrases[stems] for stems in sorted(weights, key=score, reverse=True)[:MAX_TRANSLATIONS])

    def _inflection(self, word: str) -> str:
        """The most frequent headword with the same stem, preferably with the same capital: for what the lemmatiser misses."""
        normal = words_of.normalise(word)
        stem = words_of.stem(normal, language=self.language)
        keys = [key for key in self._store.inflections(stem) if len(stem) >= _MIN_STEM and self._translate(key, key)]
        capital = word[0].isupper()
        return max(keys, key=lambda key: (key[0].isupper() == capital, words_of.zipf(key, language=self.language)), default="")

    def parts(self, word: str) -> list[Record]:
        """The entries of the headword that ``word`` has the stem of, else of the headwords that it is made of, each headword's together."""
        inflection = self._inflection(word)
        return [record for key in ((inflection,) if inflection else self._compounds.split(word)) for record in self.records(key)]

    def _is_title(self, word: str) -> bool:
        found = self.find(word)
        lemma = words_of.lemma(word, language=self.language)
        records = (self.records(word) or self.records(word.lower())) + self.records(lemma)
        phrases = [phrase for record in records for phrase, _ in _weighted(record)] or found.translations
        return any(phrase.rstrip(".").casefold().split()[-1] in _TITLES for phrase in phrases)

    def _introduces(self, word: str) -> bool:
        """Whether ``word`` before a noun shows that it is no name: an article, pronoun, adjective or number."""
        if word[:1].isdigit():
            return True
        word = word.lower()
        records = self.records(word) or self.records(words_of.lemma(word, language=self.language))
        return any(
            {"art", "adj", "num"} & set(record.labels.split(", "))
            or ("pron" in record.labels)
            or (word in self.stop_words and any(re.search(r"\b(?:the|an?)\b", sense) for sense in record.senses))
            for record in records
        )


def _weighted(record: Record) -> Iterator[tuple[str, float]]:
    """The translations in an entry and how much each counts."""
    weight = 1.0 + _EXAMPLE * min(record.examples, _MAX_EXAMPLES)
    if "…" in record.headword:  # a prefix or suffix
        weight *= _AFFIX
    for number, sense in enumerate(record.senses):
        marked = _MARKED if sense.lstrip().startswith("[") else 1.0
        for place, part in enumerate(listed_in(sense, bracket=" ")):
            phrase = " ".join(_STAND_IN.sub(" ", part).split())
            phrase = _LEADING.sub("", phrase).strip(" .-‐…!?\"'")
            if phrase and "…" not in phrase and len(phrase.split()) <= _MAX_PHRASE_WORDS:
                yield phrase, weight * marked / (1 + _LATER_SENSE * number) / (1 + _LATER_PLACE * place)


def _joined(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The translations of a compound: the parts' best ones together, then their second ones, then their third."""
    phrases = (" ".join(part[rank] for part in parts if rank < len(part)) for rank in range(_COMPOUND_PHRASES))
    return tuple(words_of.distinct(phrase for phrase in phrases if phrase))
