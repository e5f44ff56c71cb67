"""Everything that Fundstelle raises on purpose.

FundstelleError
├── SettingsError          a setting or option that cannot be used
├── ModelError             an embedding or reranking model that is missing, damaged or unusable
├── LibraryError           the library folder
│   ├── LibraryBusy        another process owns the indexes
│   ├── LibraryCorrupt     the article store cannot be read
│   ├── IndexMismatch      the indexes were made with another model or analyzer
│   ├── IndexCorrupt       an index cannot be read; it can be rebuilt from the articles
│   └── ArticleNotFound    no such article or version
└── SourceError            something that was to be added
    ├── SourceNotFound     no such file or folder
    ├── SourceUnreadable   permission, size, encoding or a damaged file
    └── SourceEmpty        nothing in it that could be an article

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


class LibraryCorrupt(LibraryError):
    """The article store cannot be read."""


class IndexMismatch(LibraryError):
    """The indexes were made with another embedding model or analyzer."""


class IndexCorrupt(LibraryError):
    """An index cannot be read; it can be rebuilt from the articles."""


class ArticleNotFound(LibraryError):
    """No article (or version) has this id."""


class SourceError(FundstelleError):
    """Something that was to be added cannot be."""


class SourceNotFound(SourceError):
    """There is no such file or folder."""


class SourceUnreadable(SourceError):
    """The file is there but cannot be read: permission, size, encoding, damage."""


class SourceEmpty(SourceError):
    """There is nothing in it that could be an article."""
