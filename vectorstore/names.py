"""Names across spellings: places by a code, people by how they sound.

"Taschkent" and "Tashkent" are one city (GeoNames), "Weißrussland" and "Belarus" one country (CLDR), "Tokajew", "Tokayev" and "Токаев"
sound alike once romanised. Keys are for matching and never shown. Not here: translating ordinary words (``dictionary.py``).
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vectorstore.languages import Word

_MIN_PLACE_LETTERS = 4
_MAX_PLACE_WORDS = 3
_MAX_UNSPACED_PLACE = 10
_MAX_ENDING = 3
"""An inflected name is its stem and at most this many letters."""
_LONG_SKELETON = 4
_NOUN_CAPITALS = frozenset({"de", "lb"})
# Zipf scale (log10 per thousand million words), see ``is_name``.
_RARE = 3.6
_VERY_RARE = 2.4
_FAIRLY_RARE = 3.0
_NOUN_FORM = 3.0
_PLURAL_LAG = 1.2
_NAME_EXCESS = 2.1
_WORLD = "001"

# Applied in order to a romanised word: one letter for each sound that the languages of Europe and usual romanisations spell differently.
_CONSONANTS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"schtsch|shch|tsch|dsch|sch|tch|dzh|zh|sh|cz|sz|ts|tz|^x|(?:ch|dj)(?=[aeiouy])|ch$|ç", "s"),
        (r"x", "ks"),
        (r"gh", "g"),
        (r"kh|ck|qu|ch|c(?![eiys])|q", "k"),
        (r"ph|w|v", "f"),
        (r"c|z", "s"),
        (r"th|dt", "t"),
        (r"(?<=.)h", ""),
        (r"(.)\1+", r"\1"),
    )
)
_INHABITANT = re.compile("(.{3,})er[ns]?")
"""German makes adjectives and people of cities: "Warschauer", "Bremer", "Münchner"."""
_VOWELS = "aeiouyj"
_INNER_VOWELS = re.compile(rf"(?<=.)[{_VOWELS}]+")
_FIRST_VOWELS = re.compile(rf"^[{_VOWELS}]+")
# A second way to read a letter, by language, where that language's spelling of names leaves two.
_SECOND_READINGS = {
    "de": ("(?<![st])ch", "kh"),
    "en": ("j|g(?=[eiy])", "zh"),
    "fr": ("j", "zh"),
    "pt": ("j", "zh"),
    "es": ("j", "kh"),
    "ar": ("w", "u"),
    "fa": ("w", "u"),
    "ru": ("kh", "h"),
    "uk": ("kh", "h"),
    "bg": ("kh", "h"),
}
_DIPHTHONG = {"ru": ("a[iy]", "i")}
# Languages whose names take no ending but the genitive s.
_UNINFLECTED = frozenset({"en", "de", "lb", "nl", "fr", "es", "it", "pt", "ca", "sv", "da", "nb", "nn", "no", "und"})
# Without capitals and with most words rare, for they carry their particles: names cannot be told.
_AGGLUTINATING = frozenset({"ko", "ta", "te", "ml", "kn"})
_BY_SOUND = frozenset("ar fa ur ps ckb he yi zh ja ko th km lo my hi bn mr ne ta te ml kn gu pa si am ka hy".split())
_NOMINATIVES = ("", "a", "а", "я", "ь", "й", "ай")


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Capitalised in English without being names: offices and forms of address ...
_TITLES = _set(
    "president minister prime chancellor secretary king queen prince princess emperor pope mayor governor senator congressman general "
    "admiral colonel captain sergeant judge justice ambassador commissioner professor doctor mr mrs ms miss dr sir lord lady"
)
# ... and those of the words for a country's people and things that are not the name of a language too.
_PEOPLES = _set(
    "american african asian european british canadian australian austrian belgian swiss brazilian mexican argentinian argentine chilean "
    "colombian cuban egyptian iranian iraqi israeli jordanian lebanese libyan moroccan algerian tunisian nigerian kenyan ethiopian "
    "pakistani indian afghan saudi syrian yemeni palestinian venezuelan peruvian soviet western eastern northern southern christian "
    "muslim jewish catholic republican republicans democrat democrats democratic americans europeans germans russians ukrainians "
    "scottish welsh english irish californian texan bavarian catalan kurdish north south east west "
    "britons italians israelis palestinians iranians iraqis indians africans canadians australians viennese parisian parisians londoners syrians"
)
# Cities whose name is an everyday word somewhere: only with a capital.
EVERYDAY = _set(
    "adalet bahar banan bari batman bello beira carmen contagem corrientes deli denizli essen fatih golfe haag konak kota male medan "
    "mesa natal nice oral oran pari pasto pelotas praia reading salta sale samba santos serra soledad sucre tanta van vereniging virar "
    "welkom yola"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a question: its words as written, ``question[start:end]``, and the keys under which a text may have it."""

    text: str
    start: int
    end: int
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Place:
    """A place at ``text[start:end]``, by the ``code`` that it has in every language."""

    start: int
    end: int
    code: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A place at ``text[start:end]``: words ``first`` up to but without ``last`` of the text."""

    start: int
    end: int
    first: int
    last: int
    code: str


def by_sound(language: str) -> bool:
    """Whether a language is written in a script into which foreign names are put by their sound alone, so that keys often fail."""
    return language in _BY_SOUND


def name_keys(text: str, *, language: str) -> list[str]:
    """The keys of every name-like word in ``text``, repeats kept: ``"@..."`` for places, ``"~..."`` for sounds."""
    listed = words(text)
    found: list[str] = []
    covered: set[int] = set()
    for place in _places(listed, language=language):
        if not listed[place.first].text[0].islower():
            covered.update(range(place.first, place.last))
            found += _place_keys(place, listed, language=language)
    for position, word in enumerate(listed):
        if position not in covered and not word.text[0].islower() and normalise(word.text) not in stop_words(language):
            found += sound_keys(word.text, language=language)
    return found


def question_names(question: str, *, language: str) -> list[Name]:
    """The names that ``question`` asks about, in their order; a run of capitalised words is one name per word, a place is one."""
    listed = words(question)
    inner_capitals = any(word.text[0].isupper() for word in listed[1:])
    any_capitals = inner_capitals or (bool(listed) and listed[0].text[0].isupper())
    found: list[Name] = []
    covered: set[int] = set()
    for place in _places(listed, language=language):
        written = question[place.start : place.end]
        if written[0].islower() and (inner_capitals or normalise(written) in EVERYDAY):
            continue
        covered.update(range(place.first, place.last))
        found.append(Name(written, place.start, place.end, frozenset(_place_keys(place, listed, language=language))))
    for position, word in enumerate(listed):
        if position not in covered and is_name(word.text, first=position == 0, any_capitals=any_capitals, language=language):
            keys = frozenset(sound_keys(word.text, language=language))
            if keys:
                found.append(Name(word.text, word.start, word.end, keys))
    return sorted(found, key=lambda name: name.start)


def places(text: str, *, language: str) -> list[Place]:
    """The places that ``text`` names, in their order; words that are a place's only by chance are left out."""
    return [
        Place(found.start, found.end, found.code)
        for found in _places(words(text), language=language)
        if not text[found.start].islower() and normalise(text[found.start : found.end]) not in EVERYDAY
    ]


