"""JSON of many articles → its records: an object a line, or one array or object of them. Not here: what the columns mean (``tables.py``)."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from ingest.columns import USUAL_NAMES, Record, as_line, renamed
from ingest.encoding import encoding_of
from ingest.lines import TOO_LONG, chunks, lines, read

MAX_JSON_BYTES = 64 * 2**20
"""A JSON array or object is read as a whole, so it may not have more; JSON lines may."""
_RECORDS = ("articles", "items", "documents", "docs", "data", "results", "rows", "records")


def is_table(head: bytes) -> bool:
    """Whether content that begins with ``head`` is JSON lines or a JSON array of records; of a CSV file only its name tells."""
    return bool(re.match(rb"(?:\xef\xbb\xbf)?\s{0,100}(?:\[\s{0,100}\{|\{\s{0,100}\")", head[:1_000]))


def json_records(stream: BinaryIO, *, head: bytes, names: Mapping[str, str]) -> Iterator[Record]:
    """The records of a stream that begins with ``head``, the columns in ``names`` under their usual name."""
    encoding = encoding_of(head[:4_000]) if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:4_000] else "utf-8"
    if _is_one_value(head):
        content = b"".join(chunks(stream, head + read(stream, MAX_JSON_BYTES + 1 - len(head)), encoding=encoding))
        if len(content) > MAX_JSON_BYTES:
            error = f"more than {MAX_JSON_BYTES // 2**20} MB in one piece. Make JSON lines of it (jq -c '.[]' in.json > out.jsonl) and add those."
            yield Record("record 1", error=error)
            return
        document = _parsed(content)
        if isinstance(document, list | dict):
            yield from _records_in(document, names=names)
            return
        stream, head, encoding = io.BytesIO(content), b"", "utf-8"
    for number, line in lines(chunks(stream, head, encoding=encoding)):
        place = f"line {number}"
        stripped = line.strip() if line is not None else b""
        if line is None:
            yield Record(place, error=TOO_LONG)
        elif stripped:
            value = _parsed(stripped)
            if isinstance(value, dict) and not _is_record(value) and (found := _list_in(value)):
                yield from (
                    _json_record(item, place=f"{place}, record {n}", original=None, names=names)
                    for n, item in enumerate(found, start=1)
                )
            else:
                yield _json_record(value, place=place, original=stripped, names=names)


def _is_one_value(head: bytes) -> bool:
    """Whether JSON that begins so is an array of records or one object, rather than an object a line."""
    plain = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if re.match(rb"\[\s*\{", plain):
        return True
    first, newline, _ = plain.partition(b"\n")
    if not newline and re.search(rb"\"(?:" + "|".join(_RECORDS).encode() + rb")\"\s*:\s*\[", plain[:1_000]):
        return True
    return plain.startswith(b"{") and bool(newline) and isinstance(_parsed(first), str)


def _parsed(content: bytes) -> Any:
    """The value of JSON text; of what is none, the reason as a string in ``_NotJson``."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return _NotJson(str(error)[:200])


class _NotJson(str):
    """Why something is not JSON."""

    __slots__ = ()


def _records_in(document: list[Any] | dict[str, Any], *, names: Mapping[str, str]) -> Iterator[Record]:
    found = document if isinstance(document, list) else (not _is_record(document) and _list_in(document)) or [document]
    for number, value in enumerate(found, start=1):
        yield _json_record(value, place=f"record {number}", original=None, names=names)


def _is_record(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(name), str) for name in USUAL_NAMES["text"])


def _list_in(document: Mapping[str, Any]) -> list[Any]:
    """The records that an export puts under a name, beside what it says about itself."""
    lists = (document[name] for name in _RECORDS if isinstance(document.get(name), list))
    return next((found for found in lists if any(isinstance(item, dict) for item in found)), [])


def _json_record(value: Any, *, place: str, original: bytes | None, names: Mapping[str, str]) -> Record:
    if isinstance(value, _NotJson):
        return Record(place, error=f"not JSON in UTF-8 ({value}). Mend the line, or leave it out.")
    if not isinstance(value, dict):
        return Record(place, error="not a JSON object with a text column.")
    columns = renamed(value, names) if names else value
    return Record(place, original if original is not None and not names else as_line(columns), columns)
