"""What travels between a process that asks and the one that owns the indexes: requests, answers and errors, as JSON.

An answer to a question is an event a line, with blank lines while there is nothing to say. Not here: asking (``remote.py``), the other end
(``web/passed_on.py``).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any, Final

from assistant.types import AnswerEvent, Turn
from vectorstore import errors
from vectorstore.errors import FundstelleError, LibraryError
from vectorstore.faults import Fault
from vectorstore.types import Filters, Hit

if TYPE_CHECKING:
    from pydantic import TypeAdapter

ASK_PATH: Final = "/internal/ask"
SEARCH_PATH: Final = "/internal/search"
CANCEL_PATH: Final = "/internal/cancel"
CHECK_PATH: Final = "/internal/check"
HEARTBEAT: Final = 1.0
"""Seconds after which the owner says that it is still there."""
_adapters: dict[type[Any], TypeAdapter[Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRequest:
    """The arguments of ``Assistant.stream``; ``request_id`` names it to ``CANCEL_PATH``."""

    question: str
    history: tuple[Turn, ...] = ()
    filters: Filters = field(default_factory=Filters)
    answer_language: str | None = None
    detect_period: bool = True
    request_id: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """The arguments of ``Assistant.search``."""

    question: str
    limit: int
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """Which question's chat model is asked no further."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """``Assistant.check`` has no arguments."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of ours as it travels: its class and what it says."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: FundstelleError) -> Failure:
        """What travels of ``error``."""
        return cls(type(error).__name__, str(error))

    def error(self) -> FundstelleError:
        """The error that it was."""
        kind = getattr(errors, self.kind, LibraryError)
        known = isinstance(kind, type) and issubclass(kind, FundstelleError) and kind.__init__ is Exception.__init__
        error: FundstelleError = (kind if known else LibraryError)(self.message)
        return error


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the answer to ``ASK_PATH``: what happened, or why nothing more will."""

    event: AnswerEvent | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to ``SEARCH_PATH``."""

    hits: tuple[Hit, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer to ``CHECK_PATH``."""

    faults: tuple[Fault, ...] = ()
    failure: Failure | None = None


def adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """What turns values of one of these classes into JSON and back; made at the first use."""
    from pydantic import TypeAdapter

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def program_version() -> str:
    """The version of this program, which both ends have to be."""
    return installed_version("fundstelle")


def dump_line(*, event: AnswerEvent | None = None, failure: Failure | None = None) -> bytes:
    """A line of the answer to ``ASK_PATH``."""
    return json_line(Line(event=event, failure=failure))


def json_line(value: object) -> bytes:
    """``value`` as a line of JSON in ASCII, so that nothing in it is a line break."""
    return json.dumps(adapter(type(value)).dump_python(value, mode="json")).encode("ascii") + b"\n"
