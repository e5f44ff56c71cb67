"""Work laid ahead: in its order, bounded, and over when either side ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.backlog import Backlog, done_ahead


def filled(backlog: Backlog[int], items: Iterator[int]) -> threading.Thread:
    """A thread that fills the backlog."""
    thread = threading.Thread(target=backlog.fill, args=(items,))
    thread.start()
    return thread


def test_items_come_in_their_order_and_all_of_them() -> None:
    """Whatever the bound; at the end it knows how many there were."""
    for capacity in (1, 7, 10_000):
        backlog: Backlog[int] = Backlog(capacity=capacity, weight=lambda item: item)
        thread = filled(backlog, iter(range(100)))
        assert list(backlog) == list(range(100))
        thread.join(timeout=5)
        assert (backlog.planned, backlog.complete) == (100, True)


def test_it_holds_no_more_than_its_capacity() -> None:
    """The filling thread waits; an item larger than all of it is taken in alone."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for size in (5, 5, 100, 5):
            taken.append(size)
            yield size

    backlog: Backlog[int] = Backlog(capacity=10, weight=lambda item: item)
    thread = filled(backlog, items())
    time.sleep(0.1)
    assert taken == [5, 5, 100]
    assert list(backlog) == [5, 5, 100, 5]
    thread.join(timeout=5)


def test_an_error_of_the_source_is_raised_where_the_items_go() -> None:
    """After what came before it."""

    def items() -> Iterator[int]:
        yield 1
        raise LookupError("gone")

    backlog: Backlog[int] = Backlog(capacity=10, weight=lambda _: 1)
    filled(backlog, items()).join(timeout=5)
    out = iter(backlog)
    assert next(out) == 1
    with pytest.raises(LookupError, match="gone"):
        next(out)


def test_ending_it_frees_the_filling_thread() -> None:
    """Even if nobody takes anything out."""
    backlog: Backlog[int] = Backlog(capacity=1, weight=lambda _: 1)
    thread = filled(backlog, iter(range(100)))
    backlog.end()
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_work_is_done_ahead_and_handed_on_in_order() -> None:
    """While the first is waited for, those behind it are worked on, but not more than were asked for."""
    begun: list[int] = []
    release = threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        if item == 0:
            release.wait(5)
        return item * 10

    with ThreadPoolExecutor(8) as executor:
        out = done_ahead(range(20), work, executor=executor, ahead=3)
        item, future = next(out)
        time.sleep(0.1)
        assert (item, sorted(begun)) == (0, [0, 1, 2, 3])
        assert not future.done()
        release.set()
        assert [future.result(), *(later.result() for _, later in out)] == [n * 10 for n in range(20)]
