"""The article store: versions and their states, what leaves, filters, and files that are no library."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import zlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vectorstore.errors import ArticleNotFound, LibraryCorrupt, LibraryError
from vectorstore.library import FILE_NAME, SCHEMA_VERSION, Library, Storable
from vectorstore.types import Filters, Furniture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vectorstore.types import Article, Passage

    Split = Callable[[Article], list[Passage]]
    Make = Callable[..., Article]

BRIDGE = "The council voted to rebuild the bridge. It closes in May.\nA ferry will run until then."
FERRY = "The ferry to the island was sold. Nobody knows to whom."


def put(library: Library, *articles: Article, split: Split, original: bytes | None = None) -> None:
    """Store articles as pending; each is made from its text unless ``original`` is given."""
    library.put_all(
        Storable(article, split(article), article.text.encode() if original is None else original, f"{article.id}.txt")
        for article in articles
    )


def finish(library: Library) -> None:
    """Make everything searchable and complete, as the indexes would, and drop what has left."""
    library.make_searchable([entry.row for entry in library.pending(limit=10_000)])
    library.make_complete([entry.row for entry in library.incomplete(limit=10_000)])
    library.forget_leavings(library.leavings(limit=100_000))


def contents(library: Library) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as another program would see it."""
    with closing(sqlite3.connect(library.folder / FILE_NAME)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}


def ids(articles: Sequence[Article]) -> list[str]:
    """The ids of articles in their order."""
    return [article.id for article in articles]


# --- states


def test_an_article_comes_back_as_it_was_put(library: Library, make_article: Make, split: Split) -> None:
    """Every field, the passages with their sentences, and the original bytes survive; offsets are code points."""
    article = make_article(
        "a",
        "🌊 Flood in Brenn. Nobody was hurt.\n\nRelated articles",
        title="Flood",
        source="Post",
        author="I. Tamm",
        language="de",
        url="https://example.org/a",
        path="/tmp/a.html",
        published_at=datetime(2023, 2, 28, 14, 5, tzinfo=UTC),
        published_precision="minute",
        published_from="meta",
        modified_at=datetime(2023, 3, 1, 9, tzinfo=UTC),
        furniture=(Furniture(36, 52, "teaser"),),
        duplicate_of="b",
        sample=True,
        notes=("short", "paywall"),
    )
    put(library, make_article("b", BRIDGE), split=split)
    finish(library)
    library.put(article, split(article), original=b"<p>\xff\x00</p>", name="a.html")
    assert library.article("a") == article
    assert library.passages(article) == split(article)
    assert library.original(article) == ("a.html", b"<p>\xff\x00</p>")
    (entry,) = library.pending(limit=10)
    assert (entry.article, entry.passages) == (article, tuple(split(article)))


def test_a_date_in_another_zone_is_kept_in_utc(library: Library, make_article: Make, split: Split) -> None:
    """The same instant comes back, in UTC."""
    there = datetime.fromisoformat("2023-03-01T01:30:00+05:00")
    put(library, make_article("a", BRIDGE, published_at=there), split=split)
    found = library.article("a").published_at
    assert found == there
    assert found is not None
    assert found.utcoffset() == timedelta(0)


def test_versions_go_from_pending_to_complete(library: Library, make_article: Make, split: Split) -> None:
    """Only a searchable or complete version may be shown; each step is recorded and visible from outside."""
    article = make_article("a", BRIDGE)
    put(library, article, split=split)
    wanted = {passage.id for passage in split(article)}
    assert library.state(article) == "pending"
    assert library.candidates(wanted, filters=Filters()) == {}
    assert library.count_passages() == 0

    (row,) = [entry.row for entry in library.pending(limit=10)]
    library.make_searchable([row])
    assert library.state(article) == "searchable"
    assert set(library.candidates(wanted, filters=Filters())) == wanted == set(library.matching_ids(Filters()))
    assert [entry.row for entry in library.incomplete(limit=10)] == [row]

    library.make_complete([row])
    assert library.state(article) == "complete"
    assert set(library.candidates(wanted, filters=Filters())) == wanted
    assert library.pending(limit=10) == library.incomplete(limit=10) == []
    assert library.count_passages() == 2


def test_a_replaced_version_retires(library: Library, make_article: Make, split: Split) -> None:
    """The old version answers until the new one is searchable; then its passages leave and it can only be read."""
    old, new = make_article("a", BRIDGE), make_article("a", FERRY)
    put(library, old, split=split)
    finish(library)
    put(library, new, split=split)
    assert (library.state(old), library.state(new)) == ("complete", "pending")
    assert library.article("a") == old
    assert library.articles() == [old]
    assert set(library.matching_ids(Filters())) == {passage.id for passage in split(old)}

    library.make_searchable([entry.row for entry in library.pending(limit=10)])
    assert (library.state(old), library.state(new)) == ("retired", "searchable")
    assert library.articles() == [new]
    assert library.article("a", version=old.version) == old
    assert library.passages(old) == []
    assert set(library.leavings(limit=10)) == {passage.id for passage in split(old)}
    assert set(library.matching_ids(Filters())) == {passage.id for passage in split(new)}


