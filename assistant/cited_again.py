"""“What does [2] say?”: a question for something that the conversation cited before → its quote once more.

Nothing is searched and no model is asked. Only questions that ask for nothing else count; "Does [2] mention Tokayev?" is a question like any
other. Not here: giving numbers (``numbering.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.citations import cite
from assistant.claims import marker_spans
from assistant.extractive import phrase, quote_answer
from assistant.quoted_dates import with_dates
from vectorstore.errors import ArticleNotFound
from vectorstore.languages import normalise, words
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from assistant.types import Citation, Sentence
    from vectorstore.types import Article

# What a question may say beside the number and still ask for nothing but the words there.
_ASKING: Mapping[str, frozenset[str]] = {
    "en": frozenset(
        "what which does do did is are was were it in from at behind under say says said stand stands written read see i mean show me us give quote quoted cite tell can could "
        "you please the a of text words wording exactly again once more full whole source sources citation citations quotation number no passage and or so but".split()
    ),
    "de": frozenset(
        "was wie welche welcher steht stand stehen sagt sagen sagte heißt lautet lauten ist sind bedeutet in im bei unter hinter von aus zeig zeige zeigen sehen lesen ich mir uns gib nenne zitiere sie "
        "kann kannst du können bitte der die das dem den text wortlaut worte wörter genau nochmal noch einmal mal ganz ganze quelle quellen zitat zitate zitaten beleg belege fußnote "
        "nummer nr stelle textstelle und oder aber da drin eigentlich".split()
    ),
}
_NAMED = re.compile(
    r"\b(?:source|citation|quotation|quote|quelle|zitat|beleg|fußnote|textstelle)(?:s|e?n|e)?\s+(?:(?:numbers?|no\.?|nummern?|nr\.?)\s*)?"
    r"(\d{1,3}(?:(?:\s*[,&]\s*|\s*,?\s+(?:and|or|und|oder)\s+)\d{1,3})*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """The numbers that a question asks for, and its language where its words tell (``""`` of a bare "[2]?")."""

    numbers: tuple[int, ...]
    language: str


def asked_again(question: str) -> AskedAgain | None:
    """What of the citations so far ``question`` asks to see; None where it asks for something else."""
    markers = marker_spans(question)
    found = [
        *((span, numbers) for span, numbers in markers),
        *((Span(*m.span()), tuple(map(int, re.findall(r"\d+", m[1])))) for m in _NAMED.finditer(question)),
    ]
    if not found:
        return None
    rest = list(question)
    for span, _ in found:
        rest[span.start : span.end] = " " * len(span)
    said = {normalise(word.text) for word in words("".join(rest))}
    languages = [language for language, known in _ASKING.items() if said <= known]
    if not languages:
        return None
    numbers = dict.fromkeys(number for _, listed in sorted(found, key=lambda pair: pair[0].start) for number in listed)
    if not said:  # "source 2?", "[2]?"
        named = _NAMED.search(question)
        languages = [] if named is None else ["en" if re.match(r"source|citation|quot", named[0], re.IGNORECASE) else "de"]
    return AskedAgain(tuple(numbers), languages[0] if languages else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedAgain:
    """What answers such a question. ``reason`` is set, and nothing cited, where no number is known or its article is gone."""

    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    reason: str = ""


def quote_again(
    numbers: Sequence[int], *, earlier: Sequence[Citation], article: Callable[[str, str], Article], language: str
) -> QuotedAgain:
    """The quotes with these numbers among the ``earlier`` citations, checked anew against the version that they cite.

    ``article`` gives that by its id and version, or raises ``ArticleNotFound``. What cannot be quoted is said first.
    """
    known: dict[int, Citation] = {}
    for citation in earlier:
        known.setdefault(citation.number, citation)
    citations: list[Citation] = []
    unknown, gone = [], []
    for number in numbers:
        if number not in known:
            unknown.append(number)
        elif citation_now := _checked(known[number], article=article):
            citations.append(citation_now)
        else:
            gone.append(number)
    notes = [
        phrase(name, language=language, numbers=_listed(missing))
        for name, missing in (("no such number", unknown), ("source gone", gone))
        if missing
    ]
    if unknown and not citations and known:
        notes.append(phrase("numbers so far", language=language, numbers=_listed(sorted(known))))
    if not citations:
        text = " ".join(notes)
        return QuotedAgain(text=text, sentences=(), citations=(), reason=text)
    said, sentences = quote_answer(citations, language=language)
    lead = f"{' '.join(notes)}\n\n" if notes else ""
    moved = (replace(each, start=each.start + len(lead), end=each.end + len(lead)) for each in sentences)
    return QuotedAgain(text=lead + said, sentences=tuple(moved), citations=tuple(citations))


def _checked(citation: Citation, *, article: Callable[[str, str], Article]) -> Citation | None:
    """The citation as the library has it now; None where that does not say it."""
    try:
        found = article(citation.article_id, citation.version)
    except ArticleNotFound:
        return None
    span = Span(citation.start, citation.end)
    if not 0 <= span.start < span.end <= len(found.text) or span.slice(found.text) != citation.quote:
        return None
    touched = any(mark.start < span.end and span.start < mark.end for mark in found.furniture)
    # What has been learned to be furniture since was quoted all the same.
    again = cite(replace(found, furniture=()) if touched else found, span, number=citation.number, also_in=citation.also_in)
    return replace(with_dates(again), translation=citation.translation, translated_by=citation.translated_by)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(f"[{number}]" for number in numbers)
