"""How likely a sentence is supported: a logistic model over ``agreement.Agreement``, keyed to an encoder.

The weights are in ``verification.json``, which names the command that makes them. Not here: the features (``agreement.py``), what decides without
them (``absences.py``).
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from assistant.calibration import encoder_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assistant.agreement import Agreement
    from vectorstore.embedding import Vectors

Kind = Literal["same", "glossed", "other"]
WEIGHTS_FILE = Path(__file__).with_name("verification.json")
SUPPORTED = 0.5
"""The probability from which on a sentence counts as supported."""
_CONTRADICTED = 0.2
_DRAWN = 20
"""How many vectors the mean of all counts as where the mean of a language is taken."""
_TINY = 1e-9


@dataclass(frozen=True)
class Centres:
    """What vectors have in common whatever they say, by language ("" for all together), in half precision and base 64.

    Without it two sentences are far more alike than they say: an encoder's vectors lie in a narrow cone, those of a language in a narrower one.
    """

    sentences: Mapping[str, str]
    claims: Mapping[str, str]

    @classmethod
    def of(cls, sentences: Mapping[str, Vectors], claims: Mapping[str, Vectors]) -> Self:
        """The means of the vectors (one a row) of each language; few are drawn to the mean of all."""
        return cls(_means(sentences), _means(claims))

    def cosine(self, rows: Sequence[Vectors], vector: Vectors, *, languages: Sequence[str], language: str) -> float:
        """How alike a claim's ``vector`` and the sentences in ``rows`` (or their mean) are without it, -1 to 1; ``rows[i]`` in ``languages[i]``."""
        apart = np.stack([row - self._sentence(spoken) for row, spoken in zip(rows, languages, strict=True)])
        apart /= np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), _TINY)
        claim = vector - self._claim(language)
        mean = apart.mean(axis=0)
        cosines = [*(apart @ claim), float(mean @ claim) / max(float(np.linalg.norm(mean)), _TINY)]
        return float(max(cosines)) / max(float(np.linalg.norm(claim)), _TINY)

    def _sentence(self, language: str) -> Vectors:
        return _unpacked(self.sentences.get(language, self.sentences[""]))

    def _claim(self, language: str) -> Vectors:
        return _unpacked(self.claims.get(language, self.claims[""]))


@dataclass(frozen=True, slots=True)
class Weights:
    """For one encoder: probability = 1 / (1 + exp(-Σ weight·feature)), ``"bias"`` for a feature of 1, supported from ``SUPPORTED`` on.

    A plain denial, or another number, date or name where all else is the same, lowers it to ``_CONTRADICTED`` of that: the more alike the two are
    otherwise, the less similarity may outweigh it.

    Three sets: sentence and source in one language, in two whose words can be compared over an English gloss, or in others.
    """

    encoder: str
    same: Mapping[str, float]
    glossed: Mapping[str, float]
    other: Mapping[str, float]
    centres: Centres

    def probability(self, agreement: Agreement, *, cosine: float, centred: float, kind: Kind) -> float:
        """How likely a sentence is supported, 0 to 1, where a true one that is marked counts as two false ones that are not."""
        weights = {"same": self.same, "glossed": self.glossed, "other": self.other}[kind]
        values = {"bias": 1.0, "cosine": cosine, "centred": centred, **asdict(agreement)}
        total = sum(weight * values[name] for name, weight in weights.items())
        rivals = max(agreement.number_rivals, agreement.day_rivals, agreement.name_rivals)
        contradicted = agreement.denial >= 1 or rivals > 1
        return (_CONTRADICTED if contradicted else 1.0) / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


@cache
def weights_for(signature: str) -> Weights | None:
    """The weights for the encoder with this signature, or None where it has not been calibrated."""
    return next((weights for weights in read_weights() if weights.encoder == encoder_key(signature)), None)


def read_weights(path: Path = WEIGHTS_FILE) -> list[Weights]:
    """Every encoder's weights in a file; none if there is no file."""
    if not path.exists():
        return []
    return [
        Weights(**{**entry, "centres": Centres(**entry["centres"])}) for entry in json.loads(path.read_text("utf-8"))["encoders"]
    ]


def write_weights(weights: Weights, *, command: str, path: Path = WEIGHTS_FILE) -> None:
    """Put one encoder's weights in the file, in place of those it had, with the command that makes them again."""
    others = [asdict(entry) for entry in read_weights(path) if entry.encoder != weights.encoder]
    path.write_text(json.dumps({"command": command, "encoders": [*others, asdict(weights)]}, indent=1) + "\n", "utf-8")
    weights_for.cache_clear()


def _means(listed: Mapping[str, Vectors]) -> dict[str, str]:
    everything = np.concatenate(list(listed.values())).mean(axis=0)
    means = {"": everything}
    for language, vectors in listed.items():
        means[language] = (vectors.sum(axis=0) + _DRAWN * everything) / (len(vectors) + _DRAWN)
    return {language: base64.b64encode(mean.astype("<f2").tobytes()).decode() for language, mean in sorted(means.items())}


@cache
def _unpacked(packed: str) -> Vectors:
    return np.frombuffer(base64.b64decode(packed), dtype="<f2").astype(np.float32)
