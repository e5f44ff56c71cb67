"""The ``fundstelle`` command: arguments in, results on standard output, progress and messages on standard error.

Puts the commands together. Not here: the commands (``assistant/commands``), what they do (``qa.py``). Heavy libraries are loaded by the commands that need them.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.asking import ask, search, verify
from assistant.commands.collecting import add, refresh, sources, unfollow
from assistant.commands.holding import articles, feedback, remove, show
from assistant.commands.running import doctor, evaluate, reindex, serve
from assistant.commands.terminal import Exit, cleaned, err, out
from vectorstore.errors import FundstelleError, SettingsError

app = typer.Typer(
    name="fundstelle",
    help="Ask news articles in any language; every answer points at the exact words that say so.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; a known error ends with its message, without a traceback."""
    try:
        app()
    except SettingsError as error:
        err.print(cleaned(f"Error: {error}", style="red"))
        sys.exit(Exit.USAGE)
    except FundstelleError as error:
        err.print(cleaned(f"Error: {error}", style="red"))
        sys.exit(Exit.SOME_FAILED)
    except SystemExit as ended:  # typer makes one of the keyboard's interrupt
        if ended.code == Exit.INTERRUPTED:
            err.print("Stopped. What was stored stays; run the same command again to go on.")
        raise


def _print_version(asked: bool) -> None:
    if asked:
        out.print(f"fundstelle {version('fundstelle')}")
        raise typer.Exit(Exit.DONE)


@app.callback()
def _options(
    context: typer.Context,
    library: Annotated[
        Path | None, typer.Option(help="Folder of the library (default: FUNDSTELLE_LIBRARY or the platform's data folder).")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    context.obj = library


for command in (add, refresh, sources, unfollow, ask, verify, search, articles, show, remove, feedback, reindex, serve):
    app.command()(command)
app.command(name="eval")(evaluate)
app.command()(doctor)
