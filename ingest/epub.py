"""EPUB → the blocks of its chapters in reading order (https://www.w3.org/TR/epub-33/). Runs in the subprocess of ``sandbox.py``.

Not here: deciding that a file is an EPUB (``extract.py``).
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ingest.documents import Document
from ingest.types import Block
from vectorstore.errors import SourceEmpty, SourceUnreadable

_MAX_PART = 32 * 2**20
_MAX_CHAPTERS = 5_000
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_CHAPTER = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
_BLOCKS = frozenset(
    "p h1 h2 h3 h4 h5 h6 li blockquote pre div section article aside header footer figure figcaption table tr dt dd body hr".split()
)
_UNSEEN = frozenset("script style head template svg math audio video object iframe nav".split())


def read_epub(content: bytes, *, name: str) -> Document:
    """The chapters and metadata of an EPUB.

    Raises:
        SourceUnreadable: it is locked by digital rights management, or names no contents.
        SourceEmpty: no chapter is in it.
        Exception: it is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        document = _read(archive, name=name)
    if not any(block.text.strip() for block in document.blocks):
        raise SourceEmpty(f"{name} is an EPUB without text: its pages are pictures. Add the text in another format.")
    return document


def _read(archive: zipfile.ZipFile, *, name: str) -> Document:
    container = _xml(_part(archive, "META-INF/container.xml"))
    roots = [str(root) for root in container.xpath("//*[local-name()='rootfile']/@full-path")]
    if not roots:
        raise SourceUnreadable(f"{name} is an EPUB that does not say where its contents are. Get it again.")
    package = _xml(_part(archive, roots[0]))
    items = {item.get("id"): item for item in package.xpath("//*[local-name()='manifest']/*[local-name()='item']")}
    spine = package.xpath("//*[local-name()='spine']/*[local-name()='itemref']")
    parts = []
    for reference in spine[:_MAX_CHAPTERS]:
        item = items.get(reference.get("idref"))
        if item is None or reference.get("linear") == "no" or "nav" in (item.get("properties") or "").split():
            continue
        if (item.get("media-type") or "") in _CHAPTER:
            parts.append(posixpath.normpath(posixpath.join(posixpath.dirname(roots[0]), unquote(item.get("href") or ""))))
    if set(parts) & _encrypted(archive):
        raise SourceUnreadable(f"{name} is locked by digital rights management. Add a copy without it.")
    names = set(archive.namelist())
    blocks = [block for part in parts if part in names for block in _chapter(_part(archive, part))]
    dates = package.xpath("//*[local-name()='metadata']/*[local-name()='date']")
    published = [date for date in dates if _event(date) in {"", "publication"}]
    changed = package.xpath("//*[local-name()='meta'][@property='dcterms:modified']/text()")
    changed += [str(date.text or "") for date in dates if _event(date) == "modification"]
    return Document(
        blocks=tuple(blocks),
        title=_stated(package, "title"),
        author=", ".join(dict.fromkeys(_all_stated(package, "creator"))),
        source=_stated(package, "publisher"),
        language=_stated(package, "language"),
        url=next((value for value in _all_stated(package, "source") if re.match(r"https?://", value)), ""),
        published=str(published[0].text or "").strip() if published else "",
        modified=str(changed[0]).strip() if changed else "",
    )


def _part(archive: zipfile.ZipFile, path: str) -> bytes:
    with archive.open(path) as part:
        content = part.read(_MAX_PART + 1)
    if len(content) > _MAX_PART:
        raise ValueError(f"{path} is larger than {_MAX_PART // 2**20} MB")
    return content


def _xml(content: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True
    )
    root = etree.fromstring(content, parser)
    if root is None:
        raise ValueError("not XML")
    return root


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    """The parts that cannot be read without a key; fonts that are only scrambled aside."""
    if "META-INF/encryption.xml" not in archive.namelist():
        return set()
    found = _xml(_part(archive, "META-INF/encryption.xml"))
    return {
        unquote(str(reference))
        for entry in found.xpath("//*[local-name()='EncryptedData']")
        if not any(str(method).startswith(_FONTS) for method in entry.xpath("./*[local-name()='EncryptionMethod']/@Algorithm"))
        for reference in entry.xpath(".//*[local-name()='CipherReference']/@URI")
    }


def _event(date: Any) -> str:
    return next((value for key, value in date.attrib.items() if key.endswith("event")), "")


def _all_stated(package: Any, element: str) -> list[str]:
    values = package.xpath(
        "//*[local-name()='metadata']//*[local-name()=$name and starts-with(namespace-uri(), 'http://purl.org/dc/')]",
        name=element,
    )
    return [text for value in values if (text := re.sub(r"\s+", " ", "".join(value.itertext())).strip())]


def _stated(package: Any, element: str) -> str:
    return next(iter(_all_stated(package, element)), "")


def _chapter(content: bytes) -> Iterator[Block]:
    """The blocks of a chapter. It is read as HTML, which forgives what XML does not, and knows no entities but its own."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(_utf8(content), parser=parser)
    except etree.ParserError:  # nothing in it
        return
    pieces: list[str] = []
    tag, linked, in_link = "p", 0, False
    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walk:
        if event == "start" and element.tag in _UNSEEN:
            walk.skip_subtree()
            continue
        if element.tag in _BLOCKS:
            text = "".join(pieces).strip()
            if text:
                yield Block(text, tag, linked / len(text))
            pieces, linked = [], 0
            if event == "start":
                tag = "head" if re.fullmatch(r"h[1-6]", str(element.tag)) else "row" if element.tag == "tr" else "p"
            else:
                tag = "p"
        elif element.tag == "a":
            in_link = event == "start" and element.get("href") is not None
        elif element.tag == "br" and event == "start":
            pieces.append("\n")
        elif element.tag in {"td", "th"} and event == "end" and element.getnext() is not None:
            pieces.append(" | ")
        words = re.sub(r"\s+", " ", (element.text if event == "start" else element.tail) or "")
        pieces.append(words)
        linked += len(words) if in_link else 0


def _utf8(content: bytes) -> bytes:
    from ingest.encoding import decode

    return re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", decode(content)).encode("utf-8", "replace")