def test_only_the_last_pending_version_waits(library: Library, make_article: Make, split: Split) -> None:
    """An article that changes twice before it was indexed is indexed once."""
    old, new = make_article("a", BRIDGE), make_article("a", FERRY)
    put(library, old, split=split)
    put(library, new, split=split)
    assert [entry.article for entry in library.pending(limit=10)] == [new]
    assert len(contents(library)["versions"]) == len(contents(library)["originals"]) == 1


def test_an_article_that_goes_back_to_its_old_words(library: Library, make_article: Make, split: Split) -> None:
    """A retired version becomes the current one again, and its passages, on their way out, stay."""
    old, new = make_article("a", BRIDGE), make_article("a", FERRY)
    for article in (old, new):
        put(library, article, split=split)
        library.make_searchable([entry.row for entry in library.pending(limit=10)])
    put(library, old, split=split)
    assert library.leavings(limit=10) == []
    finish(library)
    assert (library.state(old), library.state(new)) == ("complete", "retired")
    assert set(library.matching_ids(Filters())) == {passage.id for passage in split(old)}


@pytest.mark.parametrize("state", ["pending", "complete"])
def test_the_same_article_twice_is_there_once(library: Library, make_article: Make, split: Split, state: str) -> None:
    """Putting the same words again, from the same bytes, replaces the row and loses nothing."""
    article = make_article("a", BRIDGE)
    put(library, article, split=split)
    if state == "complete":
        finish(library)
    put(library, replace(article, title="Now with a title"), split=split)
    assert len(library.matching_ids(Filters())) == (2 if state == "complete" else 0)
    finish(library)
    assert library.article("a").title == "Now with a title"
    assert library.original(article) == ("a.txt", BRIDGE.encode())
    assert library.leavings(limit=10) == []
    counts = {table: len(rows) for table, rows in contents(library).items() if rows}
    assert counts == {"facts": 1, "versions": 1, "originals": 1, "passages": 2, "shelf": 1}


def test_an_article_without_passages_is_an_article(library: Library, make_article: Make, split: Split) -> None:
    """A text that is all furniture is kept and listed, though nothing of it can be found."""
    library.put(make_article("a", BRIDGE), [], original=b"", name="a")
    finish(library)
    assert ids(library.articles()) == ["a"]
    assert library.matching_ids(Filters()) == []


def test_work_is_handed_out_in_order(library: Library, make_article: Make, split: Split) -> None:
    """Pending versions come oldest first, a page at a time."""
    put(library, *(make_article(str(number), f"Story {number}.") for number in range(7)), split=split)
    first = library.pending(limit=3)
    library.make_searchable([entry.row for entry in first])
    second = library.pending(limit=100)
    assert ids([entry.article for entry in (*first, *second)]) == [str(number) for number in range(7)]


def test_many_rows_at_once(library: Library, make_article: Make, split: Split) -> None:
    """Steps over more rows than SQLite binds in one statement go through whole."""
    put(library, *(make_article(str(number), f"Story {number}.\nMore of {number}.") for number in range(600)), split=split)
    finish(library)
    found = library.matching_ids(Filters())
    assert len(found) == 1_200
    assert len(library.candidates(found, filters=Filters())) == 1_200
    rows = {candidate.version_row for candidate in library.candidates(found, filters=Filters()).values()}
    assert len(library.articles_of(rows)) == 600
    assert [len(batch) for batch in library.current_articles(at_once=250)] == [250, 250, 100]
    assert len(library.remove(str(number) for number in range(600))) == 600
    assert len(library.leavings(limit=10_000)) == 1_200


# --- removal


def test_removal_leaves_no_row(library: Library, make_article: Make, split: Split) -> None:
    """Of a removed article nothing that can be read stays, with all its versions, once the indexes have dropped its passages."""
    for text in (BRIDGE, FERRY):
        put(library, make_article("a", text, url="https://example.org/secret"), split=split)
        finish(library)
    put(library, make_article("a", "A third version."), split=split)
    assert library.remove(["a", "nobody"]) == ["a"]
    assert {passage.id for passage in split(make_article("a", FERRY))} <= set(library.leavings(limit=10))
    library.forget_leavings(library.leavings(limit=10))
    rows = contents(library)
    assert rows.pop("facts") == [("schema", str(SCHEMA_VERSION))]
    assert set(rows) == {
        *("versions", "originals", "passages", "leavings", "bands", "paragraphs", "sources", "pages"),
        *("hidden", "removed", "shelf", "feedback", "conversations", "exchanges"),
    }
    assert len(rows["removed"]) == 1
    assert all(re.fullmatch(r"[0-9a-f]{32}", value) for value in rows.pop("removed")[0])
    assert not any(rows.values())
    with pytest.raises(ArticleNotFound):
        library.article("a")


