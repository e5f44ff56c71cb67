"""When a source is visited again: bounds, and what makes it sooner or later."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.schedule import (
    FAILURE_AT_MOST,
    FEED_AT_LEAST,
    FEED_AT_MOST,
    PAGE_AT_LEAST,
    PAGE_AT_MOST,
    RETRY_AFTER_AT_MOST,
    entry_gap,
    is_due,
    next_visit,
    page_rests,
)

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
ADDRESS = "https://echo.example/feed.xml"
COUNTS = st.integers(0, 10**6)
KINDS = st.sampled_from(["feed", "page", "sitemap"])
GAPS = st.none() | st.timedeltas(timedelta(0), timedelta(days=3650))


def delay(kind: Any = "feed", *, address: str = ADDRESS, **outcome: Any) -> timedelta:
    """How long after a visit at ``NOW`` the next one is."""
    at = next_visit(kind, address=address, last_visit=NOW, now=NOW, **outcome).at
    assert at is not None
    return at - NOW


# Bounds


@given(
    kind=KINDS,
    address=st.text(max_size=50),
    ago=st.timedeltas(timedelta(days=-4000), timedelta(days=4000)),
    failures=COUNTS,
    unchanged=COUNTS,
    retry_after=st.none() | st.floats(),
    ttl_minutes=st.none() | st.integers(0, 10**12),
    gap=GAPS,
    status=st.sampled_from([None, 200, 304, 404, 429, 500]),
)
def test_a_visit_is_never_in_the_past_nor_far_off(ago: timedelta, retry_after: float | None, **outcome: Any) -> None:
    """Whatever came of it, and wherever the clock went: between now and a week from now, in UTC."""
    found = next_visit(last_visit=NOW - ago, now=NOW, retry_after=retry_after, **outcome)
    assert found.reason
    if found.at is None and outcome["status"] == 404 and outcome["failures"] > 28:
        return
    if found.at is None:
        assert outcome["kind"] == "page"
        assert outcome["failures"] == 0
        return
    assert NOW <= found.at <= NOW + max(PAGE_AT_MOST, RETRY_AFTER_AT_MOST)
    assert found.at.tzinfo is UTC


@given(unchanged=COUNTS, ttl_minutes=st.none() | st.integers(0, 10**12), gap=GAPS)
def test_feeds_are_visited_between_five_minutes_and_a_day(**outcome: Any) -> None:
    """The bounds hold for every history and wish."""
    assert FEED_AT_LEAST <= delay("feed", **outcome) <= FEED_AT_MOST


@given(failures=st.integers(1, 10**6), address=st.text(max_size=50))
def test_failures_back_off_within_a_day(failures: int, address: str) -> None:
    """From minutes to a day, never more."""
    assert FEED_AT_LEAST * 0.75 <= delay(address=address, failures=failures) <= FAILURE_AT_MOST


# What makes it sooner or later


@given(kind=KINDS, address=st.text(max_size=50), failures=st.integers(1, 200))
def test_more_failures_are_never_tried_sooner(kind: Any, address: str, failures: int) -> None:
    """The back-off grows with each failure, whatever the address adds to it."""
    assert delay(kind, address=address, failures=failures) <= delay(kind, address=address, failures=failures + 1)


@given(unchanged=st.integers(0, 100), gap=GAPS)
def test_more_visits_in_vain_make_no_feed_sooner(unchanged: int, gap: timedelta | None) -> None:
    """Nothing new makes the next visit the same or later."""
    assert delay(unchanged=unchanged, gap=gap) <= delay(unchanged=unchanged + 1, gap=gap)


def test_failures_double() -> None:
    """Five minutes, ten, twenty, less a share that stays the same."""
    first = delay(failures=1)
    assert [delay(failures=n) / first for n in range(1, 5)] == pytest.approx([1, 2, 4, 8])


def test_addresses_come_back_at_different_times() -> None:
    """The share is fixed for each address and differs between them."""
    delays = [delay(address=f"https://echo.example/{n}", failures=4) for n in range(50)]
    assert len(set(delays)) == 50
    assert delays == [delay(address=f"https://echo.example/{n}", failures=4) for n in range(50)]
    assert max(delays) - min(delays) > timedelta(minutes=5)


def test_busy_feeds_are_visited_more_often_than_quiet_ones() -> None:
    """Half the time between entries, within the bounds."""
    assert delay(gap=timedelta(hours=2)) == timedelta(hours=1)
    assert delay(gap=timedelta(seconds=20)) == FEED_AT_LEAST
    assert delay(gap=timedelta(days=30)) == FEED_AT_MOST


def test_a_feed_whose_dates_lie_is_not_visited_every_five_minutes_for_ever() -> None:
    """Entries that are always stamped with now do not keep visits in vain frequent."""
    assert delay(gap=timedelta(0), unchanged=20) == FEED_AT_MOST


def test_ttl_is_honoured() -> None:
    """Not before the feed allows it, but at least once a day; a small one does not hurry."""
    assert delay(gap=timedelta(0), ttl_minutes=90) == timedelta(minutes=90)
    assert delay(gap=timedelta(hours=4), ttl_minutes=10) == timedelta(hours=2)
    assert delay(ttl_minutes=10**9) == FEED_AT_MOST


@pytest.mark.parametrize(
    ("retry_after", "expected"), [(3600, timedelta(hours=1)), (1e300, RETRY_AFTER_AT_MOST), (math.inf, RETRY_AFTER_AT_MOST)]
)
def test_retry_after_is_honoured_within_a_week(retry_after: float, expected: timedelta) -> None:
    """A server's wish goes beyond the back-off, not beyond reason."""
    assert delay(failures=1, status=429, retry_after=retry_after) == expected


