"""A chat model: opened by name through LangChain, asked within limits on time and length, stopped at once, its failures put into few kinds.

The only module that imports LangChain's models. Every request runs on one event loop of its own thread, because only there can it be
broken off at any instant; callers may be any threads. Requests are retried before their first words only. The model has no tools, and
nothing but its provider is called. Not here: what it is asked (``prompts.py``) and what becomes of its answer (``answering.py``).
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import os
import queue
import random
import re
import socket
import threading
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from assistant.prompts import visible
from vectorstore.errors import ModelError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from contextlib import AbstractContextManager

    from assistant.prompts import Message

EXTRAS = {"anthropic": "anthropic", "google_genai": "google", "mistralai": "mistral", "ollama": "ollama", "openai": "openai"}
"""Provider → the extra of this project that brings its package."""
_KEYLESS = "none"
"""The key for servers at an address of one's own that want none; the OpenAI client insists on having one."""
_WANTED = {"temperature": 0, "max_retries": 0, "stream_chunk_timeout": 0, "num_ctx": 8192}
"""What is set where the provider's class has it: an answer as likely as can be; retries and time limits are ours.

``num_ctx`` is Ollama's, which silently cuts off the beginning of what does not fit into its small default: the instructions.
"""
_POLL_SECONDS = 0.05
_THINKING = ("<think>", "</think>")
_FINISHED_EARLY = frozenset({"length", "max_tokens", "model_length"})
# LangChain refuses every call while one of the first two is set; the third sends every request to somebody else.
_IN_THE_WAY = ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER")
_DETOUR = "LANGSMITH_GATEWAY"
_SECRET_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_SECRETS = re.compile(
    r"(?:Bearer\s+\S+|\b(?:sk|pk|rk|key|gsk|xai|lsv2|AIza|hf|api)[-_][\w*-]{6,}|\bAIza[\w*-]{6,}|(?<=://)[^/\s@]+@)"
)
_DETAIL_CHARACTERS = 200
_starting = threading.Lock()
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """How long and how much a model may answer: seconds of silence and in all, characters, and how failures are tried again.

    ``pause`` is doubled with every attempt; a server that asks for more than ``longest_pause`` seconds is not waited for.
    """

    silence: float = 120.0
    total: float = 600.0
    characters: int = 6_000
    attempts: int = 3
    pause: float = 0.5
    longest_pause: float = 20.0


class ModelFailed(ModelError):
    """A chat model did not answer, or not to the end. ``kind`` is the name of a phrase (``extractive.py``) that tells a reader.

    ``detail`` is what its server said, without keys; ``passing`` says that trying again may help, ``retry_after`` in how many seconds.
    """

    def __init__(self, kind: str, *, detail: str = "", passing: bool = False, retry_after: float | None = None) -> None:
        super().__init__(f"The chat model failed: {kind}{': ' if detail else ''}{detail}")
        self.kind = kind
        self.detail = detail
        self.passing = passing
        self.retry_after = retry_after


