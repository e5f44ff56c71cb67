"""Bytes of a file or page → its text and what it says about itself: which kind it is, and the module that reads that kind.

| kind | module |
|---|---|
| a page, also as a browser saved it | ``html.py``, ``page_metadata.py`` |
| MHTML | ``mhtml.py``, then as a page |
| Markdown | ``markdown.py`` |
| plain text | ``plaintext.py`` |
| PDF, DOCX, EPUB | ``documents.py`` with ``pdf_layout.py`` and ``epub.py``, in the subprocess of ``sandbox.py`` |

Not here: tables of many articles (``tables.py``), archives (``archives.py``), which paragraphs are page furniture by their words
(``clean.py``), what language a text is in when it does not say (``vectorstore.languages``), reading files and addresses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Literal
from urllib.parse import urlsplit

from ingest.documents import DocumentKind
from ingest.encoding import clean_characters, decode, one_line, starts_with_bom, wide_encoding
from ingest.limits import (
    MAX_BRACKETS,
    MAX_CHARACTERS,
    MAX_ELEMENTS,
    MAX_MARKDOWN_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    refuse_longer,
    refuse_more,
)
from ingest.types import Extracted
from ingest.zip_directory import is_zip, packed_document, packed_other, zipped_names
from vectorstore.errors import SourceEmpty, SourceUnreadable

__all__ = ["ARTICLE_SUFFIXES", "Extracted", "clean_characters", "decode", "extract"]

Kind = Literal["html", "mhtml", "markdown", "text", "pdf", "docx", "epub"]

_SUFFIXES: dict[str, Kind] = {
    ".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".mht": "mhtml", ".mhtml": "mhtml", ".pdf": "pdf", ".docx": "docx", ".epub": "epub",
}  # fmt: skip
ARTICLE_SUFFIXES = frozenset(_SUFFIXES)
"""The file names of what :func:`extract` reads, lower case."""
_MEDIA_TYPES: dict[str, Kind] = {
    "text/html": "html", "application/xhtml+xml": "html", "text/markdown": "markdown", "text/plain": "text",
    "multipart/related": "mhtml", "application/x-mimearchive": "mhtml", "message/rfc822": "mhtml",
}  # fmt: skip
_REMEDY = "Add it as HTML, PDF, DOCX, EPUB, Markdown or plain text."
_MAGIC = {
    b"PK\x03\x04": "a zip archive", b"\xd0\xcf\x11\xe0": "an old Office document, or one with a password", b"{\\rtf": "an RTF document",
    b"%!PS": "PostScript", b"\x89PNG": "a PNG picture", b"GIF8": "a GIF picture", b"\xff\xd8\xff": "a JPEG picture",
    b"RIFF": "sound or video", b"ID3": "sound", b"OggS": "sound", b"\x1f\x8b": "gzip data", b"BZh": "bzip2 data", b"\xfd7zXZ": "xz data",
    b"\x28\xb5\x2f\xfd": "zstandard data", b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive", b"\x7fELF": "a program",
    b"MZ\x90": "a program", b"SQLite format 3": "a database",
}  # fmt: skip
_DAMAGED: Mapping[str, DocumentKind] = {".docx": "docx", ".epub": "epub"}
_PDF_HEAD = 1_024
_CONTROL_SHARE = 0.1
_EMBEDDED = re.compile(rb"(?<=[\"'(=])data:[\w/+.;=-]{0,100};base64,[A-Za-z0-9+/=%]{200,}")
_LARGE = 500_000
_MARKUP = re.compile(
    r"\s{0,500}(?:<!--.{0,2000}?-->\s{0,50}){0,3}"
    r"(?:<!doctype\s{1,9}html|<html[\s>]|<\?xml[^>]{0,200}\?>\s{0,50}(?:<!doctype html|<html)|<head[\s>]|<body[\s>]|<article[\s>])",
    re.IGNORECASE | re.DOTALL,
)


def extract(
    content: bytes, *, name: str, media_type: str | None = None, url: str | None = None, now: datetime | None = None
) -> Extracted:
    """The text and metadata of ``content``.

    Its first bytes tell the kind, else ``media_type`` (which may be a whole Content-Type header with its charset), else the suffix
    of ``name``, its file name or address; errors name it. ``url`` is where it was fetched from. No date after ``now`` (aware,
    default: the current time) is believed.

    Raises:
        SourceUnreadable: it is damaged, locked, not text, of a kind that is not read, or more than an article.
        SourceEmpty: there is no text in it.
    """
    now = now or datetime.now(UTC)
    if not content.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise SourceEmpty(f"{name} is empty. There is nothing to add from it.")
    document = document_kind(content)
    if document is None and is_zip(content):  # damaged, if its name is right
        document = _DAMAGED.get(_suffix(name))
    if document:
        found = _from_document(content, kind=document, name=name, now=now)
    else:
        _refuse_binary(content, name=name)
        found = _from_characters(content, name=name, media_type=media_type, url=url, now=now)
    if not re.search(r"\w", found.text):
        raise SourceEmpty(
            f"{name} has no text that could be an article. If scripts draw it, save the page from a browser and add that file."
        )
    refuse_longer(found.text, name=name)
    title, source, author = (
        name if len(name) <= MAX_TITLE_CHARACTERS else "" for name in (found.title, found.source, found.author)
    )
    return replace(found, url=found.url or url, title=title, source=source, author=author)


def document_kind(content: bytes) -> DocumentKind | None:
    """Which kind of document ``content`` is by its first bytes, and if it is packed as a zip archive, by what is in it."""
    if content.startswith(b"%PDF-") or (b"%PDF-" in content[:_PDF_HEAD] and b"endobj" in content):
        return "pdf"
    return packed_document(zipped_names(content))


def _from_document(content: bytes, *, kind: DocumentKind, name: str, now: datetime) -> Extracted:
    """What a document says; its own dates count where they are about publication and change."""
    from ingest import page_metadata
    from ingest.blocks import assemble
    from ingest.dates import parse_date
    from ingest.plaintext import from_text
    from ingest.sandbox import run_limited

    document = run_limited(kind, content, name=name)
    title = one_line(document.title)
    text, furniture = assemble(document.blocks, title=title)
    plain = from_text(text, now=now)
    return replace(
        plain,
        title=title or plain.title,
        source=one_line(document.source) or plain.source,
        author=one_line(document.author) or plain.author,
        language=page_metadata.declared_language(document.language),
        url=page_metadata.web_address(document.url) or plain.url,
        published=parse_date(document.published, came_from=kind, now=now) or plain.published,
        modified=parse_date(document.modified, came_from=kind, now=now),
        furniture=furniture,
    )


def _from_characters(content: bytes, *, name: str, media_type: str | None, url: str | None, now: datetime) -> Extracted:
    from ingest import mhtml
    from ingest.html import from_html
    from ingest.markdown import from_markdown
    from ingest.plaintext import from_text

    charset = _header_charset(media_type)
    kind = _declared_kind(name, media_type=media_type)
    if mhtml.is_mhtml(content):
        saved = mhtml.main_page(content, name=name)
        content, charset, url, kind = saved.content, saved.charset, url or saved.address, "html"
    if len(content) > _LARGE:
        content = _EMBEDDED.sub(b"data:,", content)  # pictures
    # No encoding takes more than four bytes for a character: what is longer is refused before it is decoded.
    refuse_more(len(content) // 4, MAX_CHARACTERS, "characters", name=name)
    text = decode(content, declared=charset)
    if kind == "html" or (kind != "markdown" and _MARKUP.match(text[:8_000].lstrip("\ufeff"))):
        refuse_more(text.count("<"), MAX_ELEMENTS, "elements", name=name)
        return from_html(text, name=name, url=url, now=now)
    text = clean_characters(text)
    if kind == "markdown":
        refuse_more(len(text), MAX_MARKDOWN_CHARACTERS, "characters of Markdown", name=name)
        refuse_more(text.count("["), MAX_BRACKETS, "brackets", name=name)
        return from_markdown(text, now=now)
    if _is_json(text):
        raise SourceUnreadable(
            f"{name} is JSON, not an article. If its records are articles, add it as a table: name it .jsonl or .json."
        )
    return from_text(text, now=now)


def _declared_kind(name: str, *, media_type: str | None) -> Kind:
    """The kind by media type, unless that is plain text, which servers say of anything, else by suffix."""
    declared = _MEDIA_TYPES.get((media_type or "").split(";")[0].strip().lower())
    by_suffix = _SUFFIXES.get(_suffix(name))
    if declared and declared != "text":
        return declared
    return by_suffix or declared or "text"


def _suffix(name: str) -> str:
    try:
        path = urlsplit(name).path if "://" in name else name
    except ValueError:
        path = name
    return PurePath(path).suffix.lower()


def _refuse_binary(content: bytes, *, name: str) -> None:
    what = packed_other(zipped_names(content)) or next((what for magic, what in _MAGIC.items() if content.startswith(magic)), "")
    if what:
        raise SourceUnreadable(f"{name} is {what}, not a text. {_REMEDY}")
    if starts_with_bom(content) or wide_encoding(content):
        return
    sample = content[:8192]
    controls = sum(byte < 0x20 and byte not in b"\t\n\r\f\x1b" for byte in sample)
    if controls > max(3, _CONTROL_SHARE * len(sample)):
        raise SourceUnreadable(f"{name} is binary, not a text. {_REMEDY}")


def _header_charset(media_type: str | None) -> str | None:
    match = re.search(r"charset\s{0,20}=\s{0,20}[\"']?([\w.:-]{1,40})", media_type or "", re.IGNORECASE)
    return match[1] if match else None


def _is_json(text: str) -> bool:
    if not re.match(r"\{\s{0,100}\"|\[\s{0,100}[{\[]", text):
        return False
    for part in (text, text.partition("\n")[0]):
        try:
            return isinstance(json.loads(part), dict | list)
        except (ValueError, RecursionError):
            continue
    return False
