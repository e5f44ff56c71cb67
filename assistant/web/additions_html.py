"""Adding to the library as HTML: the places to put addresses and text, how far an addition has come, and what became of each item.

Formatting only; every word that came from outside is escaped. Not here: carrying additions out (``additions``).
"""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, Protocol

from assistant.web.cards import counted
from assistant.web.local import number_text
from assistant.web.reasons import reason_html
from assistant.web.texts import TEXTS
from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.web.additions import Addition, AdditionKind
    from assistant.web.texts import Language
    from vectorstore.indexes import IndexProgress

UPLOAD_MEGABYTES: Final = 25
ITEMS_LISTED: Final = 100
UNCHANGED_LISTED: Final = 10
"""Of more items than this, those that brought nothing new are counted only."""
UNTITLED_TEXT: Final = "pasted text"
"""What ``ingest`` calls a text without a title and an address."""
OF_FILES: Final = frozenset({"files", "samples"})
STATUSES: Final = ("added", "updated", "duplicate", "unchanged", "skipped", "failed")


class Item(Protocol):
    """What became of one source: the fields that ``ingest`` reports of it."""

    @property
    def source(self) -> str:
        """The path or address as it was read."""

    @property
    def status(self) -> str:
        """One of ``STATUSES``."""

    @property
    def article_id(self) -> str | None:
        """The article that it became or already was."""

    @property
    def reason(self) -> str | None:
        """Why, where there is something to say."""

    @property
    def count(self) -> int:
        """How many files it stands for."""


def files_html(*, language: Language) -> str:
    """What is said above the place for files."""
    words = TEXTS[language]
    hint = escape(words["files_hint"].format(most=UPLOAD_MEGABYTES))
    most = UPLOAD_MEGABYTES * 1024 * 1024
    return (
        f'<h2>{escape(words["files_heading"])}</h2><p class="hint" id="files-hint" data-most="{most}" '
        f'data-drop="{escape(words["files_drop"])}">{hint}</p>'
    )


def addresses_html(*, language: Language) -> str:
    """The place for addresses."""
    words = TEXTS[language]
    return (
        f'<form class="shelf-form" data-form="add-addresses"><label for="shelf-addresses">{escape(words["addresses_label"])}</label>'
        f'<textarea id="shelf-addresses" name="addresses" rows="4" required spellcheck="false" autocomplete="off" autocapitalize="off" '
        f'placeholder="https://…" aria-describedby="shelf-addresses-hint"></textarea>'
        f'<p class="hint" id="shelf-addresses-hint">{escape(words["addresses_hint"])}</p>'
        f'<label class="check"><input type="checkbox" name="feed"> {escape(words["addresses_feed"])}</label>'
        f'<button type="submit" class="shelf-button">{escape(words["add_addresses"])}</button></form>'
    )


def text_html(*, language: Language) -> str:
    """The place for a pasted text, folded away."""
    words = TEXTS[language]
    optional = f'<span class="optional">{escape(words["optional"])}</span>'
    fields = "".join(
        f'<label>{escape(words[f"text_{name}"])} {optional}<input type="{kind}" name="{name}" autocomplete="off" maxlength="2000"></label>'
        for name, kind in (("title", "text"), ("source", "text"), ("published", "date"), ("url", "url"))
    )
    return (
        f'<details class="shelf-text"><summary>{escape(words["text_heading"])}</summary><form class="shelf-form" data-form="add-text" novalidate>'
        f'<label>{escape(words["text_label"])}<textarea name="text" rows="9" required></textarea></label><div class="fields">{fields}</div>'
        f'<button type="submit" class="shelf-button">{escape(words["add_text"])}</button></form></details>'
    )


def additions_html(additions: Sequence[Addition], *, language: Language, rejoin: str = "") -> str:
    """The additions of a reader, the newest first. ``rejoin`` is one under way that this page does not follow yet.

    What ended before the newest one began is folded to a line.
    """
    again = f' data-rejoin="{escape(rejoin)}"' if rejoin else ""
    shown = "".join(
        addition_html(addition, folded=addition.ended and position > 0, language=language)
        for position, addition in enumerate(additions)
    )
    return f'<div class="additions"{again}>{shown}</div>' if shown else ""


def addition_html(addition: Addition, *, folded: bool = False, language: Language) -> str:
    """One addition: how far it has come, or what became of it; ``folded`` if that is only shown when the reader wants it."""
    if addition.ended:
        inner = ended_html(addition, folded=folded, language=language)
    else:
        inner = running_html(addition, language=language)
    ended = f" data-ended{' data-folded' if folded else ''}" if addition.ended else ""
    return f'<section class="addition" data-addition="{escape(addition.id)}" data-kind="{addition.kind}"{ended}>{inner}</section>'


def running_html(addition: Addition, *, language: Language) -> str:
    """An addition under way: its step, a bar, the last item and a way to stop."""
    words = TEXTS[language]
    step, done, total = step_text(addition, language=language)
    amount = f' value="{done}" max="{total}"' if total else ""
    last = (
        item_html(addition.items[-1], kind=addition.kind, opens=False, language=language) if addition.items else "<li>&nbsp;</li>"
    )
    stop = (
        ""
        if addition.stop.is_set()
        else f'<button type="button" class="shelf-button" data-shelf="stop">{escape(words["stop"])}</button>'
    )
    return (
        f'<div class="addition-line"><p class="working">{escape(kind_text(addition, language=language))}: {escape(step)}</p>{stop}</div>'
        f'<progress aria-label="{escape(words["progress"])}"{amount}></progress><ul class="report last">{last}</ul>'
    )


