"""Citations: a quote, where it stands, and the check that it really stands there.

Equality of code points, never similarity. Not here: which sentence to quote (``evidence.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.types import Citation
from vectorstore.types import Span

if TYPE_CHECKING:
    from vectorstore.types import Article

CONTEXT_CHARACTERS = 240


def cite(article: Article, span: Span, *, number: int) -> Citation:
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
    )


def is_verbatim(quote: str, article: Article, span: Span) -> bool:
    """Whether ``quote`` is, character by character, what stands at ``span``."""
    return bool(quote) and quote == article.text[span.start : span.end]


def _from_word(context: str, *, cut: bool) -> str:
    """``context`` from its first whole word on, where it was cut."""
    _, space, rest = context.partition(" ")
    return rest if cut and space else context


def _to_word(context: str, *, cut: bool) -> str:
    rest, space, _ = context.rpartition(" ")
    return rest if cut and space else context
