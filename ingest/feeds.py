"""Feeds and sitemaps: bytes → what they say, by their format; and the feeds that a page names.

Bounds: 50 MB unpacked, of RSS and Atom the first 10 MB, of JSON 10 MB; the first 10,000 entries of a feed and 50,000 addresses of
a sitemap. Nothing is fetched here (``fetch.py``). Not here: the formats (``rss.py``, ``json_feed.py``, ``sitemaps.py``), what they say
(``feed_entries.py``), when to ask a feed again (``schedule.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from ingest.encoding import decode
from ingest.feed_entries import MAX_FEED_BYTES, Feed, Kind, address_of, line_of
from ingest.json_feed import read_json_feed
from ingest.markup import find_root, unpacked, unpacked_head
from ingest.rss import read_rss
from ingest.sitemaps import sitemap_feed
from vectorstore.errors import SourceEmpty, SourceUnreadable

MAX_BYTES = 50 * 2**20
"""Of a source, unpacked: what the sitemap protocol allows (https://www.sitemaps.org/protocol.html)."""
_HEAD = 16_384
_JUNK = 4096
_LINKS = 50
_ROOTS = re.compile(r"<(?:[\w.-]{1,40}:)?(rss|rdf|feed|urlset|sitemapindex)(?=[\s/>])", re.IGNORECASE)
_KINDS: dict[str, Kind] = {"rss": "rss", "rdf": "rss", "feed": "atom", "urlset": "sitemap", "sitemapindex": "sitemap index"}
_RSS_IN_RDF = re.compile(r"purl\.org/(?:rss|net/rss)|netscape\.com/rdf", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"})
_LINK_TYPES = ("application/atom+xml", "application/rss+xml", "application/feed+json", "application/rdf+xml", "application/json")
_JSON_VERSION = re.compile(rb'"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org\\?/version')
_COMMENTS = re.compile(r"comment|kommentar|reaktion|coment[aá]rio|commenti", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page names: where, what it calls it, and its media type."""

    url: str
    title: str
    media_type: str


def sniff(content: bytes, *, media_type: str | None = None) -> bool:
    """Whether ``content`` is a feed or sitemap, gzip-packed or not, rather than a page or another document.

    Its first element decides, whatever ``media_type`` (a Content-Type header) says; only where neither a feed's nor HTML's is seen
    is a feed's media type believed.
    """
    declared = (media_type or "").partition(";")[0].strip().lower()
    head = _head(content)
    root = find_root(head, names=_ROOTS, junk=_JUNK if declared in _FEED_TYPES or declared.endswith("/xml") else 0)
    if root is not None:
        return root[1].lower() != "rdf" or bool(_RSS_IN_RDF.search(head))
    if head.lstrip("\ufeff \t\r\n").startswith("{") and (_JSON_VERSION.search(head.encode()) or _JSON_VERSION.search(content)):
        return True
    return declared in _FEED_TYPES and not _HTML.search(head)


def parse_feed(content: bytes, *, url: str, media_type: str | None = None, now: datetime) -> Feed:
    """What the feed or sitemap ``content`` says.

    ``url`` is its address (or a path, for one from a file): links are resolved against it and errors name it. ``media_type`` may be
    a whole Content-Type header with its charset. No date after ``now`` (aware) is believed.

    Raises:
        SourceUnreadable: it is no feed, or too much.
        SourceEmpty: there is nothing in it.
    """
    content = unpacked(content, name=url, limit=MAX_BYTES)
    if not content.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise SourceEmpty(f"{url} is empty. There is nothing to add from it.")
    head = _head(content)
    is_json = head.lstrip("\ufeff \t\r\n").startswith(("{", "["))
    if not is_json and find_root(head, names=_ROOTS, junk=_JUNK) is None:
        raise SourceUnreadable(_no_feed(head, url=url))
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", media_type or "", re.IGNORECASE)
    text = decode(content, declared=charset[1] if charset else None)
    if is_json:
        return read_json_feed(text, url=url, now=now)
    root = find_root(text, names=_ROOTS, junk=_JUNK)
    if root is None:
        raise SourceUnreadable(_no_feed(head, url=url))
    kind = _KINDS[root[1].lower()]
    if kind in {"sitemap", "sitemap index"}:
        return sitemap_feed(text[root.start() :], kind=kind, url=url, now=now)
    return read_rss(text[root.start() :], kind=kind, url=url, now=now)


def feed_links(html: bytes, *, url: str) -> list[FeedLink]:
    """The feeds that the page ``html`` at ``url`` names in ``<link rel="alternate">``, each once, those of comments last."""
    from lxml import etree
    from lxml import html as lxml_html

    try:
        tree = lxml_html.document_fromstring(
            decode(html[:MAX_FEED_BYTES]).encode("utf-8", "replace"), parser=lxml_html.HTMLParser(encoding="utf-8")
        )
    except (etree.ParserError, ValueError):  # nothing in it
        return []
    page = address_of(url) or ""
    base = address_of(next(iter(tree.xpath("//base/@href")), None), base=page) or page
    found: dict[str, FeedLink] = {}
    for link in tree.iter("link"):
        media_type = (link.get("type") or "").partition(";")[0].strip().lower()
        address = address_of(link.get("href"), base=base)
        if "alternate" not in (link.get("rel") or "").lower().split() or media_type not in _LINK_TYPES or address is None:
            continue
        # WordPress names the address of the page's record in its interface so.
        if address != url and not (media_type == "application/json" and "/wp-json/" in address):
            found.setdefault(address, FeedLink(address, line_of(link.get("title")), media_type))
    links = list(found.values())[:_LINKS]
    return sorted(links, key=lambda link: bool(_COMMENTS.search(f"{link.title} {urlsplit(link.url).path}")))


def _head(content: bytes) -> str:
    """The first characters of ``content``, good enough to see what it is: only markup matters, so any superset of ASCII will do."""
    head = unpacked_head(content, size=_HEAD)
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:200]
    return decode(head) if wide else head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def _no_feed(head: str, *, url: str) -> str:
    if _HTML.search(head):
        return f"{url} is no feed: it is an HTML page. Add the page itself, or the address of its feed."
    if "<" not in head or "\0" in head or head.startswith("%PDF"):
        return f"{url} is no feed: it is no XML and no JSON. Add it as a file or page, or check the address."
    return f"{url} is no feed: there is no RSS, Atom or sitemap element at its start. Check the address."
