"""The Library view: its handlers over a real library, and in a real browser. ``open_page`` fails a test on any page error or request beyond this machine."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from assistant.web.adding import Adding, address_of
from assistant.web.additions import WAITING, Additions
from assistant.web.additions_html import additions_html, report_html
from assistant.web.followed_html import followed_html
from assistant.web.shelf import Shelf, asked_articles, browsing_of
from assistant.web.shelf_html import Browsing, table_html, undo_html
from assistant.web.texts import TEXTS
from assistant.web.visitor import Visitor
from ingest.pipeline import IngestReport
from ingest.planned import ItemResult
from tests.news_server import NewsServer, Reply
from tests.web.test_render import HOSTILE, Reader
from vectorstore.errors import LibraryError
from vectorstore.shelf import Shelf as Rows
from vectorstore.shelf import ShelfRow
from vectorstore.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from assistant import Assistant
    from assistant.web.additions import Addition, Hearing
    from vectorstore.types import Article

# Gradio, counting its own events.
pytestmark = pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword is deprecated)")
NOW = datetime(2024, 5, 6, 12, tzinfo=UTC)
READER = Visitor(language="en", owner="browser:me", session="one")
STORY = (
    "The harbour authority of Skarven said on Tuesday that the old lamp would be replaced before winter. Engineers carried the new "
    "lens up the tower in four parts, said Ingrid Solheim, the harbour master, because the stairs are narrow and wet. The council "
    "will decide in March who pays for the keeper's house, whose roof lost a third of its slates in the storm of last November."
)
FERRY = (
    "The ferry to the islands sails twice a day from the first of June, the shipping company told its passengers. It carries forty "
    "cars and has a kitchen, which the old boat never had. Tickets cost eleven crowns, and children travel free on Sundays until "
    "the autumn, when the timetable changes again and the early boat is left out."
)
WAIT = 60_000


def row(**changes: Any) -> ShelfRow:
    """A row of the table."""
    values: dict[str, Any] = {
        "id": "a",
        "title": "Lamp lit again",
        "source": "The Skarven Post",
        "url": None,
        "path": None,
        "language": "en",
        "published_at": NOW,
        "published_precision": "day",
        "fetched_at": NOW,
        "added_at": NOW,
        "state": "complete",
        "sample": False,
        "duplicate_of": None,
        "copies": 0,
        "versions": 1,
        "characters": 100,
    }
    return ShelfRow(**{**values, **changes})


def page_of(title: str, text: str) -> Reply:
    """A news page."""
    head = f'<title>{title}</title><meta property="og:site_name" content="The Skarven Post">'
    return Reply(
        f"<html lang=en><head>{head}</head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>".encode()
    )


def feed_of(server: NewsServer, *paths: str) -> Reply:
    """A feed of pages."""
    items = "".join(f"<item><title>Story {path}</title><link>{server.url(path)}</link></item>" for path in paths)
    content = f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Skarven Post</title>{items}</channel></rss>'
    return Reply(content.encode(), "application/rss+xml", etag='"1"')


@pytest.fixture
def fill(
    open_assistant: Callable[..., Assistant], make_article: Callable[..., Article], split: Callable[..., Any]
) -> Callable[..., Assistant]:
    """Opens an assistant over articles that are put straight into its library: of each, what differs from the others."""

    def fill_with(*given: dict[str, Any]) -> Assistant:
        assistant = open_assistant()
        library = assistant.library
        for number, facts in enumerate(given):
            values = {
                "title": f"Story {number}",
                "source": "The Skarven Post",
                "text": f"Story number {number} of the harbour.",
                **facts,
            }
            article = make_article(values.pop("id", f"{number:04}"), values.pop("text"), **values)
            library.put(article, split(article), original=article.text.encode(), name=article.id)
            library.make_searchable([entry.row for entry in library.pending(limit=10)])
            library.make_complete([entry.row for entry in library.incomplete(limit=10)])
        return assistant

    return fill_with


@pytest.fixture
def open_library(serve_page: Callable[[Any], str], open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Opens the Library view of an assistant in a browser."""

    def open_view(assistant: Assistant, **options: Any) -> Any:
        page = open_page(serve_page(assistant), **{"locale": "en-GB", **options})
        page.click(".masthead [data-view=library]")
        page.wait_for_selector("#shelf-table .shelf")
        return page

    return open_view


def titles(page: Any) -> list[str]:
    """The titles in the table, from above."""
    return [str(title) for title in page.locator(".shelf-table .title .open-article").all_inner_texts()]


def waits_for_titles(page: Any, *wanted: str) -> None:
    """The table comes to have these first titles."""
    found = "[...document.querySelectorAll('.shelf-table .title .open-article')].map((title) => title.innerText)"
    page.wait_for_function(
        f"(wanted) => JSON.stringify({found}.slice(0, wanted.length)) === JSON.stringify(wanted)", arg=list(wanted)
    )