class ChatModel:
    """A chat model by the name ``provider:model``; safe to call from several threads. Nothing is loaded before the first call."""

    def __init__(
        self, name: str, *, base_url: str | None = None, limits: ModelLimits | None = None, tracing: bool = False
    ) -> None:
        """``tracing`` lets LangChain trace as the environment says; else no tracer is attached whatever it says."""
        self.name = name
        self.limits = limits or ModelLimits()
        self._base_url = base_url
        self._tracing = tracing
        self._opening = threading.Lock()
        self._chat: Any = None
        self._settings = dict(_WANTED)

    def stream(
        self, messages: Sequence[Message], *, cancel: threading.Event | None = None, limits: ModelLimits | None = None
    ) -> Generator[str, None, None]:
        """The words of the answer as they come. Closing the iterator, or setting ``cancel``, ends the request.

        Raises:
            ModelFailed: there is no answer, or no more of it.
            ModelError, SettingsError: the model cannot be opened; the message says what to do.
        """
        self.open()
        pieces: queue.SimpleQueue[str | ModelFailed | None] = queue.SimpleQueue()
        asking = self._ask(messages, pieces.put, limits or self.limits)
        # Not in the caller's context: a tracer that its own chain brings would come along.
        task = contextvars.Context().run(asyncio.run_coroutine_threadsafe, asking, _event_loop())
        try:
            while True:
                try:
                    piece = pieces.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    piece = ""
                if cancel is not None and cancel.is_set():
                    raise ModelFailed("stopped")
                if piece is None:
                    return
                if isinstance(piece, ModelFailed):
                    raise piece
                if piece:
                    yield piece
        finally:
            task.cancel()

    def complete(
        self, messages: Sequence[Message], *, cancel: threading.Event | None = None, limits: ModelLimits | None = None
    ) -> str:
        """The whole answer; raises as ``stream`` does."""
        return "".join(self.stream(messages, cancel=cancel, limits=limits))

    def open(self) -> None:
        """Make the model ready; talks to nobody.

        Raises:
            SettingsError: the name, or something in the environment, cannot be used.
            ModelError: its provider is unknown, or its package or key is missing.
        """
        with self._opening:
            if self._chat is None:
                _check_environment(tracing=self._tracing)
                self._chat = _open(self.name, base_url=self._base_url, settings=self._settings)

    async def _ask(
        self, messages: Sequence[Message], put: Callable[[str | ModelFailed | None], None], limits: ModelLimits
    ) -> None:
        try:
            async with asyncio.timeout(limits.total):
                await self._ask_again(messages, put, limits)
        except ModelFailed as failure:
            _LOG.warning("%s: %s", self.name, failure)
            put(failure)
        except TimeoutError:
            put(ModelFailed("too slow"))
        except Exception as error:  # noqa: BLE001 - the caller waits for an end, whatever happens
            _LOG.exception("%s failed in an unexpected way", self.name)
            put(ModelFailed("failed", detail=type(error).__name__))
        else:
            put(None)

    async def _ask_again(self, messages: Sequence[Message], put: Callable[[str], None], limits: ModelLimits) -> None:
        attempt = 1
        while True:
            try:
                return await self._ask_once(messages, put, limits)
            except ModelFailed as failure:
                if self._dislikes_temperature(failure):
                    continue
                pause = limits.pause * 2 ** (attempt - 1) * random.uniform(1.0, 1.5)  # noqa: S311 - to spread requests, not for secrets
                pause = max(pause, failure.retry_after or 0.0)
                if not failure.passing or attempt >= limits.attempts or pause > limits.longest_pause:
                    raise
            attempt += 1
            await asyncio.sleep(pause)

    async def _ask_once(self, messages: Sequence[Message], put: Callable[[str], None], limits: ModelLimits) -> None:
        loop = asyncio.get_running_loop()
        spoken = _Spoken()
        ended_by = ""
        try:
            with _untraced(tracing=self._tracing):
                async with asyncio.timeout(limits.silence) as deadline, aclosing(self._chat.astream(list(messages))) as chunks:
                    async for chunk in chunks:
                        deadline.reschedule(loop.time() + limits.silence)
                        if piece := spoken.add(str(chunk.text)):
                            put(piece)
                        if spoken.characters > limits.characters:
                            raise ModelFailed("endless")
                        ended_by = _ended_by(chunk) or ended_by
        except ModelFailed:
            raise
        except TimeoutError as error:
            raise ModelFailed("stalled" if spoken.characters else "no first word") from error
        except Exception as error:  # every provider has its own
            raise _failure(error, began=bool(spoken.characters)) from error
        if piece := spoken.rest():
            put(piece)
        if ended_by in _FINISHED_EARLY:
            raise ModelFailed("cut")
        if not spoken.characters:
            raise ModelFailed("no answer")

    def _dislikes_temperature(self, failure: ModelFailed) -> bool:
        """Whether a request was refused for its temperature, which is then left to the model from now on."""
        if failure.kind != "refused request" or "temperature" not in failure.detail or "temperature" not in self._settings:
            return False
        del self._settings["temperature"]
        self._chat = _open(self.name, base_url=self._base_url, settings=self._settings)
        return True


