"""Questions passed on to the process that serves the library: the same answers, and what happens when it lies, falls silent or dies."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from assistant import Answer, AnswerEvent, Assistant, Filters, Turn, messages, remote
from assistant.messages import ASK_PATH, AskRequest, Failure, Found, Line, SearchRequest, adapter, json_line
from assistant.remote import OwnerGone, Remote
from assistant.web.passed_on import internal_routes
from assistant.web.server import listen
from tests.web.fakes import QUOTE, answer_with, cite, hit_of, make_article
from vectorstore import errors, ownership
from vectorstore.errors import IndexMismatch, LibraryBusy, LibraryError, SettingsError
from vectorstore.ownership import Lock, Owner, Service, owner_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vectorstore.types import Hit

TOKEN = "t" * 43
QUESTION = "When was the lighthouse at Skarven Point lit again?"
ARTICLE = make_article()
ANSWER = answer_with(cite(ARTICLE, QUOTE), question=QUESTION, hits=[hit_of(ARTICLE)])


@dataclass
class Scripted:
    """An assistant that answers as it is told.

    ``failure`` is raised after the words, ``slow`` seconds pass before each, ``broken`` ends without an answer.
    """

    answer: Answer = ANSWER
    words: tuple[str, ...] = ("Als Ziel ", "gilt")
    failure: Exception | None = None
    slow: float = 0.0
    waits_for_cancel: bool = False
    broken: bool = False
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    def stream(self, question: str, *, cancel: threading.Event, **given: Any) -> Iterator[AnswerEvent]:
        """A step, the words, the answer."""
        self.asked.append((question, given))
        try:
            yield AnswerEvent(kind="step", text="search")
            for word in self.words:
                time.sleep(self.slow)
                yield AnswerEvent(kind="text", text=word)
            if self.waits_for_cancel and cancel.wait(20):
                self.cancelled.set()
            if self.failure:
                raise self.failure
            if not self.broken:
                yield AnswerEvent(kind="answer", answer=self.answer)
        finally:
            self.left.set()

    def search(self, question: str, *, limit: int, filters: Filters) -> list[Hit]:
        """The hits of the answer."""
        self.asked.append((question, {"limit": limit, "filters": filters}))
        if self.failure:
            raise self.failure
        return list(self.answer.hits)


@contextmanager
def served(assistant: Any) -> Iterator[Service]:
    """``assistant`` behind the internal routes alone, on a free port."""
    with listen("127.0.0.1", port=0) as listener:
        app = Starlette(routes=list(internal_routes(assistant, token=TOKEN)))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        yield Service("127.0.0.1", listener.getsockname()[1], TOKEN)
        server.should_exit = True
        thread.join(timeout=10)


def owner(service: Service | None = None, **changes: Any) -> Owner:
    """An owner that is this process and version."""
    return replace(Owner(os.getpid(), takes_in=True, service=service, program=messages.program_version()), **changes)


@pytest.fixture
def scripted() -> Iterator[tuple[Scripted, Remote]]:
    """A scripted assistant, and the other end of the line to it."""
    assistant = Scripted()
    with served(assistant) as service:
        yield assistant, Remote(owner(), service)


def test_an_answer_arrives_as_it_was_given(scripted: tuple[Scripted, Remote]) -> None:
    """Every event, in order, the answer equal to the last detail, hits with their whole articles; the arguments arrive too."""
    assistant, line = scripted
    request = AskRequest(
        question="Und dann?\u2028\u0085 \U0001f600",
        history=(Turn("Wer?", "Er. [1]", ANSWER.citations),),
        filters=Filters(language="de"),
        answer_language="en",
        detect_period=False,
    )
    events = list(line.stream(request))
    assert [(event.kind, event.text) for event in events] == [
        ("step", "search"),
        ("text", "Als Ziel "),
        ("text", "gilt"),
        ("answer", ""),
    ]
    assert events[-1].answer == ANSWER
    given = {
        "history": (Turn("Wer?", "Er. [1]", ANSWER.citations),),
        "filters": Filters(language="de"),
        "answer_language": "en",
        "detect_period": False,
    }
    assert assistant.asked == [(request.question, given)]


def test_hits_arrive_as_they_were_found(scripted: tuple[Scripted, Remote]) -> None:
    """Equal, with articles, scores and ranks."""
    assistant, line = scripted
    assert line.search(SearchRequest(question="Wer?", limit=3)) == list(ANSWER.hits)
    assert assistant.asked == [("Wer?", {"limit": 3, "filters": Filters()})]


@pytest.mark.parametrize(
    "failure", [IndexMismatch("made with another model"), SettingsError("no such model"), LibraryBusy("x", pid=3, waited=10)]
)
def test_an_error_is_raised_as_it_was(scripted: tuple[Scripted, Remote], failure: Exception) -> None:
    """Its class, where a message makes it, and its message, for a question and a search."""
    assistant, line = scripted
    assistant.failure = failure
    kind = LibraryError if isinstance(failure, LibraryBusy) else type(failure)
    for ask in (lambda: list(line.stream(AskRequest(question="?"))), lambda: line.search(SearchRequest(question="?", limit=1))):
        with pytest.raises(kind) as caught:
            ask()
        assert type(caught.value) is kind
        assert str(caught.value) == str(failure)


def test_every_error_travels() -> None:
    """Each class of the tree arrives as itself or as what it is a kind of; a name that is no error of ours as a plain one."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.FundstelleError)]
    for kind in kinds:
        arrived = Failure(kind.__name__, "what to do").error()
        assert str(arrived) == "what to do"
        assert type(arrived) is kind or kind.__init__ is not Exception.__init__
    assert type(Failure("annotations", "x").error()) is LibraryError
    assert type(Failure("SystemExit", "x").error()) is LibraryError


