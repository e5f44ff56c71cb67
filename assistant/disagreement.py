"""Whether the quotes of different articles give different answers, a number or a date, to the same question; then they come by date, newest first.

Only said when it is sure: close scores, a question for a number or date, exactly one candidate in each quote, of the same kind, and no way to
read both as one ("about 2,300", "2,310"). Where quotes of one story are about equally good, the newest comes first too. Pure. Not here:
choosing quotes (``evidence.py``), saying so (``extractive.py``), what was not known yet (``later_reports.py``).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.quantities import find_numbers
from assistant.questions import answer_kind
from assistant.stated_days import find_days, publication_day
from vectorstore.languages import normalise, zipf
from vectorstore.names import question_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from assistant.evidence import Evidence
    from assistant.quantities import Number

_NUMERIC = frozenset({"money", "share", "duration", "count", "number"})
CLOSE = 0.04
"""Quotes whose scores are this far apart at most answer the same."""
_EQUAL = 0.02
"""Quotes whose scores are this far apart at most answer equally well."""
_ROUNDING = 0.1
"""As far apart two numbers may be, as a share of the larger one, to be one number if either is said to be rough."""
_RARE = 4.0
"""Zipf scale (log10 per thousand million words): a name that is more common is shared by articles on anything."""
_COUNTED_WORDS = 4
"""How many words behind a number may name what it counts."""
_ROUGH = re.compile(
    r"\b(?:about|around|some|nearly|almost|roughly|over|under|approximately|more than|less than|at least|up to|as many as|rund|etwa|knapp|gut|fast|über|unter|ungefähr|circa|ca\.|mehr als|"
    r"weniger als|mindestens|bis zu|höchstens|environ|près de|plus de|unos|unas|casi|más de|около|почти|более|примерно)\s*(?:[€$£]\s*)?$",
    re.IGNORECASE,
)


def order_by_disagreement(
    quotes: Sequence[Evidence], *, question: str, language: str, asks_about: Callable[[Evidence, str], bool]
) -> tuple[list[Evidence], bool]:
    """The quotes, best first, and false; or, if articles contradict each other, those that do first, newest first, and true.

    Of the quotes of one story that answer about as well as the best one, the newest comes first; nothing else changes its place.

    ``asks_about`` tells whether some words of a quote say what the question asks about.
    """
    kind = answer_kind(question, language=language)
    close = [quote for quote in quotes if quote.score >= quotes[0].score - CLOSE] if kind in {"date", *_NUMERIC} else []
    answers = _days(close) if kind == "date" else _numbers(close, question=question, language=language, asks_about=asks_about)
    against = [quote for quote in close if any(_contradict(quote, other, answers) for other in close)]
    if against:
        against.sort(key=_published, reverse=True)
        return [*against, *(quote for quote in quotes if quote not in against)], True
    equal = [quote for quote in quotes if quote.score >= quotes[0].score - _EQUAL and _goes_on(quote, quotes[0])]
    newest = max((*quotes[:1], *equal), key=_published, default=None)
    return sorted(quotes, key=lambda quote: quote is not newest), False


def _published(quote: Evidence) -> datetime:
    return quote.hit.article.published_at or datetime.min.replace(tzinfo=UTC)


def _goes_on(quote: Evidence, other: Evidence) -> bool:
    """Whether a quote is newer than another, and of its story."""
    published = other.hit.article.published_at
    return published is not None and _published(quote) > published and _one_story(quote, other)


def _one_story(quote: Evidence, other: Evidence) -> bool:
    """Whether the passages of two quotes, with their headlines, share a name in any spelling that few articles have: no Paris, no Europe."""
    mine, theirs = (
        _rare_names(f"{one.hit.article.title}\n{one.hit.text}", language=one.hit.article.language) for one in (quote, other)
    )
    return not mine.isdisjoint(theirs)


def _rare_names(text: str, *, language: str) -> frozenset[str]:
    names = question_names(text, language=language)
    rare = (name.keys for name in names if zipf(normalise(name.text), language=language) < _RARE)
    return frozenset[str]().union(*rare)


def _numbers(
    quotes: Sequence[Evidence], *, question: str, language: str, asks_about: Callable[[Evidence, str], bool]
) -> dict[int, tuple[Number, bool]]:
    """For each quote, by its ``id``, the one number that may answer, and whether it is said to be rough; none where several may."""
    asked = find_numbers(question, language=language)
    answers = {}
    for quote in quotes:
        for text in (quote.text, quote.best_text):  # of several sentences the best one may have the only one
            candidates = [
                number
                for number in find_numbers(text, language=quote.hit.article.language)
                if not number.is_year
                and number.unit not in {"time", "share", "times"}
                and not any(number.same_as(other) for other in asked)
                and (number.unit or asks_about(quote, " ".join(number.counts.split()[:_COUNTED_WORDS])))
            ]
            if len(candidates) == 1:
                number = candidates[0]
                answers[id(quote)] = (number, bool(_ROUGH.search(text[: number.start])))
                break
    return answers


def _days(quotes: Sequence[Evidence]) -> dict[int, date]:
    """For each quote, by its ``id``, the one day of a month that it names; none where it names several times."""
    answers = {}
    for quote in quotes:
        article = quote.hit.article
        stated = [find_days(text, language=article.language) for text in (quote.text, quote.best_text)]
        named = next((days[0] for days in stated if len(days) == 1), None)
        published = publication_day(article)
        if named is None or named.day is None or named.month is None or (named.year is None and published is None):
            continue
        near = named.resolved(published)
        answers[id(quote)] = min(near, key=lambda day: abs((day - published).days)) if published else next(iter(near))
    return answers


def _contradict(quote: Evidence, other: Evidence, answers: dict[int, tuple[Number, bool]] | dict[int, date]) -> bool:
    if quote.hit.article.id == other.hit.article.id or not {id(quote), id(other)} <= answers.keys():
        return False
    if not _one_story(quote, other):
        return False
    mine, theirs = answers[id(quote)], answers[id(other)]
    if not isinstance(mine, tuple) or not isinstance(theirs, tuple):
        return mine != theirs
    number, number_is_rough = mine
    rival, rival_is_rough = theirs
    if number.unit != rival.unit or number.same_as(rival):
        return False
    near = min(abs(a - b) / max(abs(a), abs(b), 1e-9) for a in number.values for b in rival.values)
    return not ((number_is_rough or rival_is_rough) and near <= _ROUNDING)
