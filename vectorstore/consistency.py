"""Whether the indexes hold what the library says, and how to make it so again without embedding more than is missing.

``check`` only looks; ``repair`` drops what does not belong, makes anew what is missing, and rebuilds a part that cannot be read beside those that can.
Articles are never touched. The caller holds the lock. Not here: whether ``library.db`` agrees with itself (``soundness.py``), another embedding
model, which needs ``rebuild`` (``indexes.py``).
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vectorstore.dense import DAMAGED, DenseIndex, VectorStore
from vectorstore.errors import IndexCorrupt, IndexMismatch, LibraryCorrupt
from vectorstore.indexes import Indexes, drop_unused, index_folder, index_signature, unused_folders
from vectorstore.lexical import LexicalIndex
from vectorstore.soundness import REPAIR, SALVAGE, Fault
from vectorstore.terms import passage_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder
    from vectorstore.indexes import IndexProgress
    from vectorstore.library import Library
    from vectorstore.soundness import Expected
    from vectorstore.types import Article, Passage

PARTS: Final = {"dense": "vector index", "lexical": "term index", "sentences.db": "exact vectors"}
_AT_ONCE: Final = 500
_PROBES: Final = 30
_MISSES: Final = 0.1
"""The share of passages that an approximate index may miss when it is asked for themselves; a damaged one misses most."""
_SAME: Final = 0.99
"""Cosine from which two vectors are one: half precision costs less than a thousandth."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of an index that could be opened, and why the others could not."""

    dense: DenseIndex | None
    lexical: LexicalIndex | None
    vectors: VectorStore | None
    broken: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Compared:
    """What is wrong with the parts: those that cannot be used at all, and passages by part and trouble."""

    broken: dict[str, str]
    missing: dict[str, list[str]]
    stray: dict[str, list[str]]
    unlike: list[str]
    unfinished: list[str]


def check(library: Library, *, indexes: Indexes | None = None) -> list[Fault]:
    """Everything in which ``library.db``, its indexes and the sentence vectors disagree. ``indexes`` are those that are open already."""
    try:
        found = library.faults()
        number = library.fact("index")
        if number is None or not number.isdecimal():
            return [*found, *_left_over(library)]
        expected = library.expected()
    except LibraryCorrupt as error:
        return [Fault(name="article store", found=str(error), lost="the articles that cannot be read", remedy=SALVAGE)]
    with ExitStack() as opened:
        parts = _opened(library, number=int(number), indexes=indexes, opened=opened, expected=expected)
        compared = _compare(parts, expected)
    return [*found, *_as_faults(compared, expected), *_left_over(library)]


def repair(
    library: Library,
    *,
    encoder: Encoder,
    glossary: Glossary,
    split: Callable[[Article], Sequence[Passage]],
    read: Callable[[str], bytes | None],
    extract: Callable[[Article, bytes, str, str], Article],
    on_progress: Callable[[IndexProgress], None] = lambda _: None,
) -> None:
    """Mend what ``check`` finds, as far as that can be; what is then to be indexed waits for ``Indexes.catch_up``.

    The indexes must be closed. ``split`` makes passages anew, ``read`` gives the bytes of the file of that path, None if it is not there, and
    ``extract`` makes an article anew from its original bytes, given with their name and media type.

    Raises:
        IndexMismatch: the indexes were made with another model or analyzer: ``fundstelle reindex`` makes them anew.
        LibraryCorrupt: the article store is damaged beyond what this can mend.
    """
    library.restore_originals(read)
    library.restore_texts(extract)
    misfits = library.misfits()  # before their counts are set right
    library.mend()
    library.mark_furniture((article, split(article)) for article in misfits)
    number = library.fact("index")
    if number is None or not number.isdecimal():
        return
    if library.fact("signature") != index_signature(encoder):
        made_with = library.fact("embedding")
        raise IndexMismatch(
            f"The indexes of {library.folder} were made with {made_with}, the setting is {encoder.name} (or their format is another). "
            "Run `fundstelle reindex` to rebuild them, or set FUNDSTELLE_EMBEDDING as it was."
        )
    drop_unused(library)
    folder = index_folder(library, int(number))
    with ExitStack() as opened:
        expected = library.expected()
        parts = _opened(library, number=int(number), indexes=None, opened=opened, expected=expected)
        compared = _compare(parts, expected)
    for part in compared.broken:
        _remove(folder / part)
    indexes = Indexes(library, encoder=encoder, glossary=glossary, number=int(number))
    try:
        _mend_parts(indexes, library=library, encoder=encoder, glossary=glossary, compared=compared, on_progress=on_progress)
    finally:
        indexes.close()


# Comparing


