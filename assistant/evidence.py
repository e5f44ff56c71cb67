"""Hits become the sentences that answer, and a probability that they do.

Pure but for the encoder, which embeds the sentences of hits that have no sentence vectors yet. Not here: finding hits
(``vectorstore/search.py``), wording the answer (``extractive.py``), the weights of the probability (``calibration.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.questions import answer_kind, has_kind
from vectorstore.languages import normalise, words
from vectorstore.names import name_keys
from vectorstore.terms import text_terms
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assistant.questions import Kind
    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder
    from vectorstore.search import SearchResult
    from vectorstore.terms import QuestionTerms, QuestionWord, TextTerms
    from vectorstore.types import Hit

READ_HITS = 5
"""How many of the best passages are read for sentences."""
MAX_QUOTES = 3
MAX_QUOTED_CHARACTERS = 900
_SHARE_WEIGHT = 0.06
_KIND_WEIGHT = 0.015
_HIT_WEIGHT = 0.012
_FAR_BELOW = 0.06
"""A sentence that scores this much less than the best one is left out."""
_SAME_WORDS = 0.8
"""Sentences that share this much of their words (Jaccard) say the same."""
_ARTICLE_CHARACTERS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A sentence of a hit and how well it answers: ``cosine`` with the question, ``share`` of what the question says found in it."""

    hit: Hit
    span: Span
    cosine: float
    share: float
    score: float

    @property
    def text(self) -> str:
        """Its words."""
        return self.span.slice(self.hit.article.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What answerability is judged by; shares are of the question's weight, 0 to 1, and 0 where there is nothing to find.

    ``comparable`` is 1 where question and article meet in words (one language, or a gloss for both), ``*_share`` are 0 where they do not.
    """

    passage_cosine: float
    sentence_cosine: float
    passage_share: float
    sentence_share: float
    names_missing: float
    names_missing_nearby: float
    numbers_missing: float
    kind_missing: float
    comparable: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the hits say: the sentences that would be cited, best first, and the features of the best one (None without any hit)."""

    quotes: tuple[Evidence, ...]
    features: Features | None
    kind: Kind
    missing: tuple[str, ...]


def find_evidence(question: str, result: SearchResult, *, encoder: Encoder, glossary: Glossary) -> Finding:
    """The sentences among the best hits that answer ``question``, whether or not they are good enough."""
    kind = answer_kind(question, language=result.terms.language)
    read = [_Read.of(hit, glossary=glossary) for hit in result.hits[:READ_HITS]]
    scored = sorted(
        (evidence for hit in read for evidence in _score(hit, result, kind=kind, encoder=encoder)),
        key=lambda evidence: -evidence.score,
    )
    if not scored:
        return Finding(quotes=(), features=None, kind=kind, missing=())
    best = scored[0]
    near = next(hit for hit in read if hit.hit is best.hit)
    nearby = read if near.hit.article.id == read[0].hit.article.id else [near]
    missing = _missing(result.terms, near)
    return Finding(
        quotes=tuple(choose_quotes(scored)),
        features=_features(best, near, nearby, result=result, kind=kind, missing=missing),
        kind=kind,
        missing=tuple(word.text for word in missing),
    )


def choose_quotes(scored: Sequence[Evidence]) -> list[Evidence]:
    """The best sentences that go together: not far below the best, not the same words twice, within the limits."""
    chosen: list[Evidence] = []
    characters = 0
    for evidence in scored:
        if evidence.score < scored[0].score - _FAR_BELOW or len(chosen) == MAX_QUOTES:
            break
        if chosen and characters + len(evidence.span) > MAX_QUOTED_CHARACTERS:
            continue
        if any(_jaccard(evidence.text, other.text) >= _SAME_WORDS for other in chosen):
            continue
        chosen.append(evidence)
        characters += len(evidence.span)
    return chosen


@dataclass(frozen=True, slots=True)
class _Read:
    """A hit with the terms of its passage and of each sentence."""

    hit: Hit
    passage: TextTerms
    sentences: tuple[TextTerms, ...]

    @classmethod
    def of(cls, hit: Hit, *, glossary: Glossary) -> _Read:
        language, article = hit.article.language, hit.article
        sentences = tuple(
            text_terms(span.slice(article.text), language=language, glossary=glossary) for span in hit.passage.sentences
        )
        title = text_terms(article.title, language=language, glossary=glossary)
        return cls(hit, _union((*sentences, title)), sentences)


def _union(parts: Iterable[TextTerms]) -> TextTerms:
    from vectorstore.terms import TextTerms

    listed = list(parts)
    return TextTerms(
        frozenset().union(*(part.own for part in listed)),
        frozenset().union(*(part.gloss for part in listed)),
        frozenset().union(*(part.names for part in listed)),
    )


def _score(read: _Read, result: SearchResult, *, kind: Kind, encoder: Encoder) -> list[Evidence]:
    hit = read.hit
    cosines: Sequence[float] = hit.sentence_scores
    if not cosines:
        texts = [span.slice(hit.article.text) for span in hit.passage.sentences]
        cosines = [float(cosine) for cosine in encoder.encode_passages(texts) @ result.vector]
    asked = frozenset(normalise(word.text) for word in result.terms.words)
    scored = []
    for span, cosine, terms in zip(hit.passage.sentences, cosines, read.sentences, strict=True):
        share = _share(result.terms.words, terms)
        has = has_kind(span.slice(hit.article.text), kind=kind, language=hit.article.language, asked=asked)
        score = cosine + _SHARE_WEIGHT * share + _HIT_WEIGHT * hit.score + (_KIND_WEIGHT if has else 0.0)
        scored.append(Evidence(hit=hit, span=span, cosine=cosine, share=share, score=score))
    return scored


def _features(
    best: Evidence, near: _Read, nearby: Sequence[_Read], *, result: SearchResult, kind: Kind, missing: Sequence[QuestionWord]
) -> Features:
    terms, article = result.terms, best.hit.article
    named = [word for word in terms.words if word.names]
    numbers = [word for word in terms.words if word.is_number]
    around = _union(read.passage for read in nearby)
    asked = frozenset(normalise(word.text) for word in terms.words)
    kinds = has_kind(best.text, kind=kind, language=article.language, asked=asked)
    comparable = article.language in terms.own or bool(terms.gloss and any(read.gloss for read in near.sentences))
    return Features(
        passage_cosine=best.hit.cosine,
        sentence_cosine=best.cosine,
        passage_share=_share(terms.words, near.passage) if comparable else 0.0,
        sentence_share=best.share if comparable else 0.0,
        names_missing=_weight(word for word in named if word in missing) / max(_weight(named), 1e-9),
        names_missing_nearby=1.0 - _share(named, around) if named else 0.0,
        numbers_missing=1.0 - _share(numbers, around) if numbers else 0.0,
        kind_missing=float(kinds is False),
        comparable=float(comparable),
    )


def _missing(terms: QuestionTerms, near: _Read) -> list[QuestionWord]:
    """The question's names that the whole article of the best sentence does not have in any spelling."""
    article = near.hit.article
    text = article.text[:_ARTICLE_CHARACTERS]
    keys = frozenset(name_keys(text, language=article.language))
    return [
        word for word in terms.words if word.names and word.names.isdisjoint(keys) and not word.found_in(near.passage)
    ]


def _share(asked: Sequence[QuestionWord], found: TextTerms) -> float:
    total = _weight(asked)
    return _weight(word for word in asked if word.found_in(found)) / total if total else 0.0


def _weight(asked: Iterable[QuestionWord]) -> float:
    return sum(word.weight for word in asked)


def _jaccard(one: str, other: str) -> float:
    mine, others = ({normalise(word.text) for word in words(text)} for text in (one, other))
    return len(mine & others) / max(1, len(mine | others))
