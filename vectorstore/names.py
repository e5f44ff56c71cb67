"""Which words of a text are names, and the keys under which other spellings of them are found.

Keys are for matching and never shown. Not here: places (``places.py``) and how a name sounds (``sounds.py``), translating ordinary words
(``dictionary.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from vectorstore.languages import CAPITALISES_NOUNS, is_unspaced, normalise, stem, stop_words, words, zipf
from vectorstore.places import EVERYDAY, Place, places_among
from vectorstore.sounds import is_distinct, sound_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vectorstore.languages import Word

_MIN_CALENDAR_LETTERS = 4
# Zipf scale (log10 per thousand million words), see ``is_name``.
_RARE = 3.6
_VERY_RARE = 2.4
_FAIRLY_RARE = 3.0
_NOUN_FORM = 3.0
_PLURAL_LAG = 1.2
_NAME_EXCESS = 2.1

# Without capitals and with most words rare, for they carry their particles: names cannot be told.
_AGGLUTINATING = frozenset({"ko", "ta", "te", "ml", "kn"})
_BY_SOUND = frozenset("ar fa ur ps ckb he yi zh ja ko th km lo my hi bn mr ne ta te ml kn gu pa si am ka hy".split())


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


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a question: its words as written, ``question[start:end]``, and the keys under which a text may have it."""

    text: str
    start: int
    end: int
    keys: frozenset[str]


def by_sound(language: str) -> bool:
    """Whether a language is written in a script into which foreign names are put by their sound alone, so that keys often fail."""
    return language in _BY_SOUND


def name_keys(text: str, *, language: str) -> list[str]:
    """The keys of every name-like word in ``text``, repeats kept: ``"@..."`` for places, ``"~..."`` for sounds."""
    listed = words(text)
    found: list[str] = []
    covered: set[int] = set()
    for place in places_among(listed, language=language):
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
    for place in places_among(listed, language=language):
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
    if language in CAPITALISES_NOUNS:
        return (rare or not first) and _is_german_name(normal)
    return not first or (rare and zipf(normal, language=language) - zipf(normal, language="en") < _NAME_EXCESS)


def _is_uncapitalised_name(normal: str, *, language: str) -> bool:
    common = zipf(normal, language=language)
    if language in CAPITALISES_NOUNS:
        return common < _RARE + 0.5 and _is_german_name(normal, margin=0.3)
    if language == "en" or not normal.isascii():
        return common < _VERY_RARE
    return common < _RARE and common <= zipf(normal, language="en") + 0.5


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
    return frozenset(normalise(name) for table in tables for name in table.values() if len(name) >= _MIN_CALENDAR_LETTERS)


def _place_keys(place: Place, listed: Sequence[Word], *, language: str) -> tuple[str, ...]:
    """A place's code, and its sound where that is distinct: an inflected or unlisted spelling may only sound like it."""
    if place.last - place.first > 1:
        return (place.code,)
    sounds = sound_keys(listed[place.first].text, language=language)
    return (place.code, *filter(is_distinct, sounds))
