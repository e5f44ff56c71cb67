"""Whether a library and its indexes agree, and mending them: ``fundstelle doctor --check`` and ``--repair`` from Python.

Not here: what is compared and how it is mended (``vectorstore.consistency``), what is installed and configured (``doctor``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.open_library import OpenLibrary
from vectorstore.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vectorstore.indexes import IndexProgress
    from vectorstore.soundness import Fault


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
        from ingest.reextraction import made_anew
        from vectorstore.consistency import repair
        from vectorstore.ownership import owner_of

        owner = owner_of(self.settings.library)
        if owner.service and owner.alive and not self._owns():
            raise LibraryError(
                f"The library {self.settings.library} is served by process {owner.pid}. Stop `fundstelle serve`, run this again, and start it anew."
            )
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
                    extract=lambda article, content, name, media_type: made_anew(
                        article, content, name=name, media_type=media_type
                    ),
                    on_progress=on_progress,
                )
            self.indexes.catch_up(sentences=sentences, on_progress=on_progress)
        return self.check()


def _bytes_of(path: str) -> bytes | None:
    """What is in a file that an article was read from, if it is still there."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError):
        return None
