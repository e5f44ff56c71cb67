"""What a plan is made of: documents to read, results that are known at once, visits to record. Plain values.

Not here: finding documents (``files.py``, ``web.py``), reading them (``pipeline.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal
from unicodedata import category

from ingest.types import Extracted
from vectorstore.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.feed_entries import Entry
    from ingest.fetch import Fetched
    from vectorstore.pages import Page
    from vectorstore.sources import SourceKind

Status = Literal["added", "updated", "unchanged", "duplicate", "skipped", "failed"]

JSON_LINE = "application/jsonl"
"""The media type under which the row of a table or the entry of a feed is kept."""
REMOVED = "it was removed from the library. Add its own address to have it again."
"""Why a visit to a source passes over something that it lists."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item: ``source`` is the path or address as read; ``reason`` is for people.

    ``"skipped"`` are the ``count`` files of an archive that are of no kind that is read, together.
    """

    source: str
    status: Status
    article_id: str | None = None
    reason: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The bytes of a document, under the name and media type they are kept with, and what reads them.

    ``fetched`` is the answer they came in, ``reason`` why they are not what was asked for, for people.
    """

    content: bytes
    name: str
    read: Callable[[], Extracted]
    media_type: str = ""
    fetched: Fetched | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One thing to become an article. ``load`` may be called from any thread and may take long.

    ``article_id`` is its article's where that is known before reading; ``path`` where the file is. A web page has neither, but perhaps the ``entry``
    of a feed that named it, with the feed's text as ``fallback`` (which is given a reason), what is ``known`` of its address, and the ``origin``:
    the followed address by which it came. ``held`` are its bytes in memory.
    """

    source: str
    load: Callable[[], Loaded]
    article_id: str | None = None
    path: str | None = None
    entry: Entry | None = None
    fallback: Callable[[str], Loaded] | None = None
    outlet: str = ""
    known: Page | None = None
    origin: str | None = None
    held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A source of the web whose documents have all been planned: ``fetched`` or, if it could not be had, ``error``.

    ``ttl_minutes`` is how long a feed asks to be left alone, ``gap`` the time between its entries.
    """

    address: str
    kind: SourceKind
    at: datetime
    title: str = ""
    fetched: Fetched | None = None
    error: SourceError | None = None
    ttl_minutes: int | None = None
    gap: timedelta | None = None


Planned = Document | ItemResult | Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How sources are read: ``feed`` takes the feed that a page names instead of the page; the rest is about tables (``tables.read_rows``)."""

    feed: bool = False
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    columns: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def of_table(self) -> bool:
        """Whether they say that what is read is a table."""
        return bool(self.delimiter or self.quote or self.columns) or self.header is not None


def readable(path: str | Path) -> str:
    """A path for people and for the library: what in a file name is no character, or steers a terminal, becomes an escape."""
    return "".join(char.encode("unicode_escape").decode() if category(char) in {"Cc", "Cs"} else char for char in str(path))


def hashed(key: str) -> str:
    """The id of an article from what names it."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def reason_of(error: Exception, *, source: str) -> str:
    """What is told of an item that failed with ``error``."""
    if isinstance(error, SourceError):
        return str(error)
    said = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return f"{source}: cannot be read: {said}."
