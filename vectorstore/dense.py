"""The approximate nearest-neighbour index over passage vectors, in Chroma.

The only importer of chromadb. Derived values only. Not here: making the vectors (``embedding.py``), exact ones and those of sentences
(``exact_vectors.py``), deciding what may be shown (``findable.py``).
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from vectorstore.errors import DiskFull, IndexCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_COLLECTION = "passages"
_PAGE = 5_000
_CONFIGURATION: Any = {"hnsw": {"space": "ip", "ef_construction": 128, "ef_search": 200, "max_neighbors": 24}}


class DenseIndex:
    """The approximate nearest-neighbour index over passage vectors."""

    def __init__(self, folder: Path) -> None:
        """Open the index in ``folder``, which is made if it is not there.

        Raises:
            IndexCorrupt: what is there cannot be opened.
        """
        import chromadb
        from chromadb.api.shared_system_client import SharedSystemClient
        from chromadb.config import Settings

        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with self._guarded(), ExitStack() as undone:
            # Else Chroma hands out what it could not open to whoever opens this folder next, even after it was mended.
            undone.callback(SharedSystemClient._identifier_to_system.pop, str(folder), None)  # noqa: SLF001 - there is no other way
            self._client: Any = chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
            undone.callback(self.close)
            self._passages: Any = self._client.get_or_create_collection(
                _COLLECTION, embedding_function=None, configuration=_CONFIGURATION
            )
            self._batch = int(self._client.get_max_batch_size())
            undone.pop_all()

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Store or replace passage vectors, shape (len(ids), dimension), each of length 1."""
        with self._guarded():
            for start in range(0, len(ids), self._batch):
                self._passages.upsert(ids=list(ids[start : start + self._batch]), embeddings=vectors[start : start + self._batch])

    def delete(self, ids: Sequence[str]) -> None:
        """Drop passages; unknown ids are ignored."""
        with self._guarded():
            for start in range(0, len(ids), self._batch):
                self._passages.delete(ids=list(ids[start : start + self._batch]))

    def search(self, vector: Vectors, *, limit: int) -> list[tuple[str, float]]:
        """The nearest passages as (id, cosine), best first."""
        if limit <= 0:
            return []
        with self._guarded():
            found = self._passages.query(query_embeddings=[vector], n_results=limit, include=["distances"])
        if not found["distances"]:  # nothing is in it
            return []
        return [(id_, 1.0 - float(distance)) for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

    def count(self) -> int:
        """How many passages it holds."""
        with self._guarded():
            return int(self._passages.count())

    def ids(self) -> list[str]:
        """Every passage it holds."""
        found: list[str] = []
        with self._guarded():
            while page := self._passages.get(limit=_PAGE, offset=len(found), include=[])["ids"]:
                found += page
        return found

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The vectors of those passages that are there, as it holds them."""
        found: dict[str, Vectors] = {}
        with self._guarded():
            for start in range(0, len(ids), self._batch):
                page = self._passages.get(ids=list(ids[start : start + self._batch]), include=["embeddings"])
                found |= {
                    id_: np.asarray(vector, dtype=np.float32) for id_, vector in zip(page["ids"], page["embeddings"], strict=True)
                }
        return found

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if DiskFull.is_meant(error):
                raise DiskFull(self._folder) from error
            raise IndexCorrupt(
                f"The vector index {self._folder} cannot be used: {error}. `fundstelle doctor --repair` makes it again from the articles."
            ) from error
