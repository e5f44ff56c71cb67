"""Following sources: which feeds, sitemaps and pages are due, what came of a visit, and when the next one is.

A visit is recorded when all that it brought is stored, so that one that is interrupted is made again. Not here: fetching (``fetch.py``), what a
feed holds (``web.py``), reading and storing (``pipeline.py``), the rules of when (``schedule.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ingest.backlog import done_ahead
from ingest.pipeline import Web, carry_out
from ingest.planned import ItemResult, ReadOptions, Visit
from ingest.schedule import is_due, next_visit
from ingest.web import WebPlanner
from vectorstore.errors import SourceError, SourceUnreachable

if TYPE_CHECKING:
    from ingest.fetch import Fetched
    from ingest.pipeline import IngestReport
    from ingest.planned import Planned
    from ingest.run import Run
    from vectorstore.library import Library
    from vectorstore.sources import Source

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The next visit of a source that is not visited any more unless it is asked for."""
_VISITORS = 4
_VISITED_AHEAD = 4


def refresh(run: Run, *, web: Web, every_source: bool = False, addresses: Collection[str] | None = None) -> IngestReport:
    """Visit the followed sources that are due, or ``every_source``, or those of ``addresses``, and read what is new, as ``ingest`` does.

    What was removed stays so.
    """
    library = run.library
    now = datetime.now(UTC)

    def is_wanted(source: Source) -> bool:
        if addresses is not None:
            return source.address in addresses
        return every_source or is_due(last_visit=source.last_visit, planned=source.next_visit, now=now)

    due = [source for source in library.sources() if is_wanted(source)]
    planner = WebPlanner(
        options=ReadOptions(),
        fetch=web.get,
        known_pages=library.pages,
        removed=lambda addresses: library.gone(addresses=addresses),
        revisit=False,
    )
    visiting = replace(run, bring_back=False, on_visit=partial(record, library=library))
    return carry_out(_visits(due, planner=planner, web=web), visiting, web=web)


def record(visit: Visit, results: Sequence[ItemResult], *, library: Library, follow: bool = False) -> None:
    """Record a visit whose ``results`` are stored, and when the next one is due. With ``follow``, a source that could be read is followed from now on."""
    read = [result for result in results if result.status != "failed"]
    error = str(visit.error) if visit.error else results[0].reason if results and not read and visit.kind == "page" else ""
    if follow and not error:
        library.follow(visit.address, kind=visit.kind, title=visit.title)
    source = next((source for source in library.sources() if source.address == visit.address), None)
    if source is None:
        return
    new = any(result.status in {"added", "updated", "duplicate"} for result in results)
    failures = source.failures + 1 if error else 0
    unchanged = 0 if new or error else source.unchanged + 1
    status, retry_after = (200 if visit.fetched else None), None
    if visit.fetched and visit.fetched.not_modified:
        status = 304
    if isinstance(visit.error, SourceUnreachable):
        status, retry_after = visit.error.status, visit.error.retry_after
    planned = next_visit(
        source.kind,
        address=visit.address,
        last_visit=visit.at,
        now=datetime.now(UTC),
        status=status,
        failures=failures,
        unchanged=unchanged,
        retry_after=retry_after,
        ttl_minutes=visit.ttl_minutes,
        gap=visit.gap,
    )
    if error and planned.at is None:
        error = f"{error} Given up: {planned.reason}. `fundstelle refresh --all` tries it once more, `fundstelle unfollow` takes it off the list."
    kept = visit.fetched if visit.fetched and not error else source
    library.record_visit(
        visit.address,
        at=visit.at,
        next_visit=planned.at or NEVER,
        status=status,
        failures=failures,
        unchanged=unchanged,
        error=error,
        etag=kept.etag,
        last_modified=kept.last_modified,
        title=visit.title or None,
    )


def _visits(sources: Iterable[Source], *, planner: WebPlanner, web: Web) -> Iterator[Planned]:
    """What the sources hold now, and a visit of each."""

    def fetch(source: Source) -> Fetched:
        return web.get(source.address, etag=source.etag, last_modified=source.last_modified)

    with ThreadPoolExecutor(_VISITORS, thread_name_prefix="visit") as executor:
        for source, future in done_ahead(sources, fetch, executor=executor, ahead=_VISITED_AHEAD):
            try:
                fetched = future.result()
            except SourceError as error:
                yield ItemResult(source.address, "failed", reason=str(error))
                yield Visit(address=source.address, kind=source.kind, at=datetime.now(UTC), error=error)
                continue
            if fetched.not_modified:
                yield ItemResult(source.address, "unchanged")
                yield Visit(address=source.address, kind=source.kind, at=fetched.fetched_at, fetched=fetched)
            else:
                yield from planner.from_fetched(source.address, fetched, kind=source.kind)
