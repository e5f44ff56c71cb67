"""Markup from strangers: XML that may be broken or hostile → a tree, and HTML → plain text.

Nothing is fetched and nothing expanded: the document type, where entities are declared and external ones named, is cut out before
a parser sees it, and the parser is told to resolve nothing. Broken XML is mended as far as it can be; every step takes time
linear in its length, and the parser's own limits on depth (2,048) and on the length of one text (10 million) stay in force.
Not here: what elements mean (``rss.py``) and which part of a page is its article (``extract.py``).
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from html.entities import html5
from typing import TYPE_CHECKING, Any

from ingest.decompression import decompress
from ingest.encoding import clean_characters
from vectorstore.errors import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml.etree import _Element

_RESOLVE_NOTHING: Mapping[str, Any] = {
    "encoding": "utf-8", "resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False,
    "remove_comments": True, "remove_pis": True,
}  # fmt: skip
_BITE = 1024
"""Damage costs what was to come out of so many bytes."""
GZIP = b"\x1f\x8b"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PROLOG = re.compile(
    r"[\s\ufeff]+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?:[^\[\]<>\"']|\"[^\"]*\"|'[^']*')*+"
    r"(?:\[(?:[^\]\"'<]|\"[^\"]*\"|'[^']*'|<!--.*?-->|<(?!!--))*+\]\s*)?>",
    re.DOTALL | re.IGNORECASE,
)
_REFERENCE = re.compile(r"&(?!amp;)(?:(?:(lt|gt|quot|apos)|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{1,32}));)?")
_BARE = re.compile(r"&(?![#\w])")
# What may hold HTML that nobody escaped; in such a document an item ends where the next begins.
_TEXTUAL = re.compile(
    r"<((?:[\w.-]{1,40}:)?(?:title|description|summary|subtitle|encoded|content))((?:\s[^<>]*)?)(?<!/)>", re.IGNORECASE
)
_CDATA = re.compile(r"\s*<!\[CDATA\[")
_BOUNDARY = re.compile(r"</?(?:item|entry|channel)\b", re.IGNORECASE)
_TAG = re.compile(r"(?:<|&lt;)(?:/(?:p|div|a|span|ul|li|em|strong|b|i|h[1-6])|br ?/?|p|div)(?:>|&gt;)", re.IGNORECASE)
_ESCAPED_AT_MOST = 2
_UNSEEN = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "head",
        "title",
        "iframe",
        "object",
        "svg",
        "math",
        "audio",
        "video",
        "select",
        "button",
    }
)
_PARAGRAPHS = frozenset(
    "address article aside blockquote dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li"
    " main nav ol p pre section summary table tr ul".split()
)


@dataclass(frozen=True, slots=True)
class XmlTree:
    """The root of a document, and whether it had to be mended to get it."""

    root: _Element
    mended: bool


def unpacked(content: bytes, *, name: str, limit: int) -> bytes:
    """``content``, out of its gzip packing if it has one; what a cut-off or damaged packing still gives is kept.

    Raises:
        SourceUnreadable: it is more than ``limit`` bytes, or nothing comes out of it.
    """
    if not content.startswith(GZIP):
        if len(content) > limit:
            raise SourceUnreadable(f"{name} has more than {_megabytes(limit)}. Add a smaller part of it.")
        return content
    packed = (content[start : start + _BITE] for start in range(0, len(content), _BITE))
    pieces: list[bytes] = []
    size = 0
    with suppress(SourceUnreadable):
        for piece in decompress(packed, encodings=["gzip"]):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                break
    if size > limit:
        raise SourceUnreadable(f"{name} unpacks to more than {_megabytes(limit)}. Add a smaller part of it.")
    if not size:
        raise SourceUnreadable(f"{name} is gzip data that cannot be unpacked. Fetch it again.")
    return b"".join(pieces)


def unpacked_head(content: bytes, *, size: int) -> bytes:
    """The first ``size`` bytes of ``content`` out of its gzip packing, empty if it cannot be unpacked."""
    if not content.startswith(GZIP):
        return content[:size]
    try:
        return zlib.decompressobj(wbits=31).decompress(content[: 4 * size], size)
    except zlib.error:
        return b""


def _megabytes(size: int) -> str:
    return f"{size // 2**20} MB"


def find_root(text: str, *, names: re.Pattern[str], junk: int) -> re.Match[str] | None:
    """The start tag of the first element if ``names`` matches there, or within ``junk`` characters of what should not be there."""
    start = 0
    while match := _PROLOG.match(text, start):
        start = match.end()
    if found := names.match(text, start):
        return found
    found = names.search(text, start, start + junk)
    return (
        None
        if found is None or re.search(r"<(?:html|head|body|!doctype html)\b", text[start : found.start()], re.IGNORECASE)
        else found
    )


def parse_xml(text: str) -> XmlTree | None:
    """The tree of ``text``, which begins with its first element; None if nothing can be made of it."""
    from lxml import etree

    text, mended = _mend_references(allowed_characters(text))
    try:
        return XmlTree(etree.fromstring(text.encode(), etree.XMLParser(**_RESOLVE_NOTHING)), mended)
    except etree.XMLSyntaxError:
        pass
    try:
        root = etree.fromstring(_escape_textual(text).encode(), etree.XMLParser(recover=True, **_RESOLVE_NOTHING))
    except etree.XMLSyntaxError:
        return None
    return None if root is None else XmlTree(root, mended=True)


def read_xml(text: str, *, target: object) -> bool:
    """Give the elements of ``text`` to ``target`` (``start``, ``data``, ``end``, ``close``), none kept; whether it was mended."""
    from lxml import etree

    text, mended = _mend_references(allowed_characters(text))
    parser = etree.XMLParser(target=target, recover=True, **_RESOLVE_NOTHING)
    try:
        etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        return True
    return mended or len(parser.error_log) > 0


def _outside_cdata(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of ``text`` in order, and whether each is outside of CDATA; one that is not closed ends with the text."""
    position = 0
    while (start := text.find("<![CDATA[", position)) >= 0:
        yield text[position:start], True
        end = text.find("]]>", start)
        position = end + 3 if end >= 0 else len(text)
        yield text[start:position] + ("" if end >= 0 else "]]>"), False
    yield text[position:], True


