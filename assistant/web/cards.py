"""The evidence beside an answer as HTML: a card for each article with the quotes from it, and the passages that were looked at.

Every word that came from outside is escaped. Not here: the answer itself (``render``), whole articles (``reader``), a quote's words (``foreign``).
"""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistant.quoted_dates import pieces
from assistant.types import HitRecord
from assistant.web.local import date_attribute, date_text, language_name, number_text
from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from assistant.types import Citation
    from assistant.web.texts import Language
    from vectorstore.types import Article, Hit

ENOUGH_CONTEXT = 60
BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
CLOSING = ".,;:!?…)”“»’"
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def citations_html(
    citations: Sequence[Citation], *, anchor: str, language: Language, articles: Mapping[str, Article], reader: str
) -> str:
    """The citations as cards, one for each article in the order of its first quote; ``articles`` are those that are still there, as they are now.

    ``anchor`` starts the ids of the quotes (``<anchor>-1``), ``reader`` is the language of the answer, which translations are in.
    """
    order = {citation.article_id: position for position, citation in reversed(list(enumerate(citations)))}
    cards = ""
    for article_id, group in groupby(sorted(citations, key=lambda one: order[one.article_id]), key=lambda one: one.article_id):
        quoted = list(group)
        article = articles.get(article_id)
        quotes = "".join(
            quote_html(citation, anchor=anchor, language=language, reader=reader, gone=article is None) for citation in quoted
        )
        opens = open_html(quoted, anchor=anchor, language=language) if article else ""
        cards += (
            f'<li class="card">{source_html(quoted[0], language=language, sample=bool(article and article.sample))}'
            f"{standing_html(quoted[0].also_in, article.notes if article else (), language=language)}"
            f"{since_html(article, [citation.version for citation in quoted], language=language)}{quotes}"
            f'<p class="ways">{opens}{link_html(quoted[0].url, language=language)}</p></li>'
        )
    return f'<ol class="citations" aria-label="{escape(TEXTS[language]["sources"])}">{cards}</ol>' if cards else ""


def quote_html(citation: Citation, *, anchor: str, language: Language, reader: str = "", gone: bool = False) -> str:
    """A quote, marked in its paragraph, its translation directly below it, and whether it was compared with the article.

    If that is ``gone``, so are its words, which could be looked up.
    """
    words = TEXTS[language]
    checked, tone = ("verbatim", "good") if citation.verbatim else ("not_verbatim", "bad")
    before, after = own_paragraph(citation)
    lang = language_attribute(citation.language)
    first = "cut-before" if before[:1].islower() else ""
    last = "cut-after" if after[-1:].isalnum() or after.endswith(",") else ""  # an ellipsis beside the words, not among them
    quote = f'<span class="quote" id="{escape(anchor)}-{citation.number}-quote">{marked_html(citation, language=language)}</span>'
    if citation.translation and after.strip():
        translation = translation_html(citation, reader=reader, language=language)
        shown = (
            f'<blockquote{lang} dir="auto" class="{first}">{prose(before)}{quote}</blockquote>{translation}'
            f'<blockquote{lang} dir="auto" class="{last} rest">{prose(after.lstrip())}</blockquote>'
        )
    else:
        shown = (
            f'<blockquote{lang} dir="auto" class="{first} {last}">{prose(before)}{quote}{prose(after)}</blockquote>'
            f"{translation_html(citation, reader=reader, language=language)}"
        )
    foreign = not gone and is_foreign(citation.language, language=language)
    lookup = f'<button type="button" class="look-up quiet">{escape(words["look_up"])}</button>' if foreign else ""
    back = escape(words["back_to_answer"].format(number=citation.number))
    return (
        f'<div class="citation" id="{escape(anchor)}-{citation.number}" tabindex="-1" role="group" '
        f'aria-label="{escape(words["citation_marker"].format(number=citation.number))}" data-article="{escape(citation.article_id)}" '
        f'data-version="{escape(citation.version)}" data-start="{citation.start}" data-end="{citation.end}"'
        f'{" data-foreign" if foreign else ""}><button type="button" class="number" aria-label="{back}" title="{back}">{citation.number}</button>{shown}'
        f'<p class="proof"><span class="{tone}">{escape(words[checked])}</span>{lookup}</p></div>'
    )


