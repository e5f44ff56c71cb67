"""``ask``, ``search``, ``verify``: questions, and what proves their answers. Formatting only; ``assistant/qa.py`` answers."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from assistant.bundle import bundle_text, parse_bundle
from assistant.bundle_checks import verify_bundle
from assistant.commands.terminal import AsJson, Exit, cleaned, err, open_assistant, origin_of, print_json, show_text
from assistant.extractive import period_note
from assistant.quoted_dates import pieces
from assistant.types import SCHEMA, hit_to_dict
from vectorstore.errors import DocumentError, SettingsError
from vectorstore.languages import UNKNOWN, primary
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assistant.bundle_checks import Verification
    from assistant.qa import Assistant
    from assistant.types import Answer, Citation

Language = Annotated[str | None, typer.Option(help="Only articles in this language (de, en, ...).")]
Source = Annotated[str | None, typer.Option(help="Only articles of this outlet.")]
Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only articles published on this day or later.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only articles published on this day or earlier.")]
Undated = Annotated[bool, typer.Option("--undated", help="With a period: articles without a date too.")]


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
    with _keeping_garbage(), open_assistant(context) as assistant:
        filters = _filters(assistant, language, source, since, until, undated=undated)
        framing = _language_code(answer_language, option="--answer-language")
        answer = assistant.ask(question, filters=filters, answer_language=framing, detect_period=not no_period)
        if bundle:
            _write(bundle, bundle_text(assistant.bundle(answer, with_texts=not quotes_only)))
    if as_json:
        print_json(answer.to_dict())
    else:
        _print_answer(answer)


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
        with open_assistant(context) if context.obj else nullcontext() as assistant:
            stored = (lambda id_, version: assistant.article(id_, version=version)) if assistant else None
            verification = verify_bundle(document, stored=stored)
    except DocumentError as error:
        raise SettingsError(f"{file}: {error}") from error
    if as_json:
        print_json(verification.to_dict())
    else:
        _print_verification(verification)
    raise typer.Exit(Exit.DONE if verification.verified else Exit.SOME_FAILED)


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
    with open_assistant(context) as assistant:
        hits = assistant.search(
            question, limit=limit, filters=_filters(assistant, language, source, since, until, undated=undated)
        )
    if as_json:
        print_json({"schema": SCHEMA, "items": [hit_to_dict(hit) for hit in hits]})
        return
    for number, hit in enumerate(hits, start=1):
        show_text(
            Text(f"{number}. {hit.article.title or hit.article.id}", style="bold"), Text(origin_of(hit.article), style="dim")
        )
        show_text(Text(" ".join(hit.text.split())), "\n")


@contextmanager
def _keeping_garbage() -> Iterator[None]:
    """While this lasts, Python does not look for garbage, as it would again and again among what is being imported."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _filters(
    assistant: Assistant,
    language: str | None,
    source: str | None,
    since: date | None,
    until: date | None,
    *,
    undated: bool,
) -> Filters:
    day = [value.date() if isinstance(value, datetime) else value for value in (since, until)]
    if day[0] and day[1] and day[0] > day[1]:
        raise SettingsError(f"The period ends before it begins: --since {day[0]} --until {day[1]}.")
    language = _language_code(language, option="--language", spoken=lambda: assistant.scope().languages)
    return Filters(language=language, source=source, since=day[0], until=day[1], undated=undated)


def _print_answer(answer: Answer) -> None:
    if answer.searched.carried or answer.searched.rewritten:
        show_text(Text(f"→ {answer.searched.question}", style="dim"), "\n")
    if answer.searched.period:
        note = period_note(answer.searched.period, language=answer.language)
        show_text(
            Text(f"{note} --no-period", style="dim") if answer.searched.period.applied else Text(note, style="yellow"), "\n"
        )
    show_text(Text(answer.text))
    for sentence in answer.sentences:
        if sentence.support in {"unsupported", "uncited"}:
            said = " ".join(answer.text[sentence.start : sentence.end].split())
            show_text(Text(f"? “{said}”: {sentence.reason}", style="yellow"))
    if answer.notice:
        err.print(Text(answer.notice, style="yellow"))
    for citation in answer.citations:
        _print_citation(citation, language=answer.language)
    if answer.pending:
        err.print(f"{answer.pending} articles are not searchable yet; `fundstelle add` finishes them.")


def _print_citation(citation: Citation, *, language: str) -> None:
    show_text(Text(f"\n[{citation.number}] {citation.title or citation.article_id}", style="bold"))
    show_text(Text(origin_of(citation), style="dim"))
    if citation.also_in:
        show_text(Text(f"also in: {', '.join(citation.also_in)}", style="dim"))
    shown = Text(" ".join(citation.context_before.split()) + " ", style="dim")
    for piece, is_date in pieces(citation, language=language):
        shown.append(piece, style="cyan" if is_date else "not dim bold")
    shown.append(" " + " ".join(citation.context_after.split()), style="dim")
    show_text(shown)
    if citation.translation:
        show_text(Text(f"{citation.translated_by}: {citation.translation}", style="italic"))


def _print_verification(verification: Verification) -> None:
    for check in verification.failed:
        what = f"[{check.citation}]" if check.citation is not None else check.article_id or check.name
        show_text(cleaned(f"✗ {what}: {check.detail}", style="red"))
    quotes = sum(check.name == "quote" for check in verification.checks)
    if verification.verified:
        compared = "their articles" if verification.texts else "their hashes (the bundle has no whole articles)"
        show_text(
            Text(
                f"✓ {quotes} {'quote' if quotes == 1 else 'quotes'}, compared with {compared}: nothing was changed.",
                style="green",
            )
        )
    else:
        show_text(Text(f"{len(verification.failed)} of {len(verification.checks)} checks failed."))


def _write(file: Path, content: bytes) -> None:
    """``content`` as ``file``, whole or not at all."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(file)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SettingsError(f"{file} cannot be written: {error.strerror}.") from error


def _language_code(given: str | None, *, option: str, spoken: Callable[[], Iterable[str]] = tuple) -> str | None:
    """The code of the language that an option names ("de" of "de-AT"); ``spoken`` are those of the articles, for who names none."""
    if given is None or given.strip().lower() == UNKNOWN:
        return given and UNKNOWN
    from babel import Locale

    code = primary(given)
    if code != UNKNOWN and code in Locale("en").languages:
        return code
    those = ", ".join(sorted(spoken()))
    raise SettingsError(
        f"{option} {given}: this is no code of a language. Write one like de or en{f'; the articles here have {those}' if those else ''}."
    )
