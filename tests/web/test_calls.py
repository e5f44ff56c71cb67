"""Calls by plain requests: what they get, in what order, and that nothing of them is kept once they are read."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assistant.web.calls import AT_ONCE, UNREAD, WAITING
from assistant.web.server import create_app
from tests.web.conftest import serving_app
from tests.web.fakes import QUOTE, FakeAssistant, answer_with, cite, make_article
from vectorstore.errors import IndexMismatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from assistant.types import Answer


class Library(FakeAssistant):
    """Answers once it is allowed to, and counts who is being answered."""

    def __init__(self) -> None:
        super().__init__(answer=answer_with(cite(make_article(), QUOTE)))
        self.allowed = threading.Event()
        self.allowed.set()
        self.at_once = self.most_at_once = 0
        self.questions: list[str] = []
        self.fails: Exception | None = None
        self._counting = threading.Lock()

    def ask(self, question: str, **given: Any) -> Answer:
        """As the fake answers, or fails."""
        with self._counting:
            self.questions.append(question)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.allowed.wait(60)
        with self._counting:
            self.at_once -= 1
        if self.fails:
            raise self.fails
        *_, last = self.stream(question, **given)
        assert last.answer
        return last.answer


@pytest.fixture
def library() -> Library:
    """What is asked."""
    return Library()


@pytest.fixture
def app(library: Library, tmp_path: Path) -> FastAPI:
    """Its page."""
    return create_app(library, uploads=tmp_path / "uploads")  # type: ignore[arg-type] # a fake of the same shape


@pytest.fixture
def calls(app: FastAPI) -> Iterator[httpx.Client]:
    """A program at its endpoints."""
    with serving_app(app) as address, httpx.Client(base_url=f"{address}/gradio_api/call/", trust_env=False, timeout=60) as client:
        yield client


def begin(calls: httpx.Client, *given: object, name: str = "ask") -> str:
    """Make a call; returns where its answer is read."""
    event: str = calls.post(name, json={"data": list(given)}).raise_for_status().json()["event_id"]
    return f"{name}/{event}"


def read(calls: httpx.Client, place: str) -> tuple[str, Any]:
    """The last event of an answer: its name and what it carries."""
    event, value = calls.get(place).raise_for_status().text.strip().split("\n\n")[-1].split("\n")
    return event.removeprefix("event: "), json.loads(value.removeprefix("data: "))


def kept_by_gradio(app: FastAPI) -> dict[str, int]:
    """How much gradio keeps of those who called."""
    inner: Any = next(route.app for route in app.routes if hasattr(getattr(route, "app", None), "state_holder"))  # type: ignore[attr-defined] # found by what it has
    queue = inner.get_blocks()._queue
    held = {"sessions": inner.state_holder.session_data, "messages": queue.pending_messages_per_session}
    return {name: len(kept) for name, kept in held.items()} | {"events": len(queue.pending_event_ids_session)}


def test_nothing_of_a_call_is_kept(app: FastAPI, calls: httpx.Client) -> None:
    """A call is answered once; gradio, which would keep 80 kB of each, hears nothing of it."""
    for _ in range(5):
        place = begin(calls, "Wohin reist Blinken?")
        kind, value = read(calls, place)
        assert (kind, value[0]["schema"]) == ("complete", 1)
        assert calls.get(place).status_code == 404
    assert kept_by_gradio(app) == {"sessions": 0, "messages": 0, "events": 0}


def test_answers_that_nobody_reads_go(calls: httpx.Client) -> None:
    """So many are kept, the newest; a program that never reads them takes no more."""
    first, second = begin(calls, "?"), begin(calls, "?")
    for _ in range(UNREAD):
        assert read(calls, second)[0] == "complete"
        begin(calls, "?")
        second = begin(calls, "?")
    assert calls.get(first).status_code == 404
    assert read(calls, second)[0] == "complete"


def test_some_are_answered_at_once_and_the_rest_waits(library: Library, calls: httpx.Client) -> None:
    """Not more than there are places; more than can wait are asked to come again, and all that were taken in are answered."""
    library.allowed.clear()
    places = [begin(calls, f"Frage {number}?") for number in range(WAITING)]
    refused = calls.post("ask", json={"data": ["Noch eine?"]})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    library.allowed.set()
    assert [read(calls, place)[0] for place in places] == ["complete"] * WAITING
    assert library.most_at_once == AT_ONCE


def test_who_leaves_gives_up_the_place(library: Library, calls: httpx.Client) -> None:
    """A call whose caller went away before its turn is not answered, and makes room for another."""
    library.allowed.clear()
    answered = [begin(calls, "?") for _ in range(AT_ONCE)]
    left = begin(calls, "Wer ist schon fort?")
    deadline, status = time.monotonic() + 30, 0
    while status != 404:
        assert time.monotonic() < deadline
        with suppress(httpx.ReadTimeout):
            status = calls.get(left, timeout=0.5).status_code
    library.allowed.set()
    assert [read(calls, place)[0] for place in answered] == ["complete"] * AT_ONCE
    assert "Wer ist schon fort?" not in library.questions


def test_what_goes_wrong_is_told(library: Library, calls: httpx.Client) -> None:
    """An error of ours with its remedy, one that nobody foresaw without its details."""
    library.fails = IndexMismatch("Run `fundstelle reindex`.")
    assert read(calls, begin(calls, "?")) == ("error", {"error": "Run `fundstelle reindex`."})
    library.fails = ZeroDivisionError("secret")
    kind, told = read(calls, begin(calls, "?"))
    assert (kind, "unexpected" in told["error"], "secret" in told["error"]) == ("error", True, False)


@pytest.mark.parametrize("body", ["", "[]", "{", '{"data": "?"}', '{"data": {"question": "?"}}', "null", "[" * 100_000])
def test_what_is_no_call_is_refused(calls: httpx.Client, body: str) -> None:
    """With what a call looks like."""
    refused = calls.post("ask", content=body)
    assert refused.status_code == 422
    assert "data" in refused.json()["detail"]


@pytest.mark.parametrize("given", [["?"] * 30, []])
def test_too_many_values_or_too_few_are_refused(calls: httpx.Client, given: list[str]) -> None:
    """With the names of those that are taken."""
    refused = calls.post("ask", json={"data": given})
    assert refused.status_code == 422
    assert "[question, history, " in refused.json()["detail"]


def test_a_value_of_another_kind_is_refused(calls: httpx.Client) -> None:
    """With its name."""
    kind, told = read(calls, begin(calls, 7))
    assert kind == "error"
    assert "question" in told["error"]


def test_what_is_too_large_is_not_read(calls: httpx.Client) -> None:
    """A body beyond what an article may have ends early."""
    refused = calls.post("add", content=b'{"data": ["' + b"x" * 10_000_000 + b'"]}')
    assert refused.status_code == 413
