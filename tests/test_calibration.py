"""From features to a probability and a decision, for a calibrated encoder and for any other one."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.calibration import Calibration, answers, calibration_for, encoder_key, read_calibrations, write_calibration
from assistant.evidence import Features, Meeting
from vectorstore.bundled import FOLDER_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = tuple(field.name for field in fields(Features) if field.name != "meeting")
NOTHING = Features(meeting="own", **dict.fromkeys(NAMES, 0.0))


def calibration(
    encoder: str = "e", *, threshold: float = 0.5, other: Mapping[str, float] | None = None, **weights: float
) -> Calibration:
    """Weights for questions in the article's language, and ``other`` ones across languages with a gloss; none where only names meet."""
    return Calibration(encoder, weights, other or {}, {}, threshold)


def features(meeting: Meeting = "own", /, **values: float) -> Features:
    """Features with these values, 0 elsewhere, of a question in the article's language."""
    return replace(NOTHING, meeting=meeting, **values)


def test_the_probability_is_logistic() -> None:
    """1 / (1 + exp(-(bias + Σ weight·feature))), worked out by hand."""
    found = features(margin=0.75, alone=0.5)
    assert calibration(bias=-1.0, margin=2.0, alone=-1.0).probability(found) == pytest.approx(0.5)
    assert calibration(margin=2.0, alone=-1.0).probability(found) == pytest.approx(0.7310585786)
    assert calibration().probability(found) == 0.5


def test_questions_across_languages_have_their_own_weights() -> None:
    """What tells an answer differs where question and article share no words."""
    weights = calibration(bias=2.0, other={"bias": -2.0})
    assert weights.probability(features()) == pytest.approx(0.8807970780)
    assert weights.probability(features("gloss")) == pytest.approx(0.1192029220)
    assert weights.probability(features("names")) == 0.5


def test_a_premise_that_fails_decides_alone() -> None:
    """A name, number or amount that is missing takes the surest evidence below the threshold; one spelled by sound weighs less."""
    sure = {"bias": 60.0}
    weights = Calibration("e", sure, sure, sure, 0.34)
    for name in ("names_missing", "numbers_missing", "amount_missing"):
        assert weights.probability(features(**{name: 1.0})) < weights.threshold
    assert weights.probability(features(amount_missing=0.5)) == pytest.approx(0.665)
    assert weights.probability(features("gloss", names_missing=1.0, names_by_sound=1.0)) == pytest.approx(0.8)


@given(st.floats(-1e9, 1e9), st.floats(-1e6, 1e6), st.floats(0, 1))
def test_it_is_a_probability_whatever_the_weights(bias: float, weight: float, value: float) -> None:
    """Never outside 0 to 1, never an overflow."""
    assert 0.0 <= calibration(bias=bias, margin=weight).probability(features(margin=value)) <= 1.0


def test_the_threshold_decides() -> None:
    """At the threshold it answers, below it declines, and says how sure it is in both cases."""
    assert answers(NOTHING, calibration(margin=1.0)) == (True, 0.5)
    assert answers(NOTHING, calibration(margin=1.0, threshold=0.5000001)) == (False, 0.5)


def test_an_encoder_without_weights_has_no_confidence() -> None:
    """A plain rule decides instead: most of what was asked is found, and no name or number of the question is missing."""
    found = features(**{name: 0.0 if name.endswith("missing") else 0.9 for name in NAMES})
    nothing = {name: 0.1 for name in NAMES if name.endswith("share")}
    assert answers(found, None) == (True, None)
    assert answers(replace(found, **nothing), None) == (False, None)  # type: ignore[arg-type]
    assert answers(replace(found, names_missing=1.0), None) == (False, None)
    assert answers(replace(found, numbers_missing=1.0), None) == (False, None)


def test_weights_belong_to_an_encoder(tmp_path: Path) -> None:
    """Written and read again; those of the same encoder are replaced, others stay; no file is no weights."""
    path = tmp_path / "calibration.json"
    assert read_calibrations(path) == []
    first, second = calibration("abc", bias=1.0), calibration("xyz", margin=1.5, threshold=0.6)
    for entry in (first, second):
        write_calibration(entry, path=path)
    assert read_calibrations(path) == [first, second]
    write_calibration(calibration("abc", bias=3.0), path=path)
    assert read_calibrations(path) == [second, calibration("abc", bias=3.0)]


def test_an_encoder_is_known_by_its_weights() -> None:
    """Its signature begins with what names them; another one has no calibration, whatever its name and prompts."""
    assert encoder_key("abc tiny 8 {}") == "abc"
    assert calibration_for("no-such-weights multilingual-e5-small 384 {}") is None


def test_the_shipped_weights_fit_the_features() -> None:
    """Each entry names features that there are and has a threshold that can be passed; the bundled encoder has one."""
    listed = read_calibrations()
    for entry in listed:
        assert {*entry.own, *entry.gloss, *entry.names} <= {"bias", *NAMES}
        assert 0.0 < entry.threshold < 1.0
    assert len({entry.encoder for entry in listed}) == len(listed)
    assert calibration_for(f"{FOLDER_NAME} 384 {{}}") in listed
