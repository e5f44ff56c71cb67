"""Words of a date, seen from one day → the calendar days that they mean: "next Tuesday", "3 March", "two weeks ago".

Weeks begin on Monday. What has two readings has none. Not here: finding such words in a text (``relative_dates.py``), the words (``date_words.py``).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.date_words import DateWords, Tense, Unit, Which

Grain = Literal["day", "weekend", "week", "part of month", "month", "year"]
_NEAR = 45
_FAR = 183
"""Days: of a date without year and tense the next or last one is meant where one is near and the other is far."""
_Value = TypeVar("_Value")
_STEPS: Mapping[Which, int] = {"past": -1, "last": -1, "this": 0, "next": 1, "coming": 1}


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


Days = tuple[date, date, Grain]


def days_of(match: re.Match[str], *, words: DateWords, published: date, tense: Tense | None) -> Days | None:
    """The first and last of the days that a match of one of ``date_patterns`` means to someone who writes on the day ``published``.

    None where it may mean several, or ``tense`` would be needed to tell.

    Raises:
        ValueError, OverflowError: there is no such day.
    """
    found = _Found(match, words)
    if found.offset is not None:
        day = plus_days(published, found.offset)
        return day, day, "day"
    if found.day is not None and found.month is not None:
        return _day_of_month(found, published=published, tense=tense)
    if found.weekday is not None:
        return _weekday(found, published=published, tense="past" if found.since else tense)
    if found.count is not None and found.unit is not None:
        return _stepped(found.unit, -found.count, published=published)
    if found.month is not None:
        return _month(found, published=published, tense="past" if found.since else tense)
    if found.unit is not None:
        return _unit(found.unit, found.which, published=published, tense=tense)
    return None


def _day_of_month(found: _Found, *, published: date, tense: Tense | None) -> Days | None:
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


def _weekday(found: _Found, *, published: date, tense: Tense | None) -> Days | None:
    if found.weekday is None:
        return None
    monday = plus_days(published, -published.weekday())
    back = (published.weekday() - found.weekday) % 7
    last, coming = plus_days(published, -(back or 7)), plus_days(published, 7 - back)
    this = plus_days(monday, found.weekday)
    day: date | None
    if found.which_week is not None:
        day = plus_days(this, 7 * _STEPS[found.which_week])
    elif found.which is not None:
        day = {
            "past": last,
            "last": last if last < monday else None,
            "this": this if tense is None or this == published or (this < published) == (tense == "past") else None,
            "next": coming if coming >= plus_days(monday, 7) else None,
            "coming": coming,
        }[found.which]
    elif tense == "past":
        day = plus_days(published, -back)
    elif tense == "future":
        day = coming if back else None
    else:
        day = None
    return (day, day, "day") if day else None


def _stepped(unit: Unit, step: int, *, published: date) -> Days | None:
    """The day, week, month or year so many before or after that of ``published``."""
    if unit == "day":
        day = plus_days(published, step)
        return day, day, "day"
    if unit == "week":
        monday = plus_days(published, 7 * step - published.weekday())
        return monday, plus_days(monday, 6), "week"
    if unit == "month":
        years, month = divmod(published.year * 12 + published.month - 1 + step, 12)
        return date(years, month + 1, 1), date(years, month + 1, monthrange(years, month + 1)[1]), "month"
    if unit == "year":
        return date(published.year + step, 1, 1), date(published.year + step, 12, 31), "year"
    return None


def _month(found: _Found, *, published: date, tense: Tense | None) -> Days | None:
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


def _unit(unit: Unit, which: Which | None, *, published: date, tense: Tense | None) -> Days | None:
    if unit == "day" or (which is None and tense is None):
        return None
    step = _STEPS[which or ("past" if tense == "past" else "coming")]
    if unit != "weekend":
        return _stepped(unit, step, published=published)
    # On a weekend "last" and "next" may mean this one.
    if published.weekday() >= 5 and step:
        return None
    saturday = plus_days(published, 5 - published.weekday() + (-7 if step < 0 else 0))
    return saturday, plus_days(saturday, 1), "weekend"


def plus_days(day: date, days: int) -> date:
    """``day`` and so many more."""
    return day + timedelta(days=days)


def _plus_one(index: int | None) -> int | None:
    return None if index is None else index + 1


def _index(patterns: Sequence[str], value: str | None) -> int | None:
    return next((index for index, pattern in enumerate(patterns) if value and re.fullmatch(pattern, value, re.IGNORECASE)), None)


def _value(patterns: Mapping[str, _Value], value: str | None) -> _Value | None:
    return next((known for pattern, known in patterns.items() if value and re.fullmatch(pattern, value, re.IGNORECASE)), None)
