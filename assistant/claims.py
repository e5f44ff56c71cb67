"""A generated answer → its sentences, each with its markers and quotations, at exact offsets of the answer.

A line is never joined with the next one. Not here: whether a sentence is true of its sources (``verification.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.split import split_sentences
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# "[1]", "[1, 2]", "[1-3]", "[^1]", "[Source 1]", "【1†source】"; four digits are a year that somebody put in brackets.
_NUMBERS = r"\d{1,3}(?:\s*[,;–-]\s*\^?\d{1,3})*"
_MARKER = re.compile(
    rf"[\[【]\s*(?:(?:source|quelle|passage|fuente)s?\s*)?\^?(?P<numbers>{_NUMBERS})\s*(?:†[^\]】\n]*)?[\]】]", re.IGNORECASE
)
_RANGE = re.compile(r"(\d+)\s*[–-]\s*\^?(\d+)")
_MAX_RANGE = 20
_BULLET = re.compile(r"\s*(?:[-*•–—+]\s+|\d{1,2}[.)]\s+|#{1,6}\s+|>\s+)?")
_EMPHASIS = re.compile(r"\*{1,3}|__|`+")
# Opening mark → what may close it. Where a mark both opens and closes (“ in English and German), the one before it decides.
_CLOSING = {
    "„": '“”"', "“": '”"', "”": "”", "«": "»", "»": "«", "‹": "›", "›": "‹", "‚": "‘’", "「": "」", "『": "』", '"': '"',
}  # fmt: skip
_SINGLE = re.compile(r"(?<!\w)‘([^‘’\n]+(?:’\w[^‘’\n]*)*)’(?!\w)")
_WORDS_BEHIND = 2
"""How many whole words must follow a sentence of a streaming text before it is known to have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence of a generated answer, ``answer[start:end]``, markers included.

    ``text`` is without markers, emphasis and bullet. ``quotations`` are the stretches in quotation marks, without these, as spans of
    the answer, ``quoted_words`` their words; a quotation of several sentences is cut with them.
    """

    start: int
    end: int
    text: str
    markers: tuple[int, ...]
    quotations: tuple[Span, ...]
    quoted_words: tuple[str, ...] = ()

    @property
    def unquoted(self) -> str:
        """Its words outside quotation marks."""
        rest = self.text
        for quoted in self.quoted_words:
            rest = rest.replace(" ".join(quoted.split()), " ", 1)
        return " ".join(rest.split())


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of an answer as it is read: ``plain[i]`` stands at ``places[i]`` of the answer; ``markers`` with their spans."""

    plain: str
    places: Sequence[int]
    markers: Sequence[tuple[Span, tuple[int, ...]]]
    ended: bool


def split_claims(text: str, *, language: str, finished: bool = True) -> list[Claim]:
    """The sentences of ``text`` in their order.

    A marker belongs to the sentence that it stands in or behind; before it only in a line that begins with one. With ``finished``
    false, more text is to come: the last sentences are left out until what follows shows that they, and their markers, have ended.
    """
    cut = len(text) if finished else _unclosed(text)
    claims: list[Claim] = []
    for line in _lines(text[:cut]):
        found = _claims(line, text=text, language=language)
        if not found and claims and line.markers:  # a line of nothing but markers
            claims[-1] = _with_markers(claims[-1], line.markers)
        claims += found
    if finished:
        return claims
    if cut < len(text) and claims and "\n" not in text[claims[-1].end : cut]:
        claims.pop()  # the quotation may be its
    return [claim for claim in claims if _has_ended(claim, text)]


def marker_spans(text: str) -> list[tuple[Span, tuple[int, ...]]]:
    """Every marker of ``text``: where it stands, and the numbers that it names."""
    return [(Span(*match.span()), _numbers(match["numbers"])) for match in _MARKER.finditer(text)]


def _numbers(listed: str) -> tuple[int, ...]:
    def spelled_out(match: re.Match[str]) -> str:
        first, last = int(match[1]), int(match[2])
        return ",".join(map(str, range(first, last + 1))) if first <= last <= first + _MAX_RANGE else f"{first},{last}"

    numbers = re.findall(r"\d+", _RANGE.sub(spelled_out, listed))
    return tuple(dict.fromkeys(int(number) for number in numbers))


def _lines(text: str) -> Iterator[_Line]:
    markers = marker_spans(text)
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
        bullet = _BULLET.match(text, start, end)
        here = [marker for marker in markers if start <= marker[0].start < end]
        plain, places = _without_markers(text, bullet.end() if bullet else start, end, markers=here)
        yield _Line(plain, places, here, ended=end < start + len(line))
        start += len(line)


