"""The Ask view in a real browser, over a stand-in with knobs: markers, articles, words, filters, stopping, editing, kept conversations."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistant.bundle_checks import verify_bundle
from assistant.web.conversations import Conversations
from tests.web.conftest import serving
from tests.web.fakes import QUOTE, SECOND, TEXT, FakeAssistant, answer_with, cite, hit_of, make_article
from tests.web.test_render import HOSTILE
from vectorstore.errors import LibraryError
from vectorstore.types import Furniture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vectorstore.types import Filters

# Gradio, counting its own events.
pytestmark = pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword is deprecated)")
BOX = "#composer textarea"
TEASER = "Lesen Sie auch: Alles über Kasachstan."


@pytest.fixture
def talkative() -> FakeAssistant:
    """An assistant with one article that has a teaser in it, which answers with two of its sentences."""
    text = f"{TEXT}\n\n{TEASER}"
    article = make_article(text=text, furniture=(Furniture(len(TEXT) + 2, len(text), "teaser"),))
    answer = answer_with(cite(article, QUOTE), cite(article, SECOND, number=2), hits=[hit_of(article)])
    return FakeAssistant(articles_kept=[article], answer=answer, examples=["Why is Blinken visiting Astana?"])


@pytest.fixture
def opened(serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant) -> Any:
    """Its page, wide, in English."""
    return open_page(serve_page(talkative), locale="en-GB", viewport={"width": 1300, "height": 800}, reduced_motion="reduce")


def ask(page: Any, question: str) -> None:
    """Type a question, send it by keyboard, wait for the answer."""
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    page.wait_for_function(
        "(question) => { const exchange = document.querySelector('#current .exchange');"
        " return exchange?.ariaBusy === 'false' && exchange.querySelector('.question').textContent === question; }",
        arg=question,
    )


def test_a_marker_shows_its_quote_and_brings_up_its_card(opened: Any) -> None:
    """Hovering or focusing it shows the quote beside it, Escape hides that; a click or Enter selects the card and says so, its number leads back."""
    ask(opened, "Why?")
    marker = opened.locator("#current .marker").nth(1)
    marker.hover()
    opened.wait_for_selector("#beside:popover-open")
    assert SECOND in opened.inner_text("#beside")
    assert "Welt News" in opened.inner_text("#beside")
    opened.keyboard.press("Escape")
    assert opened.locator("#beside:popover-open").count() == 0
    opened.mouse.move(0, 0)
    opened.focus("#current .marker")
    opened.keyboard.press("Tab")
    opened.wait_for_selector("#beside:popover-open")
    assert marker.get_attribute("aria-describedby") == "beside"
    opened.keyboard.press("Enter")
    opened.wait_for_function("document.activeElement.id === 'question-1-2'")
    assert opened.locator(".citation[data-active]").get_attribute("id") == "question-1-2"
    assert marker.get_attribute("aria-current") == "true"
    opened.keyboard.press("Escape")
    assert marker.evaluate("(element) => element === document.activeElement")
    opened.locator("#current .marker").first.click()
    assert opened.locator(".citation[data-active]").get_attribute("id") == "question-1-1"
    opened.click("#question-1-1 .number")
    assert opened.evaluate("document.activeElement.getAttribute('href')") == "#question-1-1"


def test_the_evidence_stands_beside_or_below(opened: Any) -> None:
    """On a wide window it is at the side and follows the selected answer; on a narrow one it is below its answer."""
    ask(opened, "First?")
    ask(opened, "Second?")
    shown = opened.locator(".evidence:visible")
    assert shown.count() == 1
    assert opened.locator("#question-2[data-selected]").count() == 1
    box = shown.bounding_box()
    assert box["x"] > opened.locator("#current .answer").bounding_box()["x"] + 300
    opened.evaluate("scrollTo(0, 0)")
    opened.locator("#question-1 .question").click()
    opened.wait_for_selector("#question-1[data-selected] .evidence")
    assert opened.locator("#question-2 .evidence:visible").count() == 0
    opened.set_viewport_size({"width": 700, "height": 800})
    below, answer = opened.locator("#question-1 .evidence").bounding_box(), opened.locator("#question-1 .answer").bounding_box()
    assert below["y"] >= answer["y"] + answer["height"]
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_whole_article_opens_at_the_quote(opened: Any) -> None:
    """Every quote of the answer is marked in it, the one that was chosen has the focus; what was cut away is shown on demand."""
    ask(opened, "Why?")
    opened.locator("#current .marker").nth(1).click()
    opened.click("#current .open-article")
    opened.wait_for_selector("dialog.reader[open]")
    assert opened.locator("dialog.reader mark").all_text_contents() == [QUOTE, SECOND]
    assert opened.evaluate("document.activeElement.textContent") == SECOND
    assert opened.locator("dialog.reader .article-text").get_attribute("lang") == "de"
    assert not opened.locator("dialog.reader .furniture").is_visible()
    opened.click(".show-furniture")
    assert opened.locator("dialog.reader .furniture").inner_text() == TEASER
    opened.keyboard.press("Escape")
    assert not opened.locator("dialog.reader").is_visible()


def test_an_article_that_is_gone_says_so(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """The quote stays; opening the article says why it cannot be shown."""
    page = open_page(serve_page(talkative), locale="en-GB")
    ask(page, "Why?")
    gone = talkative.articles_kept.pop()
    page.evaluate("console.error = () => {}")
    page.route("**/look/article*", lambda route: route.fulfill(status=200, body=route.fetch().text(), content_type="text/html"))
    page.click("#current .open-article")
    page.wait_for_selector("dialog.reader[open] .notice")
    assert "no longer in the library" in page.inner_text("dialog.reader")
    assert gone.title not in page.inner_text("dialog.reader")


def test_each_word_of_a_foreign_quote_has_its_entry(opened: Any, talkative: FakeAssistant) -> None:
    """Looked up when the reader first comes near; by pointer and by keyboard, with every sense, the dictionary and its licence."""
    talkative.meanings = {"Ziel": ("goal, aim", "destination"), "frühere": ("früh: early", "früh: in the morning")}
    ask(opened, "Why?")
    assert opened.locator(".word").count() == 0
    opened.locator("#current .quote").first.hover()
    opened.wait_for_selector(".word")
    assert opened.locator("#current .citation").first.locator("mark").text_content() == QUOTE
    opened.locator(".word", has_text="Ziel").hover()
    opened.wait_for_selector("#beside:popover-open")
    assert opened.locator("#beside .senses li").all_inner_texts() == ["goal, aim", "destination"]
    assert "FreeDict German–English · GPL-2.0-or-later" in opened.inner_text("#beside")
    opened.mouse.move(0, 0)
    opened.locator("#current .look-up").first.focus()
    opened.keyboard.press("Enter")
    opened.wait_for_function("document.activeElement.textContent === 'Ziel'")
    opened.keyboard.press("ArrowRight")
    opened.wait_for_function("document.querySelector('#beside .headword')?.textContent === 'frühere'")
    assert opened.inner_text("#beside .entry") == "früh"
    opened.hover("#beside")
    opened.mouse.move(0, 0)
    opened.wait_for_timeout(400)
    assert (
        opened.inner_text("#beside:popover-open .headword") == "frühere"
    )  # the keyboard brought it up, so the pointer does not end it
    assert opened.locator("#beside .senses li").all_inner_texts() == ["early", "in the morning"]


def test_a_quote_without_dictionary_says_so(opened: Any) -> None:
    """The offer becomes the reason."""
    ask(opened, "Why?")
    opened.locator("#current .look-up").first.click()
    opened.wait_for_selector(".no-words")
    assert "fundstelle doctor" in opened.inner_text(".no-words >> nth=0")


def test_filters_are_set_seen_and_taken_away(opened: Any, talkative: FakeAssistant) -> None:
    """What is chosen stands above the box and limits the question; its cross takes it away, by keyboard too."""
    opened.click(".filter-panel summary")
    opened.select_option("select[name=language]", "de")
    opened.select_option("select[name=source]", "Welt News")
    opened.fill("input[name=since]", "2023-02-01")
    opened.click(".filter-form .primary")
    opened.wait_for_selector(".chip")
    assert opened.locator(".chip").all_inner_texts() == ["German", "Welt News", "from 1 February 2023 on"]
    ask(opened, "Why?")
    opened.locator(".unfilter").nth(2).focus()
    opened.keyboard.press("Enter")
    opened.wait_for_function("document.querySelectorAll('.chip').length === 2")
    ask(opened, "And then?")

    def told(filters: Filters | None) -> tuple[Any, ...]:
        assert filters
        return filters.language, filters.source, str(filters.since)

    assert [told(filters) for filters in talkative.filters] == [("de", "Welt News", "2023-02-01"), ("de", "Welt News", "None")]


def test_an_answer_is_stopped(opened: Any, talkative: FakeAssistant) -> None:
    """Words come as they are written, without markers; Stop ends the model, and what there is becomes the answer."""
    talkative.writing, talkative.waits = ("Blinken wants ", "to woo [1]. "), True
    opened.fill(BOX, "Why?")
    opened.press(BOX, "Enter")
    opened.wait_for_selector("#current .answer-text:has-text('to woo.')")
    opened.click("#composer .stop-button")
    opened.wait_for_selector(
        "#current [aria-busy=false] .citation, #current[aria-busy=false] .citation, #question-1[aria-busy=false]"
    )
    assert talkative.stopped == 1
    opened.wait_for_selector("#composer .submit-button")


def test_a_page_that_is_closed_waits_for_no_answer(opened: Any, talkative: FakeAssistant) -> None:
    """The model is asked no further for nobody."""
    talkative.waits = True
    opened.fill(BOX, "Why?")
    opened.press(BOX, "Enter")
    opened.wait_for_selector("#composer .stop-button")
    opened.close()
    deadline = time.monotonic() + 15
    while not talkative.stopped and time.monotonic() < deadline:
        time.sleep(0.05)
    assert talkative.stopped == 1


def test_the_last_question_is_edited_or_asked_again(opened: Any, talkative: FakeAssistant) -> None:
    """Edit puts it back into the box and what is asked next takes its place; asking again does too."""
    ask(opened, "First?")
    ask(opened, "Secnod?")
    opened.click("#current [data-tool=edit]")
    opened.wait_for_selector(".editing")
    assert opened.input_value(BOX) == "Secnod?"
    opened.click("[data-tool=cancel-edit]")
    opened.wait_for_function("!document.querySelector('.editing')")
    assert opened.input_value(BOX) == ""
    opened.click("#current [data-tool=edit]")
    opened.wait_for_selector(".editing")
    ask(opened, "Second?")
    assert opened.locator(".question").all_inner_texts() == ["First?", "Second?"]
    assert opened.locator(".editing").count() == 0
    opened.evaluate("document.querySelector('#current .exchange').dataset.before = ''")
    opened.click("#current [data-tool=retry]")
    opened.wait_for_selector("#current .exchange[aria-busy=false]:not([data-before])")
    assert [question for question, _ in talkative.asked] == ["First?", "Secnod?", "Second?", "Second?"]
    assert all(len(history) == 1 for _, history in talkative.asked[1:])
    assert opened.locator("#past [data-tool=retry]:visible").count() == 0


def test_a_failed_question_is_asked_again(opened: Any, talkative: FakeAssistant) -> None:
    """The message says what to do, the button below it tries once more."""
    talkative.failure = LibraryError("The library is in use.")
    opened.fill(BOX, "Why?")
    opened.press(BOX, "Enter")
    opened.wait_for_selector("#current .notice")
    talkative.failure = None
    opened.click("#current .ask-again")
    opened.wait_for_selector("#current .citation")
    assert opened.locator(".exchange").count() == 1


def test_an_answer_is_copied_with_its_sources(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """As Markdown, with the quotes."""
    page = open_page(serve_page(talkative), permissions=["clipboard-read", "clipboard-write"])
    ask(page, "Why?")
    page.click("#current [data-tool=copy]")
    page.wait_for_selector("[data-tool=copy][data-done]")
    assert talkative.answer
    assert page.evaluate("navigator.clipboard.readText()") == talkative.answer.to_markdown()


def test_an_answer_is_judged(opened: Any, talkative: FakeAssistant) -> None:
    """A thumb is kept at once, a note is added to it, the same thumb again takes it back."""
    ask(opened, "Why?")
    opened.click("#current [data-tool=down]")
    opened.fill(".feedback-note input", "Not what I asked")
    opened.keyboard.press("Enter")
    opened.wait_for_function("document.querySelector('.feedback-note').hidden")
    opened.wait_for_timeout(300)
    assert [(opinion.verdict, opinion.note) for opinion in talkative.opinions] == [("down", ""), ("down", "Not what I asked")]
    assert opened.get_attribute("#current [data-tool=down]", "aria-pressed") == "true"
    opened.click("#current [data-tool=down]")
    opened.wait_for_timeout(300)
    assert talkative.opinions == []


def test_an_empty_question_changes_nothing(opened: Any, talkative: FakeAssistant) -> None:
    """Enter in an empty box, or after spaces, leaves the page as it is: fresh or in the middle of a conversation."""
    for shown in (".intro", "#current .citation"):
        for typed in ("", "   "):
            opened.fill(BOX, typed)
            opened.press(BOX, "Enter")
        opened.wait_for_timeout(500)
        assert opened.locator(shown).first.is_visible()
        assert opened.locator("#conversations .rail").count() == 1
        ask(opened, "Why?")
    opened.wait_for_selector("#past .exchange")
    assert len(talkative.asked) == 2


ASK_IN_A_ROW = """async (questions) => {
    const box = document.querySelector("#composer textarea");
    const is_answered = (question) => {
        const exchange = document.querySelector("#current .exchange[aria-busy=false]");
        return exchange?.querySelector(".question").textContent === question;
    };
    for (const question of questions) {
        box.value = question;
        box.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise(setTimeout);
        for (const kind of ["keydown", "keypress"]) box.dispatchEvent(new KeyboardEvent(kind, { key: "Enter", bubbles: true, cancelable: true }));
        await new Promise((answered) => {
            const look = () => is_answered(question) && answered();
            new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
        });
    }
}"""


def test_an_enter_right_after_an_answer_asks(opened: Any, talkative: FakeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short after it, while gradio still has the last question in hand."""
    kept = Conversations.kept

    def with_a_slow_end(*given: Any, **named: Any) -> Iterator[Any]:
        yield from kept(*given, **named)
        time.sleep(0.3)

    monkeypatch.setattr(Conversations, "kept", with_a_slow_end)
    questions = [f"Question {number}?" for number in range(4)]
    opened.evaluate(ASK_IN_A_ROW, questions)
    assert [question for question, _ in talkative.asked] == questions


