"""The numbers of a conversation's citations: a place that an earlier turn cited keeps its number, a new one gets the next free.

So "[2]" means the same words wherever the conversation says it. A place is a span of one version of an article. Not here: the numbers by which
a chat model hears of passages (``prompts.py``), which no reader sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assistant.types import Citation, Turn
    from vectorstore.types import Article, Span

REMEMBERED_TURNS = 50
"""How many earlier turns of a conversation count. A number could be given twice only after so many turns without new evidence."""


class Numbering:
    """Gives numbers to the places of one answer; not for several answers or threads."""

    def __init__(self, earlier: Iterable[Citation] = ()) -> None:
        """``earlier`` are the citations of the turns before, oldest first: of two numbers for a place the first counts."""
        self._numbers: dict[tuple[str, str, int, int], int] = {}
        self._last = 0
        for citation in earlier:
            self._numbers.setdefault((citation.article_id, citation.version, citation.start, citation.end), citation.number)
            self._last = max(self._last, citation.number)

    def number(self, article: Article, span: Span) -> int:
        """The number of ``span`` in ``article``: the one it has, or the next."""
        place = (article.id, article.version, span.start, span.end)
        if place not in self._numbers:
            self._last += 1
            self._numbers[place] = self._last
        return self._numbers[place]


def cited_before(history: Sequence[Turn]) -> tuple[Citation, ...]:
    """The citations of the turns that count, oldest first."""
    return tuple(citation for turn in history[-REMEMBERED_TURNS:] for citation in turn.citations)
