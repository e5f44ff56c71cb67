"""Exact vectors: those of passages and of their sentences in one SQLite file, by passage id.

Derived values only. Not here: making the vectors (``embedding.py``), the approximate index over passages (``dense.py``), deciding what may be shown
(``findable.py``).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from vectorstore.database import damages
from vectorstore.errors import DiskFull, IndexCorrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_SCALE = 127.0
DAMAGED = -1
_PAGE = 5_000
_CACHE_KB = 64_000
_ROWS_AT_ONCE = 256
_KEPT = 50_000
"""How many passages' vectors are kept between exact scans: 80 MB."""


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
        self._lock = threading.RLock()
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
        with self._guarded():
            rows = self._rows("id, passage, sentences, scales", ids)
            if not rows:
                return found
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
            rows = self._rows("id, passage, sentences, scales", ids)
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
                rows = self._rows("id, passage", wanted)
                found = _Scanned([row[0] for row in rows], _half_precision([row[1] for row in rows]) if rows else None)
                if sum(len(other.ids) for other in self._scanned.values()) + len(wanted) > _KEPT:
                    self._scanned.clear()
                self._scanned[among] = found
        return found.nearest(vector, limit=limit)

    def _rows(self, columns: str, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        query = f"SELECT {columns} FROM vectors WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608  (columns of this module)
        with self._lock:
            return self._connection.execute(query, (json.dumps(list(ids)),)).fetchall()

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
            return damages(self._connection.execute)

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
            raise IndexCorrupt(
                f"The vectors in {self._path} cannot be used: {error}. `fundstelle doctor --repair` makes them again from the articles."
            ) from error


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