def test_a_question_sent_twice_is_asked_once(opened: Any, talkative: FakeAssistant) -> None:
    """By a double click, or a key that bounces: one question in one conversation, whether it is typed or a suggestion."""
    opened.wait_for_selector(".suggestion")
    opened.evaluate("for (let click = 0; click < 2; click++) document.querySelector('.suggestion').click()")
    opened.wait_for_selector("#current .exchange[aria-busy=false]")
    opened.click(".rail .new")
    opened.fill(BOX, "Why?")
    opened.evaluate("for (let click = 0; click < 2; click++) document.querySelector('#composer .submit-button').click()")
    opened.wait_for_selector("#current .exchange[aria-busy=false] .question:text-is('Why?')")
    opened.wait_for_timeout(500)
    assert [question for question, _ in talkative.asked] == ["Why is Blinken visiting Astana?", "Why?"]
    assert opened.locator(".open-kept").count() == 2


def test_what_was_judged_stays_pressed(opened: Any) -> None:
    """The next question puts the answer in anew; its thumb stays down, the new answer's is up to the reader."""
    ask(opened, "Why?")
    opened.click("#current [data-tool=up]")
    ask(opened, "And then?")
    opened.wait_for_selector("#past [data-tool=up][aria-pressed=true]")
    assert opened.get_attribute("#current [data-tool=up]", "aria-pressed") == "false"


