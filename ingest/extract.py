"""Bytes of a file or page → its text and what it says about itself.

HTML, Markdown and plain text. Not here: which paragraphs are page furniture by their words (``clean.py``), what language a text
is in
when it does not say (``vectorstore.languages``), reading files and addresses (``fetch.py``).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

from ingest.clean import headline, merge_furniture, normalise_paragraph, paragraphs
from ingest.dates import Published, date_in_html, date_in_text, json_ld_items, parse_date
from vectorstore.errors import SourceEmpty, SourceUnreadable
from vectorstore.languages import UNKNOWN, primary
from vectorstore.types import Furniture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml.html import HtmlElement

Kind = Literal["html", "markdown", "text"]

_SUFFIXES: dict[str, Kind] = {
    ".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html",
    ".xhtml": "html",
}  # fmt: skip
_MEDIA_TYPES: dict[str, Kind] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/markdown": "markdown",
    "text/plain": "text",
}
_MAGIC = {
    b"%PDF-": "a PDF", b"PK\x03\x04": "a zip archive (DOCX, EPUB ...)", b"\xd0\xcf\x11\xe0": "an old Office document",
    b"\x89PNG": "a PNG picture", b"GIF8": "a GIF picture", b"\xff\xd8\xff": "a JPEG picture", b"RIFF": "sound or video",
    b"ID3": "sound",
    b"OggS": "sound", b"\x1f\x8b": "gzip data", b"BZh": "bzip2 data", b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive",
    b"\x7fELF": "a program", b"MZ\x90": "a program", b"SQLite format 3": "a database",
}  # fmt: skip
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})|"
    rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})",
    re.IGNORECASE,
)
_WESTERN = frozenset("äöüßÄÖÜàâçéèêëîïôùûÀÂÇÉÈÊËÎÏÔÙÛñáíóúÑÁÍÓÚãõÃÕåøæÅØÆœŒìòÌÒ¿¡«»‹›„“”‚‘’–—…€§°©®™·•²½£\xa0´×ªº\xad±†¼¾")
_CYRILLIC = ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic")
_CONTROL_SHARE = 0.1
_MARKUP = re.compile(
    r"^\s*(?:<!doctype\s+html|<html[\s>]|"
    r"<\?xml[^>]*\?>\s*(?:<!doctype html|<html)|<head[\s>]|<body[\s>]|<article[\s>])",
    re.IGNORECASE,
)
_URL_LINE = re.compile(r"^<?(https?://[^\s<>\"]+)>?$")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_BYLINE = re.compile(r"(?:von|by|par|por|автор:?|текст:?|di|door)\s+(?P<name>[^\W\d_][\w.'’ -]{2,60})", re.IGNORECASE)
_LINK_SHARE = 0.75
_LINK_WORDS = 25
_END_SHARE = 0.3
_LINE_LENGTH = 200
_PROSE_WORDS = 12
_NAME_WORDS = 8
_FURNITURE_CLASS = re.compile(
    r"(?:^|[-_\s])(?:copyright|credits?|share|sharing|social|related|newsletter|advert\w*|cookie\w*|breadcrumbs?|pagination"
    r"|permalink|tags?|jp-relatedposts|sharedaddy|teasertext)(?:$|[-_\s])",
    re.IGNORECASE,
)
_BLOCKS = frozenset({"p", "head", "item", "quote", "code", "row", "table", "list", "div", "lb", "ab"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What a source says: its text and the metadata that it declares.

    ``text`` is NFC, has newlines for line ends and no control characters; the headline comes first where it is known.
    ``language`` is the primary subtag that the source declares, ``url`` its canonical address, ``furniture`` what the page's
    structure says is not the article.
    """

    text: str
    title: str = ""
    source: str = ""
    author: str = ""
    language: str | None = None
    url: str | None = None
    published: Published | None = None
    furniture: tuple[Furniture, ...] = ()