def is_name(word: str, *, first: bool, any_capitals: bool, language: str) -> bool:
    """Whether a word of a question looks like a name, by its capital and by how common it is.

    English capitals also mark titles, peoples and the calendar. German nouns all have one: there a name is a word that English texts
    use about as often and that has no noun's endings. A question without capitals may still hold names: its rarest words.
    """
    normal = normalise(word)
    if normal[0].isdigit() or len(word) == 1 or normal in stop_words(language) or normal in _calendar(language):
        return False
    if word[0].isupper():
        return _is_capitalised_name(normal, first=first, language=language)
    if word[0].islower():
        return not any_capitals and _is_uncapitalised_name(normal, language=language)
    return language not in _AGGLUTINATING and not is_unspaced(normal) and zipf(normal, language=language) < _RARE


def _is_capitalised_name(normal: str, *, first: bool, language: str) -> bool:
    if language == "en" and (normal in _no_names() or normal.removesuffix("s") in _PEOPLES):
        return False
    rare = zipf(normal, language=language) < _RARE
    if language in _NOUN_CAPITALS:
        return (rare or not first) and _is_german_name(normal)
    return not first or (rare and zipf(normal, language=language) - zipf(normal, language="en") < _NAME_EXCESS)


def _is_uncapitalised_name(normal: str, *, language: str) -> bool:
    common = zipf(normal, language=language)
    if language in _NOUN_CAPITALS:
        return common < _RARE + 0.5 and _is_german_name(normal, margin=0.3)
    if language == "en" or not normal.isascii():
        return common < _VERY_RARE
    return common < _RARE and common <= zipf(normal, language="en") + 0.5


@lru_cache(maxsize=200_000)
def sound_keys(word: str, *, language: str) -> tuple[str, ...]:
    """The sound keys of one word: of itself, without a genitive s, and of its stem where the language inflects names.

    A key is the word's consonants, with near ones counted as equal; one of fewer than four also has its vowels, as dark or light.
    """
    normal = normalise(word)
    if normal[0].isdigit() or is_unspaced(normal):
        return ()
    keys = {_sound(reading) for reading in _readings(normal, language=language)}
    shortened = []
    if normal.endswith("s") and len(normal) > _LONG_SKELETON:  # "Tokajews" but not "Laos"
        shortened.append(normal[:-1])
    if language not in _UNINFLECTED and len(normal) - len(stem(normal, language=language)) <= _MAX_ENDING:
        shortened.append(stem(normal, language=language))
    for form in shortened:
        sounds = (_sound(reading) for reading in _readings(form, language=language))
        keys.update(sound for sound in sounds if len(sound) >= _LONG_SKELETON)
    return tuple("~" + key for key in sorted(keys) if key)


