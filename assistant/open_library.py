"""An open library: its indexes under their lock, the models and dictionaries, each opened at its first use, and who owns what.

Opening is cheap; the indexes and their lock are taken at the first question, search or addition and kept until ``close``. Not here: asking
(``qa``), taking in (``upkeep``), what the library holds (``holdings``).
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from assistant.generative import ChatModel, ModelLimits
from assistant.messages import program_version
from assistant.remote import Remote
from vectorstore.errors import IndexCorrupt, IndexMismatch, LibraryBusy
from vectorstore.languages import keep_lists_in
from vectorstore.library import Library
from vectorstore.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from assistant.verification import Verifier
    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder, Reranker
    from vectorstore.indexes import Indexes
    from vectorstore.ownership import Lock, Service
    from vectorstore.settings import Settings

POLL_SECONDS = 0.2
_PLACES = os.cpu_count() or 1
_Found = TypeVar("_Found")


class OpenLibrary:
    """One library and what is needed to use it. Thread-safe; one process at a time owns a library's indexes."""

    lock_wait: ClassVar[float] = 10.0
    """Seconds that an owner of the indexes who takes nothing in is waited for."""

    def __init__(self, settings: Settings, *, encoder: Encoder | None = None) -> None:
        """Open the library that ``settings`` name; ``Assistant.open`` is the usual way. ``encoder`` stands in for the one that is set."""
        self.settings = settings
        keep_lists_in(settings.cache)
        self.library = Library(settings.library)
        self._opening = threading.RLock()
        self._writing = threading.Lock()
        self._answering = 0
        self._answered = threading.Condition()
        self._takers = 0
        self._indexes: Indexes | None = None
        self._rebuilds = 0
        self._lock: Lock | None = None
        self._service: Service | None = None
        self._encoder = encoder
        self._glossary: Glossary | None = None
        self._reranker: Reranker | None = None
        self._chat_model: ChatModel | None = None
        self._verifier: Verifier | None = None

    @classmethod
    def open(cls, library: Path | str | None = None, *, settings: Settings | None = None) -> Self:
        """Open a library: the folder ``library``, that of ``settings``, or the default one. A new folder is an empty library.

        Raises:
            SettingsError: a setting cannot be used.
            LibraryError: the folder cannot be made, written or read.
        """
        if settings is None:
            settings = read_settings(library=library)
        elif library is not None:
            settings = read_settings(**{**settings.model_dump(), "library": library})
        return cls(settings)

    def __enter__(self) -> Self:
        """The assistant itself; it is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of the indexes, their lock and the library."""
        with self._opening:
            if self._indexes:
                self._indexes.close()
                self._indexes = None
            if self._lock:
                self._lock.release()
                self._lock = None
            self.library.close()

    @contextmanager
    def _place_to_answer(self) -> Iterator[None]:
        """Wait for a place to look for an answer: there is one for each core, a single one while articles go into the indexes beside it.

        Readers who ask without a pause would leave a quarter of its speed to what is taken in.
        """
        with self._answered:
            self._answered.wait_for(lambda: self._answering < (1 if self._writing.locked() else _PLACES))
            self._answering += 1
        try:
            yield
        finally:
            with self._answered:
                self._answering -= 1
                self._answered.notify_all()

    # Who owns the indexes

    @contextmanager
    def _taking_in(self) -> Iterator[None]:
        """While this lasts, other processes hear that the owner of the indexes takes in what they leave as pending."""
        with self._opening:
            self._takers += 1
            self._announce()
        try:
            yield
        finally:
            with self._opening:
                self._takers -= 1
                self._announce()

    def _announce(self) -> None:
        if self._lock:
            self._lock.announce(takes_in=self._takers > 0, service=self._service, program=program_version())

    @contextmanager
    def answering_at(self, service: Service) -> Iterator[None]:
        """While this lasts, other processes of this user may pass their questions on to ``service``, which asks this assistant."""
        with self._opening:
            self._service = service
            self._announce()
        try:
            yield
        finally:
            with self._opening:
                self._service = None
                self._announce()

    def _owner_elsewhere(self) -> Remote | None:
        """The process that owns the indexes and answers for others; None where this one has them, or needs none.

        Raises:
            LibraryBusy: another process has them, and neither answers for others nor lets go.
        """
        from vectorstore.ownership import owner_of

        waiting_since = time.monotonic()
        while not self._owns():
            owner = owner_of(self.settings.library)
            if owner.service and owner.alive:
                return Remote(owner, owner.service)
            if not self.library.count_articles("searchable", "complete"):
                return None
            if time.monotonic() - waiting_since > self.lock_wait:
                raise LibraryBusy(self.settings.library, pid=owner.pid, waited=self.lock_wait)
            time.sleep(POLL_SECONDS)
        return None

    def _owns(self) -> bool:
        """Whether this process has the indexes, or can have them at once."""
        from vectorstore.ownership import Lock

        with self._opening:
            if self._lock is None:
                try:
                    self._lock = Lock(self.settings.library, wait=0)
                except LibraryBusy:
                    return False
                self._announce()
            return True

    # Opening parts at their first use

    @property
    def indexes(self) -> Indexes:
        """The indexes, opened under their lock at the first use.

        Raises:
            LibraryBusy: another process owns them.
            IndexMismatch, IndexCorrupt: they have to be rebuilt with ``reindex``.
        """
        from vectorstore.indexes import Indexes

        with self._opening:
            if self._indexes is None:
                self._take_lock()
                self.library.remove_overdue()
                self._indexes = Indexes.open(self.library, encoder=self.encoder, glossary=self.glossary)
            return self._indexes

    def can_answer(self) -> bool:
        """Whether the indexes can be asked as they are; where not, ``reindex`` or ``doctor --repair`` makes them anew.

        Raises:
            LibraryBusy: another process owns them.
        """
        try:
            _ = self.indexes
        except (IndexMismatch, IndexCorrupt):
            return False
        return True

    def _asked(self, ask: Callable[[Indexes], _Found]) -> _Found:
        """What ``ask`` finds in the indexes; it looks again where others take their place meanwhile."""
        while True:
            rebuilds = self._rebuilds
            indexes = self.indexes
            try:
                found = ask(indexes)
            except IndexCorrupt:
                if rebuilds == self._rebuilds:  # else they were closed while they were read
                    raise
                continue
            # Once a rebuild has switched the library, what the old ones hold is not what it holds; the new ones come at once.
            switched = self._writing.locked() and self.library.fact("index") != str(indexes.number)
            if rebuilds == self._rebuilds and not switched:
                return found

    def _let_go_to_rebuild(self) -> None:
        """Close the indexes, because they are made anew; under ``_opening``, for as long as that takes. Who is reading them looks again."""
        if self._indexes:
            self._rebuilds += 1
            self._indexes.close()
            self._indexes = None

    def _take_lock(self) -> None:
        from vectorstore.ownership import Lock

        if self._lock is None:
            self._lock = Lock(self.settings.library)
            self._announce()

    @property
    def encoder(self) -> Encoder:
        """The embedding model that is set."""
        from vectorstore.embedding import load_encoder

        with self._opening:
            if self._encoder is None:
                self._encoder = load_encoder(self.settings.embedding, cache=self.settings.cache)
            return self._encoder

    @property
    def glossary(self) -> Glossary:
        """The dictionaries that are there."""
        from vectorstore.dictionary import Glossary

        with self._opening:
            if self._glossary is None:
                self._glossary = Glossary.open(self.settings.dictionaries, cache=self.settings.cache)
            return self._glossary

    @property
    def reranker(self) -> Reranker | None:
        """The cross-encoder that is set, if one is."""
        from vectorstore.embedding import Reranker

        with self._opening:
            if self._reranker is None and self.settings.reranker:
                self._reranker = Reranker(self.settings.reranker)
            return self._reranker

    @property
    def chat_model(self) -> ChatModel | None:
        """The chat model that is set, if one is; without it answers only quote."""
        settings = self.settings
        with self._opening:
            if self._chat_model is None and settings.model:
                limits = ModelLimits(
                    silence=settings.model_timeout,
                    total=settings.model_total_timeout,
                    characters=settings.model_answer_characters,
                )
                self._chat_model = ChatModel(
                    settings.model, base_url=settings.model_base_url, limits=limits, tracing=settings.tracing
                )
            return self._chat_model

    @property
    def verifier(self) -> Verifier:
        """What checks the sentences of a chat model."""
        from assistant.verification import Verifier

        with self._opening:
            if self._verifier is None:
                self._verifier = Verifier(encoder=self.encoder, glossary=self.glossary)
            return self._verifier