def test_a_reload_finds_the_conversation(opened: Any) -> None:
    """The address says which; its questions and their evidence are there again, and it goes on where it was."""
    ask(opened, "First?")
    ask(opened, "Second?")
    opened.wait_for_function("location.hash.startsWith('#c=')")
    opened.reload()
    opened.wait_for_selector("#current .citation")
    assert opened.locator(".question").all_inner_texts() == ["First?", "Second?"]
    assert opened.locator("#current mark").all_text_contents() == [QUOTE, SECOND]
    assert not opened.locator(".intro").is_visible()
    ask(opened, "Third?")
    assert opened.locator(".exchange").count() == 3


def test_a_page_outlives_its_server(open_page: Callable[..., Any], talkative: FakeAssistant, tmp_path: Path) -> None:
    """A program that is gone is told of, in the reader's language; once it is back the page goes on where it was, with what was typed and its filters."""
    uploads = tmp_path / "uploads"
    with serving(talkative, uploads=uploads) as address:
        page = open_page(address, locale="de-DE")
        page.click(".filter-panel summary")
        page.select_option("select[name=source]", "Welt News")
        page.click(".filter-form .primary")
        page.wait_for_selector(".chip")
        ask(page, "First?")
        page.wait_for_function("location.hash.startsWith('#c=')")
    port = int(address.rpartition(":")[2])
    with serving(talkative, uploads=uploads, port=port):  # started anew before the page noticed
        ask(page, "Second?")
        assert page.locator(".question").all_inner_texts() == ["First?", "Second?"]
    page.fill(BOX, "Third?")
    page.press(BOX, "Enter")
    page.wait_for_selector(".trouble:has-text('Fundstelle antwortet nicht.')")
    assert page.locator(".toast-wrap:visible").count() == 0
    with serving(talkative, uploads=uploads, port=port):
        page.wait_for_function("document.querySelector('.trouble')?.textContent === '' && document.querySelector('.chip')")
        page.wait_for_function("document.querySelector('#composer textarea').value === 'Third?'")
        page.press(BOX, "Enter")
        page.wait_for_selector("#current .exchange[aria-busy=false] .question:text-is('Third?')")
        assert page.locator(".question").all_inner_texts() == ["First?", "Second?", "Third?"]
    assert [[turn.question for turn in history] for _, history in talkative.asked] == [[], ["First?"], ["First?", "Second?"]]
    assert [filters.source if filters else None for filters in talkative.filters] == ["Welt News"] * 3


