"""RSS, Atom, JSON Feed and sitemaps: bytes → entries; and the feeds that a page names.

RSS 0.9 to 2.0 (RDF too) and Atom 0.3 and 1.0 are mended where they are broken (``markup.py``) and cut down to the elements that are
read (``feed_elements.py``), so that feedparser always gets a small and valid document: alone it takes quadratic time on some hostile
ones. JSON Feed 1.x is read here, sitemaps and Google's news extension in ``sitemaps.py``. Only plain text leaves this module.

Bounds: 50 MB unpacked, of RSS and Atom the first 10 MB, of JSON 10 MB; the first 10,000 entries of a feed and 50,000 addresses of
a sitemap. Nothing is fetched here (``fetch.py``), and feedparser is given bytes only, never a string that it could take for an
address. When to ask a feed again is ``schedule.py``'s.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

from ingest.dates import Published, parse_date
from ingest.encoding import clean_characters, decode
from ingest.feed_elements import ID_AS_WRITTEN, cut_down
from ingest.markup import find_root, parse_xml, plain_text, unpacked, unpacked_head
from ingest.sitemaps import read_sitemap
from vectorstore.errors import SourceEmpty, SourceUnreadable
from vectorstore.languages import UNKNOWN, primary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from time import struct_time


Kind = Literal["rss", "atom", "json feed", "sitemap", "sitemap index"]

MAX_BYTES = 50 * 2**20
"""Of a source, unpacked: what the sitemap protocol allows (https://www.sitemaps.org/protocol.html)."""
MAX_FEED_BYTES = 10 * 2**20
MAX_ENTRIES = 10_000
MAX_ADDRESSES = 50_000
MAX_TTL = 7 * 24 * 60
"""Minutes: no feed can ask for less than a visit a week."""
_HEAD = 16_384
_JUNK = 4096
_LINKS = 50
_IN_WORDS = 200
"""Of so many entries dates in words ("24 Set 2018") are read, which no format allows and which takes milliseconds each."""
_ROOTS = re.compile(r"<(?:[\w.-]{1,40}:)?(rss|rdf|feed|urlset|sitemapindex)(?=[\s/>])", re.IGNORECASE)
_KINDS: dict[str, Kind] = {"rss": "rss", "rdf": "rss", "feed": "atom", "urlset": "sitemap", "sitemapindex": "sitemap index"}
_RSS_IN_RDF = re.compile(r"purl\.org/(?:rss|net/rss)|netscape\.com/rdf", re.IGNORECASE)
_MENDED = "malformed XML, read as far as it goes"
_SHARED = 3
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"})
_LINK_TYPES = ("application/atom+xml", "application/rss+xml", "application/feed+json", "application/rdf+xml", "application/json")
_JSON_FEED = "jsonfeed.org/version"
_JSON_VERSION = re.compile(rb'"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org\\?/version')
_COMMENTS = re.compile(r"comment|kommentar|reaktion|coment[aá]rio|commenti", re.IGNORECASE)
_CUT_OFF = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\s*$")
_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}
_CLOCK = re.compile(r"\d\d?:\d\d(:\d\d)?")
_ZONE = re.compile(r"(?:\bGMT|\bUTC?|Z|[+-]\d\d:?\d\d|\b[ECMP][SD]T|\bMES?T)\)?$", re.IGNORECASE)
# feedparser has no errors of its own: this is what its handlers can trip over.
_TRIPS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article that a feed or sitemap tells of.

    ``url`` is absolute http(s), None if there is no such address. ``text`` is what the feed itself has of it, as plain text; it is
    the whole article as far as one can tell if ``is_full``, else a teaser. ``language`` is the primary subtag that is declared.
    """

    url: str | None = None
    title: str = ""
    text: str = ""
    is_full: bool = False
    author: str = ""
    language: str | None = None
    published: Published | None = None
    modified: Published | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed or sitemap says: its entries in its own order, each address once.

    ``url`` is the address that it gives as its own, ``nested`` are the sitemaps that an index names, ``ttl_minutes`` is how long it
    asks to be left alone (``<ttl>`` or ``sy:updatePeriod``), ``notes`` are for people: what was broken and what was left out.
    A feed may have no entries.
    """

    kind: Kind
    title: str = ""
    url: str | None = None
    language: str | None = None
    entries: tuple[Entry, ...] = ()
    nested: tuple[str, ...] = ()
    ttl_minutes: int | None = None
    notes: tuple[str, ...] = ()


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
        return _from_json(text, url=url, now=now)
    root = find_root(text, names=_ROOTS, junk=_JUNK)
    if root is None:
        raise SourceUnreadable(_no_feed(head, url=url))
    kind = _KINDS[root[1].lower()]
    if kind in {"sitemap", "sitemap index"}:
        return _from_sitemap(text[root.start() :], kind=kind, url=url, now=now)
    return _from_xml(text[root.start() :], kind=kind, url=url, now=now)


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
    page = _address(url) or ""
    base = _address(next(iter(tree.xpath("//base/@href")), None), base=page) or page
    found: dict[str, FeedLink] = {}
    for link in tree.iter("link"):
        media_type = (link.get("type") or "").partition(";")[0].strip().lower()
        address = _address(link.get("href"), base=base)
        if "alternate" not in (link.get("rel") or "").lower().split() or media_type not in _LINK_TYPES or address is None:
            continue
        # WordPress names the address of the page's record in its interface so.
        if address != url and not (media_type == "application/json" and "/wp-json/" in address):
            found.setdefault(address, FeedLink(address, _one_line(link.get("title")), media_type))
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


