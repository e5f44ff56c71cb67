"""The page: a conversation with the evidence under each answer, and a place to drop files. The only module that imports gradio.

Not here: what an answer looks like (``render``), the page's words (``texts``), who may ask (``guard``). Everything shown comes from
``assistant``; nothing here knows how it is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import gradio as gr

from assistant.types import Turn
from assistant.web import render, welcome
from assistant.web.api import described, typed_as
from assistant.web.texts import TEXTS, pick_language
from vectorstore.errors import ArticleNotFound, FundstelleError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.qa import Assistant
    from assistant.types import Answer
    from assistant.web.api import Endpoints
    from assistant.web.texts import Language

Without = Literal["period", "conversation"]
"""What the reader took back of what a question became: the period that it names, the turns that it leans on."""
LOG = logging.getLogger(__name__)
HERE: Final = Path(__file__).parent
SUGGESTIONS: Final = 3
QUESTION_CHARACTERS: Final = 2000
UPLOAD_LIMIT: Final = "25mb"
ASKING_AT_ONCE: Final = 4
SECONDS_KEPT: Final = 3600
ASKING: Final[dict[str, Any]] = {"concurrency_limit": ASKING_AT_ONCE, "concurrency_id": "ask"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished question of one conversation: its answer, or the HTML of what went wrong, and what it was asked without."""

    question: str
    answer: Answer | None
    body: str
    without: frozenset[Without] = frozenset()


def mount_page(app: FastAPI, assistant: Assistant, *, endpoints: Endpoints) -> None:
    """Put the page, with ``endpoints`` for programs, at the root of ``app``. What gradio offers beyond it is switched off here and kept shut by ``guard``."""
    sans = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
    gr.mount_gradio_app(
        app,
        build_page(assistant, endpoints=endpoints),
        path="/",
        server_name="127.0.0.1",
        footer_links=[],
        run_history=False,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        allowed_paths=[],
        blocked_paths=[],
        favicon_path=str(HERE / "icon.svg"),
        show_error=False,
        max_file_size=UPLOAD_LIMIT,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        i18n=gr.I18n(**{str(language): words for language, words in TEXTS.items()}),
        theme=gr.themes.Base(font=sans, font_mono=["ui-monospace", "Consolas", "monospace"]),
        css_paths=HERE / "page.css",
        js=(HERE / "page.js").read_text(encoding="utf-8"),
    )


def build_page(assistant: Assistant, *, endpoints: Endpoints) -> gr.Blocks:
    """The layout, what happens on each event, and the named endpoints."""
    word = gr.I18n(**{str(language): words for language, words in TEXTS.items()})
    events = Events(assistant)
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    page: gr.Blocks
    with gr.Blocks(title="Fundstelle", analytics_enabled=False, delete_cache=(SECONDS_KEPT, SECONDS_KEPT)) as page:
        # First, so that the page's own events leave them their names.
        for name, endpoint in endpoints.named().items():
            # Additions wait for each other, as those of the page do; whatever else asks shares its places with the page's questions.
            place: dict[str, Any] = {"concurrency_limit": 1} if name == "add" else ASKING
            gr.events.api(published(endpoint), api_name=name, api_description=described(endpoint), **place)
        conversation = gr.State(())
        masthead = gr.HTML(welcome.masthead_html(None, language="en"), apply_default_css=False, js_on_load=None)
        with gr.Accordion(word("add_articles"), open=False, elem_id="add") as drawer:
            files = gr.File(label=word("add_files"), file_count="multiple", height=116, elem_id="files")
            added = gr.HTML(apply_default_css=False, js_on_load=None)
        intro = gr.HTML(elem_id="intro", apply_default_css=False, js_on_load=None)
        with gr.Column(elem_id="suggestions", visible=False) as suggestions:
            examples = [gr.Button(visible=False, elem_classes="suggestion") for _ in range(SUGGESTIONS)]
        past = gr.HTML(elem_id="past", apply_default_css=False, js_on_load=None)
        current = gr.HTML(elem_id="current", apply_default_css=False, js_on_load=None)
        with gr.Row(elem_id="again"):  # never seen: buttons beside what the question became press them
            again = {part: gr.Button(part, elem_id=f"without-{part}") for part in ("period", "conversation")}
        restart = gr.Button(word("new_conversation"), size="sm", visible=False, elem_id="restart")
        with gr.Row(elem_id="composer"):
            question = gr.Textbox(
                label=word("question_label"),
                show_label=False,
                placeholder=word("question_placeholder"),
                max_lines=6,
                max_length=QUESTION_CHARACTERS,
                container=False,
                autofocus=True,
                submit_btn=True,
                html_attributes=gr.InputHTMLAttributes(autocomplete="off", enterkeyhint="send"),
            )
        greeting = [masthead, intro, suggestions, *examples]
        asked = [question, restart, intro, suggestions, past, current, conversation]
        page.load(events.load, None, [*greeting, drawer], queue=False, **private)
        for trigger, source in [(question.submit, question), *((example.click, example) for example in examples)]:
            trigger(events.ask, [source, conversation], asked, **ASKING, **private)
        again["period"].click(events.ask_without_period, [conversation], asked, **ASKING, **private)
        again["conversation"].click(events.ask_without_conversation, [conversation], asked, **ASKING, **private)
        restart.click(events.restart, None, [question, restart, past, current, conversation, *greeting], queue=False, **private)
        files.upload(events.add, [files, conversation], [added, files, *greeting], concurrency_limit=1, **private)
    page.queue(api_open=False, max_size=64, default_concurrency_limit=1)
    return page