def test_removal_takes_nothing_else(library: Library, make_article: Make, split: Split) -> None:
    """The other articles' rows are untouched."""
    put(library, make_article("b", FERRY), split=split)
    finish(library)
    before = contents(library)
    put(library, make_article("a", BRIDGE), split=split)
    finish(library)
    library.remove(["a"])
    library.forget_leavings(library.leavings(limit=10))
    assert {**contents(library), "removed": []} == before


def test_shared_bytes_stay_until_the_last_article_goes(library: Library, make_article: Make, split: Split) -> None:
    """Two articles from the same bytes share one original; it goes with the second."""
    one, other = make_article("a", BRIDGE), make_article("b", BRIDGE)
    put(library, one, other, split=split, original=b"bytes")
    assert len(contents(library)["originals"]) == 1
    library.remove(["a"])
    assert library.original(other)[1] == b"bytes"
    library.remove(["b"])
    assert contents(library)["originals"] == []


def test_removing_the_first_promotes_the_next(library: Library, make_article: Make, split: Split) -> None:
    """The first copy stands for the others from the same moment on; the last one stands for itself."""
    put(library, make_article("a", BRIDGE), *(make_article(name, BRIDGE, duplicate_of="a") for name in "bcd"), split=split)
    finish(library)
    library.remove(["a"])
    assert [library.article(name).duplicate_of for name in "bcd"] == [None, "b", "b"]
    library.remove(["b", "c"])
    assert library.article("d").duplicate_of is None


def test_a_link_never_leads_nowhere(library: Library, make_article: Make, split: Split) -> None:
    """A link to a copy becomes one to the first, a link to itself or to nothing becomes none."""
    put(library, make_article("a", BRIDGE), make_article("b", BRIDGE, duplicate_of="a"), split=split)
    named = {"c": "b", "d": "d", "e": "nobody"}
    put(library, *(make_article(name, BRIDGE, duplicate_of=other) for name, other in named.items()), split=split)
    assert [library.article(name).duplicate_of for name in "cde"] == ["a", None, None]


STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from("abcd"), st.integers(0, 2), st.sampled_from([None, *"abcd"])),
    st.tuples(st.just("remove"), st.sampled_from("abcd")),
    st.tuples(st.just("hide"), st.sampled_from("abcd")),
    st.tuples(st.just("restore"), st.sampled_from("abcd")),
    st.tuples(st.just("mark"), st.sampled_from("abcd")),
    st.tuples(st.just("finish")),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_happens_the_tables_agree(
    tmp_path_factory: pytest.TempPathFactory, make_article: Make, split: Split, steps: list[tuple[Any, ...]]
) -> None:
    """No copy of a copy, nothing that belongs to no version, what can be found stays so, an added and removed article leaves no trace."""
    with closing(Library(tmp_path_factory.mktemp("steps"))) as library:
        texts = (BRIDGE, FERRY, "A third text.\nAnd its second line.")

        def storable(name: str, text: int, other: str | None) -> Storable:
            article = make_article(name, texts[text], duplicate_of=other)
            return Storable(article, split(article), texts[text].encode(), name, (text, 100 + text))

        for step, *given_ in steps:
            shown = {article.id for article in library.articles() if library.state(article) == "complete"}
            if step == "put":
                library.put_all([storable(*given_)])
            elif step == "remove":
                library.remove(given_)
                shown -= set(given_)
            elif step == "hide":
                library.hide(given_, until=datetime.now(UTC))
                shown -= set(given_)
            elif step == "restore":
                library.restore(given_)
            elif step == "mark":
                for article in filter(None, [library.newest(given_[0])]):
                    marked = replace(
                        article, furniture=(Furniture(0, article.text.index("\n") if "\n" in article.text else 1, "x"),)
                    )
                    library.mark_furniture([(marked, split(marked)[-1:])])
            else:
                finish(library)
            assert shown <= {article.id for article in library.articles() if library.state(article) != "pending"}
            check_tables(library)
        library.forget_leavings(library.leavings(limit=1000))
        before = contents(library)
        library.put_all([storable("new", 0, "a")])
        library.remove(["new"])
        library.forget_leavings(library.leavings(limit=1000))
        assert {**contents(library), "removed": before["removed"]} == before
        library.remove("abcd")
        library.forget_leavings(library.leavings(limit=1000))
        assert [table for table, rows in contents(library).items() if rows] == ["facts", "removed"]


