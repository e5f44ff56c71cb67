"""Asking the process that owns the indexes, where ``serve`` has a library that another process asks about.

Requests go over loopback and carry the token of the lock file. Not here: what is sent and answered (``messages.py``), who owns the indexes
(``vectorstore/ownership.py``), the other end (``web/passed_on.py``), whether to ask it (``qa.py``).
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, Final

from assistant.messages import (
    ASK_PATH,
    CANCEL_PATH,
    CHECK_PATH,
    SEARCH_PATH,
    CancelRequest,
    Checked,
    CheckRequest,
    Found,
    Line,
    adapter,
    program_version,
)
from vectorstore.errors import LibraryError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator, Iterator
    from http.client import HTTPResponse

    from assistant.messages import AskRequest, SearchRequest
    from assistant.types import AnswerEvent
    from vectorstore.faults import Fault
    from vectorstore.ownership import Owner, Service
    from vectorstore.types import Hit

SILENCE: Final = 30.0
"""Seconds without a word after which it is taken for hung. Far more than a heartbeat: the machine may be busy embedding."""
_CONNECT: Final = 3.0
_SEARCHING: Final = 120.0
_CHECKING: Final = 3600.0
_PATIENCE: Final = 10.0
"""Seconds in which an owner that does not answer may come back, or let go of the library."""
_PAUSE: Final = 0.2
_LARGEST: Final = 64 * 1024 * 1024


class OwnerGone(LibraryError):
    """The owner of the indexes does not answer, or no longer; nothing of its answer has been handed on.

    ``asked`` says whether it had got the question.
    """

    def __init__(self, message: str, *, asked: bool) -> None:
        super().__init__(message)
        self.asked = asked


class _Refused(HTTPException):
    """There was no connection, or nobody was let in."""


class Remote:
    """The owner of a library's indexes, as another process asks it."""

    def __init__(self, owner: Owner, service: Service) -> None:
        """``service`` is where ``owner`` answers.

        Raises:
            LibraryError: it is another version of this program, or not on this machine.
        """
        self._pid = owner.pid
        self._service = service
        if not service.plausible:
            raise LibraryError(f"Process {owner.pid} says that it answers at {service.host}, which is not this machine. Stop it.")
        if owner.program != program_version():
            raise LibraryError(
                f"The library is served by process {owner.pid}, Fundstelle {owner.program or 'of another version'}; this is "
                f"{program_version()}. Restart `fundstelle serve`."
            )

    def stream(self, request: AskRequest, *, cancel: threading.Event | None = None) -> Generator[AnswerEvent]:
        """What happens while the owner answers, as ``Assistant.stream``. Closing the iterator ends it there too.

        Raises:
            OwnerGone: it does not answer; nothing has been yielded but steps.
            FundstelleError: what it raised, or that it fell silent in the middle of its words.
        """
        spoken = cancelled = False
        try:
            with self._request(ASK_PATH, request, timeout=SILENCE) as response:
                while line := response.readline(_LARGEST):
                    if cancel and cancel.is_set() and not cancelled:
                        cancelled = self._cancel(request.request_id)
                    if not line.strip():
                        continue
                    said: Line = adapter(Line).validate_json(line, strict=True)
                    if said.failure:
                        raise said.failure.error()
                    if said.event:
                        spoken = spoken or said.event.kind != "step"
                        yield said.event
                        if said.event.kind == "answer":
                            return
        except (OSError, HTTPException) as error:
            raise self._gone(error, spoken=spoken) from error
        except ValueError as error:
            raise self._unreadable() from error
        raise self._gone(None, spoken=spoken)

    def search(self, request: SearchRequest) -> list[Hit]:
        """The hits that the owner finds, as ``Assistant.search``.

        Raises:
            OwnerGone: it does not answer.
            FundstelleError: what it raised.
        """
        found: Found = self._ask_once(SEARCH_PATH, request, Found, timeout=_SEARCHING)
        if found.failure:
            raise found.failure.error()
        return list(found.hits)

    def check(self) -> list[Fault]:
        """What the owner finds wrong, as ``Assistant.check``.

        Raises:
            OwnerGone: it does not answer.
            FundstelleError: what it raised.
        """
        found: Checked = self._ask_once(CHECK_PATH, CheckRequest(), Checked, timeout=_CHECKING)
        if found.failure:
            raise found.failure.error()
        return list(found.faults)

    def _ask_once(self, path: str, request: object, kind: type[Any], *, timeout: float) -> Any:
        """An answer that comes whole."""
        try:
            with self._request(path, request, timeout=timeout) as response:
                return adapter(kind).validate_json(response.read(), strict=True)
        except (OSError, HTTPException) as error:
            raise self._gone(error, spoken=False) from error
        except ValueError as error:
            raise self._unreadable() from error

    def _cancel(self, request_id: str) -> bool:
        with self._request(CANCEL_PATH, CancelRequest(request_id=request_id), timeout=_CONNECT) as response:
            response.read()
        return True

    @contextmanager
    def _request(self, path: str, request: object, *, timeout: float) -> Iterator[HTTPResponse]:
        """An answer of the owner to a request; straight to it, whatever proxies the environment names."""
        connection = HTTPConnection(self._service.host, self._service.port, timeout=_CONNECT)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise _Refused(str(error)) from error
            connection.sock.settimeout(timeout)
            headers = {"Authorization": f"Bearer {self._service.token}", "Content-Type": "application/json"}
            connection.request("POST", path, adapter(type(request)).dump_json(request), headers)
            response = connection.getresponse()
            if response.status != 200:
                kind = _Refused if response.status == 401 else HTTPException
                raise kind(f"it answered {response.status}: {response.read(200).decode('utf-8', 'replace').strip()}")
            yield response
        finally:
            connection.close()

    def _gone(self, error: Exception | None, *, spoken: bool) -> LibraryError:
        why = str(error).splitlines()[0] if error and str(error) else "it ended"
        if spoken:
            return LibraryError(
                f"Process {self._pid}, which serves the library, broke off in the middle of its answer ({why}). Ask again."
            )
        return OwnerGone(
            f"Process {self._pid} serves the library but does not answer ({why}). Try again; if that does not help, restart `fundstelle serve`.",
            asked=not isinstance(error, _Refused),
        )

    def _unreadable(self) -> LibraryError:
        return LibraryError(
            f"Process {self._pid} serves the library, but what it answers cannot be read; it may be another version. Restart `fundstelle serve`."
        )


