"""Questions for somebody who sees a library for the first time: each about what is in it, in the reader's language, and tried.

Samples have questions that were written for them; other articles are asked about by the names in their headlines, and only what is answered from
the article itself with a fitting quote is proposed. Not here: finding names (``vectorstore.names``), answering (``quoting``).
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assistant.quoting import Quoting
from vectorstore.errors import ArticleNotFound, FundstelleError
from vectorstore.languages import zipf
from vectorstore.names import question_names
from vectorstore.places import folded, places
from vectorstore.respelling import person_name, place_name
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.types import Answer
    from vectorstore.embedding import Encoder
    from vectorstore.settings import Settings
    from vectorstore.types import Article

_LOG = logging.getLogger(__name__)
_TEMPLATES: Final = {
    "en": ("What is said about {name}?", "What is known about {name}?"),
    "de": ("Was wird über {name} berichtet?", "Worum geht es bei {name}?"),
}
_WAIT: Final = 1.0
"""Seconds that the page waits; what is found later is proposed to the next reader."""
_LONGEST: Final = 20.0
_ARTICLES: Final = 40
_NAMES: Final = 2
_KEPT: Final = 6
_SEARCHES_AT_ONCE: Final = 3
_SEARCHES_KEPT: Final = 12
"""Each of them for one language and one set of filters."""
_SURE: Final = 0.55
"""The confidence from which on an answer is good enough to be proposed."""
_QUOTE: Final = range(40, 420)
"""The characters of a quote that shows well."""
_MOST_COMMON: Final = 4.0
"""A name is rarer than that (Zipf scale); what is not is a word with a capital."""


@dataclass(slots=True)
class _Search:
    """Looking for questions in one language, with one set of filters, about what the library held at one moment; ``found`` grows."""

    standing: tuple[int, int]
    found: list[str]
    thread: threading.Thread | None = None


class Suggesting(Quoting):
    """What a library can be asked. Thread-safe."""

    def __init__(self, settings: Settings, *, encoder: Encoder | None = None) -> None:
        """As every ``OpenLibrary``."""
        super().__init__(settings, encoder=encoder)
        self._searches: dict[tuple[str, Filters], _Search] = {}
        self._searching = threading.Lock()
        self._closing = threading.Event()

    def close(self) -> None:
        """Stop looking, and close the rest."""
        self._closing.set()
        with self._searching:
            threads = [search.thread for search in self._searches.values() if search.thread]
        for thread in threads:
            thread.join()
        super().close()

    def suggestions(self, *, limit: int = 3, language: str = "en", filters: Filters | None = None) -> list[str]:
        """Up to ``limit`` questions in ``language`` ("de", else "en") that the library answers, for someone who sees it for the first time.

        With ``filters`` they are about the articles that these leave. At most a second is waited for; then there may be fewer of them, and more the next time.
        """
        language = "de" if language == "de" else "en"
        filters = filters or Filters()
        rows = self.library.browse(sort="published", limit=_ARTICLES, filters=filters).rows
        # Those written for a first visit need no trial; with filters, any that was written for a sample may be the one that fits.
        written = [] if filters.any else self._written(language)
        own = self._found(language, filters) if any(filters.any or not row.sample for row in rows) else []
        return list(dict.fromkeys([*own, *written]))[:limit]

    def _written(self, language: str) -> list[str]:
        from ingest.samples import example_questions

        there = set()
        for article_id in self.library.sample_ids():
            with suppress(ArticleNotFound):  # hidden or removed a moment ago
                there.add(_file_name(self.library.article(article_id)))
        return [example.question for example in example_questions(language=language) if example.article in there]

    def _found(self, language: str, filters: Filters) -> list[str]:
        """The questions about articles that are no samples, as far as they are known within a second."""
        standing = self.library.standing()
        with self._searching:
            search = self._searches.get((language, filters))
            if search is None or search.standing != standing:
                under_way = [key for key, known in self._searches.items() if known.thread and known.thread.is_alive()]
                if (language, filters) in under_way or len(under_way) >= _SEARCHES_AT_ONCE:
                    return list(search.found) if search else []  # the next reader starts another
                for key in [key for key in self._searches if key not in under_way][: -_SEARCHES_KEPT + 1]:
                    del self._searches[key]
                search = self._searches[language, filters] = _Search(standing, [])
                given = (search, language, filters)
                search.thread = threading.Thread(target=self._look, args=given, name="suggestions", daemon=True)
                search.thread.start()
        if search.thread:
            search.thread.join(_WAIT)
        return list(search.found)

    def _look(self, search: _Search, language: str, filters: Filters) -> None:
        end = time.monotonic() + _LONGEST
        asked: set[str] = set()
        try:
            for article in self._candidates(filters):
                names = [name for name in headline_names(article, to=language)[:_NAMES] if name not in asked]
                asked.update(names)
                named = [template.format(name=name) for name in names for template in _TEMPLATES[language]]
                for question in _sample_questions(article, language=language) if article.sample else named:
                    if self._closing.is_set() or time.monotonic() > end or len(search.found) >= _KEPT:
                        return
                    answer = self._quoted(question, filters=filters)
                    if answer and shows_well(answer, article):
                        search.found.append(question)
                        break
        except FundstelleError as error:
            _LOG.info("No questions to propose: %s", error)

    def _candidates(self, filters: Filters) -> Iterator[Article]:
        """The newest articles that ``filters`` leave and that are no copies, one outlet after the other; samples only with filters."""
        rows = self.library.browse(sort="published", limit=_ARTICLES, filters=filters).rows
        rows = tuple(
            row for row in rows if (filters.any or not row.sample) and row.state != "pending" and row.duplicate_of is None
        )
        turn: dict[str, int] = {}
        order = []
        for position, row in enumerate(rows):
            turn[row.source] = turn.get(row.source, 0) + 1
            order.append((turn[row.source], position, row.id))
        for _, _, article_id in sorted(order):
            with suppress(ArticleNotFound):
                yield self.library.article(article_id)


def _sample_questions(article: Article, *, language: str) -> list[str]:
    """What was written to be asked of a sample, without what needs another question before it."""
    from ingest.samples import sample_questions

    name = _file_name(article)
    return [one.question for one in sample_questions() if one.article == name and one.language == language and not one.follows]


def _file_name(article: Article) -> str:
    return (article.path or "").rsplit("/", 1)[-1]


def headline_names(article: Article, *, to: str) -> list[str]:
    """The names in a headline as readers of ``to`` spell them, those that the article has most often first.

    People, organisations, towns; no countries, which too much is about.
    """
    title, body = article.title, article.text.removeprefix(article.title)
    towns = {found.start: found for found in places(title, language=article.language) if found.code[1:].isdecimal()}
    wide = {found.start for found in places(title, language=article.language)} - set(towns)
    runs: list[tuple[int, int]] = []
    for name in question_names(title, language=article.language):
        if name.start in wide or name.text[:1].islower():
            continue
        joined = runs and name.start not in towns and runs[-1][0] not in towns and title[runs[-1][1] : name.start] == " "
        runs[-1:] = [(runs[-1][0], name.end)] if joined else [*runs[-1:], (name.start, name.end)]
    found: dict[str, int] = {}
    for start, end in runs:
        written = title[start:end]
        if written.endswith("s") and f"{written[:-1]} " in body:  # "Blinkens"
            written = written[:-1]
        if start not in towns:
            written = " ".join(word for word in written.split() if zipf(word, language=article.language) < _MOST_COMMON)
        times = body.count(written) if written else 0
        if not times:
            continue
        if name_shown := _shown(written, towns[start].code if start in towns else None, language=article.language, to=to):
            found.setdefault(name_shown, times)
    return sorted(found, key=lambda name: -found[name])


def shows_well(answer: Answer, article: Article) -> bool:
    """Whether an answer is one to show first: sure, with a quote of readable length that is more than the headline."""
    if answer.abstained or not answer.citations or (answer.confidence is not None and answer.confidence < _SURE):
        return False
    first = answer.citations[0]
    return len(first.quote) in _QUOTE and folded(first.quote) != folded(article.title)


def _shown(written: str, code: str | None, *, language: str, to: str) -> str | None:
    """A name in the reader's spelling; None if the reader could not read it."""
    if code:
        return place_name(code, to=to) or (written if written.isascii() else None)
    respelt = [person_name(word, language=language, to=to) or word for word in written.split()]
    return " ".join(respelt) if all(ord(char) < 0x250 for char in "".join(respelt)) else None