def check_tables(library: Library) -> None:
    """Links lead to articles that are linked to nothing, and bands, passages and leavings belong where they are."""
    with closing(sqlite3.connect(library.folder / FILE_NAME)) as connection:
        connection.row_factory = sqlite3.Row
        versions = connection.execute("SELECT * FROM versions ORDER BY row").fetchall()
        current = [row for row in versions if row["state"] != "retired"]
        newest = {row["article_id"]: row for row in current}
        for row in versions:
            root = row["duplicate_of"]
            assert root is None or (row["state"] != "retired" and root != row["article_id"])
            assert root is None or newest[root]["duplicate_of"] is None
            assert root is None or row["state"] == "hidden" or newest[root]["state"] != "hidden"
        hidden = {row["row"]: row["state"] for row in connection.execute("SELECT * FROM hidden")}
        assert set(hidden) == {row["row"] for row in versions if row["state"] == "hidden"}
        for name in newest:
            states = [(row["state"], hidden.get(row["row"], row["state"])) for row in current if row["article_id"] == name]
            assert [state for _, state in states] in (["pending"], ["complete"], ["complete", "pending"])
            assert len({state == "hidden" for state, _ in states}) == 1
        shelved = dict(connection.execute("SELECT article_id, row FROM shelf").fetchall())
        assert shelved == {
            name: next(
                (row["row"] for row in current if row["article_id"] == name and row["state"] == "complete"), newest[name]["row"]
            )
            for name in newest
            if newest[name]["state"] != "hidden"
        }
        banded = {row["version_row"] for row in connection.execute("SELECT version_row FROM bands")}
        assert banded == {row["row"] for row in newest.values()}
        assert {row["version_row"] for row in connection.execute("SELECT version_row FROM passages")} <= {
            row["row"] for row in current
        }
        assert connection.execute("SELECT 1 FROM leavings JOIN passages USING (id)").fetchall() == []
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_failed_put_changes_nothing(library: Library, make_article: Make, split: Split) -> None:
    """Articles of one call come in together or not at all."""
    put(library, make_article("a", BRIDGE), split=split)
    before = contents(library)

    def broken(article: Article) -> list[Passage]:
        raise RuntimeError("no passages for " + article.id)

    with pytest.raises(RuntimeError, match="no passages for c"):
        library.put_all(
            Storable(article, (broken if article.id == "c" else split)(article), b"", "")
            for article in (make_article("b", FERRY), make_article("c", FERRY))
        )
    assert contents(library) == before


# --- switching the indexes


def test_new_indexes_come_with_new_passages(library: Library, make_article: Make, split: Split) -> None:
    """Switching splits every searchable article anew and records the facts; pending and retired versions stay as they are."""
    put(library, make_article("a", BRIDGE), split=split)
    finish(library)
    put(library, make_article("a", FERRY), split=split)
    finish(library)
    put(library, make_article("b", BRIDGE), split=split)
    waiting = library.pending(limit=10)

    def whole(article: Article) -> list[Passage]:
        return [replace(split(article)[0], end=len(article.text), sentences=())]

    library.switch_index(split=whole, complete=False, index="2", signature="other")
    assert (library.fact("index"), library.fact("signature")) == ("2", "other")
    current = library.article("a")
    assert library.passages(current) == whole(current)
    assert library.matching_ids(Filters()) == [whole(current)[0].id]
    assert library.count_passages() == 1
    assert library.state(current) == "searchable"
    assert library.state(make_article("a", BRIDGE)) == "retired"
    assert library.pending(limit=10) == waiting
    library.switch_index(split=split, complete=True, index="3")
    assert library.state(current) == "complete"


def test_what_was_removed_meanwhile_still_leaves_the_new_indexes(library: Library, make_article: Make, split: Split) -> None:
    """An article removed while new indexes were made is in them: its passages go on waiting to be dropped."""
    put(library, make_article("a", BRIDGE), make_article("b", FERRY), split=split)
    finish(library)
    library.remove(["a"])
    library.switch_index(split=split, complete=True, index="2")
    assert set(library.leavings(limit=10)) == {passage.id for passage in split(make_article("a", BRIDGE))}


def test_a_failed_switch_changes_nothing(library: Library, make_article: Make, split: Split) -> None:
    """The old passages and facts stay if an article cannot be split."""
    put(library, make_article("a", BRIDGE), make_article("b", FERRY), split=split)
    finish(library)
    library.set_facts(index="1", signature="old")
    before = contents(library)

    def broken(article: Article) -> list[Passage]:
        if article.id == "a":
            return []
        raise RuntimeError("no passages for " + article.id)

    with pytest.raises(RuntimeError, match="no passages for b"):
        library.switch_index(split=broken, complete=True, index="2", signature="new")
    assert contents(library) == before


