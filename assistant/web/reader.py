"""A whole article as HTML: its text with quotes highlighted, and what was cut away as furniture, hidden until asked for.

Every word that came from outside is escaped. Not here: finding the article (``lookup``), the window it opens in (``page.js``).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from assistant.web.cards import counted, facts_html, language_attribute, link_html, prose
from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.web.texts import Language
    from vectorstore.types import Article


@dataclass(frozen=True, slots=True, order=True)
class Highlight:
    """A span ``text[start:end]`` of an article to highlight; ``number`` is its citation's, 0 where it is none."""

    start: int
    end: int
    number: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of an article that is shown in one way: plain, highlighted, or as furniture (with its reason)."""

    start: int
    end: int
    highlight: Highlight | None = None
    furniture: str | None = None


def article_html(article: Article, *, highlights: Sequence[Highlight] = (), language: Language) -> str:
    """The article: headline, where it is from, its text. Furniture is in it, to be shown by the button before the text."""
    words = TEXTS[language]
    shown = pieces(article, highlights=highlights)
    skipped = len(article.title) if article.title and article.text.startswith(article.title) else 0
    if any(piece.highlight and piece.start < skipped for piece in shown):
        skipped = 0  # a quote from the headline is shown where it stands
    text = "".join(piece_html(article, piece, skipped=skipped, language=language) for piece in shown)
    cut = sum(1 for _ in article.furniture)
    furniture = (
        f'<button type="button" class="show-furniture quiet" aria-pressed="false">{escape(counted("cut_away", cut, language=language))}</button>'
        if cut
        else ""
    )
    lang = language_attribute(article.language)
    return (
        f'<header class="reader-head"><h2 id="reader-title"{lang} dir="auto">{escape(article.title or words["untitled"])}</h2>'
        f"{facts_html(article, language=language, sample=article.sample)}"
        f'<p class="ways">{link_html(article.url, language=language)}{furniture}</p></header>'
        f'<div class="article-text"{lang} dir="auto">{text}</div>'
    )


def pieces(article: Article, *, highlights: Sequence[Highlight]) -> list[Piece]:
    """The article's text cut into pieces without gaps; highlights that do not fit into it, or overlap an earlier one, are left out."""
    wanted: list[Piece] = []
    for mark in sorted(highlights):
        if 0 <= mark.start < mark.end <= len(article.text) and (not wanted or wanted[-1].end <= mark.start):
            wanted.append(Piece(mark.start, mark.end, highlight=mark))
    for cut in article.furniture:
        end = cut.end
        while end < len(article.text) and article.text[end].isspace():
            end += 1  # else the lines around what is hidden would leave a hole
        if all(piece.end <= cut.start or end <= piece.start for piece in wanted if piece.highlight):
            wanted.append(Piece(cut.start, end, furniture=cut.reason))
    found, at = [], 0
    for piece in sorted(wanted, key=lambda one: one.start):
        if piece.start > at:
            found.append(Piece(at, piece.start))
        if piece.end > at:
            found.append(Piece(max(at, piece.start), piece.end, piece.highlight, piece.furniture))
            at = piece.end
    return [*found, Piece(at, len(article.text))] if at < len(article.text) else found


def piece_html(article: Article, piece: Piece, *, skipped: int, language: Language) -> str:
    """One piece; of the first ``skipped`` characters, the headline that is shown already, nothing."""
    start = max(piece.start, skipped)
    words = prose(article.text[start : piece.end].lstrip() if start == skipped else article.text[start : piece.end])
    if piece.highlight:
        number = piece.highlight.number
        label = f'<span class="number" aria-hidden="true">{number}</span>' if number else ""
        said = f' aria-label="{escape(TEXTS[language]["citation_marker"].format(number=number))}"' if number else ""
        return f'{label}<mark id="reader-{piece.start}" tabindex="-1"{said}>{words}</mark>'
    if piece.furniture is not None:
        return f'<span class="furniture" title="{escape(piece.furniture)}">{words}</span>' if words else ""
    return words
