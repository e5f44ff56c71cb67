"""The rows that can still be read from a damaged SQLite file: page by page, without its header, its schema or the upper parts of its trees.

SQLite itself stops at the first page that it cannot follow and then loses all that lies beneath, the whole table if that page is its root; its
``.recover`` reads each page for itself as this does, but is in no Python. After https://www.sqlite.org/fileformat2.html. Only reads. Not here:
which table a row is of, whether what it says is true (``recognition.py``).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MAGIC: Final = b"SQLite format 3\x00"
_USUAL_PAGE: Final = 4096
_FILE_HEADER, _WAL_HEADER, _FRAME_HEADER = 100, 32, 24
_INDEX_INSIDE, _INDEX_LEAF, _TABLE_LEAF = 0x02, 0x0A, 0x0D
_PAGE_HEADERS: Final = {_INDEX_INSIDE: 12, _INDEX_LEAF: 8, _TABLE_LEAF: 8}
_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_COLUMNS: Final = 64
"""More than any row that is looked for has."""


class Lost:
    """Stands for a value that was on a page that is gone."""


LOST: Final = Lost()
Value = int | float | str | bytes | Lost | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of some table, or with ``rowid`` None an entry of some index. Text that is not UTF-8 has U+FFFD in it."""

    rowid: int | None
    values: tuple[Value, ...]


