"""The page: its layout, and which handler answers which event. The only module that imports gradio.

Handlers live in ``asking`` and ``shelf``; they take plain values and return ``Updates`` by the names of the parts made here. Not here: what
anything looks like (``render``, ``welcome``), the page's words (``texts``), who may ask (``guard``).
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import gradio as gr

from assistant.types import QUESTION_CHARACTERS
from assistant.web.adding import Adding
from assistant.web.additions import Additions
from assistant.web.additions_html import UPLOAD_MEGABYTES
from assistant.web.api import described, typed_as
from assistant.web.asking import Asking
from assistant.web.conversations import Conversations
from assistant.web.guard import USER_HEADER, logged_in
from assistant.web.render import status_html
from assistant.web.shelf import Shelf
from assistant.web.texts import TEXTS
from assistant.web.updates import Change
from assistant.web.visitor import remembered, visitor_of
from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.qa import Assistant
    from assistant.web.api import Endpoints
    from assistant.web.updates import Action, Updates
    from assistant.web.visitor import Visitor

Handler = Callable[..., "Updates | Iterator[Updates]"]
LOG = logging.getLogger(__name__)
HERE: Final = Path(__file__).parent
STYLES: Final = ("page.css", "ask.css", "shelf.css")
SCRIPTS: Final = ("page.js", "ask.js", "shelf.js", "start.js")
ASKING_AT_ONCE: Final = 4
SESSIONS_KEPT: Final = 1_000
"""Gradio keeps a copy of the page's parts, 80 kB, for each page that is opened and each of its clients; the ones used last stay. Plain calls are none (``calls``)."""
UPLOADS_LOOKED_AT: Final = 3600
UPLOADS_KEPT: Final = 7 * 24 * 3600
"""Seconds. What was read is deleted at once (``adding``); this is for uploads that nobody came to add. One may wait its turn for long, and needs its file."""
ASKING: Final[dict[str, Any]] = {"concurrency_limit": ASKING_AT_ONCE, "concurrency_id": "ask"}
WATCHING: Final[dict[str, Any]] = {"concurrency_limit": 16, "concurrency_id": "add"}
# gradio encrypts with it what the browser keeps, and sends it along: it hides nothing, but a new one with each start would forget everything.
BROWSER_KEY: Final = "fundstelle"
# The script asks for something: "act" is answered at once, "ask" as it goes (``send`` in page.js).
CHANNEL: Final = """for (const name of ["act", "ask"]) element.addEventListener(name, (event) => trigger(name, event.detail));"""

# What the page shows (``place_of``): the conversation that is open or, on a page that is loaded anew, that its address names, which the tab keeps for
# the Library; and the tab's filters. The last thing that a handler is given, since only the browser knows it for sure.
PLACE: Final = """(...given) => {
  const { hash } = location, left = (name) => sessionStorage.getItem(name) ?? "", rail = document.querySelector(".rail");
  const named = hash === "#library" ? left("conversation") : hash.startsWith("#c=") ? hash.slice(3) : "";
  return [...given.slice(0, -1), JSON.stringify({ conversation: rail ? rail.dataset.open : named, filters: left("filters") })];
}"""


