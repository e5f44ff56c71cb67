"""Plain text → text and the metadata that its first and last lines state. All of the text stays."""

from __future__ import annotations

import re
from datetime import datetime

from ingest.date_lines import date_in_text
from ingest.encoding import one_line
from ingest.headline import headline
from ingest.paragraphs import paragraphs
from ingest.types import Extracted
from vectorstore.languages import detect_language

DETECTED = 20_000
"""So many characters tell the language of a text."""
_HEAD, _FOOT = 12, 3
_HEAD_CHARACTERS, _FOOT_CHARACTERS = 40_000, 4_000
_URL_LINE = re.compile(r"^<?(https?://[^\s<>\"]+)>?$")
_BYLINE = re.compile(r"(?:von|by|par|por|автор:?|текст:?|di|door)\s+(?P<name>[^\W\d_][\w.'’ -]{2,60})", re.IGNORECASE)


def from_text(text: str, *, now: datetime) -> Extracted:
    """A plain ``text``, whose characters are clean already, with what its head says: outlet, headline, byline, address, date."""
    # Head and foot are looked for in the ends of the text only, so that one of any length takes no longer.
    top = text[:_HEAD_CHARACTERS]
    title_span = headline(top)
    spans = paragraphs(top)
    head = [one_line(span.slice(top)) for span in spans[:_HEAD]]
    above = [one_line(span.slice(top)) for span in spans if title_span and span.end <= title_span.start]
    foot = [one_line(line) for line in text[-_FOOT_CHARACTERS:].split("\n") if line.strip()][-_FOOT:]
    label, author = _imprint(head)
    return Extracted(
        text=text,
        title=one_line(title_span.slice(top)) if title_span else "",
        source=_site_name(above) or label,
        author=_byline(head) or author,
        url=next((match[1] for line in head + foot if (match := _URL_LINE.match(line))), None),
        published=date_in_text(text, now=now, language=detect_language(text[:DETECTED])),
    )


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
