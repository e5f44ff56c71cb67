"""The indexes of a library: lock, signature, catching up after any interruption, rebuilding, removal without a trace."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vectorstore.embedding import SentenceTransformerEncoder
from vectorstore.errors import IndexCorrupt, IndexMismatch, LibraryBusy, LibraryError
from vectorstore.indexes import Indexes, IndexProgress, embedded_text, index_signature, rebuild
from vectorstore.library import Library, Storable
from vectorstore.ownership import Lock
from vectorstore.types import Filters, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder
    from vectorstore.types import Article

    Make = Callable[..., Article]
    Split = Callable[[Article], list[Passage]]

TEXTS = {
    "a": "Brenn rebuilds its bridge. It closes in May.\nThe mayor of Brenn promised a ferry.",
    "b": "Brenn sold the ferry. Nobody in Brenn knows to whom.",
    "c": "The museum of Brenn bought a painting.\nBrenn paid three million crowns.\nCritics in Brenn call it a waste.",
}
IN_EVERY_PASSAGE = "brenn"


@dataclass
class Shelf:
    """A library with what its indexes are opened with."""

    library: Library
    encoder: Encoder
    glossary: Glossary
    split: Split
    make_article: Make

    def put(self, **texts: str) -> None:
        """Store articles by id as pending."""
        for name, text in texts.items():
            article = self.make_article(name, text)
            self.library.put(article, self.split(article), original=text.encode(), name=name)

    @contextmanager
    def opened(self) -> Iterator[Indexes]:
        """The indexes, closed at the end whatever happens."""
        indexes = Indexes.open(self.library, encoder=self.encoder, glossary=self.glossary)
        try:
            yield indexes
        finally:
            indexes.close()

    def catch_up(self) -> None:
        """Open, do what is left to do, close."""
        with self.opened() as indexes:
            indexes.catch_up(sentences=True)

    def rebuild(self, **other: Any) -> None:
        """Rebuild the indexes, with other parts if given."""
        given = {"encoder": self.encoder, "glossary": self.glossary, "split": self.split, "sentences": True, **other}
        rebuild(self.library, **given)

    def everything(self) -> dict[str, Any]:
        """What can be seen of the library and of each index, opened for it."""
        with self.opened() as indexes:
            return self.seen_in(indexes)

    def seen_in(self, indexes: Indexes) -> dict[str, Any]:
        """What can be seen of the library and of each index: equal contents give equal values."""
        articles = self.library.articles()
        current = {passage.id for article in articles for passage in self.library.passages(article)}
        gone = {passage.id for text in (*TEXTS.values(), CHANGED) for name in TEXTS for passage in self.passages(name, text)}
        vectors = indexes.vectors.get(sorted(current | gone))
        return {
            "states": {article.id: (article.version, self.library.state(article)) for article in articles},
            "visible": sorted(self.library.matching_ids(Filters())),
            "leavings": self.library.leavings(limit=100),
            "dense": sorted(id_ for id_, _ in indexes.dense.search(np.ones(32, dtype=np.float32), limit=100)),
            "lexical": sorted(id_ for id_, _ in indexes.lexical.search("own", {IN_EVERY_PASSAGE: 1.0}, limit=100)),
            "vectors": {
                id_: (found.passage.tobytes(), None if found.sentences is None else found.sentences.tobytes())
                for id_, found in sorted(vectors.items())
            },
            "counts": (indexes.dense.count(), indexes.lexical.count(), indexes.vectors.count()),
        }

    def passages(self, name: str, text: str) -> list[Passage]:
        """The passages that an article of this text has."""
        return self.split(self.make_article(name, text))


CHANGED = "Brenn rebuilds its bridge. It closes in June.\nThe council of Brenn promised a bus."


@pytest.fixture
def shelf(library: Library, tiny_encoder: Encoder, tiny_glossary: Glossary, split: Split, make_article: Make) -> Shelf:
    """An empty library."""
    return Shelf(library, tiny_encoder, tiny_glossary, split, make_article)


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    """A library of two articles, complete."""
    shelf.put(a=TEXTS["a"], b=TEXTS["b"])
    shelf.catch_up()
    return shelf


# --- the lock


def test_a_busy_library_names_its_owner(library: Library) -> None:
    """While another process has the lock it is waited for, then named; when that process dies, the lock is free."""
    code = (
        "import pathlib, sys; from vectorstore.ownership import Lock\n"
        "lock = Lock(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(library.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(LibraryBusy, match=f"process {owner.pid}") as caught:
            Lock(library.folder, wait=0.1)
        assert caught.value.pid == owner.pid
        owner.kill()
        owner.wait()
        Lock(library.folder, wait=5).release()


def test_the_lock_can_be_taken_again(library: Library) -> None:
    """Released, it is free at once and leaves no owner behind."""
    for _ in range(2):
        lock = Lock(library.folder, wait=0)
        with pytest.raises(LibraryBusy):
            Lock(library.folder, wait=0)
        lock.release()
    assert not (library.folder / "lock.json").exists()


def test_a_damaged_note_of_the_owner(library: Library) -> None:
    """Without a readable pid the library is busy all the same."""
    lock = Lock(library.folder, wait=0)
    (library.folder / "lock.json").write_text("{", "utf-8")
    with pytest.raises(LibraryBusy, match="another process") as caught:
        Lock(library.folder, wait=0)
    assert caught.value.pid is None
    lock.release()


def test_a_folder_that_cannot_be_locked(tmp_path: Path) -> None:
    """The message names the folder and the option that chooses another."""
    (tmp_path / "lock").mkdir()
    with pytest.raises(LibraryError, match=rf"{tmp_path.name} cannot be locked: .*--library"):
        Lock(tmp_path, wait=0)


# --- opening


def test_a_new_library_gets_its_first_indexes(shelf: Shelf) -> None:
    """The folder is numbered 1, and what the vectors are made with is recorded."""
    with shelf.opened() as indexes:
        assert indexes.number == 1
    assert shelf.library.fact("index") == "1"
    assert shelf.library.fact("signature") == index_signature(shelf.encoder)
    assert shelf.library.fact("embedding") == shelf.encoder.name
    assert (shelf.library.folder / "index" / "1" / "dense").is_dir()


def test_another_model_is_refused_with_the_remedy(
    filled: Shelf, make_tiny_model: Callable[..., Path], single_precision: Path
) -> None:
    """Vectors of the same width from other weights are never mixed; both ways out are named."""
    other = SentenceTransformerEncoder(str(make_tiny_model("other", seed=8)), cache=single_precision)
    assert other.dimension == filled.encoder.dimension
    with pytest.raises(IndexMismatch, match=rf"{filled.encoder.name}.*{other.name}.*fundstelle reindex.*FUNDSTELLE_EMBEDDING"):
        Indexes.open(filled.library, encoder=other, glossary=filled.glossary)
    with filled.opened():
        pass


@pytest.mark.parametrize("lost", ["", "dense", "lexical", "sentences.db"])
def test_missing_indexes_are_no_empty_ones(filled: Shelf, lost: str) -> None:
    """A lost part is reported with the remedy, which brings it back, rather than answering from what is left."""
    before = filled.everything()
    path = filled.library.folder / "index" / "1" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(IndexCorrupt, match=r"missing or lack passages.*fundstelle reindex.*no article is lost"):
        Indexes.open(filled.library, encoder=filled.encoder, glossary=filled.glossary)
    filled.rebuild()
    assert filled.everything() == before


@pytest.mark.parametrize("damaged", ["lexical/meta.json", "sentences.db"])
def test_damaged_indexes_are_rebuilt(filled: Shelf, damaged: str) -> None:
    """A part that cannot be read names the remedy, which brings it back."""
    before = filled.everything()
    path = filled.library.folder / "index" / "1" / damaged
    path.write_bytes(b"This is no index. " * 500)
    for beside in path.parent.glob(f"{path.name}-*"):
        beside.unlink()
    with pytest.raises(IndexCorrupt, match="fundstelle doctor --repair"):
        Indexes.open(filled.library, encoder=filled.encoder, glossary=filled.glossary)
    filled.rebuild()
    assert filled.everything() == before


# --- catching up


def test_pending_articles_become_complete(shelf: Shelf) -> None:
    """Every passage comes into each index, every sentence has its vector, and progress is told in articles."""
    shelf.put(**TEXTS)
    told: list[IndexProgress] = []
    with shelf.opened() as indexes:
        indexes.catch_up(sentences=True, on_progress=told.append)
    seen = shelf.everything()
    wanted = sorted(passage.id for name, text in TEXTS.items() for passage in shelf.passages(name, text))
    assert seen["visible"] == seen["dense"] == seen["lexical"] == sorted(seen["vectors"]) == wanted
    assert {state for _, state in seen["states"].values()} == {"complete"}
    assert [(progress.step, progress.articles) for progress in told] == [("articles", 3), ("sentences", 3)]


def test_stored_vectors_are_those_of_passages_and_sentences(filled: Shelf) -> None:
    """A passage's vector is of its words under the headline, a sentence's of the sentence alone."""
    article = filled.make_article("a", TEXTS["a"])
    first = filled.split(article)[0]
    with filled.opened() as indexes:
        found = indexes.vectors.get([first.id])[first.id]
    sentences = [span.slice(article.text) for span in first.sentences]
    np.testing.assert_allclose(found.passage, filled.encoder.encode_passages([embedded_text(article, first)])[0], atol=2e-3)
    assert found.sentences is not None
    np.testing.assert_allclose(found.sentences, filled.encoder.encode_passages(sentences), atol=5e-3)


def test_the_headline_is_embedded_with_each_passage(make_article: Make) -> None:
    """A passage is embedded under its headline unless it holds it itself."""
    article = make_article("a", "Ferry sold\nThe island has none.", title="Ferry sold")
    passages = [
        Passage(article_id="a", version=article.version, start=start, end=end, sentences=()) for start, end in ((0, 10), (11, 31))
    ]
    assert [embedded_text(article, passage) for passage in passages] == ["Ferry sold", "Ferry sold\nThe island has none."]


def test_without_sentence_vectors_articles_stay_searchable(shelf: Shelf) -> None:
    """The setting that turns them off leaves work that a later run with it on does."""
    shelf.put(a=TEXTS["a"])
    with shelf.opened() as indexes:
        indexes.catch_up(sentences=False)
    seen = shelf.everything()
    assert [state for _, state in seen["states"].values()] == ["searchable"]
    assert all(sentences is None for _, sentences in seen["vectors"].values())
    shelf.catch_up()
    assert [state for _, state in shelf.everything()["states"].values()] == ["complete"]


def test_catching_up_twice_changes_nothing(filled: Shelf) -> None:
    """There is nothing left to do, and doing it anew gives the same."""
    before = filled.everything()
    filled.catch_up()
    assert filled.everything() == before
    filled.put(a=TEXTS["a"], b=TEXTS["b"])
    filled.catch_up()
    assert filled.everything() == before


def test_many_articles_are_indexed_in_batches(shelf: Shelf) -> None:
    """More than one batch goes through whole."""
    texts = {f"n{number}": f"Report {number} of Brenn." + (" Brenn." * 30_000 if number == 5 else "") for number in range(140)}
    article_texts = [shelf.make_article(name, text) for name, text in texts.items()]
    shelf.library.put_all(
        Storable(
            article,
            [Passage(article_id=article.id, version=article.version, start=0, end=12, sentences=(Span(0, 12),))],
            b"",
            "",
        )
        for article in article_texts
    )
    told: list[IndexProgress] = []
    with shelf.opened() as indexes:
        indexes.catch_up(sentences=True, on_progress=told.append)
        assert (indexes.dense.count(), indexes.lexical.count(), indexes.vectors.count()) == (140, 140, 140)
    assert shelf.library.count_articles("complete") == 140
    assert [progress.articles for progress in told if progress.step == "articles"][-1] == 140


def test_an_article_without_sentences_completes(shelf: Shelf) -> None:
    """Nothing to make is not work that stays."""
    article = shelf.make_article("a", "Brenn.")
    passage = Passage(article_id="a", version=article.version, start=0, end=6, sentences=())
    shelf.library.put(article, [passage], original=b"", name="")
    shelf.library.put(shelf.make_article("empty", "Nothing but furniture."), [], original=b"", name="")
    shelf.catch_up()
    assert {state for _, state in shelf.everything()["states"].values()} == {"complete"}


# --- removal


def test_removal_leaves_no_trace_in_any_index(shelf: Shelf) -> None:
    """After a removal and the catching up each index is as if the article had never been."""
    shelf.put(a=TEXTS["a"])
    shelf.catch_up()
    before = shelf.everything()
    shelf.put(b=TEXTS["b"], c=TEXTS["c"])
    shelf.catch_up()
    shelf.library.remove(["b", "c"])
    shelf.catch_up()
    assert shelf.everything() == before
    with shelf.opened() as indexes:
        assert indexes.lexical.search("own", {"paint": 1.0}, limit=5) == []


def test_what_is_removed_is_not_visible_before_it_leaves(filled: Shelf) -> None:
    """From the moment of removal no passage of it may be shown, though the indexes still have it."""
    filled.library.remove(["b"])
    passages = {passage.id for passage in filled.passages("b", TEXTS["b"])}
    assert filled.library.candidates(passages, filters=Filters()) == {}
    with filled.opened() as indexes:
        assert set(indexes.vectors.get(sorted(passages))) == passages
        indexes.purge()
        assert indexes.vectors.get(sorted(passages)) == {}


def test_a_replaced_version_leaves_the_indexes(filled: Shelf) -> None:
    """A changed article has the passages of its new words only."""
    filled.put(a=CHANGED)
    filled.catch_up()
    seen = filled.everything()
    wanted = sorted(passage.id for name, text in (("a", CHANGED), ("b", TEXTS["b"])) for passage in filled.passages(name, text))
    assert seen["visible"] == seen["dense"] == seen["lexical"] == sorted(seen["vectors"]) == wanted


# --- interruption


class Interruption(BaseException):
    """Stands for a kill between two steps."""


STEPS = (
    ("dense", "upsert"),
    ("dense", "delete"),
    ("vectors", "put_passages"),
    ("vectors", "put_sentences"),
    ("vectors", "delete"),
    ("lexical", "upsert"),
    ("lexical", "delete"),
    ("lexical", "commit"),
)
LIBRARY_STEPS = ("make_searchable", "make_complete", "forget_leavings")


def interrupt(indexes: Indexes, library: Library, patch: pytest.MonkeyPatch, *, after: int) -> list[str]:
    """Let only the first ``after`` steps that write anything happen; the list returned names those that did."""
    done: list[str] = []

    def guard(owner: object, name: str) -> None:
        write = getattr(owner, name)

        def counted(*given: Any, **options: Any) -> Any:
            if len(done) == after:
                raise Interruption
            done.append(name)
            return write(*given, **options)

        patch.setattr(owner, name, counted)

    for part, name in STEPS:
        guard(getattr(indexes, part), name)
    for name in LIBRARY_STEPS:
        guard(library, name)
    return done


def work(shelf: Shelf) -> None:
    """Leave something of each kind to do: a changed article, a new one, a removed one."""
    shelf.put(a=CHANGED, c=TEXTS["c"])
    shelf.library.remove(["b"])


def test_every_interruption_leaves_work_to_repeat(filled: Shelf, tmp_path: Path) -> None:
    """Stopped after any number of writes and opened again, catching up ends where an undisturbed run does.

    What may be shown meanwhile is each time the old version or the new one, with its passages in the indexes.
    """
    work(filled)
    filled.library.close()
    start = tmp_path / "start"
    shutil.copytree(filled.library.folder, start)

    def run(after: int) -> tuple[Shelf, list[str]]:
        folder = tmp_path / f"run{after}"
        shutil.copytree(start, folder)
        shelf = Shelf(Library(folder), filled.encoder, filled.glossary, filled.split, filled.make_article)
        with pytest.MonkeyPatch.context() as patch, shelf.opened() as indexes:
            done = interrupt(indexes, shelf.library, patch, after=after)
            try:
                indexes.catch_up(sentences=True)
            except Interruption:
                assert len(done) == after
        return shelf, done

    undisturbed, steps = run(1_000)
    expected = undisturbed.everything()
    undisturbed.library.close()
    assert {name for _, name in STEPS} | set(LIBRARY_STEPS) == set(steps)
    versions = {filled.make_article("a", text).version for text in (TEXTS["a"], CHANGED)}
    removed = {passage.id for passage in filled.passages("b", TEXTS["b"])}
    for after in range(len(steps)):
        shelf, _ = run(after)
        with shelf.opened() as indexes:
            between = shelf.seen_in(indexes)
            assert set(between["visible"]) <= set(between["dense"]) & set(between["lexical"]) & set(between["vectors"])
            assert between["states"]["a"][0] in versions
            assert not removed & set(between["visible"])
            indexes.catch_up(sentences=True)
            assert shelf.seen_in(indexes) == expected, f"interrupted after {steps[:after]}"
        shelf.library.close()


# --- rebuilding


def test_rebuilt_indexes_answer_the_same(filled: Shelf) -> None:
    """The new indexes hold what the old ones did, and the old folder is gone."""
    before = filled.everything()
    told: list[IndexProgress] = []
    filled.rebuild(on_progress=told.append)
    assert filled.everything() == before
    assert [path.name for path in (filled.library.folder / "index").iterdir()] == ["2"]
    assert [progress.articles for progress in told] == [2]
    filled.rebuild()
    assert [path.name for path in (filled.library.folder / "index").iterdir()] == ["3"]


def test_rebuilding_takes_another_model(filled: Shelf, make_tiny_model: Callable[..., Path], single_precision: Path) -> None:
    """What was refused before is what the indexes are made with afterwards, and the old model is refused."""
    other = SentenceTransformerEncoder(str(make_tiny_model("other", seed=8)), cache=single_precision)
    filled.rebuild(encoder=other, sentences=False)
    with pytest.raises(IndexMismatch):
        Indexes.open(filled.library, encoder=filled.encoder, glossary=filled.glossary)
    filled.encoder = other
    seen = filled.everything()
    assert {state for _, state in seen["states"].values()} == {"searchable"}
    assert filled.library.fact("embedding") == other.name


def test_rebuilding_takes_another_splitter(filled: Shelf) -> None:
    """Passages are made anew in the library and in each index."""

    def whole(article: Article) -> Sequence[Passage]:
        return [Passage(article_id=article.id, version=article.version, start=0, end=len(article.text), sentences=())]

    filled.rebuild(split=whole)
    wanted = sorted(whole(filled.make_article(name, TEXTS[name]))[0].id for name in ("a", "b"))
    seen = filled.everything()
    assert seen["visible"] == seen["dense"] == seen["lexical"] == sorted(seen["vectors"]) == wanted


def test_pending_articles_survive_a_rebuild(filled: Shelf) -> None:
    """What waited before still waits, and comes into the new indexes."""
    filled.put(c=TEXTS["c"])
    filled.rebuild()
    assert filled.library.count_articles("pending") == 1
    filled.catch_up()
    assert filled.library.count_articles("complete") == 3


def test_an_interrupted_rebuild_leaves_the_old_indexes(filled: Shelf) -> None:
    """Until the switch the old ones answer; the half-made folder goes with the next rebuild."""
    before = filled.everything()

    def broken(article: Article) -> Sequence[Passage]:
        if article.id == "b":
            raise Interruption
        return filled.split(article)

    with pytest.raises(Interruption):
        filled.rebuild(split=broken)
    assert filled.library.fact("index") == "1"
    assert filled.everything() == before
    filled.rebuild()
    assert filled.everything() == before
    assert [path.name for path in (filled.library.folder / "index").iterdir()] == ["2"]


def test_a_rebuild_interrupted_after_the_switch(filled: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the old folder is left over, which goes when the new one is opened."""
    before = filled.everything()
    switch = filled.library.switch_index

    def switch_and_stop(**given: Any) -> None:
        switch(**given)
        raise Interruption

    monkeypatch.setattr(filled.library, "switch_index", switch_and_stop)
    with pytest.raises(Interruption):
        filled.rebuild()
    assert {path.name for path in (filled.library.folder / "index").iterdir()} == {"1", "2"}
    assert filled.everything() == before
    assert [path.name for path in (filled.library.folder / "index").iterdir()] == ["2"]


def test_indexes_of_a_library_that_is_gone(filled: Shelf) -> None:
    """Where ``library.db`` is a new one, the indexes beside it, perhaps of another model, are not taken for its own."""
    folder = filled.library.folder
    filled.library.close()
    for file in folder.glob("library.db*"):
        file.unlink()
    filled.library = Library(folder)
    filled.put(c="A barge sank at Brenn. Nobody was hurt.")
    filled.catch_up()
    assert filled.everything()["counts"] == (1, 1, 1)
    assert [path.name for path in (folder / "index").iterdir()] == ["2"]


def test_rebuilding_an_empty_library(shelf: Shelf) -> None:
    """There is nothing to do, and it is done."""
    shelf.rebuild()
    assert shelf.everything()["counts"] == (0, 0, 0)
    shelf.put(a=TEXTS["a"])
    shelf.catch_up()
    assert shelf.library.count_articles("complete") == 1
