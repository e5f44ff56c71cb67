"""What a feed says of an article, beside what its page says: as a record to keep, as a digest, and to fill gaps with. Pure.

Not here: reading feeds (``feeds.py``), pages (``extract.py``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ingest.dates import Published
    from ingest.feed_entries import Entry
    from ingest.types import Extracted

_OTHER_HOSTS = ("www.", "m.", "amp.", "mobile.")
_GUESSED = frozenset({"htmldate", "dateline", "table"})
"""Where a page's date came from that a feed's is better than."""


def entry_record(entry: Entry, *, outlet: str) -> bytes:
    """An entry as the bytes that are kept where its page cannot be had: a line of JSON, as ``tables.read_rows`` reads it."""
    fields = {
        "title": entry.title,
        "text": entry.text,
        "url": entry.url,
        "author": entry.author,
        "language": entry.language,
        "source": outlet,
        "published": _written(entry.published),
        "modified": _written(entry.modified),
    }
    return json.dumps({name: value for name, value in fields.items() if value}, ensure_ascii=False).encode()


def entry_digest(entry: Entry) -> str:
    """Changes when the feed says something else of an article."""
    return hashlib.blake2b(entry_record(entry, outlet=""), digest_size=8).hexdigest()


def with_entry(found: Extracted, entry: Entry, *, outlet: str) -> Extracted:
    """What a page says, its gaps filled with what the feed says.

    A date that the page does not state is the feed's if that has one, and an outlet that is but the page's host is the feed's title.
    """
    published = found.published
    if entry.published and (published is None or published.came_from in _GUESSED):
        published = entry.published
    return replace(
        found,
        title=found.title or entry.title,
        author=found.author or entry.author,
        source=outlet or found.source if not found.source or _is_host(found.source, found.url) else found.source,
        language=found.language or entry.language,
        published=published,
        modified=found.modified or entry.modified,
    )


def own_address(claimed: str | None, *, fetched: str) -> str:
    """The address of a page's article: the one it claims if that is of its own site, else where it was fetched from.

    A page of another site cannot take an article's place, nor can all pages of a site be its front page.
    """
    if claimed and _site(claimed) == _site(fetched) and (_place(claimed) or not _place(fetched)):
        return claimed
    return fetched


def _written(date: Published | None) -> str | None:
    if date is None:
        return None
    width = {"year": 4, "month": 7, "day": 10}.get(date.precision)
    return date.at.isoformat()[:width]


def _is_host(outlet: str, address: str | None) -> bool:
    return address is not None and _site(f"//{outlet}") == _site(address)


def _site(address: str) -> str:
    host = (urlsplit(address).hostname or "").lower()
    for prefix in _OTHER_HOSTS:
        host = host.removeprefix(prefix)
    return host


def _place(address: str) -> str:
    parts = urlsplit(address)
    return parts.path.strip("/") + parts.query
