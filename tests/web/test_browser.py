"""The page in a real browser. ``open_page`` fails a test on any request beyond this machine, page error or policy violation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from assistant.types import AskedPeriod, Searched
from tests.web.fakes import QUOTE, SECOND, FakeAssistant, answer_with, cite, hit_of, make_article
from tests.web.test_render import HOSTILE
from vectorstore.errors import LibraryError
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable

# Gradio, counting its own events.
pytestmark = pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword is deprecated)")
BOX = "#composer textarea"


@pytest.fixture
def talkative() -> FakeAssistant:
    """An assistant with one article, which answers with two of its sentences."""
    article = make_article()
    answer = answer_with(cite(article, QUOTE), cite(article, SECOND, number=2), hits=[hit_of(article)])
    return FakeAssistant(articles_kept=[article], answer=answer, examples=["Why is Blinken visiting Astana?"])


def ask(page: Any, question: str) -> None:
    """Type a question and send it by keyboard."""
    page.fill(BOX, question)
    page.press(BOX, "Enter")


def test_a_question_is_answered_with_a_marked_quote(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """From the empty page to the quote in its place, in the article's language, labelled as a sample."""
    page = open_page(serve_page(talkative), locale="en-GB")
    ask(page, "Why is Blinken visiting Astana?")
    page.wait_for_selector("#current .citation")
    assert page.locator("#current mark").all_text_contents() == [QUOTE, SECOND]
    assert page.locator("#current blockquote").first.get_attribute("lang") == "de"
    assert page.locator("#current .badge").first.inner_text() == "Sample"
    assert page.locator("#current .original").first.get_attribute("rel") == "noopener noreferrer"
    assert page.input_value(BOX) == ""
    assert page.locator(".masthead .count").inner_text() == "1 article"


