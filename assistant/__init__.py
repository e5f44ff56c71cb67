"""Ask news articles in any language; every answer points at the exact words that say so.

>>> from assistant import ask
>>> ask("Why is Blinken visiting Astana?").citations[0].quote  # doctest: +SKIP
"""

from __future__ import annotations

from assistant.qa import Assistant, ask
from assistant.types import Answer, AnswerEvent, Citation, Searched, Sentence, Turn
from vectorstore.errors import FundstelleError
from vectorstore.settings import Settings
from vectorstore.types import Article, Filters, Furniture, Hit, Passage, Rank, Span

__all__ = [
    "Answer",
    "AnswerEvent",
    "Article",
    "Assistant",
    "Citation",
    "Filters",
    "FundstelleError",
    "Furniture",
    "Hit",
    "Passage",
    "Rank",
    "Searched",
    "Sentence",
    "Settings",
    "Span",
    "Turn",
    "ask",
]
