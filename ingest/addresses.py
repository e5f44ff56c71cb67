"""Web addresses as plain values: which are never fetched, and one spelling for all addresses of one article. Pure.

A canonical address *names* an article; it need not answer (``amp.`` hosts become ``www.``), so fetch the address that was given.
Not here: looking hosts up and connecting (``guard.py``), fetching (``fetch.py``), the ``<link rel=canonical>`` of a page (``extract.py``).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

# --- which addresses are refused

# What ``ipaddress`` calls global and is not, or not one host's.
_REFUSED_V4 = [
    ip_network(net) for net in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4")
]
# The only range from which public addresses are given out (RFC 4291), without what is set aside in it: protocol assignments with
# Teredo, documentation.
_UNICAST_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = [ip_network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20")]
_HOST_SIGNS = "-._:"
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str | IPv4Address | IPv6Address) -> bool:
    """Whether an IP address is that of a host on the public internet, also where it is wrapped in an IPv6 one.

    What is no IP address is not public. IPv4-mapped, NAT64 and 6to4 addresses are as public as the IPv4 address in them.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return found.is_global and not found.is_multicast and not any(found in network for network in _REFUSED_V4)
    if found.scope_id:
        return False
    embedded = found.ipv4_mapped or found.sixtofour or (IPv4Address(int(found) & 0xFFFFFFFF) if found in _NAT64 else None)
    if embedded:
        return is_public(embedded)
    return found in _UNICAST_V6 and found.is_global and not any(found in network for network in _REFUSED_V6)