def step_text(addition: Addition, *, language: Language) -> tuple[str, int, int | None]:
    """What is being done, and how much of it: done and, where it is known, in all."""
    words = TEXTS[language]
    reading = addition.steps.get("reading")
    indexing = [step for name, step in addition.steps.items() if name != "reading"]
    if addition.stop.is_set():
        return words["stopping"], 0, None
    if not addition.begun:
        return words["waiting"], 0, None
    if reading and reading.total and reading.articles >= reading.total and indexing:
        return _amount("indexing", indexing[-1], language=language)
    if reading and reading.articles:
        return _amount("reading", reading, language=language)
    if addition.items:
        told = number_text(len(addition.items), language=language)
        return words["reading_done"].format(done=told), 0, None
    return words["reading" if addition.steps else "beginning"], 0, None


def _amount(name: str, step: IndexProgress, *, language: Language) -> tuple[str, int, int | None]:
    words, done = TEXTS[language], number_text(step.articles, language=language)
    if step.total:
        told = words[f"{name}_of"].format(done=done, total=number_text(step.total, language=language))
        return told, min(step.articles, step.total), step.total
    return (words["reading_done"].format(done=done) if name == "reading" else words[name]), 0, None


def ended_html(addition: Addition, *, folded: bool, language: Language) -> str:
    """An addition that has ended: the counts, what failed, and then what became of the rest. ``folded`` its counts are a button that shows the rest."""
    words = TEXTS[language]
    told = f"{kind_text(addition, language=language)}: {ended_text(addition, language=language)}"
    failure = ""
    if addition.failure is not None:
        message = str(addition.failure) if isinstance(addition.failure, FundstelleError) else words["failed_unexpectedly"]
        failure = f'<p class="bad" dir="auto">{escape(message)}</p>'
        told = f"{told}. {message}"
    counts = (
        f"{escape(kind_text(addition, language=language))}: <strong>{escape(ended_text(addition, language=language))}</strong>"
    )
    report = report_html(addition.items, kind=addition.kind, language=language)
    if folded and (failure or report):
        counts = f'<button type="button" class="unfold" data-shelf="unfold" aria-expanded="false">{counts}</button>'
    return (
        f'<div class="addition-line"><p class="sum" data-said="{escape(told)}">{counts}</p>'
        f'<button type="button" class="dismiss" data-shelf="dismiss" aria-label="{escape(words["dismiss"])}"><span aria-hidden="true">×</span></button>'
        f"</div>{failure}{report}"
    )


def ended_text(addition: Addition, *, language: Language) -> str:
    """How many items ended how."""
    words, counts = TEXTS[language], Counter[str]()
    for item in addition.items:
        counts[item.status] += item.count
    keys = {status: f"ended_{status}" for status in STATUSES} | (
        {"failed": "ended_failed_visit"} if addition.kind == "visit" else {}
    )
    parts = [
        words[keys[status]].format(count=number_text(counts[status], language=language)) for status in STATUSES if counts[status]
    ]
    parts += [words["ended_stopped"]] if addition.stop.is_set() else []
    return " · ".join(parts) or ("" if addition.failure else words["ended_nothing"])


def kind_text(addition: Addition, *, language: Language) -> str:
    """What is being added."""
    if addition.kind in {"text", "samples"}:
        return TEXTS[language][f"adding_{addition.kind}"]
    return counted(f"adding_{addition.kind}", addition.count, language=language)


def report_html(items: Sequence[Item], *, kind: AdditionKind, language: Language) -> str:
    """What became of each item, with the reason where there is one; what failed comes first, and of many only so many are listed."""
    if len(items) > UNCHANGED_LISTED:
        items = [item for item in items if item.status != "unchanged" or item.reason]
    if not items:
        return ""
    ordered = sorted(items, key=lambda item: item.status != "failed")
    rows = "".join(item_html(item, kind=kind, language=language) for item in ordered[:ITEMS_LISTED])
    if len(ordered) > ITEMS_LISTED:
        left = number_text(len(ordered) - ITEMS_LISTED, language=language)
        rows += f'<li class="left">{escape(TEXTS[language]["items_more"].format(count=left))}</li>'
    return f'<ul class="report">{rows}</ul>'


def item_html(item: Item, *, kind: AdditionKind, opens: bool = True, language: Language) -> str:
    """One item: its name, which ``opens`` the article, its status, the reason; a file is named without the folder that uploads go to.

    One that failed without a reason was never tried: it is no address, or the file is too large.
    """
    words, of_files = TEXTS[language], kind in OF_FILES
    name = PurePath(item.source).name if of_files else words["adding_text"] if item.source == UNTITLED_TEXT else item.source
    status = escape(words["failed_visit"] if kind == "visit" and item.status == "failed" else words.get(item.status, item.status))
    # The reader knows the file by its name, not by the folder that uploads go to.
    why = (item.reason or "").removeprefix(f"{item.source}: ").replace(item.source, name)
    reason = reason_html(why, language=language)
    if item.status == "failed" and not why:
        told = words["too_large"].format(most=UPLOAD_MEGABYTES) if of_files else words["no_address"].format(line=name)
        reason = f'<span class="why" dir="auto">{escape(told)}</span>'
    tone = {"failed": "bad", "skipped": "left"}.get(item.status, "good")
    shown = escape(name)
    if opens and item.article_id and item.status != "failed":
        shown = f'<button type="button" class="open-article quiet" data-article="{escape(item.article_id)}" dir="auto">{shown}</button>'
    return f'<li><span class="file" dir="auto">{shown}</span> <span class="{tone}">{status}</span>{reason}</li>'
