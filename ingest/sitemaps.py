"""Sitemaps: XML → addresses, with titles and dates as they are written.

The elements of https://www.sitemaps.org/protocol.html and of Google's news extension; pictures, videos and translations are passed
over. Elements are taken as they are read: the tree of a sitemap of 50 MB would be some 2 GB. Not here: what the dates say and
which addresses are any good (``feeds.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from ingest.markup import read_xml

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


def read_sitemap(text: str, *, limit: int) -> Sitemap:
    """The addresses of the sitemap or index ``text``, which begins with its first element; ``limit`` of them are kept."""
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
