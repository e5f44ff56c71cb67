"""Where a sentence and a source speak of the same thing and differ: another number, date or name, a denial, an opposite.

Not here: what is nowhere in the source (``absences.py``), how much each of these weighs (``verification.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.correspondence import has_day, has_number, is_place, is_written, share
from assistant.modality import is_done, is_flat, is_planned, is_unsure
from assistant.polarity import ALREADY, denies, is_known, nearly_denies, opposites, refuses, weakly_denies
from assistant.reading import split_phrases
from assistant.speakers import find_authority, find_speakers, tells_of_saying
from vectorstore.names import question_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assistant.quantities import Number
    from assistant.reading import Clause, Place, Stretch
    from assistant.stated_days import Day
    from assistant.wording import ClaimWord, Wording

_SHARE_OF_PHRASE = 0.4
"""A phrase is what a sentence is about from this share of its words, names aside, on."""
_NEARER = 0.01
"""What comes nearer by so much (cosine) without what denies was denied on one side only."""
_REFUSED = 0.7
_SHARE_BESIDE = 0.15
"""A sentence that adds this to what is found of the words may be where a denial is from."""
_SAME_PHRASE = 0.75
_MOST_CLAUSES = 3
_LEAST_GAIN = 0.12
"""A clause that adds less than this to what is found of a sentence's words is not what it is from."""


def name_rival(claim: Wording, focus: Place) -> float:
    """1 where a name of the sentence is not in the phrase that has its other words, while another name of the kind is.

    2 where the phrase has nearly all of the other words.
    """
    others = claim.other_words
    if not others or not claim.names:
        return 0.0
    phrase = max(focus.phrases, key=lambda piece: share(others, [piece.terms]))
    there = share(others, [phrase.terms])
    if there < _SHARE_OF_PHRASE:
        return 0.0
    mine = frozenset().union(*(name.keys for name in claim.names))
    rivals = [
        name
        for name in question_names(phrase.text, language=phrase.language)
        if name.keys.isdisjoint(mine) and (is_place(name) or not is_written(name.text, claim.text))
    ]
    known = focus.reading.keys
    found = any(
        (name.certain or not name.keys.isdisjoint(known))
        and name.keys.isdisjoint(phrase.terms.names)
        and not is_written(name.text, phrase.text)
        and any(name.is_place == is_place(rival) for rival in rivals)
        for name in claim.names
    )
    return (2.0 if there >= _SAME_PHRASE else 1.0) if found else 0.0


def speaker_rival(claim: Wording, focus: Place, stretches: Sequence[Stretch]) -> float:
    """1 where a sentence names somebody as saying it who is not in the sentence that is meant, while another is named there as saying something.

    Also where it is said according to somebody of whom neither the stretch nor what stands before it has a word.
    """
    present = [terms for stretch in stretches for terms in stretch.nearby]
    if stretches[0].reading.is_comparable(claim.language) and (span := find_authority(claim.text)):
        authority = [word for word in claim.words if span[0] <= word.start < span[1]]
        if authority and not any(word.found_in(terms) for word in authority for terms in present):
            return 1.0
    mine = find_speakers(claim.text, language=claim.language)
    before = stretches[0].before(focus) if tells_of_saying(focus.text) else ()  # "he said" is of whom they tell
    places = [focus, *before, *(place for stretch in stretches for place in stretch.places)]
    saying = next((place for place in places if find_speakers(place.text, language=place.reading.language)), None)
    if not mine or saying is None:
        return 0.0
    return float(all(name.keys.isdisjoint(saying.terms.names) and not is_written(name.text, saying.text) for name in mine))


def unsettled(claim: Wording, focus: Place) -> float:
    """1 where a sentence tells as done what its source tells as planned, 0.5 where it tells flatly what there only may be."""
    about = [clause for _, clause in _clauses_about(claim.other_words or claim.words, focus.clauses)]
    language = focus.reading.language
    done = any(is_done(clause.text, language=language) for clause in about)
    if (
        is_done(claim.text, language=claim.language)
        and not done
        and any(is_planned(clause.text, language=language) for clause in about)
    ):
        return 1.0
    flat = is_flat(claim.text, language=claim.language)
    return 0.5 if flat and all(is_unsure(clause.text, language=language) for clause in about) else 0.0


def number_rival(number: Number, claim: Wording, focus: Place) -> float:
    """1 where the sentence with the words, or its phrase with most of them, has another number of the kind and not this one.

    2 where that has nearly all of the words.
    """
    if not has_number(number, focus.numbers, claim=claim):
        return _weight(claim, focus) * _is_rivalled(number, claim, focus.numbers)
    phrase = _apart_from(claim, focus, [phrase for phrase in focus.phrases if has_number(number, phrase.numbers, claim=claim)])
    return _weight(claim, phrase) * _is_rivalled(number, claim, phrase.numbers) if phrase else 0.0


def day_rival(day: Day, claim: Wording, focus: Place) -> float:
    """The same for a date."""
    if not has_day(day, focus.days, reading=focus.reading):
        return _weight(claim, focus) * _is_other_day(focus.days, claim, focus)
    phrase = _apart_from(claim, focus, [phrase for phrase in focus.phrases if has_day(day, phrase.days, reading=focus.reading)])
    return _weight(claim, phrase) * _is_other_day(phrase.days, claim, focus) if phrase else 0.0


