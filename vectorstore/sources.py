"""The feeds, pages and sitemaps that a library follows, and what came of the last visit to each.

Plain values. Not here: fetching them (``ingest/fetch.py``), when the next visit is due (``ingest/schedule.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import Database
from vectorstore.rows import by_column
from vectorstore.types import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

SourceKind = Literal["feed", "page", "sitemap"]
_sources = schema.sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An address that is looked at again and again.

    ``next_visit`` is None until the first visit. ``etag`` and ``last_modified`` are the validators its server gave last.
    ``failures`` and ``unchanged`` count the visits in a row that failed or brought nothing new; ``last_error`` is for people, empty if the last
    visit went well; ``last_status`` is its HTTP status, None if there was no answer.
    """

    address: str
    kind: SourceKind
    title: str = ""
    added_at: datetime
    last_visit: datetime | None = None
    next_visit: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    failures: int = 0
    unchanged: int = 0
    last_error: str = ""
    last_status: int | None = None


class Sources(Database):
    """The followed sources of a library."""

    def follow(self, address: str, *, kind: SourceKind, title: str = "") -> bool:
        """Follow an address from now on; returns whether that is new. A followed one keeps what is known of its visits."""
        with self._writing() as connection:
            known = _sources.c.address == address
            found = connection.execute(sa.select(_sources.c.title).where(known)).first()
            if found:
                connection.execute(_sources.update().where(known).values(kind=kind, title=title or found.title))
                return False
            connection.execute(
                _sources.insert(),
                {
                    "address": address,
                    "kind": kind,
                    "title": title,
                    "added_at": stamp(datetime.now(UTC)),
                    "failures": 0,
                    "unchanged": 0,
                    "last_error": "",
                },
            )
            return True

    def sources(self) -> list[Source]:
        """Every followed source, in the order they were added."""
        with self._reading() as connection:
            query = sa.select(_sources).order_by(_sources.c.added_at, _sources.c.address)
            return [Source(**by_column(row)) for row in connection.execute(query)]

    def record_visit(
        self,
        address: str,
        *,
        at: datetime,
        next_visit: datetime,
        status: int | None,
        failures: int = 0,
        unchanged: int = 0,
        error: str = "",
        etag: str | None = None,
        last_modified: str | None = None,
        title: str | None = None,
    ) -> bool:
        """Record a visit; returns whether the address is (still) followed.

        Everything is stored as given; only ``title`` None keeps what is there.
        """
        values: dict[str, Any] = {
            "last_visit": stamp(at),
            "next_visit": stamp(next_visit),
            "last_status": status,
            "failures": failures,
            "unchanged": unchanged,
            "last_error": error,
            "etag": etag,
            "last_modified": last_modified,
        }
        if title is not None:
            values["title"] = title
        with self._writing() as connection:
            return connection.execute(_sources.update().where(_sources.c.address == address).values(**values)).rowcount > 0

    def unfollow(self, addresses: Iterable[str]) -> list[str]:
        """Follow these no longer; returns those that were followed. Their articles stay."""
        with self._writing() as connection:
            return [
                address
                for address in addresses
                if connection.execute(_sources.delete().where(_sources.c.address == address)).rowcount
            ]
