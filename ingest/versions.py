"""What changed between two versions of an article: passages of text that went, came or were put another way.

Pure. Not here: storing versions (``vectorstore/library.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from ingest.paragraphs import own_paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vectorstore.types import Article

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？؟])[\"'”’“»›)\]]*\s+")  # good enough to show a change; quotes are split by split.py


@dataclass(frozen=True, slots=True)
class Change:
    """Words that were there and words that are there now; either may be empty."""

    removed: str
    added: str


def changes(old: Article, new: Article) -> list[Change]:
    """What ``new`` says otherwise than ``old``, in the order of the text: whole paragraphs, or the sentences that differ within one.

    Furniture is not compared, nor white space.
    """
    found: list[Change] = []
    for removed, added in _differences(_paragraphs(old), _paragraphs(new)):
        if removed and added:
            sentences = _differences(*([one for text in texts for one in _sentences(text)] for texts in (removed, added)))
            found += [Change(" ".join(gone), " ".join(come)) for gone, come in sentences]
        else:
            found.append(Change("\n".join(removed), "\n".join(added)))
    return found


def _differences(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    matcher = SequenceMatcher(a=old, b=new)
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind != "equal":
            yield old[old_from:old_to], new[new_from:new_to]


def _paragraphs(article: Article) -> list[str]:
    return [" ".join(span.slice(article.text).split()) for span in own_paragraphs(article.text, article.furniture)]


def _sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph with what closes them."""
    found, start = [], 0
    for end in _SENTENCE_END.finditer(paragraph):
        found.append(paragraph[start : end.end()].rstrip())
        start = end.end()
    return [*found, paragraph[start:]] if start < len(paragraph) else found
