"""``serve``, ``reindex``, ``doctor``, ``eval``: the page, and what keeps and measures the rest. Formatting only."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from assistant.commands.terminal import (
    AllowPrivate,
    AsJson,
    Exit,
    duration,
    err,
    exit_code,
    indexing_progress,
    open_assistant,
    out,
    print_json,
    print_report,
    show_text,
)
from assistant.progress import showing, stopped_by_keyboard
from assistant.types import SCHEMA
from vectorstore.settings import read_settings


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
            open_assistant(context) as assistant,
            stopped_by_keyboard(err) as stop,
            showing(err, quiet=True, sentences=assistant.settings.sentence_vectors) as taking_in,
        ):
            report = assistant.extract_again(stop=stop, on_item=taking_in.item, on_progress=taking_in.step)
        print_report(report, as_json=as_json)
        raise typer.Exit(exit_code(report))
    from assistant.web.beside import answering_others

    with open_assistant(context) as assistant, ExitStack() as meanwhile, indexing_progress() as on_progress:
        if assistant.can_answer():  # else whoever asks is told that the library is in use
            meanwhile.enter_context(answering_others(assistant))
        count = assistant.reindex(on_progress=on_progress)
    if as_json:
        print_json({"schema": SCHEMA, "articles": count})
    else:
        out.print(f"reindexed: {count}")


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

    period = None if refresh == "never" else duration(refresh)
    with open_assistant(context, allow_private=allow_private or None) as assistant:
        logins = Logins(auth or assistant.settings.logins)
        check_reach(host, logins=logins, trusted=trusted_host or ())
        if samples_if_empty and not assistant.article_count():
            with showing(err, quiet=True, sentences=assistant.settings.sentence_vectors) as taking_in:
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
                announce=lambda address: err.print(f"Serving on {address}" + (f", tools on {address}mcp" if mcp else "")),
            )


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
    with indexing_progress(unit="questions") as on_progress:
        if calibrate:
            err.print(Text(calibrate_on(folders, settings=settings, on_progress=on_progress)))
            return
        measured = evaluate_folders(folders, settings=settings, on_progress=on_progress)
    if as_json:
        print_json({"schema": SCHEMA, "datasets": [result.to_dict() for result in measured]})
    else:
        out.print(results_table(measured))


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
    from assistant.damage_report import compare
    from assistant.doctor import examine

    settings = read_settings(library=context.obj)
    if check or repair:
        with indexing_progress() as on_progress:
            findings = compare(settings, repair=repair, on_progress=on_progress)
    else:
        findings = examine(settings)
    if as_json:
        print_json({"schema": SCHEMA, "items": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            show_text(
                Text("✓ " if finding.fine else "✗ ", style="green" if finding.fine else "red"),
                Text(f"{finding.name}: {'mended: ' if finding.mended else ''}{finding.found}"),
                sep="",
            )
            if finding.lost and not finding.fine:
                show_text(Text(f"  lost: {finding.lost}"))
            if finding.remedy:
                show_text(Text(f"  → {finding.remedy}", style="yellow"))
    raise typer.Exit(Exit.DONE if all(finding.fine for finding in findings) else Exit.SOME_FAILED)