@pytest.mark.parametrize("retry_after", [0, -5, math.nan, 1])
def test_a_small_retry_after_does_not_shorten_the_back_off(retry_after: float) -> None:
    """Nor does one that makes no sense."""
    assert delay(failures=3, retry_after=retry_after) == delay(failures=3)


# Pages


def test_pages_double_from_an_hour_to_a_week() -> None:
    """A page that changed is looked at in an hour; unchanged ones ever more rarely."""
    hours = [delay("page", unchanged=n) / timedelta(hours=1) for n in range(10)]
    assert hours == [1, 2, 4, 8, 16, 32, 64, 128, 168, 168]


def test_a_page_rests_after_thirty_days_without_a_change() -> None:
    """Followed through its own schedule: between 30 and 37 days, and not before."""
    at, unchanged = NOW, 0
    while (found := next_visit("page", address=ADDRESS, last_visit=at, now=at, unchanged=unchanged)).at is not None:
        at, unchanged = found.at, unchanged + 1
    assert timedelta(days=30) <= at - NOW <= timedelta(days=37)
    assert "unchanged for 30 days" in found.reason
    assert [page_rests(n) for n in (0, unchanged - 1, unchanged, 10**6)] == [False, False, True, True]
    assert delay("page", unchanged=0) == PAGE_AT_LEAST


def test_a_page_that_fails_does_not_rest() -> None:
    """That it cannot be had does not mean that it did not change."""
    assert delay("page", unchanged=100, failures=1) <= timedelta(minutes=5)


# Ends and clocks


@pytest.mark.parametrize("kind", ["feed", "page", "sitemap"])
def test_what_is_gone_is_given_up(kind: Any) -> None:
    """HTTP 410 ends the visits and says why; 404 may be a mistake, at first."""
    gone = next_visit(kind, address=ADDRESS, last_visit=NOW, now=NOW, status=410, failures=1)
    assert gone.at is None
    assert "410" in gone.reason
    assert delay(kind, status=404, failures=1) <= timedelta(minutes=5)


@pytest.mark.parametrize("kind", ["feed", "page", "sitemap"])
def test_what_is_not_found_is_given_up_after_four_weeks(kind: Any) -> None:
    """Followed through its own schedule: 28 days of HTTP 404 and a day or so more; what only fails to answer is tried for ever."""
    at, failures = NOW, 1
    while (found := next_visit(kind, address=ADDRESS, last_visit=at, now=at, status=404, failures=failures)).at is not None:
        at, failures = found.at, failures + 1
    assert timedelta(days=28) <= at - NOW <= timedelta(days=30)
    assert "404" in found.reason
    for status in (None, 403, 500, 503):
        assert delay(kind, status=status, failures=failures * 10) <= FAILURE_AT_MOST
    assert next_visit(kind, address=ADDRESS, last_visit=at, now=at, status=404, failures=10**9).at is None


def test_an_overdue_source_is_due_now() -> None:
    """After a long pause the next visit is now, not in the past."""
    assert next_visit("feed", address=ADDRESS, last_visit=NOW - timedelta(days=90), now=NOW).at == NOW


def test_a_clock_that_was_set_back_locks_no_source_out() -> None:
    """A last visit in the future counts as now, and a plan made then does not hold for years."""
    future = NOW + timedelta(days=3650)
    assert next_visit("feed", address=ADDRESS, last_visit=future, now=NOW).at == NOW + timedelta(minutes=30)
    assert is_due(last_visit=future, planned=future + timedelta(hours=1), now=NOW)


def test_a_source_is_due_when_its_time_has_come() -> None:
    """Never visited, or planned for now or before."""
    hour = timedelta(hours=1)
    assert is_due(last_visit=None, planned=None, now=NOW)
    assert is_due(last_visit=NOW - hour, planned=NOW, now=NOW)
    assert not is_due(last_visit=NOW - hour, planned=NOW + hour, now=NOW)


def test_the_time_between_entries() -> None:
    """Of the ten newest and now; a silence counts, the future and older entries do not."""
    hours = [NOW - timedelta(hours=n) for n in range(1, 30)]
    assert entry_gap(hours, now=NOW) == timedelta(hours=1)
    assert entry_gap(reversed([*hours, NOW + timedelta(days=1)]), now=NOW) == timedelta(hours=1)
    assert entry_gap(hours, now=NOW + timedelta(hours=90)) == timedelta(hours=10)
    assert entry_gap([], now=NOW) is None
