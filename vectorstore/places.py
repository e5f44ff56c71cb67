"""Places in a text: "Taschkent" and "Tashkent" are one city (GeoNames), "Weißrussland" and "Belarus" one country (CLDR).

Codes are for matching and never shown. Not here: what else has a name of its own in each language (``exonyms.py``), people (``names.py``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from vectorstore.exonyms import exonyms
from vectorstore.languages import distinct, fold_accents, is_unspaced, normalise, stem, stop_words, words, zipf
from vectorstore.sounds import MAX_ENDING, UNINFLECTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vectorstore.languages import Word

_MIN_PLACE_LETTERS = 4
_MAX_PLACE_WORDS = 3
_MAX_UNSPACED_PLACE = 10
_WORLD = "001"
_INHABITANT = re.compile("(.{3,})er[ns]?")
"""German makes adjectives and people of cities: "Warschauer", "Bremer", "Münchner"."""
_NOMINATIVES = ("", "a", "а", "я", "ь", "й", "ай")
# Cities whose name is an everyday word somewhere: only with a capital.
EVERYDAY = frozenset(
    "adalet bahar banan bari batman bello beira carmen contagem corrientes deli denizli essen fatih golfe haag konak kota male medan "
    "mesa natal nice oral oran pari pasto pelotas praia reading salta sale samba santos serra soledad sucre tanta van vereniging virar "
    "welkom yola".split()
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place at ``text[start:end]``, by the ``code`` that it has in every language: words ``first`` up to but without ``last`` of the text."""

    start: int
    end: int
    first: int
    last: int
    code: str


def places(text: str, *, language: str) -> list[Place]:
    """The places that ``text`` names, in their order; words that are a place's only by chance are left out."""
    return [
        found
        for found in places_among(words(text), language=language)
        if not text[found.start].islower() and normalise(text[found.start : found.end]) not in EVERYDAY
    ]


def places_among(listed: Sequence[Word], *, language: str) -> Iterator[Place]:
    """The places that a text names, longest first at each word."""
    position = 0
    while position < len(listed):
        word = listed[position]
        if is_unspaced(word.text):
            yield from _unspaced_places(word, position, language=language)
            position += 1
            continue
        for last in range(min(position + _MAX_PLACE_WORDS, len(listed)), position, -1):
            code = _place_code(listed[position:last], language=language)
            if code:
                yield Place(word.start, listed[last - 1].end, position, last, code)
                position = last
                break
        else:
            position += 1


def _unspaced_places(word: Word, position: int, *, language: str) -> Iterator[Place]:
    """The places in a run of Chinese, Japanese or Thai, in which nothing separates the words."""
    tables = (countries(language), city_codes())
    start = 0
    while start < len(word.text):
        for end in range(min(start + _MAX_UNSPACED_PLACE, len(word.text)), start + 1, -1):
            form = folded(word.text[start:end])
            code = next((table[form] for table in tables if form in table), None)
            if code:
                yield Place(word.start + start, word.start + end, position, position + 1, code)
                start = end
                break
        else:
            start += 1


def _place_code(run: Sequence[Word], *, language: str) -> str | None:
    shouted = all(word.text.isupper() for word in run)
    if len(run) == 1 and normalise(run[0].text) in stop_words(language) and not shouted:
        return None
    plain = " ".join(folded(word.text) for word in run)
    own, english = countries(language), countries("en")
    capital, cased = run[0].text[0].isupper(), run[0].text[0].isupper() or run[0].text[0].islower()
    if cased and len(plain) < _MIN_PLACE_LETTERS:  # "Çin", "USA", "U.S.", but not "us" or "Us"
        written_out = (
            capital and len(plain) == _MIN_PLACE_LETTERS - 1 and plain not in stop_words("en")
        )  # "Doctor Who" is not the WHO
        return own.get(plain) or english.get(plain) if shouted or written_out else None
    forms = [plain]
    if plain.endswith("s"):
        forms.append(plain[:-1])
    elif language == "ko":  # a particle behind it
        forms += [plain[:-1], plain[:-2]]
    elif language == "de" and len(run) == 1 and capital:
        forms += _german_cities(normalise(run[0].text))
    for form in forms:
        code = own.get(form) or english.get(form) or city_codes().get(form)
        if code and len(form) > 1:
            return code
    if language in UNINFLECTED and len(run) == 1:
        return None
    stemmed = _stem_form(plain, language=language)
    code = own.get("stem " + stemmed)
    if code or language in UNINFLECTED or len(plain) - len(stemmed) > MAX_ENDING * len(run):
        return code
    nominatives = (stemmed + ending for ending in _NOMINATIVES)
    return next((table[form] for form in nominatives for table in (own, city_codes()) if form in table), None)


