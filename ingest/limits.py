"""How much an article may be. What is more is refused before the steps that take time and memory in proportion to it."""

from __future__ import annotations

from vectorstore.errors import SourceUnreadable

MAX_CHARACTERS = 10_000_000
"""More text than this is no article: the longest novels have half of it."""
MAX_LINES = 200_000
MAX_ELEMENTS = 100_000
"""Of a page; long ones have 10,000."""
MAX_MARKDOWN_CHARACTERS = 1_000_000
MAX_BRACKETS = 20_000
"""Of a Markdown text; each may begin a link within others, which takes the parser long to tell."""

MAX_TITLE_CHARACTERS = 500
"""What is longer is no title, name or address, whatever it stands in."""


def refuse_more(count: int, limit: int, what: str, *, name: str) -> None:
    """Raises SourceUnreadable if ``count`` is above ``limit``."""
    if count > limit:
        raise SourceUnreadable(f"{name} has more than {limit:,} {what}, which no article does. Split it.")


def refuse_longer(text: str, *, name: str) -> None:
    """Raises SourceUnreadable if ``text`` is longer than an article's may be."""
    refuse_more(len(text), MAX_CHARACTERS, "characters", name=name)
    refuse_more(text.count("\n"), MAX_LINES, "lines", name=name)
