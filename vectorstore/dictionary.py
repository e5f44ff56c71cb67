"""FreeDict dictionaries → the English gloss of a text, word by word: for matching, never for reading or embedding.

A dictionary in dictd format (``freedict-deu-eng.dict.dz`` and ``.index``) is parsed once into a compact SQLite file, word → its
entries, which is then opened read-only; one in the other direction (``freedict-eng-rus``) serves inverted. Everything that is
decided about a word (which translations, how a compound splits, whether it is a name) is decided when it is looked up.

Not here: stems, lemmas, stop words and word frequencies (``languages.py``), the spellings of names (``names.py``), indexing.
The format: https://datatracker.ietf.org/doc/html/rfc2229 (dictd) and ``man dictfmt``; dictionaries: https://freedict.org.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
import math
import os
import re
import sqlite3
import tempfile
import threading
import unicodedata
import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from vectorstore import languages as words_of
from vectorstore.dictd import About, about, read_number

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    _Report = Callable[[str], None]
    _Rebuild = Callable[[], sqlite3.Connection]

FORMAT = "1"
"""Changes whenever the cache or the gloss of the same text changes; part of the cache file's name and of the signature."""

MAX_TRANSLATIONS = 3

_LOG = logging.getLogger(__name__)
_SOURCE = re.compile(r"freedict-([a-z]{3})-([a-z]{3})\.index")
_SEPARATORS = ("\n", "\x1f", "\x1e")  # between the entries of a word, the fields of an entry, its senses
_MAX_PHRASE_WORDS = 3

# --- the text of an entry
_HEADWORD_LINE = re.compile(r"(?P<head>.+?)(?: /[^/]+/)?(?: \((?P<also>.*)\))*(?: <(?P<labels>[^<>]*)>)?\s*")
_PRONUNCIATION = re.compile(r" /[^/\n]+/")
# An abbreviation and its pronunciation follow at once: "government <n>Gov.,  /ɡˈoːf/", "United States of AmericaUSA,  /ˈuːzɑː/".
_SPOKEN_ABBREVIATION = re.compile(r"(?:(?<=>)|(?<=[a-z])(?=[A-Z])|(?<= ))[^\s<>,]+,  /[^/\n]+/")
# Without a label between them, only that the one begins the other tells them apart: "federalfed.,  /fˈeːt/".
_SPOKEN_BEGINNING = re.compile(r"\b((\w{2,})\w*?)\2\.?,  /[^/\n]+/")
_BRACKETED = re.compile(r"\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|<[^>]*>")
_LABEL = re.compile(r"<([^<>]*)>")
_NUMBERED = re.compile(r"\d{1,2}\. ")
# Ding writes "visit sb.", "attend sth. regularly", "one's": stand-ins, not translations.
_STAND_IN = re.compile(r"\b(?:sth|sb|so|o\.s)\.(?:'s)?(?:/(?:sth|sb)\.)?|\b(?:one's|oneself|somebody|someone|something)\b")
_LEADING = re.compile(r"^(?:to|the|an?) ")
_BETWEEN_TRANSLATIONS = re.compile(r"[,;/]")

# --- how translations are ordered. Tuned on the even articles of XQuAD; none of them matters much.
_EXAMPLE = 0.5  # what each usage example adds to an entry's weight of 1
_MAX_EXAMPLES = 8
_MARKED = 0.6  # dated, regional or of a special field
_AFFIX = 0.3  # an entry for "Haus…" or "…bau"
_LATER_SENSE = 0.3
_LATER_PLACE = 0.15
_LEMMA = 0.5
_UNLIKE = 0.3  # per unit of the Zipf scale between the word and its translation
_LONGER = 0.3  # per word behind the first

# --- compounds
_LINKING = {
    "de": ("", "s", "es", "n", "en", "er", "e"),
    "nl": ("", "s", "e", "en", "er"),
    "sv": ("", "s", "e", "u", "o"),
    "da": ("", "s", "e"),
}  # fmt: skip
_MIN_PART = 3
_MIN_STEM = 4
_MIN_COMPOUND = 7
_MAX_PARTS = 4
_COMPOUND_PHRASES = 2
_COMMON = 4.0  # Zipf scale; a part of three letters must be such a word

