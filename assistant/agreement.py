"""How a sentence of an answer agrees with a stretch of a source: words, names, numbers, dates, denial, compared across languages.

Pure, but for the dictionaries and word lists that are asked. The features are what ``verification.py`` weighs. Not here: the vectors, the
weights and the verdict. A bag of words cannot tell who did what to whom: "A criticised B" agrees with "B criticised A".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.polarity import denies, nearly_denies, opposites
from vectorstore.languages import words
from vectorstore.names import name_keys, question_names, romanise
from vectorstore.spellings import has_spelling, nationalities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.quantities import Day, Number
    from assistant.reading import Clause, Place, Reading, Stretch
    from assistant.wording import ClaimName, ClaimWord, Wording
    from vectorstore.terms import TextTerms
    from vectorstore.types import Article

_ARTICLE_CHARACTERS = 30_000
_SMALL = 12
"""A number in words up to this one may just count what a source lists."""
_ROUGHLY = re.compile(
    r"\b(?:about|around|roughly|some|nearly|almost|over|more than|approximately|rund|etwa|circa|ca\.?|knapp|gut|fast|über|mehr als|ungefähr"
    r"|environ|près de|plus de|presque|unos|unas|casi|cerca de|más de|около|почти|более|примерно)\s+\W*$",
    re.IGNORECASE,
)
_ROUNDED = 0.025
_SHARE_IN_FOCUS = 0.1
"""What a sentence's share of the words adds to its cosine where it is asked which sentence is meant."""
_COUNTED_WORDS = 2
_DENIAL_SHARE = 0.3
"""A clause counts as what a sentence is about from this share of the sentence's words on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How a sentence agrees with a stretch. Shares are 0 to 1 by the words' rarity, higher is better; the rest counts what is wrong.

    ``share`` of its words in the stretch, ``nearby_share`` in it, the sentences before and the headline. ``names_missing``: the share of its
    names that these do not have. ``numbers_missing``, ``days_missing``: how many the stretch does not have. ``number_rivals``,
    ``day_rivals``, ``name_rivals``: how many of those that are not where the sentence's words are, while another of the kind
    stands there; ``bound_elsewhere``: how many numbers that count other things here. ``denial``: 1 where one denies and
    the other does not, 0.5 where that may be so. ``opposite``: 1 where they say opposites. ``joined``: how many sentences the
    stretch has beyond one.
    """

    share: float
    nearby_share: float
    names_missing: float
    numbers_missing: float
    days_missing: float
    number_rivals: float
    day_rivals: float
    name_rivals: float
    bound_elsewhere: float
    denial: float
    opposite: float
    joined: float


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that a sentence says and its source nowhere has: that alone decides. ``reason`` is a key of the verdict."""

    reason: str
    what: str


def absences(claim: Wording, reading: Reading) -> list[Absence]:
    """What the sentence says and the source has nowhere: names, in the article; numbers and dates, in the passage or headline."""
    found = []
    text = _searched_text(reading.article)
    known = _article_keys(text, language=reading.language)
    for run in _name_runs(claim):
        last = run[-1]
        if (
            last.certain
            and last.keys.isdisjoint(known)
            and not _is_written(last.text, text)
            and not has_spelling(text, last.text)
        ):
            found.append(Absence("name differs", " ".join(name.text for name in run)))
    for number in claim.numbers:
        here = [*reading.title_numbers, *(other for place in reading.places for other in place.numbers)]
        if not _is_checkable(number, reading, here=here) or _has_number(number, here, claim=claim):
            continue
        found.append(Absence("number differs", number.text))
    for day in claim.days:
        if not _has_day(day, [other for place in reading.places for other in place.days], reading=reading):
            found.append(Absence("date differs", day.text))
    return found


def agree(claim: Wording, stretches: Sequence[Stretch], *, cosines: Sequence[float]) -> Agreement:
    """How ``claim`` agrees with one or more stretches taken together; ``cosines`` are its with each of their sentences."""
    here = [terms for stretch in stretches for terms in stretch.terms]
    nearby = [terms for stretch in stretches for terms in stretch.nearby]
    places = [place for stretch in stretches for place in stretch.places]
    _, focus = max(
        zip(cosines, places, strict=True), key=lambda found: found[0] + _SHARE_IN_FOCUS * _share(claim.words, [found[1].terms])
    )
    present = frozenset().union(*(terms.names for terms in nearby))
    text = " ".join(stretch.nearby_text for stretch in stretches)
    missing_names = [name for name in claim.names if name.keys.isdisjoint(present) and not _is_written(name.text, text)]
    numbers = [number for stretch in stretches for number in stretch.numbers]
    missing_days = [
        day for day in claim.days if not any(_has_day(day, stretch.days, reading=stretch.reading) for stretch in stretches)
    ]
    denial, opposite = _polarity(claim, stretches)
    return Agreement(
        share=_share(claim.words, here),
        nearby_share=_share(claim.words, nearby),
        names_missing=len(missing_names) / len(claim.names) if claim.names else 0.0,
        numbers_missing=float(sum(not _has_number(number, numbers, claim=claim) for number in claim.numbers)),
        days_missing=float(len(missing_days)),
        number_rivals=float(sum(_has_number_rival(number, claim, focus.numbers) for number in claim.numbers)),
        day_rivals=float(sum(_has_day_rival(day, claim, focus) for day in claim.days)),
        name_rivals=float(_name_rivals(claim, focus)),
        bound_elsewhere=float(sum(_is_bound_elsewhere(number, claim, stretches) for number in claim.numbers)),
        denial=denial,
        opposite=opposite,
        joined=float(sum(len(stretch) for stretch in stretches) - 1),
    )


# --- words and names


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


def _searched_text(article: Article) -> str:
    return "\n".join((article.title, article.source, article.author, article.text[:_ARTICLE_CHARACTERS]))


@lru_cache(maxsize=64)
def _article_keys(text: str, *, language: str) -> frozenset[str]:
    return frozenset((*name_keys(text, language=language), *nationalities(text, language=language)))


@lru_cache(maxsize=256)
def _written_words(text: str) -> frozenset[str]:
    return frozenset(part for word in words(text) for part in (romanise(word.text), romanise(word.text).removesuffix("s")))


def _is_written(name: str, text: str) -> bool:
    """Whether a text has all the words of a name as they are written, whatever their script, capitals and genitive s."""
    listed = _written_words(text)
    return all(not {romanise(word.text), romanise(word.text).removesuffix("s")}.isdisjoint(listed) for word in words(name))


def _share(asked: Sequence[ClaimWord], found: Sequence[TextTerms]) -> float:
    total = sum(word.weight for word in asked)
    return sum(word.weight for word in asked if any(word.found_in(terms) for terms in found)) / total if total else 0.0


def _name_rivals(claim: Wording, focus: Place) -> int:
    """How many names of the sentence are not in the clause that has its other words, while another name of the kind is."""
    others = [
        word for word in claim.words if not any(name.start <= word.start < name.start + len(name.text) for name in claim.names)
    ]
    if not others or not claim.names:
        return 0
    clause = max(focus.clauses, key=lambda clause: _share(others, [clause.terms]))
    if _share(others, [clause.terms]) < _DENIAL_SHARE:
        return 0
    mine = frozenset().union(*(name.keys for name in claim.names))
    rivals = [name for name in question_names(clause.text, language=focus.reading.language) if name.keys.isdisjoint(mine)]
    count = 0
    for name in claim.names:
        if name.certain and name.keys.isdisjoint(clause.terms.names) and not _is_written(name.text, clause.text):
            count += any(name.is_place == any(key.startswith("@") for key in rival.keys) for rival in rivals)
    return count


# --- numbers and dates


def _is_checkable(number: Number, reading: Reading, *, here: Sequence[Number]) -> bool:
    """Whether a passage must have a number: the year of publication need not, nor what may count the things that it lists."""
    if number.is_year and reading.published and reading.published.year in number.values:
        return False
    in_words = not any(char.isdigit() for char in number.text)
    if number.unit in {"share", "times"}:
        return any(number.unit == other.unit for other in here)
    return not (in_words and not number.unit and max(number.values) <= _SMALL)


def _has_number(number: Number, listed: Sequence[Number], *, claim: Wording) -> bool:
    if any(number.same_as(other) for other in listed):
        return True
    if not _ROUGHLY.search(claim.text[: number.start]) or number.unit in {"time", "share", "times"}:
        return False
    return any(
        number.rivals(other)
        and any(abs(mine - theirs) <= _ROUNDED * max(mine, theirs) for mine in number.values for theirs in other.values)
        for other in listed
    )


def _has_number_rival(number: Number, claim: Wording, focus: Sequence[Number]) -> bool:
    """Whether the sentence with the words has another number of the kind, that the claim does not have, and not this one."""
    if _has_number(number, focus, claim=claim):
        return False
    return any(
        number.rivals(other) and number.is_year == other.is_year and not any(other.same_as(mine) for mine in claim.numbers)
        for other in focus
    )


def _is_bound_elsewhere(number: Number, claim: Wording, stretches: Sequence[Stretch]) -> bool:
    """Whether the things that a number counts are counted by another number here, and this number counts other things."""
    if number.unit or not number.counts:
        return False
    behind = [word for word in claim.words if number.end <= word.start < number.end + len(number.counts)][:_COUNTED_WORDS]
    if not behind:
        return False
    same = other = False
    for stretch in stretches:
        for found in stretch.numbers:
            if found.unit or not found.counts:
                continue
            terms = stretch.reading.terms_of(found.counts)
            counts = any(word.found_in(terms) for word in behind[:1])
            same = same or (number.same_as(found) and counts)
            other = other or (not number.same_as(found) and counts and found.is_year == number.is_year)
    return other and not same


def _has_day(day: Day, listed: Sequence[Day], *, reading: Reading) -> bool:
    if any(day.same_as(other, published=reading.published) for other in listed):
        return True
    # The day of publication itself is the reader's to know.
    return bool(
        reading.published
        and day.month is not None
        and day.day is not None
        and reading.published in day.resolved(reading.published)
    )


def _has_day_rival(day: Day, claim: Wording, focus: Place) -> bool:
    if not focus.days or _has_day(day, focus.days, reading=focus.reading):
        return False
    return not any(other.same_as(mine, published=focus.reading.published) for other in focus.days for mine in claim.days)


# --- denial and opposites


def _polarity(claim: Wording, stretches: Sequence[Stretch]) -> tuple[float, float]:
    """Whether one denies what the other says, and whether they say opposites; each makes up for the other."""
    clauses = [clause for stretch in stretches for place in stretch.places for clause in place.clauses]
    about = _clauses_about(claim, clauses) or clauses
    mine = denies(claim.text, language=claim.language)
    theirs = [denies(clause.text, language=clause.language) for clause in about]
    denial = 0.0
    if mine and not any(theirs):
        nearly = any(
            nearly_denies(clause.text, language=clause.language) or denies(clause.text, language=clause.language)
            for clause in clauses
        )
        denial = 0.5 if nearly else 1.0
    elif not mine and theirs and theirs[0]:
        denial = 0.5 if nearly_denies(claim.text, language=claim.language) or not all(theirs) else 1.0
    said, stated = opposites(claim.text), frozenset().union(*(opposites(clause.text) for clause in about))
    against = any((axis, not side) in stated and (axis, side) not in stated for axis, side in said)
    if against and denial:
        return 0.0, 0.0
    return denial, float(against)


def _clauses_about(claim: Wording, clauses: Sequence[Clause]) -> list[Clause]:
    """The clauses that have most of a sentence's words, best first."""
    scored = [(_share(claim.words, [clause.terms]), clause) for clause in clauses]
    best = max((share for share, _ in scored), default=0.0)
    chosen = sorted(
        ((share, -number) for number, (share, _) in enumerate(scored) if share >= max(_DENIAL_SHARE, best - 0.2)), reverse=True
    )
    return [scored[-number][1] for _, number in chosen[:2]]