def extract(
    content: bytes, *, name: str, media_type: str | None = None, url: str | None = None, now: datetime | None = None
) -> Extracted:
    """The text and metadata of ``content``.

    ``name`` is its file name or address: its suffix tells the kind, and errors name it. ``media_type`` may be a whole
    Content-Type header
    with its charset. ``url`` is where it was fetched from. No date after ``now`` (aware, default: the current time) is believed.

    Raises:
        SourceUnreadable: it is not text, or of a kind that is not read.
        SourceEmpty: there is no text in it.
    """
    now = now or datetime.now(UTC)
    if not content.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise SourceEmpty(f"{name} is empty. There is nothing to add from it.")
    _refuse_binary(content, name=name)
    decoded = decode(content, declared=_header_charset(media_type))
    kind = _kind(decoded, name=name, media_type=media_type)
    if kind == "html":
        found = _from_html(decoded, name=name, url=url, now=now)
    else:
        found = (_from_markdown if kind == "markdown" else _from_text)(clean_characters(decoded), now=now)
    if not re.search(r"\w", found.text):
        raise SourceEmpty(
            f"{name} has no text that could be an article. If scripts draw it, save the page from a browser and add that file."
        )
    return replace(found, url=found.url or url)


def clean_characters(text: str) -> str:
    """``text`` in NFC with newlines for line ends, without control characters, byte order marks, soft hyphens and lone surrogates."""
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028]", "\n", text).replace("\u2029", "\n\n")
    text = re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\ufeff\ufffe\uffff\ud800-\udfff]", "", text)
    lines = (line.rstrip() for line in unicodedata.normalize("NFC", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def decode(content: bytes, *, declared: str | None = None) -> str:
    """The characters of ``content``, in the encoding that its bytes show or declare.

    In this order: byte order mark, valid UTF-8 (text in another encoding almost never is), ``declared`` (from a header), the
    page's own
    declaration, UTF-16 by its zero bytes, else by likelihood. It never fails: what cannot be decoded becomes U+FFFD.
    """
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return content.decode(encoding, "replace")
    if b"\0" in content[:4000] and (wide := _utf16_by_zeros(content)):
        return content.decode(wide, "replace")
    if b"\x1b$" not in content[:4000]:
        if (text := _strict(content, "utf-8")) is not None:
            return text
        if (text := _damaged_utf8(content)) is not None:
            return text
    match = _META_CHARSET.search(content[:4096])
    for label in (declared, (match[1] or match[2]).decode("ascii", "replace") if match else None):
        encoding = label.strip().lower() if label else ""
        if encoding in {"iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii", "iso8859-1"}:
            encoding = "cp1252"  # as browsers do (https://encoding.spec.whatwg.org/#names-and-labels)
        if encoding and not encoding.startswith(("utf-8", "utf8", "utf-16")) and (text := _strict(content, encoding)) is not None:
            return text
    return _likeliest(content)


def _strict(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError, ValueError):
        return None


def _damaged_utf8(content: bytes) -> str | None:
    """UTF-8 in which a few bytes are broken (cut off, mixed): its valid multi-byte characters outnumber the errors by far."""
    text = content.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = sum(char > "\x7f" for char in text) - broken
    return text if sound >= 5 * broken else None


def _utf16_by_zeros(content: bytes) -> str | None:
    sample = content[:4000]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 * half and odd < 0.05 * half else None


def _likeliest(content: bytes) -> str:
    """The decoding that reads best: Western if only its letters come of it, Cyrillic with usual cases, or a detector's."""
    sample = content[:20_000]
    high = [byte for byte in sample if byte >= 0x80]
    letters = sum(chr(byte).isalpha() for byte in sample if byte < 0x80) + len(high)
    western = _strict(content, "cp1252")
    if western is not None and len(high) <= 0.3 * letters and set(bytes(high).decode("cp1252", "replace")) <= _WESTERN:
        return western
    if len(high) > 0.5 * letters and (cyrillic := _best_cyrillic(sample)):
        return content.decode(cyrillic, "replace")
    from charset_normalizer import from_bytes

    best = from_bytes(content[:200_000]).best()
    encoding = best.encoding if best else "cp1252"
    return content.decode(encoding, "replace")


def _best_cyrillic(sample: bytes) -> str | None:
    """The encoding in which the text has the commonest Russian letters and mostly small ones."""
    common = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў")
    scores = {}
    for encoding in _CYRILLIC:
        letters = Counter(char for char in sample.decode(encoding, "replace") if char > "\x7f" and not char.isspace())
        usual = sum(letters[char] * (2 if char in "оеаинтср" else 1) for char in common)
        scores[encoding] = usual / max(1, sum(letters.values()))
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] > 1 else None


def _refuse_binary(content: bytes, *, name: str) -> None:
    for magic, what in _MAGIC.items():
        if content.startswith(magic):
            raise SourceUnreadable(f"{name} is {what}, not a text. Add it as HTML, Markdown or plain text.")
    sample = content[:8192]
    if content.startswith(tuple(bom for bom, _ in _BOMS)) or (b"\0" in sample and _utf16_by_zeros(content)):
        return
    controls = sum(byte < 0x20 and byte not in b"\t\n\r\f\x1b" for byte in sample)
    if controls > max(3, _CONTROL_SHARE * len(sample)):
        raise SourceUnreadable(f"{name} is binary, not a text. Add it as HTML, Markdown or plain text.")


def _header_charset(media_type: str | None) -> str | None:
    match = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", media_type or "", re.IGNORECASE)
    return match[1] if match else None


def _kind(text: str, *, name: str, media_type: str | None) -> Kind:
    declared = _MEDIA_TYPES.get((media_type or "").split(";")[0].strip().lower())
    suffix = PurePath(urlsplit(name).path if "://" in name else name).suffix.lower()
    by_suffix = _SUFFIXES.get(suffix)
    if (declared or by_suffix) in {"html", "markdown"}:
        return declared or by_suffix or "text"
    if _MARKUP.match(text[:2000].lstrip("\ufeff")):
        return "html"
    return by_suffix or declared or "text"


# Plain text and Markdown


def _from_text(text: str, *, now: datetime) -> Extracted:
    title_span = headline(text)
    title = _one_line(title_span.slice(text)) if title_span else ""
    spans = paragraphs(text)
    head = [_one_line(span.slice(text)) for span in spans[:12]]
    above = [_one_line(span.slice(text)) for span in spans if title_span and span.end <= title_span.start]
    label, author = _imprint(head)
    urls = [match[1] for line in head + [_one_line(span.slice(text)) for span in spans[-3:]] if (match := _URL_LINE.match(line))]
    return Extracted(
        text=text,
        title=title,
        source=_site_name(above) or label,
        author=_byline(head) or author,
        url=urls[0] if urls else None,
        published=date_in_text(text, now=now, language=_language_of(text)),
    )


def _from_markdown(text: str, *, now: datetime) -> Extracted:
    fields, body = _front_matter(text)
    blocks = _markdown_blocks(body)
    heading = next((block.text for block in blocks if block.tag == "h1"), "") or next(
        (block.text for block in blocks if block.tag.startswith("h")), ""
    )
    title = fields.get("title") or heading
    rendered, furniture = _assemble(blocks, title=title)
    plain = _from_text(rendered, now=now)
    published = None
    for key in ("date", "published", "published_at", "datepublished", "pubdate"):
        if key in fields and (published := parse_date(fields[key], came_from="front matter", now=now)):
            break
    return replace(
        plain,
        title=title or plain.title,
        source=fields.get("source") or fields.get("outlet") or fields.get("site") or fields.get("publisher") or plain.source,
        author=fields.get("author") or fields.get("authors") or plain.author,
        language=_declared_language(fields.get("language") or fields.get("lang")),
        url=_web_address(fields.get("url") or fields.get("link") or fields.get("canonical")) or plain.url,
        published=published or plain.published,
        furniture=furniture,
    )


def _front_matter(text: str) -> tuple[Mapping[str, str], str]:
    """The fields before a Markdown text, keys in lower case, and the text without them."""
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    import yaml

    try:
        # The base loader makes strings of everything: dates and numbers stay as they were written.
        document = yaml.load(match[1], Loader=yaml.BaseLoader)  # noqa: S506 - it builds no objects
    except (yaml.YAMLError, RecursionError):
        document = None
    if not isinstance(document, dict):
        lines = (line.partition(":") for line in match[1].split("\n"))
        document = {key: value.strip(" '\"") for key, colon, value in lines if colon}
    if not document:
        return {}, text
    fields = {str(key).strip().lower(): _plain_value(value) for key, value in document.items()}
    return fields, text[match.end() :]


def _plain_value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain_value(item) for item in value)
    if isinstance(value, dict):
        return _plain_value(value.get("name") or "")
    return _one_line(str(value))


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph of a document: its text, its element's name, the share of it that is links, what its class says.

    ``below`` is true under a rule that closes the article: a short end of the page with a list of links in it.
    """

    text: str
    tag: str = "p"
    linked: float = 0.0
    classes: str = ""
    below: bool = False


def _markdown_blocks(body: str) -> list[_Block]:
    """What a reader of the rendered Markdown sees, a block per paragraph, heading, list item or table row."""
    from markdown_it import MarkdownIt

    blocks: list[_Block] = []
    rule = 0
    tag = "p"
    row: list[str] | None = None
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(body):
        if token.type == "heading_open":
            tag = token.tag
        elif token.type == "hr":
            rule = len(blocks)
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            blocks.append(_Block(" | ".join(cell for cell in row if cell), "row"))
            row = None
        elif token.type == "inline":
            text, linked = _inline_text(token.children or [])
            if row is not None:
                row.append(text)
            else:
                blocks.append(_Block(text, tag, linked / max(1, len(text))))
            tag = "p"
        elif token.type in {"fence", "code_block"}:
            blocks.append(_Block(token.content.strip("\n"), "code"))
        elif token.type == "html_block":
            blocks.append(_Block(_without_tags(token.content)))
    below = blocks[rule:] if rule else []
    closed = any(block.linked >= _LINK_SHARE / 2 for block in below) and _length(below) <= _END_SHARE * _length(blocks)
    blocks = [*blocks[:rule], *(replace(block, below=True) for block in below)] if closed else blocks
    return [block for block in blocks if block.text.strip()]


def _length(blocks: list[_Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _inline_text(tokens: list[Any]) -> tuple[str, int]:
    pieces: list[str] = []
    linked = depth = 0
    for token in tokens:
        piece = {"softbreak": " ", "hardbreak": "\n", "html_inline": ""}.get(token.type, token.content)
        depth += (token.type == "link_open") - (token.type == "link_close")
        linked += len(piece) if depth else 0
        pieces.append(piece)
    return "".join(pieces).strip(), linked


def _without_tags(markup: str) -> str:
    return unescape(re.sub(r"<!--.*?-->|<(script|style)\b.*?</\1>|<[^>]*>", " ", markup, flags=re.DOTALL | re.IGNORECASE)).strip()


def _site_name(above: list[str]) -> str:
    """The outlet's name among the lines above the headline: the first that is a name and no path of sections."""
    for line in above:
        if 1 <= len(line.split()) <= 6 and not re.search(r"[|›»>/·•]|\s[–—-]\s|\d{4}|https?:", line):
            return line.strip("*_#= ")
    return ""


