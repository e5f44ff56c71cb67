"""The dictd format: its numbers, and what a database says of itself in entries of its own.

The format: https://datatracker.ietf.org/doc/html/rfc2229 (dictd) and ``man dictfmt``. Not here: what an entry says (``dictionary.py``).
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BASE64 = {char: value for value, char in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
_LICENCE = re.compile(
    r"(?:GNU (?:Affero |Lesser |Free )?(?:General Public|Documentation) Licen[cs]e|\b[AL]?GPL)"
    r"(?:,? (?:version|ver\.|v\.?) ?\d(?:\.\d)?)?(?:,? (?:or|and) (?:\(at your option\) )?any later version)?"
    r"|Creative Commons [A-Z][\w-]*(?:[ -][A-Z][\w-]*)*(?: \d\.\d)?|\bCC[ -]BY(?:-[A-Z]{2})*(?: \d\.\d)?|\bpublic domain\b"
)
_MAX_LICENCES, _MAX_LICENCE = 3, 200
_ABOUT_LINES = 2_000
_ABOUT_WITHIN = 4_000_000


@dataclass(frozen=True, slots=True)
class About:
    """What a dictionary says of itself: its name and its licence, "" where it says nothing of one."""

    name: str
    licence: str


def read_number(digits: str) -> int:
    """A number of an index.

    Raises:
        ValueError: it is none.
    """
    value = 0
    for digit in digits:
        if digit not in _BASE64:
            raise ValueError(f"{digits!r} is not a base-64 number")
        value = value * 64 + _BASE64[digit]
    return value


@lru_cache(maxsize=50)
def about(index: Path, text: Path) -> About:
    """What a database says of itself; its file's name where it has none."""
    said: dict[str, str] = {}
    for key, start, length in _own_entries(index):
        try:
            with (gzip.open if text.suffix == ".dz" else open)(text, "rb") as file:
                entry = file.read(start + length)[start:].decode("utf-8", "replace")
        except (OSError, EOFError, zlib.error):
            continue
        said[key] = entry.partition("\n")[2] if entry.startswith("00") else entry
    short = said.get("00databaseshort", "").split()
    return About(" ".join(short) or index.stem, licence(said.get("00databaseinfo", "")))


def licence(information: str) -> str:
    """The licences that a database's information names; where it names none that is known, the first words of what it says of them."""
    stated = re.split(r"\n\s*Publi|\n\s*Notes:", information.partition("Availability:")[2])[0]
    stated = " ".join((stated or information).split())
    found = list(dict.fromkeys(match.group().strip() for match in _LICENCE.finditer(stated)))
    exact = [one for one in found if not any(other != one and other.startswith(one) for other in found)]
    written_out = [one for one in exact if not re.match("[AL]?GPL", one)]
    return "; ".join((written_out or exact)[:_MAX_LICENCES]) or stated[:_MAX_LICENCE].strip()


def _own_entries(index: Path) -> Iterator[tuple[str, int, int]]:
    """Name, offset and length of the database's own entries, which stand before the first word."""
    with index.open(encoding="utf-8", errors="replace") as lines:
        for count, line in enumerate(lines):
            key, *place = line.rstrip("\n").split("\t")
            if count > _ABOUT_LINES or key[:1].isalpha():
                return
            try:
                start, length = (read_number(part) for part in place)
            except ValueError:
                continue
            if key.replace("-", "").startswith("00database") and start < _ABOUT_WITHIN:
                yield key.replace("-", ""), start, length
