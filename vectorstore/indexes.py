"""The indexes of one library as one thing: opened under the lock, filled from the library, rebuilt beside the old ones.

``index/<n>/`` holds ``dense/`` (Chroma), ``lexical/`` (tantivy) and ``sentences.db``; all of it is derived. The order of writes is such that an
interruption leaves work to repeat and nothing half to see. Not here: the lock (``ownership.py``), what is stored (``library.py``), ranking
(``search.py``).
"""

from __future__ import annotations

import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from vectorstore.dense import DenseIndex
from vectorstore.errors import DiskFull, IndexCorrupt, IndexMismatch
from vectorstore.exact_vectors import VectorStore
from vectorstore.languages import ANALYZER
from vectorstore.lexical import LexicalIndex
from vectorstore.terms import heading_apart, passage_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder
    from vectorstore.library import Entry, Library
    from vectorstore.types import Article, Passage

_BATCH_CHARACTERS = 60_000
"""A batch is what an interruption has to wait for, and what it costs to repeat: a few seconds."""
_ENTRIES_AT_ONCE = 64
_PURGE_AT_ONCE = 5_000
_LEAST_FREE = 1_000_000


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far indexing has come: what is being made, how many articles of it are done in this run, and how many it is about, if known."""

    step: str
    articles: int
    total: int | None = None


class Indexes:
    """The dense index, the term index and the exact vectors of one library; the caller holds the library's lock."""

    def __init__(self, library: Library, *, encoder: Encoder, glossary: Glossary, number: int) -> None:
        """Open ``index/<number>``, which is made if it is not there.

        Raises:
            IndexCorrupt: a part of it cannot be opened.
        """
        self.number = number
        self._library = library
        self._encoder = encoder
        self._glossary = glossary
        folder = index_folder(library, number)
        with ExitStack() as opened:  # what cannot be opened leaves nothing else open
            self.dense = DenseIndex(folder / "dense")
            opened.callback(self.dense.close)
            self.lexical = LexicalIndex(folder / "lexical")
            opened.callback(self.lexical.close)
            self.vectors = VectorStore(folder / "sentences.db")
            opened.callback(self.vectors.close)
            self._beside = ThreadPoolExecutor(1, thread_name_prefix="terms")
            opened.pop_all()

    @classmethod
    def open(cls, library: Library, *, encoder: Encoder, glossary: Glossary) -> Indexes:
        """The indexes that answer: those the library names, or the first ones of a new library.

        Raises:
            IndexMismatch: they were made with another model or analyzer.
            IndexCorrupt: they are missing or cannot be opened.
        """
        number = library.fact("index")
        if number is None:
            number = str(_free_number(library))
            library.set_facts(index=number, signature=index_signature(encoder), embedding=encoder.name)
        else:
            check_made_with(encoder, library=library)
        drop_unused(library)
        indexes = cls(library, encoder=encoder, glossary=glossary, number=int(number))
        try:
            wanted = library.count_passages()
            complete = all(part.count() >= wanted for part in (indexes.dense, indexes.lexical, indexes.vectors))
        except IndexCorrupt:
            indexes.close()
            raise
        if not complete:
            indexes.close()
            raise IndexCorrupt(
                f"The indexes of {library.folder} are missing or lack passages. `fundstelle doctor --repair` makes those again, "
                "`fundstelle reindex` all of them; no article is lost."
            )
        return indexes

    def close(self) -> None:
        """Let go of the files."""
        self._beside.shutdown()
        self.lexical.close()
        self.vectors.close()
        self.dense.close()

    def catch_up(self, *, sentences: bool, on_progress: Callable[[IndexProgress], None] = lambda _: None) -> None:
        """Do all that is left to do: what ``take_in`` does, until there is nothing more."""
        done: Counter[str] = Counter()
        while taken := self.take_in(sentences=sentences):
            done[taken.step] += taken.articles
            on_progress(replace(taken, articles=done[taken.step], total=done[taken.step] + (taken.total or 0)))

    def take_in(self, *, sentences: bool) -> IndexProgress | None:
        """Do the most urgent part of what is left to do, a few seconds of work, and say what it was; None if nothing is left.

        Removed passages are dropped, then pending articles are made searchable, then sentence vectors are made. ``total`` is how many
        articles still wait for the same.

        Raises:
            DiskFull: there is no space left.
        """
        try:
            self.purge()
            if batch := _first_batch(self._library.pending(limit=_ENTRIES_AT_ONCE)):
                self._make_searchable(batch)
                return IndexProgress("articles", len(batch), self._library.count_articles("pending"))
            if sentences and (batch := _first_batch(self._library.incomplete(limit=_ENTRIES_AT_ONCE))):
                self._make_complete(batch)
                return IndexProgress("sentences", len(batch), self._library.count_articles("searchable"))
        except IndexCorrupt as error:
            if shutil.disk_usage(self._library.folder).free >= _LEAST_FREE:
                raise
            raise DiskFull(f"the indexes of {self._library.folder}") from error
        return None

    def purge(self) -> None:
        """Drop the passages that the library has let go of."""
        while leavings := self._library.leavings(limit=_PURGE_AT_ONCE):
            self.drop(leavings)
            self._library.forget_leavings(leavings)

    def drop(self, ids: Sequence[str]) -> None:
        """Drop passages from every index; unknown ids are ignored."""
        self.dense.delete(ids)
        self.vectors.delete(ids)
        self.lexical.delete(ids)
        self.lexical.commit()

    def index(self, entries: Iterable[tuple[Article, Sequence[Passage]]]) -> None:
        """Put the passages of some articles into the indexes; repeating it changes nothing."""
        pairs = [(article, passage) for article, passages in entries for passage in passages]
        if pairs:
            ids = [passage.id for _, passage in pairs]
            # Beside the encoder, which leaves the interpreter free while it computes.
            terms = self._beside.submit(lambda: [passage_terms(*pair, glossary=self._glossary) for pair in pairs])
            vectors = self._encoder.encode_passages([embedded_text(article, passage) for article, passage in pairs])
            self.dense.upsert(ids, vectors)
            self.vectors.put_passages(ids, vectors)
            self.lexical.upsert(terms.result())
        self.lexical.commit()

    def index_sentences(self, entries: Iterable[tuple[Article, Sequence[Passage]]]) -> None:
        """Make the sentence vectors of passages that are in the indexes."""
        spans = [
            (passage.id, span.slice(article.text))
            for article, passages in entries
            for passage in passages
            for span in passage.sentences
        ]
        if not spans:
            return
        vectors = self._encoder.encode_passages([text for _, text in spans])
        first: dict[str, int] = {}
        counts: dict[str, int] = {}
        for position, (id_, _) in enumerate(spans):
            first.setdefault(id_, position)
            counts[id_] = counts.get(id_, 0) + 1
        self.vectors.put_sentences({id_: vectors[start : start + counts[id_]] for id_, start in first.items()})

    def _make_searchable(self, entries: Sequence[Entry]) -> None:
        self.index((entry.article, entry.passages) for entry in entries)
        self._library.make_searchable([entry.row for entry in entries])

    def _make_complete(self, entries: Sequence[Entry]) -> None:
        self.index_sentences((entry.article, entry.passages) for entry in entries)
        self._library.make_complete([entry.row for entry in entries])