def _imprint(head: list[str]) -> tuple[str, str]:
    """Outlet and author from a line like "The Echo | 22 December 2022 | By Jane Doe", empty if there is none."""
    for line in head:
        parts = [part.strip() for part in re.split(r"\s[|·•]\s", line)]
        dated = [part for part in parts if re.search(r"\b(?:19|20)\d\d\b", part)]
        if len(parts) > 1 and dated and len(line.split()) <= 20:
            names = [part for part in parts if part not in dated and not _BYLINE.match(part) and not re.search(r"\d", part)]
            return (names[0] if names and parts[0] == names[0] else ""), _byline(parts)
    return "", ""


def _byline(head: list[str]) -> str:
    for line in head:
        if len(line.split()) <= 12 and (match := _BYLINE.match(line)):
            return re.split(r"\s*[,|·–—(]|\s(?:und|and|et|y|и)\s(?=\d)", match["name"])[0].strip()
    return ""


# HTML


def _from_html(markup: str, *, name: str, url: str | None, now: datetime) -> Extracted:
    import lxml.etree
    import trafilatura

    tree = trafilatura.load_html(clean_characters(markup))
    if tree is None:
        raise SourceEmpty(f"{name} has no HTML in it that could be an article.")
    try:
        document = trafilatura.bare_extraction(
            tree, url=url, favor_recall=True, include_comments=False, include_links=True, include_tables=True, with_metadata=False
        )
        metadata = trafilatura.extract_metadata(
            tree, default_url=url, date_config={"extensive_search": False, "max_date": now.strftime("%Y-%m-%d")}
        )
    except (lxml.etree.LxmlError, RecursionError, ValueError) as error:
        raise SourceUnreadable(f"{name} is HTML that cannot be read ({error}). Save the page again, or add its text.") from error
    body = getattr(document, "body", None)
    blocks = list(_html_blocks(body)) if body is not None else []
    outlet = _outlet(tree, sitename=metadata.sitename, url=_canonical(tree, url=url) or url)
    title = _title(tree, blocks, metadata_title=_declared_title(tree) or metadata.title or "", outlet=outlet)
    text, furniture = _assemble(blocks, title=title)
    return Extracted(
        text=text,
        title=title,
        source=outlet if normalise_paragraph(outlet) != normalise_paragraph(title) else _host(url),
        author=_author(metadata.author or ""),
        language=_declared_language(
            tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or _meta(tree, "og:locale")
        ),
        url=_canonical(tree, url=url),
        published=date_in_html(tree, now=now, url=url) or date_in_text(text, now=now, language=_language_of(text)),
        furniture=furniture,
    )


