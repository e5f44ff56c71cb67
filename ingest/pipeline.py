"""The ingest run: sources become a plan, each item of it an article or a reason, and the indexes catch up.

One broken item never stops the rest, and nothing is stored half: an article and its passages go in together, as pending, and are found
once the indexes have them. Not here: reading a format (``extract.py``, ``tables.py``), the indexes (``vectorstore/indexes.py``).
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from unicodedata import category

from ingest.clean import find_furniture
from ingest.extract import Extracted, extract
from ingest.split import split_article
from ingest.tables import TABLE_SUFFIXES, read_rows
from vectorstore.errors import SourceEmpty, SourceError, SourceNotFound, SourceUnreadable
from vectorstore.languages import detect_language
from vectorstore.library import Storable
from vectorstore.types import Article, Passage

if TYPE_CHECKING:
    from vectorstore.library import Library

Status = Literal["added", "updated", "unchanged", "duplicate", "failed"]
CountTokens = Callable[[Sequence[str]], Sequence[int]]

MAX_BYTES = 64 * 1024 * 1024
"""The largest single file that is read as one article."""
PASSAGE_TOKENS = 256
STANDARD_INPUT = "-"
_ARTICLE_SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml"})
_STORE_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item: ``source`` is the path or address as read; ``reason`` is for people."""

    source: str
    status: Status
    article_id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of every item of a run, in the order of the plan."""

    items: tuple[ItemResult, ...]

    def count(self, status: Status) -> int:
        """How many items ended so."""
        return Counter(item.status for item in self.items)[status]

    def to_dict(self) -> dict[str, object]:
        """The report as JSON-ready values, ``"schema"`` first."""
        return {
            "schema": 1,
            "added": self.count("added"),
            "updated": self.count("updated"),
            "unchanged": self.count("unchanged"),
            "duplicates": self.count("duplicate"),
            "failed": self.count("failed"),
            "items": [
                {"source": item.source, "status": item.status, "article_id": item.article_id, "reason": item.reason}
                for item in self.items
            ],
        }


@dataclass(frozen=True, slots=True)
class _Document:
    """One thing to become an article: the bytes to keep and how to read them."""

    source: str
    article_id: str | None
    path: str | None
    original: bytes
    read: Callable[[], Extracted]


def ingest(
    sources: Iterable[str | Path],
    *,
    library: Library,
    count_tokens: CountTokens,
    sample: bool = False,
    on_item: Callable[[ItemResult], None] = lambda _: None,
) -> IngestReport:
    """Read ``sources`` (files, folders, ``"-"`` for standard input) into the library, as pending articles.

    Never raises for an item: what cannot be read is reported with its reason. ``on_item`` hears of each item once it is stored.
    """
    results: list[ItemResult] = []
    waiting: list[tuple[ItemResult, Storable | None]] = []

    def store() -> None:
        library.put_all(storable for _, storable in waiting if storable)
        for item, _ in waiting:
            results.append(item)
            on_item(item)
        waiting.clear()

    for found in plan(sources):
        if isinstance(found, ItemResult):
            waiting.append((found, None))
        else:
            try:
                item, article = _read(found, library=library, sample=sample)
                if article and any(storable and storable.article.id == article.id for _, storable in waiting):
                    store()
                    item, article = _read(found, library=library, sample=sample)
                waiting.append((item, _storable(found, article, count_tokens=count_tokens) if article else None))
            except SourceError as error:
                waiting.append((ItemResult(found.source, "failed", reason=str(error)), None))
        if len(waiting) >= _STORE_AT_ONCE:
            store()
    store()
    return IngestReport(tuple(results))


def _storable(document: _Document, article: Article, *, count_tokens: CountTokens) -> Storable:
    passages = split(article, count_tokens=count_tokens)
    if not passages:
        message = f"{document.source}: nothing in it reads like an article (all of it looks like page furniture)."
        raise SourceEmpty(message)
    return Storable(article, passages, document.original, document.source)


def plan(sources: Iterable[str | Path]) -> Iterator[_Document | ItemResult]:
    """Every document that ``sources`` stand for, in a stable order, or why one cannot be had."""
    for source in sources:
        name = _readable(source)
        if name == STANDARD_INPUT:
            yield _standard_input()
        elif name.lower().startswith(("http://", "https://")):
            yield ItemResult(name, "failed", reason=f"{name}: addresses are not fetched yet. Save the page and add the file.")
        else:
            yield from _from_path(Path(source), source=name)


def split(article: Article, *, count_tokens: CountTokens) -> list[Passage]:
    """The passages of an article, as every ingest and reindex makes them."""
    return split_article(article, count_tokens=count_tokens, max_tokens=PASSAGE_TOKENS)


def _from_path(path: Path, *, source: str) -> Iterator[_Document | ItemResult]:
    try:
        path = path.expanduser()
    except RuntimeError:  # "~name" of someone who is not there
        yield ItemResult(source, "failed", reason=f"{source}: there is no such file or folder.")
        return
    try:
        if not source or not path.is_dir():
            yield from _from_file(path, source=source)
            return
        shut: list[OSError] = []
        inside = sorted(_files(path, on_error=shut.append))
        if not inside and not shut:
            known = ", ".join(sorted(_ARTICLE_SUFFIXES | TABLE_SUFFIXES))
            message = f"{source}: there is no file in this folder that can be read. Known kinds: {known}."
            raise SourceEmpty(message)
        for file in inside:
            yield from _from_file(file, source=_readable(file))
        for error in shut:
            name = _readable(error.filename)
            yield ItemResult(name, "failed", reason=_reason(error, source=name))
    except (SourceError, OSError) as error:
        yield ItemResult(source, "failed", reason=_reason(error, source=source))


def _files(folder: Path, *, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """What may hold articles below a folder, without hidden files and folders."""
    for place, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in _ARTICLE_SUFFIXES | TABLE_SUFFIXES:
                yield Path(place, name)


def _from_file(path: Path, *, source: str) -> Iterator[_Document | ItemResult]:
    try:
        content = _read_bytes(path, source=source)
        if path.suffix.lower() in TABLE_SUFFIXES:
            for row in read_rows(content, name=source):
                if isinstance(row, SourceError):
                    yield ItemResult(source, "failed", reason=str(row))
                else:
                    yield _Document(f"{source}#{row.key}", row.key, None, row.original, lambda row=row: row.extracted)  # type: ignore[misc]
            return
        yield _Document(source, None, _readable(path.absolute()), content, lambda: extract(content, name=source))
    except (SourceError, OSError) as error:
        yield ItemResult(source, "failed", reason=_reason(error, source=source))


def _standard_input() -> _Document:
    content = sys.stdin.buffer.read(MAX_BYTES + 1)

    def read() -> Extracted:
        if len(content) > MAX_BYTES:
            message = f"Standard input is larger than {MAX_BYTES // 2**20} MB. Split it into articles."
            raise SourceUnreadable(message)
        return extract(content, name="standard input")

    return _Document(STANDARD_INPUT, f"input-{hashlib.sha256(content).hexdigest()[:16]}", None, content, read)


def _read(document: _Document, *, library: Library, sample: bool) -> tuple[ItemResult, Article | None]:
    """What is to be done with a document: the item to report, and the article to store or None if nothing changes."""
    digest = hashlib.sha256(document.original).hexdigest()
    if document.path or document.article_id:
        known_id = document.article_id or _hashed(document.path or "")
        known = library.stored(known_id)
        if known and known.original == digest:
            return ItemResult(document.source, "unchanged", known_id), None
    found = document.read()
    article_id = document.article_id or (_hashed(found.url) if found.url and not document.path else _hashed(document.path or ""))
    article = to_article(found, article_id=article_id, path=document.path, sample=sample)
    known = library.stored(article_id)
    if known is None:
        return ItemResult(document.source, "added", article_id), article
    if known.version == article.version and known.original == digest:
        return ItemResult(document.source, "unchanged", article_id), None
    status: Status = "unchanged" if known.version == article.version else "updated"
    return ItemResult(document.source, status, article_id), article


def to_article(found: Extracted, *, article_id: str, path: str | None, sample: bool = False) -> Article:
    """An article from what was extracted, with its language and its furniture."""
    language = detect_language(found.text, declared=found.language)
    furniture = find_furniture(found.text, title=found.title, language=language, known=found.furniture)
    published = found.published
    return Article(
        id=article_id,
        text=found.text,
        title=found.title,
        source=found.source,
        author=found.author,
        language=language,
        url=found.url,
        path=path,
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        published_from=published.came_from if published else None,
        fetched_at=datetime.now(UTC),
        furniture=furniture,
        sample=sample,
    )


def _read_bytes(path: Path, *, source: str) -> bytes:
    if not source or not path.exists():
        message = f"{source or 'An empty name'}: there is no such file or folder."
        raise SourceNotFound(message)
    if not path.is_file():
        message = f"{source}: not an ordinary file."
        raise SourceUnreadable(message)
    size = path.stat().st_size
    if size > MAX_BYTES and path.suffix.lower() not in TABLE_SUFFIXES:
        message = f"{source}: {size / 2**20:.0f} MB is more than an article has (at most {MAX_BYTES // 2**20} MB). Split it."
        raise SourceUnreadable(message)
    return path.read_bytes()


def _reason(error: SourceError | OSError, *, source: str) -> str:
    return str(error) if isinstance(error, SourceError) else f"{source}: cannot be read: {error.strerror or error}."


def _readable(path: str | Path) -> str:
    """A path for people and for the library: what in a file name is no character, or steers a terminal, becomes an escape."""
    return "".join(char.encode("unicode_escape").decode() if category(char) in {"Cc", "Cs"} else char for char in str(path))


def _hashed(key: str) -> str:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
