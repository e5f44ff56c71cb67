"""Whether a text tells of something as past or as yet to come, at one place of it.

Finite patterns (``date_words.py``), no guessing: where verbs contradict each other there is no tense. Not here: what follows for a date
(``resolved_days.py``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.date_words import DateWords, Tense

_REACH = 12
"""Characters before a date within which "until" belongs to it."""
_SENTENCE = 400
"""Characters around a date that are read for its tense at most."""
_SENTENCE_END = re.compile(r"(?<!\d)(?<!\b\w\w)(?<!\b\w\w\w)[.](?=\s|[\"”“»])|[!?](?=\s|[\"”“»])|\n\s*\n")
_UNTIL = re.compile(r"\b(?:until|till|by|before|for|bis|vor|für|auf)(?: the| zum| dem| den| in)? $", re.IGNORECASE)
_UNTIL_WITHIN = re.compile(r"(?:until|till|by|bis)\b", re.IGNORECASE)


def tense_of(text: str, match: re.Match[str], *, words: DateWords) -> Tense | None:
    """The tense of the clause around a match: of the nearest verb that tells one, before it rather than after it; else of its sentence."""
    if words.past is None or words.future is None or words.breaks is None or words.unclear is None:
        return None
    start, end = _sentence(text, match)
    breaks = list(words.breaks.finditer(text, start, end))
    clause_start = max((found.end() for found in breaks if found.end() <= match.start()), default=start)
    clause_end = min((found.start() for found in breaks if found.start() >= match.end()), default=end)
    if words.unclear.search(text, clause_start, clause_end):
        return None
    whole = {cue[2] for cue in (*_cues(words.past, "past", text, start, end), *_cues(words.future, "future", text, start, end))}
    if text.startswith(("'s", "’s"), match.end()):  # of "Tuesday's vote" the verb does not say when it is
        return "past" if whole == {"past"} else None
    tense = _nearest_tense(text, match, words.past, words.future, clause=(clause_start, clause_end))
    if tense is None and len(whole) == 1 and not words.unclear.search(text, start, end):
        tense = whole.pop()
        if tense == "past" and words.reports and words.reports.search(text, start, end):  # what was said may be yet to come
            return None
    before = text[max(0, match.start() - _REACH) : match.start()]
    if tense == "past" and (_UNTIL.search(before) or _UNTIL_WITHIN.match(match[0])):  # "was put off until Tuesday"
        return None
    return tense


def _nearest_tense(
    text: str, match: re.Match[str], past: re.Pattern[str], future: re.Pattern[str], *, clause: tuple[int, int]
) -> Tense | None:
    cues = [*_cues(past, "past", text, *clause), *_cues(future, "future", text, *clause)]
    before = [cue for cue in cues if cue[1] <= match.start()]
    after = [cue for cue in cues if cue[0] >= match.end()]
    if before:
        return max(before, key=lambda cue: (cue[1], cue[2] == "past"))[2]
    return min(after, key=lambda cue: (cue[0], cue[2] == "future"))[2] if after else None


def _cues(pattern: re.Pattern[str], tense: Tense, text: str, start: int, end: int) -> Iterator[tuple[int, int, Tense]]:
    for found in pattern.finditer(text, start, end):
        yield found.start(), found.end(), tense


def _sentence(text: str, match: re.Match[str]) -> tuple[int, int]:
    """The stretch around a match up to the ends of its sentence; a full stop behind a number or a short word is none."""
    first, last = max(0, match.start() - _SENTENCE), min(len(text), match.end() + _SENTENCE)
    ends = [found.end() for found in _SENTENCE_END.finditer(text, first, last)]
    return max((end for end in ends if end <= match.start()), default=first), min(
        (end for end in ends if end >= match.end()), default=last
    )
