"""Whether the indexes hold what the library says, and how to make it so again without embedding more than is missing.

``check`` only looks; ``repair`` drops what does not belong, makes anew what is missing, and rebuilds a part that cannot be read beside those that can.
Articles are never touched. The caller holds the lock. Not here: comparing (``index_comparison.py``), whether ``library.db`` agrees with itself
(``soundness.py``), another embedding model, which needs ``rebuild`` (``indexes.py``).
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from vectorstore.database import chunks
from vectorstore.errors import LibraryCorrupt
from vectorstore.faults import REPAIR, SALVAGE, Fault
from vectorstore.index_comparison import Differences, as_faults, compare, opened_parts
from vectorstore.indexes import Indexes, check_made_with, drop_unused, index_folder, unused_folders
from vectorstore.terms import passage_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder
    from vectorstore.indexes import IndexProgress
    from vectorstore.library import Library
    from vectorstore.types import Article, Passage


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
        parts = opened_parts(library, number=int(number), indexes=indexes, opened=opened, expected=expected)
        differences = compare(parts, expected)
    return [*found, *as_faults(differences, expected), *_left_over(library)]


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
    check_made_with(encoder, library=library)
    drop_unused(library)
    folder = index_folder(library, int(number))
    with ExitStack() as opened:
        expected = library.expected()
        parts = opened_parts(library, number=int(number), indexes=None, opened=opened, expected=expected)
        differences = compare(parts, expected)
    for part in differences.broken:
        _remove(folder / part)
    indexes = Indexes(library, encoder=encoder, glossary=glossary, number=int(number))
    try:
        _mend_parts(
            indexes, library=library, encoder=encoder, glossary=glossary, differences=differences, on_progress=on_progress
        )
    finally:
        indexes.close()


def _left_over(library: Library) -> Iterator[Fault]:
    if folders := unused_folders(library):
        listed = ", ".join(str(folder.relative_to(library.folder)) for folder in folders)
        yield Fault(
            name="folders", found=f"left by a rebuild that was interrupted: {listed}", lost="nothing but space", remedy=REPAIR
        )


def _mend_parts(
    indexes: Indexes,
    *,
    library: Library,
    encoder: Encoder,
    glossary: Glossary,
    differences: Differences,
    on_progress: Callable[[IndexProgress], None],
) -> None:
    from vectorstore.indexes import IndexProgress, embedded_text

    indexes.purge()
    stray = sorted({*(id_ for ids in differences.stray.values() for id_ in ids), *differences.unlike})
    for chunk in chunks(stray):
        indexes.drop(chunk)
    wanted = library.expected().shown
    done = 0

    def missing(there: Iterable[str]) -> Iterator[tuple[list[str], list[tuple[Article, Passage]]]]:
        nonlocal done
        for chunk in chunks(sorted(wanted.keys() - set(there))):
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
    library.make_incomplete([*remade, *differences.unfinished])


def _remove(path: Path) -> None:
    """A part of an index, with the files that belong to it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
        return
    for file in path.parent.glob(f"{path.name}*"):  # SQLite keeps two more beside a database
        file.unlink()
