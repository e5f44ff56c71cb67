"""How clean the text of real pages is: ``python -m tests.benchmarks.cleaning FOLDER``.

``FOLDER`` has pages (``NAME`` or ``NAME.gz``) and ``expected.json``, an object with, for each page's name, its ``url``, the strings that its article
has (``with``) and those that are furniture (``without``), as in trafilatura's evaluation set. What counts is the article's text outside its furniture
spans, white space aside. Beside it, on the same pages: trafilatura alone with its default settings.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.articles import to_article
from ingest.extract import extract
from vectorstore.errors import SourceError


@dataclass(frozen=True, slots=True)
class Page:
    """A page with what must and what must not be in its text."""

    name: str
    content: bytes
    url: str | None
    required: tuple[str, ...]
    forbidden: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanness:
    """How many of the required strings were kept and of the forbidden ones gone; ``slips`` names those that were not."""

    required: int
    kept: int
    forbidden: int
    gone: int
    seconds: float
    slips: tuple[str, ...]

    @property
    def kept_share(self) -> float:
        """0 to 1, higher is better."""
        return self.kept / max(1, self.required)

    @property
    def gone_share(self) -> float:
        """0 to 1, higher is better."""
        return self.gone / max(1, self.forbidden)


def read_pages(folder: Path) -> list[Page]:
    """The pages that ``expected.json`` names and that are there."""
    expected: Mapping[str, Mapping[str, object]] = json.loads((folder / "expected.json").read_text("utf-8"))
    pages = []
    for name, wanted in sorted(expected.items()):
        plain, packed = folder / name, folder / f"{name}.gz"
        if not plain.exists() and not packed.exists():
            continue
        content = gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()
        url = str(wanted["url"]) if wanted.get("url") else None
        pages.append(Page(name, content, url, _strings(wanted.get("with")), _strings(wanted.get("without"))))
    return pages


def measure(pages: list[Page], text_of: Callable[[Page], str]) -> Cleanness:
    """How clean the texts are that ``text_of`` gives."""
    begun = time.perf_counter()
    texts = {page.name: _one_line(text_of(page)) for page in pages}
    seconds = time.perf_counter() - begun
    lost = [
        f"lost     {page.name}: {text}" for page in pages for text in page.required if _one_line(text) not in texts[page.name]
    ]
    left = [f"left in  {page.name}: {text}" for page in pages for text in page.forbidden if _one_line(text) in texts[page.name]]
    required, forbidden = sum(len(page.required) for page in pages), sum(len(page.forbidden) for page in pages)
    return Cleanness(
        required=required, kept=required - len(lost), forbidden=forbidden, gone=forbidden - len(left), seconds=seconds,
        slips=(*lost, *left),
    )  # fmt: skip


def ours(page: Page) -> str:
    """The article's text outside its furniture, as it would be stored; empty if it was refused."""
    try:
        found = extract(page.content, name=page.name, url=page.url)
    except SourceError:
        return ""
    article = to_article(found, article_id="page", path=None)
    pieces, position = [], 0
    for mark in article.furniture:
        pieces.append(article.text[position : mark.start])
        position = mark.end
    return "\n".join([*pieces, article.text[position:]])


def trafilatura_alone(page: Page) -> str:
    """What trafilatura gives when nothing is set."""
    import trafilatura

    return str(trafilatura.extract(page.content) or "")


def table(folder: Path) -> str:
    """A Markdown table of both."""
    pages = read_pages(folder)
    lines = [
        f"{len(pages)} pages",
        "",
        "| text | required kept | forbidden gone | sum | pages/s |",
        "|---|---|---|---|---|",
    ]
    for label, text_of in (("Fundstelle", ours), ("trafilatura alone", trafilatura_alone)):
        found = measure(pages, text_of)
        lines.append(
            f"| {label} | {found.kept}/{found.required} {found.kept_share:.1%} | {found.gone}/{found.forbidden} {found.gone_share:.1%} "
            f"| {found.kept_share + found.gone_share:.3f} | {len(pages) / found.seconds:.1f} |"
        )
    return "\n".join(lines)


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """Print the table, and on request what was lost or left."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cleaning", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--slips", action="store_true", help="also list the strings that were lost or left")
    arguments = parser.parse_args()
    sys.stdout.write(table(arguments.folder) + "\n")
    if arguments.slips:
        sys.stdout.write("\n".join(measure(read_pages(arguments.folder), ours).slips) + "\n")


if __name__ == "__main__":
    main()
