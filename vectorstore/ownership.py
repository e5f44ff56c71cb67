"""Who has the indexes of a library: an operating-system lock that ends with its process, and what the owner says of itself beside it.

Not here: the indexes (``indexes.py``), passing questions to the owner (``assistant/remote.py``).
"""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import re
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from vectorstore.errors import LibraryBusy, LibraryError

if TYPE_CHECKING:
    from pathlib import Path

LOCK_WAIT = 10.0
"""Seconds that a short-lived owner of the indexes is waited for."""
_OWNER_FILE = "lock.json"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """Where on this machine the owner of the indexes answers for other processes of the same user, and the word that lets them in."""

    host: str
    port: int
    token: str = field(repr=False)

    @property
    def plausible(self) -> bool:
        """Whether this may be connected to: an address of this machine alone, and a token that fits into a header."""
        try:
            local = ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
        return local and 0 < self.port < 65_536 and bool(re.fullmatch(r"[A-Za-z0-9_-]{32,200}", self.token))


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that has the indexes: its id, None if it does not say, and whether it takes in what others leave as pending.

    ``service`` is where it answers for others, if it does; ``program`` is its version.
    """

    pid: int | None
    takes_in: bool
    service: Service | None = None
    program: str = ""

    @property
    def alive(self) -> bool:
        """Whether there is such a process; what it said of itself stays when it is killed."""
        if self.pid is None or os.name != "posix":
            return self.pid is not None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:  # it is another user's
            return True
        return True


class Lock:
    """The right to use the indexes of a library: one process has it, and it ends with that process."""

    def __init__(self, folder: Path, *, wait: float = LOCK_WAIT) -> None:
        """Take the lock in ``folder``.

        Raises:
            LibraryBusy: another process still has it after ``wait`` seconds.
            LibraryError: the folder cannot be written.
        """
        self._lock = FileLock(folder / "lock", thread_local=False)  # whichever thread took it, any may give it back
        self._owner = folder / _OWNER_FILE
        try:
            self._lock.acquire(timeout=wait)
        except Timeout as error:
            raise LibraryBusy(folder, pid=owner_of(folder).pid, waited=wait) from error
        except OSError as error:
            raise LibraryError(
                f"The library folder {folder} cannot be locked: {error.strerror}. Check its permissions or choose another with --library."
            ) from error
        self._since = time.time()
        self.announce(takes_in=False)

    def announce(self, *, takes_in: bool, service: Service | None = None, program: str = "") -> None:
        """Tell other processes whether this one takes in the articles that they leave as pending, and where it answers for them.

        Nobody but this user can read it: the token in it lets in. Where it cannot be written (a full disk), others only see that the library is in use.
        """
        said = {"pid": os.getpid(), "since": self._since, "takes_in": takes_in, "program": program}
        fresh = self._owner.with_suffix(f".{os.getpid()}")
        try:
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump({**said, **({"service": asdict(service)} if service else {})}, file)
            fresh.replace(self._owner)
        except OSError as error:
            _LOG.warning("The note on who uses the library cannot be written to %s: %s.", self._owner, error.strerror)
            with suppress(OSError):  # what it said before may not be true any more
                fresh.unlink(missing_ok=True)
                self._owner.unlink(missing_ok=True)

    def release(self) -> None:
        """Give the lock back."""
        with suppress(OSError):
            self._owner.unlink(missing_ok=True)
        self._lock.release()


def owner_of(folder: Path) -> Owner:
    """What the process that has the indexes of a library says of itself; what it said stays where it was killed.

    Where it answers is only believed of a file that nobody but this user can read or write, and only if it is on this machine.
    """
    try:
        with (folder / _OWNER_FILE).open(encoding="utf-8") as file:
            private = _is_private(os.fstat(file.fileno()))
            found = json.load(file)
        pid, takes_in, program = int(found["pid"]), found.get("takes_in") is True, str(found.get("program", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Owner(None, takes_in=False)
    return Owner(pid, takes_in, _service(found.get("service")) if private else None, program)


def _service(said: object) -> Service | None:
    match said:
        case {"host": str(host), "port": int(port), "token": str(token)}:
            service = Service(host, port, token)
            return service if service.plausible else None
    return None


def _is_private(status: os.stat_result) -> bool:
    """Whether a file is this user's own, and for nobody else; where files have no such owners, it is as private as its folder."""
    if sys.platform == "win32":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o077
