"""Vectors at two grains: passage vectors in Chroma, passages and their sentences once more in one SQLite file for exact scores.

The only importer of chromadb. Both hold derived values only. Not here: making the vectors (``embedding.py``), deciding what may be
shown (``library.py``).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from vectorstore.errors import DiskFull, IndexCorrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_COLLECTION = "passages"
_SCALE = 127.0
_PAGE = 5_000
DAMAGED = -1
_CACHE_KB = 64_000
_ROWS_AT_ONCE = 256
_KEPT = 50_000
"""How many passages' vectors are kept between exact scans: 80 MB."""
_BY_IDS = "FROM vectors WHERE id IN (SELECT value FROM json_each(?))"
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
            message = f"The vector index {self._folder} cannot be used: {error}. `fundstelle doctor --repair` makes it again from the articles."
            raise IndexCorrupt(message) from error


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """The vectors of one passage: its own, shape (d,), and those of its sentences, shape (n, d), or None before they are made."""

    passage: Vectors
    sentences: Vectors | None


@dataclass(frozen=True, slots=True)
class StoredShape:
    """How much is stored for a passage: the length of its vector, and how many sentence vectors; None before they are made, ``DAMAGED`` if they are."""

    id: str
    dimension: int
    sentences: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A passage beside a question: its vector, shape (d,), the cosine of the two and those of its sentences, none before they are made."""

    vector: Vectors
    cosine: float
    sentences: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Scanned:
    """Passages and their vectors, shape (len(ids), d); None where there are none."""

    ids: Sequence[str]
    vectors: Vectors | None

    def nearest(self, vector: Vectors, *, limit: int) -> list[tuple[str, float]]:
        """The ``limit`` nearest as (id, cosine), best first, ties by id."""
        if self.vectors is None or limit <= 0:
            return []
        cosines = _products(self.vectors, vector)
        chosen: Sequence[int] = range(len(cosines))
        if limit < len(cosines):
            worst = np.partition(cosines, -limit)[-limit]
            chosen = np.flatnonzero(cosines >= worst).tolist()
        return sorted(((self.ids[row], float(cosines[row])) for row in chosen), key=lambda pair: (-pair[1], pair[0]))[:limit]


class VectorStore:
    """Passage vectors in half precision and sentence vectors in 8 bits with a scale per row, by passage id."""

    def __init__(self, path: Path) -> None:
        """Open the file ``path``, which is made if it is not there.

        Raises:
            IndexCorrupt: what is there cannot be opened.
        """
        self._path = path
        self._scanned: WeakKeyDictionary[object, _Scanned] = WeakKeyDictionary()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        with self._guarded():
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
            # The library records next that these are stored: a power cut must not take one and leave the other.
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (id TEXT PRIMARY KEY, passage BLOB NOT NULL, sentences BLOB, scales BLOB)"
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def put_passages(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Store or replace passage vectors, shape (len(ids), d); sentence vectors that were there go."""
        rows = [(id_, vector.astype(np.float16).tobytes()) for id_, vector in zip(ids, vectors, strict=True)]
        self._write("INSERT OR REPLACE INTO vectors (id, passage) VALUES (?, ?)", rows)

    def put_sentences(self, vectors: Mapping[str, Vectors]) -> None:
        """Store the sentence vectors, shape (n, d), of passages that are there."""
        rows = []
        for id_, matrix in vectors.items():
            scales = np.maximum(np.abs(matrix).max(axis=1), 1e-12) / _SCALE
            quantised = np.rint(matrix / scales[:, None]).astype(np.int8)
            rows.append((quantised.tobytes(), scales.astype(np.float32).tobytes(), id_))
        self._write("UPDATE vectors SET sentences = ?, scales = ? WHERE id = ?", rows)

    def delete(self, ids: Sequence[str]) -> None:
        """Drop passages; unknown ids are ignored."""
        self._write("DELETE FROM vectors WHERE id = ?", [(id_,) for id_ in ids])

    def get(self, ids: Sequence[str]) -> dict[str, PassageVectors]:
        """The vectors of those passages that are there."""
        found: dict[str, PassageVectors] = {}
        with self._guarded(), self._lock:
            rows = self._connection.execute(
                f"SELECT id, passage, sentences, scales {_BY_IDS}", (json.dumps(list(ids)),)
            ).fetchall()
        if not rows:
            return found
        with self._guarded():
            # All at once: a conversion of each passage's few rows would take as long again as reading them.
            passages = _half_precision([row[1] for row in rows])
            dimension = passages.shape[1]
            made = [row for row in rows if row[2] is not None]
            sentences = np.frombuffer(b"".join(row[2] for row in made), dtype=np.int8).reshape(-1, dimension).astype(np.float32)
            sentences *= np.frombuffer(b"".join(row[3] for row in made), dtype=np.float32)[:, None]
            first = 0
            for (id_, _, eight_bits, _), passage in zip(rows, passages, strict=True):
                last = first + (len(eight_bits) // dimension if eight_bits is not None else 0)
                found[id_] = PassageVectors(passage, None if eight_bits is None else sentences[first:last])
                first = last
        return found

    def compare(self, ids: Sequence[str], vector: Vectors) -> dict[str, Compared]:
        """The cosines of ``vector`` with those of these passages that are there, and with their sentences.

        As with ``get``'s vectors but for rounding; all at once, without scaling what only its cosine is wanted of.
        """
        with self._guarded():
            with self._lock:
                rows = self._connection.execute(
                    f"SELECT id, passage, sentences, scales {_BY_IDS}", (json.dumps(list(ids)),)
                ).fetchall()
            if not rows:
                return {}
            passages = _half_precision([row[1] for row in rows])
            sentences = np.frombuffer(b"".join(row[2] or b"" for row in rows), dtype=np.int8).reshape(-1, passages.shape[1])
            scales = np.frombuffer(b"".join(row[3] or b"" for row in rows), dtype=np.float32)
            whole = _products(passages, vector).tolist()
            parts = iter((_products(sentences, vector) * scales).tolist())
        return {
            row[0]: Compared(passage, cosine, tuple(islice(parts, len(row[3] or b"") // scales.itemsize)))
            for row, passage, cosine in zip(rows, passages, whole, strict=True)
        }

    def scan(self, vector: Vectors, *, limit: int, among: object, ids: Callable[[], Sequence[str]]) -> list[tuple[str, float]]:
        """The nearest of some passages as (id, cosine), best first: an exact scan.

        ``ids`` is asked which they are; the answer and its vectors are kept for as long as the object ``among`` lives, which stands for those
        passages, and until something is written.
        """
        found = self._scanned.get(among)
        if found is None:
            wanted = ids()
            with self._guarded(), self._lock:  # what is kept is never older than what is written
                found = self._read(wanted)
                if sum(len(other.ids) for other in self._scanned.values()) + len(wanted) > _KEPT:
                    self._scanned.clear()
                self._scanned[among] = found
        return found.nearest(vector, limit=limit)

    def _read(self, ids: Sequence[str]) -> _Scanned:
        rows = self._connection.execute(f"SELECT id, passage {_BY_IDS}", (json.dumps(list(ids)),)).fetchall()
        return _Scanned([row[0] for row in rows], _half_precision([row[1] for row in rows]) if rows else None)

    def count(self) -> int:
        """How many passages it holds."""
        with self._guarded(), self._lock:
            return int(self._connection.execute("SELECT count(*) FROM vectors").fetchone()[0])

    def shapes(self) -> Iterator[StoredShape]:
        """What is stored for each passage."""
        query = "SELECT id, length(passage), length(sentences), length(scales) FROM vectors WHERE id > ? ORDER BY id LIMIT ?"
        last = ""
        while True:
            with self._guarded(), self._lock:
                rows = self._connection.execute(query, (last, _PAGE)).fetchall()
            if not rows:
                return
            for id_, passage, sentences, scales in rows:
                dimension = passage // 2
                whole = sentences is not None and scales is not None and sentences == (scales // 4) * dimension
                yield StoredShape(id_, dimension, None if sentences is None else scales // 4 if whole else DAMAGED)
            last = rows[-1][0]

    def damage(self) -> str:
        """What SQLite finds wrong with the file itself; empty if nothing."""
        with self._guarded(), self._lock:
            said = [line for (line,) in self._connection.execute("PRAGMA integrity_check(3)") if line != "ok"]
        return "; ".join(said)

    def _write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with self._guarded(), self._lock:
            self._scanned.clear()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(statement, rows)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:  # the file is damaged, or what a row holds
            if DiskFull.is_meant(error):
                raise DiskFull(self._path) from error
            message = f"The vectors in {self._path} cannot be used: {error}. `fundstelle doctor --repair` makes them again from the articles."
            raise IndexCorrupt(message) from error


def _half_precision(stored: Sequence[bytes]) -> Vectors:
    """The vectors of some passages, shape (len(stored), d)."""
    return np.frombuffer(b"".join(stored), dtype=np.float16).reshape(len(stored), -1).astype(np.float32)


def _products(rows: NDArray[np.float32] | NDArray[np.int8], vector: Vectors) -> Vectors:
    """The product of each row with ``vector``, a few rows at a time.

    Many at once numpy shares out to threads of its own, which go on looking for more to do for a tenth of a second, at the cost of what comes next.
    """
    products = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        chosen = rows[start : start + _ROWS_AT_ONCE]
        np.matmul(chosen.astype(np.float32, copy=False), vector, out=products[start : start + len(chosen)])
    return products
