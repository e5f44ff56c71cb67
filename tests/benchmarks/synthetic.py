"""Articles of real words drawn at random, and vectors drawn as those of the bundled model lie; and the quick way of storing many of them.

Words come by their frequency in English, with the names of cities among them. Vectors come from a normal distribution with the mean and the
covariance that the sample articles' sentences have, so that an index finds it as easy or hard to tell them apart; random directions would be
all equally far from each other. Not here: measuring anything.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ingest.samples import sample_paths, sample_questions
from vectorstore.languages import terms
from vectorstore.lexical import PassageTerms
from vectorstore.library import Storable
from vectorstore.names import name_keys
from vectorstore.types import Article, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from assistant import Assistant
    from vectorstore.embedding import Encoder

    Vectors = NDArray[np.float32]

RARE, EVEN, ODD = "The Rare Post", "The Even Post", "The Odd Post"
"""Outlets: every hundredth article is the rare one's, of the others those with an even number are the even one's."""
PASSAGES_IN_ARTICLE = 4
_SENTENCES_IN_PASSAGE = 8
_WORDS_IN_SENTENCE = 18
ARTICLES_AT_ONCE = 250
PASSAGES_AT_ONCE = ARTICLES_AT_ONCE * PASSAGES_IN_ARTICLE
_SEED = 7
_FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
_DAYS = 2_000
_CITIES = tuple(
    "Paris London Berlin Madrid Rome Vienna Warsaw Prague Lisbon Athens Dublin Oslo Helsinki Stockholm Copenhagen Brussels Amsterdam Budapest"
    " Bucharest Sofia Belgrade Zagreb Kyiv Moscow Ankara Cairo Nairobi Lagos Tokyo Beijing Delhi Sydney Toronto Chicago Boston Houston Lima".split()
)
_CITY_EVERY = 30
_NEAR = 0.5
_LONG_LINE = 60
_SYNC, _SYNC_WHILE_FILLING = 1_000, 10_000
"""After how many additions Chroma writes the names of all it holds: its default, and a rarer one, which halves the time of filling a large library."""
_TEMPLATES = (
    "Why did {a} and {b} change in {city}?",
    "Who said that the {a} was a {b}?",
    "How many people in {city} lost their {a}?",
    "When will the {a} {b} in {city} open again?",
    "What did the {a} ask the {b} for?",
    "Where was the {a} found after the {b}?",
    "Which {a} did {city} choose for its {b}?",
    "What does the {a} cost the {b} every year?",
    "Did the {a} in {city} end the {b}?",
    "Was macht {city} mit {a} und {b}?",
)


@dataclass(frozen=True, slots=True)
class Composed:
    """An article, its passages and what the term index keeps of each."""

    article: Article
    passages: Sequence[Passage]
    terms: Sequence[PassageTerms]


class Newsroom:
    """Composes articles and questions; the same ones every time."""

    def __init__(self) -> None:
        """Read the words and what they are called in the term index."""
        import wordfreq

        ordinary = [word for word in wordfreq.top_n_list("en", 20_000) if word.isalpha()]
        self._words = np.array([*ordinary, *_CITIES], dtype=object)
        weights = 1.0 / (np.arange(len(ordinary)) + 10.0)
        cities = np.full(len(_CITIES), weights.sum() / _CITY_EVERY / len(_CITIES))
        self._chances = np.cumsum(np.concatenate([weights, cities]))
        self._ordinary = ordinary

    @cached_property
    def _terms(self) -> list[list[str]]:
        return [terms(word, language="en") for word in self._words]

    @cached_property
    def _names(self) -> list[list[str]]:
        return [name_keys(word, language="en") if word in _CITIES else [] for word in self._words]

    def questions(self, count: int) -> list[str]:
        """That many different questions, with names of cities and words that are neither everywhere nor nowhere."""
        chance = np.random.default_rng(_SEED)
        middling = [word for word in self._ordinary[300:6_000] if len(word) > 3]
        drawn = chance.choice(middling, (count, 2)).tolist()
        cities = chance.choice(_CITIES, count).tolist()
        return [
            _TEMPLATES[number % len(_TEMPLATES)].format(a=first, b=second, city=city)
            for number, ((first, second), city) in enumerate(zip(drawn, cities, strict=True))
        ]

    def articles(self, number: int, *, passages: int = PASSAGES_IN_ARTICLE) -> list[Composed]:
        """The articles of batch ``number``, from 0: ``ARTICLES_AT_ONCE`` with so many passages each."""
        size = passages * _SENTENCES_IN_PASSAGE * _WORDS_IN_SENTENCE
        chance = np.random.default_rng([_SEED, number])
        drawn = np.searchsorted(self._chances, chance.random((ARTICLES_AT_ONCE, size)) * self._chances[-1])
        return [self._compose(number * ARTICLES_AT_ONCE + place, row.tolist()) for place, row in enumerate(drawn)]

    def _compose(self, number: int, drawn: Sequence[int]) -> Composed:
        sentences, spans, at = [], [], 0
        for start in range(0, len(drawn), _WORDS_IN_SENTENCE):
            text = " ".join(self._words[drawn[start : start + _WORDS_IN_SENTENCE]])
            sentence = f"{text[0].upper()}{text[1:]}."
            spans.append(Span(at, at + len(sentence)))
            sentences.append(sentence)
            at += len(sentence) + 1
        article = Article(
            id=f"a{number}",
            text=" ".join(sentences),
            title=f"{sentences[0][:-1]} {number}",
            source=RARE if number % 100 == 1 else EVEN if number % 2 == 0 else ODD,
            language="en",
            published_at=_FIRST_DAY + timedelta(days=number * 797 % _DAYS),
            fetched_at=_FIRST_DAY + timedelta(days=_DAYS),
        )
        version = article.version
        passages, kept = [], []
        for first in range(0, len(spans), _SENTENCES_IN_PASSAGE):
            inside = tuple(spans[first : first + _SENTENCES_IN_PASSAGE])
            passage = Passage(article_id=article.id, version=version, start=inside[0].start, end=inside[-1].end, sentences=inside)
            words = drawn[first * _WORDS_IN_SENTENCE : (first + _SENTENCES_IN_PASSAGE) * _WORDS_IN_SENTENCE]
            own = [term for word in words for term in self._terms[word]]
            names = [key for word in words for key in self._names[word]]
            passages.append(passage)
            published = int(article.published_at.timestamp()) if article.published_at else None
            kept.append(PassageTerms(passage.id, article.language, article.source, published, own, own, names))
        return Composed(article, passages, kept)


class Directions:
    """Vectors as an encoder's lie."""

    def __init__(self, encoder: Encoder) -> None:
        """Measure how they lie, on the sample articles and the questions about them."""
        texts = [line for path in sample_paths() for line in path.read_text("utf-8").splitlines() if len(line) > _LONG_LINE]
        real = encoder.encode_passages([*texts, *(question.question for question in sample_questions())])
        self._mean = real.mean(axis=0)
        _, spread, axes = np.linalg.svd(real - self._mean, full_matrices=False)
        self._axes = np.asarray(axes * (spread / np.sqrt(len(real)))[:, None], dtype=np.float32)

    def passages(self, number: int) -> tuple[Vectors, Vectors]:
        """The vectors of the passages of batch ``number``, shape (n, d), and of their sentences, shape (n, sentences, d), each of length 1."""
        chance = np.random.default_rng([_SEED, number])
        passages = _unit(self._mean + self._around(chance, PASSAGES_AT_ONCE))
        around = self._around(chance, PASSAGES_AT_ONCE * _SENTENCES_IN_PASSAGE)
        return passages, _unit(passages[:, None, :] + _NEAR * around.reshape(PASSAGES_AT_ONCE, _SENTENCES_IN_PASSAGE, -1))

    def questions(self, count: int) -> Vectors:
        """So many other vectors, shape (count, d)."""
        return _unit(self._mean + self._around(np.random.default_rng([_SEED, _SEED, count]), count))

    def _around(self, chance: np.random.Generator, count: int) -> Vectors:
        drawn = chance.standard_normal((count, len(self._axes)), dtype=np.float32) @ self._axes
        return np.asarray(drawn, dtype=np.float32)


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


