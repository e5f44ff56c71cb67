"""Tables of articles: the rows of JSON-lines files. Pure: bytes in, rows or reasons out.

Not here: single documents (``extract.py``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ingest.dates import parse_date
from ingest.extract import Extracted, clean_characters
from vectorstore.errors import SourceEmpty, SourceError, SourceUnreadable

TABLE_SUFFIXES = frozenset({".jsonl", ".ndjson"})
# Usual names of a column, the likeliest first.
_COLUMNS = {
    "key": ("_id", "id", "guid", "url", "link"),
    "text": ("text", "content", "body", "article", "maintext"),
    "title": ("title", "headline"),
    "source": ("source", "outlet", "publisher", "site", "sitename"),
    "author": ("author", "authors", "byline"),
    "language": ("language", "lang"),
    "url": ("url", "link"),
    "published": ("published_at", "published", "date", "date_published", "pubdate", "datetime"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its key in the table, its bytes, and what it says."""

    key: str
    original: bytes
    extracted: Extracted


def read_rows(content: bytes, *, name: str) -> Iterator[Row | SourceError]:
    """The rows of a JSON-lines table in their order; a row that cannot be used is given as its error.

    A row's key is its id or URL column, else the hash of its text.
    """
    number = 0
    for number, line in enumerate(filter(None, (line.strip() for line in content.split(b"\n"))), start=1):
        try:
            yield _row(line, name=f"{name}, row {number}")
        except SourceError as error:
            yield error
    if number == 0:
        yield SourceEmpty(f"{name}: there is no row in it.")


def _row(line: bytes, *, name: str) -> Row:
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        message = f"{name}: not JSON in UTF-8 ({error})."
        raise SourceUnreadable(message) from error
    if not isinstance(fields, dict):
        message = f"{name}: not a JSON object with a text column."
        raise SourceUnreadable(message)
    # BEIR keeps what it has no column for under "metadata".
    nested = fields.get("metadata")
    columns = {**(nested if isinstance(nested, dict) else {}), **fields}
    body, title = _value(columns, "text"), _line(columns, "title")
    if not body:
        message = f"{name}: no text (looked for {', '.join(_COLUMNS['text'])})."
        raise SourceEmpty(message)
    text = body if not title or body.startswith(title) else f"{title}\n\n{body}"
    date = _line(columns, "published")
    extracted = Extracted(
        text=text,
        title=title,
        source=_line(columns, "source"),
        author=_line(columns, "author"),
        language=_line(columns, "language") or None,
        url=_line(columns, "url") or None,
        published=parse_date(date, came_from="table", now=datetime.now(UTC)) if date else None,
    )
    key = _value(columns, "key") or hashlib.sha256(text.encode()).hexdigest()[:16]
    return Row(key, line, extracted)


def _line(columns: Mapping[str, Any], wanted: str) -> str:
    return " ".join(_value(columns, wanted).split())


def _value(columns: Mapping[str, Any], wanted: str) -> str:
    for column in _COLUMNS[wanted]:
        value = columns.get(column)
        if isinstance(value, list):
            value = ", ".join(str(item) for item in value)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and clean_characters(str(value)):
            return clean_characters(str(value))
    return ""
