"""The XML of RSS and Atom, cut down to the elements that are read, in the form that feedparser reads best.

What goes away: other modules' elements (categories, media, podcasts), whose number feedparser takes quadratic time for; prefixes
that were never declared and namespaces that are not known, at some of which its strict parser stops; HTML elements inside of a text, which
become its text; more of a date, name or address than one can have. Not here: reading the XML (``markup.py``) and what it says (``rss.py``).
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from ingest.markup import allowed_characters, inner_markup, local_name

if TYPE_CHECKING:
    from lxml.etree import _Element

    from ingest.markup import XmlTree

ID_AS_WRITTEN = "idaswritten"
"""An element beside each id, which feedparser leaves as it is; the id it resolves as if it were a link."""
# The prefixes that feedparser knows, and the namespaces that elements are taken from under each.
_NAMESPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "atom": "http://www.w3.org/2005/Atom",
}
_ATTRIBUTES = frozenset(
    {"type", "mode", "href", "rel", "url", "uri", "version", "base", "lang"}
    | {f"{{http://www.w3.org/XML/1998/namespace}}{name}" for name in ("base", "lang")}
    | {"{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"}
)
# All others go, those among them that are no addresses at all: feedparser reads elements without a namespace as well.
_KNOWN = frozenset(
    {
        "http://www.w3.org/2005/Atom",
        "http://purl.org/atom/ns#",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    }
    | set(_NAMESPACES.values())
)
_OF_FEEDS = re.compile(r"userland|netscape|purl\.org/(?:rss/1\.0/?$|atom)|w3\.org/2005/atom", re.IGNORECASE)
_PREFIXES = {namespace.lower(): prefix for prefix, namespace in _NAMESPACES.items()}
_OF_THE_FEED = frozenset({"title", "link", "language", "dc:language", "ttl", "sy:updateperiod", "sy:updatefrequency", "updated"})
_OF_AN_ENTRY = frozenset(
    "title link guid id description summary content content:encoded fullitem xhtml:body pubdate published issued created updated"
    " modified dc:date dcterms:issued dcterms:created dcterms:modified author dc:creator dc:language language feedburner:origlink"
    .split()
)  # fmt: skip
_LENGTH = 8192
_ALIKE = 50
"""Links, authors and so on of an entry at most."""
_TEXTUAL = frozenset("title description summary content content:encoded fullitem xhtml:body".split())


def cut_down(tree: XmlTree, *, limit: int) -> tuple[_Element, int]:
    """The feed with the elements that are read and ``limit`` entries, and the number of entries it had.

    It is made anew: taking large parts out of an lxml tree with namespaces takes quadratic time.
    """
    from lxml import etree

    channels = [child for child in tree.root if local_name(child).lower() == "channel"] or [tree.root]
    home = _namespace(channels[0])
    # An item that was not closed has swallowed the next.
    candidates = tree.root.iter() if tree.mended else chain.from_iterable(dict.fromkeys([*channels, tree.root]))
    entries = [element for element in candidates if _name(element, home=home) in {"item", "entry"}]
    local = local_name(tree.root)
    root = etree.Element(
        _named(local, home=_namespace(tree.root)), _attributes(tree.root), nsmap={None: home} if home in _KNOWN else None
    )
    about = root
    if local.lower() in {"rss", "rdf"}:
        about = etree.SubElement(root, _named("channel", home=home), _attributes(channels[0]))
    for channel in channels:
        _copy(channel, about, wanted=_OF_THE_FEED, home=home)
    holder = about if local.lower() == "rss" else root
    for entry in entries[:limit]:
        kept = etree.SubElement(holder, _named(_name(entry, home=home), home=home), _attributes(entry))
        _copy(entry, kept, wanted=_OF_AN_ENTRY, home=home)
    return root, len(entries)


def _copy(source: _Element, target: _Element, *, wanted: frozenset[str], home: str) -> None:
    """Copy the ``wanted`` children into ``target``, with the names and content that feedparser expects."""
    from lxml import etree

    counts: Counter[str] = Counter()
    for child in source:
        name = _name(child, home=home)
        counts[name] += 1
        attributes = _attributes(child)
        declared = attributes.get("type", "text").lower()
        if name not in wanted or counts[name] > _ALIKE:
            continue
        if name in _TEXTUAL and "/" in declared and not declared.startswith(("text/", "application/xhtml")):
            continue  # a picture or the like
        prefix, _, plain = name.rpartition(":")
        if name == "dc:date":  # feedparser takes it for the date of a change
            prefix, plain = "", "published"
        copy = etree.SubElement(target, _named(plain, home=_NAMESPACES[prefix] if prefix else home), attributes)
        if name == "author" and len(child):
            _copy(child, copy, wanted=frozenset({"name"}), home=home)
        elif name in _TEXTUAL:
            _copy_text(child, copy)
        else:
            copy.text = allowed_characters((child.text or "")[:_LENGTH])
        if name in {"guid", "id"}:
            etree.SubElement(target, _named(ID_AS_WRITTEN, home=home)).text = copy.text
        if name == "id":
            copy.set("isPermaLink", "false")  # feedparser takes Atom's ids for addresses, even relative ones


def _copy_text(source: _Element, copy: _Element) -> None:
    """Copy a text; HTML elements in it become part of it, as RSS writes them."""
    if len(source):
        copy.text = inner_markup(source)
        copy.set("type", "html")
        copy.attrib.pop("mode", None)
    else:
        copy.text = allowed_characters(source.text or "")


def _attributes(element: _Element) -> dict[str, str]:
    """The attributes that are read."""
    return {
        name: allowed_characters(value[:_LENGTH])
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES or name.lower() == "ispermalink"
    }


def _named(local: str, *, home: str) -> str:
    return f"{{{home}}}{local}" if home in _KNOWN else local


def _name(element: _Element, *, home: str) -> str:
    """The element's name in small letters, with feedparser's prefix if it is of no feed's own namespace; empty if unknown."""
    namespace, local = _namespace(element), local_name(element).lower()
    if not namespace:
        prefix = str(element.tag).rpartition(":")[0]  # of an undeclared one
    elif namespace == home or _OF_FEEDS.search(namespace):
        prefix = ""
    else:
        prefix = _PREFIXES.get(namespace.lower().replace("https:", "http:"), element.prefix or "")
        if prefix not in _NAMESPACES:
            return ""
    return f"{prefix}:{local}" if prefix not in {"", "atom"} else local


def _namespace(element: _Element) -> str:
    return str(element.tag)[1:].partition("}")[0] if str(element.tag).startswith("{") else ""