def test_kept_conversations_are_opened_renamed_saved_and_removed(opened: Any) -> None:
    """Each from the list at the side."""
    ask(opened, "First?")
    opened.click(".rail .new")
    opened.wait_for_selector(".suggestion:visible")
    assert opened.evaluate("location.hash") == ""
    ask(opened, "Second?")
    opened.wait_for_selector(".open-kept[aria-current]:has-text('Second?')")
    opened.click(".open-kept:has-text('First?')")
    opened.wait_for_selector("#current .question:text-is('First?')")

    def choose(name: str) -> None:
        opened.click(".kept > li:has([aria-current]) summary")
        opened.click(f".menu[open] [data-kept={name}]")

    choose("rename")
    opened.keyboard.type("Blinken <b>")
    opened.keyboard.press("Enter")
    opened.wait_for_selector(".open-kept:has-text('Blinken <b>')")
    with opened.expect_download() as download:
        choose("markdown")
    assert download.value.suggested_filename == "Blinken--b.md"
    assert QUOTE in Path(download.value.path()).read_text("utf-8")
    with opened.expect_download() as download:
        choose("json")
    evidence = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert verify_bundle(evidence).verified
    assert evidence["title"] == "Blinken <b>"
    assert [exchange["question"] for exchange in evidence["exchanges"]] == ["First?"]
    choose("remove")
    assert opened.locator(".open-kept").count() == 2, "it asks first"
    opened.click(".menu[open] [data-kept=remove]")
    opened.wait_for_selector(".suggestion:visible")
    assert opened.locator(".open-kept").all_inner_texts() == ["Second?"]


