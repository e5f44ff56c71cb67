"""Files, folders, archives, tables and standard input → documents. Lazily: a file is read when its turn comes.

Not here: what formats mean (``extract.py``, ``tables.py``, ``archives.py``), the web (``web.py``).
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from ingest.archives import ARCHIVE_SUFFIXES, PassedOver, is_archive, members
from ingest.extract import ARTICLE_SUFFIXES, extract
from ingest.feeds import parse_feed, sniff
from ingest.planned import JSON_LINE, Document, ItemResult, Loaded, hashed, readable, reason_of
from ingest.tables import TABLE_SUFFIXES, Row, is_table, read_rows
from vectorstore.errors import SourceEmpty, SourceError, SourceNotFound, SourceUnreadable

if TYPE_CHECKING:
    from ingest.feed_entries import Feed
    from ingest.planned import Planned, ReadOptions

MAX_BYTES = 64 * 1024 * 1024
"""The largest single file that is read as one article."""
FEED_SUFFIXES = frozenset({".xml", ".rss", ".atom"})
STANDARD_INPUT = "-"
_HEAD = 65_536
_SAVED_BESIDE = ("_files", ".files", "_Dateien", "-Dateien", "-filer", "_fichiers", "_archivos", "_bestanden", "_pliki")
"""What browsers append to a page's name for the folder of what the page is made of: scripts, pictures, frames."""
_KNOWN = ARTICLE_SUFFIXES | TABLE_SUFFIXES | ARCHIVE_SUFFIXES | FEED_SUFFIXES


def from_path(
    path: Path, *, source: str, options: ReadOptions, entries: Callable[[Feed, str], Iterator[Planned]]
) -> Iterator[Planned]:
    """The documents of a file, or of every file of a known kind in a folder, sorted; ``entries`` gives those of a feed in a file."""
    try:
        path = path.expanduser()
    except RuntimeError:  # "~name" of someone who is not there
        yield ItemResult(source, "failed", reason=f"{source}: there is no such file or folder.")
        return
    try:
        if not source or not path.is_dir():
            yield from _from_file(path, source=source, options=options, entries=entries)
            return
        shut: list[OSError] = []
        inside = sorted(_files(path, on_error=shut.append))
        if not inside and not shut:
            raise SourceEmpty(
                f"{source}: there is no file in this folder that can be read. Known kinds: {', '.join(sorted(_KNOWN))}."
            )
        for file in inside:
            yield from _from_file(file, source=readable(file), options=options, entries=entries)
        for error in shut:
            name = readable(error.filename)
            yield ItemResult(name, "failed", reason=reason_of(error, source=name))
    except (SourceError, OSError) as error:
        yield ItemResult(source, "failed", reason=reason_of(error, source=source))