# --- names
_STARTS = re.compile(r"[.!?:…\n•„“”\"«»]")
_CAPITALISES_NOUNS = frozenset({"de", "lb"})
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
# A surname is not among the commonest words (Zipf scale), and English news use it nearly as often as the language's own.
_NAME_ZIPF = 5.0
_ENGLISH_WORD_ZIPF = 4.0
_KNOWN_IN_ENGLISH = 2.0
_NAME_ZIPF_GAP = 1.6
_MAX_ACRONYM = 5


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


@dataclass(frozen=True, slots=True)
class _Source:
    """One dictionary on disk; ``inverted`` if its headwords are English."""

    index: Path
    text: Path
    inverted: bool

    @property
    def key(self) -> str:
        parts = [
            f"{path.name}:{status.st_size}:{status.st_mtime_ns}" for path in (self.index, self.text) for status in [path.stat()]
        ]
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class _Record:
    """One entry of one word as it is kept. ``labels`` are those of its headword; ``examples`` counts its usage examples."""

    headword: str
    labels: str
    examples: int
    senses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of a word alone: its translations and how they were found.

    ``how`` is ``"own"`` (a headword in its own case), ``"lower"`` (only in lower case), ``"lemma"``, ``"compound"`` or ``""``.
    """

    translations: tuple[str, ...] = ()
    how: str = ""
    capitalised: bool = False
    function: bool = False


class Glossary:
    """English glosses from every dictionary in some folders; safe to read from several threads.

    ``languages`` is known without parsing anything; a dictionary is parsed when its language is first asked for. One that proves
    to be broken is logged, named in ``problems`` and left out; its language is then glossed as one without a dictionary.
    """

    def __init__(self, sources: dict[str, tuple[_Source, ...]], *, cache: Path) -> None:
        self._sources = sources
        self._cache = cache
        self._opened: dict[str, _Dictionary | None] = {}
        self._lock = threading.Lock()
        self._problems: list[str] = []

    @classmethod
    def open(cls, folders: Sequence[Path], *, cache: Path, into: str = "eng") -> Glossary:
        """The dictionaries in ``folders`` (missing folders are passed over); their cache files are kept in ``cache``.

        Those ``into`` another language (ISO 639-3) than English are for ``entries`` alone; they need a ``cache`` of their own.
        """
        sources: dict[str, list[_Source]] = {}
        seen: set[str] = set()
        for folder in folders:
            for index in sorted(folder.glob("freedict-*.index")):
                source = _source(index, into=into)
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
            return f"{language}-{_digest(sources)}"
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
        return [] if dictionary is None or not word else list(dictionary.parts(word))

    def entries(self, word: str, *, language: str) -> list[Entry]:
        """The dictionary's entries for ``word``, else for its lower-case form, else for its lemma; empty if there are none."""
        dictionary = self._dictionary(language)
        if dictionary is None:
            return []
        lower = word.lower()
        for key in words_of.distinct(
            [word, lower, words_of.lemma(word, language=language), words_of.lemma(lower, language=language)]
        ):
            if records := dictionary.records(key):
                return [Entry(record.headword, record.senses) for record in records]
        return []

    def _dictionary(self, language: str) -> _Dictionary | None:
        if language not in self._sources:
            return None
        with self._lock:
            if language not in self._opened:
                self._opened[language] = self._open(language)
            return self._opened[language]

    def _open(self, language: str) -> _Dictionary | None:
        sources = self._sources[language]
        try:
            store = _Store.open(sources, language=language, cache=self._cache, report=self._report)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            names = " and ".join(source.index.stem for source in sources)
            self._report(
                f"The dictionary {names} cannot be read ({error}), so {language} has no gloss. Install its package again."
            )
            return None
        return _Dictionary(language, store=store)

    def _report(self, problem: str) -> None:
        _LOG.warning("%s", problem)
        self._problems.append(problem)


