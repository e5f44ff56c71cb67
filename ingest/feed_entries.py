"""What a feed or sitemap says, whatever its format: its entries, each address once, with dates, languages and names as they are believed.

Only plain text leaves this module. Not here: reading a format (``rss.py``, ``json_feed.py``, ``sitemaps.py``).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

from ingest.dates import Published, parse_date
from ingest.encoding import clean_characters, one_line
from vectorstore.languages import UNKNOWN, primary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["rss", "atom", "json feed", "sitemap", "sitemap index"]
MAX_FEED_BYTES = 10 * 2**20
MAX_ENTRIES = 10_000
MENDED = "malformed XML, read as far as it goes"
_SHARED = 3
CUT_OFF = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article that a feed or sitemap tells of.

    ``url`` is absolute http(s), None if there is no such address. ``text`` is what the feed itself has of it, as plain text; it is
    the whole article as far as one can tell if ``is_full``, else a teaser. ``language`` is the primary subtag that is declared.
    """

    url: str | None = None
    title: str = ""
    text: str = ""
    is_full: bool = False
    author: str = ""
    language: str | None = None
    published: Published | None = None
    modified: Published | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed or sitemap says: its entries in its own order, each address once.

    ``url`` is the address that it gives as its own, ``nested`` are the sitemaps that an index names, ``ttl_minutes`` is how long it
    asks to be left alone (``<ttl>`` or ``sy:updatePeriod``), ``notes`` are for people: what was broken and what was left out.
    A feed may have no entries.
    """

    kind: Kind
    title: str = ""
    url: str | None = None
    language: str | None = None
    entries: tuple[Entry, ...] = ()
    nested: tuple[str, ...] = ()
    ttl_minutes: int | None = None
    notes: tuple[str, ...] = ()


def iso_date(value: str, *, now: datetime) -> Published | None:
    """A date in figures, the year first; words would be slow to understand, and neither JSON Feed nor sitemaps allow them."""
    plain = re.match(r"\s*\d{4}", value) and not re.search(r"[^\W\d_]{3}", value)
    return parse_date(value, came_from="feed", now=now) if plain else None


def with_entries(feed: Feed, entries: Iterable[Entry], *, url: str | None) -> Feed:
    """``feed`` with ``entries``: without itself, what it repeats and what has neither address nor text.

    An address that several entries with different titles share is not theirs (often it is the outlet's front page).
    """
    own = {same_address(address) for address in (url, feed.url) if address}
    given = list(entries)
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for entry in given:
        if entry.url:
            titles[same_address(entry.url)].add(entry.title)
    kept: list[Entry] = []
    seen: set[object] = set()
    left_out: Counter[str] = Counter()
    for entry in given:
        shared = entry.url is not None and len(titles[same_address(entry.url)]) >= _SHARED and bool(entry.text)
        address = None if shared else entry.url
        key = same_address(address) if address else (entry.title, entry.text)
        known = {key} | ({(entry.id, entry.title)} if entry.id else set())
        if address and key in own:
            left_out["the feed itself left out"] += 1
        elif known & seen:
            left_out["that repeat another left out"] += 1
        elif not address and not entry.text:
            left_out["without address and text left out"] += 1
        else:
            seen |= known
            left_out["whose address is that of others too, kept without it"] += shared
            kept.append(replace(entry, url=address, language=entry.language or feed.language))
    notes = [f"{count:,} {what}" for what, count in left_out.items() if count]
    return replace(feed, entries=tuple(kept), notes=(*feed.notes, *notes, *(() if kept else ("no entries",))))


def same_address(address: str) -> str:
    """What two addresses of one page have in common: the fragment and a slash at the end do not count."""
    address = address if "#!" in address else address.partition("#")[0]
    return address.rstrip("/").removeprefix("https:").removeprefix("http:")


def address_of(value: Any, *, base: str = "") -> str | None:
    """``value`` as an absolute http(s) address, resolved against ``base``; None if it is none."""
    if not isinstance(value, str):
        return None
    written = re.sub(r"[\x00-\x1f\x7f]+", "", clean_characters(value[:8192])).strip().replace(" ", "%20")
    try:
        address = urljoin(base, written) if written else ""
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        return None
    return address if usable else None


def language_of(tag: Any) -> str | None:
    """The primary subtag of a declared language, None if it is none."""
    language = primary(tag.strip()[:35]) if isinstance(tag, str) else UNKNOWN
    return None if language == UNKNOWN else language


def names_of(names: Iterator[Any]) -> str:
    """Names of people in one line, without addresses of mail and accounts that are no one's name."""
    found = dict.fromkeys(line_of(re.sub(r"\S+@\S+", " ", name)).strip("() ") for name in names if isinstance(name, str))
    return ", ".join(name for name in found if name.casefold() not in {"", "admin", "administrator", "root", "webmaster"})


def line_of(value: Any) -> str:
    """``value`` as one line of plain text; empty if it is no text."""
    return one_line(value) if isinstance(value, str) else ""
