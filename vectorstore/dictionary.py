"""FreeDict dictionaries → the English gloss of a text, word by word: for matching, never for reading or embedding.

Everything that is decided about a word (which translations, how a compound splits, whether it is a name) is decided when it is looked up. Not
here: the dictionaries' files (``freedict.py``), one word's translations (``translations.py``), which words are names (``untranslated_names.py``),
stems, lemmas, stop words and word frequencies (``languages.py``), indexing.
"""

from __future__ import annotations

import logging
import threading
import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from vectorstore import languages as words_of
from vectorstore.dictd import About, about
from vectorstore.dictionary_cache import EntryStore, digest
from vectorstore.freedict import source_of
from vectorstore.translations import Dictionary
from vectorstore.untranslated_names import names_among

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vectorstore.freedict import Record, Source
    from vectorstore.translations import Found

_LOG = logging.getLogger(__name__)


_KNOWN_IN_ENGLISH = 2.0  # Zipf scale


@dataclass(frozen=True, slots=True)
class Entry:
    """What a dictionary says about a word, for showing to a person: its headword and the English senses as printed."""

    headword: str
    senses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GlossedWord:
    """One word of a text at ``text[start:end]`` and up to three English translations, best first.

    ``translations`` is empty for names, numbers, function words and words that no dictionary has. ``name`` says that the word was
    taken for a name and so left alone.
    """

    start: int
    end: int
    word: str
    translations: tuple[str, ...]
    name: bool


class Glossary:
    """English glosses from every dictionary in some folders; safe to read from several threads.

    ``languages`` is known without parsing anything; a dictionary is parsed when its language is first asked for. One that proves
    to be broken is logged, named in ``problems`` and left out; its language is then glossed as one without a dictionary.
    """

    def __init__(self, sources: dict[str, tuple[Source, ...]], *, cache: Path) -> None:
        self._sources = sources
        self._cache = cache
        self._opened: dict[str, Dictionary | None] = {}
        self._lock = threading.Lock()
        self._problems: list[str] = []

    @classmethod
    def open(cls, folders: Sequence[Path], *, cache: Path, into: str = "eng") -> Glossary:
        """The dictionaries in ``folders`` (missing folders are passed over); their cache files are kept in ``cache``.

        Those ``into`` another language (ISO 639-3) than English are for ``entries`` alone; they need a ``cache`` of their own.
        """
        sources: dict[str, list[Source]] = {}
        seen: set[str] = set()
        for folder in folders:
            for index in sorted(folder.glob("freedict-*.index")):
                source = source_of(index, into=into)
                if source and index.name not in seen:
                    seen.add(index.name)
                    sources.setdefault(source[0], []).append(source[1])
        ordered = {language: tuple(sorted(found, key=lambda source: source.inverted)) for language, found in sources.items()}
        return cls(ordered, cache=cache)

    @property
    def languages(self) -> frozenset[str]:
        """The languages with a dictionary (BCP 47 primary subtags); never English, which is its own gloss."""
        return frozenset(language for language in self._sources if self._opened.get(language, True) is not None)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with dictionaries or cache files, one sentence each; for ``doctor`` and the log."""
        return tuple(self._problems)

    def signature(self, language: str) -> str:
        """What the gloss of ``language`` depends on: its dictionaries and this module; ``""`` without a dictionary."""
        sources = self._sources.get(language)
        if not sources or language not in self.languages:
            return ""
        try:
            return f"{language}-{digest(sources)}"
        except OSError:  # taken away since the folder was listed
            return ""

    def gloss(self, text: str, *, language: str) -> list[GlossedWord]:
        """Every word of ``text`` in its order with its translations; a language without a dictionary gives words without any."""
        dictionary = self._dictionary(language)
        if dictionary is None:
            return [GlossedWord(word.start, word.end, word.text, (), name=False) for word in words_of.words(text)]
        return [glossed for glossed, _ in _gloss(text, dictionary=dictionary)]

    def gloss_terms(self, text: str, *, language: str) -> list[str]:
        """English index terms of ``text``, repeats kept, ready for BM25.

        A word gives the stems of all its translations, each once (only two of them, or more weight on the best, was worse), and
        its own where English uses it too, which makes up for a name that was not seen as one. A word without translation gives
        its own, a function word none. English text gives just its own terms.
        """
        if language == "en":
            return words_of.terms(text, language="en")
        dictionary = self._dictionary(language)
        if dictionary is None:
            stop = words_of.stop_words(language)
            plain = [word.text for word in words_of.words(text) if words_of.normalise(word.text) not in stop]
            return [term for word in plain for term in words_of.word_terms(word, language="en")]
        terms: list[str] = []
        for glossed, known in _gloss(text, dictionary=dictionary):
            if not known.function:
                terms += _index_terms(glossed.word, glossed.translations)
        return terms

    def about(self, language: str) -> tuple[About, ...]:
        """What the dictionaries of a language say of themselves; empty without one."""
        if self._dictionary(language) is None:
            return ()
        return tuple(about(source.index, source.text) for source in self._sources[language])

    def parts(self, word: str, *, language: str) -> list[Entry]:
        """The entries for a word that ``entries`` has none for: for the headword that it is a form of, else for the parts of a compound."""
        dictionary = self._dictionary(language)
        return [] if dictionary is None or not word else _shown(dictionary.parts(word))

    def entries(self, word: str, *, language: str) -> list[Entry]:
        """The dictionary's entries for ``word``, else for its lower-case form, else for its lemma; empty if there are none."""
        dictionary = self._dictionary(language)
        if dictionary is None:
            return []
        lower = word.lower()
        keys = (word, lower, words_of.lemma(word, language=language), words_of.lemma(lower, language=language))
        return next((_shown(records) for key in keys if (records := dictionary.records(key))), [])

    def _dictionary(self, language: str) -> Dictionary | None:
        if language not in self._sources:
            return None
        with self._lock:
            if language not in self._opened:
                self._opened[language] = self._open(language)
            return self._opened[language]

    def _open(self, language: str) -> Dictionary | None:
        sources = self._sources[language]
        try:
            store = EntryStore.open(sources, language=language, cache=self._cache, report=self._report)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            names = " and ".join(source.index.stem for source in sources)
            self._report(
                f"The dictionary {names} cannot be read ({error}), so {language} has no gloss. Install its package again."
            )
            return None
        return Dictionary(language, store=store)

    def _report(self, problem: str) -> None:
        _LOG.warning("%s", problem)
        self._problems.append(problem)


def _shown(records: Iterable[Record]) -> list[Entry]:
    return [Entry(record.headword, record.senses) for record in records]


def _gloss(text: str, *, dictionary: Dictionary) -> list[tuple[GlossedWord, Found]]:
    words = words_of.words(text)
    found = [dictionary.find(word.text) for word in words]
    gaps = ["\n", *(text[before.end : word.start] for before, word in pairwise(words))]
    names = names_among([word.text for word in words], found, gaps, dictionary)
    return [
        (GlossedWord(word.start, word.end, word.text, () if name else known.translations, name), known)
        for word, known, name in zip(words, found, names, strict=True)
    ]


@lru_cache(maxsize=100_000)
def _index_terms(word: str, translations: tuple[str, ...]) -> tuple[str, ...]:
    terms = [term for phrase in translations for term in words_of.terms(phrase, language="en")]
    if not translations or words_of.zipf(word, language="en") >= _KNOWN_IN_ENGLISH:
        terms += words_of.word_terms(word, language="en")
    return tuple(words_of.distinct(terms))
