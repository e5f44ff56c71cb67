"""HTTP bodies, compressed or not → plain bytes, with a bound: of a decompression bomb only the first pieces are ever unpacked. Pure.

Messages are without the address, which ``fetch.py`` puts before them. Not here: archives such as zip.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from vectorstore.errors import SourceRefused, SourceUnreadable

ACCEPTED = "gzip, deflate, br"
"""What ``decompress`` understands, as an ``Accept-Encoding`` header."""
PIECE = 64 * 1024
"""At most so many bytes come out at once, whatever went in."""
_LAYERS_AT_MOST = 3
_GZIP = zlib.MAX_WBITS | 16


def read_body(chunks: Iterable[bytes], *, encodings: Sequence[str], max_bytes: int, enough: int | None = None) -> bytes:
    """The whole of a body, or its first ``enough`` bytes.

    Raises:
        SourceRefused: it is larger than ``max_bytes``, before or after decompression.
        SourceUnreadable: as for ``decompress``.
    """
    content = bytearray()
    for piece in decompress(_bounded(chunks, max_bytes=max_bytes), encodings=encodings):
        content += piece
        if enough is not None and len(content) >= enough:
            return bytes(content[:enough])
        if len(content) > max_bytes:
            raise too_large(max_bytes)
    return bytes(content)


def _bounded(chunks: Iterable[bytes], *, max_bytes: int) -> Iterator[bytes]:
    """The bytes as they come; of compressed ones there may be endlessly many that nothing comes out of."""
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > max_bytes:
            raise too_large(max_bytes)
        yield chunk


def too_large(max_bytes: int) -> SourceRefused:
    """The error of what is larger than ``max_bytes``."""
    return SourceRefused(f"it is larger than {max_bytes / 2**20:.3g} MB. Save what you need of it and add the file.")


def decompress(chunks: Iterable[bytes], *, encodings: Sequence[str]) -> Iterator[bytes]:
    """The plain bytes of a body, in pieces of at most ``PIECE`` bytes where it was compressed.

    ``encodings`` are the values of its ``Content-Encoding`` header, in the order they were applied.

    Raises:
        SourceUnreadable: an encoding is not known, or the body is damaged or incomplete.
    """
    applied = [name.strip().lower() for name in encodings if name.strip().lower() not in {"", "identity"}]
    if len(applied) > _LAYERS_AT_MOST:
        raise SourceUnreadable(
            f"it is compressed {len(applied)} times over, which no page is. Save it in a browser and add the file."
        )
    pieces = iter(chunks)
    for name in reversed(applied):
        if name in {"gzip", "x-gzip"}:
            pieces = _inflate(pieces, window=_GZIP)
        elif name == "deflate":
            pieces = _deflate(pieces)
        elif name == "br":
            pieces = _brotli(pieces)
        else:
            raise SourceUnreadable(
                f"it is compressed with {name!r:.40}, which was not asked for. Save it in a browser and add the file."
            )
    return pieces


def _deflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Name and standard mean deflate within zlib's frame, and many servers send it without."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= 2:
            break
    framed = len(head) < 2 or (head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2]) % 31 == 0)
    yield from _inflate(chain([head], chunks), window=zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)


def _inflate(chunks: Iterator[bytes], *, window: int) -> Iterator[bytes]:
    started = complete = False
    inflater = zlib.decompressobj(window)
    for chunk in chunks:
        waiting = chunk
        while waiting:
            if complete:
                # gzip files may follow each other; what else follows is padding.
                if window != _GZIP or not waiting.startswith(b"\x1f"):
                    break
                inflater, complete = zlib.decompressobj(window), False
            started = True
            try:
                piece = inflater.decompress(waiting, PIECE)
                yield piece
                waiting = inflater.unconsumed_tail
                while len(piece) == PIECE and not waiting and not inflater.eof:
                    piece = inflater.decompress(b"", PIECE)
                    yield piece
            except zlib.error as error:
                raise SourceUnreadable(f"its compressed text is damaged ({error}). Try again later.") from error
            if inflater.eof:
                complete, waiting = True, inflater.unused_data
    if started and not complete:
        raise _incomplete()


def _brotli(chunks: Iterator[bytes]) -> Iterator[bytes]:
    import brotli

    decoder = brotli.Decompressor()
    started = False
    try:
        for chunk in chunks:
            if not chunk or decoder.is_finished():
                continue
            started = True
            piece = decoder.process(chunk, output_buffer_limit=PIECE)
            # All of the input may have been taken in while output of it still waits.
            while piece:
                yield from _cut(piece)
                piece = b"" if decoder.is_finished() else decoder.process(b"", output_buffer_limit=PIECE)
    except brotli.error as error:
        raise SourceUnreadable(f"its compressed text is damaged ({error}). Try again later.") from error
    if started and not decoder.is_finished():
        raise _incomplete()


def _cut(piece: bytes) -> Iterator[bytes]:
    """The decoder stops at the block in which it passes its limit."""
    yield from (piece[start : start + PIECE] for start in range(0, len(piece), PIECE))


def _incomplete() -> SourceUnreadable:
    return SourceUnreadable("its compressed text breaks off before the end. Try again later.")
