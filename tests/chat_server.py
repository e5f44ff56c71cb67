r"""A chat model on 127.0.0.1 that speaks the OpenAI chat-completions protocol, with knobs for what real ones do wrong. Real HTTP, in threads.

    with ChatServer(truthful) as server:                 # what it says: a text, or a function of the Prompt
        server.then(Reply(status=429, headers={"Retry-After": "1"}), Reply("The lamp was lit [1]."))   # the next replies, then the script again
        server.then(Reply("Slow …", first_pause=2, pause=0.1, chunk=3), Reply("…", cut_after=4), Reply(endless=True))
        Settings(model="openai:scripted", model_base_url=server.base_url)
        server.requests                                  # prompts, headers, when the first words left, when and how each ended

``Prompt`` takes a request apart: ``blocks`` are the numbered passages within the fences, ``outside`` is everything else, which is what a
model must take for instructions. Run as a module it answers questions with the first passage, to try the program on by hand.
"""

from __future__ import annotations

import json
import re
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_FENCE = re.compile(
    r"^<(?P<kind>\w+) (?P<boundary>[0-9a-f]{16})>\n(?P<inside>.*?)^</(?P=kind) (?P=boundary)>$", re.MULTILINE | re.DOTALL
)
_FIRST_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced passage as the model sees it: its number, the rest of its first line, and its words."""

    number: int
    header: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """What a model was sent."""

    messages: Sequence[Mapping[str, str]]

    @cached_property
    def text(self) -> str:
        """All messages after each other."""
        return "\n\n".join(message["content"] for message in self.messages)

    @cached_property
    def kind(self) -> str:
        """What is fenced: ``"evidence"`` (answer), ``"conversation"`` (rewrite) or ``"quotes"`` (translate); empty if nothing is."""
        found = _FENCE.search(self.text)
        return found["kind"] if found else ""

    @cached_property
    def outside(self) -> str:
        """What stands outside the fences, which is what binds a model. A fence ends where its own boundary says so."""
        return _FENCE.sub("", self.text)

    @cached_property
    def inside(self) -> str:
        """What stands within the fences."""
        return "\n".join(match["inside"] for match in _FENCE.finditer(self.text))

    @cached_property
    def blocks(self) -> list[Block]:
        """The passages within the fences."""
        found = []
        for match in _FENCE.finditer(self.text):
            head, _, text = match["inside"].partition("\n")
            if numbered := re.match(r"\[(\d+)\] ?(.*)", head):
                found.append(Block(int(numbered[1]), numbered[2], text.strip()))
        return found

    @cached_property
    def question(self) -> str:
        """The question behind the evidence."""
        found = re.search(r"^Question: (.*)$", self.outside, re.MULTILINE)
        return found[1] if found else ""


Script = str | Callable[[Prompt], str]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer and how it is given; ``text`` None is what the server's script says."""

    text: Script | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str = "something is wrong"
    """The message of an answer that is no 200."""
    chunk: int = 12
    """Characters a chunk."""
    first_pause: float = 0.0
    """Seconds before the first words; the headers go at once."""
    pause: float = 0.0
    """Seconds between chunks."""
    cut_after: int | None = None
    """The connection breaks after so many chunks."""
    endless: bool = False
    """The text is said over and over."""
    hang: bool = False
    """Nothing is answered at all until the client goes."""
    hang_after: int | None = None
    """After so many chunks nothing more comes."""
    hang_up: bool = False
    """The connection is closed instead of answering."""
    raw: bytes | None = None
    """Sent as it is, as the body of an event stream."""
    finish: str = "stop"
    """The ``finish_reason``."""
    reasoning: str = ""
    """Said first, in ``reasoning_content`` as some servers do; ``<think>`` is a matter of ``text``."""


@dataclass
class Request:
    """What was asked and what became of it; times are monotonic seconds."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float
    first_words_at: float | None = None
    ended_at: float | None = None
    connection: int = 0
    """The client's port: equal where a connection was used again."""
    gone: bool = False
    """The client went before the end."""

    @property
    def prompt(self) -> Prompt:
        """Its messages."""
        return Prompt(self.body["messages"])


