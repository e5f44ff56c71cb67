"""Dates that a text names by the day it was written: "next Tuesday", "gestern", "am Donnerstag", "in March", resolved to calendar days.

Finite patterns (``date_words.py``), no guessing: what has two readings is left out, for a wrong date beside a quote is worse than none.

- A bare weekday or month needs a tense: what happened lies on or before the day of publication, what is planned after it. A weekday that is
  planned on its own day is left out (today or in a week?), so is one without a tense.
- "last Tuesday" and "next Tuesday" count only where that is in another week than the publication, "vergangenen" and "kommenden" always.
- Inside quotation marks only full dates are resolved: what is said may be older than the article.
- Weeks begin on Monday. The day of publication is that of UTC; where it is published in the evening or night of UTC the day may have been another
  where it was written, and only what means the same on both is resolved.

Not here: dates that need no resolving ("28 February 2023"), the publication date itself (``dates.py``), questions (``assistant/periods.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from ingest.date_words import date_patterns, date_words
from ingest.resolved_days import Grain, days_of, plus_days
from ingest.tenses import tense_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.date_words import DateWords, Tense
    from vectorstore.types import Precision

_LATE_HOUR, _EARLY_HOUR = 21, 6
"""From the one to the other (UTC) newsrooms in Europe and the Americas may write another day than UTC's."""
_COARSE: Mapping[str, frozenset[str]] = {
    "month": frozenset({"month", "year"}),
    "year": frozenset({"year"}),
}
_QUOTES = {"„": "“", "“": "”", "«": "»", '"': '"'}


@dataclass(frozen=True, slots=True)
class DateMention:
    """Words ``text[start:end]`` and the days that they mean, from ``first`` to ``last``; equal for a day. ``precision`` says which kind of time."""

    start: int
    end: int
    first: date
    last: date
    precision: Grain


def resolve_dates(text: str, *, language: str, published_at: datetime | None, precision: Precision | None) -> list[DateMention]:
    """The dates that ``text`` names in relation to its publication, in their order, never overlapping.

    Empty where the publication date is unknown or coarser than what is named, or ``language`` is not among ``date_words.LANGUAGES``.
    """
    listed = date_words(language)
    if listed is None or published_at is None or precision is None:
        return []
    grains = _COARSE.get(precision)
    quoted = _quoted(text)
    mentions = []
    for match in _matches(text, language=language):
        found = {
            _resolve(match, words=listed, published=day, tense=tense_of(text, match, words=listed))
            for day in _publication_days(published_at, precision=precision)
        }
        mention = found.pop() if len(found) == 1 else None
        if mention is None or (grains is not None and mention.precision not in grains):
            continue
        if match.groupdict().get("day") is None and any(start < match.start() < end for start, end in quoted):
            continue
        mentions.append(mention)
    return mentions


def period_of(match: re.Match[str], *, language: str, today: date) -> DateMention | None:
    """What a match of one of ``date_patterns`` means to someone who says it on the day ``today`` of what has been."""
    listed = date_words(language)
    return _resolve(match, words=listed, published=today, tense="past") if listed else None


def _matches(text: str, *, language: str) -> list[re.Match[str]]:
    """All matches; of two that overlap the one whose pattern comes first."""
    taken: list[re.Match[str]] = []
    covered = bytearray(len(text))
    for pattern in date_patterns(language):
        for match in pattern.finditer(text):
            if match[0] and not any(covered[match.start() : match.end()]):
                covered[match.start() : match.end()] = b"\1" * len(match[0])
                taken.append(match)
    return sorted(taken, key=lambda match: match.start())


def _publication_days(published_at: datetime, *, precision: Precision) -> Sequence[date]:
    at = published_at.astimezone(UTC)
    day = at.date()
    if precision not in {"minute", "second"}:
        return [day]
    if at.hour >= _LATE_HOUR:
        return [day, plus_days(day, 1)]
    return [day, plus_days(day, -1)] if at.hour < _EARLY_HOUR else [day]


def _resolve(match: re.Match[str], *, words: DateWords, published: date, tense: Tense | None) -> DateMention | None:
    try:
        span = days_of(match, words=words, published=published, tense=tense)
    except (ValueError, OverflowError):  # 30 February, year 10,000
        return None
    if span is None:
        return None
    first, last, grain = span
    return DateMention(match.start(), match.end(), first, last, grain)


def _quoted(text: str) -> list[tuple[int, int]]:
    """The stretches between quotation marks; one that is left open ends with its paragraph."""
    spans = []
    position = 0
    while position < len(text):
        closing = _QUOTES.get(text[position])
        if closing:
            end = text.find(closing, position + 1)
            paragraph = text.find("\n\n", position + 1)
            stop = min(found for found in (end, paragraph, len(text)) if found >= 0)
            if stop > position + 1:
                spans.append((position, stop))
            position = stop
        position += 1
    return spans
