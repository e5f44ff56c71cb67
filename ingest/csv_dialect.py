"""How a file of separated values is written: its separator, its quotes, whether its first row names the columns. Pure.

Every separator and quote is tried on a sample; the one that cuts the rows into equal numbers of cells wins. The standard library's
Sniffer looks at single characters instead, and takes long for long texts. Not here: what the columns mean (``tables.py``).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

_DELIMITERS = ",;\t|"
_QUOTES = "\"'"
_ROWS = 200
_NAME_LENGTH = 60
_NAME_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Dialect:
    """``delimiter`` separates cells, ``quote`` encloses one that has it in it, doubled or after ``escape`` inside of it."""

    delimiter: str
    quote: str
    escape: str | None = None

    def rows(self, lines: Iterable[str]) -> list[list[str]]:
        """The rows of ``lines`` (their line ends kept) up to one that is broken, without empty ones."""
        rows: list[list[str]] = []
        with suppress(csv.Error):
            rows.extend(row for row in self.reader(lines) if row)
        return rows

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The standard library's reader over lines."""
        return csv.reader(
            lines, delimiter=self.delimiter, quotechar=self.quote, escapechar=self.escape, doublequote=self.escape is None
        )


def find_dialect(lines: Sequence[str], *, delimiter: str | None = None, quote: str | None = None) -> Dialect:
    """The dialect of a table that begins with ``lines``; what is given is kept, the rest is found."""
    sample = list(islice(lines, _ROWS))
    escapes = "".join(sample).count('\\"') > 0
    candidates = [
        Dialect(separator, mark, escape)
        for separator in ([delimiter] if delimiter else _DELIMITERS)
        for mark in ([quote] if quote else _QUOTES)
        for escape in ((None, "\\") if escapes else (None,))
    ]
    # max() keeps the first of equals: a comma and a double quote, as in RFC 4180.
    return max(candidates, key=lambda dialect: _evenness(dialect, sample))


def has_header(rows: Sequence[Sequence[str]], *, names: Collection[str]) -> bool:
    """Whether the first row names the columns: one of its cells is a known name, or all are short where the rest has a long text."""
    if not rows:
        return False
    first = [cell.strip() for cell in rows[0]]
    if len(set(first)) < len(first) or any(len(cell) > _NAME_LENGTH or not cell for cell in first):
        return False
    if any(cell.casefold() in names for cell in first):
        return True
    if len(rows) < 2 or any(char.isdigit() for cell in first for char in cell):
        return False
    text = longest_column(rows[1:])
    longest = [len(row[text]) for row in rows[1:] if len(row) > text]
    return len(first) > text and bool(longest) and len(first[text]) < _NAME_SHARE * sorted(longest)[len(longest) // 2]


def longest_column(rows: Sequence[Sequence[str]]) -> int:
    """The index of the column with most characters; 0 if there is none."""
    lengths: Counter[int] = Counter()
    for row in rows:
        for at, cell in enumerate(row):
            lengths[at] += len(cell)
    return max(lengths, key=lambda at: lengths[at], default=0)


def _evenness(dialect: Dialect, sample: Sequence[str]) -> tuple[float, int, int]:
    """How evenly a dialect cuts the sample (0 to 1: the share of rows with the commonest number of cells), the quoted cells, the rows.

    One column is even by nature and therefore counts as half. A word that begins with an apostrophe is no quoted cell: it does not
    close, and swallows rows.
    """
    rows = dialect.rows(sample)
    if not rows:
        return 0.0, 0, 0
    # The sample may end within a row.
    widths = Counter(len(row) for row in (rows[:-1] or rows))
    (width, count) = widths.most_common(1)[0]
    share = count / widths.total() if width > 1 else 0.5
    mark, between = dialect.quote, dialect.delimiter
    opened = sum(line.startswith(mark) + line.count(between + mark) for line in sample)
    closed = sum(line.rstrip().endswith(mark) + line.count(mark + between) for line in sample)
    return share, min(opened, closed), len(rows)
