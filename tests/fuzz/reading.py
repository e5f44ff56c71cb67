"""Reading a document as an ingest run does, and what must hold of what comes out."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from ingest.archives import ARCHIVE_SUFFIXES, Member, members
from ingest.articles import to_article
from ingest.encoding import clean_characters
from ingest.extract import extract
from ingest.tables import TABLE_SUFFIXES, Row, read_rows
from ingest.types import Extracted
from vectorstore.errors import SourceError


def check(name: str, content: bytes) -> str:
    """What is wrong with what a document gives, empty if nothing is; a SourceError is as good as a text."""
    suffix = PurePath(name).suffix.lower()
    if suffix in ARCHIVE_SUFFIXES:
        found = (check(member.name, member.content) for member in members(content, name=name) if isinstance(member, Member))
        return next(filter(None, found), "")
    if suffix in TABLE_SUFFIXES:
        return next(filter(None, (flaw(row.extracted) for row in read_rows(content, name=name) if isinstance(row, Row))), "")
    try:
        extracted = extract(content, name=name)
    except SourceError as error:
        return "" if str(error).startswith(name) else f"the reason does not name the source: {error}"
    to_article(extracted, article_id="a", path=None)
    return flaw(extracted)


def flaw(found: Extracted) -> str:
    """Which promise of ``Extracted`` does not hold, empty if all do."""
    values = (found.text, found.title, found.source, found.author, found.url or "", found.language or "")
    for value in values:
        if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t" for char in value):
            return f"a control character or lone surrogate in {value[:200]!r}"
    if not unicodedata.is_normalized("NFC", found.text) or not found.text.strip():
        return "not NFC, or empty"
    if clean_characters(found.text) != found.text:
        return "cleaning it again changes it"
    marks = found.furniture
    if not all(0 <= mark.start < mark.end <= len(found.text) for mark in marks):
        return f"furniture outside of the text: {marks}"
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    if any(date and (date.at.tzinfo is None or date.at > tomorrow) for date in (found.published, found.modified)):
        return f"a date in the future or without a zone: {found.published}, {found.modified}"
    return ""
