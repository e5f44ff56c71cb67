"""The tables of places: countries by language, cities with one owner a spelling."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources

from vectorstore.places import countries, folded


def test_countries_are_listed_by_language() -> None:
    """CLDR's names and those that newsrooms use, folded; a language CLDR does not know has none."""
    assert countries("de")["weissrussland"] == countries("fr")["bielorussie"] == countries("en")["belarus"] == "@by"
    assert countries("de")[folded("Türkei")] == "@tr"
    assert countries("xx") == {}


def test_cities_have_one_owner_each() -> None:
    """No spelling is listed twice, every one is as the look-up folds it, and the source is credited."""
    table = json.loads(resources.files("vectorstore").joinpath("cities.json").read_text("utf-8"))
    assert "GeoNames" in table["source"]
    spellings = [spelling for listed in table["cities"].values() for spelling in listed.split("|")]
    assert len(spellings) == len(set(spellings)) > 50_000
    assert all(spelling and [folded(part) for part in spelling.split(" ")] == spelling.split(" ") for spelling in spellings)


def test_the_tables_cost_little_at_the_first_question() -> None:
    """A fresh process has its places within a moment: nothing large is parsed for them."""
    code = (
        "import time; from vectorstore import places, languages\n"
        "start = time.process_time(); places.city_codes(); print(time.process_time() - start)"
    )
    seconds = min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) for _ in range(3)
    )
    assert seconds < 0.25  # of processor time: 0.02 s here, and the word lists alone would take a second
