"""A follow-up becomes a question that stands alone: the running topic's names and terms are carried over when it leans on them.

Without a chat model nothing is rewritten, only added, and only if the question points back or names nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vectorstore.languages import normalise, question_languages, stop_words, words
from vectorstore.names import question_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assistant.types import Turn

HISTORY_TURNS = 6
"""How many earlier turns may give a topic."""
_SHORT = 2
"""A question with at most this many content words cannot stand alone beside a running topic."""
# Words that point back to something said before.
_POINTING: Mapping[str, frozenset[str]] = {
    "en": frozenset("he she it they him her them his its their there this that these those also too else then same both".split()),
    "de": frozenset(
        "er sie es ihn ihm ihr ihnen sein seine seinen seinem seiner ihre ihren ihrem ihrer dort da dorthin dazu daran darüber davon dabei "
        "dieser diese dieses diesen diesem auch noch dann danach weiter".split()
    ),
    "fr": frozenset("il elle ils elles lui leur leurs son sa ses y en là cela ça ce cette ces aussi ensuite".split()),
    "es": frozenset("él ella ellos ellas le les su sus allí ahí eso esto ese esa también luego después".split()),
    "ru": frozenset("он она оно они его её ее их ему ей им там туда это этот эта эти тоже также потом затем".split()),
}


def standalone_question(question: str, *, history: Sequence[Turn]) -> str:
    """``question`` with what it leans on from earlier turns, or as it is if it stands alone."""
    if not history or not question.strip():
        return question
    language = _language(question)
    normal = [normalise(word.text) for word in words(question)]
    content = [word for word in normal if word not in stop_words(language)]
    named = question_names(question, language=language)
    points = bool(_POINTING.get(language, frozenset()) & set(normal))
    if not (points or len(content) <= _SHORT) or (len(named) > 1 and not points):
        return question
    carried = _topic(history, known=set(content))
    return f"{question} ({' '.join(carried)})" if carried else question


def _topic(history: Sequence[Turn], *, known: set[str]) -> list[str]:
    """The content words of the last question that stood alone, and the names of those that leaned on it, without repeats."""
    carried: dict[str, str] = {}
    for turn in reversed(history[-HISTORY_TURNS:]):
        language = _language(turn.question)
        listed = [word.text for word in words(turn.question) if normalise(word.text) not in stop_words(language)]
        for word in listed:
            if normalise(word) not in known:
                carried.setdefault(normalise(word), word)
        if len(listed) > _SHORT and not _POINTING.get(language, frozenset()) & {
            normalise(word.text) for word in words(turn.question)
        }:
            break
    return list(carried.values())


def _language(question: str) -> str:
    languages = question_languages(question)
    return max(languages, key=lambda language: languages[language])
