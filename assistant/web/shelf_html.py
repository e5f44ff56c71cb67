"""The table of the Library view as HTML: its tools, its rows, what belongs to one of them, and what stands there when there are none.

Formatting only; every word that came from outside is escaped. Not here: adding (``additions_html``), what is followed (``followed_html``), reading an
article (``reader``).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, Literal

from assistant.web.cards import counted, language_attribute
from assistant.web.local import brief_date_text, date_attribute, date_text, language_name, number_text
from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from assistant.web.texts import Language
    from vectorstore.library import Version
    from vectorstore.shelf import Shelf, ShelfRow, Sort

PAGE_ROWS: Final = 50
COLUMNS: Final[tuple[Sort, ...]] = ("title", "source", "published", "language", "added", "state")
COPIES_LISTED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Browsing:
    """Which rows of the table are shown: ``page`` counts from 0, ``expanded`` is the article whose versions and copies are."""

    search: str = ""
    sort: Sort = "added"
    descending: bool = True
    page: int = 0
    expanded: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What belongs to the expanded row: its versions, the newest first, the articles that say the same, and the one that it says the same as."""

    versions: Sequence[Version] = ()
    copies: Sequence[ShelfRow] = ()
    original: ShelfRow | None = None


def tools_html(followed: int, *, language: Language) -> str:
    """What stays above the table while it changes: the search, the ways to add and to what is followed, and what is said to who cannot see."""
    words = TEXTS[language]
    label = escape(words["search_articles"])
    return (
        f'<div class="shelf-tools"><div class="shelf-search" role="search">'
        f'<input type="search" id="shelf-search" placeholder="{label}" aria-label="{label}" autocomplete="off" spellcheck="false" maxlength="200" '
        f'enterkeyhint="search"></div>'
        f'<button type="button" class="shelf-toggle" data-panel="shelf-followed" aria-expanded="false" aria-controls="shelf-followed">'
        f'{escape(words["sources_button"])} <span class="tally">{escape(number_text(followed, language=language))}</span></button>'
        f'<button type="button" class="shelf-toggle main" data-panel="shelf-add" aria-expanded="false" aria-controls="shelf-add">'
        f"{escape(words['add_more'])}</button></div>"
        f'<p class="hidden" id="shelf-said" role="status" lang="{language}"></p>'
    )


def table_html(
    shelf: Shelf,
    *,
    browsing: Browsing,
    samples: int,
    language: Language,
    details: Details | None = None,
    empty: bool = False,
    drawn: int = 0,
) -> str:
    """A page of the table with what sorts, turns and selects; ``samples`` is how many articles of the library are samples, ``empty`` that it has none.

    By another ``drawn`` the script knows that it was made anew.
    """
    words = TEXTS[language]
    state = {
        "search": browsing.search,
        "sort": browsing.sort,
        "descending": str(browsing.descending).lower(),
        "page": browsing.page,
        "expanded": browsing.expanded,
        "drawn": drawn,
    }
    data = "".join(f' data-{name}="{escape(str(value))}"' for name, value in state.items())
    waiting = " data-pending" if any(row.state == "pending" for row in shelf.rows) else ""
    if empty:
        inner = empty_html(language=language)
    elif not shelf.total:
        inner = nothing_html(browsing.search, language=language)
    else:
        rows = "".join(
            row_html(row, details=details if row.id == browsing.expanded else None, language=language) for row in shelf.rows
        )
        order = words["descending" if browsing.descending else "ascending"]
        caption = words["table_caption"].format(column=words[f"column_{browsing.sort}"], order=order)
        inner = (
            f"{line_html(shelf, browsing=browsing, samples=samples, language=language)}"
            f'<table class="shelf-table" role="table"><caption class="hidden">{escape(caption)}</caption>'
            f'{head_html(browsing, language=language)}<tbody role="rowgroup">{rows}</tbody></table>'
            f"{pages_html(shelf.total, page=browsing.page, language=language)}"
        )
    return f'<section class="shelf"{data}{waiting}><h2 class="hidden">{escape(words["articles_heading"])}</h2>{inner}</section>'


