r"""A chat model on 127.0.0.1 that speaks the protocols of OpenAI, Ollama and Anthropic, with knobs for what real ones do wrong. Real HTTP.

    with ChatServer(truthful) as server:                 # what it says: a text, or a function of the Prompt
        server.then(Reply(status=429, headers={"Retry-After": "1"}), Reply("The lamp was lit [1]."))   # the next replies, then the script again
        server.then(Reply("Slow …", first_pause=2, pause=0.1, chunk=3), Reply("…", cut_after=4), Reply(endless=True))
        Settings(model="openai:scripted", model_base_url=server.base_url)      # or "ollama:…", "anthropic:…" with server.root_url
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
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.chat_dialects import Dialect, OpenAI, dialect_of
from tests.local_server import Listening, LocalServer

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

    @cached_property
    def refusal(self) -> str:
        """What a model is to say where the evidence does not answer."""
        found = re.search(r"write exactly this and nothing else: (.*)$", self.outside, re.MULTILINE)
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
        return Prompt((dialect_of(self.path) or OpenAI()).messages(self.body))


class ChatServer(LocalServer):
    """The server; a context manager. With ``key`` it wants that one; it knows the models ``models``.

    Connections are closed behind each answer unless ``keep_alive``: clients would leave them open until the end of the tests.
    """

    def __init__(
        self, script: Script = "", *, key: str | None = None, models: Sequence[str] = ("scripted",), keep_alive: bool = False
    ) -> None:
        super().__init__(_Handler)
        self.script = script
        self.keep_alive = keep_alive
        self.key = key
        self.models = models
        self._replies: list[Reply] = []
        self._requests: list[Request] = []
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """What ``FUNDSTELLE_MODEL_BASE_URL`` is set to for OpenAI's protocol."""
        return f"{self.root_url}/v1"

    @property
    def root_url(self) -> str:
        """What it is set to for the others."""
        return f"http://127.0.0.1:{self.port}"

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

    def answer(self, request: Request, dialect: Dialect) -> Reply:
        """The next reply; the request is written down."""
        with self._lock:
            self._requests.append(request)
            reply = self._replies.pop(0) if self._replies else self._default
        if self.key is not None and dialect.key(request.headers) != self.key:
            return Reply(status=401, error=f"Incorrect API key provided: {dialect.key(request.headers)}")
        if request.body.get("model") not in self.models:
            return Reply(status=404, error=f"The model {request.body.get('model')!r} does not exist")
        return reply


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listening[ChatServer]
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
        dialect = dialect_of(self.path)
        reply = self.server.owner.answer(request, dialect or OpenAI())
        if dialect is None:
            reply = Reply(status=404, error=f"no such path: {self.path}")
        try:
            self._send(reply, request, dialect or OpenAI())
        except OSError:
            request.gone = True
            self.close_connection = True
        finally:
            request.ended_at = time.monotonic()

    def _send(self, reply: Reply, request: Request, dialect: Dialect) -> None:
        if reply.hang or reply.hang_up:
            if reply.hang:
                self._wait(3600)
            self.close_connection = True
            return
        if reply.status != 200:
            self._send_json(reply, dialect.error(reply.error))
            return
        script = self.server.owner.script if reply.text is None else reply.text
        text = script if isinstance(script, str) else script(request.prompt)
        if dialect.streams(request.body):
            self._stream(reply, text, request, dialect)
        else:
            self._send_json(reply, dialect.whole(text, model=request.body.get("model", ""), finish=reply.finish))

    def end_headers(self) -> None:
        """Says that the connection will be closed, where it will."""
        if not self.server.owner.keep_alive:
            self.send_header("Connection", "close")
        super().end_headers()

    def _send_json(self, reply: Reply, value: Mapping[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(reply.status)
        for name, content in {"Content-Type": "application/json", "Content-Length": str(len(body)), **reply.headers}.items():
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, reply: Reply, text: str, request: Request, dialect: Dialect) -> None:
        self.send_response(200)
        for name, content in {"Content-Type": dialect.media_type, "Transfer-Encoding": "chunked", **reply.headers}.items():
            self.send_header(name, content)
        self.end_headers()
        if reply.raw is not None:
            self._chunk(reply.raw)
            self._chunk(b"")
            return
        model = request.body.get("model", "")
        for event in dialect.opening(model=model):
            self._chunk(event)
        if reply.reasoning:
            self._chunk(dialect.thought(reply.reasoning, model=model))
        self._wait(reply.first_pause)
        if self._say(reply, text, request, dialect):
            for event in dialect.closing(model=model, finish=reply.finish):
                self._chunk(event)
            self._chunk(b"")

    def _say(self, reply: Reply, text: str, request: Request, dialect: Dialect) -> bool:
        """Sends the words; whether the answer is to have an end."""
        for position, piece in enumerate(_pieces(text, reply)):
            if position and reply.pause:
                self._wait(reply.pause)
            if position == reply.cut_after:
                self.close_connection = True
                return False
            if position == reply.hang_after:
                self._wait(3600)
            if request.first_words_at is None:
                request.first_words_at = time.monotonic()
            self._chunk(dialect.piece(piece, model=request.body.get("model", "")))
            if self.server.owner.ended.is_set():
                break
        return True

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))

    def _wait(self, seconds: float) -> None:
        """Waits, and notices when the client goes."""
        until = time.monotonic() + seconds
        while not self.server.owner.ended.is_set() and (left := until - time.monotonic()) > 0:
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
