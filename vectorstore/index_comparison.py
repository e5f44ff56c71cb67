"""The indexes beside what they have to hold: parts that cannot be used, passages that are missing, astray or unlike. Comparing changes nothing.

Not here: what they have to hold (``soundness.py``), mending them (``consistency.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from vectorstore.database import chunks
from vectorstore.dense import DenseIndex
from vectorstore.errors import IndexCorrupt
from vectorstore.exact_vectors import DAMAGED, VectorStore
from vectorstore.faults import Fault
from vectorstore.indexes import Indexes, index_folder
from vectorstore.lexical import LexicalIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from vectorstore.library import Library
    from vectorstore.soundness import Expected

PARTS: Final = {"dense": "vector index", "lexical": "term index", "sentences.db": "exact vectors"}
_Part = TypeVar("_Part", DenseIndex, LexicalIndex, VectorStore)
_PROBES: Final = 30
_MISSES: Final = 0.1
"""The share of passages that an approximate index may miss when it is asked for themselves; a damaged one misses most."""
_SAME: Final = 0.99
"""Cosine from which two vectors are one: half precision costs less than a thousandth."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an index that could be opened, and why the others could not."""

    dense: DenseIndex | None
    lexical: LexicalIndex | None
    vectors: VectorStore | None
    broken: dict[str, str]


@dataclass(frozen=True, slots=True)
class Differences:
    """What is wrong with the parts: those that cannot be used at all, and passages by part and trouble."""

    broken: dict[str, str]
    missing: dict[str, list[str]]
    stray: dict[str, list[str]]
    unlike: list[str]
    unfinished: list[str]


def opened_parts(library: Library, *, number: int, indexes: Indexes | None, opened: ExitStack, expected: Expected) -> Parts:
    """The parts of an index: those of ``indexes``, which are open, else opened until ``opened`` ends."""
    if indexes is not None:
        return Parts(indexes.dense, indexes.lexical, indexes.vectors, {})
    folder = index_folder(library, number)
    broken: dict[str, str] = {}

    def part(name: str, open_it: Callable[[Path], _Part]) -> _Part | None:
        if not (folder / name).exists():
            if expected.shown:  # else it is made when there is something to put in
                broken[name] = "it is missing"
            return None
        try:
            found = open_it(folder / name)
        except IndexCorrupt as error:
            broken[name] = str(error)
            return None
        opened.callback(found.close)
        return found

    return Parts(part("dense", DenseIndex), part("lexical", LexicalIndex), part("sentences.db", VectorStore), broken)


def compare(parts: Parts, expected: Expected) -> Differences:
    """What of ``expected`` the parts do not hold, and what they hold besides."""
    broken = dict(parts.broken)
    there: dict[str, set[str]] = {}
    repeated: dict[str, list[str]] = {}
    unlike: list[str] = []
    unfinished: list[str] = []

    def looked_at(name: str, look: Callable[[], Iterable[str]]) -> None:
        try:
            there[name], repeated[name] = _once(look())
        except IndexCorrupt as error:
            broken[name] = str(error)

    if parts.vectors:
        vectors = parts.vectors
        looked_at("sentences.db", lambda: _sound_vectors(vectors, expected, unfinished))
    if parts.lexical:
        lexical = parts.lexical
        looked_at("lexical", lambda: _sound_terms(lexical))
    if parts.dense:
        dense = parts.dense
        looked_at("dense", lambda: _sound_dense(dense))
        if "dense" not in broken and parts.vectors and "sentences.db" not in broken:
            try:
                unlike = _unlike(
                    dense, parts.vectors, (there["dense"] & there["sentences.db"] & expected.shown.keys()) - set(unfinished)
                )
            except IndexCorrupt as error:
                broken["dense"] = str(error)
    whole = [name for name in PARTS if name in there and name not in broken]
    wanted = expected.shown.keys()
    return Differences(
        broken,
        missing={name: sorted(wanted - there[name]) for name in whole},
        stray={name: sorted({*(there[name] - wanted - expected.passing), *repeated[name]}) for name in whole},
        unlike=sorted(unlike),
        unfinished=sorted(unfinished) if "sentences.db" not in broken else [],
    )


