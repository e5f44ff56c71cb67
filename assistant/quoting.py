"""Answers by quotes: searching, choosing evidence, deciding whether it answers, and what is said where nothing is searched.

Not here: how any of these works, asking with a conversation and a chat model (``qa``).
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.about_articles import asked_about_article, tell
from assistant.calibration import answers, calibration_for
from assistant.citations import cite
from assistant.cited_again import asked_again, quote_again
from assistant.conversation import Standalone, standalone_question
from assistant.courtesies import asks_nothing, courtesy_language, what_can_be_asked
from assistant.disagreement import order_by_disagreement
from assistant.evidence import MAX_QUOTES, find_evidence
from assistant.extractive import phrase, quote_answer
from assistant.holdings import Holdings
from assistant.later_reports import given_answer, in_date_order, open_question
from assistant.numbering import Numbering
from assistant.periods import question_period
from assistant.quoted_dates import with_dates
from assistant.types import Answer, AskedPeriod, Citation, Searched
from vectorstore.errors import ArticleNotFound
from vectorstore.languages import question_languages
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from assistant.about_articles import AboutArticle
    from assistant.cited_again import AskedAgain
    from assistant.evidence import Evidence, Finding
    from assistant.types import Turn
    from vectorstore.embedding import Vectors
    from vectorstore.search import SearchResult
    from vectorstore.types import Article, Hit, Span

ANSWER_HITS = 10


class Quoting(Holdings):
    """The steps of an answer that quotes. Thread-safe."""

    def _quoted(self, question: str, *, filters: Filters | None = None) -> Answer | None:
        if not self._owns():
            return None
        standalone, searched = read_question(question, history=(), filters=filters or Filters(), detect_period=False)
        result = self._search(searched.question, filters=searched.filters, limit=ANSWER_HITS)
        return self._answer(question, searched, result, language=standalone.language, earlier=()) if result.hits else None

    def _refusal_without_search(self, question: str) -> str | None:
        if not any(character.isalnum() for character in question):
            return "question"
        if self.library.count_articles("searchable", "complete"):
            return None
        return "pending" if self.library.count_articles("pending") else "empty"

    def _search(self, question: str, *, filters: Filters, limit: int) -> SearchResult:
        from vectorstore.search import hybrid_search

        with self._place_to_answer():
            return self._asked(
                lambda indexes: hybrid_search(
                    question,
                    library=self.library,
                    indexes=indexes,
                    encoder=self.encoder,
                    glossary=self.glossary,
                    filters=filters,
                    limit=limit,
                    reranker=self.reranker,
                )
            )

    def _answer(
        self, question: str, searched: Searched, result: SearchResult, *, language: str | None, earlier: Sequence[Citation]
    ) -> Answer:
        language = language or result.terms.language
        start = time.perf_counter()
        if not result.hits:
            return self._refuse(question, searched, "filtered", language=language)
        finding = find_evidence(searched.question, result, encoder=self.encoder, glossary=self.glossary)
        enough, confidence = self._judged(finding)
        timings = {**result.timings, "evidence": time.perf_counter() - start}
        if not enough:
            names = ", ".join(finding.missing)
            reason = phrase("missing", language=language, names=names) if names else phrase("weak", language=language)
            refused = self._refuse(question, searched, reason, language=language, hits=result.hits)
            return replace(refused, confidence=confidence, timings=timings)
        quotes, disagree = order_by_disagreement(
            finding.quotes,
            question=searched.question,
            language=result.terms.language,
            asks_about=lambda evidence, words: self._asks_about(evidence, words, result),
        )
        quotes, hits = self._with_later_report(quotes, searched, result)
        lead = phrase("disagree", language=language) if disagree else ""
        places = [(evidence.hit.article, evidence.span, evidence.hit.also_in) for evidence in quotes]
        answer = self._say(question, searched, places, lead=lead, language=language, earlier=earlier, hits=hits)
        return replace(answer, confidence=confidence, timings=timings)

    def _say(
        self,
        question: str,
        searched: Searched,
        places: Iterable[tuple[Article, Span, tuple[str, ...]]],
        *,
        lead: str,
        language: str,
        earlier: Sequence[Citation],
        hits: Sequence[Hit],
    ) -> Answer:
        """The answer that quotes these places of articles, with the other outlets that have each, behind ``lead``."""
        numbering = Numbering(earlier)
        cited = (
            cite(article, span, number=numbering.number(article, span), also_in=also_in) for article, span, also_in in places
        )
        citations = tuple(with_dates(citation) for citation in cited if citation.verbatim)
        text, sentences = quote_answer(citations, language=language, lead=lead)
        return Answer(
            question=question,
            searched=searched,
            text=text,
            language=language,
            sentences=sentences,
            citations=citations,
            hits=tuple(hits),
            abstained=False,
            reason="",
            confidence=None,
            model=None,
            pending=self.library.count_articles("pending"),
        )

    def _tell_of_article(
        self,
        question: str,
        asked: AboutArticle,
        *,
        history: Sequence[Turn],
        earlier: Sequence[Citation],
        filters: Filters,
        language: str | None,
    ) -> Answer | None:
        """The answer to what is asked of an article itself: the one at hand, or those that its words find; None where they find none for sure."""
        language = language or asked.language
        searched = Searched(question=asked.topic or question, filters=filters)
        hits: tuple[Hit, ...] = ()
        confidence = None
        if asked.topic:
            result = self._search(asked.topic, filters=filters, limit=ANSWER_HITS)
            finding = find_evidence(asked.topic, result, encoder=self.encoder, glossary=self.glossary)
            hits = result.hits
            enough, confidence = self._judged(finding)
            if not enough:
                return None
            found = [quote.hit.article for quote in finding.quotes]
        else:
            found = self._article_at_hand(history, filters=filters)
        passages = {article.id: (article, self.library.passages(article)) for article in found}
        told = tell(asked, list(passages.values()), language=language) if passages else None
        if told is None or not told.quotes:
            return self._refuse(question, searched, phrase("which article", language=language), language=language)
        also_in = {hit.article.id: hit.also_in for hit in hits}
        places = [(article, span, also_in.get(article.id, ())) for article, span in told.quotes]
        answer = self._say(question, searched, places, lead=told.lead, language=language, earlier=earlier, hits=hits)
        return replace(answer, confidence=confidence)

    def _article_at_hand(self, history: Sequence[Turn], *, filters: Filters) -> list[Article]:
        """The article that the last answer with quotes quoted first, else the only one that there is; none where that leaves several."""
        cited = next((turn.citations[0] for turn in reversed(history) if turn.citations), None)
        if cited:
            with suppress(ArticleNotFound):
                return [self.library.article(cited.article_id)]
        listed = self.library.articles(limit=2, filters=filters)
        return listed if len(listed) == 1 else []

    def _judged(self, finding: Finding) -> tuple[bool, float | None]:
        """Whether what was found answers, and how sure that is; None without anything found."""
        return answers(finding.features, calibration_for(self.encoder.signature)) if finding.features else (False, None)

    def _with_later_report(
        self, quotes: list[Evidence], searched: Searched, result: SearchResult
    ) -> tuple[list[Evidence], tuple[Hit, ...]]:
        """The quotes and hits of ``result``, with what a later article says of what a quote says is not known before them, if one does."""
        opened = open_question(quotes, question=searched.question, language=result.terms.language)
        filters = opened.later(searched.filters) if opened else None
        if opened is None or filters is None:
            return quotes, result.hits
        later = self._search(opened.statement, filters=filters, limit=ANSWER_HITS)
        finding = find_evidence(opened.statement, later, encoder=self.encoder, glossary=self.glossary)
        given = given_answer(opened, finding.quotes) if self._judged(finding)[0] else None
        if given is None:
            return quotes, result.hits
        others = (hit for hit in result.hits if hit.passage.id != given.hit.passage.id)
        return in_date_order(given, opened, quotes, at_most=MAX_QUOTES), (given.hit, *others)[:ANSWER_HITS]

    def _answer_aside(
        self,
        question: str,
        *,
        history: Sequence[Turn],
        earlier: Sequence[Citation],
        filters: Filters,
        language: str | None,
    ) -> Answer | None:
        """The answer to what asks for earlier quotes or about an article itself, or only greets; None of any other question."""
        if again := asked_again(question):
            return self._quote_again(question, again, history=history, earlier=earlier, language=language)
        if self._refusal_without_search(question):
            return None
        about = asked_about_article(question)
        if about and not (self.chat_model and about.matter == "gist"):  # a model sums up better
            return self._tell_of_article(question, about, history=history, earlier=earlier, filters=filters, language=language)
        courtesy = courtesy_language(question)
        if courtesy is None:
            return None
        language = language or courtesy or _language_of(history)
        return self._say_what_can_be_asked(question, Searched(question=question, filters=filters), language=language)

    def _unsearchable(self, question: str, searched: Searched, *, language: str | None) -> Answer | None:
        """The answer where there is nothing to search, or nothing to search for."""
        if refused := self._refusal_without_search(searched.question):
            return self._refuse(question, searched, refused, language=language)
        empty = asks_nothing(searched.question)
        return self._say_what_can_be_asked(question, searched, language=language or empty) if empty else None

    def _quote_again(
        self, question: str, again: AskedAgain, *, history: Sequence[Turn], earlier: Sequence[Citation], language: str | None
    ) -> Answer:
        """The answer to a question for citations of earlier turns by their numbers, in its language or that of the question before."""
        language = language or again.language or _language_of(history)
        quoted = quote_again(
            again.numbers, earlier=earlier, article=lambda id_, version: self.article(id_, version=version), language=language
        )
        refused = self._refuse(question, Searched(question=question, filters=Filters()), quoted.text, language=language)
        return replace(
            refused,
            sentences=quoted.sentences,
            citations=quoted.citations,
            abstained=bool(quoted.reason),
            reason=quoted.reason,
        )

    def _say_what_can_be_asked(self, question: str, searched: Searched, *, language: str) -> Answer:
        """The answer to what asks nothing of the articles; it quotes nothing, and declines nothing either."""
        refused = self._refuse(question, searched, what_can_be_asked(language=language), language=language)
        return replace(refused, abstained=False, reason="")

    def _asks_about(self, evidence: Evidence, words: str, result: SearchResult) -> bool:
        from vectorstore.terms import text_terms

        found = text_terms(words, language=evidence.hit.article.language, glossary=self.glossary)
        return any(word.found_in(found) for word in result.terms.words)

    def _sentence_vectors(self, passage_ids: Sequence[str]) -> Mapping[str, Vectors]:
        found = self._asked(lambda indexes: indexes.vectors.get(passage_ids))
        return {passage_id: vectors.sentences for passage_id, vectors in found.items() if vectors.sentences is not None}

    def _refuse(
        self, question: str, searched: Searched, reason: str, *, language: str | None, hits: Sequence[Hit] = ()
    ) -> Answer:
        from vectorstore.terms import question_terms

        language = language or question_terms(question, library=(), glossary=self.glossary).language
        text = reason if " " in reason else phrase(reason, language=language)
        return Answer(
            question=question,
            searched=searched,
            text=text,
            language=language,
            sentences=(),
            citations=(),
            hits=tuple(hits),
            abstained=True,
            reason=text,
            confidence=None,
            model=None,
            pending=self.library.count_articles("pending"),
        )


def read_question(
    question: str, *, history: Sequence[Turn], filters: Filters, detect_period: bool
) -> tuple[Standalone, Searched]:
    """What a question leans on, and what is searched for it: its words without those of a period, which becomes a filter."""
    standalone = standalone_question(question, history=history)
    period = None
    if detect_period and not (filters.since or filters.until):
        period = question_period(question, language=standalone.language, today=datetime.now(UTC).date())
    if period is None:
        return standalone, Searched(question=standalone.question, filters=filters, carried=standalone.carried)
    standalone = standalone_question(period.removed(question), history=history)
    return standalone, Searched(
        question=standalone.question,
        filters=period.applied(filters),
        carried=standalone.carried,
        period=AskedPeriod(since=period.since, until=period.until, text=period.text),
    )


def _language_of(history: Sequence[Turn]) -> str:
    """The language of the last question, English before the first."""
    likely = question_languages(history[-1].question) if history else {"en": 1.0}
    return max(likely, key=lambda known: likely[known])