def begin(page: Any, question: str) -> None:
    """Ask, and wait until it is being answered and its address finds it."""
    before = page.evaluate("location.hash")
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    page.wait_for_function(
        "(question) => { const exchange = document.querySelector('#current .exchange');"
        " return exchange?.ariaBusy === 'true' && exchange.querySelector('.question').textContent === question; }",
        arg=question,
    )
    if not before:
        page.wait_for_function("location.hash.startsWith('#c=')")


def answered(page: Any) -> None:
    """Wait until the last question shown has its answer."""
    page.wait_for_selector("#current .exchange:not([aria-busy=true]) .citation", state="attached")


def kept_questions(talkative: FakeAssistant) -> list[list[tuple[str, bool]]]:
    """The questions of each kept conversation, and whether they are answered."""
    return [[(one.question, one.answer is not None) for one in talk.exchanges] for talk in talkative.talks.values()]


def test_a_conversation_is_removed_while_its_answer_is_coming(opened: Any, talkative: FakeAssistant) -> None:
    """The model is asked no further, and the answer that comes all the same is not kept: nothing comes back."""
    ask(opened, "First?")
    talkative.waits = True
    begin(opened, "Second?")
    opened.click(".kept > li summary")
    opened.click(".menu[open] [data-kept=remove]")
    opened.click(".menu[open] [data-kept=remove]")
    opened.wait_for_selector(".suggestion:visible")
    opened.wait_for_timeout(500)
    assert talkative.stopped == 1
    assert talkative.talks == {}
    assert opened.locator(".exchange, .open-kept").count() == 0


def test_a_reload_goes_on_with_the_answer_that_is_coming(opened: Any, talkative: FakeAssistant) -> None:
    """The question and its words so far are there again; Stop works on it, and its answer is shown and kept once."""
    talkative.writing, talkative.waits = ("Blinken wants ", "to woo [1]. "), True
    begin(opened, "Why?")
    assert kept_questions(talkative) == [[("Why?", False)]]
    opened.reload()
    opened.wait_for_selector("#current .exchange[aria-busy=true] .answer-text:has-text('to woo.')")
    assert opened.locator(".question").all_inner_texts() == ["Why?"]
    opened.wait_for_timeout(6_000)
    assert talkative.stopped == 0, "somebody watches it again"
    opened.fill(BOX, "Typed meanwhile")
    opened.press(BOX, "Enter")
    opened.wait_for_timeout(300)
    assert opened.input_value(BOX) == "Typed meanwhile"
    opened.click("#composer .stop-button")
    answered(opened)
    opened.wait_for_selector("#composer .submit-button")
    assert kept_questions(talkative) == [[("Why?", True)]]
    assert [question for question, _ in talkative.asked] == ["Why?"]
    talkative.waits = False
    ask(opened, "And then?")
    assert kept_questions(talkative) == [[("Why?", True), ("And then?", True)]]


def test_an_answer_that_came_while_the_page_was_away_is_there(opened: Any, talkative: FakeAssistant) -> None:
    """What a closed page asked for is finished with what there is, and found where the conversation is opened again."""
    talkative.waits = True
    begin(opened, "Why?")
    place = opened.url
    opened.goto("about:blank")
    deadline = time.monotonic() + 15
    while kept_questions(talkative) != [[("Why?", True)]] and time.monotonic() < deadline:
        time.sleep(0.05)
    opened.goto(place)
    answered(opened)
    assert opened.locator("#current mark").all_text_contents() == [QUOTE, SECOND]


