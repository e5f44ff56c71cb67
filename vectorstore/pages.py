"""Which article each fetched address led to, and how to ask whether it is still the same.

Kept so that a feed's articles are not fetched at every visit. Plain values. Not here: the feeds that are followed (``sources.py``), fetching
(``ingest/fetch.py``), what is fetched again (``ingest/refresh.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import Database, chunks
from vectorstore.rows import by_column
from vectorstore.types import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_pages = schema.pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An address that an article was read from.

    ``address`` is canonical. ``entry`` is a digest of what the feed said of it, empty if no feed did. ``fetched`` is false if the page could not be
    had and the feed's own text was taken. ``etag`` and ``last_modified`` are the validators of its server.
    """

    address: str
    article_id: str
    entry: str = ""
    fetched: bool = True
    etag: str | None = None
    last_modified: str | None = None
    visited_at: datetime


class Pages(Database):
    """The addresses that led to the articles of a library."""

    def pages(self, addresses: Iterable[str]) -> dict[str, Page]:
        """What is known of those of these addresses that led to an article."""
        found: dict[str, Page] = {}
        with self._reading() as connection:
            for chunk in chunks(list(addresses)):
                for row in connection.execute(sa.select(_pages).where(_pages.c.address.in_(chunk))):
                    found[row.address] = Page(**by_column(row))
        return found

    def record_pages(self, pages: Iterable[Page]) -> None:
        """Record visits; what was known of the same addresses is replaced. An address whose article is gone is left out."""
        with self._writing() as connection:
            for page in pages:
                values = {name: getattr(page, name) for name in Page.__slots__} | {"visited_at": stamp(page.visited_at)}
                there = sa.select(schema.versions.c.row).where(schema.versions.c.article_id == page.article_id).limit(1)
                if connection.execute(there).first():
                    connection.execute(_pages.insert().prefix_with("OR REPLACE"), values)


def forget_pages(connection: sa.Connection, article_ids: Sequence[str]) -> None:
    """The articles are removed: within a transaction, forget what led to them."""
    for chunk in chunks(article_ids):
        connection.execute(_pages.delete().where(_pages.c.article_id.in_(chunk)))
