"""Dates, numbers and language names as the reader writes them (CLDR, by Babel). Dates are shown in UTC, no finer than they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_decimal

if TYPE_CHECKING:
    from datetime import datetime

    from assistant.web.texts import Language

# Day before month in English too: news is read in both Americas and Europe, and "23 February 2023" is misread nowhere.
LOCALES: Final[dict[Language, Locale]] = {"de": Locale("de"), "en": Locale("en", "GB")}


def date_text(moment: datetime, *, precision: str | None, language: Language) -> str:
    """``moment`` (aware, UTC) in words, down to ``precision``: year, month, day, minute or second; a day where it is not known."""
    locale = LOCALES[language]
    if precision == "year":
        return format_skeleton("y", moment, locale=locale)
    if precision == "month":
        return format_skeleton("yMMMM", moment, locale=locale)
    if precision in {"minute", "second"}:
        return f"{format_datetime(moment, 'd. MMMM y, HH:mm' if language == 'de' else 'd MMMM y, HH:mm', locale=locale)} UTC"
    return format_date(moment, "long", locale=locale)


def brief_date_text(moment: datetime, *, precision: str | None, language: Language) -> str:
    """``moment`` as briefly as a table has it, down to ``precision``, no finer than a day."""
    locale = LOCALES[language]
    if precision in {"year", "month"}:
        return format_skeleton("y" if precision == "year" else "yMMM", moment, locale=locale)
    return format_date(moment, "medium", locale=locale)


def distance_text(moment: datetime, *, now: datetime, language: Language) -> str:
    """How long ago ``moment`` was, or in how long it will be; an empty text within a minute of ``now``."""
    away = moment - now
    if abs(away.total_seconds()) < 60:
        return ""
    return format_timedelta(away, add_direction=True, threshold=1.2, locale=LOCALES[language])


def date_attribute(moment: datetime, *, precision: str | None) -> str:
    """``moment`` for ``<time datetime="…">``, down to ``precision``."""
    if precision == "year":
        return f"{moment:%Y}"
    if precision == "month":
        return f"{moment:%Y-%m}"
    return f"{moment:%Y-%m-%dT%H:%MZ}" if precision in {"minute", "second"} else f"{moment:%Y-%m-%d}"


def language_name(tag: str, *, language: Language) -> str:
    """What the reader calls the language ``tag`` (BCP 47), or an empty text where it is unknown."""
    try:
        return Locale.parse(tag, sep="-").get_display_name(LOCALES[language]) or "" if tag and tag != "und" else ""
    except (ValueError, UnknownLocaleError):
        return ""


def number_text(number: int, *, language: Language) -> str:
    """``number`` with the reader's thousands separator."""
    return str(format_decimal(number, locale=LOCALES[language]))
