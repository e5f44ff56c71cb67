"""How likely a sentence is supported: a logistic model over ``agreement.Agreement``, keyed to an encoder.

The weights are in ``verification.json``, which names the command that makes them. Not here: the features (``agreement.py``), what decides without
them (``absences.py``).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assistant.calibration import encoder_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assistant.agreement import Agreement

Kind = Literal["same", "glossed", "other"]
WEIGHTS_FILE = Path(__file__).with_name("verification.json")
SUPPORTED = 0.5
"""The probability from which on a sentence counts as supported."""
_CONTRADICTED = 0.2


@dataclass(frozen=True, slots=True)
class Weights:
    """For one encoder: probability = 1 / (1 + exp(-Σ weight·feature)), ``"bias"`` for a feature of 1, supported from ``SUPPORTED`` on.

    A plain denial, or another name where all else is the same, lowers it to ``_CONTRADICTED`` of that: the more alike the two are
    otherwise, the less similarity may outweigh it.

    Three sets: sentence and source in one language, in two whose words can be compared over an English gloss, or in others.
    """

    encoder: str
    same: Mapping[str, float]
    glossed: Mapping[str, float]
    other: Mapping[str, float]

    def probability(self, agreement: Agreement, *, cosine: float, kind: Kind) -> float:
        """How likely a sentence is supported, 0 to 1, where a true one that is marked counts two and a half times a false one that is not."""
        weights = {"same": self.same, "glossed": self.glossed, "other": self.other}[kind]
        values = {"bias": 1.0, "cosine": cosine, **asdict(agreement)}
        total = sum(weight * values[name] for name, weight in weights.items())
        contradicted = agreement.denial >= 1 or agreement.name_rivals > 1
        return (_CONTRADICTED if contradicted else 1.0) / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


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
