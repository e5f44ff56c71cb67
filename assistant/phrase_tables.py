"""Whether a text has one of the phrases that a table lists for its language. Not here: the tables, which stand with what they decide."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vectorstore.languages import fold_accents, normalise

if TYPE_CHECKING:
    from collections.abc import Mapping


def has_phrase(table: Mapping[str, str], text: str, *, language: str) -> bool:
    """Whether ``text`` has one of the phrases of its language, whole words; false for a language without any.

    ``table`` has regular expressions over folded text, by language.
    """
    pattern = _pattern(table.get(language, ""))
    return bool(pattern and pattern.search(fold_accents(normalise(text))))


def fold_in_place(text: str) -> str:
    """``text`` folded letter by letter, so that what is found in it stands where it stood."""
    return "".join(fold_accents(char.casefold())[:1] or " " for char in text)


@cache
def _pattern(listed: str) -> re.Pattern[str] | None:
    return re.compile(rf"\b(?:{listed})\b") if listed else None
