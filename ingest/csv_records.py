"""A file of separated values → its records. Not here: how it is written (``csv_dialect.py``), what the columns mean (``tables.py``)."""

from __future__ import annotations

import codecs
import csv
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import BinaryIO

from ingest.columns import USUAL_NAMES, Record, as_line, renamed
from ingest.csv_dialect import Dialect, find_dialect, has_header, longest_column
from ingest.encoding import encoding_of
from ingest.lines import CHUNK, MAX_ROW_BYTES, TOO_LONG, chunks, lines
from ingest.page_metadata import web_address

_SAMPLE_LINES = 200
_RETRIES = 20


def csv_records(
    stream: BinaryIO, *, head: bytes, delimiter: str | None, quote: str | None, header: bool | None, names: Mapping[str, str]
) -> Iterator[Record]:
    """The records of a stream that begins with ``head``; what the options leave open is found in its first lines."""
    csv.field_size_limit(2 * MAX_ROW_BYTES)  # of the whole process; the default is less than a long article
    encoding = _encoding(stream, head)
    old_mac = b"\r" in head and b"\n" not in head
    numbered = lines(chunks(stream, head, encoding=encoding), end=b"\r" if old_mac else b"\n")
    sample = list(islice(numbered, _SAMPLE_LINES))
    texts = [_text(number, line) for number, line in sample if line is not None and line.strip()]
    dialect = find_dialect(texts, delimiter=delimiter, quote=quote)
    rows = dialect.rows(texts)
    known = {name for usual in USUAL_NAMES.values() for name in usual} | set(names.values())
    named = bool(rows) and (has_header(rows, names=known) if header is None else header)
    titles = [cell.strip() or str(at) for at, cell in enumerate(rows[0], start=1)] if named else []
    cells = rows[1:] if named else rows
    width = len(titles) or max(Counter(map(len, cells)).items(), key=lambda item: item[1], default=(0, 0))[0]
    if rows and (missing := _missing(titles, names=names, width=width)):
        yield Record("line 1", error=missing)
        return
    roles = _roles(titles, cells, names=names)
    for number, row in _Reader(chain(sample, numbered), dialect, width=width):
        if isinstance(row, str):
            yield Record(f"line {number}", error=row)
        elif named:
            named = False  # it is the row of names
        else:
            columns: dict[str, str] = {}
            for at, cell in enumerate(row):
                columns.setdefault(titles[at] if at < len(titles) else str(at + 1), cell)
            columns = renamed(columns, roles)
            yield Record(f"line {number}", as_line(columns), columns)


def _encoding(stream: BinaryIO, head: bytes) -> str:
    """The encoding of a whole file, of a pipe that of its beginning: letters beyond ASCII may come late."""
    sample = head
    if stream.seekable() and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and b"\0" not in head:
        start = stream.tell()
        decoder = codecs.getincrementaldecoder("utf-8")()
        piece = head
        try:
            while piece:
                decoder.decode(piece)
                piece = stream.read(CHUNK)
        except UnicodeDecodeError:
            sample = head + piece
        else:
            return "utf-8"
        finally:
            stream.seek(start)
    end = sample.rfind(b"\n") + 1
    return encoding_of(sample[: end or len(sample)])


def _text(number: int, line: bytes) -> str:
    """A line as the csv module takes it: without byte order mark, a return only at its end."""
    text = line.decode("utf-8", "replace")
    text = text.removeprefix("\ufeff") if number == 1 else text
    return text.rstrip("\r\n").replace("\r", "\u2028") + "\n"


def _roles(titles: Sequence[str], rows: Sequence[Sequence[str]], *, names: Mapping[str, str]) -> dict[str, str]:
    """Which column is what where its name does not say so: what was asked for, addresses by their look, the longest as the text."""
    by_number = {str(at): title.casefold() for at, title in enumerate(titles, start=1)}
    roles = {role: by_number.get(name, name) for role, name in names.items()}
    if not titles:
        for at in range(max(map(len, rows), default=0)):
            column = [row[at] for row in rows if len(row) > at]
            if column and all(web_address(cell.strip()) for cell in column):
                roles.setdefault("url", str(at + 1))
    if "text" not in roles and not {title.casefold() for title in titles} & set(USUAL_NAMES["text"]):
        at = longest_column(rows)
        roles["text"] = titles[at].casefold() if at < len(titles) else str(at + 1)
    return roles


def _missing(titles: Sequence[str], *, names: Mapping[str, str], width: int) -> str:
    """What to say of a column that was asked for and is not there; empty if all are."""
    there = {*(title.casefold() for title in titles), *map(str, range(1, width + 1))}
    for role, name in names.items():
        if name not in there:
            listed = ", ".join(titles) if titles else f"no names, so write its number, from 1 to {width}"
            return f"there is no column {name} to be the {role}; the columns are: {listed}."
    return ""


class _RowTooLong(Exception):
    """A row is longer than one may be."""


class _Reader:
    """Each row with the number of the line where it begins, or why it is broken.

    After a quote that never closes, which makes one row of all that follow, the next line is the next row.
    """

    def __init__(self, numbered: Iterator[tuple[int, bytes | None]], dialect: Dialect, *, width: int) -> None:
        self._numbered = numbered
        self._dialect = dialect
        self._width = width
        self._waiting: deque[tuple[int, bytes | None]] = deque()
        self._taken: list[tuple[int, bytes | None]] = []
        self._ended = False
        self._retries = _RETRIES

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        rows = self._dialect.reader(self._feed())
        while True:
            self._taken.clear()
            try:
                row = next(rows)
                error = self._flaw(row)
            except StopIteration:
                return
            except _RowTooLong:
                row, error = [], TOO_LONG
            except csv.Error as broken:
                row, error = [], f"not a row ({broken}). Mend it, or leave it out."
            if error:
                yield self._taken[0][0], error
                self._give_back()
                rows = self._dialect.reader(self._feed())
            elif any(cell.strip() for cell in row):
                yield self._taken[0][0], row

    def _feed(self) -> Iterator[str]:
        size = 0
        while (item := self._waiting.popleft() if self._waiting else next(self._numbered, None)) is not None:
            number, line = item
            size = (size if self._taken else 0) + len(line or b"")
            self._taken.append(item)
            if line is None or size > MAX_ROW_BYTES:
                raise _RowTooLong
            yield _text(number, line)
        self._ended = True

    def _flaw(self, row: Sequence[str]) -> str:
        """What is wrong with a row, which would otherwise lose part of its text or swallow other rows."""
        quote = self._dialect.quote
        if self._ended and len(self._taken) > 1 and b"".join(line or b"" for _, line in self._taken).count(quote.encode()) % 2:
            return f"a quote ({quote}) opens and never closes. Mend it, or leave it out."
        if self._width and len(row) > self._width and any(row[self._width :]):
            return (
                f"{len(row)} cells where the table has {self._width} columns."
                f" Put a text with {self._dialect.delimiter!r} in it in quotes ({quote})."
            )
        return ""

    def _give_back(self) -> None:
        """Makes the lines after the first of a broken row rows of their own, a bounded number of times."""
        if len(self._taken) > 1 and self._retries:
            self._retries -= 1
            self._waiting.extendleft(reversed(self._taken[1:]))
        self._ended = False
