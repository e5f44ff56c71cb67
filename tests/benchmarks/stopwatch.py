"""Seconds spent inside of methods and functions of others, by stage, in whichever thread."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


class Stopwatch:
    """``seconds`` by stage, and when each was left for the ``last`` time (on ``time.perf_counter``). A method within itself counts once.

    ``given`` has what a stage was called with, its last argument, if it is among those to ``note``.
    """

    def __init__(self, *, note: Collection[str] = ()) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.last: dict[str, float] = {}
        self.given: defaultdict[str, list[Any]] = defaultdict(list)
        self._note = note
        self._lock = threading.Lock()
        self._inside = threading.local()

    @contextmanager
    def on(self, stage: str, owner: Any, name: str) -> Iterator[None]:
        """Time ``owner.name`` while this lasts."""
        original = getattr(owner, name)

        def timed(*given: Any, **named: Any) -> Any:
            entered: frozenset[str] = getattr(self._inside, "stages", frozenset())
            if stage in entered:
                return original(*given, **named)
            self._inside.stages = entered | {stage}
            start = time.perf_counter()
            try:
                return original(*given, **named)
            finally:
                end = time.perf_counter()
                self._inside.stages = entered
                with self._lock:
                    self.seconds[stage] += end - start
                    self.last[stage] = end
                    if stage in self._note:
                        self.given[stage].append(given[-1])

        setattr(owner, name, timed)
        try:
            yield
        finally:
            setattr(owner, name, original)
