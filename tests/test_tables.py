"""JSON-lines tables: columns under their usual names, a key per row, a reason per broken row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.tables import Row, read_rows
from vectorstore.errors import SourceEmpty, SourceError, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT = "The lighthouse at Skarven Point has been lit again."


def table(*rows: Mapping[str, object]) -> bytes:
    """Rows as JSON lines."""
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def only_row(**columns: object) -> Row:
    """The row of a table with these columns and a text."""
    (row,) = read_rows(table({"text": TEXT, **columns}), name="t.jsonl")
    assert isinstance(row, Row)
    return row


def error_of(content: bytes) -> SourceError:
    """The reason why the only row of a table cannot be used."""
    (row,) = read_rows(content, name="t.jsonl")
    assert isinstance(row, SourceError)
    return row


def test_a_row_as_beir_writes_it() -> None:
    """``_id``, ``title``, ``text``, and what is nested under ``metadata``; the headline comes before the text."""
    row = only_row(_id="d7", title="Lighthouse lit", metadata={"language": "en", "published_at": "2023-05-04", "source": "Ferry"})
    found = row.extracted
    assert row.key == "d7"
    assert (found.text, found.title, found.source, found.language) == (
        f"Lighthouse lit\n\n{TEXT}",
        "Lighthouse lit",
        "Ferry",
        "en",
    )
    assert found.published is not None
    assert (found.published.at, found.published.precision, found.published.came_from) == (
        datetime(2023, 5, 4, tzinfo=UTC),
        "day",
        "table",
    )


def test_a_row_as_news_tools_write_it() -> None:
    """Other usual column names: headline, outlet, byline, lang, url, date."""
    (row,) = read_rows(
        table(
            {
                "headline": "Lighthouse lit",
                "body": TEXT,
                "outlet": "Ferry",
                "byline": "Ida Moen",
                "lang": "en-GB",
                "url": "https://ferry.example/1",
                "date": "2023-05-04T10:30:00+02:00",
            }
        ),
        name="t.jsonl",
    )
    assert isinstance(row, Row)
    found = row.extracted
    assert (found.title, found.source, found.author, found.url) == (
        "Lighthouse lit",
        "Ferry",
        "Ida Moen",
        "https://ferry.example/1",
    )
    assert found.published is not None
    assert found.published.at == datetime(2023, 5, 4, 8, 30, tzinfo=UTC)
    assert row.key == "https://ferry.example/1"


def test_the_row_wins_over_its_metadata() -> None:
    """A column of the row itself counts before a nested one of the same name."""
    assert only_row(source="Ferry", metadata={"source": "Else", "author": "Ida Moen"}).extracted.source == "Ferry"
    assert only_row(source="Ferry", metadata={"source": "Else", "author": "Ida Moen"}).extracted.author == "Ida Moen"
    assert only_row(metadata="none").extracted.text == TEXT


def test_a_key_without_an_id_is_the_hash_of_the_text() -> None:
    """The same words get the same key, other words another one; a number is a key too."""
    assert only_row().key == only_row().key
    assert only_row().key != only_row(title="Lighthouse lit").key
    assert only_row(id=17).key == "17"
    assert only_row(id=True, guid="g").key == "g"


def test_a_headline_that_begins_the_text_is_not_repeated() -> None:
    """Sets that keep the headline in the text are left as they are."""
    assert only_row(title="The lighthouse at Skarven Point").extracted.text == TEXT


def test_texts_are_cleaned() -> None:
    """NFC, line ends, no controls and lone surrogates, as from every other source; a title is one line."""
    (row,) = read_rows(
        b'{"text": "Cafe\\u0301 \\ud800 open\\r\\nDaily.\\u0007", "title": " Cafe\\u0301\\n open "}', name="t.jsonl"
    )
    assert isinstance(row, Row)
    assert row.extracted.title == "Café open"
    assert row.extracted.text.startswith("Café open\n\nCafé")
    assert "\nDaily." in row.extracted.text
    assert row.extracted.text.encode()


def test_no_column_steers_a_terminal() -> None:
    """Escape sequences and line breaks in a name, an outlet or an id are taken out."""
    row = only_row(id="a\x1b[31m1", source="Fer\x1b]0;x\x07ry\n News", author="\x1b[2JIda", url="https://ferry.example/\x1b[31m")
    found = row.extracted
    assert (row.key, found.source, found.author, found.url) == (
        "a[31m1",
        "Fer]0;xry News",
        "[2JIda",
        "https://ferry.example/[31m",
    )


def test_a_list_is_joined() -> None:
    """Several authors are one line."""
    assert only_row(authors=["Ida Moen", "Per Lie"]).extracted.author == "Ida Moen, Per Lie"


def test_the_original_is_the_line() -> None:
    """The bytes kept for a row are its own line, byte order mark and blank lines aside."""
    first, second = table({"id": 1, "text": TEXT}), table({"id": 2, "text": "A market."})
    rows = list(read_rows(b"\xef\xbb\xbf" + first + b"\r\n\n  \n" + second + b"\n", name="t.jsonl"))
    assert [row.key for row in rows if isinstance(row, Row)] == ["1", "2"]
    assert [row.original.removeprefix(b"\xef\xbb\xbf") for row in rows if isinstance(row, Row)] == [first, second]


@pytest.mark.parametrize(
    ("line", "kind", "why"),
    [
        (b"{broken", SourceUnreadable, "not JSON"),
        ('{"text": "é"}'.encode("latin-1"), SourceUnreadable, "UTF-8"),
        (b"[" * 100_000, SourceUnreadable, "not JSON"),
        (b'"text"', SourceUnreadable, "not a JSON object"),
        (b"[1, 2]", SourceUnreadable, "not a JSON object"),
        (b'{"id": 3, "title": "Lighthouse lit"}', SourceEmpty, "looked for text, content"),
        (b'{"text": "   \\u0007 "}', SourceEmpty, "no text"),
        (b'{"text": {"nested": "x"}}', SourceEmpty, "no text"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(line: bytes, kind: type[SourceError], why: str) -> None:
    """Its error names file and row."""
    error = error_of(line)
    assert type(error) is kind
    assert why in str(error)
    assert str(error).startswith("t.jsonl, row 1: ")


def test_a_table_without_rows() -> None:
    """Blank lines are no rows; a table of them is empty."""
    error = error_of(b"\n \r\n")
    assert isinstance(error, SourceEmpty)
    assert "no row" in str(error)


def test_rows_are_numbered_as_they_stand() -> None:
    """A broken row is found again by its number among the rows, and its neighbours are read."""
    rows = list(read_rows(table({"text": TEXT}) + b"\n\n{\n" + table({"text": "A market."}), name="t.jsonl"))
    assert [type(row) for row in rows] == [Row, SourceUnreadable, Row]
    assert "row 2" in str(rows[1])


# Anything JSON can hold.
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
COLUMNS = st.sampled_from(
    ["_id", "id", "url", "text", "body", "title", "source", "author", "language", "date", "metadata", "other"]
)


@given(st.dictionaries(COLUMNS, ANYTHING, max_size=6))
def test_any_row_is_read_or_refused(columns: dict[str, object]) -> None:
    """Whatever stands in the columns, a row is a row with text that can be stored, or a known error."""
    (row,) = read_rows(json.dumps(columns).encode(), name="t.jsonl")
    if isinstance(row, Row):
        assert row.extracted.text.encode()
        assert row.key.encode()
        assert all(isinstance(value, str) for value in (row.extracted.title, row.extracted.source, row.extracted.author))
    else:
        assert isinstance(row, (SourceUnreadable, SourceEmpty))
