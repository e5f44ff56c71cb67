"""A question's time becomes a filter on publication dates, where it is about what was reported when and not part of the fact asked for.

What becomes a filter, and only this:

- "since last week", "seit dem 1. März 2023": nothing older can tell; a date needs its year, or a word that counts from today;
- "as of 1 March", "Stand 1. März": nothing younger was known;
- a time that counts from today ("yesterday", "letzte Woche", "two days ago"): nothing older can tell;
- any time next to a word for reports ("articles from November", "published before 3 March", "Meldungen vom 5. März 2023", "yesterday's news");
- any time of a question that asks for nothing else ("What happened between 1 and 5 March 2023?").

All else stays in the question's words: "the 2022 World Cup", "Who won the election in November?", and the date of a "when". Pure: the day that
counts as today is given. Not here: dates in articles (``ingest/relative_dates.py``), applying filters (``vectorstore/search.py``).
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal

from assistant.questions import answer_kind
from ingest.date_words import date_patterns, date_words
from ingest.relative_dates import period_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vectorstore.types import Filters

Bound = Literal["since", "after", "until", "before", "as of", "within"]


@dataclass(frozen=True, slots=True)
class Period:
    """Days of publication, inclusive, and the words ``question[start:end]`` that say so."""

    since: date | None
    until: date | None
    text: str
    start: int
    end: int

    def applied(self, filters: Filters) -> Filters:
        """``filters`` with this period."""
        return replace(filters, since=self.since, until=self.until)

    def removed(self, question: str) -> str:
        """``question`` without the words of the period, for they are not in the articles."""
        rest = f"{question[: self.start].rstrip()} {question[self.end :].lstrip()}"
        return re.sub(r"[\s,]+(?=[?.!;:…])", "", rest).strip(" ,")


@dataclass(frozen=True, slots=True)
class _Cues:
    """A language's words: before a time, for reports, and of a question that asks for nothing but what happened."""

    bounds: tuple[tuple[str, Bound], ...]
    reports: str
    open_question: str
    range_words: tuple[str, str]


_CUES = {
    "en": _Cues(
        bounds=(
            (r"since", "since"), (r"as of|as at", "as of"), (r"after", "after"), (r"before", "before"), (r"until|till|up to", "until"),
            (r"in|on|during|from|of", "within"),
        ),
        reports=r"articles?|reports?|reported|reporting|news|stories|coverage|headlines?|published|written",
        open_question=r"what(?:['’]s| is| was| has| have)? (?:happen(?:ed|s|ing)?|been happening|new|the news|going on|changed)\b",
        range_words=(r"between|from", r"and|to|until"),
    ),
    "de": _Cues(
        bounds=(
            (r"seit(?: dem| der)?|ab(?: dem)?", "since"), (r"stand(?: vom)?|mit stand(?: vom)?", "as of"), (r"nach(?: dem)?", "after"), (r"vor(?: dem)?", "before"), (r"bis(?: zum)?", "until"),
            (r"im|in|in der|in diesem|am|vom|von|aus|aus dem", "within"),
        ),
        reports=r"artikeln?|berichten?|berichte[nt]?|berichtet|meldungen|nachrichten|schlagzeilen|veröffentlicht\w*|erschienen\w*|gemeldet",
        open_question=r"was (?:ist |war |hat sich |gibt es |gab es )?(?:passiert|passierte|geschah|geschehen|neues|los|verändert|getan)?",
        range_words=(r"zwischen(?: dem)?|vom", r"und(?: dem)?|bis(?: zum)?"),
    ),
}  # fmt: skip
_DE_OPEN = re.compile(r"\b(?:passiert|passierte|geschah|geschehen|neues|los|verändert|getan)\b", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’]s\b")
_YEAR = r"(?P<year>(?:19|20)\d\d)"


def question_period(question: str, *, language: str, today: date) -> Period | None:
    """The days of publication to which ``question`` limits the articles, or None where its times are part of what it asks."""
    cues = _CUES.get(language)
    reported = bool(cues and re.search(rf"\b(?:{cues.reports})\b", question, re.IGNORECASE))
    is_open = bool(cues and _is_open(question, cues, language=language))
    if answer_kind(question, language=language) in {"date", "year"} and not reported:
        return None
    for found in _times(question, language=language, today=today):
        bounds = _bounds(found, free=reported or is_open, today=today)
        if bounds:
            return Period(*bounds, question[found.start : found.end], found.start, found.end)
    return None


@dataclass(frozen=True, slots=True)
class _Time:
    """A time in a question with the word before it: its days, and whether it counts from today or names its year."""

    bound: Bound | None
    first: date
    last: date
    start: int
    end: int
    from_today: bool
    has_year: bool


def _is_open(question: str, cues: _Cues, *, language: str) -> bool:
    if not re.match(rf"\W*{cues.open_question}", question, re.IGNORECASE):
        return False
    return language != "de" or bool(_DE_OPEN.search(question))


def _bounds(found: _Time, *, free: bool, today: date) -> tuple[date | None, date | None] | None:
    """What a time means as a filter, None where it is part of the fact; ``free`` where nothing but reports is asked for."""
    if found.first > today:
        return None
    match found.bound:
        case "as of":
            return None, found.last
        case "since":
            return (found.first, None) if free or found.from_today or found.has_year else None
        case "after" if free:
            return found.last + timedelta(days=1), None
        case "before" if free:
            return None, found.first - timedelta(days=1)
        case "until" if free:
            return None, found.last
        case "within" | None if free:
            return found.first, found.last
        case "within" | None if found.from_today:
            return found.first, None
        case _:
            return None