def count(page: Any, articles: str) -> None:
    """The head of the page comes to say how many articles there are."""
    page.wait_for_function("(said) => document.querySelector('.masthead .count').innerText === said", arg=articles)


# --- what the handlers understand


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("https://news.example/a?b=c#d", "https://news.example/a?b=c#d"),
        ("news.example/feed.xml", "https://news.example/feed.xml"),
        ("www.news.example", "https://www.news.example"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("/etc/passwd", None),
        ("../secret.txt", None),
        ("file:///etc/passwd", None),
        ("javascript:alert(1)", None),
        ("C:\\articles\\a.txt", None),
        ("~/articles", None),
        ("-", None),
        ("https://", None),
        ("https://news.example/a b", None),
        ("http://[broken/", None),
        ("just some words.", None),
    ],
)
def test_only_web_addresses_are_taken_for_addresses(line: str, address: str | None) -> None:
    """What people type for an address is one; a path on this machine never is, whatever it looks like."""
    assert address_of(line) == address


@pytest.mark.parametrize("nonsense", [None, "x", 3, -1, [], {"a": 1}, True, "9" * 400, 10**400])
def test_what_the_browser_sends_is_not_trusted(nonsense: object) -> None:
    """Anything may come in an action; what makes no sense is as at first."""
    action = dict.fromkeys(("search", "sort", "descending", "page", "expanded", "articles"), nonsense)
    browsing = browsing_of(action)
    assert browsing.sort == "added"
    assert browsing.page in {0, 3, 1_000_000}
    assert len(browsing.search) <= 200
    assert asked_articles(action) == []
    assert browsing_of({}) == Browsing()


def test_what_was_not_read_is_counted_in_files() -> None:
    """An archive tells of the files in it that are of no kind that is read: so many of them, with neither a tick nor a fault."""
    additions = Additions()
    items = (
        ItemResult("a.zip/b.txt", "added", "1"),
        ItemResult("a.zip", "skipped", reason="3 files in it of no kind that is read: c.raw, …", count=3),
    )
    addition = begun(additions.begin("files", owner="me", count=1, work=lambda _: IngestReport(items)))
    ended(additions, addition)
    html = additions_html(additions.of("me"), language="de")
    assert "1 Datei: 1 hinzugefügt · 3 nicht gelesen" in Reader(html).text
    assert "Darin sind 3 Dateien einer Art, die nicht gelesen wird: c.raw, …" in Reader(html).text
    assert html.count('class="good"') == 1
    assert 'class="bad"' not in html


def test_a_report_names_the_file_and_not_the_folder() -> None:
    """The folder of uploads is of no use to the reader; what failed comes first, and many that brought nothing are only counted."""
    failed = ItemResult("/cache/uploads/3fa/a.txt", "failed", reason="/cache/uploads/3fa/a.txt: the file a.txt is empty")
    text = Reader(report_html([ItemResult("/cache/uploads/b.txt", "added", "1"), failed], kind="files", language="en")).text
    assert "a.txt is empty" in text
    assert "uploads" not in text
    assert text.index("a.txt") < text.index("b.txt")
    unchanged = [ItemResult(f"https://news.example/{number}", "unchanged", "1") for number in range(40)]
    assert report_html(unchanged, kind="visit", language="en") == ""
    assert report_html([failed] * 300, kind="files", language="en").count("<li") == 101


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_from_outside_is_markup(language: Any) -> None:
    """Titles, outlets, ids, addresses, searches and reasons are text, wherever the view shows them."""
    hostile = row(id=HOSTILE, title=HOSTILE, source=HOSTILE, duplicate_of="x", copies=2, versions=3)
    shelf = Rows((hostile,), 1)
    source = Source(address=HOSTILE, kind="feed", title=HOSTILE, added_at=NOW, last_error=HOSTILE)
    item = ItemResult(HOSTILE, "added", HOSTILE, HOSTILE)
    pieces = [
        table_html(shelf, browsing=Browsing(search=HOSTILE, expanded=HOSTILE), samples=1, language=language),
        table_html(Rows((), 0), browsing=Browsing(search=HOSTILE), samples=0, language=language),
        followed_html([source], now=NOW, language=language, unfollowed=HOSTILE),
        report_html([item, ItemResult(HOSTILE, "failed")], kind="addresses", language=language),
        undo_html([HOSTILE], just_now=True, seconds=1, language=language),
    ]
    for piece in pieces:
        assert "<script" not in piece
        assert "<img" not in piece
        assert "<b>" not in piece
        reader = Reader(piece)
        assert not [name for name in reader.attributes if name.startswith("on")]
        assert reader.links == []


