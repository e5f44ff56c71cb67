"""A ``library.db`` that is really damaged: all that can be read comes back, what cannot is named, the damaged file stays."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from assistant import Settings
from assistant.damage_report import compare
from tests.faults.operations import opened
from tests.test_kill import contents
from vectorstore.feedback import KeptVerdict
from vectorstore.library import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
SEED = 20230228
RUNS = int(os.environ.get("FAULT_RUNS", "1"))
PAGE: Final = 4096
ARTICLES, CHANGED, REMOVED = 36, 6, 6
OWNER = "browser:1"
WORDS = "harbour quay winter ferry mast rope granite signal lantern crew storm tide copper barrel chart anchor".split()
COMMAND = """
from tests.test_kill import HashingEncoder
from vectorstore import embedding
embedding.load_encoder = lambda *_, **__: HashingEncoder()
from assistant import cli
cli.main()
"""


@dataclass(frozen=True)
class Stored:
    """A library to be damaged, and what is in it: words by article, those that were removed, and what readers left."""

    library: Path
    texts: dict[str, str]
    removed: set[str]
    older: int
    exchanges: list[bytes]
    verdicts: list[KeptVerdict]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """Articles of half a page to twenty pages, some changed and some removed since, a source that is followed, a conversation and verdicts."""
    folder = tmp_path_factory.mktemp("stored")
    sources, library, chance = folder / "sources", folder / "library", random.Random(SEED)
    sources.mkdir()

    def write(n: int, *, again: bool = False) -> Path:
        paragraphs = (
            " ".join(chance.choice(WORDS) for _ in range(chance.randint(5, 12))).capitalize()
            + f" of berth {chance.randint(0, 10**6)}."
            for _ in range(chance.choice([6, 30, 30, 120, 500]))
        )
        path = sources / f"{n:03}.txt"
        path.write_text(f"Berth {n} surveyed{' anew' if again else ''}\n\n" + "\n\n".join(paragraphs) + "\n", "utf-8")
        return path

    with opened(library) as assistant:
        assistant.add([write(n) for n in range(ARTICLES + REMOVED)])
        assistant.add([write(n, again=True) for n in range(CHANGED)])
        gone = [article.id for article in assistant.articles() if Path(article.path or "").stem >= f"{ARTICLES:03}"]
        assistant.remove(gone)
        exchanges = [
            json.dumps({"question": f"Question {n}?", "filler": chance.randbytes(3000).hex()}).encode() for n in range(6)
        ]
        assistant.library.keep_exchanges(OWNER, "a", title="About berths", exchanges=exchanges)
        verdicts = [
            KeptVerdict(
                id=f"{n}", given_at=datetime(2024, 1, 1 + n, tzinfo=UTC), verdict="up", note="", answer=chance.randbytes(900)
            )
            for n in range(20)
        ]
        for verdict in verdicts:
            assistant.library.keep_verdict(verdict)
        texts = {article.id: article.text for article in assistant.articles()}
        assert assistant.check() == []
    assert (len(texts), len(gone)) == (ARTICLES, REMOVED)
    return Stored(library, texts, set(gone), CHANGED, exchanges, verdicts)


# What happens to a file. Each gives the damaged bytes.


def overwritten_header(content: bytearray, chance: random.Random) -> bytes:
    """The first hundred bytes, which say what the rest is."""
    content[:100] = chance.randbytes(100)
    return bytes(content)


def first_page_lost(content: bytearray, _: random.Random) -> bytes:
    """With the root of the schema."""
    content[:PAGE] = bytes(PAGE)
    return bytes(content)


def page_zeroed(content: bytearray, chance: random.Random) -> bytes:
    """Some page but the first."""
    at = chance.randrange(1, len(content) // PAGE) * PAGE
    content[at : at + PAGE] = bytes(PAGE)
    return bytes(content)


def page_garbled(content: bytearray, chance: random.Random) -> bytes:
    """A page of a tree of articles or their list, full of something else but for its first bytes."""
    trees = [at for at in range(PAGE, len(content), PAGE) if content[at] in {0x02, 0x05, 0x0A, 0x0D}]
    at = chance.choice(trees)
    content[at + 8 : at + PAGE] = chance.randbytes(PAGE - 8)
    return bytes(content)


def ends_early(content: bytearray, chance: random.Random) -> bytes:
    """Anywhere, also within a page."""
    return bytes(content[: chance.randrange(PAGE, len(content))])


def several_pages_zeroed(content: bytearray, chance: random.Random) -> bytes:
    """Eight next to one another, as a block of a disk that is gone."""
    at = chance.randrange(1, len(content) // PAGE - 8) * PAGE
    content[at : at + 8 * PAGE] = bytes(8 * PAGE)
    return bytes(content)


HARMS: tuple[Callable[[bytearray, random.Random], bytes], ...] = (
    overwritten_header,
    first_page_lost,
    page_zeroed,
    page_garbled,
    ends_early,
    several_pages_zeroed,
)


def repaired(library: Path) -> tuple[int, list[dict[str, Any]], str]:
    """What ``fundstelle doctor --repair`` does in a process of its own: its exit code, its findings and what it says beside them."""
    command = [sys.executable, "-c", COMMAND, "--library", str(library), "doctor", "--repair", "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return ran.returncode, json.loads(ran.stdout)["items"] if ran.stdout else [], ran.stderr


def harmed(stored: Stored, folder: Path, harm: Callable[[bytearray, random.Random], bytes], *, number: int) -> Path:
    """A copy of the library with a damaged file, and without the files that articles were read from."""
    library = folder / "library"
    shutil.copytree(stored.library, library)
    path = library / FILE_NAME
    path.write_bytes(harm(bytearray(path.read_bytes()), random.Random(f"{SEED} {harm.__name__} {number}")))
    return library


@pytest.mark.parametrize("number", range(RUNS))
@pytest.mark.parametrize("harm", HARMS)
def test_what_can_be_read_comes_back(
    harm: Callable[[bytearray, random.Random], bytes], number: int, stored: Stored, tmp_path: Path
) -> None:
    """Every article is there word for word or named as lost; nothing removed comes back; what is kept aside is what was damaged."""
    library = harmed(stored, tmp_path, harm, number=number)
    damaged = (library / FILE_NAME).read_bytes()
    sources = stored.library.with_name("sources").rename(tmp_path / "away")
    checked = compare(Settings(library=library, dictionaries=()))
    try:
        code, findings, said = repaired(library)
    finally:
        sources.rename(stored.library.with_name("sources"))
    assert findings, said
    if findings[0]["name"] == "library":  # a page that nothing uses
        assert (code, [finding.fine for finding in checked]) == (0, [True])
    else:
        assert not checked[0].fine
        assert "doctor --repair" in checked[0].remedy
        assert checked[0].lost
        assert findings[0]["found"].startswith("library.db was damaged"), findings
        (kept,) = library.glob("damaged-*")
        assert (kept / FILE_NAME).read_bytes() == damaged
        assert str(kept) in findings[0]["found"]

    with opened(library) as assistant:
        left = assistant.check()
        texts = {article.id: article.text for article in assistant.articles()}
        verdicts = assistant.library.verdicts()
        exchanges = assistant.library.exchanges(OWNER, "a")
        assert texts.items() <= stored.texts.items()
        for hit in assistant.search("berth 3 surveyed anew", limit=50):
            assert hit.text in texts[hit.article.id]
    told = " ".join(finding["lost"] for finding in findings)
    lost = len(stored.texts) - len(texts)
    if lost:
        assert code == 1
        named = next(library.glob("damaged-*/lost.txt")).read_text("utf-8").splitlines()
        assert f"{lost} articles: " in told, (told, lost)
        assert len(named) == lost
    if left:  # the article is there, what it was read from is not
        assert {fault.name for fault in left} == {"originals"}, (left, findings)
        assert code == 1
        assert any(finding["name"] == "originals" and not finding["fine"] for finding in findings)
    if lost or None in exchanges or len(exchanges) < len(stored.exchanges):
        assert told
    assert [content for content in exchanges if content] == [content for content in stored.exchanges if content in exchanges]
    assert {verdict.answer for verdict in verdicts if verdict.answer} <= {verdict.answer for verdict in stored.verdicts}
    if harm in {overwritten_header, first_page_lost}:  # nothing that cannot be known otherwise was on it
        assert not lost
        assert exchanges == stored.exchanges
        assert len(verdicts) == len(stored.verdicts)
        assert contents(library)["articles"] == contents(stored.library)["articles"]
