"""The weights of the checks: what vectors have in common is taken away, and the file keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assistant.verification_weights import Centres, Weights, read_weights, write_weights

if TYPE_CHECKING:
    from pathlib import Path

    from vectorstore.embedding import Vectors

COMMON = {"en": np.array([5.0, 0, 0, 0], np.float32), "de": np.array([4.0, 3, 0, 0], np.float32)}
"""What all vectors of a language have, whatever they say."""
LAMP, FERRY = np.array([0, 0, 1, 0], np.float32), np.array([0, 0, 0, 1], np.float32)


def unit(vector: Vectors) -> Vectors:
    """The vector at length 1, as encoders give them."""
    return vector / np.float32(np.linalg.norm(vector))


@pytest.fixture
def centres() -> Centres:
    """Of two languages with many vectors each."""
    vectors = {
        language: np.stack([unit(common + sign * said) for said in (LAMP, FERRY) for sign in (1, -1)] * 200)
        for language, common in COMMON.items()
    }
    return Centres.of(vectors, vectors)


def test_sentences_that_say_the_same_stand_out(centres: Centres) -> None:
    """Of two sentences nearly as close as each other, the one that says the same is near to 1 and the other to 0."""
    claim = unit(COMMON["en"] + LAMP)
    same, other = unit(COMMON["de"] + LAMP), unit(COMMON["de"] + FERRY)
    assert abs(float(claim @ same) - float(claim @ other)) < 0.05
    assert centres.cosine([same], claim, languages=["de"], language="en") > 0.8
    assert abs(centres.cosine([other], claim, languages=["de"], language="en")) < 0.2
    both = centres.cosine([other, same], claim, languages=["de", "de"], language="en")
    assert both == pytest.approx(centres.cosine([same], claim, languages=["de"], language="en"))


def test_a_language_that_was_not_seen(centres: Centres) -> None:
    """It is compared with what all languages have in common."""
    claim = unit(COMMON["en"] + LAMP)
    assert -1 <= centres.cosine([unit(COMMON["de"] + LAMP)], claim, languages=["fi"], language="fi") <= 1


def test_they_are_kept_with_the_weights(centres: Centres, tmp_path: Path) -> None:
    """As they were, beside another encoder's."""
    for encoder in ("one", "other"):
        weights = Weights(encoder=encoder, same={"bias": 1.0}, glossed={"bias": 0.0}, other={"bias": -1.0}, centres=centres)
        write_weights(weights, command="a command", path=tmp_path / "weights.json")
    assert [found.encoder for found in read_weights(tmp_path / "weights.json")] == ["one", "other"]
    assert read_weights(tmp_path / "weights.json")[0].centres == centres
