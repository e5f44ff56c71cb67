"""“Who wrote the article about X?”, “Worum geht es in dem Bericht?”: questions about an article itself, not about what it tells.

What the library knows of the article, its author, outlet and day, is said before the quotes; quoted is the line that says so, else the
article's beginning. Whole questions only, in English and German; "What does the article say about X?" asks about X like any other. Not
here: finding the article (``quoting.py``), which lines say so (``page_lines.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from assistant.extractive import phrase
from assistant.page_lines import is_byline, is_page_line
from assistant.quoted_dates import day_words
from ingest.relative_dates import DateMention
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vectorstore.types import Article, Passage

Matter = Literal["author", "date", "outlets", "gist"]

_GIST_CHARACTERS = 700
# {it}: an article, with what it is about; {on}: what it is about; "(?:" is what else may be said.
_PIECES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "noun": r"(?:news )?(?:articles?|reports?|story|stories|texts?|pieces?|items?)",
        "on": r"(?: (?:about|on|of|regarding|concerning) (?P<topic>.+?))",
        "it": r"(?:the|this|that|these|those) {noun}{on}?",
    },
    "de": {
        "noun": r"(?:artikels?|berichts?|beitrags?|beitrages|textes|texte?|meldung|reportage|story)",
        "on": r"(?: (?:über|zu|zum|zur|von|vom|um) (?P<topic>.+?))",
        "it": r"(?:de[rnms]|das|die|diese[rnms]?|dies) {noun}{on}?",
    },
}
_ASKING: Mapping[str, Mapping[Matter, tuple[str, ...]]] = {
    "en": {
        "author": (r"who (?:wrote|has written|is the (?:author|writer) of|are the authors of) {it}", r"by whom (?:is|was) {it}(?: written)?", r"who is {it} (?:by|from)"),
        "date": (
            r"when (?:was|were|is|did|has) (?:{it}|this)(?: been)? (?:published|written|posted|appear|come out)", r"(?:how old|from when|from what date) is {it}",
            r"what is the (?:publication )?date of {it}", r"what date is {it}(?: from)?",
        ),
        "outlets": (
            r"(?:which|what) (?:news )?(?:outlets?|newspapers?|papers?|media|sources?|sites?|magazines?) (?:has |have )?(?:report(?:s|ed)?|wr(?:ites?|ote|itten)|cover(?:s|ed)?){on}",
            r"(?:where|in (?:which|what) (?:outlet|newspaper|paper|magazine)) (?:was|is|did) {it} (?:published|appear)", r"who (?:reports|reported){on}",
        ),
        "gist": (
            r"what (?:is|was|are) (?:{it}|this|it) about", r"what does {it} say", r"(?:please )?(?:summari[sz]e|sum up) {it}(?: for me)?",
            r"(?:please )?(?:(?:give|write|show)(?: me)? )?(?:a )?(?:short |brief )?summary of {it}", r"what is in {it}",
        ),
    },
    "de": {
        "author": (r"wer (?:schrieb|verfasste) {it}", r"wer hat {it} (?:geschrieben|verfasst)", r"wer ist (?:der|die) (?:autor(?:in)?|verfasser(?:in)?) (?:von )?{it}", r"von wem (?:ist|stammt|wurde) {it}(?: geschrieben| verfasst)?"),
        "date": (r"wann (?:wurde|ist) (?:{it}|das hier|dies) (?:veröffentlicht(?: worden)?|geschrieben(?: worden)?|erschienen|publiziert)", r"wann erschien {it}", r"von wann (?:ist|stammt) {it}", r"wie alt ist {it}"),
        "outlets": (
            r"welche[sr]? (?:zeitung(?:en)?|medi(?:en|um)|quellen?|blatt|blätter) (?:berichte[nt]*|schreib(?:en|t)|schrieb(?:en)?){on}", r"welche[sr]? (?:zeitung(?:en)?|medi(?:en|um)|blatt|blätter) (?:hat|haben){on} (?:berichtet|geschrieben)",
            r"(?:wo|in welche[mr] (?:zeitung|medium|blatt)) ist {it} erschienen", r"(?:wo|in welche[mr] (?:zeitung|medium|blatt)) (?:erschien|stand|steht) {it}", r"wer berichtete?{on}",
        ),
        "gist": (
            r"(?:worum|um was) geht(?: es|['’]?s)(?: hier)?(?: in {it})?", r"(?:wovon|von was) handelt {it}", r"was steht in {it}", r"(?:bitte )?fass(?:e|en sie)?(?: mir)?(?: bitte)? {it}(?: bitte)?(?: kurz)? zusammen",
            r"(?:bitte )?(?:gib(?: mir)? |geben sie(?: mir)? )?(?:eine )?(?:kurze )?zusammenfassung (?:von )?{it}",
        ),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AboutArticle:
    """What is asked of an article, the words that say which it is (empty: the one at hand), and the question's language."""

    matter: Matter
    topic: str
    language: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of articles before the quotes (may be empty), and the places quoted."""

    lead: str
    quotes: tuple[tuple[Article, Span], ...]


def asked_about_article(question: str) -> AboutArticle | None:
    """What ``question`` asks of an article itself; None of any other question."""
    plain = " ".join(question.split()).strip(" ?.!")
    for language, matter, pattern in _patterns():
        if match := pattern.fullmatch(plain):
            return AboutArticle(matter, match["topic"] or "", language)
    return None


def tell(asked: AboutArticle, articles: Sequence[tuple[Article, Sequence[Passage]]], *, language: str) -> Told:
    """What answers, of articles with their passages in order, the one that is meant first."""
    if asked.matter == "outlets":
        listed = ", ".join(dict.fromkeys(_where(article, language=language) for article, _ in articles))
        return Told(phrase("reported by", language=language, outlets=listed), tuple(_openings(articles)))
    article, passages = articles[0]
    if asked.matter == "gist":
        return Told("", tuple((article, span) for span in _beginning(article, passages)))
    bylines = [span for span in _sentences(passages) if is_byline(span.slice(article.text), article=article)]
    if asked.matter == "author" and bylines:
        return Told("", ((article, bylines[0]),))
    known = article.author if asked.matter == "author" else _day(article, language=language)
    where = _where(article, language=language) if asked.matter == "author" else _outlet(article)
    lead = phrase(f"{asked.matter} {'known' if known else 'unknown'}", language=language, known=known, where=where)
    return Told(lead, tuple(_openings(articles[:1])))


def _where(article: Article, *, language: str) -> str:
    """The outlet with the day, as far as they are known."""
    day = _day(article, language=language)
    return f"{_outlet(article)}, {day}" if day else _outlet(article)


def _outlet(article: Article) -> str:
    return article.source or article.url or article.title or article.id


def _day(article: Article, *, language: str) -> str:
    if article.published_at is None:
        return ""
    day, exactly = article.published_at.date(), article.published_precision
    precision: Literal["year", "month", "day"] = exactly if exactly in {"year", "month"} else "day"
    return day_words(DateMention(start=0, end=0, first=day, last=day, precision=precision), language=language)


def _openings(articles: Sequence[tuple[Article, Sequence[Passage]]]) -> Iterator[tuple[Article, Span]]:
    """The first sentence of each."""
    for article, passages in articles:
        yield from ((article, span) for span in _beginning(article, passages, at_most=1))


def _beginning(article: Article, passages: Sequence[Passage], *, at_most: int = 8) -> list[Span]:
    """The first sentences without bylines and the like; those that follow each other are one."""
    spans: list[Span] = []
    taken = characters = 0
    for span in _sentences(passages):
        if is_page_line(span.slice(article.text), article=article):
            continue
        if taken == at_most or (taken and characters + len(span) > _GIST_CHARACTERS):
            break
        taken, characters = taken + 1, characters + len(span)
        if spans and not article.text[spans[-1].end : span.start].strip():
            spans[-1] = Span(spans[-1].start, span.end)
        else:
            spans.append(span)
    return spans


def _sentences(passages: Sequence[Passage]) -> Iterator[Span]:
    return (span for passage in passages for span in passage.sentences)


@cache
def _patterns() -> tuple[tuple[str, Matter, re.Pattern[str]], ...]:
    found = []
    for language, matters in _ASKING.items():
        pieces = _PIECES[language]
        it = pieces["it"].replace("{noun}", pieces["noun"]).replace("{on}", pieces["on"])
        for matter, listed in matters.items():
            for pattern in listed:
                whole = pattern.replace("{it}", it).replace("{on}", pieces["on"])
                found.append(
                    (language, matter, re.compile(whole if "?P<topic>" in whole else f"{whole}(?P<topic>)", re.IGNORECASE))
                )
    return tuple(found)
