"""Text that somebody pasted → a document, with what they said of it; the rest is found as in a file of plain text.

It is kept as a line of JSON, as ``tables.read_rows`` reads it again. Not here: plain text itself (``plaintext.py``), storing (``desk.py``).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from ingest.addresses import canonical_address
from ingest.encoding import clean_characters
from ingest.extract import extract
from ingest.page_metadata import web_address
from ingest.planned import JSON_LINE, Document, ItemResult, Loaded, hashed, readable
from ingest.tables import read_rows
from vectorstore.errors import SourceError

if TYPE_CHECKING:
    from ingest.planned import Planned

_NAME = "pasted text"
_MAX_NAME = 80


def pasted(
    text: str,
    *,
    title: str = "",
    url: str | None = None,
    source: str = "",
    author: str = "",
    language: str = "",
    published: date | datetime | None = None,
) -> Planned:
    """The document that ``text`` is, or why it cannot be one.

    Its article is that of its ``url``, else that of its words. Headline, date and outlet that are not given are looked for in the text.
    """
    title, source, author, language, given = (_line(said) for said in (title, source, author, language, url or ""))
    name = readable(given or title)[:_MAX_NAME] or _NAME
    address = web_address(given)
    if given and address is None:
        return ItemResult(
            name, "failed", reason=f"{name} is no web address: it begins with http:// or https://. Correct it, or leave it out."
        )
    content = _clean(text)
    if not content:
        return ItemResult(name, "failed", reason="There is no text. Paste the article's words.")
    try:
        found = extract(content.encode(), name="pasted.txt")
        fields = {
            "title": title or found.title,
            "text": content,
            "url": address,
            "author": author or found.author,
            "language": language or found.language,
            "source": source or found.source,
            "published": published.isoformat() if published else None,
        }
        record = json.dumps({key: value for key, value in fields.items() if value}, ensure_ascii=False).encode()
        (row,) = read_rows(record, name=f"{_NAME}.jsonl")
    except SourceError as error:
        return ItemResult(name, "failed", reason=str(error))
    if isinstance(row, SourceError):
        return ItemResult(name, "failed", reason=str(row))
    extracted = row.extracted if published else replace(row.extracted, published=found.published)
    return Document(
        source=name,
        article_id=hashed(canonical_address(address)) if address else row.key,
        held=3 * len(record),
        load=lambda: Loaded(content=record, name=_NAME, media_type=JSON_LINE, read=lambda: extracted),
    )


def _clean(text: str) -> str:
    """``text`` without what is no character."""
    return clean_characters(text.encode("utf-8", "replace").decode())


def _line(said: str) -> str:
    return " ".join(_clean(said).split())