def fill_up(assistant: Assistant, *, passages: int, on_progress: Callable[[int], None] = lambda _: None) -> Mapping[str, float]:
    """Fill a library of such articles up to so many passages, a multiple of ``PASSAGES_AT_ONCE``; the seconds that each part took.

    What is stored is what the ordinary way stores; only making vectors and terms is left out, since both are drawn. It goes on where it
    stopped.
    """
    seconds: defaultdict[str, float] = defaultdict(float)
    begun = time.perf_counter()

    def lap(part: str) -> None:
        nonlocal begun
        now = time.perf_counter()
        seconds[part] += now - begun
        begun = now

    newsroom, directions, indexes, library = Newsroom(), Directions(assistant.encoder), assistant.indexes, assistant.library
    indexes.dense._passages.modify(configuration={"hnsw": {"sync_threshold": _SYNC_WHILE_FILLING}})
    for number in range(library.count_passages() // PASSAGES_AT_ONCE, passages // PASSAGES_AT_ONCE):
        batch = newsroom.articles(number)
        ids = [passage.id for one in batch for passage in one.passages]
        vectors, sentences = directions.passages(number)
        lap("draw")
        library.put_all(Storable(one.article, one.passages, one.article.text.encode(), f"{one.article.id}.txt") for one in batch)
        own = {one.article.id for one in batch}  # what an earlier run left may wait beside them
        rows = [entry.row for entry in library.pending(limit=4 * ARTICLES_AT_ONCE) if entry.article.id in own]
        lap("store")
        indexes.dense.upsert(ids, vectors)
        lap("dense index")
        indexes.vectors.put_passages(ids, vectors)
        indexes.vectors.put_sentences(dict(zip(ids, sentences, strict=True)))
        lap("exact vectors")
        indexes.lexical.upsert(kept for one in batch for kept in one.terms)
        indexes.lexical.commit()
        lap("term index")
        library.make_searchable(rows)
        library.make_complete(rows)
        lap("store")
        on_progress((number + 1) * PASSAGES_AT_ONCE)
    indexes.dense._passages.modify(configuration={"hnsw": {"sync_threshold": _SYNC}})
    return dict(seconds)
