"""Whether the sources that a generated sentence cites say what it says.

Numbers, names and dates that a source nowhere has, and quotations that are not verbatim in it, decide alone. The rest is weighed: a
logistic model over ``agreement.Agreement`` and the cosines of the sentence with the best stretch of up to three neighbouring sentences. What is
supported then must not have words of its own that lead away from the sources (``surplus.py``).
What cannot be checked is never promoted. Not here: splitting the answer (``claims.py``), comparing (``agreement.py``), what
readers are told (``explanations.py``).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.absences import absences
from assistant.agreement import adds_to, agree, closeness, stranger_to
from assistant.citations import find_verbatim
from assistant.claims import Claim, split_claims
from assistant.explanations import explain
from assistant.polarity import denies, undenied
from assistant.reading import Reading, Stretch
from assistant.speakers import tells_of_saying
from assistant.surplus import NEARER, longest_surplus, without
from assistant.verification_weights import SUPPORTED, weights_for
from assistant.wording import word_claim
from vectorstore.languages import normalise, primary, words
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.absences import Absence
    from assistant.agreement import Agreement
    from assistant.reading import Place
    from assistant.types import Support
    from assistant.verification_weights import Kind, Weights
    from assistant.wording import Wording
    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder, Vectors
    from vectorstore.types import Article, Passage

__all__ = ["Claim", "Source", "Verdict", "Verifier", "explain", "split_claims"]

LONGEST_STRETCH = 3
"""How many neighbouring sentences are taken together."""
_AS_CLOSE = 0.02
"""A sentence that is this much less close than the closest one may still be the one that is meant."""
CLEARLY = 0.3
"""How much likelier than the threshold another source must be for a wrong marker to be corrected."""
_BORNE_OUT = frozenset({"quoted", "supported"})
_KEPT_READINGS = 512
# For an encoder that nobody has calibrated: this share of the words found, and nothing against it.
_PLAIN_SHARE = 0.6
_TITLE_WORDS = 4
_QUOTED_WORDS = 5
"""From so many words on a quotation may make a sentence."""
# Words by which an answer speaks of itself or of its sources.
_LEAD_IN = frozenset(
    "article articles source sources report reports reported according following say says said state states answer question summary information "
    "artikel artikeln quelle quellen bericht berichte berichten laut folgende folgendes folgenden antwort frage zusammenfassung heißt steht "
    "selon articles sources voici según artículos fuentes согласно статьям источникам".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One numbered evidence block that the model saw: the stretch of an article, with the spans of its sentences.

    ``vectors`` are those of the passage's sentences where they are at hand (float32, one row each); else they are computed.
    """

    number: int
    article: Article
    passage: Passage
    vectors: Vectors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one sentence stands.

    ``reason`` is a key of ``explanations.REASONS`` (empty where there is nothing to say) and ``what`` the words concerned;
    ``explain`` says both to a reader. ``evidence`` are the spans that bear the sentence out, with the number of their source.
    ``corrected`` says that the marker was wrong and ``evidence`` is from another source. ``score`` is the probability that
    the sentence is supported, 0 to 1, None where it was not judged.
    """

    claim: Claim
    support: Support
    reason: str = ""
    what: str = ""
    evidence: tuple[tuple[int, Span], ...] = ()
    corrected: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The stretches that agree best with a sentence and how likely they support it; ``absences`` that decide against it."""

    stretches: tuple[tuple[Source, Stretch], ...]
    agreement: Agreement
    cosine: float
    centred: float
    probability: float
    absences: tuple[Absence, ...]
    comparable: bool

    @property
    def is_plain(self) -> bool:
        """Whether it may be taken for support without any weights: most of the words are there, and nothing is against it."""
        found = self.agreement
        against = (found.number_rivals, found.day_rivals, found.name_rivals, found.opposite, found.denial)
        return self.comparable and found.nearby_share >= _PLAIN_SHARE and not any(against)

    @property
    def evidence(self) -> tuple[tuple[int, Span], ...]:
        """Where the stretches stand, with their source's number."""
        return tuple((source.number, stretch.span) for source, stretch in self.stretches)