def line_html(shelf: Shelf, *, browsing: Browsing, samples: int, language: Language) -> str:
    """The line above the table: how many there are or, once some are selected, what can be done with those; on small screens, the order."""
    words = TEXTS[language]
    total = range_text(shelf, browsing=browsing, language=language)
    invented = ""
    if samples and not browsing.search:
        invented = (
            f'<span class="shelf-samples">{escape(counted("samples", samples, language=language))}'
            f' <button type="button" class="quiet" data-shelf="remove-samples">{escape(words["remove_samples"])}</button></span>'
        )
    options = "".join(
        f'<option value="{column}"{" selected" if column == browsing.sort else ""}>{escape(words[f"column_{column}"])}</option>'
        for column in COLUMNS
    )
    arrow = "↓" if browsing.descending else "↑"
    return (
        f'<div class="shelf-line"><p class="shelf-count" data-said="{escape(total)}">{escape(total)}</p>{invented}'
        f'<label class="shelf-order"><span>{escape(words["sort_by"])}</span> <select id="shelf-order">{options}</select></label>'
        f'<button type="button" class="shelf-turn" data-shelf="turn" aria-label="{escape(words["turn_order"])}">{arrow}</button></div>'
        f'<div class="shelf-line shelf-picked" data-one="{escape(words["selected_one"])}" data-many="{escape(words["selected_many"])}" hidden>'
        f'<p class="shelf-count"></p><button type="button" class="shelf-button" data-shelf="remove-picked">{escape(words["remove"])}</button>'
        f'<button type="button" class="quiet" data-shelf="clear-picked">{escape(words["clear_selection"])}</button></div>'
    )


def range_text(shelf: Shelf, *, browsing: Browsing, language: Language) -> str:
    """Which rows these are, of how many."""
    found = "found" if browsing.search else "articles"
    if shelf.total <= PAGE_ROWS:
        return counted(found, shelf.total, language=language)
    first = browsing.page * PAGE_ROWS + 1
    numbers = {"first": first, "last": first + max(0, len(shelf.rows) - 1), "total": shelf.total}
    told = {name: number_text(number, language=language) for name, number in numbers.items()}
    return TEXTS[language]["found_range" if browsing.search else "range"].format(**told)


def head_html(browsing: Browsing, *, language: Language) -> str:
    """The column heads; each sorts by its column, a second time the other way round."""
    words = TEXTS[language]
    heads = ""
    for column in COLUMNS:
        sorted_by = browsing.sort == column
        order = ("descending" if browsing.descending else "ascending") if sorted_by else "none"
        arrow = ("↓" if browsing.descending else "↑") if sorted_by else ""
        heads += (
            f'<th scope="col" role="columnheader" class="{column}" aria-sort="{order}"><button type="button" data-shelf="sort" data-sort="{column}" '
            f'>{escape(words[f"column_{column}"])}<span class="arrow" aria-hidden="true">{arrow}</span></button></th>'
        )
    pick = f'<input type="checkbox" class="pick-page" aria-label="{escape(words["select_page"])}">'
    return (
        f'<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader" class="pick">{pick}</th>{heads}'
        f'<th scope="col" role="columnheader" class="actions"><span class="hidden">{escape(words["column_actions"])}</span></th></tr></thead>'
    )


def row_html(row: ShelfRow, *, details: Details | None, language: Language) -> str:
    """One article, and below it its details if they are shown."""
    words = TEXTS[language]
    title, article = escape(shown_title(row, language=language)), escape(row.id)
    lang = language_attribute(row.language) if row.title else ""
    # Within the button: what stands beside a button of several lines goes below it.
    badge = (
        f' <span class="badge" lang="{language}" title="{escape(words["sample_hint"])}">{escape(words["sample"])}</span>'
        if row.sample
        else ""
    )
    more = more_html(row, expanded=details is not None, language=language)
    outlet = escape(row.source) if row.source else f'<span class="unknown">{escape(words["no_outlet"])}</span>'
    spoken = language_name(row.language, language=language) or words["unknown_language"]
    state = row.state if f"state_{row.state}" in words else "pending"
    cells = [
        ("source", f'<span dir="auto">{outlet}</span>'),
        ("published", date_html(row.published_at, precision=row.published_precision, language=language)),
        ("language", escape(spoken)),
        ("added", date_html(row.added_at, precision="day", language=language)),
        (
            "state",
            f'<span class="{state}" title="{escape(words[f"state_{state}_hint"])}">{escape(words[f"state_{state}"])}</span>',
        ),
    ]
    inner = "".join(
        f'<td role="cell" class="{column}" data-label="{escape(words[f"column_{column}"])}">{cell}</td>' for column, cell in cells
    )
    return (
        f'<tr role="row" class="article" data-article="{article}"><td role="cell" class="pick"><input type="checkbox" '
        f'aria-label="{escape(words["select_article"].format(title=shown_title(row, language=language)))}"></td>'
        f'<th scope="row" role="rowheader" class="title"><button type="button" class="open-article" data-article="{article}"'
        f'{lang} dir="auto">{title}{badge}</button> {more}</th>{inner}'
        f'<td role="cell" class="actions"><button type="button" class="remove" data-shelf="remove" data-article="{article}" '
        f'aria-label="{escape(words["remove_article"].format(title=shown_title(row, language=language)))}" title="{escape(words["remove"])}">'
        f'<span aria-hidden="true">×</span></button></td></tr>{details_html(row, details, language=language) if details else ""}'
    )


