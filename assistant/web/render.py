"""Answers as HTML: formatting only. Every word that came from outside is escaped; nothing is read as Markdown or markup.

Not here: asking, looking articles up, layout of the page (``page``), the page's own words (``texts``).
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistant.web.local import date_attribute, date_text, language_name, number_text
from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from assistant.types import Answer, Citation, Sentence
    from assistant.web.texts import Language
    from vectorstore.types import Article, Hit

NEAREST = 5
ENOUGH_CONTEXT = 60
MARKER = re.compile(r"( ?)\[(\d{1,3})\]")
BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def exchange_html(question: str, body: str, *, anchor: str, live: bool = False, busy: bool = False) -> str:
    """One question and what is shown below it (``body``, HTML made here); ``anchor`` is its element id.

    ``live`` has screen readers say what changes in it, once it is no longer ``busy``.
    """
    state = f' aria-live="polite" aria-busy="{"true" if busy else "false"}"' if live else ""
    return (
        f'<article class="exchange" id="{escape(anchor)}"{state}>'
        f'<h2 class="question" dir="auto">{escape(question)}</h2>{body}</article>'
    )


def working_html(text: str, *, language: Language) -> str:
    """What is shown while an answer is on its way: the words so far, and that it goes on."""
    words = f'<p class="answer-text" dir="auto">{prose(text)}</p>' if text else ""
    return f'<div class="answer">{words}<p class="working">{escape(TEXTS[language]["searching"])}</p></div>'


def error_html(message: str, *, language: Language) -> str:
    """A failure and what to do about it."""
    heading = escape(TEXTS[language]["failed_heading"])
    return f'<div class="notice" role="alert"><strong>{heading}</strong> <span dir="auto">{escape(message)}</span></div>'


def answer_html(answer: Answer, *, anchor: str, language: Language, samples: Collection[str] = ()) -> str:
    """An answer with its citations as numbered cards, or the refusal with the nearest passages.

    ``anchor`` starts the ids of the cards (``<anchor>-1``), ``samples`` are the ids of articles that are samples.
    """
    words = TEXTS[language]
    notes = []
    if answer.searched.question != answer.question:
        notes.append(words["searched_for"].format(question=answer.searched.question))
    if answer.pending:
        notes.append(counted("pending", answer.pending, language=language))
    if answer.model and not answer.abstained:
        notes.append(words["by_model"].format(model=answer.model))
    noted = "".join(f'<p class="note" dir="auto">{escape(note)}</p>' for note in notes)
    if answer.abstained:
        return f'<div class="answer abstained">{refusal_html(answer, language=language)}{noted}</div>'
    cards = "".join(
        citation_html(citation, anchor=anchor, language=language, sample=citation.article_id in samples)
        for citation in answer.citations
    )
    listed = f'<ol class="citations" aria-label="{escape(words["sources"])}">{cards}</ol>' if cards else ""
    text = answer_text_html(answer, anchor=anchor, language=language)
    return f'<div class="answer">{text}{noted}{listed}</div>'


def refusal_html(answer: Answer, *, language: Language) -> str:
    """Why there is no answer, and the nearest passages, folded away."""
    words = TEXTS[language]
    said = answer.text or words["no_answer"]
    reason = f'<p class="reason" dir="auto">{escape(answer.reason)}</p>' if answer.reason and answer.reason != said else ""
    nearest = ""
    if answer.hits:
        passages = "".join(hit_html(hit, language=language) for hit in answer.hits[:NEAREST])
        label = escape(counted("nearest", min(NEAREST, len(answer.hits)), language=language))
        nearest = f'<details class="nearest"><summary>{label}</summary><ol class="hits">{passages}</ol></details>'
    lang = language_attribute(answer.language)
    return f'<p class="answer-text"{lang} dir="auto">{prose(said)}</p>{reason}{nearest}'


def answer_text_html(answer: Answer, *, anchor: str, language: Language) -> str:
    """The answer's text: markers become links to the cards, quoted sentences carry their article's language."""
    languages = {citation.number: citation.language for citation in answer.citations}
    pieces, at = [], 0
    for sentence in sorted(answer.sentences, key=lambda one: one.start):
        start = max(at, sentence.start)
        pieces.append(markers_html(answer.text[at:start], numbers=languages, anchor=anchor, language=language))
        inner = markers_html(answer.text[start : sentence.end], numbers=languages, anchor=anchor, language=language)
        pieces.append(sentence_html(sentence, inner, languages=languages, language=language))
        at = max(start, sentence.end)
    pieces.append(markers_html(answer.text[at:], numbers=languages, anchor=anchor, language=language))
    return f'<p class="answer-text"{language_attribute(answer.language)} dir="auto">{"".join(pieces)}</p>'


def sentence_html(sentence: Sentence, inner: str, *, languages: dict[int, str], language: Language) -> str:
    """One sentence (``inner`` is its HTML), marked where its source does not bear it out."""
    if sentence.support == "unsupported":
        why = f"{TEXTS[language]['unsupported']}{f': {sentence.reason}' if sentence.reason else ''}"
        return f'<span class="unsupported">{inner} <span class="flag">({escape(why)})</span></span>'
    spoken = {languages[number] for number in sentence.citations if number in languages}
    if sentence.support == "quoted" and len(spoken) == 1:
        return f"<span{language_attribute(spoken.pop())}>{inner}</span>"
    return inner


def prose(text: str) -> str:
    """``text`` escaped; blank lines keep their characters but are shown as a gap of less than a line."""
    return BLANK_LINES.sub(r'<span class="gap">\g<0></span>', escape(text))


def markers_html(text: str, *, numbers: Collection[int], anchor: str, language: Language) -> str:
    """``text`` escaped, with each ``[n]`` that has a citation as a link to its card."""

    def link(match: re.Match[str]) -> str:
        number = int(match.group(2))
        if number not in numbers:
            return match.group()
        label = escape(TEXTS[language]["citation_marker"].format(number=number))
        space = "\N{NO-BREAK SPACE}" if match.group(1) else ""  # a marker does not begin a line
        return f'{space}<a class="marker" href="#{escape(anchor)}-{number}" aria-label="{label}">{number}</a>'

    return MARKER.sub(link, prose(text))


def citation_html(citation: Citation, *, anchor: str, language: Language, sample: bool) -> str:
    """A citation as a card: where it stands, the quote marked in its context, and the way to the original."""
    words = TEXTS[language]
    checked, tone = ("verbatim", "good") if citation.verbatim else ("not_verbatim", "bad")
    before, after = own_paragraph(citation)
    cuts = [("cut-before", before[:1].islower()), ("cut-after", after[-1:].isalnum() or after.endswith(","))]
    drawn = " ".join(name for name, cut in cuts if cut)  # an ellipsis beside the words, not among them
    lang = language_attribute(citation.language)
    return (
        f'<li class="citation" id="{escape(anchor)}-{citation.number}" tabindex="-1">'
        f'<span class="number" aria-hidden="true">{citation.number}</span>'
        f"{source_html(citation, language=language, sample=sample)}"
        f'<blockquote{lang} dir="auto" class="{drawn}">{prose(before)}<mark>{prose(citation.quote)}</mark>{prose(after)}</blockquote>'
        f'<p class="proof"><span class="{tone}">{escape(words[checked])}</span>{link_html(citation.url, language=language)}</p></li>'
    )


def own_paragraph(citation: Citation) -> tuple[str, str]:
    """The context before and after within the quote's own paragraph; all of it where the paragraph is little more than the quote."""
    before = BLANK_LINES.split(citation.context_before)[-1]
    after = BLANK_LINES.split(citation.context_after)[0]
    if len(before.strip()) + len(after.strip()) < ENOUGH_CONTEXT:
        before, after = citation.context_before.lstrip(), citation.context_after
    return before, after.rstrip()


