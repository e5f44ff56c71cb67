"""An exchange as HTML: the question, what it became, the answer or refusal, and what can be done with it. Formatting only.

Every word that came from outside is escaped; nothing is read as Markdown or markup. Not here: asking, the evidence (``cards``), the page's own
words (``texts``).
"""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from assistant.explanations import explained_in
from assistant.types import HitRecord
from assistant.web.cards import citations_html, counted, hits_html, language_attribute, prose
from assistant.web.local import number_text
from assistant.web.scope_html import filter_texts, period_text, searched_html
from assistant.web.texts import TEXTS
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from assistant.kept import Opinion
    from assistant.types import Answer, Sentence
    from assistant.web.texts import Language
    from vectorstore.catalogue import Scope
    from vectorstore.types import Article, Hit

NEAREST = 5
LONG_QUESTION = 280
LONG_QUESTION_LINES = 5
MARKER = re.compile(r"( ?)\[(\d{1,3})\]")
UNFINISHED_MARKER = re.compile(r" ?\[\d{0,3}$")
COMMAND = re.compile(r"`(fundstelle[^`\n]*)`")


def exchange_html(
    question: str, body: str, *, anchor: str, language: Language, live: bool = False, busy: bool = False, rejoin: str = ""
) -> str:
    """One question and what is shown below it (``body``, HTML made here); ``anchor`` is its element id.

    ``live`` has screen readers say what changes in it, once it is no longer ``busy``. ``rejoin`` is the conversation whose question is being answered
    and is not watched by this page yet.
    """
    state = f' aria-live="polite" aria-busy="{"true" if busy else "false"}"' if live else ""
    again = f' data-rejoin="{escape(rejoin)}"' if rejoin else ""
    return f'<article class="exchange" id="{escape(anchor)}"{state}{again}>{question_html(question, language=language)}{body}</article>'


def question_html(question: str, *, language: Language) -> str:
    """The question as the heading of its answer; a long one is cut off until the reader asks for the rest."""
    is_long = len(question) > LONG_QUESTION or question.count("\n") >= LONG_QUESTION_LINES
    heading = f'<h2 class="question{" long" if is_long else ""}" dir="auto">{escape(question)}</h2>'
    labels = "".join(f'<span class="{name}">{escape(TEXTS[language][f"show_{name}"])}</span>' for name in ("more", "less"))
    rest = f'<button type="button" class="show-question quiet" aria-expanded="false">{labels}</button>'
    return f"{heading}{rest}" if is_long else heading


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
    return f'<div class="notice" role="alert"><strong>{heading}</strong> <span dir="auto">{told_html(message)}</span></div>'


def failed_html(message: str, *, language: Language) -> str:
    """A question that failed, or without a ``message`` was interrupted: why, and the way to ask it again."""
    label = escape(TEXTS[language]["tool_retry"])
    again = f'<button type="button" class="ask-again" data-tool="retry">{label}</button>'
    interrupted = f'<p class="notice mild">{escape(TEXTS[language]["interrupted"])}</p>'
    told = error_html(message, language=language) if message else interrupted
    return f'<div class="answer">{told}{again}</div>'


def status_html(message: str, *, language: Language) -> str:
    """Something that the reader is told in passing, where no other place is for it."""
    return f'<p class="toast" role="alert" lang="{language}" dir="auto">{told_html(message)}</p>'


def told_html(message: str) -> str:
    """What the program says, escaped, with the commands that it names set as such."""
    return COMMAND.sub(r"<code>\1</code>", prose(message))


def answer_html(
    answer: Answer[Any],
    *,
    anchor: str,
    language: Language,
    articles: Mapping[str, Article] | None = None,
    scope: Scope | None = None,
    filters: Filters | None = None,
    verdict: Opinion | None = None,
) -> str:
    """An answer with its evidence beside it, or the refusal with what was searched and the nearest passages.

    ``anchor`` starts the ids of the quotes (``<anchor>-1``), ``articles`` are those of the citations and hits as they are now, if they are still there,
    ``scope`` is what was searched, ``filters`` what the reader limited it to, ``verdict`` what its reader thinks of it.
    """
    words, known = TEXTS[language], articles or {hit.article.id: hit.article for hit in answer.hits if hasattr(hit, "article")}
    became = became_html(answer, filters=filters or Filters(), language=language)
    noted = notes_html([answer.notice] if answer.notice else [], kind="notice mild", language=answer.language)
    noted += notes_html(answer_notes(answer, language=language), language=language)
    if answer.abstained:
        is_empty = scope is not None and not scope.articles and not answer.searched.filters.any
        text = refusal_html(answer) + (to_library_html(language=language) if is_empty else "")
        heading, kind = words["nearest_heading"], "answer abstained"
        evidence = "" if is_empty else looked_at_html(answer, scope, language=language, articles=known)
    else:
        text = answer_text_html(answer, anchor=anchor, language=language) + verdicts_html(answer, language=language)
        heading, kind = words["sources"], "answer"
        evidence = citations_html(answer.citations, anchor=anchor, language=language, articles=known, reader=answer.language)
    pane = (
        f'<aside class="evidence" aria-label="{escape(heading)}"><h3 class="evidence-heading">{escape(heading)}</h3>{evidence}</aside>'
        if evidence
        else ""
    )
    tools = tools_html(answer, verdict=verdict, has_evidence=bool(pane), language=language)
    return f'<div class="{kind}">{became}{text}{noted}{tools}</div>{pane}'


