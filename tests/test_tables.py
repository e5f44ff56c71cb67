"""Tables of articles: JSON lines, JSON exports and CSV, columns under their usual names, a key per row, a reason per broken row."""

from __future__ import annotations

import csv
import io
import json
import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import lines
from ingest.tables import Row, is_table, read_rows
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
    """Its error names file and line."""
    error = error_of(line)
    assert type(error) is kind
    assert why in str(error)
    assert str(error).startswith("t.jsonl, line 1: ")


def test_a_table_without_rows() -> None:
    """Blank lines are no rows; a table of them is empty."""
    error = error_of(b"\n \r\n")
    assert isinstance(error, SourceEmpty)
    assert "no row" in str(error)


def test_rows_are_numbered_as_they_stand() -> None:
    """A broken row is found again by the number of its line, and its neighbours are read."""
    rows = list(read_rows(table({"text": TEXT}) + b"\n\n{\n" + table({"text": "A market."}), name="t.jsonl"))
    assert [type(row) for row in rows] == [Row, SourceUnreadable, Row]
    assert "line 3" in str(rows[1])


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


# JSON in one piece


@pytest.mark.parametrize(
    "document",
    [
        [{"id": 1, "text": TEXT}, {"id": 2, "text": "A market."}],
        {"articles": [{"id": 1, "text": TEXT}, {"id": 2, "text": "A market."}]},
        {"status": "ok", "articles": [{"id": 1, "content": TEXT}, {"id": 2, "content": "A market."}]},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_an_export_in_one_piece(document: object, indent: int | None) -> None:
    """An array of records, or an object with one, is read as its records, on one line or many."""
    rows = list(read_rows(json.dumps(document, indent=indent).encode(), name="t.json"))
    assert [row.key for row in rows if isinstance(row, Row)] == ["1", "2"]


def test_an_export_names_the_broken_record() -> None:
    """Records of one piece are counted; the others go on."""
    rows = list(read_rows(b'[{"text": "One."}, 3, {"text": "Two."}]', name="t.json"))
    assert [type(row) for row in rows] == [Row, SourceUnreadable, Row]
    assert "record 2" in str(rows[1])


def test_names_in_objects_are_read() -> None:
    """Outlets and authors may be objects with a name, as news services write them."""
    found = only_row(source={"id": None, "name": "Ferry"}, author=[{"name": "Ida Moen"}, {"name": "Per Lie"}]).extracted
    assert (found.source, found.author) == ("Ferry", "Ida Moen, Per Lie")


def test_only_tables_are_taken_for_tables() -> None:
    """Standard input has no name: JSON of records is told by how it begins."""
    assert is_table(b'{"text": "x"}')
    assert is_table(b'\xef\xbb\xbf [\n {"text": "x"}]')
    assert not is_table(b"{this is prose}")
    assert not is_table(b"[1] A footnote.")


# CSV

LONG = 'The lighthouse at Skarven Point has been lit again after nine years; ships, "great and small", were waiting.'


def as_csv(rows: list[list[str]], **dialect: str) -> bytes:
    """Rows as the standard library writes them."""
    out = io.StringIO()
    csv.writer(out, **dialect).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue().encode()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quotechar", ['"', "'"])
@pytest.mark.parametrize("header", [True, False])
def test_a_dialect_is_found(delimiter: str, quotechar: str, header: bool) -> None:
    """Any usual separator and quote, with names of columns or without: then the longest column is the text."""
    rows = [[f"c{n % 3}", f"{LONG} It's number {n}.", str(n)] for n in range(20)]
    names = [["category", "text", "id"]] if header else []
    found = list(read_rows(as_csv(names + rows, delimiter=delimiter, quotechar=quotechar), name="t.csv"))
    assert [row.extracted.text for row in found if isinstance(row, Row)] == [row[1] for row in rows]
    assert all(isinstance(row, Row) and row.extracted.title == "" for row in found)
    keys = [row.key for row in found if isinstance(row, Row)]
    assert keys == [row[2] for row in rows] if header else len(set(keys)) == len(rows)


def test_an_apostrophe_is_no_quote() -> None:
    """A word that begins with one does not make a dialect of it."""
    rows = [[str(n), "'Tis the season of the mill" if n == 3 else f"It is number {n} of the mill's rows"] for n in range(9)]
    found = list(read_rows("\n".join(";".join(row) for row in rows).encode(), name="t.csv"))
    assert [row.extracted.text for row in found if isinstance(row, Row)] == [row[1] for row in rows]


def test_a_dialect_may_be_said() -> None:
    """What is said is not looked for: separator, quote, header, and which column is what, by name or number."""
    content = as_csv(
        [["Inhalt", "Zeile"], ["Kurz.", "Leuchtturm brennt wieder"], ["Länger als das.", "Markt"]], delimiter="~", quotechar="%"
    )
    found = list(read_rows(content, name="t.csv", delimiter="~", quote="%", header=True, columns={"text": "inhalt", "title": 2}))
    assert [row.extracted.title for row in found if isinstance(row, Row)] == ["Leuchtturm brennt wieder", "Markt"]
    assert [row.extracted.text.split("\n\n")[1] for row in found if isinstance(row, Row)] == ["Kurz.", "Länger als das."]


def test_columns_are_named_by_number_without_a_header() -> None:
    """The first column is 1."""
    (row,) = read_rows(
        b"Lighthouse lit,Again after years.,Ferry\n", name="t.csv", header=False, columns={"title": 1, "text": 2, "source": "3"}
    )
    assert isinstance(row, Row)
    assert (row.extracted.title, row.extracted.source) == ("Lighthouse lit", "Ferry")
    assert row.extracted.text == "Lighthouse lit\n\nAgain after years."


@pytest.mark.parametrize(
    "options", [{"delimiter": ""}, {"quote": "ab"}, {"columns": {"texte": 1}}, {"delimiter": ";", "quote": ";"}]
)
def test_an_option_that_cannot_be_used_is_refused(options: dict[str, object]) -> None:
    """The error says what the options are."""
    (error,) = read_rows(b"a,b\n", name="t.csv", **options)  # type: ignore[arg-type]
    assert isinstance(error, SourceUnreadable)
    assert str(error).startswith("t.csv: ")


def test_addresses_are_known_by_their_look() -> None:
    """In a table without a header a column of addresses is the key and the address."""
    rows = [[f"https://ferry.example/{n}", LONG] for n in range(3)]
    found = list(read_rows(as_csv(rows), name="t.csv"))
    assert [row.key for row in found if isinstance(row, Row)] == [row[0] for row in rows]
    assert [row.extracted.url for row in found if isinstance(row, Row)] == [row[0] for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_in_other_encodings(encoding: str) -> None:
    """A spreadsheet writes what it likes; letters beyond ASCII may come late."""
    rows = [["title", "text"], *([["Lit", LONG]] * 3_000), ["Brücke", "Die Brücke über den Fluß ist für Fußgänger gesperrt."]]
    *_, last = read_rows(as_csv(rows).decode().encode(encoding), name="t.csv")
    assert isinstance(last, Row)
    assert last.extracted.title == "Brücke"
    assert last.extracted.text.endswith("für Fußgänger gesperrt.")


def test_a_csv_row_reads_itself_again() -> None:
    """The bytes kept for a row need neither the file nor its options."""
    rows = list(read_rows(as_csv([["c", LONG], ["d", LONG + " Twice."]], delimiter=";", quotechar="'"), name="t.csv"))
    for row in rows:
        assert isinstance(row, Row)
        (again,) = read_rows(row.original, name="t.csv#key.jsonl")
        assert again == row


def test_a_quote_that_never_closes_breaks_one_row() -> None:
    """It does not swallow the rows after it; the error names its line."""
    content = b"id,text\n" + b'1,"A market."\n' * 50 + b'2,"Open\n' + b"3,Another market.\n" * 500
    rows = list(read_rows(content, name="t.csv"))
    errors = [row for row in rows if isinstance(row, SourceError)]
    assert len(rows) == 551
    assert [str(error).startswith("t.csv, line 52: a quote") for error in errors] == [True]


def test_a_row_with_too_many_cells_is_not_cut() -> None:
    """An unquoted separator in a text is told, rather than losing what comes after it."""
    rows = list(read_rows(b"id,text\n1,One.\n2,Two, and more.\n3,Three.\n", name="t.csv"))
    assert [type(row) for row in rows] == [Row, SourceUnreadable, Row]
    assert "3 cells where the table has 2 columns" in str(rows[1])


@pytest.mark.parametrize("name", ["t.jsonl", "t.csv"])
def test_a_row_over_the_limit_is_passed_over(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reason names its line; the row after it is read."""
    monkeypatch.setattr(lines, "MAX_ROW_BYTES", 2**20)
    line = b'{"text": "A market."}\n' if name == "t.jsonl" else b"A market.\n"
    rows = list(read_rows(line + b"x" * 2**21 + b"\n" + line, name=name))
    assert [type(row) for row in rows] == [Row, SourceUnreadable, Row]
    assert str(rows[1]).startswith(f"{name}, line 2: more than")


class Endless(io.RawIOBase):
    """So many bytes of one piece over and over, which are nowhere as a whole."""

    def __init__(self, piece: bytes, *, repeats: int) -> None:
        self._piece = piece
        self._left = repeats

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """As many whole pieces as fit."""
        count = min(self._left, len(buffer) // len(self._piece))
        self._left -= count
        buffer[: count * len(self._piece)] = self._piece * count
        return count * len(self._piece)


def endless(piece: bytes, *, repeats: int) -> BinaryIO:
    """A stream of it, as an opened file is one."""
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", Endless(piece, repeats=repeats))))


def peak_growth(rows: Iterator[Row | SourceError]) -> tuple[int, int, int]:
    """How many rows and errors there are, and by how many MB reading them raised the process's peak."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kinds = [isinstance(row, Row) for row in rows]
    return sum(kinds), len(kinds) - sum(kinds), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024


def test_a_huge_line_takes_no_memory() -> None:
    """200 MB without a line's end are one reason, in the memory of one row."""
    for name in ("t.jsonl", "t.csv"):
        rows, errors, grown = peak_growth(read_rows(endless(b"a" * 100, repeats=2_000_000), name=name))
        assert (rows, errors) == (0, 1)
        assert grown < 120


def test_many_rows_take_no_memory() -> None:
    """50,000 tiny articles come one by one."""
    line = b'{"text": "A market opened by the harbour in Skarven."}\n'
    rows, errors, grown = peak_growth(read_rows(endless(line, repeats=50_000), name="t.jsonl"))
    assert (rows, errors) == (50_000, 0)
    assert grown < 60


def test_a_set_of_news_goes_in_without_options(shared_folder: Path) -> None:
    """The German news set: ";" between cells, "'" around texts, no header; every text as the csv module reads it."""
    path = shared_folder / "data" / "gnad10k" / "test.csv"
    with path.open(encoding="utf-8", newline="") as file:
        wanted = [row[1] for row in csv.reader(file, delimiter=";", quotechar="'")]
    with path.open("rb") as stream:
        rows = list(read_rows(stream, name=str(path)))
    assert len(rows) == len(wanted) == 1028
    for row, text in zip(rows, wanted, strict=True):
        assert isinstance(row, Row)
        assert row.extracted.text.split() == text.replace("\xad", "").split()
        assert row.extracted.title == ""
    assert len({row.key for row in rows if isinstance(row, Row)}) == 1028


@given(st.binary(max_size=300), st.sampled_from(["t.csv", "t.tsv", "t.jsonl", "t.json", "-"]))
def test_any_bytes_are_rows_or_reasons(content: bytes, name: str) -> None:
    """No table breaks the reader."""
    for row in read_rows(content, name=name):
        assert isinstance(row, Row | SourceError)


@pytest.mark.parametrize(
    ("name", "content", "columns", "said"),
    [
        ("t.csv", b"id,title,body\n1,Lit,The lamp burns again.\n", {"text": "Nope"}, "no column nope to be the text; the columns are: id, title, body"),
        ("t.csv", b"id,title,body\n1,Lit,The lamp burns again.\n", {"title": "Nope"}, "no column nope to be the title"),
        ("t.csv", b"id,title,body\n1,Lit,The lamp burns again.\n", {"text": 4}, "no column 4 to be the text"),
        ("t.csv", b"Lit,The lamp burns again.\nShut,The mill rests.\n", {"text": "Nope"}, "write its number, from 1 to 2"),
        ("t.jsonl", b'{"id": 1, "body": "The lamp burns again."}', {"text": "Nope"}, "no text (looked for nope)"),
    ],
)  # fmt: skip
def test_a_column_that_is_not_there_is_said(name: str, content: bytes, columns: dict[str, str | int], said: str) -> None:
    """Once, with those that are; nothing else is taken for what was asked for."""
    (error,) = read_rows(content, name=name, columns=columns)
    assert isinstance(error, SourceError)
    assert said in str(error)
