"""Where the headline of a text stands, and what the lines about it are: menus, dates, addresses, bylines.

Not here: the headline that a page's metadata states (``page_metadata.py``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.furniture_phrases import phrases
from ingest.paragraphs import PROSE_WORDS, count_words, is_closed, normalise_paragraph, paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vectorstore.types import Span

URL_ONLY = re.compile(r"(?:https?://|www\.)\S+")
_AMONG = 15
_SEPARATOR = re.compile(r"\s[|›»>/·•–—-]\s|\s{2,}")


def headline(text: str) -> Span | None:
    """Where the headline stands in a plain text, None if it begins with prose.

    Of the short lines above the first paragraph of prose it is the first that reads like a headline (four words or more),
    else the longest.
    """
    top: list[Span] = []
    for span in paragraphs(text):
        if _reads_like_prose(span.slice(text)):
            break
        if top and is_menu(span.slice(text)):
            top.clear()  # what stands above a menu is the site's
            continue
        top.append(span)
        if len(top) >= 12:  # a page's head is no longer; what follows is a list
            break
    else:
        if len(top) < 2:  # a text of one line has no headline
            top = []
    candidates = [span for span in top if not _is_page_line(span.slice(text))]
    speaking = [span for span in candidates if count_words(span.slice(text)) >= 4]
    if speaking:
        return speaking[0]
    return max(candidates, key=lambda span: count_words(span.slice(text)), default=None)


def is_menu(line: str) -> bool:
    """Whether a line is a row of short labels set apart by bars, dots or dashes."""
    items = [item for item in _SEPARATOR.split(line.strip()) if item.strip()]
    bars = len(re.findall(r"\s[|›»·•]\s", line))
    labels = all(count_words(item) <= 4 and not re.search(r"\d{2}|[.!?]$", item) for item in items)
    return "\n" not in line and labels and (len(items) > 3 or (len(items) == 3 and bars == 2))


def headline_at(texts: Sequence[str], *, title: str) -> int:
    """The index of the headline among ``texts``, the paragraphs of one; 0 if it is not to be found, so that nothing stands above it."""
    wanted = normalise_paragraph(title)
    if wanted:
        for i, paragraph in enumerate(texts[:_AMONG]):
            normal = normalise_paragraph(paragraph)
            if normal == wanted or (len(normal) > 15 and (normal in wanted or wanted in normal)):
                return i
    text = "\n\n".join(paragraph.replace("\n", " ") for paragraph in texts[:_AMONG])
    found = headline(text)
    return text[: found.start].count("\n\n") if found else 0


def _reads_like_prose(paragraph: str) -> bool:
    return count_words(paragraph) >= (PROSE_WORDS if is_closed(paragraph) else 2 * PROSE_WORDS)


def _is_page_line(line: str) -> bool:
    """Whether a line at the top is something other than a headline: address, date, byline, control, path of sections."""
    plain = re.sub(r"\s+", " ", line).strip().casefold()
    return bool(
        URL_ONLY.match(plain)
        or is_dated(line)
        or re.match(r"(?:von|by|par|por|di|door|автор|autor|author|текст|foto|photo|photograph)\b[ :]", plain)
        or phrases("control").fullmatch(plain)
        or is_menu(line)
        or re.search(r"\s[|›»•]\s", line)
        or phrases("notice topic").search(plain)
    )


def is_dated(line: str) -> bool:
    """Whether a short line has a year and a day or month in it."""
    return count_words(line) <= 14 and bool(re.search(r"\b(?:19|20)\d\d\b", line)) and bool(re.search(r"\b\d{1,2}\b", line))