class _Store:
    """Word → records, in an SQLite file that is only read; one connection behind a lock."""

    def __init__(self, connection: sqlite3.Connection, rebuild: _Rebuild) -> None:
        self._connection = connection
        self._rebuild = rebuild
        self._lock = threading.Lock()

    @classmethod
    def open(cls, sources: tuple[_Source, ...], *, language: str, cache: Path, report: _Report) -> _Store:
        """The cache file of ``sources``, made first if it is missing or damaged; kept in memory where it cannot be written."""
        path = cache / f"dictionary-{language}-{_digest(sources)}.sqlite"

        def rebuild() -> sqlite3.Connection:
            packed = _parse(sources, language=language)
            try:
                _write(path, packed, language=language)
                return _connect(path)
            except (OSError, sqlite3.Error) as error:
                report(
                    f"The cache {path} cannot be written ({error}), so the dictionary for {language} is parsed by every process."
                )
                connection = sqlite3.connect(":memory:", check_same_thread=False)
                _fill(connection, packed, language=language)
                return connection

        try:
            connection = _connect(path)
        except sqlite3.DatabaseError:  # missing, cut short or not one of ours
            connection = rebuild()
        return cls(connection, rebuild)

    def records(self, key: str) -> tuple[_Record, ...]:
        """The records of ``key``, a word in its own case; empty if there are none."""
        return _unpack(self._get("SELECT records FROM word WHERE key = ?", key))

    def inflections(self, stem: str) -> list[str]:
        """The keys whose stem (of the normalised word) is ``stem``."""
        return self._get("SELECT keys FROM stem WHERE stem = ?", stem).split()

    def _get(self, query: str, key: str) -> str:
        with self._lock:
            try:
                return self._select(query, key)
            except sqlite3.DatabaseError:
                self._connection.close()
                self._connection = self._rebuild()
                return self._select(query, key)

    def _select(self, query: str, key: str) -> str:
        row = self._connection.execute(query, (key,)).fetchone()
        return str(row[0]) if row else ""


class _Dictionary:
    """One language's records and what follows from them for a single word; everything is remembered per word."""

    def __init__(self, language: str, *, store: _Store) -> None:
        self.language = language
        self.stop_words = words_of.stop_words(language)
        self.capitalises_nouns = language in _CAPITALISES_NOUNS
        self._store = store
        self.records = lru_cache(maxsize=10_000)(self._records)
        self.find = lru_cache(maxsize=100_000)(self._find)
        self.is_title = lru_cache(maxsize=5_000)(self._is_title)
        self.introduces = lru_cache(maxsize=5_000)(self._introduces)
        self._translate = lru_cache(maxsize=30_000)(self._ranked)
        self._part = lru_cache(maxsize=50_000)(self._part_key)

    def _records(self, key: str) -> tuple[_Record, ...]:
        return self._store.records(key) if key else ()

    def _find(self, word: str) -> _Found:
        """What is known of ``word``: nothing of a number, no translations of a function word."""
        if word[0].isdigit():
            return _Found()
        capitalised = word[0].isupper()
        shouted = capitalised and len(word) > 1 and word.isupper()
        acronym = shouted and bool(self.records(word))
        if words_of.normalise(word) in self.stop_words and not (acronym and len(word) < _MAX_ACRONYM):
            return _Found(capitalised=capitalised, function=True)
        translations, how = self._look_up(word, capitalised=capitalised, shouted=shouted, acronym=acronym)
        return _Found(translations, how, capitalised=capitalised)

    def _look_up(self, word: str, *, capitalised: bool, shouted: bool, acronym: bool) -> tuple[tuple[str, ...], str]:
        """The translations of ``word``, in its own case, then in lower case, as headword or lemma; then as a compound."""
        if acronym or (
            shouted and len(word) < _MAX_ACRONYM
        ):  # capitals match only capitals: "AM" is amplitude modulation, "am" is not
            forms = [word]
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
        parts = self._split(word) if not shouted else ()
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
                if stems not in phrases or _zipf(phrase) > _zipf(phrases[stems]):
                    phrases[stems] = phrase
        own = words_of.zipf(word, language=self.language)
        if lemma != word:
            own = max(own, words_of.zipf(lemma, language=self.language))

        def score(stems: tuple[str, ...]) -> float:
            phrase = phrases[stems]
            return math.log(weights[stems]) - _UNLIKE * abs(own - _zipf(phrase)) - _LONGER * phrase.count(" ")

        return tuple(phrases[stems] for stems in sorted(weights, key=score, reverse=True)[:MAX_TRANSLATIONS])

    def _inflection(self, word: str) -> str:
        """The most frequent headword with the same stem, preferably with the same capital: for what the lemmatiser misses."""
        normal = words_of.normalise(word)
        stem = words_of.stem(normal, language=self.language)
        keys = [key for key in self._store.inflections(stem) if len(stem) >= _MIN_STEM and self._translate(key, key)]
        capital = word[0].isupper()
        return max(keys, key=lambda key: (key[0].isupper() == capital, words_of.zipf(key, language=self.language)), default="")

    def _split(self, word: str) -> tuple[str, ...]:
        """The headwords that ``word`` is made of: as few as will do, then the most frequent; empty if it is no compound."""
        if self.language not in _LINKING or len(word) < _MIN_COMPOUND:
            return ()
        return self._best_split(word.lower(), noun=self.capitalises_nouns and word[0].isupper(), parts=_MAX_PARTS)

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
            score = (-len(split), min(words_of.zipf(part, language=self.language) for part in split))
            if not best or score > best_score:
                best, best_score = split, score
        return best

    def _best_split_linked(self, word: str, *, parts: int) -> tuple[str, ...]:
        for link in _LINKING[self.language]:
            if word.endswith(link) and len(word) - len(link) >= _MIN_COMPOUND:
                stem = word[: len(word) - len(link)]
                if split := self._best_split(stem, noun=self.capitalises_nouns, parts=parts):
                    return split
        return ()

    def _linked(self, word: str) -> str:
        """The headword that ``word`` is in front of another part: without its linking element, or with its cut ending."""
        for link in _LINKING[self.language]:
            if word.endswith(link) and len(word) - len(link) >= _MIN_PART:
                stem = word[: len(word) - len(link)]
                if key := self._part(stem, noun=self.capitalises_nouns) or self._part(stem, noun=False):
                    return key
        for ending in ("e", "en"):  # Schul(e), wohn(en)
            if key := self._part(word + ending, noun=self.capitalises_nouns and ending == "e") or self._part(
                word + ending, noun=False
            ):
                return key
        return ""

    def parts(self, word: str) -> Iterator[Entry]:
        """The entries of the headword that ``word`` has the stem of, else of the headwords that it is made of, each headword's together."""
        inflection = self._inflection(word)
        for key in (inflection,) if inflection else self._split(word):
            yield from (Entry(record.headword, record.senses) for record in self.records(key))

    def _part_key(self, word: str, *, noun: bool) -> str:
        """The headword for one part of a compound, empty if there is none; very short parts must be common words."""
        form = word.capitalize() if noun else word
        if not noun and word in self.stop_words:
            return ""
        for key in words_of.distinct([form, words_of.lemma(form, language=self.language)]):
            if len(key) == _MIN_PART and words_of.zipf(key, language=self.language) < _COMMON:
                continue
            if len(key) >= _MIN_PART and self.records(key):
                return key
        return ""

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


