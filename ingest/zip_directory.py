"""The directory of a zip archive: how large it is, before it is read as a whole, and what kind of document its names tell.

Not here: the files in it (``archives.py``), reading a document (``documents.py``).
"""

from __future__ import annotations

import io
import struct
import zipfile
from typing import BinaryIO

from ingest.documents import DocumentKind

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
MAX_DIRECTORY_BYTES = 32 * 2**20
_DOCUMENT_DIRECTORY_BYTES = 2**20
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_END_SEARCH = 2**16 + _END.size + _LOCATOR.size + _END64.size


def is_zip(content: bytes) -> bool:
    """Whether ``content`` begins like a zip archive."""
    return content.startswith(MAGIC)


def zipped_names(content: bytes) -> frozenset[str]:
    """The names in an archive; none where it is damaged, or its directory larger than any document's."""
    stream = io.BytesIO(content)
    if not is_zip(content) or directory_bytes(stream) > _DOCUMENT_DIRECTORY_BYTES:
        return frozenset()
    try:
        with zipfile.ZipFile(stream) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, struct.error, ValueError, LookupError, NotImplementedError, OSError):
        return frozenset()


def packed_document(names: frozenset[str]) -> DocumentKind | None:
    """Which kind of document an archive with these names is."""
    if "[Content_Types].xml" in names and any(name.startswith("word/") for name in names):
        return "docx"
    return "epub" if "META-INF/container.xml" in names else None


def packed_other(names: frozenset[str]) -> str:
    """What an archive with these names is that is not read, for people; empty if it is nothing known."""
    if "[Content_Types].xml" in names:
        return "a presentation" if any(name.startswith("ppt/") for name in names) else "a spreadsheet or another Office document"
    return "an OpenDocument file" if {"mimetype", "content.xml"} <= names else ""


def directory_bytes(stream: BinaryIO) -> int:
    """The size of the archive's directory, which is read as a whole when it is opened; 0 if there is none to be found."""
    end = stream.seek(0, io.SEEK_END)
    start = max(0, end - _END_SEARCH)
    stream.seek(start)
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    sizes = [int(_END.unpack_from(tail, at)[5])] if 0 <= at <= len(tail) - _END.size else [0]
    # An archive in the 64-bit format has a second record, which counts; where it is, is said before the first.
    if at >= _LOCATOR.size and tail.startswith(b"PK\x06\x07", at - _LOCATOR.size):
        offset = int(_LOCATOR.unpack_from(tail, at - _LOCATOR.size)[2])
        places = (offset, start + at - _LOCATOR.size - _END64.size)
        sizes = [size for place in places if (size := _directory_bytes_64(stream, min(max(0, place), end))) is not None] or sizes
    stream.seek(0)
    return max(sizes)


def _directory_bytes_64(stream: BinaryIO, place: int) -> int | None:
    stream.seek(place)
    record = stream.read(_END64.size)
    return int(_END64.unpack(record)[8]) if len(record) == _END64.size and record.startswith(b"PK\x06\x06") else None
