"""The articles of a library as a table to look through: sorted, searched, filtered, a page at a time, without reading their texts.

The table ``shelf`` is kept by triggers (``schema.py``). Not here: whole articles (``library.py``), finding passages (``search.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import Database
from vectorstore.errors import SettingsError
from vectorstore.rows import by_column
from vectorstore.schema import LISTED, folded
from vectorstore.types import Filters, Precision

if TYPE_CHECKING:
    from collections.abc import Sequence

Sort = Literal["added", "published", "title", "source", "language", "state"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
MAX_ROWS: Final = 500
"""So many rows are in one page of the table at most."""
_MAX_SEARCH_WORDS = 12
_versions, _shelf = schema.versions, schema.shelf
_COLUMNS: Final[dict[Sort, sa.ColumnElement[Any]]] = {
    "added": _shelf.c.added_at,
    "published": _shelf.c.published_at,
    "title": _shelf.c.title_key,
    "source": _shelf.c.source_key,
    "language": _shelf.c.language,
    "state": _shelf.c.state,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfRow:
    """What a table shows of an article: facts of the version that answers, or of the one that soon will.

    ``state`` is ``"pending"`` (read, not found yet), ``"searchable"`` or ``"complete"``. ``copies`` is how many other articles say the same
    and name this one, ``versions`` how many versions are kept, ``characters`` how long the text is.
    """

    id: str
    title: str
    source: str
    url: str | None
    path: str | None
    language: str
    published_at: datetime | None
    published_precision: Precision | None
    fetched_at: datetime
    added_at: datetime
    state: str
    sample: bool
    duplicate_of: str | None
    copies: int
    versions: int
    characters: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of the table, and how many rows it has in all."""

    rows: tuple[ShelfRow, ...]
    total: int


class Shelves(Database):
    """The table of a library's articles."""

    def standing(self) -> tuple[int, int]:
        """Another one whenever articles have come that can be found, or have gone."""
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(_shelf.c.row), 0)).where(_shelf.c.state != "pending")
        with self._reading() as connection:
            count, last = connection.execute(query).one()
        return count, last

    def browse(
        self,
        *,
        search: str = "",
        sort: Sort = "added",
        descending: bool = True,
        limit: int = 50,
        offset: int = 0,
        filters: Filters | None = None,
    ) -> Shelf:
        """The rows ``offset`` to ``offset + limit`` of the articles whose headline or outlet has every word of ``search``.

        Words are found anywhere, without case and accents. Articles without a date come last, whichever way dates are sorted; equals come as they
        were stored. At most ``MAX_ROWS`` rows.

        Raises:
            SettingsError: there is no such ``sort``, or ``limit`` or ``offset`` is negative.
        """
        if sort not in _COLUMNS:
            raise SettingsError(f"Articles cannot be sorted by {sort!r}. Use one of {', '.join(SORTS)}.")
        if limit < 0 or offset < 0:
            raise SettingsError(f"No page of a table begins at {offset} and has {limit} rows. Give numbers from 0 on.")
        wanted = [*within(filters or Filters(), table=_shelf), *_having(search)]
        column = _COLUMNS[sort]
        order = (column.desc().nulls_last(), _shelf.c.row.desc()) if descending else (column.nulls_last(), _shelf.c.row)
        page = sa.select(_shelf.c.row).where(*wanted).order_by(*order).limit(min(limit, MAX_ROWS)).offset(offset)
        with self._reading() as connection:
            total: int = connection.execute(sa.select(sa.func.count()).select_from(_shelf).where(*wanted)).scalar_one()
            rows = list(connection.execute(page).scalars())
            return Shelf(_shelf_rows(connection, rows), total)

    def story(self, article_id: str) -> tuple[ShelfRow, ...]:
        """The rows of an article and of those that say the same: first the one that stands for the others, then as they were stored.

        At most ``MAX_ROWS`` rows; none if there is no such article.
        """
        facts = sa.select(_versions.c.row, _versions.c.article_id, _versions.c.duplicate_of).join(
            _shelf, _shelf.c.row == _versions.c.row
        )
        with self._reading() as connection:
            asked = connection.execute(facts.where(_versions.c.article_id == article_id)).first()
            if asked is None:
                return ()
            root = asked.duplicate_of or article_id
            of_story = sa.or_(_versions.c.article_id == root, _versions.c.duplicate_of == root)
            order = (_versions.c.article_id != root, _versions.c.row)
            rows = [row.row for row in connection.execute(facts.where(of_story).order_by(*order).limit(MAX_ROWS))]
            return _shelf_rows(connection, rows)


def within(filters: Filters, *, table: sa.Table) -> list[sa.ColumnElement[bool]]:
    """What ``filters`` ask of the columns ``language``, ``source`` and ``published_at`` of a table."""
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.language:
        conditions.append(table.c.language == filters.language)
    if filters.source:
        conditions.append(table.c.source == filters.source)
    first, last = filters.stamps()
    dated = table.c.published_at
    period = [dated >= first] if first else []
    period += [dated <= last] if last else []
    if period:
        inside = sa.and_(*period)
        conditions.append(sa.or_(dated.is_(None), inside) if filters.undated else inside)
    return conditions


def _having(search: str) -> list[sa.ColumnElement[bool]]:
    """That headline or outlet has every word of ``search``."""
    words = folded(search).split()[:_MAX_SEARCH_WORDS]
    return [sa.or_(sa.func.instr(_shelf.c.title_key, word) > 0, sa.func.instr(_shelf.c.source_key, word) > 0) for word in words]


def _shelf_rows(connection: sa.Connection, rows: Sequence[int]) -> tuple[ShelfRow, ...]:
    names = (
        "title source url path language published_at published_precision fetched_at added_at state sample duplicate_of".split()
    )
    facts = (_versions.c.article_id.label("id"), *(_versions.c[name] for name in names), _shelf.c.characters)
    query = sa.select(*facts, _versions.c.row).join(_shelf, _shelf.c.row == _versions.c.row).where(_versions.c.row.in_(rows))
    found = {(values := by_column(row)).pop("row"): values for row in connection.execute(query)}
    ids = [values["id"] for values in found.values()]
    copies = sa.select(_versions.c.duplicate_of, sa.func.count(sa.distinct(_versions.c.article_id))).where(
        _versions.c.duplicate_of.in_(ids), _versions.c.state.in_(LISTED)
    )
    kept = sa.select(_versions.c.article_id, sa.func.count(sa.distinct(_versions.c.version))).where(
        _versions.c.article_id.in_(ids)
    )
    copied: dict[str, int] = dict(connection.execute(copies.group_by(_versions.c.duplicate_of)).all())
    versions: dict[str, int] = dict(connection.execute(kept.group_by(_versions.c.article_id)).all())
    return tuple(
        ShelfRow(**values, copies=copied.get(values["id"], 0), versions=versions[values["id"]])
        for values in (found[row] for row in rows if row in found)
    )
