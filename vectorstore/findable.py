"""What of a library may be found now: the catalogue that filters and ranking ask, and the passages and articles of what was found.

Not here: what can be asked of a catalogue (``catalogue.py``), finding (``search.py``).
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.catalogue import Catalogue, Shown
from vectorstore.database import Database, chunks
from vectorstore.rows import to_article, to_passage
from vectorstore.schema import READY
from vectorstore.types import Article, Filters, Passage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_versions, _passages = schema.versions, schema.passages


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may be shown, with what ranking needs of its article; articles that say the same have one ``story``."""

    id: str
    version_row: int
    language: str
    story: str


class Findable(Database):
    """What may be shown of a library. The catalogue is kept until something was written, by this process or another."""

    def __init__(self, folder: Path) -> None:
        """See ``Database``."""
        self._watching = threading.Lock()
        self._watch: sa.Connection | None = None
        self._catalogue: Catalogue | None = None
        self._catalogued = 0
        super().__init__(folder)

    def close(self) -> None:
        """Close every connection."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        super().close()

    def catalogue(self) -> Catalogue:
        """What may be shown now; read anew only after something was written, by this process or another."""
        with self._watching, self._guarded():
            if self._watch is None:
                self._watch = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            # Of a connection that itself never writes it changes with every commit to the file (https://sqlite.org/pragma.html#pragma_data_version).
            changes = self._watch.exec_driver_sql("PRAGMA data_version").scalar_one()
            if self._catalogue is None or changes != self._catalogued:
                columns = ("row", "article_id", "language", "source", "published_at", "duplicate_of", "passages")
                query = sa.select(*(_versions.c[name] for name in columns)).where(_versions.c.state.in_(READY))
                self._catalogue = Catalogue(Shown(*row) for row in self._watch.execute(query))
                self._catalogued = changes
            return self._catalogue

    def candidates(self, ids: Iterable[str], *, filters: Filters) -> dict[str, Candidate]:
        """Those of the passages ``ids`` that may be shown: searchable, current and matching ``filters``."""
        allowed = self.catalogue().matching(filters)
        query = sa.text("SELECT id, version_row FROM passages WHERE id IN (SELECT value FROM json_each(:ids))")
        with self._reading() as connection:
            found = connection.execute(query, {"ids": json.dumps(list(ids))}).all()
        return {id_: Candidate(id_, row, allowed[row].language, allowed[row].story) for id_, row in found if row in allowed}

    def matching_ids(self, filters: Filters) -> list[str]:
        """The ids of every passage that may be shown and matches ``filters``."""
        rows = list(self.catalogue().matching(filters))
        query = sa.text("SELECT id FROM passages WHERE version_row IN (SELECT value FROM json_each(:rows))")
        with self._reading() as connection:
            return list(connection.execute(query, {"rows": json.dumps(rows)}).scalars())

    def count_passages(self, filters: Filters | None = None) -> int:
        """How many passages may be shown and match ``filters``."""
        return self.catalogue().passages(filters or Filters())

    def passages_of(self, ids: Iterable[str]) -> dict[str, Passage]:
        """These passages with the spans of their sentences, by id; those that are gone are left out."""
        query = (
            sa.select(_passages, _versions.c.article_id, _versions.c.version, _versions.c.state)
            .join(_versions, _versions.c.row == _passages.c.version_row)
            .where(_passages.c.id.in_(sa.bindparam("ids", expanding=True)))
        )
        found: dict[str, Passage] = {}
        with self._reading() as connection:
            for chunk in chunks(list(ids)):
                found |= {
                    row.id: to_passage(row, article_id=row.article_id, version=row.version)
                    for row in connection.execute(query, {"ids": chunk})
                    if row.state in READY  # asked of SQLite it would begin with all that is ready
                }
        return found

    def articles_of(self, rows: Iterable[int]) -> dict[int, Article]:
        """The articles of these version rows."""
        with self._reading() as connection:
            found: dict[int, Article] = {}
            for chunk in chunks(list(set(rows))):
                for row in connection.execute(sa.select(_versions).where(_versions.c.row.in_(chunk))):
                    found[row.row] = to_article(row)
        return found

    def languages(self) -> Mapping[str, int]:
        """How many searchable articles there are in each language."""
        return self.catalogue().languages