# RSS and Atom


def _from_xml(text: str, *, kind: Kind, url: str, now: datetime) -> Feed:
    import feedparser
    from lxml import etree

    notes: list[str] = []
    if len(text) > MAX_FEED_BYTES:
        text = text[:MAX_FEED_BYTES]
        notes.append(f"longer than {MAX_FEED_BYTES // 2**20} MB, of which the first were read")
    tree = parse_xml(text)
    if tree is None:
        raise SourceUnreadable(f"{url} is no feed: its XML cannot be read. Check the address, or try again later.")
    if tree.mended and not notes:
        notes.append(_MENDED)
    root, count = cut_down(tree, limit=MAX_ENTRIES)
    if count > MAX_ENTRIES:
        notes.append(f"of {count:,} entries the first {MAX_ENTRIES:,} were read")
    address = _address(url)
    try:
        parsed = feedparser.parse(
            BytesIO(etree.tostring(root, encoding="utf-8")),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers={
                "content-type": "application/xml; charset=utf-8",
                **({"content-location": address} if address else {}),
            },
        )
    except _TRIPS as error:
        raise SourceUnreadable(f"{url} is no feed that can be read ({error}). Check the address, or try again later.") from error
    about = _plain(parsed["feed"])
    own = next((link.get("href") for link in _links(about) if link.get("rel") == "self"), None)
    base = address or _address(own) or _address(about.get("link")) or ""
    feed = Feed(
        kind=kind,
        title=_text(about, "title"),
        url=_address(own, base=base),
        language=_language(about.get("language")),
        ttl_minutes=_ttl(about),
        notes=tuple(notes),
    )
    found = enumerate(parsed["entries"])
    return _with_entries(
        feed, (_entry(_plain(entry), base=base, now=now, in_words=n < _IN_WORDS) for n, entry in found), url=address
    )


def _plain(found: Any) -> dict[str, Any]:
    """The dictionary of feedparser as it is: its own looks up other keys where one is missing."""
    return {key: dict.__getitem__(found, key) for key in dict.keys(found)}


