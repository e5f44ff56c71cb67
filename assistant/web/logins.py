"""Who may use the page where it has logins: names and passwords (HTTP Basic), and a limit on guessing.

Basic, because it covers the page, its uploads, the named endpoints and the tools alike, and every client speaks it. It hides nothing on the way:
beyond this machine it belongs behind TLS. Not here: which requests need a login (``guard``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from vectorstore.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FAILURES: Final = 10
"""How many wrong logins an address may send within ``SECONDS``; then it is told to wait, right or wrong."""
SECONDS: Final = 60.0
SHORTEST_PASSWORD: Final = 8
"""In characters; a shorter one is good enough on this machine only."""
_ADDRESSES: Final = 10_000


class Logins:
    """Names and the hashes of their passwords; ``guessable`` are the names whose password is short."""

    def __init__(self, pairs: Iterable[str]) -> None:
        """``pairs`` are texts like ``user:password``.

        Raises:
            SettingsError: one of them is none. The message does not say the password.
        """
        self.guessable: list[str] = []
        self._digests: dict[str, bytes] = {}
        for pair in pairs:
            name, _, password = pair.partition(":")
            if not name or not password:
                raise SettingsError("A login is written as user:password (--auth, FUNDSTELLE_AUTH).")
            if len(password) < SHORTEST_PASSWORD:
                self.guessable.append(name)
            self._digests[name] = _digest(password)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def user(self, authorization: str | None) -> str | None:
        """The name that the header ``authorization`` proves, or None. Takes the same time whatever is wrong with it."""
        name, password = _credentials(authorization)
        expected = self._digests.get(name, _digest(""))
        right = hmac.compare_digest(_digest(password), expected)
        return name if right and name in self._digests else None


class Attempts:
    """Counts wrong logins by address; for one event loop. Forgets the oldest addresses when there are very many."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """How many seconds ``address`` has to wait before it may try again; 0 if it need not."""
        recent = self._recent(address)
        return max(0.0, recent[0] + SECONDS - self._clock()) if len(recent) >= FAILURES else 0.0

    def failed(self, address: str) -> None:
        """``address`` sent a wrong login."""
        self._failed[address] = [*self._recent(address), self._clock()]
        self._failed.move_to_end(address)
        while len(self._failed) > _ADDRESSES:
            self._failed.popitem(last=False)

    def _recent(self, address: str) -> list[float]:
        return [moment for moment in self._failed.get(address, []) if moment > self._clock() - SECONDS]


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest()


def _credentials(authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, password
