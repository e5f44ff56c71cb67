"""What sources become on their way to an article: plain values that every reader of a format gives.

Not here: reading a format (``extract.py`` says which module reads which), the stored article (``vectorstore.types``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # the subprocess that reads documents needs the types only
    from ingest.dates import Published
    from vectorstore.types import Furniture

Note = Literal["short", "paywall"]
SHORT: Note = "short"
"""The page has far less text than an article, or than it says it has: a teaser, an error page, one that scripts draw."""
PAYWALL: Note = "paywall"
"""The page says that its article is for subscribers: what was read may be the beginning only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What a source says: its text and the metadata that it declares.

    ``text`` is NFC, has newlines for line ends and no control characters; the headline comes first where it is known.
    ``language`` is the primary subtag that the source declares, ``url`` its canonical address, ``modified`` when it says that it
    was last changed, ``furniture`` what its structure says is not the article, ``notes`` why its text may not be all of it.
    """

    text: str
    title: str = ""
    source: str = ""
    author: str = ""
    language: str | None = None
    url: str | None = None
    published: Published | None = None
    modified: Published | None = None
    furniture: tuple[Furniture, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a document: its text, its element's name ("p", "head", "h1", "row", "code" ...), the share of it that is links.

    ``classes`` is what the element's class and id say; ``reason`` says why it is furniture, where the document's structure tells.
    """

    text: str
    tag: str = "p"
    linked: float = 0.0
    classes: str = ""
    reason: str = ""
