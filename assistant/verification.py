"""Whether the sources that a generated sentence cites say what it says.

Numbers, names and dates that a source nowhere has, and quotations that are not verbatim in it, decide alone. The rest is weighed: a
logistic model over ``agreement.Agreement`` and the cosine of the sentence with the best stretch of up to three neighbouring sentences.
What cannot be checked is never promoted. Not here: splitting the answer (``claims.py``), comparing (``agreement.py``), what
readers are told (``explanations.py``).
"""

from __future__ import annotations

import json
import math
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.agreement import absences, agree
from assistant.calibration import encoder_key
from assistant.citations import find_verbatim
from assistant.claims import Claim, split_claims
from assistant.explanations import explain
from assistant.reading import Reading, Stretch
from assistant.wording import word_claim
from vectorstore.languages import normalise
from vectorstore.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from assistant.agreement import Absence, Agreement
    from assistant.types import Support
    from assistant.wording import Wording
    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder, Vectors
    from vectorstore.types import Article, Passage

__all__ = ["Claim", "Source", "Verdict", "Verifier", "explain", "split_claims"]

WEIGHTS_FILE = Path(__file__).with_name("verification.json")
LONGEST_STRETCH = 3
"""How many neighbouring sentences are taken together."""
CLEARLY = 0.15
"""How much likelier than the threshold another source must be for a wrong marker to be corrected."""
_KEPT_READINGS = 512
# For an encoder that nobody has calibrated: this share of the words found, and nothing against it.
_PLAIN_SHARE = 0.6
_QUOTED_WORDS = 5
"""A sentence with at most this many other content words than its quotation is the quotation."""
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
class Weights:
    """For one encoder: probability = 1 / (1 + exp(-Σ weight·feature)), ``"bias"`` for a feature of 1, supported from ``threshold`` on.

    Three sets: sentence and source in one language, in two whose words can be compared over an English gloss, or in others.
    """

    encoder: str
    same: Mapping[str, float]
    glossed: Mapping[str, float]
    other: Mapping[str, float]
    threshold: float

    def probability(self, agreement: Agreement, *, cosine: float, kind: str) -> float:
        """How likely a sentence is supported, 0 to 1."""
        weights: Mapping[str, float] = getattr(self, kind)
        values = {"bias": 1.0, "cosine": cosine, **asdict(agreement)}
        total = sum(weight * values[name] for name, weight in weights.items())
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


