"""Questions that another process of this user passes on, because this one owns the library's indexes: the other end of ``assistant/remote.py``.

Only with the token of the lock file, and only from this machine. Not here: the page, the named endpoints that others may use (``api``).
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import secrets
import threading
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from assistant.messages import (
    ASK_PATH,
    CANCEL_PATH,
    CHECK_PATH,
    HEARTBEAT,
    SEARCH_PATH,
    AskRequest,
    CancelRequest,
    Checked,
    CheckRequest,
    Failure,
    Found,
    SearchRequest,
    adapter,
    dump_line,
    json_line,
)
from assistant.threads import iterate
from vectorstore.errors import FundstelleError, SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from assistant.qa import Assistant

LOG = logging.getLogger(__name__)
_UNEXPECTED: Final = Failure(
    "LibraryError", "Something unexpected went wrong in the process that serves the library. Its terminal has the details."
)
_LARGEST: Final = 4 * 1024 * 1024
_JSON_LINES: Final = "application/x-ndjson"


def internal_routes(assistant: Assistant, *, token: str) -> list[Route]:
    """The routes that other processes pass questions to."""
    desk = Desk(assistant, token=token)
    handlers: dict[str, Callable[[Request], Awaitable[Response]]] = {
        ASK_PATH: desk.ask,
        SEARCH_PATH: desk.search,
        CANCEL_PATH: desk.cancel,
        CHECK_PATH: desk.check,
    }
    return [Route(path, desk.guarded(handler), methods=["POST"]) for path, handler in handlers.items()]


class Desk:
    """Takes questions that are passed on to ``assistant``."""

    def __init__(self, assistant: Assistant, *, token: str) -> None:
        self._assistant = assistant
        self._token = token
        self._asked: dict[str, threading.Event] = {}

    def guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """``handler`` for those who are let in; the others learn nothing."""

        async def handle(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            known = scheme == "Bearer" and secrets.compare_digest(token.encode("latin-1"), self._token.encode("latin-1"))
            if not (known and request.client and ipaddress.ip_address(request.client.host).is_loopback):
                return Response("Refused: the token is not that of the lock file", status_code=401)
            try:
                return await handler(request)
            except SettingsError as error:
                return JSONResponse({"error": str(error)}, status_code=422)

        return handle

    async def ask(self, request: Request) -> Response:
        """Answer a question, an event a line."""
        asked: AskRequest = await _read(request, AskRequest)
        return StreamingResponse(self._events(asked), media_type=_JSON_LINES)

    async def _events(self, asked: AskRequest) -> AsyncIterator[bytes]:
        def start(cancel: threading.Event) -> Any:
            self._asked[asked.request_id] = cancel
            return self._assistant.stream(
                asked.question,
                history=asked.history,
                filters=asked.filters,
                answer_language=asked.answer_language,
                detect_period=asked.detect_period,
                cancel=cancel,
            )

        try:
            async with aclosing(iterate(start)) as events:
                coming = asyncio.ensure_future(anext(events))
                try:
                    while True:
                        if not (await asyncio.wait({coming}, timeout=HEARTBEAT))[0]:
                            yield b"\n"
                            continue
                        yield dump_line(event=coming.result())
                        coming = asyncio.ensure_future(anext(events))
                finally:
                    # What is under way has to end before the iterator can be closed.
                    coming.cancel()
                    await asyncio.wait({coming})
        except StopAsyncIteration:
            return
        except FundstelleError as error:
            yield dump_line(failure=Failure.of(error))
        except Exception:  # the edge of the program: who asks is told, the log has the details
            LOG.exception("A question that was passed on could not be answered")
            yield dump_line(failure=_UNEXPECTED)
        finally:
            self._asked.pop(asked.request_id, None)

    async def search(self, request: Request) -> Response:
        """The passages that match best, whole."""
        asked: SearchRequest = await _read(request, SearchRequest)

        def find() -> Found:
            return Found(hits=tuple(self._assistant.search(asked.question, limit=asked.limit, filters=asked.filters)))

        return await _done(find, failed=lambda failure: Found(failure=failure))

    async def check(self, request: Request) -> Response:
        """Compare the library with its indexes."""
        await _read(request, CheckRequest)
        return await _done(
            lambda: Checked(faults=tuple(self._assistant.check())), failed=lambda failure: Checked(failure=failure)
        )

    async def cancel(self, request: Request) -> Response:
        """Ask the chat model of a question no further."""
        asked: CancelRequest = await _read(request, CancelRequest)
        if event := self._asked.get(asked.request_id):
            event.set()
        return JSONResponse({"cancelled": event is not None})


async def _done(work: Callable[[], Any], *, failed: Callable[[Failure], Any]) -> Response:
    """What ``work`` gives, done in a thread; what goes wrong is told as ``failed`` puts it."""

    def do() -> bytes:
        try:
            return json_line(work())
        except FundstelleError as error:
            return json_line(failed(Failure.of(error)))
        except Exception:  # as above
            LOG.exception("What was passed on failed")
            return json_line(failed(_UNEXPECTED))

    return Response(await run_in_threadpool(do), media_type="application/json")


async def _read(request: Request, kind: type[Any]) -> Any:
    """The body of a request as what it should be.

    Raises:
        SettingsError: it is something else.
    """
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST:
            raise SettingsError("The request is too large.")
    try:
        return adapter(kind).validate_json(body, strict=True)
    except ValueError as error:
        raise SettingsError(f"The request cannot be read: {error}") from error