# --- a text


def _gloss(text: str, *, dictionary: _Dictionary) -> list[tuple[GlossedWord, _Found]]:
    words = words_of.words(text)
    found = [dictionary.find(word.text) for word in words]
    gaps = ["\n", *(text[before.end : word.start] for before, word in pairwise(words))]
    names = _names([word.text for word in words], found, gaps, dictionary)
    return [
        (GlossedWord(word.start, word.end, word.text, () if name else known.translations, name), known)
        for word, known, name in zip(words, found, names, strict=True)
    ]


def _names(words: Sequence[str], found: Sequence[_Found], gaps: Sequence[str], dictionary: _Dictionary) -> list[bool]:
    """Which words are names, from what stands around them here and everywhere else in the text; ``gaps`` are before the words."""
    capitalised = [i for i, known in enumerate(found) if known.capitalised and not known.function]
    touches = {i for i in capitalised if gaps[i] in {" ", "\u00a0"}}
    names = _expected_names(words, found, touches, dictionary)
    sure = {words[i] for i in touches if names[i]}
    lower = {word for word, known in zip(words, found, strict=True) if not known.capitalised}
    for i in capitalised:
        word, known = words[i], found[i]
        if names[i] or word.isupper():
            continue
        starts = _starts_sentence(words, gaps, i)
        after_common = i > 0 and (not found[i - 1].capitalised or _starts_sentence(words, gaps, i - 1))
        if not starts and after_common and dictionary.introduces(words[i - 1]):
            continue
        if word in sure or (word.endswith("s") and word[:-1] in sure):
            names[i] = True
        elif dictionary.capitalises_nouns:
            names[i] = _used_as_name(word, known, dictionary)
        elif not starts and known.how != "own":
            inherits = i in touches and not after_common and not names[i - 1]
            names[i] = not inherits and word.lower() not in lower
    if dictionary.capitalises_nouns:
        return names
    # An unknown word's capital at the start of a sentence says nothing, unless another capital follows or it has one elsewhere.
    elsewhere = {words[i] for i in capitalised if names[i] and not _starts_sentence(words, gaps, i)}
    return [
        name and (i + 1 in touches or words[i] in elsewhere or _used_in_english(words[i], dictionary.language))
        for i, name in enumerate(names)
    ]


