"""A follow-up becomes a question that stands alone: the running topic's names and terms are carried over when it leans on them.

Without a chat model nothing is rewritten, but for the bare "and Uzbekistan?", which takes the place of a name in the question before it; else
words are added behind the question, where the reader sees them. What stands alone is left alone. Not here: rewriting with a model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.pointers import Pointers, find_pointers, is_general
from assistant.questions import answer_kind
from vectorstore.languages import CAPITALISES_NOUNS, normalise, question_languages, stem, stop_words, words, zipf
from vectorstore.names import question_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.types import Turn
    from vectorstore.terms import QuestionTerms

HISTORY_TURNS = 10
"""How many earlier turns may give a topic."""
MAX_CARRIED = 8
"""How many words are carried at most."""
_MAX_CHARACTERS = 500
"""How much of an earlier question or answer is read."""
_SHORT = 2
"""A question that names nothing, with at most this many content words, leans on what came before; none does with a word that is rare."""
_LONG = 3
"""A question that names nothing, with more content words than this, stands alone; with a year it does so from this number on."""
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_RARE = 3.9
_COMMON = 4.8
"""Zipf scale (log10 per thousand million words): a rarer word brings a topic of its own; a more common one is no topic unless beside one."""
_PERSON_WORDS = range(2, 4)
"""How many words the name of a person has who is introduced by an answer."""
_SAME_LANGUAGE = 20.0
"""How much likelier a question is in the language of the one before it than its words alone say."""


@dataclass(frozen=True, slots=True)
class Standalone:
    """What a question becomes.

    ``question`` is what is searched; ``carried`` are the words of earlier turns in it, in their order, empty where the question was left
    as it is; ``language`` is the one it was asked in, for which the turns before count too.
    """

    question: str
    carried: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class _Term:
    """A content word ``question[start:end]``, number ``position`` of its words.

    ``kind`` is ``"place"``, ``"name"`` or ``"word"``; words with a key in common are the same word. ``verbal`` is what is no noun for sure.
    """

    text: str
    kind: str
    verbal: bool
    keys: frozenset[str]
    zipf: float
    position: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question taken apart."""

    text: str
    language: str
    terms: tuple[_Term, ...]
    points: Pointers

    @property
    def names(self) -> tuple[_Term, ...]:
        """Its names."""
        return tuple(term for term in self.terms if term.kind != "word")

    @property
    def leans(self) -> bool:
        """Whether it says too little without what came before."""
        points = self.points
        if points.kinds or points.about:
            return True
        if len(self.names) > 1:
            return False
        if points.opens:
            return True
        if self.names or len(self.terms) > _LONG or any(term.zipf < _RARE for term in self.terms):
            return False
        if len(self.terms) > _SHORT and any(_YEAR.fullmatch(term.text) for term in self.terms):
            return False
        return points.definite or points.faint or len(self.terms) <= _SHORT

    @property
    def topic(self) -> tuple[_Term, ...]:
        """What it is about: its names, its words that are not too common, and what stands right beside them ("drinking age")."""
        able = [term for term in self.terms if not is_general(normalise(term.text), language=self.language)]
        strong = {term.position for term in able if term.kind != "word" or term.zipf < _COMMON}
        return tuple(term for term in able if strong & {term.position - 1, term.position, term.position + 1})

    @property
    def is_bare(self) -> bool:
        """Whether it is one name and next to nothing else: "and in Uzbekistan?"."""
        one_name = len(list(_runs(self.terms))) == 1 and {term.kind for term in self.terms} in ({"name"}, {"place"})
        asks = answer_kind(self.text, language=self.language) != "other"
        return one_name and not asks and not self.points.kinds and (self.points.opens or self.points.about)


@dataclass(frozen=True, slots=True)
class _Running:
    """Where a conversation stands: its topic, the person or place that the last answer introduced, the last question as it was searched."""

    topic: tuple[_Term, ...] = ()
    answered: tuple[_Term, ...] = ()
    question: str = ""
    language: str = ""


def standalone_question(question: str, *, history: Sequence[Turn]) -> Standalone:
    """``question`` with what it leans on from the last ``HISTORY_TURNS`` turns, or as it is if it stands alone."""
    running = _Running()
    for turn in history[-HISTORY_TURNS:]:
        running = _next(turn, running)
    return _stand_alone(question, _take_apart(question, before=running.language), running)


def mark_carried(terms: QuestionTerms, standalone: Standalone) -> QuestionTerms:
    """``terms`` of the searched question with the carried words as ones that an article may lack."""
    if not standalone.carried:
        return terms
    listed = (replace(word, optional=True) if word.text in standalone.carried else word for word in terms.words)
    return replace(terms, words=tuple(listed))