def looked_at_html(answer: Answer[Any], scope: Scope | None, *, language: Language, articles: Mapping[str, Article]) -> str:
    """What was searched without an answer, and the nearest passages."""
    searched = searched_html(answer.searched, scope, language=language)
    caution = f'<p class="caution">{escape(TEXTS[language]["nearest_note"])}</p>'
    return searched + (caution + hits_html(nearest(answer), language=language, articles=articles) if answer.hits else "")


def nearest(answer: Answer[Any]) -> list[Hit | HitRecord]:
    """The nearest passages, the best one of each article."""
    best: dict[str, Hit | HitRecord] = {}
    for hit in answer.hits:
        best.setdefault(hit.article_id if isinstance(hit, HitRecord) else hit.article.id, hit)
    return list(best.values())[:NEAREST]


def notes_html(notes: Sequence[str], *, kind: str = "note", language: str) -> str:
    """Each of ``notes``, which are in ``language``, as a line of its own."""
    return "".join(f'<p class="{kind}"{language_attribute(language)} dir="auto">{told_html(note)}</p>' for note in notes)


def became_html(answer: Answer[Any], *, filters: Filters, language: Language) -> str:
    """What the question became before it was searched: its words, a period that it named, the reader's filters, each with a button that takes it back."""
    words, searched, lines = TEXTS[language], answer.searched, ""
    leaned = bool(searched.carried or searched.rewritten)
    if searched.question != answer.question and (leaned or not searched.period):  # else only the period's words are gone from it
        key = "rewritten_as" if searched.rewritten else "carried_over" if searched.carried else "searched_for"
        note = escape(words[key].format(question=shortened(searched.question)))
        lines += f'<p class="became" dir="auto">{note}{take_back_html("conversation", language=language) if leaned else ""}</p>'
    if searched.period:
        key = "period_applied" if searched.period.applied else "period_empty"
        days = period_text(searched.period.since, searched.period.until, language=language)
        note = escape(words[key].format(period=days, words=searched.period.text))
        offer = take_back_html("period", language=language) if searched.period.applied else ""
        lines += f'<p class="became" dir="auto">{note}{offer}</p>'
    if filters.any:
        chosen = ", ".join(text for _, text in filter_texts(filters, language=language))
        note = escape(words["filtered_by"].format(filters=chosen))
        lines += f'<p class="became" dir="auto">{note}{take_back_html("filters", language=language)}</p>'
    return lines


def shortened(question: str) -> str:
    """A long question without its middle: what was carried over into it stands at its end."""
    if len(question) <= LONG_QUESTION:
        return question
    return f"{question[: LONG_QUESTION // 2].rstrip()} … {question[-LONG_QUESTION // 2 :].lstrip()}"


def take_back_html(part: Literal["conversation", "period", "filters"], *, language: Language) -> str:
    """A button that asks again without a part of what the question became."""
    label = escape(TEXTS[language][f"without_{part}"])
    return f' <button type="button" class="take-back" data-without="{part}">{label}</button>'


def answer_notes(answer: Answer[Any], *, language: Language) -> list[str]:
    """What the answer was made from, and what was left out of it."""
    notes = []
    if answer.model and not answer.abstained:
        notes.append(TEXTS[language]["by_model"].format(model=answer.model))
    if answer.model and answer.left_out:  # where it fails, the quotes are from all that was found
        notes.append(counted("left_out", len(answer.left_out), language=language))
    if answer.pending:
        notes.append(counted("pending", answer.pending, language=language))
    return notes


