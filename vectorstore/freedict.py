"""The files of FreeDict dictionaries: which there are, and the entries in them.

A dictionary in dictd format (``freedict-deu-eng.dict.dz`` and ``.index``) has one entry a headword; one in the other direction
(``freedict-eng-rus``) serves inverted. Not here: the format's numbers (``dictd.py``), where entries are kept (``dictionary_cache.py``), which of
their words translate one (``translations.py``). Dictionaries: https://freedict.org.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vectorstore import languages as words_of
from vectorstore.dictd import read_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAME = re.compile(r"freedict-([a-z]{3})-([a-z]{3})\.index")
_HEADWORD_LINE = re.compile(r"(?P<head>.+?)(?: /[^/]+/)?(?: \((?P<also>.*)\))*(?: <(?P<labels>[^<>]*)>)?\s*")
_PRONUNCIATION = re.compile(r" /[^/\n]+/")
# An abbreviation and its pronunciation follow at once: "government <n>Gov.,  /ɡˈoːf/", "United States of AmericaUSA,  /ˈuːzɑː/".
_SPOKEN_ABBREVIATION = re.compile(r"(?:(?<=>)|(?<=[a-z])(?=[A-Z])|(?<= ))[^\s<>,]+,  /[^/\n]+/")
# Without a label between them, only that the one begins the other tells them apart: "federalfed.,  /fˈeːt/".
_SPOKEN_BEGINNING = re.compile(r"\b((\w{2,})\w*?)\2\.?,  /[^/\n]+/")
_BRACKETED = re.compile(r"\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|<[^>]*>")
_LABEL = re.compile(r"<([^<>]*)>")
_NUMBERED = re.compile(r"\d{1,2}\. ")
_BETWEEN_TRANSLATIONS = re.compile(r"[,;/]")


@dataclass(frozen=True, slots=True)
class Source:
    """One dictionary on disk; ``inverted`` if its headwords are English."""

    index: Path
    text: Path
    inverted: bool

    @property
    def key(self) -> str:
        """Changes with the files: their names, sizes and times."""
        parts = [
            f"{path.name}:{status.st_size}:{status.st_mtime_ns}" for path in (self.index, self.text) for status in [path.stat()]
        ]
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of one word as it is kept. ``labels`` are those of its headword; ``examples`` counts its usage examples."""

    headword: str
    labels: str
    examples: int
    senses: tuple[str, ...]


def source_of(index: Path, *, into: str) -> tuple[str, Source] | None:
    """The language of a FreeDict index and its source, None if it is not ``into`` a language (or from English) or has no text beside it."""
    match = _NAME.fullmatch(index.name)
    if not match or (match[2] != into and (into, match[1]) != ("eng", "eng")):
        return None
    first, second = match.groups()
    text = next((path for ending in (".dict.dz", ".dict") if (path := index.with_suffix(ending)).is_file()), None)
    inverted = first == "eng" == into
    return (_short(second if inverted else first), Source(index, text, inverted=inverted)) if text else None


def _short(code: str) -> str:
    """The BCP 47 subtag of an ISO 639-3 code: the two-letter one where there is one."""
    from babel.core import get_global  # which a question loads anyway

    return words_of.primary(get_global("language_aliases").get(code, code))


def records_of(source: Source, *, language: str) -> Iterator[tuple[list[str], Record]]:
    """The entries of a dictionary, each with the single words under which it is found.

    Raises:
        OSError, EOFError, zlib.error: a file cannot be read or is damaged.
        ValueError: a file is not in dictd format.
    """
    blob = gzip.decompress(source.text.read_bytes()) if source.text.suffix == ".dz" else source.text.read_bytes()
    for start, length in _positions(source.index):
        if start + length > len(blob):
            raise ValueError(f"{source.index.name} points behind the end of {source.text.name}")
        parsed = _entry(unicodedata.normalize("NFC", blob[start : start + length].decode("utf-8", "replace")))
        if parsed is None:
            continue
        record, also = parsed
        if not source.inverted:
            yield _keys([record.headword, *also], record.labels, language=language), record
            continue
        for sense in record.senses:
            for part in listed_in(sense, bracket=""):
                if word := part.strip():
                    yield _keys([word], record.labels, language=language), Record(word, record.labels, 0, (record.headword,))


def listed_in(sense: str, *, bracket: str) -> list[str]:
    """What a sense lists, between commas, semicolons and strokes; ``bracket`` takes the place of a remark in brackets."""
    return _BETWEEN_TRANSLATIONS.split(_BRACKETED.sub(bracket, _NUMBERED.sub("", sense)))


def _positions(index: Path) -> list[tuple[int, int]]:
    """Offset and length in bytes of every entry, each once, in the order of the text."""
    positions = set()
    for line in index.read_text("utf-8", "replace").splitlines():
        fields = line.split("\t")
        if len(fields) < 3:
            if line:
                raise ValueError(f"{index.name} has a line without offset and length: {line[:60]!r}")
        elif not fields[0].startswith(("00database", "00-database")):
            positions.add((read_number(fields[1]), read_number(fields[2])))
    return sorted(positions)


def _entry(text: str) -> tuple[Record, list[str]] | None:
    """One entry's record and its other headwords (abbreviations); None if it has no senses."""
    first, *lines = text.split("\n")
    match = _HEADWORD_LINE.fullmatch(first)
    if not match:
        return None
    senses: list[str] = []
    examples = 0
    for line in lines:
        if line.startswith('      "'):
            examples += 1
        elif line.startswith("         Note:"):
            # Ding's translations go on behind the note on the one before: "Note: person or thing, who <pron>".
            if senses:
                senses[-1] += "".join(f", {rest.strip()}" for rest in re.findall(r", ([^,<>]+) <", line))
        elif line.strip() and not line.startswith(("  ", " see:")):
            senses.append(_shown(line))
    senses = [sense for sense in senses if sense]
    also = [part.strip() for part in _PRONUNCIATION.sub("", match["also"] or "").split(",")]
    return (
        (Record(match["head"].strip(), match["labels"] or "", examples, tuple(senses)), [word for word in also if word])
        if senses
        else None
    )


def _shown(line: str) -> str:
    """A line of senses without grammar labels, pronunciations and the abbreviations that go with them."""
    plain = _LABEL.sub("", _SPOKEN_ABBREVIATION.sub("", _SPOKEN_BEGINNING.sub(r"\1", line)))
    return re.sub(r"\s+([,;])", r"\1", " ".join(plain.split())).strip(" ,;")


def _keys(headwords: Iterable[str], labels: str, *, language: str) -> list[str]:
    """The single words under which an entry is found: "jdn. besuchen" is under "besuchen", "Haus…" under "Haus"."""
    keys = []
    for headword in headwords:
        tokens = headword.split()
        if len(tokens) > 1:
            tokens = [token for token in tokens if "." not in token]
        if len(tokens) > 1 and "v" in labels.split(", "):
            stop = words_of.stop_words(language)
            tokens = [token for token in tokens[:-1] if words_of.normalise(token) not in stop] + tokens[-1:]
        if len(tokens) == 1 and (key := tokens[0].strip("…‐-!?")):
            keys.append(key)
    return words_of.distinct(keys)
