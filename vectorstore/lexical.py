"""The term index: passages by their own stems, by the stems of their English gloss and by the keys of their names (BM25).

The only importer of tantivy. Terms come ready made; what they are is decided in ``search.py``, the same for passages and questions.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vectorstore.errors import DiskFull, IndexCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vectorstore.types import Filters

FIELDS = ("own", "gloss", "names")
_HEAP_BYTES = 64_000_000
_WORKER = "worker thread encountered an error"
_NO_ROOM = 1_000_000
"""Bytes: with less, a batch of terms does not fit on the disk."""
_EARLIEST, _LATEST = -(2**62), 2**62
_UNDATED = -(2**63) + 1
"""Stands for no date; before every other."""


@dataclass(frozen=True, slots=True)
class PassageTerms:
    """What the index keeps of one passage: its terms by field, repeats kept, and what filters ask of its article.

    ``published`` is in seconds since 1970 (UTC).
    """

    id: str
    language: str
    source: str
    published: int | None
    own: Sequence[str]
    gloss: Sequence[str]
    names: Sequence[str]


class LexicalIndex:
    """The term index of one library; one writer at a time, any number of searches."""

    def __init__(self, folder: Path) -> None:
        """Open the index in ``folder``, which is made if it is not there.

        Raises:
            IndexCorrupt: what is there cannot be opened.
        """
        import tantivy

        self._tantivy = tantivy
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
        builder.add_text_field("source", tokenizer_name="raw", index_option="basic")
        builder.add_integer_field("published", indexed=True)
        for field in FIELDS:
            builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        with self._guarded():
            self._index = tantivy.Index(self._schema, path=str(folder))
            self._writer: Any = None

    def close(self) -> None:
        """Finish writing and let go of the files."""
        if self._writer is not None:
            with self._guarded():
                self._writer.wait_merging_threads()
            self._writer = None

    def upsert(self, passages: Iterable[PassageTerms]) -> None:
        """Store or replace passages; seen by searches after ``commit``."""
        with self._guarded():
            writer = self._open_writer()
            for passage in passages:
                writer.delete_documents_by_term("id", passage.id)
                document = self._tantivy.Document()
                document.add_text("id", passage.id)
                document.add_text("language", passage.language)
                document.add_text("source", passage.source)
                document.add_integer("published", _UNDATED if passage.published is None else passage.published)
                for field in FIELDS:
                    document.add_text(field, " ".join(getattr(passage, field)))
                writer.add_document(document)

    def delete(self, ids: Iterable[str]) -> None:
        """Drop passages; unknown ids are ignored. Seen by searches after ``commit``."""
        with self._guarded():
            writer = self._open_writer()
            for id_ in ids:
                writer.delete_documents_by_term("id", id_)

    def commit(self) -> None:
        """Make everything written so far durable and visible."""
        with self._guarded():
            if self._writer is not None:
                self._writer.commit()
                self._index.reload()

    def search(
        self, field: str, terms: Mapping[str, float], *, limit: int, languages: Sequence[str] = (), filters: Filters | None = None
    ) -> list[tuple[str, float]]:
        """The best passages by BM25 over one field as (id, score), best first.

        ``terms`` have a weight each. With ``languages``, only passages in one of them; with ``filters``, only those that match.
        """
        if not terms or limit <= 0:
            return []
        query_type, occur = self._tantivy.Query, self._tantivy.Occur
        with self._guarded():
            wanted = query_type.boolean_query(
                [
                    (occur.Should, query_type.boost_query(query_type.term_query(self._schema, field, term, "freq"), weight))
                    for term, weight in terms.items()
                ]
            )
            allowed = [query_type.term_set_query(self._schema, "language", list(languages))] if languages else []
            allowed += self._allowed(filters) if filters else []
            if allowed:
                conditions = [(occur.Must, query_type.const_score_query(condition, 0.0)) for condition in allowed]
                wanted = query_type.boolean_query([(occur.Must, wanted), *conditions])
            searcher = self._index.searcher()
            found = searcher.search(wanted, limit=limit, count=False).hits
            return [(str(searcher.doc(address).get_first("id")), float(score)) for score, address in found]

    def _allowed(self, filters: Filters) -> list[Any]:
        """The conditions of a filter as queries, all of which must hold."""
        query_type = self._tantivy.Query
        exact = {"language": filters.language, "source": filters.source}
        conditions = [query_type.term_query(self._schema, field, value) for field, value in exact.items() if value]
        first, last = filters.period()
        if first or last:
            bounds = (int(first.timestamp()) if first else _EARLIEST, int(last.timestamp()) if last else _LATEST)
            period = query_type.range_query(self._schema, "published", self._tantivy.FieldType.Integer, *bounds)
            if filters.undated:
                undated = query_type.term_query(self._schema, "published", _UNDATED)
                period = query_type.boolean_query([(self._tantivy.Occur.Should, period), (self._tantivy.Occur.Should, undated)])
            conditions.append(period)
        return conditions

    def count(self) -> int:
        """How many passages it holds."""
        with self._guarded():
            return int(self._index.searcher().num_docs)

    def ids(self) -> list[str]:
        """Every passage it holds; one that is there twice comes twice."""
        with self._guarded():
            searcher = self._index.searcher()
            if not searcher.num_docs:
                return []
            found = searcher.search(self._tantivy.Query.all_query(), limit=searcher.num_docs, count=False).hits
            return [str(searcher.doc(address).get_first("id")) for _, address in found]

    def _open_writer(self) -> Any:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        return self._writer

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, OSError, RuntimeError) as error:
            # A worker of tantivy's only says that it failed, not of what.
            if DiskFull.is_meant(error) or (_WORKER in str(error) and shutil.disk_usage(self._folder).free < _NO_ROOM):
                raise DiskFull(self._folder) from error
            raise IndexCorrupt(
                f"The term index {self._folder} cannot be used: {error}. `fundstelle doctor --repair` makes it again from the articles."
            ) from error


def weigh(terms: Iterable[str]) -> dict[str, float]:
    """Terms of a question with their number of occurrences as weight."""
    return {term: float(count) for term, count in Counter(terms).items()}