def _expected_names(
    words: Sequence[str], found: Sequence[_Found], touches: Container[int], dictionary: _Dictionary
) -> list[bool]:
    """Which words are unknown and capitalised, or stand where a surname does: touching a title or a given name before them."""
    names = [known.capitalised and not known.function and not known.translations for known in found]
    # A given name is always followed by another name, a surname now and then stands alone.
    alone = {word for i, word in enumerate(words) if names[i] and i + 1 not in touches}
    for i in range(1, len(words)):
        if i not in touches or found[i - 1].function:
            continue
        titled = not names[i - 1] and dictionary.is_title(words[i - 1])
        third = i - 1 in touches and names[i - 2]
        named = names[i - 1] and words[i - 1] not in alone and not third and not dictionary.is_title(words[i])
        names[i] = names[i] or ((named or titled) and _could_be_name(words[i], found[i], dictionary.language))
    return names


def _starts_sentence(words: Sequence[str], gaps: Sequence[str], position: int) -> bool:
    """Whether the word's capital may only be that of a sentence; "28. Februar" does not start one."""
    gap = gaps[position]
    ordinal = position > 0 and gap.startswith(".") and "\n" not in gap and words[position - 1].isdigit()
    return not ordinal and _STARTS.search(gap) is not None


def _could_be_name(word: str, found: _Found, language: str) -> bool:
    """Whether a word that the dictionary has could be a surname where one is expected: no inflected form, no very common word."""
    if words_of.zipf(word, language=language) >= _NAME_ZIPF:
        return False
    form = word.lower() if found.how == "lower" else word
    return found.how in {"compound", ""} or (found.how != "lemma" and words_of.lemma(form, language=language) == form)


def _used_as_name(word: str, found: _Found, dictionary: _Dictionary) -> bool:
    """Whether a noun that nothing introduces is a name: English uses it almost as often, or it is a rare verb with a capital."""
    if found.how == "lower" or not _could_be_name(word, found, dictionary.language):
        return False
    english = words_of.zipf(word, language="en")
    stem = words_of.stem(words_of.normalise(word), language="en")
    if english >= _ENGLISH_WORD_ZIPF or any(stem in words_of.terms(phrase, language="en") for phrase in found.translations):
        return False
    if (
        found.how == "own"
        and words_of.zipf(word, language=dictionary.language) < _ENGLISH_WORD_ZIPF
        and any("v" in r.labels.split(", ") for r in dictionary.records(word.lower()))
    ):
        return True
    return english > 0 and _used_in_english(word, dictionary.language)


def _used_in_english(word: str, language: str) -> bool:
    """Whether English uses ``word`` nearly as often as its own language, as it does a name."""
    return words_of.zipf(word, language=language) - words_of.zipf(word, language="en") <= _NAME_ZIPF_GAP


# --- translations of a record


def _weighted(record: _Record) -> Iterator[tuple[str, float]]:
    """The translations in an entry and how much each counts."""
    weight = 1.0 + _EXAMPLE * min(record.examples, _MAX_EXAMPLES)
    if "…" in record.headword:  # a prefix or suffix
        weight *= _AFFIX
    for number, sense in enumerate(record.senses):
        marked = _MARKED if sense.lstrip().startswith("[") else 1.0
        for place, part in enumerate(_BETWEEN_TRANSLATIONS.split(_BRACKETED.sub(" ", _NUMBERED.sub("", sense)))):
            phrase = " ".join(_STAND_IN.sub(" ", part).split())
            phrase = _LEADING.sub("", phrase).strip(" .-‐…!?\"'")
            if phrase and "…" not in phrase and len(phrase.split()) <= _MAX_PHRASE_WORDS:
                yield phrase, weight * marked / (1 + _LATER_SENSE * number) / (1 + _LATER_PLACE * place)


