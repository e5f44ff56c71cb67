"""What is being added to the library from the page: one addition after the other, each with its progress, its results and a way to stop it.

An addition goes on when the page that began it is closed or loaded anew; its owner finds it again. Not here: reading and storing
(``assistant``), what it looks like (``shelf_html``).
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from ingest.pipeline import IngestReport
    from ingest.planned import ItemResult
    from vectorstore.indexes import IndexProgress

AdditionKind = Literal["files", "addresses", "text", "samples", "visit"]
SHOWN_EVERY: Final = 0.25
"""Seconds between two looks at an addition."""
KEPT_SECONDS: Final = 3600.0
KEPT_ENDED: Final = 5
"""So many ended additions are kept for an owner, for so long, unless they are dismissed."""
WAITING: Final = 20
"""So many additions of an owner wait or are under way, no more: each keeps what it shall add, up to some megabytes of text, in memory."""
WAITING_IN_ALL: Final = 100
"""So many of all owners: who an owner is, is what a browser says."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hearing:
    """How work tells of itself: ``stop`` is set when it shall end, ``item`` hears of each item, ``progress`` how far it has come. From any thread."""

    stop: threading.Event
    item: Callable[[ItemResult], None]
    progress: Callable[[IndexProgress], None]


Work = Callable[[Hearing], "IngestReport"]


@dataclass(slots=True, kw_only=True)
class Addition:
    """One addition as it is now. ``count`` is how many sources were given, ``items`` what became of them so far.

    ``steps`` are the last words of progress, by step; ``failure`` is what ended it early.
    """

    id: str
    owner: str
    kind: AdditionKind
    count: int
    items: list[ItemResult] = field(default_factory=list)
    steps: dict[str, IndexProgress] = field(default_factory=dict)
    begun: bool = False
    ended_at: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    failure: BaseException | None = None
    told: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.ended_at is not None


class Additions:
    """The additions of every reader. Thread-safe; they are made one at a time, in the order in which they were begun."""

    def __init__(self) -> None:
        self._all: dict[str, Addition] = {}
        self._waiting: queue.SimpleQueue[tuple[Addition, Work, Callable[[], None]]] = queue.SimpleQueue()
        self._left = Counter[str]()
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None

    def begin(
        self,
        kind: AdditionKind,
        *,
        owner: str,
        count: int,
        work: Work,
        refused: Sequence[ItemResult] = (),
        afterwards: Callable[[], None] = lambda: None,
    ) -> Addition | None:
        """Do ``work`` when its turn comes. ``refused`` are results that are known before; ``afterwards`` is called whatever happens.

        None, and nothing is done, while ``WAITING`` additions of the owner wait, or ``WAITING_IN_ALL`` of everybody.
        """
        addition = Addition(id=secrets.token_hex(8), owner=owner, kind=kind, count=count, items=list(refused))
        with self._changed:
            self._drop_old(owner)
            if self._left[owner] >= WAITING or self._left.total() >= WAITING_IN_ALL:
                return None
            self._left[owner] += 1
            self._all[addition.id] = addition
            if self._worker is None:
                # The library outlives a kill at any instant, and whoever ends the server does not want to wait for what it reads.
                self._worker = threading.Thread(target=self._work_off, name="add", daemon=True)
                self._worker.start()
        self._waiting.put((addition, work, afterwards))
        return addition

    def of(self, owner: str) -> list[Addition]:
        """The additions of an owner that are under way or have not been dismissed, the newest first."""
        with self._changed:
            self._drop_old(owner)
            return [addition for addition in reversed(self._all.values()) if addition.owner == owner]

    def follow(self, addition: Addition) -> Iterator[None]:
        """Give a turn at once, whenever something of ``addition`` changed, and for the last time once it has ended."""
        with self._changed:
            seen, ended = addition.told, addition.ended
        yield
        while not ended:
            with self._changed:
                while addition.told == seen:
                    self._changed.wait()
                self._changed.wait_for(lambda: addition.ended, timeout=SHOWN_EVERY)
                seen, ended = addition.told, addition.ended
            yield

    def stop(self, addition_id: str, *, owner: str) -> None:
        """End an addition of ``owner``: what is in hand is finished, the rest left."""
        with self._changed:
            addition = self._all.get(addition_id)
            if addition and addition.owner == owner and not addition.ended:
                addition.stop.set()
                if not addition.begun:
                    addition.ended_at = time.monotonic()
                self._tell(addition)

    def dismiss(self, addition_id: str, *, owner: str) -> None:
        """Forget an addition of ``owner`` that has ended."""
        with self._changed:
            addition = self._all.get(addition_id)
            if addition and addition.owner == owner and addition.ended:
                del self._all[addition_id]

    def _work_off(self) -> None:
        while True:
            addition, work, afterwards = self._waiting.get()
            self._carry_out(addition, work, afterwards)
            del work, afterwards  # not kept until there is something to do again: what they add may be large

    def _carry_out(self, addition: Addition, work: Work, afterwards: Callable[[], None]) -> None:
        def item(result: ItemResult) -> None:
            with self._changed:
                addition.items.append(result)
                self._tell(addition)

        def progress(step: IndexProgress) -> None:
            with self._changed:
                # A new one each time: whoever shows it may be reading the last.
                addition.steps = {**addition.steps, step.step: step}
                self._tell(addition)

        with self._changed:
            addition.begun = True
            self._tell(addition)
        known = list(addition.items)
        try:
            if not addition.ended:
                report = work(Hearing(addition.stop, item, progress))
                addition.items = [*known, *report.items]
        except FundstelleError as error:
            addition.failure = error
        except BaseException as error:  # also what would end the thread: whoever shows it says that, and the only worker goes on
            LOG.exception("Something could not be added")
            addition.failure = error
        finally:
            try:
                afterwards()
            except Exception:  # what was added stays added
                LOG.exception("Something could not be cleared away after an addition")
            with self._changed:
                self._left -= Counter([addition.owner])  # keeps no owner that has nothing left
                addition.ended_at = time.monotonic()
                self._tell(addition)

    def _tell(self, addition: Addition) -> None:
        addition.told += 1
        self._changed.notify_all()

    def _drop_old(self, owner: str) -> None:
        before = time.monotonic() - KEPT_SECONDS
        own = [addition.id for addition in self._all.values() if addition.owner == owner and addition.ended]
        old = [addition.id for addition in self._all.values() if addition.ended_at is not None and addition.ended_at < before]
        for addition_id in {*own[:-KEPT_ENDED], *old}:
            del self._all[addition_id]
