"""Who looks at the page: the language to answer in, whose conversations these are, and which open page asks.

Not here: who is let in at all (``guard``), how the browser keeps its token (``page``).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.web.texts import pick_language

if TYPE_CHECKING:
    from assistant.web.texts import Language

_TOKEN_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Visitor:
    """A reader of the page.

    ``owner`` says whose conversations these are: who logged in, else the bearer of a random token that this browser keeps; empty before
    the browser has one. ``session`` is one open page.
    """

    language: Language = "en"
    owner: str = ""
    session: str = ""

    @property
    def reader(self) -> str:
        """Who this is for as long as the page is open: the owner or, before the browser has a token, the open page."""
        return self.owner or f"page:{self.session}"


def visitor_of(headers: Mapping[str, str], *, login: str | None, kept: object, session: str | None) -> Visitor:
    """The reader behind a request: ``login`` is the name that logged in, ``kept`` is what the browser remembers."""
    token = token_of(kept)
    # Two names that cannot meet: a token is whatever the browser says it is.
    owner = f"login:{login}" if login else f"browser:{token}" if token else ""
    return Visitor(language=pick_language(headers.get("accept-language")), owner=owner, session=session or "")


def token_of(kept: object) -> str:
    """The token in what the browser remembers, or an empty text."""
    token: Any = kept.get("token") if isinstance(kept, Mapping) else None
    return token if isinstance(token, str) and len(token) <= _TOKEN_CHARACTERS else ""


def remembered(kept: object, **values: str) -> dict[str, str]:
    """What the browser shall remember from now on: what it does, with a token if it has none, and ``values``."""
    known = {key: value for key, value in kept.items() if isinstance(value, str)} if isinstance(kept, Mapping) else {}
    return {**known, "token": token_of(kept) or secrets.token_urlsafe(24), **values}
