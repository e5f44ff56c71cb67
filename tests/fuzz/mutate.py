"""Ways to break a document: bytes, repetition, pieces of others, and the same within the parts of a packed one. Pure, given its chance."""

from __future__ import annotations

import io
import random
import zipfile
import zlib
from collections.abc import Mapping

from tests.fuzz.seeds import make_zip

_TOKENS = (
    b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1b[31m", b"\xe2\x80\xae", b"a\xcc\x81\xcc\x96", b"<", b">", b"<!--", b"<![CDATA[",
    b"<script>", b"<p>", b"<div>", b"</div>", b"<table><tr><td>", b"&amp;", b"&#x0;", b"&#xd800;", b"&lol;", b'<!DOCTYPE x [<!ENTITY a "aaaa">]>', b"<?xml version='1.0'?>", b"[", b"](", b"![",
    b"*a ", b"`", b"> ", b"- a\n", b"    ", b"\t", b"\r", b"\n\n", b"|", b"---\n", b'"', b"'", b'{"a":', b"[1,", b"\\u0000", b"\\ud800", b"1e999", b"0" * 50, b",", b";", b"obj", b"stream\n",
    b"/Kids[2 0 R]", b"/Count 999999999", b"/Length 99999999", b"startxref\n0", b"PK\x03\x04", b"PK\x05\x06", b"Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\n", b"=", b"2023-13-45", b"9999-12-31T99:99Z",
    b"(c) ", b"von ", b"http://", b"http://[", b"://", "İ".encode(), "ﬁ".encode(), "会".encode(), "\u2028".encode(),
)  # fmt: skip
_REPEATED = 150_000


def mutated(name: str, pool: Mapping[str, bytes], *, chance: random.Random) -> bytes:
    """A document of ``pool``, changed a few times; one of fifty is random bytes alone."""
    content = pool[name]
    if chance.random() < 0.02:
        return chance.randbytes(chance.randrange(5_000))
    if name.endswith((".docx", ".epub", ".zip")) and chance.random() < 0.8:
        return _in_a_part(content, pool, chance=chance)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        content = _once(content, pool, chance=chance)
    return content


def _in_a_part(content: bytes, pool: Mapping[str, bytes], *, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    name = chance.choice(list(parts))
    for _ in range(chance.choice((1, 2, 4))):
        parts[name] = _once(parts[name], pool, chance=chance)
    return make_zip(parts, stored={"mimetype"})


def _once(content: bytes, pool: Mapping[str, bytes], *, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    end = min(len(content), start + chance.choice((1, 4, 40, 400)))
    before, piece, after = content[:start], content[start:end], content[end:]
    way = min(7, chance.randrange(36) // 5)
    if way == 0:
        return before + bytes(byte ^ (1 << chance.randrange(8)) for byte in piece) + after
    if way == 1:
        return before + after
    if way == 2:
        return before
    if way == 3:
        return before + chance.choice(_TOKENS) + piece + after
    if way == 4:
        unit = chance.choice((chance.choice(_TOKENS), piece or b"a", piece + chance.choice(_TOKENS)))
        return before + unit * (chance.randrange(1, _REPEATED) // len(unit) + 1) + after
    if way == 5:
        other = chance.choice(list(pool.values()))
        at = chance.randrange(len(other))
        return before + other[at : at + chance.randrange(1, 2_000)] + after
    if way == 6:
        return before + chance.randbytes(len(piece)) + after
    return _inflated(content, chance=chance)


def _inflated(content: bytes, *, chance: random.Random) -> bytes:
    """A PDF's packed stream exchanged for one that unpacks to much more; of another document, the document twice."""
    at = content.find(b"stream\n")
    if not content.startswith(b"%PDF") or at < 0:
        return content + content
    bomb = zlib.compress(b"(aaaa) Tj " * chance.choice((1_000, 1_000_000)))
    return content[: at + 7] + bomb + content[content.find(b"endstream", at) :]