# --- filters and lists


def test_filters(library: Library, make_article: Make, split: Split) -> None:
    """Language, outlet and period (whole days in UTC) select passages; the undated are out of a period unless asked for."""
    day = datetime(2023, 2, 28, tzinfo=UTC)
    put(
        library,
        make_article("en", BRIDGE, source="Post", published_at=day - timedelta(microseconds=1)),
        make_article("de", BRIDGE, source="Post", language="de", published_at=day),
        make_article(
            "fr", BRIDGE, source="Écho", language="fr", published_at=day + timedelta(hours=23, minutes=59, seconds=59.9)
        ),
        make_article("ru", BRIDGE, source="Écho", language="ru", published_at=day + timedelta(days=1)),
        make_article("und", BRIDGE, language="und"),
        split=split,
    )
    finish(library)
    expected = {
        Filters(): {"en", "de", "fr", "ru", "und"},
        Filters(language="de"): {"de"},
        Filters(language="xx"): set(),
        Filters(source="Post"): {"en", "de"},
        Filters(source="post"): set(),
        Filters(source="Écho", language="ru"): {"ru"},
        Filters(since=date(2023, 2, 28)): {"de", "fr", "ru"},
        Filters(until=date(2023, 2, 28)): {"en", "de", "fr"},
        Filters(since=date(2023, 2, 28), until=date(2023, 2, 28)): {"de", "fr"},
        Filters(since=date(2023, 2, 28), until=date(2023, 2, 28), undated=True): {"de", "fr", "und"},
        Filters(since=date(2024, 1, 1)): set(),
    }
    for filters, wanted in expected.items():
        passages = {passage.id for name in wanted for passage in split(make_article(name, BRIDGE))}
        assert set(library.matching_ids(filters)) == passages, filters
        assert set(library.candidates(library.matching_ids(Filters()), filters=filters)) == passages
        assert library.count_passages(filters) == len(passages)
        assert set(ids(library.articles(filters=filters))) == wanted


DAYS = st.none() | st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1))  # noqa: DTZ001 - a zone is added


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(dated=st.lists(DAYS, max_size=5), since=st.none() | st.dates(), until=st.none() | st.dates(), undated=st.booleans())
def test_any_period(
    library: Library,
    make_article: Make,
    split: Split,
    dated: list[datetime | None],
    since: date | None,
    until: date | None,
    undated: bool,
) -> None:
    """What a period selects is what comparing dates one by one selects."""
    library.remove(ids(library.articles()))
    articles = [
        make_article(str(number), FERRY, published_at=moment and moment.replace(tzinfo=UTC))
        for number, moment in enumerate(dated)
    ]
    put(library, *articles, split=split)

    def wanted(article: Article) -> bool:
        if article.published_at is None:
            return undated or not (since or until)
        day = article.published_at.date()
        return (since is None or since <= day) and (until is None or day <= until)

    found = library.articles(filters=Filters(since=since, until=until, undated=undated))
    assert set(ids(found)) == {article.id for article in articles if wanted(article)}


def test_articles_are_listed_newest_first(library: Library, make_article: Make, split: Split) -> None:
    """By publication, the undated last, those of one moment in the reverse order of coming in; pages do not overlap."""
    day = datetime(2023, 2, 28, tzinfo=UTC)
    dates = {"old": day, "undated": None, "new": day + timedelta(days=2), "twin": day, "undated too": None}
    put(library, *(make_article(name, FERRY, published_at=moment) for name, moment in dates.items()), split=split)
    wanted = ["new", "twin", "old", "undated too", "undated"]
    assert ids(library.articles()) == wanted
    assert [ids(library.articles(limit=2, offset=offset)) for offset in (0, 2, 4, 6)] == [wanted[:2], wanted[2:4], wanted[4:], []]


def test_counts(library: Library, make_article: Make, split: Split) -> None:
    """Articles count once however many versions they have; states count versions; languages count what can be found."""
    put(library, make_article("a", BRIDGE, language="de"), make_article("b", FERRY, sample=True), split=split)
    finish(library)
    put(library, make_article("a", FERRY, language="de"), make_article("c", BRIDGE, language="fr"), split=split)
    assert library.count_articles() == len(library.articles()) == 3
    assert library.count_articles("pending") == 2
    assert library.count_articles("searchable", "complete") == 2
    assert library.count_articles("retired") == 0
    assert library.languages() == {"de": 1, "en": 1}
    assert library.sample_ids() == ["b"]