def test_what_nobody_foresaw_is_said_without_details(scripted: tuple[Scripted, Remote], caplog: pytest.LogCaptureFixture) -> None:
    """The details stay in the log of the process that serves; the question is not asked again and again."""
    assistant, line = scripted
    assistant.failure = ZeroDivisionError("secret")
    with pytest.raises(LibraryError, match="Something unexpected") as caught:
        list(line.stream(AskRequest(question="?")))
    assert not isinstance(caught.value, OwnerGone)
    assert "secret" in caplog.text


def test_leaving_ends_it_there_too(scripted: tuple[Scripted, Remote]) -> None:
    """Closing the iterator has the chat model asked no further."""
    assistant, line = scripted
    assistant.waits_for_cancel = True
    events = line.stream(AskRequest(question="?"))
    assert next(events).kind == "step"
    events.close()
    assert assistant.left.wait(10)
    assert assistant.cancelled.is_set()


def test_cancelling_still_brings_the_answer(scripted: tuple[Scripted, Remote]) -> None:
    """``cancel`` reaches the other process, and what it makes of it arrives."""
    assistant, line = scripted
    assistant.waits_for_cancel = True
    cancel = threading.Event()
    kinds = []
    for event in line.stream(AskRequest(question="?"), cancel=cancel):
        kinds.append(event.kind)
        if event.kind == "text":
            cancel.set()
    assert kinds[-1] == "answer"
    assert assistant.cancelled.is_set()


