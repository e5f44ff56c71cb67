"""``add``, ``refresh``, ``sources``, ``unfollow``: where articles come from. Formatting only; ``assistant/upkeep.py`` does it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from assistant.commands.terminal import (
    AllowPrivate,
    AsJson,
    Exit,
    duration,
    end_with,
    err,
    exit_code,
    open_assistant,
    out,
    print_json,
    print_report,
)
from assistant.progress import showing, stopped_by_keyboard
from assistant.types import SCHEMA, plain
from vectorstore.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOTHING_FOLLOWED = "Nothing is followed yet. Add the address of a feed or page: fundstelle add https://…"
_FAR = 3000
"""A visit planned for such a year is none."""


def add(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders, archives, tables, addresses, feeds, or - for standard input.", show_default=False),
    ] = None,
    samples: Annotated[bool, typer.Option("--samples", help="Add the sample articles.")] = False,
    feed: Annotated[bool, typer.Option("--feed", help="Take the feed that a page names instead of the page.")] = False,
    allow_private: AllowPrivate = False,
    delimiter: Annotated[str | None, typer.Option(help="What separates the columns of a CSV file (found if not given).")] = None,
    quote: Annotated[str | None, typer.Option(help="What encloses the cells of a CSV file (found if not given).")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether the first row of a CSV file names the columns.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Which column of a table is what: text=Inhalt, title=2 ...", metavar="WHAT=COLUMN")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add articles: each item is reported with what became of it; one that fails does not stop the rest."""
    from ingest.planned import ReadOptions

    if not sources and not samples:
        raise SettingsError("Nothing to add: name files, folders or addresses, - for standard input, or --samples.")
    options = ReadOptions(feed=feed, delimiter=delimiter, quote=quote, header=header, columns=_columns(column or ()))
    with (
        open_assistant(context, allow_private=allow_private or None) as assistant,
        stopped_by_keyboard(err) as stop,
        showing(err, quiet=as_json, sentences=assistant.settings.sentence_vectors) as taking_in,
    ):
        report = assistant.add(
            sources or (), samples=samples, options=options, stop=stop, on_item=taking_in.item, on_progress=taking_in.step
        )
    print_report(report, as_json=as_json)
    raise typer.Exit(exit_code(report))


def refresh(
    context: typer.Context,
    every: Annotated[
        str | None, typer.Option(help="Go on doing so: 15m, 2h ... --json then prints a document each time.", metavar="TIME")
    ] = None,
    every_source: Annotated[bool, typer.Option("--all", help="Every source, also those that are not due.")] = False,
    allow_private: AllowPrivate = False,
    as_json: AsJson = False,
) -> None:
    """Visit the feeds and pages that were added, as they are due, and take in what is new."""
    period = duration(every) if every else None
    with open_assistant(context, allow_private=allow_private or None) as assistant, stopped_by_keyboard(err) as stop:
        if not assistant.sources():
            err.print(_NOTHING_FOLLOWED)
        with assistant.keep_up() if period else nullcontext():
            while True:
                with showing(err, quiet=as_json, sentences=assistant.settings.sentence_vectors) as taking_in:
                    report = assistant.refresh(
                        every_source=every_source, stop=stop, on_item=taking_in.item, on_progress=taking_in.step
                    )
                print_report(report, as_json=as_json, nothing="nothing due")
                if period is None or stop.wait(period.total_seconds()):
                    break
    raise typer.Exit(Exit.INTERRUPTED if stop.is_set() else exit_code(report))


def sources(context: typer.Context, as_json: AsJson = False) -> None:
    """List the feeds and pages that ``refresh`` visits."""
    with open_assistant(context) as assistant:
        followed = assistant.sources()
    if as_json:
        print_json({"schema": SCHEMA, "items": [plain(asdict(source)) for source in followed]})
        return
    if not followed:
        err.print(_NOTHING_FOLLOWED)
        return
    table = Table(Column("address", overflow="fold"), "kind", "last visit", "next visit", "title", box=None, pad_edge=False)
    for source in followed:
        last, planned = (
            f"{at:%Y-%m-%d %H:%M}" if at and at.year < _FAR else "–" for at in (source.last_visit, source.next_visit)
        )
        state = f"{source.title} – failed: {source.last_error}" if source.last_error else source.title
        table.add_row(*(Text(value) for value in (source.address, source.kind, last, planned, state)))
    out.print(table)


def unfollow(context: typer.Context, addresses: list[str], as_json: AsJson = False) -> None:
    """Visit these feeds and pages no longer; their articles stay."""
    with open_assistant(context) as assistant:
        gone = assistant.unfollow(addresses)
    end_with(
        gone,
        asked=addresses,
        name="unfollowed",
        unknown=lambda address: f"{address} is not followed; `fundstelle sources` lists what is.",
        as_json=as_json,
    )


def _columns(given: Iterable[str]) -> dict[str, str | int]:
    """``text=Inhalt`` and ``title=2`` as what a column is → its name or number."""
    columns: dict[str, str | int] = {}
    for pair in given:
        what, _, column = pair.partition("=")
        if not what.strip() or not column.strip():
            raise SettingsError(
                f"--column {pair}: say what the column is and which one, like --column text=Inhalt or --column title=2."
            )
        columns[what.strip()] = int(column) if column.strip().isdecimal() else column.strip()
    return columns
