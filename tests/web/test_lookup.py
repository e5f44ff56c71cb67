"""What the page's script looks up by itself: whole articles and the words of quotes, and what handlers make of what comes from outside."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assistant.types import QUESTION_CHARACTERS
from assistant.web.asking import Asking, chosen_filters
from assistant.web.conversations import Conversations
from assistant.web.page import UPLOADS_KEPT
from assistant.web.reader import Highlight, article_html, pieces
from assistant.web.talk import Talk
from assistant.web.visitor import Visitor, remembered, visitor_of
from tests.web.fakes import QUOTE, SECOND, TEXT, FakeAssistant, answer_with, cite, make_article
from tests.web.test_render import HOSTILE, TAGS, Reader
from vectorstore.errors import LibraryError
from vectorstore.types import Filters, Furniture

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant import Assistant
    from assistant.kept import Conversation
    from vectorstore.types import Article


@pytest.fixture
def address(serve_page: Callable[[Any], str]) -> str:
    """A running page over one article."""
    return serve_page(FakeAssistant(articles_kept=[make_article()], meanings={"Ziel": ("goal",)}))


def span(words: str) -> tuple[int, int]:
    """Where ``words`` stand in the article."""
    start = TEXT.index(words)
    return start, start + len(words)


def test_an_article_is_handed_out_with_its_quotes(address: str) -> None:
    """Highlights are spans with a number; what is none, or does not fit, is left out."""
    (one, two), (three, four) = span(QUOTE), span(SECOND)
    quotes = f"{one}-{two}:1,{three}-{four}:2,5-1,x,-3-4,99999-100000,{one + 3}-{two}:7"
    response = httpx.get(f"{address}/look/article", params={"id": make_article().id, "quotes": quotes})
    assert response.status_code == 200
    reader = Reader(response.text)
    assert reader.marks == [QUOTE, SECOND]
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_what_is_not_there_is_said_in_the_reader_s_language(address: str) -> None:
    """An unknown article, version or span is an answer, not an error of the server."""
    german = {"accept-language": "de"}
    for path, params in (
        ("article", {"id": "nobody"}),
        ("article", {"id": make_article().id, "version": "0" * 64}),
        ("article", {}),
    ):
        response = httpx.get(f"{address}/look/{path}", params=params, headers=german)
        assert response.status_code == 404
        assert "nicht mehr in der Bibliothek" in response.text
    for start, end in (("0", "0"), ("5", "1"), ("0", "99999"), ("x", "2"), ("-1", "4")):
        params = {"id": make_article().id, "start": start, "end": end}
        response = httpx.get(f"{address}/look/words", params=params, headers=german)
        assert response.status_code == 404
        assert response.json()["entries"] == []


def test_words_come_with_their_entries(address: str) -> None:
    """The quote as it was, each known word an element that names its entry."""
    start, end = span(QUOTE)
    found = httpx.get(f"{address}/look/words", params={"id": make_article().id, "start": str(start), "end": str(end)}).json()
    assert "".join(Reader(found["quote"]).marks) == QUOTE
    assert 'data-entry="0">Ziel<' in found["quote"]
    assert "goal" in found["entries"][0]
    assert found["note"] == ""


def test_a_library_that_cannot_be_read_is_said(serve_page: Callable[[Any], str]) -> None:
    """Whatever keeps an article or its words from being read is told in words, with a code that says that it may pass."""

    class Unreadable(FakeAssistant):
        def article(self, *_: Any, **__: Any) -> Article:
            message = "The article store cannot be used. Check the disk."
            raise LibraryError(message)

    address = serve_page(Unreadable())
    article = httpx.get(f"{address}/look/article", params={"id": "a"})
    words = httpx.get(f"{address}/look/words", params={"id": "a", "start": "0", "end": "5"})
    assert (article.status_code, words.status_code) == (503, 503)
    assert "Check the disk." in article.text
    assert words.json() == {"quote": "", "entries": [], "note": "The article store cannot be used. Check the disk."}


def test_a_question_that_is_too_long_is_refused_in_words() -> None:
    """Not only by the box of the page: whoever sends one past it is told in the page's language, and nothing is asked."""
    assistant: Any = FakeAssistant(articles_kept=[make_article()], answer=answer_with(cite(make_article(), QUOTE)))
    asking, visitor = Asking(assistant), Visitor(language="de", session="s")
    question = "x" * (QUESTION_CHARACTERS + 1)
    for told in (
        asking.ask(question, Talk(), Filters(), visitor=visitor),
        asking.ask_as_told({"question": question}, Talk(), Filters(), visitor=visitor),
    ):
        (update,) = told
        assert "2.001 Zeichen; höchstens 2.000" in update["status"]
    assert assistant.asked == []
    assert list(asking.ask(question[1:], Talk(), Filters(), visitor=visitor))[-1]["talk"].exchanges


