"""The dates that a text states, in forms that can be compared across languages.

"28. Februar", "Feb. 28", "2023-02-28" and, in an article of that week, "Tuesday" are one date. Months and weekdays are known in all languages
(CLDR by Babel), words like "yesterday" and seasons in English, German, French, Spanish and Russian. Not here: what dates mean to readers
(``ingest/relative_dates.py`` resolves them more strictly, for showing), numbers (``quantities.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from assistant import numerals
from vectorstore.languages import fold_accents, normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vectorstore.types import Article

_WORD = re.compile(r"[^\W\d_]+(?:[-‑][^\W\d_]+)*")
_ISO = re.compile(r"(?<!\d)((?:1[5-9]|20)\d\d)-(\d\d)-(\d\d)(?!\d)")
_NUMERIC_DATE = re.compile(r"(?<![\d.,])(\d{1,2})([./])\s?(\d{1,2})\2\s?((?:1[5-9]|20)\d\d)?(?!\d)")
_YEAR = r"(?:1[5-9]|20)\d\d"
_DAY = r"\d{1,2}"
_ENDING = r"(?:\.|st|nd|rd|th|er|º|°)?"
_BEFORE_MONTH = re.compile(
    r"\b(?:in|of|since|until|till|by|from|to|last|next|this|early|late|mid|between|and|before|after|during)[ -]$", re.IGNORECASE
)
_NEAR = timedelta(days=8)
"""A bare weekday is one of the days around publication."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date at ``text[start:end]``, as far as it is said: ``weekday`` from 0 for Monday, ``offset`` in days from publication.

    ``season`` is 0 for spring to 3 for winter.
    """

    text: str
    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    offset: int | None = None
    season: int | None = None

    def same_as(self, other: Day, *, published: date | None) -> bool:
        """Whether ``other``, as an article of that date says it, is this date or says it more exactly."""
        if self.season is not None or other.season is not None:
            return self.season == other.season and (self.year is None or other.year is None or self.year == other.year)
        if self.month is not None and other.month is not None:
            years = self.year is None or other.year is None or self.year == other.year
            far = published and other.year is None and self.year is not None and abs(self.year - published.year) > 1
            return self.month == other.month and self.day in {None, other.day} and years and not far
        if self.month is None and other.month is None and self.weekday is not None and other.weekday is not None:
            return self.weekday == other.weekday
        mine, theirs = self.resolved(published), other.resolved(published)
        if self.month is not None and self.day is None:
            return any(self.month == day.month and self.year in {None, day.year} for day in theirs)
        return bool(mine & theirs)

    def resolved(self, published: date | None) -> set[date]:
        """The days that it may be, by the date of publication; none where that cannot be told."""
        if self.month is not None and self.day is not None:
            years = [self.year] if self.year else [published.year + step for step in (-1, 0, 1)] if published else []
            return {found for year in years if (found := _date(year, self.month, self.day))}
        if published is None:
            return set()
        if self.offset is not None:
            return {published + timedelta(days=self.offset)}
        if self.weekday is not None:
            days = (published + timedelta(days=step) for step in range(-_NEAR.days, _NEAR.days + 1))
            return {day for day in days if day.weekday() == self.weekday}
        return set()


def publication_day(article: Article) -> date | None:
    """The day on which an article appeared, where it is known that exactly."""
    published: datetime | None = article.published_at
    return published.astimezone(UTC).date() if published and article.published_precision not in {"year", "month"} else None


@lru_cache(maxsize=4_000)
def find_days(text: str, *, language: str) -> tuple[Day, ...]:
    """The dates that ``text`` states, in their order; times of day and bare years are numbers."""
    found: list[Day] = []
    for candidates in (_iso_days(text), _named_days(text, language=language), _single_words(text, language=language)):
        for candidate in candidates:
            span = (candidate.start, candidate.end)
            if not any(span[0] < other.end and other.start < span[1] and span != (other.start, other.end) for other in found):
                found.append(candidate)
    return tuple(sorted(found, key=lambda day: day.start))


def _iso_days(text: str) -> Iterator[Day]:
    for match in _ISO.finditer(text):
        if _date(int(match[1]), int(match[2]), int(match[3])):
            yield Day(match.group(), *match.span(), int(match[1]), int(match[2]), int(match[3]))
    for match in _NUMERIC_DATE.finditer(text):
        day, month = int(match[1]), int(match[3])
        if 1 <= month <= 12 and 1 <= day <= 31:
            yield Day(match.group(), *match.span(), int(match[4]) if match[4] else None, month, day)


def _named_days(text: str, *, language: str) -> Iterator[Day]:
    pattern, months = _month_pattern(language)
    if not months:
        return
    for match in pattern.finditer(text):
        month = months.get(_calendar_form(match["month"]))
        if month is None or (language == "en" and month in {3, 5} and not _is_english_month(text, match)):
            continue
        # "23 or 24 August": each day is a date of its own.
        listed = (
            [int(day) for day in re.findall(_DAY, match["days"] or "")] or [int(match["after"])]
            if (match["days"] or match["after"])
            else [None]
        )
        year = int(match["year"]) if match["year"] else None
        for day in listed:
            yield Day(match.group().strip(), *match.span(), year, month, day)


def _is_english_month(text: str, match: re.Match[str]) -> bool:
    """Whether "May" or "March" is the month: with a capital, and beside a day, a year or a word that goes with months."""
    if match["month"][0].islower():
        return False
    beside = match["days"] or match["after"] or match["year"]
    return bool(beside or _BEFORE_MONTH.search(text[: match.start("month")]))


def _single_words(text: str, *, language: str) -> Iterator[Day]:
    weekdays, relative, seasons = _weekdays(language), numerals.RELATIVE.get(language, {}), numerals.SEASONS.get(language, {})
    for match in _WORD.finditer(text):
        form = _calendar_form(match.group())
        if form in weekdays:
            yield Day(match.group(), *match.span(), weekday=weekdays[form])
        elif form in relative and not _is_part_of_day(text, match):
            yield Day(match.group(), *match.span(), offset=relative[form])
        elif (
            season := next((seasons[name] for name in seasons if form.startswith(name) and len(form) - len(name) <= 2), None)
        ) is not None:
            if form == "ete" and not re.search(r"(?:\ben|\bcet|\bl['’]|\bd['’]|\bchaque)\s*$", text[: match.start()]):
                continue  # the participle
            year = re.match(rf"\s+(?:de\s+|года\s+)?({_YEAR})(?!\d)", text[match.end() : match.end() + 12])
            yield Day(match.group(), *match.span(), int(year[1]) if year else None, season=season)


def _is_part_of_day(text: str, match: re.Match[str]) -> bool:
    """Whether a word for tomorrow is one for the morning here: "am Morgen", "por la mañana"."""
    if match.group()[0].isupper() and match.start() and not re.search(r"[.!?„“\"]\s*$", text[: match.start()]):
        return True
    return bool(re.search(r"\bla\s$", text[: match.start()]))


@cache
def _month_pattern(language: str) -> tuple[re.Pattern[str], dict[str, int]]:
    months = _months(language)
    names = "|".join(sorted((re.escape(name) for name in months), key=len, reverse=True)) or r"(?!)"
    of = r"\s*(?:de\s+|of\s+|del\s+)?"
    pattern = re.compile(
        rf"(?<![\w])(?:(?<![\d.,])(?P<days>{_DAY}{_ENDING}(?:\s*(?:,|und|and|or|oder|et|ou|y|o|и|или|bis|to|[-–])\s*{_DAY}{_ENDING})*){of})?"
        rf"(?P<month>{names})(?!\w)\.?(?:\s(?P<after>{_DAY})(?:st|nd|rd|th)?(?![\d.,:]?\d))?(?:,?{of}(?P<year>{_YEAR})(?!\d))?",
        re.IGNORECASE,
    )
    return pattern, {_calendar_form(name): month for name, month in months.items()}


@cache
def _months(language: str) -> dict[str, int]:
    """The names of the months as they are written in a language → 1 to 12."""
    tables = _calendar_tables(language, "months")
    found = {name.rstrip("."): month for table in tables for month, name in table.items() if len(name.rstrip(".")) >= 3}
    extra = {"jänner": 1, "feber": 2} if language == "de" else {"sept": 9} if language == "en" else {}
    if language == "ru":  # "в сентябре"
        extra = {f"{name[:-1]}е": month for name, month in found.items() if name.endswith(("я", "а"))}
    return {**found, **extra}


@cache
def _weekdays(language: str) -> dict[str, int]:
    """The names of the weekdays → 0 to 6; German compounds too ("Dienstagmorgen")."""
    days = {
        _calendar_form(name): day for table in _calendar_tables(language, "days") for day, name in table.items() if len(name) >= 4
    }
    if language == "de":
        days["sonnabend"] = 5
        parts = ("morgen", "vormittag", "mittag", "nachmittag", "abend", "nacht", "fruh", "s")
        days.update({name + part: day for name, day in list(days.items()) for part in parts})
    if language == "en":  # "on Mondays and Fridays"
        days.update({f"{name}s": day for name, day in list(days.items())})
    if language == "ru":
        days.update(
            {"среду": 2, "пятницу": 4, "субботу": 5, "вторника": 1, "четверга": 3, "понедельника": 0, "среды": 2, "пятницы": 4}
        )
    return {_calendar_form(name): day for name, day in days.items()}


def _calendar_tables(language: str, kind: str) -> list[dict[int, str]]:
    from babel import Locale, UnknownLocaleError

    try:
        contexts = getattr(Locale.parse(language), kind)
    except (UnknownLocaleError, ValueError):
        return []
    widths = ("wide", "abbreviated") if kind == "months" else ("wide",)
    return [dict(contexts[context][width]) for context in contexts for width in widths if width in contexts[context]]


def _calendar_form(name: str) -> str:
    return fold_accents(normalise(name)).rstrip(".")


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
