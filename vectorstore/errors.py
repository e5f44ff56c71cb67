"""Everything that Fundstelle raises on purpose.

FundstelleError
├── SettingsError          a setting or option that cannot be used
├── ModelError             an embedding or reranking model that is missing, damaged or unusable
├── LibraryError           the library folder
│   ├── LibraryBusy        another process owns the indexes
│   ├── DiskFull           there is no space left for it
│   ├── LibraryCorrupt     the article store cannot be read
│   ├── IndexMismatch      the indexes were made with another model or analyzer
│   ├── IndexCorrupt       an index cannot be read; it can be rebuilt from the articles
│   └── ArticleNotFound    no such article or version
├── DocumentError          an answer or evidence bundle in JSON that cannot be read
└── SourceError            something that was to be added
    ├── SourceNotFound     no such file or folder
    ├── SourceUnreadable   permission, size, encoding or a damaged file
    ├── SourceEmpty        nothing in it that could be an article
    ├── SourceRefused      an address that is not fetched: private, forbidden by robots.txt, too large
    ├── SourceUnreachable  an address that does not answer, or answers with an error
    └── SourceStopped      the run was stopped before it was had

Each message names the thing and, after a dash or a full stop, the remedy.
"""

from __future__ import annotations


class FundstelleError(Exception):
    """The root of every error that this project raises on purpose."""


class SettingsError(FundstelleError):
    """A setting or option has a value that cannot be used."""


class ModelError(FundstelleError):
    """A model is missing, damaged or cannot be used."""


class LibraryError(FundstelleError):
    """Something is wrong with the library folder."""


class LibraryBusy(LibraryError):
    """Another process owns the indexes of this library."""

    def __init__(self, library: object, *, pid: int | None, waited: float) -> None:
        owner = f"process {pid}" if pid else "another process"
        super().__init__(
            f"The library {library} is in use by {owner} (waited {waited:.0f} s). Try again when it has finished, or stop it."
        )
        self.pid = pid


class DiskFull(LibraryError):
    """There is no space left for the library."""

    def __init__(self, where: object) -> None:
        super().__init__(
            f"There is no space left for {where}. Free some and run the same command again: what was stored stays, and is made searchable then."
        )

    @staticmethod
    def is_meant(error: BaseException) -> bool:
        """Whether an error of SQLite, Chroma, tantivy or the system says so; most of them only do in words."""
        said = str(error)
        return "No space left" in said or "disk is full" in said or "File too large" in said


class LibraryCorrupt(LibraryError):
    """The article store cannot be read."""


class IndexMismatch(LibraryError):
    """The indexes were made with another embedding model or analyzer."""


class IndexCorrupt(LibraryError):
    """An index cannot be read; it can be rebuilt from the articles."""


class ArticleNotFound(LibraryError):
    """No article (or version) has this id."""


class DocumentError(FundstelleError):
    """An answer or evidence bundle in JSON that is damaged, or of a version that is not known here."""


class SourceError(FundstelleError):
    """Something that was to be added cannot be."""


class SourceNotFound(SourceError):
    """There is no such file or folder."""


class SourceUnreadable(SourceError):
    """The file is there but cannot be read: permission, size, encoding, damage."""


class SourceEmpty(SourceError):
    """There is nothing in it that could be an article."""


class SourceRefused(SourceError):
    """The address is not fetched, now or later: its scheme, a private network, robots.txt, its size."""


class SourceUnreachable(SourceError):
    """The address does not answer, or answers with an error; later it may.

    ``status`` is the HTTP status, None where there was no answer. ``retry_after`` is how many seconds its server wants to be left alone.
    """

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class SourceStopped(SourceError):
    """The run was stopped before the source was had; nothing is wrong with it."""