def test_slow_is_not_gone(scripted: tuple[Scripted, Remote], monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that take longer than the silence that is borne are waited for, as signs of life come between them."""
    assistant, line = scripted
    assistant.slow, assistant.words = 3.0, ("At last",)
    monkeypatch.setattr(remote, "SILENCE", 2.0)
    assert list(line.stream(AskRequest(question="?")))[-1].answer == ANSWER


# Who is let in


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": "Bearer \xff"}]
)
@pytest.mark.parametrize("path", [ASK_PATH, messages.SEARCH_PATH, messages.CANCEL_PATH])
def test_without_the_token_nobody_is_answered(header: dict[str, str], path: str) -> None:
    """Nothing is asked and nothing told."""
    assistant = Scripted()
    with served(assistant) as service:
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in header.items()]
        response = httpx.post(f"http://127.0.0.1:{service.port}{path}", headers=encoded, json={"question": "?"})
        with pytest.raises(OwnerGone, match=r"401.*token"):
            Remote(owner(), replace(service, token="x" * 43)).search(SearchRequest(question="?", limit=1))
    assert response.status_code == 401
    assert assistant.asked == []


@pytest.mark.parametrize("body", ["", "[]", '{"question": 3}', '{"question": "?", "limit": "many"}', "{" * 1000])
def test_a_request_that_is_none_is_refused(body: str) -> None:
    """With what is wrong, and without asking anything."""
    assistant = Scripted()
    with served(assistant) as service:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        response = httpx.post(f"http://127.0.0.1:{service.port}{messages.SEARCH_PATH}", headers=headers, content=body)
    assert response.status_code == 422
    assert "cannot be read" in response.json()["error"]
    assert assistant.asked == []


# What the lock file says


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A library folder whose lock another owner has, which says that it answers at 127.0.0.1:9."""
    lock = Lock(tmp_path, wait=0)
    lock.announce(takes_in=True, service=Service("127.0.0.1", 9, TOKEN), program="1")
    yield tmp_path
    lock.release()


def said(folder: Path, **changes: Any) -> Owner:
    """The owner after its note has been changed."""
    file = folder / "lock.json"
    note = json.loads(file.read_text("utf-8"))
    service = {**note["service"], **changes.pop("service", {})}
    file.write_text(json.dumps({**note, "service": service, **changes}), "utf-8")
    return owner_of(folder)


def test_only_this_user_can_read_the_token(folder: Path) -> None:
    """The note has mode 0600 from its first moment, whatever the umask; the token is not in what an owner looks like in a log."""
    assert (folder / "lock.json").stat().st_mode & 0o777 == 0o600
    found = owner_of(folder)
    assert found == Owner(os.getpid(), True, Service("127.0.0.1", 9, TOKEN), "1")
    assert TOKEN not in repr(found)


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_a_note_that_others_can_touch_is_not_believed(folder: Path, mode: int) -> None:
    """Where it sends questions could be anybody's; who the owner is, is still told."""
    (folder / "lock.json").chmod(mode)
    assert owner_of(folder) == Owner(os.getpid(), True, None, "1")


def test_another_user_s_note_is_not_believed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if only that user can touch it."""
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert owner_of(folder).service is None


@pytest.mark.parametrize(
    "service",
    [
        {"host": "192.0.2.7"},
        {"host": "0.0.0.0"},
        {"host": "news.example"},
        {"host": "localhost"},
        {"host": "127.0.0.1@news.example"},
        {"host": ""},
        {"host": 2130706433},
        {"port": 0},
        {"port": 70000},
        {"port": "80"},
        {"token": "short"},
        {"token": "x" * 40 + "\r\nHost: evil"},
        {"token": None},
    ],
)
def test_an_address_beyond_this_machine_is_not_believed(folder: Path, service: dict[str, Any]) -> None:
    """Only a loopback address in digits, a port and a token that fits a header are taken; nothing else is ever connected to."""
    assert said(folder, service=service).service is None


@pytest.mark.parametrize(
    "note", ["", "[]", "{", '{"pid": 1, "service": []}', '{"pid": 1, "service": {"host": "::1"}}', "[" * 5000]
)
def test_a_damaged_note_names_no_service(folder: Path, note: str) -> None:
    """And raises nothing."""
    (folder / "lock.json").write_text(note, "utf-8")
    assert owner_of(folder).service is None


def test_no_request_leaves_for_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever made up the address, nothing is connected to beyond loopback; another version is not asked either."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(LibraryError, match="not this machine"):
        Remote(owner(), Service("192.0.2.7", 80, TOKEN))
    with pytest.raises(LibraryError, match=r"Fundstelle 0\.0\.9; this is .* Restart `fundstelle serve`"):
        Remote(owner(program="0.0.9"), Service("127.0.0.1", 80, TOKEN))


# A library of two processes


@pytest.fixture
def own_folder(two_articles: Path, tmp_path: Path) -> Path:
    """A copy of the library with two articles."""
    import shutil

    return Path(shutil.copytree(two_articles, tmp_path / "library"))


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for an owner that is gone. One that is there has its time: this machine may be busy."""
    monkeypatch.setattr("assistant.qa.Assistant.lock_wait", 0.5)
    monkeypatch.setattr(remote, "_PATIENCE", 0.5)
    monkeypatch.setattr(ownership.Lock.__init__, "__kwdefaults__", {"wait": 0.5})


@contextmanager
def held(folder: Path, answers_at: Service | None, **changes: Any) -> Iterator[Lock]:
    """The library's lock, as another process would have it that answers at ``answers_at``; ``changes`` are made to its note."""
    lock = Lock(folder, wait=0)
    lock.announce(takes_in=True, service=answers_at, program=messages.program_version())
    if changes:
        said(folder, **changes)
    try:
        yield lock
    finally:
        lock.release()


def test_a_served_library_is_asked_through_its_owner(own_folder: Path, open_assistant: Callable[..., Assistant]) -> None:
    """The other assistant answers alike, without opening indexes or loading a model."""
    serving = open_assistant()
    here = serving.ask(QUESTION)
    with served(serving) as service, serving.answering_at(service), Assistant.open(own_folder) as other:
        events = list(other.stream(QUESTION))
        answer = events[-1].answer
        assert answer is not None
        assert replace(answer, timings={}) == replace(here, timings={})
        assert answer.citations
        assert [event.kind for event in events] == ["step", "step", "text", "answer"]
        assert other.search(QUESTION, limit=5) == serving.search(QUESTION, limit=5)
        assert other.search(QUESTION, filters=Filters(language="de"))[0].article.language == "de"
        assert other.ask("  ").abstained
        assert other._indexes is None
        assert other._encoder is None
    assert owner_of(own_folder).service is None, "withdrawn"


def test_an_owner_that_answers_nobody_is_named(own_folder: Path, hurried: None, open_assistant: Callable[..., Assistant]) -> None:
    """Without a service that can be believed, the library is busy, as before."""
    notes: list[tuple[Service | None, dict[str, Any]]] = [
        (None, {}),
        (Service("127.0.0.1", 9, TOKEN), {"service": {"host": "192.0.2.7"}}),
        (Service("127.0.0.1", 9, TOKEN), {"pid": 2**22 + 1}),
    ]
    for service, changes in notes:
        with held(own_folder, service, **changes), pytest.raises(LibraryBusy) as caught:
            open_assistant().ask(QUESTION)
        assert caught.value.pid == changes.get("pid", os.getpid())


def test_what_a_dead_server_left_is_not_believed(own_folder: Path, open_assistant: Callable[..., Assistant]) -> None:
    """Its lock died with it, so the library is opened at once, whatever its note says."""
    with held(own_folder, Service("127.0.0.1", 9, TOKEN)):
        note = (own_folder / "lock.json").read_text("utf-8")
    (own_folder / "lock.json").write_text(note, "utf-8")
    (own_folder / "lock.json").chmod(0o600)
    assistant = open_assistant()
    assert assistant.ask(QUESTION).citations
    assert owner_of(own_folder).service is None


def test_a_wrong_token_is_said(own_folder: Path, hurried: None, open_assistant: Callable[..., Assistant]) -> None:
    """After a while in which a restarted server might have written a new one."""
    with served(Scripted()) as service, held(own_folder, replace(service, token="x" * 43)):
        assistant = open_assistant()
        for ask in (assistant.ask, assistant.search):
            with pytest.raises(LibraryError, match=r"does not answer \(it answered 401.*restart `fundstelle serve`"):
                ask(QUESTION)


@contextmanager
def answering(*pieces: bytes, then: Callable[[], object] = lambda: None, hang: float = 0.0) -> Iterator[Service]:
    """A server that answers one request with ``pieces`` of HTTP, then breaks off."""
    with listen("127.0.0.1", port=0) as listener:
        service = Service("127.0.0.1", listener.getsockname()[1], TOKEN)

        def answer() -> None:
            connection, _ = listener.accept()
            listener.close()  # whoever tries again is refused at once
            with connection:
                connection.recv(65536)
                connection.settimeout(0.2)
                with suppress(TimeoutError):  # the body comes by itself; closed with it unread, the answer would be lost
                    connection.recv(65536)
                connection.settimeout(10)
                for piece in pieces:
                    connection.sendall(piece)
                time.sleep(hang)
                then()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield service
        thread.join(timeout=10)


def chunk(line: bytes) -> bytes:
    """A piece of a chunked body."""
    return f"{len(line):x}\r\n".encode() + line + b"\r\n"


HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
STEP = chunk(json_line(Line(event=AnswerEvent(kind="step", text="search"))))
WORDS = chunk(json_line(Line(event=AnswerEvent(kind="text", text="Als Ziel"))))


def test_a_server_that_dies_before_its_words_is_replaced(own_folder: Path, open_assistant: Callable[..., Assistant]) -> None:
    """Its lock is free then, so the library is opened here, and the question answered as if nothing had been."""
    lock = Lock(own_folder, wait=0)
    with answering(HEAD, STEP, then=lock.release) as service:
        lock.announce(takes_in=True, service=service, program=messages.program_version())
        events = list(open_assistant().stream(QUESTION))
    assert events[-1].answer
    assert events[-1].answer.citations
    assert "".join(event.text for event in events if event.kind == "text") == events[-1].answer.text


def test_a_server_that_dies_in_its_words_is_an_error(
    own_folder: Path, hurried: None, open_assistant: Callable[..., Assistant]
) -> None:
    """Words that have been handed on cannot be taken back; it says so, and what to do."""
    with answering(HEAD, STEP, WORDS) as service, held(own_folder, service):
        events = open_assistant().stream(QUESTION)
        assert next(events).kind == "step"
        assert next(events).text == "Als Ziel"
        with pytest.raises(LibraryError, match=r"broke off in the middle of its answer .*Ask again"):
            list(events)


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD, STEP, b"0\r\n\r\n"),
        (HEAD, chunk(b"{}\n"), b"0\r\n\r\n"),
        (b"HTTP/1.1 500 Oh\r\n\r\nno",),
        (b"SSH-2.0-x\r\n",),
        (),
    ],
)
def test_an_answer_that_is_none_is_an_error(
    pieces: Sequence[bytes], own_folder: Path, hurried: None, open_assistant: Callable[..., Assistant]
) -> None:
    """Whatever comes instead of one: the message names the process and what to do."""
    with (
        answering(*pieces) as service,
        held(own_folder, service),
        pytest.raises(OwnerGone, match=f"Process {os.getpid()} serves"),
    ):
        open_assistant().ask(QUESTION)


