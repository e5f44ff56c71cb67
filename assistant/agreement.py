"""How a sentence of an answer agrees with a stretch of a source: words, names, numbers, dates, denial, compared across languages.

Pure, but for the dictionaries and word lists that are asked. The features are what ``verification.py`` weighs. Not here: the vectors, the
weights and the verdict. A bag of words cannot tell who did what to whom: "A criticised B" agrees with "B criticised A".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.contradictions import (
    day_rival,
    name_rival,
    number_rival,
    polarity,
    speaker_rival,
    unsettled,
)
from assistant.correspondence import has_day, has_number, is_written, share

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assistant.reading import Place, Stretch
    from assistant.wording import Wording

# What a sentence's shares of the words and of the numbers add to its cosine where it is asked which sentence is meant.
_SHARE_IN_CLOSENESS = 0.1
_NUMBERS_IN_CLOSENESS = 0.03
_FAIR_SHARE = 0.15
"""What a sentence must add to what is found of the words to be joined to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How a sentence agrees with a stretch. Shares are 0 to 1 by the words' rarity, higher is better; the rest counts what is wrong.

    ``nearby_share`` of its words in the stretch, the sentences before and the headline. ``names_missing``: the share of its names that these
    do not have. ``numbers_missing``: how many the stretch does not have. ``number_rivals``, ``day_rivals``, ``name_rivals``: 1 where one of
    those is not where the sentence's words are, while another of the kind stands there, 2 where hardly anything else differs. ``denial``: 1
    where one denies and the other does not, less where that only may be so. ``opposite``: 1 where they say opposites. ``unsettled``: 1 where
    one tells as done what the other tells as planned, 0.5 where that only may be. ``speaker_rival``: 1 where one names another as saying
    something. ``joined``: how many sentences the stretch has beyond one.
    """

    nearby_share: float
    names_missing: float
    numbers_missing: float
    number_rivals: float
    day_rivals: float
    name_rivals: float
    denial: float
    opposite: float
    unsettled: float
    speaker_rival: float
    joined: float


def closeness(claim: Wording, place: Place, *, cosine: float) -> float:
    """How near a sentence of a source is to being what ``claim`` is about, for comparing the sentences of one source; higher is nearer.

    Names do not count: a sentence with another name is the one that contradicts.
    """
    stated = sum(has_number(number, place.numbers, claim=claim) for number in claim.numbers)
    numbers = stated / len(claim.numbers) if claim.numbers else 0.0
    return cosine + _SHARE_IN_CLOSENESS * share(claim.other_words, [place.terms]) + _NUMBERS_IN_CLOSENESS * numbers


def adds_to(claim: Wording, stretch: Stretch, other: Stretch) -> bool:
    """Whether another stretch has a fair part of the sentence's words that the first has not, or one of its numbers or dates."""
    gain = share(claim.words, [*stretch.terms, *other.terms]) - share(claim.words, stretch.terms)
    return (
        gain >= _FAIR_SHARE
        or any(
            has_number(number, other.numbers, claim=claim) and not has_number(number, stretch.numbers, claim=claim)
            for number in claim.numbers
        )
        or any(
            has_day(day, other.days, reading=other.reading) and not has_day(day, stretch.days, reading=stretch.reading)
            for day in claim.days
        )
    )


def stranger_to(claim: Wording, stretch: Stretch) -> str:
    """A name of the sentence that neither a stretch nor what stands before it and the headline have; empty if there is none."""
    present = frozenset().union(*(terms.names for terms in stretch.nearby))
    missing = (
        name.text
        for name in claim.names
        if name.certain and name.keys.isdisjoint(present) and not is_written(name.text, stretch.nearby_text)
    )
    return next(missing, "")


def agree(
    claim: Wording, stretches: Sequence[Stretch], *, closenesses: Sequence[float], nearer_undenied: Callable[[int], float]
) -> Agreement:
    """How ``claim`` agrees with one or more stretches taken together; ``closenesses`` are its with each of their sentences.

    ``nearer_undenied`` says how much nearer it and the sentence at a position come without what denies (``contradictions.polarity``).
    """
    nearby = [terms for stretch in stretches for terms in stretch.nearby]
    places = [place for stretch in stretches for place in stretch.places]
    meant = max(range(len(places)), key=lambda position: closenesses[position])
    focus = places[meant]
    present = frozenset().union(*(terms.names for terms in nearby))
    text = " ".join(stretch.nearby_text for stretch in stretches)
    named = [name for name in claim.names if name.certain]
    missing_names = [name for name in named if name.keys.isdisjoint(present) and not is_written(name.text, text)]
    numbers = [number for stretch in stretches for number in stretch.numbers]
    denial, opposite = polarity(claim, focus, places, nearer_undenied=lambda: nearer_undenied(meant))
    return Agreement(
        nearby_share=share(claim.words, nearby),
        names_missing=len(missing_names) / len(named) if named else 0.0,
        numbers_missing=float(
            sum(number.unit != "place" and not has_number(number, numbers, claim=claim) for number in claim.numbers)
        ),
        number_rivals=max((number_rival(number, claim, focus) for number in claim.numbers), default=0.0),
        day_rivals=max((day_rival(day, claim, focus) for day in claim.days), default=0.0),
        name_rivals=name_rival(claim, focus),
        denial=denial,
        opposite=opposite,
        unsettled=unsettled(claim, focus),
        speaker_rival=speaker_rival(claim, focus, stretches),
        joined=float(sum(len(stretch) for stretch in stretches) - 1),
    )
