"""When to visit a followed source again: pure decisions for ``fundstelle refresh``.

| last visit | next visit |
|---|---|
| feed or sitemap | after half the time between its new entries; each visit in vain makes it half as long again; 5 minutes to 24 hours |
| … that asks to be left alone (``ttl``) | not before that, within the 24 hours |
| page that changed | after 1 hour |
| page that did not | after 2, 4, 8 … hours, at most 7 days; after 30 days without a change it rests |
| failed | after 5, 10, 20 … minutes, at most 24 hours, less a share (*) |
| failed, with ``Retry-After`` | not before that, within 7 days |
| HTTP 410 (gone) | never |
| HTTP 404, after failing for 28 days | never |

(*) Up to a quarter, fixed by the address: not all sources of a server that was down come back at once.

Counts are of visits in a row, with the last one; ``retry_after`` is in seconds, ``ttl_minutes`` in minutes. A source that failed is
not resting: it is tried once a day for as long as it is followed, unless its server says that there is nothing: a machine that is off or offline says
nothing of the kind. Not here: visiting (``fetch.py``), and keeping what came of it
(``vectorstore.sources``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vectorstore.sources import SourceKind

FEED_AT_LEAST, FEED_AT_MOST = timedelta(minutes=5), timedelta(hours=24)
FEED_UNKNOWN = timedelta(minutes=30)
"""For a feed whose entries have no dates."""
PAGE_AT_LEAST, PAGE_AT_MOST = timedelta(hours=1), timedelta(days=7)
PAGE_RESTS_AFTER = timedelta(days=30)
FAILURE_AT_LEAST, FAILURE_AT_MOST = timedelta(minutes=5), timedelta(hours=24)
RETRY_AFTER_AT_MOST = timedelta(days=7)
GONE, NOT_FOUND = 410, 404
GIVEN_UP_AFTER = timedelta(days=28)
_LONGEST_RUN = 20
"""More visits in a row make no difference: all delays have reached their bounds."""
_ENTRIES = 10
_CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class NextVisit:
    """When a source is due, aware UTC; ``at`` is None if it is not to be visited any more. ``reason`` is for people."""

    at: datetime | None
    reason: str


def next_visit(
    kind: SourceKind,
    *,
    address: str,
    last_visit: datetime,
    now: datetime,
    status: int | None = None,
    failures: int = 0,
    unchanged: int = 0,
    retry_after: float | None = None,
    ttl_minutes: int | None = None,
    gap: timedelta | None = None,
) -> NextVisit:
    """When to visit ``address`` again after what came of the last visit; never before ``now``.

    ``status`` is the HTTP status, ``failures`` and ``unchanged`` are the visits in a row that failed or brought nothing new, 0 if the
    last one did not. ``gap`` is the time between new entries (:func:`entry_gap`). ``last_visit`` after ``now`` means that the clock
    was set back: ``now`` counts.
    """
    if status == GONE:
        return NextVisit(None, "its server says that it was removed for good (HTTP 410)")
    start = min(last_visit, now)
    if status == NOT_FOUND and given_up(failures, address=address):
        return NextVisit(None, f"not found (HTTP 404) for {GIVEN_UP_AFTER.days} days")
    if failures > 0:
        delay = _after_failures(failures, address=address)
        reason = f"failed {failures:,} time{'s' if failures > 1 else ''} in a row"
        # Not a number compares as false.
        if retry_after is not None and retry_after > delay.total_seconds():
            delay = timedelta(seconds=min(retry_after, RETRY_AFTER_AT_MOST.total_seconds()))
            reason = "its server asked to wait"
    elif kind == "page":
        if page_rests(unchanged):
            return NextVisit(None, f"unchanged for {PAGE_RESTS_AFTER.days} days")
        delay = _page_delay(unchanged)
        reason = "unchanged" if unchanged else "changed"
    else:
        delay = _feed_delay(unchanged, gap=gap)
        reason = "as often as new entries come" if gap is not None else "nothing new" if unchanged else "new entries"
        asked = min(timedelta(minutes=min(ttl_minutes or 0, 10**6)), FEED_AT_MOST)
        if asked > delay:
            delay, reason = asked, "the feed asks for no more"
    return NextVisit(max(start + delay, now), reason)


def is_due(*, last_visit: datetime | None, planned: datetime | None, now: datetime) -> bool:
    """Whether a source is to be visited ``now``: it never was, its time has come, or the clock was set back since the last visit."""
    return last_visit is None or planned is None or planned <= now or last_visit > now + _CLOCK_SLACK


def page_rests(unchanged: int) -> bool:
    """Whether so many visits in a row without a change span 30 days, if each came no earlier than planned."""
    return sum((_page_delay(n) for n in range(min(unchanged, _LONGEST_RUN))), timedelta()) >= PAGE_RESTS_AFTER


def given_up(failures: int, *, address: str) -> bool:
    """Whether so many failures in a row span 28 days, if each visit came no earlier than planned."""
    delays = (_after_failures(n, address=address) for n in range(1, min(failures, _LONGEST_RUN * 3)))
    return sum(delays, timedelta()) >= GIVEN_UP_AFTER


def entry_gap(published: Iterable[datetime], *, now: datetime) -> timedelta | None:
    """The mean time between a feed's ten newest entries and now, None if none has a date.

    As time goes by without a new one it grows, so a feed that fell silent is visited ever more rarely.
    """
    newest = sorted((at for at in published if at <= now), reverse=True)[:_ENTRIES]
    return (now - newest[-1]) / len(newest) if newest else None


def _feed_delay(unchanged: int, *, gap: timedelta | None) -> timedelta:
    patience = 1.5 ** min(unchanged, _LONGEST_RUN)
    if gap is None:
        return min(FEED_UNKNOWN * patience, FEED_AT_MOST)
    return min(max(gap / 2, FEED_AT_LEAST * patience), FEED_AT_MOST)


def _page_delay(unchanged: int) -> timedelta:
    return min(PAGE_AT_LEAST * (1 << min(unchanged, _LONGEST_RUN)), PAGE_AT_MOST)


def _after_failures(failures: int, *, address: str) -> timedelta:
    share = int.from_bytes(hashlib.blake2b(address.encode("utf-8", "surrogatepass"), digest_size=4).digest()) / 2**32
    return min(FAILURE_AT_LEAST * (1 << min(failures - 1, _LONGEST_RUN)), FAILURE_AT_MOST) * (1 - share / 4)
