"""The term index: BM25 over ready-made terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vectorstore.errors import DiskFull, IndexCorrupt
from vectorstore.lexical import FIELDS, LexicalIndex, PassageTerms, weigh
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def passage(
    id_: str,
    own: str = "",
    *,
    gloss: str = "",
    names: str = "",
    language: str = "en",
    source: str = "",
    published: datetime | None = None,
) -> PassageTerms:
    """A passage with its terms in a row."""
    return PassageTerms(
        id=id_,
        language=language,
        source=source,
        published=int(published.timestamp()) if published else None,
        own=own.split(),
        gloss=gloss.split(),
        names=names.split(),
    )


def ids(found: list[tuple[str, float]]) -> list[str]:
    """The ids of a ranking."""
    return [id_ for id_, _ in found]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LexicalIndex]:
    """An empty term index."""
    opened = LexicalIndex(tmp_path / "lexical")
    yield opened
    opened.close()


def test_bm25_orders_by_rarity_frequency_and_length(index: LexicalIndex) -> None:
    """Rare terms weigh more than common ones, repeats more than one, and short passages more than long ones."""
    common = [passage(f"common{number}", "bridge town") for number in range(20)]
    index.upsert([*common, passage("rare", "ferry town"), passage("both", "bridge ferry")])
    index.upsert([passage("twice", "ferry ferry"), passage("long", "ferry " + "filler " * 60)])
    index.commit()
    found = index.search("own", {"bridge": 1.0, "ferry": 1.0}, limit=30)
    order = ids(found)
    assert set(order[:3]) == {"both", "twice", "rare"}
    assert order.index("rare") == 2
    assert dict(found)["long"] < dict(found)["rare"]
    assert dict(found)["common0"] < dict(found)["rare"]
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_weights_count(index: LexicalIndex) -> None:
    """A term of the question with twice the weight scores twice as much."""
    index.upsert([passage("a", "bridge"), passage("b", "ferry")])
    index.commit()
    assert ids(index.search("own", {"bridge": 2.0, "ferry": 1.0}, limit=5)) == ["a", "b"]
    assert ids(index.search("own", {"bridge": 1.0, "ferry": 2.0}, limit=5)) == ["b", "a"]
    (single,) = index.search("own", {"bridge": 1.0}, limit=5)
    (double,) = index.search("own", {"bridge": 2.0}, limit=5)
    assert double[1] == pytest.approx(2 * single[1], rel=1e-4)


def test_fields_are_apart(index: LexicalIndex) -> None:
    """A term is found in the field it was put in and in no other."""
    index.upsert([passage("a", "brücke", gloss="bridge", names="@de ~tkf", language="de")])
    index.commit()
    for field, term in zip(FIELDS, ("brücke", "bridge", "@de"), strict=True):
        assert ids(index.search(field, {term: 1.0}, limit=5)) == ["a"]
        assert all(index.search(other, {term: 1.0}, limit=5) == [] for other in FIELDS if other != field)


def test_languages_restrict(index: LexicalIndex) -> None:
    """Only passages of the languages asked for are found, with the same scores; without any, all are."""
    index.upsert([passage("en", "die cast"), passage("de", "die", language="de"), passage("fr", "die", language="fr")])
    index.commit()
    everything = dict(index.search("own", {"die": 1.0}, limit=5))
    assert set(everything) == {"en", "de", "fr"}
    found = dict(index.search("own", {"die": 1.0}, limit=5, languages=["de", "fr"]))
    assert found == pytest.approx({id_: everything[id_] for id_ in ("de", "fr")})
    assert index.search("own", {"die": 1.0}, limit=5, languages=["ru"]) == []


def test_an_upsert_replaces(index: LexicalIndex) -> None:
    """A passage is there once, with its last terms, also when it comes twice in one batch."""
    index.upsert([passage("a", "bridge"), passage("a", "bridge")])
    index.commit()
    index.upsert([passage("a", "ferry")])
    index.commit()
    assert index.count() == 1
    assert index.search("own", {"bridge": 1.0}, limit=5) == []
    assert ids(index.search("own", {"ferry": 1.0}, limit=5)) == ["a"]


def test_what_is_deleted_is_not_found(index: LexicalIndex) -> None:
    """Deleted passages are gone after the commit; unknown ids are passed over."""
    index.upsert([passage("a", "bridge"), passage("b", "bridge")])
    index.commit()
    index.delete(["a", "unknown"])
    assert index.count() == 2
    index.commit()
    assert index.count() == 1
    assert ids(index.search("own", {"bridge": 1.0}, limit=5)) == ["b"]


def test_nothing_is_seen_before_the_commit(index: LexicalIndex, tmp_path: Path) -> None:
    """An interrupted batch leaves the index as it was."""
    index.upsert([passage("a", "bridge")])
    index.commit()
    index.upsert([passage("b", "bridge")])
    assert ids(index.search("own", {"bridge": 1.0}, limit=5)) == ["a"]


def test_the_index_is_there_after_reopening(index: LexicalIndex, tmp_path: Path) -> None:
    """What was committed is found by the next process, which can write on."""
    index.upsert([passage("a", "bridge")])
    index.commit()
    index.close()
    reopened = LexicalIndex(tmp_path / "lexical")
    assert ids(reopened.search("own", {"bridge": 1.0}, limit=5)) == ["a"]
    reopened.upsert([passage("b", "bridge")])
    reopened.commit()
    assert reopened.count() == 2
    reopened.close()


def test_searching_nothing(index: LexicalIndex) -> None:
    """An empty index, no terms and a limit of zero find nothing."""
    assert index.search("own", {"bridge": 1.0}, limit=5) == []
    index.upsert([passage("a", "bridge"), passage("empty")])
    index.commit()
    assert index.search("own", {}, limit=5) == []
    assert index.search("own", {"bridge": 1.0}, limit=0) == []
    assert index.search("own", {"bridge": 1.0, "unseen": 9.0}, limit=5) != []


TERM = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=20).filter(lambda term: term.split() == [term])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(terms=st.lists(TERM, min_size=1, max_size=5, unique=True))
def test_any_characters_make_a_term(index: LexicalIndex, terms: list[str]) -> None:
    """Terms are found as they are: neither case, accents nor query syntax mean anything."""
    index.upsert([replace(passage("a"), own=terms)])
    index.commit()
    for term in terms:
        assert ids(index.search("own", {term: 1.0}, limit=5)) == ["a"]


@pytest.mark.parametrize(
    "term", ['own:bridge"', "AND", "*", "(", "-ferry", "\\", "a" * 400, "Ünïcode", "漢字", "@1526273", "~tk.f", "c++"]
)
def test_odd_terms(index: LexicalIndex, term: str) -> None:
    """What would be syntax elsewhere, long words and other scripts are terms like any other."""
    index.upsert([passage("a", f"before {term} after"), passage("b", "bridge")])
    index.commit()
    assert ids(index.search("own", {term: 1.0}, limit=5)) == ["a"]


def test_a_damaged_index_is_named_with_the_remedy(index: LexicalIndex, tmp_path: Path) -> None:
    """An unreadable index is reported, not taken for an empty one."""
    index.upsert([passage("a", "bridge")])
    index.commit()
    index.close()
    (tmp_path / "lexical" / "meta.json").write_text("{", "utf-8")
    with pytest.raises(IndexCorrupt, match=r"lexical cannot be used: .*fundstelle doctor --repair"):
        LexicalIndex(tmp_path / "lexical")


def test_a_second_writer_is_refused(index: LexicalIndex, tmp_path: Path) -> None:
    """One writer is let in; another is told so instead of waiting forever."""
    index.upsert([passage("a", "bridge")])
    second = LexicalIndex(tmp_path / "lexical")
    with pytest.raises(IndexCorrupt, match="lexical cannot be used"):
        second.upsert([passage("b", "bridge")])
    second.close()


def test_weighing_counts_repeats() -> None:
    """A term's weight is how often the question has it."""
    assert weigh(["bridge", "ferry", "bridge"]) == {"bridge": 2.0, "ferry": 1.0}