def test_uploads_outlive_a_long_wait() -> None:
    """Files that are to be added may wait behind a long addition: gradio does not take them for forgotten within a day."""
    assert UPLOADS_KEPT >= 24 * 3600


def test_two_pages_with_one_conversation_keep_what_both_asked(open_assistant: Callable[..., Assistant]) -> None:
    """The page that answers last finds that the other went on: its own conversation is kept beside it and is the one that is open then."""
    assistant = open_assistant()
    asking = Asking(assistant)
    conversations = Conversations(assistant, asking)
    visitor = Visitor(owner="browser:t", session="s")

    def ask(question: str, talk: Talk) -> Talk:
        updates = list(conversations.kept(asking.ask(question, talk, Filters(), visitor=visitor), visitor=visitor))
        shown: Talk = updates[-1]["talk"]
        assert f'data-open="{shown.id}"' in updates[-1]["conversations"]
        return shown

    first = ask("First?", Talk())
    second: Talk = conversations.open({"id": first.id}, Talk(), Filters(), visitor=visitor)["talk"]
    first = ask("Third?", ask("Second?", first))
    conversations.rename({"id": first.id, "title": "Named"}, first, Filters(), visitor=visitor)
    second = ask("Fifth?", ask("Fourth?", second))
    first = ask("Sixth?", first)
    kept = {entry.id: (entry.title, entry.turns) for entry in assistant.conversations("browser:t")}
    assert kept == {first.id: ("Named", 4), second.id: ("First?", 3)}


def test_an_answer_that_cannot_be_kept_is_shown_all_the_same() -> None:
    """With why it is not kept."""

    class Full(FakeAssistant):
        def keep_conversation(self, *_: Any) -> Conversation:
            message = "The library has no place for more."
            raise LibraryError(message)

    assistant: Any = Full(articles_kept=[make_article()], answer=answer_with(cite(make_article(), QUOTE)))
    asking, visitor = Asking(assistant), Visitor(owner="browser:t", session="s")
    asked = asking.ask("Why?", Talk(), Filters(), visitor=visitor)
    last = list(Conversations(assistant, asking).kept(asked, visitor=visitor))[-1]
    assert "no place for more" in last["status"]
    assert last["talk"].exchanges[0].answer == assistant.answer


def test_another_page_cannot_write_there(address: str) -> None:
    """They only answer, and only readers of this page."""
    response = httpx.post(f"{address}/look/article", headers={"Origin": "http://evil.example"})
    assert response.status_code == 403
    assert httpx.post(f"{address}/look/article").status_code in {404, 405}
    assert httpx.get(f"{address}/look/other").status_code == 404


def test_a_hostile_article_is_text() -> None:
    """In headline, outlet, text, furniture and its reason."""
    text = f"{HOSTILE}\n\nBefore {HOSTILE} after."
    start = text.index(HOSTILE, 5)
    article = make_article(
        text=text, title=HOSTILE, source=HOSTILE, url="javascript:x", furniture=(Furniture(start + 8, start + 20, HOSTILE),)
    )
    html = article_html(article, language="en")
    assert all(TAGS.fullmatch(tag) for tag in Reader(html).tags)
    assert Reader(html).text.count(HOSTILE.removesuffix(" [7]")) >= 2


