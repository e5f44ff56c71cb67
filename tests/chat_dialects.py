"""The protocols that chat models are spoken to in: OpenAI's chat completions, Ollama's chat and Anthropic's messages, as a server speaks them.

Pure: bodies in, bodies out. Not here: the server (``chat_server.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

Messages = Sequence[Mapping[str, str]]


class Dialect(Protocol):
    """What a protocol says where. ``path`` ends the address, ``media_type`` is that of a stream."""

    path: str
    media_type: str

    def key(self, headers: Mapping[str, str]) -> str:
        """The key that a request shows, "" without one."""

    def messages(self, body: Mapping[str, Any]) -> Messages:
        """The messages of a request, the system's first."""

    def streams(self, body: Mapping[str, Any]) -> bool:
        """Whether the answer is wanted as it comes."""

    def error(self, message: str) -> Mapping[str, Any]:
        """The body of an answer that is no 200."""

    def whole(self, text: str, *, model: str, finish: str) -> Mapping[str, Any]:
        """The whole answer."""

    def opening(self, *, model: str) -> Iterator[bytes]:
        """What a stream begins with."""

    def thought(self, text: str, *, model: str) -> bytes:
        """Some of what a model thinks before it answers."""

    def piece(self, text: str, *, model: str) -> bytes:
        """Some words."""

    def closing(self, *, model: str, finish: str) -> Iterator[bytes]:
        """What a stream ends with."""