def _times(question: str, *, language: str, today: date) -> Iterator[_Time]:
    cues = _CUES.get(language)
    if cues:
        yield from _ranges(question, language=language, today=today)
        for words, bound in cues.bounds:
            for before in re.finditer(rf"\b(?:{words})\s+", question, re.IGNORECASE):
                found = _time_at(question, before.end(), language=language, today=today)
                if found:
                    yield replace(found, bound=bound, start=before.start())
    bare = _POSSESSIVE.sub("  ", question)  # "yesterday's"
    for pattern in date_patterns(language):
        for match in pattern.finditer(bare):
            relative = _from_today(match, language=language, today=today)
            if relative:
                possessive = _POSSESSIVE.match(question, relative.end)
                yield replace(relative, end=possessive.end() if possessive else relative.end)


def _ranges(question: str, *, language: str, today: date) -> Iterator[_Time]:
    """Times with two ends: "between 1 and 5 March 2023", "vom 1. bis 5. März"."""
    first_word, second_word = _CUES[language].range_words
    for match in re.finditer(rf"\b(?:{first_word})\s+", question, re.IGNORECASE):
        joint = re.compile(rf"\s+(?:{second_word})\s+", re.IGNORECASE)
        bare = re.compile(r"(?P<day>\d{1,2})(?:\.|st|nd|rd|th)?(?=\s)").match(question, match.end())
        begun = _time_at(question, match.end(), language=language, today=today)
        between = joint.match(question, begun.end if begun else bare.end() if bare else match.end())
        ended = _time_at(question, between.end(), language=language, today=today) if between else None
        if not ended:
            continue
        try:
            first = begun.first if begun else ended.first.replace(day=int(bare["day"])) if bare else None
        except ValueError:
            continue
        if first and begun and not begun.has_year and first > ended.last:
            first = first.replace(year=ended.last.year)
        if first and first <= ended.last:
            yield replace(ended, bound="within", first=first, start=match.start())


def _time_at(question: str, position: int, *, language: str, today: date) -> _Time | None:
    """The time that begins right there: a date, a month or a year as written, or one that counts from today."""
    for pattern in _written(language):
        match = pattern.match(question, position)
        if match:
            days = _written_days(match, language=language, today=today)
            if days:
                return _Time(
                    None, *days, position, match.end(), from_today=False, has_year=bool(match["year"] and match.re.groups > 1)
                )
    for pattern in date_patterns(language):
        match = pattern.match(question, position)
        if match:
            return _from_today(match, language=language, today=today, weekdays=True)
    return None


def _from_today(match: re.Match[str], *, language: str, today: date, weekdays: bool = False) -> _Time | None:
    """A time that counts from today; a bare weekday or month only behind "since" and the like."""
    groups = {name for name, value in match.groupdict().items() if value}
    counts = bool(groups & {"offset", "count", "which", "whichweek"}) or (weekdays and groups <= {"weekday", "anchor"})
    if not counts or "month" in groups:
        return None
    mention = period_of(match, language=language, today=today)
    if mention is None:
        return None
    return _Time(None, mention.first, mention.last, match.start(), match.end(), from_today=True, has_year=False)


@cache
def _written(language: str) -> tuple[re.Pattern[str], ...]:
    words = date_words(language)
    month = rf"(?P<month>{'|'.join(words.months)})" if words else r"(?P<month>(?!))"
    day = r"(?:the )?(?P<day>\d{1,2})(?:\.|st|nd|rd|th)?"
    listed = (
        r"(?P<year>(?:19|20)\d\d)-(?P<number>\d\d)-(?P<day>\d\d)",
        rf"(?P<day>\d{{1,2}})\.\s?(?P<number>\d{{1,2}})\.\s?{_YEAR}",
        rf"{day} (?:of )?{month}(?:,? {_YEAR})?",
        rf"{month} {day}(?:,? {_YEAR})?",
        rf"(?:the )?{month}(?:,?(?: of)? {_YEAR})?",
        rf"{_YEAR}",
    )
    return tuple(re.compile(rf"{pattern}(?![\w-]|\.\d)", re.IGNORECASE) for pattern in listed)


def _written_days(match: re.Match[str], *, language: str, today: date) -> tuple[date, date] | None:
    groups = match.groupdict()
    words = date_words(language)
    month = int(groups["number"]) if groups.get("number") else None
    if month is None and groups.get("month") and words:
        written = groups["month"]
        month = next(index for index, form in enumerate(words.months, start=1) if re.fullmatch(form, written, re.IGNORECASE))
    year = int(groups["year"]) if groups.get("year") else None
    try:
        if month is None:
            return (date(year, 1, 1), date(year, 12, 31)) if year else None
        day = int(groups["day"]) if groups.get("day") else None
        first = date(year or today.year, month, day or 1)
        if year is None and first > today:  # the last one that has been
            first = first.replace(year=today.year - 1)
    except ValueError:
        return None
    return first, first if day else first.replace(day=monthrange(first.year, month)[1])
