"""Chat models by other protocols than OpenAI's: the packages of Ollama and Anthropic against a server that speaks as theirs do."""

from __future__ import annotations

import importlib.util
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from assistant import Answer, Assistant
from assistant.generative import EXTRAS, ChatModel, ModelFailed, ModelLimits
from tests.chat_server import ChatServer, Reply, first_sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUESTION = "When was the lighthouse at Skarven Point lit again?"
TEXT = "The lamp was lit on Tuesday [1]. It had been dark for eleven years [1]."
MESSAGES = [("system", "Answer."), ("human", "When was the lamp lit?")]
QUICK = ModelLimits(silence=1.0, total=5, characters=400, pause=0.02, longest_pause=1)
KEY = "sk-ant-very-secret-4711"


@pytest.fixture(params=["ollama", "anthropic"])
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A provider whose package is there, with a key as its users have it."""
    name = str(request.param)
    if importlib.util.find_spec(f"langchain_{name}") is None:
        pytest.skip(f"needs langchain-{name}: pip install 'fundstelle[{EXTRAS[name]}]'")
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return name


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A server that speaks all protocols and says the first sentence of the first passage."""
    with ChatServer(first_sentences) as running:
        yield running


@pytest.fixture
def model(provider: str, server: ChatServer) -> ChatModel:
    """The provider's model on it."""
    server.script = TEXT
    return ChatModel(f"{provider}:scripted", base_url=server.root_url, limits=QUICK)


@pytest.fixture
def assistant(
    provider: str, server: ChatServer, open_assistant: Callable[..., Assistant], two_articles: Path, tmp_path: Path
) -> Assistant:
    """An assistant over two articles that asks the provider's model."""
    shutil.copytree(two_articles, tmp_path / "library", dirs_exist_ok=True)
    given: dict[str, Any] = {"model_base_url": server.root_url, "model_timeout": 2, "model_total_timeout": 8}
    return open_assistant(model=f"{provider}:scripted", **given)


def failure_of(model: ChatModel) -> ModelFailed:
    """How a request fails."""
    with pytest.raises(ModelFailed) as caught:
        model.complete(MESSAGES)
    return caught.value


def is_by_quoting(answer: Answer) -> bool:
    """Whether it is what there would be without a model."""
    return answer.model is None and not answer.abstained and {sentence.support for sentence in answer.sentences} == {"quoted"}


def test_words_come_as_they_are_said(server: ChatServer, model: ChatModel, provider: str) -> None:
    """Piece by piece; system and question arrive as they were given, no tools with them, and nothing else is called."""
    server.then(Reply(pause=0.02))
    assert "".join(pieces := list(model.stream(MESSAGES))) == TEXT
    assert len(pieces) >= len(range(0, len(TEXT), 12))
    (request,) = server.requests
    assert [(message["role"], message["content"]) for message in request.prompt.messages] == [
        ("system", "Answer."),
        ("user", "When was the lamp lit?"),
    ]
    assert not request.body.get("tools")
    assert request.path == {"ollama": "/api/chat", "anthropic": "/v1/messages"}[provider]


def test_ollama_gets_room_for_the_passages(server: ChatServer, model: ChatModel, provider: str) -> None:
    """Else it cuts off what does not fit into its small default, without a word: the instructions first."""
    if provider != "ollama":
        pytest.skip("only Ollama has to be told")
    model.complete(MESSAGES)
    assert server.requests[0].body["options"]["num_ctx"] >= 8192


@pytest.mark.parametrize(
    ("kind", "replies"),
    [
        ("no first word", (Reply(hang=True),)),
        ("stalled", (Reply(hang_after=2),)),
        ("rate limited", (Reply(status=429),) * 3),
        ("server error", (Reply(status=500),) * 3),
        ("dropped", (Reply(hang_up=True),) * 3),
        ("dropped", (Reply(cut_after=2),)),
        ("endless", (Reply(endless=True),)),
        ("cut", (Reply(finish="length"),)),
        ("no answer", (Reply(""),)),
        ("refused request", (Reply(status=400, error="the prompt is too long"),)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_failures_are_told_apart(server: ChatServer, model: ChatModel, kind: str, replies: tuple[Reply, ...]) -> None:
    """As with OpenAI's protocol: one of the kinds that readers are told."""
    server.then(*replies)
    failure = failure_of(model)
    assert failure.kind == kind
    if kind == "refused request":
        assert "the prompt is too long" in failure.detail
    assert len(server.requests) == len(replies)


def test_missing_models_and_dead_servers(server: ChatServer, provider: str) -> None:
    """Two different things, as readers are told."""
    assert failure_of(ChatModel(f"{provider}:other", base_url=server.root_url, limits=QUICK)).kind == "no such model"
    assert failure_of(ChatModel(f"{provider}:scripted", base_url="http://127.0.0.1:9", limits=QUICK)).kind == "unreachable"


def test_an_answer_is_checked_and_cited(assistant: Assistant, server: ChatServer, provider: str) -> None:
    """From the first word to the verified citation, as with any other model."""
    events = list(assistant.stream(QUESTION))
    answer = events[-1].answer
    assert answer is not None
    assert (answer.model, answer.notice, answer.abstained) == (f"{provider}:scripted", "", False)
    assert [sentence.support for sentence in answer.sentences] == ["supported"]
    assert all(citation.verbatim for citation in answer.citations)
    (prompt,) = server.prompts()
    assert prompt.question == QUESTION
    assert "".join(event.text for event in events if event.kind == "text") == first_sentences(prompt)


def test_a_wrong_key_leaves_the_quotes(assistant: Assistant, server: ChatServer) -> None:
    """The answer quotes and says why; the key is nowhere in it."""
    server.key = "another"
    answer = assistant.ask(QUESTION)
    assert is_by_quoting(answer)
    assert "API key" in answer.notice
    assert KEY not in answer.notice


def test_a_dropped_connection_leaves_what_was_borne_out(assistant: Assistant, server: ChatServer) -> None:
    """The quotes where nothing whole was said, else the sentences until then; either way the reader is told."""
    server.then(Reply(cut_after=1))
    answer = assistant.ask(QUESTION)
    assert is_by_quoting(answer)
    assert "broke" in answer.notice
