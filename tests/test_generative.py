"""The chat model itself: opening it, its words as they come, its failures, stopping it, and that nobody else is called."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from assistant.extractive import phrase
from assistant.generative import EXTRAS, ChatModel, ModelFailed, ModelLimits, _event_loop
from tests.chat_server import ChatServer, Reply
from vectorstore.errors import FundstelleError, ModelError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = "The lamp was lit on Tuesday [1]. It had been dark for eleven years [1]."
MESSAGES = [("system", "Answer."), ("human", "When was the lamp lit?")]
QUICK = ModelLimits(silence=0.5, total=4, characters=400, pause=0.02, longest_pause=1)
KEY = "sk-very-secret-4711"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A chat server that says ``TEXT``."""
    with ChatServer(TEXT) as running:
        yield running


@pytest.fixture
def model(server: ChatServer) -> ChatModel:
    """The model on it, with short limits."""
    return ChatModel("openai:scripted", base_url=server.base_url, limits=QUICK)


def failure_of(model: ChatModel, **given: Any) -> ModelFailed:
    """How a request fails."""
    with pytest.raises(ModelFailed) as caught:
        model.complete(MESSAGES, **given)
    return caught.value


def test_words_come_as_they_are_said(server: ChatServer, model: ChatModel) -> None:
    """The pieces are the server's, and together they are the answer; the messages arrive as they were given."""
    assert "".join(pieces := list(model.stream(MESSAGES))) == TEXT
    assert len(pieces) == len(range(0, len(TEXT), 12))
    prompt = server.requests[0].prompt
    assert [(message["role"], message["content"]) for message in prompt.messages] == [
        ("system", "Answer."),
        ("user", "When was the lamp lit?"),
    ]
    assert "tools" not in server.requests[0].body


def test_the_first_words_leave_at_once(server: ChatServer, model: ChatModel) -> None:
    """They are handed on within 50 ms of the model's saying them (the quickest of five, as other work may get in the way)."""
    model.complete(MESSAGES)
    delays = []
    for _ in range(5):
        server.then(Reply(first_pause=0.1, pause=0.05))
        words = model.stream(MESSAGES)
        next(words)
        arrived = time.monotonic()
        said = server.requests[-1].first_words_at
        assert said is not None
        delays.append(arrived - said)
        assert len(list(words)) > 2
    assert min(delays) < 0.05
    assert max(delays) < 1


FAILURES: dict[str, tuple[str, tuple[Reply, ...]]] = {
    "silence": ("no first word", (Reply(hang=True),)),
    "a slow start": ("no first word", (Reply(first_pause=5),)),
    "silence in the middle": ("stalled", (Reply(hang_after=2),)),
    "a drip that takes too long": ("too slow", (Reply("x" * 300, chunk=1, pause=0.3),)),
    "the rate limit": ("rate limited", (Reply(status=429),) * 3),
    "a rate limit for long": ("rate limited", (Reply(status=429, headers={"Retry-After": "3600"}),)),
    "an error of the server": ("server error", (Reply(status=500),) * 3),
    "an overloaded server": ("server error", (Reply(status=503), Reply(status=502), Reply(status=529))),
    "a connection that breaks at once": ("dropped", (Reply(hang_up=True),) * 3),
    "a connection that breaks later": ("dropped", (Reply(cut_after=2),)),
    "an endless answer": ("endless", (Reply(endless=True),)),
    "an answer at its limit": ("cut", (Reply(finish="length"),)),
    "an empty answer": ("no answer", (Reply(""),)),
    "nothing but white space": ("no answer", (Reply(" \n \u200b "),)),
    "nothing but thoughts": ("no answer", (Reply("<think>When was it?"),)),
    "no event stream": ("unreadable", (Reply(raw=b"<!doctype html><title>It works!</title>"),)),
    "broken JSON": ("unreadable", (Reply(raw=b'data: {"choices": [{"delta": {"cont\n\n'),)),
    "an error in the stream": ("failed", (Reply(raw=b'data: {"error": {"message": "out of memory"}}\n\n'),)),
    "too long a prompt": ("refused request", (Reply(status=400, error="maximum context length is 2048 tokens"),)),
}


@pytest.mark.parametrize("case", FAILURES)
def test_failures_are_told_apart(server: ChatServer, model: ChatModel, case: str) -> None:
    """Whatever goes wrong ends within the limits, as one of the kinds that readers are told in German and English."""
    kind, replies = FAILURES[case]
    server.then(*replies)
    began = time.monotonic()
    assert failure_of(model).kind == kind
    assert time.monotonic() - began < QUICK.total + 1
    assert len(server.requests) == len(replies)
    assert phrase(kind, language="de", model="m", detail="") != phrase(kind, language="en", model="m", detail="")


