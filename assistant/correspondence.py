"""What a stretch of a source has of a sentence: its words, names, numbers and dates.

Not here: what follows from that (``agreement.py``, ``absences.py``, ``contradictions.py``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from vectorstore.languages import words
from vectorstore.sounds import romanise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.quantities import Number
    from assistant.reading import Reading
    from assistant.stated_days import Day
    from assistant.wording import ClaimWord, Wording
    from vectorstore.names import Name
    from vectorstore.terms import TextTerms

_SHORT_NAME = 4
_SHORTEST_CITIZEN = 7
_ROUGHLY = re.compile(
    r"\b(?:about|around|roughly|some|nearly|almost|over|more than|approximately|rund|etwa|circa|ca\.?|knapp|gut|fast|über|mehr als|ungefähr"
    r"|environ|près de|plus de|presque|unos|unas|casi|cerca de|más de|около|почти|более|примерно)\s+\W*$",
    re.IGNORECASE,
)
_THING = re.compile(r"\s+[^\W\d_]{4}")
_ROUNDED = 0.025
"""How much what is said to be rough may be rounded."""


@lru_cache(maxsize=256)
def _written_words(text: str) -> frozenset[str]:
    return frozenset(part for word in words(text) for part in (romanise(word.text), romanise(word.text).removesuffix("s")))


def is_written(name: str, text: str) -> bool:
    """Whether a text has all the words of a name as they are written, whatever their script, capitals and ending."""
    listed = _written_words(text)
    return all(any(form in listed or _with_other_ending(form, listed) for form in _forms(word.text)) for word in words(name))


def is_place(name: Name) -> bool:
    """Whether a name is that of a known place."""
    return any(key.startswith("@") for key in name.keys)


def _forms(word: str) -> tuple[str, ...]:
    """A word as it is, without a genitive s, and without the ending of German citizens ("Londoner")."""
    form = romanise(word)
    return (form, form.removesuffix("s"), *((form.removesuffix("er"),) if len(form) >= _SHORTEST_CITIZEN else ()))


def _with_other_ending(form: str, listed: frozenset[str]) -> bool:
    """Whether a word is there inflected or as an adjective ("London" in "londonskiy"): all but its last letter begin another."""
    return len(form) > _SHORT_NAME and any(other.startswith(form[:-1]) for other in listed)


def share(asked: Sequence[ClaimWord], found: Sequence[TextTerms]) -> float:
    """The share of what ``asked`` say that is found in any of some stretches, 0 to 1."""
    total = sum(word.weight for word in asked)
    return sum(word.weight for word in asked if any(word.found_in(terms) for terms in found)) / total if total else 0.0


def has_number(number: Number, listed: Sequence[Number], *, claim: Wording) -> bool:
    """Whether a number of ``claim`` is among those listed, or one that it is said to be roughly."""
    # Forty people are not forty metres.
    if any(number.same_as(other) and not (other.measure and counts_things(number)) for other in listed):
        return True
    if not _ROUGHLY.search(claim.text[: number.start]) or number.unit in {"time", "share", "times", "order", "place"}:
        return False
    return any(
        number.rivals(other)
        and any(
            abs(mine - theirs) <= _ROUNDED * max(mine, theirs)
            for mine in (number.measured if other.measure and number.measure else number.values)
            for theirs in (other.measured if other.measure and number.measure else other.values)
        )
        for other in listed
    )


def counts_things(number: Number) -> bool:
    """Whether a number stands before a word that is no measure: "forty people"."""
    return not (number.unit or number.measure) and bool(_THING.match(number.counts))


def has_day(day: Day, listed: Sequence[Day], *, reading: Reading) -> bool:
    """Whether a date is among those listed, or the day on which their article appeared."""
    if any(day.same_as(other, published=reading.published) for other in listed):
        return True
    # The day of publication itself is the reader's to know.
    return bool(
        reading.published
        and day.month is not None
        and day.day is not None
        and reading.published in day.resolved(reading.published)
    )