class TornFile:
    """The pages of a SQLite file, those in its write-ahead log before those in the file; missing ends are zeros."""

    def __init__(self, content: bytes | mmap.mmap, log: bytes | mmap.mmap = b"") -> None:
        """``content`` is the file, ``log`` its write-ahead log. Either may be damaged in any way, or empty."""
        self.whole_header = content[:16] == MAGIC
        said = int.from_bytes(content[16:18], "big") if self.whole_header else 0
        self._size = said if said >= 512 and said & (said - 1) == 0 else _USUAL_PAGE
        self._content, self._log = content, log
        self._logged = _logged(log, page_size=self._size)
        self._count = max(-(-len(content) // self._size), *self._logged, 0)

    def rows(self) -> Iterator[Row]:
        """Every row and index entry of the pages that are in use, as far as they can be read; one can come twice."""
        free = self._free()
        for number in range(1, self._count + 1):
            if number not in free:
                yield from self._rows(self._page(number), at=_FILE_HEADER if number == 1 else 0)

    def _page(self, number: int) -> bytes:
        if number in self._logged:
            start = self._logged[number]
            return self._log[start : start + self._size]
        start = (number - 1) * self._size
        return self._content[start : start + self._size].ljust(self._size, b"\0")

    def _free(self) -> set[int]:
        """The pages that nothing uses any more; what was removed may still be in them."""
        first = self._page(1)
        free: set[int] = set()
        if first[:16] != MAGIC:
            return free
        trunk = int.from_bytes(first[32:36], "big")
        while 0 < trunk <= self._count and trunk not in free:
            free.add(trunk)
            page = self._page(trunk)
            trunk, count = struct.unpack_from(">II", page)
            count = min(count, self._size // 4 - 2)
            free.update(struct.unpack_from(f">{count}I", page, 8))
        return free

    def _rows(self, page: bytes, *, at: int) -> Iterator[Row]:
        kind = page[at]
        if kind not in _PAGE_HEADERS:
            return
        first, count = at + _PAGE_HEADERS[kind], int.from_bytes(page[at + 3 : at + 5], "big")
        if first + 2 * count > self._size:
            return
        for start in struct.unpack_from(f">{count}H", page, first):
            try:
                yield self._row(page, start, kind=kind)
            except (ValueError, IndexError, struct.error):
                continue  # not a row, or not any more

    def _row(self, page: bytes, at: int, *, kind: int) -> Row:
        at += 4 if kind == _INDEX_INSIDE else 0
        length, at = _varint(page, at)
        rowid = None
        if kind == _TABLE_LEAF:
            rowid, at = _varint(page, at)
            rowid -= 2**64 if rowid >= 2**63 else 0
        # How much of a long row is in its own page.
        most = self._size - 35 if kind == _TABLE_LEAF else (self._size - 12) * 64 // 255 - 23
        here = length
        if length > most:
            least = (self._size - 12) * 32 // 255 - 23
            here = least + (length - least) % (self._size - 4)
            here = here if here <= most else least
        if at + here > self._size:
            raise ValueError("reaches beyond its page")
        payload = page[at : at + here]
        if here < length:
            payload += self._overflow(int.from_bytes(page[at + here : at + here + 4], "big"), length - here)
        return Row(rowid, _values(payload, length))

    def _overflow(self, number: int, length: int) -> bytes:
        """The rest of a row, on pages of its own; less than ``length`` where the chain is broken."""
        if length > self._count * self._size:
            raise ValueError("longer than the file")
        parts: list[bytes] = []
        while length > 0 and 0 < number <= self._count:
            page = self._page(number)
            parts.append(page[4 : 4 + length])
            length -= len(parts[-1])
            number = int.from_bytes(page[:4], "big")
        return b"".join(parts)


@contextmanager
def opened(path: Path, *, log: Path) -> Iterator[TornFile]:
    """The file ``path`` with its write-ahead log, either of which may be missing."""
    with _mapped(path) as content, _mapped(log) as logged:
        yield TornFile(content, logged)


@contextmanager
def _mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    if not path.is_file() or not path.stat().st_size:  # an empty file cannot be mapped
        yield b""
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped


def _logged(log: bytes | mmap.mmap, *, page_size: int) -> dict[int, int]:
    """Where in a write-ahead log the last version of each page is: of its transactions that are whole, up to the first that is torn."""
    pages: dict[int, int] = {}
    if len(log) < _WAL_HEADER:
        return pages
    magic, _, said, _, *salt, first, second = struct.unpack_from(">8I", log)
    if magic & ~1 != 0x377F0682 or said != page_size:
        return pages
    order = ">" if magic & 1 else "<"
    sums = _checksum(log[:24], (0, 0), order=order)
    if sums != (first, second):
        return pages
    waiting: dict[int, int] = {}
    for at in range(_WAL_HEADER, len(log) - _FRAME_HEADER - page_size + 1, _FRAME_HEADER + page_size):
        number, committed, *rest = struct.unpack_from(">6I", log, at)
        sums = _checksum(log[at : at + 8] + log[at + _FRAME_HEADER : at + _FRAME_HEADER + page_size], sums, order=order)
        if rest != [*salt, *sums]:
            break
        waiting[number] = at + _FRAME_HEADER
        if committed:
            pages |= waiting
            waiting = {}
    return pages


def _checksum(content: bytes, sums: tuple[int, int], *, order: str) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for taken in range(8):
        byte = content[at + taken]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + taken + 1
    return value << 8 | content[at + 8], at + 9


def _values(payload: bytes, length: int) -> tuple[Value, ...]:
    """The values of a row of ``length`` bytes, of which ``payload`` are there."""
    header, at = _varint(payload, 0)
    if not at <= header <= length:
        raise ValueError("no header")
    kinds: list[int] = []
    while at < header:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    sizes = [_size(kind) for kind in kinds]
    if len(kinds) > _COLUMNS or at != header or header + sum(sizes) != length:
        raise ValueError("not a row")
    values: list[Value] = []
    for kind, size in zip(kinds, sizes, strict=True):
        values.append(_value(kind, payload[at : at + size]) if at + size <= len(payload) else LOST)
        at += size
    return tuple(values)


def _size(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    if kind in {10, 11}:
        raise ValueError("reserved")
    return 8 if kind == 7 else _INTEGERS.get(kind, 0)


def _value(kind: int, content: Sequence[int]) -> Value:
    content = bytes(content)
    if kind >= 12:
        return content.decode("utf-8", "replace") if kind % 2 else content
    if kind in _INTEGERS:
        return int.from_bytes(content, "big", signed=True)
    if kind == 7:
        found: float = struct.unpack(">d", content)[0]
        return found
    return None if kind == 0 else kind - 8
