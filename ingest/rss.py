"""RSS 0.9 to 2.0 (RDF too) and Atom 0.3 and 1.0: XML → entries.

They are mended where they are broken (``markup.py``) and cut down to the elements that are read (``feed_elements.py``), so that feedparser always
gets a small and valid document: alone it takes quadratic time on some hostile ones. It is given bytes only, never a string that it could take for
an address.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ingest.dates import parse_date
from ingest.encoding import clean_characters
from ingest.feed_elements import ID_AS_WRITTEN, cut_down
from ingest.feed_entries import (
    CUT_OFF,
    MAX_ENTRIES,
    MAX_FEED_BYTES,
    MENDED,
    Entry,
    Feed,
    address_of,
    language_of,
    line_of,
    names_of,
    with_entries,
)
from ingest.markup import parse_xml, plain_text
from vectorstore.errors import SourceUnreadable

if TYPE_CHECKING:
    from datetime import datetime
    from time import struct_time

    from ingest.dates import Published
    from ingest.feed_entries import Kind

MAX_TTL = 7 * 24 * 60
"""Minutes: no feed can ask for less than a visit a week."""
_IN_WORDS = 200
"""Of so many entries dates in words ("24 Set 2018") are read, which no format allows and which takes milliseconds each."""
_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}
_CLOCK = re.compile(r"\d\d?:\d\d(:\d\d)?")
_ZONE = re.compile(r"(?:\bGMT|\bUTC?|Z|[+-]\d\d:?\d\d|\b[ECMP][SD]T|\bMES?T)\)?$", re.IGNORECASE)
# feedparser has no errors of its own: this is what its handlers can trip over.
_TRIPS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def read_rss(text: str, *, kind: Kind, url: str, now: datetime) -> Feed:
    """What the feed ``text``, which begins with its first element, says; ``url`` is its address.

    Raises:
        SourceUnreadable: its XML cannot be read at all.
    """
    import feedparser
    from lxml import etree

    notes: list[str] = []
    if len(text) > MAX_FEED_BYTES:
        text = text[:MAX_FEED_BYTES]
        notes.append(f"longer than {MAX_FEED_BYTES // 2**20} MB, of which the first were read")
    tree = parse_xml(text)
    if tree is None:
        raise SourceUnreadable(f"{url} is no feed: its XML cannot be read. Check the address, or try again later.")
    if tree.mended and not notes:
        notes.append(MENDED)
    root, count = cut_down(tree, limit=MAX_ENTRIES)
    if count > MAX_ENTRIES:
        notes.append(f"of {count:,} entries the first {MAX_ENTRIES:,} were read")
    address = address_of(url)
    try:
        parsed = feedparser.parse(
            BytesIO(etree.tostring(root, encoding="utf-8")),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers={
                "content-type": "application/xml; charset=utf-8",
                **({"content-location": address} if address else {}),
            },
        )
    except _TRIPS as error:
        raise SourceUnreadable(f"{url} is no feed that can be read ({error}). Check the address, or try again later.") from error
    about = _plain(parsed["feed"])
    own = next((link.get("href") for link in _links(about) if link.get("rel") == "self"), None)
    base = address or address_of(own) or address_of(about.get("link")) or ""
    feed = Feed(
        kind=kind,
        title=_text(about, "title"),
        url=address_of(own, base=base),
        language=language_of(about.get("language")),
        ttl_minutes=_ttl(about),
        notes=tuple(notes),
    )
    found = enumerate(parsed["entries"])
    return with_entries(
        feed, (_entry(_plain(entry), base=base, now=now, in_words=n < _IN_WORDS) for n, entry in found), url=address
    )


def _plain(found: Any) -> dict[str, Any]:
    """The dictionary of feedparser as it is: its own looks up other keys where one is missing."""
    return {key: dict.__getitem__(found, key) for key in dict.keys(found)}


def _links(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [_plain(link) for link in found.get("links") or ()]


def _text(found: dict[str, Any], key: str) -> str:
    """The text construct ``key`` as one line of plain text."""
    value = found.get(key)
    detail = found.get(f"{key}_detail")
    if not isinstance(value, str):
        return ""
    return line_of(plain_text(value) if detail and "html" in str(dict.get(detail, "type")) else value)


def _entry(found: dict[str, Any], *, base: str, now: datetime, in_words: bool) -> Entry:
    summary = _content(found.get("summary"), found.get("summary_detail"))
    contents = [_content(dict.get(item, "value"), item) for item in found.get("content") or ()]
    content = max(contents, key=len, default="")
    # feedparser makes a summary of the content where the feed has none.
    is_full = bool(content) and (len(content) > len(summary) or "summary_detail" not in found)
    text = content if is_full else summary or content
    declared = found.get("language") or (dict.get(found["title_detail"], "language") if found.get("title_detail") else None)

    def date(key: str) -> Published | None:
        return _moment(found.get(key), found.get(f"{key}_parsed"), now=now, in_words=in_words)

    return Entry(
        url=_entry_address(found, base=base),
        title=_text(found, "title"),
        text=text,
        is_full=is_full and not CUT_OFF.search(text),
        author=names_of(dict.get(author, "name") for author in found.get("authors") or ()),
        language=language_of(declared),
        published=date("published") or date("created"),
        modified=date("updated"),
        id=line_of(found.get(ID_AS_WRITTEN) or found.get("id")) or None,
    )


def _content(value: Any, detail: Any) -> str:
    if not isinstance(value, str):
        return ""
    is_html = detail is None or "html" in str(dict.get(detail, "type"))
    return plain_text(value) if is_html else clean_characters(value)


def _entry_address(found: dict[str, Any], *, base: str) -> str | None:
    """The article's address: the one that a counting redirector stands for, the link, any alternate link, an id that is one."""
    alternates = (link.get("href") for link in _links(found) if link.get("rel") == "alternate")
    for value in (found.get("feedburner_origlink"), found.get("link"), *alternates):
        if address := address_of(value, base=base):
            return address
    return address_of(found.get(ID_AS_WRITTEN) or found.get("id"))


def _moment(raw: Any, parsed: struct_time | None, *, now: datetime, in_words: bool) -> Published | None:
    """A date of feedparser's, as precise as it was written: a time of day without a time zone says little and is left out."""
    written = line_of(raw if isinstance(raw, str) else None)[:100]
    if parsed is None:
        plain = not re.search(r"[^\W\d_]{3}", written)
        return parse_date(written, came_from="feed", now=now) if plain or in_words else None
    value = f"{parsed.tm_year:04}-{parsed.tm_mon:02}-{parsed.tm_mday:02}"
    clock = _CLOCK.search(written)
    if re.fullmatch(r"\d{4}(?:-\d\d)?", written):
        value = written
    elif clock and _ZONE.search(written):
        value += f"T{parsed.tm_hour:02}:{parsed.tm_min:02}" + (f":{parsed.tm_sec:02}" if clock[1] else "") + "Z"
    return parse_date(value, came_from="feed", now=now)


def _ttl(about: dict[str, Any]) -> int | None:
    ttl = str(about.get("ttl") or "").strip()
    if re.fullmatch(r"\d{1,9}", ttl):
        return min(int(ttl), MAX_TTL) or None
    period = _PERIODS.get(str(about.get("sy_updateperiod") or "").strip().lower())
    times = str(about.get("sy_updatefrequency") or "1").strip()
    return min(period // max(1, int(times)), MAX_TTL) or None if period and re.fullmatch(r"\d{1,6}", times) else None