def _german_cities(normal: str) -> list[str]:
    """The city names that a German word for its people may come from, folded; a word that is commoner than they are is a word of its own."""
    people = _INHABITANT.fullmatch(normal)
    if not people:
        return []
    cities = distinct((people[1], people[1] + "en", re.sub("n$", "en", people[1])))
    common = zipf(normal, language="de")
    return [folded(city) for city in cities if zipf(city, language="de") >= common]


@lru_cache(maxsize=100_000)
def folded(text: str) -> str:
    """``text`` as the tables of places have it: normalised, without diacritics."""
    return fold_accents(normalise(text))


def _listed_form(name: str) -> str:
    return " ".join(folded(word.text) for word in words(name))


def _stem_form(form: str, *, language: str) -> str:
    return " ".join(stem(part, language=language) for part in form.split())


@cache
def countries(language: str) -> dict[str, str]:
    """Names of countries, parts of the world and organisations in one language → code; stems are listed under ``"stem ..."``."""
    from babel import Locale, UnknownLocaleError

    try:
        territories = dict(Locale.parse(language).territories)
    except (UnknownLocaleError, ValueError):
        return {}
    named = [
        (form, code.lower())
        for code, name in territories.items()
        if code not in {_WORLD, "ZZ"}
        for variant in (name, re.sub(r"\s*\(.*?\)", "", name))
        for form in [_listed_form(variant)]
        if form
    ]
    table: dict[str, str] = {}
    others = [(_listed_form(form), code) for form, code in exonyms(language).items()]
    for form, code in (*_USUAL.get(language, {}).items(), *others, *named):
        table.setdefault(form, "@" + code)
        table.setdefault("stem " + _stem_form(form, language=language), "@" + code)
    return table


# What newsrooms write for countries besides the names in CLDR.
_USUAL = {
    "en": {
        "us": "us", "usa": "us", "u s": "us", "u s a": "us", "america": "us", "united states": "us", "uk": "gb", "u k": "gb",
        "britain": "gb", "great britain": "gb", "belorussia": "by", "czech republic": "cz", "e u": "eu", "eu": "eu", "uae": "ae",
    },
    "de": {
        "us": "us", "usa": "us", "amerika": "us", "weissrussland": "by", "grossbritannien": "gb", "tschechische republik": "cz",
        "eu": "eu", "vae": "ae",
    },
    "fr": {"etats unis": "us", "usa": "us", "grande bretagne": "gb", "bielorussie": "by", "ue": "eu"},
    "es": {"ee uu": "us", "eeuu": "us", "gran bretana": "gb", "bielorrusia": "by", "ue": "eu"},
    "pt": {"eua": "us", "gra bretanha": "gb", "ue": "eu"},
    "it": {"usa": "us", "gran bretagna": "gb", "bielorussia": "by", "ue": "eu"},
    "nl": {"vs": "us", "groot brittannie": "gb", "wit rusland": "by", "eu": "eu"},
    "pl": {"usa": "us", "wielka brytania": "gb", "ue": "eu"},
    "sv": {"usa": "us", "storbritannien": "gb", "vitryssland": "by", "eu": "eu"},
    "tr": {"abd": "us", "ingiltere": "gb", "ab": "eu"},
    "ru": {"сша": "us", "великобритания": "gb", "белоруссия": "by", "ес": "eu", "евросоюз": "eu", "оаэ": "ae"},
    "uk": {"сша": "us", "велика британія": "gb", "єс": "eu"},
}  # fmt: skip


@cache
def city_codes() -> dict[str, str]:
    """Spellings of large cities in any language → code, see ``packaging/make_cities.py``."""
    listed = json.loads(resources.files("vectorstore").joinpath("cities.json").read_text("utf-8"))["cities"]
    return {spelling: "@" + code for code, spellings in listed.items() for spelling in spellings.split("|")}


@cache
def city_spellings() -> dict[str, list[str]]:
    """The spellings of each large city, by its code."""
    found: dict[str, list[str]] = {}
    for spelling, code in city_codes().items():
        found.setdefault(code, []).append(spelling)
    return found
