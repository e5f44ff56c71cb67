"""The publication date that a plain text states in its first or last lines: "Published 3 March 2023", a date alone, a dateline.

Not here: what a date is (``dates.py``), dates that the article talks about (``relative_dates.py``).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from ingest.dates import DATE, MODIFIED, Published, checked, parse_date

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# What a line says before its publication date; a language per line.
_PUBLISHED = (
    "veröffentlicht|erschienen|publiziert|erstellt|online seit|datum|stand"
    "|published|posted|first published|date|release date|issued|as of"
    "|publiée?|mise? en ligne|paru|parue"
    "|publicad[oa]|fecha|pubblicato|data|gepubliceerd|geplaatst|publicado em|publicada em"
    "|опубликован[оа]?|дата(?: публикации)?|размещено|opublikowano|data publikacji|yayın tarihi|yayınlanma(?: tarihi)?"
)  # fmt: skip
_TIME = re.compile(
    r"^[\s,|–—-]*(?:г(?:ода|\.)?,?\s*)?(?:um|at|à|a las|в|,|\||·|-|–)?\s*(?P<hour>[01]?\d|2[0-3])\s?(?:[:.]|h"
    r"|\sUhr)\s?(?P<minute>[0-5]\d)?(?::[0-5]\d)?\s*(?P<half>[ap]\.?m\.?)?"
    r"\s*(?:Uhr|h)?\s*\(?(?P<zone>UTC|GMT|Z|MEZ|MESZ|CET|CEST|BST|EST|EDT|CST|CDT|PST|PDT|MSK|МСК|[+-]\d\d:?\d\d)?(?!\w)",
    re.IGNORECASE,
)
_ZONES = {
    "utc": 0, "gmt": 0, "z": 0, "mez": 60, "cet": 60, "mesz": 120, "cest": 120, "bst": 60, "est": -300, "edt": -240, "cst": -360,
    "cdt": -300,
    "pst": -480, "pdt": -420, "msk": 180, "мск": 180,
}  # fmt: skip
_STAMP = re.compile(rf"^\W*(?:{_PUBLISHED})\b\s*(?:on|am|at|el|le|em|il|op|:|den)*[\s:]*", re.IGNORECASE)
_PLACE = r"[^\W\d_][^\n.!?:;–—]{1,60}?"
_DATELINE = re.compile(rf"^{_PLACE}[,(]\s*(?:[^\W\d_]{{2,12}}\)?[,.]?\s+)?(?=\(?(?:\d|[^\W\d_]{{3,12}}\.?\s+\d))")
_AFTER_DATELINE = re.compile(
    r"^\s*(?:\([^)\n]{2,40}\)\s*|/[^/\n]{2,40}/\s*)?[,)]*\s*(?:\([^)\n]{2,40}\)\s*)?(?:[–—:]|--?|\.\s?[–—-])\s"
)
_BYLINE = re.compile(r"(?:von|by|par|por|di|door|автор|текст)\b", re.IGNORECASE)
_WEEKDAY = re.compile(
    r"(?:\b(?:(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:lun"
    r"|mar|mercre|jeu|vendre|same)di|dimanche|lunes|martes|miércoles"
    r"|jueves|viernes|sábado|domingo|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|(?:lune|marte|mercole"
    r"|giove|vener)dì|sabato|domenica|(?:maan|dins|woens|donder|vrij|zater|zon)dag"
    r"|(?:segunda|terça|quarta|quinta|sexta)-feira|mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun)\b\.?,?\s*)?(?:\b(?:den"
    r"|dem|le|el)\s+)?$",
    re.IGNORECASE,
)
_BYLINE_WORDS = 12
_LINE_LENGTH = 160
_HEAD, _FOOT = 12, 6


def date_in_text(text: str, *, now: datetime, language: str = "und") -> Published | None:
    """The publication date that a plain text states in its first or last lines.

    A line that begins with a phrase like "Published" or "Stand:", a short line of a date alone (or with a byline), or a dateline
    ("LONDON, 3 March 2023 –") that opens a paragraph. A line about a change ("Updated ...") does not count.
    """
    lines = [line.strip() for line in text[:20_000].splitlines() if line.strip()][:_HEAD]
    last = [line.strip() for line in text[-5_000:].splitlines() if line.strip()][-_FOOT:]
    languages = () if language == "und" else tuple(dict.fromkeys((language, "en")))
    for line in lines:
        if found := _stamped(line, now=now, languages=languages) or _dateline(line, now=now, languages=languages):
            return found
    for line in reversed(last):
        if _STAMP.match(line) and (found := _stamped(line, now=now, languages=languages)):
            return found
    return None


def _stamped(line: str, *, now: datetime, languages: Sequence[str]) -> Published | None:
    if len(line) > _LINE_LENGTH or MODIFIED.match(line.lstrip(" (*_")):
        return None
    cue = _STAMP.match(line)
    match = DATE.search(line)
    if not match:
        return None
    before, after = line[: match.start()], line[match.end() :]
    if cue and cue.group().strip() and len(before[cue.end() :].split()) <= 3 and _may_follow(after):  # a weekday
        return _with_time(match, after, came_from="published line", now=now, languages=languages)
    if not MODIFIED.search(before) and _may_precede(before) and _may_follow(after):
        return _with_time(match, after, came_from="date line", now=now, languages=languages)
    return None


def _may_precede(before: str) -> bool:
    """Whether the words left of a date leave it a mere date: a weekday, a place or byline set off from it."""
    rest = _WEEKDAY.sub("", before).rstrip()
    if not rest.strip(" *_("):
        return True
    set_off = rest[-1] in "|·•–—-,/" and len(rest.split()) <= _BYLINE_WORDS
    return set_off and (bool(_BYLINE.match(rest)) or not _lowercase_words(rest))


def _may_follow(after: str) -> bool:
    """Whether the words right of a date leave it a mere date: a time, a byline, something set off by a bar or comma."""
    clock = _TIME.match(after)
    rest = after[clock.end() :].strip() if clock else after.strip()
    rest = re.sub(r"^(?:uhr|года|г\.|h)(?!\w)\W*", "", rest, flags=re.IGNORECASE)
    if not rest.strip(" *_).") or _BYLINE.match(rest.lstrip(",|·•/–— -")):
        return True
    if len(rest.split()) > _BYLINE_WORDS or rest[-1] in ".!?":
        return False
    return bool(rest[0] in "|·•,/(") or (clock is not None and rest[0] in "–—-")


def _dateline(line: str, *, now: datetime, languages: Sequence[str]) -> Published | None:
    opening = line[:120]
    if not _DATELINE.match(opening):
        return None
    match = DATE.search(opening)
    if not match or not _AFTER_DATELINE.match(opening[match.end() :]) or _lowercase_words(opening[: match.start()]):
        return None
    return parse_date(match.group(), came_from="dateline", now=now, languages=languages)


def _lowercase_words(piece: str) -> bool:
    return any(word[0].islower() and len(word) > 3 for word in re.findall(r"[^\W\d_]+", piece))


def _with_time(match: re.Match[str], after: str, *, came_from: str, now: datetime, languages: Sequence[str]) -> Published | None:
    """The date of ``match``, with the time that follows it if that has a time zone."""
    day = parse_date(match.group(), came_from=came_from, now=now, languages=languages)
    clock = _TIME.match(after)
    if day is None or day.precision != "day" or not clock or not clock["zone"] or clock["minute"] is None:
        return day
    hour = int(clock["hour"]) % 12 + 12 * (clock["half"][0].lower() == "p") if clock["half"] else int(clock["hour"])
    at = day.at.replace(hour=hour, minute=int(clock["minute"])) - timedelta(minutes=_zone_minutes(clock["zone"]))
    return checked(at, "minute", came_from=came_from, now=now)


def _zone_minutes(zone: str) -> int:
    if zone.lower() in _ZONES:
        return _ZONES[zone.lower()]
    digits = re.sub(r"\D", "", zone)
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if zone.startswith("-") else minutes
