"""Markdown → what a reader of its rendering sees, with the metadata of its front matter.

Not here: HTML pages (``html.py``); HTML inside of Markdown loses its tags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ingest.blocks import LINK_SHARE, assemble
from ingest.dates import parse_date
from ingest.encoding import one_line
from ingest.page_metadata import declared_language, web_address
from ingest.plaintext import from_text
from ingest.types import Block, Extracted

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_MATTER_CHARACTERS = 20_000
_END_SHARE = 0.3
_PUBLISHED = ("date", "published", "published_at", "datepublished", "pubdate")
_MODIFIED = ("modified", "updated", "lastmod", "last_modified", "datemodified")


def from_markdown(text: str, *, now: datetime) -> Extracted:
    """A Markdown ``text``, whose characters are clean already."""
    fields, body = _front_matter(text)
    blocks = _blocks(body)
    heading = next((block.text for block in blocks if block.tag == "h1"), "") or next(
        (block.text for block in blocks if block.tag.startswith("h")), ""
    )
    title = fields.get("title") or heading
    rendered, furniture = assemble(blocks, title=title)
    plain = from_text(rendered, now=now)
    stated = {
        kind: next((date for key in keys if (date := parse_date(fields.get(key, ""), came_from="front matter", now=now))), None)
        for kind, keys in (("published", _PUBLISHED), ("modified", _MODIFIED))
    }
    return replace(
        plain,
        title=title or plain.title,
        source=fields.get("source") or fields.get("outlet") or fields.get("site") or fields.get("publisher") or plain.source,
        author=fields.get("author") or fields.get("authors") or plain.author,
        language=declared_language(fields.get("language") or fields.get("lang")),
        url=web_address(fields.get("url") or fields.get("link") or fields.get("canonical")) or plain.url,
        published=stated["published"] or plain.published,
        modified=stated["modified"],
        furniture=furniture,
    )


def _front_matter(text: str) -> tuple[Mapping[str, str], str]:
    """The fields before a Markdown text, keys in lower case, and the text without them."""
    match = _FRONT_MATTER.match(text[:_FRONT_MATTER_CHARACTERS])
    if not match:
        return {}, text
    import yaml

    try:
        # The base loader makes strings of everything: dates and numbers stay as they were written.
        document = yaml.load(match[1], Loader=yaml.BaseLoader)  # noqa: S506 - it builds no objects
    except (yaml.YAMLError, RecursionError):
        document = None
    if not isinstance(document, dict):
        lines = (line.partition(":") for line in match[1].split("\n"))
        document = {key: value.strip(" '\"") for key, colon, value in lines if colon}
    if not document:
        return {}, text
    fields = {str(key).strip().lower(): _plain_value(value) for key, value in document.items()}
    return fields, text[match.end() :]


def _plain_value(value: Any) -> str:
    """A field as text: a list joined, of an object its name. What is nested deeper is no text, and may be the same list many times."""
    items = value if isinstance(value, list) else [value]
    names = (item.get("name") if isinstance(item, dict) else item for item in items)
    return ", ".join(one_line(name) for name in names if isinstance(name, str))


def _blocks(body: str) -> list[Block]:
    """What a reader of the rendered Markdown sees, a block per paragraph, heading, list item or table row."""
    from markdown_it import MarkdownIt

    blocks: list[Block] = []
    rule = 0
    tag = "p"
    row: list[str] | None = None
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(body):
        if token.type == "heading_open":
            tag = token.tag
        elif token.type == "hr":
            rule = len(blocks)
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            blocks.append(Block(" | ".join(cell for cell in row if cell), "row"))
            row = None
        elif token.type == "inline":
            text, linked = _inline_text(token.children or [])
            if row is not None:
                row.append(text)
            else:
                blocks.append(Block(text, tag, linked / max(1, len(text))))
            tag = "p"
        elif token.type in {"fence", "code_block"}:
            blocks.append(Block(token.content.strip("\n"), "code"))
        elif token.type == "html_block":
            blocks.append(Block(_without_tags(token.content)))
    # A short end with links under a rule is no part of the article.
    below = blocks[rule:] if rule else []
    closed = any(block.linked >= LINK_SHARE / 2 for block in below) and _length(below) <= _END_SHARE * _length(blocks)
    blocks = [*blocks[:rule], *(replace(block, reason="below the article") for block in below)] if closed else blocks
    return [block for block in blocks if block.text.strip()]


def _length(blocks: list[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _inline_text(tokens: list[Any]) -> tuple[str, int]:
    pieces: list[str] = []
    linked = depth = 0
    for token in tokens:
        piece = {"softbreak": " ", "hardbreak": "\n", "html_inline": ""}.get(token.type, token.content)
        depth += (token.type == "link_open") - (token.type == "link_close")
        linked += len(piece) if depth else 0
        pieces.append(piece)
    return "".join(pieces).strip(), linked


def _without_tags(markup: str) -> str:
    from lxml import etree, html

    try:
        tree = html.document_fromstring(markup, parser=html.HTMLParser(remove_comments=True, remove_pis=True))
    except etree.ParserError:  # nothing but comments
        return ""
    etree.strip_elements(tree, "script", "style", "template", with_tail=False)
    return " ".join(piece for text in tree.itertext() if (piece := one_line(text)))