def _title(tree: HtmlElement, blocks: list[_Block], *, metadata_title: str, outlet: str) -> str:
    """The headline: the ``<h1>`` that the metadata agree with, or the metadata's without the site, or the first heading."""
    heads = [_one_line(str(head.text_content())) for head in tree.xpath("//h1")]
    heads += [block.text for block in blocks[:4] if block.tag == "head"]
    wanted = normalise_paragraph(metadata_title)
    for head in sorted(heads, key=len, reverse=True):
        normal = normalise_paragraph(head)
        if len(head.split()) > 1 and normal and (normal in wanted or normal == wanted):
            return head
    lines = heads + [block.text for block in blocks[:4] if len(block.text) < _LINE_LENGTH]
    parts = [part.strip() for part in re.split(r"\s[|–—·:-]\s", metadata_title) if len(part.split()) > 2]
    for part in sorted(parts, key=len, reverse=True):
        if any(normalise_paragraph(part) in normalise_paragraph(line) for line in lines):
            return _one_line(part)
    site = normalise_paragraph(outlet)
    label = _one_line("".join(tree.xpath("(//title)[1]/text()")))
    if not wanted or (len(wanted.split()) <= 3 and (wanted == site or wanted in site or site in wanted)):
        fallback = max((part.strip() for part in re.split(r"\s[|–—·-]\s", label)), key=len, default="")
        return next((head for head in heads if len(head.split()) > 3), fallback or _one_line(metadata_title))
    return _one_line(metadata_title)