def test_columns_say_how_they_are_sorted() -> None:
    """One column head has the order, the others say that they have none; the caption says it in words."""
    html = table_html(Rows((row(),), 1), browsing=Browsing(sort="title", descending=False), samples=0, language="en")
    assert html.count('aria-sort="ascending"') == 1
    assert html.count('aria-sort="none"') == 5
    assert "sorted by: Title, ascending" in Reader(html).text


def test_a_followed_source_says_when_and_what_went_wrong() -> None:
    """Last and next visit as distances, and the error with how often it came; one that rests is visited only when asked."""
    failing = Source(
        address="https://a.example/feed",
        kind="feed",
        added_at=NOW,
        last_visit=NOW - timedelta(hours=3),
        next_visit=NOW + timedelta(minutes=25),
        failures=4,
        last_error="HTTP 503",
    )
    resting = Source(
        address="https://b.example/", kind="page", added_at=NOW, last_visit=NOW, next_visit=datetime(9999, 1, 1, tzinfo=UTC)
    )
    text = Reader(followed_html([failing, resting], now=NOW, language="en")).text
    assert "3 hours ago" in text
    assert "in 25 minutes" in text
    assert "The last 4 visits failed: HTTP 503" in text
    assert "just now" in text
    assert "only when asked" in text
    german = Reader(followed_html([failing], now=NOW, language="de")).text
    assert "vor 3 Stunden" in german
    assert "in 25 Minuten" in german


# --- additions


def ended(additions: Additions, addition: Addition) -> Addition:
    """``addition`` once it has ended."""
    for _ in additions.follow(addition):
        pass
    return addition


def begun(addition: Addition | None) -> Addition:
    """``addition``, which was not refused."""
    assert addition
    return addition


def test_additions_are_made_in_order_and_belong_to_who_began_them() -> None:
    """One at a time, as they were begun; another reader neither sees, stops nor dismisses them."""
    additions, going, done = Additions(), threading.Event(), []

    def slow(hearing: Hearing) -> IngestReport:
        done.append("first")
        hearing.item(ItemResult("a", "added", "1"))
        assert going.wait(20)
        return IngestReport((ItemResult("a", "added", "1"),))

    def quick(_: Hearing) -> IngestReport:
        done.append("second")
        return IngestReport(())

    first = begun(additions.begin("text", owner="me", count=1, work=slow))
    second = begun(additions.begin("text", owner="you", count=1, work=quick))
    deadline = time.monotonic() + 20
    while not first.items:
        assert time.monotonic() < deadline, "the first addition did not begin"
        time.sleep(0.01)
    assert done == ["first"]
    assert not second.begun
    assert [addition.id for addition in additions.of("me")] == [first.id]
    additions.stop(first.id, owner="you")
    assert not first.stop.is_set()
    going.set()
    ended(additions, second)
    assert done == ["first", "second"]
    additions.dismiss(first.id, owner="you")
    assert additions.of("me")
    additions.dismiss(first.id, owner="me")
    assert additions.of("me") == []


def test_an_addition_that_waits_can_be_stopped_before_it_begins() -> None:
    """It ends at once and nothing of it is done, but what was to follow it is."""
    additions, going, done = Additions(), threading.Event(), threading.Event()

    def slow(_: Hearing) -> IngestReport:
        going.wait(20)
        return IngestReport(())

    additions.begin("text", owner="me", count=1, work=slow)
    waiting = begun(additions.begin("files", owner="me", count=1, work=lambda _: pytest.fail("was done"), afterwards=done.set))
    additions.stop(waiting.id, owner="me")
    assert ended(additions, waiting).ended
    going.set()
    assert done.wait(20)
    assert waiting.failure is None


def test_what_ended_before_the_last_addition_is_folded() -> None:
    """Its counts are a button that shows the rest; the newest one shows all, and one without anything to show has no button."""
    additions = Additions()
    failed = IngestReport((ItemResult("a", "failed", reason="a: no."),))
    ended(additions, begun(additions.begin("text", owner="me", count=1, work=lambda _: failed)))
    for _ in range(2):
        ended(additions, begun(additions.begin("text", owner="me", count=1, work=lambda _: IngestReport(()))))
    shown = additions_html(additions.of("me"), language="en").split("<section ")[1:]
    assert ["data-folded" in one for one in shown] == [False, True, True]
    assert ['data-shelf="unfold"' in one for one in shown] == [False, False, True]
    assert all('data-shelf="dismiss"' in one for one in shown)

    def waits(hearing: Hearing) -> IngestReport:
        hearing.stop.wait(20)
        return IngestReport(())

    slow = begun(additions.begin("text", owner="me", count=1, work=waits))
    shown = additions_html(additions.of("me"), language="en").split("<section ")[1:]
    assert ["data-folded" in one for one in shown] == [False, True, True, True]
    additions.stop(slow.id, owner="me")


