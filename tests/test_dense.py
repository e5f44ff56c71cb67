"""Passage vectors in Chroma, and exact ones with their sentences beside them."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vectorstore.dense import DenseIndex
from vectorstore.errors import IndexCorrupt
from vectorstore.exact_vectors import VectorStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DIMENSION = 16


def unit_vectors(count: int, *, seed: int = 7) -> Vectors:
    """Random vectors of length 1."""
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def names(count: int) -> list[str]:
    """Passage ids."""
    return [f"{number:032x}" for number in range(count)]


@pytest.fixture
def dense(tmp_path: Path) -> Iterator[DenseIndex]:
    """An empty approximate index."""
    opened = DenseIndex(tmp_path / "dense")
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    """An empty exact store."""
    opened = VectorStore(tmp_path / "index" / "sentences.db")
    yield opened
    opened.close()


# --- the approximate index


def test_the_nearest_come_first_with_their_cosines(dense: DenseIndex) -> None:
    """Over a few hundred vectors the index finds what comparing with each would, with the same scores."""
    vectors, query = unit_vectors(300), unit_vectors(1, seed=8)[0]
    dense.upsert(names(300), vectors)
    found = dense.search(query, limit=10)
    cosines = vectors @ query
    best = np.argsort(-cosines)[:10]
    assert [id_ for id_, _ in found] == [names(300)[index] for index in best]
    assert [score for _, score in found] == pytest.approx(cosines[best].tolist(), abs=1e-5)


def test_repeating_an_upsert_changes_nothing(dense: DenseIndex) -> None:
    """A passage is there once, with its last vector."""
    vectors = unit_vectors(3)
    dense.upsert(names(3), vectors)
    dense.upsert(names(3), vectors)
    dense.upsert(names(1), -vectors[:1])
    assert dense.count() == 3
    assert dense.search(-vectors[0], limit=1)[0][0] == names(1)[0]
    assert dense.search(-vectors[0], limit=1)[0][1] == pytest.approx(1, abs=1e-5)


def test_what_is_deleted_is_not_found(dense: DenseIndex) -> None:
    """Deleted passages are gone, unknown ones are passed over."""
    vectors = unit_vectors(5)
    dense.upsert(names(5), vectors)
    dense.delete([names(5)[2], "unknown"])
    assert dense.count() == 4
    assert names(5)[2] not in [id_ for id_, _ in dense.search(vectors[2], limit=10)]
    dense.delete(names(5))
    assert dense.count() == 0


def test_searching_nothing(dense: DenseIndex) -> None:
    """An empty index, a limit of zero and an empty batch are no errors."""
    query = unit_vectors(1)[0]
    assert dense.search(query, limit=5) == []
    dense.upsert([], np.empty((0, DIMENSION), dtype=np.float32))
    dense.delete([])
    dense.upsert(names(2), unit_vectors(2))
    assert dense.search(query, limit=0) == []
    assert len(dense.search(query, limit=100)) == 2


def test_the_index_is_there_after_reopening(dense: DenseIndex, tmp_path: Path) -> None:
    """What was written is found by the next process."""
    vectors = unit_vectors(4)
    dense.upsert(names(4), vectors)
    dense.close()
    reopened = DenseIndex(tmp_path / "dense")
    assert reopened.search(vectors[3], limit=1)[0][0] == names(4)[3]
    reopened.close()


def test_a_damaged_index_is_named_with_the_remedy(tmp_path: Path) -> None:
    """What is no index is not taken for an empty one."""
    folder = tmp_path / "dense"
    folder.mkdir()
    (folder / "chroma.sqlite3").write_bytes(b"This is no database. " * 500)
    with pytest.raises(IndexCorrupt, match=r"dense cannot be used: .*fundstelle doctor --repair"):
        DenseIndex(folder)


def test_vectors_of_another_width_are_refused(dense: DenseIndex) -> None:
    """The index never takes vectors of another model's dimension."""
    dense.upsert(names(2), unit_vectors(2))
    with pytest.raises(IndexCorrupt):
        dense.upsert(["other"], np.ones((1, DIMENSION // 2), dtype=np.float32))


# --- exact vectors


class Choice:
    """Stands for some passages, as the answer to a filter does."""


def scan(store: VectorStore, ids: list[str], vector: Vectors, *, limit: int = 10_000) -> list[tuple[str, float]]:
    """One exact scan of these passages."""
    return store.scan(vector, limit=limit, among=Choice(), ids=lambda: ids)


def test_the_exact_scan_equals_a_product(store: VectorStore) -> None:
    """The cosines of any choice of passages are those of the vectors up to half precision, best first."""
    vectors, query = unit_vectors(1_200), unit_vectors(1, seed=8)[0]
    store.put_passages(names(1_200), vectors)
    chosen = list(range(0, 1_200, 2))
    found = scan(store, [names(1_200)[index] for index in chosen], query)
    cosines = dict(zip((names(1_200)[index] for index in chosen), (vectors[chosen] @ query).tolist(), strict=True))
    assert dict(found) == pytest.approx(cosines, abs=1e-3)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_ties_of_the_scan_are_in_order_of_id(store: VectorStore) -> None:
    """Equal vectors give the same order each time."""
    vector = unit_vectors(1)
    store.put_passages(["c", "a", "b"], np.repeat(vector, 3, axis=0))
    assert [id_ for id_, _ in scan(store, ["b", "c", "a"], vector[0])] == ["a", "b", "c"]


def test_a_cut_scan_has_the_best(store: VectorStore) -> None:
    """The first of all, in the same order."""
    vectors, query = unit_vectors(300), unit_vectors(1, seed=8)[0]
    store.put_passages(names(300), vectors)
    assert scan(store, names(300), query, limit=7) == scan(store, names(300), query)[:7]
    assert scan(store, names(300), query, limit=0) == []


def test_what_a_scan_keeps_is_let_go_when_something_is_written(store: VectorStore) -> None:
    """The same choice is read once, and anew after a change."""
    vectors, asked = unit_vectors(4), []
    store.put_passages(names(4), vectors)
    choice = Choice()

    def nearest() -> str:
        def ids() -> list[str]:
            asked.append(1)
            return names(4)

        return store.scan(vectors[2], limit=1, among=choice, ids=ids)[0][0]

    assert [nearest(), nearest()] == [names(4)[2]] * 2
    assert len(asked) == 1
    store.put_passages(names(4), vectors[::-1])
    assert nearest() == names(4)[1]
    assert len(asked) == 2


def test_comparing_equals_the_vectors(store: VectorStore) -> None:
    """The cosines with passages and with their sentences are those of the vectors, whether sentences are made or not."""
    vectors, query = unit_vectors(3), unit_vectors(1, seed=8)[0]
    store.put_passages(names(3), vectors)
    store.put_sentences({names(3)[0]: unit_vectors(5, seed=9), names(3)[2]: unit_vectors(2, seed=10)})
    compared, stored = store.compare([*names(3), "unknown"], query), store.get(names(3))
    assert set(compared) == set(names(3))
    for id_, one in compared.items():
        sentences = stored[id_].sentences
        assert one.cosine == pytest.approx(float(stored[id_].passage @ query), abs=1e-6)
        assert one.sentences == pytest.approx([] if sentences is None else (sentences @ query).tolist(), abs=1e-6)
        assert (one.vector == stored[id_].passage).all()
    assert store.compare([], query) == {}


def test_comparing_many_sets_no_other_thread_to_work(store: VectorStore) -> None:
    """Thousands of products with vectors as long as a model's: threads of numpy's would go on waiting in a loop while the next question is embedded."""
    drawn = np.random.default_rng(11).normal(size=(4_200, 384)).astype(np.float32)
    store.put_passages(names(4_200), drawn)
    store.put_sentences(dict.fromkeys(names(300), drawn[:12]))
    scan(store, names(4_200), drawn[0])
    everywhere, here = time.process_time(), time.thread_time()
    for _ in range(20):
        store.compare(names(300), drawn[0])
        scan(store, names(4_200), drawn[0])
    here = time.thread_time() - here
    assert time.process_time() - everywhere < 1.2 * here + 0.01


def test_vectors_come_back(store: VectorStore) -> None:
    """Passage vectors in half precision; sentence vectors once they were made."""
    vectors, sentences = unit_vectors(2), unit_vectors(5, seed=8)
    store.put_passages(names(2), vectors)
    assert store.get(names(2))[names(2)[0]].sentences is None
    store.put_sentences({names(2)[0]: sentences[:3], names(2)[1]: sentences[3:]})
    found = store.get([*names(2), "unknown"])
    assert set(found) == set(names(2))
    np.testing.assert_allclose(found[names(2)[1]].passage, vectors[1], atol=1e-3)
    first, second = (found[id_].sentences for id_ in names(2))
    assert first is not None
    assert second is not None
    assert (first.shape, second.shape) == ((3, DIMENSION), (2, DIMENSION))
    np.testing.assert_allclose(first, sentences[:3], atol=1 / 127)


@given(arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 24)), elements=st.floats(-1, 1, width=32)))
def test_eight_bits_err_by_half_a_step(tmp_path_factory: pytest.TempPathFactory, matrix: Vectors) -> None:
    """Each value comes back within half of 1/127 of its row's largest, so a cosine moves by little."""
    store = VectorStore(tmp_path_factory.mktemp("store") / "sentences.db")
    store.put_passages(["a"], np.zeros((1, matrix.shape[1]), dtype=np.float32))
    store.put_sentences({"a": matrix})
    found = store.get(["a"])["a"].sentences
    store.close()
    assert found is not None
    bound = np.abs(matrix).max(axis=1, keepdims=True) / 127 * 0.5 + 1e-7
    assert (np.abs(found - matrix) <= bound).all()


