"""The blocks of a document (paragraphs, headings, rows) → one text, headline first, and the furniture that their structure tells.

Not here: finding the blocks (a module per format), furniture told by words (``clean.py``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ingest.encoding import clean_characters
from ingest.paragraphs import PROSE_WORDS, merge_furniture, normalise_paragraph
from ingest.types import Block
from vectorstore.types import Furniture

LINK_SHARE = 0.75
"""A short block with more of it linked is a link, not prose."""
_LINK_WORDS = 25
_FURNITURE_CLASS = re.compile(
    r"(?:^|[-_\s])(?:copyright|credits?|share|sharing|social|related|newsletter|advert\w*|cookie\w*|breadcrumbs?|pagination"
    r"|permalink|tags?|jp-relatedposts|sharedaddy|teasertext)(?:$|[-_\s])",
    re.IGNORECASE,
)


def assemble(blocks: Sequence[Block], *, title: str) -> tuple[str, tuple[Furniture, ...]]:
    """The text of ``blocks``, an empty line between them, ``title`` first, and the furniture among them."""
    wanted = normalise_paragraph(title)
    at = next(
        (i for i, block in enumerate(blocks[:6]) if wanted and _same_headline(normalise_paragraph(block.text), wanted)), None
    )
    if at is not None:
        blocks = [Block(title, "title"), *blocks[:at], *blocks[at + 1 :]]
    elif title:
        blocks = [Block(title, "title"), *blocks]
    bare = _bare_headings(blocks)
    pieces: list[str] = []
    marks: list[Furniture] = []
    position = 0
    for n, block in enumerate(blocks):
        piece = clean_characters(block.text)
        if not piece:
            continue
        reason = _structural_reason(block) or ("empty heading" if n >= bare else "")
        if reason:
            marks.append(Furniture(position, position + len(piece), reason))
        pieces.append(piece)
        position += len(piece) + 2
    text = "\n\n".join(pieces)
    normal = unicodedata.normalize("NFC", text)
    return (normal, merge_furniture(normal, marks)) if normal == text else (normal, ())


def _bare_headings(blocks: Sequence[Block]) -> int:
    """The index from which on nothing but headings and furniture follows: headings over what was taken out of the page."""
    end = len(blocks)
    while end > 1 and (blocks[end - 1].tag == "head" or _structural_reason(blocks[end - 1])):
        end -= 1
    return end


def _same_headline(normal: str, wanted: str) -> bool:
    longer, shorter = sorted((normal, wanted), key=len, reverse=True)
    return normal == wanted or (len(shorter.split()) > 2 and shorter in longer and len(longer) - len(shorter) <= 20)


def _structural_reason(block: Block) -> str:
    words = len(block.text.split())
    if block.tag == "title":
        return ""
    if block.reason:
        return block.reason
    if block.linked >= LINK_SHARE and words <= _LINK_WORDS and block.tag not in {"row", "cell"}:
        return "link"
    prose = words >= PROSE_WORDS and block.text.rstrip().endswith((".", "!", "?", "“", "”", "»", '"'))
    if words <= 40 and not prose and _FURNITURE_CLASS.search(block.classes):
        return "page element"
    return ""