def _stand_alone(question: str, asked: _Asked, running: _Running) -> Standalone:
    if not running.topic or not asked.leans or not any(character.isalnum() for character in question):
        return Standalone(question, (), asked.language)
    if asked.is_bare and (exchanged := _exchanged(asked, running)):
        return exchanged
    carried = tuple(term.text for term in _needed(asked, running))
    return Standalone(f"{question} ({' '.join(carried)})" if carried else question, carried, asked.language)


def _exchanged(asked: _Asked, running: _Running) -> Standalone | None:
    """The question before with the name of this one, if it has exactly one name of that kind; None otherwise."""
    if asked.language != running.language:
        return None
    before = _take_apart(running.question, before=running.language)
    replaced = [term for term in before.terms if term.kind == asked.terms[0].kind]
    if len(list(_runs(replaced))) != 1:
        return None
    name = asked.text[asked.terms[0].start : asked.terms[-1].end]
    question = before.text[: replaced[0].start] + name + before.text[replaced[-1].end :]
    carried = tuple(dict.fromkeys(term.text for term in before.terms if term not in replaced and term.text not in name.split()))
    return Standalone(question, carried, asked.language)


def _next(turn: Turn, running: _Running) -> _Running:
    """Where the conversation stands after ``turn``."""
    asked = _take_apart(turn.question[:_MAX_CHARACTERS], before=running.language)
    searched = _stand_alone(asked.text, asked, running)
    # What leans on a topic seldom changes it: only its names join.
    topic = (*_needed(asked, running), *asked.names) if searched.carried else asked.topic or running.topic
    return _Running(topic, _introduced(turn, asked), searched.question, asked.language)


def _introduced(turn: Turn, asked: _Asked) -> tuple[_Term, ...]:
    """The first person or place named in the answer to a question for one: the next question may say "she" or "there"."""
    wanted = answer_kind(asked.text, language=asked.language)
    if wanted not in {"person", "place", "country"} or not turn.answer:
        return ()
    known = _all_keys(asked.terms)
    names = [
        term for term in _take_apart(turn.answer[:_MAX_CHARACTERS], before=asked.language).names if term.keys.isdisjoint(known)
    ]
    if wanted != "person":
        return tuple(term for term in names if term.kind == "place")[:1]
    for run in _runs(names):
        if len(run) in _PERSON_WORDS and run[0].kind == "name":
            return run
    return ()


def _runs(terms: Sequence[_Term]) -> Iterator[tuple[_Term, ...]]:
    """Terms that stand next to each other, together."""
    run: list[_Term] = []
    for term in terms:
        if run and (term.position != run[-1].position + 1 or term.start != run[-1].end + 1):
            yield tuple(run)
            run = []
        run.append(term)
    if run:
        yield tuple(run)


def _all_keys(terms: Sequence[_Term]) -> frozenset[str]:
    return frozenset[str]().union(*(term.keys for term in terms))


def _needed(asked: _Asked, running: _Running) -> tuple[_Term, ...]:
    """The terms of the topic that a question which leans on it does not have and does not replace by its own names."""
    own = _all_keys(asked.terms)
    replaced = {term.kind for term in asked.names}
    points = asked.points.kinds
    # "Does he also visit Uzbekistan?" exchanges the place and keeps the person; "What does Baker say about it?" keeps everything.
    # "There" does so too: a small town is a name like any other.
    replaced -= {"place", "name"} if points & {"thing", "place"} else {"name"} if "person" in points else set()
    meant = {"name": "person" in points, "place": "place" in points}
    topic = (*running.topic, *(term for term in running.answered if meant[running.answered[0].kind]))
    # "Why?" is about what happened, "And what does it cost?" about what it happened to.
    says_something = any(term.kind == "word" for term in asked.terms)
    listed = (term for term in topic if not (term.verbal and says_something))
    needed = {term.text: term for term in listed if term.keys.isdisjoint(own) and term.kind not in replaced}
    return tuple(needed.values())[:MAX_CARRIED]


def _take_apart(question: str, *, before: str) -> _Asked:
    likely = question_languages(question)
    language = max(likely, key=lambda known: likely[known] * (_SAME_LANGUAGE if known == before else 1.0))
    named = question_names(question, language=language)
    shouted = question.isupper()
    terms = []
    for position, word in enumerate(words(question)):
        normal = normalise(word.text)
        is_abbreviation = word.text.isupper() and len(word.text) > 1 and not shouted
        if normal in stop_words(language) and not is_abbreviation:
            continue
        name = next((name for name in named if name.start < word.end and word.start < name.end), None)
        kind = (
            "word"
            if name is None or is_general(normal, language=language)
            else "place"
            if any(key.startswith("@") for key in name.keys)
            else "name"
        )
        keys = frozenset((*(name.keys if name else ()), f"{language} {stem(normal, language=language)}"))
        verbal = kind == "word" and language in CAPITALISES_NOUNS and word.text[0].islower()
        terms.append(_Term(word.text, kind, verbal, keys, zipf(normal, language=language), position, word.start, word.end))
    return _Asked(question, language, tuple(terms), find_pointers(question, language=language, names=named))
