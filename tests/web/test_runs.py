"""Questions under way: their bounds, who is told, and what ends them. What a reader sees of it is in test_ask_view."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from assistant.types import AnswerEvent
from assistant.web.runs import AT_ONCE, UNDER_WAY, Run, Runs
from assistant.web.talk import Exchange, Talk
from tests.web.fakes import answer_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assistant.types import Answer

ANSWER = answer_with(text="The articles do not say.")


def asked(question: str) -> Talk:
    """A conversation whose one question is not answered yet."""
    return Talk().with_exchange(Exchange(question, None))


def begin(
    runs: Runs, talk: Talk, *, ask: Callable[[threading.Event], Iterator[AnswerEvent]], session: str = "page", reader: str = "me"
) -> Run | None:
    """Answer its question with ``ask``."""

    def finish(answer: Answer[Any] | None, failure: str) -> tuple[Talk, str]:
        return talk.with_last(replace(talk.exchanges[-1], answer=answer, failure=failure)), ""

    return runs.begin(talk, reader=reader, session=session, ask=ask, finish=finish, unexpected="It went wrong.")


def until_stopped(cancel: threading.Event) -> Iterator[AnswerEvent]:
    """Words, and the answer once it is stopped."""
    yield AnswerEvent(kind="text", text="So far ")
    assert cancel.wait(20)
    yield AnswerEvent(kind="answer", answer=ANSWER)


def eventually(holds: Callable[[], bool], *, seconds: float = 15) -> bool:
    """Whether something comes to hold."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def test_so_many_are_answered_at_a_time_and_taken_in_all() -> None:
    """The others wait for a place; one more than can wait is refused, and is not begun."""
    runs, begun = Runs(), []

    def counted(cancel: threading.Event) -> Iterator[AnswerEvent]:
        begun.append(1)
        yield from until_stopped(cancel)

    taken = [begin(runs, asked(str(number)), ask=counted, session=str(number)) for number in range(UNDER_WAY)]
    assert all(taken)
    assert begin(runs, asked("One more?"), ask=counted) is None
    assert eventually(lambda: len(begun) == AT_ONCE)
    time.sleep(0.2)
    assert len(begun) == AT_ONCE
    for number in range(UNDER_WAY):
        runs.stop(str(number))
    assert eventually(lambda: len(begun) == UNDER_WAY and all(run and run.ended for run in taken))
    assert begin(runs, asked("One more?"), ask=lambda _: iter(()))


def test_only_its_reader_finds_a_question_and_only_its_page_stops_it() -> None:
    """Another reader neither sees nor ends it."""
    runs, talk = Runs(), asked("Why?")
    run = begin(runs, talk, ask=until_stopped)
    assert run
    assert runs.of(talk.id, reader="you") is None
    assert runs.of(talk.id, reader="me") is run
    runs.stop("other page")
    runs.drop(talk.id, reader="you")
    assert not run.cancel.is_set()
    runs.stop("page")
    assert eventually(lambda: run.ended)
    assert run.talk.exchanges[-1].answer == ANSWER
    assert runs.of(talk.id, reader="me") is None


def test_a_question_goes_on_while_one_page_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked no further a moment after the last of them has gone; a page that shows something else still counts."""
    monkeypatch.setattr("assistant.web.runs.ALONE_SECONDS", 0.2)
    runs, talk = Runs(), asked("Why?")
    run = begin(runs, talk, ask=until_stopped)
    assert run
    watcher = runs.watch(run, session="second")
    next(watcher)
    runs.leave("page")
    watcher.close()
    runs.turn_away("second")
    time.sleep(0.5)
    assert not run.cancel.is_set()
    runs.leave("second")
    assert eventually(lambda: run.ended, seconds=5)


def test_errors_are_told_and_the_next_is_answered() -> None:
    """What is not meant for readers is replaced by the page's own words; what is asked without an end has neither answer nor failure."""

    def fails(_: threading.Event) -> Iterator[AnswerEvent]:
        yield AnswerEvent(kind="step", text="search")
        message = "secret detail"
        raise ZeroDivisionError(message)

    runs, talk = Runs(), asked("Why?")
    run = begin(runs, talk, ask=fails)
    assert run
    assert eventually(lambda: run.ended)
    assert (run.talk.exchanges[-1].answer, run.talk.exchanges[-1].failure) == (None, "It went wrong.")
    nothing = begin(runs, talk, ask=lambda _: iter(()))
    assert nothing
    assert eventually(lambda: nothing.ended)
    assert nothing.talk.exchanges[-1].unanswered
    assert [None for _ in runs.watch(nothing, session="page")] == [None], "one last turn for whoever comes late"