def _joined(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The translations of a compound: the parts' best ones together, then their second ones, then their third."""
    phrases = (" ".join(part[rank] for part in parts if rank < len(part)) for rank in range(_COMPOUND_PHRASES))
    return tuple(words_of.distinct(phrase for phrase in phrases if phrase))


@lru_cache(maxsize=100_000)
def _index_terms(word: str, translations: tuple[str, ...]) -> tuple[str, ...]:
    terms = [term for phrase in translations for term in words_of.terms(phrase, language="en")]
    if not translations or _zipf(word) >= _KNOWN_IN_ENGLISH:
        terms += words_of.word_terms(word, language="en")
    return tuple(words_of.distinct(terms))


@lru_cache(maxsize=200_000)
def _zipf(phrase: str) -> float:
    return words_of.zipf(phrase, language="en")


# --- reading dictd files


def _source(index: Path, *, into: str) -> tuple[str, _Source] | None:
    """The language of a FreeDict index and its source, None if it is not ``into`` a language (or from English) or has no text beside it."""
    match = _SOURCE.fullmatch(index.name)
    if not match or (match[2] != into and (into, match[1]) != ("eng", "eng")):
        return None
    first, second = match.groups()
    text = next((path for ending in (".dict.dz", ".dict") if (path := index.with_suffix(ending)).is_file()), None)
    inverted = first == "eng" == into
    return (_short(second if inverted else first), _Source(index, text, inverted=inverted)) if text else None


def _short(code: str) -> str:
    """The BCP 47 subtag of an ISO 639-3 code: the two-letter one where there is one."""
    from babel.core import get_global  # which a question loads anyway

    return words_of.primary(get_global("language_aliases").get(code, code))


def _digest(sources: tuple[_Source, ...]) -> str:
    return hashlib.blake2b("\n".join([FORMAT, *(source.key for source in sources)]).encode(), digest_size=8).hexdigest()


def _parse(sources: tuple[_Source, ...], *, language: str) -> dict[str, list[str]]:
    """Key (a single word in its own case) → packed records, in the order of the dictionaries.

    Raises:
        OSError, EOFError, zlib.error: a file cannot be read or is damaged.
        ValueError: a file is not in dictd format.
    """
    packed: dict[str, list[str]] = {}
    for source in sources:
        for keys, record in _source_records(source, language=language):
            line = _pack(record)
            for key in keys:
                lines = packed.setdefault(key, [])
                if line not in lines:
                    lines.append(line)
    if not packed:
        message = "no entries in it"
        raise ValueError(message)
    return packed


def _source_records(source: _Source, *, language: str) -> Iterator[tuple[list[str], _Record]]:
    blob = gzip.decompress(source.text.read_bytes()) if source.text.suffix == ".dz" else source.text.read_bytes()
    for start, length in _positions(source.index):
        if start + length > len(blob):
            message = f"{source.index.name} points behind the end of {source.text.name}"
            raise ValueError(message)
        parsed = _entry(unicodedata.normalize("NFC", blob[start : start + length].decode("utf-8", "replace")))
        if parsed is None:
            continue
        record, also = parsed
        if not source.inverted:
            yield _keys([record.headword, *also], record.labels, language=language), record
            continue
        for sense in record.senses:
            for part in _BETWEEN_TRANSLATIONS.split(_BRACKETED.sub("", _NUMBERED.sub("", sense))):
                if word := part.strip():
                    yield _keys([word], record.labels, language=language), _Record(word, record.labels, 0, (record.headword,))


def _positions(index: Path) -> list[tuple[int, int]]:
    """Offset and length in bytes of every entry, each once, in the order of the text."""
    positions = set()
    for line in index.read_text("utf-8", "replace").splitlines():
        fields = line.split("\t")
        if len(fields) < 3:
            if line:
                message = f"{index.name} has a line without offset and length: {line[:60]!r}"
                raise ValueError(message)
        elif not fields[0].startswith(("00database", "00-database")):
            positions.add((read_number(fields[1]), read_number(fields[2])))
    return sorted(positions)


def _entry(text: str) -> tuple[_Record, list[str]] | None:
    """One entry's record and its other headwords (abbreviations); None if it has no senses."""
    first, *lines = text.split("\n")
    match = _HEADWORD_LINE.fullmatch(first)
    if not match:
        return None
    senses: list[str] = []
    examples = 0
    for line in lines:
        if line.startswith('      "'):
            examples += 1
        elif line.startswith("         Note:"):
            # Ding's translations go on behind the note on the one before: "Note: person or thing, who <pron>".
            if senses:
                senses[-1] += "".join(f", {rest.strip()}" for rest in re.findall(r", ([^,<>]+) <", line))
        elif line.strip() and not line.startswith(("  ", " see:")):
            senses.append(_shown(line))
    senses = [sense for sense in senses if sense]
    also = [part.strip() for part in _PRONUNCIATION.sub("", match["also"] or "").split(",")]
    return (
        (_Record(match["head"].strip(), match["labels"] or "", examples, tuple(senses)), [word for word in also if word])
        if senses
        else None
    )


def _shown(line: str) -> str:
    """A line of senses without grammar labels, pronunciations and the abbreviations that go with them."""
    plain = _LABEL.sub("", _SPOKEN_ABBREVIATION.sub("", _SPOKEN_BEGINNING.sub(r"\1", line)))
    return re.sub(r"\s+([,;])", r"\1", " ".join(plain.split())).strip(" ,;")


def _keys(headwords: Iterable[str], labels: str, *, language: str) -> list[str]:
    """The single words under which an entry is found: "jdn. besuchen" is under "besuchen", "Haus…" under "Haus"."""
    keys = []
    for headword in headwords:
        tokens = headword.split()
        if len(tokens) > 1:
            tokens = [token for token in tokens if "." not in token]
        if len(tokens) > 1 and "v" in labels.split(", "):
            stop = words_of.stop_words(language)
            tokens = [token for token in tokens[:-1] if words_of.normalise(token) not in stop] + tokens[-1:]
        if len(tokens) == 1 and (key := tokens[0].strip("…‐-!?")):
            keys.append(key)
    return words_of.distinct(keys)


# --- the cache file


def _pack(record: _Record) -> str:
    _, fields, senses = _SEPARATORS
    return fields.join([record.headword, record.labels, str(record.examples), senses.join(record.senses)])


def _unpack(packed: str) -> tuple[_Record, ...]:
    entries, fields, senses = _SEPARATORS
    records = []
    for line in packed.split(entries) if packed else ():
        headword, labels, examples, listed = line.split(fields)
        records.append(_Record(headword, labels, int(examples), tuple(listed.split(senses))))
    return tuple(records)


def _connect(path: Path) -> sqlite3.Connection:
    """The cache file, read-only.

    Raises:
        sqlite3.DatabaseError: it is missing, cut short or was not finished.
    """
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        pages = connection.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
        connection.execute("SELECT records FROM word LIMIT 1").fetchone()
        if pages != path.stat().st_size:
            message = f"{path} is cut short"
            raise sqlite3.DatabaseError(message)
    except BaseException:
        connection.close()
        raise
    return connection


def _write(path: Path, packed: dict[str, list[str]], *, language: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=path.stem, suffix=".tmp", dir=path.parent)
    os.close(descriptor)
    try:
        with contextlib.closing(sqlite3.connect(name)) as connection:
            _fill(connection, packed, language=language)
        Path(name).replace(path)
        for old in path.parent.glob(f"dictionary-{language}-*.sqlite"):
            if old != path:
                old.unlink(missing_ok=True)
    finally:
        Path(name).unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, packed: dict[str, list[str]], *, language: str) -> None:
    stems: dict[str, list[str]] = {}
    for key in packed:
        stems.setdefault(words_of.stem(words_of.normalise(key), language=language), []).append(key)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("CREATE TABLE word (key TEXT PRIMARY KEY, records TEXT NOT NULL) WITHOUT ROWID")
    connection.executemany("INSERT INTO word VALUES (?, ?)", ((key, _SEPARATORS[0].join(packed[key])) for key in sorted(packed)))
    connection.execute("CREATE TABLE stem (stem TEXT PRIMARY KEY, keys TEXT NOT NULL) WITHOUT ROWID")
    connection.executemany("INSERT INTO stem VALUES (?, ?)", ((stem, " ".join(stems[stem])) for stem in sorted(stems)))
    connection.commit()