def from_bytes(content: bytes, *, name: str, place: str, options: ReadOptions) -> Iterator[Planned]:
    """The documents of a table or archive that is in memory, or the one document that it is: the suffix of ``name`` tells.

    ``place`` is where it is, however it was named: its path or address, with the name in an archive.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in ARCHIVE_SUFFIXES:
        yield from _from_archive(content, name=name, place=place, options=options)
    elif suffix in TABLE_SUFFIXES:
        yield from _from_rows(content, name=name, options=options)
    else:
        yield Document(
            source=name,
            article_id=hashed(place),
            path=place,
            held=len(content),
            load=lambda: Loaded(content=content, name=name, read=lambda: extract(content, name=name)),
        )


def from_standard_input(*, options: ReadOptions) -> Iterator[Planned]:
    """The documents of a table or archive on standard input, or the one document that it is: its first bytes tell, or ``options`` for a table."""
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        reason = f"Standard input is larger than {MAX_BYTES // 2**20} MB. Split it, or add it as a file."
        yield ItemResult(STANDARD_INPUT, "failed", reason=reason)
    elif is_table(content[:_HEAD]) or options.of_table:
        yield from _from_rows(content, name=STANDARD_INPUT, options=options)
    elif is_archive(content):
        yield from _from_archive(content, name=STANDARD_INPUT, place=STANDARD_INPUT, options=options)
    else:
        yield Document(
            source=STANDARD_INPUT,
            article_id=f"input-{hashlib.sha256(content).hexdigest()[:16]}",
            held=len(content),
            load=lambda: Loaded(content=content, name=STANDARD_INPUT, read=lambda: extract(content, name="standard input")),
        )


def _from_file(
    path: Path, *, source: str, options: ReadOptions, entries: Callable[[Feed, str], Iterator[Planned]]
) -> Iterator[Planned]:
    suffix = path.suffix.lower()
    try:
        _check_file(path, source=source)
        if suffix in FEED_SUFFIXES | {".json"} and (feed := _feed_in(path)):
            yield from entries(feed, source)
        elif suffix in ARCHIVE_SUFFIXES:
            yield from _from_archive(path, name=source, place=readable(path.absolute()), options=options)
        elif suffix in TABLE_SUFFIXES:
            with path.open("rb") as file:
                yield from _from_rows(file, name=source, options=options)
        else:
            yield Document(
                source=source,
                article_id=hashed(readable(path.absolute())),
                path=readable(path.absolute()),
                load=lambda: _load_file(path, source=source),
            )
    except (SourceError, OSError) as error:
        yield ItemResult(source, "failed", reason=reason_of(error, source=source))


def _from_archive(content: bytes | Path, *, name: str, place: str, options: ReadOptions) -> Iterator[Planned]:
    for member in members(content, name=name):
        if isinstance(member, SourceError):
            yield ItemResult(name, "failed", reason=str(member))
        elif isinstance(member, PassedOver):
            yield ItemResult(name, "skipped", reason=_not_read(member), count=member.count)
        else:
            within = readable(member.name)
            yield from from_bytes(member.content, name=f"{name}/{within}", place=f"{place}/{within}", options=options)


def _not_read(passed: PassedOver) -> str:
    more = ", …" if passed.count > len(passed.names) else ""
    files = "1 file in it" if passed.count == 1 else f"{passed.count:,} files in it"
    return f"{files} of no kind that is read: {', '.join(map(readable, passed.names))}{more}."


def _from_rows(content: bytes | BinaryIO, *, name: str, options: ReadOptions) -> Iterator[Planned]:
    rows = read_rows(
        content, name=name, delimiter=options.delimiter, quote=options.quote, header=options.header, columns=options.columns
    )
    for row in rows:
        yield ItemResult(name, "failed", reason=str(row)) if isinstance(row, SourceError) else _row_document(row, name=name)


def _files(folder: Path, *, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """What may hold articles below a folder, without hidden files and folders and what a browser saved beside a page."""
    for place, folders, names in os.walk(folder, onerror=on_error):
        beside = {f"{Path(name).stem}{ending}" for name in names for ending in _SAVED_BESIDE}
        folders[:] = [name for name in folders if not name.startswith(".") and name not in beside]
        for name in names:
            path, suffix = Path(place, name), Path(name).suffix.lower()
            if not name.startswith(".") and suffix in _KNOWN and (suffix not in FEED_SUFFIXES or _is_feed(path)):
                yield path


def _is_feed(path: Path) -> bool:
    """Whether a file that may be anything in XML is a feed; one that cannot be opened fails when it is read."""
    try:
        with path.open("rb") as file:
            return sniff(file.read(_HEAD))
    except OSError:
        return True


def _check_file(path: Path, *, source: str) -> None:
    if not source or not path.exists():
        raise SourceNotFound(f"{source or 'An empty name'}: there is no such file or folder.")
    if not path.is_file():
        raise SourceUnreadable(f"{source}: not an ordinary file.")
    size = path.stat().st_size
    if size > MAX_BYTES and path.suffix.lower() not in TABLE_SUFFIXES | ARCHIVE_SUFFIXES:
        raise SourceUnreadable(
            f"{source}: {size / 2**20:.0f} MB is more than an article has (at most {MAX_BYTES // 2**20} MB). Split it."
        )


def _load_file(path: Path, *, source: str) -> Loaded:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)  # it may have grown since it was looked at
    if len(content) > MAX_BYTES:
        raise SourceUnreadable(f"{source} is more than an article has (at most {MAX_BYTES // 2**20} MB). Split it.")
    return Loaded(content=content, name=source, read=lambda: extract(content, name=source))


def _feed_in(path: Path) -> Feed | None:
    """The feed that a file holds, None if it is something else; an XML file that is no feed is refused."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if sniff(head):
            return parse_feed(head + file.read(MAX_BYTES), url=str(path), now=datetime.now(UTC))
    if path.suffix.lower() in FEED_SUFFIXES:
        raise SourceUnreadable(f"{readable(path)} is XML, but no feed and no sitemap. Add its articles in another format.")
    return None


def _row_document(row: Row, *, name: str) -> Document:
    source = f"{name}#{row.key}"
    return Document(
        source=source,
        article_id=row.key,
        held=3 * len(row.original),
        load=lambda: Loaded(content=row.original, name=source, media_type=JSON_LINE, read=lambda: row.extracted),
    )