def test_a_marker_leads_to_its_card_by_keyboard(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """Enter on a marker brings the card into view and gives it the focus, without leaving the page."""
    address = serve_page(talkative)
    page = open_page(f"{address}/?from=bookmark", viewport={"width": 390, "height": 700}, reduced_motion="reduce")
    ask(page, "Why?")
    page.wait_for_selector("#current .citation")
    page.locator("#current .marker").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'question-1-2'")
    assert page.locator("#question-1-2").evaluate("e => e.getBoundingClientRect().top < innerHeight")
    assert page.url.partition("#")[0] == f"{address}/?from=bookmark"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_suggestion_asks_and_the_conversation_goes_on(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """A click on a suggestion asks it; the next question has the first as its history; a new conversation has none."""
    page = open_page(serve_page(talkative))
    page.click(".suggestion:visible")
    page.wait_for_selector("#current .citation")
    ask(page, "And then?")
    page.wait_for_selector("#past .exchange")
    page.wait_for_selector("#current[id] #question-2[aria-busy=false]")
    page.click(".rail .new")
    page.wait_for_selector(".suggestion:visible")
    assert page.locator(".exchange").count() == 0
    ask(page, "Again?")
    page.wait_for_selector("#current .citation")
    histories = [[turn.question for turn in history] for _, history in talkative.asked]
    assert histories == [[], ["Why is Blinken visiting Astana?"], []]


def test_what_a_question_became_can_be_taken_back(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """The buttons beside it ask the last question anew, in its place: without its period, then without the turns before, whose numbers stay."""
    page = open_page(serve_page(talkative), locale="en-GB")
    ask(page, "Why is Blinken visiting Astana?")
    page.wait_for_selector("#current .citation")
    assert talkative.answer
    period = AskedPeriod(since=date(2023, 2, 20), until=date(2023, 2, 26), text="last week")
    searched = Searched(question="And Blinken last week?", filters=Filters(), carried=("Blinken",), period=period)
    talkative.answer = replace(talkative.answer, searched=searched)
    ask(page, "And last week?")
    page.wait_for_selector("#current #question-2[aria-busy=false] .take-back")
    assert page.locator("#current .take-back").all_inner_texts() == ["Ask without what came before", "Ask without the period"]
    assert page.locator("#past .take-back:visible").count() == 0
    page.fill(BOX, "half a quest")
    talkative.answer = replace(talkative.answer, searched=replace(searched, period=None))
    page.get_by_role("button", name="Ask without the period").click()
    page.wait_for_function("document.querySelectorAll('#current .take-back').length === 1")
    talkative.answer = replace(talkative.answer, searched=Searched(question="Why?", filters=Filters()))
    page.locator("#current .take-back").press("Enter")
    page.wait_for_selector("#current #question-2[aria-busy=false]:not(:has(.take-back))")
    assert page.locator(".exchange").count() == 2
    assert page.input_value(BOX) == "half a quest"
    assert [question for question, _ in talkative.asked[1:]] == ["And last week?"] * 3
    assert talkative.periods_detected == [True, True, False, False]
    numbers = [[citation.number for turn in history for citation in turn.citations] for _, history in talkative.asked]
    assert numbers == [[], [1, 2], [1, 2], [1, 2]]
    assert [[turn.question for turn in history] for _, history in talkative.asked][2:] == [
        ["Why is Blinken visiting Astana?"],
        [""],
    ]


def test_a_refusal_shows_the_nearest_passages_and_what_was_searched(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any]
) -> None:
    """The reason, how much was searched and the passages are there at once, in the reader's language."""
    refusal = answer_with(
        text="Die Artikel beantworten das nicht.", reason="Peking kommt nicht vor.", hits=[hit_of(make_article())]
    )
    page = open_page(serve_page(FakeAssistant(articles_kept=[make_article()], answer=refusal)), locale="de-DE")
    ask(page, "Warum reist Blinken nach Peking?")
    page.wait_for_selector("text=Peking kommt nicht vor.")
    assert QUOTE in page.inner_text("#current .passage")
    assert "1 Artikel" in page.inner_text("#current .searched")
    assert "16. Februar 2023" in page.inner_text("#current .searched")
    assert page.evaluate("document.documentElement.lang") == "de"
    assert page.get_attribute(BOX, "placeholder") == "Frage an die Artikel"


def test_hostile_articles_and_questions_are_text(serve_page: Callable[[Any], str], open_page: Callable[..., Any]) -> None:
    """Scripts, handlers, Markdown and templates in an article, a title, a question or a suggestion are shown and do nothing."""
    article = make_article(text=f"Before. {HOSTILE} After.", title=HOSTILE, source=HOSTILE, url="javascript:window.pwned=1")
    answer = answer_with(cite(article, HOSTILE), hits=[hit_of(article)])
    page = open_page(serve_page(FakeAssistant(articles_kept=[article], answer=answer, examples=[HOSTILE])))
    assert page.locator(".suggestion:visible").inner_text() == HOSTILE
    ask(page, HOSTILE)
    page.wait_for_selector("#current .citation")
    assert page.locator("#current mark").text_content() == HOSTILE
    assert page.locator("#current .question").text_content() == HOSTILE
    assert page.locator("#current h4").text_content() == HOSTILE
    assert page.locator("#current script, #current img, #current b, #current .original").count() == 0
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (LibraryError("The library is in use. Try again <later>."), "The library is in use. Try again <later>."),
        (ZeroDivisionError("secret detail"), "Something unexpected went wrong."),
    ],
)
def test_a_failure_says_what_to_do(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant, failure: Exception, said: str
) -> None:
    """Our own errors are shown as they are, others without their insides; the next question works again."""
    talkative.failure = failure
    page = open_page(serve_page(talkative))
    ask(page, "Why?")
    page.wait_for_selector("#current .notice")
    assert said in page.inner_text("#current .notice")
    assert "secret detail" not in page.inner_text("body")
    talkative.failure = None
    ask(page, "Why?")
    page.wait_for_selector("#current .citation")


def test_two_readers_do_not_see_each_other(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """A conversation belongs to its page."""
    address = serve_page(talkative)
    first, second = open_page(address), open_page(address)
    ask(first, "Mine?")
    first.wait_for_selector("#current .citation")
    ask(second, "Yours?")
    second.wait_for_selector("#current .citation")
    assert "Mine?" not in second.inner_text("body")
    assert [history for _, history in talkative.asked] == [(), ()]