def test_versions_can_be_read_by_name(library: Library, make_article: Make, split: Split) -> None:
    """The current version unless another is named; what is not there is named with the way to see what is."""
    article = make_article("a", BRIDGE)
    put(library, article, split=split)
    assert library.article("a") == library.article("a", version=article.version) == article
    with pytest.raises(ArticleNotFound, match=r"article 'b'.*fundstelle articles"):
        library.article("b")
    missing = make_article("a", FERRY)
    with pytest.raises(ArticleNotFound, match=f"version {missing.version} of article 'a'"):
        library.article("a", version=missing.version)
    for read in (library.state, library.original):
        with pytest.raises(ArticleNotFound):
            read(missing)


def test_stored_tells_the_newest_version(library: Library, make_article: Make, split: Split) -> None:
    """What ingest asks before it reads an article again: a pending version goes before the one that answers."""
    assert library.stored("a") is None
    put(library, make_article("a", BRIDGE), split=split, original=b"one")
    finish(library)
    put(library, make_article("a", FERRY), split=split, original=b"two")
    stored = library.stored("a")
    assert stored is not None
    assert (stored.version, stored.state) == (make_article("a", FERRY).version, "pending")
    assert stored.original != ""


def test_facts(library: Library) -> None:
    """Named values are kept and replaced, and are there after reopening."""
    assert library.fact("index") is None
    library.set_facts(index="1", signature="a")
    library.set_facts(index="2")
    reopened = Library(library.folder)
    assert (reopened.fact("index"), reopened.fact("signature")) == ("2", "a")
    reopened.close()


# --- files


def test_everything_is_there_after_reopening(library: Library, make_article: Make, split: Split) -> None:
    """A library is its file: another process sees the same."""
    put(library, make_article("a", BRIDGE), split=split)
    finish(library)
    library.close()
    reopened = Library(library.folder)
    assert reopened.article("a") == make_article("a", BRIDGE)
    assert reopened.count_passages() == 2
    reopened.close()