def test_what_the_server_says_is_kept(server: ChatServer, model: ChatModel) -> None:
    """A refused request and a failure in the stream say why."""
    server.then(Reply(status=400, error="maximum context length is 2048 tokens"))
    assert failure_of(model).detail == "maximum context length is 2048 tokens"
    server.then(Reply(raw=b'data: {"error": {"message": "out of memory"}}\n\n'))
    assert failure_of(model).detail == "out of memory"


def test_unknown_models_and_dead_servers(server: ChatServer) -> None:
    """A model that is not there, a server that is not there and one that wants a key are three different things."""
    missing = ChatModel("openai:other", base_url=server.base_url, limits=QUICK)
    assert failure_of(missing).kind == "no such model"
    elsewhere = ChatModel("openai:scripted", base_url=server.base_url.replace("/v1", "/v2/nothing"), limits=QUICK)
    assert elsewhere.complete(MESSAGES) == TEXT
    dead = ChatModel("openai:scripted", base_url="http://127.0.0.1:9/v1", limits=QUICK)
    assert failure_of(dead).kind == "unreachable"
    server.key = "another"
    assert failure_of(ChatModel("openai:scripted", base_url=server.base_url, limits=QUICK)).kind == "unauthorised"


def test_requests_are_tried_again_before_the_first_words_only(server: ChatServer, model: ChatModel) -> None:
    """Twice after a passing failure, when the server allows it; never once words have been shown, which would come twice."""
    server.then(Reply(status=429, headers={"Retry-After": "0.3"}), Reply(hang_up=True))
    assert model.complete(MESSAGES) == TEXT
    first, second, third = server.requests
    assert second.at - first.at >= 0.3
    assert third.at - second.at >= QUICK.pause
    server.then(Reply(cut_after=1))
    words = model.stream(MESSAGES)
    assert next(words) == TEXT[:12]
    with pytest.raises(ModelFailed, match="dropped"):
        next(words)
    assert len(server.requests) == 4


def test_closing_or_cancelling_ends_the_request(server: ChatServer) -> None:
    """At once, in the middle of the words and in the middle of silence; the server sees the connection go."""
    model = ChatModel("openai:scripted", base_url=server.base_url, limits=replace(QUICK, silence=30, total=60))
    server.then(Reply(endless=True, pause=0.05), Reply(hang=True))
    words = model.stream(MESSAGES)
    next(words)
    words.close()
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    assert failure_of(model, cancel=cancel).kind == "stopped"
    assert time.monotonic() - began < 5
    deadline = time.monotonic() + 5
    while not all(request.gone for request in server.requests) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [request.gone for request in server.requests] == [True, True]


def test_thoughts_and_hidden_characters_are_left_out(server: ChatServer, model: ChatModel) -> None:
    """What a model thinks aloud, control characters and what nobody sees do not reach the reader, however the words are cut."""
    for chunk in (1, 5, 200):
        server.then(Reply("\n<think>\nIt says [1]?\n</think>\n\nYes\x1b[2J, it\u200b was\u202e [1].", chunk=chunk))
        assert model.complete(MESSAGES) == "Yes[2J, it was [1]."
        server.then(Reply("<thorough> answer", chunk=chunk, reasoning="hm"))
        assert model.complete(MESSAGES) == "<thorough> answer"


def test_a_model_that_wants_its_own_temperature_gets_it(server: ChatServer, model: ChatModel) -> None:
    """Answers are asked for at temperature 0; where a model refuses that, it is asked without from then on."""
    server.then(Reply(status=400, error="Unsupported value: 'temperature' does not support 0"))
    assert model.complete(MESSAGES) == TEXT
    assert model.complete(MESSAGES) == TEXT
    assert [request.body.get("temperature") for request in server.requests] == [0, None, None]