class _Patience:
    """How long an owner that is gone may take to come back, or to let go of the library. The same question is put to it twice at most."""

    def __init__(self) -> None:
        self._until = time.monotonic() + _PATIENCE
        self._asked = 0

    def bear(self, gone: OwnerGone) -> None:
        """Wait a little; ``gone`` is raised once there is no more patience."""
        self._asked += gone.asked
        if self._asked > 1 or time.monotonic() > self._until:
            raise gone
        time.sleep(_PAUSE)


def passed_on(
    find: Callable[[], Remote | None], request: AskRequest, *, cancel: threading.Event | None
) -> Generator[AnswerEvent, None, bool]:
    """What the owner that ``find`` finds answers; returns whether one has. Where it goes away meanwhile, it is looked for again.

    Raises:
        FundstelleError: as ``Remote.stream``.
    """
    patience = _Patience()
    while remote := find():
        try:
            yield from remote.stream(request, cancel=cancel)
        except OwnerGone as gone:
            patience.bear(gone)
        else:
            return True
    return False


def search_passed_on(find: Callable[[], Remote | None], request: SearchRequest) -> list[Hit] | None:
    """The hits of the owner that ``find`` finds; None if there is none. As ``passed_on`` otherwise.

    Raises:
        FundstelleError: as ``Remote.search``.
    """
    patience = _Patience()
    while remote := find():
        try:
            return remote.search(request)
        except OwnerGone as gone:
            patience.bear(gone)
    return None