def _opened(library: Library, *, number: int, indexes: Indexes | None, opened: ExitStack, expected: Expected) -> _Parts:
    if indexes is not None:
        return _Parts(indexes.dense, indexes.lexical, indexes.vectors, {})
    folder = index_folder(library, number)
    broken: dict[str, str] = {}

    def part(name: str, open_it: Callable[[Path], object]) -> object | None:
        if not (folder / name).exists():
            if expected.shown:  # else it is made when there is something to put in
                broken[name] = "it is missing"
            return None
        try:
            found = open_it(folder / name)
        except IndexCorrupt as error:
            broken[name] = str(error)
            return None
        opened.callback(found.close)  # type: ignore[attr-defined]  # all three have it
        return found

    dense, lexical, vectors = part("dense", DenseIndex), part("lexical", LexicalIndex), part("sentences.db", VectorStore)
    return _Parts(
        dense if isinstance(dense, DenseIndex) else None,
        lexical if isinstance(lexical, LexicalIndex) else None,
        vectors if isinstance(vectors, VectorStore) else None,
        broken,
    )


def _compare(parts: _Parts, expected: Expected) -> _Compared:
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
    return _Compared(
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
    for chunk in _chunks(sorted(ids)):
        near, exact = dense.vectors(chunk), vectors.get(chunk)
        for id_ in chunk:
            same = id_ in near and id_ in exact and float(near[id_] @ exact[id_].passage) >= _SAME
            if not same:  # not a number compares as false
                found.append(id_)
    return found


def _some(ids: Sequence[str]) -> list[str]:
    """A few of them, evenly spread."""
    return list(ids[:: max(1, len(ids) // _PROBES)])


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


# Telling


def _as_faults(compared: _Compared, expected: Expected) -> Iterator[Fault]:
    for part, why in compared.broken.items():
        yield Fault(name=PARTS[part], found=f"{part} cannot be used: {why}", lost="no article; it is made again from them")
    for part, ids in compared.missing.items():
        if ids:
            found = f"{len(ids)} of {len(expected.shown)} passages are missing in {part}"
            yield Fault(name=PARTS[part], found=found, lost="no article; these passages are not found", ids=tuple(ids))
    for part, ids in compared.stray.items():
        if ids:
            found = f"{len(ids)} passages in {part} belong to no article, or are there twice"
            yield Fault(name=PARTS[part], found=found, lost="nothing but space: no answer shows them", ids=tuple(ids))
    if ids := compared.unlike:
        found = f"{len(ids)} passages have another vector in dense than in sentences.db"
        yield Fault(name=PARTS["dense"], found=found, lost="no article; these passages are found badly", ids=tuple(ids))
    if ids := compared.unfinished:
        found = f"{len(ids)} passages of complete articles lack sentence vectors"
        yield Fault(name="sentence vectors", found=found, lost="no article; their ranking and quotes are worse", ids=tuple(ids))


def _left_over(library: Library) -> Iterator[Fault]:
    if folders := unused_folders(library):
        listed = ", ".join(str(folder.relative_to(library.folder)) for folder in folders)
        yield Fault(
            name="folders", found=f"left by a rebuild that was interrupted: {listed}", lost="nothing but space", remedy=REPAIR
        )


# Mending


def _mend_parts(
    indexes: Indexes,
    *,
    library: Library,
    encoder: Encoder,
    glossary: Glossary,
    compared: _Compared,
    on_progress: Callable[[IndexProgress], None],
) -> None:
    from vectorstore.indexes import IndexProgress, embedded_text

    indexes.purge()
    stray = sorted({*(id_ for ids in compared.stray.values() for id_ in ids), *compared.unlike})
    for chunk in _chunks(stray):
        indexes.drop(chunk)
    wanted = library.expected().shown
    done = 0

    def missing(there: Iterable[str]) -> Iterator[tuple[list[str], list[tuple[Article, Passage]]]]:
        nonlocal done
        for chunk in _chunks(sorted(wanted.keys() - set(there))):
            found = library.placed(chunk)
            if found:
                yield list(found), list(found.values())
            done += len(chunk)
            on_progress(IndexProgress("passages", done))

    remade: list[str] = []
    for ids, pairs in missing(shape.id for shape in indexes.vectors.shapes()):
        indexes.vectors.put_passages(ids, encoder.encode_passages([embedded_text(*pair) for pair in pairs]))
        remade += ids
    for ids, _ in missing(indexes.dense.ids()):
        vectors = indexes.vectors.get(ids)
        if there := [id_ for id_ in ids if id_ in vectors]:
            indexes.dense.upsert(there, np.stack([vectors[id_].passage for id_ in there]))
    for _, pairs in missing(indexes.lexical.ids()):
        indexes.lexical.upsert([passage_terms(*pair, glossary=glossary) for pair in pairs])
        indexes.lexical.commit()
    library.make_incomplete([*remade, *compared.unfinished])


def _remove(path: Path) -> None:
    """A part of an index, with the files that belong to it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
        return
    for file in path.parent.glob(f"{path.name}*"):  # SQLite keeps two more beside a database
        file.unlink()
