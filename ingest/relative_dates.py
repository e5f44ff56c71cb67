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
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeVar

from ingest.date_words import date_patterns, date_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.date_words import DateWords, Tense, Unit, Which
    from vectorstore.types import Precision

Grain = Literal["day", "weekend", "week", "part of month", "month", "year"]
_LATE_HOUR, _EARLY_HOUR = 21, 6
"""From the one to the other (UTC) newsrooms in Europe and the Americas may write another day than UTC's."""
_REACH = 12
"""Characters before a date within which "until" belongs to it."""
_NEAR = 45
_FAR = 183
"""Days: of a date without year and tense the next or last one is meant where one is near and the other is far."""
_COARSE: Mapping[str, frozenset[str]] = {
    "month": frozenset({"month", "year"}),
    "year": frozenset({"year"}),
}
_Value = TypeVar("_Value")
_STEPS: Mapping[Which, int] = {"past": -1, "last": -1, "this": 0, "next": 1, "coming": 1}
_SENTENCE = 400
"""Characters around a date that are read for its tense at most."""
_SENTENCE_END = re.compile(r"(?<!\d)(?<!\b\w\w)(?<!\b\w\w\w)[.](?=\s|[\"”“»])|[!?](?=\s|[\"”“»])|\n\s*\n")
_UNTIL = re.compile(r"\b(?:until|till|by|before|for|bis|vor|für|auf)(?: the| zum| dem| den| in)? $", re.IGNORECASE)
_UNTIL_WITHIN = re.compile(r"(?:until|till|by|bis)\b", re.IGNORECASE)
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
            _resolve(match, words=listed, published=day, tense=_tense(text, match, words=listed))
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
        return [day, _plus(day, 1)]
    return [day, _plus(day, -1)] if at.hour < _EARLY_HOUR else [day]


def _resolve(match: re.Match[str], *, words: DateWords, published: date, tense: Tense | None) -> DateMention | None:
    try:
        span = _days(_Found(match, words), published=published, tense=tense)
    except (ValueError, OverflowError):  # 30 February, year 10,000
        return None
    if span is None:
        return None
    first, last, grain = span
    return DateMention(match.start(), match.end(), first, last, grain)


class _Found:
    """The groups of a match as values; each is None where the pattern has no such group."""

    def __init__(self, match: re.Match[str], words: DateWords) -> None:
        groups = {name: value for name, value in match.groupdict().items() if value}
        self.weekday = _index(words.weekdays, groups.get("weekday"))
        self.month = _index(words.months, groups.get("month"))
        self.day = int(groups["day"]) if "day" in groups else None
        self.offset = _value(words.offsets, groups.get("offset"))
        self.which = _value(words.which, groups.get("which"))
        self.which_week = _value(words.which, groups.get("whichweek"))
        self.which_year = _value(words.which, groups.get("whichyear"))
        self.unit = _value(words.units, groups.get("unit"))
        self.part = _value(words.parts, groups.get("part"))
        count = groups.get("count")
        self.count = int(count) if count and count.isdecimal() else _plus_one(_index(words.counts, count))
        self.since = "anchor" in groups


_Days = tuple[date, date, Grain]


def _days(found: _Found, *, published: date, tense: Tense | None) -> _Days | None:
    if found.offset is not None:
        day = _plus(published, found.offset)
        return day, day, "day"
    if found.day is not None and found.month is not None:
        return _day_of_month(found, published=published, tense=tense)
    if found.weekday is not None:
        return _weekday(found, published=published, tense="past" if found.since else tense)
    if found.count is not None and found.unit is not None:
        return _ago(found.count, found.unit, published=published)
    if found.month is not None:
        return _month(found, published=published, tense="past" if found.since else tense)
    if found.unit is not None:
        return _unit(found.unit, found.which, published=published, tense=tense)
    return None


def _day_of_month(found: _Found, *, published: date, tense: Tense | None) -> _Days | None:
    """A day and month without a year: told by its weekday, by the tense, or by being near."""
    if found.month is None or found.day is None:
        return None
    candidates = [
        date(year, found.month + 1, found.day)
        for year in range(published.year - 4, published.year + 5)
        if found.day <= monthrange(year, found.month + 1)[1]
    ]
    candidates = [day for day in candidates if abs((day - published).days) <= 366]
    if found.weekday is not None:
        candidates = [day for day in candidates if day.weekday() == found.weekday and abs((day - published).days) <= _FAR]
        return (candidates[0], candidates[0], "day") if len(candidates) == 1 else None
    candidates.sort(key=lambda day: abs((day - published).days))
    if not candidates:
        return None
    nearest = candidates[0]
    distance = (nearest - published).days
    told = tense is None or distance == 0 or (distance < 0) == (tense == "past")
    near_enough = abs(distance) <= (_NEAR if tense is None else _FAR)
    return (nearest, nearest, "day") if told and near_enough else None