def test_an_addition_that_fails_is_shown_and_the_next_goes_on() -> None:
    """The failure is kept with what was known before it; the worker takes the next."""
    additions, cleaned = Additions(), []

    def fails(_: Hearing) -> IngestReport:
        message = "The library is in use. Try again later."
        raise LibraryError(message)

    refused = [ItemResult("nonsense", "failed")]
    failed = begun(
        additions.begin("addresses", owner="me", count=2, work=fails, refused=refused, afterwards=lambda: cleaned.append(True))
    )
    good = begun(additions.begin("text", owner="me", count=1, work=lambda _: IngestReport((ItemResult("b", "added", "2"),))))
    assert ended(additions, good).items == [ItemResult("b", "added", "2")]
    assert str(failed.failure) == "The library is in use. Try again later."
    assert failed.items == refused
    assert cleaned == [True]


def test_nothing_ends_the_only_worker() -> None:
    """Neither what is meant to end a thread nor clearing away that fails: the next addition is made."""
    additions = Additions()

    def ends(_: Hearing) -> IngestReport:
        raise SystemExit(2)

    def cannot_clear() -> None:
        raise PermissionError("uploads")

    lost = begun(additions.begin("text", owner="me", count=1, work=ends))
    uncleared = additions.begin("text", owner="me", count=1, work=lambda _: IngestReport(()), afterwards=cannot_clear)
    good = begun(additions.begin("text", owner="me", count=1, work=lambda _: IngestReport((ItemResult("b", "added", "2"),))))
    assert ended(additions, good).items == [ItemResult("b", "added", "2")]
    assert isinstance(lost.failure, SystemExit)
    assert ended(additions, begun(uncleared)).failure is None


