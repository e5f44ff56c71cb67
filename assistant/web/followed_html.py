"""The feeds and pages that are followed, as HTML: when each was visited, when it will be, and what went wrong.

Formatting only; every word that came from outside is escaped. Not here: when a visit is due (``ingest.schedule``).
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from assistant.web.local import date_attribute, date_text, distance_text, number_text
from assistant.web.reasons import reason_text
from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from assistant.web.texts import Language
    from vectorstore.sources import Source

RESTS_FROM_YEAR = 9999
"""A next visit in this year means none."""


def followed_html(sources: Sequence[Source], *, now: datetime, language: Language, unfollowed: str = "") -> str:
    """The followed sources as a table; ``unfollowed`` is an address that was taken from it just now."""
    words = TEXTS[language]
    gone = ""
    if unfollowed:
        told = escape(words["unfollowed"].format(address=unfollowed))
        gone = (
            f'<p class="unfollowed" data-said="{told}" dir="auto">{told} <button type="button" class="quiet" data-shelf="follow" '
            f'data-address="{escape(unfollowed)}">{escape(words["follow_again"])}</button></p>'
        )
    heading = f'<h2 id="followed-heading">{escape(words["sources_heading"])}</h2>'
    count = f' data-count="{len(sources)}"'
    if not sources:
        return f'<section class="followed"{count}>{heading}{gone}<p class="hint">{escape(words["sources_none"])}</p></section>'
    rows = "".join(source_row_html(source, now=now, language=language) for source in sources)
    columns = ("address", "kind", "last", "next")
    heads = "".join(
        f'<th scope="col" role="columnheader" class="{name}">{escape(words[f"source_{name}"])}</th>' for name in columns
    )
    actions = (
        f'<th scope="col" role="columnheader" class="actions"><span class="hidden">{escape(words["column_actions"])}</span></th>'
    )
    every = (
        f'<button type="button" class="shelf-button" data-shelf="visit-all">{escape(words["visit_all"])}</button>'
        if len(sources) > 1
        else ""
    )
    return (
        f'<section class="followed"{count}><div class="addition-line">{heading}{every}</div>{gone}'
        f'<table class="followed-table" role="table" aria-labelledby="followed-heading"><thead role="rowgroup"><tr role="row">{heads}{actions}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table></section>'
    )


def source_row_html(source: Source, *, now: datetime, language: Language) -> str:
    """One followed source."""
    words, address = TEXTS[language], escape(source.address)
    title = f'<span class="name" dir="auto">{escape(source.title)}</span>' if source.title else ""
    error = ""
    if source.last_error:
        several = source.failures > 1
        why = reason_text(source.last_error.removeprefix(f"{source.address}: "), language=language)
        key, count = "failures_many" if several else "failures_one", number_text(source.failures, language=language)
        told = words[key].format(count=count, error=why)
        error = f'<p class="bad" dir="auto">{escape(told)}</p>'
    last = moment_html(source.last_visit, now=now, language=language) if source.last_visit else escape(words["never_visited"])
    visit = escape(words["visit_source"].format(address=source.address))
    unfollow = escape(words["unfollow_source"].format(address=source.address))
    cells = [
        ("kind", escape(words.get(f"kind_{source.kind}", source.kind))),
        ("last", last),
        ("next", next_html(source, now=now, language=language)),
    ]
    inner = "".join(
        f'<td role="cell" class="{name}" data-label="{escape(words[f"source_{name}"])}">{cell}</td>' for name, cell in cells
    )
    return (
        f'<tr role="row"><th scope="row" role="rowheader" class="address">{title}<span class="url">{address}</span>{error}</th>{inner}'
        f'<td role="cell" class="actions"><button type="button" class="quiet" data-shelf="visit" data-address="{address}" aria-label="{visit}">'
        f'{escape(words["visit_now"])}</button> <button type="button" class="quiet" data-shelf="unfollow" data-address="{address}" '
        f'aria-label="{unfollow}">{escape(words["unfollow"])}</button></td></tr>'
    )


def next_html(source: Source, *, now: datetime, language: Language) -> str:
    """When a source is visited next."""
    words = TEXTS[language]
    if source.next_visit is None or source.next_visit <= now:
        return escape(words["next_due"])
    if source.next_visit.year >= RESTS_FROM_YEAR:
        return f'<span title="{escape(words["next_never_hint"])}">{escape(words["next_never"])}</span>'
    return moment_html(source.next_visit, now=now, language=language)


def moment_html(moment: datetime, *, now: datetime, language: Language) -> str:
    """How far away a moment is; the moment itself on hover."""
    shown = distance_text(moment, now=now, language=language) or TEXTS[language]["just_now"]
    whole = date_text(moment, precision="minute", language=language)
    return f'<time datetime="{date_attribute(moment, precision="minute")}" title="{escape(whole)}">{escape(shown)}</time>'