def marked_html(citation: Citation, *, language: Language, inner: Callable[[int, int], str] | None = None) -> str:
    """The quote, marked; the days that its words mean stand between the marks, so that what is marked is the article's alone.

    ``inner`` makes the HTML of a piece of the quote, given its offsets; by default its words, escaped.
    """
    shown, at, after_date = "", 0, False
    for piece, is_date in closed(list(pieces(citation, language=language))):
        if is_date:
            shown += f'<span class="meant" lang="{language}">{escape(piece)}</span>'
        else:
            start = at + len(piece) - len(piece.lstrip()) if after_date else at  # a mark does not begin with a space
            end = at + len(piece)
            made = inner(start, end) if inner else prose(citation.quote[start:end])
            shown += citation.quote[at:start] + (f"<mark>{made}</mark>" if made else "")
            at = end
        after_date = is_date
    return shown


def closed(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Pieces of a quote and days, with the days behind the signs that close a word: no full stop stands alone."""
    for position in range(1, len(parts) - 1):
        (before, _), (day, is_date), (after, _) = parts[position - 1 : position + 2]
        if is_date:
            rest = after.lstrip(CLOSING)
            parts[position - 1 : position + 2] = [(before + after[: len(after) - len(rest)], False), (day, True), (rest, False)]
    return parts


def translation_html(citation: Citation, *, reader: str, language: Language) -> str:
    """What a chat model made of a foreign quote, under its name; nothing where it made nothing."""
    if not citation.translation:
        return ""
    label = TEXTS[language]["translated_by"].format(model=citation.translated_by or TEXTS[language]["chat_model"])
    words = f'<span{language_attribute(reader)} dir="auto">{prose(citation.translation)}</span>'
    return f'<p class="translation"><span class="label">{escape(label)}</span> {words}</p>'


def standing_html(also_in: Sequence[str], notes: Sequence[str], *, language: Language) -> str:
    """Which other outlets have an article too, and why it may not be whole."""
    words = TEXTS[language]
    lines = [words["also_in"].format(outlets=", ".join(also_in))] if also_in else []
    lines += [words.get(f"note_{note}", note) for note in notes]
    return "".join(f'<p class="standing" dir="auto">{escape(line)}</p>' for line in lines)


def since_html(article: Article | None, versions: Sequence[str], *, language: Language) -> str:
    """What became of an article since ``versions`` of it were quoted: removed, or changed; nothing if it is as it was."""
    if article and set(versions) == {article.version}:
        return ""
    told = TEXTS[language]["changed_since" if article else "removed_since"]
    return f'<p class="since">{escape(told)}</p>'


def own_paragraph(citation: Citation) -> tuple[str, str]:
    """The context before and after within the quote's own paragraph; where that is little more than the quote, the paragraphs beside it too.

    The headline is left out: the card says it already.
    """
    before, after = BLANK_LINES.split(citation.context_before), BLANK_LINES.split(citation.context_after)
    near = 1 if len(before[-1].strip()) + len(after[0].strip()) >= ENOUGH_CONTEXT else 2
    kept = [part for part in before[-near:-1] if part.strip() and not citation.title.strip().endswith(part.strip())]
    return "\n\n".join([*kept, before[-1]]), "\n\n".join(after[:near]).rstrip()


def hits_html(hits: Sequence[Hit | HitRecord], *, language: Language, articles: Mapping[str, Article]) -> str:
    """Passages that were looked at, without any claim that they answer."""
    shown = "".join(
        hit_html(hit if isinstance(hit, HitRecord) else HitRecord.of(hit), language=language, articles=articles) for hit in hits
    )
    return f'<ol class="hits">{shown}</ol>'


def hit_html(hit: HitRecord, *, language: Language, articles: Mapping[str, Article]) -> str:
    """One of them."""
    article = articles.get(hit.article_id)
    where = {"article": hit.article_id, "version": hit.version, "start": hit.start, "end": hit.end}
    data = "".join(f' data-{name}="{escape(str(value))}"' for name, value in where.items())
    text = hit.text.removeprefix(hit.title).lstrip() or hit.text  # the card says the headline already
    label = escape(TEXTS[language]["open_article"])
    opens = f'<button type="button" class="open-article quiet"{data}>{label}</button>' if article else ""
    return (
        f'<li class="card hit">{source_html(hit, language=language, sample=bool(article and article.sample))}'
        f"{standing_html(hit.also_in, article.notes if article else (), language=language)}"
        f"{since_html(article, [hit.version], language=language)}"
        f'<p class="passage"{language_attribute(hit.language)} dir="auto">{prose(text)}</p>'
        f'<p class="ways">{opens}{link_html(hit.url, language=language)}</p></li>'
    )


def source_html(article: Article | Citation | HitRecord, *, language: Language, sample: bool) -> str:
    """Where something stands: outlet, date and language, the sample label, and the title."""
    heading_language = language_attribute(article.language) if article.title else ""
    heading = f'<h4{heading_language} dir="auto">{escape(article.title or TEXTS[language]["untitled"])}</h4>'
    return f"{heading}{facts_html(article, language=language, sample=sample)}"


def facts_html(article: Article | Citation | HitRecord, *, language: Language, sample: bool) -> str:
    """Outlet, date and language in a line."""
    words = TEXTS[language]
    parts = [f'<cite dir="auto">{escape(article.source)}</cite>'] if article.source else []
    if article.published_at:
        precision = article.published_precision
        origin = escape(words["date_from"].format(origin=article.published_from)) if article.published_from else ""
        title = f' title="{origin}"' if origin else ""
        stamp = date_attribute(article.published_at, precision=precision)
        shown = date_text(article.published_at, precision=precision, language=language)
        parts.append(f'<time datetime="{stamp}"{title}>{escape(shown)}</time>')
    else:
        parts.append(f"<span>{escape(words['undated'])}</span>")
    parts.append(f"<span>{escape(language_name(article.language, language=language) or words['unknown_language'])}</span>")
    if sample:
        parts.append(f'<span class="badge" title="{escape(words["sample_hint"])}">{escape(words["sample"])}</span>')
    return f'<p class="where">{" ".join(parts)}</p>'


def open_html(quoted: Sequence[Citation], *, anchor: str, language: Language) -> str:
    """The button that opens the article at the first of its quotes; the script adds the other quotes of the answer."""
    first = f"{escape(anchor)}-{quoted[0].number}"
    return f'<button type="button" class="open-article quiet" data-quote="{first}">{escape(TEXTS[language]["open_article"])}</button>'


def link_html(url: str | None, *, language: Language) -> str:
    """A link to the original in a new tab, or nothing where the address is not plain http or https."""
    if not safe_url(url):
        return ""
    words = TEXTS[language]
    label = f'{escape(words["original"])}<span class="arrow" aria-hidden="true"> ↗</span>'
    hidden = f'<span class="hidden"> ({escape(words["new_window"])})</span>'
    return f'<a class="original" href="{escape(url or "")}" target="_blank" rel="noopener noreferrer">{label}{hidden}</a>'


def safe_url(url: str | None) -> bool:
    """Whether ``url`` may become a link: http or https, with a host, and no character that browsers drop or rewrite."""
    if not url or any(character.isspace() or not character.isprintable() or character == "\\" for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def prose(text: str) -> str:
    """``text`` escaped; blank lines keep their characters but are shown as a gap of less than a line."""
    return BLANK_LINES.sub(r'<span class="gap">\g<0></span>', escape(text))


def language_attribute(tag: str) -> str:
    """`` lang="…"`` for a BCP 47 tag; an unknown or malformed one says that the language is unknown."""
    known = LANGUAGE_TAG.fullmatch(tag) and tag != "und"
    return f' lang="{tag if known else ""}"'


def is_foreign(tag: str, *, language: Language) -> bool:
    """Whether a text in the language ``tag`` is foreign to the reader of the page."""
    return bool(LANGUAGE_TAG.fullmatch(tag)) and tag != "und" and tag.split("-", maxsplit=1)[0].lower() != language


def counted(key: str, count: int, *, language: Language) -> str:
    """The text ``key`` for one or for many."""
    words = TEXTS[language]
    return words[f"{key}_one"] if count == 1 else words[f"{key}_many"].format(count=number_text(count, language=language))