def test_what_waits_to_be_added_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each reader and for all: also what was stopped counts until the worker has let go of it; then there is place again."""
    monkeypatch.setattr("assistant.web.additions.WAITING_IN_ALL", WAITING + 1)
    additions, going = Additions(), threading.Event()

    def slow(_: Hearing) -> IngestReport:
        going.wait(20)
        return IngestReport(())

    taken = [begun(additions.begin("text", owner="me", count=1, work=slow)) for _ in range(WAITING)]
    additions.stop(taken[-1].id, owner="me")
    assert additions.begin("text", owner="me", count=1, work=slow) is None
    last = begun(additions.begin("text", owner="you", count=1, work=slow))
    assert additions.begin("text", owner="others", count=1, work=slow) is None
    refused = last_of(
        Adding(cast("Any", None), additions=additions).add_as_told(
            {"do": "add-text", "text": "Words."}, visitor=Visitor(owner="me")
        )
    )
    assert "Too much is waiting" in refused["status"]
    going.set()
    ended(additions, last)
    assert ended(additions, begun(additions.begin("text", owner="me", count=1, work=slow))).failure is None


# --- handlers over a real library


def last_of(updates: Iterator[Any]) -> dict[str, Any]:
    """The last of what a handler yields."""
    *_, last = updates
    return dict(last)


def test_text_without_words_or_with_a_wrong_date_is_refused_in_words(open_assistant: Callable[..., Assistant]) -> None:
    """Each refusal names the thing and what to do, and nothing is begun."""
    adding = Adding(open_assistant(), additions=Additions())
    for action, said in [
        ({"text": "   "}, TEXTS["en"]["text_empty"]),
        ({"text": "Words.", "published": "yesterday"}, "yesterday is no date. Write it like 2023-02-28, or leave it empty."),
        ({"text": "Words.", "url": "/etc/passwd"}, "/etc/passwd is no address of a web page."),
        ({"text": "x" * 2_000_001}, "at most 2,000,000 are taken"),
    ]:
        (updates,) = adding.add_as_told({"do": "add-text", **action}, visitor=READER)
        assert said in Reader(updates["status"]).text
    (updates,) = adding.add_as_told({"do": "add-addresses", "addresses": " \n "}, visitor=READER)
    assert TEXTS["en"]["addresses_empty"] in Reader(updates["status"]).text
    (updates,) = adding.add_as_told({"do": "add-addresses", "addresses": "\n".join(map(str, range(501)))}, visitor=READER)
    assert "These are 501 addresses; at most 500" in Reader(updates["status"]).text
    assert list(adding.add_as_told({"do": "visit", "address": "https://not.followed.example/"}, visitor=READER)) == []
    assert list(adding.add_as_told({"do": "nonsense"}, visitor=READER)) == []
    assert adding.additions.of(READER.reader) == []


def test_a_path_that_is_pasted_for_an_address_is_not_read(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """The file stays where it is: it becomes no article, and the report says why."""
    secret = tmp_path / "secret.txt"
    secret.write_text(STORY, "utf-8")
    assistant = open_assistant()
    adding = Adding(assistant, additions=Additions())
    shown = last_of(adding.add_as_told({"do": "add-addresses", "addresses": f"{secret}\nfile://{secret}"}, visitor=READER))
    assert "is no address of a web page" in Reader(shown["shelf_added"]).text
    assert assistant.article_count() == 0


def test_a_file_that_is_dropped_twice_is_read_twice_and_then_gone(
    open_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    """The same file is uploaded to the same place whoever drops it: the first addition does not take it from the second."""
    upload = tmp_path / "lamp.txt"
    upload.write_text(f"Lamp lit again\n\n{STORY}", "utf-8")
    adding = Adding(open_assistant(), additions=Additions())
    both = [
        adding.add_files([str(upload)], visitor=READER),
        adding.add_files([str(upload)], visitor=Visitor(owner="browser:you")),
    ]
    assert [next(updates) for updates in both] == [{"files": None}] * 2
    shown = [Reader(last_of(updates)["shelf_added"]).text for updates in both]
    assert "1 added" in shown[0]
    assert "1 unchanged" in shown[1]
    assert not upload.exists()


def test_a_page_behind_the_end_is_the_last_one(fill: Callable[..., Assistant]) -> None:
    """When the rows of a page are gone, the last page that there is takes its place."""
    shelf = Shelf(fill(*[{} for _ in range(51)]), additions=Additions())
    last = shelf.browse({"page": 1}, visitor=READER)["shelf_table"]
    assert last.count("<tr role=") == 2
    gone = shelf.remove({"articles": ["0000"], "page": 1}, visitor=READER)
    assert 'data-page="0"' in gone["shelf_table"]
    assert "50 articles" in Reader(gone["shelf_table"]).text


def test_removing_what_is_gone_and_bringing_back_too_late_are_said(fill: Callable[..., Assistant]) -> None:
    """Two readers may remove the same; what was removed for good does not come back, and both are told so."""
    assistant = fill({}, {})
    shelf = Shelf(assistant, additions=Additions())
    assert "shelf_undo" in shelf.remove({"articles": ["0001"]}, visitor=READER)
    again = shelf.remove({"articles": ["0001", "nobody"]}, visitor=READER)
    assert TEXTS["en"]["nothing_removed"] in Reader(again["status"]).text
    assistant.library.remove(["0001"])
    late = shelf.restore({"articles": ["0001"]}, visitor=READER)
    assert "It is too late" in Reader(late["status"]).text
    assert late["shelf_undo"] == ""


# --- in the browser


def test_the_table_is_sorted_searched_and_paged(fill: Callable[..., Assistant], open_library: Callable[..., Any]) -> None:
    """By header and keyboard; each answer keeps what was asked before, and says itself what it is."""
    many = [{"title": f"Story {number:03}", "published_at": NOW + timedelta(days=number)} for number in range(118)]
    many += [
        {"title": "Überfahrt nach Åland", "source": "Ägäis-Kurier", "language": "de"},
        {"title": "A zebra", "published_at": NOW},
    ]
    page = open_library(fill(*many))
    assert len(titles(page)) == 50
    assert titles(page)[:2] == ["A zebra", "Überfahrt nach Åland"]
    assert page.inner_text("#shelf-table .shelf-count") == "1–50 of 120 articles"
    page.focus("th.title button")
    page.keyboard.press("Enter")
    waits_for_titles(page, "A zebra", "Story 000")
    assert page.get_attribute("th.title", "aria-sort") == "ascending"
    assert page.get_attribute("th.added", "aria-sort") == "none"
    assert page.evaluate("document.activeElement.dataset.sort") == "title"
    page.keyboard.press("Enter")
    waits_for_titles(page, "Überfahrt nach Åland", "Story 117")
    page.click("[data-way=last]")
    waits_for_titles(page, "Story 018")
    assert page.inner_text("#shelf-table .shelf-count") == "101–120 of 120 articles"
    assert page.is_disabled("[data-way=next]")
    page.fill(".page-number", "2")
    page.press(".page-number", "Enter")
    waits_for_titles(page, "Story 068")
    page.fill("#shelf-search", "agais")
    waits_for_titles(page, "Überfahrt nach Åland")
    assert page.inner_text("#shelf-table .shelf-count") == "1 article found"
    page.wait_for_function("document.getElementById('shelf-said').innerText === '1 article found'")
    page.fill("#shelf-search", "nothing like <b>this</b>")
    page.wait_for_selector(".shelf-none")
    assert "No title or outlet has “nothing like <b>this</b>”." in page.inner_text(".shelf-none")
    page.click("[data-shelf=clear-search]")
    waits_for_titles(page, "Überfahrt nach Åland", "Story 117")
    assert page.evaluate("document.activeElement.id") == "shelf-search"


def test_articles_are_removed_and_brought_back(fill: Callable[..., Assistant], open_library: Callable[..., Any]) -> None:
    """One by its button, several by ticking them; undo brings back the last, and after a reload all that can still come back."""
    assistant = fill(*[{"title": f"Story {number}"} for number in range(5)])
    page = open_library(assistant)
    page.get_by_role("button", name="Remove “Story 3”").click()
    page.wait_for_selector(".shelf-undo")
    waits_for_titles(page, "Story 4", "Story 2")
    assert page.inner_text(".shelf-undo p") == "Removed 1 article. This can be undone for ten minutes."
    page.wait_for_function("document.activeElement.className === 'undo'")
    count(page, "4 articles")
    page.keyboard.press("Enter")
    waits_for_titles(page, "Story 4", "Story 3", "Story 2")
    page.wait_for_function("document.activeElement.innerText === 'Story 3'")
    page.get_by_role("checkbox", name="Select “Story 0”").check()
    page.get_by_role("checkbox", name="Select “Story 4”").check()
    assert page.inner_text(".shelf-picked .shelf-count") == "2 articles selected"
    page.click("[data-shelf=remove-picked]")
    page.wait_for_selector(".shelf-undo p:has-text('Removed 2 articles')")
    assert titles(page) == ["Story 3", "Story 2", "Story 1"]
    assert page.locator(".pick input:checked").count() == 0
    page.reload()
    page.wait_for_selector(".shelf-undo p:has-text('2 removed articles can still be brought back')")
    page.click(".shelf-undo .undo")
    waits_for_titles(page, "Story 4", "Story 3", "Story 2", "Story 1", "Story 0")
    assert assistant.hidden() == {}


def test_samples_go_in_one_click(fill: Callable[..., Assistant], open_library: Callable[..., Any]) -> None:
    """They are labelled and counted; removing them leaves the rest, and can be undone."""
    page = open_library(fill({"sample": True}, {"title": "Mine"}, {"sample": True}))
    assert page.locator(".shelf-table .badge").all_inner_texts() == ["Sample", "Sample"]
    assert "2 invented samples" in page.inner_text(".shelf-samples")
    page.click("[data-shelf=remove-samples]")
    waits_for_titles(page, "Mine")
    assert page.locator(".shelf-samples").count() == 0
    page.click(".shelf-undo .undo")
    count(page, "3 articles")


def test_files_are_added_with_a_result_for_each(
    open_assistant: Callable[..., Assistant], open_library: Callable[..., Any], tmp_path: Path
) -> None:
    """An empty library invites; each file gets its result, what was uploaded is gone, and the table and the head have it."""
    assistant = open_assistant()
    page = open_library(assistant)
    assert "The library is empty." in page.inner_text(".shelf-none")
    assert page.is_visible("#files")
    good, copy, bad = tmp_path / "Bericht äöü.txt", tmp_path / "copy.txt", tmp_path / "bad.bin"
    good.write_text(f"Lamp lit again\n\n{STORY}", "utf-8")
    copy.write_text(f"Lamp lit again\n\n{STORY}", "utf-8")
    bad.write_bytes(b"\0\1\2")
    page.set_input_files("#files input[type=file]", [good, bad])
    page.wait_for_selector(".addition[data-ended]", timeout=WAIT)
    assert page.inner_text(".addition .sum") == "2 files: 1 added · 1 not added"
    rows = page.locator(".report li").all_inner_texts()
    assert rows[0].startswith("bad.bin")
    assert "uploads" not in rows[0]
    assert rows[1].split("\n")[0].strip() == "Bericht äöü.txt"
    waits_for_titles(page, "Lamp lit again")
    count(page, "1 article")
    page.set_input_files("#files input[type=file]", [copy])
    page.wait_for_selector(".addition[data-ended] .sum:has-text('1 with the same text as another')", timeout=WAIT)
    assert "the same text as" in page.inner_text(".report")
    count(page, "2 articles")
    assert [path for path in (tmp_path / "uploads").rglob("*") if path.is_file() and path.suffix] == []
    page.click(".addition .dismiss")
    page.wait_for_function("document.querySelectorAll('.addition').length === 1")


def test_files_dropped_anywhere_are_taken_but_those_that_are_too_large(
    open_assistant: Callable[..., Assistant], open_library: Callable[..., Any]
) -> None:
    """Wherever on the page they fall, on the Ask view too; one that is too large is refused with what to do, and does not keep the others out."""
    page = open_library(open_assistant())
    page.click(".masthead [data-view=ask]")
    page.reload()
    page.wait_for_selector(".intro")
    page.evaluate(
        """(words) => {
            const files = new DataTransfer();
            files.items.add(new File([words], "lamp.txt", { type: "text/plain" }));
            files.items.add(new File([new Uint8Array(26 * 1024 * 1024)], "<b>large.txt", { type: "text/plain" }));
            for (const kind of ["dragover", "drop"])
                document.getElementById("conversation")
                    .dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files }));
        }""",
        f"Lamp lit again\n\n{STORY}",
    )
    page.wait_for_function("document.querySelectorAll('.addition[data-ended]').length === 2", timeout=WAIT)
    assert sorted(page.locator(".addition .sum").all_inner_texts()) == ["1 file: 1 added", "1 file: 1 not added"]
    refused = page.locator(".report li", has_text="<b>large.txt")
    assert "Larger than 25 MB. Add it on the command line: fundstelle add FILE" in refused.inner_text()
    waits_for_titles(page, "Lamp lit again")


def test_addresses_and_feeds_are_added_and_followed(
    open_assistant: Callable[..., Assistant], open_library: Callable[..., Any], news_server: NewsServer
) -> None:
    """Several, one a line, a bad one and one that is not there among them; a feed is followed, visited when asked, and given up."""
    news_server.add("/lamp", page_of("Lamp lit again", STORY))
    news_server.add("/ferry", page_of("Ferry twice a day", FERRY))
    news_server.add("/feed.xml", feed_of(news_server, "/ferry"))
    assistant = open_assistant(allow_private=True)
    page = open_library(assistant)
    lines = [news_server.url("/lamp"), "no address at all", news_server.url("/gone"), news_server.url("/feed.xml")]
    page.fill("#shelf-addresses", "\n".join(lines))
    page.press("#shelf-addresses", "Control+Enter")
    page.wait_for_selector(".addition[data-ended]", timeout=WAIT)
    assert page.inner_text(".addition .sum") == "4 addresses: 2 added · 2 not added"
    report = page.inner_text(".report")
    assert "“no address at all” is no address of a web page." in report
    assert "HTTP 404" in report
    assert page.input_value("#shelf-addresses") == ""
    count(page, "2 articles")
    page.wait_for_function("document.querySelector('.shelf-toggle .tally').innerText === '2'")
    page.click("[data-panel=shelf-followed]")
    assert not page.is_visible("#files")
    feed = page.locator(".followed-table tbody tr", has_text="/feed.xml")
    assert "The Skarven Post" in feed.inner_text()
    assert "just now" in feed.inner_text()
    news_server.add("/feed.xml", Reply(status=503))
    before = len(news_server.asked("/lamp"))
    page.get_by_role("button", name=f"Visit now: {news_server.url('/feed.xml')}").click()
    page.wait_for_selector(".addition[data-kind=visit][data-ended]", timeout=WAIT)
    assert page.inner_text(".addition[data-kind=visit] .sum") == "Visit to 1 followed address: 1 failed"
    page.wait_for_selector(".followed-table .bad")
    assert "The last visit failed:" in page.inner_text(".followed-table .bad")
    assert len(news_server.asked("/lamp")) == before
    page.get_by_role("button", name=f"Stop following {news_server.url('/feed.xml')}").click()
    page.wait_for_selector(".unfollowed")
    assert page.locator(".followed-table tbody tr").count() == 1
    assert page.inner_text(".shelf-toggle .tally") == "1"
    assert assistant.article_count() == 2


def test_a_pasted_text_becomes_an_article(open_assistant: Callable[..., Assistant], open_library: Callable[..., Any]) -> None:
    """With what is said of it; without words the reader is told, and what was typed stays."""
    assistant = open_assistant()
    page = open_library(assistant)
    page.click(".shelf-text summary")
    page.fill(".shelf-text [name=title]", "Lamp lit again")
    page.fill(".shelf-text [name=source]", "Post")
    page.fill(".shelf-text [name=published]", "2024-05-04")
    page.click(".shelf-text [type=submit]")
    page.wait_for_selector("#status :text('There is no text to add.')")
    assert page.input_value(".shelf-text [name=title]") == "Lamp lit again"
    page.fill(".shelf-text [name=text]", STORY)
    page.wait_for_timeout(1600)  # the first click is on its way no more
    page.click(".shelf-text [type=submit]")
    page.wait_for_selector(".addition[data-ended]", timeout=WAIT)
    assert page.inner_text(".addition .sum") == "Pasted text: 1 added"
    waits_for_titles(page, "Lamp lit again")
    assert page.input_value(".shelf-text [name=text]") == ""
    (article,) = assistant.articles()
    assert (article.source, f"{article.published_at:%Y-%m-%d}") == ("Post", "2024-05-04")


def test_an_addition_outlives_its_page_and_can_be_stopped(
    open_assistant: Callable[..., Assistant], open_library: Callable[..., Any], news_server: NewsServer
) -> None:
    """Another page of the same browser shows it too, and follows it; it stops when asked and says so, on both."""
    for number in range(12):
        news_server.add(f"/slow{number}", Reply(b"<p>late</p>", pause=4))
    page = open_library(open_assistant(allow_private=True))
    page.fill("#shelf-addresses", "\n".join(news_server.url(f"/slow{number}") for number in range(12)))
    page.click("[data-form=add-addresses] [type=submit]")
    page.wait_for_selector(".addition:not([data-ended])")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".addition:not([data-ended]) [data-shelf=stop]")
    other.focus("[data-shelf=stop]")
    other.keyboard.press("Enter")
    for each in (page, other):
        each.wait_for_selector(".addition[data-ended] .sum:has-text('stopped')", timeout=WAIT)


def test_files_that_are_dropped_meanwhile_are_added_too(
    open_assistant: Callable[..., Assistant], open_library: Callable[..., Any], news_server: NewsServer, tmp_path: Path
) -> None:
    """Those that come while what was dropped before waits, or is read, have their turn after it."""
    news_server.add("/slow", Reply(b"<p>late</p>", pause=3))
    page = open_library(open_assistant(allow_private=True))
    page.fill("#shelf-addresses", news_server.url("/slow"))
    page.click("[data-form=add-addresses] [type=submit]")
    for number, (title, text) in enumerate({"Lamp lit again": STORY, "Ferry twice a day": FERRY}.items(), start=2):
        path = tmp_path / f"{number}.txt"
        path.write_text(f"{title}\n\n{text}", "utf-8")
        page.set_input_files("#files input[type=file]", [path])
        page.wait_for_function("(count) => document.querySelectorAll('.addition').length === count", arg=number)
    page.wait_for_function("document.querySelectorAll('.addition[data-ended]').length === 3", timeout=WAIT)
    waits_for_titles(page, "Ferry twice a day", "Lamp lit again")


def test_versions_copies_and_articles_are_opened(fill: Callable[..., Assistant], open_library: Callable[..., Any]) -> None:
    """A row opens to its copies and versions by keyboard; each of them, and the article itself, opens in the reader."""
    assistant = fill(
        {"id": "a", "title": "Lamp lit", "text": "Lamp lit. The old words."},
        {"id": "a", "title": "Lamp lit", "text": "Lamp lit. The new words."},
        {"id": "b", "title": "Same elsewhere", "duplicate_of": "a", "source": "Beacon"},
    )
    page = open_library(assistant)
    more = page.get_by_role("button", name="1 copy · 2 versions of “Lamp lit”")
    more.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("tr.details")
    assert more.get_attribute("aria-expanded") == "true"
    assert page.evaluate("document.activeElement.className") == "more"
    details = page.locator("tr.details")
    assert "Same elsewhere" in details.inner_text()
    assert "Beacon" in details.inner_text()
    versions = details.locator("[data-version]")
    assert versions.count() == 2
    assert details.locator(".badge").all_inner_texts() == ["this one answers"]
    versions.nth(1).click()
    page.wait_for_selector("dialog :text('The old words.')")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="hidden")
    page.locator(".shelf-table .title .open-article", has_text="Lamp lit").click()
    page.wait_for_selector("dialog :text('The new words.')")


def test_the_library_fits_a_phone(fill: Callable[..., Assistant], open_library: Callable[..., Any]) -> None:
    """No sideways scrolling, in German with long words; the order can be chosen without column heads, and the panels open."""
    long = {"title": "Bundesverfassungsgerichtsentscheidung" * 3, "source": "Donaudampfschifffahrtsgesellschaftszeitung"}
    page = open_library(
        fill({}, long, {"published_at": NOW}), locale="de-DE", viewport={"width": 390, "height": 844}, has_touch=True
    )

    def fits() -> bool:
        return bool(page.evaluate("document.getElementById('library').scrollWidth <= document.documentElement.clientWidth"))

    assert fits()
    page.select_option("#shelf-order", "published")
    waits_for_titles(page, "Story 2")
    assert page.get_attribute("#shelf-table .shelf", "data-descending") == "true"
    page.click(".shelf-toggle.main")
    assert page.is_visible("#files")
    assert fits()
    page.click("[data-panel=shelf-followed]")
    assert "Noch wird nichts beobachtet." in page.inner_text("#shelf-followed")
    assert fits()
    page.locator(".shelf-table .remove").first.click()
    page.wait_for_selector(".shelf-undo p:has-text('1 Artikel entfernt.')")
    assert fits()


def test_a_hostile_article_is_text_in_the_table(fill: Callable[..., Assistant], open_library: Callable[..., Any]) -> None:
    """Scripts and markup in a title or outlet are shown and do nothing, in the row, its names and its details."""
    assistant = fill(
        {"title": HOSTILE, "source": HOSTILE, "url": "javascript:window.pwned=1"}, {"title": HOSTILE, "duplicate_of": "0000"}
    )
    page = open_library(assistant)
    assert titles(page)[0].strip() == " ".join(HOSTILE.split())
    page.locator(".more").first.click()
    page.wait_for_selector("tr.details")
    page.locator(".open-article").first.click()
    page.wait_for_selector("dialog[open]")
    assert page.locator("#library script, #library img, #library b, dialog script, dialog img").count() == 0
    assert page.evaluate("window.pwned") is None
