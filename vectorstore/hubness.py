"""How near the passages of a language are to questions in general, so that no language of a library is preferred for it.

An encoder puts some languages nearer to any question than others: an English question finds a Spanish passage that has little to do with it before
the Chinese one that answers. What a language's passages have in common with questions of all kinds is taken off, as cross-domain similarity local
scaling does for words (CSLS; Conneau et al. 2018, "Word translation without parallel data"). In a library of one language nothing changes, nor for a
question in another language than English: the ones here are English, and nearer to English passages than it is.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vectorstore.embedding import Encoder, Vectors

_ASKED_IN = "en"
_QUESTIONS = (
    "What happened?",
    "Who said so?",
    "When does it begin?",
    "How many people were hurt?",
    "Where did it take place?",
    "Why was it decided?",
    "How much does it cost?",
    "What did the minister say?",
    "Which country is affected?",
    "How did the people react?",
    "What did the court rule?",
    "Who won the match?",
    "How many visitors came to the festival?",
    "What does the company plan for next year?",
    "Why are the workers on strike?",
    "Where will the new school be built?",
    "What do experts warn about?",
    "How long did the talks last?",
    "Who pays for the repairs?",
    "What was found in the river?",
    "When was the film shown?",
    "Which animals live in the park?",
    "How high is the damage?",
    "What changes for patients?",
)
_means: WeakKeyDictionary[Encoder, Vectors] = WeakKeyDictionary()


def usual_cosines(passages: Iterable[tuple[str, Vectors]], *, asked_in: str, encoder: Encoder) -> dict[str, float]:
    """By language: the mean cosine of its passages, given as (language, vector of shape (d,)), with questions of all kinds.

    All 0 where there is only one language, or the question is ``asked_in`` another than English.
    """
    by_language: defaultdict[str, list[Vectors]] = defaultdict(list)
    for language, vector in passages:
        by_language[language].append(vector)
    if len(by_language) < 2 or asked_in != _ASKED_IN:
        return dict.fromkeys(by_language, 0.0)
    usual = _mean_question(encoder)
    return {language: float(np.mean(vectors, axis=0) @ usual) for language, vectors in by_language.items()}


def _mean_question(encoder: Encoder) -> Vectors:
    """The mean of the vectors of questions that are about nothing in particular; made once for an encoder."""
    if encoder not in _means:
        _means[encoder] = np.mean([encoder.encode_query(question) for question in _QUESTIONS], axis=0)
    return _means[encoder]
