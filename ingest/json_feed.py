"""JSON Feed 1.x (https://www.jsonfeed.org/version/1.1/) → entries."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ingest.encoding import clean_characters
from ingest.feed_entries import (
    CUT_OFF,
    MAX_ENTRIES,
    MAX_FEED_BYTES,
    Entry,
    Feed,
    address_of,
    iso_date,
    language_of,
    line_of,
    names_of,
    with_entries,
)
from ingest.markup import plain_text
from vectorstore.errors import SourceUnreadable

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.dates import Published

_JSON_FEED = "jsonfeed.org/version"


def read_json_feed(text: str, *, url: str, now: datetime) -> Feed:
    """What the feed ``text`` says; ``url`` is its address.

    Raises:
        SourceUnreadable: it is no JSON Feed, or too long.
    """
    if len(text) > MAX_FEED_BYTES:
        raise SourceUnreadable(f"{url} has more than {MAX_FEED_BYTES // 2**20} MB of JSON. Add a smaller part of it.")
    try:
        document = json.loads(text.lstrip("\ufeff"), strict=False)
    except (ValueError, RecursionError) as error:
        raise SourceUnreadable(
            f"{url} is no feed: it is no valid JSON ({error}). Check the address, or try again later."
        ) from error
    if not isinstance(document, dict) or _JSON_FEED not in str(document.get("version"))[:200]:
        raise SourceUnreadable(
            f"{url} is no feed: it is JSON, but not JSON Feed. Add it as a file of JSON lines, or check the address."
        )
    address = address_of(url)
    base = address or address_of(document.get("feed_url")) or address_of(document.get("home_page_url")) or ""
    feed = Feed(
        kind="json feed",
        title=line_of(document.get("title")),
        url=address_of(document.get("feed_url"), base=base),
        language=language_of(document.get("language")),
    )
    items = document.get("items")
    items = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if len(items) > MAX_ENTRIES:
        feed = replace(feed, notes=(f"of {len(items):,} entries the first {MAX_ENTRIES:,} were read",))
    return with_entries(feed, (_json_entry(item, base=base, now=now) for item in items[:MAX_ENTRIES]), url=address)


def _json_entry(item: dict[str, Any], *, base: str, now: datetime) -> Entry:
    def words(key: str) -> str:
        return value if isinstance(value := item.get(key), str) else ""

    def date(key: str) -> Published | None:
        return iso_date(words(key), now=now)

    content = plain_text(words("content_html")) or clean_characters(words("content_text"))
    summary = clean_characters(words("summary"))
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    identity = item.get("id")
    return Entry(
        url=address_of(words("url"), base=base) or address_of(words("external_url"), base=base) or address_of(identity),
        title=line_of(words("title")),
        text=content or summary,
        is_full=bool(content) and not CUT_OFF.search(content),
        author=names_of(author.get("name") for author in authors or () if isinstance(author, dict)),
        language=language_of(item.get("language")),
        published=date("date_published"),
        modified=date("date_modified"),
        id=line_of(str(identity)) or None if isinstance(identity, str | int) else None,
    )
