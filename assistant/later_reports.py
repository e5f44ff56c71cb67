"""“Why the dyke gave way is unclear”: what a quote says is not known yet is looked for in later articles of its story.

Only where it is sure: a close quote says that just what is asked is not known, a later article that answers that sentence states something of
the kind (a cause, a number, a day, a name that the earlier one has not), and it is from the months behind it. Tables for some languages,
nothing learned. Not here: quotes that give different answers (``disagreement.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from assistant.disagreement import CLOSE
from assistant.phrase_tables import has_phrase
from assistant.questions import NUMERIC, answer_kind, has_kind
from assistant.stated_days import publication_day
from vectorstore.languages import normalise, words
from vectorstore.names import name_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from assistant.evidence import Evidence
    from assistant.questions import Kind
    from vectorstore.types import Filters

STORY = timedelta(days=180)
"""So long behind an article its story goes on."""
# Folded words, as regular expressions over the folded text.
_UNKNOWN: Mapping[str, str] = {
    "en": r"unclear|(?:is|are|was|were|remain\w*|still|yet|as yet) (?:\w+ ){0,2}(?:unknown|uncertain|undecided|undetermined|unexplained|open)|yet to be|remains? to be seen|"
    r"not (?:yet |immediately |been )*(?:known|clear|certain|decided|established|determined|announced|named|identified|disclosed)|no word|too early to say|"
    r"(?:(?:do|does|did|could|can) not|(?:do|does|did|could|ca)n['’]t) (?:yet )?(?:know|say)|nobody knows|no one knows|under investigation|being investigated|declined to (?:say|name)",
    "de": r"unklar|ungeklart|unbekannt|ungewiss|(?:noch |bislang |bisher )*nicht (?:bekannt|klar|geklart|fest|entschieden)|(?:noch|weiter|vorerst) offen|(?:ist|bleibt|sei|blieb) offen|"
    r"weiss (?:\w+ ){0,2}(?:niemand|nicht)|keine (?:angaben|erkenntnisse)|ermittel\w* (?:noch )?(?:zur?|nach)|wird (?:noch )?ermittelt",
    "fr": r"inconnue?s?|incertaine?s?|ignore\w*|(?:ne|n['’]\w+) (?:\w+ )?(?:pas|toujours pas) (?:encore )?(?:connue?s?|etablie?s?|determinee?s?|decidee?s?)|on ne sait|"
    r"(?:reste\w*|sont|est) (?:encore |toujours )?a (?:determiner|savoir|etablir)",
    "es": r"desconoc\w+|no se (?:sabe|conoce|ha\w? \w+)|se ignora\w*|por determinar|sin aclarar|(?:aun|todavia) no",
    "ru": r"неизвестн\w+|неясн\w+|(?:не|нет) (?:ясн\w+|известн\w+|установлен\w*|определен\w*)|выясня\w+",
}  # fmt: skip
_CAUSE: Mapping[str, str] = {
    "en": r"caus(?:e|es|ed|ing)|because|due to|owing to|blam\w+|reasons?|result of|resulted from|triggered|led to|set off|fault",
    "de": r"ursache\w*|grund|grunde|weil|wegen|infolge|aufgrund|verursach\w*|ausgelost|ausloser|schuld|zuruck(?:zufuhren|gefuhrt)|so (?:\w+ ){0,3}dass|fuhrte\w* zu",
    "fr": r"causes?|cause[es]*|parce que|en raison|du a|due a|a l['’]origine|provoqu\w+|raisons?",
    "es": r"causas?|causo|causad\w+|porque|debido|motivos?|provoc\w+|por culpa|se debio",
    "ru": r"причин\w+|потому|из-за|вызва\w+|вследствие|привел\w* к",
}
_SAME_KIND = (NUMERIC, frozenset({"date", "year"}), frozenset({"place", "country"}))


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A sentence of a quote that says that what is asked for, a ``kind``, was not known when its article was published."""

    evidence: Evidence
    statement: str
    kind: Kind
    published: date

    def later(self, filters: Filters) -> Filters | None:
        """``filters`` for the articles that may know by now; None where they leave no day."""
        since, until = self.published + timedelta(days=1), self.published + STORY
        since, until = max(since, filters.since or since), min(until, filters.until or until)
        return replace(filters, since=since, until=until, undated=False) if since <= until else None


def open_question(quotes: Sequence[Evidence], *, question: str, language: str) -> OpenQuestion | None:
    """The first sentence among close quotes that says that what ``question`` asks for is not known; None if there is none."""
    kind = answer_kind(question, language=language)
    if kind == "other":
        return None
    for quote in quotes:
        published = publication_day(quote.hit.article)
        if published is None or quote.score < quotes[0].score - CLOSE:
            continue
        for span in quote.hit.passage.sentences:
            statement = span.slice(quote.hit.article.text)
            inside = quote.span.start <= span.start and span.end <= quote.span.end
            if inside and _says_unknown(statement, language=quote.hit.article.language, kind=kind):
                return OpenQuestion(quote, statement, kind, published)
    return None


def given_answer(opened: OpenQuestion, found: Sequence[Evidence]) -> Evidence | None:
    """The first of the quotes ``found`` for an open question that states what was not known; None if none does for sure."""
    return next((quote for quote in found if _gives(opened, quote)), None)


def in_date_order(given: Evidence, opened: OpenQuestion, quotes: Sequence[Evidence], *, at_most: int) -> list[Evidence]:
    """The later answer, what it answers, and then the other ``quotes`` that have no words of the two."""
    both = [given, opened.evidence]
    others = [quote for quote in quotes if not any(quote.holds(one) or one.holds(quote) for one in both)]
    return [*both, *others][:at_most]


def _says_unknown(statement: str, *, language: str, kind: Kind) -> bool:
    """Whether a sentence says that something of ``kind`` is not known."""
    if not has_phrase(_UNKNOWN, statement, language=language):
        return False
    asked = answer_kind(statement, language=language)
    if asked == "other":
        return kind == "reason" and has_phrase(_CAUSE, statement, language=language)
    return asked == kind or any({asked, kind} <= alike for alike in _SAME_KIND)


def _gives(opened: OpenQuestion, quote: Evidence) -> bool:
    article, before = quote.hit.article, opened.evidence.hit.article
    if article.id == before.id or has_phrase(_UNKNOWN, quote.text, language=article.language):
        return False
    if opened.kind == "reason":
        return has_phrase(_CAUSE, quote.text, language=article.language)
    if opened.kind in {"person", "place", "country"}:
        known = frozenset(name_keys(before.text, language=before.language))
        return not known.issuperset(name_keys(quote.best_text, language=article.language))
    asked = frozenset(normalise(word.text) for word in words(before.text))  # what the earlier article has is not what it lacked
    return has_kind(quote.best_text, kind=opened.kind, language=article.language, asked=asked) is True