def _declared_title(tree: HtmlElement) -> str:
    """The headline that a page declares for itself, if it is more than a name."""
    headlines = (item.get("headline") for item in _json_ld(tree))
    for title in (*headlines, _meta(tree, "og:title")):
        if isinstance(title, str) and len(title.split()) > 2:
            return _one_line(unescape(title))
    return ""


def _author(declared: str) -> str:
    """The author without a label before the name; nothing for accounts that are no one's name."""
    names = (
        re.sub(r"^(?:autor(?:in)?|author|von|by|par|por)[: ]\s*", "", name.strip(), flags=re.IGNORECASE)
        for name in declared.split(";")
    )
    return _one_line(
        ", ".join(name for name in names if name.casefold() not in {"", "admin", "administrator", "name", "root", "webmaster"})
    )


def _outlet(tree: HtmlElement, *, sitename: str | None, url: str | None) -> str:
    for declared in (_meta(tree, "og:site_name"), _publisher(tree), _meta(tree, "application-name"), sitename):
        name = _one_line(declared or "").lstrip("@")
        if name and len(name.split()) <= _NAME_WORDS and not re.search(r"©|\bcopyright\b|\d\d", name, re.IGNORECASE):
            return name
    return _host(url)


def _host(url: str | None) -> str:
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _html_blocks(body: HtmlElement) -> Iterator[_Block]:
    """The paragraphs of trafilatura's document; a line break within one starts a new line, a table row is one."""
    pieces: list[tuple[str, bool]] = []
    state = {"tag": "p", "classes": ""}

    def flush() -> Iterator[_Block]:
        text = re.sub(r"\s+", " ", "".join(piece for piece, _ in pieces)).strip()
        linked = sum(len(piece.strip()) for piece, in_link in pieces if in_link)
        if text:
            yield _Block(text, state["tag"], linked / len(text), state["classes"])
        pieces.clear()

    stack: list[tuple[Any, bool, bool]] = [(body, False, False)]
    while stack:
        element, in_link, leaving = stack.pop()
        block = element.tag in _BLOCKS
        if leaving:
            if element.tag == "cell":
                pieces.append((" | " if element.getnext() is not None else "", False))
            if block:
                yield from flush()
            if element is not body:
                pieces.append((element.tail or "", in_link))
            continue
        if block:
            yield from flush()
            state.update(tag=element.tag, classes=f"{element.get('class') or ''} {element.get('id') or ''}")
        inside = in_link or element.tag == "ref"
        pieces.append((element.text or "" if isinstance(element.tag, str) else "", inside))
        stack.append((element, in_link, True))
        stack.extend((child, inside, False) for child in reversed(element))
    yield from flush()


