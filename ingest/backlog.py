"""Work that one thread lays ahead for another, bounded by what it holds; and work done ahead by several, handed on in its order.

Not here: what the work is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


class Backlog(Generic[_Item]):
    """A queue from one thread to another: the first fills it until ``capacity`` is held (bytes, or what ``weight`` counts), the second iterates."""

    def __init__(self, *, capacity: int, weight: Callable[[_Item], int]) -> None:
        """An empty backlog. One item is taken in whatever it weighs."""
        self._capacity, self._weight = capacity, weight
        self._items: deque[_Item] = deque()
        self._held = 0
        self._ended = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self.planned = 0
        """How many items there have been so far; all there will be once ``complete``."""

    @property
    def complete(self) -> bool:
        """Whether nothing more will come."""
        return self._ended

    def fill(self, items: Iterable[_Item]) -> None:
        """Put ``items`` in as there is room, until they or the backlog end; what they raise is raised where they are taken out."""
        try:
            for item in items:
                with self._changed:
                    self._changed.wait_for(lambda: self._ended or not self._items or self._held < self._capacity)
                    if self._ended:
                        return
                    self._items.append(item)
                    self._held += self._weight(item)
                    self.planned += 1
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that takes the items
            self._error = error
        finally:
            self.end()

    def end(self) -> None:
        """Take nothing more in; what is in it can still be taken out."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[_Item]:
        """The items in their order, waiting for each, until the backlog has ended."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._ended)
                if not self._items:
                    if self._error is not None:
                        raise self._error
                    return
                item = self._items.popleft()
                self._held -= self._weight(item)
                self._changed.notify_all()
            yield item


def done_ahead(
    items: Iterable[_Item], work: Callable[[_Item], _Found], *, executor: Executor, ahead: int
) -> Iterator[tuple[_Item, Future[_Found]]]:
    """Each item with the future of its work, in their order; the work on up to ``ahead`` items behind it has begun meanwhile."""
    begun: deque[tuple[_Item, Future[_Found]]] = deque()
    for item in items:
        begun.append((item, executor.submit(work, item)))
        if len(begun) > ahead:
            yield begun.popleft()
    yield from begun
