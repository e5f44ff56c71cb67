"""The catalogue: what ranking needs to know of every article that may be shown, in memory, and which of them match a filter.

Pure values. Not here: reading them from the library and noticing that they changed (``library.py``), passages and their words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vectorstore.types import Filters

_FILTERS_KEPT = 64


class Shown(NamedTuple):
    """One article version that may be shown: its row in the library and what filters and ranking ask of it.

    ``published`` is an ISO 8601 stamp in UTC of fixed width (so that it sorts as text), ``passages`` how many it has.
    """

    row: int
    article_id: str
    language: str
    source: str
    published: str | None
    duplicate_of: str | None
    passages: int

    @property
    def story(self) -> str:
        """The id of the article that it repeats, else its own."""
        return self.duplicate_of or self.article_id


class Catalogue:
    """Every article version that may be shown, at one moment; it does not change."""

    def __init__(self, shown: Iterable[Shown]) -> None:
        """Hold ``shown``, by row."""
        self._all = {item.row: item for item in shown}
        # Filters are asked for question after question; a plain loop over 100,000 articles takes 30 ms.
        self._kept = lru_cache(maxsize=_FILTERS_KEPT)(self._matching)

    @cached_property
    def languages(self) -> Mapping[str, int]:
        """How many articles there are in each language, in their order."""
        return dict(sorted(Counter(item.language for item in self._all.values()).items()))

    def matching(self, filters: Filters) -> Mapping[int, Shown]:
        """The versions that match ``filters``, by row."""
        return self._kept(filters) if filters.any else self._all

    def passages(self, filters: Filters) -> int:
        """How many passages may be shown and match ``filters``."""
        return sum(item.passages for item in self.matching(filters).values())

    def also_in(self, article_id: str) -> tuple[str, ...]:
        """The other outlets that have the same article, in the order in which they were added."""
        told = self._retold.get(article_id, ())
        own = {item.source for item in told if item.article_id == article_id}
        return tuple(dict.fromkeys(item.source for item in told if item.source and item.source not in own))

    @cached_property
    def _retold(self) -> Mapping[str, list[Shown]]:
        """By the id of each of them: the articles of the stories that several tell, by row."""
        copied = {item.duplicate_of for item in self._all.values() if item.duplicate_of}
        stories: defaultdict[str, list[Shown]] = defaultdict(list)
        for item in self._all.values():
            if item.story in copied:
                stories[item.story].append(item)
        found = {}
        for told in stories.values():
            told.sort()
            found.update(dict.fromkeys((item.article_id for item in told), told))
        return found

    def _matching(self, filters: Filters) -> Mapping[int, Shown]:
        first, last = filters.stamps()

        def within(published: str | None) -> bool:
            if published is None:
                return filters.undated or not (first or last)
            return (first is None or published >= first) and (last is None or published <= last)

        return {
            item.row: item
            for item in self._all.values()
            if (not filters.language or item.language == filters.language)
            and (not filters.source or item.source == filters.source)
            and within(item.published)
        }