def refusal_html(answer: Answer[Any]) -> str:
    """Why there is no answer, in the answer's language."""
    lang = language_attribute(answer.language)
    said = answer.text or TEXTS["de" if answer.language == "de" else "en"]["no_answer"]
    reason = (
        f'<p class="reason"{lang} dir="auto">{told_html(answer.reason)}</p>' if answer.reason and answer.reason != said else ""
    )
    return f'<p class="answer-text"{lang} dir="auto">{told_html(said)}</p>{reason}'


def to_library_html(*, language: Language) -> str:
    """The way out of a library without articles."""
    label = escape(TEXTS[language]["add_articles"])
    return f'<p><button type="button" class="to-view ask-again" data-view="library">{label}</button></p>'


def verdicts_html(answer: Answer[Any], *, language: Language) -> str:
    """How a chat model's sentences stood up to their sources, in numbers: a sign and words for each kind that there is."""
    if not answer.model:
        return ""
    counts = Counter(
        "corrected" if sentence.support in {"supported", "quoted"} and sentence.reason else sentence.support
        for sentence in answer.sentences
    )
    counts["supported"] += counts.pop("quoted", 0)
    shown = "".join(
        f'<li class="{kind}-count">{escape(TEXTS[language][f"{kind}_count"].format(count=number_text(counts[kind], language=language)))}</li>'
        for kind in ("supported", "corrected", "unsupported", "uncited")
        if counts[kind]
    )
    return f'<ul class="verdicts">{shown}</ul>' if shown else ""


def answer_text_html(answer: Answer[Any], *, anchor: str, language: Language) -> str:
    """The answer's text: markers become links to the quotes, quoted sentences carry their article's language."""
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
    reason = explained_in(sentence.reason, language=language)
    flag = f'<span class="flag {{kind}}-why" lang="{language}">({{why}})</span>'
    if sentence.support in {"unsupported", "uncited"}:
        why = escape(reason or TEXTS[language][sentence.support])
        return f'<span class="{sentence.support}">{inner}</span> {flag.format(kind=sentence.support, why=why)}'
    if reason:
        why = markers_html(reason, numbers=sentence.citations, anchor=anchor, language=language)
        return f'<span class="corrected">{inner}</span> {flag.format(kind="corrected", why=why)}'
    spoken = {languages[number] for number in sentence.citations if number in languages}
    if sentence.support == "quoted" and len(spoken) == 1:
        return f"<span{language_attribute(spoken.pop())}>{inner}</span>"
    return inner


def markers_html(text: str, *, numbers: Collection[int], anchor: str, language: Language) -> str:
    """``text`` escaped, with each ``[n]`` that has a citation as a link to its quote."""

    def link(match: re.Match[str]) -> str:
        number = int(match.group(2))
        if number not in numbers:
            return match.group()
        label = escape(TEXTS[language]["citation_marker"].format(number=number))
        space = "\N{NO-BREAK SPACE}" if match.group(1) else ""  # a marker does not begin a line
        return f'{space}<a class="marker" href="#{escape(anchor)}-{number}" aria-label="{label}">{number}</a>'

    return MARKER.sub(link, prose(text))


def tools_html(answer: Answer[Any], *, verdict: Opinion | None = None, has_evidence: bool, language: Language) -> str:
    """What can be done with an answer: copy it, ask or word it anew (only the last one), say whether it was good."""
    words = TEXTS[language]

    def button(name: str, *, pressed: bool | None = None) -> str:
        state = "" if pressed is None else f' aria-pressed="{"true" if pressed else "false"}"'
        label = escape(words[f"tool_{name}"])
        return f'<button type="button" class="tool" data-tool="{name}" title="{label}" aria-label="{label}"{state}></button>'

    verdicts = button("up", pressed=verdict == "up") + button("down", pressed=verdict == "down")
    note = (
        f'<form class="feedback-note" hidden><label>{escape(words["note_label"])} <input type="text" maxlength="1000" autocomplete="off">'
        f'</label> <button type="submit">{escape(words["note_send"])}</button></form>'
    )
    copied = f'<pre class="as-markdown" hidden>{escape(answer.to_markdown())}</pre>'
    told = counted("sources", len(answer.citations), language=language) if answer.citations else words["nearest_heading"]
    evidence = f'<button type="button" class="to-evidence quiet">{escape(told)}</button>' if has_evidence else ""
    return (
        f'<div class="tools">{button("copy")}{button("retry")}{button("edit")}<span class="apart"></span>{verdicts}{evidence}</div>'
        f"{note}{copied}"
    )