def _assemble(blocks: list[_Block], *, title: str) -> tuple[str, tuple[Furniture, ...]]:
    """The text of ``blocks``, headline first, and the furniture among them that their structure tells."""
    wanted = normalise_paragraph(title)
    at = next(
        (i for i, block in enumerate(blocks[:6]) if wanted and _same_headline(normalise_paragraph(block.text), wanted)), None
    )
    if at is not None:
        blocks = [_Block(title, "title"), *blocks[:at], *blocks[at + 1 :]]
    elif title:
        blocks = [_Block(title, "title"), *blocks]
    bare = _bare_headings(blocks)
    pieces: list[str] = []
    marks: list[Furniture] = []
    position = 0
    for n, block in enumerate(blocks):
        piece = clean_characters(block.text)
        if not piece:
            continue
        reason = _structural_reason(block) or ("empty heading" if n >= bare else "")
        if reason:
            marks.append(Furniture(position, position + len(piece), reason))
        pieces.append(piece)
        position += len(piece) + 2
    text = "\n\n".join(pieces)
    normal = unicodedata.normalize("NFC", text)
    return (normal, merge_furniture(normal, marks)) if normal == text else (normal, ())


def _bare_headings(blocks: list[_Block]) -> int:
    """The index from which on nothing but headings and furniture follows: headings over what was taken out of the page."""
    end = len(blocks)
    while end > 1 and (blocks[end - 1].tag == "head" or _structural_reason(blocks[end - 1])):
        end -= 1
    return end


def _same_headline(normal: str, wanted: str) -> bool:
    longer, shorter = sorted((normal, wanted), key=len, reverse=True)
    return normal == wanted or (len(shorter.split()) > 2 and shorter in longer and len(longer) - len(shorter) <= 20)


def _structural_reason(block: _Block) -> str:
    words = len(block.text.split())
    if block.tag == "title":
        return ""
    if block.linked >= _LINK_SHARE and words <= _LINK_WORDS and block.tag not in {"row", "cell"}:
        return "link"
    if block.below:
        return "below the article"
    prose = words >= _PROSE_WORDS and block.text.rstrip().endswith((".", "!", "?", "“", "”", "»", '"'))
    if words <= 40 and not prose and _FURNITURE_CLASS.search(block.classes):
        return "page element"
    return ""


def _canonical(tree: HtmlElement, *, url: str | None) -> str | None:
    for value in (*tree.xpath("//link[@rel='canonical']/@href"), _meta(tree, "og:url")):
        if address := _web_address(urljoin(url or "", str(value or "").strip())):
            return address
    return None


def _publisher(tree: HtmlElement) -> str:
    for item in _json_ld(tree):
        publisher = item.get("publisher")
        if isinstance(publisher, dict) and isinstance(name := publisher.get("name"), str):
            return unescape(name)
    return ""


def _json_ld(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """Every object in the page's JSON-LD; broken blocks are passed over."""
    for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
        try:
            yield from json_ld_items(json.loads(script.text or "", strict=False))
        except (ValueError, RecursionError):
            continue


def _meta(tree: HtmlElement, name: str) -> str | None:
    values = tree.xpath("//meta[@property=$name or @name=$name]/@content", name=name)
    return str(values[0]).strip() if values else None


# Small things


def _web_address(value: str | None) -> str | None:
    address = clean_characters(value or "")
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and parts.hostname else None


def _declared_language(tag: str | None) -> str | None:
    language = primary(tag)
    return None if language == UNKNOWN else language


def _language_of(text: str) -> str:
    from vectorstore.languages import detect_language

    return detect_language(text)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", clean_characters(text)).strip()