FILTERED = {
    Filters(language="de"): {"old"},
    Filters(source="Rheinwarte"): {"old", "undated"},
    Filters(source="Rhein"): set(),
    Filters(since=date(2023, 3, 1)): {"new"},
    Filters(until=date(2023, 3, 1)): {"old", "new"},
    Filters(until=date(2023, 2, 28), undated=True): {"old", "undated"},
    Filters(source="Rheinwarte", since=date(1969, 1, 1), until=date(2023, 12, 31)): {"old"},
    Filters(since=date(2024, 1, 1)): set(),
}


@pytest.mark.parametrize("filters", FILTERED, ids=str)
def test_filters_hold_inside_the_index(index: LexicalIndex, filters: Filters) -> None:
    """Language, outlet and inclusive days of publication leave the passages that match, undated ones only where they are asked for."""
    index.upsert(
        [
            passage("old", "bridge", language="de", source="Rheinwarte", published=datetime(1969, 7, 20, 20, 17, tzinfo=UTC)),
            passage("new", "bridge", source="Harbour Post", published=datetime(2023, 3, 1, 23, 59, 59, tzinfo=UTC)),
            passage("undated", "bridge", source="Rheinwarte"),
        ]
    )
    index.commit()
    assert {id_ for id_, _ in index.search("own", {"bridge": 1.0}, limit=10, filters=filters)} == FILTERED[filters]


def test_filters_do_not_change_scores(index: LexicalIndex) -> None:
    """A passage has the score under a filter that it has without."""
    index.upsert([passage("a", "bridge town", language="de"), passage("b", "bridge"), passage("c", "town town")])
    index.commit()
    unfiltered = dict(index.search("own", {"bridge": 1.0, "town": 1.0}, limit=10))
    filtered = dict(index.search("own", {"bridge": 1.0, "town": 1.0}, limit=10, filters=Filters(language="en")))
    assert filtered == pytest.approx({id_: unfiltered[id_] for id_ in ("b", "c")})


@pytest.mark.parametrize(("free", "meant"), [(0, DiskFull), (10_000_000, IndexCorrupt)])
def test_a_worker_that_fails_on_a_full_disk(
    free: int, meant: type[Exception], index: LexicalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tantivy does not say of what it failed; the room that is left does."""
    monkeypatch.setattr("vectorstore.lexical.shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(meant), index._guarded():
        raise ValueError("Worker thread failed.. A worker thread encountered an error (io::Error most likely) or panicked.")