class _Spoken:
    """The visible words of an answer, without white space before them and without what a model thinks aloud between <think> tags."""

    def __init__(self) -> None:
        self.characters = 0
        self._held = ""
        self._state = "before"

    def add(self, piece: str) -> str:
        """What of ``piece``, and of what was held back, is to be shown."""
        if self._state == "speaking":
            return self._count(visible(piece))
        self._held = (self._held + visible(piece)).lstrip()
        opening, closing = _THINKING
        if self._state == "before" and self._held.startswith(opening):
            self._state = "thinking"
        if self._state == "thinking":
            _, found, rest = self._held.partition(closing)
            if not found:
                return ""
            self._state, self._held = "before", ""
            return self.add(rest)
        if opening.startswith(self._held):  # nothing yet, or the beginning of the tag
            return ""
        self._state, held = "speaking", self._held
        return self._count(held)

    def rest(self) -> str:
        """What was held back until the end."""
        return self._count(self._held if self._state == "before" else "")

    def _count(self, shown: str) -> str:
        self.characters += len(shown)
        return shown


def _event_loop() -> asyncio.AbstractEventLoop:
    """The loop that all requests of this process run on; the clients that providers' packages share are bound to it."""
    with _starting:  # once, whoever comes first: a cached function may run twice
        return _started_loop()


@cache
def _started_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="chat model", daemon=True).start()
    return loop


def _untraced(*, tracing: bool) -> AbstractContextManager[None]:
    if tracing:
        return nullcontext()
    from langsmith.run_helpers import tracing_context

    return tracing_context(enabled=False)


def _check_environment(*, tracing: bool) -> None:
    for name in _IN_THE_WAY:
        if os.environ.get(name, "").lower() not in {"", "0", "false"}:
            message = f"{name} is set in the environment: LangChain refuses every call then. Unset it."
            raise SettingsError(message)
    if not tracing and os.environ.get(_DETOUR, "").lower() not in {"", "0", "no", "false"}:
        message = (
            f"{_DETOUR} is set in the environment: questions and passages would go through it instead of to the model's provider. "
            "Unset it, or allow it with FUNDSTELLE_TRACING=true."
        )
        raise SettingsError(message)


def _open(name: str, *, base_url: str | None, settings: dict[str, Any]) -> Any:
    provider, _, model = name.partition(":")
    provider = provider.strip().lower().replace("-", "_")
    if not provider or not model.strip():
        message = (
            f"The chat model {name!r} cannot be used: write provider:name, for example ollama:llama3.2 or openai:gpt-4o-mini."
        )
        raise SettingsError(message)
    from langchain.chat_models import init_chat_model

    given: dict[str, Any] = {"model_provider": provider}
    if provider == "openai" and base_url and not os.environ.get("OPENAI_API_KEY"):
        given["api_key"] = _KEYLESS
    try:
        # Which settings a provider's class has is only known once there is one.
        known = _field_names(init_chat_model(model.strip(), **given))
        if base_url and "base_url" not in known:
            message = f"FUNDSTELLE_MODEL_BASE_URL cannot be used with the provider {provider}, which has an address of its own. Unset it."
            raise SettingsError(message)
        given |= {"base_url": base_url} if base_url else {}
        return init_chat_model(model.strip(), **given, **{key: value for key, value in settings.items() if key in known})
    except SettingsError:
        raise
    except ImportError as error:
        raise ModelError(_missing_package(provider, error)) from error
    except Exception as error:  # every provider has its own
        if "Unsupported provider" in str(error):
            known_providers = str(error).partition("providers are:")[2].strip()
            message = f"The chat model {name!r} has a provider that is not known. Known: {known_providers or ', '.join(EXTRAS)}."
            raise SettingsError(message) from error
        message = (
            f"The chat model {name!r} cannot be opened: {_without_secrets(str(error))} "
            "Keys are read from the provider's own environment variables, for example OPENAI_API_KEY."
        )
        raise ModelError(message) from None


