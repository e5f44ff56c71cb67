"""The catalogue: what ranking needs to know of every article that may be shown, in memory, and which of them match a filter.

Pure values. Not here: reading them from the library and noticing that they changed (``library.py``), passages and their words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from vectorstore.types import Filters

_FILTERS_KEPT = 64
_MAX_OUTLETS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What may answer: how many articles, in which languages and of which outlets, published from when to when.

    ``languages`` and ``outlets`` are counts, the most frequent first; of the outlets the 200 most frequent. ``first`` and ``last`` are days
    in UTC, None where no article has a date; ``undated`` is how many have none.
    """

    articles: int
    languages: Mapping[str, int]
    outlets: Mapping[str, int]
    first: date | None
    last: date | None
    undated: int


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


class Matching:
    """The versions that match a filter, by row: of each row only whether it does, so that many filters can be kept.

    Equal to itself only: two moments of a library are never the same.
    """

    def __init__(self, shown: Mapping[int, Shown], *, rows: NDArray[np.int64], passages: int) -> None:
        """Of ``shown`` those in ``rows``, which rise and have so many ``passages`` together."""
        self._shown = shown
        self._rows = rows
        marked = np.zeros(int(rows[-1]) + 1 if len(rows) else 0, dtype=np.bool_)
        marked[rows] = True
        self._marked = marked.tobytes()
        self.passages = passages

    def __contains__(self, row: int) -> bool:
        return 0 <= row < len(self._marked) and self._marked[row] == 1

    def __getitem__(self, row: int) -> Shown:
        if row not in self:
            raise KeyError(row)
        return self._shown[row]

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows.tolist())

    def __len__(self) -> int:
        return len(self._rows)


@dataclass(frozen=True, slots=True)
class _Columns:
    """What filters ask of every version, by rising row; languages and outlets stand as ``numbers`` says."""

    numbers: Mapping[str, int]
    rows: NDArray[np.int64]
    languages: NDArray[np.int64]
    sources: NDArray[np.int64]
    published: NDArray[np.bytes_]
    passages: NDArray[np.int64]


class Catalogue:
    """Every article version that may be shown, at one moment; it does not change."""

    def __init__(self, shown: Iterable[Shown]) -> None:
        """Hold ``shown``, by row."""
        self._all = {item.row: item for item in shown}
        # Filters are asked for question after question.
        self._kept = lru_cache(maxsize=_FILTERS_KEPT)(self._matching)
        self.scope = lru_cache(maxsize=_FILTERS_KEPT)(self._scope)

    @cached_property
    def languages(self) -> Mapping[str, int]:
        """How many articles there are in each language, in their order."""
        return dict(sorted(Counter(item.language for item in self._all.values()).items()))

    def matching(self, filters: Filters) -> Matching:
        """The versions that match ``filters``, by row; the same object for the same filters."""
        return self._kept(filters) if filters.any else self._everything

    def passages(self, filters: Filters) -> int:
        """How many passages may be shown and match ``filters``."""
        return self.matching(filters).passages

    def also_in(self, article_id: str) -> tuple[str, ...]:
        """The other outlets that have the same article, in the order in which they were added."""
        told = self._retold.get(article_id, ())
        own = {item.source for item in told if item.article_id == article_id}
        return tuple(dict.fromkeys(item.source for item in told if item.source and item.source not in own))

    def _scope(self, filters: Filters) -> Scope:
        """What may answer and matches ``filters``; ``scope`` remembers it."""
        matching = self.matching(filters)
        shown = [matching[row] for row in matching]
        dated = [item.published for item in shown if item.published]
        first, last = (date.fromisoformat(end(dated)[:10]) if dated else None for end in (min, max))
        languages = Counter(item.language for item in shown).most_common()
        outlets = Counter(item.source for item in shown if item.source).most_common(_MAX_OUTLETS)
        return Scope(
            articles=len(shown),
            languages=MappingProxyType(dict(languages)),
            outlets=MappingProxyType(dict(outlets)),
            first=first,
            last=last,
            undated=len(shown) - len(dated),
        )

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

    @cached_property
    def _everything(self) -> Matching:
        rows = np.array(sorted(self._all), dtype=np.int64)
        return Matching(self._all, rows=rows, passages=sum(item.passages for item in self._all.values()))

    @cached_property
    def _columns(self) -> _Columns:
        """A plain loop over 250,000 versions would take a tenth of a second for every new filter."""
        listed = [self._all[row] for row in sorted(self._all)]
        numbers: dict[str, int] = {}
        return _Columns(
            numbers=numbers,
            rows=np.array([item.row for item in listed], dtype=np.int64),
            languages=np.array([numbers.setdefault(item.language, len(numbers)) for item in listed], dtype=np.int64),
            sources=np.array([numbers.setdefault(item.source, len(numbers)) for item in listed], dtype=np.int64),
            published=np.array([(item.published or "").encode() for item in listed], dtype=np.bytes_),
            passages=np.array([item.passages for item in listed], dtype=np.int64),
        )

    def _matching(self, filters: Filters) -> Matching:
        columns = self._columns
        fits = np.ones(len(columns.rows), dtype=np.bool_)
        if filters.language:
            fits &= columns.languages == columns.numbers.get(filters.language, -1)
        if filters.source:
            fits &= columns.sources == columns.numbers.get(filters.source, -1)
        first, last = filters.stamps()
        if first or last:
            dated = columns.published != b""
            within = dated.copy()
            if first:
                within &= columns.published >= first.encode()
            if last:
                within &= columns.published <= last.encode()
            fits &= (within | ~dated) if filters.undated else within
        return Matching(self._all, rows=columns.rows[fits], passages=int(columns.passages[fits].sum()))
