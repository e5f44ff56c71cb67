"""``articles``, ``show``, ``remove``, ``feedback``: what a library holds. Formatting only; ``assistant/holdings.py`` and ``kept.py`` know it."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from assistant.commands.terminal import (
    AsJson,
    cleaned,
    day_of,
    end_with,
    err,
    open_assistant,
    origin_of,
    out,
    print_json,
    show_text,
)
from assistant.exchange import article_facts
from assistant.types import SCHEMA, plain


def articles(context: typer.Context, as_json: AsJson = False) -> None:
    """List what is in the library, newest first."""
    with open_assistant(context) as assistant:
        listed = assistant.articles()
        if as_json:
            print_json(
                {
                    "schema": SCHEMA,
                    "items": [{**article_facts(article), "state": assistant.library.state(article)} for article in listed],
                }
            )
            return
    if not listed:
        err.print("No articles yet. Add some: fundstelle add FILE, or fundstelle add --samples.")
        return
    table = Table("id", "date", "language", "outlet", "title", box=None, pad_edge=False)
    for article in listed:
        table.add_row(*(Text(value) for value in (article.id, day_of(article), article.language, article.source, article.title)))
    out.print(table)


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
    with open_assistant(context) as assistant:
        article = assistant.article(article_id, version=version)
        passages = assistant.library.passages(article)
        repeated = assistant.article(article.duplicate_of) if article.duplicate_of else None
        also_in = assistant.library.catalogue().also_in(article.id)
    if as_json:
        furniture = [{"start": mark.start, "end": mark.end, "reason": mark.reason} for mark in article.furniture]
        spans = [{"start": passage.start, "end": passage.end} for passage in passages]
        print_json(
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
    show_text(Text(article.title or article.id, style="bold"))
    show_text(Text(origin_of(article), style="dim"))
    if repeated:
        show_text(Text(f"says the same as: {repeated.title or repeated.id} · {origin_of(repeated)} · {repeated.id}", style="dim"))
    if also_in:
        show_text(Text(f"also in: {', '.join(also_in)}", style="dim"))
    show_text("")
    shown = Text(article.text)
    for mark in article.furniture:
        shown.stylize("dim strike", mark.start, mark.end)
    show_text(shown)


def remove(context: typer.Context, article_ids: list[str], as_json: AsJson = False) -> None:
    """Remove articles: text, versions, original bytes and index entries."""
    with open_assistant(context) as assistant:
        removed = assistant.remove(article_ids)
    end_with(
        removed,
        asked=article_ids,
        name="removed",
        unknown=lambda article_id: f"There is no article {article_id!r}; `fundstelle articles` lists what is there.",
        as_json=as_json,
    )


def feedback(context: typer.Context, as_json: AsJson = False) -> None:
    """List what readers of the page think of answers, the newest first; --json has the whole answers."""
    with open_assistant(context) as assistant:
        listed = assistant.feedback()
    if as_json:
        print_json({"schema": SCHEMA, "items": [given.to_dict() for given in listed]})
        return
    if not listed:
        err.print("No feedback yet. Readers give it below the answers of the page: fundstelle serve.")
        return
    table = Table(
        "when", "verdict", Column("question", overflow="fold"), Column("note", overflow="fold"), box=None, pad_edge=False
    )
    for given in listed:
        when = f"{given.given_at:%Y-%m-%d %H:%M}" if given.given_at else ""
        table.add_row(*(cleaned(value) for value in (when, given.verdict, given.answer.question, given.note)))
    out.print(table)


def _show_versions(context: typer.Context, article_id: str, *, as_json: bool) -> None:
    from ingest.versions import changes

    with open_assistant(context) as assistant:
        listed = assistant.library.versions(article_id)
        texts = [assistant.article(article_id, version=known.version) for known in listed]
    changed = [*(changes(old, new) for new, old in pairwise(texts)), []]  # the first one changed nothing
    if as_json:
        items = [
            {**plain(asdict(known)), "changes": [asdict(change) for change in made]}
            for known, made in zip(listed, changed, strict=True)
        ]
        print_json({"schema": SCHEMA, "id": article_id, "versions": items})
        return
    for known, made in zip(listed, changed, strict=True):
        show_text(
            Text(f"{known.version[:12]}  {known.state}  read {known.fetched_at:%Y-%m-%d %H:%M} UTC  {known.title}", style="bold")
        )
        for change in made:
            for sign, words, style in (("-", change.removed, "red"), ("+", change.added, "green")):
                for line in words.splitlines():
                    show_text(Text(f"  {sign} {line}", style=style))
