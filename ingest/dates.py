"""When an article was published: the date, how precise it is, and where it came from.

Only what is stamped as a publication date counts (JSON-LD, meta elements, ``<time>``, a "Published ..." line, a dateline with a
year); a date in
the running text does not, nor a day of the week, nor a date after ``now``. Without a time zone the time of day says little: such
a date is
kept as a day in UTC. Not here: dates that the article talks about.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml.html import HtmlElement

    from vectorstore.types import Precision

# What a line says before its publication date; a language per line.
_PUBLISHED = (
    "veröffentlicht|erschienen|publiziert|erstellt|online seit|datum|stand"
    "|published|posted|first published|date|release date|issued|as of"
    "|publiée?|mise? en ligne|paru|parue"
    "|publicad[oa]|fecha|pubblicato|data|gepubliceerd|geplaatst|publicado em|publicada em"
    "|опубликован[оа]?|дата(?: публикации)?|размещено|opublikowano|data publikacji|yayın tarihi|yayınlanma(?: tarihi)?"
)  # fmt: skip
# What a line says before the date of a later change: that is not when the article appeared.
_MODIFIED = re.compile(
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
_DATE = re.compile(rf"(?<![\w.])(?:{_ISO}|{_NUMERIC}|{_NAMED}|{_CJK})(?!\d)", re.IGNORECASE)
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
_EARLIEST = 1900
_META = (
    "article:published_time", "og:article:published_time", "datepublished", "date", "dc.date", "dc.date.issued",
    "dcterms.created", "dcterms.date", "dcterms.issued",
    "dc.date.created", "publish-date", "publish_date", "publication_date", "published_date", "pubdate", "parsely-pub-date",
    "sailthru.date", "article.published",
    "citation_publication_date", "rnews:datepublished", "originalpublicationdate", "cxenseparse:recs:publishtime", "date.created",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Published:
    """A publication date: ``at`` is aware UTC, cut down to ``precision``; ``came_from`` is for people ("json-ld" ...)."""

    at: datetime
    precision: Precision
    came_from: str


def parse_date(value: str, *, came_from: str, now: datetime, languages: Sequence[str] = ()) -> Published | None:
    """The date that ``value`` states (a metadata field or a line's), None if it states none, an ambiguous or a future one.

    ``value`` is ISO 8601 or RFC 822, or a date in words or figures of any of ``languages`` (all that dateparser has if empty). A
    year or
    a month alone keeps that precision. "03/04/2023" is refused: the order differs by country.
    """
    value = re.sub(r"\s+", " ", value).strip()[:100]
    found = _iso(value) or _partial(value) or _rfc822(value) or _in_words(value, languages=languages)
    if found is None:
        return None
    at, precision = found
    return _checked(at, precision, came_from=came_from, now=now)


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


def date_in_html(tree: HtmlElement, *, now: datetime, url: str | None = None) -> Published | None:
    """The publication date of a page: from JSON-LD, meta elements, ``<time>`` and microdata, or htmldate, in this order.

    htmldate's search through the page's text is left out: it would be a guess.
    """
    for value in _json_ld_dates(tree):
        if found := parse_date(value, came_from="json-ld", now=now):
            return found
    metas = {_meta_name(meta): str(meta.get("content") or "") for meta in reversed(tree.xpath("//meta[@content]"))}
    for name in _META:
        if (stated := metas.get(name)) and (found := parse_date(stated, came_from="meta", now=now)):
            return found
    for element in tree.xpath("//*[@itemprop='datePublished'] | //time[@pubdate] | //article//time[@datetime]"):
        value = str(element.get("datetime") or element.get("content") or element.text_content())
        if not _MODIFIED.search(_surroundings(element)) and (found := parse_date(value, came_from="time element", now=now)):
            return found
    return _by_htmldate(tree, now=now, url=url)


def _meta_name(meta: HtmlElement) -> str:
    return str(meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()


def _surroundings(element: HtmlElement) -> str:
    parent = element.getparent()
    words = str(parent.text or "") if parent is not None else ""
    return f"{element.get('itemprop') or ''} {element.get('class') or ''} {words[:80]}"


def _by_htmldate(tree: HtmlElement, *, now: datetime, url: str | None) -> Published | None:
    from copy import deepcopy

    from htmldate import find_date

    # It prunes the tree that it is given, and takes the date of a change where it finds no other.
    rest = deepcopy(tree)
    for element in rest.xpath("//meta | //time | //abbr | //*[@itemprop] | //script[contains(@type, 'ld+json')]"):
        changed = element.tag == "script" or _MODIFIED.search(f"{_meta_name(element)} {_surroundings(element)}")
        if changed and element.getparent() is not None:
            element.drop_tree()
    value = find_date(rest, extensive_search=False, original_date=True, url=url, max_date=now.strftime("%Y-%m-%d"))
    return parse_date(value, came_from="htmldate", now=now) if value else None


def _json_ld_dates(tree: HtmlElement) -> Iterator[str]:
    for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
        try:
            document = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        articles = [item for item in json_ld_items(document) if re.search("Article|Posting", str(item.get("@type")))]
        for item in articles or list(json_ld_items(document)):
            if isinstance(value := item.get("datePublished"), str):
                yield value


def json_ld_items(document: Any, *, depth: int = 6) -> Iterator[dict[str, Any]]:
    """Every object in a JSON-LD document down to ``depth`` levels."""
    if isinstance(document, dict):
        yield document
    values = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for value in values if depth else ():
        if isinstance(value, dict | list):
            yield from json_ld_items(value, depth=depth - 1)


def _stamped(line: str, *, now: datetime, languages: Sequence[str]) -> Published | None:
    if len(line) > _LINE_LENGTH or _MODIFIED.match(line.lstrip(" (*_")):
        return None
    cue = _STAMP.match(line)
    match = _DATE.search(line)
    if not match:
        return None
    before, after = line[: match.start()], line[match.end() :]
    if cue and cue.group().strip() and len(before[cue.end() :].split()) <= 3 and _may_follow(after):  # a weekday
        return _with_time(match, after, came_from="published line", now=now, languages=languages)
    if not _MODIFIED.search(before) and _may_precede(before) and _may_follow(after):
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
    match = _DATE.search(opening)
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
    return _checked(at, "minute", came_from=came_from, now=now)


def _zone_minutes(zone: str) -> int:
    if zone.lower() in _ZONES:
        return _ZONES[zone.lower()]
    digits = re.sub(r"\D", "", zone)
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if zone.startswith("-") else minutes


def _checked(at: datetime, precision: Precision, *, came_from: str, now: datetime) -> Published | None:
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
    match = _DATE.search(value)
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
