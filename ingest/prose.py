"""How a paragraph reads: like the body of an article, like a heading over something else, like a notice to the reader; and on what topic.

After justext: https://corpus.tools/wiki/Justext/Algorithm. Not here: what its place in the text says (``clean.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ingest.furniture_phrases import phrases
from ingest.paragraphs import PROSE_WORDS, count_words, is_closed, paragraphs, written_words
from vectorstore.languages import normalise, primary, stem, stop_words

if TYPE_CHECKING:
    from collections import Counter

    from vectorstore.types import Span

SHORT = 9
_STOP_SHARE = 0.12
_TOPICAL = 0.22
_NOTICE_WORDS = 90
FULL_STOP = re.compile(r"[.。।]['\"”’“»›)\]]*$")
TRUNCATED = re.compile(
    r"(?:\.\.\.|…|\[…\]|\[\.\.\.\])\s*"
    r"(?:mehr|more|weiterlesen|read more|lire la suite|leer más)?\W*$",
    re.IGNORECASE,
)
_LIST_MARK = r"^[\W_]*"


@dataclass
class JudgedParagraph:
    """A paragraph with what is known about it; ``reason`` is empty while it counts as article."""

    text: str
    span: Span
    language: str
    reason: str = ""
    counted: bool = False

    @cached_property
    def words(self) -> int:
        """How many words it has."""
        return count_words(self.text)

    @cached_property
    def plain(self) -> str:
        """Its text as phrases are looked for in it: without a list mark, white space as single spaces, case folded."""
        return re.sub(r"\s+", " ", re.sub(_LIST_MARK, "", self.text)).strip().casefold()

    @cached_property
    def closed(self) -> bool:
        """Whether it ends like a sentence."""
        return is_closed(self.text)

    @cached_property
    def prose(self) -> bool:
        """Whether it reads like body text: long enough, ends like a sentence, has function words."""
        if self.words < PROSE_WORDS or not self.closed or TRUNCATED.search(self.text):
            return False
        stops = stop_words(self.language)
        tokens = [normalise(word) for word in written_words(self.text)]
        return not stops or not tokens or sum(token in stops for token in tokens) >= _STOP_SHARE * len(tokens)

    @cached_property
    def content(self) -> frozenset[str]:
        """See ``content_words``."""
        return content_words(self.text, language=self.language)

    @cached_property
    def heading_cue(self) -> bool:
        """Whether it begins like a heading over what is not the article."""
        return self.words <= SHORT and not FULL_STOP.search(self.text) and bool(phrases("heading").match(self.plain))

    @cached_property
    def notice(self) -> str:
        """Why the paragraph is a notice to the reader, empty if it is none."""
        if self.words > _NOTICE_WORDS or not phrases("notice topic").search(self.plain):
            return ""
        if self.words <= 4 and not self.closed:  # "Adblocker erkannt"
            return "notice"
        return "notice" if phrases("notice act").search(self.plain) else ""


def judged_paragraphs(text: str, *, language: str) -> list[JudgedParagraph]:
    """The paragraphs of ``text``, in order."""
    return [JudgedParagraph(span.slice(text), span, primary(language)) for span in paragraphs(text)]


def content_words(text: str, *, language: str) -> frozenset[str]:
    """Stems of the words that carry meaning."""
    stops = stop_words(language)
    normal = (normalise(word) for word in written_words(text))
    return frozenset(stem(word, language=language)[:8] for word in normal if len(word) > 3 and word not in stops)


def is_topical(block: JudgedParagraph, *, topic: Counter[str]) -> bool:
    """Whether enough of a paragraph's content words occur elsewhere in the article, itself not counted."""
    shared = sum(topic[word] > block.counted for word in block.content)
    return shared >= max(1 if block.words > 30 else 2, _TOPICAL * len(block.content))  # a short one by chance
