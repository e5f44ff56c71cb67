"""Hybrid search: candidates from both indexes, exact dense scores at two grains, standardised fusion, hits in order.

``fuse`` is pure. Not here: what answers a question and whether anything does (``assistant/evidence.py``).
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vectorstore.collapse import Telling, tell_once
from vectorstore.hubness import usual_cosines
from vectorstore.languages import same_words
from vectorstore.terms import question_terms
from vectorstore.types import Filters, Hit, Rank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder, Reranker
    from vectorstore.exact_vectors import Compared
    from vectorstore.indexes import Indexes
    from vectorstore.library import Candidate, Library
    from vectorstore.terms import QuestionTerms

    Vectors = NDArray[np.float32]
    Ranking = list[tuple[str, float]]

CANDIDATES = 100
"""How many passages each retriever proposes, and over how many its scores are standardised."""
EXACT_SCAN = 2_000
"""A filter that leaves at most this many passages has their vectors scanned exactly instead of asking the index for more.

In libraries of more than ``_EXACT_SCAN_IN`` it is more, by the square root: the fewer of many match, the more the index would have to propose. There
both ways take as long the first time; later an exact scan takes a tenth.
"""
_EXACT_SCAN_IN = 10_000
_SPARE = 2.0
MORE_FROM = 8_000
"""In libraries of more passages the dense index is asked for more than is used, by the square root, since it searches the wider the more it is asked for:
of the ten nearest of 100,000 drawn vectors it finds .95 so and .90 otherwise, of 524,000 .93 and .70."""
RERANKED = 30
_NEAR_COSINE = 0.96
_NEAR_WORDS = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each standardised score counts; ``sentences`` is what the best sentence's cosine counts beside the passage's."""

    dense: float = 1.0
    own: float = 0.4
    gloss: float = 0.3
    names: float = 0.05
    sentences: float = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Hits, best first, and what they were found with.

    ``vector`` is the question's; ``timings`` are seconds per step, of the term index only what it took longer than the dense one.
    """

    hits: tuple[Hit, ...]
    terms: QuestionTerms
    vector: Vectors
    timings: Mapping[str, float] = field(default_factory=dict)


class _Stopwatch:
    """Seconds per step, behind those that went before."""

    def __init__(self, before: Mapping[str, float] | None = None) -> None:
        self.timings = dict(before or {})
        self._start = time.perf_counter()

    def lap(self, step: str) -> None:
        """The step that ends now."""
        now = time.perf_counter()
        self.timings[step] = now - self._start
        self._start = now


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the indexes propose for a question: the rankings, and each passage in any of them beside the question.

    ``usual`` is by language how near its passages are to questions in general.
    """

    terms: QuestionTerms
    vector: Vectors
    dense: Ranking
    lexical: Mapping[str, Ranking]
    visible: Mapping[str, Candidate]
    compared: Mapping[str, Compared]
    usual: Mapping[str, float]
    timings: Mapping[str, float]

    def fused(self, weights: Weights) -> Ranking:
        """The passages in the order of these weights, see ``fuse``."""
        languages = {id_: self.visible[id_].language for id_ in self.compared}
        cosines = {id_: (one.cosine, one.sentences) for id_, one in self.compared.items()}
        return fuse(cosines, self.lexical, languages=languages, usual=self.usual, terms=self.terms, weights=weights)


def hybrid_search(
    question: str,
    *,
    library: Library,
    indexes: Indexes,
    encoder: Encoder,
    glossary: Glossary,
    filters: Filters | None = None,
    limit: int = 10,
    weights: Weights | None = None,
    reranker: Reranker | None = None,
    collapse: bool = True,
) -> SearchResult:
    """The passages that best match ``question`` in any language, best first, at most ``limit``.

    With ``collapse``, a story that several outlets copied is told by the first of them that matches the filters, and of near-identical passages
    only the best is a hit.
    """
    found = gather(question, library=library, indexes=indexes, encoder=encoder, glossary=glossary, filters=filters)
    watch = _Stopwatch(found.timings)
    visible, compared = found.visible, found.compared
    fused = found.fused(weights or Weights())
    if collapse:
        fused = _tell_once(fused, visible, library=library)
    watch.lap("fuse")
    ranks = _ranks({"dense": found.dense, **found.lexical})
    catalogue = library.catalogue()
    wanted = max(limit, RERANKED) if reranker else limit
    hits: list[Hit] = []
    for first in range(0, len(fused), max(wanted, 1)):
        # A batch at a time: collapsing seldom takes more than a few away.
        chosen = fused[first : first + wanted]
        passages = library.passages_of(id_ for id_, _ in chosen)
        articles = library.articles_of(visible[id_].version_row for id_ in passages)
        for id_, score in chosen:
            if id_ not in passages or visible[id_].version_row not in articles or len(hits) == wanted:  # removed since, or enough
                continue
            hit = Hit(
                passage=passages[id_],
                article=articles[visible[id_].version_row],
                score=score,
                cosine=compared[id_].cosine,
                sentence_scores=tuple(compared[id_].sentences),
                ranks=ranks.get(id_, {}),
                also_in=catalogue.also_in(passages[id_].article_id),
            )
            if not (collapse and any(_near_identical(hit, other, compared) for other in hits)):
                hits.append(hit)
        if len(hits) == wanted:
            break
    watch.lap("load")
    if reranker:
        hits = _rerank(question, hits, reranker=reranker)[:limit]
        watch.lap("rerank")
    return SearchResult(hits=tuple(hits), terms=found.terms, vector=found.vector, timings=watch.timings)


