"""What a page says about itself: headline, outlet, author, canonical address, language, changes, and whether it is for subscribers.

Trees in, values out. Not here: the publication date (``dates.py``), the article's text (``html.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ingest.dates import Published, parse_date
from ingest.encoding import clean_characters, one_line
from ingest.page_dates import json_ld_items
from ingest.paragraphs import normalise_paragraph
from ingest.types import Block
from vectorstore.languages import UNKNOWN, primary

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LinkedData = dict[str, Any]
_NAME_WORDS = 8
_LINE_LENGTH = 200
_MODIFIED = (
    "article:modified_time", "og:updated_time", "og:article:modified_time", "datemodified", "dcterms.modified", "dc.date.modified",
    "last-modified", "lastmod", "revised",
)  # fmt: skip
# Elements that stand in for the rest of an article: names that paywall software and publishers give them.
_WALL_CLASS = re.compile(
    r"(?:^|[-_\s])(?:paywall\w*|pay-?gate|piano-(?:paywall|offer|inline)|tp-(?:modal|container-inner)|metered-?paywall|regwall|leaky-paywall"
    r"|subscri(?:be|ber|ption)[-_]?(?:wall|gate|only|required|barrier)|(?:premium|plus|paid|locked)[-_]?(?:content|article)[-_]?(?:wall|barrier|teaser|gate)"
    r"|article[-_]?(?:locked|paywall)|aboshop-teaser|abo-?wall|bezahlschranke)(?:$|[-_\s])",
    re.IGNORECASE,
)
_WALL_PHRASES = re.compile(
    "(?:jetzt|hier|artikel|text|beitrag) (?:\\w+ ){0,4}(?:mit|im) (?:\\w+ ){0,3}(?:abo\\w*|probeabo|plus-abo|digitalabo)|nur für abonnent\\w*"
    "|weiterlesen mit (?:\\w+ ){0,3}(?:abo\\w*|\\w*plus|\\+)|(?:sie|du) (?:sind|bist|haben|hast) (?:\\w+ ){0,3}(?:abonnent\\w*|ein abo)\\b.{0,40}(?:anmelden|einloggen)"
    "|dieser (?:artikel|beitrag|inhalt|text) ist (?:\\w+ ){0,4}(?:abonnent\\w*|kostenpflichtig|exklusiv)"
    "|(?:to (?:continue|keep|finish) reading|continue reading|read the (?:full|rest of the) (?:story|article)).{0,60}subscri\\w+|already (?:a|have a) subscri\\w+"
    "|(?:this|the) (?:article|story|content) is (?:\\w+ ){0,4}subscribers?|for subscribers only|subscri(?:be|bers?) (?:now |today )?to (?:continue|keep|read|unlock)"
    "|(?:réservé|accessible uniquement) aux abonnés|article réservé|(?:la suite|lire la suite).{0,60}abonn\\w+|déjà abonné"
    "|(?:contenido|artículo) (?:exclusivo|sólo|solo) para (?:suscriptor\\w*|socio\\w*)|para (?:seguir|continuar) leyendo.{0,60}suscr\\w+|suscríbete para"
    "|(?:contenuto|articolo) riservato agli abbonati|per continuare a leggere.{0,60}abbon\\w+|exclusief voor abonnees|alleen voor abonnees"
    "|(?:conteúdo|matéria) exclusiv\\w (?:para|de) assinantes|exclusivo para assinantes|(?:только|доступ\\w* \\w*) (?:для )?подписчик\\w+"
    "|(?:dostęp|treść|artykuł) (?:tylko )?dla (?:prenumeratorów|subskrybentów)|sadece abonelere|会员专享|订阅后|有料会員限定|この記事は有料",
    re.IGNORECASE,
)


def json_ld(tree: HtmlElement) -> list[LinkedData]:
    """Every object in the page's JSON-LD, those about an article first; broken blocks are passed over."""
    items: list[LinkedData] = []
    for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
        try:
            items += json_ld_items(json.loads(script.text or "", strict=False))
        except (ValueError, RecursionError):
            continue
    return sorted(items, key=lambda item: not re.search("Article|Posting", str(item.get("@type"))))


def headline_of(tree: HtmlElement, blocks: Sequence[Block], *, linked: Sequence[LinkedData], found: str, outlet: str) -> str:
    """The headline: the ``<h1>`` that the metadata agree with, or the metadata's without the site, or the first heading.

    ``linked`` is the page's JSON-LD, ``found`` what a metadata extractor took for the title; ``blocks`` are those of the article.
    """
    metadata_title = _declared_title(tree, linked=linked) or found
    heads = [one_line(str(head.text_content())) for head in tree.xpath("//h1")[:20]]
    heads += [block.text for block in blocks[:4] if block.tag == "head"]
    wanted = normalise_paragraph(metadata_title)
    for head in sorted(heads, key=len, reverse=True):
        normal = normalise_paragraph(head)
        if len(head.split()) > 1 and normal and (normal in wanted or normal == wanted):
            return head
    lines = heads + [block.text for block in blocks[:4] if len(block.text) < _LINE_LENGTH]
    parts = [part.strip() for part in re.split(r"\s[|–—·:-]\s", metadata_title) if len(part.split()) > 2]
    for part in sorted(parts, key=len, reverse=True):
        if any(normalise_paragraph(part) in normalise_paragraph(line) for line in lines):
            return one_line(part)
    site = normalise_paragraph(outlet)
    label = one_line("".join(tree.xpath("(//title)[1]/text()")))
    if not wanted or (len(wanted.split()) <= 3 and (wanted == site or wanted in site or site in wanted)):
        fallback = max((part.strip() for part in re.split(r"\s[|–—·-]\s", label)), key=len, default="")
        return next((head for head in heads if len(head.split()) > 3), fallback or one_line(metadata_title))
    return one_line(metadata_title)


