"""The ``fundstelle`` command: arguments in, results on standard output, progress and messages on standard error.

Formatting only: everything it shows comes from ``assistant.qa``. Heavy libraries are loaded by the commands that need them.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict
from datetime import date, datetime, timedelta
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from assistant.bundle import bundle_text, parse_bundle, verify_bundle
from assistant.exchange import article_facts
from assistant.extractive import period_note
from assistant.progress import showing, stopped_by_keyboard
from assistant.qa import Assistant
from assistant.quoted_dates import pieces
from assistant.types import SCHEMA, hit_to_dict, plain
from vectorstore.errors import DocumentError, FundstelleError, SettingsError
from vectorstore.settings import read_settings
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assistant.bundle import Verification
    from assistant.types import Answer, Citation
    from ingest.pipeline import IngestReport
    from vectorstore.indexes import IndexProgress
    from vectorstore.types import Article


class Exit(IntEnum):
    """What the process ends with."""

    DONE = 0
    SOME_FAILED = 1
    USAGE = 2
    INTERRUPTED = 130


app = typer.Typer(
    name="fundstelle",
    help="Ask news articles in any language; every answer points at the exact words that say so.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_FAR = 3000
"""A visit planned for such a year is none."""
_out = Console(highlight=False, markup=False)
_err = Console(stderr=True, highlight=False, markup=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Language = Annotated[str | None, typer.Option(help="Only articles in this language (de, en, ...).")]
Source = Annotated[str | None, typer.Option(help="Only articles of this outlet.")]
Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only articles published on this day or later.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only articles published on this day or earlier.")]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="Fetch from this machine and private networks too (or FUNDSTELLE_ALLOW_PRIVATE).")
]
Undated = Annotated[bool, typer.Option("--undated", help="With a period: articles without a date too.")]


def main() -> None:
    """Run the command line; a known error ends with its message, without a traceback."""
    try:
        app()
    except SettingsError as error:
        _err.print(_cleaned(f"Error: {error}", style="red"))
        sys.exit(Exit.USAGE)
    except FundstelleError as error:
        _err.print(_cleaned(f"Error: {error}", style="red"))
        sys.exit(Exit.SOME_FAILED)
    except SystemExit as ended:  # typer makes one of the keyboard's interrupt
        if ended.code == Exit.INTERRUPTED:
            _err.print("Stopped. What was stored stays; run the same command again to go on.")
        raise


@app.callback()
def _options(
    context: typer.Context,
    library: Annotated[
        Path | None, typer.Option(help="Folder of the library (default: FUNDSTELLE_LIBRARY or the platform's data folder).")
    ] = None,
) -> None:
    context.obj = library


@app.command()
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
        message = "Nothing to add: name files, folders or addresses, - for standard input, or --samples."
        raise SettingsError(message)
    options = ReadOptions(feed=feed, delimiter=delimiter, quote=quote, header=header, columns=_columns(column or ()))
    with (
        _assistant(context, allow_private=allow_private or None) as assistant,
        stopped_by_keyboard(_err) as stop,
        showing(_err, quiet=as_json, sentences=assistant.settings.sentence_vectors) as taking_in,
    ):
        report = assistant.add(
            sources or (), samples=samples, options=options, stop=stop, on_item=taking_in.item, on_progress=taking_in.step
        )
    _print_report(report, as_json=as_json)
    raise typer.Exit(_exit_code(report))


@app.command()
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
    period = _duration(every) if every else None
    with _assistant(context, allow_private=allow_private or None) as assistant, stopped_by_keyboard(_err) as stop:
        if not assistant.sources():
            _err.print("Nothing is followed yet. Add the address of a feed or page: fundstelle add https://…")
        with assistant.keep_up() if period else nullcontext():
            while True:
                with showing(_err, quiet=as_json, sentences=assistant.settings.sentence_vectors) as taking_in:
                    report = assistant.refresh(
                        every_source=every_source, stop=stop, on_item=taking_in.item, on_progress=taking_in.step
                    )
                _print_report(report, as_json=as_json, nothing="nothing due")
                if period is None or stop.wait(period.total_seconds()):
                    break
    raise typer.Exit(Exit.INTERRUPTED if stop.is_set() else _exit_code(report))


@app.command()
def sources(context: typer.Context, as_json: AsJson = False) -> None:
    """List the feeds and pages that ``refresh`` visits."""
    with _assistant(context) as assistant:
        followed = assistant.sources()
    if as_json:
        _print_json({"schema": SCHEMA, "items": [plain(asdict(source)) for source in followed]})
        return
    if not followed:
        _err.print("Nothing is followed yet. Add the address of a feed or page: fundstelle add https://…")
        return
    table = Table(Column("address", overflow="fold"), "kind", "last visit", "next visit", "title", box=None, pad_edge=False)
    for source in followed:
        last, planned = (
            f"{at:%Y-%m-%d %H:%M}" if at and at.year < _FAR else "–" for at in (source.last_visit, source.next_visit)
        )
        state = f"{source.title} – failed: {source.last_error}" if source.last_error else source.title
        table.add_row(*(Text(value) for value in (source.address, source.kind, last, planned, state)))
    _out.print(table)


@app.command()
def unfollow(context: typer.Context, addresses: list[str], as_json: AsJson = False) -> None:
    """Visit these feeds and pages no longer; their articles stay."""
    with _assistant(context) as assistant:
        gone = assistant.unfollow(addresses)
    missing = [address for address in addresses if address not in gone]
    if as_json:
        _print_json({"schema": SCHEMA, "unfollowed": gone, "missing": missing})
    else:
        _out.print(f"unfollowed: {len(gone)}")
    for address in missing:
        _err.print(Text(f"{address} is not followed; `fundstelle sources` lists what is.", style="red"))
    raise typer.Exit(Exit.SOME_FAILED if missing else Exit.DONE)


@app.command()
def ask(
    context: typer.Context,
    question: str,
    language: Language = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    undated: Undated = False,
    answer_language: Annotated[str | None, typer.Option(help="Language of the framing (default: the question's).")] = None,
    no_period: Annotated[
        bool, typer.Option("--no-period", help="A time in the question (“since last week”) does not limit the articles.")
    ] = False,
    bundle: Annotated[
        Path | None, typer.Option(help="Also write the answer with what proves it to this file.", metavar="FILE")
    ] = None,
    quotes_only: Annotated[
        bool, typer.Option("--quotes-only", help="With --bundle: leave whole articles out, keep hashes and contexts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question with quotes, each with the place where it stands; says so if the articles do not answer."""
    with _keeping_garbage(), _assistant(context) as assistant:
        filters = _filters(language, source, since, until, undated=undated)
        answer = assistant.ask(question, filters=filters, answer_language=answer_language, detect_period=not no_period)
        if bundle:
            _write(bundle, bundle_text(assistant.bundle(answer, with_texts=not quotes_only)))
    if as_json:
        _print_json(answer.to_dict())
    else:
        _print_answer(answer)


