"""What robots.txt allows (RFC 9309), read once a day for each origin.

Not here: fetching it, waiting between requests (``fetch.py``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vectorstore.errors import SourceError, SourceRefused, SourceStopped, SourceUnreachable

if TYPE_CHECKING:
    from protego import Protego

ROBOT = "Fundstelle"
"""The name that robots.txt is read for."""
ROBOTS_BYTES = 512 * 1024
"""How much of it is read; the RFC asks for 500 KiB at least."""
_KEPT = 24 * 3600.0
_FAILURE_KEPT = 60.0


@dataclass(slots=True)
class _Origin:
    """What an origin's robots.txt says, or why it could not be had. ``rules`` is None where everything is allowed."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    rules: Protego | None = None
    failure: SourceError | None = None
    expires: float = 0.0  # by the monotonic clock


class Robots:
    """The rules of all origins, for many threads. ``fetch`` gives the bytes of a robots.txt or raises a ``SourceError``."""

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        self._fetch = fetch
        self._origins: dict[str, _Origin] = {}
        self._lock = threading.Lock()

    def delay(self, url: str) -> float:
        """How many seconds after fetching ``url`` its server wants to be left alone; 0 where it does not say.

        Raises:
            SourceRefused: its robots.txt forbids it.
            SourceUnreachable: its robots.txt cannot be had for now, which forbids everything for now.
        """
        parts = urlsplit(url)
        robots_url = f"{parts.scheme}://{parts.netloc}/robots.txt"
        with self._lock:
            origin = self._origins.setdefault(robots_url, _Origin())
        with origin.lock:
            if origin.expires <= time.monotonic():
                self._read(origin, url=robots_url)
            rules, failure = origin.rules, origin.failure
        if failure:
            raise copy(failure)
        if rules is None:
            return 0.0
        if not rules.can_fetch(url, ROBOT):
            raise SourceRefused("its robots.txt forbids programs to fetch it. Save the page in a browser and add the file.")
        return max(rules.crawl_delay(ROBOT) or 0.0, 0.0)

    def _read(self, origin: _Origin, *, url: str) -> None:
        from protego import Protego

        origin.rules = origin.failure = None
        try:
            origin.rules = Protego.parse(self._fetch(url).decode("utf-8-sig", "replace"))
        except SourceStopped:
            raise
        except SourceUnreachable as error:
            if error.status is None:
                origin.failure = error
            elif error.status == 429 or error.status >= 500:
                message = (
                    f"its robots.txt cannot be had (HTTP {error.status}), so nothing may be fetched for now. Try again later."
                )
                origin.failure = SourceUnreachable(message, status=error.status, retry_after=error.retry_after)
            # Otherwise there is none: not found, or redirected without end.
        except SourceError as error:
            origin.failure = error
        origin.expires = time.monotonic() + (_FAILURE_KEPT if origin.failure else _KEPT)