def more_html(row: ShelfRow, *, expanded: bool, language: Language) -> str:
    """What there is of an article besides itself, as the button that shows it; nothing where there is nothing."""
    words = TEXTS[language]
    shown = [words["same_text"]] if row.duplicate_of else []
    shown += [counted("copies", row.copies, language=language)] if row.copies else []
    shown += [counted("versions", row.versions, language=language)] if row.versions > 1 else []
    if not shown:
        return ""
    label = words["details_of"].format(shown=" · ".join(shown), title=shown_title(row, language=language))
    hint = f' title="{escape(words["same_text_hint"])}"' if row.duplicate_of else ""
    return (
        f'<button type="button" class="more" data-shelf="expand" data-article="{escape(row.id)}" '
        f'aria-expanded="{str(expanded).lower()}" aria-label="{escape(label)}"{hint}>{escape(" · ".join(shown))}</button>'
    )


def details_html(row: ShelfRow, details: Details, *, language: Language) -> str:
    """The row below an article: the one that it copies, its copies, its versions."""
    words = TEXTS[language]
    parts = ""
    if details.original:
        parts += f"<h3>{escape(words['original_heading'])}</h3><ul>{copy_html(details.original, language=language)}</ul>"
    if details.copies:
        listed = "".join(copy_html(copy, language=language) for copy in details.copies[:COPIES_LISTED])
        if len(details.copies) > COPIES_LISTED:
            left = number_text(len(details.copies) - COPIES_LISTED, language=language)
            listed += f"<li>{escape(words['copies_more'].format(count=left))}</li>"
        parts += f"<h3>{escape(words['copies_heading'])}</h3><ul>{listed}</ul>"
    if len(details.versions) > 1:
        listed = "".join(version_html(row.id, version, language=language) for version in details.versions)
        parts += f"<h3>{escape(words['versions_heading'])}</h3><ul>{listed}</ul>"
    columns = len(COLUMNS) + 2
    return f'<tr role="row" class="details"><td role="cell" colspan="{columns}">{parts}</td></tr>'


def version_html(article_id: str, version: Version, *, language: Language) -> str:
    """A version: its title opens it; when it was read and what it says of its own dates."""
    words = TEXTS[language]
    facts = [words["version_read"].format(date=date_text(version.fetched_at, precision="minute", language=language))]
    for key, moment in (("version_dated", version.published_at), ("version_modified", version.modified_at)):
        if moment:
            facts.append(words[key].format(date=brief_date_text(moment, precision="day", language=language)))
    now = {"searchable": "version_current", "complete": "version_current", "pending": "version_coming"}.get(version.state, "")
    current = f' <strong class="badge">{escape(words[now])}</strong>' if now else ""
    return (
        f'<li><button type="button" class="open-article quiet" data-article="{escape(article_id)}" data-version="{escape(version.version)}" dir="auto">'
        f'{escape(version.title or words["untitled"])}</button> <span class="facts">{escape(" · ".join(facts))}</span>{current}</li>'
    )


