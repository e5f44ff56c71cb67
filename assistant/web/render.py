"""Answers as HTML: formatting only. Every word that came from outside is escaped; nothing is read as Markdown or markup.

Not here: asking, looking articles up, layout of the page (``page``), the page's own words (``texts``).
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from assistant.extractive import period_note
from assistant.quoted_dates import pieces
from assistant.web.local import date_attribute, date_text, language_name, number_text
from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from assistant.types import Answer, Citation, Sentence
    from assistant.web.texts import Language
    from vectorstore.types import Article, Hit

NEAREST = 5
ENOUGH_CONTEXT = 60
MARKER = re.compile(r"( ?)\[(\d{1,3})\]")
UNFINISHED_MARKER = re.compile(r" ?\[\d{0,3}$")
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


def working_html(text: str, *, step: str = "search", language: Language) -> str:
    """What is shown while an answer is on its way: the words so far, and what is being done.

    The words are shown without markers: a chat model's numbers are not those of the answer.
    """
    said = UNFINISHED_MARKER.sub("", MARKER.sub("", text))
    words = f'<p class="answer-text" dir="auto">{prose(said)}</p>' if said else ""
    doing = TEXTS[language].get(f"step_{step}", TEXTS[language]["step_search"])
    return f'<div class="answer">{words}<p class="working">{escape(doing)}</p></div>'


def error_html(message: str, *, language: Language) -> str:
    """A failure and what to do about it."""
    heading = escape(TEXTS[language]["failed_heading"])
    return f'<div class="notice" role="alert"><strong>{heading}</strong> <span dir="auto">{escape(message)}</span></div>'


def status_html(message: str, *, language: Language) -> str:
    """Something that the reader is told in passing, where no other place is for it."""
    return f'<p class="toast" role="alert" lang="{language}" dir="auto">{escape(message)}</p>'


def answer_html(answer: Answer, *, anchor: str, language: Language, samples: Collection[str] = ()) -> str:
    """An answer with its citations as numbered cards, or the refusal with the nearest passages.

    ``anchor`` starts the ids of the cards (``<anchor>-1``), ``samples`` are the ids of articles that are samples.
    """
    words = TEXTS[language]
    became = became_html(answer, language=language)
    noted = notes_html([answer.notice] if answer.notice else [], kind="notice mild") + notes_html(
        answer_notes(answer, language=language)
    )
    if answer.abstained:
        return f'<div class="answer abstained">{became}{refusal_html(answer, language=language)}{noted}</div>'
    article_notes = {hit.article.id: hit.article.notes for hit in answer.hits}
    cards = "".join(
        citation_html(
            citation,
            anchor=anchor,
            language=language,
            sample=citation.article_id in samples,
            notes=article_notes.get(citation.article_id, ()),
            reader=answer.language,
        )
        for citation in answer.citations
    )
    listed = f'<ol class="citations" aria-label="{escape(words["sources"])}">{cards}</ol>' if cards else ""
    text = answer_text_html(answer, anchor=anchor, language=language)
    return f'<div class="answer">{became}{text}{noted}{listed}</div>'


def notes_html(notes: Sequence[str], *, kind: str = "note") -> str:
    """Each of ``notes`` as a line of its own."""
    return "".join(f'<p class="{kind}" dir="auto">{escape(note)}</p>' for note in notes)


def became_html(answer: Answer, *, language: Language) -> str:
    """What the question became before it was searched: its words, and a period that it named, each with a button that takes it back."""
    words, searched, lines = TEXTS[language], answer.searched, ""
    leaned = bool(searched.carried or searched.rewritten)
    if searched.question != answer.question and (leaned or not searched.period):  # else only the period's words are gone from it
        key = "rewritten_as" if searched.rewritten else "carried_over" if searched.carried else "searched_for"
        note = escape(words[key].format(question=searched.question))
        lines += f'<p class="became" dir="auto">{note}{take_back_html("conversation", language=language) if leaned else ""}</p>'
    if searched.period:
        note = escape(period_note(searched.period, language=language))
        offer = take_back_html("period", language=language) if searched.period.applied else ""
        lines += f'<p class="became" dir="auto">{note}{offer}</p>'
    return lines


def take_back_html(part: Literal["conversation", "period"], *, language: Language) -> str:
    """A button that asks again without a part of what the question became."""
    label = escape(TEXTS[language][f"without_{part}"])
    return f' <button type="button" class="take-back" data-without="{part}">{label}</button>'


def answer_notes(answer: Answer, *, language: Language) -> list[str]:
    """What the answer was made from, and what was left out of it."""
    notes = []
    if answer.model and not answer.abstained:
        notes.append(TEXTS[language]["by_model"].format(model=answer.model))
    if answer.model and answer.left_out:  # where it fails, the quotes are from all that was found
        notes.append(counted("left_out", len(answer.left_out), language=language))
    if answer.pending:
        notes.append(counted("pending", answer.pending, language=language))
    return notes


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
    written, at = [], 0
    for sentence in sorted(answer.sentences, key=lambda one: one.start):
        start = max(at, sentence.start)
        written.append(markers_html(answer.text[at:start], numbers=languages, anchor=anchor, language=language))
        inner = markers_html(answer.text[start : sentence.end], numbers=languages, anchor=anchor, language=language)
        written.append(sentence_html(sentence, inner, languages=languages, anchor=anchor, language=language))
        at = max(start, sentence.end)
    written.append(markers_html(answer.text[at:], numbers=languages, anchor=anchor, language=language))
    return f'<p class="answer-text"{language_attribute(answer.language)} dir="auto">{"".join(written)}</p>'


def sentence_html(sentence: Sentence, inner: str, *, languages: dict[int, str], anchor: str, language: Language) -> str:
    """One sentence (``inner`` is its HTML), underlined and with the reason behind it where no source bears it out.

    A sentence that is borne out has a reason where its marker was corrected.
    """
    if sentence.support in {"unsupported", "uncited"}:
        why = escape(sentence.reason or TEXTS[language][sentence.support])
        return f'<span class="{sentence.support}">{inner}</span> <span class="flag {sentence.support}-why">({why})</span>'
    if sentence.reason:
        why = markers_html(sentence.reason, numbers=sentence.citations, anchor=anchor, language=language)
        return f'{inner} <span class="flag corrected-why">({why})</span>'
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


def citation_html(
    citation: Citation,
    *,
    anchor: str,
    language: Language,
    sample: bool,
    notes: Sequence[str] = (),
    reader: str = "",
) -> str:
    """A citation as a card: where it stands, the quote marked in its context, a translation, and the way to the original.

    ``notes`` are those of its article, ``reader`` is the language of the answer, which a translation is in.
    """
    words = TEXTS[language]
    checked, tone = ("verbatim", "good") if citation.verbatim else ("not_verbatim", "bad")
    before, after = own_paragraph(citation)
    cuts = [("cut-before", before[:1].islower()), ("cut-after", after[-1:].isalnum() or after.endswith(","))]
    drawn = " ".join(name for name, cut in cuts if cut)  # an ellipsis beside the words, not among them
    lang = language_attribute(citation.language)
    return (
        f'<li class="citation" id="{escape(anchor)}-{citation.number}" tabindex="-1">'
        f'<span class="number" aria-hidden="true">{citation.number}</span>'
        f"{source_html(citation, language=language, sample=sample)}{standing_html(citation.also_in, notes, language=language)}"
        f'<blockquote{lang} dir="auto" class="{drawn}">{prose(before)}{quote_html(citation, language=language)}{prose(after)}</blockquote>'
        f"{translation_html(citation, reader=reader, language=language)}"
        f'<p class="proof"><span class="{tone}">{escape(words[checked])}</span>{link_html(citation.url, language=language)}</p></li>'
    )


def quote_html(citation: Citation, *, language: Language) -> str:
    """The quote, marked; the days that its words mean stand between the marks, so that what is marked is the article's alone."""
    return "".join(
        f'<span class="meant" lang="{language}">{escape(piece)}</span>' if is_date else f"<mark>{prose(piece)}</mark>"
        for piece, is_date in pieces(citation, language=language)
        if piece
    )


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
    return notes_html(lines, kind="standing")


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
        f"{standing_html(hit.also_in, article.notes, language=language)}"
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
