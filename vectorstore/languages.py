"""Words, stems, lemmas, stop words and the language of a text: what ingest and query must do alike.

Not here: how common words are (``frequencies.py``), translating (``dictionary.py``), the spellings of names (``names.py``), sentences
(``ingest/split.py``).
Languages are BCP 47 primary subtags (``"de"``); ``"und"`` is an unknown one.
"""

from __future__ import annotations

import math
import re
import tempfile
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from vectorstore import frequencies
from vectorstore.errors import DiskFull
from vectorstore.settings import default_cache

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    import simplemma
    import Stemmer

UNKNOWN = "und"
ANALYZER = "4"
"""Changes whenever the terms of the same text, or what the term index keeps beside them, change; part of an index's signature."""

# Scripts written without spaces between words: their terms are pairs of characters.
_UNSPACED_LETTERS = (
    r"\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e80-\u0eff\u1000-\u1049\u1050-\u109f\u1780-\u17d3\u17d7\u17dc-\u17ff"
    r"\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_UNSPACED = re.compile(f"[{_UNSPACED_LETTERS}]+")
# Korean has spaces, but its words take particles that no stemmer here knows: their terms are pairs too.
_HANGUL = re.compile(r"[\uac00-\ud7a3]+")
# Vowel signs and the like belong to their word, though Python's \w leaves them out.
_MARKS = "".join(char for char in map(chr, range(0x300, 0x2000)) if unicodedata.category(char).startswith("M"))
_GROUPS = r"[.,' \u00a0\u2009\u202f]"
_GROUPING = re.compile(_GROUPS)
_NUMBER_ENDING = re.compile(r"(?<=\d)(?:s|e?r[ns]?|st|nd|rd|th|en|e|es|eme|ème)$")
_WORD = re.compile(
    rf"(?<!\d)\d{{1,3}}(?:{_GROUPS}\d{{3}})+(?!\d)"
    rf"|[{_UNSPACED_LETTERS}]+"
    rf"|[^\W_{_UNSPACED_LETTERS}]+(?:[{_MARKS}\u200c\u200d]+[^\W_{_UNSPACED_LETTERS}]*)*"
)
_POINTS = dict.fromkeys([0x640, *range(0x591, 0x5C8), *range(0x610, 0x61B), *range(0x64B, 0x660), 0x670, *range(0x6D6, 0x6EE)])
_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
CAPITALISES_NOUNS = frozenset({"de", "lb"})
"""Languages that write nouns with a capital."""
# A listed stop word that is rarer than this (Zipf scale: log10 per thousand million words) carries meaning after all.
_STOP_WORD_ZIPF = 5.0
_MIN_DETECTABLE_WORDS = 3
_CLEARLY = 0.9
_NORWEGIAN = frozenset({"nb", "nn", "no"})
_UNSEEN = 1e-7
_LIBRARY_PRIOR = 3.0
_UNLIKELY = 0.01
_kept: dict[str, Path] = {}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text at ``text[start:end]``."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words and numbers of ``text`` in their order; a grouped number ("25 000", "25.000") is one word."""
    return [Word(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]


def is_unspaced(word: str) -> bool:
    """Whether a word is a run of a script without spaces: any number of words of its language."""
    return bool(_UNSPACED.fullmatch(word))


def normalise(word: str) -> str:
    """The form in which words are compared: NFKC, case folded, digits ungrouped and without ending ("1970s"), Arabic and Hebrew without points."""
    folded = unicodedata.normalize("NFKC", word).casefold().translate(_POINTS)
    return _NUMBER_ENDING.sub("", _GROUPING.sub("", folded)) if folded[:1].isdigit() else folded


def fold_accents(word: str) -> str:
    """``word`` without its diacritics ("é" is "e", but "й" no "и"); for comparing across spellings, never for showing."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word.replace("й", "\0").replace("Й", "\1"))
    bare = "".join(char for char in parts if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare).replace("\0", "й").replace("\1", "Й")


@lru_cache(maxsize=200_000)
def stem(word: str, *, language: str) -> str:
    """The stem of an already normalised word; its dictionary form where the language has no stemmer, or the word where it has neither."""
    if word[:1].isdigit():
        return word
    stemmer = _stemmer(language)
    return stemmer.stemWord(word) if stemmer else normalise(lemma(word, language=language))


@lru_cache(maxsize=200_000)
def lemma(word: str, *, language: str) -> str:
    """The dictionary form of ``word`` in its own case, or the word itself where it is not known."""
    try:
        return _lemmatizer().lemmatize(word, lang=language)
    except ValueError:  # a language without lemma data
        return word


@cache
def stop_words(language: str) -> frozenset[str]:
    """The frequent function words of a language, normalised; empty where none are known."""

    def listed() -> set[str]:
        import stopwordsiso

        return {normalise(word) for word in stopwordsiso.stopwords(language)} if stopwordsiso.has_lang(language) else set()

    name = f"stop-{version('stopwordsiso')}-{ANALYZER}"
    return frequencies.frequent(listed, name=name, least=_STOP_WORD_ZIPF, language=language, folder=_lists())


@lru_cache(maxsize=200_000)
def zipf(word: str, *, language: str) -> float:
    """How common a word is in its language: log10 of its occurrences in 10^9 words, 0 if unseen.

    For a language without a list it is that of English, so that names and numbers still have one.
    """
    return frequencies.zipf(word, language=language, folder=_lists())


def terms(text: str, *, language: str) -> list[str]:
    """The index terms of ``text``: stems without stop words, character pairs for scripts without spaces. Repeats are kept."""
    return [term for word in words(text) for term in word_terms(word.text, language=language)]


def word_terms(word: str, *, language: str) -> list[str]:
    """The index terms of one word: none for a stop word, one stem, or the character pairs of an unspaced script and of Korean."""
    normal = normalise(word)
    if is_unspaced(normal) or _HANGUL.fullmatch(normal):
        return [normal[i : i + 2] for i in range(max(1, len(normal) - 1))]
    return [] if normal in stop_words(language) else [stem(normal, language=language)]


def primary(tag: str | None) -> str:
    """The primary subtag of a language tag ("de-AT" and "de_AT" are "de"), ``"und"`` for none."""
    subtag = re.split(r"[-_]", tag.strip())[0].lower() if tag else ""
    return subtag if re.fullmatch(r"[a-z]{2,3}", subtag) else UNKNOWN


def detect_language(text: str, *, declared: str | None = None) -> str:
    """The language of an article; a declared one is believed unless the text clearly is in another."""
    known = primary(declared)
    count = len(words(text))
    if count < _MIN_DETECTABLE_WORDS and (known != UNKNOWN or not count):
        return known
    detected, probability = _identifier().classify(text[:5_000])
    if known != UNKNOWN and (probability < _CLEARLY or {known, detected} <= _NORWEGIAN):
        return known
    return str(detected)


def question_languages(question: str, *, library: Collection[str] = ()) -> dict[str, float]:
    """How likely ``question`` is in each language; the probabilities add up to 1, those below 1 % are left out.

    A question is short and half of it is names, so its words are weighed by how often each language uses them (a unigram model
    over wordfreq's lists, with some trust in advance for English and the languages of the library), and the guess is kept as a
    distribution. A language without a word list is left to the detector for articles.
    """
    known = [normalise(word.text) for word in words(question) if not word.text[0].isdigit()]
    if not known:
        return {"en": 1.0}
    if any(_UNSPACED.search(word) for word in known):
        return {_unspaced_language(question): 1.0}
    uses = [frequencies.uses(word, folder=_lists()) for word in known]
    scores = {
        language: sum(math.log(max(use.get(language, 0.0), _UNSEEN)) for use in uses)
        + (math.log(_LIBRARY_PRIOR) if language == "en" or language in library else 0.0)
        for language in frequencies.listed_languages(_lists())
    }
    best = max(scores.values())
    if best <= len(known) * math.log(_UNSEEN) + math.log(_LIBRARY_PRIOR):  # not one word is known anywhere
        return {detect_language(question): 1.0}
    weights = {language: math.exp(score - best) for language, score in scores.items()}
    total = sum(weights.values())
    likely = {language: weight / total for language, weight in weights.items() if weight >= _UNLIKELY * total}
    return {language: share / sum(likely.values()) for language, share in likely.items()}


def keep_lists_in(cache: Path) -> None:
    """Keep dictionary forms and word lists in the folder ``cache``; else they are in the user's own. What has been read by then stays where it is."""
    _kept["folder"] = cache


def _lists() -> Path:
    if "folder" not in _kept:
        _kept["folder"] = default_cache()
    return _kept["folder"]


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:  # it is unpacked into a temporary file
        if DiskFull.is_meant(error):
            raise DiskFull(f"temporary files in {tempfile.gettempdir()}") from error
        raise


@cache
def _lemmatizer() -> simplemma.Lemmatizer:
    """With tries that are kept in the cache: else a question would wait 0.7 s for a million German words, and keep 200 MB of them."""
    from simplemma import Lemmatizer
    from simplemma.strategies import DefaultStrategy
    from simplemma.strategies.dictionaries.trie_dictionary_factory import TrieDictionaryFactory

    tries = TrieDictionaryFactory(disk_cache_dir=str(_lists() / "lemmas" / version("simplemma")))
    return Lemmatizer(lemmatization_strategy=DefaultStrategy(dictionary_factory=tries))


@cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    import Stemmer

    name = _STEMMERS.get(language)
    return Stemmer.Stemmer(name) if name else None


def _unspaced_language(text: str) -> str:
    if re.search(r"[\u3040-\u30ff]", text):
        return "ja"
    return "th" if re.search(r"[\u0e00-\u0e7f]", text) else "zh" if re.search(r"[\u4e00-\u9fff]", text) else UNKNOWN


def distinct(items: Iterable[str]) -> list[str]:
    """``items`` without repeats, in their order."""
    return list(dict.fromkeys(items))


def same_words(one: str, other: str, *, share: float) -> bool:
    """Whether two texts have the same numbers and share at least ``share`` (0 to 1) of their words, counted once each (Jaccard)."""
    mine, others = ({normalise(word.text) for word in words(text)} for text in (one, other))
    if {word for word in mine ^ others if word[0].isdigit()}:
        return False
    return len(mine & others) >= share * max(1, len(mine | others))