class Verifier:
    """Checks sentences against their sources; safe to call from several threads."""

    def __init__(self, *, encoder: Encoder, glossary: Glossary) -> None:
        """Nothing is loaded before the first check."""
        self._encoder = encoder
        self._glossary = glossary
        self._lock = threading.Lock()
        self._readings: OrderedDict[tuple[str, str], Reading] = OrderedDict()
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()

    def prepare(self, sources: Sequence[Source]) -> None:
        """Embed and analyse what sources say, so that ``check`` need not: in another thread, while the model still thinks."""
        with self._lock:
            missing = [source for source in sources if source.vectors is None and source.passage.id not in self._vectors]
        texts = [span.slice(source.article.text) for source in missing for span in source.passage.sentences]
        if texts:
            vectors = self._encoder.encode_passages(texts)
            at = 0
            for source in missing:
                count = len(source.passage.sentences)
                self._keep(source.passage.id, vectors[at : at + count])
                at += count
        for source in sources:
            self._reading(source)

    def check(self, claim: Claim, *, sources: Sequence[Source], language: str) -> Verdict:
        """How ``claim``, in ``language``, stands against the sources that it cites.

        A sentence without a marker stays ``"uncited"`` whatever the sources say; ``evidence`` is then what would support it. A wrong
        marker is corrected only where another source supports the sentence clearly (``CLEARLY``) and none of those cited does.
        """
        wording = word_claim(claim.text, language=primary(language), glossary=self._glossary)
        if not claim.markers and _says_nothing(claim, wording):
            return Verdict(claim=claim, support="uncited", reason="nothing to check")
        cited = [source for source in sources if source.number in claim.markers]
        vector = self._encoder.encode_query(claim.text)
        verdict = self._judge(claim, wording, cited, vector=vector)
        if verdict.support in _BORNE_OUT:
            return verdict
        others = [source for source in sources if source.number not in claim.markers]
        found = self._judge(claim, wording, others, vector=vector)
        said = found.support == "quoted" or (found.support == "supported" and (found.score or 0.0) >= SUPPORTED + CLEARLY)
        if not claim.markers:
            if said:
                return replace(found, support="uncited", reason="no marker, but said")
            return replace(verdict, support="uncited", reason="no marker", what="")
        if not said:
            return verdict
        numbers = ", ".join(str(number) for number in dict.fromkeys(number for number, _ in found.evidence))
        return replace(found, reason="marker corrected", what=numbers, corrected=True)

    @property
    def _weights(self) -> Weights | None:
        return weights_for(self._encoder.signature)

    def _judge(self, claim: Claim, wording: Wording, cited: Sequence[Source], *, vector: Vectors) -> Verdict:
        """How a sentence stands against sources, whatever its markers."""
        if not cited:
            missing = ", ".join(map(str, claim.markers))
            return Verdict(claim=claim, support="unsupported", reason="no such source", what=missing)
        quoted = self._quotations(claim, cited, language=wording.language)
        if isinstance(quoted, str):
            return Verdict(claim=claim, support="unsupported", reason="quotation differs", what=quoted)
        if quoted and _is_only_quoted(claim, wording):
            return Verdict(claim=claim, support="quoted", evidence=quoted)
        if quoted and _is_mostly_quoted(claim):
            return self._judge_attribution(claim, quoted, cited, language=wording.language)
        match = self.best_match(wording, cited, vector=vector)
        if match is None:
            return Verdict(claim=claim, support="unsupported", reason="not said")
        score = match.probability if self._weights else None
        if match.absences:
            first = match.absences[0]
            score = None if score is None else 0.0
            return Verdict(claim=claim, support="unsupported", reason=first.reason, what=first.what, score=score)
        if match.probability < SUPPORTED or not (self._weights or match.is_plain):
            return Verdict(claim=claim, support="unsupported", reason=_weakest(match.agreement), score=score)
        if surplus := self._surplus(wording, cited, vector=vector):
            return Verdict(claim=claim, support="unsupported", reason="added", what=surplus, score=score)
        return Verdict(claim=claim, support="supported", evidence=match.evidence, score=score)

    def _surplus(self, wording: Wording, cited: Sequence[Source], *, vector: Vectors) -> str:
        """The words by which a sentence says more than its sources do; empty where there are none, or no encoder was measured for that."""
        sources = [source for source in cited if source.passage.sentences]
        words = longest_surplus(wording, [self._reading(source) for source in sources])
        if not words or not self._weights:
            return ""
        rows = np.concatenate([self._sentence_vectors(source) for source in sources])
        rest = self._encoder.encode_query(without(wording, words))
        return " ".join(word.text for word in words) if float((rows @ rest).max() - (rows @ vector).max()) >= NEARER else ""

    def _judge_attribution(
        self, claim: Claim, quoted: Sequence[tuple[int, Span]], cited: Sequence[Source], *, language: str
    ) -> Verdict:
        """How a sentence stands that mostly quotes: the words are verbatim, so who is said to have said them is what remains.

        What it adds must not be nowhere in the source, and its names must stand about the quotation; what else it adds is not weighed.
        """
        rest = word_claim(claim.unquoted, language=language, glossary=self._glossary)
        evidence = []
        for number, span in quoted:
            source = next(source for source in cited if source.number == number)
            reading = self._reading(source)
            if missing := absences(rest, reading):
                return Verdict(claim=claim, support="unsupported", reason=missing[0].reason, what=missing[0].what)
            sentences = source.passage.sentences
            touched = [
                position for position, sentence in enumerate(sentences) if sentence.start < span.end and span.start < sentence.end
            ]
            if touched:
                stretch = Stretch(reading, touched[0], min(touched[-1] + 2, len(sentences)))
                if stranger := stranger_to(rest, stretch):
                    return Verdict(claim=claim, support="unsupported", reason="name unlike", what=stranger)
                span = Stretch(reading, touched[0], touched[-1] + 1).span  # noqa: PLW2901 - the whole sentences are the evidence
            evidence.append((number, span))
        return Verdict(claim=claim, support="supported", evidence=tuple(dict.fromkeys(evidence)))

    def matches(self, wording: Wording, cited: Sequence[Source], *, vector: Vectors) -> list[Match]:
        """Every stretch of ``cited`` with a sentence that may be the one that is meant, and how well it supports the claim."""
        sources = [source for source in cited if source.passage.sentences]
        near = [self._closenesses(wording, source, vector=vector) for source in sources]
        least = max(map(max, near), default=0.0) - _AS_CLOSE
        return [
            match
            for source, found in zip(sources, near, strict=True)
            for match in self._matches(wording, source, vector=vector, near=found, least=least)
        ]

    def best_match(self, wording: Wording, cited: Sequence[Source], *, vector: Vectors) -> Match | None:
        """The stretch of ``cited`` that supports a sentence best, or that and one more sentence where it takes both; None of nothing."""
        weighed = self.matches(wording, cited, vector=vector)
        if not weighed:
            return None
        best = max(weighed, key=lambda match: (not match.absences, match.probability))
        if best.probability >= SUPPORTED and not best.absences:
            return best
        joined = self._joined(wording, best, cited, vector=vector)
        return max([best, *joined], key=lambda match: (not match.absences, match.probability))

    def _joined(self, wording: Wording, best: Match, cited: Sequence[Source], *, vector: Vectors) -> Iterator[Match]:
        """A stretch together with each one sentence that has what it lacks."""
        (first, stretch), *_ = best.stretches
        before = self._closenesses(wording, first, vector=vector)[stretch.first : stretch.last]
        for source in cited:
            reading = self._reading(source)
            missing = tuple(absence for absence in absences(wording, reading) if absence in best.absences)
            near = self._closenesses(wording, source, vector=vector)
            for position in range(len(near)):
                other = Stretch(reading, position, position + 1)
                apart = source is not first or not stretch.first <= position < stretch.last
                if apart and adds_to(wording, stretch, other):
                    pair = ((first, stretch), (source, other))
                    yield self._weigh(wording, pair, vector=vector, near=[*before, near[position]], missing=missing)

    def _matches(
        self, wording: Wording, source: Source, *, vector: Vectors, near: Sequence[float], least: float
    ) -> Iterator[Match]:
        """The stretches of a source that hold a sentence which may be the one that is meant: one as close as ``least``."""
        reading = self._reading(source)
        missing = tuple(absences(wording, reading))
        for first in range(len(near)):
            for last in range(first + 1, min(first + LONGEST_STRETCH, len(near)) + 1):
                if max(near[first:last]) >= least:
                    stretch = Stretch(reading, first, last)
                    yield self._weigh(wording, ((source, stretch),), vector=vector, near=near[first:last], missing=missing)

    def _closenesses(self, wording: Wording, source: Source, *, vector: Vectors) -> list[float]:
        cosines = self._sentence_vectors(source) @ vector
        places = self._reading(source).places
        return [closeness(wording, place, cosine=float(cosine)) for place, cosine in zip(places, cosines, strict=True)]

    def _weigh(
        self,
        wording: Wording,
        stretches: tuple[tuple[Source, Stretch], ...],
        *,
        vector: Vectors,
        near: Sequence[float],
        missing: tuple[Absence, ...],
    ) -> Match:
        rows = np.concatenate([self._sentence_vectors(source)[stretch.first : stretch.last] for source, stretch in stretches])
        places = [place for _, stretch in stretches for place in stretch.places]
        cosines = [float(row @ vector) for row in rows]
        mean = rows.mean(axis=0)
        cosine = max(float(mean @ vector) / max(float(np.linalg.norm(mean)), 1e-9), *cosines)
        agreement = agree(
            wording,
            [stretch for _, stretch in stretches],
            closenesses=near,
            nearer_undenied=lambda at: self._nearer_undenied(wording, places[at], said=rows[at], vector=vector),
        )
        kind = kind_of(wording, stretches[0][1].reading)
        if (weights := self._weights) is None:
            return Match(stretches, agreement, cosine, 0.0, agreement.nearby_share, missing, comparable=kind != "other")
        languages = [source.article.language for source, stretch in stretches for _ in range(len(stretch))]
        centred = weights.centres.cosine(list(rows), vector, languages=languages, language=wording.language)
        probability = weights.probability(agreement, cosine=cosine, centred=centred, kind=kind)
        return Match(stretches, agreement, cosine, centred, probability, missing, comparable=kind != "other")

    def _nearer_undenied(self, wording: Wording, place: Place, *, said: Vectors, vector: Vectors) -> float:
        """How much nearer (cosine) a sentence and one of a source come without what denies: in the sentence if it denies, else in the source's.

        ``vector`` is the sentence's, ``said`` that of the source's.
        """
        if denies(wording.text, language=wording.language):
            rest = self._vector_of("query", undenied(wording.text, language=wording.language))
            return float(said @ (rest - vector))
        rest = self._vector_of("passage", undenied(place.text, language=place.reading.language))
        return float((rest - said) @ vector)

    def _vector_of(self, prompt: str, text: str) -> Vectors:
        """The vector of ``text``, kept for the next stretch and the next sentence that it is compared with."""
        key = f"{prompt}: {text}"
        with self._lock:
            kept = self._vectors.get(key)
        if kept is None:
            kept = self._encoder.encode_query(text) if prompt == "query" else self._encoder.encode_passages([text])[0]
            self._keep(key, kept)
        return kept

    @staticmethod
    def _quotations(claim: Claim, cited: Sequence[Source], *, language: str) -> tuple[tuple[int, Span], ...] | str:
        """Where the quotations of a sentence stand verbatim; the words of the first that stands nowhere and is no translated name."""
        found: list[tuple[int, Span]] = []
        for quoted in claim.quoted_words:
            places = ((source.number, find_verbatim(quoted, source.article, near=source.passage)) for source in cited)
            place = next(((number, span) for number, span in places if span), None)
            if place is not None:
                found.append(place)
            elif not (_is_called(quoted, claim) and all(source.article.language != language for source in cited)):
                return quoted
        return tuple(found)

    # What is known of sources

    def _reading(self, source: Source) -> Reading:
        key = (source.passage.id, source.article.title)
        with self._lock:
            if key in self._readings:
                self._readings.move_to_end(key)
                return self._readings[key]
        reading = Reading(source.article, source.passage, glossary=self._glossary)
        with self._lock:
            self._readings[key] = reading
            while len(self._readings) > _KEPT_READINGS:
                self._readings.popitem(last=False)
        return reading

    def _sentence_vectors(self, source: Source) -> Vectors:
        if source.vectors is not None:
            return source.vectors
        with self._lock:
            if source.passage.id in self._vectors:
                self._vectors.move_to_end(source.passage.id)
                return self._vectors[source.passage.id]
        vectors = self._encoder.encode_passages([span.slice(source.article.text) for span in source.passage.sentences])
        self._keep(source.passage.id, vectors)
        return vectors

    def _keep(self, passage_id: str, vectors: Vectors) -> None:
        with self._lock:
            self._vectors[passage_id] = vectors
            while len(self._vectors) > _KEPT_READINGS:
                self._vectors.popitem(last=False)