def test_a_file_that_is_no_library(tmp_path: Path) -> None:
    """Garbage is not overwritten: the message names the file and what to do."""
    (tmp_path / FILE_NAME).write_bytes(b"This is no database. " * 500)
    with pytest.raises(LibraryCorrupt, match=rf"{FILE_NAME} is damaged: .*backup"):
        Library(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes().startswith(b"This is no database.")


def test_a_file_that_is_damaged_inside(library: Library, make_article: Make, split: Split) -> None:
    """Damage found while reading is reported the same way."""
    put(library, *(make_article(str(number), BRIDGE * 40) for number in range(30)), split=split)
    library.close()
    with closing(sqlite3.connect(library.folder / FILE_NAME)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = library.folder / FILE_NAME
    content = bytearray(path.read_bytes())
    content[8192:-4096] = b"\xa5" * len(content[8192:-4096])
    path.write_bytes(content)
    with pytest.raises(LibraryCorrupt, match="backup"):
        Library(library.folder).articles()


def test_a_library_of_a_later_version(library: Library, make_article: Make, split: Split) -> None:
    """A newer layout is refused and left as it is."""
    library.close()
    with closing(sqlite3.connect(library.folder / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE facts SET value = ?", [str(SCHEMA_VERSION + 1)])
        connection.execute("DROP TABLE leavings")
    with pytest.raises(LibraryCorrupt, match=f"layout {SCHEMA_VERSION + 1}"):
        Library(library.folder)
    assert "leavings" not in contents(library)


LAYOUT_1 = """
CREATE TABLE facts (name VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (name));
CREATE TABLE originals (sha256 VARCHAR NOT NULL, name VARCHAR NOT NULL, content BLOB NOT NULL, PRIMARY KEY (sha256));
CREATE TABLE leavings (id VARCHAR NOT NULL, PRIMARY KEY (id));
CREATE TABLE versions (
    "row" INTEGER NOT NULL, article_id VARCHAR NOT NULL, version VARCHAR NOT NULL, state VARCHAR NOT NULL, title VARCHAR NOT NULL,
    source VARCHAR NOT NULL, author VARCHAR NOT NULL, language VARCHAR NOT NULL, url VARCHAR, path VARCHAR, published_at VARCHAR,
    published_precision VARCHAR, published_from VARCHAR, fetched_at VARCHAR NOT NULL, added_at VARCHAR NOT NULL, duplicate_of VARCHAR,
    sample BOOLEAN NOT NULL, original VARCHAR NOT NULL, passages INTEGER NOT NULL, text VARCHAR NOT NULL, furniture VARCHAR NOT NULL,
    PRIMARY KEY ("row"), UNIQUE (article_id, version), FOREIGN KEY(original) REFERENCES originals (sha256));
CREATE TABLE passages (
    id VARCHAR NOT NULL, version_row INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, sentences VARCHAR NOT NULL,
    PRIMARY KEY (id), FOREIGN KEY(version_row) REFERENCES versions ("row"));
CREATE INDEX ix_versions_state ON versions (state);
CREATE INDEX ix_passages_version_row ON passages (version_row);
INSERT INTO facts VALUES ('schema', '1'), ('index', '3'), ('signature', 'e5');
"""


def make_layout_1(folder: Path, *articles: Article, split: Split) -> None:
    """A library as the first version of the program left it: these articles complete, and of the first an older, retired version."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.executescript(LAYOUT_1)
        connection.execute("INSERT INTO originals VALUES ('0f', 'a.html', ?)", [zlib.compress(b"<p>bytes")])
        retired = replace(articles[0], text="What it said before.")
        for row, (article, state) in enumerate([(retired, "retired"), *((article, "complete") for article in articles)], start=1):
            values = (
                row,
                article.id,
                article.version,
                state,
                article.title,
                "Post",
                "",
                "en",
                None,
                "/a",
                "2023-02-28T00:00:00+00:00",
            )
            rest = ("day", "meta", "2024-01-02T00:00:00+00:00", "2024-01-02T00:00:00+00:00", None, False, "0f")
            passages = [] if state == "retired" else split(article)
            marks = ",".join("?" * 21)
            connection.execute(f"INSERT INTO versions VALUES ({marks})", (*values, *rest, len(passages), article.text, "[]"))
            for passage in passages:
                spans = json.dumps([[span.start, span.end] for span in passage.sentences])
                connection.execute(
                    "INSERT INTO passages VALUES (?, ?, ?, ?, ?)", (passage.id, row, passage.start, passage.end, spans)
                )


def test_an_older_library_is_brought_up_to_date(tmp_path: Path, make_article: Make, split: Split) -> None:
    """Every article, version, passage, original and fact of layout 1 is there, and everything newer works on them."""
    articles = [make_article("a", BRIDGE, title="Bridge"), make_article("b", FERRY)]
    make_layout_1(tmp_path, *articles, split=split)
    for _ in range(2):  # the second time there is nothing to do
        with closing(Library(tmp_path)) as library:
            assert (library.fact("schema"), library.fact("index"), library.fact("signature")) == (str(SCHEMA_VERSION), "3", "e5")
            assert ids(library.articles()) == ["b", "a"]
            assert [(version.state, version.title) for version in library.versions("a")] == [
                ("complete", "Bridge"),
                ("retired", "Bridge"),
            ]
            for article in articles:
                assert library.article(article.id).text == article.text
                assert library.passages(article) == split(article)
                assert library.original(article) == ("a.html", b"<p>bytes")
            assert set(library.matching_ids(Filters(source="Post"))) == {one.id for article in articles for one in split(article)}
    with closing(Library(tmp_path)) as library:
        assert {article.id for article in library.uncounted(limit=10)} == {"a", "b"}
        put(library, make_article("c", BRIDGE, duplicate_of="a"), split=split)
        library.remove(["a"])
        library.link_again([(article, [7]) for article in library.articles()])
        assert library.article("c").duplicate_of is None
        check_tables(library)
        with closing(Library(tmp_path / "new")) as new:
            assert layout(library) == layout(new)


def layout(library: Library) -> set[tuple[str, ...]]:
    """Every table, column and index with what is asked of it, as SQLite understands them."""
    with closing(sqlite3.connect(library.folder / FILE_NAME)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {
            (table, *map(str, column[1:])) for table in names for column in connection.execute(f"PRAGMA table_info({table})")
        }
        return columns | {
            (table, str(index[1:])) for table in names for index in connection.execute(f"PRAGMA index_list({table})")
        }


def test_an_update_that_fails_changes_nothing(tmp_path: Path, make_article: Make, split: Split) -> None:
    """A library that cannot be brought up to date stays what it was, for the version that wrote it."""
    make_layout_1(tmp_path, make_article("a", BRIDGE), split=split)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute("INSERT INTO passages VALUES ('lost', 99, 0, 1, '[]')")
        before = list(connection.iterdump())
    with pytest.raises(LibraryCorrupt, match="damaged"):
        Library(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert list(connection.iterdump()) == before


# --- followed sources


def test_sources_are_followed(library: Library) -> None:
    """What is followed is listed with its last visit; following it again keeps that, and what is unfollowed is gone."""
    feed, page = "https://example.org/feed.xml", "https://example.org/"
    assert library.sources() == []
    assert library.follow(feed, kind="feed", title="Example")
    assert library.follow(page, kind="page")
    first, second = library.sources()
    assert (first.address, first.kind, first.title, second.address, second.kind) == (feed, "feed", "Example", page, "page")
    assert (first.last_visit, first.next_visit, first.failures, first.unchanged, first.last_error) == (None, None, 0, 0, "")

    at = datetime(2024, 1, 2, 10, tzinfo=UTC)
    visit: dict[str, Any] = {
        "at": at,
        "next_visit": at + timedelta(hours=1),
        "etag": '"7"',
        "last_modified": "Tue, 02 Jan 2024 09:00:00 GMT",
    }
    assert library.record_visit(feed, **visit, status=200, unchanged=2)
    assert library.record_visit(
        page, at=at, next_visit=at, status=None, failures=3, error="The server did not answer.", title="News"
    )
    assert not library.follow(feed, kind="feed")
    first, second = library.sources()
    assert (first.last_visit, first.next_visit, first.etag, first.last_status) == (at, at + timedelta(hours=1), '"7"', 200)
    assert (first.title, first.unchanged, first.failures, first.last_modified) == ("Example", 2, 0, visit["last_modified"])
    assert (second.title, second.failures, second.last_error, second.last_status) == (
        "News",
        3,
        "The server did not answer.",
        None,
    )
    assert not library.record_visit("https://example.org/other", at=at, next_visit=at, status=200)
    assert library.unfollow([feed, "https://example.org/other"]) == [feed]
    assert [source.address for source in library.sources()] == [page]


# --- versions


def test_versions_are_listed(library: Library, make_article: Make, split: Split) -> None:
    """All versions, newest first, with their state; one is named by as much of its hash as tells it from the others."""
    for number, title in enumerate(("One", "Two", "Three")):
        put(library, make_article("a", f"Text number {number}.", title=title), split=split)
        if title != "Three":
            finish(library)
    listed = library.versions("a")
    assert [(version.title, version.state) for version in listed] == [
        ("Three", "pending"),
        ("Two", "complete"),
        ("One", "retired"),
    ]
    assert [version.version for version in listed] == [make_article("a", f"Text number {n}.").version for n in (2, 1, 0)]
    assert library.article("a", version=listed[2].version[:8]).text == "Text number 0."
    with pytest.raises(ArticleNotFound, match=r"Several versions .*--versions"):
        library.article("a", version="")
    for wrong in ("zz", "%", "_"):
        with pytest.raises(ArticleNotFound, match=f"no version {wrong}"):
            library.article("a", version=wrong)
    with pytest.raises(ArticleNotFound, match="no article 'b'"):
        library.versions("b")


def test_an_article_made_anew_is_one_version(library: Library, make_article: Make, split: Split) -> None:
    """While a version waits with other furniture beside the row that answers, it is listed once and read as it is found."""
    article = make_article("a", BRIDGE)
    put(library, article, split=split)
    finish(library)
    marked = replace(article, furniture=(Furniture(0, BRIDGE.index("\n"), "repeated"),))
    library.mark_furniture([(marked, split(article)[1:])])
    assert [version.state for version in library.versions("a")] == ["complete"]
    assert (library.article("a"), library.passages(article), library.state(article)) == (article, split(article), "complete")
    assert (library.articles(), library.count_articles()) == ([article], 1)
    assert library.passages_of([passage.id for passage in split(article)]) == {passage.id: passage for passage in split(article)}
    finish(library)
    assert (library.article("a"), library.passages(article)) == (marked, split(article)[1:])
    assert set(library.matching_ids(Filters())) == {split(article)[1].id}


def test_a_replaced_version_keeps_its_furniture(library: Library, make_article: Make, split: Split) -> None:
    """Furniture learned for words that were replaced meanwhile changes nothing; nor does that of an article that is gone."""
    article = make_article("a", BRIDGE)
    put(library, article, split=split)
    finish(library)
    put(library, make_article("a", FERRY), split=split)
    before = contents(library)
    library.mark_furniture([(replace(article, furniture=(Furniture(0, 3, "x"),)), []), (make_article("b", BRIDGE), [])])
    assert contents(library) == before


def test_a_path_that_is_no_folder(tmp_path: Path) -> None:
    """A file where the folder should be, or above it, is named with the option that chooses another."""
    (tmp_path / "file").write_text("text")
    for path in (tmp_path / "file", tmp_path / "file" / "library"):
        with pytest.raises(LibraryError, match=r"file is a file, and a library is a folder.*--library"):
            Library(path)


def test_two_threads_write(library: Library, make_article: Make, split: Split) -> None:
    """Writers from several threads, over one or two openings of the file, wait for each other and lose nothing."""
    second = Library(library.folder)
    faults: list[BaseException] = []

    def write(opened: Library, name: str) -> None:
        try:
            for number in range(15):
                put(opened, make_article(f"{name}{number}", f"Story {name} {number}."), split=split)
                opened.make_searchable([entry.row for entry in opened.pending(limit=3)])
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            faults.append(error)

    threads = [threading.Thread(target=write, args=work) for work in ((library, "a"), (library, "b"), (second, "c"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.close()
    assert faults == []
    assert library.count_articles() == 45
    assert library.count_articles("searchable") + library.count_articles("pending") == 45
