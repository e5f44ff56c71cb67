"""What a sentence adds to its sources: words that none of them has, and that lead away from all that they say.

A paraphrase has words of its own too, but they say what the source says: without them the sentence is no nearer to it. Only where words can be
compared at all. Pure. Not here: what contradicts a source (``contradictions.py``), the vectors and the verdict (``verification.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vectorstore.languages import CAPITALISES_NOUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.reading import Reading
    from assistant.wording import ClaimWord, Wording

NEARER = 0.016
"""A sentence that comes nearer to its sources by so much (cosine) without some words adds them: one of 186 true sentences does, 10 of 44 false ones."""


def longest_surplus(claim: Wording, readings: Sequence[Reading]) -> list[ClaimWord]:
    """The neighbouring content words that say most of those that no source has, headlines included; none where nothing can be compared.

    Nor where a language writes nouns with capitals and there is none: dictionaries have few of its verbs' forms, and without its verb
    a sentence is another one for want of grammar.
    """
    if not all(reading.is_comparable(claim.language) for reading in readings):
        return []
    said = [terms for reading in readings for terms in (reading.title, *(place.terms for place in reading.places))]
    runs: list[list[ClaimWord]] = [[]]
    for word in claim.words:
        if any(word.found_in(terms) for terms in said):
            runs.append([])
        else:
            runs[-1].append(word)
    longest = max(runs, key=lambda run: sum(word.weight for word in run))
    says = claim.language not in CAPITALISES_NOUNS or any(word.text[0].isupper() for word in longest)
    return longest if says and len(longest) < len(claim.words) else []


def without(claim: Wording, left_out: Sequence[ClaimWord]) -> str:
    """The text of a sentence without some of its words."""
    text = claim.text
    for word in sorted(left_out, key=lambda word: -word.start):
        text = text[: word.start] + text[word.start + len(word.text) :]
    return " ".join(text.split())