def test_cosines_of_sentences_survive_eight_bits(store: VectorStore) -> None:
    """Over real widths the quantised cosine is within half a hundredth of the true one."""
    rng = np.random.default_rng(3)
    sentences = rng.normal(size=(200, 384)).astype(np.float32)
    sentences /= np.linalg.norm(sentences, axis=1, keepdims=True)
    store.put_passages(["a"], sentences[:1])
    store.put_sentences({"a": sentences})
    found = store.get(["a"])["a"].sentences
    assert found is not None
    assert np.abs(found @ sentences[0] - sentences @ sentences[0]).max() < 0.005


def test_a_new_passage_vector_drops_old_sentences(store: VectorStore) -> None:
    """Sentence vectors never stand beside a passage that they were not made for."""
    store.put_passages(["a"], unit_vectors(1))
    store.put_sentences({"a": unit_vectors(2), "unknown": unit_vectors(2)})
    store.put_passages(["a"], unit_vectors(1, seed=9))
    assert store.get(["a"])["a"].sentences is None
    assert store.count() == 1


def test_deleted_vectors_are_gone(store: VectorStore) -> None:
    """Nothing of a deleted passage stays; unknown ids are passed over."""
    store.put_passages(names(3), unit_vectors(3))
    store.delete([names(3)[0], "unknown"])
    assert set(store.get(names(3))) == set(names(3)[1:])
    assert scan(store, [names(3)[0]], unit_vectors(1)[0]) == []
    assert store.count() == 2


def test_exact_vectors_are_there_after_reopening(store: VectorStore, tmp_path: Path) -> None:
    """What was written is read by the next process."""
    store.put_passages(names(2), unit_vectors(2))
    store.close()
    reopened = VectorStore(tmp_path / "index" / "sentences.db")
    assert reopened.count() == 2
    reopened.close()


def test_a_failed_write_changes_nothing(store: VectorStore) -> None:
    """A batch goes in whole or not at all, and the store goes on working."""
    store.put_passages(names(2), unit_vectors(2))
    with pytest.raises((ValueError, sqlite3.Error, IndexCorrupt)):
        store.put_passages([*names(1), "new"], unit_vectors(1))
    assert store.count() == 2
    store.put_passages(["new"], unit_vectors(1))
    assert store.count() == 3


def test_a_damaged_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    """Garbage is reported, not overwritten."""
    path = tmp_path / "sentences.db"
    path.write_bytes(b"This is no database. " * 500)
    with pytest.raises(IndexCorrupt, match=r"sentences\.db cannot be used: .*fundstelle doctor --repair"):
        VectorStore(path)
    assert path.read_bytes().startswith(b"This is no")
