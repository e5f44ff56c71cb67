"""Keeping a library: adding, visiting what is followed, removing and rebuilding.

Not here: how sources are read (``ingest``), indexing what was read (``intake``, ``vectorstore.indexes``), asking (``qa``).
"""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from assistant.intake import Intake
from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from ingest.pipeline import IngestReport
    from ingest.planned import ItemResult, ReadOptions
    from ingest.run import Run
    from vectorstore.indexes import Indexes, IndexProgress
    from vectorstore.sources import Source

REMOVAL_DELAY = timedelta(minutes=10)
"""So long a hidden article can be brought back."""
_LOG = logging.getLogger(__name__)


class Upkeep(Intake):
    """What changes a library. Thread-safe; additions and removals of one process wait for each other where they must."""

    def add(
        self,
        sources: Iterable[str | Path] = (),
        *,
        samples: bool = False,
        options: ReadOptions | None = None,
        compare: bool = True,
        stop: threading.Event | None = None,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> IngestReport:
        """Take in files, folders, addresses, feeds or ``"-"`` (standard input), and the sample articles if asked; never raises for an item.

        ``compare`` links articles that say the same and learns what an outlet repeats. Once ``stop`` is set, what is in hand is finished and the rest
        left. ``on_item`` hears of each item as it is stored, ``on_progress`` of reading and indexing, which overlap; both from other threads too.
        Where another process owns the indexes and takes in what is pending, it is followed to the end.

        Raises:
            LibraryBusy: another process owns the indexes and does not let go; what was read is stored.
        """
        from ingest.pipeline import IngestReport, Web, ingest
        from ingest.refresh import record
        from ingest.samples import sample_paths

        def read(run: Run) -> IngestReport:
            web, following = Web(allow_private=self.settings.allow_private), partial(record, library=self.library, follow=True)
            reports = [ingest(sources, replace(run, on_visit=following), options=options, web=web)]
            if samples and not run.stop.is_set():
                reports.append(ingest(sample_paths(), replace(run, sample=True)))
            return IngestReport(tuple(item for report in reports for item in report.items), stopped=run.stop.is_set())

        return self._read_and_index(read, compare=compare, stop=stop, on_item=on_item, on_progress=on_progress)

    def add_text(
        self,
        text: str,
        *,
        title: str = "",
        url: str | None = None,
        source: str = "",
        author: str = "",
        language: str = "",
        published: date | datetime | None = None,
        stop: threading.Event | None = None,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> IngestReport:
        """Take in words that somebody pasted, and what they say of them; nothing is fetched from ``url``. As ``add`` otherwise.

        With a ``url`` it is the article of that address, else that of its words: pasted again it is unchanged. Headline, date and outlet that are not
        given are looked for in the text.
        """
        from ingest.pasted import pasted
        from ingest.pipeline import Web, carry_out

        planned = pasted(text, title=title, url=url, source=source, author=author, language=language, published=published)
        return self._read_and_index(
            lambda run: carry_out([planned], run, web=Web()), stop=stop, on_item=on_item, on_progress=on_progress
        )

    def refresh(
        self,
        *,
        every_source: bool = False,
        addresses: Collection[str] | None = None,
        stop: threading.Event | None = None,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> IngestReport:
        """Visit the feeds and pages that were added, those that are due, every one or those of ``addresses``, and take in what is new; as ``add`` otherwise."""
        return self._read_and_index(
            lambda run: self._visit(run, every_source=every_source, addresses=addresses),
            stop=stop,
            on_item=on_item,
            on_progress=on_progress,
        )

    def sources(self) -> list[Source]:
        """The feeds, sitemaps and pages that are followed."""
        return self.library.sources()

    def unfollow(self, addresses: Iterable[str]) -> list[str]:
        """Follow these no longer; returns those that were followed. Their articles stay."""
        return self.library.unfollow(addresses)

    @contextmanager
    def keep_up(self, *, refresh_every: timedelta | None = None) -> Iterator[None]:
        """While this lasts, own the indexes, take in what other processes leave as pending, and visit followed sources as they are due."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._take_in_regularly, args=(stop,), name="take in")]
        if refresh_every:
            threads.append(threading.Thread(target=self._visit_regularly, args=(stop, refresh_every), name="refresh"))
        with self._taking_in():
            for thread in threads:
                thread.start()
            try:
                yield
            finally:
                stop.set()
                for thread in threads:
                    thread.join()

    def remove(self, article_ids: Iterable[str]) -> list[str]:
        """Remove articles with all versions, original bytes and index entries; returns the ids that were there.

        Where another process owns the indexes, they are gone from the library at once, and that process drops the index entries.
        """
        if not self._owns():
            return self.library.remove(article_ids)
        with self._writing:
            indexes = self.indexes  # first, so that nothing is removed beside broken ones; and here, for a rebuild closes them
            removed = self.library.remove(article_ids)
            indexes.purge()
        return removed

    def hide(self, article_ids: Iterable[str]) -> list[str]:
        """Remove articles so that ``restore`` can undo it for ``REMOVAL_DELAY``; returns the ids of those that could be seen.

        They are out of search, lists and counts at once, for other processes too. Really removed they are by whoever keeps the library up then,
        or opens its indexes or adds to it later. A source that is added again brings its article back.
        """
        return self.library.hide(article_ids, until=datetime.now(UTC) + REMOVAL_DELAY)

    def restore(self, article_ids: Iterable[str]) -> list[str]:
        """Show hidden articles again, as they were; returns the ids of those that were hidden."""
        return self.library.restore(article_ids)

    def hidden(self) -> dict[str, datetime]:
        """The ids of the articles that ``restore`` can bring back, and when each will be removed."""
        return self.library.hidden()

    def reindex(self, *, on_progress: Callable[[IndexProgress], None] = lambda _: None) -> int:
        """Rebuild both indexes from the library for the models and dictionaries that are set; returns how many articles they hold.

        Meanwhile the old ones answer; where they cannot be used, questions wait.
        """
        from ingest.articles import split
        from vectorstore.indexes import rebuild

        # Whoever takes both locks takes them in this order.
        with self._writing, self._taking_in():
            with ExitStack() as waiting:
                if not self.can_answer():
                    waiting.enter_context(self._opening)
                encoder = self.encoder
                rebuild(
                    self.library,
                    encoder=encoder,
                    glossary=self.glossary,
                    split=lambda article: split(article, count_tokens=encoder.count_tokens),
                    sentences=self.settings.sentence_vectors,
                    take_over=self._take_over,
                    on_progress=on_progress,
                )
            self.indexes.catch_up(sentences=self.settings.sentence_vectors, on_progress=on_progress)
        return self.library.count_articles("searchable", "complete")

    def _take_over(self, indexes: Indexes) -> None:
        """Have questions answered by these indexes from now on."""
        with self._opening:
            self._let_go_to_rebuild()
            self._indexes = indexes

    def extract_again(
        self,
        *,
        stop: threading.Event | None = None,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> IngestReport:
        """Make every article anew from its kept original bytes; other words become a new version. As ``add`` otherwise."""
        from ingest.reextraction import extract_again

        return self._read_and_index(extract_again, stop=stop, on_item=on_item, on_progress=on_progress)

    def _visit(self, run: Run, *, every_source: bool = False, addresses: Collection[str] | None = None) -> IngestReport:
        from ingest.pipeline import Web
        from ingest.refresh import refresh

        with Web(allow_private=self.settings.allow_private) as web:
            return refresh(run, web=web, every_source=every_source, addresses=addresses)

    def _visit_regularly(self, stop: threading.Event, every: timedelta) -> None:
        while True:
            try:
                report = self._visit(self._run(stop=stop))
                if any(item.status in {"added", "updated"} for item in report.items) and not stop.is_set():
                    self._learn()
            except FundstelleError as error:
                _LOG.warning("%s", error)
            if stop.wait(every.total_seconds()):
                return
