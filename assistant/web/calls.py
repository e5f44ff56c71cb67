"""Calls of the named endpoints by plain requests, as gradio documents them: the first asks, the second reads the answer.

``POST /gradio_api/call/ask`` gives an ``event_id``, ``GET /gradio_api/call/ask/<event_id>`` the answer as a server-sent event. Gradio would serve them too, but
keeps a copy of the page's parts for each call (80 kB, made in 5 ms): the questions of programs would push out the pages that readers have open. Not here:
what is asked (``api``), gradio's own client, which takes the way of the page (``page``).
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import secrets
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from assistant.web.api import TEXT_CHARACTERS
from assistant.web.texts import TEXTS
from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from starlette.requests import Request

    from assistant.web.api import Endpoints

LOG = logging.getLogger(__name__)
CALL_PATH: Final = "/gradio_api/call"
AT_ONCE: Final = 4
"""So many are answered at once, and one addition."""
WAITING: Final = 64
"""So many may wait; who comes then is asked to come again."""
UNREAD: Final = 256
"""So many answers are kept that nobody has read yet."""
HEARTBEAT: Final = 15.0
_LARGEST: Final = 4 * TEXT_CHARACTERS + 1024 * 1024


class Calls:
    """Answers calls in the order in which they come. For one event loop."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints: Mapping[str, Callable[..., dict[str, Any]]] = endpoints.named()
        self._asking, self._adding = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(1)
        self._calls: dict[str, asyncio.Task[bytes]] = {}

    def routes(self) -> list[Route]:
        """Where calls are made and answers are read."""
        return [
            Route(f"{CALL_PATH}/{{name}}", self.begin, methods=["POST"]),
            Route(f"{CALL_PATH}/{{name}}/{{call}}", self.answer, methods=["GET"]),
        ]

    async def begin(self, request: Request) -> Response:
        """Take a call in; says under which name its answer can be read."""
        endpoint = self._endpoints.get(request.path_params["name"])
        if endpoint is None:
            return JSONResponse({"detail": "There is no such endpoint."}, status_code=404)
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _LARGEST:
                return JSONResponse({"detail": "The request is too large."}, status_code=413)
        try:
            given = json.loads(body)["data"]
        except (ValueError, KeyError, TypeError, RecursionError):
            given = None
        if not isinstance(given, list) or not _fits(endpoint, given):
            wanted = ", ".join(inspect.signature(endpoint).parameters)
            return JSONResponse(
                {"detail": f'Send JSON: {{"data": [{wanted}]}}; from behind, values may be left out.'}, status_code=422
            )
        if sum(not call.done() for call in self._calls.values()) >= WAITING:
            detail = f"{WAITING} calls are waiting already. Try again in a while."
            return JSONResponse({"detail": detail}, status_code=503, headers={"Retry-After": "5"})
        unread = [name for name, call in self._calls.items() if call.done()]
        for name in unread[: len(unread) - UNREAD + 1]:  # oldest first
            del self._calls[name]
        call = secrets.token_hex(16)
        places = self._adding if request.path_params["name"] == "add" else self._asking
        self._calls[call] = asyncio.ensure_future(_done(endpoint, given, places=places))
        return JSONResponse({"event_id": call})

    async def answer(self, request: Request) -> Response:
        """Wait for the answer of a call, and give it; after that it is forgotten."""
        name = request.path_params["call"]
        call = self._calls.get(name)
        if call is None:
            return JSONResponse({"detail": "There is no such call, or its answer has been read."}, status_code=404)
        return StreamingResponse(self._events(name, call), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _events(self, name: str, call: asyncio.Task[bytes]) -> AsyncIterator[bytes]:
        try:
            while not (await asyncio.wait({call}, timeout=HEARTBEAT))[0]:
                yield _event("heartbeat", "null")
            if not call.cancelled():  # another who read it went away
                yield call.result()
        finally:
            self._calls.pop(name, None)
            call.cancel()  # nobody waits for it any more


async def _done(endpoint: Callable[..., dict[str, Any]], given: list[Any], *, places: asyncio.Semaphore) -> bytes:
    """What ``endpoint`` says to ``given``, as an event, once there is a place for it."""

    def do() -> bytes:
        try:
            return _event("complete", json.dumps([endpoint(*given)]))
        except FundstelleError as error:
            return _event("error", json.dumps({"error": str(error)}))
        except Exception:  # the edge of the program: who called is told, the log has the details
            LOG.exception("A named endpoint failed")
            return _event("error", json.dumps({"error": TEXTS["en"]["failed_unexpectedly"]}))

    async with places:
        return await run_in_threadpool(do)


def _fits(endpoint: Callable[..., Any], given: list[Any]) -> bool:
    """Whether ``endpoint`` takes so many values."""
    try:
        inspect.signature(endpoint).bind(*given)
    except TypeError:
        return False
    return True


def _event(kind: str, value: str) -> bytes:
    """A server-sent event; ``value`` is JSON, which has no line breaks."""
    return f"event: {kind}\ndata: {value}\n\n".encode()