def _missing_package(provider: str, error: ImportError) -> str:
    if provider in EXTRAS:
        remedy = f"pip install 'fundstelle[{EXTRAS[provider]}]'"
    else:
        named = re.search(r"pip install (?:-U )?([\w.-]+)", str(error))
        remedy = f"pip install {named[1] if named else 'langchain-' + provider.replace('_', '-')}"
    return f"The package for chat models of {provider} is not installed: {remedy}"


def _field_names(chat: Any) -> set[str]:
    fields = type(chat).model_fields
    return {*fields, *(field.alias for field in fields.values() if field.alias)}


def _ended_by(chunk: Any) -> str:
    told = getattr(chunk, "response_metadata", None) or {}
    return str(told.get("finish_reason") or told.get("stop_reason") or told.get("done_reason") or "").lower()


def _failure(error: Exception, *, began: bool) -> ModelFailed:
    """What an error of whatever provider means."""
    causes = _causes(error)
    status = next((status for cause in causes if (status := _status(cause)) is not None), None)
    if status is not None:
        return _refusal(status, causes)
    if any(isinstance(cause, (json.JSONDecodeError, UnicodeDecodeError)) for cause in causes) or _any_named(causes, "Validation"):
        return ModelFailed("unreadable")
    if any("No generation chunks" in str(cause) for cause in causes):  # LangChain's words for an event stream without one event
        return ModelFailed("unreadable")
    unreachable = any(isinstance(cause, (ConnectionRefusedError, socket.gaierror)) for cause in causes) or _any_named(
        causes, "ConnectError", "ConnectTimeout"
    )
    if unreachable and not began:
        return ModelFailed("unreachable")
    if any(isinstance(cause, OSError) for cause in causes) or _any_named(
        causes, "Connection", "Protocol", "ReadError", "WriteError"
    ):
        return ModelFailed("dropped", passing=not began)
    if _any_named(causes, "Timeout"):
        return ModelFailed("stalled" if began else "no first word")
    return ModelFailed("failed", detail=_said(causes))


def _refusal(status: int, causes: Sequence[BaseException]) -> ModelFailed:
    if status in {401, 403}:
        return ModelFailed("unauthorised")  # what was said may repeat the key
    if status == 404:
        return ModelFailed("no such model", detail=_said(causes))
    if status == 429:
        return ModelFailed("rate limited", passing=True, retry_after=_retry_after(causes))
    if status in {408, 409, 425} or status >= 500:
        return ModelFailed("server error", detail=str(status), passing=True, retry_after=_retry_after(causes))
    return ModelFailed("refused request", detail=_said(causes))


def _causes(error: BaseException) -> list[BaseException]:
    """An error and what it came from."""
    found: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in found:
        found.append(following)
        following = following.__cause__ or following.__context__
    return found


def _any_named(causes: Sequence[BaseException], *parts: str) -> bool:
    return any(part in type(cause).__name__ for cause in causes for part in parts)


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error carries, as most clients' do."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "code"):
            status = getattr(holder, name, None)
            if isinstance(status, int) and 400 <= status < 600:
                return status
    return None


def _retry_after(causes: Sequence[BaseException]) -> float | None:
    for cause in causes:
        headers = getattr(getattr(cause, "response", None), "headers", None)
        wait = headers.get("retry-after") if headers else None
        if wait and re.fullmatch(r"\d{1,6}(?:\.\d+)?", wait.strip()):
            return float(wait)
    return None


def _said(causes: Sequence[BaseException]) -> str:
    """What a server said, in one short line without keys."""
    for cause in causes:
        body = getattr(cause, "body", None)
        message = body.get("message") if isinstance(body, dict) else None
        if isinstance(message, str) and message.strip():
            return _without_secrets(message)
    return _without_secrets(str(causes[0]))


def _without_secrets(text: str) -> str:
    """``text`` in one line, cut, without what could be a key: the values of the environment's, and what looks like one."""
    for name, value in os.environ.items():
        if _SECRET_NAMES.search(name) and len(value) >= 6:
            text = text.replace(value, "…")
    line = " ".join(visible(_SECRETS.sub("…", text)).split())
    return line if len(line) <= _DETAIL_CHARACTERS else f"{line[:_DETAIL_CHARACTERS].rstrip()} …"