def test_keys_are_sent_and_never_told(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The provider's own variable has the key; no message and no log has it, even where the server repeats it."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.key = KEY
    model = ChatModel("openai:scripted", base_url=server.base_url, limits=QUICK)
    with caplog.at_level(logging.INFO):
        assert model.complete(MESSAGES) == TEXT
        server.then(
            Reply(status=400, error=f"bad request by {KEY}"),
            Reply(status=400, error="bad request by sk-proj-abcdefgh1234 at https://me:pass@host/v1"),  # pragma: allowlist secret
        )
        said = [str(failure_of(model)), str(failure_of(model))]
        server.key = "changed"
        said.append(str(failure_of(model)))
    for text in [*said, caplog.text]:
        assert KEY not in text
        assert "abcdefgh1234" not in text
        assert "me:pass" not in text
    assert "bad request by …" in said[0]


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("gpt-4o-mini", SettingsError, "provider:name"),
        ("openai:", SettingsError, "provider:name"),
        ("nobody:gpt", SettingsError, "Known: anthropic"),
        ("openai:gpt-4o-mini", ModelError, "OPENAI_API_KEY"),
    ],
)
def test_models_that_cannot_be_opened(
    name: str, error: type[FundstelleError], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name without provider, an unknown provider and a missing key are errors that say what to do, before anything is asked."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(error) as caught:
        ChatModel(name).complete(MESSAGES)
    assert not isinstance(caught.value, ModelFailed)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("provider", "package", "remedy"),
    [
        ("openai", "langchain_openai", "pip install 'fundstelle[openai]'"),
        ("ollama", "langchain_ollama", "pip install 'fundstelle[ollama]'"),
        ("mistralai", "langchain_mistralai", "pip install 'fundstelle[mistral]'"),
        ("groq", "langchain_groq", "pip install langchain-groq"),
    ],
)
def test_a_missing_package_names_the_command(provider: str, package: str, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact ``pip install``: an extra of this project where there is one."""
    from langchain.chat_models import base

    monkeypatch.setitem(sys.modules, package, None)  # as Python itself marks what cannot be imported
    base._get_chat_model_creator.cache_clear()
    with pytest.raises(ModelError) as caught:
        ChatModel(f"{provider}:some").open()
    base._get_chat_model_creator.cache_clear()
    assert str(caught.value).endswith(remedy)


def test_every_extra_is_declared() -> None:
    """What the messages tell people to install is in pyproject.toml."""
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(EXTRAS.values()) <= set(project["optional-dependencies"])


def test_no_tracer_is_attached(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With tracing switched on in the environment, and even inside a traced run, the configured model is called and nothing else."""
    with ChatServer() as listening:
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING_V2"):
            monkeypatch.setenv(name, "true")
        for name in ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{listening.port}")
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_pt_0000")
        _forget_environment()
        from langsmith.run_helpers import tracing_context

        model = ChatModel("openai:scripted", base_url=server.base_url, limits=QUICK)
        with tracing_context(enabled=True):
            assert model.complete(MESSAGES) == TEXT
        time.sleep(0.5)
        assert listening.requests == []
        assert [request.path for request in server.requests] == ["/v1/chat/completions"]
        assert "lsv2_pt_0000" not in str(server.requests[0].headers)

        traced = ChatModel("openai:scripted", base_url=server.base_url, limits=QUICK, tracing=True)
        assert traced.complete(MESSAGES) == TEXT
        from langchain_core.tracers.langchain import wait_for_all_tracers

        wait_for_all_tracers()
        assert listening.requests, "our own setting lets the environment's tracer through"
    _forget_environment()


@pytest.mark.parametrize("name", ["LANGSMITH_GATEWAY", "LANGCHAIN_TRACING", "LANGCHAIN_HANDLER"])
def test_what_would_divert_or_break_requests_is_refused(name: str, server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that sends every request through somebody else, or breaks LangChain, is named before anything is sent."""
    monkeypatch.setenv(name, "true")
    with pytest.raises(SettingsError, match=name):
        ChatModel("openai:scripted", base_url=server.base_url).complete(MESSAGES)
    assert server.requests == []


def test_a_provider_without_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address for a provider that cannot have one is an error, not ignored."""
    import langchain.chat_models as lc

    class Elsewhere:
        model_fields: ClassVar[dict[str, Any]] = {}

    monkeypatch.setattr(lc, "init_chat_model", lambda *_, **__: Elsewhere())
    with pytest.raises(SettingsError, match="FUNDSTELLE_MODEL_BASE_URL"):
        ChatModel("elsewhere:m", base_url="http://127.0.0.1:9/v1").open()


def test_many_threads_share_a_model(server: ChatServer, model: ChatModel) -> None:
    """Requests at the same time do not get each other's words."""
    server.script = lambda prompt: f"{prompt.messages[-1]['content']} answered [1]."
    said: dict[int, str] = {}

    def ask(number: int) -> None:
        said[number] = model.complete([("human", f"question {number}")])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {number: f"question {number} answered [1]." for number in range(24)}


def test_connections_are_used_again() -> None:
    """Requests from different threads share the client of one event loop, and so its connections."""
    with ChatServer(TEXT, keep_alive=True) as server:
        model = ChatModel("openai:scripted", base_url=server.base_url, limits=QUICK)
        for _ in range(3):
            thread = threading.Thread(target=model.complete, args=(MESSAGES,))
            thread.start()
            thread.join()
        assert len({request.connection for request in server.requests}) == 1
        asyncio.run_coroutine_threadsafe(model._chat.root_async_client.close(), _event_loop()).result()


def _forget_environment() -> None:
    """LangSmith reads each variable once."""
    from langsmith import utils

    cached: Any = utils.get_env_var
    cached.cache_clear()
