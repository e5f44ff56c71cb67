"""Bytes → characters: the encoding that bytes show or declare, and characters that can be stored.

Not here: which part of the characters is the article (``extract.py``).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import cache

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,20}=\s{0,20}[\"']?\s{0,20}([\w.:-]{2,40})|"
    rb"<\?xml[^>]{0,100}?encoding\s{0,20}=\s{0,20}[\"']([\w.:-]{2,40})",
    re.IGNORECASE,
)
# What each language of Western Europe writes beside ASCII, and what all of them do.
_WESTERN = tuple(
    frozenset(letters + letters.upper())
    for letters in (
        "äöüß",
        "àâçéèêëîïôùûüÿœæ",
        "áéíóúñüçàèìòù",
        "ãõáéíóúâêôàçü",
        "åäöøæéèüô",
        "áéëèïöüóí",
        "áéíóúýþæöð",
        "äöüéèàçáñ",
    )
)
_WESTERN_SIGNS = frozenset("¿¡ªº«»‹›„“”‚‘’–—…•·€§°©®™£\xa0\xad′´×²³½¼¾±†")
_FEW = 3
_BROKEN_WORD = re.compile(r"[^\W\d_][¿¡ªº«»‹›„“”‚…•€§°©®™£′´×²³½¼¾±†][^\W\d_]|[½¼¾²³][^\W\d_]|[^\W\d_][„‚¿¡]")
_HIGH_BYTES = bytes(range(0x80, 0x100))
_SAMPLE = 20_000
_MARKS = 30
"""The longest run of combining marks that is kept on one character (https://unicode.org/reports/tr15/#Stream_Safe_Text_Format)."""


def clean_characters(text: str) -> str:
    """``text`` in NFC with newlines for line ends, without control characters, byte order marks, soft hyphens and lone surrogates.

    Runs of more than 30 combining marks are cut: they are in no writing, and sorting them takes time quadratic in their length.
    """
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028]", "\n", text).replace("\u2029", "\n\n")
    text = re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\ufeff\ufffe\uffff\ud800-\udfff]", "", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _long_runs().sub(lambda run: run.group()[:_MARKS], text))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def one_line(text: str) -> str:
    """``text`` with cleaned characters and single spaces, no line breaks."""
    return re.sub(r"\s+", " ", clean_characters(text)).strip()


def decode(content: bytes, *, declared: str | None = None) -> str:
    """The characters of ``content``, in the encoding that its bytes show or declare (:func:`encoding_of`).

    It never fails: what cannot be decoded becomes U+FFFD.
    """
    return content.decode(encoding_of(content, declared=declared), "replace")


def encoding_of(content: bytes, *, declared: str | None = None) -> str:
    """The name of the codec that ``content`` is to be decoded with.

    In this order: byte order mark, UTF-16 and UTF-32 by their zero bytes, valid UTF-8 (text in another encoding almost never is),
    ``declared`` (from a header), the page's own declaration, else by likelihood.
    """
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return encoding
    if wide := wide_encoding(content):
        return wide
    if re.search(rb"\x1b\$[@B(]", content[:_SAMPLE]):
        return "iso2022_jp_2"
    if _fits(content, "utf-8") or _is_damaged_utf8(content):
        return "utf-8"
    match = _META_CHARSET.search(content[:4096])
    for label in (declared, (match[1] or match[2]).decode("ascii", "replace") if match else None):
        encoding = label.strip().lower() if label else ""
        if encoding in {"iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii", "iso8859-1"}:
            encoding = "cp1252"  # as browsers do (https://encoding.spec.whatwg.org/#names-and-labels)
        if encoding and not encoding.startswith(("utf-8", "utf8", "utf-16", "utf-32")) and _fits(content, encoding):
            return encoding
    return _likeliest(content)


def starts_with_bom(content: bytes) -> bool:
    """Whether ``content`` begins with a byte order mark: then it is text."""
    return content.startswith(tuple(bom for bom, _ in _BOMS))


def wide_encoding(content: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, told by where their zero bytes stand; None if it is neither."""
    sample = content[: _SAMPLE - _SAMPLE % 4]
    if b"\0" not in sample:
        return None
    quarter, half = max(1, len(sample) // 4), max(1, len(sample) // 2)
    zeros = [sample[at::4].count(0) for at in range(4)]
    if len(sample) >= 8 and min(zeros[2:]) > 0.9 * quarter and zeros[0] < 0.5 * quarter:
        return "utf-32-le"
    if len(sample) >= 8 and min(zeros[:2]) > 0.9 * quarter and zeros[3] < 0.5 * quarter:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    if _fits(sample, "utf-8") and _readable(sample.decode("utf-8").replace("\0", "")):
        return None
    # Scripts beyond Latin have few zero bytes: it must be read in one byte order and make no sense in the other.
    for encoding, other in (("utf-16-le", "utf-16-be"), ("utf-16-be", "utf-16-le")):
        if _readable(sample.decode(encoding, "replace")) and not _readable(sample.decode(other, "replace")):
            return encoding
    return None


def _readable(text: str) -> bool:
    """Whether nearly all characters are of the scripts that most texts are in."""
    usual = sum(
        "\x20" <= char < "\x7f" or char in "\t\n\r" or "\xa0" <= char < "\u1000" or "\u2010" <= char <= "\u203d"
        or "\u3000" <= char <= "\u30ff" or "\u4e00" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3" or "\uff00" <= char <= "\uffef"
        for char in text
    )  # fmt: skip
    return usual >= 0.97 * len(text)


def _fits(content: bytes, encoding: str) -> bool:
    """Whether ``content`` is text in this encoding; a name that is no text encoding fits nothing."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        for start in range(0, len(content) + 1, 2**20):
            piece: object = decoder.decode(content[start : start + 2**20], start + 2**20 > len(content))
            if not isinstance(piece, str):
                return False
    except (ValueError, LookupError, TypeError, AssertionError):  # codecs such as "rot13" are not for bytes
        return False
    return True


def _is_damaged_utf8(content: bytes) -> bool:
    """UTF-8 in which a few bytes are broken (cut off, mixed): its valid multi-byte characters outnumber the errors by far."""
    text = content.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = len(text) - broken - len(content.translate(None, _HIGH_BYTES))
    return sound >= 5 * broken


def _likeliest(content: bytes) -> str:
    """A Western encoding where only what one Western language writes comes of it, else a detector's choice."""
    if _is_western(content):
        return "cp1252"
    import chardet

    found = chardet.detect(content, max_bytes=2**20)["encoding"]
    return found if found and _fits(b"", found) else "cp1252"


def _is_western(content: bytes) -> bool:
    text = bytes(content[:200_000]).decode("cp1252", "replace")
    high = {char for char in text if char > "\x7f"}
    letters = high - _WESTERN_SIGNS
    one_language = any(letters <= alphabet for alphabet in _WESTERN)
    few = len(letters) <= _FEW and any(letters & alphabet for alphabet in _WESTERN) and letters <= frozenset().union(*_WESTERN)
    dense = sum(char in letters for char in text) > 0.5 * sum(char.isalpha() for char in text)
    return (one_language or few) and not dense and not _BROKEN_WORD.search(text)


@cache
def _long_runs() -> re.Pattern[str]:
    marks = [char for char in map(chr, range(0x300, 0x1F000)) if unicodedata.combining(char)]
    return re.compile(f"[{''.join(marks)}]{{{_MARKS + 1},}}")
