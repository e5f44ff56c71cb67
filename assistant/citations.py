"""Citations: a quote, where it stands, and the check that it really stands there.

Equality of code points, never similarity; of words that somebody else quotes, white space and the shape of quotation marks may differ. Not here: which sentence to quote (``evidence.py``).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from assistant.types import Citation
from vectorstore.types import Span

if TYPE_CHECKING:
    from vectorstore.types import Article, Passage

CONTEXT_CHARACTERS = 240
_APOSTROPHES = "['’‘‚‛]"
_QUOTATION_MARKS = '["„“”‟«»]'


def cite(article: Article, span: Span, *, number: int, also_in: tuple[str, ...] = ()) -> Citation:
    """The citation of ``span`` in ``article``, with its context up to the next furniture.

    Raises:
        ValueError: the span is empty, outside the text or touches furniture.
    """
    text = article.text
    if not 0 <= span.start < span.end <= len(text):
        message = f"span {span.start}:{span.end} is not within the article's {len(text)} characters"
        raise ValueError(message)
    before = max((mark.end for mark in article.furniture if mark.end <= span.start), default=0)
    after = min((mark.start for mark in article.furniture if mark.start >= span.end), default=len(text))
    if any(mark.start < span.end and span.start < mark.end for mark in article.furniture):
        message = f"span {span.start}:{span.end} touches furniture"
        raise ValueError(message)
    quote = span.slice(text)
    return Citation(
        number=number,
        quote=quote,
        start=span.start,
        end=span.end,
        verbatim=is_verbatim(quote, article, span),
        context_before=_from_word(
            text[max(before, span.start - CONTEXT_CHARACTERS) : span.start], cut=span.start - before > CONTEXT_CHARACTERS
        ),
        context_after=_to_word(
            text[span.end : min(after, span.end + CONTEXT_CHARACTERS)], cut=after - span.end > CONTEXT_CHARACTERS
        ),
        article_id=article.id,
        version=article.version,
        title=article.title,
        source=article.source,
        url=article.url,
        language=article.language,
        published_at=article.published_at,
        published_precision=article.published_precision,
        published_from=article.published_from,
        fetched_at=article.fetched_at,
        also_in=also_in,
    )


def is_verbatim(quote: str, article: Article, span: Span) -> bool:
    """Whether ``quote`` is, character by character, what stands at ``span``."""
    return bool(quote) and quote == article.text[span.start : span.end]


def find_verbatim(words: str, article: Article, *, near: Passage) -> Span | None:
    """Where an article says ``words`` outside its furniture: in the passage ``near`` if it is there, else wherever it comes first.

    White space may differ, and so may the shape of apostrophes and quotation marks, which are the typography of whoever quotes; so may a
    comma or full stop at the very end, which belongs to the sentence around a quotation. Nothing else.
    """
    pattern = _verbatim_pattern(words)
    if pattern is None:
        return None
    text = article.text
    places = [Span(*match.span()) for match in pattern.finditer(text)]
    clear = [span for span in places if not any(mark.start < span.end and span.start < mark.end for mark in article.furniture)]
    inside = [span for span in clear if near.start <= span.start and span.end <= near.end]
    return next(iter([*inside, *clear]), None)


def _verbatim_pattern(words: str) -> re.Pattern[str] | None:
    plain = unicodedata.normalize("NFC", words).strip()
    last = plain[-1:] if plain[-1:] in {",", "."} and not plain.endswith("..") else ""
    plain = plain.removesuffix(last).rstrip() if last else plain
    if not re.search(r"\w", plain):
        return None
    pieces = [_verbatim_piece(part) for part in re.findall(r"\s+|\S", plain)]
    # Whole words only: "art" is no quotation of "party".
    before, behind = r"(?<!\w)" if plain[0].isalnum() else "", r"(?!\w)" if plain[-1].isalnum() else ""
    return re.compile(before + "".join(pieces) + behind + (f"{re.escape(last)}?" if last else ""))


def _verbatim_piece(part: str) -> str:
    if part.isspace():
        return r"\s+"
    return next((marks for marks in (_APOSTROPHES, _QUOTATION_MARKS) if part in marks[1:-1]), re.escape(part))


def _from_word(context: str, *, cut: bool) -> str:
    """``context`` from its first whole word on, where it was cut."""
    _, space, rest = context.partition(" ")
    return rest if cut and space else context


def _to_word(context: str, *, cut: bool) -> str:
    rest, space, _ = context.rpartition(" ")
    return rest if cut and space else context
