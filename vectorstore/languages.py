"""Words, stems, lemmas, stop words and the language of a text: what ingest and query must do alike.

Not here: translating (``dictionary.py``), the spellings of names (``names.py``), sentences (``ingest/split.py``).
Languages are BCP 47 primary subtags (``"de"``); ``"und"`` is an unknown one.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import Stemmer

UNKNOWN = "und"
ANALYZER = "1"
"""Changes whenever the terms of the same text change; part of an index's signature."""

_WORD = re.compile(r"\d+(?:[.,  \u202f']\d{3})+(?!\d)|[^\W_]+")
_GROUPING = re.compile(r"[.,  \u202f']")
# Scripts written without spaces between words: their terms are pairs of characters.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
# A listed stop word that is rarer than this (Zipf scale: log10 per thousand million words) carries meaning after all.
_STOP_WORD_ZIPF = 5.0
_MIN_DETECTABLE_WORDS = 3
_UNSEEN = 1e-7
_LIBRARY_PRIOR = 3.0
_UNLIKELY = 0.01


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text at ``text[start:end]``."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words and numbers of ``text`` in their order; a grouped number ("25 000", "25.000") is one word."""
    return [Word(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]


def normalise(word: str) -> str:
    """The form in which words are compared: NFKC, case folded, digits ungrouped."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return _GROUPING.sub("", folded) if folded[:1].isdigit() else folded


def fold_accents(word: str) -> str:
    """``word`` without its diacritics ("é" is "e"); for comparing across spellings, never for showing."""
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))


@lru_cache(maxsize=200_000)
def stem(word: str, *, language: str) -> str:
    """The stem of an already normalised word, or the word where the language has no stemmer."""
    stemmer = _stemmer(language)
    return stemmer.stemWord(word) if stemmer and not word[:1].isdigit() else word


@lru_cache(maxsize=200_000)
def lemma(word: str, *, language: str) -> str:
    """The dictionary form of ``word`` in its own case, or the word itself where it is not known."""
    import simplemma

    try:
        return simplemma.lemmatize(word, lang=language)
    except ValueError:  # a language without lemma data
        return word


@cache
def stop_words(language: str) -> frozenset[str]:
    """The frequent function words of a language, normalised; empty where none are known."""
    import stopwordsiso

    listed = {normalise(word) for word in stopwordsiso.stopwords(language)} if stopwordsiso.has_lang(language) else set()
    return frozenset(word for word in listed if zipf(word, language=language) >= _STOP_WORD_ZIPF)


@lru_cache(maxsize=200_000)
def zipf(word: str, *, language: str) -> float:
    """How common a word is in its language: log10 of its occurrences in 10^9 words, 0 if unseen.

    For a language without a list it is that of English, so that names and numbers still have one.
    """
    import wordfreq

    try:
        return float(wordfreq.zipf_frequency(word, language))
    except LookupError:
        return float(wordfreq.zipf_frequency(word, "en"))


def terms(text: str, *, language: str) -> list[str]:
    """The index terms of ``text``: stems without stop words, character pairs for scripts without spaces. Repeats are kept."""
    return [term for word in words(text) for term in word_terms(word.text, language=language)]


def word_terms(word: str, *, language: str) -> list[str]:
    """The index terms of one word: none for a stop word, one stem, or the character pairs of an unspaced script."""
    normal = normalise(word)
    if _UNSPACED.fullmatch(normal):
        return [normal[i : i + 2] for i in range(max(1, len(normal) - 1))]
    return [] if normal in stop_words(language) else [stem(normal, language=language)]


def primary(tag: str | None) -> str:
    """The primary subtag of a language tag ("de-AT" and "de_AT" are "de"), ``"und"`` for none."""
    subtag = re.split(r"[-_]", tag.strip())[0].lower() if tag else ""
    return subtag if re.fullmatch(r"[a-z]{2,3}", subtag) else UNKNOWN


def detect_language(text: str, *, declared: str | None = None) -> str:
    """The language of an article; a declared one is believed unless the text clearly is in another."""
    import py3langid

    known = primary(declared)
    if len(words(text)) < _MIN_DETECTABLE_WORDS and known != UNKNOWN:
        return known
    if not words(text):
        return UNKNOWN
    detected = str(py3langid.classify(text[:5_000])[0])
    if known in {"nb", "nn", "no"} and detected in {"nb", "nn", "no"}:
        return known
    return detected


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
    scores = {
        language: sum(math.log(max(frequencies.get(word, 0.0), _UNSEEN)) for word in known)
        + (math.log(_LIBRARY_PRIOR) if language == "en" or language in library else 0.0)
        for language, frequencies in _word_lists().items()
    }
    best = max(scores.values())
    if best <= len(known) * math.log(_UNSEEN) + math.log(_LIBRARY_PRIOR):  # not one word is known anywhere
        return {detect_language(question): 1.0}
    weights = {language: math.exp(score - best) for language, score in scores.items()}
    total = sum(weights.values())
    likely = {language: weight / total for language, weight in weights.items() if weight >= _UNLIKELY * total}
    return {language: share / sum(likely.values()) for language, share in likely.items()}


@cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    import Stemmer

    name = _STEMMERS.get(language)
    return Stemmer.Stemmer(name) if name else None


@cache
def _word_lists() -> dict[str, Mapping[str, float]]:
    import wordfreq

    return {language: wordfreq.get_frequency_dict(language, "small") for language in wordfreq.available_languages("small")}


def _unspaced_language(text: str) -> str:
    if re.search(r"[\u3040-\u30ff]", text):
        return "ja"
    return "th" if re.search(r"[\u0e00-\u0e7f]", text) else "zh" if re.search(r"[\u4e00-\u9fff]", text) else UNKNOWN


def distinct(items: Iterable[str]) -> list[str]:
    """``items`` without repeats, in their order."""
    return list(dict.fromkeys(items))
