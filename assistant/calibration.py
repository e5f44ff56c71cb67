"""The probability that the evidence answers: a logistic model over ``evidence.Features``, keyed to an encoder.

It is the product of two: that the evidence is about what is asked (logistic), and that the question's premise holds: each of its names and
numbers that the closest article does not have, or an amount asked for that the quotes do not give, lowers it by a factor. The weights are in
``calibration.json``, three sets for an encoder: question and article meet in their words, in an English gloss, or only in names and numbers.
``fundstelle eval --calibrate`` writes them. An encoder without weights gets a plain threshold and no probability.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assistant.evidence import Features

CALIBRATION_FILE = Path(__file__).with_name("calibration.json")
# For an encoder that nobody has calibrated: this share of what the question says found, and no name or number of it missing.
_PLAIN_SHARE = 0.5
# Chosen so that one of them alone decides against an answer: "Why is Blinken visiting Beijing?" is not answered by his visit to Astana.
_PREMISE = {"names_missing": 0.33, "numbers_missing": 0.33, "amount_missing": 0.33}
# Half of the names that an Arabic article has are not found in it, for their spelling leaves too much open.
_PREMISE_BY_SOUND = 0.8


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights for one encoder: probability = premise / (1 + exp(-Σ weight·feature)), with ``"bias"`` for a feature of 1.

    ``threshold`` is the probability from which on it answers.
    """

    encoder: str
    own: Mapping[str, float]
    gloss: Mapping[str, float]
    names: Mapping[str, float]
    threshold: float

    def probability(self, features: Features) -> float:
        """How likely it is that the evidence answers the question, 0 to 1."""
        values: dict[str, float] = {"bias": 1.0, **asdict(features)}
        weights = {"own": self.own, "gloss": self.gloss, "names": self.names}[features.meeting]
        total = sum(weight * values[name] for name, weight in weights.items())
        return premise(features) / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


def premise(features: Features) -> float:
    """By what the probability is multiplied for what the question takes for granted and the article does not have, 0 to 1."""
    factors = {**_PREMISE, "names_missing": _PREMISE_BY_SOUND if features.names_by_sound else _PREMISE["names_missing"]}
    return math.prod(1.0 - (1.0 - factor) * float(getattr(features, name)) for name, factor in factors.items())


@cache
def calibration_for(signature: str) -> Calibration | None:
    """The weights for the encoder with this signature, or None where it has not been calibrated."""
    return next((found for found in read_calibrations() if found.encoder == encoder_key(signature)), None)


def read_calibrations(path: Path = CALIBRATION_FILE) -> list[Calibration]:
    """Every encoder's weights in a file; none if there is no file."""
    if not path.exists():
        return []
    return [Calibration(**entry) for entry in json.loads(path.read_text("utf-8"))]


def write_calibration(calibration: Calibration, *, path: Path = CALIBRATION_FILE) -> None:
    """Put one encoder's weights in the file, in place of those it had."""
    others = [entry for entry in read_calibrations(path) if entry.encoder != calibration.encoder]
    path.write_text(json.dumps([asdict(entry) for entry in (*others, calibration)], indent=1) + "\n", "utf-8")
    calibration_for.cache_clear()


def encoder_key(signature: str) -> str:
    """The part of an encoder's signature that names its weights."""
    return signature.split(" ", 1)[0]


def answers(features: Features, calibration: Calibration | None) -> tuple[bool, float | None]:
    """Whether the evidence is good enough to be shown as an answer, and its probability where that is known."""
    if calibration is None:
        enough = features.article_share >= _PLAIN_SHARE or features.meeting != "own"
        return enough and not features.names_missing and not features.numbers_missing, None
    probability = calibration.probability(features)
    return probability >= calibration.threshold, probability