def refusal(url: str) -> str | None:
    """Why an address is not fetched, whatever its host turns out to be; None if nothing is wrong with it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"this is no web address ({error}). Check it."
    if parts.scheme not in {"http", "https"}:
        return "only http:// and https:// addresses are fetched. Check the address, or add a file by its path."
    if "@" in parts.netloc:
        return "addresses with a user name or password in them are not fetched. Leave that part out."
    if not parts.hostname:
        return "this address names no host. Check it."
    if wrong := next((sign for sign in parts.hostname if sign.isascii() and not (sign.isalnum() or sign in _HOST_SIGNS)), None):
        return f"this is no web address (a host's name has no {wrong}). Check it."
    return None


# --- one spelling

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Only names that are never anything but tracking; "id", "p", "cid", "source" and the like may say which article it is.
_TRACKING = re.compile(
    r"""(?: (?:utm|mtm|piwik|matomo|itm|ga|at|wt|hsa|vero|oly|guce)_ .*
      | pk_(?:campaign|kwd|keyword|source|medium|content|cid|cpn|vid) | amp_(?:js_v|gsa|ct|r|lite) | action_(?:object|type|ref)_map
      | (?:fb|g|dc|y|ys|tw|tt|ms|sccl|ir|yandex_)clid | gclsrc | [gw]braid | msclkid | li_fat_id | igsh(?:id)? | epik | srsltid | sfnsn
      | mc_[ce]id | _ga | _gl | _hsenc | _hsmi | __hs\w+ | hsctatracking | mkt_tok | _openstat | zanpid | wickedid | rb_clickid
      | s_kwcid | ef_id | wtmc | wtrid | wt\.\w+ | xtor | xtref | icid | ncid | ocid | cmpid | cmp | smid | smtyp | sref | soc_(?:src|trk)
      | ns_(?:mchannel|source|campaign|linkname|fee) | maca | itid | wpisrc | wpmm | emc | guccounter | trkcampaign
      | fb_(?:action_ids|action_types|ref|source) | __twitter_impression | usqp | spm | _nc_\w+ | cn-track | jsessionid | phpsessid
      )""",
    re.VERBOSE | re.IGNORECASE,
)
# These are tracking only where they name a channel.
_CHANNEL_NAMES = frozenset("ref referrer referer source src from via share origin partner campaign medium".split())
_CHANNELS = frozenset(
    "rss feed atom twitter facebook fb whatsapp telegram threads bluesky mastodon instagram linkedin xing reddit pinterest youtube"
    " newsletter nl email e-mail mail push app social share hp home homepage startseite google googlenews news-google flipboard pocket upday"
    " apple applenews t.co teaser topnews".split()
)
_YES = frozenset({"", "1", "true", "yes", "amp", "print", "on"})
_OTHER_VIEW = {  # values that choose another view of the same article; "page=all" is not one: without it there may be less
    "amp": _YES,
    "_amp": _YES,
    "isamp": _YES,
    "outputtype": frozenset({"amp"}),
    "output": frozenset({"amp", "print"}),
    "print": _YES,
    "printview": _YES,
    "printable": _YES,
    "druck": _YES,
    "drucken": _YES,
    "druckansicht": _YES,
    "view": frozenset({"amp", "print"}),
    "mode": frozenset({"amp", "print"}),
    "service": frozenset({"amp", "print", "printpreview"}),
}
_VIEW_SEGMENTS = frozenset({"amp", "print", "drucken", "druckversion", "druckansicht"})
_AMP_FILE = re.compile(r"(?<=[^/.~])[.~]amp(?=\.html?$|$)", re.IGNORECASE)
# How an article's own address ends, so that /thema/amp, /magazine/print and /2023/print stay what they are.
_ARTICLE_SEGMENT = re.compile(r"\d{5}|(?:[a-z]|%[0-9a-f]{2})-|\.html?$", re.IGNORECASE)
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)
# Google's AMP viewer and cache keep the article's address in the path: /amp/s/host/path, /c/s/host/path ("s" for https).
_AMP_VIEWER = re.compile(r"/amp/(s/)?([^/]+\.[^/]+(?:/.*)?)", re.IGNORECASE)
_AMP_CACHE = re.compile(r"/[cvr]/(s/)?([^/]+\.[^/]+(?:/.*)?)", re.IGNORECASE)

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})|(.)", re.DOTALL)
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = frozenset(_UNRESERVED | set(b"/!$&'()*+,;=:@"))
_QUERY_SAFE = frozenset(_UNRESERVED | set(b"/!$'()*+,;:@?"))


def canonical_address(url: str) -> str:
    """The one spelling of every address that leads to the same article; applied twice it changes nothing more.

    Lower-case scheme and host (international names in punycode), no default port, user, fragment (``#!`` stays), tracking or session;
    parameters by name; escapes in one spelling; AMP and print views become the plain address. What may choose the article stays. What is
    no web address comes back without the space around it.
    """
    url = url.strip()
    while True:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return url
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            return url
        host = _host(parts.hostname)
        if not host:
            return url
        wrapped = _wrapped(host, path=_path(parts.path), query=parts.query)
        if not wrapped:
            break
        url = wrapped
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        netloc += f":{port}"
    query = _query(parts.query)
    return SplitResult(parts.scheme, netloc, _path(parts.path), query, _hashbang(parts.fragment)).geturl()


def _host(host: str) -> str:
    if ":" in host:
        try:
            return ip_address(host).compressed
        except ValueError:
            return host
    if not host.isascii():
        import idna  # its tables take a while, and most hosts need none

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            host = _escaped(host, safe=_UNRESERVED).lower()
    host = host.rstrip(".")
    return f"www.{host.removeprefix('amp.')}" if host.startswith("amp.") and host.count(".") > 1 else host


def _wrapped(host: str, *, path: str, query: str) -> str | None:
    """The address that one of Google's AMP addresses stands for."""
    if host.endswith(".cdn.ampproject.org") or host == "cdn.ampproject.org":
        found = _AMP_CACHE.fullmatch(path)
    elif host.removeprefix("www.").startswith("google."):
        found = _AMP_VIEWER.fullmatch(path)
    else:
        return None
    if not found:
        return None
    return f"{'https' if found[1] else 'http'}://{found[2]}{'?' + query if query else ''}"


def _path(path: str) -> str:
    kept: list[str] = []
    segments = _SESSION.sub("", _escaped(path, safe=_PATH_SAFE)).split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    slash = [""] if len(kept) > 1 and kept[-1] == "" else []
    named = kept[:-1] if slash else kept
    while named:
        if len(named) > 1 and named[-1].lower() in _VIEW_SEGMENTS and _ARTICLE_SEGMENT.search(named[-2]):
            del named[-1]
            continue
        plain = _AMP_FILE.sub("", named[-1])
        if plain == named[-1]:
            break
        named[-1] = plain
    return "/" + "/".join(named + slash)


def _query(query: str) -> str:
    kept: list[tuple[str, str]] = []
    for item in query.split("&"):
        name, equals, value = item.partition("=")
        name, value = (_escaped(part.replace(" ", "+"), safe=_QUERY_SAFE).replace("%20", "+") for part in (name, value))
        low = value.lower()
        if not (name or value) or _TRACKING.fullmatch(name):
            continue
        if name.lower() in _CHANNEL_NAMES and low in _CHANNELS:
            continue
        if low in _OTHER_VIEW.get(name.lower(), ()):
            continue
        kept.append((name, name + equals + value))
    # The order of parameters of one name may mean something: sorted is by name alone.
    return "&".join(item for _, item in sorted(kept, key=lambda pair: pair[0]))


def _hashbang(fragment: str) -> str:
    return _escaped(fragment, safe=_PATH_SAFE | {ord("?")}) if fragment.startswith("!") else ""


def _escaped(part: str, *, safe: frozenset[int]) -> str:
    """A part of an address with every character that may stand for itself doing so, and every other as upper-case escapes."""

    def spell(found: re.Match[str]) -> str:
        if found[1]:
            code = int(found[1], 16)
            return chr(code) if code in _UNRESERVED else f"%{code:02X}"
        return "".join(chr(code) if code in safe else f"%{code:02X}" for code in found[2].encode("utf-8", "surrogatepass"))

    return _ESCAPE.sub(spell, part)