def _without_markers(
    text: str, start: int, end: int, *, markers: Sequence[tuple[Span, tuple[int, ...]]]
) -> tuple[str, list[int]]:
    """``text[start:end]`` without markers, the white space before them and emphasis, and where each character of it stands."""
    plain: list[str] = []
    places: list[int] = []
    at = start
    emphasis = {position for match in _EMPHASIS.finditer(text, start, end) for position in range(*match.span())}
    for span, _ in [*markers, (Span(end, end), ())]:
        kept = [position for position in range(at, span.start) if position not in emphasis]
        while kept and len(span) and text[kept[-1]].isspace():
            kept.pop()
        places += kept
        plain += [text[position] for position in kept]
        at = max(at, span.end)
        if len(span) and places and at < end and text[at].isalnum():  # "… on Tuesday.[1]The minister …"
            places.append(span.start)
            plain.append(" ")
    return "".join(plain), places


def _claims(line: _Line, *, text: str, language: str) -> list[Claim]:
    if not re.search(r"\w", line.plain):
        return []
    spans = split_sentences(line.plain, within=Span(0, len(line.plain)), language=language)
    starts = [line.places[span.start] for span in spans]
    ends = [line.places[span.end - 1] + 1 for span in spans]
    leading = bool(line.markers) and line.markers[0][0].start < starts[0] and line.markers[-1][0].start < starts[-1]
    owned: list[list[tuple[Span, tuple[int, ...]]]] = [[] for _ in spans]
    for marker in line.markers:
        before = sum(start <= marker[0].start for start in starts) - 1
        if leading and (before < 0 or marker[0].start >= ends[before]):
            before += 1
        owned[min(max(before, 0), len(spans) - 1)].append(marker)
    quoted = _quotations(line)
    claims = []
    for span, start, end, markers in zip(spans, starts, ends, owned, strict=True):
        inner = [_trimmed(text, max(quote.start, start), min(quote.end, end)) for quote in quoted]
        claim = Claim(
            start=start,
            end=end,
            text=" ".join(span.slice(line.plain).split()),
            markers=(),
            quotations=tuple(quote for quote in inner if len(quote)),
            quoted_words=tuple(_EMPHASIS.sub("", _MARKER.sub("", quote.slice(text))) for quote in inner if len(quote)),
        )
        claims.append(_with_markers(claim, markers))
    return claims


def _with_markers(claim: Claim, markers: Sequence[tuple[Span, tuple[int, ...]]]) -> Claim:
    numbers = [number for _, listed in markers for number in listed]
    return replace(
        claim,
        start=min([claim.start, *(span.start for span, _ in markers)]),
        end=max([claim.end, *(span.end for span, _ in markers)]),
        markers=tuple(dict.fromkeys([*claim.markers, *numbers])),
    )


def _quotations(line: _Line) -> list[Span]:
    """What stands in quotation marks in a line, as spans of the answer without the marks; of nested ones the outermost."""
    found, _ = _paired(line.plain)
    covered = {position for start, end in found for position in range(start, end)}
    found += [match.span(1) for match in _SINGLE.finditer(line.plain) if match.start() not in covered]
    return [Span(line.places[start], line.places[end - 1] + 1) for start, end in sorted(found) if start < end]


def _paired(plain: str) -> tuple[list[tuple[int, int]], int | None]:
    """The insides of quotation marks that belong together, and where one stands that is not closed."""
    found: list[tuple[int, int]] = []
    opened: int | None = None
    for position, mark in enumerate(plain):
        if opened is not None and mark in _CLOSING[plain[opened]]:
            found.append((opened + 1, position))
            opened = None
        elif opened is None and mark in _CLOSING and _opens(plain, position):
            opened = position
    return found, opened


def _unclosed(text: str) -> int:
    """Where the last line of a streaming text opens a quotation that is not closed yet; its end where it does not."""
    start = text.rfind("\n") + 1
    _, opened = _paired(text[start:])
    return len(text) if opened is None else start + opened


def _opens(plain: str, position: int) -> bool:
    """Whether a quotation mark may open: a letter or digit before it means that it closes, or is a sign for inches."""
    return position == 0 or not plain[position - 1].isalnum()


def _trimmed(text: str, start: int, end: int) -> Span:
    inner = text[start:end] if start < end else ""
    start += len(inner) - len(inner.lstrip())
    return Span(start, start + len(inner.strip()))


def _has_ended(claim: Claim, text: str) -> bool:
    """Whether what is there of a streaming text behind a sentence shows that it, with its markers, is whole."""
    rest = _MARKER.sub(" ", text[claim.end :])
    if re.match(r"\s*[\[【]", rest):  # a marker that is still being written
        return False
    line, newline, following = rest.partition("\n")
    if newline and not line.strip():
        return bool(re.match(r"\s*[^\s\[【]", following))
    return bool(newline) or len(re.findall(r"[\w’'-]+(?=[\s,;:])", line)) >= _WORDS_BEHIND
