"""Reading a document in a subprocess with limits on time and memory: ``python -m ingest.sandbox`` is that subprocess.

Its input is a line of JSON (:class:`Task`) and the document, its output one JSON object. It loads only what reads documents, gets no
environment and no arguments from outside, writes no files, and dies with its parent. Where the system has no ``resource`` module
(Windows) only the clock limits it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from math import ceil
from pathlib import Path
from typing import Any

from ingest.documents import Document, DocumentKind, read_document
from ingest.types import Block
from vectorstore.errors import SourceEmpty, SourceError, SourceUnreadable

SECONDS = 30.0
MEMORY_BYTES = 2**30
MAX_OUTPUT_CHARACTERS = 20_000_000
_FIELDS = tuple(field.name for field in fields(Document) if field.name != "blocks")
_FIELD_CHARACTERS = 2_000
_ERRORS: dict[str, type[SourceError]] = {"SourceEmpty": SourceEmpty, "SourceUnreadable": SourceUnreadable}
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the subprocess is to read, within which limits, and whose process it is."""

    kind: DocumentKind
    name: str
    seconds: float
    memory_bytes: int
    parent: int


def run_limited(
    kind: DocumentKind, content: bytes, *, name: str, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES
) -> Document:
    """What :func:`ingest.documents.read_document` gives, from a subprocess.

    ``seconds`` limits its processor time, and twice as much the time by the clock, since the machine may be busy.

    Raises:
        SourceUnreadable: also where it took too long, needed too much memory or crashed; the message says which.
        SourceEmpty: there is no text in it.
    """
    task = Task(kind=kind, name=name, seconds=seconds, memory_bytes=memory_bytes, parent=os.getpid())
    process = subprocess.Popen(
        [sys.executable, "-B", "-P", "-S", "-W", "ignore", "-m", "ingest.sandbox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        start_new_session=os.name == "posix",  # Ctrl-C is for the run, which ends after what is in hand
    )
    try:
        output, _ = process.communicate(json.dumps(asdict(task)).encode() + b"\n" + content, timeout=2 * seconds)
    except subprocess.TimeoutExpired:
        raise SourceUnreadable(_too_long(name, seconds=seconds)) from None
    finally:
        process.kill()
        process.communicate()
    return _result(output, process.returncode, name=name, seconds=seconds, memory_bytes=memory_bytes)


def _environment() -> dict[str, str]:
    """Where the modules are, and what Windows cannot start without."""
    root = str(Path(__file__).parents[1])
    places = [root, *(path for path in sys.path if path and Path(path).is_dir())]
    kept = {key: value for key in ("SYSTEMROOT", "SYSTEMDRIVE") if (value := os.environ.get(key))}
    return {**kept, "PYTHONPATH": os.pathsep.join(dict.fromkeys(places)), "PYTHONIOENCODING": "utf-8"}


def _result(output: bytes, returncode: int, *, name: str, seconds: float, memory_bytes: int) -> Document:
    try:
        answer: dict[str, Any] = json.loads(output.decode("utf-8", "surrogatepass"))
    except ValueError:
        if os.name == "posix" and returncode == -signal.SIGXCPU:
            raise SourceUnreadable(_too_long(name, seconds=seconds)) from None
        why = f"signal {-returncode}" if returncode < 0 else f"exit status {returncode}"
        raise SourceUnreadable(
            f"{name}: the program part that reads it crashed ({why}). It is damaged or made to do harm: save it anew, or add its text."
        ) from None
    if "blocks" in answer:
        blocks = tuple(Block(text, tag, linked, reason=reason) for text, tag, linked, reason in answer["blocks"])
        return Document(blocks=blocks, **{field: answer[field] for field in _FIELDS})
    if answer["error"] == "MemoryError":
        raise SourceUnreadable(
            f"{name} needs more than {memory_bytes // 2**20} MB of memory to be read, which no article does. Split it, or add its text."
        )
    kind = _ERRORS.get(answer["error"])
    if kind:
        raise kind(answer["message"])
    raise SourceUnreadable(
        f"{name} cannot be read ({answer['error']}: {answer['message']}). It is damaged: save it anew, or add its text."
    )


def _too_long(name: str, *, seconds: float) -> str:
    return f"{name} takes longer than {seconds:.0f} s to read, which no article does. Split it, or add its text."


def main() -> None:
    """The subprocess: limits first, then the document from standard input, then its answer as JSON on standard output."""
    task = Task(**json.loads(sys.stdin.buffer.readline()))
    _limit(task)
    try:
        answer = _answer(sys.stdin.buffer.read(), task)
    except SourceError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        answer = {"error": "MemoryError", "message": ""}
    except Exception as error:  # noqa: BLE001 - whatever a library ran into is this document's fault and must be told
        answer = {"error": type(error).__name__, "message": str(error)[:200]}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _answer(content: bytes, task: Task) -> dict[str, Any]:
    document = read_document(content, kind=task.kind, name=task.name)
    if sum(len(block.text) for block in document.blocks) > MAX_OUTPUT_CHARACTERS:
        raise SourceUnreadable(f"{task.name} has more text than an article. Split it.")
    blocks = [(block.text, block.tag, block.linked, block.reason) for block in document.blocks]
    return {"blocks": blocks, **{field: getattr(document, field)[:_FIELD_CHARACTERS] for field in _FIELDS}}


def _limit(task: Task) -> None:
    import logging

    logging.disable()  # libraries that mention each flaw of a file
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != task.parent:  # it was gone before we asked
            os._exit(1)
    try:
        import resource
    except ImportError:
        return
    seconds = ceil(task.seconds)
    for limit, soft, hard in (
        (resource.RLIMIT_CPU, seconds, seconds + 5),
        (resource.RLIMIT_AS, task.memory_bytes, task.memory_bytes),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with suppress(ValueError, OSError):  # a system that does not know this limit, or has a lower one
            resource.setrlimit(limit, (soft, hard))


if __name__ == "__main__":
    main()
