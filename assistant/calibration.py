"""The probability that the evidence answers: a logistic model over ``evidence.Features``, keyed to an encoder.

The weights are in ``calibration.json``; ``fundstelle eval --calibrate`` writes it. An encoder without weights gets a plain threshold and no
probability.
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
# For an encoder that nobody has calibrated: half of what the question says found, and no name of it missing.
_PLAIN_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights for one encoder: probability = 1 / (1 + exp(-(bias + Σ weight·feature))), and from where on it answers."""

    encoder: str
    bias: float
    weights: Mapping[str, float]
    threshold: float

    def probability(self, features: Features) -> float:
        """How likely it is that the evidence answers the question, 0 to 1."""
        values = asdict(features)
        total = self.bias + sum(weight * values[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


@cache
def calibration_for(signature: str) -> Calibration | None:
    """The weights for the encoder with this signature, or None where it has not been calibrated."""
    try:
        listed = json.loads(CALIBRATION_FILE.read_text("utf-8"))
    except FileNotFoundError:
        return None
    key = encoder_key(signature)
    return next((Calibration(**entry) for entry in listed if entry["encoder"] == key), None)


def encoder_key(signature: str) -> str:
    """The part of an encoder's signature that names its weights."""
    return signature.split(" ", 1)[0]


def answers(features: Features, calibration: Calibration | None) -> tuple[bool, float | None]:
    """Whether the evidence is good enough to be shown as an answer, and its probability where that is known."""
    if calibration is None:
        enough = features.passage_share >= _PLAIN_SHARE or not features.comparable
        return enough and features.names_missing == 0 and features.numbers_missing == 0, None
    probability = calibration.probability(features)
    return probability >= calibration.threshold, probability
