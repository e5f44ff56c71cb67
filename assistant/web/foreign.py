"""A foreign quote whose words can be looked up, as HTML: each word with its dictionary entry, never a sentence made of them.

Every word that came from outside is escaped. Not here: the dictionaries (``assistant.words``), the marks of a quote (``cards``).
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Protocol

from assistant.web.cards import language_attribute, marked_html, prose
from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.types import Citation
    from assistant.web.texts import Language

MOST_SENSES = 12
OTHER_ENTRY = re.compile(r"([^:\[\]()]{1,60}): (.+)", re.DOTALL)


class Word(Protocol):
    """A word ``quote[start:end]`` of a quote and what the dictionaries say about it."""

    @property
    def start(self) -> int:
        """Where it begins in the quote."""

    @property
    def end(self) -> int:
        """Where it ends."""

    @property
    def senses(self) -> Sequence[str]:
        """What it may mean, as its entry has it."""

    @property
    def name(self) -> str | None:
        """How the reader spells it, where it is a name."""

    @property
    def dictionary(self) -> str:
        """The dictionary that the senses are from."""

    @property
    def licence(self) -> str:
        """Under which licence that one is."""


def words_html(citation: Citation, words: Sequence[Word], *, language: Language) -> str:
    """The quote, marked, with each word that has an entry as an element of its own (``data-entry`` is its place in ``words``)."""

    def inner(start: int, end: int) -> str:
        shown, at = "", start
        for position, word in enumerate(words):
            if start <= word.start < word.end <= end and word.start >= at:
                kind = "word name" if word.name else "word"
                shown += (
                    f'{prose(citation.quote[at : word.start])}<span class="{kind}" role="button" tabindex="-1" data-entry="{position}">'
                    f"{prose(citation.quote[word.start : word.end])}</span>"
                )
                at = word.end
        return shown + prose(citation.quote[at:end])

    return marked_html(citation, language=language, inner=inner)


def split_sense(sense: str) -> tuple[str, str]:
    """The headword that a sense is of, empty where it is the word itself, and the sense: "haben: to have"."""
    match = OTHER_ENTRY.fullmatch(sense)
    return (match[1], match[2]) if match else ("", sense)


def entry_html(word: Word, headword: str, *, spoken: str, language: Language) -> str:
    """A word's dictionary entry: the word (in the language ``spoken``), its senses in their order, the reader's spelling, and who says so."""
    words = TEXTS[language]
    name = f'<p class="spelling">{escape(words["spelt"].format(name=word.name))}</p>' if word.name else ""
    entries: dict[str, list[str]] = {}
    for entry, sense in map(split_sense, word.senses[:MOST_SENSES]):
        entries.setdefault(entry or headword, []).append(sense)
    listed = ""
    for entry, senses in entries.items():
        # Of a single entry that is the word's own, the word says enough.
        named = (
            f'<p class="entry"{language_attribute(spoken)} dir="auto">{escape(entry)}</p>' if set(entries) != {headword} else ""
        )
        listed += f'{named}<ol class="senses">{"".join(f"<li>{escape(sense)}</li>" for sense in senses)}</ol>'
    origin = " · ".join(part for part in (word.dictionary, word.licence) if part)
    source = f'<p class="from">{escape(origin)}</p>' if origin and listed else ""
    return f'<p class="headword"{language_attribute(spoken)} dir="auto">{escape(headword)}</p>{name}{listed}{source}'
