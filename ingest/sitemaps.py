"""Sitemaps: XML → addresses, with titles and dates.

The elements of https://www.sitemaps.org/protocol.html and of Google's news extension; pictures, videos and translations are passed
over. Elements are taken as they are read: the tree of a sitemap of 50 MB would be some 2 GB.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.feed_entries import MENDED, Entry, Feed, address_of, iso_date, language_of, line_of, same_address, with_entries
from ingest.markup import read_xml

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.feed_entries import Kind

MAX_ADDRESSES = 50_000
_FIELDS = {
    "loc": "loc", "lastmod": "modified", "news:title": "title", "news:publication_date": "published", "news:language": "language",
}  # fmt: skip
_FIELD_LENGTH = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address in a sitemap (of a page) or in an index (of a sitemap), and what is written of it; empty where nothing is."""

    loc: str
    title: str = ""
    language: str = ""
    published: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """The first ``places`` of a sitemap, the ``count`` of all, and whether its XML was broken."""

    places: tuple[Place, ...]
    count: int
    mended: bool


def sitemap_feed(text: str, *, kind: Kind, url: str, now: datetime) -> Feed:
    """What the sitemap or index ``text``, which begins with its first element, says; ``url`` is its address."""
    found = _read(text, limit=MAX_ADDRESSES)
    notes = [MENDED] if found.mended else []
    if found.count > MAX_ADDRESSES:
        notes.append(f"of {found.count:,} addresses the first {MAX_ADDRESSES:,} were read")
    address = address_of(url)
    feed = Feed(kind=kind, notes=tuple(notes))
    if kind == "sitemap index":
        nested = [address_of(place.loc, base=address or "") for place in found.places]
        others = dict.fromkeys(
            place for place in nested if place and (address is None or same_address(place) != same_address(address))
        )
        return replace(feed, nested=tuple(others), notes=(*feed.notes, *(() if others else ("no sitemaps",))))
    entries = (
        Entry(
            url=address_of(place.loc, base=address or ""),
            title=line_of(place.title),
            language=language_of(place.language),
            published=iso_date(place.published, now=now),
            modified=iso_date(place.modified, now=now),
        )
        for place in found.places
    )
    return with_entries(feed, entries, url=address)


def _read(text: str, *, limit: int) -> Sitemap:
    reader = _Reader(limit=limit)
    mended = read_xml(text, target=reader)
    return Sitemap(places=tuple(reader.places), count=reader.count, mended=mended)


class _Reader:
    """What lxml gives the elements to; of a field that is given twice the first counts."""

    def __init__(self, *, limit: int) -> None:
        self.places: list[Place] = []
        self.count = 0
        self._limit = limit
        self._fields: dict[str, str] = {}
        self._pieces: list[str] | None = None

    def start(self, tag: str, _attributes: object) -> None:
        name = _name(tag)
        if name in {"url", "sitemap"}:
            self._finish()  # one before it that was not closed
        self._pieces = [] if name in _FIELDS else None

    def data(self, text: str) -> None:
        if self._pieces is not None:
            self._pieces.append(text)

    def end(self, tag: str) -> None:
        name = _name(tag)
        if name in {"url", "sitemap"}:
            self._finish()
        elif name in _FIELDS and self._pieces is not None:
            self._fields.setdefault(_FIELDS[name], "".join(self._pieces).strip()[:_FIELD_LENGTH])
        self._pieces = None

    def close(self) -> None:
        self._finish()  # where a file was cut off

    def _finish(self) -> None:
        if self._fields.get("loc"):
            self.count += 1
            if len(self.places) < self._limit:
                self.places.append(Place(**self._fields))
        self._fields = {}


def _name(tag: str) -> str:
    """The element's name, with ``news:`` if it is of that extension; empty for what is of another."""
    namespace, _, name = tag.rpartition("}")
    prefix, _, local = name.rpartition(":")
    if "sitemap-news" in namespace or prefix == "news":
        return f"news:{local}"
    extension = prefix or "sitemap-" in namespace or "xhtml" in namespace
    return "" if extension else local