def _mend_references(text: str) -> tuple[str, bool]:
    """``text`` with HTML's named characters spelled out and stray ampersands escaped, and whether there were any."""
    strays = 0

    def mend(match: re.Match[str]) -> str:
        nonlocal strays
        known, decimal, hexadecimal, name = match.groups()
        if known:
            return match.group()
        if decimal or hexadecimal:
            code = int(decimal) if decimal else int(hexadecimal, 16)
            return match.group() if code <= 0x10FFFF and not _NOT_XML.match(chr(code)) else ""
        if name and (character := html5.get(f"{name};")):
            return escape(character, quote=False)
        strays += 1
        return f"&amp;{match.group()[1:]}"

    pieces: list[str] = []
    for piece, outside in _outside_cdata(text):
        if outside and "&" in piece:
            mended, bare = _BARE.subn("&amp;", piece)
            strays += bare
            pieces.append(_REFERENCE.sub(mend, mended))
        else:
            pieces.append(piece)
    return "".join(pieces), strays > 0


def _escape_textual(text: str) -> str:
    """``text`` with the HTML in titles, descriptions and contents escaped, so that its open tags do not swallow what follows.

    An element of text that is not closed before its item ends is closed there.
    """
    pieces: list[str] = []
    boundaries = [match.start() for match in _BOUNDARY.finditer(text)] + [len(text)]
    closing: dict[str, int] = {}
    position = 0
    while match := _TEXTUAL.search(text, position):
        tag = f"</{match[1]}"
        literal = _CDATA.match(text, match.end())
        body = text.find("]]>", literal.end()) if literal else match.end()
        if closing.get(tag, -1) < body:
            found = text.find(tag, body)
            closing[tag] = found if found >= 0 else len(text)
        end = boundaries[bisect_left(boundaries, body)]
        closed = closing[tag] < len(text) and closing[tag] <= end
        end = closing[tag] if closed else end
        inner = text[match.end() : end]
        attributes = re.sub(r"\btype\s*=\s*([\"'])xhtml\1", 'type="html"', match[2])
        pieces += [text[position : match.start()], f"<{match[1]}{attributes}>"]
        pieces += [piece.replace("<", "&lt;") if outside else piece for piece, outside in _outside_cdata(inner)]
        pieces.append("" if closed else f"{tag}>")
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


def allowed_characters(text: str) -> str:
    """``text`` without the characters that XML cannot hold; mended trees may have some."""
    return _NOT_XML.sub("", text)


def inner_markup(element: _Element) -> str:
    """What is inside of ``element`` as HTML, its names without their namespaces."""
    from lxml import etree

    for inside in element.iterdescendants():
        if name := local_name(inside):
            inside.tag = name
    children = (etree.tostring(child, encoding="unicode", method="html") for child in element)
    return allowed_characters(escape(element.text or "", quote=False) + "".join(children))


def local_name(element: _Element) -> str:
    """The name of ``element`` without its namespace or prefix; empty for a reference, which is no element."""
    return "" if not isinstance(element.tag, str) else str(element.tag).rpartition("}")[2].rpartition(":")[2]


def plain_text(markup: str) -> str:
    """What a reader of the HTML ``markup`` sees: paragraphs with an empty line between them, no tags, scripts or forms.

    HTML that was escaped once too often, so that not one tag of it is one, is read as what it was.
    """
    text = _visible(markup)
    for _ in range(_ESCAPED_AT_MOST):
        if "<" in markup or not _TAG.search(text):
            break
        markup, text = text, _visible(text)
    return text


def _visible(markup: str) -> str:
    from lxml import etree, html

    markup = allowed_characters(markup)
    if "<" not in markup and "&" not in markup:
        return _lines(markup)
    try:
        tree = html.document_fromstring(
            markup.encode(), parser=html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        )
    except etree.ParserError:  # nothing in it
        return ""
    pieces: list[str] = []
    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walk:
        if event == "start" and element.tag in _UNSEEN:
            walk.skip_subtree()
            continue
        if element.tag in _PARAGRAPHS:
            pieces.append("\n\n")
        elif event == "start" and element.tag == "br":
            pieces.append("\n")
        elif event == "end" and element.tag in {"td", "th"} and element.getnext() is not None:
            pieces.append(" | ")
        words = element.text if event == "start" else element.tail
        pieces.append(re.sub(r"\s+", " ", words or ""))
    return _lines("".join(pieces))


def _lines(text: str) -> str:
    lines = (re.sub(r"^(?:\| ?)+", "", re.sub(r"[^\S\n]+", " ", line).strip()) for line in clean_characters(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