class Events:
    """What the page does on each event: asks the assistant and returns updates, in the language of the reader's browser."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def load(self, request: gr.Request) -> list[Any]:
        """The page as a visitor finds it; where nothing can be asked yet, the place to add files is open."""
        greeting = self.welcome(language=language_of(request))
        return [*greeting, gr.update(open=self.assistant.article_count() == 0)]

    def welcome(self, *, language: Language, talking: bool = False) -> list[Any]:
        """Updates of masthead, introduction and suggestions; the latter two are hidden while a conversation is on (``talking``)."""
        count = self.assistant.article_count()
        examples = [] if talking or not count else self.assistant.suggestions(limit=SUGGESTIONS)[:SUGGESTIONS]
        introduction = welcome.intro_html(count, examples=bool(examples), language=language)
        buttons = [gr.update(value=example, visible=True) for example in examples]
        return [
            welcome.masthead_html(count, language=language),
            gr.update(value=introduction, visible=not talking),
            gr.update(visible=bool(examples)),
            *buttons,
            *(gr.update(visible=False) for _ in range(SUGGESTIONS - len(examples))),
        ]

    def ask(self, question: str, conversation: tuple[Exchange, ...], request: gr.Request) -> Iterator[list[Any]]:
        """Answer ``question``; yields the updates of the conversation while the answer is made."""
        yield from self._answer(question.strip(), conversation, request)

    # Gradio gives the request to functions that name it, not to partial ones.

    def ask_without_period(self, conversation: tuple[Exchange, ...], request: gr.Request) -> Iterator[list[Any]]:
        """Answer the last question anew, in place of its answer, whatever period it names."""
        yield from self._answer_again("period", conversation, request)

    def ask_without_conversation(self, conversation: tuple[Exchange, ...], request: gr.Request) -> Iterator[list[Any]]:
        """Answer the last question anew, in place of its answer, as if it had been the first."""
        yield from self._answer_again("conversation", conversation, request)

    def _answer_again(self, without: Without, conversation: tuple[Exchange, ...], request: gr.Request) -> Iterator[list[Any]]:
        if not conversation:
            yield [gr.skip()] * 7
            return
        last = conversation[-1]
        yield from self._answer(last.question, conversation[:-1], request, without=last.without | {without})

    def _answer(
        self,
        question: str,
        conversation: tuple[Exchange, ...],
        request: gr.Request,
        *,
        without: frozenset[Without] = frozenset(),
    ) -> Iterator[list[Any]]:
        language = language_of(request)
        if not question:
            yield [gr.skip()] * 7
            return
        anchor = anchor_of(len(conversation))
        past = past_html(conversation)
        body = render.working_html("", language=language)
        start = render.exchange_html(question, body, anchor=anchor, live=True, busy=True)
        hidden = gr.update(visible=False)
        # What is being typed while an answer is asked for again is left alone.
        yield [gr.skip() if without else "", hidden, hidden, hidden, past, start, gr.skip()]
        answer, body, words, step = None, "", "", "search"
        # Without what came before, but with its numbers: they stay those of the conversation.
        history = [Turn("", citations=turn.citations) if "conversation" in without else turn for turn in turns(conversation)]
        try:
            for event in self.assistant.stream(question, history=history, detect_period="period" not in without):
                if event.kind in {"step", "text"}:
                    words, step = (words + event.text, step) if event.kind == "text" else (words, event.text)
                    body = render.working_html(words, step=step, language=language)
                    shown = render.exchange_html(question, body, anchor=anchor, live=True, busy=True)
                    yield [*[gr.skip()] * 5, shown, gr.skip()]
                answer = event.answer or answer
            if answer:
                body = render.answer_html(answer, anchor=anchor, language=language, samples=self.samples(answer))
        except FundstelleError as error:
            body = render.error_html(str(error), language=language)
        except Exception:  # the edge of the program: the reader is told, the log has the details
            LOG.exception("A question could not be answered")
            body = render.error_html(TEXTS[language]["failed_unexpectedly"], language=language)
        done = render.exchange_html(question, body, anchor=anchor, live=True)
        exchange = Exchange(question, answer, body, without)
        yield [gr.skip(), gr.update(visible=True), *[gr.skip()] * 3, done, (*conversation, exchange)]

    def samples(self, answer: Answer) -> frozenset[str]:
        """The ids of the cited articles that are samples."""
        known = {hit.article.id: hit.article.sample for hit in answer.hits}
        for citation in answer.citations:
            if citation.article_id not in known:
                try:
                    known[citation.article_id] = self.assistant.article(citation.article_id, version=citation.version).sample
                except ArticleNotFound:  # removed since; the quote is still what was read
                    known[citation.article_id] = False
        return frozenset(article for article, sample in known.items() if sample)

    def restart(self, request: gr.Request) -> list[Any]:
        """An empty conversation."""
        return ["", gr.update(visible=False), "", "", (), *self.welcome(language=language_of(request))]

    def add(self, files: Sequence[str] | None, conversation: tuple[Exchange, ...], request: gr.Request) -> Iterator[list[Any]]:
        """Add the dropped files; yields what is going on and, at the end, what became of each."""
        language = language_of(request)
        paths = [Path(file) for file in files or ()]
        untouched = [gr.skip()] * (3 + SUGGESTIONS)
        yield [welcome.adding_html(len(paths), language=language), gr.skip(), *untouched]
        try:
            report = self.assistant.add(paths)
            shown = welcome.report_html(report.items, language=language)
        except FundstelleError as error:
            shown = render.error_html(str(error), language=language)
        except Exception:  # as above
            LOG.exception("Files could not be added")
            shown = render.error_html(TEXTS[language]["failed_unexpectedly"], language=language)
        finally:
            # The library keeps the original bytes; what was uploaded has no other use.
            for path in paths:
                path.unlink(missing_ok=True)
        yield [shown, None, *self.welcome(language=language, talking=bool(conversation))]


def published(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """``endpoint`` as gradio calls it, its errors shown to who called."""

    @wraps(endpoint)
    def call(*given: Any, **named: Any) -> Any:
        try:
            return endpoint(*given, **named)
        except FundstelleError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:  # as above
            LOG.exception("A named endpoint failed")
            raise gr.Error(TEXTS["en"]["failed_unexpectedly"], print_exception=False) from error

    return typed_as(endpoint, call)


def language_of(request: gr.Request) -> Language:
    """The language of the reader's browser."""
    return pick_language(request.headers.get("accept-language"))


def anchor_of(position: int) -> str:
    """The element id of the exchange at ``position`` (from 0) of a conversation."""
    return f"question-{position + 1}"


def past_html(conversation: Sequence[Exchange]) -> str:
    """The finished exchanges, oldest first."""
    return "".join(
        render.exchange_html(exchange.question, exchange.body, anchor=anchor_of(position))
        for position, exchange in enumerate(conversation)
    )


def turns(conversation: Sequence[Exchange]) -> tuple[Turn, ...]:
    """The conversation as the assistant takes it; questions that failed have no answer."""
    return tuple(
        Turn(exchange.question, exchange.answer.text, exchange.answer.citations) if exchange.answer else Turn(exchange.question)
        for exchange in conversation
    )
