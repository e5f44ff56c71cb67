"""The numbers and dates that a text states, in forms that can be compared across languages.

"25.000", "25,000", "25 Tausend" and "twenty-five thousand" are one number; "28. Februar", "Feb. 28", "2023-02-28" and, in an article of
that week, "Tuesday" one date. Words are known for English, German, French, Spanish and Russian, months and weekdays (CLDR by Babel) in all
languages. Not here: which of them a sentence must have (``agreement.py``).
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
    from collections.abc import Iterator, Sequence

    from vectorstore.types import Article

_SPACE = r"[ \u00a0\u2009\u202f]"
_FIGURE = re.compile(
    r"(?<![\w.,])(?<![^\W\d_][-‑–+])(?<!\d\+)(?:\d{1,3}(?:[.,'’\u00a0\u2009\u202f ]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?)(?![\d])"
)
_WORD = re.compile(r"[^\W\d_]+(?:[-‑][^\W\d_]+)*")
_AND = re.compile(r"\s+(?:(?:and|et|y)\s+)?")
_TIME = re.compile(
    rf"(?<![\d.,:])(?P<hour>[01]?\d|2[0-4])(?:(?:[:.]|{_SPACE}?h{_SPACE}?)(?P<minute>[0-5]\d))?{_SPACE}?"
    r"(?P<mark>[ap]\.?\s?m\b\.?|uhr\b|heures?\b|h\b|o['’]clock|horas\b|часов\b|час[ау]?\b|GMT\b)?",
    re.IGNORECASE,
)
_NIGHT_HALF = re.compile(r"p\.?\s?m|abend|nachmittag|soir|après-midi|tarde|noche|вечера|дня|evening|afternoon", re.IGNORECASE)
_ISO = re.compile(r"(?<!\d)((?:1[5-9]|20)\d\d)-(\d\d)-(\d\d)(?!\d)")
_NUMERIC_DATE = re.compile(r"(?<![\d.,])(\d{1,2})([./])\s?(\d{1,2})\2\s?((?:1[5-9]|20)\d\d)?(?!\d)")
_YEAR = r"(?:1[5-9]|20)\d\d"
_DAY = r"\d{1,2}"
_ENDING = r"(?:\.|st|nd|rd|th|er|º|°)?"
_YEAR_RANGE = range(1500, 2101)
_NEAR = timedelta(days=8)
"""A bare weekday is one of the days around publication."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number at ``text[start:end]``: the values that it may mean and its unit.

    Units: ``"%"``, a currency's code, ``"time"`` (minutes since midnight), ``"share"`` (a fraction in words, 0 to 1), ``"times"``
    (doubled: 2) or ``""``. ``counts`` is what stands behind it, up to the next sign: the things that are counted.
    """

    text: str
    start: int
    end: int
    values: frozenset[float]
    unit: str
    counts: str

    def same_as(self, other: Number) -> bool:
        """Whether both may mean the same."""
        if self.unit in {"share", "%"} and other.unit in {"share", "%"} and self.unit != other.unit:
            return any(abs(mine - theirs) < 1 for mine in self.percent for theirs in other.percent)
        if not self.rivals(other):
            return False
        return any(abs(mine - theirs) <= 1e-9 * max(1.0, abs(mine)) for mine in self.values for theirs in other.values)

    def rivals(self, other: Number) -> bool:
        """Whether both say how much of the same: one can stand in for the other. An unnamed unit may be any amount's."""
        special = {"time", "share", "times"}
        if self.unit in special or other.unit in special:
            return self.unit == other.unit
        return self.unit == other.unit or not (self.unit and other.unit)

    @property
    def percent(self) -> list[float]:
        """Its values in percent, of a share or a percentage."""
        return [value * 100 if self.unit == "share" else value for value in self.values]

    @property
    def is_year(self) -> bool:
        """Whether it looks like a year."""
        return not self.unit and self.text.isdecimal() and any(value in _YEAR_RANGE for value in self.values)


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


@lru_cache(maxsize=4_000)
def find_numbers(text: str, *, language: str) -> tuple[Number, ...]:
    """The numbers that ``text`` states outside its dates, in their order; those that are part of a name ("G20") are not.

    "One" and ordinals in words are none, for as articles and in figures of speech they count nothing.
    """
    covered = [(day.start, day.end) for day in find_days(text, language=language)]
    found: list[Number] = []
    for number in (
        *_times(text),
        *_figures(text, language=language),
        *_shares(text, language=language),
        *_spelled_out(text, language=language),
    ):
        if not any(number.start < end and start < number.end for start, end in covered):
            found.append(number)
            covered.append((number.start, number.end))
    return tuple(sorted(found, key=lambda number: number.start))


# --- numbers


def _figures(text: str, *, language: str) -> Iterator[Number]:
    for match in _FIGURE.finditer(text):
        values = _figure_values(match.group(), language=language)
        if values:
            yield _with_unit(text, match.start(), match.end(), values, language=language, figure=True)


