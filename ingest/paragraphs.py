"""The paragraphs of a text, their words, and what furniture leaves of them.

Not here: which paragraphs are furniture (``clean.py``), sentences (``split.py``).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from vectorstore.types import Furniture, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PROSE_WORDS = 12
"""From this many words on a closed paragraph reads like prose."""
_WRAP_MIN, _WRAP_MAX = 40, 110
_TERMINAL = re.compile(r"[.!?…。！？؟।։။።][\s\"'”’“»›)\]」』*]*$")
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_WIDE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_LINE = re.compile(r"[^\n]+")


def paragraphs(text: str) -> list[Span]:
    """The paragraphs of ``text`` as trimmed spans, in order.

    A blank line always ends a paragraph. A single line break does too, unless the text is hard-wrapped there: then the next word would not have
    fitted on the line, or the next line goes on in lower case.
    """
    lines = [trim(text, match.start(), match.end()) for match in _LINE.finditer(text)]
    lines = [line for line in lines if len(line)]
    width = _wrap_width(text, lines)
    found: list[Span] = []
    for line in lines:
        if found and _continues(text, found[-1], line, width=width):
            found[-1] = Span(found[-1].start, line.end)
        else:
            found.append(line)
    return found


def own_paragraphs(text: str, furniture: Iterable[Furniture]) -> list[Span]:
    """The paragraphs of ``text`` without what ``furniture`` covers of them."""
    marks = merge_furniture(text, furniture)
    found: list[Span] = []
    next_mark = 0
    for paragraph in paragraphs(text):
        start = paragraph.start
        while next_mark < len(marks) and marks[next_mark].start < paragraph.end:
            mark = marks[next_mark]
            if mark.end > start:
                found.append(trim(text, start, max(start, mark.start)))
                start = min(mark.end, paragraph.end)
            if mark.end > paragraph.end:  # it goes on in the next paragraph
                break
            next_mark += 1
        found.append(trim(text, start, paragraph.end))
    return [span for span in found if len(span)]


def normalise_paragraph(text: str) -> str:
    """The form in which paragraphs of an outlet's pages are compared: words only, case folded, digits as one sign."""
    return " ".join(re.sub(r"\d+", "0", word.casefold()) for word in written_words(text))


def merge_furniture(text: str, *groups: Iterable[Furniture]) -> tuple[Furniture, ...]:
    """One tuple of several: sorted, trimmed of white space, within ``text``, overlaps joined under the first reason."""
    spans = sorted((mark for group in groups for mark in group), key=lambda mark: (mark.start, -mark.end))
    merged: list[Furniture] = []
    for mark in spans:
        span = trim(text, max(0, mark.start), min(mark.end, len(text)))
        if not len(span):
            continue
        if merged and span.start < merged[-1].end:
            merged[-1] = Furniture(merged[-1].start, max(merged[-1].end, span.end), merged[-1].reason)
        else:
            merged.append(Furniture(span.start, span.end, mark.reason))
    return tuple(merged)


def written_words(text: str) -> list[str]:
    """The words of ``text`` as written; "Neu-Delhi" and "l'eau" are one each."""
    return _WORD.findall(text)


def is_closed(text: str) -> bool:
    """Whether ``text`` ends like a sentence."""
    return _TERMINAL.search(text) is not None


def count_words(text: str) -> int:
    """Words; in scripts without spaces two characters count as one."""
    wide = len(_WIDE.findall(text))
    return wide // 2 + len(written_words(_WIDE.sub(" ", text) if wide else text))


def trim(text: str, start: int, end: int) -> Span:
    """The span ``start:end`` of ``text`` without white space at its ends; empty if there is nothing else."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return Span(start + left, max(start + left, start + len(piece.rstrip())))


def _wrap_width(text: str, lines: Sequence[Span]) -> int:
    """The column at which the text was wrapped by hand, 0 if it was not."""
    pairs = [(a, b) for a, b in pairwise(lines) if text.count("\n", a.end, b.start) == 1]
    width = max((len(a) for a, _ in pairs), default=0)
    if not _WRAP_MIN <= width <= _WRAP_MAX:
        return 0
    full = [(a, b) for a, b in pairs if len(a) + 1 + len(_first_word(text, b)) > width - 4]
    running = [(a, b) for a, b in full if not is_closed(a.slice(text))]
    goes_on = any(not text[b.start].isupper() for _, b in running)
    # German lines often begin with a noun: two lines in a row that break off at a small word tell as much.
    broken = [(a, b) for a, b in running if a.slice(text).split()[-1].islower()]
    breaks_off = any(b == c for (_, b), (c, _) in pairwise(broken))
    return width if (goes_on or breaks_off) and len(full) * 2 >= len(pairs) else 0


def _continues(text: str, paragraph: Span, line: Span, *, width: int) -> bool:
    if text.count("\n", paragraph.end, line.start) != 1:
        return False
    if text[line.start] in "•*-–—·‣▪" or re.match(r"\(?\d{1,2}[.)]\s", text[line.start : line.start + 5]):
        return False
    last_line = paragraph.end - (text.rfind("\n", paragraph.start, paragraph.end) + 1 or paragraph.start)
    before = text[paragraph.end - 1]
    if width:
        return last_line + 1 + len(_first_word(text, line)) > width - 4 or (text[line.start].islower() and last_line > width // 2)
    return text[line.start].islower() and (before.isalnum() or before in ",;-–") and last_line >= _WRAP_MIN


def _first_word(text: str, span: Span) -> str:
    return span.slice(text).split(None, 1)[0]
