"""Zip archives → their files, one at a time, in bounded memory. Nothing is written to disk.

What is no article is passed over and counted; what is refused is given as its reason: names that lead out of the archive, links, locked
files, and bombs, by size and by how far they unpack. Not here: reading the files (``extract.py``, ``tables.py``).
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ingest.documents import DocumentKind
from ingest.extract import ARTICLE_SUFFIXES, document_kind
from ingest.tables import TABLE_SUFFIXES
from ingest.zip_directory import MAX_DIRECTORY_BYTES, directory_bytes, is_zip
from vectorstore.errors import SourceEmpty, SourceError, SourceUnreadable

ARCHIVE_SUFFIXES = frozenset({".zip"})
MAX_MEMBERS = 100_000
MAX_MEMBER_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 8 * 2**30
_MAX_RATIO = 200
"""Text unpacks to some 20 times its size at most, zeros to 1,000."""
_RATIO_BYTES = 8 * 2**20
_CHUNK = 2**18
_NAMED = 5
"""So many of the files that are passed over are named."""
_READ = ARTICLE_SUFFIXES | TABLE_SUFFIXES | ARCHIVE_SUFFIXES


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its name there (of one in an inner archive ``inner.zip/name``) and its bytes."""

    name: str
    content: bytes


@dataclass(slots=True)
class PassedOver:
    """The files of an archive, and of those in it, that are of no kind that is read: how many, and the names of the first."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """One more."""
        self.count += 1
        if len(self.names) < _NAMED:
            self.names.append(name)


def is_archive(content: bytes) -> bool:
    """Whether ``content`` is a zip archive of files, rather than a document that is packed as one."""
    return is_zip(content) and document_kind(content) is None


def members(content: bytes | Path, *, name: str) -> Iterator[Member | SourceError | PassedOver]:
    """The files of an archive that are of a kind that is read, by their names, in the archive's order, and the reasons for those refused.

    Behind them comes what was passed over, if anything was; hidden files are not counted.

    ``content`` is its bytes or where it is. An archive within it is opened too, one within that is refused. A file that is a
    document (a DOCX is packed as an archive), whatever it is called, is its only member. No member is called an archive.
    """
    try:
        with ExitStack() as stack:
            stream: BinaryIO = io.BytesIO(content) if isinstance(content, bytes) else stack.enter_context(content.open("rb"))
            if kind := _document_kind(content):
                yield Member(
                    f"{PurePosixPath(name).stem}.{kind}", content if isinstance(content, bytes) else content.read_bytes()
                )
                return
            budget = _Budget(members=MAX_MEMBERS, size=MAX_TOTAL_BYTES)
            passed, found = PassedOver(), False
            for item in _members(stream, name=name, prefix="", budget=budget, passed=passed, depth=0):
                found = True
                yield item
            if found and passed.count:
                yield passed
            elif not found:
                yield SourceEmpty(f"{name}: no file in it is of a kind that is read ({', '.join(sorted(_READ))}).")
    except OSError as error:
        yield SourceUnreadable(f"{name}: cannot be read: {error.strerror or error}.")


@dataclass(slots=True)
class _Budget:
    """What may still come out of an archive and those within it."""

    members: int
    size: int


_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    NotImplementedError,
    ValueError,
    LookupError,
    EOFError,
    OSError,
)


class _Bomb(Exception):
    """An archive unpacks to more than may be."""


def _document_kind(content: bytes | Path) -> DocumentKind | None:
    if isinstance(content, bytes):
        return document_kind(content)
    with content.open("rb") as stream:
        return document_kind(stream.read()) if content.stat().st_size <= MAX_MEMBER_BYTES else None


def _members(
    stream: BinaryIO, *, name: str, prefix: str, budget: _Budget, passed: PassedOver, depth: int
) -> Iterator[Member | SourceError]:
    if directory_bytes(stream) > MAX_DIRECTORY_BYTES:
        yield SourceUnreadable(f"{name}: {_too_much()}")
        return
    try:
        archive = zipfile.ZipFile(stream)
    except _DAMAGE as error:
        yield SourceUnreadable(f"{name} is a zip archive that is damaged or cut off ({error}). Get it again.")
        return
    with archive:
        for entry, path in _entries(archive, prefix=prefix, passed=passed):
            budget.members -= 1
            if budget.members < 0 or budget.size <= 0:
                yield SourceUnreadable(f"{name}: {_too_much()}")
                return
            label = f"{name}/{path}"
            content = _content(archive, entry, label=label, budget=budget)
            if isinstance(content, SourceError):
                yield content
            elif not is_archive(content):
                # A document may be called an archive; its member is not, so that nobody opens it as one again.
                kind = document_kind(content)
                plain = PurePosixPath(path).suffix.lower() not in ARCHIVE_SUFFIXES
                if plain or kind:
                    yield Member(f"{prefix}{path if plain else PurePosixPath(path).with_suffix(f'.{kind}')}", content)
                else:
                    yield SourceUnreadable(f"{label} is no zip archive, whatever its name says. Get it again.")
            elif depth:
                yield SourceUnreadable(f"{label}: an archive in an archive in an archive. Unpack it, and add what is in it.")
            else:
                inner = io.BytesIO(content)
                yield from _members(
                    inner,
                    name=label,
                    prefix=f"{prefix}{path}/",
                    budget=budget,
                    passed=passed,
                    depth=depth + 1,
                )


def _entries(archive: zipfile.ZipFile, *, prefix: str, passed: PassedOver) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """The files of a kind that is read, each with its name; other ones that are not hidden go to ``passed``."""
    for entry in archive.infolist():
        path = _decoded(entry)
        if entry.is_dir() or _is_hidden(path):
            continue
        if PurePosixPath(path).suffix.lower() in _READ:
            yield entry, path
        else:
            passed.add(f"{prefix}{path}")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, label: str, budget: _Budget) -> bytes | SourceError:
    """The bytes of an entry, or why it is refused."""
    if reason := _refusal(entry, _decoded(entry)):
        return SourceUnreadable(f"{label}: {reason}")
    try:
        return _unpacked(archive, entry, budget=budget)
    except _Bomb as error:
        return SourceUnreadable(f"{label}: {error}")
    except _DAMAGE as error:
        return SourceUnreadable(f"{label}: damaged, or packed in a way that is not known ({error}). Unpack it, and add the file.")


def _refusal(entry: zipfile.ZipInfo, path: str) -> str:
    """Why an entry is not even opened, empty if it may be."""
    if path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path) or "\0" in path:
        return "its name leads out of the archive, which is how archives do harm. Add the file by itself if you know it."
    mode = entry.external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        return "a link or device, not a file. Add the file itself."
    if entry.flag_bits & 0x1:
        return "locked with a password. Unpack it with that, and add the file."
    if entry.file_size > MAX_MEMBER_BYTES:
        return _too_large()
    return ""


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, budget: _Budget) -> bytes:
    """The bytes of an entry. What it claims to be is not believed: it is counted while it is unpacked."""
    pieces: list[bytes] = []
    size = 0
    packed = max(1, entry.compress_size)
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            budget.size -= len(piece)
            if budget.size <= 0:
                raise _Bomb(_too_much())
            if size > MAX_MEMBER_BYTES:
                raise _Bomb(_too_large())
            if size > _RATIO_BYTES and size > _MAX_RATIO * packed:
                raise _Bomb(
                    f"it unpacks to more than {_MAX_RATIO} times its size, as bombs do. Unpack it, and add the file if it is what you expect."
                )
            pieces.append(piece)
    return b"".join(pieces)


def _too_much() -> str:
    return f"more than {MAX_MEMBERS:,} files or {MAX_TOTAL_BYTES // 2**30} GB come out of it. Unpack it, and add the folder."


def _too_large() -> str:
    return f"more than {MAX_MEMBER_BYTES // 2**20} MB. Unpack it, and add the file."


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part not in {".", ".."} for part in path.split("/"))


def _decoded(entry: zipfile.ZipInfo) -> str:
    """The entry's name with forward slashes. Where the archive does not say that it is UTF-8, it may be all the same."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        try:
            name = entry.orig_filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.orig_filename
    return name.replace("\\", "/")