def kind_of(wording: Wording, reading: Reading) -> Kind:
    """Which set of weights applies to a sentence and a source: ``"same"``, ``"glossed"`` or ``"other"``."""
    if wording.language == reading.language:
        return "same"
    return "glossed" if reading.is_comparable(wording.language) else "other"


def _weakest(agreement: Agreement) -> str:
    """The key of what most speaks against a sentence."""
    if agreement.denial >= 1:
        return "denied"
    if agreement.opposite:
        return "opposite"
    if agreement.number_rivals:
        return "number unlike"
    if agreement.day_rivals:
        return "date unlike"
    if agreement.name_rivals:
        return "name unlike"
    return "not said"


def _says_nothing(claim: Claim, wording: Wording) -> bool:
    """Whether a sentence only leads in to others, or speaks of the articles: it ends with a colon, or has no other content word."""
    if wording.numbers or wording.days or claim.quotations:
        return False
    return claim.text.rstrip("*_ ").endswith(":") or not [word for word in wording.words if normalise(word.text) not in _LEAD_IN]


def _is_called(quoted: str, claim: Claim) -> bool:
    """Whether what stands in quotation marks is what something is called, a party or a work: a few words, capitalised, and nobody says them."""
    told = tells_of_saying(claim.unquoted) or ":" in claim.text.partition(quoted)[0]
    return len(words(quoted)) <= _TITLE_WORDS and quoted[:1].isupper() and not told


def _is_mostly_quoted(claim: Claim) -> bool:
    """Whether at least half of a sentence's words, and more than a few, are in quotation marks."""
    inside = sum(len(words(quoted)) for quoted in claim.quoted_words)
    return inside >= _QUOTED_WORDS and 2 * inside >= len(words(claim.text))


def _is_only_quoted(claim: Claim, wording: Wording) -> bool:
    """Whether a sentence says nothing but what it quotes, and quotes more than a word or two."""
    inside = {normalise(word.text) for quoted in claim.quoted_words for word in words(quoted)}
    long = any(len(words(quoted)) >= _QUOTED_WORDS for quoted in claim.quoted_words)
    return long and all(normalise(word.text) in inside for word in wording.words)