@lru_cache(maxsize=200_000)
def romanise(word: str) -> str:
    """``word`` in lower-case Latin letters."""
    from anyascii import anyascii

    return str(anyascii(fold_accents(normalise(word)))).lower()


def _readings(form: str, *, language: str) -> Iterator[str]:
    plain = romanise(form)
    yield plain
    for rules in (_SECOND_READINGS, _DIPHTHONG):
        if language in rules:
            pattern, sound = rules[language]
            other = re.sub(pattern, sound, plain)
            if other != plain:
                yield other


def _sound(romanised: str) -> str:
    for pattern, sound in _CONSONANTS:
        romanised = pattern.sub(sound, romanised)
    first = _FIRST_VOWELS.sub("a", romanised)
    skeleton = _INNER_VOWELS.sub("", first)
    if len(skeleton) >= _LONG_SKELETON:
        return skeleton
    if len(skeleton) <= (1 + skeleton.startswith("a")):  # "Xi", "Lee", "Jon": all there is
        return romanised
    return _INNER_VOWELS.sub(lambda run: "o" if run.group()[0] in "aou" else "e", first.rstrip(_VOWELS))


def _is_german_name(normal: str, *, margin: float = 0.0) -> bool:
    """Whether a German word is a name rather than a noun; a higher ``margin`` (Zipf) makes it harder."""
    if normal.endswith("s") and zipf(normal[:-1], language="de") > zipf(normal, language="de"):
        normal = normal[:-1]
    common, in_english = zipf(normal, language="de") + margin, zipf(normal, language="en")
    if common - in_english >= _NAME_EXCESS and (in_english or common >= _FAIRLY_RARE):
        return False
    # Nouns have a plural that is nearly as common, names at most a rare one.
    endings = ("n",) if normal.endswith(("e", "el", "er")) else ("e", "en", "es")
    if any(zipf(normal + ending, language="de") >= max(_NOUN_FORM, common - _PLURAL_LAG) for ending in endings):
        return False
    if re.search(r"(?:ung|heit|keit|schaft|tion|tät|ismus)(?:en|s)?$", normal):
        return False
    stemmed = stem(normal, language="de")
    inflected = stemmed != normal and zipf(stemmed, language="de") >= _NOUN_FORM
    return in_english >= 1 or not (inflected or _is_compound(normal))


def _is_compound(normal: str) -> bool:
    """Whether a German word is two known ones in a row."""
    return any(
        zipf(normal[cut:], language="de") >= _NOUN_FORM
        and any(zipf(head, language="de") >= _NOUN_FORM for head in _heads(normal[:cut]))
        for cut in range(4, len(normal) - 3)
    )


def _heads(head: str) -> Iterator[str]:
    yield head
    yield head + "e"  # "Schul-e"
    yield from (head[: -len(link)] for link in ("s", "n", "en", "es", "er") if head.endswith(link))


@cache
def _no_names() -> frozenset[str]:
    """English words with a capital that are no names."""
    from babel import Locale

    spoken = (normalise(name) for code, name in Locale.parse("en").languages.items() if code != "und")
    return _TITLES | _PEOPLES | {name for name in spoken if name.isalpha()}


@cache
def _calendar(language: str) -> frozenset[str]:
    """The names of months and weekdays."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return frozenset()
    tables = [months for kind in locale.months.values() for months in kind.values()]
    tables += [days for kind in locale.days.values() for days in kind.values()]
    return frozenset(normalise(name) for table in tables for name in table.values() if len(name) >= _MIN_PLACE_LETTERS)


def _place_keys(place: _Place, listed: Sequence[Word], *, language: str) -> tuple[str, ...]:
    """A place's code, and its sound where that is distinct: an inflected or unlisted spelling may only sound like it."""
    if place.last - place.first > 1:
        return (place.code,)
    sounds = sound_keys(listed[place.first].text, language=language)
    return (place.code, *(sound for sound in sounds if len(_INNER_VOWELS.sub("", sound[1:])) >= _LONG_SKELETON))


def _places(listed: Sequence[Word], *, language: str) -> Iterator[_Place]:
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
                yield _Place(word.start, listed[last - 1].end, position, last, code)
                position = last
                break
        else:
            position += 1


def _unspaced_places(word: Word, position: int, *, language: str) -> Iterator[_Place]:
    """The places in a run of Chinese, Japanese or Thai, in which nothing separates the words."""
    tables = (countries(language), city_codes())
    start = 0
    while start < len(word.text):
        for end in range(min(start + _MAX_UNSPACED_PLACE, len(word.text)), start + 1, -1):
            form = folded(word.text[start:end])
            code = next((table[form] for table in tables if form in table), None)
            if code:
                yield _Place(word.start + start, word.start + end, position, position + 1, code)
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
    if language in _UNINFLECTED and len(run) == 1:
        return None
    stemmed = _stem_form(plain, language=language)
    code = own.get("stem " + stemmed)
    if code or language in _UNINFLECTED or len(plain) - len(stemmed) > _MAX_ENDING * len(run):
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
