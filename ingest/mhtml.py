"""MHTML, a page that a browser saved as one file with all its parts (RFC 2557) → the page itself.

Not here: the article in the page (``html.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from vectorstore.errors import SourceEmpty, SourceUnreadable

_HEAD = 8_192
_MAX_PARTS = 5_000
_MAX_NESTING = 20
_PAGES = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class SavedPage:
    """The main page of an archive: its bytes, the character set and the address that were stored with it."""

    content: bytes
    charset: str | None
    address: str | None


def is_mhtml(content: bytes) -> bool:
    """Whether ``content`` begins like a message with parts that belong together."""
    head = content[:_HEAD].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return bool(
        re.match(rb"[A-Za-z][A-Za-z0-9-]{1,40}:", head)
        and re.search(rb"(?im)^content-type:\s{0,9}multipart/(?:related|mixed|alternative)", head)
    )


def main_page(content: bytes, *, name: str) -> SavedPage:
    """The page that an archive was saved from: the part named as its start, else the first that is HTML.

    Raises:
        SourceUnreadable: it is nested or split beyond what a browser does.
        SourceEmpty: no page is in it.
    """
    # Each open part's boundary is compared with every line, so many that are nested would take long.
    if content.count(b"boundary=") > _MAX_NESTING:
        raise SourceUnreadable(f"{name} is MHTML with archives within archives. Save the page again, as HTML.")
    try:
        message = BytesParser(policy=compat32).parsebytes(content)
    except (RecursionError, ValueError, LookupError) as error:
        raise SourceUnreadable(f"{name} is MHTML that is damaged ({error}). Save the page again, as HTML.") from error
    pages = [part for part in _parts(message) if part.get_content_type() in _PAGES]
    start = str(message.get_param("start", "") or "")
    page = next(
        (part for part in pages if start and str(part.get("Content-ID", "")).strip() == start), pages[0] if pages else None
    )
    if page is None:
        raise SourceEmpty(f"{name} is MHTML without a page in it. Save the page again, as HTML.")
    payload = page.get_payload(decode=True)
    charset = page.get_param("charset")
    address = page.get("Content-Location") or message.get("Snapshot-Content-Location") or message.get("Content-Location")
    return SavedPage(
        payload if isinstance(payload, bytes) else b"",
        str(charset) if charset else None,
        re.sub(r"\s", "", str(address)) if address else None,
    )


def _parts(message: Message) -> Iterator[Message]:
    for n, part in enumerate(message.walk()):
        if n >= _MAX_PARTS:
            return
        if not part.is_multipart():
            yield part
