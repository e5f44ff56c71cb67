"""Whether a library and its indexes agree, and mending them: ``fundstelle doctor --check`` and ``--repair`` from Python.

Not here: what is compared and how it is mended (``vectorstore.consistency``), how it is told to people (``damage_report.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.open_library import OpenLibrary
from vectorstore.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vectorstore.faults import Fault
    from vectorstore.indexes import IndexProgress
    from vectorstore.salvage import Salvaged
    from vectorstore.settings import Settings
    from vectorstore.types import Article


class Mending(OpenLibrary):
    """What makes a library agree with itself again. Thread-safe; nothing is taken in meanwhile.

    Questions wait for a repair. They do not wait for a check of indexes that are open already.
    """

    def check(self) -> list[Fault]:
        """Everything in which articles, passages, both indexes and the sentence vectors disagree; nothing is changed.

        Where ``serve`` has the library, it looks itself.

        Raises:
            LibraryBusy: another process owns the indexes, and neither answers for others nor lets go.
        """
        from vectorstore.consistency import check

        if remote := self._owner_elsewhere():
            return remote.check()
        with self._writing:
            with self._opening:
                self._take_lock()
                indexes = self._indexes
                if indexes is None:  # nobody may open them beside this
                    return check(self.library)
            return check(self.library, indexes=indexes)

    def repair(self, *, on_progress: Callable[[IndexProgress], None] = lambda _: None) -> list[Fault]:
        """Mend what ``check`` finds, and return what is left. No article is removed; what is missing in an index is made from them.

        Raises:
            LibraryBusy: another process owns the indexes.
            IndexMismatch: they were made with another model: ``reindex`` makes them anew.
        """
        from ingest.articles import split
        from vectorstore.consistency import repair

        if not self._owns():
            _refuse_if_served(self.settings)
        encoder, sentences = self.encoder, self.settings.sentence_vectors
        with self._writing:
            with self._opening:
                self._take_lock()
                self._let_go_to_rebuild()
                repair(
                    self.library,
                    encoder=encoder,
                    glossary=self.glossary,
                    split=lambda article: split(article, count_tokens=encoder.count_tokens),
                    read=_bytes_of,
                    extract=_extracted,
                    on_progress=on_progress,
                )
            self.indexes.catch_up(sentences=sentences, on_progress=on_progress)
        return self.check()


def salvage_damaged(settings: Settings) -> Salvaged | None:
    """Replace a ``library.db`` that is damaged by one with all that can be read of it, before anybody opens it; None if it is not damaged.

    Raises:
        LibraryBusy: another process owns the indexes.
        LibraryCorrupt: nothing in it can be read.
    """
    from vectorstore.ownership import Lock
    from vectorstore.salvage import damage, salvage

    if not damage(settings.library):
        return None
    _refuse_if_served(settings)
    lock = Lock(settings.library)
    try:
        return salvage(settings.library, read=_bytes_of, extract=_extracted)
    finally:
        lock.release()


def _refuse_if_served(settings: Settings) -> None:
    from vectorstore.ownership import owner_of

    owner = owner_of(settings.library)
    if owner.service and owner.alive:
        raise LibraryError(
            f"The library {settings.library} is served by process {owner.pid}. Stop `fundstelle serve`, run this again, and start it anew."
        )


def _extracted(article: Article, content: bytes, name: str, media_type: str) -> Article:
    """An article as its original bytes give it now."""
    from ingest.reextraction import made_anew

    return made_anew(article, content, name=name, media_type=media_type)


def _bytes_of(path: str) -> bytes | None:
    """What is in a file that an article was read from, if it is still there."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError):
        return None
