"""The publication date that a page states: in JSON-LD, meta elements, ``<time>`` and microdata, else what htmldate finds.

Not here: what a date is (``dates.py``), dates in the page's text (``date_lines.py``).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ingest.dates import MODIFIED, Published, parse_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lxml.html import HtmlElement

_META = (
    "article:published_time", "og:article:published_time", "datepublished", "date", "dc.date", "dc.date.issued",
    "dcterms.created", "dcterms.date", "dcterms.issued",
    "dc.date.created", "publish-date", "publish_date", "publication_date", "published_date", "pubdate", "parsely-pub-date",
    "sailthru.date", "article.published",
    "citation_publication_date", "rnews:datepublished", "originalpublicationdate", "cxenseparse:recs:publishtime", "date.created",
)  # fmt: skip


def date_in_html(tree: HtmlElement, *, now: datetime, url: str | None = None) -> Published | None:
    """The publication date of a page: from JSON-LD, meta elements, ``<time>`` and microdata, or htmldate, in this order.

    htmldate's search through the page's text is left out: it would be a guess.
    """
    for value in _json_ld_dates(tree):
        if found := parse_date(value, came_from="json-ld", now=now):
            return found
    metas = {_meta_name(meta): str(meta.get("content") or "") for meta in reversed(tree.xpath("//meta[@content]"))}
    for name in _META:
        if (stated := metas.get(name)) and (found := parse_date(stated, came_from="meta", now=now)):
            return found
    for element in tree.xpath("//*[@itemprop='datePublished'] | //time[@pubdate] | //article//time[@datetime]"):
        value = str(element.get("datetime") or element.get("content") or element.text_content())
        if not MODIFIED.search(_surroundings(element)) and (found := parse_date(value, came_from="time element", now=now)):
            return found
    return _by_htmldate(tree, now=now, url=url)


def _meta_name(meta: HtmlElement) -> str:
    return str(meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()


def _surroundings(element: HtmlElement) -> str:
    parent = element.getparent()
    words = str(parent.text or "") if parent is not None else ""
    return f"{element.get('itemprop') or ''} {element.get('class') or ''} {words[:80]}"


def _by_htmldate(tree: HtmlElement, *, now: datetime, url: str | None) -> Published | None:
    from copy import deepcopy

    from htmldate import find_date

    # It prunes the tree that it is given, and takes the date of a change where it finds no other.
    rest = deepcopy(tree)
    for element in rest.xpath("//meta | //time | //abbr | //*[@itemprop] | //script[contains(@type, 'ld+json')]"):
        changed = element.tag == "script" or MODIFIED.search(f"{_meta_name(element)} {_surroundings(element)}")
        if changed and element.getparent() is not None:
            element.drop_tree()
    value = find_date(rest, extensive_search=False, original_date=True, url=url, max_date=now.strftime("%Y-%m-%d"))
    return parse_date(value, came_from="htmldate", now=now) if value else None


def _json_ld_dates(tree: HtmlElement) -> Iterator[str]:
    for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
        try:
            document = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        articles = [item for item in json_ld_items(document) if re.search("Article|Posting", str(item.get("@type")))]
        for item in articles or list(json_ld_items(document)):
            if isinstance(value := item.get("datePublished"), str):
                yield value


def json_ld_items(document: Any, *, depth: int = 6) -> Iterator[dict[str, Any]]:
    """Every object in a JSON-LD document down to ``depth`` levels."""
    if isinstance(document, dict):
        yield document
    values = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for value in values if depth else ():
        if isinstance(value, dict | list):
            yield from json_ld_items(value, depth=depth - 1)
