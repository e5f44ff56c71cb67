"""Who is said to have said something: the names beside a word of saying, for some languages.

Not here: quotations (``claims.py``), whether what was said is in the source (``agreement.py``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.phrase_tables import fold_in_place
from vectorstore.languages import words
from vectorstore.names import question_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vectorstore.languages import Word
    from vectorstore.names import Name

_SAYING = re.compile(
    r"\b(?:said|says|told|announc\w+|stat(?:ed|es)|explain(?:ed|s)|noted|warn(?:ed|s)|argu(?:ed|es)|call(?:ed|s)|describ(?:ed|es)|declar(?:ed|es)|accord\w+ to|added|"
    r"sagt\w*|erklart\w*|kundigt\w*|nannt\w*|nennt|betont\w*|versichert\w*|zufolge|laut|angaben|teilt\w*|bericht\w*|warnt\w*|meint\w*|erzahlt\w*|"
    r"declare\w*|dit|annonc\w+|expliqu\w+|confi\w+|resum\w+|selon|assur\w+|"
    r"dijo|anunci\w+|explic\w+|segun|declar\w+|afirm\w+|lament\w+|"
    r"заявил\w*|сказал\w*|объявил\w*|отметил\w*|заметил\w*|сообщил\w*|словам)\b"
)
_AUTHORITY = re.compile(
    r"\b(?:according to|laut|nach (?:den )?(?:angaben|worten|ansicht) (?:der|des|von|vom)|selon|segun|по словам)\s+((?:\w+['’]?\s?){1,3}(?:\w+)?)",
    re.IGNORECASE,
)
_WORDS_APART = 5
"""How many words may stand between a word of saying and the name."""


@lru_cache(maxsize=4_000)
def find_speakers(text: str, *, language: str) -> tuple[Name, ...]:
    """The names in ``text``, places apart, that stand near a word of saying."""
    saying = [match.span() for match in _SAYING.finditer(fold_in_place(text))]
    if not saying:
        return ()
    listed = words(text)
    named = [
        name
        for name in question_names(text, language=language)
        if name.text[0].isupper() and not any(key.startswith("@") for key in name.keys)
    ]
    return tuple(name for name in named if any(_apart(name, span, listed) <= _WORDS_APART for span in saying))


def tells_of_saying(text: str) -> bool:
    """Whether ``text`` has a word of saying."""
    return bool(_SAYING.search(fold_in_place(text)))


def find_authority(text: str) -> tuple[int, int] | None:
    """Where the words stand by whose account a sentence says what it says, up to three behind "according to"; None if there is no such account."""
    match = _AUTHORITY.search(fold_in_place(text))
    return match.span(1) if match else None


def _apart(name: Name, span: tuple[int, int], listed: Sequence[Word]) -> int:
    start, end = (name.end, span[0]) if name.end <= span[0] else (span[1], name.start)
    return sum(start <= word.start < end for word in listed)
