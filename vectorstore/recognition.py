"""What a row that was read from a torn page is: the table that it can only be of, whether it says something, and what it tells besides.

Nothing is believed by its place. Not here: reading the pages (``sqlite_rows.py``), what becomes of the rows (``salvage.py``).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final, get_args

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.errors import LibraryCorrupt
from vectorstore.hiding import digest
from vectorstore.rows import to_article, unpacked
from vectorstore.schema import State
from vectorstore.sqlite_rows import LOST, Lost, Row

_originals = schema.originals
_TABLES: Final = (
    schema.versions, _originals, schema.passages, schema.sources, schema.pages, schema.hidden, schema.feedback, schema.conversations,
    schema.exchanges, schema.removed, schema.facts, schema.leavings, schema.shelf,
)  # fmt: skip
_STATES: Final = frozenset(get_args(State))
_DIGEST: Final = re.compile(r"[0-9a-f]{32}")
_FACTS: Final = frozenset({"schema", "index", "signature", "embedding", "bands", "furniture"})


@dataclass(slots=True)
class Seen:
    """What was seen while reading, beyond what went into the new store: how many rows by table, and the articles that there must have been."""

    taken: Counter[str] = field(default_factory=Counter)
    damaged: int = 0
    rows: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Article id and state by row of every version that anything speaks of."""
    names: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def lost(self) -> tuple[str, ...]:
        """The articles that are not there any more, as a reader may know them."""
        spoken_of = {id_ for id_, state in self.rows.values() if state != "retired"} | self.names.keys()
        gone = sorted(id_ for id_ in spoken_of - self.there if digest(id_) not in self.removed)
        return tuple(
            " ".join(filter(None, (self.names.get(id_) or f"article {id_}", self.addresses.get(id_)))).strip() for id_ in gone
        )


def recognised(row: Row) -> tuple[sa.Table, dict[str, Any]] | tuple[None, dict[str, Any]]:
    """The table that a row can only be of, by its shape, and its values by column; a layout of long ago had some in another order."""
    match row.values:
        case (str(), str(), bytes() | Lost() as content, *media_type) if len(media_type) <= 1 and len(row.values) <= 4:
            if all(isinstance(value, str) for value in media_type):
                known = {"sha256": row.values[0], "name": row.values[1], "content": content}
                return _originals, known | {"media_type": media_type[0] if media_type else ""}
    for table in _TABLES:
        columns = list(table.columns)
        if len(columns) != len(row.values):
            continue
        values = {column.name: value for column, value in zip(columns, row.values, strict=True)}
        if isinstance(columns[0].type, sa.Integer) and columns[0].primary_key and values[columns[0].name] is None:
            values[columns[0].name] = row.rowid
        if all(_fits(column, values[column.name]) for column in columns) and _means(table, values):
            return table, values
    return None, {}


def _fits(column: sa.Column[Any], value: object) -> bool:
    if value is LOST:
        return not column.primary_key
    if value is None:
        return bool(column.nullable)
    kind = bytes if isinstance(column.type, sa.LargeBinary) else int if isinstance(column.type, sa.Integer | sa.Boolean) else str
    return isinstance(value, kind)


def _means(table: sa.Table, values: dict[str, Any]) -> bool:
    """Of tables of one shape, and what is a single word: whether it says what these do."""
    match table.name:
        case "facts":
            return values["name"] in _FACTS
        case "removed":
            return all(_DIGEST.fullmatch(value) for value in values.values())
        case "leavings":
            return len(values["id"]) == 32
        case "hidden":
            return values["state"] in _STATES
        case "conversations":
            return _is_moment(values["updated_at"])
    return True


def is_sound(table: sa.Table, values: dict[str, Any], seen: Seen) -> bool:
    """Whether a row can go into the new store; what it lacks that can be made good is made good, and what it tells is noted."""
    match table.name:
        case "versions":
            seen.rows.setdefault(values["row"], (values["article_id"], values["state"]))
            if values["state"] not in _STATES:
                return False
            if values["state"] != "retired":
                seen.names[values["article_id"]] = _name(values["title"], values["source"])
                seen.addresses[values["article_id"]] = str(values["url"] or values["path"] or "")
            for name, empty in (("text", ""), ("furniture", "[]"), ("notes", "[]")):
                if not isinstance(values[name], str) or not _is_article(values | {"text": ""} | {name: values[name]}):
                    values[name] = empty
            return LOST not in values.values() and _is_article(values)
        case "shelf":
            seen.rows.setdefault(values["row"], (values["article_id"], values["state"]))
            seen.names.setdefault(values["article_id"], _name(values["title_key"], values["source"]))
        case "pages":
            seen.addresses.setdefault(values["article_id"], values["address"])
        case "exchanges" | "feedback":
            name = "content" if table.name == "exchanges" else "answer"
            content = values[name]
            if not isinstance(content, bytes) or unpacked(content, sha256=values.get("digest")) is None:
                values[name] = b""  # its place is kept: what reads it says that it is damaged
                seen.damaged += 1
    return LOST not in values.values()


def note_entry(row: Row, seen: Seen) -> None:
    """An entry of the index over what is shown names its article too, wherever the article itself is."""
    match row.values:
        case (str(state), int(number), str(id_), str(), str(), _, _, int(), *_) if len(row.values) == 9 and state in _STATES:
            seen.rows.setdefault(number, (id_, state))


def _name(title: object, source: object) -> str:
    named = f"“{title}”" if title and isinstance(title, str) else ""
    return " ".join(filter(None, (named, f"({source})" if source and isinstance(source, str) else "")))


def _is_article(values: dict[str, Any]) -> bool:
    try:
        to_article(SimpleNamespace(**values))
    except LibraryCorrupt:
        return False
    return True


def is_right(values: dict[str, Any]) -> bool:
    """Whether a version's words have the hash that they were stored under."""
    version: str = values["version"]
    return to_article(SimpleNamespace(**values)).version == version


def _is_moment(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True