def copy_html(row: ShelfRow, *, language: Language) -> str:
    """An article that says the same: its title opens it; its outlet and date."""
    words = TEXTS[language]
    outlet = escape(row.source or words["no_outlet"])
    dated = date_html(row.published_at, precision=row.published_precision, language=language)
    return (
        f'<li><button type="button" class="open-article quiet" data-article="{escape(row.id)}"{language_attribute(row.language)} dir="auto">'
        f'{escape(shown_title(row, language=language))}</button> <span class="facts"><span dir="auto">{outlet}</span> · {dated}</span></li>'
    )


def date_html(moment: datetime | None, *, precision: str | None, language: Language) -> str:
    """A date as briefly as the table has it; the whole of it on hover."""
    if moment is None:
        return f'<span class="unknown">{escape(TEXTS[language]["undated"])}</span>'
    stamp = date_attribute(moment, precision=precision)
    whole = date_text(moment, precision=precision, language=language)
    return f'<time datetime="{stamp}" title="{escape(whole)}">{escape(brief_date_text(moment, precision=precision, language=language))}</time>'


def shown_title(row: ShelfRow, *, language: Language) -> str:
    """The headline; where there is none, the file or address, and last the words for an article without one."""
    return row.title or (PurePath(row.path).name if row.path else "") or row.url or TEXTS[language]["untitled"]


def pages_html(total: int, *, page: int, language: Language) -> str:
    """The ways to the other pages of the table; nothing where there is one page."""
    words, last = TEXTS[language], (total - 1) // PAGE_ROWS
    if last < 1:
        return ""

    def way(name: Literal["first", "previous", "next", "last"], to: int, sign: str) -> str:
        off = " disabled" if to == page or not 0 <= to <= last else ""
        return (
            f'<button type="button" data-shelf="page" data-way="{name}" data-page="{to}" aria-label="{escape(words[f"page_{name}"])}" '
            f'title="{escape(words[f"page_{name}"])}"{off}><span aria-hidden="true">{sign}</span></button>'
        )

    number = (
        f'<label>{escape(words["page_label"])} <input type="number" inputmode="numeric" class="page-number" min="1" max="{last + 1}" '
        f'value="{page + 1}"></label> <span>{escape(words["page_of"].format(count=number_text(last + 1, language=language)))}</span>'
    )
    ways = way("first", 0, "«") + way("previous", page - 1, "‹"), way("next", page + 1, "›") + way("last", last, "»")
    return f'<nav class="shelf-pages" aria-label="{escape(words["pages"])}">{ways[0]}{number}{ways[1]}</nav>'


def nothing_html(search: str, *, language: Language) -> str:
    """What stands in place of the table when the search finds nothing."""
    words = TEXTS[language]
    told = words["nothing_found"].format(search=search)
    return (
        f'<div class="shelf-none"><p class="shelf-count" data-said="{escape(told)}" dir="auto">{escape(told)}</p>'
        f"<p>{escape(words['nothing_found_hint'])}</p>"
        f'<button type="button" class="shelf-button" data-shelf="clear-search">{escape(words["clear_search"])}</button></div>'
    )


def empty_html(*, language: Language) -> str:
    """What stands in place of the table when there are no articles at all: how to get some."""
    words = TEXTS[language]
    return (
        f'<div class="shelf-none empty"><h2>{escape(words["library_empty"])}</h2><p>{escape(words["library_empty_hint"])}</p>'
        f'<button type="button" class="shelf-button" data-shelf="add-samples">{escape(words["add_samples"])}</button></div>'
    )


def undo_html(ids: Collection[str], *, just_now: bool, seconds: float, language: Language) -> str:
    """The bar that brings removed articles back. ``just_now`` says that this is what the reader did; in ``seconds`` it is too late."""
    words = TEXTS[language]
    if not ids:
        return ""
    told = counted("removed" if just_now else "still_removed", len(ids), language=language)
    label = words["undo" if just_now else "bring_back"]
    hint = f' <span class="at-leisure">{escape(words["removed_hint"])}</span>' if just_now else ""
    return (
        f'<div class="shelf-undo" data-articles="{escape("|".join(ids))}" data-seconds="{max(0, round(seconds))}"{" data-new" if just_now else ""}>'
        f'<p data-said="{escape(told)}">{escape(told)}{hint}</p><button type="button" class="undo" data-shelf="restore">{escape(label)}</button>'
        f'<button type="button" class="dismiss" data-shelf="dismiss-undo" aria-label="{escape(words["dismiss"])}"><span aria-hidden="true">×</span></button></div>'
    )
