"""When the next request to a host may start: few at once, some time between them, and none while it asks to be left alone.

Threads wait here for their turn. Messages are without the address, which ``fetch.py`` puts before them. Not here: robots.txt and what is sent (``fetch.py``).
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from vectorstore.errors import SourceStopped, SourceUnreachable

_YEAR = 365 * 24 * 3600.0


@dataclass(slots=True)
class _Host:
    running: int = 0
    next_start: float = 0.0  # by the monotonic clock
    alone_until: float = 0.0


class Turns:
    """The turns of all threads at all hosts. Times are in seconds.

    At most ``per_host`` requests run at one host. A host that wants to be left alone for longer than ``longest_wait`` is not waited for.
    """

    def __init__(self, *, per_host: int, longest_wait: float, stop: threading.Event) -> None:
        self._per_host = per_host
        self._longest_wait = longest_wait
        self._stop = stop
        self._changed = threading.Condition()
        self._hosts: defaultdict[str, _Host] = defaultdict(_Host)

    @contextmanager
    def turn(self, host: str, *, delay: float) -> Iterator[None]:
        """Waits until a request to ``host`` may start; the next one may ``delay`` seconds later.

        Raises:
            SourceStopped: all are to stop.
            SourceUnreachable: the host wants to be left alone for longer than is waited.
        """
        with self._changed:
            state = self._hosts[host]
            while True:
                if self._stop.is_set():
                    raise stopped()
                now = time.monotonic()
                if state.alone_until - now > self._longest_wait:
                    raise asked_to_wait(state.alone_until - now)
                starts = max(state.next_start, state.alone_until)
                if state.running < self._per_host and starts <= now:
                    break
                self._changed.wait(starts - now if state.running < self._per_host else None)
            state.running += 1
            state.next_start = now + delay
        try:
            yield
        finally:
            with self._changed:
                state.running -= 1
                self._changed.notify_all()

    def leave_alone(self, host: str, *, seconds: float) -> None:
        """No request to ``host`` starts for so long."""
        with self._changed:
            state = self._hosts[host]
            state.alone_until = max(state.alone_until, time.monotonic() + seconds)
            self._changed.notify_all()

    def stop(self, *, seconds: float) -> None:
        """Wakes all that wait, once the event to stop is set, and waits up to ``seconds`` for the turns that run to end."""
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(lambda: not any(host.running for host in self._hosts.values()), timeout=seconds)


def stopped() -> SourceStopped:
    """The error of what was stopped before it was fetched."""
    return SourceStopped("stopped before it was fetched. Run it again to go on.")


def asked_to_wait(seconds: float, *, status: int | None = None) -> SourceUnreachable:
    """The error of a server that asks for a longer pause than is waited."""
    answer = f" (HTTP {status})" if status else ""
    message = f"its server asks to be left alone{answer}. Try again in {_duration(seconds)}."
    return SourceUnreachable(message, status=status, retry_after=seconds)


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """The seconds from ``now`` (aware) that a ``Retry-After`` header names, as a number or as a date; None without a readable one."""
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _YEAR)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), _YEAR)


def pause_before(attempt: int, *, first: float, longest: float) -> float:
    """Seconds to wait before try number ``attempt`` (from 2): doubled each time, and spread so that many do not come back at once."""
    longest = min(longest, first * 2.0 ** min(attempt - 2, 30))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - not for secrets


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"
