"""What a sentence says and its source nowhere has: names, numbers and dates. One alone decides that the source does not say it.

Not here: what is there but does not belong together (``contradictions.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant import numerals
from assistant.correspondence import has_day, has_number, is_written
from vectorstore.languages import normalise, zipf
from vectorstore.spellings import has_spelling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.quantities import Number
    from assistant.reading import Reading
    from assistant.wording import ClaimName, Wording

_CAPITALS = 0.004
"""The share of capitals from which on a script is one that has them."""
_SMALL = 12
"""A number in words up to this one may just count what a source lists."""
_NAME_EXCESS = 1.3
"""A name is used about as often in the source's language as in the sentence's (Zipf scale)."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that a sentence says and its source nowhere has: that alone decides. ``reason`` is a key of the verdict."""

    reason: str
    what: str


def absences(claim: Wording, reading: Reading) -> list[Absence]:
    """What the sentence says and the source has nowhere: names, in the article; numbers and dates, in the passage or headline."""
    names = [name for name in _decisive_names(claim, reading) if name]
    here = [*reading.title_numbers, *(other for place in reading.places for other in place.numbers)]
    numbers = [
        number.text
        for number in claim.numbers
        if _is_checkable(number, claim, reading, here=here) and not has_number(number, here, claim=claim)
    ]
    stated = [other for place in reading.places for other in place.days]
    # "Today" is as often said of the present as of a day.
    days = [day.text for day in claim.days if day.offset is None and not has_day(day, stated, reading=reading)]
    return [
        *(Absence("number differs", what) for what in numbers),
        *(Absence("date differs", what) for what in days),
        *(Absence("name differs", what) for what in names),
    ]


def _decisive_names(claim: Wording, reading: Reading) -> Iterator[str]:
    """Names that a source would have if it said the sentence, and has not.

    In a script without capitals names cannot be told, and are spelled too freely. Of a name of several words, where the languages
    differ, one may be translated: it counts if none of its words is there.
    """
    text = reading.searched_text
    if not _has_capitals(text):
        return
    for run in _name_runs(claim):
        absent = [
            name
            for name in run
            if name.keys.isdisjoint(reading.keys) and not is_written(name.text, text) and not has_spelling(text, name.text)
        ]
        last = run[-1]
        alike = last.is_place or zipf(normalise(last.text), language=claim.language) <= _NAME_EXCESS + zipf(
            normalise(last.text), language=reading.language
        )
        if last in absent and last.certain and alike and (len(absent) == len(run) or claim.language == reading.language):
            yield " ".join(name.text for name in run)


def _is_checkable(number: Number, claim: Wording, reading: Reading, *, here: Sequence[Number]) -> bool:
    """Whether a passage must have a number: the year of publication need not, nor what may count the things that it lists.

    In a language whose number words are not known only figures are checked, without a unit or with a sign for percent.
    """
    if not (numerals.words_of(claim.language) and numerals.words_of(reading.language)) and (
        number.measure or number.unit not in {"", "%"}
    ):
        return False
    if number.is_year and reading.published and reading.published.year in number.values:
        return False
    in_words = not any(char.isdigit() for char in number.text)
    if number.unit == "place":
        return False
    if number.unit in {"share", "times", "order"}:
        return any(number.unit == other.unit for other in here)
    return not (in_words and not (number.unit or number.measure) and max(number.values) <= _SMALL)


def _name_runs(claim: Wording) -> list[list[ClaimName]]:
    """Names that stand beside each other are one; a place is always its own."""
    runs: list[list[ClaimName]] = []
    for name in claim.names:
        before = runs[-1][-1] if runs else None
        if (
            before
            and not name.is_place
            and not before.is_place
            and not claim.text[before.start + len(before.text) : name.start].strip(" -‑")
        ):
            runs[-1].append(name)
        else:
            runs.append([name])
    return runs


@lru_cache(maxsize=256)
def _has_capitals(text: str) -> bool:
    return sum(map(str.isupper, text)) >= _CAPITALS * len(text)
