"""When an article was published: the date, how precise it is, and where it came from.

Only what is stamped as a publication date counts (JSON-LD, meta elements, ``<time>``, a "Published ..." line, a dateline with a year); a date in
the running text does not, nor a day of the week, nor a date after ``now``. Without a time zone the time of day says little: such a date is kept as
a day in UTC. Not here: where pages (``page_dates.py``) and texts (``date_lines.py``) state it, dates that the article talks about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vectorstore.types import Precision

# What a line says before the date of a later change: that is not when the article appeared.
MODIFIED = re.compile(
    "aktualisiert|geändert|änderung|updated|modified|revised|last-?mod|mis à jour|mise à jour|modifié|actualizad|modificad|aggiornat"
    "|bijgewerkt|atualizad|обновлен|изменен|aktualizacja|güncelle",
    re.IGNORECASE,
)
_ISO = r"(?P<iso>(?:19|20)\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?(?:Z|[+-]\d\d:?\d\d))?)?)"
_NUMERIC = r"(?P<numeric>\d{1,2}(?P<mark>[./])\s?\d{1,2}(?P=mark)\s?(?:19|20)\d\d)"
_NAMED = (
    r"(?P<named>\d{1,2}(?:\.|er|º|°|st|nd|rd|th)?\s+(?:de\s+|of\s+)?[^\W\d_]{3,12}\.?,?\s+(?:de\s+|del\s+)?(?:19|20)\d\d"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d)"
)
_CJK = r"(?P<cjk>(?:19|20)\d\d\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일])"
DATE = re.compile(rf"(?<![\w.])(?:{_ISO}|{_NUMERIC}|{_NAMED}|{_CJK})(?!\d)", re.IGNORECASE)
_EARLIEST = 1900


@dataclass(frozen=True, slots=True)
class Published:
    """A publication date: ``at`` is aware UTC, cut down to ``precision``; ``came_from`` is for people ("json-ld" ...)."""

    at: datetime
    precision: Precision
    came_from: str


def parse_date(value: str, *, came_from: str, now: datetime, languages: Sequence[str] = ()) -> Published | None:
    """The date that ``value`` states (a metadata field or a line's), None if it states none, an ambiguous or a future one.

    ``value`` is ISO 8601 or RFC 822, or a date in words or figures of any of ``languages`` (all that dateparser has if empty). A year or
    a month alone keeps that precision. "03/04/2023" is refused: the order differs by country.
    """
    value = re.sub(r"\s+", " ", value).strip()[:100]
    found = _iso(value) or _partial(value) or _rfc822(value) or _in_words(value, languages=languages)
    if found is None:
        return None
    at, precision = found
    return checked(at, precision, came_from=came_from, now=now)


def checked(at: datetime, precision: Precision, *, came_from: str, now: datetime) -> Published | None:
    """The date, or None if it is in the future. A day counts as begun when it has begun anywhere on Earth."""
    slack = timedelta(minutes=5) if precision in {"minute", "second"} else timedelta(hours=14)
    if at > now + slack or at.year < _EARLIEST:
        return None
    return Published(at=at, precision=precision, came_from=came_from)


def _iso(value: str) -> tuple[datetime, Precision] | None:
    if not re.match(r"(?:19|20)\d\d-?\d\d-?\d\d", value):
        return None
    try:
        at = datetime.fromisoformat(re.sub(r"\s(?=[+-]\d\d)|(?<=\d)\s(?=Z$)", "", value).replace("UTC", "+00:00"))
    except ValueError:
        return None
    if at.tzinfo is None:
        return datetime(at.year, at.month, at.day, tzinfo=UTC), "day"
    clock = re.search(r"[T ]\d\d:?\d\d(:?\d\d)?", value)
    try:
        return at.astimezone(UTC).replace(microsecond=0), "second" if clock and clock.group(1) else "minute"
    except OverflowError:
        return None


def _partial(value: str) -> tuple[datetime, Precision] | None:
    match = re.fullmatch(r"((?:19|20)\d\d)(?:-(0[1-9]|1[0-2]))?", value)
    if not match:
        return None
    return datetime(int(match[1]), int(match[2] or 1), 1, tzinfo=UTC), "month" if match[2] else "year"


def _rfc822(value: str) -> tuple[datetime, Precision] | None:
    from email.utils import parsedate_to_datetime

    if not re.match(r"(?:[A-Za-z]{3},\s*)?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d", value):
        return None
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return (at.astimezone(UTC), "second") if at.tzinfo else (datetime(at.year, at.month, at.day, tzinfo=UTC), "day")


def _in_words(value: str, *, languages: Sequence[str]) -> tuple[datetime, Precision] | None:
    match = DATE.search(value)
    if not match:
        return None
    if match["iso"]:
        return _iso(match["iso"])
    try:
        if match["numeric"]:
            return _numeric(match["numeric"])
        if match["cjk"]:
            year, month, day = map(int, re.findall(r"\d+", match["cjk"]))
            return datetime(year, month, day, tzinfo=UTC), "day"
    except ValueError:
        return None
    day_only = _named(match["named"], languages=languages)
    return (datetime(day_only.year, day_only.month, day_only.day, tzinfo=UTC), "day") if day_only else None


def _numeric(value: str) -> tuple[datetime, Precision] | None:
    first, second, year = map(int, re.findall(r"\d+", value))
    if "/" in value and first <= 12 and second <= 12 and first != second:  # month or day?
        return None
    day, month = (second, first) if "/" in value and second > 12 else (first, second)
    return datetime(year, month, day, tzinfo=UTC), "day"


def _named(value: str, *, languages: Sequence[str]) -> date | None:
    from dateparser import DateDataParser

    plain = re.sub(r"(?<=\d)(?:er|º|°|st|nd|rd|th)\b", "", value).replace(" of ", " ")
    for known in ([language for language in languages if language in _dateparser_languages()], None):
        if known == []:
            continue
        parser = DateDataParser(
            languages=known or ["en", "de", "fr", "es", "ru", "it", "nl", "pt", "pl", "tr"],
            settings={"REQUIRE_PARTS": ["day", "month", "year"], "STRICT_PARSING": True, "PARSERS": ["absolute-time"]},
        )
        found = parser.get_date_data(plain)
        moment: datetime | None = found.date_obj if found else None
        if moment:
            return moment.date()
    return None


def _dateparser_languages() -> frozenset[str]:
    from dateparser.data.languages_info import language_order

    return frozenset(language_order)
