"""The subprocess that reads documents: what it gives, and what ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.documents import Document
from ingest.sandbox import run_limited
from tests.fuzz.seeds import BODY, TITLE, make_epub, make_pdf
from vectorstore.errors import SourceEmpty, SourceUnreadable

ROOT = Path(__file__).parents[1]
# A page whose letters take minutes to place.
SLOW = make_pdf([["x"]]).replace(b"(x) Tj", b"(x) Tj 1 0 0 1 5 5 Tm " * 400_000)


def test_it_gives_what_the_document_says() -> None:
    """Every field comes back, also with characters that cannot be encoded."""
    metadata = (
        "<dc:title>Mühle 🌊</dc:title><dc:creator>Jo</dc:creator><dc:publisher>Vale</dc:publisher><dc:language>de</dc:language>"
        "<dc:source>https://vale.example/m</dc:source><dc:date>2023</dc:date><meta property='dcterms:modified'>2024</meta>"
    )
    found = run_limited("epub", make_epub({"a.xhtml": f"<p>{BODY[0]}</p>"}, metadata=metadata), name="a.epub")
    assert found == Document(
        blocks=found.blocks, title="Mühle 🌊", author="Jo", source="Vale", language="de", url="https://vale.example/m",
        published="2023", modified="2024",
    )  # fmt: skip
    assert [block.text for block in found.blocks] == [BODY[0]]


@pytest.mark.parametrize("name", ["a\0b.pdf", "a\ud800.pdf", "-c.pdf", "a\nb.pdf"])
def test_names_are_values(name: str) -> None:
    """A name reaches the messages, never a command line."""
    with pytest.raises(SourceEmpty, match="has no text") as raised:
        run_limited("pdf", make_pdf([[]]), name=name)
    assert str(raised.value).startswith(name)


def test_too_long_is_told() -> None:
    """It ends at the limit, and the reason says which."""
    begun = time.monotonic()
    with pytest.raises(SourceUnreadable, match=r"a\.pdf takes longer than 1 s to read.*Split it"):
        run_limited("pdf", SLOW, name="a.pdf", seconds=1)
    assert time.monotonic() - begun < 8


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_too_much_memory_is_told() -> None:
    """A limit below what reading takes is a reason, not a crash."""
    with pytest.raises(SourceUnreadable, match=r"a\.pdf.*(?:of memory|crashed|cannot be read).*add its text"):
        run_limited("pdf", make_pdf([[f"# {TITLE}", *BODY]] * 50), name="a.pdf", memory_bytes=32 * 2**20)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel to end it with its parent")
def test_it_dies_with_its_parent() -> None:
    """A killed run leaves no process behind."""
    code = "import sys; from tests.test_sandbox import SLOW; from ingest.sandbox import run_limited; run_limited('pdf', SLOW, name='a.pdf')"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    child = _wait_for(lambda: _child_of(parent.pid))
    assert child
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert _wait_for(lambda: not _is_running(child))


def test_it_loads_little() -> None:
    """What reads documents, not the rest of the project."""
    code = "import sys, ingest.sandbox; print([name for name in ('ingest.clean', 'ingest.dates', 'trafilatura', 'numpy', 'pypdf') if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.strip() == "[]"


def _wait_for(condition: object, *, seconds: float = 20) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():  # type: ignore[operator]
            return int(found)
        time.sleep(0.05)
    return 0


def _child_of(pid: int) -> int:
    """The process that ``pid`` started once it works, 0 if there is none yet."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        busy = int(status[11]) > 20  # ticks: it has read its limits
        if int(status[1]) == pid and b"ingest.sandbox" in command and busy:
            return int(entry.name)
    return 0


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
