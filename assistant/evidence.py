"""Hits become the sentences that answer, and the features by which it is judged whether they do.

Pure but for the encoder, which embeds the sentences of hits that have no sentence vectors yet. Not here: finding hits
(``vectorstore/search.py``), wording the answer (``extractive.py``), the weights of the judgement (``calibration.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from assistant.leaning import leans_back
from assistant.page_lines import asks_about_page, is_page_line
from assistant.questions import NEEDED, answer_kind, counted_word, has_kind
from vectorstore.languages import normalise, same_words, stop_words
from vectorstore.names import by_sound, name_keys
from vectorstore.spellings import has_initials, has_spelling, is_abbreviated, nationalities
from vectorstore.terms import text_terms
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assistant.questions import Kind
    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder
    from vectorstore.search import SearchResult
    from vectorstore.terms import QuestionTerms, QuestionWord, TextTerms
    from vectorstore.types import Hit

Meeting = Literal["own", "gloss", "names"]

READ_HITS = 5
"""How many of the best passages are read for sentences."""
MAX_QUOTES = 3
MAX_QUOTED_CHARACTERS = 700
# What a sentence's score adds to its cosine with the question; fitted on which sentences hold the gold answers.
_SHARE_WEIGHT = 0.035
_NEARBY_WEIGHT = 0.045
_KIND_WEIGHT = 0.01
_NO_KIND_WEIGHT = -0.05
_HIT_WEIGHT = 0.025
_HEADLINE_WEIGHT = -0.1
_NAMES_MISSING_WEIGHT = -0.1
_FAR_BELOW = 0.1
"""A sentence that scores this much less than the best one is left out."""
_SENTENCES_BEFORE = 2
"""How many sentences before one may name what it is about."""
_SAME_WORDS = 0.8
"""Sentences that share this much of their words (Jaccard) say the same."""
_COVERED = 0.75
"""The share of a text's words from which on its gloss stands for it: German has .99, French .82, Arabic .66, Turkish .21 (FreeDict)."""
_ARTICLE_CHARACTERS = 30_000
_SENTENCE_WEIGHT_IN_MARGIN = 1.5
_MARGIN_RANGE = (-0.1, 0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A sentence, or some that follow each other, and how well it answers (``score``, higher is better).

    ``best`` is the one of them that answers best, None where there is only one.
    """

    hit: Hit
    span: Span
    score: float
    best: Span | None = None

    @property
    def text(self) -> str:
        """Its words."""
        return self.span.slice(self.hit.article.text)

    @property
    def best_text(self) -> str:
        """The words of its best sentence."""
        return (self.best or self.span).slice(self.hit.article.text)

    def holds(self, other: Evidence) -> bool:
        """Whether the other is this or a part of it."""
        same = self.hit.passage.article_id == other.hit.passage.article_id
        return same and self.span.start <= other.span.start and other.span.end <= self.span.end

    def touches(self, other: Evidence) -> bool:
        """Whether nothing but white space stands between the two in one version of one article."""
        if self.hit.passage.article_id != other.hit.passage.article_id:
            return False
        first, second = sorted((self.span, other.span), key=lambda span: span.start)
        return first.end <= second.start and not self.hit.article.text[first.end : second.start].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What answerability is judged by, of the best sentence, its passage and its article.

    Shares are of what the question's words say, by their rarity: 0 to 1. ``margin`` is how far the passage's cosines (its own and 1.5 times
    its best sentence's) are above those of the best passage of any other article, ``alone`` is 1 where there is none. ``names_missing``
    and ``numbers_missing`` are 0 or 1; the year in which the article was published is not missing from it. ``amount_missing`` is 1 if a
    number of some kind, a year or a name is asked for and the quotes have none of it, 0.5 if they have one that may be of something
    else.

    ``meeting`` says in what the words of question and article can meet at all: one language, an English gloss, or only names and numbers
    (then the shares say little). ``names_by_sound`` is 1 where the article's script spells names by their sound, and another than the
    question's: that one is missing then says little.
    """

    meeting: Meeting
    passage_cosine: float
    sentence_cosine: float
    sentence_share: float
    nearby_share: float
    passage_share: float
    article_share: float
    question_words: float
    words_missing: float
    names_missing: float
    numbers_missing: float
    amount_missing: float
    names_by_sound: float
    margin: float
    alone: float


@dataclass(frozen=True, slots=True)
class _Asking:
    """What kind of thing is asked for, the word that a count is of, and whether it is about who wrote an article or when."""

    kind: Kind
    counted: str | None
    about_page: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the hits say: the quotes that would be cited, best first, and their features (None without any hit).

    ``missing`` are names that the question asks about and the closest article does not have.
    """

    quotes: tuple[Evidence, ...]
    features: Features | None
    missing: tuple[str, ...]


def find_evidence(question: str, result: SearchResult, *, encoder: Encoder, glossary: Glossary) -> Finding:
    """The sentences among the best hits that answer ``question``, whether or not they are good enough."""
    language = result.terms.language
    asking = _Asking(
        answer_kind(question, language=language),
        counted_word(question, language=language),
        asks_about_page(question, language=language),
    )
    read = [_Read(hit, result=result, asking=asking, encoder=encoder, glossary=glossary) for hit in result.hits[:READ_HITS]]
    scored = sorted((sentence for hit in read for sentence in hit.scored()), key=lambda sentence: -sentence.evidence.score)
    if not scored:
        return Finding(quotes=(), features=None, missing=())
    best = scored[0]
    missing = best.read.missing_names
    quotes = tuple(choose_quotes([sentence.evidence for sentence in scored]))
    quoted = [sentence for sentence in scored if any(quote.holds(sentence.evidence) for quote in quotes)]
    return Finding(
        quotes=quotes,
        features=_features(best, read, quoted=quoted, meeting=_meeting(best.read.hit, result.terms, glossary)),
        missing=tuple(word.text for word in missing),
    )


def choose_quotes(scored: Sequence[Evidence]) -> list[Evidence]:
    """The sentences that go together, from all of them, best first: not far below the best, not the same words twice.

    Sentences that follow each other become one quote, and one that leans on those before it ("Deshalb ...") brings them; at most ``MAX_QUOTES`` of ``MAX_QUOTED_CHARACTERS`` in all (the best sentence
    is quoted however long it is).
    """
    quotes: list[Evidence] = []
    chosen: list[Evidence] = []
    characters = 0
    for sentence in scored:
        if sentence.score < scored[0].score - _FAR_BELOW:
            break
        if quotes and characters + len(sentence.span) > MAX_QUOTED_CHARACTERS:
            continue
        if any(same_words(sentence.text, other.text, share=_SAME_WORDS) for other in chosen):
            continue
        neighbour = next((index for index, quote in enumerate(quotes) if quote.touches(sentence)), None)
        if neighbour is not None:
            quotes[neighbour] = _joined(quotes[neighbour], sentence)
        elif len(quotes) < MAX_QUOTES:
            quotes.append(sentence)
        else:
            continue
        chosen.append(sentence)
        characters += len(sentence.span)
    for index, quote in enumerate(quotes):
        quotes[index] = _understandable(quote, quotes, room=MAX_QUOTED_CHARACTERS - characters)
        characters += len(quotes[index].span) - len(quote.span)
    return quotes


class _Read:
    """A hit with the terms and cosines of its sentences."""

    def __init__(self, hit: Hit, *, result: SearchResult, asking: _Asking, encoder: Encoder, glossary: Glossary) -> None:
        self.hit = hit
        self.asked = result.terms
        self.kind = asking.kind
        self._about_page = asking.about_page
        article = hit.article
        texts = [span.slice(article.text) for span in hit.passage.sentences]
        self.sentences = [text_terms(text, language=article.language, glossary=glossary) for text in texts]
        self._title = text_terms(article.title, language=article.language, glossary=glossary)
        self.cosines: Sequence[float] = hit.sentence_scores
        if not self.cosines:
            self.cosines = [float(cosine) for cosine in encoder.encode_passages(texts) @ result.vector]
        asked = frozenset(normalise(word.text) for word in result.terms.words)
        counted = next((word for word in result.terms.words if word.text == asking.counted), None)
        self.kinds = [
            has_kind(
                text,
                kind=self.kind,
                language=article.language,
                asked=asked,
                counted=counted is None
                or any(counted.found_in(terms) for terms in self.sentences[max(0, position - 1) : position + 1]),
            )
            for position, text in enumerate(texts)
        ]

    @cached_property
    def passage(self) -> list[TextTerms]:
        """The terms of the passage and its headline."""
        return [*self.sentences, self._title]

    @cached_property
    def missing_names(self) -> list[QuestionWord]:
        """The names of the question that its whole article does not have in any spelling.

        Neighbouring capitalised words are one name ("Supreme Court"): it is missing if most of what it says is.
        """
        article = self.hit.article
        text = article.text[:_ARTICLE_CHARACTERS]
        runs = _name_runs(self.asked)
        keys = _article_names(text, language=article.language) if runs else frozenset()
        missing = []
        for run in runs:
            absent = [
                word
                for word in run
                if word.names.isdisjoint(keys)
                and not any(word.found_in(terms) for terms in self.passage)
                and not has_spelling(text, word.text)
                and not has_initials(text, word.text)
            ]
            if _weight(absent) > _weight(run) / 2 and not is_abbreviated(text, [word.text for word in run]):
                missing += absent
        return missing

    def nearby(self, position: int) -> list[TextTerms]:
        """The terms of a sentence and of those that may name what it is about."""
        return self.sentences[max(0, position - _SENTENCES_BEFORE) : position + 1]

    def scored(self) -> Iterator[_Scored]:
        """Its sentences with their scores, in their order; without bylines and time stamps unless these are asked for."""
        title = self.hit.article.title
        named = [word for word in self.asked.words if word.names]
        about_others = _NAMES_MISSING_WEIGHT * _weight(self.missing_names) / max(_weight(named), 1e-9)
        for position, span in enumerate(self.hit.passage.sentences):
            if not self._about_page and is_page_line(span.slice(self.hit.article.text), article=self.hit.article):
                continue
            score = self.cosines[position] + _HIT_WEIGHT * self.hit.score + about_others
            score += _SHARE_WEIGHT * _share(self.asked.words, [self.sentences[position]])
            score += _NEARBY_WEIGHT * _share(self.asked.words, self.nearby(position))
            score += {True: _KIND_WEIGHT, False: _NO_KIND_WEIGHT, None: 0.0}[self.kinds[position]]
            score += _HEADLINE_WEIGHT if title and title in span.slice(self.hit.article.text) else 0.0
            yield _Scored(self, position, Evidence(hit=self.hit, span=span, score=score))

    @property
    def strength(self) -> float:
        """The passage's cosine and its best sentence's, as they are compared between articles."""
        return self.hit.cosine + _SENTENCE_WEIGHT_IN_MARGIN * max(self.cosines)


@dataclass(frozen=True, slots=True)
class _Scored:
    read: _Read
    position: int
    evidence: Evidence


def _meeting(hit: Hit, asked: QuestionTerms, glossary: Glossary) -> Meeting:
    if hit.article.language in asked.own:
        return "own"
    if not {hit.article.language, asked.language} <= {"en", *glossary.languages}:
        return "names"
    sides = ((hit.text, hit.article.language), (" ".join(word.text for word in asked.words), asked.language))
    return "gloss" if all(_covered(text, language=language, glossary=glossary) for text, language in sides) else "names"


def _covered(text: str, *, language: str, glossary: Glossary) -> bool:
    """Whether a dictionary knows most words of a text, names apart; a small one's gloss says too little of what a text has."""
    if language == "en":
        return True
    entries = [entry for entry in glossary.gloss(text, language=language) if not entry.name and not entry.word[0].isdigit()]
    ordinary = [entry for entry in entries if normalise(entry.word) not in stop_words(language)]
    return sum(bool(entry.translations) for entry in ordinary) >= _COVERED * len(ordinary)


def _amount_missing(quoted: Sequence[_Scored], *, meeting: Meeting) -> float:
    """How sure it is that sentences lack the number, year or name that is asked for; 0 for any other question.

    Across languages a name says nothing: what has one in the question may have a word in the article ("Gemeinde", "commune").
    """
    kinds = [sentence.read.kinds[sentence.position] for sentence in quoted]
    if not quoted or quoted[0].read.kind not in NEEDED or True in kinds:
        return 0.0
    if quoted[0].read.kind == "name" and meeting != "own":
        return 0.0
    return 0.5 if None in kinds else 1.0


def _features(best: _Scored, read: Sequence[_Read], *, quoted: Sequence[_Scored], meeting: Meeting) -> Features:
    near = best.read
    asked = near.asked.words
    article = near.hit.article
    whole = [terms for other in read if other.hit.article.id == article.id for terms in other.passage]
    year = str(article.published_at.year) if article.published_at else ""
    needed = [word for word in asked if not word.optional]
    numbers = [word for word in needed if word.is_number and word.text != year]
    rivals = [other.strength for other in read if other.hit.article.id != article.id]
    margin = min(max(near.strength - max(rivals), _MARGIN_RANGE[0]), _MARGIN_RANGE[1]) if rivals else 0.0
    return Features(
        meeting=meeting,
        passage_cosine=near.hit.cosine,
        sentence_cosine=near.cosines[best.position],
        sentence_share=_share(asked, [near.sentences[best.position]]),
        nearby_share=_share(asked, near.nearby(best.position)),
        passage_share=_share(asked, near.passage),
        article_share=_share(asked, whole),
        question_words=float(min(len(asked), 8)),
        words_missing=float(sum(not any(word.found_in(terms) for terms in whole) for word in needed)),
        names_missing=float(bool(near.missing_names)),
        numbers_missing=float(any(not any(word.found_in(terms) for terms in whole) for word in numbers)),
        amount_missing=_amount_missing(quoted, meeting=meeting),
        names_by_sound=float(by_sound(article.language) != by_sound(near.asked.language)),
        margin=margin,
        alone=float(not rivals),
    )


@lru_cache(maxsize=64)
def _article_names(text: str, *, language: str) -> frozenset[str]:
    """The keys of an article's names; several of its passages, and the next question, ask for them again."""
    return frozenset((*name_keys(text, language=language), *nationalities(text, language=language)))


def _name_runs(terms: QuestionTerms) -> list[list[QuestionWord]]:
    """The question's name words, neighbours together; a place is always its own name."""
    runs: list[list[QuestionWord]] = []
    before: QuestionWord | None = None
    for word in terms.words:
        if word.names and not word.optional:
            is_place = any(key.startswith("@") for key in word.names)
            if runs and before is not None and before.names and before.precedes(word) and not is_place:
                runs[-1].append(word)
            else:
                runs.append([word])
        before = word
    return runs


def _share(asked: Sequence[QuestionWord], found: Sequence[TextTerms]) -> float:
    total = _weight(asked)
    return _weight(word for word in asked if any(word.found_in(terms) for terms in found)) / total if total else 0.0


def _weight(asked: Iterable[QuestionWord]) -> float:
    return sum(word.weight for word in asked)


def _understandable(quote: Evidence, quotes: Sequence[Evidence], *, room: int) -> Evidence:
    """A quote with the sentences before it that it leans on, as far as ``room`` more characters and the other ``quotes`` let it."""
    article = quote.hit.article
    whole = quote
    earlier = [span for span in quote.hit.passage.sentences if span.end <= quote.span.start]
    for before in reversed(earlier[-_SENTENCES_BEFORE:]):
        fits = quote.span.start - before.start <= room and not article.text[before.end : whole.span.start].strip()
        if not fits or not leans_back(whole.text, language=article.language) or any(other.touches(whole) for other in quotes):
            break
        whole = replace(quote, span=Span(before.start, quote.span.end), best=quote.best or quote.span)
    return whole


def _joined(quote: Evidence, sentence: Evidence) -> Evidence:
    span = Span(min(quote.span.start, sentence.span.start), max(quote.span.end, sentence.span.end))
    best = max((quote, sentence), key=lambda evidence: evidence.score)
    return Evidence(hit=quote.hit, span=span, score=best.score, best=best.best or best.span)