def gather(
    question: str,
    *,
    library: Library,
    indexes: Indexes,
    encoder: Encoder,
    glossary: Glossary,
    filters: Filters | None = None,
) -> Gathered:
    """What both indexes propose for ``question``, with exact dense scores."""
    filters = filters or Filters()
    watch = _Stopwatch()
    terms = question_terms(question, library=library.languages(), glossary=glossary)
    watch.lap("analyse")
    vector = encoder.encode_query(question)
    watch.lap("embed")
    visible: dict[str, Candidate] = {}
    found: dict[str, Candidate] = {}
    # Both indexes leave the interpreter free while they search. Not beside the embedding, which has use for every core.
    with ThreadPoolExecutor(1, thread_name_prefix="lexical") as beside:
        asked = beside.submit(_lexical_rankings, terms, library=library, indexes=indexes, filters=filters, visible=found)
        dense = _dense_ranking(vector, library=library, indexes=indexes, filters=filters, visible=visible)
        watch.lap("dense")
        lexical = asked.result()
    visible |= found
    watch.lap("lexical")
    compared = indexes.vectors.compare(sorted({id_ for ranking in (dense, *lexical.values()) for id_, _ in ranking}), vector)
    watch.lap("read")
    passages = ((visible[id_].language, one.vector) for id_, one in compared.items())
    usual = usual_cosines(passages, asked_in=terms.language, encoder=encoder)
    return Gathered(terms, vector, dense, lexical, visible, compared, usual, watch.timings)


def fuse(
    cosines: Mapping[str, tuple[float, Sequence[float]]],
    lexical: Mapping[str, Ranking],
    *,
    languages: Mapping[str, str],
    usual: Mapping[str, float],
    terms: QuestionTerms,
    weights: Weights,
) -> Ranking:
    """Candidates by z(dense) + w·z(lexical), best first, ties by id.

    The dense score is the passage's cosine plus that of its best sentence (or the passage's again, where its sentences have no
    vectors), less what is ``usual`` in its language. Each side is standardised over its own top ``CANDIDATES``; a passage that the terms did not find scores 0 there. Own stems count
    as far as question and passage are likely to share a language, the gloss for the rest.
    """
    dense = {
        id_: passage + weights.sentences * max(sentences, default=passage) - usual[languages[id_]]
        for id_, (passage, sentences) in cosines.items()
    }
    standing = _standardised(sorted(dense.items(), key=lambda pair: -pair[1]), pad=False)
    total = {id_: weights.dense * score for id_, score in standing.items()}
    sides = {name: _standardised(ranking, pad=True) for name, ranking in lexical.items()}
    for id_ in total:
        same = terms.languages.get(languages[id_], 0.0)
        total[id_] += weights.own * same * sides["own"][id_]
        total[id_] += weights.gloss * (1.0 - same) * sides["gloss"][id_]
        total[id_] += weights.names * sides["names"][id_]
    return sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))


def _standardised(ranking: Ranking, *, pad: bool) -> defaultdict[str, float]:
    """Scores less the mean of the best ``CANDIDATES``, in their deviations; plain differences where there is no spread.

    With ``pad``, a ranking that found fewer goes on with zeros, and what it did not find stands where a score of 0 would.
    """
    top = np.array([score for _, score in ranking[:CANDIDATES]])
    if pad and len(top) < CANDIDATES:
        top = np.pad(top, (0, CANDIDATES - len(top)))
    mean, deviation = (float(top.mean()), float(top.std())) if len(top) else (0.0, 0.0)
    scale = deviation if len(top) > 2 and deviation > 1e-6 else 1.0
    absent = -mean / scale if pad and ranking else 0.0
    return defaultdict(lambda: absent, ((id_, (score - mean) / scale) for id_, score in ranking))


def _dense_ranking(
    vector: Vectors, *, library: Library, indexes: Indexes, filters: Filters, visible: dict[str, Candidate]
) -> Ranking:
    catalogue = library.catalogue()
    matching, everything = catalogue.passages(filters), catalogue.passages(Filters())
    if filters.any and matching <= EXACT_SCAN * math.sqrt(max(everything / _EXACT_SCAN_IN, 1.0)):
        ranking = indexes.vectors.scan(
            vector, limit=CANDIDATES, among=catalogue.matching(filters), ids=lambda: library.matching_ids(filters)
        )
        visible.update(library.candidates((id_ for id_, _ in ranking), filters=filters))
        return [(id_, score) for id_, score in ranking if id_ in visible]
    wide = math.sqrt(max(everything / MORE_FROM, 1.0))
    # As many as hold enough that match, if those are spread evenly; asking twice takes longer than asking for a few more.
    share = _SPARE * everything / matching if filters.any and matching else 0.0
    first = math.ceil(CANDIDATES * (wide + share))

    def ask(limit: int) -> Ranking:
        return indexes.dense.search(vector, limit=limit)

    return _widen(ask, ask(first), limit=first, library=library, filters=filters, visible=visible)


