"""What is searched, in words and as a form: the articles, their languages, outlets and days, and the filters that limit them.

Every word that came from outside is escaped. Not here: searching.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from html import escape
from typing import TYPE_CHECKING

from assistant.web.cards import counted
from assistant.web.local import date_text, language_name, number_text
from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from assistant.types import Searched
    from assistant.web.texts import Language
    from vectorstore.catalogue import Scope
    from vectorstore.types import Filters

LANGUAGES_NAMED = 4


def day_text(day: date, *, language: Language) -> str:
    """A day in the reader's words."""
    return date_text(datetime.combine(day, time(), UTC), precision="day", language=language)


def period_text(since: date | None, until: date | None, *, language: Language) -> str:
    """The days from ``since`` to ``until``, either of which may be open."""
    key = "on_day" if since and since == until else "from_to" if since and until else "from_on" if since else "up_to"
    first, last = (day_text(day, language=language) if day else "" for day in (since, until))
    return TEXTS[language][key].format(since=first, until=last)


def searched_html(searched: Searched, scope: Scope | None, *, language: Language) -> str:
    """What was searched when nothing answers: the question's words, how many articles of which languages and days, and the filters."""
    words = TEXTS[language]
    rows = [(words["searched_question"], searched.question)]
    if scope:
        rows.append((words["searched_articles"], counted("articles", scope.articles, language=language)))
        named = [language_name(tag, language=language) or words["unknown_language"] for tag in scope.languages]
        more = len(named) - LANGUAGES_NAMED
        said = ", ".join(named[:LANGUAGES_NAMED]) + (f" {words['and_more'].format(count=more)}" if more > 0 else "")
        if named:
            rows.append((words["searched_languages"], said))
        if scope.first and scope.last:
            days = f"{day_text(scope.first, language=language)} – {day_text(scope.last, language=language)}"
            undated = (
                f" ({words['and_undated'].format(count=number_text(scope.undated, language=language))})" if scope.undated else ""
            )
            rows.append((words["searched_days"], days + undated))
    chosen = [text for _, text in filter_texts(searched.filters, language=language)]
    if chosen:
        rows.append((words["searched_filters"], ", ".join(chosen)))
    listed = "".join(f'<dt>{escape(name)}</dt><dd dir="auto">{escape(value)}</dd>' for name, value in rows)
    return f'<dl class="searched" aria-label="{escape(words["searched_heading"])}">{listed}</dl>'


def filter_texts(filters: Filters, *, language: Language) -> list[tuple[str, str]]:
    """The filters that are set, each by its name and in words."""
    found = []
    if filters.language:
        found.append(("language", language_name(filters.language, language=language) or filters.language))
    if filters.source:
        found.append(("source", filters.source))
    if filters.since or filters.until:
        found.append(("period", period_text(filters.since, filters.until, language=language)))
    return found


def filters_html(filters: Filters, scope: Scope, *, language: Language, editing: bool = False) -> str:
    """The line above the question box: the filters that are set, each removable, and the form behind a button. ``editing`` says so."""
    words = TEXTS[language]
    chips = "".join(
        f'<li class="chip"><span dir="auto">{escape(text)}</span><button type="button" class="unfilter" data-filter="{name}" '
        f'aria-label="{escape(words["unfilter"].format(filter=text))}"></button></li>'
        for name, text in filter_texts(filters, language=language)
    )
    state = (
        f'<p class="editing">{escape(words["editing"])} <button type="button" class="quiet" data-tool="cancel-edit">'
        f"{escape(words['cancel'])}</button></p>"
        if editing
        else ""
    )
    listed = f'<ul class="chips" aria-label="{escape(words["filters"])}">{chips}</ul>' if chips else ""
    chosen = {"language": filters.language, "source": filters.source, "since": filters.since, "until": filters.until}
    kept = json.dumps(
        {name: str(value) for name, value in chosen.items() if value}
    )  # the tab keeps it for when it is loaded anew
    return f'<div class="filter-line" data-filters="{escape(kept)}">{state}{_form_html(filters, scope, language=language)}{listed}</div>'


def _form_html(filters: Filters, scope: Scope, *, language: Language) -> str:
    words = TEXTS[language]

    def options(counts: dict[str, str], chosen: str | None) -> str:
        listed = counts if chosen is None or chosen in counts else {**counts, chosen: chosen}
        made = "".join(
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
            for value, text in listed.items()
        )
        return f'<option value="">{escape(words["any"])}</option>{made}'

    languages = {
        tag: f"{language_name(tag, language=language) or words['unknown_language']} ({number_text(count, language=language)})"
        for tag, count in scope.languages.items()
    }
    outlets = {name: f"{name} ({number_text(count, language=language)})" for name, count in scope.outlets.items() if name}
    bounds = "".join(f' {name}="{day.isoformat()}"' for name, day in (("min", scope.first), ("max", scope.last)) if day)

    def day(name: str, value: date | None) -> str:
        shown = f' value="{value.isoformat()}"' if value else ""
        return f'<label>{escape(words[f"filter_{name}"])}<input type="date" name="{name}"{shown}{bounds}></label>'

    return (
        f'<details class="filter-panel"><summary>{escape(words["filter"])}</summary><form class="filter-form" novalidate>'
        f'<label>{escape(words["filter_language"])}<select name="language">{options(languages, filters.language)}</select></label>'
        f'<label>{escape(words["filter_source"])}<select name="source">{options(outlets, filters.source)}</select></label>'
        f"{day('since', filters.since)}{day('until', filters.until)}"
        f'<p class="form-ends"><button type="button" class="quiet" data-tool="clear-filters">{escape(words["filter_clear"])}</button>'
        f'<button type="submit" class="primary">{escape(words["filter_apply"])}</button></p></form></details>'
    )