def hit_html(hit: Hit, *, language: Language) -> str:
    """A passage that was looked at, without any claim that it answers."""
    article = hit.article
    return (
        f'<li class="hit">{source_html(article, language=language, sample=article.sample)}'
        f'<p class="passage"{language_attribute(article.language)} dir="auto">{prose(hit.text)}</p>'
        f"{link_html(article.url, language=language)}</li>"
    )


def source_html(article: Article | Citation, *, language: Language, sample: bool) -> str:
    """Where something stands: outlet, date and language, the sample label, and the title."""
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
    lang = language_attribute(article.language) if article.title else ""
    heading = f'<h3{lang} dir="auto">{escape(article.title or words["untitled"])}</h3>'
    return f'<p class="where">{" ".join(parts)}</p>{heading}'


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


def language_attribute(tag: str) -> str:
    """`` lang="…"`` for a BCP 47 tag; an unknown or malformed one says that the language is unknown."""
    known = LANGUAGE_TAG.fullmatch(tag) and tag != "und"
    return f' lang="{tag if known else ""}"'


def counted(key: str, count: int, *, language: Language) -> str:
    """The text ``key`` for one or for many."""
    words = TEXTS[language]
    return words[f"{key}_one"] if count == 1 else words[f"{key}_many"].format(count=number_text(count, language=language))