def test_a_question_whose_program_ended_can_be_asked_again(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """Kept without an answer, it says that it was interrupted; asking again answers it in its place."""
    page = open_page(serve_page(talkative), locale="en-GB")
    ask(page, "Why?")
    page.wait_for_function("location.hash.startsWith('#c=')")
    ((key, talk),) = talkative.talks.items()
    talkative.talks[key] = replace(talk, exchanges=(replace(talk.exchanges[0], answer=None),))
    page.reload()
    page.wait_for_selector("#current .notice")
    assert page.inner_text("#current .notice").endswith("This question was interrupted before it had its answer.")
    page.click("#current .ask-again")
    answered(page)
    assert kept_questions(talkative) == [[("Why?", True)]]


def test_another_conversation_is_opened_while_an_answer_is_coming(opened: Any, talkative: FakeAssistant) -> None:
    """The answer goes on and is kept in its own; nothing of it comes into the one that is shown. Coming back shows how far it is."""
    ask(opened, "First?")
    opened.click(".rail .new")
    opened.wait_for_selector(".suggestion:visible")
    talkative.writing, talkative.waits = ("Blinken wants ",), True
    begin(opened, "Second?")
    opened.click(".open-kept:has-text('First?')")
    opened.wait_for_selector("#current .question:text-is('First?')")
    opened.wait_for_selector("#composer .submit-button")
    assert opened.locator(".exchange[aria-busy=true]").count() == 0
    opened.wait_for_timeout(500)
    assert opened.locator(".question").all_inner_texts() == ["First?"]
    opened.click(".open-kept:has-text('Second?')")
    opened.wait_for_selector("#current .exchange[aria-busy=true] .answer-text:has-text('Blinken wants')")
    opened.wait_for_selector("#composer .stop-button")
    opened.click(".rail .new")
    opened.wait_for_selector(".suggestion:visible")
    talkative.waits = False
    ask(opened, "Third?")
    assert talkative.stopped == 0
    opened.click(".open-kept:has-text('Second?')")
    opened.wait_for_selector("#composer .stop-button")
    opened.click("#composer .stop-button")
    answered(opened)
    assert sorted(kept_questions(talkative)) == [[("First?", True)], [("Second?", True)], [("Third?", True)]]


def test_filters_and_thumbs_are_as_they_were_left(opened: Any, talkative: FakeAssistant) -> None:
    """A reload keeps the filters of this tab and shows the thumbs; a new tab begins without filters."""
    opened.click(".filter-panel summary")
    opened.select_option("select[name=source]", "Welt News")
    opened.fill("input[name=since]", "2023-02-01")
    opened.click(".filter-form .primary")
    opened.wait_for_selector(".chip")
    ask(opened, "First?")
    opened.click("#current [data-tool=up]")
    assert talkative.answer
    talkative.answer = replace(talkative.answer, question="Second?")
    ask(opened, "Second?")
    opened.click("#current [data-tool=down]")
    opened.wait_for_timeout(300)
    opened.reload()
    answered(opened)
    assert opened.locator(".chip").all_inner_texts() == ["Welt News", "from 1 February 2023 on"]
    assert opened.locator("#past [aria-pressed=true]").get_attribute("data-tool") == "up"
    assert opened.locator("#current [aria-pressed=true]").get_attribute("data-tool") == "down"
    opened.click("#current [data-tool=down]")
    ask(opened, "Third?")
    assert opened.locator("#past [aria-pressed=true]").count() == 1
    asked_with = talkative.filters[-1]
    assert asked_with
    assert (asked_with.source, str(asked_with.since)) == ("Welt News", "2023-02-01")
    other = opened.context.new_page()
    other.goto(opened.url.partition("#")[0])
    other.wait_for_selector(".suggestion:visible, .filter-line")
    assert other.locator(".chip").count() == 0


def test_filters_stand_with_the_answer_and_are_taken_back(opened: Any, talkative: FakeAssistant) -> None:
    """What limited the articles is said where the answer is; the button beside it asks without it, also what is asked next."""
    opened.click(".filter-panel summary")
    opened.select_option("select[name=source]", "Welt News")
    opened.click(".filter-form .primary")
    opened.wait_for_selector(".chip")
    ask(opened, "Why?")
    assert "Only articles by your filters: Welt News." in opened.inner_text("#current .became")
    opened.click("#current .take-back")
    opened.wait_for_selector("#current .exchange[aria-busy=false]:not(:has(.became))")
    assert opened.locator(".exchange").count() == 1
    assert opened.locator(".chip").count() == 0
    ask(opened, "And then?")
    assert [filters.source if filters else None for filters in talkative.filters] == ["Welt News", None, None]


def test_filters_that_a_browser_makes_up_are_none(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """Whatever stands where the tab keeps them, the page comes up."""
    address = serve_page(talkative)
    page = open_page(address)
    page.wait_for_selector(".suggestion:visible")
    for nonsense in ("{", "[1]", '{"since": "yesterday", "language": 7}', "[" * 5000):
        page.evaluate("(text) => sessionStorage.setItem('filters', text)", nonsense)
        page.reload()
        page.wait_for_selector(".suggestion:visible")
        assert page.locator(".chip").count() == 0


def test_the_suggestions_fit_the_filters(opened: Any, talkative: FakeAssistant) -> None:
    """With a filter set, a fresh page proposes what can be answered with it."""
    talkative.examples = ["What does Welt News say?", "What does nobody say?"]
    opened.click(".masthead [data-view=library]")
    opened.click(".masthead [data-view=ask]")
    opened.wait_for_function("document.querySelectorAll('.suggestion').length === 2")
    opened.click(".filter-panel summary")
    opened.select_option("select[name=source]", "Welt News")
    opened.click(".filter-form .primary")
    opened.wait_for_function("document.querySelectorAll('.suggestion').length === 1")
    assert opened.inner_text(".suggestion") == "What does Welt News say?"
    opened.reload()
    opened.wait_for_selector(".suggestion:visible")
    assert opened.locator(".suggestion").all_inner_texts() == ["What does Welt News say?"]


def test_back_and_forward_go_through_what_was_opened(opened: Any) -> None:
    """Conversations, an empty one and the library are places that Back returns to; the page is never left on the way."""
    ask(opened, "First?")
    opened.click(".rail .new")
    opened.wait_for_selector(".suggestion:visible")
    ask(opened, "Second?")
    opened.wait_for_selector(".open-kept[aria-current]:has-text('Second?')")
    assert opened.title() == "Second? – Fundstelle"
    opened.click(".open-kept:has-text('First?')")
    opened.wait_for_selector("#current .question:text-is('First?')")
    opened.click(".masthead [data-view=library]")
    opened.wait_for_selector("#library[data-shown]")
    opened.evaluate("window.stayed = true")

    opened.go_back()
    opened.wait_for_selector("#library:not([data-shown])", state="attached")
    assert opened.inner_text("#current .question") == "First?"
    opened.go_back()
    opened.wait_for_selector("#current .question:text-is('Second?')")
    opened.go_back()
    opened.wait_for_selector(".suggestion:visible")
    assert opened.evaluate("location.hash") == ""
    opened.go_forward()
    opened.wait_for_selector("#current .question:text-is('Second?')")
    opened.go_forward()
    opened.wait_for_selector("#current .question:text-is('First?')")
    opened.go_forward()
    opened.wait_for_selector("#library[data-shown]")
    assert opened.evaluate("window.stayed")


def test_an_address_that_is_changed_by_hand_is_followed(opened: Any) -> None:
    """To a conversation and the library; one that is not there is said to be gone, and nonsense changes nothing."""
    ask(opened, "First?")
    opened.wait_for_function("location.hash.startsWith('#c=')")
    first = opened.evaluate("location.hash")
    opened.click(".rail .new")
    opened.wait_for_selector(".suggestion:visible")
    here = opened.url.partition("#")[0]
    opened.goto(here + first)
    opened.wait_for_selector("#current .question:text-is('First?')")
    opened.goto(here + "#library")
    opened.wait_for_selector("#library[data-shown]")
    opened.goto(here + "#nonsense")
    opened.wait_for_function("location.hash === '#library'")
    opened.goto(here + "#c=0123456789abcdef")
    opened.wait_for_selector(".toast:has-text('no longer there')")
    opened.wait_for_function("(first) => location.hash === first", arg=first)
    assert opened.inner_text("#current .question") == "First?"


def test_back_closes_an_open_article(opened: Any) -> None:
    """As its cross does, after which Back goes where it would have gone before."""
    ask(opened, "Why?")
    opened.wait_for_function("location.hash.startsWith('#c=')")
    place = opened.url
    for close in (opened.go_back, lambda: opened.click(".reader-close"), lambda: opened.keyboard.press("Escape")):
        opened.click("#current .open-article")
        opened.wait_for_selector("dialog.reader[open]")
        close()
        opened.wait_for_selector("dialog.reader", state="hidden")
        opened.wait_for_function("!history.state?.reading")
        assert opened.url == place
        assert opened.inner_text("#current .question") == "Why?"
    opened.go_back()
    opened.wait_for_selector(".suggestion:visible")


def test_a_long_question_is_cut_off_until_it_is_wanted(opened: Any) -> None:
    """Its heading has five lines and a button that shows the rest, and hides it again; what is asked is all of it."""
    question = "Why is Blinken visiting Astana, and what does he hope for? " * 12
    ask(opened, question.strip())
    heading = opened.locator("#current .question")
    short = heading.bounding_box()["height"]
    assert short < 140
    button = opened.get_by_role("button", name="Show all")
    button.click()
    assert heading.bounding_box()["height"] > 2 * short
    assert button.count() == 0
    opened.get_by_role("button", name="Show less").click()
    assert heading.bounding_box()["height"] == short
    assert heading.text_content() == question.strip()
    ask(opened, "Short?")
    assert opened.locator("#current .show-question").count() == 0


def test_conversations_of_others_are_not_found(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """Another browser neither lists a conversation nor opens it by its address."""
    address = serve_page(talkative)
    first = open_page(address)
    ask(first, "Mine?")
    first.wait_for_function("location.hash.startsWith('#c=')")
    second = open_page(address)
    ask(second, "Yours?")
    assert second.locator(".open-kept").all_inner_texts() == ["Yours?"]
    stolen = open_page(address + "/" + first.evaluate("location.hash"))
    stolen.wait_for_selector(".suggestion:visible")
    assert "Mine?" not in stolen.inner_text("body")
    assert len({owner for owner, _ in talkative.talks}) == 2


def test_on_a_phone_the_conversations_are_in_a_drawer(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """It opens by its button, closes by Escape, and what is in it is out of reach while it is closed."""
    page = open_page(serve_page(talkative), viewport={"width": 390, "height": 800}, reduced_motion="reduce", has_touch=True)
    ask(page, "Why?")
    page.wait_for_selector(".open-kept", state="attached")
    assert not page.locator(".open-kept").is_visible()
    page.click(".masthead .drawer")
    page.wait_for_selector(".open-kept:visible")
    assert page.get_attribute(".masthead .drawer", "aria-expanded") == "true"
    page.keyboard.press("Escape")
    page.wait_for_selector(".open-kept", state="hidden")
    assert page.evaluate("document.activeElement.className") == "drawer"


def test_an_answer_survives_articles_that_are_removed_or_changed(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], talkative: FakeAssistant
) -> None:
    """A kept conversation shows the quotes that it had and says what became of their articles; what is gone cannot be opened."""
    page = open_page(serve_page(talkative), locale="en-GB")
    assert talkative.answer
    talkative.answer = replace(talkative.answer, hits=())
    ask(page, "Why?")
    page.wait_for_function("location.hash.startsWith('#c=')")
    assert page.locator("#current .since").count() == 0
    (article,) = talkative.articles_kept
    talkative.articles_kept.insert(0, make_article(text=f"{article.text} Mehr folgt.", furniture=article.furniture))
    page.reload()
    page.wait_for_selector("#current .citation")
    assert page.locator("#current .since").all_inner_texts() == [
        "Changed since. The quote is from the version that was there when this was answered."
    ]
    page.click("#current .open-article")
    page.wait_for_selector("dialog.reader[open]")
    assert "Mehr folgt." not in page.inner_text("dialog.reader"), "the version that is quoted"
    talkative.articles_kept.clear()
    page.reload()
    page.wait_for_selector("#current .citation")
    assert page.locator("#current mark").all_text_contents() == [QUOTE, SECOND]
    assert page.locator("#current .since").all_inner_texts() == [
        "Removed from the library since. The quote is as it was when this was answered."
    ]
    assert page.locator("#current .badge, #current .open-article, #current .look-up").count() == 0


def test_the_evidence_of_an_earlier_answer_is_reached_by_keyboard(opened: Any) -> None:
    """Each answer that is not selected says how many sources it has; pressing that selects it and leads to them."""
    ask(opened, "First?")
    ask(opened, "Second?")
    button = opened.locator("#question-1 .to-evidence")
    assert button.inner_text() == "2 sources"
    assert not opened.locator("#question-2 .to-evidence").is_visible()
    button.focus()
    opened.keyboard.press("Enter")
    opened.wait_for_selector("#question-1[data-selected] .evidence:focus")
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.closest('.exchange').id") == "question-1"


def test_the_introduction_follows_the_library(opened: Any, talkative: FakeAssistant) -> None:
    """Whoever comes back from the Library finds the questions and filters of what is in it now."""
    talkative.examples = ["Another question?"]
    opened.click(".masthead [data-view=library]")
    opened.click(".masthead [data-view=ask]")
    opened.wait_for_selector(".suggestion:text-is('Another question?')")
    assert opened.evaluate("location.hash") == ""


def test_hostile_words_stay_words_wherever_they_are_shown(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any]
) -> None:
    """In the small window, the whole article, a dictionary entry, the filters, the list of conversations and a title that is edited."""
    article = make_article(text=f"Before. {HOSTILE} After.", title=HOSTILE, source=HOSTILE)
    answer = answer_with(cite(article, HOSTILE), hits=[hit_of(article)])
    assistant = FakeAssistant(articles_kept=[article], answer=answer, meanings={"bold": (HOSTILE, f"{HOSTILE}: {HOSTILE}")})
    page = open_page(serve_page(assistant), viewport={"width": 1300, "height": 800}, reduced_motion="reduce")
    ask(page, HOSTILE)
    page.hover("#current .marker")
    page.wait_for_selector("#beside:popover-open")
    assert page.inner_text("#beside .said") == HOSTILE
    page.locator("#current .look-up").click()
    page.wait_for_selector("#beside .senses")
    assert HOSTILE in page.inner_text("#beside")
    page.keyboard.press("Escape")
    page.click("#current .open-article")
    page.wait_for_selector("dialog.reader[open]")
    assert page.text_content("dialog.reader mark") == HOSTILE
    assert page.text_content("dialog.reader h2") == HOSTILE
    page.keyboard.press("Escape")
    page.wait_for_selector(".open-kept")
    assert " ".join((page.text_content(".open-kept") or "").split()) in " ".join(HOSTILE.split())
    page.click(".filter-panel summary")
    page.select_option("select[name=source]", HOSTILE)
    page.click(".filter-form .primary")
    page.wait_for_selector(".chip")
    assert page.text_content(".chip span") == HOSTILE
    assert page.locator("img, .exchange script, dialog b, #beside b, .rail b, .chip b").count() == 0
    assert page.evaluate("window.pwned") is None