@app.command()
def verify(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="A bundle that `fundstelle ask --bundle FILE` wrote, or a conversation that the page saved with evidence."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Check an evidence bundle: hashes, offsets, quotes, markers. Needs neither library nor network; with --library it compares with that too.

    Ends with 0 if all holds, 1 if something does not, 2 if the file is no bundle.
    """
    try:
        document = parse_bundle(file.read_bytes())
    except (OSError, DocumentError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"{file}: {reason}") from error
    try:
        with _assistant(context) if context.obj else nullcontext() as assistant:
            stored = (lambda id_, version: assistant.article(id_, version=version)) if assistant else None
            verification = verify_bundle(document, stored=stored)
    except DocumentError as error:
        raise SettingsError(f"{file}: {error}") from error
    if as_json:
        _print_json(verification.to_dict())
    else:
        _print_verification(verification)
    raise typer.Exit(Exit.DONE if verification.verified else Exit.SOME_FAILED)


@app.command()
def search(
    context: typer.Context,
    question: str,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many passages.")] = 10,
    language: Language = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    undated: Undated = False,
    as_json: AsJson = False,
) -> None:
    """Show the passages that match a question best, without answering it."""
    with _assistant(context) as assistant:
        hits = assistant.search(question, limit=limit, filters=_filters(language, source, since, until, undated=undated))
    if as_json:
        _print_json({"schema": SCHEMA, "items": [hit_to_dict(hit) for hit in hits]})
        return
    for number, hit in enumerate(hits, start=1):
        _show(Text(f"{number}. {hit.article.title or hit.article.id}", style="bold"), Text(_origin(hit.article), style="dim"))
        _show(Text(" ".join(hit.text.split())), "\n")


@app.command()
def articles(context: typer.Context, as_json: AsJson = False) -> None:
    """List what is in the library, newest first."""
    with _assistant(context) as assistant:
        listed = assistant.articles()
        if as_json:
            _print_json(
                {
                    "schema": SCHEMA,
                    "items": [{**article_facts(article), "state": assistant.library.state(article)} for article in listed],
                }
            )
            return
    if not listed:
        _err.print("No articles yet. Add some: fundstelle add FILE, or fundstelle add --samples.")
        return
    table = Table("id", "date", "language", "outlet", "title", box=None, pad_edge=False)
    for article in listed:
        table.add_row(*(Text(value) for value in (article.id, _day(article), article.language, article.source, article.title)))
    _out.print(table)


@app.command()
def show(
    context: typer.Context,
    article_id: str,
    version: Annotated[str | None, typer.Option(help="An older version, by its hash or how that begins.")] = None,
    versions: Annotated[bool, typer.Option("--versions", help="List its versions and what changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one article: its text, what of it is page furniture, and what it repeats; or its versions."""
    if versions:
        _show_versions(context, article_id, as_json=as_json)
        return
    with _assistant(context) as assistant:
        article = assistant.article(article_id, version=version)
        passages = assistant.library.passages(article)
        repeated = assistant.article(article.duplicate_of) if article.duplicate_of else None
        also_in = assistant.library.catalogue().also_in(article.id)
    if as_json:
        furniture = [{"start": mark.start, "end": mark.end, "reason": mark.reason} for mark in article.furniture]
        spans = [{"start": passage.start, "end": passage.end} for passage in passages]
        _print_json(
            {
                "schema": SCHEMA,
                **article_facts(article),
                "also_in": list(also_in),
                "text": article.text,
                "furniture": furniture,
                "passages": spans,
            }
        )
        return
    _show(Text(article.title or article.id, style="bold"))
    _show(Text(_origin(article), style="dim"))
    if repeated:
        _show(Text(f"says the same as: {repeated.title or repeated.id} · {_origin(repeated)} · {repeated.id}", style="dim"))
    if also_in:
        _show(Text(f"also in: {', '.join(also_in)}", style="dim"))
    _show("")
    shown = Text(article.text)
    for mark in article.furniture:
        shown.stylize("dim strike", mark.start, mark.end)
    _show(shown)


@app.command()
def remove(context: typer.Context, article_ids: list[str], as_json: AsJson = False) -> None:
    """Remove articles: text, versions, original bytes and index entries."""
    with _assistant(context) as assistant:
        removed = assistant.remove(article_ids)
    missing = [article_id for article_id in article_ids if article_id not in removed]
    if as_json:
        _print_json({"schema": SCHEMA, "removed": removed, "missing": missing})
    else:
        _out.print(f"removed: {len(removed)}")
    for article_id in missing:
        _err.print(Text(f"There is no article {article_id!r}; `fundstelle articles` lists what is there.", style="red"))
    raise typer.Exit(Exit.SOME_FAILED if missing else Exit.DONE)


@app.command()
def feedback(context: typer.Context, as_json: AsJson = False) -> None:
    """List what readers of the page think of answers, the newest first; --json has the whole answers."""
    with _assistant(context) as assistant:
        listed = assistant.feedback()
    if as_json:
        _print_json({"schema": SCHEMA, "items": [given.to_dict() for given in listed]})
        return
    if not listed:
        _err.print("No feedback yet. Readers give it below the answers of the page: fundstelle serve.")
        return
    table = Table(
        "when", "verdict", Column("question", overflow="fold"), Column("note", overflow="fold"), box=None, pad_edge=False
    )
    for given in listed:
        when = f"{given.given_at:%Y-%m-%d %H:%M}" if given.given_at else ""
        table.add_row(*(_cleaned(value) for value in (when, given.verdict, given.answer.question, given.note)))
    _out.print(table)


@app.command()
def reindex(
    context: typer.Context,
    extract: Annotated[
        bool, typer.Option("--extract", help="Instead, make the articles anew from their kept original bytes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild both indexes from the articles: for another embedding model or dictionary, or a damaged index. The old ones answer meanwhile."""
    if extract:
        with (
            _assistant(context) as assistant,
            stopped_by_keyboard(_err) as stop,
            showing(_err, quiet=True, sentences=assistant.settings.sentence_vectors) as taking_in,
        ):
            report = assistant.extract_again(stop=stop, on_item=taking_in.item, on_progress=taking_in.step)
        _print_report(report, as_json=as_json)
        raise typer.Exit(_exit_code(report))
    from assistant.web.beside import answering_others

    with _assistant(context) as assistant, ExitStack() as meanwhile, _progress() as on_progress:
        if assistant.can_answer():  # else whoever asks is told that the library is in use
            meanwhile.enter_context(answering_others(assistant))
        count = assistant.reindex(on_progress=on_progress)
    if as_json:
        _print_json({"schema": SCHEMA, "articles": count})
    else:
        _out.print(f"reindexed: {count}")


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to listen on; another than this machine's own only with --auth.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 7860,
    samples_if_empty: Annotated[
        bool, typer.Option("--samples-if-empty", help="Add the samples to an empty library first.")
    ] = False,
    refresh: Annotated[
        str,
        typer.Option(
            help="How often to see which of the feeds and pages that were added are due for a visit: 15m, 2h ... or never.",
            metavar="TIME",
        ),
    ] = "15m",
    mcp: Annotated[
        bool,
        typer.Option("--mcp", help="Also serve ask, search, add and articles as tools of the Model Context Protocol, at /mcp."),
    ] = False,
    auth: Annotated[
        list[str] | None,
        typer.Option(
            metavar="USER:PASSWORD",
            help="Only for those who log in; may be repeated. FUNDSTELLE_AUTH keeps it out of the list of processes.",
        ),
    ] = None,
    trusted_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Another name or address by which the page is called; may be repeated."),
    ] = None,
    allow_private: AllowPrivate = False,
) -> None:
    """Serve the web page: on this machine, or with --auth for others."""
    from assistant.web.logins import Logins
    from assistant.web.server import check_reach
    from assistant.web.server import serve as serve_page

    period = None if refresh == "never" else _duration(refresh)
    with _assistant(context, allow_private=allow_private or None) as assistant:
        logins = Logins(auth or assistant.settings.logins)
        check_reach(host, logins=logins, trusted=trusted_host or ())
        if samples_if_empty and not assistant.article_count():
            with showing(_err, quiet=True, sentences=assistant.settings.sentence_vectors) as taking_in:
                assistant.add(samples=True, on_item=taking_in.item, on_progress=taking_in.step)
        uploads = assistant.settings.cache / "uploads"
        with assistant.keep_up(refresh_every=period):
            serve_page(
                assistant,
                host=host,
                port=port,
                uploads=uploads,
                mcp=mcp,
                logins=logins,
                trusted=trusted_host or (),
                announce=lambda address: _err.print(f"Serving on {address}" + (f", tools on {address}mcp" if mcp else "")),
            )


@app.command(name="eval")
def evaluate(
    folders: Annotated[list[Path], typer.Argument(help="Folders in BEIR layout.")],
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Fit the answerability weights on these folders and write them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure retrieval, quoting and declining on folders in BEIR layout."""
    from assistant.evaluation import calibrate_on, evaluate_folders, results_table

    settings = read_settings()
    with _progress(unit="questions") as on_progress:
        if calibrate:
            _err.print(Text(calibrate_on(folders, settings=settings, on_progress=on_progress)))
            return
        measured = evaluate_folders(folders, settings=settings, on_progress=on_progress)
    if as_json:
        _print_json({"schema": SCHEMA, "datasets": [result.to_dict() for result in measured]})
    else:
        _out.print(results_table(measured))


@app.command()
def doctor(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Compare the articles with both indexes and the sentence vectors instead.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Compare, and mend what can be mended; no article is ever removed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is installed and configured, what is missing, and the command that adds it. Ends with 1 if something is wrong."""
    from assistant.doctor import compare, examine

    settings = read_settings(library=context.obj)
    if check or repair:
        with _progress() as on_progress:
            findings = compare(settings, repair=repair, on_progress=on_progress)
    else:
        findings = examine(settings)
    if as_json:
        _print_json({"schema": SCHEMA, "items": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _show(
                Text("✓ " if finding.fine else "✗ ", style="green" if finding.fine else "red"),
                Text(f"{finding.name}: {'mended: ' if finding.mended else ''}{finding.found}"),
                sep="",
            )
            if finding.lost and not finding.fine:
                _show(Text(f"  lost: {finding.lost}"))
            if finding.remedy:
                _show(Text(f"  → {finding.remedy}", style="yellow"))
    raise typer.Exit(Exit.DONE if all(finding.fine for finding in findings) else Exit.SOME_FAILED)


def _show_versions(context: typer.Context, article_id: str, *, as_json: bool) -> None:
    from ingest.versions import changes

    with _assistant(context) as assistant:
        listed = assistant.library.versions(article_id)
        texts = [assistant.article(article_id, version=known.version) for known in listed]
    changed = [*(changes(old, new) for new, old in pairwise(texts)), []]  # the first one changed nothing
    if as_json:
        items = [
            {**plain(asdict(known)), "changes": [asdict(change) for change in made]}
            for known, made in zip(listed, changed, strict=True)
        ]
        _print_json({"schema": SCHEMA, "id": article_id, "versions": items})
        return
    for known, made in zip(listed, changed, strict=True):
        _show(
            Text(f"{known.version[:12]}  {known.state}  read {known.fetched_at:%Y-%m-%d %H:%M} UTC  {known.title}", style="bold")
        )
        for change in made:
            for sign, words, style in (("-", change.removed, "red"), ("+", change.added, "green")):
                for line in words.splitlines():
                    _show(Text(f"  {sign} {line}", style=style))


@contextmanager
def _keeping_garbage() -> Iterator[None]:
    """While this lasts, Python does not look for garbage, as it would again and again among what is being imported."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _assistant(context: typer.Context, **given: Any) -> Assistant:
    return Assistant.open(settings=read_settings(library=context.obj, **given))


def _columns(given: Iterable[str]) -> dict[str, str | int]:
    """``text=Inhalt`` and ``title=2`` as what a column is → its name or number."""
    columns: dict[str, str | int] = {}
    for pair in given:
        what, _, column = pair.partition("=")
        if not what.strip() or not column.strip():
            message = f"--column {pair}: say what the column is and which one, like --column text=Inhalt or --column title=2."
            raise SettingsError(message)
        columns[what.strip()] = int(column) if column.strip().isdecimal() else column.strip()
    return columns


def _duration(written: str) -> timedelta:
    """``15m``, ``2h``, ``1h30m``, ``90s`` as a span of time; at least a minute."""
    match = re.fullmatch(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", written.strip().lower())
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if span < timedelta(minutes=1):
        message = f"{written!r} is no time to wait: write 15m, 2h or 1h30m; at least a minute."
        raise SettingsError(message)
    return span


def _print_report(report: IngestReport, *, as_json: bool, nothing: str = "nothing found") -> None:
    document = report.to_dict()
    if as_json:
        _print_json(document)
        return
    counted = ("added", "updated", "unchanged", "duplicates", "failed", "skipped")
    _out.print(", ".join(f"{name}: {document[name]}" for name in counted if document[name]) or nothing)


def _exit_code(report: IngestReport) -> Exit:
    if report.stopped:
        return Exit.INTERRUPTED
    return Exit.SOME_FAILED if report.count("failed") else Exit.DONE


def _filters(language: str | None, source: str | None, since: date | None, until: date | None, *, undated: bool) -> Filters:
    day = [value.date() if isinstance(value, datetime) else value for value in (since, until)]
    if day[0] and day[1] and day[0] > day[1]:
        message = f"The period ends before it begins: --since {day[0]} --until {day[1]}."
        raise SettingsError(message)
    return Filters(language=language, source=source, since=day[0], until=day[1], undated=undated)


@contextmanager
def _progress(*, unit: str = "") -> Iterator[Callable[[IndexProgress], None]]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} " + unit),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_err, transient=True, disable=not _err.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def show_step(step: IndexProgress) -> None:
            if step.step not in tasks:
                tasks[step.step] = progress.add_task(step.step, total=None)
            progress.update(tasks[step.step], completed=step.articles)

        yield show_step


def _show(*shown: Text | str, sep: str = " ") -> None:
    """Text on standard output; in a pipe or file its lines are those of the text, whatever the width of a terminal."""
    _out.print(*shown, sep=sep, soft_wrap=not _out.is_terminal)


def _cleaned(words: str, *, style: str = "") -> Text:
    """Words of somebody else that did not come by way of an article, without what steers a terminal."""
    from ingest.encoding import clean_characters

    return Text(clean_characters(words), style=style)


def _print_json(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def _print_answer(answer: Answer) -> None:
    if answer.searched.carried or answer.searched.rewritten:
        _show(Text(f"→ {answer.searched.question}", style="dim"), "\n")
    if answer.searched.period:
        note = period_note(answer.searched.period, language=answer.language)
        _show(Text(f"{note} --no-period", style="dim") if answer.searched.period.applied else Text(note, style="yellow"), "\n")
    _show(Text(answer.text))
    for sentence in answer.sentences:
        if sentence.support in {"unsupported", "uncited"}:
            said = " ".join(answer.text[sentence.start : sentence.end].split())
            _show(Text(f"? “{said}”: {sentence.reason}", style="yellow"))
    if answer.notice:
        _err.print(Text(answer.notice, style="yellow"))
    for citation in answer.citations:
        _print_citation(citation, language=answer.language)
    if answer.pending:
        _err.print(f"{answer.pending} articles are not searchable yet; `fundstelle add` finishes them.")


def _print_citation(citation: Citation, *, language: str) -> None:
    _show(Text(f"\n[{citation.number}] {citation.title or citation.article_id}", style="bold"))
    _show(Text(_origin(citation), style="dim"))
    if citation.also_in:
        _show(Text(f"also in: {', '.join(citation.also_in)}", style="dim"))
    shown = Text(" ".join(citation.context_before.split()) + " ", style="dim")
    for piece, is_date in pieces(citation, language=language):
        shown.append(piece, style="cyan" if is_date else "not dim bold")
    shown.append(" " + " ".join(citation.context_after.split()), style="dim")
    _show(shown)
    if citation.translation:
        _show(Text(f"{citation.translated_by}: {citation.translation}", style="italic"))


def _print_verification(verification: Verification) -> None:
    for check in verification.failed:
        what = f"[{check.citation}]" if check.citation is not None else check.article_id or check.name
        _show(_cleaned(f"✗ {what}: {check.detail}", style="red"))
    quotes = sum(check.name == "quote" for check in verification.checks)
    if verification.verified:
        compared = "their articles" if verification.texts else "their hashes (the bundle has no whole articles)"
        _show(
            Text(
                f"✓ {quotes} {'quote' if quotes == 1 else 'quotes'}, compared with {compared}: nothing was changed.",
                style="green",
            )
        )
    else:
        _show(Text(f"{len(verification.failed)} of {len(verification.checks)} checks failed."))


def _write(file: Path, content: bytes) -> None:
    """``content`` as ``file``, whole or not at all."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(file)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SettingsError(f"{file} cannot be written: {error.strerror}.") from error


def _origin(item: Article | Citation) -> str:
    return " · ".join(part for part in (item.source, _day(item), item.language, item.url or "") if part)


def _day(item: Article | Citation) -> str:
    if item.published_at is None:
        return "undated"
    width = {"year": 4, "month": 7}.get(item.published_precision or "day", 10)
    return item.published_at.date().isoformat()[:width]
