"""What the terminal shows while articles are taken in: a bar with rate and time left, a line an item, and how Ctrl-C stops it.

Formatting only. Not here: what is done (``qa.py``), the commands (``commands``).
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from ingest.planned import ItemResult
    from vectorstore.indexes import IndexProgress

_FEW = 20
"""So many items are listed one by one on a terminal; of more, the counts and what failed."""


class TakingIn:
    """Shows a run that reads and indexes: ``item`` and ``step`` are what it calls, from any thread. Made by ``showing``."""

    def __init__(self, console: Console, bars: Progress, *, quiet: bool, parts: int) -> None:
        """``quiet`` lists only what failed; ``parts`` is how many steps make an article complete."""
        self._console, self._bars, self._quiet, self._parts = console, bars, quiet, parts
        self._items: list[ItemResult] = []
        self._steps: dict[str, IndexProgress] = {}
        self._tasks: dict[str, Any] = {}
        self._lock = threading.Lock()

    def item(self, item: ItemResult) -> None:
        """Show what became of an item: at once if it failed or there is no bar, else at the end if there are few."""
        self._items.append(item)
        if item.status == "failed" or not self._console.is_terminal:
            self._show(item)

    def step(self, step: IndexProgress) -> None:
        """Show how far it has come."""
        with self._lock:
            self._steps[step.step] = step
            if step.step == "reading":
                self._update("reading", done=step.articles, total=step.total)
            else:
                self._show_indexing()

    def end(self) -> None:
        """List the items if they are few and were not shown yet."""
        if self._console.is_terminal and len(self._items) <= _FEW:
            for item in self._items:
                if item.status != "failed":
                    self._show(item)

    def _show_indexing(self) -> None:
        reading, searchable, complete = (self._steps.get(step) for step in ("reading", "articles", "sentences"))
        unread = reading.total - reading.articles if reading and reading.total else 0
        wanted = max((step.total or 0) for step in (searchable, complete) if step) + unread
        done = sum(step.articles for step in (searchable, complete) if step) / self._parts
        self._update("indexing", done=done, total=wanted)

    def _update(self, name: str, *, done: float, total: float | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=None, rate="")
        task = self._bars.tasks[self._bars.task_ids.index(self._tasks[name])]
        speed = task.finished_speed or task.speed
        rate = f"{speed:.1f}/s" if speed else ""
        self._bars.update(self._tasks[name], completed=done, total=total, rate=rate)

    def _show(self, item: ItemResult) -> None:
        if item.status == "failed":
            self._console.print(Text(f"failed: {item.reason}", style="red"))
        elif not self._quiet:
            reason = f" ({item.reason.rstrip('.')})" if item.reason else ""
            self._console.print(Text(f"{item.status}: {item.source}{reason}", style="dim"))


@contextmanager
def showing(console: Console, *, quiet: bool, sentences: bool) -> Iterator[TakingIn]:
    """Show a run on ``console``; the bars go when it ends."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        taking_in = TakingIn(console, bars, quiet=quiet, parts=2 if sentences else 1)
        yield taking_in
    taking_in.end()


@contextmanager
def stopped_by_keyboard(console: Console) -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that what is in hand is finished; the second one interrupts at once."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_interrupt(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        console.print("Stopping after what is in hand; once more stops at once.")

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
