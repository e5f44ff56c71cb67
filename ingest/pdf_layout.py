"""Lines of a PDF's pages with their places → paragraphs, headings, and what the pages repeat above and below. Pure.

A PDF knows no paragraphs. What ends one: a wider gap, another size of letters, an indent or a short line after a full stop. Words
that were hyphenated at a line's end are joined. Not here: reading the file (``documents.py``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.types import Block

_LEADING = 1.3
"""A gap wider than this, as a multiple of the usual one, ends a paragraph."""
_SAME_SIZE = 0.08
_HEADING = 1.12
_TITLE = 1.25
_SHORT_LINE = 0.75
_EDGE_LINES = 2
_REPEATED = 2
_HEADING_CHARACTERS = 200
_TERMINAL = re.compile(r"[.!?:…。！？][\"'”’“»›)\]]*$")
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|p\.|s\.|página|pagina|стр\.?|strona|sayfa)?\W*\d{1,4}(?:\s*(?:/|of|von|de|di|sur|van|из)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"(?:[•‣▪◦●–—*-]|\(?\d{1,2}[.)]|[a-z]\))\s")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")
_SUSPENDED = re.compile(r"(?:und|oder|bzw\.?|sowie|bis|and|or|to|et|ou|y|o|e|en|of)\b", re.IGNORECASE)
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its words, where it begins (points, from the page's lower left corner), and the size of its letters."""

    text: str
    x: float
    y: float
    size: float


def to_blocks(pages: Sequence[Sequence[Line]]) -> tuple[list[Block], str]:
    """The blocks of a document in reading order, and its title, empty if no line of the first page is larger than the rest.

    What pages repeat at their edges and page numbers are blocks with a reason. Where a paragraph runs over a page's end they
    stand after it.
    """
    running = _running_lines(pages)
    body = _body_size([line for number, page in enumerate(pages) for at, line in enumerate(page) if (number, at) not in running])
    leading = _usual_leading(pages, body=body)
    blocks: list[Block] = []
    aside: list[Block] = []
    paragraph: list[Line] = []

    def flush() -> None:
        if paragraph:
            blocks.append(_block(paragraph, body=body))
            paragraph.clear()
        blocks.extend(aside)
        aside.clear()

    for number, page in enumerate(pages):
        width = max((len(line.text) for line in page), default=0)
        for at, line in enumerate(page):
            if (number, at) in running:
                aside.append(Block(_tidy(line.text), reason=running[number, at]))
                continue
            if paragraph and _ends(paragraph, line, leading=leading, width=width):
                flush()
            paragraph.append(line)
    flush()
    return blocks, _title(pages[0] if pages else (), body=body)


def _running_lines(pages: Sequence[Sequence[Line]]) -> dict[tuple[int, int], str]:
    """Page and index of lines at the pages' edges that most pages have, digits aside, and of page numbers, with the reason."""
    edges: dict[tuple[int, int], str] = {}
    for number, page in enumerate(pages):
        by_height = sorted(range(len(page)), key=lambda at: page[at].y)
        if len(by_height) > 2 * _EDGE_LINES:
            edges.update({(number, at): _key(page[at].text) for at in (*by_height[:_EDGE_LINES], *by_height[-_EDGE_LINES:])})
    counts = Counter(key for _, key in {(number, key) for (number, _), key in edges.items()})
    found = {}
    for (number, at), key in edges.items():
        if counts[key] >= max(_REPEATED, len(pages) / 3) and re.search(r"[^\W\d_]", key):
            found[number, at] = "repeated on the document's pages"
        elif len(pages) > 1 and _PAGE_NUMBER.fullmatch(pages[number][at].text.strip()):
            found[number, at] = "page number"
    return found


def _key(text: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"\s+", " ", text).strip().casefold())


def _body_size(lines: Sequence[Line]) -> float:
    """The size that most characters are set in."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return max(sizes, key=lambda size: sizes[size], default=0.0)


def _usual_leading(pages: Sequence[Sequence[Line]], *, body: float) -> float:
    gaps = [
        one.y - other.y
        for page in pages
        for one, other in pairwise(page)
        if _same(one.size, body) and _same(other.size, body) and 0.5 * body < one.y - other.y < 3 * body
    ]
    return median(gaps) if gaps else 1.2 * body


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME_SIZE * max(one, other)


def _ends(paragraph: Sequence[Line], line: Line, *, leading: float, width: int) -> bool:
    """Whether ``line`` begins a new paragraph after ``paragraph``."""
    last = paragraph[-1]
    closed = bool(_TERMINAL.search(last.text.rstrip()))
    if not _same(last.size, line.size):
        return True
    if _LIST_MARK.match(line.text):
        return True
    gap = last.y - line.y
    if gap <= 0 or gap > 8 * leading:  # the next column or page: a sentence may go on there
        return closed or not (line.text[:1].islower() or last.text.rstrip().endswith(("-", ",", "\u2010")))
    if gap > _LEADING * max(leading, 0.9 * line.size):
        return True
    indented = line.x - paragraph[0].x > 0.8 * line.size or (len(paragraph) > 1 and line.x - last.x > 0.8 * line.size)
    return closed and (indented or len(last.text) < _SHORT_LINE * min(width, max(len(one.text) for one in (*paragraph, line))))


def _block(lines: Sequence[Line], *, body: float) -> Block:
    text = lines[0].text.strip()
    for line in lines[1:]:
        text = _join(text, line.text.strip())
    heading = lines[0].size >= _HEADING * body > 0 and len(text) <= _HEADING_CHARACTERS
    return Block(_tidy(text), "head" if heading else "p")


def _join(text: str, following: str) -> str:
    if re.search(r"[^\W\d_][-\u2010\xad]$", text):
        if text[-1] == "\xad" or (following[:1].islower() and not _SUSPENDED.match(following)):
            return text[:-1] + following
        if not _SUSPENDED.match(following):
            return text + following
    if text and following and _WIDE.match(text[-1]) and _WIDE.match(following[0]):
        return text + following
    return f"{text} {following}"


def _tidy(text: str) -> str:
    return re.sub(r"[^\S\n]+", " ", text.translate(_LIGATURES)).strip()


def _title(page: Sequence[Line], *, body: float) -> str:
    """The largest lines of the first page that follow each other."""
    largest = max((line.size for line in page if re.search(r"\w{2}", line.text)), default=0.0)
    if largest < _TITLE * body:
        return ""
    first = next(at for at, line in enumerate(page) if line.size == largest)
    lines = [page[first].text.strip()]
    for line in page[first + 1 : first + 4]:
        if not _same(line.size, largest):
            break
        lines.append(line.text.strip())
    title = lines[0]
    for following in lines[1:]:
        title = _join(title, following)
    return _tidy(title) if len(title) <= _HEADING_CHARACTERS else ""