def _weekday(found: _Found, *, published: date, tense: Tense | None) -> _Days | None:
    if found.weekday is None:
        return None
    monday = _plus(published, -published.weekday())
    back = (published.weekday() - found.weekday) % 7
    last, coming = _plus(published, -(back or 7)), _plus(published, 7 - back)
    this = _plus(monday, found.weekday)
    day: date | None
    if found.which_week is not None:
        day = _plus(this, 7 * _STEPS[found.which_week])
    elif found.which is not None:
        day = {
            "past": last,
            "last": last if last < monday else None,
            "this": this if tense is None or this == published or (this < published) == (tense == "past") else None,
            "next": coming if coming >= _plus(monday, 7) else None,
            "coming": coming,
        }[found.which]
    elif tense == "past":
        day = _plus(published, -back)
    elif tense == "future":
        day = coming if back else None
    else:
        day = None
    return (day, day, "day") if day else None


def _ago(count: int, unit: Unit, *, published: date) -> _Days | None:
    if unit == "day":
        day = _plus(published, -count)
        return day, day, "day"
    if unit == "week":
        return _week(published, -count)
    if unit == "month":
        return _months(published, -count)
    if unit == "year":
        return date(published.year - count, 1, 1), date(published.year - count, 12, 31), "year"
    return None


def _month(found: _Found, *, published: date, tense: Tense | None) -> _Days | None:
    if found.month is None:
        return None
    ahead = (found.month + 1 - published.month) % 12
    which = found.which
    if found.which_year is not None:
        year = published.year + _STEPS[found.which_year]
    elif which in {"past", "last"} or (which is None and tense == "past"):
        year = published.year - (found.month + 1 > published.month or (which is not None and ahead == 0))
    elif which in {"next", "coming"} or (which is None and tense == "future"):
        year = published.year + (found.month + 1 < published.month or (which is not None and ahead == 0))
    elif which == "this":
        year = published.year
    else:
        return None
    first, last = date(year, found.month + 1, 1), date(year, found.month + 1, monthrange(year, found.month + 1)[1])
    if found.part is None:
        return first, last, "month"
    begins, ends = {"early": (1, 10), "mid": (11, 20), "late": (21, last.day)}[found.part]
    return first.replace(day=begins), first.replace(day=ends), "part of month"


def _unit(unit: Unit, which: Which | None, *, published: date, tense: Tense | None) -> _Days | None:
    if which is None and tense is None:
        return None
    which = which or ("past" if tense == "past" else "coming")
    step = _STEPS[which]
    if unit == "week":
        return _week(published, step)
    if unit == "month":
        return _months(published, step)
    if unit == "year":
        return date(published.year + step, 1, 1), date(published.year + step, 12, 31), "year"
    if unit == "weekend":
        # On a weekend "last" and "next" may mean this one.
        if published.weekday() >= 5 and step:
            return None
        saturday = _plus(published, 5 - published.weekday() + (-7 if step < 0 else 0))
        return saturday, _plus(saturday, 1), "weekend"
    return None


def _week(published: date, step: int) -> _Days:
    monday = _plus(published, 7 * step - published.weekday())
    return monday, _plus(monday, 6), "week"


def _months(published: date, step: int) -> _Days:
    years, month = divmod(published.year * 12 + published.month - 1 + step, 12)
    return date(years, month + 1, 1), date(years, month + 1, monthrange(years, month + 1)[1]), "month"


def _tense(text: str, match: re.Match[str], *, words: DateWords) -> Tense | None:
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


def _plus(day: date, days: int) -> date:
    return day + timedelta(days=days)


def _plus_one(index: int | None) -> int | None:
    return None if index is None else index + 1


def _index(patterns: Sequence[str], value: str | None) -> int | None:
    return next((index for index, pattern in enumerate(patterns) if value and re.fullmatch(pattern, value, re.IGNORECASE)), None)


def _value(patterns: Mapping[str, _Value], value: str | None) -> _Value | None:
    return next((known for pattern, known in patterns.items() if value and re.fullmatch(pattern, value, re.IGNORECASE)), None)