def rebuild(
    library: Library,
    *,
    encoder: Encoder,
    glossary: Glossary,
    split: Callable[[Article], Sequence[Passage]],
    sentences: bool,
    take_over: Callable[[Indexes], None] = Indexes.close,
    on_progress: Callable[[IndexProgress], None] = lambda _: None,
) -> None:
    """Build new indexes beside the old ones from the library, switch to them in one transaction, delete the old ones.

    The caller holds the lock. ``split`` makes the passages anew. The old indexes may answer until ``take_over`` gets the new ones, and has to close
    them then. Interrupted, they go on answering.
    """
    number = int(library.fact("index") or 0) + 1
    drop_unused(library)
    indexes = Indexes(library, encoder=encoder, glossary=glossary, number=number)
    try:
        done = 0
        for batch in library.current_articles(at_once=_ENTRIES_AT_ONCE):
            pairs = [(article, split(article)) for article in batch]
            indexes.index(pairs)
            if sentences:
                indexes.index_sentences(pairs)
            done += len(batch)
            on_progress(IndexProgress("articles", done))
        library.switch_index(
            split=split,
            complete=sentences,
            index=str(number),
            signature=index_signature(encoder),
            embedding=encoder.name,
        )
    except BaseException:
        indexes.close()
        raise
    take_over(indexes)
    drop_unused(library)


def drop_unused(library: Library) -> None:
    """Delete index folders that the library does not name: left by an interrupted or finished rebuild, or by a library that is gone."""
    for folder in unused_folders(library):
        shutil.rmtree(folder, ignore_errors=True)


def unused_folders(library: Library) -> list[Path]:
    """Index folders that the library does not name."""
    current, parent = library.fact("index"), library.folder / "index"
    return sorted(folder for folder in parent.iterdir() if folder.name != current) if parent.is_dir() else []


def index_signature(encoder: Encoder) -> str:
    """What must be equal for stored vectors and terms to be comparable with new ones."""
    return f"{encoder.signature} analyzer {ANALYZER}"


def check_made_with(encoder: Encoder, *, library: Library) -> None:
    """Check that the indexes that the library names can be compared with what ``encoder`` makes.

    Raises:
        IndexMismatch: they were made with another model or analyzer.
    """
    if library.fact("signature") != index_signature(encoder):
        raise IndexMismatch(
            f"The indexes of {library.folder} were made with {library.fact('embedding')}, the setting is {encoder.name} (or their format is "
            "another). Run `fundstelle reindex` to rebuild them, or set FUNDSTELLE_EMBEDDING as it was."
        )


def embedded_text(article: Article, passage: Passage) -> str:
    """What is embedded for a passage: its headline, unless it holds it itself, and its words."""
    heading = heading_apart(article, passage)
    text = article.text[passage.start : passage.end]
    return f"{heading}\n{text}" if heading else text


def _first_batch(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The first of ``entries``, as many as make a batch."""
    sizes = accumulate(len(entry.article.text) for entry in entries)
    return entries[: max(1, sum(size <= _BATCH_CHARACTERS for size in sizes))]


def index_folder(library: Library, number: int) -> Path:
    """Where the indexes of this number are."""
    return library.folder / "index" / str(number)


def _free_number(library: Library) -> int:
    """One that no folder has: what a lost ``library.db`` left behind may be of another model."""
    taken = [int(folder.name) for folder in unused_folders(library) if folder.name.isdecimal()]
    return max(taken, default=0) + 1
