"""The tables of ``library.db``, and the way from an older layout to this one.

Not here: transactions (``database.py``), what the tables are asked (``library.py`` and the modules that it is made of).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from vectorstore.errors import LibraryCorrupt
from vectorstore.languages import fold_accents

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "library.db"
LOG_NAME = f"{FILE_NAME}-wal"
SCHEMA_VERSION = 3
State = Literal["pending", "searchable", "complete", "retired", "hidden"]
"""Of a version: stored and not found yet, in the indexes, its sentence vectors too, replaced by a newer one, on its way out (``hiding.py``)."""
READY: tuple[State, ...] = ("searchable", "complete")
LISTED: tuple[State, ...] = ("pending", *READY)

metadata = sa.MetaData()
facts = sa.Table("facts", metadata, sa.Column("name", sa.String, primary_key=True), sa.Column("value", sa.String, nullable=False))
# A version that is made anew (other furniture, another headline) waits as a second row beside the one that answers meanwhile.
versions = sa.Table(
    "versions",
    metadata,
    sa.Column("row", sa.Integer, primary_key=True),
    sa.Column("article_id", sa.String, nullable=False, index=True),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("author", sa.String, nullable=False),
    sa.Column("language", sa.String, nullable=False),
    sa.Column("url", sa.String),
    sa.Column("path", sa.String),
    sa.Column("published_at", sa.String),
    sa.Column("published_precision", sa.String),
    sa.Column("published_from", sa.String),
    sa.Column("modified_at", sa.String),
    sa.Column("fetched_at", sa.String, nullable=False),
    sa.Column("added_at", sa.String, nullable=False),
    sa.Column("duplicate_of", sa.String, index=True),
    sa.Column("sample", sa.Boolean, nullable=False),
    sa.Column("notes", sa.String, nullable=False, server_default="[]"),
    sa.Column("counted", sa.Boolean, nullable=False, server_default=sa.false()),  # its paragraphs are in ``paragraphs``
    sa.Column("original", sa.String, sa.ForeignKey("originals.sha256"), nullable=False, index=True),
    sa.Column("passages", sa.Integer, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("furniture", sa.String, nullable=False),
    # Covers what the catalogue reads: without it every row's page, with its text, is read.
    sa.Index("versions_shown", "state", "row", "article_id", "language", "source", "published_at", "duplicate_of", "passages"),
)
is_current = versions.c.state != "retired"
is_open = versions.c.state.not_in(("retired", "hidden"))
originals = sa.Table(
    "originals",
    metadata,
    sa.Column("sha256", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("media_type", sa.String, nullable=False, server_default=""),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
passages = sa.Table(
    "passages",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("version_row", sa.Integer, sa.ForeignKey("versions.row"), primary_key=True, index=True),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
    sa.Column("sentences", sa.String, nullable=False),
)
leavings = sa.Table("leavings", metadata, sa.Column("id", sa.String, primary_key=True))
bands = sa.Table(
    "bands",
    metadata,
    sa.Column("hash", sa.Integer, primary_key=True),
    sa.Column("version_row", sa.Integer, sa.ForeignKey("versions.row"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)
paragraphs = sa.Table(
    "paragraphs",
    metadata,
    sa.Column("hash", sa.Integer, primary_key=True),
    sa.Column("version_row", sa.Integer, sa.ForeignKey("versions.row"), primary_key=True, index=True),
    sa.Column("topical", sa.Boolean, nullable=False),
    sa.Column("settled", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)
sources = sa.Table(
    "sources",
    metadata,
    sa.Column("address", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("added_at", sa.String, nullable=False),
    sa.Column("last_visit", sa.String),
    sa.Column("next_visit", sa.String),
    sa.Column("etag", sa.String),
    sa.Column("last_modified", sa.String),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("unchanged", sa.Integer, nullable=False),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_error", sa.String, nullable=False),
)
pages = sa.Table(
    "pages",
    metadata,
    sa.Column("address", sa.String, primary_key=True),
    sa.Column("article_id", sa.String, nullable=False, index=True),
    sa.Column("entry", sa.String, nullable=False),
    sa.Column("fetched", sa.Boolean, nullable=False),
    sa.Column("etag", sa.String),
    sa.Column("last_modified", sa.String),
    sa.Column("visited_at", sa.String, nullable=False),
)
# Articles on their way out, with the state that their versions come back to; meanwhile these have the state ``hidden``.
hidden = sa.Table(
    "hidden",
    metadata,
    sa.Column("row", sa.Integer, sa.ForeignKey("versions.row"), primary_key=True),
    sa.Column("article_id", sa.String, nullable=False, index=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("remove_at", sa.String, nullable=False, index=True),
)
# What was removed, as digests of its id and of the addresses that led to it: nothing that can be read stays.
removed = sa.Table(
    "removed",
    metadata,
    sa.Column("digest", sa.String, primary_key=True),
    sa.Column("article", sa.String, nullable=False, index=True),
)
# One row for each article that can be found or soon will be, with what a list of them is sorted and filtered by. Apart from ``versions``,
# whose rows are as long as their texts; kept by the triggers below, whoever writes.
shelf = sa.Table(
    "shelf",
    metadata,
    sa.Column("row", sa.Integer, primary_key=True),
    sa.Column("article_id", sa.String, nullable=False, unique=True),
    sa.Column("state", sa.String, nullable=False, index=True),
    sa.Column("added_at", sa.String, nullable=False, index=True),
    sa.Column("published_at", sa.String, index=True),
    sa.Column("language", sa.String, nullable=False, index=True),
    sa.Column("source", sa.String, nullable=False, index=True),
    sa.Column("title_key", sa.String, nullable=False, index=True),
    sa.Column("source_key", sa.String, nullable=False, index=True),
    sa.Column("characters", sa.Integer, nullable=False),
)
feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("given_at", sa.String, nullable=False, index=True),
    sa.Column("verdict", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
)
conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("owner", sa.String, primary_key=True),
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("updated_at", sa.String, nullable=False),
)
exchanges = sa.Table(
    "exchanges",
    metadata,
    sa.Column("owner", sa.String, primary_key=True),
    sa.Column("conversation", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
_SHELVED = """
INSERT INTO shelf (row, article_id, state, added_at, published_at, language, source, title_key, source_key, characters)
SELECT row, article_id, state, added_at, published_at, language, source, folded(title), folded(source), length(text) FROM versions
"""
_TRIGGERS = tuple(
    f"""
    CREATE TRIGGER IF NOT EXISTS shelf_{event.split()[0].lower()} AFTER {event} ON versions BEGIN
        DELETE FROM shelf WHERE article_id = {which}.article_id;
        {_SHELVED} WHERE article_id = {which}.article_id AND state IN ('pending', 'searchable', 'complete')
        ORDER BY state = 'pending', row DESC LIMIT 1;
    END"""  # noqa: S608  (words of this module)
    for event, which in (("INSERT", "NEW"), ("UPDATE OF state", "NEW"), ("DELETE", "OLD"))
)


# One row for each article: that which answers, else the newest that waits.
_ALL_SHELVED = f"""{_SHELVED} WHERE row IN (
    SELECT COALESCE(MAX(CASE WHEN state <> 'pending' THEN row END), MAX(row)) FROM versions
    WHERE state IN ('pending', 'searchable', 'complete') GROUP BY article_id
)"""  # noqa: S608  (words of this module)


def bring_up_to_date(connection: sa.Connection, *, path: Path) -> None:
    """Within a transaction: make the tables in the file at ``path``, or bring those of an older layout to this one.

    Raises:
        LibraryCorrupt: it is of a newer layout.
    """
    if not sa.inspect(connection).has_table(facts.name):
        _create(connection)
        return
    found = connection.execute(sa.select(facts.c.value).where(facts.c.name == "schema")).scalar()
    if found == "1":
        _from_version_1(connection)
    elif found == "2":
        _create(connection)
        connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS ix_versions_original ON versions (original)")
        connection.exec_driver_sql(_ALL_SHELVED)
    elif found != str(SCHEMA_VERSION):
        raise LibraryCorrupt(f"{path} has layout {found}, this version reads {SCHEMA_VERSION}. Use the version that wrote it.")


def record_facts(connection: sa.Connection, values: dict[str, str]) -> None:
    """Record named values within a transaction."""
    for name, value in values.items():
        connection.execute(facts.insert().prefix_with("OR REPLACE"), {"name": name, "value": value})


def folded(text: str | None) -> str:
    """``text`` as it is sorted and searched: without case and accents."""
    return fold_accents((text or "").casefold())


def _from_version_1(connection: sa.Connection) -> None:
    """Layout 1 had one row for a version and one for a passage id: both tables are made anew, with all that is in them."""
    for table in (passages, versions):  # the one that refers to the other first, so that dropping breaks no reference
        connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO {table.name}_1")
    for index in ("ix_versions_state", "ix_passages_version_row", "versions_shown"):
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {index}")
    _create(connection)
    connection.exec_driver_sql("ALTER TABLE originals ADD COLUMN media_type VARCHAR NOT NULL DEFAULT ''")
    for table in (versions, passages):
        kept = [column["name"] for column in sa.inspect(connection).get_columns(f"{table.name}_1")]
        named = ", ".join(f'"{name}"' for name in kept)
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({named}) SELECT {named} FROM "{table.name}_1"')  # noqa: S608  (names of the schema)
    for table in (passages, versions):
        connection.exec_driver_sql(f"DROP TABLE {table.name}_1")


def _create(connection: sa.Connection) -> None:
    """Make what is not there yet of this layout."""
    metadata.create_all(connection)
    for trigger in _TRIGGERS:
        connection.exec_driver_sql(trigger)
    record_facts(connection, {"schema": str(SCHEMA_VERSION)})
