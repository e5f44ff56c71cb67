"""A follow-up becomes a standalone question by a chat model; the rules of ``conversation.py`` stand by.

What the model writes is a proposal: a question that is too long, or names what nobody has named, is not searched. Not here: the prompt
(``prompts.py``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.conversation import Standalone, standalone_question
from assistant.generative import ModelFailed
from assistant.prompts import HISTORY_TURNS, rewrite_messages, visible
from vectorstore.languages import normalise, stop_words, words
from vectorstore.names import question_names

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from assistant.generative import ChatModel
    from assistant.types import Turn

SECONDS = 30.0
"""How long a model may take to rewrite a question, at most."""
MAX_CHARACTERS = 300
_ODD = frozenset({"no answer", "endless", "cut"})
"""Failures that say nothing about whether the model would answer the question itself."""
_MARKUP = re.compile(r"https?:|www\.|[<>\[\]{}|`\n]")


def rewritten_question(
    question: str, *, history: Sequence[Turn], model: ChatModel, cancel: threading.Event | None = None
) -> Standalone | None:
    """``question`` made to stand alone by ``model``, or None where what it wrote is not to be trusted.

    Raises:
        ModelFailed: the model did not answer.
    """
    limits = replace(
        model.limits,
        silence=min(model.limits.silence, SECONDS),
        total=min(model.limits.total, SECONDS),
        characters=4 * MAX_CHARACTERS,
    )
    try:
        written = model.complete(rewrite_messages(question, history=history), cancel=cancel, limits=limits)
    except ModelFailed as failure:
        if failure.kind in _ODD:
            return None
        raise
    written = re.sub(r"^(?:question|last question|frage)\s*:\s*", "", visible(written).strip(), flags=re.IGNORECASE).strip(
        '"„“” '
    )
    by_rules = standalone_question(question, history=history)
    if not is_plausible(written, question=question, history=history, language=by_rules.language):
        return None
    return Standalone(written, _carried(written, question=question, language=by_rules.language), by_rules.language)


def is_plausible(written: str, *, question: str, history: Sequence[Turn], language: str) -> bool:
    """Whether a rewritten question is one line of a question's length and has no name or number that the conversation has not."""
    if not re.search(r"\w", written) or len(written) > max(MAX_CHARACTERS, 2 * len(question)) or _MARKUP.search(written):
        return False
    said = "\n".join([question, *(f"{turn.question}\n{turn.answer}" for turn in history[-HISTORY_TURNS:])])
    known = {normalise(word.text) for word in words(said)}
    if any(word.text[0].isdigit() and normalise(word.text) not in known for word in words(written)):
        return False
    keys = frozenset[str]().union(*(name.keys for name in question_names(said, language=language)))
    return all(
        not name.keys.isdisjoint(keys) or {normalise(word.text) for word in words(name.text)} <= known
        for name in question_names(written, language=language)
    )


def _carried(written: str, *, question: str, language: str) -> tuple[str, ...]:
    """The content words of a rewritten question that the question has not."""
    own = {normalise(word.text) for word in words(question)}
    listed = (word.text for word in words(written))
    return tuple(
        dict.fromkeys(word for word in listed if normalise(word) not in own and normalise(word) not in stop_words(language))
    )