@dataclass(frozen=True, slots=True)
class Match:
    """The stretches that agree best with a sentence and how likely they support it; ``absences`` that decide against it."""

    stretches: tuple[tuple[Source, Stretch], ...]
    agreement: Agreement
    cosine: float
    probability: float
    absences: tuple[Absence, ...]

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
        wording = word_claim(claim.text, language=language, glossary=self._glossary)
        if not claim.markers and _says_nothing(claim, wording):
            return Verdict(claim=claim, support="uncited", reason="nothing to check")
        cited = [source for source in sources if source.number in claim.markers]
        others = [source for source in sources if source.number not in claim.markers]
        verdict = self._judge(claim, wording, cited)
        if verdict.support in {"supported", "quoted"}:
            return verdict
        found = self._judge(claim, wording, others)
        clearly = (
            found.support == "quoted"
            or (found.score or 0.0) >= self._threshold + CLEARLY
            or (found.score is None and self._weights is None)
        )
        if found.support not in {"supported", "quoted"} or not clearly:
            return verdict if claim.markers else replace(verdict, support="uncited", reason="no marker", what="")
        if not claim.markers:
            return replace(found, support="uncited", reason="no marker, but said")
        numbers = ", ".join(str(number) for number in dict.fromkeys(number for number, _ in found.evidence))
        return replace(found, reason="marker corrected", what=numbers, corrected=True)

    @property
    def _weights(self) -> Weights | None:
        return weights_for(self._encoder.signature)

    @property
    def _threshold(self) -> float:
        return self._weights.threshold if self._weights else 0.0

    def _judge(self, claim: Claim, wording: Wording, cited: Sequence[Source]) -> Verdict:
        """How a sentence stands against sources, whatever its markers."""
        if not cited:
            missing = ", ".join(map(str, claim.markers))
            return Verdict(
                claim=claim, support="unsupported", reason="no such source" if claim.markers else "no marker", what=missing
            )
        quoted, verbatim = self._quoted(claim, cited)
        if not verbatim:
            return Verdict(claim=claim, support="unsupported", reason="quotation differs", what=quoted[0][2])
        if quoted and (spans := self._only_quotes(wording, quoted)):
            return Verdict(claim=claim, support="quoted", evidence=spans)
        match = self.best_match(wording, cited)
        score = None if self._weights is None else (0.0 if match.absences else match.probability)
        if match.absences:
            first = match.absences[0]
            return Verdict(claim=claim, support="unsupported", reason=first.reason, what=first.what, score=score)
        if match.probability < self._threshold or (
            self._weights is None
            and not _plainly(match.agreement, comparable=match.stretches[0][1].reading.is_comparable(wording.language))
        ):
            return Verdict(claim=claim, support="unsupported", reason=_weakest(match.agreement), score=score)
        return Verdict(claim=claim, support="supported", evidence=match.evidence, score=score)

    def best_match(self, wording: Wording, cited: Sequence[Source]) -> Match:
        """The stretch, or the two stretches, of ``cited`` that support a sentence best."""
        vector = self._encoder.encode_query(wording.text)
        weighed = [
            match for source in cited if source.passage.sentences for match in self._matches(wording, source, vector=vector)
        ]
        best = max(weighed, key=lambda match: (not match.absences, match.probability))
        if best.probability >= self._threshold and not best.absences:
            return best
        common = _common_absences([match.absences for match in weighed])
        joined = [
            self._weigh(wording, (*best.stretches, *match.stretches), vector=vector, missing=common)
            for match in weighed
            if len(match.stretches[0][1]) == 1 and not _overlap(best, match)
        ]
        return max([best, *joined], key=lambda match: (not match.absences, match.probability))

    def _matches(self, wording: Wording, source: Source, *, vector: Vectors) -> Iterator[Match]:
        reading = self._reading(source)
        missing = tuple(absences(wording, reading))
        for first in range(len(reading.places)):
            for last in range(first + 1, min(first + LONGEST_STRETCH, len(reading.places)) + 1):
                yield self._weigh(wording, ((source, Stretch(reading, first, last)),), vector=vector, missing=missing)

    def _weigh(
        self, wording: Wording, stretches: tuple[tuple[Source, Stretch], ...], *, vector: Vectors, missing: tuple[Absence, ...]
    ) -> Match:
        rows = np.concatenate([self._sentence_vectors(source)[stretch.first : stretch.last] for source, stretch in stretches])
        cosines = [float(row @ vector) for row in rows]
        mean = rows.mean(axis=0)
        cosine = max(float(mean @ vector) / max(float(np.linalg.norm(mean)), 1e-9), *cosines)
        agreement = agree(wording, [stretch for _, stretch in stretches], cosines=cosines)
        kind = kind_of(wording, stretches[0][1].reading)
        probability = self._weights.probability(agreement, cosine=cosine, kind=kind) if self._weights else agreement.nearby_share
        return Match(stretches, agreement, cosine, probability, missing)

    def _quoted(self, claim: Claim, cited: Sequence[Source]) -> tuple[list[tuple[int, Span, str]], bool]:
        """Where the quotations of a sentence stand verbatim; or the first that stands nowhere, and False."""
        found: list[tuple[int, Span, str]] = []
        for words in claim.quoted_words:
            places = (
                (source.number, span) for source in cited if (span := find_verbatim(words, source.article, near=source.passage))
            )
            place = next(places, None)
            if place is None:
                return [(0, Span(0, 0), words)], False
            found.append((*place, words))
        return found, True

    def _only_quotes(self, wording: Wording, quoted: Sequence[tuple[int, Span, str]]) -> tuple[tuple[int, Span], ...]:
        """The spans of its quotations if a sentence says next to nothing else, and no other name, number or date."""
        inside = {normalise(word) for _, _, words in quoted for word in words.split()}
        outside = [word for word in wording.words if not any(normalise(word.text) in part for part in inside)]
        spans = tuple((number, span) for number, span, _ in quoted)
        return spans if not outside and any(len(words.split()) >= _QUOTED_WORDS for _, _, words in quoted) else ()

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


def kind_of(wording: Wording, reading: Reading) -> str:
    """Which set of weights applies to a sentence and a source: ``"same"``, ``"glossed"`` or ``"other"``."""
    if wording.language == reading.language:
        return "same"
    return "glossed" if reading.is_comparable(wording.language) else "other"


@cache
def weights_for(signature: str) -> Weights | None:
    """The weights for the encoder with this signature, or None where it has not been calibrated."""
    return next((weights for weights in read_weights() if weights.encoder == encoder_key(signature)), None)


def read_weights(path: Path = WEIGHTS_FILE) -> list[Weights]:
    """Every encoder's weights in a file; none if there is no file."""
    return [Weights(**entry) for entry in json.loads(path.read_text("utf-8"))["encoders"]] if path.exists() else []


def write_weights(weights: Weights, *, command: str, path: Path = WEIGHTS_FILE) -> None:
    """Put one encoder's weights in the file, in place of those it had, with the command that makes them again."""
    others = [asdict(entry) for entry in read_weights(path) if entry.encoder != weights.encoder]
    path.write_text(json.dumps({"command": command, "encoders": [*others, asdict(weights)]}, indent=1) + "\n", "utf-8")
    weights_for.cache_clear()


def _plainly(agreement: Agreement, *, comparable: bool) -> bool:
    """Whether a stretch may be taken to support a sentence without any weights."""
    against = (
        agreement.number_rivals,
        agreement.day_rivals,
        agreement.name_rivals,
        agreement.bound_elsewhere,
        agreement.opposite,
    )
    return comparable and agreement.nearby_share >= _PLAIN_SHARE and not any(against) and agreement.denial < 1


def _weakest(agreement: Agreement) -> str:
    """The key of what most speaks against a sentence."""
    if agreement.denial >= 1:
        return "denied"
    if agreement.opposite:
        return "opposite"
    if agreement.number_rivals or agreement.bound_elsewhere:
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


def _common_absences(listed: Sequence[tuple[Absence, ...]]) -> tuple[Absence, ...]:
    return tuple(absence for absence in listed[0] if all(absence in other for other in listed))


def _overlap(one: Match, other: Match) -> bool:
    (source, stretch), (second, another) = one.stretches[0], other.stretches[0]
    return source.number == second.number and stretch.first < another.last and another.first < stretch.last
