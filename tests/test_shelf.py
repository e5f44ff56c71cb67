"""The table of a library's articles: order, pages, search, filters, and that it follows whatever is written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.test_library import finish, put
from vectorstore.errors import SettingsError
from vectorstore.library import FILE_NAME, Library
from vectorstore.shelf import MAX_ROWS, SORTS
from vectorstore.types import Filters, Furniture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vectorstore.shelf import Shelf, Sort
    from vectorstore.types import Article, Passage

    Split = Callable[[Article], list[Passage]]
    Make = Callable[..., Article]

FERRY = "The ferry to the island was sold. Nobody knows to whom."
DAY = datetime(2024, 5, 1, tzinfo=UTC)


def ids(shelf: Shelf) -> list[str]:
    """The ids of the rows in their order."""
    return [row.id for row in shelf.rows]


@pytest.fixture
def filled(library: Library, make_article: Make, split: Split) -> Library:
    """Four articles in two languages of three outlets: one without a date, one with a copy, the last one still pending."""
    named: list[tuple[str, str, str, str, datetime | None]] = [
        ("a", "Zug nach Übersee", "Ägäis-Kurier", "de", DAY),
        ("b", "ähnlich wie gestern", "Post", "de", None),
        ("c", "Bridge reopens", "Post", "en", DAY + timedelta(days=2)),
        ("d", "zebra", "beacon", "en", DAY + timedelta(days=1)),
    ]
    for name, title, source, language, published in named:
        article = make_article(
            name,
            f"{title}. {FERRY}",
            title=title,
            source=source,
            language=language,
            published_at=published,
            published_precision="day" if published else None,
            duplicate_of="c" if name == "d" else None,
        )
        if name == "d":
            finish(library)
        put(library, article, split=split)
    return library


@pytest.mark.parametrize(
    ("sort", "rising"),
    [
        ("added", "abcd"),
        ("published", "adcb"),
        ("title", "bcda"),
        ("source", "adbc"),
        ("language", "abcd"),
        ("state", "abcd"),
    ],
)
def test_the_table_is_sorted(filled: Library, sort: Sort, rising: str) -> None:
    """Each column sorts both ways without case and accents; what has no date is last in both."""
    assert ids(filled.browse(sort=sort, descending=False)) == list(rising)
    falling = list("cdab") if sort == "published" else list(reversed(rising))
    assert ids(filled.browse(sort=sort, descending=True)) == falling


def test_pages_fit_together(library: Library, make_article: Make, split: Split) -> None:
    """Pages in a row have every article once, also where all are equal in what is sorted by; a page has a bounded number of rows."""
    put(library, *(make_article(f"{number:04}", f"Story {number}.", title="Same") for number in range(7)), split=split)
    for sort in SORTS:
        pages = [library.browse(sort=sort, limit=3, offset=offset) for offset in (0, 3, 6, 9)]
        assert [len(page.rows) for page in pages] == [3, 3, 1, 0]
        assert sorted(name for page in pages for name in ids(page)) == [f"{number:04}" for number in range(7)]
        assert {page.total for page in pages} == {7}
    assert library.browse(limit=MAX_ROWS * 10).total == 7


def test_search_is_tolerant(filled: Library) -> None:
    """Every word has to be in headline or outlet, anywhere, in any case, with or without accents; nothing in it is a wildcard."""
    assert ids(filled.browse(search="ubersee")) == ["a"]
    assert ids(filled.browse(search="ÜBERSEE kurier")) == ["a"]
    assert ids(filled.browse(search="post", sort="title", descending=False)) == ["b", "c"]
    assert filled.browse(search="post bridge").total == 1
    assert filled.browse(search="post zebra").total == 0
    assert filled.browse(search="%").total == filled.browse(search="_").total == 0
    assert filled.browse(search="  ").total == 4


def test_filters_limit_the_table(filled: Library) -> None:
    """Language, outlet and period as everywhere; undated articles only where they are asked for."""
    assert sorted(ids(filled.browse(filters=Filters(language="de")))) == ["a", "b"]
    assert ids(filled.browse(filters=Filters(source="Post"), search="bridge")) == ["c"]
    since = Filters(since=date(2024, 5, 2))
    assert sorted(ids(filled.browse(filters=since))) == ["c", "d"]
    assert filled.browse(filters=Filters(since=date(2024, 5, 2), undated=True)).total == 3


def test_a_row_says_what_there_is(filled: Library, make_article: Make, split: Split) -> None:
    """Facts, state, copies, versions and length of the version that answers; a new one shows once it does."""
    (row,) = filled.browse(search="bridge").rows
    assert (row.state, row.copies, row.versions, row.duplicate_of) == ("complete", 1, 1, None)
    assert (row.language, row.published_at, row.published_precision) == ("en", DAY + timedelta(days=2), "day")
    assert row.characters == len(filled.article("c").text)
    (copy,) = filled.browse(search="zebra").rows
    assert (copy.state, copy.duplicate_of, copy.copies) == ("pending", "c", 0)

    put(filled, make_article("c", "Other words.", title="Bridge closes"), split=split)
    (row,) = filled.browse(search="bridge").rows
    assert (row.title, row.state, row.versions) == ("Bridge reopens", "complete", 2)
    finish(filled)
    (row,) = filled.browse(search="bridge").rows
    assert (row.title, row.state, row.versions, row.characters) == ("Bridge closes", "complete", 2, len("Other words."))


def test_a_story_is_the_articles_that_say_the_same(filled: Library) -> None:
    """The one that stands for the others comes first, whichever of them is asked for; an article alone is its own story."""
    assert [row.id for row in filled.story("d")] == [row.id for row in filled.story("c")] == ["c", "d"]
    assert [row.duplicate_of for row in filled.story("d")] == [None, "c"]
    assert [row.id for row in filled.story("a")] == ["a"]
    assert filled.story("nobody") == ()
    filled.hide(["c"], until=DAY)
    assert [row.id for row in filled.story("d")] == ["d"]


def test_the_table_follows_every_change(filled: Library, split: Split) -> None:
    """Other furniture, removal and another index leave exactly the articles that are listed, each once."""
    listed = {article.id for article in filled.articles()}
    assert set(ids(filled.browse())) == listed
    article = filled.article("a")
    marked = filled.newest("a")
    assert marked is not None
    filled.mark_furniture([(_with_furniture(marked), split(article))])
    assert sorted(ids(filled.browse())) == sorted(listed)
    finish(filled)
    filled.switch_index(split=split, complete=False, index="2")
    assert {row.state for row in filled.browse().rows} == {"searchable"}
    filled.remove(["a", "c"])
    assert sorted(ids(filled.browse())) == ["b", "d"] == sorted(article.id for article in filled.articles())
    assert filled.browse().total == filled.count_articles() == 2


def test_what_cannot_be_asked_is_refused(library: Library) -> None:
    """A column that is not there, and pages before the first."""
    unknown: Any = "colour"
    with pytest.raises(SettingsError, match=r"'colour'.*title"):
        library.browse(sort=unknown)
    with pytest.raises(SettingsError, match="-1"):
        library.browse(offset=-1)


def test_a_library_of_layout_2_gets_its_table(filled: Library, tmp_path: Path, make_article: Make, split: Split) -> None:
    """What was stored before there was a table is in it, once, and what comes later too."""
    put(filled, make_article("c", "Other words.", title="Bridge closes"), split=split)  # waits beside the one that answers
    before = filled.browse(sort="title")
    filled.close()
    new = ("shelf", "hidden", "removed", "feedback", "conversations", "exchanges")
    with closing(sqlite3.connect(filled.folder / FILE_NAME)) as connection, connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        for table in new:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE facts SET value = '2' WHERE name = 'schema'")
    with closing(Library(filled.folder)) as library:
        assert library.browse(sort="title") == before
        put(library, make_article("e", FERRY, title="Later"), split=split)
        library.remove(["a"])
        assert sorted(ids(library.browse())) == ["b", "c", "d", "e"]
        with closing(Library(tmp_path / "fresh")) as fresh:
            assert _layout(library) == _layout(fresh)


def _with_furniture(article: Article) -> Article:
    return replace(article, furniture=(Furniture(0, 1, "x"),))


def _layout(library: Library) -> list[tuple[Any, ...]]:
    """Everything that SQLite knows of the tables, indexes and triggers."""
    with closing(sqlite3.connect(library.folder / FILE_NAME)) as connection:
        return sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall(), key=str)


# --- what may answer


def test_the_scope_is_what_may_answer(filled: Library) -> None:
    """Counts and days of what can be found, the most frequent first; what is pending or filtered out does not count."""
    scope = filled.catalogue().scope(Filters())
    assert (scope.articles, scope.undated) == (3, 1)
    assert list(scope.languages.items()) == [("de", 2), ("en", 1)]
    assert list(scope.outlets.items()) == [("Post", 2), ("Ägäis-Kurier", 1)]
    assert (scope.first, scope.last) == (date(2024, 5, 1), date(2024, 5, 3))
    undated = filled.catalogue().scope(Filters(source="Post", language="de"))
    assert (undated.articles, undated.first, undated.last, undated.undated) == (1, None, None, 1)
    finish(filled)
    assert filled.catalogue().scope(Filters()).articles == 4