def _figure_values(figure: str, *, language: str) -> set[float]:
    plain = re.sub(rf"{_SPACE}|['’]", "", figure)
    marks = [char for char in plain if char in ".,"]
    if not marks:
        return {float(plain)}
    last = marks[-1]
    tail = plain.rsplit(last, 1)[1]
    whole = float(re.sub(r"[.,]", "", plain))
    split = float(re.sub(r"[.,]", "", plain[: -len(tail) - 1]) + "." + tail)
    if len(set(marks)) == 2:
        return {split}
    if len(marks) > 1:
        return {whole}
    if len(tail) == 3 and plain[0] != "0":  # "25.000": by the language, and what is usual elsewhere is possible too
        return {whole, split} if last != numerals.group_mark(language) else {whole}
    return {split}


def _spelled_out(text: str, *, language: str) -> Iterator[Number]:
    words = numerals.words_of(language)
    if not words:
        return
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(text):
        if numerals.parts(match.group(), language=language) is None:
            continue
        if run and not _AND.fullmatch(text, run[-1].end(), match.start()):
            yield from _from_words(text, run, language=language)
            run = []
        run.append(match)
    if run:
        yield from _from_words(text, run, language=language)


def _shares(text: str, *, language: str) -> Iterator[Number]:
    before: re.Match[str] | None = None
    for match in _WORD.finditer(text):
        form = fold_accents(normalise(match.group()))
        share, times = numerals.share(form, language=language), numerals.times(form, language=language)
        if times is not None:
            yield Number(match.group(), *match.span(), frozenset({times}), "times", "")
        elif share is not None:
            counted = numerals.parts(before.group(), language=language) if before else None
            if before and counted and counted[0] > 1 and text[before.end() : match.start()].isspace():
                yield Number(
                    text[before.start() : match.end()], before.start(), match.end(), frozenset({counted[0] * share}), "share", ""
                )
            elif _is_share(text, match):
                yield Number(match.group(), *match.span(), frozenset({share}), "share", "")
        before = match


def _is_share(text: str, match: re.Match[str]) -> bool:
    """Whether "third" is a fraction: behind an article or a number, and not before what it could count off ("the third goal")."""
    before = re.search(r"([^\W_]+)\s+$", text[: match.start()])
    certain = fold_accents(normalise(match.group())) in numerals.CERTAIN_SHARES
    return certain or bool(before and fold_accents(normalise(before[1])) in numerals.BEFORE_SHARES)


def _from_words(text: str, run: Sequence[re.Match[str]], *, language: str) -> Iterator[Number]:
    value = numerals.value([match.group() for match in run], language=language)
    if value is not None:
        yield _with_unit(text, run[0].start(), run[-1].end(), {value}, language=language, figure=False)


def _with_unit(text: str, start: int, end: int, values: set[float], *, language: str, figure: bool) -> Number:
    unit = ""
    if figure:
        behind = re.match(rf"{_SPACE}?([^\W\d_]+\.?)", text[end : end + 24])
        scale = numerals.scale(behind[1], language=language, glued=behind[0][0].isalpha()) if behind else None
        second = re.match(rf"{_SPACE}?[^\W\d_]+\s+([^\W\d_]+)", text[end : end + 40]) if scale == 1e3 else None
        if behind and scale:
            end += behind.end()
            if second and numerals.scale(second[1], language=language, glued=False) == 1e6:  # "seis mil millones"
                scale, end = 1e9, end - behind.end() + second.end()
            values = {round(value * scale, 6) for value in values}
    before = re.search(r"(US\$|[$€£¥₽₹])\s?$", text[max(0, start - 5) : start])
    if before:
        start -= len(before[0])
        unit = numerals.SIGNS[before[1]]
    behind = re.match(r"[\s‑-]{0,2}(?:(?:de|d['’])\s?)?(%|[$€£¥₽₹]|[^\W\d_]+(?:\s?cent\b)?)", text[end : end + 28])
    named = numerals.unit(behind[1], language=language) if behind else ""
    if behind and named:
        unit, end = unit or named, end + behind.end()
    counts = re.match(r"[^.,;:!?()–—\n]*", text[end : end + 60])
    return Number(text[start:end], start, end, frozenset(values), unit, counts[0] if counts else "")


def _times(text: str) -> Iterator[Number]:
    for match in _TIME.finditer(text):
        if not match["mark"] and not (match["minute"] and re.search("[:hH]", match.group())):
            continue
        minutes = int(match["hour"]) * 60 + int(match["minute"] or 0)
        around = (match["mark"] or "") + text[match.end() : match.end() + 14]
        mark = (match["mark"] or "").casefold()
        halves = {minutes % 1440}
        if minutes < 720 and _NIGHT_HALF.search(around):
            halves = {minutes + 720}
        elif minutes < 780 and not mark.startswith(("a", "uhr", "g")):
            halves |= {minutes + 720}
        elif mark.startswith("a") and minutes >= 720:
            halves = {minutes - 720}
        yield Number(match.group().strip(), match.start(), match.end(), frozenset(map(float, halves)), "time", "")


# --- dates


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
        # "may" and "march" are months with a capital only; other languages write all months small.
        if month is None or (language == "en" and match["month"][0].islower()):
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
