"""What the terminal shows while articles are taken in."""

from __future__ import annotations

import io
import os
import re
import signal

import pytest
from rich.console import Console

from assistant.progress import showing, stopped_by_keyboard
from ingest.planned import ItemResult
from vectorstore.indexes import IndexProgress


def written(items: list[ItemResult], *steps: IndexProgress, terminal: bool, quiet: bool = False) -> str:
    """What a run with these items and steps leaves on the console, without control sequences."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=200, color_system=None)
    with showing(console, quiet=quiet, sentences=True) as taking_in:
        for item in items:
            taking_in.item(item)
        for step in steps:
            taking_in.step(step)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())


ADDED = ItemResult("a.txt", "added", "1")
FAILED = ItemResult("b.txt", "failed", reason="b.txt is empty.")


def test_without_a_terminal_each_item_is_a_line() -> None:
    """With its reason, and without a bar."""
    noted = ItemResult("c.txt", "added", "2", "shorter than articles are.")
    lines = written([ADDED, FAILED, noted], IndexProgress("articles", 1, 2), terminal=False).splitlines()
    assert lines == ["added: a.txt", "failed: b.txt is empty.", "added: c.txt (shorter than articles are)"]


def test_on_a_terminal_many_items_are_counted_only() -> None:
    """A few are listed at the end; of many only what failed is."""
    few = written([ADDED, FAILED], terminal=True)
    assert "added: a.txt" in few
    assert few.count("b.txt is empty") == 1
    many = written([ADDED] * 50 + [FAILED], terminal=True)
    assert "added: a.txt" not in many
    assert "b.txt is empty" in many


def test_quiet_says_only_what_failed() -> None:
    """As beside a JSON document."""
    assert written([ADDED, FAILED], terminal=False, quiet=True).splitlines() == ["failed: b.txt is empty."]


def test_the_bar_knows_what_is_still_to_be_read() -> None:
    """Indexing is about the articles that wait and those not read yet; an article is whole after both of its steps."""
    shown = written(
        [],
        IndexProgress("reading", 60, 100),
        IndexProgress("articles", 30, 60),
        IndexProgress("sentences", 10, 30),
        terminal=True,
    )
    assert "60/100" in shown
    assert "20/100" in shown


def test_the_first_interrupt_asks_and_the_second_insists() -> None:
    """The event is set by the first; the second is the keyboard's interrupt; afterwards the handler is the one from before."""
    before = signal.getsignal(signal.SIGINT)
    with stopped_by_keyboard(Console(file=io.StringIO())) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(5)
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the signal comes between the two
            os.kill(os.getpid(), signal.SIGINT)
            stop.wait(0)
    assert signal.getsignal(signal.SIGINT) is before
