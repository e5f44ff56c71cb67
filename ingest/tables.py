"""Tables of articles, a row each: JSON lines, a JSON array or object of records, CSV and TSV. Rows stream, in bounded memory.

A row that cannot be used is given as its reason and the others go on. Not here: single documents (``extract.py``), the formats
(``json_records.py``, ``csv_records.py``), what columns are called (``columns.py``).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, BinaryIO

from ingest.columns import COLUMNS, USUAL_NAMES, Record
from ingest.csv_records import csv_records
from ingest.dates import parse_date
from ingest.encoding import clean_characters
from ingest.json_records import is_table, json_records
from ingest.limits import refuse_longer
from ingest.lines import MAX_ROW_BYTES, read
from ingest.page_metadata import declared_language, web_address
from ingest.types import Extracted
from vectorstore.errors import SourceEmpty, SourceError, SourceUnreadable

__all__ = ["COLUMNS", "MAX_ROW_BYTES", "TABLE_SUFFIXES", "Row", "is_table", "read_rows"]

TABLE_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json", ".csv", ".tsv"})
_SAMPLE_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its key in the table, the bytes to keep, and what it says.

    ``original`` is a line of JSON, that of the file or made of a CSV row's cells: :func:`read_rows` reads it again by itself.
    """

    key: str
    original: bytes
    extracted: Extracted


def read_rows(
    content: bytes | BinaryIO,
    *,
    name: str,
    delimiter: str | None = None,
    quote: str | None = None,
    header: bool | None = None,
    columns: Mapping[str, str | int] | None = None,
) -> Iterator[Row | SourceError]:
    """The rows of a table in their order; a row that cannot be used is given as its error, which names its place.

    ``content`` is its bytes or a stream of them; files called .csv or .tsv are CSV, others JSON if they begin like it.
    ``delimiter``, ``quote`` (a character each) and ``header`` (whether the first row names the columns) of a CSV are found where
    they are not given. ``columns`` says which column is what, by its name or its number from 1: ``{"text": "Inhalt", "title": 2}``.
    Where nothing says which column of a CSV is the text, it is the longest. A row's key is its id or URL column, else the hash of
    its text.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    if reason := _wrong_option(delimiter=delimiter, quote=quote, columns=columns):
        yield SourceUnreadable(f"{name}: {reason}")
        return
    names = {role: str(column).strip().casefold() for role, column in (columns or {}).items()}
    head = read(stream, _SAMPLE_BYTES)
    suffix = PurePath(name).suffix.lower()
    if suffix not in {".csv", ".tsv"} and (is_table(head) or suffix in {".jsonl", ".ndjson", ".json"}):
        records = json_records(stream, head=head, names=names)
    else:
        records = csv_records(stream, head=head, delimiter=delimiter, quote=quote, header=header, names=names)
    found = False
    for record in records:
        found = True
        try:
            yield _row(record, name=name, names=names)
        except SourceError as error:
            yield error
    if not found:
        yield SourceEmpty(f"{name}: there is no row in it.")


def _wrong_option(*, delimiter: str | None, quote: str | None, columns: Mapping[str, str | int] | None) -> str:
    for option, value in (("separator", delimiter), ("quote", quote)):
        if value is not None and (len(value) != 1 or value in "\r\n\0"):
            return f"the {option} must be one character, not {value!r}."
    if delimiter is not None and delimiter == quote:
        return f"separator and quote cannot both be {delimiter!r}."
    if unknown := set(columns or {}) - COLUMNS:
        return f"there is no {', '.join(sorted(unknown))} among what a column can be ({', '.join(sorted(COLUMNS))})."
    return ""


def _row(record: Record, *, name: str, names: Mapping[str, str]) -> Row:
    place = f"{name}, {record.place}"
    if record.columns is None:
        raise SourceUnreadable(f"{place}: {record.error}")
    # BEIR keeps what it has no column for under "metadata".
    nested = record.columns.get("metadata")
    cells = {**(nested if isinstance(nested, dict) else {}), **record.columns}
    columns = {key.strip().casefold(): value for key, value in cells.items()}
    body, title = _value(columns, "text"), _line(columns, "title")
    if not body:
        looked_for = names.get("text") or ", ".join(USUAL_NAMES["text"][:5])
        raise SourceEmpty(f"{place}: no text (looked for {looked_for}). Say which column has it.")
    refuse_longer(body, name=place)
    text = body if not title or body.startswith(title) else f"{title}\n\n{body}"
    now = datetime.now(UTC)
    extracted = Extracted(
        text=text,
        title=title,
        source=_line(columns, "source"),
        author=_line(columns, "author"),
        language=declared_language(_line(columns, "language")),
        url=web_address(_line(columns, "url")),
        published=parse_date(_line(columns, "published"), came_from="table", now=now),
        modified=parse_date(_line(columns, "modified"), came_from="table", now=now),
    )
    key = _line(columns, "key") or hashlib.sha256(text.encode()).hexdigest()[:16]
    return Row(key, record.original, extracted)


def _line(columns: Mapping[str, Any], role: str) -> str:
    return " ".join(_value(columns, role).split())


def _value(columns: Mapping[str, Any], role: str) -> str:
    for column in USUAL_NAMES[role]:
        value = columns.get(column)
        if isinstance(value, dict):  # {"name": "Jane Doe"}
            value = value.get("name")
        if isinstance(value, list):
            names = (item.get("name") if isinstance(item, dict) else item for item in value)
            value = ", ".join(str(item) for item in names if isinstance(item, str | int))
        if isinstance(value, str | int) and not isinstance(value, bool) and (cleaned := clean_characters(str(value))):
            return cleaned
    return ""
