"""A library on a disk of its own that fills up, or may not be written, or whose files may not grow. Run as a script.

Arguments: an empty folder, what to do (``full``, ``read-only``, both within a mount namespace of their own, or ``capped``), the size of the disk or
of each file in kB. Prints what was seen as JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from ingest import pipeline
from tests.faults.operations import opened
from tests.test_kill import QUESTION
from vectorstore import indexes
from vectorstore.errors import FundstelleError

ENOUGH = "200m"
ARTICLES, ARTICLE_KILOBYTES = 40, 15
"""At least so many, and more than there is room for: one takes more than that, all that is made of it counted."""


def mount(folder: Path, options: str) -> None:
    """Make ``folder`` a disk, or give that other options."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "fundstelle", str(folder)], check=True)


def attempt(library: Path, do: Any) -> tuple[str, Any]:
    """What is said and what comes of something."""
    try:
        with opened(library) as assistant:
            return "", do(assistant)
    except FundstelleError as error:
        return f"{type(error).__name__}: {error}", None


def sources_in(folder: Path, count: int) -> list[str]:
    """Articles that differ, some 2 kB each."""
    folder.mkdir()
    paths = []
    for n in range(count):
        words = " ".join(f"Pier {n * 40 + k} of Tresk got mark {n * 7919 % 9973 + k} in {1800 + k}." for k in range(40))
        path = folder / f"{n:03}.txt"
        path.write_text(f"Harbour {n} surveyed\n\n{words}\n", "utf-8")
        paths.append(str(path))
    return paths


def how_many(kilobytes: int) -> int:
    """The number of articles that do not fit on a disk of that size."""
    return max(ARTICLES, kilobytes // ARTICLE_KILOBYTES)


def fill(folder: Path, sources: list[str], *, kilobytes: int) -> dict[str, Any]:
    """Add until the disk is full, look, make room, and add again."""
    disk = folder / "disk"
    disk.mkdir()
    mount(disk, f"size={kilobytes}k")
    library = disk / "library"
    said, report = attempt(library, lambda assistant: assistant.add(sources))
    failed = [item.reason for item in report.items if item.status == "failed"] if report else []
    mount(disk, f"remount,size={ENOUGH}")
    stored = attempt(library, lambda assistant: assistant.article_count())
    faults = attempt(library, lambda assistant: [fault.found for fault in assistant.check()])
    again, second = attempt(library, lambda assistant: assistant.add(sources))
    mended = attempt(library, lambda assistant: [fault.found for fault in assistant.repair()]) if again else ("", [])
    third = attempt(library, lambda assistant: assistant.add(sources))[0] if again else ""
    return {
        "said": said,
        "failed": failed,
        "stored": stored,
        "faults": faults,
        "again": again,
        "failed again": second.count("failed") if second else None,
        "mended": mended,
        "third": third,
        "complete": attempt(library, lambda assistant: assistant.library.count_articles("complete")),
        "left": attempt(library, lambda assistant: [fault.found for fault in assistant.check()]),
    }


def read_only(folder: Path, sources: list[str]) -> dict[str, Any]:
    """A whole library on a disk that is then only to be read: what each command says; then it may be written again."""
    disk = folder / "disk"
    disk.mkdir()
    mount(disk, f"size={ENOUGH}")
    library = disk / "library"
    attempt(library, lambda assistant: assistant.add(sources[:4]))
    mount(disk, "remount,ro")
    said = {
        "ask": attempt(library, lambda assistant: assistant.ask(QUESTION))[0],
        "add": attempt(library, lambda assistant: assistant.add(sources[4:6]))[0],
        "remove": attempt(library, lambda assistant: assistant.remove(["nobody"]))[0],
        "check": attempt(library, lambda assistant: assistant.check())[0],
        "new": attempt(disk / "other", lambda assistant: assistant.articles())[0],
    }
    mount(disk, "remount,rw")
    return {"said": said, "left": attempt(library, lambda assistant: [fault.found for fault in assistant.check()])}


def capped(folder: Path, sources: list[str], *, kilobytes: int) -> str:
    """What is said while no file may be larger than that."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1000, kilobytes * 1000))
    said, report = attempt(folder / "library", lambda assistant: assistant.add(sources))
    failed = [item.reason for item in report.items if item.status == "failed"] if report else []
    return " ".join([said, *failed[:1]])


def main() -> None:
    """Do what the arguments say."""
    folder, what, kilobytes = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    pipeline._STORE_AT_ONCE = 8
    indexes._BATCH_CHARACTERS = 6_000
    sources = sources_in(folder / "sources", how_many(kilobytes))
    seen: Any
    if what == "full":
        seen = fill(folder, sources, kilobytes=kilobytes)
    elif what == "capped":
        seen = capped(folder, sources, kilobytes=kilobytes)
    else:
        seen = read_only(folder, sources)
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main()
