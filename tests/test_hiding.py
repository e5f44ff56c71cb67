"""Removal that can be undone: what nobody sees meanwhile, what comes back, what is removed in the end, and what stays removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.news_server import NewsServer, Reply
from tests.test_library import finish, put
from tests.test_refresh import Desk, feed, page, rss
from vectorstore.errors import ArticleNotFound
from vectorstore.library import Library, Storable
from vectorstore.types import Filters, Furniture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assistant import Assistant
    from ingest.pipeline import IngestReport
    from vectorstore.types import Article, Passage

    Split = Callable[[Article], list[Passage]]
    Make = Callable[..., Article]

BRIDGE = "The council voted to rebuild the bridge. It closes in May.\nA ferry will run until then."
FERRY = "The ferry to the island was sold. Nobody knows to whom."
LATER = datetime(2999, 1, 1, tzinfo=UTC)


def listed(library: Library) -> set[str]:
    """The ids of what is listed."""
    return {article.id for article in library.articles()}


# --- the library


def test_nobody_sees_a_hidden_article(library: Library, make_article: Make, split: Split) -> None:
    """It is in no search, list or count, and cannot be read, in none of its versions."""
    for text in (FERRY, BRIDGE):
        put(library, make_article("a", text, sample=True, source="Post"), split=split)
        finish(library)
    put(library, make_article("b", FERRY), make_article("c", "Waits."), split=split)
    article, retired = library.articles(filters=Filters(source="Post"))[0], make_article("a", FERRY)
    assert library.hide(["a", "c", "nobody", "a"], until=LATER) == ["a", "c"]
    assert set(library.hidden()) == {"a", "c"}
    assert listed(library) == {row.id for row in library.browse().rows} == {"b"}
    assert library.count_articles() == 1
    assert library.count_articles("complete") == library.count_passages() == 0
    assert [entry.article.id for entry in library.pending(limit=10)] == ["b"]
    assert library.matching_ids(Filters()) == library.sample_ids() == []
    assert library.passages_of([passage.id for passage in split(article)]) == {}
    assert (library.stored("a"), library.newest("a")) == (None, None)
    assert library.catalogue().scope(Filters()).articles == 0
    for read in (
        lambda: library.article("a"),
        lambda: library.article("a", version=retired.version),
        lambda: library.versions("a"),
        lambda: library.state(article),
        lambda: library.original(article),
    ):
        with pytest.raises(ArticleNotFound):
            read()
    assert library.hide(["a"], until=LATER) == []


def test_what_is_restored_is_as_it_was(library: Library, make_article: Make, split: Split) -> None:
    """Versions, states, passages and bytes are the same, and nothing is left for the indexes to do."""
    put(library, make_article("a", FERRY), split=split)
    finish(library)
    put(library, make_article("a", BRIDGE), split=split)
    finish(library)
    before = library.versions("a"), library.article("a"), library.passages(library.article("a")), library.browse()
    library.hide(["a"], until=LATER)
    assert library.restore(["a", "nobody"]) == ["a"]
    assert (library.versions("a"), library.article("a"), library.passages(library.article("a")), library.browse()) == before
    assert (library.pending(limit=1), library.incomplete(limit=1), library.leavings(limit=1)) == ([], [], [])
    assert (library.hidden(), library.restore(["a"])) == ({}, [])


def test_another_process_sees_it_at_once(library: Library, make_article: Make, split: Split) -> None:
    """Another opening of the same library hides and shows what the first one does, without being opened anew."""
    put(library, make_article("a", FERRY), split=split)
    finish(library)
    other = Library(library.folder)
    try:
        assert other.count_passages() == 1
        library.hide(["a"], until=LATER)
        assert (other.count_passages(), other.count_articles()) == (0, 0)
        library.restore(["a"])
        assert (other.count_passages(), other.count_articles()) == (1, 1)
    finally:
        other.close()


def test_a_copy_stands_for_what_is_hidden(library: Library, make_article: Make, split: Split) -> None:
    """The next of a story is shown in its place; restored, it is one of the copies, or stands for those still hidden."""
    put(library, make_article("a", BRIDGE), *(make_article(name, BRIDGE, duplicate_of="a") for name in "bc"), split=split)
    finish(library)
    library.hide(["a"], until=LATER)
    assert [library.article(name).duplicate_of for name in "bc"] == [None, "b"]
    library.hide(["b", "c"], until=LATER)
    library.restore(["c"])
    assert library.article("c").duplicate_of is None
    library.restore(["a"])
    assert library.article("a").duplicate_of == "c"
    library.remove(["c"])
    library.restore(["b"])
    assert [library.article(name).duplicate_of for name in "ab"] == [None, "a"]


def test_a_new_article_is_no_copy_of_a_hidden_one(library: Library, make_article: Make, split: Split) -> None:
    """Nothing that nobody sees is found as the same, or linked to."""
    library.hide(["a"], until=LATER)
    put(library, make_article("a", BRIDGE), split=split)
    library.link_again([(library.article("a"), [7])])
    assert [article.id for article in library.near([7], limit=5)] == ["a"]
    library.hide(["a"], until=LATER)
    assert library.near([7], limit=5) == []
    put(library, make_article("b", BRIDGE, duplicate_of="a"), split=split)
    assert library.article("b").duplicate_of is None


def test_what_is_being_indexed_when_it_is_hidden_stays_hidden(library: Library, make_article: Make, split: Split) -> None:
    """Neither finished indexing nor learned furniture brings it back; restored, it is indexed again."""
    article = make_article("a", BRIDGE)
    put(library, article, make_article("b", FERRY), split=split)
    rows = [entry.row for entry in library.pending(limit=10)]
    library.hide(["a"], until=LATER)
    library.make_searchable(rows)
    library.make_complete(rows)
    library.mark_furniture([(article, split(article)[:1])])
    assert listed(library) == {"b"}
    library.restore(["a"])
    assert [entry.article.id for entry in library.pending(limit=10)] == ["a"]


def test_rebuilt_indexes_have_what_may_come_back(library: Library, make_article: Make, split: Split) -> None:
    """A hidden article is part of a rebuild, and restored after it needs no more work than the others."""
    put(library, make_article("a", BRIDGE), make_article("b", FERRY), split=split)
    finish(library)
    library.hide(["a"], until=LATER)
    assert {article.id for batch in library.current_articles(at_once=1) for article in batch} == {"a", "b"}
    library.switch_index(split=lambda article: split(article)[-1:], complete=False, index="2")
    library.restore(["a"])
    article = library.article("a")
    assert (library.state(article), library.passages(article)) == ("searchable", split(article)[-1:])


def test_the_overdue_are_removed(library: Library, make_article: Make, split: Split) -> None:
    """Only those whose time has come, with all that removal does; a restored one is safe."""
    put(library, *(make_article(name, f"{FERRY} {name}") for name in "abc"), split=split)
    finish(library)
    now = datetime.now(UTC)
    library.hide(["a", "b"], until=now + timedelta(minutes=10))
    library.hide(["c"], until=now + timedelta(minutes=20))
    library.restore(["b"])
    assert library.remove_overdue() == []
    assert not library.is_overdue()
    assert library.remove_overdue(at=now + timedelta(minutes=10)) == ["a"]
    assert (listed(library), set(library.hidden())) == ({"b"}, {"c"})
    assert set(library.leavings(limit=10)) == {passage.id for passage in split(make_article("a", f"{FERRY} a"))}
    assert library.restore(["a"]) == []


def test_putting_a_hidden_article_brings_it_back(library: Library, make_article: Make, split: Split) -> None:
    """Added again it is shown; an unasked for visit passes over it, and over one that was removed."""
    put(library, make_article("a", FERRY), make_article("b", FERRY + " b"), split=split)
    finish(library)
    library.hide(["a"], until=LATER)
    library.remove(["b"])
    again = [Storable(one, split(one), b"", one.id) for one in (make_article("a", BRIDGE), make_article("b", BRIDGE))]
    library.put_all(again, bring_back=False)
    assert listed(library) == set()
    assert library.gone(["a", "b", "c"]) == {"a", "b"}
    library.put_all(again)
    assert listed(library) == {"a", "b"}
    assert library.gone(["a", "b"]) == set()
    assert library.article("a").text == FERRY  # answers until the new words are indexed


# --- feeds and files


@pytest.fixture
def desk(library: Library, news_server: NewsServer) -> Desk:
    """A library that follows a feed and has its two stories."""
    made = Desk(library, news_server)
    for slug in ("ferry", "lamp"):
        news_server.add(f"/{slug}", page(slug))
    news_server.add("/feed", rss(feed(news_server, "ferry", "lamp")))
    assert made.add("/feed").count("added") == 2
    finish(library)
    return made


def of(report: IngestReport, slug: str) -> tuple[str, str]:
    """Status and reason of a story."""
    return next((item.status, item.reason) for item in report.items if item.source.endswith(slug))


@pytest.mark.parametrize("way", ["hidden", "removed"])
def test_a_followed_feed_does_not_bring_back_what_was_removed(desk: Desk, way: str) -> None:
    """Though the feed still lists it, a visit passes over it, without fetching its page again; the other story stays."""
    ids = {article.title: article.id for article in desk.library.articles()}
    gone = next(id_ for title, id_ in ids.items() if "Ferry" in title)
    _ = desk.library.hide([gone], until=LATER) if way == "hidden" else desk.library.remove([gone])
    for _ in range(2):
        report = desk.refresh()
        assert of(report, "/ferry") == ("unchanged", "it was removed from the library. Add its own address to have it again.")
        assert of(report, "/lamp")[0] == "unchanged"
    assert sum(request.path == "/ferry" for request in desk.server.requests) == 1
    assert listed(desk.library) == set(ids.values()) - {gone}


def test_an_address_that_turns_out_to_be_removed_is_asked_for_once(desk: Desk) -> None:
    """A feed that lists a removed article under another address learns so from its page, and does not ask for that again."""
    gone = next(article.id for article in desk.library.articles() if "Ferry" in article.title)
    desk.library.remove([gone])
    desk.server.add("/other", Reply(status=302, headers={"Location": "/ferry"}))
    desk.server.add("/feed", rss(feed(desk.server, "ferry").replace(b"/ferry<", b"/other<")))
    for _ in range(3):
        assert of(desk.refresh(), "/other")[0] == "unchanged"
    assert sum(request.path == "/other" for request in desk.server.requests) == 1
    assert gone not in listed(desk.library)


def test_adding_brings_back_what_was_removed(desk: Desk) -> None:
    """Its own address, or that of the feed: what is hidden comes back as it was, what was removed is read anew."""
    gone = next(article.id for article in desk.library.articles() if "Ferry" in article.title)
    desk.library.hide([gone], until=LATER)
    assert of(desk.add("/ferry"), "/ferry") == ("added", "it is back.")
    assert desk.library.state(desk.library.article(gone)) == "complete"
    desk.library.remove([gone])
    assert of(desk.add("/feed"), "/ferry")[0] == "added"
    assert gone in listed(desk.library)
    desk.library.hide([gone], until=LATER)
    assert of(desk.add("/ferry"), "/ferry")[0] == "added"
    assert of(desk.refresh(), "/ferry") == ("unchanged", "")


def test_a_file_that_is_added_again_comes_back(library: Library, news_server: NewsServer, tmp_path: Path) -> None:
    """The same bytes need no reading; other words become a new version of the article that is back. A file that is gone brings nothing."""
    desk, path = Desk(library, news_server), tmp_path / "a.txt"
    path.write_text(f"{BRIDGE}\n\n{FERRY}", "utf-8")
    (item,) = desk.add(path).items
    assert item.article_id
    finish(library)
    library.hide([item.article_id], until=LATER)
    (again,) = desk.add(path).items
    assert (again.status, again.reason) == ("added", "it is back.")
    assert library.pending(limit=1) == []
    library.hide([item.article_id], until=LATER)
    path.write_text(f"{BRIDGE}\n\n{FERRY} At last.", "utf-8")
    assert desk.add(path).items[0].status == "updated"
    assert len(library.versions(item.article_id)) == 2
    library.hide([item.article_id], until=LATER)
    path.unlink()
    assert desk.add(path).count("failed") == 1
    assert listed(library) == set()


# --- the assistant


def test_removal_is_undone_without_embedding(open_assistant: Callable[..., Assistant], tmp_path: Path, lamp: str) -> None:
    """A hidden article is not found or quoted, and is again once restored, with the vectors that it had."""
    assistant = open_assistant()
    (tmp_path / "a.txt").write_text(lamp, "utf-8")
    assistant.add([tmp_path / "a.txt"])
    (article,) = assistant.articles()
    before = assistant.ask("How much did the work at the lighthouse cost?")
    assert before.citations
    assert assistant.hide([article.id]) == [article.id]
    assert assistant.search("lighthouse") == []
    assert assistant.ask("How much did the work at the lighthouse cost?").citations == ()
    with pytest.raises(ArticleNotFound):
        assistant.article(article.id, version=before.citations[0].version)
    with pytest.raises(ArticleNotFound):
        assistant.bundle(before)
    (due,) = assistant.hidden().values()
    assert timedelta(minutes=9) < due - datetime.now(UTC) <= timedelta(minutes=10)
    vectors = assistant.indexes.vectors.count()
    assert assistant.restore([article.id]) == [article.id]
    assert not assistant.library.pending(limit=1)
    assert assistant.indexes.vectors.count() == vectors
    assert assistant.ask("How much did the work at the lighthouse cost?").citations == before.citations


@pytest.mark.parametrize("way", ["keep_up", "open", "add"])
def test_the_overdue_leave_the_library_and_its_indexes(
    open_assistant: Callable[..., Assistant], tmp_path: Path, lamp: str, way: str
) -> None:
    """Whoever keeps the library up, opens its indexes or adds to it removes them."""
    assistant = open_assistant()
    (tmp_path / "a.txt").write_text(lamp, "utf-8")
    assistant.add([tmp_path / "a.txt"])
    if way == "open":
        assistant.close()
        assistant = open_assistant()
    (article,) = assistant.articles()
    assistant.library.hide([article.id], until=datetime.now(UTC))
    if way == "keep_up":
        with assistant.keep_up():
            assert _eventually(lambda: assistant.library.hidden() == {} and assistant.indexes.dense.count() == 0)
    elif way == "open":
        _ = assistant.indexes
    else:
        assistant.add()
        assert assistant.indexes.dense.count() == 0
    assert assistant.library.hidden() == {}
    assert assistant.restore([article.id]) == []


def test_a_kill_while_hiding_leaves_a_library_that_opens(library: Library, make_article: Make, split: Split) -> None:
    """Killed in the middle of hiding and restoring, over and over, every article is either shown or hidden, and can be brought back."""
    names = [str(number) for number in range(40)]
    put(library, *(make_article(name, f"{BRIDGE} {name}") for name in names), split=split)
    finish(library)
    program = (
        "import sys, pathlib, datetime\n"
        "from vectorstore.library import Library\n"
        "library = Library(pathlib.Path(sys.argv[1]))\n"
        "names = [str(number) for number in range(40)]\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    library.hide(names, until=datetime.datetime(2999, 1, 1, tzinfo=datetime.UTC))\n"
        "    library.restore(names)\n"
    )
    for pause in (0.01, 0.05, 0.12):
        process = subprocess.Popen([sys.executable, "-c", program, str(library.folder)], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        hidden = set(library.hidden())
        assert listed(library) | hidden == set(names)
        assert not listed(library) & hidden
        library.restore(hidden)
        assert library.count_articles("complete") == len(names)


def _eventually(is_so: Callable[[], bool], *, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def test_furniture_is_not_marked_in_what_is_hidden(library: Library, make_article: Make, split: Split) -> None:
    """Marking passes over it, so that it does not come back as something that waits."""
    article = make_article("a", BRIDGE)
    put(library, article, split=split)
    finish(library)
    library.hide(["a"], until=LATER)
    marked = make_article("a", BRIDGE, furniture=(Furniture(0, 10, "x"),))
    library.mark_furniture([(marked, split(marked)[-1:])])
    assert library.pending(limit=1) == []
    library.restore(["a"])
    assert library.article("a").furniture == ()