def _once(ids: Iterable[str]) -> tuple[set[str], list[str]]:
    """The different ones, and those that come twice."""
    seen: set[str] = set()
    twice = []
    for id_ in ids:
        if id_ in seen:
            twice.append(id_)
        seen.add(id_)
    return seen, twice


def _sound_vectors(vectors: VectorStore, expected: Expected, unfinished: list[str]) -> Iterator[str]:
    """The passages with a vector; into ``unfinished`` those whose sentence vectors are said to be there and are not."""
    if damage := vectors.damage():
        raise IndexCorrupt(f"The exact vectors are damaged: {damage}.")
    dimensions: set[int] = set()
    for shape in vectors.shapes():
        dimensions.add(shape.dimension)
        yield shape.id
        sentences = expected.shown.get(shape.id)
        lacking = bool(sentences) and shape.id in expected.complete and shape.sentences != sentences
        if lacking or shape.sentences == DAMAGED:
            unfinished.append(shape.id)
    if len(dimensions) > 1:
        raise IndexCorrupt("The exact vectors have several lengths.")


def _sound_terms(lexical: LexicalIndex) -> list[str]:
    ids = lexical.ids()
    for id_ in _some(ids):
        if not lexical.search("id", {id_: 1.0}, limit=1):
            raise IndexCorrupt("The term index does not find a passage that it holds.")
    return ids


def _sound_dense(dense: DenseIndex) -> list[str]:
    ids = dense.ids()
    probes = dense.vectors(_some(ids))
    nearest = {id_: dense.search(vector, limit=1) for id_, vector in probes.items()}
    missed = [id_ for id_, found in nearest.items() if not found or found[0][1] < _SAME]
    if len(missed) > _MISSES * len(probes):
        raise IndexCorrupt(
            f"The vector index does not find {len(missed)} of {len(probes)} passages that it holds, such as {missed[0]}."
        )
    return ids


def _unlike(dense: DenseIndex, vectors: VectorStore, ids: set[str]) -> list[str]:
    """Passages whose vectors in the two stores are not the same."""
    found = []
    for chunk in chunks(sorted(ids)):
        near, exact = dense.vectors(chunk), vectors.get(chunk)
        for id_ in chunk:
            same = id_ in near and id_ in exact and float(near[id_] @ exact[id_].passage) >= _SAME
            if not same:  # not a number compares as false
                found.append(id_)
    return found


def _some(ids: Sequence[str]) -> list[str]:
    """A few of them, evenly spread."""
    return list(ids[:: max(1, len(ids) // _PROBES)])


def as_faults(differences: Differences, expected: Expected) -> Iterator[Fault]:
    """The differences as faults, for people."""
    for part, why in differences.broken.items():
        yield Fault(name=PARTS[part], found=f"{part} cannot be used: {why}", lost="no article; it is made again from them")
    for part, ids in differences.missing.items():
        if ids:
            found = f"{len(ids)} of {len(expected.shown)} passages are missing in {part}"
            yield Fault(name=PARTS[part], found=found, lost="no article; these passages are not found", ids=tuple(ids))
    for part, ids in differences.stray.items():
        if ids:
            found = f"{len(ids)} passages in {part} belong to no article, or are there twice"
            yield Fault(name=PARTS[part], found=found, lost="nothing but space: no answer shows them", ids=tuple(ids))
    if ids := differences.unlike:
        found = f"{len(ids)} passages have another vector in dense than in sentences.db"
        yield Fault(name=PARTS["dense"], found=found, lost="no article; these passages are found badly", ids=tuple(ids))
    if ids := differences.unfinished:
        found = f"{len(ids)} passages of complete articles lack sentence vectors"
        yield Fault(name="sentence vectors", found=found, lost="no article; their ranking and quotes are worse", ids=tuple(ids))