def author_of(declared: str) -> str:
    """The author without a label before the name; nothing for accounts that are no one's name."""
    names = (
        re.sub(r"^(?:autor(?:in)?|author|von|by|par|por)[: ]\s*", "", name.strip(), flags=re.IGNORECASE)
        for name in declared.split(";")
    )
    return one_line(
        ", ".join(name for name in names if name.casefold() not in {"", "admin", "administrator", "name", "root", "webmaster"})
    )


def outlet_of(tree: HtmlElement, *, linked: Sequence[LinkedData], found: str, url: str | None) -> str:
    """The name that the page's outlet gives itself, else its host. ``found`` is what a metadata extractor took for it."""
    for declared in (meta(tree, "og:site_name"), _publisher(linked), meta(tree, "application-name"), found):
        name = one_line(declared or "").lstrip("@")
        if name and len(name.split()) <= _NAME_WORDS and not re.search(r"©|\bcopyright\b|\d\d", name, re.IGNORECASE):
            return name
    return host(url)


def canonical_address(tree: HtmlElement, *, url: str | None) -> str | None:
    """The address that the page calls its own, absolute; None if it names none."""
    for value in (*tree.xpath("//link[@rel='canonical']/@href"), meta(tree, "og:url")):
        try:
            address = urljoin(url or "", str(value or "").strip())
        except ValueError:
            continue
        if found := web_address(address):
            return found
    return None


def language_of(tree: HtmlElement) -> str | None:
    """The primary subtag of the language that the page declares."""
    return declared_language(
        tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or meta(tree, "og:locale")
    )


def modified_at(tree: HtmlElement, *, linked: Sequence[LinkedData], now: datetime) -> Published | None:
    """When the page says that it was last changed; never after ``now``."""
    values = [(value, "json-ld") for item in linked if isinstance(value := item.get("dateModified"), str)]
    values += [(stated, "meta") for name in _MODIFIED if (stated := meta(tree, name))]
    values += [
        (str(element.get("datetime") or element.get("content") or ""), "time element")
        for element in tree.xpath("//*[@itemprop='dateModified']")[:5]
    ]
    return next((date for value, source in values if (date := parse_date(value, came_from=source, now=now))), None)


def declares_paywall(tree: HtmlElement, *, linked: Sequence[LinkedData]) -> bool:
    """Whether the page's metadata say that its article is not free (https://schema.org/isAccessibleForFree)."""
    stated = (str(item["isAccessibleForFree"]).casefold() for item in linked if "isAccessibleForFree" in item)
    free = next(stated, "")
    return free.rsplit("/", 1)[-1] in {"false", "no", "0"} or (meta(tree, "article:content_tier") or "").casefold() == "locked"


def shows_paywall(tree: HtmlElement, *, ending: str) -> bool:
    """Whether something on the page stands in for the rest of its article: an element, or a phrase in ``ending``, the text's end."""
    if _WALL_PHRASES.search(ending):
        return True
    return any(_WALL_CLASS.search(str(value)[:300]) for value in tree.xpath("//body//@class | //body//@id"))


def declared_words(linked: Sequence[LinkedData]) -> int:
    """How many words the page says that its article has, 0 if it does not say."""
    counts = [item.get("wordCount") for item in linked]
    return max((int(str(count)) for count in counts if re.fullmatch(r"\d{1,6}", str(count))), default=0)


def saved_from(markup: str) -> str | None:
    """The address that a browser wrote into a page when it saved it (https://learn.microsoft.com/en-us/previous-versions/aa338205)."""
    match = re.search(r"<!--\s{0,9}saved from url=\(\d{1,6}\)(\S{1,2000}?)\s{0,9}-->", markup[:5_000])
    match = match or re.search(r"<!--\s{0,9}Page saved with SingleFile\s{0,9}url:\s{0,9}(\S{1,2000})\s", markup[:5_000])
    return web_address(match[1]) if match else None


def meta(tree: HtmlElement, name: str) -> str | None:
    """What the meta element called ``name`` says."""
    values = tree.xpath("//meta[@property=$name or @name=$name or @itemprop=$name]/@content", name=name)
    return str(values[0]).strip() if values else None


def host(url: str | None) -> str:
    """The host of an address without its ``www.``, empty if it has none."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def web_address(value: str | None) -> str | None:
    """``value`` if it is a whole http(s) address, cleaned of what is no character."""
    address = clean_characters(value or "")
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and parts.hostname else None


def declared_language(tag: str | None) -> str | None:
    """The primary subtag of ``tag``, None if it names no language."""
    language = primary(tag)
    return None if language == UNKNOWN else language


def _declared_title(tree: HtmlElement, *, linked: Sequence[LinkedData]) -> str:
    """The headline that a page declares for itself, if it is more than a name."""
    headlines = (item.get("headline") for item in linked)
    for title in (*headlines, meta(tree, "og:title")):
        if isinstance(title, str) and len(title.split()) > 2:
            return one_line(unescape(title))
    return ""


def _publisher(linked: Sequence[LinkedData]) -> str:
    for item in linked:
        publisher = item.get("publisher")
        if isinstance(publisher, dict) and isinstance(name := publisher.get("name"), str):
            return unescape(name)
    return ""