def test_an_article_is_shown_whole_and_once() -> None:
    """Highlights and furniture cut it into pieces without gaps; what overlaps an earlier highlight is left out."""
    text = "Headline\n\nOne two three.\n\nSee also: this.\n\nFour five."
    cut = text.index("See also")
    article = make_article(text=text, title="Headline", furniture=(Furniture(cut, cut + 15, "teaser"),))
    shown = pieces(article, highlights=[Highlight(14, 17, 1), Highlight(15, 20, 2), Highlight(10, 13, 3), Highlight(60, 70)])
    assert "".join(text[piece.start : piece.end] for piece in shown) == text
    assert [text[piece.start : piece.end] for piece in shown if piece.highlight] == ["One", "two"]
    assert [text[piece.start : piece.end] for piece in shown if piece.furniture] == ["See also: this.\n\n"]
    html = article_html(article, language="en")
    assert html.count("Headline") == 1
    assert html.count("Show what was cut away (1 place)") == 1


def test_a_quote_from_the_headline_is_shown_where_it_stands() -> None:
    """Then the headline is in the text too."""
    article = make_article(text="Headline here\n\nText.", title="Headline here")
    html = article_html(article, highlights=[Highlight(0, 8, 1)], language="en")
    assert Reader(html).marks == ["Headline"]


def test_filters_from_outside_are_days_and_short_texts() -> None:
    """What is no day is no limit, a period the wrong way round is turned, what is not named stays."""
    before = Filters(language="de", source="Welt")
    assert chosen_filters({"source": ""}, before) == Filters(language="de")
    assert chosen_filters({"since": "2023-03-01", "until": "2023-02-01"}, Filters()) == Filters(
        since=date(2023, 2, 1), until=date(2023, 3, 1)
    )
    assert chosen_filters({"since": "yesterday", "language": 7, "until": None}, before) == Filters(source="Welt")


def test_a_reader_is_known_by_login_or_by_token() -> None:
    """A token cannot pass for a login; without either nobody owns anything; what the browser keeps may be anything."""
    assert visitor_of({}, login="anna", kept={"token": "t"}, session="s").owner == "login:anna"
    assert visitor_of({}, login=None, kept={"token": "login:anna"}, session="s").owner == "browser:login:anna"
    damaged: list[object] = [None, [], "x", {"token": 5}, {"token": "x" * 1000}, {}]
    for kept in damaged:
        assert visitor_of({}, login=None, kept=kept, session=None).owner == ""
    first = remembered({})
    assert remembered(first) == first
    assert remembered(None)["token"] != first["token"]


@pytest.mark.parametrize(
    "action", [{}, {"id": 5}, {"id": "nobody"}, {"position": -1, "verdict": "up"}, {"position": "x"}, {"position": 99}]
)
def test_actions_from_outside_do_no_harm(action: dict[str, Any]) -> None:
    """Whatever the script is made to send, there is an answer to it and nothing is kept."""
    assistant: Any = FakeAssistant(articles_kept=[make_article()], answer=answer_with(cite(make_article(), QUOTE)))
    asking = Asking(assistant)
    conversations = Conversations(assistant, asking)
    visitor = Visitor(owner="browser:t", session="s")
    kept, asked = conversations, asking
    handlers: list[Callable[..., Any]] = [kept.open, kept.rename, kept.remove, kept.export, kept.feedback]
    handlers += [asked.edit, asked.filter, asked.cancel_edit]
    for handler in handlers:
        handler(action, Talk(), Filters(), visitor=visitor)
    assert list(asking.ask_as_told(action, Talk(), Filters(), visitor=visitor)) == []
    assert assistant.opinions == []
    assert assistant.talks == {}
