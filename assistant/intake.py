"""Reading and indexing side by side: what is read is indexed while more is being read, by this process or by the one that owns the indexes.

Not here: what is read (``upkeep``), how indexes are filled (``vectorstore.indexes``).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from assistant.open_library import POLL_SECONDS, OpenLibrary
from vectorstore.errors import FundstelleError, LibraryBusy

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.pipeline import IngestReport
    from ingest.planned import ItemResult
    from ingest.run import Run
    from vectorstore.indexes import IndexProgress
    from vectorstore.library import State

_TAKE_IN_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class Intake(OpenLibrary):
    """What takes articles into the indexes of a library, its own or those of another process."""

    def _run(
        self,
        *,
        stop: threading.Event,
        link: bool = True,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> Run:
        """What every way of reading into this library is told; reading is told ``on_progress`` as a step of its own."""
        from ingest.run import Run
        from vectorstore.indexes import IndexProgress

        return Run(
            library=self.library,
            count_tokens=self.encoder.count_tokens,
            link=link,
            stop=stop,
            on_item=on_item,
            on_progress=lambda read: on_progress(IndexProgress("reading", read.done, read.planned if read.complete else None)),
        )

    def _read_and_index(
        self,
        read: Callable[[Run], IngestReport],
        *,
        compare: bool = True,
        stop: threading.Event | None,
        on_item: Callable[[ItemResult], None],
        on_progress: Callable[[IndexProgress], None],
    ) -> IngestReport:
        """``read`` in a thread, and beside it index what it stores, until nothing is left to do or, once ``stop`` is set, nothing is in hand."""
        stop = stop or threading.Event()
        self.library.remove_overdue()
        if self._owns():
            _ = self.indexes  # what is wrong with them is said before anything is read

        def read_all() -> IngestReport:
            report = read(self._run(stop=stop, link=compare, on_item=on_item, on_progress=on_progress))
            if compare and not stop.is_set():
                self._learn()
            return report

        with ThreadPoolExecutor(1, thread_name_prefix="read") as executor, self._taking_in():
            reading = executor.submit(read_all)
            try:
                self._index_beside(reading, stop=stop, on_progress=on_progress)
            except BaseException:
                stop.set()
                raise
            return reading.result()

    def _index_beside(
        self, reading: Future[IngestReport], *, stop: threading.Event, on_progress: Callable[[IndexProgress], None]
    ) -> None:
        from vectorstore.indexes import IndexProgress
        from vectorstore.ownership import owner_of

        done: Counter[str] = Counter()
        most, idle_since = 0, time.monotonic()
        while True:
            finished = reading.done()  # before looking for work: what is stored later is seen in the next round
            if finished and stop.is_set():
                return
            if self._owns():
                if taken := self._take_in():
                    done[taken.step] += taken.articles
                    on_progress(IndexProgress(taken.step, done[taken.step], done[taken.step] + (taken.total or 0)))
                    continue
                if finished:
                    return
            else:
                waiting = self._waiting()
                if finished and not waiting:
                    return
                most = max(most, waiting)
                on_progress(IndexProgress("articles", most - waiting, most))
                owner = owner_of(self.settings.library)
                if owner.takes_in or not finished:
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since > self.lock_wait:
                    raise LibraryBusy(self.settings.library, pid=owner.pid, waited=self.lock_wait)
            if finished:
                stop.wait(POLL_SECONDS)
            else:
                wait([reading], timeout=POLL_SECONDS)

    def _take_in(self) -> IndexProgress | None:
        with self._writing:
            return self.indexes.take_in(sentences=self.settings.sentence_vectors)

    def _waiting(self) -> int:
        """How many articles wait for the indexes."""
        unfinished: tuple[State, ...] = ("pending", "searchable") if self.settings.sentence_vectors else ("pending",)
        return self.library.count_articles(*unfinished)

    def _learn(self) -> None:
        from ingest.articles import split
        from ingest.furniture import learn

        learn(self.library, split=lambda article: split(article, count_tokens=self.encoder.count_tokens))

    def _take_in_regularly(self, stop: threading.Event) -> None:
        said = ""
        while True:
            try:
                self.library.remove_overdue()
                while not stop.is_set() and self._owns() and (self._waiting() or self.library.leavings(limit=1)):
                    self._take_in()
            except FundstelleError as error:
                if str(error) != said:
                    _LOG.warning("%s", error)
                said = str(error)
            if stop.wait(_TAKE_IN_SECONDS):
                return