def _links(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [_plain(link) for link in found.get("links") or ()]


def _text(found: dict[str, Any], key: str) -> str:
    """The text construct ``key`` as one line of plain text."""
    value = found.get(key)
    detail = found.get(f"{key}_detail")
    if not isinstance(value, str):
        return ""
    return _one_line(plain_text(value) if detail and "html" in str(dict.get(detail, "type")) else value)


def _entry(found: dict[str, Any], *, base: str, now: datetime, in_words: bool) -> Entry:
    summary = _content(found.get("summary"), found.get("summary_detail"))
    contents = [_content(dict.get(item, "value"), item) for item in found.get("content") or ()]
    content = max(contents, key=len, default="")
    # feedparser makes a summary of the content where the feed has none.
    is_full = bool(content) and (len(content) > len(summary) or "summary_detail" not in found)
    text = content if is_full else summary or content
    declared = found.get("language") or (dict.get(found["title_detail"], "language") if found.get("title_detail") else None)

    def date(key: str) -> Published | None:
        return _moment(found.get(key), found.get(f"{key}_parsed"), now=now, in_words=in_words)

    return Entry(
        url=_entry_address(found, base=base),
        title=_text(found, "title"),
        text=text,
        is_full=is_full and not _CUT_OFF.search(text),
        author=_names(dict.get(author, "name") for author in found.get("authors") or ()),
        language=_language(declared),
        published=date("published") or date("created"),
        modified=date("updated"),
        id=_one_line(found.get(ID_AS_WRITTEN) or found.get("id")) or None,
    )


def _content(value: Any, detail: Any) -> str:
    if not isinstance(value, str):
        return ""
    is_html = detail is None or "html" in str(dict.get(detail, "type"))
    return plain_text(value) if is_html else clean_characters(value)


def _entry_address(found: dict[str, Any], *, base: str) -> str | None:
    """The article's address: the one that a counting redirector stands for, the link, any alternate link, an id that is one."""
    alternates = (link.get("href") for link in _links(found) if link.get("rel") == "alternate")
    for value in (found.get("feedburner_origlink"), found.get("link"), *alternates):
        if address := _address(value, base=base):
            return address
    return _address(found.get(ID_AS_WRITTEN) or found.get("id"))


def _moment(raw: Any, parsed: struct_time | None, *, now: datetime, in_words: bool) -> Published | None:
    """A date of feedparser's, as precise as it was written: a time of day without a time zone says little and is left out."""
    written = _one_line(raw if isinstance(raw, str) else None)[:100]
    if parsed is None:
        plain = not re.search(r"[^\W\d_]{3}", written)
        return parse_date(written, came_from="feed", now=now) if plain or in_words else None
    value = f"{parsed.tm_year:04}-{parsed.tm_mon:02}-{parsed.tm_mday:02}"
    clock = _CLOCK.search(written)
    if re.fullmatch(r"\d{4}(?:-\d\d)?", written):
        value = written
    elif clock and _ZONE.search(written):
        value += f"T{parsed.tm_hour:02}:{parsed.tm_min:02}" + (f":{parsed.tm_sec:02}" if clock[1] else "") + "Z"
    return parse_date(value, came_from="feed", now=now)


def _ttl(about: dict[str, Any]) -> int | None:
    ttl = str(about.get("ttl") or "").strip()
    if re.fullmatch(r"\d{1,9}", ttl):
        return min(int(ttl), MAX_TTL) or None
    period = _PERIODS.get(str(about.get("sy_updateperiod") or "").strip().lower())
    times = str(about.get("sy_updatefrequency") or "1").strip()
    return min(period // max(1, int(times)), MAX_TTL) or None if period and re.fullmatch(r"\d{1,6}", times) else None


# JSON Feed


def _from_json(text: str, *, url: str, now: datetime) -> Feed:
    if len(text) > MAX_FEED_BYTES:
        raise SourceUnreadable(f"{url} has more than {MAX_FEED_BYTES // 2**20} MB of JSON. Add a smaller part of it.")
    try:
        document = json.loads(text.lstrip("\ufeff"), strict=False)
    except (ValueError, RecursionError) as error:
        raise SourceUnreadable(
            f"{url} is no feed: it is no valid JSON ({error}). Check the address, or try again later."
        ) from error
    if not isinstance(document, dict) or _JSON_FEED not in str(document.get("version"))[:200]:
        raise SourceUnreadable(
            f"{url} is no feed: it is JSON, but not JSON Feed. Add it as a file of JSON lines, or check the address."
        )
    address = _address(url)
    base = address or _address(document.get("feed_url")) or _address(document.get("home_page_url")) or ""
    feed = Feed(
        kind="json feed",
        title=_one_line(document.get("title")),
        url=_address(document.get("feed_url"), base=base),
        language=_language(document.get("language")),
    )
    items = document.get("items")
    items = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if len(items) > MAX_ENTRIES:
        feed = replace(feed, notes=(f"of {len(items):,} entries the first {MAX_ENTRIES:,} were read",))
    return _with_entries(feed, (_json_entry(item, base=base, now=now) for item in items[:MAX_ENTRIES]), url=address)


def _json_entry(item: dict[str, Any], *, base: str, now: datetime) -> Entry:
    def words(key: str) -> str:
        return value if isinstance(value := item.get(key), str) else ""

    def date(key: str) -> Published | None:
        return _iso_date(words(key), now=now)

    content = plain_text(words("content_html")) or clean_characters(words("content_text"))
    summary = clean_characters(words("summary"))
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    identity = item.get("id")
    return Entry(
        url=_address(words("url"), base=base) or _address(words("external_url"), base=base) or _address(identity),
        title=_one_line(words("title")),
        text=content or summary,
        is_full=bool(content) and not _CUT_OFF.search(content),
        author=_names(author.get("name") for author in authors or () if isinstance(author, dict)),
        language=_language(item.get("language")),
        published=date("date_published"),
        modified=date("date_modified"),
        id=_one_line(str(identity)) or None if isinstance(identity, str | int) else None,
    )


# Sitemaps


def _from_sitemap(text: str, *, kind: Kind, url: str, now: datetime) -> Feed:
    found = read_sitemap(text, limit=MAX_ADDRESSES)
    notes = [_MENDED] if found.mended else []
    if found.count > MAX_ADDRESSES:
        notes.append(f"of {found.count:,} addresses the first {MAX_ADDRESSES:,} were read")
    address = _address(url)
    feed = Feed(kind=kind, notes=tuple(notes))
    if kind == "sitemap index":
        nested = [_address(place.loc, base=address or "") for place in found.places]
        others = dict.fromkeys(place for place in nested if place and (address is None or _same(place) != _same(address)))
        return replace(feed, nested=tuple(others), notes=(*feed.notes, *(() if others else ("no sitemaps",))))
    entries = (
        Entry(
            url=_address(place.loc, base=address or ""),
            title=_one_line(place.title),
            language=_language(place.language),
            published=_iso_date(place.published, now=now),
            modified=_iso_date(place.modified, now=now),
        )
        for place in found.places
    )
    return _with_entries(feed, entries, url=address)


# What all have in common


def _iso_date(value: str, *, now: datetime) -> Published | None:
    """A date in figures, the year first; words would be slow to understand, and neither JSON Feed nor sitemaps allow them."""
    plain = re.match(r"\s*\d{4}", value) and not re.search(r"[^\W\d_]{3}", value)
    return parse_date(value, came_from="feed", now=now) if plain else None


def _with_entries(feed: Feed, entries: Iterable[Entry], *, url: str | None) -> Feed:
    """``feed`` with ``entries``: without itself, what it repeats and what has neither address nor text.

    An address that several entries with different titles share is not theirs (often it is the outlet's front page).
    """
    own = {_same(address) for address in (url, feed.url) if address}
    given = list(entries)
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for entry in given:
        if entry.url:
            titles[_same(entry.url)].add(entry.title)
    kept: list[Entry] = []
    seen: set[object] = set()
    left_out: Counter[str] = Counter()
    for entry in given:
        shared = entry.url is not None and len(titles[_same(entry.url)]) >= _SHARED and bool(entry.text)
        address = None if shared else entry.url
        key = _same(address) if address else (entry.title, entry.text)
        known = {key} | ({(entry.id, entry.title)} if entry.id else set())
        if address and key in own:
            left_out["the feed itself left out"] += 1
        elif known & seen:
            left_out["that repeat another left out"] += 1
        elif not address and not entry.text:
            left_out["without address and text left out"] += 1
        else:
            seen |= known
            left_out["whose address is that of others too, kept without it"] += shared
            kept.append(replace(entry, url=address, language=entry.language or feed.language))
    notes = [f"{count:,} {what}" for what, count in left_out.items() if count]
    return replace(feed, entries=tuple(kept), notes=(*feed.notes, *notes, *(() if kept else ("no entries",))))


def _same(address: str) -> str:
    """What two addresses of one page have in common: the fragment and a slash at the end do not count."""
    address = address if "#!" in address else address.partition("#")[0]
    return address.rstrip("/").removeprefix("https:").removeprefix("http:")


def _address(value: Any, *, base: str = "") -> str | None:
    """``value`` as an absolute http(s) address, resolved against ``base``; None if it is none."""
    if not isinstance(value, str):
        return None
    written = re.sub(r"[\x00-\x1f\x7f]+", "", clean_characters(value[:8192])).strip().replace(" ", "%20")
    try:
        address = urljoin(base, written) if written else ""
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        return None
    return address if usable else None


def _language(tag: Any) -> str | None:
    language = primary(tag.strip()[:35]) if isinstance(tag, str) else UNKNOWN
    return None if language == UNKNOWN else language


def _names(names: Iterator[Any]) -> str:
    """Names of people in one line, without addresses of mail and accounts that are no one's name."""
    found = dict.fromkeys(_one_line(re.sub(r"\S+@\S+", " ", name)).strip("() ") for name in names if isinstance(name, str))
    return ", ".join(name for name in found if name.casefold() not in {"", "admin", "administrator", "root", "webmaster"})


def _one_line(text: Any) -> str:
    return re.sub(r"\s+", " ", clean_characters(text)).strip() if isinstance(text, str) else ""
