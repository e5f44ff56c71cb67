"""The lines of a stream of bytes, in bounded memory whatever it holds. Not here: what the lines mean."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

MAX_ROW_BYTES = 16 * 2**20
"""A row with more is no article: it is passed over with its reason."""
TOO_LONG = f"more than {MAX_ROW_BYTES // 2**20} MB, which no article has. Split it."
CHUNK = 2**20
"""So many bytes are read at once."""


def read(stream: BinaryIO, size: int) -> bytes:
    """``size`` bytes, fewer only at the end: a pipe gives what it has."""
    pieces: list[bytes] = []
    while size > 0 and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def chunks(stream: BinaryIO, head: bytes, *, encoding: str) -> Iterator[bytes]:
    """The stream from its beginning in UTF-8, piece by piece."""
    pieces = chain([head], iter(lambda: stream.read(CHUNK), b""))
    if encoding == "utf-8":
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def lines(pieces: Iterable[bytes], *, end: bytes = b"\n") -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number from 1 and its end; None in the place of one that is longer than a row may be."""
    number = 1
    held: list[bytes] = []
    size = 0
    for chunk in pieces:
        parts = chunk.split(end)
        for n, piece in enumerate(parts):
            last = n == len(parts) - 1
            size += len(piece)
            if size <= MAX_ROW_BYTES:
                held.append(piece)
            else:
                held.clear()
            if not last:
                yield number, b"".join(held) + b"\n" if size <= MAX_ROW_BYTES else None
                held.clear()
                number, size = number + 1, 0
    if size:
        yield number, b"".join(held) if size <= MAX_ROW_BYTES else None
