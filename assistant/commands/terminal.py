"""What the commands share: their options, the library, exit codes, and how things are written to the terminal or as JSON.

Results go to standard output, progress and messages to standard error. Not here: the commands themselves.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from assistant.qa import Assistant
from assistant.types import SCHEMA
from vectorstore.errors import SettingsError
from vectorstore.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from assistant.types import Citation
    from ingest.pipeline import IngestReport
    from vectorstore.indexes import IndexProgress
    from vectorstore.types import Article


class Exit(IntEnum):
    """What the process ends with."""

    DONE = 0
    SOME_FAILED = 1
    USAGE = 2
    INTERRUPTED = 130


out = Console(highlight=False, markup=False)
err = Console(stderr=True, highlight=False, markup=False)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="Fetch from this machine and private networks too (or FUNDSTELLE_ALLOW_PRIVATE).")
]


def open_assistant(context: typer.Context, **given: Any) -> Assistant:
    """The library that ``--library`` or the settings name, opened; ``given`` settings count before those."""
    return Assistant.open(settings=read_settings(library=context.obj, **given))


def duration(written: str) -> timedelta:
    """``15m``, ``2h``, ``1h30m``, ``90s`` as a span of time; at least a minute."""
    match = re.fullmatch(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", written.strip().lower())
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if span < timedelta(minutes=1):
        raise SettingsError(f"{written!r} is no time to wait: write 15m, 2h or 1h30m; at least a minute.")
    return span


def print_report(report: IngestReport, *, as_json: bool, nothing: str = "nothing found") -> None:
    """How many items ended how, ``nothing`` where there was none; the whole report as JSON."""
    document = report.to_dict()
    if as_json:
        print_json(document)
        return
    counted = ("added", "updated", "unchanged", "duplicates", "failed", "skipped")
    out.print(", ".join(f"{name}: {document[name]}" for name in counted if document[name]) or nothing)


def end_with(done: Collection[str], *, asked: Iterable[str], name: str, unknown: Callable[[str], str], as_json: bool) -> NoReturn:
    """Say what of ``asked`` was ``done``, under this ``name``, and of the rest what ``unknown`` says of each; end with 1 if there is any."""
    missing = [each for each in asked if each not in done]
    if as_json:
        print_json({"schema": SCHEMA, name: list(done), "missing": missing})
    else:
        out.print(f"{name}: {len(done)}")
    for each in missing:
        err.print(Text(unknown(each), style="red"))
    raise typer.Exit(Exit.SOME_FAILED if missing else Exit.DONE)


def exit_code(report: IngestReport) -> Exit:
    """What a run that takes in articles ends with."""
    if report.stopped:
        return Exit.INTERRUPTED
    return Exit.SOME_FAILED if report.count("failed") else Exit.DONE


@contextmanager
def indexing_progress(*, unit: str = "") -> Iterator[Callable[[IndexProgress], None]]:
    """A bar on the terminal for each step of work on the indexes, and what that work calls; the bars go when it ends."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} " + unit),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def show_step(step: IndexProgress) -> None:
            if step.step not in tasks:
                tasks[step.step] = progress.add_task(step.step, total=None)
            progress.update(tasks[step.step], completed=step.articles)

        yield show_step


def show_text(*shown: Text | str, sep: str = " ") -> None:
    """Text on standard output; in a pipe or file its lines are those of the text, whatever the width of a terminal."""
    out.print(*shown, sep=sep, soft_wrap=not out.is_terminal)


def cleaned(words: str, *, style: str = "") -> Text:
    """Words of somebody else that did not come by way of an article, without what steers a terminal."""
    from ingest.encoding import clean_characters

    return Text(clean_characters(words), style=style)


def print_json(document: dict[str, Any]) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def origin_of(item: Article | Citation) -> str:
    """Where something is from: outlet, day, language and address."""
    return " · ".join(part for part in (item.source, day_of(item), item.language, item.url or "") if part)


def day_of(item: Article | Citation) -> str:
    """The day of publication, no finer than it is known."""
    if item.published_at is None:
        return "undated"
    width = {"year": 4, "month": 7}.get(item.published_precision or "day", 10)
    return item.published_at.date().isoformat()[:width]