@pytest.mark.parametrize("line", [b'{"event": {"kind": "wisdom"}}\n', b"<html>\n", b'{"event": 3}\n'])
def test_an_answer_that_cannot_be_read_is_an_error(
    line: bytes, own_folder: Path, hurried: None, open_assistant: Callable[..., Assistant]
) -> None:
    """It is not asked for again: a server of another version will not come to say something else."""
    said_so = pytest.raises(LibraryError, match="cannot be read; it may be another version")
    with answering(HEAD, chunk(line), b"0\r\n\r\n") as service, held(own_folder, service), said_so as caught:
        open_assistant().ask(QUESTION)
    assert not isinstance(caught.value, OwnerGone)


def test_a_question_is_not_put_again_and_again(own_folder: Path, open_assistant: Callable[..., Assistant]) -> None:
    """An owner that breaks off is asked once more, no oftener: an answer may be dear."""
    assistant = Scripted(words=(), broken=True)
    with served(assistant) as service, held(own_folder, service), pytest.raises(OwnerGone):
        open_assistant().ask(QUESTION)
    assert len(assistant.asked) == 2


def test_a_server_that_hangs_is_given_up(
    own_folder: Path, hurried: None, open_assistant: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a sign of life for a while it counts as gone."""
    monkeypatch.setattr(remote, "SILENCE", 1.5)
    begun = time.monotonic()
    with answering(HEAD, STEP, hang=3.0) as service, held(own_folder, service), pytest.raises(OwnerGone, match="timed out"):
        open_assistant().ask(QUESTION)
    assert time.monotonic() - begun < 10


def test_a_server_that_comes_up_is_waited_for(own_folder: Path, open_assistant: Callable[..., Assistant]) -> None:
    """The lock is taken before the page is ready; a question meanwhile waits and is passed on."""
    with ExitStack() as stack, served(Scripted()) as service:
        stack.enter_context(held(own_folder, None))
        asking: list[Answer] = []
        thread = threading.Thread(target=lambda: asking.append(open_assistant().ask(QUESTION)))
        thread.start()
        time.sleep(1)
        assert asking == []
        note = json.loads((own_folder / "lock.json").read_text("utf-8"))
        note["service"] = {"host": service.host, "port": service.port, "token": service.token}
        (own_folder / "lock.json").write_text(json.dumps(note), "utf-8")
        thread.join(timeout=10)
    assert asking == [ANSWER]


def test_nothing_is_lost_on_the_way() -> None:
    """Found hits and lines of events survive JSON, with odd characters, and are one line each."""
    odd = make_article(text="a\u2028b\u0085c\x1c \U0001f600 \u200f", title="\x7f")
    found = Found(hits=(replace(hit_of(odd), score=1e-300, cosine=0.1 + 0.2),))
    line = json_line(found)
    assert len(line.splitlines()) == 1
    assert adapter(Found).validate_json(line, strict=True) == found


# As users run it


def fundstelle(library: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command."""
    command = [str(Path(sys.executable).with_name("fundstelle")), "--library", str(library), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL)


def test_asking_beside_serve(own_folder: Path, shared_cache: Path) -> None:
    """While ``serve`` has the library, ``ask``, ``search`` and a check go through it; killed, it leaves a note that stops nobody."""
    command = [str(Path(sys.executable).with_name("fundstelle")), "--library", str(own_folder), "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stderr is not None
            assert "Serving on" in serving.stderr.readline()
            assert owner_of(own_folder).service is not None
            asked = fundstelle(own_folder, "ask", "--json", QUESTION)
            found = fundstelle(own_folder, "search", "--json", "Bücherbus")
            checked = fundstelle(own_folder, "doctor", "--check")
            code = (
                "import sys, assistant\nanswer = assistant.ask(sys.argv[1], library=sys.argv[2])\n"
                "print(len(answer.citations), sorted({'torch', 'chromadb', 'tantivy', 'gradio'} & set(sys.modules)))"
            )
            python = subprocess.run(
                [sys.executable, "-c", code, QUESTION, own_folder], capture_output=True, text=True, check=True, timeout=120
            )
        finally:
            serving.kill()
    assert (asked.returncode, asked.stderr) == (0, "")
    answer = Answer.from_dict(json.loads(asked.stdout))
    assert "lit again on Tuesday" in answer.citations[0].quote
    assert json.loads(found.stdout)["items"][0]["language"] == "de"
    assert python.stdout == "1 []\n"
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "articles and indexes agree" in checked.stdout
    assert owner_of(own_folder).service is not None, "the note outlives it"
    after = fundstelle(own_folder, "ask", "--json", QUESTION)
    assert (after.returncode, after.stderr) == (0, "")
    assert Answer.from_dict(json.loads(after.stdout)).citations == answer.citations