def _apart_from(claim: Wording, focus: Place, stating: Sequence[Clause]) -> Clause | None:
    """The phrase that has clearly more of a sentence's words than any of those that state something; None if there is none."""
    best = max(focus.phrases, key=lambda phrase: share(claim.words, [phrase.terms]))
    most = max((share(claim.words, [phrase.terms]) for phrase in stating), default=1.0)
    return best if share(claim.words, [best.terms]) >= most + _SHARE_OF_PHRASE else None


def _weight(claim: Wording, stated: Place | Clause) -> float:
    return 2.0 if share(claim.words, [stated.terms]) >= _SAME_PHRASE else 1.0


def _is_rivalled(number: Number, claim: Wording, listed: Sequence[Number]) -> bool:
    """Whether there is another number of the kind, that the claim does not have."""
    # "Two hospitals" is no match for "five hours".
    counts = not (number.unit or number.measure) and not any(char.isdigit() for char in number.text)
    return any(
        number.rivals(other)
        and not (counts and (other.unit or other.measure))
        and number.is_year == other.is_year
        and not any(other.same_as(mine) for mine in claim.numbers)
        for other in listed
    )


def _is_other_day(days: Sequence[Day], claim: Wording, focus: Place) -> bool:
    """Whether there are dates, and none that the claim has."""
    return bool(days) and not any(other.same_as(mine, published=focus.reading.published) for other in days for mine in claim.days)


def polarity(
    claim: Wording, focus: Place, places: Sequence[Place], *, nearer_undenied: Callable[[], float]
) -> tuple[float, float]:
    """Whether one denies what the other says, and whether they say opposites; each makes up for the other.

    What counts is the sentence that is meant; what stands beside it can only raise doubt. ``nearer_undenied`` says how much nearer (cosine)
    the two come without what denies: in the sentence of the answer if that denies, else in the source's. Words cannot tell which part of a
    sentence is denied, nor match a denial in another language; but what is denied on one side only is nearer without.
    """
    about = _clauses_about(claim.other_words or claim.words, focus.clauses)
    said, stated = opposites(claim.text), frozenset().union(*(opposites(clause.text) for _, clause in about))
    opposite = float(any((axis, not side) in stated and (axis, side) not in stated for axis, side in said))
    mine, theirs = denies(claim.text, language=claim.language), denies(focus.text, language=focus.reading.language)
    about_denies = any(denies(clause.text, language=clause.language) for _, clause in about)
    if opposite and mine != about_denies and not _is_about_time(said, stated):
        return 0.0, 0.0  # "did not fall" and "rose"
    denial = float((mine or theirs) and nearer_undenied() >= _NEARER)
    if mine and not theirs and not denial and is_known(focus.reading.language):
        denial = _added_denial(claim, focus, places, about=[clause for _, clause in about])
    if denial:
        return denial, 0.0
    if not theirs and refuses(claim.text) != any(refuses(clause.text) for _, clause in about):
        near = nearly_denies(focus.text, language=focus.reading.language) and nearly_denies(claim.text, language=claim.language)
        denial = 0.0 if near else _REFUSED
    return denial, opposite


def _is_about_time(said: frozenset[tuple[int, bool]], stated: frozenset[tuple[int, bool]]) -> bool:
    """Whether all that is opposite is "already" and "not yet", which is no double denial."""
    return all(axis == ALREADY for axis, side in said if (axis, not side) in stated and (axis, side) not in stated)


def _added_denial(claim: Wording, focus: Place, places: Sequence[Place], *, about: Sequence[Clause]) -> float:
    """How far a sentence denies what its source does not: not at all where that says it in other words ("unclear", "refused").

    Unless the sentence denies just that: "there is no lack of".
    """
    nearly = any(nearly_denies(clause.text, language=clause.language) for clause in about)
    if nearly:
        asked = claim.other_words or claim.words
        told_apart = share(asked, [clause.terms for clause in about]) >= _LEAST_GAIN
        return 1.0 if _denies_a_denial(claim) else 0.0 if told_apart else 0.5
    beside = any(
        denies(place.text, language=place.reading.language)
        and share(claim.words, [focus.terms, place.terms]) - share(claim.words, [focus.terms]) >= _SHARE_BESIDE
        for place in places
    )
    weakly = weakly_denies(focus.text) or nearly_denies(focus.text, language=focus.reading.language)
    return 0.5 if beside or weakly else 1.0


def _denies_a_denial(claim: Wording) -> bool:
    """Whether a phrase of a sentence denies and has a word that comes near to that: "no lack of"."""
    return any(
        denies(phrase, language=claim.language) and nearly_denies(phrase, language=claim.language)
        for phrase in split_phrases(claim.text)
    )


def _clauses_about(asked: Sequence[ClaimWord], clauses: Sequence[Clause]) -> list[tuple[float, Clause]]:
    """The clauses that words are from, and the share that each adds to those before it; all where that cannot be told."""
    if share(asked, [clause.terms for clause in clauses]) < _LEAST_GAIN:
        return [(1.0, clause) for clause in clauses]
    chosen: list[tuple[float, Clause]] = []
    covered = 0.0
    for _ in range(_MOST_CLAUSES):
        terms = [clause.terms for _, clause in chosen]
        best = max(clauses, key=lambda clause: share(asked, [*terms, clause.terms]))
        gain = share(asked, [*terms, best.terms]) - covered
        if gain < _LEAST_GAIN and chosen:
            break
        chosen.append((max(gain, _LEAST_GAIN), best))
        covered += gain
    return chosen