class ChatServer:
    """The server; a context manager. With ``key`` it wants that as bearer token; it knows the models ``models``.

    Connections are closed behind each answer unless ``keep_alive``: clients would leave them open until the end of the tests.
    """

    def __init__(
        self, script: Script = "", *, key: str | None = None, models: Sequence[str] = ("scripted",), keep_alive: bool = False
    ) -> None:
        self.script = script
        self.keep_alive = keep_alive
        self.key = key
        self.models = models
        self.ended = threading.Event()
        self._replies: list[Reply] = []
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.chat = self
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """What ``FUNDSTELLE_MODEL_BASE_URL`` is set to."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[Request]:
        """All requests so far."""
        with self._lock:
            return list(self._requests)

    def prompts(self, kind: str = "evidence") -> list[Prompt]:
        """The prompts of one kind."""
        return [request.prompt for request in self.requests if request.prompt.kind == kind]

    def then(self, *replies: Reply) -> None:
        """Sets the next replies; behind them the script answers again."""
        with self._lock:
            self._replies += replies

    def always(self, reply: Reply) -> None:
        """Sets what is replied whenever nothing else is set."""
        self._default = reply

    _default: Reply = Reply()

    def answer(self, request: Request) -> Reply:
        """The next reply; the request is written down."""
        with self._lock:
            self._requests.append(request)
            reply = self._replies.pop(0) if self._replies else self._default
        if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
            return Reply(status=401, error=f"Incorrect API key provided: {request.headers.get('authorization')}")
        if request.body.get("model") not in self.models:
            return Reply(status=404, error=f"The model {request.body.get('model')!r} does not exist")
        return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    chat: ChatServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go are what is tested here."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 60
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Nobody has to ask for anything but completions: it is written down and not found."""
        self._reply_to({})

    def do_POST(self) -> None:
        """Answers a completion."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_json = self.headers.get("Content-Type", "").startswith("application/json")
        self._reply_to(json.loads(body) if is_json and body else {})

    def _reply_to(self, body: Mapping[str, Any]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, body, time.monotonic(), connection=self.client_address[1])
        reply = self.server.chat.answer(request)
        if not self.path.endswith("/chat/completions"):
            reply = Reply(status=404, error=f"no such path: {self.path}")
        try:
            self._send(reply, request)
        except OSError:
            request.gone = True
            self.close_connection = True
        finally:
            request.ended_at = time.monotonic()

    def _send(self, reply: Reply, request: Request) -> None:
        if reply.hang or reply.hang_up:
            if reply.hang:
                self._wait(3600)
            self.close_connection = True
            return
        if reply.status != 200:
            self._send_json(reply, {"error": {"message": reply.error, "type": "error", "code": None}})
            return
        script = self.server.chat.script if reply.text is None else reply.text
        text = script if isinstance(script, str) else script(request.prompt)
        if request.body.get("stream"):
            self._stream(reply, text, request)
        else:
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": reply.finish}
            self._send_json(reply, {**self._completion("chat.completion", request), "choices": [choice]})

    def end_headers(self) -> None:
        """Says that the connection will be closed, where it will."""
        if not self.server.chat.keep_alive:
            self.send_header("Connection", "close")
        super().end_headers()

    def _send_json(self, reply: Reply, value: Mapping[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(reply.status)
        for name, content in {"Content-Type": "application/json", "Content-Length": str(len(body)), **reply.headers}.items():
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, reply: Reply, text: str, request: Request) -> None:
        self.send_response(200)
        for name, content in {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked", **reply.headers}.items():
            self.send_header(name, content)
        self.end_headers()
        if reply.raw is not None:
            self._chunk(reply.raw)
            self._chunk(b"")
            return
        self._event(request, {"role": "assistant", "content": ""})
        if reply.reasoning:
            self._event(request, {"reasoning_content": reply.reasoning})
        self._wait(reply.first_pause)
        for position, piece in enumerate(_pieces(text, reply)):
            if position and reply.pause:
                self._wait(reply.pause)
            if position == reply.cut_after:
                self.close_connection = True
                return
            if position == reply.hang_after:
                self._wait(3600)
            if request.first_words_at is None:
                request.first_words_at = time.monotonic()
            self._event(request, {"content": piece})
            if self.server.chat.ended.is_set():
                break
        self._event(request, {}, finish=reply.finish)
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, request: Request, delta: Mapping[str, str], *, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        value = {**self._completion("chat.completion.chunk", request), "choices": [choice]}
        self._chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def _completion(self, kind: str, request: Request) -> dict[str, Any]:
        return {"id": "c1", "object": kind, "created": 0, "model": request.body.get("model")}

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))

    def _wait(self, seconds: float) -> None:
        """Waits, and notices when the client goes."""
        until = time.monotonic() + seconds
        while not self.server.chat.ended.is_set() and (left := until - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.02))
            if readable and not self.connection.recv(1):
                raise ConnectionAbortedError

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Says nothing: ``ChatServer.requests`` has it all."""


def _pieces(text: str, reply: Reply) -> Iterator[str]:
    while True:
        yield from (text[start : start + reply.chunk] for start in range(0, len(text), reply.chunk))
        if not reply.endless or not text:
            return


def first_sentences(prompt: Prompt, *, blocks: int = 1) -> str:
    """What a truthful, unimaginative model says: the first sentence of each of the first passages, with its marker."""
    said = []
    for block in prompt.blocks[:blocks]:
        body = block.text.rsplit("\n\n", maxsplit=1)[-1]
        found = _FIRST_SENTENCE.match(body)
        said.append(f"{' '.join((found[0] if found else body).split())} [{block.number}]")
    return "\n".join(said)


if __name__ == "__main__":
    with ChatServer(first_sentences) as standing:
        sys.stdout.write(f"FUNDSTELLE_MODEL=openai:scripted FUNDSTELLE_MODEL_BASE_URL={standing.base_url}\n")
        sys.stdout.flush()
        threading.Event().wait()