class OpenAI:
    """Chat completions."""

    path = "/chat/completions"
    media_type = "text/event-stream"

    def key(self, headers: Mapping[str, str]) -> str:
        """The bearer token."""
        return headers.get("authorization", "").removeprefix("Bearer ")

    def messages(self, body: Mapping[str, Any]) -> Messages:
        """As they are."""
        listed: Messages = body["messages"]
        return listed

    def streams(self, body: Mapping[str, Any]) -> bool:
        """Only if asked to."""
        return bool(body.get("stream"))

    def error(self, message: str) -> Mapping[str, Any]:
        """An error object."""
        return {"error": {"message": message, "type": "error", "code": None}}

    def whole(self, text: str, *, model: str, finish: str) -> Mapping[str, Any]:
        """One choice."""
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
        return {"id": "c1", "object": "chat.completion", "created": 0, "model": model, "choices": [choice]}

    def opening(self, *, model: str) -> Iterator[bytes]:
        """The role."""
        yield self._chunk({"role": "assistant", "content": ""}, model=model)

    def thought(self, text: str, *, model: str) -> bytes:
        """In ``reasoning_content``, as some servers do."""
        return self._chunk({"reasoning_content": text}, model=model)

    def piece(self, text: str, *, model: str) -> bytes:
        """A delta."""
        return self._chunk({"content": text}, model=model)

    def closing(self, *, model: str, finish: str) -> Iterator[bytes]:
        """The reason, and the mark of the end."""
        yield self._chunk({}, model=model, finish=finish)
        yield b"data: [DONE]\n\n"

    def _chunk(self, delta: Mapping[str, str], *, model: str, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _event({"id": "c1", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [choice]})


class Ollama:
    """Ollama's ``/api/chat``: a JSON document a line."""

    path = "/api/chat"
    media_type = "application/x-ndjson"

    def key(self, headers: Mapping[str, str]) -> str:
        """The bearer token, which only a proxy before it would want."""
        return headers.get("authorization", "").removeprefix("Bearer ")

    def messages(self, body: Mapping[str, Any]) -> Messages:
        """As they are."""
        listed: Messages = body["messages"]
        return listed

    def streams(self, body: Mapping[str, Any]) -> bool:
        """Unless asked not to."""
        return bool(body.get("stream", True))

    def error(self, message: str) -> Mapping[str, Any]:
        """Only the message."""
        return {"error": message}

    def whole(self, text: str, *, model: str, finish: str) -> Mapping[str, Any]:
        """A last line with the words in it."""
        return self._line(text, model=model) | {"done": True, "done_reason": finish, **_COUNTS}

    def opening(self, *, model: str) -> Iterator[bytes]:
        """Nothing."""
        yield from ()

    def thought(self, text: str, *, model: str) -> bytes:
        """In ``thinking``."""
        line = self._line("", model=model)
        return _line({**line, "message": {**line["message"], "thinking": text}})

    def piece(self, text: str, *, model: str) -> bytes:
        """A line."""
        return _line(self._line(text, model=model))

    def closing(self, *, model: str, finish: str) -> Iterator[bytes]:
        """The last line says why."""
        yield _line(self.whole("", model=model, finish=finish))

    def _line(self, text: str, *, model: str) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        return {"model": model, "created_at": "2024-01-02T00:00:00Z", "message": message, "done": False}


class Anthropic:
    """Anthropic's ``/v1/messages``."""

    path = "/v1/messages"
    media_type = "text/event-stream"

    def key(self, headers: Mapping[str, str]) -> str:
        """In a header of its own."""
        return headers.get("x-api-key", "")

    def messages(self, body: Mapping[str, Any]) -> Messages:
        """The system's stand apart from the others."""
        system = {"role": "system", "content": _text_of(body.get("system", ""))}
        return [system, *({"role": each["role"], "content": _text_of(each["content"])} for each in body["messages"])]

    def streams(self, body: Mapping[str, Any]) -> bool:
        """Only if asked to."""
        return bool(body.get("stream"))

    def error(self, message: str) -> Mapping[str, Any]:
        """An error object of a type."""
        return {"type": "error", "error": {"type": "api_error", "message": message}}

    def whole(self, text: str, *, model: str, finish: str) -> Mapping[str, Any]:
        """One block of text."""
        return {**self._message(model), "content": [{"type": "text", "text": text}], "stop_reason": self._reason(finish)}

    def opening(self, *, model: str) -> Iterator[bytes]:
        """The message and its one block begin."""
        yield _named_event("message_start", {"message": self._message(model)})
        yield _named_event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})

    def thought(self, text: str, *, model: str) -> bytes:
        """Its thoughts would be a block before; only a ping is sent."""
        return _named_event("ping", {})

    def piece(self, text: str, *, model: str) -> bytes:
        """A delta of the block."""
        return _named_event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}})

    def closing(self, *, model: str, finish: str) -> Iterator[bytes]:
        """Block and message end."""
        yield _named_event("content_block_stop", {"index": 0})
        delta = {"stop_reason": self._reason(finish), "stop_sequence": None}
        yield _named_event("message_delta", {"delta": delta, "usage": {"output_tokens": 1}})
        yield _named_event("message_stop", {})

    def _message(self, model: str) -> dict[str, Any]:
        usage = {"input_tokens": 1, "output_tokens": 1}
        fixed = {"id": "m1", "type": "message", "role": "assistant", "content": []}
        return {**fixed, "model": model, "stop_reason": None, "stop_sequence": None, "usage": usage}

    def _reason(self, finish: str) -> str:
        return {"stop": "end_turn", "length": "max_tokens"}.get(finish, finish)


DIALECTS: Sequence[Dialect] = (OpenAI(), Ollama(), Anthropic())
_COUNTS = {
    "total_duration": 1,
    "load_duration": 1,
    "prompt_eval_count": 1,
    "prompt_eval_duration": 1,
    "eval_count": 1,
    "eval_duration": 1,
}


def dialect_of(path: str) -> Dialect | None:
    """The protocol that is spoken at a path."""
    return next((dialect for dialect in DIALECTS if path.partition("?")[0].endswith(dialect.path)), None)


def _text_of(content: str | Sequence[Mapping[str, str]]) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def _event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _named_event(name: str, value: Mapping[str, Any]) -> bytes:
    return f"event: {name}\n".encode() + _event({"type": name, **value})


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"
