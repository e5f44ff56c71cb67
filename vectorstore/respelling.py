"""Names as readers of another language spell them, for showing: "Taschkent" is Tashkent in English, "Lawrow" is Lavrov.

Only where it is sure: places that a table has, Slavic names and their like where a rule of romanisation gives a spelling that texts of the reader's
language use and the written one is not. Not here: finding names that are meant to be the same (``names.py``, ``places.py``).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final

from vectorstore.exonyms import exonyms
from vectorstore.languages import fold_accents, normalise, stem, zipf
from vectorstore.places import EVERYDAY, city_codes, city_spellings, folded
from vectorstore.sounds import romanise, sound_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Zipf scale (log10 per thousand million words).
_USED: Final = 1.5
_UNUSED: Final = 1.0
_WELL_USED: Final = 2.5
_SURE: Final = 0.3
_MAX_SPELLINGS: Final = 64
_MIN_LETTERS: Final = 4
_Rules = tuple[tuple[str, tuple[str, ...]], ...]
_CYRILLIC = re.compile(r"[Ѐ-ӿ]+(?:[-'’][Ѐ-ӿ]+)*")
# German letters of a name that came from another alphabet → what English newspapers may write for them, longest first.
_FROM_GERMAN = (
    ("schtschow$", ("shchev", "shchov")),
    ("tschow$", ("chev", "chov")),
    ("schow$", ("shev", "shov", "zhov")),
    ("schtsch", ("shch",)),
    ("dsch", ("j", "dzh")),
    ("tsch", ("ch",)),
    ("sch", ("sh", "zh")),
    ("ch", ("kh", "ch")),
    ("ew$", ("ev", "yev")),
    ("jew", ("yev", "ev")),
    ("je", ("ye", "e")),
    ("[iy]j$", ("y", "yy", "iy", "i")),
    ("ej$", ("ei", "ey")),
    ("ski$", ("sky", "ski")),
    ("^s", ("s", "z")),
    ("j", ("y", "i")),
    ("w", ("v",)),
    ("z", ("ts", "z")),
)
_FROM_ENGLISH = (
    ("shch", ("schtsch",)),
    ("ch", ("tsch", "ch")),
    ("sh", ("sch",)),
    ("zh", ("sch",)),
    ("kh", ("ch",)),
    ("yev", ("jew", "ew")),
    ("ye", ("je", "e")),
    ("ev$", ("ew", "jow")),
    ("(?:yy|iy|y)$", ("yj", "ij", "i", "y")),
    ("^z", ("s", "z")),
    ("ts", ("z", "ts")),
    ("y", ("j", "y")),
    ("v", ("w",)),
)
# Endings that only names from the East have: there the rule alone is sure, with its first reading.
_EASTERN = re.compile(r"(?:[aeiou]jew|[aeo]jewa|tschow|schow|tschenko|tschuk|owitsch|ewitsch|schwili|[sz]kij)$")


@lru_cache(maxsize=20_000)
def place_name(code: str, *, to: str) -> str | None:
    """What readers of ``to`` call the place that ``names.places`` has the ``code`` of; None where that is not sure."""
    key = code.removeprefix("@")
    if key in _exonyms_by_code(to):
        return _exonyms_by_code(to)[key]
    if key.upper() in _territories(to):
        return _territories(to)[key.upper()]
    return _zone_cities(to).get(code) or _usual_city(code, to=to)


@lru_cache(maxsize=50_000)
def person_name(word: str, *, language: str, to: str) -> str | None:
    """A name written in a text of ``language`` as readers of ``to`` know it; None where it is the same or not sure."""
    if len(word) < _MIN_LETTERS or not word[0].isupper():
        return None
    if _CYRILLIC.fullmatch(word):
        return _from_cyrillic(word, language=language, to=to)
    normal = fold_accents(normalise(word))
    if not normal.isascii() or not normal.isalpha():
        return None
    if to == "en" and language == "de":
        rules: _Rules = _FROM_GERMAN
    elif to == "de" and language == "en":
        rules = _FROM_ENGLISH
    else:
        return None
    for form in (normal, normal[:-1]) if normal.endswith("s") else (normal,):
        if found := _respelt(form, rules=rules, to=to):
            return found.capitalize()
    return None


def _respelt(normal: str, *, rules: _Rules, to: str) -> str | None:
    spellings = [spelling for spelling in _spellings(normal, rules=rules) if spelling != normal]
    if not spellings:
        return None
    written = zipf(normal, language=to)
    best = max(spellings, key=lambda spelling: zipf(spelling, language=to))  # of equals the first reading
    used = zipf(best, language=to)
    if used >= _USED and (written <= _UNUSED if to == "en" else used - written >= _UNUSED):
        return best
    return spellings[0] if to == "en" and written == used == 0 and _EASTERN.search(normal) else None


def _spellings(normal: str, *, rules: _Rules) -> Iterator[str]:
    """Every reading of a name by ``rules``, the first readings first; at most so many."""
    pattern = re.compile("|".join(f"({sound})" for sound, _ in rules))
    pieces: list[tuple[str, ...]] = []
    at = 0
    for match in pattern.finditer(normal):
        pieces += [(normal[at : match.start()],), rules[(match.lastindex or 1) - 1][1]]
        at = match.end()
    pieces.append((normal[at:],))
    for count, choice in enumerate(product(*pieces)):
        if count >= _MAX_SPELLINGS:
            return
        yield "".join(choice)


def _from_cyrillic(word: str, *, language: str, to: str) -> str:
    """The usual English or German letters for a Cyrillic name; without the ending of a case where that form is the known one."""
    plain = _letters(word, to=to)
    shorter = _letters(stem(normalise(word), language=language), to=to)
    known = max((plain, shorter), key=lambda form: (zipf(form, language=to), form == plain))
    if zipf(known, language=to) < _USED:
        known = plain
    return "-".join(part.capitalize() for part in known.split("-"))


_LETTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"щ": "shch", "ш": "sh", "ч": "ch", "ж": "zh", "х": "kh", "ц": "ts", "ю": "yu", "я": "ya", "ё": "yo", "й": "y", "э": "e", "ы": "y", "ь": "", "ъ": ""},
    "de": {
        "щ": "schtsch", "ш": "sch", "ч": "tsch", "ж": "sch", "х": "ch", "ц": "z", "ю": "ju", "я": "ja", "ё": "jo", "й": "i", "э": "e", "ы": "y", "ь": "", "ъ": "",
        "в": "w", "з": "s",
    },
}  # fmt: skip


def _letters(word: str, *, to: str) -> str:
    table = _LETTERS.get(to, _LETTERS["en"])
    written = normalise(word)
    for vowel in "аеиоуыэюя":  # between vowels the letter has its sound before it: Медведев but Достоевский
        written = written.replace(f"{vowel}е", f"{vowel}{'je' if to == 'de' else 'ye'}")
    written = re.sub(r"(?:ий|ый)$", "ij" if to == "de" else "y", written)
    return romanise("".join(table.get(letter, letter) for letter in written))


# Places


def _usual_city(code: str, *, to: str) -> str | None:
    """The spelling of a city that texts of ``to`` use far more than the others, with its umlaut."""
    listed = city_spellings().get(code, [""])
    # A former name, or that of another people, is no other spelling: it does not begin alike.
    spellings = [
        spelling
        for spelling in listed
        if spelling.isascii() and spelling not in EVERYDAY and _first_sound(spelling) == _first_sound(listed[0])
    ]
    used: dict[str, tuple[float, str]] = {}
    for spelling in spellings:
        forms = (spelling, *(_with_umlauts(spelling) if to == "de" else ()))
        used[spelling] = max((zipf(form, language=to), form) for form in forms)
    ranked = sorted(used.values(), reverse=True)
    if not ranked or ranked[0][0] < _WELL_USED or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _SURE):
        return None
    return " ".join(part.capitalize() for part in ranked[0][1].split())


def _first_sound(name: str) -> str:
    keys = sound_keys(name.split(maxsplit=1)[0], language="und") if name else ()
    return keys[0][1:2] if keys else ""


def _with_umlauts(spelling: str) -> Iterator[str]:
    for at, letter in enumerate(spelling):
        if letter in "aou":
            yield spelling[:at] + "äöü"["aou".index(letter)] + spelling[at + 1 :]


@cache
def _exonyms_by_code(language: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for form, code in exonyms(language).items():
        found.setdefault(code, form)
    return found


@cache
def _territories(language: str) -> Mapping[str, str]:
    from babel import Locale

    return {code: re.sub(r"\s*\(.*?\)", "", name) for code, name in Locale.parse(language).territories.items()}


@cache
def _zone_cities(language: str) -> Mapping[str, str]:
    """The cities that time zones are named after, as CLDR calls them in ``language``, by code."""
    from babel import Locale

    zones = {zone for known in ("ru", "de", "fr") for zone in map(str, Locale.parse(known).time_zones)}
    named = Locale.parse(language).time_zones
    cities: dict[str, str] = {}
    for zone in sorted(zone for zone in zones if "/" in zone and not zone.startswith("Etc/")):
        own = zone.rpartition("/")[2].replace("_", " ")
        name = named.get(zone, {}).get("city", own)
        code = city_codes().get(folded(own)) or city_codes().get(folded(name))
        if code:
            cities[code] = name
    return cities