def mount_page(app: FastAPI, assistant: Assistant, *, endpoints: Endpoints) -> None:
    """Put the page, with ``endpoints`` for programs, at the root of ``app``. What gradio offers beyond it is switched off here and kept shut by ``guard``."""
    sans = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
    # What page.js names is there for the others; what they name is theirs.
    common, *views = ((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    script = "\n".join([common, *(f"{{\n{view}\n}}" for view in views)])
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
        max_file_size=f"{UPLOAD_MEGABYTES}mb",
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        i18n=gr.I18n(**{str(language): words for language, words in TEXTS.items()}),
        theme=gr.themes.Base(font=sans, font_mono=["ui-monospace", "Consolas", "monospace"]),
        css_paths=[HERE / name for name in STYLES],
        js=f"() => {{\n{script}\n}}",
    )


def build_page(assistant: Assistant, *, endpoints: Endpoints) -> gr.Blocks:
    """The layout, what happens on each event, and the named endpoints."""
    page: gr.Blocks
    with gr.Blocks(title="Fundstelle", analytics_enabled=False, delete_cache=(UPLOADS_LOOKED_AT, UPLOADS_KEPT)) as page:
        # First, so that the page's own events leave them their names.
        for name, endpoint in endpoints.named().items():
            # Additions wait for each other, as those of the page do; whatever else asks shares its places with the page's questions.
            place: dict[str, Any] = {"concurrency_limit": 1} if name == "add" else ASKING
            gr.events.api(published(endpoint), api_name=name, api_description=described(endpoint), **place)
        parts = Parts()
        parts["browser"] = gr.BrowserState({}, storage_key=BROWSER_KEY, secret=BROWSER_KEY)
        parts["masthead"] = html(elem_id="masthead")
        parts["status"] = html(elem_id="status")
        with gr.Column(elem_id="ask", elem_classes="view"):
            build_ask(page, parts, assistant)
        with gr.Column(elem_id="library", elem_classes="view"):
            build_shelf(parts, assistant)
    page.queue(api_open=False, max_size=64, default_concurrency_limit=1)
    page.state_session_capacity = SESSIONS_KEPT
    return page


def build_ask(page: gr.Blocks, parts: Parts, assistant: Assistant) -> None:
    """The Ask view: the kept conversations, the open one with its evidence, and the question box below it."""
    word = gr.I18n(**{str(language): words for language, words in TEXTS.items()})
    # Nothing until the page is there, and again where it is forgotten: gradio keeps them for an hour after a page was last heard of.
    parts["talk"] = gr.State(None)
    parts["filters"] = gr.State(None)
    parts["conversations"] = html(elem_id="conversations")
    with gr.Column(elem_id="conversation"):
        parts["intro"] = html(elem_id="intro")
        parts["past"] = html(elem_id="past")
        parts["current"] = html(elem_id="current")
        with gr.Column(elem_id="composer"):
            parts["filter_line"] = html(elem_id="filter-line")
            parts["question"] = gr.Textbox(
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
    parts["exported"] = html(elem_id="exported")
    parts["place"] = html(elem_id="place")
    parts["ask_channel"] = channel("ask-channel")
    on_ask_view(page, parts, assistant)


def on_ask_view(page: gr.Blocks, parts: Parts, assistant: Assistant) -> None:
    """What happens on the Ask view."""
    asking = Asking(assistant)
    conversations = Conversations(assistant, asking)
    box, script, given = parts["question"], parts["ask_channel"], ["talk", "filters", "place"]
    shown = ["intro", "past", "current", "talk", "filters", "filter_line", "conversations"]

    def load(place: str, *, visitor: Visitor, kept: Any) -> Updates:
        return {"browser": remembered(kept), **conversations.load(place, visitor=visitor)}

    def ask(question: str, *given: Any, visitor: Visitor) -> Iterator[Updates]:
        talk, filters = conversations.at_hand(*given, visitor=visitor)
        yield from conversations.kept(asking.ask(question, talk, filters, visitor=visitor), visitor=visitor)

    def ask_as_told(action: Action, *given: Any, visitor: Visitor) -> Iterator[Updates]:
        talk, filters = conversations.at_hand(*given, visitor=visitor)
        if action.get("do") == "watch":
            yield from conversations.watch(action, talk, filters, visitor=visitor)
        else:
            yield from conversations.kept(asking.ask_as_told(action, talk, filters, visitor=visitor), visitor=visitor)

    def leave(request: gr.Request) -> None:
        asking.runs.leave(request.session_hash or "")

    def acting(handler: Callable[..., Updates]) -> Handler:
        def act(action: Action, *given: Any, visitor: Visitor) -> Updates:
            return handler(action, *conversations.at_hand(*given, visitor=visitor), visitor=visitor)

        return act

    acts = {
        "new": conversations.restart,
        "open": conversations.open,
        "rename": conversations.rename,
        "remove": conversations.remove,
        "export": conversations.export,
        "feedback": conversations.feedback,
        "edit": asking.edit,
        "cancel-edit": asking.cancel_edit,
        "filter": asking.filter,
        "greet": asking.greet,
    }
    acting_as_told = {name: acting(handler) for name, handler in acts.items()}
    found = parts.on(page.load, load, ["place"], ["browser", "masthead", "question", *shown], with_kept=True, js=PLACE)
    greet = partial(acting(asking.greet), {})
    parts.on(found.then, greet, given, ["masthead", "intro", "filter_line"])
    parts.on(box.submit, ask, ["question", *given], ["question", *shown], js=PLACE, **ASKING)
    parts.on(box.stop, asking.stop, [], [])
    page.unload(leave)
    parts.on(script.ask, ask_as_told, given, ["question", *shown], acts=True, js=PLACE, **ASKING)
    parts.on(script.act, acting_as_told, given, ["question", "masthead", "exported", *shown], acts=True, js=PLACE)


def build_shelf(parts: Parts, assistant: Assistant) -> None:
    """The Library view: its tools, the places to add, what is followed, and the table."""
    additions = Additions()
    shelf, adding = Shelf(assistant, additions=additions), Adding(assistant, additions=additions)
    word = gr.I18n(**{str(language): words for language, words in TEXTS.items()})
    parts["shelf_tools"] = html(elem_id="shelf-tools")
    with gr.Column(elem_id="shelf-add"):
        with gr.Column(elem_id="shelf-drop"):
            parts["shelf_files"] = html(elem_id="shelf-files")
            parts["files"] = gr.File(label=word("add_files"), file_count="multiple", height=164, elem_id="files")
        parts["shelf_addresses"] = html(elem_id="shelf-by-address")
        parts["shelf_text"] = html(elem_id="shelf-by-text")
    parts["shelf_followed"] = html(elem_id="shelf-followed")
    parts["shelf_added"] = html(elem_id="shelf-added")
    parts["shelf_table"] = html(elem_id="shelf-table")
    parts["shelf_undo"] = html(elem_id="shelf-undo")
    parts["shelf_channel"] = channel("shelf-channel")
    script, told = parts["shelf_channel"], ["files", "shelf_added"]
    acts = {
        "load": shelf.load,
        "browse": shelf.browse,
        "remove": shelf.remove,
        "remove-samples": shelf.remove_samples,
        "restore": shelf.restore,
        "unfollow": shelf.unfollow,
        "stop": adding.stop,
        "dismiss": adding.dismiss,
    }
    shown = [
        "masthead",
        "shelf_added",
        *(f"shelf_{name}" for name in ("tools", "files", "addresses", "text", "followed", "table", "undo")),
    ]
    parts.on(script.act, acts, [], shown, acts=True)
    # Additions wait for each other elsewhere; here they are only watched.
    parts.on(script.ask, adding.add_as_told, [], told, acts=True, **WATCHING)
    parts.on(parts["files"].upload, adding.add_files, ["files"], told, **WATCHING)


def html(value: str = "", *, elem_id: str) -> gr.HTML:
    """A place for HTML made by us, without gradio's styles and scripts."""
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=None)


def channel(elem_id: str) -> Any:
    """Where the page's script asks for something: its events are ``act`` and ``ask``. Never seen."""
    return gr.HTML("", elem_id=elem_id, elem_classes="channel", apply_default_css=False, js_on_load=CHANNEL)


class Parts(dict[str, Any]):
    """The components of the page by name, and which handler answers which event."""

    def on(
        self,
        event: Callable[..., Any],
        handler: Handler | Mapping[str, Handler],
        given: Sequence[str],
        changed: Sequence[str],
        *,
        acts: bool = False,
        with_kept: bool = False,
        **place: Any,
    ) -> Any:
        """On ``event``, call ``handler`` with the values of the parts ``given`` and ``visitor=``, and change the parts that it returns or yields.

        ``changed`` are all that it may return, besides ``status``. ``acts``: the event is the script's, and the ``Action`` comes first; then ``handler`` may be
        one for each ``do``. ``with_kept`` adds ``kept=``, what the browser remembers. ``place`` is gradio's: a handler that yields waits in a
        queue, ``concurrency_limit`` and ``concurrency_id`` say which. Returns the event, of which ``then`` is one too.
        """
        yields = not isinstance(handler, Mapping) and inspect.isgeneratorfunction(handler)

        def answers(request: gr.Request, event: gr.EventData, kept: Any, values: Sequence[Any]) -> Iterator[Any]:
            visitor = visitor_of(
                request.headers, login=logged_in(request.headers.get(USER_HEADER)), kept=kept, session=request.session_hash
            )
            action = event._data if isinstance(event._data, dict) else {}  # noqa: SLF001 - gradio has no other name for all of it
            chosen = handler.get(str(action.get("do"))) if isinstance(handler, Mapping) else handler
            extra = {"kept": kept} if with_kept else {}
            try:
                given = chosen(*([action] if acts else []), *values, visitor=visitor, **extra) if chosen else {}
                for updates in [given] if isinstance(given, Mapping) else given:
                    yield self.updates(updates)
            except FundstelleError as error:
                yield self.updates({"status": status_html(str(error), language=visitor.language)})
            except Exception:  # the edge of the program: the reader is told, the log has the details
                LOG.exception("The page could not do what was asked of it")
                told = TEXTS[visitor.language]["failed_unexpectedly"]
                yield self.updates({"status": status_html(told, language=visitor.language)})

        def at_once(request: gr.Request, event: gr.EventData, kept: Any, *values: Any) -> Any:
            return next(answers(request, event, kept, values))

        def as_it_goes(request: gr.Request, event: gr.EventData, kept: Any, *values: Any) -> Iterator[Any]:
            # First nothing at all: gradio empties every part where a handler has nothing to say.
            yield self.updates({})
            yield from answers(request, event, kept, values)

        return event(
            as_it_goes if yields else at_once,
            [self["browser"], *(self[name] for name in given)],
            [self[name] for name in ("status", *changed)],
            queue=yields,
            trigger_mode="multiple",  # "once" drops what comes while the last is answered, and a moment after
            api_visibility="private",
            show_progress="hidden",
            **place,
        )

    def updates(self, updates: Updates) -> dict[Any, Any]:
        """``updates`` as gradio takes them."""
        return {
            self[name]: gr.update(**change) if isinstance(change, Change) else change
            # gradio takes an empty dictionary for a value.
            for name, change in (updates or {"status": Change()}).items()
        }


def published(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """``endpoint`` as gradio calls it, its errors shown to who called."""

    @wraps(endpoint)
    def call(*given: Any, **named: Any) -> Any:
        try:
            return endpoint(*given, **named)
        except FundstelleError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:  # the edge of the program: who called is told, the log has the details
            LOG.exception("A named endpoint failed")
            raise gr.Error(TEXTS["en"]["failed_unexpectedly"], print_exception=False) from error

    return typed_as(endpoint, call)
