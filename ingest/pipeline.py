"""The ingest run: what sources hold becomes stored articles, each item of it an article or a reason.

Fetching, reading and storing overlap: a thread plans ahead, a few fetch, the caller's reads, splits and stores in the order of the plan. One broken
item never stops the rest, and nothing is stored half: an article and its passages go in together, as pending, and are found once the indexes
have them, which may happen meanwhile. Not here: what sources hold (``plan.py``), reading a format, the indexes (``vectorstore/indexes.py``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ingest.backlog import Backlog, done_ahead
from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.plan import plan
from ingest.planned import Document, ItemResult, Loaded, Planned, ReadOptions, Status
from ingest.run import ReadProgress, Run
from ingest.web import WebPlanner
from vectorstore.errors import SourceStopped

if TYPE_CHECKING:
    from ingest.fetch import Fetched

_STORE_AT_ONCE = 64
_STORE_BYTES = 32 * 1024 * 1024
_STORE_SECONDS = 5.0
_PLANNED_BYTES = 64 * 1024 * 1024
_PLANNED_WEIGHT = 2_000
"""What a planned document takes beside the bytes that it holds."""
_FETCHERS = 8
_FETCHED_AHEAD = 16
_STOPPING_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of every item of a run, in the order of the plan; ``stopped`` if it was stopped before its end."""

    items: tuple[ItemResult, ...]
    stopped: bool = False

    def count(self, status: Status) -> int:
        """How many items ended so; of what was skipped, how many files."""
        return sum(item.count for item in self.items if item.status == status)

    def to_dict(self) -> dict[str, object]:
        """The report as JSON-ready values, ``"schema"`` first."""
        return {
            "schema": 1,
            "added": self.count("added"),
            "updated": self.count("updated"),
            "unchanged": self.count("unchanged"),
            "duplicates": self.count("duplicate"),
            "failed": self.count("failed"),
            "skipped": self.count("skipped"),
            "items": [
                {"source": item.source, "status": item.status, "article_id": item.article_id, "reason": item.reason}
                for item in self.items
            ],
        }


class Web:
    """The way to the web, opened when something is fetched; a context manager. Closing it ends what is being fetched."""

    def __init__(self, *, allow_private: bool = False, fetcher: Fetcher | None = None) -> None:
        """``fetcher`` stands in for the usual one, and is closed with this."""
        self._allow_private = allow_private
        self._fetcher = fetcher
        self._closed = False
        self._opening = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """Fetch an address, as ``Fetcher.get``."""
        with self._opening:
            if self._closed:
                raise SourceStopped(f"{url}: stopped before it was fetched. Run it again to go on.")
            if self._fetcher is None:
                self._fetcher = Fetcher(allow_private=self._allow_private)
            fetcher = self._fetcher
        return fetcher.get(url, etag=etag, last_modified=last_modified)

    def close(self) -> None:
        """End what is being fetched, and fetch nothing more."""
        with self._opening:
            self._closed = True
            if self._fetcher is not None:
                self._fetcher.close()


def ingest(
    sources: Iterable[str | Path], run: Run, *, options: ReadOptions | None = None, web: Web | None = None
) -> IngestReport:
    """Read ``sources`` (files, folders, addresses, ``"-"`` for standard input) into the library, as pending articles.

    Never raises for an item: what cannot be read is reported with its reason.
    """
    options = options or ReadOptions()
    with web or Web() as opened:
        planner = WebPlanner(options=options, fetch=opened.get, known_pages=run.library.pages)
        return carry_out(plan(sources, options=options, web=planner), run, web=opened)


def carry_out(planned: Iterable[Planned], run: Run, *, web: Web) -> IngestReport:
    """Do what is ``planned``, as ``ingest`` says."""
    backlog: Backlog[Planned] = Backlog(capacity=_PLANNED_BYTES, weight=_weight)
    desk = Desk(run)
    ended = threading.Event()

    def end_early() -> None:
        while not ended.is_set():
            if run.stop.wait(_STOPPING_SECONDS):
                backlog.end()
                web.close()
                return

    threads = [
        threading.Thread(target=backlog.fill, args=(planned,), name="plan", daemon=True),
        threading.Thread(target=end_early, name="stop", daemon=True),
    ]
    with ExitStack() as afterwards:
        executor = afterwards.enter_context(ThreadPoolExecutor(_FETCHERS, thread_name_prefix="fetch"))
        for thread in threads:
            afterwards.callback(thread.join)
        # If this ends early, these end what the threads are waiting for.
        afterwards.callback(web.close)
        afterwards.callback(backlog.end)
        afterwards.callback(ended.set)
        for thread in threads:
            thread.start()
        batch: list[tuple[Planned, Future[Loaded | None]]] = []
        held, since = 0, time.monotonic()
        for item, future in done_ahead(backlog, _load, executor=executor, ahead=_FETCHED_AHEAD):
            length = _content_length(future)
            if run.stop.is_set():
                break
            batch.append((item, future))
            held += length
            if len(batch) >= _STORE_AT_ONCE or held >= _STORE_BYTES or time.monotonic() - since >= _STORE_SECONDS:
                desk.take(batch)
                batch, held, since = [], 0, time.monotonic()
                run.on_progress(ReadProgress(len(desk.results), backlog.planned, backlog.complete))
        desk.take(batch)
        run.on_progress(ReadProgress(len(desk.results), backlog.planned, backlog.complete))
    return IngestReport(tuple(desk.results), stopped=run.stop.is_set())


def _load(item: Planned) -> Loaded | None:
    return item.load() if isinstance(item, Document) else None


def _weight(item: Planned) -> int:
    return _PLANNED_WEIGHT + (item.held if isinstance(item, Document) else 0)


def _content_length(future: Future[Loaded | None]) -> int:
    """How many bytes were loaded, waiting for them; 0 if they could not be."""
    if future.exception() is not None:
        return 0
    loaded = future.result()
    return len(loaded.content) if loaded else 0
