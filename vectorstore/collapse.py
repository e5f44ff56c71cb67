"""A story that several articles tell counts once: the passages of copies give way to those of the article they repeat.

Pure. Not here: which articles say the same (``ingest/duplicates.py``), near-identical passages of articles that are not linked (``search.py``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Ranking = list[tuple[str, float]]

_REPEATED = 0.5
_SHINGLE = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Telling:
    """A passage of an article that tells the same story as another one: ``order`` is lowest for the article that speaks for all."""

    story: str
    order: int
    text: str


def tell_once(ranking: Ranking, tellings: Mapping[str, Telling]) -> Ranking:
    """``ranking`` without the passages that repeat one of the article that speaks for their story; best first, ties by id.

    Of the articles that may be shown the first speaks for a story. A passage that has at least half of its words in a row from it is left out, and
    its score goes to the passage that it repeats most of, if it is the better one. What a copy has of its own stays.
    """
    first: dict[str, int] = {}
    for telling in tellings.values():
        first[telling.story] = min(telling.order, first.get(telling.story, telling.order))
    words = {id_: _shingles(telling.text) for id_, telling in tellings.items()}
    speaking: defaultdict[str, list[str]] = defaultdict(list)
    for id_, telling in tellings.items():
        if telling.order == first[telling.story]:
            speaking[telling.story].append(id_)
    scores = dict(ranking)
    for id_, score in ranking:
        if id_ not in tellings or (telling := tellings[id_]).order == first[telling.story]:
            continue
        others = speaking[telling.story]
        said = set().union(*(words[other] for other in others)) & words[id_]
        if len(said) >= _REPEATED * len(words[id_]):
            repeated = max(others, key=lambda other: (len(words[other] & words[id_]), scores[other]))
            scores[repeated] = max(scores[repeated], score)
            del scores[id_]
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    width = min(_SHINGLE, len(words))
    return {tuple(words[at : at + width]) for at in range(len(words) - width + 1)}
