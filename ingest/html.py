"""A page → its article's text and metadata, by trafilatura. The only module that imports it.

trafilatura is asked to favour recall: what it lets through too much is marked as furniture, here by structure and in ``clean.py`` by
words. Not here: decoding (``encoding.py``), what the page says about itself (``page_metadata.py``), MHTML (``mhtml.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ingest import page_metadata as page
from ingest.blocks import assemble
from ingest.date_lines import date_in_text
from ingest.encoding import clean_characters
from ingest.page_dates import date_in_html
from ingest.paragraphs import normalise_paragraph
from ingest.plaintext import DETECTED
from ingest.types import PAYWALL, SHORT, Block, Extracted, Note
from vectorstore.errors import SourceEmpty, SourceUnreadable
from vectorstore.languages import detect_language
from vectorstore.types import Furniture

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BLOCK_TAGS = frozenset({"p", "head", "item", "quote", "code", "row", "table", "list", "div", "lb", "ab"})
_SHORT_WORDS = 40
"""A page with less than this is no article: agencies' shortest reports have more."""
_SHORT_SHARE = 0.5
_WALLED_WORDS = 250
_HIDDEN_SHARE = 0.3
_CONCEALED = re.compile(
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])"
    r"|(?:left|top|right|text-indent)\s*:\s*-\d{3,})",
    re.IGNORECASE,
)
_ENDING = 1_500


def from_html(markup: str, *, name: str, url: str | None, now: datetime) -> Extracted:
    """The article of a page. ``url`` is where it came from, to complete addresses and as the outlet's name.

    Raises:
        SourceEmpty: there is nothing in it.
        SourceUnreadable: the parser gives up on it.
    """
    import lxml.etree
    import trafilatura

    cleaned = clean_characters(markup)
    whole = re.search(r"<(?:html|head|body)[\s>]", cleaned, re.IGNORECASE)
    tree = trafilatura.load_html(cleaned if whole else f"<html><body>{cleaned}</body></html>")
    if tree is None:
        raise SourceEmpty(f"{name} has no HTML in it that could be an article. Save the page from a browser and add that file.")
    _drop_hidden(tree)
    url = url or page.saved_from(markup)
    try:
        document = trafilatura.bare_extraction(
            tree, url=url, favor_recall=True, include_comments=False, include_links=True, include_tables=True, with_metadata=False
        )
        metadata = trafilatura.extract_metadata(
            tree, default_url=url, date_config={"extensive_search": False, "max_date": now.strftime("%Y-%m-%d")}
        )
    except (lxml.etree.LxmlError, RecursionError, ValueError) as error:
        raise SourceUnreadable(f"{name} is HTML that cannot be read ({error}). Save the page again, or add its text.") from error
    body = getattr(document, "body", None)
    blocks = list(_blocks(body)) if body is not None else []
    linked = page.json_ld(tree)
    canonical = page.canonical_address(tree, url=url)
    outlet = page.outlet_of(tree, linked=linked, found=metadata.sitename or "", url=canonical or url)
    title = page.headline_of(tree, blocks, linked=linked, found=metadata.title or "", outlet=outlet)
    text, furniture = assemble(blocks, title=title)
    return Extracted(
        text=text,
        title=title,
        source=outlet if normalise_paragraph(outlet) != normalise_paragraph(title) else page.host(url),
        author=page.author_of(metadata.author or ""),
        language=page.language_of(tree),
        url=canonical or page.web_address(url),
        published=date_in_html(tree, now=now, url=url) or date_in_text(text, now=now, language=detect_language(text[:DETECTED])),
        modified=page.modified_at(tree, linked=linked, now=now),
        furniture=furniture,
        notes=_notes(tree, text, furniture, linked=linked),
    )


def _drop_hidden(tree: HtmlElement) -> None:
    """Take out what the page itself keeps from its readers' eyes: words put there for machines are not the article's.

    What a page hides until its scripts have run is most of it (``<body style="opacity: 0">``), and stays.
    """
    length = len(tree.text_content())
    hidden = tree.xpath("//*[@hidden or @style][not(self::html or self::body)] | //template")
    for element in hidden:
        concealed = (
            element.tag == "template" or element.get("hidden") is not None or _CONCEALED.search(element.get("style") or "")
        )
        if concealed and len(element.text_content()) < _HIDDEN_SHARE * length:
            element.drop_tree()


def _notes(
    tree: HtmlElement, text: str, furniture: Sequence[Furniture], *, linked: Sequence[page.LinkedData]
) -> tuple[Note, ...]:
    """Why the text may not be all of the article. A character of a script without spaces counts as half a word."""
    length = sum(_words(piece) for piece in _outside(text, furniture))
    notes: list[Note] = []
    if length < max(_SHORT_WORDS, _SHORT_SHARE * page.declared_words(linked)):
        notes.append(SHORT)
    walled = length <= _WALLED_WORDS and page.shows_paywall(tree, ending=text[-_ENDING:])
    if walled or page.declares_paywall(tree, linked=linked):
        notes.append(PAYWALL)
    return tuple(notes)


def _outside(text: str, furniture: Sequence[Furniture]) -> Iterator[str]:
    position = 0
    for mark in furniture:
        yield text[position : mark.start]
        position = mark.end
    yield text[position:]


def _words(text: str) -> int:
    return len(re.findall(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]", text)) // 2 + len(re.findall(r"\w+", text))


def _blocks(body: HtmlElement) -> Iterator[Block]:
    """The paragraphs of trafilatura's document; a line break within one starts a new line, a table row is one."""
    pieces: list[tuple[str, bool]] = []
    state = {"tag": "p", "classes": ""}

    def flush() -> Iterator[Block]:
        text = re.sub(r"\s+", " ", "".join(piece for piece, _ in pieces)).strip()
        linked = sum(len(piece.strip()) for piece, in_link in pieces if in_link)
        if text:
            yield Block(text, state["tag"], linked / len(text), state["classes"])
        pieces.clear()

    stack: list[tuple[Any, bool, bool]] = [(body, False, False)]
    while stack:
        element, in_link, leaving = stack.pop()
        block = element.tag in _BLOCK_TAGS
        if leaving:
            if element.tag == "cell":
                pieces.append((" | " if element.getnext() is not None else "", False))
            if block:
                yield from flush()
            if element is not body:
                pieces.append((element.tail or "", in_link))
            continue
        if block:
            yield from flush()
            state.update(tag=element.tag, classes=f"{element.get('class') or ''} {element.get('id') or ''}")
        inside = in_link or element.tag == "ref"
        pieces.append((element.text or "" if isinstance(element.tag, str) else "", inside))
        stack.append((element, in_link, True))
        stack.extend((child, inside, False) for child in reversed(element))
    yield from flush()