def _lexical_rankings(
    terms: QuestionTerms, *, library: Library, indexes: Indexes, filters: Filters, visible: dict[str, Candidate]
) -> dict[str, Ranking]:
    names = {key: 1.0 for name in terms.names for key in name.keys}

    several = len(library.languages()) > 1

    def search(field: str, weighted: Mapping[str, float], language: str = "") -> Callable[[int], Ranking]:
        languages = [language] if language and several else []
        return lambda limit: indexes.lexical.search(field, weighted, limit=limit, languages=languages, filters=filters)

    searches = [("own", search("own", stems, language)) for language, stems in terms.own.items()]
    searches += [("gloss", search("gloss", terms.gloss)), ("names", search("names", names))]
    begun = [(name, ask, ask(CANDIDATES)) for name, ask in searches]
    # What they found is looked up together.
    unknown = {id_ for _, _, ranking in begun for id_, _ in ranking} - visible.keys()
    visible.update(library.candidates(unknown, filters=filters))
    found: dict[str, Ranking] = {"own": [], "gloss": [], "names": []}
    for name, ask, ranking in begun:
        found[name] += _widen(ask, ranking, limit=CANDIDATES, library=library, filters=filters, visible=visible)
    found["own"] = sorted(found["own"], key=lambda pair: -pair[1])[:CANDIDATES]
    return found


def _widen(
    ask: Callable[[int], Ranking],
    ranking: Ranking,
    *,
    limit: int,
    library: Library,
    filters: Filters,
    visible: dict[str, Candidate],
) -> Ranking:
    """The best ``CANDIDATES`` that may be shown of ``ranking``, which ``limit`` was asked of; more is asked for until there are enough or no more come."""
    while True:
        for looked_at in (ranking[:CANDIDATES], ranking):  # without a filter the first are nearly always enough
            unknown = [id_ for id_, _ in looked_at if id_ not in visible]
            if unknown:
                visible.update(library.candidates(unknown, filters=filters))
            shown = [(id_, score) for id_, score in looked_at if id_ in visible]
            if len(shown) >= CANDIDATES:
                return shown[:CANDIDATES]
        if len(ranking) < limit:
            return shown
        limit *= 4
        ranking = ask(limit)


def _tell_once(fused: Ranking, visible: Mapping[str, Candidate], *, library: Library) -> Ranking:
    tellers: defaultdict[str, set[int]] = defaultdict(set)
    for id_, _ in fused:
        tellers[visible[id_].story].add(visible[id_].version_row)
    retold = [id_ for id_, _ in fused if len(tellers[visible[id_].story]) > 1]
    if not retold:
        return fused
    passages = library.passages_of(retold)
    articles = library.articles_of(visible[id_].version_row for id_ in passages)
    tellings = {}
    for id_, passage in passages.items():
        candidate, article = visible[id_], articles.get(visible[id_].version_row)
        if article:  # else removed since
            order = candidate.version_row if article.duplicate_of else 0
            tellings[id_] = Telling(candidate.story, order, article.text[passage.start : passage.end])
    return tell_once(fused, tellings)


def _near_identical(one: Hit, other: Hit, compared: Mapping[str, Compared]) -> bool:
    """Whether two passages say the same in nearly the same words; their vectors rule out most pairs at little cost."""
    cosine = float(compared[one.passage.id].vector @ compared[other.passage.id].vector)
    return cosine >= _NEAR_COSINE and same_words(one.text, other.text, share=_NEAR_WORDS)


def _ranks(rankings: Mapping[str, Ranking]) -> dict[str, dict[str, Rank]]:
    """By passage: its place in each ranking; of the lexical ones the best is reported as "lexical"."""
    found: dict[str, dict[str, Rank]] = {}
    for name, ranking in rankings.items():
        shown = "dense" if name == "dense" else "lexical"
        for position, (id_, score) in enumerate(ranking, start=1):
            entry = found.setdefault(id_, {})
            if shown not in entry or position < entry[shown].rank:
                entry[shown] = Rank(position, score)
    return found


def _rerank(question: str, hits: Sequence[Hit], *, reranker: Reranker) -> list[Hit]:
    from dataclasses import replace

    scores = reranker.scores(question, [hit.text for hit in hits])
    rescored = [
        replace(hit, score=score, ranks={**hit.ranks, "reranker": Rank(0, score)})
        for hit, score in zip(hits, scores, strict=True)
    ]
    rescored.sort(key=lambda hit: -hit.score)
    return [
        replace(hit, ranks={**hit.ranks, "reranker": Rank(position, hit.score)}) for position, hit in enumerate(rescored, start=1)
    ]
